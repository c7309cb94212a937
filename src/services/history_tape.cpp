#include "services/history_tape.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>
#include <variant>

#include "report/history.hpp"

namespace ats::services {
namespace {

constexpr std::size_t event_kinds = std::variant_size_v<Event>;
constexpr std::size_t action_kinds = std::variant_size_v<Action>;
constexpr std::uint8_t no_event = 255;
static_assert(event_kinds < no_event && action_kinds < 256);

struct Head {
  HistoryMark mark;
  Instant now;
  std::uint8_t event = no_event;
  std::uint16_t actions = 0;
};

template <class Variant, std::size_t... I>
constexpr auto sizes(std::index_sequence<I...>) {
  return std::array{static_cast<std::uint32_t>(sizeof(std::variant_alternative_t<I, Variant>))...};
}
constexpr auto event_sizes = sizes<Event>(std::make_index_sequence<event_kinds>{});
constexpr auto action_sizes = sizes<Action>(std::make_index_sequence<action_kinds>{});

std::array<bool, event_kinds> concerned_events() {
  std::array<bool, event_kinds> kinds{};
  for (std::size_t n = 0; n < kinds.size(); ++n) kinds[n] = report::History::concerns_event(n);
  return kinds;
}
std::array<bool, action_kinds> concerned_actions() {
  std::array<bool, action_kinds> kinds{};
  for (std::size_t n = 0; n < kinds.size(); ++n) kinds[n] = report::History::concerns_action(n);
  return kinds;
}
const auto events_of_interest = concerned_events();
const auto actions_of_interest = concerned_actions();

// A plain value can be copied by its bytes; the others are views, which never come here.
template <class Variant>
void copy_to(std::byte* to, const Variant& from) {
  std::visit(
      [to](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_trivially_copyable_v<Value>) {
          std::memcpy(to, &value, sizeof value);
        } else {
          ATS_ASSERT(false);
        }
      },
      from);
}

template <class Variant, std::size_t I>
Variant rebuilt(const std::byte* from) {
  using Value = std::variant_alternative_t<I, Variant>;
  if constexpr (std::is_trivially_copyable_v<Value>) {
    std::array<std::byte, sizeof(Value)> bytes;
    std::memcpy(bytes.data(), from, bytes.size());
    return std::bit_cast<Value>(bytes);
  } else {
    ATS_ASSERT(false);
  }
}
template <class Variant, std::size_t... I>
constexpr auto rebuilders(std::index_sequence<I...>) {
  return std::array{&rebuilt<Variant, I>...};
}
constexpr auto rebuild_event = rebuilders<Event>(std::make_index_sequence<event_kinds>{});
constexpr auto rebuild_action = rebuilders<Action>(std::make_index_sequence<action_kinds>{});

}  // namespace

bool concerns_history(const Event& event, const Actions& actions) {
  return events_of_interest[event.index()] || std::ranges::any_of(actions, [](const Action& a) {
           return actions_of_interest[a.index()];
         });
}

HistoryMark HistoryClock::next(const Event& event, Instant now) {
  const auto* started = std::get_if<Started>(&event);
  const auto* timer = std::get_if<Timer>(&event);
  if (started != nullptr || timer != nullptr) {
    anchor_wall_ = started != nullptr ? started->wall : timer->wall;
    anchor_ = now;
  }
  if (journal_ == 0) journal_ = static_cast<std::uint64_t>(anchor_wall_.ns_utc / 1'000'000);
  last_ = after(last_, wall(now));
  return {++number_, last_};
}

HistoryMark HistoryClock::next_trade(Instant now) {
  last_trade_ = after(last_trade_, wall(now));
  return {0, last_trade_};
}

WallTime HistoryClock::after(WallTime last, WallTime wanted) {
  const WallTime free = last + nanoseconds(times_each);
  return wanted < free && free - wanted < step_most ? free : wanted;
}

bool HistoryTape::put(const HistoryMark& mark, const Event& event, Instant now,
                      const Actions& actions) {
  Head head{mark, now};
  std::size_t size = sizeof head;
  if (mark.number == 0 || events_of_interest[event.index()]) {
    head.event = static_cast<std::uint8_t>(event.index());
    size += event_sizes[head.event];
  }
  for (const Action& action : actions) {
    if (!actions_of_interest[action.index()]) continue;
    ++head.actions;
    size += 1 + action_sizes[action.index()];
  }
  std::byte* at = ring_.claim(size);
  if (at == nullptr) return false;
  std::memcpy(at, &head, sizeof head);
  at += sizeof head;
  if (head.event != no_event) {
    copy_to(at, event);
    at += event_sizes[head.event];
  }
  for (const Action& action : actions) {
    if (!actions_of_interest[action.index()]) continue;
    *at++ = static_cast<std::byte>(action.index());
    copy_to(at, action);
    at += action_sizes[action.index()];
  }
  ring_.publish();
  return true;
}

bool HistoryTape::take(HistoryUnit& unit) {
  const auto bytes = ring_.front();
  if (bytes.data() == nullptr) return false;
  Head head;
  const std::byte* at = bytes.data();
  std::memcpy(&head, at, sizeof head);
  at += sizeof head;
  unit = {head.mark, head.now, nullptr, &actions_};
  if (head.event != no_event) {
    event_ = rebuild_event[head.event](at);
    unit.event = &event_;
    at += event_sizes[head.event];
  }
  actions_.clear();
  for (std::uint16_t n = 0; n < head.actions; ++n) {
    const auto kind = static_cast<std::size_t>(*at++);
    actions_.push_back(rebuild_action[kind](at));
    at += action_sizes[kind];
  }
  ring_.pop();
  return true;
}

}  // namespace ats::services

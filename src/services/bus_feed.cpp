#include "services/bus_feed.hpp"

#include <limits>
#include <utility>

#include "services/bus_messages.hpp"
#include "services/told_facts.hpp"

namespace ats::services {

namespace {

report::AlertRules every_alert() {
  report::AlertRules rules;
  rules.told_per_minute = std::numeric_limits<std::uint32_t>::max();
  return rules;
}

}  // namespace

const char* name(BusStream stream) {
  switch (stream) {
    case BusStream::Fill:
      return "fill";
    case BusStream::Execution:
      return "execution";
    case BusStream::Alert:
      return "alert";
    case BusStream::Notice:
      return "notice";
  }
  return "?";
}

BusFeed::BusFeed(std::string source) : source_(std::move(source)), desk_(every_alert()) {}

void BusFeed::on(const Event& event, Instant now, const Actions& actions,
                 std::vector<BusItem>& out) {
  if (const auto* started = std::get_if<Started>(&event)) {
    wall_ = started->wall;
    if (journal_ == 0) journal_ = ms_of(wall_);
    life_ = started->incarnation;
    universe_ = *started->universe;
  } else if (const auto* timer = std::get_if<Timer>(&event)) {
    wall_ = timer->wall;
  } else if (const auto* changed = std::get_if<InstrumentChanged>(&event)) {
    const Instrument& held = universe_.instrument(changed->instrument.id);
    if (changed->instrument.price_scale == held.price_scale &&
        changed->instrument.qty_scale == held.qty_scale)
      universe_.add_instrument(changed->instrument);
  } else if (const auto told = newly_booked(event, actions)) {
    take(*told->fill, told->ours, out);
  }
  for (const Action& action : actions) {
    const auto* done = std::get_if<ExecutionResolved>(&action);
    if (done == nullptr || !is_trade(*done)) continue;
    const auto stream = BusStream::Execution;
    const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
    out.push_back({stream, number, bus_channel(name(stream), {}, done->pair, universe_),
                   bus_message({source_, journal_, life_, number, wall_}, *done, universe_)});
  }
  alerts(event, now, actions, out);
}

void BusFeed::alerts(const Event& event, Instant now, const Actions& actions,
                     std::vector<BusItem>& out) {
  desk_.on(event, now, actions);
  if (desk_.changes() == desk_changes_) return;
  desk_changes_ = desk_.changes();
  for (const report::Telling& telling : desk_.tellings()) {
    // When it is told again is for those to say who tell people.
    if (telling.why != report::Telling::Why::Repeated) tell(telling, out);
  }
  desk_.clear_tellings();
  // The desk says nothing of an order that was answered at last, nor of the same so soon after it was over.
  std::set<std::uint64_t> open;
  for (const report::KeptAlert* alert : desk_.list(false)) {
    open.insert(alert->number);
    if (open_.contains(alert->number)) continue;
    tell({report::Telling::Why::Again,
          alert->number,
          alert->severity,
          alert->code,
          std::string(alert->message.view()),
          alert->times,
          {}},
         out);
  }
  for (const std::uint64_t number : std::vector(open_.begin(), open_.end())) {
    if (open.contains(number)) continue;
    const report::KeptAlert* alert = desk_.find(number);
    report::Telling over{report::Telling::Why::Over, 0, Severity::Info, AlertCode::Halt, {}, 1, {}};
    over.ends = {number};
    if (alert != nullptr) {
      over.severity = alert->severity, over.code = alert->code;
      over.message = alert->ended_by.view();
    }
    tell(over, out);
  }
}

void BusFeed::tell(const report::Telling& telling, std::vector<BusItem>& out) {
  const auto stream = BusStream::Alert;
  const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
  const report::KeptAlert* alert =
      desk_.find(telling.number != 0 || telling.ends.empty() ? telling.number : telling.ends[0]);
  BusAlertTold told;
  told.telling = &telling;
  if (alert != nullptr) {
    told.scope = alert->scope;
    told.subject = alert->subject.view();
    told.open = telling.number != 0 && alert->open();
    if (told.open) open_.insert(telling.number);
  }
  if (telling.number != 0 && !told.open) open_.erase(telling.number);
  for (const std::uint64_t ended : telling.ends) open_.erase(ended);
  out.push_back({stream, number,
                 bus_channel(name(stream), told.scope.venue, told.scope.pair, universe_),
                 bus_message({source_, journal_, life_, number, wall_}, told, universe_)});
}

void BusFeed::say(const ats::Alert& alert, WallTime at, std::vector<BusItem>& out) {
  const auto stream = BusStream::Notice;
  const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
  const report::Telling telling{report::Telling::Why::New,
                                0,
                                alert.severity,
                                alert.code,
                                std::string(alert.message.view()),
                                1,
                                {}};
  const BusAlertTold told{&telling, alert.scope, alert.subject.view(), false};
  out.push_back({stream, number,
                 bus_channel(name(stream), alert.scope.venue, alert.scope.pair, universe_),
                 bus_message({source_, notices_begun_, life_, number, at}, told, universe_)});
}

void BusFeed::take(const Fill& fill, bool ours, std::vector<BusItem>& out) {
  const auto stream = BusStream::Fill;
  const Instrument& on = universe_.instrument(fill.instrument);
  const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
  out.push_back({stream, number, bus_channel(name(stream), on.venue, on.pair, universe_),
                 bus_message({source_, journal_, life_, number, wall_}, fill, ours, universe_)});
}

}  // namespace ats::services

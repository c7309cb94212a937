#include "services/journal_market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "venues/client.hpp"

namespace ats::services {
namespace {

template <class E>
bool is_market(const E& e) {
  if constexpr (std::is_same_v<E, ConnectionUp> || std::is_same_v<E, ConnectionDown>)
    return e.channel == Channel::MarketData;
  return std::is_same_v<E, Timer> || std::is_same_v<E, Heartbeat> ||
         std::is_same_v<E, BookSnapshot> || std::is_same_v<E, BookDelta> ||
         std::is_same_v<E, BookFault> || std::is_same_v<E, BookImage> || std::is_same_v<E, Trade> ||
         std::is_same_v<E, Quote> || std::is_same_v<E, InstrumentChanged>;
}

}  // namespace

Result<std::unique_ptr<JournalMarket>, std::string> JournalMarket::open(
    const std::filesystem::path& journal) {
  auto reader = io::JournalReader::open(journal);
  if (!reader) return fail(reader.error().detail);
  std::unique_ptr<JournalMarket> market(new JournalMarket(std::move(*reader)));
  if (const auto done = market->look_through(journal); !done) return fail(done.error());
  return market;
}

std::string JournalMarket::damaged() const {
  return "a record before " + reader_.position() + " has a sound checksum but no meaning";
}

// What stands beside the market; the reader begins anew afterwards, at the last run.
Status<std::string> JournalMarket::look_through(const std::filesystem::path& journal) {
  io::Record record;
  for (;;) {
    const auto more = reader_.next(record);
    if (!more) return fail(more.error().detail);
    if (!*more) break;
    if (record.kind == io::RecordKind::Event) {
      if (!decode_event(record.payload, decoded_).ok()) return fail(damaged());
      history_.on(decoded_.event, decoded_.now);
      if (const auto* begun = std::get_if<Started>(&decoded_.event)) {
        if (!venues::bind_rules(decoded_.universe)) return fail(damaged());
        begins_ = record.sequence;
        started_ = begun->wall;
        offset_ = begun->wall.ns_utc - decoded_.now.ns;
        universe_ = decoded_.universe;
        config_ = decoded_.config;
        balances_.clear();
        seen_.clear();
      } else if (const auto* told = std::get_if<BalanceReported>(&decoded_.event)) {
        const bool known = std::ranges::any_of(balances_, [&](const Balance& b) {
          return b.venue == told->venue && b.asset == told->asset;
        });
        if (!known) balances_.push_back({told->venue, told->asset, told->total});
      }
    } else if (record.kind == io::RecordKind::Action) {
      const auto action = decode_action(record.payload);
      if (!action) return fail(damaged());
      history_.on(*action);
      if (const auto* found = std::get_if<OpportunityFound>(&*action)) {
        seen_.push_back({{wall_of(decoded_.now)},
                         found->pair,
                         found->buy,
                         found->sell,
                         found->refused,
                         found->execution});
      }
    }
  }
  if (begins_ == 0) return fail(journal.string() + ": no run of an engine is in it");
  auto again = io::JournalReader::open(journal);
  if (!again) return fail(again.error().detail);
  reader_ = std::move(*again);
  return Done{};
}

Result<bool, std::string> JournalMarket::next() {
  io::Record record;
  for (;;) {
    const auto more = reader_.next(record);
    if (!more) return fail(more.error().detail);
    if (!*more) return false;
    if (record.kind != io::RecordKind::Event || record.sequence <= begins_) continue;
    if (!decode_event(record.payload, decoded_).ok()) return fail(damaged());
    const bool market = std::visit([](const auto& e) { return is_market(e); }, decoded_.event);
    if (!market) continue;
    ns_ = std::max(ns_, wall_of(decoded_.now));
    std::visit(
        [this](auto& e) {
          if constexpr (requires { e.times.recv_time; })
            e.times.recv_time = {wall_of(e.times.recv_time)};
        },
        decoded_.event);
    return true;
  }
}

}  // namespace ats::services

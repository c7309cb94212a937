// An engine's life as points of a time series: fills that were booked, trades that are over with where their money came from,
// orders from placing to end, opportunities taken, and how many were refused for what. Folded from the journal's own content alone,
// so that a point has the same series, time and fields in every life: written twice it takes its own place.
//
// docs/influx.md lists the measurements.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>

#include "io/influx_lines.hpp"
#include "report/attribution.hpp"
#include "report/history.hpp"
#include "services/history_tape.hpp"

namespace ats::services {

struct HistoryLines {
  std::string text;  // one point a line
  std::uint32_t points = 0;
};

class HistoryFeed {
 public:
  // Changes when points of the same journal come out otherwise than before: they are then all written again.
  static constexpr std::uint64_t version = 1;
  // Refusals are counted by such pieces of time.
  static constexpr Duration refusals_each = seconds(10);

  explicit HistoryFeed(std::string engine);
  HistoryFeed(const HistoryFeed&) = delete;  // its history calls back
  HistoryFeed& operator=(const HistoryFeed&) = delete;

  // `out` null: it was written before, and is only taken note of.
  void on(const HistoryUnit& unit, HistoryLines* out);
  // An event that does not concern history, while a journal is folded.
  void passed() { history_.passed(); }
  // Of somebody else, as a venue tells it.
  void trade(WallTime at, const Trade& trade, HistoryLines& out) const;

  const Universe& universe() const { return history_.universe(); }

 private:
  // An order that is not over, as far as its points need it.
  struct Standing {
    InstrumentId instrument;
    ExecutionId execution;
    Side side = Side::Buy;
    OrderTerms terms;
    Quantity filled;
    bool unwind = false;
  };
  using Orders = std::unordered_map<OrderId, Standing>;

  io::LineWriter begin(std::string_view measurement);
  void tag_instrument(io::LineWriter& line, InstrumentId instrument) const;
  void end(io::LineWriter& line);
  void end(io::LineWriter& line, WallTime at);
  void refusals(WallTime at);
  void event(const Event& event);
  void fill(const Fill& fill, bool ours);
  void placed(const OrderRequest& order);
  void step(Orders::iterator order, const char* step, std::string_view reason = {});
  void over(OrderId order, const char* step, std::string_view reason = {});
  void opportunity(const OpportunityFound& found);
  void execution(const ExecutionResolved& done);
  std::string pair_name(PairId id) const;

  std::string engine_;
  report::History history_;
  std::optional<report::Attribution> attribution_;  // of the execution that was just resolved
  Orders orders_;
  std::int64_t refusals_end_ = 0;  // ns UTC: of the piece of time that is counted now
  std::map<std::tuple<PairId, Strategy, RefuseReason>, std::int64_t> refused_;

  // --- of the unit at hand ---
  HistoryLines* out_ = nullptr;
  HistoryMark mark_;
  std::int64_t times_ = 0;  // that are taken
};

}  // namespace ats::services

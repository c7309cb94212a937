// For how long, how often and how far one venue bought below what another sold: edges between tops of
// recorded books over time, exact to the nanosecond and to the last digit.
//
// Time: the board moves from one time to the next. All that is set at one time is one change; what stands
// after it stands until the next time. A state of no duration is no state: it is neither an episode nor the
// largest edge. A pair is observed while both tops are known; finish() ends the window.
// Edge, buying at `ask` and selling at `bid`:
//   gross = bid / ask − 1        net = bid × (1 − sell fee) / (ask × (1 + buy fee)) − 1
// Decided by exact integer comparisons; an edge equal to a threshold is not above it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "domain/number.hpp"

namespace ats::services {

constexpr std::array<std::int64_t, 4> edge_thresholds_bps = {0, 5, 10, 20};

// One top of book that changes over time. Two are compared when they are of different venues, come from
// the same kind of source, have the same base and quotes that are the same or are both dollars.
struct BoardEntry {
  std::string venue;
  std::string symbol;
  std::string base;
  std::string quote;
  std::string
      source;  // "book": rebuilt from snapshot and deltas; "quote": told as best bid and ask
  Rate taker_fee;
};
// USD and the tokens that stand for it: compared as they are quoted, one for one.
bool is_dollar(std::string_view asset);

struct EdgeTimes {
  // By edge_thresholds_bps.
  std::array<std::int64_t, 4> above_ns{};
  std::array<std::uint64_t, 4> episodes{};
};

struct EdgeReport {
  std::size_t buy = 0;  // index into entries()
  std::size_t sell = 0;
  std::int64_t observed_ns = 0;
  EdgeTimes gross;
  EdgeTimes net;
  // The largest edge: the same moment for gross and net, as fees do not change over time.
  Rate max_gross;  // rounded down
  Rate max_net;
  Decimal max_ask;
  Decimal max_bid;
  std::int64_t max_at_ns = 0;
};

class EdgeBoard {
 public:
  // Index of the new entry; its top is not known yet.
  std::size_t add(BoardEntry entry);
  const std::vector<BoardEntry>& entries() const { return entries_; }

  // The time of what is set next; never before the time so far.
  void advance(std::int64_t ns);
  // Prices above zero.
  void set(std::size_t entry, Decimal bid, Decimal ask);
  void clear(std::size_t entry);
  // Ends the window at the present time.
  void finish();

  // Pairs that were observed for some time, by buying and selling entry.
  std::vector<EdgeReport> report() const;

 private:
  struct Top {
    Decimal bid;
    Decimal ask;
    bool known = false;
  };
  // In parts of 10^18: bid × proceeds is compared with ask × cost[threshold].
  struct Measure {
    std::uint64_t proceeds = 0;
    std::array<std::uint64_t, 4> cost{};
    std::array<bool, 4> above{};
    EdgeTimes times;
  };
  struct Pair {
    std::size_t buy = 0;
    std::size_t sell = 0;
    bool known = false;
    bool changed = false;  // at now_
    std::int64_t since = 0;
    std::int64_t observed_ns = 0;
    Measure gross;
    Measure net;
    Decimal max_ask;
    Decimal max_bid;
    std::int64_t max_at_ns = 0;
  };

  void touch(std::size_t entry);
  void count(Pair& pair) const;     // what stood since `since`
  void evaluate(Pair& pair) const;  // what stands from now_ on

  std::int64_t now_ = 0;
  std::vector<BoardEntry> entries_;
  std::vector<Top> tops_;
  std::vector<Pair> pairs_;
  std::vector<std::vector<std::size_t>> pairs_of_;  // by entry
  std::vector<std::size_t> changed_;
};

// time / of, rounded down to nine decimals.
std::string share_text(std::int64_t time, std::int64_t of);

}  // namespace ats::services

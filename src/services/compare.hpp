// Trades of a live run beside those of the same core on the same market with simulated fills: which are the same, in what they
// differ, and of each that stands alone why the other side did not take it. Pure.
//
//   matched      the same pair, bought and sold on the same venues, decided within `near` of each other
//   explained    the other side saw the opportunity within `near` and did not take it for a reason it gave then
//   unexplained  it did not even see it
//
// Invariant: the difference of what both realised is the sum of the matched differences, of what only live made and of
// what only the backtest made taken off.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "report/attribution.hpp"
#include "report/history.hpp"
#include "services/journal_market.hpp"

namespace ats::services {

struct ComparedTrade {
  std::uint64_t trade = 0;
  WallTime at;
  PairId pair;
  InstrumentId buy, sell;
  Rate quoted;
  Decimal volume;
  report::Terms terms;
  Duration held;
  ExecutionOutcome outcome = ExecutionOutcome::Missed;
};

struct Comparison {
  struct Match {
    ComparedTrade live, backtest;
  };
  struct Alone {
    ComparedTrade trade;
    std::string why;  // empty: nothing explains it
  };
  std::vector<Match> matched;
  std::vector<Alone> only_live, only_backtest;
  report::Terms live, backtest;  // sums
  report::Terms matched_difference;
  Decimal only_live_realised, only_backtest_realised;

  std::size_t trades() const { return matched.size() + only_live.size() + only_backtest.size(); }
  std::size_t unexplained() const;
};

// One side of it: the trades that are over, and all opportunities that were seen.
struct ComparedSide {
  std::vector<ComparedTrade> trades;  // in the order of their decisions
  const std::vector<SeenOpportunity>& seen;
};
// Those of a history that began with an opportunity that was seen since then.
ComparedSide compared_side(const report::History& history, const std::vector<SeenOpportunity>& seen,
                           WallTime since);

Comparison compare(const ComparedSide& live, const ComparedSide& backtest, Duration near);

}  // namespace ats::services

#include "services/compare.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/assert.hpp"
#include "report/attribution.hpp"

namespace ats::services {
namespace {

Duration apart(WallTime a, WallTime b) { return {std::abs(a.ns_utc - b.ns_utc)}; }

bool same_way(const ComparedTrade& trade, const SeenOpportunity& seen) {
  return trade.pair == seen.pair && trade.buy == seen.buy && trade.sell == seen.sell;
}

// Why that side did not take what the other did: the same way first, then anything of the pair.
std::string why_not(const ComparedTrade& trade, const ComparedSide& side, Duration near) {
  const SeenOpportunity* closest = nullptr;
  const auto better = [&](const SeenOpportunity& one) {
    if (closest == nullptr) return true;
    const bool way = same_way(trade, one), had = same_way(trade, *closest);
    return way != had ? way : apart(one.at, trade.at) < apart(closest->at, trade.at);
  };
  for (const SeenOpportunity& one : side.seen) {
    if (one.pair == trade.pair && apart(one.at, trade.at) <= near && better(one)) closest = &one;
  }
  if (closest == nullptr) return {};
  if (closest->refused != RefuseReason::None) return name(closest->refused);
  return same_way(trade, *closest) ? "took it once more or once less"
                                   : "took another way of the pair";
}

report::Terms difference(const report::Terms& a, const report::Terms& b) {
  return {a.quoted_edge - b.quoted_edge, a.fees - b.fees,
          a.slippage - b.slippage,       a.leg_cost - b.leg_cost,
          a.conversion - b.conversion,   a.revaluation - b.revaluation,
          a.realised - b.realised};
}

}  // namespace

ComparedSide compared_side(const report::History& history, const std::vector<SeenOpportunity>& seen,
                           WallTime since) {
  ComparedSide out{{}, seen};
  for (const SeenOpportunity& one : seen) {
    if (!one.execution.valid() || one.at < since) continue;
    const report::Execution* execution = history.find(one.execution);
    if (execution == nullptr || !execution->resolved) continue;
    const report::Attribution a = report::attribute(*execution);
    out.trades.push_back({one.execution.value, one.at, one.pair, one.buy, one.sell,
                          report::quoted_rate(*execution), a.volume, a.terms,
                          report::between(execution->opened, execution->ended),
                          execution->outcome});
  }
  std::ranges::stable_sort(out.trades, {}, &ComparedTrade::at);
  return out;
}

std::size_t Comparison::unexplained() const {
  const auto bare = [](const std::vector<Alone>& all) {
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [](const Alone& one) { return one.why.empty(); }));
  };
  return bare(only_live) + bare(only_backtest);
}

Comparison compare(const ComparedSide& live, const ComparedSide& backtest, Duration near) {
  Comparison out;
  const std::vector<ComparedTrade>& here = live.trades;
  const std::vector<ComparedTrade>& there = backtest.trades;
  std::vector<bool> taken(there.size());
  for (const ComparedTrade& trade : here) {
    out.live += trade.terms;
    std::optional<std::size_t> closest;
    for (std::size_t n = 0; n < there.size(); ++n) {
      const ComparedTrade& other = there[n];
      if (taken[n] || other.pair != trade.pair || other.buy != trade.buy ||
          other.sell != trade.sell || apart(other.at, trade.at) > near)
        continue;
      if (!closest || apart(other.at, trade.at) < apart(there[*closest].at, trade.at)) closest = n;
    }
    if (closest) {
      taken[*closest] = true;
      out.matched.push_back({trade, there[*closest]});
      out.matched_difference += difference(trade.terms, there[*closest].terms);
    } else {
      out.only_live.push_back({trade, why_not(trade, backtest, near)});
      out.only_live_realised += trade.terms.realised;
    }
  }
  for (std::size_t n = 0; n < there.size(); ++n) {
    out.backtest += there[n].terms;
    if (taken[n]) continue;
    out.only_backtest.push_back({there[n], why_not(there[n], live, near)});
    out.only_backtest_realised += there[n].terms.realised;
  }
  ATS_ASSERT(out.live.realised - out.backtest.realised ==
             out.matched_difference.realised + out.only_live_realised - out.only_backtest_realised);
  return out;
}

}  // namespace ats::services

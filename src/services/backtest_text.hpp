// A backtest's result for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "report/history.hpp"
#include "services/backtest.hpp"
#include "services/merged_feed.hpp"

namespace ats::services {

// Everything, amounts exact: assumptions, recordings and their faults, the funnel from what was seen to what was earned,
// profit and loss by its causes, equity.
nlohmann::ordered_json backtest_json(const BacktestSetup& setup, const BacktestReport& report,
                                     const report::History& history, const Universe& universe,
                                     const std::vector<MergedFeed::Source>& sources);
// What of the recordings may have changed the result, a line for each; empty: nothing.
std::string faults_text(const std::vector<MergedFeed::Source>& sources, const CoreStatus& status);
// The figures that one is judged by, of what backtest_json() wrote: what a list of many backtests has of each.
nlohmann::ordered_json backtest_summary(const nlohmann::ordered_json& result);
void print_backtest(const nlohmann::ordered_json& result);

}  // namespace ats::services

// Backtests as messages of ats.v1 (proto/ats/v1/backtest.proto), and what is asked of them as the process reads it. Only what
// speaks gRPC includes this.
#pragma once

#include <ats/v1/backtest.pb.h>

#include "base/result.hpp"
#include "services/backtest_job.hpp"
#include "services/recording_folder.hpp"

namespace ats::services {

void fill(v1::Backtest& out, const BacktestJob& job);
void fill(v1::ListRecordingsResponse& out, const RecordingFolder::Listing& listing);
// The error says which time is none.
Result<BacktestPlan, std::string> plan_of(const v1::BacktestPlan& asked);

}  // namespace ats::services

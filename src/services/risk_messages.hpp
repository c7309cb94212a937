// What the process knows, as messages of ats.v1 (proto/ats/v1/risk.proto); and what those ask for, as the process
// reads it. Only the gRPC server includes this.
#pragma once

#include <ats/v1/risk.pb.h>

#include "base/result.hpp"
#include "base/time.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "domain/instrument.hpp"
#include "domain/status.hpp"
#include "report/alert_desk.hpp"
#include "services/risk_role.hpp"

namespace ats::services {

void fill(v1::GetStatusResponse& out, const CoreStatus& status, const Universe& universe);
void fill(v1::Hold& out, const HoldStatus& hold, const Universe& universe);
void fill(v1::Limit& out, const LimitStatus& limit);
void fill(v1::Alert& out, const report::KeptAlert& alert, const Universe& universe);
// The mark that the report has of an asset; null: none.
const core::MarkedAt* mark_of(const core::RiskReport& report, AssetId asset);
void fill(v1::Position& out, const core::Position& position, const core::RiskReport& report,
          const Universe& universe);
void fill(v1::ListPositionsResponse& out, const core::RiskReport& report, const Universe& universe);
void fill(v1::GetProfitAndLossResponse& out, const core::RiskReport& report,
          const Universe& universe);
void fill_time(google::protobuf::Timestamp& out, WallTime at);
void fill_duration(google::protobuf::Duration& out, Duration of);
void fill(v1::Scope& out, const LimitScope& scope);
// What only the risk role knows: its engines, and what they are promised of the limits that `out` has.
void fill_engines(v1::GetStatusResponse& out, const RiskRole& role);
void fill_promised(v1::ListLimitsResponse& out, const RiskRole& role);

// As scope_text writes it; the error says what is wrong with it.
Result<std::string, std::string> scope_of(const v1::Scope& scope);
// As parse_limit reads it.
Result<std::string, std::string> limit_of(const v1::SetLimitRequest& request);

}  // namespace ats::services

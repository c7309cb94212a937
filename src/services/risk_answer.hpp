// What a running process answers about its risk: the control socket's command "risk", by what it asks for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/risk/measures/price_history.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "core/risk/measures/stress.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

// One JSON object: what was asked for, or {"error": …}.
//   {"what": "status"}                        positions, exposures, profit and loss
//   {"what": "var", …}                        value at risk (services/risk_var.hpp)
//   {"what": "stress", "scenario": "fall-20"} one or all, or one that is spelt out
//   {"what": "closes", "bar_s": 60}           the past of marks
std::string answer_risk(const core::RiskReport& report, const core::PriceHistory& prices,
                        const Universe& universe, const core::StressRules& rules,
                        const nlohmann::json& request);

nlohmann::ordered_json risk_status_json(const core::RiskReport& report, const Universe& universe);
nlohmann::ordered_json stress_json(const std::vector<core::StressResult>& results,
                                   const core::RiskReport& report, const Universe& universe);

}  // namespace ats::services

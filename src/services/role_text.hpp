// The risk role as it is shown: which engines it knows, what they may use, what it holds up.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/risk/risk_office.hpp"
#include "domain/status.hpp"
#include "services/risk_role.hpp"

namespace ats::services {

// A limit of the office as an engine's is shown: what all engines together use of it.
LimitStatus limit_status(const core::OfficeStatus::Limit& limit);

// {"role": {…}, "engines": […], "limits": […], "holds": […]}
nlohmann::json role_json(const RiskRole& role);
// Of that answer: the engines, and what is held up.
std::string role_text(const nlohmann::json& told);

}  // namespace ats::services

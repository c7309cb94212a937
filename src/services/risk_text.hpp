// Answers about risk as people read them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ats::services {

std::string risk_status_text(const nlohmann::ordered_json& told);
std::string var_text(const nlohmann::ordered_json& told);
// `details`: by asset and venue too.
std::string stress_text(const nlohmann::ordered_json& told, bool details);

}  // namespace ats::services

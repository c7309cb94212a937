// What a person may ask of any process with a RiskSource through its control socket: alerts, halt, resume, set_limit,
// acknowledge, write_off.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "services/risk_source.hpp"

namespace ats::services {

// Nothing: the command is another.
std::optional<std::string> answer_wish(RiskSource& source, const nlohmann::json& request);
// {"ok": false, "error": why}
std::string answer_failed(std::string_view why);
// A field that is a string; else empty.
std::string text_field(const nlohmann::json& request, const char* key);

}  // namespace ats::services

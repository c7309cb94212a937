// A backtest's result as one page that stands by itself: no script, no font, no picture from elsewhere. Light and dark as the
// reader has it; colours that are told apart without red and green.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ats::services {

// `result` as backtest_json() writes it.
std::string backtest_html(const nlohmann::ordered_json& result);

}  // namespace ats::services

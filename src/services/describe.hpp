// Events and actions as JSON objects, one line each: for `ats decode`, for the first difference that
// `ats replay` found, for the log. Prices, quantities and money are strings with exact decimals.
#pragma once

#include <string>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

std::string describe(const Event& event, const Universe& universe);
std::string describe(const Action& action, const Universe& universe);

}  // namespace ats::services

// A trade as JSON and as a timeline for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "domain/instrument.hpp"
#include "report/attribution.hpp"
#include "report/execution.hpp"

namespace ats::services {

// The columns of an attribution, exact.
nlohmann::ordered_json terms_json(const report::Terms& terms);

// Outcome, or "open".
std::string outcome_text(const report::Execution& execution);
// "buy venue -> sell venue", as far as there are two.
std::string route_text(const report::Execution& execution, const Universe& universe);
// What the opportunity would have traded of its base; of inventory, what its first order asked for.
Decimal wanted(const report::Execution& execution);

// One line of a list of trades.
nlohmann::ordered_json trade_json(const report::Execution& execution, const Universe& universe);
// Everything: books seen, orders, fills, steps, attribution.
nlohmann::ordered_json timeline_json(const report::Execution& execution, const Universe& universe);
void print_timeline(const report::Execution& execution, const Universe& universe);

}  // namespace ats::services

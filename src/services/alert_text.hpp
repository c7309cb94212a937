// The alert desk's list as the control socket answers it, and as a person reads it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "domain/instrument.hpp"
#include "report/alert_desk.hpp"

namespace ats::services {

nlohmann::ordered_json alert_json(const report::KeptAlert& alert, const Universe& universe);
// {"open": 2, "alerts": […]}: those that are open, or all that are kept, by number.
nlohmann::ordered_json alerts_json(const report::AlertDesk& desk, const Universe& universe,
                                   bool all);
// Of that answer, two lines an alert.
std::string alerts_text(const nlohmann::ordered_json& told);
// One line: which one, since when, how often, and who has seen it.
std::string alert_line(const report::KeptAlert& alert, const Universe& universe);

}  // namespace ats::services

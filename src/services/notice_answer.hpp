// What a person may ask of a running notifier through its control socket, and how its answers are shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ats::services {

class Notifier;

// status, rules, history, delivery, test, retry, acknowledge.
std::string answer_notices(Notifier& notifier, const nlohmann::json& request);

// For people, of what answer_notices said.
std::string deliveries_text(const nlohmann::json& told);
std::string delivery_text(const nlohmann::json& delivery);
std::string notice_rules_text(const nlohmann::json& told);
std::string notifier_text(const nlohmann::json& told);

}  // namespace ats::services

// What people may ask of a running notifier, by whichever way they come; how it answers through its control socket, and how
// those answers are shown. gRPC is notification_server.hpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "report/notice.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

class Notifier;

// A message of its own: the delivery that was made.
Result<std::int64_t, Refusal> wish_test(Notifier& notifier, const Wish& wish,
                                        const std::string& channel);
// One dead letter; 0: all of them. How many are tried again.
Result<std::size_t, Refusal> wish_retry(Notifier& notifier, std::int64_t delivery);
// Somebody has seen an alert: it is escalated no more.
Status<Refusal> wish_seen(Notifier& notifier, const Wish& wish, const std::string& source,
                          std::uint64_t alert);
// "08:00"; "22:00-07:00", empty where there are no quiet hours.
std::string clock_text(Duration time);
std::string quiet_text(const report::NoticeRule& rule);

// status, rules, history, delivery, test, retry, acknowledge.
std::string answer_notices(Notifier& notifier, const nlohmann::json& request);

// For people, of what answer_notices said.
std::string deliveries_text(const nlohmann::json& told);
std::string delivery_text(const nlohmann::json& delivery);
std::string notice_rules_text(const nlohmann::json& told);
std::string notifier_text(const nlohmann::json& told);

}  // namespace ats::services

#include "services/wish_answer.hpp"

#include <nlohmann/json.hpp>

#include "services/alert_text.hpp"

namespace ats::services {

using nlohmann::json;

std::string answer_failed(std::string_view why) {
  return json{{"ok", false}, {"error", why}}.dump();
}

std::string text_field(const json& request, const char* key) {
  const auto found = request.find(key);
  return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::string> answer_wish(RiskSource& source, const json& request) {
  const auto flag = [&](const char* key) {
    const auto found = request.find(key);
    return found != request.end() && found->is_boolean() && found->get<bool>();
  };
  const std::string command = text_field(request, "command");
  if (command == "alerts")
    return alerts_json(source.alerts(), source.universe(), flag("all")).dump();
  const Wish wish{text_field(request, "who"), text_field(request, "reason")};
  const auto carried_out = [](const Told& told) {
    if (!told) return answer_failed(told.error().why);
    return json{{"ok", true}, {"told", *told}}.dump();
  };
  if (command == "halt") {
    return carried_out(wish_halt(source, wish, text_field(request, "scope"),
                                 {flag("reduce_only"), flag("at_once"), flag("flatten")}));
  }
  if (command == "resume")
    return carried_out(wish_resume(source, wish, text_field(request, "scope")));
  if (command == "set_limit") {
    return carried_out(wish_limit(source, wish, text_field(request, "limit"), flag("take_back")));
  }
  if (command == "write_off")
    return carried_out(wish_write_off(source, wish, text_field(request, "engine")));
  if (command == "acknowledge") {
    const auto number = request.find("alert");
    const bool told = number != request.end() && number->is_number_unsigned();
    return carried_out(wish_acknowledge(source, wish, told ? number->get<std::uint64_t>() : 0));
  }
  return std::nullopt;
}

}  // namespace ats::services

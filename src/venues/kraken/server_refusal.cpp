// Rate limits, lockouts and server errors on demand (sheet, section 5).
#include "venues/json.hpp"
#include "venues/kraken/server.hpp"

namespace ats::venues::kraken {
namespace {

const char* words_of(Refusal why) {
  switch (why) {
    case Refusal::RateLimit:
      return "EAPI:Rate limit exceeded";
    case Refusal::Ban:
      return "EGeneral:Temporary lockout";
    case Refusal::ServerError:
      break;
  }
  return "EService:Unavailable";
}

}  // namespace

HttpResponse KrakenServer::refuse(Refusal why) const {
  HttpResponse out;
  out.headers = {{"Content-Type", "application/json"}};
  out.body = std::string("{\"error\":[\"") + words_of(why) + "\"]}";
  return out;
}

std::optional<std::string> KrakenServer::refuse_order(Refusal why, std::string_view frame) const {
  Json parser;
  json::object request;
  std::string_view method;
  std::uint64_t req_id = 0;
  if (!parser.open(frame, request) ||
      request["method"].get_string().get(method) != simdjson::SUCCESS ||
      (method != "add_order" && method != "cancel_order" && method != "amend_order")) {
    return std::nullopt;
  }
  const std::string told(method);
  const bool has_id = request["req_id"].get_uint64().get(req_id) == simdjson::SUCCESS;
  const std::string now = format_rfc3339(exchange_.wall());
  return std::string("{\"error\":\"") + words_of(why) + "\",\"method\":\"" + told + "\"" +
         (has_id ? ",\"req_id\":" + std::to_string(req_id) : "") +
         ",\"success\":false,\"time_in\":\"" + now + "\",\"time_out\":\"" + now + "\"}";
}

}  // namespace ats::venues::kraken

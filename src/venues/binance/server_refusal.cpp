// Rate limits, bans and server errors on demand (sheet, section 5).
#include "venues/binance/dom.hpp"
#include "venues/binance/server.hpp"
#include "venues/binance/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::binance {
namespace {

struct Words {
  int status;
  int code;
  const char* message;
  int retry_after_s;
};

Words words_of(Refusal why) {
  switch (why) {
    case Refusal::RateLimit:
      return {429, -1003, "Too many requests; current limit is 6000 request weight per 1 MINUTE.",
              1};
    case Refusal::Ban:
      return {418, -1003, "Way too much request weight used; IP banned.", 2};
    case Refusal::ServerError:
      break;
  }
  return {503, -1007,
          "Timeout waiting for response from backend server. Send status unknown; execution status "
          "unknown.",
          0};
}

}  // namespace

HttpResponse SpotServer::refuse(Refusal why) const {
  const Words words = words_of(why);
  HttpResponse out;
  out.status = words.status;
  out.headers = {{"Content-Type", "application/json;charset=UTF-8"}};
  if (words.retry_after_s > 0) {
    out.headers.push_back({"Retry-After", std::to_string(words.retry_after_s)});
  }
  out.body = "{\"code\":" + std::to_string(words.code) + ",\"msg\":\"" + words.message + "\"}";
  return out;
}

std::optional<std::string> SpotServer::refuse_order(Refusal why, std::string_view frame) const {
  dom::Document document;
  dom::object root;
  std::string_view method;
  if (!document.parse(frame, root) || !dom::get(root, "method", method) ||
      !method.starts_with("order.")) {
    return std::nullopt;
  }
  const Words words = words_of(why);
  const std::int64_t now_ms = exchange_.wall().ns_utc / 1'000'000;
  std::string data;
  if (words.retry_after_s > 0) {
    data = ",\"data\":{\"serverTime\":" + std::to_string(now_ms) +
           ",\"retryAfter\":" + std::to_string(now_ms + words.retry_after_s * 1000) + "}";
  }
  return "{\"id\":" + id_json(root) + ",\"status\":" + std::to_string(words.status) +
         ",\"error\":{\"code\":" + std::to_string(words.code) + ",\"msg\":\"" + words.message +
         "\"" + data + "},\"rateLimits\":[]}";
}

}  // namespace ats::venues::binance

// Rate limits, shut-outs and server errors on demand (sheet, section 5).
#include "venues/bitfinex/row.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {

HttpResponse BitfinexServer::refuse(Refusal why) const {
  HttpResponse response;
  switch (why) {
    case Refusal::RateLimit:
      response = error({11010, "ratelimit: error"});
      response.status = 429;
      break;
    case Refusal::Ban:
      response = answer(R"({"error":"ERR_RATE_LIMIT"})");
      response.status = 429;
      break;
    case Refusal::ServerError:
      response = answer(
          R"({"code":503,"error":"temporarily_unavailable","error_description":"Sorry, the service is temporarily unavailable. See https://www.bitfinex.com/ for more info."})");
      response.status = 503;
      break;
  }
  return response;
}

std::optional<std::string> BitfinexServer::refuse_order(Refusal why, std::string_view frame) const {
  Json parser;
  json::object body;
  Row row;
  std::uint64_t channel = 1;
  if (!parser.open(frame) || !row.split(frame) || !row.integer(0, channel) || channel != 0)
    return std::nullopt;
  const std::string_view code = row.text(1);
  if ((code != "on" && code != "ou" && code != "oc") || !parser.open(row[3], body))
    return std::nullopt;
  const auto field = [&body](std::string_view key) {
    std::uint64_t n = 0;
    return integer_field(body, key, n) ? std::to_string(n) : std::string("null");
  };
  const std::string id = code != "on" ? field("id") : "null";
  const std::string data =
      JsonList().raw(id).raw(field("gid")).raw(field("cid")).raw("null").done();
  const bool known = why != Refusal::ServerError;
  const std::string told = JsonList()
                               .raw(std::to_string(now_ms()))
                               .text(std::string(code).append("-req"))
                               .raw("null")
                               .raw("null")
                               .raw(data)
                               .raw(known ? "11010" : "10000")
                               .text(known ? "ERROR" : "FAILURE")
                               .text(known ? "ratelimit: error" : "ERR_UNK")
                               .done();
  return R"([0,"n",)" + told + "]";
}

}  // namespace ats::venues::bitfinex

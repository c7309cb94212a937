#include "venues/binance/key_rights.hpp"

#include "venues/binance/errors.hpp"
#include "venues/binance/requests.hpp"
#include "venues/key_answer.hpp"

namespace ats::venues::binance {

// developers.binance.com/docs/wallet/account/api-key-permission: weight 1, any key may ask. The account's own
// canWithdraw (GET /api/v3/account) is about the account and says nothing of the key.
std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now) {
  Requests requests(credentials);
  return {requests.get("/sapi/v1/account/apiRestrictions", {}, now.wall.ns_utc / 1'000'000)};
}

// enableWithdrawals is the right itself; enableInternalTransfer and permitsUniversalTransfer move assets between
// accounts of one owner. tradingAuthorityExpirationTime stands only where the right to trade has an end.
Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view) {
  if (answers.size() != 1) return fail(KeyFault::Malformed);
  const HttpResponse& answer = answers.front();
  Json json_text;
  json::object root;
  const bool is_object = json_text.open(answer.body, root);
  if (const auto fault = fault_of_status(answer.status)) {
    std::int64_t code = 0;
    std::string_view message;
    if (!is_object || !integer_field(root, "code", code)) return fail(*fault);
    if (!text_field(root, "msg", message)) message = {};
    const ErrorMeaning meaning = meaning_of(answer.status, code, message);
    if (meaning.clock_skewed) return fail(KeyFault::ClockSkew);
    if (meaning.reason == RejectReason::AuthFailed) return fail(KeyFault::Rejected);
    if (meaning.reason == RejectReason::RateLimited) return fail(KeyFault::RateLimited);
    return fail(*fault);
  }
  if (!is_object) return fail(KeyFault::Malformed);
  security::KeyRights rights;
  rights.read = told(root, "enableReading");
  rights.trade = told(root, "enableSpotAndMarginTrading");
  rights.withdraw = told(root, "enableWithdrawals");
  rights.transfer =
      either(told(root, "enableInternalTransfer"), told(root, "permitsUniversalTransfer"));
  rights.address_bound = told(root, "ipRestrict");
  std::int64_t end_ms = 0;
  constexpr std::int64_t last_ms = 9'000'000'000'000;  // the year 2255
  if (integer_field(root, "tradingAuthorityExpirationTime", end_ms) && end_ms > 0 &&
      end_ms < last_ms) {
    rights.expires = wall_from_ms(end_ms);
  }
  return rights;
}

}  // namespace ats::venues::binance

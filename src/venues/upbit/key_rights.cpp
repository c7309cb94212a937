#include "venues/upbit/key_rights.hpp"

#include <algorithm>

#include "venues/key_answer.hpp"
#include "venues/upbit/auth.hpp"
#include "venues/upbit/errors.hpp"

namespace ats::venues::upbit {
namespace {

using security::Answer;

// Names no withdrawal and no order, ever: there is nothing that asking to cancel it could do.
constexpr std::string_view nobodys = "00000000-0000-0000-0000-000000000000";

// What questions are asked, and in which order.
enum Question : std::size_t { Keys, Balances, CancelOrder, CancelWithdrawal, question_count };

std::optional<KeyFault> fault_of(const HttpResponse& answer, std::string_view name) {
  if (name == "expired_access_key") return KeyFault::Expired;
  if (name == "no_authorization_ip") return KeyFault::AddressRefused;
  if (name == "nonce_used") return KeyFault::ClockSkew;
  if (name == "invalid_access_key" || name.starts_with("jwt_verification") ||
      name == "invalid_query_payload" || name == "no_authorization_token")
    return KeyFault::Rejected;
  if (answer.status == status_rate_limited || answer.status == status_banned)
    return KeyFault::RateLimited;
  if (answer.status >= 500) return KeyFault::Unavailable;
  return std::nullopt;
}

// The venue looks at the right before it looks for what is named.
Answer may(const HttpResponse& answer, std::string_view name) {
  // 401 or 403, by the area of the API: docs.upbit.com/kr/reference/rest-api-guide says to go by the name.
  if (name == "out_of_scope") return Answer::No;
  // The lock is lifted in the owner's app, with the key as it is: it proves nothing.
  if (name == "open_api_withdraw_locked") return Answer::Yes;
  constexpr int not_found = 404;
  constexpr int created = 201;
  if (answer.status == not_found && !name.empty()) return Answer::Yes;
  return answer.status == 200 || answer.status == created ? Answer::Yes : Answer::Unknown;
}

// [{"access_key":"…","expire_at":"2026-12-31T23:59:59+09:00"}, …], of all keys of the account.
bool read_expiry(Json& json_text, std::string_view body, std::string_view key, WallTime& expires) {
  json::array rows;
  if (!json_text.open(body) || json_text.document().get_array().get(rows) != simdjson::SUCCESS)
    return false;
  for (auto element : rows) {
    json::object row;
    std::string_view text;
    if (element.get_object().get(row) != simdjson::SUCCESS || !text_field(row, "access_key", text))
      return false;
    if (text != key) continue;
    return text_field(row, "expire_at", text) && parse_rfc3339(text.data(), text.size(), expires);
  }
  return false;
}

}  // namespace

// GET /v1/api_keys needs no right and tells keys and their ends, not their rights
// (docs.upbit.com/kr/reference/list-api-keys); the list of rights by pocket (…/list-pocket-api-keys) is open only to
// keys that may manage pockets. So each right is tried with a question that needs it and can do nothing. The right
// to withdraw [출금하기] is asked for by cancelling a withdrawal and by making one, and by nothing else
// (…/reference/cancel-withdrawal): cancelling one that is not there is the harmless of the two. GET
// /v1/withdraws/chance proves nothing: it needs the right to look at withdrawals [출금조회], which is another.
std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now) {
  Auth auth(credentials);
  Parameters nothing;
  nothing.add("uuid", nobodys);
  return {auth.request("GET", "/v1/api_keys", {}, now.wall),
          auth.request("GET", "/v1/accounts", {}, now.wall),
          auth.request("DELETE", "/v1/order", nothing, now.wall),
          auth.request("DELETE", "/v1/withdraws/coin", nothing, now.wall)};
}

Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view key) {
  if (answers.size() != question_count) return fail(KeyFault::Malformed);
  Json json_text;
  std::vector<std::string> names;
  for (const HttpResponse& answer : answers) {
    names.push_back(error_name(json_text, answer.body));
    if (const auto fault = fault_of(answer, names.back())) return fail(*fault);
  }
  security::KeyRights rights;
  rights.read = may(answers[Balances], names[Balances]);
  rights.trade = may(answers[CancelOrder], names[CancelOrder]);
  rights.withdraw = may(answers[CancelWithdrawal], names[CancelWithdrawal]);
  // Addresses must be named when a key is made: …/docs/api-key.
  rights.address_bound = Answer::Unknown;
  static_cast<void>(read_expiry(json_text, answers[Keys].body, key, rights.expires));
  return rights;
}

}  // namespace ats::venues::upbit

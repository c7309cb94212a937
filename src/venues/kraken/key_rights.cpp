#include "venues/kraken/key_rights.hpp"

#include <algorithm>
#include <array>

#include "venues/key_answer.hpp"
#include "venues/kraken/auth.hpp"
#include "venues/kraken/errors.hpp"

namespace ats::venues::kraken {
namespace {

KeyFault fault_of(std::string_view error) {
  if (error.starts_with("EAPI:Invalid nonce")) return KeyFault::ClockSkew;
  if (error.starts_with("EGeneral:Unknown method")) return KeyFault::NotOffered;
  if (error.starts_with("EService:")) return KeyFault::Unavailable;
  const Meaning meaning = meaning_of(error);
  if (meaning.reject == RejectReason::RateLimited) return KeyFault::RateLimited;
  if (meaning.reject == RejectReason::AuthFailed) return KeyFault::Rejected;
  return KeyFault::Unavailable;
}

bool has(const std::vector<std::string_view>& permissions, std::string_view name) {
  for (const std::string_view permission : permissions) {
    if (permission == name) return true;
  }
  return false;
}

bool read_list(json::object& result, std::string_view field, std::vector<std::string_view>& out) {
  json::array list;
  if (!array_field(result, field, list)) return false;
  for (auto element : list) {
    std::string_view text;
    if (element.get_string().get(text) != simdjson::SUCCESS) return false;
    out.push_back(text);
  }
  return true;
}

// Words that take nothing out of the account.
bool harmless(std::string_view permission) {
  constexpr std::array<std::string_view, 10> known = {
      "query-funds",   "add-funds",    "earn-funds",   "query-open-trades", "query-closed-trades",
      "modify-trades", "close-trades", "query-ledger", "export-data",       "create-ws-token"};
  return std::find(known.begin(), known.end(), permission) != known.end();
}

}  // namespace

// docs.kraken.com/api-reference/account-data/get-api-key-info: needs no permission. Its nonce is of the wall clock,
// like those of a process that trades with the same key, which goes on with a later one.
std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now) {
  return {Auth(credentials).post("/0/private/GetApiKeyInfo", {}, now.wall)};
}

// There, too, the words of `permissions`: withdraw-funds takes assets out; add-withdraw-address and
// update-withdraw-address say where they may go, which a withdrawal by whatever way then follows. A word to come
// that speaks of withdrawing counts as well. validUntil: seconds, 0 for a key without end.
Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view) {
  if (answers.size() != 1) return fail(KeyFault::Malformed);
  Json json_text;
  json::object root;
  json::object result;
  std::vector<std::string_view> errors;
  if (!json_text.open(answers.front().body, root) || !read_list(root, "error", errors))
    return fail(fault_of_status(answers.front().status).value_or(KeyFault::Malformed));
  if (!errors.empty()) return fail(fault_of(errors.front()));
  std::vector<std::string_view> permissions;
  if (!object_field(root, "result", result) || !read_list(result, "permissions", permissions))
    return fail(KeyFault::Malformed);
  security::KeyRights rights;
  // What the client asks for: balances, orders that are open and that have ended, the token of the private stream.
  rights.read =
      answer_of(has(permissions, "query-funds") && has(permissions, "query-open-trades") &&
                has(permissions, "query-closed-trades") && has(permissions, "create-ws-token"));
  rights.trade = answer_of(has(permissions, "modify-trades") && has(permissions, "close-trades"));
  rights.withdraw = security::Answer::No;
  for (const std::string_view permission : permissions) {
    if (permission.find("withdraw") != std::string_view::npos) {
      rights.withdraw = security::Answer::Yes;
    } else if (rights.withdraw == security::Answer::No && !harmless(permission)) {
      rights.withdraw = security::Answer::Unknown;  // a word to come may say anything
    }
  }
  std::vector<std::string_view> addresses;
  if (read_list(result, "ipAllowlist", addresses))
    rights.address_bound = answer_of(!addresses.empty());
  std::int64_t end = 0;
  constexpr std::int64_t last = 9'000'000'000;  // the year 2255
  if (integer_field(result, "validUntil", end) && end > 0 && end < last)
    rights.expires = WallTime{} + seconds(end);
  return rights;
}

}  // namespace ats::venues::kraken

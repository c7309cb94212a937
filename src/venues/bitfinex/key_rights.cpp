#include "venues/bitfinex/key_rights.hpp"

#include "venues/bitfinex/auth.hpp"
#include "venues/bitfinex/errors.hpp"
#include "venues/key_answer.hpp"

namespace ats::venues::bitfinex {
namespace {

using security::Answer;

// ["error",code,"text"], with status 500 and others.
std::optional<KeyFault> fault_of(json::array& list) {
  std::string_view first;
  std::int64_t code = 0;
  std::string_view words;
  std::size_t at = 0;
  for (auto element : list) {
    json::value value;
    if (element.get(value) != simdjson::SUCCESS) return std::nullopt;
    std::string_view text;
    if (at == 0 && value.get_string().get(first) != simdjson::SUCCESS) return std::nullopt;
    if (at == 1 && number_text(value, text)) static_cast<void>(integer_text(text, code));
    if (at == 2 && value.get_string().get(words) != simdjson::SUCCESS) words = {};
    ++at;
  }
  if (first != "error") return std::nullopt;
  constexpr std::int64_t maintenance = 20060;
  constexpr std::int64_t bad_parameter = 10020;
  if (code == maintenance) return KeyFault::Unavailable;
  if (code == bad_parameter) return KeyFault::NotOffered;
  const Meaning meaning = meaning_of(code, words);
  if (meaning.reaction == Reaction::BadNonce) return KeyFault::ClockSkew;
  if (meaning.reject == RejectReason::AuthFailed) return KeyFault::Rejected;
  if (meaning.reject == RejectReason::RateLimited) return KeyFault::RateLimited;
  return KeyFault::Unavailable;
}

struct Scope {
  Answer read = Answer::Unknown;
  Answer write = Answer::Unknown;
};

// [scope, read, write]; false: it is none.
bool read_row(json::array& row, std::string_view& name, Scope& scope) {
  std::size_t at = 0;
  for (auto element : row) {
    json::value value;
    if (element.get(value) != simdjson::SUCCESS) return false;
    if (at == 0) {
      if (value.get_string().get(name) != simdjson::SUCCESS) return false;
    } else if (at <= 2) {
      int flag = 0;
      std::string_view text;
      if (!number_text(value, text) || !integer_text(text, flag)) return false;
      (at == 1 ? scope.read : scope.write) = answer_of(flag != 0);
    }
    ++at;
  }
  return at >= 3;
}

}  // namespace

// docs.bitfinex.com/reference/key-permissions.
std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now) {
  return {Auth(credentials).post("/v2/auth/r/permissions", "{}", now.wall)};
}

// There, too, the scopes. "withdraw" and "ui_withdraw" take assets out; "wallets", written, moves them between
// wallets, and to sub-accounts of the same owner.
Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view) {
  if (answers.size() != 1) return fail(KeyFault::Malformed);
  const HttpResponse& answer = answers.front();
  Json json_text;
  json::array rows;
  if (!json_text.open(answer.body) ||
      json_text.document().get_array().get(rows) != simdjson::SUCCESS)
    return fail(fault_of_status(answer.status).value_or(KeyFault::Malformed));
  if (const auto fault = fault_of(rows)) return fail(*fault);
  if (const auto fault = fault_of_status(answer.status)) return fail(*fault);
  json_text.document().rewind();
  if (json_text.document().get_array().get(rows) != simdjson::SUCCESS)
    return fail(KeyFault::Malformed);
  Scope orders;
  Scope wallets;
  Scope withdraw;
  Scope other_withdraw{Answer::No, Answer::No};  // not every key has the scope
  for (auto element : rows) {
    json::array row;
    std::string_view name;
    Scope scope;
    if (element.get_array().get(row) != simdjson::SUCCESS || !read_row(row, name, scope))
      return fail(KeyFault::Malformed);
    if (name == "orders") orders = scope;
    if (name == "wallets") wallets = scope;
    if (name == "withdraw") withdraw = scope;
    if (name == "ui_withdraw") other_withdraw = scope;
  }
  security::KeyRights rights;
  rights.read = both(orders.read, wallets.read);
  rights.trade = orders.write;
  rights.withdraw = either(withdraw.write, other_withdraw.write);
  rights.transfer = wallets.write;
  return rights;
}

}  // namespace ats::venues::bitfinex

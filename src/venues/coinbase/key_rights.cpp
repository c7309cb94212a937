#include "venues/coinbase/key_rights.hpp"

#include "venues/coinbase/auth.hpp"
#include "venues/key_answer.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::string_view path = "/api/v3/brokerage/key_permissions";

}  // namespace

// docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/data-api/get-api-key-permissions.
std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now) {
  HttpRequest request{"GET", std::string(path), {}, {}};
  request.headers = {
      {"Authorization", "Bearer " + Auth(credentials).rest_token("GET", path, now.wall)},
      {"Accept", "application/json"},
      {"User-Agent", "ats"}};
  return {std::move(request)};
}

// can_transfer is both: to other portfolios and out of the venue ("send and receive funds, on and off platform",
// …/authentication-authorization/authorization). The venue says neither whether a key is bound to addresses nor
// when it ends.
Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view) {
  if (answers.size() != 1) return fail(KeyFault::Malformed);
  const HttpResponse& answer = answers.front();
  if (const auto fault = fault_of_status(answer.status)) return fail(*fault);
  Json json_text;
  json::object root;
  if (!json_text.open(answer.body, root)) return fail(KeyFault::Malformed);
  security::KeyRights rights;
  rights.read = told(root, "can_view");
  rights.trade = told(root, "can_trade");
  rights.withdraw = rights.transfer = told(root, "can_transfer");
  return rights;
}

}  // namespace ats::venues::coinbase

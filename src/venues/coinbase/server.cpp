// HTTP: which call, by whom.
#include "venues/coinbase/server.hpp"

#include <algorithm>
#include <charconv>

#include "security/jwt.hpp"
#include "venues/coinbase/auth.hpp"
#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/server_text.hpp"
#include "venues/percent.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::string_view prefix = "/api/v3/brokerage";
constexpr Duration clock_tolerance = seconds(30);

HttpResponse unauthorized() { return {401, {{"Content-Type", "text/plain"}}, "Unauthorized"}; }
HttpResponse not_found() {
  return {404,
          {{"Content-Type", "application/json"}},
          grpc_error("NOT_FOUND", 5, "no such path or method")};
}

struct Claims {
  std::string subject;
  std::int64_t not_before = 0;
  std::int64_t expires = 0;
  std::vector<std::string> uris;
};

bool read_claims(Json& source, std::string_view text, Claims& claims) {
  json::object root;
  std::string_view word;
  json::array list;
  if (!source.open(text, root) || !text_field(root, "sub", word)) return false;
  claims.subject = word;
  if (!integer_field(root, "nbf", claims.not_before) || !integer_field(root, "exp", claims.expires))
    return false;
  if (text_field(root, "uri", word)) claims.uris.emplace_back(word);
  if (!array_field(root, "uris", list)) return true;
  for (auto element : list) {
    if (element.get_string().get(word) != simdjson::SUCCESS) return false;
    claims.uris.emplace_back(word);
  }
  return true;
}

// "GET api.coinbase.com/api/v3/…"; whatever host it names, and some clients the scheme.
bool names(const std::string& uri, std::string_view method, std::string_view path) {
  const std::size_t space = uri.find(' ');
  return space != std::string::npos && std::string_view(uri).substr(0, space) == method &&
         uri.size() > space + 1 + path.size() && uri.ends_with(path);
}

}  // namespace

std::unique_ptr<Server> make_server(ExchangeApi& exchange) {
  return std::make_unique<CoinbaseServer>(exchange);
}

bool CoinbaseServer::accepts(std::string_view path) const { return path.empty() || path == "/"; }

// --- queries ---

bool CoinbaseServer::Query::read(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = percent_decoded(pair.substr(0, equals), true);
    const auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) return false;
    all_.emplace_back(*key, *value);
  }
  return true;
}

std::string_view CoinbaseServer::Query::get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return {};
}

bool CoinbaseServer::Query::admits(std::string_view name, std::string_view value) const {
  bool sent = false;
  for (const auto& [key, wanted] : all_) {
    if (key != name) continue;
    if (wanted == value) return true;
    sent = true;
  }
  return !sent;
}

std::size_t CoinbaseServer::Query::number(std::string_view name, std::size_t otherwise) const {
  const std::string_view text = get(name);
  std::size_t value = 0;
  return integer_text(text, value) ? value : otherwise;
}

// --- who asks ---

security::KeyVerifier* CoinbaseServer::verifier_of(const std::string& key,
                                                   const std::string& secret) {
  const auto known = verifiers_.find(key);
  if (known != verifiers_.end() && known->second.first == secret) return &known->second.second;
  const auto private_key = security::read_private_key(secret);
  if (!private_key) return nullptr;
  const auto signer = security::KeySigner::make(*private_key);
  if (!signer) return nullptr;
  auto verifier = security::KeyVerifier::make(signer->public_key());
  if (!verifier) return nullptr;
  verifiers_.erase(key);
  return &verifiers_.emplace(key, std::pair(secret, std::move(*verifier))).first->second.second;
}

AccountId CoinbaseServer::account_of(std::string_view text, std::string_view method,
                                     std::string_view path) {
  const auto token = security::read_jwt(text);
  json::object header;
  std::string_view word;
  if (!token || !json_.open(token->header, header) || !text_field(header, "kid", word)) return {};
  const std::string key(word);
  if (!text_field(header, "alg", word)) return {};
  const std::string algorithm(word);
  std::string secret;
  const AccountId account = exchange_.find_key(key, secret);
  security::KeyVerifier* const verifier = account.valid() ? verifier_of(key, secret) : nullptr;
  if (verifier == nullptr ||
      algorithm != (verifier->curve() == security::KeyCurve::P256 ? "ES256" : "EdDSA") ||
      !verifier->verify(token->signing_input, token->signature))
    return {};
  Claims claims;
  if (!read_claims(json_, token->payload, claims) || claims.subject != key) return {};
  const std::int64_t here = now().ns_utc / 1'000'000'000;
  const std::int64_t tolerance = clock_tolerance.ns / 1'000'000'000;
  const std::int64_t life = token_life.ns / 1'000'000'000;
  if (claims.not_before > here + tolerance || claims.expires <= here ||
      claims.expires > here + life + tolerance)
    return {};
  if (method.empty()) return account;
  const bool named = std::any_of(claims.uris.begin(), claims.uris.end(),
                                 [&](const std::string& uri) { return names(uri, method, path); });
  return named ? account : AccountId{};
}

// --- calls ---

HttpResponse CoinbaseServer::on_http(const HttpRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.starts_with("/v2/")) return v2_call(path);
  if (!path.starts_with(prefix)) return not_found();
  Call call{request, path.substr(prefix.size()), {}, {}};
  if (!call.query.read(target.substr(std::min(path.size() + 1, target.size())))) {
    return {400,
            {{"Content-Type", "application/json"}},
            grpc_error("INVALID_ARGUMENT", 3, "the query cannot be read")};
  }
  if (call.path == "/time" || call.path.starts_with("/market/")) {
    if (!public_.take(1, 0, instant())) return limited(refuse(Refusal::RateLimit), public_);
    return limited(public_call(call), public_);
  }
  const std::string* const header = request.header("Authorization");
  constexpr std::string_view bearer = "Bearer ";
  if (header == nullptr || !header->starts_with(bearer)) return unauthorized();
  call.account = account_of(std::string_view(*header).substr(bearer.size()), request.method, path);
  if (!call.account.valid()) return unauthorized();
  TokenBucket& bucket = private_.try_emplace(call.account, TokenBucket{30, 30}).first->second;
  if (!bucket.take(1, 0, instant())) return limited(refuse(Refusal::RateLimit), bucket);
  return limited(private_call(call), bucket);
}

HttpResponse CoinbaseServer::limited(HttpResponse response, TokenBucket& bucket) const {
  if (response.header("Content-Type") == nullptr)
    response.headers.push_back({"Content-Type", "application/json"});
  response.headers.push_back({"x-ratelimit-limit", std::to_string(bucket.capacity())});
  response.headers.push_back({"x-ratelimit-remaining", std::to_string(bucket.left(instant()))});
  if (response.header("x-ratelimit-reset") == nullptr)
    response.headers.push_back({"x-ratelimit-reset", "1"});
  return response;
}

HttpResponse CoinbaseServer::public_call(const Call& call) {
  if (call.request.method != "GET") return not_found();
  if (call.path == "/time") return time();
  const std::string_view path = call.path.substr(std::string_view("/market").size());
  constexpr std::string_view list = "/products";
  constexpr std::string_view prints = "/ticker";
  if (path == "/product_book") return product_book(call.query);
  if (path == list) return products(call.query);
  if (!path.starts_with("/products/")) return not_found();
  std::string_view id = path.substr(list.size() + 1);
  if (!id.ends_with(prints)) return product(id);
  id.remove_suffix(prints.size());
  return ticker(id, call.query);
}

HttpResponse CoinbaseServer::private_call(const Call& call) {
  if (call.request.method == "POST") {
    if (call.path == "/orders") return place_order(call);
    if (call.path == "/orders/batch_cancel") return cancel_orders(call);
    return not_found();
  }
  if (call.request.method != "GET") return not_found();
  constexpr std::string_view history = "/orders/historical/";
  if (call.path == "/accounts") return accounts(call);
  if (call.path == "/orders/historical/batch") return list_orders(call);
  if (call.path == "/orders/historical/fills") return list_fills(call);
  if (call.path.starts_with(history)) return one_order(call, call.path.substr(history.size()));
  if (call.path == "/transaction_summary") return transaction_summary();
  if (call.path == "/key_permissions") {
    return {200,
            {},
            JsonObject()
                .flag("can_view", true)
                .flag("can_trade", true)
                .flag("can_transfer", exchange_.grants(call.account).withdraw)
                .text("portfolio_uuid", "00000000-0000-4000-9000-000000000001")
                .text("portfolio_type", "DEFAULT")
                .done()};
  }
  if (call.path == "/best_bid_ask") return best_bid_ask(call.query);
  // The rest are twins of public calls.
  const std::string twin = "/market" + std::string(call.path);
  return public_call({call.request, twin, call.query, call.account});
}

// --- common ---

InstrumentId CoinbaseServer::find_product(std::string_view id) const {
  for (const InstrumentId known : exchange_.instruments()) {
    if (instrument(known).symbol.view() == id) return known;
  }
  for (const InstrumentId known : exchange_.instruments()) {
    if (book_name(instrument(known)) == id) return known;
  }
  return {};
}

std::string_view CoinbaseServer::book_of(const Instrument& of) const {
  const std::string_view alias = book_name(of);
  const bool listed = std::any_of(
      exchange_.instruments().begin(), exchange_.instruments().end(), [&](InstrumentId known) {
        return known != of.id && instrument(known).symbol.view() == alias;
      });
  return listed ? of.symbol.view() : alias;
}

void CoinbaseServer::set_fault(ServerFault fault, bool on) {
  switch (fault) {
    case ServerFault::BadChecksum:  // there is none: the message's number is what can be wrong
      skip_number_ = on;
      break;
    case ServerFault::Maintenance:
      maintenance_ = on;
      break;
  }
}

HttpResponse CoinbaseServer::refuse(Refusal why) const {
  HttpResponse response;
  response.headers = {{"Content-Type", "application/json"}};
  switch (why) {
    case Refusal::RateLimit:
      response.status = 429;
      response.body = gateway_error("rate_limit_exceeded", "Too many requests");
      break;
    case Refusal::Ban:
      response.status = 429;
      response.headers.push_back({"x-ratelimit-reset", "30"});
      response.body = grpc_error("RESOURCE_EXHAUSTED", 8, "Too many requests");
      break;
    case Refusal::ServerError:
      response.status = 500;
      response.body = gateway_error("internal_server_error", "Internal server error");
      break;
  }
  return response;
}

// Orders are placed over REST only.
std::optional<std::string> CoinbaseServer::refuse_order(Refusal, std::string_view) const {
  return std::nullopt;
}

}  // namespace ats::venues::coinbase

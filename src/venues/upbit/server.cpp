// HTTP: which call, by whom, how often.
#include "venues/upbit/server.hpp"

#include <algorithm>

#include "security/jwt.hpp"
#include "venues/percent.hpp"
#include "venues/upbit/server_text.hpp"

namespace ats::venues::upbit {
namespace {

constexpr std::string_view public_path = "/websocket/v1";
constexpr std::string_view private_path = "/websocket/v1/private";
// Refused and going on all the same, that many times: a ban.
constexpr std::int64_t patience = 30;
constexpr Duration ban = seconds(30);

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

struct Limit {
  std::string_view name;
  std::int64_t per_period;
  std::int64_t period;  // seconds
};
constexpr std::array<Limit, 8> limits{{{"market", 10, 1},
                                       {"orderbook", 10, 1},
                                       {"ticker", 10, 1},
                                       {"trades", 10, 1},
                                       {"default", 30, 1},
                                       {"order", 12, 1},
                                       {"order-test", 8, 1},
                                       {"order-cancel-all", 1, 2}}};

}  // namespace

std::unique_ptr<Server> make_server(ExchangeApi& exchange) {
  return std::make_unique<UpbitServer>(exchange);
}

bool UpbitServer::Fields::read_query(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string_view pair = text.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) return false;
    all_.emplace_back(std::move(*key), std::move(*value));
  }
  return true;
}

bool UpbitServer::Fields::read_body(Json& source, std::string_view text) {
  json::object root;
  if (!source.open(text, root)) return false;
  for (auto field : root) {
    std::string_view key;
    json::value value;
    std::string_view content;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS || !number_text(value, content))
      return false;
    all_.emplace_back(key, content);
  }
  return true;
}

std::string_view UpbitServer::Fields::get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string_view> UpbitServer::Fields::list(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : all_) {
    if (key.size() == name.size() + 2 && key.starts_with(name) && key.ends_with("[]"))
      values.emplace_back(value);
    if (key != name) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      values.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return values;
}

std::string UpbitServer::Fields::hashed() const {
  std::string text;
  for (const auto& [key, value] : all_) {
    if (!text.empty()) text += '&';
    text.append(key).append("=").append(value);
  }
  return text;
}

const UpbitServer::Route* UpbitServer::find_route(std::string_view method, std::string_view path) {
  static constexpr Route routes[] = {
      {"GET", "/v1/market/all", &UpbitServer::market_all, Group::Market, false},
      {"GET", "/v1/orderbook/instruments", &UpbitServer::book_instruments, Group::Orderbook, false},
      {"GET", "/v1/orderbook", &UpbitServer::books, Group::Orderbook, false},
      {"GET", "/v1/ticker", &UpbitServer::tickers, Group::Ticker, false},
      {"GET", "/v1/ticker/all", &UpbitServer::all_tickers, Group::Ticker, false},
      {"GET", "/v1/trades/ticks", &UpbitServer::trade_ticks, Group::Trade, false},
      {"GET", "/v1/accounts", &UpbitServer::accounts, Group::Default, true},
      {"GET", "/v1/orders/chance", &UpbitServer::chance, Group::Default, true},
      {"POST", "/v1/orders", &UpbitServer::new_order, Group::Order, true},
      {"POST", "/v1/orders/test", &UpbitServer::test_order, Group::OrderTest, true},
      {"GET", "/v1/order", &UpbitServer::one_order, Group::Default, true},
      {"DELETE", "/v1/order", &UpbitServer::cancel_order, Group::Default, true},
      {"GET", "/v1/orders/open", &UpbitServer::open_orders, Group::Default, true},
      {"DELETE", "/v1/orders/open", &UpbitServer::cancel_open, Group::CancelAll, true},
      {"GET", "/v1/orders/closed", &UpbitServer::closed_orders, Group::Default, true},
      {"GET", "/v1/orders/uuids", &UpbitServer::orders_by_id, Group::Default, true},
      {"DELETE", "/v1/orders/uuids", &UpbitServer::cancel_by_id, Group::Default, true},
      {"GET", "/v1/api_keys", &UpbitServer::api_keys, Group::Default, true},
      {"DELETE", "/v1/withdraws/coin", &UpbitServer::cancel_withdrawal, Group::Default, true},
  };
  const auto* const found = std::ranges::find_if(
      routes, [&](const Route& route) { return route.method == method && route.path == path; });
  return found == std::end(routes) ? nullptr : found;
}

std::int64_t UpbitServer::count(Group group, AccountId caller_id) {
  Caller& caller = callers_[caller_id];
  const Limit& limit = limits[static_cast<std::size_t>(group)];
  Counter& counter = caller.counters[static_cast<std::size_t>(group)];
  const std::int64_t second = now().ns_utc / 1'000'000'000 / limit.period;
  if (counter.second != second) {
    if (counter.count <= limit.per_period) caller.excess = 0;
    counter = {second, 0};
  }
  if (++counter.count <= limit.per_period) return limit.per_period - counter.count;
  if (++caller.excess > patience) caller.banned_until = now() + ban;
  return -1;
}

HttpResponse UpbitServer::on_http(const HttpRequest& request) {
  constexpr int bad_request = 400;
  constexpr int unauthorized = 401;
  constexpr int not_found = 404;
  const std::string_view path = path_of(request.target);
  const Route* const route = find_route(request.method, path);
  if (route == nullptr) return quotation_error(not_found);
  Fields fields;
  const std::size_t mark = request.target.find('?');
  std::string_view query;
  if (mark != std::string::npos) query = std::string_view(request.target).substr(mark + 1);
  bool readable = fields.read_query(query);
  if (request.method == "POST") readable &= fields.read_body(json_, request.body);
  AccountId account;
  HttpResponse response;
  std::optional<std::string_view> wrong;
  if (route->is_private && readable) wrong = authenticate(request, fields.hashed(), account);
  const Limit& limit = limits[static_cast<std::size_t>(route->group)];
  const std::int64_t left = count(route->group, account);
  if (now() < callers_[account].banned_until) {
    response = refuse(Refusal::Ban);
  } else if (left < 0) {
    response = refuse(Refusal::RateLimit);
  } else if (!readable) {
    response = route->is_private ? exchange_error(bad_request, "invalid_parameter")
                                 : quotation_error(bad_request);
  } else if (wrong) {
    response = exchange_error(unauthorized, *wrong);
  } else if (request.method == "DELETE" && !request.body.empty()) {
    response = exchange_error(bad_request, "QUERY_PARAMETER_NOT_SUPPORTED");
  } else {
    response = (this->*route->run)(account, fields);
    if (response.headers.empty())
      response.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  }
  response.headers.push_back(
      {"Remaining-Req", "group=" + std::string(limit.name) +
                            "; min=1800; sec=" + std::to_string(std::max<std::int64_t>(left, 0))});
  return response;
}

bool UpbitServer::is_order(const HttpRequest& request) const {
  const Route* const route = find_route(request.method, path_of(request.target));
  return route != nullptr && route->is_private && route->method != "GET" &&
         route->path.starts_with("/v1/order");
}

std::optional<std::string_view> UpbitServer::authenticate(const HttpRequest& request,
                                                          std::string_view hashed,
                                                          AccountId& account) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string* const header = request.header("Authorization");
  if (header == nullptr || !header->starts_with(scheme)) return "no_authorization_token";
  const auto token = security::read_jwt(std::string_view(*header).substr(scheme.size()));
  if (!token) return "jwt_verification";
  Json json_text;
  json::object object;
  std::string_view text;
  if (!json_text.open(token->header, object) || !text_field(object, "alg", text) ||
      (text != "HS256" && text != "HS512"))
    return "jwt_verification";
  const security::JwtHash hash =
      text == "HS256" ? security::JwtHash::HS256 : security::JwtHash::HS512;
  if (!json_text.open(token->payload, object) || !text_field(object, "access_key", text))
    return "jwt_verification";
  std::string secret;
  const AccountId owner = exchange_.find_key(text, secret);
  if (!owner.valid()) return "invalid_access_key";
  const WallTime end = exchange_.grants(owner).expires;
  if (end.told() && now() >= end) return "expired_access_key";
  if (!security::signed_with(*token, hash, secret)) return "jwt_verification";
  if (!text_field(object, "nonce", text) || text.empty()) return "jwt_verification";
  AccountState& state = accounts_[owner];
  if (!state.nonces.use(text)) return "nonce_used";
  if (!hashed.empty() && (!text_field(object, "query_hash", text) ||
                          !security::equal_constant_time(text, security::sha512_hex(hashed))))
    return "invalid_query_payload";
  account = owner;
  return std::nullopt;
}

// --- doors ---

bool UpbitServer::accepts(std::string_view path) const {
  return path == public_path || path == private_path;
}

std::optional<HttpResponse> UpbitServer::refuse_upgrade(const HttpRequest& request) {
  constexpr int unauthorized = 401;
  upgrading_ = {};
  if (path_of(request.target) != private_path) return std::nullopt;
  if (const auto wrong = authenticate(request, "", upgrading_))
    return exchange_error(unauthorized, *wrong);
  return std::nullopt;
}

void UpbitServer::on_open(SessionId id, std::string_view, ServerOutbox&) {
  Session& session = sessions_[id];
  session.account = std::exchange(upgrading_, AccountId{});
  session.last_traffic = now();
}

void UpbitServer::on_close(SessionId id) { sessions_.erase(id); }

// --- common ---

InstrumentId UpbitServer::find_code(std::string_view code) const {
  for (const InstrumentId id : exchange_.instruments()) {
    if (instrument(id).symbol.view() == code) return id;
  }
  return {};
}

// A book carries no checksum that could be wrong.
void UpbitServer::set_fault(ServerFault fault, bool on) {
  if (fault == ServerFault::Maintenance) maintenance_ = on;
}

HttpResponse UpbitServer::refuse(Refusal why) const {
  switch (why) {
    case Refusal::RateLimit:
      return exchange_error(429, "too_many_requests");
    case Refusal::Ban:
      return exchange_error(418, "too_many_requests");
    case Refusal::ServerError:
      break;
  }
  return exchange_error(500, "server_error");
}

// Orders go over REST.
std::optional<std::string> UpbitServer::refuse_order(Refusal, std::string_view) const {
  return std::nullopt;
}

}  // namespace ats::venues::upbit

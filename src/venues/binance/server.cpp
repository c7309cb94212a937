// Requests: which operation, who asks, may they; server_public.cpp and server_account.cpp answer.
#include "venues/binance/server.hpp"

#include <algorithm>
#include <charconv>

#include "security/signing.hpp"
#include "venues/json_write.hpp"
#include "venues/percent.hpp"

namespace ats::venues::binance {
namespace {

constexpr std::uint64_t weight_limit = 6'000;
constexpr std::uint64_t orders_per_ten_seconds = 100;
constexpr std::uint64_t orders_per_day = 200'000;
constexpr std::uint64_t refusals_before_ban = 30;
constexpr std::int64_t ban_ms = 120'000;

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// "a=1&b=2" into names and values; `signed_part` is the text without its signature. False when the encoding is
// broken.
template <class Add>
bool split_form(std::string_view text, bool plus_is_space, std::string& signed_part, Add add) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = percent_decoded(pair.substr(0, equals), plus_is_space);
    const auto value = percent_decoded(
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1),
        plus_is_space);
    if (!name || !value) return false;
    if (*name != "signature") {
      if (!signed_part.empty()) signed_part += '&';
      signed_part += pair;
    }
    add(*name, *value);
  }
  return true;
}

}  // namespace

const std::string* SpotServer::Parameters::find(std::string_view name) const {
  for (const auto& [known, value] : all_) {
    if (known == name) return value.empty() ? nullptr : &value;
  }
  return nullptr;
}

SpotServer::Reply SpotServer::error(int status, int code, std::string_view message) {
  return {status, JsonObject().number("code", code).text("msg", message).done(), false};
}
SpotServer::Reply SpotServer::missing(std::string_view parameter) {
  return error(400, -1102,
               "Mandatory parameter '" + std::string(parameter) +
                   "' was not sent, was empty/null, or malformed.");
}
SpotServer::Reply SpotServer::bad_symbol() { return error(400, -1121, "Invalid symbol."); }

const std::vector<SpotServer::Operation>& SpotServer::operations() {
  using S = SpotServer;
  static const std::vector<Operation> all = {
      {"GET", "/api/v3/ping", "ping", false, 1, &S::ping},
      {"GET", "/api/v3/time", "time", false, 1, &S::time},
      {"GET", "/api/v3/exchangeInfo", "exchangeInfo", false, 20, &S::exchange_info},
      {"GET", "/api/v3/depth", "depth", false, 5, &S::depth},
      {"GET", "/api/v3/trades", "trades.recent", false, 25, &S::recent_trades},
      {"GET", "/api/v3/aggTrades", "trades.aggregate", false, 4, &S::aggregate_trades},
      {"GET", "/api/v3/ticker/bookTicker", "ticker.book", false, 2, &S::book_ticker},
      {"GET", "/api/v3/ticker/price", "ticker.price", false, 2, &S::price_ticker},
      {"GET", "/api/v3/ticker/24hr", "ticker.24hr", false, 2, &S::day_ticker},
      {"POST", "/api/v3/order", "order.place", true, 1, &S::place_order},
      {"POST", "/api/v3/order/test", "order.test", true, 1, &S::test_order},
      {"DELETE", "/api/v3/order", "order.cancel", true, 1, &S::cancel_order},
      {"GET", "/api/v3/order", "order.status", true, 4, &S::order_status},
      {"GET", "/api/v3/openOrders", "openOrders.status", true, 6, &S::open_orders},
      {"DELETE", "/api/v3/openOrders", "openOrders.cancelAll", true, 1, &S::cancel_open_orders},
      {"GET", "/api/v3/allOrders", "allOrders", true, 20, &S::all_orders},
      {"GET", "/api/v3/account", "account.status", true, 20, &S::account},
      {"GET", "/api/v3/myTrades", "myTrades", true, 20, &S::my_trades},
      {"GET", "/api/v3/rateLimit/order", "account.rateLimits.orders", true, 40, &S::order_limits},
      {"GET", "/api/v3/account/commission", "account.commission", true, 20, &S::commission},
      {"GET", "/sapi/v1/account/apiRestrictions", "", true, 1, &S::api_restrictions},
  };
  return all;
}

std::uint64_t SpotServer::weight_of(const Operation& operation, const Parameters& parameters) {
  const bool one_symbol = parameters.find("symbol") != nullptr;
  if (operation.run == &SpotServer::depth) {
    const std::string* limit = parameters.find("limit");
    const std::int64_t levels = limit == nullptr ? 100 : number_in(*limit).value_or(5'000);
    return levels <= 100 ? 5 : levels <= 500 ? 25 : levels <= 1'000 ? 50 : 250;
  }
  if (operation.run == &SpotServer::open_orders) return one_symbol ? 6 : 80;
  if (operation.run == &SpotServer::my_trades) {
    return parameters.find("orderId") != nullptr ? 5 : 20;
  }
  if (operation.run == &SpotServer::book_ticker || operation.run == &SpotServer::price_ticker) {
    return one_symbol ? 2 : 4;
  }
  if (operation.run == &SpotServer::day_ticker) return one_symbol ? 2 : 80;
  return operation.weight;
}

InstrumentId SpotServer::find(std::string_view symbol) const {
  for (const InstrumentId id : exchange_.instruments()) {
    if (instrument(id).symbol.view() == symbol) return id;
  }
  return {};
}

std::string SpotServer::made_up_client_id() {
  std::string id = std::to_string(++made_up_ids_);
  return "made-by-venue-" + std::string(8 - std::min<std::size_t>(8, id.size()), '0') + id;
}

std::uint64_t SpotServer::Window::roll(std::int64_t now_ms) {
  if (now_ms / length_ms != index) {
    index = now_ms / length_ms;
    used = 0;
  }
  return used;
}

std::optional<SpotServer::Reply> SpotServer::refuse_for_weight(std::uint64_t weight,
                                                               std::int64_t& retry_after_ms) {
  const std::int64_t now = now_ms();
  const std::int64_t window = weight_.index;
  weight_.roll(now);
  if (weight_.index != window) refusals_ = 0;
  if (now < banned_until_ms_) {
    retry_after_ms = banned_until_ms_;
    return error(418, -1003,
                 "Way too much request weight used; IP banned until " +
                     std::to_string(banned_until_ms_) + ".");
  }
  if (weight_.used + weight <= weight_limit) {
    weight_.used += weight;
    return std::nullopt;
  }
  retry_after_ms = (weight_.index + 1) * weight_.length_ms;
  if (++refusals_ > refusals_before_ban) banned_until_ms_ = now + ban_ms;
  return error(429, -1003,
               "Too much request weight used; current limit is 6000 request weight per 1 MINUTE.");
}

bool SpotServer::count_order(AccountId account) {
  OrderCount& count = orders_[account];
  if (count.ten_seconds.roll(now_ms()) >= orders_per_ten_seconds ||
      count.day.roll(now_ms()) >= orders_per_day) {
    return false;
  }
  ++count.ten_seconds.used;
  ++count.day.used;
  return true;
}

std::optional<SpotServer::Reply> SpotServer::authenticate(const std::string* key,
                                                          const Parameters& parameters,
                                                          std::string_view payload,
                                                          AccountId& account) const {
  if (key == nullptr || key->empty()) return error(401, -2014, "API-key format invalid.");
  std::string secret;
  account = exchange_.find_key(*key, secret);
  if (!account.valid()) {
    return error(401, -2015, "Invalid API-key, IP, or permissions for action.");
  }
  const std::string* timestamp = parameters.find("timestamp");
  const std::string* signature = parameters.find("signature");
  const auto sent = timestamp == nullptr ? std::nullopt : number_in(*timestamp);
  if (!sent) return missing("timestamp");
  if (signature == nullptr) return missing("signature");

  security::HmacSigner signer(security::HashKind::Sha256, secret);
  std::uint8_t digest[32];
  signer.sign(payload, digest);
  std::string expected(64, '\0');
  security::to_hex(digest, expected.data());
  std::string given = *signature;
  for (char& c : given) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!security::equal_constant_time(given, expected)) {
    return error(400, -1022, "Signature for this request is not valid.");
  }

  std::int64_t window = 5'000;
  if (const std::string* text = parameters.find("recvWindow")) {
    // Up to three decimals are allowed; they are below what this clock shows.
    const auto told = number_in(std::string_view(*text).substr(0, text->find('.')));
    if (!told || *told < 0) return missing("recvWindow");
    if (*told > 60'000) return error(400, -1131, "recvWindow must be less than 60000");
    window = *told;
  }
  // Sixteen digits are microseconds.
  const std::int64_t stamp = *sent > 100'000'000'000'000 ? *sent / 1'000 : *sent;
  if (stamp >= now_ms() + 1'000) {
    return error(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  if (now_ms() - stamp > window) {
    return error(400, -1021, "Timestamp for this request is outside of the recvWindow.");
  }
  return std::nullopt;
}

SpotServer::Reply SpotServer::run(const Operation& operation, const Call& call) {
  if (operation.run == &SpotServer::place_order && !count_order(call.account)) {
    return error(429, -1015, "Too many new orders; current limit is 100 orders per 10 SECOND.");
  }
  return (this->*operation.run)(call);
}

HttpResponse SpotServer::on_http(const HttpRequest& request) {
  const auto with_headers = [this](Reply reply) {
    HttpResponse response{reply.status,
                          {{"Content-Type", "application/json;charset=UTF-8"},
                           {"X-MBX-USED-WEIGHT", std::to_string(weight_.used)},
                           {"X-MBX-USED-WEIGHT-1M", std::to_string(weight_.used)}},
                          std::move(reply.body)};
    return response;
  };
  if (maintenance_) return with_headers(error(503, -1000, "The service is under maintenance."));

  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);

  if (path == "/fapi/v1/exchangeInfo" || path == "/dapi/v1/exchangeInfo") {
    return with_headers({200, R"({"symbols":[]})", false});
  }

  const auto operation = std::ranges::find_if(operations(), [&](const Operation& o) {
    return o.method == request.method && o.path == path;
  });
  if (operation == operations().end()) {
    // What clients ask of other products of the venue while they load markets: there are none.
    if (path.starts_with("/sapi/")) return with_headers({200, "[]", false});
    const bool known =
        std::ranges::any_of(operations(), [&](const Operation& o) { return o.path == path; });
    return with_headers(
        error(known ? 405 : 404, -1000, known ? "Method not allowed." : "Not found."));
  }

  Parameters parameters;
  const auto add = [&](const std::string& name, const std::string& value) {
    parameters.add(name, value);
  };
  // Query and body are signed one behind the other, with nothing between.
  std::string signed_query;
  std::string signed_body;
  if (!split_form(query, false, signed_query, add) ||
      !split_form(request.body, true, signed_body, add)) {
    return with_headers(error(400, -1100, "Illegal characters found in a parameter."));
  }

  std::int64_t retry_after_ms = 0;
  if (auto refused = refuse_for_weight(weight_of(*operation, parameters), retry_after_ms)) {
    HttpResponse response = with_headers(std::move(*refused));
    const std::int64_t wait = (retry_after_ms - now_ms() + 999) / 1'000;
    response.headers.push_back({"Retry-After", std::to_string(std::max<std::int64_t>(1, wait))});
    return response;
  }

  AccountId account;
  if (operation->is_signed) {
    if (auto refused = authenticate(request.header("X-MBX-APIKEY"), parameters,
                                    signed_query + signed_body, account)) {
      return with_headers(std::move(*refused));
    }
  }
  const Reply reply = run(*operation, {parameters, account});
  HttpResponse response = with_headers(reply);
  if (reply.order_count) {
    OrderCount& count = orders_[account];
    response.headers.push_back(
        {"X-MBX-ORDER-COUNT-10S", std::to_string(count.ten_seconds.roll(now_ms()))});
    response.headers.push_back({"X-MBX-ORDER-COUNT-1D", std::to_string(count.day.roll(now_ms()))});
  }
  if (reply.status == 429) {  // too many orders
    const std::int64_t wait = 10 - now_ms() / 1'000 % 10;
    response.headers.push_back({"Retry-After", std::to_string(wait)});
  }
  return response;
}

std::string SpotServer::limits_json(const AccountId* account) {
  const auto limit = [](std::string_view type, std::string_view interval, int number,
                        std::uint64_t most, std::uint64_t count) {
    return JsonObject()
        .text("rateLimitType", type)
        .text("interval", interval)
        .number("intervalNum", number)
        .number("limit", most)
        .number("count", count)
        .done();
  };
  JsonList list;
  if (account != nullptr && account->valid()) {
    OrderCount& count = orders_[*account];
    list.raw(
        limit("ORDERS", "SECOND", 10, orders_per_ten_seconds, count.ten_seconds.roll(now_ms())));
    list.raw(limit("ORDERS", "DAY", 1, orders_per_day, count.day.roll(now_ms())));
  }
  list.raw(limit("REQUEST_WEIGHT", "MINUTE", 1, weight_limit, weight_.roll(now_ms())));
  return list.done();
}

void SpotServer::set_fault(ServerFault fault, bool on) {
  switch (fault) {
    case ServerFault::BadChecksum:
      break;  // the venue sends no checksums
    case ServerFault::Maintenance:
      say_goodbye_ = on && !maintenance_;
      maintenance_ = on;
      break;
  }
}

}  // namespace ats::venues::binance

// HTTP: which call, by whom; and what orders have to pass however they come.
#include "venues/kraken/server.hpp"

#include <algorithm>

#include "venues/kraken/auth.hpp"
#include "venues/kraken/names.hpp"
#include "venues/kraken/server_text.hpp"
#include "venues/percent.hpp"

namespace ats::venues::kraken {
namespace {

constexpr std::string_view public_prefix = "/0/public/";
constexpr std::string_view private_prefix = "/0/private/";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool is_path(std::string_view path) { return path == "/v2" || path == "/v2/"; }

}  // namespace

std::unique_ptr<Server> make_server(ExchangeApi& exchange) {
  return std::make_unique<KrakenServer>(exchange);
}

std::string_view KrakenServer::Fields::get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return {};
}

std::string_view KrakenServer::Fields::first_beyond(std::span<const std::string_view> names) const {
  for (const auto& [key, value] : all_) {
    if (std::find(names.begin(), names.end(), key) == names.end()) return key;
  }
  return {};
}

bool KrakenServer::Fields::read_form(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = percent_decoded(pair.substr(0, equals), true);
    const auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) return false;
    add(*key, *value);
  }
  return true;
}

bool KrakenServer::Fields::read_json(Json& source, std::string_view text) {
  json::object root;
  return source.open(text, root) && read_object(root);
}

// The scalars of an object; lists of scalars are joined with commas, as forms have them.
bool KrakenServer::Fields::read_object(json::object& object) {
  const auto scalar = [](json::value& value) {
    std::string_view content;
    return number_text(value, content) ? std::string(content) : std::string();
  };
  for (auto field : object) {
    std::string_view key;
    json::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS)
      return false;
    json::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    if (type == json::json_type::object) continue;
    if (type != json::json_type::array) {
      add(std::string(key), scalar(value));
      continue;
    }
    json::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return false;
    std::string joined;
    for (auto element : list) {
      json::value inner;
      if (element.get(inner) != simdjson::SUCCESS || inner.type().get(type) != simdjson::SUCCESS)
        return false;
      if (type == json::json_type::object || type == json::json_type::array) continue;
      if (!joined.empty()) joined += ',';
      joined += scalar(inner);
    }
    add(std::string(key), joined);
  }
  return true;
}

std::string KrakenServer::Reply::body() const {
  return error.empty() ? rest_result(result) : rest_error(error);
}

KrakenServer::PublicCall KrakenServer::find_public(std::string_view name) {
  struct Row {
    std::string_view name;
    PublicCall run;
  };
  static constexpr Row rows[] = {
      {"Time", &KrakenServer::time},     {"SystemStatus", &KrakenServer::system_status},
      {"Assets", &KrakenServer::assets}, {"AssetPairs", &KrakenServer::asset_pairs},
      {"Ticker", &KrakenServer::ticker}, {"Depth", &KrakenServer::depth},
      {"Trades", &KrakenServer::trades},
  };
  for (const Row& row : rows) {
    if (row.name == name) return row.run;
  }
  return nullptr;
}

const KrakenServer::PrivateMethod* KrakenServer::find_private(std::string_view name) {
  struct Row {
    std::string_view name;
    PrivateMethod method;
  };
  // Orders have a counter of their own.
  static constexpr Row rows[] = {
      {"Balance", {&KrakenServer::balance, rest_call_cost}},
      {"BalanceEx", {&KrakenServer::balance_ex, rest_call_cost}},
      {"OpenOrders", {&KrakenServer::open_orders, rest_call_cost}},
      {"ClosedOrders", {&KrakenServer::closed_orders, rest_call_cost}},
      {"QueryOrders", {&KrakenServer::query_orders, rest_call_cost}},
      {"QueryTrades", {&KrakenServer::query_trades, rest_history_cost}},
      {"TradesHistory", {&KrakenServer::trades_history, rest_history_cost}},
      {"TradeVolume", {&KrakenServer::trade_volume, rest_call_cost}},
      {"AddOrder", {&KrakenServer::add_order, 0}},
      {"CancelOrder", {&KrakenServer::cancel_order, 0}},
      {"AmendOrder", {&KrakenServer::amend_order, 0}},
      {"CancelAll", {&KrakenServer::cancel_all, rest_call_cost}},
      {"GetWebSocketsToken", {&KrakenServer::token, rest_call_cost}},
      {"GetApiKeyInfo", {&KrakenServer::key_info, rest_call_cost}},
  };
  for (const Row& row : rows) {
    if (row.name == name) return &row.method;
  }
  return nullptr;
}

HttpResponse KrakenServer::on_http(const HttpRequest& request) {
  const std::string_view path = path_of(request.target);
  Reply reply = error("EGeneral:Unknown method");
  if (path.starts_with(public_prefix)) {
    Fields fields;
    const std::string_view query =
        std::string_view(request.target).substr(std::min(path.size() + 1, request.target.size()));
    const PublicCall call = find_public(path.substr(public_prefix.size()));
    if (!fields.read_form(query) || !fields.read_form(request.body))
      reply = error("EGeneral:Invalid arguments");
    else if (call != nullptr)
      reply = (this->*call)(fields);
  } else if (path.starts_with(private_prefix)) {
    reply = run_private(request, path.substr(private_prefix.size()));
  }
  HttpResponse response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = reply.body();
  return response;
}

KrakenServer::Reply KrakenServer::run_private(const HttpRequest& request, std::string_view name) {
  const PrivateMethod* const method = find_private(name);
  if (method == nullptr || request.method != "POST") return error("EGeneral:Unknown method");
  Fields fields;
  const std::string* const type = request.header("Content-Type");
  const bool is_json = type != nullptr && type->find("json") != std::string::npos;
  const bool read =
      is_json ? fields.read_json(json_, request.body) : fields.read_form(request.body);

  std::string secret;
  const std::string* const key = request.header("API-Key");
  const AccountId account = key == nullptr ? AccountId{} : exchange_.find_key(*key, secret);
  if (!account.valid()) return error("EAPI:Invalid key");
  const WallTime end = exchange_.grants(account).expires;
  if (end.told() && now() >= end) return error("EAPI:Invalid key");
  const std::string* const signature = request.header("API-Sign");
  const std::string_view nonce_text = read ? fields.get("nonce") : std::string_view();
  const auto raw_secret = security::from_base64(secret);
  const std::string_view signing_key =
      raw_secret
          ? std::string_view(reinterpret_cast<const char*>(raw_secret->data()), raw_secret->size())
          : std::string_view(secret);
  security::HmacSigner signer(security::HashKind::Sha512, signing_key);
  if (signature == nullptr ||
      !security::equal_constant_time(
          *signature, api_sign(signer, path_of(request.target), nonce_text, request.body)))
    return error("EAPI:Invalid signature");
  std::uint64_t nonce = 0;
  AccountState& state = accounts_[account];
  if (!integer_text(nonce_text, nonce) || nonce <= state.nonce) return error("EAPI:Invalid nonce");
  state.nonce = nonce;
  if (!state.rest.take(method->cost, 0, instant())) return error("EAPI:Rate limit exceeded");
  return (this->*method->run)(account, fields);
}

// --- orders ---

std::string_view KrakenServer::read_order(const OrderWords& words, NewOrder& order) {
  const Instrument& on = instrument(order.instrument);
  if (words.side != "buy" && words.side != "sell") return "EGeneral:Invalid arguments:type";
  order.side = words.side == "buy" ? Side::Buy : Side::Sell;
  if (words.type != "limit" && words.type != "market")
    return "EGeneral:Invalid arguments:ordertype";
  std::string tif(words.time_in_force);
  for (char& c : tif) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  order.time_in_force = TimeInForce::Gtc;
  if (tif == "ioc")
    order.time_in_force = TimeInForce::Ioc;
  else if (tif == "fok")
    order.time_in_force = TimeInForce::Fok;
  else if (!tif.empty() && tif != "gtc")
    return "EGeneral:Invalid arguments:timeinforce";
  if (words.type == "market") {
    order.kind = OrderKind::Market;
  } else {
    order.kind = words.post_only ? OrderKind::LimitMaker : OrderKind::Limit;
    const auto price = parse_scaled(words.price, on.price_scale);
    if (!price)
      return price.error() == NumberError::TooPrecise ? "EOrder:Tick size check failed"
                                                      : "EOrder:Invalid price";
    if (*price <= 0) return "EOrder:Invalid price";
    order.price = {*price};
  }
  if (!words.quote_amount.empty()) {
    const auto amount = Decimal::parse(words.quote_amount);
    if (!amount || order.kind != OrderKind::Market || order.side != Side::Buy)
      return "EGeneral:Invalid arguments:volume";
    order.quote_amount = *amount;
  } else {
    const auto quantity = parse_scaled(words.quantity, on.qty_scale);
    if (!quantity || *quantity <= 0) return "EGeneral:Invalid arguments:volume";
    order.quantity = {*quantity};
  }
  if (words.client_id.empty()) {
    order.client_order_id = made_up_client_id(++serial_);
  } else if (valid_client_id(words.client_id)) {
    order.client_order_id = words.client_id;
  } else {
    return "EGeneral:Invalid arguments:cl_ord_id";
  }
  return {};
}

Result<VenueOrder, std::string> KrakenServer::place(const NewOrder& order) {
  if (maintenance_) return fail(std::string(place_error(PlaceFault::InstrumentClosed, true)));
  LeakyCounter& counter =
      accounts_[order.account].engine.try_emplace(order.instrument, engine_counter()).first->second;
  if (!counter.take(place_cost, 0, instant()))
    return fail(std::string("EOrder:Rate limit exceeded"));
  auto placed = exchange_.place(order);
  if (!placed) return fail(std::string(place_error(placed.error(), false)));
  return std::move(placed).value();
}

Result<VenueOrder, std::string> KrakenServer::cancel(AccountId account, const OrderRef& ref) {
  if (maintenance_) return fail(std::string("EService:Unavailable"));
  const VenueOrder* const order = exchange_.find_order(account, ref);
  if (order == nullptr) return fail(std::string("EOrder:Unknown order"));
  LeakyCounter& counter =
      accounts_[account].engine.try_emplace(order->instrument, engine_counter()).first->second;
  const WallTime since = std::max(order->created, order->amended);
  if (order->live() && !counter.take(cancel_cost(now() - since), 0, instant()))
    return fail(std::string("EOrder:Rate limit exceeded"));
  auto cancelled = exchange_.cancel(account, ref);
  if (!cancelled) return fail(std::string("EOrder:Unknown order"));
  return std::move(cancelled).value();
}

Result<VenueOrder, std::string> KrakenServer::amend(AccountId account, const OrderRef& ref,
                                                    const AmendWords& words) {
  if (maintenance_) return fail(std::string("EService:Unavailable"));
  const VenueOrder* const order = exchange_.find_order(account, ref);
  if (order == nullptr || !order->live()) return fail(std::string("EOrder:Unknown order"));
  const Instrument& on = instrument(order->instrument);
  OrderTerms terms{order->price, order->quantity};
  if (!words.quantity.empty()) {
    const auto quantity = parse_scaled(words.quantity, on.qty_scale);
    if (!quantity || *quantity <= 0) return fail(std::string("EGeneral:Invalid arguments:volume"));
    terms.quantity = {*quantity};
  }
  if (!words.price.empty()) {
    const auto price = parse_scaled(words.price, on.price_scale);
    if (!price && price.error() == NumberError::TooPrecise)
      return fail(std::string("EOrder:Tick size check failed"));
    if (!price || *price <= 0) return fail(std::string("EOrder:Invalid price"));
    terms.price = {*price};
  }
  if (terms == OrderTerms{order->price, order->quantity})
    return fail(std::string("EGeneral:Invalid arguments"));
  LeakyCounter& counter =
      accounts_[account].engine.try_emplace(order->instrument, engine_counter()).first->second;
  const WallTime since = std::max(order->created, order->amended);
  if (!counter.take(amend_cost(now() - since), 0, instant()))
    return fail(std::string("EOrder:Rate limit exceeded"));
  // The flag binds an order that was not post-only before as well.
  if (words.post_only && order->kind != OrderKind::LimitMaker) {
    const BookImage book = exchange_.book(order->instrument, 1);
    const bool buys = order->side == Side::Buy;
    const auto& facing = buys ? book.asks : book.bids;
    if (!facing.empty() &&
        (buys ? terms.price >= facing.front().price : terms.price <= facing.front().price))
      return fail(std::string(place_error(PlaceFault::WouldTake, false)));
  }
  auto amended = exchange_.amend(account, ref, terms);
  if (amended) return std::move(amended).value();
  if (amended.error().gone) return fail(std::string("EOrder:Unknown order"));
  return fail(std::string(place_error(amended.error().refused, false)));
}

std::vector<VenueOrder> KrakenServer::cancel_all_of(AccountId account) {
  std::vector<VenueOrder> cancelled;
  for (const VenueOrder& order : exchange_.open_orders(account)) {
    auto done = exchange_.cancel(account, {order.id, {}});
    if (done) cancelled.push_back(std::move(done).value());
  }
  return cancelled;
}

// --- common ---

InstrumentId KrakenServer::find_symbol(std::string_view symbol) const {
  for (const InstrumentId id : exchange_.instruments()) {
    if (instrument(id).symbol.view() == symbol) return id;
  }
  return {};
}

InstrumentId KrakenServer::find_pair(std::string_view pair) const {
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& on = instrument(id);
    if (pair == pair_id(on) || pair == alt_name(on) || pair == on.symbol.view()) return id;
  }
  return {};
}

std::string KrakenServer::pair_id(const Instrument& on) const {
  if (!on.rest_symbol.empty()) return std::string(on.rest_symbol.view());
  return rest_pair(asset(on.base), asset(on.quote));
}

std::string KrakenServer::alt_name(const Instrument& on) const {
  return alt_pair(asset(on.base), asset(on.quote));
}

bool KrakenServer::accepts(std::string_view path) const { return is_path(path); }

void KrakenServer::set_fault(ServerFault fault, bool on) {
  switch (fault) {
    case ServerFault::BadChecksum:
      bad_checksum_ = on;
      break;
    case ServerFault::Maintenance:
      status_told_ = status_told_ && maintenance_ == on;
      maintenance_ = on;
      break;
  }
}

}  // namespace ats::venues::kraken

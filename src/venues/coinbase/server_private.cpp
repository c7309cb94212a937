// Calls of an account: wallets, orders, fills.
#include <algorithm>

#include "venues/coinbase/server.hpp"
#include "venues/coinbase/server_text.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::size_t everything = std::size_t{1} << 20;
constexpr std::size_t client_id_max = 128;
constexpr std::size_t cancels_max = 100;
// Fills come to the lists a moment after the user channel has counted them.
constexpr Duration fills_lag = milliseconds(30);

HttpResponse answer(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
}
HttpResponse bad_request(std::string_view message) {
  return {400, {{"Content-Type", "application/json"}}, grpc_error("INVALID_ARGUMENT", 3, message)};
}

// Rows from an offset on, which a cursor is the text of.
struct Page {
  std::size_t from = 0;
  std::size_t limit = 0;
};

std::string wallet_id(AssetId id) {
  std::string text = order_text(id.value);
  text[19] = 'c';  // not an order's
  return text;
}

}  // namespace

// --- wallets ---

HttpResponse CoinbaseServer::accounts(const Call& call) const {
  const Page page{call.query.number("cursor", 0), call.query.number("limit", 49)};
  const std::vector<VenueBalance> all = exchange_.balances(call.account);
  JsonList list;
  std::size_t count = 0;
  for (std::size_t i = page.from; i < all.size() && count < page.limit; ++i, ++count) {
    const VenueBalance& balance = all[i];
    const std::string_view name = asset(balance.asset);
    const auto money = [name](Decimal amount) {
      return JsonObject().text("value", amount.to_string()).text("currency", name).done();
    };
    list.raw(JsonObject()
                 .text("uuid", wallet_id(balance.asset))
                 .text("name", std::string(name) + " Wallet")
                 .text("currency", name)
                 .raw("available_balance", money(balance.total - balance.held))
                 .flag("default", true)
                 .flag("active", true)
                 .text("created_at", "2021-05-31T09:59:59Z")
                 .text("updated_at", format_rfc3339(now()))
                 .raw("deleted_at", "null")
                 .text("type",
                       name == "USD" || name == "EUR" ? "ACCOUNT_TYPE_FIAT" : "ACCOUNT_TYPE_CRYPTO")
                 .flag("ready", true)
                 .raw("hold", money(balance.held))
                 .text("retail_portfolio_id", "portfolio-001")
                 .done());
  }
  const std::size_t next = page.from + count;
  const bool more = next < all.size();
  return answer(JsonObject()
                    .raw("accounts", list.done())
                    .flag("has_next", more)
                    .text("cursor", more ? std::to_string(next) : std::string())
                    .number("size", count)
                    .done());
}

HttpResponse CoinbaseServer::transaction_summary() const {
  Rate maker;
  Rate taker;
  if (!exchange_.instruments().empty()) {
    const FeeSchedule& fees = instrument(exchange_.instruments().front()).fees;
    maker = fees.maker;
    taker = fees.taker;
  }
  return answer(JsonObject()
                    .number("total_volume", 0)
                    .number("total_fees", 0)
                    .raw("fee_tier", JsonObject()
                                         .text("pricing_tier", "Advanced")
                                         .text("usd_from", "0")
                                         .text("usd_to", "")
                                         .text("taker_fee_rate", taker.decimal().to_string())
                                         .text("maker_fee_rate", maker.decimal().to_string())
                                         .done())
                    .done());
}

// --- orders ---

void CoinbaseServer::read_terms(json::object& configuration, Wanted& wanted,
                                std::string& error) const {
  NewOrder& order = wanted.order;
  const Instrument& on = instrument(order.instrument);
  json::object terms;
  std::string kind;
  for (auto field : configuration) {
    std::string_view key;
    if (!kind.empty() || field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get_object().get(terms) != simdjson::SUCCESS) {
      error = "UNSUPPORTED_ORDER_CONFIGURATION";
      return;
    }
    kind = key;
    std::string_view text;
    wanted.configuration = "{}";
    if (kind == "market_market_ioc") {
      order.kind = OrderKind::Market;
      order.time_in_force = TimeInForce::Ioc;
      if (text_field(terms, "quote_size", text) && !text.empty()) {
        const auto amount = Decimal::parse(text);
        if (!amount || amount->is_zero() || amount->negative() || order.side == Side::Sell)
          error = "UNSUPPORTED_ORDER_CONFIGURATION";
        else
          order.quote_amount = *amount;
        continue;
      }
    } else if (kind == "limit_limit_gtc") {
      bool post_only = false;
      order.time_in_force = TimeInForce::Gtc;
      if (bool_field(terms, "post_only", post_only) && post_only)
        order.kind = OrderKind::LimitMaker;
    } else if (kind == "sor_limit_ioc") {
      order.time_in_force = TimeInForce::Ioc;
    } else if (kind == "limit_limit_fok") {
      order.time_in_force = TimeInForce::Fok;
    } else {
      error = "UNSUPPORTED_ORDER_CONFIGURATION";
      return;
    }
    if (!text_field(terms, "base_size", text)) {
      error = "INVALID_REQUEST";
      return;
    }
    const auto quantity = parse_scaled(text, on.qty_scale);
    if (!quantity || *quantity <= 0) {
      error = "INVALID_SIZE_PRECISION";
      return;
    }
    order.quantity = {*quantity};
    if (order.kind == OrderKind::Market) continue;
    const auto price = text_field(terms, "limit_price", text)
                           ? parse_scaled(text, on.price_scale)
                           : Result<std::int64_t, NumberError>(fail(NumberError::Malformed));
    if (!price || *price <= 0) {
      error = price || price.error() != NumberError::TooPrecise ? "INVALID_LIMIT_PRICE"
                                                                : "INVALID_PRICE_PRECISION";
      return;
    }
    order.price = {*price};
  }
  if (kind.empty()) error = "INVALID_REQUEST";
}

HttpResponse CoinbaseServer::place_order(const Call& call) {
  json::object root;
  json::object configuration_object;
  std::string_view text;
  Wanted wanted;
  NewOrder& order = wanted.order;
  if (!json_.open(call.request.body, root)) return bad_request("the body is no JSON");
  if (!text_field(root, "client_order_id", text) || text.empty() || text.size() > client_id_max)
    return bad_request("client_order_id must be 1 to 128 characters");
  order.client_order_id = text;
  order.account = call.account;
  const auto refused = [](const PlaceWords& words) {
    JsonObject error;
    error.text("error", words.error).text("message", words.message).text("error_details", "");
    if (!words.preview.empty()) error.text("preview_failure_reason", words.preview);
    return answer(JsonObject()
                      .flag("success", false)
                      .text("failure_reason", "UNKNOWN_FAILURE_REASON")
                      .text("order_id", "")
                      .raw("error_response", error.done())
                      .raw("order_configuration", "null")
                      .done());
  };
  const auto accepted = [this](const VenueOrder& placed) {
    const Instrument& on = instrument(placed.instrument);
    return answer(JsonObject()
                      .flag("success", true)
                      .text("failure_reason", "UNKNOWN_FAILURE_REASON")
                      .text("order_id", order_text(placed.id))
                      .raw("success_response", JsonObject()
                                                   .text("order_id", order_text(placed.id))
                                                   .text("product_id", on.symbol.view())
                                                   .text("side", side_word(placed.side))
                                                   .text("client_order_id", placed.client_order_id)
                                                   .done())
                      .raw("order_configuration", configuration(on, placed))
                      .done());
  };
  if (const VenueOrder* known = exchange_.find_order(call.account, {0, order.client_order_id}))
    return accepted(*known);
  if (!text_field(root, "product_id", text)) return bad_request("product_id is missing");
  for (const InstrumentId id : exchange_.instruments()) {
    if (instrument(id).symbol.view() == text) order.instrument = id;
  }
  if (!order.instrument.valid()) return refused(place_words(PlaceFault::UnknownInstrument));
  if (!text_field(root, "side", text) || (text != "BUY" && text != "SELL"))
    return refused({"INVALID_SIDE", "PREVIEW_INVALID_SIDE", "side must be BUY or SELL"});
  order.side = text == "BUY" ? Side::Buy : Side::Sell;
  if (!object_field(root, "order_configuration", configuration_object))
    return bad_request("order_configuration is missing");
  std::string error;
  read_terms(configuration_object, wanted, error);
  if (!error.empty()) return refused({error, "", ""});
  if (maintenance_) return refused(place_words(PlaceFault::InstrumentClosed));
  const auto placed = exchange_.place(order);
  return placed ? accepted(*placed) : refused(place_words(placed.error()));
}

HttpResponse CoinbaseServer::cancel_orders(const Call& call) {
  json::object root;
  json::array ids;
  if (!json_.open(call.request.body, root) || !array_field(root, "order_ids", ids))
    return bad_request("order_ids is missing");
  std::vector<std::string> wanted;
  for (auto element : ids) {
    std::string_view id;
    if (element.get_string().get(id) != simdjson::SUCCESS)
      return bad_request("order_ids must be texts");
    wanted.emplace_back(id);
  }
  if (wanted.empty() || wanted.size() > cancels_max)
    return bad_request("order_ids must name 1 to 100 orders");
  JsonList results;
  for (const std::string& text : wanted) {
    const auto id = parse_order_text(text);
    std::string_view failure;
    const VenueOrder* const order = id ? exchange_.find_order(call.account, {*id, {}}) : nullptr;
    if (order == nullptr || *id == 0)
      failure = "UNKNOWN_CANCEL_ORDER";
    else if (maintenance_)
      failure = "COMMANDER_REJECTED_CANCEL_ORDER";
    else if (!exchange_.cancel(call.account, {*id, {}}))
      failure = "INVALID_CANCEL_REQUEST";
    results.raw(
        JsonObject()
            .flag("success", failure.empty())
            .text("failure_reason", failure.empty() ? "UNKNOWN_CANCEL_FAILURE_REASON" : failure)
            .text("order_id", text)
            .done());
  }
  return answer(JsonObject().raw("results", results.done()).done());
}

std::string CoinbaseServer::order_json(const VenueOrder& order) const {
  const Instrument& on = instrument(order.instrument);
  const std::size_t fills = exchange_.fills(order.account, order.id, everything).size();
  const Decimal after_fees = order.side == Side::Buy ? order.quote_executed + order.fee_total
                                                     : order.quote_executed - order.fee_total;
  JsonObject row;
  row.text("order_id", order_text(order.id))
      .text("product_id", on.symbol.view())
      .text("user_id", "00000000-0000-4000-9000-000000000002")
      .raw("order_configuration", configuration(on, order))
      .text("side", side_word(order.side))
      .text("client_order_id", order.client_order_id)
      .text("status", status_word(order.state))
      .text("time_in_force", tif_word(order))
      .text("created_time", format_rfc3339(order.created))
      .text("completion_percentage", completion(order))
      .text("filled_size", quantity_text(on, order.executed))
      .text("average_filled_price", average_price(on, order).to_string())
      .text("fee", "")
      .text("number_of_fills", std::to_string(fills))
      .text("filled_value", order.quote_executed.to_string())
      .flag("pending_cancel", false)
      .flag("size_in_quote", false)
      .text("total_fees", order.fee_total.to_string())
      .flag("size_inclusive_of_fees", false)
      .text("total_value_after_fees", after_fees.to_string())
      .text("trigger_status", "INVALID_ORDER_TYPE")
      .text("order_type", order.kind == OrderKind::Market ? "MARKET" : "LIMIT")
      .text("reject_reason", "REJECT_REASON_UNSPECIFIED")
      .flag("settled", !order.live())
      .text("product_type", "SPOT")
      .text("reject_message", "")
      .text("cancel_message", "");
  return row.done();
}

// Newest first.
HttpResponse CoinbaseServer::list_orders(const Call& call) const {
  std::vector<VenueOrder> all = exchange_.open_orders(call.account);
  std::vector<VenueOrder> closed = exchange_.closed_orders(call.account, everything);
  all.insert(all.end(), closed.begin(), closed.end());
  std::sort(all.begin(), all.end(),
            [](const VenueOrder& a, const VenueOrder& b) { return a.id > b.id; });
  WallTime from;
  const std::string_view start = call.query.get("start_date");
  if (!start.empty() && !parse_rfc3339(start.data(), start.size(), from))
    return bad_request("start_date is no time");
  std::erase_if(all, [&](const VenueOrder& order) {
    return order.created < from || !call.query.admits("order_status", status_word(order.state)) ||
           !call.query.admits("product_ids", instrument(order.instrument).symbol.view()) ||
           !call.query.admits("product_id", instrument(order.instrument).symbol.view()) ||
           !call.query.admits("order_ids", order_text(order.id));
  });
  const Page page{call.query.number("cursor", 0), call.query.number("limit", 1000)};
  JsonList list;
  std::size_t count = 0;
  for (std::size_t i = page.from; i < all.size() && count < page.limit; ++i, ++count)
    list.raw(order_json(all[i]));
  const std::size_t next = page.from + count;
  const bool more = next < all.size();
  return answer(JsonObject()
                    .raw("orders", list.done())
                    .text("sequence", "0")
                    .flag("has_next", more)
                    .text("cursor", more ? std::to_string(next) : std::string())
                    .done());
}

HttpResponse CoinbaseServer::one_order(const Call& call, std::string_view id) const {
  const auto number = parse_order_text(id);
  const VenueOrder* const order =
      number && *number != 0 ? exchange_.find_order(call.account, {*number, {}}) : nullptr;
  if (order == nullptr) {
    return {404,
            {{"Content-Type", "application/json"}},
            grpc_error("unknown", 5, "order with this orderID was not found")};
  }
  return answer(JsonObject().raw("order", order_json(*order)).done());
}

// Newest first.
HttpResponse CoinbaseServer::list_fills(const Call& call) const {
  std::vector<VenueFill> all = exchange_.fills(call.account, 0, everything);
  std::reverse(all.begin(), all.end());
  std::erase_if(all, [&](const VenueFill& fill) {
    const std::string_view product = instrument(fill.instrument).symbol.view();
    return fill.time + fills_lag > now() ||
           !call.query.admits("order_ids", order_text(fill.order_id)) ||
           !call.query.admits("order_id", order_text(fill.order_id)) ||
           !call.query.admits("product_ids", product) || !call.query.admits("product_id", product);
  });
  const Page page{call.query.number("cursor", 0), call.query.number("limit", 100)};
  JsonList list;
  std::size_t count = 0;
  for (std::size_t i = page.from; i < all.size() && count < page.limit; ++i, ++count) {
    const VenueFill& fill = all[i];
    const Instrument& on = instrument(fill.instrument);
    const std::string id = trade_text(fill.instrument, fill.trade_id);
    list.raw(
        JsonObject()
            .text("entry_id", id + "-" + order_text(fill.order_id))
            .text("trade_id", id)
            .text("order_id", order_text(fill.order_id))
            .text("trade_time", format_rfc3339(fill.time))
            .text("trade_type", "FILL")
            .text("price", price_text(on, fill.price))
            .text("size", quantity_text(on, fill.quantity))
            .text("commission", fill.fee.to_string())
            .text("product_id", on.symbol.view())
            .text("sequence_timestamp", format_rfc3339(fill.time))
            .text("liquidity_indicator", fill.liquidity == Liquidity::Maker ? "MAKER" : "TAKER")
            .flag("size_in_quote", false)
            .text("user_id", "00000000-0000-4000-9000-000000000002")
            .text("side", side_word(fill.side))
            .text("retail_portfolio_id", "")
            .done());
  }
  const std::size_t next = page.from + count;
  return answer(JsonObject()
                    .raw("fills", list.done())
                    .text("cursor", next < all.size() ? std::to_string(next) : std::string())
                    .done());
}

}  // namespace ats::venues::coinbase

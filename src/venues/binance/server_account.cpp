// What an account may ask: orders in and out, where they stand, balances, fills.
#include <algorithm>
#include <charconv>

#include "venues/binance/server.hpp"
#include "venues/binance/server_text.hpp"

namespace ats::venues::binance {
namespace {

const char* side_text(Side side) { return side == Side::Buy ? "BUY" : "SELL"; }

// `^[a-zA-Z0-9-_]{1,36}$`
bool is_client_id(std::string_view text) {
  return text.size() <= 36 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '-' || c == '_';
         });
}

std::size_t limit_of(const std::string* text) {
  std::size_t limit = 500;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), limit);
  return std::clamp<std::size_t>(limit, 1, 1'000);
}

std::optional<std::uint64_t> id_in(const std::string* text) {
  std::uint64_t id = 0;
  if (text == nullptr) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), id);
  if (read.ec != std::errc() || read.ptr != text->data() + text->size()) return std::nullopt;
  return id;
}

std::string rate_text(Rate rate) { return rate.decimal().floor_to(8).to_fixed(8); }

// More decimals than the venue writes are another fault than a wrong step.
bool too_many_decimals(std::string_view number) {
  const std::size_t point = number.find('.');
  return point != std::string_view::npos && number.size() - point - 1 > 8;
}

}  // namespace

const char* status_text(VenueOrderState state) {
  switch (state) {
    case VenueOrderState::New:
      return "NEW";
    case VenueOrderState::PartlyFilled:
      return "PARTIALLY_FILLED";
    case VenueOrderState::Filled:
      return "FILLED";
    case VenueOrderState::Cancelled:
      return "CANCELED";
    case VenueOrderState::Expired:
      return "EXPIRED";
  }
  return "";
}

const char* type_text(OrderKind kind) {
  switch (kind) {
    case OrderKind::Limit:
      return "LIMIT";
    case OrderKind::Market:
      return "MARKET";
    case OrderKind::LimitMaker:
      return "LIMIT_MAKER";
  }
  return "";
}

const char* time_in_force_text(TimeInForce tif) {
  switch (tif) {
    case TimeInForce::Gtc:
      return "GTC";
    case TimeInForce::Ioc:
      return "IOC";
    case TimeInForce::Fok:
      return "FOK";
  }
  return "";
}

const char* expiry_text(const VenueOrder& order) {
  if (order.time_in_force == TimeInForce::Ioc) return "UNFILLED_IOC_QUANTITY_EXPIRED";
  if (order.time_in_force == TimeInForce::Fok) return "UNFILLED_FOK_ORDER_EXPIRED";
  return order.kind == OrderKind::Market ? "INSUFFICIENT_LIQUIDITY" : "EXCHANGE_CANCELED";
}

// --- orders in ---

std::optional<SpotServer::Reply> SpotServer::read_order(const Call& call, NewOrder& order) const {
  const Parameters& parameters = call.parameters;
  for (const std::string_view name : {"symbol", "side", "type"}) {
    if (parameters.find(name) == nullptr) return missing(name);
  }
  order.account = call.account;
  order.instrument = find(*parameters.find("symbol"));
  if (!order.instrument.valid()) return bad_symbol();
  const Instrument& i = instrument(order.instrument);

  const std::string& side = *parameters.find("side");
  if (side != "BUY" && side != "SELL") return error(400, -1117, "Invalid side.");
  order.side = side == "BUY" ? Side::Buy : Side::Sell;

  const std::string& type = *parameters.find("type");
  if (type == "LIMIT") {
    order.kind = OrderKind::Limit;
  } else if (type == "MARKET") {
    order.kind = OrderKind::Market;
  } else if (type == "LIMIT_MAKER") {
    order.kind = OrderKind::LimitMaker;
  } else {
    return error(400, -1116, "Invalid orderType.");
  }

  const std::string* tif = parameters.find("timeInForce");
  if (order.kind == OrderKind::Limit) {
    if (tif == nullptr) return missing("timeInForce");
    if (*tif == "GTC") {
      order.time_in_force = TimeInForce::Gtc;
    } else if (*tif == "IOC") {
      order.time_in_force = TimeInForce::Ioc;
    } else if (*tif == "FOK") {
      order.time_in_force = TimeInForce::Fok;
    } else {
      return error(400, -1115, "Invalid timeInForce.");
    }
  } else if (tif != nullptr) {
    return error(400, -1106, "Parameter 'timeInForce' sent when not required.");
  }

  const std::string* price = parameters.find("price");
  if (order.kind == OrderKind::Market) {
    if (price != nullptr) return error(400, -1106, "Parameter 'price' sent when not required.");
  } else {
    if (price == nullptr) return missing("price");
    if (too_many_decimals(*price)) {
      return error(400, -1111, "Parameter 'price' has too much precision.");
    }
    const auto parsed = i.parse_price(*price);
    if (!parsed && parsed.error() != NumberError::TooPrecise) {
      return error(400, -1100, "Illegal characters found in parameter 'price'.");
    }
    if (!parsed || !i.on_tick(*parsed)) return error(400, -1013, "Filter failure: PRICE_FILTER");
    order.price = *parsed;
  }

  const std::string* quantity = parameters.find("quantity");
  const std::string* amount = parameters.find("quoteOrderQty");
  if (order.kind == OrderKind::Market && quantity == nullptr && amount != nullptr) {
    const auto parsed = Decimal::parse(*amount);
    if (!parsed || parsed->negative()) {
      return error(400, -1100, "Illegal characters found in parameter 'quoteOrderQty'.");
    }
    order.quote_amount = *parsed;
  } else {
    if (quantity == nullptr) return missing("quantity");
    if (too_many_decimals(*quantity)) {
      return error(400, -1111, "Parameter 'quantity' has too much precision.");
    }
    const auto parsed = i.parse_quantity(*quantity);
    if (!parsed && parsed.error() != NumberError::TooPrecise) {
      return error(400, -1100, "Illegal characters found in parameter 'quantity'.");
    }
    if (!parsed || !i.on_lot(*parsed)) return error(400, -1013, "Filter failure: LOT_SIZE");
    order.quantity = *parsed;
  }

  if (const std::string* id = parameters.find("newClientOrderId")) {
    if (!is_client_id(*id)) {
      return error(400, -1100, "Illegal characters found in parameter 'newClientOrderId'.");
    }
    order.client_order_id = *id;
  }
  return std::nullopt;
}

SpotServer::Reply SpotServer::fault_reply(PlaceFault fault) {
  switch (fault) {
    case PlaceFault::UnknownInstrument:
      return bad_symbol();
    case PlaceFault::InstrumentClosed:
      return error(400, -2010, "Market is closed.");
    case PlaceFault::InsufficientFunds:
      return error(400, -2010, "Account has insufficient balance for requested action.");
    case PlaceFault::PriceFilter:
      return error(400, -1013, "Filter failure: PRICE_FILTER");
    case PlaceFault::PriceBand:
      return error(400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE");
    case PlaceFault::LotFilter:
    case PlaceFault::MinQuantity:
    case PlaceFault::MaxQuantity:
      return error(400, -1013, "Filter failure: LOT_SIZE");
    case PlaceFault::MinNotional:
      return error(400, -1013, "Filter failure: NOTIONAL");
    case PlaceFault::DuplicateClientOrderId:
      return error(400, -2010, "Duplicate order sent.");
    case PlaceFault::WouldTake:
      return error(400, -2010, "Order would immediately match and take.");
    case PlaceFault::Injected:
      return error(400, -2010, "Order was rejected.");
  }
  return error(400, -2010, "Order was rejected.");
}

SpotServer::Reply SpotServer::place_order(const Call& call) {
  NewOrder order;
  if (auto refused = read_order(call, order)) return std::move(*refused);
  if (order.client_order_id.empty()) order.client_order_id = made_up_client_id();
  const auto placed = exchange_.place(order);
  if (!placed) return fault_reply(placed.error());

  const std::string* wanted = call.parameters.find("newOrderRespType");
  const std::string_view type = wanted != nullptr                     ? std::string_view(*wanted)
                                : order.kind == OrderKind::LimitMaker ? "ACK"
                                                                      : "FULL";
  JsonObject answer;
  answer.text("symbol", instrument(placed->instrument).symbol.view())
      .number("orderId", placed->id)
      .number("orderListId", -1)
      .text("clientOrderId", placed->client_order_id)
      .number("transactTime", to_ms(placed->updated));
  if (type == "RESULT" || type == "FULL") {
    const Instrument& i = instrument(placed->instrument);
    answer.text("price", price_text(i, placed->price))
        .text("origQty", quantity_text(i, placed->quantity))
        .text("executedQty", quantity_text(i, placed->executed))
        .text("origQuoteOrderQty", amount_text(order.quote_amount))
        .text("cummulativeQuoteQty", amount_text(placed->quote_executed))
        .text("status", status_text(placed->state))
        .text("timeInForce", time_in_force_text(placed->time_in_force))
        .text("type", type_text(placed->kind))
        .text("side", side_text(placed->side))
        .number("workingTime", to_ms(placed->created));
    if (type == "FULL") answer.raw("fills", fill_list(*placed));
    answer.text("selfTradePreventionMode", "EXPIRE_MAKER");
    if (placed->state == VenueOrderState::Expired)
      answer.text("expiryReason", expiry_text(*placed));
  }
  return {200, answer.done(), true};
}

SpotServer::Reply SpotServer::test_order(const Call& call) {
  NewOrder order;
  if (auto refused = read_order(call, order)) return std::move(*refused);
  return {200, "{}", false};
}

// --- orders out ---

const VenueOrder* SpotServer::find_order(const Call& call, int not_found, Reply& refused) const {
  const std::string* symbol = call.parameters.find("symbol");
  const std::string* id = call.parameters.find("orderId");
  const std::string* client_id = call.parameters.find("origClientOrderId");
  const auto number = id_in(id);
  const std::string_view not_found_text =
      not_found == -2011 ? "Unknown order sent." : "Order does not exist.";
  if (symbol == nullptr) {
    refused = missing("symbol");
  } else if (!find(*symbol).valid()) {
    refused = bad_symbol();
  } else if (id == nullptr && client_id == nullptr) {
    refused =
        error(400, -1102,
              "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
  } else if (id != nullptr && (!number || *number == 0)) {
    refused = error(400, -1100, "Illegal characters found in parameter 'orderId'.");
  } else {
    OrderRef ref;
    if (number) {
      ref.id = *number;
    } else {
      ref.client_order_id = *client_id;
    }
    const VenueOrder* order = exchange_.find_order(call.account, ref);
    const bool fits = order != nullptr && order->instrument == find(*symbol);
    if (fits && client_id != nullptr && order->client_order_id != *client_id) {
      refused = error(400, -2039, "Client order ID is not correct for this order ID.");
      return nullptr;
    }
    if (fits) return order;
    refused = error(400, not_found, not_found_text);
  }
  return nullptr;
}

JsonObject SpotServer::order_fields(const VenueOrder& order) const {
  const Instrument& i = instrument(order.instrument);
  JsonObject fields;
  fields.number("orderId", order.id)
      .number("orderListId", -1)
      .text("price", price_text(i, order.price))
      .text("origQty", quantity_text(i, order.quantity))
      .text("executedQty", quantity_text(i, order.executed))
      .text("origQuoteOrderQty", "0.00000000")
      .text("cummulativeQuoteQty", amount_text(order.quote_executed))
      .text("status", status_text(order.state))
      .text("timeInForce", time_in_force_text(order.time_in_force))
      .text("type", type_text(order.kind))
      .text("side", side_text(order.side))
      .text("selfTradePreventionMode", "EXPIRE_MAKER")
      .text("symbol", i.symbol.view());
  return fields;
}

std::string SpotServer::query_json(const VenueOrder& order) const {
  JsonObject fields = order_fields(order);
  fields.text("clientOrderId", order.client_order_id)
      .text("stopPrice", "0.00000000")
      .text("icebergQty", "0.00000000")
      .number("time", to_ms(order.created))
      .number("updateTime", to_ms(order.updated))
      .flag("isWorking", true)
      .number("workingTime", to_ms(order.created));
  if (order.state == VenueOrderState::Expired) fields.text("expiryReason", expiry_text(order));
  return fields.done();
}

std::string SpotServer::cancel_json(const VenueOrder& order, std::string_view cancel_id) {
  return order_fields(order)
      .text("origClientOrderId", order.client_order_id)
      .text("clientOrderId", cancel_id.empty() ? std::string_view(made_up_client_id()) : cancel_id)
      .number("transactTime", to_ms(order.updated))
      .done();
}

std::string SpotServer::fill_list(const VenueOrder& order) const {
  const Instrument& i = instrument(order.instrument);
  JsonList list;
  for (const VenueFill& fill : exchange_.fills(order.account, order.id, 1'000)) {
    list.raw(JsonObject()
                 .text("price", price_text(i, fill.price))
                 .text("qty", quantity_text(i, fill.quantity))
                 .text("commission", amount_text(fill.fee))
                 .text("commissionAsset", asset_name(fill.fee_asset))
                 .number("tradeId", fill.trade_id)
                 .done());
  }
  return list.done();
}

SpotServer::Reply SpotServer::cancel_order(const Call& call) {
  Reply refused;
  const VenueOrder* order = find_order(call, -2011, refused);
  if (order == nullptr) return refused;
  const auto cancelled = exchange_.cancel(call.account, {order->id, {}});
  if (!cancelled) return error(400, -2011, "Unknown order sent.");
  const std::string* id = call.parameters.find("newClientOrderId");
  return {200, cancel_json(*cancelled, id == nullptr ? std::string_view() : *id), false};
}

SpotServer::Reply SpotServer::cancel_open_orders(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  JsonList list;
  bool any = false;
  for (const VenueOrder& order : exchange_.open_orders(call.account)) {
    if (order.instrument != id) continue;
    const auto cancelled = exchange_.cancel(call.account, {order.id, {}});
    if (!cancelled) continue;
    list.raw(cancel_json(*cancelled, {}));
    any = true;
  }
  if (!any) return error(400, -2011, "Unknown order sent.");
  return {200, list.done(), false};
}

SpotServer::Reply SpotServer::order_status(const Call& call) {
  Reply refused;
  const VenueOrder* order = find_order(call, -2013, refused);
  if (order == nullptr) return refused;
  return {200, query_json(*order), false};
}

SpotServer::Reply SpotServer::open_orders(const Call& call) {
  InstrumentId only;
  if (const std::string* symbol = call.parameters.find("symbol")) {
    only = find(*symbol);
    if (!only.valid()) return bad_symbol();
  }
  JsonList list;
  for (const VenueOrder& order : exchange_.open_orders(call.account)) {
    if (!only.valid() || order.instrument == only) list.raw(query_json(order));
  }
  return {200, list.done(), false};
}

SpotServer::Reply SpotServer::all_orders(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  std::vector<VenueOrder> orders = exchange_.closed_orders(call.account, 1'000);
  std::ranges::copy(exchange_.open_orders(call.account), std::back_inserter(orders));
  std::erase_if(orders, [&](const VenueOrder& order) { return order.instrument != id; });
  std::ranges::sort(orders, {}, &VenueOrder::id);
  const std::size_t limit = limit_of(call.parameters.find("limit"));
  JsonList list;
  for (std::size_t i = orders.size() - std::min(limit, orders.size()); i < orders.size(); ++i) {
    list.raw(query_json(orders[i]));
  }
  return {200, list.done(), false};
}

// --- the account ---

SpotServer::Reply SpotServer::account(const Call& call) {
  const FeeSchedule fees = exchange_.instruments().empty()
                               ? FeeSchedule{}
                               : instrument(exchange_.instruments().front()).fees;
  const std::string* omit = call.parameters.find("omitZeroBalances");
  JsonList balances;
  for (const VenueBalance& balance : exchange_.balances(call.account)) {
    if (omit != nullptr && *omit == "true" && balance.total.is_zero()) continue;
    balances.raw(JsonObject()
                     .text("asset", asset_name(balance.asset))
                     .text("free", amount_text(balance.total - balance.held))
                     .text("locked", amount_text(balance.held))
                     .done());
  }
  const auto bps = [](Rate rate) { return rate.ppb / 100'000; };
  return {200,
          JsonObject()
              .number("makerCommission", bps(fees.maker))
              .number("takerCommission", bps(fees.taker))
              .number("buyerCommission", 0)
              .number("sellerCommission", 0)
              .raw("commissionRates", JsonObject()
                                          .text("maker", rate_text(fees.maker))
                                          .text("taker", rate_text(fees.taker))
                                          .text("buyer", "0.00000000")
                                          .text("seller", "0.00000000")
                                          .done())
              .flag("canTrade", true)
              .flag("canWithdraw", false)
              .flag("canDeposit", false)
              .flag("brokered", false)
              .flag("requireSelfTradePrevention", false)
              .flag("preventSor", false)
              .number("updateTime", now_ms())
              .text("accountType", "SPOT")
              .raw("balances", balances.done())
              .raw("permissions", R"(["SPOT"])")
              .number("uid", call.account.value)
              .done(),
          false};
}

SpotServer::Reply SpotServer::my_trades(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  const std::string* order = call.parameters.find("orderId");
  const auto order_id = id_in(order);
  if (order != nullptr && !order_id) {
    return error(400, -1100, "Illegal characters found in parameter 'orderId'.");
  }
  const Instrument& i = instrument(id);
  JsonList list;
  for (const VenueFill& fill : exchange_.fills(call.account, order_id.value_or(0),
                                               limit_of(call.parameters.find("limit")))) {
    if (fill.instrument != id) continue;
    list.raw(JsonObject()
                 .text("symbol", i.symbol.view())
                 .number("id", fill.trade_id)
                 .number("orderId", fill.order_id)
                 .number("orderListId", -1)
                 .text("price", price_text(i, fill.price))
                 .text("qty", quantity_text(i, fill.quantity))
                 .text("quoteQty", amount_text(i.notional(fill.price, fill.quantity)))
                 .text("commission", amount_text(fill.fee))
                 .text("commissionAsset", asset_name(fill.fee_asset))
                 .number("time", to_ms(fill.time))
                 .flag("isBuyer", fill.side == Side::Buy)
                 .flag("isMaker", fill.liquidity == Liquidity::Maker)
                 .flag("isBestMatch", true)
                 .done());
  }
  return {200, list.done(), false};
}

SpotServer::Reply SpotServer::order_limits(const Call& call) {
  return {200, limits_json(&call.account), false};
}

SpotServer::Reply SpotServer::commission(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  const auto rates = [](Rate maker, Rate taker) {
    return JsonObject()
        .text("maker", rate_text(maker))
        .text("taker", rate_text(taker))
        .text("buyer", "0.00000000")
        .text("seller", "0.00000000")
        .done();
  };
  const FeeSchedule& fees = instrument(id).fees;
  return {200,
          JsonObject()
              .text("symbol", *symbol)
              .raw("standardCommission", rates(fees.maker, fees.taker))
              .raw("specialCommission", rates({}, {}))
              .raw("taxCommission", rates({}, {}))
              .raw("discount", JsonObject()
                                   .flag("enabledForAccount", false)
                                   .flag("enabledForSymbol", false)
                                   .text("discountAsset", "BNB")
                                   .text("discount", "0.75000000")
                                   .done())
              .done(),
          false};
}

// Withdrawing needs a list of addresses, as at the venue.
SpotServer::Reply SpotServer::api_restrictions(const Call& call) {
  const KeyGrants grants = exchange_.grants(call.account);
  JsonObject answer;
  answer.flag("ipRestrict", grants.withdraw)
      .number("createTime", 1'698'645'219'000)
      .flag("enableReading", true)
      .flag("enableWithdrawals", grants.withdraw)
      .flag("enableInternalTransfer", false)
      .flag("enableMargin", false)
      .flag("enableFutures", false)
      .flag("permitsUniversalTransfer", false)
      .flag("enableVanillaOptions", false)
      .flag("enableFixApiTrade", false)
      .flag("enableFixReadOnly", true)
      .flag("enableSpotAndMarginTrading", true)
      .flag("enablePortfolioMarginTrading", false);
  if (grants.expires.told()) answer.number("tradingAuthorityExpirationTime", to_ms(grants.expires));
  return {200, answer.done(), false};
}

}  // namespace ats::venues::binance

// Orders, however they come: reading them, placing and cancelling, and the rows that tell of them.
#include <algorithm>
#include <limits>

#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/order_id.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::uint64_t post_only = 4096;
constexpr std::uint64_t client_id_max = (std::uint64_t{1} << 45) - 1;
constexpr std::size_t most_ghosts = 100;

struct OrderSizes {  // as the user wrote them
  std::string amount, price, pair;
};

std::string refused_for(PlaceFault fault, const Instrument& on, const OrderSizes& sizes) {
  switch (fault) {
    case PlaceFault::InsufficientFunds:
      return "Invalid order: not enough exchange balance for " + sizes.amount + " " + sizes.pair +
             " at " + sizes.price;
    case PlaceFault::MinQuantity:
      return "Invalid order: minimum size for " + sizes.pair + " is " +
             format_scaled_short(on.min_quantity.units, on.qty_scale);
    case PlaceFault::MaxQuantity:
      return "Invalid order: maximum size for " + sizes.pair + " is " +
             format_scaled_short(on.max_quantity.units, on.qty_scale);
    case PlaceFault::DuplicateClientOrderId:
      return "Invalid order: duplicate cid";
    case PlaceFault::InstrumentClosed:
      return "Invalid order: trading is paused for " + sizes.pair;
    case PlaceFault::UnknownInstrument:
      return "symbol: invalid";
    case PlaceFault::LotFilter:
      return "amount: invalid";
    case PlaceFault::PriceFilter:
    case PlaceFault::PriceBand:
    case PlaceFault::MinNotional:
    case PlaceFault::WouldTake:
      return "Invalid price.";
    case PlaceFault::Injected:
      return "ERR_UNK";
  }
  return "ERR_UNK";
}

}  // namespace

bool BitfinexServer::read_words(json::object& object, OrderWords& words) {
  for (auto field : object) {
    std::string_view key;
    json::value value;
    std::string_view text;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS)
      return false;
    std::string* const word = key == "type"     ? &words.type
                              : key == "symbol" ? &words.symbol
                              : key == "amount" ? &words.amount
                              : key == "price"  ? &words.price
                                                : nullptr;
    std::uint64_t* const number = key == "cid"     ? &words.client_id
                                  : key == "gid"   ? &words.group
                                  : key == "flags" ? &words.flags
                                                   : nullptr;
    if (word == nullptr && number == nullptr) continue;
    if (!number_text(value, text)) return false;
    if (word != nullptr) {
      *word = text;
    } else if (text != "null" && !integer_text(text, *number)) {
      return false;
    }
  }
  return true;
}

std::optional<BitfinexServer::Fault> BitfinexServer::read_order(const OrderWords& words,
                                                                NewOrder& order) const {
  const auto invalid = [](const char* what) {
    return Fault{10020, std::string(what) + ": invalid"};
  };
  order.instrument = find_symbol(words.symbol);
  if (!order.instrument.valid()) return invalid("symbol");
  const Instrument& on = instrument(order.instrument);
  if (words.type == "EXCHANGE LIMIT") {
    order.kind = (words.flags & post_only) != 0 ? OrderKind::LimitMaker : OrderKind::Limit;
    order.time_in_force = TimeInForce::Gtc;
  } else if (words.type == "EXCHANGE IOC") {
    order.time_in_force = TimeInForce::Ioc;
  } else if (words.type == "EXCHANGE FOK") {
    order.time_in_force = TimeInForce::Fok;
  } else if (words.type == "EXCHANGE MARKET") {
    order.kind = OrderKind::Market;
    order.time_in_force = TimeInForce::Ioc;
  } else {
    return invalid("type");
  }
  if (words.client_id > client_id_max) return invalid("cid");
  // Nothing that exists is worth more, or more of.
  constexpr Int128 most = Int128{1'000'000'000'000'000'000} * Decimal::one;
  const auto amount = Decimal::parse(words.amount);
  if (!amount || amount->is_zero() || amount->raw() <= -most || amount->raw() >= most)
    return invalid("amount");
  order.side = amount->negative() ? Side::Sell : Side::Buy;
  const auto quantity = amount->abs().floor_to(8).to_scaled_floor(on.qty_scale);
  if (!quantity || *quantity <= 0) return invalid("amount");
  order.quantity = {*quantity - *quantity % on.lot};
  if (order.kind == OrderKind::Market) return std::nullopt;
  const auto price = Decimal::parse(words.price);
  if (!price || price->negative() || price->is_zero() || price->raw() >= most)
    return invalid("price");
  constexpr int digits = 5;
  const auto units = cut_price(*price, digits).to_scaled_floor(on.price_scale);
  if (!units || *units <= 0) return invalid("price");
  order.price = on.floor_to_tick({*units});
  if (order.price.units <= 0) return invalid("price");
  return std::nullopt;
}

Result<VenueOrder, BitfinexServer::Fault> BitfinexServer::place(AccountId account,
                                                                const OrderWords& words) {
  if (maintenance_) return fail(Fault{20060, "maintenance"});
  NewOrder order;
  order.account = account;
  if (auto wrong = read_order(words, order)) return fail(std::move(*wrong));
  order.client_order_id = words.client_id == 0 ? made_up_client_text(++serial_)
                                               : client_text(words.client_id, words.group);
  auto placed = exchange_.place(order);
  if (placed) return std::move(placed).value();
  if (placed.error() == PlaceFault::WouldTake) {
    // Submitted all the same, and cancelled before it lives.
    VenueOrder ghost;
    ghost.id = first_ghost_id - first_order_id + ++serial_;
    ghost.account = account;
    ghost.instrument = order.instrument;
    ghost.client_order_id = order.client_order_id;
    ghost.side = order.side;
    ghost.kind = OrderKind::LimitMaker;
    ghost.price = order.price;
    ghost.quantity = order.quantity;
    ghost.state = VenueOrderState::Expired;
    ghost.created = ghost.updated = now();
    ghosts_.push_front(ghost);
    untold_ghosts_.push_back(ghost);
    if (ghosts_.size() > most_ghosts) ghosts_.pop_back();
    return ghost;
  }
  const Instrument& on = instrument(order.instrument);
  const OrderSizes sizes{words.amount, words.price, std::string(on.symbol.view().substr(1))};
  constexpr std::int64_t generic = 10001;
  return fail(Fault{generic, refused_for(placed.error(), on, sizes)});
}

// {"id":1} or {"cid":1,"cid_date":"2026-11-22"} or {"all":1}
bool BitfinexServer::read_name(json::object& object, OrderName& name) {
  for (auto field : object) {
    std::string_view key;
    json::value value;
    std::string_view text;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS)
      return false;
    std::uint64_t flag = 0;
    if (key == "cid_date") {
      if (value.get_string().get(text) != simdjson::SUCCESS) return false;
      name.day = text;
    } else if (key == "id" || key == "cid") {
      if (!number_text(value, text) || !integer_text(text, key == "id" ? name.id : name.client_id))
        return false;
    } else if (key == "all") {
      name.all = number_text(value, text) && integer_text(text, flag) && flag == 1;
    }
  }
  return name.id != 0 || name.client_id != 0 || name.all;
}

const VenueOrder* BitfinexServer::find_live(AccountId account, const OrderName& name) {
  if (name.id != 0) {
    if (name.id <= first_order_id) return nullptr;
    const VenueOrder* const order = exchange_.find_order(account, {order_number(name.id), {}});
    return order != nullptr && order->live() ? order : nullptr;
  }
  for (const VenueOrder& order : exchange_.open_orders(account)) {
    if (client_names(order.client_order_id).client_id == name.client_id &&
        day_text(order.created) == name.day)
      return exchange_.find_order(account, {order.id, {}});
  }
  return nullptr;
}

std::optional<VenueOrder> BitfinexServer::cancel(AccountId account, const OrderName& name) {
  const VenueOrder* const order = find_live(account, name);
  if (order == nullptr) return std::nullopt;
  auto cancelled = exchange_.cancel(account, {order->id, {}});
  if (!cancelled) return std::nullopt;
  return std::move(cancelled).value();
}

bool BitfinexServer::read_amend(json::object& object, AmendWords& words) {
  for (auto field : object) {
    std::string_view key;
    json::value value;
    std::string_view text;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS)
      return false;
    if (key == "id" || key == "flags") {
      if (!number_text(value, text) || !integer_text(text, key == "id" ? words.id : words.flags))
        return false;
    } else if (key == "amount" || key == "delta" || key == "price") {
      if (!number_text(value, text)) return false;
      (key == "amount" ? words.amount : key == "delta" ? words.delta : words.price) = text;
    }
  }
  return words.id != 0;
}

Result<VenueOrder, BitfinexServer::Fault> BitfinexServer::amend(AccountId account,
                                                                const AmendWords& words) {
  constexpr std::int64_t generic = 10001;
  if (maintenance_) return fail(Fault{20060, "maintenance"});
  OrderName name;
  name.id = words.id;
  const VenueOrder* const order = find_live(account, name);
  if (order == nullptr) return fail(Fault{generic, "Order not found."});
  const Instrument& on = instrument(order->instrument);
  OrderTerms terms{order->price, order->quantity};
  const bool sell = order->side == Side::Sell;
  // In units, against the order's own direction where it is negative.
  const auto units = [&](const std::string& text) -> std::optional<std::int64_t> {
    const auto parsed = parse_scaled(text, on.qty_scale);
    if (!parsed || *parsed == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
    return sell ? -*parsed : *parsed;
  };
  if (!words.amount.empty() || !words.delta.empty()) {
    const auto told = units(words.amount.empty() ? words.delta : words.amount);
    const Quantity from = words.amount.empty() ? order->quantity : order->executed;
    if (!told || __builtin_add_overflow(from.units, *told, &terms.quantity.units) ||
        terms.quantity <= order->executed)
      return fail(Fault{10020, "amount: invalid"});
  }
  if (!words.price.empty()) {
    const auto price = parse_scaled(words.price, on.price_scale);
    if (!price || *price <= 0) return fail(Fault{10020, "price: invalid"});
    terms.price = {*price};
  }
  const OrderSizes sizes{words.amount, words.price, std::string(on.symbol.view().substr(1))};
  auto amended = exchange_.amend(account, {order->id, {}}, terms);
  if (amended) return std::move(amended).value();
  if (amended.error().gone) return fail(Fault{generic, "Order not found."});
  if (amended.error().refused == PlaceFault::WouldTake && (words.flags & post_only) != 0) {
    // Submitted all the same, and it is gone.
    auto cancelled = exchange_.cancel(account, {order->id, {}});
    if (cancelled) return std::move(cancelled).value();
  }
  return fail(Fault{generic, refused_for(amended.error().refused, on, sizes)});
}

// "EXECUTED @ 1662.9(0.05)", "IOC CANCELED was: PARTIALLY FILLED @ 6600.2(0.02799232)"
std::string BitfinexServer::status_of(const VenueOrder& order) const {
  const Instrument& on = instrument(order.instrument);
  std::string fills;
  if (!order.executed.is_zero()) {
    fills = " @ " + average_price(on, order).to_string() + "(" +
            amount_text(on, order.executed, order.side == Side::Sell) + ")";
  }
  const std::string was = fills.empty() ? "" : " was: PARTIALLY FILLED" + fills;
  switch (order.state) {
    case VenueOrderState::New:
      return "ACTIVE";
    case VenueOrderState::PartlyFilled:
      return "PARTIALLY FILLED" + fills;
    case VenueOrderState::Filled:
      return "EXECUTED" + fills;
    case VenueOrderState::Cancelled:
      return "CANCELED" + was;
    case VenueOrderState::Expired:
      break;
  }
  if (order.kind == OrderKind::LimitMaker) return "POSTONLY CANCELED";
  if (order.time_in_force == TimeInForce::Ioc) return "IOC CANCELED" + was;
  if (order.time_in_force == TimeInForce::Fok) return "FILLORKILL CANCELED";
  return "CANCELED" + was;
}

std::string BitfinexServer::order_row(const VenueOrder& order) const {
  const Instrument& on = instrument(order.instrument);
  const ClientNames names = client_names(order.client_order_id);
  const bool sell = order.side == Side::Sell;
  const bool market = order.kind == OrderKind::Market;
  const auto number_or_null = [](std::uint64_t n) {
    return n == 0 ? std::string("null") : std::to_string(n);
  };
  // The venue makes a client id where none was given.
  const std::uint64_t client_id =
      names.client_id != 0 ? names.client_id : static_cast<std::uint64_t>(ms_of(order.created));
  JsonList row;
  row.raw(std::to_string(told_order_id(order.id)))
      .raw(number_or_null(names.group))
      .raw(std::to_string(client_id))
      .text(on.symbol.view())
      .raw(std::to_string(ms_of(order.created)))
      .raw(std::to_string(ms_of(order.updated)))
      .raw(amount_text(on, order.quantity - order.executed, sell))
      .raw(amount_text(on, order.quantity, sell))
      .text(type_word(order))
      .raw("null")
      .raw("null")
      .raw("null")
      .raw(order.kind == OrderKind::LimitMaker ? "4096" : "0")
      .text(status_of(order))
      .raw("null")
      .raw("null")
      .raw(market ? "0" : price_text(on, order.price))
      .raw(average_price(on, order).to_string())
      .raw("0")
      .raw("0");
  for (int i = 20; i < 23; ++i) row.raw("null");
  row.raw("0").raw("0").raw("null").raw("null").raw("null").text("API>BFX");
  row.raw("null").raw("null");
  return row.raw(order.kind == OrderKind::LimitMaker ? R"({"$F7":1})" : "null").done();
}

std::string BitfinexServer::fill_row(const VenueFill& fill, bool with_fee) const {
  const Instrument& on = instrument(fill.instrument);
  const VenueOrder* const order = exchange_.find_order(fill.account, {fill.order_id, {}});
  const ClientNames names = client_names(fill.client_order_id);
  JsonList row;
  row.raw(std::to_string(told_trade_id(fill.instrument, fill.trade_id)))
      .text(on.symbol.view())
      .raw(std::to_string(ms_of(fill.time)))
      .raw(std::to_string(told_order_id(fill.order_id)))
      .raw(amount_text(on, fill.quantity, fill.side == Side::Sell))
      .raw(price_text(on, fill.price))
      .text(order == nullptr ? "EXCHANGE LIMIT" : type_word(*order))
      .raw(price_text(
          on, order == nullptr || order->kind == OrderKind::Market ? fill.price : order->price))
      .raw(fill.liquidity == Liquidity::Maker ? "1" : "-1");
  if (with_fee)
    row.raw((-fill.fee).to_string()).text(asset_code(asset(fill.fee_asset)));
  else
    row.raw("null").raw("null");
  return row.raw(names.client_id == 0 ? "null" : std::to_string(names.client_id)).done();
}

}  // namespace ats::venues::bitfinex

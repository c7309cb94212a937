// Exchange calls: orders and accounts.
#include <algorithm>

#include "venues/upbit/markets.hpp"
#include "venues/upbit/server.hpp"
#include "venues/upbit/server_text.hpp"

namespace ats::venues::upbit {
namespace {

constexpr std::size_t everything = std::size_t{1} << 20;
constexpr int bad_request = 400;
constexpr int forbidden = 403;
constexpr int not_found = 404;

HttpResponse answer(std::string body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// By side: "…_bid", "…_ask".
struct SidedName {
  std::string_view bid, ask;
  std::string_view of(Side side) const { return side == Side::Buy ? bid : ask; }
};
constexpr SidedName no_funds{"insufficient_funds_bid", "insufficient_funds_ask"};
constexpr SidedName too_small{"under_min_total_bid", "under_min_total_ask"};
constexpr SidedName bad_price{"invalid_price_bid", "invalid_price_ask"};
constexpr SidedName bad_combination{"create_bid_error", "create_ask_error"};

// A volume as the venue takes it: decimals beyond its own are cut off.
std::optional<Quantity> volume_of(std::string_view text, const Instrument& on) {
  const auto number = Decimal::parse(text);
  if (!number || number->negative()) return std::nullopt;
  const auto units = number->to_scaled_floor(on.qty_scale);
  if (!units || *units <= 0) return std::nullopt;
  return Quantity{*units};
}

// Whether price times volume is an amount that exists.
bool worth_fits(const Instrument& on, Price price, Quantity quantity) {
  constexpr Int128 worth_max = Int128{1'000'000'000'000'000};
  return Int128{price.units} * quantity.units < worth_max * pow10(on.price_scale + on.qty_scale);
}

}  // namespace

HttpResponse UpbitServer::accounts(AccountId account, const Fields&) {
  JsonList rows;
  for (const VenueBalance& one : exchange_.balances(account)) {
    if (one.total.is_zero()) continue;
    rows.raw(JsonObject()
                 .text("currency", asset(one.asset))
                 .text("balance", (one.total - one.held).to_string())
                 .text("locked", one.held.to_string())
                 .text("avg_buy_price", "0")
                 .flag("avg_buy_price_modified", false)
                 .text("unit_currency", "KRW")
                 .done());
  }
  return answer(rows.done());
}

HttpResponse UpbitServer::chance(AccountId account, const Fields& fields) {
  const InstrumentId id = find_code(fields.get("market"));
  if (!id.valid()) return exchange_error(bad_request, "notfoundmarket");
  const Instrument& on = instrument(id);
  const Market* const market = find_market(asset(on.quote));
  const auto row = [&](AssetId which) {
    VenueBalance balance;
    for (const VenueBalance& one : exchange_.balances(account)) {
      if (one.asset == which) balance = one;
    }
    return JsonObject()
        .text("currency", asset(which))
        .text("balance", (balance.total - balance.held).to_string())
        .text("locked", balance.held.to_string())
        .text("avg_buy_price", "0")
        .flag("avg_buy_price_modified", false)
        .text("unit_currency", "KRW")
        .done();
  };
  const auto limits = [&](AssetId which) {
    return JsonObject()
        .text("currency", asset(which))
        .text("min_total", on.min_notional.to_string())
        .done();
  };
  const std::string taker = on.fees.taker.decimal().to_string();
  const std::string maker = on.fees.maker.decimal().to_string();
  JsonObject about;
  about.text("id", on.symbol.view())
      .text("name", std::string(asset(on.base)).append("/").append(asset(on.quote)))
      .raw("order_types", R"(["limit"])")
      .raw("order_sides", R"(["ask","bid"])")
      .raw("bid_types", R"(["best_fok","best_ioc","limit","limit_fok","limit_ioc","price"])")
      .raw("ask_types", R"(["best_fok","best_ioc","limit","limit_fok","limit_ioc","market"])")
      .raw("bid", limits(on.quote))
      .raw("ask", limits(on.base));
  if (market != nullptr && !market->max_total.empty()) about.text("max_total", market->max_total);
  about.text("state", maintenance_ ? "offline" : "active");
  return answer(JsonObject()
                    .text("bid_fee", taker)
                    .text("ask_fee", taker)
                    .text("maker_bid_fee", maker)
                    .text("maker_ask_fee", maker)
                    .raw("market", about.done())
                    .raw("bid_account", row(on.quote))
                    .raw("ask_account", row(on.base))
                    .done());
}

// --- what an order says of itself ---

const UpbitServer::Note& UpbitServer::note_of(std::uint64_t id) const {
  static const Note plain;
  const auto found = notes_.find(id);
  return found == notes_.end() ? plain : found->second;
}

// A purchase of an amount that has a rest too small for one more unit is cancelled, not done.
std::string_view UpbitServer::state_word(const VenueOrder& order) const {
  if (order.live()) return "wait";
  if (order.state != VenueOrderState::Filled) return "cancel";
  const Note& note = note_of(order.id);
  return !note.amount.is_zero() && order.quote_executed != note.amount ? "cancel" : "done";
}

// A purchase locks what it may still cost and the fee on it, a sale the volume.
UpbitServer::Locked UpbitServer::locked_by(const VenueOrder& order) const {
  if (!order.live()) return {};
  const Instrument& on = instrument(order.instrument);
  const Quantity left = order.quantity - order.executed;
  if (order.side == Side::Sell) return {on.quantity_decimal(left), {}};
  if (order.kind == OrderKind::Market) return {};
  const Decimal cost = on.notional(order.price, left);
  const auto fee = cost.multiply_ceil(on.fees.taker.decimal(), on.fees.decimals);
  return {cost + fee.value_or(Decimal{}), fee.value_or(Decimal{})};
}

std::string UpbitServer::order_json(const VenueOrder& order, bool with_trades) const {
  const Instrument& on = instrument(order.instrument);
  const Note& note = note_of(order.id);
  const bool by_amount = !note.amount.is_zero();
  const Locked locked = locked_by(order);
  JsonObject row;
  row.text("market", on.symbol.view())
      .text("uuid", order_uuid(order.id))
      .text("side", side_word(order.side))
      .text("ord_type", note.ord_type);
  if (by_amount) {
    row.text("price", note.amount.to_string());
  } else if (order.kind != OrderKind::Market) {
    row.text("price", format_scaled_short(order.price.units, on.price_scale));
  }
  row.text("state", state_word(order)).text("created_at", seoul_time(order.created, false));
  if (!by_amount) {
    row.text("volume", format_scaled_short(order.quantity.units, on.qty_scale))
        .text("remaining_volume",
              format_scaled_short((order.quantity - order.executed).units, on.qty_scale));
  }
  row.text("reserved_fee", note.reserved_fee.to_string())
      .text("remaining_fee", locked.fee.to_string())
      .text("paid_fee", order.fee_total.to_string())
      .text("locked", locked.all.to_string())
      .text("executed_volume", format_scaled_short(order.executed.units, on.qty_scale))
      .text("prevented_volume", "0")
      .text("prevented_locked", "0");
  if (!note.time_in_force.empty()) row.text("time_in_force", note.time_in_force);
  if (!is_made_up(order.client_order_id)) row.text("identifier", order.client_order_id);
  // An order without fills need not ask for them.
  const std::vector<VenueFill> fills = order.executed.is_zero()
                                           ? std::vector<VenueFill>{}
                                           : exchange_.fills(order.account, order.id, everything);
  row.number("trades_count", fills.size());
  if (!with_trades) return row.done();
  JsonList trades;
  for (const VenueFill& fill : fills) {
    trades.raw(JsonObject()
                   .text("market", on.symbol.view())
                   .text("uuid", trade_uuid(fill.instrument, fill.trade_id))
                   .text("price", format_scaled_short(fill.price.units, on.price_scale))
                   .text("volume", format_scaled_short(fill.quantity.units, on.qty_scale))
                   .text("funds", on.notional(fill.price, fill.quantity).to_string())
                   .text("trend", fill.side == Side::Buy ? "up" : "down")
                   .text("created_at", seoul_time(fill.time, true))
                   .text("side", side_word(fill.side))
                   .done());
  }
  return row.raw("trades", trades.done()).done();
}

// --- new orders ---

std::optional<UpbitServer::Wrong> UpbitServer::read_order(AccountId account, const Fields& fields,
                                                          NewOrder& order, Note& note) {
  const auto wrong = [](std::string_view name) { return Wrong{bad_request, name}; };
  order.account = account;
  order.instrument = find_code(fields.get("market"));
  if (!order.instrument.valid()) return wrong("notfoundmarket");
  const std::string_view side = fields.get("side");
  if (side != "bid" && side != "ask") return wrong("validation_error");
  order.side = side == "bid" ? Side::Buy : Side::Sell;
  note.ord_type = fields.get("ord_type");
  note.time_in_force = fields.get("time_in_force");
  const std::string_view prevention = fields.get("smp_type");
  if (!prevention.empty() && prevention != "cancel_maker" && prevention != "cancel_taker" &&
      prevention != "reduce" && prevention != "none")
    return wrong("validation_error");
  if (note.time_in_force == "post_only" && !prevention.empty() && prevention != "none")
    return wrong("invalid_post_only");
  const std::string_view identifier = fields.get("identifier");
  constexpr std::size_t identifier_max = 64;
  if (identifier.size() > identifier_max) return wrong("validation_error");
  order.client_order_id =
      identifier.empty() ? made_up_identifier(++serial_) : std::string(identifier);
  const Instrument& on = instrument(order.instrument);
  if (const auto fault = read_kind(fields, on, order, note)) return fault;
  return check_total(on, order);
}

// Kind, price and volume, which belong together.
std::optional<UpbitServer::Wrong> UpbitServer::read_kind(const Fields& fields, const Instrument& on,
                                                         NewOrder& order, Note& note) const {
  const auto wrong = [](std::string_view name) { return Wrong{bad_request, name}; };
  const std::string_view tif = note.time_in_force;
  const std::string_view price = fields.get("price");
  const std::string_view volume = fields.get("volume");
  const bool bid = order.side == Side::Buy;
  if (!tif.empty() && tif != "ioc" && tif != "fok" && tif != "post_only")
    return wrong("invalid_time_in_force");
  if (tif == "ioc") order.time_in_force = TimeInForce::Ioc;
  if (tif == "fok") order.time_in_force = TimeInForce::Fok;
  if (note.ord_type == "limit") {
    if (price.empty() || volume.empty()) return wrong(bad_combination.of(order.side));
    if (tif == "post_only") order.kind = OrderKind::LimitMaker;
    const auto at = on.parse_price(price);
    if (!at || !on.on_tick(*at)) return wrong(bad_price.of(order.side));
    const auto quantity = volume_of(volume, on);
    if (!quantity) return wrong("validation_error");
    order.price = *at;
    order.quantity = *quantity;
    return std::nullopt;
  }
  const bool best = note.ord_type == "best";
  if (best ? tif != "ioc" && tif != "fok" : !tif.empty()) return wrong("invalid_time_in_force");
  if (note.ord_type != (bid ? "price" : "market") && !best)
    return wrong(note.ord_type == "price" || note.ord_type == "market"
                     ? bad_combination.of(order.side)
                     : std::string_view("validation_error"));
  // A purchase names its amount, a sale its volume, neither the other.
  if (bid ? price.empty() || !volume.empty() : volume.empty() || !price.empty())
    return wrong(bad_combination.of(order.side));
  if (bid) {
    const auto amount = Decimal::parse(price);
    if (!amount || amount->negative() || amount->is_zero()) return wrong("validation_error");
    note.amount = *amount;
  } else {
    const auto quantity = volume_of(volume, on);
    if (!quantity) return wrong("validation_error");
    order.quantity = *quantity;
  }
  if (!best) {
    order.kind = OrderKind::Market;
    order.quote_amount = note.amount;
    return std::nullopt;
  }
  // At the best price of the other side, and not beyond it.
  const BookImage book = exchange_.book(order.instrument, 1);
  const auto& opposite_side = bid ? book.asks : book.bids;
  if (opposite_side.empty()) return wrong("validation_error");
  order.price = opposite_side.front().price;
  if (bid) {
    const auto affordable = note.amount.divide_floor(on.price_decimal(order.price), on.qty_scale);
    const auto units = affordable ? affordable->to_scaled_floor(on.qty_scale)
                                  : Result<std::int64_t, NumberError>(fail(NumberError::Overflow));
    if (!units || *units <= 0) return wrong(too_small.bid);
    order.quantity = {*units};
  }
  return std::nullopt;
}

std::optional<UpbitServer::Wrong> UpbitServer::check_total(const Instrument& on,
                                                           const NewOrder& order) const {
  const Market* const market = find_market(asset(on.quote));
  Decimal total = order.quote_amount;
  if (order.kind != OrderKind::Market) {
    if (!worth_fits(on, order.price, order.quantity)) return Wrong{bad_request, "validation_error"};
    total = on.notional(order.price, order.quantity);
  } else if (order.side == Side::Sell) {
    return std::nullopt;
  }
  if (total < on.min_notional) return Wrong{bad_request, too_small.of(order.side)};
  if (market != nullptr && !market->max_total.empty() && total > Decimal::of(market->max_total))
    return Wrong{bad_request, order.side == Side::Buy ? "over_krw_funds_bid" : "validation_error"};
  return std::nullopt;
}

UpbitServer::Wrong UpbitServer::wrong_by(PlaceFault fault, Side side) const {
  switch (fault) {
    case PlaceFault::UnknownInstrument:
      return {bad_request, "notfoundmarket"};
    case PlaceFault::InstrumentClosed:
      return {forbidden, "market_offline"};
    case PlaceFault::InsufficientFunds:
      return {bad_request, no_funds.of(side)};
    case PlaceFault::PriceFilter:
    case PlaceFault::PriceBand:
      return {bad_request, bad_price.of(side)};
    case PlaceFault::MinNotional:
      return {bad_request, too_small.of(side)};
    case PlaceFault::DuplicateClientOrderId:
      return {bad_request, "duplicated_identifier"};
    case PlaceFault::LotFilter:
    case PlaceFault::MinQuantity:
    case PlaceFault::MaxQuantity:
      return {bad_request, "validation_error"};
    case PlaceFault::WouldTake:  // whether the venue says so at once is not documented
    case PlaceFault::Injected:
      break;
  }
  return {bad_request, bad_combination.of(side)};
}

HttpResponse UpbitServer::test_order(AccountId account, const Fields& fields) {
  NewOrder order;
  Note note;
  if (const auto wrong = read_order(account, fields, order, note))
    return exchange_error(wrong->status, wrong->name);
  VenueOrder shown;  // nothing is placed
  shown.id = ~std::uint64_t{0} >> 16;
  shown.account = account;
  shown.instrument = order.instrument;
  shown.client_order_id = order.client_order_id;
  shown.side = order.side;
  shown.kind = order.kind;
  shown.price = order.price;
  shown.quantity = order.quantity;
  shown.created = now();
  return answer(order_json(shown, false), 201);
}

HttpResponse UpbitServer::new_order(AccountId account, const Fields& fields) {
  NewOrder order;
  Note note;
  if (const auto wrong = read_order(account, fields, order, note))
    return exchange_error(wrong->status, wrong->name);
  if (!accounts_[account].identifiers.use(order.client_order_id))
    return exchange_error(bad_request, "duplicated_identifier");
  if (maintenance_) return exchange_error(forbidden, "market_offline");
  const auto placed = exchange_.place(order);
  if (!placed) {
    const Wrong wrong = wrong_by(placed.error(), order.side);
    return exchange_error(wrong.status, wrong.name);
  }
  VenueOrder accepted = *placed;
  accepted.state = VenueOrderState::New;
  accepted.executed = {};
  accepted.quote_executed = accepted.fee_total = {};
  note.reserved_fee = locked_by(accepted).fee;
  notes_[accepted.id] = note;
  if (notes_.size() > UsedUp::remembered) notes_.erase(notes_.begin());
  return answer(order_json(accepted, false), 201);
}

// --- one order, and many ---

const VenueOrder* UpbitServer::find_order(AccountId account, const Fields& fields) const {
  const std::string_view uuid = fields.get("uuid");
  const std::string_view identifier = fields.get("identifier");
  if (!uuid.empty()) {
    const auto id = parse_order_uuid(uuid);
    return id ? exchange_.find_order(account, {*id, {}}) : nullptr;
  }
  if (identifier.empty() || is_made_up(identifier)) return nullptr;
  return exchange_.find_order(account, {0, std::string(identifier)});
}

HttpResponse UpbitServer::one_order(AccountId account, const Fields& fields) {
  const VenueOrder* const order = find_order(account, fields);
  if (order == nullptr) return exchange_error(not_found, "order_not_found");
  return answer(order_json(*order, true));
}

HttpResponse UpbitServer::cancel_order(AccountId account, const Fields& fields) {
  const VenueOrder* const order = find_order(account, fields);
  if (order == nullptr || !order->live()) return exchange_error(not_found, "order_not_found");
  if (maintenance_) return exchange_error(forbidden, "market_offline");
  const std::string before = order_json(*order, false);
  const auto cancelled = exchange_.cancel(account, {order->id, {}});
  if (!cancelled) return exchange_error(not_found, "order_not_found");
  return answer(before);
}

HttpResponse UpbitServer::open_orders(AccountId account, const Fields& fields) {
  constexpr std::size_t page_max = 100;
  std::size_t page = 1;
  std::size_t limit = page_max;
  if (!integer_text(fields.get("page"), page) || page == 0) page = 1;
  if (!integer_text(fields.get("limit"), limit) || limit == 0) limit = page_max;
  limit = std::min(limit, page_max);
  std::vector<std::string_view> states = fields.list("states");
  if (!fields.get("state").empty()) states.push_back(fields.get("state"));
  const bool waiting = states.empty() || std::ranges::find(states, "wait") != states.end();
  const std::string_view market = fields.get("market");
  std::vector<VenueOrder> open = exchange_.open_orders(account);
  const bool rising = fields.get("order_by") == "asc";
  std::ranges::sort(open, [rising](const VenueOrder& a, const VenueOrder& b) {
    return rising ? a.id < b.id : a.id > b.id;
  });
  JsonList rows;
  std::size_t at = 0;
  for (const VenueOrder& order : open) {
    if (!waiting || (!market.empty() && instrument(order.instrument).symbol.view() != market))
      continue;
    if (at / limit + 1 == page) rows.raw(order_json(order, false));
    ++at;
  }
  return answer(rows.done());
}

HttpResponse UpbitServer::closed_orders(AccountId account, const Fields& fields) {
  constexpr std::size_t limit_usual = 100;
  constexpr std::size_t limit_max = 1000;
  std::size_t limit = limit_usual;
  if (!integer_text(fields.get("limit"), limit) || limit == 0) limit = limit_usual;
  limit = std::min(limit, limit_max);
  std::vector<std::string_view> states = fields.list("states");
  if (!fields.get("state").empty()) states.push_back(fields.get("state"));
  const std::string_view market = fields.get("market");
  JsonList rows;
  std::size_t count = 0;
  for (const VenueOrder& order : exchange_.closed_orders(account, everything)) {
    if (count == limit) break;
    if (!market.empty() && instrument(order.instrument).symbol.view() != market) continue;
    if (!states.empty() && std::ranges::find(states, state_word(order)) == states.end()) continue;
    rows.raw(order_json(order, false));
    ++count;
  }
  return answer(rows.done());
}

HttpResponse UpbitServer::orders_by_id(AccountId account, const Fields& fields) {
  JsonList rows;
  for (const std::string_view uuid : fields.list("uuids")) {
    const auto id = parse_order_uuid(uuid);
    const VenueOrder* const order = id ? exchange_.find_order(account, {*id, {}}) : nullptr;
    if (order != nullptr) rows.raw(order_json(*order, false));
  }
  for (const std::string_view identifier : fields.list("identifiers")) {
    const VenueOrder* const order = exchange_.find_order(account, {0, std::string(identifier)});
    if (order != nullptr) rows.raw(order_json(*order, false));
  }
  return answer(rows.done());
}

std::string UpbitServer::cancelled_list(AccountId account, std::span<const OrderRef> refs) {
  JsonList done;
  JsonList refused;
  std::size_t done_count = 0;
  std::size_t refused_count = 0;
  for (const OrderRef& ref : refs) {
    const VenueOrder* const order = exchange_.find_order(account, ref);
    JsonObject row;
    if (order != nullptr) {
      row.text("uuid", order_uuid(order->id))
          .text("market", instrument(order->instrument).symbol.view());
    } else {
      row.text("identifier", ref.client_order_id);
    }
    if (order != nullptr && !maintenance_ && exchange_.cancel(account, {order->id, {}})) {
      done.raw(row.done());
      ++done_count;
    } else {
      refused.raw(row.done());
      ++refused_count;
    }
  }
  return JsonObject()
      .raw("success", JsonObject().number("count", done_count).raw("orders", done.done()).done())
      .raw("failed",
           JsonObject().number("count", refused_count).raw("orders", refused.done()).done())
      .done();
}

HttpResponse UpbitServer::cancel_by_id(AccountId account, const Fields& fields) {
  constexpr std::size_t at_once = 20;
  std::vector<OrderRef> refs;
  for (const std::string_view uuid : fields.list("uuids"))
    refs.push_back({parse_order_uuid(uuid).value_or(0), std::string(uuid)});
  for (const std::string_view identifier : fields.list("identifiers"))
    refs.push_back({0, std::string(identifier)});
  if (refs.empty() || refs.size() > at_once) return exchange_error(bad_request, "validation_error");
  return answer(cancelled_list(account, refs));
}

HttpResponse UpbitServer::cancel_open(AccountId account, const Fields& fields) {
  constexpr std::size_t at_once = 300;
  const std::string_view side = fields.get("cancel_side");
  const auto pairs = fields.list("pairs");
  const auto quotes = fields.list("quote_currencies");
  std::vector<OrderRef> refs;
  for (const VenueOrder& order : exchange_.open_orders(account)) {
    const Instrument& on = instrument(order.instrument);
    if (!side.empty() && side != "all" && side != side_word(order.side)) continue;
    if (!pairs.empty() && std::ranges::find(pairs, on.symbol.view()) == pairs.end()) continue;
    if (!quotes.empty() && std::ranges::find(quotes, asset(on.quote)) == quotes.end()) continue;
    if (refs.size() < at_once) refs.push_back({order.id, {}});
  }
  return answer(cancelled_list(account, refs));
}

// --- keys ---

// A key is valid for a year; one that has no end here ends at the end of days.
HttpResponse UpbitServer::api_keys(AccountId account, const Fields&) {
  const KeyGrants grants = exchange_.grants(account);
  constexpr WallTime never{7'258'118'400'000'000'000};  // 2200
  return answer(
      JsonList()
          .raw(JsonObject()
                   .text("access_key", grants.key)
                   .text("expire_at",
                         seoul_time(grants.expires.told() ? grants.expires : never, false))
                   .done())
          .done());
}

// Nothing is ever withdrawn here.
HttpResponse UpbitServer::cancel_withdrawal(AccountId account, const Fields&) {
  if (!exchange_.grants(account).withdraw) return exchange_error(forbidden, "out_of_scope");
  return exchange_error(not_found, "withdraw_not_found");
}

}  // namespace ats::venues::upbit

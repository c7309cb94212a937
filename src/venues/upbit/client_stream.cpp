// What arrives on the two streams.
#include <algorithm>

#include "venues/upbit/client.hpp"
#include "venues/upbit/requests.hpp"

namespace ats::venues::upbit {

void UpbitClient::subscribe_market(const Now& now, Outbox& outbox) {
  std::vector<std::string_view> codes;
  for (const InstrumentId id : setup_.instruments)
    codes.push_back(universe_.instrument(id).symbol.view());
  subscribe_again_ = false;
  market_.asked = now.instant;
  if (codes.empty()) return;
  outbox.send_text(
      Channel::MarketData,
      market_subscription(codes, universe_.venue(setup_.venue).book.depth, ++tickets_));
}

FrameOutcome UpbitClient::on_trading(std::string_view frame, const Now& now, EventSink& sink,
                                     Outbox& outbox) {
  json::object root;
  std::string_view text;
  json::object error;
  FrameOutcome outcome = FrameOutcome::Malformed;
  if (json_.open(frame, root)) {
    if (text_field(root, "type", text)) {
      if (text == "myOrder") {
        outcome = take_my_order(root, now, sink);
      } else if (text == "myAsset") {
        outcome = take_my_asset(root, now, sink);
      } else {
        outcome = FrameOutcome::Ignored;  // announcements
      }
    } else if (text_field(root, "status", text)) {
      if (!trading_.answered) {
        trading_.answered = true;
        // What happened to them since the last stream broke off was not heard.
        tell_live_unknown(now, sink);
      }
      return FrameOutcome::Decoded;
    } else if (object_field(root, "error", error)) {
      outbox.reconnect(Channel::Trading, "the private stream refused what was asked for");
      return FrameOutcome::Decoded;
    } else {
      outcome = FrameOutcome::UnknownKind;
    }
  }
  // Perhaps a fill was in it.
  if (outcome != FrameOutcome::Decoded && outcome != FrameOutcome::Ignored)
    tell_live_unknown(now, sink);
  return outcome;
}

void UpbitClient::tell_live_unknown(const Now& now, EventSink& sink) {
  orders_.each([&](const TrackedOrder& order) {
    // One whose answer is awaited will be told when that comes, or does not.
    if (order.ended || !order.acked) return;
    sink.on(OrderUnknown{order.id, UnknownReason::ConnectionLost, times({}, now)});
  });
}

std::optional<Quantity> UpbitClient::quantity_of(Decimal volume, const Instrument& instrument) {
  const auto units = volume.to_scaled(instrument.qty_scale);
  if (!units) return std::nullopt;
  return Quantity{*units};
}

// Ours, by the venue's id or by the identifier we gave it; null for other people's orders.
TrackedOrder* UpbitClient::order_of(const MyOrder& told) {
  if (TrackedOrder* order = orders_.find(told.uuid.view())) return order;
  const auto id = parse_client_order_id(told.identifier);
  if (!id) return nullptr;
  TrackedOrder* order = orders_.find(*id);
  if (order == nullptr) {  // placed before this start
    const InstrumentId instrument = symbols_.find(told.code);
    if (!instrument.valid()) return nullptr;
    order = &orders_.add(*id, instrument, told.side);
  }
  order->venue_id = told.uuid;
  return order;
}

FrameOutcome UpbitClient::take_my_order(json::object& object, const Now& now, EventSink& sink) {
  MyOrder told;
  if (!read_my_order(object, told)) return FrameOutcome::Malformed;
  TrackedOrder* const order = order_of(told);
  if (order == nullptr) {
    return take_foreign(told, now, sink) ? FrameOutcome::Decoded : FrameOutcome::NumberFault;
  }
  const Instrument& instrument = universe_.instrument(order->instrument);
  const auto executed = quantity_of(told.executed, instrument);
  if (!executed) return FrameOutcome::NumberFault;
  bool over = told.state == OrderWord::Done || told.state == OrderWord::Cancel;
  if (!order->acked && !over) {
    order->acked = true;
    sink.on(OrderAcked{order->id, order->venue_id, times(told.time, now)});
  }
  if (told.state == OrderWord::Trade) {
    if (!take_fill(*order, told, now, sink)) return FrameOutcome::NumberFault;
    // Whether the last fill is followed by a word of its end is not promised.
    over = told.remaining && told.remaining->is_zero();
  }
  if (!over || order->ended) return FrameOutcome::Decoded;
  order->ended = true;
  // The state does not tell: what was executed does.
  const bool filled = told.state == OrderWord::Trade || told.state == OrderWord::Done ||
                      (!order->quantity.is_zero() && *executed >= order->quantity);
  sink.on(OrderEnded{order->id, filled ? OrderState::Filled : OrderState::Cancelled, *executed,
                     times(told.time, now)});
  return FrameOutcome::Decoded;
}

// An order that is not ours.
bool UpbitClient::take_foreign(const MyOrder& told, const Now& now, EventSink& sink) {
  const InstrumentId instrument = symbols_.find(told.code);
  ForeignOrder other{setup_.venue, told.uuid};
  other.open = told.state == OrderWord::Wait || told.state == OrderWord::Watch ||
               told.state == OrderWord::Trade;
  if (told.state == OrderWord::Trade) {
    if (!instrument.valid()) return true;
    TrackedOrder order;
    order.instrument = instrument;
    order.side = told.side;
    Fill fill;
    if (!read_fill(order, told, fill)) return false;
    sink.on(ForeignFill{told.uuid, fill, times(told.time, now)});
    other.open = !told.remaining || !told.remaining->is_zero();
    if (!other.open) sink.on(other);
    return true;
  }
  if (instrument.valid()) {
    std::optional<Decimal> volume;
    if (told.remaining) {
      if (const auto sum = told.remaining->checked_add(told.executed)) volume = *sum;
    }
    set_terms(other, instrument, told.side, told.limit, volume, told.executed);
  }
  sink.on(other);
  return true;
}

void UpbitClient::set_terms(ForeignOrder& order, InstrumentId instrument, Side side,
                            const std::optional<Decimal>& limit,
                            const std::optional<Decimal>& volume, Decimal executed) const {
  const Instrument& on = universe_.instrument(instrument);
  order.instrument = instrument;
  order.side = side;
  order.filled = quantity_of(executed, on).value_or(Quantity{});
  if (!limit || !volume) return;
  const auto price = limit->to_scaled(on.price_scale);
  const auto quantity = quantity_of(*volume, on);
  if (price && quantity) order.terms = {{*price}, *quantity};
}

bool UpbitClient::take_fill(TrackedOrder& order, const MyOrder& told, const Now& now,
                            EventSink& sink) {
  Fill fill;
  if (!read_fill(order, told, fill)) return false;
  sink.on(OrderFilled{fill, times(told.time, now)});
  return true;
}

bool UpbitClient::read_fill(const TrackedOrder& order, const MyOrder& told, Fill& fill) const {
  const Instrument& instrument = universe_.instrument(order.instrument);
  const auto price = told.price.to_scaled(instrument.price_scale);
  const auto quantity = quantity_of(told.volume, instrument);
  if (!price || !quantity || *price <= 0 || quantity->units <= 0) return false;
  fill.order = order.id;
  fill.instrument = order.instrument;
  fill.id = told.trade_uuid;
  fill.side = order.side;
  fill.liquidity = told.liquidity;
  fill.price = {*price};
  fill.quantity = *quantity;
  if (told.fee) {
    fill.fee = *told.fee;
  } else {
    constexpr Int128 worth_max = Int128{1'000'000'000'000'000};
    if (Int128{*price} * quantity->units >=
        worth_max * pow10(instrument.price_scale + instrument.qty_scale))
      return false;
    fill.fee = instrument.taker_fee(order.side, fill.price, fill.quantity).amount;
  }
  fill.fee_asset = instrument.quote;
  fill.venue_time = told.time;
  return true;
}

FrameOutcome UpbitClient::take_my_asset(json::object& object, const Now& now, EventSink& sink) {
  json::array rows;
  if (!array_field(object, "assets", rows)) return FrameOutcome::Malformed;
  for (auto element : rows) {
    json::object row;
    AccountBalance balance;
    if (element.get_object().get(row) != simdjson::SUCCESS || !read_balance(row, balance))
      return FrameOutcome::Malformed;
    const AssetId asset = universe_.find_asset(balance.currency);
    if (!asset.valid()) continue;  // nothing we trade
    const auto total = balance.free.checked_add(balance.locked);
    if (!total) return FrameOutcome::NumberFault;
    sink.on(BalanceReported{setup_.venue, asset, *total, balance.locked, times({}, now)});
  }
  return FrameOutcome::Decoded;
}

}  // namespace ats::venues::upbit

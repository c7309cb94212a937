// What arrives on the two streams.
#include <algorithm>

#include "venues/kraken/client.hpp"
#include "venues/kraken/names.hpp"

namespace ats::venues::kraken {

void KrakenClient::subscribe_books(const Now& now, Outbox& outbox) {
  constexpr std::size_t at_once = 100;
  std::vector<std::string_view> symbols;
  for (const InstrumentId id : setup_.instruments)
    symbols.push_back(universe_.instrument(id).symbol.view());
  for (std::size_t at = 0; at < symbols.size(); at += at_once) {
    const auto some = std::span(symbols).subspan(at, std::min(at_once, symbols.size() - at));
    market_asked_.push_back({++next_req_id_, Asked::Book, {}, {}, now.instant});
    outbox.send_text(Channel::MarketData,
                     requests_.market("subscribe", "book", some, depth_, next_req_id_));
    market_asked_.push_back({++next_req_id_, Asked::Trades, {}, {}, now.instant});
    outbox.send_text(Channel::MarketData,
                     requests_.market("subscribe", "trade", some, 0, next_req_id_));
  }
}

FrameOutcome KrakenClient::on_market(std::string_view frame, const Now& now, EventSink& sink) {
  if (frame.starts_with(R"({"channel")")) [[likely]]
    return decoder_.on_frame(frame, now.instant, sink);
  json::object root;
  StreamAnswer answer;
  if (json_.open(frame, root) && read_stream_answer(root, answer))
    return on_market_answer(answer, now, sink);
  return decoder_.on_frame(frame, now.instant, sink);
}

FrameOutcome KrakenClient::on_market_answer(const StreamAnswer& answer, const Now& now,
                                            EventSink& sink) {
  sink.on(Heartbeat{setup_.venue, times({}, now)});
  // An unsubscription was ours, or nobody's.
  if (answer.success || answer.method != "subscribe") return FrameOutcome::Decoded;
  const auto asked =
      std::find_if(market_asked_.begin(), market_asked_.end(), [&answer](const Request& request) {
        return request.req_id == answer.req_id && answer.req_id != 0;
      });
  // Without prints we can trade; a book that stands already gets its snapshot by subscribing anew.
  if (asked != market_asked_.end() && asked->asked == Asked::Trades) return FrameOutcome::Decoded;
  InstrumentId instrument = asked != market_asked_.end() ? asked->instrument : InstrumentId{};
  if (!answer.symbol.empty()) instrument = symbols_.find(answer.symbol);
  if (!answer.symbol.empty() && !instrument.valid()) return FrameOutcome::UnknownSymbol;
  sink.on(BookFault{instrument, setup_.venue, BookFaultReason::SubscriptionLost});
  return FrameOutcome::Decoded;
}

FrameOutcome KrakenClient::on_trading(std::string_view frame, const Now& now, EventSink& sink,
                                      Outbox& outbox) {
  json::object root;
  if (!json_.open(frame, root)) {
    // Perhaps a fill was in it.
    lose_track(now, sink, outbox);
    return FrameOutcome::Malformed;
  }
  std::string_view channel;
  if (text_field(root, "channel", channel)) {
    const bool executions = channel == "executions";
    if (executions || channel == "balances") {
      const FrameOutcome outcome = on_account_data(root, executions, now, sink, outbox);
      if (outcome != FrameOutcome::Decoded) lose_track(now, sink, outbox);
      return outcome;
    }
    if (channel == "heartbeat") return FrameOutcome::Decoded;
    // Both streams tell of the trading system's state; the market's is the one that counts.
    if (channel == "status") return FrameOutcome::Ignored;
    return FrameOutcome::
        UnknownKind;  // if it was ours under a damaged name, its sequence is missing
  }
  StreamAnswer answer;
  if (!text_field(root, "method", answer.method)) return FrameOutcome::UnknownKind;
  if (!read_stream_answer(root, answer)) {
    lose_track(now, sink, outbox);  // perhaps an order's answer
    return FrameOutcome::Malformed;
  }
  return on_trading_answer(answer, now, sink, outbox);
}

FrameOutcome KrakenClient::on_trading_answer(const StreamAnswer& answer, const Now& now,
                                             EventSink& sink, Outbox& outbox) {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&answer](const Request& request) {
        return request.req_id == answer.req_id && answer.req_id != 0;
      });
  // Pongs and unsubscriptions are not waited for. A switch that was not armed is counted, and tried again soon.
  if (found == pending_.end()) {
    if (answer.req_id != 0 && answer.req_id == cancel_request_ && !answer.success) {
      ++counters_.rest_errors;
      cancel_armed_ = now.instant - (cancel_armed_every - cancel_retry);
    }
    return FrameOutcome::Decoded;
  }
  const Request request = *found;
  pending_.erase(found);
  if (request.of_order() && !request.overdue)
    routes_.answered(OrderRoute::Stream, now.instant - request.sent, now.instant);
  if (!request.of_order()) {
    on_subscribed(request, answer, now, sink, outbox);
  } else if (answer.success) {
    if (request.asked == Asked::Place) placed(request.order, answer.order_id, now, sink);
    if (request.asked == Asked::Amend) amended(request.order, request.terms, {}, now, sink);
  } else if (request.asked != Asked::Cancel || !request.overdue) {
    const Reaction reaction =
        refused(request.asked, request.order, request.instrument, answer.error, now, sink);
    if (reaction == Reaction::BadToken)
      outbox.reconnect(Channel::Trading, "the token is no longer accepted");
  }
  return FrameOutcome::Decoded;
}

void KrakenClient::placed(OrderId id, std::string_view venue_id, const Now& now, EventSink& sink) {
  TrackedOrder* order = orders_.find(id);
  if (order == nullptr || venue_id.empty() || !VenueOrderId::fits(venue_id)) {
    sink.on(OrderUnknown{id, UnknownReason::VenueSaysUnknown, times({}, now)});
    return;
  }
  order->venue_id = VenueOrderId(venue_id);
  if (!order->acked) sink.on(OrderAcked{id, order->venue_id, times({}, now)});
  order->acked = true;
}

void KrakenClient::amended(OrderId id, const OrderTerms& terms, WallTime time, const Now& now,
                           EventSink& sink) {
  VenueOrderId venue_id;
  if (TrackedOrder* order = orders_.find(id)) {
    order->price = terms.price;
    order->quantity = terms.quantity;
    venue_id = order->venue_id;
  }
  sink.on(OrderAmended{id, terms, venue_id, times(time, now)});
}

Reaction KrakenClient::refused(Asked asked, OrderId id, InstrumentId instrument,
                               std::string_view error, const Now& now, EventSink& sink) {
  const Meaning meaning = meaning_of(error);
  const bool unknown = meaning.reaction == Reaction::Unknown;
  if (asked == Asked::Cancel) {
    sink.on(CancelRejected{id, unknown ? RejectReason::VenueBusy : meaning.reject, times({}, now)});
    return meaning.reaction;
  }
  if (meaning.reject == RejectReason::RateLimited)
    engine_counters_[instrument.index()].fill(now.instant);
  if (unknown) {
    sink.on(OrderUnknown{id, UnknownReason::VenueSaysUnknown, times({}, now)});
    return meaning.reaction;
  }
  if (asked == Asked::Amend) {
    sink.on(AmendRejected{id, meaning.reject, Text<63>::cut(error), times({}, now)});
    return meaning.reaction;
  }
  if (TrackedOrder* order = orders_.find(id)) order->ended = true;
  sink.on(OrderRejected{id, meaning.reject, Text<63>::cut(error), times({}, now)});
  return meaning.reaction;
}

void KrakenClient::on_subscribed(const Request& request, const StreamAnswer& answer, const Now& now,
                                 EventSink& sink, Outbox& outbox) {
  if (!answer.success) {
    if (executions_stand_) {  // it served, and orders may be out: begin anew
      outbox.reconnect(Channel::Trading, "a private subscription was refused");
      return;
    }
    const Meaning meaning = meaning_of(answer.error);
    requests_.clear_token();
    token_due_ =
        now.instant + (meaning.reject == RejectReason::AuthFailed ? seconds(30) : seconds(2));
    return;
  }
  if (request.asked != Asked::Executions || executions_stand_) return;
  executions_stand_ = true;
  // What happened to them since the last stream broke off was not heard.
  tell_live_unknown(now, sink);
}

void KrakenClient::subscribe_account(const Now& now, Outbox& outbox) {
  executions_sequence_ = balances_sequence_ = 0;
  pending_.push_back({++next_req_id_, Asked::Executions, {}, {}, now.instant});
  outbox.send_text(Channel::Trading, requests_.account("subscribe", "executions", next_req_id_));
  pending_.push_back({++next_req_id_, Asked::Balances, {}, {}, now.instant});
  outbox.send_text(Channel::Trading, requests_.account("subscribe", "balances", next_req_id_));
}

void KrakenClient::tell_live_unknown(const Now& now, EventSink& sink) {
  orders_.each([&](const TrackedOrder& order) {
    if (order.ended || !order.id.valid()) return;
    sink.on(OrderUnknown{order.id, UnknownReason::ConnectionLost, times({}, now)});
  });
}

// Something on the private stream was missed or not understood: whatever lives may have changed.
void KrakenClient::lose_track(const Now& now, EventSink& sink, Outbox& outbox) {
  tell_live_unknown(now, sink);
  if (!ready(Channel::Trading)) return;
  for (const std::string_view channel : {"executions", "balances"}) {
    outbox.send_text(Channel::Trading, requests_.account("unsubscribe", channel, ++next_req_id_));
  }
  subscribe_account(now, outbox);
}

FrameOutcome KrakenClient::on_account_data(json::object& root, bool executions, const Now& now,
                                           EventSink& sink, Outbox& outbox) {
  std::string_view type;
  std::uint64_t sequence = 0;
  if (!text_field(root, "type", type) || (type != "snapshot" && type != "update") ||
      !integer_field(root, "sequence", sequence))
    return FrameOutcome::Malformed;
  std::uint64_t& last = executions ? executions_sequence_ : balances_sequence_;
  const bool gap = type == "update" && last != 0 && sequence != last + 1;
  last = sequence;
  json::array data;
  if (!array_field(root, "data", data)) return FrameOutcome::Malformed;
  for (auto element : data) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return FrameOutcome::Malformed;
    if (executions) {
      ExecutionEntry entry;
      if (!read_execution(object, entry)) return FrameOutcome::Malformed;
      if (!take_execution(entry, type == "snapshot", now, sink)) return FrameOutcome::NumberFault;
    } else {
      BalanceEntry entry;
      if (!read_balance(object, entry)) return FrameOutcome::Malformed;
      take_balance(entry, now, sink);
    }
  }
  // What came is true all the same, so it was taken first.
  if (gap) lose_track(now, sink, outbox);
  return FrameOutcome::Decoded;
}

// Ours, by the venue's id or by the client order id we gave it; null for other people's orders.
TrackedOrder* KrakenClient::order_of(const ExecutionEntry& entry) {
  if (TrackedOrder* order = orders_.find(entry.order_id)) return order;
  const auto id = parse_client_order_id(entry.client_id);
  if (!id) return nullptr;
  TrackedOrder* order = orders_.find(*id);
  if (order == nullptr) {
    // Placed before this start.
    const InstrumentId instrument = symbols_.find(entry.symbol);
    if (!instrument.valid() || !entry.side) return nullptr;
    order = &orders_.add(*id, instrument, *entry.side);
    const Instrument& on = universe_.instrument(instrument);
    const Price price = on.parse_price(entry.limit_price).value_or(Price{});
    const Quantity quantity = on.parse_quantity(entry.order_qty).value_or(Quantity{});
    // What it holds is only told on; an order worth more than all there is holds nothing.
    constexpr Int128 worth_max = Int128{1'000'000'000'000'000};
    if (Int128{price.units} * quantity.units < worth_max * pow10(on.price_scale + on.qty_scale)) {
      order->price = price;
      order->quantity = quantity;
    }
  }
  order->venue_id = VenueOrderId(entry.order_id);
  return order;
}

bool KrakenClient::take_execution(const ExecutionEntry& entry, bool snapshot, const Now& now,
                                  EventSink& sink) {
  TrackedOrder* const order = order_of(entry);
  if (order == nullptr) return take_foreign(entry, snapshot, now, sink);
  if (entry.type == ExecType::Trade) {
    if (!take_fill(*order, entry, now, sink)) return false;
  } else if (!order->acked && entry.state == ExecState::Live) {
    order->acked = true;
    sink.on(OrderAcked{order->id, order->venue_id, times(entry.time, now)});
  }
  if (entry.type == ExecType::Amended) {
    const Instrument& instrument = universe_.instrument(order->instrument);
    const auto price = parse_scaled(entry.limit_price, instrument.price_scale);
    const auto quantity = parse_scaled(entry.order_qty, instrument.qty_scale);
    if (!price || !quantity || *price <= 0 || *quantity <= 0) return false;
    amended(order->id, {{*price}, {*quantity}}, entry.time, now, sink);
  }
  const bool over = entry.state == ExecState::Filled || entry.state == ExecState::Canceled;
  if (!over || order->ended) return true;
  Quantity filled = order->filled;
  if (!entry.cum_qty.empty()) {
    const Instrument& instrument = universe_.instrument(order->instrument);
    const auto told = parse_scaled(entry.cum_qty, instrument.qty_scale);
    if (!told || *told < 0) return false;
    filled = {*told};
  }
  order->ended = true;
  sink.on(OrderEnded{order->id,
                     entry.state == ExecState::Filled ? OrderState::Filled : OrderState::Cancelled,
                     filled, times(entry.time, now)});
  return true;
}

// Of an order that we did not place in this life. Entries are sparse: it is somebody else's where the entry says
// so, or one before it did; and what an entry does not say is not told.
bool KrakenClient::take_foreign(const ExecutionEntry& entry, bool snapshot, const Now& now,
                                EventSink& sink) {
  const bool first = entry.type == ExecType::PendingNew || entry.type == ExecType::New;
  const bool whole = !entry.symbol.empty() && entry.side && entry.type != ExecType::Trade;
  const bool says = !entry.client_id.empty() || (whole && (first || snapshot));
  if (says && !parse_client_order_id(entry.client_id)) foreign_.add(entry.order_id);
  // Those of the snapshot are told on QueryOpenOrders.
  if (snapshot || !foreign_.has(entry.order_id)) return true;
  const InstrumentId instrument = symbols_.find(entry.symbol);
  const bool over = entry.state == ExecState::Filled || entry.state == ExecState::Canceled;
  ForeignOrder told{setup_.venue, VenueOrderId(entry.order_id)};
  told.open = !over;
  if (entry.type == ExecType::Trade && instrument.valid() && entry.side) {
    TrackedOrder order;
    order.instrument = instrument;
    order.side = *entry.side;
    Fill fill;
    if (!read_fill(order, entry, fill)) return false;
    sink.on(ForeignFill{told.venue_order_id, fill, times(entry.time, now)});
  }
  const bool terms = !entry.limit_price.empty() && !entry.order_qty.empty();
  if (instrument.valid() && entry.side && terms) {
    const Instrument& on = universe_.instrument(instrument);
    told.instrument = instrument;
    told.side = *entry.side;
    const auto price = parse_scaled(entry.limit_price, on.price_scale);
    const auto quantity = parse_scaled(entry.order_qty, on.qty_scale);
    const auto filled = parse_scaled(entry.cum_qty, on.qty_scale);
    if (price && quantity) told.terms = {{*price}, {*quantity}};
    if (filled) told.filled = {*filled};
  }
  if (over || (first && whole) || entry.type == ExecType::Amended) sink.on(told);
  return true;
}

bool KrakenClient::take_fill(TrackedOrder& order, const ExecutionEntry& entry, const Now& now,
                             EventSink& sink) {
  Fill fill;
  if (!read_fill(order, entry, fill)) return false;
  if (__builtin_add_overflow(order.filled.units, fill.quantity.units, &order.filled.units))
    return false;
  sink.on(OrderFilled{fill, times(entry.time, now)});
  return true;
}

bool KrakenClient::read_fill(const TrackedOrder& order, const ExecutionEntry& entry,
                             Fill& fill) const {
  const Instrument& instrument = universe_.instrument(order.instrument);
  const auto price = parse_scaled(entry.last_price, instrument.price_scale);
  const auto quantity = parse_scaled(entry.last_qty, instrument.qty_scale);
  if (!price || !quantity || *price <= 0 || *quantity <= 0) return false;
  fill.order = order.id;
  fill.instrument = order.instrument;
  fill.id = FillId(entry.exec_id);
  fill.side = order.side;
  fill.liquidity = entry.liquidity;
  fill.price = {*price};
  fill.quantity = {*quantity};
  fill.fee = entry.fee;
  fill.fee_asset = entry.fee_asset.empty() ? instrument.quote
                                           : universe_.find_asset(asset_name(entry.fee_asset));
  fill.venue_time = entry.time;
  return fill.fee_asset.valid();
}

// What our live orders hold: the balances channel tells totals only.
Decimal KrakenClient::held(AssetId asset) {
  Decimal sum;
  orders_.each([&](const TrackedOrder& order) {
    if (order.ended || !order.acked || order.quantity <= order.filled) return;
    const Instrument& instrument = universe_.instrument(order.instrument);
    const Quantity rest = order.quantity - order.filled;
    if (order.side == Side::Buy && instrument.quote == asset)
      sum += instrument.notional(order.price, rest);
    if (order.side == Side::Sell && instrument.base == asset)
      sum += instrument.quantity_decimal(rest);
  });
  return sum;
}

void KrakenClient::take_balance(const BalanceEntry& entry, const Now& now, EventSink& sink) {
  if (!entry.spot) return;
  const AssetId asset = universe_.find_asset(asset_name(entry.asset));
  if (!asset.valid()) return;  // nothing we trade
  sink.on(BalanceReported{setup_.venue, asset, entry.total, held(asset), times({}, now)});
}

}  // namespace ats::venues::kraken

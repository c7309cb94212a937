// The WebSocket API connection: answers to orders and cancels, and the account's own stream.
#include "venues/binance/client.hpp"

namespace ats::venues::binance {
namespace {

using namespace dom;

constexpr Duration block_without_hint = seconds(60);

bool is_over(std::string_view status) {
  return status == "CANCELED" || status == "EXPIRED" || status == "EXPIRED_IN_MATCH";
}

Text<63> cut(std::string_view message) { return Text<63>::cut(message); }

Duration interval_of(std::string_view name, std::uint64_t count) {
  const auto times = static_cast<std::int64_t>(count < 1'000 ? count : 0);
  if (name == "SECOND") return seconds(1) * times;
  if (name == "MINUTE") return seconds(60) * times;
  if (name == "HOUR") return hours(1) * times;
  if (name == "DAY") return hours(24) * times;
  return {};
}

}  // namespace

FrameOutcome SpotClient::on_trading_text(std::string_view frame, const Now& now, EventSink& sink,
                                         Outbox& outbox) {
  object root;
  if (!document_.parse(frame, root)) {
    outbox.reconnect(Channel::Trading, "unreadable frame");
    return FrameOutcome::Malformed;
  }
  object event;
  if (get(root, "event", event)) return on_account_event(event, now, sink, outbox);
  if (has(root, "e")) return on_account_event(root, now, sink, outbox);
  if (has(root, "status")) return on_answer(root, now, sink, outbox);
  return FrameOutcome::UnknownKind;
}

bool SpotClient::read_fill(const object& from, const FillKeys& keys, const Instrument& instrument,
                           Fill& fill) const {
  std::uint64_t id = 0;
  std::string_view asset;
  if (!get(from, keys.id, id) || !get(from, keys.price, instrument, fill.price) ||
      !get(from, keys.quantity, instrument, fill.quantity) || !get(from, keys.fee, fill.fee)) {
    return false;
  }
  fill.instrument = instrument.id;
  fill.id = FillId(std::to_string(id));
  fill.fee_asset = instrument.quote;
  if (fill.fee.is_zero()) return true;
  if (!get(from, keys.fee_asset, asset)) return false;
  fill.fee_asset = universe_.find_asset(asset);
  // A fee in an asset that we keep no books of (neither side of the pair, nor BNB) cannot be booked.
  return fill.fee_asset.valid();
}

// --- answers ---

void SpotClient::note_limits(const object& answer, const Now& now) {
  array limits;
  if (!get(answer, "rateLimits", limits)) return;
  for (const element item : limits) {
    object limit;
    std::string_view type;
    std::string_view interval;
    std::uint64_t count = 0;
    std::uint64_t most = 0;
    std::uint64_t used = 0;
    if (item.get_object().get(limit) != simdjson::SUCCESS || !get(limit, "rateLimitType", type) ||
        !get(limit, "interval", interval) || !get(limit, "intervalNum", count) ||
        !get(limit, "limit", most) || !get(limit, "count", used)) {
      continue;
    }
    const Duration length = interval_of(interval, count);
    if (type == "REQUEST_WEIGHT") budget_.told_weight(length, used, most, venue_time(now));
    if (type == "ORDERS") budget_.told_orders(length, used, most, venue_time(now));
  }
  note_budget();
}

FrameOutcome SpotClient::on_answer(const object& answer, const Now& now, EventSink& sink,
                                   Outbox& outbox) {
  std::uint64_t id = 0;
  std::uint64_t status = 0;
  if (!get(answer, "status", status) || status > 999) {
    outbox.reconnect(Channel::Trading, "answer without status");
    return FrameOutcome::Malformed;
  }
  note_limits(answer, now);
  if (!get(answer, "id", id)) {
    // About no request: the key was revoked, or what we sent could not be read.
    outbox.reconnect(Channel::Trading, "the venue refused the connection's requests");
    return FrameOutcome::Decoded;
  }
  InFlight* found = find_request(id);
  if (found == nullptr) return FrameOutcome::Ignored;  // too late, see has_room
  const InFlight request = *found;
  *found = {};
  const bool about_order = request.what == Asked::Place || request.what == Asked::Cancel;
  if (about_order && status >= 500) {
    routes_.failed(OrderRoute::Stream, now.instant);
  } else if (about_order && !request.overdue) {
    routes_.answered(OrderRoute::Stream, now.instant - request.sent, now.instant);
  }
  if (status != 200) {
    on_refused(request, answer, static_cast<int>(status), now, sink, outbox);
    return FrameOutcome::Decoded;
  }
  object result;
  bool understood = get(answer, "result", result);
  switch (request.what) {
    case Asked::Nothing:
      break;
    case Asked::SubscribeAccount:
      subscribing_ = false;
      account_open_ = true;
      return FrameOutcome::Decoded;
    case Asked::Place:
      understood = understood && on_placed(request, result, now, sink);
      break;
    case Asked::Cancel:
      understood = understood && on_cancelled(request, result, now, sink);
      break;
  }
  if (understood) return FrameOutcome::Decoded;
  // Something happened to the order; what, only a question tells.
  sink.on(OrderUnknown{request.order, UnknownReason::VenueSaysUnknown, {{}, now.instant}});
  return FrameOutcome::Malformed;
}

bool SpotClient::on_placed(const InFlight& request, const object& result, const Now& now,
                           EventSink& sink) {
  const Instrument& instrument = universe_.instrument(request.instrument);
  std::uint64_t id = 0;
  std::string_view status;
  std::string_view side;
  Times times{{}, now.instant};
  if (!get(result, "orderId", id)) return false;
  get(result, "transactTime", times.venue_time);
  sink.on(OrderAcked{request.order, VenueOrderId(std::to_string(id)), times});

  array fills;
  Quantity executed;
  if (!get(result, "status", status) || !get(result, "side", side) ||
      !get(result, "fills", fills) || !get(result, "executedQty", instrument, executed)) {
    return false;
  }
  constexpr FillKeys keys{"price", "qty", "commission", "commissionAsset", "tradeId"};
  for (const element item : fills) {
    object fields;
    Fill fill;
    if (item.get_object().get(fields) != simdjson::SUCCESS ||
        !read_fill(fields, keys, instrument, fill)) {
      return false;
    }
    fill.order = request.order;
    fill.side = side == "BUY" ? Side::Buy : Side::Sell;
    fill.liquidity = Liquidity::Taker;  // filled on arrival
    fill.venue_time = times.venue_time;
    sink.on(OrderFilled{fill, times});
  }
  if (status == "FILLED") {
    sink.on(OrderEnded{request.order, OrderState::Filled, executed, times});
  } else if (is_over(status)) {
    sink.on(OrderEnded{request.order, OrderState::Cancelled, executed, times});
  } else if (status == "REJECTED") {
    sink.on(OrderRejected{request.order, RejectReason::Other, "REJECTED", times});
  }
  return true;
}

bool SpotClient::on_cancelled(const InFlight& request, const object& result, const Now& now,
                              EventSink& sink) {
  const Instrument& instrument = universe_.instrument(request.instrument);
  std::string_view status;
  Quantity executed;
  Times times{{}, now.instant};
  if (!get(result, "status", status) || !get(result, "executedQty", instrument, executed)) {
    return false;
  }
  get(result, "transactTime", times.venue_time);
  if (!is_over(status)) return false;
  sink.on(OrderEnded{request.order, OrderState::Cancelled, executed, times});
  return true;
}

void SpotClient::on_refused(const InFlight& request, const object& answer, int status,
                            const Now& now, EventSink& sink, Outbox& outbox) {
  object error;
  object data;
  std::int64_t code = 0;
  std::string_view message;
  const bool explained = get(answer, "error", error);
  if (explained) {
    get(error, "code", code);
    get(error, "msg", message);
  }
  const ErrorMeaning meaning = meaning_of(status, code, message);
  if (code == -1015) {
    budget_.orders_refused(venue_time(now));
  } else if (status == 429 || status == 418) {
    WallTime until = venue_time(now) + block_without_hint;
    if (explained && get(error, "data", data)) get(data, "retryAfter", until);  // the venue's clock
    budget_.block_until(until);
  }
  if (meaning.clock_skewed) ask_time(now, outbox);

  if (request.what == Asked::SubscribeAccount) {
    subscribing_ = false;
    if (code == -2035) {  // it stands already
      account_open_ = true;
    } else if (!meaning.clock_skewed || subscription_refused_) {
      outbox.reconnect(Channel::Trading, "account stream refused");
    }
    subscription_refused_ = true;  // a skewed clock is asked for, and its answer tries again
    return;
  }
  refuse(request, meaning, message, now, sink);
}

void SpotClient::refuse(const InFlight& request, const ErrorMeaning& meaning,
                        std::string_view message, const Now& now, EventSink& sink) {
  const Times times{{}, now.instant};
  switch (request.what) {
    case Asked::Nothing:
    case Asked::SubscribeAccount:
      return;
    case Asked::Place:
      if (meaning.fate == Fate::Unknown) {
        sink.on(OrderUnknown{request.order, UnknownReason::VenueSaysUnknown, times});
      } else {
        sink.on(OrderRejected{request.order, meaning.reason, cut(message), times});
      }
      return;
    case Asked::Cancel:
      if (meaning.fate == Fate::Unknown) {
        sink.on(OrderUnknown{request.order, UnknownReason::VenueSaysUnknown, times});
      } else {
        sink.on(CancelRejected{request.order, meaning.reason, times});
      }
      return;
  }
}

// --- the account's stream ---

FrameOutcome SpotClient::on_account_event(const object& event, const Now& now, EventSink& sink,
                                          Outbox& outbox) {
  std::string_view kind;
  if (!get(event, "e", kind)) {
    outbox.reconnect(Channel::Trading, "unreadable event");
    return FrameOutcome::Malformed;
  }
  if (kind == "executionReport" || kind == "outboundAccountPosition") {
    const FrameOutcome outcome =
        kind == "executionReport" ? on_execution(event, now, sink) : on_position(event, now, sink);
    if (outcome == FrameOutcome::Malformed) {
      outbox.reconnect(Channel::Trading, "unreadable event");
    }
    return outcome;
  }
  if (kind == "eventStreamTerminated" || kind == "serverShutdown") {
    outbox.reconnect(Channel::Trading, kind);
    return FrameOutcome::Decoded;
  }
  // balanceUpdate comes with a position, which says the same in absolute numbers.
  const bool known =
      kind == "balanceUpdate" || kind == "listStatus" || kind == "externalLockUpdate";
  return known ? FrameOutcome::Ignored : FrameOutcome::UnknownKind;
}

FrameOutcome SpotClient::on_execution(const object& event, const Now& now, EventSink& sink) {
  std::string_view symbol, client_id, original_id, execution, status, side;
  std::uint64_t id = 0;
  Times times{{}, now.instant};
  if (!get(event, "s", symbol) || !get(event, "c", client_id) || !get(event, "x", execution) ||
      !get(event, "X", status) || !get(event, "S", side) || !get(event, "i", id) ||
      !get(event, "T", times.venue_time)) {
    return FrameOutcome::Malformed;
  }
  // A cancel has an id of its own, and names the order's beside it.
  if (get(event, "C", original_id) && !original_id.empty()) client_id = original_id;
  const VenueOrderId venue_order_id(std::to_string(id));
  const auto order = parse_client_order_id(client_id);
  const Instrument* instrument = instrument_of(symbol);
  Fill fill;
  fill.side = side == "BUY" ? Side::Buy : Side::Sell;
  const auto read_trade = [&] {
    constexpr FillKeys keys{"L", "l", "n", "N", "t"};
    bool maker = false;
    if (!read_fill(event, keys, *instrument, fill) || !get(event, "m", maker)) return false;
    fill.liquidity = maker ? Liquidity::Maker : Liquidity::Taker;
    fill.venue_time = times.venue_time;
    return true;
  };
  if (!order) {
    if (execution == "TRADE" && instrument != nullptr && read_trade())
      sink.on(ForeignFill{venue_order_id, fill, times});
    ForeignOrder other{setup_.venue, venue_order_id};
    other.open = status == "NEW" || status == "PARTIALLY_FILLED" || status == "PENDING_NEW";
    tell_foreign(other, event, {"p", "q", "z"}, instrument, fill.side, sink);
    return FrameOutcome::Decoded;
  }
  if (instrument == nullptr) return FrameOutcome::UnknownSymbol;

  if (execution == "NEW") {
    sink.on(OrderAcked{*order, venue_order_id, times});
  } else if (execution == "TRADE") {
    fill.order = *order;
    if (!read_trade()) {
      sink.on(OrderUnknown{*order, UnknownReason::VenueSaysUnknown, times});
      return FrameOutcome::Malformed;
    }
    sink.on(OrderFilled{fill, times});
  }
  if (status == "REJECTED") {
    std::string_view reason;
    get(event, "r", reason);
    sink.on(OrderRejected{*order, RejectReason::Other, cut(reason), times});
  } else if (status == "FILLED" || is_over(status)) {
    Quantity filled;
    if (!get(event, "z", *instrument, filled)) {
      sink.on(OrderUnknown{*order, UnknownReason::VenueSaysUnknown, times});
      return FrameOutcome::Malformed;
    }
    sink.on(OrderEnded{*order, status == "FILLED" ? OrderState::Filled : OrderState::Cancelled,
                       filled, times});
  }
  return FrameOutcome::Decoded;
}

// What cannot be read of it is not told; that it is there is.
void SpotClient::tell_foreign(ForeignOrder order, const object& from, const TermsKeys& keys,
                              const Instrument* instrument, Side side, EventSink& sink) {
  if (instrument != nullptr) {
    order.instrument = instrument->id;
    order.side = side;
    OrderTerms terms;
    if (get(from, keys.price, *instrument, terms.price) &&
        get(from, keys.quantity, *instrument, terms.quantity))
      order.terms = terms;
    get(from, keys.filled, *instrument, order.filled);
  }
  sink.on(order);
}

FrameOutcome SpotClient::on_position(const object& event, const Now& now, EventSink& sink) {
  array balances;
  Times times{{}, now.instant};
  if (!get(event, "E", times.venue_time) || !get(event, "B", balances)) {
    return FrameOutcome::Malformed;
  }
  for (const element item : balances) {
    object balance;
    std::string_view name;
    Decimal free;
    Decimal locked;
    if (item.get_object().get(balance) != simdjson::SUCCESS || !get(balance, "a", name) ||
        !get(balance, "f", free) || !get(balance, "l", locked)) {
      return FrameOutcome::Malformed;
    }
    const auto total = free.checked_add(locked);
    if (!total) return FrameOutcome::NumberFault;
    const AssetId asset = universe_.find_asset(name);
    if (asset.valid()) sink.on(BalanceReported{setup_.venue, asset, *total, locked, times});
  }
  return FrameOutcome::Decoded;
}

}  // namespace ats::venues::binance

// What REST answers mean: queries of the core's, snapshots, the venue's clock.
#include <algorithm>
#include <charconv>

#include "venues/binance/client.hpp"

namespace ats::venues::binance {
namespace {

using namespace dom;

constexpr Duration block_without_hint = seconds(60);

// Headers are numbers in text; nothing when they are not.
std::optional<std::uint64_t> number_in(const std::string* text) {
  std::uint64_t number = 0;
  if (text == nullptr) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec != std::errc() || read.ptr != text->data() + text->size()) return std::nullopt;
  return number;
}

// The state of an order by the venue's word; nothing for one we have no state for.
std::optional<OrderState> state_of(std::string_view status) {
  if (status == "NEW" || status == "PENDING_NEW" || status == "PENDING_CANCEL") {
    return OrderState::Acked;
  }
  if (status == "PARTIALLY_FILLED") return OrderState::PartlyFilled;
  if (status == "FILLED") return OrderState::Filled;
  if (status == "CANCELED" || status == "EXPIRED" || status == "EXPIRED_IN_MATCH") {
    return OrderState::Cancelled;
  }
  if (status == "REJECTED") return OrderState::Rejected;
  return std::nullopt;
}

VenueOrderId order_id_text(std::uint64_t id) { return VenueOrderId(std::to_string(id)); }

}  // namespace

void SpotClient::note_headers(const HttpResponse& response, const Now& now) {
  const WallTime time = venue_time(now);
  if (const auto used = number_in(response.header("X-MBX-USED-WEIGHT-1M"))) {
    budget_.told_weight(seconds(60), *used, 0, time);
  }
  if (response.status == 429 || response.status == 418) {
    const auto wait = number_in(response.header("Retry-After"));
    const Duration pause =
        wait ? seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*wait, 7 * 86'400)))
             : block_without_hint;
    budget_.block_until(time + pause);
  }
  note_budget();
}

void SpotClient::on_response(RestTag tag, const HttpResponse& response, const Now& now,
                             EventSink& sink, Outbox& outbox) {
  const auto at = std::ranges::find(calls_, tag, &RestCall::tag);
  if (at == calls_.end()) return;
  const RestCall call = *at;
  calls_.erase(at);
  ++counters_.rest_answers;
  note_headers(response, now);
  // A book takes its own time; the others are as small as an order's answer.
  if (response.status >= 500) {
    routes_.failed(OrderRoute::Rest, now.instant);
  } else if (call.call == Call::Place || call.call == Call::Cancel) {
    routes_.answered(OrderRoute::Rest, now.instant - call.asked, now.instant);
  } else if (call.call != Call::Depth) {
    routes_.hint(now.instant - call.asked, now.instant);
  }
  if (call.call == Call::Time) clock_asked_ = false;
  if (response.status != 200) {
    ++counters_.rest_errors;
    on_error(call, response, now, sink, outbox);
  } else if (!on_body(call, response.body, now, sink, outbox)) {
    ++counters_.rest_errors;
    fail(call, now, sink);
  }
  if (call.call == Call::Time) subscribe_account(now, outbox);
}

void SpotClient::on_rest_failed(RestTag tag, TransportError error, const Now& now, EventSink& sink,
                                Outbox& outbox) {
  const auto at = std::ranges::find(calls_, tag, &RestCall::tag);
  if (at == calls_.end()) return;
  const RestCall call = *at;
  calls_.erase(at);
  ++counters_.rest_errors;
  routes_.failed(OrderRoute::Rest, now.instant);
  if (call.call == Call::Place && error == TransportError::NotSent) {
    sink.on(OrderNotSent{call.order});
  } else if (call.call == Call::Cancel && error == TransportError::NotSent) {
    sink.on(CancelRejected{call.order, RejectReason::VenueBusy, {{}, now.instant}});
  } else {
    fail(call, now, sink);
  }
  if (call.call == Call::Time) {
    clock_asked_ = false;
    subscribe_account(now, outbox);  // with the clock we have
  }
}

// A failed query is not an empty answer, and an order without one is Unknown.
void SpotClient::fail(const RestCall& call, const Now& now, EventSink& sink) {
  switch (call.call) {
    case Call::Place:
    case Call::Cancel:
      sink.on(OrderUnknown{call.order, UnknownReason::TimedOut, {{}, now.instant}});
      break;
    case Call::Time:
      break;
    case Call::Depth:
      sink.on(BookFault{call.instrument, setup_.venue, BookFaultReason::SnapshotFailed});
      break;
    case Call::Order:
    case Call::OrderFills:
    case Call::OpenOrders:
    case Call::Account:
      sink.on(QueryFailed{call.order});
      break;
  }
}

void SpotClient::on_error(const RestCall& call, const HttpResponse& response, const Now& now,
                          EventSink& sink, Outbox& outbox) {
  object fields;
  std::int64_t code = 0;
  std::string_view message;
  if (document_.parse(response.body, fields)) {
    get(fields, "code", code);
    get(fields, "msg", message);
  }
  const ErrorMeaning meaning = meaning_of(response.status, code, message);
  if (meaning.clock_skewed) ask_time(now, outbox);
  if (call.call == Call::Place || call.call == Call::Cancel) {
    if (code == -1015) budget_.orders_refused(venue_time(now));
    const Asked what = call.call == Call::Place ? Asked::Place : Asked::Cancel;
    refuse({0, what, false, call.order, call.instrument, call.asked}, meaning, message, now, sink);
  } else if (call.call == Call::Order && meaning.fate == Fate::NotThere) {
    sink.on(OrderNotFound{call.order, {{}, now.instant}});
  } else {
    fail(call, now, sink);
  }
}

bool SpotClient::on_body(const RestCall& call, std::string_view body, const Now& now,
                         EventSink& sink, Outbox& outbox) {
  if (call.call == Call::Depth) {
    // Raises the fault itself.
    ++counters_.frames[static_cast<std::size_t>(
        decoder_.on_depth_body(call.instrument, body, now.instant, sink))];
    return true;
  }
  element root;
  object fields;
  array rows;
  if (!document_.parse(body, root)) return false;
  const bool is_object = root.get_object().get(fields) == simdjson::SUCCESS;
  const bool is_array = root.get_array().get(rows) == simdjson::SUCCESS;
  switch (call.call) {
    case Call::Depth:
      return false;
    case Call::Time:
      return is_object && on_time(call, fields, now);
    case Call::Order:
      return is_object && on_order(call, fields, now, sink, outbox);
    case Call::OrderFills:
      return is_array && on_fills(call, rows, now, sink);
    case Call::OpenOrders:
      return is_array && on_open_orders(rows, now, sink, outbox);
    case Call::Account:
      return is_object && on_account(call, fields, now, sink);
    case Call::Place:
      return is_object &&
             on_placed({0, Asked::Place, false, call.order, call.instrument, call.asked}, fields,
                       now, sink);
    case Call::Cancel:
      return is_object &&
             on_cancelled({0, Asked::Cancel, false, call.order, call.instrument, call.asked},
                          fields, now, sink);
  }
  return false;
}

bool SpotClient::on_time(const RestCall& call, const object& fields, const Now& now) {
  WallTime server;
  if (!get(fields, "serverTime", server)) return false;
  // The venue read its clock about half-way between our sending and receiving.
  const std::int64_t middle = call.sent.ns_utc + (now.wall - call.sent).ns / 2;
  clock_offset_ms_ = (server.ns_utc - middle) / 1'000'000;
  clock_known_ = now.instant;
  return true;
}

bool SpotClient::on_order(const RestCall& call, const object& fields, const Now& now,
                          EventSink& sink, Outbox& outbox) {
  const Instrument* instrument = instrument_of(call.instrument);
  std::uint64_t id = 0;
  std::string_view status;
  OrderFound found;
  found.order = call.order;
  found.instrument = call.instrument;
  found.times.recv_time = now.instant;
  if (instrument == nullptr || !get(fields, "orderId", id) || !get(fields, "status", status) ||
      !get(fields, "executedQty", *instrument, found.filled)) {
    return false;
  }
  get(fields, "updateTime", found.times.venue_time);
  found.venue_order_id = order_id_text(id);
  const auto state = state_of(status);
  if (!state) return false;
  found.state = *state;
  if (*state == OrderState::Rejected) {
    sink.on(OrderRejected{call.order, RejectReason::Other, "REJECTED", found.times});
    return true;
  }
  if (found.filled.is_zero() || setup_.cancel_only) {
    sink.on(found);
    return true;
  }
  // Its fills come first.
  return ask_fills(call, found, now, outbox) == SendOutcome::Sent;
}

bool SpotClient::on_fills(const RestCall& call, const array& rows, const Now& now,
                          EventSink& sink) {
  const Instrument* instrument = instrument_of(call.instrument);
  if (instrument == nullptr) return false;
  constexpr FillKeys keys{"price", "qty", "commission", "commissionAsset", "id"};
  Quantity sum;
  for (const element row : rows) {
    object fields;
    Fill fill;
    std::uint64_t order = 0;
    bool buyer = false;
    bool maker = false;
    if (row.get_object().get(fields) != simdjson::SUCCESS || !get(fields, "orderId", order) ||
        order_id_text(order) != call.found.venue_order_id || !get(fields, "isBuyer", buyer) ||
        !get(fields, "isMaker", maker) || !get(fields, "time", fill.venue_time) ||
        !read_fill(fields, keys, *instrument, fill)) {
      return false;
    }
    fill.order = call.order;
    fill.side = buyer ? Side::Buy : Side::Sell;
    fill.liquidity = maker ? Liquidity::Maker : Liquidity::Taker;
    sum += fill.quantity;
    sink.on(OrderFilled{fill, {fill.venue_time, now.instant}});
  }
  // The list of trades may lag behind the order; then the core asks again.
  if (sum < call.found.filled) return false;
  OrderFound found = call.found;
  found.times.recv_time = now.instant;
  if (sum > found.filled) {  // filled on between the two answers
    found.filled = sum;
    if (!is_final(found.state)) found.state = OrderState::PartlyFilled;
  }
  sink.on(found);
  return true;
}

bool SpotClient::on_open_orders(const array& rows, const Now& now, EventSink& sink,
                                Outbox& outbox) {
  std::uint32_t ours = 0;
  for (const element row : rows) {
    object fields;
    std::string_view client_id;
    std::string_view symbol;
    std::uint64_t id = 0;
    if (row.get_object().get(fields) != simdjson::SUCCESS ||
        !get(fields, "clientOrderId", client_id) || !get(fields, "symbol", symbol) ||
        !get(fields, "orderId", id)) {
      return false;
    }
    const auto order = parse_client_order_id(client_id);
    const Instrument* instrument = instrument_of(symbol);
    if (!order || instrument == nullptr) {
      std::string_view side;
      if (!get(fields, "side", side)) instrument = nullptr;
      tell_foreign({setup_.venue, order_id_text(id)}, fields, {"price", "origQty", "executedQty"},
                   instrument, side == "BUY" ? Side::Buy : Side::Sell, sink);
      continue;
    }
    RestCall call;
    call.call = Call::Order;
    call.order = *order;
    call.instrument = instrument->id;
    ++ours;
    if (!on_order(call, fields, now, sink, outbox)) fail(call, now, sink);
  }
  sink.on(OpenOrdersComplete{setup_.venue, ours, {{}, now.instant}});
  return true;
}

bool SpotClient::on_account(const RestCall& call, const object& fields, const Now& now,
                            EventSink& sink) {
  array balances;
  if (!get(fields, "balances", balances)) return false;
  Times times{{}, now.instant};
  get(fields, "updateTime", times.venue_time);
  // All or nothing: a balance left out would be taken for zero.
  for (const bool tell : {false, true}) {
    for (const element item : balances) {
      object balance;
      std::string_view name;
      Decimal free;
      Decimal locked;
      if (item.get_object().get(balance) != simdjson::SUCCESS || !get(balance, "asset", name) ||
          !get(balance, "free", free) || !get(balance, "locked", locked)) {
        return false;
      }
      const auto total = free.checked_add(locked);
      if (!total) return false;
      const AssetId asset = universe_.find_asset(name);
      if (tell && asset.valid()) {
        sink.on(BalanceReported{setup_.venue, asset, *total, locked, times});
      }
    }
  }
  sink.on(BalancesComplete{setup_.venue, times, call.asked});
  on_fees(fields, sink);
  return true;
}

// The account's own rates, where they are not those last told.
void SpotClient::on_fees(const object& account, EventSink& sink) {
  object rates;
  Decimal maker;
  Decimal taker;
  if (!get(account, "commissionRates", rates) || !get(rates, "maker", maker) ||
      !get(rates, "taker", taker)) {
    return;
  }
  const auto maker_ppb = maker.to_scaled(9);
  const auto taker_ppb = taker.to_scaled(9);
  if (!maker_ppb || !taker_ppb) return;
  if (maker_fee_.ppb == *maker_ppb && taker_fee_.ppb == *taker_ppb) return;
  maker_fee_ = {*maker_ppb};
  taker_fee_ = {*taker_ppb};
  for (const InstrumentId id : setup_.instruments) {
    Instrument instrument = universe_.instrument(id);
    instrument.fees.maker = maker_fee_;
    instrument.fees.taker = taker_fee_;
    sink.on(InstrumentChanged{instrument});
  }
}

}  // namespace ats::venues::binance

// Questions and orders over REST, and what becomes of their answers.
#include <algorithm>
#include <charconv>

#include "venues/coinbase/client.hpp"
#include "venues/percent.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr Duration answer_max = seconds(5);
constexpr Duration retry_after = seconds(2);
constexpr Duration fees_every = seconds(3600);
constexpr Duration limited = seconds(1);  // after a 429 that names no time
constexpr Duration limited_max = seconds(60);
constexpr Duration fills_first_wait = milliseconds(250);  // they come a little after the count
constexpr Duration fills_last_wait = seconds(8);
constexpr Duration listed_before =
    seconds(60);  // how far clocks may be apart when a list is searched
constexpr int pages_max = 20;

// The second of the epoch, or the seconds to wait, when x-ratelimit-reset is a plain number.
Duration wait_of(const HttpResponse& response, const Now& now) {
  const std::string* const text = response.header("x-ratelimit-reset");
  std::int64_t number = 0;
  if (text == nullptr) return limited;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size() || number < 0)
    return limited;
  const std::int64_t now_seconds = now.wall.ns_utc / 1'000'000'000;
  constexpr std::int64_t no_epoch = 1'000'000'000;
  const std::int64_t wait = number >= no_epoch ? number - now_seconds : number;
  return std::clamp(seconds(std::clamp<std::int64_t>(wait, 0, 3600)), limited, limited_max);
}

}  // namespace

// Signs and sends. False: no budget, nothing left.
bool CoinbaseClient::ask(RestCall call, std::string_view method, std::string_view path,
                         std::string body, std::int64_t reserve, const Now& now, Outbox& outbox) {
  const bool is_public = call.question == Question::Time;
  if (!auth_ && !is_public) return false;
  const bool blocked = now.instant < blocked_until_ && reserve != 0;
  const bool paid = !blocked && (is_public ? public_.take(1, 0, now.instant)
                                           : private_.take(1, reserve, now.instant));
  count_rate(now);
  if (!paid) {
    ++counters_.rate_limited;
    return false;
  }
  HttpRequest request;
  request.method = method;
  request.target.append(brokerage).append(path);
  request.headers = {{"User-Agent", "ats"}};
  if (!is_public) {
    request.headers.push_back(
        {"Authorization", "Bearer " + auth_->rest_token(method, request.target, now.wall)});
  }
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  const RestTag tag = call.tag = ++next_tag_;
  call.sent = now.wall;
  if (call.pages <= 1) call.first_sent = now.instant;
  calls_.push_back(std::move(call));
  outbox.send_rest(tag, request, answer_max);
  return true;
}

bool CoinbaseClient::ask_page(RestCall call, std::string_view cursor, const Now& now,
                              Outbox& outbox) {
  std::string path = "/orders/historical/batch";
  if (call.question == Question::Fills) path = "/orders/historical/fills";
  if (call.question == Question::Balances) path = "/accounts";
  path += call.query;
  if (!cursor.empty()) path += "&cursor=" + percent_encoded(cursor);
  ++call.pages;
  return ask(std::move(call), "GET", path, {}, query_reserve, now, outbox);
}

void CoinbaseClient::ask_time(const Now& now, Outbox& outbox) {
  if (clock_asked_) return;
  clock_asked_ = ask({}, "GET", "/time", {}, 0, now, outbox);
  if (!clock_asked_) clock_due_ = now.instant + retry_after;
}

void CoinbaseClient::ask_fees(const Now& now, Outbox& outbox) {
  RestCall call;
  call.question = Question::Fees;
  if (!ask(std::move(call), "GET", "/transaction_summary", {}, query_reserve, now, outbox))
    fees_due_ = now.instant + retry_after;
}

// Of an order whose count has grown on the user channel.
void CoinbaseClient::ask_fills(TrackedOrder& order, const Now& now, Outbox& outbox) {
  if (order.asking || order.venue_id.empty()) return;
  RestCall call;
  call.order = order.id;
  call.instrument = order.instrument;
  call.venue_id = order.venue_id;
  order.asking = ask_fills_of(std::move(call), now, outbox);
  if (!order.asking) order.ask_at = now.instant + fills_first_wait;
}

bool CoinbaseClient::ask_fills_of(RestCall call, const Now& now, Outbox& outbox) {
  call.question = Question::Fills;
  call.query = "?order_ids=" + percent_encoded(call.venue_id.view()) + "&limit=250";
  call.pages = 0;
  return ask_page(std::move(call), {}, now, outbox);
}

// The list names orders by the venue's ids and ours, newest first.
bool CoinbaseClient::find(RestCall call, const Now& now, Outbox& outbox) {
  const std::string_view product = universe_.instrument(call.instrument).symbol.view();
  call.query = "?product_ids=" + percent_encoded(product) + "&limit=100";
  if (const TrackedOrder* known = orders_.find(call.order);
      known != nullptr && known->placed.told()) {
    const WallTime from{known->placed.ns_utc - listed_before.ns};
    call.query += "&start_date=" + percent_encoded(format_rfc3339(from));
  }
  return ask_page(std::move(call), {}, now, outbox);
}

std::optional<CoinbaseClient::RestCall> CoinbaseClient::take_call(RestTag tag) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [tag](const RestCall& call) { return call.tag == tag; });
  if (found == calls_.end()) return std::nullopt;
  RestCall call = std::move(*found);
  calls_.erase(found);
  return call;
}

void CoinbaseClient::on_response(RestTag tag, const HttpResponse& response, const Now& now,
                                 EventSink& sink, Outbox& outbox) {
  auto call = take_call(tag);
  if (!call) return;
  ++counters_.rest_answers;
  if (call->question == Question::Time) clock_asked_ = false;
  if (response.status != 200) {
    ++counters_.rest_errors;
    refused(*call, response, now, sink, outbox);
  } else if (!answered(*call, response.body, now, sink, outbox)) {
    ++counters_.rest_errors;
    failed(*call, UnknownReason::VenueSaysUnknown, now, sink);
  }
  if (call->question == Question::Time) subscribe_user(now, outbox);
}

void CoinbaseClient::on_rest_failed(RestTag tag, TransportError error, const Now& now,
                                    EventSink& sink, Outbox& outbox) {
  const auto call = take_call(tag);
  if (!call) return;
  ++counters_.rest_errors;
  if (call->question == Question::Time) {
    clock_asked_ = false;
    subscribe_user(now, outbox);  // with the clock we have
  } else if (call->question == Question::Place && error == TransportError::NotSent) {
    if (TrackedOrder* order = orders_.find(call->order)) order->ended = true;
    sink.on(OrderNotSent{call->order});
  } else {
    failed(
        *call,
        error == TransportError::TimedOut ? UnknownReason::TimedOut : UnknownReason::ConnectionLost,
        now, sink);
  }
}

void CoinbaseClient::failed(const RestCall& call, UnknownReason why, const Now& now,
                            EventSink& sink) {
  switch (call.question) {
    case Question::Time:
      break;
    case Question::Place:
      sink.on(OrderUnknown{call.order, why, times({}, now)});
      break;
    case Question::Cancel:
      sink.on(CancelRejected{call.order, RejectReason::VenueBusy, times({}, now)});
      break;
    case Question::Order:
    case Question::Find:
      if (call.then_cancel)
        sink.on(CancelRejected{call.order, RejectReason::VenueBusy, times({}, now)});
      else
        sink.on(QueryFailed{call.order});
      break;
    case Question::Fills:
      if (call.foreign) {
        foreign_fills_failed(call, now);
      } else if (call.asked) {
        sink.on(QueryFailed{call.order});
      } else if (TrackedOrder* order = orders_.find(call.order)) {
        order->asking = false;
        order->ask_at = now.instant + retry_after;
      }
      break;
    case Question::OpenOrders:
      open_orders_due_ = now.instant + retry_after;
      break;
    case Question::Balances:
      break;  // the core asks again
    case Question::Fees:
      fees_due_ = now.instant + limited_max;
      break;
  }
}

// Any status but 200.
void CoinbaseClient::refused(const RestCall& call, const HttpResponse& response, const Now& now,
                             EventSink& sink, Outbox& outbox) {
  std::string error;
  std::string message;
  read_error(json_, response.body, error, message);
  const Meaning meaning = meaning_of_answer(response.status, error, message);
  if (meaning.reject == RejectReason::RateLimited) {
    private_.drain(now.instant);
    blocked_until_ = now.instant + wait_of(response, now);
  }
  // A token is refused when clocks are apart; the next one is made with the venue's.
  if (response.status == 401) ask_time(now, outbox);
  if (call.question == Question::Place && meaning.reaction != Reaction::Unknown) {
    if (TrackedOrder* order = orders_.find(call.order)) order->ended = true;
    const std::string& words = message.empty() ? error : message;
    sink.on(OrderRejected{call.order, meaning.reject, Text<63>::cut(words), times({}, now)});
  } else if (call.question == Question::Cancel && meaning.reaction != Reaction::Unknown) {
    sink.on(CancelRejected{call.order, meaning.reject, times({}, now)});
  } else if (call.question == Question::Order && meaning.reaction == Reaction::NotThere) {
    sink.on(OrderNotFound{call.order, times({}, now)});
  } else {
    failed(call, UnknownReason::VenueSaysUnknown, now, sink);
  }
}

bool CoinbaseClient::answered(RestCall& call, std::string_view body, const Now& now,
                              EventSink& sink, Outbox& outbox) {
  json::object root;
  if (!json_.open(body, root)) return false;
  switch (call.question) {
    case Question::Time:
      return on_time(call, root, now);
    case Question::Place:
      return on_placed(call, root, now, sink);
    case Question::Cancel:
      return on_cancelled(call, root, now, sink);
    case Question::Order: {
      json::object object;
      OrderRow row;
      return object_field(root, "order", object) && read_rest_order(object, row) &&
             on_found(call, row, now, sink, outbox);
    }
    case Question::Find:
    case Question::OpenOrders:
      return on_list(call, root, now, sink, outbox);
    case Question::Fills:
      return on_fills(call, root, now, sink, outbox);
    case Question::Balances:
      return on_balances(call, root, now, sink, outbox);
    case Question::Fees:
      return on_fees(root, now, sink);
  }
  return false;
}

bool CoinbaseClient::on_time(const RestCall& call, json::object& root, const Now& now) {
  std::int64_t millis = 0;
  constexpr std::int64_t year_2200 = 7'258'118'400'000;
  if (!auth_ || !integer_field(root, "epochMillis", millis) || millis <= 0 || millis > year_2200)
    return false;
  // The venue read its clock about half-way between our sending and receiving.
  const WallTime middle{call.sent.ns_utc + (now.wall - call.sent).ns / 2};
  auth_->set_clock_offset(wall_from_ms(millis) - middle);
  return true;
}

bool CoinbaseClient::on_placed(const RestCall& call, json::object& root, const Now& now,
                               EventSink& sink) {
  bool success = false;
  if (!bool_field(root, "success", success)) return false;
  TrackedOrder& order = tracked(call.order, call.instrument);
  json::object part;
  std::string_view text;
  if (success) {
    if (!object_field(root, "success_response", part) || !text_field(part, "order_id", text) ||
        text.empty() || !VenueOrderId::fits(text))
      return false;
    order.venue_id = VenueOrderId(text);
    if (!order.acked) sink.on(OrderAcked{call.order, order.venue_id, times({}, now)});
    order.acked = true;
    return true;
  }
  std::string message;
  Meaning meaning{Reaction::Unknown, RejectReason::Other};
  if (object_field(root, "error_response", part)) {
    // The first that names a reason.
    for (const std::string_view key :
         {"error", "new_order_failure_reason", "preview_failure_reason"}) {
      if (meaning.reaction == Reaction::Unknown && text_field(part, key, text))
        meaning = meaning_of_reason(text);
    }
    for (const std::string_view key : {"message", "error"}) {
      if (message.empty() && text_field(part, key, text)) message = text;
    }
  }
  if (meaning.reaction == Reaction::Unknown) return false;
  order.ended = true;
  sink.on(OrderRejected{call.order, meaning.reject, Text<63>::cut(message), times({}, now)});
  return true;
}

// Taking back is under way then; that it is done, the user channel tells.
bool CoinbaseClient::on_cancelled(const RestCall& call, json::object& root, const Now& now,
                                  EventSink& sink) {
  json::array results;
  if (!array_field(root, "results", results)) return false;
  for (auto element : results) {
    json::object result;
    bool success = false;
    std::string_view text;
    if (element.get_object().get(result) != simdjson::SUCCESS ||
        !bool_field(result, "success", success))
      return false;
    if (success) return true;
    if (!text_field(result, "failure_reason", text)) return false;
    if (text != "DUPLICATE_CANCEL_REQUEST")  // that one is under way as well
      sink.on(CancelRejected{call.order, RejectReason::Other, times({}, now)});
    return true;
  }
  return false;
}

TrackedOrder& CoinbaseClient::tracked(OrderId id, InstrumentId instrument) {
  TrackedOrder* const known = orders_.find(id);
  return known != nullptr ? *known : orders_.add(id, instrument);
}

InstrumentId CoinbaseClient::instrument_of(std::string_view product) const {
  return universe_.find_instrument(setup_.venue, product);
}

// Where an order stands. Its fills are told first.
bool CoinbaseClient::on_found(RestCall& call, const OrderRow& row, const Now& now, EventSink& sink,
                              Outbox& outbox) {
  const auto filled = universe_.instrument(call.instrument).parse_quantity(row.filled);
  if (!filled || filled->units < 0 || row.status == OrderStatus::Unclear) return false;
  TrackedOrder& order = tracked(call.order, call.instrument);
  order.venue_id = row.venue_id;
  order.acked = true;
  order.ended = order.ended || row.status != OrderStatus::Live;
  call.venue_id = row.venue_id;
  if (call.then_cancel) {
    if (row.status == OrderStatus::Live &&
        cancel({call.order, call.instrument, row.venue_id}, now, outbox) == SendOutcome::Sent)
      return true;
    return false;
  }
  if (row.status == OrderStatus::Failed && filled->is_zero()) {
    const Meaning meaning = meaning_of_reason(row.reject_reason);
    sink.on(OrderRejected{call.order, meaning.reject, Text<63>::cut(row.reject_reason),
                          times({}, now)});
    return true;
  }
  OrderState state = filled->is_zero() ? OrderState::Acked : OrderState::PartlyFilled;
  if (row.status == OrderStatus::Filled) state = OrderState::Filled;
  if (row.status == OrderStatus::Over || row.status == OrderStatus::Failed)
    state = OrderState::Cancelled;
  call.found = {call.order, row.venue_id, state, *filled, times({}, now), call.instrument};
  if (filled->is_zero() || setup_.cancel_only) {
    sink.on(call.found);
    return true;
  }
  call.asked = true;
  return ask_fills_of(call, now, outbox);
}

bool CoinbaseClient::on_list(RestCall& call, json::object& root, const Now& now, EventSink& sink,
                             Outbox& outbox) {
  json::array orders;
  if (!array_field(root, "orders", orders)) return false;
  std::vector<OrderRow> rows;
  for (auto element : orders) {
    json::object object;
    OrderRow row;
    if (element.get_object().get(object) != simdjson::SUCCESS || !read_rest_order(object, row))
      return false;
    rows.push_back(std::move(row));
  }
  bool has_next = false;
  std::string_view text;
  std::string cursor;
  if (bool_field(root, "has_next", has_next) && has_next && text_field(root, "cursor", text))
    cursor = text;
  // A list that says it goes on, and not where, is cut off.
  if (has_next && cursor.empty() && call.question == Question::OpenOrders) return false;
  has_next = has_next && !cursor.empty() && !rows.empty();
  for (const OrderRow& row : rows) {
    const auto id = parse_client_order_id(row.client_id);
    if (call.question == Question::Find) {
      if (id && *id == call.order) return on_found(call, row, now, sink, outbox);
      continue;
    }
    const InstrumentId instrument = instrument_of(row.product);
    if (!id || !instrument.valid()) {
      take_foreign(row, Heard::List, now, sink, outbox);
      continue;
    }
    ++call.ours;
    RestCall one;
    one.question = Question::Order;
    one.order = *id;
    one.instrument = instrument;
    if (!on_found(one, row, now, sink, outbox))
      failed(one, UnknownReason::VenueSaysUnknown, now, sink);
  }
  if (has_next) {
    if (call.pages >= pages_max) return false;
    return ask_page(call, cursor, now, outbox);
  }
  if (call.question == Question::OpenOrders) {
    sink.on(OpenOrdersComplete{setup_.venue, call.ours, times({}, now)});
    return true;
  }
  if (call.then_cancel)
    sink.on(CancelRejected{call.order, RejectReason::Other, times({}, now)});
  else
    sink.on(OrderNotFound{call.order, times({}, now)});
  return true;
}

bool CoinbaseClient::on_fills(RestCall& call, json::object& root, const Now& now, EventSink& sink,
                              Outbox& outbox) {
  json::array fills;
  if (!array_field(root, "fills", fills)) return false;
  std::size_t count = 0;
  for (auto element : fills) {
    json::object object;
    FillRow row;
    if (element.get_object().get(object) != simdjson::SUCCESS || !read_fill(object, row))
      return false;
    ++count;
    if (row.order == call.venue_id) call.fills.push_back(std::move(row));
  }
  std::string_view cursor;
  if (count != 0 && text_field(root, "cursor", cursor) && !cursor.empty()) {
    if (call.pages >= pages_max) return false;
    const std::string next(cursor);
    return ask_page(call, next, now, outbox);
  }
  return call.foreign ? tell_foreign_fills(call, now, sink) : tell_fills(call, now, sink);
}

// All of an order's fills, oldest first; nothing when one of them makes no sense.
std::optional<std::vector<Fill>> CoinbaseClient::fills_of(const RestCall& call) const {
  const Instrument& instrument = universe_.instrument(call.instrument);
  std::vector<Fill> fills;
  std::int64_t sum = 0;
  for (auto at = call.fills.rbegin(); at != call.fills.rend(); ++at) {
    const FillRow& row = *at;
    const auto price = parse_scaled(row.price, instrument.price_scale);
    const auto quantity = parse_scaled(row.quantity, instrument.qty_scale);
    if (!price || !quantity || *price <= 0 || *quantity <= 0 ||
        __builtin_add_overflow(sum, *quantity, &sum))
      return std::nullopt;
    fills.push_back({call.order,
                     call.instrument,
                     row.id,
                     row.side,
                     row.liquidity,
                     {*price},
                     {*quantity},
                     row.fee,
                     instrument.quote,
                     row.time});
  }
  return fills;
}

// When the core asked they are told whether known or not.
bool CoinbaseClient::tell_fills(const RestCall& call, const Now& now, EventSink& sink) {
  TrackedOrder& order = tracked(call.order, call.instrument);
  const auto fills = fills_of(call);
  if (!fills) return false;
  Quantity sum;
  for (const Fill& fill : *fills) sum += fill.quantity;
  for (const Fill& fill : *fills) {
    const bool known = order.knows(fill.id);
    if (!known) order.told.push_back(fill.id);
    if (!known || call.asked) sink.on(OrderFilled{fill, times(fill.venue_time, now)});
  }
  order.filled = std::max(order.filled, sum);
  if (!call.asked) {
    order.asking = false;
    if (order.filled < order.seen) {
      const Duration wait = fills_first_wait * (std::int64_t{1} << std::min(order.tries++, 5));
      order.ask_at = now.instant + std::min(wait, fills_last_wait);
    }
    return true;
  }
  // The list of fills may lag behind the order; then the core asks again.
  if (sum < call.found.filled) return false;
  OrderFound found = call.found;
  found.times = times({}, now);
  if (sum > found.filled) {  // filled on between the two answers
    found.filled = sum;
    if (!is_final(found.state)) found.state = OrderState::PartlyFilled;
  }
  sink.on(found);
  return true;
}

// All or nothing: a balance left out would be taken for zero.
bool CoinbaseClient::on_balances(RestCall& call, json::object& root, const Now& now,
                                 EventSink& sink, Outbox& outbox) {
  json::array accounts;
  if (!array_field(root, "accounts", accounts)) return false;
  std::size_t count = 0;
  for (auto element : accounts) {
    json::object object;
    WalletRow row;
    if (element.get_object().get(object) != simdjson::SUCCESS || !read_wallet(object, row))
      return false;
    ++count;
    const auto same =
        std::find_if(call.wallets.begin(), call.wallets.end(),
                     [&row](const WalletRow& known) { return known.asset == row.asset; });
    if (same == call.wallets.end()) {
      call.wallets.push_back(std::move(row));
      continue;
    }
    const auto total = same->total.checked_add(row.total);
    const auto held = same->held.checked_add(row.held);
    if (!total || !held) return false;
    same->total = *total;
    same->held = *held;
  }
  bool has_next = false;
  std::string_view cursor;
  if (count != 0 && bool_field(root, "has_next", has_next) && has_next &&
      text_field(root, "cursor", cursor) && !cursor.empty()) {
    if (call.pages >= pages_max) return false;
    const std::string next(cursor);
    return ask_page(call, next, now, outbox);
  }
  for (const WalletRow& row : call.wallets) {
    const AssetId asset = universe_.find_asset(row.asset);
    if (asset.valid())
      sink.on(BalanceReported{setup_.venue, asset, row.total, row.held, times({}, now)});
  }
  sink.on(BalancesComplete{setup_.venue, times({}, now), call.first_sent});
  return true;
}

// The account's own rates, where they are not those last told.
bool CoinbaseClient::on_fees(json::object& root, const Now& now, EventSink& sink) {
  json::object tier;
  Decimal maker;
  Decimal taker;
  if (!object_field(root, "fee_tier", tier) || !decimal_field(tier, "maker_fee_rate", maker) ||
      !decimal_field(tier, "taker_fee_rate", taker))
    return false;
  const auto maker_ppb = maker.to_scaled(9);
  const auto taker_ppb = taker.to_scaled(9);
  if (!maker_ppb || !taker_ppb || *taker_ppb < 0 || *taker_ppb > Rate::one) return false;
  fees_due_ = now.instant + fees_every;
  if (maker_fee_.ppb == *maker_ppb && taker_fee_.ppb == *taker_ppb) return true;
  maker_fee_ = {*maker_ppb};
  taker_fee_ = {*taker_ppb};
  for (const InstrumentId id : setup_.instruments) {
    Instrument instrument = universe_.instrument(id);
    instrument.fees.maker = maker_fee_;
    instrument.fees.taker = taker_fee_;
    sink.on(InstrumentChanged{instrument});
  }
  return true;
}

}  // namespace ats::venues::coinbase

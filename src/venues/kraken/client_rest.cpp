// Questions over REST and what becomes of their answers.
#include <algorithm>

#include "venues/kraken/client.hpp"
#include "venues/kraken/names.hpp"
#include "venues/percent.hpp"

namespace ats::venues::kraken {
namespace {

constexpr Duration answer_max = seconds(5);
constexpr Duration retry_after = seconds(2);
constexpr Duration locked_out = seconds(30);  // asking on lengthens a lockout
constexpr Duration limited = seconds(5);
constexpr std::size_t trades_at_once = 20;  // QueryTrades takes no more
constexpr std::size_t orders_at_once =
    25;  // half of what QueryOrders and a page of ClosedOrders take
constexpr std::size_t most_inquiries = 1024;

}  // namespace

// Signs and sends. False: no budget, nothing left.
bool KrakenClient::ask(RestCall call, std::string_view path, std::string_view fields,
                       std::int64_t cost, std::int64_t reserve, const Now& now, Outbox& outbox) {
  if (!auth_) return false;
  if (now.instant < rest_blocked_until_ || !rest_counter_.take(cost, reserve, now.instant)) {
    ++counters_.rate_limited;
    return false;
  }
  count_rate(rest_counter_.level(now.instant), rest_counter_.limit());
  call.tag = ++next_tag_;
  call.asked = now.instant;
  call.path = path;
  call.fields = fields;
  const HttpRequest request = auth_->post(path, fields, now.wall);
  const RestTag tag = call.tag;
  calls_.push_back(std::move(call));
  outbox.send_rest(tag, request, answer_max);
  return true;
}

// The venue counts these by the instrument's own counter, which has been asked, and not by REST's.
SendOutcome KrakenClient::place_by_rest(const OrderRequest& order, const Now& now, Outbox& outbox) {
  const Instrument& instrument = universe_.instrument(order.instrument);
  RestCall call;
  call.question = Question::Place;
  call.order = order.id;
  call.instrument = order.instrument;
  const std::string fields = requests_.add_order_form(order, instrument);
  if (!ask(std::move(call), "/0/private/AddOrder", fields, 0, 0, now, outbox))
    return SendOutcome::RateLimited;
  TrackedOrder& tracked = orders_.add(order.id, order.instrument, order.side);
  tracked.price = order.price;
  tracked.quantity = order.quantity;
  tracked.placed = now.instant;
  ++counters_.orders_sent;
  return SendOutcome::Sent;
}

SendOutcome KrakenClient::amend_by_rest(const Amend& amend, const Now& now, Outbox& outbox) {
  const OrderRequest& order = *amend.order;
  RestCall call;
  call.question = Question::Amend;
  call.order = order.id;
  call.instrument = order.instrument;
  call.terms = terms_of(order);
  const std::string fields =
      Requests::amend_order_form(amend, universe_.instrument(order.instrument));
  return ask(std::move(call), "/0/private/AmendOrder", fields, 0, 0, now, outbox)
             ? SendOutcome::Sent
             : SendOutcome::RateLimited;
}

SendOutcome KrakenClient::cancel_by_rest(const Cancel& cancel, const Now& now, Outbox& outbox) {
  RestCall call;
  call.question = Question::Cancel;
  call.order = cancel.order;
  call.instrument = cancel.instrument;
  const std::string fields =
      cancel.venue_order_id.empty()
          ? "cl_ord_id=" + percent_encoded(client_order_id(cancel.order).view())
          : "txid=" + percent_encoded(cancel.venue_order_id.view());
  return ask(std::move(call), "/0/private/CancelOrder", fields, 0, 0, now, outbox)
             ? SendOutcome::Sent
             : SendOutcome::RateLimited;
}

void KrakenClient::ask_token(const Now& now, Outbox& outbox) {
  RestCall call;
  call.question = Question::Token;
  token_asked_ =
      ask(std::move(call), "/0/private/GetWebSocketsToken", "", rest_call_cost, 0, now, outbox);
  if (!token_asked_) token_due_ = now.instant + retry_after;
}

SendOutcome KrakenClient::query_order(const QueryOrder& query, const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  // One question about an order at a time: the answer under way is as good.
  const auto same = [&query](const auto& known) { return known.id == query.order; };
  bool asked = std::any_of(inquiries_.begin(), inquiries_.end(), same);
  for (const RestCall& call : calls_) {
    asked |= !call.all_open && (std::any_of(call.about.begin(), call.about.end(), same) ||
                                std::any_of(call.found.begin(), call.found.end(), same));
  }
  if (asked || inquiries_.size() == most_inquiries) return SendOutcome::RateLimited;
  inquiries_.push_back({query.order, query.instrument, query.venue_order_id});
  start_inquiry(now, outbox);
  return SendOutcome::Sent;
}

// The next bundle of questions about orders, when none is under way and it can be paid to its end: what
// is begun and starves for its second call would eat the budget and never be answered.
void KrakenClient::start_inquiry(const Now& now, Outbox& outbox) {
  if (inquiries_.empty()) return;
  for (const RestCall& call : calls_) {
    if (!call.all_open && (!call.about.empty() || !call.found.empty())) return;
  }
  // Those that can be asked for in the way the first one is.
  const bool by_id = !inquiries_.front().venue_id.empty();
  const bool alone = inquiries_.front().alone;
  RestCall call;
  std::vector<Inquiry> later;
  for (const Inquiry& inquiry : inquiries_) {
    const bool fits = inquiry.venue_id.empty() != by_id && inquiry.alone == alone &&
                      call.about.size() < (alone ? 1 : orders_at_once);
    (fits ? call.about : later).push_back(inquiry);
  }
  std::string fields = "trades=true";
  const char* path = "/0/private/OpenOrders";
  std::int64_t follow_ups = rest_history_cost;
  if (by_id) {
    call.question = Question::ById;
    path = "/0/private/QueryOrders";
    fields += "&txid=";
    for (const Inquiry& inquiry : call.about) {
      if (&inquiry != call.about.data()) fields += "%2C";
      fields += percent_encoded(inquiry.venue_id.view());
    }
  } else {
    call.question = alone ? Question::Closed : Question::Open;
    if (alone) path = "/0/private/ClosedOrders";
    if (!alone) follow_ups += rest_call_cost;
    if (call.about.size() == 1)
      fields += "&cl_ord_id=" + percent_encoded(client_order_id(call.about.front().id).view());
  }
  if (ask(std::move(call), path, fields, rest_call_cost, follow_ups, now, outbox))
    inquiries_ = std::move(later);
}

SendOutcome KrakenClient::query_open_orders(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::Open;
  call.all_open = true;
  if (ask(std::move(call), "/0/private/OpenOrders", "trades=true", rest_call_cost, 0, now, outbox))
    return SendOutcome::Sent;
  open_orders_due_ = now.instant + retry_after;
  return SendOutcome::RateLimited;
}

SendOutcome KrakenClient::query_balances(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::Balances;
  return ask(std::move(call), "/0/private/BalanceEx", "", rest_call_cost, rest_reserve, now, outbox)
             ? SendOutcome::Sent
             : SendOutcome::RateLimited;
}

void KrakenClient::on_response(RestTag tag, const HttpResponse& response, const Now& now,
                               EventSink& sink, Outbox& outbox) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [tag](const RestCall& call) { return call.tag == tag; });
  if (found == calls_.end()) return;
  RestCall call = std::move(*found);
  calls_.erase(found);
  ++counters_.rest_answers;
  if (response.status >= 500)
    routes_.failed(OrderRoute::Rest, now.instant);
  else if (call.of_order())
    routes_.answered(OrderRoute::Rest, now.instant - call.asked, now.instant);
  else
    routes_.hint(now.instant - call.asked, now.instant);
  if (call.question == Question::Token) token_asked_ = false;
  json::object root;
  std::string error;
  // Errors of the venue's own come with status 200; any other is the edge's, which did not read on.
  const bool readable =
      response.status == 200 && json_.open(response.body, root) && read_rest_error(root, error);
  if (readable && !error.empty()) {
    ++counters_.rest_errors;
    refused(std::move(call), error, now, sink, outbox);
  } else if (!readable || !answered(call, root, now, sink, outbox)) {
    ++counters_.rest_errors;
    failed(call, now, sink);
  }
  start_inquiry(now, outbox);
}

void KrakenClient::on_rest_failed(RestTag tag, TransportError error, const Now& now,
                                  EventSink& sink, Outbox& outbox) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [tag](const RestCall& call) { return call.tag == tag; });
  if (found == calls_.end()) return;
  const RestCall call = std::move(*found);
  calls_.erase(found);
  ++counters_.rest_errors;
  routes_.failed(OrderRoute::Rest, now.instant);
  if (call.question == Question::Token) token_asked_ = false;
  if (call.question == Question::Place && error == TransportError::NotSent) {
    if (TrackedOrder* order = orders_.find(call.order)) order->ended = true;
    sink.on(OrderNotSent{call.order});
  } else if (call.question == Question::Amend && error == TransportError::NotSent) {
    sink.on(AmendRejected{call.order, RejectReason::VenueBusy, "not sent", times({}, now)});
  } else {
    failed(call, now, sink);
  }
  start_inquiry(now, outbox);
}

// No answer, or none that can be read. Nothing is concluded from it.
void KrakenClient::failed(const RestCall& call, const Now& now, EventSink& sink) {
  if (call.question == Question::Token) {
    token_due_ = now.instant + retry_after;
  } else if (call.question == Question::Place || call.question == Question::Amend) {
    sink.on(OrderUnknown{call.order, UnknownReason::TimedOut, times({}, now)});
  } else if (call.question == Question::Cancel) {
    sink.on(CancelRejected{call.order, RejectReason::VenueBusy, times({}, now)});
  } else if (call.all_open) {
    if (trading_open_) open_orders_due_ = now.instant + retry_after;
  } else {
    for (const Inquiry& inquiry : call.about) sink.on(QueryFailed{inquiry.id});
    for (const FoundOrder& found : call.found) sink.on(QueryFailed{found.id});
  }
}

void KrakenClient::refused(RestCall call, std::string_view error, const Now& now, EventSink& sink,
                           Outbox& outbox) {
  const Meaning meaning = meaning_of(error);
  if (meaning.reaction == Reaction::BadNonce && !call.again) {
    auth_->raise_nonce();
    call.again = true;
    const std::string path = std::move(call.path);
    const std::string fields = std::move(call.fields);
    const RestCall kept = call;
    if (ask(std::move(call), path, fields, rest_call_cost, 0, now, outbox)) {
      if (kept.question == Question::Token) token_asked_ = true;
      return;
    }
    failed(kept, now, sink);
    return;
  }
  if (meaning.reject == RejectReason::RateLimited) {
    rest_counter_.fill(now.instant);
    rest_blocked_until_ =
        now.instant + (error.find("lockout") == std::string_view::npos ? limited : locked_out);
    if (meaning.wait_until > now.wall)
      rest_blocked_until_ = now.instant + (meaning.wait_until - now.wall);
  }
  if (call.of_order()) {
    const Asked asked = call.question == Question::Place    ? Asked::Place
                        : call.question == Question::Cancel ? Asked::Cancel
                                                            : Asked::Amend;
    static_cast<void>(refused(asked, call.order, call.instrument, error, now, sink));
    return;
  }
  if (meaning.reaction == Reaction::UnknownOrder && call.question == Question::ById) {
    if (call.about.size() == 1) {
      sink.on(OrderNotFound{call.about.front().id, times({}, now)});
      return;
    }
    for (Inquiry inquiry : call.about) {  // one of them: look for each by our id
      inquiry.venue_id = {};
      inquiries_.push_back(inquiry);
    }
    return;
  }
  failed(call, now, sink);
  if (call.question == Question::Token && meaning.reject == RejectReason::AuthFailed)
    token_due_ = now.instant + locked_out;
}

bool KrakenClient::answered(RestCall& call, json::object& root, const Now& now, EventSink& sink,
                            Outbox& outbox) {
  json::object result;
  if (!object_field(root, "result", result)) return false;
  switch (call.question) {
    case Question::Token:
      return on_token(result, now, outbox);
    case Question::Balances:
      return on_balances(call, result, now, sink);
    case Question::Trades:
      return on_trades(call, result, now, sink, outbox);
    case Question::Place: {
      json::array ids;
      std::string_view id;
      if (!array_field(result, "txid", ids)) return false;
      for (auto each : ids) {
        if (each.get_string().get(id) != simdjson::SUCCESS) return false;
      }
      placed(call.order, id, now, sink);
      return true;
    }
    case Question::Cancel:
      return true;  // how it ended comes over the stream
    case Question::Amend:
      amended(call.order, call.terms, {}, now, sink);
      return true;
    default:
      return on_orders(call, result, now, sink, outbox);
  }
}

bool KrakenClient::on_token(json::object& result, const Now& now, Outbox& outbox) {
  std::string_view token;
  if (!text_field(result, "token", token) || !requests_.set_token(token)) return false;
  if (trading_open_) subscribe_account(now, outbox);
  return true;
}

bool KrakenClient::on_balances(const RestCall& call, json::object& result, const Now& now,
                               EventSink& sink) {
  struct Told {
    AssetId asset;
    Decimal total, held;
  };
  std::vector<Told> all;
  for (auto field : result) {  // "XXBT":{"balance":"0.5","hold_trade":"0"}
    std::string_view id;
    json::object object;
    Told told;
    if (field.unescaped_key().get(id) != simdjson::SUCCESS ||
        field.value().get_object().get(object) != simdjson::SUCCESS ||
        !decimal_field(object, "balance", told.total) ||
        !decimal_field(object, "hold_trade", told.held))
      return false;
    told.asset = universe_.find_asset(asset_name(id));  // "DOT.S" is staked, and no asset of ours
    if (told.asset.valid()) all.push_back(told);
  }
  for (const Told& told : all)
    sink.on(BalanceReported{setup_.venue, told.asset, told.total, told.held, times({}, now)});
  sink.on(BalancesComplete{setup_.venue, times({}, now), call.asked});
  return true;
}

InstrumentId KrakenClient::instrument_of_pair(std::string_view pair) const {
  for (const Instrument& instrument : universe_.instruments()) {
    if (instrument.venue != setup_.venue) continue;
    if (instrument.rest_symbol.view() == pair || instrument.symbol.view() == pair ||
        alt_pair(universe_.asset(instrument.base).name.view(),
                 universe_.asset(instrument.quote).name.view()) == pair)
      return instrument.id;
  }
  return {};
}

bool KrakenClient::on_orders(RestCall& call, json::object& result, const Now& now, EventSink& sink,
                             Outbox& outbox) {
  json::object orders = result;  // QueryOrders: the ids stand in the result itself
  const char* const key = call.question == Question::Closed ? "closed" : "open";
  if (call.question != Question::ById && !object_field(result, key, orders)) return false;
  for (auto field : orders) {
    std::string_view id;
    json::object object;
    RestOrder order;
    if (field.unescaped_key().get(id) != simdjson::SUCCESS ||
        field.value().get_object().get(object) != simdjson::SUCCESS ||
        !read_rest_order(id, object, order) || !take_order(call, order, sink))
      return false;
  }
  if (call.all_open) {
    const auto ours = static_cast<std::uint32_t>(call.found.size());
    sink.on(OpenOrdersComplete{setup_.venue, ours, times({}, now)});
    if (setup_.cancel_only) {
      tell_found(call, now, sink);
      return true;
    }
  }
  if (call.question == Question::Open && !call.about.empty()) {
    ask_closed(std::move(call), now, sink, outbox);
    return true;
  }
  // What none of the answers had. The list of closed orders is cut off, unless one was asked for by name.
  const bool cut_off =
      call.question == Question::Closed && call.fields.find("cl_ord_id") == std::string::npos;
  for (Inquiry& inquiry : call.about) {
    if (cut_off) {
      inquiry.alone = true;
      inquiries_.push_back(inquiry);
    } else {
      sink.on(OrderNotFound{inquiry.id, times({}, now)});
    }
  }
  call.about.clear();
  ask_trades(std::move(call), now, sink, outbox);
  return true;
}

void KrakenClient::ask_closed(RestCall call, const Now& now, EventSink& sink, Outbox& outbox) {
  call.question = Question::Closed;
  std::string fields = "trades=true";
  if (call.about.size() == 1)
    fields += "&cl_ord_id=" + percent_encoded(client_order_id(call.about.front().id).view());
  const RestCall kept = call;
  if (!ask(std::move(call), "/0/private/ClosedOrders", fields, rest_call_cost, rest_history_cost,
           now, outbox))
    failed(kept, now, sink);
}

// One order of an answer. False when it cannot be read; orders that were not asked for are passed over.
bool KrakenClient::take_order(RestCall& call, const RestOrder& order, EventSink& sink) {
  const auto id = parse_client_order_id(order.client_id);
  FoundOrder found;
  auto inquiry = call.about.end();
  if (call.all_open) {
    found.instrument = instrument_of_pair(order.pair);
    if (!id || !found.instrument.valid()) {
      if (!id) foreign_.add(order.venue_id.view());
      ForeignOrder other{setup_.venue, order.venue_id};
      if (found.instrument.valid()) {
        const Instrument& on = universe_.instrument(found.instrument);
        other.instrument = found.instrument;
        other.side = order.side;
        const auto price = parse_scaled(order.price, on.price_scale);
        const auto volume = parse_scaled(order.volume, on.qty_scale);
        if (price && volume) other.terms = {{*price}, {*volume}};
        other.filled = {parse_scaled(order.executed, on.qty_scale).value_or(0)};
      }
      sink.on(other);
      return true;
    }
  } else {
    inquiry = std::find_if(call.about.begin(), call.about.end(),
                           [&id](const Inquiry& about) { return id && about.id == *id; });
    if (inquiry == call.about.end()) return true;
    found.instrument = inquiry->instrument;
  }
  found.id = *id;
  if (!found.instrument.valid()) return false;
  const Instrument& instrument = universe_.instrument(found.instrument);
  const auto volume = parse_scaled(order.volume, instrument.qty_scale);
  const auto executed = parse_scaled(order.executed, instrument.qty_scale);
  if (!volume || !executed || *executed < 0) return false;
  found.side = order.side;
  found.venue_id = order.venue_id;
  found.filled = {*executed};
  found.asked = call.asked;
  found.terms = {{parse_scaled(order.price, instrument.price_scale).value_or(0)}, {*volume}};
  if (order.status == "open" || order.status == "pending") {
    found.state = *executed == 0 ? OrderState::Acked : OrderState::PartlyFilled;
  } else if (order.status == "closed" || order.status == "canceled" || order.status == "expired") {
    found.state = *executed >= *volume ? OrderState::Filled : OrderState::Cancelled;
  } else {
    return false;
  }
  TrackedOrder* tracked = orders_.find(*id);
  if (tracked == nullptr) {
    tracked = &orders_.add(*id, found.instrument, order.side);
    tracked->quantity = {*volume};
    tracked->filled = found.filled;
  }
  if (found.terms.told()) {
    tracked->price = found.terms.price;
    tracked->quantity = found.terms.quantity;
  }
  tracked->venue_id = order.venue_id;
  tracked->acked = true;
  tracked->ended = tracked->ended || is_final(found.state);
  call.trades.insert(call.trades.end(), order.trades.begin(), order.trades.end());
  call.found.push_back(found);
  if (inquiry != call.about.end()) call.about.erase(inquiry);
  return true;
}

void KrakenClient::ask_trades(RestCall call, const Now& now, EventSink& sink, Outbox& outbox) {
  if (call.trades.empty()) {
    tell_found(call, now, sink);
    return;
  }
  call.question = Question::Trades;
  std::string fields = "txid=";
  const std::size_t count = std::min(trades_at_once, call.trades.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) fields += "%2C";
    fields += percent_encoded(call.trades[i]);
  }
  call.trades.erase(call.trades.begin(), call.trades.begin() + static_cast<std::ptrdiff_t>(count));
  const RestCall kept = call;
  if (!ask(std::move(call), "/0/private/QueryTrades", fields, rest_history_cost, 0, now, outbox))
    failed(kept, now, sink);
}

bool KrakenClient::on_trades(RestCall& call, json::object& result, const Now& now, EventSink& sink,
                             Outbox& outbox) {
  std::vector<Fill> fills;
  for (auto field : result) {
    std::string_view id;
    json::object object;
    RestTrade trade;
    if (field.unescaped_key().get(id) != simdjson::SUCCESS ||
        field.value().get_object().get(object) != simdjson::SUCCESS ||
        !read_rest_trade(id, object, trade))
      return false;
    const auto order = std::find_if(
        call.found.begin(), call.found.end(),
        [&trade](const FoundOrder& found) { return found.venue_id.view() == trade.order_id; });
    if (order == call.found.end()) continue;
    const Instrument& instrument = universe_.instrument(order->instrument);
    const auto price = parse_scaled(trade.price, instrument.price_scale);
    const auto quantity = parse_scaled(trade.quantity, instrument.qty_scale);
    if (!price || !quantity || *price <= 0 || *quantity <= 0) return false;
    // The answer names no fee asset; every order of ours asks for the quote asset.
    fills.push_back({order->id,
                     order->instrument,
                     trade.id,
                     order->side,
                     trade.liquidity,
                     {*price},
                     {*quantity},
                     trade.fee,
                     instrument.quote,
                     trade.time});
  }
  for (const Fill& fill : fills) sink.on(OrderFilled{fill, times(fill.venue_time, now)});
  ask_trades(std::move(call), now, sink, outbox);
  return true;
}

void KrakenClient::tell_found(const RestCall& call, const Now& now, EventSink& sink) {
  for (const FoundOrder& found : call.found)
    sink.on(OrderFound{found.id, found.venue_id, found.state, found.filled, times({}, now),
                       found.instrument, found.terms, found.asked});
}

}  // namespace ats::venues::kraken

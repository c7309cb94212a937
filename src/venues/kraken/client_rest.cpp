// Questions over REST and what becomes of their answers.
#include <algorithm>

#include "venues/kraken/client.hpp"
#include "venues/kraken/names.hpp"
#include "venues/percent.hpp"

namespace ats::venues::kraken {
namespace {

constexpr Duration answer_max = seconds(5);
constexpr Duration retry_after = seconds(2);
constexpr Duration locked_out = seconds(30);  // repeated bad signatures lengthen a lockout
constexpr Duration limited = seconds(5);
constexpr std::size_t trades_at_once = 20;  // QueryTrades takes no more
// A question about an order takes up to three calls. It begins only when all three can be paid: begun
// questions that starve for their second call would eat the budget and never be answered.
constexpr std::int64_t after_first_call = rest_call_cost + rest_history_cost;
constexpr std::int64_t after_second_call = rest_history_cost;

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
  call.path = path;
  call.fields = fields;
  const HttpRequest request = auth_->post(path, fields, now.wall);
  const RestTag tag = call.tag;
  calls_.push_back(std::move(call));
  outbox.send_rest(tag, request, answer_max);
  return true;
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
  for (const RestCall& call : calls_) {
    if (call.order == query.order && call.order.valid()) return SendOutcome::RateLimited;
  }
  RestCall call;
  call.order = query.order;
  call.instrument = query.instrument;
  bool sent = false;
  if (!query.venue_order_id.empty()) {
    call.question = Question::OpenById;
    sent = ask(std::move(call), "/0/private/QueryOrders",
               "trades=true&txid=" + percent_encoded(query.venue_order_id.view()), rest_call_cost,
               after_first_call, now, outbox);
  } else {
    call.question = Question::OpenByUs;
    sent = ask(std::move(call), "/0/private/OpenOrders",
               "trades=true&cl_ord_id=" + percent_encoded(client_order_id(query.order).view()),
               rest_call_cost, after_first_call, now, outbox);
  }
  return sent ? SendOutcome::Sent : SendOutcome::RateLimited;
}

SendOutcome KrakenClient::query_open_orders(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::AllOpen;
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
  if (call.question == Question::Token) token_asked_ = false;
  json::object root;
  std::string error;
  // Errors of the venue's own come with status 200; any other is the edge's, which did not read on.
  if (response.status != 200 || !json_.open(response.body, root) || !read_rest_error(root, error)) {
    ++counters_.rest_errors;
    failed(call, now, sink);
    return;
  }
  if (!error.empty()) {
    ++counters_.rest_errors;
    refused(std::move(call), error, now, sink, outbox);
    return;
  }
  if (answered(call, root, now, sink, outbox)) return;
  ++counters_.rest_errors;
  failed(call, now, sink);
}

void KrakenClient::on_rest_failed(RestTag tag, TransportError, const Now& now, EventSink& sink,
                                  Outbox&) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [tag](const RestCall& call) { return call.tag == tag; });
  if (found == calls_.end()) return;
  const RestCall call = std::move(*found);
  calls_.erase(found);
  ++counters_.rest_errors;
  if (call.question == Question::Token) token_asked_ = false;
  failed(call, now, sink);
}

// No answer, or none that can be read. Nothing is concluded from it.
void KrakenClient::failed(const RestCall& call, const Now& now, EventSink& sink) {
  if (call.order.valid()) {
    sink.on(QueryFailed{call.order});
  } else if (call.question == Question::Token) {
    token_due_ = now.instant + retry_after;
  } else if (call.question != Question::Balances && trading_open_) {
    open_orders_due_ = now.instant + retry_after;
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
    rest_blocked_until_ = now.instant + limited;
    if (meaning.wait_until > now.wall)
      rest_blocked_until_ = now.instant + (meaning.wait_until - now.wall);
  }
  if (meaning.reaction == Reaction::UnknownOrder && call.question == Question::OpenById) {
    sink.on(OrderNotFound{call.order, times({}, now)});
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
      return on_balances(result, now, sink);
    case Question::Trades:
      return on_trades(call, result, now, sink, outbox);
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

bool KrakenClient::on_balances(json::object& result, const Now& now, EventSink& sink) {
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
  sink.on(BalancesComplete{setup_.venue, times({}, now)});
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
  const char* const key = call.question == Question::ClosedByUs ? "closed" : "open";
  if (call.question != Question::OpenById && !object_field(result, key, orders)) return false;
  for (auto field : orders) {
    std::string_view id;
    json::object object;
    RestOrder order;
    if (field.unescaped_key().get(id) != simdjson::SUCCESS ||
        field.value().get_object().get(object) != simdjson::SUCCESS ||
        !read_rest_order(id, object, order) || !take_order(call, order, sink))
      return false;
  }
  if (call.order.valid() && call.found.empty()) {
    if (call.question != Question::OpenByUs) {
      sink.on(OrderNotFound{call.order, times({}, now)});
      return true;
    }
    call.question = Question::ClosedByUs;
    const std::string fields = call.fields;
    const RestCall kept = call;
    if (!ask(std::move(call), "/0/private/ClosedOrders", fields, rest_call_cost, after_second_call,
             now, outbox))
      failed(kept, now, sink);
    return true;
  }
  ask_trades(std::move(call), now, sink, outbox);
  return true;
}

// One order of an answer. False when it cannot be read; orders that were not asked for are passed over.
bool KrakenClient::take_order(RestCall& call, const RestOrder& order, EventSink& sink) {
  const auto id = parse_client_order_id(order.client_id);
  if (call.order.valid() && (!id || *id != call.order)) return true;
  if (!id) {
    sink.on(ForeignOrder{setup_.venue, order.venue_id});
    return true;
  }
  FoundOrder found;
  found.id = *id;
  found.instrument = call.order.valid() ? call.instrument : instrument_of_pair(order.pair);
  if (!found.instrument.valid()) return false;
  const Instrument& instrument = universe_.instrument(found.instrument);
  const auto volume = parse_scaled(order.volume, instrument.qty_scale);
  const auto executed = parse_scaled(order.executed, instrument.qty_scale);
  if (!volume || !executed || *executed < 0) return false;
  found.side = order.side;
  found.venue_id = order.venue_id;
  found.filled = {*executed};
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
  tracked->venue_id = order.venue_id;
  tracked->acked = true;
  tracked->ended = tracked->ended || is_final(found.state);
  call.trades.insert(call.trades.end(), order.trades.begin(), order.trades.end());
  call.found.push_back(found);
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
    sink.on(OrderFound{found.id, found.venue_id, found.state, found.filled, times({}, now)});
}

}  // namespace ats::venues::kraken

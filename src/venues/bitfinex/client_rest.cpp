// Questions over REST and what becomes of their answers.
#include <algorithm>

#include "venues/bitfinex/client.hpp"
#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/order_id.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr Duration answer_max = seconds(5);
constexpr Duration retry_after = seconds(2);
constexpr std::size_t orders_at_once = 50;
constexpr std::size_t most_inquiries = 1024;
constexpr std::size_t newest_closed = 250;    // looked through first
constexpr std::size_t deepest_closed = 2500;  // the most that one answer has

std::string history_body(bool deep) {
  return "{\"limit\":" + std::to_string(deep ? deepest_closed : newest_closed) + "}";
}

}  // namespace

// Signs and sends. False: no budget, nothing left.
bool BitfinexClient::ask(RestCall call, const Now& now, Outbox& outbox) {
  if (!auth_) return false;
  Endpoint& endpoint = endpoints_[static_cast<std::size_t>(call.question)];
  if (now.instant < endpoint.shut_until || !endpoint.budget.take(0, now.instant)) {
    ++counters_.rate_limited;
    return false;
  }
  count_rate(endpoint.budget);
  call.tag = ++next_tag_;
  call.asked = now.instant;
  const RestTag tag = call.tag;
  const HttpRequest request = auth_->post(call.path, call.body, now.wall);
  calls_.push_back(std::move(call));
  outbox.send_rest(tag, request, answer_max);
  return true;
}

// An order or a cancel that does not take the stream.
SendOutcome BitfinexClient::give(const Request& request, std::string_view body, const Now& now,
                                 Outbox& outbox) {
  RestCall call;
  call.question = request.cancel    ? Question::Cancel
                  : request.place() ? Question::Place
                                    : Question::Amend;
  call.path = request.cancel    ? "/v2/auth/w/order/cancel"
              : request.place() ? "/v2/auth/w/order/submit"
                                : "/v2/auth/w/order/update";
  call.body = body;
  call.request = request;
  return ask(std::move(call), now, outbox) ? SendOutcome::Sent : SendOutcome::RateLimited;
}

SendOutcome BitfinexClient::query_order(const QueryOrder& query, const Now& now, Outbox& outbox) {
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

// The next bundle of questions about orders, when none is under way: all that are open, then the newest that
// are closed. The other way round an order that closes in between would be in neither.
void BitfinexClient::start_inquiry(const Now& now, Outbox& outbox) {
  if (inquiries_.empty()) return;
  for (const RestCall& call : calls_) {
    if (!call.all_open && (!call.about.empty() || !call.found.empty())) return;
  }
  const std::size_t count = std::min(inquiries_.size(), orders_at_once);
  RestCall call;
  call.question = Question::Open;
  call.path = "/v2/auth/r/orders";
  call.body = "{}";
  call.about.assign(inquiries_.begin(), inquiries_.begin() + static_cast<std::ptrdiff_t>(count));
  if (ask(std::move(call), now, outbox))
    inquiries_.erase(inquiries_.begin(), inquiries_.begin() + static_cast<std::ptrdiff_t>(count));
}

SendOutcome BitfinexClient::query_open_orders(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::Open;
  call.all_open = true;
  call.path = "/v2/auth/r/orders";
  call.body = "{}";
  if (ask(std::move(call), now, outbox)) return SendOutcome::Sent;
  open_orders_due_ = now.instant + retry_after;
  return SendOutcome::RateLimited;
}

SendOutcome BitfinexClient::query_balances(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::Wallets;
  call.path = "/v2/auth/r/wallets";
  call.body = "{}";
  return ask(std::move(call), now, outbox) ? SendOutcome::Sent : SendOutcome::RateLimited;
}

void BitfinexClient::on_response(RestTag tag, const HttpResponse& response, const Now& now,
                                 EventSink& sink, Outbox& outbox) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [tag](const RestCall& call) { return call.tag == tag; });
  if (found == calls_.end()) return;
  RestCall call = std::move(*found);
  calls_.erase(found);
  ++counters_.rest_answers;
  // The venue refuses with status 500: that is an answer.
  if (response.status > 500)
    routes_.failed(OrderRoute::Rest, now.instant);
  else if (call.of_order())
    routes_.answered(OrderRoute::Rest, now.instant - call.asked, now.instant);
  else
    routes_.hint(now.instant - call.asked, now.instant);
  if (!json_.open(response.body)) {
    ++counters_.rest_errors;
    failed(call, now, sink);
  } else if (!rows_.split(response.body)) {
    // {"error":"ERR_RATE_LIMIT"}, {"code":503,"error":"temporarily_unavailable",…}
    json::object root;
    std::string_view error;
    if (json_.document().get_object().get(root) == simdjson::SUCCESS)
      static_cast<void>(text_field(root, "error", error));
    refused(std::move(call), 0, error, now, sink, outbox);
  } else if (rows_.text(0) == "error") {
    std::int64_t code = 0;
    if (!rows_.integer(1, code)) code = 0;
    refused(std::move(call), code, rows_.text(2), now, sink, outbox);
  } else if (response.status != 200 || !answered(call, now, sink, outbox)) {
    ++counters_.rest_errors;
    failed(call, now, sink);
  }
  start_inquiry(now, outbox);
}

void BitfinexClient::on_rest_failed(RestTag tag, TransportError error, const Now& now,
                                    EventSink& sink, Outbox& outbox) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [tag](const RestCall& call) { return call.tag == tag; });
  if (found == calls_.end()) return;
  const RestCall call = std::move(*found);
  calls_.erase(found);
  ++counters_.rest_errors;
  routes_.failed(OrderRoute::Rest, now.instant);
  if (call.question == Question::Place && error == TransportError::NotSent) {
    if (TrackedOrder* order = orders_.find(call.request.order)) order->ended = true;
    sink.on(OrderNotSent{call.request.order});
  } else if (call.question == Question::Amend && error == TransportError::NotSent) {
    sink.on(AmendRejected{call.request.order, RejectReason::VenueBusy, "not sent", times({}, now)});
  } else {
    failed(call, now, sink);
  }
  start_inquiry(now, outbox);
}

// No answer, or none that can be read. Nothing is concluded from it.
void BitfinexClient::failed(const RestCall& call, const Now& now, EventSink& sink) {
  if (call.question == Question::Place || call.question == Question::Amend) {
    sink.on(OrderUnknown{call.request.order, UnknownReason::TimedOut, times({}, now)});
    return;
  }
  if (call.question == Question::Cancel) {
    sink.on(CancelRejected{call.request.order, RejectReason::VenueBusy, times({}, now)});
    return;
  }
  if (call.all_open) {
    if (trading_open_) open_orders_due_ = now.instant + retry_after;
    return;
  }
  for (const Inquiry& inquiry : call.about) sink.on(QueryFailed{inquiry.id});
  for (const FoundOrder& found : call.found) sink.on(QueryFailed{found.id});
}

void BitfinexClient::refused(RestCall call, std::int64_t code, std::string_view text,
                             const Now& now, EventSink& sink, Outbox& outbox) {
  ++counters_.rest_errors;
  const Meaning meaning = meaning_of(code, text);
  if (meaning.reaction == Reaction::BadNonce && !call.again) {
    auth_->raise_nonce();
    call.again = true;
    const RestCall kept = call;
    if (!ask(std::move(call), now, outbox)) failed(kept, now, sink);
    return;
  }
  if (call.of_order()) {
    Notification told;
    told.code = code;
    told.text = text;
    on_told(call.request, told, now, sink);
    if (meaning.reject != RejectReason::RateLimited) return;
  }
  if (meaning.reject == RejectReason::RateLimited) {
    Endpoint& endpoint = endpoints_[static_cast<std::size_t>(call.question)];
    endpoint.budget.empty(now.instant);
    endpoint.shut_until = now.instant + shut_out;
  }
  if (call.of_order()) return;
  failed(call, now, sink);
}

bool BitfinexClient::answered(RestCall& call, const Now& now, EventSink& sink, Outbox& outbox) {
  if (call.question == Question::Wallets) return on_wallets(call, now, sink);
  if (call.of_order()) {
    Notification told;
    if (!read_notification(rows_, told)) return false;
    // Submitted: the rest comes over the stream, as if it had been asked for there. It may have come before.
    if (call.question == Question::Amend && told.success) {
      const TrackedOrder* const order = orders_.find(call.request.order);
      const bool heard =
          order != nullptr && (order->ended || order->price == call.request.amend.price);
      if (!heard) pending_.push_back(call.request);
    }
    on_told(call.request, told, now, sink);
    return true;
  }
  const bool fine =
      call.question == Question::Trades ? on_trades(call, now, sink) : on_orders(call, sink);
  if (fine && call.all_open && call.question == Question::Open) {
    const auto ours = static_cast<std::uint32_t>(call.found.size());
    sink.on(OpenOrdersComplete{setup_.venue, ours, times({}, now)});
  }
  if (fine) go_on(std::move(call), now, sink, outbox);
  return fine;
}

bool BitfinexClient::on_wallets(const RestCall& call, const Now& now, EventSink& sink) {
  struct Told {
    AssetId asset;
    WalletEntry wallet;
  };
  std::vector<Told> all;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Told told;
    if (!row_.split(rows_[i]) || !read_wallet(row_, told.wallet)) return false;
    told.asset = universe_.find_asset(asset_name(told.wallet.currency));
    if (told.asset.valid() && told.wallet.exchange) all.push_back(told);
  }
  for (const Told& told : all) {
    const Decimal locked =
        told.wallet.available_told ? told.wallet.total - told.wallet.available : held(told.asset);
    sink.on(BalanceReported{setup_.venue, told.asset, told.wallet.total, locked, times({}, now)});
  }
  sink.on(BalancesComplete{setup_.venue, times({}, now), call.asked});
  return true;
}

bool BitfinexClient::on_orders(RestCall& call, EventSink& sink) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    OrderEntry entry;
    if (!row_.split(rows_[i]) || !read_order(row_, entry) || !take_order(call, entry, sink))
      return false;
  }
  // An answer as long as was asked for may have been cut.
  call.exhausted = call.question == Question::History &&
                   rows_.size() < (call.deep ? deepest_closed : newest_closed);
  return true;
}

// One order of an answer. False when it cannot be read; orders that were not asked for are passed over.
bool BitfinexClient::take_order(RestCall& call, const OrderEntry& entry, EventSink& sink) {
  const auto id = order_id(entry.group, entry.client_id);
  FoundOrder found;
  auto inquiry = call.about.end();
  if (call.all_open) {
    found.instrument = symbols_.find(entry.symbol);
    if (!id || !found.instrument.valid()) {
      if (!id) foreign_.add(entry.id);
      tell_foreign(entry, true, sink);
      return true;
    }
  } else {
    inquiry = std::find_if(call.about.begin(), call.about.end(), [&](const Inquiry& about) {
      return (id && about.id == *id) || about.venue_id.view() == entry.id;
    });
    if (inquiry == call.about.end()) return true;
    found.instrument = inquiry->instrument;
  }
  found.id = inquiry != call.about.end() ? inquiry->id : *id;
  if (!found.instrument.valid()) return false;
  const Instrument& instrument = universe_.instrument(found.instrument);
  std::int64_t amount = 0;
  std::int64_t rest = 0;
  if (!magnitude(entry.amount, instrument.qty_scale, amount) ||
      !magnitude(entry.rest, instrument.qty_scale, rest) || rest > amount)
    return false;
  found.venue_id = VenueOrderId(entry.id);
  found.filled = {amount - rest};
  found.asked = call.asked;
  found.terms = {{parse_scaled(entry.price, instrument.price_scale).value_or(0)}, {amount}};
  found.fills_told = found.filled.is_zero() || (call.all_open && setup_.cancel_only);
  if (call.question == Question::Open && entry.live())
    found.state = found.filled.is_zero() ? OrderState::Acked : OrderState::PartlyFilled;
  else
    found.state = rest == 0 ? OrderState::Filled : OrderState::Cancelled;
  TrackedOrder* tracked = orders_.find(found.id);
  if (tracked == nullptr) {
    tracked = &orders_.add(found.id, found.instrument, entry.side);
    tracked->quantity = {amount};
  }
  if (found.terms.told()) tracked->price = found.terms.price;
  tracked->venue_id = found.venue_id;
  tracked->filled = found.filled;
  tracked->acked = true;
  tracked->ended = tracked->ended || is_final(found.state);
  call.found.push_back(found);
  if (inquiry != call.about.end()) call.about.erase(inquiry);
  return true;
}

// [ID,SYMBOL,MTS,ORDER_ID,EXEC_AMOUNT,…]: the fills of the first order found whose fills were not told.
bool BitfinexClient::on_trades(RestCall& call, const Now& now, EventSink& sink) {
  const auto order = std::find_if(call.found.begin(), call.found.end(),
                                  [](const FoundOrder& found) { return !found.fills_told; });
  if (order == call.found.end()) return false;
  const Instrument& instrument = universe_.instrument(order->instrument);
  std::vector<Fill> fills;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    FillEntry entry;
    std::int64_t quantity = 0;
    if (!row_.split(rows_[i]) || !read_fill(row_, entry)) return false;
    if (entry.order_id != order->venue_id.view()) continue;
    const auto price = parse_scaled(entry.price, instrument.price_scale);
    const AssetId fee_asset = universe_.find_asset(asset_name(entry.fee_currency));
    if (!magnitude(entry.amount, instrument.qty_scale, quantity) || quantity == 0 || !price ||
        *price <= 0 || !fee_asset.valid())
      return false;
    fills.push_back({order->id,
                     order->instrument,
                     entry.id,
                     entry.amount.starts_with('-') ? Side::Sell : Side::Buy,
                     entry.liquidity,
                     {*price},
                     {quantity},
                     entry.fee,
                     fee_asset,
                     entry.time});
  }
  for (const Fill& fill : fills) sink.on(OrderFilled{fill, times(fill.venue_time, now)});
  order->fills_told = true;
  return true;
}

// The next step of an inquiry whose last one was answered.
void BitfinexClient::go_on(RestCall call, const Now& now, EventSink& sink, Outbox& outbox) {
  if (!call.about.empty()) {
    const bool closed_seen = call.question == Question::History;
    if (!call.exhausted && !call.deep) {
      call.deep = closed_seen;  // the newest alone did not have them
      call.question = Question::History;
      call.path = "/v2/auth/r/orders/hist";
      call.body = history_body(call.deep);
      const RestCall kept = call;
      if (!ask(std::move(call), now, outbox)) failed(kept, now, sink);
      return;
    }
    for (const Inquiry& inquiry : call.about) {
      if (call.exhausted)
        sink.on(OrderNotFound{inquiry.id, times({}, now)});
      else
        sink.on(QueryFailed{inquiry.id});  // further back than the venue tells
    }
    call.about.clear();
  }
  const auto next = std::find_if(call.found.begin(), call.found.end(),
                                 [](const FoundOrder& found) { return !found.fills_told; });
  if (next != call.found.end()) {
    call.question = Question::Trades;
    call.path = "/v2/auth/r/order/";
    call.path.append(universe_.instrument(next->instrument).symbol.view());
    call.path.append(":").append(next->venue_id.view()).append("/trades");
    call.body = "{}";
    const RestCall kept = call;
    if (!ask(std::move(call), now, outbox)) failed(kept, now, sink);
    return;
  }
  for (const FoundOrder& found : call.found)
    sink.on(OrderFound{found.id, found.venue_id, found.state, found.filled, times({}, now),
                       found.instrument, found.terms, found.asked});
}

}  // namespace ats::venues::bitfinex

// Effects and time; what arrives on the streams is in client_stream.cpp, over REST in client_rest.cpp.
#include "venues/upbit/client.hpp"

#include <algorithm>

#include "venues/upbit/markets.hpp"
#include "venues/upbit/requests.hpp"

namespace ats::venues::upbit {
namespace {

// The answer is a sign of life; the venue's own, every ten seconds, would leave a quiet book in doubt.
constexpr Duration ping_every = seconds(4);
constexpr Duration answer_max = seconds(10);      // of a stream, after opening
constexpr Duration subscribe_every = seconds(1);  // five messages a second, a hundred a minute
constexpr std::size_t most_calls = 512;

}  // namespace

UpbitClient::UpbitClient(const ClientSetup& setup)
    : setup_(setup),
      universe_(*setup.universe),
      decoder_(setup.venue, universe_),
      symbols_(setup.venue, universe_) {
  if (setup.credentials.present()) auth_.emplace(setup.credentials);
  calls_.reserve(most_calls);
}

std::unique_ptr<Client> make_client(const ClientSetup& setup) {
  return std::make_unique<UpbitClient>(setup);
}

std::vector<HttpHeader> UpbitClient::handshake_headers(Channel channel, const Now& now) {
  if (channel == Channel::MarketData || !auth_) return {};
  return {{"Authorization", auth_->bearer("", now.wall)}};
}

void UpbitClient::on_open(Channel channel, const Now& now, EventSink&, Outbox& outbox) {
  Stream& stream = channel == Channel::MarketData ? market_ : trading_;
  stream = {true, false, now.instant, now.instant};
  if (channel == Channel::MarketData) {
    subscribe_market(now, outbox);
  } else {
    outbox.send_text(channel, account_subscription(++tickets_));
  }
  outbox.send_text(channel, ping_text);
}

// Orders under way go over REST, and are answered or given up there.
void UpbitClient::on_close(Channel channel, const Now&, EventSink&) {
  (channel == Channel::MarketData ? market_ : trading_) = {};
}

FrameOutcome UpbitClient::on_text(Channel channel, std::string_view frame, const Now& now,
                                  EventSink& sink, Outbox& outbox) {
  FrameOutcome outcome;
  if (channel == Channel::MarketData) {
    market_.answered = true;
    outcome = decoder_.on_frame(frame, now.instant, sink);
  } else {
    outcome = on_trading(frame, now, sink, outbox);
  }
  ++counters_.frames[static_cast<std::size_t>(outcome)];
  return outcome;
}

void UpbitClient::on_timer(const Now& now, EventSink&, Outbox& outbox) {
  for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
    Stream& stream = channel == Channel::MarketData ? market_ : trading_;
    if (!stream.open) continue;
    if (!stream.answered && now.instant - stream.asked >= answer_max) {
      stream.asked = now.instant;
      outbox.reconnect(channel, "what was asked for on opening was not answered");
      continue;
    }
    if (now.instant - stream.pinged >= ping_every) {
      stream.pinged = now.instant;
      outbox.send_text(channel, ping_text);
    }
  }
  if (subscribe_again_ && market_.open && now.instant - market_.asked >= subscribe_every)
    subscribe_market(now, outbox);
  while (!open_with_fills_.empty() && !blocked(now) &&
         default_rate_.take(cancel_reserve, now.instant)) {
    RestCall call;
    call.question = Question::OpenOrder;
    call.order = open_with_fills_.back();
    open_with_fills_.pop_back();
    send(call, "GET", "/v1/order", reference(call.order, {}), now, outbox);
  }
  if (open_orders_due_ && now.instant >= *open_orders_due_) {
    open_orders_due_.reset();
    query_open_orders(now, outbox);
  }
}

SendOutcome UpbitClient::place(const OrderRequest& order, const Now& now, Outbox& outbox) {
  if (!ready(Channel::Trading)) return SendOutcome::NotConnected;
  const Instrument& instrument = universe_.instrument(order.instrument);
  if (instrument.venue != setup_.venue || !instrument.on_tick(order.price) ||
      !instrument.on_lot(order.quantity))
    return SendOutcome::Invalid;
  if (calls_.size() >= most_calls || blocked(now) || !order_rate_.take(0, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  counters_.rate_used = order_rate_.used(now.instant);
  counters_.rate_limit = order_rate_.limit();
  TrackedOrder& tracked = orders_.add(order.id, order.instrument, order.side);
  tracked.price = order.price;
  tracked.quantity = order.quantity;
  tracked.placed = now.instant;
  RestCall call;
  call.question = Question::Place;
  call.order = order.id;
  call.instrument = order.instrument;
  ++counters_.orders_sent;
  send(call, "POST", "/v1/orders", place_parameters(order, instrument), now, outbox);
  return SendOutcome::Sent;
}

SendOutcome UpbitClient::cancel(const Cancel& cancel, const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  if (calls_.size() >= most_calls || blocked(now) || !default_rate_.take(0, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  RestCall call;
  call.question = Question::Cancel;
  call.order = cancel.order;
  call.instrument = cancel.instrument;
  send(call, "DELETE", "/v1/order", reference(cancel.order, cancel.venue_order_id), now, outbox);
  return SendOutcome::Sent;
}

SendOutcome UpbitClient::query_order(const QueryOrder& query, const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  // One question about an order at a time: the answer under way is as good.
  const bool asked = std::ranges::any_of(calls_, [&query](const RestCall& call) {
    return call.question == Question::Order && call.order == query.order;
  });
  if (asked || calls_.size() >= most_calls || blocked(now) ||
      !default_rate_.take(cancel_reserve, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  RestCall call;
  call.question = Question::Order;
  call.order = query.order;
  call.instrument = query.instrument;
  send(call, "GET", "/v1/order", reference(query.order, query.venue_order_id), now, outbox);
  return SendOutcome::Sent;
}

SendOutcome UpbitClient::query_open_orders(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  return ask_open_orders(1, 0, now, outbox) ? SendOutcome::Sent : SendOutcome::RateLimited;
}

SendOutcome UpbitClient::query_balances(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  if (blocked(now) || !default_rate_.take(cancel_reserve, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  RestCall call;
  call.question = Question::Balances;
  send(call, "GET", "/v1/accounts", {}, now, outbox);
  return SendOutcome::Sent;
}

SendOutcome UpbitClient::request_snapshot(InstrumentId instrument, const Now& now, Outbox& outbox) {
  if (blocked(now) || !orderbook_rate_.take(0, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  RestCall call;
  call.question = Question::Book;
  call.instrument = instrument;
  call.tag = ++next_tag_;
  HttpRequest request;
  request.method = "GET";
  request.target = "/v1/orderbook?markets=";
  request.target += universe_.instrument(instrument).symbol.view();
  request.headers = {{"Accept", "application/json"}, {"User-Agent", "ats"}};
  calls_.push_back(call);
  outbox.send_rest(call.tag, request, answer_max);
  return SendOutcome::Sent;
}

// Subscriptions are replaced as a whole; each begins with the book, and every message is one: what is not
// broken is told again, and no harm done.
SendOutcome UpbitClient::resubscribe(InstrumentId, const Now& now, Outbox& outbox) {
  if (!market_.open) return SendOutcome::Sent;  // opening will
  subscribe_again_ = true;
  if (now.instant - market_.asked >= subscribe_every) subscribe_market(now, outbox);
  return SendOutcome::Sent;
}

}  // namespace ats::venues::upbit

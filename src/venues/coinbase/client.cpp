// Effects and time; what arrives on the streams is in client_stream.cpp, over REST in client_rest.cpp.
#include "venues/coinbase/client.hpp"

#include <algorithm>

namespace ats::venues::coinbase {
namespace {

constexpr Duration subscription_max =
    seconds(10);  // the user channel's acknowledgement is overdue then
constexpr std::size_t most_calls = 512;

}  // namespace

CoinbaseClient::CoinbaseClient(const ClientSetup& setup)
    : setup_(setup), universe_(*setup.universe), decoder_(setup.venue, universe_) {
  if (setup.credentials.present()) auth_.emplace(setup.credentials);
}

std::unique_ptr<Client> make_client(const ClientSetup& setup) {
  return std::make_unique<CoinbaseClient>(setup);
}

void CoinbaseClient::on_open(Channel channel, const Now& now, EventSink&, Outbox& outbox) {
  if (channel == Channel::MarketData) {
    market_open_ = true;
    decoder_.on_open();
    subscribe_market(now, outbox);
    return;
  }
  trading_open_ = true;
  user_asked_ = user_stands_ = false;
  next_sequence_.reset();
  ask_time(now, outbox);
}

void CoinbaseClient::on_close(Channel channel, const Now&, EventSink&) {
  if (channel == Channel::MarketData) {
    market_open_ = false;
    waiting_.clear();
    again_.clear();
    unconfirmed_.clear();
    return;
  }
  // Orders under way are not the stream's: their answers still come. What is missed on the stream is made
  // up for when the next one stands.
  trading_open_ = false;
  user_asked_ = user_stands_ = false;
  open_orders_due_.reset();
}

FrameOutcome CoinbaseClient::on_text(Channel channel, std::string_view frame, const Now& now,
                                     EventSink& sink, Outbox& outbox) {
  const FrameOutcome outcome = channel == Channel::MarketData
                                   ? on_market(frame, now, sink)
                                   : on_trading(frame, now, sink, outbox);
  ++counters_.frames[static_cast<std::size_t>(outcome)];
  return outcome;
}

void CoinbaseClient::on_timer(const Now& now, EventSink&, Outbox& outbox) {
  if (market_open_) send_waiting(now, outbox);
  if (trading_open_ && user_asked_ && !user_stands_ &&
      now.instant - user_asked_at_ >= subscription_max) {
    outbox.reconnect(Channel::Trading, "the user channel was not acknowledged");
    return;
  }
  // The question for the clock found no budget.
  if (trading_open_ && !user_asked_ && !clock_asked_ && now.instant >= clock_due_)
    ask_time(now, outbox);
  if (user_stands_) {
    orders_.each([&](TrackedOrder& order) {
      if (order.seen > order.filled && !order.asking && now.instant >= order.ask_at)
        ask_fills(order, now, outbox);
    });
    ask_foreign_fills(now, outbox);
  }
  if (open_orders_due_ && now.instant >= *open_orders_due_) {
    open_orders_due_.reset();
    query_open_orders(now, outbox);
  }
  if (fees_due_ && now.instant >= *fees_due_) {
    fees_due_.reset();
    ask_fees(now, outbox);
  }
}

void CoinbaseClient::count_rate(const Now& now) {
  counters_.rate_limit = static_cast<std::uint64_t>(private_.capacity());
  counters_.rate_used =
      static_cast<std::uint64_t>(private_.capacity() - private_.left(now.instant));
}

SendOutcome CoinbaseClient::place(const OrderRequest& order, const Now& now, Outbox& outbox) {
  if (!ready(Channel::Trading)) return SendOutcome::NotConnected;
  const Instrument& instrument = universe_.instrument(order.instrument);
  if (instrument.venue != setup_.venue || !order.id.valid() || !instrument.on_tick(order.price) ||
      !instrument.on_lot(order.quantity))
    return SendOutcome::Invalid;
  RestCall call;
  call.question = Question::Place;
  call.order = order.id;
  call.instrument = order.instrument;
  if (calls_.size() >= most_calls ||
      !ask(std::move(call), "POST", "/orders", order_body(order, instrument), order_reserve, now,
           outbox))
    return SendOutcome::RateLimited;
  TrackedOrder& tracked = orders_.add(order.id, order.instrument);
  tracked.placed = now.wall;
  ++counters_.orders_sent;
  return SendOutcome::Sent;
}

SendOutcome CoinbaseClient::cancel(const Cancel& cancel, const Now& now, Outbox& outbox) {
  if (!auth_ || !cancel.order.valid()) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::Cancel;
  call.order = cancel.order;
  call.instrument = cancel.instrument;
  call.venue_id = cancel.venue_order_id;
  if (const TrackedOrder* tracked = orders_.find(cancel.order);
      tracked != nullptr && call.venue_id.empty())
    call.venue_id = tracked->venue_id;
  if (call.venue_id.empty()) {  // the venue takes back by its own ids only
    call.question = Question::Find;
    call.then_cancel = true;
    return find(std::move(call), now, outbox) ? SendOutcome::Sent : SendOutcome::RateLimited;
  }
  std::string body = cancel_body(call.venue_id.view());
  return ask(std::move(call), "POST", "/orders/batch_cancel", std::move(body), 0, now, outbox)
             ? SendOutcome::Sent
             : SendOutcome::RateLimited;
}

SendOutcome CoinbaseClient::query_order(const QueryOrder& query, const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  // One question about an order at a time: the answer under way is as good.
  const bool asked = std::any_of(calls_.begin(), calls_.end(), [&query](const RestCall& call) {
    return call.order == query.order &&
           (call.question == Question::Order || call.question == Question::Find || call.asked);
  });
  if (asked || calls_.size() >= most_calls) return SendOutcome::RateLimited;
  RestCall call;
  call.order = query.order;
  call.instrument = query.instrument;
  call.venue_id = query.venue_order_id;
  if (const TrackedOrder* tracked = orders_.find(query.order);
      tracked != nullptr && call.venue_id.empty())
    call.venue_id = tracked->venue_id;
  if (call.venue_id.empty()) {
    call.question = Question::Find;
    return find(std::move(call), now, outbox) ? SendOutcome::Sent : SendOutcome::RateLimited;
  }
  call.question = Question::Order;
  std::string path = "/orders/historical/";
  path += call.venue_id.view();
  return ask(std::move(call), "GET", path, {}, query_reserve, now, outbox)
             ? SendOutcome::Sent
             : SendOutcome::RateLimited;
}

SendOutcome CoinbaseClient::query_open_orders(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::OpenOrders;
  call.query = "?order_status=OPEN&limit=250";
  if (ask_page(std::move(call), {}, now, outbox)) return SendOutcome::Sent;
  open_orders_due_ = now.instant + seconds(2);
  return SendOutcome::RateLimited;
}

SendOutcome CoinbaseClient::query_balances(const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  RestCall call;
  call.question = Question::Balances;
  call.query = "?limit=250";
  return ask_page(std::move(call), {}, now, outbox) ? SendOutcome::Sent : SendOutcome::RateLimited;
}

// Books come with the subscription: there is nothing to ask for.
SendOutcome CoinbaseClient::request_snapshot(InstrumentId instrument, const Now& now,
                                             Outbox& outbox) {
  return resubscribe(instrument, now, outbox);
}

// Those asked for in one breath go out in one pair of messages.
SendOutcome CoinbaseClient::resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) {
  if (!market_open_) return SendOutcome::Sent;  // opening subscribes to everything
  if (std::find(again_.begin(), again_.end(), instrument) == again_.end())
    again_.push_back(instrument);
  send_waiting(now, outbox);
  return SendOutcome::Sent;
}

}  // namespace ats::venues::coinbase

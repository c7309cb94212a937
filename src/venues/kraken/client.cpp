// Effects and time; what arrives on the streams is in client_stream.cpp, over REST in client_rest.cpp.
#include "venues/kraken/client.hpp"

#include <algorithm>

namespace ats::venues::kraken {
namespace {

constexpr std::size_t most_pending = 512;
constexpr Duration answer_max = seconds(5);         // an order's or cancel's answer is overdue then
constexpr Duration late_answer_max = seconds(60);   // and understood until then
constexpr Duration subscription_max = seconds(10);  // a private subscription's
constexpr Duration ping_every = seconds(20);        // the venue closes after a silent minute

// The depth the books of this venue are kept at: what is subscribed to.
std::uint16_t book_depth(const ClientSetup& setup) {
  const std::uint16_t depth = setup.universe->venue(setup.venue).book.depth;
  return depth == 0 ? 10 : depth;
}

}  // namespace

KrakenClient::KrakenClient(const ClientSetup& setup)
    : setup_(setup),
      universe_(*setup.universe),
      depth_(book_depth(setup)),
      decoder_(setup.venue, universe_),
      symbols_(setup.venue, universe_),
      engine_counters_(universe_.instruments().size(), engine_counter()) {
  if (setup.credentials.present()) auth_.emplace(setup.credentials);
  pending_.reserve(most_pending);
}

std::unique_ptr<Client> make_client(const ClientSetup& setup) {
  return std::make_unique<KrakenClient>(setup);
}

void KrakenClient::on_open(Channel channel, const Now& now, EventSink&, Outbox& outbox) {
  pinged_ = now.instant;
  if (channel == Channel::MarketData) {
    market_open_ = true;
    subscribe_books(now, outbox);
    return;
  }
  trading_open_ = true;
  executions_stand_ = false;
  cancel_armed_.reset();
  requests_.clear_token();  // each connection gets its own
  ask_token(now, outbox);
}

void KrakenClient::on_close(Channel channel, const Now& now, EventSink& sink) {
  if (channel == Channel::MarketData) {
    market_open_ = false;
    market_asked_.clear();
    return;
  }
  trading_open_ = false;
  executions_stand_ = false;
  open_orders_due_.reset();
  for (const Request& request : pending_) {
    if (!request.of_order() || request.overdue) continue;
    routes_.failed(OrderRoute::Stream, now.instant);
    sink.on(OrderUnknown{request.order, UnknownReason::ConnectionLost, times({}, now)});
  }
  pending_.clear();
}

FrameOutcome KrakenClient::on_text(Channel channel, std::string_view frame, const Now& now,
                                   EventSink& sink, Outbox& outbox) {
  const FrameOutcome outcome = channel == Channel::MarketData
                                   ? on_market(frame, now, sink)
                                   : on_trading(frame, now, sink, outbox);
  ++counters_.frames[static_cast<std::size_t>(outcome)];
  return outcome;
}

void KrakenClient::on_timer(const Now& now, EventSink& sink, Outbox& outbox) {
  bool deaf = false;
  for (Request& request : pending_) {
    const Duration waited = now.instant - request.sent;
    switch (request.asked) {
      case Asked::Place:
      case Asked::Amend:
        if (waited < answer_max || request.overdue) break;
        request.overdue = true;
        routes_.failed(OrderRoute::Stream, now.instant);
        sink.on(OrderUnknown{request.order, UnknownReason::TimedOut, times({}, now)});
        break;
      case Asked::Cancel:
        if (waited < answer_max || request.overdue) break;
        request.overdue = true;
        routes_.failed(OrderRoute::Stream, now.instant);
        sink.on(CancelRejected{request.order, RejectReason::VenueBusy, times({}, now)});
        break;
      default:
        deaf |= waited >= subscription_max;
    }
  }
  std::erase_if(pending_, [&now](const Request& request) {
    return request.overdue && now.instant - request.sent >= late_answer_max;
  });
  if (deaf) {
    outbox.reconnect(Channel::Trading, "a private subscription was not answered");
    return;
  }
  if (trading_open_ && !requests_.has_token() && !token_asked_ && now.instant >= token_due_)
    ask_token(now, outbox);
  start_inquiry(now, outbox);
  if (open_orders_due_ && now.instant >= *open_orders_due_) {
    open_orders_due_.reset();
    query_open_orders(now, outbox);
  }
  if (setup_.cancel_on_death && ready(Channel::Trading) &&
      (!cancel_armed_ || now.instant - *cancel_armed_ >= cancel_armed_every)) {
    cancel_armed_ = now.instant;
    cancel_request_ = ++next_req_id_;
    outbox.send_text(Channel::Trading, requests_.cancel_all_after(cancel_after, cancel_request_));
  }
  if (now.instant - pinged_ >= ping_every) {
    pinged_ = now.instant;
    if (market_open_) outbox.send_text(Channel::MarketData, requests_.ping(++next_req_id_));
    if (trading_open_) outbox.send_text(Channel::Trading, requests_.ping(++next_req_id_));
  }
}

void KrakenClient::on_settled(const Now&, Outbox& outbox) {
  if (!cancel_armed_ || !ready(Channel::Trading)) return;
  outbox.send_text(Channel::Trading, requests_.cancel_all_after({}, ++next_req_id_));
}

void KrakenClient::count_rate(std::int64_t level, std::int64_t limit) {
  counters_.rate_used = static_cast<std::uint64_t>(level / 1'000);
  counters_.rate_limit = static_cast<std::uint64_t>(limit / 1'000);
}

SendOutcome KrakenClient::place(const OrderRequest& order, const Now& now, Outbox& outbox) {
  if (!ready(Channel::Trading)) return SendOutcome::NotConnected;
  const Instrument& instrument = universe_.instrument(order.instrument);
  if (instrument.venue != setup_.venue || !instrument.on_tick(order.price) ||
      !instrument.on_lot(order.quantity))
    return SendOutcome::Invalid;
  LeakyCounter& counter = engine_counters_[order.instrument.index()];
  if (!counter.take(place_cost, engine_reserve, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  count_rate(counter.level(now.instant), counter.limit());
  route_ = routes_.choose(now.instant);
  if (route_ == OrderRoute::Stream && pending_.size() == most_pending) {
    if (!routes_.free()) {
      ++counters_.rate_limited;
      return SendOutcome::RateLimited;
    }
    route_ = OrderRoute::Rest;
  }
  if (route_ == OrderRoute::Rest) return place_by_rest(order, now, outbox);
  // It leaves first; what is remembered of it is remembered before anything can be heard of it.
  const std::uint64_t req_id = ++next_req_id_;
  outbox.send_text(Channel::Trading, requests_.add_order(order, instrument, req_id));
  TrackedOrder& tracked = orders_.add(order.id, order.instrument, order.side);
  tracked.price = order.price;
  tracked.quantity = order.quantity;
  tracked.placed = now.instant;
  pending_.push_back({req_id, Asked::Place, order.id, order.instrument, now.instant});
  ++counters_.orders_sent;
  return SendOutcome::Sent;
}

SendOutcome KrakenClient::cancel(const Cancel& cancel, const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  const TrackedOrder* tracked = orders_.find(cancel.order);
  // Of an order from before this start nothing tells the age: the dearest is assumed.
  const Duration age = tracked == nullptr ? Duration{} : now.instant - tracked->placed;
  LeakyCounter& counter = engine_counters_[cancel.instrument.index()];
  if (!counter.take(cancel_cost(age), 0, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  if (!ready(Channel::Trading) || pending_.size() == most_pending ||
      routes_.choose(now.instant) == OrderRoute::Rest)
    return cancel_by_rest(cancel, now, outbox);
  const std::uint64_t req_id = ++next_req_id_;
  pending_.push_back({req_id, Asked::Cancel, cancel.order, cancel.instrument, now.instant});
  outbox.send_text(Channel::Trading, requests_.cancel_order(cancel, req_id));
  return SendOutcome::Sent;
}

SendOutcome KrakenClient::amend(const Amend& amend, const Now& now, Outbox& outbox) {
  if (!ready(Channel::Trading)) return SendOutcome::NotConnected;
  const OrderRequest& order = *amend.order;
  const Instrument& instrument = universe_.instrument(order.instrument);
  if (instrument.venue != setup_.venue || !instrument.on_tick(order.price) ||
      !instrument.on_lot(order.quantity))
    return SendOutcome::Invalid;
  TrackedOrder* const tracked = orders_.find(order.id);
  const Duration age = tracked == nullptr ? Duration{} : now.instant - tracked->placed;
  LeakyCounter& counter = engine_counters_[order.instrument.index()];
  if (!counter.take(amend_cost(age), engine_reserve, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  count_rate(counter.level(now.instant), counter.limit());
  if (pending_.size() == most_pending || routes_.choose(now.instant) == OrderRoute::Rest) {
    const SendOutcome outcome = amend_by_rest(amend, now, outbox);
    if (outcome != SendOutcome::Sent) return outcome;
  } else {
    const std::uint64_t req_id = ++next_req_id_;
    pending_.push_back(
        {req_id, Asked::Amend, order.id, order.instrument, now.instant, false, terms_of(order)});
    outbox.send_text(Channel::Trading, requests_.amend_order(amend, instrument, req_id));
  }
  // From now on its age is that of the amendment.
  if (tracked != nullptr) tracked->placed = now.instant;
  return SendOutcome::Sent;
}

// Books come with the subscription: there is nothing to ask for.
SendOutcome KrakenClient::request_snapshot(InstrumentId instrument, const Now& now,
                                           Outbox& outbox) {
  return resubscribe(instrument, now, outbox);
}

SendOutcome KrakenClient::resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) {
  if (!market_open_) return SendOutcome::Sent;  // opening subscribes to everything
  const std::string_view symbol = universe_.instrument(instrument).symbol.view();
  outbox.send_text(Channel::MarketData,
                   requests_.market("unsubscribe", "book", {&symbol, 1}, depth_, ++next_req_id_));
  const std::uint64_t req_id = ++next_req_id_;
  constexpr std::size_t most = 64;
  if (market_asked_.size() == most) market_asked_.erase(market_asked_.begin());
  market_asked_.push_back({req_id, Asked::Book, {}, instrument, now.instant});
  outbox.send_text(Channel::MarketData,
                   requests_.market("subscribe", "book", {&symbol, 1}, depth_, req_id));
  return SendOutcome::Sent;
}

}  // namespace ats::venues::kraken

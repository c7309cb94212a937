// Effects and time; what arrives on the streams is in client_stream.cpp, over REST in client_rest.cpp.
#include "venues/bitfinex/client.hpp"

#include <algorithm>

#include "venues/bitfinex/order_id.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::size_t most_pending = 512;
constexpr Duration answer_max = seconds(5);        // an order's or cancel's answer is overdue then
constexpr Duration late_answer_max = seconds(60);  // and understood until then
constexpr Duration authentication_max = seconds(10);
constexpr Duration ping_every = seconds(5);  // heartbeats come only each 15 s

// The shortest of the lengths the venue has that holds so many levels.
std::uint16_t book_length(std::uint16_t depth) {
  if (depth <= 25) return 25;
  return depth <= 100 ? 100 : 250;
}

}  // namespace

BitfinexClient::BitfinexClient(const ClientSetup& setup)
    : setup_(setup),
      universe_(*setup.universe),
      length_(book_length(universe_.venue(setup.venue).book.depth)),
      decoder_(setup.venue, universe_),
      symbols_(setup.venue, universe_) {
  if (setup.credentials.present()) auth_.emplace(setup.credentials);
  pending_.reserve(most_pending);
}

std::unique_ptr<Client> make_client(const ClientSetup& setup) {
  return std::make_unique<BitfinexClient>(setup);
}

void BitfinexClient::on_open(Channel channel, const Now& now, EventSink&, Outbox& outbox) {
  pinged_ = now.instant;
  if (channel == Channel::MarketData) {
    market_open_ = true;
    decoder_.reset();
    outbox.send_text(channel,
                     requests_.conf(flags::timestamp | flags::sequence | flags::book_checksum));
    subscribe_market(outbox);
    return;
  }
  trading_open_ = true;
  authenticated_ = false;
  public_sequence_ = account_sequence_ = 0;
  outbox.send_text(channel, requests_.conf(flags::sequence));
  authenticate(now, outbox);
}

void BitfinexClient::authenticate(const Now& now, Outbox& outbox) {
  auth_due_.reset();
  if (!auth_) return;
  auth_sent_ = now.instant;
  outbox.send_text(Channel::Trading, auth_->authentication(now.wall, setup_.cancel_on_death));
}

void BitfinexClient::on_close(Channel channel, const Now& now, EventSink& sink) {
  if (channel == Channel::MarketData) {
    market_open_ = false;
    return;
  }
  trading_open_ = false;
  authenticated_ = false;
  auth_sent_.reset();
  auth_due_.reset();
  open_orders_due_.reset();
  for (const Request& request : pending_) {
    if (request.overdue) continue;
    routes_.failed(OrderRoute::Stream, now.instant);
    sink.on(OrderUnknown{request.order, UnknownReason::ConnectionLost, times({}, now)});
  }
  pending_.clear();
}

FrameOutcome BitfinexClient::on_text(Channel channel, std::string_view frame, const Now& now,
                                     EventSink& sink, Outbox& outbox) {
  const FrameOutcome outcome = channel == Channel::MarketData
                                   ? on_market(frame, now, sink, outbox)
                                   : on_trading(frame, now, sink, outbox);
  ++counters_.frames[static_cast<std::size_t>(outcome)];
  return outcome;
}

void BitfinexClient::on_timer(const Now& now, EventSink& sink, Outbox& outbox) {
  for (Request& request : pending_) {
    if (request.overdue || now.instant - request.sent < answer_max) continue;
    request.overdue = true;
    routes_.failed(OrderRoute::Stream, now.instant);
    if (request.cancel)
      sink.on(CancelRejected{request.order, RejectReason::VenueBusy, times({}, now)});
    else
      sink.on(OrderUnknown{request.order, UnknownReason::TimedOut, times({}, now)});
  }
  std::erase_if(pending_, [&now](const Request& request) {
    return request.overdue && now.instant - request.sent >= late_answer_max;
  });
  if (auth_sent_ && now.instant - *auth_sent_ >= authentication_max) {
    auth_sent_.reset();
    outbox.reconnect(Channel::Trading, "the authentication was not answered");
    return;
  }
  if (auth_due_ && now.instant >= *auth_due_) authenticate(now, outbox);
  start_inquiry(now, outbox);
  if (open_orders_due_ && now.instant >= *open_orders_due_) {
    open_orders_due_.reset();
    query_open_orders(now, outbox);
  }
  if (now.instant - pinged_ >= ping_every) {
    pinged_ = now.instant;
    if (market_open_) outbox.send_text(Channel::MarketData, requests_.ping(++next_ping_));
    if (trading_open_) outbox.send_text(Channel::Trading, requests_.ping(++next_ping_));
  }
}

void BitfinexClient::count_rate(const Budget& budget) {
  counters_.rate_used = static_cast<std::uint64_t>(budget.used());
  counters_.rate_limit = static_cast<std::uint64_t>(budget.burst());
}

SendOutcome BitfinexClient::place(const OrderRequest& order, const Now& now, Outbox& outbox) {
  if (!ready(Channel::Trading)) return SendOutcome::NotConnected;
  const Instrument& instrument = universe_.instrument(order.instrument);
  const auto cid = client_id(order.id);
  if (!cid || instrument.venue != setup_.venue || !instrument.on_tick(order.price) ||
      !instrument.on_lot(order.quantity))
    return SendOutcome::Invalid;
  if (!order_budget_.take(order_reserve, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  count_rate(order_budget_);
  route_ = routes_.choose(now.instant);
  if (route_ == OrderRoute::Stream && pending_.size() == most_pending) {
    if (!routes_.free()) {
      ++counters_.rate_limited;
      return SendOutcome::RateLimited;
    }
    route_ = OrderRoute::Rest;
  }
  const Request request{order.id, order.instrument, false, *cid, {}, now.instant};
  if (route_ == OrderRoute::Rest) {
    const SendOutcome outcome =
        give(request, requests_.new_order_body(order, instrument, *cid), now, outbox);
    if (outcome != SendOutcome::Sent) return outcome;
  } else {
    // It leaves first; what is remembered of it is remembered before anything can be heard of it.
    outbox.send_text(Channel::Trading, requests_.new_order(order, instrument, *cid));
    pending_.push_back(request);
  }
  TrackedOrder& tracked = orders_.add(order.id, order.instrument, order.side);
  tracked.price = order.price;
  tracked.quantity = order.quantity;
  tracked.sent = now.wall;
  ++counters_.orders_sent;
  return SendOutcome::Sent;
}

SendOutcome BitfinexClient::cancel(const Cancel& cancel, const Now& now, Outbox& outbox) {
  if (!auth_) return SendOutcome::NotConnected;
  const TrackedOrder* const tracked = orders_.find(cancel.order);
  VenueOrderId venue_id = cancel.venue_order_id;
  if (venue_id.empty() && tracked != nullptr) venue_id = tracked->venue_id;
  const auto cid = client_id(cancel.order);
  if (venue_id.empty() && !cid) return SendOutcome::Invalid;
  if (!order_budget_.take(0, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  // The name of an order from before this start has a day that we no longer know: today's is likeliest.
  const WallTime sent = tracked != nullptr && tracked->sent.told() ? tracked->sent : now.wall;
  const Request request{cancel.order,    cancel.instrument, true,
                        cid.value_or(0), venue_id,          now.instant};
  if (!ready(Channel::Trading) || pending_.size() == most_pending ||
      routes_.choose(now.instant) == OrderRoute::Rest) {
    return give(request, requests_.cancel_order_body(venue_id.view(), cid.value_or(0), sent), now,
                outbox);
  }
  pending_.push_back(request);
  outbox.send_text(Channel::Trading,
                   requests_.cancel_order(venue_id.view(), cid.value_or(0), sent));
  return SendOutcome::Sent;
}

// Its price alone; its quantity is what it was. The venue forgets that an order was post-only once it rests: the
// flag is said again.
SendOutcome BitfinexClient::amend(const Amend& amend, const Now& now, Outbox& outbox) {
  if (!ready(Channel::Trading)) return SendOutcome::NotConnected;
  const OrderRequest& order = *amend.order;
  const Instrument& instrument = universe_.instrument(order.instrument);
  const TrackedOrder* const tracked = orders_.find(order.id);
  VenueOrderId venue_id = amend.venue_order_id;
  if (venue_id.empty() && tracked != nullptr) venue_id = tracked->venue_id;
  if (venue_id.empty() || instrument.venue != setup_.venue || !instrument.on_tick(order.price) ||
      order.quantity != amend.standing.quantity)
    return SendOutcome::Invalid;
  if (!order_budget_.take(order_reserve, now.instant)) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  count_rate(order_budget_);
  const Request request{order.id, order.instrument, false, 0,
                        venue_id, now.instant,      false, terms_of(order)};
  if (pending_.size() == most_pending || routes_.choose(now.instant) == OrderRoute::Rest) {
    return give(request, requests_.amend_order_body(venue_id.view(), order, instrument), now,
                outbox);
  }
  pending_.push_back(request);
  outbox.send_text(Channel::Trading, requests_.amend_order(venue_id.view(), order, instrument));
  return SendOutcome::Sent;
}

// Books come with the subscription: there is nothing to ask for.
SendOutcome BitfinexClient::request_snapshot(InstrumentId instrument, const Now& now,
                                             Outbox& outbox) {
  return resubscribe(instrument, now, outbox);
}

SendOutcome BitfinexClient::resubscribe(InstrumentId instrument, const Now&, Outbox& outbox) {
  if (!market_open_) return SendOutcome::Sent;  // opening subscribes to everything
  for (const std::uint64_t id : decoder_.leave_book(instrument))
    outbox.send_text(Channel::MarketData, requests_.unsubscribe(id));
  subscribe_book(instrument, outbox);
  return SendOutcome::Sent;
}

}  // namespace ats::venues::bitfinex

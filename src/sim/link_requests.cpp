// The engine's requests: how they leave, how they reach the venue, and what the venue answers.

#include <algorithm>

#include "base/assert.hpp"
#include "sim/link.hpp"

namespace ats::sim {

using venues::PlaceFault;
using venues::VenueFill;
using venues::VenueOrder;
using venues::VenueOrderState;

namespace {

constexpr Duration budget_length = seconds(10);
constexpr Duration receive_window = seconds(5);  // a request stamped further off is refused

RejectReason reason_of(PlaceFault fault) {
  switch (fault) {
    case PlaceFault::InsufficientFunds:
      return RejectReason::InsufficientFunds;
    case PlaceFault::InstrumentClosed:
      return RejectReason::InstrumentClosed;
    case PlaceFault::DuplicateClientOrderId:
      return RejectReason::DuplicateId;
    case PlaceFault::Injected:
      return RejectReason::Other;
    case PlaceFault::UnknownInstrument:
    case PlaceFault::PriceFilter:
    case PlaceFault::PriceBand:
    case PlaceFault::LotFilter:
    case PlaceFault::MinQuantity:
    case PlaceFault::MaxQuantity:
    case PlaceFault::MinNotional:
    case PlaceFault::WouldTake:
      break;
  }
  return RejectReason::InvalidOrder;
}

OrderState state_of(VenueOrderState state) {
  switch (state) {
    case VenueOrderState::New:
      return OrderState::Acked;
    case VenueOrderState::PartlyFilled:
      return OrderState::PartlyFilled;
    case VenueOrderState::Filled:
      return OrderState::Filled;
    case VenueOrderState::Cancelled:
    case VenueOrderState::Expired:
      break;
  }
  return OrderState::Cancelled;
}

}  // namespace

// ---- what the engine wants

void Link::request(const Action& action, Channel channel) {
  const std::uint32_t slot = timeline_.requests.take();
  const bool by_rest = std::holds_alternative<RequestImage>(action);
  timeline_.requests[slot] = {action, by_rest ? life_ : side(channel).epoch, now_};
  last_request_ = std::max(last_request_, now_ + delay(model_.request));
  timeline_.put(last_request_, Happening::Arrive, venue().value, slot);
}

void Link::send(const Action& action) {
  if (const auto* wanted = std::get_if<Resubscribe>(&action)) {
    if (side(Channel::MarketData).up) {
      request(action, Channel::MarketData);
    } else {
      post(Channel::MarketData, now_,
           BookFault{wanted->instrument, venue(), BookFaultReason::SubscriptionLost});
    }
    return;
  }
  if (const auto* wanted = std::get_if<RequestSnapshot>(&action)) {
    if (side(Channel::MarketData).up) {
      request(action, Channel::MarketData);
    } else {
      post(Channel::MarketData, now_,
           BookFault{wanted->instrument, venue(), BookFaultReason::SnapshotFailed});
    }
    return;
  }
  if (std::holds_alternative<RequestImage>(action)) {
    request(action, Channel::MarketData);
    return;
  }
  if (!side(Channel::Trading).up) {
    not_sent(action);
    return;
  }
  const Instant overdue = now_ + model_.answer_timeout;
  if (const auto* place = std::get_if<Place>(&action)) {
    if (!within_budget()) return not_sent(action);
    pending_.push_back({Asked::Place, place->order->id, overdue});
    post(Channel::Trading, now_, OrderSent{place->order->id, OrderRoute::Stream, now_, now_});
  } else if (const auto* amend = std::get_if<Amend>(&action)) {
    if (!within_budget()) return not_sent(action);
    pending_.push_back({Asked::Amend, amend->order->id, overdue});
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    pending_.push_back({Asked::Cancel, cancel->order, overdue});
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    pending_.push_back({Asked::Query, query->order, overdue});
  }
  request(action, Channel::Trading);
}

bool Link::within_budget() {
  if (now_ - budget_window_ >= budget_length) {
    budget_window_ = now_;
    budget_used_ = 0;
  }
  if (budget_used_ >= model_.orders_max) return false;
  ++budget_used_;
  return true;
}

void Link::not_sent(const Action& action) {
  if (const auto* place = std::get_if<Place>(&action)) {
    post(Channel::Trading, now_, OrderNotSent{place->order->id});
  } else if (const auto* amend = std::get_if<Amend>(&action)) {
    post(Channel::Trading, now_,
         AmendRejected{amend->order->id, RejectReason::RateLimited, "not sent", times()});
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    post(Channel::Trading, now_, CancelRejected{cancel->order, RejectReason::VenueBusy, times()});
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    post(Channel::Trading, now_, QueryFailed{query->order});
  }
}

// ---- requests reach the venue

void Link::arrive(const Request& request) {
  if (const auto* wanted = std::get_if<RequestImage>(&request.action)) {
    if (request.epoch == life_) answer_image(*wanted, request.sent);
    return;
  }
  const bool market = std::holds_alternative<Resubscribe>(request.action) ||
                      std::holds_alternative<RequestSnapshot>(request.action);
  const Channel channel = market ? Channel::MarketData : Channel::Trading;
  // Sent on a connection that broke since: half of it got through.
  if (request.epoch != side(channel).epoch && (market || rng_.one_in(2))) return;
  asked_ = request.sent;
  std::visit(
      [this](const auto& action) {
        if constexpr (requires { this->arrive(action); }) {
          this->arrive(action);
        } else {
          assertion_failed("notices are not sent to venues", __FILE__, __LINE__);
        }
      },
      request.action);
}

std::optional<RejectReason> Link::refused_at_the_door() {
  if (strike(FaultKind::Ban) || strike(FaultKind::RateLimit)) return RejectReason::RateLimited;
  const Duration skew = exchange_.faults().by(FaultKind::ClockSkew, now_);
  if ((skew > receive_window || skew < Duration{} - receive_window) &&
      strike(FaultKind::ClockSkew)) {
    return RejectReason::VenueBusy;  // certainly not carried out
  }
  return std::nullopt;
}

void Link::arrive(const Place& place) {
  const OrderRequest& wanted = *place.order;
  const auto reject = [&](RejectReason reason) {
    answer(Asked::Place, wanted.id, due(Path::Answer),
           OrderRejected{wanted.id, reason, name(reason), times()});
  };
  if (const auto reason = refused_at_the_door()) return reject(*reason);
  if (strike(FaultKind::TimeoutThenReject)) return;
  const bool answer_lost = strike(FaultKind::TimeoutThenAccept);
  const bool server_error = strike(FaultKind::ServerError);
  const auto says_nothing = [&] {
    answer(Asked::Place, wanted.id, due(Path::Answer),
           OrderUnknown{wanted.id, UnknownReason::VenueSaysUnknown, times()});
  };
  if (server_error && rng_.one_in(2)) return says_nothing();

  venues::NewOrder order;
  order.account = account_;
  order.instrument = wanted.instrument;
  order.side = wanted.side;
  order.time_in_force = wanted.time_in_force;
  if (wanted.post_only) order.kind = venues::OrderKind::LimitMaker;
  order.price = wanted.price;
  order.quantity = wanted.quantity;
  order.client_order_id = client_order_id(wanted.id).view();
  stream_quiet_ = (answer_lost || server_error) && rng_.one_in(2);
  const auto placed = exchange_.place(order);
  stream_quiet_ = false;
  if (answer_lost) return;
  if (server_error) return says_nothing();
  if (!placed) return reject(reason_of(placed.error()));

  const Instant at = due(Path::Answer);
  answer(Asked::Place, wanted.id, at,
         OrderAcked{wanted.id, VenueOrderId(std::to_string(placed->id)), times()});
  if (!model_.answers_tell_fills) return;
  tell_fills(*placed, wanted.id, at);
  if (!placed->live()) {
    post(Channel::Trading, at,
         OrderEnded{wanted.id, state_of(placed->state), placed->executed, times()});
  }
}

void Link::tell_fills(const VenueOrder& order, OrderId id, Instant at) {
  for (const VenueFill& fill : exchange_.fills(account_, order.id, SIZE_MAX)) {
    post(Channel::Trading, at, filled(fill, id));
  }
}

OrderFound Link::found(const VenueOrder& order, OrderId id) const {
  return {id,
          VenueOrderId(std::to_string(order.id)),
          state_of(order.state),
          order.executed,
          times(),
          order.instrument,
          {order.price, order.quantity},
          asked_};
}

// As with an order: refused, carried out, or carried out or not with nobody to say so.
void Link::arrive(const Amend& amend) {
  const OrderRequest& wanted = *amend.order;
  const auto reject = [&](RejectReason reason) {
    answer(Asked::Amend, wanted.id, due(Path::Answer),
           AmendRejected{wanted.id, reason, name(reason), times()});
  };
  if (const auto reason = refused_at_the_door()) return reject(*reason);
  if (strike(FaultKind::TimeoutThenReject)) return;
  const bool answer_lost = strike(FaultKind::TimeoutThenAccept);
  const bool server_error = strike(FaultKind::ServerError);
  const auto says_nothing = [&] {
    answer(Asked::Amend, wanted.id, due(Path::Answer),
           OrderUnknown{wanted.id, UnknownReason::VenueSaysUnknown, times()});
  };
  if (server_error && rng_.one_in(2)) return says_nothing();

  stream_quiet_ = (answer_lost || server_error) && rng_.one_in(2);
  const std::string name(client_order_id(wanted.id).view());
  const auto amended = exchange_.amend(account_, {0, name}, terms_of(wanted));
  stream_quiet_ = false;
  if (answer_lost) return;
  if (server_error) return says_nothing();
  if (!amended) {
    return reject(amended.error().gone ? RejectReason::Other : reason_of(amended.error().refused));
  }
  if (amended->live()) {
    answer(Asked::Amend, wanted.id, due(Path::Answer),
           OrderAmended{wanted.id,
                        {amended->price, amended->quantity},
                        VenueOrderId(std::to_string(amended->id)),
                        times()});
  } else {
    answer(Asked::Amend, wanted.id, due(Path::Answer),
           OrderEnded{wanted.id, state_of(amended->state), amended->executed, times()});
  }
}

void Link::arrive(const Cancel& cancel) {
  const auto reject = [&](RejectReason reason) {
    answer(Asked::Cancel, cancel.order, due(Path::Answer),
           CancelRejected{cancel.order, reason, times()});
  };
  if (const auto reason = refused_at_the_door()) return reject(*reason);
  if (strike(FaultKind::Maintenance)) return reject(RejectReason::InstrumentClosed);
  const auto done =
      exchange_.cancel(account_, {0, std::string(client_order_id(cancel.order).view())});
  if (!done) return reject(RejectReason::Other);
  answer(Asked::Cancel, cancel.order, due(Path::Answer),
         OrderEnded{cancel.order, OrderState::Cancelled, done->executed, times()});
}

void Link::arrive(const QueryOrder& query) {
  const Instant at = due(Path::Answer);
  const bool down = active(FaultKind::ServerError) && rng_.one_in(2);
  if (refused_at_the_door() || down || strike(FaultKind::Maintenance)) {
    answer(Asked::Query, query.order, at, QueryFailed{query.order});
    return;
  }
  const VenueOrder* order =
      exchange_.find_order(account_, {0, std::string(client_order_id(query.order).view())});
  if (order == nullptr) {
    answer(Asked::Query, query.order, at, OrderNotFound{query.order, times()});
    return;
  }
  tell_fills(*order, query.order, at);
  answer(Asked::Query, query.order, at, found(*order, query.order));
}

void Link::arrive(const QueryOpenOrders&) {
  if (refused_at_the_door()) return;
  const Instant at = due(Path::Answer);
  std::uint32_t ours = 0;
  for (const VenueOrder& order : exchange_.open_orders(account_)) {
    if (const auto id = parse_client_order_id(order.client_order_id)) {
      tell_fills(order, *id, at);
      post(Channel::Trading, at, found(order, *id));
      ++ours;
    } else {
      post(Channel::Trading, at, foreign(order));
    }
  }
  post(Channel::Trading, at, OpenOrdersComplete{venue(), ours, times()});
}

void Link::arrive(const QueryBalances& query) {
  if (refused_at_the_door()) return;
  const Instant at = due(Path::Answer);
  for (const venues::VenueBalance& balance : exchange_.balances(account_)) {
    if (balance.total.is_zero()) continue;
    post(Channel::Trading, at,
         BalanceReported{venue(), balance.asset, balance.total, balance.held, times()});
  }
  post(Channel::Trading, at, BalancesComplete{venue(), times(), query.asked});
}

// No answer is none: nobody is told.
void Link::answer_image(const RequestImage& wanted, Instant asked) {
  if (strike(FaultKind::Ban) || strike(FaultKind::RateLimit)) return;
  const venues::BookImage image = exchange_.book(wanted.instrument, 20);
  Message& message = post_by_rest(due(Path::Depth));
  BookImage event;
  event.instrument = wanted.instrument;
  event.asked = asked;
  message.bids = image.bids;
  message.asks = image.asks;
  message.event = event;
}

void Link::arrive(const RequestSnapshot& wanted) {
  if (strike(FaultKind::Ban) || strike(FaultKind::RateLimit)) {
    post(Channel::MarketData, due(Path::Depth),
         BookFault{wanted.instrument, venue(), BookFaultReason::SnapshotFailed});
    return;
  }
  send_image(wanted.instrument);
}

}  // namespace ats::sim

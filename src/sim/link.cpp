#include "sim/link.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "sim/draw.hpp"

namespace ats::sim {

using venues::CancelFault;
using venues::OrderUpdate;
using venues::PlaceFault;
using venues::VenueFill;
using venues::VenueOrder;
using venues::VenueOrderState;

namespace {

constexpr Duration tick_every = milliseconds(250);
constexpr Duration heartbeat_every = seconds(1);
constexpr Duration budget_length = seconds(10);
constexpr Duration receive_window = seconds(5);  // a request stamped further off is refused
constexpr std::size_t image_depth = 1000;

// Faults that can change what becomes of orders, or what we hear of them.
constexpr std::array order_faults = {
    FaultKind::Disconnect,        FaultKind::Slow,          FaultKind::TimeoutThenAccept,
    FaultKind::TimeoutThenReject, FaultKind::DuplicateFill, FaultKind::DropFill,
    FaultKind::LateCancel,        FaultKind::RateLimit,     FaultKind::Ban,
    FaultKind::ServerError,       FaultKind::Maintenance,   FaultKind::ClockSkew};

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

Link::Link(const Universe& universe, VenueId venue, const LinkModel& model, Timeline& timeline,
           Rng rng)
    : exchange_(universe, venue, *this),
      model_(model),
      timeline_(timeline),
      rng_(rng),
      views_(universe.instruments().size()) {
  account_ = exchange_.open_account("sim-key", "sim-secret");
}

void Link::set_time(Instant now, WallTime wall) {
  now_ = now;
  exchange_.set_time(now, wall);
}

// ---- delays and messages

Duration Link::delay(Duration median) {
  const std::int64_t times = rng_.one_in(200) ? 10 : 1;
  const double drawn = static_cast<double>(median.ns) * draw_lognormal(rng_, model_.sigma);
  return Duration{static_cast<std::int64_t>(drawn)} * times;
}

Instant Link::due(Path path) {
  const bool market = path == Path::Market;
  const bool answer = path == Path::Answer || path == Path::Depth;
  Duration takes = delay(market ? model_.market_data : answer ? model_.answer : model_.stream);
  if (answer && strike(FaultKind::Slow)) {
    takes = takes + exchange_.faults().by(FaultKind::Slow, now_);
  }
  Instant& last = last_on_path_[static_cast<std::size_t>(path)];
  last = std::max(last, now_ + takes);
  return last;
}

Message& Link::post(Channel channel, Instant at) {
  const std::uint32_t slot = timeline_.messages.take();
  Message& message = timeline_.messages[slot];
  message.answers = Asked::Nothing;
  message.channel = channel;
  message.epoch = side(channel).epoch;
  timeline_.put(at, Happening::Deliver, venue().value, slot);
  return message;
}

template <class E>
void Link::post(Channel channel, Instant at, const E& event) {
  post(channel, at).event = event;
}

template <class E>
void Link::answer(Asked kind, OrderId order, Instant at, const E& event) {
  Message& message = post(Channel::Trading, at);
  message.event = event;
  message.answers = kind;
  message.order = order;
}

bool Link::accept(const Message& message) {
  if (message.epoch != side(message.channel).epoch) return false;
  if (message.channel == Channel::MarketData) last_market_heard_ = now_;
  if (message.answers != Asked::Nothing) {
    std::erase_if(pending_, [&](const Pending& p) {
      return p.kind == message.answers && p.order == message.order;
    });
  }
  return true;
}

// ---- connections

void Link::connect(Channel channel) {
  side(channel).connecting = true;
  timeline_.put(now_ + delay(model_.connect), Happening::Connect, venue().value,
                static_cast<std::uint32_t>(channel));
}

void Link::on_connected(Channel channel) {
  Connection& connection = side(channel);
  if (!connection.connecting || connection.up) return;
  connection.connecting = false;
  connection.up = true;
  connection.up_since = now_;
  post(channel, now_, ConnectionUp{venue(), channel});
  if (channel == Channel::Trading) return;
  last_market_heard_ = last_market_message_ = now_;
  for (const InstrumentId id : exchange_.instruments()) {
    if (rules().snapshot_by_request) {
      views_[id.index()].subscribed = true;
    } else {
      request(Resubscribe{id}, Channel::MarketData);
    }
  }
}

void Link::drop(Channel channel) {
  Connection& connection = side(channel);
  if (!connection.up) return;
  connection.up = false;
  ++connection.epoch;
  // What was in flight and the connection's end are told in either order.
  const bool down_first = rng_.one_in(2);
  if (down_first) post(channel, now_, ConnectionDown{venue(), channel});
  if (channel == Channel::MarketData) {
    for (View& view : views_) view.subscribed = false;
  } else {
    for (const Pending& pending : pending_) give_up(pending, UnknownReason::ConnectionLost);
    pending_.clear();
  }
  if (!down_first) post(channel, now_, ConnectionDown{venue(), channel});
  connection.connecting = true;
  timeline_.put(now_ + draw_wait(rng_, seconds(1)) + delay(model_.connect), Happening::Connect,
                venue().value, static_cast<std::uint32_t>(channel));
}

void Link::engine_died() {
  for (Connection& connection : connections_) {
    connection.up = connection.connecting = false;
    ++connection.epoch;
  }
  for (View& view : views_) view.subscribed = false;
  pending_.clear();
}

void Link::tick() {
  const Connection& market = side(Channel::MarketData);
  if (market.up && !rules().snapshot_by_request && !active(FaultKind::Mute) &&
      now_ - last_market_message_ >= heartbeat_every) {
    post(Channel::MarketData, due(Path::Market), Heartbeat{venue(), times()});
    last_market_message_ = now_;
  }
  if (market.up && now_ - last_market_heard_ > model_.silence_max) drop(Channel::MarketData);
  while (!pending_.empty() && pending_.front().overdue <= now_) {
    give_up(pending_.front(), UnknownReason::TimedOut);
    pending_.erase(pending_.begin());
  }
  timeline_.put(now_ + tick_every, Happening::LinkTick, venue().value, 0);
}

void Link::give_up(const Pending& pending, UnknownReason reason) {
  switch (pending.kind) {
    case Asked::Place:
      post(Channel::Trading, now_, OrderUnknown{pending.order, reason, times()});
      break;
    case Asked::Query:
      post(Channel::Trading, now_, QueryFailed{pending.order});
      break;
    case Asked::Cancel:
      if (reason == UnknownReason::ConnectionLost) {
        post(Channel::Trading, now_, OrderUnknown{pending.order, reason, times()});
      } else {
        post(Channel::Trading, now_,
             CancelRejected{pending.order, RejectReason::VenueBusy, times()});
      }
      break;
    case Asked::Nothing:
      break;
  }
}

void Link::inject(const FaultOrder& order) {
  exchange_.faults().inject(order, now_);
  if (strike(FaultKind::Disconnect)) {
    const std::uint64_t which = rng_.below(3);
    if (which != 0) drop(Channel::MarketData);
    if (which != 1) drop(Channel::Trading);
  }
  // A venue that closes may say so, or only refuse.
  if (order.kind == FaultKind::Maintenance && side(Channel::MarketData).up && rng_.one_in(2)) {
    for (const InstrumentId id : exchange_.instruments()) {
      Instrument closed = exchange_.universe().instrument(id);
      closed.status = InstrumentStatus::Halted;
      post(Channel::MarketData, due(Path::Market), InstrumentChanged{closed});
    }
  }
}

void Link::fault_over(FaultKind kind) {
  if (kind != FaultKind::Maintenance) return;
  for (const InstrumentId id : exchange_.instruments()) {
    post(Channel::MarketData, due(Path::Market),
         InstrumentChanged{exchange_.universe().instrument(id)});
  }
}

Instant Link::calm_since() const {
  constexpr Instant never{std::numeric_limits<std::int64_t>::max()};
  Instant since{};
  for (const Connection& connection : connections_) {
    if (!connection.up) return never;
    since = std::max(since, connection.up_since);
  }
  for (const FaultKind kind : order_faults) {
    since = std::max(since, exchange_.faults().last_trouble(kind, now_));
  }
  return since;
}

// ---- market data

void Link::read_top(InstrumentId instrument, std::vector<Level>& bids,
                    std::vector<Level>& asks) const {
  const MatchBook& queues = exchange_.queues(instrument);
  for (const Side which : {Side::Buy, Side::Sell}) {
    auto& levels = which == Side::Buy ? bids : asks;
    levels.clear();
    const auto all = queues.levels(which);
    const std::size_t depth = rules().depth == 0 ? all.size() : rules().depth;
    for (auto at = all.rbegin(); at != all.rend() && levels.size() < depth; ++at) {
      levels.push_back({at->price, at->total});
    }
  }
}

std::uint32_t Link::checksum_of(const View& view) {
  constexpr std::size_t checked = 10;
  const TopLevels top{std::span(view.bids).first(std::min(checked, view.bids.size())),
                      std::span(view.asks).first(std::min(checked, view.asks.size()))};
  const std::uint32_t right = rules().checksum(top);
  return strike(FaultKind::BadChecksum) ? ~right : right;
}

// The venue begins to send: the whole of what the client may see, then its changes.
void Link::subscribe(InstrumentId instrument) {
  if (!side(Channel::MarketData).up) return;
  View& view = views_[instrument.index()];
  view.subscribed = true;
  read_top(instrument, view.bids, view.asks);
  if (active(FaultKind::Mute)) return;
  Message& message = post(Channel::MarketData, due(Path::Market));
  BookSnapshot snapshot;
  snapshot.instrument = instrument;
  snapshot.times = times();
  if (rules().checksum != nullptr) snapshot.checksum = checksum_of(view);
  message.bids = view.bids;
  message.asks = view.asks;
  message.event = snapshot;
  last_market_message_ = now_;
}

void Link::send_image(InstrumentId instrument) {
  const venues::BookImage image = exchange_.book(instrument, image_depth);
  Message& message = post(Channel::MarketData, due(Path::Depth));
  BookSnapshot snapshot;
  snapshot.instrument = instrument;
  snapshot.times = {{}, {}};  // the REST answer names no time
  snapshot.last = image.last;
  message.bids = image.bids;
  message.asks = image.asks;
  message.event = snapshot;
}

namespace {

// What a client that sees `depth` levels must be told to get from `old` to `now`: new and changed levels,
// levels that came into view, and deletions; nothing of levels that were pushed out of view.
void difference(Side side, const std::vector<Level>& old, const std::vector<Level>& now,
                std::size_t depth, std::vector<Level>& out) {
  const auto better = [side](Price a, Price b) { return side == Side::Buy ? a > b : a < b; };
  out.clear();
  std::size_t n = 0;
  for (const Level& was : old) {
    while (n < now.size() && better(now[n].price, was.price)) out.push_back(now[n++]);
    if (n < now.size() && now[n].price == was.price) {
      if (now[n].quantity != was.quantity) out.push_back(now[n]);
      ++n;
    } else if (n < now.size() || now.size() < depth) {
      out.push_back({was.price, {}});
    }
  }
  while (n < now.size()) out.push_back(now[n++]);
}

}  // namespace

void Link::on_book(const venues::BookChange& change) {
  View& view = views_[change.instrument.index()];
  if (!view.subscribed) return;
  const bool spanning = rules().sequence == SequenceRule::Spanning;
  const std::uint32_t slot = timeline_.messages.take();
  Message& message = timeline_.messages[slot];
  if (spanning) {
    message.bids.assign(change.bids.begin(), change.bids.end());
    message.asks.assign(change.asks.begin(), change.asks.end());
  } else {
    View now;
    std::swap(now.bids, spare_.bids);
    std::swap(now.asks, spare_.asks);
    read_top(change.instrument, now.bids, now.asks);
    const std::size_t depth = rules().depth == 0 ? SIZE_MAX : rules().depth;
    difference(Side::Buy, view.bids, now.bids, depth, message.bids);
    difference(Side::Sell, view.asks, now.asks, depth, message.asks);
    std::swap(view.bids, now.bids);
    std::swap(view.asks, now.asks);
    std::swap(now.bids, spare_.bids);
    std::swap(now.asks, spare_.asks);
  }
  const bool unseen = message.bids.empty() && message.asks.empty();
  if (unseen || strike(FaultKind::Mute) || strike(FaultKind::Gap)) {
    timeline_.messages.give_back(slot);
    return;
  }
  message.answers = Asked::Nothing;
  message.channel = Channel::MarketData;
  message.epoch = side(Channel::MarketData).epoch;
  if (strike(FaultKind::MalformedFrame)) {
    message.event = BookFault{change.instrument, venue(), BookFaultReason::MalformedFrame};
  } else {
    BookDelta delta;
    delta.instrument = change.instrument;
    delta.times = times();
    if (spanning) {
      delta.first = change.first;
      delta.last = change.last;
    }
    if (rules().checksum != nullptr) delta.checksum = checksum_of(view);
    message.event = delta;
  }
  timeline_.put(due(Path::Market), Happening::Deliver, venue().value, slot);
  last_market_message_ = now_;
}

void Link::on_trade(const venues::PublicTrade& trade) {
  if (!views_[trade.instrument.index()].subscribed || active(FaultKind::Mute)) return;
  Trade print;
  print.instrument = trade.instrument;
  print.times = times();
  print.taker_side = trade.taker_side;
  print.price = trade.price;
  print.quantity = trade.quantity;
  print.id = FillId(std::to_string(trade.id));
  post(Channel::MarketData, due(Path::Market), print);
  last_market_message_ = now_;
}

// ---- private stream

OrderFilled Link::filled(const VenueFill& fill, OrderId id) const {
  OrderFilled event;
  event.fill.order = id;
  event.fill.instrument = fill.instrument;
  event.fill.id = FillId(std::to_string(fill.trade_id));
  event.fill.side = fill.side;
  event.fill.liquidity = fill.liquidity;
  event.fill.price = fill.price;
  event.fill.quantity = fill.quantity;
  event.fill.fee = fill.fee;
  event.fill.fee_asset = fill.fee_asset;
  event.fill.venue_time = fill.time;
  event.times = {fill.time, {}};
  return event;
}

void Link::on_order(const OrderUpdate& update) {
  if (stream_quiet_ || !side(Channel::Trading).up || update.order.account != account_) return;
  const auto id = parse_client_order_id(update.order.client_order_id);
  if (!id) return;
  const Instant at = due(Path::Stream);
  const VenueOrder& o = update.order;
  switch (update.kind) {
    case OrderUpdate::Kind::New:
      post(Channel::Trading, at, OrderAcked{*id, VenueOrderId(std::to_string(o.id)), times()});
      break;
    case OrderUpdate::Kind::Fill:
      post(Channel::Trading, at, filled(*update.fill, *id));
      if (o.state == VenueOrderState::Filled) {
        post(Channel::Trading, at, OrderEnded{*id, OrderState::Filled, o.executed, times()});
      }
      break;
    case OrderUpdate::Kind::Cancelled:
    case OrderUpdate::Kind::Expired:
      post(Channel::Trading, at, OrderEnded{*id, OrderState::Cancelled, o.executed, times()});
      break;
  }
}

void Link::on_balance(AccountId account, const venues::VenueBalance& balance) {
  if (stream_quiet_ || !side(Channel::Trading).up || account != account_) return;
  const Decimal held = model_.stream_tells_held ? balance.held : Decimal{};
  post(Channel::Trading, due(Path::Stream),
       BalanceReported{venue(), balance.asset, balance.total, held, times()});
}

// ---- what the engine wants

void Link::request(const Action& action, Channel channel) {
  const std::uint32_t slot = timeline_.requests.take();
  timeline_.requests[slot] = {action, side(channel).epoch};
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
  if (!side(Channel::Trading).up) {
    not_sent(action);
    return;
  }
  const Instant overdue = now_ + model_.answer_timeout;
  if (const auto* place = std::get_if<Place>(&action)) {
    if (now_ - budget_window_ >= budget_length) {
      budget_window_ = now_;
      budget_used_ = 0;
    }
    if (budget_used_ >= model_.orders_max) {
      not_sent(action);
      return;
    }
    ++budget_used_;
    pending_.push_back({Asked::Place, place->order->id, overdue});
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    pending_.push_back({Asked::Cancel, cancel->order, overdue});
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    pending_.push_back({Asked::Query, query->order, overdue});
  }
  request(action, Channel::Trading);
}

void Link::not_sent(const Action& action) {
  if (const auto* place = std::get_if<Place>(&action)) {
    post(Channel::Trading, now_, OrderNotSent{place->order->id});
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    post(Channel::Trading, now_, CancelRejected{cancel->order, RejectReason::VenueBusy, times()});
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    post(Channel::Trading, now_, QueryFailed{query->order});
  }
}

// ---- requests reach the venue

void Link::arrive(const Request& request) {
  const bool market = std::holds_alternative<Resubscribe>(request.action) ||
                      std::holds_alternative<RequestSnapshot>(request.action);
  const Channel channel = market ? Channel::MarketData : Channel::Trading;
  // Sent on a connection that broke since: half of it got through.
  if (request.epoch != side(channel).epoch && (market || rng_.one_in(2))) return;
  std::visit(
      [this](const auto& action) {
        if constexpr (requires { this->arrive(action); }) {
          this->arrive(action);
        } else {
          ATS_ASSERT(!"a notice was sent to a venue");
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
  return {id, VenueOrderId(std::to_string(order.id)), state_of(order.state), order.executed,
          times()};
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
  for (const VenueOrder& order : exchange_.open_orders(account_)) {
    if (const auto id = parse_client_order_id(order.client_order_id)) {
      tell_fills(order, *id, at);
      post(Channel::Trading, at, found(order, *id));
    } else {
      post(Channel::Trading, at, ForeignOrder{venue(), VenueOrderId(std::to_string(order.id))});
    }
  }
}

void Link::arrive(const QueryBalances&) {
  if (refused_at_the_door()) return;
  const Instant at = due(Path::Answer);
  for (const venues::VenueBalance& balance : exchange_.balances(account_)) {
    if (balance.total.is_zero()) continue;
    post(Channel::Trading, at,
         BalanceReported{venue(), balance.asset, balance.total, balance.held, times()});
  }
  post(Channel::Trading, at, BalancesComplete{venue(), times()});
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

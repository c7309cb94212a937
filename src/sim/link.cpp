#include "sim/link.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "sim/draw.hpp"

namespace ats::sim {

using venues::OrderUpdate;
using venues::VenueFill;
using venues::VenueOrder;
using venues::VenueOrderState;

namespace {

constexpr Duration tick_every = milliseconds(250);
constexpr Duration heartbeat_every = seconds(1);
constexpr std::size_t image_depth = 1000;

// Faults that can change what becomes of orders, or what we hear of them.
constexpr std::array order_faults = {
    FaultKind::Disconnect,        FaultKind::Slow,          FaultKind::TimeoutThenAccept,
    FaultKind::TimeoutThenReject, FaultKind::DuplicateFill, FaultKind::DropFill,
    FaultKind::LateCancel,        FaultKind::RateLimit,     FaultKind::Ban,
    FaultKind::ServerError,       FaultKind::Maintenance,   FaultKind::ClockSkew};

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
  message.by_rest = false;
  timeline_.put(at, Happening::Deliver, venue().value, slot);
  return message;
}

Message& Link::post_by_rest(Instant at) {
  Message& message = post(Channel::MarketData, at);
  message.by_rest = true;
  message.epoch = life_;
  return message;
}

bool Link::accept(const Message& message) {
  if (message.by_rest) return message.epoch == life_;
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
  if (channel == Channel::MarketData && strike(FaultKind::StreamDown)) {
    try_again(channel);
    return;
  }
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
  try_again(channel);
}

void Link::try_again(Channel channel) {
  side(channel).connecting = true;
  timeline_.put(now_ + draw_wait(rng_, seconds(1)) + delay(model_.connect), Happening::Connect,
                venue().value, static_cast<std::uint32_t>(channel));
}

void Link::engine_died() {
  ++life_;
  for (Connection& connection : connections_) {
    connection.up = connection.connecting = false;
    ++connection.epoch;
  }
  for (View& view : views_) view.subscribed = false;
  pending_.clear();
}

void Link::tick() {
  const Connection& market = side(Channel::MarketData);
  // Of its own, or a pong to the client's ping.
  if (market.up && !active(FaultKind::Mute) && now_ - last_market_message_ >= heartbeat_every) {
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
    case Asked::Amend:
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
  if (order.kind == FaultKind::StreamDown) drop(Channel::MarketData);
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

void Link::stranger_moves_money() {
  const auto balances = exchange_.balances(account_);
  const venues::VenueBalance& chosen = balances[rng_.below(balances.size())];
  // A thousandth of what is free, coming or going.
  const auto share = (chosen.total - chosen.held).multiply_floor(Decimal::of("0.001"), 8);
  if (!share || share->is_zero()) return;
  exchange_.deposit(account_, chosen.asset, rng_.one_in(2) ? *share : -*share);
}

void Link::stranger_orders() {
  if (strangers_order_ != 0) {
    // Long filled when the market came that far.
    static_cast<void>(exchange_.cancel(account_, {strangers_order_, ""}).ok());
    strangers_order_ = 0;
  }
  const auto instruments = exchange_.instruments();
  const Instrument& i =
      exchange_.universe().instrument(instruments[rng_.below(instruments.size())]);
  const MatchBook& queues = exchange_.queues(i.id);
  if (queues.empty(Side::Buy) || queues.empty(Side::Sell)) return;
  venues::NewOrder order;
  order.account = account_;
  order.instrument = i.id;
  switch (rng_.below(3)) {
    case 0:  // far away
      order.kind = venues::OrderKind::LimitMaker;
      order.price = i.floor_to_tick({queues.best(Side::Buy).price.units / 2});
      break;
    case 1:  // at the edge of the book, where somebody will take it
      order.side = rng_.one_in(2) ? Side::Buy : Side::Sell;
      order.price = queues.best(order.side).price;
      break;
    default:  // takes what is there
      order.side = rng_.one_in(2) ? Side::Buy : Side::Sell;
      order.time_in_force = TimeInForce::Ioc;
      order.price = queues.best(opposite(order.side)).price;
      break;
  }
  // Twice the least that the venue takes.
  const auto least = i.min_notional.divide_floor(i.price_decimal(order.price), i.qty_scale);
  order.quantity = {2 * std::max(i.min_quantity.units, *least->to_scaled(i.qty_scale) + i.lot)};
  order.quantity = i.floor_to_lot(order.quantity);
  order.client_order_id = "web-" + std::to_string(++strangers_);
  const auto placed = exchange_.place(order);
  if (placed && placed->live()) strangers_order_ = placed->id;
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

std::uint32_t Link::checksum_of(InstrumentId instrument, const View& view) {
  const Instrument& i = exchange_.universe().instrument(instrument);
  const std::size_t checked = rules().checksum_levels;
  const TopLevels top{std::span(view.bids).first(std::min(checked, view.bids.size())),
                      std::span(view.asks).first(std::min(checked, view.asks.size())),
                      i.price_scale, i.qty_scale};
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
  snapshot.last = ++view.messages;
  if (rules().checksum != nullptr) snapshot.checksum = checksum_of(instrument, view);
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
  if (unseen || strike(FaultKind::Mute)) {
    timeline_.messages.give_back(slot);
    return;
  }
  if (strike(FaultKind::Gap)) {
    hole_ = rules().connection_sequence;
    timeline_.messages.give_back(slot);
    return;
  }
  if (hole_) {
    // The codec finds the hole in front of this message, and nothing says whose message is missing.
    hole_ = false;
    post(Channel::MarketData, due(Path::Market),
         BookFault{InstrumentId{}, venue(), BookFaultReason::SequenceGap});
  }
  message.answers = Asked::Nothing;
  message.channel = Channel::MarketData;
  message.epoch = side(Channel::MarketData).epoch;
  message.by_rest = false;
  if (strike(FaultKind::MalformedFrame)) {
    message.event = BookFault{change.instrument, venue(), BookFaultReason::MalformedFrame};
  } else if (rules().sequence == SequenceRule::WholeBook) {
    BookSnapshot whole;
    whole.instrument = change.instrument;
    whole.times = times();
    whole.last = ++view.messages;
    message.bids = view.bids;
    message.asks = view.asks;
    message.event = whole;
  } else {
    BookDelta delta;
    delta.instrument = change.instrument;
    delta.times = times();
    if (spanning) {
      delta.first = change.first;
      delta.last = change.last;
    }
    if (rules().checksum != nullptr) delta.checksum = checksum_of(change.instrument, view);
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

Fill Link::fill_of(const VenueFill& fill, OrderId id) const {
  Fill told;
  told.order = id;
  told.instrument = fill.instrument;
  told.id = FillId(std::to_string(fill.trade_id));
  told.side = fill.side;
  told.liquidity = fill.liquidity;
  told.price = fill.price;
  told.quantity = fill.quantity;
  told.fee = fill.fee;
  told.fee_asset = fill.fee_asset;
  told.venue_time = fill.time;
  return told;
}

OrderFilled Link::filled(const VenueFill& fill, OrderId id) const {
  return {fill_of(fill, id), {fill.time, {}}};
}

ForeignOrder Link::foreign(const VenueOrder& order) const {
  return {venue(),     VenueOrderId(std::to_string(order.id)), order.instrument,
          order.side,  {order.price, order.quantity},          order.executed,
          order.live()};
}

void Link::on_order(const OrderUpdate& update) {
  if (stream_quiet_ || !side(Channel::Trading).up || update.order.account != account_) return;
  const auto id = parse_client_order_id(update.order.client_order_id);
  const Instant at = due(Path::Stream);
  const VenueOrder& o = update.order;
  if (!id) {
    if (update.kind == OrderUpdate::Kind::Fill) {
      const Fill fill = fill_of(*update.fill, {});
      post(Channel::Trading, at,
           ForeignFill{VenueOrderId(std::to_string(o.id)), fill, {fill.venue_time, {}}});
    }
    post(Channel::Trading, at, foreign(o));
    return;
  }
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
    case OrderUpdate::Kind::Amended:
      post(Channel::Trading, at,
           OrderAmended{*id, {o.price, o.quantity}, VenueOrderId(std::to_string(o.id)), times()});
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

}  // namespace ats::sim

#include "sim/paper_exchange.hpp"

#include <algorithm>
#include <type_traits>

#include "base/assert.hpp"

namespace ats::sim {

// --- accounts and lives ---

void PaperExchange::grow(const Universe& universe) {
  universe_ = universe;
  accounts_.resize(universe.venues().size());
  for (auto& of_venue : accounts_) of_venue.resize(universe.assets().size());
  resting_.resize(universe.instruments().size());
}

PaperExchange::Order* PaperExchange::find(OrderId id) {
  const auto found = orders_.find(id.value);
  return found == orders_.end() ? nullptr : &found->second;
}

void PaperExchange::fold(const Event& event) {
  if (const auto* started = std::get_if<Started>(&event)) {
    grow(*started->universe);
  } else if (const auto* told = std::get_if<BalanceReported>(&event)) {
    account(told->venue, told->asset) = {told->total, {}, true};
  } else if (const auto* acked = std::get_if<OrderAcked>(&event)) {
    Order* order = find(acked->order);
    if (order == nullptr) return;
    order->id = acked->venue_order_id;
    if (order->state == OrderState::Placed) order->state = OrderState::Acked;
  } else if (const auto* filled = std::get_if<OrderFilled>(&event)) {
    Order* order = find(filled->fill.order);
    if (order == nullptr) return;
    const bool known = std::any_of(order->fills.begin(), order->fills.end(),
                                   [&](const Fill& f) { return f.id == filled->fill.id; });
    if (known) return;
    order->fills.push_back(filled->fill);
    order->filled += filled->fill.quantity;
    order->state = OrderState::PartlyFilled;
    apply(filled->fill);
  } else if (const auto* over = std::get_if<OrderEnded>(&event)) {
    if (Order* order = find(over->order)) order->state = over->state;
  } else if (const auto* amended = std::get_if<OrderAmended>(&event)) {
    Order* order = find(amended->order);
    if (order == nullptr) return;
    order->request.price = amended->terms.price;
    order->request.quantity = amended->terms.quantity;
  } else if (const auto* rejected = std::get_if<OrderRejected>(&event)) {
    orders_.erase(rejected->order.value);
  }
}

void PaperExchange::fold(std::span<const Action> actions) {
  for (const Action& action : actions) {
    const auto* place = std::get_if<Place>(&action);
    if (place == nullptr) continue;
    Order& order = orders_[place->order->id.value];
    order.request = *place->order;
    // Of earlier days the journal tells as much as we ever knew: only the last are kept.
    while (orders_.size() > 4 * remembered_least && is_final(orders_.begin()->second.state))
      orders_.erase(orders_.begin());
  }
}

void PaperExchange::begin(const Universe& universe, std::uint32_t incarnation, Instant now) {
  grow(universe);
  incarnation_ = incarnation;
  orders_made_ = fills_ = 0;
  desks_.resize(universe.venues().size());
  books_.clear();
  books_.reserve(universe.instruments().size());
  for (const Instrument& i : universe_.instruments())
    books_.emplace_back(universe_.venue(i.venue).book, i);
  for (auto known = orders_.begin(); known != orders_.end();) {
    Order& order = known->second;
    if (order.id.empty() && order.filled.is_zero()) {
      known = orders_.erase(known);  // it never arrived
      continue;
    }
    const bool rests = order.request.time_in_force == TimeInForce::Gtc && !is_final(order.state) &&
                       order.filled < order.request.quantity;
    if (rests) {
      hold(order);
      resting_[order.request.instrument.index()].push_back(known->first);
    } else {
      if (!is_final(order.state)) {
        order.state =
            order.filled < order.request.quantity ? OrderState::Cancelled : OrderState::Filled;
      }
      ended_.push_back({known->first, now});
    }
    ++known;
  }
  for (std::size_t v = 0; v < desks_.size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    tell(venue, ConnectionUp{venue, Channel::Trading}, now);
  }
}

void PaperExchange::set_latency(VenueId venue, const PaperLatency& latency) {
  ATS_ASSERT(latency.least <= latency.most && latency.least.ns >= 0);
  desks_[venue.index()].latency = latency;
}

bool PaperExchange::endow(VenueId venue, AssetId asset, Decimal amount) {
  Account& of = account(venue, asset);
  if (of.told) return false;
  of.total = amount;
  return true;
}

Decimal PaperExchange::total(VenueId venue, AssetId asset) const {
  return accounts_[venue.index()][asset.index()].total;
}

Decimal PaperExchange::held(VenueId venue, AssetId asset) const {
  return accounts_[venue.index()][asset.index()].held;
}

std::size_t PaperExchange::resting() const {
  std::size_t count = 0;
  for (const auto& of : resting_) count += of.size();
  return count;
}

// --- time ---

Duration PaperExchange::drawn(const Desk& desk) {
  return {draw_.between(desk.latency.least.ns, desk.latency.most.ns)};
}

// Leaves the venue at `at`; comes after what left before.
void PaperExchange::tell(VenueId venue, const Event& event, Instant at) {
  Desk& desk = desks_[venue.index()];
  desk.last_told = std::max(desk.last_told, at + drawn(desk));
  desk.telling.push_back({desk.last_told, event});
}

Instant PaperExchange::due() const {
  Instant first = never;
  for (const Desk& desk : desks_) {
    if (!desk.arriving.empty()) first = std::min(first, desk.arriving.front().at);
    if (!desk.telling.empty()) first = std::min(first, desk.telling.front().at);
  }
  return first;
}

bool PaperExchange::idle() const { return due() == never; }

void PaperExchange::settle_arrivals(Instant until) {
  for (;;) {
    Desk* first = nullptr;
    for (Desk& desk : desks_) {
      if (desk.arriving.empty() || desk.arriving.front().at > until) continue;
      if (first == nullptr || desk.arriving.front().at < first->arriving.front().at) first = &desk;
    }
    if (first == nullptr) return;
    const Arriving arrived = first->arriving.front();
    first->arriving.pop_front();
    arrive({static_cast<VenueId::rep>(first - desks_.data())}, arrived.action, arrived.at);
  }
}

namespace {

// The time it is told at is the time it is received at.
void stamp(Event& event, WallTime wall, Instant now) {
  std::visit(
      [&](auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (requires { e.times; }) e.times = {wall, now};
        if constexpr (std::is_same_v<E, OrderFilled>) {
          if (!e.fill.venue_time.told()) e.fill.venue_time = wall;
        }
      },
      event);
}

}  // namespace

void PaperExchange::advance(Instant now, WallTime wall, EventSink& sink) {
  wall_ = wall;
  settle_arrivals(now);
  for (;;) {
    Desk* first = nullptr;
    for (Desk& desk : desks_) {
      if (desk.telling.empty() || desk.telling.front().at > now) continue;
      if (first == nullptr || desk.telling.front().at < first->telling.front().at) first = &desk;
    }
    if (first == nullptr) break;
    Event event = first->telling.front().event;
    first->telling.pop_front();
    stamp(event, wall, now);
    sink.on(event);
  }
  forget_ended(now);
}

void PaperExchange::forget_ended(Instant now) {
  while (ended_.size() > remembered_least && now - ended_.front().at > remembered) {
    orders_.erase(ended_.front().order);
    ended_.pop_front();
  }
}

// --- the market ---

void PaperExchange::on_market(const Event& event, Instant now) {
  settle_arrivals(now);  // on the books as they were
  const auto of_venue = [&](VenueId venue, auto what) {
    for (const Instrument& i : universe_.instruments()) {
      if (i.venue == venue) (books_[i.id.index()].*what)();
    }
  };
  if (const auto* delta = std::get_if<BookDelta>(&event)) {
    books_[delta->instrument.index()].on(*delta);
    look_at_resting(delta->instrument, now);
  } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    books_[snapshot->instrument.index()].on(*snapshot);
    look_at_resting(snapshot->instrument, now);
  } else if (const auto* fault = std::get_if<BookFault>(&event)) {
    if (fault->instrument.valid()) {
      books_[fault->instrument.index()].on_fault();
    } else {
      of_venue(fault->venue, &PaperBook::on_fault);
    }
  } else if (const auto* up = std::get_if<ConnectionUp>(&event)) {
    if (up->channel == Channel::MarketData) of_venue(up->venue, &PaperBook::on_up);
  } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
    if (down->channel == Channel::MarketData) of_venue(down->venue, &PaperBook::on_down);
  } else if (const auto* print = std::get_if<Trade>(&event)) {
    // Through our price: whoever traded there would have had to take us first.
    Quantity left = print->quantity;
    const std::vector<std::uint64_t> at_rest = resting_[print->instrument.index()];
    for (const std::uint64_t id : at_rest) {
      Order& order = orders_.at(id);
      const Price own = order.request.price;
      const bool hit = print->taker_side == Side::Sell
                           ? order.request.side == Side::Buy && print->price < own
                           : order.request.side == Side::Sell && print->price > own;
      if (!hit || left.is_zero()) continue;
      const Quantity taken = std::min(left, order.request.quantity - order.filled);
      left -= taken;
      fill_resting(order, taken, now);
    }
  } else if (const auto* changed = std::get_if<InstrumentChanged>(&event)) {
    const Instrument& held = universe_.instrument(changed->instrument.id);
    const bool same_scales = held.price_scale == changed->instrument.price_scale &&
                             held.qty_scale == changed->instrument.qty_scale;
    if (same_scales) universe_.add_instrument(changed->instrument);
  }
}

void PaperExchange::look_at_resting(InstrumentId id, Instant at) {
  PaperBook& book = books_[id.index()];
  const std::vector<std::uint64_t> at_rest = resting_[id.index()];
  for (const std::uint64_t number : at_rest) {
    Order& order = orders_.at(number);
    Quantity taken;
    book.take(opposite(order.request.side), order.request.price,
              order.request.quantity - order.filled, [&](Price, Quantity here) { taken += here; });
    if (!taken.is_zero()) fill_resting(order, taken, at);
  }
}

// --- what the core wants ---

bool PaperExchange::concerns(const Action& action) {
  return std::holds_alternative<Place>(action) || std::holds_alternative<Amend>(action) ||
         std::holds_alternative<Cancel>(action) || std::holds_alternative<QueryOrder>(action) ||
         std::holds_alternative<QueryOpenOrders>(action) ||
         std::holds_alternative<QueryBalances>(action);
}

VenueId PaperExchange::venue_of(const Action& action) const {
  if (const auto* x = std::get_if<Place>(&action)) return instrument(x->order->instrument).venue;
  if (const auto* x = std::get_if<Amend>(&action)) return instrument(x->order->instrument).venue;
  if (const auto* x = std::get_if<Cancel>(&action)) return instrument(x->instrument).venue;
  if (const auto* x = std::get_if<QueryOrder>(&action)) return instrument(x->instrument).venue;
  if (const auto* x = std::get_if<QueryOpenOrders>(&action)) return x->venue;
  if (const auto* x = std::get_if<QueryBalances>(&action)) return x->venue;
  return {};
}

void PaperExchange::act(const Action& action, Instant now) {
  if (!concerns(action)) return;
  Desk& desk = desks_[venue_of(action).index()];
  desk.last_arrival = std::max(desk.last_arrival, now + drawn(desk));
  desk.arriving.push_back({desk.last_arrival, action});
}

void PaperExchange::arrive(VenueId venue, const Action& action, Instant at) {
  if (const auto* order = std::get_if<Place>(&action)) return place(*order->order, at);
  if (const auto* other = std::get_if<Amend>(&action)) return amend(*other->order, at);
  if (const auto* over = std::get_if<Cancel>(&action)) return cancel(over->order, venue, at);
  if (const auto* asked = std::get_if<QueryOrder>(&action)) return query(*asked, venue, at);
  if (std::holds_alternative<QueryOpenOrders>(action)) return tell_open_orders(venue, at);
  tell_balances(std::get<QueryBalances>(action), at);
}

// What it may take from the account: the quantity to sell, or the notional at the limit and the fee on it.
Decimal PaperExchange::funds_for(const OrderRequest& request, Quantity left) const {
  const Instrument& on = instrument(request.instrument);
  if (request.side == Side::Sell) return on.quantity_decimal(left);
  Decimal funds = on.notional(request.price, left);
  const Instrument::Fee fee = on.taker_fee(Side::Buy, request.price, left);
  if (fee.asset == on.quote) funds += fee.amount;
  return funds;
}

void PaperExchange::reject(const OrderRequest& request, RejectReason reason, std::string_view why,
                           Instant at) {
  tell(instrument(request.instrument).venue,
       OrderRejected{request.id, reason, Text<63>::cut(why), {}}, at);
}

void PaperExchange::place(const OrderRequest& request, Instant at) {
  const Instrument& on = instrument(request.instrument);
  if (find(request.id) != nullptr) {
    return reject(request, RejectReason::DuplicateId, "there is an order of that id", at);
  }
  if (on.status != InstrumentStatus::Trading)
    return reject(request, RejectReason::InstrumentClosed, name(on.status), at);
  if (const auto fault = check_order(on, request.price, request.quantity))
    return reject(request, RejectReason::InvalidOrder, name(*fault), at);
  const Account& from = account(on.venue, request.side == Side::Buy ? on.quote : on.base);
  if (from.total - from.held < funds_for(request, request.quantity))
    return reject(request, RejectReason::InsufficientFunds, "not enough of it is free", at);
  const PaperBook& book = books_[request.instrument.index()];
  const Side other = opposite(request.side);
  if (request.post_only && !book.within(other, request.price).is_zero())
    return reject(request, RejectReason::InvalidOrder, "it would take", at);
  Order& order = orders_[request.id.value];
  order.request = request;
  order.id =
      VenueOrderId("paper-" + std::to_string(incarnation_) + "-" + std::to_string(++orders_made_));
  order.state = OrderState::Acked;
  tell(on.venue, OrderAcked{request.id, order.id, {}}, at);
  hold(order);
  take(order, at);
  if (is_final(order.state)) return;
  if (request.time_in_force == TimeInForce::Gtc) {
    resting_[request.instrument.index()].push_back(request.id.value);
  } else {
    end(order, OrderState::Cancelled, at);
  }
}

void PaperExchange::take(Order& order, Instant at) {
  const OrderRequest& request = order.request;
  PaperBook& book = books_[request.instrument.index()];
  const Side from = opposite(request.side);
  const bool whole_or_nothing = request.time_in_force == TimeInForce::Fok;
  if (whole_or_nothing && book.within(from, request.price) < request.quantity) return;
  book.take(
      from, request.price, request.quantity - order.filled,
      [&](Price price, Quantity quantity) { fill(order, price, quantity, Liquidity::Taker, at); });
}

void PaperExchange::fill_resting(Order& order, Quantity quantity, Instant at) {
  const std::uint64_t id = order.request.id.value;
  auto& at_rest = resting_[order.request.instrument.index()];
  fill(order, order.request.price, quantity, Liquidity::Maker, at);
  if (is_final(order.state)) std::erase(at_rest, id);
}

void PaperExchange::fill(Order& order, Price price, Quantity quantity, Liquidity liquidity,
                         Instant at) {
  const OrderRequest& request = order.request;
  const Instrument& on = instrument(request.instrument);
  Fill fill;
  fill.order = request.id;
  fill.instrument = request.instrument;
  fill.id = FillId("paper-" + std::to_string(incarnation_) + "-" + std::to_string(++fills_));
  fill.side = request.side;
  fill.liquidity = liquidity;
  fill.price = price;
  fill.quantity = quantity;
  const bool in_base = on.fees.charged_in == FeeAsset::Received && request.side == Side::Buy;
  const Decimal on_amount = in_base ? on.quantity_decimal(quantity) : on.notional(price, quantity);
  const Rate rate = liquidity == Liquidity::Maker ? on.fees.maker : on.fees.taker;
  const auto fee = on_amount.multiply_floor(rate.decimal(), on.fees.decimals);
  ATS_ASSERT(fee.ok());
  fill.fee = *fee;
  fill.fee_asset = in_base ? on.base : on.quote;
  order.fills.push_back(fill);
  order.filled += quantity;
  order.state = OrderState::PartlyFilled;
  apply(fill);
  hold(order);
  tell(on.venue, OrderFilled{fill, {}}, at);
  if (order.filled == request.quantity) end(order, OrderState::Filled, at);
}

void PaperExchange::apply(const Fill& fill) {
  const Instrument& on = instrument(fill.instrument);
  const Decimal base = on.quantity_decimal(fill.quantity);
  const Decimal quote = on.notional(fill.price, fill.quantity);
  const bool buys = fill.side == Side::Buy;
  account(on.venue, on.base).total += buys ? base : -base;
  account(on.venue, on.quote).total += buys ? -quote : quote;
  account(on.venue, fill.fee_asset).total -= fill.fee;
}

// As much as the rest of the order may need; none once it is over.
void PaperExchange::hold(Order& order) {
  const Instrument& on = instrument(order.request.instrument);
  Account& from = account(on.venue, order.request.side == Side::Buy ? on.quote : on.base);
  from.held -= order.held;
  order.held = Decimal();
  const Quantity left = order.request.quantity - order.filled;
  if (!is_final(order.state) && !left.is_zero()) order.held = funds_for(order.request, left);
  from.held += order.held;
}

void PaperExchange::end(Order& order, OrderState state, Instant at) {
  order.state = state;
  hold(order);
  ended_.push_back({order.request.id.value, at});
  tell(instrument(order.request.instrument).venue,
       OrderEnded{order.request.id, state, order.filled, {}}, at);
}

// Only orders that rest are amended. One that is to stay post-only and would take stays as it is.
void PaperExchange::amend(const OrderRequest& wanted, Instant at) {
  const Instrument& on = instrument(wanted.instrument);
  const auto refuse = [&](RejectReason reason, std::string_view why) {
    tell(on.venue, AmendRejected{wanted.id, reason, Text<63>::cut(why), {}}, at);
  };
  Order* order = find(wanted.id);
  if (order == nullptr || is_final(order->state)) {
    return refuse(RejectReason::Other, "there is no such order any more");
  }
  if (on.status != InstrumentStatus::Trading)
    return refuse(RejectReason::InstrumentClosed, name(on.status));
  if (const auto fault = check_order(on, wanted.price, wanted.quantity))
    return refuse(RejectReason::InvalidOrder, name(*fault));
  auto& at_rest = resting_[wanted.instrument.index()];
  if (wanted.quantity <= order->filled) {
    std::erase(at_rest, wanted.id.value);
    return end(*order, OrderState::Cancelled, at);
  }
  const Account& from = account(on.venue, wanted.side == Side::Buy ? on.quote : on.base);
  if (from.total - from.held + order->held < funds_for(wanted, wanted.quantity - order->filled))
    return refuse(RejectReason::InsufficientFunds, "not enough of it is free");
  const PaperBook& book = books_[wanted.instrument.index()];
  if (order->request.post_only && !book.within(opposite(wanted.side), wanted.price).is_zero())
    return refuse(RejectReason::InvalidOrder, "it would take");
  const bool keeps_place =
      wanted.price == order->request.price && wanted.quantity <= order->request.quantity;
  order->request.price = wanted.price;
  order->request.quantity = wanted.quantity;
  hold(*order);
  tell(on.venue, OrderAmended{wanted.id, terms_of(wanted), order->id, {}}, at);
  if (keeps_place) return;
  std::erase(at_rest, wanted.id.value);
  take(*order, at);
  if (!is_final(order->state)) at_rest.push_back(wanted.id.value);
}

void PaperExchange::cancel(OrderId id, VenueId venue, Instant at) {
  Order* order = find(id);
  if (order == nullptr || is_final(order->state)) {
    tell(venue, CancelRejected{id, RejectReason::Other, {}}, at);
    return;
  }
  std::erase(resting_[order->request.instrument.index()], id.value);
  end(*order, OrderState::Cancelled, at);
}

void PaperExchange::query(const QueryOrder& query, VenueId venue, Instant at) {
  const Order* order = find(query.order);
  if (order == nullptr) {
    tell(venue, OrderNotFound{query.order, {}}, at);
    return;
  }
  for (const Fill& fill : order->fills) tell(venue, OrderFilled{fill, {}}, at);
  tell(venue,
       OrderFound{query.order,
                  order->id,
                  order->state,
                  order->filled,
                  {},
                  query.instrument,
                  terms_of(order->request),
                  at},
       at);
}

void PaperExchange::tell_open_orders(VenueId venue, Instant at) {
  std::uint32_t ours = 0;
  for (const Instrument& i : universe_.instruments()) {
    if (i.venue != venue) continue;
    for (const std::uint64_t id : resting_[i.id.index()]) {
      const Order& order = orders_.at(id);
      tell(venue,
           OrderFound{order.request.id,
                      order.id,
                      order.state,
                      order.filled,
                      {},
                      i.id,
                      terms_of(order.request),
                      at},
           at);
      ++ours;
    }
  }
  tell(venue, OpenOrdersComplete{venue, ours, {}}, at);
}

void PaperExchange::tell_balances(const QueryBalances& asked, Instant at) {
  const VenueId venue = asked.venue;
  auto& of_venue = accounts_[venue.index()];
  for (std::size_t a = 0; a < of_venue.size(); ++a) {
    Account& of = of_venue[a];
    if (of.total.is_zero() && !of.told) continue;
    of.told = true;
    const AssetId asset{static_cast<AssetId::rep>(a)};
    tell(venue, BalanceReported{venue, asset, of.total, of.held, {}}, at);
  }
  tell(venue, BalancesComplete{venue, {}, asked.asked}, at);
}

}  // namespace ats::sim

#include "sim/exchange.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace ats::sim {

using venues::CancelFault;
using venues::NewOrder;
using venues::OrderKind;
using venues::OrderRef;
using venues::OrderUpdate;
using venues::PlaceFault;
using venues::VenueBalance;
using venues::VenueFill;
using venues::VenueOrder;
using venues::VenueOrderState;

namespace {

constexpr std::size_t recent_trades_max = 500;
constexpr std::uint16_t no_state = 0xffff;

// No venue takes an order worth more, and every sum of orders below it stays far inside Decimal.
bool notional_fits(const Instrument& i, Price price, Quantity quantity) {
  constexpr Int128 worth_max = Int128{1'000'000'000'000'000};  // in the quote asset
  return Int128{price.units} * quantity.units < worth_max * pow10(i.price_scale + i.qty_scale);
}

bool within_limit(Side side, Price price, Price limit) {
  return side == Side::Buy ? price <= limit : price >= limit;
}

Decimal worst_fee(const Instrument& i, Decimal cost) {
  const Rate rate = std::max(i.fees.maker, i.fees.taker);
  return *cost.multiply_ceil(rate.decimal(), i.fees.decimals);
}

}  // namespace

Exchange::Exchange(const Universe& universe, VenueId venue, ExchangeListener& listener)
    : universe_(universe),
      venue_(venue),
      listener_(listener),
      state_index_(universe.instruments().size(), no_state),
      house_(universe.assets().size()),
      fee_box_(universe.assets().size()),
      deposited_(universe.assets().size()) {
  for (const Instrument& i : universe.instruments()) {
    if (i.venue != venue) continue;
    state_index_[i.id.index()] = static_cast<std::uint16_t>(states_.size());
    instruments_.push_back(i.id);
    states_.emplace_back().id = i.id;
  }
}

const Exchange::InstrumentState& Exchange::at(InstrumentId id) const {
  return states_[state_index_[id.index()]];
}

Exchange::InstrumentState& Exchange::at(InstrumentId id) {
  return states_[state_index_[id.index()]];
}

void Exchange::set_time(Instant now, WallTime wall) {
  ATS_ASSERT(now >= now_);
  now_ = now;
  wall_ = wall;
  if (!late_rests_.empty()) expire_late_rests();
  if (faults_.active(FaultKind::CrossedBook, now)) return;
  for (InstrumentState& state : states_) {
    if (state.crossed_at.units != 0) end_crossed(state);
  }
}

void Exchange::expire_late_rests() {
  for (std::size_t n = 0; n < late_rests_.size();) {
    const std::uint64_t id = late_rests_[n].order;
    const bool live = kept(id) && record(id).order.live();
    if (now_ < late_rests_[n].expires && live) {
      ++n;
      continue;
    }
    late_rests_.erase(late_rests_.begin() + static_cast<std::ptrdiff_t>(n));
    if (!live) continue;
    OrderRecord& late = record(id);
    end_order(late, VenueOrderState::Expired);
    finish(at(late.order.instrument));
  }
}

WallTime Exchange::wall() const { return wall_ + faults_.by(FaultKind::ClockSkew, now_); }

// ---- accounts and money

AccountId Exchange::open_account(std::string key, std::string secret) {
  Account account;
  account.key = std::move(key);
  account.secret = std::move(secret);
  for (std::size_t asset = 0; asset < universe_.assets().size(); ++asset) {
    account.balances.push_back({AssetId{static_cast<AssetId::rep>(asset)}, {}, {}});
  }
  accounts_.push_back(std::move(account));
  return AccountId{static_cast<AccountId::rep>(accounts_.size() - 1)};
}

void Exchange::set_grants(AccountId id, bool withdraw, WallTime expires) {
  account(id).withdraw = withdraw;
  account(id).expires = expires;
}

void Exchange::deposit(AccountId id, AssetId asset, Decimal amount) {
  change_balance(account(id), asset, amount, {});
  deposited_[asset.index()] += amount;
  tell_balances();
}

VenueBalance Exchange::balance(AccountId id, AssetId asset) const {
  return account(id).balances[asset.index()];
}

void Exchange::change_balance(Account& account, AssetId asset, Decimal total, Decimal held) {
  VenueBalance& balance = account.balances[asset.index()];
  balance.total += total;
  balance.held += held;
  ATS_ASSERT(!balance.held.negative() && balance.held <= balance.total);
  if (std::find(account.changed.begin(), account.changed.end(), asset) == account.changed.end()) {
    account.changed.push_back(asset);
  }
}

void Exchange::tell_balances() {
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    Account& account = accounts_[i];
    for (const AssetId asset : account.changed) {
      listener_.on_balance(AccountId{static_cast<AccountId::rep>(i)},
                           account.balances[asset.index()]);
    }
    account.changed.clear();
  }
}

bool Exchange::conserved() const {
  for (std::size_t asset = 0; asset < deposited_.size(); ++asset) {
    Decimal sum = house_[asset] + fee_box_[asset];
    for (const Account& account : accounts_) sum += account.balances[asset].total;
    if (sum != deposited_[asset]) return false;
  }
  return true;
}

// What the rest of a resting order may still cost: quote asset for a buy, base asset for a sell.
Decimal Exchange::hold_for(const VenueOrder& order) const {
  if (!order.live() || order.kind == OrderKind::Market) return {};
  const Instrument& i = instrument(order.instrument);
  const Quantity left = order.quantity - order.executed;
  if (order.side == Side::Sell) return i.quantity_decimal(left);
  const Decimal cost = i.notional(order.price, left);
  return i.fees.charged_in == FeeAsset::Quote ? cost + worst_fee(i, cost) : cost;
}

// ---- orders

Exchange::Reach Exchange::reach(const NewOrder& order) const {
  const Instrument& i = instrument(order.instrument);
  const MatchBook& queues = at(order.instrument).queues;
  Reach reach;
  Decimal amount_left = order.quote_amount;
  const auto levels = queues.levels(opposite(order.side));
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    if (order.kind != OrderKind::Market && !within_limit(order.side, level->price, order.price)) {
      break;
    }
    for (MatchBook::Slot slot = level->front; slot != MatchBook::no_slot;
         slot = queues.at(slot).after) {
      const MatchBook::Resting& resting = queues.at(slot);
      if (resting.owner != 0 && record(resting.owner).order.account == order.account) continue;
      Quantity take = resting.left;
      if (order.quote_amount.is_zero()) {
        take = std::min(take, order.quantity - reach.quantity);
      } else {
        const auto affordable = amount_left.divide_floor(i.price_decimal(level->price));
        if (!affordable) return reach;
        const auto units = affordable->to_scaled_floor(i.qty_scale);
        if (units) take = std::min(take, i.floor_to_lot({*units}));
      }
      if (take.is_zero()) return reach;
      reach.quantity += take;
      reach.cost += i.notional(level->price, take);
      if (!order.quote_amount.is_zero()) amount_left -= i.notional(level->price, take);
    }
  }
  return reach;
}

Decimal Exchange::funds_needed(const NewOrder& order, const Reach& reach) const {
  const Instrument& i = instrument(order.instrument);
  const bool market = order.kind == OrderKind::Market;
  if (order.side == Side::Sell) return i.quantity_decimal(order.quantity);
  const Decimal cost = market ? reach.cost : i.notional(order.price, order.quantity);
  return i.fees.charged_in == FeeAsset::Quote ? cost + worst_fee(i, cost) : cost;
}

// What the instrument asks of every order.
std::optional<PlaceFault> Exchange::check_rules(const NewOrder& order) const {
  const Instrument& i = instrument(order.instrument);
  const bool market = order.kind == OrderKind::Market;
  const bool by_amount = market && !order.quote_amount.is_zero();
  if (!market && !i.on_tick(order.price)) return PlaceFault::PriceFilter;
  if (!market && i.band.any()) {
    const auto average = average_of(at(order.instrument), i.band.over);
    if (average && !i.band.allows(order.side, order.price, *average)) return PlaceFault::PriceBand;
  }
  if (by_amount) {
    if (order.quote_amount.negative() || order.side == Side::Sell) return PlaceFault::LotFilter;
    if (order.quote_amount < i.min_notional) return PlaceFault::MinNotional;
  } else {
    if (!i.on_lot(order.quantity)) return PlaceFault::LotFilter;
    if (order.quantity < i.min_quantity) return PlaceFault::MinQuantity;
    if (!i.max_quantity.is_zero() && order.quantity > i.max_quantity) {
      return PlaceFault::MaxQuantity;
    }
    if (!market) {
      if (!notional_fits(i, order.price, order.quantity)) return PlaceFault::MaxQuantity;
      if (i.notional(order.price, order.quantity) < i.min_notional) return PlaceFault::MinNotional;
    }
  }
  return std::nullopt;
}

std::optional<PlaceFault> Exchange::check(const NewOrder& order, const Reach& reach) const {
  if (const auto fault = check_rules(order)) return fault;
  const Instrument& i = instrument(order.instrument);
  const Account& who = account(order.account);
  const auto namesake = who.by_client_id.find(order.client_order_id);
  if (namesake != who.by_client_id.end() && record(namesake->second).order.live()) {
    return PlaceFault::DuplicateClientOrderId;
  }
  const AssetId paid_in = order.side == Side::Buy ? i.quote : i.base;
  const VenueBalance& funds = who.balances[paid_in.index()];
  if (funds_needed(order, reach) > funds.total - funds.held) return PlaceFault::InsufficientFunds;
  if (order.kind == OrderKind::LimitMaker && !reach.quantity.is_zero()) {
    return PlaceFault::WouldTake;
  }
  return std::nullopt;
}

// Of the trades that are kept, by quantity; of the last one when all are older. Nothing: there were none.
std::optional<Price> Exchange::average_of(const InstrumentState& state, Duration over) const {
  if (state.recent_trades.empty()) return std::nullopt;
  const WallTime now = wall();
  Int128 worth = 0;
  Int128 quantity = 0;
  for (const venues::PublicTrade& trade : state.recent_trades) {
    if (now - trade.time > over) continue;
    worth += Int128{trade.price.units} * trade.quantity.units;
    quantity += trade.quantity.units;
  }
  if (quantity == 0) return state.recent_trades.back().price;
  return Price{static_cast<std::int64_t>(worth / quantity)};
}

Result<VenueOrder, PlaceFault> Exchange::place(const NewOrder& order) {
  if (!order.instrument.valid() || order.instrument.index() >= state_index_.size() ||
      state_index_[order.instrument.index()] == no_state) {
    return fail(PlaceFault::UnknownInstrument);
  }
  ATS_ASSERT(order.account.valid() && order.account.index() < accounts_.size());
  const InstrumentStatus status = instrument(order.instrument).status;
  const bool open = status == InstrumentStatus::Trading ||
                    (status == InstrumentStatus::PostOnly && order.kind == OrderKind::LimitMaker);
  if (!open || faults_.strike(FaultKind::Maintenance, now_)) {
    return fail(PlaceFault::InstrumentClosed);
  }
  const Reach reachable = reach(order);
  if (const auto fault = check(order, reachable)) return fail(*fault);
  if (faults_.strike(FaultKind::Reject, now_)) return fail(PlaceFault::Injected);

  Account& who = account(order.account);
  OrderRecord& taker = orders_[++last_order_];  // addresses stay
  VenueOrder& o = taker.order;
  o.id = last_order_;
  o.account = order.account;
  o.instrument = order.instrument;
  o.client_order_id = order.client_order_id;
  o.side = order.side;
  o.kind = order.kind;
  o.time_in_force = order.kind == OrderKind::Market ? TimeInForce::Ioc : order.time_in_force;
  o.price = order.price;
  o.quantity = order.quote_amount.is_zero() ? order.quantity : reachable.quantity;
  o.created = o.updated = wall();
  who.orders.push_back(o.id);
  who.open.push_back(o.id);
  who.by_client_id[o.client_order_id] = o.id;
  const Instrument& i = instrument(o.instrument);
  taker.held = hold_for(o);
  change_balance(who, o.side == Side::Buy ? i.quote : i.base, {}, taker.held);
  listener_.on_order({OrderUpdate::Kind::New, o, std::nullopt});

  Quantity most = o.quantity;
  bool rests = o.time_in_force == TimeInForce::Gtc;
  if (o.time_in_force == TimeInForce::Fok && reachable.quantity < o.quantity) most = {};
  if (!most.is_zero() && reachable.quantity.units >= 2 * i.lot &&
      faults_.strike(FaultKind::PartialFill, now_)) {
    most = i.floor_to_lot({reachable.quantity.units / 2});
    rests = false;
  }
  InstrumentState& state = at(o.instrument);
  match(taker, most);
  if (o.live() && o.time_in_force == TimeInForce::Ioc && o.kind == OrderKind::Limit &&
      faults_.active(FaultKind::LateCancel, now_)) {
    late_rests_.push_back({o.id, now_ + faults_.by(FaultKind::LateCancel, now_)});
    rests = faults_.strike(FaultKind::LateCancel, now_);
  }
  if (o.live()) {
    if (rests) {
      taker.slot = state.queues.add(o.side, o.price, o.quantity - o.executed, o.id);
      ++state.last_update;
    } else {
      end_order(taker, VenueOrderState::Expired);
    }
  }
  finish(state);
  return o;
}

void Exchange::match(OrderRecord& taker, Quantity quantity_max) {
  VenueOrder& o = taker.order;
  InstrumentState& state = at(o.instrument);
  Quantity left = quantity_max;
  while (!left.is_zero()) {
    const MatchBook::Slot slot = state.queues.front(opposite(o.side));
    if (slot == MatchBook::no_slot) break;
    const MatchBook::Resting& resting = state.queues.at(slot);
    if (o.kind != OrderKind::Market && !within_limit(o.side, resting.price, o.price)) break;
    if (resting.owner != 0 && record(resting.owner).order.account == o.account) {
      end_order(record(resting.owner), VenueOrderState::Expired);
      continue;
    }
    const Quantity quantity = std::min(left, resting.left);
    trade(state, slot, &taker, quantity);
    left -= quantity;
  }
}

void Exchange::trade(InstrumentState& state, MatchBook::Slot slot, OrderRecord* taker,
                     Quantity quantity) {
  const MatchBook::Resting resting = state.queues.at(slot);
  const std::uint64_t trade_id = ++state.last_trade;
  state.queues.reduce(slot, quantity);
  ++state.last_update;
  if (taker != nullptr) settle(*taker, Liquidity::Taker, trade_id, resting.price, quantity);
  if (resting.owner != 0) {
    OrderRecord& maker = record(resting.owner);
    if (quantity == resting.left) maker.slot = MatchBook::no_slot;
    settle(maker, Liquidity::Maker, trade_id, resting.price, quantity);
  }
  if (state.recent_trades.size() == recent_trades_max) state.recent_trades.pop_front();
  state.recent_trades.push_back(
      {state.id, trade_id, opposite(resting.side), resting.price, quantity, wall()});
  listener_.on_trade(state.recent_trades.back());
}

void Exchange::settle(OrderRecord& record, Liquidity liquidity, std::uint64_t trade_id, Price price,
                      Quantity quantity) {
  VenueOrder& o = record.order;
  const Instrument& i = instrument(o.instrument);
  const Decimal base = i.quantity_decimal(quantity);
  const Decimal quote = i.notional(price, quantity);
  const bool buys = o.side == Side::Buy;
  const bool fee_in_base = buys && i.fees.charged_in == FeeAsset::Received;
  const Rate rate = liquidity == Liquidity::Maker ? i.fees.maker : i.fees.taker;
  const Decimal fee = *(fee_in_base ? base : quote).multiply_floor(rate.decimal(), i.fees.decimals);
  const AssetId fee_asset = fee_in_base ? i.base : i.quote;

  o.executed += quantity;
  o.quote_executed += quote;
  o.fee_total += fee;
  o.updated = wall();
  o.state = o.executed == o.quantity ? VenueOrderState::Filled : VenueOrderState::PartlyFilled;

  const Decimal held = hold_for(o);
  const Decimal freed = held - record.held;
  record.held = held;
  Account& who = account(o.account);
  const Decimal base_change = buys ? base : -base;
  const Decimal quote_change = buys ? -quote : quote;
  const Decimal fee_in_quote = fee_in_base ? Decimal{} : fee;
  change_balance(who, i.base, base_change - (fee - fee_in_quote), buys ? Decimal{} : freed);
  change_balance(who, i.quote, quote_change - fee_in_quote, buys ? freed : Decimal{});
  house_[i.base.index()] -= base_change;
  house_[i.quote.index()] -= quote_change;
  fee_box_[fee_asset.index()] += fee;

  VenueFill fill;
  fill.trade_id = trade_id;
  fill.order_id = o.id;
  fill.account = o.account;
  fill.instrument = o.instrument;
  fill.client_order_id = o.client_order_id;
  fill.side = o.side;
  fill.liquidity = liquidity;
  fill.price = price;
  fill.quantity = quantity;
  fill.fee = fee;
  fill.fee_asset = fee_asset;
  fill.time = o.updated;
  const FillPlace place{o.id, record.fills.size()};
  record.fills.push_back(fill);
  who.fills.push_back(place);
  fills_.push_back(place);
  if (o.state == VenueOrderState::Filled) ended(o);

  if (faults_.strike(FaultKind::DropFill, now_)) return;
  const OrderUpdate update{OrderUpdate::Kind::Fill, o, std::move(fill)};
  listener_.on_order(update);
  if (faults_.strike(FaultKind::DuplicateFill, now_)) listener_.on_order(update);
}

void Exchange::end_order(OrderRecord& record, VenueOrderState state) {
  VenueOrder& o = record.order;
  ATS_ASSERT(o.live());
  if (record.slot != MatchBook::no_slot) {
    InstrumentState& book = at(o.instrument);
    book.queues.remove(record.slot);
    ++book.last_update;
    record.slot = MatchBook::no_slot;
  }
  o.state = state;
  o.updated = wall();
  Account& who = account(o.account);
  const Instrument& i = instrument(o.instrument);
  change_balance(who, o.side == Side::Buy ? i.quote : i.base, {}, -record.held);
  record.held = {};
  ended(o);
  const auto kind = state == VenueOrderState::Cancelled ? OrderUpdate::Kind::Cancelled
                                                        : OrderUpdate::Kind::Expired;
  listener_.on_order({kind, o, std::nullopt});
}

Result<VenueOrder, CancelFault> Exchange::cancel(AccountId id, const OrderRef& ref) {
  const VenueOrder* found = find_order(id, ref);
  if (found == nullptr) return fail(CancelFault::UnknownOrder);
  if (!found->live()) return fail(CancelFault::AlreadyOver);
  OrderRecord& mine = record(found->id);
  InstrumentState& state = at(mine.order.instrument);
  if (faults_.strike(FaultKind::LateCancel, now_)) {
    trade(state, mine.slot, nullptr, mine.order.quantity - mine.order.executed);
    finish(state);
    return fail(CancelFault::AlreadyOver);
  }
  end_order(mine, VenueOrderState::Cancelled);
  finish(state);
  return mine.order;
}

void Exchange::finish(InstrumentState& state) {
  tell_balances();
  publish(state.id);
}

// ---- the house

void Exchange::house_level(InstrumentId id, Side side, Price price, Quantity target) {
  InstrumentState& state = at(id);
  const MatchBook& queues = state.queues;
  ATS_ASSERT(target.is_zero() || queues.empty(opposite(side)) ||
             !within_limit(side, queues.best(opposite(side)).price, price));
  const std::size_t before = queues.touched().size();
  state.queues.set_house(side, price, target);
  if (queues.touched().size() != before) ++state.last_update;
}

Quantity Exchange::house_take(InstrumentId id, Side side, Price limit, Quantity quantity) {
  InstrumentState& state = at(id);
  Quantity left = quantity;
  while (!left.is_zero()) {
    const MatchBook::Slot slot = state.queues.front(opposite(side));
    if (slot == MatchBook::no_slot) break;
    const MatchBook::Resting& resting = state.queues.at(slot);
    if (!within_limit(side, resting.price, limit)) break;
    const Quantity taken = std::min(left, resting.left);
    left -= taken;
    trade(state, slot, nullptr, taken);
  }
  tell_balances();
  return quantity - left;
}

void Exchange::publish(InstrumentId id) {
  InstrumentState& state = at(id);
  if (state.queues.touched().empty()) return;
  if (state.crossed_at.units == 0 && faults_.strike(FaultKind::CrossedBook, now_)) {
    begin_crossed(state);
  }
  change_.instrument = id;
  change_.first = state.published + 1;
  change_.last = state.last_update;
  change_.time = wall();
  change_.bids.clear();
  change_.asks.clear();
  for (const MatchBook::Touched& touched : state.queues.touched()) {
    auto& levels = touched.side == Side::Buy ? change_.bids : change_.asks;
    const auto same_price = [&](const Level& level) { return level.price == touched.price; };
    if (std::any_of(levels.begin(), levels.end(), same_price)) continue;
    const MatchBook::QueueLevel* level = state.queues.find(touched.side, touched.price);
    levels.push_back({touched.price, level == nullptr ? Quantity{} : level->total});
  }
  state.queues.forget_touched();
  state.published = state.last_update;
  listener_.on_book(change_);
}

void Exchange::begin_crossed(InstrumentState& state) {
  if (state.queues.empty(Side::Sell)) return;
  const Instrument& i = instrument(state.id);
  const Price ask = state.queues.best(Side::Sell).price;
  state.crossed_at = i.ceil_to_tick({ask.units + 1});
  state.queues.add(Side::Buy, state.crossed_at, std::max(i.min_quantity, Quantity{i.lot}), 0);
  ++state.last_update;
}

void Exchange::end_crossed(InstrumentState& state) {
  state.queues.set_house(Side::Buy, state.crossed_at, {});
  state.crossed_at = {};
  ++state.last_update;
  publish(state.id);
}

// ---- questions

AccountId Exchange::find_key(std::string_view key, std::string& secret) const {
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    if (accounts_[i].key != key) continue;
    secret = accounts_[i].secret;
    return AccountId{static_cast<AccountId::rep>(i)};
  }
  return {};
}

venues::KeyGrants Exchange::grants(AccountId id) const {
  return {account(id).key, account(id).withdraw, account(id).expires};
}

std::vector<VenueBalance> Exchange::balances(AccountId id) const { return account(id).balances; }

venues::BookImage Exchange::book(InstrumentId id, std::size_t depth) const {
  const InstrumentState& state = at(id);
  venues::BookImage image;
  image.last = state.published;
  for (const Side side : {Side::Buy, Side::Sell}) {
    auto& levels = side == Side::Buy ? image.bids : image.asks;
    const auto queues = state.queues.levels(side);
    for (auto at = queues.rbegin(); at != queues.rend() && levels.size() < depth; ++at) {
      levels.push_back({at->price, at->total});
    }
  }
  return image;
}

std::vector<venues::PublicTrade> Exchange::trades(InstrumentId id, std::size_t limit) const {
  const auto& recent = at(id).recent_trades;
  const std::size_t skip = recent.size() > limit ? recent.size() - limit : 0;
  return {recent.begin() + static_cast<std::ptrdiff_t>(skip), recent.end()};
}

}  // namespace ats::sim

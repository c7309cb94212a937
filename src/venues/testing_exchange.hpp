// For tests only: an exchange of one account and fixed books, plain enough to be believed at sight. What
// happens is kept in lists, for the test to tell a server in its own time.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "venues/server.hpp"

namespace ats::venues {

class PlainExchange : public ExchangeApi {
 public:
  PlainExchange(std::string_view venue, const BookRules& rules, std::string key, std::string secret)
      : account{std::move(key), std::move(secret)} {
    venue_ = universe_.add_venue(venue, rules);
  }

  WallTime time{1'700'000'000'000'000'000};
  Credentials account;  // the one there is

  void set_level(InstrumentId id, Side side, std::int64_t price, std::int64_t quantity) {
    const auto set = [&](auto& levels) {
      if (quantity == 0)
        levels.erase(price);
      else
        levels[price] = quantity;
    };
    if (side == Side::Buy)
      set(bids_[id]);
    else
      set(asks_[id]);
    BookChange change;
    change.instrument = id;
    change.first = change.last = ++updates_[id];
    change.time = time;
    (side == Side::Buy ? change.bids : change.asks).push_back({{price}, {quantity}});
    changes.push_back(change);
  }
  void deposit(const char* asset, Decimal amount) {
    const AssetId id = universe_.add_asset(asset);
    totals_[id] += amount;
    balance_news.push_back({id, totals_[id], {}});
  }

  // What happened, oldest first.
  std::deque<OrderUpdate> order_news;
  std::deque<VenueBalance> balance_news;
  std::deque<BookChange> changes;
  std::deque<PublicTrade> prints;

  const Universe& universe() const override { return universe_; }
  VenueId venue() const override { return venue_; }
  WallTime wall() const override { return time; }
  std::span<const InstrumentId> instruments() const override { return instruments_; }

  AccountId find_key(std::string_view given, std::string& secret) const override {
    if (given != account.key) return {};
    secret = account.secret.reveal();
    return AccountId{0};
  }
  KeyGrants granted;  // but for the key
  KeyGrants grants(AccountId) const override {
    return {account.key, granted.withdraw, granted.expires};
  }

  Result<VenueOrder, PlaceFault> place(const NewOrder& wanted) override {
    const Instrument& on = universe_.instrument(wanted.instrument);
    if (wanted.kind != OrderKind::Market && !on.on_tick(wanted.price))
      return fail(PlaceFault::PriceFilter);
    const bool by_amount = !wanted.quote_amount.is_zero();
    const Quantity quantity = by_amount ? affordable(wanted) : wanted.quantity;
    if (quantity < on.min_quantity) return fail(PlaceFault::MinQuantity);
    if (!on.max_quantity.is_zero() && quantity > on.max_quantity)
      return fail(PlaceFault::MaxQuantity);
    for (const VenueOrder& order : orders_) {
      if (order.live() && order.client_order_id == wanted.client_order_id)
        return fail(PlaceFault::DuplicateClientOrderId);
    }
    if (wanted.side == Side::Buy && wanted.kind != OrderKind::Market &&
        on.notional(wanted.price, wanted.quantity) > totals_[on.quote])
      return fail(PlaceFault::InsufficientFunds);
    if (wanted.kind == OrderKind::LimitMaker && would_take(wanted))
      return fail(PlaceFault::WouldTake);
    VenueOrder& order = orders_.emplace_back();
    order.id = orders_.size();
    order.account = wanted.account;
    order.instrument = wanted.instrument;
    order.client_order_id = wanted.client_order_id;
    order.side = wanted.side;
    order.kind = wanted.kind;
    order.time_in_force =
        wanted.kind == OrderKind::Market ? TimeInForce::Ioc : wanted.time_in_force;
    order.price = wanted.price;
    order.quantity = quantity;
    order.created = order.updated = time;
    tell(OrderUpdate::Kind::New, order);
    if (wanted.side == Side::Buy)
      match(order, asks_[on.id], [&](std::int64_t price) { return price <= order.price.units; });
    else
      match(order, bids_[on.id], [&](std::int64_t price) { return price >= order.price.units; });
    if (order.live() && order.time_in_force != TimeInForce::Gtc)
      end(order, VenueOrderState::Expired, OrderUpdate::Kind::Expired);
    return order;
  }

  Result<VenueOrder, CancelFault> cancel(AccountId owner, const OrderRef& ref) override {
    VenueOrder* const order = find(owner, ref);
    if (order == nullptr) return fail(CancelFault::UnknownOrder);
    if (!order->live()) return fail(CancelFault::AlreadyOver);
    end(*order, VenueOrderState::Cancelled, OrderUpdate::Kind::Cancelled);
    return *order;
  }

  Result<VenueOrder, AmendFault> amend(AccountId owner, const OrderRef& ref,
                                       const OrderTerms& terms) override {
    VenueOrder* const order = find(owner, ref);
    if (order == nullptr) return fail(AmendFault{CancelFault::UnknownOrder});
    if (!order->live()) return fail(AmendFault{CancelFault::AlreadyOver});
    const Instrument& on = universe_.instrument(order->instrument);
    const auto refuse = [](PlaceFault why) { return fail(AmendFault{std::nullopt, why}); };
    if (!on.on_tick(terms.price)) return refuse(PlaceFault::PriceFilter);
    if (terms.quantity < on.min_quantity) return refuse(PlaceFault::MinQuantity);
    NewOrder wanted;
    wanted.instrument = order->instrument;
    wanted.side = order->side;
    wanted.price = terms.price;
    if (order->kind == OrderKind::LimitMaker && would_take(wanted))
      return refuse(PlaceFault::WouldTake);
    if (order->side == Side::Buy &&
        on.notional(terms.price, terms.quantity) >
            totals_[on.quote] - held(on.quote) + on.notional(order->price, order->quantity))
      return refuse(PlaceFault::InsufficientFunds);
    order->updated = time;
    if (terms.quantity <= order->executed) {
      end(*order, VenueOrderState::Cancelled, OrderUpdate::Kind::Cancelled);
      return *order;
    }
    order->amended = time;
    order->price = terms.price;
    order->quantity = terms.quantity;
    tell(OrderUpdate::Kind::Amended, *order);
    return *order;
  }

  const VenueOrder* find_order(AccountId owner, const OrderRef& ref) const override {
    return const_cast<PlainExchange*>(this)->find(owner, ref);
  }
  std::vector<VenueOrder> open_orders(AccountId) const override { return orders_where(true); }
  std::vector<VenueOrder> closed_orders(AccountId, std::size_t) const override {
    return orders_where(false);
  }
  std::vector<VenueFill> fills(AccountId, std::uint64_t order, std::size_t) const override {
    std::vector<VenueFill> found;
    for (const VenueFill& fill : fills_) {
      if (order == 0 || fill.order_id == order) found.push_back(fill);
    }
    return found;
  }
  std::vector<VenueBalance> balances(AccountId) const override {
    std::vector<VenueBalance> all;
    for (const auto& [asset, total] : totals_) all.push_back({asset, total, held(asset)});
    return all;
  }
  BookImage book(InstrumentId id, std::size_t depth) const override {
    BookImage image;
    if (const auto known = updates_.find(id); known != updates_.end()) image.last = known->second;
    const auto copy = [depth](const auto& from, std::vector<Level>& to) {
      for (const auto& [price, quantity] : from) {
        if (to.size() == depth) break;
        to.push_back({{price}, {quantity}});
      }
    };
    if (const auto found = bids_.find(id); found != bids_.end()) copy(found->second, image.bids);
    if (const auto found = asks_.find(id); found != asks_.end()) copy(found->second, image.asks);
    return image;
  }
  std::vector<PublicTrade> trades(InstrumentId, std::size_t) const override { return all_prints_; }

 protected:
  void list(InstrumentId id) { instruments_.push_back(id); }
  // What was set up is no news.
  void forget_news() {
    changes.clear();
    balance_news.clear();
  }

  Universe universe_;
  VenueId venue_;

 private:
  VenueOrder* find(AccountId, const OrderRef& ref) {
    for (auto order = orders_.rbegin(); order != orders_.rend(); ++order) {
      if (ref.id != 0 ? order->id == ref.id : order->client_order_id == ref.client_order_id)
        return &*order;
    }
    return nullptr;
  }
  std::vector<VenueOrder> orders_where(bool live) const {
    std::vector<VenueOrder> found;
    for (const VenueOrder& order : orders_) {
      if (order.live() == live) found.push_back(order);
    }
    std::reverse(found.begin(), found.end());
    return found;
  }
  Decimal held(AssetId asset) const {
    Decimal sum;
    for (const VenueOrder& order : orders_) {
      const Instrument& on = universe_.instrument(order.instrument);
      if (!order.live()) continue;
      const Quantity rest = order.quantity - order.executed;
      if (order.side == Side::Buy && on.quote == asset) sum += on.notional(order.price, rest);
      if (order.side == Side::Sell && on.base == asset) sum += on.quantity_decimal(rest);
    }
    return sum;
  }

  // What the amount buys, best price first, cut to whole units at each.
  Quantity affordable(const NewOrder& wanted) {
    const Instrument& on = universe_.instrument(wanted.instrument);
    Decimal left = wanted.quote_amount;
    Quantity sum;
    for (const auto& [price, quantity] : asks_[wanted.instrument]) {
      const auto share = left.divide_floor(on.price_decimal({price}), on.qty_scale);
      if (!share) break;
      const auto units = share->to_scaled_floor(on.qty_scale);
      const Quantity take{std::min(quantity, units.value_or(quantity))};
      if (take.is_zero()) break;
      sum += take;
      left -= on.notional({price}, take);
    }
    return sum;
  }
  bool would_take(const NewOrder& wanted) {
    const auto& asks = asks_[wanted.instrument];
    const auto& bids = bids_[wanted.instrument];
    return wanted.side == Side::Buy ? !asks.empty() && wanted.price.units >= asks.begin()->first
                                    : !bids.empty() && wanted.price.units <= bids.begin()->first;
  }

  template <class Levels, class Crosses>
  void match(VenueOrder& order, Levels& levels, Crosses&& crosses) {
    const Instrument& on = universe_.instrument(order.instrument);
    while (order.live() && !levels.empty() &&
           (order.kind == OrderKind::Market || crosses(levels.begin()->first))) {
      const std::int64_t price = levels.begin()->first;
      const Quantity quantity{
          std::min(levels.begin()->second, order.quantity.units - order.executed.units)};
      set_level(order.instrument, opposite(order.side), price,
                levels.begin()->second - quantity.units);
      order.executed += quantity;
      order.quote_executed += on.notional({price}, quantity);
      order.state = order.executed == order.quantity ? VenueOrderState::Filled
                                                     : VenueOrderState::PartlyFilled;
      VenueFill fill;
      fill.trade_id = fills_.size() + 1;
      fill.order_id = order.id;
      fill.account = order.account;
      fill.instrument = order.instrument;
      fill.client_order_id = order.client_order_id;
      fill.side = order.side;
      fill.price = {price};
      fill.quantity = quantity;
      const Decimal base = on.quantity_decimal(quantity);
      const Decimal cost = on.notional({price}, quantity);
      const bool buys = order.side == Side::Buy;
      const bool in_base = buys && on.fees.charged_in == FeeAsset::Received;
      fill.fee = *(in_base ? base : cost).multiply_floor(on.fees.taker.decimal(), on.fees.decimals);
      fill.fee_asset = in_base ? on.base : on.quote;
      fill.time = time;
      order.fee_total += fill.fee;
      fills_.push_back(fill);
      move(on.base, (buys ? base : -base) - (in_base ? fill.fee : Decimal{}));
      move(on.quote, (buys ? -cost : cost) - (in_base ? Decimal{} : fill.fee));
      order_news.push_back({OrderUpdate::Kind::Fill, order, fill});
      PublicTrade print;
      print.instrument = order.instrument;
      print.id = fill.trade_id;
      print.taker_side = order.side;
      print.price = {price};
      print.quantity = quantity;
      print.time = time;
      prints.push_back(print);
      all_prints_.push_back(print);
    }
  }
  void move(AssetId asset, Decimal amount) {
    totals_[asset] += amount;
    balance_news.push_back({asset, totals_[asset], {}});
  }
  void end(VenueOrder& order, VenueOrderState state, OrderUpdate::Kind kind) {
    order.state = state;
    order.updated = time;
    tell(kind, order);
  }
  void tell(OrderUpdate::Kind kind, const VenueOrder& order) {
    order_news.push_back({kind, order, std::nullopt});
  }

  std::vector<InstrumentId> instruments_;
  std::map<InstrumentId, std::map<std::int64_t, std::int64_t, std::greater<>>> bids_;
  std::map<InstrumentId, std::map<std::int64_t, std::int64_t>> asks_;
  std::map<InstrumentId, Sequence> updates_;
  std::map<AssetId, Decimal> totals_;
  std::deque<VenueOrder> orders_;
  std::vector<VenueFill> fills_;
  std::vector<PublicTrade> all_prints_;
};

}  // namespace ats::venues

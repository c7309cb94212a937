// What is free to spend: what the ledger has, less what orders hold, ours and others', and what hedges of quotes
// will take.

#include <algorithm>

#include "core/executor/executor.hpp"

namespace ats::core {

void Executor::compute_reserved() {
  desk_.gate.limits().orders_changed();
  const std::size_t assets = desk_.universe.assets().size();
  reserved_.assign(desk_.universe.venues().size() * assets, Decimal());
  pledged_.assign(reserved_.size(), Decimal());
  for (const std::uint32_t i : live_) {
    const Order& order = orders_[i];
    const Instrument& on = instrument(order.request.instrument);
    const AssetId paid_with = order.request.side == Side::Sell ? on.base : on.quote;
    reserved_[on.venue.index() * assets + paid_with.index()] += holds(order);
  }
  for (const Execution& execution : executions_) {
    if (!rests(execution)) continue;
    const Instrument& on = instrument(execution.quoted_by->hedge);
    const bool sells = orders_[execution.quoted_by->order].request.side == Side::Buy;
    const AssetId paid_with = sells ? on.base : on.quote;
    pledged_[on.venue.index() * assets + paid_with.index()] += pledges(execution);
  }
}

// Of what the order pays with.
Decimal Executor::holds(const Order& order) const {
  if (order.done) return {};
  const Instrument& on = instrument(order.request.instrument);
  const auto at = [&](const OrderTerms& terms) -> Decimal {
    const Quantity left = std::max(Quantity{}, terms.quantity - order.filled);
    if (left.is_zero()) return {};
    if (order.request.side == Side::Sell) return on.quantity_decimal(left);
    const Decimal cost = on.notional(terms.price, left);
    const Instrument::Fee fee = on.taker_fee(Side::Buy, terms.price, left);
    return fee.asset == on.quote ? cost + fee.amount : cost;
  };
  const Decimal held = at(terms_of(order.request));
  return order.amending ? std::max(held, at(*order.amending)) : held;
}

// Of what the hedge of the quote's rest pays with.
Decimal Executor::pledges(const Execution& execution) const {
  const Quoted& quoted = *execution.quoted_by;
  const Order& order = orders_[quoted.order];
  const Decimal base = instrument(order.request.instrument).quantity_decimal(left_at_most(order));
  const Decimal each =
      quoted.next ? std::max(quoted.hedge_each, quoted.next->hedge_each) : quoted.hedge_each;
  return base.multiply_ceil(each).value_or(Decimal());
}

Decimal Executor::reserved(VenueId venue, AssetId asset) const {
  return reserved_[venue.index() * desk_.universe.assets().size() + asset.index()];
}

Decimal Executor::unheld(VenueId venue, AssetId asset) const {
  if (planted(Mutant::SpendWithoutFunds)) return Decimal::from_int(1'000'000'000);
  return desk_.ledger.balance(venue, asset) - reserved(venue, asset) -
         desk_.foreign.held(venue, asset);
}

Decimal Executor::free(VenueId venue, AssetId asset) const {
  return unheld(venue, asset) -
         pledged_[venue.index() * desk_.universe.assets().size() + asset.index()];
}

// --- what limits measure ---

Decimal Executor::balance(VenueId venue, AssetId asset) const {
  return desk_.ledger.balance(venue, asset);
}

std::optional<Decimal> Executor::worth(AssetId asset, Decimal amount) const {
  return desk_.marks.worth(asset, amount);
}

Decimal Executor::change(AssetId asset) const { return desk_.ledger.change(asset); }

std::uint32_t Executor::open_legs(const LimitWhere& where) const {
  return static_cast<std::uint32_t>(std::count_if(live_.begin(), live_.end(), [&](std::uint32_t i) {
    const Order& order = orders_[i];
    const Instrument& on = instrument(order.request.instrument);
    return !order.done && (!where.venue.valid() || where.venue == on.venue) &&
           (!where.pair.valid() || where.pair == on.pair) &&
           (!where.asset.valid() || where.asset == on.base) &&
           (!where.strategy || *where.strategy == order.strategy);
  }));
}

// A quote that nothing has taken is none yet.
std::uint32_t Executor::open_trades(const LimitWhere& where) const {
  return static_cast<std::uint32_t>(
      std::count_if(executions_.begin(), executions_.end(), [&](const Execution& open) {
        return !only_quotes(open) && (!where.pair.valid() || where.pair == open.pair) &&
               (!where.asset.valid() || where.asset == open.base) &&
               (!where.strategy || *where.strategy == open.strategy);
      }));
}

Decimal Executor::net(AssetId asset) const {
  Decimal sum = bases_[asset.index()].inventory;
  for (const Execution& execution : executions_) {
    if (execution.base == asset) sum += execution.net();
  }
  return sum;
}

Decimal Executor::worst_net(AssetId asset) const {
  Decimal sum = bases_[asset.index()].inventory.abs();
  for (const Execution& execution : executions_) {
    if (execution.base == asset) sum += worst_net(execution);
  }
  return sum;
}

bool Executor::open_in(const Hold& hold) const {
  const Scope& scope = hold.scope;
  const bool at_work = std::any_of(executions_.begin(), executions_.end(), [&](const Execution& e) {
    return scope.global() || (scope.pair.valid() && scope.pair == e.pair) ||
           (scope.strategy && *scope.strategy == e.strategy);
  });
  if (at_work || !hold.flatten) return at_work;
  for (std::size_t a = 0; a < bases_.size(); ++a) {
    const AssetId base{static_cast<AssetId::rep>(a)};
    const bool there = !scope.pair.valid() || desk_.universe.pair(scope.pair).base == base;
    if (there && !bases_[a].inventory.is_zero() && bases_[a].inventory.abs() >= lot_of(base))
      return true;
  }
  return false;
}

}  // namespace ats::core

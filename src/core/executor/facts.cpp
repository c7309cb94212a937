// What risk is told of an order before it is approved: where trading stands, what the books show, and what would
// be exposed if everything in flight went the bad way.

#include <algorithm>
#include <array>

#include "core/executor/executor.hpp"

namespace ats::core {
namespace {

// How far `price` is from `from`, in basis points of that.
std::optional<Decimal> distance_bps(Decimal price, Decimal from) {
  const auto away = (price - from).abs().multiply_floor(Decimal::from_int(10'000));
  const auto bps = away ? away->divide_floor(from, 5) : fail(away.error());
  return bps ? std::optional(*bps) : std::nullopt;
}

}  // namespace

OrderFacts Executor::facts(const OrderRequest& request, Strategy strategy, Instant now) const {
  const Instrument& on = instrument(request.instrument);
  const Situation& situation = desk_.situation;
  OrderFacts facts;
  facts.instrument = &on;
  facts.strategy = strategy;
  facts.now = now;
  facts.standing = desk_.gate.holds().standing(on.venue, on.pair, strategy);
  facts.stopping = situation.stopping;
  facts.leased = desk_.gate.lease().live(now);
  facts.reconciled = situation.reconciled && desk_.balances.agreed(on.venue, desk_.config, now);
  const VenueLink& link = situation.links[on.venue.index()];
  const BookView book = desk_.books->view(on.id);
  facts.book_valid = book.valid(now);
  facts.book_polled = book.polled(now);
  facts.book_age = now - book.last_update();
  facts.venue_up = link.up() || (request.unwind && facts.book_polled && link.trading);
  const Decimal price = on.price_decimal(request.price);
  const auto quote = price.multiply(on.quantity_decimal(request.quantity));
  if (quote) facts.notional = desk_.marks.worth(on.quote, *quote);
  if (const auto middle = middle_of(on.pair, now))
    facts.price_distance = distance_bps(price, *middle);
  if (const Level best = book.best(opposite(request.side)); request.post_only) {
    facts.price_beyond = Decimal();  // it does not take
  } else if (!best.quantity.is_zero()) {
    const bool beyond =
        request.side == Side::Buy ? request.price > best.price : request.price < best.price;
    facts.price_beyond =
        beyond ? distance_bps(price, on.price_decimal(best.price)) : std::optional(Decimal());
  }
  facts.min_edge = desk_.config.min_edge;
  facts.average = reference_of(on, now);
  facts.crosses_own = crosses_own(on.id, request.side, request.price);
  return facts;
}

// The median of the middles of the pair's Valid books; the mean of the two in the middle.
std::optional<Decimal> Executor::middle_of(PairId pair, Instant now) const {
  constexpr std::size_t most = 16;
  std::array<Decimal, most> middles;
  std::size_t count = 0;
  for (const InstrumentId id : of_pair_[pair.index()]) {
    const BookView book = desk_.books->view(id);
    const Level bid = book.best(Side::Buy);
    const Level ask = book.best(Side::Sell);
    if (count == most || !book.valid(now) || bid.quantity.is_zero() || ask.quantity.is_zero())
      continue;
    const Instrument& on = instrument(id);
    const Decimal sum = on.price_decimal(bid.price) + on.price_decimal(ask.price);
    middles[count++] = Decimal::from_raw(sum.raw() / 2);
  }
  if (count == 0) return std::nullopt;
  std::sort(middles.begin(), middles.begin() + static_cast<std::ptrdiff_t>(count));
  const Decimal sum = middles[(count - 1) / 2] + middles[count / 2];
  return Decimal::from_raw(sum.raw() / 2);
}

// What a price band is measured from: the trades' average, or, while there were none, the book's middle.
std::optional<Price> Executor::reference_of(const Instrument& on, Instant now) const {
  if (!on.band.any()) return std::nullopt;
  if (const auto average = desk_.averages.average(on.id, now)) return average;
  const BookView book = desk_.books->view(on.id);
  const Level bid = book.best(Side::Buy);
  const Level ask = book.best(Side::Sell);
  if (bid.quantity.is_zero() || ask.quantity.is_zero()) return std::nullopt;
  return Price{bid.price.units + (ask.price.units - bid.price.units) / 2};
}

// Whether an order at that price could meet one of ours. One that is Unknown may be there.
bool Executor::crosses_own(InstrumentId id, Side side, Price price) const {
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t i) {
    const Order& order = orders_[i];
    if (order.done || order.request.instrument != id || order.request.side == side) return false;
    const Price own = boldest(order);
    return side == Side::Buy ? price >= own : price <= own;
  });
}

bool Executor::usable(InstrumentId id, Instant now) const {
  return desk_.books->view(id).valid(now) || planted(Mutant::IgnoreStaleBook) ||
         planted(Mutant::UnwindOnStaleBook);
}

// --- what may come to be open ---

// What the execution may hold if everything in flight goes the bad way. Unknown orders are in flight.
Decimal Executor::worst_net(const Execution& execution) const {
  Decimal longest = execution.net();
  Decimal shortest = longest;
  for (const std::uint32_t i : execution.orders) {
    const Order& order = orders_[i];
    if (order.done) continue;
    const Decimal base = instrument(order.request.instrument).quantity_decimal(left_at_most(order));
    (order.request.side == Side::Buy ? longest += base : shortest -= base);
  }
  return std::max(longest.abs(), shortest.abs());
}

// The worth of the base asset's exposure with `quantity` more of the pair, or of the quote asset's, the
// larger; the reporting asset has none. What the quote asset is exposed to is what its pairs' bases are.
std::optional<Decimal> Executor::exposure_with(PairId pair, Decimal quantity) const {
  const Pair& traded = desk_.universe.pair(pair);
  const auto total = [&](const auto& counts) -> std::optional<Decimal> {
    std::optional<Decimal> sum = Decimal();
    const auto add = [&](AssetId base, Decimal amount) {
      const auto worth = amount.is_zero() ? Decimal() : desk_.marks.worth(base, amount);
      const auto more = sum && worth ? sum->checked_add(*worth) : fail(NumberError::Overflow);
      sum = more ? std::optional(*more) : std::nullopt;
    };
    add(traded.base, quantity);
    for (const Execution& execution : executions_) {
      if (counts(execution.base, &execution)) add(execution.base, worst_net(execution));
    }
    for (std::size_t a = 0; a < bases_.size(); ++a) {
      const AssetId base{static_cast<AssetId::rep>(a)};
      if (!bases_[a].inventory.is_zero() && counts(base, nullptr)) {
        add(base, bases_[a].inventory.abs());
      }
    }
    return sum;
  };
  const auto of_base = total([&](AssetId base, const Execution*) { return base == traded.base; });
  if (traded.quote == desk_.marks.reporting() || !of_base) return of_base;
  const auto of_quote = total([&](AssetId base, const Execution* execution) {
    if (execution != nullptr) return trades_in(*execution, traded.quote);
    const auto pairs = desk_.universe.pairs();
    return std::any_of(pairs.begin(), pairs.end(),
                       [&](const Pair& p) { return p.base == base && p.quote == traded.quote; });
  });
  return of_quote ? std::optional(std::max(*of_base, *of_quote)) : std::nullopt;
}

bool Executor::trades_in(const Execution& execution, AssetId quote) const {
  return std::any_of(execution.orders.begin(), execution.orders.end(), [&](std::uint32_t i) {
    return instrument(orders_[i].request.instrument).quote == quote;
  });
}

// The ledger's change of the asset, and what orders in flight may still make of it.
Executor::Span Executor::span_of(AssetId asset) const {
  Span span{desk_.ledger.change(asset), desk_.ledger.change(asset)};
  for (const std::uint32_t i : live_) {
    const Order& order = orders_[i];
    const Instrument& on = instrument(order.request.instrument);
    if (on.base != asset && on.quote != asset) continue;
    const Quantity left = left_at_most(order);
    if (left.is_zero()) continue;
    const Price dearest =
        order.amending ? std::max(order.request.price, order.amending->price) : order.request.price;
    const bool comes = (order.request.side == Side::Buy) == (on.base == asset);
    const Decimal amount =
        on.base == asset ? on.quantity_decimal(left) : on.notional(dearest, left);
    (comes ? span.highest : span.lowest) += comes ? amount : -amount;
  }
  return span;
}

// How far the order's quote asset would be from where it began, once with the order and once without. The
// reporting asset is what distance is measured in.
void Executor::judge_conversion(const OrderRequest& order, OrderFacts& facts) const {
  const Instrument& on = instrument(order.instrument);
  if (on.quote == desk_.marks.reporting()) return;
  const auto farthest = [&](const Span& span) {
    return desk_.marks.worth(on.quote, std::max(span.lowest.abs(), span.highest.abs()));
  };
  Span span = span_of(on.quote);
  const auto before = farthest(span);
  const Decimal notional = on.notional(order.price, order.quantity);
  (order.side == Side::Sell ? span.highest : span.lowest) +=
      order.side == Side::Sell ? notional : -notional;
  facts.currency_after = farthest(span);
  facts.currency_before = before.value_or(Decimal());
}

// --- how large, and what it may cost ---

Decimal Executor::notional_limit(AssetId quote) const {
  const auto price = desk_.marks.price(quote);
  if (!price) return {};
  const Decimal most =
      desk_.gate.limits().bound(LimitKind::OrderNotional).value_or(Decimal()) +
      (planted(Mutant::IgnoreOrderNotional) ? Decimal::from_int(1'000'000) : Decimal());
  return most.divide_floor(*price).value_or(Decimal());
}

Rate Executor::leg_cost(VenueId buy, VenueId sell, LegSize size) const {
  return {leg_costs_.expected(buy, size).ppb + leg_costs_.expected(sell, size).ppb};
}

}  // namespace ats::core

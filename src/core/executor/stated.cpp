// What an end states beside its amounts (what the assets it moved were worth then, and what is left by that),
// and what is learnt from it of the venues.

#include <algorithm>

#include "core/executor/executor.hpp"

namespace ats::core {

// Of the assets its orders trade, then of those that fees were ever paid in: a venue may take its fee in a
// third one.
void Executor::state_marks(const Execution& execution, ExecutionResolved& resolved) const {
  resolved.reporting = desk_.marks.reporting();
  const auto state = [&](AssetId asset) {
    const auto end = resolved.marks.begin() + resolved.mark_count;
    const bool stated = std::any_of(resolved.marks.begin(), end,
                                    [&](const AssetMark& m) { return m.asset == asset; });
    const auto price = desk_.marks.price(asset);
    if (stated || !price || resolved.mark_count == ExecutionResolved::marks_max) return;
    resolved.marks[resolved.mark_count++] = {asset, *price};
  };
  state(execution.base);
  for (const std::uint32_t i : execution.orders) {
    state(instrument(orders_[i].request.instrument).quote);
  }
  for (std::size_t a = 0; a < desk_.universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    if (!desk_.ledger.fees(asset).is_zero()) state(asset);
  }
}

// Worth of a base amount in the pair's quote asset at a Valid mid, else at the last fill's price.
Decimal Executor::marked(const Execution& execution, Decimal base, Instant now) const {
  if (base.is_zero()) return base;
  std::optional<Decimal> price;
  for (const Instrument& on : desk_.universe.instruments()) {
    if (on.pair != execution.pair || price) continue;
    const BookView view = desk_.books->view(on.id);
    if (!view.valid(now)) continue;
    const Decimal sum = on.price_decimal(view.best(Side::Buy).price) +
                        on.price_decimal(view.best(Side::Sell).price);
    price = Decimal::from_raw(sum.raw() / 2);
  }
  if (!price && execution.last_instrument.valid()) {
    price = instrument(execution.last_instrument).price_decimal(execution.last_price);
  }
  if (!price) return Decimal();
  return price->multiply_floor(base).value_or(Decimal());
}

// An amount of one asset in another, by their marks; rounded down.
std::optional<Decimal> Executor::convert(AssetId from, AssetId to, Decimal amount) const {
  if (from == to) return amount;
  const auto worth = desk_.marks.worth(from, amount);
  const auto price = desk_.marks.price(to);
  if (!worth || !price) return std::nullopt;
  const auto converted = worth->divide_floor(*price);
  return converted ? std::optional(*converted) : std::nullopt;
}

// What became of the two legs it was opened on. Nothing is learnt of what others left, nor where that was
// taken over, nor of quotes.
void Executor::learn(const Execution& execution, const ExecutionResolved& resolved) {
  // Dust below a lot is taken over by every unwind, and weighs nothing.
  const bool took_over = execution.carried.abs() >= lot_of(execution.base);
  if (execution.quantity.is_zero() || execution.again || took_over || execution.quoted_by) return;
  if (execution.orders.size() < 2) return;  // a planted bug sent one leg
  const Instrument& bought_on = instrument(execution.buy);
  const Instrument& sold_on = instrument(execution.sell);
  bool buy_short = false;
  bool sell_short = false;
  Rate cost;
  if (execution.unwinding) {
    const Order& buy = orders_[execution.orders[0]];
    const Order& sell = orders_[execution.orders[1]];
    const Decimal bought = bought_on.quantity_decimal(buy.filled);
    const Decimal sold = sold_on.quantity_decimal(sell.filled);
    const auto traded =
        bought_on.price_decimal(execution.quoted).multiply_floor(std::max(bought, sold));
    const auto promised =
        traded ? traded->multiply_floor(execution.promised.decimal()) : fail(traded.error());
    const auto lost = promised ? promised->checked_add(-resolved.realised) : fail(promised.error());
    const Decimal whole = bought_on.notional(execution.quoted, execution.quantity);
    const auto share = lost ? lost->divide_floor(whole) : fail(lost.error());
    const auto ppb = share ? share->to_scaled_floor(9) : fail(share.error());
    if (!ppb) return;
    cost = Rate{*ppb};
    // Fees in base and lots leave a difference between whole legs: nobody is to blame for that.
    buy_short = buy.filled < buy.request.quantity;
    sell_short = sell.filled < sell.request.quantity;
    if (buy_short && sell_short) (bought < sold ? sell_short : buy_short) = false;
  }
  leg_costs_.learn(bought_on.venue, execution.size, buy_short, buy_short ? cost : Rate{});
  leg_costs_.learn(sold_on.venue, execution.size, sell_short, sell_short ? cost : Rate{});
  desk_.gate.limits().on_leg(bought_on.venue, buy_short);
  desk_.gate.limits().on_leg(sold_on.venue, sell_short);
}

}  // namespace ats::core

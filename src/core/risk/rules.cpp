#include "core/risk/rules.hpp"

#include <iterator>
#include <utility>

namespace ats::core {
namespace {

enum class Applies : std::uint8_t {
  Always,
  ToNew,  // would only prevent an unwind from reducing exposure
  ToUnwind,
};

struct Rule {
  Applies applies;
  RefuseReason (*refuses)(const OrderRequest&, const OrderFacts&, const CoreConfig&);
  Mutant left_out_by = Mutant::None;  // the planted bug that does not ask it
};

// An unwind passes a halt that still resolves: it is the end of old risk. A halted venue is one we do not
// trust, or may not touch: nothing goes there.
RefuseReason halted(const OrderRequest& order, const OrderFacts& facts, const CoreConfig& config) {
  if (order.unwind && config.mutant == Mutant::UnwindPastClosed) return RefuseReason::None;
  if (facts.standing.closed) return RefuseReason::Halted;
  if (order.unwind) return RefuseReason::None;
  return facts.standing.halted || facts.stopping ? RefuseReason::Halted : RefuseReason::None;
}

RefuseReason reduced(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  return facts.standing.reduce_only ? RefuseReason::ReduceOnly : RefuseReason::None;
}

RefuseReason no_lease(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  return facts.leased ? RefuseReason::None : RefuseReason::NoLease;
}

RefuseReason not_reconciled(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  return facts.reconciled ? RefuseReason::None : RefuseReason::NotReconciled;
}

RefuseReason venue_down(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  return facts.venue_up ? RefuseReason::None : RefuseReason::VenueDown;
}

// What a polled book shows has passed. That is reason enough to open nothing on it, and none to keep open
// what a bounded order may close.
RefuseReason book_not_valid(const OrderRequest& order, const OrderFacts& facts,
                            const CoreConfig& config) {
  if (order.unwind && config.mutant == Mutant::UnwindOnStaleBook) return RefuseReason::None;
  if (facts.book_valid) return RefuseReason::None;
  if (!facts.book_polled) return RefuseReason::BookNotValid;
  return order.unwind ? RefuseReason::None : RefuseReason::BookPolled;
}

// The instrument's own rules: what the venue would reject is not sent.
RefuseReason own_rules(const OrderRequest& order, const OrderFacts& facts, const CoreConfig&) {
  if (facts.instrument == nullptr) return RefuseReason::InstrumentNotTrading;
  const auto fault = check_order(*facts.instrument, order.price, order.quantity);
  return fault ? reason_of(*fault) : RefuseReason::None;
}

RefuseReason price_band(const OrderRequest& order, const OrderFacts& facts, const CoreConfig&) {
  const PriceBand& band = facts.instrument->band;
  const bool within =
      !band.any() || (facts.average && band.allows(order.side, order.price, *facts.average));
  return within ? RefuseReason::None : RefuseReason::PriceBand;
}

RefuseReason self_trade(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  return facts.crosses_own ? RefuseReason::SelfTrade : RefuseReason::None;
}

RefuseReason pair_busy(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  return facts.pair_busy ? RefuseReason::PairBusy : RefuseReason::None;
}

// Pays for what its own legs may cost, and the direction's smallest edge besides.
RefuseReason leg_cost(const OrderRequest&, const OrderFacts& facts, const CoreConfig&) {
  const bool pays = facts.edge && facts.leg_cost && facts.min_edge &&
                    facts.edge->ppb - facts.leg_cost->ppb >= facts.min_edge->ppb;
  return pays ? RefuseReason::None : RefuseReason::LegCost;
}

// An unwind that does not make the open net smaller would be a bet. What the venue keeps of a purchase as its
// fee does not arrive.
RefuseReason reduces(const OrderRequest& order, const OrderFacts& facts, const CoreConfig&) {
  Decimal quantity = facts.instrument->quantity_decimal(order.quantity);
  const Instrument::Fee fee = facts.instrument->taker_fee(order.side, order.price, order.quantity);
  if (fee.asset == facts.instrument->base) quantity -= fee.amount;
  const bool right_way = order.side == Side::Sell ? quantity <= facts.open_net
                                                  : Decimal() - quantity >= facts.open_net;
  return right_way ? RefuseReason::None : RefuseReason::Exposure;
}

// In the order they are asked. own_rules stands before those that look at the instrument.
constexpr Rule all_rules[] = {
    {Applies::Always, halted, Mutant::ForgetHalt},
    {Applies::ToNew, reduced, Mutant::IgnoreReduceOnly},
    {Applies::ToNew, no_lease},
    {Applies::ToNew, not_reconciled, Mutant::TradeUnreconciled},
    {Applies::Always, venue_down},
    {Applies::Always, book_not_valid, Mutant::IgnoreStaleBook},
    {Applies::Always, own_rules},
    {Applies::Always, price_band},
    {Applies::Always, self_trade},
    {Applies::ToNew, pair_busy},
    {Applies::ToNew, leg_cost},
    {Applies::ToUnwind, reduces},
};

template <std::size_t N>
RefuseReason ask(const OrderRequest& order, const OrderFacts& facts, const CoreConfig& config) {
  constexpr Rule rule = all_rules[N];
  if (rule.applies == Applies::ToNew && order.unwind) return RefuseReason::None;
  if (rule.applies == Applies::ToUnwind && !order.unwind) return RefuseReason::None;
  if (rule.left_out_by != Mutant::None && rule.left_out_by == config.mutant)
    return RefuseReason::None;
  return rule.refuses(order, facts, config);
}

// Spelt out for the compiler, which puts each rule in its place.
template <std::size_t... N>
RefuseReason ask_in_turn(const OrderRequest& order, const OrderFacts& facts,
                         const CoreConfig& config, std::index_sequence<N...>) {
  RefuseReason reason = RefuseReason::None;
  const auto speaks = [&](RefuseReason answer) {
    reason = answer;
    return reason != RefuseReason::None;
  };
  static_cast<void>((speaks(ask<N>(order, facts, config)) || ...));
  return reason;
}

}  // namespace

RefuseReason reason_of(OrderFault fault) {
  switch (fault) {
    case OrderFault::BelowMinQuantity:
      return RefuseReason::BelowMinQuantity;
    case OrderFault::BelowMinNotional:
      return RefuseReason::BelowMinNotional;
    case OrderFault::AboveMaxQuantity:
      return RefuseReason::OrderNotional;
    case OrderFault::OffTick:
    case OrderFault::OffLot:
    case OrderFault::NotTrading:
      break;
  }
  return RefuseReason::InstrumentNotTrading;
}

RefuseReason first_refusal(const OrderRequest& order, const OrderFacts& facts,
                           const CoreConfig& config) {
  return ask_in_turn(order, facts, config, std::make_index_sequence<std::size(all_rules)>());
}

}  // namespace ats::core

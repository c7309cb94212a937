#include "core/risk/limits.hpp"

#include <array>

namespace ats::core {
namespace {

// An unwind passes a global and a pair halt: those stop new risk, and an unwind is the end of an old
// one. A halted venue is one we do not trust, or may not touch: nothing goes there.
RefuseReason halted(const OrderRequest& order, const OrderFacts& facts, const CoreConfig&) {
  if (facts.halted_venue) return RefuseReason::Halted;
  if (order.unwind) return RefuseReason::None;
  const bool halted = facts.halted_globally || facts.halted_pair || facts.stopping;
  return halted ? RefuseReason::Halted : RefuseReason::None;
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

RefuseReason order_notional(const OrderRequest&, const OrderFacts& facts,
                            const CoreConfig& config) {
  const bool within = facts.notional && *facts.notional <= config.max_order_notional;
  return within ? RefuseReason::None : RefuseReason::OrderNotional;
}

RefuseReason exposure(const OrderRequest&, const OrderFacts& facts, const CoreConfig& config) {
  const bool within = facts.exposure_after && *facts.exposure_after <= config.max_exposure;
  return within ? RefuseReason::None : RefuseReason::Exposure;
}

// Beyond the limit only the way back is open.
RefuseReason currency_exposure(const OrderRequest&, const OrderFacts& facts,
                               const CoreConfig& config) {
  const bool within =
      facts.currency_after && (*facts.currency_after <= config.max_currency_exposure ||
                               *facts.currency_after <= facts.currency_before);
  return within ? RefuseReason::None : RefuseReason::CurrencyExposure;
}

RefuseReason daily_loss(const OrderRequest&, const OrderFacts& facts, const CoreConfig& config) {
  const bool within = facts.lost_today && *facts.lost_today <= config.max_daily_loss;
  return within ? RefuseReason::None : RefuseReason::DailyLoss;
}

RefuseReason open_executions(const OrderRequest&, const OrderFacts& facts,
                             const CoreConfig& config) {
  return facts.open_executions < config.max_open_executions ? RefuseReason::None
                                                            : RefuseReason::OpenExecutions;
}

RefuseReason edge_too_good(const OrderRequest&, const OrderFacts& facts, const CoreConfig& config) {
  const bool believable = facts.edge && *facts.edge <= config.max_edge;
  return believable ? RefuseReason::None : RefuseReason::EdgeTooGood;
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

// own_rules stands before those that look at the instrument.
constexpr std::array all_limits{
    Limit{"halted", Applies::Always, halted, Mutant::ForgetHalt},
    Limit{"reconciled", Applies::ToNew, not_reconciled, Mutant::TradeUnreconciled},
    Limit{"venue up", Applies::Always, venue_down},
    Limit{"book valid", Applies::Always, book_not_valid, Mutant::IgnoreStaleBook},
    Limit{"own rules", Applies::Always, own_rules},
    Limit{"price band", Applies::Always, price_band},
    Limit{"self trade", Applies::Always, self_trade},
    Limit{"pair busy", Applies::ToNew, pair_busy},
    Limit{"edge too good", Applies::ToNew, edge_too_good},
    Limit{"leg cost", Applies::ToNew, leg_cost},
    Limit{"order notional", Applies::ToNew, order_notional, Mutant::IgnoreOrderNotional},
    Limit{"exposure", Applies::ToNew, exposure},
    Limit{"currency exposure", Applies::ToNew, currency_exposure},
    Limit{"daily loss", Applies::ToNew, daily_loss, Mutant::IgnoreDailyLoss},
    Limit{"open executions", Applies::ToNew, open_executions, Mutant::IgnoreOpenExecutions},
    Limit{"reduces", Applies::ToUnwind, reduces},
};

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

std::span<const Limit> limits() { return all_limits; }

}  // namespace ats::core

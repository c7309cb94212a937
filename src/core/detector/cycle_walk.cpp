#include "core/detector/cycle_walk.hpp"

#include <algorithm>
#include <limits>

namespace ats::core {
namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

// numerator / denominator × 1e9 − 1e9, rounded down, by halving: exact for any width.
Rate excess(const ExactProduct& numerator, const ExactProduct& denominator) {
  ExactProduct scaled = numerator;
  scaled *= static_cast<std::uint64_t>(Rate::one);
  std::uint64_t low = 0;
  std::uint64_t high = std::uint64_t{1} << 62;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    ExactProduct product = denominator;
    product *= middle;
    if (product <= scaled) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return {static_cast<std::int64_t>(low) - Rate::one};
}

// One side of a book as the walk needs it: its levels, and what all before each of them come to.
class Depth {
 public:
  void load(const CycleLeg& leg) {
    leg_ = &leg;
    if (leg.instrument == nullptr) return;
    const Instrument& on = *leg.instrument;
    factor_ = pow10(Decimal::scale - on.price_scale - on.qty_scale);
    fee_in_quote_ = leg.hop->side == Side::Sell || on.fees.charged_in == FeeAsset::Quote;
    Levels levels = leg.levels;
    Row row;
    for (Level level; count_ < rows_.size() && levels.next(level);) {
      row.price = level.price;
      row.quantity = level.quantity.units;
      Row after = row;
      if (!add(after, level.quantity)) break;  // more than any amount: as deep as we look
      rows_[count_++] = row;
      row = after;
    }
    whole_ = row;
  }

  bool empty() const { return count_ == 0; }
  Price best() const { return count_ == 0 ? Price{} : rows_[0].price; }
  std::int64_t quantity() const { return whole_.before; }

  // What trading the quantity, at most all there is, comes to.
  struct Amount {
    Decimal notional;
    Decimal fee;  // in the fee's asset
    Price deepest;
  };
  Amount amount_of(Quantity quantity) const {
    std::size_t n = 0;
    while (n + 1 < count_ && rows_[n + 1].before < quantity.units) ++n;
    Row row = rows_[n];
    add(row, quantity - Quantity{row.before});
    return {Decimal::from_raw(row.notional), Decimal::from_raw(row.fee), rows_[n].price};
  }
  // What `quantity` costs in the quote asset.
  Decimal cost_of(Quantity quantity) const {
    const Amount amount = amount_of(quantity);
    return fee_in_quote_ ? amount.notional + amount.fee : amount.notional;
  }
  // The most, in whole lots, that costs no more than the budget.
  Quantity affordable(Decimal budget) const {
    const Instrument& on = *leg_->instrument;
    if (count_ == 0 || budget.negative()) return {};
    std::size_t n = 0;
    while (n + 1 < count_ && cost_before(rows_[n + 1]) <= budget.raw()) ++n;
    const Row& row = rows_[n];
    const Int128 left = budget.raw() - cost_before(row);
    if (left < 0) return {};
    // Units that the notional alone allows, then the fee: exact but for its rounding up.
    const Int128 each = Int128{row.price.units} * factor_;
    const Int128 most = std::min<Int128>(left / each, Int128{row.quantity} * 2 + 1);
    Int128 high = std::min<Int128>(most, row.quantity);
    Int128 low = 0;
    if (fee_in_quote_) {
      const Int128 with_fee = Rate::one + on.fees.taker.ppb;
      const Int128 rounding = pow10(Decimal::scale - on.fees.decimals) / each + 2;
      low = std::clamp<Int128>(most * Rate::one / with_fee - rounding - 1, 0, row.quantity);
      high = std::clamp<Int128>((most + 1) * Rate::one / with_fee + 1, low, row.quantity);
    } else {
      low = high;
    }
    const auto fits = [&](Int128 units) {
      Row after = row;
      return add(after, {static_cast<std::int64_t>(units)}) && cost_before(after) <= budget.raw();
    };
    while (low < high) {
      const Int128 middle = low + (high - low + 1) / 2;
      if (fits(middle)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return on.floor_to_lot({row.before + static_cast<std::int64_t>(low)});
  }

 private:
  struct Row {
    Price price;
    std::int64_t quantity = 0;
    std::int64_t before =
        0;  // units at better prices, their notional and their fees, as raw amounts
    Int128 notional = 0;
    Int128 fee = 0;
  };
  Int128 cost_before(const Row& row) const {
    return fee_in_quote_ ? row.notional + row.fee : row.notional;
  }
  // False when an amount leaves its type, or half of it (so that notional and fee add up).
  bool add(Row& row, Quantity taken) const {
    constexpr Int128 most = std::numeric_limits<Int128>::max() / 4;
    Int128 raw = 0;
    if (__builtin_mul_overflow(Int128{row.price.units} * taken.units, Int128{factor_}, &raw) ||
        raw > most) {
      return false;
    }
    if (taken.units != 0) {
      row.fee += leg_->instrument->taker_fee(leg_->hop->side, row.price, taken).amount.raw();
    }
    row.notional += raw;
    return !__builtin_add_overflow(row.before, taken.units, &row.before) && row.notional <= most &&
           row.fee <= most && row.fee >= -most;
  }

  const CycleLeg* leg_ = nullptr;
  std::array<Row, CycleWalk::depth_max> rows_;
  std::size_t count_ = 0;
  Row whole_;
  std::int64_t factor_ = 1;
  bool fee_in_quote_ = true;
};

class Walker {
 public:
  Walker(std::span<const CycleLeg> legs, const CycleRules& rules) : legs_(legs), rules_(rules) {
    for (std::size_t n = 0; n < legs.size(); ++n) {
      hops_[n] = legs[n].hop;
      depths_[n].load(legs[n]);
    }
  }

  CycleWalk run() {
    CycleWalk best;
    const Instrument* first = legs_[0].instrument;
    ATS_ASSERT(first != nullptr);
    std::int64_t most = depths_[0].quantity();
    if (!first->max_quantity.is_zero()) most = std::min(most, first->max_quantity.units);
    // One lot more than there is: what stops the walk is asked of it.
    std::int64_t low = 0;
    std::int64_t high = most / first->lot;
    CycleWalk tried;
    while (low < high) {
      const std::int64_t middle = low + (high - low + 1) / 2;
      if (fits({middle * first->lot}, tried)) {
        low = middle;
        best = tried;
      } else {
        high = middle - 1;
      }
    }
    if (low == 0) best = CycleWalk{};
    std::int64_t next = 0;
    if (__builtin_mul_overflow(low + 1, first->lot, &next)) next = int64_max;
    CycleWalk more;
    (void)fits({next}, more);
    best.stop = more.stop;
    best.stopped_at = more.stopped_at;
    if (low > 0) {
      best.profit = best.received - best.paid;
      best.net = excess(ExactProduct(static_cast<UInt128>(best.received.raw())),
                        ExactProduct(static_cast<UInt128>(best.paid.raw())));
    }
    return best;
  }

 private:
  bool stop(CycleWalk& out, std::size_t leg, WalkStop why) const {
    out.stop = why;
    out.stopped_at = static_cast<std::uint8_t>(leg);
    return false;
  }

  bool fits(Quantity first, CycleWalk& out) const {
    Decimal amount;
    std::array<Price, legs_max> at;
    for (std::size_t n = 0; n < legs_.size(); ++n) {
      const CycleLeg& leg = legs_[n];
      WalkedLeg& walked = out.legs[n];
      walked = {};
      if (leg.instrument == nullptr) {
        at[n] = leg.hop->price;
        const Decimal price = Decimal::from_scaled(at[n].units, 9);
        const auto got =
            leg.hop->side == Side::Sell ? amount.multiply_floor(price) : amount.divide_floor(price);
        if (!got) return stop(out, n, WalkStop::Overflow);
        walked.gave = amount;
        walked.deepest = walked.limit = at[n];
        amount = walked.got = *got;
        continue;
      }
      const Instrument& on = *leg.instrument;
      const Depth& depth = depths_[n];
      const bool sells = leg.hop->side == Side::Sell;
      if (n == 0) {
        walked.quantity = first;
      } else if (sells) {
        const auto units = amount.to_scaled_floor(on.qty_scale);
        if (!units) return stop(out, n, WalkStop::Depth);
        walked.quantity = on.floor_to_lot({*units});
      } else {
        walked.quantity = depth.affordable(amount);
      }
      if (leg.sent && !on.max_quantity.is_zero() && walked.quantity > on.max_quantity) {
        return stop(out, n, WalkStop::MaxQuantity);
      }
      if (walked.quantity.units > depth.quantity() || depth.empty()) {
        return stop(out, n, WalkStop::Depth);
      }
      // A book whose every level the budget buys, and more, is too shallow.
      if (n > 0 && !sells && depth.cost_of({depth.quantity()}) < amount) {
        return stop(out, n, WalkStop::Depth);
      }
      walked.deepest = depth.best();
      if (!walked.quantity.is_zero()) {
        const Depth::Amount traded = depth.amount_of(walked.quantity);
        walked.deepest = traded.deepest;
        const bool fee_in_base = !sells && on.fees.charged_in == FeeAsset::Received;
        const Decimal base = on.quantity_decimal(walked.quantity);
        walked.gave = sells ? base : (fee_in_base ? traded.notional : traded.notional + traded.fee);
        walked.got =
            sells ? traded.notional - traded.fee : (fee_in_base ? base - traded.fee : base);
      }
      at[n] = walked.deepest;
      if (n == 0) out.paid = walked.gave;
      amount = walked.got;
      if (amount.negative()) amount = Decimal();
      if (leg.sent && !within_limits(leg, depth, walked, out, n)) return false;
    }
    out.received = amount;
    if (!cycle_pays(std::span(hops_).first(legs_.size()), std::span(at).first(legs_.size()),
                    rules_.min_edge)) {
      return stop(out, 0, WalkStop::Edge);
    }
    return true;
  }

  // Money and size, counted at the limit price: the worst the order may trade at.
  bool within_limits(const CycleLeg& leg, const Depth& depth, WalkedLeg& walked, CycleWalk& out,
                     std::size_t n) const {
    const Instrument& on = *leg.instrument;
    const bool sells = leg.hop->side == Side::Sell;
    walked.limit = sells ? sell_limit(on, walked.deepest, rules_.max_slippage)
                         : buy_limit(on, walked.deepest, rules_.max_slippage);
    const Decimal base = on.quantity_decimal(walked.quantity);
    const auto notional = on.price_decimal(sells ? depth.best() : walked.limit).multiply(base);
    if (!notional) return stop(out, n, WalkStop::Overflow);
    if (leg.max_notional && *notional > *leg.max_notional) {
      return stop(out, n, WalkStop::MaxNotional);
    }
    if (!leg.free) return true;
    if (sells) return base <= *leg.free || stop(out, n, WalkStop::FreeBase);
    Decimal spends = *notional;
    if (on.fees.charged_in == FeeAsset::Quote && !walked.quantity.is_zero()) {
      const auto with_fee =
          spends.checked_add(on.taker_fee(Side::Buy, walked.limit, walked.quantity).amount);
      if (!with_fee) return stop(out, n, WalkStop::Overflow);
      spends = *with_fee;
    }
    return spends <= *leg.free || stop(out, n, WalkStop::FreeQuote);
  }

  std::span<const CycleLeg> legs_;
  CycleRules rules_;
  std::array<const Hop*, legs_max> hops_{};
  std::array<Depth, legs_max> depths_;
};

}  // namespace

bool cycle_pays(std::span<const Hop* const> hops, std::span<const Price> at, Rate min_edge) {
  ExactProduct got;
  ExactProduct given;
  for (std::size_t n = 0; n < hops.size(); ++n) hops[n]->multiply(got, given, at[n]);
  if (min_edge.ppb <= 0) return got > given;
  got *= static_cast<std::uint64_t>(Rate::one);
  given *= static_cast<std::uint64_t>(Rate::one + min_edge.ppb);
  return got >= given;
}

Rate cycle_gross(std::span<const Hop* const> hops) {
  ExactProduct got;
  ExactProduct given;
  for (const Hop* hop : hops) hop->multiply_gross(got, given, hop->price);
  return excess(got, given);
}

Rate cycle_net(std::span<const Hop* const> hops) {
  ExactProduct got;
  ExactProduct given;
  for (const Hop* hop : hops) hop->multiply(got, given, hop->price);
  return excess(got, given);
}

CycleWalk walk_cycle(std::span<const CycleLeg> legs, const CycleRules& rules) {
  return Walker(legs, rules).run();
}

}  // namespace ats::core

// Walks an ask side and a bid side level by level for as long as buying the one and selling the other
// pays: the exact quantity, cost and proceeds of a directed venue pair. Pure, integer, no allocation.
// Live detection and `ats scan` on recorded books use the same function.
//
// A level pair pays when
//     bid × (1 − sell fee)  ≥  ask × (1 + buy fee) × (1 + min_edge)
// and, whatever the threshold, the left exceeds ask × (1 + buy fee); compared exactly, whatever the two
// instruments' scales. A fee that the venue takes in the base asset
// counts at the price of its own fill, so it weighs the same as one taken in quote.
#pragma once

#include <optional>
#include <span>

#include "base/decimal.hpp"
#include "core/books/tick_book.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

// A source of levels, best first, prices and quantities positive: a live book or a plain list.
class Levels {
 public:
  explicit Levels(TickBook::Cursor cursor) : cursor_(cursor) {}
  explicit Levels(std::span<const Level> list) : list_(list) {}
  bool next(Level& level) {
    if (cursor_) return cursor_->next(level);
    if (at_ == list_.size()) return false;
    level = list_[at_++];
    return true;
  }

 private:
  std::optional<TickBook::Cursor> cursor_;
  std::span<const Level> list_;
  std::size_t at_ = 0;
};

// What bounds a walk. Decimals in the pair's quote or base asset; absent = unbounded.
struct WalkLimits {
  Rate max_slippage;  // of the limit prices behind the deepest level used
  std::optional<Decimal> max_notional =
      {};  // per leg: buying at its limit, selling at the best bid
  std::optional<Decimal> free_quote =
      {};                                 // on the buying venue; covers the limit price and its fee
  std::optional<Decimal> free_base = {};  // on the selling venue
  std::optional<Rate> min_edge = {};      // instead of the venue pair's own
};

// Why a walk stopped where it did.
enum class WalkStop : std::uint8_t {
  Edge,   // the next level pair does not pay
  Depth,  // a side ran out of levels
  MaxNotional,
  MaxQuantity,  // of either instrument
  FreeQuote,
  FreeBase,
  Overflow,  // an amount that no Decimal holds: no quantity is given
};

struct WalkResult {
  // The same amount in the units of each instrument, a multiple of both lots. Zero: all below is zero.
  Quantity buy_quantity;
  Quantity sell_quantity;
  Price buy_deepest;  // worst level used
  Price sell_deepest;
  Price buy_limit;  // deepest level and slippage, rounded to the tick towards the level
  Price sell_limit;
  // In the quote asset. Fees as the venue counts them: per level, rounded up to its decimals. With fee
  // decimals of 18 nothing is rounded unless 18 decimals cannot hold it; then against us.
  Decimal paid;      // fee included
  Decimal received;  // fee taken off
  Decimal profit;    // received - paid
  Rate net;          // received / paid - 1, rounded down
  WalkStop stop = WalkStop::Edge;
};

// A directed venue pair: two instruments of one pair, made comparable once.
class VenuePair {
 public:
  // Both instruments trade the same base and quote; |taker rates| and |min_edge| are below 1.
  VenuePair(const Instrument& buy, const Instrument& sell, Rate min_edge);

  // The edge asked for from now on.
  void set_min_edge(Rate min_edge) {
    min_edge_ = min_edge;
    threshold_ = threshold_of(min_edge);
  }
  Rate min_edge() const { return min_edge_; }

  // Whether buying at `ask` and selling at `bid` pays. Exact.
  bool pays(Price ask, Price bid) const { return pays(ask, bid, threshold_); }
  // The same for another edge than the pair's own.
  bool pays(Price ask, Price bid, Rate min_edge) const {
    return pays(ask, bid, threshold_of(min_edge));
  }
  // bid / ask - 1, and bid × (1 − fee) / (ask × (1 + fee)) − 1; rounded down to 1e-9. Positive prices.
  Rate gross(Price ask, Price bid) const;
  Rate net(Price ask, Price bid) const;

  // `asks` of the buy instrument and `bids` of the sell instrument, each best first.
  WalkResult walk(const Levels& asks, const Levels& bids, const WalkLimits& limits) const;

  const Instrument& buy() const { return buy_; }
  const Instrument& sell() const { return sell_; }

 private:
  struct Wide {  // 192 bits
    UInt128 high;
    std::uint64_t low;
  };
  static Wide multiply(std::uint64_t a, UInt128 b) {
    const UInt128 low = UInt128{a} * static_cast<std::uint64_t>(b);
    return {UInt128{a} * static_cast<std::uint64_t>(b >> 64) + (low >> 64),
            static_cast<std::uint64_t>(low)};
  }
  struct Threshold {
    UInt128 cost_factor;  // of an ask in its units, on the common scale, fee and edge included
    bool strictly;        // an edge of zero or less still asks for a gain
  };
  Threshold threshold_of(Rate min_edge) const;
  bool pays(Price ask, Price bid, const Threshold& threshold) const {
    const Wide cost = multiply(static_cast<std::uint64_t>(ask.units), threshold.cost_factor);
    const Wide proceeds = multiply(static_cast<std::uint64_t>(bid.units), proceeds_factor_);
    if (proceeds.high != cost.high) return proceeds.high > cost.high;
    return threshold.strictly ? proceeds.low > cost.low : proceeds.low >= cost.low;
  }
  struct Bound {  // in common units
    Int128 quantity;
    WalkStop stop;
  };
  Bound fixed_bound(const Levels& bids, const WalkLimits& limits) const;
  Bound bound_at(Price ask, const WalkLimits& limits) const;

  UInt128 ask_factor_;  // of an ask in its units, on the common scale, fee included
  UInt128 proceeds_factor_;
  Rate min_edge_;
  Threshold threshold_;
  Int128
      buy_unit_;  // one Quantity unit of each instrument, in common units: of the finer of the two
  Int128 sell_unit_;
  Int128 common_lot_;
  int common_scale_;
  Instrument buy_;
  Instrument sell_;
};

// The IOC limit behind a level: worse by at most `slippage`, on the tick, never better than the level.
Price buy_limit(const Instrument& instrument, Price deepest, Rate slippage);
Price sell_limit(const Instrument& instrument, Price deepest, Rate slippage);

}  // namespace ats::core

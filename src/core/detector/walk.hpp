// Walks an ask side and a bid side level by level for as long as buying the one and selling the other
// pays: the exact quantity, cost and proceeds of a directed venue pair. Pure, integer, no allocation.
// Live detection and `ats scan` on recorded books use the same function.
//
// A level pair pays when
//     bid × (1 − sell fee)  ≥  ask × (1 + buy fee) × (1 + min_edge)   and the left exceeds ask × (1 + buy fee)
// compared exactly, whatever the two instruments' scales. A fee that the venue takes in the base asset
// counts at the price of its own fill, so it weighs the same as one taken in quote.
#pragma once

#include <optional>
#include <span>

#include "base/decimal.hpp"
#include "core/books/tick_book.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

// A source of levels, best first: a live book or a plain list.
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
  Rate min_edge;
  Rate max_slippage;                    // of the limit prices behind the deepest level used
  std::optional<Decimal> max_notional;  // per leg
  std::optional<Decimal>
      free_quote;  // on the buying venue, its fee included where it is taken in quote
  std::optional<Decimal> free_base;  // on the selling venue
};

// Why a walk stopped where it did.
enum class WalkStop : std::uint8_t {
  Edge,   // the next level pair does not pay
  Depth,  // a side ran out of levels
  MaxNotional,
  MaxQuantity,  // of either instrument
  FreeQuote,
  FreeBase,
};

struct WalkResult {
  Quantity
      buy_quantity;  // the same amount in the units of each instrument; a multiple of both lots
  Quantity sell_quantity;
  Price buy_deepest;  // worst level used
  Price sell_deepest;
  Price buy_limit;  // deepest level and slippage, on the tick, never better than the deepest level
  Price sell_limit;
  Decimal paid;      // quote asset, fee included; rounded up where 18 decimals do not hold it
  Decimal received;  // quote asset, fee taken off; rounded down likewise
  Decimal profit;    // received − paid
  Rate net;          // received / paid − 1, rounded down
  WalkStop stop = WalkStop::Edge;
};

// Two instruments of one pair, made comparable once. Both must trade the same base and quote.
class VenuePair {
 public:
  VenuePair(const Instrument& buy, const Instrument& sell);

  // Whether buying at `ask` and selling at `bid` (units of their instruments) pays at least min_edge
  // after both taker fees. Exact.
  bool pays(Price ask, Price bid, Rate min_edge) const;
  // bid / ask − 1 before fees, and bid × (1 − fee) / (ask × (1 + fee)) − 1; rounded down to 1e-9.
  Rate gross(Price ask, Price bid) const;
  Rate net(Price ask, Price bid) const;

  // `asks` of the buy instrument, `bids` of the sell instrument, each best first. A quantity of zero
  // means that nothing pays or that the limits leave less than one common lot.
  WalkResult walk(Levels asks, Levels bids, const WalkLimits& limits) const;

  const Instrument& buy() const { return buy_; }
  const Instrument& sell() const { return sell_; }

 private:
  Instrument buy_;
  Instrument sell_;
};

}  // namespace ats::core

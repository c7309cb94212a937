// What the limits in force come to for an order that passes all of them: for each instrument, strategy and side
// the smallest bound of everything that is measured of an order, which limits of what is there refuse now, and
// how much room the others leave. One look says "passes" for a new order, and only where each limit, asked by
// itself (limit_book.hpp), would let it pass; else it says nothing, and they are asked one by one.
//
// Told by LimitBook of every bound and every reading, of which it keeps what they leave room for. Allocates in
// restart() alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/decimal.hpp"
#include "core/risk/limit_moments.hpp"
#include "core/risk/limit_where.hpp"
#include "core/risk/rules.hpp"
#include "domain/instrument.hpp"
#include "domain/limit.hpp"
#include "domain/order.hpp"

namespace ats::core {

class QuickLimits {
 public:
  struct Limit {
    LimitKind kind;
    LimitWhere where;
    Decimal bound;
    const Moments* moments;  // of OrderRate; outlives this, or the next restart
    bool asked = true;       // false: left out by a planted bug
  };
  struct Reading {
    bool known = false;
    Decimal value;
    Decimal room;  // AssetConcentration: so much more certainly keeps within it
  };

  // `of_instrument`: which of the limits concern an instrument, by its id. Nothing passes before the readings
  // are told.
  void restart(const Universe& universe, std::vector<Limit> limits,
               std::span<const std::vector<std::uint16_t>> of_instrument);
  // Counts from the next fold_bounds(), and its reading told anew, on.
  void set_bound(std::size_t limit, Decimal bound);
  void fold_bounds();
  void measured(std::size_t limit, const Reading& reading);

  // True: no limit speaks against it. False says nothing.
  bool passes(const OrderRequest& order, const OrderFacts& facts) const;

 private:
  // Of an instrument, a strategy and a side.
  struct Lane {
    Decimal notional, distance, beyond, exposure, currency;  // at most
    std::int64_t quantity, edge_least, edge_most, age;       // likewise; units, ppb, ppb, ns
    // Limits with room, in rows_: those that measure the order's notional, its base amount, its quote amount,
    // the legs that leave together, and its rate.
    std::uint32_t first;
    std::uint16_t notionals, bases, quotes, legs, rates;
  };
  struct RateOf {
    const Moments* moments;
    std::int64_t most;
  };
  std::size_t lane_of(InstrumentId on, Strategy strategy, Side side) const {
    return (on.index() * strategy_count + static_cast<std::size_t>(strategy)) * 2 +
           (side == Side::Buy ? 0 : 1);
  }
  void lay_rows();

  const Universe* universe_ = nullptr;
  std::vector<Limit> limits_;
  std::vector<std::vector<std::uint16_t>> of_instrument_;
  std::vector<Lane> lanes_;
  std::vector<std::uint16_t> rows_;
  std::vector<Decimal> rooms_;  // by limit: what an order may add
  std::vector<RateOf> rates_;   // by limit
  // Limits that refuse, or do not, whatever the order is: a bit each. Of a lane those that concern its orders,
  // and those that concern its quotes.
  std::size_t words_ = 0;
  std::vector<std::uint32_t> bit_of_;    // by limit
  std::vector<std::uint64_t> refusing_;  // words_
  std::vector<std::uint64_t> masks_;     // lane, quote or not, words_
};

}  // namespace ats::core

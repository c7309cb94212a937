// Trades an amount round a cycle of two to four legs, level by level, for as long as the last unit pays:
// the exact quantity, cost and proceeds of every leg. Pure, integer, no allocation.
//
// A quantity of the first leg, on its lot, determines all others: a leg that sells sells what the leg
// before brought in, rounded down to its lot; a leg that buys buys as many lots as that pays for, fee
// included. What rounding leaves over is ours, and counts as nothing. The walk finds the largest first
// quantity at which
//   - at the deepest levels used, the cycle still gives (1 + min_edge) times what it takes, exactly, and
//     more than it takes whatever the threshold;
//   - no leg runs out of its book (of its first `depth_max` levels), its maximum quantity, the notional
//     allowed or the balance it spends.
// All of these get harder as the quantity grows, so the largest is found by halving.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/detector/lanes.hpp"
#include "core/detector/walk.hpp"
#include "domain/action.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

struct CycleLeg {
  const Hop* hop = nullptr;
  const Instrument* instrument = nullptr;   // null: at the hop's rate
  Levels levels{std::span<const Level>()};  // what it trades with, best first
  bool sent = true;                         // false: no order, so no funds and no limits of size
  std::optional<Decimal> free;              // of what it gives; absent: unbounded
  std::optional<Decimal> max_notional;      // in the instrument's quote asset
};

struct CycleRules {
  Rate min_edge;
  Rate max_slippage;
};

struct WalkedLeg {
  Quantity quantity;
  Price deepest;
  Price limit;
  Decimal gave;  // fee included
  Decimal got;   // fee taken off
};

// Zero quantity of the first leg: all is zero but `stop` and `stopped_at`.
struct CycleWalk {
  static constexpr std::size_t depth_max = 32;
  std::array<WalkedLeg, legs_max> legs;
  Decimal paid;      // of the first leg's asset
  Decimal received;  // by the last leg
  Decimal profit;
  Rate net;  // received / paid − 1, rounded down
  WalkStop stop = WalkStop::Edge;
  std::uint8_t stopped_at = 0;  // the leg that stopped it
};

// Whether the hops at these prices give (1 + min_edge) times what they take. Exact.
bool cycle_pays(std::span<const Hop* const> hops, std::span<const Price> at, Rate min_edge);
// What they give over what they take, less one: rounded down to 1e-9, at most the range of a Rate.
Rate cycle_gross(std::span<const Hop* const> hops);
Rate cycle_net(std::span<const Hop* const> hops);

CycleWalk walk_cycle(std::span<const CycleLeg> legs, const CycleRules& rules);

}  // namespace ats::core

// Which cycles of lanes are worth watching: each strategy lays out its own, once, from what is listed. It
// says nothing of prices; all cycles are then priced, sized and told alike (core/detector/cycles.hpp).
// Pure.
//
//   cross-currency   a base bought in one currency and sold in another; the currencies are converted on
//                    the best book between them, or counted at a configured rate; the conversion is not
//                    sent, what it would have moved stays with us
//   triangular       three instruments of one venue
//   cycles           three or four assets, each step on the venue where it is best; three assets that the
//                    cross-currency strategy watches are left to it
//
// Two legs of one pair on two venues, where no currency changes, are watched by the detector itself:
// every directed venue pair is shown to people, whether it pays or not.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/detector/lanes.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"

namespace ats::core {

// A closed way through assets: the lane of leg n leads to where the lane of leg n + 1 begins.
struct Cycle {
  Strategy strategy = Strategy::Cycle;
  std::uint8_t legs = 0;
  std::array<LaneId, legs_max> lanes{};  // unused ones are Lanes::identity
  AssetId home;                          // begins and ends here; what profit is counted in
  bool conversion_open = false;          // the last leg is not sent
};

class CycleStrategy {
 public:
  virtual Strategy strategy() const = 0;
  virtual StrategyMode mode(const CoreConfig& config) const = 0;
  // Appends every cycle of the strategy, each direction on its own, in an order that the universe and the
  // configuration determine.
  virtual void lay_out(const Universe& universe, const Lanes& lanes, const CoreConfig& config,
                       std::vector<Cycle>& out) const = 0;

 protected:
  ~CycleStrategy() = default;
};

// All of them, in the order they are asked.
std::span<const CycleStrategy* const> cycle_strategies();

}  // namespace ats::core

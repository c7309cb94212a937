// What a leg costs on average because now and then it falls short of the other: learnt from what became of
// trades, per venue and size, and asked for on top of the smallest edge before the next trade is opened.
//
// An estimate is a mean over legs sent, whole ones at a cost of zero, in shares of the leg's notional. It
// begins at a prior that weighs as much as so many legs; from `memory` legs on an old one counts less and
// less. It goes back to the prior with time, a 24th of the way an hour: a venue that nothing is sent to any
// more, because it cost too much, is tried again in a day or two. Integers only: the mean stops moving once
// it is within `memory` parts per billion of what it is told.
//
// The leg to blame for a broken trade is the one that did not fill what it asked for; of two such, the one that
// filled less; of none, none. What it cost is what the trade had promised for the quantity that the other leg
// filled, less what came of it in the end.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "domain/ids.hpp"
#include "domain/number.hpp"
#include "domain/status.hpp"

namespace ats::core {

class LegCosts {
 public:
  static constexpr std::uint32_t memory = 500;
  static constexpr Rate believed = Rate::bps(1000);  // more, either way, is a mark gone wrong
  static constexpr Duration relaxed_every = hours(1);

  // A new life: what was learnt is kept, waits start over.
  void restart(std::size_t venues, Rate prior, std::uint32_t prior_legs, Instant now);

  // In shares of the leg's notional; never below zero.
  Rate expected(VenueId venue, LegSize size) const;
  // What became of one leg: zero, or what falling short has cost; below zero where that was luck.
  void learn(VenueId venue, LegSize size, bool fell_short, Rate cost);
  void on_timer(Instant now);

  void status(std::vector<LegCostStatus>& out) const;

 private:
  struct Estimate {
    Rate mean;
    std::uint64_t legs = 0;
    std::uint64_t fell_short = 0;
  };
  using Sizes = std::array<Estimate, leg_size_count>;

  std::vector<Sizes> venues_;
  Rate prior_;
  std::uint32_t prior_legs_ = 0;
  Instant relaxed_;
};

}  // namespace ats::core

// Watches every cycle the strategies laid out, and looks only at those a changed book touches: a lane
// whose best rate rose may open the cycles over it, which its spokes list beside the other lanes of each;
// open cycles over a lane that moved are looked at again. A cycle that cannot pay is told by adding
// logarithms; what passes is compared exactly, then walked through the books.
//
// Work per event is bounded: spokes of the lanes of one instrument (cycles_max in all), and at most
// walks_max walks, the best tops first; an open cycle that was not walked keeps its last answer.
// Allocates nothing after construction.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/detector/cycle_walk.hpp"
#include "core/detector/lanes.hpp"
#include "core/detector/strategies.hpp"
#include "core/inventory/skew.hpp"
#include "domain/status.hpp"

namespace ats::core {

class Funds;

// A cycle over the threshold at the tops of its books, walked.
struct CycleCandidate {
  std::uint32_t index = 0;  // of the cycle
  Cycle cycle;
  std::array<Hop, legs_max> hops;
  Rate gross;  // tops, before fees
  CycleWalk walked;
  RefuseReason refused = RefuseReason::None;
};

class CycleDetector {
 public:
  static constexpr std::size_t cycles_max = 500'000;
  static constexpr std::size_t walks_max = 8;

  CycleDetector(const Universe& universe, const CoreConfig& config);

  // Valid until the next call.
  std::span<const CycleCandidate> on_book(InstrumentId changed, const BookSet& books,
                                          const Funds& funds, Instant now);
  std::span<const CycleCandidate> on_time(WallTime wall, const BookSet& books, const Funds& funds,
                                          Instant now);
  std::span<const CycleCandidate> on_instrument(const Instrument& instrument, const BookSet& books,
                                                const Funds& funds, Instant now);
  // New thresholds. Which cycles there are does not change without a new start.
  void configure(const CoreConfig& config);
  // What leaves a conversion open is asked for as much as the holdings make of it, from now on and as they
  // change. Null: the smallest edge as it is configured. Outlives the detector.
  void follow(const InventorySkew* skew);

  // The final answer for a candidate: true when it is news, i.e. OpportunityFound is to be raised.
  bool answer(const CycleCandidate& candidate, RefuseReason refused);

  std::uint64_t episodes() const { return episodes_; }
  std::size_t size() const { return cycles_.size(); }
  std::size_t left_out() const { return left_out_; }  // beyond cycles_max: not watched
  // Those that pay at the tops, whether they are told or left to another strategy.
  std::span<const std::uint32_t> open() const { return open_; }
  const Cycle& cycle(std::uint32_t index) const { return cycles_[index].cycle; }
  const Lanes& lanes() const { return lanes_; }
  StrategyMode mode(const Cycle& cycle) const;
  void status(CoreStatus& out) const;

 private:
  struct Watched {
    Cycle cycle;
    std::uint32_t looked = 0;  // the event it was last looked at in
    bool open = false;
    bool counted = false;   // as an episode, since it opened
    bool answered = false;  // since it opened
    RefuseReason refused = RefuseReason::None;
  };
  // A cycle as one of its lanes sees it.
  struct Spoke {
    std::uint32_t cycle;
    std::array<LaneId, legs_max - 1> others;
  };
  struct Due {
    std::uint32_t cycle;
    Log2 log;
  };

  std::span<const CycleCandidate> look(std::span<const Lanes::Moved> moved, const BookSet& books,
                                       const Funds& funds, Instant now);
  // Of the cycle at the hops that are best now.
  Rate min_edge(const Cycle& cycle) const;
  bool pays(const Cycle& cycle) const;
  bool told_by_triangular(const Cycle& cycle) const;
  Log2 log(const Cycle& cycle) const;
  void close(std::uint32_t index);
  void consider(std::uint32_t index, Log2 log);
  void price(std::uint32_t index, const BookSet& books, const Funds& funds, Instant now);
  RefuseReason judge(const CycleCandidate& candidate) const;

  CoreConfig config_;
  const InventorySkew* skew_ = nullptr;
  Lanes lanes_;
  Log2 threshold_ = 0;
  std::vector<Watched> cycles_;
  std::vector<std::vector<Spoke>> spokes_;  // by lane
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> moved_in_;  // by lane: the event it last moved in
  std::uint32_t event_ = 0;
  std::vector<Due> due_;
  std::vector<CycleCandidate> candidates_;
  std::uint64_t episodes_ = 0;
  std::size_t left_out_ = 0;
};

OpportunityFound opportunity(const CycleCandidate& candidate, const Universe& universe,
                             RefuseReason refused);

}  // namespace ats::core

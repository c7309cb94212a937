// Watches several engines and the risk role that leases them one set of limits, and keeps its own simple idea of what
// each may do: by the leases that reached it, and by what the role was told to hold up. Shares no code with the
// core. What each engine does by itself its own Auditor checks.
//
//   no lease      an engine opens nothing unless a lease that reached it, in this life, is not over by then
//   held up       nor what the role holds up: not after it was told, and a lease's length after the role knew it
//                 at the latest, told or not
//   holdings      what the role shows of each engine is what that engine told in the youngest letter that is in the
//                 role's journal, and of all together the sum of it
//   one limit     orders within a second, open trades and what they expose, of all engines together, are within the
//                 limits whenever one of them opens something
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"
#include "sim/auditor.hpp"

namespace ats::sim {

class FleetAuditor {
 public:
  // `config`: of the role, and of every engine.
  FleetAuditor(const Universe& universe, const CoreConfig& config, std::size_t engines,
               std::uint64_t seed);

  // What an engine was told, and all it answered.
  void engine(std::size_t which, const Event& event, std::span<const Action> actions, Instant now);
  // A command is in the role's journal.
  void role(const Command& command, Instant now);
  // What an engine told of itself is.
  void role_heard(std::size_t which, const LeaseAsked& told);
  // What the role shows of an engine, and of all of them together.
  void role_shows(std::size_t which, std::span<const LeasePosition> positions, Instant now);
  void role_shows_together(std::span<const LeasePosition> positions, Instant now);

  const std::vector<Violation>& violations() const { return violations_; }
  // How near the limits they came, all together.
  struct Most {
    std::uint64_t orders_in_a_second = 0, open_trades = 0;
    Decimal exposed;
    Duration after_halt;  // an order into what the role had held up by then, at the latest
    std::uint64_t holdings_compared = 0;  // shown by the role, with what the engine told
  };
  const Most& most() const { return most_; }

 private:
  struct Execution {
    PairId pair;
    Decimal worth;       // of its largest order, in the reporting asset
    bool quotes = true;  // and nothing else: no trade yet
  };
  struct Engine {
    Instant life;  // when it began
    std::uint64_t version = 0;
    Instant until;
    std::vector<LeaseHold> holds;
    std::map<std::uint64_t, Execution> open;
    std::vector<LeasePosition> telling;                  // until it asks
    std::map<Instant, std::vector<LeasePosition>> told;  // by when; from the youngest heard on
    std::optional<Instant> heard;                        // the youngest
  };

  void may_open(std::size_t which, const OrderRequest& order, Instant now);
  void check_limits(std::size_t which, Instant now);
  bool concerns(const LimitScope& scope, const Instrument& on, bool quote) const;
  void violate(Invariant invariant, Instant now, std::string detail);

  const Universe& universe_;
  const CoreConfig& config_;
  std::uint64_t seed_;
  std::uint64_t rate_most_ = 0;  // orders within a second; zero: no limit
  std::vector<Engine> engines_;
  std::deque<Instant> opened_;              // orders that open something, within a second
  std::map<std::string, Instant> held_up_;  // by the role, since when
  std::vector<Violation> violations_;
  Most most_;
};

}  // namespace ats::sim

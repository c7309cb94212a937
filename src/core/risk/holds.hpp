// Where trading is held up: everywhere, on a venue, of a pair, of a strategy. What holds a scope is one thing for
// each of those who may hold it, the worst that it asked for. A halt has two stages: what is open is resolved first (nothing goes to a halted
// venue even then), and when nothing is open, or the time for it is over, nothing leaves any more. State like
// any other: folding the journal restores it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "domain/command.hpp"
#include "domain/instrument.hpp"
#include "domain/limit.hpp"
#include "domain/status.hpp"

namespace ats::core {

struct Hold {
  Scope scope;
  RiskState state = RiskState::Halted;
  bool resolving = false;  // Halted: what is open may still be resolved, until then
  Instant resolve_until;
  bool flatten = false;            // what is held on purpose of the open nets is traded away, too
  std::optional<LimitKind> limit;  // was reached; a hold of its own is lifted by it again
  HoldBy by = HoldBy::Engine;      // each has holds of its own, which only it lifts
};

// Every venue and pair it names is one of this universe.
bool known(const Scope& scope, const Universe& universe);
// What a command of that scope holds up, or lets go on, each by itself: a venue and a pair together are two.
std::vector<Scope> parts_of(const Scope& scope);
// For people: "kraken", "strategy maker", "BTC/USDT", "everything".
std::string describe(const Scope& scope, const Universe& universe);
// What a person's halt holds up. One that names what is not there is of everything: whoever asked for it wanted
// something to stop. `now`: what is open may be resolved for so long from then on.
std::vector<Hold> holds_of(const HaltCommand& command, const Universe& universe, Instant now,
                           Duration resolve_within);

// What holds an order: defaults to what lets nothing pass.
struct Standing {
  bool closed = true;       // nothing passes
  bool halted = true;       // nothing is opened
  bool reduce_only = true;  // likewise
  bool opens() const { return !closed && !halted && !reduce_only; }
};

class Holds {
 public:
  // True: the scope was not held up, or less.
  bool set(const Hold& hold);
  bool lift(const Scope& scope, HoldBy by = HoldBy::Engine);  // false: it was not held up
  void lift_all() { all_.clear(); }
  // The halts that stop resolving now: nothing is open there, or the time for it is over.
  template <class IsOpen>
  void on_timer(Instant now, IsOpen is_open, std::vector<Hold>& closed) {
    for (Hold& hold : all_) {
      if (!hold.resolving || (now < hold.resolve_until && is_open(hold))) continue;
      hold.resolving = false;
      closed.push_back(hold);
    }
  }
  // Times of an earlier process mean nothing in this one.
  void restart(Instant now, Duration resolve_within);

  const Hold* find(const Scope& scope, HoldBy by = HoldBy::Engine) const;
  bool halted(const Scope& scope) const;
  Standing standing(VenueId venue, PairId pair, Strategy strategy) const;
  // Of everything, of no venue, pair or strategy in particular.
  Standing standing() const;
  bool flattens(PairId pair) const;
  std::span<const Hold> all() const { return all_; }

 private:
  std::vector<Hold> all_;  // in the order they were set
};

}  // namespace ats::core

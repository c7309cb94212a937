// What several engines share of one set of limits, and for how long: the words between an engine and the risk
// role. The engine tells what it uses of each limit and asks for a lease; the role answers with a share of each, what
// it holds up everywhere, and how long all of that counts. By names: engines and role have universes of their own.
//
// A lease counts from when it was *asked* for, by the engine's own clock: however late the answer is, and however
// far the clocks are apart, the engine stops before the role counts it as over.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/limit.hpp"

namespace ats {

// How a limit holds for several engines together.
enum class Sharing : std::uint8_t {
  Each,  // what holds for each of them holds for all: of an order, of a share, of what an engine can see alone
  Split,  // what they use adds up: each gets a share
  Summed,  // what they lost adds up, and nothing can be refused before: the role adds up and holds up trading
};
Sharing sharing(LimitKind kind);

// What an engine measures for a limit that is split or summed.
struct LeaseUse {
  LimitKind kind = LimitKind::OrderNotional;
  LimitScope scope;
  bool known = false;  // `value` is
  Decimal value;
  bool operator==(const LeaseUse&) const = default;
};

// So much of a limit that is split may be used.
struct LeaseShare {
  LimitKind kind = LimitKind::OrderNotional;
  LimitScope scope;
  Decimal bound;
  bool operator==(const LeaseShare&) const = default;
};

// What the role holds up.
struct LeaseHold {
  LimitScope scope;  // everywhere, a venue, a pair or a strategy
  RiskState state = RiskState::Halted;
  bool resolving = false;  // halted: what is open may be resolved first
  bool flatten = false;
  bool operator==(const LeaseHold&) const = default;
};

// What an engine holds of an asset on a venue, by its books. Marks are in its reporting asset, which is that of the
// role and of all who share with it.
struct LeasePosition {
  Text<15> venue;
  Text<15> asset;
  Decimal held;    // below nothing: owed
  Decimal traded;  // of it by trading, fees taken: what is exposed beyond what was there before
  bool marked = false;  // the next three are known
  bool fresh = false;   // the mark is of a Valid book of now
  Decimal mark;         // of one unit
  Decimal worth;        // of what is held
  bool operator==(const LeasePosition&) const = default;
};
// So many of an engine are told; of more, those worth the most.
constexpr std::size_t lease_positions_max = 1024;

using EngineName = Text<31>;

}  // namespace ats

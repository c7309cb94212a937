// One execution as people read it: what was seen and promised when it was decided, each order it sent and
// what became of it, and how it ended. Amounts are decimals of the scales that held when they happened, so
// that a record outlives a change of an instrument. Plain values; report/history.hpp fills them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/ids.hpp"
#include "domain/order.hpp"
#include "domain/status.hpp"
#include "report/amounts.hpp"

namespace ats::report {

// When something was handled. Monotonic times of two lives of the engine have nothing to do with each other.
struct Moment {
  WallTime wall;
  Instant at;
  std::uint32_t life = 0;  // 0: never
  bool told() const { return life != 0; }
};
inline Duration between(const Moment& from, const Moment& to) {
  return from.life == to.life ? to.at - from.at : to.wall - from.wall;
}

struct BookedFill {
  FillId id;
  Decimal price;
  Decimal quantity;
  Decimal notional;  // price × quantity, exact
  Decimal fee;       // positive: we paid
  AssetId fee_asset;
  Liquidity liquidity = Liquidity::Taker;
  Moment at;
};

// One order of the execution and what followed from it.
struct Leg {
  OrderId order;
  InstrumentId instrument;
  VenueId venue;
  AssetId base;
  AssetId quote;
  Side side = Side::Buy;
  bool unwind = false;
  Decimal limit;                          // as last told, like the quantity, where it was amended
  Decimal quantity;                       // asked for
  Decimal filled;                         // booked
  OrderState state = OrderState::Placed;  // as last told; a full count of fills is Filled as well
  bool amending = false;  // other terms were asked for, and nothing was told of them
  std::optional<RejectReason> rejected;
  VenueOrderId venue_order_id;
  OrderRoute route = OrderRoute::Stream;
  Moment placed, encoded, written, acked, first_fill, ended;
  std::vector<BookedFill> fills;  // as they were booked
};

// The side of a book that a leg was to take, as it stood at the decision.
struct QuotedSide {
  InstrumentId instrument;
  VenueId venue;
  AssetId quote;
  BookState state = BookState::Valid;
  Duration age;
  struct Level {
    Decimal price;
    Decimal quantity;
  };
  std::vector<Level> levels;  // best first, the first few
  Level other;                // best of the other side; zero quantity: none
  Decimal quantity;           // promised
  Decimal notional;           // of that quantity, before fees
};

enum class StepKind : std::uint8_t {
  Placed,
  Sent,  // detail: OrderRoute
  Acked,
  Rejected,  // detail: RejectReason
  NotSent,
  Filled,
  Ended,  // detail: OrderState
  Found,  // detail: OrderState
  NotFound,
  Unknown,  // detail: UnknownReason
  Asked,
  QuestionFailed,
  CancelAsked,
  CancelRejected,
  AmendAsked,
  Amended,
  AmendRejected,  // detail: RejectReason
  Restarted,      // the engine started anew with this execution open
  Resolved,       // detail: ExecutionOutcome
};
const char* name(StepKind kind);

struct Step {
  StepKind kind = StepKind::Placed;
  std::uint8_t detail = 0;
  Moment at;
  OrderId order;     // none of Restarted and Resolved
  Decimal quantity;  // placed, filled, amended; the venue's count so far
  Decimal price;     // placed, filled, amended
};

struct Execution {
  ExecutionId id;
  PairId pair;   // of the leg that buys; of inventory that is traded away: of its first order
  AssetId base;  // of all its orders
  Moment opened;

  // --- what was promised; not of an execution that only trades inventory away ---
  bool quoted = false;
  QuotedSide buy, sell;
  Decimal converted;       // of a conversion left open: so much of the sell leg's quote asset
  Decimal converted_into;  // was counted as so much of the buy leg's
  std::optional<Strategy> strategy;
  Rate gross, net;

  std::vector<Leg> legs;
  std::vector<Step> steps;

  // --- how it ended, the last time ---
  std::uint32_t resolutions = 0;  // more than one: a fill came late and opened it again
  bool resolved = false;
  ExecutionOutcome outcome = ExecutionOutcome::Missed;
  Moment ended;
  Decimal residual;  // base, kept as inventory
  AssetId reporting;
  std::vector<AssetMark> marks;  // in the reporting asset

  // What it changed of each asset, on all venues together: its fills, its fees taken off.
  Amounts changed() const;
};

}  // namespace ats::report

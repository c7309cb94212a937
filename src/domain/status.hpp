// What the core shows of itself: copied out on request, read by screen, summary, auditor and status
// command. Never an input to a decision.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/ids.hpp"
#include "domain/number.hpp"
#include "domain/order.hpp"

namespace ats {

// Polled: the venue's stream is down, and the book is what the venue last answered to a question. It marks and
// unwinds, and opens no trade; its reason is what became of the stream's book.
enum class BookState : std::uint8_t { Resyncing, Valid, Suspect, Polled };
const char* name(BookState state);
enum class BookReason : std::uint8_t {
  None,
  NeverSynced,
  Disconnected,
  Gap,
  BadChecksum,
  Crossed,
  Stale,
  Malformed,
  NumberFault,
  SubscriptionLost,
  OutsideWindow,
  AuditDiffers,
};
const char* name(BookReason reason);

struct BookStatus {
  InstrumentId instrument;
  BookState state = BookState::Resyncing;
  BookReason reason = BookReason::NeverSynced;
  Level bid;  // zero quantity = none
  Level ask;
  Instant last_update;  // Polled: when the question left
  std::uint64_t snapshots = 0, deltas = 0, gaps = 0, checksums_right = 0, checksums_wrong = 0,
                crossings = 0, resyncs = 0;
  // Comparisons with an image the venue gave by another way.
  std::uint64_t audits = 0, audits_differing = 0;
  std::uint32_t audit_difference = 0;  // levels that differed at the last one
  Instant last_audit;
  std::uint64_t polls = 0;  // answers that stood in for the book while its venue's stream was down
  std::uint32_t bid_levels = 0, ask_levels = 0;
};

struct OrderStatus {
  OrderRequest request;
  OrderState state = OrderState::Placed;
  VenueOrderId venue_order_id;
  Quantity filled;        // booked by us
  Quantity venue_filled;  // told by the venue
  Instant placed;
  OrderTerms amending = {};  // asked for, and not known whether it stands; not told: nothing is
};

struct BalanceStatus {
  VenueId venue;
  AssetId asset;
  Decimal total;     // ledger
  Decimal reserved;  // by open legs of ours
  Decimal reported;  // last told by the venue
  bool told = false;
  Decimal foreign;  // held by open orders that are not ours
};

struct EdgeStatus {  // one directed venue pair of one pair
  PairId pair;
  InstrumentId buy;
  InstrumentId sell;
  Rate gross;
  Rate net;
  RefuseReason refused = RefuseReason::None;
};

struct ExecutionStatus {
  ExecutionId id;
  PairId pair;
  InstrumentId buy;
  InstrumentId sell;
  Quantity quantity;
  Decimal net_base;  // bought less fees in base − sold, and what was taken over; base asset
  Instant opened;
  std::uint32_t unwind_attempts = 0;
};

// What broken trades left with us, held on purpose or handed to a person. Together with the net of open
// executions this is, per base asset, what its trades as a base have changed in the ledger.
struct InventoryStatus {
  AssetId asset;
  Decimal base;  // signed: + long
};

// What we hold of an asset more or less than the accounts began with: profits, what is being traded, and
// conversions left open. The reporting asset is what the others are measured in.
struct ExposureStatus {
  AssetId asset;
  Decimal change;   // by the ledger
  Decimal lowest;   // and when everything in flight that spends it fills, and nothing else
  Decimal highest;  // … that brings it in
  Decimal worth;    // of `change`, in reporting currency
  bool marked = false;
};

// A leg's size, beside the largest order allowed: up to an eighth of it, up to a half, more.
enum class LegSize : std::uint8_t { Small, Medium, Large };
const char* name(LegSize size);
constexpr std::size_t leg_size_count = 3;

// What legs that fell short of the other have cost on a venue, and what the next one is expected to.
struct LegCostStatus {
  VenueId venue;
  LegSize size = LegSize::Small;
  std::uint64_t legs = 0;  // sent, of trades that are over
  std::uint64_t fell_short = 0;
  Rate expected;  // of the leg's notional
};

// The way of an order, each step from the one before; FirstFill from Written as well.
enum class OrderStage : std::uint8_t { Encoded, Written, Acked, FirstFill };
const char* name(OrderStage stage);
constexpr std::size_t order_stage_count = 4;
struct OrderLatencyStatus {
  VenueId venue;
  OrderRoute route = OrderRoute::Stream;
  struct Stage {
    std::uint64_t orders = 0;
    Duration p50, p99, most;
  };
  std::array<Stage, order_stage_count> stages;
};

// A cycle that pays at the tops of its books now.
struct CycleStatus {
  Strategy strategy = Strategy::Cycle;
  std::uint8_t legs = 0;
  std::array<InstrumentId, legs_max> instruments;  // invalid: a configured rate
  Rate gross;
  Rate net;
  RefuseReason refused = RefuseReason::None;
};

// One side of a pair that is quoted: what is wanted now, and what stands.
struct QuoteStatus {
  InstrumentId on;
  InstrumentId hedge;
  Side side = Side::Buy;
  RefuseReason refused = RefuseReason::None;  // why nothing is wanted, or is not placed
  Level wanted;                               // zero quantity: nothing
  Rate net;                                   // of what is wanted, filled and hedged now
  OrderId order;                              // that stands; invalid: none does
  Level standing;
};

// Who holds it up: this engine (its limits, its own doubts, a person who told it), the risk role, or that there is
// no word from the risk role.
enum class HoldBy : std::uint8_t { Engine, RiskRole, NoLease };
const char* name(HoldBy by);

// Where trading is held up, by whom or what, and how.
struct HoldStatus {
  Scope scope;
  RiskState state = RiskState::Halted;
  bool resolving = false;          // halted, and what is open may still be resolved
  std::optional<LimitKind> limit;  // that was reached; none: a person, or what an alert told
  HoldBy by = HoldBy::Engine;
};

// A limit in force: as it was set, what it measures now, and how much of it is used.
enum class LimitLevel : std::uint8_t { Well, Warning, Hard };
const char* name(LimitLevel level);
struct LimitStatus {
  LimitSetting setting;  // with the name of the one asset or venue it is about
  bool changed = false;  // while running
  bool known = false;    // `value` is
  Decimal value;         // of an order: the last one asked about
  LimitLevel level = LimitLevel::Well;
  std::optional<Decimal> share = {};  // of a limit that several engines share: this one's
};

// The risk role's word; where none is needed, all of it is as it is here.
struct LeaseStatus {
  bool needed = false;
  bool live = false;
  std::uint64_t version = 0;
  Instant until;
};

struct CoreStatus {
  Instant now;
  WallTime wall;
  std::uint32_t incarnation = 0;
  bool reconciled = false;  // every order final or known, balances told on every venue
  bool stopping = false;
  std::vector<Scope> halts;  // those of `holds` that are halted
  std::vector<HoldStatus> holds;
  std::vector<LimitStatus> limits;
  LeaseStatus lease;
  std::vector<BookStatus> books;
  std::vector<EdgeStatus> edges;
  std::vector<CycleStatus> cycles;    // the open ones
  std::uint64_t cycles_watched = 0;   // of those laid out
  std::uint64_t cycles_left_out = 0;  // more than can be watched
  std::vector<QuoteStatus> quotes;
  std::vector<OrderStatus> open_orders;
  std::vector<ExecutionStatus> open_executions;
  std::vector<InventoryStatus> inventory;
  std::vector<BalanceStatus> balances;
  std::vector<ExposureStatus> exposures;
  std::vector<LegCostStatus> leg_costs;
  std::vector<OrderLatencyStatus> order_latency;  // this life's; ways that were taken
  std::uint64_t opportunities = 0;                // episodes seen with net edge over the threshold
  std::array<std::uint64_t, refuse_reason_count> refused{};
  std::uint64_t sent = 0, completed = 0, unwound = 0, residual = 0, missed = 0, handed_over = 0;
  std::uint64_t quotes_placed = 0, quotes_amended = 0, quotes_unfilled = 0;
  std::uint64_t orders_placed = 0, fills_booked = 0, duplicate_fills = 0, alerts = 0;
  struct AssetTotal {
    AssetId asset;
    Decimal change;  // P&L in this asset since the opening balances (fees already taken)
    Decimal fees;    // paid in this asset
  };
  std::vector<AssetTotal> totals;
  Decimal pnl_reporting;                // marked at Valid mids, reporting currency
  bool pnl_reporting_complete = false;  // false: some asset could not be marked
};

}  // namespace ats

// Everything the core wants done or known. Effects (to a venue) come first in each list of a decision;
// notices (to people, stores, screens) are actions too, so that a journal holds the whole story.
// Actions are plain values without pointers: they can be kept, compared and journalled byte for byte.
#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/command.hpp"
#include "domain/ids.hpp"
#include "domain/lease.hpp"
#include "domain/limit.hpp"
#include "domain/number.hpp"
#include "domain/order.hpp"
#include "domain/strategy.hpp"

namespace ats {

// --- effects ---
struct Place {
  Approved<OrderRequest> order;
};
struct Cancel {
  OrderId order;
  InstrumentId instrument;
  VenueOrderId venue_order_id;  // empty when the venue has not told it: cancel by client order id
};
struct QueryOrder {
  OrderId order;
  InstrumentId instrument;
  VenueOrderId venue_order_id;
};
// An order that stands is to stand at other terms, under the id it has. Like an order it is sent at most once.
struct Amend {
  Approved<OrderRequest> order;  // as it is to be
  OrderTerms standing = {};      // as it was known to be
  VenueOrderId venue_order_id = {};
};
struct QueryOpenOrders {
  VenueId venue;
};
struct QueryBalances {
  VenueId venue;
  Instant asked;  // now
};
struct RequestSnapshot {  // venues whose snapshot comes by request
  InstrumentId instrument;
};
struct Resubscribe {  // venues whose stream sends the snapshot
  InstrumentId instrument;
};
struct RequestImage {  // the book by another way than the stream, answered by BookImage
  InstrumentId instrument;
};

// --- notices ---
enum class RefuseReason : std::uint8_t {
  None,
  EdgeBelowThreshold,
  EdgeTooGood,
  BookNotValid,
  BelowMinNotional,
  BelowMinQuantity,
  NoBalanceToBuy,   // quote asset missing on the buying venue
  NoBalanceToSell,  // base asset missing on the selling venue
  OrderNotional,
  Exposure,
  DailyLoss,
  OpenExecutions,
  PairBusy,  // an execution on this pair is open or cooling down
  Halted,
  NotReconciled,
  VenueDown,
  InstrumentNotTrading,
  ObserveOnly,       // the strategy is configured to look and not to trade
  CurrencyExposure,  // the open conversion would leave too much of one quote asset
  BookPolled,        // the stream is down: a book asked for by REST opens no trade
  LegCost,           // the edge does not pay for what legs that fall short cost there
  PriceBand,         // too far from the venue's last trades: it would refuse the order
  SelfTrade,         // would trade with an order of our own
  ReduceOnly,        // nothing is opened there at present
  RiskLimit,         // another limit, which is named
  NoLease,           // the risk role has not said that anything may be opened now
};
const char* name(RefuseReason reason);
constexpr std::size_t refuse_reason_count = 26;

constexpr std::size_t legs_max = 4;

// One step of an opportunity: `gives` is traded for `gets` on the instrument, or (no instrument) counted
// at a configured rate.
struct OpportunityLeg {
  InstrumentId instrument;
  AssetId gives;
  AssetId gets;
  Side side = Side::Buy;
  bool sent = true;   // false: priced only; what it would convert stays with us
  Quantity quantity;  // in units of its instrument
  Price deepest;      // level used
};

// An edge after costs worth taking was seen; `refused` says why it was not taken (None: it was).
// Raised when the answer for a directed venue pair or a cycle changes, not on every tick.
struct OpportunityFound {
  PairId pair;        // of the first leg
  InstrumentId buy;   // of the first leg that buys
  InstrumentId sell;  // of the first leg that sells
  Quantity quantity;  // in units of the buy instrument
  Price buy_limit;    // deepest level used
  Price sell_limit;
  Rate gross;      // top of book, before fees
  Rate net;        // average over the walked quantity, after taker fees
  Decimal profit;  // expected, in profit_asset
  RefuseReason refused = RefuseReason::None;
  ExecutionId execution;  // valid when taken
  Strategy strategy = Strategy::CrossVenue;
  AssetId profit_asset;
  std::uint8_t leg_count = 0;
  std::array<OpportunityLeg, legs_max> legs;
  LimitBreach breach = {};  // the limit that refused it, where one did
};
// The side of a book that an order of ours was to take, as it stood at the decision.
struct SeenBook {
  static constexpr std::size_t levels_max = 8;
  InstrumentId instrument;
  std::uint8_t state = 0;  // BookState
  Duration age;            // since the last message applied to it
  Level other;             // best of the other side; zero quantity: none
  Quantity quantity;       // what the opportunity would trade here
  Decimal notional;        // of that quantity at the levels it takes, before fees; quote asset
  std::uint8_t level_count = 0;
  std::array<Level, levels_max> levels;  // best first; the walk may have gone deeper
};
// An opportunity was taken: what was seen and promised then. Raised once, with the execution's first orders.
struct ExecutionOpened {
  ExecutionId execution;
  SeenBook buy;
  SeenBook sell;
  // Of a conversion left open: what the selling brings in, and what it was counted as in the asset that the
  // buying costs, fees and depth and all. Zero where the two assets are one.
  Decimal converted;
  Decimal converted_into;
};
enum class ExecutionOutcome : std::uint8_t {
  Completed,   // both legs equal (within one lot)
  Unwound,     // the difference was traded away
  Residual,    // the difference is kept as tracked inventory, within tolerance
  Missed,      // neither leg filled
  HandedOver,  // could not be resolved: the base asset's pairs are halted and someone was told
  Unfilled,    // a quote that was taken back, or never stood: nothing was traded
};
constexpr std::size_t execution_outcome_count = 6;
const char* name(ExecutionOutcome outcome);
// What one unit of an asset was worth in the reporting asset.
struct AssetMark {
  AssetId asset;
  Decimal price;
};
struct ExecutionResolved {
  static constexpr std::size_t marks_max = 8;
  ExecutionId execution;
  PairId pair;
  ExecutionOutcome outcome;
  Decimal bought;    // base asset, net of fees taken in base
  Decimal sold;      // base asset
  Decimal residual;  // base asset, signed: + long
  Decimal realised;  // quote asset: received − paid − fees in quote, residual marked at mid
  AssetId reporting;
  std::uint8_t mark_count = 0;
  std::array<AssetMark, marks_max>
      marks;  // of the assets it moved, as far as they were ever marked
};
// One double-entry booking: amounts sum to zero per asset.
enum class Account : std::uint8_t { Venue, Trading, Fees, External };
const char* name(Account account);
struct Posting {
  Account account = Account::Venue;
  VenueId venue;
  AssetId asset;
  Decimal amount;  // + into the account
};
enum class EntryKind : std::uint8_t {
  Opening,
  Fill,
  Transfer,
  Correction,
  ForeignFill,  // of an order that is not ours: moves what we own and is no trade of ours
};
struct Booked {
  EntryKind kind = EntryKind::Fill;
  OrderId order;
  FillId fill;
  std::uint8_t count = 0;
  Posting postings[6];
};
enum class Severity : std::uint8_t {
  Info,
  Warning,
  Critical,   // something was halted, or is not as it should be: a person has to look
  Emergency,  // a person is needed now: nothing here can make it better
};
const char* name(Severity severity);
enum class AlertCode : std::uint8_t {
  Halt,
  Resume,
  LedgerBreak,
  ForeignOrder,
  UnwindFailed,
  OrderUnknown,
  DailyLoss,
  FillMismatch,
  Reconciled,
  LateFill,
  LimitWarning,  // its warning level is passed, or no longer
  LimitReached,  // its hard level is
  LimitChanged,  // by a person
  JournalFailed,
  Lease,  // none is live any more, or one is again
};
const char* name(AlertCode code);
struct Alert {
  Severity severity = Severity::Info;
  AlertCode code = AlertCode::Halt;
  Scope scope;
  Text<127> message;
  Text<63> subject = {};  // besides the scope, what it is about: an order, an asset, a limit
  bool over = false;      // an all-clear: what was told of it holds no more
};
struct BookStateChanged {
  InstrumentId instrument;
  std::uint8_t state = 0;   // BookState
  std::uint8_t reason = 0;  // BookReason
};
struct Stopped {};  // answer to StopCommand: nothing is open any more

// --- leases: between an engine and the risk role, who carry them out for each other ---
// Of an engine, after a LeaseUse for each limit that is split or summed, and at times a LeasePosition for each
// position.
struct AskLease {
  Instant asked;           // now
  std::uint64_t held = 0;  // version
  bool live = false;
  bool profit_known = false;
  Decimal profit;
  bool holdings = false;       // positions were told with it: all but
  std::uint32_t left_out = 0;  // so many
};
// Of the risk role, after a LeaseShare for each limit that is split and a LeaseHold for each scope held up.
struct GrantLease {
  EngineName engine;
  std::uint64_t version = 0;
  Instant asked;
  Duration valid_for;
};

// The value at risk is to be measured, outside of the core (event RiskMeasured).
struct MeasureRisk {
  Instant asked;  // now
  Rate confidence;
  Duration horizon;
};

using Action =
    std::variant<Place, Cancel, QueryOrder, QueryOpenOrders, QueryBalances, RequestSnapshot,
                 Resubscribe, RequestImage, OpportunityFound, ExecutionResolved, Booked, Alert,
                 BookStateChanged, Stopped, ExecutionOpened, Amend, LeaseUse, AskLease, LeaseShare,
                 LeaseHold, GrantLease, LeasePosition, MeasureRisk>;

// Reused from event to event: no allocation once it has grown.
using Actions = std::vector<Action>;

}  // namespace ats

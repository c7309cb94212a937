// Everything that can happen to the core, a person's command included. The core's only input.
// Events are views: spans and pointers live only while the core handles the event. Every market event
// carries the venue's time and the time we received it (our monotonic clock).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/command.hpp"
#include "domain/config.hpp"
#include "domain/ids.hpp"
#include "domain/instrument.hpp"
#include "domain/lease.hpp"
#include "domain/number.hpp"
#include "domain/order.hpp"

namespace ats {

struct Times {
  WallTime venue_time;  // told by the venue; zero when it tells none
  Instant recv_time;    // when the bytes reached us
  bool operator==(const Times&) const = default;
};

using Sequence = std::uint64_t;

// The engine starts (again): first record of every run. Books are empty, connections down, every order
// that is not final is to be reconciled. `incarnation` rises by one at each start of the same journal.
struct Started {
  std::uint32_t incarnation = 0;
  WallTime wall;
  const Universe* universe = nullptr;
  const CoreConfig* config = nullptr;
};

// The duty cycle: several times a second, and at least once before anything else may be traded on.
struct Timer {
  WallTime wall;
};

enum class Channel : std::uint8_t {
  MarketData,
  Trading
};  // Trading: orders out, private stream in
const char* name(Channel channel);

struct ConnectionUp {
  VenueId venue;
  Channel channel;
};
struct ConnectionDown {
  VenueId venue;
  Channel channel;
};
// Any sign of life on the market-data channel that is not itself a book event.
struct Heartbeat {
  VenueId venue;
  Times times;
};

struct BookSnapshot {
  InstrumentId instrument;
  Times times;
  Sequence last = 0;
  std::optional<std::uint32_t> checksum;
  std::span<const Level> bids;  // best first
  std::span<const Level> asks;
};
struct BookDelta {
  InstrumentId instrument;
  Times times;
  Sequence first = 0;
  Sequence last = 0;
  Sequence previous = 0;  // PrevLinked venues only
  std::optional<std::uint32_t> checksum;
  std::span<const Level> bids;  // in wire order; the same price twice: the later one counts
  std::span<const Level> asks;
};
// The codec saw something that makes the book of this instrument untrustworthy.
enum class BookFaultReason : std::uint8_t {
  MalformedFrame,    // bytes that are not the protocol
  NumberFault,       // a price or quantity that overflows or is off the grid
  SubscriptionLost,  // the venue ended or refused the subscription
  SnapshotFailed,    // the snapshot request failed; ask again
  SequenceGap,       // the codec's own count of the connection's messages has a hole
};
const char* name(BookFaultReason reason);
struct BookFault {
  InstrumentId instrument;  // invalid id: every book of the venue
  VenueId venue;
  BookFaultReason reason;
};
struct Trade {  // a public print
  InstrumentId instrument;
  Times times;
  Side taker_side = Side::Buy;
  Price price;
  Quantity quantity;
  FillId id;
};
// Best bid and ask as told by the venue (Binance bookTicker); says nothing of depth.
struct Quote {
  InstrumentId instrument;
  Times times;
  Sequence sequence = 0;
  Level bid;
  Level ask;
};
struct InstrumentChanged {  // metadata differs from what the universe holds
  Instrument instrument;
};

// --- answers about our orders ---
struct OrderAcked {
  OrderId order;
  VenueOrderId venue_order_id;
  Times times;
};
struct OrderRejected {
  OrderId order;
  RejectReason reason = RejectReason::Other;
  Text<63> message;
  Times times;
};
struct OrderFilled {
  Fill fill;
  Times times;
};
// The venue says the order is over; `filled` is its cumulative count and is the truth to wait for:
// fills that add up to less are still on their way or must be asked for.
struct OrderEnded {
  OrderId order;
  OrderState state = OrderState::Cancelled;  // Filled or Cancelled
  Quantity filled;
  Times times;
};
// Answer to Action::QueryOrder, and for each order of ours to QueryOpenOrders: where it stands by the venue's books. All its fills known to
// the venue were sent as OrderFilled before this.
struct OrderFound {
  OrderId order;
  VenueOrderId venue_order_id;
  OrderState state = OrderState::Acked;  // Acked, PartlyFilled, Filled, Cancelled
  Quantity filled;
  Times times;
  InstrumentId instrument = {};  // it is on
  OrderTerms terms = {};         // it has; not told by venues that amend nothing
  Instant asked = {};            // when the question left: the terms are no older
};
// The venue does not know the order: it never arrived (or has not yet: see CoreConfig grace).
struct OrderNotFound {
  OrderId order;
  Times times;
};
// We do not know what became of the order, or of its amendment: no answer in time, connection lost after sending,
// or an answer that says so.
enum class UnknownReason : std::uint8_t { TimedOut, ConnectionLost, VenueSaysUnknown };
const char* name(UnknownReason reason);
struct OrderUnknown {
  OrderId order;
  UnknownReason reason = UnknownReason::TimedOut;
  Times times;
};
// Certainly not sent (no connection, no rate budget): as good as a reject.
struct OrderNotSent {
  OrderId order;
};
// Its bytes are on their way: how, and when they were made and handed to the system. Says nothing of the
// order's fate; for the record of how long orders take.
struct OrderSent {
  OrderId order;
  OrderRoute route = OrderRoute::Stream;
  Instant encoded;
  Instant written;
};
struct CancelRejected {
  OrderId order;
  RejectReason reason = RejectReason::Other;
  Times times;
};
// The terms an order has now: the venue's answer to an Amend, or its word on the private stream.
struct OrderAmended {
  OrderId order;
  OrderTerms terms;
  VenueOrderId venue_order_id;
  Times times;
};
// The order was not amended and will not be: it stands as it did, or is over.
struct AmendRejected {
  OrderId order;
  RejectReason reason = RejectReason::Other;
  Text<63> message;
  Times times;
};
struct QueryFailed {  // a failed query is not an empty answer
  OrderId order;
};

// Absolute balance of one asset on one venue. `held` = locked in open orders.
struct BalanceReported {
  VenueId venue;
  AssetId asset;
  Decimal total;
  Decimal held;
  Times times;
};
// Ends the answer to Action::QueryBalances: every asset not named since the query is zero.
struct BalancesComplete {
  VenueId venue;
  Times times;
  Instant asked;  // when the question left, or earlier: nothing it tells is older
};
// An order on our account that is not ours (no client order id we made), as it stands by the venue's books:
// told when it is new, when it changes, and, of each that is open, in answer to Action::QueryOpenOrders.
struct ForeignOrder {
  VenueId venue;
  VenueOrderId venue_order_id;
  InstrumentId instrument = {};  // invalid: none of ours, and nothing below says anything
  Side side = Side::Buy;
  OrderTerms terms = {};  // not told: it has no limit, or one that is not on our grid
  Quantity filled = {};
  bool open = true;  // false: it is over
};
// A fill of such an order, told as it happens. The fill's order is none.
struct ForeignFill {
  VenueOrderId venue_order_id;
  Fill fill;
  Times times;
};

// Ends the answer to Action::QueryOpenOrders: so many of our orders are open there, of instruments we know.
// Each is told by OrderFound, before this or soon after.
struct OpenOrdersComplete {
  VenueId venue;
  std::uint32_t ours = 0;
  Times times;
};

// The venue's book as it gives it by another way (REST), to Action::RequestImage: what a book is compared
// with, and what stands in for it while the venue's stream is down.
struct BookImage {
  InstrumentId instrument;
  Times times;
  Instant asked;                // when the question left: it shows nothing older
  std::span<const Level> bids;  // best first
  std::span<const Level> asks;
};

struct CommandReceived {
  Command command;
};

// At an engine: the risk role's answer. It counts from `asked`, of this engine's clock, for `valid_for`; a later
// version takes the place of all earlier ones.
struct LeaseGranted {
  std::uint64_t version = 0;
  Instant asked;
  Duration valid_for;
  std::span<const LeaseShare> shares;
  std::span<const LeaseHold> holds;
};
// At the risk role: an engine asks (Action AskLease), with what it uses.
struct LeaseAsked {
  EngineName engine;
  Instant asked;           // the engine's clock: sent back with the answer, and nothing else
  std::uint64_t held = 0;  // version; zero: none
  bool live = false;       // what it holds was, as it asked
  bool profit_known = false;
  Decimal profit;  // since its accounts were opened, in the reporting asset
  std::span<const LeaseUse> uses;
  // What it holds: all of it is told at times; else what was told before stands.
  bool holdings = false;
  std::uint32_t left_out = 0;  // positions, beyond lease_positions_max
  std::span<const LeasePosition> positions;
};

// Why there is no measure.
enum class MeasureFault : std::uint8_t {
  None,
  NoMarks,             // of something that is held
  TooFewObservations,  // no asset has a past that is long enough
  TooFewInCommon,      // each has, and together they have not
  OutOfRange,          // no number that is kept holds it
};
const char* name(MeasureFault fault);
// The answer to Action MeasureRisk. What binary floating point comes to is computed outside of the core and rounded
// to a number that is kept, so that a replay decides alike whatever the arithmetic of its machine.
struct RiskMeasured {
  Instant asked;  // sent back
  MeasureFault fault = MeasureFault::None;
  Decimal value_at_risk;  // in the reporting asset, rounded up; what has no past counts whole
  Duration bar;           // of what past it rests on, and how much of it
  std::uint32_t observations = 0;
};

using Event =
    std::variant<Started, Timer, ConnectionUp, ConnectionDown, Heartbeat, BookSnapshot, BookDelta,
                 BookFault, Trade, Quote, InstrumentChanged, OrderAcked, OrderRejected, OrderFilled,
                 OrderEnded, OrderFound, OrderNotFound, OrderUnknown, OrderNotSent, CancelRejected,
                 QueryFailed, BalanceReported, BalancesComplete, ForeignOrder, CommandReceived,
                 BookImage, OpenOrdersComplete, OrderSent, OrderAmended, AmendRejected,
                 LeaseGranted, LeaseAsked, RiskMeasured, ForeignFill>;

// Where codecs and worlds put what they decode. Called synchronously; must not keep the event.
class EventSink {
 public:
  virtual void on(const Event& event) = 0;

 protected:
  ~EventSink() = default;
};

}  // namespace ats

// Carries out what the detector found and risk allowed, to the end.
//
// The plan of an execution:
//   1. both legs leave together, as immediate-or-cancel limit orders, in the same batch of actions; the
//      sell leg is as large as what the buy leg brings in. They trade one base asset, for one quote asset
//      or for two: then the conversion between the two is left open, and limited;
//   2. an order is done when the venue called it final and we booked as many fills as the venue counts;
//      no answer by the deadline makes it Unknown: the venue is asked until it tells, nothing is assumed,
//      and nothing is sent again under another id;
//   3. when all orders are done and what was bought equals what was sold: Completed (or Missed);
//   4. else the difference is traded away on the present Valid books, or on polled ones where no Valid one
//      will do, wherever the base trades and it costs least (finishing the short leg, reversing the long
//      one, or elsewhere), again and again until it is gone or worth no more than the tolerance (then it is
//      held as inventory: Residual);
//   5. after max_unwind_attempts that did not halve it the legs' pairs are halted and a person is told:
//      HandedOver. What is left stays on our books as inventory of the base and is traded away once the
//      pairs are resumed.
//   A quote (core/maker) is an execution too: a post-only order that stands until it fills or is taken back,
//   on its own or because of a stop, a lost connection or a new life. What it fills is hedged at once, also
//   while the rest stands, by an immediate order that makes the open net smaller, the cheapest way there is.
//   When the hedges did it all it is Completed; what falls short is traded away as of any other, once the
//   quote is over. A quote that nothing filled ends as Unfilled, and is in nobody's way until then: it counts
//   as no open execution, holds up no inventory, and its venue is compared while it rests.
//   A quote is moved by amending it where the venue can and nothing of it has filled (amends.cpp): the same
//   order, at other terms. Until the venue has said which of the two stand both count: what is held, what may
//   be exposed, and whether an order of ours could meet it, by the worse of them. No answer is none: the venue
//   is asked, and what it shows is believed when it could have changed after the question no more.
//   A fill that comes for an order believed done is booked, told (LateFill), and opens its execution
//   again with what it left open.
//
// What is finished is forgotten, so that a day costs no more memory than its last quarter of an hour. An
// order is, with the names of its fills, when all of this holds:
//   - it is done and its execution was resolved `remembered` ago (event time, and the wait starts over with
//     each life);
//   - after that the venue, asked while it was quiet, told totals that were ours to the unit: every fill
//     the venue had made by then is booked;
//   - at least `remembered_least` orders of the venue were finished later: what a venue tells anew of its
//     recent past is recognised however slow the trading.
// What has no certain end is not done, and never forgotten. Whatever still comes for a forgotten order is an
// alert. Whether its fill was booked once cannot be told any more: it is not booked, the venue is halted, and
// has to tell balances anew, which show a break when the fill was news.
//
// A fee taken in base (what is bought arrives short of it) belongs to the difference: the sell leg is made
// smaller by it, so that both legs filling leaves less than a lot. So per base asset: what its trades
// changed in the ledger = inventory + what open executions hold. What they changed of quote assets is
// profit or an open conversion: the ledger's change, shown per asset as exposure.
//
// Invariants: every Place was approved; an order id is used once; at most one execution per base asset is
// opened at a time, quotes apart, and none while a quote of the asset stands; no order of ours meets another; inventory and open executions account for every unit bought and not sold; a fill is
// booked only for an order that is remembered, with all its fills.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/books/book_set.hpp"
#include "core/books/trade_averages.hpp"
#include "core/detector/cycles.hpp"
#include "core/detector/detector.hpp"
#include "core/executor/leg_costs.hpp"
#include "core/executor/order_latency.hpp"
#include "core/executor/ways_out.hpp"
#include "core/inventory/skew.hpp"
#include "core/ledger/balance_watch.hpp"
#include "core/ledger/foreign_orders.hpp"
#include "core/ledger/ledger.hpp"
#include "core/ledger/marks.hpp"
#include "core/maker/maker.hpp"
#include "core/risk/risk_gate.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/status.hpp"

namespace ats::core {

struct VenueLink {
  bool market = false;
  bool trading = false;
  bool up() const { return market && trading; }
};

// What the engine knows of the moment and others decide by.
struct Situation {
  std::vector<VenueLink> links;  // by venue
  bool reconciled = false;       // since the start of this life
  bool stopping = false;
};

// The parts the executor works with; all outlive it. `books` is replaced at each start.
struct Desk {
  const Universe& universe;
  const CoreConfig& config;
  const Situation& situation;
  const std::unique_ptr<BookSet>& books;
  const TradeAverages& averages;
  const Marks& marks;
  Ledger& ledger;
  BalanceWatch& balances;
  RiskGate& gate;
  const InventorySkew& skew;
  const ForeignOrders& foreign;
};

struct Order {
  OrderRequest request;  // at the terms that are known to stand
  OrderState state = OrderState::Placed;
  VenueOrderId venue_order_id;
  Quantity filled;        // booked by us
  Quantity venue_filled;  // the most the venue counted
  Instant placed;         // or when this life began: the grace of an order that is not found
  Instant asked;          // last question
  Instant ask_at;         // next question: the deadline, then every query_interval
  Instant unknown_since;
  std::uint16_t questions = 0;
  std::uint16_t early =
      0;  // questions put within the grace and not answered: their answer is no proof
  Strategy strategy = Strategy::CrossVenue;  // of its execution
  std::optional<OrderTerms> amending;        // asked for, and nobody knows whether it stands
  Instant terms_at;                          // what was asked by then tells nothing of the terms
  Instant
      proof_at;  // asked from then on, the old terms are proof: no request is on its way any more
  bool amend_refused = false;  // the last one was
  Quantity most;               // the largest total it ever had, or may have had
  bool done = false;           // final, and all its fills are booked
  bool not_found = false;      // done because the venue did not know it
  bool earlier_life = false;   // placed before the last start
  bool cancelled = false;      // we asked for its cancellation
  bool leaving = false;        // a quote that is to be taken back
  bool checking = false;       // a quote that stands, asked about all the same
  Instant pull_from;           // its cancellation is not asked for (again) before
  bool told_unknown = false, told_stuck = false, told_mismatch = false;
  bool closed = false;        // done, and its execution was resolved
  Instant closed_at;          // when; or when this life began
  OrderTimes times;           // of this life
  std::vector<FillId> fills;  // booked: forgotten with the order
};

class Executor final : public Funds, public QuoteDesk, public RiskView {
 public:
  static constexpr Duration remembered = seconds(900);
  static constexpr std::size_t remembered_least = 500;  // of each venue

  explicit Executor(const Desk& desk) : desk_(desk) {}
  virtual ~Executor() = default;

  // A new life: what is not final is asked for as its venue's connection comes up; times start over.
  void restart(std::uint32_t incarnation, Instant now);

  // Sends both legs of a candidate that the detector would take. None: `execution` was opened. Of cycles
  // only those whose conversion stays open are taken.
  RefuseReason open(const Candidate& candidate, Instant now, Actions& out, ExecutionId& execution);
  RefuseReason open(const CycleCandidate& candidate, Instant now, Actions& out,
                    ExecutionId& execution);

  // Quotes (quotes.cpp).
  RefuseReason may_quote(InstrumentId on, InstrumentId hedge, Instant now) const override;
  Decimal quote_limit(AssetId quote) const override;
  StandingQuote standing(OrderId order) const override;
  RefuseReason quote(const QuoteOrder& wanted, Instant now, Actions& out, OrderId& placed) override;
  bool amend(OrderId order, const QuoteOrder& wanted, Instant now, Actions& out) override;
  void take_back(OrderId order, Instant now, Actions& out) override;

  void on(const OrderAcked& event, Instant now, Actions& out);
  void on(const OrderRejected& event, Instant now, Actions& out);
  void on(const OrderFilled& event, Instant now, Actions& out);
  void on(const OrderEnded& event, Instant now, Actions& out);
  void on(const OrderFound& event, Instant now, Actions& out);
  void on(const OrderNotFound& event, Instant now, Actions& out);
  void on(const OrderUnknown& event, Instant now, Actions& out);
  void on(const OrderNotSent& event, Instant now, Actions& out);
  void on(const OrderSent& event);
  void on(const CancelRejected& event, Instant now, Actions& out);
  void on(const OrderAmended& event, Instant now, Actions& out);
  void on(const AmendRejected& event, Instant now, Actions& out);
  void on(const QueryFailed& event, Instant now, Actions& out);

  void on_trading(VenueId venue, bool up, Instant now, Actions& out);
  // Deadlines, questions, differences that wait for a way out, and what may be forgotten.
  void on_timer(Instant now, Actions& out);
  // A person resumed the pair: what was handed over of its base is taken up again.
  void on_resumed(PairId pair, Instant now, Actions& out);
  // The venue's balances differ from the ledger: asks again for orders it said it did not know.
  void ask_doubtful(VenueId venue, Instant now, Actions& out);

  // Ledger balance that no open order of ours holds and no hedge of a quote will take.
  Decimal free(VenueId venue, AssetId asset) const override;
  Decimal notional_limit(AssetId quote) const override;
  Rate leg_cost(VenueId buy, VenueId sell, LegSize size) const override;
  Decimal reserved(VenueId venue, AssetId asset) const;

  // What limits measure (funds.cpp).
  Decimal balance(VenueId venue, AssetId asset) const override;
  std::optional<Decimal> worth(AssetId asset, Decimal amount) const override;
  Decimal change(AssetId asset) const override;
  std::uint32_t open_legs(const LimitWhere& where) const override;
  std::uint32_t open_trades(const LimitWhere& where) const override;
  Decimal net(AssetId asset) const override;
  Decimal worst_net(AssetId asset) const override;
  // Whether anything is at work there that a halt waits for.
  bool open_in(const Hold& hold) const;

  bool idle() const { return executions_.empty() && live_.empty(); }
  bool unresolved(VenueId venue) const;
  bool earlier_life_unresolved() const;
  void status(CoreStatus& out) const;

 private:
  struct TwoLegs {  // what leaves
    InstrumentId buy;
    InstrumentId sell;
    Quantity bought;
    Quantity sold;
    Price buy_limit;
    Price sell_limit;
    Rate net;
    Strategy strategy;
  };
  struct Promise {  // what a quote is told with when it first fills
    OpportunityFound found;
    ExecutionOpened opened;
  };
  struct Repriced {  // what holds of a quote when its amendment stands
    Quantity quantity;
    Price price;
    Rate net;
    Decimal hedge_each;
    Promise promise;
  };
  struct Quoted {
    std::uint32_t order = 0;  // slot of the order that stands
    InstrumentId hedge;       // where its hedge was priced
    Decimal hedge_each;       // what hedging a unit may take there, of what the hedge pays with
    bool hedged = false;      // a hedge was sent, and what became of it was not looked at
    std::optional<std::uint32_t> last;  // its slot
    std::optional<Promise> promise;     // not told yet
    std::optional<Repriced> next;       // of the amendment that is being asked for
  };
  struct Execution {
    ExecutionId id;
    PairId pair;   // of the leg that buys
    AssetId base;  // of all its orders
    Strategy strategy = Strategy::CrossVenue;
    InstrumentId buy;
    InstrumentId sell;
    Quantity quantity;  // of the buy instrument; zero when opened for what others left
    Price quoted;       // the buy limit, and the edge promised at the quantity
    Rate promised;
    LegSize size = LegSize::Large;
    Instant opened;
    std::vector<std::uint32_t> orders;  // slots of orders_
    Decimal bought;                     // base asset, as the venues count
    Decimal sold;
    Decimal base_fees;  // fees taken in base
    Decimal
        quote_net;  // received − paid − fees in quote assets; others than the pair's at their marks
    Decimal carried;   // inventory of the base taken over to be traded away with the rest
    Price last_price;  // of the last fill, for marking when no book is Valid
    InstrumentId last_instrument;
    std::uint32_t attempts = 0;  // that left more than half of what was open
    Decimal tried;               // what was open at the last attempt
    bool unwound = false;        // an unwind was sent
    bool again = false;          // finished before, and opened for a late fill
    bool unwinding = false;
    bool waiting = false;               // there is no way out now
    Instant try_from;                   // next attempt, when unwinding
    Instant wait_until;                 // the wait counts as an attempt then
    bool refused = false;               // a venue refused an order: cool down longer
    InstrumentId avoid;                 // where the last unwind was refused
    std::unique_ptr<Quoted> quoted_by;  // of a quote
    Decimal net() const { return carried + bought - base_fees - sold; }
  };
  struct BaseState {    // of a base asset
    Decimal inventory;  // signed
    Instant busy_until;
    bool cooling = false;
    bool handed_over = false;    // the inventory is in a person's hands until the pairs are resumed
    std::uint32_t refusals = 0;  // executions in a row that a venue refused
  };
  struct Finished {  // counts while the order's `closed_at` is this one
    OrderId order;
    std::uint32_t slot;
    Instant at;
  };
  struct Life {
    std::uint32_t incarnation;
    std::uint32_t placed;  // order ids given
  };
  struct Span {  // what an asset may come to
    Decimal lowest;
    Decimal highest;
  };

  // --- the life of an execution (executor.cpp) ---
  OrderId next_order_id() const;
  RefuseReason open(const TwoLegs& legs, Instant now, Actions& out, ExecutionId& execution);
  Quantity brought_in(const OrderRequest& buy, const Instrument& sold_on) const;
  bool busy(AssetId base, Instant now) const;
  Order& place(const Approved<OrderRequest>& order, Execution& execution, Instant now,
               Actions& out);
  Execution* find_execution(ExecutionId id);
  Execution& execution_of(Order& order, Instant now);
  bool orders_done(const Execution& execution) const;
  Decimal lot_of(AssetId base) const;
  void settle(ExecutionId id, Instant now, Actions& out);
  void finish(ExecutionId id, ExecutionOutcome outcome, Instant now, Actions& out);

  // --- what risk is told (facts.cpp) ---
  OrderFacts facts(const OrderRequest& request, Strategy strategy, Instant now) const;
  std::optional<Decimal> middle_of(PairId pair, Instant now) const;
  std::optional<Price> reference_of(const Instrument& on, Instant now) const;
  bool crosses_own(InstrumentId id, Side side, Price price) const;
  bool usable(InstrumentId id, Instant now) const;
  Decimal worst_net(const Execution& execution) const;
  std::optional<Decimal> exposure_with(PairId pair, Decimal quantity) const;
  bool trades_in(const Execution& execution, AssetId quote) const;
  Span span_of(AssetId asset) const;
  void judge_conversion(const OrderRequest& order, OrderFacts& facts) const;

  // --- what an end states, and what is learnt from it (stated.cpp) ---
  void state_marks(const Execution& execution, ExecutionResolved& resolved) const;
  Decimal marked(const Execution& execution, Decimal base, Instant now) const;
  std::optional<Decimal> convert(AssetId from, AssetId to, Decimal amount) const;
  void learn(const Execution& execution, const ExecutionResolved& resolved);

  // --- other terms for an order that stands (amends.cpp) ---
  Quantity total_at_most(const Order& order) const;
  Quantity total_at_least(const Order& order) const;
  Quantity left_at_most(const Order& order) const;
  Price boldest(const Order& order) const;
  std::optional<OrderRequest> amended(const Order& order, const QuoteOrder& wanted) const;
  Repriced repriced(const QuoteOrder& wanted, const OrderRequest& order, Instant now) const;
  void look_at_terms(Order& order, const OrderTerms& told, Instant asked, Instant now);
  void take_terms(Order& order, const OrderTerms& terms, Instant now);
  void keep_terms(Order& order, Instant now);
  void doubt_terms(Order& order, const OrderTerms& told, Instant now);
  Quoted* quoted_of(const Order& order);

  // --- quotes (quotes.cpp) ---
  bool stands(const Order& order) const;
  bool rests(const Execution& execution) const;
  bool only_quotes(const Execution& execution) const;
  bool only_quote_open(const Execution& execution) const;
  bool no_room_for_quote(const OrderRequest& order, Instant now) const;
  Promise promise(const QuoteOrder& wanted, const OrderRequest& order, Instant now) const;
  Decimal hedge_each(const QuoteOrder& wanted, Side side) const;
  void tell(Execution& execution, const Fill& first, Actions& out) const;
  bool hedge(ExecutionId id, Instant now, Actions& out);
  bool hedge_fell_short(Execution& execution, Instant now);
  bool hedged_whole(const Execution& execution) const;
  void pull(Order& order, Instant now, Actions& out);

  // --- what is free to spend (funds.cpp) ---
  void compute_reserved();
  Decimal holds(const Order& order) const;
  Decimal pledges(const Execution& execution) const;
  Decimal unheld(VenueId venue, AssetId asset) const;

  // --- unwinding (unwind.cpp) ---
  void unwind(ExecutionId id, Instant now, Actions& out);
  OrderRequest order_of(const WayOut& way, ExecutionId id) const;
  void wait(Execution& execution, Instant now, Actions& out);
  void hand_over(Execution& execution, Instant now, Actions& out);
  std::optional<WayOut> cheapest_way(const Execution& execution, Decimal net, Instant now,
                                     bool& too_small_everywhere) const;
  bool tolerable(AssetId base, Decimal amount) const;
  bool any_pair_halted(AssetId base) const;
  bool flattens(AssetId base) const;
  void take_up_inventory(AssetId base, bool wait_for_way, Instant now, Actions& out);

  // --- what is over (memory.cpp) ---
  std::uint32_t remember(const OrderRequest& request);
  void close(const Execution& execution, Instant now);
  void forget_finished(Instant now);
  void forget(std::uint32_t slot);
  bool was_ours(OrderId id) const;
  void stranger(OrderId id, Actions& out);
  void stranger(const Fill& fill, Actions& out);

  // --- orders (orders.cpp) ---
  Order* find(OrderId id);
  Order* known(OrderId id, Actions& out);
  void reject(Order& order, Instant now, Actions& out);
  void end(Order& order, OrderState state, Quantity filled, Instant now, Actions& out);
  void conclude(Order& order, Instant now, Actions& out);
  void make_unknown(Order& order, Instant now);
  void revive(Order& order, Instant now);
  void ask_soon(Order& order, Instant now, Duration delay);
  void ask(Order& order, Instant now, Actions& out);
  void ask_due(Instant now, Actions& out);
  void resend(Order& order, Instant now, Actions& out);
  void give_up(Order& order);
  void after(Order& order, Instant now, Actions& out);
  // A quote that stands is asked about from time to time: the word of a fill may have been lost.
  Duration quote_check() const { return desk_.config.order_deadline * 5; }
  void mismatch(Order& order, std::string_view what, Actions& out);

  const Instrument& instrument(InstrumentId id) const { return desk_.universe.instrument(id); }
  VenueId venue_of(const Order& order) const { return instrument(order.request.instrument).venue; }
  bool planted(Mutant mutant) const { return desk_.config.mutant == mutant; }
  void alert(Severity severity, AlertCode code, const Scope& scope, std::string_view message,
             Actions& out, std::string_view subject = {}) const;

  Desk desk_;
  LegCosts leg_costs_;
  OrderLatency latency_;
  std::uint32_t incarnation_ = 0;
  std::uint32_t order_counter_ = 0;
  std::uint32_t execution_counter_ = 0;
  std::deque<Order> orders_;  // remembered ones, of every life, and free slots: addresses stay
  std::vector<std::uint32_t> free_;                   // slots
  std::unordered_map<OrderId, std::uint32_t> index_;  // asked only, never walked
  std::vector<std::uint32_t> live_;                   // orders that are not done, oldest first
  std::vector<std::deque<Finished>> finished_;        // by venue, as executions were resolved
  std::vector<Life> lives_;                           // this one last
  std::vector<Execution> executions_;                 // open, oldest first
  std::vector<BaseState> bases_;                      // by asset
  std::vector<std::vector<InstrumentId>> of_pair_;    // instruments
  std::vector<Decimal> reserved_;                     // venue-major
  std::vector<Decimal> pledged_;  // venue-major: to the hedges of quotes that stand
};

}  // namespace ats::core

// Watches an engine at work in the simulated world and keeps its own simple idea of the truth: every
// event the engine gets, every action it answers, and the exchanges themselves. Shares no code with the
// core. What it checks are the invariants of ARCHITECTURE.md, each violation named by its invariant.
//
// At once, when an action appears: ids, approvals, halts, books, limits, edges, exact bookings, and
// that nothing is sent for an execution while one of its orders has an unknown fate.
// An order is amended from the terms that it has at its venue, to terms that it might have been placed at, one
// amendment at a time; where an order is believed to stand, it stands.
// A quote may stand while what it filled is hedged; not while a book it was priced from is not valid.
// A fill of somebody else's order that the engine is told of is booked at once, as nobody's trade.
// Once things had time to settle (`settle` after the last trouble at the venue): every fill booked,
// ledger equal to the venue's balances, nothing left open that is worth more than the tolerance.
//
// An order is remembered, with its fills, until nothing right can happen to it any more: its execution is
// resolved, the engine was told its end, the venue has ended it (or never had it), every fill the venue made
// for it is booked, and `remembered` has passed since it was sent, so that no request for it is on its way.
// From then on its ids alone count: whatever is booked for it is wrong, and an id is new only when it is
// higher than all before. Sums (ledger, inventory, balances) are never forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"
#include "domain/status.hpp"
#include "sim/audit_book.hpp"
#include "sim/exchange.hpp"

namespace ats::sim {

// In the order of the design's list.
enum class Invariant : std::uint8_t {
  OrderSentOnce,        // 1
  FillBookedOnce,       // 2
  ExposureResolved,     // 3
  LedgerBalances,       // 4
  ValidBookOnly,        // 5
  ApprovedOnly,         // 6
  UnknownIsHeld,        // 7
  JournalFolds,         // 8: told by the owner, who has the journal
  SameInputSameAction,  // 9: likewise
  HaltsHold,            // 10
  ExactNumbers,         // 11
  MoneyConserved,       // of the simulated exchanges themselves
};
constexpr std::size_t invariant_count = 12;
const char* name(Invariant invariant);

struct Violation {
  Invariant invariant;
  Instant at;
  std::uint64_t seed = 0;
  std::string detail;
};

class Auditor {
 public:
  static constexpr Duration settle = seconds(45);
  static constexpr Duration resolve = seconds(600);      // of calm: longer is no execution open
  static constexpr Duration resolve_at_last = hours(2);  // whatever happens meanwhile
  static constexpr Duration remembered = seconds(600);
  static constexpr std::size_t violations_max = 100;

  Auditor(const Universe& universe, const CoreConfig& config, std::uint64_t seed);
  // What the venue really holds. Both outlive the auditor.
  void watch(const Exchange& exchange, AccountId account);

  // Each event before the engine gets it, and all the engine answered to it.
  void before(const Event& event, Instant now);
  void after(std::span<const Action> actions, Instant now);
  // From time to time, and at the end. `calm_since`: by venue, Instant max when it is not calm.
  void check(const CoreStatus& status, std::span<const Instant> calm_since, Instant now);
  // What only the owner can see.
  void violate(Invariant invariant, Instant at, std::string detail);

  const std::vector<Violation>& violations() const { return violations_; }

  struct Counts {
    std::uint64_t placed = 0, quotes = 0, amends = 0, fills = 0, opened = 0, alerts = 0;
    std::uint64_t unwound_on_images = 0;  // orders on books asked for by REST
    std::array<std::uint64_t, execution_outcome_count> outcomes{};  // by ExecutionOutcome
    std::array<std::uint64_t, refuse_reason_count> refused{};
    std::array<std::uint64_t, strategy_count> seen{};   // opportunities, by Strategy
    std::array<std::uint64_t, strategy_count> taken{};  // of these
    Counts& operator+=(const Counts& other);
  };
  const Counts& counts() const { return counts_; }
  std::size_t open_executions() const { return open_.size(); }
  std::size_t fills_not_booked() const { return unbooked_.size(); }
  std::size_t orders_kept() const { return orders_.size(); }

 private:
  struct Order {
    OrderRequest request;
    Instant placed;
    bool final = false;
    bool there = false;    // a quote that the venue has, as far as this life of the engine was told
    Instant cancel_asked;  // zero: it was not
    std::optional<OrderTerms> amending;  // asked for, and nothing was told of it since
    Quantity booked;
    Quantity filled;                 // as far as we have seen the venue's fills
    std::vector<std::string> fills;  // their ids
  };
  struct Net {                 // of an execution
    Decimal booked;            // base asset
    std::uint32_t orders = 0;  // remembered
  };
  struct Remembered {
    std::uint64_t order;
    Instant since;
  };
  struct Execution {
    PairId pair;
    Instant opened;
    std::vector<OrderId> orders;
  };
  struct Watched {
    const Exchange* exchange = nullptr;
    AccountId account;
    std::uint64_t fills_seen = 0;
    bool market_up = false, trading_up = false;
    bool balances_told = false;  // in this life of the engine
    bool opened = false;         // the ledger has its opening balances
    Instant last_life;
    Instant differs_since;      // ledger and venue; zero: they agree
    bool break_raised = false;  // since they differ
  };
  using FillKey = std::pair<std::uint16_t, std::string>;  // instrument, fill id
  struct Truth {
    venues::VenueFill fill;
    bool booked = false;
  };

  // --- events ---
  void on(const Started& event, Instant now);
  void on(const ConnectionUp& event, Instant now);
  void on(const ConnectionDown& event, Instant now);
  void on(const BookSnapshot& event, Instant now);
  void on(const BookDelta& event, Instant now);
  void on(const BookFault& event, Instant now);
  void on(const BookImage& event, Instant now);
  void on(const InstrumentChanged& event, Instant now);
  void on(const OrderAcked& event, Instant now);
  void on(const OrderRejected& event, Instant now);
  void on(const OrderEnded& event, Instant now);
  void on(const OrderFound& event, Instant now);
  void on(const OrderNotFound& event, Instant now);
  void on(const OrderNotSent& event, Instant now);
  void on(const OrderAmended& event, Instant now);
  void on(const AmendRejected& event, Instant now);
  void on(const BalancesComplete& event, Instant now);
  void on(const CommandReceived& event, Instant now);
  void on(const ForeignFill& event, Instant now);
  void alive(VenueId venue, Instant now) { watched_[venue.index()].last_life = now; }

  // --- actions ---
  void placed(const Place& place, std::span<const Action> actions, Instant now);
  void amended(const Amend& amend, Instant now);
  void check_new(const OrderRequest& order, std::uint64_t serial, const std::string& which,
                 Instant now);
  void told_terms(OrderId order, const OrderTerms& terms);
  // At its venue; null when the venue has never had it, or has forgotten it.
  const venues::VenueOrder* truth_of(const OrderRequest& order) const;
  void check_beliefs(const CoreStatus& status, Instant now);
  void check_legs(const OrderRequest& order, std::span<const Action> actions, Instant now);
  void check_quote(const OrderRequest& order, Instant now);
  void check_conversion(const OrderRequest& buy, const OrderRequest& sell, Instant now);
  double converts(AssetId from, AssetId to) const;                   // statistics
  double least_edge(const Instrument& buy, const Instrument& sell);  // statistics
  double fullness(VenueId venue, AssetId asset);                     // statistics
  void check_book(const OrderRequest& order, Instant now);
  void check_limits(const OrderRequest& order, Instant now);
  void check_unwind(const OrderRequest& order, Instant now);
  void booked(const Booked& entry, Instant now);
  void booked_fill(const Booked& entry, Instant now);
  void booked_foreign(const Booked& entry, Instant now);
  void check_foreign(Instant now);
  void resolved(const ExecutionResolved& action, Instant now);
  void alerted(const Alert& alert, Instant now);

  // --- settled truths ---
  void see_fills(Instant now);
  void remember(const OrderRequest& order, Instant now);
  void forget_settled(Instant now);
  bool settled(const Order& order) const;
  void forget(std::uint64_t order);
  void check_fills(std::span<const Instant> calm_since, Instant now);
  void check_ledger(const CoreStatus& status, std::span<const Instant> calm_since, Instant now);
  void check_quotes(std::span<const Instant> calm_since, Instant now);
  void check_exposure(std::span<const Instant> calm_since, Instant now);
  void refresh_mids();
  bool differs(VenueId venue);
  void check_loss(const CoreStatus& status, Instant now);

  const Instrument& instrument(InstrumentId id) const { return instruments_[id.index()]; }
  Watched& watched(InstrumentId id) { return watched_[instrument(id).venue.index()]; }
  bool halted(const Scope& scope) const { return halts_.count(key(scope)) != 0; }
  bool held_up(const Scope& scope) const {
    return halted(scope) || halted_from_outside_.count(key(scope)) != 0;
  }
  static std::pair<int, int> key(const Scope& scope) {
    return {scope.venue.value, scope.pair.value};
  }
  Decimal& ledger(VenueId venue, AssetId asset) {
    return ledger_[venue.index() * universe_.assets().size() + asset.index()];
  }
  // In the reporting asset, by the last mids.
  Decimal worth(AssetId asset, Decimal amount) const;
  void refresh_marks();
  // What the ledgers hold more than they began with.
  Decimal change(AssetId asset);
  AssetId base_of(PairId pair) const { return universe_.pair(pair).base; }
  bool pair_halted(AssetId base) const;
  // What is new may be priced from the instrument's book.
  bool good_book(InstrumentId id, Instant now) const;
  // Where the quotes that stand here are hedged; invalid: nowhere.
  InstrumentId hedge_of(InstrumentId quoted) const;
  // A quote of the execution may still fill; and nothing of it has.
  bool quotes(const Execution& execution) const;
  bool only_quotes(const Execution& execution) const;
  // What executions that are open hold of the base asset, the given one apart.
  Decimal held_by_others(AssetId base, std::uint64_t execution) const;
  bool settled(VenueId venue, Instant since, std::span<const Instant> calm_since,
               Instant now) const;
  void finish(OrderId id) {
    const auto found = orders_.find(id.value);
    if (found != orders_.end()) found->second.final = true;
  }

  const Universe& universe_;
  CoreConfig config_;
  std::uint64_t seed_;
  std::vector<Instrument> instruments_;  // as the engine was told
  std::vector<AuditBook> books_;         // by instrument
  std::vector<Instant> images_;   // by instrument: since when its last image is true; zero: none
  std::vector<Watched> watched_;  // by venue
  std::unordered_map<std::uint64_t, Order> orders_;
  std::uint64_t last_order_ = 0;      // the highest id sent
  std::deque<Remembered> to_forget_;  // each of orders_ once, in the order it is to be looked at
  std::map<std::uint64_t, Execution> open_;      // executions by id, not resolved
  std::unordered_map<std::uint64_t, Net> nets_;  // executions with orders that are remembered
  // And from when on nothing at all may leave, not even what resolves something open.
  std::map<std::pair<int, int>, Instant> halts_;
  std::set<std::pair<int, int>>
      reduced_;  // by a limit that was reached, or an order that is not ours
  // At the last check, by the risk role or for want of its word: told, and lifted by itself.
  std::set<std::pair<int, int>> halted_from_outside_;
  // May trade for: configured, or what a person has set since.
  Decimal most_an_order_ = config_.max_order_notional;
  std::uint64_t last_serial_ = 0;
  std::uint32_t incarnation_ = 0;
  std::vector<std::uint64_t> of_earlier_lives_;  // orders whose end the engine had not been told
  bool stopping_ = false;
  std::map<FillKey, Truth> fills_;
  std::map<FillKey, Instant> unbooked_;      // since when we know of them
  std::set<FillKey> foreign_;                // fills of somebody else's orders that are booked
  std::optional<ForeignFill> foreign_told_;  // by the event at hand, and not booked so far
  std::vector<Decimal> ledger_;              // venue-major: what was booked to the venues
  std::vector<Decimal> inventory_;   // by base asset: what its trades booked since the opening
  std::vector<Instant> bad_since_;   // by instrument: its book is not good; zero: it is
  std::vector<Instant> open_since_;  // by base asset: worth more than the tolerance; zero: not
  std::vector<Decimal> mids_;        // by pair
  std::vector<Decimal> marks_;       // by asset, in the reporting one; zero: never known
  std::vector<Decimal> opening_;     // by asset: what the ledgers began with, and corrections
  std::int64_t day_ = -1;            // UTC, of the last check
  Decimal day_began_with_;           // made by then, in the reporting currency
  bool lost_too_much_ = false;       // at the last check
  Instant last_conserved_{};
  std::vector<Violation> violations_;
  Counts counts_;
};

}  // namespace ats::sim

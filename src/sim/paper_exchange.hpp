// The venues as they are on paper: accounts and orders of ours that meet the public books of the live venues,
// and reach nobody. Hears the same market events as the core and the core's effects; answers with the events
// that a venue's client would. Pure: the owner says what time it is and calls advance() when something is due.
//
// What it assumes:
//  - an order reaches its venue a while after it was sent, and the answer takes as long again; both are drawn
//    anew from the venue's range, and neither way overtakes itself;
//  - it is filled by what the public book shows then, at the levels' prices, less what was taken on paper
//    from levels that have not been told anew; nobody else reacts to it;
//  - there is no queue: an order that rests is filled, at its own price and as a maker, when the other side of
//    the book comes to its price or the venue prints a trade through it;
//  - nothing is filled on a book that is not known to be right: an immediate order ends unfilled then.
// Instruments' own rules, funds and fees are the venue's: what it would refuse is refused; fees are cut down
// to the decimals it keeps.
//
// Its state is what it has told: folding the events and actions of a journal gives it back, and what had not
// been told when a process died never happened. An immediate order that was under way then is gone; one that
// rested rests again.
// Invariants: no balance falls below zero; what an account holds is what was put in and what its fills brought.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "sim/paper_book.hpp"
#include "sim/paper_latency.hpp"

namespace ats::sim {

class PaperExchange {
 public:
  static constexpr Instant never{std::numeric_limits<std::int64_t>::max()};
  static constexpr Duration remembered = seconds(3600);  // an order that ended, and at least
  static constexpr std::size_t remembered_least = 1000;  // so many of them

  explicit PaperExchange(std::uint64_t seed) : draw_(seed) {}

  // --- before a life begins: what a journal holds of earlier ones, in its order ---
  void fold(const Event& event);
  void fold(std::span<const Action> actions);

  // --- a life ---
  // The universe is that of Started. Every venue answers from now on.
  void begin(const Universe& universe, std::uint32_t incarnation, Instant now);
  void set_latency(VenueId venue, const PaperLatency& latency);
  // What the account begins with; nothing happens where an earlier life was told of it.
  bool endow(VenueId venue, AssetId asset, Decimal amount);

  // After the core has handled it. Events that are not public market data are passed over.
  void on_market(const Event& event, Instant now);
  // Whether an action is one that the venue's account is asked for: all others concern market data.
  static bool concerns(const Action& action);
  void act(const Action& action, Instant now);
  Instant due() const;
  // Lets happen and tells everything that is due.
  void advance(Instant now, WallTime wall, EventSink& sink);
  // Nothing is under way, either way.
  bool idle() const;

  Decimal total(VenueId venue, AssetId asset) const;
  Decimal held(VenueId venue, AssetId asset) const;
  std::size_t resting() const;
  std::uint64_t fills_made() const { return fills_; }

 private:
  struct Order {
    OrderRequest request;
    VenueOrderId id;  // empty until it has reached the venue
    OrderState state = OrderState::Placed;
    Quantity filled;
    Decimal held;
    std::vector<Fill> fills;
  };
  struct Account {
    Decimal total;
    Decimal held;
    bool told = false;
  };
  struct Arriving {
    Instant at;
    Action action;
  };
  struct Telling {
    Instant at;
    Event event;  // none that is a view
  };
  struct Desk {  // a venue's
    PaperLatency latency;
    std::deque<Arriving> arriving;
    std::deque<Telling> telling;
    Instant last_arrival;
    Instant last_told;
  };
  struct Ended {
    std::uint64_t order;
    Instant at;
  };

  void grow(const Universe& universe);
  Account& account(VenueId venue, AssetId asset) { return accounts_[venue.index()][asset.index()]; }
  const Instrument& instrument(InstrumentId id) const { return universe_.instrument(id); }
  Order* find(OrderId id);
  VenueId venue_of(const Action& action) const;
  Duration drawn(const Desk& desk);
  void tell(VenueId venue, const Event& event, Instant at);
  void settle_arrivals(Instant until);
  void arrive(VenueId venue, const Action& action, Instant at);
  void place(const OrderRequest& request, Instant at);
  void reject(const OrderRequest& request, RejectReason reason, std::string_view why, Instant at);
  void amend(const OrderRequest& wanted, Instant at);
  void cancel(OrderId id, VenueId venue, Instant at);
  void query(const QueryOrder& query, VenueId venue, Instant at);
  void tell_open_orders(VenueId venue, Instant at);
  void tell_balances(const QueryBalances& asked, Instant at);
  void take(Order& order, Instant at);
  // Of an order that rests, at its own price.
  void fill_resting(Order& order, Quantity quantity, Instant at);
  void look_at_resting(InstrumentId instrument, Instant at);
  void fill(Order& order, Price price, Quantity quantity, Liquidity liquidity, Instant at);
  void end(Order& order, OrderState state, Instant at);
  void hold(Order& order);
  void apply(const Fill& fill);
  Decimal funds_for(const OrderRequest& request, Quantity left) const;
  void forget_ended(Instant now);

  Rng draw_;
  Universe universe_;
  std::uint32_t incarnation_ = 0;
  std::uint64_t orders_made_ = 0;
  std::uint64_t fills_ = 0;                     // of this life
  std::vector<std::vector<Account>> accounts_;  // by venue, by asset
  std::vector<PaperBook> books_;                // by instrument
  std::vector<Desk> desks_;                     // by venue
  std::map<std::uint64_t, Order> orders_;
  std::vector<std::vector<std::uint64_t>> resting_;  // by instrument, oldest first
  std::deque<Ended> ended_;
  WallTime wall_;
};

}  // namespace ats::sim

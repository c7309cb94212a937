// One simulated venue: price-time matching, accounts with exact balances, fees, order and fill history.
// The same Exchange stands behind the socket servers (`ats sim`) and in the in-memory World.
//
// Two kinds of traders meet in its books:
//  - accounts: orders through ExchangeApi, checked against filters and funds, charged fees;
//  - the house: everybody else. Moved by sim::Market level by level, funds without limit, no fees.
// Rules, each taken from the venues' own where they state one:
//  - a taker pays the resting order's price; orders at a price fill in order of arrival;
//  - funds are held on entry: a buy holds its notional at its limit (and the fee on it where fees are
//    taken in the quote asset), a sell holds its quantity; what is not used comes back at once;
//  - fees by FeeSchedule: in the asset received or in the quote asset, cut down to `decimals` places
//    per fill (cutting keeps fees within what was held; the venues state no direction);
//  - an account never trades with itself: its resting order expires first;
//  - client order ids are unique among an account's open orders;
//  - an order that is amended keeps its place at the same price for less; at another price, or for more, it comes
//    last. What its new terms may cost more must be free. One that is post-only and would take stays as it was;
//  - as with the venues, history has an end: an order that ended `history` ago is forgotten, with its fills,
//    once `history_least` orders of its account ended after it. Questions about it are answered as about one
//    that never was. Orders that live are never forgotten.
// Invariants: free = total - held >= 0 for every account and asset; what all accounts, the house and
// the fee box hold of an asset is what was deposited (conserved()).
//
// Listener calls come synchronously, in this order for one operation: orders, fills and public trades
// as they happen, then balances, then one BookChange. A listener must not call back into the Exchange.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/instrument.hpp"
#include "sim/faults.hpp"
#include "sim/match_book.hpp"
#include "venues/server.hpp"

namespace ats::sim {

using venues::AccountId;

class ExchangeListener {
 public:
  // Update ids of one instrument's changes are consecutive: first = last of the one before + 1.
  virtual void on_book(const venues::BookChange& change) = 0;
  virtual void on_trade(const venues::PublicTrade& trade) = 0;
  virtual void on_order(const venues::OrderUpdate& update) = 0;
  virtual void on_balance(AccountId account, const venues::VenueBalance& balance) = 0;

 protected:
  ~ExchangeListener() = default;
};

class Exchange final : public venues::ExchangeApi {
 public:
  static constexpr Duration history = seconds(1800);
  static constexpr std::size_t history_least = 1000;  // of each account

  // Trades every instrument the universe holds for the venue. Universe and listener outlive it.
  Exchange(const Universe& universe, VenueId venue, ExchangeListener& listener);

  // The owner says what time it is before it lets anything happen; never goes back. Faults whose time
  // is over end here, so this may emit a BookChange.
  void set_time(Instant now, WallTime wall);
  Instant now() const { return now_; }
  Faults& faults() { return faults_; }
  const Faults& faults() const { return faults_; }

  AccountId open_account(std::string key, std::string secret);
  // What the account's key may do beside trading, and until when it is one.
  void set_grants(AccountId account, bool withdraw, WallTime expires);
  std::size_t account_count() const { return accounts_.size(); }
  // From outside; a negative amount is a withdrawal and must be free.
  void deposit(AccountId account, AssetId asset, Decimal amount);
  venues::VenueBalance balance(AccountId account, AssetId asset) const;

  // --- ExchangeApi ---
  const Universe& universe() const override { return universe_; }
  VenueId venue() const override { return venue_; }
  // With the clock's error while ClockSkew is in force.
  WallTime wall() const override;
  std::span<const InstrumentId> instruments() const override { return instruments_; }
  AccountId find_key(std::string_view key, std::string& secret) const override;
  venues::KeyGrants grants(AccountId account) const override;
  Result<venues::VenueOrder, venues::PlaceFault> place(const venues::NewOrder& order) override;
  Result<venues::VenueOrder, venues::CancelFault> cancel(AccountId account,
                                                         const venues::OrderRef& order) override;
  Result<venues::VenueOrder, venues::AmendFault> amend(AccountId account,
                                                       const venues::OrderRef& order,
                                                       const OrderTerms& terms) override;
  const venues::VenueOrder* find_order(AccountId account,
                                       const venues::OrderRef& order) const override;
  std::vector<venues::VenueOrder> open_orders(AccountId account) const override;
  std::vector<venues::VenueOrder> closed_orders(AccountId account,
                                                std::size_t limit) const override;
  // Oldest first.
  std::vector<venues::VenueFill> fills(AccountId account, std::uint64_t order_id_or_0,
                                       std::size_t limit) const override;
  std::vector<venues::VenueBalance> balances(AccountId account) const override;
  venues::BookImage book(InstrumentId instrument, std::size_t depth) const override;
  std::vector<venues::PublicTrade> trades(InstrumentId instrument,
                                          std::size_t limit) const override;

  // --- the house: nothing is published until publish() ---
  // Makes the house's quantity at a price `target`. The price must not cross the other side.
  void house_level(InstrumentId instrument, Side side, Price price, Quantity target);
  // Immediate-or-cancel; what was taken.
  Quantity house_take(InstrumentId instrument, Side side, Price limit, Quantity quantity);
  // While CrossedBook shows here the house leaves the book alone.
  bool crossed(InstrumentId instrument) const { return at(instrument).crossed_at.units != 0; }
  // One BookChange for everything that touched the book since the last one; none when nothing did.
  void publish(InstrumentId instrument);
  const MatchBook& queues(InstrumentId instrument) const { return at(instrument).queues; }

  // --- for auditors ---
  // Fills of all accounts are numbered from 0 in order of trading. Those of forgotten orders are gone: null.
  std::uint64_t fills_made() const { return fills_gone_ + fills_.size(); }
  const venues::VenueFill* fill(std::uint64_t number) const;
  std::size_t orders_kept() const { return orders_.size(); }
  // Whether each asset adds up to what was deposited.
  bool conserved() const;

 private:
  struct InstrumentState {
    InstrumentId id;
    MatchBook queues;
    Sequence last_update = 0;  // id of the last change of the book, published or not
    Sequence published = 0;
    std::uint64_t last_trade = 0;
    std::deque<venues::PublicTrade> recent_trades;
    Price crossed_at;  // the fault's bid; zero when there is none
  };
  struct OrderRecord {
    venues::VenueOrder order;
    MatchBook::Slot slot = MatchBook::no_slot;  // while it rests
    Decimal held;                               // of the quote (buy) or base asset (sell)
    std::vector<venues::VenueFill> fills;
  };
  struct FillPlace {
    std::uint64_t order;
    std::size_t index;  // among the order's
  };
  struct Ended {
    std::uint64_t order;
    Instant at;
  };
  struct Account {
    std::string key;
    std::string secret;
    bool withdraw = false;
    WallTime expires;
    std::vector<venues::VenueBalance> balances;  // by asset
    std::vector<AssetId> changed;                // since balances were last told
    std::deque<std::uint64_t> orders;            // some of them forgotten, the first of them not
    std::vector<std::uint64_t> open;
    std::deque<FillPlace> fills;                                  // likewise
    std::deque<Ended> ended;                                      // what is not forgotten
    std::unordered_map<std::string, std::uint64_t> by_client_id;  // the newest of that name
  };

  const InstrumentState& at(InstrumentId instrument) const;
  InstrumentState& at(InstrumentId instrument);
  const Instrument& instrument(InstrumentId id) const { return universe_.instrument(id); }
  OrderRecord& record(std::uint64_t id) { return orders_.at(id); }
  const OrderRecord& record(std::uint64_t id) const { return orders_.at(id); }
  bool kept(std::uint64_t id) const { return orders_.contains(id); }
  Account& account(AccountId id) { return accounts_[id.index()]; }
  const Account& account(AccountId id) const { return accounts_[id.index()]; }

  std::optional<Price> average_of(const InstrumentState& state, Duration over) const;
  // What an order could have at once, at most, and what that would cost.
  struct Reach {
    Quantity quantity;
    Decimal cost;
  };
  std::optional<venues::PlaceFault> check(const venues::NewOrder& order, const Reach& reach) const;
  std::optional<venues::PlaceFault> check_rules(const venues::NewOrder& order) const;
  Reach reach(const venues::NewOrder& order) const;
  Decimal funds_needed(const venues::NewOrder& order, const Reach& reach) const;
  Decimal hold_for(const venues::VenueOrder& order) const;
  void match(OrderRecord& taker, Quantity quantity_max);
  // `taker` null: the house.
  void trade(InstrumentState& state, MatchBook::Slot maker, OrderRecord* taker, Quantity quantity);
  void settle(OrderRecord& record, Liquidity liquidity, std::uint64_t trade_id, Price price,
              Quantity quantity);
  void end_order(OrderRecord& record, venues::VenueOrderState state);
  void ended(const venues::VenueOrder& order);
  void forget_history(Account& who);
  void finish(InstrumentState& state);
  void tell_balances();
  void change_balance(Account& account, AssetId asset, Decimal total, Decimal held);
  void expire_late_rests();
  void begin_crossed(InstrumentState& state);
  void end_crossed(InstrumentState& state);

  const Universe& universe_;
  VenueId venue_;
  ExchangeListener& listener_;
  Instant now_{};
  WallTime wall_{};
  Faults faults_;
  std::vector<InstrumentId> instruments_;
  std::vector<InstrumentState> states_;     // in the order of instruments_
  std::vector<std::uint16_t> state_index_;  // by instrument id
  struct LateRest {
    std::uint64_t order;
    Instant expires;
  };
  std::vector<LateRest> late_rests_;  // of immediate orders: LateCancel
  std::vector<Account> accounts_;
  std::uint64_t last_order_ = 0;
  std::unordered_map<std::uint64_t, OrderRecord> orders_;  // by id; never walked
  std::deque<FillPlace> fills_;                            // some of them forgotten, the first not
  std::uint64_t fills_gone_ = 0;                           // numbers before the first
  std::vector<Decimal> house_;                             // by asset: what the house gained
  std::vector<Decimal> fee_box_;                           // by asset
  std::vector<Decimal> deposited_;                         // by asset
  venues::BookChange change_;                              // scratch
};

}  // namespace ats::sim

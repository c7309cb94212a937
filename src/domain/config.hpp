// The numbers the core decides by. Journalled with Started, so that a replay needs nothing else.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/limit.hpp"
#include "domain/number.hpp"

namespace ats {

// Deliberate bugs, off in every real run: the auditor and the tests must catch each of them.
enum class Mutant : std::uint8_t {
  None,
  BookFillTwice,         // a duplicated fill is booked again
  LoseFill,              // the second fill of an order counts for the order and is not booked
  WrongFeeSign,          // fees are booked as income
  RoundFee,              // fees are booked to four decimals
  BookOnOtherVenue,      // a fill is booked to the account of another venue
  BookBuyAsSell,         // a fill is booked the wrong way round
  PlaceWithoutApproval,  // an order that risk refused is sent all the same
  SendTwice,             // each order leaves twice under its id
  SendOneLeg,            // only the leg that buys leaves
  ReuseOrderId,          // the order id counter starts over after a restart
  ResendOnTimeout,       // a timeout is taken for a reject and the order sent anew
  TimeoutIsReject,       // a timeout is taken for a reject
  TimeoutIsFill,         // a timeout is taken for a fill
  NotFoundIsReject,      // "no such order" is believed at once, whatever was seen of it
  IgnoreReject,          // a reject is taken for an ack, and nobody asks
  ForgetUnknown,         // orders of an earlier life are taken for rejected
  ForgetResidual,        // a leg that fell short is called done
  KeepAnyResidual,       // a difference is held whatever it is worth
  UnwindTwice,           // a way out is taken twice at once
  GiveUpSilently,        // what cannot be traded away is left without a halt
  IgnoreStaleBook,       // prices from a book that is not Valid
  UnwindOnStaleBook,     // the same for ways out alone
  IgnoreFees,            // edges are counted without fees
  ForgetHalt,            // a halt does not stop new trades
  ForgetHaltAtStart,     // halts do not outlive the process
  ResumeAll,             // to lift one halt lifts them all
  TradeUnreconciled,     // trades before balances and orders of earlier lives are known
  SpendWithoutFunds,     // orders are not bounded by what is there to spend
  IgnoreOrderNotional,   // orders of any size
  IgnoreOpenExecutions,  // as many trades at once as there are edges
  IgnoreDailyLoss,       // the day's loss halts nothing
  SkipJournalWrite,      // now and then an event reaches the core and not the journal
  ForgetHedge,           // what a quote filled is called done without a hedge
  LeaveStaleQuote,       // a quote stays where it is while a book it was priced from is not Valid
  AmendIsDone,           // an amendment without an answer is taken for carried out
  IgnoreReduceOnly,      // a scope that may only be reduced opens new trades
  UnwindPastClosed,      // ways out leave under a halt whose time to resolve is over
  ForgetLimitChange,     // limits that a person set do not outlive the process
  SkipLimits,            // no limit that has a number is asked
  StaleApproval,         // an order that risk refused leaves on the approval of one before
  IgnoreLease,           // a lease that is over goes on counting
  LeaseFromArrival,      // a lease counts from when it came, not from when it was asked for
  PromiseTwice,          // what one engine has been promised is promised to another, too
  ForgetForeignFill,     // what somebody else traded on our account is not booked
  ForeignFillIsTrade,    // it is booked as if it were a trade of ours
};
constexpr std::size_t mutant_count = 46;
const char* name(Mutant mutant);

enum class StrategyMode : std::uint8_t { Off, Observe, Trade };
const char* name(StrategyMode mode);

// What follows when an order on our account turns out not to be ours. Its fills are booked, and what it holds
// is not spent, whatever is chosen.
enum class ForeignPolicy : std::uint8_t {
  Halt,    // its venue is reduced, nothing is opened there, until a person resumes it
  Report,  // a person is told
  Adopt,   // it is noted: somebody trades there by hand, and that is known
};
const char* name(ForeignPolicy policy);

// A rate nobody trades at: what one unit of `base` is worth in `quote`, who says so, and since when.
struct ConversionRate {
  Text<15> base;
  Text<15> quote;
  Decimal price;  // between 1e-9 and 1e9
  Text<15> source;
  WallTime as_of;
  bool operator==(const ConversionRate&) const = default;
};

// A short list in place: what is journalled has no pointers.
template <class T, std::size_t Most>
struct ShortList {
  static constexpr std::size_t most = Most;
  std::array<T, Most> items{};
  std::uint8_t count = 0;
  bool add(const T& item) {
    if (count == Most) return false;
    items[count++] = item;
    return true;
  }
  const T* begin() const { return items.data(); }
  const T* end() const { return items.data() + count; }
  bool operator==(const ShortList& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
};
// Where quotes of a pair stand, and where what they fill is hedged.
struct MakerPair {
  Text<15> base;
  Text<15> quote;
  Text<15> quote_venue;
  Text<15> hedge_venue;
  bool operator==(const MakerPair&) const = default;
};
using MakerList = ShortList<MakerPair, 12>;
using CurrencyList = ShortList<Text<15>, 12>;
using RateList = ShortList<ConversionRate, 12>;
// What a venue is to hold of all that is held of an asset.
struct InventoryTarget {
  Text<15> venue;
  Text<15> asset;
  Rate share;
  bool operator==(const InventoryTarget&) const = default;
};
using TargetList = ShortList<InventoryTarget, 64>;
using LimitList = ShortList<LimitSetting, 64>;
// Those that have no key of their own.
inline LimitList default_limits() {
  LimitList list;
  for (const char* text : {"price_distance 500 warn 250", "order_rate 100 warn 50",
                           "weekly_loss 2500 warn 1500", "monthly_loss 5000 warn 3000"}) {
    list.add(*parse_limit(text));
  }
  return list;
}
inline CurrencyList default_currencies() {
  CurrencyList list;
  for (const char* name : {"USD", "USDT", "USDC", "EUR", "KRW"}) list.add(name);
  return list;
}

struct CoreConfig {
  // --- detector ---
  Rate min_edge = Rate::bps(5);    // marginal edge after taker fees on both legs
  Rate max_edge = Rate::bps(200);  // more is too good to be true: a bad quote, refused
  Rate max_slippage =
      Rate::bps(5);  // IOC limit price may be this much worse than the deepest level used
  Decimal max_order_notional = Decimal::from_int(10'000);  // per leg, in reporting currency
  // What a leg that falls short is thought to cost, over all legs sent, before the venue has shown it; and
  // as how many legs that counts.
  Rate leg_cost_prior = {20'000};
  std::uint32_t leg_cost_prior_legs = 50;
  Duration pair_cooldown = milliseconds(200);  // after an execution on a pair resolves
  // Quote assets between which a trade of two legs may leave the conversion open.
  CurrencyList currencies = default_currencies();
  RateList rates;                     // count where no Valid book converts
  Duration rate_max_age = hours(24);  // an older one does not count
  StrategyMode cross_currency = StrategyMode::Trade;
  StrategyMode triangular = StrategyMode::Observe;
  StrategyMode cycles = StrategyMode::Observe;
  // --- inventory ---
  // How far the smallest edge moves at most, down for a trade that brings the holdings to their targets and
  // up for one that takes them away; zero: it does not. Never below the floor, unless min_edge is.
  Rate inventory_skew;
  Rate inventory_floor;
  TargetList inventory_targets;  // who is not named shares what is left
  // --- maker ---
  StrategyMode maker = StrategyMode::Off;
  MakerList maker_pairs;  // a quote on each side of each
  Rate maker_edge =
      Rate::bps(5);  // smallest, after the maker's fee there and the taker's of the hedge
  Rate maker_requote = Rate::bps(2);  // a quote that stands further from the wanted price is moved
  Duration maker_requote_every =
      milliseconds(500);  // a side of a pair is quoted anew at most so often
  Decimal maker_size = Decimal::from_int(1'000);  // of a quote, in reporting currency
  // --- books ---
  // A venue that has had no Valid book for this long is asked for its books by REST; zero: never.
  Duration poll_after = seconds(10);
  Duration max_polled_age =
      seconds(15);  // since the question left; an older one is no book any more
  // --- risk ---
  Decimal max_exposure =
      Decimal::from_int(20'000);  // open (unhedged or in flight) per asset, in reporting currency
  // Of one quote asset, by conversions left open: gained or spent since the opening balances and in
  // flight, in reporting currency.
  Decimal max_currency_exposure = Decimal::from_int(20'000);
  Decimal max_daily_loss =
      Decimal::from_int(1'000);  // per UTC day, reporting currency; then a global halt
  std::uint32_t max_open_executions = 4;
  Text<15> reporting_asset = "USDT";
  LimitList limits = default_limits();     // besides those above, which are limits too
  Duration confirm_for = seconds(1);       // what reaches a limit for so long has reached it
  Duration cool_down = seconds(300);       // well for so long, what was reduced is opened again
  Duration resolve_within = seconds(300);  // after a halt, what is open may still be resolved
  bool resume_by_two = false;              // a second person has to ask for it, too
  // How long the risk role's word counts; zero: the engine shares its limits with nobody and needs none.
  Duration lease_for{};
  // What a limit on the value at risk goes by: measured so often, and believed for so long since it was asked for.
  Rate var_confidence{990'000'000};
  Duration var_horizon = hours(24);
  Duration var_every = seconds(10);
  Duration var_max_age = seconds(60);
  // --- executor ---
  Duration order_deadline = seconds(2);   // no final answer by then: Unknown, ask the venue
  Duration query_interval = seconds(1);   // between queries of an order that is Unknown
  Duration not_found_grace = seconds(3);  // "no such order" counts only this long after sending
  std::uint32_t max_unwind_attempts =
      8;  // then the pair halts and the residual is handed to a person
  Decimal residual_tolerance =
      Decimal::from_int(5);                 // |net| worth less than this stays as inventory
  Duration balance_interval = seconds(30);  // between balance reconciliations of a venue
  ForeignPolicy foreign_orders = ForeignPolicy::Halt;
  // --- paper ---
  bool paper = false;  // orders go to no venue and fills are made up; whoever tells of them says so
  // --- tests only ---
  Mutant mutant = Mutant::None;

  bool operator==(const CoreConfig&) const = default;
};

}  // namespace ats

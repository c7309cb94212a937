// The limits that can be set: what each measures, in what, where, and what happens when it is reached. The
// table that the configuration, the command line, the journal and the gate share; who asks them is
// core/risk/limit_book.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/strategy.hpp"

namespace ats {

// What a part of the system may do. Worse ones are greater.
enum class RiskState : std::uint8_t {
  Active,
  ReduceOnly,  // orders that make an open net smaller, and no others
  Halted,      // none at all; cancels always leave
};
const char* name(RiskState state);

enum class LimitKind : std::uint8_t {
  // --- of an order ---
  OrderNotional,
  OrderQuantity,
  PriceDistance,  // of its price from the middle of all venues that trade the pair
  PriceCollar,    // of its price from the best it could trade at where it goes
  MinEdge,
  MaxEdge,
  BookAge,  // since the last message applied to its book
  // --- how many ---
  OrderRate,   // placed within a second
  CancelRate,  // cancels asked for within a second
  OpenLegs,
  OpenTrades,
  // --- what is held and what is open ---
  Position,            // what is held of an asset
  NetDelta,            // of a base asset, bought and not sold or the reverse, or in flight
  GrossExposure,       // of all base assets, added up
  NetExposure,         // the same, long against short
  CurrencyExposure,    // of a quote asset: gained or spent since the accounts were opened
  InventoryLeast,      // of an asset on a venue
  InventoryMost,       // likewise
  AssetConcentration,  // of everything that is held
  VenueValue,          // what is held on a venue: what is lost with it
  VenueConcentration,  // of everything that is held
  ValueAtRisk,  // of everything that is held; measured outside of the core (event RiskMeasured)
  // --- what was lost ---
  DailyLoss,  // realised or not, since midnight UTC
  WeeklyLoss,
  MonthlyLoss,
  DailyRealisedLoss,  // of trades that were resolved
  WeeklyRealisedLoss,
  MonthlyRealisedLoss,
  Drawdown,    // from the highest profit so far
  LossStreak,  // trades in a row that lost
  // --- how well it goes ---
  LegFailures,  // of the last fifty legs, those that fell short of the other
  VenueFaults,  // within ten minutes: lost connections, orders without an answer, refusals for rate
  DataFaults,   // within ten minutes: books that ceased to be Valid
};
constexpr std::size_t limit_kind_count = 33;
const char* name(LimitKind kind);
std::optional<LimitKind> find_limit(std::string_view name);

enum class LimitUnit : std::uint8_t {
  Money,    // worth, in the reporting asset
  Asset,    // units of the asset
  Bps,      // hundredths of a percent
  Percent,  //
  Seconds,
  Count,
};
const char* name(LimitUnit unit);

// Where a limit can be set. A limit of something that each asset or venue has of its own, set everywhere,
// holds for each of them.
enum class LimitPlace : std::uint8_t {
  Everywhere = 1,
  Venue = 2,
  Asset = 4,
  Pair = 8,
  Strategy = 16,
  VenueAsset = 32
};

// What reaching it does.
enum class LimitEffect : std::uint8_t {
  Refuses,     // the order that would break it, and nothing more
  ReduceOnly,  // its scope is reduced, until it is well again and has cooled down
  Halts,       // its scope is halted, until a person resumes it
};
const char* name(LimitEffect effect);

struct LimitTraits {
  LimitKind kind;
  const char* name;
  LimitUnit unit;
  std::uint8_t places;   // LimitPlace, added up
  LimitEffect effect;    // where the setting does not say another
  bool least = false;    // too little is what is bad
  bool unwinds = false;  // asked of orders that make an open net smaller, too
  const char* measures;  // for people
};
const LimitTraits& traits(LimitKind kind);
constexpr bool may_stand(const LimitTraits& traits, LimitPlace place) {
  return (traits.places & static_cast<std::uint8_t>(place)) != 0;
}
// Those that measure a state and not an order can change the state of what they watch.
bool triggers(LimitKind kind);

// By names: what the journal keeps must mean the same when the universe has changed.
struct LimitScope {
  Text<15> venue;
  Text<15> asset;
  Text<31> pair;  // "BTC/USDT"
  std::optional<Strategy> strategy;
  bool operator==(const LimitScope&) const = default;
  LimitPlace place() const;
};
// "everywhere", "kraken", "binance BTC", "BTC/USDT", "strategy maker".
std::string to_text(const LimitScope& scope);

struct LimitSetting {
  LimitKind kind = LimitKind::OrderNotional;
  LimitScope scope;
  Decimal hard;
  std::optional<Decimal> warn;
  LimitEffect effect = LimitEffect::Refuses;
  bool operator==(const LimitSetting&) const = default;
  bool same_place(const LimitSetting& other) const {
    return kind == other.kind && scope == other.scope;
  }
};
// What is wrong with it, for whoever set it; nothing: it can be kept.
std::optional<std::string> fault_of(const LimitSetting& setting);
// "order_notional kraken 5000 warn 4000", "daily_loss 1000 warn 700 halt", "inventory_least binance BTC 0.1":
// the limit, where, how much, from where on it is told, what it does. Checks what can be checked without a
// universe; a single capital word is an asset, a small one a venue.
std::optional<LimitSetting> parse_limit(std::string_view text);
std::string to_text(const LimitSetting& setting);

// An order, or a state, beside the limit that speaks against it.
struct LimitBreach {
  bool any = false;
  LimitKind kind = LimitKind::OrderNotional;
  Decimal value;
  Decimal bound;
  bool operator==(const LimitBreach&) const = default;
};

}  // namespace ats

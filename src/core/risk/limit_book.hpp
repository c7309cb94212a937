// The limits in force: those of the configuration and those a person changed since, each beside what it
// measures. Asked of every order; some also watch, and say when they are reached, so that their scope is held
// up (core/risk/holds.hpp).
//
//   asked      an order that would break one is refused. What is not known is refused (default deny)
//   warning    told when the value passes the warning level, and again when it has left it by a tenth
//   reached    a watching limit refuses new orders at once; it holds up its scope when its value has been over
//              the hard level at every reading for confirm_for, at two readings at least: one bad tick does nothing
//   released   a scope held up as ReduceOnly is opened again when the value has been well for cool_down
//
// A limit of something that each asset or venue has of its own, set everywhere, holds for each of them that has
// none of its own. All others hold beside wider ones. Windows of time and counts are kept in the limit itself.
// State like any other: folding the journal restores it; what a person changed outlives the process.
// Allocates nothing when asked, nor when told of orders.
//
// An order that all of them let pass costs one look at what they come to (quick_limits.hpp); each is asked by
// itself only when that look does not say so. What each says by itself is what holds.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "core/risk/limit_moments.hpp"
#include "core/risk/limit_settings.hpp"
#include "core/risk/limit_watch.hpp"
#include "core/risk/limit_where.hpp"
#include "core/risk/measures/profit_view.hpp"
#include "core/risk/quick_limits.hpp"
#include "domain/config.hpp"
#include "domain/instrument.hpp"
#include "domain/lease.hpp"
#include "domain/limit.hpp"
#include "domain/order.hpp"
#include "domain/status.hpp"

namespace ats::core {

// What limits measure and others know.
class RiskView {
 public:
  virtual Decimal balance(VenueId venue, AssetId asset) const = 0;
  // In the reporting asset; nothing: unknown.
  virtual std::optional<Decimal> worth(AssetId asset, Decimal amount) const = 0;
  // Of quote assets: gained or spent since the accounts were opened.
  virtual Decimal change(AssetId asset) const = 0;
  virtual std::uint32_t open_legs(const LimitWhere& where) const = 0;
  virtual std::uint32_t open_trades(const LimitWhere& where) const = 0;
  // Of a base asset: bought and not sold, signed; and the most it may come to with what is in flight.
  virtual Decimal net(AssetId asset) const = 0;
  virtual Decimal worst_net(AssetId asset) const = 0;

 protected:
  ~RiskView() = default;
};

// What became of a limit.
struct LimitNews {
  using What = LimitWatch::News;
  What what;
  std::size_t limit;  // for at()
};

class LimitBook {
 public:
  static constexpr Duration rate_window = seconds(1);
  static constexpr Duration fault_window = seconds(600);
  static constexpr std::size_t legs_counted = 50;
  static constexpr std::size_t legs_least = 20;  // fewer prove nothing

  LimitBook() = default;
  LimitBook(const LimitBook&) = delete;  // what they come to points into them
  LimitBook& operator=(const LimitBook&) = delete;

  // A new life: limits of the same name and place go on with what they counted.
  void restart(const Universe& universe, const CoreConfig& config, Instant now);

  // Takes the place of what the configuration says, or of what was set before. Returns that; a setting that
  // names what the universe does not have is an error in words.
  Result<std::optional<LimitSetting>, std::string> set(const LimitSetting& setting);
  // Back to the configuration. False: nothing had been set.
  bool take_back(const LimitSetting& setting);
  // What the configuration's file says now; `gone`: nothing any more. What a person set stays over it. Returns what
  // the file said before.
  Result<std::optional<LimitSetting>, std::string> file_says(const LimitSetting& setting,
                                                             bool gone);
  bool changed(const LimitSetting& same_place) const;  // by a person
  std::optional<LimitSetting> in_force(const LimitSetting& same_place) const;
  bool any(LimitKind kind) const;  // is in force

  // --- shared with other engines (domain/lease.hpp) ---
  // What this one may use of each limit that is split, from now on. Tightens a limit in force; one that is not
  // becomes one that refuses. What is not named is not shared.
  void share(std::span<const LeaseShare> shares);
  // What it uses of each that is split or summed, as of the last reading.
  void uses(std::vector<LeaseUse>& out) const;

  // The first that speaks against the order.
  std::optional<LimitBreach> ask(const OrderRequest& order, const OrderFacts& facts);
  // The same answer, from one limit after the other.
  std::optional<LimitBreach> ask_each(const OrderRequest& order, const OrderFacts& facts);
  // Of the limit of that kind that is set everywhere; narrower ones are asked besides.
  std::optional<Decimal> bound(LimitKind kind) const;

  // --- what happens ---
  void on_placed(const Instrument& on, Strategy strategy, Instant now);
  void on_cancelled(const Instrument& on, Strategy strategy, Instant now);
  void on_leg(VenueId venue, bool fell_short);
  void on_venue_fault(VenueId venue, Instant now);
  void on_data_fault(VenueId venue, Instant now);
  // A person lets the scope go on: counts of what went wrong there start over.
  void forgive(const Scope& scope);

  // Who knows what is to be measured; outlives this. What has changed is measured anew when the next order is
  // asked about, or before that, when nothing waits.
  void watch(const RiskView& view) { view_ = &view; }
  void watch(const ProfitView& profit) { profit_ = &profit; }
  // As it was measured last, by its number; nothing: it is not known now.
  void value_at_risk(std::optional<Decimal> value, std::uint64_t number) {
    held_changed_ = held_changed_ || value != at_risk_;
    at_risk_ = value, at_risk_number_ = number;
  }
  void orders_changed() { open_changed_ = true; }
  void holdings_changed() { held_changed_ = true; }
  void profit_changed() { profit_changed_ = true; }
  void measure() {
    if (open_changed_ || held_changed_ || profit_changed_) measure_changed();
  }
  void on_timer(Instant now, std::vector<LimitNews>& news);

  const LimitSetting& at(std::size_t limit) const { return active_[limit].setting; }
  LimitStatus status_of(std::size_t limit) const;
  void status(std::vector<LimitStatus>& out) const;
  // Another that is reached and holds up the scope, too.
  std::optional<std::size_t> also_holding(const Scope& scope, std::size_t but) const;
  // Where reaching it holds up trading; an asset's are its pairs.
  void scopes_of(std::size_t limit, std::vector<Scope>& out) const;

 private:
  struct Legs {
    std::array<bool, legs_counted> short_{};
    std::size_t next = 0, count = 0, fell_short = 0;
  };
  struct Active {
    LimitSetting setting;
    bool changed = false;
    std::optional<Decimal> share;
    LimitWhere where;
    // --- what was measured ---
    bool known = false;
    Decimal value;
    Decimal room;  // AssetConcentration: so much more keeps within it
    LimitWatch watch;
    Moments moments;
    Legs legs;
    std::uint64_t forgiven = 0;  // LossStreak: trades decided when a person let it go on
  };
  // What limits of an order measured of the last one that was let pass at one look.
  struct Asked {
    std::uint64_t serial = 0;  // zero: each of them knows it
    std::optional<Decimal> notional, price_distance, price_beyond;
    std::optional<Rate> edge;
    std::optional<Duration> book_age;
    Quantity quantity;
    std::uint8_t qty_scale = 0;
  };
  // What the value is held against: the hard level, or this engine's share of it.
  static Decimal bound_of(const Active& limit) {
    return limit.share ? std::min(limit.setting.hard, *limit.share) : limit.setting.hard;
  }
  void measure_changed();
  void measure_open();
  void measure_held();
  void measure_profit();
  // Its value or its bound may have changed: what it leaves room for is reckoned anew.
  void measured(std::size_t limit);
  void rebuild();
  void add(const LimitSetting& setting, bool changed, std::vector<Active>& out) const;
  std::optional<Decimal> value_after(const Active& limit, const OrderRequest& order,
                                     const OrderFacts& facts, const Asked& asked,
                                     bool& concerns) const;
  // Of a limit of an order.
  static std::optional<Decimal> value_of(LimitKind kind, const Asked& asked);
  static Asked asked_of(const OrderRequest& order, const OrderFacts& facts);
  void note(const OrderRequest& order, const OrderFacts& facts);
  void tell_asked();
  bool left_out(LimitKind kind) const;  // by a planted bug
  bool broken(const Active& limit, Decimal value) const;
  bool matches(const LimitWhere& where, VenueId venue, PairId pair, AssetId base,
               Strategy strategy) const;

  const Universe* universe_ = nullptr;
  const CoreConfig* config_ = nullptr;
  ConfiguredLimits configured_;
  std::vector<LimitSetting> changes_;  // by persons, in the order they were made
  std::vector<LimitSetting> leased_;   // that the risk role set, and nobody here
  std::vector<Active> active_;
  std::vector<std::vector<std::uint16_t>> of_instrument_;  // of active_
  std::vector<std::vector<std::uint16_t>> of_unwinds_;     // of these, who is asked of unwinds
  QuickLimits quick_;
  std::vector<Asked> asked_;           // by instrument and strategy
  std::vector<std::uint32_t> untold_;  // of asked_, whose serial is not zero
  std::uint64_t asked_serial_ = 0;
  const RiskView* view_ = nullptr;
  bool open_changed_ = true;
  bool held_changed_ = true;
  bool profit_changed_ = true;
  const ProfitView* profit_ = nullptr;
  std::uint64_t read_ = 0;  // the number of the last reading of profit and loss
  std::optional<Decimal> at_risk_;
  std::uint64_t at_risk_number_ = 0, at_risk_read_ = 0;
  Decimal everything_;  // that is held, in the reporting asset
  bool everything_known_ = false;
};

// What an order that breaks one is refused for.
RefuseReason reason_of(LimitKind kind);

}  // namespace ats::core

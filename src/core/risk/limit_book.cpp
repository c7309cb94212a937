#include "core/risk/limit_book.hpp"

#include <algorithm>

#include "core/risk/limit_kinds.hpp"
#include "core/risk/limit_settings.hpp"
#include "core/risk/rules.hpp"

namespace ats::core {
namespace {

constexpr std::size_t moments_most = 10'000;

std::optional<Decimal> bps_of(const std::optional<Rate>& rate) {
  return rate ? std::optional(Decimal::from_scaled(rate->ppb, bps_scale)) : std::nullopt;
}

Mutant left_out_by(LimitKind kind) {
  switch (kind) {
    case LimitKind::OrderNotional:
      return Mutant::IgnoreOrderNotional;
    case LimitKind::DailyLoss:
      return Mutant::IgnoreDailyLoss;
    case LimitKind::OpenTrades:
      return Mutant::IgnoreOpenExecutions;
    default:
      return Mutant::None;
  }
}

}  // namespace

RefuseReason reason_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::OrderNotional:
      return RefuseReason::OrderNotional;
    case LimitKind::MaxEdge:
      return RefuseReason::EdgeTooGood;
    case LimitKind::NetDelta:
      return RefuseReason::Exposure;
    case LimitKind::CurrencyExposure:
      return RefuseReason::CurrencyExposure;
    case LimitKind::DailyLoss:
      return RefuseReason::DailyLoss;
    case LimitKind::OpenTrades:
      return RefuseReason::OpenExecutions;
    default:
      return RefuseReason::RiskLimit;
  }
}

// --- which are in force ---

void LimitBook::restart(const Universe& universe, const CoreConfig& config, Instant now) {
  universe_ = &universe;
  config_ = &config;
  configured_.restart(config);
  if (config.mutant == Mutant::ForgetLimitChange) changes_.clear();
  for (Active& limit : active_) limit.moments.all_at(now);
  rebuild();
}

// One that names what this universe does not have is kept, and concerns nothing.
void LimitBook::add(const LimitSetting& setting, bool changed, std::vector<Active>& out) const {
  const auto put = [&](const LimitSetting& one) {
    Active limit;
    limit.setting = one;
    limit.changed = changed;
    const auto there = where_of(one.scope, *universe_);
    if (!there) return;
    limit.where = *there;
    if (counts_moments(one.kind)) {
      const bool leased = std::ranges::any_of(
          leased_, [&](const LimitSetting& other) { return other.same_place(one); });
      const auto most = one.hard.to_scaled_floor(0);
      limit.moments.reserve(most && !leased
                                ? std::min(static_cast<std::size_t>(*most) + 1, moments_most)
                                : moments_most);
    }
    for (const Active& old : active_) {
      if (!old.setting.same_place(one)) continue;
      const bool same_room = old.moments.room() == limit.moments.room();
      Moments fresh = limit.moments;
      const LimitWhere where = limit.where;
      limit = old;
      limit.setting = one;
      limit.changed = changed;
      limit.where = where;
      if (!same_room) limit.moments = fresh;
      limit.watch.restart();
    }
    out.push_back(std::move(limit));
  };
  if (setting.scope.place() == LimitPlace::Everywhere && each_asset(setting.kind)) {
    for (const auto& asset : universe_->assets()) {
      const AssetId id = universe_->find_asset(asset.name.view());
      const auto pairs = universe_->pairs();
      // What is had of the reporting asset is profit, and of what nothing is traded in no currency.
      const bool measured =
          setting.kind == LimitKind::CurrencyExposure
              ? asset.name.view() != config_->reporting_asset.view() &&
                    std::ranges::any_of(pairs, [&](const Pair& p) { return p.quote == id; })
          : setting.kind == LimitKind::NetDelta
              ? std::ranges::any_of(pairs, [&](const Pair& p) { return p.base == id; })
              : true;
      if (!measured) continue;
      LimitSetting one = setting;
      one.scope.asset = asset.name;
      put(one);
    }
  } else if (setting.scope.place() == LimitPlace::Everywhere && each_venue(setting.kind)) {
    for (const auto& venue : universe_->venues()) {
      LimitSetting one = setting;
      one.scope.venue = Text<15>(venue.name.view());
      put(one);
    }
  } else {
    put(setting);
  }
}

// What is set for one asset or venue takes the place of what holds for each of them.
void LimitBook::rebuild() {
  tell_asked();
  std::vector<Active> fresh;
  const auto lay = [&](const LimitSetting& setting, bool changed) {
    std::vector<Active> these;
    add(setting, changed, these);
    for (Active& limit : these) {
      std::erase_if(fresh,
                    [&](const Active& other) { return other.setting.same_place(limit.setting); });
      fresh.push_back(std::move(limit));
    }
  };
  for (const LimitSetting& setting : configured_.all()) lay(setting, false);
  for (const LimitSetting& setting : changes_) lay(setting, true);
  for (const LimitSetting& setting : leased_) {
    const bool set = std::ranges::any_of(
        fresh, [&](const Active& other) { return other.setting.same_place(setting); });
    if (!set) lay(setting, false);
  }
  active_ = std::move(fresh);

  of_instrument_.assign(universe_->instruments().size(), {});
  of_unwinds_.assign(universe_->instruments().size(), {});
  for (std::size_t n = 0; n < active_.size(); ++n) {
    const LimitWhere& where = active_[n].where;
    for (const Instrument& on : universe_->instruments()) {
      const bool here = (!where.venue.valid() || where.venue == on.venue) &&
                        (!where.pair.valid() || where.pair == on.pair) &&
                        (!where.asset.valid() || where.asset == on.base || where.asset == on.quote);
      if (!here) continue;
      of_instrument_[on.id.index()].push_back(static_cast<std::uint16_t>(n));
      if (traits(active_[n].setting.kind).unwinds)
        of_unwinds_[on.id.index()].push_back(static_cast<std::uint16_t>(n));
    }
  }
  std::vector<QuickLimits::Limit> limits;
  for (const Active& limit : active_) {
    limits.push_back({limit.setting.kind, limit.where, bound_of(limit), &limit.moments,
                      !left_out(limit.setting.kind)});
  }
  quick_.restart(*universe_, std::move(limits), of_instrument_);
  for (std::size_t n = 0; n < active_.size(); ++n) measured(n);
  asked_.assign(of_instrument_.size() * strategy_count, {});
  untold_.clear();
  untold_.reserve(asked_.size());
  open_changed_ = held_changed_ = profit_changed_ = true;
}

Result<std::optional<LimitSetting>, std::string> LimitBook::set(const LimitSetting& setting) {
  if (auto fault = fault_of(setting)) return fail(std::move(*fault));
  if (const auto there = where_of(setting.scope, *universe_); !there) return fail(there.error());
  const std::optional<LimitSetting> before = in_force(setting);
  std::erase_if(changes_, [&](const LimitSetting& c) { return c.same_place(setting); });
  changes_.push_back(setting);
  rebuild();
  return before;
}

bool LimitBook::take_back(const LimitSetting& setting) {
  const bool was =
      std::erase_if(changes_, [&](const LimitSetting& c) { return c.same_place(setting); }) != 0;
  if (was) rebuild();
  return was;
}

Result<std::optional<LimitSetting>, std::string> LimitBook::file_says(const LimitSetting& setting,
                                                                      bool gone) {
  if (auto fault = fault_of(setting)) return fail(std::move(*fault));
  const std::optional<LimitSetting> before = configured_.say(setting, gone);
  rebuild();
  return before;
}

bool LimitBook::changed(const LimitSetting& same_place) const {
  return std::ranges::any_of(changes_,
                             [&](const LimitSetting& c) { return c.same_place(same_place); });
}

std::optional<LimitSetting> LimitBook::in_force(const LimitSetting& same_place) const {
  for (const Active& limit : active_) {
    if (limit.setting.same_place(same_place)) return limit.setting;
  }
  return std::nullopt;
}

bool LimitBook::any(LimitKind kind) const {
  return std::ranges::any_of(active_,
                             [&](const Active& limit) { return limit.setting.kind == kind; });
}

std::optional<Decimal> LimitBook::bound(LimitKind kind) const {
  for (const Active& limit : active_) {
    if (limit.setting.kind == kind && limit.setting.scope.place() == LimitPlace::Everywhere)
      return bound_of(limit);
  }
  return std::nullopt;
}

// --- shared ---

// What is shared comes in the order it was told in, so that the next is mostly where the last one was.
void LimitBook::share(std::span<const LeaseShare> shares) {
  std::vector<std::optional<Decimal>> of_limit(active_.size());
  std::vector<LimitSetting> strays;
  std::size_t at = 0;
  for (const LeaseShare& share : shares) {
    std::size_t looked = 0;
    const auto here = [&](const LimitSetting& setting) {
      return setting.kind == share.kind && setting.scope == share.scope;
    };
    while (looked < active_.size() && !here(active_[at % active_.size()].setting)) ++at, ++looked;
    // What a person has set here meanwhile is no stray any more: a share loosens nothing.
    const bool stray = (looked == active_.size() || std::ranges::any_of(leased_, here)) &&
                       std::ranges::none_of(changes_, here);
    if (stray) strays.push_back({share.kind, share.scope, share.bound, {}, LimitEffect::Refuses});
    if (looked != active_.size()) of_limit[at++ % active_.size()] = share.bound;
  }
  const bool same = std::ranges::equal(
      strays, leased_, [](const auto& a, const auto& b) { return a.same_place(b); });
  leased_ = std::move(strays);
  for (std::size_t n = 0; n < active_.size(); ++n) {
    Active& limit = active_[n];
    limit.share = of_limit[n];
    const bool stray = std::ranges::any_of(
        leased_, [&](const LimitSetting& other) { return other.same_place(limit.setting); });
    if (stray && limit.share) limit.setting.hard = *limit.share;
    if (same) quick_.set_bound(n, bound_of(limit));
  }
  if (!same) return rebuild();
  quick_.fold_bounds();
  for (std::size_t n = 0; n < active_.size(); ++n) measured(n);
}

void LimitBook::uses(std::vector<LeaseUse>& out) const {
  for (const Active& limit : active_) {
    const LimitSetting& set = limit.setting;
    if (sharing(set.kind) == Sharing::Each) continue;
    out.push_back({set.kind, set.scope, limit.known, limit.known ? limit.value : Decimal()});
  }
}

// --- asked ---

bool LimitBook::left_out(LimitKind kind) const {
  const Mutant mutant = left_out_by(kind);
  return mutant != Mutant::None && mutant == config_->mutant;
}

bool LimitBook::broken(const Active& limit, Decimal value) const {
  const Decimal bound = bound_of(limit);
  return traits(limit.setting.kind).least ? value < bound : value > bound;
}

std::optional<Decimal> LimitBook::value_of(LimitKind kind, const Asked& asked) {
  switch (kind) {
    case LimitKind::OrderNotional:
      return asked.notional;
    case LimitKind::OrderQuantity:
      return Decimal::from_scaled(asked.quantity.units, asked.qty_scale);
    case LimitKind::PriceDistance:
      return asked.price_distance;
    case LimitKind::PriceCollar:
      return asked.price_beyond;
    case LimitKind::MinEdge:
    case LimitKind::MaxEdge:
      return bps_of(asked.edge);
    case LimitKind::BookAge:
      return asked.book_age ? std::optional(Decimal::from_scaled(asked.book_age->ns, 9))
                            : std::nullopt;
    default:
      return std::nullopt;
  }
}

LimitBook::Asked LimitBook::asked_of(const OrderRequest& order, const OrderFacts& facts) {
  return {0,          facts.notional, facts.price_distance, facts.price_beyond,
          facts.edge, facts.book_age, order.quantity,       facts.instrument->qty_scale};
}

// What the limit would measure with the order. `concerns`: whether the order changes it at all.
std::optional<Decimal> LimitBook::value_after(const Active& limit, const OrderRequest& order,
                                              const OrderFacts& facts, const Asked& asked,
                                              bool& concerns) const {
  const Instrument& on = *facts.instrument;
  const bool buys = order.side == Side::Buy;
  const AssetId asset = limit.where.asset;
  const AssetId comes = buys ? on.base : on.quote;
  const AssetId goes = buys ? on.quote : on.base;
  const std::optional<Decimal> known = limit.known ? std::optional(limit.value) : std::nullopt;
  const auto amount_of = [&](AssetId which) {
    return which == on.base ? on.quantity_decimal(order.quantity)
                            : on.notional(order.price, order.quantity);
  };
  concerns = true;
  const LimitKind kind = limit.setting.kind;
  if (of_order(kind)) {
    const std::optional<Decimal> value = value_of(kind, asked);
    const bool of_price = kind == LimitKind::PriceDistance || kind == LimitKind::PriceCollar;
    concerns = value || !of_price || !order.unwind;
    return value;
  }
  switch (kind) {
    case LimitKind::OrderRate:
      return Decimal::from_int(
          static_cast<std::int64_t>(limit.moments.since(facts.now - rate_window)) + facts.new_legs);
    case LimitKind::CancelRate:
      concerns = order.post_only;  // what is placed and taken back
      return known;
    case LimitKind::OpenLegs:
      return sum_of(known, Decimal::from_int(facts.new_legs));
    case LimitKind::OpenTrades:
      return sum_of(known, Decimal::from_int(1));
    case LimitKind::Position:
      concerns = asset == comes;
      return sum_of(known, facts.notional);
    case LimitKind::NetDelta:
      concerns = asset == on.base;
      return facts.exposure_after;
    case LimitKind::GrossExposure:
    case LimitKind::NetExposure:
      return sum_of(known, facts.notional);
    case LimitKind::CurrencyExposure:
      // Beyond the limit only the way back is open.
      concerns = asset == on.quote &&
                 !(facts.currency_after && *facts.currency_after <= facts.currency_before);
      return facts.currency_after;
    case LimitKind::InventoryLeast:
      concerns = asset == goes;
      return sum_of(known, -amount_of(asset));
    case LimitKind::InventoryMost:
      concerns = asset == comes;
      return sum_of(known, amount_of(asset));
    case LimitKind::AssetConcentration: {
      // Only what may break it is worth a division.
      const bool much = !limit.known || !facts.notional || *facts.notional > limit.room;
      concerns = asset == comes && much;
      if (!concerns) return known;
      const auto more = facts.notional && everything_known_ ? share_of(*facts.notional, everything_)
                                                            : std::nullopt;
      return sum_of(known, more);
    }
    default:
      return known;
  }
}

std::optional<LimitBreach> LimitBook::ask(const OrderRequest& order, const OrderFacts& facts) {
  if (order.unwind) return ask_each(order, facts);
  measure();
  if (!quick_.passes(order, facts)) return ask_each(order, facts);
  note(order, facts);
  return std::nullopt;
}

std::optional<LimitBreach> LimitBook::ask_each(const OrderRequest& order, const OrderFacts& facts) {
  if (!order.unwind) measure();
  tell_asked();
  const Asked asked = asked_of(order, facts);
  const auto& rows = order.unwind ? of_unwinds_ : of_instrument_;
  for (const std::uint16_t n : rows[order.instrument.index()]) {
    Active& limit = active_[n];
    if (limit.where.strategy && *limit.where.strategy != facts.strategy) continue;
    if (left_out(limit.setting.kind)) continue;
    bool concerns = true;
    const std::optional<Decimal> value = value_after(limit, order, facts, asked, concerns);
    if (!concerns) continue;
    if (of_order(limit.setting.kind) && value) {
      limit.known = true;
      limit.value = *value;
    }
    if (!value || broken(limit, *value))
      return LimitBreach{true, limit.setting.kind, value.value_or(Decimal()), bound_of(limit)};
  }
  return std::nullopt;
}

void LimitBook::note(const OrderRequest& order, const OrderFacts& facts) {
  const std::size_t at =
      order.instrument.index() * strategy_count + static_cast<std::size_t>(facts.strategy);
  Asked& asked = asked_[at];
  if (asked.serial == 0) untold_.push_back(static_cast<std::uint32_t>(at));
  asked = asked_of(order, facts);
  asked.serial = ++asked_serial_;
}

// Limits of an order have measured what was let pass at one look, too.
void LimitBook::tell_asked() {
  std::ranges::sort(untold_, {}, [&](std::uint32_t at) { return asked_[at].serial; });
  for (const std::uint32_t at : untold_) {
    Asked& asked = asked_[at];
    const auto strategy = static_cast<Strategy>(at % strategy_count);
    for (const std::uint16_t n : of_instrument_[at / strategy_count]) {
      Active& limit = active_[n];
      const LimitKind kind = limit.setting.kind;
      if (!of_order(kind) || left_out(kind)) continue;
      if (limit.where.strategy && *limit.where.strategy != strategy) continue;
      if (const auto value = value_of(kind, asked)) {
        limit.known = true;
        limit.value = *value;
      }
    }
    asked.serial = 0;
  }
  untold_.clear();
}

// --- what happens ---

bool LimitBook::matches(const LimitWhere& where, VenueId venue, PairId pair, AssetId base,
                        Strategy strategy) const {
  return (!where.venue.valid() || where.venue == venue) &&
         (!where.pair.valid() || where.pair == pair) &&
         (!where.asset.valid() || where.asset == base) &&
         (!where.strategy || *where.strategy == strategy);
}

void LimitBook::on_placed(const Instrument& on, Strategy strategy, Instant now) {
  for (const std::uint16_t n : of_instrument_[on.id.index()]) {
    Active& limit = active_[n];
    if (limit.setting.kind == LimitKind::OrderRate &&
        matches(limit.where, on.venue, on.pair, on.base, strategy))
      limit.moments.add(now);
  }
}

void LimitBook::on_cancelled(const Instrument& on, Strategy strategy, Instant now) {
  for (const std::uint16_t n : of_instrument_[on.id.index()]) {
    Active& limit = active_[n];
    if (limit.setting.kind == LimitKind::CancelRate &&
        matches(limit.where, on.venue, on.pair, on.base, strategy))
      limit.moments.add(now);
  }
}

void LimitBook::on_leg(VenueId venue, bool fell_short) {
  for (Active& limit : active_) {
    if (limit.setting.kind != LimitKind::LegFailures) continue;
    if (limit.where.venue.valid() && limit.where.venue != venue) continue;
    Legs& legs = limit.legs;
    bool& oldest = legs.short_[legs.next];
    if (legs.count == legs_counted) legs.fell_short -= oldest ? 1 : 0;
    oldest = fell_short;
    legs.fell_short += fell_short ? 1 : 0;
    legs.next = (legs.next + 1) % legs_counted;
    legs.count = std::min(legs.count + 1, legs_counted);
  }
}

void LimitBook::on_venue_fault(VenueId venue, Instant now) {
  for (Active& limit : active_) {
    if (limit.setting.kind == LimitKind::VenueFaults && limit.where.venue == venue)
      limit.moments.add(now);
  }
}

void LimitBook::on_data_fault(VenueId venue, Instant now) {
  for (Active& limit : active_) {
    if (limit.setting.kind == LimitKind::DataFaults && limit.where.venue == venue)
      limit.moments.add(now);
  }
}

void LimitBook::forgive(const Scope& scope) {
  for (std::size_t n = 0; n < active_.size(); ++n) {
    std::vector<Scope> scopes;
    scopes_of(n, scopes);
    if (std::ranges::find(scopes, scope) == scopes.end()) continue;
    Active& limit = active_[n];
    limit.watch.forgive();
    limit.moments.clear();
    limit.legs = {};
    if (limit.setting.kind == LimitKind::LossStreak && profit_ != nullptr)
      limit.forgiven = profit_->realised(limit.where).decided;
    profit_changed_ = true;
  }
}

// --- shown ---

LimitStatus LimitBook::status_of(std::size_t n) const {
  const Active& limit = active_[n];
  return {limit.setting, limit.changed, limit.known, limit.value, limit.watch.level(), limit.share};
}

void LimitBook::status(std::vector<LimitStatus>& out) const {
  out.clear();
  for (std::size_t n = 0; n < active_.size(); ++n) out.push_back(status_of(n));
}

std::optional<std::size_t> LimitBook::also_holding(const Scope& scope, std::size_t but) const {
  std::vector<Scope> scopes;
  for (std::size_t n = 0; n < active_.size(); ++n) {
    if (n == but || !active_[n].watch.reached() ||
        active_[n].setting.effect == LimitEffect::Refuses)
      continue;
    scopes_of(n, scopes);
    if (std::ranges::find(scopes, scope) != scopes.end()) return n;
  }
  return std::nullopt;
}

void LimitBook::scopes_of(std::size_t n, std::vector<Scope>& out) const {
  out.clear();
  const LimitWhere& where = active_[n].where;
  if (where.strategy) {
    out.push_back({{}, {}, where.strategy});
  } else if (where.pair.valid()) {
    out.push_back({{}, where.pair});
  } else if (where.venue.valid()) {
    out.push_back({where.venue, {}});
  } else if (where.asset.valid()) {
    for (std::size_t p = 0; p < universe_->pairs().size(); ++p) {
      const PairId pair{static_cast<PairId::rep>(p)};
      if (universe_->pair(pair).base == where.asset) out.push_back({{}, pair});
    }
  } else {
    out.push_back({});
  }
}

}  // namespace ats::core

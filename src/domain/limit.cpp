#include "domain/limit.hpp"

#include <vector>

namespace ats {
namespace {

constexpr std::uint8_t operator|(LimitPlace a, LimitPlace b) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr std::uint8_t operator|(std::uint8_t a, LimitPlace b) {
  return static_cast<std::uint8_t>(a | static_cast<std::uint8_t>(b));
}
constexpr std::uint8_t only(LimitPlace place) { return static_cast<std::uint8_t>(place); }

constexpr auto everywhere = LimitPlace::Everywhere;
constexpr auto of_venue = LimitPlace::Venue;
constexpr auto of_asset = LimitPlace::Asset;
constexpr auto of_pair = LimitPlace::Pair;
constexpr auto of_strategy = LimitPlace::Strategy;
constexpr std::uint8_t any_order = everywhere | of_venue | of_asset | of_pair | of_strategy;
constexpr std::uint8_t traded = everywhere | of_asset | of_pair | of_strategy;

using enum LimitUnit;
constexpr auto refuses = LimitEffect::Refuses;
constexpr auto reduces = LimitEffect::ReduceOnly;
constexpr auto halts = LimitEffect::Halts;

// In the order of LimitKind.
constexpr std::array<LimitTraits, limit_kind_count> table{{
    {LimitKind::OrderNotional, "order_notional", Money, any_order, refuses, false, false,
     "what an order may trade for"},
    {LimitKind::OrderQuantity, "order_quantity", Asset, of_asset | of_pair, refuses, false, false,
     "how much of the base an order may trade"},
    {LimitKind::PriceDistance, "price_distance", Bps, any_order, refuses, false, true,
     "an order's price from the middle of all venues that trade the pair"},
    {LimitKind::PriceCollar, "price_collar", Bps, any_order, refuses, false, true,
     "an order's price beyond the best it could trade at where it goes"},
    {LimitKind::MinEdge, "min_edge", Bps, any_order, refuses, true, false,
     "what a trade is to earn after fees"},
    {LimitKind::MaxEdge, "max_edge", Bps, any_order, refuses, false, false,
     "what a trade may earn and still be believed"},
    {LimitKind::BookAge, "book_age", Seconds, everywhere | of_venue | of_asset | of_pair, refuses,
     false, false, "the time since the last message applied to an order's book"},
    {LimitKind::OrderRate, "order_rate", Count, any_order, refuses, false, false,
     "orders placed within a second"},
    {LimitKind::CancelRate, "cancel_rate", Count, everywhere | of_venue, reduces, false, false,
     "cancels asked for within a second"},
    {LimitKind::OpenLegs, "open_legs", Count, any_order, refuses, false, false,
     "orders that have no end yet"},
    {LimitKind::OpenTrades, "open_trades", Count, traded, refuses, false, false,
     "trades that are not resolved"},
    {LimitKind::Position, "position", Money, everywhere | of_asset, refuses, false, false,
     "what is held of an asset, everywhere together"},
    {LimitKind::NetDelta, "net_delta", Money, everywhere | of_asset, refuses, false, false,
     "what of an asset is bought and not sold, or the reverse, or in flight"},
    {LimitKind::GrossExposure, "gross_exposure", Money, only(everywhere), refuses, false, false,
     "the open nets of all assets, added up"},
    {LimitKind::NetExposure, "net_exposure", Money, only(everywhere), refuses, false, false,
     "the open nets of all assets, long against short"},
    {LimitKind::CurrencyExposure, "currency_exposure", Money, everywhere | of_asset, refuses, false,
     false, "what conversions left open have gained or spent of a currency"},
    {LimitKind::InventoryLeast, "inventory_least", Asset, only(LimitPlace::VenueAsset), refuses,
     true, false, "what is to be left of an asset on a venue"},
    {LimitKind::InventoryMost, "inventory_most", Asset, only(LimitPlace::VenueAsset), refuses,
     false, false, "what may be held of an asset on a venue"},
    {LimitKind::AssetConcentration, "asset_concentration", Percent, everywhere | of_asset, refuses,
     false, false, "an asset's share of everything that is held"},
    {LimitKind::VenueValue, "venue_value", Money, everywhere | of_venue, reduces, false, false,
     "what is held on a venue, and lost with it"},
    {LimitKind::VenueConcentration, "venue_concentration", Percent, everywhere | of_venue, reduces,
     false, false, "a venue's share of everything that is held"},
    {LimitKind::ValueAtRisk, "value_at_risk", Money, only(everywhere), reduces, false, false,
     "what may be lost within risk.var_horizon with risk.var_confidence, of everything held"},
    {LimitKind::DailyLoss, "daily_loss", Money, only(everywhere), halts, false, false,
     "lost since midnight UTC, realised or not"},
    {LimitKind::WeeklyLoss, "weekly_loss", Money, only(everywhere), halts, false, false,
     "lost since Monday, midnight UTC, realised or not"},
    {LimitKind::MonthlyLoss, "monthly_loss", Money, only(everywhere), halts, false, false,
     "lost since the first of the month, midnight UTC, realised or not"},
    {LimitKind::DailyRealisedLoss, "daily_realised_loss", Money, traded, halts, false, false,
     "lost by trades resolved since midnight UTC"},
    {LimitKind::WeeklyRealisedLoss, "weekly_realised_loss", Money, traded, halts, false, false,
     "lost by trades resolved since Monday, midnight UTC"},
    {LimitKind::MonthlyRealisedLoss, "monthly_realised_loss", Money, traded, halts, false, false,
     "lost by trades resolved since the first of the month, midnight UTC"},
    {LimitKind::Drawdown, "drawdown", Money, only(everywhere), halts, false, false,
     "how far the profit is below the highest it was"},
    {LimitKind::LossStreak, "loss_streak", Count, traded, reduces, false, false,
     "trades in a row that lost"},
    {LimitKind::LegFailures, "leg_failures", Percent, everywhere | of_venue, reduces, false, false,
     "of the last fifty legs, those that fell short of the other"},
    {LimitKind::VenueFaults, "venue_faults", Count, everywhere | of_venue, reduces, false, false,
     "within ten minutes on a venue: lost connections, orders without an answer, refusals for "
     "rate"},
    {LimitKind::DataFaults, "data_faults", Count, everywhere | of_venue, reduces, false, false,
     "within ten minutes on a venue: books that ceased to be valid"},
}};

constexpr bool in_order() {
  for (std::size_t n = 0; n < table.size(); ++n) {
    if (static_cast<std::size_t>(table[n].kind) != n) return false;
  }
  return true;
}
static_assert(in_order());

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool capitals(std::string_view word) {
  for (const char c : word) {
    if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) return false;
  }
  return !word.empty();
}

std::optional<Strategy> find_strategy(std::string_view word) {
  for (std::size_t n = 0; n < strategy_count; ++n) {
    const auto strategy = static_cast<Strategy>(n);
    if (word == name(strategy)) return strategy;
  }
  return std::nullopt;
}

// One or two words of a place into `scope`; false: they name none.
bool read_place(std::span<const std::string_view> words, LimitScope& scope) {
  if (words.size() == 2 && words[0] == "strategy") {
    scope.strategy = find_strategy(words[1]);
    return scope.strategy.has_value();
  }
  for (const std::string_view word : words) {
    if (word == "everywhere" && words.size() == 1) return true;
    if (const std::size_t slash = word.find('/'); slash != word.npos) {
      const bool sound = capitals(word.substr(0, slash)) && capitals(word.substr(slash + 1));
      if (!sound || !Text<31>::fits(word) || !scope.pair.view().empty()) return false;
      scope.pair = Text<31>(word);
    } else if (capitals(word)) {
      if (!Text<15>::fits(word) || !scope.asset.view().empty()) return false;
      scope.asset = Text<15>(word);
    } else {
      if (!Text<15>::fits(word) || !scope.venue.view().empty()) return false;
      scope.venue = Text<15>(word);
    }
  }
  return true;
}

const char* word_of(LimitEffect effect) {
  switch (effect) {
    case LimitEffect::Refuses:
      return "refuse";
    case LimitEffect::ReduceOnly:
      return "reduce";
    case LimitEffect::Halts:
      return "halt";
  }
  return "?";
}

std::optional<LimitEffect> find_effect(std::string_view word) {
  for (const LimitEffect effect : {refuses, reduces, halts}) {
    if (word == word_of(effect)) return effect;
  }
  return std::nullopt;
}

}  // namespace

const LimitTraits& traits(LimitKind kind) { return table[static_cast<std::size_t>(kind)]; }
const char* name(LimitKind kind) { return traits(kind).name; }

std::optional<LimitKind> find_limit(std::string_view name) {
  for (const LimitTraits& row : table) {
    if (name == row.name) return row.kind;
  }
  return std::nullopt;
}

bool triggers(LimitKind kind) { return traits(kind).effect != LimitEffect::Refuses; }

LimitPlace LimitScope::place() const {
  if (strategy) return LimitPlace::Strategy;
  if (!pair.view().empty()) return LimitPlace::Pair;
  if (!venue.view().empty())
    return asset.view().empty() ? LimitPlace::Venue : LimitPlace::VenueAsset;
  return asset.view().empty() ? LimitPlace::Everywhere : LimitPlace::Asset;
}

std::string to_text(const LimitScope& scope) {
  if (scope.strategy) return std::string("strategy ") + name(*scope.strategy);
  std::string out;
  for (const std::string_view part : {scope.venue.view(), scope.asset.view(), scope.pair.view()}) {
    if (part.empty()) continue;
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out.empty() ? "everywhere" : out;
}

std::optional<std::string> fault_of(const LimitSetting& setting) {
  const LimitTraits& limit = traits(setting.kind);
  const LimitScope& scope = setting.scope;
  const int named = (scope.venue.view().empty() ? 0 : 1) + (scope.asset.view().empty() ? 0 : 1) +
                    (scope.pair.view().empty() ? 0 : 1) + (scope.strategy ? 1 : 0);
  const bool together = scope.place() == LimitPlace::VenueAsset && named == 2;
  if ((named > 1 && !together) || !may_stand(limit, scope.place())) {
    return std::string(limit.name) + " cannot be set for " + to_text(scope);
  }
  if (setting.hard.negative()) return std::string(limit.name) + " is not negative";
  if (setting.warn && setting.warn->negative()) return "a warning level is not negative";
  const bool before = !setting.warn ||
                      (limit.least ? *setting.warn >= setting.hard : *setting.warn <= setting.hard);
  if (!before) return "the warning of " + std::string(limit.name) + " comes before its hard level";
  if (setting.effect != LimitEffect::Refuses && !triggers(setting.kind)) {
    return std::string(limit.name) + " is asked of each order: it refuses, and does nothing else";
  }
  return std::nullopt;
}

std::optional<LimitSetting> parse_limit(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() < 2) return std::nullopt;
  const auto kind = find_limit(words[0]);
  if (!kind) return std::nullopt;
  LimitSetting out;
  out.kind = *kind;
  out.effect = traits(*kind).effect;
  std::size_t at = 1;
  std::optional<Decimal> hard;
  for (; at < words.size() && !hard; ++at) {
    if (const auto number = Decimal::parse(words[at])) hard = *number;
  }
  if (!hard || at > 4) return std::nullopt;
  out.hard = *hard;
  if (!read_place(std::span(words).subspan(1, at - 2), out.scope)) return std::nullopt;
  if (at + 1 < words.size() && words[at] == "warn") {
    const auto warn = Decimal::parse(words[at + 1]);
    if (!warn) return std::nullopt;
    out.warn = *warn;
    at += 2;
  }
  if (at < words.size()) {
    const auto effect = find_effect(words[at]);
    if (!effect) return std::nullopt;
    out.effect = *effect;
    ++at;
  }
  if (at != words.size() || fault_of(out)) return std::nullopt;
  return out;
}

std::string to_text(const LimitSetting& setting) {
  std::string out = name(setting.kind);
  if (setting.scope.place() != LimitPlace::Everywhere) out += " " + to_text(setting.scope);
  out += " " + setting.hard.to_string();
  if (setting.warn) out += " warn " + setting.warn->to_string();
  if (setting.effect != traits(setting.kind).effect)
    out += std::string(" ") + word_of(setting.effect);
  return out;
}

}  // namespace ats

#include "core/risk/limit_settings.hpp"

#include <algorithm>

namespace ats::core {

bool each_asset(LimitKind kind) {
  return kind == LimitKind::Position || kind == LimitKind::AssetConcentration ||
         kind == LimitKind::CurrencyExposure || kind == LimitKind::NetDelta;
}

bool each_venue(LimitKind kind) {
  return kind == LimitKind::VenueValue || kind == LimitKind::VenueConcentration ||
         kind == LimitKind::VenueFaults || kind == LimitKind::DataFaults;
}

std::vector<LimitSetting> configured_limits(const CoreConfig& config) {
  std::vector<LimitSetting> all;
  const auto own = [&](LimitKind kind, Decimal hard) {
    all.push_back({kind, {}, hard, {}, traits(kind).effect});
  };
  own(LimitKind::OrderNotional, config.max_order_notional);
  own(LimitKind::MaxEdge, Decimal::from_scaled(config.max_edge.ppb, 5));
  own(LimitKind::NetDelta, config.max_exposure);
  own(LimitKind::CurrencyExposure, config.max_currency_exposure);
  own(LimitKind::DailyLoss, config.max_daily_loss);
  own(LimitKind::OpenTrades, Decimal::from_int(config.max_open_executions));
  for (const bool narrow : {false, true}) {
    for (const LimitSetting& setting : config.limits) {
      if ((setting.scope.place() != LimitPlace::Everywhere) == narrow) all.push_back(setting);
    }
  }
  return all;
}

std::optional<LimitSetting> ConfiguredLimits::say(const LimitSetting& setting, bool gone) {
  const auto same = std::ranges::find_if(
      all_, [&](const LimitSetting& other) { return other.same_place(setting); });
  if (same != all_.end()) {
    const LimitSetting before = *same;
    if (gone) {
      all_.erase(same);
    } else {
      *same = setting;
    }
    return before;
  }
  if (gone) return std::nullopt;
  const bool narrow = setting.scope.place() != LimitPlace::Everywhere;
  const auto first_narrow = std::ranges::find_if(all_, [](const LimitSetting& other) {
    return other.scope.place() != LimitPlace::Everywhere;
  });
  all_.insert(narrow ? all_.end() : first_narrow, setting);
  return std::nullopt;
}

}  // namespace ats::core

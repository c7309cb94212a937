// What limits measure of the state of things, read when it has changed and at every timer, and what follows from
// it: warned, cleared, reached, released.

#include <algorithm>
#include <utility>

#include "core/risk/limit_book.hpp"
#include "core/risk/limit_kinds.hpp"

namespace ats::core {
namespace {

std::optional<Period> period_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::DailyLoss:
    case LimitKind::DailyRealisedLoss:
      return Period::Day;
    case LimitKind::WeeklyLoss:
    case LimitKind::WeeklyRealisedLoss:
      return Period::Week;
    case LimitKind::MonthlyLoss:
    case LimitKind::MonthlyRealisedLoss:
      return Period::Month;
    default:
      return std::nullopt;
  }
}

// Changes with a reading of profit and loss, and not between two of them.
bool of_profit(LimitKind kind) {
  return period_of(kind) || kind == LimitKind::Drawdown || kind == LimitKind::LossStreak;
}

}  // namespace

void LimitBook::measure_changed() {
  if (profit_changed_ && profit_ != nullptr) measure_profit();
  if (view_ != nullptr && open_changed_) measure_open();
  if (view_ != nullptr && held_changed_) measure_held();
  for (std::size_t n = 0; n < active_.size(); ++n) measured(n);
  open_changed_ = held_changed_ = profit_changed_ = false;
}

void LimitBook::measured(std::size_t n) {
  const Active& limit = active_[n];
  if (!of_order(limit.setting.kind)) quick_.measured(n, {limit.known, limit.value, limit.room});
}

void LimitBook::measure_open() {
  const auto keep = [](Active& limit, std::optional<Decimal> value) {
    limit.known = value.has_value();
    if (value) limit.value = *value;
  };
  const auto over_all = [&](auto value) {
    std::optional<Decimal> sum = Decimal();
    for (std::size_t a = 0; a < universe_->assets().size(); ++a) {
      const AssetId asset{static_cast<AssetId::rep>(a)};
      const Decimal amount = value(asset);
      if (!amount.is_zero()) sum = sum_of(sum, view_->worth(asset, amount));
    }
    return sum;
  };
  for (Active& limit : active_) {
    const LimitWhere& where = limit.where;
    switch (limit.setting.kind) {
      case LimitKind::OpenLegs:
        keep(limit, Decimal::from_int(view_->open_legs(where)));
        break;
      case LimitKind::OpenTrades:
        keep(limit, Decimal::from_int(view_->open_trades(where)));
        break;
      case LimitKind::NetDelta: {
        const Decimal worst = view_->worst_net(where.asset);
        keep(limit, worst.is_zero() ? Decimal() : view_->worth(where.asset, worst));
        break;
      }
      case LimitKind::GrossExposure:
        keep(limit, over_all([&](AssetId asset) { return view_->worst_net(asset); }));
        break;
      case LimitKind::NetExposure: {
        const auto sum = over_all([&](AssetId asset) { return view_->net(asset); });
        keep(limit, sum ? std::optional(sum->abs()) : std::nullopt);
        break;
      }
      default:
        break;
    }
  }
}

void LimitBook::measure_held() {
  const std::size_t venues = universe_->venues().size();
  const std::size_t assets = universe_->assets().size();
  const auto held = [&](std::optional<VenueId> venue, std::optional<AssetId> asset) {
    std::optional<Decimal> sum = Decimal();
    for (std::size_t a = 0; a < assets && sum; ++a) {
      const AssetId which{static_cast<AssetId::rep>(a)};
      if (asset && *asset != which) continue;
      Decimal amount;
      for (std::size_t v = 0; v < venues; ++v) {
        const VenueId there{static_cast<VenueId::rep>(v)};
        if (!venue || *venue == there) amount += view_->balance(there, which);
      }
      if (!amount.is_zero()) sum = sum_of(sum, view_->worth(which, amount));
    }
    return sum;
  };
  const bool any = std::ranges::any_of(active_, [](const Active& limit) {
    return limit.setting.kind == LimitKind::AssetConcentration ||
           limit.setting.kind == LimitKind::VenueConcentration;
  });
  const auto all = any ? held({}, {}) : std::nullopt;
  everything_known_ = all.has_value();
  everything_ = all.value_or(Decimal());
  for (Active& limit : active_) {
    const LimitWhere& where = limit.where;
    std::optional<Decimal> value;
    switch (limit.setting.kind) {
      case LimitKind::Position:
        value = held({}, where.asset);
        break;
      case LimitKind::AssetConcentration: {
        const auto worth = held({}, where.asset);
        // Rounded down, and a unit less: where it does not suffice, it is computed.
        const auto most = everything_.multiply_floor(bound_of(limit));
        const auto share = most ? most->divide_floor(Decimal::from_int(100)) : fail(most.error());
        limit.room = share && worth ? *share - *worth - Decimal::from_raw(1) : Decimal();
        value = worth ? share_of(*worth, everything_) : std::nullopt;
        break;
      }
      case LimitKind::VenueValue:
        value = held(where.venue, {});
        break;
      case LimitKind::VenueConcentration:
        value = held(where.venue, {});
        if (value) value = share_of(*value, everything_);
        break;
      case LimitKind::ValueAtRisk:
        value = at_risk_;
        break;
      case LimitKind::InventoryLeast:
      case LimitKind::InventoryMost:
        value = view_->balance(where.venue, where.asset);
        break;
      case LimitKind::CurrencyExposure: {
        const Decimal change = view_->change(where.asset).abs();
        value = change.is_zero() ? change : view_->worth(where.asset, change);
        break;
      }
      default:
        continue;
    }
    limit.known = value.has_value();
    if (value) limit.value = *value;
  }
}

void LimitBook::measure_profit() {
  const ProfitReading& reading = profit_->reading();
  for (Active& limit : active_) {
    const LimitKind kind = limit.setting.kind;
    if (!of_profit(kind)) continue;
    limit.known = reading.number != 0;
    if (kind == LimitKind::Drawdown) {
      limit.value = reading.drawdown;
    } else if (kind == LimitKind::LossStreak) {
      const RealisedLine line = profit_->realised(limit.where);
      if (line.decided < limit.forgiven) limit.forgiven = 0;  // they are counted anew
      const std::uint64_t since = line.decided - limit.forgiven;
      limit.value = Decimal::from_int(
          static_cast<std::int64_t>(std::min<std::uint64_t>(line.losses_in_a_row, since)));
    } else {
      const auto period = static_cast<std::size_t>(*period_of(kind));
      if (!realised(kind)) limit.known = reading.known;
      limit.value = realised(kind) ? -profit_->realised(limit.where).current[period]
                                   : -reading.current[period].total;
    }
  }
}

void LimitBook::on_timer(Instant now, std::vector<LimitNews>& news) {
  tell_asked();
  open_changed_ = held_changed_ = profit_changed_ = true;
  measure();
  const std::uint64_t reading = profit_ == nullptr ? 0 : profit_->reading().number;
  const bool read = std::exchange(read_, reading) != reading;
  const bool measured_anew = std::exchange(at_risk_read_, at_risk_number_) != at_risk_number_;
  for (std::size_t n = 0; n < active_.size(); ++n) {
    Active& limit = active_[n];
    const LimitKind kind = limit.setting.kind;
    if (counts_moments(kind)) {
      limit.value =
          Decimal::from_int(static_cast<std::int64_t>(limit.moments.since(now - window_of(kind))));
      limit.known = true;
    } else if (kind == LimitKind::LegFailures) {
      const auto few = limit.legs.count < legs_least;
      limit.value = few ? Decimal()
                        : Decimal::from_int(static_cast<std::int64_t>(limit.legs.fell_short * 100 /
                                                                      limit.legs.count));
      limit.known = true;
    }
    measured(n);

    LimitWatch::Reading one;
    one.bound = bound_of(limit);
    if (limit.known) one.value = limit.value;
    one.watched = !of_order(kind);
    one.is_new = of_profit(kind) ? read : kind != LimitKind::ValueAtRisk || measured_anew;
    const LimitWatch::Told told = limit.watch.read(limit.setting, one, *config_, now);
    for (const LimitWatch::News what : {told.level, told.reach}) {
      if (what != LimitWatch::News::None) news.push_back({what, n});
    }
  }
}

}  // namespace ats::core

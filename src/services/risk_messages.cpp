#include "services/risk_messages.hpp"

#include <algorithm>
#include <string_view>

#include "core/risk/measures/calendar.hpp"
#include "services/live_view.hpp"
#include "services/scope_text.hpp"

namespace ats::services {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::string text(std::string_view view) { return std::string(view); }

// Those of the domain in their order, after "unspecified".
template <class To, class From>
constexpr To shifted(From from) {
  return static_cast<To>(static_cast<int>(from) + 1);
}
static_assert(shifted<v1::Severity>(Severity::Emergency) == v1::SEVERITY_EMERGENCY);
static_assert(shifted<v1::RiskState>(RiskState::Active) == v1::RISK_STATE_ACTIVE);
static_assert(shifted<v1::RiskState>(RiskState::ReduceOnly) == v1::RISK_STATE_REDUCE_ONLY);
static_assert(shifted<v1::RiskState>(RiskState::Halted) == v1::RISK_STATE_HALTED);
static_assert(shifted<v1::LimitLevel>(LimitLevel::Hard) == v1::LIMIT_LEVEL_HARD);
static_assert(shifted<v1::LimitEffect>(LimitEffect::Refuses) == v1::LIMIT_EFFECT_REFUSES);
static_assert(shifted<v1::LimitEffect>(LimitEffect::Halts) == v1::LIMIT_EFFECT_HALTS);
static_assert(shifted<v1::Hold::By>(HoldBy::NoLease) == v1::Hold::NO_LEASE);

void fill(v1::Scope& out, const Scope& scope, const Universe& universe) {
  if (scope.venue.valid()) out.set_venue(text(universe.venue(scope.venue).name.view()));
  if (scope.pair.valid()) out.set_pair(universe.pair_name(scope.pair));
  if (scope.strategy) out.set_strategy(name(*scope.strategy));
}

void fill(v1::Profit& out, const core::Profit& of) {
  out.set_total(of.total.to_string());
  out.set_realised(of.realised.to_string());
  out.set_unrealised(of.unrealised().to_string());
  out.set_trades(of.trades);
}

void fill_mark(v1::Position& out, const core::MarkedAt& mark) {
  if (!mark.price) return;
  out.set_mark(mark.price->to_string());
  out.set_fresh(mark.fresh);
  fill_duration(*out.mutable_mark_age(), mark.age);
}

template <class Lines, class Name>
void fill_lines(Lines& out, const std::vector<core::Profit>& of, Name&& name_of) {
  for (std::size_t n = 0; n < of.size(); ++n) {
    const core::Profit& line = of[n];
    if (line.total.is_zero() && line.realised.is_zero() && line.trades == 0) continue;
    v1::ProfitLine& to = *out.Add();
    to.set_name(name_of(n));
    fill(*to.mutable_profit(), line);
  }
}

void fill(v1::ProfitPeriod& out, const core::ProfitTable& of, const Universe& universe) {
  fill(*out.mutable_profit(), of.all);
  out.set_complete(of.complete);
  fill_lines(*out.mutable_venues(), of.venues, [&](std::size_t n) {
    return text(universe.venue({static_cast<VenueId::rep>(n)}).name.view());
  });
  fill_lines(*out.mutable_assets(), of.assets, [&](std::size_t n) {
    if (n >= universe.assets().size()) return std::string("-");
    return text(universe.asset({static_cast<AssetId::rep>(n)}).name.view());
  });
  fill_lines(*out.mutable_strategies(), of.strategies, [&](std::size_t n) {
    return std::string(n < strategy_count ? name(static_cast<Strategy>(n)) : "-");
  });
}

std::string asset_name(AssetId asset, const Universe& universe) {
  return asset.valid() ? text(universe.asset(asset).name.view()) : std::string();
}

}  // namespace

void fill_time(google::protobuf::Timestamp& out, WallTime at) {
  const std::int64_t under = at.ns_utc % second;
  out.set_seconds(at.ns_utc / second - (under < 0 ? 1 : 0));
  out.set_nanos(static_cast<std::int32_t>(under < 0 ? under + second : under));
}

void fill_duration(google::protobuf::Duration& out, Duration of) {
  out.set_seconds(of.ns / second);
  out.set_nanos(static_cast<std::int32_t>(of.ns % second));
}

void fill(v1::Scope& out, const LimitScope& scope) {
  out.set_venue(text(scope.venue.view()));
  out.set_asset(text(scope.asset.view()));
  out.set_pair(text(scope.pair.view()));
  if (scope.strategy) out.set_strategy(name(*scope.strategy));
}

void fill(v1::Hold& out, const HoldStatus& hold, const Universe& universe) {
  fill(*out.mutable_scope(), hold.scope, universe);
  out.set_state(shifted<v1::RiskState>(hold.state));
  out.set_resolving(hold.resolving);
  if (hold.limit) out.set_limit(name(*hold.limit));
  out.set_by(shifted<v1::Hold::By>(hold.by));
}

void fill(v1::GetStatusResponse& out, const CoreStatus& status, const Universe& universe) {
  if (status.wall.told()) fill_time(*out.mutable_as_of(), status.wall);
  out.set_incarnation(status.incarnation);
  out.set_reconciled(status.reconciled);
  out.set_stopping(status.stopping);
  RiskState everything = RiskState::Active;
  for (const HoldStatus& hold : status.holds) {
    if (hold.scope.global()) everything = std::max(everything, hold.state);
    fill(*out.add_holds(), hold, universe);
  }
  out.set_state(shifted<v1::RiskState>(everything));
  out.set_open_orders(static_cast<std::uint32_t>(status.open_orders.size()));
  out.set_open_trades(static_cast<std::uint32_t>(status.open_executions.size()));
  if (!status.lease.needed) return;
  v1::LeaseState& lease = *out.mutable_lease();
  lease.set_live(status.lease.live);
  lease.set_version(status.lease.version);
  if (status.lease.live) fill_duration(*lease.mutable_left(), status.lease.until - status.now);
}

void fill_engines(v1::GetStatusResponse& out, const RiskRole& role) {
  core::OfficeStatus office;
  role.office().status(office);
  for (const core::OfficeStatus::Engine& engine : office.engines) {
    v1::LeasingEngine& to = *out.add_engines();
    to.set_name(text(engine.name.view()));
    to.set_silent(engine.silent);
    to.set_granted(engine.granted);
    to.set_held(engine.held);
    fill_duration(*to.mutable_heard(), role.now() - engine.heard);
    if (engine.profit) to.set_profit(engine.profit->to_string());
    to.set_left_out(engine.left_out);
  }
}

void fill_promised(v1::ListLimitsResponse& out, const RiskRole& role) {
  core::OfficeStatus office;
  role.office().status(office);
  for (v1::Limit& to : *out.mutable_limits()) {
    for (const core::OfficeStatus::Limit& limit : office.limits) {
      if (sharing(limit.setting.kind) != Sharing::Split || to.name() != name(limit.setting.kind))
        continue;
      v1::Scope scope;
      fill(scope, limit.setting.scope);
      if (scope.SerializeAsString() == to.scope().SerializeAsString())
        to.set_promised(limit.promised.to_string());
    }
  }
}

void fill(v1::Limit& out, const LimitStatus& limit) {
  const LimitSetting& set = limit.setting;
  out.set_name(name(set.kind));
  fill(*out.mutable_scope(), set.scope);
  if (limit.known) out.set_value(limit.value.to_string());
  if (set.warn) out.set_warn(set.warn->to_string());
  out.set_hard(set.hard.to_string());
  out.set_unit(name(traits(set.kind).unit));
  if (const auto used = used_percent(limit)) out.set_used_percent(*used);
  out.set_level(shifted<v1::LimitLevel>(limit.level));
  out.set_effect(shifted<v1::LimitEffect>(set.effect));
  out.set_changed(limit.changed);
  if (limit.share) out.set_share(limit.share->to_string());
}

void fill(v1::Alert& out, const report::KeptAlert& alert, const Universe& universe) {
  out.set_number(alert.number);
  out.set_severity(shifted<v1::Severity>(alert.severity));
  out.set_code(name(alert.code));
  fill(*out.mutable_scope(), alert.scope, universe);
  out.set_subject(text(alert.subject.view()));
  out.set_message(text(alert.message.view()));
  fill_time(*out.mutable_first(), alert.first);
  fill_time(*out.mutable_last(), alert.last);
  out.set_times(alert.times);
  out.set_told(alert.told);
  out.set_open(alert.open());
  if (const auto& seen = alert.acknowledged) {
    out.mutable_acknowledged()->set_who(text(seen->who.view()));
    out.mutable_acknowledged()->set_reason(text(seen->reason.view()));
    fill_time(*out.mutable_acknowledged()->mutable_at(), seen->at);
  }
  if (alert.ended) {
    fill_time(*out.mutable_ended(), *alert.ended);
    out.set_ended_by(text(alert.ended_by.view()));
  }
}

const core::MarkedAt* mark_of(const core::RiskReport& report, AssetId asset) {
  for (const auto& exposure : report.exposures) {
    if (exposure.asset == asset) return &exposure.mark;
  }
  return nullptr;
}

void fill(v1::Position& out, const core::Position& position, const core::RiskReport& report,
          const Universe& universe) {
  out.set_venue(text(universe.venue(position.venue).name.view()));
  out.set_asset(asset_name(position.asset, universe));
  out.set_held(position.held.to_string());
  if (position.worth) out.set_worth(position.worth->to_string());
  if (const core::MarkedAt* mark = mark_of(report, position.asset)) fill_mark(out, *mark);
}

void fill(v1::ListPositionsResponse& out, const core::RiskReport& report,
          const Universe& universe) {
  if (report.as_of.told()) fill_time(*out.mutable_as_of(), report.as_of);
  out.set_reporting_asset(asset_name(report.reporting, universe));
  for (const core::Position& position : report.positions)
    fill(*out.add_positions(), position, report, universe);
  for (const auto& exposure : report.exposures) {
    v1::Exposure& to = *out.add_exposures();
    to.set_asset(asset_name(exposure.asset, universe));
    to.set_held(exposure.held.to_string());
    if (exposure.worth) to.set_worth(exposure.worth->to_string());
    to.set_change(exposure.change.to_string());
    if (exposure.change_worth) to.set_change_worth(exposure.change_worth->to_string());
  }
  out.set_equity(report.equity.to_string());
  out.set_gross(report.gross.to_string());
  out.set_net(report.net.to_string());
  out.set_unmarked(report.unmarked);
}

void fill(v1::GetProfitAndLossResponse& out, const core::RiskReport& report,
          const Universe& universe) {
  static_assert(shifted<v1::ProfitPeriod::Kind>(core::Period::Day) == v1::ProfitPeriod::DAY);
  static_assert(shifted<v1::ProfitPeriod::Kind>(core::Period::Month) == v1::ProfitPeriod::MONTH);
  const core::ProfitReport& profit = report.profit;
  if (report.as_of.told()) fill_time(*out.mutable_as_of(), report.as_of);
  out.set_reporting_asset(asset_name(report.reporting, universe));
  for (std::size_t n = 0; n < core::period_count; ++n) {
    const auto period = static_cast<core::Period>(n);
    v1::ProfitPeriod& to = *out.add_periods();
    to.set_kind(shifted<v1::ProfitPeriod::Kind>(period));
    const core::ProfitReport::Current& current = profit.current[n];
    if (profit.since.told()) to.set_label(core::text_of(period, current.number));
    if (current.opened.told()) fill_time(*to.mutable_since(), current.opened);
    fill(to, current.profit, universe);
  }
  v1::ProfitPeriod& ever = *out.add_periods();
  ever.set_kind(v1::ProfitPeriod::EVER);
  if (profit.since.told()) fill_time(*ever.mutable_since(), profit.since);
  fill(ever, profit.ever, universe);
  out.set_peak(profit.peak.to_string());
  out.set_drawdown(profit.drawdown.to_string());
  out.set_losses_in_a_row(profit.losses_in_a_row);
}

// --- what is asked for ---

Result<std::string, std::string> scope_of(const v1::Scope& scope) {
  const int named = (scope.venue().empty() ? 0 : 1) + (scope.pair().empty() ? 0 : 1) +
                    (scope.strategy().empty() ? 0 : 1);
  if (!scope.asset().empty()) return fail(std::string("scope.asset is for limits only"));
  if (named > 1) {
    return fail(std::string("scope names more than one of venue, pair and strategy: ask for each"));
  }
  if (!scope.strategy().empty()) return "strategy " + scope.strategy();
  return named == 0 ? std::string("all") : scope.venue() + scope.pair();
}

Result<std::string, std::string> limit_of(const v1::SetLimitRequest& request) {
  const v1::Scope& scope = request.scope();
  for (const std::string* part : {&request.name(), &scope.venue(), &scope.asset(), &scope.pair(),
                                  &scope.strategy(), &request.hard(), &request.warn()}) {
    if (part->find(' ') != std::string::npos)
      return fail("no field has a blank in it, '" + *part + "' has");
  }
  if (request.name().empty()) return fail(std::string("name: which limit; ListLimits has them"));
  if (request.hard().empty() && !request.take_back())
    return fail(std::string("hard: a decimal such as \"5000\""));
  std::string out = request.name();
  const auto add = [&](const std::string& part) {
    if (!part.empty()) out += " " + part;
  };
  add(scope.venue()), add(scope.asset()), add(scope.pair());
  if (!scope.strategy().empty()) out += " strategy " + scope.strategy();
  if (request.take_back()) return out + " 1";  // the place alone counts
  add(request.hard());
  if (request.has_warn()) out += " warn " + request.warn();
  switch (request.effect()) {
    case v1::LIMIT_EFFECT_REFUSES:
      return out + " refuse";
    case v1::LIMIT_EFFECT_REDUCE_ONLY:
      return out + " reduce";
    case v1::LIMIT_EFFECT_HALTS:
      return out + " halt";
    default:
      return out;
  }
}

}  // namespace ats::services

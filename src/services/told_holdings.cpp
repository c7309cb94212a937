#include "services/told_holdings.hpp"

#include <algorithm>
#include <utility>

namespace ats::services {

void ToldHoldings::on(const Event& event, Instant now) {
  if (const auto* started = std::get_if<Started>(&event)) {
    start(*started);
  } else if (const auto* timer = std::get_if<Timer>(&event)) {
    wall_ = timer->wall;
    wall_at_ = now;
    prices_.pass(wall_);
  } else if (const auto* asked = std::get_if<LeaseAsked>(&event)) {
    take(*asked, now);
  }
}

// Instants of an earlier life mean nothing in this one.
void ToldHoldings::start(const Started& event) {
  const AssetId reporting = universe_.add_asset(event.config->reporting_asset.view());
  if (reporting != reporting_) prices_.clear();
  reporting_ = reporting;
  marks_.clear();
}

void ToldHoldings::take(const LeaseAsked& event, Instant now) {
  if (event.holdings && wall_.told()) told_ = wall_ + (now - wall_at_);
  for (const LeasePosition& one : event.positions) {
    if (!universe_.find_venue(one.venue.view()).valid()) universe_.add_venue(one.venue.view(), {});
    const AssetId asset = universe_.add_asset(one.asset.view());
    if (!one.marked) continue;
    if (marks_.size() <= asset.index()) marks_.resize(asset.index() + 1);
    Mark& mark = marks_[asset.index()];
    if (one.fresh || !mark.known) mark.price = one.mark;
    mark.known = true;
    if (!one.fresh) continue;
    mark.fresh_at = now;
    if (wall_.told() && asset != reporting_ && one.mark > Decimal())
      prices_.mark(asset, told_, one.mark.to_double());  // statistics
  }
}

core::MarkedAt ToldHoldings::mark_of(AssetId asset, Instant now) const {
  if (asset.index() >= marks_.size() || !marks_[asset.index()].known) return {};
  const Mark& mark = marks_[asset.index()];
  // Engines tell what they hold every few seconds.
  const Duration age = mark.fresh_at.ns == 0 ? Duration{} : now - mark.fresh_at;
  return {mark.price, mark.fresh_at.ns != 0 && age < seconds(10), age};
}

core::RiskReport ToldHoldings::report(const core::OfficeStatus& office, Instant now) const {
  core::RiskReport out;
  out.reporting = reporting_;
  out.as_of = told_;
  for (const LeasePosition& one : office.positions) {
    const VenueId venue = universe_.find_venue(one.venue.view());
    const AssetId asset = universe_.find_asset(one.asset.view());
    const auto worth_of = [&](Decimal amount) -> std::optional<Decimal> {
      if (!one.marked) return std::nullopt;
      const auto worth = amount.multiply_floor(one.mark);
      return worth ? std::optional(*worth) : std::nullopt;
    };
    if (!one.held.is_zero())
      out.positions.push_back(
          {venue, asset, one.held, one.marked ? std::optional(one.worth) : std::nullopt});
    if (!one.traded.is_zero())
      out.traded.push_back({venue, asset, one.traded, worth_of(one.traded)});
  }
  const auto where = [](const core::Position& p) { return std::pair(p.venue, p.asset); };
  std::ranges::sort(out.positions, {}, where);
  std::ranges::sort(out.traded, {}, where);
  for (const core::OfficeStatus::Exposure& one : office.exposures) {
    const AssetId asset = universe_.find_asset(one.asset.view());
    core::RiskReport::Exposure& e = out.exposures.emplace_back();
    e.asset = asset;
    e.mark = mark_of(asset, now);
    e.held = one.held;
    e.change = one.traded;
    if (one.marked) {
      e.worth = one.worth;
      e.change_worth = one.traded_worth;
    }
  }
  std::ranges::sort(out.exposures, {}, &core::RiskReport::Exposure::asset);
  out.equity = office.equity;
  out.gross = office.gross;
  out.net = office.net;
  out.unmarked = office.unmarked;
  return out;
}

}  // namespace ats::services

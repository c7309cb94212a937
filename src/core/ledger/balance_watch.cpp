#include "core/ledger/balance_watch.hpp"

#include <algorithm>

namespace ats::core {

void BalanceWatch::restart(std::size_t venues, std::size_t assets, Instant now) {
  const std::size_t known_venues = watches_.size();
  std::vector<Report> grown(venues * assets);
  for (std::size_t v = 0; v < known_venues; ++v) {
    for (std::size_t a = 0; a < assets_; ++a) grown[v * assets + a] = reports_[v * assets_ + a];
  }
  for (Report& report : grown) {
    report.named = false;
    report.strikes = 0;
  }
  reports_ = std::move(grown);
  assets_ = assets;
  watches_.assign(venues, Watch{});
  for (Watch& watch : watches_) watch.compared = now;
}

void BalanceWatch::connection_up(VenueId venue, Instant now) {
  Watch& watch = watches_[venue.index()];
  watch.up = true;
  watch.told = false;
  watch.agreed = false;
  watch.asking = false;
  watch.compared = now;
}

void BalanceWatch::connection_down(VenueId venue) {
  Watch& watch = watches_[venue.index()];
  watch.up = false;
  watch.told = false;
  watch.agreed = false;
  watch.asking = false;
}

bool BalanceWatch::due(VenueId venue, bool quiet, const CoreConfig& config, Instant now) const {
  const Watch& watch = watches_[venue.index()];
  if (!watch.up) return false;
  // No answer for this long is none: the question or its answer was lost. A venue that is slow is given longer
  // each time, or none of its answers would ever count.
  const Duration overdue = config.order_deadline * (std::int64_t{2} << watch.given_up);
  if (watch.asking) return now - watch.asked >= overdue;
  if (!watch.told) return now - watch.asked >= config.query_interval;
  if (!agreed(venue, config, now)) {
    return quiet && now - watch.asked >= config.query_interval;
  }
  // Best when it proves something; a venue that is never quiet is asked all the same.
  return now - watch.asked >= config.balance_interval * (quiet ? 1 : 2);
}

void BalanceWatch::asked(VenueId venue, bool quiet, Instant now) {
  Watch& watch = watches_[venue.index()];
  watch.given_up = watch.asking ? std::min(watch.given_up + 1, 4u) : 0;
  watch.asking = true;
  watch.asked = now;
  watch.quiet = quiet;
  for (std::size_t a = 0; a < assets_; ++a) {
    reports_[venue.index() * assets_ + a].named = false;
  }
}

void BalanceWatch::reported(VenueId venue, AssetId asset, Decimal total) {
  Report& told = at(venue, asset);
  told.total = total;
  told.told = true;
  told.named = true;
}

void BalanceWatch::complete(VenueId venue, Instant asked, const Ledger& ledger, Instant now,
                            Findings& out) {
  Watch& watch = watches_[venue.index()];
  if (watch.asking && asked < watch.asked) {
    for (std::size_t a = 0; a < assets_; ++a)
      at(venue, {static_cast<AssetId::rep>(a)}).named = false;
    return;
  }
  for (std::size_t a = 0; a < assets_; ++a) {
    Report& told = reports_[venue.index() * assets_ + a];
    if (told.named) continue;
    told.total = Decimal();
    told.told = true;
  }
  const bool counts = watch.asking && watch.quiet;
  watch.asking = false;
  watch.told = true;
  if (!counts) return;

  watch.compared = now;
  watch.agreed = true;
  bool differs = false;
  for (std::size_t a = 0; a < assets_; ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    Report& told = at(venue, asset);
    if (!ledger.opened(venue, asset)) continue;
    const Decimal ours = ledger.balance(venue, asset);
    if (told.total == ours) {
      if (told.broken) out.healed.push_back({venue, asset, ours, told.total});
      told.strikes = 0;
      told.broken = false;
      continue;
    }
    differs = true;
    if (told.broken) continue;
    if (++told.strikes >= 2) {
      told.broken = true;
      out.breaks.push_back({venue, asset, ours, told.total});
    } else {
      watch.agreed = false;
      out.suspected = true;
    }
  }
  if (!differs) watch.agreed_at = watch.asked;
}

bool BalanceWatch::agreed(VenueId venue, const CoreConfig& config, Instant now) const {
  const Watch& watch = watches_[venue.index()];
  return watch.agreed && now - watch.compared < config.balance_interval * overdue_intervals;
}

void BalanceWatch::breaks(VenueId venue, const Ledger& ledger, std::vector<Difference>& out) const {
  for (std::size_t a = 0; a < assets_; ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    const Report& told = report(venue, asset);
    if (told.broken) out.push_back({venue, asset, ledger.balance(venue, asset), told.total});
  }
}

void BalanceWatch::accepted(VenueId venue) {
  for (std::size_t a = 0; a < assets_; ++a) {
    Report& told = reports_[venue.index() * assets_ + a];
    told.broken = false;
    told.strikes = 0;
  }
}

}  // namespace ats::core

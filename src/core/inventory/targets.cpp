#include "core/inventory/targets.hpp"

#include <span>

namespace ats::core {

InventoryTargets::InventoryTargets(const Universe& universe, const CoreConfig& config)
    : venues_(universe.venues().size()), targets_(venues_ * universe.assets().size()) {
  const auto target = [this](VenueId venue, AssetId asset) -> Target& {
    return targets_[asset.index() * venues_ + venue.index()];
  };
  for (const Instrument& i : universe.instruments()) {
    target(i.venue, i.base).trades = true;
    target(i.venue, i.quote).trades = true;
  }
  for (const InventoryTarget& wanted : config.inventory_targets) {
    const VenueId venue = universe.find_venue(wanted.venue.view());
    const AssetId asset = universe.find_asset(wanted.asset.view());
    if (!venue.valid() || !asset.valid() || !trades(venue, asset)) continue;
    target(venue, asset).named = true;
    target(venue, asset).share = wanted.share;
  }
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    if (venues_ > 0) fill_up(&targets_[a * venues_]);
  }
}

// What division leaves over goes to the first of those who are given a share here, a billionth each.
void InventoryTargets::fill_up(Target* of_asset) {
  const std::span all(of_asset, venues_);
  std::int64_t named = 0;
  std::int64_t traders = 0;
  std::int64_t others = 0;
  for (const Target& t : all) {
    if (t.named) named += t.share.ppb;
    if (t.trades) ++traders;
    if (t.trades && !t.named) ++others;
  }
  const bool fills = others > 0 && named <= Rate::one;
  const auto given = [&](const Target& t) {
    if (fills) return t.trades && !t.named;
    return named > 0 ? t.named && t.share.ppb > 0 : t.trades;
  };
  std::int64_t left = Rate::one;
  for (Target& t : all) {
    if (given(t)) {
      if (fills) {
        t.share.ppb = (Rate::one - named) / others;
      } else if (named > 0) {
        t.share.ppb = static_cast<std::int64_t>(Int128{t.share.ppb} * Rate::one / named);
      } else {
        t.share.ppb = Rate::one / traders;
      }
    }
    left -= t.share.ppb;
  }
  for (Target& t : all) {
    if (left == 0 || !given(t)) continue;
    ++t.share.ppb;
    --left;
  }
}

}  // namespace ats::core

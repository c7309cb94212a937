#include "core/inventory/skew.hpp"

#include <algorithm>

namespace ats::core {
namespace {

// How much of the way from its target to nothing, or to all, the share is.
std::int64_t fullness_of(std::int64_t share, std::int64_t target) {
  const std::int64_t off = share - target;
  if (off == 0) return 0;
  const std::int64_t whole = off < 0 ? target : Rate::one - target;
  return std::clamp(off * Rate::one / whole, -Rate::one, Rate::one);
}

}  // namespace

void InventorySkew::restart(const Universe& universe, const CoreConfig& config) {
  base_ = config.min_edge;
  skew_ = config.inventory_skew;
  floor_ = std::min(config.inventory_floor, config.min_edge);
  targets_ = InventoryTargets(universe, config);
  venues_ = universe.venues().size();
  fullness_.assign(venues_ * universe.assets().size(), Rate{});
  leans_.assign(universe.instruments().size(), 0);
}

bool InventorySkew::refresh(const Universe& universe, const Ledger& ledger) {
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    Decimal all;
    bool told = true;
    for (std::size_t v = 0; v < venues_; ++v) {
      const VenueId venue{static_cast<VenueId::rep>(v)};
      if (!targets_.trades(venue, asset)) continue;
      told = told && ledger.opened(venue, asset);
      all += std::max(Decimal(), ledger.balance(venue, asset));
    }
    for (std::size_t v = 0; v < venues_; ++v) {
      const VenueId venue{static_cast<VenueId::rep>(v)};
      Rate& fullness = fullness_[a * venues_ + v];
      fullness = {};
      if (!told || all.is_zero() || !targets_.trades(venue, asset)) continue;
      const Decimal held = std::max(Decimal(), ledger.balance(venue, asset));
      const auto part = held.divide_floor(all, 9);
      const auto share = part ? part->to_scaled(9) : fail(part.error());
      if (share) fullness = {fullness_of(*share, targets_.share(venue, asset).ppb)};
    }
  }
  bool changed = false;
  for (const Instrument& i : universe.instruments()) {
    const std::int64_t lean = fullness(i.venue, i.quote).ppb - fullness(i.venue, i.base).ppb;
    std::int64_t& known = leans_[i.id.index()];
    changed = changed || known != lean;
    known = lean;
  }
  return changed && skew_.ppb != 0;
}

Rate InventorySkew::moved(std::int64_t lean) const {
  const std::int64_t edge = base_.ppb - skew_.ppb * (lean / 4) / Rate::one;
  return {std::clamp(edge, floor_.ppb, Rate::one - 1)};
}

Rate InventorySkew::lowest() const { return std::max(floor_, Rate{base_.ppb - skew_.ppb}); }

}  // namespace ats::core

// What each venue is to hold of each asset, as shares of all that we hold of it. By default the venues that
// trade the asset share it equally; a share that is configured stands, and the others share what it leaves.
// Where every venue is named and the shares do not make one, they count in proportion.
// Invariant: the shares of an asset that is traded anywhere add up to one exactly; a venue that does not
// trade it has none.
#pragma once

#include <vector>

#include "domain/config.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

class InventoryTargets {
 public:
  InventoryTargets() = default;
  InventoryTargets(const Universe& universe, const CoreConfig& config);

  bool trades(VenueId venue, AssetId asset) const { return at(venue, asset).trades; }
  Rate share(VenueId venue, AssetId asset) const { return at(venue, asset).share; }

 private:
  struct Target {
    bool trades = false;
    bool named = false;
    Rate share;
  };
  const Target& at(VenueId venue, AssetId asset) const {
    return targets_[asset.index() * venues_ + venue.index()];
  }
  void fill_up(Target* of_asset);

  std::size_t venues_ = 0;
  std::vector<Target> targets_;  // asset-major
};

}  // namespace ats::core

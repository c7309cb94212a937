// The smallest edge of each direction, moved by what a trade would do to the holdings: lower for one that
// brings base and quote to where they are wanted, higher for one that takes them further away.
//
//   fullness f of an asset on a venue: −1 empty, 0 on target, +1 all of it is there; linear in between
//   lean of an instrument: f(quote) − f(base) on its venue, from −2 (base only) to +2 (quote only)
//   smallest edge of (buy, sell): min_edge − inventory_skew × (lean(buy) − lean(sell)) / 4
//
// so that it moves by inventory_skew at most, as far down for a direction as up for the way back, and never
// below inventory_floor (or min_edge, where that is lower). An asset counts as on target until every venue
// that trades it has told what it holds.
// Integer arithmetic; a function of ledger and configuration alone. Detector, cycles and risk read the same
// numbers, by index. refresh() and min_edge() allocate nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "core/inventory/targets.hpp"
#include "core/ledger/ledger.hpp"
#include "domain/config.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

class InventorySkew {
 public:
  void restart(const Universe& universe, const CoreConfig& config);
  // After the ledger changed. True when some smallest edge is another now.
  bool refresh(const Universe& universe, const Ledger& ledger);

  Rate min_edge(InstrumentId buy, InstrumentId sell) const {
    if (skew_.ppb == 0) return base_;
    return moved(leans_[buy.index()] - leans_[sell.index()]);
  }
  Rate lowest() const;  // no smallest edge is below
  const InventoryTargets& targets() const { return targets_; }
  // How full the venue is of the asset, by the last refresh: from −Rate::one to Rate::one.
  Rate fullness(VenueId venue, AssetId asset) const {
    return fullness_[asset.index() * venues_ + venue.index()];
  }

 private:
  Rate moved(std::int64_t lean) const;

  Rate base_, skew_, floor_;
  InventoryTargets targets_;
  std::size_t venues_ = 0;
  std::vector<Rate> fullness_;       // asset-major
  std::vector<std::int64_t> leans_;  // by instrument, parts per billion
};

}  // namespace ats::core

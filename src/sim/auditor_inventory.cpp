// What a direction has to earn by the auditor's own reckoning: the configured edge, moved by how far the
// venues' holdings are from their targets, as docs/inventory.md has it.

#include <algorithm>

#include "sim/auditor.hpp"

namespace ats::sim {

double Auditor::least_edge(const Instrument& buy, const Instrument& sell) {  // statistics
  const double asked = config_.min_edge.decimal().to_double();               // statistics
  const double floor = config_.inventory_floor.decimal().to_double();        // statistics
  const double pressure =                                                    // statistics
      (fullness(buy.venue, buy.quote) - fullness(buy.venue, buy.base) -
       fullness(sell.venue, sell.quote) + fullness(sell.venue, sell.base)) /
      4;
  const double moved =  // statistics
      asked - config_.inventory_skew.decimal().to_double() * pressure;
  return std::max(moved, std::min(floor, asked));
}

// From −1, the venue has none of the asset, over 0, its target, to 1, it has all of it.
double Auditor::fullness(VenueId venue, AssetId asset) {  // statistics
  double all = 0;                                         // statistics
  double named = 0;                                       // statistics
  int traders = 0;
  int unnamed = 0;
  std::optional<double> own;
  for (std::size_t v = 0; v < watched_.size(); ++v) {
    const VenueId at{static_cast<VenueId::rep>(v)};
    const bool trades = std::any_of(instruments_.begin(), instruments_.end(), [&](auto& i) {
      return i.venue == at && (i.base == asset || i.quote == asset);
    });
    if (!trades) continue;
    if (!watched_[v].opened) return 0;
    ++traders;
    all += std::max(0.0, ledger(at, asset).to_double());
    std::optional<double> share;
    for (const InventoryTarget& t : config_.inventory_targets) {
      if (t.venue.view() != universe_.venue(at).name.view()) continue;
      if (t.asset.view() != universe_.asset(asset).name.view()) continue;
      share = t.share.decimal().to_double();
    }
    named += share.value_or(0);
    if (!share) ++unnamed;
    if (at == venue) own = share;
  }
  if (all <= 0 || traders == 0) return 0;
  double target = 1.0 / traders;  // statistics
  if (unnamed > 0 && named <= 1) {
    target = own.value_or((1 - named) / unnamed);
  } else if (named > 0) {
    target = own.value_or(0) / named;
  }
  const double off = std::max(0.0, ledger(venue, asset).to_double()) / all - target;  // statistics
  if (off < 0) return off / target;
  return target < 1 ? off / (1 - target) : 0;
}

}  // namespace ats::sim

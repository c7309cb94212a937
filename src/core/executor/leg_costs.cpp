#include "core/executor/leg_costs.hpp"

#include <algorithm>

namespace ats::core {
namespace {

std::size_t index(LegSize size) { return static_cast<std::size_t>(size); }

}  // namespace

void LegCosts::restart(std::size_t venues, Rate prior, std::uint32_t prior_legs, Instant now) {
  prior_ = prior;
  prior_legs_ = prior_legs;
  relaxed_ = now;
  Sizes unknown;
  unknown.fill({prior});
  venues_.resize(venues, unknown);
  for (Sizes& sizes : venues_) {
    for (Estimate& estimate : sizes) {
      if (estimate.legs == 0) estimate.mean = prior;
    }
  }
}

Rate LegCosts::expected(VenueId venue, LegSize size) const {
  return std::max(Rate{}, venues_[venue.index()][index(size)].mean);
}

void LegCosts::learn(VenueId venue, LegSize size, bool fell_short, Rate cost) {
  Estimate& estimate = venues_[venue.index()][index(size)];
  const auto weight =
      static_cast<std::int64_t>(std::min<std::uint64_t>(prior_legs_ + estimate.legs, memory));
  const Rate told = std::clamp(cost, Rate{-believed.ppb}, believed);
  estimate.mean.ppb += (told.ppb - estimate.mean.ppb) / (weight + 1);
  ++estimate.legs;
  if (fell_short) ++estimate.fell_short;
}

void LegCosts::on_timer(Instant now) {
  if (now - relaxed_ < relaxed_every) return;
  relaxed_ = now;
  for (Sizes& sizes : venues_) {
    for (Estimate& estimate : sizes) estimate.mean.ppb += (prior_.ppb - estimate.mean.ppb) / 24;
  }
}

void LegCosts::status(std::vector<LegCostStatus>& out) const {
  out.clear();
  for (std::size_t v = 0; v < venues_.size(); ++v) {
    for (std::size_t s = 0; s < leg_size_count; ++s) {
      const Estimate& estimate = venues_[v][s];
      if (estimate.legs == 0) continue;
      const VenueId venue{static_cast<VenueId::rep>(v)};
      const auto size = static_cast<LegSize>(s);
      out.push_back({venue, size, estimate.legs, estimate.fell_short, expected(venue, size)});
    }
  }
}

}  // namespace ats::core

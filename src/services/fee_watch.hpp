// Whether venues charge what the core reckons with. An edge is only as good as the fees that were taken off it, and an
// account's own tier is in no listing; so every fill is looked at, and a person is told what to write where. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "domain/instrument.hpp"
#include "domain/order.hpp"

namespace ats::services {

class FeeWatch {
 public:
  // One line the first time that a venue charges fills of a kind (maker's, taker's) otherwise than the instrument says,
  // by more than a fiftieth and more than rounding; again when what it charges has changed by as much. A fee in a third
  // asset says nothing: what it is worth is not known here.
  std::optional<std::string> look(const Fill& fill, const Universe& universe);

 private:
  std::map<std::pair<VenueId, Liquidity>, Decimal> told_;  // rates
};

}  // namespace ats::services

// Several engines, each in a world of its own, and the risk role that leases them one set of limits, all in one
// virtual time from one seed. Letters between them are late, lost and come twice; lines are cut for a while; the role's
// process dies, also between one letter and the next, and is folded from its journal; its clock runs at another rate.
#pragma once

#include <cstdint>

#include "services/simulation.hpp"

namespace ats::services {

// What `setup` says of an engine holds for each; setup.engines of them. Of two or more.
SimulationReport run_fleet(const SimulationSetup& setup, std::uint64_t seed);

}  // namespace ats::services

// Asks every venue of the configuration what it lists, and puts the wanted pairs into the universe.
#pragma once

#include <string>

#include "base/result.hpp"
#include "domain/instrument.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "services/config.hpp"

namespace ats::services {

// Adds to `universe` (ids that are there stay). Waits for the answers, at most about ten seconds a venue.
// A pair that a venue does not list is left out there; a venue that lists none of them, or does not
// answer, is an error that says so.
Status<std::string> load_instruments(io::Reactor& reactor, const Config& config,
                                     const io::TlsContext* tls, Universe& universe);

std::vector<venues::WantedPair> wanted_pairs(const Config& config);

}  // namespace ats::services

// Asks a venue, over its real protocol, what an API key may do.
#pragma once

#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "security/key_rights.hpp"
#include "services/config.hpp"

namespace ats::services {

// Waits for the answers, at most about ten seconds each. The error is one line a person can act on.
Result<security::KeyRights, std::string> ask_key_rights(io::Reactor& reactor,
                                                        const VenueConfig& venue,
                                                        const io::TlsContext* tls,
                                                        const venues::Credentials& credentials);

}  // namespace ats::services

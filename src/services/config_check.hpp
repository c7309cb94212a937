// Whether values could be set, before anything is begun with them.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/config.hpp"

namespace ats::services {

// Whether the key ("section.name") is one of this configuration and takes each of the values.
Status<std::string> check_key(Config config, const std::string& name,
                              const std::vector<std::string>& values);

}  // namespace ats::services

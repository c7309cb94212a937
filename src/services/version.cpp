#include "services/version.hpp"

namespace ats::services {

const char* version() { return ATS_VERSION; }

}  // namespace ats::services

// The time zones of the machine (Debian's tzdata), as tables. Only its source sees the library that reads them (Abseil's, which
// gRPC brings along): the C library knows one zone a process, and g++ 12 has none of the standard's.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/zone.hpp"

namespace ats::io {

// "Europe/Berlin", "UTC". From a year before `now` to twenty after it. The error is one line a person can act on.
Result<Zone, std::string> load_zone(const std::string& name, WallTime now);

}  // namespace ats::io

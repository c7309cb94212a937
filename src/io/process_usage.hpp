// What this process takes of the machine, as the system counts it.
#pragma once

#include <cstdint>

namespace ats::io {

struct ProcessUsage {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
};

// Any thread. What the system does not tell is 0.
ProcessUsage process_usage();

}  // namespace ats::io

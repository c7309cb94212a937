// The only place in the program that reads the operating system's clocks. Everything else is handed
// its time, so that the same code runs live, in simulation and in replay.
#pragma once

#include <ctime>

#include "base/time.hpp"

namespace ats::io {

struct OsClock {
  // CLOCK_MONOTONIC: never steps, origin arbitrary. About 20 ns, no system call.
  static Instant now() noexcept {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return {std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec};
  }
  // CLOCK_BOOTTIME: as now(), and it counts on while the machine is suspended. For times that others hold us to; never
  // compared with now(). About 20 ns, no system call.
  static Instant lasting() noexcept {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return {std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec};
  }
  // CLOCK_REALTIME in UTC: may step when the machine's clock is corrected.
  static WallTime wall() noexcept {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return {std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec};
  }
};

}  // namespace ats::io

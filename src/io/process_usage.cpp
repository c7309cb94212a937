#include "io/process_usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace ats::io {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t all = 0, pages = 0;
  statm >> all >> pages;
  return statm ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::uint64_t descriptors() {
  std::error_code none;
  const std::filesystem::directory_iterator listed("/proc/self/fd", none);
  if (none) return 0;
  // Looking at them takes one.
  return static_cast<std::uint64_t>(std::distance(begin(listed), end(listed))) - 1;
}

// Since the machine began, in clock ticks: the 22nd field, the 20th behind the name, which may hold anything.
double start_time() {
  std::ifstream stat("/proc/self/stat");
  stat.ignore(std::numeric_limits<std::streamsize>::max(), ')');
  std::string field;
  for (int i = 0; i < 19; ++i) stat >> field;
  double ticks = 0;
  stat >> ticks;
  std::ifstream machine("/proc/stat");
  while (machine >> field && field != "btime")
    machine.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  double began = 0;
  machine >> began;
  return stat && machine ? began + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)) : 0;
}

}  // namespace

ProcessUsage process_usage() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  static const double started = start_time();
  return {seconds_of(used.ru_utime) + seconds_of(used.ru_stime), started, resident(),
          descriptors()};
}

}  // namespace ats::io

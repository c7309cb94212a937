#include "io/process_usage.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <vector>

namespace ats::io {
namespace {

TEST(ProcessUsage, CountsDescriptorsMemoryAndTimeOfThisProcess) {
  const ProcessUsage before = process_usage();
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  constexpr std::size_t taken = 64 << 20;
  std::vector<char> memory(taken, 'x');
  std::uint64_t sum = 0;
  for (const char c : memory) sum += static_cast<std::uint64_t>(c);
  const ProcessUsage after = process_usage();
  ::close(fd);
  EXPECT_EQ(sum, taken * 'x');
  EXPECT_EQ(after.open_descriptors, before.open_descriptors + 1);
  EXPECT_GT(after.resident_bytes, before.resident_bytes + taken / 2);
  EXPECT_GE(after.cpu_seconds, before.cpu_seconds);
}

TEST(ProcessUsage, BeganLongAfter1970AndNotInTheFuture) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const double started = process_usage().start_time_seconds;
  EXPECT_GT(started, 1.6e9);
  EXPECT_LE(started, now + 2);
}

}  // namespace
}  // namespace ats::io

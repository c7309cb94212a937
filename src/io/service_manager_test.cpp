#include "io/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace ats::io {
namespace {

// The manager's end; its name is abstract, so that nothing is left behind.
class Manager {
 public:
  Manager() : name_("@ats-manager-" + std::to_string(::getpid())) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data() + 1, name_.size() - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0)
      throw std::runtime_error("no socket");
  }
  ~Manager() { ::close(fd_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  const char* name() const { return name_.c_str(); }
  std::vector<std::string> told() {
    std::vector<std::string> all;
    char bytes[512];
    for (ssize_t got = 0; (got = ::recv(fd_, bytes, sizeof bytes, 0)) >= 0;)
      all.emplace_back(bytes, static_cast<std::size_t>(got));
    return all;
  }

 private:
  std::string name_;
  int fd_ = -1;
};

using Told = std::vector<std::string>;

TEST(ServiceManager, IsToldThatTheProcessIsReadyTurnsAndStops) {
  Manager manager;
  ServiceManager service(manager.name(), "1000000");
  service.ready("trading");
  EXPECT_EQ(manager.told(), Told{"READY=1\nSTATUS=trading"});
  const Instant start{10'000'000'000};
  service.alive(start);
  service.alive(start + milliseconds(499));
  EXPECT_EQ(manager.told(), Told{"WATCHDOG=1"});
  service.alive(start + milliseconds(500));
  EXPECT_EQ(manager.told(), Told{"WATCHDOG=1"});
  service.stopping();
  EXPECT_EQ(manager.told(), Told{"STOPPING=1"});
}

TEST(ServiceManager, OneThatReadsNothingHoldsNobodyUp) {
  Manager manager;
  ServiceManager service(manager.name(), "1000000");
  for (int n = 1; n <= 10'000; ++n) service.alive(Instant{n * std::int64_t{1'000'000'000}});
  const std::size_t kept = manager.told().size();
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, 10'000u) << "the rest was dropped";
  service.alive(Instant{20'000 * std::int64_t{1'000'000'000}});
  EXPECT_EQ(manager.told().size(), 1u) << "once it reads again it hears again";
}

TEST(ServiceManager, WithoutOneNothingIsTold) {
  Manager manager;
  const std::string gone = std::string(manager.name()) + "-gone";
  for (const char* name : {static_cast<const char*>(nullptr), "", "@", "relative", gone.c_str()}) {
    ServiceManager service(name, "1000000");
    service.ready("trading");
    service.alive(Instant{1'000'000'000});
    service.stopping();
  }
  const std::string too_long = "@" + std::string(200, 'x');
  ServiceManager service(too_long.c_str(), "1000000");
  service.ready("trading");
  EXPECT_TRUE(manager.told().empty());
}

TEST(ServiceManager, AWatchdogThatIsNoTimeIsNone) {
  Manager manager;
  for (const char* usec :
       {static_cast<const char*>(nullptr), "", "0", "-5", "1s", "99999999999999999999"}) {
    ServiceManager service(manager.name(), usec);
    service.alive(Instant{1'000'000'000});
  }
  EXPECT_TRUE(manager.told().empty());
}

}  // namespace
}  // namespace ats::io

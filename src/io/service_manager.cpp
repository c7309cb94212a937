#include "io/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace ats::io {

ServiceManager::ServiceManager(const char* notify_socket, const char* watchdog_usec) {
  const std::string_view name = notify_socket == nullptr ? "" : notify_socket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() < 2 || name.size() > sizeof address.sun_path) return;
  if (name[0] != '/' && name[0] != '@') return;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
  if (fd_ < 0 || watchdog_usec == nullptr) return;
  const std::string_view text = watchdog_usec;
  std::int64_t microseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), microseconds);
  constexpr std::int64_t most = 1'000'000'000'000;  // eleven days
  if (error == std::errc() && end == text.data() + text.size() && microseconds > 0)
    watchdog_ = Duration{std::min(microseconds, most) * 1000};
}

ServiceManager ServiceManager::of_environment() {
  return {std::getenv("NOTIFY_SOCKET"), std::getenv("WATCHDOG_USEC")};
}

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) ::close(fd_);
}

void ServiceManager::ready(std::string_view status) {
  tell("READY=1\nSTATUS=" + std::string(status));
}

void ServiceManager::stopping() { tell("STOPPING=1"); }

void ServiceManager::alive(Instant now) {
  if (watchdog_.ns == 0 || now - told_ < watchdog_ / 2) return;
  told_ = now;
  tell("WATCHDOG=1");
}

void ServiceManager::tell(const std::string& what) const {
  if (fd_ >= 0) ::send(fd_, what.data(), what.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace ats::io

// What systemd, or whoever speaks its protocol (sd_notify(3): datagrams to a Unix socket), is told of this process: that it
// is ready, that it is on its way out, and again and again that its loop turns. A process that was not started by one
// tells nobody, at no cost.
//
// Invariant: it never waits. libsystemd's sd_notify() does when the manager reads nothing, and a loop that trades would
// stand still with it; what does not fit is dropped here, and the next beat is another.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace ats::io {

class ServiceManager {
 public:
  // What the manager put into the environment: NOTIFY_SOCKET (a path, or a name behind '@') and WATCHDOG_USEC, how long
  // the process may be silent. Null: nobody.
  ServiceManager(const char* notify_socket, const char* watchdog_usec);
  // From this process's environment.
  static ServiceManager of_environment();
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void ready(std::string_view status);
  void stopping();
  // From the loop, each time it turns. Told twice within what the manager allows.
  void alive(Instant now);

 private:
  void tell(const std::string& what) const;
  int fd_ = -1;
  Duration watchdog_;  // zero: nobody waits for it
  Instant told_;
};

}  // namespace ats::io

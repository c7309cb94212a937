// /metrics, /healthz and /readyz of a running process: over plain HTTP on this machine, over TLS for others. On a thread of its own:
// each request asks the process's thread for what it shows, and the page is made from that copy, so that a page of a
// thousand books holds up no order.
//
//   /metrics  200, Prometheus' text format
//   /healthz  200 while the process's loop answers
//   /readyz   200 when it is past its start-up and not on its way out; the body says what is amiss
// All three say 503 when the loop has not answered for `answer_within`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/monitor_view.hpp"

namespace ats::services {

class Monitor {
 public:
  static constexpr Duration answer_within = seconds(2);

  // PEM files of who this process is.
  struct Identity {
    std::string cert, key;
  };

  // "127.0.0.1:9464", "0.0.0.0:9464". Port 0: any that is free.
  static bool can_listen(std::string_view text);
  // Whether the pages could be given there: all that open() asks for, except that the port is free.
  static Status<std::string> check(const std::string& listen, const Identity& identity);
  // `listen`: as above; elsewhere than on loopback it needs an identity, and the pages are given over TLS. The source is
  // asked on the reactor's thread, and outlives the monitor. The error is one line a person can act on.
  static Result<std::unique_ptr<Monitor>, std::string> open(io::Reactor& reactor,
                                                            const MonitorSource& source,
                                                            const std::string& listen,
                                                            const Identity& identity = {});
  // On the reactor's thread.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // "127.0.0.1:9464", with the port that was chosen where 0 was asked for.
  const std::string& address() const;
  // "http://127.0.0.1:9464"
  std::string url() const;

 private:
  class Parts;
  explicit Monitor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services

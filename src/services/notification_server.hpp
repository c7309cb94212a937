// The gRPC service ats.v1.Notifications of a notifier (proto/ats/v1/notification.proto): what it goes by, has told and has to
// tell, and what people may ask of it. The control socket is answered from the same (notice_answer.hpp).
//
// Invariants: nothing is answered to a certificate without a role that may. An acting call whose client has gone does nothing,
// and the same request id of the same client acts once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/monitor_view.hpp"
#include "services/notifier.hpp"
#include "services/risk_service_config.hpp"

namespace ats::services {

class NotificationServer {
 public:
  // Both outlive it. `log`: who was refused. The error is one line a person can act on.
  static Result<std::unique_ptr<NotificationServer>, std::string> open(
      io::Reactor& reactor, Notifier& notifier, const MonitorSource& source,
      const RiskServiceConfig& config, std::function<void(std::string)> log);
  ~NotificationServer();

  void serve();
  // Answers what has come and closes.
  void stop();
  const std::string& address() const;

 private:
  class Parts;
  explicit NotificationServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services

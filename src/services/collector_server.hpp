// The gRPC service ats.v1.Collector (proto/ats/v1/collector.proto): what a collector has of the venues, and who has it from
// here. It looks and never acts.
//
// Invariant: nothing is answered to a certificate without a role that may.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/market_feed.hpp"
#include "services/monitor_view.hpp"
#include "services/risk_service_config.hpp"

namespace ats::services {

class CollectorServer {
 public:
  struct Places {
    std::string feed, capture;  // empty: none
  };
  // Both outlive it. `log`: who was refused. The error is one line a person can act on.
  static Result<std::unique_ptr<CollectorServer>, std::string> open(
      io::Reactor& reactor, const MonitorSource& source, const FeedSource& books, Places places,
      const RiskServiceConfig& config, std::function<void(std::string)> log);
  ~CollectorServer();

  void serve();
  // Answers what has come and closes.
  void stop();
  const std::string& address() const;

 private:
  class Parts;
  explicit CollectorServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services

// The risk role as a process of its own, wired: role, gRPC service, control socket. Engines ask it for leases over
// ats.v1.Risk; people ask and command it as they do an engine. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/bus_publisher.hpp"
#include "services/config.hpp"
#include "services/control.hpp"
#include "services/log.hpp"
#include "services/monitor.hpp"
#include "services/reload.hpp"
#include "services/risk_role.hpp"
#include "services/risk_server.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

class RiskProcess final : private RiskSource, private MonitorSource {
 public:
  // The error is one line a person can act on.
  static Result<std::unique_ptr<RiskProcess>, std::string> open(io::Reactor& reactor,
                                                                const Config& config,
                                                                ReadConfig read_again, Log& log);
  ~RiskProcess() override;

  void start();
  // Has it read its configuration again, and take the limits; the log tells how it went.
  void reload(std::string_view who);
  // Not empty: it can go on no more, and why.
  const std::string& failure() const { return role_->failure(); }
  // Ends the streams and the journal. False: the journal could not be closed in order.
  bool close();

 private:
  RiskProcess(io::Reactor& reactor, const Config& config, ReadConfig read_again, Log& log);
  std::optional<std::string> prepare();
  void tick();
  void log_line(std::string line, LogLevel level = LogLevel::Info);
  std::string answer(std::string_view request);
  std::string answer_risk_of_all(const nlohmann::json& request) const;

  const Universe& universe() const override { return role_->universe(); }
  void status(CoreStatus& out) const override;
  RiskTold risk() const override;
  const report::AlertDesk& alerts() const override { return role_->alerts(); }
  bool paper() const override { return false; }
  const RiskRole* role() const override { return role_.get(); }
  bool ask_lease(const LeaseQuestion& question) override;
  Result<std::vector<std::string>, std::string> command(const Command& command) override;
  void monitored(MonitorView& out) const override;

  io::Reactor& reactor_;
  Config config_;
  ReadConfig read_again_;
  Log& log_;
  std::unique_ptr<RiskRole> role_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<RiskServer> server_;
  std::unique_ptr<BusPublisher> bus_;  // null: nobody is told
  io::TimerId timer_;
  Instant tick_due_, started_;
  Histogram loop_lag_;
  std::uint64_t shown_ = 0;  // of the alerts' changes, to those who watch
  bool closing_ = false;
  std::unique_ptr<Monitor>
      monitor_;  // null: not asked for; asks all of the above, so it goes first
};

}  // namespace ats::services

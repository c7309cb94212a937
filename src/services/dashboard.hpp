// The dashboard: page, REST and a stream of updates, for people and for programs, on one address. It asks engine, risk role and
// notifier over gRPC as any other client does, and has nothing of the core: it may be slow, fall over or stand still,
// and nothing that trades notices.
//
// It has a thread of its own. Who asks is found out first, and what that one may do is asked before anything else
// (services/access.hpp); what acts is written into the audit log with its outcome. Pages hold replicas (services/replica.hpp): a topic is asked for
// as long as somebody watches it, once for all of them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/access_config.hpp"
#include "services/api_table.hpp"
#include "services/dashboard_config.hpp"
#include "services/log.hpp"
#include "services/risk_service_config.hpp"
#include "services/rpc_channel.hpp"

namespace ats::services {

struct DashboardSource {
  std::string name;  // "engine", "risk", "notifier"
  AskedAt is = AskedAt::Engine;
  std::string address;  // empty: in this process
  std::shared_ptr<RpcChannel> channel;
};

struct DashboardSetup {
  DashboardConfig config;
  AccessConfig access;
  std::filesystem::path data_dir;  // its own is below
  std::vector<DashboardSource> sources;
  std::function<void(std::string, LogLevel)> log;  // on the dashboard's thread
};

struct DashboardStatus {
  std::size_t pages = 0;  // that are connected
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;
  std::uint64_t updates = 0;
  std::vector<std::string> away;  // sources that do not answer
};

class Dashboard {
 public:
  // Whether it could be given there: all that open() asks for but a free port.
  static Status<std::string> check(const DashboardConfig& config);
  // The error is one line a person can act on.
  static Result<std::unique_ptr<Dashboard>, std::string> open(DashboardSetup setup);
  // Waits for its thread, not for those who ask.
  ~Dashboard();
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;

  // "http://127.0.0.1:8420"
  const std::string& url() const;
  // Where there is no user yet: the link that makes the first one, an admin. Good once, for a day.
  const std::optional<std::string>& first_link() const;
  // Any thread; as of a moment ago.
  DashboardStatus status() const;

 private:
  class Parts;
  explicit Dashboard(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services

// Where the gRPC service ats.v1.Risk listens, where the risk role is, and who is believed.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace ats::services {

struct RiskServiceConfig {
  std::string listen;  // "127.0.0.1:7400"; empty: no service
  // PEM files, all or none: who we are, to clients and to the risk role; and whose certificates we believe.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_ca;
  std::string role = {};  // of an engine: where its risk role listens; empty: it has one of its own
  bool operator==(const RiskServiceConfig&) const = default;
};

// Whether risk.listen could be listened at with these files. The error is one line a person can act on.
Status<std::string> check_listening(const RiskServiceConfig& config);
// Whether whoever listens at risk.role could be asked with these files.
Status<std::string> check_reaching(const RiskServiceConfig& config);
// Whether the risk role at risk.role answers, and each believes the other's certificate; waits for so long at most.
Status<std::string> reach_role(const RiskServiceConfig& config, Duration within);

}  // namespace ats::services

// Where the gRPC service ats.v1.Risk listens, where the risk role is, and who is believed.
#pragma once

#include <string>

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

}  // namespace ats::services

// Where the gRPC service ats.v1.Risk listens, and who is let in.
#pragma once

#include <string>

namespace ats::services {

struct RiskServiceConfig {
  std::string listen;  // "127.0.0.1:7400"; empty: no service
  // PEM files, all or none: the server's chain and key, and whose clients are let in.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  bool operator==(const RiskServiceConfig&) const = default;
};

}  // namespace ats::services

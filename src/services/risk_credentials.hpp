// Who we are and whom we believe, as gRPC wants it: from the TLS files of the configuration, or none on loopback. Only
// what speaks gRPC includes this.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "base/result.hpp"
#include "services/risk_service_config.hpp"

namespace ats::services {

// Clients have to show a certificate. `key`: what says where it listens. The error is one line a person can act on.
Result<std::shared_ptr<grpc::ServerCredentials>, std::string> server_credentials(
    const RiskServiceConfig& config, const char* key = "risk.listen");
// For risk.role: its certificate has to be of our authority and of the host that is named.
Result<std::shared_ptr<grpc::ChannelCredentials>, std::string> client_credentials(
    const RiskServiceConfig& config);

// What gRPC has to say of itself goes nowhere: what matters is told by errors and statuses.
void silence_grpc();

}  // namespace ats::services

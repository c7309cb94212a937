// Who calls a gRPC service, and what that one may do: by the certificate that was shown, and by nothing a client says.
// Its common name is who it is; its organisational units (OU) are its roles. Only what speaks gRPC includes this.
//
//   viewer         looks
//   trader         looks, halts, acknowledges alerts, starts backtests, tests channels
//   risk-manager   likewise, and resumes, sets limits, writes off an engine
//   admin          the same
//   engine         looks, asks for leases in its own name, follows the journal of an engine that it may stand in for
//   dashboard      as an admin, in the names of the users that it knows (Caller.who): it asks them who they are
//
// A certificate without a role may do nothing. Without TLS, which is loopback only, whoever reaches the port may do
// everything, as whoever reaches the control socket may.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ats::services {

enum class Right : std::uint8_t {
  Look,
  Hold,     // what only makes it do less
  Command,  // what makes it do more, or again
  Lease,    // what engines ask of each other and of the risk role
  Notify,   // what sends people messages, or ends that they are sent
  Study,    // what takes the machine's time and disk, and nothing trades by
};

struct GrpcCaller {
  std::string name;                // of the certificate; empty: there is none
  std::vector<std::string> roles;  // those that there are
  bool certified = false;
  bool for_others = false;  // it says in whose name it acts
  std::uint8_t rights = 0;

  bool may(Right right) const { return (rights & (1U << static_cast<unsigned>(right))) != 0; }
};

// Takes the certificate apart: some tens of microseconds, on whichever thread asks.
GrpcCaller caller_of(const grpc::ServerContextBase& context);
// Of a certificate in PEM form.
GrpcCaller caller_of_certificate(std::string_view pem);

// Why not, in words for the caller.
grpc::Status denied(const GrpcCaller& caller, Right right, std::string_view method);

}  // namespace ats::services

#include "services/risk_credentials.hpp"

#include <ats/v1/risk.grpc.pb.h>
#include <fmt/format.h>
#include <grpc/support/log.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>

#include "io/tls.hpp"

namespace ats::services {
namespace {

bool is_loopback(const std::string& address) {
  const std::string_view host = std::string_view(address).substr(0, address.rfind(':'));
  const bool number = host.find_first_not_of("0123456789.") == host.npos;
  return (number && host.starts_with("127.")) || host == "[::1]";
}

Result<std::string, std::string> read_whole(const char* key, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().empty()) return fail(fmt::format("{}: '{}' cannot be read", key, path));
  return text.str();
}

struct Files {
  std::string cert, key, ca;
};

// Nothing: none is named, and `address` (of `what`) needs none.
Result<std::optional<Files>, std::string> files_of(const RiskServiceConfig& config,
                                                   const char* what, const std::string& address) {
  const int named = (config.tls_cert.empty() ? 0 : 1) + (config.tls_key.empty() ? 0 : 1) +
                    (config.tls_ca.empty() ? 0 : 1);
  if (named == 0) {
    if (is_loopback(address)) return std::optional<Files>();
    return fail(
        fmt::format("{}: '{}' is not on loopback, so it needs risk.tls_cert, risk.tls_key and "
                    "risk.tls_ca",
                    what, address));
  }
  if (named != 3)
    return fail(std::string("risk.tls_cert, risk.tls_key and risk.tls_ca: all of them, or none"));
  // gRPC says only that it cannot; this says which file is wrong.
  if (const auto sound = io::TlsContext::server(config.tls_cert, config.tls_key); !sound)
    return fail(fmt::format("risk.tls_cert, risk.tls_key: {}", io::name(sound.error())));
  if (const auto sound = io::TlsContext::client(config.tls_ca); !sound)
    return fail(fmt::format("risk.tls_ca: {}", io::name(sound.error())));
  auto cert = read_whole("risk.tls_cert", config.tls_cert);
  auto key = read_whole("risk.tls_key", config.tls_key);
  auto ca = read_whole("risk.tls_ca", config.tls_ca);
  for (const auto* file : {&cert, &key, &ca}) {
    if (!*file) return fail(file->error());
  }
  return std::optional(Files{std::move(*cert), std::move(*key), std::move(*ca)});
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>, std::string> server_credentials(
    const RiskServiceConfig& config, const char* key) {
  const auto files = files_of(config, key, config.listen);
  if (!files) return fail(files.error());
  if (!*files) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = (*files)->ca;
  options.pem_key_cert_pairs.push_back({(*files)->key, (*files)->cert});
  return grpc::SslServerCredentials(options);
}

Result<std::shared_ptr<grpc::ChannelCredentials>, std::string> client_credentials(
    const RiskServiceConfig& config) {
  const auto files = files_of(config, "risk.role", config.role);
  if (!files) return fail(files.error());
  if (!*files) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({(*files)->ca, (*files)->key, (*files)->cert});
}

Status<std::string> check_listening(const RiskServiceConfig& config) {
  const auto sound = server_credentials(config);
  if (!sound) return fail(sound.error());
  return Done{};
}

Status<std::string> check_reaching(const RiskServiceConfig& config) {
  const auto sound = client_credentials(config);
  if (!sound) return fail(sound.error());
  return Done{};
}

Status<std::string> reach_role(const RiskServiceConfig& config, Duration within) {
  silence_grpc();
  const auto credentials = client_credentials(config);
  if (!credentials) return fail(credentials.error());
  const auto channel = grpc::CreateChannel(config.role, *credentials);
  const auto until = std::chrono::system_clock::now() + std::chrono::nanoseconds(within.ns);
  if (!channel->WaitForConnected(until)) {
    return fail("no connection to " + config.role +
                ": it is not there, or one of the two does not believe the other's certificate "
                "(risk.tls_ca on both sides; its certificate has to be of the host that is named)");
  }
  // That it is the one, and that our certificate has a role there. Asking for a lease would show more, and would be in the way of
  // the engine by that name.
  grpc::ClientContext context;
  context.set_deadline(until);
  v1::GetStatusResponse answer;
  const grpc::Status said = v1::Risk::NewStub(channel)->GetStatus(&context, {}, &answer);
  if (said.ok()) return Done{};
  return fail(config.role + ": " + said.error_message() +
              (said.error_code() == grpc::StatusCode::PERMISSION_DENIED
                   ? " (an engine's certificate has OU=engine: docs/grpc.md)"
                   : ""));
}

void silence_grpc() {
  gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace ats::services

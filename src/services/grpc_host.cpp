#include "services/grpc_host.hpp"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <atomic>
#include <thread>
#include <utility>

#include "services/risk_credentials.hpp"

namespace ats::services {
namespace {

constexpr Duration stop_within = seconds(1);

}  // namespace

GrpcHost::GrpcHost(io::Reactor& reactor, std::function<void(std::string)> log)
    : reactor_(reactor), bridge_(reactor), calls_(bridge_, std::move(log)) {}

GrpcHost::~GrpcHost() { stop(); }

void GrpcHost::add(grpc::Service& service, const char* full_name) {
  services_.emplace_back(&service, full_name);
}

std::optional<std::string> GrpcHost::listen(const RiskServiceConfig& config, const char* key) {
  silence_grpc();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // else two would share the address
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
  builder.SetMaxReceiveMessageSize(1024 * 1024);
  // Engines look every few seconds whether we are still there.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  int port = 0;
  if (!config.listen.empty()) {
    const auto credentials = server_credentials(config, key);
    if (!credentials) return credentials.error();
    builder.AddListeningPort(config.listen, *credentials, &port);
  }
  for (const auto& [service, name] : services_) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || (port == 0 && !config.listen.empty())) {
    server_.reset();
    return fmt::format(
        "{}: cannot listen on '{}' (an address and a port such as 127.0.0.1:7400, which nobody "
        "else has)",
        key, config.listen);
  }
  if (port != 0)
    address_ = config.listen.substr(0, config.listen.rfind(':') + 1) + std::to_string(port);
  set_healthy(false);
  return std::nullopt;
}

std::shared_ptr<RpcChannel> GrpcHost::channel() const {
  auto out = std::make_shared<RpcChannel>();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
  out->grpc = server_->InProcessChannel(arguments);
  return out;
}

void GrpcHost::serve() {
  calls_.set_serving(true);
  set_healthy(true);
}

// gRPC waits for its calls, and they wait for this thread.
void GrpcHost::stop() {
  if (server_ == nullptr) return;
  set_healthy(false);
  calls_.set_serving(false);
  std::atomic<bool> down{false};
  std::thread shutdown([&] {
    const auto until = std::chrono::system_clock::now() + std::chrono::nanoseconds(stop_within.ns);
    server_->Shutdown(until);
    server_->Wait();
    down = true;
  });
  while (!down) reactor_.poll(milliseconds(5));
  shutdown.join();
  server_.reset();
  bridge_.close();
}

void GrpcHost::set_healthy(bool healthy) {
  auto* health = server_->GetHealthCheckService();
  health->SetServingStatus(healthy);
  for (const auto& [service, name] : services_) health->SetServingStatus(name, healthy);
}

}  // namespace ats::services

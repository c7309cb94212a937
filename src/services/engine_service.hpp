// The gRPC service ats.v1.Engine: what an engine sees, does and has done. It looks and never acts. Only risk_server.cpp,
// which has the server, includes this.
#pragma once

#include <ats/v1/engine.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <optional>

#include "services/engine_source.hpp"
#include "services/grpc_calls.hpp"
#include "services/grpc_stream.hpp"
#include "services/trade_reader.hpp"

namespace ats::services {

class EngineService final : public v1::Engine::CallbackService {
 public:
  EngineService(io::CallBridge& bridge, GrpcCalls& calls, const EngineSource& source)
      : calls_(calls), source_(source), watches_{bridge}, reader_([&bridge](SlowWork::Call call) {
          bridge.submit(std::move(call));
        }) {}

  // All on the reactor's thread.
  void pump();
  // Streams, and calls that wait for a file to be read.
  void end_streams(const grpc::Status& status);
  // As it was last looked at; no longer than until the next pump().
  const LiveView& view_now();

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;
  template <class Message>
  using Stream = grpc::ServerWriteReactor<Message>;

  Unary* GetEngine(Context*, const v1::GetEngineRequest*, v1::GetEngineResponse*) override;
  Unary* ListBooks(Context*, const v1::ListBooksRequest*, v1::ListBooksResponse*) override;
  Unary* ListOpportunities(Context*, const v1::ListOpportunitiesRequest*,
                           v1::ListOpportunitiesResponse*) override;
  Unary* ListOrders(Context*, const v1::ListOrdersRequest*, v1::ListOrdersResponse*) override;
  Unary* ListTrades(Context*, const v1::ListTradesRequest*, v1::ListTradesResponse*) override;
  Unary* GetTrade(Context*, const v1::GetTradeRequest*, v1::GetTradeResponse*) override;
  Unary* ListBalances(Context*, const v1::ListBalancesRequest*, v1::ListBalancesResponse*) override;
  Unary* GetConfiguration(Context*, const v1::GetConfigurationRequest*,
                          v1::GetConfigurationResponse*) override;
  Stream<v1::WatchBooksResponse>* WatchBooks(Context*, const v1::WatchBooksRequest*) override;
  Stream<v1::BusMessage>* WatchFills(Context*, const v1::WatchFillsRequest*) override;
  Stream<v1::BusMessage>* WatchTrades(Context*, const v1::WatchTradesRequest*) override;

  GrpcCalls& calls_;
  const EngineSource& source_;
  Watches watches_;
  std::optional<LiveView> view_;
  std::map<std::uint64_t, GrpcCalls::Finish> reading_;  // calls that wait for a trade
  std::uint64_t next_reading_ = 1;
  TradeReader reader_;
};

}  // namespace ats::services

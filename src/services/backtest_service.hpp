// The gRPC service ats.v1.Backtests. It has a thread of its own, and touches nothing of the core: an order does not wait for
// the files of a backtest. Only risk_server.cpp, which has the server, includes this.
//
// Order of life: constructed, registered with the server, begin(), serve(); stop_serving() before the server is shut down,
// close() after.
#pragma once

#include <ats/v1/backtest.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "io/call_bridge.hpp"
#include "io/reactor.hpp"
#include "services/backtest_jobs.hpp"
#include "services/grpc_calls.hpp"
#include "services/grpc_stream.hpp"

namespace ats::services {

class BacktestService final : public v1::Backtests::CallbackService {
 public:
  // `log`: one line for what a person should know; on this service's thread.
  BacktestService(BacktestJobsSetup setup, std::function<void(std::string)> log);
  ~BacktestService() override;

  void begin();
  void serve();
  void stop_serving();
  void close();

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;
  template <class Message>
  using Stream = grpc::ServerWriteReactor<Message>;

  Unary* ListRecordings(Context*, const v1::ListRecordingsRequest*,
                        v1::ListRecordingsResponse*) override;
  Unary* StartBacktest(Context*, const v1::StartBacktestRequest*,
                       v1::StartBacktestResponse*) override;
  Unary* CancelBacktest(Context*, const v1::CancelBacktestRequest*,
                        v1::CancelBacktestResponse*) override;
  Unary* ListBacktests(Context*, const v1::ListBacktestsRequest*,
                       v1::ListBacktestsResponse*) override;
  Unary* GetBacktest(Context*, const v1::GetBacktestRequest*, v1::GetBacktestResponse*) override;
  Stream<v1::WatchBacktestsResponse>* WatchBacktests(Context*,
                                                     const v1::WatchBacktestsRequest*) override;
  Stream<v1::FetchBacktestResponse>* FetchBacktest(Context*,
                                                   const v1::FetchBacktestRequest*) override;

  io::Reactor reactor_;
  io::CallBridge bridge_;
  GrpcCalls calls_;
  Watches watches_;
  BacktestJobs jobs_;
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

}  // namespace ats::services

// What the methods of all gRPC services have in common: who calls is asked for first, the call is brought to the reactor's
// thread and answered there, and what acts does so once. Only what speaks gRPC includes this.
//
// Invariants: nothing is answered to a caller without the right to it. An acting call whose client has gone, or whose
// deadline is over, does nothing. The same request id of the same client acts once.
#pragma once

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/call_bridge.hpp"
#include "io/clock.hpp"
#include "services/answers_given.hpp"
#include "services/grpc_caller.hpp"
#include "services/grpc_stream.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

inline grpc::Status stopping() {
  return {grpc::StatusCode::UNAVAILABLE, "the process is starting or stopping; nothing was done"};
}
inline grpc::Status bad(const std::string& why) {
  return {grpc::StatusCode::INVALID_ARGUMENT, why};
}

inline grpc::Status status_of(const Refusal& refusal) {
  switch (refusal.kind) {
    case Refusal::Kind::BadRequest:
      return bad(refusal.why);
    case Refusal::Kind::NotFound:
      return {grpc::StatusCode::NOT_FOUND, refusal.why};
    case Refusal::Kind::NotAsThingsAre:
      return {grpc::StatusCode::FAILED_PRECONDITION, refusal.why};
    case Refusal::Kind::Unavailable:
      return {grpc::StatusCode::UNAVAILABLE, refusal.why};
  }
  return {grpc::StatusCode::INTERNAL, refusal.why};
}

// Whoever asked is not there any more, or has stopped waiting: nothing may be done in its name.
inline std::optional<grpc::Status> gone(const grpc::CallbackServerContext& context) {
  if (context.deadline() <= std::chrono::system_clock::now())
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "it came too late; nothing was done");
  if (context.IsCancelled())
    return grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone; nothing was done");
  return std::nullopt;
}

// The same for the same message: maps come in any order otherwise.
template <class Message>
std::string bytes_of(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream to(&bytes);
  google::protobuf::io::CodedOutputStream out(&to);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

// Ends calls on a thread of its own: gRPC puts an answer into words and on its way there and then, which takes longer than
// making it, and what the reactor's thread is for would wait. What was handed over is ended before this is gone.
class CallEnder {
 public:
  CallEnder() : thread_([this] { run(); }) {}
  ~CallEnder() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  CallEnder(const CallEnder&) = delete;
  CallEnder& operator=(const CallEnder&) = delete;

  // Any thread. Nobody touches the call's messages afterwards.
  void end(grpc::ServerUnaryReactor* call, grpc::Status status) {
    {
      const std::lock_guard lock(mutex_);
      calls_.emplace_back(call, std::move(status));
    }
    wake_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !calls_.empty(); });
      if (calls_.empty()) return;
      const auto calls = std::exchange(calls_, {});
      lock.unlock();
      for (const auto& [call, status] : calls) call->Finish(status);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::pair<grpc::ServerUnaryReactor*, grpc::Status>> calls_;  // guarded by mutex_
  bool ending_ = false;                                                    // likewise
  std::thread thread_;
};

class GrpcCalls {
 public:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  // `log`: one line for what a person should know; on the reactor's thread.
  GrpcCalls(io::CallBridge& bridge, std::function<void(std::string)> log)
      : bridge_(bridge), log_(std::move(log)) {}

  // On the reactor's thread.
  void set_serving(bool serving) { serving_ = serving; }

  // Brings a call to the reactor's thread, where `answer` fills the response.
  template <class Request, class Answer>
  Unary* ask(Context* context, const Request*, Right right, Answer answer) {
    return take(context, method_of<Request>(), right,
                [answer](const GrpcCaller&) { return answer(); });
  }

  // Likewise, of what is answered some time later: `begin` is given what ends the call, to be called once, on the
  // reactor's thread.
  using Finish = std::function<void(const grpc::Status&)>;
  template <class Request, class Begin>
  Unary* ask_later(Context* context, const Request*, Right right, Begin begin) {
    Unary* call = context->DefaultReactor();
    const bool taken =
        bridge_.submit([this, call, context, right, caller = caller_of(*context), begin] {
          if (auto status = gone(*context)) return ender_.end(call, *status);
          if (!caller.may(right))
            return ender_.end(call, refuse(caller, right, method_of<Request>()));
          if (!serving_) return ender_.end(call, stopping());
          begin(Finish([this, call](const grpc::Status& status) { ender_.end(call, status); }));
        });
    if (!taken) call->Finish(stopping());
    return call;
  }

  // Likewise, of what acts: once for each request id of a client.
  template <class Request, class Response, class Act>
  Unary* act(Context* context, const Request* request, Response* response, Right right, Act act) {
    return take(context, method_of<Request>(), right,
                [this, request, response, act](const GrpcCaller& peer) -> grpc::Status {
                  return act_once(peer, *request, *response, act);
                });
  }

  // `begin`: what it does first, on the reactor's thread, where the process serves.
  template <class One, class Begin>
  One* watch(Context* context, const char* method, Right right, Watches& watches, One* stream,
             Begin begin) {
    const GrpcCaller caller = caller_of(*context);
    const bool taken = bridge_.submit([this, caller, method, right, &watches, stream, begin] {
      watches.all.push_back(stream);
      if (!caller.may(right)) return stream->end(refuse(caller, right, method));
      serving_ ? begin(*stream) : stream->end(stopping());
    });
    if (!taken) stream->Finish(stopping());
    return stream;
  }

 private:
  template <class Request>
  static std::string method_of() {
    const std::string& name = Request::descriptor()->name();
    return name.substr(0, name.rfind("Request"));
  }

  template <class Answer>
  Unary* take(Context* context, std::string method, Right right, Answer answer) {
    Unary* call = context->DefaultReactor();
    const bool taken = bridge_.submit([this, call, context, method = std::move(method), right,
                                       caller = caller_of(*context), answer] {
      if (auto status = gone(*context)) return ender_.end(call, *status);
      if (!caller.may(right)) return ender_.end(call, refuse(caller, right, method));
      ender_.end(call, serving_ ? answer(caller) : stopping());
    });
    if (!taken) call->Finish(stopping());
    return call;
  }

  template <class Request, class Response, class Act>
  grpc::Status act_once(const GrpcCaller& peer, const Request& request, Response& response,
                        const Act& act) {
    const auto& caller = request.caller();
    if (caller.request_id().empty() || caller.request_id().size() > 64)
      return bad("caller.request_id: 1 to 64 characters, another for each thing wanted");
    const bool told = !peer.certified || (peer.for_others && !caller.who().empty());
    const Wish wish{told ? caller.who() : peer.name, caller.reason()};
    if (wish.who.empty() || wish.who.size() > 31)
      return bad("caller.who: who asks, in 1 to 31 characters");
    const std::string key = peer.name + '\n' + caller.request_id();
    const std::string asked = Request::descriptor()->name() + '\n' + bytes_of(request);
    const Instant now = io::OsClock::now();
    switch (answers_.look(key, asked, now)) {
      case AnswersGiven::Found::Same:
        response.ParseFromString(answers_.answer(key));
        return grpc::Status::OK;
      case AnswersGiven::Found::Another:
        return bad("caller.request_id '" + caller.request_id() + "' was used for another request");
      case AnswersGiven::Found::Full:
        return {grpc::StatusCode::RESOURCE_EXHAUSTED,
                "too many acting calls within ten minutes; nothing was done"};
      case AnswersGiven::Found::None:
        break;
    }
    grpc::Status status = act(wish);
    if (status.ok()) answers_.keep(key, asked, response.SerializeAsString(), now);
    return status;
  }

  // Told once a minute at most: who is refused must not be able to fill a disk.
  grpc::Status refuse(const GrpcCaller& caller, Right right, const std::string& method) {
    grpc::Status status = denied(caller, right, method);
    const Instant now = io::OsClock::now();
    ++refused_;
    if (told_.ns != 0 && now - told_ < seconds(60)) return status;
    told_ = now;
    log_(fmt::format("warning: gRPC refused: {} ({} refused so far)", status.error_message(),
                     refused_));
    return status;
  }

  io::CallBridge& bridge_;
  std::function<void(std::string)> log_;
  CallEnder ender_;
  AnswersGiven answers_;
  bool serving_ = false;
  std::uint64_t refused_ = 0;
  Instant told_;
};

}  // namespace ats::services

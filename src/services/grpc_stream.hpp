// Streams of gRPC services to those who watch. Only what speaks gRPC includes this.
//
// Invariants: all of a stream runs on the reactor's thread but for gRPC's own callbacks, which bring themselves there.
// It holds at most one message that is not sent; it deletes itself with the last callback.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "io/call_bridge.hpp"

namespace ats::services {

// One that is watched.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual void pump() = 0;
  virtual void end(grpc::Status status) = 0;
};

// What the streams of a service share with it.
struct Watches {
  io::CallBridge& bridge;
  std::vector<Watch*> all = {};

  void pump() {
    for (Watch* watch : all) watch->pump();
  }
  void end(const grpc::Status& status) {
    for (Watch* watch : all) watch->end(status);
  }
};

// `Reactor`: gRPC's, that writes messages.
template <class Reactor, class Message>
class Stream : public Reactor, public Watch {
 public:
  explicit Stream(Watches& watches) : watches_(watches) {}

  void pump() override {
    if (writing_ || finished_) return;
    if (ending_) {
      finished_ = true;
      this->Finish(status_);
      return;
    }
    message_.Clear();
    if (!next(message_)) return;
    writing_ = true;
    this->StartWrite(&message_);
  }
  // Once what is under way has left.
  void end(grpc::Status status) override {
    if (ending_) return;
    ending_ = true;
    status_ = std::move(status);
    pump();
  }

  void OnWriteDone(bool ok) override {
    watches_.bridge.submit([this, ok] {
      writing_ = false;
      if (!ok) end(grpc::Status::CANCELLED);
      pump();
    });
  }
  void OnCancel() override {
    watches_.bridge.submit([this] { end(grpc::Status::CANCELLED); });
  }
  // The last of its callbacks: what it brought to the reactor's thread before is done before this.
  void OnDone() override {
    watches_.bridge.submit([this] {
      std::erase(watches_.all, static_cast<Watch*>(this));
      forget();
      delete this;
    });
  }

 protected:
  // False: there is nothing new.
  virtual bool next(Message& out) = 0;
  virtual void forget() {}
  io::CallBridge& bridge() const { return watches_.bridge; }
  bool ending() const { return ending_; }

 private:
  Watches& watches_;
  Message message_;  // under way
  bool writing_ = false, ending_ = false, finished_ = false;
  grpc::Status status_;
};

// Numbered from 1.
template <class Message>
class WatchStream : public Stream<grpc::ServerWriteReactor<Message>, Message> {
 public:
  using Stream<grpc::ServerWriteReactor<Message>, Message>::Stream;

 protected:
  virtual bool tell(Message& out) = 0;

 private:
  bool next(Message& out) final {
    if (!tell(out)) return false;
    out.set_sequence(++sequence_);
    return true;
  }
  std::uint64_t sequence_ = 0;
};

}  // namespace ats::services

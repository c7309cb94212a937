// Traces on their way to a server of OTLP over HTTP: a batch at a time, the same again after a pause that grows where the server does
// not take it now, told and left out where it never will. One thread.
//
// Invariant: what is taken is sent once, or counted as refused. It takes no more than it can hold: whoever gives it traces waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "io/backoff.hpp"
#include "io/http.hpp"
#include "io/net_address.hpp"
#include "io/tls.hpp"

namespace ats::services {

class TraceSender {
 public:
  static constexpr std::size_t held_most = 1'000;  // traces
  static constexpr std::size_t batch_most = 100;

  struct Setup {
    std::string
        url;  // "http://127.0.0.1:4318", of the server; its path, if any, goes before /v1/traces
    std::string ca_file;        // PEM, to trust instead of the system's
    std::string authorization;  // the header's value; empty: none
    // The body that takes these traces there.
    std::function<std::string(const std::vector<std::string>&)> body;
    std::function<void(const std::string&)> say;
  };
  // The error is one line a person can act on.
  static Result<std::unique_ptr<TraceSender>, std::string> open(io::Reactor& reactor, Setup setup);
  ~TraceSender();

  bool full() const { return waiting_.size() >= held_most; }
  bool idle() const { return waiting_.empty() && under_way_.empty(); }
  void add(std::string spans) { waiting_.push_back(std::move(spans)); }
  // Sends what waits, unless something is under way or it is too early again.
  void turn();

  std::uint64_t sent() const { return sent_; }
  std::uint64_t refused() const { return refused_; }

 private:
  TraceSender(io::Reactor& reactor, Setup setup, io::Url url);
  void answered(const Result<HttpResponse, TransportError>& answer);
  void later(const std::string& why);

  io::Reactor& reactor_;
  const Setup setup_;
  const io::Url url_;
  std::optional<io::TlsContext> tls_;
  std::unique_ptr<io::HttpClient> client_;
  io::Backoff backoff_;
  io::TimerId pause_;
  std::deque<std::string> waiting_;
  std::vector<std::string> under_way_;
  bool asking_ = false, down_ = false;
  std::uint64_t sent_ = 0, refused_ = 0;
};

}  // namespace ats::services

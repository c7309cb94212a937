// A venue's REST endpoint: one kept-alive connection behind a circuit breaker, at the first of the venue's
// hosts that serves. While the breaker is open, for as long as the venue has told us to stay away, and behind a
// closed fence, requests come back as NotSent: certainly nothing left. Answers teach how far the venue's clock is from ours.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/circuit_breaker.hpp"
#include "io/clock_skew.hpp"
#include "io/http.hpp"
#include "io/reactor.hpp"
#include "io/send_fence.hpp"
#include "io/tls.hpp"

namespace ats::io {

class VenueRest {
 public:
  // `urls`: at least one, all sound. `skew` outlives the object.
  VenueRest(Reactor& reactor, std::vector<std::string> urls, const TlsContext* tls, ClockSkew& skew,
            const SendFence* fence = nullptr);
  ~VenueRest();

  // The callback is called once, from Reactor::poll(), unless the object is destroyed first.
  void request(const HttpRequest& request, Duration timeout, HttpClient::Callback callback);
  void warm() { client_->warm(); }

  const CircuitBreaker& breaker() const { return breaker_; }
  const std::string& url() const { return urls_[at_]; }

 private:
  void open_client();
  void note(const Result<HttpResponse, TransportError>& answer, WallTime sent);
  void next_host();

  Reactor& reactor_;
  const std::vector<std::string> urls_;
  const TlsContext* tls_;
  const SendFence* fence_;  // null: none
  ClockSkew& skew_;
  CircuitBreaker breaker_;
  std::size_t at_ = 0;
  std::unique_ptr<HttpClient> client_;
  std::vector<std::unique_ptr<HttpClient>> leaving_;  // at another host, with answers still to come
  std::vector<TimerId> refusals_;
};

}  // namespace ats::io

#include "io/venue_rest.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "io/clock.hpp"
#include "io/net_address.hpp"

namespace ats::io {
namespace {

// Nobody behind the door: what gateways say. 500 is no such thing: it is an answer, at some venues to any
// request that is refused.
bool is_in_trouble(int status) { return status >= 502; }

// Statuses with which a venue asks us to stay away. 403 is a firewall's, which says no more than that.
bool asks_for_a_pause(int status) {
  return status == 429 || status == 418 || status == 503 || status == 403;
}

}  // namespace

VenueRest::VenueRest(Reactor& reactor, std::vector<std::string> urls, const TlsContext* tls,
                     ClockSkew& skew, const SendFence* fence)
    : reactor_(reactor), urls_(std::move(urls)), tls_(tls), fence_(fence), skew_(skew) {
  ATS_ASSERT(!urls_.empty());
  open_client();
}

VenueRest::~VenueRest() {
  for (TimerId& timer : refusals_) reactor_.cancel(timer);
}

void VenueRest::open_client() {
  const auto url = parse_url(urls_[at_]);
  ATS_ASSERT(url.ok());
  HttpClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.tls = url->tls ? tls_ : nullptr;
  options.stream.fence = fence_;
  client_ = std::make_unique<HttpClient>(reactor_, std::move(options));
}

void VenueRest::request(const HttpRequest& request, Duration timeout,
                        HttpClient::Callback callback) {
  std::erase_if(leaving_, [](const auto& client) { return client->pending() == 0; });
  if (!may_send(fence_) || !breaker_.allow(OsClock::now())) {
    std::erase_if(refusals_, [](const TimerId& timer) { return timer.deadline < OsClock::now(); });
    refusals_.push_back(reactor_.after(
        {}, [callback = std::move(callback)] { callback(fail(TransportError::NotSent)); }));
    return;
  }
  client_->request(request, timeout,
                   [this, sent = OsClock::wall(),
                    callback = std::move(callback)](Result<HttpResponse, TransportError> answer) {
                     note(answer, sent);
                     callback(std::move(answer));
                   });
}

void VenueRest::note(const Result<HttpResponse, TransportError>& answer, WallTime sent) {
  const Instant now = OsClock::now();
  const std::uint64_t openings = breaker_.openings();
  if (!answer) {
    breaker_.failed(now);
  } else {
    const WallTime wall = OsClock::wall();
    if (const std::string* date = answer->header("Date")) {
      if (const auto told = parse_http_date(*date)) skew_.on_answer(sent, wall, *told);
    }
    const std::string* pause = answer->header("Retry-After");
    const auto wait = pause != nullptr && asks_for_a_pause(answer->status)
                          ? parse_retry_after(*pause, wall)
                          : std::nullopt;
    if (wait) {
      breaker_.told_to_wait(now, *wait);
    } else if (is_in_trouble(answer->status)) {
      breaker_.failed(now);
    } else {
      breaker_.succeeded();
    }
  }
  if (breaker_.openings() != openings) next_host();
}

void VenueRest::next_host() {
  if (urls_.size() < 2) return;
  at_ = (at_ + 1) % urls_.size();
  // We may be within one of its callbacks: it goes when its last answer has come.
  leaving_.push_back(std::move(client_));
  open_client();
}

}  // namespace ats::io

#include "io/venue_line.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "io/clock.hpp"
#include "io/net_address.hpp"

namespace ats::io {
namespace {

constexpr Duration backoff_min = milliseconds(250);
constexpr Duration backoff_max = seconds(30);
constexpr Duration stable_after = seconds(10);
constexpr int doublings_max = 7;
// Behind a closed fence: nobody is asked, so nobody is bothered.
constexpr Duration look_again = milliseconds(20);

}  // namespace

VenueLine::VenueLine(Reactor& reactor, LineOwner& owner, const venues::ChannelPolicy& policy,
                     std::vector<std::string> urls, const TlsContext* tls, Rng& jitter,
                     const SendFence* fence)
    : reactor_(reactor),
      owner_(owner),
      policy_(policy),
      urls_(std::move(urls)),
      tls_(tls),
      jitter_(jitter),
      fence_(fence) {
  ATS_ASSERT(!urls_.empty());
}

VenueLine::~VenueLine() { reactor_.cancel(retry_); }

void VenueLine::connect() {
  if (!may_send(fence_)) {
    retry_ = reactor_.after(look_again, [this] {
      retry_ = {};
      connect();
    });
    return;
  }
  const auto url = parse_url(urls_[at_]);
  ATS_ASSERT(url.ok());
  WsClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.target = url->target;
  options.tls = url->tls ? tls_ : nullptr;
  options.headers = owner_.line_headers(*this);
  options.websocket.ping_every = policy_.ping_every;
  options.stream.fence = fence_;
  reason_.clear();
  WsListener& listener = *this;
  socket_ = std::make_unique<WebSocketClient>(reactor_, listener, std::move(options));
  socket_->connect();
}

void VenueLine::close() {
  const bool waiting = retry_.set();
  reactor_.cancel(retry_);
  last_ = true;
  ended_ = socket_ == nullptr || waiting;
  if (!ended_) socket_->close();
}

void VenueLine::retire() {
  retired_ = true;
  close();
}

void VenueLine::cut(std::string_view why) {
  if (!socket_ || !open_) return;
  reason_ = why;
  socket_->reset();
}

void VenueLine::send_text(std::string_view frame) {
  // A refused write means that the connection is broken, which on_closed reports: the Client then takes
  // what was in flight for Unknown.
  if (socket_) socket_->send_text(frame);
}

void VenueLine::hold() {
  if (socket_) socket_->hold();
}

void VenueLine::release() {
  if (socket_) socket_->release();
}

void VenueLine::watch(Instant now) {
  if (open_ && now - last_receive() > policy_.silence_max) {
    cut("silent for " + std::to_string(policy_.silence_max.ns / 1'000'000) + " ms");
  }
  if (open_ && !may_send(fence_)) cut(not_leading);
}

void VenueLine::on_open() {
  opened_ = OsClock::now();
  open_ = true;
  ++status_.connects;
  if (!retired_) owner_.line_open(*this);
}

void VenueLine::on_message(Opcode kind, std::string_view payload, Instant received) {
  ++status_.messages;
  status_.bytes += payload.size();
  if (retired_ || (kind != Opcode::Text && kind != Opcode::Binary)) return;
  owner_.line_message(*this, kind, payload, received);
}

void VenueLine::on_closed(const WsClosed& closed) {
  const bool was_open = std::exchange(open_, false);
  status_.last_loss = reason_.empty() ? describe(closed) : reason_;
  if (was_open) ++status_.losses;
  if (last_) {
    ended_ = true;
    if (was_open && !retired_) owner_.line_lost(*this);
    return;
  }
  const bool stood = was_open && OsClock::now() - opened_ >= stable_after;
  if (stood) failures_ = 0;
  // Who says when to come back serves, and counts us, not its hosts.
  const bool told = closed.retry_after.ns > 0;
  if (!stood && !told) at_ = (at_ + 1) % urls_.size();
  Duration wait = backoff_max;
  if (failures_ < doublings_max)
    wait = std::min(backoff_max, backoff_min * (std::int64_t{1} << failures_));
  ++failures_;
  wait = {jitter_.between(wait.ns / 2, wait.ns)};
  reactor_.cancel(retry_);
  retry_ = reactor_.after(std::max(wait, closed.retry_after), [this] {
    retry_ = {};
    connect();
  });
  if (was_open) owner_.line_lost(*this);
}

}  // namespace ats::io

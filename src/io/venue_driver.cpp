#include "io/venue_driver.hpp"

#include <algorithm>
#include <utility>

#include "io/clock.hpp"
#include "io/net_address.hpp"

namespace ats::io {
namespace {

constexpr Duration tick_every = milliseconds(100);
constexpr Duration backoff_min = milliseconds(250);
constexpr Duration backoff_max = seconds(30);
constexpr Duration stable_after = seconds(10);

}  // namespace

std::optional<std::string> VenueDriver::check_urls(const venues::VenueUrls& urls) {
  const auto check = [](const std::string& text, bool websocket) -> std::optional<std::string> {
    const auto url = parse_url(text);
    if (!url) return "'" + text + "' is not a URL: " + name(url.error());
    if (url->websocket != websocket) {
      return "'" + text + "' should begin with " +
             (websocket ? "wss:// or ws://" : "https:// or http://");
    }
    return std::nullopt;
  };
  if (auto wrong = check(urls.rest, false)) return wrong;
  if (auto wrong = check(urls.market, true)) return wrong;
  return check(urls.trading, true);
}

VenueDriver::VenueDriver(Reactor& reactor, DriverSetup setup, EventSink& sink)
    : reactor_(reactor), setup_(std::move(setup)), sink_(sink), jitter_(setup_.jitter_seed) {
  ATS_ASSERT(setup_.protocol != nullptr && setup_.protocol->make_client != nullptr);
  client_ = setup_.protocol->make_client(setup_.client);
  images_ = setup_.protocol->make_decoder(setup_.client.venue, *setup_.client.universe);
  market_.url = setup_.urls.market;
  market_.policy = setup_.protocol->market_policy;
  trading_.url = setup_.urls.trading;
  trading_.policy = setup_.protocol->trading_policy;
  const auto rest = parse_url(setup_.urls.rest);
  ATS_ASSERT(rest.ok());
  HttpClientOptions options;
  options.host = rest->host;
  options.port = rest->port;
  options.tls = rest->tls ? setup_.tls : nullptr;
  rest_ = std::make_unique<HttpClient>(reactor_, std::move(options));
}

VenueDriver::~VenueDriver() {
  running_ = false;
  reactor_.cancel(tick_timer_);
  reactor_.cancel(market_.retry);
  reactor_.cancel(trading_.retry);
}

venues::Now VenueDriver::now() const { return {OsClock::now(), OsClock::wall()}; }

void VenueDriver::start() {
  running_ = true;
  rest_->warm();
  connect(market_);
  if (setup_.client.credentials.present()) connect(trading_);
  tick();
}

void VenueDriver::stop() {
  running_ = false;
  reactor_.cancel(tick_timer_);
  for (Line* line : {&market_, &trading_}) {
    reactor_.cancel(line->retry);
    if (line->socket) line->socket->close();
  }
}

void VenueDriver::connect(Line& line) {
  const auto url = parse_url(line.url);
  ATS_ASSERT(url.ok());
  WsClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.target = url->target;
  options.tls = url->tls ? setup_.tls : nullptr;
  options.headers = client_->handshake_headers(line.channel, now());
  options.websocket.ping_every = line.policy.ping_every;
  line.reason.clear();
  line.socket = std::make_unique<WebSocketClient>(reactor_, line, std::move(options));
  line.socket->connect();
}

void VenueDriver::line_open(Line& line) {
  line.opened = OsClock::now();
  line.open = true;
  ++line.status.connects;
  client_->on_open(line.channel, now(), sink_, *this);
  tell_when_ready(line);
}

void VenueDriver::tell_when_ready(Line& line) {
  if (!line.open || line.status.up || !client_->ready(line.channel)) return;
  line.status.up = true;
  sink_.on(ConnectionUp{venue(), line.channel});
}

void VenueDriver::line_message(Line& line, Opcode kind, std::string_view payload,
                               Instant received) {
  ++line.status.messages;
  line.status.bytes += payload.size();
  if (kind != Opcode::Text && kind != Opcode::Binary) return;
  client_->on_text(line.channel, payload, {received, OsClock::wall()}, sink_, *this);
  if (!line.status.up) tell_when_ready(line);
  handling_.record((OsClock::now() - received).ns);
}

void VenueDriver::line_closed(Line& line, const WsClosed& closed) {
  const bool was_open = std::exchange(line.open, false);
  const bool was_up = std::exchange(line.status.up, false);
  line.status.last_loss = line.reason.empty() ? describe(closed) : line.reason;
  if (was_open) {
    ++line.status.losses;
    client_->on_close(line.channel, now(), sink_);
  }
  if (was_up) sink_.on(ConnectionDown{venue(), line.channel});
  if (!running_) return;
  if (was_open && OsClock::now() - line.opened >= stable_after) line.failures = 0;
  Duration wait = backoff_max;
  if (line.failures < 7)
    wait = std::min(backoff_max, backoff_min * (std::int64_t{1} << line.failures));
  ++line.failures;
  wait = {jitter_.between(wait.ns / 2, wait.ns)};
  reactor_.cancel(line.retry);
  line.retry = reactor_.after(wait, [this, &line] { connect(line); });
}

void VenueDriver::tick() {
  const Instant instant = OsClock::now();
  for (Line* line : {&market_, &trading_}) {
    if (line->open && instant - line->socket->last_receive() > line->policy.silence_max) {
      line->reason =
          "silent for " + std::to_string(line->policy.silence_max.ns / 1'000'000) + " ms";
      line->socket->reset();
    }
  }
  client_->on_timer(now(), sink_, *this);
  for (Line* line : {&market_, &trading_}) tell_when_ready(*line);
  if (running_) tick_timer_ = reactor_.after(tick_every, [this] { tick(); });
}

void VenueDriver::execute(const Action& action) {
  using venues::SendOutcome;
  if (const auto* place = std::get_if<Place>(&action)) {
    if (client_->place(place->order.value(), now(), *this) != SendOutcome::Sent) {
      sink_.on(OrderNotSent{place->order->id});
    }
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    if (client_->cancel(*cancel, now(), *this) != SendOutcome::Sent) {
      sink_.on(CancelRejected{cancel->order, RejectReason::VenueBusy, {{}, OsClock::now()}});
    }
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    if (client_->query_order(*query, now(), *this) != SendOutcome::Sent) {
      sink_.on(QueryFailed{query->order});
    }
  } else if (std::holds_alternative<QueryOpenOrders>(action)) {
    // Not sent: the core asks again when the channel is back.
    client_->query_open_orders(now(), *this);
  } else if (std::holds_alternative<QueryBalances>(action)) {
    client_->query_balances(now(), *this);
  } else if (const auto* request = std::get_if<RequestSnapshot>(&action)) {
    if (client_->request_snapshot(request->instrument, now(), *this) != SendOutcome::Sent) {
      sink_.on(BookFault{request->instrument, venue(), BookFaultReason::SnapshotFailed});
    }
  } else if (const auto* image = std::get_if<AuditBook>(&action)) {
    audit(image->instrument);
  } else if (const auto* again = std::get_if<Resubscribe>(&action)) {
    if (client_->resubscribe(again->instrument, now(), *this) != SendOutcome::Sent) {
      sink_.on(BookFault{again->instrument, venue(), BookFaultReason::SubscriptionLost});
    }
  }
}

// An answer that does not come, or cannot be read, leaves the audit without a verdict.
void VenueDriver::audit(InstrumentId instrument) {
  if (setup_.protocol->depth_request == nullptr) return;
  const Instrument& on = setup_.client.universe->instrument(instrument);
  rest_->request(setup_.protocol->depth_request(on), seconds(10),
                 [this, instrument](const Result<HttpResponse, TransportError>& answer) {
                   if (!answer || answer->status != 200) return;
                   struct Images final : EventSink {
                     explicit Images(EventSink& to) : sink(to) {}
                     void on(const Event& event) override {
                       if (const auto* s = std::get_if<BookSnapshot>(&event))
                         sink.on(BookImage{s->instrument, s->times, s->bids, s->asks});
                     }
                     EventSink& sink;
                   } images(sink_);
                   images_->on_depth_body(instrument, answer->body, OsClock::now(), images);
                 });
}

void VenueDriver::send_text(Channel channel, std::string_view frame) {
  // A refused write means that the connection is broken, which on_closed reports: the Client then takes
  // what was in flight for Unknown.
  if (Line& l = line(channel); l.socket) l.socket->send_text(frame);
}

void VenueDriver::send_rest(venues::RestTag tag, const HttpRequest& request, Duration timeout) {
  rest_->request(request, timeout, [this, tag](Result<HttpResponse, TransportError> answer) {
    if (answer) {
      client_->on_response(tag, *answer, now(), sink_, *this);
    } else {
      client_->on_rest_failed(tag, answer.error(), now(), sink_, *this);
    }
  });
}

void VenueDriver::reconnect(Channel channel, std::string_view why) {
  Line& l = line(channel);
  if (!l.socket || !l.open) return;
  l.reason = why;
  l.socket->reset();
}

}  // namespace ats::io

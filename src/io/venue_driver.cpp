#include "io/venue_driver.hpp"

#include <algorithm>
#include <utility>

#include "io/clock.hpp"
#include "io/net_address.hpp"

namespace ats::io {
namespace {

constexpr Duration tick_every = milliseconds(100);
// A connection's heir is opened this long before its life ends, or a tenth of a short life.
constexpr Duration handover_max = seconds(600);
// How long a book must be quiet for an heir to have missed nothing of it.
constexpr Duration settle_max = seconds(5);
// A connection that brings nothing for this long while its twin brings so many messages is frozen.
constexpr Duration frozen_after = seconds(3);
constexpr std::uint64_t frozen_messages = 10;
constexpr Duration image_answer_max = seconds(10);

std::vector<std::string> hosts(const std::string& first, const std::vector<std::string>& others) {
  std::vector<std::string> all = {first};
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

void add(ChannelStatus& sum, const ChannelStatus& one) {
  sum.connects += one.connects;
  sum.losses += one.losses;
  sum.messages += one.messages;
  sum.bytes += one.bytes;
  if (!one.last_loss.empty()) sum.last_loss = one.last_loss;
}

void add(venues::ClientCounters& sum, const venues::ClientCounters& one) {
  for (std::size_t i = 0; i < sum.frames.size(); ++i) sum.frames[i] += one.frames[i];
  sum.rest_answers += one.rest_answers;
  sum.rest_errors += one.rest_errors;
  sum.orders_sent += one.orders_sent;
  sum.rate_limited += one.rate_limited;
}

Duration handover_of(const venues::ChannelPolicy& policy) {
  return std::min(Duration{policy.life.ns / 10}, handover_max);
}

WallTime venue_time_of(const Event& event) {
  if (const auto* delta = std::get_if<BookDelta>(&event)) return delta->times.venue_time;
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) return snapshot->times.venue_time;
  if (const auto* trade = std::get_if<Trade>(&event)) return trade->times.venue_time;
  if (const auto* beat = std::get_if<Heartbeat>(&event)) return beat->times.venue_time;
  return {};
}

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
  for (const std::string& text : hosts(urls.rest, urls.other_rest)) {
    if (auto wrong = check(text, false)) return wrong;
  }
  for (const auto& all :
       {hosts(urls.market, urls.other_market), hosts(urls.trading, urls.other_trading)}) {
    for (const std::string& text : all) {
      if (auto wrong = check(text, true)) return wrong;
    }
  }
  return std::nullopt;
}

// --- a Client's way out, and its events' way in ---

void VenueDriver::Desk::send_text(Channel channel, std::string_view frame) {
  if (channel == Channel::Trading) {
    if (owner.primary_.get() != this) return;
    if (owner.placing_) owner.made_ = OsClock::now();
    owner.trading_.send_text(frame);
  } else {
    if (link == nullptr) return;
    link->line->send_text(frame);
  }
  if (owner.setup_.tap != nullptr) owner.setup_.tap->on_sent(channel, frame, OsClock::now());
}

void VenueDriver::Desk::send_rest(venues::RestTag tag, const HttpRequest& request,
                                  Duration timeout) {
  // The Client may be gone before its answer comes.
  std::string url = owner.setup_.tap != nullptr ? rest->url() + request.target : std::string();
  rest->request(request, timeout,
                [driver = &owner, id = number, tag,
                 url = std::move(url)](Result<HttpResponse, TransportError> answer) {
                  if (answer && driver->setup_.tap != nullptr)
                    driver->setup_.tap->on_rest(url, *answer, OsClock::now());
                  const auto found = driver->desks_.find(id);
                  if (found == driver->desks_.end()) return;
                  Desk& desk = *found->second;
                  if (answer) {
                    desk.client->on_response(tag, *answer, driver->now(), desk, desk);
                  } else {
                    desk.client->on_rest_failed(tag, answer.error(), driver->now(), desk, desk);
                  }
                });
}

void VenueDriver::Desk::reconnect(Channel channel, std::string_view why) {
  if (channel == Channel::Trading) {
    if (owner.primary_.get() == this) owner.trading_.cut(why);
  } else if (link != nullptr) {
    link->line->cut(why);
  }
}

void VenueDriver::heard(Desk& desk, const Event& event) {
  if (const WallTime told = venue_time_of(event); told.ns_utc != 0) desk.latest_venue_time = told;
  if (desk.link != nullptr && desk.link->source != MarketGate::none) {
    return desk.link->shard.gate->on(desk.link->source, event);
  }
  // Of a Client for market data alone, only what it says of the connection that it works counts.
  if (desk.link != nullptr || &desk == primary_.get()) sink_.on(event);
}

// --- making and dealing out ---

VenueDriver::VenueDriver(Reactor& reactor, DriverSetup setup, EventSink& sink)
    : reactor_(reactor),
      setup_(std::move(setup)),
      sink_(sink),
      jitter_(setup_.jitter_seed),
      trading_(reactor, *this, setup_.protocol->trading_policy,
               hosts(setup_.urls.trading, setup_.urls.other_trading), setup_.tls, jitter_,
               setup_.fence) {
  ATS_ASSERT(setup_.protocol->make_client != nullptr);
  const auto rest_hosts = hosts(setup_.urls.rest, setup_.urls.other_rest);
  rest_ = std::make_unique<VenueRest>(reactor_, rest_hosts, setup_.tls, skew_, setup_.fence);
  market_rest_ = std::make_unique<VenueRest>(reactor_, rest_hosts, setup_.tls, skew_);
  primary_ = make_desk(setup_.client, *rest_);
  if (setup_.protocol->depth_request != nullptr) {
    images_ = setup_.protocol->make_decoder(setup_.client.venue, *setup_.client.universe);
  }
  deal_out();
}

VenueDriver::~VenueDriver() {
  running_ = false;
  reactor_.cancel(tick_timer_);
}

std::unique_ptr<VenueDriver::Desk> VenueDriver::make_desk(const venues::ClientSetup& setup,
                                                          VenueRest& rest) {
  auto desk = std::make_unique<Desk>(*this, next_desk_++);
  desk->client = setup_.protocol->make_client(setup);
  desk->rest = &rest;
  desks_[desk->number] = desk.get();
  return desk;
}

void VenueDriver::deal_out() {
  const std::vector<InstrumentId>& all = setup_.client.instruments;
  const std::size_t most = setup_.protocol->market_policy.instruments_max;
  const std::size_t count =
      most == 0 ? 1 : std::max<std::size_t>(1, (all.size() + most - 1) / most);
  const BookRules& rules = setup_.protocol->rules;
  for (std::size_t n = 0; n < count; ++n) {
    auto shard = std::make_unique<Shard>();
    const std::size_t from = all.size() * n / count;
    const std::size_t to = all.size() * (n + 1) / count;
    for (std::size_t i = from; i < to; ++i) shard->instruments.push_back(all[i]);
    shard->gate =
        std::make_unique<MarketGate>(venue(), rules, shard->instruments, count == 1, sink_);
    shards_.push_back(std::move(shard));
  }
  if (alone()) {
    add_link(*shards_.front(), primary_.get(), nullptr);
    return;
  }
  for (const auto& shard : shards_) {
    add_link(*shard, nullptr, nullptr);
    if (setup_.redundant) add_link(*shard, nullptr, nullptr);
  }
}

// Among several connections a mute one does not show in the venue's silence, so each is watched as closely
// as the books themselves would be.
venues::ChannelPolicy VenueDriver::market_policy() const {
  venues::ChannelPolicy policy = setup_.protocol->market_policy;
  if (alone()) return policy;
  const Duration age = setup_.protocol->rules.max_age;
  policy.silence_max = std::min(policy.silence_max, age);
  policy.ping_every = policy.ping_every.ns == 0 ? Duration{age.ns / 3}
                                                : std::min(policy.ping_every, Duration{age.ns / 3});
  return policy;
}

VenueDriver::Link& VenueDriver::add_link(Shard& shard, Desk* desk, Link* before) {
  shard.links.push_back(std::make_unique<Link>(shard, desk, before));
  Link& link = *shard.links.back();
  if (desk == nullptr) {
    venues::ClientSetup setup = setup_.client;
    setup.credentials = {};
    setup.instruments = shard.instruments;
    link.own = make_desk(setup, *market_rest_);
    link.desk = link.own.get();
  }
  link.desk->link = &link;
  link.line = std::make_unique<VenueLine>(reactor_, link, market_policy(),
                                          hosts(setup_.urls.market, setup_.urls.other_market),
                                          setup_.tls, jitter_);
  return link;
}

venues::Client* VenueDriver::client_for(InstrumentId instrument, Desk*& desk) {
  for (const auto& shard : shards_) {
    if (std::ranges::find(shard->instruments, instrument) == shard->instruments.end()) continue;
    const MarketGate::Source source = shard->gate->feeder(instrument);
    for (const auto& link : shard->links) {
      // A connection that stands alone answers for itself, whether it is up or not.
      if (link->source == source && (source != MarketGate::none || alone())) {
        desk = link->desk;
        return desk->client.get();
      }
    }
    return nullptr;
  }
  desk = primary_.get();
  return desk->client.get();
}

venues::Now VenueDriver::now() const { return {OsClock::now(), OsClock::wall()}; }

void VenueDriver::start() {
  running_ = true;
  rest_->warm();
  if (setup_.market_data) {
    if (!alone()) market_rest_->warm();
    for (const auto& shard : shards_) {
      for (const auto& link : shard->links) link->line->connect();
    }
  }
  if (setup_.client.credentials.present()) trading_.connect();
  tick();
}

void VenueDriver::stop(bool settled) {
  if (settled && trading_.open()) primary_->client->on_settled(now(), *primary_);
  running_ = false;
  reactor_.cancel(tick_timer_);
  for (const auto& shard : shards_) {
    for (const auto& link : shard->links) link->line->close();
  }
  trading_.close();
}

// --- the lines ---

std::vector<HttpHeader> VenueDriver::line_headers(VenueLine&) {
  return primary_->client->handshake_headers(Channel::Trading, now());
}

void VenueDriver::line_open(VenueLine& line) {
  if (setup_.tap != nullptr) setup_.tap->on_connected(Channel::Trading, line.url(), line.opened());
  primary_->client->on_open(Channel::Trading, now(), *primary_, *primary_);
  trading_ready();
}

void VenueDriver::link_open(Link& link) {
  if (setup_.tap != nullptr)
    setup_.tap->on_connected(Channel::MarketData, link.line->url(), link.line->opened());
  link.source = link.shard.gate->add(link.before != nullptr);
  const venues::ChannelPolicy& policy = setup_.protocol->market_policy;
  const Duration handover = handover_of(policy);
  // Connections that were opened together do not end together.
  link.roll_at =
      link.line->opened() + policy.life - handover - Duration{jitter_.between(0, handover.ns)};
  link.settle_at = {};
  link.desk->client->on_open(Channel::MarketData, now(), *link.desk, *link.desk);
  link_ready(link);
}

void VenueDriver::trading_ready() {
  if (!trading_.open() || trading_.status().up) return;
  if (!primary_->client->ready(Channel::Trading)) return;
  trading_.status().up = true;
  sink_.on(ConnectionUp{venue(), Channel::Trading});
}

void VenueDriver::link_ready(Link& link) {
  if (!link.line->open() || link.up || link.source == MarketGate::none) return;
  if (!link.desk->client->ready(Channel::MarketData)) return;
  link.up = true;
  link.up_since = OsClock::now();
  if (!std::exchange(told_up_, true)) sink_.on(ConnectionUp{venue(), Channel::MarketData});
}

void VenueDriver::line_message(VenueLine&, Opcode kind, std::string_view payload,
                               Instant received) {
  if (setup_.tap != nullptr) setup_.tap->on_message(Channel::Trading, kind, payload, received);
  primary_->client->on_text(Channel::Trading, payload, {received, OsClock::wall()}, *primary_,
                            *primary_);
  if (!trading_.status().up) trading_ready();
  handling_.record((OsClock::now() - received).ns);
}

void VenueDriver::link_message(Link& link, Opcode kind, std::string_view payload,
                               Instant received) {
  if (setup_.tap != nullptr) setup_.tap->on_message(Channel::MarketData, kind, payload, received);
  const WallTime wall = OsClock::wall();
  Desk& desk = *link.desk;
  desk.client->on_text(Channel::MarketData, payload, {received, wall}, desk, desk);
  if (!link.up) link_ready(link);
  if (desk.latest_venue_time.ns_utc != 0) {
    skew_.on_event(std::exchange(desk.latest_venue_time, WallTime{}), wall);
  }
  handling_.record((OsClock::now() - received).ns);
}

// The gate passes it as it passes any heartbeat. Of a connection that does not serve it says nothing.
void VenueDriver::link_alive(Link& link, Instant received) {
  if (!setup_.protocol->market_policy.pongs_are_heartbeats || !link.up) return;
  link.shard.gate->on(link.source, Heartbeat{venue(), {{}, received}});
}

void VenueDriver::line_lost(VenueLine& line) {
  if (setup_.tap != nullptr)
    setup_.tap->on_disconnected(Channel::Trading, line.status().last_loss, OsClock::now());
  const bool was_up = std::exchange(trading_.status().up, false);
  primary_->client->on_close(Channel::Trading, now(), *primary_);
  if (was_up) sink_.on(ConnectionDown{venue(), Channel::Trading});
}

void VenueDriver::link_lost(Link& link) {
  if (setup_.tap != nullptr) {
    setup_.tap->on_disconnected(Channel::MarketData, link.line->status().last_loss, OsClock::now());
  }
  link.up = false;
  link.desk->client->on_close(Channel::MarketData, now(), *link.desk);
  Shard& shard = link.shard;
  const std::vector<InstrumentId> orphans =
      shard.gate->remove(std::exchange(link.source, MarketGate::none));
  if (!market_up()) {
    if (std::exchange(told_up_, false)) sink_.on(ConnectionDown{venue(), Channel::MarketData});
  } else {
    for (const InstrumentId instrument : orphans) {
      sink_.on(BookFault{instrument, venue(), BookFaultReason::SubscriptionLost});
    }
  }
  // An heir that is there already takes the place as it is.
  for (const auto& other : shard.links) {
    if (other->before != &link) continue;
    other->before = nullptr;
    shard.gate->settle(other->source);
    return retire(link);
  }
}

bool VenueDriver::market_up() const {
  return std::ranges::any_of(shards_, [](const auto& shard) {
    return std::ranges::any_of(shard->links, [](const auto& link) { return link->up; });
  });
}

// --- lives, heirs and twins ---

void VenueDriver::watch_life(Shard& shard, Instant now) {
  if (setup_.protocol->market_policy.life.ns == 0) return;
  for (std::size_t i = 0; i < shard.links.size(); ++i) {
    Link* link = shard.links[i].get();
    if (!link->up || link->before != nullptr || now < link->roll_at) continue;
    const bool has_heir =
        std::ranges::any_of(shard.links, [&](const auto& l) { return l->before == link; });
    if (!has_heir) add_link(shard, nullptr, link).line->connect();
  }
}

void VenueDriver::watch_heir(Shard& shard, Link& heir, Instant now) {
  if (!heir.up) return;
  const Duration settle =
      std::min(settle_max, Duration{handover_of(setup_.protocol->market_policy).ns / 4});
  if (now >= heir.settle_at) {
    heir.settle_at = now + settle;
    shard.gate->inherit_quiet(heir.source);
  }
  Link* before = heir.before;
  if (shard.gate->fed_by(before->source) != 0) return;
  ++handovers_;
  heir.before = nullptr;
  shard.gate->settle(heir.source);
  retire(*before);
}

void VenueDriver::watch_twins(Shard& shard, Instant now) {
  if (now - shard.compared_at < frozen_after) return;
  const auto takes_part = [&](const Link& link) {
    return link.up && link.before == nullptr && link.up_since <= shard.compared_at;
  };
  std::uint64_t most = 0;
  for (const auto& link : shard.links) {
    if (!takes_part(*link)) continue;
    most = std::max(most, link->line->status().messages - link->messages_seen);
  }
  for (const auto& link : shard.links) {
    const std::uint64_t messages = link->line->status().messages;
    if (takes_part(*link) && messages == link->messages_seen && most >= frozen_messages) {
      ++frozen_;
      link->line->cut("frozen: brought nothing while its twin brought " + std::to_string(most) +
                      " messages");
    }
    link->messages_seen = messages;
  }
  shard.compared_at = now;
}

void VenueDriver::retire(Link& link) {
  Shard& shard = link.shard;
  if (link.source != MarketGate::none) {
    shard.gate->remove(std::exchange(link.source, MarketGate::none));
    link.desk->link = nullptr;  // nothing that it says on leaving is heard
    link.desk->client->on_close(Channel::MarketData, now(), *link.desk);
  }
  link.desk->link = nullptr;
  link.up = false;
  add(past_market_, link.line->status());
  if (link.own) {
    add(past_counters_, link.own->client->counters());
    desks_.erase(link.own->number);
  }
  link.line->retire();
  const auto at = std::ranges::find(shard.links, &link, &std::unique_ptr<Link>::get);
  retired_.push_back(std::move(*at));
  shard.links.erase(at);
}

void VenueDriver::tick() {
  const Instant instant = OsClock::now();
  for (const auto& shard : shards_) {
    for (const auto& link : shard->links) link->line->watch(instant);
  }
  trading_.watch(instant);
  primary_->client->on_timer(now(), *primary_, *primary_);
  for (const auto& shard : shards_) {
    for (const auto& link : shard->links) {
      if (link->own) link->own->client->on_timer(now(), *link->own, *link->own);
      link_ready(*link);
    }
    watch_life(*shard, instant);
    for (std::size_t i = 0; i < shard->links.size(); ++i) {
      if (shard->links[i]->before != nullptr) watch_heir(*shard, *shard->links[i], instant);
    }
    if (setup_.redundant) watch_twins(*shard, instant);
  }
  trading_ready();
  std::erase_if(retired_, [](const auto& link) { return link->line->ended(); });
  if (running_) tick_timer_ = reactor_.after(tick_every, [this] { tick(); });
}

// --- the core's effects ---

void VenueDriver::hold_orders() {
  holding_ = true;
  trading_.hold();
}

// What went by REST was written when it was made: only the stream waits.
void VenueDriver::release_orders() {
  if (!std::exchange(holding_, false)) return;
  trading_.release();
  const Instant released = OsClock::now();
  for (OrderSent& order : sent_) {
    if (order.written.ns == 0) order.written = released;
  }
}

void VenueDriver::tell_sent() {
  for (const OrderSent& order : sent_) sink_.on(order);
  sent_.clear();
}

void VenueDriver::execute(const Action& action, const venues::Now& now) {
  using venues::SendOutcome;
  if (!may_send(setup_.fence) && keep_back(action)) return;
  venues::Client& client = *primary_->client;
  if (const auto* place = std::get_if<Place>(&action)) {
    placing_ = true;
    made_ = {};
    const SendOutcome outcome = client.place(place->order.value(), now, *primary_);
    const Instant left = OsClock::now();
    placing_ = false;
    if (outcome != SendOutcome::Sent) {
      sink_.on(OrderNotSent{place->order->id});
      return;
    }
    const OrderRoute route = client.route();
    const bool streamed = route == OrderRoute::Stream;
    sent_.push_back({place->order->id, route, streamed ? made_ : left,
                     streamed && holding_ ? Instant{} : left});
  } else if (const auto* amend = std::get_if<Amend>(&action)) {
    const SendOutcome outcome = client.amend(*amend, now, *primary_);
    if (outcome != SendOutcome::Sent) {
      const RejectReason why = outcome == SendOutcome::RateLimited ? RejectReason::RateLimited
                               : outcome == SendOutcome::Invalid   ? RejectReason::InvalidOrder
                                                                   : RejectReason::VenueBusy;
      sink_.on(AmendRejected{
          amend->order->id, why, Text<63>::cut(venues::name(outcome)), {{}, OsClock::now()}});
    }
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    if (client.cancel(*cancel, now, *primary_) != SendOutcome::Sent) {
      sink_.on(CancelRejected{cancel->order, RejectReason::VenueBusy, {{}, OsClock::now()}});
    }
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    if (client.query_order(*query, now, *primary_) != SendOutcome::Sent) {
      sink_.on(QueryFailed{query->order});
    }
  } else if (std::holds_alternative<QueryOpenOrders>(action)) {
    // Not sent: the core asks again when the channel is back.
    client.query_open_orders(now, *primary_);
  } else if (std::holds_alternative<QueryBalances>(action)) {
    client.query_balances(now, *primary_);
  } else if (const auto* request = std::get_if<RequestSnapshot>(&action)) {
    Desk* desk = nullptr;
    venues::Client* market = client_for(request->instrument, desk);
    // Its connection is on its way back and will bring the book; until then the core asks again.
    if (market == nullptr) return;
    if (market->request_snapshot(request->instrument, now, *desk) != SendOutcome::Sent) {
      sink_.on(BookFault{request->instrument, venue(), BookFaultReason::SnapshotFailed});
    }
  } else if (const auto* image = std::get_if<RequestImage>(&action)) {
    ask_image(image->instrument);
  } else if (const auto* again = std::get_if<Resubscribe>(&action)) {
    Desk* desk = nullptr;
    venues::Client* market = client_for(again->instrument, desk);
    if (market == nullptr) return;
    if (market->resubscribe(again->instrument, now, *desk) != SendOutcome::Sent) {
      sink_.on(BookFault{again->instrument, venue(), BookFaultReason::SubscriptionLost});
    }
  }
}

bool VenueDriver::keep_back(const Action& action) {
  if (const auto* place = std::get_if<Place>(&action)) {
    sink_.on(OrderNotSent{place->order->id});
  } else if (const auto* amend = std::get_if<Amend>(&action)) {
    sink_.on(AmendRejected{amend->order->id,
                           RejectReason::VenueBusy,
                           Text<63>::cut(not_leading),
                           {{}, OsClock::now()}});
  } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
    sink_.on(CancelRejected{cancel->order, RejectReason::VenueBusy, {{}, OsClock::now()}});
  } else if (const auto* query = std::get_if<QueryOrder>(&action)) {
    sink_.on(QueryFailed{query->order});
  } else if (!std::holds_alternative<QueryOpenOrders>(action) &&
             !std::holds_alternative<QueryBalances>(action)) {
    return false;  // of the market
  }
  ++fenced_;
  return true;
}

// An answer that does not come, or cannot be read, is none. Asked over the market's REST connection, so that no
// order waits behind it; its age counts from here, wherever it waits itself.
void VenueDriver::ask_image(InstrumentId instrument) {
  if (images_ == nullptr) return;
  const Instrument& on = setup_.client.universe->instrument(instrument);
  market_rest_->request(
      setup_.protocol->depth_request(on), image_answer_max,
      [this, instrument,
       asked = OsClock::now()](const Result<HttpResponse, TransportError>& answer) {
        if (!answer || answer->status != 200) return;
        struct Images final : EventSink {
          Images(EventSink& to, Instant since) : sink(to), asked(since) {}
          void on(const Event& event) override {
            if (const auto* s = std::get_if<BookSnapshot>(&event))
              sink.on(BookImage{s->instrument, s->times, asked, s->bids, s->asks});
          }
          EventSink& sink;
          const Instant asked;
        } images(sink_, asked);
        images_->on_depth_body(instrument, answer->body, OsClock::now(), images);
      });
}

// --- for people ---

ChannelStatus VenueDriver::status(Channel channel) const {
  if (channel == Channel::Trading) return trading_.status();
  ChannelStatus sum = past_market_;
  sum.up = told_up_;
  for (const auto& shard : shards_) {
    for (const auto& link : shard->links) add(sum, link->line->status());
  }
  return sum;
}

venues::ClientCounters VenueDriver::counters() const {
  venues::ClientCounters sum = primary_->client->counters();
  add(sum, past_counters_);
  for (const auto& shard : shards_) {
    for (const auto& link : shard->links) {
      if (link->own) add(sum, link->own->client->counters());
    }
  }
  return sum;
}

DriverStatus VenueDriver::connections() const {
  const Instant instant = OsClock::now();
  DriverStatus out;
  out.shards = shards_.size();
  for (const auto& shard : shards_) {
    for (const auto& link : shard->links) out.market_connections += link->line->open() ? 1u : 0u;
  }
  out.handovers = handovers_;
  out.frozen = frozen_;
  out.rest = rest_->breaker().state(instant);
  out.rest_waits = rest_->breaker().remaining(instant);
  for (const VenueRest* rest : {rest_.get(), market_rest_.get()}) {
    out.rest_openings += rest->breaker().openings();
    out.times_told_to_wait += rest->breaker().times_told();
  }
  out.clock_skew = skew_.estimate(OsClock::wall());
  out.fenced = fenced_;
  return out;
}

}  // namespace ats::io

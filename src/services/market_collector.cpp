#include "services/market_collector.hpp"

#include <fmt/format.h>

#include "io/clock.hpp"
#include "services/book_feed.hpp"

namespace ats::services {
namespace {

// As often as a scan looks at a recording's clock.
constexpr Duration timer_every = milliseconds(250);

struct Answer {
  std::string venue;
  std::string url;
  HttpResponse response;
  Instant received;
};

}  // namespace

// Names what one venue's connections carry. The private channel is not opened, and not kept if it were.
class MarketCollector::Tap final : public io::FrameTap {
 public:
  Tap(io::CaptureRecorder& recorder, std::string venue, bool frames, bool events)
      : recorder_(&recorder),
        venue_(std::move(venue)),
        frames_(frames),
        events_(events ? std::optional(recorder.stream(venue_, "events", "")) : std::nullopt) {}

  void close() { recorder_ = nullptr; }

  void on_connected(Channel channel, std::string_view url, Instant now) override {
    if (recorder_ == nullptr || channel != Channel::MarketData) return;
    if (!market_ || url_ != url) market_ = recorder_->stream(venue_, "market", url);
    url_ = url;
    recorder_->connected(*market_, now);
  }
  void on_disconnected(Channel channel, std::string_view why, Instant now) override {
    if (recorder_ == nullptr || channel != Channel::MarketData || !market_) return;
    recorder_->disconnected(*market_, now, why);
  }
  void on_message(Channel channel, io::Opcode kind, std::string_view payload,
                  Instant received) override {
    if (recorder_ == nullptr || !frames_ || channel != Channel::MarketData || !market_) return;
    recorder_->message(*market_,
                       kind == io::Opcode::Binary ? io::CaptureKind::Binary : io::CaptureKind::Text,
                       received, payload);
  }
  void on_sent(Channel channel, std::string_view payload, Instant now) override {
    if (recorder_ == nullptr || !frames_ || channel != Channel::MarketData || !market_) return;
    recorder_->message(*market_, io::CaptureKind::SentText, now, payload);
  }
  void on_rest(std::string_view url, const HttpResponse& answer, Instant received) override {
    if (recorder_ == nullptr || !frames_) return;
    if (!rest_) rest_ = recorder_->stream(venue_, "rest", "");
    recorder_->rest(*rest_, received, static_cast<std::uint32_t>(answer.status), url, answer.body);
  }
  void on_event(const Event& event, Instant received) {
    if (recorder_ != nullptr && events_) recorder_->event(*events_, received, event);
  }

 private:
  io::CaptureRecorder* recorder_;
  std::string venue_;
  bool frames_;
  std::optional<std::uint32_t> events_;
  std::optional<std::uint32_t> market_;
  std::optional<std::uint32_t> rest_;
  std::string url_;
};

MarketCollector::MarketCollector(io::Reactor& reactor, CollectSetup setup)
    : reactor_(reactor), setup_(std::move(setup)) {}

MarketCollector::~MarketCollector() { reactor_.cancel(timer_); }

Result<std::unique_ptr<MarketCollector>, std::string> MarketCollector::open(io::Reactor& reactor,
                                                                            CollectSetup setup) {
  std::unique_ptr<MarketCollector> recorder(new MarketCollector(reactor, std::move(setup)));
  if (auto error = recorder->prepare()) return fail(std::move(*error));
  return recorder;
}

std::optional<std::string> MarketCollector::prepare() {
  const Config& config = setup_.config;
  bool any_tls = false;
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    if (auto wrong = io::VenueDriver::check_urls(venue.urls)) return venue.name + ": " + *wrong;
    any_tls =
        any_tls || venue.urls.rest.starts_with("https") || venue.urls.market.starts_with("wss");
  }
  if (any_tls) {
    auto context = io::TlsContext::client(config.ca_file);
    if (!context) return fmt::format("general.ca_file: {}", io::name(context.error()));
    tls_.emplace(std::move(*context));
  }
  std::vector<Answer> answers;
  const io::TlsContext* tls = tls_ ? &*tls_ : nullptr;
  const auto loaded = load_instruments(
      reactor_, config, tls, universe_,
      [&](std::string_view venue, std::string_view url, const HttpResponse& response) {
        answers.push_back({std::string(venue), std::string(url), response, io::OsClock::now()});
      });
  if (!loaded) return loaded.error();
  if (!setup_.out.empty()) {
    if (auto error = open_capture()) return error;
  }
  books_ = std::make_unique<core::BookSet>(universe_);
  Rng seeds(static_cast<std::uint64_t>(io::OsClock::wall().ns_utc));
  EventSink& sink = *this;
  up_.resize(universe_.venues().size());
  taps_.resize(universe_.venues().size());
  drivers_.resize(universe_.venues().size());
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    const VenueId id = universe_.find_venue(venue.name);
    auto& tap = taps_[id.index()];
    if (recorder_) {
      tap = std::make_unique<Tap>(*recorder_, venue.name, setup_.frames, setup_.events);
      for (const Answer& answer : answers) {
        if (answer.venue == venue.name) tap->on_rest(answer.url, answer.response, answer.received);
      }
    }
    io::DriverSetup driver;
    driver.protocol = venues::find_protocol(venue.name);
    driver.urls = venue.urls;
    driver.tls = tls;
    driver.jitter_seed = seeds.next();
    driver.tap = tap.get();
    driver.client.venue = id;
    driver.client.universe = &universe_;
    driver.client.market_path = venue.urls.market;
    for (const Instrument& i : universe_.instruments()) {
      if (i.venue == id) driver.client.instruments.push_back(i.id);
    }
    // A capture holds one connection's frames in their order.
    driver.redundant = venue.redundant && !recorder_;
    drivers_[id.index()] = std::make_unique<io::VenueDriver>(reactor_, std::move(driver), sink);
  }
  watch_ = std::make_unique<InstrumentWatch>(reactor_, setup_.config, tls, universe_,
                                             config.metadata_every, sink);
  return std::nullopt;
}

std::optional<std::string> MarketCollector::open_capture() {
  auto recorder = io::CaptureRecorder::start(setup_.out, setup_.capture, setup_.ring_bytes);
  if (!recorder) return recorder.error().detail;
  recorder_ = *std::move(recorder);
  if (const auto& torn = recorder_->repaired()) {
    tell(fmt::format("{}: {} bytes of an unfinished block{} were cut off", torn->segment.string(),
                     torn->tail.bytes,
                     torn->tail.records ? fmt::format(" ({} records)", *torn->tail.records) : ""));
  }
  recorder_->universe(universe_);
  return std::nullopt;
}

void MarketCollector::start() {
  tick();
  for (const auto& driver : drivers_) driver->start();
  watch_->start();
}

void MarketCollector::tick() {
  now_ = std::max(now_, io::OsClock::now());
  books_->on_timer(now_, actions_);
  carry_out();
  if (const std::uint64_t lost = this->lost().records; lost != lost_told_) {
    tell(fmt::format("the disk is too slow: {} records were lost so far", lost));
    lost_told_ = lost;
  }
  if (recording_) timer_ = reactor_.after(timer_every, [this] { tick(); });
}

void MarketCollector::on(const Event& event) {
  if (busy_) {
    // Raised by what an action did: its turn comes next. Views would not live that long.
    ATS_ASSERT(!std::holds_alternative<BookDelta>(event) &&
               !std::holds_alternative<BookSnapshot>(event) &&
               !std::holds_alternative<BookImage>(event));
    pending_.push_back(event);
    return;
  }
  handle(event);
  carry_out();
}

void MarketCollector::handle(const Event& event) {
  const VenueId venue = venue_of(event, universe_);
  if (!venue.valid() || !recording_) return;
  now_ = std::max(now_, io::OsClock::now());
  if (const auto* up = std::get_if<ConnectionUp>(&event)) {
    if (up->channel == Channel::MarketData) up_[venue.index()] = true;
    tell(fmt::format("{} {} up", universe_.venue(venue).name.view(), name(up->channel)));
  } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
    if (down->channel == Channel::MarketData) up_[venue.index()] = false;
    tell(fmt::format("{} {} down: {}", universe_.venue(venue).name.view(), name(down->channel),
                     drivers_[venue.index()]->status(down->channel).last_loss));
  } else if (recorder_) {
    taps_[venue.index()]->on_event(event, now_);
  }
  feed_books(*books_, venue, event, now_, actions_);
  if (setup_.seen) setup_.seen(event, now_);
}

void MarketCollector::ask(const Action& action) {
  const InstrumentId instrument = book_asked_for(action);
  now_ = std::max(now_, io::OsClock::now());
  if (std::holds_alternative<RequestImage>(action)) {
    drivers_[universe_.instrument(instrument).venue.index()]->execute(action);
  } else {
    books_->doubt(instrument, now_, actions_);
  }
  carry_out();
}

void MarketCollector::carry_out() {
  busy_ = true;
  Actions taken;
  while (!actions_.empty() || !pending_.empty()) {
    taken.clear();
    std::swap(taken, actions_);
    for (const Action& action : taken) {
      if (const auto* request = std::get_if<RequestSnapshot>(&action)) {
        drivers_[universe_.instrument(request->instrument).venue.index()]->execute(action);
      } else if (const auto* again = std::get_if<Resubscribe>(&action)) {
        drivers_[universe_.instrument(again->instrument).venue.index()]->execute(action);
      }
    }
    if (!pending_.empty()) {
      const Event next = pending_.front();
      pending_.pop_front();
      handle(next);
    }
  }
  busy_ = false;
}

Status<std::string> MarketCollector::stop() {
  recording_ = false;
  watch_.reset();
  for (const auto& tap : taps_) {
    if (tap) tap->close();
  }
  const Status<io::CaptureError> stopped =
      recorder_ ? recorder_->stop() : Status<io::CaptureError>(Done{});
  for (const auto& driver : drivers_) driver->stop();
  // The closing handshakes, as far as the venues answer soon.
  const Instant until = io::OsClock::now() + milliseconds(500);
  const auto up = [](const auto& driver) { return driver->status(Channel::MarketData).up; };
  while (io::OsClock::now() < until && std::any_of(drivers_.begin(), drivers_.end(), up))
    reactor_.poll(milliseconds(20));
  if (!stopped) return fail(stopped.error().detail);
  return Done{};
}

}  // namespace ats::services

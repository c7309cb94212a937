#include "services/watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/rng.hpp"
#include "io/clock.hpp"
#include "services/control.hpp"
#include "services/metadata.hpp"

namespace ats::services {

Watchdog::Watchdog(io::Reactor& reactor, WatchdogSetup setup)
    : reactor_(reactor), setup_(std::move(setup)) {}

Watchdog::~Watchdog() { reactor_.cancel(timer_); }

Result<std::unique_ptr<Watchdog>, std::string> Watchdog::open(io::Reactor& reactor,
                                                              WatchdogSetup setup) {
  std::unique_ptr<Watchdog> dog(new Watchdog(reactor, std::move(setup)));
  if (auto wrong = dog->prepare()) return fail(std::move(*wrong));
  return dog;
}

std::optional<std::string> Watchdog::prepare() {
  Config& config = setup_.config;
  bool any_tls = false;
  for (VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    if (!setup_.credentials.contains(venue.name)) {
      log(fmt::format("{}: NOT WATCHED: there is no key for it", venue.name));
      venue.enabled = false;
      ++unwatched_;
      continue;
    }
    if (auto wrong = io::VenueDriver::check_urls(venue.urls)) return venue.name + ": " + *wrong;
    any_tls =
        any_tls || venue.urls.rest.starts_with("https") || venue.urls.trading.starts_with("wss");
  }
  if (any_tls) {
    auto context = io::TlsContext::client(config.ca_file);
    if (!context) return fmt::format("general.ca_file: {}", io::name(context.error()));
    tls_.emplace(std::move(*context));
  }
  const io::TlsContext* tls = tls_ ? &*tls_ : nullptr;
  // One venue that does not answer is no reason to leave the others alone.
  for (VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    Config alone = config;
    for (VenueConfig& other : alone.venues) other.enabled = other.name == venue.name;
    if (auto loaded = load_instruments(reactor_, alone, tls, universe_); !loaded) {
      log(fmt::format("{}: NOT WATCHED: {}", venue.name, loaded.error()));
      venue.enabled = false;
      ++unwatched_;
    }
  }
  EventSink& sink = *this;
  Rng seeds(static_cast<std::uint64_t>(io::OsClock::wall().ns_utc));
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    io::DriverSetup driver;
    driver.protocol = venues::find_protocol(venue.name);
    driver.urls = venue.urls;
    driver.tls = tls;
    driver.jitter_seed = seeds.next();
    driver.market_data = false;
    driver.client.cancel_on_death = false;  // of this process: the engine's orders outlive it
    driver.client.cancel_only = true;
    driver.client.venue = universe_.find_venue(venue.name);
    driver.client.universe = &universe_;
    driver.client.market_path = venue.urls.market;
    driver.client.credentials = setup_.credentials.at(venue.name);
    for (const Instrument& i : universe_.instruments()) {
      if (i.venue == driver.client.venue) driver.client.instruments.push_back(i.id);
    }
    Venue& watched = venues_.emplace_back();
    watched.name = venue.name;
    watched.driver = std::make_unique<io::VenueDriver>(reactor_, std::move(driver), sink);
  }
  if (venues_.empty()) return "no enabled venue has a key and answers: there is nothing to watch";
  return std::nullopt;
}

void Watchdog::start() {
  heard_ = io::OsClock::now();
  known_ = setup_.armed;
  for (const Venue& venue : venues_) venue.driver->start();
  beat();
}

void Watchdog::stop() {
  reactor_.cancel(timer_);
  for (const Venue& venue : venues_) venue.driver->stop();
}

// An engine that hangs answers as little as one that is gone.
void Watchdog::beat() {
  const auto told = ask_control(setup_.control_socket, R"({"command":"heartbeat"})", beat_every);
  // One that is only starting, or has no word for it, says that it is not.
  const auto answer = told ? nlohmann::json::parse(*told, nullptr, false) : nlohmann::json();
  const bool answered = answer.is_object() && answer.value("ok", false);
  const Instant now = io::OsClock::now();
  if (answered) {
    if (!alive_) log("the engine is alive");
    alive_ = known_ = true;
    heard_ = now;
    if (acting_) end();
  } else if (known_ && now - heard_ >= setup_.silent_for) {
    alive_ = false;
    if (!acting_) begin();
  }
  if (acting_) act(now);
  timer_ = reactor_.after(beat_every, [this] { beat(); });
}

void Watchdog::begin() {
  acting_ = true;
  cancels_ = 0;
  log(fmt::format("the engine has not answered for {} ms: cancelling its open orders",
                  setup_.silent_for.ns / 1'000'000));
  for (Venue& venue : venues_) {
    venue.asked = {};
    venue.clear = 0;
    venue.told_clear = false;
    if (!venue.up) log(fmt::format("{}: not connected yet", venue.name));
  }
}

void Watchdog::end() {
  acting_ = false;
  log(fmt::format("the engine is back after {} cancels: its orders are its own again", cancels_));
}

bool Watchdog::clear() const {
  return acting_ && unwatched_ == 0 &&
         std::all_of(venues_.begin(), venues_.end(),
                     [](const Venue& venue) { return clear(venue); });
}

void Watchdog::act(Instant now) {
  for (Venue& venue : venues_) {
    if (!venue.up || now - venue.asked < round_every) continue;
    venue.asked = now;
    venue.driver->execute(QueryOpenOrders{venue.driver->venue()});
  }
}

void Watchdog::on(const Event& event) {
  const auto venue_of = [&](VenueId id) -> Venue& {
    for (Venue& venue : venues_) {
      if (venue.driver->venue() == id) return venue;
    }
    ATS_ASSERT(!"an event of a venue that has no driver");
  };
  if (const auto* up = std::get_if<ConnectionUp>(&event)) {
    if (up->channel != Channel::Trading) return;
    Venue& venue = venue_of(up->venue);
    venue.up = true;
    log(fmt::format("{}: connected", venue.name));
  } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
    if (down->channel != Channel::Trading) return;
    Venue& venue = venue_of(down->venue);
    venue.up = false;
    venue.clear = 0;
    log(fmt::format("{}: connection lost", venue.name));
  } else if (const auto* found = std::get_if<OrderFound>(&event)) {
    if (!acting_ || is_final(found->state) || !found->instrument.valid()) return;
    Venue& venue = venue_of(universe_.instrument(found->instrument).venue);
    ++cancels_;
    log(fmt::format(
        "{}: cancelling order {}, {} filled", venue.name, client_order_id(found->order).view(),
        universe_.instrument(found->instrument).quantity_decimal(found->filled).to_string()));
    venue.driver->execute(Cancel{found->order, found->instrument, found->venue_order_id});
  } else if (const auto* told = std::get_if<OpenOrdersComplete>(&event)) {
    if (!acting_) return;
    Venue& venue = venue_of(told->venue);
    venue.clear = told->ours == 0 ? venue.clear + 1 : 0;
    if (clear(venue) && !std::exchange(venue.told_clear, true))
      log(fmt::format("{}: nothing of ours is open", venue.name));
  } else if (const auto* rejected = std::get_if<CancelRejected>(&event)) {
    if (acting_) {
      log(fmt::format("cancel of {} was refused: {}; asked again",
                      client_order_id(rejected->order).view(), name(rejected->reason)));
    }
  }
}

void Watchdog::log(const std::string& line) const {
  if (setup_.log) setup_.log(line);
}

}  // namespace ats::services

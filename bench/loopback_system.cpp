#include "loopback_system.hpp"

#include "domain/codec.hpp"
#include "harness.hpp"
#include "io/clock.hpp"
#include "loopback_socket.hpp"

namespace ats::bench {

namespace {

constexpr std::int64_t dollar[] = {100, 10};  // Binance, Kraken: in units of their prices
constexpr std::int64_t middle = 61'838;
constexpr std::int64_t binance_levels = 300;
constexpr std::int64_t kraken_levels = 60;
constexpr std::size_t quiet_frames = 40;  // before each trade
constexpr std::int64_t moved_levels = 7;  // a side: 14 levels, as in a recorded diff

// BTC in units of the venue's quantities; a little different at each level.
Quantity amount(const Instrument& instrument, std::int64_t n) {
  return {pow10(instrument.qty_scale) / 2 + (n * 7'919 + 1'237) % 9'973};
}

// Binance: levels ten dollars apart around a spread of two cents. Kraken: five dollars apart, forty
// dollars away from the middle.
Price binance_level(Side side, std::int64_t n) {
  const std::int64_t away = 1 + n * 10 * dollar[0];
  return {middle * dollar[0] + (side == Side::Buy ? -away : away)};
}
Price kraken_level(Side side, std::int64_t n) {
  const std::int64_t away = (40 + n * 5) * dollar[1];
  return {middle * dollar[1] + (side == Side::Buy ? -away : away)};
}

constexpr Side other(Side side) { return side == Side::Buy ? Side::Sell : Side::Buy; }

// What follows the header of a frame without mask.
std::string_view payload_of(std::string_view frame) {
  const auto length = static_cast<unsigned char>(frame[1]);
  return frame.substr(length < 126 ? 2 : length == 126 ? 4 : 10);
}

}  // namespace

TwoVenues loopback_venues() {
  TwoVenues venues = two_venues();
  for (const InstrumentId id : {venues.at_binance, venues.at_kraken}) {
    Instrument cheap = venues.universe.instrument(id);
    cheap.fees.maker = cheap.fees.taker = Rate::bps(1);
    venues.universe.add_instrument(cheap);
  }
  return venues;
}

CoreConfig loopback_config() {
  CoreConfig config;
  config.min_edge = Rate::bps(1);
  config.leg_cost_prior = {};  // every trade is to be alike
  config.limits = {};          // as many trades within a second as there are frames
  config.pair_cooldown = milliseconds(1);
  config.order_deadline = seconds(60);  // the machine may be busy with other things
  config.max_exposure = Decimal::from_int(1'000'000);
  config.max_daily_loss = Decimal::from_int(1'000'000);
  return config;
}

LoopbackSystem::LoopbackSystem(const TwoVenues& venues, const CoreConfig& config,
                               const BenchCertificate* certificate)
    : venues_(venues),
      config_(config),
      binance_(venues.universe, venues.binance, certificate),
      kraken_(venues.universe, venues.kraken, certificate) {
  if (certificate != nullptr)
    tls_.emplace(io::TlsContext::client(certificate->certificate_file()).value());
  unpin();  // the journal's thread runs where it likes, as in production
  auto writer = io::JournalWriter::open(folder_.path(), {}, io::SyncPolicy::Interval);
  pin();
  if (!writer) die("loopback: " + writer.error().detail);
  journal_.emplace(std::move(*writer));
  host_ = std::make_unique<services::EngineHost>(engine_, *journal_, venues_.universe);
  host_->set_watcher(this);
  for (LoopbackVenue* venue : {&binance_, &kraken_}) {
    io::DriverSetup setup;
    setup.protocol = venues::find_protocol(venues_.universe.venue(venue->venue()).name.view());
    setup.urls = venue->urls();
    setup.tls = tls_ ? &*tls_ : nullptr;
    setup.client.venue = venue->venue();
    setup.client.universe = &venues_.universe;
    setup.client.instruments = {venue == &binance_ ? venues_.at_binance : venues_.at_kraken};
    setup.client.credentials = venue->credentials();
    setup.client.market_path = setup.urls.market;
    setup.client.order_route = OrderRoute::Stream;  // its answers wait for the next measurement
    drivers_.push_back(std::make_unique<io::VenueDriver>(reactor_, std::move(setup), *host_));
    host_->add_driver(*drivers_.back());
  }
}

LoopbackSystem::~LoopbackSystem() {
  stopping_ = true;
  if (worker_.joinable()) worker_.join();
}

// --- what the engine is handed ---

std::uint64_t LoopbackSystem::fold(std::uint64_t digest, const Actions& actions) {
  for (const Action& action : actions) {
    const auto* place = std::get_if<Place>(&action);
    if (place == nullptr) continue;
    const OrderRequest& order = place->order.value();
    digest = mix(digest, order.id.value);
    digest = mix(digest, order.instrument.value);
    digest = mix(digest, static_cast<std::uint64_t>(order.side));
    digest = mix(digest, static_cast<std::uint64_t>(order.price.units));
    digest = mix(digest, static_cast<std::uint64_t>(order.quantity.units));
  }
  return digest;
}

void LoopbackSystem::on_handled(const Event& event, Instant now, const Actions& actions) {
  checksum_ = fold(checksum_, actions);
  for (const Action& action : actions) {
    if (const auto* done = std::get_if<ExecutionResolved>(&action)) {
      // What a fee in the base asset leaves over is kept.
      if (done->outcome != ExecutionOutcome::Completed &&
          done->outcome != ExecutionOutcome::Residual) {
        die(std::string("loopback: a trade was ") + name(done->outcome));
      }
      ++resolved_;
    } else if (const auto* alert = std::get_if<Alert>(&action)) {
      if (alert->code != AlertCode::Reconciled)
        die("loopback: " + std::string(alert->message.view()));
    }
  }
  if (const auto* sent = std::get_if<OrderSent>(&event)) {
    written_ = std::max(written_, sent->written.ns);
    told_sent_.fetch_add(1, std::memory_order_release);
  }
  const auto* delta = std::get_if<BookDelta>(&event);
  if (delta != nullptr && awaiting_.load(std::memory_order_acquire)) {
    awaited_.received = delta->times.recv_time;
    awaited_.now = now;
    handed_.push_back(awaited_);
    awaiting_.store(false, std::memory_order_release);
    return;
  }
  Handed& kept = handed_.emplace_back();
  encode_event(event, now, kept.event);
}

template <class Condition>
void LoopbackSystem::until(const char* what, Condition condition) {
  const Instant limit = io::OsClock::now() + seconds(20);
  while (!condition()) {
    const Instant now = io::OsClock::now();
    if (now > limit) die(std::string("loopback: no ") + what + " came about");
    binance_.serve();
    kraken_.serve();
    if (!worker_.joinable()) turn();
  }
}

void LoopbackSystem::turn() {
  reactor_.poll({});
  const Instant now = io::OsClock::now();
  if (now - timer_told_ >= milliseconds(1)) {
    host_->on(Timer{io::OsClock::wall()});
    timer_told_ = now;
  }
  if (!host_->failure().empty()) die("loopback: " + host_->failure());
}

void LoopbackSystem::work() {
  pin(Core::First);
  note_my_sends();
  while (!stopping_.load(std::memory_order_relaxed)) turn();
}

void LoopbackSystem::open() {
  fill_books();
  host_->on(Started{1, io::OsClock::wall(), &venues_.universe, &config_});
  for (const auto& driver : drivers_) driver->start();
  until("readiness", [&] {
    CoreStatus status;
    engine_.status(status);
    bool ready = status.reconciled && status.halts.empty();
    for (const BookStatus& book : status.books) ready = ready && book.state == BookState::Valid;
    return ready;
  });
}

// --- the market ---

void LoopbackSystem::fill_books() {
  const Universe& universe = venues_.universe;
  for (const Side side : {Side::Buy, Side::Sell}) {
    for (std::int64_t n = 0; n < binance_levels; ++n) {
      binance_.exchange().house_level(venues_.at_binance, side, binance_level(side, n),
                                      amount(universe.instrument(venues_.at_binance), n));
    }
    for (std::int64_t n = 0; n < kraken_levels; ++n) {
      kraken_.exchange().house_level(venues_.at_kraken, side, kraken_level(side, n),
                                     amount(universe.instrument(venues_.at_kraken), n));
    }
  }
  binance_.tell_book(venues_.at_binance);
  kraken_.tell_book(venues_.at_kraken);
}

void LoopbackSystem::move(FrameKind kind, bool up, bool back) {
  const Side side = up ? Side::Buy : Side::Sell;  // it reaches over to the other
  const std::int64_t outwards = up ? 1 : -1;
  if (kind == FrameKind::KrakenUpdate) {
    const Quantity quantity = amount(venues_.universe.instrument(venues_.at_kraken), 5);
    kraken_.exchange().house_level(venues_.at_kraken, side, {(middle + 30 * outwards) * dollar[1]},
                                   back ? Quantity{} : quantity);
    return;
  }
  sim::Exchange& exchange = binance_.exchange();
  const Instrument& instrument = venues_.universe.instrument(venues_.at_binance);
  const auto reach = [&] {
    for (std::int64_t n = 0; n < moved_levels; ++n) {
      exchange.house_level(venues_.at_binance, side,
                           {(middle + (5 + 10 * n) * outwards) * dollar[0]},
                           back ? Quantity{} : amount(instrument, n));
    }
  };
  if (back) reach();
  for (std::int64_t n = 0; n < moved_levels; ++n) {
    exchange.house_level(venues_.at_binance, other(side), binance_level(other(side), n),
                         back ? amount(instrument, n) : Quantity{});
  }
  if (!back) reach();
}

// Quantities behind the best prices change, as they do all the time.
std::string LoopbackSystem::quiet_frame(FrameKind kind) {
  ++quiet_;
  LoopbackVenue& venue = at(kind);
  const bool binance = is_binance(kind);
  const InstrumentId id = binance ? venues_.at_binance : venues_.at_kraken;
  const Instrument& instrument = venues_.universe.instrument(id);
  for (std::int64_t n = 1; n <= (binance ? moved_levels : 1); ++n) {
    for (const Side side : {Side::Buy, Side::Sell}) {
      const Price price = binance ? binance_level(side, n + moved_levels) : kraken_level(side, n);
      venue.exchange().house_level(id, side, price, amount(instrument, n + quiet_));
    }
  }
  return venue.book_frame(id);
}

void LoopbackSystem::await(FrameKind kind, const std::string& frame, bool causes_trade) {
  awaited_ = {{}, std::string(payload_of(frame)), kind, {}, {}, causes_trade};
  awaiting_.store(true, std::memory_order_release);
}

void LoopbackSystem::send_quiet(FrameKind kind, const std::string& frame) {
  await(kind, frame, false);
  at(kind).send_market(frame);
  while (awaiting_.load(std::memory_order_acquire)) continue;
}

// --- a trade ---

TradeTime LoopbackSystem::time_trade(FrameKind kind, const std::string& frame) {
  LoopbackVenue& venue = at(kind);
  TradeTime time;
  time.kind = kind;
  time.frame_bytes = frame.size();
  await(kind, frame, true);
  SendNotes& notes = send_notes();
  const std::size_t sent_before = told_sent_;
  notes.start();
  const std::int64_t from = now_ns();
  venue.send_market(frame);
  std::int64_t to = 0;
  do {
    time.order_bytes[0] += binance_.take_order();
    time.order_bytes[1] += kraken_.take_order();
    to = now_ns();
    if (to - from > 1'000'000'000) die("loopback: a frame caused no trade");
  } while (time.order_bytes[0] == 0 || time.order_bytes[1] == 0);
  while (awaiting_.load(std::memory_order_acquire)) continue;
  while (told_sent_.load(std::memory_order_acquire) < sent_before + 2) continue;
  notes.stop();
  time.round_trip = static_cast<double>(to - from);
  if (!tls_) {  // OpenSSL sends by other calls than those that are noted
    if (notes.count != 2) die("loopback: something beside two orders was sent");
    time.engine_part = static_cast<double>(notes.at[0] - awaited_.received.ns);
  }
  time.both_written = static_cast<double>(written_ - awaited_.now.ns);
  return time;
}

void LoopbackSystem::one_trade(FrameKind kind, bool up) {
  const Instant earliest = io::OsClock::now() + milliseconds(2);
  until("end of the cooling down", [&] { return io::OsClock::now() >= earliest; });
  // All are made before the first is sent, so that the venue's own work is not what the caches hold.
  std::vector<std::pair<FrameKind, std::string>> quiet;
  for (std::size_t n = 0; n < quiet_frames; ++n) {
    const FrameKind of = n % 2 == 0 ? FrameKind::BinanceDepth : FrameKind::KrakenUpdate;
    quiet.emplace_back(of, quiet_frame(of));
  }
  move(kind, up, false);
  const std::string frame =
      at(kind).book_frame(is_binance(kind) ? venues_.at_binance : venues_.at_kraken);
  for (const auto& [of, text] : quiet) send_quiet(of, text);
  const std::size_t before = resolved_;
  times_.push_back(time_trade(kind, frame));
  // Filled at the prices that were told; gone again before the engine hears of its fills.
  for (LoopbackVenue* each : {&binance_, &kraken_}) {
    each->hold_private(true);
    each->serve();
  }
  move(kind, up, true);
  at(kind).tell_book(is_binance(kind) ? venues_.at_binance : venues_.at_kraken);
  for (LoopbackVenue* each : {&binance_, &kraken_}) each->hold_private(false);
  until("end of a trade", [&] { return resolved_ != before; });
}

void LoopbackSystem::trade(std::size_t count) {
  open();
  worker_ = std::thread([this] { work(); });
  for (std::size_t n = 0; n < count; ++n) {
    one_trade(n % 2 == 0 ? FrameKind::KrakenUpdate : FrameKind::BinanceDepth, n % 4 < 2);
  }
  stopping_ = true;
  worker_.join();
}

}  // namespace ats::bench

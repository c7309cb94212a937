// Goals 6 and 6b: from a book frame on a real socket to two signed orders on two others, and the part of
// it that is ours. The venues in one thread, the product in another, each pinned to a core and busy-polling:
// nobody sleeps, so no wake-up is measured.
//
// The baseline of the whole is TCP alone: the same bytes to and fro over the same number of sockets, between
// the same two cores. The baseline of our part is goal 4's path: the same frames and the same events between them
// handed to decoder and engine in memory, up to their answer; what is on top of it is the WebSocket, the
// journal, and the encoding and signing of the order that leaves first.
#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

#include "domain/codec.hpp"
#include "harness.hpp"
#include "loopback_socket.hpp"
#include "loopback_system.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t trades = 96;  // Binance takes a hundred orders in ten seconds
constexpr std::size_t warm_up = 16;
constexpr FrameKind kinds[] = {FrameKind::KrakenUpdate, FrameKind::BinanceDepth};

struct Live {
  std::vector<TradeTime> times;
  std::vector<Handed> handed;
  std::uint64_t orders = 0;
};

Live run_live(const TwoVenues& venues, const CoreConfig& config,
              const BenchCertificate* certificate = nullptr) {
  LoopbackSystem system(venues, config, certificate);
  system.trade(trades);
  return {system.times(), system.handed(), system.checksum()};
}

template <class Value>
std::vector<double> all_of(const std::vector<TradeTime>& times, FrameKind kind, Value value) {
  std::vector<double> all;
  for (std::size_t n = warm_up; n < times.size(); ++n) {
    if (times[n].kind == kind) all.push_back(value(times[n]));
  }
  return all;
}

template <class Value>
double p50(const std::vector<TradeTime>& times, FrameKind kind, Value value) {
  return percentile(all_of(times, kind, value), 0.5);
}

std::uint64_t bytes_moved(const std::vector<TradeTime>& times) {
  std::uint64_t digest = 0;
  for (const TradeTime& t : times) {
    for (const std::size_t n : {t.frame_bytes, t.order_bytes[0], t.order_bytes[1]})
      digest = mix(digest, n);
  }
  return digest;
}

// --- the whole ---

Outcome round_trips(const Live& live) {
  Outcome out;
  for (const FrameKind kind : kinds) {
    out.values.push_back(p50(live.times, kind, [](const TradeTime& t) { return t.round_trip; }));
  }
  out.checksum = bytes_moved(live.times);
  return out;
}

Outcome bare_tcp(const std::vector<TradeTime>& sizes) {
  LoopbackPair market;
  LoopbackPair orders[2];
  std::vector<TradeTime> times = sizes;
  std::thread echo([&] {
    pin(Core::First);
    std::vector<char> bytes(64 * 1024, 'x');
    for (const TradeTime& t : sizes) {
      std::size_t got = 0;
      while (got < t.frame_bytes) got += receive_some(market.far, bytes.data(), bytes.size());
      for (std::size_t n = 0; n < 2; ++n) send_all(orders[n].far, {bytes.data(), t.order_bytes[n]});
    }
  });
  std::vector<char> bytes(64 * 1024, 'x');
  for (TradeTime& t : times) {
    std::size_t got[2] = {};
    const std::int64_t from = now_ns();
    send_all(market.near, {bytes.data(), t.frame_bytes});
    do {
      for (std::size_t n = 0; n < 2; ++n)
        got[n] += receive_some(orders[n].near, bytes.data(), bytes.size());
      t.round_trip = static_cast<double>(now_ns() - from);
    } while (got[0] < t.order_bytes[0] || got[1] < t.order_bytes[1]);
  }
  echo.join();
  return round_trips({times, {}, 0});
}

// --- our part ---

Outcome engine_parts(const Live& live) {
  Outcome out;
  for (const FrameKind kind : kinds) {
    out.values.push_back(p50(live.times, kind, [](const TradeTime& t) { return t.engine_part; }));
  }
  out.checksum = live.orders;
  return out;
}

// The same frames and events again, without sockets.
class InProcess final : public EventSink {
 public:
  InProcess(const TwoVenues& venues, const CoreConfig& config)
      : venues_(venues),
        config_(config),
        binance_(make_decoder(venues.universe, venues.binance)),
        kraken_(make_decoder(venues.universe, venues.kraken)) {
    actions_.reserve(256);
  }

  void on(const Event& event) override { engine_.on(event, now_, actions_); }

  Outcome run(const Live& live) {
    std::vector<TradeTime> times;
    std::vector<char> buffer(256 * 1024);
    for (const Handed& handed : live.handed) {
      now_ = handed.now;
      if (handed.event.empty()) {
        std::ranges::copy(handed.frame, buffer.data());
        const std::string_view frame(buffer.data(), handed.frame.size());
        venues::MarketDecoder& decoder = is_binance(handed.kind) ? *binance_ : *kraken_;
        const std::int64_t from = now_ns();
        const venues::FrameOutcome outcome = decoder.on_frame(frame, handed.received, *this);
        const std::int64_t to = now_ns();
        if (outcome != venues::FrameOutcome::Decoded) die("loopback: a frame was not decoded");
        if (handed.causes_trade) {
          times.push_back({.kind = handed.kind, .engine_part = static_cast<double>(to - from)});
        }
      } else {
        repeat(handed);
      }
      orders_ = LoopbackSystem::fold(orders_, actions_);
      actions_.clear();
    }
    return engine_parts({times, {}, orders_});
  }

 private:
  void repeat(const Handed& handed) {
    DecodedEvent decoded;
    if (!decode_event(handed.event, decoded)) die("loopback: an event cannot be read");
    now_ = decoded.now;
    if (auto* started = std::get_if<Started>(&decoded.event)) {
      started->universe = &venues_.universe;  // with the venues' rules, which no event carries
      started->config = &config_;
    }
    on(decoded.event);
  }

  const TwoVenues& venues_;
  const CoreConfig& config_;
  core::Engine engine_;
  std::unique_ptr<venues::MarketDecoder> binance_;
  std::unique_ptr<venues::MarketDecoder> kraken_;
  Instant now_;
  Actions actions_;
  std::uint64_t orders_ = 0;
};

// From the engine's hands to both orders in the system's, through drivers and sockets.
Outcome both_written(const std::vector<TradeTime>& times) {
  const auto value = [](const TradeTime& t) { return t.both_written; };
  std::vector<double> all = all_of(times, kinds[0], value);
  const std::vector<double> others = all_of(times, kinds[1], value);
  all.insert(all.end(), others.begin(), others.end());
  return {{percentile(all, 0.5), percentile(all, 0.99), percentile(all, 0.999)},
          bytes_moved(times)};
}

void run(Session& session) {
  constexpr const char* whole = "frame to both orders, p50";
  constexpr const char* ours = "frame received to first order sent, p50";
  constexpr const char* written = "decision and both orders written";
  constexpr const char* sealed = "decision and both orders written, TLS";
  if (!session.wanted(whole) && !session.wanted(ours) && !session.wanted(written) &&
      !session.wanted(sealed))
    return;
  if (!has_two_cores()) {
    std::fputs("ats_bench: loopback is left out: it needs two cores\n", stderr);
    return;
  }
  const TwoVenues venues = loopback_venues();
  const CoreConfig config = loopback_config();
  Live live = run_live(venues, config);
  session.compare({.name = whole,
                   .baseline_name = "bare TCP of the same sizes",
                   .baseline = [&] { return bare_tcp(live.times); },
                   .ours =
                       [&] {
                         live = run_live(venues, config);
                         return round_trips(live);
                       },
                   .metrics = {{name(kinds[0]), "ns", "6", at_most(1.2, 1.4)},
                               {name(kinds[1]), "ns", "6", at_most(1.3, 1.4)}}});
  session.compare({.name = ours,
                   .baseline_name = "decoder and engine in memory",
                   .baseline = [&] { return InProcess(venues, config).run(live); },
                   .ours =
                       [&] {
                         live = run_live(venues, config);
                         return engine_parts(live);
                       },
                   .metrics = {{name(kinds[0]), "ns", "6b", at_most(1.3, 1.6)},
                               {name(kinds[1]), "ns", "6b", at_most(1.3, 1.6)}}});
  session.compare(
      {.name = written,
       .ours = [&] { return both_written(run_live(venues, config).times); },
       .metrics = {{"p50", "ns", "", {}}, {"p99", "ns", "", {}}, {"p99.9", "ns", "", {}}}});
  const BenchCertificate certificate;
  session.compare(
      {.name = sealed,
       .ours = [&] { return both_written(run_live(venues, config, &certificate).times); },
       .metrics = {{"p50", "ns", "", {}}, {"p99", "ns", "", {}}, {"p99.9", "ns", "", {}}}});
}

const Register registered{"loopback", run};

}  // namespace

}  // namespace ats::bench

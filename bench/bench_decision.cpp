// Goals 4, 4b and 4d: from a frame's bytes to the engine's answer (decoder, books, detector), for what the
// clients of five venues subscribe to. The baselines are the same engine behind decoders on simdjson and on
// nlohmann::json.
//
// Frames are copied to where a socket would have read them, a block at a time, before the clock starts.
// For percentiles each frame is timed alone, the cost of looking at the clock taken off, several times over
// the same frames with a new engine each: the median of a frame's times is its own, without what the
// machine did to one of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/crc32.hpp"
#include "domain/codec.hpp"
#include "frames.hpp"
#include "harness.hpp"
#include "peers.hpp"
#include "trading_engine.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t frames_count = 40'000;
constexpr std::size_t block = 100;
constexpr std::size_t warm_up = 4'000;
constexpr std::size_t repeats = 5;

// What the clients subscribe to: all but Binance's best bid and ask.
MarketFrames subscribed(const MarketFrames& all) {
  MarketFrames out{all.binance_body, all.opening, {}, {}};
  for (std::size_t i = 0; i < all.frames.size(); ++i) {
    if (all.kinds[i] == FrameKind::BinanceTop) continue;
    out.frames.add(all.frames[i]);
    out.kinds.push_back(all.kinds[i]);
  }
  return out;
}

struct Input {
  FiveVenues venues = five_venues();
  MarketFrames market = subscribed(make_market(venues, 4'711, frames_count));
  CoreConfig config;
};

// A decoder for each venue, ours or a peer's, behind one door, as they are when the stream has begun.
class OurDecoders {
 public:
  explicit OurDecoders(const Input& input) {
    NoSink none;
    for (const VenueKind venue : all_venues) {
      decoders_[venue] = make_decoder(input.venues.universe, input.venues.venue[venue]);
      const FrameSet& opening = input.market.opening[venue];
      for (std::size_t i = 0; i < opening.size(); ++i)
        decoders_[venue]->on_frame(opening[i], {1}, none);
    }
  }
  bool on_frame(FrameKind kind, std::string_view frame, Instant now, EventSink& sink) {
    return decoders_[venue_of(kind)]->on_frame(frame, now, sink) == venues::FrameOutcome::Decoded;
  }

 private:
  PerVenue<std::unique_ptr<venues::MarketDecoder>> decoders_;
};
template <auto make>
class PeerDecoders {
 public:
  explicit PeerDecoders(const Input& input) {
    NoSink none;
    for (const VenueKind venue : all_venues) {
      decoders_[venue] = make(venue, input.venues.venue[venue], input.venues.universe);
      const FrameSet& opening = input.market.opening[venue];
      for (std::size_t i = 0; i < opening.size(); ++i)
        decoders_[venue]->on_frame(opening[i], {1}, none);
    }
  }
  bool on_frame(FrameKind kind, std::string_view frame, Instant now, EventSink& sink) {
    return decoders_[venue_of(kind)]->on_frame(frame, now, sink);
  }

 private:
  PerVenue<std::unique_ptr<PeerDecoder>> decoders_;
};
using OnSimdjson = PeerDecoders<&make_simdjson_peer>;
using OnNlohmann = PeerDecoders<&make_nlohmann_peer>;

// The next frames where a socket's buffer would hold them.
class ReceiveBuffer {
 public:
  void fill(const FrameSet& frames, std::size_t first, std::size_t count) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view frame = frames[first + i];
      if (bytes_.size() < at + frame.size() + FrameSet::padding)
        bytes_.resize(2 * (at + frame.size() + FrameSet::padding));
      std::memcpy(bytes_.data() + at, frame.data(), frame.size() + FrameSet::padding);
      places_[i] = {at, frame.size()};
      at += frame.size() + FrameSet::padding;
    }
  }
  std::string_view operator[](std::size_t i) const {
    return {bytes_.data() + places_[i].first, places_[i].second};
  }

 private:
  std::vector<char> bytes_ = std::vector<char>(256 * 1024);
  std::array<std::pair<std::size_t, std::size_t>, block> places_;
};

// One run over all frames with a new engine. `time_block(first, count, one)` calls one(i) for each.
template <class Decoders>
class Run {
 public:
  explicit Run(const Input& input)
      : input_(input), decoders_(input), engine_(input.venues, input.market, input.config) {}

  template <class TimeBlock>
  void all(const TimeBlock& time_block) {
    const FrameSet& frames = input_.market.frames;
    for (std::size_t first = 0; first + block <= frames.size(); first += block) {
      buffer_.fill(frames, first, block);
      engine_.timer();
      time_block(first, [&](std::size_t i) {
        engine_.pass(microseconds(500));
        fine_ &=
            decoders_.on_frame(input_.market.kinds[first + i], buffer_[i], engine_.now(), engine_);
      });
      note_actions();
    }
    if (!fine_) {
      std::fputs("ats_bench: a frame was not decoded\n", stderr);
      std::abort();
    }
  }
  std::uint64_t checksum() const { return engine_.fold_books(crc_); }

 private:
  void note_actions() {
    for (const Action& action : engine_.actions()) {
      bytes_.clear();
      encode_action(action, bytes_);
      crc_ = crc32c(std::span<const std::byte>(bytes_), crc_);
    }
    engine_.clear_actions();
  }

  const Input& input_;
  Decoders decoders_;
  TradingEngine engine_;
  ReceiveBuffer buffer_;
  bool fine_ = true;
  std::uint32_t crc_ = 0;
  std::vector<std::byte> bytes_;
};

template <class Decoders>
Outcome mean(const Input& input) {
  Run<Decoders> run(input);
  std::vector<double> spent;
  run.all([&](std::size_t first, const auto& one) {
    const std::int64_t from = now_ns();
    for (std::size_t i = 0; i < block; ++i) one(i);
    if (first >= warm_up) spent.push_back(static_cast<double>(now_ns() - from) / block);
  });
  return {{percentile(spent, 0.5)}, run.checksum()};
}

// What two looks at the clock cost.
double clock_cost() {
  std::vector<double> costs;
  for (int n = 0; n < 2'001; ++n) {
    const std::int64_t from = now_ns();
    costs.push_back(static_cast<double>(now_ns() - from));
  }
  return percentile(costs, 0.5);
}

struct FrameTimes {
  std::vector<float> median;  // of each frame's times, ns
  std::vector<float> first;   // of one run: with all that the machine does
  std::uint64_t checksum = 0;
};

template <class Decoders>
FrameTimes time_frames(const Input& input) {
  std::vector<std::array<float, repeats>> times(input.market.frames.size());
  FrameTimes out;
  const double clock = clock_cost();
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    Run<Decoders> run(input);
    run.all([&](std::size_t first, const auto& one) {
      for (std::size_t i = 0; i < block; ++i) {
        const std::int64_t from = now_ns();
        one(i);
        const auto spent = static_cast<double>(now_ns() - from) - clock;
        times[first + i][repeat] = static_cast<float>(std::max(spent, 0.0));
      }
    });
    out.checksum = run.checksum();
  }
  for (auto& of_frame : times) {
    out.first.push_back(of_frame[0]);
    std::nth_element(of_frame.begin(), of_frame.begin() + repeats / 2, of_frame.end());
    out.median.push_back(of_frame[repeats / 2]);
  }
  return out;
}

std::vector<double> of_kind(const Input& input, const std::vector<float>& times, FrameKind kind) {
  std::vector<double> out;
  for (std::size_t i = warm_up; i + block <= times.size(); ++i) {
    if (input.market.kinds[i] == kind) out.push_back(times[i]);
  }
  return out;
}
std::vector<double> of_all(const std::vector<float>& times) {
  return {times.begin() + warm_up, times.end() - block};
}

template <class Decoders>
Outcome percentiles(const Input& input) {
  const FrameTimes times = time_frames<Decoders>(input);
  const std::vector<double> all = of_all(times.median);
  const std::vector<double> raw = of_all(times.first);
  return {
      {percentile(all, 0.5), percentile(all, 0.99), percentile(all, 0.999), percentile(raw, 0.999)},
      times.checksum};
}

constexpr std::array subscribed_kinds{
    FrameKind::BinanceDepth,     FrameKind::BinanceTrade,   FrameKind::KrakenUpdate,
    FrameKind::KrakenTrade,      FrameKind::UpbitBook,      FrameKind::UpbitTrade,
    FrameKind::CoinbaseUpdate,   FrameKind::CoinbaseTrades, FrameKind::CoinbaseHeartbeat,
    FrameKind::BitfinexUpdate,   FrameKind::BitfinexTrade,  FrameKind::BitfinexChecksum,
    FrameKind::BitfinexHeartbeat};

Outcome tails(const Input& input) {
  const FrameTimes times = time_frames<OurDecoders>(input);
  Outcome out;
  for (const FrameKind kind : subscribed_kinds) {
    const std::vector<double> spent = of_kind(input, times.median, kind);
    out.values.push_back(percentile(spent, 0.5));
    out.values.push_back(percentile(spent, 0.999) / percentile(spent, 0.5));
  }
  out.checksum = times.checksum;
  return out;
}

Outcome count_allocations(const Input& input) {
  Run<OurDecoders> run(input);
  std::uint64_t counted = 0;
  run.all([&](std::size_t first, const auto& one) {
    const std::uint64_t before = allocations();
    for (std::size_t i = 0; i < block; ++i) one(i);
    if (first >= warm_up) counted += allocations() - before;
  });
  return {{static_cast<double>(counted)}, run.checksum()};
}

void run(Session& session) {
  const Input input;
  if (runs_simdjson_peer()) {
    const std::string peer = "simdjson and our engine";
    session.compare({.name = "wire to decision",
                     .baseline_name = peer,
                     .baseline = [&] { return mean<OnSimdjson>(input); },
                     .ours = [&] { return mean<OurDecoders>(input); },
                     .metrics = {{"mean", "ns/frame", "4b", at_least(1.4, 1.25)}}});
    session.compare({.name = "wire to decision, each frame",
                     .baseline_name = peer,
                     .baseline = [&] { return percentiles<OnSimdjson>(input); },
                     .ours = [&] { return percentiles<OurDecoders>(input); },
                     .metrics = {{.name = "p50", .unit = "ns"},
                                 {.name = "p99", .unit = "ns"},
                                 {.name = "p99.9", .unit = "ns"},
                                 {.name = "p99.9 of one run", .unit = "ns"}}});
  }
  session.compare({.name = "wire to decision beside nlohmann",
                   .baseline_name = "nlohmann and our engine",
                   .baseline = [&] { return mean<OnNlohmann>(input); },
                   .ours = [&] { return mean<OurDecoders>(input); },
                   .metrics = {{"mean", "ns/frame", "4", at_least(20, 15)}}});
  std::vector<Metric> metrics;
  for (const FrameKind kind : subscribed_kinds) {
    metrics.push_back({.name = std::string(name(kind)) + ", p50", .unit = "ns"});
    metrics.push_back({std::string(name(kind)) + ", p99.9 / p50", "times", "4d", value_at_most(8)});
  }
  session.compare({.name = "tails", .ours = [&] { return tails(input); }, .metrics = metrics});
  session.compare({.name = "heap allocations of all frames",
                   .ours = [&] { return count_allocations(input); },
                   .metrics = {{"", "", "4d", value_at_most(0)}}});
}

const Register registered{"decision", run};

}  // namespace

}  // namespace ats::bench

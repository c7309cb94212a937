// Goals 3 and 3b: a frame's bytes to events in fixed point, by message kind, against the decoders that one
// would write on simdjson's on-demand API or on nlohmann::json. Both sides give every event to a sink that
// takes in all its values; the sums must be equal. Ours checks the whole frame and reads nothing past its
// end; simdjson reads the frame in place, with the padding that it asks for behind it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "frames.hpp"
#include "harness.hpp"
#include "peers.hpp"

namespace ats::bench {

namespace {

constexpr Instant received{1};

// The median of the passes over all frames, in ns a frame: a pass that lost the core to someone else
// does not count.
template <class Decode>
double time_passes(const FrameSet& frames, std::size_t passes, const Decode& decode) {
  std::vector<double> spent;
  spent.reserve(passes);
  for (std::size_t pass = 0; pass < passes; ++pass) {
    const std::int64_t from = now_ns();
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (!decode(frames[i])) {
        std::fprintf(stderr, "ats_bench: not decoded: %s\n", std::string(frames[i]).c_str());
        std::abort();
      }
    }
    spent.push_back(static_cast<double>(now_ns() - from));
  }
  return percentile(spent, 0.5) / static_cast<double>(frames.size());
}

// Which instruments the frames are about.
struct About {
  const Universe& universe;
  VenueId binance;
  VenueId kraken;
};

// ns a frame for each kind there are frames of, then their geometric mean.
template <class DecodeBinance, class DecodeKraken>
Outcome time_kinds(const FramesByKind& frames, std::size_t passes, const DecodeBinance& binance,
                   const DecodeKraken& kraken) {
  Digest digest;
  Outcome out;
  double logs = 0;
  for (std::size_t kind = 0; kind < frames.size(); ++kind) {
    if (frames[kind].size() == 0) continue;
    // About the same time for each kind, however few or long its frames are.
    const std::size_t enough = std::max<std::size_t>(passes * 300'000 / frames[kind].bytes(), 5);
    const double spent = is_binance(static_cast<FrameKind>(kind))
                             ? time_passes(frames[kind], enough,
                                           [&](std::string_view f) { return binance(f, digest); })
                             : time_passes(frames[kind], enough,
                                           [&](std::string_view f) { return kraken(f, digest); });
    out.values.push_back(spent);
    logs += std::log(spent);
  }
  out.values.push_back(std::exp(logs / static_cast<double>(out.values.size())));
  out.checksum = digest.value();
  return out;
}

Outcome run_ours(const About& about, const FramesByKind& frames, std::size_t passes) {
  const auto binance = make_decoder(about.universe, about.binance);
  const auto kraken = make_decoder(about.universe, about.kraken);
  const auto with = [](venues::MarketDecoder& decoder) {
    return [&decoder](std::string_view frame, Digest& digest) {
      return decoder.on_frame(frame, received, digest) == venues::FrameOutcome::Decoded;
    };
  };
  return time_kinds(frames, passes, with(*binance), with(*kraken));
}

template <class MakePeer>
Outcome run_peer(const MakePeer& make, const About& about, const FramesByKind& frames,
                 std::size_t passes) {
  const auto binance = make(PeerVenue::Binance, about.binance, about.universe);
  const auto kraken = make(PeerVenue::Kraken, about.kraken, about.universe);
  const auto with = [](PeerDecoder& decoder) {
    return [&decoder](std::string_view frame, Digest& digest) {
      return decoder.on_frame(frame, received, digest);
    };
  };
  return time_kinds(frames, passes, with(*binance), with(*kraken));
}

struct Goals {
  Goal kind;
  Goal mean;
  const char* id;
};

std::vector<Metric> metrics_of(const FramesByKind& frames, const Goals& goals) {
  std::vector<Metric> out;
  for (std::size_t kind = 0; kind < frames.size(); ++kind) {
    if (frames[kind].size() == 0) continue;
    out.push_back({name(static_cast<FrameKind>(kind)), "ns/frame", goals.id, goals.kind});
  }
  out.push_back({"geometric mean", "ns/frame", goals.id, goals.mean});
  return out;
}

constexpr const char* by_simdjson = ", simdjson";
constexpr const char* by_nlohmann = ", nlohmann";

bool wanted(const Session& session, const std::string& of) {
  return session.wanted(of + by_simdjson) || session.wanted(of + by_nlohmann);
}

void compare(Session& session, const std::string& of, const About& about,
             const FramesByKind& frames) {
  session.compare({.name = of + by_simdjson,
                   .baseline_name = std::string("simdjson on-demand, ") + simdjson_implementation(),
                   .baseline = [&] { return run_peer(make_simdjson_peer, about, frames, 200); },
                   .ours = [&] { return run_ours(about, frames, 200); },
                   .metrics = metrics_of(frames, {at_least(1.25), at_least(1.6, 1.4), "3"})});
  session.compare({.name = of + by_nlohmann,
                   .baseline_name = "nlohmann::json",
                   .baseline = [&] { return run_peer(make_nlohmann_peer, about, frames, 10); },
                   .ours = [&] { return run_ours(about, frames, 10); },
                   .metrics = metrics_of(frames, {{}, at_least(25, 18), "3b"})});
}

void run(Session& session) {
  if (!runs_simdjson_peer()) {
    std::fputs("ats_bench: decoders are compared on machines with AVX2 only\n", stderr);
    return;
  }
  const std::string made = "frames made";
  const std::string recorded = "frames recorded";
  if (wanted(session, made)) {
    const TwoVenues at = two_venues();
    FramesByKind frames = make_market(at, 20240808, 4'000).by_kind();
    frames[static_cast<std::size_t>(FrameKind::KrakenSnapshot)] =
        make_kraken_snapshots(at, 20240808, 200);
    compare(session, made, {at.universe, at.binance, at.kraken}, frames);
  }
  if (!wanted(session, recorded)) return;
  if (const auto read = read_recordings()) {
    compare(session, recorded, {read->universe, read->binance, read->kraken}, read->frames);
  } else {
    std::fputs("ats_bench: no recorded frames: set ATS_SHARED, or put shared beside the folder\n",
               stderr);
  }
}

const Register registered{"decode", run};

}  // namespace

}  // namespace ats::bench

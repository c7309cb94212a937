// Goals 3 and 3b: a frame's bytes to events in fixed point, by message kind, against the decoders that one
// would write on simdjson's on-demand API or on nlohmann::json. Both sides give every event to a sink that
// takes in all its values; the sums must be equal. Ours checks the whole frame and reads nothing past its
// end; simdjson reads the frame in place, with the padding that it asks for behind it. A pass begins where a
// connection does: with its confirmations (Bitfinex), and with the first number (Coinbase).
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
double time_passes(const FrameSet& opening, const FrameSet& frames, std::size_t passes,
                   const Decode& decode, EventSink& sink) {
  std::vector<double> spent;
  spent.reserve(passes);
  NoSink none;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    for (std::size_t i = 0; i < opening.size(); ++i) decode(opening[i], none);
    const std::int64_t from = now_ns();
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (!decode(frames[i], sink)) {
        std::fprintf(stderr, "ats_bench: not decoded: %s\n",
                     std::string(frames[i].substr(0, 2'000)).c_str());
        std::abort();
      }
    }
    spent.push_back(static_cast<double>(now_ns() - from));
  }
  return percentile(spent, 0.5) / static_cast<double>(frames.size());
}

// ns a frame for each kind there are frames of, then their geometric mean. `make` gives a venue's decoder as
// a function of a frame and a sink.
template <class Make>
Outcome time_kinds(const KindFrames& input, std::size_t passes, const Make& make) {
  Digest digest;
  Outcome out;
  double logs = 0;
  for (std::size_t kind = 0; kind < input.frames.size(); ++kind) {
    const FrameSet& frames = input.frames[kind];
    if (frames.size() == 0) continue;
    // About the same time for each kind, however few or long its frames are.
    const std::size_t enough = std::max<std::size_t>(passes * 300'000 / frames.bytes(), 5);
    const VenueKind venue = venue_of(static_cast<FrameKind>(kind));
    const double spent = time_passes(input.opening[venue], frames, enough, make(venue), digest);
    out.values.push_back(spent);
    logs += std::log(spent);
  }
  out.values.push_back(std::exp(logs / static_cast<double>(out.values.size())));
  out.checksum = digest.value();
  return out;
}

Outcome run_ours(const KindFrames& input, std::size_t passes) {
  return time_kinds(input, passes, [&](VenueKind venue) {
    std::shared_ptr<venues::MarketDecoder> decoder =
        make_decoder(input.universe, input.venue[venue]);
    return [decoder](std::string_view frame, EventSink& sink) {
      return decoder->on_frame(frame, received, sink) == venues::FrameOutcome::Decoded;
    };
  });
}

template <class MakePeer>
Outcome run_peer(const MakePeer& make, const KindFrames& input, std::size_t passes) {
  return time_kinds(input, passes, [&](VenueKind venue) {
    std::shared_ptr<PeerDecoder> decoder = make(venue, input.venue[venue], input.universe);
    return [decoder](std::string_view frame, EventSink& sink) {
      return decoder->on_frame(frame, received, sink);
    };
  });
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

void compare(Session& session, const std::string& of, const KindFrames& input) {
  session.compare({.name = of + by_simdjson,
                   .baseline_name = std::string("simdjson on-demand, ") + simdjson_implementation(),
                   .baseline = [&] { return run_peer(make_simdjson_peer, input, 200); },
                   .ours = [&] { return run_ours(input, 200); },
                   .metrics = metrics_of(input.frames, {at_least(1.25), at_least(1.6, 1.4), "3"})});
  session.compare({.name = of + by_nlohmann,
                   .baseline_name = "nlohmann::json",
                   .baseline = [&] { return run_peer(make_nlohmann_peer, input, 10); },
                   .ours = [&] { return run_ours(input, 10); },
                   .metrics = metrics_of(input.frames, {{}, at_least(25, 18), "3b"})});
}

void run(Session& session) {
  if (!runs_simdjson_peer()) {
    std::fputs("ats_bench: decoders are compared on machines with AVX2 only\n", stderr);
    return;
  }
  const std::string made = "frames made";
  const std::string recorded = "frames recorded";
  if (wanted(session, made)) compare(session, made, make_kinds(20240808));
  if (!wanted(session, recorded)) return;
  if (const auto read = read_recordings()) {
    compare(session, recorded, *read);
  } else {
    std::fputs("ats_bench: no recorded frames: set ATS_SHARED, or put shared beside the folder\n",
               stderr);
  }
}

const Register registered{"decode", run};

}  // namespace

}  // namespace ats::bench

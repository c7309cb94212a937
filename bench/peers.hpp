// The decoders that a developer would write on a package of Debian's, to compare ours with: the same
// frames to the same events. Each trusts the venue's documentation as such code does (fields in the order
// in which they are sent, text without escapes) and checks no more than its library does by itself.
// Numbers go the same way as ours do: parse_scaled, never through double.
#pragma once

#include <memory>
#include <string_view>

#include "frames.hpp"

namespace ats::bench {

class PeerDecoder {
 public:
  virtual ~PeerDecoder() = default;
  // FrameSet::padding bytes behind the frame may be read. False: not understood.
  virtual bool on_frame(std::string_view frame, Instant recv, EventSink& sink) = 0;
};

// simdjson's on-demand API, compiled for machines with AVX2, where it is at its best.
std::unique_ptr<PeerDecoder> make_simdjson_peer(VenueKind speaks, VenueId venue,
                                                const Universe& universe);
// nlohmann::json.
std::unique_ptr<PeerDecoder> make_nlohmann_peer(VenueKind speaks, VenueId venue,
                                                const Universe& universe);
const char* simdjson_implementation();  // "haswell"
// Whether this machine has what that needs.
inline bool runs_simdjson_peer() { return __builtin_cpu_supports("avx2") != 0; }

}  // namespace ats::bench

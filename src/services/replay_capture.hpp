// Decodes a capture's frames again and compares every market event with the one that was recorded beside
// them: whether this program reads the wire as the one that recorded did.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/recording_file.hpp"

namespace ats::services {

struct CaptureReplay {
  struct Difference {
    std::uint64_t frame = 0;  // numbers of the records
    std::uint64_t event = 0;  // 0: none follows
    std::string decoded;      // empty: nothing was decoded any more
    std::string recorded;
  };
  std::string venue;
  std::uint64_t events = 0;  // equal
  std::optional<Difference> difference;
};

// One for each venue. Compared are snapshots, deltas, trades and quotes: what decoders make of bytes, and
// nothing that a clock or a lost connection had a part in. Times of receipt are not compared.
Result<std::vector<CaptureReplay>, std::string> replay_capture(const RecordingFile& file);

}  // namespace ats::services

// How many frames of each kind a recording holds, and what became of them in the decoder.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "services/recording_feed.hpp"

namespace ats::services {

struct KindCounts {
  std::string file;
  std::string venue;
  // By kind; "REST …" for depth answers, "event" for normalised events.
  std::map<std::string, std::array<std::uint64_t, venues::frame_outcome_count>> kinds;
};

// One for each venue of the recording.
Result<std::vector<KindCounts>, std::string> count_kinds(const RecordingFile& file,
                                                         const FeedOptions& options);
std::string counts_json(const std::vector<KindCounts>& all);
std::string counts_text(const std::vector<KindCounts>& all);

}  // namespace ats::services

// How many frames of each kind recordings hold, and what became of them in the decoder. A recording that is of
// no venue we know is counted too, each of its frames refused by name: one strange file among many hides none
// of the others.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/recording_feed.hpp"

namespace ats::services {

struct KindCounts {
  std::string file;
  std::string venue;
  // By kind; "REST …" for depth answers, "event" for normalised events.
  std::map<std::string, std::array<std::uint64_t, venues::frame_outcome_count>> kinds;
};

// Stands for the venue of a recording that no decoder knows.
inline constexpr std::string_view unknown_venue = "unknown";

// One for each venue of the recording.
Result<std::vector<KindCounts>, std::string> count_kinds(const RecordingFile& file,
                                                         const FeedOptions& options);
// Of each venue over all its files, in the order of the names.
std::vector<KindCounts> totals(const std::vector<KindCounts>& all);
std::string counts_json(const std::vector<KindCounts>& all);
std::string counts_text(const std::vector<KindCounts>& all);

}  // namespace ats::services

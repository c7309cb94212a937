// Captures made of recordings: any part of any of them, merged by their clocks. What `ats capture cut`,
// `merge` and `import` do.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/capture_writer.hpp"
#include "services/recording_file.hpp"

namespace ats::services {

struct CopyOptions {
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ns = std::numeric_limits<std::int64_t>::max();  // not included
  std::vector<std::string> venues;                                // empty: all
  // Whose a recording is that does not say.
  std::string venue;
  std::string symbol;
};

// Records of equal times keep the order of the files, and of each file its own. The frames are those of the
// recordings to the bit; events are given the ids of one universe of all.
Result<io::CaptureWritten, std::string> copy_recordings(const std::vector<RecordingFile>& files,
                                                        const CopyOptions& options,
                                                        const std::string& out,
                                                        const io::CaptureOptions& capture);

}  // namespace ats::services

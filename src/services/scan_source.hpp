// What a scan plays: recordings that change tops on the board as their time goes on. Several are merged by
// time; at the same time the one that was named first goes first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "services/scan_edges.hpp"

namespace ats::services {

class ScanSource {
 public:
  virtual ~ScanSource() = default;
  virtual bool over() const = 0;
  // The time of the next step; never before the last one. Not asked when over.
  virtual std::int64_t next_ns() const = 0;
  // Advances the board to that time and takes the step. With the last one the source's tops are cleared:
  // past its end nothing is known.
  virtual Status<std::string> step(EdgeBoard& board) = 0;
};

// Plays all of them to their end, and ends the board's window.
Status<std::string> play(std::span<ScanSource* const> sources, EdgeBoard& board);

}  // namespace ats::services

// How long an order on paper takes to its venue, and the answer back.
#pragma once

#include "base/time.hpp"

namespace ats::sim {

struct PaperLatency {  // one way; drawn anew each time, all between the two being as likely
  Duration least = milliseconds(20);
  Duration most = milliseconds(20);
  bool operator==(const PaperLatency&) const = default;
};

}  // namespace ats::sim

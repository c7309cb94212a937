// What a recorder has to say of a recording: a table for people, or JSON.
#pragma once

#include <string>
#include <vector>

#include "services/market_collector.hpp"

namespace ats::services {

struct RecordSummary {
  struct Venue {
    std::string name;
    std::uint64_t messages = 0;
    std::uint64_t losses = 0;
    std::uint64_t refused = 0;  // frames that did not decode
  };
  Duration running;
  std::vector<Venue> venues;
  std::vector<BookStatus> books;  // by instrument, while the connections stood
  io::CaptureWritten written;
  io::CaptureRecorder::Lost lost;
};

// Before stop(): books and venues as they are. `written` is to be filled in after it.
RecordSummary summarise(const MarketCollector& recorder, Duration running);
std::string summary_json(const RecordSummary& summary, const Universe& universe,
                         const std::string& out);
std::string summary_text(const RecordSummary& summary, const Universe& universe,
                         const std::string& out);

}  // namespace ats::services

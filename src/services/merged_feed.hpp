// Recordings of several venues as one run of events, in one universe and in the order of their recorders' clocks: what a
// backtest plays. The order in which files are named changes nothing: at the same time the venue that comes first in the
// alphabet goes first.
//
// Clocks have to be of one kind: a recording without times of receipt is refused, and so is one of whole books or quotes
// alone, which has no order of arrival to trade by.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/event.hpp"
#include "services/event_feed.hpp"
#include "services/recording_feed.hpp"
#include "services/scan_fees.hpp"

namespace ats::services {

struct MergedOptions {
  std::vector<std::string> files;
  std::vector<std::string> venues;  // empty: all of the files
  std::vector<std::string> pairs;   // "BTC/USDT"; empty: all of the files
  bool events = false;              // of captures the normalised events, though there are frames
  TakerFees fees;                   // of who has none in the recording, or was told one
};

class MergedFeed final : public EventFeed {
 public:
  // What was wrong with a recording; zero is good.
  struct Faults {
    std::uint64_t refused = 0;     // frames that are not the protocol
    std::uint64_t lost = 0;        // records that the recorder had no room for
    std::uint64_t clock_back = 0;  // records a tenth of a second before an earlier one, or more
    std::uint64_t silences = 0;    // longer than a minute
    std::int64_t longest_silence_ns = 0;
    bool any() const { return refused + lost + clock_back + silences != 0; }
  };
  struct Source {
    std::string path, venue;
    std::uint64_t records = 0, decoded = 0;
    std::int64_t first_ns = 0, last_ns = 0;
    Faults faults;
  };

  static Result<std::unique_ptr<MergedFeed>, std::string> open(const MergedOptions& options,
                                                               Progress* progress);
  ~MergedFeed() override;
  MergedFeed(const MergedFeed&) = delete;
  MergedFeed& operator=(const MergedFeed&) = delete;

  const Universe& universe() const override { return universe_; }
  Result<bool, std::string> next() override;
  std::int64_t ns() const override { return ns_; }
  // A venue's connection comes up with its first record.
  void deliver(EventSink& sink) override;
  std::vector<Source> sources() const;
  // The earliest and the latest time of any of them.
  std::int64_t first_ns() const;
  std::int64_t last_ns() const;

 private:
  struct Part;
  class Translated;
  MergedFeed() = default;
  Status<std::string> add(const RecordingFile& file, const MergedOptions& options,
                          const std::string& venue);
  Status<std::string> lay_out(const MergedOptions& options);
  Status<std::string> fetch(Part& part);

  Universe universe_;
  std::vector<std::unique_ptr<Part>> parts_;  // by venue, then path
  std::vector<bool> up_;                      // by venue
  Part* current_ = nullptr;
  std::int64_t ns_ = 0;
};

}  // namespace ats::services

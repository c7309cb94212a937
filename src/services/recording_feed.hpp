// Recorded frames of one venue turned into events: finds out whose they are, learns the instruments from
// them, and plays them in the order of the recorder's clock. One file, one venue, a universe of its own.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "services/recording_file.hpp"
#include "venues/client.hpp"

namespace ats::services {

struct FeedOptions {
  const venues::Protocol* protocol = nullptr;  // null: told by the recording or guessed from it
  std::string symbol;  // only this instrument (its symbol or BASE/QUOTE); empty: all
};

class RecordingFeed {
 public:
  // Reads the file once or twice to learn venue and instruments. The file is one of records.
  static Result<std::unique_ptr<RecordingFeed>, std::string> open(const RecordingFile& file,
                                                                  const FeedOptions& options);
  RecordingFeed(const RecordingFeed&) = delete;
  RecordingFeed& operator=(const RecordingFeed&) = delete;

  // Brings the next record of kind Frame, Rest or Connect; false at the end. Its time is now()'s.
  Result<bool, std::string> fetch();
  const Record& record() const { return record_; }
  // Of the fetched record by the recorder's clock; never runs backwards (where the recorder's did, the
  // latest time so far).
  Instant now() const { return now_; }
  std::uint64_t line() const { return lines_->line(); }

  // Decodes the fetched record. With a chosen symbol, events of other instruments are left out.
  void deliver(EventSink& sink);

  const Universe& universe() const { return universe_; }
  VenueId venue() const { return venue_; }
  const venues::Protocol& protocol() const { return *protocol_; }
  const RecordingFile& file() const { return file_; }
  bool chosen(InstrumentId id) const { return !only_.valid() || id == only_; }

  struct Counters {
    std::uint64_t records = 0;  // frames and depth bodies: the sum of outcomes
    std::array<std::uint64_t, venues::frame_outcome_count> outcomes{};
    std::uint64_t other_rest = 0;  // REST answers that are no depth (metadata)
    std::uint64_t clock_back = 0;  // records whose time was before that of an earlier one
    std::uint64_t decoded() const { return outcomes[0]; }
  };
  const Counters& counters() const { return counters_; }

 private:
  explicit RecordingFeed(RecordingFile file) : file_(std::move(file)) {}

  Status<std::string> identify();
  Status<std::string> learn(const FeedOptions& options);
  // Calls take(record) for every record of the file.
  template <class Take>
  Status<std::string> each_record(Take take) const;
  // The instrument a depth body is of; invalid when neither URL nor recording say.
  InstrumentId instrument_of(const Record& record) const;
  InstrumentId find(std::string_view symbol) const;

  RecordingFile file_;
  const venues::Protocol* protocol_ = nullptr;
  Universe universe_;
  VenueId venue_;
  InstrumentId only_;    // chosen by the caller
  InstrumentId single_;  // whose the depth bodies without a URL are
  std::unique_ptr<venues::MarketDecoder> decoder_;
  std::optional<RecordingLines> lines_;
  std::unique_ptr<RecordReader> reader_;
  Record record_;
  Instant now_;
  Counters counters_;
};

}  // namespace ats::services

// What a recording holds of one venue, turned into events: finds out whose it is, learns the instruments from
// it, and plays it in the order of the recorder's clock. One file, one venue, a universe of its own. Frames
// are decoded; where a recording holds none of the venue, the normalised events that it holds are taken.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/recording_file.hpp"
#include "venues/client.hpp"

namespace ats::services {

struct FeedOptions {
  const venues::Protocol* protocol = nullptr;  // null: told by the recording or guessed from it
  std::string
      venue;  // of a recording of several, this one; of a table that does not say, its venue
  bool events = false;  // take the normalised events of a capture, though it has frames
  std::string symbol;   // only this instrument (its symbol or BASE/QUOTE); empty: all
};

class RecordingFeed {
 public:
  // Reads the file once or twice to learn venue and instruments. The file holds records.
  static Result<std::unique_ptr<RecordingFeed>, std::string> open(const RecordingFile& file,
                                                                  const FeedOptions& options);
  RecordingFeed(const RecordingFeed&) = delete;
  RecordingFeed& operator=(const RecordingFeed&) = delete;

  // The venues that a recording names itself, in the order of their first records; none for one that is of
  // a single venue and leaves it to be found out.
  static Result<std::vector<std::string>, std::string> venues(const RecordingFile& file,
                                                              const FeedOptions& options);

  // Brings the next record that says something of the venue; false at the end. Its time is now()'s.
  Result<bool, std::string> fetch();
  const SourceRecord& record() const { return record_; }
  // Of the fetched record by the recorder's clock; never runs backwards (where the recorder's did, the
  // latest time so far).
  Instant now() const { return now_; }
  std::uint64_t line() const { return source_->line(); }

  // The latest time that any of its records tells, as it was learnt.
  std::int64_t last_ns() const { return last_ns_; }

  // Decodes the fetched record. With a chosen symbol, events of other instruments are left out. A record
  // that is no data (a connection, metadata) is not counted: Ignored.
  venues::FrameOutcome deliver(EventSink& sink);

  const Universe& universe() const { return universe_; }
  VenueId venue() const { return venue_; }
  std::string_view venue_name() const { return venue_name_; }
  // Null: of a venue that the registry does not know.
  const venues::Protocol* protocol() const { return protocol_; }
  const RecordingFile& file() const { return file_; }
  // Not frames are decoded but recorded events are given out.
  bool plays_events() const { return events_; }
  // Its books are held to venues::table_rules.
  bool of_table() const { return of_table_; }
  bool chosen(InstrumentId id) const { return !only_.valid() || id == only_; }

  struct Counters {
    std::uint64_t records = 0;  // frames, depth bodies and events: the sum of outcomes
    std::array<std::uint64_t, venues::frame_outcome_count> outcomes{};
    std::uint64_t other_rest = 0;  // REST answers that are no depth (metadata)
    std::uint64_t lost = 0;        // records that the recorder had no room for
    std::uint64_t clock_back = 0;  // records whose time was before that of an earlier one
    std::uint64_t decoded() const { return outcomes[0]; }
  };
  const Counters& counters() const { return counters_; }

 private:
  RecordingFeed(RecordingFile file, const FeedOptions& options)
      : file_(std::move(file)), options_(options) {}

  Status<std::string> identify();
  Status<std::string> learn();
  void adopt(const Universe& told);
  Status<std::string> choose();
  Result<std::unique_ptr<RecordSource>, std::string> source() const;
  // Whether the record is of the venue.
  bool ours(const SourceRecord& record) const {
    return record.venue.empty() || record.venue == venue_name_;
  }
  // Calls take(record, source) for every record of the venue.
  template <class Take>
  Status<std::string> each_record(Take take) const;
  // The instrument a depth body is of; invalid when neither URL nor recording say.
  InstrumentId instrument_of(const Record& record) const;
  InstrumentId find(std::string_view symbol) const;
  // The event in the ids of this universe, at this time; false: of an instrument that is not in it.
  bool renamed(Event& event);

  RecordingFile file_;
  FeedOptions options_;
  const venues::Protocol* protocol_ = nullptr;
  std::string venue_name_;
  std::int64_t last_ns_ = 0;
  bool events_ = false;  // no frames: its events are played
  bool of_table_ = false;
  Universe universe_;
  VenueId venue_;
  InstrumentId only_;    // chosen by the caller
  InstrumentId single_;  // whose the depth bodies without a URL are
  std::unique_ptr<venues::MarketDecoder> decoder_;
  std::unique_ptr<RecordSource> source_;
  std::vector<InstrumentId> ids_;  // here, by id in the universe of the events
  std::optional<std::uint64_t> ids_of_;
  SourceRecord record_;
  Instant now_;
  Counters counters_;
};

}  // namespace ats::services

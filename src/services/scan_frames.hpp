// Plays what a recording holds of one venue through the same decoder and books that trade live, and keeps an
// account of it: what came, what followed what, what was proved and what was refused.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/books/book_set.hpp"
#include "services/recording_feed.hpp"
#include "services/scan_fees.hpp"
#include "services/scan_source.hpp"

namespace ats::services {

struct InstrumentScan {
  BookStatus book;  // what the book made of it
  std::uint64_t snapshots_seen = 0;
  std::uint64_t deltas_seen = 0;
  std::uint64_t trades = 0;
  std::uint64_t quotes = 0;
  Level quote_bid;  // of the last quote; zero quantity = none
  Level quote_ask;
};

// A delta that does not follow the one before it on the wire, by the venue's numbering.
struct SequenceGap {
  std::uint64_t line = 0;
  std::int64_t ns = 0;
  InstrumentId instrument;
  Sequence before = 0;  // last id of the delta before
  Sequence first = 0;   // of this one (PrevLinked venues: the id it says comes before it)
};

// A book that was thrown away, and why.
struct BookBreak {
  std::uint64_t line = 0;  // the record that did it, or the last one before time did
  std::int64_t ns = 0;
  InstrumentId instrument;
  BookReason reason = BookReason::None;
};

class FrameScan final : public ScanSource, private EventSink {
 public:
  static Result<std::unique_ptr<FrameScan>, std::string> open(const RecordingFile& file,
                                                              const FeedOptions& options,
                                                              const TakerFees& fees,
                                                              EdgeBoard& board);
  bool over() const override { return over_; }
  std::int64_t next_ns() const override;
  Status<std::string> step(EdgeBoard& board) override;

  const RecordingFeed& feed() const { return *feed_; }
  // By instrument of the feed's universe.
  std::vector<InstrumentScan> instruments() const;
  const std::vector<SequenceGap>& gaps() const { return gaps_; }
  const std::vector<BookBreak>& breaks() const { return breaks_; }
  std::int64_t first_ns() const { return first_ns_; }
  std::int64_t last_ns() const { return last_ns_; }

 private:
  struct Seen {
    InstrumentScan counts;
    std::optional<Sequence> last;  // of the delta before
    std::size_t book_entry = 0;    // on the board
    std::size_t quote_entry = 0;
  };

  FrameScan(std::unique_ptr<RecordingFeed> feed, EdgeBoard& board, const TakerFees& fees);
  void on(const Event& event) override;
  void follow(const BookDelta& delta);
  void connected(const Record& record);
  void disconnected();
  void reconnected();
  void timer();
  void publish();

  std::unique_ptr<RecordingFeed> feed_;
  core::BookSet books_;
  EdgeBoard* board_;
  Actions actions_;
  Instant now_;
  std::uint64_t line_ = 0;  // of the record delivered last
  std::int64_t timer_ns_;
  std::vector<std::string> connections_;
  bool up_ = true;
  bool over_ = false;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::vector<Seen> seen_;
  std::vector<SequenceGap> gaps_;
  std::vector<BookBreak> breaks_;
};

}  // namespace ats::services

// The forms that recorded market data comes in, one row each: how its first line is recognised, and what
// reads it. Readers see lines (or a whole document) and open no file; recording_file.hpp brings them there.
// A new form is a new row in recording.cpp.
//
// Invariant: a line that is not exactly what its form says is an error that tells what was expected. What
// stands inside a recorded frame is the venue's: only its decoder judges it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"

namespace ats::services {

enum class RecordKind : std::uint8_t {
  Frame,       // one message from the venue's WebSocket
  Rest,        // body of a REST answer; `url` where the recording tells it
  Connect,     // the recorder opened the connection
  Disconnect,  // and lost it
  Event,       // normalised: what a decoder would have made of a frame
  Lost,        // the recorder had no room for some of what came: its own count
  Other,       // what the recorder sent, and its own notes
};

// A time that a recording may tell, in nanoseconds since 1970: not before it, and before the year 2200, so
// that no sum with a time overflows.
constexpr bool plausible_ns(std::int64_t ns) { return ns > 0 && ns < 7'258'118'400'000'000'000; }

// One line of recorded frames. The views live until the reader is asked again.
struct Record {
  RecordKind kind = RecordKind::Frame;
  std::int64_t ns = 0;  // by the recorder's clock; 0 where the recording tells no time
  std::string_view data;
  std::string_view url;
  std::string_view connection;
  std::string_view venue;  // named by the recording
  bool binary = false;     // the frame was a binary message
  bool sent = false;       // of kind Other: a message that the recorder sent
  std::uint64_t lost = 0;  // of kind Lost: records
};

// Best bid and ask of one venue at one time.
struct QuoteRow {
  std::int64_t ns = 0;
  std::string_view venue;
  std::string_view symbol;
  Decimal bid;  // all four positive
  Decimal bid_quantity;
  Decimal ask;
  Decimal ask_quantity;
};

// A full book as a document holds it; names that it does not tell are empty. Prices positive, best first, none twice; quantities positive.
struct RecordedBook {
  struct Level {
    Decimal price;
    Decimal quantity;
  };
  std::string venue;
  std::string base;
  std::string quote;
  std::vector<Level> bids;
  std::vector<Level> asks;
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // Nothing: the line says nothing (it is empty). The error says what was expected.
  virtual Result<std::optional<Record>, std::string> read(std::string_view line) = 0;
};

class QuoteReader {
 public:
  virtual ~QuoteReader() = default;
  // The first line is the table's head and gives nothing.
  virtual Result<std::optional<QuoteRow>, std::string> read(std::string_view line) = 0;
};

enum class RecordingForm : std::uint8_t { Frames, Table, Quotes, Books, Capture };

// One row of the table. `records`, `quotes` or `books` is there as `form` says; tables and captures are read
// by recording_source.hpp.
struct RecordingFormat {
  std::string_view name;
  std::string_view shape;  // what it looks like, for messages
  RecordingForm form;
  bool (*recognises)(std::string_view first_line);
  std::unique_ptr<RecordReader> (*records)();
  std::unique_ptr<QuoteReader> (*quotes)();
  Result<std::vector<RecordedBook>, std::string> (*books)(std::string_view document);
};

std::span<const RecordingFormat> recording_formats();
// Not recognised by a line: its files are a folder's.
const RecordingFormat& capture_format();
// By the first line that is not empty; null for none of them.
const RecordingFormat* recognise(std::string_view first_line);

}  // namespace ats::services

// Recorded market data as one run of records, wherever it comes from: lines of recorded frames, rows of a
// table, a capture. A source is read from its beginning to its end; who needs it twice opens it twice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/event.hpp"
#include "services/recording.hpp"

namespace ats::services {

class RecordingFile;

struct SourceRecord : Record {
  // Of kind Event: the event, in the ids of `universe`. Both live until the source is asked again.
  const Event* event = nullptr;
  const Universe* universe = nullptr;
  std::uint32_t status = 0;  // of kind Rest; 0 where the recording does not tell
};

// Events of a table come without sequence numbers, checksums and heartbeats: no venue's rules hold for
// them. Their records name this as their connection, in captures too.
constexpr std::string_view table_connection = "table";

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // Nothing after the last record. The error is a sentence that begins with file and place.
  virtual Result<std::optional<SourceRecord>, std::string> next() = 0;
  // Of the record last read: its line, or its number in a capture. From 1.
  virtual std::uint64_t line() const = 0;
  // "file:line: what", of the record last read.
  virtual std::string at(std::string_view what) const = 0;
  // The instruments that the recorder knew, of the record last read; null where the source does not tell.
  // Another number: other instruments.
  virtual const Universe* instruments() { return nullptr; }
  virtual std::uint64_t instruments_number() const { return 0; }
  // Of a capture: records before this time need not come.
  virtual void seek(std::int64_t ns) { static_cast<void>(ns); }
};

// Lines of recorded frames.
Result<std::unique_ptr<RecordSource>, std::string> line_source(const RecordingFile& file);
// Rows of a table as events. Reads it once to learn its instruments. Of a table that does not say whose it
// is: by its file's name, else `venue` and `symbol`.
Result<std::unique_ptr<RecordSource>, std::string> table_source(const RecordingFile& file,
                                                                std::string_view venue,
                                                                std::string_view symbol);
Result<std::unique_ptr<RecordSource>, std::string> capture_source(const RecordingFile& file);

}  // namespace ats::services

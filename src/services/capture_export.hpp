// Recordings as text that other programs read: tables in Tardis' column layout, recorded frames and
// normalised events as JSON lines. Any recording can be exported, not captures alone.
#pragma once

#include <cstdio>
#include <limits>
#include <string>

#include "base/result.hpp"
#include "services/recording_file.hpp"

namespace ats::services {

struct ExportOptions {
  enum class As : std::uint8_t { Book, Snapshots, Quotes, Trades, Frames, Events };
  As as = As::Book;
  std::size_t levels = 0;  // of Snapshots
  std::string venue;       // empty: all
  std::string symbol;      // empty: all
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ns = std::numeric_limits<std::int64_t>::max();  // not included
};

// "incremental_book_L2", "book_snapshot_25", "quotes", "trades", "frames", "events". False for another.
bool parse_export_kind(std::string_view text, ExportOptions& out);

// Rows written, without the head.
Result<std::uint64_t, std::string> export_recording(const RecordingFile& file,
                                                    const ExportOptions& options, std::FILE* out);

}  // namespace ats::services

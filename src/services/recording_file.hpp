// A recorded file, opened as often as it is needed and read line by line: what stands between io's bytes and
// the readers of recording.hpp. Every error is a sentence that begins with the file and the line.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/gz_input.hpp"
#include "services/recording.hpp"
#include "services/recording_source.hpp"

namespace ats::services {

// Tells a person how far a long reading has come; silent where standard error is no terminal.
class Progress {
 public:
  Progress();
  ~Progress();  // clears what it showed
  void show(std::string_view what, std::uint64_t done, std::uint64_t of);
  // Clears it, and shows nothing more.
  void finish();

 private:
  bool visible_;
  int percent_ = -1;
};

// The lines of one reading of a file, from its beginning.
class RecordingLines {
 public:
  RecordingLines(std::string path, std::unique_ptr<io::ByteSource> source, const io::GzInput* file,
                 Progress* progress);

  // Nothing after the last line. Valid until the next call.
  Result<std::optional<std::string_view>, std::string> next();
  std::uint64_t line() const { return reader_.line(); }
  // "file:line: what", of the line last read.
  std::string at_line(std::string_view what) const;

 private:
  std::string path_;
  std::unique_ptr<io::ByteSource> source_;
  const io::GzInput* file_;  // the source, where it is one; for the progress
  io::LineReader reader_;
  Progress* progress_;
};

class RecordingFile {
 public:
  // Looks at the first line. "-" is standard input, which is kept in memory so that it can be read again.
  // `progress` outlives the file; null: none is shown.
  static Result<RecordingFile, std::string> open(const std::string& path, Progress* progress);

  const std::string& path() const { return path_; }
  const RecordingFormat& format() const { return *format_; }
  Result<RecordingLines, std::string> lines() const;
  // Of frames, tables and captures (and quotes, as a table): what happened, from the beginning. `venue` and
  // `symbol` are whose a table is that does not say.
  Result<std::unique_ptr<RecordSource>, std::string> source(std::string_view venue = {},
                                                            std::string_view symbol = {}) const;
  bool holds_records() const {
    return format_->form != RecordingForm::Quotes && format_->form != RecordingForm::Books;
  }
  // All of it, lines joined by LF.
  Result<std::string, std::string> document() const;

 private:
  RecordingFile() = default;

  std::string path_;
  const RecordingFormat* format_ = nullptr;
  std::shared_ptr<const std::string> memory_;  // standard input
  Progress* progress_ = nullptr;
};

}  // namespace ats::services

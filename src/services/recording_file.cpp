#include "services/recording_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "io/capture_reader.hpp"

namespace ats::services {
namespace {

constexpr std::size_t memory_max = std::size_t{1} << 30;

class MemorySource final : public io::ByteSource {
 public:
  explicit MemorySource(std::shared_ptr<const std::string> text) : text_(std::move(text)) {}
  Result<std::string_view, std::string> read() override {
    return std::exchange(given_, true) ? std::string_view() : std::string_view(*text_);
  }

 private:
  std::shared_ptr<const std::string> text_;
  bool given_ = false;
};

Result<std::string, std::string> all_of(io::ByteSource& source) {
  std::string text;
  while (true) {
    const auto bytes = source.read();
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) return text;
    if (text.size() + bytes->size() > memory_max)
      return fail(fmt::format("more than {} MiB are not kept in memory", memory_max >> 20));
    text += *bytes;
  }
}

std::string known_shapes() {
  std::string list;
  for (const RecordingFormat& format : recording_formats())
    list += fmt::format("\n  {}: {}", format.name, format.shape);
  list += fmt::format("\n  {}: {}", capture_format().name, capture_format().shape);
  return list;
}

// What there is of a line to show a person: printable and short.
std::string excerpt(std::string_view line) {
  std::string shown;
  for (const char c : line.substr(0, 60)) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown + (line.size() > 60 ? "..." : "");
}

}  // namespace

Progress::Progress() : visible_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { finish(); }

void Progress::finish() {
  if (visible_ && percent_ >= 0) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

void Progress::show(std::string_view what, std::uint64_t done, std::uint64_t of) {
  if (!visible_ || of == 0) return;
  const int percent = static_cast<int>(100 * done / of);
  if (percent == percent_) return;
  percent_ = percent;
  fmt::print(stderr, "\r\033[K{} {} %", what, percent);
}

RecordingLines::RecordingLines(std::string path, std::unique_ptr<io::ByteSource> source,
                               const io::GzInput* file, Progress* progress)
    : path_(std::move(path)),
      source_(std::move(source)),
      file_(file),
      reader_(*source_),
      progress_(progress) {}

Result<std::optional<std::string_view>, std::string> RecordingLines::next() {
  auto line = reader_.next();
  if (!line) return fail(at_line(line.error()));
  if (progress_ != nullptr && file_ != nullptr && (reader_.line() & 0x3ff) == 0)
    progress_->show(path_, file_->read_bytes(), file_->size_bytes());
  return line;
}

std::string RecordingLines::at_line(std::string_view what) const {
  return fmt::format("{}:{}: {}", path_, reader_.line(), what);
}

Result<RecordingFile, std::string> RecordingFile::open(const std::string& path,
                                                       Progress* progress) {
  RecordingFile file;
  file.path_ = path == "-" ? "(standard input)" : path;
  file.progress_ = progress;
  if (path != "-" && io::CaptureReader::is_capture(path)) {
    file.format_ = &capture_format();
    return file;
  }
  if (path == "-") {
    auto input = io::GzInput::open(path);
    auto text = input ? all_of(**input) : fail(input.error());
    if (!text) return fail(fmt::format("{}: {}", file.path_, text.error()));
    file.memory_ = std::make_shared<const std::string>(*std::move(text));
  }
  auto lines = file.lines();
  if (!lines) return fail(lines.error());
  while (true) {
    const auto line = lines->next();
    if (!line) return fail(line.error());
    if (!*line) return fail(fmt::format("{}: is empty, expected a recording", file.path_));
    if ((*line)->find_first_not_of(" \t") == std::string_view::npos) continue;
    file.format_ = recognise(**line);
    if (file.format_ == nullptr) {
      return fail(lines->at_line(
          fmt::format("\"{}\" begins no recording of a known form; expected one of{}",
                      excerpt(**line), known_shapes())));
    }
    return file;
  }
}

Result<std::unique_ptr<RecordSource>, std::string> RecordingFile::source(
    std::string_view venue, std::string_view symbol) const {
  switch (format_->form) {
    case RecordingForm::Frames:
      return line_source(*this);
    case RecordingForm::Table:
    case RecordingForm::Quotes:
      return table_source(*this, venue, symbol);
    case RecordingForm::Capture:
      return capture_source(*this);
    case RecordingForm::Books:
      break;
  }
  return fail(fmt::format("{}: is {}, which holds books and nothing that happened to them", path_,
                          format_->name));
}

Result<RecordingLines, std::string> RecordingFile::lines() const {
  if (memory_)
    return RecordingLines(path_, std::make_unique<MemorySource>(memory_), nullptr, progress_);
  auto input = io::GzInput::open(path_);
  if (!input) return fail(fmt::format("{}: {}", path_, input.error()));
  const io::GzInput* file = input->get();
  return RecordingLines(path_, *std::move(input), file, progress_);
}

Result<std::string, std::string> RecordingFile::document() const {
  auto lines = this->lines();
  if (!lines) return fail(lines.error());
  std::string text;
  while (true) {
    const auto line = lines->next();
    if (!line) return fail(line.error());
    if (!*line) return text;
    if (text.size() + (*line)->size() > memory_max)
      return fail(fmt::format("{}: a document of more than {} MiB", path_, memory_max >> 20));
    text += **line;
    text += '\n';
  }
}

}  // namespace ats::services

#include "services/recording_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/codec.hpp"
#include "io/capture_reader.hpp"
#include "services/recording_file.hpp"

namespace ats::services {
namespace {

using Next = Result<std::optional<SourceRecord>, std::string>;

class LineSource final : public RecordSource {
 public:
  LineSource(RecordingLines lines, std::unique_ptr<RecordReader> reader)
      : lines_(std::move(lines)), reader_(std::move(reader)) {}

  Next next() override {
    for (;;) {
      const auto line = lines_.next();
      if (!line) return fail(line.error());
      if (!*line) return std::optional<SourceRecord>();
      const auto record = reader_->read(**line);
      if (!record) return fail(lines_.at_line(record.error()));
      if (!*record) continue;
      SourceRecord out;
      static_cast<Record&>(out) = **record;
      return std::optional(out);
    }
  }
  std::uint64_t line() const override { return lines_.line(); }
  std::string at(std::string_view what) const override { return lines_.at_line(what); }

 private:
  RecordingLines lines_;
  std::unique_ptr<RecordReader> reader_;
};

RecordKind kind_of(io::CaptureKind kind) {
  switch (kind) {
    case io::CaptureKind::Text:
    case io::CaptureKind::Binary:
      return RecordKind::Frame;
    case io::CaptureKind::Rest:
      return RecordKind::Rest;
    case io::CaptureKind::Connect:
      return RecordKind::Connect;
    case io::CaptureKind::Disconnect:
      return RecordKind::Disconnect;
    case io::CaptureKind::Event:
      return RecordKind::Event;
    case io::CaptureKind::Lost:
      return RecordKind::Lost;
    case io::CaptureKind::SentText:
    case io::CaptureKind::SentBinary:
      return RecordKind::Other;
  }
  return RecordKind::Other;
}

class CaptureSource final : public RecordSource {
 public:
  CaptureSource(io::CaptureReader reader, std::string path)
      : reader_(std::move(reader)), path_(std::move(path)) {}

  Next next() override {
    const auto more = reader_.next(record_);
    if (!more) return fail(more.error().detail);
    if (!*more) return std::optional<SourceRecord>();
    SourceRecord out;
    out.kind = kind_of(record_.kind);
    out.ns = record_.ns;
    out.data = record_.data;
    out.url =
        record_.kind == io::CaptureKind::Rest ? record_.url : std::string_view(record_.from->url);
    out.status = record_.status;
    out.connection = record_.from->connection;
    out.venue = record_.from->venue;
    out.binary =
        record_.kind == io::CaptureKind::Binary || record_.kind == io::CaptureKind::SentBinary;
    out.sent = out.kind == RecordKind::Other;
    out.lost = record_.lost_records;
    if (out.kind == RecordKind::Event) {
      if (auto wrong = decode(out)) return fail(*std::move(wrong));
    }
    return std::optional(out);
  }
  std::uint64_t line() const override { return record_.number; }
  std::string at(std::string_view what) const override {
    return fmt::format("{}: {}: {}", path_, reader_.position(), what);
  }
  void seek(std::int64_t ns) override { reader_.seek(ns); }
  // One preamble a segment: compared whole, as it is small and at hand.
  const Universe* instruments() override {
    if (reader_.event_codec() != codec_version) return nullptr;
    const auto bytes = reader_.preamble();
    if (!bytes || bytes->empty()) return nullptr;
    if (!std::ranges::equal(*bytes, preamble_)) {
      preamble_.assign(bytes->begin(), bytes->end());
      ++number_;
      known_ = decode_event(preamble_, started_) && std::holds_alternative<Started>(started_.event);
    }
    return known_ ? &started_.universe : nullptr;
  }
  std::uint64_t instruments_number() const override { return number_; }

 private:
  std::optional<std::string> decode(SourceRecord& out) {
    if (reader_.event_codec() != codec_version) {
      return at(
          fmt::format("its events are written by codec {}, this program reads codec {}; the "
                      "frames beside them can be read",
                      reader_.event_codec(), codec_version));
    }
    out.universe = instruments();
    if (out.universe == nullptr)
      return at("the segment does not say which instruments its events mean");
    const auto decoded = decode_event(std::as_bytes(std::span(out.data)), event_);
    if (!decoded) return at(fmt::format("an event that is {}", ats::name(decoded.error())));
    out.event = &event_.event;
    return std::nullopt;
  }

  io::CaptureReader reader_;
  std::string path_;
  io::CaptureRecord record_;
  std::vector<std::byte> preamble_;
  std::uint64_t number_ = 0;
  bool known_ = false;
  DecodedEvent started_;
  DecodedEvent event_;
};

}  // namespace

Result<std::unique_ptr<RecordSource>, std::string> line_source(const RecordingFile& file) {
  auto lines = file.lines();
  if (!lines) return fail(lines.error());
  return std::unique_ptr<RecordSource>(
      std::make_unique<LineSource>(*std::move(lines), file.format().records()));
}

Result<std::unique_ptr<RecordSource>, std::string> capture_source(const RecordingFile& file) {
  auto reader = io::CaptureReader::open(file.path());
  if (!reader) return fail(reader.error().detail);
  return std::unique_ptr<RecordSource>(
      std::make_unique<CaptureSource>(*std::move(reader), file.path()));
}

}  // namespace ats::services

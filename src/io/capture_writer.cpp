#include "io/capture_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "domain/codec.hpp"
#include "io/clock.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;

fs::path segment_path(const fs::path& directory, std::uint64_t number) {
  return directory / fmt::format("capture-{:06}.atc", number);
}

CaptureError system_error(CaptureFault fault, const fs::path& path, std::string_view what) {
  return {fault, fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno))};
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

void sync_directory(const fs::path& directory) {
  if (const int fd = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

}  // namespace

struct CaptureWriter::State {
  struct Closed {
    fs::path path;
    std::uint64_t bytes = 0;
    std::int64_t latest = 0;
  };

  fs::path directory;
  CaptureOptions options;
  int lock_fd = -1;
  int fd = -1;
  fs::path path;
  std::uint64_t segment = 0;  // number of the one that is open, or of the last
  std::uint64_t next_record = 1;
  std::uint64_t segment_size = 0;
  std::vector<CaptureBlock> blocks;
  std::int64_t segment_earliest = 0;
  std::int64_t latest = 0;  // of all records
  std::deque<Closed> closed;
  std::vector<std::byte> preamble;
  std::vector<CaptureStream> streams;
  CaptureBlockWriter block;
  std::vector<std::byte> out;
  Instant block_since;
  Instant synced;
  bool dirty = false;
  bool failed = false;
  CaptureWritten written;
  std::optional<CaptureReader::TornTail> repaired;

  explicit State(const CaptureOptions& o) : options(o), block(o.level) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (fd >= 0) ::close(fd);
    if (lock_fd >= 0) ::close(lock_fd);
  }

  Failure<CaptureError> broke(CaptureError error) {
    failed = true;
    return fail(std::move(error));
  }

  Status<CaptureError> write_out() {
    if (!write_all(fd, out))
      return broke(system_error(CaptureFault::WriteFailed, path, "cannot be written"));
    segment_size += out.size();
    written.stored_bytes += out.size();
    out.clear();
    dirty = true;
    return Done{};
  }

  Status<CaptureError> sync() {
    if (!dirty) return Done{};
    if (::fdatasync(fd) != 0)
      return broke(system_error(CaptureFault::WriteFailed, path, "cannot be synced"));
    dirty = false;
    synced = OsClock::now();
    return Done{};
  }

  Status<CaptureError> begin_segment() {
    path = segment_path(directory, ++segment);
    fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return broke(system_error(CaptureFault::CannotOpen, path, "cannot be made"));
    sync_directory(directory);  // the new name itself must survive power loss
    segment_size = 0;
    blocks.clear();
    ++written.segments;
    out = capture_segment_header(segment, codec_version, next_record);
    if (!preamble.empty()) block.put_preamble(preamble, next_record, out);
    return write_out();
  }

  Status<CaptureError> write_block() {
    if (block.records() == 0) return Done{};
    if (fd < 0) {
      if (auto begun = begin_segment(); !begun) return begun;
    }
    const CaptureBlock about{static_cast<std::size_t>(segment_size), next_record, block.records(),
                             block.earliest(), block.latest()};
    if (blocks.empty()) segment_earliest = about.earliest;
    segment_earliest = std::min(segment_earliest, about.earliest);
    blocks.push_back(about);
    written.plain_bytes += block.plain_bytes();
    next_record += about.records;
    block.finish(about.first_record, out);
    if (auto put = write_out(); !put) return put;
    const bool large = options.segment_bytes != 0 && segment_size >= options.segment_bytes;
    const bool old =
        options.segment_age.ns > 0 && about.latest - segment_earliest >= options.segment_age.ns;
    return large || old ? end_segment() : Status<CaptureError>(Done{});
  }

  Status<CaptureError> end_segment() {
    if (fd < 0) return Done{};
    block.put_end(blocks, next_record, static_cast<std::size_t>(segment_size), out);
    if (auto put = write_out(); !put) return put;
    if (auto synced_now = sync(); !synced_now) return synced_now;
    ::close(fd);
    fd = -1;
    std::int64_t segment_latest = 0;
    for (const CaptureBlock& b : blocks) segment_latest = std::max(segment_latest, b.latest);
    closed.push_back({path, segment_size, segment_latest});
    retain();
    return Done{};
  }

  void retain() {
    std::uint64_t bytes = 0;
    for (const Closed& c : closed) bytes += c.bytes;
    while (closed.size() > 1) {
      const Closed& oldest = closed.front();
      const bool many = options.keep_bytes != 0 && bytes > options.keep_bytes;
      const bool old = options.keep_age.ns > 0 && oldest.latest + options.keep_age.ns < latest;
      if (!many && !old) return;
      std::error_code ec;
      fs::remove(oldest.path, ec);
      if (ec) return;  // it is tried again when the next segment ends
      bytes -= oldest.bytes;
      closed.pop_front();
      ++written.segments_removed;
    }
  }

  // Cuts the torn tail off the last segment and closes it in order.
  Status<CaptureError> repair(const CaptureReader& reader) {
    const auto& segments = reader.segments();
    repaired = reader.torn_tail();
    if (repaired && repaired->tail.offset == 0) {
      // The last file holds nothing at all.
      std::error_code ec;
      fs::remove(repaired->segment, ec);
      if (ec)
        return fail(CaptureError{CaptureFault::WriteFailed,
                                 repaired->segment.string() + ": " + ec.message()});
    }
    for (const CaptureReader::Segment& s : segments) {
      const CaptureSegment& frame = s.frame;
      segment = frame.number;
      next_record = frame.next_record;
      latest = std::max(latest, s.latest);
      std::uint64_t size = s.bytes;
      if (!frame.closed) {
        if (frame.torn) size = frame.torn->offset;
        if (::truncate(s.path.c_str(), static_cast<off_t>(size)) != 0)
          return fail(system_error(CaptureFault::WriteFailed, s.path, "cannot be cut"));
        block.put_end(frame.blocks, frame.next_record, static_cast<std::size_t>(size), out);
        const int end_fd = ::open(s.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        const bool done = end_fd >= 0 && write_all(end_fd, out) && ::fsync(end_fd) == 0;
        if (end_fd >= 0) ::close(end_fd);
        if (!done) return fail(system_error(CaptureFault::WriteFailed, s.path, "cannot be closed"));
        size += out.size();
        out.clear();
      }
      closed.push_back({s.path, size, s.latest});
    }
    return Done{};
  }
};

CaptureWriter::CaptureWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter, CaptureError> CaptureWriter::open(const fs::path& directory,
                                                        const CaptureOptions& options) {
  auto s = std::make_unique<State>(options);
  s->directory = directory;
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec)
    return fail(CaptureError{CaptureFault::CannotOpen, directory.string() + ": " + ec.message()});
  const fs::path lock = directory / "lock";
  s->lock_fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (s->lock_fd < 0) return fail(system_error(CaptureFault::CannotOpen, lock, "cannot be opened"));
  if (::flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return fail(CaptureError{CaptureFault::InUse,
                             directory.string() + ": another process writes this capture"});
  }
  const auto reader = CaptureReader::open(directory);
  if (reader) {
    if (auto repaired = s->repair(*reader); !repaired) return fail(repaired.error());
  } else if (reader.error().fault != CaptureFault::NotACapture ||
             fs::exists(segment_path(directory, 1), ec)) {
    return fail(reader.error());
  }
  s->synced = OsClock::now();
  return CaptureWriter(std::move(s));
}

Status<CaptureError> CaptureWriter::set_preamble(std::span<const std::byte> started) {
  State& s = *state_;
  if (std::ranges::equal(s.preamble, started)) return Done{};
  if (auto put = s.write_block(); !put) return put;
  if (auto ended = s.end_segment(); !ended) return ended;
  s.preamble.assign(started.begin(), started.end());
  return Done{};
}

std::uint32_t CaptureWriter::stream(const CaptureStream& stream) {
  auto& streams = state_->streams;
  const auto found = std::find(streams.begin(), streams.end(), stream);
  if (found == streams.end()) {
    streams.push_back(stream);
    return static_cast<std::uint32_t>(streams.size() - 1);
  }
  return static_cast<std::uint32_t>(found - streams.begin());
}

Status<CaptureError> CaptureWriter::put(const CaptureRecord& record) {
  State& s = *state_;
  if (s.failed)
    return fail(CaptureError{CaptureFault::WriteFailed, "an earlier record could not be written"});
  ATS_ASSERT(record.stream < s.streams.size());
  // A record larger than a block has one of its own, so that none grows past what readers believe.
  const std::size_t size = record.data.size() + record.url.size();
  if (s.block.records() != 0 && s.block.plain_bytes() + size > 8 * s.options.block_bytes) {
    if (auto put = s.write_block(); !put) return put;
  }
  if (size > CaptureUnpacker::plain_max / 2) {
    return fail(CaptureError{CaptureFault::WriteFailed,
                             fmt::format("a record of {} bytes is too large", size)});
  }
  if (s.block.records() == 0) s.block_since = OsClock::now();
  s.block.add(record, s.streams[record.stream]);
  s.latest = std::max(s.latest, record.ns);
  ++s.written.records;
  return s.block.plain_bytes() >= s.options.block_bytes ? s.write_block()
                                                        : Status<CaptureError>(Done{});
}

Status<CaptureError> CaptureWriter::idle(Instant now) {
  State& s = *state_;
  if (s.block.records() != 0 && now - s.block_since >= s.options.block_age) {
    if (auto put = s.write_block(); !put) return put;
  }
  if (s.fd >= 0 && now - s.synced >= s.options.sync_every) return s.sync();
  return Done{};
}

Status<CaptureError> CaptureWriter::flush() { return state_->write_block(); }

Status<CaptureError> CaptureWriter::close() {
  State& s = *state_;
  if (auto put = s.write_block(); !put) return put;
  // A capture of nothing is a segment of nothing, not an absent one.
  if (s.closed.empty() && s.fd < 0) {
    if (auto begun = s.begin_segment(); !begun) return begun;
  }
  return s.end_segment();
}

const CaptureWritten& CaptureWriter::written() const { return state_->written; }
const std::optional<CaptureReader::TornTail>& CaptureWriter::repaired() const {
  return state_->repaired;
}

}  // namespace ats::io

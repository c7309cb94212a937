#include "io/capture_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ats::io {
namespace {

namespace fs = std::filesystem;

// Read-only map of a whole file.
class Map {
 public:
  Map() = default;
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  ~Map() { release(); }

  // False: errno says why.
  bool open(const fs::path& path) {
    release();
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct stat about {};
    bool done = ::fstat(fd, &about) == 0;
    if (done && about.st_size > 0) {
      size_ = static_cast<std::size_t>(about.st_size);
      void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      done = at != MAP_FAILED;
      if (done) data_ = static_cast<const std::byte*>(at);
    }
    ::close(fd);
    return done;
  }
  std::span<const std::byte> bytes() const {
    return data_ == nullptr ? std::span<const std::byte>() : std::span(data_, size_);
  }

 private:
  void release() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
    data_ = nullptr;
    size_ = 0;
  }
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

CaptureError at_path(const fs::path& path, CaptureError error) {
  error.detail = path.string() + ": " + error.detail;
  return error;
}

bool is_segment_name(const std::string& name) {
  return name.starts_with("capture-") && name.ends_with(".atc") && name.size() == 18 &&
         std::all_of(name.begin() + 8, name.begin() + 14,
                     [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::vector<fs::path>, CaptureError> segment_paths(const fs::path& path) {
  std::error_code ec;
  if (!fs::exists(path, ec))
    return fail(CaptureError{CaptureFault::CannotOpen, path.string() + ": is not there"});
  if (!fs::is_directory(path, ec)) return std::vector<fs::path>{path};
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(path, ec)) {
    if (is_segment_name(entry.path().filename().string())) paths.push_back(entry.path());
  }
  if (ec) return fail(CaptureError{CaptureFault::CannotOpen, path.string() + ": " + ec.message()});
  if (paths.empty()) {
    return fail(CaptureError{CaptureFault::NotACapture,
                             path.string() + ": holds no segment (capture-000001.atc, …)"});
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

struct CaptureReader::State {
  std::vector<Segment> segments;
  std::optional<TornTail> torn;
  // Where reading stands: the segment that is mapped, and the block that comes next.
  Map map;
  std::optional<std::size_t> mapped;
  std::size_t segment = 0;
  std::size_t block = 0;
  CaptureUnpacker unpacker;
  CaptureUnpacker preamble_unpacker;
  CaptureStreams streams;
  std::optional<std::size_t> streams_of;  // segment
  CaptureBlockReader records;
  bool in_block = false;
  std::size_t record_segment = 0;
  std::uint64_t record_number = 0;

  CaptureError damaged(std::size_t at, const std::string& what) const {
    return {CaptureFault::Damaged,
            fmt::format("{}: at byte {}: {}", segments[segment].path.string(), at, what)};
  }

  std::optional<CaptureError> map_segment(std::size_t which) {
    if (mapped == which) return std::nullopt;
    mapped.reset();
    const Segment& s = segments[which];
    if (!map.open(s.path) || map.bytes().size() < s.bytes) {
      return CaptureError{CaptureFault::CannotOpen, s.path.string() + ": cannot be read any more"};
    }
    mapped = which;
    return std::nullopt;
  }

  // The next block of records; false at the end.
  Result<bool, CaptureError> open_block() {
    while (segment < segments.size() && block == segments[segment].frame.blocks.size()) {
      ++segment;
      block = 0;
    }
    if (segment == segments.size()) return false;
    if (auto failed = map_segment(segment)) return fail(*std::move(failed));
    if (streams_of != segment) streams.clear();
    streams_of = segment;
    const CaptureBlock& about = segments[segment].frame.blocks[block];
    const auto plain = unpacker.unpack(map.bytes().first(segments[segment].bytes), about.offset);
    if (!plain) return fail(damaged(about.offset, plain.error()));
    if (!records.open(*plain, about, streams))
      return fail(damaged(about.offset, "the block holds no records"));
    record_segment = segment;
    in_block = true;
    ++block;
    return true;
  }
};

CaptureReader::CaptureReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader& CaptureReader::operator=(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

bool CaptureReader::is_capture(const fs::path& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec)) return segment_paths(path).ok();
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char magic[4] = {};
  const bool same = ::read(fd, magic, sizeof magic) == 4 && std::memcmp(magic, "ATSC", 4) == 0;
  ::close(fd);
  return same;
}

Result<CaptureReader, CaptureError> CaptureReader::open(const fs::path& path) {
  const auto paths = segment_paths(path);
  if (!paths) return fail(paths.error());
  auto state = std::make_unique<State>();
  for (const fs::path& segment : *paths) {
    Map map;
    if (!map.open(segment)) {
      return fail(
          CaptureError{CaptureFault::CannotOpen, segment.string() + ": " + std::strerror(errno)});
    }
    const bool last = segment == paths->back();
    auto frame = CaptureSegment::parse(map.bytes(), last);
    if (!frame) return fail(at_path(segment, frame.error()));
    Segment added{segment, map.bytes().size(), *std::move(frame), 0, 0};
    if (added.frame.torn) {
      state->torn = TornTail{segment, *added.frame.torn};
      // Only a head that was never written has no number: there is nothing of the segment then.
      if (added.frame.torn->offset == 0) break;
    }
    if (!state->segments.empty()) {
      const CaptureSegment& before = state->segments.back().frame;
      if (added.frame.number != before.number + 1 ||
          added.frame.first_record != before.next_record) {
        return fail(CaptureError{
            CaptureFault::Damaged,
            fmt::format("{}: begins with segment {}, record {} where segment {}, record {} belongs",
                        segment.string(), added.frame.number, added.frame.first_record,
                        before.number + 1, before.next_record)});
      }
    }
    for (const CaptureBlock& block : added.frame.blocks) {
      const bool first = &block == added.frame.blocks.data();
      added.earliest = first ? block.earliest : std::min(added.earliest, block.earliest);
      added.latest = first ? block.latest : std::max(added.latest, block.latest);
    }
    state->segments.push_back(std::move(added));
  }
  return CaptureReader(std::move(state));
}

Result<bool, CaptureError> CaptureReader::next(CaptureRecord& record) {
  State& s = *state_;
  for (;;) {
    if (!s.in_block) {
      auto opened = s.open_block();
      if (!opened || !*opened) return opened;
    }
    if (s.records.next(record)) {
      s.record_number = record.number;
      return true;
    }
    s.in_block = false;
    if (s.records.failed()) {
      s.segment = s.record_segment;
      return fail(s.damaged(s.segments[s.segment].frame.blocks[s.block - 1].offset,
                            fmt::format("what follows record {} is no record", s.record_number)));
    }
  }
}

void CaptureReader::seek_block(std::size_t segment, std::size_t block) {
  state_->segment = segment;
  state_->block = block;
  state_->in_block = false;
}

void CaptureReader::seek(std::int64_t ns) {
  const auto& segments = state_->segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].frame.blocks.empty() || segments[i].latest < ns) continue;
    const auto& blocks = segments[i].frame.blocks;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      if (blocks[k].latest >= ns) return seek_block(i, k);
    }
  }
  seek_block(segments.size(), 0);
}

const std::vector<CaptureReader::Segment>& CaptureReader::segments() const {
  return state_->segments;
}
const std::optional<CaptureReader::TornTail>& CaptureReader::torn_tail() const {
  return state_->torn;
}

Result<std::span<const std::byte>, CaptureError> CaptureReader::preamble() {
  State& s = *state_;
  if (s.segments.empty()) return std::span<const std::byte>();
  const Segment& segment = s.segments[s.record_segment];
  if (!segment.frame.preamble) return std::span<const std::byte>();
  if (auto failed = s.map_segment(s.record_segment)) return fail(*std::move(failed));
  const auto plain =
      s.preamble_unpacker.unpack(s.map.bytes().first(segment.bytes), *segment.frame.preamble);
  if (!plain) {
    return fail(
        CaptureError{CaptureFault::Damaged, fmt::format("{}: at byte {}: {}", segment.path.string(),
                                                        *segment.frame.preamble, plain.error())});
  }
  return *plain;
}

std::uint16_t CaptureReader::event_codec() const {
  return state_->segments.empty() ? std::uint16_t{0}
                                  : state_->segments[state_->record_segment].frame.event_codec;
}

std::string CaptureReader::position() const {
  if (state_->segments.empty()) return "(empty)";
  return fmt::format("{}, record {}",
                     state_->segments[state_->record_segment].path.filename().string(),
                     state_->record_number);
}

}  // namespace ats::io

#include "io/disk_queue.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/assert.hpp"
#include "base/crc32.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;

constexpr char magic[4] = {'A', 'T', 'S', 'Q'};
constexpr std::uint16_t format_version = 1;
constexpr std::uint64_t segment_least = std::uint64_t{64} << 10;
constexpr std::uint64_t segment_most = std::uint64_t{8} << 20;

struct SegmentHeader {
  char magic[4];
  std::uint16_t format;
  std::uint16_t zero;
  std::uint32_t zero_too;
  std::uint32_t crc;  // of the twelve bytes before
};
static_assert(sizeof(SegmentHeader) == 16);

struct RecordHead {
  std::uint32_t size;  // of the payload
  std::uint32_t crc;   // of the rest of the head, the size, and the payload
  std::uint64_t source;
  std::uint64_t mark;
  std::uint32_t points;
  std::uint32_t zero;
};
static_assert(sizeof(RecordHead) == 32);

// Two in a file, written in turn: one of them is always whole.
struct Cursor {
  std::uint64_t count = 0;  // of cursors written
  std::uint64_t segment = 1;
  std::uint64_t offset = sizeof(SegmentHeader);
  std::uint64_t source = 0;  // of the last record done with, and its mark
  std::uint64_t mark = 0;
  std::uint32_t zero = 0;
  std::uint32_t crc = 0;  // of the bytes before
};
static_assert(sizeof(Cursor) == 48);

template <class T>
std::string_view bytes_of(const T& value, std::size_t size = sizeof(T)) {
  return {reinterpret_cast<const char*>(&value), size};
}

std::uint32_t record_crc(const RecordHead& head, std::string_view payload) {
  constexpr std::size_t from = offsetof(RecordHead, source);
  const std::uint32_t rest = crc32c(bytes_of(head).substr(from), crc32c(bytes_of(head.size)));
  return crc32c(payload, rest);
}

fs::path segment_path(const fs::path& directory, std::uint64_t number) {
  return directory / fmt::format("queue-{:06}.atq", number);
}

std::string system_error(const fs::path& path, std::string_view what) {
  return fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno));
}

bool read_at(int fd, std::uint64_t offset, void* out, std::size_t size) {
  auto* to = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = ::pread(fd, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  ~File() { reset(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// Reads one record at the offset; `payload` is replaced. False: there is no sound one.
bool read_record(int fd, std::uint64_t offset, std::uint64_t end, RecordHead& head,
                 std::string& payload) {
  if (end < offset + sizeof head || !read_at(fd, offset, &head, sizeof head)) return false;
  if (head.size > DiskQueue::payload_max || end - offset - sizeof head < head.size) return false;
  payload.resize(head.size);
  return read_at(fd, offset + sizeof head, payload.data(), head.size) &&
         record_crc(head, payload) == head.crc;
}

}  // namespace

struct DiskQueue::State {
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t size = 0;    // of what is sound in it
    std::uint64_t points = 0;  // in it that are not done with
    std::uint64_t unread = 0;  // bytes of records likewise
  };

  fs::path directory;
  QueueLimits limits;
  File lock, cursor_file, writing;
  std::deque<Segment> segments;  // the last is written to
  Cursor cursor;
  std::map<std::uint64_t, std::uint64_t> marks;  // by source
  QueueCounts counts;

  // --- what was looked at last, and is not done with ---
  struct Looked {
    std::uint64_t segment = 0, offset = 0;  // where the next record is; 0: nothing was looked at
    std::uint64_t source = 0, mark = 0;     // of its last
    std::vector<std::array<std::uint64_t, 3>> of;  // segment, points, bytes
    std::uint64_t afloat = 0;                      // points that are on disk no more
  } looked;
  File reading;
  std::uint64_t reading_segment = 0;
  std::string payload;

  Result<Done, std::string> begin_segment(std::uint64_t number) {
    const fs::path path = segment_path(directory, number);
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fail(system_error(path, "cannot make"));
    writing.reset(fd);
    SegmentHeader header{};
    std::memcpy(header.magic, magic, sizeof magic);
    header.format = format_version;
    header.crc = crc32c(bytes_of(header, sizeof header - 4));
    if (::pwrite(fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
      const std::string why = system_error(path, "cannot write");
      ::unlink(path.c_str());
      writing.reset();
      return fail(why);
    }
    segments.push_back({number, sizeof header, 0, 0});
    return Done{};
  }

  // Everything that is sound in a segment, from where the cursor stands. `sound`: so far no segment was damaged.
  std::optional<std::string> take_up(std::uint64_t number, bool last, bool& sound);
  std::optional<std::string> take_up_all();
  void read_cursor();
  void write_cursor();

  std::uint64_t stored() const {
    std::uint64_t sum = 0;
    for (const Segment& s : segments) sum += s.size;
    return sum;
  }
  void count() {
    counts.waiting_points = looked.afloat;
    counts.waiting_bytes = 0;
    for (const Segment& s : segments) {
      counts.waiting_points += s.points;
      counts.waiting_bytes += s.unread;
    }
  }
  void remove_first() {
    const Segment gone = segments.front();
    segments.pop_front();
    ::unlink(segment_path(directory, gone.number).c_str());
    if (reading_segment == gone.number) {
      reading.reset();
      reading_segment = 0;
    }
  }
  // The points looked at and not done with are on their way out and are not counted as dropped.
  void drop_oldest() {
    const Segment gone = segments.front();
    std::uint64_t points = gone.points, bytes = gone.unread;
    for (auto& [number, p, b] : looked.of) {
      if (number != gone.number) continue;
      points -= p;
      bytes -= b;
      looked.afloat += p;
      p = b = 0;
    }
    counts.dropped_points += points;
    counts.dropped_bytes += bytes;
    remove_first();
    if (cursor.segment <= gone.number) {
      cursor.segment = segments.front().number;
      cursor.offset = sizeof(SegmentHeader);
    }
    write_cursor();
  }
  std::uint64_t segment_bytes() const {
    if (limits.segment_bytes != 0) return limits.segment_bytes;
    return std::clamp(limits.bytes / 8, segment_least, segment_most);
  }
};

void DiskQueue::State::read_cursor() {
  std::array<Cursor, 2> both{};
  for (std::size_t n = 0; n < both.size(); ++n) {
    Cursor& read = both[n];
    if (!read_at(cursor_file.get(), n * sizeof read, &read, sizeof read)) continue;
    if (crc32c(bytes_of(read, sizeof read - 4)) == read.crc && read.count >= cursor.count)
      cursor = read;
  }
  if (cursor.mark != 0) marks[cursor.source] = cursor.mark;
}

// Where it cannot be written, the same records come out again after a restart.
void DiskQueue::State::write_cursor() {
  ++cursor.count;
  cursor.crc = crc32c(bytes_of(cursor, sizeof cursor - 4));
  [[maybe_unused]] const ssize_t put =
      ::pwrite(cursor_file.get(), &cursor, sizeof cursor,
               static_cast<off_t>((cursor.count % 2) * sizeof cursor));
}

std::optional<std::string> DiskQueue::State::take_up(std::uint64_t number, bool last, bool& sound) {
  const fs::path path = segment_path(directory, number);
  const File file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file) return system_error(path, "cannot open");
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return system_error(path, "cannot look at");
  const auto end = static_cast<std::uint64_t>(about.st_size);
  SegmentHeader header{};
  const bool begun = read_at(file.get(), 0, &header, sizeof header);
  if (begun && std::memcmp(header.magic, magic, sizeof magic) == 0 &&
      crc32c(bytes_of(header, sizeof header - 4)) == header.crc && header.format != format_version)
    return path.string() +
           ": was written by another version: let that one write what waits, or remove " +
           directory.string();
  Segment segment{number, sizeof header, 0, 0};
  if (begun && crc32c(bytes_of(header, sizeof header - 4)) == header.crc) {
    RecordHead head{};
    while (read_record(file.get(), segment.size, end, head, payload)) {
      const std::uint64_t whole = sizeof head + head.size;
      const bool done_with =
          number < cursor.segment || (number == cursor.segment && segment.size < cursor.offset);
      segment.size += whole;
      if (!done_with) {
        segment.points += head.points;
        segment.unread += whole;
      }
      if (sound) marks[head.source] = std::max(marks[head.source], head.mark);
    }
  } else {
    segment.size = 0;
  }
  if (segment.size != end) {
    (last ? counts.torn_bytes : counts.damaged_bytes) += end - segment.size;
    sound = false;
  }
  // The tail goes, so that what is appended to another segment is all that follows.
  if (segment.size == 0) {
    ::unlink(path.c_str());
  } else {
    if (segment.size != end && ::ftruncate(file.get(), static_cast<off_t>(segment.size)) != 0)
      return system_error(path, "cannot cut the torn tail");
    segments.push_back(segment);
  }
  return std::nullopt;
}

std::optional<std::string> DiskQueue::State::take_up_all() {
  std::vector<std::uint64_t> numbers;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    const std::string name = entry.path().filename().string();
    constexpr std::string_view before = "queue-", after = ".atq";
    if (!name.starts_with(before) || !name.ends_with(after) ||
        name.size() <= before.size() + after.size())
      continue;
    std::uint64_t number = 0;
    const char* const last = name.data() + name.size() - after.size();
    const auto [end, error] = std::from_chars(name.data() + before.size(), last, number);
    if (error == std::errc() && end == last) numbers.push_back(number);
  }
  if (ec) return fmt::format("{}: cannot be read: {}", directory.string(), ec.message());
  std::ranges::sort(numbers);
  read_cursor();
  bool sound = true;
  for (const std::uint64_t number : numbers) {
    if (auto wrong = take_up(number, number == numbers.back(), sound)) return wrong;
  }
  while (!segments.empty() && segments.front().unread == 0) remove_first();
  const std::uint64_t next =
      (numbers.empty() ? cursor.segment : std::max(cursor.segment, numbers.back())) + 1;
  if (auto begun = begin_segment(next); !begun) return begun.error();
  if (cursor.segment < segments.front().number) {
    cursor.segment = segments.front().number;
    cursor.offset = sizeof(SegmentHeader);
  }
  count();
  return std::nullopt;
}

DiskQueue::DiskQueue(std::unique_ptr<State> state) : state_(std::move(state)) {}
DiskQueue::DiskQueue(DiskQueue&&) noexcept = default;
DiskQueue& DiskQueue::operator=(DiskQueue&&) noexcept = default;
DiskQueue::~DiskQueue() = default;

Result<DiskQueue, std::string> DiskQueue::open(const fs::path& directory,
                                               const QueueLimits& limits) {
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) return fail(fmt::format("{}: cannot be made: {}", directory.string(), ec.message()));
  auto state = std::make_unique<State>();
  state->directory = directory;
  state->limits = limits;
  const fs::path lock = directory / "lock", cursor = directory / "cursor";
  state->lock.reset(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!state->lock) return fail(system_error(lock, "cannot open"));
  if (::flock(state->lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(directory.string() + ": another process uses it");
  state->cursor_file.reset(::open(cursor.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!state->cursor_file) return fail(system_error(cursor, "cannot open"));
  if (auto wrong = state->take_up_all()) return fail(std::move(*wrong));
  return DiskQueue(std::move(state));
}

Status<std::string> DiskQueue::append(std::uint64_t source, std::uint64_t mark,
                                      std::uint32_t points, std::string_view payload) {
  State& s = *state_;
  ATS_ASSERT(points > 0 && payload.size() <= payload_max);
  const std::uint64_t whole = sizeof(RecordHead) + payload.size();
  if (sizeof(SegmentHeader) + whole > s.limits.bytes)
    return fail(fmt::format("{} bytes are more than the queue may have", payload.size()));
  const bool full = s.segments.back().size + whole > s.segment_bytes();
  if (!s.writing || (full && s.segments.back().size > sizeof(SegmentHeader))) {
    if (auto begun = s.begin_segment(s.segments.back().number + 1); !begun)
      return fail(begun.error());
  }
  while (s.segments.size() > 1 && s.stored() + whole > s.limits.bytes) s.drop_oldest();

  State::Segment& to = s.segments.back();
  RecordHead head{static_cast<std::uint32_t>(payload.size()), 0, source, mark, points, 0};
  head.crc = record_crc(head, payload);
  const std::array<iovec, 2> parts{iovec{&head, sizeof head},
                                   iovec{const_cast<char*>(payload.data()), payload.size()}};
  const ssize_t put = ::pwritev(s.writing.get(), parts.data(), 2, static_cast<off_t>(to.size));
  if (put != static_cast<ssize_t>(whole)) {
    if (put >= 0) errno = ENOSPC;
    std::string why = system_error(segment_path(s.directory, to.number), "cannot write");
    // Half a record would end the segment for whoever reads it.
    if (::ftruncate(s.writing.get(), static_cast<off_t>(to.size)) != 0) s.writing.reset();
    s.count();
    return fail(std::move(why));
  }
  to.size += whole;
  to.unread += whole;
  to.points += points;
  s.marks[source] = std::max(s.marks[source], mark);
  s.count();
  return Done{};
}

std::uint64_t DiskQueue::mark(std::uint64_t source) const {
  const auto at = state_->marks.find(source);
  return at == state_->marks.end() ? 0 : at->second;
}

std::uint64_t DiskQueue::look(std::string& out, std::uint64_t points_most, std::size_t bytes_most) {
  State& s = *state_;
  s.counts.dropped_points += s.looked.afloat;  // nobody said what became of them
  s.looked = {};
  std::uint64_t points = 0;
  std::uint64_t offset = s.cursor.offset;
  for (std::size_t n = 0; n < s.segments.size(); ++n) {
    const State::Segment& from = s.segments[n];
    if (from.number < s.cursor.segment) continue;
    if (from.number > s.cursor.segment) offset = sizeof(SegmentHeader);
    if (offset >= from.size) continue;
    if (s.reading_segment != from.number) {
      s.reading.reset(::open(segment_path(s.directory, from.number).c_str(), O_RDONLY | O_CLOEXEC));
      s.reading_segment = s.reading ? from.number : 0;
    }
    std::array<std::uint64_t, 3> taken{from.number, 0, 0};
    bool full = false;
    while (offset < from.size && !full) {
      RecordHead head{};
      // It was sound when it was appended or taken up: what is not any more goes with the rest of its segment.
      if (!read_record(s.reading.get(), offset, from.size, head, s.payload)) {
        s.counts.dropped_points += from.points - taken[1];
        s.counts.dropped_bytes += from.unread - taken[2];
        taken[1] = from.points;
        taken[2] = from.unread;
        offset = from.size;
        break;
      }
      full = points != 0 &&
             (points + head.points > points_most || out.size() + head.size > bytes_most);
      if (full) break;
      out += s.payload;
      points += head.points;
      offset += sizeof head + head.size;
      taken[1] += head.points;
      taken[2] += sizeof head + head.size;
      s.looked.source = head.source;
      s.looked.mark = head.mark;
    }
    s.looked.segment = from.number;
    s.looked.offset = offset;
    s.looked.of.push_back(taken);
    if (full) break;
  }
  if (points == 0) done();
  return points;
}

void DiskQueue::done() {
  State& s = *state_;
  if (s.looked.segment == 0) return;
  for (const auto& [number, points, bytes] : s.looked.of) {
    const auto at = std::ranges::find(s.segments, number, &State::Segment::number);
    if (at == s.segments.end()) continue;
    at->points -= points;
    at->unread -= bytes;
  }
  // Where they were dropped meanwhile, it stands beyond them already.
  if (s.looked.segment >= s.cursor.segment) {
    s.cursor.segment = s.looked.segment;
    s.cursor.offset = s.looked.offset;
  }
  if (s.looked.mark != 0) {
    s.cursor.source = s.looked.source;
    s.cursor.mark = s.looked.mark;
  }
  while (s.segments.size() > 1 && s.segments.front().number < s.cursor.segment) s.remove_first();
  if (s.segments.size() > 1 && s.cursor.offset >= s.segments.front().size &&
      s.segments.front().number == s.cursor.segment) {
    s.remove_first();
    s.cursor.segment = s.segments.front().number;
    s.cursor.offset = sizeof(SegmentHeader);
  }
  s.looked = {};
  s.write_cursor();
  s.count();
}

const QueueCounts& DiskQueue::counts() const { return state_->counts; }

}  // namespace ats::io

#include "io/journal_follow.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "io/descriptor.hpp"
#include "io/journal_format.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;
using namespace journal_format;

JournalError error(JournalFault fault, const fs::path& path, const std::string& what) {
  return {fault, path.string() + ": " + what};
}
JournalError system_error(JournalFault fault, const fs::path& path, const char* what) {
  return error(fault, path, std::string(what) + ": " + std::strerror(errno));
}

std::size_t read_at(int fd, std::span<std::byte> into, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t part =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (part <= 0) break;
    done += static_cast<std::size_t>(part);
  }
  return done;
}

enum class Ends : std::uint8_t {
  Blank,   // nothing is written there
  Short,   // in the middle of a record: `wanted` bytes of it are needed
  Broken,  // what is there is not what its checksum says, or no record at all
};
struct Whole {
  std::size_t bytes = 0;  // of whole records
  Ends ends = Ends::Blank;
  std::size_t wanted = 0;
};

// What of the bytes, which begin a segment or a record, is whole. `each` may refuse: that is broken, too.
template <class Each>
Whole whole_records(std::span<const std::byte> bytes, bool begins_segment, const Each& each) {
  Whole out;
  if (begins_segment) {
    SegmentHeader header{};
    if (bytes.size() < sizeof header) {
      out.ends = bytes.empty() ? Ends::Blank : Ends::Short;
      out.wanted = sizeof header;
      return out;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    const bool sound = std::memcmp(header.magic, magic, sizeof magic) == 0 &&
                       header.crc == crc32c(bytes.first(sizeof header - 4)) &&
                       header.format == format_version && header.codec == codec_version;
    if (!sound) {
      out.ends = Ends::Broken;
      return out;
    }
    out.bytes = sizeof header;
  }
  while (bytes.size() - out.bytes >= sizeof(RecordHeader)) {
    RecordHeader header{};
    std::memcpy(&header, bytes.data() + out.bytes, sizeof header);
    if (header.length == 0) return out;
    const std::size_t payload = header.length - 1;
    const std::size_t size = align_up(sizeof header + payload);
    out.ends = Ends::Broken;
    if (payload > payload_max || header.kind < 1 || header.kind > 3) return out;
    if (bytes.size() - out.bytes < size) {
      out.ends = Ends::Short;
      out.wanted = size;
      return out;
    }
    const auto content = bytes.subspan(out.bytes + sizeof header, payload);
    if (record_crc(header, content) != header.crc) return out;
    if (!each(Record{static_cast<RecordKind>(header.kind), header.sequence, content})) return out;
    out.bytes += size;
    out.ends = Ends::Blank;
  }
  return out;
}

}  // namespace

// --- what is written ---

JournalTail::JournalTail(fs::path directory)
    : directory_(std::move(directory)), buffer_(piece_max) {}
JournalTail::~JournalTail() {
  if (fd_ >= 0) ::close(fd_);
}

fs::path JournalTail::path(std::uint64_t segment) const {
  return directory_ / segment_name(segment);
}

bool JournalTail::open() {
  if (fd_ < 0) fd_ = ::open(path(at_.segment).c_str(), O_RDONLY | O_CLOEXEC);
  return fd_ >= 0;
}

Result<JournalPlace, JournalError> JournalTail::go_on_after(std::span<const SegmentMark> marks) {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  at_ = {};
  for (std::size_t n = 0; n < marks.size(); ++n) {
    const Descriptor file(::open(path(n + 1).c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 && errno != ENOENT)
      return fail(system_error(JournalFault::CannotOpen, path(n + 1), "cannot read"));
    if (file.get() < 0) break;  // the one before may go on
    at_ = {n + 1, 0};
    std::uint64_t done = 0;
    std::uint32_t crc = 0;
    while (done < marks[n].bytes) {
      const auto room =
          std::span(buffer_).first(std::min<std::uint64_t>(buffer_.size(), marks[n].bytes - done));
      const std::size_t got = read_at(file.get(), room, done);
      if (got == 0) break;
      crc = crc32c(room.first(got), crc);
      done += got;
    }
    if (done != marks[n].bytes || crc != marks[n].crc) break;
    at_.offset = done;
    // A segment that goes on here ends what the copy has of ours.
    RecordHeader header{};
    const auto head = std::as_writable_bytes(std::span(&header, 1));
    const bool goes_on = read_at(file.get(), head, done) == head.size() && header.length != 0;
    if (goes_on) break;
  }
  return at_;
}

// Read before the next segment was looked for, the last words of this one could be missed.
Result<JournalTail::Piece, JournalError> JournalTail::next() {
  for (;;) {
    std::error_code ec;
    const bool followed = fs::exists(path(at_.segment + 1), ec);
    if (!open()) {
      if (errno == ENOENT && !followed) return Piece{at_, {}, 0, 0};
      return fail(system_error(JournalFault::CannotOpen, path(at_.segment), "cannot read"));
    }
    Piece piece{at_, {}, 0, 0};
    std::uint32_t length = 0;
    const bool blank =
        at_.offset != 0 &&
        read_at(fd_, std::as_writable_bytes(std::span(&length, 1)), at_.offset) == sizeof length &&
        length == 0;
    std::size_t wanted = blank ? sizeof length : piece_max;
    for (;;) {
      if (buffer_.size() < wanted) buffer_.resize(wanted);
      const std::size_t got = read_at(fd_, std::span(buffer_).first(wanted), at_.offset);
      const auto bytes = std::span<const std::byte>(buffer_).first(got);
      piece.records = 0;
      const Whole whole = whole_records(bytes, at_.offset == 0, [&](const Record& record) {
        ++piece.records;
        piece.last_sequence = record.sequence;
        return true;
      });
      if (whole.bytes == 0 && whole.ends == Ends::Short && whole.wanted > wanted) {
        wanted = whole.wanted;
        continue;
      }
      // A record that is being written may be seen in half; one that is followed by a segment cannot.
      if (whole.bytes == 0 && whole.ends != Ends::Blank && followed) {
        return fail(error(JournalFault::Damaged, path(at_.segment),
                          "a record at byte " + std::to_string(at_.offset) + " makes no sense"));
      }
      piece.bytes = bytes.first(whole.bytes);
      break;
    }
    if (!piece.bytes.empty() || !followed) {
      at_.offset += piece.bytes.size();
      return piece;
    }
    ::close(std::exchange(fd_, -1));
    at_ = {at_.segment + 1, 0};
  }
}

// --- what is copied ---

struct JournalCopy::State {
  fs::path directory;
  Descriptor lock{-1};
  Descriptor file{-1};  // of the last segment
  std::vector<SegmentMark> marks;
  std::uint64_t next_sequence = 1;
  bool released = false;

  fs::path path(std::uint64_t segment) const { return directory / segment_name(segment); }

  // The last segment may end in what a crash left: it is cut off.
  std::optional<JournalError> measure(std::uint64_t segment, bool last) {
    Descriptor at(::open(path(segment).c_str(), O_RDWR | O_CLOEXEC));
    if (at.get() < 0) return system_error(JournalFault::CannotOpen, path(segment), "cannot open");
    SegmentMark mark;
    std::vector<std::byte> buffer(JournalTail::piece_max);
    for (;;) {
      const std::size_t got = read_at(at.get(), buffer, mark.bytes);
      const auto bytes = std::span<const std::byte>(buffer).first(got);
      const Whole whole = whole_records(bytes, mark.bytes == 0, [&](const Record& record) {
        if (record.sequence != next_sequence) return false;
        ++next_sequence;
        return true;
      });
      mark.crc = crc32c(bytes.first(whole.bytes), mark.crc);
      mark.bytes += whole.bytes;
      if (whole.bytes != 0) continue;
      if (whole.ends == Ends::Short && whole.wanted > buffer.size()) {
        buffer.resize(whole.wanted);
        continue;
      }
      if (whole.ends != Ends::Blank && !last) {
        return error(JournalFault::Damaged, path(segment),
                     "a record at byte " + std::to_string(mark.bytes) + " makes no sense");
      }
      break;
    }
    if (last && ::ftruncate(at.get(), static_cast<off_t>(mark.bytes)) != 0)
      return system_error(JournalFault::WriteFailed, path(segment), "cannot cut its end");
    if (last && mark.bytes == 0) {
      ::unlink(path(segment).c_str());
      return std::nullopt;
    }
    marks.push_back(mark);
    file = std::move(at);
    return std::nullopt;
  }
};

JournalCopy::JournalCopy(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalCopy::JournalCopy(JournalCopy&&) noexcept = default;
JournalCopy& JournalCopy::operator=(JournalCopy&&) noexcept = default;
JournalCopy::~JournalCopy() = default;

Result<JournalCopy, JournalError> JournalCopy::open(const fs::path& directory) {
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) return fail(error(JournalFault::CannotOpen, directory, ec.message()));
  auto s = std::make_unique<State>();
  s->directory = directory;
  const fs::path lock = directory / "lock";
  s->lock = Descriptor(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (s->lock.get() < 0) return fail(system_error(JournalFault::CannotOpen, lock, "cannot open"));
  if (::flock(s->lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(error(JournalFault::InUse, directory, "another process writes this journal"));
  for (std::uint64_t n = 1; fs::exists(s->path(n), ec); ++n) {
    if (auto wrong = s->measure(n, !fs::exists(s->path(n + 1), ec))) return fail(std::move(*wrong));
  }
  return JournalCopy(std::move(s));
}

const std::vector<SegmentMark>& JournalCopy::marks() const { return state_->marks; }
std::uint64_t JournalCopy::next_sequence() const { return state_->next_sequence; }

bool JournalCopy::has_more_than(const JournalPlace& place) const {
  const auto& marks = state_->marks;
  return marks.size() > place.segment ||
         (marks.size() == place.segment && marks.back().bytes > place.offset);
}

Result<fs::path, JournalError> JournalCopy::go_on_at(const JournalPlace& place) {
  State& s = *state_;
  const std::uint64_t kept = place.offset == 0 ? place.segment - 1 : place.segment;
  const bool possible =
      kept <= s.marks.size() && (place.offset == 0 || s.marks[kept - 1].bytes == place.offset);
  if (!possible) {
    return fail(error(JournalFault::Damaged, s.directory,
                      "cannot go on in segment " + std::to_string(place.segment) + " at byte " +
                          std::to_string(place.offset)));
  }
  fs::path aside;
  std::error_code ec;
  for (std::uint64_t n = kept + 1; n <= s.marks.size(); ++n) {
    for (std::size_t free = 1; aside.empty(); ++free) {
      const fs::path wanted = s.directory.string() + "-replaced-" + std::to_string(free);
      if (fs::create_directory(wanted, ec)) aside = wanted;
      if (ec) return fail(error(JournalFault::WriteFailed, wanted, ec.message()));
    }
    fs::rename(s.path(n), aside / segment_name(n), ec);
    if (ec) return fail(error(JournalFault::WriteFailed, s.path(n), ec.message()));
  }
  if (aside.empty()) return aside;
  s.marks.clear();
  s.file = Descriptor(-1);
  s.next_sequence = 1;
  for (std::uint64_t n = 1; n <= kept; ++n) {
    if (auto wrong = s.measure(n, n == kept)) return fail(std::move(*wrong));
  }
  return aside;
}

Status<JournalError> JournalCopy::add(const JournalPlace& at, std::span<const std::byte> bytes,
                                      const Take& take) {
  State& s = *state_;
  ATS_ASSERT(!s.released);
  const auto refuse = [&](const char* what) {
    return fail(error(JournalFault::Damaged, s.path(at.segment),
                      std::string(what) + " at byte " + std::to_string(at.offset)));
  };
  const bool begins = at.offset == 0 && at.segment == s.marks.size() + 1;
  if (!begins && (at.segment != s.marks.size() || at.offset != s.marks.back().bytes))
    return refuse("what came does not follow what is there");
  std::uint64_t next = s.next_sequence;
  const Whole whole =
      whole_records(bytes, begins, [&](const Record& record) { return record.sequence == next++; });
  if (whole.bytes != bytes.size() || whole.ends != Ends::Blank)
    return refuse("what came are not whole records");
  if (begins) {
    s.file =
        Descriptor(::open(s.path(at.segment).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (s.file.get() < 0)
      return fail(system_error(JournalFault::CannotOpen, s.path(at.segment), "cannot make"));
    s.marks.emplace_back();
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t part = ::pwrite(s.file.get(), bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(at.offset + done));
    if (part <= 0)
      return fail(system_error(JournalFault::WriteFailed, s.path(at.segment), "cannot write"));
    done += static_cast<std::size_t>(part);
  }
  s.marks.back().bytes += bytes.size();
  s.marks.back().crc = crc32c(bytes, s.marks.back().crc);
  s.next_sequence = next;
  bool sound = true;
  whole_records(bytes, begins, [&](const Record& record) { return sound = take(record); });
  return sound ? Status<JournalError>(Done{})
               : refuse("a record has a sound checksum and no meaning");
}

bool each_record(const JournalTail::Piece& piece, const std::function<bool(const Record&)>& each) {
  bool sound = true;
  whole_records(piece.bytes, piece.at.offset == 0,
                [&](const Record& record) { return sound = each(record); });
  return sound;
}

JournalEnd JournalCopy::release() {
  State& s = *state_;
  s.released = true;
  s.file = Descriptor(-1);
  s.lock = Descriptor(-1);
  return {s.marks.size(), s.next_sequence, {}};
}

}  // namespace ats::io

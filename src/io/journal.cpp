#include "io/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "io/journal_format.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;
using namespace journal_format;

constexpr std::size_t window_size = std::size_t{8} << 20;
static_assert(payload_max + sizeof(RecordHeader) + 8 < window_size);

JournalError error(JournalFault fault, const fs::path& path, std::string_view what) {
  return {fault, path.string() + ": " + std::string(what)};
}

JournalError system_error(JournalFault fault, const fs::path& path, std::string_view what) {
  return error(fault, path, std::string(what) + ": " + std::strerror(errno));
}

// Read-only map of a whole file.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) return;
    struct stat info {};
    if (::fstat(fd_, &info) == 0) {
      size_ = static_cast<std::size_t>(info.st_size);
      if (size_ == 0) {
        open_ = true;
      } else {
        void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0);
        if (at != MAP_FAILED) {
          ::madvise(at, size_, MADV_SEQUENTIAL);
          data_ = static_cast<const std::byte*>(at);
          open_ = true;
        }
      }
    }
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
    if (fd_ >= 0) ::close(fd_);
  }
  bool open() const { return open_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // What the file holds from there on now, at most to the end of the map.
  std::vector<std::byte> copy_from(std::size_t offset) const {
    std::vector<std::byte> copy(size_ - offset);
    std::size_t done = 0;
    while (done < copy.size()) {
      const ssize_t part =
          ::pread(fd_, copy.data() + done, copy.size() - done, static_cast<off_t>(offset + done));
      if (part <= 0) break;
      done += static_cast<std::size_t>(part);
    }
    copy.resize(done);
    return copy;
  }

 private:
  int fd_ = -1;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool open_ = false;
};

}  // namespace

const char* name(JournalFault fault) {
  switch (fault) {
    case JournalFault::CannotOpen:
      return "cannot_open";
    case JournalFault::InUse:
      return "in_use";
    case JournalFault::DiskFull:
      return "disk_full";
    case JournalFault::OtherVersion:
      return "other_version";
    case JournalFault::Damaged:
      return "damaged";
    case JournalFault::WriteFailed:
      return "write_failed";
  }
  return "?";
}

// --- reader ---

struct JournalReader::State {
  std::vector<fs::path> segments;
  std::size_t segment = 0;  // index of the one being read
  std::unique_ptr<MappedFile> file;
  std::size_t offset = 0;
  std::uint64_t next_sequence = 1;
  bool closed = false;  // the last record read was Closed
  bool ended = false;   // it was, and of this segment
  std::optional<TornTail> torn;
  std::vector<std::byte> copy;  // of the last segment's rest

  JournalError damaged(std::string_view what) const {
    return error(JournalFault::Damaged, segments[segment],
                 std::string(what) + " at byte " + std::to_string(offset));
  }

  std::optional<JournalError> open_segment() {
    file = std::make_unique<MappedFile>(segments[segment]);
    offset = 0;
    ended = false;
    if (!file->open())
      return system_error(JournalFault::CannotOpen, segments[segment], "cannot read");
    const auto bytes = file->bytes();
    const bool last = segment + 1 == segments.size();
    // A power cut may leave the name and not the content.
    if (bytes.size() < sizeof(SegmentHeader) ||
        std::all_of(bytes.begin(), bytes.begin() + sizeof(SegmentHeader),
                    [](std::byte b) { return b == std::byte{0}; })) {
      if (!last || !blank(bytes)) return damaged("the segment has no header");
      offset = bytes.size();
      return std::nullopt;
    }
    SegmentHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (std::memcmp(header.magic, magic, sizeof magic) != 0 ||
        header.crc != crc32c(bytes.first(sizeof header - 4))) {
      return damaged("the segment's header is not a journal's");
    }
    if (header.format != format_version || header.codec != codec_version) {
      return error(JournalFault::OtherVersion, segments[segment],
                   "written as format " + std::to_string(header.format) + ", codec " +
                       std::to_string(header.codec) + "; this program reads format " +
                       std::to_string(format_version) + ", codec " + std::to_string(codec_version));
    }
    offset = sizeof header;
    return std::nullopt;
  }

  // Of the record at `offset`, as the file has it now. The journal may be in the making: its writer stores a
  // length after all that it counts, so whoever has seen a length sees the rest.
  std::uint32_t length_now() const {
    const auto bytes = file->bytes();
    if (bytes.size() - offset < sizeof(std::uint32_t)) return 0;
    auto* at = reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(bytes.data() + offset));
    return std::atomic_ref<std::uint32_t>(*at).load(std::memory_order_acquire);
  }

  static bool blank(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  // What stands from `offset` on. A writer that closes cuts the last segment to its size, and what is cut off
  // must not be touched in the map: of that one a copy.
  std::span<const std::byte> rest() {
    if (segment + 1 < segments.size()) return file->bytes().subspan(offset);
    copy = file->copy_from(offset);
    return copy;
  }

  // Whether any sound record with a later sequence stands in it behind the first: then what is wrong at
  // `offset` is damage and not the end that a crash left.
  bool record_follows(std::span<const std::byte> bytes) const {
    for (std::size_t at = 8; at + sizeof(RecordHeader) <= bytes.size(); at += 8) {
      RecordHeader header;
      std::memcpy(&header, bytes.data() + at, sizeof header);
      if (header.length == 0 || header.length - 1 > payload_max ||
          header.sequence < next_sequence || header.sequence > next_sequence + bytes.size()) {
        continue;
      }
      const std::size_t payload = header.length - 1;
      if (bytes.size() - at - sizeof header < payload) continue;
      if (record_crc(header, bytes.subspan(at + sizeof header, payload)) == header.crc) return true;
    }
    return false;
  }
};

JournalReader::JournalReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;
JournalReader::~JournalReader() = default;

Result<JournalReader, JournalError> JournalReader::open(const fs::path& directory) {
  auto state = std::make_unique<State>();
  std::error_code ec;
  if (!fs::is_directory(directory, ec)) {
    return fail(error(JournalFault::CannotOpen, directory, "is not a journal directory"));
  }
  // Looked at once: another process may be adding one.
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with("journal-") && file.ends_with(".ats"))
      state->segments.push_back(entry.path());
  }
  std::sort(state->segments.begin(), state->segments.end());
  for (std::size_t n = 0; n < state->segments.size(); ++n) {
    if (state->segments[n].filename() != segment_name(n + 1)) {
      return fail(
          error(JournalFault::Damaged, state->segments[n], "a segment before this one is missing"));
    }
  }
  if (!state->segments.empty()) {
    if (auto failed = state->open_segment()) return fail(std::move(*failed));
  }
  return JournalReader(std::move(state));
}

Result<bool, JournalError> JournalReader::next(Record& record) {
  State& s = *state_;
  while (s.segment < s.segments.size()) {
    const auto bytes = s.file->bytes();
    const bool last = s.segment + 1 == s.segments.size();
    const std::size_t left = bytes.size() - s.offset;
    RecordHeader header{};
    const bool over = last && s.ended;  // and maybe cut to its size by now
    const std::uint32_t length = over ? 0 : s.length_now();
    if (!over && left >= sizeof header)
      std::memcpy(&header, bytes.data() + s.offset, sizeof header);
    header.length = length;
    if (left < sizeof header || length == 0) {
      const auto rest = s.rest();
      if (!State::blank(rest)) {
        const bool followed = s.record_follows(rest);
        if (!over && s.length_now() != length) continue;  // written meanwhile
        if (followed) return fail(s.damaged("a record's length is wrong"));
        if (!last) return fail(s.damaged("the segment ends in an incomplete record"));
        s.torn = TornTail{s.segments[s.segment], s.offset, rest.size()};
      }
      if (last) return false;
      ++s.segment;
      if (auto failed = s.open_segment()) return fail(std::move(*failed));
      continue;
    }
    const std::size_t payload_size = header.length - 1;
    const bool fits = payload_size <= payload_max && left - sizeof header >= payload_size;
    const auto payload =
        fits ? bytes.subspan(s.offset + sizeof header, payload_size) : std::span<const std::byte>{};
    if (!fits || record_crc(header, payload) != header.crc) {
      if (!last || s.record_follows(s.rest())) {
        return fail(s.damaged("a record does not match its checksum"));
      }
      s.torn = TornTail{s.segments[s.segment], s.offset, left};
      return false;
    }
    if (header.sequence != s.next_sequence) {
      return fail(s.damaged("record " + std::to_string(header.sequence) + " stands where " +
                            std::to_string(s.next_sequence) + " belongs"));
    }
    if (header.kind < 1 || header.kind > 3) return fail(s.damaged("a record of no known kind"));
    const std::size_t end =
        std::min(bytes.size(), align_up(s.offset + sizeof header + payload_size));
    const std::size_t payload_end = s.offset + sizeof header + payload_size;
    if (!State::blank(bytes.subspan(payload_end, end - payload_end)) ||
        !State::blank(std::as_bytes(std::span(header.zero)))) {
      return fail(s.damaged("the room between two records is not empty"));
    }
    record.kind = static_cast<RecordKind>(header.kind);
    record.sequence = header.sequence;
    record.payload = payload;
    s.closed = s.ended = record.kind == RecordKind::Closed;
    ++s.next_sequence;
    s.offset = end;
    return true;
  }
  return false;
}

const std::optional<TornTail>& JournalReader::torn_tail() const { return state_->torn; }
bool JournalReader::closed_cleanly() const { return state_->closed; }
std::uint64_t JournalReader::next_sequence() const { return state_->next_sequence; }
JournalEnd JournalReader::end() const {
  return {state_->segments.size(), state_->next_sequence, state_->torn};
}
std::string JournalReader::position() const {
  if (state_->segments.empty()) return "an empty journal";
  const std::size_t segment = std::min(state_->segment, state_->segments.size() - 1);
  return state_->segments[segment].filename().string() + " at byte " +
         std::to_string(state_->offset);
}

// --- writer ---

struct JournalWriter::State {
  fs::path path;
  int fd = -1;
  int lock_fd = -1;
  SyncPolicy policy = SyncPolicy::Interval;
  std::uint64_t sequence = 1;
  std::uint64_t records = 0;
  bool failed = false;
  std::vector<std::byte> scratch;

  // Two windows follow each other in the file: the one written now and the one made ready behind it by
  // the helper thread, so that the writer never waits for the disk or for fresh pages.
  std::byte* window = nullptr;
  std::size_t window_offset = 0;  // in the file
  std::size_t at = 0;             // in the window

  std::mutex mutex;
  std::condition_variable wake;
  std::byte* ready = nullptr;
  bool ready_failed = false;
  bool stopping = false;
  std::atomic<bool> dirty{false};
  std::thread helper;

  ~State() {
    stop_helper();
    if (window != nullptr) ::munmap(window, window_size);
    if (ready != nullptr) ::munmap(ready, window_size);
    if (fd >= 0) ::close(fd);
    if (lock_fd >= 0) ::close(lock_fd);
  }

  void stop_helper() {
    {
      const std::lock_guard guard(mutex);
      stopping = true;
    }
    wake.notify_all();
    if (helper.joinable()) helper.join();
  }

  // Reserves, maps and touches one window; null when there is no room.
  std::byte* make_window(std::size_t offset) const {
    if (::posix_fallocate(fd, static_cast<off_t>(offset), window_size) != 0) return nullptr;
    void* map = ::mmap(nullptr, window_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
                       static_cast<off_t>(offset));
    return map == MAP_FAILED ? nullptr : static_cast<std::byte*>(map);
  }

  void helper_loop() {
    std::unique_lock guard(mutex);
    std::size_t next_offset = window_size;
    while (!stopping) {
      if (ready == nullptr && !ready_failed) {
        guard.unlock();
        std::byte* made = make_window(next_offset);
        guard.lock();
        ready = made;
        ready_failed = made == nullptr;
        next_offset += window_size;
        wake.notify_all();
        continue;
      }
      wake.wait_for(guard, std::chrono::milliseconds(100));
      if (policy == SyncPolicy::Interval && dirty.exchange(false)) {
        guard.unlock();
        ::fdatasync(fd);
        guard.lock();
      }
    }
  }

  bool next_window() {
    std::unique_lock guard(mutex);
    wake.wait(guard, [&] { return ready != nullptr || ready_failed; });
    if (ready == nullptr) return false;
    ::munmap(window, window_size);
    window = std::exchange(ready, nullptr);
    window_offset += window_size;
    at = 0;
    wake.notify_all();
    return true;
  }

  // Copies into the map, over the edge of a window where need be.
  bool put(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    while (size > 0) {
      if (at == window_size && !next_window()) return false;
      const std::size_t part = std::min(size, window_size - at);
      std::memcpy(window + at, from, part);
      at += part, from += part, size -= part;
    }
    return true;
  }

  Status<JournalFault> append(RecordKind kind) {
    if (failed) return fail(JournalFault::WriteFailed);
    ATS_ASSERT(scratch.size() <= payload_max);
    RecordHeader header{};
    header.sequence = sequence;
    header.kind = static_cast<std::uint8_t>(kind);
    header.crc = record_crc(header, scratch);
    const std::uint32_t length = static_cast<std::uint32_t>(scratch.size()) + 1;
    const std::size_t whole = align_up(sizeof header + scratch.size());
    if (at == window_size && !next_window()) return full();
    if (window_size - at >= whole) {
      std::byte* start = window + at;
      std::memcpy(start + 4, reinterpret_cast<const std::byte*>(&header) + 4, sizeof header - 4);
      std::memcpy(start + sizeof header, scratch.data(), scratch.size());
      // The length makes the record: a crash before this line leaves a tail that reads as incomplete.
      std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(start))
          .store(length, std::memory_order_release);
      at += whole;
    } else {
      // Records start on 8 bytes, so the length lies whole in this window and can be stored last.
      std::byte* start = window + at;
      at += 4;
      const std::byte padding[8] = {};
      std::byte* first_window = window;
      const std::size_t first_offset = window_offset;
      const bool done = put(reinterpret_cast<const std::byte*>(&header) + 4, sizeof header - 4) &&
                        put(scratch.data(), scratch.size()) &&
                        put(padding, whole - sizeof header - scratch.size());
      if (!done) return full();
      if (window == first_window) {
        std::memcpy(start, &length, sizeof length);
      } else if (::pwrite(fd, &length, sizeof length,
                          static_cast<off_t>(first_offset +
                                             static_cast<std::size_t>(start - first_window))) !=
                 static_cast<ssize_t>(sizeof length)) {
        failed = true;
        return fail(JournalFault::WriteFailed);
      }
    }
    ++sequence;
    ++records;
    dirty.store(true, std::memory_order_relaxed);
    return Done{};
  }

  Status<JournalFault> full() {
    failed = true;
    return fail(JournalFault::DiskFull);
  }
};

JournalWriter::JournalWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;
JournalWriter& JournalWriter::operator=(JournalWriter&&) noexcept = default;
JournalWriter::~JournalWriter() = default;

Result<JournalWriter, JournalError> JournalWriter::open(const fs::path& directory,
                                                        const JournalEnd& after,
                                                        SyncPolicy policy) {
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) return fail(error(JournalFault::CannotOpen, directory, ec.message()));
  auto s = std::make_unique<State>();
  s->policy = policy;
  const fs::path lock = directory / "lock";
  s->lock_fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (s->lock_fd < 0) return fail(system_error(JournalFault::CannotOpen, lock, "cannot open"));
  if (::flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return fail(error(JournalFault::InUse, directory, "another process writes this journal"));
  }
  s->sequence = after.next_sequence;
  if (after.torn &&
      ::truncate(after.torn->segment.c_str(), static_cast<off_t>(after.torn->offset)) != 0) {
    return fail(
        system_error(JournalFault::WriteFailed, after.torn->segment, "cannot cut the torn tail"));
  }
  s->path = directory / segment_name(after.segments + 1);
  // It takes its name when its header stands: whoever reads meanwhile sees no segment, or a sound one.
  const fs::path unnamed = s->path.string() + ".new";
  s->fd = ::open(unnamed.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (s->fd < 0) return fail(system_error(JournalFault::CannotOpen, unnamed, "cannot make"));
  s->window = s->make_window(0);
  if (s->window == nullptr) {
    ::unlink(unnamed.c_str());
    return fail(error(JournalFault::DiskFull, s->path, "no room on this disk for the journal"));
  }
  SegmentHeader header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.format = format_version;
  header.codec = codec_version;
  header.crc = crc32c(std::as_bytes(std::span(&header, 1)).first(sizeof header - 4));
  std::memcpy(s->window, &header, sizeof header);
  s->at = sizeof header;
  // The lock is ours: nobody else makes one, and a reader that saw fewer than there are must not cost one.
  if (fs::exists(s->path, ec)) {
    ::unlink(unnamed.c_str());
    return fail(
        error(JournalFault::CannotOpen, s->path, "is there already; read the journal anew"));
  }
  if (::rename(unnamed.c_str(), s->path.c_str()) != 0) {
    const JournalError not_named = system_error(JournalFault::CannotOpen, s->path, "cannot make");
    ::unlink(unnamed.c_str());
    return fail(not_named);
  }
  if (const int dir_fd = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC); dir_fd >= 0) {
    ::fsync(dir_fd);  // the new name itself must survive power loss
    ::close(dir_fd);
  }
  State* raw = s.get();
  s->helper = std::thread([raw] { raw->helper_loop(); });
  return JournalWriter(std::move(s));
}

Status<JournalFault> JournalWriter::append(const Event& event, Instant now) {
  state_->scratch.clear();
  encode_event(event, now, state_->scratch);
  return state_->append(RecordKind::Event);
}

Status<JournalFault> JournalWriter::append(const Action& action) {
  state_->scratch.clear();
  encode_action(action, state_->scratch);
  return state_->append(RecordKind::Action);
}

Status<JournalFault> JournalWriter::commit() {
  State& s = *state_;
  if (s.failed) return fail(JournalFault::WriteFailed);
  if (s.policy == SyncPolicy::Effect && ::fdatasync(s.fd) != 0) {
    s.failed = true;
    return fail(JournalFault::WriteFailed);
  }
  return Done{};
}

Status<JournalFault> JournalWriter::close() {
  State& s = *state_;
  s.scratch.clear();
  if (auto done = s.append(RecordKind::Closed); !done) return done;
  s.stop_helper();
  if (::ftruncate(s.fd, static_cast<off_t>(s.window_offset + s.at)) != 0 || ::fsync(s.fd) != 0) {
    s.failed = true;
    return fail(JournalFault::WriteFailed);
  }
  s.failed = true;  // nothing may follow the closing record
  return Done{};
}

bool JournalWriter::failed() const { return state_->failed; }
std::uint64_t JournalWriter::bytes_written() const { return state_->window_offset + state_->at; }
std::uint64_t JournalWriter::records_written() const { return state_->records; }

}  // namespace ats::io

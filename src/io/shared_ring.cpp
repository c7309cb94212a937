#include "io/shared_ring.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace ats::io {

// At the beginning of the memory, in a page of its own.
struct RingHead {
  static constexpr std::uint64_t magic_of_this = 0x41'54'53'52'49'4e'47'31;  // "ATSRING1"
  std::uint64_t magic;
  std::uint64_t capacity;
  // As far as records stand. The one after them may be under way: nothing else in memory says so, since each further
  // line that both sides look at costs them a tenth of a microsecond.
  alignas(64) std::atomic<RingPosition> published;
};

namespace {

constexpr std::size_t page = 4096;
static_assert(sizeof(RingHead) <= page);
static_assert(std::atomic<RingPosition>::is_always_lock_free);

// A record: its number, which counts from one, then its size and reader, then its bytes, filled up to whole words.
// Number zero: nothing more fits before the end, the next record is at the beginning.
constexpr std::size_t word = 8;
constexpr std::size_t header = 2 * word;

constexpr std::size_t padded(std::size_t size) { return (size + word - 1) / word * word; }

constexpr std::size_t record_max_of(std::size_t capacity) { return capacity / 8; }
// How far beyond what is published the writer may be writing: to the end of the ring, and a record.
constexpr std::size_t under_way_max(std::size_t capacity) {
  return 2 * (header + record_max_of(capacity));
}

// What two processes touch at the same time is words that are read and written whole: a reader that was overrun reads
// nonsense, and finds out, but never races.
void store(std::byte* at, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(at))
      .store(value, std::memory_order_relaxed);
}
std::uint64_t load(const std::byte* at) {
  // The memory may be mapped for reading only; loading writes nothing.
  auto* const place = const_cast<std::uint64_t*>(reinterpret_cast<const std::uint64_t*>(at));
  return std::atomic_ref<std::uint64_t>(*place).load(std::memory_order_relaxed);
}

std::string refused(const char* what) {
  return std::string("shared memory: ") + what + ": " + std::strerror(errno);
}

}  // namespace

SharedRingWriter::SharedRingWriter(Descriptor memory, std::byte* base, std::size_t capacity)
    : memory_(std::move(memory)), base_(base), capacity_(capacity) {}

SharedRingWriter::SharedRingWriter(SharedRingWriter&& other) noexcept
    : memory_(std::move(other.memory_)),
      base_(std::exchange(other.base_, nullptr)),
      capacity_(other.capacity_),
      at_(other.at_),
      number_(other.number_) {}

SharedRingWriter::~SharedRingWriter() {
  if (base_ != nullptr) ::munmap(base_, page + capacity_);
}

Result<SharedRingWriter, std::string> SharedRingWriter::make(std::size_t bytes) {
  ATS_ASSERT(std::has_single_bit(bytes) && bytes >= page);
  Descriptor memory(::memfd_create("ats-feed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid()) return fail(refused("cannot be had"));
  if (::ftruncate(memory.get(), static_cast<off_t>(page + bytes)) != 0)
    return fail(refused("cannot be made so large"));
  void* const base =
      ::mmap(nullptr, page + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (base == MAP_FAILED) return fail(refused("cannot be mapped"));
  SharedRingWriter ring(std::move(memory), static_cast<std::byte*>(base), bytes);
  // The first touch of a page costs a hundred times the second: now, and not under a burst.
  std::memset(ring.base_, 0, page + bytes);
  auto* const head = new (ring.base_) RingHead;
  head->magic = RingHead::magic_of_this;
  head->capacity = bytes;
  head->published.store(0, std::memory_order_relaxed);
  // Whoever is given the descriptor can neither resize it under us nor map it for writing.
  if (::fcntl(ring.memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) !=
      0)
    return fail(refused("cannot be sealed"));
  return ring;
}

std::size_t SharedRingWriter::record_max() const { return record_max_of(capacity_); }

void SharedRingWriter::write(std::uint32_t reader, std::span<const std::byte> record) {
  ATS_ASSERT(record.size() <= record_max());
  auto* const head = reinterpret_cast<RingHead*>(base_);
  const std::size_t offset = at_ & (capacity_ - 1);
  const std::size_t size = header + padded(record.size());
  const std::size_t skipped = offset + size > capacity_ ? capacity_ - offset : 0;
  const RingPosition end = at_ + skipped + size;
  // Whoever sees anything of this record sees that the one before it is published.
  std::atomic_thread_fence(std::memory_order_release);
  if (skipped != 0) store(base_ + page + offset, 0);
  at_ += skipped;
  put(reader, ++number_, record);
  at_ = end;
  head->published.store(end, std::memory_order_release);
}

void SharedRingWriter::put(std::uint32_t reader, std::uint64_t number,
                           std::span<const std::byte> bytes) {
  std::byte* to = base_ + page + (at_ & (capacity_ - 1));
  store(to, number);
  store(to + word, bytes.size() | static_cast<std::uint64_t>(reader) << 32);
  to += header;
  const std::byte* from = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t value = 0;
  for (; left >= word; left -= word, from += word, to += word) {
    std::memcpy(&value, from, word);
    store(to, value);
  }
  if (left == 0) return;
  value = 0;
  std::memcpy(&value, from, left);
  store(to, value);
}

SharedRingReader::SharedRingReader(Descriptor memory, const std::byte* base, std::size_t capacity,
                                   RingPosition from)
    : memory_(std::move(memory)), base_(base), capacity_(capacity), at_(from), copy_(64 * 1024) {}

SharedRingReader::SharedRingReader(SharedRingReader&& other) noexcept
    : memory_(std::move(other.memory_)),
      base_(std::exchange(other.base_, nullptr)),
      capacity_(other.capacity_),
      at_(other.at_),
      expected_(other.expected_),
      copy_(std::move(other.copy_)),
      size_(other.size_),
      for_(other.for_) {}

SharedRingReader::~SharedRingReader() {
  if (base_ != nullptr) ::munmap(const_cast<std::byte*>(base_), page + capacity_);
}

Result<SharedRingReader, std::string> SharedRingReader::open(Descriptor memory, RingPosition from) {
  struct stat info {};
  if (::fstat(memory.get(), &info) != 0) return fail(refused("cannot be looked at"));
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size < 2 * page || !std::has_single_bit(size - page))
    return fail(std::string("what was given is no ring of records"));
  // Else it could shrink under us, and reading would be the end of this process.
  if ((::fcntl(memory.get(), F_GET_SEALS) & F_SEAL_SHRINK) == 0)
    return fail(std::string("what was given is not sealed"));
  void* const base = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, memory.get(), 0);
  if (base == MAP_FAILED) return fail(refused("cannot be mapped"));
  SharedRingReader ring(std::move(memory), static_cast<const std::byte*>(base), size - page, from);
  const auto* const head = reinterpret_cast<const RingHead*>(ring.base_);
  if (head->magic != RingHead::magic_of_this || head->capacity != ring.capacity_)
    return fail(std::string("what was given is no ring of records"));
  if (from % word != 0 || from > head->published.load(std::memory_order_acquire))
    return fail(std::string("the ring has not come as far as it is to be read from"));
  return ring;
}

SharedRingReader::Found SharedRingReader::next() {
  const auto* const head = reinterpret_cast<const RingHead*>(base_);
  const auto overrun = [&] {
    std::atomic_thread_fence(std::memory_order_acquire);
    const RingPosition now = head->published.load(std::memory_order_relaxed);
    return now + under_way_max(capacity_) - at_ > capacity_;
  };
  const RingPosition published = head->published.load(std::memory_order_acquire);
  if (at_ == published) return Found::Nothing;
  std::size_t offset = at_ & (capacity_ - 1);
  std::uint64_t number = load(base_ + page + offset);
  if (number == 0) {
    if (overrun()) return Found::Overrun;
    at_ += capacity_ - offset;
    offset = 0;
    number = load(base_ + page);
  }
  if (offset + header > capacity_) return Found::Overrun;
  const std::byte* from = base_ + page + offset;
  const std::uint64_t about = load(from + word);
  size_ = static_cast<std::uint32_t>(about);
  for_ = static_cast<std::uint32_t>(about >> 32);
  // A size that cannot be is one of a record that is being written over.
  if (size_ > record_max_of(capacity_) || offset + header + padded(size_) > capacity_)
    return Found::Overrun;
  if (copy_.size() < padded(size_)) copy_.resize(std::bit_ceil(padded(size_)));
  from += header;
  for (std::size_t done = 0; done < size_; done += word) {
    const std::uint64_t value = load(from + done);
    std::memcpy(copy_.data() + done, &value, word);
  }
  if (overrun()) return Found::Overrun;
  if (expected_ != 0 && number != expected_) return Found::Overrun;
  expected_ = number + 1;
  at_ += header + padded(size_);
  return Found::Record;
}

std::uint64_t SharedRingReader::behind() const {
  const auto* const head = reinterpret_cast<const RingHead*>(base_);
  return head->published.load(std::memory_order_acquire) - at_;
}

}  // namespace ats::io

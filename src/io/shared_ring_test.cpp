#include "io/shared_ring.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cstring>
#include <deque>
#include <thread>

#include "base/rng.hpp"

namespace ats::io {
namespace {

using Found = SharedRingReader::Found;

Descriptor copy_of(int fd) { return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

SharedRingReader reader_of(const SharedRingWriter& ring, RingPosition from) {
  auto opened = SharedRingReader::open(copy_of(ring.descriptor()), from);
  EXPECT_TRUE(opened.ok());
  return *std::move(opened);
}

std::vector<std::byte> record_of(std::uint64_t number, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(number * 31 + i);
  return bytes;
}

std::vector<std::byte> bytes_of(const SharedRingReader& reader) {
  return {reader.record().begin(), reader.record().end()};
}

TEST(SharedRing, ReadersSeeEveryRecordWholeInOrderAtTheirOwnPace) {
  auto made = SharedRingWriter::make(4096);
  ASSERT_TRUE(made.ok()) << made.error();
  SharedRingWriter& ring = *made;
  SharedRingReader fast = reader_of(ring, 0), slow = reader_of(ring, 0);
  EXPECT_EQ(fast.next(), Found::Nothing);
  Rng rng(7);
  std::deque<std::pair<std::uint32_t, std::vector<std::byte>>> unread;  // by the slow one
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    const auto bytes = record_of(n, rng.below(ring.record_max() + 1));
    const auto who = static_cast<std::uint32_t>(rng.below(3));
    ring.write(who, bytes);
    ASSERT_EQ(fast.next(), Found::Record);
    ASSERT_EQ(bytes_of(fast), bytes);
    ASSERT_EQ(fast.reader(), who);
    ASSERT_EQ(fast.position(), ring.position());
    ASSERT_EQ(fast.next(), Found::Nothing);
    unread.emplace_back(who, bytes);
    // Never so far behind that it could be overrun.
    while (unread.size() > rng.below(3)) {
      ASSERT_EQ(slow.next(), Found::Record);
      ASSERT_EQ(bytes_of(slow), unread.front().second);
      ASSERT_EQ(slow.reader(), unread.front().first);
      unread.pop_front();
    }
    ASSERT_EQ(slow.behind() == 0, unread.empty());
  }
  EXPECT_EQ(ring.records(), 20'000U);
}

TEST(SharedRing, WhoIsOvertakenIsToldAndSeesNothingThatWasWrittenOver) {
  auto made = SharedRingWriter::make(4096);
  ASSERT_TRUE(made.ok()) << made.error();
  for (std::size_t size : {0U, 1U, 8U, 100U, 511U, 512U}) {
    SharedRingReader reader = reader_of(*made, made->position());
    const std::size_t room = 4096 / (16 + (size + 7) / 8 * 8);
    for (std::size_t n = 0; n < room + 2; ++n) made->write(0, record_of(n, size));
    EXPECT_EQ(reader.next(), Found::Overrun) << size;
    EXPECT_EQ(reader.next(), Found::Overrun) << "it stays so";
  }
}

TEST(SharedRing, ALateReaderBeginsWhereItIsTold) {
  auto made = SharedRingWriter::make(4096);
  ASSERT_TRUE(made.ok()) << made.error();
  made->write(0, record_of(1, 20));
  SharedRingReader late = reader_of(*made, made->position());
  EXPECT_EQ(late.next(), Found::Nothing);
  made->write(9, record_of(2, 30));
  ASSERT_EQ(late.next(), Found::Record);
  EXPECT_EQ(bytes_of(late), record_of(2, 30));
  EXPECT_EQ(late.reader(), 9U);
  EXPECT_FALSE(SharedRingReader::open(copy_of(made->descriptor()), 1 << 20).ok())
      << "not so far yet";
}

TEST(SharedRing, AReaderCanNeitherWriteNorResizeIt) {
  auto made = SharedRingWriter::make(4096);
  ASSERT_TRUE(made.ok()) << made.error();
  const Descriptor given = copy_of(made->descriptor());
  EXPECT_EQ(::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, given.get(), 0), MAP_FAILED);
  EXPECT_NE(::ftruncate(given.get(), 0), 0);
  EXPECT_NE(::ftruncate(given.get(), 1 << 20), 0);
  EXPECT_LT(::pwrite(given.get(), "x", 1, 5000), 0);
}

TEST(SharedRing, WhatIsNoRingIsRefused) {
  EXPECT_FALSE(SharedRingReader::open(Descriptor(), 0).ok());
  for (const std::size_t size : {0U, 4096U, 8192U, 12288U}) {
    Descriptor other(::memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::ftruncate(other.get(), static_cast<off_t>(size)), 0);
    EXPECT_FALSE(SharedRingReader::open(copy_of(other.get()), 0).ok()) << "could shrink";
    ASSERT_EQ(::fcntl(other.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
    EXPECT_FALSE(SharedRingReader::open(copy_of(other.get()), 0).ok()) << size;
  }
}

// The writer does not wait: whatever the reader misses it is told of, and what it sees is whole.
TEST(SharedRing, AtFullSpeedBetweenTwoThreadsNothingIsTorn) {
  auto made = SharedRingWriter::make(1 << 14);
  ASSERT_TRUE(made.ok()) << made.error();
  constexpr std::uint64_t count = 200'000;
  std::thread writer([&] {
    for (std::uint64_t n = 1; n <= count; ++n) made->write(0, record_of(n, 16 + n % 600));
  });
  std::uint64_t seen = 0, overruns = 0, last = 0;
  auto reader = std::make_unique<SharedRingReader>(reader_of(*made, 0));
  const auto read = [&] {
    const Found found = reader->next();
    if (found == Found::Overrun) ++overruns;
    if (found != Found::Record) return found;
    // The number is told by the bytes: each is its number times 31 plus its place.
    const auto bytes = bytes_of(*reader);
    for (std::size_t i = 1; i < bytes.size(); ++i)
      EXPECT_EQ(bytes[i], static_cast<std::byte>(static_cast<unsigned>(bytes[0]) + i));
    ++seen;
    return found;
  };
  while (last < count / 4 && !testing::Test::HasFailure()) {
    const Found found = read();
    if (found == Found::Overrun) break;
    last += found == Found::Record ? 1 : 0;
  }
  writer.join();
  // What is still there can be had by whoever begins where the writer stands.
  reader = std::make_unique<SharedRingReader>(reader_of(*made, made->position()));
  made->write(0, record_of(count + 1, 40));
  EXPECT_EQ(read(), Found::Record);
  EXPECT_EQ(bytes_of(*reader), record_of(count + 1, 40));
  EXPECT_GT(seen, 0U);
}

TEST(SharedRing, AnotherProcessReadsWhatThisOneWrites) {
  auto made = SharedRingWriter::make(1 << 16);
  ASSERT_TRUE(made.ok()) << made.error();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto reader = SharedRingReader::open(copy_of(made->descriptor()), 0);
    for (std::uint64_t n = 1; reader.ok() && n <= 100; ++n) {
      Found found = Found::Nothing;
      while (found == Found::Nothing) found = reader->next();
      if (found != Found::Record || bytes_of(*reader) != record_of(n, n)) ::_exit(1);
    }
    ::_exit(reader.ok() ? 0 : 2);
  }
  for (std::uint64_t n = 1; n <= 100; ++n) made->write(0, record_of(n, n));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ats::io

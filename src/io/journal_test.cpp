#include "io/journal.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/rng.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;

class Journal : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() /
           ("ats-journal-" + std::to_string(::getpid()) + "-" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  JournalWriter writer(const JournalEnd& after = {}, SyncPolicy policy = SyncPolicy::None) {
    auto opened = JournalWriter::open(dir_, after, policy);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().detail);
    return std::move(*opened);
  }
  static void write_numbers(JournalWriter& w, std::int64_t from, std::int64_t count) {
    for (std::int64_t i = from; i < from + count; ++i) {
      ASSERT_TRUE(w.append(Event(Timer{{i}}), Instant{i}).ok());
      if (i % 3 == 0) {
        ASSERT_TRUE(w.append(Action(QueryBalances{{1}, {}})).ok());
      }
    }
    ASSERT_TRUE(w.commit().ok());
  }
  struct Read {
    std::vector<std::int64_t> numbers;
    std::size_t actions = 0;
    std::optional<JournalFault> fault;
    std::string detail;
    bool torn = false, closed = false;
  };
  Read read_all() {
    Read out;
    auto reader = JournalReader::open(dir_);
    if (!reader) return out.fault = reader.error().fault, out.detail = reader.error().detail, out;
    Record record;
    for (;;) {
      const auto more = reader->next(record);
      if (!more) return out.fault = more.error().fault, out.detail = more.error().detail, out;
      if (!*more) break;
      if (record.kind == RecordKind::Event) {
        DecodedEvent decoded;
        EXPECT_TRUE(decode_event(record.payload, decoded).ok());
        out.numbers.push_back(decoded.now.ns);
      }
      out.actions += record.kind == RecordKind::Action;
    }
    out.torn = reader->torn_tail().has_value();
    out.closed = reader->closed_cleanly();
    return out;
  }
  fs::path segment(int n = 1) const {
    return dir_ / ("journal-00000" + std::to_string(n) + ".ats");
  }

  fs::path dir_;
};

TEST_F(Journal, WhatWasAppendedIsReadBackInOrder) {
  {
    JournalWriter w = writer();
    write_numbers(w, 0, 1000);
    ASSERT_TRUE(w.close().ok());
  }
  const Read got = read_all();
  ASSERT_FALSE(got.fault) << got.detail;
  ASSERT_EQ(got.numbers.size(), 1000u);
  EXPECT_EQ(got.numbers.back(), 999);
  EXPECT_EQ(got.actions, 334u);
  EXPECT_TRUE(got.closed);
  EXPECT_FALSE(got.torn);
}

TEST_F(Journal, AProcessThatDiesWithoutClosingLosesNothingItAppended) {
  {
    JournalWriter w = writer();
    write_numbers(w, 0, 100);
  }
  const Read got = read_all();
  ASSERT_FALSE(got.fault) << got.detail;
  EXPECT_EQ(got.numbers.size(), 100u);
  EXPECT_FALSE(got.closed);
  EXPECT_FALSE(got.torn);
}

TEST_F(Journal, TheNextRunWritesASegmentThatContinuesTheSequence) {
  for (int run = 0; run < 3; ++run) {
    std::optional<JournalReader> before;
    if (run > 0) {
      before.emplace(std::move(*JournalReader::open(dir_)));
      Record record;
      while (*before->next(record)) {
      }
    }
    JournalWriter w = writer(before ? before->end() : JournalEnd{});
    write_numbers(w, run * 10, 10);
    if (run == 1) {
      ASSERT_TRUE(w.close().ok());
    }
  }
  const Read got = read_all();
  ASSERT_FALSE(got.fault) << got.detail;
  ASSERT_EQ(got.numbers.size(), 30u);
  for (std::int64_t i = 0; i < 30; ++i) EXPECT_EQ(got.numbers[static_cast<std::size_t>(i)], i);
}

TEST_F(Journal, RecordsCrossFromWindowToWindowWhole) {
  std::vector<Level> levels(9'001);
  Rng rng(3);
  {
    JournalWriter w = writer();
    for (std::int64_t i = 0; i < 200; ++i) {  // 29 MB: over three edges of a window
      levels.resize(8'000 + rng.below(1'000));
      for (Level& l : levels) l = {{static_cast<std::int64_t>(rng.next() >> 1)}, {i}};
      ASSERT_TRUE(w.append(Event(BookSnapshot{{0}, {}, 1, {}, levels, {}}), Instant{i}).ok());
    }
  }
  const Read got = read_all();
  ASSERT_FALSE(got.fault) << got.detail;
  EXPECT_EQ(got.numbers.size(), 200u);
}

TEST_F(Journal, ATailTornAtAnyByteIsReportedAndTheRestIsKept) {
  {
    JournalWriter w = writer();
    write_numbers(w, 1, 5);
    ASSERT_TRUE(w.close().ok());
  }
  std::ifstream in(segment(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  std::size_t before = 0;
  for (std::size_t size = 16; size < whole.size(); ++size) {
    std::ofstream(segment(), std::ios::binary | std::ios::trunc)
        .write(whole.data(), static_cast<long>(size));
    const Read got = read_all();
    ASSERT_FALSE(got.fault) << size << " " << got.detail;
    EXPECT_GE(got.numbers.size(), before);
    before = got.numbers.size();
  }
  EXPECT_EQ(before, 5u);
  // Opened for writing, the tail is cut and the sequence goes on.
  std::ofstream(segment(), std::ios::binary | std::ios::trunc)
      .write(whole.data(), static_cast<long>(whole.size() - 36));
  auto reader = JournalReader::open(dir_);
  Record record;
  while (*reader->next(record)) {
  }
  ASSERT_TRUE(reader->torn_tail());
  {
    JournalWriter w = writer(reader->end());
    write_numbers(w, 100, 1);
  }
  const Read got = read_all();
  ASSERT_FALSE(got.fault) << got.detail;
  EXPECT_EQ(got.numbers.back(), 100);
}

TEST_F(Journal, EveryFlippedByteIsAnErrorOrAReportedTail) {
  {
    JournalWriter w = writer();
    write_numbers(w, 1, 6);
    ASSERT_TRUE(w.close().ok());
  }
  std::ifstream in(segment(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    std::ofstream(segment(), std::ios::binary | std::ios::trunc)
        .write(bad.data(), static_cast<long>(bad.size()));
    const Read got = read_all();
    EXPECT_TRUE(got.fault || got.torn || !got.closed) << "byte " << at;
    if (got.fault) {
      EXPECT_FALSE(got.detail.empty());
    }
  }
}

TEST_F(Journal, AJournalThatIsBeingWrittenAndClosedReadsAsFarAsItIs) {
  std::atomic<bool> written{false};
  std::thread writing([&] {
    JournalWriter w = writer();
    Rng rng(5);
    std::vector<Level> levels(600, Level{{1}, {2}});
    for (std::int64_t i = 0; i < 20'000; ++i) {  // 24 MB: over edges of windows
      levels.resize(1 + rng.below(150));
      EXPECT_TRUE(w.append(Event(BookSnapshot{{0}, {}, 1, {}, levels, {}}), Instant{i}).ok());
    }
    EXPECT_TRUE(w.close().ok());
    written = true;
  });
  std::size_t last = 0;
  for (bool over = false; !over;) {
    over = written;
    const Read got = read_all();
    if (got.fault == JournalFault::CannotOpen) continue;  // it is not there yet
    EXPECT_FALSE(got.fault) << got.detail;
    EXPECT_GE(got.numbers.size(), last);
    last = got.numbers.size();
  }
  writing.join();
  EXPECT_EQ(last, 20'000u);
}

TEST_F(Journal, ASecondWriterIsRefused) {
  JournalWriter w = writer();
  const auto second = JournalWriter::open(dir_, {}, SyncPolicy::None);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().fault, JournalFault::InUse);
}

TEST_F(Journal, AMissingSegmentIsDamage) {
  { JournalWriter w = writer(); }
  fs::rename(segment(1), segment(2));
  const Read got = read_all();
  EXPECT_EQ(got.fault, JournalFault::Damaged);
}

TEST_F(Journal, AFullDiskIsANamedErrorBeforeARecordIsHalfWritten) {
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = old;
  small.rlim_cur = rlim_t{20} << 20;  // two windows of 8 MB, not three
  ::setrlimit(RLIMIT_FSIZE, &small);
  {
    JournalWriter w = writer();
    const std::vector<Level> levels(50'000);
    Status<JournalFault> status = Done{};
    int appended = 0;
    while (status.ok() && appended < 100) {
      status = w.append(Event(BookSnapshot{{0}, {}, 1, {}, levels, {}}), Instant{appended});
      appended += status.ok();
    }
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error(), JournalFault::DiskFull);
    EXPECT_TRUE(w.failed());
    EXPECT_FALSE(w.append(Event(Timer{}), Instant{}).ok()) << "a failed journal stays failed";
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, SIG_DFL);
    const Read got = read_all();
    ASSERT_FALSE(got.fault) << got.detail;
    EXPECT_EQ(got.numbers.size(), static_cast<std::size_t>(appended));
  }
}

}  // namespace
}  // namespace ats::io

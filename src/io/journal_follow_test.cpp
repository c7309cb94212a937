#include "io/journal_follow.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

namespace ats::io {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::string out(fs::file_size(file), '\0');
  std::ifstream(file, std::ios::binary).read(out.data(), static_cast<std::streamsize>(out.size()));
  return out;
}

class JournalFollow : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            ("ats-follow-" + std::to_string(::getpid()) + "-" +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  JournalWriter writer(const char* of) {
    JournalEnd after;
    std::error_code ec;
    if (fs::is_directory(root_ / of, ec)) {
      auto reader = JournalReader::open(root_ / of);
      EXPECT_TRUE(reader.ok());
      Record record;
      for (;;) {
        const auto more = reader->next(record);
        EXPECT_TRUE(more.ok());
        if (!more.ok() || !*more) break;
      }
      after = reader->end();
    }
    auto opened = JournalWriter::open(root_ / of, after, SyncPolicy::None);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().detail);
    return std::move(*opened);
  }
  static void write(JournalWriter& w, int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(w.append(Event(Timer{{i}}), Instant{i}).ok());
  }
  JournalCopy copy() {
    auto opened = JournalCopy::open(root_ / "copy");
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().detail);
    return std::move(*opened);
  }
  // Agrees where to go on, and takes all that is written. The number of records.
  std::uint64_t follow(JournalTail& tail, JournalCopy& to, bool agree = true) {
    if (agree) {
      const auto place = tail.go_on_after(to.marks());
      EXPECT_TRUE(place.ok());
      aside_ = to.go_on_at(*place).value();
    }
    std::uint64_t taken = 0;
    for (;;) {
      const auto piece = tail.next();
      EXPECT_TRUE(piece.ok()) << (piece.ok() ? "" : piece.error().detail);
      if (!piece.ok() || piece->bytes.empty()) return taken;
      const auto added =
          to.add(piece->at, piece->bytes, [&](const Record&) { return ++taken > 0; });
      EXPECT_TRUE(added.ok()) << (added.ok() ? "" : added.error().detail);
      if (!added.ok()) return taken;
    }
  }
  // The copy is the beginning of the original, and nothing but zeros follow there.
  void expect_same() {
    for (std::size_t n = 1;; ++n) {
      char name[32];
      std::snprintf(name, sizeof name, "journal-%06zu.ats", n);
      if (!fs::exists(root_ / "leader" / name)) {
        EXPECT_FALSE(fs::exists(root_ / "copy" / name));
        return;
      }
      const std::string original = content(root_ / "leader" / name);
      const std::string copied = content(root_ / "copy" / name);
      ASSERT_LE(copied.size(), original.size());
      EXPECT_TRUE(original.compare(0, copied.size(), copied) == 0) << name;
      EXPECT_EQ(original.find_first_not_of('\0', copied.size()), std::string::npos) << name;
    }
  }

  fs::path root_;
  fs::path aside_;
};

TEST_F(JournalFollow, takes_what_is_written_as_it_is_written_byte_for_byte) {
  JournalWriter w = writer("leader");
  JournalTail tail(root_ / "leader");
  JournalCopy to = copy();
  EXPECT_EQ(follow(tail, to), 0u);
  for (int round = 0; round < 20; ++round) {
    write(w, round * 7);
    EXPECT_EQ(follow(tail, to, false), static_cast<std::uint64_t>(round) * 7);
  }
  expect_same();
  EXPECT_EQ(to.next_sequence(), w.records_written() + 1);
}

TEST_F(JournalFollow, crosses_windows_and_lives) {
  JournalTail tail(root_ / "leader");
  JournalCopy to = copy();
  ASSERT_TRUE(tail.go_on_after(to.marks()).ok());
  EXPECT_EQ(follow(tail, to, false), 0u) << "nothing is there yet";
  std::uint64_t written = 0, taken = 0;
  for (int life = 0; life < 3; ++life) {
    JournalWriter w = writer("leader");
    write(w, 250'000);  // more than one window of eight megabytes
    taken += follow(tail, to, false);
    if (life == 1) {
      ASSERT_TRUE(w.close().ok());
    }
    written += 250'000 + (life == 1 ? 1 : 0);
  }
  taken += follow(tail, to, false);
  EXPECT_EQ(taken, written);
  expect_same();
}

TEST_F(JournalFollow, goes_on_where_the_copy_ends_after_both_were_away) {
  {
    JournalWriter w = writer("leader");
    write(w, 100);
    JournalTail tail(root_ / "leader");
    JournalCopy to = copy();
    EXPECT_EQ(follow(tail, to), 100u);
    write(w, 50);
  }
  JournalWriter w = writer("leader");
  write(w, 7);
  JournalTail tail(root_ / "leader");
  JournalCopy to = copy();
  EXPECT_EQ(follow(tail, to), 57u);
  EXPECT_TRUE(aside_.empty());
  expect_same();
}

TEST_F(JournalFollow, cuts_the_torn_end_of_a_copy_that_died_and_takes_it_anew) {
  JournalWriter w = writer("leader");
  write(w, 100);
  JournalTail tail(root_ / "leader");
  {
    JournalCopy to = copy();
    EXPECT_EQ(follow(tail, to), 100u);
  }
  fs::resize_file(root_ / "copy" / "journal-000001.ats",
                  fs::file_size(root_ / "copy" / "journal-000001.ats") - 3);
  JournalCopy to = copy();
  EXPECT_EQ(to.next_sequence(), 100u);
  EXPECT_EQ(follow(tail, to), 1u);
  expect_same();
}

TEST_F(JournalFollow, moves_aside_what_a_dead_leader_wrote_and_nobody_heard) {
  // The copy of today led before, and its last words were not heard by the leader of today.
  {
    JournalWriter w = writer("copy");
    write(w, 100);
  }
  {
    JournalTail tail(root_ / "copy");
    auto heard = JournalCopy::open(root_ / "leader");
    JournalCopy& to = *heard;
    EXPECT_EQ(follow(tail, to), 100u);
  }
  {
    auto unheard = JournalWriter::open(root_ / "copy", JournalEnd{1, 101, {}}, SyncPolicy::None);
    write(*unheard, 20);
  }
  JournalWriter w = writer("leader");
  write(w, 5);
  JournalTail tail(root_ / "leader");
  {
    JournalCopy to = copy();
    EXPECT_EQ(to.next_sequence(), 121u);
    EXPECT_EQ(follow(tail, to), 5u);
  }
  ASSERT_FALSE(aside_.empty());
  EXPECT_TRUE(fs::exists(aside_ / "journal-000002.ats"));
  EXPECT_FALSE(fs::exists(aside_ / "journal-000001.ats"));
  expect_same();
}

TEST_F(JournalFollow, waits_at_the_end_of_a_journal_that_is_shorter_than_the_copy) {
  {
    JournalWriter w = writer("leader");
    write(w, 10);
  }
  JournalTail tail(root_ / "leader");
  {
    JournalCopy to = copy();
    EXPECT_EQ(follow(tail, to), 10u);
  }
  {
    auto more = JournalWriter::open(root_ / "copy", JournalEnd{1, 11, {}}, SyncPolicy::None);
    write(*more, 3);
  }
  JournalCopy to = copy();
  EXPECT_EQ(follow(tail, to), 0u);
  EXPECT_FALSE(aside_.empty());
  JournalWriter w = writer("leader");
  write(w, 4);
  EXPECT_EQ(follow(tail, to, false), 4u);
  expect_same();
}

TEST_F(JournalFollow, takes_nothing_that_is_not_whole_or_does_not_follow) {
  JournalWriter w = writer("leader");
  write(w, 10);
  JournalTail tail(root_ / "leader");
  JournalCopy to = copy();
  ASSERT_TRUE(tail.go_on_after(to.marks()).ok());
  const auto piece = tail.next();
  ASSERT_TRUE(piece.ok());
  std::vector<std::byte> bytes(piece->bytes.begin(), piece->bytes.end());
  const auto take = [](const Record&) { return true; };
  EXPECT_FALSE(to.add({2, 0}, bytes, take).ok());
  EXPECT_FALSE(to.add({1, 16}, bytes, take).ok());
  EXPECT_FALSE(to.add({1, 0}, std::span(bytes).first(bytes.size() - 8), take).ok());
  bytes[40] ^= std::byte{1};
  EXPECT_FALSE(to.add({1, 0}, bytes, take).ok());
  bytes[40] ^= std::byte{1};
  EXPECT_EQ(to.next_sequence(), 1u);
  EXPECT_TRUE(to.add({1, 0}, bytes, take).ok());
  EXPECT_FALSE(to.add({1, 0}, bytes, take).ok()) << "once";
  expect_same();
}

TEST_F(JournalFollow, keeps_the_journal_to_itself_until_it_hands_it_on) {
  JournalCopy to = copy();
  EXPECT_EQ(JournalWriter::open(root_ / "copy", {}, SyncPolicy::None).error().fault,
            JournalFault::InUse);
  const JournalEnd end = to.release();
  EXPECT_TRUE(JournalWriter::open(root_ / "copy", end, SyncPolicy::None).ok());
}

}  // namespace
}  // namespace ats::io

#include "io/disk_queue.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <optional>

#include "base/rng.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;

class DiskQueueTest : public ::testing::Test {
 protected:
  DiskQueueTest() {
    std::string pattern = (fs::path(testing::TempDir()) / "ats-queue-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~DiskQueueTest() override { fs::remove_all(directory_); }

  void open(const QueueLimits& limits = {}) {
    queue_.reset();
    auto opened = DiskQueue::open(directory_, limits);
    ASSERT_TRUE(opened) << opened.error();
    queue_.emplace(std::move(*opened));
  }
  // As after kill -9: nothing is closed or written at the end anyway.
  void put(std::uint64_t mark, const std::string& payload, std::uint32_t points = 1) {
    const auto taken = queue_->append(source, mark, points, payload);
    EXPECT_TRUE(taken) << taken.error();
  }
  std::string take(std::uint64_t points_most = 1) {
    std::string out;
    if (queue_->look(out, points_most, 1 << 20) > 0) queue_->done();
    return out;
  }
  std::vector<fs::path> segments() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().extension() == ".atq") found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }
  std::uint64_t bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const fs::path& segment : segments()) sum += fs::file_size(segment);
    return sum;
  }

  static constexpr std::uint64_t source = 77;
  fs::path directory_;
  std::optional<DiskQueue> queue_;
};

TEST_F(DiskQueueTest, gives_back_what_it_was_given_in_its_order) {
  open();
  for (const char* text : {"a", "b", "c"}) put(0, text);
  EXPECT_EQ(queue_->counts().waiting_points, 3u);
  EXPECT_EQ(take(2), "ab");
  EXPECT_EQ(take(), "c");
  EXPECT_EQ(take(), "");
  EXPECT_EQ(queue_->counts().waiting_points, 0u);
  EXPECT_EQ(queue_->counts().waiting_bytes, 0u);
}

TEST_F(DiskQueueTest, keeps_what_was_looked_at_until_it_is_done_with) {
  open();
  put(0, "a");
  put(0, "b");
  std::string out;
  EXPECT_EQ(queue_->look(out, 1, 100), 1u);
  put(0, "c");
  out.clear();
  EXPECT_EQ(queue_->look(out, 9, 100), 3u);
  EXPECT_EQ(out, "abc");
  open();
  EXPECT_EQ(take(9), "abc") << "nobody said that it was done with";
}

TEST_F(DiskQueueTest, gives_a_record_that_is_larger_than_what_was_asked_for_alone) {
  open();
  put(0, "aaaa", 10);
  put(0, "b", 1);
  EXPECT_EQ(take(5), "aaaa");
  EXPECT_EQ(take(5), "b");
}

TEST_F(DiskQueueTest, knows_after_a_restart_what_waits_and_how_far_the_source_is) {
  open();
  for (std::uint64_t n = 1; n <= 5; ++n) put(n, std::to_string(n));
  EXPECT_EQ(take(2), "12");
  open();
  EXPECT_EQ(queue_->mark(source), 5u);
  EXPECT_EQ(queue_->mark(source + 1), 0u) << "of another journal nothing is known";
  EXPECT_EQ(queue_->counts().waiting_points, 3u);
  EXPECT_EQ(take(9), "345");
  open();
  EXPECT_EQ(take(9), "");
  EXPECT_EQ(queue_->mark(source), 5u) << "with nothing left in it as well";
  EXPECT_LE(segments().size(), 1u);
}

TEST_F(DiskQueueTest, cuts_off_a_torn_tail_wherever_it_is_torn) {
  open();
  put(1, "first");
  put(2, "second");
  const fs::path segment = segments().back();
  const auto whole = fs::file_size(segment);
  for (std::uintmax_t size = whole - 1; size > whole - 38; --size) {
    queue_.reset();
    fs::resize_file(segment, size);
    open();
    EXPECT_EQ(queue_->mark(source), 1u) << "the second one has to be made again";
    EXPECT_GT(queue_->counts().torn_bytes, 0u);
    std::string out;
    EXPECT_EQ(queue_->look(out, 9, 100), 1u);
    EXPECT_EQ(out, "first");
    queue_.reset();
    // As it was before.
    for (const fs::path& other : segments()) {
      if (other != segment) fs::remove(other);
    }
    std::ofstream(segment, std::ios::app).write("garbage of a record that was never whole", 40);
  }
}

TEST_F(DiskQueueTest, steps_over_damage_and_says_that_what_follows_is_not_whole) {
  open({.bytes = 1 << 20, .segment_bytes = 64});
  for (std::uint64_t n = 1; n <= 6; ++n) put(n, "payload " + std::to_string(n) + ";");
  queue_.reset();
  const std::vector<fs::path> all = segments();
  ASSERT_GE(all.size(), 5u);
  std::fstream damaged(all[2], std::ios::in | std::ios::out);
  damaged.seekp(50);
  damaged.put('~');
  damaged.close();
  open({.bytes = 1 << 20, .segment_bytes = 64});
  EXPECT_EQ(queue_->mark(source), 2u) << "what came after has to be made again";
  EXPECT_GT(queue_->counts().damaged_bytes, 0u);
  EXPECT_EQ(take(9), "payload 1;payload 2;payload 4;payload 5;payload 6;");
}

TEST_F(DiskQueueTest, stays_within_its_bound_drops_the_oldest_and_counts_it) {
  constexpr std::uint64_t bound = 20'000;
  open({.bytes = bound, .segment_bytes = 2'000});
  const std::string payload(300, 'x');
  for (std::uint64_t n = 1; n <= 500; ++n) {
    put(n, payload, 3);
    ASSERT_LE(bytes_on_disk(), bound + 2'400);
  }
  const QueueCounts counts = queue_->counts();
  EXPECT_GT(counts.dropped_points, 1'000u);
  EXPECT_EQ(counts.dropped_points + counts.waiting_points, 1'500u);
  std::uint64_t came = 0;
  std::string out;
  while (const std::uint64_t points = queue_->look(out, 100, 1 << 20)) {
    came += points;
    queue_->done();
  }
  EXPECT_EQ(came, counts.waiting_points);
  EXPECT_EQ(queue_->mark(source), 500u);
}

TEST_F(DiskQueueTest, does_not_count_as_dropped_what_is_on_its_way_out) {
  open({.bytes = 4'000, .segment_bytes = 1'000});
  const std::string payload(200, 'x');
  for (int n = 0; n < 10; ++n) put(0, payload);
  std::string out;
  const std::uint64_t under_way = queue_->look(out, 3, 1 << 20);
  ASSERT_EQ(under_way, 3u);
  for (int n = 0; n < 50; ++n) put(0, payload);
  queue_->done();
  std::uint64_t came = under_way;
  while (const std::uint64_t points = queue_->look(out, 100, 1 << 20)) {
    came += points;
    queue_->done();
  }
  EXPECT_EQ(came + queue_->counts().dropped_points, 60u);
}

TEST_F(DiskQueueTest, refuses_what_can_never_fit_and_a_second_process) {
  open({.bytes = 1'000});
  EXPECT_FALSE(queue_->append(source, 1, 1, std::string(2'000, 'x')));
  EXPECT_EQ(queue_->mark(source), 0u);
  const auto second = DiskQueue::open(directory_, {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another process"), std::string::npos);
}

TEST_F(DiskQueueTest, is_as_it_was_when_the_disk_has_no_room) {
  open();
  put(1, "first");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{128, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto taken = queue_->append(source, 2, 1, std::string(500, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(taken);
  EXPECT_EQ(queue_->mark(source), 1u);
  put(2, "second");
  open();
  EXPECT_EQ(take(9), "firstsecond");
}

// Against the simplest queue there is, with the process ending at any moment.
TEST_F(DiskQueueTest, behaves_as_a_list_does_whatever_is_asked_of_it) {
  const QueueLimits limits{.bytes = 1 << 24, .segment_bytes = 700};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    fs::remove_all(directory_);
    open(limits);
    std::deque<std::string> model;
    std::uint64_t mark = 0;
    for (int step = 0; step < 600; ++step) {
      switch (rng.below(10)) {
        case 0:
          open(limits);
          break;
        case 1:
        case 2:
        case 3: {
          std::string out, wanted;
          const std::uint64_t points = queue_->look(out, rng.below(6) + 1, 2'000);
          ASSERT_LE(points, model.size());
          ASSERT_EQ(points == 0, model.empty());
          for (std::uint64_t n = 0; n < points; ++n) wanted += model[n];
          ASSERT_EQ(out, wanted);
          if (rng.one_in(3)) break;
          queue_->done();
          model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(points));
          break;
        }
        default: {
          std::string payload(rng.below(200) + 1, static_cast<char>('a' + rng.below(26)));
          put(++mark, payload);
          model.push_back(std::move(payload));
        }
      }
      ASSERT_EQ(queue_->counts().waiting_points, model.size());
      ASSERT_EQ(queue_->mark(source), mark);
    }
  }
}

// Bytes changed anywhere: never a record that was not put in, and never out of order.
TEST_F(DiskQueueTest, gives_nothing_that_was_not_put_in_whatever_the_disk_does) {
  const QueueLimits limits{.bytes = 1 << 24, .segment_bytes = 400};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    fs::remove_all(directory_);
    open(limits);
    for (std::uint64_t n = 100; n < 140; ++n) put(n, "<" + std::to_string(n) + ">");
    if (rng.one_in(2)) take(rng.below(20) + 1);
    queue_.reset();
    std::vector<fs::path> files = segments();
    files.push_back(directory_ / "cursor");
    for (std::uint64_t n = rng.below(4) + 1; n > 0; --n) {
      const fs::path& file = files[rng.below(files.size())];
      const auto size = fs::file_size(file);
      if (size == 0) continue;
      if (rng.one_in(4)) {
        fs::resize_file(file, rng.below(size));
      } else {
        std::fstream out(file, std::ios::in | std::ios::out);
        out.seekp(static_cast<std::streamoff>(rng.below(size)));
        out.put(static_cast<char>(rng.below(256)));
      }
    }
    auto opened = DiskQueue::open(directory_, limits);
    if (!opened) continue;  // it says that another version wrote it
    queue_.emplace(std::move(*opened));
    std::uint64_t last = 0;
    for (std::string text = take(); !text.empty(); text = take()) {
      ASSERT_EQ(text.size(), 5u);
      const std::uint64_t n = std::stoull(text.substr(1, 3));
      ASSERT_GT(n, last) << "seed " << seed;
      last = n;
    }
  }
}

}  // namespace
}  // namespace ats::io

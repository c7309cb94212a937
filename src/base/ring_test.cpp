#include "base/ring.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace ats {
namespace {

TEST(SpscRing, GivesBackInOrderAndSaysWhenItIsFullOrEmpty) {
  SpscRing<int> ring(4);
  int out = -1;
  EXPECT_FALSE(ring.try_pop(out));
  EXPECT_EQ(out, -1);
  for (int lap = 0; lap < 10; ++lap) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(lap * 10 + i));
    EXPECT_FALSE(ring.try_push(99));
    EXPECT_EQ(ring.size(), 4u);
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(ring.try_pop(out));
      EXPECT_EQ(out, lap * 10 + i);
    }
    EXPECT_FALSE(ring.try_pop(out));
    EXPECT_EQ(ring.size(), 0u);
  }
}

TEST(SpscRing, OneSlotIsEnough) {
  SpscRing<int> ring(1);
  EXPECT_EQ(ring.capacity(), 1u);
  int out = 0;
  EXPECT_TRUE(ring.try_push(7));
  EXPECT_FALSE(ring.try_push(8));
  EXPECT_TRUE(ring.try_pop(out));
  EXPECT_EQ(out, 7);
  EXPECT_TRUE(ring.try_push(8));
}

TEST(SpscRing, TakesOnlyPowersOfTwo) {
  EXPECT_DEATH(SpscRing<int>(0), "invariant broken");
  EXPECT_DEATH(SpscRing<int>(3), "invariant broken");
}

TEST(SpscRing, ARefusedElementStaysWithItsOwner) {
  SpscRing<std::unique_ptr<int>> ring(1);
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(ring.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  std::unique_ptr<int> out;
  EXPECT_TRUE(ring.try_pop(out));
  EXPECT_EQ(*out, 1);
  EXPECT_TRUE(ring.try_push(std::move(second)));
}

TEST(SpscRing, TwoThreadsLoseNothingRepeatNothingAndKeepTheOrder) {
  struct Record {
    std::uint64_t number = 0;
    std::uint64_t check = 0;
    std::string text;
  };
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{2}, std::size_t{64}}) {
    constexpr std::uint64_t records = 50'000;
    SpscRing<Record> ring(capacity);
    std::uint64_t refused = 0;
    std::thread producer([&ring, &refused] {
      for (std::uint64_t i = 0; i < records; ++i) {
        Record record{i, i * 0x9E3779B97F4A7C15ull, std::to_string(i)};
        while (!ring.try_push(std::move(record))) {
          ++refused;
          std::this_thread::yield();
        }
      }
    });
    std::uint64_t wrong = 0;
    for (std::uint64_t expected = 0; expected < records;) {
      Record record;
      if (!ring.try_pop(record)) {
        std::this_thread::yield();
        continue;
      }
      wrong += record.number != expected || record.check != expected * 0x9E3779B97F4A7C15ull ||
               record.text != std::to_string(expected);
      ++expected;
    }
    producer.join();
    EXPECT_EQ(wrong, 0u) << "capacity " << capacity;
    EXPECT_EQ(ring.size(), 0u);
    RecordProperty("refused_at_capacity_" + std::to_string(capacity), std::to_string(refused));
  }
}

}  // namespace
}  // namespace ats

#include "base/byte_ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <thread>

#include "base/rng.hpp"

namespace ats {
namespace {

bool push(ByteRing& ring, std::string_view text) {
  std::byte* room = ring.claim(text.size());
  if (room == nullptr) return false;
  std::memcpy(room, text.data(), text.size());
  ring.publish();
  return true;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(ByteRing, WhatGoesInComesOutInOrderWhateverTheSizes) {
  ByteRing ring(1024);
  std::deque<std::string> model;
  Rng rng(3);
  std::uint64_t refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (rng.between(0, 1) == 0) {
      const std::string text(static_cast<std::size_t>(rng.between(0, 200)),
                             static_cast<char>('a' + i % 26));
      if (push(ring, text))
        model.push_back(text);
      else
        ++refused;
    } else if (const auto got = ring.front(); got.data() != nullptr) {
      ASSERT_FALSE(model.empty());
      ASSERT_EQ(text_of(got), model.front());
      model.pop_front();
      ring.pop();
    } else {
      ASSERT_TRUE(model.empty());
    }
  }
  EXPECT_GT(refused, 0u);
}

TEST(ByteRing, AFullRingRefusesAndKeepsWhatItHas) {
  ByteRing ring(64);
  ASSERT_TRUE(push(ring, "0123456789abcdef"));
  ASSERT_TRUE(push(ring, "0123456789abcdeg"));
  EXPECT_FALSE(push(ring, "0123456789abcdeh"));
  EXPECT_EQ(text_of(ring.front()), "0123456789abcdef");
  ring.pop();
  EXPECT_TRUE(push(ring, "0123456789abcdeh"));
  EXPECT_EQ(text_of(ring.front()), "0123456789abcdeg");
  ring.pop();
  EXPECT_EQ(text_of(ring.front()), "0123456789abcdeh");
  ring.pop();
  EXPECT_EQ(ring.front().data(), nullptr);
}

TEST(ByteRing, ARecordThatCanNeverFitIsRefused) {
  ByteRing ring(64);
  EXPECT_EQ(ring.claim(ring.record_max() + 1), nullptr);
  EXPECT_NE(ring.claim(ring.record_max()), nullptr);
}

TEST(ByteRing, AnEmptyRecordIsARecord) {
  ByteRing ring(64);
  ASSERT_TRUE(push(ring, ""));
  EXPECT_NE(ring.front().data(), nullptr);
  EXPECT_EQ(ring.front().size(), 0u);
}

TEST(ByteRing, TwoThreadsHandOverEveryByte) {
  ByteRing ring(4096);
  constexpr std::uint64_t count = 50'000;
  std::thread producer([&] {
    Rng rng(9);
    for (std::uint64_t n = 0; n < count;) {
      std::string text(8 + static_cast<std::size_t>(rng.between(0, 300)), static_cast<char>(n));
      std::memcpy(text.data(), &n, sizeof n);
      while (!push(ring, text)) std::this_thread::yield();
      ++n;
    }
  });
  for (std::uint64_t n = 0; n < count;) {
    const auto got = ring.front();
    if (got.data() == nullptr) {
      std::this_thread::yield();
      continue;
    }
    std::uint64_t number = 0;
    ASSERT_GE(got.size(), sizeof number);
    std::memcpy(&number, got.data(), sizeof number);
    ASSERT_EQ(number, n);
    for (const std::byte b : got.subspan(sizeof number))
      ASSERT_EQ(b, static_cast<std::byte>(static_cast<char>(n)));
    ring.pop();
    ++n;
  }
  producer.join();
}

}  // namespace
}  // namespace ats

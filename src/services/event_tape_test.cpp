#include "services/event_tape.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ats::services {
namespace {

class EventTapeTest : public ::testing::Test {
 protected:
  EventTapeTest() {
    Instrument i;
    i.venue = universe_.add_venue("kraken", {});
    i.base = universe_.add_asset("BTC");
    i.quote = usdt_ = universe_.add_asset("USDT");
    i.symbol = "BTC/USDT";
    at_kraken_ = universe_.add_instrument(i);
    tape_.on(Started{1, WallTime{1'000'000'000}, &universe_, &config_}, Instant{}, {});
  }
  void fill(std::uint64_t n) {
    const FillId id("T" + std::to_string(n));
    OrderFilled filled;
    filled.fill.order = make_order_id(1, n);
    filled.fill.instrument = at_kraken_;
    filled.fill.id = id;
    filled.fill.fee_asset = usdt_;
    Booked entry;
    entry.kind = EntryKind::Fill;
    entry.fill = id;
    tape_.on(filled, Instant{}, {entry});
  }

  Universe universe_;
  CoreConfig config_;
  AssetId usdt_;
  InstrumentId at_kraken_;
  EventTape tape_{"west"};
};

TEST_F(EventTapeTest, AnEmptyOneHasNoNumber) {
  EXPECT_EQ(tape_.last(BusStream::Fill), 0u);
  EXPECT_EQ(tape_.find(BusStream::Fill, 1), nullptr);
  EXPECT_EQ(tape_.feed().journal(), 1000u);
}

TEST_F(EventTapeTest, EachIsFoundByItsNumberAndTheStreamsCountApart) {
  for (std::uint64_t n = 1; n <= 3; ++n) fill(n);
  EXPECT_EQ(tape_.last(BusStream::Fill), 3u);
  EXPECT_EQ(tape_.last(BusStream::Execution), 0u);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    ASSERT_NE(tape_.find(BusStream::Fill, n), nullptr);
    EXPECT_EQ(tape_.find(BusStream::Fill, n)->number, n);
  }
  EXPECT_EQ(tape_.find(BusStream::Fill, 0), nullptr);
  EXPECT_EQ(tape_.find(BusStream::Fill, 4), nullptr);
}

TEST_F(EventTapeTest, TheOldestAreLetGoAndTheRestKeepTheirNumbers) {
  for (std::uint64_t n = 1; n <= EventTape::kept_most + 5; ++n) fill(n);
  EXPECT_EQ(tape_.kept(BusStream::Fill).size(), EventTape::kept_most);
  EXPECT_EQ(tape_.find(BusStream::Fill, 5), nullptr);
  ASSERT_NE(tape_.find(BusStream::Fill, 6), nullptr);
  EXPECT_EQ(tape_.find(BusStream::Fill, 6)->number, 6u);
  EXPECT_EQ(tape_.last(BusStream::Fill), EventTape::kept_most + 5);
}

}  // namespace
}  // namespace ats::services

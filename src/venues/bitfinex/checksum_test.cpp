#include "venues/bitfinex/checksum.hpp"

#include <gtest/gtest.h>

#include "base/crc32.hpp"
#include "base/rng.hpp"
#include "venues/bitfinex/decoder.hpp"
#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/number.hpp"
#include "venues/bitfinex/testing_model_book.hpp"

namespace ats::venues::bitfinex {
namespace {

std::uint32_t unsigned32(std::int32_t n) { return static_cast<std::uint32_t>(n); }

TEST(BitfinexNumber, isTheTextThatJavaScriptMakesOfIt) {
  EXPECT_EQ(spelled(0, 8), "0");
  EXPECT_EQ(spelled(100, 0), "100");
  EXPECT_EQ(spelled(100'00000000, 8), "100");
  EXPECT_EQ(spelled(-50000000, 8), "-0.5");
  EXPECT_EQ(spelled(12'34000000, 8), "12.34");
  EXPECT_EQ(spelled(123, 8), "0.00000123");
  EXPECT_EQ(spelled(100, 8), "0.000001");  // the least in plain notation
  EXPECT_EQ(spelled(99, 8), "9.9e-7");
  EXPECT_EQ(spelled(70, 8), "7e-7");
  EXPECT_EQ(spelled(1, 8), "1e-8");
  EXPECT_EQ(spelled(-1, 12), "-1e-12");
  EXPECT_EQ(spelled(1'700'000'000, 18), "1.7e-9");
  EXPECT_EQ(spelled(9'223'372'036'854'775'807, 0), "9223372036854775807");
  EXPECT_EQ(spelled(9'223'372'036'854'775'807, 18), "9.223372036854775807");
}

TEST(BitfinexNumber, readsBackAsItself) {
  Rng rng(7);
  for (int n = 0; n < 100'000; ++n) {
    const auto units = static_cast<std::int64_t>(rng.next() >> (1 + rng.below(62)));
    const int scale = static_cast<int>(rng.below(13));
    const std::string text = spelled(units, scale);
    const auto back = Decimal::parse(text);
    ASSERT_TRUE(back.ok()) << text;
    ASSERT_EQ(*back, Decimal::from_scaled(units, scale)) << text;
    const bool exponent = text.find('e') != std::string::npos;
    ASSERT_EQ(exponent, units != 0 && *back < Decimal::of("0.000001")) << text;
    ASSERT_FALSE(text.ends_with('.') || (text.size() > 1 && text.starts_with("00"))) << text;
    ASSERT_FALSE(text.find('.') != std::string::npos && !exponent && text.ends_with('0')) << text;
  }
}

TEST(BitfinexChecksum, isTakenInTurnsFromTheBestOfBothSides) {
  const std::vector<Level> bids{{{6000}, {1}}, {{5900}, {2}}};
  const std::vector<Level> asks{{{6100}, {3}}, {{6200}, {4}}};
  EXPECT_EQ(book_checksum({bids, asks, 0, 0}), 1756193398u);
  EXPECT_EQ(book_checksum({{}, {}, 0, 0}), 0u);
}

TEST(BitfinexChecksum, goesOnWithOneSideWhereTheOtherEnds) {
  const std::vector<Level> bids{{{6000}, {1}}, {{5900}, {2}}, {{5800}, {5}}};
  const std::vector<Level> asks{{{6100}, {3}}};
  const std::string text = "6000:1:6100:-3:5900:2:5800:5";
  EXPECT_EQ(book_checksum({bids, asks, 0, 0}), crc32(text));
}

TEST(BitfinexChecksum, looksAtTwentyFiveLevelsOnly) {
  std::vector<Level> bids;
  for (int i = 0; i < 30; ++i) bids.push_back({{1000 - i}, {1 + i}});
  const std::uint32_t whole = book_checksum({bids, {}, 1, 8});
  bids.resize(25);
  EXPECT_EQ(book_checksum({bids, {}, 1, 8}), whole);
  bids.resize(24);
  EXPECT_NE(book_checksum({bids, {}, 1, 8}), whole);
}

// A recorded book of tXRPBTC whose prices go through 1e-6, with the checksum the venue sent of it.
constexpr std::string_view recorded_snapshot =
    "[5,[[0.0000011,13,271510.49],[0.00000109,4,500793.10790141],[0.00000108,5,776367.43],"
    "[0.00000107,1,23329.54842056],[0.00000106,3,116868.87735849],[0.00000105,3,205000],"
    "[0.00000103,3,227308.25386407],[0.00000102,2,105000],[0.00000101,1,2970],[0.000001,2,21000],"
    "[7e-7,1,10000],[6.6e-7,1,10000],[6e-7,1,100000],[4.9e-7,1,10000],[2.5e-7,1,2000],"
    "[6e-8,1,100000],[5e-8,1,200000],[1e-8,4,640000],[0.00000111,1,-4847.13],"
    "[0.00000112,7,-528102.69042633],[0.00000113,5,-302397.07],[0.00000114,3,-339088.93],"
    "[0.00000126,4,-245944.06],[0.00000127,1,-5000],[0.0000013,1,-5000],"
    "[0.00000134,1,-8249.18938656],[0.00000136,1,-13161.25184766],[0.00000145,1,-2914],"
    "[0.0000015,3,-54448.5],[0.00000152,2,-5538.54849594],[0.00000153,1,-62691.75475079],"
    "[0.00000159,1,-2914],[0.0000016,1,-52631.10296831],[0.00000164,1,-4000],"
    "[0.00000166,1,-3831.46784605],[0.00000171,1,-14575.17730379],[0.00000174,1,-3124.81815395],"
    "[0.0000018,1,-18000],[0.00000182,1,-16000],[0.00000186,1,-4000],[0.00000189,1,-10000.686624],"
    "[0.00000191,1,-14500],[0.00000193,1,-2422]]]";

TEST(BitfinexChecksum, isTheOneTheVenueSentOfARecordedBook) {
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  PairRow row;
  row.base = "XRP";
  row.quote = "BTC";
  ASSERT_TRUE(add_instrument(row, venue, universe).ok());
  Decoder decoder(venue, universe);
  ModelSink sink(universe);
  decoder.on_frame(R"({"event":"subscribed","channel":"book","chanId":5,"symbol":"tXRPBTC"})", {},
                   sink);
  ASSERT_EQ(decoder.on_frame(recorded_snapshot, {}, sink), FrameOutcome::Decoded);
  ASSERT_EQ(decoder.on_frame("[5,[0.0000011,12,266122.94]]", {}, sink), FrameOutcome::Decoded);
  ASSERT_EQ(sink.books.size(), 1u);
  const ModelBook& book = sink.books.begin()->second;
  EXPECT_EQ(book.bids.size(), 18u);
  EXPECT_EQ(book.asks.size(), 25u);
  EXPECT_EQ(book.checksum(8, 8), unsigned32(-1175357890));
  ASSERT_EQ(decoder.on_frame(R"([5,"cs",-1175357890])", {}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.right, 1u);
  ASSERT_EQ(decoder.on_frame(R"([5,"cs",-1175357891])", {}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.wrong, 1u);
}

}  // namespace
}  // namespace ats::venues::bitfinex

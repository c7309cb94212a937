// Kraken's first WebSocket protocol, as recordings have it.
#include "venues/kraken/reader_v1.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/kraken/decoder.hpp"
#include "venues/kraken/metadata.hpp"

namespace ats::venues::kraken {
namespace {

using testing::ElementsAre;

constexpr std::string_view snapshot =
    R"([992,{"as":[["354.15000000","5.00000000","1618678123.481570"],["354.20000000","1.50000000","1618678132.136369"]],"bs":[["354.10000000","2.00000000","1618678120.394077"]]},"book-1000","XMR/USD"])";
constexpr std::string_view update =
    R"([992,{"b":[["354.11000000","0.50000000","1618678133.365913"],["354.10000000","0.00000000","1618678133.365914","r"]],"c":"2583817756"},"book-1000","XMR/USD"])";
constexpr std::string_view both_sides =
    R"([1920,{"a":[["0.042990","364630.28272081","1618678145.920470"]]},{"b":[["0.042980","7.00000000","1618678145.920708"]],"c":"4105471083"},"book-1000","XBT/EUR"])";

struct Kept final : EventSink {
  void on(const Event& event) override {
    if (const auto* s = std::get_if<BookSnapshot>(&event)) {
      bids.assign(s->bids.begin(), s->bids.end());
      asks.assign(s->asks.begin(), s->asks.end());
      checksum = s->checksum;
      instrument = s->instrument;
      ++snapshots;
    } else if (const auto* d = std::get_if<BookDelta>(&event)) {
      bids.assign(d->bids.begin(), d->bids.end());
      asks.assign(d->asks.begin(), d->asks.end());
      checksum = d->checksum;
      instrument = d->instrument;
      venue_time = d->times.venue_time;
      ++deltas;
    } else if (const auto* t = std::get_if<Trade>(&event)) {
      trades.push_back(*t);
    } else if (const auto* f = std::get_if<BookFault>(&event)) {
      faults.push_back(*f);
    } else if (std::holds_alternative<Heartbeat>(event)) {
      ++heartbeats;
    }
  }
  std::vector<Level> bids, asks;
  std::optional<std::uint32_t> checksum;
  InstrumentId instrument;
  WallTime venue_time;
  std::vector<Trade> trades;
  std::vector<BookFault> faults;
  int snapshots = 0, deltas = 0, heartbeats = 0;
};

class KrakenV1 : public testing::Test {
 protected:
  // As a recording of these frames is read.
  KrakenV1() {
    const auto discovery = make_discovery();
    for (const std::string_view frame : {snapshot, update, both_sides}) discovery->on_frame(frame);
    discovery->finish(venue, universe);
    xmr = universe.find_instrument(venue, "XMR/USD");
    btc = universe.find_instrument(venue, "BTC/EUR");
    decoder = make_decoder(venue, universe);
  }
  FrameOutcome on(std::string_view frame) {
    kept = {};
    return decoder->on_frame(frame, Instant{}, kept);
  }
  static std::string with(std::string_view frame, std::string_view what, std::string_view by) {
    std::string text(frame);
    const std::size_t at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    return text.replace(at, what.size(), by);
  }

  Universe universe;
  VenueId venue = universe.add_venue("kraken", {});
  InstrumentId xmr, btc;
  std::unique_ptr<MarketDecoder> decoder;
  Kept kept;
};

TEST_F(KrakenV1, an_instrument_has_the_decimals_of_the_text_and_the_name_of_version_2) {
  ASSERT_TRUE(xmr.valid());
  EXPECT_EQ(universe.instrument(xmr).price_scale, 8);
  ASSERT_TRUE(btc.valid());
  EXPECT_EQ(universe.instrument(btc).price_scale, 6);
}

TEST_F(KrakenV1, metadata_with_fewer_decimals_keeps_its_tick_in_the_finer_ones) {
  const auto discovery = make_discovery();
  discovery->on_metadata_body(
      R"({"error":[],"result":{"XXMRZUSD":{"altname":"XMRUSD","wsname":"XMR/USD","aclass_base":"currency","base":"XXMR","aclass_quote":"currency","quote":"ZUSD","pair_decimals":2,"lot_decimals":8,"lot_multiplier":1,"fees":[[0,0.26]],"fees_maker":[[0,0.16]],"ordermin":"0.1"}}})");
  discovery->on_frame(snapshot);
  Universe told;
  const VenueId at = told.add_venue("kraken", {});
  discovery->finish(at, told);
  const InstrumentId id = told.find_instrument(at, "XMR/USD");
  ASSERT_TRUE(id.valid());
  const Instrument& instrument = told.instrument(id);
  EXPECT_EQ(instrument.price_scale, 8);
  EXPECT_EQ(instrument.tick, 1'000'000);
  EXPECT_EQ(instrument.quantity_decimal(instrument.min_quantity), Decimal::of("0.1"));
  EXPECT_EQ(instrument.fees.taker, Rate::bps(26));
}

TEST_F(KrakenV1, a_snapshot_has_both_sides_and_no_checksum) {
  EXPECT_EQ(on(snapshot), FrameOutcome::Decoded);
  EXPECT_EQ(kept.snapshots, 1);
  EXPECT_EQ(kept.instrument, xmr);
  EXPECT_FALSE(kept.checksum);
  EXPECT_THAT(kept.asks, ElementsAre(Level{{35'415'000'000}, {500'000'000}},
                                     Level{{35'420'000'000}, {150'000'000}}));
  EXPECT_THAT(kept.bids, ElementsAre(Level{{35'410'000'000}, {200'000'000}}));
}

TEST_F(KrakenV1, an_update_has_its_checksum_and_the_time_of_its_latest_level) {
  EXPECT_EQ(on(update), FrameOutcome::Decoded);
  EXPECT_EQ(kept.deltas, 1);
  EXPECT_EQ(kept.checksum, 2'583'817'756u);
  EXPECT_EQ(kept.venue_time.ns_utc, 1'618'678'133'365'914'000);
  EXPECT_THAT(kept.bids,
              ElementsAre(Level{{35'411'000'000}, {50'000'000}}, Level{{35'410'000'000}, {0}}));
  EXPECT_TRUE(kept.asks.empty());
}

TEST_F(KrakenV1, an_update_of_both_sides_comes_in_two_bodies) {
  EXPECT_EQ(on(both_sides), FrameOutcome::Decoded);
  EXPECT_EQ(kept.instrument, btc);
  EXPECT_EQ(kept.checksum, 4'105'471'083u);
  EXPECT_THAT(kept.asks, ElementsAre(Level{{42'990}, {36'463'028'272'081}}));
  EXPECT_THAT(kept.bids, ElementsAre(Level{{42'980}, {700'000'000}}));
}

TEST_F(KrakenV1, trades_have_the_side_that_took) {
  EXPECT_EQ(
      on(R"([993,[["354.11000000","0.89594024","1618678142.557535","s","l",""],)"
         R"(["354.12000000","1.00000000","1618678142.557536","b","m",""]],"trade","XMR/USD"])"),
      FrameOutcome::Decoded);
  ASSERT_EQ(kept.trades.size(), 2u);
  EXPECT_EQ(kept.trades[0].taker_side, Side::Sell);
  EXPECT_EQ(kept.trades[0].quantity, Quantity{89'594'024});
  EXPECT_EQ(kept.trades[1].taker_side, Side::Buy);
}

TEST_F(KrakenV1, the_end_of_a_subscription_ends_the_book) {
  EXPECT_EQ(on(R"({"channelName":"book-1000","event":"subscriptionStatus","pair":"XBT/EUR",)"
               R"("status":"subscribed","subscription":{"depth":1000,"name":"book"}})"),
            FrameOutcome::Decoded);
  EXPECT_EQ(kept.heartbeats, 1);
  EXPECT_EQ(on(R"({"channelName":"book-1000","event":"subscriptionStatus","pair":"XBT/EUR",)"
               R"("status":"unsubscribed","subscription":{"depth":1000,"name":"book"}})"),
            FrameOutcome::Decoded);
  ASSERT_EQ(kept.faults.size(), 1u);
  EXPECT_EQ(kept.faults[0].instrument, btc);
  EXPECT_EQ(kept.faults[0].reason, BookFaultReason::SubscriptionLost);
  EXPECT_EQ(on(R"({"channelName":"trade","event":"subscriptionStatus","pair":"XBT/EUR",)"
               R"("status":"unsubscribed","subscription":{"name":"trade"}})"),
            FrameOutcome::Decoded);
  EXPECT_TRUE(kept.faults.empty());
}

TEST_F(KrakenV1, what_is_wrong_with_a_frame_is_named_and_the_book_is_not_trusted) {
  const auto refused = [this](const std::string& frame) {
    const FrameOutcome outcome = on(frame);
    EXPECT_EQ(kept.snapshots + kept.deltas, 0) << frame;
    EXPECT_EQ(kept.faults.size(), 1u) << frame;
    return outcome;
  };
  EXPECT_EQ(refused(with(update, R"(,"c":"2583817756")", "")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(update, "2583817756", "4294967296")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(update, R"("0.50000000")", "0.5")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(update, "354.11000000", "354.110000001")), FrameOutcome::NumberFault);
  EXPECT_EQ(refused(with(update, "354.11000000", "-354.11")), FrameOutcome::NumberFault);
  EXPECT_EQ(refused(with(update, "1618678133.365913", "yesterday")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(update, R"("b":)", R"("bs":)")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(update, R"("b":)", R"("x":)")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(both_sides, R"("b":)", R"("a":)")), FrameOutcome::Malformed);
  EXPECT_EQ(refused(with(snapshot, "2.00000000", "0.00000000")), FrameOutcome::Malformed);
  EXPECT_EQ(refused("[1,2,3]"), FrameOutcome::Malformed);
  EXPECT_EQ(refused(R"([1,{},"books","XMR/USD"])"), FrameOutcome::UnknownKind);
  EXPECT_EQ(on(with(update, "XMR/USD", "XMR/JPY")), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(on(R"([1668,{"a":["13.253900",35,"35.7"]},"ticker","XMR/USD"])"),
            FrameOutcome::Ignored);
}

TEST_F(KrakenV1, a_frame_cut_anywhere_gives_nothing) {
  for (const std::string_view frame : {snapshot, update, both_sides}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      EXPECT_NE(on(frame.substr(0, size)), FrameOutcome::Decoded) << frame.substr(0, size);
      EXPECT_EQ(kept.snapshots + kept.deltas, 0);
    }
  }
}

}  // namespace
}  // namespace ats::venues::kraken

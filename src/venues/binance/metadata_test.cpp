#include "venues/binance/metadata.hpp"

#include <gtest/gtest.h>

#include "base/testing_shared.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::binance {
namespace {

std::string symbol(std::string_view name, std::string_view base, std::string_view quote,
                   std::string_view status, std::string_view tick, std::string_view step,
                   std::string_view notional_filter) {
  return R"({"symbol":")" + std::string(name) + R"(","status":")" + std::string(status) +
         R"(","baseAsset":")" + std::string(base) + R"(","quoteAsset":")" + std::string(quote) +
         R"(","filters":[{"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"1000000.00000000","tickSize":")" +
         std::string(tick) +
         R"("},{"filterType":"LOT_SIZE","minQty":"0.00010000","maxQty":"9000.00000000","stepSize":")" +
         std::string(step) + R"("},{"filterType":")" + std::string(notional_filter) +
         R"(","minNotional":"5.00000000"}]})";
}
HttpResponse answer(const std::string& symbols, int status = 200) {
  return {status, {}, R"({"timezone":"UTC","symbols":[)" + symbols + "]}"};
}

struct World {
  Universe universe;
  VenueId venue = universe.add_venue("binance", {});
  Status<MetadataError> read(const HttpResponse& response, std::vector<WantedPair> pairs) {
    return read_metadata({&response, 1}, pairs, venue, universe);
  }
};

TEST(BinanceMetadata, AsksForTheWantedSymbolsOnlyPercentEncoded) {
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}, {"ETH", "BTC"}};
  const auto requests = metadata_requests(pairs);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].target, "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22ETHBTC%22%5D");
}

TEST(BinanceMetadata, AnInstrumentHasTheVenuesStepsLimitsAndStandardFees) {
  World world;
  ASSERT_TRUE(world.read(
      answer(symbol("BTCUSDT", "BTC", "USDT", "TRADING", "0.01000000", "0.00001000", "NOTIONAL")),
      {{"BTC", "USDT"}}));
  const Instrument& i = world.universe.instrument(InstrumentId{0});
  EXPECT_EQ(i.symbol.view(), "BTCUSDT");
  EXPECT_EQ(world.universe.pair_name(i.pair), "BTC/USDT");
  EXPECT_EQ(i.price_scale, 2);
  EXPECT_EQ(i.tick, 1);
  EXPECT_EQ(i.qty_scale, 8);
  EXPECT_EQ(i.lot, 1000);
  EXPECT_EQ(i.quantity_decimal(i.min_quantity), Decimal::of("0.0001"));
  EXPECT_EQ(i.quantity_decimal(i.max_quantity), Decimal::of("9000"));
  EXPECT_EQ(i.min_notional, Decimal::of("5"));
  EXPECT_EQ(i.fees, (FeeSchedule{Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8}));
  EXPECT_EQ(i.status, InstrumentStatus::Trading);
}

TEST(BinanceMetadata, TheBandOfPricesIsReadInBothItsForms) {
  const auto with = [](const std::string& filter) {
    std::string text = symbol("BTCUSDT", "BTC", "USDT", "TRADING", "0.01", "0.00001", "NOTIONAL");
    text.insert(text.rfind("]}"), "," + filter);
    return text;
  };
  World sides;
  ASSERT_TRUE(sides.read(
      answer(with(
          R"({"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"1.2","bidMultiplierDown":"0.2","askMultiplierUp":"5","askMultiplierDown":"0.8","avgPriceMins":1})")),
      {{"BTC", "USDT"}}));
  EXPECT_EQ(
      sides.universe.instrument(InstrumentId{0}).band,
      (PriceBand{{200'000'000}, {1'200'000'000}, {800'000'000}, {5'000'000'000}, seconds(60)}));
  World both;
  ASSERT_TRUE(both.read(
      answer(with(
          R"({"filterType":"PERCENT_PRICE","multiplierUp":"1.3","multiplierDown":"0.7","avgPriceMins":5})")),
      {{"BTC", "USDT"}}));
  EXPECT_EQ(
      both.universe.instrument(InstrumentId{0}).band,
      (PriceBand{{700'000'000}, {1'300'000'000}, {700'000'000}, {1'300'000'000}, seconds(300)}));
  World damaged;
  EXPECT_FALSE(damaged.read(
      answer(with(
          R"({"filterType":"PERCENT_PRICE","multiplierUp":"x","multiplierDown":"0.7","avgPriceMins":5})")),
      {{"BTC", "USDT"}}));
}

TEST(BinanceMetadata, StepsThatAreNoPowerOfTenOrAreSwitchedOff) {
  World world;
  ASSERT_TRUE(world.read(
      answer(symbol("AB", "A", "B", "CANCEL_ONLY", "0.00050000", "1.00000000", "MIN_NOTIONAL") +
             "," + symbol("CD", "C", "D", "BREAK", "0.00000000", "0.00000000", "NOTIONAL")),
      {{"A", "B"}, {"C", "D"}}));
  const Instrument& ab = world.universe.instrument(InstrumentId{0});
  EXPECT_EQ(ab.price_scale, 4);
  EXPECT_EQ(ab.tick, 5);
  EXPECT_EQ(ab.qty_scale, 3);
  EXPECT_EQ(ab.quantity_decimal(ab.min_quantity), Decimal::of("0.001")) << "rounded up";
  EXPECT_EQ(ab.quantity_decimal({ab.lot}), Decimal::of("1"));
  EXPECT_EQ(ab.status, InstrumentStatus::CancelOnly);
  const Instrument& cd = world.universe.instrument(InstrumentId{1});
  EXPECT_EQ(cd.price_scale, 8);
  EXPECT_EQ(cd.tick, 1);
  EXPECT_EQ(cd.qty_scale, 8);
  EXPECT_EQ(cd.lot, 1);
  EXPECT_EQ(cd.status, InstrumentStatus::Halted);
}

TEST(BinanceMetadata, SaysWhatIsMissing) {
  World world;
  const std::string btc =
      symbol("BTCUSDT", "BTC", "USDT", "TRADING", "0.01000000", "0.00001000", "NOTIONAL");
  const auto error = [&](const HttpResponse& response, std::vector<WantedPair> pairs) {
    const auto status = world.read(response, std::move(pairs));
    EXPECT_FALSE(status.ok());
    return status.ok() ? MetadataError::Malformed : status.error();
  };
  EXPECT_EQ(error(answer(btc), {{"ETH", "USDT"}}), MetadataError::PairNotListed);
  EXPECT_EQ(error({400, {}, R"({"code":-1121,"msg":"Invalid symbol."})"}, {{"ETH", "USDT"}}),
            MetadataError::PairNotListed);
  EXPECT_EQ(error({200, {}, "{"}, {{"BTC", "USDT"}}), MetadataError::Malformed);
  EXPECT_EQ(error({200, {}, "{}"}, {{"BTC", "USDT"}}), MetadataError::Malformed);
  EXPECT_EQ(error({503, {}, ""}, {{"BTC", "USDT"}}), MetadataError::Malformed);
  EXPECT_EQ(error(answer(symbol("BTCUSDT", "BTC", "USDT", "TRADING", "x", "1", "NOTIONAL")),
                  {{"BTC", "USDT"}}),
            MetadataError::PairNotListed)
      << "a symbol without a readable tick is none";
}

TEST(BinanceDiscovery, LearnsSymbolsAndDecimalsFromFramesAlone) {
  const auto discovery = make_discovery();
  discovery->on_frame(
      R"({"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":1,"b":[["61837.60000000","0.10000000"]],"a":[["1.00000000","0.00001000"]]}})");
  discovery->on_frame(R"({"u":1,"s":"ETHBTC","b":"0.06","B":"1","a":"0.0601","A":"2.5"})");
  discovery->on_frame(
      R"({"e":"trade","E":1,"T":1,"s":"BTCUSD_PERP","t":1,"p":"5.5","q":"4","X":"MARKET","m":false})");
  discovery->on_frame(R"({"e":"kline","s":"XRPUSDT","k":{}})");
  discovery->on_frame("not json");
  discovery->on_depth_body("BTCUSDT", R"({"lastUpdateId":1,"bids":[["61837.63","1"]],"asks":[]})");
  Universe universe;
  const VenueId venue = universe.add_venue("binance", {});
  discovery->finish(venue, universe);
  ASSERT_EQ(universe.instruments().size(), 3u);
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "BTCUSDT"));
  EXPECT_EQ(btc.price_scale, 2);
  EXPECT_EQ(btc.qty_scale, 5);
  EXPECT_EQ(universe.pair_name(btc.pair), "BTC/USDT");
  const Instrument& eth = universe.instrument(universe.find_instrument(venue, "ETHBTC"));
  EXPECT_EQ(eth.price_scale, 4);
  EXPECT_EQ(eth.qty_scale, 1);
  const Instrument& perp = universe.instrument(universe.find_instrument(venue, "BTCUSD_PERP"));
  EXPECT_EQ(universe.pair_name(perp.pair), "BTC/USD");
}

TEST(BinanceDiscovery, RecordedMetadataWinsAndOrdersOffItsTickMakeTheGridFiner) {
  ATS_REQUIRE_SHARED(shared);
  const auto discovery = make_discovery();
  for (const Recorded& r :
       read_recording(shared / "data/raw/binance/20210417_spot_10sym.jsonl.gz")) {
    if (r.kind == Recorded::Kind::Frame) discovery->on_frame(r.data);
    if (r.kind == Recorded::Kind::Http && r.url.ends_with("exchangeInfo")) {
      discovery->on_metadata_body(r.data);
    }
    if (r.url.find("symbol=BUSDTRY") != std::string::npos) {
      discovery->on_depth_body("BUSDTRY", r.data);
    }
  }
  Universe universe;
  const VenueId venue = universe.add_venue("binance", {});
  discovery->finish(venue, universe);
  EXPECT_EQ(universe.instruments().size(), 10u);
  const Instrument& ada = universe.instrument(universe.find_instrument(venue, "ADARUB"));
  EXPECT_EQ(ada.price_decimal({ada.tick}), Decimal::of("0.01"));
  EXPECT_EQ(ada.quantity_decimal({ada.lot}), Decimal::of("0.01"));
  EXPECT_EQ(ada.min_notional, Decimal::of("100"));
  const Instrument& busd = universe.instrument(universe.find_instrument(venue, "BUSDTRY"));
  EXPECT_EQ(busd.price_decimal({busd.tick}), Decimal::of("0.001")) << "its tick is 0.01";
}

}  // namespace
}  // namespace ats::venues::binance

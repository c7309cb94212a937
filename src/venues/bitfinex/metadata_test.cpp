#include "venues/bitfinex/metadata.hpp"

#include <gtest/gtest.h>

#include "base/testing_shared.hpp"
#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/row.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::string_view info =
    R"([[["BTCUST",[null,null,null,"0.00004","2000.0",null,null,null,0.1,0.05,null,null]],["DOGE:USD",[null,null,null,"22.0","1000000.0",null,null,null,null,null,null,null]],["BTCF0:USTF0",[null,null,null,"0.00004","100.0",null,null,null,0.01,0.005]]]])";
constexpr std::string_view prices =
    R"([["tBTCUST",68921,12.5,68923,11.2,-120,-0.0017,68922,812.1,69500,68000],["tDOGE:USD",0.12345,1,0.12346,1,0,0,0.12345,1,1,1]])";

HttpResponse with(std::string_view body) {
  HttpResponse response;
  response.body = body;
  return response;
}

TEST(BitfinexNames, joinTwoShortCodesAndPartOthersWithAColon) {
  EXPECT_EQ(symbol_of("BTC", "USD"), "tBTCUSD");
  EXPECT_EQ(symbol_of("BTC", "USDT"), "tBTCUST");
  EXPECT_EQ(symbol_of("ETH", "USDC"), "tETHUDC");
  EXPECT_EQ(symbol_of("DOGE", "USD"), "tDOGE:USD");
  EXPECT_EQ(symbol_of("DUSK", "USDT"), "tDUSK:UST");
  EXPECT_EQ(symbol_of("MANA", "BTC"), "tMNABTC");
  EXPECT_EQ(symbol_of("TESTBTC", "TESTUSD"), "tTESTBTC:TESTUSD");
}

TEST(BitfinexNames, readBackWhatTheySpell) {
  for (const auto& [base, quote] :
       {std::pair{"BTC", "USDT"}, std::pair{"ALGO", "USD"}, std::pair{"DOGE", "USDC"},
        std::pair{"LUNA", "USD"}, std::pair{"IOTA", "ETH"}, std::pair{"TESTBTC", "TESTUSD"}}) {
    const std::string pair = pair_of(base, quote);
    const auto names = split_pair(pair);
    ASSERT_TRUE(names.has_value()) << pair;
    EXPECT_EQ(names->base, base);
    EXPECT_EQ(names->quote, quote);
  }
  EXPECT_FALSE(split_pair("BTCUSDT").has_value());
  EXPECT_FALSE(split_pair("BTC:").has_value());
  EXPECT_FALSE(split_pair("btcusd").has_value());
  EXPECT_FALSE(split_pair("").has_value());
}

TEST(BitfinexNames, tellSpotFromOtherProducts) {
  EXPECT_EQ(kind_of("tBTCUSD"), SymbolKind::Spot);
  EXPECT_EQ(kind_of("tDOGE:USD"), SymbolKind::Spot);
  EXPECT_EQ(kind_of("fUSD"), SymbolKind::OtherProduct);
  EXPECT_EQ(kind_of("tBTCF0:USTF0"), SymbolKind::OtherProduct);
  EXPECT_EQ(kind_of(""), SymbolKind::OtherProduct);
}

TEST(BitfinexRow, takesAnArrayApartWithoutLosingItsPlace) {
  Row row;
  ASSERT_TRUE(row.split(R"( [ 1 , "a,]\"b" ,null,[2,[3]], {"k":[4,5]} , -1.5e-7 ] )"));
  ASSERT_EQ(row.size(), 6u);
  EXPECT_EQ(row[0], "1");
  EXPECT_EQ(row.text(1), R"(a,]\"b)");
  EXPECT_TRUE(is_missing(row[2]));
  EXPECT_EQ(row[3], "[2,[3]]");
  EXPECT_TRUE(is_object(row[4]));
  Decimal number;
  EXPECT_TRUE(row.decimal(5, number));
  EXPECT_EQ(number, Decimal::of("-0.00000015"));
  EXPECT_TRUE(is_missing(row[6]));  // beyond the end
  EXPECT_TRUE(row.split("[]"));
  EXPECT_EQ(row.size(), 0u);
  EXPECT_FALSE(row.split("{}"));
  EXPECT_FALSE(row.split("[1,2"));
  EXPECT_FALSE(row.split(""));
}

TEST(BitfinexMetadata, asksForLimitsAndForPrices) {
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}, {"DOGE", "USD"}};
  const auto requests = metadata_requests(pairs);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].target, "/v2/conf/pub:info:pair");
  EXPECT_EQ(requests[1].target, "/v2/tickers?symbols=tBTCUST,tDOGE%3AUSD");
}

TEST(BitfinexMetadata, asksForABookByItsSymbol) {
  Instrument doge;
  doge.symbol = "tDOGE:USD";
  EXPECT_EQ(depth_request(doge).method, "GET");
  EXPECT_EQ(depth_request(doge).target, "/v2/book/tDOGE%3AUSD/P0?len=25");
}

TEST(BitfinexMetadata, makesInstrumentsOfTheAnswers) {
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}, {"DOGE", "USD"}};
  const std::vector<HttpResponse> answers{with(info), with(prices)};
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "tBTCUST"));
  EXPECT_EQ(universe.asset(btc.base).name.view(), "BTC");
  EXPECT_EQ(universe.asset(btc.quote).name.view(), "USDT");
  EXPECT_EQ(btc.price_scale,
            2);  // the step at 68922 is 1; the book has room for prices down to 100
  EXPECT_EQ(btc.qty_scale, 8);
  EXPECT_EQ(btc.tick, 1);
  EXPECT_EQ(btc.min_quantity, Quantity{4000});
  EXPECT_EQ(btc.max_quantity, Quantity{2000 * pow10(8)});
  EXPECT_EQ(btc.fees.charged_in, FeeAsset::Received);
  const Instrument& doge = universe.instrument(universe.find_instrument(venue, "tDOGE:USD"));
  EXPECT_EQ(doge.price_scale, 8);
  EXPECT_EQ(doge.min_quantity, Quantity{22 * pow10(8)});
}

TEST(BitfinexMetadata, pricesOfOrdersHaveFiveSignificantDigits) {
  PairRow row;
  row.base = "BTC";
  row.quote = "USD";
  row.price_decimals = price_decimals(Decimal::of("68922"));
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  const Instrument& on = universe.instrument(*add_instrument(row, venue, universe));
  const auto price = [&on](const char* text) { return *on.parse_price(text); };
  EXPECT_TRUE(on.on_tick(price("68922")));
  EXPECT_FALSE(on.on_tick(price("68922.5")));
  EXPECT_TRUE(on.on_tick(price("9999.9")));
  EXPECT_FALSE(on.on_tick(price("9999.99")));
  EXPECT_TRUE(on.on_tick(price("999.99")));
  EXPECT_TRUE(on.on_tick(price("99.99")));
  EXPECT_FALSE(on.on_tick(price("100001")));
  EXPECT_TRUE(on.on_tick(price("100010")));
  EXPECT_EQ(on.floor_to_tick(price("68922.99")), price("68922"));
  EXPECT_EQ(on.ceil_to_tick(price("99999.01")), price("100000"));
  EXPECT_EQ(on.floor_to_tick(price("100009.5")), price("100000"));
  EXPECT_EQ(on.ceil_to_tick(price("9999.91")), price("10000"));
}

TEST(BitfinexMetadata, laysAGridThatHoldsEveryPriceNearby) {
  EXPECT_EQ(price_decimals(Decimal()), 8);
  EXPECT_EQ(price_decimals(Decimal::of("0.00000001")), 8);
  EXPECT_EQ(price_decimals(Decimal::of("999.99")), 8);
  EXPECT_EQ(price_decimals(Decimal::of("1000")), 3);
  EXPECT_EQ(price_decimals(Decimal::of("9999.9")), 3);
  EXPECT_EQ(price_decimals(Decimal::of("10000")), 2);
  EXPECT_EQ(price_decimals(Decimal::of("280000")), 1);
  EXPECT_EQ(price_decimals(Decimal::of("99000000")), 0);
}

TEST(BitfinexMetadata, namesWhatItCannotRead) {
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  const auto error = [&](std::string_view limits, std::string_view tickers, const char* base) {
    const std::vector<WantedPair> pairs{{base, "USDT"}};
    const std::vector<HttpResponse> answers{with(limits), with(tickers)};
    return read_metadata(answers, pairs, venue, universe).error();
  };
  EXPECT_EQ(error(info, prices, "XMR"), MetadataError::PairNotListed);
  EXPECT_EQ(error("[[]]", prices, "BTC"), MetadataError::PairNotListed);
  EXPECT_EQ(error("[]", prices, "BTC"), MetadataError::Malformed);
  EXPECT_EQ(error(R"(["error",10020,"x"])", prices, "BTC"), MetadataError::Malformed);
  EXPECT_EQ(error(info, R"(["error",11010,"ratelimit: error"])", "BTC"), MetadataError::Malformed);
  EXPECT_EQ(error(R"([[["BTCUST",[null,null,null,"0.000000001","2"]]]])", prices, "BTC"),
            MetadataError::Unsupported);
  EXPECT_EQ(error(R"([[["BTCUST",[null,null,null,"-1","2"]]]])", prices, "BTC"),
            MetadataError::Malformed);
  for (std::size_t size = 0; size < info.size(); ++size)
    EXPECT_EQ(error(info.substr(0, size), prices, "BTC"), MetadataError::Malformed) << size;
  for (std::size_t size = 0; size < prices.size(); ++size)
    EXPECT_EQ(error(info, prices.substr(0, size), "BTC"), MetadataError::Malformed) << size;
  HttpResponse down = with(info);
  down.status = 503;
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}};
  const std::vector<HttpResponse> answers{down, with(prices)};
  EXPECT_EQ(read_metadata(answers, pairs, venue, universe).error(), MetadataError::Malformed);
}

TEST(BitfinexMetadata, listsAPairForASimulationAsTheVenueWould) {
  const auto btc = simulated_listing("BTC", "USDT", Decimal::of("68922"));
  ASSERT_TRUE(btc.has_value());
  EXPECT_EQ(btc->symbol.view(), "tBTCUST");
  EXPECT_EQ(btc->price_scale, 2);
  EXPECT_EQ(btc->tick_at({6'892'200}), 100);
  EXPECT_EQ(format_scaled(btc->min_quantity.units, 8), "0.00005800");
  const auto doge = simulated_listing("DOGE", "USD", Decimal::of("0.12"));
  ASSERT_TRUE(doge.has_value());
  EXPECT_EQ(doge->symbol.view(), "tDOGE:USD");
  EXPECT_EQ(format_scaled_short(doge->min_quantity.units, 8), "33");
  EXPECT_FALSE(simulated_listing("BTC", "KRW", Decimal::of("100000000")).has_value());
  EXPECT_EQ(simulated_credentials(std::string(64, 'a')).secret.size(), 43u);
}

TEST(BitfinexMetadata, readsTheRecordedListOfPairs) {
  ATS_REQUIRE_SHARED(shared);
  std::size_t pairs = 0;
  std::size_t read = 0;
  for (const Recorded& line : read_recording(shared / "data/raw/bitfinex/20210417_7sym.jsonl.gz")) {
    if (line.kind != Recorded::Kind::Http || !line.url.ends_with("pub:list:pair:exchange"))
      continue;
    Row outer;
    Row names;
    ASSERT_TRUE(outer.split(line.data) && names.split(outer[0]));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto split = split_pair(names.text(i));
      ++pairs;
      // What is read is spelled back alike: the mapping loses nothing.
      if (split && pair_of(split->base, split->quote) == names.text(i)) ++read;
    }
  }
  EXPECT_GT(pairs, 200u);
  EXPECT_EQ(read, pairs);
}

TEST(BitfinexDiscovery, takesDecimalsFromTheChannelsItWasToldOf) {
  const auto discovery = make_discovery();
  discovery->on_frame(
      R"({"event":"subscribed","channel":"book","chanId":1,"symbol":"tXRPBTC","prec":"P0","len":"250"})");
  discovery->on_frame(
      R"({"event":"subscribed","channel":"trades","chanId":2,"symbol":"tBTCUSD","pair":"BTCUSD"})");
  discovery->on_frame(
      R"({"event":"subscribed","channel":"book","chanId":3,"symbol":"fUSD","prec":"P0","len":"25"})");
  discovery->on_frame("[1,[[7e-7,1,10000],[0.0000011,13,-271510.4900]]]");
  discovery->on_frame("[1,[6.6e-7,1,0.5]]");
  discovery->on_frame(R"([2,"te",[401597395,1574694478808,-0.005,7245.3]])");
  discovery->on_frame("[3,[0.0002,2,1,-5]]");
  discovery->on_frame("[9,[1,2,3]]");
  discovery->on_frame(
      R"({"event":"subscribed","channel":"book","chanId":4,"symbol":"tDUSK:USD","prec":"P0","len":"25"})");
  discovery->on_frame("[4,[1e-15,1,5]]");  // finer than an instrument can be: left out
  discovery->on_frame(R"([1,"hb"])");
  discovery->on_frame("not even JSON");
  discovery->on_depth_body("tETHUSD", "[[8744.95,2,0.45603413]]");
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  discovery->finish(venue, universe);
  ASSERT_EQ(universe.instruments().size(), 3u);
  const Instrument& xrp = universe.instrument(universe.find_instrument(venue, "tXRPBTC"));
  EXPECT_EQ(xrp.price_scale, 8);
  EXPECT_EQ(xrp.qty_scale, 2);
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "tBTCUSD"));
  EXPECT_EQ(btc.price_scale, 1);
  EXPECT_EQ(btc.qty_scale, 3);
  const Instrument& eth = universe.instrument(universe.find_instrument(venue, "tETHUSD"));
  EXPECT_EQ(eth.price_scale, 2);
  EXPECT_EQ(eth.qty_scale, 8);
  EXPECT_EQ(universe.venue(venue).book.depth, 250);
}

}  // namespace
}  // namespace ats::venues::bitfinex

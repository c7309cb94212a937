#include "venues/kraken/metadata.hpp"

#include <gtest/gtest.h>

#include "base/testing_shared.hpp"
#include "venues/kraken/names.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::kraken {
namespace {

constexpr std::string_view xbtusdt =
    R"("XBTUSDT":{"altname":"XBTUSDT","wsname":"XBT/USDT","aclass_base":"currency","base":"XXBT",
 "aclass_quote":"currency","quote":"USDT","lot":"unit","cost_decimals":5,"pair_decimals":1,"lot_decimals":8,"lot_multiplier":1,
 "leverage_buy":[2,3,4,5],"leverage_sell":[2,3,4,5],"fees":[[0,0.4],[10000,0.35]],"fees_maker":[[0,0.25],[10000,0.2]],
 "fee_volume_currency":"ZUSD","margin_call":80,"margin_stop":40,"ordermin":"0.00005","costmin":"0.5","tick_size":"0.1","status":"online",
 "long_position_limit":80,"short_position_limit":80})";

HttpResponse answer(const std::string& rows) {
  HttpResponse response;
  response.body = R"({"error":[],"result":{)" + rows + "}}";
  return response;
}

TEST(KrakenNames, leadFromOldSpellingsToOursAndBack) {
  EXPECT_EQ(asset_name("XXBT"), "BTC");
  EXPECT_EQ(asset_name("XBT"), "BTC");
  EXPECT_EQ(asset_name("XDG"), "DOGE");
  EXPECT_EQ(asset_name("ZEUR"), "EUR");
  EXPECT_EQ(asset_name("USDT"), "USDT");
  EXPECT_EQ(asset_name("XTZ"), "XTZ");
  EXPECT_EQ(rest_asset("BTC"), "XXBT");
  EXPECT_EQ(rest_asset("SOL"), "SOL");
  EXPECT_EQ(alt_pair("BTC", "USDT"), "XBTUSDT");
  EXPECT_EQ(rest_pair("BTC", "USD"), "XXBTZUSD");
  EXPECT_EQ(rest_pair("BTC", "USDT"), "XBTUSDT");
}

TEST(KrakenMetadata, isAskedForByAltname) {
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}, {"DOGE", "USD"}};
  const auto requests = metadata_requests(pairs);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].target, "/0/public/AssetPairs?pair=XBTUSDT,XDGUSD");
}

TEST(KrakenMetadata, givesStepsMinimumsAndFees) {
  Universe universe;
  const VenueId venue = universe.add_venue("kraken", {});
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}};
  const std::vector<HttpResponse> answers{answer(std::string(xbtusdt))};
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  const InstrumentId id = universe.find_instrument(venue, "BTC/USDT");
  ASSERT_TRUE(id.valid());
  const Instrument& i = universe.instrument(id);
  EXPECT_EQ(i.rest_symbol.view(), "XBTUSDT");
  EXPECT_EQ(universe.asset(i.base).name.view(), "BTC");
  EXPECT_EQ(i.price_scale, 1);
  EXPECT_EQ(i.qty_scale, 8);
  EXPECT_EQ(i.tick, 1);
  EXPECT_EQ(i.lot, 1);
  EXPECT_EQ(i.min_quantity, Quantity{5000});
  EXPECT_EQ(i.min_notional, Decimal::of("0.5"));
  EXPECT_EQ(i.fees.taker, Rate::bps(40));
  EXPECT_EQ(i.fees.maker, Rate::bps(25));
  EXPECT_EQ(i.fees.charged_in, FeeAsset::Quote);
  EXPECT_EQ(i.fees.decimals, 5);
  EXPECT_EQ(i.status, InstrumentStatus::Trading);
}

TEST(KrakenMetadata, leavesOutOtherVenuesAndWhatIsNoCurrency) {
  std::string other(xbtusdt);
  other.replace(1, 7, "XBTUSDT:BTNL");
  std::string stock(xbtusdt);
  stock.replace(1, 7, "AAPLxUSD");
  stock.replace(stock.find("currency"), 8, "tokenized_asset");
  const auto rows =
      parse_asset_pairs(answer(std::string(xbtusdt) + "," + other + "," + stock).body);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().rest_id, "XBTUSDT");
}

TEST(KrakenMetadata, mapsEveryStatusAPairCanHave) {
  const auto status = [](const std::string& word) {
    std::string row(xbtusdt);
    row.replace(row.find("online"), 6, word);
    return parse_asset_pairs(answer(row).body)->front().status;
  };
  EXPECT_EQ(status("cancel_only"), InstrumentStatus::CancelOnly);
  EXPECT_EQ(status("post_only"), InstrumentStatus::PostOnly);
  EXPECT_EQ(status("limit_only"), InstrumentStatus::Trading);
  EXPECT_EQ(status("reduce_only"), InstrumentStatus::Halted);
  EXPECT_EQ(status("some_new_word"), InstrumentStatus::Halted);
}

TEST(KrakenMetadata, namesWhatItCannotRead) {
  Universe universe;
  const VenueId venue = universe.add_venue("kraken", {});
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}};
  const auto error = [&](const HttpResponse& response) {
    const std::vector<HttpResponse> answers{response};
    return read_metadata(answers, pairs, venue, universe).error();
  };
  HttpResponse unlisted;
  unlisted.body = R"({"error":["EQuery:Unknown asset pair"]})";
  EXPECT_EQ(error(unlisted), MetadataError::PairNotListed);
  EXPECT_EQ(error(answer("")), MetadataError::PairNotListed);
  std::string fine(xbtusdt);
  fine.replace(fine.find(R"("tick_size":"0.1")"), 17, R"("tick_size":"0.05")");
  EXPECT_EQ(error(answer(fine)), MetadataError::Malformed);
  std::string wide(xbtusdt);
  wide.replace(wide.find(R"("pair_decimals":1)"), 17, R"("pair_decimals":11)");
  EXPECT_EQ(error(answer(wide)), MetadataError::Unsupported);
  const std::string whole = answer(std::string(xbtusdt)).body;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    HttpResponse cut;
    cut.body = whole.substr(0, size);
    EXPECT_EQ(error(cut), MetadataError::Malformed) << size;
  }
  HttpResponse down;
  down.status = 520;
  EXPECT_EQ(error(down), MetadataError::Malformed);
}

TEST(KrakenMetadata, readsTheRecordedBodiesOfEarlierYears) {
  ATS_REQUIRE_SHARED(shared);
  std::size_t bodies = 0;
  for (const Recorded& line :
       read_recording(shared / "data/raw/kraken/20210417_v1_10sym.jsonl.gz")) {
    if (line.kind != Recorded::Kind::Http) continue;
    ++bodies;
    const auto rows = parse_asset_pairs(line.data);
    ASSERT_TRUE(rows.ok());
    EXPECT_EQ(rows->size(), 293u);
    bool found = false;
    for (const PairRow& row : *rows) {
      if (row.rest_id != "XXBTZUSD") continue;
      found = true;
      EXPECT_EQ(row.symbol(), "BTC/USD");
      EXPECT_EQ(row.price_decimals, 1);
      EXPECT_EQ(row.taker, Rate::bps(26));
    }
    EXPECT_TRUE(found);
  }
  EXPECT_EQ(bodies, 1u);
}

TEST(KrakenDiscovery, takesDecimalsFromTheWireUnlessMetadataTellsThem) {
  const auto discovery = make_discovery();
  discovery->on_frame(
      R"({"channel":"trade","type":"update","data":[{"symbol":"DOT/USD","side":"sell","price":5.1170,"qty":40.0,"ord_type":"market","trade_id":1,"timestamp":"2023-09-25T07:49:37.708706Z"}]})");
  discovery->on_frame(
      R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USDT","bids":[{"price":5.123,"qty":4}],"asks":[],"checksum":1,"timestamp":"2023-09-25T07:49:37.708706Z"}]})");
  discovery->on_frame("not even JSON");
  discovery->on_frame(
      R"({"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/USDT"},"success":true})");
  discovery->on_metadata_body(answer(std::string(xbtusdt)).body);
  discovery->on_depth_body(
      "ETH/USD",
      R"({"error":[],"result":{"XETHZUSD":{"asks":[["30384.10000","2.059",1]],"bids":[]}}})");
  Universe universe;
  const VenueId venue = universe.add_venue("kraken", {});
  discovery->finish(venue, universe);
  const Instrument& dot = universe.instrument(universe.find_instrument(venue, "DOT/USD"));
  EXPECT_EQ(dot.price_scale, 4);
  EXPECT_EQ(dot.qty_scale, 1);
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "BTC/USDT"));
  EXPECT_EQ(btc.price_scale, 1);
  EXPECT_EQ(btc.rest_symbol.view(), "XBTUSDT");
  const Instrument& eth = universe.instrument(universe.find_instrument(venue, "ETH/USD"));
  EXPECT_EQ(eth.price_scale, 1);
  EXPECT_EQ(eth.qty_scale, 3);
  EXPECT_EQ(universe.venue(venue).book.depth, 25);
}

}  // namespace
}  // namespace ats::venues::kraken

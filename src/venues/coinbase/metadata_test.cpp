#include "venues/coinbase/metadata.hpp"

#include <gtest/gtest.h>

#include "base/testing_shared.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::string_view btc_usd =
    R"({"product_id":"BTC-USD","price":"68923.67","base_increment":"0.00000001","quote_increment":"0.01","price_increment":"0.01",
 "quote_min_size":"1","quote_max_size":"150000000","base_min_size":"0.00000001","base_max_size":"3400","status":"online",
 "is_disabled":false,"new":false,"cancel_only":false,"limit_only":false,"post_only":false,"trading_disabled":false,"auction_mode":false,"view_only":false,
 "product_type":"SPOT","base_currency_id":"BTC","quote_currency_id":"USD","alias":"","alias_to":["BTC-USDC"],"product_venue":"CBE","best_bid_price":"","best_ask_price":""})";

std::string changed(std::string_view row, std::string_view from, std::string_view to) {
  std::string text(row);
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string list(const std::string& rows) {
  return R"({"products":[)" + rows + R"(],"num_products":1})";
}

HttpResponse answer(const std::string& rows) {
  HttpResponse response;
  response.body = list(rows);
  return response;
}

TEST(CoinbaseMetadata, isAskedForOnce) {
  const std::vector<WantedPair> pairs{{"BTC", "USD"}, {"ETH", "USD"}};
  const auto requests = metadata_requests(pairs);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].target, "/api/v3/brokerage/market/products?product_type=SPOT");
}

TEST(CoinbaseMetadata, asksForABookByTheProductsId) {
  Instrument instrument;
  instrument.symbol = "BTC-USDC";
  instrument.rest_symbol = "BTC-USD";
  EXPECT_EQ(depth_request(instrument).target,
            "/api/v3/brokerage/market/product_book?product_id=BTC-USDC&limit=100");
  EXPECT_EQ(*depth_request(instrument).header("Cache-Control"), "no-cache");
}

TEST(CoinbaseMetadata, givesStepsLimitsAndTheFirstTiersFees) {
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  const std::vector<WantedPair> pairs{{"BTC", "USD"}};
  const std::vector<HttpResponse> answers{answer(std::string(btc_usd))};
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  const Instrument& i = universe.instrument(universe.find_instrument(venue, "BTC-USD"));
  EXPECT_EQ(universe.asset(i.base).name.view(), "BTC");
  EXPECT_EQ(universe.asset(i.quote).name.view(), "USD");
  EXPECT_EQ(i.price_scale, 2);
  EXPECT_EQ(i.qty_scale, 8);
  EXPECT_EQ(i.tick, 1);
  EXPECT_EQ(i.lot, 1);
  EXPECT_EQ(i.min_quantity, Quantity{1});
  EXPECT_EQ(i.max_quantity, Quantity{340'000'000'000});
  EXPECT_EQ(i.min_notional, Decimal::of("1"));
  EXPECT_EQ(i.fees.maker, Rate::bps(60));
  EXPECT_EQ(i.fees.taker, Rate::bps(120));
  EXPECT_EQ(i.fees.charged_in, FeeAsset::Quote);
  EXPECT_EQ(i.status, InstrumentStatus::Trading);
  EXPECT_EQ(book_name(i), "BTC-USD");
}

TEST(CoinbaseMetadata, readsStepsThatAreNoPowersOfTenAndLimitsOffTheGrid) {
  std::string row = changed(btc_usd, R"("price_increment":"0.01")", R"("price_increment":"0.050")");
  row = changed(row, R"("base_increment":"0.00000001")", R"("base_increment":"10")");
  row = changed(row, R"("base_min_size":"0.00000001")", R"("base_min_size":"10.5")");
  row = changed(row, R"("base_max_size":"3400")", R"("base_max_size":"99999999999999999999")");
  const auto rows = parse_products(list(row));
  ASSERT_TRUE(rows.ok());
  const ProductRow& product = rows->front();
  EXPECT_EQ(product.price_decimals, 2);
  EXPECT_EQ(product.tick, 5);
  EXPECT_EQ(product.qty_decimals, 0);
  EXPECT_EQ(product.lot, 10);
  EXPECT_EQ(product.min_quantity, Quantity{11});
  EXPECT_EQ(product.max_quantity, Quantity{});
  // Without its own, the quote's increment is the step of prices.
  const auto older = parse_products(list(changed(btc_usd, R"("price_increment":"0.01",)", "")));
  ASSERT_TRUE(older.ok());
  EXPECT_EQ(older->front().price_decimals, 2);
}

TEST(CoinbaseMetadata, mapsEveryFlagAProductCanHave) {
  const auto status = [](std::string_view from, std::string_view to) {
    return parse_products(list(changed(btc_usd, from, to)))->front().status;
  };
  EXPECT_EQ(status(R"("cancel_only":false)", R"("cancel_only":true)"),
            InstrumentStatus::CancelOnly);
  EXPECT_EQ(status(R"("post_only":false)", R"("post_only":true)"), InstrumentStatus::PostOnly);
  EXPECT_EQ(status(R"("limit_only":false)", R"("limit_only":true)"), InstrumentStatus::Trading);
  for (const char* flag : {"is_disabled", "trading_disabled", "view_only", "auction_mode"}) {
    const std::string key = std::string("\"") + flag + "\":";
    EXPECT_EQ(status(key + "false", key + "true"), InstrumentStatus::Halted) << flag;
  }
  EXPECT_EQ(status("online", "offline"), InstrumentStatus::Halted);
  EXPECT_EQ(status("online", "delisted"), InstrumentStatus::Halted);
}

TEST(CoinbaseMetadata, leavesOutFuturesAndKeepsProductsThatShareABookApart) {
  std::string future = changed(btc_usd, "SPOT", "FUTURE");
  future = changed(future, "BTC-USD", "BIT-28AUG26-CDE");
  std::string coin = changed(btc_usd, R"("product_id":"BTC-USD")", R"("product_id":"BTC-USDC")");
  coin = changed(coin, R"("quote_currency_id":"USD")", R"("quote_currency_id":"USDC")");
  coin = changed(coin, R"("alias":"")", R"("alias":"BTC-USD")");
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  const std::vector<WantedPair> pairs{{"BTC", "USD"}, {"BTC", "USDC"}};
  const std::vector<HttpResponse> answers{answer(future + "," + std::string(btc_usd) + "," + coin)};
  EXPECT_EQ(parse_products(answers[0].body)->size(), 2u);
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  ASSERT_EQ(universe.instruments().size(), 2u);
  const Instrument& twin = universe.instrument(universe.find_instrument(venue, "BTC-USDC"));
  EXPECT_EQ(universe.asset(twin.quote).name.view(), "USDC");
  EXPECT_EQ(book_name(twin), "BTC-USD");
  // One book has one grid.
  const auto rows =
      parse_products(list(changed(changed(coin, "BTC-USDC", "BTC-PYUSD"),
                                  R"("price_increment":"0.01")", R"("price_increment":"0.001")")));
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(add_instrument(rows->front(), venue, universe).error(), MetadataError::Unsupported);
}

TEST(CoinbaseMetadata, namesWhatItCannotRead) {
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  const std::vector<WantedPair> pairs{{"BTC", "USD"}};
  const auto error = [&](const HttpResponse& response) {
    const std::vector<HttpResponse> answers{response};
    return read_metadata(answers, pairs, venue, universe).error();
  };
  EXPECT_EQ(error(answer("")), MetadataError::PairNotListed);
  EXPECT_EQ(error(answer(changed(btc_usd, R"("price_increment":"0.01")",
                                 R"("price_increment":"0.0000000000001")"))),
            MetadataError::Unsupported);
  EXPECT_EQ(
      error(answer(changed(btc_usd, R"("price_increment":"0.01")", R"("price_increment":"0")"))),
      MetadataError::Malformed);
  EXPECT_EQ(
      error(answer(changed(btc_usd, R"("base_min_size":"0.00000001")", R"("base_min_size":"-1")"))),
      MetadataError::Malformed);
  const std::string whole = list(std::string(btc_usd));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    HttpResponse cut;
    cut.body = whole.substr(0, size);
    EXPECT_EQ(error(cut), MetadataError::Malformed) << size;
  }
  HttpResponse down;
  down.status = 503;
  EXPECT_EQ(error(down), MetadataError::Malformed);
}

TEST(CoinbaseMetadata, readsTheRecordedListsOfBothApis) {
  ATS_REQUIRE_SHARED(shared);
  const auto rows_of = [&](const char* file) {
    std::vector<ProductRow> rows;
    for (const Recorded& line : read_recording(shared / "data/raw/coinbase" / file)) {
      if (line.kind == Recorded::Kind::Http) rows = parse_products(line.data).value_or({});
    }
    return rows;
  };
  const auto advanced = rows_of("20260809_advanced_first8s.jsonl.gz");
  EXPECT_EQ(advanced.size(), 920u);
  std::size_t aliases = 0;
  for (const ProductRow& row : advanced) {
    aliases += row.alias.empty() ? 0u : 1u;
    if (row.id != "BTC-USDC") continue;
    EXPECT_EQ(row.alias, "BTC-USD");
    EXPECT_EQ(row.quote, "USDC");
  }
  EXPECT_GT(aliases, 100u);
  const auto exchange = rows_of("20210417_exchange_10sym.jsonl.gz");
  EXPECT_EQ(exchange.size(), 162u);
  for (const ProductRow& row : exchange) {
    if (row.id != "SKL-EUR") continue;
    EXPECT_EQ(row.price_decimals, 4);
    EXPECT_EQ(row.qty_decimals, 1);
    EXPECT_EQ(row.min_quantity, Quantity{50});
    EXPECT_EQ(row.min_notional, Decimal::of("5"));
  }
  // Every row of either fits an instrument, or says that it does not.
  for (const auto* rows : {&advanced, &exchange}) {
    Universe universe;
    const VenueId venue = universe.add_venue("coinbase", {});
    std::size_t unsupported = 0;
    for (const ProductRow& row : *rows)
      unsupported += add_instrument(row, venue, universe).ok() ? 0u : 1u;
    EXPECT_EQ(unsupported, 0u);
  }
}

TEST(CoinbaseMetadata, ofASimulatedListingNamesProductAndBook) {
  struct Row {
    const char *base, *quote, *price, *symbol, *book;
    int price_scale, qty_scale;
  };
  for (const Row& row : {Row{"BTC", "USD", "60000", "BTC-USD", "BTC-USD", 2, 8},
                         Row{"BTC", "USDC", "60000", "BTC-USDC", "BTC-USD", 2, 8},
                         Row{"USDT", "USDC", "1", "USDT-USDC", "USDT-USDC", 4, 4},
                         Row{"DOGE", "USD", "0.2", "DOGE-USD", "DOGE-USD", 5, 4},
                         Row{"SHIB", "USD", "0.00001", "SHIB-USD", "SHIB-USD", 9, 1},
                         Row{"ETH", "BTC", "0.03", "ETH-BTC", "ETH-BTC", 6, 8}}) {
    const auto i = simulated_listing(row.base, row.quote, Decimal::of(row.price));
    ASSERT_TRUE(i.has_value());
    EXPECT_EQ(i->symbol.view(), row.symbol);
    EXPECT_EQ(book_name(*i), row.book);
    EXPECT_EQ(i->price_scale, row.price_scale) << row.symbol;
    EXPECT_EQ(i->qty_scale, row.qty_scale) << row.symbol;
  }
  EXPECT_FALSE(simulated_listing("BTC", "KRW", Decimal::of("85000000")).has_value());
}

TEST(CoinbaseDiscovery, takesDecimalsFromTheWireWhereMetadataTellsNoneOrCoarserOnes) {
  const auto discovery = make_discovery();
  discovery->on_frame(
      R"({"channel":"market_trades","timestamp":"2026-08-09T21:05:48Z","sequence_num":9,"events":[{"type":"update","trades":[{"product_id":"SOL-USD","trade_id":"1","price":"180.2500","size":"0.034","time":"2026-08-09T21:05:48Z","side":"SELL"}]}]})");
  discovery->on_frame(
      R"({"type":"l2update","product_id":"BTC-USD","changes":[["sell","37378.265","0.000000011"]],"time":"2021-06-02T09:02:09Z"})");
  discovery->on_frame("not even JSON");
  discovery->on_metadata_body(list(std::string(btc_usd)));
  discovery->on_depth_body(
      "ETH-USD",
      R"({"pricebook":{"product_id":"ETH-USD","bids":[{"price":"1919.4","size":"0.125"}],"asks":[],"time":"2026-04-07T00:28:59Z"}})");
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  discovery->finish(venue, universe);
  const auto found = [&](const char* symbol) {
    return universe.instrument(universe.find_instrument(venue, symbol));
  };
  EXPECT_EQ(found("SOL-USD").price_scale, 2);
  EXPECT_EQ(found("SOL-USD").qty_scale, 3);
  EXPECT_EQ(found("BTC-USD").price_scale, 3);
  EXPECT_EQ(found("BTC-USD").qty_scale, 9);
  EXPECT_EQ(found("BTC-USD").max_quantity, Quantity{3'400'000'000'000});
  EXPECT_EQ(found("ETH-USD").price_scale, 1);
  EXPECT_EQ(found("ETH-USD").qty_scale, 3);
  // The same again: the same instruments.
  discovery->finish(venue, universe);
  EXPECT_EQ(universe.instruments().size(), 3u);
}

}  // namespace
}  // namespace ats::venues::coinbase

#include "venues/upbit/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing_shared.hpp"
#include "venues/testing_recordings.hpp"
#include "venues/upbit/markets.hpp"

namespace ats::venues::upbit {
namespace {

using testing::ElementsAre;

constexpr const char* market_all =
    R"([{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin","market_event":{"warning":false,"caution":{}}},{"market":"BTC-ETH","korean_name":"이더리움","english_name":"Ethereum"},{"market":"USDT-XRP","korean_name":"리플","english_name":"XRP"}])";
constexpr const char* instruments =
    R"([{"market":"KRW-BTC","quote_currency":"KRW","tick_size":"1000","supported_levels":["0","10000"]},{"market":"BTC-ETH","quote_currency":"BTC","tick_size":0.00000001,"supported_levels":["0"]},{"market":"USDT-XRP","quote_currency":"USDT","tick_size":"0.001","supported_levels":["0"]}])";

HttpResponse answer(const char* body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = body;
  return response;
}

std::int64_t krw(const char* price) { return *parse_scaled(price, finest_scale); }

TEST(UpbitMarkets, haveTheKrwLadderOfTheSheet) {
  const Market& market = *find_market("KRW");
  const struct {
    const char* price;
    const char* tick;
  } rows[] = {{"658000", "500"},
              {"134000", "100"},
              {"37990", "10"},
              {"6180", "5"},
              {"2663", "1"},
              {"100", "1"},
              {"99.9", "0.1"},
              {"41.1", "0.1"},
              {"1", "0.01"},
              {"0.5", "0.001"},
              {"0.0106", "0.0001"},
              {"0.001", "0.00001"},
              {"0.0001", "0.000001"},
              {"0.00001", "0.0000001"},
              {"0.00000999", "0.00000001"},
              {"1000000", "1000"},
              {"999999.99", "500"},
              {"148520000", "1000"},
              {"50000", "50"},
              {"10000", "10"}};
  for (const auto& row : rows)
    EXPECT_EQ(step_at(market, krw(row.price)), krw(row.tick)) << row.price;
  EXPECT_EQ(find_market("SGD"), nullptr);
}

TEST(UpbitMarkets, listAnInstrumentOnAGridThatAFallingPriceStaysOn) {
  const Market& market = *find_market("KRW");
  const Instrument btc = list(market, "BTC", krw("1000"));
  EXPECT_EQ(btc.symbol.view(), "KRW-BTC");
  EXPECT_EQ(btc.price_scale, 0);
  EXPECT_EQ(btc.tick, 100);
  EXPECT_EQ(btc.tick_at({148'520'000}), 1000);
  EXPECT_EQ(btc.tick_at({999'500}), 500);
  EXPECT_TRUE(btc.on_tick({148'520'000}));
  EXPECT_FALSE(btc.on_tick({148'520'500}));
  EXPECT_TRUE(btc.on_tick({600'500}));
  EXPECT_EQ(btc.floor_to_tick({148'520'999}), Price{148'520'000});
  EXPECT_EQ(btc.ceil_to_tick({148'520'001}), Price{148'521'000});
  const Instrument small = list(market, "XYZ", krw("0.1"));
  EXPECT_EQ(small.price_scale, 2);
  EXPECT_EQ(small.tick, 1);
  EXPECT_EQ(small.tick_at({4110}), 10);
  EXPECT_EQ(small.tick_at({500}), 1);
  const Instrument tiny = list(market, "SHIB", krw("0.0001"));
  EXPECT_EQ(tiny.price_scale, 5);
  EXPECT_EQ(tiny.qty_scale, 8);
  EXPECT_EQ(tiny.fees.decimals, 17);
  // A step of this pair alone: orders keep it, the book has room below.
  const Instrument odd = list(market, "USDT", krw("0.5"));
  EXPECT_TRUE(odd.ladder.empty());
  EXPECT_EQ(odd.price_scale, 1);
  EXPECT_EQ(odd.tick, 5);
  const Instrument eth = list(*find_market("BTC"), "ETH", 1);
  EXPECT_EQ(eth.price_scale, 8);
  EXPECT_EQ(eth.tick, 1);
  EXPECT_TRUE(eth.ladder.empty());
  EXPECT_EQ(eth.min_notional, Decimal::of("0.00005"));
  EXPECT_EQ(eth.fees.taker, Rate::bps(25));
}

TEST(UpbitMarkets, keepEveryPriceOfABandOnTheGridAtTheStepOfTheVenue) {
  for (const char* quote : {"KRW", "USDT"}) {
    const Market& market = *find_market(quote);
    for (const TickStep& band : market.steps) {
      const Instrument i = list(market, "X", band.tick);
      for (const TickStep& at : market.steps) {
        if (at.tick < band.tick || at.from < band.from) continue;
        const std::int64_t unit = pow10(finest_scale - i.price_scale);
        const Price price{(at.from + 7 * at.tick) / unit};
        ASSERT_EQ(price.units % i.tick, 0) << quote << at.from;
        EXPECT_EQ(i.tick_at(price) * unit, at.tick) << quote << at.from;
        EXPECT_TRUE(i.on_tick(price));
      }
    }
  }
}

TEST(UpbitMetadata, isAskedForInTwoCalls) {
  const std::vector<WantedPair> pairs{{"BTC", "KRW"}, {"ETH", "BTC"}};
  const auto requests = metadata_requests(pairs);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].target, "/v1/market/all?is_details=true");
  EXPECT_EQ(requests[1].target, "/v1/orderbook/instruments?markets=KRW-BTC,BTC-ETH");
}

TEST(UpbitMetadata, givesStepsMinimumsAndFeesOfEachQuoteCurrency) {
  Universe universe;
  const VenueId venue = universe.add_venue("upbit", {});
  const std::vector<WantedPair> pairs{{"BTC", "KRW"}, {"ETH", "BTC"}, {"XRP", "USDT"}};
  const std::vector<HttpResponse> answers{answer(market_all), answer(instruments)};
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "KRW-BTC"));
  EXPECT_EQ(universe.asset(btc.base).name.view(), "BTC");
  EXPECT_EQ(universe.asset(btc.quote).name.view(), "KRW");
  EXPECT_EQ(btc.min_notional, Decimal::from_int(5000));
  EXPECT_EQ(btc.fees.taker, Rate::bps(5));
  EXPECT_EQ(btc.fees.charged_in, FeeAsset::Quote);
  EXPECT_EQ(btc.tick_at({137'000'000}), 1000);
  const Instrument& xrp = universe.instrument(universe.find_instrument(venue, "USDT-XRP"));
  EXPECT_EQ(xrp.price_scale, 4);
  EXPECT_EQ(xrp.tick_at({20'000}), 10);
  EXPECT_EQ(xrp.tick_at({200'000}), 100);
  EXPECT_EQ(xrp.min_notional, Decimal::of("0.5"));
  // Exactly what a fill costs: 7394.19175 KRW at five basis points.
  const Instrument usdt = list(*find_market("KRW"), "USDT", krw("1"));
  Instrument placed = usdt;
  placed.quote = btc.quote;
  const auto fee = placed.taker_fee(Side::Sell, {13750}, {537'759'400});
  EXPECT_EQ(fee.amount, Decimal::of("3.697095875"));
  EXPECT_EQ(fee.asset, btc.quote);
}

TEST(UpbitMetadata, namesWhatIsMissing) {
  Universe universe;
  const VenueId venue = universe.add_venue("upbit", {});
  const auto read = [&](const char* first, HttpResponse second, const char* base,
                        const char* quote) {
    const std::vector<WantedPair> pairs{{base, quote}};
    const std::vector<HttpResponse> answers{answer(first), std::move(second)};
    const auto status = read_metadata(answers, pairs, venue, universe);
    EXPECT_FALSE(status.ok());
    return status.ok() ? MetadataError::Unsupported : status.error();
  };
  EXPECT_EQ(read(market_all, answer(instruments), "DOGE", "KRW"), MetadataError::PairNotListed);
  EXPECT_EQ(read(market_all, answer(R"({"error":{"name":404,"message":"Code not found"}})", 404),
                 "BTC", "KRW"),
            MetadataError::PairNotListed);
  EXPECT_EQ(read(market_all, answer(instruments, 500), "BTC", "KRW"), MetadataError::Malformed);
  EXPECT_EQ(read("{}", answer(instruments), "BTC", "KRW"), MetadataError::Malformed);
  EXPECT_EQ(read(market_all, answer(R"([{"market":"KRW-BTC","tick_size":"0"}])"), "BTC", "KRW"),
            MetadataError::Malformed);
  EXPECT_EQ(read(market_all, answer("[{"), "BTC", "KRW"), MetadataError::Malformed);
  EXPECT_EQ(read(R"([{"market":"SGD-BTC"}])", answer(R"([{"market":"SGD-BTC","tick_size":"1"}])"),
                 "BTC", "SGD"),
            MetadataError::Unsupported);
  EXPECT_TRUE(universe.instruments().empty());
}

TEST(UpbitMetadata, listsASimulatedPairByItsPrice) {
  const auto btc = simulated_listing("BTC", "KRW", Decimal::from_int(148'520'000));
  ASSERT_TRUE(btc.has_value());
  EXPECT_EQ(btc->symbol.view(), "KRW-BTC");
  EXPECT_EQ(btc->tick_at({148'520'000}), 1000);
  const auto sol = simulated_listing("SOL", "USDT", Decimal::of("152.25"));
  ASSERT_TRUE(sol.has_value());
  EXPECT_EQ(sol->price_scale, 3);
  EXPECT_EQ(sol->tick_at({152'250}), 10);
  EXPECT_FALSE(simulated_listing("BTC", "USD", Decimal::from_int(60'000)).has_value());
}

TEST(UpbitDiscovery, learnsStepsFromWhatIsSeen) {
  const auto discovery = make_discovery();
  discovery->on_frame(
      R"({"ty":"orderbook","cd":"KRW-BTC.5","tms":1,"obu":[{"ap":137002000.0,"bp":137001000,"as":0.10623869,"bs":1}]})");
  discovery->on_frame(
      R"([{"type":"trade","code":"BTC-PAX","trade_price":9.9E-7,"trade_volume":1E-8}])");
  discovery->on_frame(R"({"ty":"orderbook","cd":"nothing"})");
  discovery->on_frame("damaged");
  Universe universe;
  const VenueId venue = universe.add_venue("upbit", {});
  discovery->finish(venue, universe);
  ASSERT_EQ(universe.instruments().size(), 2u);
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "KRW-BTC"));
  EXPECT_EQ(btc.price_scale, 0);
  EXPECT_EQ(btc.tick, 1000);
  const Instrument& pax = universe.instrument(universe.find_instrument(venue, "BTC-PAX"));
  EXPECT_EQ(pax.price_scale, 8);
  EXPECT_EQ(pax.tick, 99);
  EXPECT_EQ(pax.fees.taker, Rate::bps(25));
  // A recorded answer names the step of the market; the grid still holds what was seen.
  discovery->on_metadata_body(R"([{"market":"KRW-BTC","tick_size":"1000"}])");
  discovery->on_frame(R"({"ty":"trade","cd":"KRW-BTC","tp":137001000.5,"tv":1})");
  discovery->finish(venue, universe);
  const Instrument& told = universe.instrument(universe.find_instrument(venue, "KRW-BTC"));
  EXPECT_EQ(told.price_scale, 1);
  EXPECT_EQ(told.tick, 5);
  EXPECT_EQ(told.tick_at({1'370'000'000}), 10'000);
  EXPECT_EQ(told.min_notional, Decimal::from_int(5000));
}

TEST(UpbitMetadata, ofARecordedSessionListsItsMarkets) {
  ATS_REQUIRE_SHARED(shared);
  std::size_t bodies = 0;
  for (const Recorded& line :
       read_recording(shared / "data/raw/upbit/20210417_simple_10sym.jsonl.gz")) {
    if (line.kind != Recorded::Kind::Http) continue;
    const auto codes = parse_markets(line.data);
    ASSERT_TRUE(codes.ok());
    EXPECT_GT(codes->size(), 200u);
    EXPECT_THAT(*codes, testing::Contains("KRW-BTC"));
    ++bodies;
  }
  EXPECT_EQ(bodies, 1u);
}

}  // namespace
}  // namespace ats::venues::upbit

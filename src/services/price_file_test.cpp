// Closes as CSV: what is read, what is refused with its line, and that what is written reads back.
#include "services/price_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/testing_shared.hpp"
#include "core/risk/measures/backtest.hpp"
#include "core/risk/measures/value_at_risk.hpp"

namespace ats::services {
namespace {

using ::testing::HasSubstr;

TEST(PriceFile, IsReadWithItsGapsAndItsBar) {
  const auto file = parse_price_file(
      "date,BTC,ETH\r\n2026-11-24,60000.5,2500\n\"2026-11-25\", 61000,\n2026-11-27,62000,2600\n");
  ASSERT_TRUE(file.ok()) << file.error();
  EXPECT_EQ(file->assets, (std::vector<std::string>{"BTC", "ETH"}));
  ASSERT_EQ(file->rows.size(), 3u);
  EXPECT_EQ(file->bar, hours(24));
  EXPECT_EQ(file->rows[0].closes[0], 60000.5);
  EXPECT_EQ(file->rows[1].closes[1], 0);

  Universe universe;
  const AssetId btc = universe.add_asset("BTC");
  const AssetId eth = universe.add_asset("ETH");
  const core::PriceBars bars = bars_of(*file, universe);
  const AssetId both[] = {btc, eth};
  const core::ReturnTable table = bars.returns(both);
  ASSERT_EQ(table.bars, 3u);
  EXPECT_NEAR(table.of(0)[0], 61000 / 60000.5 - 1, 1e-12);
  EXPECT_TRUE(std::isnan(table.of(0)[1]));  // the 26th is not there
  EXPECT_TRUE(std::isnan(table.of(0)[2]));
  EXPECT_EQ(bars.closes(btc).size(), 3u);
  EXPECT_EQ(bars.closes(eth).size(), 2u);
}

TEST(PriceFile, LeavesOutAssetsThatTheUniverseDoesNotKnow) {
  const auto file = parse_price_file("t,XRP,BTC\n2026-11-24,1,2\n2026-11-25,1,3\n");
  ASSERT_TRUE(file.ok());
  Universe universe;
  const AssetId btc = universe.add_asset("BTC");
  EXPECT_EQ(bars_of(*file, universe).returns_of(btc), 1u);
}

TEST(PriceFile, TakesTimesAsPeopleAndProgramsWriteThem) {
  const auto file = parse_price_file(
      "t,BTC\n2026-11-24,1\n2026-11-24 01:00:00,1\n2026-11-24T02:00:00Z,1\n1795489200,1\n"
      "1795492800000,1\n");
  ASSERT_TRUE(file.ok()) << file.error();
  for (std::size_t n = 1; n < file->rows.size(); ++n) {
    EXPECT_EQ(file->rows[n].at - file->rows[n - 1].at, hours(1)) << n;
  }
}

TEST(PriceFile, NamesTheLineThatIsWrong) {
  const auto error = [](const char* text) {
    const auto file = parse_price_file(text);
    return file ? std::string("no error") : file.error();
  };
  EXPECT_THAT(error("t\n"), HasSubstr("line 1: expected names"));
  EXPECT_THAT(error("t,BTC,BTC\n"), HasSubstr("line 1: BTC stands twice"));
  EXPECT_THAT(error("t,BTC\n2026-11-24,1,2\n"), HasSubstr("line 2: expected 2 cells, not 3"));
  EXPECT_THAT(error("t,BTC\nyesterday,1\n"), HasSubstr("expected a time"));
  EXPECT_THAT(error("t,BTC\n2026-11-24,1\n2026-11-24,1\n"), HasSubstr("line 3: is not after"));
  EXPECT_THAT(error("t,BTC\n2026-11-24,zero\n"), HasSubstr("what one BTC is worth"));
  EXPECT_THAT(error("t,BTC\n2026-11-24,0\n"), HasSubstr("what one BTC is worth"));
  EXPECT_THAT(error("t,BTC\n2026-11-24,-1\n"), HasSubstr("what one BTC is worth"));
  EXPECT_THAT(error("t,BTC\n2026-11-24,1\n"), HasSubstr("fewer than two bars"));
  EXPECT_THAT(error(""), HasSubstr("fewer than two bars"));
  EXPECT_THAT(read_price_file("no-such-file.csv").error(), HasSubstr("cannot be read"));
}

TEST(PriceFile, ReadsBackWhatItWrites) {
  PriceFile file;
  file.assets = {"BTC", "ETH"};
  file.rows = {{wall_from_ms(1'700'000'000'000), {60000.25, 0}},
               {wall_from_ms(1'700'003'600'000), {0.000012345, 2500}}};
  const auto again = parse_price_file(price_file_text(file));
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->assets, file.assets);
  for (std::size_t n = 0; n < 2; ++n) {
    EXPECT_EQ(again->rows[n].at, file.rows[n].at);
    EXPECT_EQ(again->rows[n].closes, file.rows[n].closes);
  }
}

// Nine years of BTC/USD, day by day: the historical measure keeps its word at both confidences, the fading
// average with a normal tail at 95 % alone, since days that a normal distribution does not know come too often.
TEST(PriceFile, OfNineRecordedYearsShowsWhichMeasureKeepsItsWord) {
  ATS_REQUIRE_SHARED(shared);
  std::ifstream in(shared / "data/bars/kimchi_daily_2017_2026.csv");
  std::string text = "date,BTC\n";
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {  // date, two prices in KRW, the one in USD
    const std::size_t first = line.find(',');
    const std::size_t from = line.find(',', line.find(',', first + 1) + 1) + 1;
    text += line.substr(0, first + 1) + line.substr(from, line.find(',', from) - from) + "\n";
  }
  const auto file = parse_price_file(text);
  ASSERT_TRUE(file.ok()) << file.error();
  EXPECT_EQ(file->bar, hours(24));
  Universe universe;
  const AssetId btc = universe.add_asset("BTC");
  const core::PriceBars bars = bars_of(*file, universe);
  const core::Position held[] = {{{}, btc, Decimal::from_int(1), Decimal::from_int(1'000)}};
  const AssetId assets[] = {btc};
  const auto losses = core::past_losses(held, bars.returns(assets), {});
  ASSERT_GT(losses.size(), 3'000u);
  const auto rejected = [&](core::VarMethod method, std::int64_t ppb) {
    core::BacktestRules rules;
    rules.confidence = Rate{ppb};
    const core::Kupiec test = core::backtest(losses, method, rules);
    EXPECT_EQ(test.observations, losses.size() - rules.window);
    return test.rejected();
  };
  EXPECT_FALSE(rejected(core::VarMethod::Historical, 950'000'000));
  EXPECT_FALSE(rejected(core::VarMethod::Historical, 990'000'000));
  EXPECT_FALSE(rejected(core::VarMethod::Ewma, 950'000'000));
  EXPECT_TRUE(rejected(core::VarMethod::Ewma, 990'000'000));
}

}  // namespace
}  // namespace ats::services

// The keys of [stress]: what is read, what is refused, and that it reads back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "services/config_keys.hpp"

namespace ats::services {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class StressKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = fs::temp_directory_path() / ("ats-stress-" + std::to_string(::getpid()) + ".toml");
  }
  void TearDown() override { fs::remove(file_); }
  Result<Config, std::string> read(const std::string& text) {
    std::ofstream(file_) << text;
    return load_config(file_, {});
  }
  fs::path file_;
};

TEST_F(StressKeys, AreReadExactlyAndReadBack) {
  const auto config = read(R"([stress]
scenarios = ["crash coins -0.5 USDT -0.1", "raid kraken -0.9 stable 0.05"]
stable_coins = ["USDT", "USDC"]
currencies = ["USD"]
)");
  ASSERT_TRUE(config.ok()) << config.error();
  using On = core::Shock::On;
  ASSERT_EQ(config->stress.scenarios.size(), 2u);
  const core::Scenario crash{
      "crash", {{On::Coins, {}, Rate{-500'000'000}}, {On::Asset, "USDT", Rate{-100'000'000}}}};
  const core::Scenario raid{
      "raid", {{On::Venue, "kraken", Rate{-900'000'000}}, {On::Stable, {}, Rate{50'000'000}}}};
  EXPECT_EQ(config->stress.scenarios[0], crash);
  EXPECT_EQ(config->stress.scenarios[1], raid);
  EXPECT_EQ(config->stress.stable_coins.size(), 2u);
  EXPECT_EQ(config->stress.currencies, std::vector<Text<15>>{"USD"});
  const auto again = read(to_toml(*config));
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->stress.scenarios, config->stress.scenarios);
  EXPECT_EQ(again->stress.stable_coins, config->stress.stable_coins);
}

TEST_F(StressKeys, RefuseWhatIsNoScenario) {
  for (const char* bad : {"crash", "crash coins", "crash coins -1.1", "crash btc -0.1",
                          "crash coins 11", "crash coins half", "crash coins -0.1 ETH",
                          "a-name-that-is-longer-than-it-may-be-here coins -0.1"}) {
    const auto config = read("[stress]\nscenarios = [\"" + std::string(bad) + "\"]\n");
    ASSERT_FALSE(config.ok()) << bad;
    EXPECT_THAT(config.error(), HasSubstr("stress.scenarios must be a list"));
  }
  EXPECT_FALSE(read("[stress]\nscenarios = [\"a coins -0.1\", \"a coins -0.2\"]\n").ok());
  EXPECT_FALSE(read("[stress]\nstable_coins = [\"usdt\"]\n").ok());
}

TEST_F(StressKeys, HaveDefaultsThatReadBack) {
  const auto again = read(to_toml(default_config()));
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_TRUE(again->stress.scenarios.empty());
  EXPECT_EQ(again->stress.stable_coins, core::StressRules{}.stable_coins);
}

}  // namespace
}  // namespace ats::services

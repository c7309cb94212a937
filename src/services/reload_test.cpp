#include "services/reload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ats::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Config config_of(const char* toml) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("ats-reload-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << toml;
  auto config = load_config(file, {});
  EXPECT_TRUE(config.ok()) << config.error();
  std::filesystem::remove(file);
  return config ? *config : Config{};
}

std::vector<std::string> spelt(const Reload& reload) {
  std::vector<std::string> out;
  for (const SetLimitCommand& c : reload.limits) {
    EXPECT_TRUE(c.of_file);
    out.push_back((c.take_back ? "no " : "") + to_text(c.setting));
  }
  return out;
}

TEST(Reload, AFileThatSaysTheSameChangesNothing) {
  const Config config = config_of("[risk]\nlimits = [\"order_rate 5\"]\n");
  const Reload reload = compare(config, config);
  EXPECT_THAT(reload.limits, IsEmpty());
  EXPECT_THAT(reload.at_next_start, IsEmpty());
}

TEST(Reload, LimitsThatAreNewOtherOrGoneAreSaidWhicheverKeyTheyHave) {
  const Config before = config_of(
      "[strategy]\nmax_order_notional = \"10000\"\n"
      "[risk]\nlimits = [\"order_rate 5\", \"open_legs 9\", \"position BTC 100\"]\n");
  const Config now = config_of(
      "[strategy]\nmax_order_notional = \"5000\"\n"
      "[risk]\nmax_open_executions = 7\n"
      "limits = [\"order_rate 5\", \"position BTC 200 warn 150\", \"loss_streak 5 halt\"]\n");
  const Reload reload = compare(before, now);
  EXPECT_THAT(spelt(reload), ElementsAre("no open_legs 9", "order_notional 5000", "open_trades 7",
                                         "loss_streak 5 halt", "position BTC 200 warn 150"));
  EXPECT_THAT(reload.at_next_start, IsEmpty());
}

TEST(Reload, WhatElseIsOtherIsNamedAndWaitsForTheNextStart) {
  const Config before = config_of("[general]\npairs = [\"BTC/USDT\"]\n");
  const Config now = config_of(
      "[general]\npairs = [\"BTC/USDT\", \"ETH/USDT\"]\n[risk]\nconfirm_for = \"5s\"\n"
      "limits = [\"order_rate 5\"]\n");
  const Reload reload = compare(before, now);
  EXPECT_THAT(reload.at_next_start, ElementsAre("general.pairs", "risk.confirm_for"));
  EXPECT_FALSE(reload.limits.empty());
}

TEST(Reload, WhatWasTakenIsNotSaidAgainAndWhatWaitsIs) {
  Config running = config_of("[risk]\nlimits = [\"order_rate 5\"]\n");
  const Config file = config_of("[risk]\nlimits = [\"order_rate 6\"]\nconfirm_for = \"5s\"\n");
  take_limits(running, file);
  const Reload reload = compare(running, file);
  EXPECT_THAT(reload.limits, IsEmpty());
  EXPECT_THAT(reload.at_next_start, ElementsAre("risk.confirm_for"));
}

TEST(Reload, ALimitInTheListTakesThePlaceOfItsOwnKey) {
  const Config before = config_of(
      "[strategy]\nmax_order_notional = \"10000\"\n[risk]\nlimits = [\"order_notional 4000\"]\n");
  const Config now = config_of(
      "[strategy]\nmax_order_notional = \"9000\"\n[risk]\nlimits = [\"order_notional 4000\"]\n");
  EXPECT_THAT(spelt(compare(before, now)), IsEmpty()) << "the key counts for nothing beside it";
  const Config without =
      config_of("[strategy]\nmax_order_notional = \"9000\"\n[risk]\nlimits = []\n");
  EXPECT_THAT(spelt(compare(now, without)), ElementsAre("order_notional 9000"));
}

}  // namespace
}  // namespace ats::services

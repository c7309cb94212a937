// The keys of [inventory] and its skew: what is read, what is refused, and that it reads back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "services/config.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class InventoryKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = fs::temp_directory_path() / ("ats-inventory-" + std::to_string(::getpid()) + ".toml");
  }
  void TearDown() override { fs::remove(file_); }
  Result<Config, std::string> read(const std::string& text) {
    std::ofstream(file_) << text;
    return load_config(file_, {});
  }
  std::string error_of(const std::string& text) {
    const auto config = read(text);
    return config ? "no error" : config.error();
  }
  fs::path file_;
};

TEST_F(InventoryKeys, TargetsTransfersBandAndSkewAreReadExactlyAndReadBack) {
  const auto config = read(R"([strategy]
inventory_skew_bps = "2.5"
inventory_floor_bps = "0.5"
[inventory]
targets = ["binance BTC 0.4", "kraken BTC 0.25"]
band = "0.05"
transfers = ["binance BTC bitcoin 0.0002 40 0.001", "kraken BTC bitcoin 0.0001 45 0"]
)");
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config->core.inventory_skew.ppb, 250'000);
  EXPECT_EQ(config->core.inventory_floor.ppb, 50'000);
  ASSERT_EQ(config->core.inventory_targets.count, 2);
  EXPECT_EQ(config->core.inventory_targets.items[1],
            (InventoryTarget{"kraken", "BTC", Rate{250'000'000}}));
  EXPECT_EQ(config->inventory.band, Rate{50'000'000});
  ASSERT_EQ(config->inventory.transfers.size(), 2u);
  const core::TransferLine& line = config->inventory.transfers[0];
  EXPECT_EQ(line.network.view(), "bitcoin");
  EXPECT_EQ(line.fee, Decimal::of("0.0002"));
  EXPECT_EQ(line.minutes, 40u);
  EXPECT_EQ(line.least, Decimal::of("0.001"));
  const auto again = read(to_toml(*config));
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->core, config->core);
  EXPECT_EQ(again->inventory.transfers, config->inventory.transfers);
  EXPECT_EQ(again->inventory.band, config->inventory.band);
}

TEST_F(InventoryKeys, ByDefaultNothingIsSkewedAndNoTransferIsKnown) {
  const Config config = default_config();
  EXPECT_EQ(config.core.inventory_skew, Rate{});
  EXPECT_TRUE(config.inventory.transfers.empty());
}

TEST_F(InventoryKeys, WhatIsNoTargetAndNoTransferIsRefused) {
  for (const char* bad : {"binance BTC", "nowhere BTC 0.1", "binance btc 0.1", "binance BTC 1.1",
                          "binance BTC -0.1", "binance BTC 0.1 0.2"}) {
    EXPECT_THAT(error_of("[inventory]\ntargets = [\"" + std::string(bad) + "\"]\n"),
                HasSubstr("inventory.targets must be a list of shares"))
        << bad;
  }
  EXPECT_THAT(error_of("[inventory]\ntargets = [\"binance BTC 0.1\", \"binance BTC 0.2\"]\n"),
              HasSubstr("inventory.targets must be"));
  EXPECT_THAT(error_of("[inventory]\ntargets = [\"binance BTC 0.6\", \"kraken BTC 0.5\"]\n"),
              HasSubstr("the shares of BTC add up to more than 1"));
  for (const char* bad : {"binance BTC bitcoin 0.0002 40", "binance BTC bitcoin -1 40 0",
                          "binance BTC bitcoin 1 4x 0", "binance BTC averyveryverylongname 1 4 0",
                          "nowhere BTC bitcoin 1 4 0"}) {
    EXPECT_THAT(error_of("[inventory]\ntransfers = [\"" + std::string(bad) + "\"]\n"),
                HasSubstr("inventory.transfers must be a list"))
        << bad;
  }
  EXPECT_THAT(error_of("[inventory]\nband = \"0\"\n"), HasSubstr("above 0"));
  EXPECT_THAT(error_of("[inventory]\nband = \"1.5\"\n"), HasSubstr("at most 1"));
}

}  // namespace
}  // namespace ats::services

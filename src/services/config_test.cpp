#include "services/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Configuration : public ::testing::Test {
 protected:
  fs::path write(std::string_view text, const char* name = "ats.toml") {
    const fs::path file = dir_ / name;
    std::ofstream(file) << text;
    ::chmod(file.c_str(), 0600);
    return file;
  }
  std::string error_of(std::string_view text) {
    const auto config = load_config(write(text), {});
    EXPECT_FALSE(config.ok());
    return config.ok() ? "" : config.error();
  }
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ats-config-" + std::to_string(::getpid()));
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  fs::path dir_;
};

TEST_F(Configuration, WhatIsNoTomlIsAnErrorWhateverItIs) {
  for (const char* text : {"[[[", "[risk", "[ [risk] ]", "[]", "[[]]", "a", "=",
                           "a = ", "[risk]\n[risk]\nlisten", "\"", "a = [1,", "a = {", "a.",
                           "a..b = 1", "[a.]", "[.a]", "\xff", "a = '''", "a = 2026-13-45"}) {
    EXPECT_THAT(error_of(text), HasSubstr("ats.toml")) << text;
    EXPECT_FALSE(load_credentials(write(text, "keys.toml"))) << text;
  }
}

TEST_F(Configuration, EveryKeyIsReadExactly) {
  const auto config = load_config(write(R"([general]
pairs = ["BTC/USDT", "ETH/USDT"]
[strategy]
min_edge_bps = "2.5"
max_order_notional = 1000
[risk]
max_daily_loss = "0.000000000000000001"
[execution]
order_deadline = "1500ms"
[journal]
sync = "effect"
[venue.kraken]
enabled = true
rest_url = "http://127.0.0.1:9"
)"),
                                  {});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config->pairs.size(), 2u);
  EXPECT_EQ(config->core.min_edge.ppb, 250'000);
  EXPECT_EQ(config->core.max_order_notional, Decimal::from_int(1000));
  EXPECT_EQ(config->core.max_daily_loss.raw(), 1);
  EXPECT_EQ(config->core.order_deadline, milliseconds(1500));
  EXPECT_EQ(config->journal_sync, io::SyncPolicy::Effect);
  for (const VenueConfig& v : config->venues) EXPECT_EQ(v.enabled, v.name == "kraken");
}

TEST_F(Configuration, CurrenciesAndRatesAreReadExactlyAndPrintedAlike) {
  const auto config = load_config(write(R"([strategy]
currencies = ["USDT", "KRW"]
rates = ["USDT/KRW 1391.25 2026-01-31T12:00:00Z desk", "USD/KRW 1390 2026-01-31T21:00:00+09:00 bank"]
rate_max_age = "2m"
cross_currency = "off"
[risk]
max_currency_exposure = "1500"
)"),
                                  {});
  ASSERT_TRUE(config.ok()) << config.error();
  const CoreConfig& core = config->core;
  ASSERT_EQ(core.currencies.count, 2);
  EXPECT_EQ(core.currencies.items[1].view(), "KRW");
  ASSERT_EQ(core.rates.count, 2);
  EXPECT_EQ(core.rates.items[0].price, Decimal::of("1391.25"));
  EXPECT_EQ(core.rates.items[0].source.view(), "desk");
  EXPECT_EQ(core.rates.items[0].as_of, core.rates.items[1].as_of);
  EXPECT_EQ(core.rate_max_age, seconds(120));
  EXPECT_EQ(core.cross_currency, StrategyMode::Off);
  EXPECT_EQ(core.max_currency_exposure, Decimal::from_int(1500));
  const auto again = load_config(write(to_toml(*config), "again.toml"), {});
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->core, core);
}

TEST_F(Configuration, PollingHasItsTimesAndCanBeSwitchedOff) {
  const auto config = load_config(write(R"([books]
poll_after = "30s"
max_polled_age = "2500ms"
)"),
                                  {});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config->core.poll_after, seconds(30));
  EXPECT_EQ(config->core.max_polled_age, milliseconds(2500));
  const auto off = load_config(write("[books]\npoll_after = \"0s\"\n"), {});
  ASSERT_TRUE(off.ok()) << off.error();
  EXPECT_EQ(off->core.poll_after, Duration{});
  EXPECT_THAT(error_of("[books]\npoll_after = \"10ms\"\n"), HasSubstr("at least a second"));
  EXPECT_THAT(error_of("[books]\nmax_polled_age = \"0s\"\n"), HasSubstr("above zero"));
}

TEST_F(Configuration, TheRiskServiceListensNowhereUnlessItIsSaidWhere) {
  EXPECT_EQ(default_config().risk_service, RiskServiceConfig{});
  const auto config = load_config(write(R"([risk]
listen = "127.0.0.1:7400"
role = "risk.example:7401"
tls_cert = "a.pem"
tls_key = "a.key"
tls_ca = "ca.pem"
)"),
                                  {});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config->risk_service,
            (RiskServiceConfig{"127.0.0.1:7400", "a.pem", "a.key", "ca.pem", "risk.example:7401"}));
  const auto again = load_config(write(to_toml(*config)), {});
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->risk_service, config->risk_service);
  for (const char* wrong : {"127.0.0.1", ":7400", "127.0.0.1:", "127.0.0.1:65536", "7400"}) {
    for (const char* key : {"listen", "role"}) {
      EXPECT_THAT(error_of(std::string("[risk]\n") + key + " = \"" + wrong + "\"\n"),
                  HasSubstr("an address and a port"))
          << key << " " << wrong;
    }
  }
}

TEST_F(Configuration, WhatIsQuotedIsReadAndPrintedAlike) {
  const auto config = load_config(write(R"([strategy]
maker = "trade"
maker_pairs = ["BTC/USDT kraken binance", "ETH/USDT upbit binance"]
maker_edge_bps = "7.5"
maker_requote_bps = "1"
maker_requote_every = "2s"
maker_size = "250"
)"),
                                  {});
  ASSERT_TRUE(config.ok()) << config.error();
  const CoreConfig& core = config->core;
  EXPECT_EQ(core.maker, StrategyMode::Trade);
  ASSERT_EQ(core.maker_pairs.count, 2);
  EXPECT_EQ(core.maker_pairs.items[1].base.view(), "ETH");
  EXPECT_EQ(core.maker_pairs.items[1].quote_venue.view(), "upbit");
  EXPECT_EQ(core.maker_edge, Rate{750'000});
  EXPECT_EQ(core.maker_requote_every, seconds(2));
  EXPECT_EQ(core.maker_size, Decimal::from_int(250));
  const auto again = load_config(write(to_toml(*config), "again.toml"), {});
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->core, core);
}

TEST_F(Configuration, QuotesThatAreNoneAreRefused) {
  for (const char* bad : {"BTC/USDT kraken", "BTC kraken binance", "BTC/USDT kraken kraken",
                          "BTC/USDT kraken nowhere"}) {
    EXPECT_THAT(error_of("[strategy]\nmaker_pairs = [\"" + std::string(bad) + "\"]\n"),
                HasSubstr("strategy.maker_pairs must be a list"))
        << bad;
  }
  EXPECT_THAT(error_of("[strategy]\nmaker_pairs = [\"BTC/USDT kraken binance\", "
                       "\"BTC/USDT kraken upbit\"]\n"),
              HasSubstr("each pair once on a venue"));
  EXPECT_THAT(error_of("[strategy]\nmaker = \"trade\"\n"), HasSubstr("names nothing to quote"));
  EXPECT_THAT(error_of("[strategy]\nmaker_edge_bps = \"200\"\n"),
              HasSubstr("larger than strategy.maker_edge_bps"));
}

TEST_F(Configuration, ARateThatIsNoneIsRefused) {
  for (const char* bad :
       {"USDT/KRW 1391.25 2026-01-31T12:00:00Z", "USDT 1 2026-01-31T12:00:00Z desk",
        "USDT/KRW 0 2026-01-31T12:00:00Z desk", "USDT/KRW 1 yesterday desk",
        "USDT/USDT 1 2026-01-31T12:00:00Z desk", "USDT/KRW -1 2026-01-31T12:00:00Z desk"}) {
    EXPECT_THAT(error_of("[strategy]\nrates = [\"" + std::string(bad) + "\"]\n"),
                HasSubstr("strategy.rates must be a list of rates"))
        << bad;
  }
  EXPECT_THAT(error_of("[strategy]\ntriangular = \"trade\"\n"),
              HasSubstr("\"off\" or \"observe\""));
}

TEST_F(Configuration, AnErrorNamesFileLineKeyAndWhatWasExpected) {
  const std::string error = error_of("[strategy]\n\nmin_edge_bps = \"five\"\n");
  EXPECT_THAT(error, HasSubstr("ats.toml:3: strategy.min_edge_bps must be basis points"));
  EXPECT_THAT(
      error_of("[risk]\nmax_los = \"1\"\n"),
      HasSubstr("ats.toml:2: unknown key 'risk.max_los'; known keys of [risk]: max_exposure"));
  EXPECT_THAT(error_of("[venue.nowhere]\nenabled = true\n"),
              HasSubstr("unknown key 'venue.nowhere.enabled'"));
  EXPECT_THAT(error_of("[risk\n"), HasSubstr("ats.toml:1"));
  EXPECT_THAT(error_of("[execution]\nquery_interval = \"0s\"\n"), HasSubstr("must be a duration"));
}

TEST_F(Configuration, ABinaryFloatIsNoExactNumber) {
  EXPECT_THAT(error_of("[risk]\nmax_exposure = 0.1\n"), HasSubstr("a decimal amount as text"));
}

TEST_F(Configuration, ValuesThatContradictEachOtherAreRefused) {
  EXPECT_THAT(error_of("[strategy]\nmin_edge_bps = 10\nmax_edge_bps = 10\n"),
              HasSubstr("larger than"));
}

TEST_F(Configuration, TheEnvironmentOverridesTheFile) {
  const fs::path file = write("[strategy]\nmin_edge_bps = 7\n");
  const auto config = load_config(
      file, {{"ATS_STRATEGY_MIN_EDGE_BPS", "9"}, {"ATS_GENERAL_PAIRS", "BTC/USD,ETH/USD"}});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config->core.min_edge, Rate::bps(9));
  EXPECT_EQ(config->pairs, (std::vector<std::string>{"BTC/USD", "ETH/USD"}));
  const auto bad = load_config(file, {{"ATS_STRATEGY_MIN_EDGE_BPS", "x"}});
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error(), HasSubstr("ATS_STRATEGY_MIN_EDGE_BPS"));
}

TEST_F(Configuration, NamingAHostForgetsTheOthersOfTheDefaultAndKeepsThoseThatWereNamed) {
  const auto urls_of = [](const Config& config) {
    for (const VenueConfig& venue : config.venues) {
      if (venue.name == "binance") return venue.urls;
    }
    return venues::VenueUrls{};
  };
  EXPECT_FALSE(urls_of(default_config()).other_rest.empty());
  const auto named = load_config(write(R"([venue.binance]
rest_url = "http://127.0.0.1:9"
market_url = "ws://127.0.0.1:9"
other_market_urls = ["ws://127.0.0.1:10", "ws://127.0.0.1:11"]
)"),
                                 {});
  ASSERT_TRUE(named.ok()) << named.error();
  EXPECT_TRUE(urls_of(*named).other_rest.empty());
  EXPECT_EQ(urls_of(*named).other_market,
            (std::vector<std::string>{"ws://127.0.0.1:10", "ws://127.0.0.1:11"}));
  EXPECT_THAT(error_of("[venue.binance]\nother_rest_urls = [\"ws://127.0.0.1:9\"]\n"),
              HasSubstr("a list, each an http:// or https:// URL"));
}

TEST_F(Configuration, WhatIsPrintedReadsBackToTheSame) {
  auto config = load_config(
      write("[general]\npairs = [\"BTC/USDT\"]\n[risk]\nmax_exposure = \"12.5\"\n"), {});
  ASSERT_TRUE(config.ok());
  const auto again = load_config(write(to_toml(*config), "again.toml"), {});
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(to_toml(*again), to_toml(*config));
  EXPECT_EQ(again->core, config->core);
}

TEST_F(Configuration, AnyFlippedByteIsAnErrorOrAnotherValueAndNeverACrash) {
  const std::string text = to_toml(default_config());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string bad = text;
    bad[at] = static_cast<char>(bad[at] ^ 0x04);
    const auto config = load_config(write(bad), {});
    if (!config.ok()) {
      ++refused;
      EXPECT_FALSE(config.error().empty());
    }
  }
  EXPECT_GT(refused, text.size() / 2);
}

TEST_F(Configuration, TheDocumentedKeysAreTheOnesThatExist) {
  std::ifstream in("docs/configuration.md");
  std::stringstream written;
  written << in.rdbuf();
  EXPECT_EQ(written.str(), configuration_markdown())
      << "run: ats config --markdown > docs/configuration.md";
}

TEST_F(Configuration, CredentialsThatOthersMayReadAreRefusedAndNeverQuoted) {
  const fs::path file = write("[binance]\nkey = \"k\"\nsecret = \"very-secret\"\n", "keys.toml");
  const auto sound = load_credentials(file);
  ASSERT_TRUE(sound.ok()) << sound.error();
  EXPECT_EQ(sound->at("binance").secret.reveal(), "very-secret");
  ::chmod(file.c_str(), 0644);
  const auto open = load_credentials(file);
  ASSERT_FALSE(open.ok());
  EXPECT_THAT(open.error(), HasSubstr("chmod 600"));
  for (const char* bad : {"[binance]\nkey = \"k\"\nsecret = very-secret\n",
                          "[binance]\nkey = \"very-secret\"\n", "binance = \"very-secret\"\n"}) {
    const auto refused = load_credentials(write(bad, "bad.toml"));
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error(), ::testing::Not(HasSubstr("very-secret")));
  }
}

}  // namespace
}  // namespace ats::services

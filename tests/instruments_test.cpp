// Instruments that change while the system runs, over real sockets: a venue closes a pair, moves its tick, or
// lists it no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "services/instruments.hpp"
#include "services/metadata.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"
#include "services/sim_venue.hpp"

namespace ats::services {
namespace {

struct Told final : EventSink {
  void on(const Event& event) override {
    if (const auto* changed = std::get_if<InstrumentChanged>(&event))
      instruments.push_back(changed->instrument);
  }
  std::vector<Instrument> instruments;
};

// One simulated exchange whose listing the test may change under it.
class InstrumentsTest : public testing::TestWithParam<std::string> {
 protected:
  InstrumentsTest() {
    auto universe = simulated_universe({GetParam()}, {"BTC/USDT", "ETH/USDT"});
    EXPECT_TRUE(universe.ok());
    exchange_ = *std::move(universe);
    venue_ = std::make_unique<SimVenueServer>(reactor_, exchange_, VenueId{0}, Rng(1));
    venue_->set_time(io::OsClock::now(), io::OsClock::wall());
    EXPECT_FALSE(venue_->listen(0));
    config_ = default_config();
    config_.pairs = {"BTC/USDT", "ETH/USDT"};
    for (VenueConfig& known : config_.venues) {
      known.enabled = known.name == GetParam();
      known.urls.rest = "http://127.0.0.1:" + std::to_string(venue_->port());
    }
    const auto loaded = load_instruments(reactor_, config_, nullptr, ours_);
    EXPECT_TRUE(loaded.ok()) << loaded.error();
    watch_ =
        std::make_unique<InstrumentWatch>(reactor_, config_, nullptr, ours_, Duration{}, told_);
  }
  void refresh() {
    const std::uint64_t before = watch_->counters().rounds;
    watch_->refresh();
    const Instant end = io::OsClock::now() + seconds(20);
    while (watch_->counters().rounds == before && io::OsClock::now() < end)
      reactor_.poll(milliseconds(5));
    ASSERT_EQ(watch_->counters().rounds, before + 1);
  }
  Instrument& listed(std::size_t n) {
    return exchange_.instrument(InstrumentId{static_cast<InstrumentId::rep>(n)});
  }
  const Instrument& ours(std::size_t n) {
    return ours_.instrument(ours_.find_instrument(VenueId{0}, listed(n).symbol.view()));
  }

  io::Reactor reactor_;
  Universe exchange_;
  Universe ours_;
  Config config_;
  Told told_;
  std::unique_ptr<SimVenueServer> venue_;
  std::unique_ptr<InstrumentWatch> watch_;
};

TEST_P(InstrumentsTest, nothing_is_told_while_nothing_changes) {
  refresh();
  refresh();
  EXPECT_TRUE(told_.instruments.empty());
  EXPECT_EQ(watch_->counters().failures, 0u) << watch_->counters().last_failure;
}

TEST_P(InstrumentsTest, a_pair_that_closes_and_opens_again_is_told_each_time_and_alone) {
  listed(0).status = InstrumentStatus::Halted;
  refresh();
  ASSERT_EQ(told_.instruments.size(), 1u);
  EXPECT_EQ(told_.instruments[0].symbol, listed(0).symbol);
  EXPECT_NE(told_.instruments[0].status, InstrumentStatus::Trading);
  EXPECT_NE(ours(0).status, InstrumentStatus::Trading);
  EXPECT_EQ(ours(1).status, InstrumentStatus::Trading);
  listed(0).status = InstrumentStatus::Trading;
  refresh();
  ASSERT_EQ(told_.instruments.size(), 2u);
  EXPECT_EQ(ours(0).status, InstrumentStatus::Trading);
}

TEST_P(InstrumentsTest, fees_learnt_from_the_account_stay_whatever_else_changes) {
  const InstrumentId id = ours(1).id;
  ours_.instrument(id).fees.taker = Rate::bps(3);
  listed(1).status = InstrumentStatus::Halted;
  refresh();
  ASSERT_EQ(told_.instruments.size(), 1u);
  EXPECT_EQ(told_.instruments[0].id, id);
  EXPECT_EQ(told_.instruments[0].fees.taker, Rate::bps(3));
  EXPECT_EQ(ours(1).fees.taker, Rate::bps(3));
}

TEST_P(InstrumentsTest, a_pair_listed_no_more_is_halted) {
  Instrument gone = listed(0);
  gone.symbol = "GONE";
  gone.rest_symbol = "GONE";
  gone.base = exchange_.add_asset("GONE");
  listed(0) = gone;
  const std::string symbol(ours_.instruments()[0].symbol.view());
  refresh();
  ASSERT_EQ(told_.instruments.size(), 1u);
  EXPECT_EQ(told_.instruments[0].symbol.view(), symbol);
  EXPECT_EQ(told_.instruments[0].status, InstrumentStatus::Halted);
}

TEST_P(InstrumentsTest, a_venue_that_does_not_answer_changes_nothing_and_is_counted) {
  venue_.reset();
  refresh();
  EXPECT_TRUE(told_.instruments.empty());
  EXPECT_EQ(watch_->counters().failures, 1u);
  EXPECT_THAT(watch_->counters().last_failure, testing::HasSubstr(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Venues, InstrumentsTest, testing::ValuesIn(simulated_venues()),
                         [](const auto& info) { return info.param; });

TEST(InstrumentsCommand, lists_what_can_be_compared) {
  const auto universe = simulated_universe({"binance", "kraken"}, {"BTC/USDT", "ETH/USDC"});
  ASSERT_TRUE(universe.ok());
  const auto json = nlohmann::json::parse(instruments_json(*universe));
  ASSERT_EQ(json["pairs"].size(), 2u);
  EXPECT_EQ(json["pairs"][0]["pair"], "BTC/USDT");
  EXPECT_EQ(json["pairs"][0]["comparable"], true);
  EXPECT_EQ(json["pairs"][0]["instruments"][0]["symbol"], "BTCUSDT");
  EXPECT_EQ(json["pairs"][0]["instruments"][0]["tick"], "0.01");
  EXPECT_EQ(json["pairs"][0]["instruments"][1]["venue"], "kraken");
  const std::string table = instruments_table(*universe);
  EXPECT_THAT(table, testing::HasSubstr("2 of 2 pairs can be compared"));
}

}  // namespace
}  // namespace ats::services

// Paper trading against exchanges that only give market data: no keys, no order there, and books that add up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "services/fold.hpp"
#include "services/history_file.hpp"
#include "services/live_engine.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PaperTrading : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ats-paper-" + std::to_string(::getpid()));
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    SimServerOptions options;
    options.seed = 23;
    options.pairs = simulated_pairs();
    auto sim = SimServer::start(options);
    ASSERT_TRUE(sim.ok()) << sim.error();
    sim_ = std::move(*sim);
  }
  void TearDown() override {
    live_.reset();
    sim_.reset();
    fs::remove_all(dir_);
  }

  LiveSetup setup() {
    LiveSetup setup;
    setup.title = "test";
    setup.config = default_config();
    setup.config.pairs = simulated_pairs();
    setup.config.core.paper = true;
    setup.journal_dir = dir_ / "paper";
    setup.control_socket = dir_ / "control.sock";
    setup.log = [this](const LogEntry& entry) { log_ += log_text(entry) + "\n"; };
    sim_->point(setup.config);  // the URLs; what keys there are stays behind
    std::vector<std::string> names;
    for (const SimVenue& venue : sim_->venues()) names.push_back(venue.name);
    const auto universe = simulated_universe(names, setup.config.pairs);
    for (const SimulatedFunds& f : simulated_funds(*universe)) {
      setup.config.paper.balances.push_back(
          {universe->venue(f.venue).name, universe->asset(f.asset).name, f.amount});
    }
    setup.config.paper.latency = {milliseconds(2), milliseconds(15)};
    return setup;
  }
  void start(LiveSetup with) {
    auto opened = LiveEngine::open(reactor_, std::move(with));
    ASSERT_TRUE(opened.ok()) << opened.error();
    live_ = std::move(*opened);
    live_->start();
  }
  LiveView view() {
    LiveView v;
    live_->view(v);
    return v;
  }
  template <class Condition>
  bool until(Duration limit, Condition condition) {
    const Instant end = io::OsClock::now() + limit;
    while (io::OsClock::now() < end) {
      reactor_.poll(milliseconds(5));
      if (!live_->failure().empty()) return false;
      if (condition()) return true;
    }
    return false;
  }
  std::uint64_t trades() {
    const CoreStatus core = view().core;
    return core.completed + core.unwound + core.residual;
  }
  void stop() {
    live_->ask_to_stop("test");
    ASSERT_TRUE(until(seconds(40), [&] { return live_->stopped() && live_->settled(); })) << log_;
  }
  // What the exchanges themselves say of our accounts there.
  void expect_untouched() {
    const json state = json::parse(sim_->state_json());
    std::size_t accounts = 0;
    for (const auto& [name, venue] : state["venues"].items()) {
      for (const json& account : venue["accounts"]) {
        ++accounts;
        EXPECT_TRUE(account["open_orders"].empty()) << name;
        EXPECT_TRUE(account["orders"].empty()) << name;
        EXPECT_TRUE(account["fills"].empty()) << name;
        for (const auto& [asset, balance] : account["balances"].items())
          EXPECT_EQ(Decimal::of(balance["held"].get<std::string>()), Decimal()) << name << asset;
      }
    }
    EXPECT_GT(accounts, 1u);
  }
  void expect_sound() {
    EXPECT_THAT(live_->paper_differences(), IsEmpty()) << log_;
    EXPECT_TRUE(view().core.open_executions.empty());
    EXPECT_TRUE(view().core.halts.empty()) << log_;
  }

  fs::path dir_;
  io::Reactor reactor_;
  std::unique_ptr<SimServer> sim_;
  std::unique_ptr<LiveEngine> live_;
  std::string log_;
};

TEST_F(PaperTrading, TradesCompleteTheLedgerIsThePaperExchangesAndNoVenueHasSeenAnOrder) {
  start(setup());
  ASSERT_TRUE(until(seconds(120), [&] { return trades() >= 3; })) << log_;
  EXPECT_TRUE(view().paper);
  stop();
  expect_sound();
  EXPECT_GT(view().core.fills_booked, 5u);
  EXPECT_THAT(log_, HasSubstr("PAPER"));
  ASSERT_TRUE(live_->close());
  expect_untouched();

  auto reader = io::JournalReader::open(dir_ / "paper");
  ASSERT_TRUE(reader.ok());
  core::Engine again;
  const auto folded = fold_journal(*reader, again);
  ASSERT_TRUE(folded.ok()) << folded.error().detail;
  EXPECT_FALSE(folded->difference);
  EXPECT_TRUE(folded->config.paper);
  const auto history = read_history(dir_ / "paper");
  ASSERT_TRUE(history.ok()) << history.error();
  EXPECT_TRUE(history->paper);
  EXPECT_THAT(paper_line(*history), HasSubstr("PAPER"));
  EXPECT_EQ(tell_breaks(history->history), 0);
}

TEST_F(PaperTrading, WeeksGoOnAfterARestartWithWhatTheAccountsHeldAndARunWithRealMoneyIsRefused) {
  start(setup());
  ASSERT_TRUE(until(seconds(120), [&] { return trades() >= 2; })) << log_;
  const std::uint64_t fills = view().core.fills_booked;
  live_.reset();  // without a word: as a crash leaves it
  LiveSetup again = setup();
  for (PaperBalance& b : again.config.paper.balances) b.amount = Decimal::from_int(7);
  start(std::move(again));
  EXPECT_GE(view().core.fills_booked, fills);
  const std::uint64_t before = trades();
  ASSERT_TRUE(until(seconds(120), [&] { return trades() > before; })) << log_;
  EXPECT_THAT(log_, HasSubstr("goes on with"));
  stop();
  expect_sound();
  ASSERT_TRUE(live_->close());
  expect_untouched();
  live_.reset();

  LiveSetup real = setup();
  real.config.core.paper = false;
  const auto refused = LiveEngine::open(reactor_, std::move(real));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error(), HasSubstr("is a journal of trades on paper"));
}

TEST_F(PaperTrading, BalancesThatNoVenueCouldHoldAreRefusedBeforeAnythingStarts) {
  LiveSetup none = setup();
  none.config.paper.balances.clear();
  auto refused = LiveEngine::open(reactor_, std::move(none));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error(), HasSubstr("paper.balances: name what each account begins with"));
  LiveSetup wrong = setup();
  wrong.config.paper.balances.push_back({"binance", "DOGE", Decimal::from_int(1)});
  refused = LiveEngine::open(reactor_, std::move(wrong));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error(), HasSubstr("trades DOGE on binance"));
}

}  // namespace
}  // namespace ats::services

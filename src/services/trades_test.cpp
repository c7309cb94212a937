// The commands that tell of trades and money, on journals of an engine that traded.
#include "services/trades.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/executor/testing.hpp"
#include "io/journal.hpp"
#include "services/command_line.hpp"
#include "services/pnl.hpp"
#include "services/recording_testing.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using core::testing::World;
using nlohmann::json;
using testing::HasSubstr;

class Trades : public testing::Test {
 protected:
  void SetUp() override {
    dir_ =
        fs::temp_directory_path() / ("ats-trades-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  // What the engine's process would have left behind; `more` is appended as its last action.
  void write(const World& world, const fs::path& journal, const Action* more = nullptr) {
    auto writer = io::JournalWriter::open(journal, {}, io::SyncPolicy::None);
    ASSERT_TRUE(writer.ok());
    core::Engine engine;
    DecodedEvent decoded;
    Actions actions;
    for (const auto& record : world.journal) {
      ASSERT_TRUE(decode_event(record, decoded).ok());
      world.rebind(decoded);
      ASSERT_TRUE(writer->append(decoded.event, decoded.now).ok());
      actions.clear();
      engine.on(decoded.event, decoded.now, actions);
      for (const Action& action : actions) ASSERT_TRUE(writer->append(action).ok());
    }
    if (more != nullptr) {
      ASSERT_TRUE(writer->append(*more).ok());
    }
    ASSERT_TRUE(writer->close().ok());
  }
  // One trade as it should be, and one whose sell leg is refused and whose buy leg is sold back.
  static void trade(World& w) {
    w.up();
    w.edge();
    for (const OrderRequest& order : std::vector(w.placed)) w.fill_all(order);
    w.no_edge();
    w.wait(seconds(2));
    w.clear();
    w.edge();
    ASSERT_EQ(w.placed.size(), 2u);
    const OrderRequest buy = w.placed[0];
    w.reject(w.placed[1]);
    w.fill_all(buy);
    w.no_edge();
    w.wait(milliseconds(400));
    ASSERT_EQ(w.placed.size(), 3u);
    w.fill_all(w.placed[2]);
    w.no_edge();
    w.wait(milliseconds(500));
    ASSERT_EQ(w.resolved.size(), 1u);
  }
  static json parsed(const CommandResult& result) {
    EXPECT_EQ(result.code, exit_done) << result.err;
    return json::parse(result.out, nullptr, false);
  }
  static Decimal amount(const json& line, const char* key) {
    return Decimal::of(line[key].get<std::string>());
  }
  static void expect_adds_up(const json& line) {
    EXPECT_EQ(amount(line, "quoted_edge") - amount(line, "fees") - amount(line, "slippage") -
                  amount(line, "leg_cost") + amount(line, "conversion") +
                  amount(line, "revaluation"),
              amount(line, "realised"));
  }

  fs::path dir_;
};

TEST_F(Trades, AreListedToldOneByOneAndAddUpToTheLedger) {
  World w;
  trade(w);
  write(w, dir_);
  const json list = parsed(run_words(trades_command, {dir_.string(), "--json"}));
  ASSERT_EQ(list["trades"].size(), 2u);
  const json& good = list["trades"][0];
  const json& broken = list["trades"][1];
  EXPECT_EQ(good["outcome"], "completed");
  EXPECT_EQ(good["pair"], "BTC/USDT");
  EXPECT_EQ(good["buy"], "binance");
  EXPECT_EQ(good["sell"], "kraken");
  EXPECT_EQ(good["quoted_edge_bps"], "100.00000");
  EXPECT_EQ(broken["outcome"], "unwound");
  EXPECT_GT(amount(broken, "leg_cost"), Decimal());
  for (const json& one : list["trades"]) expect_adds_up(one);

  const json pnl = parsed(run_words(pnl_command, {dir_.string(), "--json"}));
  expect_adds_up(pnl["total"]);
  EXPECT_EQ(pnl["total"]["trades"], 2);
  EXPECT_EQ(amount(pnl["total"], "realised"),
            amount(good, "realised") + amount(broken, "realised"));
  EXPECT_EQ(pnl["days"][0]["day"], "2023-11-14");
  EXPECT_TRUE(pnl["breaks"].empty());
  for (const json& asset : pnl["assets"]) {
    const AssetId id = w.universe.find_asset(asset["asset"].get<std::string>());
    EXPECT_EQ(amount(asset, "ledger"), w.ledger(w.binance, id) + w.ledger(w.kraken, id));
  }

  const json one =
      parsed(run_words(trade_command, {broken["id"].get<std::string>(), dir_.string(), "--json"}));
  EXPECT_EQ(one["books"]["buy"]["levels"][0], (json{"60000", "0.1"}));
  EXPECT_EQ(one["books"]["sell"]["state"], "valid");
  ASSERT_EQ(one["orders"].size(), 3u);
  EXPECT_EQ(one["orders"][1]["rejected"], "venue_busy");
  EXPECT_EQ(one["orders"][2]["unwind"], true);
  EXPECT_EQ(one["steps"].front()["step"], "placed");
  EXPECT_EQ(one["steps"].front()["at_us"], "0.000");
  EXPECT_EQ(one["marks"]["USDT"], "1");
}

TEST_F(Trades, AreShownToPeopleInTablesAndATimeline) {
  World w;
  trade(w);
  write(w, dir_);
  const CommandResult table = run_words(trades_command, {dir_.string()});
  EXPECT_THAT(table.out, HasSubstr("binance -> kraken"));
  EXPECT_THAT(table.out, HasSubstr("unwound"));
  const CommandResult timeline = run_words(trade_command, {"4294967298", dir_.string()});
  EXPECT_THAT(timeline.out, HasSubstr("books it saw"));
  EXPECT_THAT(timeline.out, HasSubstr("rejected venue_busy"));
  EXPECT_THAT(timeline.out, HasSubstr("= realised"));
  const CommandResult pnl = run_words(pnl_command, {dir_.string()});
  EXPECT_THAT(pnl.out, HasSubstr("2023-11-14"));
  EXPECT_THAT(pnl.out, HasSubstr("adds up"));
}

TEST_F(Trades, AreChosenByWhatIsAskedFor) {
  World w;
  trade(w);
  write(w, dir_);
  const auto found = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {dir_.string(), "--json"});
    return parsed(run_words(trades_command, words))["found"].get<int>();
  };
  EXPECT_EQ(found({"--outcome", "unwound"}), 1);
  EXPECT_EQ(found({"--outcome", "open"}), 0);
  EXPECT_EQ(found({"--pair", "BTC/USDT"}), 2);
  EXPECT_EQ(found({"--venue", "kraken"}), 2);
  EXPECT_EQ(found({"--since", "2023-11-14"}), 2);
  EXPECT_EQ(found({"--until", "2023-11-14T22:13:21Z"}), 1);
  EXPECT_EQ(found({"--since", "2s"}), 1);
  EXPECT_EQ(run_words(trades_command, {dir_.string(), "--pair", "DOGE/USDT"}).code, exit_usage);
  EXPECT_EQ(run_words(trades_command, {dir_.string(), "--outcome", "lost"}).code, exit_usage);
  EXPECT_EQ(run_words(trades_command, {dir_.string(), "--since", "yesterday"}).code, exit_usage);
  const json last = parsed(run_words(trades_command, {dir_.string(), "--limit", "1", "--json"}));
  ASSERT_EQ(last["trades"].size(), 1u);
  EXPECT_EQ(last["trades"][0]["outcome"], "unwound");
}

TEST_F(Trades, NothingFoundIsALineAndNoError) {
  World w;
  w.up();
  write(w, dir_);
  const CommandResult list = run_words(trades_command, {dir_.string()});
  EXPECT_EQ(list.code, exit_done);
  EXPECT_THAT(list.out, HasSubstr("no trade in"));
  EXPECT_EQ(run_words(trade_command, {"7", dir_.string()}).code, exit_done);
  EXPECT_THAT(run_words(pnl_command, {dir_.string()}).out, HasSubstr("no trade is finished"));
  EXPECT_EQ(run_words(pnl_command, {(dir_ / "none").string()}).code, exit_failed);
}

TEST_F(Trades, ALedgerThatDoesNotBalanceIsNamedAndEndsWithItsOwnCode) {
  World w;
  trade(w);
  Booked twice = *std::find_if(w.booked.begin(), w.booked.end(),
                               [](const Booked& b) { return b.kind == EntryKind::Fill; });
  const Action more = twice;
  write(w, dir_, &more);
  for (const auto command : {pnl_command, trades_command}) {
    const CommandResult result = run_words(command, {dir_.string()});
    EXPECT_EQ(result.code, exit_invariant);
    EXPECT_THAT(result.err, HasSubstr("break: BTC: the ledger's accounts changed by"));
    EXPECT_THAT(result.err, HasSubstr("break: USDT"));
  }
}

TEST_F(Trades, OfADataDirectoryTheJournalWrittenLastIsRead) {
  World w;
  trade(w);
  write(w, dir_ / "sim-2");
  World quiet;
  quiet.up();
  write(quiet, dir_ / "sim-1");
  const auto segment = dir_ / "sim-2" / "journal-000001.ats";
  fs::last_write_time(
      segment, fs::last_write_time(dir_ / "sim-1" / "journal-000001.ats") - std::chrono::hours(1));
  EXPECT_THAT(run_words(trades_command, {dir_.string()}).out, HasSubstr("no trade in"));
  fs::last_write_time(
      segment, fs::last_write_time(dir_ / "sim-1" / "journal-000001.ats") + std::chrono::hours(1));
  EXPECT_THAT(run_words(trades_command, {dir_.string()}).out, HasSubstr("unwound"));
}

TEST_F(Trades, ATornTailIsLeftForTheNextTime) {
  World w;
  trade(w);
  write(w, dir_);
  const auto segment = dir_ / "journal-000001.ats";
  fs::resize_file(segment, fs::file_size(segment) - 40);
  EXPECT_EQ(run_words(pnl_command, {dir_.string()}).code, exit_done);
}

}  // namespace
}  // namespace ats::services

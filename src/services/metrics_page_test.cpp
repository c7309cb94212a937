#include "services/metrics_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace ats::services {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricsPageTest : public ::testing::Test {
 protected:
  MetricsPageTest() {
    auto universe = std::make_shared<Universe>();
    kraken_ = universe->add_venue("kraken", {});
    Instrument i;
    i.venue = kraken_;
    i.base = btc_ = universe->add_asset("BTC");
    i.quote = universe->add_asset("USDT");
    i.symbol = "BTC/USDT";
    i.price_scale = 2;
    i.qty_scale = 5;
    at_kraken_ = universe->add_instrument(i);
    view_.names = universe;
    view_.role = "engine";
    view_.life = 3;
  }
  CoreStatus& engine() {
    if (!view_.engine) view_.engine.emplace();
    return view_.engine->live.core;
  }
  std::string page() const { return metrics_page(view_, {12.5, 1.7e9, 4096, 17}); }
  // Of the one series so named and labelled.
  std::string value(const std::string& series) const {
    std::istringstream lines(page());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    }
    return "none";
  }

  VenueId kraken_;
  AssetId btc_;
  InstrumentId at_kraken_;
  MonitorView view_;
};

TEST_F(MetricsPageTest, EveryProcessSaysWhatItIsAndWhatItTakes) {
  view_.alerts = {{AlertCode::LedgerBreak, Severity::Emergency, 2}};
  view_.journal_bytes = 1000;
  EXPECT_EQ(value("ats_role_info{role=\"engine\"}"), "1");
  EXPECT_EQ(value("ats_life"), "3");
  EXPECT_EQ(value("ats_ready"), "1");
  EXPECT_EQ(value("ats_journal_bytes_total"), "1000");
  EXPECT_EQ(value("process_cpu_seconds_total"), "12.5");
  EXPECT_EQ(value("process_open_fds"), "17");
  EXPECT_EQ(value("ats_alerts_open{code=\"ledger_break\",severity=\"emergency\"}"), "2");
  view_.not_ready = {"it is stopping"};
  view_.degraded = {"a", "b"};
  EXPECT_EQ(value("ats_ready"), "0");
  EXPECT_EQ(value("ats_degraded"), "2");
}

TEST_F(MetricsPageTest, BooksAreCountedByStateAndEachHasItsFaults) {
  BookStatus book;
  book.instrument = at_kraken_;
  book.state = BookState::Suspect;
  book.gaps = 4;
  book.checksums_wrong = 5;
  book.last_update = {9'000'000'000};
  engine().books = {book};
  engine().now = {10'500'000'000};
  EXPECT_EQ(value("ats_books{venue=\"kraken\",state=\"suspect\"}"), "1");
  EXPECT_EQ(value("ats_books{venue=\"kraken\",state=\"valid\"}"), "0");
  EXPECT_EQ(value("ats_book_gaps_total{venue=\"kraken\",pair=\"BTC/USDT\"}"), "4");
  EXPECT_EQ(value("ats_book_checksums_wrong_total{venue=\"kraken\",pair=\"BTC/USDT\"}"), "5");
  EXPECT_EQ(value("ats_book_age_seconds{venue=\"kraken\",pair=\"BTC/USDT\"}"), "1.5");
}

TEST_F(MetricsPageTest, EveryReasonAndEveryOutcomeHasASeriesFromTheStart) {
  engine().refused[static_cast<std::size_t>(RefuseReason::BookNotValid)] = 7;
  engine().handed_over = 1;
  EXPECT_EQ(value("ats_opportunities_refused_total{reason=\"book_not_valid\"}"), "7");
  EXPECT_EQ(value("ats_opportunities_refused_total{reason=\"edge_too_good\"}"), "0");
  EXPECT_EQ(value("ats_executions_total{outcome=\"handed_over\"}"), "1");
  EXPECT_EQ(value("ats_executions_total{outcome=\"completed\"}"), "0");
  EXPECT_EQ(value("ats_orders_open{state=\"unknown\"}"), "0");
}

TEST_F(MetricsPageTest, HistogramsAreCumulativeAndEndWithAll) {
  engine();
  for (const std::int64_t ns :
       std::initializer_list<std::int64_t>{400, 900, 1'500, 3'000'000, 7'000'000'000})
    view_.engine->decision.record(ns);
  const std::string series = "ats_stage_seconds_bucket{stage=\"decision\",le=\"";
  EXPECT_EQ(value(series + "5e-07\"}"), "1");
  EXPECT_EQ(value(series + "1e-06\"}"), "2");
  EXPECT_EQ(value(series + "2e-06\"}"), "3");
  EXPECT_EQ(value(series + "0.005\"}"), "4");
  EXPECT_EQ(value(series + "5\"}"), "4");
  EXPECT_EQ(value(series + "+Inf\"}"), "5");
  EXPECT_EQ(value("ats_stage_seconds_count{stage=\"decision\"}"), "5");
}

TEST_F(MetricsPageTest, HoldsAndLimitsSayWhereAndHowMuch) {
  HoldStatus hold;
  hold.scope = {kraken_, {}};
  hold.state = RiskState::ReduceOnly;
  LimitStatus limit;
  limit.setting.kind = LimitKind::OrderNotional;
  limit.setting.hard = Decimal::from_int(200);
  limit.known = true;
  limit.value = Decimal::from_int(50);
  limit.level = LimitLevel::Warning;
  engine().holds = {hold};
  engine().limits = {limit};
  EXPECT_EQ(value("ats_hold{scope=\"kraken\",state=\"reduce_only\",by=\"engine\"}"), "1");
  EXPECT_EQ(value("ats_limit_used_ratio{limit=\"order_notional\",scope=\"everywhere\"}"), "0.25");
  EXPECT_EQ(value("ats_limit_level{limit=\"order_notional\",scope=\"everywhere\"}"), "1");
  engine().limits[0].known = false;
  EXPECT_EQ(value("ats_limit_used_ratio{limit=\"order_notional\",scope=\"everywhere\"}"), "none");
}

TEST_F(MetricsPageTest, ABusIsShownWhereThereIsOne) {
  EXPECT_EQ(value("ats_bus_up"), "none");
  view_.bus = BusStatus{.up = true, .published = 12, .waiting = 3, .let_go = 1};
  EXPECT_EQ(value("ats_bus_up"), "1");
  EXPECT_EQ(value("ats_bus_published_total"), "12");
  EXPECT_EQ(value("ats_bus_waiting"), "3");
  EXPECT_EQ(value("ats_bus_let_go_total"), "1");
}

TEST_F(MetricsPageTest, HistoryIsShownWhereItIsWritten) {
  EXPECT_EQ(value("ats_influx_up"), "none");
  view_.history = HistoryStatus{
      .up = true, .written = 12, .waiting = 3, .waiting_bytes = 300, .dropped = 2, .refused = 1};
  EXPECT_EQ(value("ats_influx_up"), "1");
  EXPECT_EQ(value("ats_influx_points_written_total"), "12");
  EXPECT_EQ(value("ats_influx_points_waiting"), "3");
  EXPECT_EQ(value("ats_influx_waiting_bytes"), "300");
  EXPECT_EQ(value("ats_influx_points_dropped_total"), "2");
  EXPECT_EQ(value("ats_influx_points_refused_total"), "1");
}

TEST_F(MetricsPageTest, WhatALabelMayHoldBreaksNoLine) {
  view_.role = "a\"b\\c\nd";
  EXPECT_THAT(page(), HasSubstr("role=\"a\\\"b\\\\c\\nd\""));
}

TEST_F(MetricsPageTest, NoSeriesIsToldTwiceAndEachFamilyHasHelp) {
  engine().balances = {{kraken_, btc_, Decimal::from_int(1), {}, Decimal::from_int(2), true, {}}};
  view_.engine->live.venues.emplace_back().name = "kraken";
  std::istringstream lines(page());
  std::set<std::string> series, helped;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      EXPECT_TRUE(helped.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
    }
    if (line.empty() || line[0] == '#') continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_GT(series.size(), 90u);
  EXPECT_EQ(value("ats_balance_difference{venue=\"kraken\",asset=\"BTC\"}"), "1");
}

TEST_F(MetricsPageTest, TheRiskRoleShowsItsEnginesAndNoBook) {
  view_.role = "risk";
  RoleMonitorView& role = view_.office.emplace();
  role.now = {5'000'000'000};
  core::OfficeStatus::Engine west;
  west.name = EngineName("west");
  west.silent = true;
  west.heard = {3'000'000'000};
  role.office.engines = {west};
  role.office.profit = Decimal::of("-12.5");
  EXPECT_EQ(value("ats_engine_silent{engine=\"west\"}"), "1");
  EXPECT_EQ(value("ats_engine_heard_seconds{engine=\"west\"}"), "2");
  EXPECT_EQ(value("ats_pnl"), "-12.5");
  EXPECT_THAT(page(), Not(HasSubstr("ats_books")));
}

TEST_F(MetricsPageTest, OpenAlertsAreCountedByCodeAndSeverity) {
  report::AlertDesk desk;
  for (const char* asset : {"BTC", "USDT"}) {
    desk.raise({Severity::Emergency,
                AlertCode::LedgerBreak,
                {kraken_, {}},
                Text<127>("differs"),
                Text<63>(asset)},
               {});
  }
  EXPECT_THAT(count_open(desk),
              ::testing::ElementsAre(AlertCount{AlertCode::LedgerBreak, Severity::Emergency, 2}));
}

}  // namespace
}  // namespace ats::services

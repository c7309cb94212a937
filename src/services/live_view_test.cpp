#include "services/live_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ats::services {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Shown {
  Universe universe;
  LiveView view;

  Shown() {
    const VenueId binance = universe.add_venue("binance", {});
    Instrument i;
    i.venue = binance;
    i.base = universe.add_asset("BTC");
    i.quote = universe.add_asset("USDT");
    i.symbol = "BTCUSDT";
    i.price_scale = 2;
    i.qty_scale = 5;
    const InstrumentId id = universe.add_instrument(i);
    view.title = "ats run";
    view.universe = &universe;
    view.running = seconds(3725);
    view.core.now = {10'000'000'000};
    view.core.reconciled = true;
    BookStatus b;
    b.instrument = id;
    b.state = BookState::Valid;
    b.reason = BookReason::None;
    b.bid = {{6171001}, {150000}};
    b.ask = {{6171002}, {1}};
    b.last_update = {9'988'000'000};
    b.resyncs = 2;
    view.core.books = {b};
    view.core.edges = {
        {{0}, id, id, Rate::bps(12), Rate::bps(-8), RefuseReason::EdgeBelowThreshold}};
    view.core.totals = {{{1}, Decimal::of("12.345678901"), Decimal::of("0.5")}};
    view.core.pnl_reporting = Decimal::of("12.34");
    view.core.completed = 3;
    view.venues = {{"binance", true, false, 1000, 50, 1, 0, "connection lost: reset"}};
    view.news = {"first", "last"};
  }
};

TEST(Screen, ShowsBooksEdgesMoneyAndWhyNothingIsTraded) {
  Shown s;
  const std::string screen = render_screen(s.view, 140, 40);
  for (const char* part :
       {"01:02:05", "binance BTC/USDT", "61710.01", "61710.02", "12 ms", "+12.0", "-8.0",
        "edge_below_threshold", "12.34", "active", "connection lost: reset", "last"}) {
    EXPECT_THAT(screen, HasSubstr(part));
  }
}

TEST(Screen, AHaltIsSeenAtOnce) {
  Shown s;
  s.view.core.halts = {Scope{}};
  EXPECT_THAT(render_screen(s.view, 120, 40), HasSubstr("HALTED"));
}

TEST(Screen, NeverExceedsTheTerminal) {
  Shown s;
  s.view.news.assign(200, std::string(500, 'x'));
  for (const auto& [width, height] : {std::pair{40, 10}, {80, 24}, {200, 60}}) {
    const std::string screen = render_screen(s.view, width, height);
    int lines = 1, column = 0;
    bool escape = false;
    for (const char c : screen) {
      if (c == '\n')
        ++lines, column = 0;
      else if (c == '\x1b')
        escape = true;
      else if (escape)
        escape = !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
      else if (c != '\r' && (static_cast<unsigned char>(c) & 0xC0) != 0x80) {
        EXPECT_LE(++column, width);
      }
    }
    EXPECT_EQ(lines, height);
  }
}

TEST(Screen, ABookThatWasAskedForByRestIsMarkedAsSuch) {
  Shown s;
  s.view.core.books[0].state = BookState::Polled;
  s.view.core.books[0].reason = BookReason::Disconnected;
  EXPECT_THAT(render_screen(s.view, 140, 40), HasSubstr("polled"));
  s.view.core.books[0].polls = 7;
  const auto book = nlohmann::json::parse(status_json(s.view))["books"][0];
  EXPECT_EQ(book["state"], "polled");
  EXPECT_EQ(book["source"], "polled");
  EXPECT_EQ(book["reason"], "disconnected");
  EXPECT_EQ(book["polls"], 7);
  EXPECT_EQ(book["age_ms"], 12);
}

TEST(StatusJson, MoneyAndPricesAreExactText) {
  Shown s;
  const auto j = nlohmann::json::parse(status_json(s.view));
  EXPECT_EQ(j["books"][0]["bid"][0], "61710.01");
  EXPECT_EQ(j["books"][0]["bid"][1], "1.50000");
  EXPECT_EQ(j["books"][0]["source"], "stream");
  EXPECT_EQ(j["pnl"]["USDT"], "12.345678901");
  EXPECT_EQ(j["fees"]["USDT"], "0.5");
  EXPECT_EQ(j["executions"]["completed"], 3);
  EXPECT_EQ(j["venues"]["binance"]["resyncs"], 2);
  EXPECT_FALSE(j["venues"]["binance"]["books_proved_by"]["sequence"].get<std::string>().empty());
}

}  // namespace
}  // namespace ats::services

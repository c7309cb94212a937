#include "services/bus_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/bus_messages.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

class BusFeedTest : public ::testing::Test {
 protected:
  BusFeedTest() {
    kraken_ = universe_.add_venue("kraken", {});
    Instrument i;
    i.venue = kraken_;
    i.base = universe_.add_asset("BTC");
    i.quote = usdt_ = universe_.add_asset("USDT");
    i.symbol = "BTC/USDT";
    i.price_scale = 2;
    i.qty_scale = 4;
    at_kraken_ = universe_.add_instrument(i);
    pair_ = universe_.instrument(at_kraken_).pair;
  }
  void begin(BusFeed& feed, std::uint32_t life, std::int64_t ms) {
    feed.on(Started{life, WallTime{ms * 1'000'000}, &universe_, &config_}, Instant{}, {}, out_);
  }
  OrderFilled fill(std::string_view id, std::string_view fee = "0.5") const {
    OrderFilled filled;
    filled.fill.order = make_order_id(1, 7);
    filled.fill.instrument = at_kraken_;
    filled.fill.id = FillId(id);
    filled.fill.price = {6'100'012};
    filled.fill.quantity = {5'000};
    filled.fill.fee = Decimal::of(fee);
    filled.fill.fee_asset = usdt_;
    return filled;
  }
  static Actions booking(std::string_view id, EntryKind kind = EntryKind::Fill) {
    Booked entry;
    entry.kind = kind;
    entry.fill = FillId(id);
    return {entry};
  }
  static json message(const BusItem& item) {
    const auto read = read_bus_message(item.bytes);
    return read ? json::parse(read->json) : json();
  }

  Universe universe_;
  CoreConfig config_;
  VenueId kraken_;
  AssetId usdt_;
  InstrumentId at_kraken_;
  PairId pair_;
  std::vector<BusItem> out_;
};

TEST_F(BusFeedTest, AFillIsToldOnceWhenItIsBookedWithItsExactNumbers) {
  BusFeed feed("west");
  begin(feed, 1, 1'790'000'000'123);
  feed.on(fill("T1"), Instant{}, booking("T1"), out_);
  feed.on(fill("T1"), Instant{}, {}, out_);
  ASSERT_EQ(out_.size(), 1u) << "told twice, booked once";
  EXPECT_EQ(out_[0].stream, BusStream::Fill);
  EXPECT_EQ(out_[0].number, 1u);
  EXPECT_EQ(out_[0].channel, "ats.v1.fill.kraken.BTC/USDT");
  const json told = message(out_[0]);
  EXPECT_EQ(told["source"], "west");
  EXPECT_EQ(told["journal"], "1790000000123");
  EXPECT_EQ(told["fill"]["price"], "61000.12");
  EXPECT_EQ(told["fill"]["quantity"], "0.5");
  EXPECT_EQ(told["fill"]["fee"], "0.5");
  EXPECT_EQ(told["fill"]["liquidity"], "taker");
  EXPECT_EQ(told["fill"]["order_id"], std::string(client_order_id(make_order_id(1, 7)).view()));
}

TEST_F(BusFeedTest, AFillOfSomebodyElseHasNoOrderOfOurs) {
  BusFeed feed("west");
  begin(feed, 1, 1000);
  feed.on(ForeignFill{VenueOrderId("O1"), fill("T2").fill, {}}, Instant{},
          booking("T2", EntryKind::ForeignFill), out_);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_FALSE(message(out_[0])["fill"].contains("order_id"));
}

TEST_F(BusFeedTest, ATradeIsToldWhenItIsOverAndAQuoteThatWasTakenBackIsNone) {
  BusFeed feed("west");
  begin(feed, 1, 1000);
  ExecutionResolved done{};
  done.execution = {42};
  done.pair = pair_;
  done.outcome = ExecutionOutcome::Unfilled;
  feed.on(Timer{WallTime{5'000'000'000}}, Instant{}, {done}, out_);
  EXPECT_TRUE(out_.empty());
  done.outcome = ExecutionOutcome::Unwound;
  done.realised = Decimal::of("-1.25");
  feed.on(Timer{WallTime{6'000'000'000}}, Instant{}, {done}, out_);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].number, 1u);
  EXPECT_EQ(out_[0].channel, "ats.v1.execution.all.BTC/USDT");
  const json told = message(out_[0]);
  EXPECT_EQ(told["execution"]["outcome"], "unwound");
  EXPECT_EQ(told["execution"]["realised"], "-1.25");
  EXPECT_EQ(told["at"], "1970-01-01T00:00:06Z");
}

TEST_F(BusFeedTest, ARestartGivesTheSameMessagesTheSameNumbersAndTheSameBytes) {
  const auto first_life = [&](BusFeed& feed) {
    begin(feed, 1, 1);
    feed.on(fill("T1"), Instant{}, booking("T1"), out_);
    feed.on(fill("T2"), Instant{}, booking("T2"), out_);
  };
  BusFeed then("west");
  first_life(then);
  const std::vector<BusItem> told = std::exchange(out_, {});
  BusFeed now("west");
  first_life(now);
  begin(now, 2, 9000);
  now.on(fill("T3"), Instant{}, booking("T3"), out_);
  ASSERT_EQ(out_.size(), 3u);
  for (std::size_t n = 0; n < 2; ++n) EXPECT_EQ(out_[n].bytes, told[n].bytes);
  EXPECT_EQ(out_[2].number, 3u);
  EXPECT_EQ(message(out_[2])["life"], 2);
  EXPECT_EQ(now.journal(), 1u) << "of the first life: ms since 1970";
}

Alert alert(Severity severity, AlertCode code, std::string_view message, bool over = false) {
  Alert out{severity, code, {}, Text<127>(message)};
  out.over = over;
  return out;
}

TEST_F(BusFeedTest, AnAlertIsToldWhenItComesUpWhenItIsSeenAndWhenItIsOver) {
  BusFeed feed("west");
  begin(feed, 1, 1000);
  Alert low = alert(Severity::Critical, AlertCode::Lease, "none is live");
  low.scope.venue = kraken_;
  feed.on(Timer{WallTime{5'000'000'000}}, Instant{}, {low}, out_);
  AcknowledgeCommand seen;
  seen.alert = 1;
  seen.who = "ada";
  seen.reason = "on it";
  feed.on(CommandReceived{seen}, Instant{}, {}, out_);
  low.over = true;
  low.message = "one is live";
  feed.on(Timer{WallTime{6'000'000'000}}, Instant{}, {low}, out_);
  ASSERT_EQ(out_.size(), 3u);
  std::vector<report::Notice> told;
  for (const BusItem& item : out_) {
    EXPECT_EQ(item.stream, BusStream::Alert);
    told.push_back(read_notice(item.bytes).value());
  }
  using What = report::Notice::What;
  EXPECT_EQ(out_[0].channel, "ats.v1.alert.kraken.all");
  EXPECT_EQ(told[0].what, What::New);
  EXPECT_EQ(told[0].alert, 1u);
  EXPECT_EQ(told[0].severity, Severity::Critical);
  EXPECT_EQ(told[0].category, "lease");
  EXPECT_EQ(told[0].scope, "kraken");
  EXPECT_EQ(told[0].at.ns_utc, 5'000'000'000);
  EXPECT_TRUE(told[0].open);
  EXPECT_EQ(told[1].what, What::Acknowledged);
  EXPECT_EQ(told[1].message, "acknowledged by ada: on it");
  EXPECT_TRUE(told[1].open) << "seen, not over";
  EXPECT_EQ(told[2].what, What::Over);
  EXPECT_EQ(told[2].ends, std::vector<std::uint64_t>{1});
  EXPECT_EQ(told[2].number, 3u);
}

TEST_F(BusFeedTest, ThatAnOrderWasAnsweredAtLastIsAnAllClearAsWell) {
  BusFeed feed("west");
  begin(feed, 1, 1000);
  Alert unknown = alert(Severity::Warning, AlertCode::OrderUnknown, "no answer");
  const OrderId order = make_order_id(1, 7);
  unknown.subject = Text<63>(client_order_id(order).view());
  feed.on(Timer{WallTime{5'000'000'000}}, Instant{}, {unknown}, out_);
  OrderNotFound gone{};
  gone.order = order;
  feed.on(gone, Instant{}, {}, out_);
  ASSERT_EQ(out_.size(), 2u);
  const auto over = read_notice(out_[1].bytes).value();
  EXPECT_EQ(over.what, report::Notice::What::Over);
  EXPECT_EQ(over.ends, std::vector<std::uint64_t>{1});
}

TEST_F(BusFeedTest, HoweverManyComeAtOnceEachAlertIsToldAndRepeatsAreNot) {
  BusFeed feed("west");
  begin(feed, 1, 1000);
  Actions storm;
  for (int n = 0; n < 100; ++n) {
    Alert one = alert(Severity::Warning, AlertCode::FillMismatch, "differs");
    one.subject = Text<63>(std::to_string(n));
    storm.push_back(one);
  }
  storm.push_back(alert(Severity::Emergency, AlertCode::LedgerBreak, "all is lost"));
  feed.on(Timer{WallTime{5'000'000'000}}, Instant{}, storm, out_);
  EXPECT_EQ(out_.size(), 101u);
  for (int n = 1; n < 100; ++n)
    feed.on(Timer{WallTime{(5 + 30 * n) * 1'000'000'000LL}}, Instant{seconds(30 * n).ns}, {}, out_);
  EXPECT_EQ(out_.size(), 101u);
}

TEST_F(BusFeedTest, WhatNoJournalHasIsNumberedFromTheStartOfTheProcess) {
  BusFeed feed("west");
  begin(feed, 3, 1000);
  feed.begin_notices(WallTime{77'000'000'000});
  feed.say(alert(Severity::Emergency, AlertCode::JournalFailed, "disk full"), WallTime{78}, out_);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].stream, BusStream::Notice);
  EXPECT_EQ(feed.epoch(BusStream::Notice), 77'000u);
  EXPECT_EQ(feed.epoch(BusStream::Alert), 1000u);
  const auto told = read_notice(out_[0].bytes).value();
  EXPECT_EQ(told.journal, 77'000u);
  EXPECT_EQ(told.category, "journal_failed");
  EXPECT_FALSE(told.open);
}

TEST_F(BusFeedTest, AQuoteSaysWhetherItMayBeTradedOn) {
  BookStatus book;
  book.instrument = at_kraken_;
  book.state = BookState::Suspect;
  book.reason = BookReason::Crossed;
  book.bid = {{6'100'000}, {10'000}};
  const auto read = read_bus_message(bus_message({"west", 5, 1, 9, {}}, book, universe_));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 9u);
  const json quote = json::parse(read->json)["quote"];
  EXPECT_EQ(quote["state"], "suspect");
  EXPECT_EQ(quote["reason"], "crossed");
  EXPECT_EQ(quote["bid"], "61000");
  EXPECT_EQ(quote["bid_quantity"], "1");
  EXPECT_FALSE(quote.contains("ask")) << "that side is empty";
}

TEST_F(BusFeedTest, WhatIsNoMessageOfOursIsSaidSo) {
  EXPECT_FALSE(read_bus_message(""));
  EXPECT_FALSE(read_bus_message("not protobuf at all"));
}

}  // namespace
}  // namespace ats::services

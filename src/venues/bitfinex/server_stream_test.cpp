#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "venues/bitfinex/decoder.hpp"
#include "venues/bitfinex/testing_model_book.hpp"
#include "venues/bitfinex/testing_server.hpp"

namespace ats::venues::bitfinex {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// --- the public stream ---

TEST_F(BitfinexServerTest, greetsThenTellsChannelsThenSendsTheBook) {
  server.on_open(1, "/ws/2", out);
  EXPECT_THAT(out.take(1), ElementsAre(testing::AllOf(HasSubstr(R"("event":"info","version":2)"),
                                                      HasSubstr(R"("platform":{"status":1})"))));
  say(1, subscribe_book);
  EXPECT_THAT(
      out.take(1),
      ElementsAre(
          R"({"event":"subscribed","channel":"book","chanId":200000,"symbol":"tBTCUST","prec":"P0","freq":"F0","len":"25","subId":9,"pair":"BTCUST"})",
          "[200000,[[29999,1,1],[29998,1,2],[30000,1,-1],[30001,1,-2]]]"));
  say(1, R"({"event":"subscribe","channel":"trades","symbol":"tBTCUST"})");
  EXPECT_THAT(
      out.take(1),
      ElementsAre(
          R"({"event":"subscribed","channel":"trades","chanId":200001,"symbol":"tBTCUST","pair":"BTCUST"})",
          "[200001,[]]"));
  say(1, R"({"event":"subscribe","channel":"ticker","symbol":"tBTCUST"})");
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr("ticker"), StartsWith("[200002,[29999,3,")));
  say(1, R"({"event":"unsubscribe","chanId":200000})");
  EXPECT_THAT(out.take(1),
              ElementsAre(R"({"event":"unsubscribed","status":"OK","chanId":200000})"));
  say(1, R"({"event":"ping","cid":1234})");
  EXPECT_THAT(out.take(1), ElementsAre(R"({"event":"pong","ts":1700000000000,"cid":1234})"));
}

TEST_F(BitfinexServerTest, refusesSubscriptionsByCode) {
  open(1);
  const auto refused = [this](const std::string& frame) {
    say(1, frame);
    const auto frames = out.take(1);
    EXPECT_THAT(frames, SizeIs(1));
    const std::size_t at = frames[0].find(R"("code":)");
    return at == std::string::npos ? std::string() : frames[0].substr(at + 7, 5);
  };
  const auto book = [](const char* symbol, const char* more) {
    return std::string(R"({"event":"subscribe","channel":"book","symbol":")") + symbol + "\"" +
           more + "}";
  };
  EXPECT_EQ(refused(book("tNOPE", "")), "10300");
  EXPECT_EQ(refused(book("tBTCUST", R"(,"prec":"P7")")), "10011");
  EXPECT_EQ(refused(book("tBTCUST", R"(,"len":"26")")), "10012");
  EXPECT_EQ(refused(R"({"event":"subscribe","channel":"weather","symbol":"tBTCUST"})"), "10302");
  EXPECT_EQ(refused(R"({"event":"unsubscribe","chanId":5})"), "10401");
  EXPECT_EQ(refused(R"({"event":"conf"})"), "10050");
  EXPECT_EQ(refused(R"({"event":"dance"})"), "10000");
  EXPECT_EQ(refused("{damaged"), "10000");
  EXPECT_EQ(refused(R"([0,"on",null,{}])"), "10200");
  EXPECT_EQ(refused(R"([5,"on",null,{}])"), "10000");
  say(1, book("tBTCUST", ""));
  out.take(1);
  EXPECT_EQ(refused(book("tBTCUST", R"(,"len":"25","prec":"P0")")), "10301");
  std::size_t channels = 1;
  for (const char* precision : {"P0", "P1", "P2", "P3", "P4", "R0"}) {
    for (const char* length : {"1", "25", "100", "250"}) {
      for (const char* symbol : {"tBTCUST", "tDOGE:USD"}) {
        if (channels == 25) break;
        say(1,
            book(symbol, (std::string(R"(,"prec":")") + precision + R"(","len":")" + length + "\"")
                             .c_str()));
        channels += out.take(1).size() == 2 ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(channels, 25u);
  EXPECT_EQ(refused(R"({"event":"subscribe","channel":"trades","symbol":"tBTCUST"})"), "10305");
}

TEST_F(BitfinexServerTest, numbersEveryDataFrameOfAConnectionOverAllChannels) {
  open(1, "98304");  // numbers and times
  say(1, subscribe_book);
  say(1, R"({"event":"subscribe","channel":"trades","symbol":"tBTCUST"})");
  exchange.set_level(exchange.btc(), Side::Buy, 2999900, 5);
  flush();
  exchange.time = exchange.time + seconds(15);
  server.on_tick(out);
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(7));
  EXPECT_THAT(frames[1], testing::EndsWith(",1,1700000000000]"));
  EXPECT_THAT(frames[3], "[200001,[],2,1700000000000]");
  EXPECT_THAT(frames[4], "[200000,[29999,1,5e-8],3,1700000000000]");
  EXPECT_THAT(frames[5], R"([200000,"hb",4,1700000015000])");
  EXPECT_THAT(frames[6], R"([200001,"hb",5,1700000015000])");
  server.on_tick(out);
  EXPECT_THAT(out.take(1), IsEmpty());
}

TEST_F(BitfinexServerTest, tellsWhatGoesBeforeWhatComesAndTheChecksumAfterIt) {
  open(1, "131072");
  say(1, R"({"event":"subscribe","channel":"book","symbol":"tBTCUST","len":"1"})");
  out.take(1);
  exchange.set_level(exchange.btc(), Side::Sell, 2999950, 300000000);
  flush();
  const BookImage image = exchange.book(exchange.btc(), 1);
  const auto sum = static_cast<std::int32_t>(book_checksum({image.bids, image.asks, 2, 8}));
  EXPECT_THAT(out.take(1), ElementsAre("[200000,[30000,0,-1]]", "[200000,[29999.5,1,-3]]",
                                       R"([200000,"cs",)" + std::to_string(sum) + "]"));
}

TEST_F(BitfinexServerTest, updatesRebuildTheBookAtEveryLengthWithTheRightChecksum) {
  Rng rng(11);
  struct Reader {
    Reader(const TestExchange& e) : decoder(e.venue(), e.universe()), sink(e.universe()) {}
    Decoder decoder;
    ModelSink sink;
    std::size_t length = 0;
  };
  std::map<SessionId, std::unique_ptr<Reader>> readers;
  SessionId next = 1;
  for (const int length : {25, 100, 25, 1}) {
    readers[next] = std::make_unique<Reader>(exchange);
    readers[next]->length = static_cast<std::size_t>(length);
    open(next, "229376");
    say(next, R"({"event":"subscribe","channel":"book","symbol":"tBTCUST","len":")" +
                  std::to_string(length) + R"("})");
    for (int i = 0; i < 300; ++i) {
      const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
      const std::int64_t away = 50 * rng.between(1, 60);
      const std::int64_t price = side == Side::Buy ? 2999950 - away : 2999950 + away;
      exchange.set_level(exchange.btc(), side, price,
                         rng.one_in(3) ? 0 : rng.between(1, 1'000'000'000));
      if (rng.one_in(2)) flush();
    }
    flush();
    ++next;
  }
  for (auto& [id, reader] : readers) {
    std::size_t longest = 0;
    for (const std::string& frame : out.take(id)) {
      ASSERT_EQ(reader->decoder.on_frame(frame, Instant{}, reader->sink), FrameOutcome::Decoded)
          << frame;
      for (const auto& [instrument, book] : reader->sink.books)
        longest = std::max({longest, book.bids.size(), book.asks.size()});
    }
    EXPECT_LE(longest, reader->length);  // at every moment, without being cut by the reader
    EXPECT_EQ(reader->sink.wrong, 0u);
    EXPECT_GE(reader->sink.right, 10u);
    EXPECT_TRUE(reader->sink.faults.empty());
    EXPECT_EQ(reader->sink.snapshots, 1u);
    const BookImage image = exchange.book(exchange.btc(), reader->length);
    const ModelBook& book = reader->sink.books[exchange.btc()];
    EXPECT_EQ(ModelBook::all(book.bids), image.bids);
    EXPECT_EQ(ModelBook::all(book.asks), image.asks);
    EXPECT_LE(reader->decoder.declined(), 2u);  // events
  }
}

TEST_F(BitfinexServerTest, knowsWhichFramesAreChangesOfABook) {
  open(1, "131072");
  say(1, subscribe_book);
  say(1, R"({"event":"subscribe","channel":"ticker","symbol":"tBTCUST"})");
  out.take(1);
  EXPECT_TRUE(server.is_book_delta("[200000,[29999,1,0.5],7]"));
  EXPECT_TRUE(server.is_book_delta("[200000,[29999,0,1]]"));
  EXPECT_FALSE(server.is_book_delta("[200000,[[29999,1,0.5]],7]"));  // the snapshot
  EXPECT_FALSE(server.is_book_delta("[200000,[]]"));
  EXPECT_FALSE(server.is_book_delta("[200001,[29999,1,0.5]]"));  // a ticker
  EXPECT_FALSE(server.is_book_delta(R"([200000,"cs",5])"));
  EXPECT_FALSE(server.is_book_delta(R"([200000,"hb"])"));
  EXPECT_FALSE(server.is_book_delta(R"({"event":"pong"})"));
  EXPECT_FALSE(server.is_book_delta(""));
}

TEST_F(BitfinexServerTest, tellsRawBooksOrderByOrder) {
  open(1);
  say(1, R"({"event":"subscribe","channel":"book","symbol":"tBTCUST","prec":"R0"})");
  Decoder decoder(exchange.venue(), exchange.universe());
  ModelSink sink(exchange.universe());
  for (const std::int64_t quantity : {5, 0, 7}) {
    exchange.set_level(exchange.btc(), Side::Buy, 2999900, quantity);
    exchange.set_level(exchange.btc(), Side::Sell, 3000500, quantity);
    flush();
  }
  for (const std::string& frame : out.take(1))
    ASSERT_EQ(decoder.on_frame(frame, Instant{}, sink), FrameOutcome::Decoded) << frame;
  const BookImage image = exchange.book(exchange.btc(), 25);
  EXPECT_EQ(ModelBook::all(sink.books[exchange.btc()].bids), image.bids);
  EXPECT_EQ(ModelBook::all(sink.books[exchange.btc()].asks), image.asks);
}

TEST_F(BitfinexServerTest, corruptsOneChecksumWhenToldTo) {
  open(1, "131072");
  say(1, subscribe_book);
  server.set_fault(ServerFault::BadChecksum, true);
  for (const std::int64_t quantity : {5, 6, 7}) {
    exchange.set_level(exchange.btc(), Side::Buy, 2999900, quantity);
    flush();
  }
  Decoder decoder(exchange.venue(), exchange.universe());
  ModelSink sink(exchange.universe());
  for (const std::string& frame : out.take(1)) decoder.on_frame(frame, Instant{}, sink);
  EXPECT_EQ(sink.wrong, 1u);
  EXPECT_EQ(sink.right, 2u);
}

TEST_F(BitfinexServerTest, maintenanceIsToldAndEndsEverySubscription) {
  open(1);
  say(1, subscribe_book);
  out.take(1);
  server.set_fault(ServerFault::Maintenance, true);
  server.set_fault(ServerFault::Maintenance, true);
  server.on_tick(out);
  server.on_tick(out);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("code":20060)")));
  EXPECT_EQ(get("/v2/platform/status"), "[0]");
  EXPECT_EQ(post("w/order/submit", submit_body), R"(["error",20060,"maintenance"])");
  server.set_fault(ServerFault::Maintenance, false);
  server.on_tick(out);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("code":20061)")));
  exchange.set_level(exchange.btc(), Side::Buy, 2999900, 5);
  flush();
  EXPECT_THAT(out.take(1), IsEmpty());
  say(1, subscribe_book);
  EXPECT_THAT(out.take(1), SizeIs(2));
}

}  // namespace
}  // namespace ats::venues::bitfinex

#include "venues/upbit/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/testing_shared.hpp"
#include "domain/codec.hpp"
#include "venues/testing_recordings.hpp"
#include "venues/upbit/markets.hpp"
#include "venues/upbit/metadata.hpp"
#include "venues/upbit/testing_sink.hpp"

namespace ats::venues::upbit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view book_frame =
    R"({"type":"orderbook","code":"KRW-BTC","timestamp":1746601573804,"total_ask_size":4.79158413,"total_bid_size":2.65609625,"orderbook_units":[{"ask_price":137002000,"bid_price":137001000,"ask_size":0.10623869,"bid_size":0.03656812},{"ask_price":137003000.0,"bid_price":137000000,"ask_size":7.9276E-4,"bid_size":2}],"stream_type":"SNAPSHOT","level":0})";
constexpr std::string_view simple_book_frame =
    R"({"ty":"orderbook","cd":"KRW-BTC","tms":1746601573804,"tas":4.79158413,"tbs":2.65609625,"obu":[{"ap":137002000,"bp":137001000,"as":0.10623869,"bs":0.03656812},{"ap":137003000.0,"bp":137000000,"as":7.9276E-4,"bs":2}],"st":"REALTIME","lv":0})";
constexpr std::string_view tiny_book_frame =
    R"({"ty":"orderbook","cd":"BTC-PAX","tms":1618678262640,"tas":1.0E+3,"tbs":2,"obu":[{"ap":1.1E-7,"bp":9E-8,"as":123456789.12345678,"bs":1.5e+9}],"st":"REALTIME"})";
constexpr std::string_view trade_frame =
    R"({"type":"trade","code":"KRW-BTC","timestamp":1787000000123,"trade_date":"2026-08-26","trade_time":"09:37:36","trade_timestamp":1787000000100,"trade_price":147058000,"trade_volume":8.428e-05,"ask_bid":"ASK","prev_closing_price":146852000.00000000,"change":"RISE","change_price":206000,"sequential_id":17870000001000000,"best_ask_price":147060000,"best_ask_size":0.044,"best_bid_price":147058000,"best_bid_size":0.012,"stream_type":"REALTIME"})";
constexpr std::string_view simple_trade_frame =
    R"({"ty":"trade","cd":"BTC-PAX","tms":1618678262712,"td":"2021-04-17","ttm":"16:51:02","ttms":1618678262000,"tp":9.9E-7,"tv":46.48838371,"ab":"BID","pcp":123.00000000,"c":"RISE","cp":6E-8,"sid":1618678262000003,"st":"REALTIME"})";

// The events of one frame, in the journal's bytes.
struct ByteSink final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{}, bytes); }
  std::vector<std::byte> bytes;
};

std::string with(std::string_view frame, std::string_view from, std::string_view to) {
  std::string changed(frame);
  changed.replace(changed.find(from), from.size(), to);
  return changed;
}

class UpbitDecoder : public testing::Test {
 protected:
  UpbitDecoder() {
    venue = universe.add_venue("upbit", {});
    btc = *add_instrument("BTC", "KRW", 1'000 * pow10(finest_scale), venue, universe);
    pax = *add_instrument("PAX", "BTC", 1, venue, universe);
  }
  // Outcome and events of one frame by either route.
  std::pair<FrameOutcome, std::vector<std::byte>> decode(std::string_view frame, Route route) {
    Decoder decoder(venue, universe, route);
    ByteSink sink;
    const FrameOutcome outcome = decoder.on_frame(frame, Instant{5}, sink);
    return {outcome, sink.bytes};
  }
  FrameOutcome outcome(std::string_view frame) {
    const auto scanned = decode(frame, Route::ScanFirst);
    EXPECT_EQ(scanned, decode(frame, Route::ReaderOnly)) << frame;
    return scanned.first;
  }
  KeepingSink told(std::string_view frame) {
    Decoder decoder(venue, universe);
    KeepingSink sink;
    decoder.on_frame(frame, Instant{77}, sink);
    return sink;
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc, pax;
};

TEST_F(UpbitDecoder, givesEveryBookMessageAsAWholeBook) {
  for (const std::string_view frame : {book_frame, simple_book_frame}) {
    for (const Route route : {Route::ScanFirst, Route::ReaderOnly}) {
      Decoder decoder(venue, universe, route);
      KeepingSink sink;
      ASSERT_EQ(decoder.on_frame(frame, Instant{77}, sink), FrameOutcome::Decoded);
      EXPECT_EQ(decoder.declined(), 0u);
      ASSERT_EQ(sink.count, 1u);
      const KeptBook& book = sink.books.front();
      EXPECT_EQ(book.event.instrument, btc);
      EXPECT_EQ(book.event.last, 1746601573804u);
      EXPECT_EQ(book.event.times.venue_time, wall_from_ms(1746601573804));
      EXPECT_EQ(book.event.times.recv_time, Instant{77});
      EXPECT_FALSE(book.event.checksum.has_value());
      EXPECT_THAT(book.asks,
                  ElementsAre(Level{{137002000}, {10623869}}, Level{{137003000}, {79276}}));
      EXPECT_THAT(book.bids,
                  ElementsAre(Level{{137001000}, {3656812}}, Level{{137000000}, {200000000}}));
    }
  }
}

TEST_F(UpbitDecoder, takesPricesWithExponentsToTheLastUnit) {
  EXPECT_EQ(outcome(tiny_book_frame), FrameOutcome::Decoded);
  Decoder decoder(venue, universe);
  KeepingSink sink;
  decoder.on_frame(tiny_book_frame, Instant{}, sink);
  EXPECT_EQ(decoder.declined(), 0u);
  ASSERT_THAT(sink.books, SizeIs(1));
  ASSERT_THAT(sink.books, SizeIs(1));
  EXPECT_THAT(sink.books[0].asks, ElementsAre(Level{{11}, {12345678912345678}}));
  EXPECT_EQ(decoder.on_frame(with(tiny_book_frame, "9E-8", "1E-8"), Instant{}, sink),
            FrameOutcome::Decoded);
  EXPECT_THAT(sink.books[1].bids, ElementsAre(Level{{1}, {150000000000000000}}));
  EXPECT_EQ(outcome(with(tiny_book_frame, "9E-8", "9.9E-8")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(book_frame, "137002000,", "1.37002E+8,")), FrameOutcome::Decoded);
  EXPECT_EQ(decode(with(book_frame, "137002000,", "1.37002E+8,"), Route::ScanFirst),
            decode(book_frame, Route::ScanFirst));
}

TEST_F(UpbitDecoder, givesPrintsWithTheTakersSide) {
  for (const Route route : {Route::ScanFirst, Route::ReaderOnly}) {
    Decoder decoder(venue, universe, route);
    KeepingSink sink;
    ASSERT_EQ(decoder.on_frame(trade_frame, Instant{}, sink), FrameOutcome::Decoded);
    ASSERT_EQ(decoder.on_frame(simple_trade_frame, Instant{}, sink), FrameOutcome::Decoded);
    EXPECT_EQ(decoder.declined(), 0u);
    ASSERT_THAT(sink.trades, SizeIs(2));
    EXPECT_EQ(sink.trades[0].instrument, btc);
    EXPECT_EQ(sink.trades[0].taker_side, Side::Sell);
    EXPECT_EQ(sink.trades[0].price, Price{147058000});
    EXPECT_EQ(sink.trades[0].quantity, Quantity{8428});
    EXPECT_EQ(sink.trades[0].id.view(), "17870000001000000");
    EXPECT_EQ(sink.trades[0].times.venue_time, wall_from_ms(1787000000100));
    EXPECT_EQ(sink.trades[1].instrument, pax);
    EXPECT_EQ(sink.trades[1].taker_side, Side::Buy);
    EXPECT_EQ(sink.trades[1].price, Price{99});
  }
}

TEST_F(UpbitDecoder, readsListsOfMessages) {
  const std::string list = "[" + std::string(simple_book_frame) + "," +
                           std::string(simple_trade_frame) + "," + std::string(tiny_book_frame) +
                           R"(,{"status":"UP"}])";
  EXPECT_EQ(outcome(list), FrameOutcome::Decoded);
  const KeepingSink sink = told(list);
  ASSERT_THAT(sink.books, SizeIs(2));
  EXPECT_EQ(sink.books[0].asks.size(), 2u);
  EXPECT_EQ(sink.books[1].event.instrument, pax);
  EXPECT_EQ(sink.books[1].asks.size(), 1u);
  EXPECT_EQ(sink.trades.size(), 1u);
  EXPECT_EQ(sink.heartbeats, 1u);
  // All must be sound before one counts; strangers do not matter.
  EXPECT_EQ(outcome(with(list, "46.48838371", "x")), FrameOutcome::Malformed);
  EXPECT_THAT(told(with(list, "46.48838371", "-1")).books, IsEmpty());
  EXPECT_EQ(outcome(with(list, "BTC-PAX", "BTC-NIX")), FrameOutcome::Decoded);
  EXPECT_EQ(outcome("[]"), FrameOutcome::Malformed);
}

TEST_F(UpbitDecoder, readsAnyOtherShapeOfTheSameFrameAlike) {
  const std::string_view spaced =
      R"( { "level":0.0, "orderbook_units" : [ {"bid_size":3656812e-8,"ask_size":0.106238690, "bid_price":137001000 , "ask_price":1.37002e8},
      {"ask_price":137003000,"bid_price":137000000,"ask_size":0.00079276,"bid_size":2.0, "more":[{}]} ],
      "timestamp": 1746601573804, "type":"orderbook", "code":"KRW\u002dBTC" } )";
  EXPECT_EQ(decode(spaced, Route::ScanFirst), decode(book_frame, Route::ScanFirst));
  EXPECT_EQ(decode(spaced, Route::ReaderOnly), decode(book_frame, Route::ScanFirst));
  // The depth that was asked for may stand in the code.
  for (const Route route : {Route::ScanFirst, Route::ReaderOnly})
    EXPECT_EQ(decode(with(book_frame, "KRW-BTC", "KRW-BTC.15"), route),
              decode(book_frame, Route::ScanFirst));
}

TEST_F(UpbitDecoder, leavesOutTheSideThatHasNothingAtADepth) {
  const std::string frame = with(book_frame, R"("bid_price":137000000)", R"("bid_price":0)");
  EXPECT_EQ(outcome(frame), FrameOutcome::NumberFault);
  const std::string empty = with(frame, R"("bid_size":2)", R"("bid_size":0)");
  EXPECT_EQ(outcome(empty), FrameOutcome::Decoded);
  ASSERT_THAT(told(empty).books, SizeIs(1));
  EXPECT_THAT(told(empty).books[0].bids, SizeIs(1));
  EXPECT_THAT(told(empty).books[0].asks, SizeIs(2));
  const std::string none =
      R"({"type":"orderbook","code":"KRW-BTC","timestamp":1,"total_ask_size":0,"total_bid_size":0,"orderbook_units":[],"stream_type":"SNAPSHOT","level":0})";
  EXPECT_EQ(outcome(none), FrameOutcome::Decoded);
  EXPECT_THAT(told(none).books[0].bids, IsEmpty());
}

TEST_F(UpbitDecoder, namesWhatIsWrongWithAFrame) {
  EXPECT_EQ(outcome(with(book_frame, "KRW-BTC", "KRW-XBT")), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(outcome(with(book_frame, "137002000,", "137002000.5,")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(book_frame, "137002000,", "-137002000,")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(book_frame, "137002000,", "0137002000,")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(book_frame, "137002000,", "\"137002000\",")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(book_frame, "0.10623869", "null")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(book_frame, "0.10623869", "0.106238691")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(book_frame, "0.10623869", "1e12")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(book_frame, "1746601573804", "-1")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(book_frame, "1746601573804", "9223372036855")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(book_frame, "137003000.0", "137002000.0")), FrameOutcome::Malformed)
      << "the same price twice";
  EXPECT_EQ(outcome(with(book_frame, "137000000", "137002000")), FrameOutcome::Malformed)
      << "worse before better";
  EXPECT_EQ(outcome(with(book_frame, R"("level":0)", R"("level":10000)")), FrameOutcome::Ignored)
      << "grouped prices";
  EXPECT_EQ(outcome(with(book_frame, R"("orderbook")", R"("orderbqok")")),
            FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(with(book_frame, "}]", "}]x")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(trade_frame, R"("ASK")", R"("ask")")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(trade_frame, "8.428e-05", "0")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(trade_frame, "17870000001000000", "1.5")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(R"({"type":"ticker","code":"KRW-BTC"})"), FrameOutcome::Ignored);
  EXPECT_EQ(outcome(R"({"type":"candle.1m","code":"KRW-BTC"})"), FrameOutcome::Ignored);
  EXPECT_EQ(outcome(R"({"type":"myOrder","code":"KRW-BTC"})"), FrameOutcome::Ignored);
  EXPECT_EQ(outcome(R"({"type":"news"})"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(R"({"error":{}})"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("{}"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(""), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("17"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[17]"), FrameOutcome::Malformed);
}

TEST_F(UpbitDecoder, saysWhichBookARefusedFrameMayHaveDamaged) {
  const KeepingSink number = told(with(book_frame, "137002000,", "137002000.5,"));
  ASSERT_THAT(number.faults, SizeIs(1));
  EXPECT_EQ(number.faults[0].instrument, btc);
  EXPECT_EQ(number.faults[0].reason, BookFaultReason::NumberFault);
  const KeepingSink shape = told(with(book_frame, "137002000,", "true,"));
  ASSERT_THAT(shape.faults, SizeIs(1));
  EXPECT_EQ(shape.faults[0].instrument, btc);
  EXPECT_EQ(shape.faults[0].reason, BookFaultReason::MalformedFrame);
  // What is no JSON names no symbol that could be trusted; a book under another name neither.
  for (const std::string& frame :
       {std::string(book_frame.substr(0, 60)), with(book_frame, R"("orderbook")", R"("x")")}) {
    ASSERT_THAT(told(frame).faults, SizeIs(1)) << frame;
    EXPECT_FALSE(told(frame).faults[0].instrument.valid());
  }
  EXPECT_THAT(told(with(trade_frame, "8.428e-05", "0")).faults, IsEmpty());
  EXPECT_THAT(told(with(book_frame, "KRW-BTC", "KRW-XBT")).faults, IsEmpty());
}

TEST_F(UpbitDecoder, takesAnErrorForTheEndOfEverySubscription) {
  const KeepingSink sink =
      told(R"({"error":{"message":"Format 이 맞지 않습니다.","name":"WRONG_FORMAT"}})");
  ASSERT_THAT(sink.faults, SizeIs(1));
  EXPECT_FALSE(sink.faults[0].instrument.valid());
  EXPECT_EQ(sink.faults[0].venue, venue);
  EXPECT_EQ(sink.faults[0].reason, BookFaultReason::SubscriptionLost);
  EXPECT_EQ(told(R"({"status":"UP"})").heartbeats, 1u);
  EXPECT_EQ(
      told(
          R"({"method":"LIST_SUBSCRIPTIONS","result":[{"type":"orderbook","codes":["KRW-BTC"],"level":0}],"ticket":"u"})")
          .heartbeats,
      1u);
}

TEST_F(UpbitDecoder, refusesEveryFrameThatEndsTooEarly) {
  for (const std::string_view frame :
       {book_frame, simple_book_frame, tiny_book_frame, trade_frame, simple_trade_frame}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const std::string cut(frame.substr(0, size));  // its end is the end of the memory
      EXPECT_EQ(outcome(cut), FrameOutcome::Malformed) << cut;
    }
  }
}

TEST_F(UpbitDecoder, readsAFrameWithAFlippedByteAsTheParserDoes) {
  for (const std::string_view frame : {simple_book_frame, tiny_book_frame, trade_frame}) {
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped(frame);
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        ASSERT_EQ(decode(flipped, Route::ScanFirst), decode(flipped, Route::ReaderOnly)) << flipped;
      }
    }
  }
}

TEST_F(UpbitDecoder, readsTheRestBookOfAnInstrument) {
  Decoder decoder(venue, universe);
  KeepingSink sink;
  const std::string_view body =
      R"([{"market":"KRW-BTC","timestamp":1751606867762,"total_ask_size":10.37591054,"total_bid_size":9.49577219,"orderbook_units":[{"ask_price":148520000,"bid_price":148490000,"ask_size":0.0134662,"bid_size":0.04296774}],"level":0}])";
  ASSERT_EQ(decoder.on_depth_body(btc, body, Instant{}, sink), FrameOutcome::Decoded);
  ASSERT_THAT(sink.books, SizeIs(1));
  EXPECT_EQ(sink.books[0].event.last, 1751606867762u);
  EXPECT_THAT(sink.books[0].bids, ElementsAre(Level{{148490000}, {4296774}}));
  EXPECT_EQ(decoder.on_depth_body(pax, body, Instant{}, sink), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(decoder.on_depth_body(btc, R"({"error":{"name":404,"message":"Code not found"}})",
                                  Instant{}, sink),
            FrameOutcome::Malformed);
  ASSERT_THAT(sink.faults, SizeIs(2));
  EXPECT_EQ(sink.faults[0].reason, BookFaultReason::SnapshotFailed);
}

// --- recorded ---

std::vector<std::string> received(const std::string& path) {
  std::vector<std::string> frames;
  for (const Recorded& line : read_recording(path)) {
    if (line.kind == Recorded::Kind::Frame) frames.push_back(line.data);
  }
  return frames;
}

// Of the single-message fixtures, whose requests stand before the answer.
std::string json_of(const std::string& text) {
  const std::size_t line = text.find("\n{");
  const std::size_t list = text.find("\n[");
  const std::size_t at = std::min(line, list);
  return at == std::string::npos ? text : text.substr(at + 1);
}

struct Replayed {
  std::map<FrameOutcome, std::size_t> outcomes;
  KeepingSink sink;
  std::uint64_t declined = 0;
  Universe universe;
  VenueId venue;
};

// Finds the instruments of a recording, then replays it by both routes and compares them.
Replayed replay(const std::vector<std::string>& frames) {
  Replayed replayed;
  Universe& universe = replayed.universe;
  const VenueId venue = replayed.venue = universe.add_venue("upbit", {});
  const auto discovery = make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  discovery->finish(venue, universe);
  Decoder decoder(venue, universe);
  Decoder oracle(venue, universe, Route::ReaderOnly);
  Decoder kept(venue, universe);
  for (const std::string& frame : frames) {
    ByteSink one;
    ByteSink two;
    const FrameOutcome outcome = decoder.on_frame(frame, Instant{1}, one);
    EXPECT_EQ(outcome, oracle.on_frame(frame, Instant{1}, two)) << frame;
    EXPECT_EQ(one.bytes, two.bytes) << frame;
    ++replayed.outcomes[outcome];
    kept.on_frame(frame, Instant{1}, replayed.sink);
  }
  replayed.declined = decoder.declined();
  return replayed;
}

TEST(UpbitRecordings, ofTenMarketsAreWholeBooksThatNeverCross) {
  ATS_REQUIRE_SHARED(shared);
  const Replayed r = replay(received(shared / "data/raw/upbit/20210417_simple_10sym.jsonl.gz"));
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 304u + 145u);
  EXPECT_EQ(r.outcomes.size(), 1u);
  EXPECT_EQ(r.declined, 0u) << "every recorded frame fits the scan";
  EXPECT_EQ(r.sink.trades.size(), 304u);
  ASSERT_EQ(r.sink.books.size(), 145u);
  EXPECT_TRUE(r.sink.faults.empty());
  EXPECT_EQ(r.universe.venue(r.venue).book.depth, 15u);
  std::map<InstrumentId, Sequence> last;
  for (const KeptBook& book : r.sink.books) {
    EXPECT_EQ(book.bids.size(), 15u);
    EXPECT_EQ(book.asks.size(), 15u);
    EXPECT_LT(book.bids.front().price, book.asks.front().price);
    Sequence& before = last[book.event.instrument];
    EXPECT_GE(book.event.last, before);
    before = book.event.last;
  }
  const InstrumentId lamb = r.universe.find_instrument(r.venue, "KRW-LAMB");
  ASSERT_TRUE(lamb.valid());
  EXPECT_EQ(r.universe.instrument(lamb).price_scale, 0);
  EXPECT_EQ(r.universe.pair_name(r.universe.instrument(lamb).pair), "LAMB/KRW");
}

TEST(UpbitRecordings, ofControlFramesAreUnderstood) {
  ATS_REQUIRE_SHARED(shared);
  std::vector<std::string> frames;
  for (const Recorded& line :
       read_recording(shared / "data/raw/upbit/control_frames_transcribed.jsonl"))
    frames.push_back(line.data);
  const Replayed r = replay(frames);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 5u);
  EXPECT_EQ(r.sink.books.size(), 1u);
  EXPECT_EQ(r.sink.heartbeats, 1u);
  EXPECT_EQ(r.sink.faults.size(), 3u);
}

TEST(UpbitRecordings, ofSingleMessagesAreReadOrNamed) {
  ATS_REQUIRE_SHARED(shared);
  std::vector<std::string> frames;
  std::vector<std::string> bodies;
  for (const Recorded& line :
       read_recording(shared / "data/raw/upbit/fixtures_jkorf_upbitnet.jsonl")) {
    if (line.connection.find("Concurrent") != std::string::npos) {
      std::size_t at = 0;
      while ((at = line.data.find("\n=", at)) != std::string::npos) {
        const std::size_t begin = line.data.find('{', at);
        frames.push_back(line.data.substr(begin, line.data.find('\n', begin) - begin));
        at = begin;
      }
    } else if (line.connection.find("Subscriptions") != std::string::npos) {
      frames.push_back(json_of(line.data));
    } else {
      bodies.push_back(json_of(line.data));
    }
  }
  Replayed r = replay(frames);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 2u);  // a book, a print
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Ignored), 4u);  // candles and a ticker
  ASSERT_EQ(r.sink.books.size(), 1u);
  EXPECT_EQ(r.sink.books[0].asks.size(), 5u);
  EXPECT_EQ(r.sink.trades.size(), 1u);
  for (const Recorded& line : read_recording(shared / "data/raw/upbit/fixtures_xchange.jsonl"))
    bodies.push_back(line.data);
  const auto discovery = make_discovery();
  for (const std::string& body : bodies) {
    discovery->on_metadata_body(body);
    discovery->on_depth_body("KRW-BTC", body);
    discovery->on_depth_body("BTC-ETH", body);
  }
  discovery->finish(r.venue, r.universe);
  Decoder decoder(r.venue, r.universe);
  std::size_t books = 0;
  std::size_t refused = 0;
  for (const std::string& body : bodies) {
    KeepingSink sink;
    bool read = false;
    for (const char* code : {"KRW-BTC", "BTC-ETH"}) {
      const InstrumentId id = r.universe.find_instrument(r.venue, code);
      ASSERT_TRUE(id.valid()) << code;
      read |= decoder.on_depth_body(id, body, Instant{}, sink) == FrameOutcome::Decoded;
    }
    (read ? books : refused) += 1;
  }
  EXPECT_EQ(books, 1u);
  // Candles, steps, markets, tickers and prints, and a book whose prices are grouped.
  EXPECT_EQ(refused, 8u);
}

TEST(UpbitRecordings, cutAtEveryByteAreRefusedWithoutHarm) {
  ATS_REQUIRE_SHARED(shared);
  const auto frames = received(shared / "data/raw/upbit/20210417_simple_10sym.jsonl.gz");
  Universe universe;
  const VenueId venue = universe.add_venue("upbit", {});
  const auto discovery = make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  discovery->finish(venue, universe);
  Decoder decoder(venue, universe);
  std::size_t cuts = 0;
  for (const std::string& frame : frames) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const std::string cut = frame.substr(0, size);
      KeepingSink sink;
      ASSERT_EQ(decoder.on_frame(cut, Instant{}, sink), FrameOutcome::Malformed) << cut;
      ASSERT_EQ(sink.books.size() + sink.trades.size(), 0u) << cut;
      ++cuts;
    }
  }
  EXPECT_GT(cuts, 200'000u);
}

}  // namespace
}  // namespace ats::venues::upbit

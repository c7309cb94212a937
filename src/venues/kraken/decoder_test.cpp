#include "venues/kraken/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/testing_shared.hpp"
#include "domain/codec.hpp"
#include "venues/kraken/metadata.hpp"
#include "venues/kraken/scan.hpp"
#include "venues/kraken/testing_model_book.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::kraken {
namespace {

constexpr std::string_view update_frame =
    R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":62807.0,"qty":0.00000000},{"price":62818.8,"qty":0.65540712}],"checksum":4249465476,"timestamp":"2026-08-16T23:37:03.745044Z"}]})";
constexpr std::string_view snapshot_frame =
    R"({"channel":"book","type":"snapshot","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5666,"qty":4831.75496356},{"price":0.5665,"qty":12345678901.00000001}],"asks":[{"price":0.5668,"qty":4410.79769741}],"checksum":2439117997,"timestamp":"2023-10-06T17:35:55.440295Z"}]})";
constexpr std::string_view trade_frame =
    R"({"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"},{"symbol":"BTC/USD","side":"buy","price":62807.1,"qty":0.00250000,"ord_type":"limit","trade_id":4665907,"timestamp":"2023-09-25T07:49:37.708707Z"}]})";

// The events of one frame, in the journal's bytes.
struct ByteSink final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{}, bytes); }
  std::vector<std::byte> bytes;
};

struct LastSink final : EventSink {
  void on(const Event& event) override {
    ++count;
    if (const auto* d = std::get_if<BookDelta>(&event)) {
      asks.assign(d->asks.begin(), d->asks.end());
      bids.assign(d->bids.begin(), d->bids.end());
      delta = *d;
    } else if (const auto* s = std::get_if<BookSnapshot>(&event)) {
      asks.assign(s->asks.begin(), s->asks.end());
      bids.assign(s->bids.begin(), s->bids.end());
      snapshot = *s;
    }
  }
  int count = 0;
  std::vector<Level> bids, asks;
  BookDelta delta;
  BookSnapshot snapshot;
};

class KrakenDecoder : public testing::Test {
 protected:
  KrakenDecoder() {
    venue = universe.add_venue("kraken", {});
    btc = add("BTC", "USD", 1, 8);
    eth = add("ETH", "USD", 2, 8);
    matic = add("MATIC", "USD", 4, 8);
  }
  InstrumentId add(const char* base, const char* quote, int price_decimals, int qty_decimals) {
    PairRow row;
    row.base = base;
    row.quote = quote;
    row.rest_id = row.base + row.quote;
    row.price_decimals = price_decimals;
    row.qty_decimals = qty_decimals;
    return *add_instrument(row, venue, universe);
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

  Universe universe;
  VenueId venue;
  InstrumentId btc, eth, matic;
};

TEST_F(KrakenDecoder, givesUpdatesInUnitsOfTheInstrument) {
  for (const Route route : {Route::ScanFirst, Route::ReaderOnly}) {
    Decoder decoder(venue, universe, route);
    LastSink sink;
    ASSERT_EQ(decoder.on_frame(update_frame, Instant{77}, sink), FrameOutcome::Decoded);
    EXPECT_EQ(sink.count, 1);
    EXPECT_EQ(sink.delta.instrument, btc);
    EXPECT_EQ(sink.delta.checksum, 4249465476u);
    EXPECT_EQ(sink.delta.times.recv_time, Instant{77});
    EXPECT_EQ(format_rfc3339(sink.delta.times.venue_time), "2026-08-16T23:37:03.745044Z");
    EXPECT_THAT(sink.bids, testing::IsEmpty());
    EXPECT_THAT(sink.asks, testing::ElementsAre(Level{{628070}, {0}}, Level{{628188}, {65540712}}));
    EXPECT_EQ(decoder.declined(), 0u);
  }
}

TEST_F(KrakenDecoder, givesSnapshotsWithNumbersOfAnyLength) {
  for (const Route route : {Route::ScanFirst, Route::ReaderOnly}) {
    Decoder decoder(venue, universe, route);
    LastSink sink;
    ASSERT_EQ(decoder.on_frame(snapshot_frame, Instant{}, sink), FrameOutcome::Decoded);
    EXPECT_EQ(sink.snapshot.instrument, matic);
    EXPECT_THAT(sink.bids, testing::ElementsAre(Level{{5666}, {483175496356}},
                                                Level{{5665}, {1234567890100000001}}));
    EXPECT_THAT(sink.asks, testing::ElementsAre(Level{{5668}, {441079769741}}));
    EXPECT_EQ(sink.snapshot.checksum, 2439117997u);
    std::string too_large(snapshot_frame);  // beyond 64 bits at eight decimals
    too_large.replace(too_large.find("12345678901."), 12, "123456789012.");
    ASSERT_EQ(decoder.on_frame(too_large, Instant{}, sink), FrameOutcome::NumberFault);
  }
}

TEST_F(KrakenDecoder, givesEveryPrintOfATradeFrame) {
  Decoder decoder(venue, universe);
  ModelSink sink(10);
  ASSERT_EQ(decoder.on_frame(trade_frame, Instant{}, sink), FrameOutcome::Decoded);
  ASSERT_EQ(sink.trades.size(), 2u);
  EXPECT_EQ(sink.trades[0].instrument, matic);
  EXPECT_EQ(sink.trades[0].taker_side, Side::Sell);
  EXPECT_EQ(sink.trades[0].price, Price{5117});
  EXPECT_EQ(sink.trades[0].quantity, Quantity{4000000000});
  EXPECT_EQ(sink.trades[0].id.view(), "4665906");
  EXPECT_EQ(sink.trades[1].instrument, btc);
  EXPECT_EQ(sink.trades[1].taker_side, Side::Buy);
  EXPECT_EQ(decoder.declined(), 0u);
  EXPECT_EQ(outcome(trade_frame), FrameOutcome::Decoded);
}

TEST_F(KrakenDecoder, readsAnyOtherShapeOfTheSameFrameAlike) {
  const auto straight = decode(update_frame, Route::ScanFirst);
  const std::string_view spaced =
      R"( { "type" : "update", "data" : [ { "timestamp":"2026-08-16T23:37:03.745044Z", "checksum": 4249465476 ,
      "asks":[ {"qty":0, "price":6.2807e4} , {"price":62818.80 ,"qty":65540712e-8, "more":[1,{}]} ], "bids":[ ],
      "symbol":"BTC\/USD" } ], "channel":"book" } )";
  EXPECT_EQ(decode(spaced, Route::ScanFirst), straight);
  EXPECT_EQ(decode(spaced, Route::ReaderOnly), straight);
}

TEST_F(KrakenDecoder, namesWhatIsWrongWithAFrame) {
  const auto with = [](std::string_view frame, std::string_view from, std::string_view to) {
    std::string changed(frame);
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  EXPECT_EQ(outcome(with(update_frame, "BTC/USD", "XBT/USD")), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(outcome(with(update_frame, "62818.8", "62818.85")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "62818.8", "0.0")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "62818.8", "-62818.8")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "62818.8", "062818.8")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "62818.8", "\"62818.8\"")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "0.65540712", "null")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "4249465476", "4294967296")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "08-16T", "13-16T")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "23:37", "24:37")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"(,"timestamp":"2026-08-16T23:37:03.745044Z")", "")),
            FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"("type":"update")", R"("type":"upbeat")")),
            FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "}]}", "}]}x")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(snapshot_frame, "4410.79769741", "0")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"("book")", R"("bopk")")), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(R"({"channel":"ticker","type":"update","data":[{}]})"), FrameOutcome::Ignored);
  EXPECT_EQ(outcome(R"({"event":"heartbeats"})"), FrameOutcome::Ignored);
  EXPECT_EQ(outcome(""), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("17"), FrameOutcome::Malformed);
}

TEST_F(KrakenDecoder, saysWhichBookARefusedFrameMayHaveDamaged) {
  const auto faults = [this](std::string_view frame) {
    Decoder decoder(venue, universe);
    ModelSink sink(10);
    decoder.on_frame(frame, Instant{}, sink);
    return sink.faults;
  };
  std::string frame(update_frame);
  frame.replace(frame.find("0.65540712"), 10, "0.655407125");
  ASSERT_EQ(faults(frame).size(), 1u);
  EXPECT_EQ(faults(frame)[0].instrument, btc);
  EXPECT_EQ(faults(frame)[0].reason, BookFaultReason::NumberFault);
  frame.replace(frame.find("0.655407125"), 11, "true");
  ASSERT_EQ(faults(frame).size(), 1u);
  EXPECT_EQ(faults(frame)[0].instrument, btc);
  EXPECT_EQ(faults(frame)[0].reason, BookFaultReason::MalformedFrame);
  // What is no JSON names no symbol that could be trusted.
  ASSERT_EQ(faults(update_frame.substr(0, 40)).size(), 1u);
  EXPECT_FALSE(faults(update_frame.substr(0, 40))[0].instrument.valid());
  EXPECT_THAT(faults(R"({"channel":"trade","type":"update","data":[{"symbol":"BTC/USD"}]})"),
              testing::IsEmpty());
  const auto refused = faults(
      R"({"error":"Already subscribed","method":"subscribe","req_id":1,"success":false,"symbol":"ETH/USD"})");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].instrument, eth);
  EXPECT_EQ(refused[0].reason, BookFaultReason::SubscriptionLost);
}

TEST_F(KrakenDecoder, tellsOfTheTradingSystemsStateOnce) {
  Decoder decoder(venue, universe);
  ModelSink sink(10);
  const auto status = [](const std::string& system) {
    return R"({"channel":"status","type":"update","data":[{"api_version":"v2","connection_id":13834774380200032777,"system":")" +
           system + R"(","version":"2.0.0"}]})";
  };
  EXPECT_EQ(decoder.on_frame(status("online"), Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_TRUE(sink.changes.empty());
  EXPECT_EQ(sink.heartbeats, 1u);
  decoder.on_frame(status("maintenance"), Instant{}, sink);
  decoder.on_frame(status("maintenance"), Instant{}, sink);
  ASSERT_EQ(sink.changes.size(), 3u);
  EXPECT_EQ(sink.changes[0].status, InstrumentStatus::Halted);
  decoder.on_frame(status("online"), Instant{}, sink);
  ASSERT_EQ(sink.changes.size(), 6u);
  EXPECT_EQ(sink.changes[5].status, InstrumentStatus::Trading);
}

TEST_F(KrakenDecoder, refusesEveryFrameThatEndsTooEarly) {
  for (const std::string_view frame : {update_frame, trade_frame}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const std::string cut(frame.substr(0, size));  // its end is the end of the memory
      EXPECT_EQ(outcome(cut), FrameOutcome::Malformed) << cut;
    }
  }
}

TEST_F(KrakenDecoder, readsAFrameWithAFlippedByteAsTheParserDoes) {
  for (const std::string_view frame : {update_frame, trade_frame}) {
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped(frame);
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        const auto scanned = decode(flipped, Route::ScanFirst);
        ASSERT_EQ(scanned, decode(flipped, Route::ReaderOnly)) << flipped;
        // A space for the last zero is the same number; the kind of order behind a print is not used.
        if (frame == update_frame && flipped[at] != ' ') {
          ASSERT_NE(scanned, decode(frame, Route::ScanFirst)) << flipped;
        }
      }
    }
  }
}

TEST_F(KrakenDecoder, readsTheRestDepthOfAnInstrument) {
  Decoder decoder(venue, universe);
  LastSink sink;
  const std::string_view body =
      R"({"error":[],"result":{"XXBTZUSD":{"asks":[["30384.10000","2.059",1688671659],["30387.9","1.5",1688671380]],"bids":[["30297.00000","1.115",1688671636]]}}})";
  ASSERT_EQ(decoder.on_depth_body(btc, body, Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_THAT(sink.bids, testing::ElementsAre(Level{{302970}, {111500000}}));
  EXPECT_THAT(sink.asks,
              testing::ElementsAre(Level{{303841}, {205900000}}, Level{{303879}, {150000000}}));
  EXPECT_FALSE(sink.snapshot.checksum.has_value());
  ModelSink faults(10);
  EXPECT_EQ(
      decoder.on_depth_body(btc, R"({"error":["EQuery:Unknown asset pair"]})", Instant{}, faults),
      FrameOutcome::Malformed);
  ASSERT_EQ(faults.faults.size(), 1u);
  EXPECT_EQ(faults.faults[0].reason, BookFaultReason::SnapshotFailed);
}

std::vector<std::string> received(const std::string& path) {
  std::vector<std::string> frames;
  for (const Recorded& line : read_recording(path)) {
    if (line.kind == Recorded::Kind::Frame) frames.push_back(line.data);
  }
  return frames;
}

struct Replayed {
  std::map<FrameOutcome, std::size_t> outcomes;
  ModelSink sink{10};
  std::uint64_t declined = 0;
  std::size_t instruments = 0;
};

// Finds the instruments of a recording, then replays it by both routes and compares them.
Replayed replay(const std::vector<std::string>& frames) {
  Universe universe;
  const VenueId venue = universe.add_venue("kraken", {});
  const auto discovery = make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  discovery->finish(venue, universe);
  Decoder decoder(venue, universe);
  Decoder oracle(venue, universe, Route::ReaderOnly);
  Replayed replayed;
  replayed.instruments = universe.instruments().size();
  replayed.sink.depth = universe.venue(venue).book.depth;
  Decoder counted(venue, universe);
  for (const std::string& frame : frames) {
    ByteSink one;
    ByteSink two;
    const FrameOutcome outcome = decoder.on_frame(frame, Instant{1}, one);
    EXPECT_EQ(outcome, oracle.on_frame(frame, Instant{1}, two)) << frame;
    EXPECT_EQ(one.bytes, two.bytes) << frame;
    ++replayed.outcomes[outcome];
    counted.on_frame(frame, Instant{1}, replayed.sink);
  }
  replayed.declined = decoder.declined();
  return replayed;
}

TEST(KrakenRecordings, ofBtcWithResubscriptionsHasEveryChecksumRight) {
  ATS_REQUIRE_SHARED(shared);
  const Replayed r =
      replay(received(shared / "data/raw/kraken/20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz"));
  EXPECT_EQ(r.instruments, 1u);
  EXPECT_EQ(r.sink.snapshots, 5u);
  EXPECT_EQ(r.sink.deltas, 296u);
  EXPECT_EQ(r.sink.right, 301u);
  EXPECT_EQ(r.sink.wrong, 0u);
  EXPECT_EQ(r.sink.faults.size(), 7u);          // each unsubscription ends the book
  EXPECT_EQ(r.sink.heartbeats, 60u + 8u + 1u);  // heartbeats, acknowledgements, status
  EXPECT_EQ(r.declined, 8u + 7u + 1u);          // everything else fits the scan
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 377u);
  EXPECT_EQ(r.outcomes.size(), 1u);
}

TEST(KrakenRecordings, ofEthAtDepth25HasEveryChecksumRight) {
  ATS_REQUIRE_SHARED(shared);
  const Replayed r = replay(received(shared / "data/raw/kraken/20260802_v2_ETHUSD_d25.jsonl.gz"));
  EXPECT_EQ(r.sink.depth, 25u);
  EXPECT_EQ(r.sink.snapshots, 1u);
  EXPECT_EQ(r.sink.deltas, 1128u);
  EXPECT_EQ(r.sink.right, 1129u);
  EXPECT_EQ(r.sink.wrong, 0u);
  EXPECT_EQ(r.sink.faults.size(), 0u);
  EXPECT_EQ(r.sink.heartbeats, 39u + 1u + 1u);
  EXPECT_EQ(r.declined, 2u);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 1170u);
}

TEST(KrakenRecordings, ofVersion1HaveEveryChecksumRight) {
  ATS_REQUIRE_SHARED(shared);
  const Replayed r = replay(received(shared / "data/raw/kraken/20210417_v1_10sym.jsonl.gz"));
  EXPECT_EQ(r.instruments, 10u);
  EXPECT_EQ(r.sink.depth, 1000u);
  EXPECT_EQ(r.sink.snapshots, 10u);
  EXPECT_EQ(r.sink.deltas, 4269u);
  EXPECT_EQ(r.sink.right, 4269u);
  EXPECT_EQ(r.sink.wrong, 0u);
  EXPECT_EQ(r.sink.faults.size(), 0u);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 4412u);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Ignored), 18u);  // tickers
  EXPECT_EQ(r.outcomes.size(), 2u);
}

TEST(KrakenRecordings, ofControlFramesAreUnderstood) {
  ATS_REQUIRE_SHARED(shared);
  std::vector<std::string> frames;
  for (const Recorded& line :
       read_recording(shared / "data/raw/kraken/v2_control_frames_transcribed.jsonl")) {
    frames.push_back(line.data);
  }
  const Replayed r = replay(frames);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 5u);
  // The unsubscription is of a pair that has no data here.
  EXPECT_EQ(r.outcomes.at(FrameOutcome::UnknownSymbol), 1u);
  ASSERT_EQ(r.sink.faults.size(), 1u);
  EXPECT_EQ(r.sink.faults[0].reason, BookFaultReason::SubscriptionLost);
}

TEST(KrakenRecordings, cutAtEveryByteAreRefusedWithoutHarm) {
  ATS_REQUIRE_SHARED(shared);
  const auto frames =
      received(shared / "data/raw/kraken/20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz");
  Universe universe;
  const VenueId venue = universe.add_venue("kraken", {});
  const auto discovery = make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  discovery->finish(venue, universe);
  Decoder decoder(venue, universe);
  std::size_t cuts = 0;
  for (const std::string& frame : frames) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const std::string cut = frame.substr(0, size);
      ModelSink sink(10);
      const FrameOutcome outcome = decoder.on_frame(cut, Instant{}, sink);
      ASSERT_NE(outcome, FrameOutcome::Decoded) << cut;
      ASSERT_EQ(sink.snapshots + sink.deltas + sink.trades.size(), 0u) << cut;
      ++cuts;
    }
  }
  EXPECT_EQ(cuts, 65'242u);
}

}  // namespace
}  // namespace ats::venues::kraken

#include "venues/coinbase/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/testing_shared.hpp"
#include "domain/codec.hpp"
#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/testing_model_book.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::coinbase {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view snapshot_frame =
    R"({"channel":"l2_data","client_id":"","timestamp":"2023-02-09T20:32:50.714964855Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"21921.73","new_quantity":"0.06317902"},{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"21921.3","new_quantity":"0.02"},{"side":"offer","event_time":"1970-01-01T00:00:00Z","price_level":"21921.74","new_quantity":"0.3"}]}]})";
constexpr std::string_view update_frame =
    R"({"channel":"l2_data","timestamp":"2026-04-07T14:30:01.456789Z","sequence_num":1,"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-04-07T14:30:01.456789Z","price_level":"68900.00","new_quantity":"2.00000000"},{"side":"offer","event_time":"2026-04-07T14:30:01.456789Z","price_level":"68901.00","new_quantity":"0.00000000"},{"side":"bid","event_time":"2026-04-07T14:30:01.456789Z","price_level":"68899.5","new_quantity":"0"}]}]})";
constexpr std::string_view trades_frame =
    R"({"channel":"market_trades","timestamp":"2026-08-09T21:05:48.251397169Z","sequence_num":9,"events":[{"type":"update","trades":[{"product_id":"ETH-USD","trade_id":"833140779","price":"1919.41","size":"0.5","time":"2026-08-09T21:05:48.2Z","side":"BUY"},{"product_id":"BTC-USD","trade_id":"1068572091","price":"65083.67","size":"0.01034361","time":"2026-08-09T21:05:48.167634Z","side":"SELL"}]}]})";
constexpr std::string_view heartbeat_frame =
    R"({"channel":"heartbeats","timestamp":"2026-08-09T21:05:48.856364007Z","sequence_num":35,"events":[{"current_time":"2026-08-09 21:05:48.854840045 +0000 UTC m=+41691.260485341","heartbeat_counter":41691}]})";
constexpr std::string_view l2update_frame =
    R"({"type":"l2update","product_id":"BTC-USD","changes":[["sell","37378.26","0.02460000"],["buy","37378.2","0"]],"time":"2021-06-02T09:02:09.048568Z"})";
constexpr std::string_view exchange_snapshot_frame =
    R"({"type":"snapshot","product_id":"BTC-USD","asks":[["37212.77","0.05724592"],["37215.39","0.00900000"]],"bids":[["37209.96","0.04016376"]]})";
constexpr std::string_view match_frame =
    R"({"type":"match","trade_id":147587438,"maker_order_id":"3dbaddb1-3dcf-4511-b81c-89450a56deb4","taker_order_id":"421f3aaa-dfdd-4192-805a-bb73462ea6db","side":"sell","size":"0.00031874","price":"57786.82","product_id":"BTC-USD","sequence":22962703070,"time":"2021-03-21T03:47:27.112041Z"})";
constexpr std::string_view all_frames[] = {snapshot_frame,  update_frame,   trades_frame,
                                           heartbeat_frame, l2update_frame, exchange_snapshot_frame,
                                           match_frame};

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

class CoinbaseDecoder : public testing::Test {
 protected:
  CoinbaseDecoder() {
    venue = universe.add_venue("coinbase", {});
    btc = add("BTC-USD", "BTC", "USD");
    eth = add("ETH-USD", "ETH", "USD");
  }
  InstrumentId add(const char* id, const char* base, const char* quote, const char* alias = "") {
    ProductRow row;
    row.id = id;
    row.alias = alias;
    row.base = base;
    row.quote = quote;
    row.price_decimals = 2;
    row.qty_decimals = 8;
    return *add_instrument(row, venue, universe);
  }
  struct Decoded {
    FrameOutcome outcome;
    std::vector<std::byte> bytes;
    std::uint64_t next;
    bool operator==(const Decoded&) const = default;
  };
  // Outcome, events and count of one frame by either route.
  Decoded decode(std::string_view frame, Route route) {
    Decoder decoder(venue, universe, route);
    ByteSink sink;
    const FrameOutcome outcome = decoder.on_frame(frame, Instant{5}, sink);
    return {outcome, sink.bytes, decoder.next_sequence()};
  }
  FrameOutcome outcome(std::string_view frame) {
    const Decoded scanned = decode(frame, Route::ScanFirst);
    EXPECT_EQ(scanned, decode(frame, Route::ReaderOnly)) << frame;
    return scanned.outcome;
  }
  std::vector<BookFault> faults(std::string_view frame) {
    Decoder decoder(venue, universe);
    ModelSink sink;
    decoder.on_frame(frame, Instant{}, sink);
    return sink.faults;
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc, eth;
};

TEST_F(CoinbaseDecoder, rebuildsABookFromASnapshotAndAbsoluteUpdates) {
  for (const Route route : {Route::ScanFirst, Route::ReaderOnly}) {
    Decoder decoder(venue, universe, route);
    ModelSink sink;
    ASSERT_EQ(decoder.on_frame(snapshot_frame, Instant{77}, sink), FrameOutcome::Decoded);
    EXPECT_THAT(ModelBook::top(sink.books[btc].bids, 9),
                ElementsAre(Level{{2192173}, {6317902}}, Level{{2192130}, {2000000}}));
    EXPECT_THAT(ModelBook::top(sink.books[btc].asks, 9), ElementsAre(Level{{2192174}, {30000000}}));
    ASSERT_EQ(decoder.on_frame(update_frame, Instant{77}, sink), FrameOutcome::Decoded);
    EXPECT_EQ(sink.books[btc].bids.at(6890000), 200000000);
    EXPECT_EQ(sink.snapshots, 1u);
    EXPECT_EQ(sink.deltas, 1u);
    EXPECT_THAT(sink.faults, IsEmpty());
    EXPECT_EQ(decoder.declined(), 0u);
    EXPECT_EQ(decoder.next_sequence(), 2u);
  }
}

TEST_F(CoinbaseDecoder, givesEachSideInWireOrderWithTheVenuesTime) {
  struct Last final : EventSink {
    void on(const Event& event) override {
      delta = std::get<BookDelta>(event);
      bids.assign(delta.bids.begin(), delta.bids.end());
      asks.assign(delta.asks.begin(), delta.asks.end());
    }
    BookDelta delta;
    std::vector<Level> bids, asks;
  } last;
  Decoder decoder(venue, universe);
  ASSERT_EQ(decoder.on_frame(update_frame, Instant{77}, last), FrameOutcome::Decoded);
  EXPECT_EQ(last.delta.instrument, btc);
  EXPECT_EQ(last.delta.times.recv_time, Instant{77});
  EXPECT_EQ(format_rfc3339(last.delta.times.venue_time), "2026-04-07T14:30:01.456789Z");
  EXPECT_EQ(last.delta.last, 1u);
  EXPECT_THAT(last.bids, ElementsAre(Level{{6890000}, {200000000}}, Level{{6889950}, {0}}));
  EXPECT_THAT(last.asks, ElementsAre(Level{{6890100}, {0}}));
}

TEST_F(CoinbaseDecoder, putsASnapshotInOrderAndLeavesOutLevelsWithoutQuantity) {
  const std::string shuffled =
      R"({"channel":"l2_data","timestamp":"2023-02-09T20:32:50Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"offer","event_time":"","price_level":"11","new_quantity":"1"},{"side":"bid","event_time":"","price_level":"8","new_quantity":"1"},{"side":"offer","event_time":"","price_level":"10","new_quantity":"1"},{"side":"bid","event_time":"","price_level":"9","new_quantity":"1"},{"side":"bid","event_time":"","price_level":"7","new_quantity":"0.000"}]}]})";
  struct Last final : EventSink {
    void on(const Event& event) override {
      const auto& snapshot = std::get<BookSnapshot>(event);
      bids.assign(snapshot.bids.begin(), snapshot.bids.end());
      asks.assign(snapshot.asks.begin(), snapshot.asks.end());
    }
    std::vector<Level> bids, asks;
  } last;
  Decoder decoder(venue, universe);
  ASSERT_EQ(decoder.on_frame(shuffled, Instant{}, last), FrameOutcome::Decoded);
  EXPECT_THAT(last.bids, ElementsAre(Level{{900}, {100000000}}, Level{{800}, {100000000}}));
  EXPECT_THAT(last.asks, ElementsAre(Level{{1000}, {100000000}}, Level{{1100}, {100000000}}));
  EXPECT_EQ(outcome(shuffled), FrameOutcome::Decoded);
  // A price that stands there twice is no book.
  EXPECT_EQ(outcome(with(shuffled, R"("9")", R"("8.00")")), FrameOutcome::Malformed);
}

TEST_F(CoinbaseDecoder, takesEveryEventOfAFrame) {
  const std::string two = with(
      update_frame, "}]}]}",
      R"(}]},{"type":"snapshot","product_id":"ETH-USD","updates":[{"side":"bid","event_time":"x","price_level":"1","new_quantity":"2"}]}]})");
  ModelSink sink;
  Decoder decoder(venue, universe);
  EXPECT_EQ(decoder.on_frame(two, Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.deltas, 1u);
  EXPECT_EQ(sink.snapshots, 1u);
  EXPECT_EQ(sink.books[eth].bids.at(100), 200000000);
  EXPECT_EQ(outcome(two), FrameOutcome::Decoded);
  EXPECT_EQ(decoder.declined(), 0u);
  // One that is not in the universe takes nothing from the other.
  EXPECT_EQ(outcome(with(two, "ETH-USD", "SOL-USD")), FrameOutcome::Decoded);
}

TEST_F(CoinbaseDecoder, givesPrintsOldestFirstAndTurnsTheMakersSide) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  ASSERT_EQ(decoder.on_frame(trades_frame, Instant{}, sink), FrameOutcome::Decoded);
  ASSERT_EQ(sink.trades.size(), 2u);
  EXPECT_EQ(sink.trades[0].instrument, btc);
  EXPECT_EQ(sink.trades[0].taker_side, Side::Buy);
  EXPECT_EQ(sink.trades[0].price, Price{6508367});
  EXPECT_EQ(sink.trades[0].quantity, Quantity{1034361});
  EXPECT_EQ(sink.trades[0].id.view(), "1068572091");
  EXPECT_EQ(sink.trades[1].instrument, eth);
  EXPECT_EQ(sink.trades[1].taker_side, Side::Sell);
  EXPECT_EQ(decoder.declined(), 0u);
}

TEST_F(CoinbaseDecoder, takesPrintsOfBeforeTheSubscriptionForASignOfLifeOnly) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  const std::string history = with(trades_frame, "update", "snapshot");
  EXPECT_EQ(decoder.on_frame(history, Instant{3}, sink), FrameOutcome::Decoded);
  EXPECT_THAT(sink.trades, IsEmpty());
  ASSERT_EQ(sink.heartbeats.size(), 1u);
  EXPECT_EQ(outcome(history), FrameOutcome::Decoded);
  EXPECT_EQ(outcome(with(match_frame, "match", "last_match")), FrameOutcome::Decoded);
}

TEST_F(CoinbaseDecoder, readsTheFramesOfTheExchangeFeed) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  EXPECT_EQ(decoder.on_frame(exchange_snapshot_frame, Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(decoder.on_frame(l2update_frame, Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(decoder.on_frame(match_frame, Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.snapshots, 1u);
  EXPECT_EQ(sink.deltas, 1u);
  EXPECT_EQ(sink.books[btc].asks.at(3737826), 2460000);
  ASSERT_EQ(sink.trades.size(), 1u);
  EXPECT_EQ(sink.trades[0].taker_side, Side::Buy);
  EXPECT_EQ(sink.trades[0].id.view(), "147587438");
  EXPECT_THAT(sink.faults, IsEmpty());
}

TEST_F(CoinbaseDecoder, tellsOneBookToBothInstrumentsThatShareIt) {
  const InstrumentId usdc = add("BTC-USDC", "BTC", "USDC", "BTC-USD");
  Decoder decoder(venue, universe);
  ModelSink sink;
  decoder.on_frame(snapshot_frame, Instant{}, sink);
  decoder.on_frame(update_frame, Instant{}, sink);
  EXPECT_EQ(sink.snapshots, 2u);
  EXPECT_EQ(sink.deltas, 2u);
  EXPECT_EQ(sink.books[usdc].bids, sink.books[btc].bids);
  const auto doubted = faults(with(update_frame, "68900.00", "68900.001"));
  ASSERT_EQ(doubted.size(), 2u);
  EXPECT_EQ(doubted[0].instrument, btc);
  EXPECT_EQ(doubted[1].instrument, usdc);
  // The one alone is told as well, though frames never name it.
  Universe alone;
  const VenueId there = alone.add_venue("coinbase", {});
  ProductRow row;
  row.id = "BTC-USDC";
  row.alias = "BTC-USD";
  row.base = "BTC";
  row.quote = "USDC";
  row.price_decimals = 2;
  row.qty_decimals = 8;
  ASSERT_TRUE(add_instrument(row, there, alone).ok());
  Decoder other(there, alone);
  EXPECT_EQ(other.on_frame(snapshot_frame, Instant{}, sink), FrameOutcome::Decoded);
}

// --- the count of the connection ---

TEST_F(CoinbaseDecoder, doubtsEveryBookWhenAMessageOfTheConnectionIsMissing) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  decoder.on_frame(with(update_frame, R"("sequence_num":1)", R"("sequence_num":7)"), {}, sink);
  decoder.on_frame(with(heartbeat_frame, R"("sequence_num":35)", R"("sequence_num":8)"), {}, sink);
  // A frame that is of no use counts as well.
  EXPECT_EQ(
      decoder.on_frame(
          R"({"channel":"candles","timestamp":"2026-08-09T21:05:48Z","sequence_num":9,"events":[{}]})",
          {}, sink),
      FrameOutcome::Ignored);
  EXPECT_THAT(sink.faults, IsEmpty());
  EXPECT_EQ(
      decoder.on_frame(with(update_frame, R"("sequence_num":1)", R"("sequence_num":11)"), {}, sink),
      FrameOutcome::Decoded);
  ASSERT_EQ(sink.faults.size(), 1u);
  EXPECT_FALSE(sink.faults[0].instrument.valid());
  EXPECT_EQ(sink.faults[0].venue, venue);
  EXPECT_EQ(sink.faults[0].reason, BookFaultReason::SequenceGap);
  EXPECT_EQ(sink.deltas, 2u);
}

TEST_F(CoinbaseDecoder, passesOverAMessageThatComesAgainOrLate) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  const auto numbered = [](int n) {
    return with(update_frame, R"("sequence_num":1)", R"("sequence_num":)" + std::to_string(n));
  };
  decoder.on_frame(numbered(500), {}, sink);
  EXPECT_EQ(decoder.on_frame(numbered(500), {}, sink), FrameOutcome::Ignored);
  EXPECT_EQ(decoder.on_frame(numbered(498), {}, sink), FrameOutcome::Ignored);
  EXPECT_EQ(sink.deltas, 1u);
  EXPECT_THAT(sink.faults, IsEmpty());
  EXPECT_EQ(decoder.on_frame(numbered(501), {}, sink), FrameOutcome::Decoded);
  EXPECT_THAT(sink.faults, IsEmpty());
}

TEST_F(CoinbaseDecoder, countsAnewWithANewConnection) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  decoder.on_frame(snapshot_frame, {}, sink);
  decoder.on_frame(update_frame, {}, sink);
  decoder.on_open();
  decoder.on_frame(snapshot_frame, {}, sink);
  EXPECT_THAT(sink.faults, IsEmpty());
  // In a recording nobody says so: what came between the connections is not known.
  decoder.on_frame(snapshot_frame, {}, sink);
  EXPECT_EQ(sink.faults.size(), 1u);
  decoder.on_frame(with(update_frame, R"("sequence_num":1)", R"("sequence_num":9000)"), {}, sink);
  decoder.on_frame(with(update_frame, R"("sequence_num":1)", R"("sequence_num":500)"), {}, sink);
  EXPECT_EQ(sink.faults.size(), 3u);
}

TEST_F(CoinbaseDecoder, raisesOneFaultForAFrameThatCannotBeRead) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  decoder.on_frame(snapshot_frame, {}, sink);
  EXPECT_EQ(decoder.on_frame(update_frame.substr(0, 200), {}, sink), FrameOutcome::Malformed);
  ASSERT_EQ(sink.faults.size(), 1u);
  EXPECT_FALSE(sink.faults[0].instrument.valid());
  EXPECT_EQ(sink.faults[0].reason, BookFaultReason::MalformedFrame);
  decoder.on_frame(with(update_frame, R"("sequence_num":1)", R"("sequence_num":2)"), {}, sink);
  EXPECT_EQ(sink.faults.size(), 1u);
}

// --- what is refused ---

TEST_F(CoinbaseDecoder, readsAnyOtherShapeOfTheSameFrameAlike) {
  const std::string_view spaced =
      R"( { "events" : [ { "updates":[ {"new_quantity":"2", "price_level":"6.89e4", "side":"bid", "event_time":"", "more":[1,{}]},
      {"event_time":"2026-04-07T14:30:01.456789Z","side":"offer","price_level":"68901","new_quantity":"0"},
      {"side":"bid","event_time":"2026-04-07T14:30:01.456789Z","price_level":"68899.50","new_quantity":"0.0"} ],
      "product_id" : "BTC\u002dUSD", "type":"update" } ], "sequence_num":1, "timestamp":"2026-04-07T14:30:01.456789000+00:00", "channel":"l2_data" } )";
  EXPECT_EQ(decode(spaced, Route::ScanFirst), decode(update_frame, Route::ScanFirst));
  EXPECT_EQ(decode(spaced, Route::ReaderOnly), decode(update_frame, Route::ScanFirst));
  EXPECT_EQ(outcome(with(heartbeat_frame, "41691}", R"("41691"})")), FrameOutcome::Decoded);
}

TEST_F(CoinbaseDecoder, namesWhatIsWrongWithAFrame) {
  EXPECT_EQ(outcome(with(update_frame, "BTC-USD", "BTC-EUR")), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(outcome(with(update_frame, "68900.00", "68900.001")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "68900.00", "0.00")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "68900.00", "-1")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "2.00000000", "-2")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, "2.00000000", "123456789012")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(update_frame, R"("68900.00")", "68900.00")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "68900.00", "")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"("bid")", R"("ask")")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"("update")", R"("upbeat")")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "04-07T", "13-07T")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"("sequence_num":1)", R"("sequence_num":-1)")),
            FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, R"("sequence_num":1,)", "")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(update_frame, "l2_data", "l3_data")), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(with(trades_frame, "1919.41", "0")), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(with(trades_frame, R"("SELL")", R"("sell")")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(heartbeat_frame, "41691}", "true}")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(l2update_frame, R"("sell",)", "")), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(with(exchange_snapshot_frame, "37215.39", "37212.77")),
            FrameOutcome::Malformed);
  EXPECT_EQ(outcome(R"({"type":"open","side":"sell"})"), FrameOutcome::Ignored);
  EXPECT_EQ(outcome(R"({"type":"something_new"})"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome("{}"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(""), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("17"), FrameOutcome::Malformed);
}

TEST_F(CoinbaseDecoder, saysWhichBookARefusedFrameMayHaveDamaged) {
  const auto one = faults(with(update_frame, "68900.00", "68900.001"));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].instrument, btc);
  EXPECT_EQ(one[0].reason, BookFaultReason::NumberFault);
  const auto two = faults(with(l2update_frame, R"("0.02460000")", "null"));
  ASSERT_EQ(two.size(), 1u);
  EXPECT_EQ(two[0].instrument, btc);
  EXPECT_EQ(two[0].reason, BookFaultReason::MalformedFrame);
  // Prints and what is passed over are no books.
  EXPECT_THAT(faults(with(trades_frame, "1919.41", "0")), IsEmpty());
  EXPECT_THAT(faults(R"({"type":"something_new"})"), IsEmpty());
  const auto refused = faults(R"({"type":"error","message":"authentication failure"})");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].reason, BookFaultReason::SubscriptionLost);
}

TEST_F(CoinbaseDecoder, refusesEveryFrameThatEndsTooEarly) {
  for (const std::string_view frame : all_frames) {
    EXPECT_EQ(outcome(frame), FrameOutcome::Decoded) << frame;
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const std::string cut(frame.substr(0, size));  // its end is the end of the memory
      EXPECT_EQ(outcome(cut), FrameOutcome::Malformed) << cut;
    }
  }
}

TEST_F(CoinbaseDecoder, readsAFrameWithAFlippedByteAsTheParserDoes) {
  for (const std::string_view frame : all_frames) {
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped(frame);
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        ASSERT_EQ(decode(flipped, Route::ScanFirst), decode(flipped, Route::ReaderOnly)) << flipped;
      }
    }
  }
}

TEST_F(CoinbaseDecoder, readsTheBookOfAnInstrumentOverRest) {
  Decoder decoder(venue, universe);
  ModelSink sink;
  const std::string body =
      R"({"pricebook":{"product_id":"BTC-USD","bids":[{"price":"68923.66","size":"0.17189468"}],"asks":[{"price":"68923.67","size":"0.52"}],"time":"2026-04-07T00:28:59.662782Z"},"last":"68923.67"})";
  ASSERT_EQ(decoder.on_depth_body(btc, body, Instant{}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.books[btc].bids.at(6892366), 17189468);
  EXPECT_EQ(sink.books[btc].asks.at(6892367), 52000000);
  ASSERT_EQ(decoder.on_depth_body(
                eth, R"({"bids":[["0.11","35",1]],"asks":[["0.12","10113.4",4]],"sequence":406})",
                Instant{}, sink),
            FrameOutcome::Decoded);
  EXPECT_EQ(sink.books[eth].asks.at(12), 1011340000000);
  EXPECT_THAT(sink.faults, IsEmpty());
  for (std::size_t size = 0; size < body.size(); ++size) {
    ModelSink faulty;
    EXPECT_EQ(decoder.on_depth_body(btc, body.substr(0, size), Instant{}, faulty),
              FrameOutcome::Malformed);
    ASSERT_EQ(faulty.faults.size(), 1u);
    EXPECT_EQ(faulty.faults[0].reason, BookFaultReason::SnapshotFailed);
  }
}

// --- recordings ---

// "l2_data.update", "ticker.snapshot", "match" …: what the recordings' description calls them.
std::string kind_of(const std::string& frame) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view channel, type;
  if (parser.parse(frame).get(root) != simdjson::SUCCESS) return "no JSON";
  if (root["channel"].get_string().get(channel) != simdjson::SUCCESS)
    return root["type"].get_string().get(type) == simdjson::SUCCESS ? std::string(type) : "other";
  std::string kind(channel);
  if (root["events"].at(0)["type"].get_string().get(type) == simdjson::SUCCESS)
    kind.append(".").append(type);
  return kind;
}

struct Replayed {
  std::map<std::string, std::map<FrameOutcome, std::size_t>> kinds;
  ModelSink sink;
  std::uint64_t declined = 0;
  Universe universe;
  VenueId venue;
  std::string last_ticker;
};

// Finds the instruments of a recording, then replays it by both routes and compares them.
Replayed replay(const std::string& path) {
  Replayed r;
  r.venue = r.universe.add_venue("coinbase", {});
  const auto discovery = make_discovery();
  const auto recording = read_recording(path);
  for (const Recorded& line : recording) {
    if (line.kind == Recorded::Kind::Frame) discovery->on_frame(line.data);
    if (line.kind == Recorded::Kind::Http) discovery->on_metadata_body(line.data);
  }
  discovery->finish(r.venue, r.universe);
  Decoder decoder(r.venue, r.universe);
  Decoder oracle(r.venue, r.universe, Route::ReaderOnly);
  Decoder counted(r.venue, r.universe);
  for (const Recorded& line : recording) {
    if (line.kind != Recorded::Kind::Frame) continue;
    ByteSink one;
    ByteSink two;
    const FrameOutcome outcome = decoder.on_frame(line.data, Instant{1}, one);
    EXPECT_EQ(outcome, oracle.on_frame(line.data, Instant{1}, two)) << line.data.substr(0, 300);
    EXPECT_EQ(one.bytes, two.bytes) << line.data.substr(0, 300);
    const std::string kind = kind_of(line.data);
    ++r.kinds[kind][outcome];
    counted.on_frame(line.data, Instant{1}, r.sink);
    if (kind.starts_with("ticker") && line.data.find("BTC-USD") != std::string::npos)
      r.last_ticker = line.data;
  }
  r.declined = decoder.declined();
  return r;
}

std::map<std::string, std::size_t> all_of(const Replayed& r, FrameOutcome outcome) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [kind, outcomes] : r.kinds) {
    if (outcomes.contains(outcome)) counts[kind] = outcomes.at(outcome);
  }
  return counts;
}

using Counts = std::map<std::string, std::size_t>;

TEST(CoinbaseRecordings, ofAdvancedTradeHaveNoGapAndEndAtTheLastTicker) {
  ATS_REQUIRE_SHARED(shared);
  const Replayed r = replay(shared / "data/raw/coinbase/20260809_advanced_first8s.jsonl.gz");
  EXPECT_EQ(all_of(r, FrameOutcome::Decoded), (Counts{{"heartbeats", 8},
                                                      {"l2_data.snapshot", 2},
                                                      {"l2_data.update", 250},
                                                      {"market_trades.snapshot", 2},
                                                      {"market_trades.update", 20},
                                                      {"subscriptions", 5}}));
  EXPECT_EQ(all_of(r, FrameOutcome::Ignored), (Counts{{"candles.snapshot", 2},
                                                      {"candles.update", 2},
                                                      {"ticker.snapshot", 2},
                                                      {"ticker.update", 53}}));
  EXPECT_THAT(r.sink.faults, IsEmpty());  // sequence_num has no hole
  EXPECT_EQ(r.sink.crossed, 0u);
  EXPECT_EQ(r.sink.snapshots, 2u);
  EXPECT_EQ(r.sink.deltas, 250u);
  EXPECT_EQ(r.declined, 5u + 4u + 55u);  // acknowledgements, candles, tickers
  EXPECT_EQ(r.universe.instruments().size(), 2u);

  const InstrumentId btc = r.universe.find_instrument(r.venue, "BTC-USD");
  ASSERT_TRUE(btc.valid());
  const Instrument& instrument = r.universe.instrument(btc);
  simdjson::dom::parser parser;
  const auto ticker = parser.parse(r.last_ticker)["events"].at(0)["tickers"].at(0);
  const auto text = [&](const char* key) { return std::string_view(ticker[key].get_string()); };
  const ModelBook& book = r.sink.books.at(btc);
  const Level bid{*instrument.parse_price(text("best_bid")),
                  *instrument.parse_quantity(text("best_bid_quantity"))};
  const Level ask{*instrument.parse_price(text("best_ask")),
                  *instrument.parse_quantity(text("best_ask_quantity"))};
  EXPECT_THAT(ModelBook::top(book.bids, 1), ElementsAre(bid));
  EXPECT_THAT(ModelBook::top(book.asks, 1), ElementsAre(ask));
}

TEST(CoinbaseRecordings, ofTheExchangeFeedDecodeAsWell) {
  ATS_REQUIRE_SHARED(shared);
  const Replayed r = replay(shared / "data/raw/coinbase/20210417_exchange_10sym.jsonl.gz");
  EXPECT_EQ(all_of(r, FrameOutcome::Decoded), (Counts{{"l2update", 9719},
                                                      {"last_match", 10},
                                                      {"match", 97},
                                                      {"snapshot", 10},
                                                      {"subscriptions", 3}}));
  EXPECT_EQ(all_of(r, FrameOutcome::Ignored), (Counts{{"ticker", 107}}));
  EXPECT_EQ(r.universe.instruments().size(), 10u);
  EXPECT_EQ(r.sink.snapshots, 10u);
  EXPECT_EQ(r.sink.deltas, 9719u);
  EXPECT_EQ(r.sink.trades.size(), 97u);
  EXPECT_EQ(r.sink.crossed, 0u);
  EXPECT_THAT(r.sink.faults, IsEmpty());
  EXPECT_EQ(r.declined, 10u + 97u + 3u + 107u);
}

TEST(CoinbaseRecordings, ofSingleFramesDecodeOrAreRefusedByName) {
  ATS_REQUIRE_SHARED(shared);
  const auto counts = [&](const char* file) {
    std::map<FrameOutcome, std::size_t> outcomes;
    Universe universe;
    const VenueId venue = universe.add_venue("coinbase", {});
    const auto recording = read_recording(shared / "data/raw/coinbase" / file);
    const auto discovery = make_discovery();
    for (const Recorded& line : recording) discovery->on_frame(line.data);
    discovery->finish(venue, universe);
    Decoder decoder(venue, universe);
    ModelSink sink;
    for (const Recorded& line : recording) ++outcomes[decoder.on_frame(line.data, {}, sink)];
    return outcomes;
  };
  using Outcomes = std::map<FrameOutcome, std::size_t>;
  // last_match, snapshot, l2update; an order of level 3, a ticker; a REST book, which is no frame.
  EXPECT_EQ(counts("fixtures_crypto_msg_parser.jsonl"), (Outcomes{{FrameOutcome::Decoded, 3},
                                                                  {FrameOutcome::Ignored, 2},
                                                                  {FrameOutcome::UnknownKind, 1}}));
  // REST answers, two of which are lists.
  EXPECT_EQ(counts("fixtures_xchange.jsonl"),
            (Outcomes{{FrameOutcome::UnknownKind, 2}, {FrameOutcome::Malformed, 2}}));
}

TEST(CoinbaseRecordings, cutAtAwkwardBytesAreRefused) {
  ATS_REQUIRE_SHARED(shared);
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  const auto recording =
      read_recording(shared / "data/raw/coinbase/20260809_advanced_first8s.jsonl.gz");
  const auto discovery = make_discovery();
  std::map<std::string, std::string> one_of_each;
  for (const Recorded& line : recording) {
    if (line.kind != Recorded::Kind::Frame) continue;
    discovery->on_frame(line.data);
    one_of_each.try_emplace(kind_of(line.data), line.data);
  }
  discovery->finish(venue, universe);
  EXPECT_EQ(one_of_each.size(), 10u);
  Decoder decoder(venue, universe);
  for (const auto& [kind, frame] : one_of_each) {
    // Every byte near both ends, a prime's stride between.
    for (std::size_t size = 0; size < frame.size();
         size += size < 300 || size + 100 > frame.size() ? 1 : 49'999) {
      const std::string cut = frame.substr(0, size);
      ModelSink sink;
      EXPECT_EQ(decoder.on_frame(cut, {}, sink), FrameOutcome::Malformed) << kind << ' ' << size;
      EXPECT_EQ(sink.snapshots + sink.deltas + sink.trades.size(), 0u);
    }
  }
}

}  // namespace
}  // namespace ats::venues::coinbase

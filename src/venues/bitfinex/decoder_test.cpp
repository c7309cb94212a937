#include "venues/bitfinex/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/testing_shared.hpp"
#include "domain/codec.hpp"
#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/testing_model_book.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::bitfinex {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view hello =
    R"({"event":"info","version":2,"serverId":"083bd8d4-aca7-4690-a573-eabfc8103de8","platform":{"status":1}})";
constexpr std::string_view book_subscribed =
    R"({"event":"subscribed","channel":"book","chanId":10092,"symbol":"tBTCUSD","prec":"P0","freq":"F0","len":"25","subId":123,"pair":"BTCUSD"})";
constexpr std::string_view raw_subscribed =
    R"({"event":"subscribed","channel":"book","chanId":777,"symbol":"tETHUSD","prec":"R0","freq":"F0","len":"25","pair":"ETHUSD"})";
constexpr std::string_view trades_subscribed =
    R"({"event":"subscribed","channel":"trades","chanId":17470,"symbol":"tBTCUSD","pair":"BTCUSD"})";
constexpr std::string_view snapshot_frame =
    "[10092,[[7254.7,3,3.3],[7254.5,1,0.00000001],[7254.8,1,-0.5],[7255,12,-1234.5]],1]";
constexpr std::string_view update_frame = "[10092,[7254.5,1,2.25],2,1574694475039]";
constexpr std::string_view delete_frame = "[10092,[7254.8,0,-1],3]";
constexpr std::string_view checksum_frame = R"([10092,"cs",-1175357890,4])";
constexpr std::string_view trade_frame =
    R"([17470,"te",[401597395,1574694478808,-0.005,7245.3],5])";

// The events of one frame, in the journal's bytes.
struct ByteSink final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{}, bytes); }
  std::vector<std::byte> bytes;
};

class BitfinexDecoder : public testing::Test {
 protected:
  BitfinexDecoder() {
    venue = universe.add_venue("bitfinex", {});
    btc = add("BTC", "USD", 1);
    eth = add("ETH", "USD", 8);
  }
  InstrumentId add(const char* base, const char* quote, int price_decimals) {
    PairRow row;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals;
    return *add_instrument(row, venue, universe);
  }
  // A decoder that has heard the subscriptions.
  Decoder listening(Route route = Route::ScanFirst) {
    Decoder decoder(venue, universe, route);
    ModelSink nobody(universe);
    for (const std::string_view frame : {book_subscribed, raw_subscribed, trades_subscribed})
      EXPECT_EQ(decoder.on_frame(frame, {}, nobody), FrameOutcome::Decoded);
    return decoder;
  }
  // Outcome and events of the last of some frames by either route.
  std::pair<FrameOutcome, std::vector<std::byte>> decode(std::vector<std::string_view> frames,
                                                         Route route) {
    Decoder decoder = listening(route);
    FrameOutcome outcome = FrameOutcome::Decoded;
    ByteSink sink;
    for (const std::string_view frame : frames) {
      sink.bytes.clear();
      outcome = decoder.on_frame(frame, Instant{5}, sink);
    }
    return {outcome, sink.bytes};
  }
  FrameOutcome outcome(std::string_view frame) {
    const auto scanned = decode({snapshot_frame, frame}, Route::ScanFirst);
    EXPECT_EQ(scanned, decode({snapshot_frame, frame}, Route::ReaderOnly)) << frame;
    return scanned.first;
  }
  std::vector<BookFault> faults(std::vector<std::string_view> frames) {
    Decoder decoder = listening();
    ModelSink sink(universe);
    for (const std::string_view frame : frames) decoder.on_frame(frame, {}, sink);
    return sink.faults;
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc, eth;
};

TEST_F(BitfinexDecoder, givesTheBookOfAChannelItWasToldOf) {
  for (const Route route : {Route::ScanFirst, Route::ReaderOnly}) {
    Decoder decoder = listening(route);
    const std::uint64_t declined = decoder.declined();
    ModelSink sink(universe);
    ASSERT_EQ(decoder.on_frame(snapshot_frame, Instant{70}, sink), FrameOutcome::Decoded);
    ASSERT_EQ(sink.snapshots, 1u);
    const ModelBook& book = sink.books.at(btc);
    EXPECT_THAT(ModelBook::all(book.bids),
                ElementsAre(Level{{72547}, {330000000}}, Level{{72545}, {1}}));
    EXPECT_THAT(ModelBook::all(book.asks),
                ElementsAre(Level{{72548}, {50000000}}, Level{{72550}, {123450000000}}));
    ASSERT_EQ(decoder.on_frame(update_frame, Instant{77}, sink), FrameOutcome::Decoded);
    ASSERT_EQ(decoder.on_frame(delete_frame, Instant{78}, sink), FrameOutcome::Decoded);
    EXPECT_EQ(sink.deltas, 2u);
    EXPECT_THAT(ModelBook::all(book.bids),
                ElementsAre(Level{{72547}, {330000000}}, Level{{72545}, {225000000}}));
    EXPECT_THAT(ModelBook::all(book.asks), ElementsAre(Level{{72550}, {123450000000}}));
    EXPECT_THAT(sink.faults, IsEmpty());
    EXPECT_EQ(decoder.declined(), declined);
  }
}

TEST_F(BitfinexDecoder, tellsTheVenuesTimeWhereAFrameHasIt) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  decoder.on_frame(update_frame, Instant{77}, sink);
  EXPECT_EQ(sink.last.instrument, btc);
  EXPECT_EQ(sink.last.times.venue_time, wall_from_ms(1574694475039));
  EXPECT_EQ(sink.last.times.recv_time, Instant{77});
  decoder.on_frame(delete_frame, Instant{78}, sink);
  EXPECT_FALSE(sink.last.times.venue_time.told());
}

TEST_F(BitfinexDecoder, givesAChecksumAsADeltaWithoutLevels) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  ASSERT_EQ(decoder.on_frame(checksum_frame, Instant{7}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.last.instrument, btc);
  EXPECT_THAT(sink.last.bids, IsEmpty());
  EXPECT_THAT(sink.last.asks, IsEmpty());
  EXPECT_EQ(sink.last.checksum, 3119609406u);  // -1175357890 without its sign
  EXPECT_EQ(outcome(R"([10092,"cs",2147483647])"), FrameOutcome::Decoded);
  EXPECT_EQ(outcome(R"([10092,"cs",-2147483648])"), FrameOutcome::Decoded);
  EXPECT_EQ(outcome(R"([10092,"cs",2147483648])"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(R"([10092,"cs",1.5])"), FrameOutcome::Malformed);
}

TEST_F(BitfinexDecoder, givesAPrintOnceThoughTheVenueTellsItTwice) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  ASSERT_EQ(decoder.on_frame(trade_frame, {}, sink), FrameOutcome::Decoded);
  const std::string_view again = R"([17470,"tu",[401597395,1574694478808,-0.005,7245.3],6])";
  EXPECT_EQ(decoder.on_frame(again, {}, sink), FrameOutcome::Ignored);
  ASSERT_EQ(sink.trades.size(), 1u);
  EXPECT_EQ(sink.trades[0].instrument, btc);
  EXPECT_EQ(sink.trades[0].taker_side, Side::Sell);
  EXPECT_EQ(sink.trades[0].price, Price{72453});
  EXPECT_EQ(sink.trades[0].quantity, Quantity{500000});
  EXPECT_EQ(sink.trades[0].id.view(), "401597395");
  EXPECT_EQ(sink.trades[0].times.venue_time, wall_from_ms(1574694478808));
  EXPECT_EQ(outcome(trade_frame), FrameOutcome::Decoded);
  EXPECT_EQ(outcome(R"([17470,[[401597393,1574694475039,0.005,7244.9]]])"), FrameOutcome::Ignored);
}

TEST_F(BitfinexDecoder, readsAnyOtherShapeOfTheSameFrameAlike) {
  const auto straight = decode({update_frame}, Route::ScanFirst);
  const std::string_view spaced =
      " [ 10092 , [ 7.2545e3 , 1, 225e-2, null, \"more\" ] , 2 , 1574694475039 ]\n";
  EXPECT_EQ(decode({spaced}, Route::ScanFirst), straight);
  EXPECT_EQ(decode({spaced}, Route::ReaderOnly), straight);
}

TEST_F(BitfinexDecoder, takesTheFirstListForTheSnapshotAndLaterOnesForUpdates) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  decoder.on_frame(snapshot_frame, {}, sink);
  ASSERT_EQ(decoder.on_frame("[10092,[[7254.5,0,1],[7254.6,1,4]]]", {}, sink),
            FrameOutcome::Decoded);
  EXPECT_EQ(sink.snapshots, 1u);
  EXPECT_EQ(sink.deltas, 1u);
  EXPECT_THAT(ModelBook::all(sink.books.at(btc).bids),
              ElementsAre(Level{{72547}, {330000000}}, Level{{72546}, {400000000}}));
  Decoder fresh = listening();
  ASSERT_EQ(fresh.on_frame("[10092,[]]", {}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.snapshots, 2u);
  EXPECT_THAT(sink.books.at(btc).bids, IsEmpty());
}

TEST_F(BitfinexDecoder, putsASnapshotInOrderThatComesInNone) {
  Decoder decoder = listening();
  std::vector<Level> bids;
  struct Keep final : EventSink {
    void on(const Event& event) override {
      if (const auto* s = std::get_if<BookSnapshot>(&event))
        bids.assign(s->bids.begin(), s->bids.end());
    }
    std::vector<Level> bids;
  } sink;
  decoder.on_frame("[10092,[[1,1,1],[3,1,1],[9,1,-1],[2,1,1]]]", {}, sink);
  EXPECT_THAT(sink.bids, ElementsAre(Level{{30}, {100000000}}, Level{{20}, {100000000}},
                                     Level{{10}, {100000000}}));
}

TEST_F(BitfinexDecoder, sumsRawOrdersUpToLevels) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  const auto take = [&](std::string_view frame) {
    ASSERT_EQ(decoder.on_frame(frame, {}, sink), FrameOutcome::Decoded) << frame;
  };
  take("[777,[[11,100,1],[12,100,2.5],[13,99,1],[14,101,-4]],1]");
  ModelBook& book = sink.books.at(eth);
  constexpr std::int64_t one = 100000000;
  EXPECT_THAT(ModelBook::all(book.bids),
              ElementsAre(Level{{100 * one}, {350000000}}, Level{{99 * one}, {one}}));
  EXPECT_THAT(ModelBook::all(book.asks), ElementsAre(Level{{101 * one}, {4 * one}}));
  take("[777,[12,100,0.5],2]");  // less of an order
  EXPECT_EQ(book.bids.at(100 * one), 150000000);
  take("[777,[12,99,0.5],3]");  // it moves
  EXPECT_EQ(book.bids.at(100 * one), one);
  EXPECT_EQ(book.bids.at(99 * one), 150000000);
  take("[777,[13,0,1],4]");  // it goes, others stay
  EXPECT_EQ(book.bids.at(99 * one), 50000000);
  take("[777,[14,0,-1],5]");
  EXPECT_THAT(book.asks, IsEmpty());
  EXPECT_EQ(decoder.on_frame(R"([777,"cs",5,6])", {}, sink), FrameOutcome::Ignored);
  EXPECT_EQ(sink.snapshots, 1u);
  EXPECT_EQ(sink.deltas, 4u);
}

TEST_F(BitfinexDecoder, raisesAFaultOfEveryBookWhereANumberIsMissing) {
  EXPECT_THAT(faults({snapshot_frame, update_frame, delete_frame, checksum_frame, trade_frame}),
              IsEmpty());
  const auto gap = faults({snapshot_frame, delete_frame});
  ASSERT_EQ(gap.size(), 1u);
  EXPECT_FALSE(gap[0].instrument.valid());
  EXPECT_EQ(gap[0].venue, venue);
  EXPECT_EQ(gap[0].reason, BookFaultReason::SequenceGap);
  EXPECT_EQ(faults({snapshot_frame, snapshot_frame}).size(), 1u);  // the same number twice
  // Frames of every channel count: heartbeats, tickers, and what is not understood.
  EXPECT_THAT(faults({R"([5,"hb",8])", R"([99,[1,2,3,4,5],9])", R"([10092,"hb",10])"}), IsEmpty());
  EXPECT_EQ(faults({R"([5,"hb",8])", R"([5,"hb",10])"}).size(), 1u);
  // A new connection counts anew.
  EXPECT_THAT(faults({R"([5,"hb",8])", hello, R"([5,"hb",1])"}), IsEmpty());
}

TEST_F(BitfinexDecoder, forgetsChannelsWithTheConnection) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  EXPECT_EQ(decoder.on_frame(hello, {}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(decoder.on_frame(snapshot_frame, {}, sink), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(sink.snapshots, 0u);
}

TEST_F(BitfinexDecoder, namesWhatIsWrongWithAFrame) {
  EXPECT_EQ(outcome("[10092,[7254.55,1,2]]"), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome("[10092,[7254.5,1,2.000000001]]"), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome("[10092,[-7254.5,1,2]]"), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome("[10092,[0,1,2]]"), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome("[10092,[7254.5,1,922337203685]]"), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome("[10092,[7254.5,1,0]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[7254.5,0,0]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[7254.5,1]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[7254.5,-1,1]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[7254.5,1.5,1]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(R"([10092,["7254.5",1,1]])"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[07254.5,1,1]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[null,1,1]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,[[7254.5,1,1],7]]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[10092,17]"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(R"([10092,"zz",17])"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome("[10093,[7254.5,1,1]]"), FrameOutcome::UnknownSymbol);
  EXPECT_EQ(outcome(R"([17470,"te",[1,2,3]])"), FrameOutcome::Malformed);
  EXPECT_EQ(outcome(R"([17470,"te",[1,2,3.000000001,7]])"), FrameOutcome::NumberFault);
  EXPECT_EQ(outcome(R"([{"channel":"book","symbol":"tBTCUSD"},[7254.5,1,1]])"),
            FrameOutcome::OtherProtocol);
  EXPECT_EQ(outcome(R"({"event":"info","version":1})"), FrameOutcome::OtherProtocol);
  EXPECT_EQ(outcome(R"({"event":"flight"})"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(R"({"bids":[]})"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome(R"({"event":"subscribed","channel":"book","symbol":"tBTCUSD"})"),
            FrameOutcome::Malformed);
  EXPECT_EQ(outcome(""), FrameOutcome::Malformed);
  EXPECT_EQ(outcome("[]"), FrameOutcome::UnknownKind);
  EXPECT_EQ(outcome("17"), FrameOutcome::Malformed);
}

TEST_F(BitfinexDecoder, saysWhichBookARefusedFrameMayHaveDamaged) {
  const auto number = faults({"[10092,[7254.55,1,2]]"});
  ASSERT_EQ(number.size(), 1u);
  EXPECT_EQ(number[0].instrument, btc);
  EXPECT_EQ(number[0].reason, BookFaultReason::NumberFault);
  const auto shape = faults({"[10092,[true,1,2]]"});
  ASSERT_EQ(shape.size(), 1u);
  EXPECT_EQ(shape[0].instrument, btc);
  EXPECT_EQ(shape[0].reason, BookFaultReason::MalformedFrame);
  // What is no JSON names no channel that could be trusted.
  ASSERT_EQ(faults({update_frame.substr(0, 20)}).size(), 1u);
  EXPECT_FALSE(faults({update_frame.substr(0, 20)})[0].instrument.valid());
  EXPECT_THAT(faults({R"([17470,"te",[1,2,3]])"}), IsEmpty());
}

TEST_F(BitfinexDecoder, losesTheBookWhoseSubscriptionEndsOrIsRefused) {
  const auto ended = faults({R"({"event":"unsubscribed","status":"OK","chanId":10092})"});
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].instrument, btc);
  EXPECT_EQ(ended[0].reason, BookFaultReason::SubscriptionLost);
  EXPECT_THAT(faults({R"({"event":"unsubscribed","status":"OK","chanId":17470})"}), IsEmpty());
  const auto refused = faults(
      {R"({"event":"error","msg":"subscribe: limit","code":10305,"channel":"book","symbol":"tETHUSD"})"});
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].instrument, eth);
  EXPECT_THAT(
      faults({R"({"event":"error","msg":"dup","code":10301,"channel":"book","symbol":"tETHUSD"})"}),
      IsEmpty());
  EXPECT_EQ(
      outcome(
          R"({"event":"error","msg":"symbol: invalid","code":10300,"channel":"book","symbol":"tNOPE"})"),
      FrameOutcome::UnknownSymbol);
}

TEST_F(BitfinexDecoder, keepsOneBookOfAnInstrument) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  decoder.on_frame(snapshot_frame, {}, sink);
  decoder.on_frame(
      R"({"event":"subscribed","channel":"book","chanId":4,"symbol":"tBTCUSD","prec":"P1","freq":"F0","len":"25"})",
      {}, sink);
  EXPECT_EQ(decoder.on_frame("[4,[[7250,3,3.3]]]", {}, sink), FrameOutcome::Ignored);
  EXPECT_EQ(sink.snapshots, 1u);
  // When the first has ended, another may take its place, at whatever precision.
  decoder.on_frame(R"({"event":"unsubscribed","status":"OK","chanId":10092})", {}, sink);
  EXPECT_EQ(decoder.on_frame(update_frame, {}, sink), FrameOutcome::Ignored);
  decoder.on_frame(
      R"({"event":"subscribed","channel":"book","chanId":6,"symbol":"tBTCUSD","prec":"P2","freq":"F0","len":"25"})",
      {}, sink);
  EXPECT_EQ(decoder.on_frame("[6,[[7200,3,3.3]]]", {}, sink), FrameOutcome::Decoded);
  EXPECT_EQ(sink.snapshots, 2u);
  EXPECT_THAT(decoder.leave_book(btc), ElementsAre(6u));
  EXPECT_EQ(decoder.on_frame("[6,[7200,3,4]]", {}, sink), FrameOutcome::Ignored);
}

TEST_F(BitfinexDecoder, refusesOtherProductsByName) {
  EXPECT_EQ(decode({R"({"event":"subscribed","channel":"book","chanId":9,"symbol":"fUST"})",
                    "[9,[0.0002,2,1,-5]]"},
                   Route::ScanFirst)
                .first,
            FrameOutcome::OtherProtocol);
  EXPECT_EQ(
      decode({R"({"event":"subscribed","channel":"trades","chanId":9,"symbol":"tBTCF0:USTF0"})",
              R"([9,"te",[1,2,3,4]])"},
             Route::ScanFirst)
          .first,
      FrameOutcome::OtherProtocol);
  EXPECT_EQ(decode({R"({"event":"subscribed","channel":"book","chanId":9,"symbol":"tXMRUSD"})",
                    "[9,[[1,1,1]]]"},
                   Route::ScanFirst)
                .first,
            FrameOutcome::UnknownSymbol);
  EXPECT_EQ(
      decode({R"({"event":"subscribed","channel":"candles","chanId":9,"key":"trade:1m:tBTCUSD"})",
              "[9,[[1,1,1,1]]]"},
             Route::ScanFirst)
          .first,
      FrameOutcome::Ignored);
}

TEST_F(BitfinexDecoder, haltsEveryInstrumentWhileTheVenueIsInMaintenance) {
  Decoder decoder = listening();
  ModelSink sink(universe);
  decoder.on_frame(hello, {}, sink);
  EXPECT_THAT(sink.changes, IsEmpty());
  decoder.on_frame(R"({"event":"info","code":20060,"msg":"Entering in Maintenance mode."})", {},
                   sink);
  decoder.on_frame(R"({"event":"info","code":20060,"msg":"Entering in Maintenance mode."})", {},
                   sink);
  ASSERT_EQ(sink.changes.size(), 2u);
  EXPECT_EQ(sink.changes[0].status, InstrumentStatus::Halted);
  EXPECT_THAT(sink.faults, IsEmpty());
  decoder.on_frame(R"({"event":"info","code":20061,"msg":"Maintenance ended"})", {}, sink);
  ASSERT_EQ(sink.changes.size(), 4u);
  EXPECT_EQ(sink.changes[3].status, InstrumentStatus::Trading);
  ASSERT_EQ(sink.faults.size(), 1u);  // everything is to be subscribed to anew
  EXPECT_FALSE(sink.faults[0].instrument.valid());
  EXPECT_EQ(sink.faults[0].reason, BookFaultReason::SubscriptionLost);
  std::string closed(hello);
  closed.replace(closed.find("\"status\":1"), 10, "\"status\":0");
  decoder.on_frame(closed, {}, sink);
  EXPECT_EQ(sink.changes.back().status, InstrumentStatus::Halted);
}

TEST_F(BitfinexDecoder, refusesEveryFrameThatEndsTooEarly) {
  for (const std::string_view frame :
       {snapshot_frame, update_frame, delete_frame, checksum_frame, trade_frame}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const std::string cut(frame.substr(0, size));  // its end is the end of the memory
      EXPECT_EQ(outcome(cut), FrameOutcome::Malformed) << cut;
    }
  }
}

TEST_F(BitfinexDecoder, readsAFrameWithAFlippedByteAsTheParserDoes) {
  for (const std::string_view frame : {snapshot_frame, update_frame, checksum_frame, trade_frame}) {
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped(frame);
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        ASSERT_EQ(decode({flipped}, Route::ScanFirst), decode({flipped}, Route::ReaderOnly))
            << flipped;
      }
    }
  }
}

TEST_F(BitfinexDecoder, readsTheRestBookOfAnInstrument) {
  Decoder decoder(venue, universe);
  ModelSink sink(universe);
  ASSERT_EQ(
      decoder.on_depth_body(btc, "[[8744.9,2,0.45603413],[8744.8,1,0.5],[8745,2,-0.5]]", {}, sink),
      FrameOutcome::Decoded);
  EXPECT_THAT(ModelBook::all(sink.books.at(btc).bids),
              ElementsAre(Level{{87449}, {45603413}}, Level{{87448}, {50000000}}));
  EXPECT_THAT(ModelBook::all(sink.books.at(btc).asks), ElementsAre(Level{{87450}, {50000000}}));
  // The same order by order.
  ASSERT_EQ(decoder.on_depth_body(
                btc, "[[34006738527,8744.9,0.25],[34006738528,8744.9,0.25],[34006738529,8745,-1]]",
                {}, sink),
            FrameOutcome::Decoded);
  EXPECT_THAT(ModelBook::all(sink.books.at(btc).bids), ElementsAre(Level{{87449}, {50000000}}));
  EXPECT_THAT(ModelBook::all(sink.books.at(btc).asks), ElementsAre(Level{{87450}, {100000000}}));
  EXPECT_THAT(sink.faults, IsEmpty());
  EXPECT_EQ(decoder.on_depth_body(btc, R"(["error",10020,"symbol: invalid"])", {}, sink),
            FrameOutcome::Malformed);
  ASSERT_EQ(sink.faults.size(), 1u);
  EXPECT_EQ(sink.faults[0].reason, BookFaultReason::SnapshotFailed);
}

// --- recordings ---

struct Replayed {
  explicit Replayed(const Universe& universe) : sink(universe) {}
  std::map<FrameOutcome, std::size_t> outcomes;
  ModelSink sink;
  std::uint64_t declined = 0;
};

// Finds the instruments of a recording, then replays it by both routes and compares them.
Replayed replay(const std::vector<std::string>& frames, Universe& universe) {
  const VenueId venue = universe.add_venue("bitfinex", {});
  const auto discovery = make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  discovery->finish(venue, universe);
  Decoder decoder(venue, universe);
  Decoder oracle(venue, universe, Route::ReaderOnly);
  Decoder counted(venue, universe);
  Replayed replayed(universe);
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

std::string top_of(const ModelBook& book, const Instrument& on) {
  const auto text = [&on](const auto& level) {
    return format_scaled_short(level.first, on.price_scale) + " x " +
           format_scaled_short(level.second, on.qty_scale);
  };
  return text(*book.bids.begin()) + " / " + text(*book.asks.begin());
}

TEST(BitfinexRecordings, ofSevenSymbolsHaveNoGapAndEndOnTheKnownTops) {
  ATS_REQUIRE_SHARED(shared);
  std::vector<std::string> frames;
  for (const Recorded& line : read_recording(shared / "data/raw/bitfinex/20210417_7sym.jsonl.gz")) {
    if (line.kind == Recorded::Kind::Frame) frames.push_back(line.data);
  }
  Universe universe;
  const Replayed r = replay(frames, universe);
  EXPECT_EQ(frames.size(), 1693u);
  EXPECT_EQ(universe.instruments().size(), 7u);
  EXPECT_THAT(r.sink.faults, IsEmpty());  // numbers 1 to 1670 without a hole
  EXPECT_EQ(r.sink.snapshots, 7u);
  EXPECT_EQ(r.sink.deltas, 1593u);
  // Heartbeats (two of channels not yet told of), subscriptions, info, conf.
  EXPECT_EQ(r.sink.heartbeats, 42u + 21u + 1u + 1u);
  // Tickers, and the prints before the subscription.
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Ignored), 21u + 7u);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 1693u - 28u);
  EXPECT_EQ(r.outcomes.size(), 2u);
  EXPECT_EQ(universe.venue(VenueId{0}).book.depth, 100);
  const auto top = [&](const char* symbol) {
    const InstrumentId id = universe.find_instrument(VenueId{0}, symbol);
    EXPECT_LE(r.sink.books.at(id).bids.size(), 100u);
    EXPECT_LE(r.sink.books.at(id).asks.size(), 100u);
    return top_of(r.sink.books.at(id), universe.instrument(id));
  };
  EXPECT_EQ(top("tTESTBTC:TESTUSD"), "60417 x 0.68807848 / 60423 x 0.68805459");
  EXPECT_EQ(top("tDOGUSD"), "277730 x 0.09383141 / 282030 x 0.027");
  EXPECT_EQ(top("tODEUSD"), "0.02056 x 4510.99 / 0.02088 x 2335.56");
  EXPECT_EQ(top("tIOTETH"), "0.001026 x 9.80717706 / 0.0010272 x 8");
  EXPECT_EQ(top("tMNABTC"), "0.00002505 x 504.35063355 / 0.0000253 x 66.58783643");
  EXPECT_EQ(top("tBFTUSD"), "0.068965 x 6098.17017201 / 0.0774 x 6662.31867263");
  EXPECT_EQ(top("tSNGUSD"), "0.037108 x 6830.77512 / 0.038798 x 1461.09590662");
}

TEST(BitfinexRecordings, ofBtcWithoutNumbersEndOnTheKnownTop) {
  ATS_REQUIRE_SHARED(shared);
  const auto frames =
      read_lines(shared / "data/raw/bitfinex/20250815_tBTCUSD_public_noclock.jsonl.gz");
  Universe universe;
  const Replayed r = replay(frames, universe);
  EXPECT_EQ(frames.size(), 3631u);
  ASSERT_EQ(universe.instruments().size(), 1u);
  EXPECT_EQ(r.sink.snapshots, 1u);
  EXPECT_EQ(r.sink.deltas, 3437u);
  EXPECT_EQ(r.sink.trades.size(), 8u);
  EXPECT_EQ(r.sink.heartbeats, 60u + 5u + 1u);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Decoded), 3437u + 1u + 8u + 66u);
  EXPECT_EQ(r.outcomes.at(FrameOutcome::Ignored), 6u + 1u + 8u);     // tickers, old prints, "tu"
  EXPECT_EQ(r.outcomes.at(FrameOutcome::OtherProtocol), 103u + 1u);  // the funding book
  EXPECT_EQ(r.outcomes.size(), 3u);
  EXPECT_THAT(r.sink.faults, IsEmpty());
  const ModelBook& book = r.sink.books.at(InstrumentId{0});
  EXPECT_EQ(book.bids.size(), 25u);
  EXPECT_EQ(book.asks.size(), 25u);
  EXPECT_EQ(top_of(book, universe.instrument(InstrumentId{0})),
            "118890 x 0.00004919 / 118900 x 8.28301002");
}

TEST(BitfinexRecordings, ofSingleMessagesAreRefusedByName) {
  ATS_REQUIRE_SHARED(shared);
  const auto outcomes = [&](const char* file) {
    Universe universe;
    std::vector<std::string> frames;
    for (const Recorded& line : read_recording(shared / "data/raw/bitfinex" / file))
      frames.push_back(line.data);
    return replay(frames, universe).outcomes;
  };
  // A crawler put an object in the place of each channel id; two are bodies of REST calls.
  const auto crawled = outcomes("fixtures_crypto_msg_parser.jsonl");
  EXPECT_EQ(crawled.at(FrameOutcome::OtherProtocol), 20u);
  EXPECT_EQ(crawled.at(FrameOutcome::UnknownKind), 2u);
  EXPECT_EQ(crawled.size(), 2u);
  const auto rest = outcomes("fixtures_xchange.jsonl");
  EXPECT_EQ(rest.at(FrameOutcome::UnknownKind), 5u);
  EXPECT_EQ(rest.at(FrameOutcome::OtherProtocol), 1u);
  EXPECT_EQ(rest.size(), 2u);
}

TEST(BitfinexRecordings, cutAtEveryByteNeverBreakAnything) {
  ATS_REQUIRE_SHARED(shared);
  std::vector<std::string> frames;
  for (const Recorded& line : read_recording(shared / "data/raw/bitfinex/20210417_7sym.jsonl.gz")) {
    if (line.kind == Recorded::Kind::Frame) frames.push_back(line.data);
  }
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  const auto discovery = make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  discovery->finish(venue, universe);
  Decoder decoder(venue, universe);
  ModelSink sink(universe);
  std::size_t decoded = 0;
  std::size_t cuts = 0;
  for (const std::string& frame : frames) {
    const std::size_t step = frame.size() > 200 ? frame.size() / 40 : 1;
    for (std::size_t size = 0; size < frame.size(); size += step) {
      const std::string cut(frame.substr(0, size));
      ++cuts;
      decoded += decoder.on_frame(cut, {}, sink) == FrameOutcome::Decoded;
    }
    decoder.on_frame(frame, {}, sink);
  }
  EXPECT_GT(cuts, 50'000u);
  EXPECT_EQ(decoded, 0u);
}

}  // namespace
}  // namespace ats::venues::bitfinex

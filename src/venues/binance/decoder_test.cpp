#include "venues/binance/decoder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/rng.hpp"
#include "base/testing_shared.hpp"
#include "venues/binance/metadata.hpp"
#include "venues/testing_recordings.hpp"

namespace ats::venues::binance {
namespace {

// Events written out, so that two readers can be compared and a test can say what it expects.
std::string show(std::span<const Level> levels) {
  std::string text;
  for (const Level& l : levels) {
    text += ' ' + std::to_string(l.price.units) + ':' + std::to_string(l.quantity.units);
  }
  return text;
}
std::string show(const Times& times) {
  return std::to_string(times.venue_time.ns_utc / 1'000'000) + "/" +
         std::to_string(times.recv_time.ns);
}
class Collected final : public EventSink {
 public:
  void on(const Event& event) override {
    if (const auto* d = std::get_if<BookDelta>(&event)) {
      ++deltas;
      text += "delta " + std::to_string(d->instrument.value) + " " + show(d->times) + " " +
              std::to_string(d->first) + ".." + std::to_string(d->last) + " after " +
              std::to_string(d->previous) + " bids" + show(d->bids) + " asks" + show(d->asks) +
              "\n";
    } else if (const auto* s = std::get_if<BookSnapshot>(&event)) {
      ++snapshots;
      text += "snapshot " + std::to_string(s->instrument.value) + " " + show(s->times) + " " +
              std::to_string(s->last) + " bids" + show(s->bids) + " asks" + show(s->asks) + "\n";
    } else if (const auto* t = std::get_if<Trade>(&event)) {
      ++trades;
      text += "trade " + std::to_string(t->instrument.value) + " " + show(t->times) + " " +
              name(t->taker_side) + " " + std::to_string(t->price.units) + ":" +
              std::to_string(t->quantity.units) + " #" + std::string(t->id.view()) + "\n";
    } else if (const auto* q = std::get_if<Quote>(&event)) {
      ++quotes;
      text += "quote " + std::to_string(q->instrument.value) + " " + show(q->times) + " " +
              std::to_string(q->sequence) + show({&q->bid, 1}) + show({&q->ask, 1}) + "\n";
    } else if (const auto* f = std::get_if<BookFault>(&event)) {
      ++faults;
      text += std::string("fault ") +
              (f->instrument.valid() ? std::to_string(f->instrument.value) : "all") + " " +
              name(f->reason) + "\n";
    } else if (std::holds_alternative<Heartbeat>(event)) {
      text += "heartbeat\n";
    } else {
      ADD_FAILURE() << "event of another kind";
    }
  }
  std::string text;
  int deltas = 0, snapshots = 0, trades = 0, quotes = 0, faults = 0;
};

struct Venue {
  explicit Venue(std::string_view name) : id(universe.add_venue(name, {})) {}
  InstrumentId add(std::string_view symbol, std::string_view base, std::string_view quote,
                   int price, int quantity) {
    Instrument i;
    i.venue = id;
    i.base = universe.add_asset(base);
    i.quote = universe.add_asset(quote);
    i.symbol = Text<31>(symbol);
    i.price_scale = static_cast<std::uint8_t>(price);
    i.qty_scale = static_cast<std::uint8_t>(quantity);
    return universe.add_instrument(i);
  }
  Universe universe;
  VenueId id;
};

Venue spot() {
  Venue venue("binance");
  venue.add("BTCUSDT", "BTC", "USDT", 2, 5);
  venue.add("ETHUSDT", "ETH", "USDT", 2, 4);
  return venue;
}

// Both readers see the frame in an allocation of its own size; they must agree.
struct Pair {
  Pair(Product product, const Venue& venue)
      : scan(product, venue.id, venue.universe, Reader::ScanThenParse),
        parse(product, venue.id, venue.universe, Reader::ParseOnly) {}
  FrameOutcome frame(std::string_view text) {
    const std::unique_ptr<char[]> exact = copy(text);
    const std::string_view view(exact.get(), text.size());
    seen = {};
    Collected other;
    const FrameOutcome outcome = scan.on_frame(view, Instant{7}, seen);
    EXPECT_EQ(outcome, parse.on_frame(view, Instant{7}, other)) << text.substr(0, 300);
    EXPECT_EQ(seen.text, other.text) << text.substr(0, 300);
    return outcome;
  }
  FrameOutcome body(InstrumentId instrument, std::string_view text) {
    const std::unique_ptr<char[]> exact = copy(text);
    const std::string_view view(exact.get(), text.size());
    seen = {};
    Collected other;
    const FrameOutcome outcome = scan.on_depth_body(instrument, view, Instant{7}, seen);
    EXPECT_EQ(outcome, parse.on_depth_body(instrument, view, Instant{7}, other))
        << text.substr(0, 300);
    EXPECT_EQ(seen.text, other.text) << text.substr(0, 300);
    return outcome;
  }
  static std::unique_ptr<char[]> copy(std::string_view text) {
    std::unique_ptr<char[]> exact(new char[text.size()]);
    std::copy(text.begin(), text.end(), exact.get());
    return exact;
  }
  Decoder scan;
  Decoder parse;
  Collected seen;
};

constexpr std::string_view depth_frame =
    R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":157,"u":160,"b":[["61837.63000000","0.00000000"],["61837.62000000","3.78826000"]],"a":[["61837.64000000","1.54698000"]]}})";
constexpr std::string_view top_frame =
    R"({"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"})";
constexpr std::string_view trade_frame =
    R"({"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true})";
constexpr std::string_view aggregate_frame =
    R"({"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1616176861895,"s":"BTCUSDT","a":640283266,"p":"58942.01000000","q":"0.00035000","f":716849523,"l":716849524,"T":1616176861893,"m":false,"M":true}})";
constexpr std::string_view body_text =
    R"({"lastUpdateId":1027024,"bids":[["4.00","431.00000000"],["3.99","1.5"]],"asks":[["4.01","12.00000000"]]})";

TEST(BinanceDecoder, ReadsADiffRawAndWrapped) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  EXPECT_EQ(pair.frame(depth_frame), FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text,
            "delta 0 1723161255208/7 157..160 after 0 bids 6183763:0 6183762:378826 asks "
            "6183764:154698\n");
  const std::string raw(depth_frame.substr(39, depth_frame.size() - 40));
  const std::string wrapped = pair.seen.text;
  EXPECT_EQ(pair.frame(raw), FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text, wrapped);
  EXPECT_EQ(pair.scan.parsed(), 0u) << "the scan knows both";
  EXPECT_EQ(pair.parse.parsed(), 2u);
}

TEST(BinanceDecoder, ReadsQuotesTradesAndAggregates) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  EXPECT_EQ(pair.frame(top_frame), FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text, "quote 0 0/7 50093239212 6183763:378826 6183764:154698\n");
  EXPECT_EQ(pair.frame(trade_frame), FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text, "trade 0 1723161255342/7 sell 6183763:2000 #3735683259\n");
  EXPECT_EQ(pair.frame(aggregate_frame), FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text, "trade 0 1616176861893/7 buy 5894201:35 #640283266\n");
  EXPECT_EQ(pair.scan.parsed(), 0u);
}

TEST(BinanceDecoder, ReadsASnapshotAndRefusesOneThatIsNotSorted) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  EXPECT_EQ(pair.body(InstrumentId{0}, body_text), FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text,
            "snapshot 0 0/7 1027024 bids 400:43100000 399:150000 asks 401:1200000\n");
  EXPECT_EQ(pair.scan.parsed(), 0u);
  std::string swapped(body_text);
  swapped.replace(swapped.find("3.99"), 4, "4.00");
  EXPECT_EQ(pair.body(InstrumentId{0}, swapped), FrameOutcome::Malformed);
  EXPECT_EQ(pair.seen.text, "fault 0 snapshot_failed\n");
  EXPECT_EQ(pair.body(InstrumentId{0}, R"({"code":-1121,"msg":"Invalid symbol."})"),
            FrameOutcome::Malformed);
  EXPECT_EQ(pair.seen.text, "fault 0 snapshot_failed\n");
  EXPECT_EQ(pair.body(InstrumentId{9}, body_text), FrameOutcome::UnknownSymbol);
}

TEST(BinanceDecoder, AnyOtherShapeOfTheSameFrameGivesTheSameEvents) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  EXPECT_EQ(
      pair.frame(
          R"( { "data" : {"a":[], "b":[ [ "1" , "2.5" ] ],"u":3,"U":2,"s":"ETHUSDT","E":1,"e":"depthUpdate","new":{"x":[1,2]}} , "stream":"ethusdt@depth" } )"),
      FrameOutcome::Decoded);
  EXPECT_EQ(pair.seen.text, "delta 1 1/7 2..3 after 0 bids 100:25000 asks\n");
  EXPECT_EQ(pair.scan.parsed(), 1u);
}

TEST(BinanceDecoder, SaysWhyAFrameIsRefusedAndRaisesAFaultWhereABookLostSomething) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  const struct {
    std::string_view frame;
    FrameOutcome outcome;
    std::string_view events;
  } cases[] = {
      {"", FrameOutcome::Malformed, "fault all malformed_frame\n"},
      {"{", FrameOutcome::Malformed, "fault all malformed_frame\n"},
      {"7", FrameOutcome::Malformed, "fault all malformed_frame\n"},
      {R"({"stream":"btcusdt@depth"})", FrameOutcome::Malformed, "fault all malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[]})", FrameOutcome::Malformed,
       "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":3,"u":2,"b":[],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":-3,"u":2,"b":[],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["1","2","3"]],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["-1","2"]],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["0.00","2"]],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[[1,2]],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":9999999999999999,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]})",
       FrameOutcome::Malformed, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["1.001","2"]],"a":[]})",
       FrameOutcome::NumberFault, "fault 0 number_fault\n"},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[["1","99999999999999999999"]]})",
       FrameOutcome::NumberFault, "fault 0 number_fault\n"},
      {R"({"e":"depthUpdate","E":1,"s":"DOGEUSDT","U":1,"u":2,"b":[],"a":[]})",
       FrameOutcome::UnknownSymbol, ""},
      {R"({"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[],"a":[]})",
       FrameOutcome::OtherProtocol, "fault 0 malformed_frame\n"},
      {R"({"e":"depthUpdate","E":1,"T":1,"s":"BTCUSD_PERP","U":1,"u":2,"pu":0,"b":[],"a":[]})",
       FrameOutcome::OtherProtocol, ""},
      {R"({"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","X":"MARKET","m":true})",
       FrameOutcome::OtherProtocol, ""},
      {R"({"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.005","q":"1","T":1,"m":true,"M":true})",
       FrameOutcome::NumberFault, ""},
      {R"({"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.00","q":"0","T":1,"m":true,"M":true})",
       FrameOutcome::Malformed, ""},
      {R"({"e":"bookTicker","u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1","T":1,"E":1})",
       FrameOutcome::OtherProtocol, ""},
      {R"({"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT","k":{}}})",
       FrameOutcome::Ignored, ""},
      {R"({"stream":"!ticker@arr","data":[{"e":"24hrTicker","E":1}]})", FrameOutcome::Ignored, ""},
      {R"({"stream":"btcusdt@depth20","data":{"lastUpdateId":1,"bids":[],"asks":[]}})",
       FrameOutcome::Ignored, ""},
      {R"({"stream":"btcusdt@depth5@100ms","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]}})",
       FrameOutcome::Ignored, ""},
      {R"({"e":"somethingNew","E":1})", FrameOutcome::UnknownKind, ""},
      {"{}", FrameOutcome::UnknownKind, ""},
      {"[]", FrameOutcome::UnknownKind, ""},
      {R"({"result":null,"id":1})", FrameOutcome::Decoded, "heartbeat\n"},
      {R"({"error":{"code":2,"msg":"Invalid request"},"id":1})", FrameOutcome::Decoded,
       "fault all subscription_lost\n"},
      {R"({"code":2,"msg":"Invalid request","id":1})", FrameOutcome::Decoded,
       "fault all subscription_lost\n"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(pair.frame(c.frame), c.outcome) << c.frame;
    EXPECT_EQ(pair.seen.text, c.events) << c.frame;
  }
  EXPECT_EQ(pair.scan.take_notice(), MarketNotice::SubscriptionRefused);
  EXPECT_EQ(pair.frame(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})"),
            FrameOutcome::Decoded);
  EXPECT_EQ(pair.scan.take_notice(), MarketNotice::Shutdown);
  EXPECT_EQ(pair.scan.take_notice(), MarketNotice::None);
}

TEST(BinanceDecoder, AFrameCutAnywhereIsRefused) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  for (const std::string_view frame : {depth_frame, top_frame, trade_frame, aggregate_frame}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      EXPECT_EQ(pair.frame(frame.substr(0, size)), FrameOutcome::Malformed) << size;
      EXPECT_EQ(pair.seen.text, "fault all malformed_frame\n");
    }
  }
  for (std::size_t size = 0; size < body_text.size(); ++size) {
    EXPECT_EQ(pair.body(InstrumentId{0}, body_text.substr(0, size)), FrameOutcome::Malformed);
  }
}

TEST(BinanceDecoder, FlippedBytesReadTheSameWayByScanAndParser) {
  const Venue venue = spot();
  Pair pair(Product::Spot, venue);
  Rng rng(3);
  constexpr std::string_view swaps = "0123456789.,:\"[]{}-eE \\\n\x80";
  for (const std::string_view frame : {depth_frame, top_frame, trade_frame, aggregate_frame}) {
    for (int i = 0; i < 4'000; ++i) {
      std::string spoilt(frame);
      for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) {
        const std::size_t at = rng.below(spoilt.size());
        switch (rng.below(3)) {
          case 0:
            spoilt[at] = swaps[rng.below(swaps.size())];
            break;
          case 1:
            spoilt.erase(at, 1);
            break;
          default:
            spoilt.insert(at, 1, swaps[rng.below(swaps.size())]);
        }
      }
      pair.frame(spoilt);
      if (HasFailure()) return;
    }
  }
}

// --- recorded sessions ---

struct Counts {
  std::map<std::string, int> kinds;
  std::map<FrameOutcome, int> outcomes;
  int deltas = 0, snapshots = 0, trades = 0, quotes = 0, faults = 0;
  std::uint64_t parsed = 0;
};

// The kind as the data's README names it: the stream without its symbol.
std::string kind_of(std::string_view frame) {
  const std::size_t begin = frame.find(R"("stream":")");
  if (begin == std::string_view::npos) return "REST depth snapshot";
  std::string_view stream = frame.substr(begin + 10);
  stream = stream.substr(0, stream.find('"'));
  const std::size_t at = stream.find('@');
  return std::string(stream.substr(at + 1));
}

std::string symbol_in(const std::string& url) {
  const std::size_t at = url.find("symbol=") + 7;
  return url.substr(at, url.find('&', at) - at);
}

Counts replay(Product product, std::string_view venue_name, const std::string& path,
              std::string_view only_symbol) {
  const std::vector<Recorded> all = read_recording(path);
  const auto discovery = make_discovery();
  const auto is_depth_body = [](const Recorded& r) {
    return (r.kind == Recorded::Kind::Http && r.url.find("depth") != std::string::npos) ||
           (r.kind == Recorded::Kind::Frame && r.data.starts_with(R"({"lastUpdateId")"));
  };
  const auto symbol_of = [&](const Recorded& r) {
    return r.url.empty() ? std::string(only_symbol) : symbol_in(r.url);
  };
  for (const Recorded& r : all) {
    if (is_depth_body(r)) {
      discovery->on_depth_body(symbol_of(r), r.data);
    } else if (r.kind == Recorded::Kind::Http) {
      discovery->on_metadata_body(r.data);
    } else if (r.kind == Recorded::Kind::Frame) {
      discovery->on_frame(r.data);
    }
  }
  Venue venue(venue_name);
  discovery->finish(venue.id, venue.universe);
  Pair pair(product, venue);
  Counts counts;
  for (const Recorded& r : all) {
    if (is_depth_body(r)) {
      ++counts.kinds["REST depth snapshot"];
      ++counts.outcomes[pair.body(venue.universe.find_instrument(venue.id, symbol_of(r)), r.data)];
    } else if (r.kind == Recorded::Kind::Frame) {
      ++counts.kinds[kind_of(r.data)];
      ++counts.outcomes[pair.frame(r.data)];
    } else {
      continue;
    }
    counts.deltas += pair.seen.deltas;
    counts.snapshots += pair.seen.snapshots;
    counts.trades += pair.seen.trades;
    counts.quotes += pair.seen.quotes;
    counts.faults += pair.seen.faults;
    if (testing::Test::HasFailure()) break;
  }
  counts.parsed = pair.scan.parsed();
  return counts;
}

using Kinds = std::map<std::string, int>;
using Outcomes = std::map<FrameOutcome, int>;

TEST(BinanceDecoder, EveryFrameOfTheSpotSessionOf2021DecodesAlikeInBothReaders) {
  ATS_REQUIRE_SHARED(shared);
  const Counts c = replay(Product::Spot, "binance",
                          shared / "data/raw/binance/20210417_spot_10sym.jsonl.gz", "");
  EXPECT_EQ(c.kinds, (Kinds{{"depth@100ms", 614},
                            {"bookTicker", 570},
                            {"aggTrade", 24},
                            {"kline_1m", 20},
                            {"REST depth snapshot", 10}}));
  EXPECT_EQ(c.outcomes, (Outcomes{{FrameOutcome::Decoded, 1218}, {FrameOutcome::Ignored, 20}}));
  EXPECT_EQ(c.deltas, 614);
  EXPECT_EQ(c.quotes, 570);
  EXPECT_EQ(c.trades, 24);
  EXPECT_EQ(c.snapshots, 10);
  EXPECT_EQ(c.faults, 0);
  EXPECT_EQ(c.parsed, 20u) << "the klines alone need the parser";
}

TEST(BinanceDecoder, EveryFrameOfTheSpotSessionOf2024DecodesAlikeInBothReaders) {
  ATS_REQUIRE_SHARED(shared);
  const Counts c = replay(Product::Spot, "binance",
                          shared / "data/raw/binance/20240808_spot_BTCUSDT.ns_json.gz", "BTCUSDT");
  EXPECT_EQ(c.kinds, (Kinds{{"depth@100ms", 3451},
                            {"bookTicker", 28040},
                            {"trade", 9757},
                            {"REST depth snapshot", 1}}));
  EXPECT_EQ(c.outcomes, (Outcomes{{FrameOutcome::Decoded, 41249}}));
  EXPECT_EQ(c.deltas, 3451);
  EXPECT_EQ(c.faults, 0);
  EXPECT_EQ(c.parsed, 0u);
}

TEST(BinanceDecoder, EveryFrameOfTheUsdmSessionDecodesAlikeInBothReaders) {
  ATS_REQUIRE_SHARED(shared);
  const Counts c =
      replay(Product::Usdm, "binance_usdm",
             shared / "data/raw/binance_usdm/20240808_usdm_BTCUSDT.ns_json.gz", "BTCUSDT");
  EXPECT_EQ(c.kinds, (Kinds{{"depth@0ms", 6551},
                            {"bookTicker", 66089},
                            {"trade", 21313},
                            {"REST depth snapshot", 1}}));
  EXPECT_EQ(c.outcomes, (Outcomes{{FrameOutcome::Decoded, 93954}}));
  EXPECT_EQ(c.faults, 0);
}

TEST(BinanceDecoder, EveryFrameOfTheCoinmSessionDecodesAlikeInBothReaders) {
  ATS_REQUIRE_SHARED(shared);
  const Counts c = replay(Product::Coinm, "binance_coinm",
                          shared / "data/raw/binance_coinm/20240808_coinm_BTCUSD_PERP.ns_json.gz",
                          "BTCUSD_PERP");
  EXPECT_EQ(c.kinds, (Kinds{{"depth@0ms", 26847},
                            {"bookTicker", 19136},
                            {"trade", 2286},
                            {"REST depth snapshot", 1}}));
  EXPECT_EQ(c.outcomes, (Outcomes{{FrameOutcome::Decoded, 48270}}));
  EXPECT_EQ(c.faults, 0);
}

TEST(BinanceDecoder, FixtureFramesOfAllProductsAreNeverMisread) {
  ATS_REQUIRE_SHARED(shared);
  Outcomes outcomes;
  for (const std::string_view file :
       {"fixtures_crypto_msg_parser.jsonl", "fixtures_xchange.jsonl"}) {
    const auto all = read_recording(shared / "data/raw/binance" / file);
    const auto discovery = make_discovery();
    for (const Recorded& r : all) discovery->on_frame(r.data);
    Venue venue("binance");
    discovery->finish(venue.id, venue.universe);
    Pair pair(Product::Spot, venue);
    for (const Recorded& r : all) {
      const FrameOutcome outcome = pair.frame(r.data);
      ++outcomes[outcome];
      EXPECT_EQ(pair.seen.deltas,
                outcome == FrameOutcome::Decoded && r.connection == "l2_event::spot" ? 1 : 0)
          << r.data;
      if (r.connection.ends_with("_future") || r.connection.ends_with("_swap")) {
        EXPECT_NE(outcome, FrameOutcome::Decoded) << r.data;
      }
    }
  }
  EXPECT_EQ(outcomes[FrameOutcome::Malformed], 0);
  EXPECT_EQ(outcomes[FrameOutcome::Decoded], 3) << "spot's aggTrade, diff and bookTicker";
}

TEST(BinanceDecoder, RecordedFramesCutAtEveryByteAreRefused) {
  ATS_REQUIRE_SHARED(shared);
  const auto all = read_recording(shared / "data/raw/binance/20210417_spot_10sym.jsonl.gz");
  const auto discovery = make_discovery();
  for (const Recorded& r : all) discovery->on_frame(r.data);
  Venue venue("binance");
  discovery->finish(venue.id, venue.universe);
  Decoder decoder(Product::Spot, venue.id, venue.universe);
  int cuts = 0;
  for (const Recorded& r : all) {
    if (r.kind != Recorded::Kind::Frame) continue;
    for (std::size_t size = 0; size < r.data.size(); ++size, ++cuts) {
      const auto exact = Pair::copy(std::string_view(r.data).substr(0, size));
      Collected seen;
      ASSERT_EQ(decoder.on_frame({exact.get(), size}, Instant{1}, seen), FrameOutcome::Malformed)
          << r.data.substr(0, size);
      ASSERT_EQ(seen.text, "fault all malformed_frame\n");
    }
  }
  EXPECT_GT(cuts, 100'000);
}

}  // namespace
}  // namespace ats::venues::binance

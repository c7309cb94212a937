#include "services/scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/testing_shared.hpp"
#include "services/command_line.hpp"
#include "services/recording_file.hpp"
#include "services/recording_testing.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

CommandResult scan(std::vector<std::string> words) { return run_words(scan_command, words); }

json scan_to_json(std::vector<std::string> words) {
  words.push_back("--json");
  const CommandResult result = scan(words);
  EXPECT_EQ(result.code, exit_done) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(scan(words).out, result.out) << "the same input gives the same bytes";
  return json::parse(result.out);
}

// An error that begins with the file and the given line, and has the words.
void expect_refused(const std::vector<std::string>& words, const std::string& where,
                    const std::string& what) {
  const CommandResult result = scan(words);
  EXPECT_EQ(result.code, exit_failed);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, testing::StartsWith("ats: " + where));
  EXPECT_THAT(result.err, HasSubstr(what));
}

// ---- frames ----------------------------------------------------------------------------------------

std::string diff(std::int64_t ms, int first, int last, const char* bids, const char* asks) {
  return std::to_string(1'700'000'000'000 + ms) + "000000 " +
         R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1700000000000,"s":"BTCUSDT","U":)" +
         std::to_string(first) + R"(,"u":)" + std::to_string(last) + R"(,"b":[)" + bids +
         R"(],"a":[)" + asks + "]}}\n";
}
std::string snapshot(std::int64_t ms, int last, const char* bids, const char* asks) {
  return std::to_string(1'700'000'000'000 + ms) + R"(000000 {"lastUpdateId":)" +
         std::to_string(last) + R"(,"bids":[)" + bids + R"(],"asks":[)" + asks + "]}\n";
}
std::string quote(std::int64_t ms, const char* bid, const char* ask) {
  return std::to_string(1'700'000'000'000 + ms) +
         R"(000000 {"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":")" + bid +
         R"(","B":"1","a":")" + ask + R"(","A":"1"}})" + "\n";
}

TEST(ScanFrames, counts_what_came_and_tells_the_final_top_exactly) {
  const TemporaryFile file(gzip(diff(0, 11, 12, R"(["100.00","1.50"])", R"(["101.25","2.00"])") +
                                diff(10, 13, 13, "", R"(["101.20","0.75"])") +
                                snapshot(15, 12, R"(["100.00","1.50"])", R"(["101.25","2.00"])") +
                                quote(17, "100.00", "101.20") +
                                diff(20, 14, 16, R"(["100.00","0.00"],["100.05","3.25"])", "")));
  const json report = scan_to_json({"--from", file.path()});
  const json& recording = report["recordings"][0];
  EXPECT_EQ(recording["venue"], "binance");
  EXPECT_EQ(recording["format"], "ns-json");
  EXPECT_EQ(recording["frames"], 5);
  EXPECT_EQ(recording["outcomes"]["decoded"], 5);
  EXPECT_EQ(recording["first_ts_ns"], 1'700'000'000'000'000'000);
  EXPECT_EQ(recording["last_ts_ns"], 1'700'000'000'020'000'000);
  EXPECT_EQ(recording["sequence_gaps"], json::array());
  EXPECT_EQ(recording["book_breaks"], json::array());
  const json& i = recording["instruments"][0];
  EXPECT_EQ(i["symbol"], "BTCUSDT");
  EXPECT_EQ(i["pair"], "BTC/USDT");
  EXPECT_EQ(i["book"], "valid");
  EXPECT_EQ(i["snapshots"], 1);
  EXPECT_EQ(i["deltas_seen"], 3);
  EXPECT_EQ(i["deltas"], 2);
  EXPECT_EQ(i["quotes"], 1);
  EXPECT_EQ(i["bid"], (json{{"price", "100.05"}, {"quantity", "3.25"}}));
  EXPECT_EQ(i["ask"], (json{{"price", "101.20"}, {"quantity", "0.75"}}));
  EXPECT_EQ(report["edges"], json::array());
}

TEST(ScanFrames, every_gap_is_reported_and_none_is_accepted) {
  const TemporaryFile file(diff(0, 11, 12, R"(["100.00","1"])", R"(["101.00","1"])") +
                           snapshot(5, 12, R"(["100.00","1"])", R"(["101.00","1"])") +
                           diff(10, 13, 13, "", R"(["101.00","2"])") +
                           diff(20, 15, 16, R"(["100.00","9"])", "") +
                           diff(30, 18, 18, R"(["100.00","8"])", ""));
  const json recording = scan_to_json({"--from", file.path()})["recordings"][0];
  const json& i = recording["instruments"][0];
  EXPECT_EQ(i["book"], "resyncing");
  EXPECT_EQ(i["reason"], "gap");
  EXPECT_EQ(i["gaps"], 1);
  EXPECT_EQ(i["deltas"], 1);
  EXPECT_EQ(i["bid"], nullptr);
  EXPECT_EQ(recording["sequence_gaps"], (json{{{"line", 4},
                                               {"ts_ns", 1'700'000'000'020'000'000},
                                               {"symbol", "BTCUSDT"},
                                               {"last", 13},
                                               {"next", 15}},
                                              {{"line", 5},
                                               {"ts_ns", 1'700'000'000'030'000'000},
                                               {"symbol", "BTCUSDT"},
                                               {"last", 16},
                                               {"next", 18}}}));
  EXPECT_EQ(recording["book_breaks"], (json{{{"line", 4},
                                             {"ts_ns", 1'700'000'000'020'000'000},
                                             {"symbol", "BTCUSDT"},
                                             {"reason", "gap"}}}));
}

TEST(ScanFrames, a_refused_frame_is_counted_and_costs_the_book) {
  std::string broken = diff(10, 13, 13, R"(["100.00","2"])", "");
  broken[broken.find("100.00")] = 'x';
  const TemporaryFile file(diff(0, 11, 12, R"(["100.00","1"])", R"(["101.00","1"])") +
                           snapshot(5, 12, R"(["100.00","1"])", R"(["101.00","1"])") + broken);
  const json recording = scan_to_json({"--from", file.path()})["recordings"][0];
  EXPECT_EQ(recording["outcomes"]["malformed"], 1);
  EXPECT_EQ(recording["outcomes"]["decoded"], 2);
  EXPECT_EQ(recording["instruments"][0]["reason"], "malformed");
  EXPECT_EQ(recording["book_breaks"][0]["line"], 3);
}

TEST(ScanFrames, crossed_books_and_silence_are_seen_by_the_recordings_clock) {
  const TemporaryFile file(diff(0, 11, 12, R"(["100.00","1"])", R"(["101.00","1"])") +
                           snapshot(5, 12, R"(["100.00","1"])", R"(["101.00","1"])") +
                           diff(10, 13, 13, R"(["102.00","1"])", "") +
                           quote(5000, "100.00", "101.00"));
  const json i = scan_to_json({"--from", file.path()})["recordings"][0]["instruments"][0];
  EXPECT_EQ(i["crossings"], 1);
  EXPECT_EQ(i["book"], "resyncing") << "crossed for more than a second";
  EXPECT_EQ(i["reason"], "crossed");
}

TEST(ScanFrames, a_new_connection_begins_a_new_book) {
  const auto line = [](const char* kind, int ms, const std::string& data) {
    return json{{"t", kind},
                {"ts_ns", (1'700'000'000'000 + ms) * 1'000'000},
                {"conn", "ws"},
                {"url", "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5"},
                {"data", data}}
               .dump() +
           "\n";
  };
  const auto frame = [](const std::string& ns_line) {
    return ns_line.substr(ns_line.find(' ') + 1, ns_line.size() - ns_line.find(' ') - 2);
  };
  const std::string delta = frame(diff(0, 11, 12, R"(["100.00","1"])", R"(["101.00","1"])"));
  const std::string body = frame(snapshot(0, 12, R"(["100.00","1"])", R"(["101.00","1"])"));
  const std::string head = R"({"t":"header","venue":"binance"})"
                           "\n";
  const std::string synced =
      head + line("connect", 1, "") + line("recv", 2, delta) + line("http", 3, body);
  const TemporaryFile once(synced);
  EXPECT_EQ(scan_to_json({"--from", once.path()})["recordings"][0]["instruments"][0]["book"],
            "valid");
  const TemporaryFile twice(synced + line("connect", 4, ""));
  const json recording = scan_to_json({"--from", twice.path()})["recordings"][0];
  EXPECT_EQ(recording["instruments"][0]["book"], "resyncing");
  EXPECT_EQ(recording["book_breaks"][0]["reason"], "disconnected");
}

TEST(ScanFrames, recordings_of_two_venues_are_merged_by_time) {
  const TemporaryFile spot(quote(0, "100.00", "100.01") + quote(20, "100.20", "100.21") +
                           quote(60, "100.00", "100.01"));
  std::string kraken;
  const auto kraken_line = [](int ms, const std::string& data) {
    return json{{"t", "recv"}, {"ts_ns", (1'700'000'000'000 + ms) * 1'000'000}, {"data", data}}
               .dump() +
           "\n";
  };
  kraken += "{\"t\":\"header\",\"venue\":\"binance_usdm\"}\n";
  const auto futures = [](const char* bid, const char* ask) {
    return std::string(
               R"({"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":1,"s":"BTCUSDT","b":")") +
           bid + R"(","B":"1","a":")" + ask + R"(","A":"1","T":1700000000000,"E":1700000000000}})";
  };
  kraken += kraken_line(10, futures("100.0", "100.1")) + kraken_line(40, futures("100.0", "100.1"));
  const TemporaryFile usdm(kraken);
  const json report =
      scan_to_json({"--from", spot.path(), usdm.path(), "--fee", "binance=1", "binance_usdm=2.5"});
  const json edges = report["edges"];
  ASSERT_EQ(edges.size(), 2u);
  const json& edge = edges[1];
  EXPECT_EQ(edge["source"], "quote");
  EXPECT_EQ(edge["buy"]["venue"], "binance_usdm");
  EXPECT_EQ(edge["buy"]["taker_fee_bps"], "2.5");
  EXPECT_EQ(edge["sell"]["venue"], "binance");
  EXPECT_EQ(edge["observed_ns"], 30'000'000)
      << "from the later first quote to the end of the first file";
  EXPECT_EQ(edge["gross"]["above"][0]["time_ns"], 20'000'000);
  EXPECT_EQ(edge["gross"]["above"][0]["share"], "0.666666666");
  EXPECT_EQ(edge["gross"]["above"][0]["episodes"], 1);
  EXPECT_EQ(edge["gross"]["max_bps"], "9.99");
  EXPECT_EQ(edge["max_bid"], "100.2");
  EXPECT_EQ(edge["max_ask"], "100.1");
  EXPECT_EQ(edge["max_at_ns"], 1'700'000'000'020'000'000);
  const CommandResult table = scan({"--from", spot.path(), usdm.path()});
  EXPECT_EQ(table.code, exit_done);
  EXPECT_THAT(table.out, HasSubstr("buy BTCUSDT at binance_usdm, sell BTCUSDT at binance"));
}

TEST(ScanFrames, a_chosen_symbol_leaves_the_others_out) {
  std::string ether = quote(1, "5.00", "6.00");
  for (std::size_t at; (at = ether.find("BTC")) != ether.npos;) ether.replace(at, 3, "ETH");
  const TemporaryFile file(quote(0, "100.00", "101.00") + ether);
  const json all = scan_to_json({"--from", file.path()})["recordings"][0];
  EXPECT_EQ(all["instruments"].size(), 2u);
  const json one = scan_to_json({"--from", file.path(), "--symbol", "ETH/USDT"})["recordings"][0];
  ASSERT_EQ(one["instruments"].size(), 1u);
  EXPECT_EQ(one["instruments"][0]["symbol"], "ETHUSDT");
  EXPECT_EQ(one["instruments"][0]["quotes"], 1);
  expect_refused({"--from", file.path(), "--symbol", "XRPUSDT"}, file.path(),
                 "no instrument XRPUSDT in it; there are: BTCUSDT, ETHUSDT");
}

TEST(ScanFrames, whose_frames_they_are_is_told_or_guessed_or_an_error) {
  const TemporaryFile heartbeat("{\"channel\":\"heartbeat\"}\n");
  EXPECT_EQ(scan_to_json({"--from", heartbeat.path()})["recordings"][0]["venue"], "kraken");
  const TemporaryFile coinm(
      "5 "
      "{\"stream\":\"b@bookTicker\",\"data\":{\"u\":1,\"e\":\"bookTicker\",\"s\":\"BTCUSD_PERP\","
      "\"ps\":"
      "\"BTCUSD\",\"b\":\"1.0\",\"B\":\"35\",\"a\":\"2.0\",\"A\":\"1\",\"T\":1,\"E\":1}}\n");
  EXPECT_EQ(scan_to_json({"--from", coinm.path()})["recordings"][0]["venue"], "binance_coinm");
  expect_refused({"--from", heartbeat.path(), "--venue", "binance"}, heartbeat.path(),
                 "nothing decodes as binance");
  const TemporaryFile nobody("{\"hello\":1}\n");
  expect_refused({"--from", nobody.path()}, nobody.path(), "name the venue with --venue");
  const CommandResult unknown = scan({"--from", nobody.path(), "--venue", "nobody"});
  EXPECT_EQ(unknown.code, exit_usage);
  EXPECT_THAT(unknown.err, HasSubstr("expected one of binance"));
}

// ---- quotes ----------------------------------------------------------------------------------------

constexpr const char* head = "ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty\n";

TEST(ScanQuotes, measures_every_ordered_pair_of_venues) {
  const TemporaryFile file(std::string(head) +
                           "100,binance,BTCUSDT,100.00,1,100.10,1\n"
                           "110,binance_usdm,BTCUSDT,100.20,1,100.30,1\n"
                           "110,binance,BTCUSDT,100.00,1,100.15,1\n"
                           "130,binance_usdm,BTCUSDT,100.10,2,100.30,3\n"
                           "150,binance,BTCUSDT,100.00,1,99.85,1\n"
                           "210,binance,BTCUSDT,1,1,2,1\n");
  const json report = scan_to_json({file.path(), "--no-fees"});
  EXPECT_EQ(report["quotes"][0]["rows"], 6);
  EXPECT_EQ(report["quotes"][0]["instruments"][0]["crossed"], 1);
  EXPECT_EQ(report["quotes"][0]["instruments"][1]["bid"],
            (json{{"price", "100.1"}, {"quantity", "2"}}));
  const json& edge = report["edges"][0];
  EXPECT_EQ(edge["buy"]["venue"], "binance");
  EXPECT_EQ(edge["observed_ns"], 100);
  EXPECT_EQ(edge["gross"]["above"][0]["time_ns"], 80);
  EXPECT_EQ(edge["gross"]["above"][0]["share"], "0.800000000");
  EXPECT_EQ(edge["gross"]["above"][0]["episodes"], 2);
  EXPECT_EQ(edge["gross"]["above"][3]["time_ns"], 60);
  EXPECT_EQ(edge["gross"]["max_bps"], "25.03755");
  EXPECT_FALSE(edge.contains("net"));
}

TEST(ScanQuotes, a_venue_without_a_known_fee_needs_one) {
  const TemporaryFile file(std::string(head) + "100,here,BTCUSDT,1,1,2,1\n");
  expect_refused({file.path()}, file.path() + ":2: ", "--fee here=BPS");
  EXPECT_EQ(scan({file.path(), "--fee", "here=1"}).code, exit_done);
  EXPECT_EQ(scan({file.path(), "--no-fees"}).code, exit_done);
  EXPECT_EQ(scan({file.path(), "--no-fees", "--fee", "here=1"}).code, exit_usage);
  EXPECT_EQ(scan({file.path(), "--fee", "here"}).code, exit_usage);
}

TEST(ScanQuotes, wrong_rows_are_refused_with_file_and_line) {
  const TemporaryFile rows(std::string(head) +
                           "100,binance,BTCUSDT,1,1,2,1\n100,binance,BTCUSDT,1,1,x,1\n");
  expect_refused({rows.path()}, rows.path() + ":3: ", "ask is \"x\"");
  const TemporaryFile columns("ts_ns,symbol,bid\n");
  expect_refused({columns.path()}, columns.path() + ":1: ", "expected ts_ns,venue,symbol");
  const TemporaryFile none(head);
  expect_refused({none.path()}, none.path(), "holds no quote");
}

// ---- books -----------------------------------------------------------------------------------------

TEST(ScanBooks, walks_every_ordered_pair_of_venues_exactly) {
  const TemporaryFile file(
      R"([{"venue":"coinbase","base":"BTC","quote":"USD","bids":[["99","1"]],"asks":[["100","1.5"],["100.5","2"],["101.5","9"]]},)"
      R"({"venue":"kraken","base":"BTC","quote":"USD","bids":[["102.25","0.5"],["101.001","2.00000001"],["100.4","7"]],"asks":[["103","1"]]},)"
      R"({"venue":"kraken","base":"ETH","quote":"USD","bids":[["5","1"]],"asks":[]}])");
  const json report = scan_to_json({file.path(), "--fee", "coinbase=10", "kraken=0"});
  const json& walks = report["walks"];
  ASSERT_EQ(walks.size(), 2u);
  EXPECT_EQ(walks[0]["buy"],
            (json{{"venue", "coinbase"}, {"ask", "100"}, {"taker_fee_bps", "10"}}));
  EXPECT_EQ(walks[0]["gross_bps"], "225");
  const json& plain = walks[0]["without_fees"];
  EXPECT_EQ(plain["quantity"], "2.50000001");
  EXPECT_EQ(plain["paid"], "250.500001005");
  EXPECT_EQ(plain["received"], "253.12700101001");
  EXPECT_EQ(plain["profit"], "2.62700000501");
  EXPECT_EQ(plain["deepest_ask"], "100.5");
  EXPECT_EQ(plain["deepest_bid"], "101.001");
  EXPECT_EQ(plain["ran_out_of_levels"], false);
  const json& charged = walks[0]["with_fees"];
  EXPECT_EQ(charged["quantity"], "2.50000001");
  EXPECT_EQ(charged["paid"], "250.750501006005");
  EXPECT_EQ(charged["profit"], "2.376500004005");
  EXPECT_EQ(walks[1]["without_fees"]["quantity"], "0");
  EXPECT_EQ(walks[1]["without_fees"]["deepest_ask"], nullptr);
  const json without = scan_to_json({file.path(), "--no-fees"});
  EXPECT_FALSE(without["walks"][0].contains("with_fees"));
  EXPECT_EQ(without["walks"][0]["without_fees"], plain);
}

TEST(ScanBooks, what_cannot_be_exact_is_refused) {
  const auto books = [](const char* price, const char* quantity) {
    return std::string(R"([{"venue":"a","base":"B","quote":"C","bids":[],"asks":[[")") + price +
           R"(",")" + quantity +
           R"("]]},{"venue":"b","base":"B","quote":"C","bids":[["9","1"]],"asks":[]}])";
  };
  const auto refused = [&](const char* price, const char* quantity, const char* fee,
                           const char* what) {
    const TemporaryFile file(books(price, quantity));
    expect_refused({file.path(), "--fee", std::string("a=") + fee, "b=0"}, file.path() + ": B/C",
                   what);
  };
  refused("0.0000000000001", "1", "0", "expected at most 12");
  refused("1", "0.0000000000001", "0", "expected at most 12");
  refused("0.0000000001", "0.000000001", "0", "need 19 decimals; 18 are exact");
  refused("0.000000001", "0.000000001", "1", "need 22 decimals; 18 are exact");
  refused("99999999999999999999", "1", "0", "too large");
  const TemporaryFile huge(
      R"([{"venue":"a","base":"B","quote":"C","bids":[],"asks":[["9000000000000000000","9000000000000000000"]]},)"
      R"({"venue":"b","base":"B","quote":"C","bids":[["9000000000000000001","9000000000000000000"]],"asks":[]}])");
  expect_refused({huge.path(), "--no-fees"}, huge.path(), "too large to be held exactly");
}

// ---- anything --------------------------------------------------------------------------------------

TEST(Scan, damage_is_an_error_and_never_a_crash) {
  const std::string recordings[] = {
      diff(0, 11, 12, R"(["100.00","1"])", R"(["101.00","1"])") +
          snapshot(5, 12, R"(["100.00","1"])", R"(["101.00","1"])"),
      std::string(head) + "100,binance,BTCUSDT,1,1,2,1\n",
      R"([{"venue":"kraken","base":"B","quote":"C","bids":[["9","1"]],"asks":[["10","1"]]}])",
      "{\"t\":\"header\",\"venue\":\"kraken\"}\n{\"t\":\"recv\",\"ts_ns\":5,\"data\":\"{"
      "\\\"channel\\\":\\\"heartbeat\\\"}\"}\n"};
  for (const std::string& whole : recordings) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      const TemporaryFile file(damaged);
      const CommandResult result = scan({file.path()});
      EXPECT_TRUE(result.code == exit_done || result.code == exit_failed) << damaged;
      EXPECT_EQ(result.code == exit_failed, !result.err.empty()) << damaged;
      EXPECT_TRUE(result.code == exit_done || result.err.find(file.path()) != std::string::npos)
          << damaged;
    }
  }
}

TEST(Scan, wrong_words_are_a_usage_error_and_help_shows_an_example) {
  EXPECT_EQ(scan({}).code, exit_usage);
  EXPECT_EQ(scan({"--nonsense"}).code, exit_usage);
  const CommandResult help = scan({"--help"});
  EXPECT_EQ(help.code, exit_done);
  EXPECT_THAT(help.out, HasSubstr("Examples:"));
}

// ---- the recordings (figures held against tests/check_scan.py's own account) -----------------------

json instrument_of(const json& report, const std::string& symbol) {
  for (const json& i : report["recordings"][0]["instruments"]) {
    if (i["symbol"] == symbol) return i;
  }
  ADD_FAILURE() << symbol;
  return {};
}

TEST(ScanRecordings, kraken_books_are_proved_by_every_checksum) {
  ATS_REQUIRE_SHARED(shared);
  const auto raw = shared / "data/raw/kraken";
  const json btc =
      instrument_of(scan_to_json({raw / "20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz"}), "BTC/USD");
  EXPECT_EQ(btc["snapshots"], 5);
  EXPECT_EQ(btc["deltas"], 296);
  EXPECT_EQ(btc["checksums_right"], 301);
  EXPECT_EQ(btc["checksums_wrong"], 0);
  EXPECT_EQ(btc["bid"], (json{{"price", "63004.9"}, {"quantity", "0.01661321"}}));
  EXPECT_EQ(btc["ask"], (json{{"price", "63005.0"}, {"quantity", "0.74804549"}}));
  const json eth =
      instrument_of(scan_to_json({raw / "20260802_v2_ETHUSD_d25.jsonl.gz"}), "ETH/USD");
  EXPECT_EQ(eth["checksums_right"], 1129);
  EXPECT_EQ(eth["checksums_wrong"], 0);
  EXPECT_EQ(eth["bid"], (json{{"price", "1877.43"}, {"quantity", "0.02367331"}}));
  EXPECT_EQ(eth["ask"], (json{{"price", "1877.47"}, {"quantity", "1.74941086"}}));
}

TEST(ScanRecordings, a_changed_quantity_is_caught_by_the_checksum) {
  ATS_REQUIRE_SHARED(shared);
  const auto path = shared / "data/raw/kraken/20260802_v2_ETHUSD_d25.jsonl.gz";
  const auto file = RecordingFile::open(path, nullptr);
  ASSERT_TRUE(file.ok());
  std::string text = *file->document();
  const std::size_t at = text.find("\\\"qty\\\":1.78314068");
  ASSERT_NE(at, text.npos);
  text[at + 10] = '9';
  const TemporaryFile changed(text);
  const json recording = scan_to_json({changed.path()})["recordings"][0];
  EXPECT_EQ(recording["instruments"][0]["checksums_wrong"], 1);
  EXPECT_EQ(recording["instruments"][0]["book"], "resyncing");
  EXPECT_EQ(recording["book_breaks"][0]["reason"], "bad_checksum");
}

TEST(ScanRecordings, binance_books_follow_without_a_gap) {
  ATS_REQUIRE_SHARED(shared);
  const auto raw = shared / "data/raw";
  const json thin = scan_to_json({raw / "binance/20210417_spot_10sym.jsonl.gz"});
  EXPECT_EQ(thin["recordings"][0]["instruments"].size(), 10u);
  EXPECT_EQ(thin["recordings"][0]["outcomes"]["ignored"], 20);
  for (const json& i : thin["recordings"][0]["instruments"]) {
    EXPECT_EQ(i["book"], "valid") << i;
    EXPECT_EQ(i["gaps"], 0) << i;
    EXPECT_EQ(i["crossings"], 0) << i;
  }
  const json spot =
      instrument_of(scan_to_json({raw / "binance/20240808_spot_BTCUSDT.ns_json.gz"}), "BTCUSDT");
  EXPECT_EQ(spot["book"], "valid");
  EXPECT_EQ(spot["deltas"], 3449);
  EXPECT_EQ(spot["trades"], 9757);
  EXPECT_EQ(spot["quotes"], 28040);
  EXPECT_EQ(spot["bid"]["price"], "61685.99");
  EXPECT_EQ(spot["ask"]["price"], "61686.00");
  const json usdm = scan_to_json({raw / "binance_usdm/20240808_usdm_BTCUSDT.ns_json.gz"});
  EXPECT_EQ(usdm["recordings"][0]["venue"], "binance_usdm");
  EXPECT_EQ(instrument_of(usdm, "BTCUSDT")["deltas"], 6547);
  EXPECT_EQ(instrument_of(usdm, "BTCUSDT")["bid"],
            (json{{"price", "61659.7"}, {"quantity", "1.486"}}));
  const json coinm = scan_to_json({raw / "binance_coinm/20240808_coinm_BTCUSD_PERP.ns_json.gz"});
  EXPECT_EQ(coinm["recordings"][0]["venue"], "binance_coinm");
  EXPECT_EQ(instrument_of(coinm, "BTCUSD_PERP")["deltas"], 26824);
  EXPECT_EQ(instrument_of(coinm, "BTCUSD_PERP")["ask"],
            (json{{"price", "61668.7"}, {"quantity", "871"}}));
}

TEST(ScanRecordings, a_frame_left_out_is_a_gap) {
  ATS_REQUIRE_SHARED(shared);
  const auto path = shared / "data/raw/binance/20240808_spot_BTCUSDT.ns_json.gz";
  const auto file = RecordingFile::open(path, nullptr);
  ASSERT_TRUE(file.ok());
  std::string text = *file->document();
  // The hundredth diff goes.
  std::size_t at = 0;
  for (int n = 0; n < 100; ++n) at = text.find("depthUpdate", at + 1);
  const std::size_t begin = text.rfind('\n', at) + 1;
  text.erase(begin, text.find('\n', at) + 1 - begin);
  const TemporaryFile cut(text);
  const json recording = scan_to_json({cut.path()})["recordings"][0];
  EXPECT_EQ(recording["sequence_gaps"].size(), 1u);
  EXPECT_EQ(recording["instruments"][0]["gaps"], 1);
  EXPECT_EQ(recording["instruments"][0]["book"], "resyncing");
  EXPECT_EQ(recording["book_breaks"][0]["line"], recording["sequence_gaps"][0]["line"]);
}

TEST(ScanRecordings, edges_between_three_books_on_one_clock) {
  ATS_REQUIRE_SHARED(shared);
  const json report =
      scan_to_json({shared / "data/quotes/20240808_BTC_binance_spot_usdm_coinm.csv.gz"});
  EXPECT_EQ(report["quotes"][0]["rows"], 113265);
  ASSERT_EQ(report["edges"].size(), 6u);
  const auto column = [](const json& measure, const char* key) {
    std::vector<json> values;
    for (const json& above : measure["above"]) values.push_back(above[key]);
    return values;
  };
  const auto edge = [&](const char* buy, const char* sell) {
    for (const json& e : report["edges"]) {
      if (e["buy"]["venue"] == buy && e["sell"]["venue"] == sell) return e;
    }
    return json();
  };
  const json spot = edge("binance_usdm", "binance");
  EXPECT_EQ(spot["observed_ns"], 344'911'062'217);
  EXPECT_THAT(column(spot["gross"], "time_ns"),
              ElementsAre(344'845'750'717, 3'015'606'645, 1'008'700, 0));
  EXPECT_THAT(column(spot["gross"], "share"),
              ElementsAre("0.999810642", "0.008743142", "0.000002924", "0.000000000"));
  EXPECT_THAT(column(spot["gross"], "episodes"), ElementsAre(5, 48, 3, 0));
  EXPECT_EQ(spot["gross"]["max_bps"], "11.04136");
  EXPECT_EQ(spot["net"]["max_bps"], "-3.9677");
  const json coinm = edge("binance_usdm", "binance_coinm");
  EXPECT_EQ(coinm["observed_ns"], 343'791'591'019);
  EXPECT_THAT(column(coinm["gross"], "episodes"), ElementsAre(48, 10, 1, 0));
  EXPECT_THAT(column(coinm["net"], "time_ns"), ElementsAre(32'099'905, 0, 0, 0));
  EXPECT_THAT(column(coinm["net"], "episodes"), ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(coinm["net"]["max_bps"], "1.58432");
  EXPECT_EQ(coinm["max_at_ns"], 1'723'161'501'069'722'499);
}

TEST(ScanRecordings, walks_through_the_books_of_four_venues) {
  ATS_REQUIRE_SHARED(shared);
  const json report = scan_to_json({shared / "data/books/2019_orderbooks_1-ob.json.gz"});
  ASSERT_EQ(report["walks"].size(), 24u);
  const auto walk = [&](const char* base, const char* buy, const char* sell) {
    for (const json& w : report["walks"]) {
      if (w["base"] == base && w["buy"]["venue"] == buy && w["sell"]["venue"] == sell) return w;
    }
    return json();
  };
  const json basis = walk("BTC", "bitstamp", "bitfinex");
  EXPECT_EQ(basis["without_fees"]["quantity"], "384.61936726");
  EXPECT_EQ(basis["without_fees"]["paid"], "1511303.6676585896");
  EXPECT_EQ(basis["without_fees"]["received"], "1523360.891668369");
  EXPECT_EQ(basis["without_fees"]["profit"], "12057.2240097794");
  EXPECT_EQ(basis["with_fees"]["quantity"], "264.53941458");
  EXPECT_EQ(basis["with_fees"]["paid"], "1040209.8494014541055");
  EXPECT_EQ(basis["with_fees"]["received"], "1046552.308545374208");
  EXPECT_EQ(basis["with_fees"]["profit"], "6342.4591439201025");
  const json dollars = walk("BTC", "coinbase", "bitstamp");
  EXPECT_EQ(dollars["without_fees"]["profit"], "19.4418729371");
  EXPECT_EQ(dollars["with_fees"]["quantity"], "0");
  EXPECT_EQ(walk("ETH", "bittrex", "bitfinex")["with_fees"]["received"], "78187.6660850541132");
}

}  // namespace
}  // namespace ats::services

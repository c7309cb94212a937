#include "services/capture_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/testing_shared.hpp"
#include "services/command_line.hpp"
#include "services/decode.hpp"
#include "services/recording_file.hpp"
#include "services/recording_testing.hpp"
#include "services/scan.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

CommandResult capture(std::vector<std::string> words) { return run_words(capture_command, words); }
json capture_json(std::vector<std::string> words) {
  words.emplace_back("--json");
  const CommandResult result = capture(words);
  EXPECT_EQ(result.code, exit_done) << result.err;
  return json::parse(result.out, nullptr, false);
}
json scan_json_of(std::vector<std::string> words) {
  words.insert(words.begin(), "--from");
  words.emplace_back("--json");
  const CommandResult result = run_words(scan_command, words);
  EXPECT_EQ(result.code, exit_done) << result.err;
  return json::parse(result.out, nullptr, false);
}
std::string export_of(std::vector<std::string> words) {
  words.insert(words.begin(), "export");
  const CommandResult result = capture(words);
  EXPECT_EQ(result.code, exit_done) << result.err;
  return result.out;
}
class Captures : public testing::Test {
 protected:
  void SetUp() override {
    dir_ =
        fs::temp_directory_path() / ("ats-captures-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string at(const std::string& name) const { return (dir_ / name).string(); }
  std::string file(const std::string& name, std::string_view bytes) const {
    std::ofstream(dir_ / name, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return at(name);
  }
  // The recordings' part of a scan, without what names the file and its form.
  static json instruments(const json& scan) {
    json all = json::array();
    for (const json& recording : scan["recordings"]) {
      for (const json& instrument : recording["instruments"]) {
        all.push_back(instrument);
        all.back()["venue"] = recording["venue"];
        all.back()["outcomes"] = recording["outcomes"];
      }
    }
    return all;
  }
  fs::path dir_;
};

constexpr const char* book_rows =
    "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    "binance,BTCUSDT,1723161254000000,1723161254000100,true,bid,61837.63,3.5\n"
    "binance,BTCUSDT,1723161254000000,1723161254000100,true,bid,61837.62,0.617\n"
    "binance,BTCUSDT,1723161254000000,1723161254000100,true,ask,61838,2\n"
    "binance,BTCUSDT,1723161254100000,1723161254100100,false,bid,61837.63,0\n"
    "binance,BTCUSDT,1723161254100000,1723161254100100,false,ask,61837.9,1.25\n"
    "binance,BTCUSDT,1723161254200000,1723161254200100,false,ask,61837.9,0.25\n";

TEST_F(Captures, a_table_of_a_books_changes_scans_to_its_last_book) {
  const json scan = scan_json_of({file("book.csv", book_rows)});
  ASSERT_EQ(scan["recordings"].size(), 1u);
  const json& i = scan["recordings"][0]["instruments"][0];
  EXPECT_EQ(scan["recordings"][0]["venue"], "binance");
  EXPECT_EQ(i["pair"], "BTC/USDT");
  EXPECT_EQ(i["book"], "valid");
  EXPECT_EQ(i["snapshots"], 1);
  EXPECT_EQ(i["deltas"], 2);
  EXPECT_EQ(i["bid"], (json{{"price", "61837.62"}, {"quantity", "0.617"}}));
  EXPECT_EQ(i["ask"], (json{{"price", "61837.90"}, {"quantity", "0.250"}}));
}

TEST_F(Captures, a_table_that_was_imported_exports_to_the_same_bytes) {
  const std::string table = file("book.csv", book_rows);
  capture_json({"import", table, "--out", at("c")});
  EXPECT_EQ(export_of({at("c"), "--as", "incremental_book_L2"}), book_rows);
  EXPECT_EQ(instruments(scan_json_of({at("c")})), instruments(scan_json_of({table})));
  // The books that stood: one row a change among the two best.
  EXPECT_EQ(
      export_of({at("c"), "--as", "book_snapshot_2"}),
      "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0]"
      ".amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\n"
      "binance,BTCUSDT,1723161254000000,1723161254000100,61838,2,61837.63,3.5,,,61837.62,0.617\n"
      "binance,BTCUSDT,1723161254100000,1723161254100100,61837.9,1.25,61837.62,0.617,61838,2,,\n"
      "binance,BTCUSDT,1723161254200000,1723161254200100,61837.9,0.25,61837.62,0.617,61838,2,,\n");
  EXPECT_EQ(export_of({at("c"), "--as", "quotes"}),
            "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
            "binance,BTCUSDT,1723161254000000,1723161254000100,2,61838,61837.63,3.5\n"
            "binance,BTCUSDT,1723161254100000,1723161254100100,1.25,61837.9,61837.62,0.617\n"
            "binance,BTCUSDT,1723161254200000,1723161254200100,0.25,61837.9,61837.62,0.617\n");
}

TEST_F(Captures, snapshots_quotes_and_trades_go_in_and_out_the_same) {
  const std::map<std::string, std::string> tables = {
      {"book_snapshot_2",
       "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,"
       "bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\n"
       "binance-futures,BTCUSDT,1598918403696000,1598918403810979,11657.08,1.714,11657.07,10.896,"
       "11657.54,5.4,11656.97,0.2\n"
       "binance-futures,BTCUSDT,1598918403888000,1598918403894256,11657.08,1.476,11657.07,10.896,"
       "11657.54,5.4,,\n"},
      {"quotes",
       "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
       "upbit,KRW-BTC,1588291201099000,1588291201234268,5494,8629.3,8629.2,806\n"
       "upbit,KRW-BTC,1588291201133000,1588291201454126,,,8629.2,806\n"},
      {"trades",
       "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
       "kraken,XBT/USD,1583020803145000,1583020803307160,ccc3c1fa-212c,sell,8531.5,2152\n"
       "kraken,XBT/USD,1583020803276000,1583020803336743,,buy,8531.5,1\n"}};
  for (const auto& [kind, text] : tables) {
    capture_json({"import", file(kind + ".csv", text), "--out", at(kind)});
    EXPECT_EQ(export_of({at(kind), "--as", kind}), text) << kind;
  }
}

TEST_F(Captures, a_table_that_does_not_say_whose_it_is_tells_by_its_name_or_is_told) {
  const std::string rows =
      "3735683259,61837.63000000,0.02000000,1236.75260000,1723161255342,True,True\n"
      "3735683260,61837.63000000,0.04800000,2968.20624000,1723161255617000,False,True\n";
  const std::string expected =
      "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
      "binance,BTCUSDT,1723161255342000,1723161255342000,3735683259,sell,61837.63,0.02\n"
      "binance,BTCUSDT,1723161255617000,1723161255617000,3735683260,buy,61837.63,0.048\n";
  EXPECT_EQ(export_of({file("BTCUSDT-trades-2024-08-08.csv", gzip(rows)), "--as", "trades"}),
            expected);
  const std::string nameless = file("x.csv", rows);
  EXPECT_EQ(export_of({nameless, "--as", "trades", "--venue", "binance", "--symbol", "BTCUSDT"}),
            expected);
  const CommandResult refused = capture({"export", nameless, "--as", "trades"});
  EXPECT_EQ(refused.code, exit_failed);
  EXPECT_THAT(refused.err, HasSubstr("expected --venue and --symbol"));
}

TEST_F(Captures, every_table_that_is_wrong_names_file_line_and_what_was_expected) {
  const auto wrong = [&](const std::string& text, const std::string& expected) {
    const CommandResult result = capture({"import", file("t.csv", text), "--venue", "v", "--symbol",
                                          "A-B", "--out", at("x" + std::to_string(text.size()))});
    EXPECT_EQ(result.code, exit_failed) << text;
    EXPECT_THAT(result.err, HasSubstr(expected)) << text;
    EXPECT_THAT(result.err, HasSubstr("t.csv:")) << text;
  };
  const std::string head =
      "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n";
  wrong(head + "a,b,1,2,true,bid,1\n", "7 columns, expected 8");
  wrong(head + "a,b,x,2,true,bid,1,1\n", "timestamp is \"x\", expected a time");
  wrong(head + "a,b,1,2,maybe,bid,1,1\n", "is_snapshot is \"maybe\"");
  wrong(head + "a,b,1,2,true,buy,1,1\n", "side is \"buy\", expected bid or ask");
  wrong(head + "a,b,1,2,true,bid,0,1\n", "price is \"0\", expected a number above 0");
  wrong(head + "a,b,1,2,true,bid,1,-1\n", "amount is \"-1\"");
  wrong(head + "a,b,1,2,true,bid,1,one\n", "amount is \"one\"");
  wrong(head + "a,,1,2,true,bid,1,1\n", "symbol is \"\"");
  wrong(head + "a,b,1,2,true,bid,1,1\na,b,1,2,true,bid,1,2\n", "has a price twice");
  wrong("exchange,symbol,timestamp,local_timestamp,id,price\n", "expected one of");
  wrong("date,last\n2018-08-12,1\n", "date is \"2018-08-12\"");
  wrong("time_seconds,bid_price_bid_size,ask_price_ask_size\n1625097600,1,2_3\n", "price_size");
}

TEST_F(Captures, frames_imported_and_exported_as_lines_are_the_same_frames) {
  const std::string lines =
      R"({"t":"header","format":"frames-jsonl/1","venue":"kraken"})"
      "\n"
      R"({"t":"connect","ts_ns":1700000000000000001,"conn":"k","url":"wss://k/v2"})"
      "\n"
      R"({"t":"recv","ts_ns":1700000000000000002,"conn":"k","data":"{\"channel\":\"heartbeat\"}"})"
      "\n"
      R"({"t":"recv","ts_ns":1700000000000000003,"conn":"k","bin":true,"b64":"/wD+"})"
      "\n"
      R"({"t":"http","ts_ns":1700000000000000004,"conn":"r","url":"https://k/0/public/AssetPairs","data":"{}"})"
      "\n"
      R"({"t":"disconnect","ts_ns":1700000000000000005,"conn":"k","data":"gone"})"
      "\n";
  capture_json({"import", file("k.jsonl", lines), "--out", at("c")});
  const std::string out = export_of({at("c"), "--as", "frames"});
  capture_json({"import", file("again.jsonl", out), "--out", at("again")});
  EXPECT_EQ(export_of({at("again"), "--as", "frames"}), out);
  EXPECT_THAT(out, HasSubstr(R"("b64":"/wD+")"));
  EXPECT_THAT(out, HasSubstr(R"("ts_ns":1700000000000000005)"));
  const json info = capture_json({"info", at("c")});
  EXPECT_EQ(info["kinds"]["text"], 1);
  EXPECT_EQ(info["kinds"]["binary"], 1);
  EXPECT_EQ(info["kinds"]["rest"], 1);
  EXPECT_EQ(info["kinds"]["connect"], 1);
  EXPECT_EQ(info["kinds"]["disconnect"], 1);
  EXPECT_EQ(info["torn_tail"], nullptr);
}

TEST_F(Captures, cut_takes_a_time_and_merge_puts_the_parts_together_again) {
  capture_json({"import", file("book.csv", book_rows), "--out", at("c")});
  capture_json({"cut", at("c"), "--to", "1723161254100100000", "--out", at("one")});
  capture_json({"cut", at("c"), "--from", "2024-08-08T23:54:14.1001Z", "--out", at("two")});
  EXPECT_EQ(capture_json({"info", at("one")})["records"], 1);
  EXPECT_EQ(capture_json({"info", at("two")})["records"], 2);
  capture_json({"merge", at("two"), at("one"), "--out", at("both")});
  EXPECT_EQ(export_of({at("both"), "--as", "incremental_book_L2"}), book_rows);
}

TEST_F(Captures, merging_venues_keeps_each_ones_events_its_own) {
  capture_json({"import", file("book.csv", book_rows), "--out", at("one")});
  const std::string other =
      "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
      "kraken,XBT/USD,1723161254000000,1723161254000200,7,sell,61800.5,2\n";
  capture_json({"import", file("trades.csv", other), "--out", at("two")});
  capture_json({"merge", at("two"), at("one"), "--out", at("both")});
  const json scan = scan_json_of({at("both")});
  ASSERT_EQ(scan["recordings"].size(), 2u);
  EXPECT_EQ(scan["recordings"][0]["venue"], "binance");
  EXPECT_EQ(scan["recordings"][0]["instruments"][0]["deltas"], 2);
  EXPECT_EQ(scan["recordings"][1]["venue"], "kraken");
  EXPECT_EQ(scan["recordings"][1]["instruments"][0]["trades"], 1);
  EXPECT_EQ(export_of({at("both"), "--as", "trades", "--venue", "kraken"}), other);
}

TEST_F(Captures, verify_finds_a_changed_byte_and_names_it) {
  capture_json({"import", file("book.csv", book_rows), "--out", at("c")});
  EXPECT_EQ(capture({"verify", at("c")}).code, exit_done);
  const std::string path = at("c") + "/capture-000001.atc";
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  for (std::size_t i = 0; i < bytes.size(); i += 13) {
    std::string bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(bad.data(), static_cast<std::streamsize>(bad.size()));
    const CommandResult result = capture({"verify", at("c")});
    EXPECT_EQ(result.code, exit_failed) << i;
    EXPECT_THAT(result.err, HasSubstr("capture-000001.atc: at byte ")) << i;
  }
}

TEST_F(Captures, words_that_are_wrong_are_usage_errors_and_help_has_an_example) {
  EXPECT_EQ(capture({}).code, exit_usage);
  EXPECT_EQ(capture({"melt"}).code, exit_usage);
  EXPECT_EQ(capture({"cut", "x", "--out", "y", "--from", "yesterday"}).code, exit_usage);
  EXPECT_EQ(capture({"export", "x", "--as", "poem"}).code, exit_usage);
  EXPECT_EQ(capture({"info", at("nowhere")}).code, exit_failed);
  for (const char* command : {"info", "verify", "cut", "merge", "import", "export"}) {
    const CommandResult help = capture({command, "--help"});
    EXPECT_EQ(help.code, exit_done);
    EXPECT_THAT(help.out, HasSubstr("ats capture " + std::string(command)));
  }
}

// ---- the recordings beside the repository ------------------------------------------------------------

TEST_F(Captures, a_recording_imported_scans_as_it_did) {
  ATS_REQUIRE_SHARED(shared);
  const fs::path raw = shared / "data/raw";
  for (const char* name :
       {"binance/20210417_spot_10sym.jsonl.gz", "binance/20240808_spot_BTCUSDT.ns_json.gz",
        "kraken/20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz"}) {
    const std::string out = at(fs::path(name).filename().string());
    capture_json({"import", (raw / name).string(), "--out", out});
    EXPECT_EQ(instruments(scan_json_of({out})), instruments(scan_json_of({(raw / name).string()})))
        << name;
    EXPECT_EQ(capture({"verify", out}).code, exit_done);
  }
}

TEST_F(Captures, the_tables_made_of_the_recorded_frames_come_to_the_same_book) {
  ATS_REQUIRE_SHARED(shared);
  const json frames =
      scan_json_of({(shared / "data/raw/binance/20240808_spot_BTCUSDT.ns_json.gz").string()});
  const fs::path tardis = shared / "data/books/tardis_csv";
  const json table =
      scan_json_of({(tardis / "binance_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz").string()});
  const json& from_frames = frames["recordings"][0]["instruments"][0];
  const json& from_table = table["recordings"][0]["instruments"][0];
  EXPECT_EQ(Decimal::of(from_table["bid"]["price"].get<std::string>().c_str()),
            Decimal::of(from_frames["bid"]["price"].get<std::string>().c_str()));
  EXPECT_EQ(Decimal::of(from_table["ask"]["price"].get<std::string>().c_str()),
            Decimal::of(from_frames["ask"]["price"].get<std::string>().c_str()));
  EXPECT_EQ(from_table["deltas"], from_frames["deltas"]);
  const json quotes =
      scan_json_of({(tardis / "binance_quotes_2024-08-08_BTCUSDT.csv.gz").string()});
  EXPECT_EQ(quotes["recordings"][0]["instruments"][0]["quotes"], 28040);
  const json trades =
      scan_json_of({(tardis / "binance_trades_2024-08-08_BTCUSDT.csv.gz").string()});
  EXPECT_EQ(trades["recordings"][0]["instruments"][0]["trades"], 9757);
}

TEST_F(Captures, every_recorded_table_is_read) {
  ATS_REQUIRE_SHARED(shared);
  const fs::path data = shared / "data";
  struct Row {
    const char* path;
    const char* venue;
    const char* measure;
    std::uint64_t count;
  };
  for (const Row& row : {
           Row{"books/tardis_csv/binance-futures_book_snapshot_5_BTCUSDT.csv", "binance_usdm",
               "snapshots", 10},
           Row{"books/tardis_csv/bitmex_trades_XBTUSD.csv", "bitmex", "trades", 10},
           Row{"books/tardis_csv/deribit_incremental_book_L2_BTC-PERPETUAL.csv", "deribit",
               "snapshots", 1},
           Row{"books/tardis_csv/huobi-dm-swap_quotes_BTC-USD.csv", "huobi-dm-swap", "quotes", 10},
           Row{"books/binance_vision/BTCUSDT-trades-2024-08-08.csv.gz", "binance", "trades", 9757},
           Row{"books/binance_vision/um_BTCUSDT-bookTicker-2024-08-08.csv.gz", "binance_usdm",
               "quotes", 66089},
           Row{"quotes/20210701_gemini_ETHUSD_market-depth.csv.gz", "gemini", "quotes", 72180},
           Row{"quotes/20210701_gemini_ETHUSD_trade.csv.gz", "gemini", "trades", 25222},
       }) {
    const json scan = scan_json_of({(data / row.path).string(), "--no-fees"});
    EXPECT_EQ(scan["recordings"][0]["venue"], row.venue) << row.path;
    EXPECT_EQ(scan["recordings"][0]["instruments"][0][row.measure], row.count) << row.path;
  }
}

TEST_F(Captures, the_frames_of_each_kind_are_counted) {
  ATS_REQUIRE_SHARED(shared);
  const auto counts = [&](const char* name) {
    const CommandResult result =
        run_words(decode_command, {"--counts", "--json", (shared / "data/raw" / name).string()});
    EXPECT_EQ(result.code, exit_done) << result.err;
    return json::parse(result.out)[0]["kinds"];
  };
  EXPECT_EQ(counts("binance/20210417_spot_10sym.jsonl.gz"),
            (json{{"depth@100ms", {{"decoded", 614}}},
                  {"bookTicker", {{"decoded", 570}}},
                  {"aggTrade", {{"decoded", 24}}},
                  {"kline_1m", {{"ignored", 20}}},
                  {"REST lastUpdateId", {{"decoded", 10}}}}));
  EXPECT_EQ(counts("binance/20240808_spot_BTCUSDT.ns_json.gz"),
            (json{{"depth@100ms", {{"decoded", 3451}}},
                  {"bookTicker", {{"decoded", 28040}}},
                  {"trade", {{"decoded", 9757}}},
                  {"REST lastUpdateId", {{"decoded", 1}}}}));
  EXPECT_EQ(counts("binance_usdm/20240808_usdm_BTCUSDT.ns_json.gz"),
            (json{{"depth@0ms", {{"decoded", 6551}}},
                  {"bookTicker", {{"decoded", 66089}}},
                  {"trade", {{"decoded", 21313}}},
                  {"REST lastUpdateId", {{"decoded", 1}}}}));
  EXPECT_EQ(counts("binance_coinm/20240808_coinm_BTCUSD_PERP.ns_json.gz"),
            (json{{"depth@0ms", {{"decoded", 26847}}},
                  {"bookTicker", {{"decoded", 19136}}},
                  {"trade", {{"decoded", 2286}}},
                  {"REST lastUpdateId", {{"decoded", 1}}}}));
  EXPECT_EQ(counts("kraken/20260802_v2_ETHUSD_d25.jsonl.gz"),
            (json{{"book.update", {{"decoded", 1128}}},
                  {"book.snapshot", {{"decoded", 1}}},
                  {"heartbeat", {{"decoded", 39}}},
                  {"status.update", {{"decoded", 1}}},
                  {"subscribe.ack", {{"decoded", 1}}}}));
}

}  // namespace
}  // namespace ats::services

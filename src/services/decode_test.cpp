#include "services/decode.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/testing_shared.hpp"
#include "services/command_line.hpp"
#include "services/recording_testing.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;

CommandResult decode(std::vector<std::string> words) { return run_words(decode_command, words); }

std::vector<json> events(const CommandResult& result) {
  std::vector<json> all;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  return all;
}

constexpr const char* heartbeat = R"({"channel":"heartbeat"})";
constexpr const char* top =
    R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}})";
constexpr const char* candle =
    R"({"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT","k":{}}})";

TEST(Decode, prints_one_object_an_event_with_exact_numbers_as_strings) {
  const TemporaryFile file(gzip(std::string("1723161254087891268 ") + top + "\n"));
  const CommandResult result = decode({"--venue", "binance", file.path()});
  EXPECT_EQ(result.code, exit_done);
  EXPECT_EQ(result.err, "");
  const auto all = events(result);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["event"], "quote");
  EXPECT_EQ(all[0]["venue"], "binance");
  EXPECT_EQ(all[0]["pair"], "BTC/USDT");
  EXPECT_EQ(all[0]["bid"], "61837.63");
  EXPECT_EQ(all[0]["ask_quantity"], "1.54698");
  EXPECT_EQ(all[0]["recv_time_ns"], 1723161254087891268);
}

TEST(Decode, reads_every_form_of_recorded_frames) {
  const std::string quoted = json(top).dump();
  for (const std::string& text :
       {std::string(top) + "\n", "5 " + std::string(top) + "\r\n", R"({"raw":)" + quoted + "}\n",
        R"({"file":"x","text":)" + quoted + "}",
        R"({"t":"recv","ts_ns":5,"data":)" + quoted + "}\n"}) {
    const TemporaryFile file(text);
    EXPECT_EQ(events(decode({"--venue", "binance", file.path()})).size(), 1u) << text;
  }
}

TEST(Decode, standard_input_is_read_twice_like_a_file) {
  const TemporaryFile file(gzip(std::string(top) + "\n" + top + "\n"));
  const int kept = ::dup(STDIN_FILENO);
  const int fd = ::open(file.path().c_str(), O_RDONLY);
  ASSERT_EQ(::dup2(fd, STDIN_FILENO), STDIN_FILENO);
  const CommandResult result = decode({"--venue", "binance", "-"});
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
  ::close(fd);
  EXPECT_EQ(events(result).size(), 2u) << result.err;
}

TEST(Decode, refused_frames_are_counted_by_outcome_at_the_end) {
  const TemporaryFile file(std::string(top) + "\n" + candle + "\n" + candle +
                           "\n{\"x\":1}\n[broken\n");
  const CommandResult result = decode({"--venue", "binance", file.path()});
  EXPECT_EQ(result.code, exit_done);
  EXPECT_EQ(result.err, "ats: ignored 2\nats: malformed 1\nats: unknown_kind 1\n");
}

TEST(Decode, nothing_that_decodes_is_a_failure) {
  const TemporaryFile file(std::string(candle) + "\n");
  const CommandResult result = decode({"--venue", "binance", file.path()});
  EXPECT_EQ(result.code, exit_failed);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("ats: nothing decodes as binance"));
}

TEST(Decode, one_symbol_can_be_chosen) {
  std::string ether = top;
  for (std::size_t at; (at = ether.find("BTC")) != ether.npos;) ether.replace(at, 3, "ETH");
  const TemporaryFile file(std::string(top) + "\n" + ether + "\n");
  EXPECT_EQ(events(decode({"--venue", "binance", file.path()})).size(), 2u);
  for (const char* symbol : {"ETHUSDT", "ETH/USDT"}) {
    const auto all = events(decode({"--venue", "binance", "--symbol", symbol, file.path()}));
    ASSERT_EQ(all.size(), 1u) << symbol;
    EXPECT_EQ(all[0]["pair"], "ETH/USDT");
  }
  EXPECT_THAT(decode({"--venue", "binance", "--symbol", "XRPUSDT", file.path()}).err,
              HasSubstr("no instrument XRPUSDT in it; there are: BTCUSDT, ETHUSDT"));
}

TEST(Decode, a_recording_that_shows_whose_it_is_needs_no_venue) {
  const TemporaryFile file(std::string(heartbeat) + "\n");
  EXPECT_EQ(events(decode({file.path()})).size(), 1u);
}

TEST(Decode, wrong_words_and_files_say_what_was_expected) {
  const TemporaryFile file(std::string(heartbeat) + "\n");
  EXPECT_EQ(decode({}).code, exit_usage);
  EXPECT_EQ(decode({"--json", file.path()}).code, exit_usage);
  EXPECT_EQ(decode({"--venue", "kraken"}).code, exit_usage);
  const CommandResult nobody = decode({"--venue", "nobody", file.path()});
  EXPECT_EQ(nobody.code, exit_usage);
  EXPECT_THAT(nobody.err, HasSubstr("expected one of binance"));
  const TemporaryFile quotes("ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty\n");
  const CommandResult table = decode({"--venue", "kraken", quotes.path()});
  EXPECT_EQ(table.code, exit_failed);
  EXPECT_THAT(table.err, HasSubstr("holds no frames"));
  EXPECT_EQ(decode({"--venue", "kraken", "no/such/file"}).code, exit_failed);
  EXPECT_EQ(decode({"--venue", "kraken", file.path()}).code, exit_done);
}

TEST(Decode, every_frame_of_the_recorded_sessions_comes_out) {
  ATS_REQUIRE_SHARED(shared);
  const auto raw = shared / "data/raw";
  std::map<std::string, int> kinds;
  for (const json& event : events(decode(
           {"--venue", "kraken", raw / "kraken/20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz"})))
    ++kinds[event["event"]];
  EXPECT_EQ(kinds["book_snapshot"], 5);
  EXPECT_EQ(kinds["book_delta"], 296);
  kinds.clear();
  for (const json& event :
       events(decode({"--venue", "binance", raw / "binance/20210417_spot_10sym.jsonl.gz"})))
    ++kinds[event["event"]];
  EXPECT_EQ(kinds, (std::map<std::string, int>{
                       {"book_delta", 614}, {"book_snapshot", 10}, {"quote", 570}, {"trade", 24}}));
}

}  // namespace
}  // namespace ats::services

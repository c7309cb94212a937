// What every recording that there is decodes to, kind by kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/testing_shared.hpp"
#include "services/command_line.hpp"
#include "services/decode.hpp"
#include "services/frame_kind.hpp"
#include "services/recording_testing.hpp"

namespace ats::services {
namespace {

using testing::HasSubstr;

CommandResult count(std::vector<std::string> files) {
  files.insert(files.begin(), "--counts");
  return run_words(decode_command, files);
}

// The part after the files one by one.
std::string totals_of(const CommandResult& result) {
  const std::size_t at = result.out.rfind("\n\n");
  return at == std::string::npos ? "" : result.out.substr(at + 2);
}

TEST(FrameKinds, a_kind_is_what_the_venue_calls_it) {
  FrameKinds kinds;
  EXPECT_EQ(kinds.kind_of(R"({"stream":"btcusdt@depth@100ms","data":{}})"), "depth@100ms");
  EXPECT_EQ(kinds.kind_of(R"({"stream":"!ticker@arr","data":[]})"), "!ticker@arr");
  EXPECT_EQ(kinds.kind_of(R"({"channel":"l2_data","events":[{"type":"update"}]})"),
            "l2_data.update");
  EXPECT_EQ(kinds.kind_of(R"({"channel":"book","type":"snapshot","data":[]})"), "book.snapshot");
  EXPECT_EQ(kinds.kind_of(R"({"feed":"trade","type":"fill"})"), "trade");
  EXPECT_EQ(kinds.kind_of(R"([17,"hb",3])"), "hb");
  EXPECT_EQ(kinds.kind_of(R"([17,[1,2,3],4])"), "update");
  EXPECT_EQ(kinds.kind_of(R"({"x":1})"), "object");
  EXPECT_EQ(kinds.kind_of("[1,2"), FrameKinds::not_json);
}

constexpr const char* heartbeat = R"({"channel":"heartbeat"})";

TEST(DecodeCounts, files_of_several_venues_are_told_one_by_one_and_then_together) {
  const TemporaryFile kraken(std::string(heartbeat) + "\n" + heartbeat + "\n");
  const TemporaryFile upbit(R"({"status":"UP"})"
                            "\n");
  const CommandResult result = count({kraken.path(), upbit.path(), kraken.path()});
  EXPECT_EQ(result.code, exit_done) << result.err;
  EXPECT_EQ(totals_of(result),
            "2 files\n"
            "  kraken\n"
            "  heartbeat                            4  4 decoded\n"
            "1 file\n"
            "  upbit\n"
            "  status                               1  1 decoded\n");
}

TEST(DecodeCounts, a_file_of_no_venue_we_know_hides_none_of_the_others) {
  const TemporaryFile strange("{\"event\":\"order_created\"}\n[broken\n");
  const TemporaryFile kraken(std::string(heartbeat) + "\n");
  const CommandResult result = count({strange.path(), kraken.path()});
  EXPECT_EQ(result.code, exit_done) << result.err;
  EXPECT_THAT(totals_of(result),
              HasSubstr("1 file\n"
                        "  unknown\n"
                        "  not JSON                             1  1 malformed\n"
                        "  order_created                        1  1 unknown_kind\n"));
  EXPECT_THAT(totals_of(result), HasSubstr("  kraken\n"));
}

TEST(DecodeCounts, a_few_frames_that_could_be_anybodys_are_the_venues_whose_folder_they_lie_in) {
  const std::filesystem::path folder = testing::TempDir() + "counts/bitfinex";
  std::filesystem::create_directories(folder);
  const std::string path = folder / "fixtures.jsonl";
  std::ofstream(path) << "{\"whatever\":1}\n";
  const CommandResult result = count({path});
  std::filesystem::remove_all(folder.parent_path());
  EXPECT_EQ(result.code, exit_done) << result.err;
  EXPECT_THAT(result.out, HasSubstr("  bitfinex\n"));
}

// Every frame decodes, is of a kind that is not used, or is refused for a reason that has a name.
constexpr const char* all_recordings = R"(4 files
  binance
  !bookTicker                          3  1 decoded  2 other_protocol
  !markPrice@arr                       2  2 ignored
  !ticker@arr                          5  5 ignored
  REST lastUpdateId                   17  12 decoded  5 unknown_symbol
  TICKER_ALL                           1  1 unknown_kind
  TRADE_ALL                            1  1 unknown_kind
  aggTrade                            29  25 decoded  4 other_protocol
  bookTicker                       28612  28610 decoded  2 other_protocol
  depth20                              5  5 ignored
  depth5                               1  1 ignored
  depth@100ms                       4070  4066 decoded  4 other_protocol
  kline_1M                             1  1 ignored
  kline_1m                            24  24 ignored
  markPrice                            2  2 ignored
  object                               5  5 unknown_kind
  ticker                               6  6 ignored
  trade                             9757  9757 decoded
1 file
  binance_coinm
  REST lastUpdateId                    1  1 decoded
  bookTicker                       19136  19136 decoded
  depth@0ms                        26847  26847 decoded
  trade                             2286  2286 decoded
1 file
  binance_usdm
  REST lastUpdateId                    1  1 decoded
  bookTicker                       66089  66089 decoded
  depth@0ms                         6551  6551 decoded
  trade                            21313  21313 decoded
4 files
  bitfinex
  array                                1  1 other_protocol
  conf                                 1  1 decoded
  hb                                 102  102 decoded
  info                                 2  2 decoded
  object                               3  3 unknown_kind
  snapshot                            25  8 decoded  8 ignored  9 other_protocol
  subscribed                          26  26 decoded
  te                                  10  8 decoded  2 other_protocol
  tu                                  10  8 ignored  2 other_protocol
  update                            5172  5030 decoded  27 ignored  4 unknown_kind  111 other_protocol
4 files
  coinbase
  candles.snapshot                     2  2 ignored
  candles.update                       2  2 ignored
  heartbeats                           8  8 decoded
  l2_data.snapshot                     2  2 decoded
  l2_data.update                     250  250 decoded
  l2update                          9720  9720 decoded
  last_match                          11  11 decoded
  market_trades.snapshot               2  2 decoded
  market_trades.update                20  20 decoded
  match                               97  97 decoded
  object                               3  3 unknown_kind
  open                                 1  1 ignored
  snapshot                            11  11 decoded
  status                               1  1 malformed
  subscriptions                        8  8 decoded
  ticker                             108  108 ignored
  ticker.snapshot                      2  2 ignored
  ticker.update                       53  53 ignored
  update                               1  1 malformed
6 files
  kraken
  book                                 2  2 unknown_kind
  book-10.update                       3  3 decoded
  book-100.snapshot                    1  1 decoded
  book-1000.snapshot                  10  10 decoded
  book-1000.update                  4269  4269 decoded
  book-25.snapshot                     2  2 decoded
  book-25.update                       2  2 decoded
  book.snapshot                        6  6 decoded
  book.update                       1425  1425 decoded
  book_snapshot                        2  2 unknown_kind
  error                                9  9 unknown_kind
  heartbeat                          192  192 decoded
  object                               2  2 unknown_kind
  ohlc-1                               1  1 ignored
  spread                               1  1 ignored
  status.update                        3  3 decoded
  subscribe.ack                       10  10 decoded
  subscribe.refused                    1  1 decoded
  subscriptionStatus                  31  31 decoded
  systemStatus                         4  4 decoded
  ticker                              22  20 ignored  2 unknown_kind
  trade                               12  10 decoded  2 unknown_kind
  trade_snapshot                       2  2 unknown_kind
  unsubscribe.ack                      8  7 decoded  1 unknown_symbol
4 files
  upbit
  array                                9  9 unknown_kind
  candle.1m                            1  1 ignored
  error                                3  3 decoded
  not JSON                             1  1 malformed
  orderbook                          147  147 decoded
  status                               1  1 decoded
  ticker                               1  1 ignored
  trade                              305  305 decoded
)";

TEST(DecodeCounts, every_recorded_frame_of_every_venue_decodes_or_is_refused_by_name) {
  ATS_REQUIRE_SHARED(shared);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shared / "data/raw")) {
    // "other": venues that are not ours.
    if (entry.is_regular_file() && entry.path().parent_path().filename() != "other")
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files.size(), 24u);
  const CommandResult result = count(files);
  EXPECT_EQ(result.code, exit_done) << result.err;
  EXPECT_EQ(totals_of(result), all_recordings);
}

}  // namespace
}  // namespace ats::services

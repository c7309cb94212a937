// From an engine's events to a server of ours that records what it is sent and answers as it is told to.
#include "services/history_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <thread>

#include "io/net_testing.hpp"
#include "services/history_testing.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;

class HistoryWriterTest : public ::testing::Test, protected HistoryWorld {
 protected:
  HistoryWriterTest() {
    std::string pattern = (fs::path(testing::TempDir()) / "ats-history-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    config_.compress = false;
    config_.organisation = "desk";
    config_.flush_every = milliseconds(1);
    handler_.answer = [this](const HttpRequest& request, const io::Responder& to) {
      const HttpResponse answer = answer_(request);
      // As a database does: the same series and time is the same point.
      const bool kept = answer.status < 300 || lose_answers_ > 0;
      if (kept) {
        for (const io::LinePoint& point : points_in(request.body)) {
          std::string key = point.measurement;
          for (const auto& [tag, value] : point.tags) key += "," + tag + "=" + value;
          rows_[key + " " + std::to_string(point.at.ns_utc)] = point;
          ++points_sent_;
        }
      }
      if (lose_answers_ > 0) {
        --lose_answers_;
        to.reset();
      } else {
        to.respond(answer);
      }
    };
    listen(0);
    config_.server = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  ~HistoryWriterTest() override {
    writer_.reset();
    fs::remove_all(directory_);
  }

  void listen(std::uint16_t port) {
    server_ = io::HttpServer::listen(
                  reactor_, handler_,
                  {.port = port, .tls = nullptr, .limits = {}, .websocket = {}, .stream = {}})
                  .value();
  }
  void open() {
    writer_.reset();
    auto opened = HistoryWriter::open(reactor_, config_, "west", directory_,
                                      [this](std::string line) { said_.push_back(line); });
    ASSERT_TRUE(opened) << opened.error();
    writer_ = std::move(*opened);
  }
  void tell(const Event& event, const Actions& actions = {}) {
    now_ = now_ + milliseconds(1);
    life_.emplace_back(event, now_, actions);
    writer_->on(event, now_, actions);
  }
  // A process that starts: the journal so far, and its own beginning.
  void begin() {
    open();
    for (const auto& [event, now, actions] : life_) writer_->on(event, now, actions);
    ++lives_;
    tell(started(lives_, 1'790'000'000'000 + lives_ * 1'000'000));
    writer_->start();
  }
  void fills(int count) {
    for (int n = 0; n < count; ++n) {
      const std::string id = "T" + std::to_string(++fill_);
      tell(OrderFilled{fill(order(fill_, at_kraken, Side::Buy), id, 5'000), {}}, {booking(id)});
    }
  }
  std::size_t fills_there() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        rows_, [](const auto& row) { return row.second.measurement == "fill"; }));
  }
  template <class Truth>
  bool until(Truth truth) {
    return io::run_until(reactor_, truth);
  }
  bool was_said(std::string_view what) const {
    return std::ranges::any_of(
        said_, [&](const std::string& line) { return line.find(what) != line.npos; });
  }

  io::Reactor reactor_;
  io::RecordingHandler handler_;
  std::unique_ptr<io::HttpServer> server_;
  std::function<HttpResponse(const HttpRequest&)> answer_ = [](const HttpRequest&) {
    return HttpResponse{204, {}, ""};
  };
  int lose_answers_ = 0;
  std::map<std::string, io::LinePoint> rows_;
  std::uint64_t points_sent_ = 0;
  fs::path directory_;
  InfluxConfig config_;
  std::vector<std::string> said_;
  std::unique_ptr<HistoryWriter> writer_;
  std::vector<std::tuple<Event, Instant, Actions>> life_;
  Instant now_{1'000'000};
  std::uint32_t lives_ = 0;
  std::uint32_t fill_ = 0;
};

TEST_F(HistoryWriterTest, EventsGoToTheServerInTheirOwnBucket) {
  begin();
  fills(3);
  ASSERT_TRUE(until([&] { return fills_there() == 3; }));
  EXPECT_EQ(handler_.requests[0].target, "/api/v2/write?org=desk&bucket=ats%2Fevents&precision=ns");
  ASSERT_TRUE(until([&] { return writer_->status().written == 3; }));
  EXPECT_TRUE(writer_->status().up);
  EXPECT_EQ(writer_->status().waiting, 0u);
}

TEST_F(HistoryWriterTest, ALookIsWrittenWhereItIsDueAndWhatHasNotChangedIsNot) {
  config_.quotes_every = milliseconds(100);
  begin();
  const auto look = [&](Instant now, std::int64_t bid) {
    HistoryLook* const room = writer_->due(now);
    if (room == nullptr) return false;
    BookStatus book;
    book.instrument = at_kraken;
    book.state = BookState::Valid;
    book.reason = BookReason::None;
    book.bid = {{bid}, {10}};
    room->core = {};
    room->core.wall = wall_from_ms(1'790'000'000'000 + now.ns / 1'000'000);
    room->core.books = {book};
    room->names = std::make_shared<const Universe>(universe);
    writer_->looked();
    return true;
  };
  const auto quotes = [&] {
    return std::ranges::count_if(rows_,
                                 [](const auto& row) { return row.second.measurement == "quote"; });
  };
  EXPECT_TRUE(look({0}, 6'100'000));
  ASSERT_TRUE(until([&] { return quotes() == 1; }));
  EXPECT_FALSE(look({50'000'000}, 6'100'001)) << "too soon";
  EXPECT_TRUE(look({100'000'000}, 6'100'000));
  EXPECT_TRUE(look({200'000'000}, 6'100'002));
  ASSERT_TRUE(until([&] { return quotes() == 2; }));
  EXPECT_EQ(rows_.rbegin()->second.measurement, "quote");
  EXPECT_TRUE(std::ranges::any_of(
      rows_, [](const auto& row) { return row.second.text("bid_exact") == "61000.02"; }));
  EXPECT_THAT(handler_.requests.back().target, HasSubstr("ats%2Fsamples"));
}

TEST_F(HistoryWriterTest, ABatchWhoseAnswerWasLostIsSentAgainAndIsThereOnce) {
  lose_answers_ = 2;
  begin();
  fills(5);
  ASSERT_TRUE(until([&] { return writer_->status().written == 5; }));
  EXPECT_EQ(fills_there(), 5u);
  EXPECT_GT(points_sent_, 5u);
}

TEST_F(HistoryWriterTest, WhileTheServerIsAwayEverythingWaitsOnDiskAcrossProcesses) {
  const std::uint16_t port = server_->port();
  server_.reset();
  begin();
  fills(2'000);
  ASSERT_TRUE(until([&] { return writer_->status().waiting == 2'000; }));
  ASSERT_TRUE(until([&] { return was_said("history waits for it on disk"); }));
  EXPECT_FALSE(writer_->status().up);
  begin();
  EXPECT_TRUE(until([&] { return was_said("2000 events of an earlier run wait on disk"); }));
  fills(1);
  listen(port);
  ASSERT_TRUE(until([&] { return fills_there() == 2'001; }));
  EXPECT_EQ(points_sent_, 2'001u) << "what was on disk is not made again";
}

TEST_F(HistoryWriterTest, WhatWasNotOnDiskWhenTheProcessDiedIsMadeAgainFromTheJournal) {
  begin();
  fills(10);
  ASSERT_TRUE(until([&] { return fills_there() == 10; }));
  writer_.reset();
  // It died before it had written these anywhere: only the journal knows of them.
  for (int n = 0; n < 5; ++n) {
    now_ = now_ + milliseconds(1);
    const std::string id = "T" + std::to_string(++fill_);
    life_.emplace_back(OrderFilled{fill(order(fill_, at_kraken, Side::Buy), id, 5'000), {}}, now_,
                       Actions{booking(id)});
  }
  begin();
  ASSERT_TRUE(until([&] { return fills_there() == 15; }));
  EXPECT_EQ(points_sent_, 15u);
}

TEST_F(HistoryWriterTest, WithoutWhatIsOnDiskAllOfTheJournalIsWrittenAndNothingIsThereTwice) {
  begin();
  fills(10);
  ASSERT_TRUE(until([&] { return fills_there() == 10; }));
  writer_.reset();
  fs::remove_all(directory_);
  begin();
  ASSERT_TRUE(until([&] { return points_sent_ == 20; }));
  EXPECT_EQ(fills_there(), 10u);
}

TEST_F(HistoryWriterTest, WhatIsRefusedForGoodIsCountedToldAndNotSentAgain) {
  answer_ = [](const HttpRequest&) {
    return HttpResponse{
        400, {}, R"({"code":"invalid","message":"partial write: field type conflict dropped=2"})"};
  };
  begin();
  fills(5);
  ASSERT_TRUE(until([&] { return writer_->status().refused == 2; }));
  EXPECT_EQ(writer_->status().written, 3u);
  EXPECT_TRUE(until([&] { return was_said("refuses 2 points of events for good"); }));
  io::run_for(reactor_, milliseconds(300));
  EXPECT_EQ(handler_.requests.size(), 1u);
}

TEST_F(HistoryWriterTest, ABatchThatIsTooLargeIsHalvedUntilItIsTaken) {
  answer_ = [](const HttpRequest& request) {
    return HttpResponse{points_in(request.body).size() > 3 ? 413 : 204, {}, ""};
  };
  begin();
  fills(20);
  ASSERT_TRUE(until([&] { return writer_->status().written == 20; }));
  EXPECT_EQ(fills_there(), 20u);
  EXPECT_EQ(points_sent_, 20u);
}

TEST_F(HistoryWriterTest, WhoMustDoSomethingIsTold) {
  answer_ = [](const HttpRequest&) { return HttpResponse{404, {}, "bucket not found"}; };
  begin();
  fills(1);
  EXPECT_TRUE(until([&] { return was_said("`ats influx setup` makes it"); }));
  answer_ = [](const HttpRequest&) { return HttpResponse{401, {}, "unauthorized"}; };
  EXPECT_TRUE(until([&] { return was_said("it does not let us in: 401"); }));
  EXPECT_EQ(writer_->status().refused, 0u);
  EXPECT_EQ(writer_->status().waiting, 1u) << "it waits";
}

TEST_F(HistoryWriterTest, AServerThatSaysHowLongToStayAwayIsLeftAlone) {
  answer_ = [](const HttpRequest&) { return HttpResponse{429, {{"Retry-After", "2"}}, ""}; };
  begin();
  fills(1);
  ASSERT_TRUE(until([&] { return handler_.requests.size() == 1; }));
  const Instant asked = io::OsClock::now();
  answer_ = [](const HttpRequest&) { return HttpResponse{204, {}, ""}; };
  ASSERT_TRUE(until([&] { return fills_there() == 1; }));
  EXPECT_GE(io::OsClock::now() - asked, milliseconds(1'900));
  EXPECT_EQ(handler_.requests.size(), 2u);
}

TEST_F(HistoryWriterTest, WithoutRoomTheOldestGoesAndHowMuchIsSaid) {
  server_.reset();
  config_.queue_limit = 1 << 20;
  begin();
  for (int n = 0; n < 20; ++n) {
    fills(200);
    io::run_for(reactor_, milliseconds(60));
  }
  ASSERT_TRUE(until([&] { return writer_->status().dropped > 0; }));
  EXPECT_LE(writer_->status().waiting_bytes, 1u << 18) << "a quarter is the events' share";
  ASSERT_TRUE(
      until([&] { return writer_->status().dropped + writer_->status().waiting == 4'000; }));
  EXPECT_TRUE(until([&] { return was_said("points were dropped so far"); }));
}

TEST_F(HistoryWriterTest, AtTheEndWhatWaitsIsSentAndTheRestStays) {
  config_.flush_every = seconds(60);
  begin();
  fills(3);
  std::thread server([this] { io::run_for(reactor_, milliseconds(500)); });
  writer_->close(seconds(5));
  server.join();
  EXPECT_EQ(fills_there(), 3u);
}

TEST_F(HistoryWriterTest, AServerThatCannotBeIsSaidSoAtTheStart) {
  const auto refused = [this] {
    const auto opened = HistoryWriter::open(reactor_, config_, "west", directory_, {});
    return opened ? std::string() : opened.error();
  };
  config_.server = "http://192.0.2.1:8086";
  EXPECT_THAT(refused(), HasSubstr("it has to be https"));
  config_.server = "redis://127.0.0.1:1";
  EXPECT_THAT(refused(), HasSubstr("expected a URL"));
  config_.server = "http://127.0.0.1:8086";
  config_.secret_file = "/nowhere";
  EXPECT_THAT(refused(), HasSubstr("influx.secret_file"));
}

}  // namespace
}  // namespace ats::services

// Recording simulated exchanges over real sockets, and what a scan makes of the capture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "io/http.hpp"
#include "io/net_address.hpp"
#include "services/market_collector.hpp"
#include "services/replay_capture.hpp"
#include "services/scan_frames.hpp"
#include "services/scan_report.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;

class Record : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() /
           ("ats-record-" + std::to_string(::getpid()) + "-" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(dir_);
    SimServerOptions options;
    options.seed = 5;
    options.pairs = simulated_pairs();
    auto sim = SimServer::start(options);
    ASSERT_TRUE(sim.ok()) << sim.error();
    sim_ = std::move(*sim);
  }
  void TearDown() override {
    recorder_.reset();
    sim_.reset();
    fs::remove_all(dir_);
  }

  void start() {
    CollectSetup setup;
    setup.config = default_config();
    setup.config.pairs = simulated_pairs();
    for (const SimVenue& venue : sim_->venues()) {
      for (VenueConfig& known : setup.config.venues) {
        if (known.name != venue.name) continue;
        known.enabled = true;
        known.urls = venue.urls;
      }
    }
    setup.out = dir_ / "capture";
    auto opened = MarketCollector::open(reactor_, std::move(setup));
    ASSERT_TRUE(opened.ok()) << opened.error();
    recorder_ = std::move(*opened);
    recorder_->start();
  }
  void run_for(Duration time) {
    const Instant end = io::OsClock::now() + time;
    while (io::OsClock::now() < end) reactor_.poll(milliseconds(10));
  }
  void fault(const std::string& body) {
    const auto url = io::parse_url(sim_->control_url());
    ASSERT_TRUE(url.ok());
    io::HttpClientOptions options;
    options.host = url->host;
    options.port = url->port;
    io::HttpClient client(reactor_, std::move(options));
    int status = 0;
    HttpRequest request{"POST", "/faults", {}, body};
    client.request(request, seconds(5),
                   [&](const auto& answer) { status = answer ? answer->status : -1; });
    while (status == 0) reactor_.poll(milliseconds(10));
    ASSERT_EQ(status, 200);
  }

  struct Top {
    BookState state;
    std::uint64_t snapshots, deltas, gaps, right, wrong;
    std::string bid, ask;
    bool operator==(const Top&) const = default;
  };
  static Top top_of(const BookStatus& b) {
    const auto text = [](const Level& l) {
      return std::to_string(l.price.units) + " x " + std::to_string(l.quantity.units);
    };
    return {b.state,           b.snapshots,       b.deltas,    b.gaps,
            b.checksums_right, b.checksums_wrong, text(b.bid), text(b.ask)};
  }
  std::map<std::string, Top> live() const {
    std::vector<BookStatus> books;
    recorder_->books(books);
    std::map<std::string, Top> all;
    for (std::size_t i = 0; i < books.size(); ++i) {
      const InstrumentId id{static_cast<InstrumentId::rep>(i)};
      all.emplace(recorder_->universe().instrument_name(id), top_of(books[i]));
    }
    return all;
  }
  // What a scan of the capture comes to, and how many frames or events it saw.
  std::map<std::string, Top> scanned(bool events, std::uint64_t* records = nullptr) {
    std::map<std::string, Top> all;
    const auto file = RecordingFile::open((dir_ / "capture").string(), nullptr);
    EXPECT_TRUE(file.ok()) << file.error();
    FeedOptions options;
    options.events = events;
    const auto venues = RecordingFeed::venues(*file, options);
    EXPECT_TRUE(venues.ok()) << venues.error();
    for (const std::string& venue : *venues) {
      options.venue = venue;
      EdgeBoard board;
      auto scan = FrameScan::open(*file, options, TakerFees::none(), board);
      EXPECT_TRUE(scan.ok()) << scan.error();
      std::vector<ScanSource*> sources = {scan->get()};
      const auto played = play(sources, board);
      EXPECT_TRUE(played.ok()) << played.error();
      const Universe& universe = (*scan)->feed().universe();
      const auto instruments = (*scan)->instruments();
      for (std::size_t i = 0; i < instruments.size(); ++i) {
        const InstrumentId id{static_cast<InstrumentId::rep>(i)};
        all.emplace(universe.instrument_name(id), top_of(instruments[i].book));
      }
      if (records != nullptr) *records += (*scan)->feed().counters().records;
    }
    return all;
  }

  fs::path dir_;
  io::Reactor reactor_;
  std::unique_ptr<SimServer> sim_;
  std::unique_ptr<MarketCollector> recorder_;
};

template <class Tops>
void expect_same(const Tops& live, const Tops& again) {
  ASSERT_EQ(live.size(), again.size());
  for (const auto& [name, top] : live) {
    const auto found = again.find(name);
    ASSERT_NE(found, again.end()) << name;
    EXPECT_EQ(top.state, found->second.state) << name;
    EXPECT_EQ(top.snapshots, found->second.snapshots) << name;
    EXPECT_EQ(top.deltas, found->second.deltas) << name;
    EXPECT_EQ(top.gaps, found->second.gaps) << name;
    EXPECT_EQ(top.right, found->second.right) << name;
    EXPECT_EQ(top.wrong, found->second.wrong) << name;
    EXPECT_EQ(top.bid, found->second.bid) << name;
    EXPECT_EQ(top.ask, found->second.ask) << name;
  }
}

TEST_F(Record, AScanOfTheCaptureComesToTheBooksThatStoodLive) {
  start();
  run_for(seconds(4));
  const auto books = live();
  ASSERT_EQ(books.size(), simulated_venues().size() * simulated_pairs().size());
  ASSERT_TRUE(recorder_->stop().ok());
  EXPECT_EQ(recorder_->lost().records, 0u);
  for (const auto& [name, top] : books) {
    EXPECT_EQ(top.state, BookState::Valid) << name;
    // Upbit's messages are whole books.
    EXPECT_GT(name.starts_with("upbit ") ? top.snapshots : top.deltas, 10u) << name;
    EXPECT_EQ(top.wrong, 0u) << name;
  }
  std::uint64_t frames = 0;
  expect_same(books, scanned(false, &frames));
  EXPECT_GT(frames, 100u);
  expect_same(books, scanned(true));
  const auto file = RecordingFile::open((dir_ / "capture").string(), nullptr);
  ASSERT_TRUE(file.ok());
  const auto replays = replay_capture(*file);
  ASSERT_TRUE(replays.ok()) << replays.error();
  ASSERT_EQ(replays->size(), simulated_venues().size());
  for (const CaptureReplay& replay : *replays) {
    EXPECT_FALSE(replay.difference) << replay.venue << "\n"
                                    << replay.difference->decoded << "\n"
                                    << replay.difference->recorded;
    EXPECT_GT(replay.events, 50u);
  }
}

TEST_F(Record, GapsBadChecksumsAndLostConnectionsAreInTheCaptureAsTheyHappened) {
  start();
  run_for(seconds(2));
  fault(R"({"venue":"binance","kind":"gap","count":1})");
  fault(R"({"venue":"kraken","kind":"bad_checksum","count":1})");
  run_for(seconds(2));
  fault(R"({"venue":"kraken","kind":"disconnect","count":1})");
  run_for(seconds(4));
  const auto books = live();
  ASSERT_TRUE(recorder_->stop().ok());
  std::uint64_t gaps = 0;
  std::uint64_t wrong = 0;
  for (const auto& [name, top] : books) {
    gaps += top.gaps;
    wrong += top.wrong;
  }
  EXPECT_GE(gaps, 1u);
  EXPECT_GE(wrong, 1u);
  expect_same(books, scanned(false));
  expect_same(books, scanned(true));
}

}  // namespace
}  // namespace ats::services

// The whole system over real sockets: simulated exchanges, the live engine, its journal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "io/clock.hpp"
#include "io/halt_reserve.hpp"
#include "io/http.hpp"
#include "io/net_address.hpp"
#include "services/fold.hpp"
#include "services/live_engine.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"
#include "sim/faults.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Live : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ats-live-" + std::to_string(::getpid()));
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    SimServerOptions options;
    options.seed = 11;
    options.pairs = simulated_pairs();
    auto sim = SimServer::start(options);
    ASSERT_TRUE(sim.ok()) << sim.error();
    sim_ = std::move(*sim);
  }
  void TearDown() override {
    live_.reset();
    sim_.reset();
    fs::remove_all(dir_);
  }

  void start(Duration poll_after = CoreConfig{}.poll_after) {
    LiveSetup setup;
    setup.title = "test";
    setup.config = default_config();
    setup.config.pairs = simulated_pairs();
    setup.config.core.poll_after = poll_after;
    setup.journal_dir = dir_ / "journal";
    setup.control_socket = dir_ / "control.sock";
    setup.log = [this](const LogEntry& entry) { log_ += log_text(entry) + "\n"; };
    setup.credentials = sim_->point(setup.config);
    auto opened = LiveEngine::open(reactor_, std::move(setup));
    ASSERT_TRUE(opened.ok()) << opened.error();
    live_ = std::move(*opened);
    live_->start();
  }
  LiveView view() {
    LiveView v;
    live_->view(v);
    return v;
  }
  // Polls until `condition` holds; false after `limit`.
  template <class Condition>
  bool until(Duration limit, Condition condition) {
    const Instant end = io::OsClock::now() + limit;
    while (io::OsClock::now() < end) {
      reactor_.poll(milliseconds(10));
      if (!live_->failure().empty()) return false;
      if (condition()) return true;
    }
    return false;
  }
  void stop() {
    live_->ask_to_stop("test");
    EXPECT_TRUE(until(seconds(40), [&] { return live_->stopped(); })) << open() << log_;
  }
  std::vector<std::string> differences() {
    std::vector<std::string> out;
    const json state = json::parse(sim_->state_json());
    for (const BalanceStatus& b : view().core.balances) {
      const std::string venue(view().universe->venue(b.venue).name.view());
      const std::string asset(view().universe->asset(b.asset).name.view());
      const json& told = state["venues"][venue]["accounts"][0]["balances"];
      const Decimal theirs =
          told.contains(asset) ? Decimal::of(told[asset]["total"].get<std::string>()) : Decimal();
      if (theirs != b.total)
        out.push_back(venue + " " + asset + " ledger " + b.total.to_string() + " exchange " +
                      theirs.to_string());
    }
    return out;
  }
  void inject(const json& fault) {
    const auto url = io::parse_url(sim_->control_url());
    io::HttpClientOptions options;
    options.host = url->host;
    options.port = url->port;
    io::HttpClient client(reactor_, std::move(options));
    std::optional<int> status;
    client.request(
        {"POST", "/faults", {}, fault.dump()}, seconds(5),
        [&](Result<HttpResponse, TransportError> answer) { status = answer ? answer->status : 0; });
    ASSERT_TRUE(until(seconds(10), [&] { return status.has_value(); }));
    EXPECT_EQ(*status, 200) << fault.dump();
  }
  // What is still open, for a failing test's message.
  std::string open() {
    std::string out;
    const LiveView now = view();
    for (const ExecutionStatus& e : now.core.open_executions) {
      out += "execution " + std::to_string(e.id.value) + " " + now.universe->pair_name(e.pair) +
             " net " + e.net_base.to_string() + " attempts " + std::to_string(e.unwind_attempts) +
             "\n";
    }
    for (const OrderStatus& o : now.core.open_orders) {
      out += std::string(client_order_id(o.request.id).view()) + " " +
             now.universe->instrument_name(o.request.instrument) + " " + name(o.state) +
             " booked " + std::to_string(o.filled.units) + " venue " +
             std::to_string(o.venue_filled.units) + "\n";
    }
    return out;
  }
  std::uint64_t trades() {
    const CoreStatus core = view().core;
    return core.completed + core.unwound + core.residual;
  }

  fs::path dir_;
  io::Reactor reactor_;
  std::unique_ptr<SimServer> sim_;
  std::unique_ptr<LiveEngine> live_;
  std::string log_;
};

TEST_F(Live, TradesEndFlatTheLedgerIsTheExchangesAndTheJournalReplaysToTheSameBytes) {
  start();
  ASSERT_TRUE(until(seconds(120), [&] { return trades() >= 3; })) << log_;
  stop();
  EXPECT_TRUE(until(seconds(10), [&] { return differences().empty(); }))
      << ::testing::PrintToString(differences()) << log_;
  EXPECT_TRUE(view().core.open_executions.empty());
  EXPECT_TRUE(view().core.halts.empty()) << log_;
  ASSERT_TRUE(live_->close());

  auto reader = io::JournalReader::open(dir_ / "journal");
  ASSERT_TRUE(reader.ok());
  core::Engine again;
  const auto folded = fold_journal(*reader, again);
  ASSERT_TRUE(folded.ok()) << folded.error().detail;
  EXPECT_FALSE(folded->difference)
      << folded->difference->journalled << " / " << folded->difference->wanted;
  EXPECT_TRUE(folded->closed_cleanly);
  EXPECT_GT(folded->actions, 0u);
}

TEST_F(Live, EveryFaultOnEveryVenueEndsWithTheLedgerOfTheExchanges) {
  start();
  ASSERT_TRUE(until(seconds(60), [&] { return view().core.reconciled; })) << log_;
  for (std::size_t n = 0; n < sim::fault_kind_count; ++n) {
    const char* const kind = sim::name(static_cast<sim::FaultKind>(n));
    for (const char* venue : {"binance", "kraken"}) {
      const bool timed = std::string(kind) == "mute" || std::string(kind) == "maintenance" ||
                         std::string(kind) == "clock_skew" || std::string(kind) == "rate_limit" ||
                         std::string(kind) == "ban" || std::string(kind) == "stream_down";
      json fault{{"venue", venue}, {"kind", kind}};
      if (timed)
        fault["for_ms"] = 1000;
      else
        fault["count"] = 2;
      inject(fault);
    }
    const std::uint64_t before = trades();
    until(seconds(3), [&] { return trades() > before; });
  }
  EXPECT_TRUE(until(seconds(60), [&] {
    const CoreStatus core = view().core;
    return std::ranges::all_of(core.books,
                               [](const BookStatus& b) { return b.state == BookState::Valid; });
  })) << log_;
  stop();
  EXPECT_TRUE(until(seconds(40), [&] { return differences().empty(); }))
      << ::testing::PrintToString(differences()) << log_;
  EXPECT_TRUE(view().core.open_executions.empty());
  ASSERT_TRUE(live_->close());
}

// Every venue's streams are refused for a while, and its REST goes on.
TEST_F(Live, BooksOfAStreamThatStaysDownAreAskedForMarkedAndDroppedForTheStreams) {
  start(seconds(1));
  const auto all = [&](BookState state) {
    const CoreStatus core = view().core;
    return std::ranges::all_of(core.books, [&](const BookStatus& b) { return b.state == state; });
  };
  ASSERT_TRUE(until(seconds(60), [&] { return all(BookState::Valid); })) << log_;
  for (const SimVenue& venue : sim_->venues())
    inject({{"venue", venue.name}, {"kind", "stream_down"}, {"for_ms", 25'000}});
  // As slowly as the slowest venue lets it be asked.
  std::set<InstrumentId> polled;
  std::uint64_t orders = 0;
  bool priced = false;
  ASSERT_TRUE(until(seconds(25),
                    [&] {
                      const CoreStatus core = view().core;
                      bool none_valid = true;
                      for (const BookStatus& b : core.books) {
                        none_valid = none_valid && b.state != BookState::Valid;
                        if (b.state != BookState::Polled) continue;
                        EXPECT_GT(b.polls, 0u);
                        EXPECT_FALSE(b.bid.quantity.is_zero() || b.ask.quantity.is_zero());
                        EXPECT_LT(b.bid.price, b.ask.price);
                        EXPECT_LE(core.now - b.last_update,
                                  CoreConfig{}.max_polled_age + seconds(1));
                        polled.insert(b.instrument);
                      }
                      // What was on its way to be traded away may still be; nothing new is.
                      if (!core.open_executions.empty()) orders = 0;
                      if (none_valid && core.open_executions.empty()) {
                        priced = priced || (orders != 0 && core.orders_placed != orders);
                        orders = core.orders_placed;
                      }
                      return polled.size() == core.books.size();
                    }))
      << polled.size() << " of " << view().core.books.size() << "\n"
      << log_;
  EXPECT_FALSE(priced);
  EXPECT_NE(log_.find("polled: disconnected"), std::string::npos) << log_;
  ASSERT_TRUE(until(seconds(90), [&] { return all(BookState::Valid); })) << log_;
  stop();
  EXPECT_TRUE(until(seconds(10), [&] { return differences().empty(); }))
      << ::testing::PrintToString(differences()) << log_;
  ASSERT_TRUE(live_->close());
  auto reader = io::JournalReader::open(dir_ / "journal");
  ASSERT_TRUE(reader.ok());
  core::Engine again;
  const auto folded = fold_journal(*reader, again);
  ASSERT_TRUE(folded.ok()) << folded.error().detail;
  EXPECT_FALSE(folded->difference);
}

TEST_F(Live, AHaltSurvivesARestart) {
  start();
  ASSERT_TRUE(until(seconds(60), [&] { return view().core.reconciled; })) << log_;
  live_->halt_everything("test", "to see whether it is kept");
  ASSERT_EQ(view().core.halts.size(), 1u);
  live_.reset();  // without close(): as a crash leaves it
  start();
  EXPECT_EQ(view().core.halts.size(), 1u);
  const std::uint64_t before = view().core.orders_placed;
  until(seconds(5), [] { return false; });
  EXPECT_EQ(view().core.orders_placed, before);
}

// The disk has room for what there is, and for not one window of the journal more; commands that change nothing fill
// that. Then a person says halt.
TEST_F(Live, AHaltWithAFullDiskHoldsAtOnceAndAtTheNextStart) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  rlimit small = old;
  small.rlim_cur = rlim_t{9} << 20;
  ::setrlimit(RLIMIT_FSIZE, &small);
  start();
  ASSERT_TRUE(until(seconds(60), [&] { return view().core.reconciled; })) << log_;
  std::atomic<bool> full = false;
  std::thread filler([&] {
    const std::string nothing = json{
        {"command", "resume"},
        {"scope", "BTC/USDT"},
        {"who", "test"},
        {"reason",
         std::string(63, '.')}}.dump();
    while (!full) static_cast<void>(ask_control(dir_ / "control.sock", nothing));
  });
  const Instant end = io::OsClock::now() + seconds(120);
  while (live_->failure().empty() && io::OsClock::now() < end) reactor_.poll(milliseconds(10));
  full = true;
  for (int n = 0; n < 20; ++n) reactor_.poll(milliseconds(10));  // its last question
  filler.join();
  EXPECT_NE(live_->failure().find("disk_full"), std::string::npos) << live_->failure();
  const std::uint64_t before = view().core.orders_placed;
  live_->halt_everything("test", "the disk is full");
  EXPECT_NE(log_.find("nothing is traded, and the halt is kept for the next start"),
            std::string::npos);
  for (int n = 0; n < 200; ++n) reactor_.poll(milliseconds(10));
  EXPECT_EQ(view().core.orders_placed, before);
  live_.reset();
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_DFL);

  for (int life = 0; life < 2; ++life) {
    start();
    ASSERT_EQ(view().core.halts.size(), 1u) << "life " << life;
    const std::uint64_t at_start = view().core.orders_placed;
    until(seconds(3), [] { return false; });
    EXPECT_EQ(view().core.orders_placed, at_start);
    EXPECT_TRUE(io::HaltReserve::open(dir_ / "journal-halts")->kept().empty())
        << "it is in the journal now";
    live_.reset();
  }
}

}  // namespace
}  // namespace ats::services

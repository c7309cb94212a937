// The watchdog over real sockets: orders of ours rest at five simulated exchanges, and nobody answers for the engine.
#include "services/watchdog.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/risk/testing_gate.hpp"
#include "io/clock.hpp"
#include "services/control.hpp"
#include "services/metadata.hpp"
#include "services/sim_server.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using core::OrderFacts;

// A process whose control socket answers, for as long as it lives.
class Beating {
 public:
  explicit Beating(const fs::path& socket, std::string answer = R"({"ok":true})")
      : thread_([this, socket, answer] {
          io::Reactor reactor;
          auto control =
              ControlServer::open(reactor, socket, [answer](std::string_view) { return answer; });
          listening_ = control.ok();
          while (!stop_) reactor.poll(milliseconds(10));
        }) {
    while (!listening_) std::this_thread::yield();
  }
  ~Beating() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> listening_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class WatchdogTest : public ::testing::Test, private EventSink {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ats-watchdog-" + std::to_string(::getpid()));
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    SimServerOptions options;
    options.pairs = {"BTC/USDT"};
    options.venues = {"binance", "upbit", "coinbase", "kraken", "bitfinex"};
    auto sim = SimServer::start(options);
    ASSERT_TRUE(sim.ok()) << sim.error();
    sim_ = std::move(*sim);
    config_ = default_config();
    config_.pairs = options.pairs;
    credentials_ = sim_->point(config_);
    ASSERT_TRUE(load_instruments(reactor_, config_, nullptr, universe_).ok());
    mids_.resize(universe_.instruments().size());
  }
  void TearDown() override {
    dog_.reset();
    traders_.clear();
    sim_.reset();
    fs::remove_all(dir_);
  }

  template <class Condition>
  bool until(Duration limit, Condition condition) {
    const Instant end = io::OsClock::now() + limit;
    while (io::OsClock::now() < end) {
      reactor_.poll(milliseconds(10));
      if (condition()) return true;
    }
    return false;
  }

  // At each venue an order that buys far below the market rests, and its sender goes away. Bitfinex takes its
  // own back at once, as it was asked to; four are left.
  static constexpr std::size_t left = 4;
  void leave_an_order_at_each_venue() {
    EventSink& sink = *this;
    for (const VenueConfig& venue : config_.venues) {
      if (!venue.enabled) continue;
      io::DriverSetup setup;
      setup.protocol = venues::find_protocol(venue.name);
      setup.urls = venue.urls;
      setup.client.venue = universe_.find_venue(venue.name);
      setup.client.universe = &universe_;
      setup.client.market_path = venue.urls.market;
      setup.client.credentials = credentials_.at(venue.name);
      for (const Instrument& i : universe_.instruments()) {
        if (i.venue == setup.client.venue) setup.client.instruments.push_back(i.id);
      }
      traders_.push_back(std::make_unique<io::VenueDriver>(reactor_, std::move(setup), sink));
      traders_.back()->start();
    }
    ASSERT_EQ(traders_.size(), 5u);
    ASSERT_TRUE(until(seconds(20), [&] { return up_ == 5 && seen_all(); }));
    core::RiskGate gate;
    const core::testing::StillDesk desk;
    const core::testing::StillProfit profit;
    const CoreConfig limits;
    core::testing::open_gate(gate, desk, profit, universe_, limits);
    std::uint64_t serial = 0;
    for (const Instrument& on : universe_.instruments()) {
      OrderRequest order;
      order.id = make_order_id(7, static_cast<std::uint32_t>(++serial));
      order.execution = {order.id.value};
      order.instrument = on.id;
      order.time_in_force = TimeInForce::Gtc;
      order.price = on.floor_to_tick({mids_[on.id.index()].units / 100 * 97});
      const Decimal quantity = *Decimal::from_int(100).divide_floor(on.price_decimal(order.price));
      order.quantity = on.floor_to_lot({quantity.to_scaled_floor(on.qty_scale).value()});
      const auto approved = gate.approve(order, facts_of(on, order.price));
      ASSERT_TRUE(approved.ok()) << name(approved.error());
      for (const auto& trader : traders_) {
        if (trader->venue() == on.venue) trader->execute(Place{*approved});
      }
    }
    ASSERT_TRUE(until(seconds(20), [&] { return open_orders() == 5; })) << sim_->state_json();
    for (const auto& trader : traders_) trader->stop();
    ASSERT_TRUE(until(seconds(20), [&] { return open_orders() == left; })) << sim_->state_json();
    up_ = 0;
  }

  void watch(const fs::path& socket, bool armed) {
    WatchdogSetup setup;
    setup.config = config_;
    setup.credentials = credentials_;
    setup.control_socket = socket;
    setup.silent_for = seconds(2);
    setup.armed = armed;
    setup.log = [this](const std::string& line) { log_ += line + "\n"; };
    auto dog = Watchdog::open(reactor_, std::move(setup));
    ASSERT_TRUE(dog.ok()) << dog.error();
    dog_ = std::move(*dog);
    dog_->start();
  }

  std::size_t open_orders() const {
    std::size_t count = 0;
    const auto state = nlohmann::json::parse(sim_->state_json());
    for (const auto& venue : state["venues"]) {
      for (const auto& account : venue["accounts"]) count += account["open_orders"].size();
    }
    return count;
  }

  fs::path dir_;
  io::Reactor reactor_;
  std::unique_ptr<SimServer> sim_;
  Config config_;
  std::map<std::string, venues::Credentials> credentials_;
  Universe universe_;
  std::vector<std::unique_ptr<io::VenueDriver>> traders_;
  std::unique_ptr<Watchdog> dog_;
  std::string log_;

 private:
  static OrderFacts facts_of(const Instrument& on, Price average) {
    OrderFacts facts = core::testing::good_facts(on);
    facts.average = average;
    facts.leg_cost = Rate{};
    return facts;
  }
  void on(const Event& event) override {
    const auto saw = [&](InstrumentId id, std::span<const Level> bids) {
      if (!bids.empty()) mids_[id.index()] = bids.front().price;
    };
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      saw(snapshot->instrument, snapshot->bids);
    } else if (const auto* delta = std::get_if<BookDelta>(&event)) {
      saw(delta->instrument, delta->bids);
    } else if (const auto* up = std::get_if<ConnectionUp>(&event)) {
      if (up->channel == Channel::Trading) ++up_;
    }
  }
  bool seen_all() const {
    return std::none_of(mids_.begin(), mids_.end(), [](Price p) { return p.units == 0; });
  }

  std::vector<Price> mids_;  // some bid each venue has shown
  int up_ = 0;
};

TEST_F(WatchdogTest,
       nothing_is_touched_while_the_engine_answers_and_all_of_ours_is_cancelled_after) {
  leave_an_order_at_each_venue();
  {
    const Beating engine(dir_ / "control.sock");
    watch(dir_ / "control.sock", false);
    ASSERT_TRUE(until(seconds(10), [&] { return dog_->engine_alive(); })) << log_;
    until(seconds(4), [] { return false; });
    EXPECT_FALSE(dog_->acting());
    EXPECT_EQ(open_orders(), left);
  }
  EXPECT_TRUE(until(seconds(60), [&] { return dog_->clear(); })) << log_;
  EXPECT_EQ(open_orders(), 0u) << log_;
  EXPECT_GE(dog_->cancels(), left);
  EXPECT_FALSE(dog_->engine_alive());

  const Beating again(dir_ / "control.sock");
  EXPECT_TRUE(until(seconds(10), [&] { return !dog_->acting(); })) << log_;
}

TEST_F(WatchdogTest, an_engine_that_was_never_heard_of_is_taken_for_dead_only_when_armed) {
  leave_an_order_at_each_venue();
  watch(dir_ / "nobody.sock", false);
  until(seconds(5), [] { return false; });
  EXPECT_FALSE(dog_->acting());
  EXPECT_EQ(open_orders(), left);
  dog_.reset();

  watch(dir_ / "nobody.sock", true);
  EXPECT_TRUE(until(seconds(60), [&] { return dog_->clear(); })) << log_;
  EXPECT_EQ(open_orders(), 0u) << log_;
}

// It listens, and its thread does nothing any more: its queue of connections fills up.
TEST_F(WatchdogTest, an_engine_that_hangs_is_taken_for_dead_and_does_not_hang_the_watchdog) {
  leave_an_order_at_each_venue();
  io::Reactor never_polled;
  const auto hanging = ControlServer::open(never_polled, dir_ / "control.sock",
                                           [](std::string_view) { return std::string(); });
  ASSERT_TRUE(hanging.ok());
  watch(dir_ / "control.sock", true);
  EXPECT_TRUE(until(seconds(90), [&] { return dog_->clear(); })) << log_;
  EXPECT_EQ(open_orders(), 0u) << log_;
  const Instant long_after = io::OsClock::now() + seconds(12);
  EXPECT_TRUE(until(seconds(30), [&] { return io::OsClock::now() > long_after; }));
  EXPECT_TRUE(dog_->acting());
}

// Its socket is there before it has begun: that is no heartbeat.
TEST_F(WatchdogTest, an_answer_that_is_not_ok_is_no_heartbeat) {
  const Beating starting(dir_ / "control.sock", R"({"ok":false,"error":"not a request"})");
  watch(dir_ / "control.sock", true);
  EXPECT_TRUE(until(seconds(10), [&] { return dog_->acting(); })) << log_;
  EXPECT_FALSE(dog_->engine_alive());
}

TEST_F(WatchdogTest, a_venue_that_cannot_be_looked_at_is_never_clear) {
  credentials_.erase("upbit");
  watch(dir_ / "nobody.sock", true);
  EXPECT_FALSE(until(seconds(15), [&] { return dog_->clear(); }));
  EXPECT_NE(log_.find("upbit: NOT WATCHED: there is no key for it"), std::string::npos) << log_;
  EXPECT_NE(log_.find("kraken: nothing of ours is open"), std::string::npos) << log_;
}

TEST_F(WatchdogTest, without_any_key_there_is_nothing_to_watch) {
  credentials_.clear();
  WatchdogSetup setup;
  setup.config = config_;
  setup.log = [](const std::string&) {};
  const auto dog = Watchdog::open(reactor_, std::move(setup));
  ASSERT_FALSE(dog.ok());
  EXPECT_EQ(dog.error(), "no enabled venue has a key and answers: there is nothing to watch");
}

}  // namespace
}  // namespace ats::services

// A simulated exchange's faults as its clients see them, over real sockets.
#include "services/sim_venue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/books/book_set.hpp"
#include "io/clock.hpp"
#include "io/venue_driver.hpp"
#include "services/sim_setup.hpp"

namespace ats::services {
namespace {

// One venue with BTC/USDT, and a client of it that keeps the book and asks for what it needs.
class Watched final : public EventSink {
 public:
  explicit Watched(const std::string& name)
      : universe_(simulated_universe({name}, {"BTC/USDT"}).value()),
        venue_(reactor_, universe_, VenueId{0}, Rng(1)),
        books_(universe_) {
    venue_.set_time(io::OsClock::now(), io::OsClock::wall());
    EXPECT_FALSE(venue_.listen(0).has_value());
    for (std::int64_t n = 1; n <= 20; ++n) {
      set(Side::Buy, n, 100);
      set(Side::Sell, n, 100);
    }
    const venues::Protocol& protocol = *venues::find_protocol(name);
    io::DriverSetup setup;
    setup.protocol = &protocol;
    setup.client.venue = VenueId{0};
    setup.client.universe = &universe_;
    setup.client.instruments = {InstrumentId{0}};
    const auto here = [&](const std::string& live, const char* scheme) {
      const std::size_t path = live.find('/', live.find("://") + 3);
      return std::string(scheme) + "://127.0.0.1:" + std::to_string(venue_.port()) +
             (path == live.npos ? "" : live.substr(path));
    };
    setup.urls = {here(protocol.urls.rest, "http"), here(protocol.urls.market, "ws"),
                  here(protocol.urls.trading, "ws")};
    driver_ = std::make_unique<io::VenueDriver>(reactor_, std::move(setup), *this);
    driver_->start();
  }

  void on(const Event& event) override {
    const Instant now = io::OsClock::now();
    Actions out;
    if (const auto* up = std::get_if<ConnectionUp>(&event)) {
      books_.on_connection(up->venue, true, now, out);
    } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
      books_.on_connection(down->venue, false, now, out);
    } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      books_.on_snapshot(*snapshot, now, out);
    } else if (const auto* delta = std::get_if<BookDelta>(&event)) {
      books_.on_delta(*delta, now, out);
    } else if (const auto* fault = std::get_if<BookFault>(&event)) {
      books_.on_fault(*fault, now, out);
    }
    for (const Action& action : out) {
      if (const auto* told = std::get_if<BookStateChanged>(&action)) {
        if (static_cast<BookState>(told->state) != BookState::Valid) {
          lost_for.push_back(static_cast<BookReason>(told->reason));
        }
      } else {
        pending_.push_back(action);
      }
    }
  }

  // The house's quantity `away` ticks from the middle, told to whoever watches.
  void set(Side side, std::int64_t away, std::int64_t lots) {
    const Instrument& i = universe_.instrument(InstrumentId{0});
    const std::int64_t middle = 60'000 * pow10(i.price_scale);
    const Price price{middle + (side == Side::Buy ? -away : away) * i.tick};
    venue_.exchange().house_level(InstrumentId{0}, side, price, {lots * i.lot});
    venue_.exchange().publish(InstrumentId{0});
    venue_.deliver();
  }

  void inject(sim::FaultKind kind) { venue_.inject({.kind = kind, .length = {}, .count = 1}); }
  std::uint64_t struck(sim::FaultKind kind) { return venue_.exchange().faults().struck(kind); }

  template <class Condition>
  bool until(Condition condition) {
    const Instant end = io::OsClock::now() + seconds(10);
    while (!condition()) {
      if (io::OsClock::now() > end) return false;
      reactor_.poll(milliseconds(5));
      for (std::size_t n = 0; n < pending_.size(); ++n) driver_->execute(Action(pending_[n]));
      pending_.clear();
      Actions out;
      books_.on_timer(io::OsClock::now(), out);
      for (const Action& action : out) driver_->execute(action);
    }
    return true;
  }
  bool valid() { return books_.view(InstrumentId{0}).valid(io::OsClock::now()); }
  // Whether the client's book is the exchange's, down to where both reach.
  bool same_as_exchange() {
    const venues::BookImage image = venue_.exchange().book(InstrumentId{0}, 10);
    const core::BookView view = books_.view(InstrumentId{0});
    const auto same = [&](Side side, const std::vector<Level>& levels) {
      auto mine = view.levels(side);
      return std::ranges::all_of(levels, [&](const Level& level) {
        Level next;
        return mine.next(next) && next == level;
      });
    };
    return same(Side::Buy, image.bids) && same(Side::Sell, image.asks);
  }

  std::vector<BookReason> lost_for;

 private:
  io::Reactor reactor_;
  Universe universe_;
  SimVenueServer venue_;
  core::BookSet books_;
  std::unique_ptr<io::VenueDriver> driver_;
  Actions pending_;
};

class EveryVenue : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryVenue, AGapLosesAChangeOfTheBookAndTheClientFindsOut) {
  Watched watched(GetParam());
  ASSERT_TRUE(watched.until([&] { return watched.valid(); }));
  for (std::int64_t n = 1; n <= 4; ++n) {
    watched.lost_for.clear();
    watched.inject(sim::FaultKind::Gap);
    // Heartbeats and the like pass meanwhile; none of them may use the fault up.
    const Instant quiet = io::OsClock::now() + milliseconds(300);
    watched.until([&] { return io::OsClock::now() > quiet; });
    const std::uint64_t before = watched.struck(sim::FaultKind::Gap);
    EXPECT_EQ(before, static_cast<std::uint64_t>(n - 1));
    watched.set(Side::Buy, n, 200 + n);
    ASSERT_TRUE(watched.until([&] { return watched.struck(sim::FaultKind::Gap) == before + 1; }));
    EXPECT_TRUE(watched.valid()) << "nothing shows before the next change";
    watched.set(Side::Sell, n, 300 + n);
    ASSERT_TRUE(watched.until([&] { return !watched.lost_for.empty(); })) << "gap " << n;
    const bool numbered = std::string(GetParam()) == "binance";
    EXPECT_EQ(watched.lost_for.front(), numbered ? BookReason::Gap : BookReason::BadChecksum);
    ASSERT_TRUE(watched.until([&] { return watched.valid() && watched.same_as_exchange(); }));
  }
}

INSTANTIATE_TEST_SUITE_P(SimVenue, EveryVenue, ::testing::Values("binance", "kraken"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ats::services

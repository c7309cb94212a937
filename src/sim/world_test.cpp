#include "sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "domain/codec.hpp"
#include "domain/testing_approved.hpp"
#include "sim/audit_book.hpp"
#include "sim/testing_world.hpp"

namespace ats::sim {
namespace {

// A trader without a plan: sends small orders at the touch, asks for what it does not know. It keeps
// the journal of the events it was given as a running digest.
class Robot final : public EventSink {
 public:
  explicit Robot(World& world) : world_(world), rng_(99) {
    for (const Instrument& i : world.universe().instruments()) {
      books.emplace_back(world.universe().venue(i.venue).book);
    }
  }

  void on(const Event& event) override {
    bytes_.clear();
    encode_event(event, world_.now(), bytes_);
    for (const std::byte b : bytes_) {
      digest = (digest ^ static_cast<std::uint64_t>(b)) * 0x100000001B3ull;
    }
    ++events;
    kinds.insert(event.index());
    std::visit([this](const auto& e) { this->see(e); }, event);
    for (const Action& action : actions_) {
      if (!world_.act(action)) break;
    }
    actions_.clear();
  }

  std::vector<AuditBook> books;  // by instrument
  std::set<std::size_t> kinds;
  std::uint64_t digest = 14695981039346656037ull, events = 0, sent = 0;
  std::map<std::uint64_t, OrderState> orders;
  std::map<std::uint64_t, std::set<std::string>> fills;  // of an order, by id
  std::uint64_t doubled_fills = 0;
  std::uint32_t incarnation = 0;
  int wrong_books = 0;  // book events after which a book that was right is not
  bool trading = true;

 private:
  template <class E>
  void see(const E&) {}
  void see(const Started& e) {
    EXPECT_EQ(e.incarnation, incarnation + 1);
    incarnation = e.incarnation;
    counter_ = 0;
    for (auto& book : books) book.on_down();
    for (const auto& [id, state] : orders) {
      if (!is_final(state)) set({id}, OrderState::Unknown);
    }
  }
  template <class F>
  void each_book(VenueId venue, F&& f) {
    for (const Instrument& i : world_.universe().instruments()) {
      if (i.venue == venue) f(i);
    }
  }
  void see(const ConnectionUp& e) {
    if (e.channel == Channel::Trading) {
      actions_.push_back(QueryBalances{e.venue, {}});
      actions_.push_back(QueryOpenOrders{e.venue});
      return;
    }
    each_book(e.venue, [&](const Instrument& i) {
      books[i.id.index()].on_up();
      if (world_.universe().venue(e.venue).book.snapshot_by_request) {
        actions_.push_back(RequestSnapshot{i.id});
      }
    });
  }
  void see(const ConnectionDown& e) {
    if (e.channel == Channel::Trading) return;
    each_book(e.venue, [&](const Instrument& i) { books[i.id.index()].on_down(); });
  }
  void see(const BookSnapshot& e) { books[e.instrument.index()].on(e); }
  void see(const BookDelta& e) {
    AuditBook& book = books[e.instrument.index()];
    const bool was = book.valid();
    book.on(e);
    if (was && !book.valid()) {
      ++wrong_books;
      actions_.push_back(world_.universe()
                                 .venue(world_.universe().instrument(e.instrument).venue)
                                 .book.snapshot_by_request
                             ? Action(RequestSnapshot{e.instrument})
                             : Action(Resubscribe{e.instrument}));
    }
  }
  void see(const Timer&) {
    for (const std::uint64_t id : unknown_) {
      if (rng_.one_in(5)) ask({id});
    }
    if (!trading || !rng_.one_in(5)) return;
    const auto& all = world_.universe().instruments();
    const Instrument& i = all[rng_.below(all.size())];
    OrderRequest o;
    o.side = rng_.one_in(2) ? Side::Buy : Side::Sell;
    const auto best = books[i.id.index()].best(opposite(o.side));
    if (!best || !books[i.id.index()].valid()) return;
    o.id = make_order_id(incarnation, ++counter_);
    o.instrument = i.id;
    o.price = *best;
    o.quantity = {rng_.between(1, 20) * static_cast<std::int64_t>(pow10(i.qty_scale)) / 1000};
    instruments_[o.id.value] = i.id;
    orders[o.id.value] = OrderState::Placed;
    ++sent;
    actions_.push_back(approved(o, sent));
  }
  void ask(OrderId id) { actions_.push_back(QueryOrder{id, instruments_.at(id.value), {}}); }
  void set(OrderId id, OrderState state) {
    const auto found = orders.find(id.value);
    ASSERT_NE(found, orders.end());
    if (is_final(found->second)) return;
    found->second = state;
    if (state == OrderState::Unknown) {
      unknown_.insert(id.value);
    } else {
      unknown_.erase(id.value);
    }
  }
  void see(const OrderAcked& e) { set(e.order, OrderState::Acked); }
  void see(const OrderRejected& e) { set(e.order, OrderState::Rejected); }
  void see(const OrderNotSent& e) { set(e.order, OrderState::Rejected); }
  void see(const OrderNotFound& e) { set(e.order, OrderState::Rejected); }
  void see(const OrderUnknown& e) { set(e.order, OrderState::Unknown); }
  void see(const OrderEnded& e) { set(e.order, e.state); }
  void see(const OrderFound& e) { set(e.order, e.state); }
  void see(const OrderFilled& e) {
    const bool fresh =
        fills[e.fill.order.value]
            .insert(std::to_string(e.fill.instrument.value) + " " + std::string(e.fill.id.view()))
            .second;
    doubled_fills += fresh ? 0 : 1;
  }

  World& world_;
  Rng rng_;
  Actions actions_;
  std::vector<std::byte> bytes_;
  std::map<std::uint64_t, InstrumentId> instruments_;
  std::set<std::uint64_t> unknown_;
  std::uint32_t counter_ = 0;
};

void run(World& world, Robot& robot, Duration length) {
  const Instant end = world.now() + length;
  while (world.now() < end) world.step(robot);
}

WorldConfig with_faults() {
  WorldConfig config = default_world(testing::two_venues(), 1, 1);
  config.faults = all_faults();
  for (FaultRow& row : config.faults) row.every = row.every / 8;
  config.crash_every = seconds(300);
  config.halt_every = seconds(600);
  return config;
}

TEST(World, the_same_seed_gives_the_same_events_byte_for_byte) {
  const auto digest = [](std::uint64_t seed) {
    World world(with_faults(), seed);
    Robot robot(world);
    run(world, robot, seconds(1800));
    EXPECT_GT(robot.events, 50'000u);
    return robot.digest;
  };
  EXPECT_EQ(digest(4), digest(4));
  EXPECT_NE(digest(4), digest(5));
}

TEST(World, without_faults_every_book_stays_right_and_every_order_gets_its_end) {
  World world(default_world(testing::two_venues(), 1, 1), 11);
  Robot robot(world);
  run(world, robot, seconds(1800));
  robot.trading = false;
  run(world, robot, seconds(10));
  EXPECT_EQ(robot.wrong_books, 0);
  for (const auto& book : robot.books) EXPECT_TRUE(book.valid()) << book.why_not();
  EXPECT_GT(robot.sent, 1000u);
  for (const auto& [id, state] : robot.orders) EXPECT_TRUE(is_final(state)) << name(state);
  std::size_t told = 0;
  std::size_t traded = 0;
  for (const auto& [id, fills] : robot.fills) told += fills.size();
  for (const auto& link : world.links()) traded += link->exchange().fills_made();
  EXPECT_EQ(told, traded);
  EXPECT_GT(traded, 800u);
}

TEST(World, a_book_that_was_told_is_the_book_that_is) {
  World world(default_world(testing::two_venues(), 1, 0), 12);
  Robot robot(world);
  robot.trading = false;
  int same = 0;
  int compared = 0;
  for (int n = 0; n < 600; ++n) {
    run(world, robot, seconds(1));
    for (const Instrument& i : world.universe().instruments()) {
      const auto& queues = world.links()[i.venue.index()]->exchange().queues(i.id);
      const auto bid = robot.books[i.id.index()].best(Side::Buy);
      ++compared;
      same += bid && *bid == queues.best(Side::Buy).price ? 1 : 0;
    }
  }
  EXPECT_GT(same, compared * 9 / 10);  // the rest was on its way
}

TEST(World, with_faults_all_kinds_show_and_still_every_fill_can_be_found) {
  World world(with_faults(), 21);
  Robot robot(world);
  run(world, robot, hours(3));
  for (const auto& count : world.fault_counts()) {
    EXPECT_GT(count.injected, 0u) << name(count.kind);
    EXPECT_GT(count.shown, 0u) << name(count.kind);
  }
  EXPECT_GT(robot.doubled_fills, 0u);
  EXPECT_GT(robot.wrong_books, 10);
  EXPECT_GT(world.crashes(), 5u);
  EXPECT_GT(world.commands(), 10u);
  world.calm_down();
  robot.trading = false;
  run(world, robot, seconds(300));
  for (const auto& [id, state] : robot.orders) {
    EXPECT_TRUE(is_final(state) || state == OrderState::Acked) << name(state);
  }
  for (const auto& link : world.links()) {
    EXPECT_TRUE(link->exchange().conserved());
    EXPECT_LT(world.calm_since(link->venue()), world.now());
  }
  // Everything the engine can be told was told at least once.
  for (const std::size_t kind : {Event(ConnectionDown{}).index(), Event(BookFault{}).index(),
                                 Event(OrderUnknown{}).index(), Event(OrderNotFound{}).index(),
                                 Event(OrderRejected{}).index(), Event(QueryFailed{}).index(),
                                 Event(InstrumentChanged{}).index(), Event(Heartbeat{}).index()}) {
    EXPECT_TRUE(robot.kinds.count(kind) == 1) << kind;
  }
}

}  // namespace
}  // namespace ats::sim

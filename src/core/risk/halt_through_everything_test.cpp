// A halt while something else goes wrong: an engine and the risk role that it has its lease from, both restarted at will,
// the line between them cut, a venue dead. Whatever it is, the halt takes effect at once and outlives it.
#include <gtest/gtest.h>

#include <memory>

#include "core/executor/testing.hpp"
#include "core/risk/risk_office.hpp"

namespace ats::core {
namespace {

using testing::World;

class HaltThroughEverything : public ::testing::Test, protected World {
 protected:
  HaltThroughEverything() {
    config.lease_for = seconds(2);
    config.balance_interval = seconds(5);
    role_starts();
  }

  // --- the role: its own clock, its own journal ---
  Instant role_now() const { return Instant{now.ns + hours(7).ns}; }
  void role_starts() {
    role = std::make_unique<RiskOffice>();
    DecodedEvent decoded;
    Actions ignored;
    for (const auto& record : role_journal) {
      ASSERT_TRUE(decode_event(record, decoded).ok());
      role->on(decoded.event, decoded.now, ignored);
    }
    tell_role(Started{++role_life, wall, &universe, &config});
  }
  void tell_role(const Event& event) {
    if (!role) return;
    encode_event(event, role_now(), role_journal.emplace_back());
    Actions out;
    role->on(event, role_now(), out);
    std::vector<LeaseShare> shares;
    std::vector<LeaseHold> holds;
    for (const Action& action : out) {
      if (const auto* share = std::get_if<LeaseShare>(&action)) shares.push_back(*share);
      if (const auto* hold = std::get_if<LeaseHold>(&action)) holds.push_back(*hold);
      const auto* grant = std::get_if<GrantLease>(&action);
      if (grant == nullptr) continue;
      if (!cut && engine_up)
        send(LeaseGranted{grant->version, grant->asked, grant->valid_for, shares, holds});
      shares.clear(), holds.clear();
    }
  }
  // --- the line ---
  void carry() {
    std::vector<LeaseUse> uses;
    for (; carried < all.size(); ++carried) {
      if (const auto* use = std::get_if<LeaseUse>(&all[carried])) uses.push_back(*use);
      const auto* ask = std::get_if<AskLease>(&all[carried]);
      if (ask == nullptr) continue;
      if (!cut) {
        LeaseAsked asked;
        asked.engine = "engine";
        asked.asked = ask->asked;
        asked.held = ask->held;
        asked.live = ask->live;
        asked.uses = uses;
        ++carried;
        tell_role(asked);
        --carried;
      }
      uses.clear();
    }
  }
  void pass(Duration time) {
    for (const Instant end = now + time; now < end;) {
      if (engine_up) {
        wait(milliseconds(100));
      } else {
        now = now + milliseconds(100);
        wall = wall + milliseconds(100);
      }
      tell_role(Timer{wall});
      carry();
    }
  }
  // --- the engine ---
  void engine_dies() { engine_up = false; }
  void engine_starts() {
    Engine other;
    fold_into(other);
    CoreStatus folded;
    other.status(folded);
    EXPECT_EQ(folded.holds.size(), status().holds.size()) << "what is folded is what was there";
    engine_up = true;
    carried = all.size();
    start();
    EXPECT_TRUE(placed_nothing_since_start()) << "before the first message goes out";
    connect();
    no_edge();
  }
  bool placed_nothing_since_start() const {
    for (auto action = all.rbegin(); action != all.rend(); ++action) {
      if (std::holds_alternative<Place>(*action)) return false;
      if (action - all.rbegin() >= 4) break;
    }
    return true;
  }
  void trade_ready() {
    up();
    carry();
    pass(seconds(1));
    clear();
  }
  // Whether an edge that pays is taken; it comes to nothing. Ways out that wait for an answer stay in `placed`.
  bool opens_a_trade() {
    const std::size_t before = placed.size();
    edge();
    const std::vector<OrderRequest> fresh(placed.begin() + std::ptrdiff_t(before), placed.end());
    bool opened = false;
    for (const OrderRequest& order : fresh) {
      if (order.unwind) continue;
      opened = true;
      reject(order);
    }
    std::erase_if(placed, [](const OrderRequest& order) { return !order.unwind; });
    no_edge();
    pass(milliseconds(500));
    return opened;
  }
  // The leg that buys is filled, the one that sells refused; its way out is not placed yet.
  OrderRequest a_leg_is_open() {
    placed.clear();
    edge();
    EXPECT_EQ(placed.size(), 2u);
    const auto legs = placed;
    no_edge();
    placed.clear();
    fill_all(legs[0]);
    reject(legs[1]);
    EXPECT_EQ(placed.size(), 1u);
    return placed.empty() ? OrderRequest{} : placed[0];
  }
  bool flat() const { return status().open_executions.empty(); }
  void role_halts() { tell_role(CommandReceived{halt()}); }

  std::unique_ptr<RiskOffice> role;
  std::vector<std::vector<std::byte>> role_journal;
  std::uint32_t role_life = 0;
  std::size_t carried = 0;
  bool cut = false;
  bool engine_up = true;
};

TEST_F(HaltThroughEverything, WithLegsOpenTheyAreResolvedAndNothingElseLeavesAlsoOverARestart) {
  trade_ready();
  ASSERT_TRUE(opens_a_trade()) << "or nothing is shown here";
  const OrderRequest way_out = a_leg_is_open();
  command(halt());
  EXPECT_FALSE(opens_a_trade());
  engine_dies();
  pass(seconds(1));
  placed.clear();
  asked.clear();
  engine_starts();
  pass(seconds(1));
  EXPECT_TRUE(std::ranges::count(asked, way_out.id) > 0) << "what became of it is asked for";
  found(way_out, OrderState::Cancelled, "0");
  pass(seconds(3));
  EXPECT_TRUE(std::ranges::all_of(placed, [](const OrderRequest& o) { return o.unwind; }));
  ASSERT_FALSE(placed.empty()) << "and it is tried again";
  fill_all(placed.back());
  pass(seconds(1));
  EXPECT_TRUE(flat());
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(opens_a_trade());
  command(resume());
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(HaltThroughEverything, WithAVenueDeadItHoldsAndWhatIsOpenThereIsResolvedWhenItIsBack) {
  trade_ready();
  edge();
  ASSERT_EQ(placed.size(), 2u);
  const auto legs = placed;
  no_edge();
  fill_all(legs[0]);
  const OrderRequest lost = legs[1];
  const VenueId dead = instrument(lost.instrument).venue;
  send(ConnectionDown{dead, Channel::MarketData});
  send(ConnectionDown{dead, Channel::Trading});
  unknown(lost);
  placed.clear();
  command(halt());
  pass(seconds(20));
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(flat()) << "nobody knows what became of it, and nothing is guessed";
  EXPECT_FALSE(opens_a_trade());
  send(ConnectionUp{dead, Channel::MarketData});
  send(ConnectionUp{dead, Channel::Trading});
  no_edge();
  asked.clear();
  pass(seconds(2));
  ASSERT_TRUE(std::ranges::count(asked, lost.id) > 0);
  placed.clear();
  found(lost, OrderState::Cancelled, "0");
  pass(seconds(1));
  ASSERT_FALSE(placed.empty());
  EXPECT_TRUE(placed[0].unwind);
  fill_all(placed[0]);
  pass(seconds(1));
  EXPECT_TRUE(flat());
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(opens_a_trade());
}

// Nothing comes through: neither questions nor answers.
TEST_F(HaltThroughEverything, WithTheLineFullAnEnginesOwnHaltNeedsNobodysWord) {
  trade_ready();
  cut = true;
  command(halt());
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(opens_a_trade());
  cut = false;
  pass(seconds(3));
  EXPECT_TRUE(status().lease.live);
  EXPECT_FALSE(opens_a_trade()) << "a lease lifts no halt";
}

TEST_F(HaltThroughEverything, WithTheLineFullTheRolesHaltIsObeyedWithinALease) {
  trade_ready();
  cut = true;
  role_halts();
  const Instant said = now;
  while (status().lease.live) pass(milliseconds(100));
  EXPECT_LE(now - said, config.lease_for) << "nothing is opened without its word";
  EXPECT_FALSE(opens_a_trade());
  cut = false;
  pass(seconds(1));
  EXPECT_TRUE(status().lease.live);
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(opens_a_trade());
}

TEST_F(HaltThroughEverything, TheRolesHaltIsThereWhenTheEngineIsRestarted) {
  trade_ready();
  role_halts();
  EXPECT_TRUE(halted({})) << "told at once, not when it asks";
  engine_dies();
  pass(seconds(5));
  engine_starts();
  EXPECT_TRUE(halted({})) << "before the role has said anything";
  pass(seconds(3));
  EXPECT_FALSE(opens_a_trade());
  tell_role(CommandReceived{resume()});
  pass(seconds(1));
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(HaltThroughEverything, TheRolesHaltIsThereWhenTheRoleIsRestarted) {
  trade_ready();
  role_halts();
  role.reset();
  pass(seconds(5));
  EXPECT_FALSE(status().lease.live);
  EXPECT_FALSE(opens_a_trade());
  role_starts();
  pass(seconds(3));
  EXPECT_TRUE(status().lease.live);
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(opens_a_trade());
  tell_role(CommandReceived{resume()});
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(HaltThroughEverything, AnEnginesHaltIsThereWhenTheRoleIsRestarted) {
  trade_ready();
  command(halt());
  role.reset();
  pass(seconds(5));
  role_starts();
  pass(seconds(3));
  EXPECT_TRUE(status().lease.live);
  EXPECT_TRUE(halted({}));
  EXPECT_FALSE(opens_a_trade()) << "it is not the role's to lift";
}

TEST_F(HaltThroughEverything, BothHaltsAreThereWhenBothAreRestartedWithALegOpen) {
  trade_ready();
  const OrderRequest way_out = a_leg_is_open();
  role_halts();
  command(halt({binance, {}}));
  role.reset();
  engine_dies();
  pass(seconds(5));
  placed.clear();
  engine_starts();
  EXPECT_TRUE(halted({}));
  EXPECT_TRUE(halted({binance, {}}));
  found(way_out, OrderState::Cancelled, "0");
  pass(seconds(2));
  role_starts();
  pass(seconds(3));
  EXPECT_TRUE(status().lease.live);
  EXPECT_TRUE(halted({}) && halted({binance, {}}));
  EXPECT_FALSE(opens_a_trade());
  tell_role(CommandReceived{resume()});
  pass(seconds(1));
  EXPECT_FALSE(opens_a_trade()) << "the venue is held up still";
  command(resume({binance, {}}));
  for (int n = 0; n < 40 && !flat(); ++n) {
    for (const OrderRequest& order : std::vector(placed)) fill_all(order);
    placed.clear();
    pass(seconds(1));
  }
  EXPECT_TRUE(flat());
  EXPECT_TRUE(opens_a_trade());
}

}  // namespace
}  // namespace ats::core

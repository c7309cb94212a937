#include "core/risk/holds.hpp"

#include <gtest/gtest.h>

namespace ats::core {
namespace {

constexpr Scope everything{};
constexpr Scope a_venue{VenueId{1}, {}};
constexpr Scope a_pair{{}, PairId{2}};
constexpr Scope the_maker{{}, {}, Strategy::Maker};

Hold halt(const Scope& scope) {
  Hold hold;
  hold.scope = scope;
  return hold;
}
Hold resolving(const Scope& scope, Instant until) {
  Hold hold = halt(scope);
  hold.resolving = true;
  hold.resolve_until = until;
  return hold;
}
Hold reduced(const Scope& scope, std::optional<LimitKind> limit = {}) {
  Hold hold = halt(scope);
  hold.state = RiskState::ReduceOnly;
  hold.limit = limit;
  return hold;
}

Standing of(const Holds& holds, VenueId venue, PairId pair,
            Strategy strategy = Strategy::CrossVenue) {
  return holds.standing(venue, pair, strategy);
}

TEST(Holds, whatNobodyFilledInIsClosed) {
  EXPECT_FALSE(Standing().opens());
  EXPECT_TRUE(Standing().closed);
}

TEST(Holds, aHaltHoldsInItsScopeOnly) {
  Holds holds;
  EXPECT_TRUE(of(holds, {1}, {2}).opens());
  EXPECT_TRUE(holds.set(halt(a_venue)));
  EXPECT_FALSE(holds.set(halt(a_venue))) << "no news";
  EXPECT_FALSE(of(holds, {1}, {0}).opens());
  EXPECT_TRUE(of(holds, {0}, {2}).opens());
  EXPECT_FALSE(holds.lift(everything)) << "to lift a global halt lifts nothing else";
  EXPECT_TRUE(holds.lift(a_venue));
  EXPECT_TRUE(of(holds, {1}, {0}).opens());

  holds.set(halt(a_pair));
  holds.set(halt(the_maker));
  EXPECT_FALSE(of(holds, {0}, {2}).opens());
  EXPECT_FALSE(of(holds, {0}, {0}, Strategy::Maker).opens());
  EXPECT_TRUE(of(holds, {0}, {0}).opens());
}

TEST(Holds, aHaltResolvesFirstAndThenLetsNothingPass) {
  Holds holds;
  holds.set(resolving(everything, {100}));
  EXPECT_TRUE(of(holds, {0}, {0}).halted);
  EXPECT_FALSE(of(holds, {0}, {0}).closed) << "what is open may be resolved";
  std::vector<Hold> closed;
  bool open = true;
  const auto tick = [&](Instant now) {
    closed.clear();
    holds.on_timer(
        now, [&](const Hold&) { return open; }, closed);
  };
  tick({50});
  EXPECT_TRUE(closed.empty());
  open = false;
  tick({60});
  EXPECT_EQ(closed.size(), 1u);
  EXPECT_TRUE(of(holds, {0}, {0}).closed);
  tick({70});
  EXPECT_TRUE(closed.empty()) << "told once";
}

TEST(Holds, theTimeToResolveHasAnEnd) {
  Holds holds;
  holds.set(resolving(a_pair, {100}));
  std::vector<Hold> closed;
  holds.on_timer(
      {100}, [](const Hold&) { return true; }, closed);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].scope, a_pair);
  EXPECT_TRUE(of(holds, {0}, {2}).closed);
}

TEST(Holds, toAHaltedVenueNothingGoesFromTheBeginning) {
  Holds holds;
  holds.set(resolving(a_venue, {100}));
  EXPECT_TRUE(of(holds, {1}, {0}).closed);
}

TEST(Holds, theWorseOfTwoHoldsAndAPersonsIsNotLiftedByALimit) {
  Holds holds;
  holds.set(reduced(everything, LimitKind::LossStreak));
  EXPECT_TRUE(of(holds, {0}, {0}).reduce_only);
  EXPECT_FALSE(of(holds, {0}, {0}).closed);
  EXPECT_TRUE(holds.set(halt(everything))) << "it is worse";
  EXPECT_FALSE(holds.set(reduced(everything, LimitKind::LossStreak)));
  EXPECT_TRUE(holds.halted(everything));
  EXPECT_FALSE(holds.find(everything)->limit.has_value());

  holds.set(reduced(a_venue, LimitKind::VenueFaults));
  holds.set(reduced(a_venue));
  EXPECT_FALSE(holds.find(a_venue)->limit.has_value()) << "a person wants it, too";
}

TEST(Holds, whatTheRiskRoleHoldsUpOnlyItLifts) {
  Holds holds;
  Hold theirs = halt(a_pair);
  theirs.by = HoldBy::RiskRole;
  holds.set(theirs);
  EXPECT_TRUE(holds.halted(a_pair));
  EXPECT_EQ(holds.find(a_pair), nullptr) << "it is none of ours";
  EXPECT_FALSE(holds.lift(a_pair));
  holds.set(reduced(a_pair));
  EXPECT_TRUE(holds.lift(a_pair));
  EXPECT_TRUE(holds.halted(a_pair));
  EXPECT_TRUE(holds.lift(a_pair, HoldBy::RiskRole));
  EXPECT_TRUE(of(holds, {0}, {2}).opens());
}

TEST(Holds, aNewLifeGivesTheTimeToResolveAnew) {
  Holds holds;
  holds.set(resolving(everything, {1'000'000}));
  holds.restart({50}, Duration{10});
  std::vector<Hold> closed;
  holds.on_timer(
      {59}, [](const Hold&) { return true; }, closed);
  EXPECT_TRUE(closed.empty());
  holds.on_timer(
      {60}, [](const Hold&) { return true; }, closed);
  EXPECT_EQ(closed.size(), 1u);
}

}  // namespace
}  // namespace ats::core

// The accounts beside an engine: after a death at any record of its journal they are what the next life's
// ledger says.
#include "services/accounts.hpp"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "core/executor/testing.hpp"

namespace ats::services {
namespace {

using core::testing::World;

struct Entry {  // of a journal, in its order
  bool event = false;
  std::vector<std::byte> bytes;
};

std::vector<Entry> journal_of(const World& world) {
  std::vector<Entry> journal;
  core::Engine engine;
  DecodedEvent decoded;
  Actions actions;
  for (const auto& record : world.journal) {
    EXPECT_TRUE(decode_event(record, decoded).ok());
    world.rebind(decoded);
    journal.push_back({true, record});
    actions.clear();
    engine.on(decoded.event, decoded.now, actions);
    for (const Action& action : actions) encode_action(action, journal.emplace_back().bytes);
  }
  return journal;
}

// Two trades: one whose sell leg fills in parts with fees in base and quote, one that is unwound.
void trade(World& w) {
  w.up();
  w.edge();
  const std::vector<OrderRequest> first = w.placed;
  ASSERT_EQ(first.size(), 2u);
  w.fill_all(first[0]);
  w.ack(first[1]);
  w.fill(first[1], "0.04");
  w.fill(first[1], "0.0599");
  w.ended(first[1], OrderState::Cancelled, "0.0999");
  w.no_edge();
  w.wait(seconds(2));
  w.clear();
  w.edge();
  ASSERT_EQ(w.placed.size(), 2u);
  w.reject(w.placed[1]);
  w.fill_all(w.placed[0]);
  w.no_edge();
  w.wait(milliseconds(400));
  ASSERT_EQ(w.placed.size(), 3u);
  w.fill_all(w.placed[2]);
  w.wait(milliseconds(300));
}

TEST(Accounts, ADeathAtAnyRecordLeavesThemWhatTheNextLifesLedgerSays) {
  World w;
  trade(w);
  const std::vector<Entry> journal = journal_of(w);
  ASSERT_GT(journal.size(), 100u);
  std::uint64_t taken_up = 0;
  for (std::size_t cut = 1; cut <= journal.size(); ++cut) {
    report::History history;
    core::Engine engine;
    DecodedEvent decoded;
    Actions answers;
    for (std::size_t n = 0; n < cut; ++n) {
      if (!journal[n].event) {
        history.on(decode_action(journal[n].bytes).value());
        continue;
      }
      ASSERT_TRUE(decode_event(journal[n].bytes, decoded).ok());
      w.rebind(decoded);
      account(history, decoded.event, decoded.now, {});
      answers.clear();
      engine.on(decoded.event, decoded.now, answers);
    }
    const std::uint64_t entries = history.check().entries();
    answers.clear();
    const Event again = Started{w.incarnation + 1, w.wall, &w.universe, &w.config};
    engine.on(again, w.now, answers);
    account(history, again, w.now, answers);
    taken_up += history.check().entries() - entries;
    CoreStatus status;
    engine.status(status);
    EXPECT_EQ(account_breaks(history, status.balances), std::vector<std::string>{})
        << "cut behind record " << cut;
  }
  EXPECT_GT(taken_up, 5u) << "some cuts fall between a fill or a balance and its entry";
}

TEST(Accounts, ABalanceThatNoEntryExplainsIsNamed) {
  World w;
  w.up();
  report::History history(report::History::Keep::Sums);
  DecodedEvent decoded;
  core::Engine engine;
  Actions actions;
  for (const auto& record : w.journal) {
    ASSERT_TRUE(decode_event(record, decoded).ok());
    w.rebind(decoded);
    actions.clear();
    engine.on(decoded.event, decoded.now, actions);
    account(history, decoded.event, decoded.now, actions);
  }
  CoreStatus status;
  engine.status(status);
  EXPECT_TRUE(account_breaks(history, status.balances).empty());
  ASSERT_FALSE(status.balances.empty());
  status.balances[0].total += Decimal::of("0.00000001");
  EXPECT_EQ(account_breaks(history, status.balances).size(), 1u);
}

}  // namespace
}  // namespace ats::services

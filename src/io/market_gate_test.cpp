#include "io/market_gate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <string>

#include "base/rng.hpp"

namespace ats::io {
namespace {

constexpr VenueId venue{3};
constexpr InstrumentId first{0};
constexpr InstrumentId second{1};
constexpr InstrumentId stranger{7};
const std::array<InstrumentId, 2> both = {first, second};

// Writes down what passes: "d0:5-6" is a delta of book 0, "s1:9" a snapshot of book 1.
struct Story final : EventSink {
  std::vector<std::string> told;
  void on(const Event& event) override {
    if (const auto* delta = std::get_if<BookDelta>(&event)) {
      told.push_back("d" + std::to_string(delta->instrument.index()) + ":" +
                     std::to_string(delta->first) + "-" + std::to_string(delta->last));
    } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      told.push_back("s" + std::to_string(snapshot->instrument.index()) + ":" +
                     std::to_string(snapshot->last));
    } else if (const auto* fault = std::get_if<BookFault>(&event)) {
      told.push_back(fault->instrument.valid() ? "f" + std::to_string(fault->instrument.index())
                                               : "f*");
    } else if (std::holds_alternative<Heartbeat>(event)) {
      told.push_back("h");
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      told.push_back("t" + std::to_string(trade->instrument.index()));
    }
  }
  std::vector<std::string> take() { return std::exchange(told, {}); }
};

using Told = std::vector<std::string>;

BookDelta delta(InstrumentId instrument, Sequence from, Sequence to) {
  BookDelta d;
  d.instrument = instrument;
  d.first = from;
  d.last = to;
  return d;
}
BookSnapshot snapshot(InstrumentId instrument, Sequence last) {
  BookSnapshot s;
  s.instrument = instrument;
  s.last = last;
  return s;
}

Trade print_of(InstrumentId instrument) {
  Trade t;
  t.instrument = instrument;
  return t;
}

// Updates numbered by the venue, snapshots by request.
struct Merging : testing::Test {
  Story story;
  BookRules rules{.sequence = SequenceRule::Spanning, .snapshot_by_request = true};
  MarketGate gate{venue, rules, both, true, story};
};

// The stream brings the snapshot.
struct Streaming : testing::Test {
  Story story;
  BookRules rules{};
  MarketGate gate{venue, rules, both, true, story};
};

TEST_F(Merging, one_connection_passes_everything_as_it_comes) {
  const auto a = gate.add(false);
  gate.on(a, delta(first, 5, 6));
  gate.on(a, delta(first, 9, 10));  // a gap is the core's to see
  gate.on(a, delta(first, 3, 4));
  gate.on(a, snapshot(second, 7));
  gate.on(a, BookFault{{}, venue, BookFaultReason::MalformedFrame});
  gate.on(a, Heartbeat{venue, {}});
  gate.on(a, delta(stranger, 1, 1));
  EXPECT_EQ(story.take(), (Told{"d0:5-6", "d0:9-10", "d0:3-4", "s1:7", "f*", "h", "d7:1-1"}));
}

TEST_F(Merging, of_two_the_first_to_bring_an_update_is_heard_and_the_second_is_not) {
  const auto a = gate.add(false);
  const auto b = gate.add(false);
  gate.on(a, delta(first, 5, 6));
  gate.on(b, delta(first, 5, 6));
  gate.on(b, delta(first, 7, 8));
  gate.on(a, delta(first, 7, 8));
  gate.on(a, delta(first, 9, 9));
  EXPECT_EQ(story.take(), (Told{"d0:5-6", "d0:7-8", "d0:9-9"}));
}

TEST_F(Merging, what_is_ahead_is_held_until_the_rest_has_come) {
  const auto a = gate.add(false);
  const auto b = gate.add(false);
  gate.on(a, delta(first, 5, 6));
  gate.on(b, delta(first, 9, 10));  // b came later and a is behind
  gate.on(b, delta(first, 11, 12));
  EXPECT_EQ(story.take(), (Told{"d0:5-6"}));
  gate.on(a, delta(first, 7, 8));
  EXPECT_EQ(story.take(), (Told{"d0:7-8", "d0:9-10", "d0:11-12"}));
  gate.on(a, delta(first, 9, 10));
  gate.on(a, delta(first, 11, 12));
  gate.on(a, delta(first, 13, 13));
  EXPECT_EQ(story.take(), (Told{"d0:13-13"}));
}

TEST_F(Merging, a_hole_that_nobody_fills_is_shown_in_the_end) {
  const auto a = gate.add(false);
  gate.add(false);
  gate.on(a, delta(first, 1, 1));
  story.take();
  for (std::size_t i = 0; i < MarketGate::held_max; ++i) gate.on(a, delta(first, 3 + i, 3 + i));
  EXPECT_TRUE(story.take().empty());
  gate.on(a, delta(first, 3 + MarketGate::held_max, 3 + MarketGate::held_max));
  const Told told = story.take();
  ASSERT_EQ(told.size(), MarketGate::held_max + 1);
  EXPECT_EQ(told.front(), "d0:3-3");
}

TEST_F(Merging, an_heir_takes_over_where_the_other_stands_without_a_break) {
  const auto old = gate.add(false);
  gate.on(old, delta(first, 5, 6));
  gate.on(old, delta(second, 50, 50));
  const auto heir = gate.add(true);
  EXPECT_EQ(gate.fed_by(old), 2u);
  gate.on(heir, delta(first, 8, 8));  // ahead
  gate.on(old, delta(first, 7, 7));
  EXPECT_EQ(gate.fed_by(old), 1u);
  gate.on(old, delta(second, 51, 51));
  gate.on(heir, delta(second, 51, 51));
  EXPECT_EQ(gate.fed_by(old), 0u);
  EXPECT_TRUE(gate.remove(old).empty());
  gate.on(old, delta(first, 9, 9));  // what was still on its way
  gate.on(heir, delta(first, 9, 9));
  EXPECT_EQ(story.take(), (Told{"d0:5-6", "d1:50-50", "d0:7-7", "d0:8-8", "d1:51-51", "d0:9-9"}));
}

TEST_F(Merging, an_heir_has_missed_nothing_of_a_book_that_is_quiet) {
  const auto old = gate.add(false);
  gate.on(old, delta(first, 5, 6));
  gate.on(old, delta(second, 5, 6));
  const auto heir = gate.add(true);
  gate.inherit_quiet(heir);  // from here on it listens
  gate.on(old, delta(second, 7, 7));
  gate.inherit_quiet(heir);
  EXPECT_EQ(gate.feeder(first), heir);
  EXPECT_EQ(gate.feeder(second), old) << "something came that the heir did not bring";
  gate.on(heir, delta(second, 7, 7));
  EXPECT_EQ(gate.fed_by(old), 0u);
  EXPECT_TRUE(gate.remove(old).empty());
  gate.on(heir, delta(first, 7, 7));
  EXPECT_EQ(story.take(), (Told{"d0:5-6", "d1:5-6", "d1:7-7", "d0:7-7"}));
}

TEST_F(Merging, the_loss_of_one_of_two_orphans_only_what_the_other_has_not_joined) {
  const auto a = gate.add(false);
  const auto b = gate.add(false);
  gate.on(a, delta(first, 5, 6));
  gate.on(a, delta(second, 5, 6));
  gate.on(b, delta(first, 6, 6));
  EXPECT_EQ(gate.remove(a), std::vector<InstrumentId>{second});
  EXPECT_EQ(gate.feeder(first), b);
  gate.on(b, delta(first, 7, 7));
  EXPECT_EQ(story.take(), (Told{"d0:5-6", "d1:5-6", "d0:7-7"}));
}

TEST_F(Merging, a_venue_that_numbers_anew_is_heard_again) {
  const auto a = gate.add(false);
  gate.add(false);
  gate.on(a, delta(first, 1'000'000, 1'000'000));
  story.take();
  for (Sequence n = 1; n <= MarketGate::dropped_max; ++n) gate.on(a, delta(first, n, n));
  EXPECT_TRUE(story.take().empty());
  gate.on(a, delta(first, MarketGate::dropped_max + 1, MarketGate::dropped_max + 1));
  EXPECT_EQ(story.take().size(), 1u);
}

// Two connections of any lag, which lose messages and break at any time: what is passed on follows on what
// was passed on before, wherever one of the two brought it.
TEST_F(Merging, the_story_has_no_hole_that_either_connection_could_have_filled) {
  Rng rng(17);
  for (int round = 0; round < 400; ++round) {
    MarketGate fresh(venue, rules, both, true, story);
    std::array<MarketGate::Source, 2> source = {fresh.add(false), fresh.add(rng.one_in(2))};
    std::array<std::deque<BookDelta>, 2> line;
    Sequence sequence = 100;
    for (int step = 0; step < 300; ++step) {
      const Sequence from = sequence + 1;
      sequence += static_cast<Sequence>(rng.between(1, 3));
      // Lost by at most one of them.
      const std::int64_t loser = rng.one_in(15) ? rng.between(0, 1) : -1;
      for (std::size_t c = 0; c < 2; ++c) {
        if (loser != static_cast<std::int64_t>(c)) line[c].push_back(delta(first, from, sequence));
      }
      for (std::int64_t n = rng.between(0, 4); n > 0; --n) {
        const auto c = static_cast<std::size_t>(rng.between(0, 1));
        if (line[c].empty()) continue;
        fresh.on(source[c], line[c].front());
        line[c].pop_front();
      }
      // Neither falls behind by more than what is held for it.
      for (std::size_t c = 0; c < 2; ++c) {
        while (line[c].size() > 20) {
          fresh.on(source[c], line[c].front());
          line[c].pop_front();
        }
      }
    }
    for (std::size_t c = 0; c < 2; ++c) {
      for (const BookDelta& rest : line[c]) fresh.on(source[c], rest);
    }
    Sequence last = 0;
    for (const std::string& told : story.take()) {
      const std::size_t dash = told.find('-');
      const Sequence from = std::stoull(told.substr(3, dash - 3));
      const Sequence to = std::stoull(told.substr(dash + 1));
      if (last != 0) {
        ASSERT_EQ(from, last + 1) << "round " << round;
      }
      last = to;
    }
    ASSERT_EQ(last, sequence);
  }
}

TEST_F(Streaming, one_connection_passes_everything_as_it_comes) {
  const auto a = gate.add(false);
  gate.on(a, snapshot(first, 1));
  gate.on(a, delta(first, 2, 2));
  gate.on(a, print_of(first));
  gate.on(a, BookFault{second, venue, BookFaultReason::SubscriptionLost});
  EXPECT_EQ(story.take(), (Told{"s0:1", "d0:2-2", "t0", "f1"}));
}

TEST_F(Streaming, a_book_is_fed_by_one_of_two) {
  const auto a = gate.add(false);
  const auto b = gate.add(false);
  gate.on(a, snapshot(first, 1));
  gate.on(b, snapshot(first, 1));
  gate.on(b, snapshot(second, 1));
  gate.on(a, snapshot(second, 1));
  for (const auto source : {a, b}) {
    gate.on(source, delta(first, 2, 2));
    gate.on(source, delta(second, 3, 3));
    gate.on(source, print_of(first));
    gate.on(source, Heartbeat{venue, {}});
  }
  EXPECT_EQ(story.take(), (Told{"s0:1", "s1:1", "d0:2-2", "t0", "h", "d1:3-3", "h"}));
}

TEST_F(Streaming, an_heir_takes_each_book_over_with_a_snapshot_of_its_own) {
  const auto old = gate.add(false);
  gate.on(old, snapshot(first, 1));
  gate.on(old, snapshot(second, 1));
  const auto heir = gate.add(true);
  gate.on(heir, snapshot(first, 5));
  gate.on(old, delta(first, 6, 6));
  gate.on(heir, delta(first, 7, 7));
  gate.on(old, delta(second, 8, 8));
  EXPECT_EQ(gate.fed_by(old), 1u);
  gate.on(heir, snapshot(second, 9));
  EXPECT_EQ(gate.fed_by(old), 0u);
  EXPECT_TRUE(gate.remove(old).empty());
  EXPECT_EQ(story.take(), (Told{"s0:1", "s1:1", "s0:5", "d0:7-7", "d1:8-8", "s1:9"}));
}

TEST_F(Streaming, what_a_lost_connection_fed_is_orphaned_and_taken_with_the_next_snapshot) {
  const auto a = gate.add(false);
  const auto b = gate.add(false);
  gate.on(a, snapshot(first, 1));
  gate.on(b, snapshot(first, 1));
  gate.on(b, snapshot(second, 1));
  EXPECT_EQ(gate.remove(a), std::vector<InstrumentId>{first});
  story.take();
  gate.on(b, snapshot(first, 4));
  gate.on(b, delta(first, 5, 5));
  EXPECT_EQ(story.take(), (Told{"s0:4", "d0:5-5"}));
}

TEST_F(Streaming, a_fault_hits_only_the_books_that_its_connection_feeds) {
  const auto a = gate.add(false);
  const auto b = gate.add(false);
  gate.on(a, snapshot(first, 1));
  gate.on(b, snapshot(second, 1));
  story.take();
  gate.on(b, BookFault{{}, venue, BookFaultReason::SequenceGap});
  gate.on(b, BookFault{first, venue, BookFaultReason::NumberFault});
  gate.on(a, BookFault{first, venue, BookFaultReason::NumberFault});
  EXPECT_EQ(story.take(), (Told{"f1", "f0"}));
}

TEST_F(Streaming, a_shard_names_its_own_books_where_the_whole_venue_is_meant) {
  MarketGate shard(venue, rules, std::span(both).first(1), false, story);
  const auto only = shard.add(false);
  shard.on(only, BookFault{{}, venue, BookFaultReason::MalformedFrame});
  EXPECT_EQ(story.take(), (Told{"f0"}));
}

}  // namespace
}  // namespace ats::io

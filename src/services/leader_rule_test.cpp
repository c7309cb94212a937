#include "services/leader_rule.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.hpp"

namespace ats::services {
namespace {

using Standing = LeaderRule::Standing;

constexpr Duration lead = seconds(2);
const WallTime now_2027{1'800'000'000'000'000'000};

// Redis, as far as the record needs it: it carries out what it is told, at once, later or never.
struct Server {
  std::string record;
  bool carry_out(const LeaderRule::Request& request) {
    if (request.wanted.empty()) return false;
    if (record != request.expected) return false;
    record = request.wanted;
    return true;
  }
};

// An engine with its own clock.
struct Engine {
  Engine(std::string name, Server& at, std::int64_t origin = 0)
      : rule(name, name + "-life", lead, seconds(10)), server(at), now{origin} {}

  // Its clock goes on; what it wants to ask is asked and answered.
  void pass(Duration time) {
    const Instant end = now + time;
    while (now < end) {
      now = now + milliseconds(10);
      turn();
    }
  }
  void turn() {
    const auto request = rule.ask(now, now_2027, &journal);
    if (!request) return;
    const bool set = server.carry_out(*request);
    rule.answered(now + delay, set, server.record);
    if (set && rule.term() != 0) journal.incarnation = rule.term();
  }
  Standing is() const { return rule.standing(now); }

  LeaderRule rule;
  Server& server;
  Instant now;
  Duration delay{};
  JournalReach journal;
};

TEST(LeaderRule, leads_once_nobody_was_seen_to_lead_for_half_as_long_again_as_one_leads) {
  Server redis;
  Engine a("a", redis);
  a.pass(Duration{lead.ns * 3 / 2 - 50'000'000});
  EXPECT_EQ(a.is(), Standing::Follows);
  a.pass(milliseconds(400));
  EXPECT_EQ(a.is(), Standing::Leads);
  a.pass(seconds(60));
  EXPECT_EQ(a.is(), Standing::Leads) << "as long as it renews";
  EXPECT_GT(a.rule.record().renewals, 100u);
}

TEST(LeaderRule, is_followed_by_one_of_two_and_only_when_its_own_time_is_over) {
  Server redis;
  Engine a("a", redis), b("b", redis, 77'000'000'000), c("c", redis, 5);
  a.pass(seconds(4));
  ASSERT_EQ(a.is(), Standing::Leads);
  b.journal = c.journal = a.journal;
  for (int n = 0; n < 500; ++n) {
    a.pass(milliseconds(10)), b.pass(milliseconds(10)), c.pass(milliseconds(10));
    ASSERT_EQ(b.is(), Standing::Follows);
  }
  const std::uint32_t first = a.rule.term();
  Duration passed{};
  while (b.is() == Standing::Follows && c.is() == Standing::Follows) {
    a.now = a.now + milliseconds(10);  // it is dead: its clock goes on
    b.pass(milliseconds(10)), c.pass(milliseconds(10));
    passed = passed + milliseconds(10);
    ASSERT_LT(passed, seconds(5));
  }
  EXPECT_FALSE(a.is() == Standing::Leads);
  EXPECT_GE(passed, lead);
  b.pass(seconds(1)), c.pass(seconds(1));
  EXPECT_NE(b.is() == Standing::Leads, c.is() == Standing::Leads);
  EXPECT_EQ(std::max(b.rule.term(), c.rule.term()), first + 1);
}

TEST(LeaderRule, counts_its_time_from_before_it_asked_however_late_the_answer) {
  Server redis;
  Engine a("a", redis);
  a.delay = milliseconds(700);
  while (a.is() == Standing::Follows) a.pass(milliseconds(10));
  EXPECT_EQ(a.rule.until(), a.now + lead) << "the clock of the test stands still while it waits";
  EXPECT_EQ(a.rule.standing(a.now + lead - milliseconds(1)), Standing::Leads);
  EXPECT_EQ(a.rule.standing(a.now + lead), Standing::Lapsed);
}

TEST(LeaderRule, finds_itself_replaced_after_a_pause_and_never_leads_again) {
  Server redis;
  Engine a("a", redis), b("b", redis);
  a.pass(seconds(4));
  b.journal = a.journal;
  b.pass(seconds(4));
  ASSERT_EQ(b.is(), Standing::Leads);
  a.now = a.now + seconds(4);  // it stood still
  EXPECT_EQ(a.is(), Standing::Lapsed) << "before it has asked anybody";
  a.turn();
  EXPECT_EQ(a.is(), Standing::Replaced);
  EXPECT_NE(a.rule.why().find("b leads"), std::string::npos);
  b.now = b.now + seconds(60);
  a.pass(seconds(60));
  EXPECT_EQ(a.is(), Standing::Replaced);
}

TEST(LeaderRule, goes_on_under_its_term_when_redis_was_away_and_nobody_followed) {
  Server redis;
  Engine a("a", redis), b("b", redis);
  a.pass(seconds(4));
  b.journal = a.journal;
  b.pass(seconds(1));
  const std::uint32_t term = a.rule.term();
  a.rule.lost(), b.rule.lost();
  a.now = a.now + seconds(30), b.now = b.now + seconds(30);
  EXPECT_EQ(a.is(), Standing::Lapsed);
  for (int n = 0; n < 500; ++n) a.pass(milliseconds(10)), b.pass(milliseconds(10));
  EXPECT_EQ(a.is(), Standing::Leads) << "it waits for less than who would follow it";
  EXPECT_EQ(a.rule.term(), term);
  EXPECT_EQ(b.is(), Standing::Follows);
}

TEST(LeaderRule, says_again_what_redis_has_lost_while_its_time_runs) {
  Server redis;
  Engine a("a", redis), b("b", redis);
  a.pass(seconds(4));
  b.journal = a.journal;
  b.pass(seconds(1));
  const std::string older = redis.record;
  a.pass(seconds(1));
  for (const std::string& lost : {std::string(), older}) {
    redis.record = lost;
    for (int n = 0; n < 1000; ++n) {
      a.pass(milliseconds(10)), b.pass(milliseconds(10));
      ASSERT_EQ(a.is(), Standing::Leads);
      ASSERT_EQ(b.is(), Standing::Follows);
    }
  }
}

TEST(LeaderRule, does_not_lead_on_when_redis_lost_everything_after_its_time_was_over) {
  Server redis;
  Engine a("a", redis);
  a.pass(seconds(4));
  a.rule.lost();
  redis.record.clear();
  a.now = a.now + seconds(3);
  a.turn();
  EXPECT_EQ(a.is(), Standing::Replaced) << "another may have led and been forgotten";
}

TEST(LeaderRule, gives_a_term_once_even_when_redis_and_the_journal_have_missed_some) {
  Server redis;
  Engine a("a", redis);
  a.pass(seconds(4));
  const std::uint32_t first = a.rule.term();
  redis.record.clear();
  Engine stale("stale", redis);
  stale.journal.incarnation = 3;
  stale.pass(seconds(4));
  EXPECT_GE(stale.rule.term(), first) << "ten minutes count as a term";
  redis.record.clear();
  Engine whole("whole", redis);
  whole.journal.incarnation = first + 5;
  whole.pass(seconds(4));
  EXPECT_EQ(whole.rule.term(), first + 6);
}

TEST(LeaderRule, takes_what_it_asked_for_when_the_answer_was_lost_from_when_it_asked) {
  Server redis;
  Engine a("a", redis);
  std::optional<LeaderRule::Request> request;
  do {
    a.now = a.now + milliseconds(10);
    request = a.rule.ask(a.now, now_2027, &a.journal);
    if (request && request->wanted.empty()) a.rule.answered(a.now, false, redis.record);
  } while (!request || request->wanted.empty());
  const Instant asked = a.now;
  ASSERT_TRUE(redis.carry_out(*request));
  a.rule.lost();
  a.now = a.now + milliseconds(500);
  a.turn();
  EXPECT_EQ(a.is(), Standing::Leads);
  EXPECT_EQ(a.rule.until(), asked + lead);
}

TEST(LeaderRule, does_not_stand_with_a_journal_that_lacks_a_life_or_too_much_of_it) {
  Server redis;
  Engine a("a", redis), b("b", redis);
  a.pass(seconds(4));
  a.journal.last = {100'000'000'000};
  a.pass(seconds(1));
  b.journal.incarnation = a.journal.incarnation - 1;
  b.pass(seconds(8));
  EXPECT_EQ(b.is(), Standing::Follows);
  EXPECT_NE(b.rule.why().find("a led last"), std::string::npos);
  b.journal = a.journal;
  b.journal.last = {89'000'000'000};
  b.pass(seconds(8));
  EXPECT_EQ(b.is(), Standing::Follows);
  EXPECT_NE(b.rule.why().find("11000 ms"), std::string::npos) << b.rule.why();
  b.journal.last = {91'000'000'000};
  b.pass(seconds(8));
  EXPECT_EQ(b.is(), Standing::Leads);
}

TEST(LeaderRule, is_followed_at_once_when_it_gave_up_the_lead) {
  Server redis;
  Engine a("a", redis), b("b", redis);
  a.pass(seconds(4));
  b.journal = a.journal;
  b.pass(milliseconds(200));
  const auto gone = a.rule.leave(a.journal);
  ASSERT_TRUE(gone);
  ASSERT_TRUE(redis.carry_out(*gone));
  EXPECT_EQ(a.is(), Standing::Replaced);
  b.pass(milliseconds(300));
  EXPECT_EQ(b.is(), Standing::Leads);
}

TEST(LeaderRule, does_nothing_more_when_the_record_is_not_one) {
  Server redis;
  redis.record = "1 2 three";
  Engine a("a", redis);
  a.pass(seconds(10));
  EXPECT_EQ(a.is(), Standing::Replaced);
  EXPECT_EQ(redis.record, "1 2 three");
}

// Engines whose clocks run unevenly and that stand still now and then, a Redis that is slow, goes away, forgets everything or
// what it was told last; requests that are carried out though their connection has ended. A millisecond at a time.
class Storm {
 public:
  explicit Storm(std::uint64_t seed) : rng_(seed) {
    for (int n = 0; n < 3; ++n) {
      const std::string name(1, static_cast<char>('a' + n));
      nodes_.push_back(Node{LeaderRule(name, name + "-1", lead, seconds(3600)), name});
      nodes_.back().offset = rng_.between(0, 1'000'000'000'000);
      nodes_.back().rate = rng_.between(950, 1050);
    }
  }

  void run(int milliseconds) {
    for (int n = 0; n < milliseconds; ++n) {
      ++ms_;
      server();
      int leading = 0;
      for (Node& node : nodes_) {
        turn(node);
        if (node.rule.standing(clock(node)) == Standing::Leads) ++leading;
      }
      ASSERT_LE(leading, 1) << "two lead";
      led_ += leading;
    }
  }
  std::int64_t led() const { return led_; }
  std::size_t terms() const { return terms_.size(); }

 private:
  struct Question {
    LeaderRule::Request request;
    std::int64_t arrives, answered;
  };
  struct Node {
    LeaderRule rule;
    std::string name;
    std::int64_t offset = 0, rate = 1000;
    JournalReach journal = {};
    std::optional<Question> asked = {};
    std::optional<std::pair<bool, std::string>> answer = {};
    std::int64_t sleeps_until = 0;
    bool lost = false;  // it has not heard of it
    int lives = 1;
  };

  bool chance(std::int64_t one_in) { return rng_.between(1, one_in) == 1; }
  Instant clock(const Node& node) const { return {node.offset + ms_ * 1000 * node.rate}; }

  void server() {
    if (chance(20'000)) away_until_ = ms_ + rng_.between(100, 9'000);
    if (chance(30'000)) {
      const auto kept =
          static_cast<std::size_t>(rng_.between(0, static_cast<std::int64_t>(records_.size()) - 1));
      // A failover: what its last moments brought is gone, maybe everything, and every connection.
      if (chance(4)) records_ = {""};
      if (kept + 4 > records_.size() && kept < records_.size()) records_.resize(kept + 1);
      for (Node& node : nodes_) lose(node);
    }
    for (auto late = late_.begin(); late != late_.end();) {
      if (late->arrives > ms_ || ms_ < away_until_) {
        ++late;
      } else {
        carry_out(late->request);
        late = late_.erase(late);
      }
    }
    for (Node& node : nodes_) {
      if (!node.asked || node.answer || node.asked->arrives > ms_ || ms_ < away_until_) continue;
      node.answer.emplace(carry_out(node.asked->request), std::string());
      node.answer->second = records_.back();
    }
  }
  bool carry_out(const LeaderRule::Request& request) {
    if (request.wanted.empty() || records_.back() != request.expected) return false;
    records_.push_back(request.wanted);
    if (records_.size() > 64) records_.erase(records_.begin());
    return true;
  }
  void lose(Node& node) {
    if (node.asked && !node.answer && chance(2)) {
      late_.push_back(*node.asked);
      late_.back().arrives = ms_ + rng_.between(0, 3'000);
    }
    node.asked.reset();
    node.answer.reset();
    node.lost = true;
  }

  void turn(Node& node) {
    if (chance(15'000)) node.sleeps_until = ms_ + rng_.between(10, 9'000);
    if (chance(15'000)) lose(node);
    if (ms_ < node.sleeps_until) return;
    if (std::exchange(node.lost, false)) node.rule.lost();
    if (node.rule.standing(clock(node)) == Standing::Replaced) {
      // It ends, and comes back as one that follows, with what the last leader wrote.
      ++node.lives;
      node.rule =
          LeaderRule(node.name, node.name + "-" + std::to_string(node.lives), lead, seconds(3600));
      node.asked.reset();
      node.answer.reset();
      node.sleeps_until = ms_ + 500;
      return;
    }
    if (node.answer && node.asked->answered <= ms_) {
      const std::uint32_t before = node.rule.term();
      node.rule.answered(clock(node), node.answer->first, node.answer->second);
      node.asked.reset();
      node.answer.reset();
      if (const std::uint32_t term = node.rule.term(); term != before) {
        EXPECT_TRUE(terms_.emplace(term, node.name).second) << "term " << term << " is given twice";
        for (Node& other : nodes_)
          other.journal.incarnation = std::max(other.journal.incarnation, term);
      }
    }
    if (const auto request = node.rule.ask(clock(node), now_2027, &node.journal)) {
      const std::int64_t arrives = ms_ + rng_.between(0, chance(10) ? 900 : 20);
      node.asked = Question{*request, arrives, arrives + rng_.between(0, chance(10) ? 900 : 20)};
    }
  }

  Rng rng_;
  std::int64_t ms_ = 0, away_until_ = 0, led_ = 0;
  std::vector<std::string> records_ = {""};
  std::vector<Node> nodes_;
  std::vector<Question> late_;
  std::map<std::uint32_t, std::string> terms_;
};

TEST(LeaderRule, never_lets_two_lead_nor_gives_a_term_twice_whatever_becomes_of_redis_and_of_them) {
  std::int64_t led = 0;
  std::size_t terms = 0;
  constexpr int time = 300'000;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Storm storm(seed);
    storm.run(time);
    if (testing::Test::HasFailure()) return;
    led += storm.led(), terms += storm.terms();
  }
  EXPECT_GT(led, 20 * time / 2) << "one leads most of the time";
  EXPECT_GT(terms, 100u);
}

TEST(LeaderRecord, reads_back_as_it_was_written) {
  LeaderRecord record;
  record.term = 47'000;
  record.name = "a", record.life = "00ff";
  record.left = true, record.renewals = 9;
  record.journal = {46'999, {1'800'000'000'000'000'123}, 12'345'678'901};
  const auto read = LeaderRecord::parse(record.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text(), record.text());
  EXPECT_FALSE(LeaderRecord::parse(record.text() + " "));
  EXPECT_FALSE(LeaderRecord::parse("2" + record.text().substr(1)));
  EXPECT_EQ(LeaderRecord().text(), "");
}

}  // namespace
}  // namespace ats::services

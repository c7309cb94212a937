#include "security/audit_chain.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ats::security {
namespace {

struct Kept {
  AuditEntry entry;
  std::string mark;
};

class AuditChainTest : public ::testing::Test {
 protected:
  AuditChainTest() {
    for (std::uint64_t n = 1; n <= 5; ++n) {
      AuditEntry entry{
          n,     {static_cast<std::int64_t>(n)}, "alice", "127.0.0.1", "halt", "kraken", "", "",
          "done"};
      log_.push_back({entry, audit_mark(key_, last(), entry)});
    }
    count_ = 5;
    head_ = audit_head(key_, 5, last());
  }
  std::string last() const { return log_.empty() ? std::string() : log_.back().mark; }
  std::string check() const {
    AuditCheck check(key_);
    for (const Kept& kept : log_) check.next(kept.entry, kept.mark);
    return check.end(count_, head_);
  }
  static StoreKey key_of(char seed) { return StoreKey(Secret::of(std::string(32, seed))); }

  StoreKey key_ = key_of('k');
  std::vector<Kept> log_;
  std::uint64_t count_ = 0;
  std::string head_;
};

TEST_F(AuditChainTest, WhatIsAsItWasWrittenIsIntact) { EXPECT_EQ(check(), ""); }

TEST_F(AuditChainTest, EveryFieldThatIsChangedIsFound) {
  const std::vector<void (*)(AuditEntry&)> changes{
      [](AuditEntry& e) { e.at.ns_utc += 1; }, [](AuditEntry& e) { e.who = "bob"; },
      [](AuditEntry& e) { e.from = "x"; }, [](AuditEntry& e) { e.what = "resume"; },
      [](AuditEntry& e) { e.target = "x"; }, [](AuditEntry& e) { e.before = "x"; },
      [](AuditEntry& e) { e.after = "x"; }, [](AuditEntry& e) { e.outcome = "x"; },
      // What moves from one field to the next leaves their concatenation as it was.
      [](AuditEntry& e) { e.what = "hal", e.target = "tkraken"; }};
  for (const auto change : changes) {
    const auto kept = log_;
    change(log_[2].entry);
    EXPECT_EQ(check(), "entry 3 is not as it was written");
    log_ = kept;
  }
  log_[4].mark[3] ^= 1;
  EXPECT_EQ(check(), "entry 5 is not as it was written");
}

TEST_F(AuditChainTest, OneThatIsRemovedIsFound) {
  log_.erase(log_.begin() + 2);
  EXPECT_EQ(check(), "entry 3 is missing");
  log_.erase(log_.begin());
  EXPECT_EQ(check(), "entry 1 is missing");
}

TEST_F(AuditChainTest, OneThatIsRemovedAndTheRestRenumberedIsFound) {
  log_.erase(log_.begin() + 2);
  for (std::size_t i = 2; i < log_.size(); ++i) log_[i].entry.number = i + 1;
  count_ = 4;
  EXPECT_EQ(check(), "entry 3 is not as it was written");
}

TEST_F(AuditChainTest, AnEndThatIsCutOffIsFoundAlsoWhenTheCountIsCutWithIt) {
  log_.resize(3);
  EXPECT_EQ(check(), "the end is cut off: of 5 entries the last is 3");
  count_ = 3;
  EXPECT_EQ(check(), "the note of where the log ends is not as it was written");
  log_.clear(), count_ = 0;
  EXPECT_EQ(check(), "the note of where the log ends is not as it was written");
}

TEST_F(AuditChainTest, TwoThatChangedPlacesAreFound) {
  std::swap(log_[1], log_[2]);
  EXPECT_EQ(check(), "entry 2 is missing");
  std::swap(log_[1].entry.number, log_[2].entry.number);
  EXPECT_EQ(check(), "entry 2 is not as it was written");
}

TEST_F(AuditChainTest, OneThatWasAddedWithoutTheKeyIsFound) {
  AuditEntry entry = log_.back().entry;
  entry.number = 6;
  log_.push_back({entry, audit_mark(key_of('x'), last(), entry)});
  EXPECT_EQ(check(), "entry 6 is not as it was written");
  count_ = 6;
  head_ = audit_head(key_of('x'), 6, last());
  EXPECT_EQ(check(), "entry 6 is not as it was written");
}

TEST_F(AuditChainTest, OneThatTheKeyWroteAndTheHeadDoesNotKnowIsFound) {
  AuditEntry entry = log_.back().entry;
  entry.number = 6;
  log_.push_back({entry, audit_mark(key_, last(), entry)});
  EXPECT_EQ(check(), "entries after 5 were added past the end");
}

TEST_F(AuditChainTest, ALogThatWasFoundCutSaysSoForEver) {
  AuditEntry entry = log_.back().entry;
  entry.number = 6, entry.what = audit_broken;
  log_.push_back({entry, audit_mark(key_, last(), entry)});
  count_ = 6;
  head_ = audit_head(key_, 6, last());
  EXPECT_EQ(check(),
            "entry 6, of 1970-01-01T00:00:00.000000Z, found the log before it cut off or added to");
}

}  // namespace
}  // namespace ats::security

#include "services/notice_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace ats::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NoticeStoreTest : public ::testing::Test {
 protected:
  NoticeStoreTest()
      : file_(std::filesystem::temp_directory_path() /
              ("ats-notices-" + std::to_string(::getpid()) + ".db")) {
    open();
  }
  ~NoticeStoreTest() override {
    store_.reset();
    for (const char* ending : {"", "-wal", "-shm"})
      std::filesystem::remove(file_.string() + ending);
  }
  void open() {
    store_.reset();
    auto opened = NoticeStore::open(file_);
    ASSERT_TRUE(opened) << opened.error();
    store_ = *std::move(opened);
  }
  static report::Hit hit(const std::string& key, std::int64_t due = 10, bool alone = true,
                         Severity severity = Severity::Warning) {
    report::Hit out;
    out.key = key, out.rule = "r", out.channel = "c";
    out.kind = report::Hit::Kind::Escalated;
    out.severity = severity;
    out.source = "s", out.category = "halt", out.scope = "all", out.message = "it's " + key;
    out.alerts = {3, 4};
    out.times = 2;
    out.at = {5}, out.due = {due};
    out.alone = alone;
    return out;
  }
  std::filesystem::path file_;
  std::unique_ptr<NoticeStore> store_;
};

TEST_F(NoticeStoreTest, WhatWasCommittedIsThereAfterARestartAndWhatWasNotIsNot) {
  const std::string identity = store_->identity();
  report::Matter matter;
  matter.key = {"engine", "halt", "kraken", "x"};
  matter.journal = 7, matter.open = {3, 9}, matter.severity = Severity::Critical;
  matter.message = "m", matter.last = "engine/7-1", matter.acknowledged = true, matter.at = {99};
  matter.standings["ops"] = {{1}, seconds(2), 3, 4, {5}, true};
  store_->begin();
  store_->put("stream", {"7-1", 7, 1});
  store_->put(matter);
  EXPECT_TRUE(store_->add(hit("a")));
  EXPECT_FALSE(store_->add(hit("a"))) << "a hit is there once";
  ASSERT_TRUE(store_->commit());
  store_->begin();
  store_->put("stream", {"7-2", 7, 2});
  open();
  EXPECT_EQ(store_->identity(), identity);
  EXPECT_EQ(store_->cursor("stream"), (NoticeCursor{"7-1", 7, 1}));
  EXPECT_EQ(store_->cursor("other"), NoticeCursor{});
  EXPECT_THAT(store_->matters(), ElementsAre(matter));
  store_->begin();
  store_->forget(matter.key);
  ASSERT_TRUE(store_->commit());
  EXPECT_THAT(store_->matters(), IsEmpty());
}

TEST_F(NoticeStoreTest, AHitAloneIsADeliveryAndThoseOfADigestAreOne) {
  store_->begin();
  store_->add(hit("alone"));
  store_->add(hit("one", 20, false));
  store_->add(hit("two", 21, false, Severity::Critical));
  store_->add(hit("later", 99, false));
  EXPECT_EQ(store_->make_deliveries({10}), 1u);
  EXPECT_EQ(store_->make_deliveries({30}), 1u);
  EXPECT_EQ(store_->make_deliveries({30}), 0u);
  ASSERT_TRUE(store_->commit());
  EXPECT_EQ(store_->held(), 1u);
  const auto next = store_->next("c", {30});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->severity, Severity::Critical) << "the most severe first";
  const report::Letter letter = store_->letter(*next);
  ASSERT_THAT(letter.hits, SizeIs(2));
  EXPECT_EQ(letter.hits[0].message, "it's one");
  EXPECT_EQ(letter.hits[0].kind, report::Hit::Kind::Escalated);
  EXPECT_THAT(letter.hits[1].alerts, ElementsAre(3, 4));
  EXPECT_EQ(letter.key, "ats-" + store_->identity() + "-2");
  EXPECT_FALSE(store_->next("other", {30}));
}

TEST_F(NoticeStoreTest, AnAttemptThatTheProcessDidNotOutliveIsTriedAgainUnderTheSameKey) {
  store_->begin();
  store_->add(hit("a"));
  store_->make_deliveries({10});
  const Delivery first = store_->next("c", {10}).value();
  const std::string key = store_->letter(first).key;
  store_->begin_attempt(first.id, {11});
  ASSERT_TRUE(store_->commit());
  EXPECT_FALSE(store_->next("c", {12})) << "it is under way";
  open();
  store_->begin();
  EXPECT_EQ(store_->take_up_interrupted({20}), 1u);
  ASSERT_TRUE(store_->commit());
  const auto again = store_->next("c", {20});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempts, 1u);
  EXPECT_EQ(store_->letter(*again).key, key);
  const auto attempts = store_->attempts(again->id);
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(attempts[0].outcome, "unknown");
}

TEST_F(NoticeStoreTest, ADeliveryWaitsIsDeliveredOrDeadAndADeadOneMayRise) {
  store_->begin();
  for (const char* key : {"a", "b"}) store_->add(hit(key));
  store_->make_deliveries({10});
  store_->begin_attempt(1, {10});
  store_->end_attempt(1, 1, {11}, "later", "busy");
  store_->again(1, {50}, "busy");
  store_->begin_attempt(2, {10});
  store_->end_attempt(2, 1, {11}, "accepted", "ok");
  store_->delivered(2, {11});
  EXPECT_FALSE(store_->next("c", {49}));
  EXPECT_EQ(store_->next("c", {50})->reason, "busy");
  EXPECT_THAT(store_->overdue({10}, 9), IsEmpty());
  EXPECT_THAT(store_->overdue({11}, 9), SizeIs(1));
  store_->dead(1, {60}, "too old");
  EXPECT_FALSE(store_->retry(2, {70})) << "it was delivered";
  ChannelCounts counts = store_->counts("c");
  EXPECT_EQ(counts.delivered, 1u);
  EXPECT_EQ(counts.dead, 1u);
  EXPECT_TRUE(store_->retry(1, {70}));
  counts = store_->counts("c");
  EXPECT_EQ(counts.waiting, 1u);
  EXPECT_EQ(counts.oldest, WallTime{70});
  EXPECT_THAT(store_->list("", DeliveryState::Delivered, 9), SizeIs(1));
  EXPECT_THAT(store_->list("c", std::nullopt, 9), SizeIs(2));
  store_->prune({12});
  EXPECT_THAT(store_->list("", std::nullopt, 9), SizeIs(1)) << "what waits is never pruned";
  ASSERT_TRUE(store_->commit());
}

TEST_F(NoticeStoreTest, ASecondNotifierIsToldThatThereIsOne) {
  const auto second = NoticeStore::open(file_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another process has it open"), std::string::npos)
      << second.error();
}

}  // namespace
}  // namespace ats::services

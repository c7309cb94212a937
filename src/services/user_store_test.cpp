#include "services/user_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "io/secret_file.hpp"

namespace ats::services {
namespace {

constexpr WallTime now{1'800'000'000'000'000'000};

class UserStoreTest : public ::testing::Test {
 protected:
  UserStoreTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("ats-users-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
  }
  ~UserStoreTest() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<UserStore> open() {
    auto opened = UserStore::open(folder_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  static void add(UserStore& store, const char* what) {
    ASSERT_TRUE(store.begin());
    store.add({0, now, "alice", "10.0.0.1", what, {}, {}, {}, "done"});
    ASSERT_TRUE(store.commit());
  }
  // Somebody who has the file and not the key.
  void tamper(const char* statements) {
    auto database = io::Sqlite::open(folder_ / "users.db", io::SqliteSharing::Shared);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->execute(statements));
  }
  std::filesystem::path folder_;
};

TEST_F(UserStoreTest, EverythingOfAUserComesBack) {
  const User user{"alice",
                  {"trader", "viewer"},
                  {{"kraken", ""}, {"", "BTC/USDT"}},
                  true,
                  "hash",
                  "sealed",
                  "pending",
                  7,
                  now,
                  now + seconds(1)};
  {
    auto store = open();
    ASSERT_TRUE(store->begin());
    store->put(user);
    ASSERT_TRUE(store->commit());
  }
  const auto kept = open()->user("alice");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->roles, user.roles);
  EXPECT_EQ(kept->scopes, user.scopes);
  EXPECT_TRUE(kept->disabled);
  EXPECT_EQ(kept->password, "hash");
  EXPECT_EQ(kept->totp, "sealed");
  EXPECT_EQ(kept->totp_pending, "pending");
  EXPECT_EQ(kept->totp_step, 7u);
  EXPECT_EQ(kept->created, now);
  EXPECT_EQ(kept->last_sign_in, now + seconds(1));
}

TEST_F(UserStoreTest, WhatIsGivenUpLeavesNothingBehind) {
  auto store = open();
  ASSERT_TRUE(store->begin());
  User user;
  user.name = "alice";
  store->put(user);
  store->give_up();
  EXPECT_TRUE(store->empty());
  add(*store, "halt");
  EXPECT_EQ(store->audit(0, 10).size(), 1u);
}

TEST_F(UserStoreTest, AWriteThatAnotherProcessHoldsUpFailsAndTheNextGoesWell) {
  auto store = open(), other = open();
  ASSERT_TRUE(other->begin());
  EXPECT_FALSE(store->begin());
  EXPECT_NE(store->failure().find("another process"), std::string::npos) << store->failure();
  ASSERT_TRUE(other->commit());
  add(*store, "halt");
}

TEST_F(UserStoreTest, EntriesOfSeveralProcessesMakeOneChain) {
  auto store = open(), other = open();
  for (int i = 0; i < 5; ++i) add(*store, "halt"), add(*other, "resume");
  EXPECT_EQ(store->check_audit(), "");
  EXPECT_EQ(other->audit_count(), 10u);
  EXPECT_EQ(store->audit(4, 2).front().number, 3u);
}

TEST_F(UserStoreTest, ACutEndStaysFoundWhenTheLogGoesOn) {
  auto store = open();
  for (int i = 0; i < 5; ++i) add(*store, "halt");
  tamper(
      "DELETE FROM audit WHERE number > 3; UPDATE fact SET value = '3' WHERE name = 'audit_count'");
  EXPECT_EQ(store->check_audit(), "the note of where the log ends is not as it was written");
  add(*store, "halt");
  EXPECT_EQ(store->audit(0, 2).back().what, security::audit_broken);
  EXPECT_NE(store->check_audit().find("entry 4"), std::string::npos) << store->check_audit();
  add(*store, "halt");
  EXPECT_NE(store->check_audit().find("entry 4"), std::string::npos);
}

TEST_F(UserStoreTest, ALogThatIsEmptiedOrAddedToStaysFoundWhenItGoesOn) {
  auto store = open();
  for (int i = 0; i < 3; ++i) add(*store, "halt");
  tamper("DELETE FROM audit; DELETE FROM fact WHERE name LIKE 'audit%'");
  EXPECT_NE(store->check_audit(), "");
  add(*store, "halt");
  EXPECT_NE(store->check_audit(), "");
  tamper(
      "INSERT INTO audit SELECT 3, at, who, from_address, what, target, before, after, outcome, "
      "mark FROM audit WHERE number = 2");
  add(*store, "halt");
  EXPECT_NE(store->check_audit(), "");
  EXPECT_EQ(store->audit_count(), 5u);
}

TEST_F(UserStoreTest, AStoreOfALaterVersionIsNotTouched) {
  open();
  tamper("PRAGMA user_version = 99");
  const auto opened = UserStore::open(folder_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("later version of ats (99)"), std::string::npos) << opened.error();
}

// What the first version wrote, as it wrote it: every version after it has to take it up.
TEST_F(UserStoreTest, AStoreOfTheFirstVersionIsTakenUp) {
  std::filesystem::create_directories(folder_);
  const security::StoreKey key(security::Secret::of(std::string(32, 'k')));
  ASSERT_TRUE(
      io::write_secret_file(folder_ / "store.key", key.text().bytes(), io::WriteMode::Create));
  tamper(R"(
CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE user(name TEXT PRIMARY KEY, roles TEXT NOT NULL, scopes TEXT NOT NULL, disabled INTEGER NOT NULL,
  password TEXT NOT NULL, totp TEXT NOT NULL, totp_pending TEXT NOT NULL, totp_step INTEGER NOT NULL,
  created INTEGER NOT NULL, last_sign_in INTEGER NOT NULL);
CREATE TABLE session(id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, from_address TEXT NOT NULL,
  agent TEXT NOT NULL, started INTEGER NOT NULL, seen INTEGER NOT NULL, stepped_up INTEGER NOT NULL);
CREATE INDEX session_name ON session(name);
CREATE TABLE token(id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, label TEXT NOT NULL,
  permissions TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, last_used INTEGER NOT NULL);
CREATE INDEX token_name ON token(name);
CREATE TABLE link(hash TEXT PRIMARY KEY, name TEXT NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE backup_code(name TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY(name, hash)) WITHOUT ROWID;
CREATE TABLE failure(of TEXT PRIMARY KEY, count INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE preference(name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE approval(id TEXT PRIMARY KEY, at INTEGER NOT NULL, expires INTEGER NOT NULL, by TEXT NOT NULL,
  what TEXT NOT NULL, summary TEXT NOT NULL, reason TEXT NOT NULL, request TEXT NOT NULL, state INTEGER NOT NULL,
  decided_by TEXT NOT NULL);
CREATE TABLE audit(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, from_address TEXT NOT NULL,
  what TEXT NOT NULL, target TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, outcome TEXT NOT NULL,
  mark TEXT NOT NULL);
PRAGMA user_version = 1;
INSERT INTO user VALUES ('alice', 'admin,viewer', '[["kraken","BTC/USDT"]]', 0, 'hash', '', '', 0, 5, 6);
INSERT INTO fact VALUES ('key', 'kFAzUcxW7t6mJSrwp6SllJ58Katso9OAh6zPocca2vk'), ('audit_count', '1'),
  ('audit_head', 'EepNyNtRkgDGLNBSYYMRiQImr1ZvZ9hYqj50_mke2Yo');
INSERT INTO audit VALUES (1, 5, 'os:root', 'terminal', 'user.add', 'alice', '', 'admin; everywhere', 'done', 'vP-9kI3HMiq81WpmecGhUCPVKJxAiO-27Ah8e0uvqMI');
)");
  auto store = open();
  ASSERT_NE(store, nullptr);
  const auto user = store->user("alice");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->roles, (std::vector<std::string>{"admin", "viewer"}));
  EXPECT_EQ(user->scopes, (std::vector<AccessScope>{{"kraken", "BTC/USDT"}}));
  EXPECT_EQ(store->check_audit(), "");
}

}  // namespace
}  // namespace ats::services

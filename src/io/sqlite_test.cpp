#include "io/sqlite.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ats::io {
namespace {

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest()
      : file_(std::filesystem::temp_directory_path() /
              ("ats-sqlite-" + std::to_string(::getpid()) + ".db")) {}
  ~SqliteTest() override {
    for (const char* ending : {"", "-wal", "-shm"})
      std::filesystem::remove(file_.string() + ending);
  }
  std::unique_ptr<Sqlite> open() {
    auto opened = Sqlite::open(file_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  static std::string all(Sqlite& database) {
    std::string out;
    SqlStatement& rows = database.statement("SELECT n, t FROM kept ORDER BY n");
    while (rows.step()) {
      out += std::to_string(rows.number(0)) + (rows.nothing(1) ? "-" : rows.text(1)) + " ";
    }
    return out;
  }
  std::filesystem::path file_;
};

TEST_F(SqliteTest, WhatWasCommittedIsThereWhenItIsOpenedAgain) {
  {
    auto database = open();
    ASSERT_TRUE(database->execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, t TEXT)"));
    ASSERT_TRUE(database->begin());
    SqlStatement& insert = database->statement("INSERT INTO kept (t) VALUES (?)");
    ASSERT_TRUE(insert.bind(std::string_view("a'b\0c", 5)).run());
    EXPECT_EQ(database->last_id(), 1);
    ASSERT_TRUE(insert.bind_nothing().run());
    ASSERT_TRUE(database->commit());
  }
  struct stat mode {};
  ASSERT_EQ(::stat(file_.c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777, 0600u);
  auto database = open();
  EXPECT_EQ(all(*database), std::string("1a'b\0c 2- ", 10));
}

TEST_F(SqliteTest, WhatFailsLeavesNothingBehindAndSaysWhat) {
  auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, t TEXT UNIQUE)"));
  ASSERT_TRUE(database->begin());
  SqlStatement& insert = database->statement("INSERT INTO kept (t) VALUES (?)");
  ASSERT_TRUE(insert.bind("a").run());
  EXPECT_FALSE(insert.bind("a").run());
  database->roll_back();
  EXPECT_NE(database->failure().find("UNIQUE"), std::string::npos) << database->failure();
  EXPECT_EQ(all(*database), "");
}

TEST_F(SqliteTest, AProcessThatIsKilledInATransactionLeavesWhatWasCommitted) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto database = Sqlite::open(file_);
    if (!database) ::_exit(1);
    (*database)->execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, t TEXT)");
    (*database)->execute("INSERT INTO kept (t) VALUES ('a')");
    (*database)->begin();
    (*database)->execute("INSERT INTO kept (t) VALUES ('b')");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto database = open();
  EXPECT_EQ(all(*database), "1a ");
}

TEST_F(SqliteTest, ASecondProcessIsToldThatAnotherHasIt) {
  auto database = open();
  ASSERT_TRUE(database->execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, t TEXT)"));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = Sqlite::open(file_);
    ::_exit(!second && second.error().find("another process has it") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteTest, OfOneThatIsSharedTheOthersReadWhatOneCommitted) {
  auto one = Sqlite::open(file_, SqliteSharing::Shared);
  auto other = Sqlite::open(file_, SqliteSharing::Shared);
  ASSERT_TRUE(one && other);
  ASSERT_TRUE((*one)->execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, t TEXT)"));
  ASSERT_TRUE((*one)->execute("INSERT INTO kept (t) VALUES ('a')"));
  EXPECT_EQ(all(**other), "1a ");
  ASSERT_TRUE((*other)->execute("INSERT INTO kept (t) VALUES ('b')"));
  EXPECT_EQ(all(**one), "1a 2b ");
}

TEST_F(SqliteTest, OfOneThatIsSharedAnotherThatWritesTooLongIsAFailureThatCanBeForgotten) {
  auto one = Sqlite::open(file_, SqliteSharing::Shared);
  auto other = Sqlite::open(file_, SqliteSharing::Shared);
  ASSERT_TRUE(one && other);
  ASSERT_TRUE((*one)->execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, t TEXT)"));
  ASSERT_TRUE((*one)->begin());
  EXPECT_FALSE((*other)->begin());
  EXPECT_NE((*other)->failure().find("another process"), std::string::npos);
  ASSERT_TRUE((*one)->commit());
  (*other)->forget_failure();
  ASSERT_TRUE((*other)->begin());
  EXPECT_TRUE((*other)->commit());
  EXPECT_EQ((*other)->failure(), "");
}

TEST_F(SqliteTest, OneThatIsKeptAloneIsNotSharedWithAnybody) {
  auto alone = open();
  EXPECT_FALSE(Sqlite::open(file_, SqliteSharing::Shared));
}

}  // namespace
}  // namespace ats::io

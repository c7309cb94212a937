// An SQLite file of this process's own: every statement prepared once, every value bound. Write-ahead log with full syncs: what a
// committed transaction wrote outlives a kill and a power cut.
//
// Kept by one process, or shared by several: what one of them committed the others read from their next statement on.
//
// Invariants: what is wrong in what we ask (a misspelt statement, a wrong count of values) is a broken invariant; what the
// disk does to us is an error with a text, and a transaction that failed left nothing behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ats::io {

class Sqlite;

// One prepared statement. Bind its values in order, then run() it, or step() through its rows and read their columns.
class SqlStatement {
 public:
  SqlStatement& bind(std::int64_t value);
  SqlStatement& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  SqlStatement& bind(std::string_view text);
  SqlStatement& bind(const char* text) { return bind(std::string_view(text)); }
  SqlStatement& bind(const std::string& text) { return bind(std::string_view(text)); }
  SqlStatement& bind_nothing();

  // False: it failed, as Sqlite::failure() says.
  bool run();
  // True: there is a row. Afterwards, and after run(), it can be bound anew.
  bool step();
  // Ends stepping early.
  void reset();

  std::int64_t number(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(number(column)); }
  std::string text(int column) const;
  bool nothing(int column) const;

 private:
  friend class Sqlite;
  SqlStatement(Sqlite& owner, sqlite3_stmt* statement) : owner_(owner), statement_(statement) {}
  Sqlite& owner_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

enum class SqliteSharing : std::uint8_t {
  Alone,   // another process that has it open is an error
  Shared,  // several may have it open; one that writes is waited for, for two seconds
};

class Sqlite {
 public:
  // Makes it (mode 0600) where there is none. The error is one line a person can act on.
  static Result<std::unique_ptr<Sqlite>, std::string> open(
      const std::filesystem::path& file, SqliteSharing sharing = SqliteSharing::Alone);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  // Statements without values, such as a schema. False: it failed.
  bool execute(const char* statements);
  // Lives as long as this; `text` has to be the same pointer each time it is asked for. Where the disk does not let it
  // be prepared, what it is told to do fails.
  SqlStatement& statement(const char* text);

  bool begin() { return execute("BEGIN IMMEDIATE"); }
  // False: nothing of it was written.
  bool commit();
  void roll_back();
  std::int64_t last_id() const;
  // Not empty: something failed, first this.
  const std::string& failure() const { return failure_; }
  // What failed was told, and what comes next may go well.
  void forget_failure() { failure_.clear(); }

 private:
  friend class SqlStatement;
  struct Prepared;
  Sqlite(sqlite3* handle, std::filesystem::path file);
  void failed();

  sqlite3* handle_;
  const std::filesystem::path file_;
  std::string failure_;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace ats::io

#include "io/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "base/assert.hpp"

namespace ats::io {

namespace {
constexpr int wait_ms = 2000;
}

struct Sqlite::Prepared {
  std::map<const char*, std::unique_ptr<SqlStatement>> all;
  std::unique_ptr<SqlStatement> none;
};

SqlStatement& SqlStatement::bind(std::int64_t value) {
  if (statement_ == nullptr) return *this;
  ATS_ASSERT(sqlite3_bind_int64(statement_, ++bound_, value) == SQLITE_OK);
  return *this;
}

SqlStatement& SqlStatement::bind(std::string_view text) {
  if (statement_ == nullptr) return *this;
  // Null would be no text at all.
  const char* const begin = text.data() != nullptr ? text.data() : "";
  // NOLINTNEXTLINE: SQLITE_TRANSIENT is a C cast of -1
  const auto copied = SQLITE_TRANSIENT;
  ATS_ASSERT(sqlite3_bind_text64(statement_, ++bound_, begin, text.size(), copied, SQLITE_UTF8) ==
             SQLITE_OK);
  return *this;
}

SqlStatement& SqlStatement::bind_nothing() {
  if (statement_ == nullptr) return *this;
  ATS_ASSERT(sqlite3_bind_null(statement_, ++bound_) == SQLITE_OK);
  return *this;
}

bool SqlStatement::run() {
  if (statement_ == nullptr) return false;
  ATS_ASSERT(bound_ == sqlite3_bind_parameter_count(statement_));
  const int result = sqlite3_step(statement_);
  if (result != SQLITE_DONE && result != SQLITE_ROW) owner_.failed();
  reset();
  return result == SQLITE_DONE || result == SQLITE_ROW;
}

bool SqlStatement::step() {
  if (statement_ == nullptr) return false;
  ATS_ASSERT(bound_ == sqlite3_bind_parameter_count(statement_));
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) owner_.failed();
  reset();
  return false;
}

void SqlStatement::reset() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bound_ = 0;
}

std::int64_t SqlStatement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqlStatement::text(int column) const {
  const void* const bytes = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

bool SqlStatement::nothing(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Sqlite::Sqlite(sqlite3* handle, std::filesystem::path file)
    : handle_(handle), file_(std::move(file)), prepared_(std::make_unique<Prepared>()) {
  prepared_->none.reset(new SqlStatement(*this, nullptr));
}

Sqlite::~Sqlite() {
  for (auto& [text, statement] : prepared_->all) sqlite3_finalize(statement->statement_);
  sqlite3_close(handle_);
}

Result<std::unique_ptr<Sqlite>, std::string> Sqlite::open(const std::filesystem::path& file,
                                                          SqliteSharing sharing) {
  // SQLite would make it for everyone to read, as far as the mask allows.
  const int fd = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail(file.string() + ": cannot be opened for writing");
  ::close(fd);
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Sqlite> database(new Sqlite(handle, file));
  if (opened != SQLITE_OK) {
    database->failed();
    return fail(database->failure());
  }
  if (sharing == SqliteSharing::Shared)
    sqlite3_busy_timeout(handle, wait_ms);
  else
    database->execute("PRAGMA locking_mode=EXCLUSIVE");
  const bool ours = database->execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
      "BEGIN IMMEDIATE; COMMIT;");
  if (!ours) return fail(database->failure());
  return database;
}

bool Sqlite::execute(const char* statements) {
  if (sqlite3_exec(handle_, statements, nullptr, nullptr, nullptr) == SQLITE_OK) return true;
  failed();
  return false;
}

SqlStatement& Sqlite::statement(const char* text) {
  auto& kept = prepared_->all[text];
  if (!kept) {
    sqlite3_stmt* made = nullptr;
    const int result =
        sqlite3_prepare_v3(handle_, text, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (result != SQLITE_OK) failed();
    ATS_ASSERT(result != SQLITE_ERROR && result != SQLITE_MISUSE);
    if (made == nullptr) {
      prepared_->all.erase(text);
      return *prepared_->none;
    }
    kept.reset(new SqlStatement(*this, made));
  }
  return *kept;
}

bool Sqlite::commit() {
  if (execute("COMMIT")) return true;
  roll_back();
  return false;
}

void Sqlite::roll_back() {
  if (sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::int64_t Sqlite::last_id() const { return sqlite3_last_insert_rowid(handle_); }

void Sqlite::failed() {
  if (!failure_.empty()) return;
  const int code = sqlite3_errcode(handle_);
  failure_ = file_.string() + ": " + sqlite3_errmsg(handle_);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    failure_ = file_.string() + ": another process has it open";
}

}  // namespace ats::io

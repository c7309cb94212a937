#include "services/user_store.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/assert.hpp"
#include "io/secret_file.hpp"
#include "security/signing.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::StoreKey;

// Each takes a store of the version before it to its own: a store begins at 0.
constexpr std::array migrations{R"(
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
)"};

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ","));
}

std::string scopes_text(const std::vector<AccessScope>& scopes) {
  json out = json::array();
  for (const AccessScope& scope : scopes) out.push_back({scope.venue, scope.pair});
  return out.dump();
}

std::vector<AccessScope> scopes_of(const std::string& text) {
  std::vector<AccessScope> out;
  for (const json& scope : json::parse(text, nullptr, false)) {
    if (scope.is_array() && scope.size() == 2 && scope[0].is_string() && scope[1].is_string())
      out.push_back({scope[0].get<std::string>(), scope[1].get<std::string>()});
    else
      out.push_back({"?", "?"});  // what cannot be read allows nothing
  }
  return out;
}

constexpr const char* user_columns =
    "SELECT name, roles, scopes, disabled, password, totp, totp_pending, totp_step, created, "
    "last_sign_in FROM user ";

User read_user(const io::SqlStatement& row) {
  User out;
  out.name = row.text(0), out.roles = split_list(row.text(1)), out.scopes = scopes_of(row.text(2));
  out.disabled = row.number(3) != 0;
  out.password = row.text(4), out.totp = row.text(5), out.totp_pending = row.text(6);
  out.totp_step = row.count(7);
  out.created = {row.number(8)}, out.last_sign_in = {row.number(9)};
  return out;
}

Session read_session(const io::SqlStatement& row) {
  return {row.text(0), row.text(1),     row.text(2),     row.text(3),
          row.text(4), {row.number(5)}, {row.number(6)}, {row.number(7)}};
}

Token read_token(const io::SqlStatement& row) {
  return {row.text(0),     row.text(1),     row.text(2),    row.text(3), split_list(row.text(4)),
          {row.number(5)}, {row.number(6)}, {row.number(7)}};
}

Approval read_approval(const io::SqlStatement& row) {
  Approval out;
  out.id = row.text(0);
  out.at = {row.number(1)}, out.expires = {row.number(2)};
  out.by = row.text(3), out.what = row.text(4), out.summary = row.text(5);
  out.reason = row.text(6), out.request = row.text(7);
  out.state = static_cast<ApprovalState>(row.number(8));
  out.decided_by = row.text(9);
  return out;
}

security::AuditEntry read_entry(const io::SqlStatement& row) {
  return {row.count(0), {row.number(1)}, row.text(2), row.text(3), row.text(4),
          row.text(5),  row.text(6),     row.text(7), row.text(8)};
}

// All rows of what was asked.
template <class Read>
auto all(io::SqlStatement& rows, Read read) {
  std::vector<decltype(read(rows))> out;
  while (rows.step()) out.push_back(read(rows));
  return out;
}
// The one, or none.
template <class Read>
auto one(io::SqlStatement& row, Read read) -> std::optional<decltype(read(row))> {
  if (!row.step()) return std::nullopt;
  auto out = read(row);
  row.reset();
  return out;
}

// The key of a store that is there, or a new one where there is neither. One process at a time.
Result<StoreKey, std::string> take_key(const std::filesystem::path& folder, bool store_is_there) {
  const std::filesystem::path file = folder / "store.key";
  constexpr std::size_t text_max = 1024;
  auto read = io::read_secret_file(file, text_max);
  if (read) {
    auto key = StoreKey::read(read->reveal());
    if (!key) return fail(file.string() + ": is no key of a user store; put the right one back");
    return *std::move(key);
  }
  if (read.error().error != io::SecretFileError::Missing) return fail(read.error().detail);
  if (store_is_there)
    return fail(fmt::format(
        "{}: there is none, but users.db beside it was made with it; put it back from a backup, "
        "or move users.db away to begin anew without users",
        file.string()));
  security::Secret master(StoreKey::size);
  io::fill_random(master.bytes());
  StoreKey key(std::move(master));
  const auto written = io::write_secret_file(file, key.text().bytes(), io::WriteMode::Create);
  if (!written) return fail(written.error().detail);
  return key;
}

}  // namespace

bool is_user_name(std::string_view text) {
  constexpr std::size_t most = 31;  // as much as a journal has room for
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= most && plain(text.front()) &&
         std::ranges::all_of(text,
                             [&](char c) { return plain(c) || c == '.' || c == '-' || c == '_'; });
}

const char* name(ApprovalState state) {
  switch (state) {
    case ApprovalState::Waiting:
      return "waiting";
    case ApprovalState::Done:
      return "done";
    case ApprovalState::Refused:
      return "refused";
    case ApprovalState::Expired:
      return "expired";
  }
  return "?";
}

std::string secret_hash(std::string_view secret) {
  return security::base64url(security::sha256(std::array{secret}));
}

std::string random_secret() {
  std::array<std::uint8_t, 32> bytes{};
  io::fill_random(bytes);
  return security::base64url(bytes);
}

std::string random_id() {
  std::array<std::uint8_t, 8> bytes{};
  io::fill_random(bytes);
  std::string out(2 * bytes.size(), '0');
  security::to_hex(bytes, out.data());
  return out;
}

Result<std::unique_ptr<UserStore>, std::string> UserStore::open(
    const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code ec;
  const bool made = fs::create_directories(folder, ec);
  if (ec) return fail(folder.string() + ": cannot be made: " + ec.message());
  if (made) fs::permissions(folder, fs::perms::owner_all, ec);
  // Two that start at once would each make a key.
  const auto lock = io::SecretFileLock::take(folder / "store.key");
  if (!lock) return fail(lock.error().detail);
  const fs::path file = folder / "users.db";
  auto key = take_key(folder, fs::exists(file, ec));
  if (!key) return fail(key.error());
  auto database = io::Sqlite::open(file, io::SqliteSharing::Shared);
  if (!database) return fail(database.error());
  std::unique_ptr<UserStore> store(new UserStore(*std::move(database), *std::move(key)));
  if (auto error = store->prepare()) return fail(std::move(*error));
  return store;
}

std::optional<std::string> UserStore::prepare() {
  const auto version_now = [this] {
    return one(sql("PRAGMA user_version"), [](auto& row) { return row.count(0); });
  };
  auto version = version_now();
  if (version && *version < migrations.size()) {
    if (!begin()) return failure();
    version = version_now();
    for (std::size_t next = version.value_or(0); next < migrations.size(); ++next)
      database_->execute(migrations[next]);
    const std::string now = fmt::format("PRAGMA user_version = {}", migrations.size());
    database_->execute(now.c_str());
    if (version == 0 && database_->failure().empty()) {
      put_fact("key", key_check());
      put_fact("audit_count", "0");
      put_fact("audit_head", security::audit_head(key_, 0, ""));
    }
    if (!commit()) return failure();
    version = version_now();
  }
  if (!version) return database_->failure();
  if (*version > migrations.size())
    return fmt::format("users.db is of a later version of ats ({}): run that one, or move it away",
                       *version);
  if (fact("key") != key_check())
    return std::string("store.key is not the key of users.db beside it: put the right one back");
  return std::nullopt;
}

std::string UserStore::key_check() const {
  const std::array<std::string_view, 1> nothing{""};
  return key_.mark(security::MarkUse::Check, nothing);
}

bool UserStore::trouble() {
  if (database_->failure().empty()) return false;
  failed_ = database_->failure();
  database_->forget_failure();
  return true;
}

bool UserStore::begin() {
  database_->forget_failure();
  if (database_->begin()) return true;
  failed_ = database_->failure();
  return false;
}

bool UserStore::commit() {
  if (!database_->failure().empty()) {
    failed_ = database_->failure();
    database_->roll_back();
    return false;
  }
  if (database_->commit()) return true;
  failed_ = database_->failure();
  return false;
}

void UserStore::give_up() { database_->roll_back(); }

std::string UserStore::fact(std::string_view name) {
  return one(sql("SELECT value FROM fact WHERE name = ?").bind(name),
             [](auto& row) { return row.text(0); })
      .value_or("");
}

void UserStore::put_fact(std::string_view name, std::string_view value) {
  sql("INSERT OR REPLACE INTO fact VALUES (?, ?)").bind(name).bind(value).run();
}

bool UserStore::empty() {
  return !one(sql("SELECT 1 FROM user LIMIT 1"), [](auto&) { return true; });
}

std::optional<User> UserStore::user(std::string_view name) {
  static const std::string text = std::string(user_columns) + "WHERE name = ?";
  return one(sql(text.c_str()).bind(name), read_user);
}

std::vector<User> UserStore::users() {
  static const std::string text = std::string(user_columns) + "ORDER BY name";
  return all(sql(text.c_str()), read_user);
}

void UserStore::put(const User& user) {
  ATS_ASSERT(is_user_name(user.name));
  sql("INSERT OR REPLACE INTO user VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(user.name)
      .bind(joined(user.roles))
      .bind(scopes_text(user.scopes))
      .bind(std::int64_t{user.disabled})
      .bind(user.password)
      .bind(user.totp)
      .bind(user.totp_pending)
      .bind(user.totp_step)
      .bind(user.created.ns_utc)
      .bind(user.last_sign_in.ns_utc)
      .run();
}

void UserStore::put(const Session& session) {
  sql("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(session.id)
      .bind(session.hash)
      .bind(session.name)
      .bind(session.from)
      .bind(session.agent)
      .bind(session.started.ns_utc)
      .bind(session.seen.ns_utc)
      .bind(session.stepped_up.ns_utc)
      .run();
}

std::optional<Session> UserStore::session(std::string_view hash) {
  return one(sql("SELECT * FROM session WHERE hash = ?").bind(hash), read_session);
}

std::optional<Session> UserStore::session_by_id(std::string_view id) {
  return one(sql("SELECT * FROM session WHERE id = ?").bind(id), read_session);
}

std::vector<Session> UserStore::sessions(std::string_view name) {
  return all(sql("SELECT * FROM session WHERE name = ?1 OR ?1 = '' ORDER BY seen DESC").bind(name),
             read_session);
}

void UserStore::remove_session(std::string_view id) {
  sql("DELETE FROM session WHERE id = ?").bind(id).run();
}

void UserStore::remove_sessions(std::string_view name, std::string_view kept) {
  sql("DELETE FROM session WHERE name = ? AND id != ?").bind(name).bind(kept).run();
}

void UserStore::put(const Token& token) {
  sql("INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(token.id)
      .bind(token.hash)
      .bind(token.name)
      .bind(token.label)
      .bind(joined(token.permissions))
      .bind(token.created.ns_utc)
      .bind(token.expires.ns_utc)
      .bind(token.last_used.ns_utc)
      .run();
}

std::optional<Token> UserStore::token(std::string_view hash) {
  return one(sql("SELECT * FROM token WHERE hash = ?").bind(hash), read_token);
}

std::vector<Token> UserStore::tokens(std::string_view name) {
  return all(sql("SELECT * FROM token WHERE name = ? ORDER BY created DESC").bind(name),
             read_token);
}

void UserStore::remove_token(std::string_view id) {
  sql("DELETE FROM token WHERE id = ?").bind(id).run();
}

void UserStore::remove_tokens(std::string_view name) {
  sql("DELETE FROM token WHERE name = ?").bind(name).run();
}

void UserStore::put(const AccessLink& link) {
  remove_links(link.name);
  sql("INSERT INTO link VALUES (?, ?, ?)")
      .bind(link.hash)
      .bind(link.name)
      .bind(link.expires.ns_utc)
      .run();
}

std::optional<AccessLink> UserStore::link(std::string_view hash) {
  return one(sql("SELECT hash, name, expires FROM link WHERE hash = ?").bind(hash), [](auto& row) {
    return AccessLink{row.text(0), row.text(1), {row.number(2)}};
  });
}

void UserStore::remove_links(std::string_view name) {
  sql("DELETE FROM link WHERE name = ?").bind(name).run();
}

void UserStore::put_backup_codes(std::string_view name, const std::vector<std::string>& hashes) {
  sql("DELETE FROM backup_code WHERE name = ?").bind(name).run();
  for (const std::string& hash : hashes)
    sql("INSERT INTO backup_code VALUES (?, ?)").bind(name).bind(hash).run();
}

std::size_t UserStore::backup_codes(std::string_view name) {
  return one(sql("SELECT count(*) FROM backup_code WHERE name = ?").bind(name),
             [](auto& row) { return row.count(0); })
      .value_or(0);
}

bool UserStore::use_backup_code(std::string_view name, std::string_view hash) {
  const auto there =
      one(sql("SELECT 1 FROM backup_code WHERE name = ? AND hash = ?").bind(name).bind(hash),
          [](auto&) { return true; });
  return there &&
         sql("DELETE FROM backup_code WHERE name = ? AND hash = ?").bind(name).bind(hash).run();
}

security::Failures UserStore::failures(std::string_view of) {
  return one(sql("SELECT count, last FROM failure WHERE of = ?").bind(of),
             [](auto& row) {
               return security::Failures{static_cast<std::uint32_t>(row.number(0)),
                                         {row.number(1)}};
             })
      .value_or(security::Failures{});
}

void UserStore::put(std::string_view of, const security::Failures& failures) {
  if (failures.count == 0) {
    sql("DELETE FROM failure WHERE of = ?").bind(of).run();
    return;
  }
  sql("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)")
      .bind(of)
      .bind(std::uint64_t{failures.count})
      .bind(failures.last.ns_utc)
      .run();
}

std::string UserStore::preferences(std::string_view name) {
  return one(sql("SELECT body FROM preference WHERE name = ?").bind(name),
             [](auto& row) { return row.text(0); })
      .value_or("");
}

void UserStore::put_preferences(std::string_view name, std::string_view body) {
  sql("INSERT OR REPLACE INTO preference VALUES (?, ?)").bind(name).bind(body).run();
}

void UserStore::put(const Approval& approval) {
  sql("INSERT OR REPLACE INTO approval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(approval.id)
      .bind(approval.at.ns_utc)
      .bind(approval.expires.ns_utc)
      .bind(approval.by)
      .bind(approval.what)
      .bind(approval.summary)
      .bind(approval.reason)
      .bind(approval.request)
      .bind(static_cast<std::int64_t>(approval.state))
      .bind(approval.decided_by)
      .run();
}

std::optional<Approval> UserStore::approval(std::string_view id) {
  return one(sql("SELECT * FROM approval WHERE id = ?").bind(id), read_approval);
}

std::vector<Approval> UserStore::approvals(std::size_t most) {
  return all(sql("SELECT * FROM approval ORDER BY at DESC, id LIMIT ?").bind(most), read_approval);
}

std::size_t UserStore::expire_approvals(WallTime now) {
  constexpr auto waiting = static_cast<std::int64_t>(ApprovalState::Waiting);
  const auto late = one(sql("SELECT count(*) FROM approval WHERE state = ? AND expires <= ?")
                            .bind(waiting)
                            .bind(now.ns_utc),
                        [](auto& row) { return row.count(0); })
                        .value_or(0);
  if (late == 0) return 0;
  sql("UPDATE approval SET state = ? WHERE state = ? AND expires <= ?")
      .bind(static_cast<std::int64_t>(ApprovalState::Expired))
      .bind(waiting)
      .bind(now.ns_utc)
      .run();
  return late;
}

void UserStore::add(security::AuditEntry entry) {
  const auto mark_of = [this](std::uint64_t number) {
    return one(sql("SELECT mark FROM audit WHERE number = ?").bind(number),
               [](auto& row) { return row.text(0); })
        .value_or("");
  };
  const std::uint64_t count = audit_count();
  const std::uint64_t there =
      one(sql("SELECT max(number) FROM audit"), [](auto& row) { return row.count(0); }).value_or(0);
  // Behind whatever was put there, so that it stays to be found.
  std::uint64_t last = std::max(there, count);
  std::string mark = mark_of(last);
  const auto append = [&](security::AuditEntry& one_more) {
    one_more.number = ++last;
    mark = security::audit_mark(key_, mark, one_more);
    insert(one_more, mark);
  };
  if (there != count || fact("audit_head") != security::audit_head(key_, count, mark)) {
    security::AuditEntry broken;
    broken.at = entry.at;
    broken.what = security::audit_broken;
    broken.outcome = fmt::format("it should have ended at {}, and ended at {}", count, there);
    append(broken);
  }
  append(entry);
  put_fact("audit_count", std::to_string(last));
  put_fact("audit_head", security::audit_head(key_, last, mark));
}

void UserStore::insert(const security::AuditEntry& entry, std::string_view mark) {
  sql("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(entry.number)
      .bind(entry.at.ns_utc)
      .bind(entry.who)
      .bind(entry.from)
      .bind(entry.what)
      .bind(entry.target)
      .bind(entry.before)
      .bind(entry.after)
      .bind(entry.outcome)
      .bind(mark)
      .run();
}

std::vector<security::AuditEntry> UserStore::audit(std::uint64_t before, std::size_t most) {
  return all(sql("SELECT * FROM audit WHERE number < ?1 OR ?1 = 0 ORDER BY number DESC LIMIT ?2")
                 .bind(before)
                 .bind(most),
             read_entry);
}

std::uint64_t UserStore::audit_count() {
  const auto count = parse_scaled(fact("audit_count"), 0);
  return count && *count >= 0 ? static_cast<std::uint64_t>(*count) : 0;
}

std::string UserStore::check_audit() {
  security::AuditCheck check(key_);
  // One statement: another process may write meanwhile, and the end belongs to what was read.
  io::SqlStatement& rows =
      sql("SELECT audit.*, (SELECT value FROM fact WHERE name = 'audit_count'), (SELECT value FROM "
          "fact WHERE name = 'audit_head') FROM (SELECT 1) LEFT JOIN audit ORDER BY number");
  std::string head;
  std::uint64_t count = 0;
  while (rows.step()) {
    if (!rows.nothing(0)) check.next(read_entry(rows), rows.text(9));
    const auto kept = parse_scaled(rows.text(10), 0);
    count = kept && *kept >= 0 ? static_cast<std::uint64_t>(*kept) : 0;
    head = rows.text(11);
  }
  return check.end(count, head);
}

void UserStore::prune(WallTime now, Duration session_idle, Duration session_life) {
  sql("DELETE FROM session WHERE seen < ? OR started < ?")
      .bind((now + session_idle * -1).ns_utc)
      .bind((now + session_life * -1).ns_utc)
      .run();
  sql("DELETE FROM token WHERE expires < ?").bind(now.ns_utc).run();
  sql("DELETE FROM link WHERE expires < ?").bind(now.ns_utc).run();
  sql("DELETE FROM failure WHERE last < ?")
      .bind((now + security::name_lockout.forgotten * -1).ns_utc)
      .run();
}

}  // namespace ats::services

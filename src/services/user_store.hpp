// Who there is: users, their sessions, tokens, one-time links, what they failed at, what they set, acts that wait for a second
// person, and the audit log, in one SQLite file that several processes may have open (`ats user` beside a server). The key beside it
// seals authenticators' secrets and marks the audit log.
//
// Invariants: what belongs together, and its audit entry with it, is written in one transaction or not at all. Passwords,
// cookies, tokens, links and backup codes are kept as hashes alone. A store whose key is not there, or is another, does not open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/sqlite.hpp"
#include "security/audit_chain.hpp"
#include "security/lockout.hpp"
#include "security/store_key.hpp"

namespace ats::services {

// Where one may act; an empty part means everywhere.
struct AccessScope {
  std::string venue, pair;
  bool operator==(const AccessScope&) const = default;
};

struct User {
  std::string name;
  std::vector<std::string> roles;
  std::vector<AccessScope> scopes;  // none: everywhere
  bool disabled = false;
  std::string password;         // its hash; empty: none is set yet
  std::string totp;             // sealed; empty: no authenticator
  std::string totp_pending;     // sealed, until a first code shows that the authenticator has it
  std::uint64_t totp_step = 0;  // of the code used last
  WallTime created, last_sign_in;
};
// Small letters, digits, '.', '-' and '_', at most 31, a letter or digit first.
bool is_user_name(std::string_view text);

struct Session {
  std::string id;    // to be shown
  std::string hash;  // of the cookie
  std::string name, from, agent;
  WallTime started, seen, stepped_up;
};

struct Token {
  std::string id, hash, name, label;
  std::vector<std::string> permissions;
  WallTime created, expires, last_used;
};

// How one gets a password without one.
struct AccessLink {
  std::string hash;
  std::string name;  // empty: of the first admin, who chooses one
  WallTime expires;
};

enum class ApprovalState : std::uint8_t { Waiting, Done, Refused, Expired };
const char* name(ApprovalState state);

struct Approval {
  std::string id;
  WallTime at, expires;
  std::string by;
  std::string what;     // a permission: "resume", "limits"
  std::string summary;  // for people
  std::string reason;
  std::string request;  // what carries it out; the server's own
  ApprovalState state = ApprovalState::Waiting;
  std::string decided_by;
};

// A name for something secret, by which it is found again.
std::string secret_hash(std::string_view secret);
// Something nobody can guess: base64url of 32 random bytes.
std::string random_secret();
// Sixteen hex digits.
std::string random_id();

class UserStore {
 public:
  // Makes the folder (mode 0700), the key and the store where there are none. The error is one line a person can act on.
  static Result<std::unique_ptr<UserStore>, std::string> open(const std::filesystem::path& folder);
  const security::StoreKey& key() const { return key_; }

  // Every change belongs to a transaction. False: the disk does not let us, or another process writes for too long;
  // nothing of it was written, and the next one may go well.
  bool begin();
  bool commit();
  void give_up();
  // What was found since the last time this was asked may not be all there is: the disk did not let us read.
  bool trouble();
  // Of the last that was not written, or not read.
  const std::string& failure() const { return failed_; }

  bool empty();  // no user
  std::optional<User> user(std::string_view name);
  std::vector<User> users();
  void put(const User& user);

  void put(const Session& session);
  std::optional<Session> session(std::string_view hash);
  std::optional<Session> session_by_id(std::string_view id);
  // `name` empty: everybody's. The latest first.
  std::vector<Session> sessions(std::string_view name);
  void remove_session(std::string_view id);
  // All of somebody but the one kept (its id; empty: none is).
  void remove_sessions(std::string_view name, std::string_view kept);

  void put(const Token& token);
  std::optional<Token> token(std::string_view hash);
  std::vector<Token> tokens(std::string_view name);
  void remove_token(std::string_view id);
  void remove_tokens(std::string_view name);

  // Takes the place of those that are for the same name.
  void put(const AccessLink& link);
  std::optional<AccessLink> link(std::string_view hash);
  void remove_links(std::string_view name);

  void put_backup_codes(std::string_view name, const std::vector<std::string>& hashes);
  std::size_t backup_codes(std::string_view name);
  // False: there is none such, or it was used.
  bool use_backup_code(std::string_view name, std::string_view hash);

  // Of a name or an address ("name alice", "address 10.0.0.7").
  security::Failures failures(std::string_view of);
  void put(std::string_view of, const security::Failures& failures);

  std::string preferences(std::string_view name);  // empty: none
  void put_preferences(std::string_view name, std::string_view body);

  void put(const Approval& approval);
  std::optional<Approval> approval(std::string_view id);
  // The latest first.
  std::vector<Approval> approvals(std::size_t most);
  // Those that waited too long. How many.
  std::size_t expire_approvals(WallTime now);

  // Its number is given here. A log that does not end where it should gets an entry that says so before it.
  void add(security::AuditEntry entry);
  // Before that number (0: from the end), the latest first.
  std::vector<security::AuditEntry> audit(std::uint64_t before, std::size_t most);
  std::uint64_t audit_count();
  // Empty: intact; otherwise what is wrong.
  std::string check_audit();

  // What nobody can use any more: sessions, tokens and links that are over, failures long forgotten.
  void prune(WallTime now, Duration session_idle, Duration session_life);

 private:
  UserStore(std::unique_ptr<io::Sqlite> database, security::StoreKey key)
      : database_(std::move(database)), key_(std::move(key)) {}
  std::optional<std::string> prepare();
  std::string key_check() const;
  std::string fact(std::string_view name);
  void insert(const security::AuditEntry& entry, std::string_view mark);
  void put_fact(std::string_view name, std::string_view value);
  io::SqlStatement& sql(const char* text) { return database_->statement(text); }

  std::unique_ptr<io::Sqlite> database_;
  security::StoreKey key_;
  std::string failed_;
};

}  // namespace ats::services

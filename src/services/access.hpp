// Who may get in, and who may do what: the access layer of every server that people and programs reach over HTTP (docs/users.md,
// docs/security.md). It answers "who is this?" and "may they?", and serves the endpoints that are about users: sessions, users, tokens,
// preferences, audit log, approvals.
//
// Invariants:
//  - Everything is called on one thread; passwords are hashed on another, and what follows is brought back by `post`.
//  - The store is asked at every request: what another process changed (a user was disabled) holds for the next one.
//  - Nobody gets more from a token, a session or a header than the user's roles give at that moment.
//  - Whatever changes who may do what is written down in the audit log with it, or does not happen.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "security/permission.hpp"
#include "services/access_config.hpp"
#include "services/user_store.hpp"
#include "venues/http.hpp"

namespace ats::services {

struct Caller {
  std::string name;
  std::vector<std::string> roles;
  security::Permissions permissions;
  std::vector<AccessScope> scopes;  // none: everywhere
  bool is_token = false;
  std::string id;  // of the session or the token
  std::string from;
  bool stepped_up = false;     // a code was given a moment ago, or none is asked for
  bool totp_required = false;  // nothing but setting up an authenticator
  std::string csrf;            // what the header has to be; of a session
};

// May it name that venue and that pair in an act? An empty one means all of them.
bool in_scope(const Caller& caller, std::string_view venue, std::string_view pair);

using Answer = std::function<void(HttpResponse)>;

struct AccessOptions {
  AccessConfig config;
  bool tls = false;  // how the server is reached: decides what the cookie is called
  // Brings a call to the thread that everything is called on (io/call_bridge.hpp); any thread calls it.
  std::function<void(std::function<void()>)> post;
  // Carries out what a second person agreed to: `request` is what ask_approval() was given. Who asked is in it, who decides is the caller.
  std::function<void(const Approval&, const Caller&, Answer)> carry_out;
  // An approval was asked for or decided here.
  std::function<void()> approvals_changed;
};

// What Access serves, for whoever describes the whole API.
struct AccessEndpoint {
  std::string method, path;  // "/api/v1/users/*"
  std::string needs;         // a permission, "session", "somebody" or "nobody"
};

class Access {
 public:
  static std::vector<AccessEndpoint> endpoints();

  // The store's folder: <data_dir>/dashboard. The error is one line a person can act on.
  static Result<std::unique_ptr<Access>, std::string> open(const std::filesystem::path& folder,
                                                           AccessOptions options);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  // By its cookie or its token. The answer otherwise: 401, or 503 when the store cannot be read.
  Result<Caller, HttpResponse> who(const HttpRequest& request, std::string_view from, WallTime now);
  // The same caller as it is now (for what lasts longer than a request); nothing: it is none any more.
  std::optional<Caller> still(const Caller& caller, WallTime now);
  // Why not, or nothing. Looks at the permission, at a step-up where it takes one, at an authenticator that is
  // required, and, where a cookie came with what is no GET, at the CSRF header and the origin.
  std::optional<HttpResponse> refuse(const Caller& caller, const HttpRequest& request,
                                     security::Permission permission) const;
  // Whether its Origin is this server: for WebSockets, which need one. None at all is not ours.
  bool origin_is_ours(const HttpRequest& request) const;

  // True: it is one of ours, and `answer` was called or will be. False: somebody else's.
  bool serve(const HttpRequest& request, std::string_view from, WallTime now, Answer answer);

  // Its number is given here. False: it could not be written, and the act should not be done.
  bool audit(security::AuditEntry entry);

  bool four_eyes(std::string_view what) const;
  // Keeps it until a second person decides, or an hour is over: the answer to give (202 with the approval).
  HttpResponse ask_approval(const Caller& caller, WallTime now, std::string what,
                            std::string summary, std::string reason, std::string request);
  // As GET /api/v1/approvals tells them: `{"approvals":[…]}`.
  std::string approvals_json(WallTime now);

  // Where there is no user yet: a token that makes the first admin, once, within a day. It takes the place of the one before.
  // Empty: there are users.
  std::string setup_link_token(WallTime now);

 private:
  struct State;
  explicit Access(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ats::services

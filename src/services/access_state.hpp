// The inside of Access, which its sources share: the store, the thread for slow work, and one function for each endpoint. Nobody
// else includes this.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "services/access.hpp"
#include "services/api_answer.hpp"
#include "services/slow_work.hpp"
#include "services/user_acts.hpp"

namespace ats::services {

// A request on its way to its answer.
struct Ask {
  std::string method;
  std::vector<std::string> path;  // behind /api/v1, decoded: {"users", "alice", "reset"}
  std::string query;
  std::string cookie;  // the secret in it
  std::string agent;
  std::string from;
  nlohmann::json body = nlohmann::json::object();
  WallTime now;
  Answer answer;
  Caller caller;  // of those that need one
};

// Text in a member of the body; empty: it is not there, or no text.
std::string text_in(const nlohmann::json& body, const char* member);
// Of `a=1&b=2`; empty: it is not there.
std::string query_value(const std::string& query, std::string_view name);

// Who is asked of an endpoint.
enum class Needs : std::uint8_t {
  Nobody,     // anybody may ask
  Enrolling,  // a session, also one that has still to set up an authenticator
  Somebody,   // a session or a token
  Session,    // a session, no token
  Granted,    // somebody with the permission
};

constexpr Duration step_up_for = seconds(300);
constexpr Duration approval_life = hours(1);

struct Access::State {
  struct Endpoint {
    const char* method;
    const char* path;  // '*' is any one word
    Needs needs;
    security::Permission permission;  // where it needs one
    void (State::*serve)(Ask&);
  };
  static std::span<const Endpoint> endpoints();

  State(std::filesystem::path store_folder, std::unique_ptr<UserStore> opened, AccessOptions given)
      : folder(std::move(store_folder)),
        options(std::move(given)),
        store(std::move(opened)),
        slow(options.post) {}

  // --- who ---
  const char* cookie_name() const { return options.tls ? "__Host-ats" : "ats"; }
  std::string set_cookie(std::string_view secret) const;
  std::string cookie_in(const HttpRequest& request) const;
  bool must_enrol(const User& user) const;
  Caller caller_of(const Session& session, const User& user, WallTime now) const;
  std::optional<Caller> caller_of(const Token& token, const User& user) const;
  bool alive(const Session& session, WallTime now) const;
  Result<Caller, HttpResponse> who(const HttpRequest& request, std::string_view from, WallTime now);
  bool origin_is_bad(const HttpRequest& request) const;
  // A request that changes something came with a cookie and without what shows that our page sent it.
  std::optional<HttpResponse> forged(const Caller& caller, const HttpRequest& request) const;
  std::optional<HttpResponse> refuse(const Caller& caller, const HttpRequest& request,
                                     security::Permission permission) const;
  std::optional<HttpResponse> step_up_missing(const Caller& caller) const;

  // --- writing ---
  // All of it with its audit entry, or nothing. False: answered with 503 already.
  template <class Change>
  bool write(Ask& ask, Change change) {
    if (store->begin()) {
      change();
      if (store->commit()) return true;
    }
    ask.answer(api_error(ApiError::Unavailable, "the user store: " + store->failure()));
    return false;
  }
  void log(const Ask& ask, std::string_view who, std::string what, std::string target,
           std::string outcome = "done", std::string before = {}, std::string after = {});

  // --- failures ---
  // A failure is counted before the work that could show it to be none, so that nobody tries many at once.
  // False: they have to wait, and were told so.
  bool may_try(Ask& ask, const std::string& name, bool count_address, ApiError code);
  void tried_well(const Ask& ask, const std::string& name, bool count_address);
  // It counts as no attempt.
  void not_tried(const Ask& ask, const std::string& name, bool count_address);

  nlohmann::json session_json(const Caller& caller, const Session* session) const;
  // A new session, and what goes with it; within a write.
  Session begin_session(const Ask& ask, const std::string& name, bool with_code,
                        std::string& secret);
  void answer_session(Ask& ask, const User& user, const Session& session,
                      const std::string& secret);

  // --- endpoints ---
  void get_session(Ask& ask);
  void sign_in(Ask& ask);
  void sign_out(Ask& ask);
  void step_up(Ask& ask);
  void change_password(Ask& ask);
  void enrol(Ask& ask);
  void confirm_enrolment(Ask& ask);
  void set_up(Ask& ask);
  void get_preferences(Ask& ask);
  void put_preferences(Ask& ask);
  void list_users(Ask& ask);
  void add_user(Ask& ask);
  void change_user(Ask& ask);
  void reset_user(Ask& ask);
  void list_sessions(Ask& ask);
  void end_session(Ask& ask);
  void list_tokens(Ask& ask);
  void add_token(Ask& ask);
  void end_token(Ask& ask);
  void list_audit(Ask& ask);
  void list_approvals(Ask& ask);
  void approve(Ask& ask);
  void refuse_approval(Ask& ask);

  void signed_in(Ask& ask, const std::string& name, const std::string& hash, bool right);
  nlohmann::json approvals(WallTime now);
  // Null, and answered: it is not there, decided, or not theirs to decide.
  std::optional<Approval> to_decide(Ask& ask);

  const std::filesystem::path folder;
  AccessOptions options;
  std::unique_ptr<UserStore> store;
  WallTime pruned;
  std::shared_ptr<bool> life =
      std::make_shared<bool>(true);  // what comes later asks whether this is still there
  SlowWork slow;                     // last: nothing of it runs when the rest is gone
};

nlohmann::json approval_json(const Approval& approval);

}  // namespace ats::services

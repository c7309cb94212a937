// Access: acts that wait for a second person.
#include <fmt/format.h>

#include "services/access_state.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
constexpr std::size_t approvals_most = 100;
constexpr std::size_t reason_most = 200;

}  // namespace

json approval_json(const Approval& approval) {
  return {{"id", approval.id},
          {"at", format_rfc3339(approval.at)},
          {"by", approval.by},
          {"what", approval.what},
          {"summary", approval.summary},
          {"reason", approval.reason},
          {"expires", format_rfc3339(approval.expires)},
          {"state", name(approval.state)},
          {"decidedBy", approval.decided_by}};
}

HttpResponse Access::ask_approval(const Caller& caller, WallTime now, std::string what,
                                  std::string summary, std::string reason, std::string request) {
  UserStore& store = *state_->store;
  Approval approval{random_id(),
                    now,
                    now + approval_life,
                    caller.name,
                    std::move(what),
                    std::move(summary),
                    std::move(reason),
                    std::move(request),
                    ApprovalState::Waiting,
                    {}};
  bool written = store.begin();
  if (written) {
    store.put(approval);
    store.add({0,
               now,
               caller.name,
               caller.from,
               "approval.ask",
               approval.what,
               {},
               approval.summary,
               "waiting: " + approval.reason});
    written = store.commit();
  }
  if (!written) return api_error(ApiError::Unavailable, "the user store: " + store.failure());
  if (state_->options.approvals_changed) state_->options.approvals_changed();
  return json_answer({{"approval", approval_json(approval)}}, 202);
}

json Access::State::approvals(WallTime now) {
  json rows = json::array();
  for (Approval& approval : store->approvals(approvals_most)) {
    if (approval.state == ApprovalState::Waiting && approval.expires <= now)
      approval.state = ApprovalState::Expired;
    rows.push_back(approval_json(approval));
  }
  return {{"approvals", std::move(rows)}};
}

std::string Access::approvals_json(WallTime now) {
  return state_->approvals(now).dump(-1, ' ', false, json::error_handler_t::replace);
}

void Access::State::list_approvals(Ask& ask) { ask.answer(json_answer(approvals(ask.now))); }

std::optional<Approval> Access::State::to_decide(Ask& ask) {
  if (!write(ask, [&] { store->expire_approvals(ask.now); })) return std::nullopt;
  auto approval = store->approval(ask.path[1]);
  const auto answer = [&](HttpResponse refused) -> std::optional<Approval> {
    ask.answer(std::move(refused));
    return std::nullopt;
  };
  if (!approval) return answer(api_error(ApiError::NotFound, "there is no such approval"));
  if (text_in(ask.body, "reason").size() > reason_most)
    return answer(api_error(ApiError::InvalidArgument, "reason: at most 200 bytes"));
  const auto permission = security::find_permission(approval->what);
  if (!permission || !ask.caller.permissions.has(*permission)) {
    return answer(
        api_error(ApiError::PermissionDenied,
                  fmt::format("to decide on it takes the permission {}", approval->what)));
  }
  if (auto refused = step_up_missing(ask.caller)) return answer(*std::move(refused));
  if (approval->state != ApprovalState::Waiting) {
    return answer(api_error(ApiError::FailedPrecondition,
                            fmt::format("it waits no more: {}", name(approval->state))));
  }
  return approval;
}

void Access::State::approve(Ask& ask) {
  auto approval = to_decide(ask);
  if (!approval) return;
  if (approval->by == ask.caller.name) {
    ask.answer(api_error(ApiError::PermissionDenied,
                         "you asked for it yourself: it takes a second person"));
    return;
  }
  // Who asked must still be one who may.
  const auto asker = store->user(approval->by);
  const auto permission = security::find_permission(approval->what);
  if (!asker || asker->disabled || !security::permissions_of(asker->roles).has(*permission)) {
    ask.answer(
        api_error(ApiError::FailedPrecondition,
                  fmt::format("'{}', who asked for it, may not do it any more", approval->by)));
    return;
  }
  const std::string reason = text_in(ask.body, "reason");
  // It is done once, whoever else agrees meanwhile.
  bool ours = false;
  if (!write(ask, [&] {
        const auto latest = store->approval(approval->id);
        ours = latest && latest->state == ApprovalState::Waiting;
        if (!ours) return;
        approval->state = ApprovalState::Done;
        approval->decided_by = ask.caller.name;
        store->put(*approval);
        log(ask, ask.caller.name, "approval.approve", approval->what, "done", approval->summary,
            reason);
      }))
    return;
  if (!ours) {
    ask.answer(api_error(ApiError::FailedPrecondition, "somebody else has just decided"));
    return;
  }
  auto shared = std::make_shared<Ask>(ask);
  const auto carried = [this, alive = std::weak_ptr(life), shared,
                        approval = *approval](const HttpResponse& answer) {
    if (alive.expired()) return;
    constexpr int first_error = 400;
    if (answer.status >= first_error) {
      // It did not happen, as far as anybody knows: it may be agreed to again.
      Approval again = approval;
      again.state = ApprovalState::Waiting;
      again.decided_by.clear();
      if (!write(*shared, [&] {
            store->put(again);
            log(*shared, shared->caller.name, "approval.carry-out", approval.what,
                fmt::format("refused: HTTP {}", answer.status), approval.summary);
          }))
        return;
      if (options.approvals_changed) options.approvals_changed();
      return shared->answer(answer);
    }
    if (options.approvals_changed) options.approvals_changed();
    json body = json::parse(answer.body, nullptr, false);
    if (body.is_discarded()) body = json::object();
    shared->answer(json_answer({{"response", std::move(body)}}));
  };
  if (options.carry_out)
    options.carry_out(*approval, ask.caller, carried);
  else
    carried(api_error(ApiError::Unavailable, "this server carries nothing out"));
}

void Access::State::refuse_approval(Ask& ask) {
  auto approval = to_decide(ask);
  if (!approval) return;
  const std::string reason = text_in(ask.body, "reason");
  bool ours = false;
  if (!write(ask, [&] {
        const auto latest = store->approval(approval->id);
        ours = latest && latest->state == ApprovalState::Waiting;
        if (!ours) return;
        approval->state = ApprovalState::Refused;
        approval->decided_by = ask.caller.name;
        store->put(*approval);
        log(ask, ask.caller.name, "approval.refuse", approval->what, "done", approval->summary,
            reason);
      }))
    return;
  if (!ours) {
    ask.answer(api_error(ApiError::FailedPrecondition, "somebody else has just decided"));
    return;
  }
  if (options.approvals_changed) options.approvals_changed();
  ask.answer(json_answer({{"approval", approval_json(*approval)}}));
}

}  // namespace ats::services

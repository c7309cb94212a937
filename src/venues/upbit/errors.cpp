#include "venues/upbit/errors.hpp"

namespace ats::venues::upbit {
namespace {

struct Row {
  std::string_view start;  // the first row whose text begins the name counts
  Meaning meaning;
};

constexpr Row rows[] = {
    {"insufficient_funds", {Reaction::Refused, RejectReason::InsufficientFunds}},
    {"under_min_total", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"over_krw_funds", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"invalid_price", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"validation_error", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"invalid_parameter", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"create_bid_error", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"create_ask_error", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"invalid_time_in_force", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"invalid_post_only", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"QUERY_PARAMETER_NOT_SUPPORTED", {Reaction::Refused, RejectReason::InvalidOrder}},
    {"duplicated_identifier", {Reaction::Refused, RejectReason::DuplicateId}},
    {"notfoundmarket", {Reaction::Refused, RejectReason::InstrumentClosed}},
    {"market_offline", {Reaction::Refused, RejectReason::InstrumentClosed}},
    {"thirdparty_agreement_required", {Reaction::Refused, RejectReason::AuthFailed}},
    {"order_not_found", {Reaction::UnknownOrder, RejectReason::Other}},
    {"jwt_verification", {Reaction::Refused, RejectReason::AuthFailed}},
    {"invalid_query_payload", {Reaction::Refused, RejectReason::AuthFailed}},
    {"invalid_access_key", {Reaction::Refused, RejectReason::AuthFailed}},
    {"expired_access_key", {Reaction::Refused, RejectReason::AuthFailed}},
    {"no_authorization", {Reaction::Refused, RejectReason::AuthFailed}},  // _ip, _token
    {"out_of_scope", {Reaction::Refused, RejectReason::AuthFailed}},
    {"nonce_used", {Reaction::Refused, RejectReason::VenueBusy}},  // a new request has a new one
    {"too_many_requests", {Reaction::Refused, RejectReason::RateLimited}},
};

}  // namespace

std::string error_name(Json& json_text, std::string_view body) {
  json::object root;
  json::object error;
  std::string_view name;
  if (!json_text.open(body, root) || !object_field(root, "error", error) ||
      !number_field(error, "name", name))
    return {};
  return std::string(name);
}

Meaning meaning_of(int status, std::string_view name) {
  if (status == status_rate_limited || status == status_banned)
    return {Reaction::Refused, RejectReason::RateLimited};
  // Maintenance or a fault of theirs: what became of the request nobody says.
  constexpr int first_server_error = 500;
  if (status >= first_server_error) return {Reaction::Unknown, RejectReason::Other};
  for (const Row& row : rows) {
    if (name.starts_with(row.start)) return row.meaning;
  }
  constexpr int first_client_error = 400;
  if (status < first_client_error) return {Reaction::Unknown, RejectReason::Other};
  constexpr int unauthorized = 401;
  constexpr int forbidden = 403;
  if (status == unauthorized || status == forbidden)
    return {Reaction::Refused, RejectReason::AuthFailed};
  // No such thing, said without the name that says it of an order.
  constexpr int not_found = 404;
  if (status == not_found) return {Reaction::Unknown, RejectReason::Other};
  return {Reaction::Refused, RejectReason::Other};
}

}  // namespace ats::venues::upbit

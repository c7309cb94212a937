#include "venues/coinbase/errors.hpp"

namespace ats::venues::coinbase {
namespace {

struct Row {
  std::string_view start;  // the first row whose text begins the reason counts
  Reaction reaction;
  RejectReason reject;
};

constexpr Row rows[] = {
    {"INSUFFICIENT_FUND", Reaction::Refused, RejectReason::InsufficientFunds},
    {"INVALID_LEDGER_BALANCE", Reaction::Refused, RejectReason::InsufficientFunds},
    {"DUPLICATE_CLIENT_ORDER_ID", Reaction::Refused, RejectReason::DuplicateId},
    {"ORDER_ENTRY_DISABLED", Reaction::Refused, RejectReason::InstrumentClosed},
    {"UNTRADABLE_PRODUCT", Reaction::Refused, RejectReason::InstrumentClosed},
    {"INELIGIBLE_PAIR", Reaction::Refused, RejectReason::InstrumentClosed},
    {"GEOFENCING_RESTRICTION", Reaction::Refused, RejectReason::InstrumentClosed},
    {"INVALID_PRODUCT_ID", Reaction::Refused, RejectReason::InstrumentClosed},
    {"INVALID_NO_LIQUIDITY", Reaction::Refused, RejectReason::Other},
    {"INVALID_", Reaction::Refused, RejectReason::InvalidOrder},
    {"LIMIT_PRICE_TOO_FAR_FROM_MARKET", Reaction::Refused, RejectReason::InvalidOrder},
    {"UNSUPPORTED_ORDER_CONFIGURATION", Reaction::Refused, RejectReason::InvalidOrder},
    {"POST_ONLY_NOT_ALLOWED_WITH_FOK", Reaction::Refused, RejectReason::InvalidOrder},
    {"FOK_DISABLED", Reaction::Refused, RejectReason::InvalidOrder},
    {"COMMANDER_REJECTED_NEW_ORDER", Reaction::Unknown, RejectReason::Other},
    {"UNKNOWN", Reaction::Unknown, RejectReason::Other},
};

bool says(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace

Meaning meaning_of_reason(std::string_view reason) {
  constexpr std::string_view preview = "PREVIEW_";
  if (reason.starts_with(preview)) reason.remove_prefix(preview.size());
  if (reason.empty()) return {Reaction::Unknown, RejectReason::Other};
  for (const Row& row : rows) {
    if (reason.starts_with(row.start)) return {row.reaction, row.reject};
  }
  return {};
}

Meaning meaning_of_answer(int status, std::string_view error, std::string_view message) {
  if (status == 429 || error == "rate_limit_exceeded" || says(error, "RESOURCE_EXHAUSTED") ||
      error == "resource_exhausted")
    return {Reaction::Refused, RejectReason::RateLimited};
  if (status == 401 || status == 403) return {Reaction::Refused, RejectReason::AuthFailed};
  if (status >= 500 || status < 400) return {Reaction::Unknown, RejectReason::Other};
  if (status == 404 || says(message, "not found")) return {Reaction::NotThere, RejectReason::Other};
  if (says(message, "account is not available"))
    return {Reaction::Refused, RejectReason::InsufficientFunds};
  // Named as an order's are, or in gRPC's words.
  const Meaning named = meaning_of_reason(error);
  if (named.reaction == Reaction::Refused && named.reject != RejectReason::Other) return named;
  if (status == 400) return {Reaction::Refused, RejectReason::InvalidOrder};
  return {Reaction::Refused, RejectReason::Other};
}

}  // namespace ats::venues::coinbase

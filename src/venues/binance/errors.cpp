#include "venues/binance/errors.hpp"

namespace ats::venues::binance {
namespace {

// -2010 covers everything the matching engine refuses; only the words differ.
RejectReason reason_of_new_order_rejected(std::string_view message) {
  const auto says = [message](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("insufficient balance")) return RejectReason::InsufficientFunds;
  if (says("Duplicate order")) return RejectReason::DuplicateId;
  if (says("Market is closed") || says("symbol is not permitted")) {
    return RejectReason::InstrumentClosed;
  }
  if (says("would immediately match")) return RejectReason::InvalidOrder;  // post-only
  if (says("action is disabled")) return RejectReason::AuthFailed;
  return RejectReason::Other;
}

}  // namespace

ErrorMeaning meaning_of(int http_status, std::int64_t code, std::string_view message) {
  const auto refused = [](RejectReason reason) {
    return ErrorMeaning{Fate::Refused, reason, false};
  };
  constexpr ErrorMeaning unknown{Fate::Unknown, RejectReason::Other, false};
  switch (code) {
    case -1000:  // unknown error
    case -1001:  // disconnected
    case -1006:  // unexpected response
    case -1007:  // timeout: execution status unknown
    case -1008:  // overloaded; nothing says that it was not executed
      return unknown;
    case -1003:
    case -1015:
      return refused(RejectReason::RateLimited);
    case -1013:
      return refused(RejectReason::InvalidOrder);
    case -1021:
      return {Fate::Refused, RejectReason::VenueBusy, true};
    case -1022:
    case -2014:
    case -2015:
      return refused(RejectReason::AuthFailed);
    case -1121:
    case -1220:
      return refused(RejectReason::InstrumentClosed);
    case -2010:
      return refused(reason_of_new_order_rejected(message));
    case -2011:
    case -2013:
      return {Fate::NotThere, RejectReason::Other, false};
    default:
      break;
  }
  if (http_status >= 500) return unknown;
  if (http_status == 429 || http_status == 418) return refused(RejectReason::RateLimited);
  if (http_status == 401 || http_status == 403) return refused(RejectReason::AuthFailed);
  if (code <= -1100 && code >= -1199) return refused(RejectReason::InvalidOrder);
  if (http_status >= 400) return refused(RejectReason::Other);
  return unknown;  // an answer that is neither a result nor an error says nothing
}

}  // namespace ats::venues::binance

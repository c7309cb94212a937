#include "venues/kraken/errors.hpp"

#include <charconv>

namespace ats::venues::kraken {
namespace {

struct Row {
  std::string_view start;  // the first row whose text begins the error counts
  Reaction reaction;
  RejectReason reject;
};

constexpr Row rows[] = {
    {"EOrder:Insufficient funds", Reaction::Refused, RejectReason::InsufficientFunds},
    {"EOrder:Insufficient margin", Reaction::Refused, RejectReason::InsufficientFunds},
    {"EOrder:Order minimum not met", Reaction::Refused, RejectReason::InvalidOrder},
    {"EOrder:Cost minimum not met", Reaction::Refused, RejectReason::InvalidOrder},
    {"EOrder:Tick size check failed", Reaction::Refused, RejectReason::InvalidOrder},
    {"EOrder:Invalid price", Reaction::Refused, RejectReason::InvalidOrder},
    {"EOrder:Post only order", Reaction::Refused, RejectReason::InvalidOrder},
    {"EOrder:Unknown order", Reaction::UnknownOrder, RejectReason::Other},
    {"EOrder:Invalid order", Reaction::UnknownOrder, RejectReason::Other},
    {"EQuery:Unknown order", Reaction::UnknownOrder, RejectReason::Other},
    {"EOrder:Rate limit exceeded", Reaction::Refused, RejectReason::RateLimited},
    {"EOrder:Domain rate limit exceeded", Reaction::Refused, RejectReason::RateLimited},
    {"EOrder:Orders limit exceeded", Reaction::Refused, RejectReason::RateLimited},
    {"EAPI:Rate limit exceeded", Reaction::Refused, RejectReason::RateLimited},
    {"EGeneral:Too many requests", Reaction::Refused, RejectReason::RateLimited},
    {"EAuth:Too many requests", Reaction::Refused, RejectReason::RateLimited},
    {"EService:Throttled", Reaction::Refused, RejectReason::RateLimited},
    {"Exceeded msg rate", Reaction::Refused, RejectReason::RateLimited},
    {"EAPI:Invalid nonce", Reaction::BadNonce, RejectReason::VenueBusy},
    {"EAPI:Invalid token", Reaction::BadToken, RejectReason::VenueBusy},
    {"ESession:", Reaction::BadToken, RejectReason::VenueBusy},
    {"EAPI:Invalid key", Reaction::Refused, RejectReason::AuthFailed},
    {"EAPI:Invalid signature", Reaction::Refused, RejectReason::AuthFailed},
    {"EGeneral:Permission denied", Reaction::Refused, RejectReason::AuthFailed},
    {"EGeneral:Temporary lockout", Reaction::Refused, RejectReason::RateLimited},
    {"EAuth:", Reaction::Refused, RejectReason::AuthFailed},
    {"ETrade:User Locked", Reaction::Refused, RejectReason::AuthFailed},
    {"EService:Deadline elapsed", Reaction::Refused, RejectReason::VenueBusy},
    {"EService:Market in", Reaction::Refused, RejectReason::InstrumentClosed},
    {"EService:", Reaction::Unknown, RejectReason::Other},  // Busy, Unavailable, Timeout, new ones
    {"EGeneral:Invalid arguments", Reaction::Refused, RejectReason::InvalidOrder},
    {"EGeneral:Internal error", Reaction::Unknown, RejectReason::Other},
    {"EGeneral:Unknown", Reaction::Unknown, RejectReason::Other},
    {"EQuery:Unknown asset pair", Reaction::Refused, RejectReason::InstrumentClosed},
    {"EQuery:Invalid asset pair", Reaction::Refused, RejectReason::InstrumentClosed},
    {"Currency pair not supported", Reaction::Refused, RejectReason::InstrumentClosed},
    {"Unsupported field", Reaction::Refused, RejectReason::InvalidOrder},
};

}  // namespace

Meaning meaning_of(std::string_view error) {
  // No document has the words for a client order id that is in use, so any that speak of one count.
  if (error.find("cl_ord_id") != std::string_view::npos ||
      error.find("uplicate") != std::string_view::npos)
    return {Reaction::Refused, RejectReason::DuplicateId, {}};
  for (const Row& row : rows) {
    if (!error.starts_with(row.start)) continue;
    Meaning meaning{row.reaction, row.reject, {}};
    constexpr std::string_view throttled = "EService:Throttled: ";
    if (error.starts_with(throttled)) {
      std::int64_t until = 0;  // unix seconds
      const std::string_view digits = error.substr(throttled.size());
      const auto [end, fault] =
          std::from_chars(digits.data(), digits.data() + digits.size(), until);
      constexpr std::int64_t year_2200 = 7'258'118'400;
      if (fault == std::errc{} && until > 0 && until < year_2200)
        meaning.wait_until = {until * 1'000'000'000};
    }
    return meaning;
  }
  return {};
}

}  // namespace ats::venues::kraken

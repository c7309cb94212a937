// What the readings of key rights have in common.
#pragma once

#include <optional>
#include <string_view>

#include "security/key_rights.hpp"
#include "venues/client.hpp"
#include "venues/json.hpp"

namespace ats::venues {

constexpr security::Answer answer_of(bool yes) {
  return yes ? security::Answer::Yes : security::Answer::No;
}

// A field that is true or false; anything else, or no such field, tells nothing.
inline security::Answer told(json::object& object, std::string_view field) {
  bool yes = false;
  return bool_field(object, field, yes) ? answer_of(yes) : security::Answer::Unknown;
}

// One answer, of those that either may be enough for.
constexpr security::Answer either(security::Answer a, security::Answer b) {
  using security::Answer;
  if (a == Answer::Yes || b == Answer::Yes) return Answer::Yes;
  return a == Answer::No && b == Answer::No ? Answer::No : Answer::Unknown;
}
// One answer, of those that only both are enough for.
constexpr security::Answer both(security::Answer a, security::Answer b) {
  using security::Answer;
  if (a == Answer::No || b == Answer::No) return Answer::No;
  return a == Answer::Yes && b == Answer::Yes ? Answer::Yes : Answer::Unknown;
}

// What a status says where the body says nothing more; nothing: it is none of a failure's.
inline std::optional<KeyFault> fault_of_status(int status) {
  if (status == 429 || status == 418) return KeyFault::RateLimited;
  if (status >= 500) return KeyFault::Unavailable;
  if (status == 404 || status == 405) return KeyFault::NotOffered;
  if (status >= 400) return KeyFault::Rejected;
  return status == 200 ? std::nullopt : std::optional(KeyFault::Malformed);
}

}  // namespace ats::venues

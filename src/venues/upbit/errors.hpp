// What Upbit's error names mean for what we asked. One table; source: docs/venues/upbit.md. Messages are for
// people and in Korean: nothing is read from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/order.hpp"
#include "venues/http.hpp"
#include "venues/json.hpp"

namespace ats::venues::upbit {

enum class Reaction : std::uint8_t {
  Refused,       // certainly not done; `reject` says why
  Unknown,       // perhaps done: ask before anything else
  UnknownOrder,  // the order asked about is not there
};

struct Meaning {
  Reaction reaction = Reaction::Refused;
  RejectReason reject = RejectReason::Other;
};

constexpr int status_rate_limited = 429;
constexpr int status_banned = 418;

// The name in {"error":{"name":…}}, a string or a number; empty when the body is no such thing.
std::string error_name(Json& json, std::string_view body);
// Of an answer that is no success.
Meaning meaning_of(int status, std::string_view name);

}  // namespace ats::venues::upbit

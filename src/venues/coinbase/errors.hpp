// What Coinbase's refusals mean for what we asked. One table; source: docs/venues/coinbase.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/order.hpp"

namespace ats::venues::coinbase {

enum class Reaction : std::uint8_t {
  Refused,   // certainly not done; `reject` says why
  Unknown,   // perhaps done: ask before anything else
  NotThere,  // the order asked about is not there
};

struct Meaning {
  Reaction reaction = Reaction::Refused;
  RejectReason reject = RejectReason::Other;
};

// The reason of a refused order (HTTP 200, "success":false), with or without PREVIEW_ before it.
Meaning meaning_of_reason(std::string_view reason);
// Any other answer; `error` is "error" or "errors"[0]."id" of its body, empty when there is none.
Meaning meaning_of_answer(int status, std::string_view error, std::string_view message);

}  // namespace ats::venues::coinbase

// What Kraken's error strings mean for what we asked. One table; source: docs/venues/kraken.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"
#include "domain/order.hpp"

namespace ats::venues::kraken {

enum class Reaction : std::uint8_t {
  Refused,       // certainly not done; `reject` says why
  Unknown,       // perhaps done: ask before anything else
  UnknownOrder,  // the order asked about is not there (any more)
  BadNonce,      // not done: raise the nonce, try once more
  BadToken,      // not done: a new token, a new session
};

struct Meaning {
  Reaction reaction = Reaction::Refused;
  RejectReason reject = RejectReason::Other;
  WallTime wait_until;  // zero: the venue names no time
};

// `error` as it stands in "error":"…" of the stream or in "error":["…"] of REST.
Meaning meaning_of(std::string_view error);

}  // namespace ats::venues::kraken

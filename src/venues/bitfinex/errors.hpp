// What Bitfinex's errors mean for what we asked: codes where there are any, else the words. One table;
// source: docs/venues/bitfinex.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/order.hpp"

namespace ats::venues::bitfinex {

enum class Reaction : std::uint8_t {
  Refused,       // certainly not done; `reject` says why
  Unknown,       // perhaps done: ask before anything else
  UnknownOrder,  // the order asked about is not there (any more)
  BadNonce,      // not done: raise the nonce, try once more
};

struct Meaning {
  Reaction reaction = Reaction::Refused;
  RejectReason reject = RejectReason::Other;
};

// `code` 0: none was told. `text` as it stands in a notification or in ["error",code,"text"].
Meaning meaning_of(std::int64_t code, std::string_view text);

}  // namespace ats::venues::bitfinex

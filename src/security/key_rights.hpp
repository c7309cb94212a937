// What a venue says that an API key may do. What it does not say is Unknown, which is proof of nothing.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace ats::security {

enum class Answer : std::uint8_t { Unknown, No, Yes };
constexpr const char* name(Answer answer) {
  switch (answer) {
    case Answer::Unknown:
      return "unknown";
    case Answer::No:
      return "no";
    case Answer::Yes:
      return "yes";
  }
  return "?";
}

struct KeyRights {
  Answer read = Answer::Unknown;      // balances and orders
  Answer trade = Answer::Unknown;     // place and cancel
  Answer withdraw = Answer::Unknown;  // move assets out of the account, or change where they may go
  Answer transfer = Answer::Unknown;  // between wallets and accounts of the same owner
  Answer address_bound = Answer::Unknown;  // usable from named network addresses only
  WallTime expires;                        // not told: it has no end, or the venue does not say

  bool operator==(const KeyRights&) const = default;
};

}  // namespace ats::security

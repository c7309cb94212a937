// What an error answer means for the request it answers (sheet: errors, HTTP status and code).
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/order.hpp"

namespace ats::venues::binance {

enum class Fate : std::uint8_t {
  Refused,   // certainly not done; see the reason
  Unknown,   // perhaps done
  NotThere,  // the order asked for, or to be cancelled, is not known (any more)
};
struct ErrorMeaning {
  Fate fate = Fate::Refused;
  RejectReason reason = RejectReason::Other;
  bool clock_skewed = false;  // our timestamp was outside the venue's window
};

// `code` 0: the body had none. Status and code are those of REST and WebSocket API alike.
ErrorMeaning meaning_of(int http_status, std::int64_t code, std::string_view message);

}  // namespace ats::venues::binance

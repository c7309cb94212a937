// The ways a simulated venue misbehaves, and which of them are in force. One Faults per Exchange, used
// by both dresses (the in-memory World and the socket servers), so that a fault means the same in both.
//
// Who applies what:
//   the Exchange itself       reject, partial_fill, late_cancel, duplicate_fill, drop_fill,
//                             maintenance (orders refused), crossed_book, clock_skew
//   the dress around it       disconnect, mute, gap, bad_checksum, slow, timeout_then_accept,
//                             timeout_then_reject, rate_limit, ban, server_error, malformed_frame,
//                             stream_down
//
// A fault is in force for a length of time, or for a number of occasions. strike() is asked at each
// occasion where a fault could show and uses one occasion up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace ats::sim {

enum class FaultKind : std::uint8_t {
  Disconnect,   // every connection is closed
  Mute,         // connected, but market data is not sent, nor is a pong to a market connection
  Gap,          // one change of a book is not sent
  BadChecksum,  // one book message carries a wrong checksum (venues that send one)
  CrossedBook,  // a bid stands above the best ask for a while
  Slow,         // answers take longer by `by`
  TimeoutThenAccept,  // the order, or its amendment, is carried out, its answer never comes
  TimeoutThenReject,  // the same is not carried out, its answer never comes
  DuplicateFill,      // a fill is told twice on the private stream
  DropFill,           // a fill is not told on the private stream
  LateCancel,      // an immediate order's rest stays in the book for `by` longer; an order that is
                   // to be cancelled or amended is filled just before
  PartialFill,     // an order gets half of what it could have had, the rest expires
  Reject,          // an order is refused for no reason of its own
  RateLimit,       // requests are refused: too many (orders are certainly not carried out)
  Ban,             // as RateLimit, and for every request
  ServerError,     // the answer is an error that says nothing: carried out or not
  Maintenance,     // no orders, no cancels; market data goes on
  ClockSkew,       // the venue's clock is off by `by`
  MalformedFrame,  // one book message arrives as bytes that are not the protocol
  StreamDown,  // market-data connections are closed and none is let in; requests are answered as ever
};
constexpr std::size_t fault_kind_count = 20;

// "disconnect", "timeout_then_accept", …: the spelling of the control port and the command line.
const char* name(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view text);

// What is asked for: either a length of time or a number of occasions (the other one zero).
struct FaultOrder {
  FaultKind kind = FaultKind::Disconnect;
  Duration length{};
  std::uint32_t count = 0;
  // Slow: extra delay; ClockSkew: offset, may be negative; LateCancel: how late.
  Duration by = milliseconds(1500);
};

class Faults {
 public:
  // A time and a count of the same kind may be in force together; the later order's `by` counts.
  void inject(const FaultOrder& order, Instant now);
  // In force, without using it up.
  bool active(FaultKind kind, Instant now) const;
  // True when the fault shows on this occasion; counted, and an occasion is used up.
  bool strike(FaultKind kind, Instant now);
  // Extra delay or clock offset; zero when the fault is not in force.
  Duration by(FaultKind kind, Instant now) const;
  // When the fault last had an effect or last was in force for a time; `now` while it is. Instant 0:
  // never. An occasion that has not come yet is no trouble.
  Instant last_trouble(FaultKind kind, Instant now) const;
  void clear();

  std::uint64_t injected(FaultKind kind) const { return at(kind).injected; }
  std::uint64_t struck(FaultKind kind) const { return at(kind).struck; }

 private:
  struct State {
    Instant until{};
    Instant last_struck{};
    std::uint32_t count = 0;
    Duration by{};
    std::uint64_t injected = 0;
    std::uint64_t struck = 0;
  };
  const State& at(FaultKind kind) const { return states_[static_cast<std::size_t>(kind)]; }
  State& at(FaultKind kind) { return states_[static_cast<std::size_t>(kind)]; }

  std::array<State, fault_kind_count> states_{};
};

}  // namespace ats::sim

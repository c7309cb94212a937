// Orders and fills, ours. Placed -> Acked -> PartlyFilled -> Filled | Cancelled | Rejected | Unknown.
#pragma once

#include <cstdint>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"
#include "domain/number.hpp"

namespace ats {

namespace core {
class RiskGate;
}
class ApprovalReader;

enum class OrderState : std::uint8_t {
  Placed,        // journalled and sent (or about to be); the venue has not answered
  Acked,         // the venue has it
  PartlyFilled,  // live with fills
  Filled,
  Cancelled,  // ended with a rest: by us, by the venue, or IOC/expiry leftover; may hold fills
  Rejected,   // never entered the book
  Unknown,    // no answer, or an answer that says nothing: exposure is held until the venue tells
};
const char* name(OrderState state);
constexpr bool is_final(OrderState s) {
  return s == OrderState::Filled || s == OrderState::Cancelled || s == OrderState::Rejected;
}

enum class TimeInForce : std::uint8_t { Ioc, Gtc, Fok };
const char* name(TimeInForce tif);

// Over which of its ways in a venue is given an order.
enum class OrderRoute : std::uint8_t { Stream, Rest };
const char* name(OrderRoute route);
constexpr std::size_t order_route_count = 2;

enum class Liquidity : std::uint8_t { Taker, Maker };

// Sorted by what we can do about it.
enum class RejectReason : std::uint8_t {
  InsufficientFunds,  // refresh balances
  InvalidOrder,       // breaks a filter: refresh metadata, never retry unchanged
  InstrumentClosed,   // pause the instrument
  RateLimited,        // wait
  DuplicateId,        // it is there already: query
  AuthFailed,         // halt the venue
  VenueBusy,          // certainly not executed; decide anew
  Other,
};
const char* name(RejectReason reason);

// What the core asks a venue to do. Limit orders only: the price bounds what can go wrong.
struct OrderRequest {
  OrderId id;
  ExecutionId execution;
  InstrumentId instrument;
  Side side = Side::Buy;
  TimeInForce time_in_force = TimeInForce::Ioc;
  Price price;
  Quantity quantity;
  bool unwind = false;     // reduces what a broken trade left open
  bool post_only = false;  // Gtc only: the venue is to refuse it rather than let it take
  bool operator==(const OrderRequest&) const = default;
};

// What of an order that stands can be changed: its limit, and how much it is for in all, what has filled
// included.
struct OrderTerms {
  Price price;
  Quantity quantity;
  bool told() const { return price.units != 0; }
  bool operator==(const OrderTerms&) const = default;
};
constexpr OrderTerms terms_of(const OrderRequest& order) { return {order.price, order.quantity}; }

struct Fill {
  OrderId order;
  InstrumentId instrument;
  FillId id;
  Side side = Side::Buy;
  Liquidity liquidity = Liquidity::Taker;
  Price price;
  Quantity quantity;
  Decimal fee;  // positive = we paid
  AssetId fee_asset;
  WallTime venue_time;
  bool operator==(const Fill&) const = default;
};

// Proof that risk said yes: only the risk gate makes one, and Place and Amend hold nothing else. The
// journal's reader may restore one, as a record of what was approved.
template <class T>
class Approved {
 public:
  const T& value() const { return value_; }
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  // Serial of the approval, counted by the gate from 1; 0 never leaves the gate.
  std::uint64_t serial() const { return serial_; }
  bool operator==(const Approved&) const = default;

 private:
  friend class core::RiskGate;  // decides
  friend class ApprovalReader;  // domain/codec.cpp: restores what was approved and journalled
  Approved(const T& value, std::uint64_t serial) : value_(value), serial_(serial) {}
  T value_;
  std::uint64_t serial_;
};

}  // namespace ats

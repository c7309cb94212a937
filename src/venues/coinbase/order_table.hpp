// The orders this client has sent or seen, by our id and by the venue's. A ring of fixed size: who looks for
// a recent order finds it first.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "domain/order.hpp"

namespace ats::venues::coinbase {

struct TrackedOrder {
  OrderId id;
  InstrumentId instrument;
  VenueOrderId venue_id;  // empty until told
  WallTime placed;        // zero: before this start
  Quantity filled;        // sum of the fills told
  Quantity seen;          // the venue's cumulative count, as last heard
  bool acked = false;     // OrderAcked was told
  bool ended = false;     // OrderEnded or a rejection was told
  bool asking = false;    // for its fills
  int tries = 0;          // to get all of them
  Instant ask_at;         // not before
  std::vector<FillId> told;

  bool knows(const FillId& fill) const {
    return std::find(told.begin(), told.end(), fill) != told.end();
  }
};

class OrderTable {
 public:
  static constexpr std::size_t capacity = 4096;

  OrderTable() : ring_(capacity) {}

  TrackedOrder& add(OrderId id, InstrumentId instrument) {
    TrackedOrder& order = ring_[next_++ % capacity];
    order = {};
    order.id = id;
    order.instrument = instrument;
    return order;
  }

  TrackedOrder* find(OrderId id) {
    return newest([id](const TrackedOrder& order) { return order.id == id; });
  }
  TrackedOrder* find(std::string_view venue_id) {
    return newest([venue_id](const TrackedOrder& order) {
      return order.venue_id.view() == venue_id && !venue_id.empty();
    });
  }

  template <class Visit>
  void each(Visit&& visit) {
    const std::size_t count = std::min(next_, capacity);
    for (std::size_t n = 0; n < count; ++n) visit(ring_[n]);
  }

 private:
  template <class Match>
  TrackedOrder* newest(Match&& match) {
    const std::size_t oldest = next_ - std::min(next_, capacity);
    for (std::size_t n = next_; n > oldest; --n) {
      TrackedOrder& order = ring_[(n - 1) % capacity];
      if (match(order)) return &order;
    }
    return nullptr;
  }

  std::vector<TrackedOrder> ring_;
  std::size_t next_ = 0;
};

}  // namespace ats::venues::coinbase

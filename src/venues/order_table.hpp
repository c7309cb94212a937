// The orders this client has sent or seen, by our id and by the venue's: events of the account name only
// the latter. A ring of fixed size: placing allocates nothing, and who looks for a recent order finds it
// first.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "domain/order.hpp"

namespace ats::venues {

struct TrackedOrder {
  OrderId id;
  InstrumentId instrument;
  Side side = Side::Buy;
  VenueOrderId venue_id;  // empty until told
  Price price;
  Quantity quantity;  // as ordered; zero when we only saw the order
  Quantity filled;    // sum of the fills seen on the stream
  Instant placed;
  bool acked = false;  // OrderAcked was told
  bool ended = false;  // OrderEnded or a rejection was told
};

class OrderTable {
 public:
  static constexpr std::size_t capacity = 4096;

  OrderTable() : ring_(capacity) {}

  TrackedOrder& add(OrderId id, InstrumentId instrument, Side side) {
    TrackedOrder& order = ring_[next_++ % capacity];
    order = {};
    order.id = id;
    order.instrument = instrument;
    order.side = side;
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

  // Orders added while visiting are not visited.
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

}  // namespace ats::venues

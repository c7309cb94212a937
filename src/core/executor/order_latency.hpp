// How long orders take, by venue and by the way they were given: from the decision to their bytes, to the
// system's hands, to the venue's answer and to the first fill. Of this life's orders; for people, and never
// an input to a decision.
#pragma once

#include <memory>
#include <vector>

#include "base/histogram.hpp"
#include "domain/event.hpp"
#include "domain/status.hpp"

namespace ats::core {

// What is known of one order so far.
struct OrderTimes {
  Instant decided;
  Instant written;  // zero: not told, nothing can be said of it
  OrderRoute route = OrderRoute::Stream;
  bool acked = false;
  bool filled = false;
};

class OrderLatency {
 public:
  void restart(std::size_t venues);
  void sent(VenueId venue, OrderTimes& order, const OrderSent& event);
  // Told at each answer and each fill; the first counts.
  void acked(VenueId venue, OrderTimes& order, Instant received);
  void filled(VenueId venue, OrderTimes& order, Instant received);
  void status(std::vector<OrderLatencyStatus>& out) const;

 private:
  using Stages = std::array<Histogram, order_stage_count>;
  Histogram& of(VenueId venue, OrderRoute route, OrderStage stage);

  // By venue and route; made when the first order goes that way.
  std::vector<std::unique_ptr<Stages>> stages_;
};

}  // namespace ats::core

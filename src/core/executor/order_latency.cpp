#include "core/executor/order_latency.hpp"

namespace ats::core {

void OrderLatency::restart(std::size_t venues) {
  stages_.clear();
  stages_.resize(venues * order_route_count);
}

Histogram& OrderLatency::of(VenueId venue, OrderRoute route, OrderStage stage) {
  auto& stages = stages_[venue.index() * order_route_count + static_cast<std::size_t>(route)];
  if (!stages) stages = std::make_unique<Stages>();
  return (*stages)[static_cast<std::size_t>(stage)];
}

void OrderLatency::sent(VenueId venue, OrderTimes& order, const OrderSent& event) {
  if (order.decided.ns == 0 || order.written.ns != 0) return;
  order.route = event.route;
  order.written = event.written;
  of(venue, order.route, OrderStage::Encoded).record((event.encoded - order.decided).ns);
  of(venue, order.route, OrderStage::Written).record((event.written - event.encoded).ns);
}

void OrderLatency::acked(VenueId venue, OrderTimes& order, Instant received) {
  if (order.written.ns == 0 || order.acked) return;
  order.acked = true;
  of(venue, order.route, OrderStage::Acked).record((received - order.written).ns);
}

void OrderLatency::filled(VenueId venue, OrderTimes& order, Instant received) {
  if (order.written.ns == 0 || order.filled) return;
  order.filled = true;
  of(venue, order.route, OrderStage::FirstFill).record((received - order.written).ns);
}

void OrderLatency::status(std::vector<OrderLatencyStatus>& out) const {
  for (std::size_t n = 0; n < stages_.size(); ++n) {
    if (!stages_[n]) continue;
    OrderLatencyStatus row;
    row.venue = {static_cast<VenueId::rep>(n / order_route_count)};
    row.route = static_cast<OrderRoute>(n % order_route_count);
    for (std::size_t stage = 0; stage < order_stage_count; ++stage) {
      const Histogram& of = (*stages_[n])[stage];
      row.stages[stage] = {of.count(), Duration{of.percentile(0.5)}, Duration{of.percentile(0.99)},
                           Duration{of.max()}};
    }
    out.push_back(row);
  }
}

}  // namespace ats::core

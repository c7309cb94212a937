// Which way an order goes in at a venue that takes orders over its stream and by REST: the one that answers
// sooner, of those that answer. Pure; each client keeps one.
//
// Rules:
//  - what a way takes is learnt from its answers, the latest counting an eighth; REST learns from answers to
//    questions as well, so that it is known before the first order goes that way;
//  - the stream is taken until REST is known to be faster by a quarter, and REST, once taken, until the
//    stream is known to be faster: two that are alike do not take turns;
//  - a way that left a request unanswered is not taken for a while, twice as long each time in a row, as long
//    as the other answers; then it is as good as before;
//  - what was learnt of a way and not confirmed for a minute is forgotten.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.hpp"
#include "domain/order.hpp"

namespace ats::venues {

class OrderRoutes {
 public:
  static constexpr Duration avoided_first = seconds(5);
  static constexpr Duration avoided_most = seconds(80);
  static constexpr Duration remembered = seconds(60);

  void answered(OrderRoute route, Duration took, Instant now) {
    Way& way = of(route);
    const std::int64_t ns = std::max<std::int64_t>(took.ns, 1);
    way.takes = known(way, now) ? Duration{way.takes.ns + (ns - way.takes.ns) / 8} : Duration{ns};
    way.learnt = now;
    way.failures = 0;
    way.avoided_until = {};
  }
  // No answer came, or the connection went with the request on it.
  void failed(OrderRoute route, Instant now) {
    Way& way = of(route);
    const Duration pause{avoided_first.ns << std::min(way.failures, std::uint32_t{4})};
    way.avoided_until = now + std::min(pause, avoided_most);
    ++way.failures;
  }

  OrderRoute choose(Instant now) {
    const Way& stream = of(OrderRoute::Stream);
    const Way& rest = of(OrderRoute::Rest);
    const bool avoid_stream = now < stream.avoided_until;
    const bool avoid_rest = now < rest.avoided_until;
    if (avoid_stream != avoid_rest) {
      taken_ = avoid_stream ? OrderRoute::Rest : OrderRoute::Stream;
    } else if (!known(rest, now) || !known(stream, now)) {
      taken_ = OrderRoute::Stream;
    } else if (taken_ == OrderRoute::Stream) {
      if (rest.takes.ns < stream.takes.ns - stream.takes.ns / 4) taken_ = OrderRoute::Rest;
    } else if (stream.takes < rest.takes) {
      taken_ = OrderRoute::Stream;
    }
    return taken_;
  }
  OrderRoute taken() const { return taken_; }

 private:
  struct Way {
    Duration takes;
    Instant learnt;
    Instant avoided_until;
    std::uint32_t failures = 0;  // in a row
  };
  Way& of(OrderRoute route) { return ways_[static_cast<std::size_t>(route)]; }
  static bool known(const Way& way, Instant now) {
    return way.takes.ns != 0 && now - way.learnt < remembered;
  }

  std::array<Way, order_route_count> ways_;
  OrderRoute taken_ = OrderRoute::Stream;
};

}  // namespace ats::venues

// Which way an order goes in at a venue that takes orders over its stream and by REST: the one that answers
// sooner, of those that answer. Pure; each client keeps one.
//
// Rules:
//  - what a way takes is learnt from its answers to orders and cancels, the latest counting an eighth. Of a way by
//    REST that has answered none lately, answers to questions are a hint: it is tried when they take less than
//    half of what orders over the stream do;
//  - the stream is taken until REST is known to be faster by a quarter, and REST, once taken, until the stream
//    is known to be faster: two that are alike do not take turns;
//  - a way that left a request unanswered is not taken for a while, twice as long each time in a row, as long
//    as the other answers; then it is as good as before;
//  - what was learnt of orders is forgotten after ten minutes, a hint after one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "domain/order.hpp"

namespace ats::venues {

class OrderRoutes {
 public:
  static constexpr Duration avoided_first = seconds(5);
  static constexpr Duration avoided_most = seconds(80);
  static constexpr Duration remembered = seconds(600);
  static constexpr Duration hint_remembered = seconds(60);

  // `always`: the way that is taken whatever is measured.
  explicit OrderRoutes(std::optional<OrderRoute> always) : always_(always) {}

  // An order or a cancel was answered.
  void answered(OrderRoute route, Duration took, Instant now) {
    Way& way = of(route);
    way.orders.learn(took, now, remembered);
    way.failures = 0;
    way.avoided_until = {};
  }
  // A question was, by REST.
  void hint(Duration took, Instant now) {
    Way& way = of(OrderRoute::Rest);
    way.questions.learn(took, now, hint_remembered);
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
    if (always_) return *always_;
    const Way& stream = of(OrderRoute::Stream);
    const Way& rest = of(OrderRoute::Rest);
    const bool avoid_stream = now < stream.avoided_until;
    const bool avoid_rest = now < rest.avoided_until;
    if (avoid_stream != avoid_rest) {
      taken_ = avoid_stream ? OrderRoute::Rest : OrderRoute::Stream;
    } else if (!stream.orders.known(now, remembered)) {
      taken_ = OrderRoute::Stream;
    } else {
      const std::int64_t by_stream = stream.orders.takes.ns;
      const std::int64_t by_rest = rest.orders.takes.ns;
      const bool rest_known = rest.orders.known(now, remembered);
      if (taken_ == OrderRoute::Rest) {
        if (rest_known && by_stream < by_rest) taken_ = OrderRoute::Stream;
      } else if (rest_known ? by_rest < by_stream - by_stream / 4
                            : rest.questions.known(now, hint_remembered) &&
                                  rest.questions.takes.ns < by_stream / 2) {
        taken_ = OrderRoute::Rest;
      }
    }
    return taken_;
  }
  bool free() const { return !always_; }

 private:
  struct Takes {
    Duration takes;
    Instant learnt;
    bool known(Instant now, Duration memory) const {
      return takes.ns != 0 && now - learnt < memory;
    }
    void learn(Duration took, Instant now, Duration memory) {
      const std::int64_t ns = std::max<std::int64_t>(took.ns, 1);
      takes = known(now, memory) ? Duration{takes.ns + (ns - takes.ns) / 8} : Duration{ns};
      learnt = now;
    }
  };
  struct Way {
    Takes orders;
    Takes questions;
    Instant avoided_until;
    std::uint32_t failures = 0;  // in a row
  };
  Way& of(OrderRoute route) { return ways_[static_cast<std::size_t>(route)]; }

  std::optional<OrderRoute> always_;
  std::array<Way, order_route_count> ways_;
  OrderRoute taken_ = OrderRoute::Stream;
};

}  // namespace ats::venues

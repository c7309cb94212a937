// Orders for tests of this layer. The real gate lives in core, which venues never see: this one stands in its
// place and approves everything.
#pragma once

#include <cstdint>

#include "domain/order.hpp"

namespace ats::core {

class RiskGate {
 public:
  static Approved<OrderRequest> approve(const OrderRequest& order, std::uint64_t serial) {
    return Approved<OrderRequest>(order, serial);
  }
};

}  // namespace ats::core

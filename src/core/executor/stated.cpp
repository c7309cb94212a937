// What an end states beside its amounts: what the assets it moved were worth then.

#include <algorithm>

#include "core/executor/executor.hpp"

namespace ats::core {

// Of the assets its orders trade, then of those that fees were ever paid in: a venue may take its fee in a
// third one.
void Executor::state_marks(const Execution& execution, ExecutionResolved& resolved) const {
  resolved.reporting = desk_.marks.reporting();
  const auto state = [&](AssetId asset) {
    const auto end = resolved.marks.begin() + resolved.mark_count;
    const bool stated = std::any_of(resolved.marks.begin(), end,
                                    [&](const AssetMark& m) { return m.asset == asset; });
    const auto price = desk_.marks.price(asset);
    if (stated || !price || resolved.mark_count == ExecutionResolved::marks_max) return;
    resolved.marks[resolved.mark_count++] = {asset, *price};
  };
  state(execution.base);
  for (const std::uint32_t i : execution.orders) {
    state(instrument(orders_[i].request.instrument).quote);
  }
  for (std::size_t a = 0; a < desk_.universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    if (!desk_.ledger.fees(asset).is_zero()) state(asset);
  }
}

}  // namespace ats::core

#include "core/inventory/holdings.hpp"

#include <algorithm>

namespace ats::core {
namespace {

constexpr int transfer_decimals = 8;

Decimal all_of(std::span<const Holding> holdings) {
  Decimal sum;
  for (const Holding& h : holdings) sum += std::max(Decimal(), h.held);
  return sum;
}

// A share of an amount, rounded down. Amounts are those of a ledger: the product fits.
Decimal part_of(Decimal amount, Rate share) {
  return amount.multiply_floor(share.decimal()).value_or(Decimal());
}

}  // namespace

void judge_holdings(std::span<Holding> holdings, Rate band) {
  if (holdings.empty()) return;
  const Decimal all = all_of(holdings);
  const Decimal most_off = part_of(all, band);
  Decimal left = all;
  Holding* largest = holdings.data();
  for (Holding& h : holdings) {
    h.held = std::max(Decimal(), h.held);
    h.free = std::clamp(h.free, Decimal(), h.held);
    h.wanted = part_of(all, h.target);
    left -= h.wanted;
    if (h.target > largest->target) largest = &h;
    const auto share = all.is_zero() ? Decimal() : h.held.divide_floor(all, 9);
    const auto ppb = share ? share->to_scaled(9) : fail(share.error());
    h.share = {ppb.value_or(0)};
  }
  largest->wanted += left;
  for (Holding& h : holdings) h.off = h.over().abs() > most_off;
}

std::vector<Shift> shifts_needed(std::span<const Holding> holdings, Rate band) {
  std::vector<Shift> shifts;
  const Decimal most_off = part_of(all_of(holdings), band);
  std::vector<Decimal> over;
  std::vector<Decimal> free;
  for (const Holding& h : holdings) {
    over.push_back(h.over());
    free.push_back(h.free);
  }
  const auto off = [&](Decimal o) { return o.abs() > most_off; };
  while (shifts.size() + 1 < holdings.size() && std::any_of(over.begin(), over.end(), off)) {
    std::size_t from = 0;
    std::size_t to = 0;
    for (std::size_t n = 1; n < over.size(); ++n) {
      if (std::min(over[n], free[n]) > std::min(over[from], free[from])) from = n;
      if (over[n] < over[to]) to = n;
    }
    const Decimal amount =
        std::min({over[from], free[from], -over[to]}).floor_to(transfer_decimals);
    if (amount.is_zero() || amount.negative()) break;
    shifts.push_back({holdings[from].venue, holdings[to].venue, amount});
    over[from] -= amount;
    free[from] -= amount;
    over[to] += amount;
  }
  return shifts;
}

}  // namespace ats::core

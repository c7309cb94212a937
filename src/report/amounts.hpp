// Amounts of several assets side by side, never added across: exact, sorted by asset, few.
#pragma once

#include <algorithm>
#include <vector>

#include "base/decimal.hpp"
#include "domain/ids.hpp"

namespace ats::report {

class Amounts {
 public:
  struct Amount {
    AssetId asset;
    Decimal amount;
    bool operator==(const Amount&) const = default;
  };

  void add(AssetId asset, Decimal amount) {
    if (amount.is_zero()) return;
    const auto at = std::lower_bound(
        list_.begin(), list_.end(), asset,
        [](const Amount& listed, AssetId wanted) { return listed.asset < wanted; });
    if (at == list_.end() || at->asset != asset) {
      list_.insert(at, {asset, amount});
    } else if (at->amount += amount; at->amount.is_zero()) {
      list_.erase(at);
    }
  }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  void add(const Amounts& other) {
    for (const Amount& a : other) add(a.asset, a.amount);
  }
  Decimal of(AssetId asset) const {
    for (const Amount& a : list_) {
      if (a.asset == asset) return a.amount;
    }
    return {};
  }
  bool empty() const { return list_.empty(); }
  bool operator==(const Amounts&) const = default;

 private:
  std::vector<Amount> list_;  // none is zero
};

}  // namespace ats::report

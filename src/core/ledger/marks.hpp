// What one unit of each asset is worth in the reporting currency, by the mid prices of Valid books.
// Exact mids, products rounded down at 18 decimals; the same books give the same marks.
//
// An asset is marked through the pairs it is traded in, by as few steps from the reporting asset as there
// are; of ways as short the first listed. When no Valid book leads there the last mark stands and is not fresh;
// an asset that never had one has none. A configured rate is a way there like a mid, taken only where no
// Valid book leads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/decimal.hpp"
#include "domain/ids.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

class Marks {
 public:
  // Makes room; marks of known assets are kept, unless the reporting asset changed.
  void bind(std::size_t assets, AssetId reporting);

  struct Told {  // a configured rate that counts now
    AssetId base;
    AssetId quote;
    Decimal price;
  };
  // `mids` by instrument index: the mid price of a Valid book, nothing otherwise. No allocation.
  void refresh(const Universe& universe, std::span<const std::optional<Decimal>> mids,
               std::span<const Told> rates = {});

  AssetId reporting() const { return reporting_; }
  bool fresh(AssetId asset) const { return marks_[asset.index()].fresh; }
  // Of one unit, when it was ever marked.
  std::optional<Decimal> price(AssetId asset) const {
    const Mark& mark = marks_[asset.index()];
    return mark.known ? std::optional(mark.price) : std::nullopt;
  }
  // Worth of an amount, rounded down; nothing when there is no mark or no Decimal holds the worth.
  std::optional<Decimal> worth(AssetId asset, Decimal amount) const;

 private:
  struct Mark {
    Decimal price;
    bool known = false;
    bool fresh = false;
    std::uint32_t steps = 0;  // from the reporting asset, when fresh
  };
  bool spread(AssetId base, AssetId quote, Decimal price, std::uint32_t round);

  std::vector<Mark> marks_;
  AssetId reporting_;
};

}  // namespace ats::core

// A product of positive integers too wide for any built-in type, for exact comparisons of chained prices:
// up to 512 bits, enough for four legs (94 bits each), a threshold and a quotient. Overflow is a broken
// invariant. No allocation.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "base/assert.hpp"
#include "base/decimal.hpp"

namespace ats::core {

class ExactProduct {
 public:
  explicit constexpr ExactProduct(UInt128 factor = 1)
      : limbs_{static_cast<std::uint64_t>(factor), static_cast<std::uint64_t>(factor >> 64)},
        used_(factor >> 64 == 0 ? 1 : 2) {}

  constexpr ExactProduct& operator*=(std::uint64_t factor) {
    std::uint64_t carry = 0;
    for (std::size_t n = 0; n < used_; ++n) {
      const UInt128 product = UInt128{limbs_[n]} * factor + carry;
      limbs_[n] = static_cast<std::uint64_t>(product);
      carry = static_cast<std::uint64_t>(product >> 64);
    }
    if (carry != 0) {
      ATS_ASSERT(used_ < limbs_.size());
      limbs_[used_++] = carry;
    }
    return *this;
  }

  constexpr std::strong_ordering operator<=>(const ExactProduct& other) const {
    for (std::size_t n = limbs_.size(); n-- > 0;) {
      if (limbs_[n] != other.limbs_[n]) return limbs_[n] <=> other.limbs_[n];
    }
    return std::strong_ordering::equal;
  }
  constexpr bool operator==(const ExactProduct& other) const { return limbs_ == other.limbs_; }

 private:
  std::array<std::uint64_t, 8> limbs_{};  // least significant first
  std::size_t used_;
};

}  // namespace ats::core

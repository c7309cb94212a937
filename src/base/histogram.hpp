// Latencies in fixed memory: record() is a few instructions and never allocates, and a percentile is
// off by at most 1/64 of its value.
//
// Buckets are log-linear: values below 128 have one each, and every doubling above is cut into 64
// equal ones, up to the largest int64. Not for two threads at once: each has its own, merge() joins.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/assert.hpp"

namespace ats {

class Histogram {
 public:
  // `ns` below 0 (a clock stepped back) counts as 0.
  void record(std::int64_t ns) {
    ns = std::max<std::int64_t>(ns, 0);
    ++buckets_[bucket_of(static_cast<std::uint64_t>(ns))];
    ++count_;
    min_ = std::min(min_, ns);
    max_ = std::max(max_, ns);
    if (__builtin_add_overflow(sum_, ns, &sum_)) sum_ = std::numeric_limits<std::int64_t>::max();
  }

  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    if (__builtin_add_overflow(sum_, other.sum_, &sum_)) {
      sum_ = std::numeric_limits<std::int64_t>::max();
    }
  }

  std::uint64_t count() const { return count_; }
  // Exact; 0 when nothing was recorded. The sum stays at the largest int64 once it gets there.
  std::int64_t min() const { return count_ == 0 ? 0 : min_; }
  std::int64_t max() const { return max_; }
  std::int64_t sum() const { return sum_; }
  // How many records are certainly at most `ns`: one that shares a bucket with a larger value is not counted.
  std::uint64_t at_most(std::int64_t ns) const {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size() && highest_in(i) <= ns; ++i) seen += buckets_[i];
    return seen;
  }

  // The value that a share `q` (0..1) of all records does not exceed: never below the true one, above
  // it by at most 1/64. q = 1 is max(); 0 when nothing was recorded.
  std::int64_t percentile(double q) const {
    ATS_ASSERT(q >= 0.0 && q <= 1.0);
    if (count_ == 0) return 0;
    const double share = q * static_cast<double>(count_);
    auto rank = static_cast<std::uint64_t>(share);
    if (static_cast<double>(rank) < share || rank == 0) ++rank;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= rank) return std::min(highest_in(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned cut_bits = 6;
  static constexpr std::size_t cuts = std::size_t{1} << cut_bits;
  static constexpr std::size_t bucket_count = cuts * (63 - cut_bits + 1);

  // A value keeps its top 7 bits; bucket = 64 * (bits dropped) + those 7 bits.
  static constexpr std::size_t bucket_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned dropped = width > cut_bits + 1 ? width - cut_bits - 1 : 0;
    return cuts * dropped + static_cast<std::size_t>(value >> dropped);
  }
  static constexpr std::int64_t highest_in(std::size_t bucket) {
    const std::size_t dropped = bucket < 2 * cuts ? 0 : bucket / cuts - 1;
    const std::uint64_t top = bucket - cuts * dropped;
    return static_cast<std::int64_t>(((top + 1) << dropped) - 1);
  }

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = 0;
  std::int64_t sum_ = 0;
};

}  // namespace ats

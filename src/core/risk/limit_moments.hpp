// Moments within a window, the newest `most` of them: how many were there since, without walking a list that
// is longer than the answer. Moments are added in the order of time. Allocates in reserve() alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/time.hpp"

namespace ats::core {

class Moments {
 public:
  void reserve(std::size_t most) { all_.resize(most); }
  std::size_t room() const { return all_.size(); }
  void add(Instant now) {
    if (all_.empty()) return;
    all_[next_] = now;
    next_ = next_ + 1 == all_.size() ? 0 : next_ + 1;
    count_ = std::min(count_ + 1, all_.size());
  }
  void clear() { count_ = 0; }
  // After `from`.
  std::size_t since(Instant from) const {
    std::size_t found = 0;
    while (found < count_ && newest(found) > from) ++found;
    return found;
  }
  // Whether fewer than `many` are: as since() says, from one look.
  bool fewer_since(Instant from, std::size_t many) const {
    return many > count_ || (many > 0 && newest(many - 1) <= from);
  }
  // Of an earlier process: as late as can be.
  void all_at(Instant now) { std::ranges::fill(all_, now); }

 private:
  Instant newest(std::size_t n) const {
    return all_[next_ > n ? next_ - 1 - n : next_ + all_.size() - 1 - n];
  }

  std::vector<Instant> all_;
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ats::core

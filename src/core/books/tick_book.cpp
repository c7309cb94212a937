#include "core/books/tick_book.hpp"

#include <algorithm>
#include <utility>

namespace ats::core {

const char* name(BookError error) {
  switch (error) {
    case BookError::OffGrid:
      return "OffGrid";
    case BookError::NegativeQuantity:
      return "NegativeQuantity";
  }
  return "?";
}

namespace {

// As many as a usual snapshot has; more than that allocate while the book warms up.
constexpr std::size_t levels_expected = 1'000;

}  // namespace

TickSide::TickSide(int window_bits) {
  ATS_ASSERT((window_bits >= 6 && window_bits <= 18) || window_bits == TickBook::no_window);
  size_ = window_bits == TickBook::no_window ? 0 : std::uint64_t{1} << window_bits;
  quantities_.resize(size_);
  low_.resize(size_ / 64);
  mid_.resize((low_.size() + 63) / 64);
  far_.reserve(levels_expected);
  moving_.reserve(levels_expected);
}

std::int64_t TickSide::find_below_word(std::uint64_t word) const {
  const std::uint64_t group = word >> 6;
  if (const std::uint64_t here = mid_[group] & (bit(word) - 1); here != 0) {
    const std::uint64_t found = (group << 6) | highest(here);
    return static_cast<std::int64_t>((found << 6) | highest(low_[found]));
  }
  const std::uint64_t above = top_ & (bit(group) - 1);
  if (above == 0) return -1;
  const std::uint64_t found_group = highest(above);
  const std::uint64_t found = (found_group << 6) | highest(mid_[found_group]);
  return static_cast<std::int64_t>((found << 6) | highest(low_[found]));
}

void TickSide::set_outside(std::int64_t key, std::int64_t quantity) {
  if (size_ == 0) {
    set_few(key, quantity);
  } else if (empty() || key > best_key()) {
    if (quantity == 0) return;
    centre_on(key);
    put(key, quantity);
  } else {
    const auto at = std::lower_bound(far_.begin(), far_.end(), key,
                                     [](const Far& far, std::int64_t k) { return far.key > k; });
    set_far(at, key, quantity);
  }
}

// A whole book comes best first; other levels are among so few that counting the better ones is quicker than a search,
// of which the processor would have to guess each turn.
void TickSide::set_few(std::int64_t key, std::int64_t quantity) {
  if (far_.empty() || far_.back().key > key) {
    if (quantity != 0) far_.push_back({key, quantity});
    return;
  }
  std::ptrdiff_t better = 0;
  for (const Far& far : far_) better += far.key > key ? 1 : 0;
  set_far(far_.begin() + better, key, quantity);
}

// `at`: where it is or belongs.
void TickSide::set_far(std::vector<Far>::iterator at, std::int64_t key, std::int64_t quantity) {
  const bool found = at != far_.end() && at->key == key;
  if (quantity == 0) {
    if (found) far_.erase(at);
  } else if (found) {
    at->quantity = quantity;
  } else {
    far_.insert(at, {key, quantity});
  }
}

void TickSide::put(std::int64_t key, std::int64_t quantity) {
  const std::uint64_t slot = slot_of(key);
  quantities_[slot] = quantity;
  set_bit(slot);
  ++in_window_;
  best_ = std::max(best_, static_cast<std::int64_t>(slot));
}

void TickSide::take_window(std::vector<Far>& out) {
  while (best_ >= 0) {
    const auto slot = static_cast<std::uint64_t>(best_);
    out.push_back({key_of(slot), quantities_[slot]});
    quantities_[slot] = 0;
    clear_bit(slot);
    best_ = slot == 0 ? -1 : find_at_or_below(slot - 1);
  }
  in_window_ = 0;
}

void TickSide::centre_on(std::int64_t key) {
  moving_.clear();
  take_window(moving_);
  const auto below = static_cast<std::int64_t>(size_ / 4 * 3);
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  base_ = key < lowest + below ? lowest : key - below;
  const auto inside = [&](const Far& level) { return level.key >= base_; };

  // Best first, so what still fits is a prefix; the rest is better than every far level.
  const auto left = std::find_if_not(moving_.begin(), moving_.end(), inside);
  std::for_each(moving_.begin(), left, [&](const Far& level) { put(level.key, level.quantity); });
  far_.insert(far_.begin(), left, moving_.end());

  const auto back = std::find_if_not(far_.begin(), far_.end(), inside);
  std::for_each(far_.begin(), back, [&](const Far& level) { put(level.key, level.quantity); });
  far_.erase(far_.begin(), back);
}

void TickSide::follow_down() { centre_on(best_key()); }

void TickSide::remove_worst() {
  if (!far_.empty()) {
    far_.pop_back();
    return;
  }
  const auto group = static_cast<std::uint64_t>(std::countr_zero(top_));
  const std::uint64_t word =
      (group << 6) | static_cast<std::uint64_t>(std::countr_zero(mid_[group]));
  const std::uint64_t slot = (word << 6) | static_cast<std::uint64_t>(std::countr_zero(low_[word]));
  set(key_of(slot), 0);
}

// By the words of the bitmap: a venue that tells whole books has each cleared.
void TickSide::clear() {
  for (; top_ != 0; top_ &= top_ - 1) {
    const auto group = static_cast<std::uint64_t>(std::countr_zero(top_));
    for (std::uint64_t words = std::exchange(mid_[group], 0); words != 0; words &= words - 1) {
      const auto word = (group << 6) | static_cast<std::uint64_t>(std::countr_zero(words));
      std::uint64_t slots = std::exchange(low_[word], 0);
      for (; slots != 0; slots &= slots - 1)
        quantities_[(word << 6) | static_cast<std::uint64_t>(std::countr_zero(slots))] = 0;
    }
  }
  best_ = -1;
  in_window_ = 0;
  far_.clear();
}

TickBook::TickBook(std::int64_t tick, int window_bits)
    : tick_(tick), sides_{TickSide(window_bits), TickSide(window_bits)} {
  ATS_ASSERT(tick >= 1);
  tick_twos_ = std::countr_zero(static_cast<std::uint64_t>(tick));
  const std::uint64_t odd = static_cast<std::uint64_t>(tick) >> tick_twos_;
  // Newton: an odd number is its own inverse modulo 8; each step doubles the bits that are right.
  std::uint64_t inverse = odd;
  for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - odd * inverse;
  ATS_ASSERT(inverse * odd == 1);
  tick_inverse_ = inverse;
  index_max_ = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / tick);
}

void TickBook::clear() {
  for (TickSide& side : sides_) side.clear();
}

std::size_t TickBook::top(Side side, std::span<Level> out) const {
  Cursor cursor = levels(side);
  std::size_t n = 0;
  while (n < out.size() && cursor.next(out[n])) ++n;
  return n;
}

}  // namespace ats::core

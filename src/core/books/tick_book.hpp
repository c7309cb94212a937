// An L2 book of one instrument: for each side an array of quantities indexed by price/tick, with a
// three-level bitmap that finds the next level, over a window that follows the best price; levels
// outside the window are kept in a sorted vector. Both together are the whole side, exactly. A book of few
// levels has no window, and the vector holds them all: they lie together, and are read in their order.
//
// Keys: a side is ordered by "greater is better": key = +price/tick for bids, -price/tick for asks.
// Invariants, per side:
//  - a slot's bit is set in the bitmap if and only if its quantity is positive;
//  - when a side with a window is not empty its best level is in it, and every far level is worse than
//    every slot of the window; far levels are sorted best first.
// A level update within the window allocates nothing and costs no search; moving the window costs as
// much as there are levels, and happens when the best price has moved by a quarter of the window.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/assert.hpp"
#include "base/result.hpp"
#include "domain/number.hpp"

namespace ats::core {

enum class BookError : std::uint8_t {
  OffGrid,  // the price is not a positive multiple of the tick
  NegativeQuantity,
};
const char* name(BookError error);

// One side. Knows keys, not prices.
class TickSide {
 public:
  explicit TickSide(int window_bits);  // 0: no window

  // quantity >= 0; zero removes, removing what is not there changes nothing.
  [[gnu::always_inline]] void set(std::int64_t key, std::int64_t quantity) {
    const std::uint64_t slot = slot_of(key);
    if (slot >= size_) [[unlikely]]
      return set_outside(key, quantity);
    // What is added and what is removed is a coin toss to the processor: no branch depends on it but
    // where a word of the bitmap comes to life or dies, or the best level is touched.
    const bool was = quantities_[slot] != 0;
    const bool is = quantity != 0;
    quantities_[slot] = quantity;
    in_window_ += static_cast<std::size_t>(is) - static_cast<std::size_t>(was);
    const std::uint64_t before = low_[slot >> 6];
    const std::uint64_t after = (before & ~bit(slot)) | (std::uint64_t{is} << (slot & 63));
    low_[slot >> 6] = after;
    if ((before == 0) != (after == 0)) [[unlikely]]
      word_changed(slot >> 6);
    if (static_cast<std::int64_t>(slot) >= best_) [[unlikely]]
      best_touched(static_cast<std::int64_t>(slot), is);
  }

  bool windowed() const { return size_ != 0; }
  // Of a side without a window: the key that the next one has to be below to come last, and adding it there.
  std::int64_t worst_key() const {
    return far_.empty() ? std::numeric_limits<std::int64_t>::max() : far_.back().key;
  }
  void add_worst(std::int64_t key, std::int64_t quantity) {
    if (quantity != 0) far_.push_back({key, quantity});
  }

  // Fetches what set() will write.
  void prefetch(std::int64_t key) const {
    const std::uint64_t slot = slot_of(key);
    if (slot < size_) [[likely]]
      __builtin_prefetch(&quantities_[slot], 1);
  }

  bool empty() const { return best_ < 0 && far_.empty(); }
  std::size_t size() const { return in_window_ + far_.size(); }
  // Of a side that is not empty.
  std::int64_t best_key() const {
    return best_ < 0 ? far_.front().key : key_of(static_cast<std::uint64_t>(best_));
  }
  std::int64_t best_quantity() const {
    return best_ < 0 ? far_.front().quantity : quantities_[static_cast<std::size_t>(best_)];
  }
  // Drops the worst levels until `depth` are left; depth >= 1.
  void truncate(std::size_t depth) {
    while (size() > depth) [[unlikely]] remove_worst();
  }
  void clear();

  // Walks the levels from the best. Valid until the side changes.
  class Cursor {
   public:
    explicit Cursor(const TickSide& side) : side_(&side), slot_(side.best_) {}
    // False at the end.
    bool next(std::int64_t& key, std::int64_t& quantity) {
      if (slot_ >= 0) [[likely]] {
        const auto slot = static_cast<std::uint64_t>(slot_);
        key = side_->key_of(slot);
        quantity = side_->quantities_[slot];
        slot_ = slot == 0 ? -1 : side_->find_at_or_below(slot - 1);
        return true;
      }
      if (far_ == side_->far_.size()) return false;
      key = side_->far_[far_].key;
      quantity = side_->far_[far_].quantity;
      ++far_;
      return true;
    }

   private:
    const TickSide* side_;
    std::int64_t slot_;
    std::size_t far_ = 0;
  };

 private:
  struct Far {
    std::int64_t key;
    std::int64_t quantity;
  };

  // At or past size_ when the key is outside the window; wraps for keys below it.
  std::uint64_t slot_of(std::int64_t key) const {
    return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(base_);
  }
  std::int64_t key_of(std::uint64_t slot) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + slot);
  }
  static std::uint64_t bit(std::uint64_t n) { return std::uint64_t{1} << (n & 63); }
  static std::uint64_t highest(std::uint64_t word) {
    return 63 - static_cast<std::uint64_t>(std::countl_zero(word));
  }
  void set_bit(std::uint64_t slot) {
    low_[slot >> 6] |= bit(slot);
    mid_[slot >> 12] |= bit(slot >> 6);
    top_ |= bit(slot >> 12);
  }
  void clear_bit(std::uint64_t slot) {
    if ((low_[slot >> 6] &= ~bit(slot)) != 0) return;
    if ((mid_[slot >> 12] &= ~bit(slot >> 6)) != 0) return;
    top_ &= ~bit(slot >> 12);
  }
  // The highest occupied slot that is not above `slot`, or -1.
  std::int64_t find_at_or_below(std::uint64_t slot) const {
    const std::uint64_t word = slot >> 6;
    if (const std::uint64_t here = low_[word] & (~std::uint64_t{0} >> (63 - (slot & 63)));
        here != 0)
      return static_cast<std::int64_t>((word << 6) | highest(here));
    return find_below_word(word);
  }
  std::int64_t find_below_word(std::uint64_t word) const;
  [[gnu::noinline]] void word_changed(std::uint64_t word) {
    if (low_[word] != 0) {
      mid_[word >> 6] |= bit(word);
      top_ |= bit(word >> 6);
    } else if ((mid_[word >> 6] &= ~bit(word)) == 0) {
      top_ &= ~bit(word >> 6);
    }
  }
  // A slot at or above the best was set.
  void best_touched(std::int64_t slot, bool is) {
    if (is) {
      best_ = slot;
    } else if (slot == best_) {
      best_left();
    }
  }
  // The best level was removed: find the next one, and move the window when it runs low.
  [[gnu::noinline]] void best_left() {
    best_ = best_ == 0 ? -1 : find_at_or_below(static_cast<std::uint64_t>(best_) - 1);
    if (best_ < static_cast<std::int64_t>(size_ / 4) && !far_.empty()) [[unlikely]]
      follow_down();
  }
  void follow_down();
  [[gnu::noinline]] void set_outside(std::int64_t key, std::int64_t quantity);
  void set_few(std::int64_t key, std::int64_t quantity);
  void set_far(std::vector<Far>::iterator at, std::int64_t key, std::int64_t quantity);
  // Moves the window so that `key`, at least as good as every level, lies a quarter below its upper end.
  void centre_on(std::int64_t key);
  void put(std::int64_t key, std::int64_t quantity);
  void take_window(std::vector<Far>& out);
  void remove_worst();

  std::int64_t base_ = 0;   // key of slot 0
  std::int64_t best_ = -1;  // slot of the best level; -1 when the window is empty
  std::uint64_t size_;
  std::uint64_t top_ = 0;
  std::size_t in_window_ = 0;
  std::vector<std::int64_t> quantities_;
  std::vector<std::uint64_t> low_;  // a bit a slot
  std::vector<std::uint64_t> mid_;  // a bit a word of low_
  std::vector<Far> far_;
  std::vector<Far> moving_;  // scratch of centre_on
};

class TickBook {
 public:
  static constexpr int default_window_bits = 16;  // ±$490 of BTC at a tick of one cent

  static constexpr int no_window = 0;  // for books that are cut to some dozen levels

  // tick >= 1 in the instrument's Price units; 6 <= window_bits <= 18, or none.
  explicit TickBook(std::int64_t tick, int window_bits = default_window_bits);

  // Absolute quantity at a price; zero removes. On an error nothing changes.
  Status<BookError> set(Side side, Level level) {
    const std::uint64_t index = index_of(level.price);
    if (index - 1 >= index_max_) [[unlikely]]
      return fail(BookError::OffGrid);
    if (level.quantity.units < 0) [[unlikely]]
      return fail(BookError::NegativeQuantity);
    of(side).set(key_of(side, static_cast<std::int64_t>(index)), level.quantity.units);
    return Done{};
  }

  // The same for each, in their order; those before the one with an error are set. A whole book that comes best first
  // costs a short one no search.
  Status<BookError> set(Side side, std::span<const Level> levels) {
    TickSide& to = of(side);
    std::size_t n = 0;
    if (!to.windowed()) {
      for (std::int64_t worst = to.worst_key(); n < levels.size(); ++n) {
        const std::uint64_t index = index_of(levels[n].price);
        const std::int64_t key = key_of(side, static_cast<std::int64_t>(index));
        if (key >= worst || index - 1 >= index_max_ || levels[n].quantity.units < 0) break;
        to.add_worst(key, levels[n].quantity.units);
        worst = key;
      }
    }
    for (; n < levels.size(); ++n) {
      if (const auto done = set(side, levels[n]); !done) return done;
    }
    return Done{};
  }

  // Levels that are set soon: the window of a book is larger than the caches near the processor.
  void prefetch(Side side, std::span<const Level> levels) const {
    const TickSide& in = of(side);
    if (!in.windowed()) return;
    for (const Level& level : levels)
      in.prefetch(key_of(side, static_cast<std::int64_t>(index_of(level.price))));
  }

  bool empty(Side side) const { return of(side).empty(); }
  // Zero price and quantity when the side is empty. Buy is the bid side.
  Level best(Side side) const {
    if (of(side).empty()) [[unlikely]]
      return {};
    return {price_of(of(side).best_key()), {of(side).best_quantity()}};
  }
  // Best bid at or above best ask.
  bool crossed() const {
    return !sides_[0].empty() && !sides_[1].empty() &&
           sides_[0].best_key() + sides_[1].best_key() >= 0;
  }
  std::size_t count(Side side) const { return of(side).size(); }
  // Keeps the best `depth` levels; depth >= 1.
  void truncate(Side side, std::size_t depth) { of(side).truncate(depth); }
  void clear();
  // Copies the best levels, best first; returns how many there were to copy.
  std::size_t top(Side side, std::span<Level> out) const;
  std::int64_t tick() const { return tick_; }

  // Levels from the best, best first. Valid until the book changes.
  class Cursor {
   public:
    Cursor(const TickSide& side, std::int64_t tick) : cursor_(side), tick_(tick) {}
    bool next(Level& level) {
      std::int64_t key;
      if (!cursor_.next(key, level.quantity.units)) return false;
      level.price.units = (key < 0 ? -key : key) * tick_;
      return true;
    }

   private:
    TickSide::Cursor cursor_;
    std::int64_t tick_;
  };
  Cursor levels(Side side) const { return {of(side), tick_}; }

 private:
  const TickSide& of(Side side) const { return sides_[static_cast<std::size_t>(side)]; }
  TickSide& of(Side side) { return sides_[static_cast<std::size_t>(side)]; }
  // index for a bid, -index for an ask.
  static std::int64_t key_of(Side side, std::int64_t index) {
    static_assert(static_cast<int>(Side::Buy) == 0 && static_cast<int>(Side::Sell) == 1);
    const auto sell = static_cast<std::int64_t>(side);
    return (index ^ -sell) + sell;
  }
  Price price_of(std::int64_t key) const { return {(key < 0 ? -key : key) * tick_}; }

  // price/tick without a division: multiplying by the inverse of the tick's odd part modulo 2^64 and
  // rotating its power of two out gives the quotient of exactly the multiples of the tick, and a value
  // above index_max_ for everything else (Granlund & Montgomery 1994, section 9).
  std::uint64_t index_of(Price price) const {
    return std::rotr(static_cast<std::uint64_t>(price.units) * tick_inverse_, tick_twos_);
  }

  std::int64_t tick_;
  std::uint64_t tick_inverse_;
  int tick_twos_;
  std::uint64_t index_max_;        // largest quotient of a Price
  std::array<TickSide, 2> sides_;  // bids, asks
};

}  // namespace ats::core

// A venue's book as the venue itself knows it, moved about from a seed: what the frames of a made market
// are told from. Never crossed, and consistent from one change to the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

#include "base/rng.hpp"
#include "domain/number.hpp"

namespace ats::bench {

// The levels of both sides, in units of price and quantity, best first.
struct TrueBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;
};

// Hundreds of levels a side, all of which a subscriber has: changes near the best price, some very far
// from it, a spread of two steps.
class DeepBook {
 public:
  DeepBook(Rng& rng, std::int64_t middle, std::size_t levels, std::int64_t quantity_max)
      : rng_(rng), middle_(middle), levels_(levels), quantity_max_(quantity_max) {
    for (std::int64_t away = 1; book_.bids.size() < levels_; away += rng_.between(1, 100)) {
      book_.bids[middle_ - away] = quantity();
      book_.asks[middle_ + away] = quantity();
    }
  }

  // The best prices come to lie around `middle`, and at least `wanted` levels change.
  void stir(std::int64_t middle, std::size_t wanted) {
    changes_ = {};
    move_to(middle);
    while (changes_.bids.size() + changes_.asks.size() < wanted) {
      const std::int64_t reach = rng_.one_in(10) ? 600'000 : rng_.one_in(2) ? 5'000 : 100;
      const std::int64_t away = rng_.between(1, reach);
      if (rng_.one_in(2)) {
        change(book_.bids, changes_.bids, middle_ - away);
      } else {
        change(book_.asks, changes_.asks, middle_ + away);
      }
    }
  }
  const TrueBook& book() const { return book_; }
  // What the last stir changed; quantity 0: the level has gone.
  const TrueBook& changes() const { return changes_; }
  std::int64_t quantity() { return rng_.between(1, quantity_max_); }

 private:
  void move_to(std::int64_t middle) {
    middle_ = middle;
    while (book_.bids.begin()->first >= middle_) {
      changes_.bids[book_.bids.begin()->first] = 0;
      book_.bids.erase(book_.bids.begin());
    }
    while (book_.asks.begin()->first <= middle_) {
      changes_.asks[book_.asks.begin()->first] = 0;
      book_.asks.erase(book_.asks.begin());
    }
    // Two steps of spread most of the time.
    set(book_.bids, changes_.bids, middle_ - 1);
    set(book_.asks, changes_.asks, middle_ + 1);
  }
  template <class Map>
  void set(Map& levels, Map& changes, std::int64_t price) {
    changes[price] = levels[price] = quantity();
  }
  template <class Map>
  void change(Map& levels, Map& changes, std::int64_t price) {
    // As many levels come as go: where the book has enough, the one at or behind the price leaves.
    const std::size_t enough = levels_ + levels_ / 2;
    if (levels.size() > enough) {
      const auto at = levels.lower_bound(price);
      if (at != levels.end() && at != levels.begin()) price = at->first;
    }
    if (price != levels.begin()->first && rng_.one_in(2) && levels.erase(price) != 0) {
      changes[price] = 0;
    } else if (levels.size() <= enough || levels.contains(price)) {
      set(levels, changes, price);
    }
  }

  Rng& rng_;
  std::int64_t middle_;
  const std::size_t levels_;
  const std::int64_t quantity_max_;
  TrueBook book_;
  TrueBook changes_;
};

// What a shallow book lies on.
struct Grid {
  std::int64_t step;  // of its prices
  std::int64_t quantity_min, quantity_max;
};

// A book of which a subscriber has the best `depth` levels a side: one to three changes at a time, on one
// side, near the best price.
class ShallowBook {
 public:
  ShallowBook(Rng& rng, std::size_t depth, std::int64_t middle, const Grid& grid)
      : rng_(rng), depth_(depth), grid_(grid) {
    std::int64_t bid = middle;
    std::int64_t ask = middle;
    for (std::size_t n = 0; n < kept(); ++n) {
      book_.bids[bid -= away(20)] = quantity();
      book_.asks[ask += away(20)] = quantity();
    }
    remember();
  }

  // Changes of which a subscriber sees something. Prices lie on the grid when `middle` does.
  void stir(std::int64_t middle) {
    do {
      const bool buy = rng_.one_in(2);
      for (std::uint64_t n = rng_.below(3) + 1; n != 0; --n) {
        if (buy) {
          change(book_.bids, std::min(middle, book_.asks.begin()->first), -1);
        } else {
          change(book_.asks, std::max(middle, book_.bids.begin()->first), 1);
        }
      }
      const std::vector<Level> old_bids = bids_;
      const std::vector<Level> old_asks = asks_;
      remember();
      told_bids_ = difference(old_bids, bids_, book_.bids);
      told_asks_ = difference(old_asks, asks_, book_.asks);
    } while (told_bids_.empty() && told_asks_.empty());
  }
  // What a subscriber has.
  const std::vector<Level>& bids() const { return bids_; }
  const std::vector<Level>& asks() const { return asks_; }
  // What a subscriber must be told after the last stir: what has gone (quantity 0) before what has come.
  const std::vector<Level>& told_bids() const { return told_bids_; }
  const std::vector<Level>& told_asks() const { return told_asks_; }
  std::int64_t quantity() { return rng_.between(grid_.quantity_min, grid_.quantity_max); }

 private:
  std::size_t kept() const { return 4 * depth_; }
  std::int64_t away(std::int64_t steps_max) { return grid_.step * rng_.between(1, steps_max); }

  static std::vector<Level> top_of(const auto& side, std::size_t depth) {
    std::vector<Level> levels;
    for (const auto& [price, quantity] : side) {
      if (levels.size() == depth) break;
      levels.push_back({{price}, {quantity}});
    }
    return levels;
  }
  void remember() {
    bids_ = top_of(book_.bids, depth_);
    asks_ = top_of(book_.asks, depth_);
  }

  // Levels lie in `direction` (-1: below, 1: above) from `edge`.
  void change(auto& side, std::int64_t edge, std::int64_t direction) {
    while (!side.empty() && (side.begin()->first - edge) * direction <= 0) side.erase(side.begin());
    std::int64_t end = side.empty() ? edge : std::prev(side.end())->first;
    while (side.size() < kept()) side[end += direction * away(20)] = quantity();
    auto at = side.begin();
    std::advance(at, rng_.below(depth_));
    if (rng_.one_in(3)) {
      side.erase(at);
    } else if (rng_.one_in(2)) {
      at->second = quantity();
    } else {
      side[edge + direction * away(60)] = quantity();
    }
    while (side.size() > 2 * kept()) side.erase(std::prev(side.end()));
  }

  static std::vector<Level> difference(const std::vector<Level>& old, const std::vector<Level>& now,
                                       const auto& book) {
    std::vector<Level> told;
    for (const Level& level : old) {
      if (!book.contains(level.price.units)) told.push_back({level.price, {0}});
    }
    for (const Level& level : now) {
      if (std::find(old.begin(), old.end(), level) == old.end()) told.push_back(level);
    }
    return told;
  }

  Rng& rng_;
  const std::size_t depth_;
  const Grid grid_;
  TrueBook book_;
  std::vector<Level> bids_, asks_;
  std::vector<Level> told_bids_, told_asks_;
};

}  // namespace ats::bench

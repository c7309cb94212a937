// The queues of one instrument: every resting order, first come first served at each price. Knows no
// accounts and no money; the Exchange decides who may trade.
//
// A side is a vector of levels with the best at the back: what happens, happens near the back. Orders
// live in one pool and are linked through slots.
// Invariants: a level's total is the sum of its orders and is positive; `house` is the part of the
// total that belongs to owner 0; prices within a side are strictly ordered.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.hpp"
#include "domain/number.hpp"

namespace ats::sim {

class MatchBook {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot no_slot = ~Slot{0};

  struct Resting {
    std::uint64_t owner = 0;  // 0 = the house, else the order's id at its exchange
    Price price;
    Quantity left;
    Side side = Side::Buy;
    Slot before = no_slot;  // towards the front of the queue
    Slot after = no_slot;
  };
  struct QueueLevel {
    Price price;
    Quantity total;
    Quantity house;
    Slot front = no_slot;
    Slot back = no_slot;
  };
  struct Touched {
    Side side;
    Price price;
  };

  // At the back of the queue of its price. The caller has matched first: whether the price crosses is
  // not looked at here (CrossedBook needs it so).
  Slot add(Side side, Price price, Quantity quantity, std::uint64_t owner);
  void remove(Slot slot);
  // Takes from a resting order, which keeps its place; at zero it is gone and the slot is free.
  void reduce(Slot slot, Quantity by);
  // Makes the house's share of a level `target`: more joins the back of the queue, less leaves from the
  // back.
  void set_house(Side side, Price price, Quantity target);

  const Resting& at(Slot slot) const { return pool_[slot]; }
  // Front order of the best level; no_slot when the side is empty.
  Slot front(Side side) const {
    const auto& levels = sides_[index(side)];
    return levels.empty() ? no_slot : levels.back().front;
  }
  // Best last.
  std::span<const QueueLevel> levels(Side side) const { return sides_[index(side)]; }
  bool empty(Side side) const { return sides_[index(side)].empty(); }
  const QueueLevel& best(Side side) const { return sides_[index(side)].back(); }
  // Null when nothing rests at the price.
  const QueueLevel* find(Side side, Price price) const;

  // Prices whose total changed since forget_touched(), a price possibly several times.
  std::span<const Touched> touched() const { return touched_; }
  void forget_touched() { touched_.clear(); }

 private:
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  // Position of the price's level, or where it would be inserted.
  std::size_t position(Side side, Price price) const;
  void drop_level(Side side, std::size_t at);

  std::vector<QueueLevel> sides_[2];
  std::vector<Resting> pool_;
  Slot free_ = no_slot;  // chained through Resting::after
  std::vector<Touched> touched_;
};

}  // namespace ats::sim

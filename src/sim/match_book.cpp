#include "sim/match_book.hpp"

#include <algorithm>

namespace ats::sim {
namespace {

// Whether `a` is a worse price than `b` to rest at: the order of a side from its front element on.
bool worse(Side side, Price a, Price b) { return side == Side::Buy ? a < b : a > b; }

}  // namespace

std::size_t MatchBook::position(Side side, Price price) const {
  const auto& levels = sides_[index(side)];
  constexpr std::size_t near = 6;
  std::size_t at = levels.size();
  const std::size_t stop = at > near ? at - near : 0;
  while (at > stop) {
    if (worse(side, levels[at - 1].price, price)) return at;
    --at;
    if (levels[at].price == price) return at;
  }
  const auto found = std::lower_bound(
      levels.begin(), levels.begin() + static_cast<std::ptrdiff_t>(stop), price,
      [side](const QueueLevel& level, Price wanted) { return worse(side, level.price, wanted); });
  return static_cast<std::size_t>(found - levels.begin());
}

const MatchBook::QueueLevel* MatchBook::find(Side side, Price price) const {
  const auto& levels = sides_[index(side)];
  const std::size_t at = position(side, price);
  return at < levels.size() && levels[at].price == price ? &levels[at] : nullptr;
}

MatchBook::Slot MatchBook::add(Side side, Price price, Quantity quantity, std::uint64_t owner) {
  ATS_ASSERT(quantity.units > 0 && price.units > 0);
  Slot slot = free_;
  if (slot == no_slot) {
    slot = static_cast<Slot>(pool_.size());
    pool_.emplace_back();
  } else {
    free_ = pool_[slot].after;
  }
  auto& levels = sides_[index(side)];
  const std::size_t at = position(side, price);
  if (at == levels.size() || levels[at].price != price) {
    levels.insert(levels.begin() + static_cast<std::ptrdiff_t>(at),
                  QueueLevel{price, {}, {}, no_slot, no_slot});
  }
  QueueLevel& level = levels[at];
  pool_[slot] = {owner, price, quantity, side, level.back, no_slot};
  if (level.back == no_slot) {
    level.front = slot;
  } else {
    pool_[level.back].after = slot;
  }
  level.back = slot;
  level.total += quantity;
  if (owner == 0) level.house += quantity;
  touched_.push_back({side, price});
  return slot;
}

void MatchBook::reduce(Slot slot, Quantity by) {
  Resting& order = pool_[slot];
  ATS_ASSERT(by.units > 0 && by <= order.left);
  const Side side = order.side;
  const std::size_t at = position(side, order.price);
  QueueLevel& level = sides_[index(side)][at];
  ATS_ASSERT(level.price == order.price);
  touched_.push_back({side, order.price});
  order.left -= by;
  level.total -= by;
  if (order.owner == 0) level.house -= by;
  if (!order.left.is_zero()) return;
  (order.before == no_slot ? level.front : pool_[order.before].after) = order.after;
  (order.after == no_slot ? level.back : pool_[order.after].before) = order.before;
  order.after = free_;
  free_ = slot;
  if (level.front == no_slot) drop_level(side, at);
}

void MatchBook::remove(Slot slot) { reduce(slot, pool_[slot].left); }

void MatchBook::drop_level(Side side, std::size_t at) {
  auto& levels = sides_[index(side)];
  ATS_ASSERT(levels[at].total.is_zero());
  levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(at));
}

void MatchBook::set_house(Side side, Price price, Quantity target) {
  const QueueLevel* level = find(side, price);
  const Quantity has = level == nullptr ? Quantity{} : level->house;
  if (target > has) {
    add(side, price, target - has, 0);
    return;
  }
  Quantity surplus = has - target;
  Slot slot = level == nullptr ? no_slot : level->back;
  while (!surplus.is_zero()) {
    ATS_ASSERT(slot != no_slot);
    const Resting& order = pool_[slot];
    const Slot before = order.before;
    if (order.owner == 0) {
      const Quantity cut = std::min(surplus, order.left);
      surplus -= cut;
      reduce(slot, cut);
    }
    slot = before;
  }
}

}  // namespace ats::sim

#include "sim/paper_book.hpp"

#include <algorithm>
#include <limits>

namespace ats::sim {

void PaperBook::forget_taken() {
  taken_bids_.clear();
  taken_asks_.clear();
}

void PaperBook::on_up() {
  book_.on_up();
  forget_taken();
}

void PaperBook::on_down() {
  book_.on_down();
  forget_taken();
}

void PaperBook::on_fault() {
  book_.on_fault();
  forget_taken();
}

void PaperBook::on(const BookSnapshot& snapshot) {
  book_.on(snapshot);
  forget_taken();
}

void PaperBook::on(const BookDelta& delta) {
  book_.on(delta);
  for (const Level& level : delta.bids) taken_bids_.erase(level.price.units);
  for (const Level& level : delta.asks) taken_asks_.erase(level.price.units);
}

Quantity PaperBook::left(Side side, const Level& level) const {
  const Taken& taken = side == Side::Buy ? taken_bids_ : taken_asks_;
  const auto found = taken.find(level.price.units);
  if (found == taken.end()) return level.quantity;
  return {std::max<std::int64_t>(0, level.quantity.units - found->second)};
}

Level PaperBook::best(Side side) const {
  Level best;
  if (!valid()) return best;
  book_.walk(side, [&](const Level& level) {
    best = {level.price, left(side, level)};
    return best.quantity.is_zero();
  });
  return best;
}

Quantity PaperBook::within(Side side, Price limit) const {
  Quantity sum;
  if (!valid()) return sum;
  book_.walk(side, [&](const Level& level) {
    if (!reaches(side, level.price, limit)) return false;
    const Quantity here = left(side, level);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    sum.units = here.units > most - sum.units ? most : sum.units + here.units;
    return true;
  });
  return sum;
}

}  // namespace ats::sim

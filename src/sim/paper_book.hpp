// What orders on paper may trade with: the public book of one instrument as its live events tell it, less what
// was taken from it on paper. A level that was taken from counts as so much smaller until the venue tells that
// level anew.
// Nothing is to be had from a book that is not what the venue's is: before its snapshot, after a gap, while
// the connection is down.
#pragma once

#include <algorithm>
#include <map>

#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "sim/audit_book.hpp"

namespace ats::sim {

class PaperBook {
 public:
  PaperBook(const BookRules& rules, const Instrument& instrument)
      : book_(rules, instrument.price_scale, instrument.qty_scale) {}

  void on_up();
  void on_down();
  void on_fault();
  void on(const BookSnapshot& snapshot);
  void on(const BookDelta& delta);

  bool valid() const { return book_.valid(); }
  // The best level of that side that has anything left; zero quantity: none.
  Level best(Side side) const;
  // What there is on that side at the limit or better.
  Quantity within(Side side, Price limit) const;
  // Takes up to `wanted` from that side at the limit or better, the best first; `took(price, quantity)` for
  // each level.
  template <class Took>
  void take(Side side, Price limit, Quantity wanted, const Took& took) {
    if (!valid()) return;
    book_.walk(side, [&](const Level& level) {
      if (wanted.is_zero() || !reaches(side, level.price, limit)) return false;
      const Quantity here = std::min(left(side, level), wanted);
      if (here.is_zero()) return true;
      taken(side)[level.price.units] += here.units;
      wanted -= here;
      took(level.price, here);
      return true;
    });
  }

 private:
  using Taken = std::map<std::int64_t, std::int64_t>;  // by price, units

  static bool reaches(Side side, Price price, Price limit) {
    return side == Side::Sell ? price <= limit : price >= limit;
  }
  Taken& taken(Side side) { return side == Side::Buy ? taken_bids_ : taken_asks_; }
  Quantity left(Side side, const Level& level) const;
  void forget_taken();

  AuditBook book_;
  Taken taken_bids_;
  Taken taken_asks_;
};

}  // namespace ats::sim

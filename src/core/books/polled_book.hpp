// Stands in for a book whose venue's stream is down: what the venue answered when it was asked by REST. It is
// a round trip and a wait old, no message proves it and none keeps it up, so it marks what we hold and trades
// away what is open, and opens nothing.
//
// Invariants: its age counts from when the question left; past its limit it serves nothing, whether anyone has
// taken it away or not; it is uncrossed and on the instrument's grid, or it is not taken.
#pragma once

#include "base/time.hpp"
#include "core/books/tick_book.hpp"
#include "domain/event.hpp"

namespace ats::core {

struct BookPolling {
  Duration after;    // a venue that has had no Valid book for this long is asked; zero: never
  Duration max_age;  // since the question left
  bool on() const { return after.ns > 0; }
};

class PolledBook {
 public:
  explicit PolledBook(std::int64_t tick) : book_(tick, window_bits) {}

  // False: nothing to stand on (crossed, or off the grid), and the book holds no levels.
  bool take(const BookImage& image, Duration max_age);

  bool serves(Instant now) const { return now <= good_until_; }
  Instant asked() const { return asked_; }
  const TickBook& book() const { return book_; }

 private:
  static constexpr int window_bits = 12;  // a hundred levels stay within a narrow band of prices

  TickBook book_;
  Instant asked_;
  Instant good_until_;
};

}  // namespace ats::core

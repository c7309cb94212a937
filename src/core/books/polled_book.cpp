#include "core/books/polled_book.hpp"

namespace ats::core {

bool PolledBook::take(const BookImage& image, Duration max_age) {
  book_.clear();
  asked_ = image.asked;
  good_until_ = image.asked + max_age;
  for (const Side side : {Side::Buy, Side::Sell}) {
    for (const Level& level : side == Side::Buy ? image.bids : image.asks) {
      if (book_.set(side, level)) continue;
      book_.clear();
      return false;
    }
  }
  if (!book_.crossed()) return true;
  book_.clear();
  return false;
}

}  // namespace ats::core

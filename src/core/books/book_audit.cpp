#include "core/books/book_audit.hpp"

#include <algorithm>

namespace ats::core {

void BookAudit::begin(Instant now) {
  running_ = true;
  answered_ = overflown_ = broken_ = false;
  asked_ = now;
  notes_.clear();
}

void BookAudit::on_image(std::span<const Level> bids, std::span<const Level> asks, Instant asked,
                         Instant now) {
  if (!running_ || answered_ || asked < asked_) return;
  answered_ = true;
  answered_at_ = now;
  const auto keep = [](std::span<const Level> from, ImageSide& to) {
    to.count = std::min(from.size(), compared_levels);
    to.whole = from.size() < compared_levels;
    std::copy_n(from.begin(), to.count, to.levels.begin());
  };
  keep(bids, image_[static_cast<std::size_t>(Side::Buy)]);
  keep(asks, image_[static_cast<std::size_t>(Side::Sell)]);
}

BookAudit::Verdict BookAudit::settle(const TickBook& book, std::size_t depth, Instant now,
                                     std::uint32_t& differing) {
  if (!running_) return Verdict::None;
  const bool late = !answered_ && now - asked_ > answer_max;
  if (!broken_ && !overflown_ && !late && (!answered_ || now - answered_at_ < grace))
    return Verdict::None;
  running_ = false;
  if (broken_ || overflown_ || late) return Verdict::Inconclusive;
  differing = compare(Side::Buy, book, depth) + compare(Side::Sell, book, depth);
  return differing == 0 ? Verdict::Agrees : Verdict::Differs;
}

bool BookAudit::noted(Side side, Price price) const {
  return std::ranges::find(notes_, Note{side, price}) != notes_.end();
}

// Both sides hold their levels best first; `behind` says that a price is worse than another.
std::uint32_t BookAudit::compare(Side side, const TickBook& book, std::size_t depth) const {
  const ImageSide& image = image_[static_cast<std::size_t>(side)];
  const auto behind = [side](Price a, Price b) { return side == Side::Buy ? a < b : a > b; };
  // What lies deeper than the book keeps is never told of.
  const std::size_t kept = depth == 0 ? compared_levels : depth;
  const auto levels = std::span(image.levels).first(std::min(image.count, kept));
  const bool whole = image.whole && image.count < kept;
  std::uint32_t differing = 0;
  TickBook::Cursor cursor = book.levels(side);
  Level ours;
  bool more = cursor.next(ours);
  for (const Level& theirs : levels) {
    for (; more && behind(theirs.price, ours.price); more = cursor.next(ours)) {
      if (!noted(side, ours.price)) ++differing;  // we have what is not there
    }
    if (more && ours.price == theirs.price) {
      if (ours.quantity != theirs.quantity && !noted(side, theirs.price)) ++differing;
      more = cursor.next(ours);
      continue;
    }
    if (!noted(side, theirs.price)) ++differing;  // we lack it
  }
  if (!whole) return differing;
  for (; more; more = cursor.next(ours)) {
    if (!noted(side, ours.price)) ++differing;
  }
  return differing;
}

}  // namespace ats::core

// Compares a book with an image of it that the venue gives by another way (REST). Stream and image are of
// different moments, so only what stood still can be compared: from the question until some time after the
// answer every price that changes is noted, and a level is held against the book only if its price is not among
// them. What differs then can be explained by no message: the book is wrong, or the image is.
//
// Invariants: a level that changed while the audit ran is never counted; notes are bounded, and an audit that
// would need more of them ends without a verdict. While none runs, note() is not called.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "core/books/tick_book.hpp"
#include "domain/number.hpp"

namespace ats::core {

class BookAudit {
 public:
  static constexpr std::size_t compared_levels = 10;  // a side, best first
  static constexpr std::size_t notes_max = 4096;
  static constexpr Duration answer_max = seconds(15);
  // How much later than the image's answer the stream may tell of what the image shows already.
  static constexpr Duration grace = seconds(2);

  enum class Verdict : std::uint8_t {
    None,  // still running, or none asked for
    Agrees,
    Differs,
    Inconclusive,  // no answer in time, too many changes, or the book was not Valid throughout
  };

  BookAudit() { notes_.reserve(notes_max); }

  // The question leaves.
  void begin(Instant now);
  bool running() const { return running_; }
  // A price changed, or may have: one that a book of few levels lets go as well, since what becomes of it there is not
  // told any more.
  void note(Side side, Price price) {
    if (notes_.size() < notes_max) [[likely]] {
      notes_.push_back({side, price});
    } else {
      overflown_ = true;
    }
  }
  // The answer; best first. A second one is ignored, and one to a question of before begin().
  void on_image(std::span<const Level> bids, std::span<const Level> asks, Instant asked,
                Instant now);
  // The verdict once it is due, and how many levels differ. `depth`: levels the book keeps, 0 = all.
  Verdict settle(const TickBook& book, std::size_t depth, Instant now, std::uint32_t& differing);
  // The book was thrown away: no verdict.
  void abandon() { broken_ = true; }

 private:
  struct Note {
    Side side;
    Price price;
    bool operator==(const Note&) const = default;
  };
  struct ImageSide {
    std::array<Level, compared_levels> levels;
    std::size_t count = 0;
    bool whole = false;  // there was nothing behind the last one
  };
  bool noted(Side side, Price price) const;
  std::uint32_t compare(Side side, const TickBook& book, std::size_t depth) const;

  bool running_ = false;
  bool answered_ = false;
  bool overflown_ = false;
  bool broken_ = false;
  Instant asked_;
  Instant answered_at_;
  std::array<ImageSide, 2> image_;
  std::vector<Note> notes_;
};

}  // namespace ats::core

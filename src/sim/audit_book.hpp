// The book of one instrument that the auditor and the paper exchange keep for themselves: a map a side, built
// from the same events the engine gets, by the venue's published rules. Slow, plain, and shares nothing with
// the engine's books.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::sim {

class AuditBook {
 public:
  // The scales are the instrument's.
  explicit AuditBook(const BookRules& rules, std::uint8_t price_scale = 0,
                     std::uint8_t qty_scale = 0)
      : rules_(rules), price_scale_(price_scale), qty_scale_(qty_scale) {}

  void on_up();    // the market-data connection stands: events may come
  void on_down();  // nothing that was is true any more
  void on(const BookSnapshot& snapshot);
  void on(const BookDelta& delta);
  void on_fault();

  // Whether the rules allow pricing from it: every message since the snapshot is in it, its checksums
  // were right, and it is not crossed. How old it is, only the venue's other messages can tell.
  bool valid() const { return synced_ && !crossed(); }
  bool crossed() const;
  // What the book lacks, for people.
  const char* why_not() const;
  std::optional<Price> best(Side side) const;  // of a synced book
  // The levels of a synced book, the best first, for as long as `take(level)` answers true.
  template <class Take>
  void walk(Side side, const Take& take) const {
    const auto through = [&](const auto& levels) {
      for (const auto& [price, quantity] : levels) {
        if (!take(Level{{price}, {quantity}})) return;
      }
    };
    if (!synced_) return;
    side == Side::Buy ? through(bids_) : through(asks_);
  }

 private:
  struct Delta {
    Sequence first, last;
    std::vector<Level> bids, asks;
  };
  void clear();
  void apply(std::span<const Level> bids, std::span<const Level> asks);
  void cut();
  bool proves(const std::optional<std::uint32_t>& checksum) const;

  const BookRules& rules_;
  std::uint8_t price_scale_;
  std::uint8_t qty_scale_;
  std::map<std::int64_t, std::int64_t, std::greater<>> bids_;
  std::map<std::int64_t, std::int64_t> asks_;
  bool up_ = false;
  bool synced_ = false;
  const char* lacks_ = "a snapshot";
  Sequence last_ = 0;
  std::vector<Delta> waiting_;  // for a snapshot that comes by request
};

}  // namespace ats::sim

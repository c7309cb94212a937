// For tests only: the plainest possible book, and the event sink that keeps one per instrument.
#pragma once

#include <map>
#include <vector>

#include "domain/event.hpp"
#include "venues/kraken/checksum.hpp"

namespace ats::venues::kraken {

struct ModelBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;

  template <class Side>
  static void apply(Side& side, std::span<const Level> levels, std::size_t depth) {
    for (const Level& level : levels) {
      if (level.quantity.units == 0)
        side.erase(level.price.units);
      else
        side[level.price.units] = level.quantity.units;
    }
    while (side.size() > depth) side.erase(std::prev(side.end()));
  }
  template <class Side>
  static std::vector<Level> top(const Side& side, std::size_t count = 10) {
    std::vector<Level> levels;
    for (const auto& [price, quantity] : side) {
      if (levels.size() == count) break;
      levels.push_back({{price}, {quantity}});
    }
    return levels;
  }
  std::uint32_t checksum() const {
    const std::vector<Level> b = top(bids);
    const std::vector<Level> a = top(asks);
    return book_checksum({b, a});
  }
};

// Counts events and replays book events, comparing checksums.
struct ModelSink final : EventSink {
  explicit ModelSink(std::size_t book_depth) : depth(book_depth) {}

  void on(const Event& event) override {
    std::visit([this](const auto& e) { take(e); }, event);
  }
  void take(const BookSnapshot& e) {
    ++snapshots;
    ModelBook& book = books[e.instrument] = {};
    ModelBook::apply(book.bids, e.bids, depth);
    ModelBook::apply(book.asks, e.asks, depth);
    compare(book, e.checksum);
  }
  void take(const BookDelta& e) {
    ++deltas;
    ModelBook& book = books[e.instrument];
    ModelBook::apply(book.bids, e.bids, depth);
    ModelBook::apply(book.asks, e.asks, depth);
    compare(book, e.checksum);
  }
  void compare(const ModelBook& book, const std::optional<std::uint32_t>& checksum) {
    if (checksum) ++(book.checksum() == *checksum ? right : wrong);
  }
  void take(const Trade& e) { trades.push_back(e); }
  void take(const Heartbeat&) { ++heartbeats; }
  void take(const BookFault& e) { faults.push_back(e); }
  void take(const InstrumentChanged& e) { changes.push_back(e.instrument); }
  template <class Other>
  void take(const Other&) {
    ++others;
  }

  std::size_t depth;
  std::map<InstrumentId, ModelBook> books;
  std::size_t snapshots = 0, deltas = 0, right = 0, wrong = 0, heartbeats = 0, others = 0;
  std::vector<Trade> trades;
  std::vector<BookFault> faults;
  std::vector<Instrument> changes;
};

}  // namespace ats::venues::kraken

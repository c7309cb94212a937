// For tests only: the plainest possible books, and the event sink that keeps one per instrument.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "domain/event.hpp"

namespace ats::venues::coinbase {

struct ModelBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;

  template <class Side>
  static void apply(Side& side, std::span<const Level> levels) {
    for (const Level& level : levels) {
      if (level.quantity.units == 0)
        side.erase(level.price.units);
      else
        side[level.price.units] = level.quantity.units;
    }
  }
  template <class Side>
  static std::vector<Level> top(const Side& side, std::size_t count) {
    std::vector<Level> levels;
    for (const auto& [price, quantity] : side) {
      if (levels.size() == count) break;
      levels.push_back({{price}, {quantity}});
    }
    return levels;
  }
  bool crossed() const {
    return !bids.empty() && !asks.empty() && bids.begin()->first >= asks.begin()->first;
  }
};

// Counts events and replays book events.
struct ModelSink final : EventSink {
  void on(const Event& event) override {
    std::visit([this](const auto& e) { take(e); }, event);
  }
  void take(const BookSnapshot& e) {
    ++snapshots;
    ModelBook& book = books[e.instrument] = {};
    ModelBook::apply(book.bids, e.bids);
    ModelBook::apply(book.asks, e.asks);
    crossed += book.crossed() ? 1 : 0;
  }
  void take(const BookDelta& e) {
    ++deltas;
    ModelBook& book = books[e.instrument];
    ModelBook::apply(book.bids, e.bids);
    ModelBook::apply(book.asks, e.asks);
    crossed += book.crossed() ? 1 : 0;
  }
  void take(const Trade& e) { trades.push_back(e); }
  void take(const Heartbeat& e) { heartbeats.push_back(e); }
  void take(const BookFault& e) { faults.push_back(e); }
  template <class Other>
  void take(const Other&) {
    ++others;
  }

  std::map<InstrumentId, ModelBook> books;
  std::size_t snapshots = 0, deltas = 0, crossed = 0, others = 0;
  std::vector<Trade> trades;
  std::vector<Heartbeat> heartbeats;
  std::vector<BookFault> faults;
};

}  // namespace ats::venues::coinbase

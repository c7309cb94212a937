// For tests only: the plainest possible book, and the event sink that keeps one per instrument.
#pragma once

#include <map>
#include <vector>

#include "domain/event.hpp"
#include "venues/bitfinex/checksum.hpp"

namespace ats::venues::bitfinex {

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
  static std::vector<Level> all(const Side& side) {
    std::vector<Level> levels;
    for (const auto& [price, quantity] : side) levels.push_back({{price}, {quantity}});
    return levels;
  }
  std::uint32_t checksum(std::uint8_t price_scale, std::uint8_t qty_scale) const {
    const std::vector<Level> b = all(bids);
    const std::vector<Level> a = all(asks);
    return book_checksum({b, a, price_scale, qty_scale});
  }
};

// Counts events and replays book events, comparing checksums.
struct ModelSink final : EventSink {
  explicit ModelSink(const Universe& of) : universe(of) {}

  void on(const Event& event) override {
    std::visit([this](const auto& e) { take(e); }, event);
  }
  void take(const BookSnapshot& e) {
    ++snapshots;
    ModelBook& book = books[e.instrument] = {};
    ModelBook::apply(book.bids, e.bids);
    ModelBook::apply(book.asks, e.asks);
  }
  void take(const BookDelta& e) {
    ModelBook& book = books[e.instrument];
    ModelBook::apply(book.bids, e.bids);
    ModelBook::apply(book.asks, e.asks);
    last = e;
    if (!e.checksum) {
      ++deltas;
      return;
    }
    const Instrument& on = universe.instrument(e.instrument);
    ++(book.checksum(on.price_scale, on.qty_scale) == *e.checksum ? right : wrong);
  }
  void take(const Trade& e) { trades.push_back(e); }
  void take(const Heartbeat&) { ++heartbeats; }
  void take(const BookFault& e) { faults.push_back(e); }
  void take(const InstrumentChanged& e) { changes.push_back(e.instrument); }
  template <class Other>
  void take(const Other&) {
    ++others;
  }

  const Universe& universe;
  std::map<InstrumentId, ModelBook> books;
  std::size_t snapshots = 0, deltas = 0, right = 0, wrong = 0, heartbeats = 0, others = 0;
  BookDelta last;
  std::vector<Trade> trades;
  std::vector<BookFault> faults;
  std::vector<Instrument> changes;
};

}  // namespace ats::venues::bitfinex

// For tests only: keeps what a decoder tells, levels included.
#pragma once

#include <vector>

#include "domain/event.hpp"

namespace ats::venues::upbit {

struct KeptBook {
  BookSnapshot event;
  std::vector<Level> bids, asks;
};

struct KeepingSink final : EventSink {
  void on(const Event& event) override {
    ++count;
    if (const auto* book = std::get_if<BookSnapshot>(&event)) {
      books.push_back(
          {*book, {book->bids.begin(), book->bids.end()}, {book->asks.begin(), book->asks.end()}});
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      trades.push_back(*trade);
    } else if (const auto* fault = std::get_if<BookFault>(&event)) {
      faults.push_back(*fault);
    } else if (std::holds_alternative<Heartbeat>(event)) {
      ++heartbeats;
    }
  }
  std::size_t count = 0;
  std::size_t heartbeats = 0;
  std::vector<KeptBook> books;
  std::vector<Trade> trades;
  std::vector<BookFault> faults;
};

}  // namespace ats::venues::upbit

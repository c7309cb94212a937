// What one market-data frame says, in our numbers: of Advanced Trade, or of the older Exchange feed. Two
// readers fill it: scan.hpp (the shapes the venue sends, fast) and reader.hpp (any JSON, by simdjson). Where
// the scan accepts a frame, both must fill it alike. Kept from frame to frame: no allocation once warm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/instrument.hpp"
#include "domain/order.hpp"
#include "venues/client.hpp"
#include "venues/stamp.hpp"

namespace ats::venues::coinbase {

enum class FrameKind : std::uint8_t {
  Market,   // books and prints
  Life,     // heartbeat, acknowledgement: says no more than "I am here"
  Error,    // the venue refuses something we sent
  Ignored,  // a channel we do not use
};

// Levels lie in Frame::bids and Frame::asks: one update mixes the sides, a book event has them apart.
struct BookEntry {
  InstrumentId instrument;
  bool snapshot = false;
  std::uint32_t first_bid = 0, bids = 0;
  std::uint32_t first_ask = 0, asks = 0;
  WallTime time;
};

struct TradeEntry {
  InstrumentId instrument;
  Side taker_side = Side::Buy;
  Price price;
  Quantity quantity;
  FillId id;
  WallTime time;
};

struct Frame {
  FrameKind kind = FrameKind::Ignored;
  std::optional<std::uint64_t> sequence;  // sequence_num; the Exchange feed counts no connection
  WallTime time;                          // when the venue sent it; zero where it tells none
  bool history = false;                   // prints of before the subscription were in it
  std::vector<Level> bid_levels, ask_levels;  // storage; only what the entries name counts
  std::uint32_t bids_used = 0, asks_used = 0;
  std::vector<BookEntry> books;
  std::vector<TradeEntry> trades;  // as on the wire: Advanced Trade sends the newest first
  StampReader stamps;              // of times read so far

  std::span<const Level> bids(const BookEntry& entry) const {
    return std::span(bid_levels).subspan(entry.first_bid, entry.bids);
  }
  std::span<const Level> asks(const BookEntry& entry) const {
    return std::span(ask_levels).subspan(entry.first_ask, entry.asks);
  }
  // Room on either side for every level that a frame of so many bytes can hold.
  void reserve_levels(std::size_t frame_size) {
    constexpr std::size_t shortest_level = sizeof(R"(["1","1"],)") - 1;
    const std::size_t most = frame_size / shortest_level + 1;
    if (bid_levels.size() < most) bid_levels.resize(2 * most);
    if (ask_levels.size() < most) ask_levels.resize(2 * most);
  }
  void clear() {
    kind = FrameKind::Ignored;
    sequence.reset();
    time = {};
    history = false;
    bids_used = asks_used = 0;
    books.clear();
    trades.clear();
  }
  // Takes the levels written since begin_book into its entry. False: the same price twice in a snapshot,
  // which is no book.
  BookEntry& begin_book(InstrumentId instrument, bool snapshot) {
    BookEntry& entry = books.emplace_back();
    entry.instrument = instrument;
    entry.snapshot = snapshot;
    entry.first_bid = bids_used;
    entry.first_ask = asks_used;
    return entry;
  }
  bool end_book(BookEntry& entry);
};

// Best first, whatever order they came in; false when a price stands there twice.
template <class Better>
bool put_in_order(std::span<Level> levels, Better better) {
  const auto out_of_order = [better](const Level& a, const Level& b) {
    return !better(a.price, b.price);
  };
  if (std::adjacent_find(levels.begin(), levels.end(), out_of_order) == levels.end()) [[likely]]
    return true;
  std::sort(levels.begin(), levels.end(),
            [better](const Level& a, const Level& b) { return better(a.price, b.price); });
  return std::adjacent_find(levels.begin(), levels.end(), out_of_order) == levels.end();
}

inline bool Frame::end_book(BookEntry& entry) {
  entry.bids = bids_used - entry.first_bid;
  entry.asks = asks_used - entry.first_ask;
  if (!entry.snapshot) return true;
  return put_in_order(std::span(bid_levels).subspan(entry.first_bid, entry.bids),
                      [](Price a, Price b) { return a > b; }) &&
         put_in_order(std::span(ask_levels).subspan(entry.first_ask, entry.asks),
                      [](Price a, Price b) { return a < b; });
}

}  // namespace ats::venues::coinbase

// What one market-data frame says, in our numbers. Two readers fill it: scan.hpp
// (the shape the venue sends, fast) and reader.hpp (any JSON, by simdjson). Where the scan accepts a
// frame, both must fill it alike. Kept from frame to frame: no allocation once warm.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/instrument.hpp"
#include "domain/order.hpp"
#include "venues/client.hpp"

namespace ats::venues::kraken {

enum class FrameKind : std::uint8_t {
  Book,
  Trades,
  Life,     // heartbeat, pong, acknowledgement: says no more than "I am here"
  Status,   // state of the trading system
  Ended,    // an unsubscription took effect, or a subscription was refused
  Ignored,  // a channel we do not use
};

// Levels lie one after the other in Frame::levels: bids, then asks, from `first` on.
struct BookEntry {
  InstrumentId instrument;
  std::uint32_t first = 0;
  std::uint32_t bids = 0;
  std::uint32_t asks = 0;
  std::optional<std::uint32_t> checksum;  // v1's snapshots have none
  WallTime time;
  bool operator==(const BookEntry&) const = default;
};

struct TradeEntry {
  InstrumentId instrument;
  Side taker_side = Side::Buy;
  Price price;
  Quantity quantity;
  FillId id;
  WallTime time;
  bool operator==(const TradeEntry&) const = default;
};

struct Frame {
  FrameKind kind = FrameKind::Ignored;
  bool snapshot = false;
  std::vector<Level> levels;  // storage; only what the entries name counts
  std::vector<BookEntry> books;
  std::vector<TradeEntry> trades;
  InstrumentStatus status = InstrumentStatus::Trading;  // Status
  InstrumentId ended;  // Ended; invalid: it named no symbol of ours

  std::span<const Level> bids(const BookEntry& entry) const {
    return std::span(levels).subspan(entry.first, entry.bids);
  }
  std::span<const Level> asks(const BookEntry& entry) const {
    return std::span(levels).subspan(entry.first + entry.bids, entry.asks);
  }
  // Room for every level that a frame of so many bytes can hold.
  void reserve_levels(std::size_t frame_size) {
    constexpr std::size_t shortest_level = sizeof(R"({"price":1,"qty":1})") - 1;
    const std::size_t most = frame_size / shortest_level + 1;
    if (levels.size() < most) levels.resize(2 * most);
  }
  void clear() {
    books.clear();
    trades.clear();
  }
};

}  // namespace ats::venues::kraken

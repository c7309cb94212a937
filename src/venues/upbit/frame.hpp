// What one market-data frame says, in our numbers. Two readers fill it: scan.hpp (the shapes the venue
// sends, fast) and reader.hpp (any JSON, by simdjson). Where the scan accepts a frame, both must fill it
// alike. Kept from frame to frame: no allocation once warm.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "domain/event.hpp"
#include "venues/client.hpp"
#include "venues/symbols.hpp"

namespace ats::venues::upbit {

// A whole book: the best levels of each side, best first. Levels lie one after the other in Frame::bids and
// Frame::asks.
struct BookEntry {
  InstrumentId instrument;
  std::uint32_t first_bid = 0;
  std::uint32_t bids = 0;
  std::uint32_t first_ask = 0;
  std::uint32_t asks = 0;
  std::uint64_t time_ms = 0;  // the venue's; also what orders the books of an instrument
  bool operator==(const BookEntry&) const = default;
};

struct TradeEntry {
  InstrumentId instrument;
  Side taker_side = Side::Buy;
  Price price;
  Quantity quantity;
  FillId id;
  std::uint64_t time_ms = 0;
  bool operator==(const TradeEntry&) const = default;
};

// The venue counts milliseconds; more than these do not fit WallTime.
constexpr std::uint64_t time_ms_max =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 1'000'000;

struct Frame {
  std::vector<Level> bids;  // storage; only what the entries name counts
  std::vector<Level> asks;
  std::vector<BookEntry> books;
  std::vector<TradeEntry> trades;
  bool alive = false;    // says no more than "I am here"
  bool refused = false;  // an error: what was asked for will not come
  bool ignored = false;  // a kind we do not use

  std::span<const Level> bids_of(const BookEntry& entry) const {
    return std::span(bids).subspan(entry.first_bid, entry.bids);
  }
  std::span<const Level> asks_of(const BookEntry& entry) const {
    return std::span(asks).subspan(entry.first_ask, entry.asks);
  }
  // Room for every level that a frame of so many bytes can hold.
  void reserve_levels(std::size_t frame_size) {
    constexpr std::size_t shortest_unit = sizeof(R"({"ap":1,"bp":1,"as":1,"bs":1})") - 1;
    const std::size_t most = frame_size / shortest_unit + 1;
    if (bids.size() < most) {
      bids.resize(2 * most);
      asks.resize(2 * most);
    }
  }
  void clear() {
    books.clear();
    trades.clear();
    alive = refused = ignored = false;
  }
};

// A code may carry the depth that was asked for: "KRW-BTC.15".
inline std::string_view code_without_depth(std::string_view code) {
  const std::size_t dot = code.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == code.size() ||
      code.find_first_not_of("0123456789", dot + 1) != std::string_view::npos)
    return code;
  return code.substr(0, dot);
}

}  // namespace ats::venues::upbit

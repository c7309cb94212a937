// What a market-data frame says once its bytes are read: the meeting point of the two readers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "venues/binance/symbols.hpp"
#include "venues/client.hpp"

namespace ats::venues::binance {

enum class Product : std::uint8_t { Spot, Usdm, Coinm };

struct DepthFrame {  // a diff, or the body of a REST snapshot (`last` alone is told)
  const Symbol* symbol = nullptr;
  WallTime time;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t previous = 0;  // futures
  std::span<const Level> bids;
  std::span<const Level> asks;
};
struct PrintFrame {
  const Symbol* symbol = nullptr;
  WallTime time;
  Price price;
  Quantity quantity;
  std::string_view id;          // digits, in the frame or with the parser
  bool buyer_is_maker = false;  // the taker sold
};
struct TopFrame {
  const Symbol* symbol = nullptr;
  WallTime time;  // futures
  std::uint64_t update = 0;
  Level bid;
  Level ask;
};
// What the server says about the connection rather than about a market.
enum class MarketNotice : std::uint8_t { None, Acknowledged, SubscriptionRefused, Shutdown };
struct ControlFrame {
  MarketNotice notice = MarketNotice::None;
};
struct RefusedFrame {
  FrameOutcome outcome = FrameOutcome::Malformed;
  bool book_data = false;          // what is lost is, or may be, part of a book
  const Symbol* symbol = nullptr;  // of this book; null: perhaps of any
};
using MarketFrame = std::variant<RefusedFrame, DepthFrame, PrintFrame, TopFrame, ControlFrame>;

// Milliseconds since the epoch; false beyond the year 2255 (or in another unit).
constexpr bool to_wall(std::uint64_t ms, WallTime& time) {
  if (ms > 9'000'000'000'000) return false;
  time = wall_from_ms(static_cast<std::int64_t>(ms));
  return true;
}

// A stream of whole small books (btcusdt@depth20), whose frames futures dress as diffs.
constexpr bool is_partial_depth(std::string_view stream) {
  const std::size_t at = stream.find("@depth");
  return at != std::string_view::npos && at + 6 < stream.size() && stream[at + 6] != '@';
}

// The best level first, each price once.
bool is_sorted(const DepthFrame& depth);

}  // namespace ats::venues::binance

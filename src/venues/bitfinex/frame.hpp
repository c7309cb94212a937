// What one market-data frame says, in our numbers. Two readers fill it: scan.hpp (the shape the venue
// sends, fast) and reader.hpp (any JSON, by simdjson). Where the scan accepts a frame, both must fill it
// alike. Kept from frame to frame: no allocation once warm.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/instrument.hpp"
#include "domain/order.hpp"
#include "venues/bitfinex/channels.hpp"
#include "venues/client.hpp"
#include "venues/json_scan.hpp"

namespace ats::venues::bitfinex {

enum class FrameKind : std::uint8_t {
  Book,
  RawBook,
  Checksum,
  Trade,
  Life,          // heartbeat, pong, acknowledgement: says no more than "I am here"
  Connected,     // the first event of a connection: nothing is subscribed to, counting starts over
  Status,        // maintenance begins
  BackAgain,     // maintenance has ended: every subscription is to be made anew
  Subscribed,    // a channel id and what it stands for
  Unsubscribed,  // a channel has ended
  Refused,       // a subscription to a book was refused
  Ignored,
};

// An order of a raw book; price 0 takes it away.
struct RawEntry {
  std::uint64_t id = 0;
  Side side = Side::Buy;
  Price price;
  Quantity quantity;
  bool operator==(const RawEntry&) const = default;
};

struct Frame {
  FrameKind kind = FrameKind::Ignored;
  InstrumentId instrument;  // invalid: of none, or of one we do not know
  FeedChannel* channel = nullptr;
  bool snapshot = false;
  // Storage; the first `bid_count` and `ask_count` count.
  std::vector<Level> bids, asks;
  std::size_t bid_count = 0, ask_count = 0;
  std::vector<RawEntry> raw;
  std::uint32_t checksum = 0;
  // --- Trade ---
  Side taker_side = Side::Buy;
  Price price;
  Quantity quantity;
  FillId trade_id;
  // --- events ---
  InstrumentStatus status = InstrumentStatus::Trading;  // Connected, Status
  FeedChannel subscription;                             // Subscribed; Unsubscribed: its id
  // --- appended to data frames by flags ---
  std::optional<std::uint64_t> sequence;
  WallTime time;

  // --- of the frame before, for the scan ---
  LengthGuess id_length;
  LengthGuess number_length;

  void clear() {
    kind = FrameKind::Ignored;
    instrument = {};
    channel = nullptr;
    snapshot = false;
    bid_count = ask_count = 0;
    raw.clear();
    sequence.reset();
    time = {};
  }
  // Room for every level that a frame of so many bytes can hold.
  void reserve_levels(std::size_t frame_size) {
    constexpr std::size_t shortest_level = sizeof("[1,1,1],") - 1;
    const std::size_t most = frame_size / shortest_level + 1;
    if (bids.size() < most) bids.resize(2 * most);
    if (asks.size() < most) asks.resize(2 * most);
  }
  // A number behind the data. Sequence and time differ by their size: no connection has had 10^12
  // frames, and 10^12 ms after 1970 was in 2001. False when it is neither, or told twice.
  bool take_appended(std::uint64_t n) {
    constexpr std::uint64_t first_ms = 1'000'000'000'000;
    constexpr std::uint64_t last_ms = 9'000'000'000'000;
    if (n < first_ms) {
      if (sequence) return false;
      sequence = n;
      return true;
    }
    if (n >= last_ms || time.told()) return false;
    time = wall_from_ms(static_cast<std::int64_t>(n));
    return true;
  }
  std::span<const Level> bid_levels() const { return std::span(bids).first(bid_count); }
  std::span<const Level> ask_levels() const { return std::span(asks).first(ask_count); }
};

}  // namespace ats::venues::bitfinex

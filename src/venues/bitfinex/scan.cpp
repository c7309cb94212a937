#include "venues/bitfinex/scan.hpp"

#include <limits>

#include "venues/json_scan.hpp"

namespace ats::venues::bitfinex {
namespace {

// What flags have appended, and the end.
[[gnu::always_inline]] inline bool scan_end(JsonScan& scan, Frame& frame) {
  // A number and the time, one digit more now and then.
  LengthGuess* guess = &frame.number_length;
  LengthGuess time{13};
  while (scan.literal(",")) {
    std::uint64_t n = 0;
    std::string_view digits;
    if (!scan.unsigned_integer(n, digits, guess) || !frame.take_appended(n)) return false;
    guess = &time;
  }
  return scan.literal("]") && scan.at_end();
}

// One level, behind its '[': price, count, amount, whose sign is the side.
[[gnu::always_inline]] inline bool scan_level(JsonScan& scan, const Instrument& instrument,
                                              bool zero_allowed, LengthGuess& price_length,
                                              Frame& frame) {
  Level level;
  std::uint64_t count = 0;
  if (!scan.bare_number(instrument.price_scale, level.price.units, &price_length) ||
      !scan.literal(",") || !scan.unsigned_integer_of<1>(count) || !scan.literal(",")) [[unlikely]]
    return false;
  const bool ask = scan.literal("-");
  if (!scan.bare_number(instrument.qty_scale, level.quantity.units) || !scan.literal("]"))
      [[unlikely]]
    return false;
  if (level.price.units == 0 || level.quantity.units == 0) [[unlikely]]
    return false;
  if (count == 0) {
    if (!zero_allowed) return false;
    level.quantity = {};
  }
  if (ask)
    frame.asks[frame.ask_count++] = level;
  else
    frame.bids[frame.bid_count++] = level;
  return true;
}

bool scan_book(JsonScan& scan, std::string_view text, const Universe& universe, Frame& frame) {
  const FeedChannel& channel = *frame.channel;
  const Instrument& instrument = universe.instrument(channel.instrument);
  frame.reserve_levels(text.size());
  frame.kind = FrameKind::Book;
  LengthGuess price_length;
  if (!scan.literal("[")) [[likely]]
    return scan_level(scan, instrument, true, price_length, frame) && scan_end(scan, frame);
  frame.snapshot = !channel.started;
  do {
    if (!scan_level(scan, instrument, !frame.snapshot, price_length, frame)) return false;
  } while (scan.literal(",["));
  return scan.literal("]") && scan_end(scan, frame);
}

bool scan_checksum(JsonScan& scan, Frame& frame) {
  const bool negative = scan.literal("-");
  std::uint64_t magnitude = 0;
  if (!scan.unsigned_integer(magnitude)) return false;
  constexpr std::uint64_t most = std::uint64_t{1} << 31;
  if (magnitude > most - (negative ? 0 : 1) || (negative && magnitude == 0)) return false;
  frame.checksum = static_cast<std::uint32_t>(negative ? 0 - magnitude : magnitude);
  frame.kind = FrameKind::Checksum;
  return scan_end(scan, frame);
}

// Behind "te",[ : id, time, amount, price.
bool scan_trade(JsonScan& scan, const Universe& universe, Frame& frame) {
  const Instrument& instrument = universe.instrument(frame.channel->instrument);
  std::uint64_t id = 0;
  std::uint64_t time = 0;
  std::string_view digits;
  if (!scan.unsigned_integer(id, digits) || !scan.literal(",") ||
      !scan.unsigned_integer_of<13>(time) || !scan.literal(","))
    return false;
  frame.taker_side = scan.literal("-") ? Side::Sell : Side::Buy;
  if (!scan.bare_number(instrument.qty_scale, frame.quantity.units) || !scan.literal(",") ||
      !scan.bare_number(instrument.price_scale, frame.price.units) || !scan.literal("]") ||
      frame.quantity.units == 0 || frame.price.units == 0 || !scan_end(scan, frame))
    return false;
  constexpr std::uint64_t last_ms = 9'000'000'000'000;
  if (time >= last_ms) return false;
  frame.time = wall_from_ms(static_cast<std::int64_t>(time));
  frame.trade_id = FillId(digits);
  frame.kind = FrameKind::Trade;
  return true;
}

}  // namespace

bool scan(std::string_view text, const Universe& universe, Channels& channels, Frame& frame) {
  ScanTail tail;
  JsonScan scan(text, tail);
  frame.clear();
  std::uint64_t id = 0;
  if (!scan.literal("[") || !scan.unsigned_integer(id, frame.id_length) || !scan.literal(","))
    return false;
  if (scan.literal(R"("hb")")) {
    frame.kind = FrameKind::Life;
    return scan_end(scan, frame);
  }
  FeedChannel* const channel = channels.find(id);
  if (channel == nullptr) return false;
  frame.channel = channel;
  frame.instrument = channel->instrument;
  if (scan.literal("[")) [[likely]]
    return channel->kind == ChannelKind::Book && scan_book(scan, text, universe, frame);
  if (scan.literal(R"("cs",)"))
    return channel->kind == ChannelKind::Book && scan_checksum(scan, frame);
  return scan.literal(R"("te",[)") && channel->kind == ChannelKind::Trades &&
         scan_trade(scan, universe, frame);
}

}  // namespace ats::venues::bitfinex

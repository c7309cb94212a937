#include "venues/kraken/scan.hpp"

#include <cstring>
#include <limits>

#include "venues/json_scan.hpp"

namespace ats::venues::kraken {
namespace {

// What a scan of one frame works with.
struct Context {
  JsonScan& scan;
  std::string_view text;
  const Universe& universe;
  const Symbols& symbols;
  StampReader& stamps;
};

// `"symbol":` was read: the instrument, when it is one of ours.
[[gnu::always_inline]] inline bool scan_symbol(const Context& in, InstrumentId& instrument) {
  std::string_view symbol;
  if (!in.scan.quoted_text(symbol)) return false;
  instrument = in.symbols.find(symbol, in.text);
  return instrument.valid();
}

[[gnu::always_inline]] inline bool scan_number(JsonScan& scan, std::uint8_t scale,
                                               std::int64_t& units) {
  std::string_view digits;
  return scan.bare_scaled(scale, units, digits);
}

[[gnu::always_inline]] inline bool scan_time(const Context& in, WallTime& time) {
  std::string_view stamp;
  return in.scan.quoted_text(stamp) && stamp.size() == StampReader::size &&
         in.stamps.read(stamp.data(), time);
}

// "update" or "snapshot", up to the first symbol.
[[gnu::always_inline]] inline bool scan_type(JsonScan& scan, bool& snapshot) {
  snapshot = false;
  if (scan.literal(R"(update","data":[{"symbol":)")) [[likely]]
    return true;
  snapshot = true;
  return scan.literal(R"(snapshot","data":[{"symbol":)");
}

// The levels of one side, behind its '['.
[[gnu::always_inline]] inline bool scan_levels(JsonScan& scan, const Instrument& instrument,
                                               bool zero_allowed, Level*& out) {
  if (scan.literal("]")) return true;
  do {
    Level level;
    if (!scan.literal(R"({"price":)") ||
        !scan_number(scan, instrument.price_scale, level.price.units) ||
        !scan.literal(R"(,"qty":)") ||
        !scan_number(scan, instrument.qty_scale, level.quantity.units)) [[unlikely]]
      return false;
    if (level.price.units == 0 || (level.quantity.units == 0 && !zero_allowed)) [[unlikely]]
      return false;
    *out++ = level;
  } while (scan.literal("},"));
  return scan.literal("}]");
}

bool scan_book(const Context& in, Frame& frame) {
  JsonScan& scan = in.scan;
  BookEntry& entry = frame.books.emplace_back();
  if (!scan_type(scan, frame.snapshot) || !scan_symbol(in, entry.instrument)) return false;
  const Instrument& instrument = in.universe.instrument(entry.instrument);
  frame.reserve_levels(in.text.size());
  Level* const first = frame.levels.data();
  Level* out = first;
  if (!scan.literal(R"(,"bids":[)") || !scan_levels(scan, instrument, !frame.snapshot, out))
    return false;
  entry.bids = static_cast<std::uint32_t>(out - first);
  if (!scan.literal(R"(,"asks":[)") || !scan_levels(scan, instrument, !frame.snapshot, out))
    return false;
  entry.asks = static_cast<std::uint32_t>(out - first) - entry.bids;
  std::uint64_t checksum = 0;
  if (!scan.literal(R"(,"checksum":)") || !scan.unsigned_integer(checksum) ||
      checksum > std::numeric_limits<std::uint32_t>::max() || !scan.literal(R"(,"timestamp":)") ||
      !scan_time(in, entry.time) || !scan.literal("}]}") || !scan.at_end())
    return false;
  entry.checksum = static_cast<std::uint32_t>(checksum);
  frame.kind = FrameKind::Book;
  return true;
}

// One print, from its symbol to its '}'.
bool scan_trade(const Context& in, TradeEntry& trade) {
  JsonScan& scan = in.scan;
  if (!scan_symbol(in, trade.instrument)) return false;
  const Instrument& instrument = in.universe.instrument(trade.instrument);
  if (scan.literal(R"(,"side":"buy","price":)")) {
    trade.taker_side = Side::Buy;
  } else if (scan.literal(R"(,"side":"sell","price":)")) {
    trade.taker_side = Side::Sell;
  } else {
    return false;
  }
  std::string_view kind;
  std::string_view id;
  std::int64_t number = 0;
  if (!scan_number(scan, instrument.price_scale, trade.price.units) ||
      !scan.literal(R"(,"qty":)") ||
      !scan_number(scan, instrument.qty_scale, trade.quantity.units) || trade.price.units == 0 ||
      trade.quantity.units == 0 || !scan.literal(R"(,"ord_type":)") || !scan.quoted_text(kind) ||
      !scan.literal(R"(,"trade_id":)") || !scan.bare_scaled(0, number, id) ||
      id.find('.') != std::string_view::npos || !scan.literal(R"(,"timestamp":)") ||
      !scan_time(in, trade.time) || !scan.literal("}"))
    return false;
  trade.id = FillId(id);
  return true;
}

bool scan_trades(const Context& in, Frame& frame) {
  if (!scan_type(in.scan, frame.snapshot)) return false;
  do {
    if (!scan_trade(in, frame.trades.emplace_back())) return false;
  } while (in.scan.literal(R"(,{"symbol":)"));
  frame.kind = FrameKind::Trades;
  return in.scan.literal("]}") && in.scan.at_end();
}

}  // namespace

bool scan(std::string_view text, const Universe& universe, const Symbols& symbols,
          StampReader& stamps, Frame& frame) {
  ScanTail tail;
  JsonScan scan(text, tail);
  const Context in{scan, text, universe, symbols, stamps};
  frame.clear();
  if (scan.literal(R"({"channel":"book","type":")")) [[likely]]
    return scan_book(in, frame);
  if (scan.literal(R"({"channel":"trade","type":")")) return scan_trades(in, frame);
  if (!scan.literal(R"({"channel":"heartbeat"})") || !scan.at_end()) return false;
  frame.kind = FrameKind::Life;
  frame.snapshot = false;
  return true;
}

}  // namespace ats::venues::kraken

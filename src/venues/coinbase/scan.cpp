#include "venues/coinbase/scan.hpp"

#include "venues/json_scan.hpp"

namespace ats::venues::coinbase {
namespace {

// What a scan of one frame works with.
struct Context {
  JsonScan& scan;
  std::string_view text;
  const Universe& universe;
  const Symbols& books;
  Frame& frame;
};

[[gnu::always_inline]] inline bool scan_product(const Context& in, InstrumentId& instrument) {
  std::string_view product;
  if (!in.scan.quoted_text(product)) return false;
  instrument = in.books.find(product, in.text);
  return instrument.valid();
}

[[gnu::always_inline]] inline bool scan_time(const Context& in, WallTime& time) {
  std::string_view stamp;
  return in.scan.quoted_text(stamp) &&
         (in.frame.stamps.read(stamp, time) || parse_rfc3339(stamp.data(), stamp.size(), time));
}

// A level goes to its side; one without quantity is none in a snapshot.
[[gnu::always_inline]] inline void take_level(Frame& frame, bool bid, bool snapshot,
                                              const Level& level) {
  (bid ? frame.bid_levels[frame.bids_used] : frame.ask_levels[frame.asks_used]) = level;
  const std::uint32_t counts = static_cast<std::uint32_t>(!snapshot || level.quantity.units != 0);
  frame.bids_used += bid ? counts : 0u;
  frame.asks_used += bid ? 0u : counts;
}

// --- Advanced Trade ---

// From behind the channel's name to the first event.
[[gnu::always_inline]] inline bool scan_envelope(const Context& in) {
  JsonScan& scan = in.scan;
  std::uint64_t sequence = 0;
  if (!scan.literal(R"("timestamp":)") && !scan.literal(R"("client_id":"","timestamp":)"))
      [[unlikely]]
    return false;
  if (!scan_time(in, in.frame.time) || !scan.literal(R"(,"sequence_num":)") ||
      !scan.unsigned_integer(sequence) || !scan.literal(R"(,"events":[)")) [[unlikely]]
    return false;
  in.frame.sequence = sequence;
  return true;
}

// One element of "updates", from its '{' to before its '}'.
[[gnu::always_inline]] inline bool scan_update(JsonScan& scan, const Instrument& instrument,
                                               bool& bid, Level& level) {
  std::string_view unused;
  bid = scan.literal(R"({"side":"bid","event_time":)");
  if (!bid && !scan.literal(R"({"side":"offer","event_time":)")) [[unlikely]]
    return false;
  return scan.quoted_text(unused) && scan.literal(R"(,"price_level":)") &&
         scan.quoted_scaled(instrument.price_scale, level.price.units) &&
         scan.literal(R"(,"new_quantity":)") &&
         scan.quoted_scaled(instrument.qty_scale, level.quantity.units) && level.price.units != 0;
}

bool scan_books(const Context& in) {
  JsonScan& scan = in.scan;
  if (!scan_envelope(in)) return false;
  in.frame.reserve_levels(in.text.size());
  do {
    bool snapshot = false;
    if (!scan.literal(R"({"type":"update","product_id":)")) {
      snapshot = true;
      if (!scan.literal(R"({"type":"snapshot","product_id":)")) return false;
    }
    InstrumentId id;
    if (!scan_product(in, id) || !scan.literal(R"(,"updates":[)")) return false;
    const Instrument& instrument = in.universe.instrument(id);
    BookEntry& entry = in.frame.begin_book(id, snapshot);
    entry.time = in.frame.time;
    do {
      bool bid = false;
      Level level;
      if (!scan_update(scan, instrument, bid, level)) [[unlikely]]
        return false;
      take_level(in.frame, bid, snapshot, level);
    } while (scan.literal("},"));
    if (!scan.literal("}]}") || !in.frame.end_book(entry)) return false;
  } while (scan.literal(","));
  return scan.literal("]}") && scan.at_end();
}

// One print, from its '{' to its '}'. The venue names the maker's side.
bool scan_trade(const Context& in, TradeEntry& trade) {
  JsonScan& scan = in.scan;
  std::string_view id;
  if (!scan.literal(R"({"product_id":)") || !scan_product(in, trade.instrument)) return false;
  const Instrument& instrument = in.universe.instrument(trade.instrument);
  if (!scan.literal(R"(,"trade_id":)") || !scan.quoted_text(id) || !FillId::fits(id) ||
      id.empty() || !scan.literal(R"(,"price":)") ||
      !scan.quoted_scaled(instrument.price_scale, trade.price.units) ||
      !scan.literal(R"(,"size":)") ||
      !scan.quoted_scaled(instrument.qty_scale, trade.quantity.units) || trade.price.units == 0 ||
      trade.quantity.units == 0 || !scan.literal(R"(,"time":)") || !scan_time(in, trade.time))
    return false;
  trade.id = FillId(id);
  if (scan.literal(R"(,"side":"SELL"})")) {
    trade.taker_side = Side::Buy;
  } else if (scan.literal(R"(,"side":"BUY"})")) {
    trade.taker_side = Side::Sell;
  } else {
    return false;
  }
  return true;
}

bool scan_trades(const Context& in) {
  JsonScan& scan = in.scan;
  if (!scan_envelope(in)) return false;
  do {
    bool history = false;
    if (!scan.literal(R"({"type":"update","trades":[)")) {
      history = true;
      if (!scan.literal(R"({"type":"snapshot","trades":[)")) return false;
    }
    do {
      if (!scan_trade(in, in.frame.trades.emplace_back())) return false;
      if (history) in.frame.trades.pop_back();
    } while (scan.literal(","));
    in.frame.history = in.frame.history || history;
    if (!scan.literal("]}")) return false;
  } while (scan.literal(","));
  return scan.literal("]}") && scan.at_end();
}

bool scan_heartbeat(const Context& in) {
  JsonScan& scan = in.scan;
  std::string_view unused;
  std::uint64_t counter = 0;
  if (!scan_envelope(in) || !scan.literal(R"({"current_time":)") || !scan.quoted_text(unused) ||
      !scan.literal(R"(,"heartbeat_counter":)") || !scan.unsigned_integer(counter) ||
      !scan.literal("}]}") || !scan.at_end())
    return false;
  in.frame.kind = FrameKind::Life;
  return true;
}

// --- the Exchange feed ---

bool scan_l2update(const Context& in) {
  JsonScan& scan = in.scan;
  InstrumentId id;
  if (!scan_product(in, id) || !scan.literal(R"(,"changes":[)")) return false;
  const Instrument& instrument = in.universe.instrument(id);
  in.frame.reserve_levels(in.text.size());
  BookEntry& entry = in.frame.begin_book(id, false);
  do {
    Level level;
    const bool bid = scan.literal(R"(["buy",)");
    if ((!bid && !scan.literal(R"(["sell",)")) ||
        !scan.quoted_scaled(instrument.price_scale, level.price.units) || !scan.literal(",") ||
        !scan.quoted_scaled(instrument.qty_scale, level.quantity.units) || level.price.units == 0)
        [[unlikely]]
      return false;
    take_level(in.frame, bid, false, level);
  } while (scan.literal("],"));
  if (!scan.literal(R"(]],"time":)") || !scan_time(in, entry.time) || !scan.literal("}") ||
      !scan.at_end())
    return false;
  in.frame.time = entry.time;
  return in.frame.end_book(entry);
}

// The levels of one side of a whole book, behind its '['.
bool scan_side(const Context& in, const Instrument& instrument, bool bid) {
  JsonScan& scan = in.scan;
  if (scan.literal("]")) return true;
  do {
    Level level;
    if (!scan.literal("[") || !scan.quoted_scaled(instrument.price_scale, level.price.units) ||
        !scan.literal(",") || !scan.quoted_scaled(instrument.qty_scale, level.quantity.units) ||
        level.price.units == 0) [[unlikely]]
      return false;
    take_level(in.frame, bid, true, level);
  } while (scan.literal("],"));
  return scan.literal("]]");
}

bool scan_exchange_snapshot(const Context& in) {
  JsonScan& scan = in.scan;
  InstrumentId id;
  if (!scan_product(in, id)) return false;
  const Instrument& instrument = in.universe.instrument(id);
  in.frame.reserve_levels(in.text.size());
  BookEntry& entry = in.frame.begin_book(id, true);
  if (scan.literal(R"(,"asks":[)")) {
    if (!scan_side(in, instrument, false) || !scan.literal(R"(,"bids":[)") ||
        !scan_side(in, instrument, true))
      return false;
  } else if (!scan.literal(R"(,"bids":[)") || !scan_side(in, instrument, true) ||
             !scan.literal(R"(,"asks":[)") || !scan_side(in, instrument, false)) {
    return false;
  }
  return scan.literal("}") && scan.at_end() && in.frame.end_book(entry);
}

}  // namespace

bool scan(std::string_view text, const Universe& universe, const Symbols& books, Frame& frame) {
  ScanTail tail;
  JsonScan scan(text, tail);
  const Context in{scan, text, universe, books, frame};
  frame.clear();
  frame.kind = FrameKind::Market;
  if (scan.literal(R"({"channel":"l2_data",)")) [[likely]]
    return scan_books(in);
  if (scan.literal(R"({"channel":"market_trades",)")) return scan_trades(in);
  if (scan.literal(R"({"channel":"heartbeats",)")) return scan_heartbeat(in);
  if (scan.literal(R"({"type":"l2update","product_id":)")) return scan_l2update(in);
  if (scan.literal(R"({"type":"snapshot","product_id":)")) return scan_exchange_snapshot(in);
  return false;
}

}  // namespace ats::venues::coinbase

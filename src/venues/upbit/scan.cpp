#include "venues/upbit/scan.hpp"

#include "venues/json_scan.hpp"

namespace ats::venues::upbit {
namespace {

// What a scan of one frame works with.
struct Context {
  JsonScan& scan;
  std::string_view text;
  const Universe& universe;
  const Symbols& symbols;
};

// The two spellings of one schema.
struct SimpleKeys {
  static constexpr char code[] = R"(,"cd":)";
  static constexpr char time[] = R"(,"tms":)";
  static constexpr char total_asks[] = R"(,"tas":)";
  static constexpr char total_bids[] = R"(,"tbs":)";
  static constexpr char units[] = R"(,"obu":[)";
  static constexpr char ask_price[] = R"({"ap":)";
  static constexpr char bid_price[] = R"(,"bp":)";
  static constexpr char ask_size[] = R"(,"as":)";
  static constexpr char bid_size[] = R"(,"bs":)";
  static constexpr char stream[] = R"(,"st":")";
  static constexpr char level[] = R"(,"lv":0})";
  static constexpr char date[] = R"(,"td":)";
  static constexpr char clock[] = R"(,"ttm":)";
  static constexpr char trade_time[] = R"(,"ttms":)";
  static constexpr char price[] = R"(,"tp":)";
  static constexpr char volume[] = R"(,"tv":)";
  static constexpr char side[] = R"(,"ab":")";
  static constexpr char close[] = R"(,"pcp":)";
  static constexpr char change[] = R"(,"c":)";
  static constexpr char change_price[] = R"(,"cp":)";
  static constexpr char id[] = R"(,"sid":)";
  static constexpr char best_ask[] = R"(,"bap":)";
  static constexpr char best_ask_size[] = R"(,"bas":)";
  static constexpr char best_bid[] = R"(,"bbp":)";
  static constexpr char best_bid_size[] = R"(,"bbs":)";
};

struct LongKeys {
  static constexpr char code[] = R"(,"code":)";
  static constexpr char time[] = R"(,"timestamp":)";
  static constexpr char total_asks[] = R"(,"total_ask_size":)";
  static constexpr char total_bids[] = R"(,"total_bid_size":)";
  static constexpr char units[] = R"(,"orderbook_units":[)";
  static constexpr char ask_price[] = R"({"ask_price":)";
  static constexpr char bid_price[] = R"(,"bid_price":)";
  static constexpr char ask_size[] = R"(,"ask_size":)";
  static constexpr char bid_size[] = R"(,"bid_size":)";
  static constexpr char stream[] = R"(,"stream_type":")";
  static constexpr char level[] = R"(,"level":0})";
  static constexpr char date[] = R"(,"trade_date":)";
  static constexpr char clock[] = R"(,"trade_time":)";
  static constexpr char trade_time[] = R"(,"trade_timestamp":)";
  static constexpr char price[] = R"(,"trade_price":)";
  static constexpr char volume[] = R"(,"trade_volume":)";
  static constexpr char side[] = R"(,"ask_bid":")";
  static constexpr char close[] = R"(,"prev_closing_price":)";
  static constexpr char change[] = R"(,"change":)";
  static constexpr char change_price[] = R"(,"change_price":)";
  static constexpr char id[] = R"(,"sequential_id":)";
  static constexpr char best_ask[] = R"(,"best_ask_price":)";
  static constexpr char best_ask_size[] = R"(,"best_ask_size":)";
  static constexpr char best_bid[] = R"(,"best_bid_price":)";
  static constexpr char best_bid_size[] = R"(,"best_bid_size":)";
};

[[gnu::always_inline]] inline bool scan_code(const Context& in, InstrumentId& instrument) {
  std::string_view code;
  if (!in.scan.quoted_text(code)) return false;
  instrument = in.symbols.find(code, in.text);
  if (!instrument.valid()) [[unlikely]]
    instrument = in.symbols.find(code_without_depth(code));
  return instrument.valid();
}

[[gnu::always_inline]] inline bool scan_time(JsonScan& scan, std::uint64_t& ms) {
  constexpr unsigned digits = 13;
  return scan.unsigned_integer_of<digits>(ms) && ms <= time_ms_max;
}

// "SNAPSHOT" or "REALTIME", behind its first quote: to us they are one.
[[gnu::always_inline]] inline bool scan_stream(JsonScan& scan) {
  return scan.literal(R"(REALTIME")") || scan.literal(R"(SNAPSHOT")");
}

// Appends a level unless there is none at this depth. False: no price, or not behind the one before.
template <bool bid>
[[gnu::always_inline]] inline bool take(const Level& level, const Level* first, Level*& out) {
  if (level.quantity.units == 0) return true;
  if (level.price.units == 0) return false;
  if (out != first) {
    const Price before = out[-1].price;
    if (bid ? level.price >= before : level.price <= before) return false;
  }
  *out++ = level;
  return true;
}

// The units of a book, behind the '['.
template <class Keys>
[[gnu::always_inline]] inline bool scan_units(JsonScan& scan, const Instrument& instrument,
                                              Level*& bids, Level*& asks) {
  if (scan.literal("]")) return true;
  const Level* const first_bid = bids;
  const Level* const first_ask = asks;
  // The prices of a side are mostly of one length, sizes are not.
  LengthGuess ask_price;
  LengthGuess bid_price;
  do {
    Level ask;
    Level bid;
    if (!scan.literal(Keys::ask_price) ||
        !scan.bare_number(instrument.price_scale, ask.price.units, &ask_price) ||
        !scan.literal(Keys::bid_price) ||
        !scan.bare_number(instrument.price_scale, bid.price.units, &bid_price) ||
        !scan.literal(Keys::ask_size) ||
        !scan.bare_number(instrument.qty_scale, ask.quantity.units) ||
        !scan.literal(Keys::bid_size) ||
        !scan.bare_number(instrument.qty_scale, bid.quantity.units)) [[unlikely]]
      return false;
    if (!take<false>(ask, first_ask, asks) || !take<true>(bid, first_bid, bids)) [[unlikely]]
      return false;
  } while (scan.literal("},"));
  return scan.literal("}]");
}

// Behind the type, to the end of the object.
template <class Keys>
bool scan_book(const Context& in, Frame& frame) {
  JsonScan& scan = in.scan;
  BookEntry entry;
  if (!frame.books.empty()) {
    const BookEntry& before = frame.books.back();
    entry.first_bid = before.first_bid + before.bids;
    entry.first_ask = before.first_ask + before.asks;
  }
  if (!scan.literal(Keys::code) || !scan_code(in, entry.instrument) || !scan.literal(Keys::time) ||
      !scan_time(scan, entry.time_ms) || !scan.literal(Keys::total_asks) || !scan.past_number() ||
      !scan.literal(Keys::total_bids) || !scan.past_number() || !scan.literal(Keys::units))
    return false;
  frame.reserve_levels(in.text.size());
  Level* const first_bid = frame.bids.data() + entry.first_bid;
  Level* const first_ask = frame.asks.data() + entry.first_ask;
  Level* bids = first_bid;
  Level* asks = first_ask;
  const Instrument& instrument = in.universe.instrument(entry.instrument);
  if (!scan_units<Keys>(scan, instrument, bids, asks) || !scan.literal(Keys::stream) ||
      !scan_stream(scan))
    return false;
  // Level 0 is no grouping; until 2024 there was none to tell of.
  if (!scan.literal(Keys::level) && !scan.literal("}")) return false;
  entry.bids = static_cast<std::uint32_t>(bids - first_bid);
  entry.asks = static_cast<std::uint32_t>(asks - first_ask);
  frame.books.push_back(entry);
  return true;
}

template <class Keys>
bool scan_trade(const Context& in, Frame& frame) {
  JsonScan& scan = in.scan;
  TradeEntry& trade = frame.trades.emplace_back();
  std::uint64_t told_ms = 0;
  std::string_view passed;
  if (!scan.literal(Keys::code) || !scan_code(in, trade.instrument) || !scan.literal(Keys::time) ||
      !scan_time(scan, told_ms) || !scan.literal(Keys::date) || !scan.quoted_text_of<10>(passed) ||
      !scan.literal(Keys::clock) || !scan.quoted_text_of<8>(passed) ||
      !scan.literal(Keys::trade_time) || !scan_time(scan, trade.time_ms) ||
      !scan.literal(Keys::price))
    return false;
  const Instrument& instrument = in.universe.instrument(trade.instrument);
  if (!scan.bare_number(instrument.price_scale, trade.price.units) || !scan.literal(Keys::volume) ||
      !scan.bare_number(instrument.qty_scale, trade.quantity.units) || trade.price.units == 0 ||
      trade.quantity.units == 0 || !scan.literal(Keys::side))
    return false;
  if (scan.literal(R"(ASK")")) {
    trade.taker_side = Side::Sell;
  } else if (scan.literal(R"(BID")")) {
    trade.taker_side = Side::Buy;
  } else {
    return false;
  }
  std::string_view id;
  if (!scan.literal(Keys::close) || !scan.past_number() || !scan.literal(Keys::change) ||
      !scan.quoted_text_of<4>(passed) || !scan.literal(Keys::change_price) || !scan.past_number() ||
      !scan.literal(Keys::id) || !scan.integer_digits(id))
    return false;
  if (scan.literal(Keys::best_ask) &&
      (!scan.past_number() || !scan.literal(Keys::best_ask_size) || !scan.past_number() ||
       !scan.literal(Keys::best_bid) || !scan.past_number() || !scan.literal(Keys::best_bid_size) ||
       !scan.past_number()))
    return false;
  if (!scan.literal(Keys::stream) || !scan_stream(scan) || !scan.literal("}")) return false;
  trade.id = FillId(id);
  return true;
}

bool scan_object(const Context& in, Frame& frame) {
  JsonScan& scan = in.scan;
  if (scan.literal(R"({"ty":"orderbook")")) return scan_book<SimpleKeys>(in, frame);
  if (scan.literal(R"({"ty":"trade")")) return scan_trade<SimpleKeys>(in, frame);
  if (scan.literal(R"({"type":"orderbook")")) return scan_book<LongKeys>(in, frame);
  if (scan.literal(R"({"type":"trade")")) return scan_trade<LongKeys>(in, frame);
  if (!scan.literal(R"({"status":"UP"})")) return false;
  frame.alive = true;
  return true;
}

}  // namespace

bool scan(std::string_view text, const Universe& universe, const Symbols& symbols, Frame& frame) {
  ScanTail tail;
  JsonScan scan(text, tail);
  const Context in{scan, text, universe, symbols};
  frame.clear();
  const bool list = scan.literal("[");
  do {
    if (!scan_object(in, frame)) return false;
  } while (list && scan.literal(","));
  return (!list || scan.literal("]")) && scan.at_end();
}

}  // namespace ats::venues::upbit

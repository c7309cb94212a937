#include "venues/kraken/reader_v1.hpp"

#include <algorithm>
#include <array>

#include "venues/kraken/names.hpp"
#include "venues/kraken/reader_parts.hpp"

namespace ats::venues::kraken {
namespace {

bool is_book(std::string_view name) { return name == "book" || name.starts_with("book-"); }

// "1618678133.365913", seconds since the epoch.
bool read_time(std::string_view text, WallTime& time) {
  const auto ns = parse_scaled(text, 9);
  if (!ns || *ns < 0) return false;
  time.ns_utc = *ns;
  return true;
}

// The texts of an array of at least `N` strings; what follows them is not looked at.
template <std::size_t N>
bool texts_of(json::value value, std::array<std::string_view, N>& texts) {
  json::array fields;
  if (value.get_array().get(fields) != simdjson::SUCCESS) return false;
  std::size_t at = 0;
  for (auto field : fields) {
    if (at == N) break;
    if (field.get_string().get(texts[at]) != simdjson::SUCCESS) return false;
    ++at;
  }
  return at == N;
}

// [["354.15000000","5.00000000","1618678133.365913"],…]; a fourth "r" is a level told again.
Fault read_levels(json::value value, const Instrument& instrument, Frame& frame,
                  std::uint32_t& used, std::uint32_t& count, WallTime& time) {
  json::array levels;
  if (value.get_array().get(levels) != simdjson::SUCCESS) return Fault::Malformed;
  for (auto element : levels) {
    std::array<std::string_view, 3> texts;
    json::value level_value;
    if (element.get(level_value) != simdjson::SUCCESS || !texts_of(level_value, texts))
      return Fault::Malformed;
    Level level;
    Fault fault = units_of(texts[0], instrument.price_scale, level.price.units);
    if (fault == Fault::None)
      fault = units_of(texts[1], instrument.qty_scale, level.quantity.units);
    if (fault == Fault::None) fault = check_level(level, !frame.snapshot);
    if (fault != Fault::None) return fault;
    WallTime changed;
    if (!read_time(texts[2], changed)) return Fault::Malformed;
    time = std::max(time, changed);
    add_level(frame, used, level);
    ++count;
  }
  return Fault::None;
}

// One of a book frame's bodies: {"as":…,"bs":…}, {"a":…}, {"b":…,"c":"2583817756"}. A side comes once.
Fault read_body(json::object& body, const Instrument& instrument, bool first, Frame& frame,
                BookEntry& entry, std::uint32_t& used) {
  for (auto field : body) {
    std::string_view key;
    json::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS)
      return Fault::Malformed;
    const bool whole = key == "as" || key == "bs";
    if (key == "c") {
      std::string_view digits;
      if (value.get_string().get(digits) != simdjson::SUCCESS ||
          !integer_text(digits, entry.checksum.emplace()))
        return Fault::Malformed;
      continue;
    }
    if (!whole && key != "a" && key != "b") return Fault::Malformed;
    if (first && entry.bids + entry.asks == 0) frame.snapshot = whole;
    if (frame.snapshot != whole) return Fault::Malformed;
    const bool bids = key.starts_with('b');
    std::uint32_t& count = bids ? entry.bids : entry.asks;
    if (count != 0) return Fault::Malformed;
    const std::uint32_t before = used;
    const Fault fault = read_levels(value, instrument, frame, used, count, entry.time);
    if (fault != Fault::None) return fault;
    // Bids lie before asks, whichever came first.
    if (bids && entry.asks != 0) {
      const auto at = [&](std::uint32_t n) {
        return frame.levels.begin() + static_cast<std::ptrdiff_t>(n);
      };
      std::rotate(at(before - entry.asks), at(before), at(used));
    }
  }
  return Fault::None;
}

Reading read_book(json::array& array, std::size_t elements, const Instrument& instrument,
                  Frame& frame) {
  frame.kind = FrameKind::Book;
  BookEntry entry;
  entry.instrument = instrument.id;
  std::uint32_t used = 0;
  std::size_t at = 0;
  for (auto element : array) {
    const std::size_t index = at++;
    if (index == 0) continue;
    if (index == elements - 2) break;
    json::object body;
    if (element.get_object().get(body) != simdjson::SUCCESS) return malformed(true, instrument.id);
    const Fault fault = read_body(body, instrument, index == 1, frame, entry, used);
    if (fault != Fault::None) return {outcome_of(fault), true, instrument.id};
  }
  // An update proves itself; one that does not is not what the venue sends.
  if (!frame.snapshot && !entry.checksum) return malformed(true, instrument.id);
  frame.books.push_back(entry);
  return {};
}

// [["354.11000000","0.89594024","1618678142.557535","s","l",""],…]
Reading read_trades(json::array& array, const Instrument& instrument, Frame& frame) {
  frame.kind = FrameKind::Trades;
  std::size_t at = 0;
  for (auto element : array) {
    if (at++ == 0) continue;
    json::array trades;
    if (element.get_array().get(trades) != simdjson::SUCCESS) return malformed(false);
    for (auto print : trades) {
      std::array<std::string_view, 4> texts;
      json::value value;
      TradeEntry trade;
      trade.instrument = instrument.id;
      if (print.get(value) != simdjson::SUCCESS || !texts_of(value, texts) ||
          !read_time(texts[2], trade.time) || (texts[3] != "b" && texts[3] != "s"))
        return malformed(false);
      trade.taker_side = texts[3] == "b" ? Side::Buy : Side::Sell;
      Fault fault = units_of(texts[0], instrument.price_scale, trade.price.units);
      if (fault == Fault::None)
        fault = units_of(texts[1], instrument.qty_scale, trade.quantity.units);
      if (fault == Fault::None && (trade.price.units <= 0 || trade.quantity.units <= 0))
        fault = Fault::Number;
      if (fault != Fault::None) return {outcome_of(fault), false, instrument.id};
      frame.trades.push_back(trade);
    }
    break;
  }
  return frame.trades.empty() ? malformed(false) : Reading{};
}

}  // namespace

std::string_view symbol_of_v1(std::string_view pair, std::string& out) {
  const std::size_t slash = pair.find('/');
  if (slash == std::string_view::npos) return pair;
  out.assign(asset_name(pair.substr(0, slash)));
  out += '/';
  out += asset_name(pair.substr(slash + 1));
  return out;
}

bool name_v1_data(json::array& array, std::size_t& elements, std::string_view& name,
                  std::string_view& pair) {
  if (array.count_elements().get(elements) != simdjson::SUCCESS || elements < 4) return false;
  std::size_t at = 0;
  for (auto element : array) {
    const std::size_t index = at++;
    if (index + 2 < elements) continue;
    std::string_view& text = index + 2 == elements ? name : pair;
    if (element.get_string().get(text) != simdjson::SUCCESS) return false;
  }
  bool is_empty = true;
  return array.reset().get(is_empty) == simdjson::SUCCESS;
}

Reading read_v1_event(json::object& root, std::string_view event, const Symbols& symbols,
                      Frame& frame) {
  frame.kind = FrameKind::Life;
  if (event == "heartbeat" || event == "pong") return {};
  std::string_view status;
  if (event == "systemStatus") {
    if (!text_field(root, "status", status)) return malformed(false);
    frame.kind = FrameKind::Status;
    frame.status = system_status(status);
    return {};
  }
  if (event != "subscriptionStatus") {
    frame.kind = FrameKind::Ignored;  // order entry
    return {FrameOutcome::Ignored, false, {}};
  }
  if (!text_field(root, "status", status)) return malformed(true);
  if (status == "subscribed") return {};
  std::string_view channel;
  const bool book = !text_field(root, "channelName", channel) || is_book(channel);
  if (!book) return {};
  frame.kind = FrameKind::Ended;
  frame.ended = {};
  std::string_view pair;
  if (text_field(root, "pair", pair)) {
    std::string symbol;
    frame.ended = symbols.find(symbol_of_v1(pair, symbol));
    if (!frame.ended.valid()) return {FrameOutcome::UnknownSymbol, false, {}};
  }
  return {};
}

Reading read_v1_data(json::document& document, const Universe& universe, const Symbols& symbols,
                     Frame& frame) {
  json::array array;
  std::size_t elements = 0;
  std::string_view name;
  std::string_view pair;
  if (document.get_array().get(array) != simdjson::SUCCESS ||
      !name_v1_data(array, elements, name, pair))
    return malformed(true);
  const bool book = is_book(name);
  if (!book && name != "trade") {
    const bool known = name == "ticker" || name == "spread" || name.starts_with("ohlc");
    frame.kind = FrameKind::Ignored;
    return {known ? FrameOutcome::Ignored : FrameOutcome::UnknownKind, !known, {}};
  }
  std::string symbol;
  const InstrumentId id = symbols.find(symbol_of_v1(pair, symbol));
  if (!id.valid()) return {FrameOutcome::UnknownSymbol, false, {}};
  const Instrument& instrument = universe.instrument(id);
  return book ? read_book(array, elements, instrument, frame)
              : read_trades(array, instrument, frame);
}

}  // namespace ats::venues::kraken

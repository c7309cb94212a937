#include "venues/kraken/reader.hpp"

#include <cstring>
#include <limits>
#include <optional>

#include "base/decimal.hpp"
#include "venues/json.hpp"
#include "venues/kraken/reader_parts.hpp"
#include "venues/kraken/reader_v1.hpp"

namespace ats::venues::kraken {
namespace {

// A bare number.
Fault units_field(json::object& object, std::string_view key, int scale, std::int64_t& units) {
  json::value value;
  if (object.find_field_unordered(key).get(value) != simdjson::SUCCESS) return Fault::Malformed;
  return units_of(token_of(value), scale, units);
}

// A bare integer without sign, as its digits.
bool digits_field(json::object& object, std::string_view key, std::string_view& digits) {
  json::value value;
  if (object.find_field_unordered(key).get(value) != simdjson::SUCCESS) return false;
  digits = token_of(value);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
         (digits[0] != '0' || digits.size() == 1);
}

bool time_field(json::object& object, bool required, WallTime& time) {
  json::value value;
  const auto found = object.find_field_unordered("timestamp").get(value);
  if (found == simdjson::NO_SUCH_FIELD && !required) return true;
  std::string_view text;
  return found == simdjson::SUCCESS && string_text(value, text) &&
         parse_rfc3339(text.data(), text.size(), time);
}

Fault read_levels(json::object& entry, std::string_view key, const Instrument& instrument,
                  bool zero_allowed, Frame& frame, std::uint32_t& used, std::uint32_t& count) {
  json::array levels;
  if (!array_field(entry, key, levels)) return Fault::Malformed;
  count = 0;
  for (auto element : levels) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return Fault::Malformed;
    Level level;
    Fault fault = units_field(object, "price", instrument.price_scale, level.price.units);
    if (fault == Fault::None)
      fault = units_field(object, "qty", instrument.qty_scale, level.quantity.units);
    if (fault == Fault::None) fault = check_level(level, zero_allowed);
    if (fault != Fault::None) return fault;
    add_level(frame, used, level);
    ++count;
  }
  return Fault::None;
}

Fault read_book(json::object& object, const Universe& universe, const Symbols& symbols,
                Frame& frame, std::uint32_t& used, InstrumentId& instrument) {
  std::string_view symbol;
  if (!text_field(object, "symbol", symbol)) return Fault::Malformed;
  BookEntry entry;
  entry.instrument = instrument = symbols.find(symbol);
  if (!instrument.valid()) return Fault::Symbol;
  entry.first = used;
  const Instrument& known = universe.instrument(instrument);
  Fault fault = read_levels(object, "bids", known, !frame.snapshot, frame, used, entry.bids);
  if (fault == Fault::None)
    fault = read_levels(object, "asks", known, !frame.snapshot, frame, used, entry.asks);
  if (fault != Fault::None) return fault;
  std::string_view checksum;
  if (!digits_field(object, "checksum", checksum)) return Fault::Malformed;
  if (!integer_text(checksum, entry.checksum.emplace())) return Fault::Malformed;
  // Snapshots carried no timestamp in 2023.
  if (!time_field(object, !frame.snapshot, entry.time)) return Fault::Malformed;
  frame.books.push_back(entry);
  return Fault::None;
}

Fault read_trade(json::object& object, const Universe& universe, const Symbols& symbols,
                 Frame& frame) {
  std::string_view text;
  if (!text_field(object, "symbol", text)) return Fault::Malformed;
  TradeEntry trade;
  trade.instrument = symbols.find(text);
  if (!trade.instrument.valid()) return Fault::Symbol;
  const Instrument& instrument = universe.instrument(trade.instrument);
  if (!text_field(object, "side", text) || (text != "buy" && text != "sell"))
    return Fault::Malformed;
  trade.taker_side = text == "buy" ? Side::Buy : Side::Sell;
  Fault fault = units_field(object, "price", instrument.price_scale, trade.price.units);
  if (fault == Fault::None)
    fault = units_field(object, "qty", instrument.qty_scale, trade.quantity.units);
  if (fault != Fault::None) return fault;
  if (trade.price.units <= 0 || trade.quantity.units <= 0) return Fault::Number;
  if (!digits_field(object, "trade_id", text) || !FillId::fits(text)) return Fault::Malformed;
  trade.id = FillId(text);
  if (!time_field(object, true, trade.time)) return Fault::Malformed;
  frame.trades.push_back(trade);
  return Fault::None;
}

// The elements of a book or trade frame, all of which must be sound before one of them counts.
Reading read_data(json::object& root, bool book, const Universe& universe, const Symbols& symbols,
                  Frame& frame) {
  std::string_view type;
  if (!text_field(root, "type", type) || (type != "update" && type != "snapshot"))
    return malformed(book);
  frame.snapshot = type == "snapshot";
  frame.kind = book ? FrameKind::Book : FrameKind::Trades;
  json::array data;
  if (!array_field(root, "data", data)) return malformed(book);
  std::uint32_t used = 0;
  bool unknown_symbol = false;
  for (auto element : data) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return malformed(book);
    InstrumentId instrument;
    const Fault fault = book ? read_book(object, universe, symbols, frame, used, instrument)
                             : read_trade(object, universe, symbols, frame);
    if (fault == Fault::Symbol)
      unknown_symbol = true;
    else if (fault != Fault::None)
      return {outcome_of(fault), book, instrument};
  }
  if (frame.books.empty() && frame.trades.empty()) {
    if (unknown_symbol) return {FrameOutcome::UnknownSymbol, false, {}};
    return malformed(book);
  }
  return {};
}

Reading read_status(json::object& root, Frame& frame) {
  json::array data;
  if (!array_field(root, "data", data)) return malformed(false);
  bool told = false;
  for (auto element : data) {
    json::object object;
    std::string_view system;
    if (element.get_object().get(object) != simdjson::SUCCESS ||
        !text_field(object, "system", system))
      return malformed(false);
    frame.status = system_status(system);
    told = true;
  }
  if (!told) return malformed(false);
  frame.kind = FrameKind::Status;
  return {};
}

// Acknowledgements and refusals.
Reading read_method(json::object& root, std::string_view method, const Symbols& symbols,
                    Frame& frame) {
  frame.kind = FrameKind::Life;
  if (method == "pong") return {};
  if (method != "subscribe" && method != "unsubscribe") {
    frame.kind = FrameKind::Ignored;  // order entry
    return {FrameOutcome::Ignored, false, {}};
  }
  bool success = false;
  if (!bool_field(root, "success", success)) return malformed(false);
  std::string_view symbol;
  frame.ended = {};
  if (!success) {  // says no channel: perhaps the book's
    if (method == "unsubscribe") return {};
    frame.kind = FrameKind::Ended;
    if (text_field(root, "symbol", symbol)) {
      frame.ended = symbols.find(symbol);
      if (!frame.ended.valid()) return {FrameOutcome::UnknownSymbol, false, {}};
    }
    return {};
  }
  json::object result;
  std::string_view channel;
  if (!object_field(root, "result", result) || !text_field(result, "channel", channel))
    return malformed(false);
  if (method == "unsubscribe" && channel == "book") {
    if (!text_field(result, "symbol", symbol)) return malformed(true);
    frame.ended = symbols.find(symbol);
    if (!frame.ended.valid()) return {FrameOutcome::UnknownSymbol, false, {}};
    frame.kind = FrameKind::Ended;
  }
  return {};
}

bool is_other_channel(std::string_view channel) {
  for (const std::string_view known :
       {"ticker", "instrument", "ohlc", "level3", "executions", "balances"}) {
    if (channel == known) return true;
  }
  return false;
}

Reading read_object(Json& source, json::object& root, const Universe& universe,
                    const Symbols& symbols, Frame& frame) {
  std::string_view text;
  if (text_field(root, "channel", text)) {
    if (text == "book") return read_data(root, true, universe, symbols, frame);
    if (text == "trade") return read_data(root, false, universe, symbols, frame);
    if (text == "status") return read_status(root, frame);
    if (text == "heartbeat") {
      frame.kind = FrameKind::Life;
      return {};
    }
    if (is_other_channel(text)) {
      frame.kind = FrameKind::Ignored;
      return {FrameOutcome::Ignored, false, {}};
    }
    // A channel nobody asked for: if it carries data, that may be a book under a damaged name.
    json::value data;
    const bool data_there = root.find_field_unordered("data").get(data) == simdjson::SUCCESS;
    return {FrameOutcome::UnknownKind, data_there, {}};
  }
  if (!source.alive()) return malformed(true);
  if (text_field(root, "method", text)) return read_method(root, text, symbols, frame);
  if (!source.alive()) return malformed(true);
  if (text_field(root, "event", text)) return read_v1_event(root, text, symbols, frame);
  json::value data;
  const bool data_there = root.find_field_unordered("data").get(data) == simdjson::SUCCESS;
  return {FrameOutcome::UnknownKind, data_there, {}};
}

}  // namespace

struct Reader::State {
  Json json;
};

Reader::Reader(Check check) : check_(check), state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

Reading Reader::read(std::string_view text, const Universe& universe, const Symbols& symbols,
                     Frame& frame) {
  frame.clear();
  frame.snapshot = false;
  Json& source = state_->json;
  if (!(check_ == Check::Whole ? source.open(text) : source.open_unchecked(text)))
    return malformed(true);
  json::document& document = source.document();
  json::json_type type;
  if (document.type().get(type) != simdjson::SUCCESS) return malformed(true);
  if (type == json::json_type::array) return read_v1_data(document, universe, symbols, frame);
  json::object root;
  if (document.get_object().get(root) != simdjson::SUCCESS) return malformed(true);
  return read_object(source, root, universe, symbols, frame);
}

FrameOutcome Reader::read_depth(std::string_view body, const Instrument& instrument, Frame& frame) {
  frame.clear();
  frame.snapshot = true;
  frame.kind = FrameKind::Book;
  json::object root;
  json::object result;
  if (!state_->json.open(body, root) || !object_field(root, "result", result))
    return FrameOutcome::Malformed;
  json::object book;
  bool found = false;
  for (auto field : result) {  // one field: the pair's id, whatever it was asked by
    if (field.value().get_object().get(book) != simdjson::SUCCESS) return FrameOutcome::Malformed;
    found = true;
    break;
  }
  if (!found) return FrameOutcome::Malformed;
  BookEntry entry;
  entry.instrument = instrument.id;
  std::uint32_t used = 0;
  for (const std::string_view key : {"bids", "asks"}) {
    json::array levels;
    if (!array_field(book, key, levels)) return FrameOutcome::Malformed;
    for (auto element : levels) {  // ["30384.10000", "2.059", 1688671659]
      json::array numbers;
      if (element.get_array().get(numbers) != simdjson::SUCCESS) return FrameOutcome::Malformed;
      Level level;
      int at = 0;
      for (auto number : numbers) {
        if (at == 2) break;
        std::string_view text;
        if (number.get_string().get(text) != simdjson::SUCCESS) return FrameOutcome::Malformed;
        const Fault fault = at == 0 ? units_of(text, instrument.price_scale, level.price.units)
                                    : units_of(text, instrument.qty_scale, level.quantity.units);
        if (fault != Fault::None) return outcome_of(fault);
        ++at;
      }
      if (at != 2) return FrameOutcome::Malformed;
      const Fault fault = check_level(level, false);
      if (fault != Fault::None) return outcome_of(fault);
      add_level(frame, used, level);
    }
    (key == "bids" ? entry.bids : entry.asks) = key == "bids" ? used : used - entry.bids;
  }
  frame.books.push_back(entry);
  return FrameOutcome::Decoded;
}

}  // namespace ats::venues::kraken

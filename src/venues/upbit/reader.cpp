#include "venues/upbit/reader.hpp"

#include "venues/json.hpp"
#include "venues/read_fault.hpp"

namespace ats::venues::upbit {
namespace {

// The names of the fields, in format DEFAULT or SIMPLE. REST has the former.
struct Keys {
  std::string_view code, time, units, ask_price, bid_price, ask_size, bid_size, level;
  std::string_view trade_time, price, volume, side, id;
};
constexpr Keys long_keys{
    "code",         "timestamp", "orderbook_units", "ask_price",       "bid_price",
    "ask_size",     "bid_size",  "level",           "trade_timestamp", "trade_price",
    "trade_volume", "ask_bid",   "sequential_id"};
constexpr Keys simple_keys{"cd", "tms",  "obu", "ap", "bp", "as", "bs",
                           "lv", "ttms", "tp",  "tv", "ab", "sid"};

// A bare number, as units of 10^-scale.
Fault units_field(json::object& object, std::string_view key, int scale, std::int64_t& units) {
  json::value value;
  if (object.find_field_unordered(key).get(value) != simdjson::SUCCESS) return Fault::Malformed;
  const auto parsed = parse_scaled(token_of(value), scale);
  if (parsed) {
    units = *parsed;
    return Fault::None;
  }
  return parsed.error() == NumberError::Malformed ? Fault::Malformed : Fault::Number;
}

// A bare integer without sign, as its digits.
bool digits_field(json::object& object, std::string_view key, std::string_view& digits) {
  json::value value;
  if (object.find_field_unordered(key).get(value) != simdjson::SUCCESS) return false;
  digits = token_of(value);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
         (digits[0] != '0' || digits.size() == 1);
}

bool time_field(json::object& object, std::string_view key, std::uint64_t& ms) {
  std::string_view digits;
  return digits_field(object, key, digits) && integer_text(digits, ms) && ms <= time_ms_max;
}

// One side of a unit. Where one side of the book is shorter its size is zero.
Fault take(const Level& level, bool bid, std::vector<Level>& levels, std::uint32_t first,
           std::uint32_t& count) {
  if (level.quantity.units < 0 || level.price.units < 0) return Fault::Number;
  if (level.quantity.units == 0) return Fault::None;
  if (level.price.units == 0) return Fault::Number;
  if (count != 0) {
    const Price before = levels[first + count - 1].price;
    if (bid ? level.price >= before : level.price <= before) return Fault::Malformed;
  }
  if (first + count == levels.size()) levels.resize(2 * levels.size() + 64);
  levels[first + count++] = level;
  return Fault::None;
}

// Its units, by which it is the whole book of this instrument.
Fault read_units(json::object& object, const Keys& keys, const Instrument& instrument,
                 Frame& frame) {
  BookEntry entry;
  entry.instrument = instrument.id;
  if (!frame.books.empty()) {
    const BookEntry& before = frame.books.back();
    entry.first_bid = before.first_bid + before.bids;
    entry.first_ask = before.first_ask + before.asks;
  }
  if (!time_field(object, keys.time, entry.time_ms)) return Fault::Malformed;
  json::array units;
  if (!array_field(object, keys.units, units)) return Fault::Malformed;
  for (auto element : units) {
    json::object unit;
    if (element.get_object().get(unit) != simdjson::SUCCESS) return Fault::Malformed;
    Level ask;
    Level bid;
    Fault fault = units_field(unit, keys.ask_price, instrument.price_scale, ask.price.units);
    if (fault == Fault::None)
      fault = units_field(unit, keys.bid_price, instrument.price_scale, bid.price.units);
    if (fault == Fault::None)
      fault = units_field(unit, keys.ask_size, instrument.qty_scale, ask.quantity.units);
    if (fault == Fault::None)
      fault = units_field(unit, keys.bid_size, instrument.qty_scale, bid.quantity.units);
    if (fault == Fault::None) fault = take(ask, false, frame.asks, entry.first_ask, entry.asks);
    if (fault == Fault::None) fault = take(bid, true, frame.bids, entry.first_bid, entry.bids);
    if (fault != Fault::None) return fault;
  }
  // Prices grouped by a step are no prices to trade at.
  json::value value;
  if (object.find_field_unordered(keys.level).get(value) == simdjson::SUCCESS) {
    const auto level = Decimal::parse(token_of(value));
    if (!level) return Fault::Malformed;
    if (!level->is_zero()) return Fault::Ignored;
  }
  frame.books.push_back(entry);
  return Fault::None;
}

Fault read_book(json::object& object, const Keys& keys, const Universe& universe,
                const Symbols& symbols, Frame& frame, InstrumentId& instrument) {
  std::string_view code;
  if (!text_field(object, keys.code, code)) return Fault::Malformed;
  instrument = symbols.find(code_without_depth(code));
  if (!instrument.valid()) return Fault::Symbol;
  return read_units(object, keys, universe.instrument(instrument), frame);
}

Fault read_trade(json::object& object, const Keys& keys, const Universe& universe,
                 const Symbols& symbols, Frame& frame) {
  std::string_view text;
  TradeEntry trade;
  if (!text_field(object, keys.code, text)) return Fault::Malformed;
  trade.instrument = symbols.find(code_without_depth(text));
  if (!trade.instrument.valid()) return Fault::Symbol;
  const Instrument& instrument = universe.instrument(trade.instrument);
  if (!text_field(object, keys.side, text) || (text != "ASK" && text != "BID"))
    return Fault::Malformed;
  trade.taker_side = text == "BID" ? Side::Buy : Side::Sell;
  Fault fault = units_field(object, keys.price, instrument.price_scale, trade.price.units);
  if (fault == Fault::None)
    fault = units_field(object, keys.volume, instrument.qty_scale, trade.quantity.units);
  if (fault != Fault::None) return fault;
  if (trade.price.units <= 0 || trade.quantity.units <= 0) return Fault::Number;
  if (!digits_field(object, keys.id, text) || !FillId::fits(text)) return Fault::Malformed;
  trade.id = FillId(text);
  if (!time_field(object, keys.trade_time, trade.time_ms)) return Fault::Malformed;
  frame.trades.push_back(trade);
  return Fault::None;
}

bool is_other_type(std::string_view type) {
  for (const std::string_view known : {"ticker", "myOrder", "myAsset", "announcement"}) {
    if (type == known) return true;
  }
  return type.starts_with("candle.");
}

// Messages without a type: {"status":"UP"}, {"error":{…}}, {"method":"LIST_SUBSCRIPTIONS",…}.
Fault read_untyped(json::object& object, Frame& frame) {
  std::string_view text;
  json::object error;
  if (text_field(object, "status", text)) {
    frame.alive = true;
    return Fault::None;
  }
  if (object_field(object, "error", error)) {
    if (!text_field(error, "name", text)) return Fault::Malformed;
    frame.refused = true;
    return Fault::None;
  }
  if (text_field(object, "method", text)) {
    frame.alive = true;
    return Fault::None;
  }
  return Fault::Kind;
}

bool has_units(json::object& object) {
  json::array units;
  return array_field(object, long_keys.units, units) ||
         array_field(object, simple_keys.units, units);
}

Fault read_object(json::object& object, const Universe& universe, const Symbols& symbols,
                  Frame& frame, Reading& reading) {
  std::string_view type;
  const bool is_long = text_field(object, "type", type);
  if (!is_long && !text_field(object, "ty", type)) {
    const Fault fault = read_untyped(object, frame);
    if (fault != Fault::None) reading.perhaps_book = has_units(object);
    return fault;
  }
  const Keys& keys = is_long ? long_keys : simple_keys;
  if (type == "orderbook") {
    const Fault fault = read_book(object, keys, universe, symbols, frame, reading.instrument);
    // One whose prices are grouped, and one of a stranger, says nothing of ours.
    reading.perhaps_book = fault == Fault::Malformed || fault == Fault::Number;
    return fault;
  }
  if (type == "trade") return read_trade(object, keys, universe, symbols, frame);
  if (is_other_type(type)) return Fault::Ignored;
  reading.perhaps_book = has_units(object);  // a book under a damaged name
  return Fault::Kind;
}

}  // namespace

struct Reader::State {
  Json json;
};

Reader::Reader() : state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

Reading Reader::read(std::string_view text, const Universe& universe, const Symbols& symbols,
                     Frame& frame) {
  const Reading unreadable{FrameOutcome::Malformed, true, {}};
  frame.clear();
  Json& source = state_->json;
  if (!source.open(text)) return unreadable;
  json::document& document = source.document();
  json::json_type type;
  if (document.type().get(type) != simdjson::SUCCESS) return unreadable;
  Reading reading;
  Fault passed = Fault::None;  // what of it was not for us
  const auto take_object = [&](json::object& object) {
    const Fault fault = read_object(object, universe, symbols, frame, reading);
    if (fault == Fault::Symbol || fault == Fault::Ignored) {
      passed = fault;
      return true;
    }
    reading.outcome = outcome_of(fault);
    return fault == Fault::None;
  };
  if (type == json::json_type::object) {
    json::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) return unreadable;
    if (!take_object(object)) return reading;
  } else {  // formats JSON_LIST and SIMPLE_LIST: all must be sound before one of them counts
    json::array list;
    if (document.get_array().get(list) != simdjson::SUCCESS) return unreadable;
    bool any = false;
    for (auto element : list) {
      json::object object;
      if (element.get_object().get(object) != simdjson::SUCCESS) return unreadable;
      if (!take_object(object)) return reading;
      any = true;
    }
    if (!any) return unreadable;
  }
  if (frame.books.empty() && frame.trades.empty() && !frame.alive && !frame.refused &&
      passed != Fault::None) {
    frame.ignored = passed == Fault::Ignored;
    return {outcome_of(passed), false, {}};
  }
  return {};
}

FrameOutcome Reader::read_depth(std::string_view body, const Instrument& instrument, Frame& frame) {
  frame.clear();
  json::array books;
  if (!state_->json.open(body) ||
      state_->json.document().get_array().get(books) != simdjson::SUCCESS)
    return FrameOutcome::Malformed;
  for (auto element : books) {
    json::object book;
    std::string_view market;
    if (element.get_object().get(book) != simdjson::SUCCESS || !text_field(book, "market", market))
      return FrameOutcome::Malformed;
    if (market != instrument.symbol.view()) continue;
    return outcome_of(read_units(book, long_keys, instrument, frame));
  }
  return FrameOutcome::UnknownSymbol;
}

}  // namespace ats::venues::upbit

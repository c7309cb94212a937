#include "venues/coinbase/reader.hpp"

#include <charconv>

#include "base/decimal.hpp"
#include "venues/json.hpp"
#include "venues/read_fault.hpp"

namespace ats::venues::coinbase {
namespace {

// What the readers of one frame work with.
struct Context {
  const Universe& universe;
  const Symbols& books;
  Frame& frame;
};

Fault units_of(std::string_view text, int scale, std::int64_t& units) {
  const auto parsed = parse_scaled(text, scale);
  if (parsed) {
    units = *parsed;
    return Fault::None;
  }
  return parsed.error() == NumberError::Malformed ? Fault::Malformed : Fault::Number;
}

// A number in a string.
Fault units_field(json::object& object, std::string_view key, int scale, std::int64_t& units) {
  std::string_view text;
  if (!text_field(object, key, text)) return Fault::Malformed;
  return units_of(text, scale, units);
}

bool time_field(json::object& object, std::string_view key, WallTime& time) {
  std::string_view text;
  return text_field(object, key, text) && parse_rfc3339(text.data(), text.size(), time);
}

// A bare whole number.
bool bare_integer_field(json::object& object, std::string_view key, std::uint64_t& number) {
  json::value value;
  return object.find_field_unordered(key).get(value) == simdjson::SUCCESS &&
         integer_text(token_of(value), number);
}

bool side_of_level(std::string_view word, std::string_view bid_word, std::string_view ask_word,
                   bool& bid) {
  bid = word == bid_word;
  return bid || word == ask_word;
}

// A level goes to its side; one without quantity is none in a snapshot.
Fault take_level(Frame& frame, bool bid, bool snapshot, const Level& level) {
  if (level.price.units <= 0 || level.quantity.units < 0) return Fault::Number;
  if (snapshot && level.quantity.units == 0) return Fault::None;
  auto& levels = bid ? frame.bid_levels : frame.ask_levels;
  std::uint32_t& used = bid ? frame.bids_used : frame.asks_used;
  if (used == levels.size()) levels.resize(2 * levels.size() + 64);
  levels[used++] = level;
  return Fault::None;
}

// --- Advanced Trade ---

Fault read_update(json::object& object, const Instrument& instrument, bool snapshot, Frame& frame) {
  std::string_view word;
  bool bid = false;
  Level level;
  if (!text_field(object, "side", word) || !side_of_level(word, "bid", "offer", bid) ||
      !text_field(object, "event_time", word))
    return Fault::Malformed;
  Fault fault = units_field(object, "price_level", instrument.price_scale, level.price.units);
  if (fault == Fault::None)
    fault = units_field(object, "new_quantity", instrument.qty_scale, level.quantity.units);
  return fault == Fault::None ? take_level(frame, bid, snapshot, level) : fault;
}

// "update" or "snapshot".
bool type_field(json::object& event, bool& snapshot) {
  std::string_view type;
  if (!text_field(event, "type", type)) return false;
  snapshot = type == "snapshot";
  return snapshot || type == "update";
}

Fault read_book(const Context& in, json::object& event, InstrumentId& id) {
  bool snapshot = false;
  std::string_view product;
  json::array updates;
  if (!type_field(event, snapshot) || !text_field(event, "product_id", product))
    return Fault::Malformed;
  id = in.books.find(product);
  if (!id.valid()) return Fault::Symbol;
  if (!array_field(event, "updates", updates)) return Fault::Malformed;
  BookEntry& entry = in.frame.begin_book(id, snapshot);
  entry.time = in.frame.time;
  for (auto element : updates) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return Fault::Malformed;
    const Fault fault = read_update(object, in.universe.instrument(id), snapshot, in.frame);
    if (fault != Fault::None) return fault;
  }
  return in.frame.end_book(entry) ? Fault::None : Fault::Malformed;
}

// The fields a print has in either feed; `sell_word` names a maker who sold. The venue names the maker's
// side.
Fault read_print(const Context& in, json::object& object, std::string_view sell_word,
                 std::string_view buy_word, TradeEntry& trade) {
  std::string_view text;
  if (!text_field(object, "product_id", text)) return Fault::Malformed;
  trade.instrument = in.books.find(text);
  if (!trade.instrument.valid()) return Fault::Symbol;
  const Instrument& instrument = in.universe.instrument(trade.instrument);
  if (!text_field(object, "side", text) || (text != sell_word && text != buy_word))
    return Fault::Malformed;
  trade.taker_side = text == sell_word ? Side::Buy : Side::Sell;
  Fault fault = units_field(object, "price", instrument.price_scale, trade.price.units);
  if (fault == Fault::None)
    fault = units_field(object, "size", instrument.qty_scale, trade.quantity.units);
  if (fault != Fault::None) return fault;
  if (trade.price.units <= 0 || trade.quantity.units <= 0) return Fault::Number;
  return time_field(object, "time", trade.time) ? Fault::None : Fault::Malformed;
}

Fault read_trades(const Context& in, json::object& event) {
  bool history = false;
  json::array trades;
  if (!type_field(event, history) || !array_field(event, "trades", trades)) return Fault::Malformed;
  bool unknown = false;
  for (auto element : trades) {
    json::object object;
    TradeEntry trade;
    std::string_view id;
    if (element.get_object().get(object) != simdjson::SUCCESS) return Fault::Malformed;
    const Fault fault = read_print(in, object, "SELL", "BUY", trade);
    if (fault == Fault::Symbol) {
      unknown = true;
      continue;
    }
    if (fault != Fault::None) return fault;
    if (!text_field(object, "trade_id", id) || id.empty() || !FillId::fits(id))
      return Fault::Malformed;
    trade.id = FillId(id);
    if (history)
      in.frame.history = true;
    else
      in.frame.trades.push_back(trade);
  }
  return unknown && in.frame.trades.empty() && !in.frame.history ? Fault::Symbol : Fault::None;
}

Fault read_heartbeat(json::object& event) {
  std::string_view text;
  std::uint64_t counter = 0;
  // A number on the wire, a string in the documents.
  return text_field(event, "current_time", text) &&
                 integer_field(event, "heartbeat_counter", counter)
             ? Fault::None
             : Fault::Malformed;
}

Fault read_subscriptions(json::object& event) {
  json::object subscriptions;
  return object_field(event, "subscriptions", subscriptions) ? Fault::None : Fault::Malformed;
}

enum class ChannelKind : std::uint8_t { Book, Trades, Heartbeats, Subscriptions, Other, Unknown };

ChannelKind kind_of(std::string_view channel) {
  if (channel == "l2_data") return ChannelKind::Book;
  if (channel == "market_trades") return ChannelKind::Trades;
  if (channel == "heartbeats") return ChannelKind::Heartbeats;
  if (channel == "subscriptions") return ChannelKind::Subscriptions;
  for (const std::string_view known :
       {"ticker", "ticker_batch", "candles", "status", "user", "futures_balance_summary"}) {
    if (channel == known) return ChannelKind::Other;
  }
  return ChannelKind::Unknown;
}

Reading malformed(bool perhaps_book, InstrumentId instrument = {}) {
  return {FrameOutcome::Malformed, perhaps_book, instrument};
}

// The events of a frame, all of which must be sound before one of them counts.
Reading read_events(const Context& in, json::array& events, ChannelKind kind) {
  const bool book = kind == ChannelKind::Book;
  bool unknown = false;
  bool known = false;
  for (auto element : events) {
    json::object event;
    InstrumentId id;
    if (element.get_object().get(event) != simdjson::SUCCESS) return malformed(book);
    Fault fault = Fault::None;
    switch (kind) {
      case ChannelKind::Book:
        fault = read_book(in, event, id);
        break;
      case ChannelKind::Trades:
        fault = read_trades(in, event);
        break;
      case ChannelKind::Heartbeats:
        fault = read_heartbeat(event);
        break;
      case ChannelKind::Subscriptions:
        fault = read_subscriptions(event);
        break;
      case ChannelKind::Other:
      case ChannelKind::Unknown:
        break;
    }
    if (fault != Fault::None && fault != Fault::Symbol) return {outcome_of(fault), book, id};
    (fault == Fault::Symbol ? unknown : known) = true;
  }
  if (known) return {};
  return unknown ? Reading{FrameOutcome::UnknownSymbol, false, {}} : malformed(book);
}

Reading read_channel(const Context& in, json::object& root, std::string_view channel) {
  const ChannelKind kind = kind_of(channel);
  const bool book = kind == ChannelKind::Book;
  std::uint64_t sequence = 0;
  if (!bare_integer_field(root, "sequence_num", sequence)) return malformed(true);
  in.frame.sequence = sequence;
  json::array events;
  if (!time_field(root, "timestamp", in.frame.time) || !array_field(root, "events", events))
    return malformed(book);
  // A channel nobody asked for may be a book under a damaged name.
  if (kind == ChannelKind::Unknown) return {FrameOutcome::UnknownKind, true, {}};
  const Reading reading = read_events(in, events, kind);
  const bool market = book || kind == ChannelKind::Trades;
  in.frame.kind = market                       ? FrameKind::Market
                  : kind == ChannelKind::Other ? FrameKind::Ignored
                                               : FrameKind::Life;
  if (reading.outcome == FrameOutcome::Decoded && in.frame.kind == FrameKind::Ignored)
    return {FrameOutcome::Ignored, false, {}};
  return reading;
}

// --- the Exchange feed ---

// One level: ["14.8024","12.77"], in REST answers with the number of orders behind.
Fault read_pair(json::array& numbers, const Instrument& instrument, Level& level) {
  int at = 0;
  for (auto number : numbers) {
    if (at == 2) break;
    std::string_view text;
    if (number.get_string().get(text) != simdjson::SUCCESS) return Fault::Malformed;
    const Fault fault = at == 0 ? units_of(text, instrument.price_scale, level.price.units)
                                : units_of(text, instrument.qty_scale, level.quantity.units);
    if (fault != Fault::None) return fault;
    ++at;
  }
  return at == 2 ? Fault::None : Fault::Malformed;
}

// Both sides of a whole book, given as pairs or as {"price","size"}.
Fault read_sides(json::object& book, const Instrument& instrument, Frame& frame) {
  BookEntry& entry = frame.begin_book(instrument.id, true);
  for (const bool bid : {true, false}) {
    json::array levels;
    if (!array_field(book, bid ? "bids" : "asks", levels)) return Fault::Malformed;
    for (auto element : levels) {
      json::value value;
      json::json_type type;
      json::array numbers;
      json::object object;
      Level level;
      Fault fault = Fault::None;
      if (element.get(value) != simdjson::SUCCESS || value.type().get(type) != simdjson::SUCCESS)
        return Fault::Malformed;
      if (type == json::json_type::array) {
        if (value.get_array().get(numbers) != simdjson::SUCCESS) return Fault::Malformed;
        fault = read_pair(numbers, instrument, level);
      } else if (value.get_object().get(object) == simdjson::SUCCESS) {
        fault = units_field(object, "price", instrument.price_scale, level.price.units);
        if (fault == Fault::None)
          fault = units_field(object, "size", instrument.qty_scale, level.quantity.units);
      } else {
        fault = Fault::Malformed;
      }
      if (fault == Fault::None) fault = take_level(frame, bid, true, level);
      if (fault != Fault::None) return fault;
    }
  }
  return frame.end_book(entry) ? Fault::None : Fault::Malformed;
}

Fault read_changes(const Context& in, json::object& root, const Instrument& instrument) {
  json::array changes;
  if (!array_field(root, "changes", changes)) return Fault::Malformed;
  BookEntry& entry = in.frame.begin_book(instrument.id, false);
  for (auto element : changes) {  // ["sell","0.00001306","660.5"]
    json::array texts;
    if (element.get_array().get(texts) != simdjson::SUCCESS) return Fault::Malformed;
    bool bid = false;
    Level level;
    int at = 0;
    for (auto text_value : texts) {
      std::string_view text;
      if (text_value.get_string().get(text) != simdjson::SUCCESS) return Fault::Malformed;
      Fault fault = Fault::None;
      if (at == 0 && !side_of_level(text, "buy", "sell", bid)) return Fault::Malformed;
      if (at == 1) fault = units_of(text, instrument.price_scale, level.price.units);
      if (at == 2) fault = units_of(text, instrument.qty_scale, level.quantity.units);
      if (fault != Fault::None) return fault;
      ++at;
    }
    if (at != 3) return Fault::Malformed;
    const Fault fault = take_level(in.frame, bid, false, level);
    if (fault != Fault::None) return fault;
  }
  if (!time_field(root, "time", entry.time)) return Fault::Malformed;
  in.frame.time = entry.time;
  return in.frame.end_book(entry) ? Fault::None : Fault::Malformed;
}

Reading read_exchange_book(const Context& in, json::object& root, bool snapshot) {
  std::string_view product;
  if (!text_field(root, "product_id", product)) return malformed(true);
  const InstrumentId id = in.books.find(product);
  if (!id.valid()) return {FrameOutcome::UnknownSymbol, false, {}};
  const Instrument& instrument = in.universe.instrument(id);
  const Fault fault =
      snapshot ? read_sides(root, instrument, in.frame) : read_changes(in, root, instrument);
  if (fault != Fault::None) return {outcome_of(fault), true, id};
  in.frame.kind = FrameKind::Market;
  return {};
}

Reading read_match(const Context& in, json::object& root, bool history) {
  TradeEntry trade;
  Fault fault = read_print(in, root, "sell", "buy", trade);
  if (fault != Fault::None) return {outcome_of(fault), false, {}};
  std::string_view id;
  if (!number_field(root, "trade_id", id) || id.empty() || !FillId::fits(id) ||
      id.find_first_not_of("0123456789") != std::string_view::npos)
    return malformed(false);
  trade.id = FillId(id);
  in.frame.kind = FrameKind::Market;
  in.frame.time = trade.time;
  in.frame.history = history;
  if (!history) in.frame.trades.push_back(trade);
  return {};
}

Reading read_type(const Context& in, json::object& root, std::string_view type) {
  if (type == "l2update") return read_exchange_book(in, root, false);
  if (type == "snapshot") return read_exchange_book(in, root, true);
  if (type == "match" || type == "last_match") return read_match(in, root, type == "last_match");
  if (type == "subscriptions" || type == "heartbeat") {
    in.frame.kind = FrameKind::Life;
    return {};
  }
  if (type == "error") {
    in.frame.kind = FrameKind::Error;
    return {};
  }
  for (const std::string_view known : {"ticker", "received", "open", "done", "change", "activate",
                                       "status", "auction", "rfq_match"}) {
    if (type == known) return {FrameOutcome::Ignored, false, {}};
  }
  return {FrameOutcome::UnknownKind, false, {}};  // new ones are to be passed over
}

}  // namespace

struct Reader::State {
  Json json;
};

Reader::Reader(Check check) : check_(check), state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

Reading Reader::read(std::string_view text, const Universe& universe, const Symbols& books,
                     Frame& frame) {
  frame.clear();
  Json& source = state_->json;
  if (!(check_ == Check::Whole ? source.open(text) : source.open_unchecked(text)))
    return malformed(true);
  json::object root;
  if (source.document().get_object().get(root) != simdjson::SUCCESS) return malformed(true);
  const Context in{universe, books, frame};
  std::string_view word;
  if (text_field(root, "channel", word)) return read_channel(in, root, word);
  if (!source.alive()) return malformed(true);
  if (text_field(root, "type", word)) return read_type(in, root, word);
  return {FrameOutcome::UnknownKind, true, {}};
}

FrameOutcome Reader::read_depth(std::string_view body, const Instrument& instrument, Frame& frame) {
  frame.clear();
  json::object root;
  if (!state_->json.open(body, root)) return FrameOutcome::Malformed;
  json::object book;
  Fault fault = Fault::None;
  if (object_field(root, "pricebook", book)) {
    if (!time_field(book, "time", frame.time)) return FrameOutcome::Malformed;
    fault = read_sides(book, instrument, frame);
  } else {
    fault = read_sides(root, instrument, frame);
  }
  return outcome_of(fault);
}

}  // namespace ats::venues::coinbase

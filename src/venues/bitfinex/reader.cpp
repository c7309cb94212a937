#include "venues/bitfinex/reader.hpp"

#include <algorithm>

#include "venues/bitfinex/names.hpp"

namespace ats::venues::bitfinex {
namespace {

// Why an element could not be taken.
enum class Fault : std::uint8_t { None, Malformed, Number };

Fault units_of(std::string_view element, int scale, std::int64_t& units) {
  const auto parsed = parse_scaled(element, scale);
  if (parsed) {
    units = *parsed;
    return Fault::None;
  }
  return parsed.error() == NumberError::Malformed ? Fault::Malformed : Fault::Number;
}

// An amount whose sign tells buyers (+) from sellers.
Fault signed_units(std::string_view element, int scale, std::int64_t& units, bool& negative) {
  const Fault fault = units_of(element, scale, units);
  if (fault != Fault::None) return fault;
  negative = units < 0;
  if (negative) units = -units;
  return Fault::None;
}

Reading refused(Fault fault, bool book, InstrumentId instrument) {
  return {fault == Fault::Number ? FrameOutcome::NumberFault : FrameOutcome::Malformed, book,
          instrument};
}
Reading malformed(bool perhaps_book, InstrumentId instrument = {}) {
  return {FrameOutcome::Malformed, perhaps_book, instrument};
}
Reading ignored() { return {FrameOutcome::Ignored, false, {}}; }

// [PRICE, COUNT, AMOUNT]
Fault read_level(const Row& row, const Instrument& instrument, bool zero_allowed, Level& level,
                 bool& ask) {
  std::uint64_t count = 0;
  Fault fault = units_of(row[0], instrument.price_scale, level.price.units);
  if (fault == Fault::None)
    fault = signed_units(row[2], instrument.qty_scale, level.quantity.units, ask);
  if (fault != Fault::None) return fault;
  if (!row.integer(1, count)) return Fault::Malformed;
  if (level.price.units <= 0) return Fault::Number;
  if (level.quantity.units == 0 || (count == 0 && !zero_allowed)) return Fault::Malformed;
  if (count == 0) level.quantity = {};
  return Fault::None;
}

// [ORDER_ID, PRICE, AMOUNT]
Fault read_raw(const Row& row, const Instrument& instrument, RawEntry& entry) {
  bool sell = false;
  if (!row.integer(0, entry.id)) return Fault::Malformed;
  Fault fault = units_of(row[1], instrument.price_scale, entry.price.units);
  if (fault == Fault::None)
    fault = signed_units(row[2], instrument.qty_scale, entry.quantity.units, sell);
  if (fault != Fault::None) return fault;
  if (entry.price.units < 0) return Fault::Number;
  if (entry.quantity.units == 0) return Fault::Malformed;
  entry.side = sell ? Side::Sell : Side::Buy;
  return Fault::None;
}

void put(Frame& frame, const Level& level, bool ask) {
  auto& levels = ask ? frame.asks : frame.bids;
  std::size_t& count = ask ? frame.ask_count : frame.bid_count;
  if (count == levels.size()) levels.resize(2 * levels.size() + 64);
  levels[count++] = level;
}

ChannelKind kind_of_channel(std::string_view channel, std::string_view precision) {
  if (channel == "book") return precision == "R0" ? ChannelKind::RawBook : ChannelKind::Book;
  if (channel == "trades") return ChannelKind::Trades;
  return ChannelKind::Unused;
}

}  // namespace

Reading Reader::read(std::string_view text, const Universe& universe, const Symbols& symbols,
                     Channels& channels, Frame& frame) {
  frame.clear();
  if (!json_.open(text)) return malformed(true);
  json::json_type type;
  if (json_.document().type().get(type) != simdjson::SUCCESS) return malformed(true);
  if (type == json::json_type::array) return read_array(text, universe, channels, frame);
  json::object root;
  if (json_.document().get_object().get(root) != simdjson::SUCCESS) return malformed(true);
  return read_event(root, symbols, frame);
}

Reading Reader::read_array(std::string_view text, const Universe& universe, Channels& channels,
                           Frame& frame) {
  if (!row_.split(text)) return malformed(true);
  // A recorder's own wrapping, in which an object takes the place of the channel id.
  if (is_object(row_[0])) return {FrameOutcome::OtherProtocol, false, {}};
  std::uint64_t id = 0;
  if (!row_.integer(0, id)) return {FrameOutcome::UnknownKind, true, {}};
  const std::string_view data = row_[1];
  const std::string_view code = text_of(data);
  const std::size_t data_at = code.empty() || code == "hb" ? 1 : 2;
  for (std::size_t i = data_at + 1; i < row_.size(); ++i) {
    std::uint64_t n = 0;
    if (row_.integer(i, n) && !frame.take_appended(n)) break;
  }
  if (code == "hb") {
    frame.kind = FrameKind::Life;
    return {};
  }
  if (!is_array(data) && code.empty()) return malformed(true);
  FeedChannel* const channel = channels.find(id);
  if (channel == nullptr) return {FrameOutcome::UnknownSymbol, false, {}};
  frame.channel = channel;
  frame.instrument = channel->instrument;
  switch (channel->kind) {
    case ChannelKind::OtherProduct:
      return {FrameOutcome::OtherProtocol, false, {}};
    case ChannelKind::UnknownSymbol:
      return {FrameOutcome::UnknownSymbol, false, {}};
    case ChannelKind::Unused:
    case ChannelKind::Left:
      return ignored();
    default:
      break;
  }
  const Instrument& instrument = universe.instrument(channel->instrument);
  if (channel->kind == ChannelKind::Trades) {
    // The past, told anew with each subscription; and the second telling of a print.
    if (is_array(data) || code == "tu") return ignored();
    if (code != "te") return {FrameOutcome::UnknownKind, false, {}};
    return read_trade(row_[2], instrument, frame);
  }
  const bool raw = channel->kind == ChannelKind::RawBook;
  if (code == "cs") {
    if (raw) return ignored();  // it is taken over order ids
    std::int32_t checksum = 0;
    if (!row_.integer(2, checksum)) return malformed(true, instrument.id);
    frame.checksum = static_cast<std::uint32_t>(checksum);
    frame.kind = FrameKind::Checksum;
    return {};
  }
  if (!code.empty()) return {FrameOutcome::UnknownKind, true, instrument.id};
  return raw ? read_raw_book(data, instrument, frame) : read_book(data, instrument, frame);
}

Reading Reader::read_book(std::string_view data, const Instrument& instrument, Frame& frame) {
  frame.kind = FrameKind::Book;
  if (!levels_.split(data)) return malformed(true, instrument.id);
  const bool many = levels_.size() == 0 || is_array(levels_[0]);
  frame.snapshot = many && !frame.channel->started;
  Level level;
  bool ask = false;
  if (!many) {
    const Fault fault = read_level(levels_, instrument, true, level, ask);
    if (fault != Fault::None) return refused(fault, true, instrument.id);
    put(frame, level, ask);
    return {};
  }
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (!level_.split(levels_[i])) return malformed(true, instrument.id);
    const Fault fault = read_level(level_, instrument, !frame.snapshot, level, ask);
    if (fault != Fault::None) return refused(fault, true, instrument.id);
    put(frame, level, ask);
  }
  return {};
}

Reading Reader::read_raw_book(std::string_view data, const Instrument& instrument, Frame& frame) {
  frame.kind = FrameKind::RawBook;
  if (!levels_.split(data)) return malformed(true, instrument.id);
  const bool many = levels_.size() == 0 || is_array(levels_[0]);
  frame.snapshot = many && !frame.channel->started;
  RawEntry entry;
  if (!many) {
    const Fault fault = read_raw(levels_, instrument, entry);
    if (fault != Fault::None) return refused(fault, true, instrument.id);
    frame.raw.push_back(entry);
    return {};
  }
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (!level_.split(levels_[i])) return malformed(true, instrument.id);
    const Fault fault = read_raw(level_, instrument, entry);
    if (fault != Fault::None) return refused(fault, true, instrument.id);
    if (frame.snapshot && entry.price.units == 0) return malformed(true, instrument.id);
    frame.raw.push_back(entry);
  }
  return {};
}

// [ID, MTS, AMOUNT, PRICE]
Reading Reader::read_trade(std::string_view data, const Instrument& instrument, Frame& frame) {
  frame.kind = FrameKind::Trade;
  std::uint64_t id = 0;
  std::int64_t ms = 0;
  bool sell = false;
  constexpr std::int64_t last_ms = 9'000'000'000'000;
  if (!level_.split(data) || !level_.integer(0, id) || !level_.integer(1, ms) || ms < 0 ||
      ms >= last_ms)
    return malformed(false);
  Fault fault = signed_units(level_[2], instrument.qty_scale, frame.quantity.units, sell);
  if (fault == Fault::None) fault = units_of(level_[3], instrument.price_scale, frame.price.units);
  if (fault != Fault::None) return refused(fault, false, instrument.id);
  if (frame.quantity.units == 0 || frame.price.units <= 0)
    return {FrameOutcome::NumberFault, false, instrument.id};
  frame.taker_side = sell ? Side::Sell : Side::Buy;
  frame.time = wall_from_ms(ms);
  frame.trade_id = FillId(level_[0]);
  return {};
}

Reading Reader::read_event(json::object& root, const Symbols& symbols, Frame& frame) {
  std::string_view event;
  if (!text_field(root, "event", event)) return {FrameOutcome::UnknownKind, true, {}};
  frame.kind = FrameKind::Life;
  if (event == "pong" || event == "conf") return {};
  if (event == "info") {
    std::uint64_t number = 0;
    if (integer_field(root, "code", number)) {
      constexpr std::uint64_t maintenance_begins = 20060;
      constexpr std::uint64_t maintenance_ended = 20061;
      frame.status = InstrumentStatus::Halted;
      if (number == maintenance_begins) frame.kind = FrameKind::Status;
      if (number == maintenance_ended) frame.kind = FrameKind::BackAgain;
      return {};
    }
    if (!integer_field(root, "version", number)) return {};
    constexpr std::uint64_t our_version = 2;
    if (number != our_version) return {FrameOutcome::OtherProtocol, false, {}};
    frame.kind = FrameKind::Connected;
    json::object platform;
    frame.status = InstrumentStatus::Trading;
    if (object_field(root, "platform", platform) && integer_field(platform, "status", number) &&
        number == 0)
      frame.status = InstrumentStatus::Halted;
    return {};
  }
  std::string_view channel;
  std::string_view symbol;
  if (event == "subscribed") {
    std::string_view precision;
    FeedChannel& told = frame.subscription;
    told = {};
    if (!integer_field(root, "chanId", told.id) || told.id == 0 ||
        !text_field(root, "channel", channel))
      return malformed(true);
    // Candles and the like name a key instead.
    const bool named = text_field(root, "symbol", symbol);
    static_cast<void>(text_field(root, "prec", precision));
    told.kind = kind_of_channel(channel, precision);
    if (told.kind != ChannelKind::Unused) {
      if (!named) return malformed(true);
      told.instrument = symbols.find(symbol);
      if (kind_of(symbol) != SymbolKind::Spot)
        told.kind = ChannelKind::OtherProduct;
      else if (!told.instrument.valid())
        told.kind = ChannelKind::UnknownSymbol;
    }
    frame.kind = FrameKind::Subscribed;
    return {};
  }
  if (event == "unsubscribed") {
    frame.subscription = {};
    if (!integer_field(root, "chanId", frame.subscription.id)) return malformed(true);
    frame.kind = FrameKind::Unsubscribed;
    return {};
  }
  if (event == "error") {
    constexpr std::uint64_t already_subscribed = 10301;
    std::uint64_t code = 0;
    if (!integer_field(root, "code", code) || code == already_subscribed) return {};
    // Without a channel it answers something else than a subscription.
    if (!text_field(root, "channel", channel) || channel != "book") return {};
    if (text_field(root, "symbol", symbol)) frame.instrument = symbols.find(symbol);
    frame.kind = FrameKind::Refused;
    return frame.instrument.valid() ? Reading{} : Reading{FrameOutcome::UnknownSymbol, false, {}};
  }
  if (event == "auth" || event == "unauth") return ignored();
  return {FrameOutcome::UnknownKind, false, {}};
}

FrameOutcome Reader::read_depth(std::string_view body, const Instrument& instrument, Frame& frame) {
  frame.clear();
  frame.snapshot = true;
  if (!json_.open(body) || !levels_.split(body)) return FrameOutcome::Malformed;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (!level_.split(levels_[i])) return FrameOutcome::Malformed;
    // Raw rows begin with an order id, which no price reaches.
    constexpr std::uint64_t least_order_id = 1'000'000'000;
    std::uint64_t id = 0;
    const bool raw = level_.integer(0, id) && id >= least_order_id;
    if (i == 0) frame.kind = raw ? FrameKind::RawBook : FrameKind::Book;
    if (raw != (frame.kind == FrameKind::RawBook)) return FrameOutcome::Malformed;
    Fault fault = Fault::None;
    if (raw) {
      RawEntry& entry = frame.raw.emplace_back();
      fault = read_raw(level_, instrument, entry);
      if (fault == Fault::None && entry.price.units == 0) fault = Fault::Malformed;
    } else {
      Level level;
      bool ask = false;
      fault = read_level(level_, instrument, false, level, ask);
      if (fault == Fault::None) put(frame, level, ask);
    }
    if (fault != Fault::None) return refused(fault, true, instrument.id).outcome;
  }
  if (levels_.size() == 0) frame.kind = FrameKind::Book;
  return FrameOutcome::Decoded;
}

}  // namespace ats::venues::bitfinex

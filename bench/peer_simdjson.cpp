#include "peer_simdjson.hpp"

namespace ats::bench {

namespace {

class Binance final : public PeerDecoder {
 public:
  Binance(VenueId venue, const Universe& universe) : symbols_(symbols_of(venue, universe)) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    ondemand::document document;
    ondemand::object root;
    std::string_view stream;
    ondemand::object data;
    if (!open(parser_, frame, document) || document.get_object().get(root) != simdjson::SUCCESS ||
        root.find_field("stream").get_string().get(stream) != simdjson::SUCCESS ||
        root.find_field("data").get_object().get(data) != simdjson::SUCCESS)
      return false;
    const std::size_t at = stream.find('@');
    if (at == std::string_view::npos) return false;
    stream.remove_prefix(at + 1);
    if (stream == "bookTicker") return top(data, recv, sink);
    if (stream == "trade") return trade(data, recv, sink);
    if (stream.starts_with("depth")) return depth(data, recv, sink);
    return false;
  }

 private:
  static bool number(ondemand::object& object, std::string_view key, std::uint64_t& out) {
    return object.find_field(key).get_uint64().get(out) == simdjson::SUCCESS;
  }
  const Symbol* symbol(ondemand::object& object) const {
    std::string_view text;
    if (object.find_field("s").get_string().get(text) != simdjson::SUCCESS) return nullptr;
    return find(symbols_, text);
  }

  static bool levels(ondemand::object& object, std::string_view key, const Symbol& of,
                     std::vector<Level>& out) {
    out.clear();
    ondemand::array all;
    if (object.find_field(key).get_array().get(all) != simdjson::SUCCESS) return false;
    for (auto item : all) {
      ondemand::array pair;
      if (item.get_array().get(pair) != simdjson::SUCCESS) return false;
      Level level;
      int n = 0;
      for (auto part : pair) {
        std::string_view text;
        if (part.get_string().get(text) != simdjson::SUCCESS) return false;
        const bool fine = n++ == 0 ? units(text, of.price_scale, level.price.units)
                                   : units(text, of.qty_scale, level.quantity.units);
        if (!fine) return false;
      }
      out.push_back(level);
    }
    return true;
  }

  bool depth(ondemand::object& data, Instant recv, EventSink& sink) {
    std::uint64_t ms = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (!number(data, "E", ms)) return false;
    const Symbol* of = symbol(data);
    if (of == nullptr || !number(data, "U", first) || !number(data, "u", last) ||
        !levels(data, "b", *of, bids_) || !levels(data, "a", *of, asks_))
      return false;
    sink.on(BookDelta{of->instrument,
                      {wall_from_ms(static_cast<std::int64_t>(ms)), recv},
                      first,
                      last,
                      0,
                      std::nullopt,
                      bids_,
                      asks_});
    return true;
  }

  bool top(ondemand::object& data, Instant recv, EventSink& sink) {
    std::uint64_t update = 0;
    if (!number(data, "u", update)) return false;
    const Symbol* of = symbol(data);
    if (of == nullptr) return false;
    Level bid;
    Level ask;
    if (!quoted(data, "b", of->price_scale, bid.price.units) ||
        !quoted(data, "B", of->qty_scale, bid.quantity.units) ||
        !quoted(data, "a", of->price_scale, ask.price.units) ||
        !quoted(data, "A", of->qty_scale, ask.quantity.units))
      return false;
    sink.on(Quote{of->instrument, {{}, recv}, update, bid, ask});
    return true;
  }

  bool trade(ondemand::object& data, Instant recv, EventSink& sink) {
    const Symbol* of = symbol(data);
    if (of == nullptr) return false;
    ondemand::value id;
    Price price;
    Quantity quantity;
    std::uint64_t ms = 0;
    bool buyer_is_maker = false;
    if (data.find_field("t").get(id) != simdjson::SUCCESS) return false;
    const std::string_view id_text = id.raw_json_token();
    if (!quoted(data, "p", of->price_scale, price.units) ||
        !quoted(data, "q", of->qty_scale, quantity.units) || !number(data, "T", ms) ||
        data.find_field("m").get_bool().get(buyer_is_maker) != simdjson::SUCCESS)
      return false;
    sink.on(Trade{of->instrument,
                  {wall_from_ms(static_cast<std::int64_t>(ms)), recv},
                  buyer_is_maker ? Side::Sell : Side::Buy,
                  price,
                  quantity,
                  FillId(id_text)});
    return true;
  }

  std::vector<Symbol> symbols_;
  ondemand::parser parser_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

class Kraken final : public PeerDecoder {
 public:
  Kraken(VenueId venue, const Universe& universe) : symbols_(symbols_of(venue, universe)) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    ondemand::document document;
    ondemand::object root;
    std::string_view channel;
    std::string_view type;
    ondemand::array data;
    if (!open(parser_, frame, document) || document.get_object().get(root) != simdjson::SUCCESS ||
        root.find_field("channel").get_string().get(channel) != simdjson::SUCCESS ||
        root.find_field("type").get_string().get(type) != simdjson::SUCCESS ||
        root.find_field("data").get_array().get(data) != simdjson::SUCCESS)
      return false;
    for (auto item : data) {
      ondemand::object object;
      if (item.get_object().get(object) != simdjson::SUCCESS) return false;
      if (channel == "book") {
        if (!book(object, type == "snapshot", recv, sink)) return false;
      } else if (channel == "trade") {
        if (!trade(object, recv, sink)) return false;
      }
    }
    return true;
  }

 private:
  const Symbol* symbol(ondemand::object& object) const {
    std::string_view text;
    if (object.find_field("symbol").get_string().get(text) != simdjson::SUCCESS) return nullptr;
    return find(symbols_, text);
  }
  static bool time(ondemand::object& object, WallTime& out) {
    std::string_view text;
    return object.find_field("timestamp").get_string().get(text) == simdjson::SUCCESS &&
           parse_rfc3339(text.data(), text.size(), out);
  }

  static bool levels(ondemand::object& object, std::string_view key, const Symbol& of,
                     std::vector<Level>& out) {
    out.clear();
    ondemand::array all;
    if (object.find_field(key).get_array().get(all) != simdjson::SUCCESS) return false;
    for (auto item : all) {
      ondemand::object fields;
      Level level;
      if (item.get_object().get(fields) != simdjson::SUCCESS ||
          !bare(fields, "price", of.price_scale, level.price.units) ||
          !bare(fields, "qty", of.qty_scale, level.quantity.units))
        return false;
      out.push_back(level);
    }
    return true;
  }

  bool book(ondemand::object& object, bool snapshot, Instant recv, EventSink& sink) {
    const Symbol* of = symbol(object);
    std::uint64_t checksum = 0;
    Times times{{}, recv};
    if (of == nullptr || !levels(object, "bids", *of, bids_) ||
        !levels(object, "asks", *of, asks_) ||
        object.find_field("checksum").get_uint64().get(checksum) != simdjson::SUCCESS ||
        !time(object, times.venue_time))
      return false;
    const auto crc = static_cast<std::uint32_t>(checksum);
    if (snapshot) {
      sink.on(BookSnapshot{of->instrument, times, 0, crc, bids_, asks_});
    } else {
      sink.on(BookDelta{of->instrument, times, 0, 0, 0, crc, bids_, asks_});
    }
    return true;
  }

  bool trade(ondemand::object& object, Instant recv, EventSink& sink) {
    const Symbol* of = symbol(object);
    std::string_view side;
    Price price;
    Quantity quantity;
    ondemand::value id;
    if (of == nullptr || object.find_field("side").get_string().get(side) != simdjson::SUCCESS ||
        !bare(object, "price", of->price_scale, price.units) ||
        !bare(object, "qty", of->qty_scale, quantity.units) ||
        object.find_field("trade_id").get(id) != simdjson::SUCCESS)
      return false;
    const std::string_view id_text = id.raw_json_token();
    Times times{{}, recv};
    if (!time(object, times.venue_time)) return false;
    sink.on(Trade{of->instrument, times, side == "buy" ? Side::Buy : Side::Sell, price, quantity,
                  FillId(id_text)});
    return true;
  }

  std::vector<Symbol> symbols_;
  ondemand::parser parser_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

}  // namespace

std::unique_ptr<PeerDecoder> make_simdjson_peer(VenueKind speaks, VenueId venue,
                                                const Universe& universe) {
  switch (speaks) {
    case VenueKind::Binance:
      return std::make_unique<Binance>(venue, universe);
    case VenueKind::Kraken:
      return std::make_unique<Kraken>(venue, universe);
    case VenueKind::Upbit:
      return make_upbit_on_simdjson(venue, universe);
    case VenueKind::Coinbase:
      return make_coinbase_on_simdjson(venue, universe);
    case VenueKind::Bitfinex:
      return make_bitfinex_on_simdjson(venue, universe);
  }
  return nullptr;
}

#define ATS_TEXT_OF(macro) ATS_TEXT(macro)
#define ATS_TEXT(text) #text
const char* simdjson_implementation() { return ATS_TEXT_OF(SIMDJSON_BUILTIN_IMPLEMENTATION); }

}  // namespace ats::bench

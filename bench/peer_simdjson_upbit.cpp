#include "peer_simdjson.hpp"

namespace ats::bench {

namespace {

// The two spellings of one schema.
struct Keys {
  std::string_view type, code, time, units, ask_price, bid_price, ask_size, bid_size;
  std::string_view trade_time, price, volume, side, id;
};
constexpr Keys simple_keys{"ty", "cd",   "tms", "obu", "ap", "bp", "as",
                           "bs", "ttms", "tp",  "tv",  "ab", "sid"};
constexpr Keys long_keys{
    "type",         "code",     "timestamp",    "orderbook_units", "ask_price",
    "bid_price",    "ask_size", "bid_size",     "trade_timestamp", "trade_price",
    "trade_volume", "ask_bid",  "sequential_id"};

class Upbit final : public PeerDecoder {
 public:
  Upbit(VenueId venue, const Universe& universe) : symbols_(symbols_of(venue, universe)) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    const Keys& keys = frame.starts_with(R"({"ty":)") ? simple_keys : long_keys;
    ondemand::document document;
    ondemand::object root;
    std::string_view type;
    std::string_view code;
    std::uint64_t ms = 0;
    if (!open(parser_, frame, document) || document.get_object().get(root) != simdjson::SUCCESS ||
        root.find_field(keys.type).get_string().get(type) != simdjson::SUCCESS ||
        root.find_field(keys.code).get_string().get(code) != simdjson::SUCCESS ||
        root.find_field(keys.time).get_uint64().get(ms) != simdjson::SUCCESS)
      return false;
    const Symbol* of = find(symbols_, code);
    if (of == nullptr) return false;
    if (type == "orderbook") return book(keys, root, *of, ms, recv, sink);
    return type == "trade" && trade(keys, root, *of, recv, sink);
  }

 private:
  bool book(const Keys& keys, ondemand::object& root, const Symbol& of, std::uint64_t ms,
            Instant recv, EventSink& sink) {
    ondemand::array units;
    if (root.find_field(keys.units).get_array().get(units) != simdjson::SUCCESS) return false;
    bids_.clear();
    asks_.clear();
    for (auto item : units) {
      ondemand::object unit;
      Level bid;
      Level ask;
      if (item.get_object().get(unit) != simdjson::SUCCESS ||
          !bare(unit, keys.ask_price, of.price_scale, ask.price.units) ||
          !bare(unit, keys.bid_price, of.price_scale, bid.price.units) ||
          !bare(unit, keys.ask_size, of.qty_scale, ask.quantity.units) ||
          !bare(unit, keys.bid_size, of.qty_scale, bid.quantity.units))
        return false;
      if (ask.quantity.units != 0) asks_.push_back(ask);
      if (bid.quantity.units != 0) bids_.push_back(bid);
    }
    const WallTime time = wall_from_ms(static_cast<std::int64_t>(ms));
    sink.on(BookSnapshot{of.instrument, {time, recv}, ms, std::nullopt, bids_, asks_});
    return true;
  }

  static bool trade(const Keys& keys, ondemand::object& root, const Symbol& of, Instant recv,
                    EventSink& sink) {
    std::uint64_t ms = 0;
    Price price;
    Quantity quantity;
    std::string_view side;
    ondemand::value id;
    if (root.find_field(keys.trade_time).get_uint64().get(ms) != simdjson::SUCCESS ||
        !bare(root, keys.price, of.price_scale, price.units) ||
        !bare(root, keys.volume, of.qty_scale, quantity.units) ||
        root.find_field(keys.side).get_string().get(side) != simdjson::SUCCESS ||
        root.find_field(keys.id).get(id) != simdjson::SUCCESS)
      return false;
    sink.on(Trade{of.instrument,
                  {wall_from_ms(static_cast<std::int64_t>(ms)), recv},
                  side == "BID" ? Side::Buy : Side::Sell,
                  price,
                  quantity,
                  FillId(token(id))});
    return true;
  }

  std::vector<Symbol> symbols_;
  ondemand::parser parser_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

}  // namespace

std::unique_ptr<PeerDecoder> make_upbit_on_simdjson(VenueId venue, const Universe& universe) {
  return std::make_unique<Upbit>(venue, universe);
}

}  // namespace ats::bench

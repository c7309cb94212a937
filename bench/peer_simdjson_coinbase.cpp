#include "peer_simdjson.hpp"

namespace ats::bench {

namespace {

class Coinbase final : public PeerDecoder {
 public:
  Coinbase(VenueId venue, const Universe& universe)
      : venue_(venue), symbols_(symbols_of(venue, universe)) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    ondemand::document document;
    ondemand::object root;
    std::string_view channel;
    Times times{{}, recv};
    std::uint64_t sequence = 0;
    ondemand::array events;
    if (!open(parser_, frame, document) || document.get_object().get(root) != simdjson::SUCCESS ||
        root.find_field("channel").get_string().get(channel) != simdjson::SUCCESS ||
        !time(root, "timestamp", times.venue_time) ||
        root.find_field("sequence_num").get_uint64().get(sequence) != simdjson::SUCCESS ||
        root.find_field("events").get_array().get(events) != simdjson::SUCCESS)
      return false;
    if (counting_ && sequence != next_)
      sink.on(BookFault{{}, venue_, BookFaultReason::SequenceGap});
    counting_ = true;
    next_ = sequence + 1;
    if (channel == "heartbeats") {
      sink.on(Heartbeat{venue_, times});
      return true;
    }
    for (auto item : events) {
      ondemand::object event;
      std::string_view type;
      if (item.get_object().get(event) != simdjson::SUCCESS ||
          event.find_field("type").get_string().get(type) != simdjson::SUCCESS)
        return false;
      const bool fine = channel == "l2_data"
                            ? book(event, type == "snapshot", sequence, times, sink)
                            : trades(event, recv, sink);
      if (!fine) return false;
    }
    return true;
  }

 private:
  static bool time(ondemand::object& object, std::string_view key, WallTime& out) {
    std::string_view text;
    return object.find_field(key).get_string().get(text) == simdjson::SUCCESS &&
           parse_rfc3339(text.data(), text.size(), out);
  }

  bool book(ondemand::object& event, bool snapshot, std::uint64_t sequence, const Times& times,
            EventSink& sink) {
    std::string_view product;
    ondemand::array updates;
    if (event.find_field("product_id").get_string().get(product) != simdjson::SUCCESS) return false;
    const Symbol* of = find(symbols_, product);
    if (of == nullptr || event.find_field("updates").get_array().get(updates) != simdjson::SUCCESS)
      return false;
    bids_.clear();
    asks_.clear();
    for (auto item : updates) {
      ondemand::object update;
      std::string_view side;
      Level level;
      if (item.get_object().get(update) != simdjson::SUCCESS ||
          update.find_field("side").get_string().get(side) != simdjson::SUCCESS ||
          !quoted(update, "price_level", of->price_scale, level.price.units) ||
          !quoted(update, "new_quantity", of->qty_scale, level.quantity.units))
        return false;
      (side == "bid" ? bids_ : asks_).push_back(level);
    }
    if (snapshot) {
      sink.on(BookSnapshot{of->instrument, times, sequence, std::nullopt, bids_, asks_});
    } else {
      sink.on(BookDelta{of->instrument, times, sequence, sequence, 0, std::nullopt, bids_, asks_});
    }
    return true;
  }

  // The venue names the maker's side, and the newest print first.
  bool trades(ondemand::object& event, Instant recv, EventSink& sink) {
    ondemand::array prints;
    if (event.find_field("trades").get_array().get(prints) != simdjson::SUCCESS) return false;
    trades_.clear();
    for (auto item : prints) {
      ondemand::object print;
      std::string_view product;
      std::string_view id;
      std::string_view side;
      if (item.get_object().get(print) != simdjson::SUCCESS ||
          print.find_field("product_id").get_string().get(product) != simdjson::SUCCESS)
        return false;
      const Symbol* of = find(symbols_, product);
      Trade& trade = trades_.emplace_back();
      trade.times.recv_time = recv;
      if (of == nullptr || print.find_field("trade_id").get_string().get(id) != simdjson::SUCCESS ||
          !quoted(print, "price", of->price_scale, trade.price.units) ||
          !quoted(print, "size", of->qty_scale, trade.quantity.units) ||
          !time(print, "time", trade.times.venue_time) ||
          print.find_field("side").get_string().get(side) != simdjson::SUCCESS)
        return false;
      trade.instrument = of->instrument;
      trade.id = FillId(id);
      trade.taker_side = side == "SELL" ? Side::Buy : Side::Sell;
    }
    for (auto at = trades_.rbegin(); at != trades_.rend(); ++at) sink.on(*at);
    return true;
  }

  VenueId venue_;
  std::vector<Symbol> symbols_;
  ondemand::parser parser_;
  bool counting_ = false;
  std::uint64_t next_ = 0;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
  std::vector<Trade> trades_;
};

}  // namespace

std::unique_ptr<PeerDecoder> make_coinbase_on_simdjson(VenueId venue, const Universe& universe) {
  return std::make_unique<Coinbase>(venue, universe);
}

}  // namespace ats::bench

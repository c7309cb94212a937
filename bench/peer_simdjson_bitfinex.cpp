#include "peer_simdjson.hpp"

namespace ats::bench {

namespace {

class Bitfinex final : public PeerDecoder {
 public:
  Bitfinex(VenueId venue, const Universe& universe)
      : venue_(venue), symbols_(symbols_of(venue, universe)) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    ondemand::document document;
    if (!open(parser_, frame, document)) return false;
    if (frame.front() == '{') return event(document);
    ondemand::array all;
    ondemand::array_iterator at;
    std::uint64_t id = 0;
    ondemand::value data;
    ondemand::json_type type;
    if (document.get_array().get(all) != simdjson::SUCCESS ||
        all.begin().get(at) != simdjson::SUCCESS ||
        (*at).get_uint64().get(id) != simdjson::SUCCESS ||
        (++at, *at).get(data) != simdjson::SUCCESS || data.type().get(type) != simdjson::SUCCESS)
      return false;
    if (type == ondemand::json_type::array) return book(id, at, data, recv, sink);
    std::string_view code;
    if (data.get_string().get(code) != simdjson::SUCCESS) return false;
    if (code == "hb") {
      WallTime ignored;
      if (!appended(at, ignored, sink)) return false;
      sink.on(Heartbeat{venue_, {{}, recv}});
      return true;
    }
    ++at;
    if (code == "cs") return checksum(id, at, recv, sink);
    return code == "te" && trade(id, at, recv, sink);
  }

 private:
  struct Channel {
    std::uint64_t id;
    Symbol of;
    bool started;
  };

  // What has been subscribed to; everything else an object says is of no use here.
  bool event(ondemand::document& document) {
    ondemand::object root;
    std::string_view what;
    std::string_view symbol;
    std::uint64_t id = 0;
    if (document.get_object().get(root) != simdjson::SUCCESS ||
        root.find_field("event").get_string().get(what) != simdjson::SUCCESS)
      return false;
    if (what == "info") {
      channels_.clear();
      sequence_ = 0;
    }
    if (what != "subscribed") return true;
    if (root.find_field("chanId").get_uint64().get(id) != simdjson::SUCCESS ||
        root.find_field("symbol").get_string().get(symbol) != simdjson::SUCCESS)
      return false;
    if (const Symbol* of = find(symbols_, symbol)) channels_.push_back({id, *of, false});
    return true;
  }
  Channel* channel(std::uint64_t id) {
    for (Channel& channel : channels_) {
      if (channel.id == id) return &channel;
    }
    return nullptr;
  }

  // The number and the time behind the data at `at`, as far as flags ask for them.
  bool appended(ondemand::array_iterator& at, WallTime& time, EventSink& sink) {
    constexpr std::uint64_t first_ms = 1'000'000'000'000;
    for (++at; at != ondemand::array_iterator(); ++at) {
      std::uint64_t n = 0;
      if ((*at).get_uint64().get(n) != simdjson::SUCCESS) return false;
      if (n >= first_ms) {
        time = wall_from_ms(static_cast<std::int64_t>(n));
        continue;
      }
      if (sequence_ != 0 && n != sequence_ + 1)
        sink.on(BookFault{{}, venue_, BookFaultReason::SequenceGap});
      sequence_ = n;
    }
    return true;
  }

  // A number whose sign tells buyers (+) from sellers.
  static bool signed_units(std::string_view text, int scale, std::int64_t& out, bool& negative) {
    negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    return units(text, scale, out);
  }

  // Behind the '[' of a level, whose first element is told.
  bool level(ondemand::array_iterator& at, std::string_view price, const Symbol& of) {
    Level level;
    std::uint64_t count = 0;
    ondemand::value amount;
    bool ask = false;
    if (!units(price, of.price_scale, level.price.units) ||
        (++at, *at).get_uint64().get(count) != simdjson::SUCCESS ||
        (++at, *at).get(amount) != simdjson::SUCCESS ||
        !signed_units(token(amount), of.qty_scale, level.quantity.units, ask))
      return false;
    ++at;
    if (count == 0) level.quantity = {};
    (ask ? asks_ : bids_).push_back(level);
    return true;
  }

  bool book(std::uint64_t id, ondemand::array_iterator& frame, ondemand::value& data, Instant recv,
            EventSink& sink) {
    Channel* const on = channel(id);
    ondemand::array elements;
    ondemand::array_iterator at;
    ondemand::value first;
    ondemand::json_type type;
    if (on == nullptr || data.get_array().get(elements) != simdjson::SUCCESS ||
        elements.begin().get(at) != simdjson::SUCCESS || (*at).get(first) != simdjson::SUCCESS ||
        first.type().get(type) != simdjson::SUCCESS)
      return false;
    bids_.clear();
    asks_.clear();
    const bool many = type == ondemand::json_type::array;
    if (!many && !level(at, token(first), on->of)) return false;
    if (many && !levels(at, on->of)) return false;
    Times times{{}, recv};
    if (!appended(frame, times.venue_time, sink)) return false;
    if (many && !on->started) {
      on->started = true;
      sink.on(BookSnapshot{on->of.instrument, times, 0, std::nullopt, bids_, asks_});
    } else {
      sink.on(BookDelta{on->of.instrument, times, 0, 0, 0, std::nullopt, bids_, asks_});
    }
    return true;
  }
  bool levels(ondemand::array_iterator& at, const Symbol& of) {
    for (; at != ondemand::array_iterator(); ++at) {
      ondemand::array fields;
      ondemand::array_iterator field;
      ondemand::value price;
      if ((*at).get_array().get(fields) != simdjson::SUCCESS ||
          fields.begin().get(field) != simdjson::SUCCESS ||
          (*field).get(price) != simdjson::SUCCESS || !level(field, token(price), of))
        return false;
    }
    return true;
  }

  bool checksum(std::uint64_t id, ondemand::array_iterator& at, Instant recv, EventSink& sink) {
    const Channel* const on = channel(id);
    std::int64_t sum = 0;
    Times times{{}, recv};
    if (on == nullptr || (*at).get_int64().get(sum) != simdjson::SUCCESS ||
        !appended(at, times.venue_time, sink))
      return false;
    sink.on(BookDelta{on->of.instrument,
                      times,
                      0,
                      0,
                      0,
                      static_cast<std::uint32_t>(static_cast<std::int32_t>(sum)),
                      {},
                      {}});
    return true;
  }

  // ID, time, amount, price.
  bool trade(std::uint64_t channel_id, ondemand::array_iterator& frame, Instant recv,
             EventSink& sink) {
    const Channel* const on = channel(channel_id);
    ondemand::array fields;
    ondemand::array_iterator at;
    ondemand::value id;
    ondemand::value amount;
    ondemand::value price_value;
    std::uint64_t ms = 0;
    bool sold = false;
    Price price;
    Quantity quantity;
    if (on == nullptr || (*frame).get_array().get(fields) != simdjson::SUCCESS ||
        fields.begin().get(at) != simdjson::SUCCESS || (*at).get(id) != simdjson::SUCCESS)
      return false;
    const std::string_view id_text = token(id);
    if ((++at, *at).get_uint64().get(ms) != simdjson::SUCCESS ||
        (++at, *at).get(amount) != simdjson::SUCCESS ||
        !signed_units(token(amount), on->of.qty_scale, quantity.units, sold) ||
        (++at, *at).get(price_value) != simdjson::SUCCESS ||
        !units(token(price_value), on->of.price_scale, price.units))
      return false;
    ++at;
    WallTime ignored;
    if (!appended(frame, ignored, sink)) return false;
    sink.on(Trade{on->of.instrument,
                  {wall_from_ms(static_cast<std::int64_t>(ms)), recv},
                  sold ? Side::Sell : Side::Buy,
                  price,
                  quantity,
                  FillId(id_text)});
    return true;
  }

  VenueId venue_;
  std::vector<Symbol> symbols_;
  ondemand::parser parser_;
  std::vector<Channel> channels_;
  std::uint64_t sequence_ = 0;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

}  // namespace

std::unique_ptr<PeerDecoder> make_bitfinex_on_simdjson(VenueId venue, const Universe& universe) {
  return std::make_unique<Bitfinex>(venue, universe);
}

}  // namespace ats::bench

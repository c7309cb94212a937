#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "peers.hpp"
#include "venues/binance/symbols.hpp"
#include "venues/symbols.hpp"

namespace ats::bench {

namespace {

using Json = nlohmann::json;

// Bare numbers (Kraken, Upbit, Bitfinex) reach its users as double, and no other way: right for what venues
// quote today, to the last unit only by luck. Binance's and Coinbase's come as text.
std::int64_t units_of(const Json& value, int scale) {
  if (value.is_string()) return parse_scaled(value.get_ref<const std::string&>(), scale).value();
  return std::llround(value.get<double>() * static_cast<double>(pow10(scale)));
}

class Binance final : public PeerDecoder {
 public:
  Binance(VenueId venue, const Universe& universe) : symbols_(venue, universe) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    const Json root = Json::parse(frame);
    const Json& data = root["data"];
    const auto& stream = root["stream"].get_ref<const std::string&>();
    const venues::binance::Symbol* of = symbols_.find(data["s"].get_ref<const std::string&>());
    if (of == nullptr) return false;
    const int price = static_cast<int>(of->price_scale);
    const int quantity = static_cast<int>(of->qty_scale);
    if (stream.ends_with("@bookTicker")) {
      sink.on(Quote{of->instrument,
                    {{}, recv},
                    data["u"].get<std::uint64_t>(),
                    {{units_of(data["b"], price)}, {units_of(data["B"], quantity)}},
                    {{units_of(data["a"], price)}, {units_of(data["A"], quantity)}}});
    } else if (stream.ends_with("@trade")) {
      sink.on(Trade{of->instrument,
                    {wall_from_ms(data["T"].get<std::int64_t>()), recv},
                    data["m"].get<bool>() ? Side::Sell : Side::Buy,
                    {units_of(data["p"], price)},
                    {units_of(data["q"], quantity)},
                    FillId(std::to_string(data["t"].get<std::uint64_t>()))});
    } else {
      levels(data["b"], price, quantity, bids_);
      levels(data["a"], price, quantity, asks_);
      sink.on(BookDelta{of->instrument,
                        {wall_from_ms(data["E"].get<std::int64_t>()), recv},
                        data["U"].get<std::uint64_t>(),
                        data["u"].get<std::uint64_t>(),
                        0,
                        std::nullopt,
                        bids_,
                        asks_});
    }
    return true;
  }

 private:
  static void levels(const Json& from, int price, int quantity, std::vector<Level>& out) {
    out.clear();
    for (const Json& level : from)
      out.push_back({{units_of(level[0], price)}, {units_of(level[1], quantity)}});
  }

  venues::binance::Symbols symbols_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

class Kraken final : public PeerDecoder {
 public:
  Kraken(VenueId venue, const Universe& universe)
      : universe_(universe), symbols_(venue, universe) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    const Json root = Json::parse(frame);
    const auto& channel = root["channel"].get_ref<const std::string&>();
    const bool snapshot = root["type"].get_ref<const std::string&>() == "snapshot";
    for (const Json& entry : root["data"]) {
      const InstrumentId id = symbols_.find(entry["symbol"].get_ref<const std::string&>());
      if (!id.valid()) return false;
      const Instrument& of = universe_.instrument(id);
      const auto& stamp = entry["timestamp"].get_ref<const std::string&>();
      Times times{{}, recv};
      if (!parse_rfc3339(stamp.data(), stamp.size(), times.venue_time)) return false;
      if (channel == "trade") {
        sink.on(Trade{id,
                      times,
                      entry["side"].get_ref<const std::string&>() == "buy" ? Side::Buy : Side::Sell,
                      {units_of(entry["price"], of.price_scale)},
                      {units_of(entry["qty"], of.qty_scale)},
                      FillId(std::to_string(entry["trade_id"].get<std::uint64_t>()))});
        continue;
      }
      levels(entry["bids"], of, bids_);
      levels(entry["asks"], of, asks_);
      const auto checksum = entry["checksum"].get<std::uint32_t>();
      if (snapshot) {
        sink.on(BookSnapshot{id, times, 0, checksum, bids_, asks_});
      } else {
        sink.on(BookDelta{id, times, 0, 0, 0, checksum, bids_, asks_});
      }
    }
    return true;
  }

 private:
  static void levels(const Json& from, const Instrument& of, std::vector<Level>& out) {
    out.clear();
    for (const Json& level : from) {
      out.push_back(
          {{units_of(level["price"], of.price_scale)}, {units_of(level["qty"], of.qty_scale)}});
    }
  }

  const Universe& universe_;
  venues::Symbols symbols_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

class Upbit final : public PeerDecoder {
 public:
  Upbit(VenueId venue, const Universe& universe) : universe_(universe), symbols_(venue, universe) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    const Json root = Json::parse(frame);
    const bool simple = root.contains("ty");
    const auto key = [simple](const char* shortly, const char* at_length) {
      return simple ? shortly : at_length;
    };
    const InstrumentId id = symbols_.find(root[key("cd", "code")].get_ref<const std::string&>());
    if (!id.valid()) return false;
    const Instrument& of = universe_.instrument(id);
    if (root[key("ty", "type")].get_ref<const std::string&>() == "trade") {
      sink.on(
          Trade{id,
                {wall_from_ms(root[key("ttms", "trade_timestamp")].get<std::int64_t>()), recv},
                root[key("ab", "ask_bid")].get_ref<const std::string&>() == "BID" ? Side::Buy
                                                                                  : Side::Sell,
                {units_of(root[key("tp", "trade_price")], of.price_scale)},
                {units_of(root[key("tv", "trade_volume")], of.qty_scale)},
                FillId(std::to_string(root[key("sid", "sequential_id")].get<std::uint64_t>()))});
      return true;
    }
    bids_.clear();
    asks_.clear();
    for (const Json& unit : root[key("obu", "orderbook_units")]) {
      const Level bid{{units_of(unit[key("bp", "bid_price")], of.price_scale)},
                      {units_of(unit[key("bs", "bid_size")], of.qty_scale)}};
      const Level ask{{units_of(unit[key("ap", "ask_price")], of.price_scale)},
                      {units_of(unit[key("as", "ask_size")], of.qty_scale)}};
      if (bid.quantity.units != 0) bids_.push_back(bid);
      if (ask.quantity.units != 0) asks_.push_back(ask);
    }
    const auto ms = root[key("tms", "timestamp")].get<std::uint64_t>();
    sink.on(BookSnapshot{
        id, {wall_from_ms(static_cast<std::int64_t>(ms)), recv}, ms, std::nullopt, bids_, asks_});
    return true;
  }

 private:
  const Universe& universe_;
  venues::Symbols symbols_;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

WallTime time_of(const Json& value) {
  const auto& stamp = value.get_ref<const std::string&>();
  WallTime time;
  parse_rfc3339(stamp.data(), stamp.size(), time);
  return time;
}

class Coinbase final : public PeerDecoder {
 public:
  Coinbase(VenueId venue, const Universe& universe)
      : venue_(venue), universe_(universe), symbols_(venue, universe) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    const Json root = Json::parse(frame);
    const auto& channel = root["channel"].get_ref<const std::string&>();
    const Times times{time_of(root["timestamp"]), recv};
    const auto sequence = root["sequence_num"].get<std::uint64_t>();
    if (counting_ && sequence != next_)
      sink.on(BookFault{{}, venue_, BookFaultReason::SequenceGap});
    counting_ = true;
    next_ = sequence + 1;
    if (channel == "heartbeats") {
      sink.on(Heartbeat{venue_, times});
      return true;
    }
    for (const Json& event : root["events"]) {
      const bool fine = channel == "l2_data" ? book(event, sequence, times, sink)
                                             : trades(event["trades"], recv, sink);
      if (!fine) return false;
    }
    return true;
  }

 private:
  bool book(const Json& event, std::uint64_t sequence, const Times& times, EventSink& sink) {
    const InstrumentId id = symbols_.find(event["product_id"].get_ref<const std::string&>());
    if (!id.valid()) return false;
    const Instrument& of = universe_.instrument(id);
    bids_.clear();
    asks_.clear();
    for (const Json& update : event["updates"]) {
      (update["side"].get_ref<const std::string&>() == "bid" ? bids_ : asks_)
          .push_back({{units_of(update["price_level"], of.price_scale)},
                      {units_of(update["new_quantity"], of.qty_scale)}});
    }
    if (event["type"].get_ref<const std::string&>() == "snapshot") {
      sink.on(BookSnapshot{id, times, sequence, std::nullopt, bids_, asks_});
    } else {
      sink.on(BookDelta{id, times, sequence, sequence, 0, std::nullopt, bids_, asks_});
    }
    return true;
  }
  // The newest first, with the maker's side.
  bool trades(const Json& prints, Instant recv, EventSink& sink) {
    for (auto at = prints.rbegin(); at != prints.rend(); ++at) {
      const Json& print = *at;
      const InstrumentId id = symbols_.find(print["product_id"].get_ref<const std::string&>());
      if (!id.valid()) return false;
      const Instrument& of = universe_.instrument(id);
      sink.on(Trade{id,
                    {time_of(print["time"]), recv},
                    print["side"].get_ref<const std::string&>() == "SELL" ? Side::Buy : Side::Sell,
                    {units_of(print["price"], of.price_scale)},
                    {units_of(print["size"], of.qty_scale)},
                    FillId(print["trade_id"].get_ref<const std::string&>())});
    }
    return true;
  }

  VenueId venue_;
  const Universe& universe_;
  venues::Symbols symbols_;
  bool counting_ = false;
  std::uint64_t next_ = 0;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

class Bitfinex final : public PeerDecoder {
 public:
  Bitfinex(VenueId venue, const Universe& universe)
      : venue_(venue), universe_(universe), symbols_(venue, universe) {}

  bool on_frame(std::string_view frame, Instant recv, EventSink& sink) override {
    const Json root = Json::parse(frame);
    if (root.is_object()) return event(root);
    const Json& data = root[1];
    const std::string code = data.is_string() ? data.get<std::string>() : std::string();
    const WallTime time = appended(root, code.empty() || code == "hb" ? 2 : 3, sink);
    if (code == "hb") {
      sink.on(Heartbeat{venue_, {{}, recv}});
      return true;
    }
    const auto found = channels_.find(root[0].get<std::uint64_t>());
    if (found == channels_.end()) return false;
    Channel& on = found->second;
    const Instrument& of = universe_.instrument(on.instrument);
    if (code == "cs") {
      const auto sum = static_cast<std::uint32_t>(root[2].get<std::int32_t>());
      sink.on(BookDelta{of.id, {time, recv}, 0, 0, 0, sum, {}, {}});
      return true;
    }
    if (code == "te") {
      const Json& fields = root[2];
      const std::int64_t amount = units_of(fields[2], of.qty_scale);
      sink.on(Trade{of.id,
                    {wall_from_ms(fields[1].get<std::int64_t>()), recv},
                    amount < 0 ? Side::Sell : Side::Buy,
                    {units_of(fields[3], of.price_scale)},
                    {std::abs(amount)},
                    FillId(std::to_string(fields[0].get<std::uint64_t>()))});
      return true;
    }
    bids_.clear();
    asks_.clear();
    const bool many = data[0].is_array();
    if (many) {
      for (const Json& fields : data) level(fields, of);
    } else {
      level(data, of);
    }
    if (many && !on.started) {
      on.started = true;
      sink.on(BookSnapshot{of.id, {time, recv}, 0, std::nullopt, bids_, asks_});
    } else {
      sink.on(BookDelta{of.id, {time, recv}, 0, 0, 0, std::nullopt, bids_, asks_});
    }
    return true;
  }

 private:
  struct Channel {
    InstrumentId instrument;
    bool started = false;
  };

  bool event(const Json& root) {
    const auto& what = root["event"].get_ref<const std::string&>();
    if (what == "info") {
      channels_.clear();
      sequence_ = 0;
    }
    if (what != "subscribed") return true;
    const InstrumentId id = symbols_.find(root["symbol"].get_ref<const std::string&>());
    if (id.valid()) channels_[root["chanId"].get<std::uint64_t>()] = {id, false};
    return true;
  }
  // The number and the time behind the data, as far as flags ask for them.
  WallTime appended(const Json& root, std::size_t from, EventSink& sink) {
    constexpr std::uint64_t first_ms = 1'000'000'000'000;
    WallTime time;
    for (std::size_t i = from; i < root.size(); ++i) {
      const auto n = root[i].get<std::uint64_t>();
      if (n >= first_ms) {
        time = wall_from_ms(static_cast<std::int64_t>(n));
        continue;
      }
      if (sequence_ != 0 && n != sequence_ + 1)
        sink.on(BookFault{{}, venue_, BookFaultReason::SequenceGap});
      sequence_ = n;
    }
    return time;
  }
  // Price, count, amount, whose sign is the side.
  void level(const Json& fields, const Instrument& of) {
    const std::int64_t amount = units_of(fields[2], of.qty_scale);
    const bool gone = fields[1].get<std::int64_t>() == 0;
    (amount < 0 ? asks_ : bids_)
        .push_back({{units_of(fields[0], of.price_scale)}, {gone ? 0 : std::abs(amount)}});
  }

  VenueId venue_;
  const Universe& universe_;
  venues::Symbols symbols_;
  std::unordered_map<std::uint64_t, Channel> channels_;
  std::uint64_t sequence_ = 0;
  std::vector<Level> bids_;
  std::vector<Level> asks_;
};

}  // namespace

std::unique_ptr<PeerDecoder> make_nlohmann_peer(VenueKind speaks, VenueId venue,
                                                const Universe& universe) {
  switch (speaks) {
    case VenueKind::Binance:
      return std::make_unique<Binance>(venue, universe);
    case VenueKind::Kraken:
      return std::make_unique<Kraken>(venue, universe);
    case VenueKind::Upbit:
      return std::make_unique<Upbit>(venue, universe);
    case VenueKind::Coinbase:
      return std::make_unique<Coinbase>(venue, universe);
    case VenueKind::Bitfinex:
      return std::make_unique<Bitfinex>(venue, universe);
  }
  return nullptr;
}

}  // namespace ats::bench

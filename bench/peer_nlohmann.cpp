#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "peers.hpp"
#include "venues/binance/symbols.hpp"
#include "venues/symbols.hpp"

namespace ats::bench {

namespace {

using Json = nlohmann::json;

// Kraken's bare numbers reach its users as double, and no other way: right for what venues quote today, to
// the last unit only by luck. Binance's come as text.
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

}  // namespace

std::unique_ptr<PeerDecoder> make_nlohmann_peer(PeerVenue speaks, VenueId venue,
                                                const Universe& universe) {
  if (speaks == PeerVenue::Binance) return std::make_unique<Binance>(venue, universe);
  return std::make_unique<Kraken>(venue, universe);
}

}  // namespace ats::bench

// Instruments of a recording: the codes that have books or prints in it, with the decimals and the step of the
// prices seen; metadata in the recording wins over what was seen, as far as what was seen allows.
#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "venues/json.hpp"
#include "venues/upbit/frame.hpp"
#include "venues/upbit/markets.hpp"
#include "venues/upbit/metadata.hpp"

namespace ats::venues::upbit {
namespace {

// What divides every number seen, in units of 10^-18; zero when none was.
struct Seen {
  Int128 price_step = 0;
  Int128 qty_step = 0;
};

Int128 common_divisor(Int128 a, Int128 b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a;
}

void see(json::object& object, std::string_view key, Int128& step) {
  std::string_view text;
  if (!number_field(object, key, text)) return;
  const auto number = Decimal::parse(text);
  if (number && !number->negative()) step = common_divisor(step, number->raw());
}

int decimals_of(Int128 step) {
  int decimals = step == 0 ? 0 : Decimal::scale;
  for (; decimals > 0 && step % 10 == 0; --decimals) step /= 10;
  return decimals;
}

class FrameDiscovery final : public Discovery {
 public:
  void on_frame(std::string_view frame) override {
    json::json_type type;
    if (!json_.open(frame) || json_.document().type().get(type) != simdjson::SUCCESS) return;
    json::object object;
    if (type == json::json_type::object) {
      if (json_.document().get_object().get(object) == simdjson::SUCCESS) on_object(object);
      return;
    }
    json::array list;
    if (json_.document().get_array().get(list) != simdjson::SUCCESS) return;
    for (auto element : list) {
      if (element.get_object().get(object) != simdjson::SUCCESS) return;
      on_object(object);
    }
  }

  void on_depth_body(std::string_view symbol, std::string_view body) override {
    json::array books;
    if (!json_.open(body) || json_.document().get_array().get(books) != simdjson::SUCCESS) return;
    for (auto element : books) {
      json::object book;
      std::string_view market;
      if (element.get_object().get(book) != simdjson::SUCCESS ||
          !text_field(book, "market", market))
        return;
      if (market == symbol)
        see_units(book, "orderbook_units", {"ask_price", "bid_price"}, {"ask_size", "bid_size"},
                  seen_[std::string(market)]);
    }
  }

  void on_metadata_body(std::string_view body) override {
    const auto steps = parse_steps(body);
    if (!steps) return;
    for (const ToldStep& told : *steps) told_[told.market] = told.tick;
  }

  void finish(VenueId venue, Universe& universe) override {
    for (const auto& [code, seen] : seen_) {
      const std::size_t dash = code.find('-');
      if (dash == std::string::npos) continue;
      const std::string_view quote = std::string_view(code).substr(0, dash);
      const std::string_view base = std::string_view(code).substr(dash + 1);
      Instrument instrument;
      const Market* const market = find_market(quote);
      if (const auto told = told_.find(code); told != told_.end() && market != nullptr) {
        instrument = list(*market, base, told->second);
      } else if (market != nullptr) {
        instrument.fees = list(*market, base, 1).fees;
      }
      if (!fit(instrument, seen) || !decltype(Instrument::symbol)::fits(code) ||
          !decltype(Asset::name)::fits(base) || !decltype(Asset::name)::fits(quote))
        continue;  // its frames are then of an unknown symbol, visibly
      instrument.symbol = std::string_view(code);
      instrument.rest_symbol = instrument.symbol;
      instrument.venue = venue;
      instrument.base = universe.add_asset(base);
      instrument.quote = universe.add_asset(quote);
      universe.add_instrument(instrument);
    }
    if (deepest_ != 0) universe.venue(venue).book.depth = deepest_;
  }

 private:
  struct SideKeys {
    std::string_view ask, bid;
  };

  void on_object(json::object& object) {
    std::string_view type;
    const bool is_long = text_field(object, "type", type);
    if (!is_long && !text_field(object, "ty", type)) return;
    std::string_view code;
    if ((type != "orderbook" && type != "trade") ||
        !text_field(object, is_long ? "code" : "cd", code))
      return;
    Seen& seen = seen_[std::string(code_without_depth(code))];
    if (type == "trade") {
      see(object, is_long ? "trade_price" : "tp", seen.price_step);
      see(object, is_long ? "trade_volume" : "tv", seen.qty_step);
    } else if (is_long) {
      see_units(object, "orderbook_units", {"ask_price", "bid_price"}, {"ask_size", "bid_size"},
                seen);
    } else {
      see_units(object, "obu", {"ap", "bp"}, {"as", "bs"}, seen);
    }
  }

  void see_units(json::object& book, std::string_view key, SideKeys price, SideKeys size,
                 Seen& seen) {
    json::array units;
    if (!array_field(book, key, units)) return;
    std::uint16_t count = 0;
    for (auto element : units) {
      json::object unit;
      if (element.get_object().get(unit) != simdjson::SUCCESS) return;
      see(unit, price.ask, seen.price_step);
      see(unit, price.bid, seen.price_step);
      see(unit, size.ask, seen.qty_step);
      see(unit, size.bid, seen.qty_step);
      ++count;
    }
    deepest_ = std::max(deepest_, count);
  }

  // Makes the grids fine enough for what was seen. False when no instrument can have them.
  static bool fit(Instrument& instrument, const Seen& seen) {
    const bool told = !instrument.symbol.empty();
    if (seen.price_step == 0 && !told) return false;
    constexpr int most_decimals = 12;
    const int price = std::max(int{instrument.price_scale}, decimals_of(seen.price_step));
    const int quantity = std::max(finest_scale, decimals_of(seen.qty_step));
    if (price > most_decimals || quantity > most_decimals || price + quantity > Decimal::scale)
      return false;
    const std::int64_t factor = pow10(price - instrument.price_scale);
    instrument.price_scale = static_cast<std::uint8_t>(price);
    instrument.qty_scale = static_cast<std::uint8_t>(quantity);
    const Int128 step = common_divisor(told ? Int128{instrument.tick} * factor : 0,
                                       seen.price_step / pow10(Decimal::scale - price));
    if (step > std::numeric_limits<std::int64_t>::max()) return false;
    instrument.tick = static_cast<std::int64_t>(step);
    TickLadder ladder;
    for (const TickStep& known : instrument.ladder.steps()) {
      if (!ladder.add(known.from * factor, known.tick * factor)) return false;
    }
    instrument.ladder = ladder;
    return true;
  }

  Json json_;
  std::map<std::string, Seen, std::less<>> seen_;          // by code
  std::map<std::string, std::int64_t, std::less<>> told_;  // steps
  std::uint16_t deepest_ = 0;                              // the most levels a side that a book had
};

}  // namespace

std::unique_ptr<Discovery> make_discovery() { return std::make_unique<FrameDiscovery>(); }

}  // namespace ats::venues::upbit

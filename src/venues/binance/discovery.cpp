#include <algorithm>
#include <map>
#include <optional>

#include "venues/binance/dom.hpp"
#include "venues/binance/metadata.hpp"

namespace ats::venues::binance {
namespace {

using namespace dom;

// Quote assets of the venue's symbols, for recordings that come without metadata; longer names first where one
// ends in another.
constexpr std::string_view known_quotes[] = {
    "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USDP", "USDS", "BIDR", "IDRT", "BVND",
    "DOGE",  "BTC",  "ETH",  "BNB",  "XRP",  "TRX",  "DOT",  "DAI",  "PAX",  "VAI",
    "TRY",   "EUR",  "GBP",  "BRL",  "AUD",  "RUB",  "UAH",  "NGN",  "ZAR",  "ARS",
    "MXN",   "PLN",  "RON",  "CZK",  "JPY",  "COP",  "USD"};

// Decimals that a price or quantity in text needs; 0 for what is no number.
int decimals_in(const element& text) {
  std::string_view view;
  if (text.get_string().get(view) != simdjson::SUCCESS) return 0;
  const auto number = Decimal::parse(view);
  return number ? decimals_of(*number) : 0;
}

class DiscoveryOf final : public Discovery {
 public:
  void on_frame(std::string_view frame) override {
    element event;
    if (!document_.parse(frame, event)) return;
    element data;
    if (event.at_key("data").get(data) == simdjson::SUCCESS) event = data;
    object fields;
    std::string_view symbol;
    if (event.get_object().get(fields) != simdjson::SUCCESS || !get(fields, "s", symbol)) {
      return;
    }
    if (has(fields, "U")) {
      learn_levels(symbol, fields, "b");
      learn_levels(symbol, fields, "a");
    } else if (has(fields, "B")) {
      learn(symbol, fields.at_key("b"), fields.at_key("B"));
      learn(symbol, fields.at_key("a"), fields.at_key("A"));
    } else if (has(fields, "m")) {
      learn(symbol, fields.at_key("p"), fields.at_key("q"));
    }
  }

  void on_depth_body(std::string_view symbol, std::string_view body) override {
    object fields;
    if (document_.parse(body, fields)) {
      learn_levels(symbol, fields, "bids");
      learn_levels(symbol, fields, "asks");
    }
  }

  void on_metadata_body(std::string_view body) override {
    auto symbols = parse_exchange_info(body);
    if (!symbols) return;
    for (SymbolInfo& info : *symbols) told_.insert_or_assign(info.symbol, std::move(info));
  }

  void finish(VenueId venue, Universe& universe) override {
    for (const auto& [symbol, seen] : seen_) {
      const auto told = told_.find(symbol);
      const auto instrument = told != told_.end() ? with_metadata(told->second, seen, universe)
                                                  : from_name(symbol, seen, universe);
      if (!instrument || instrument->price_scale + instrument->qty_scale > Decimal::scale) continue;
      Instrument added = *instrument;
      added.venue = venue;
      added.symbol = added.rest_symbol = Text<31>(symbol);
      added.fees = standard_fees();
      added.status = InstrumentStatus::Trading;
      universe.add_instrument(added);
    }
  }

 private:
  struct Seen {
    int price_decimals = 0;
    int quantity_decimals = 0;
  };

  void learn(std::string_view symbol, const simdjson::simdjson_result<element>& price,
             const simdjson::simdjson_result<element>& quantity) {
    if (!Text<31>::fits(symbol) || price.error() != simdjson::SUCCESS ||
        quantity.error() != simdjson::SUCCESS) {
      return;
    }
    auto at = seen_.find(symbol);
    if (at == seen_.end()) at = seen_.emplace(symbol, Seen{}).first;
    Seen& seen = at->second;
    seen.price_decimals = std::max(seen.price_decimals, decimals_in(price.value_unsafe()));
    seen.quantity_decimals = std::max(seen.quantity_decimals, decimals_in(quantity.value_unsafe()));
  }
  void learn_levels(std::string_view symbol, const object& fields, std::string_view key) {
    array levels;
    if (!get(fields, key, levels)) return;
    for (const element level : levels) {
      array pair;
      if (level.get_array().get(pair) == simdjson::SUCCESS) {
        learn(symbol, pair.at(0), pair.at(1));
      }
    }
  }

  static bool set_scales(int price, int quantity, Instrument& out) {
    if (price > 12 || quantity > 12) return false;
    out.price_scale = static_cast<std::uint8_t>(price);
    out.qty_scale = static_cast<std::uint8_t>(quantity);
    return true;
  }

  // The venue's own metadata; finer where the book holds orders from before its steps grew (they stay in the
  // book, as recordings show), and then the step is the finest seen.
  static std::optional<Instrument> with_metadata(const SymbolInfo& info, const Seen& seen,
                                                 Universe& universe) {
    Instrument out;
    const int tick_decimals = decimals_of(info.tick_size);
    const int step_decimals = decimals_of(info.step_size);
    if (!Text<15>::fits(info.base) || !Text<15>::fits(info.quote) ||
        !set_scales(std::max(tick_decimals, seen.price_decimals),
                    std::max(step_decimals, seen.quantity_decimals), out)) {
      return std::nullopt;
    }
    if (out.price_scale == tick_decimals && !info.tick_size.is_zero()) {
      out.tick = info.tick_size.to_scaled(out.price_scale).value_or(1);
    }
    if (out.qty_scale == step_decimals && !info.step_size.is_zero()) {
      out.lot = info.step_size.to_scaled(out.qty_scale).value_or(1);
    }
    out.base = universe.add_asset(info.base);
    out.quote = universe.add_asset(info.quote);
    out.min_quantity = {info.min_quantity.to_scaled_floor(out.qty_scale).value_or(0)};
    out.max_quantity = {info.max_quantity.to_scaled_floor(out.qty_scale).value_or(0)};
    out.min_notional = info.min_notional;
    return out;
  }

  // Nothing when the name does not tell its assets.
  static std::optional<Instrument> from_name(std::string_view symbol, const Seen& seen,
                                             Universe& universe) {
    const std::string_view name =
        symbol.substr(0, symbol.find('_'));  // BTCUSD_PERP, ETHUSDT_210625
    for (const std::string_view quote : known_quotes) {
      const std::string_view base =
          name.substr(0, name.size() - std::min(name.size(), quote.size()));
      if (!name.ends_with(quote) || base.empty() || !Text<15>::fits(base)) continue;
      Instrument out;
      if (!set_scales(seen.price_decimals, seen.quantity_decimals, out)) return std::nullopt;
      out.base = universe.add_asset(base);
      out.quote = universe.add_asset(quote);
      return out;
    }
    return std::nullopt;
  }

  Document document_;
  std::map<std::string, Seen, std::less<>> seen_;  // ordered: the same file gives the same ids
  std::map<std::string, SymbolInfo, std::less<>> told_;
};

}  // namespace

std::unique_ptr<Discovery> make_discovery() { return std::make_unique<DiscoveryOf>(); }

}  // namespace ats::venues::binance

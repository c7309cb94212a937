#include "venues/binance/metadata.hpp"

#include <algorithm>

#include "venues/binance/dom.hpp"
#include "venues/percent.hpp"

namespace ats::venues::binance {
namespace {

using namespace dom;

std::string_view text_of(const object& from, std::string_view key) {
  std::string_view text;
  get(from, key, text);
  return text;
}

bool amount_of(const object& from, std::string_view key, Decimal& out) {
  return get(from, key, out) && !out.negative();
}

InstrumentStatus status_of(std::string_view text) {
  if (text == "TRADING") return InstrumentStatus::Trading;
  if (text == "CANCEL_ONLY") return InstrumentStatus::CancelOnly;
  return InstrumentStatus::Halted;  // HALT, BREAK, END_OF_DAY, and what we do not know
}

// A factor such as "5" or "0.2".
bool factor_of(const object& from, std::string_view key, Rate& out) {
  Decimal factor;
  if (!amount_of(from, key, factor)) return false;
  const auto ppb = factor.to_scaled_floor(9);
  if (!ppb) return false;
  out = {*ppb};
  return true;
}

bool read_band(const object& filter, bool by_side, PriceBand& band) {
  std::uint64_t minutes = 0;
  constexpr std::uint64_t most_minutes = 24 * 60;
  if (!get(filter, "avgPriceMins", minutes) || minutes > most_minutes) return false;
  band.over = seconds(60) * static_cast<std::int64_t>(minutes);
  if (by_side) {
    return factor_of(filter, "bidMultiplierUp", band.buy_most) &&
           factor_of(filter, "bidMultiplierDown", band.buy_least) &&
           factor_of(filter, "askMultiplierUp", band.sell_most) &&
           factor_of(filter, "askMultiplierDown", band.sell_least);
  }
  if (!factor_of(filter, "multiplierUp", band.buy_most) ||
      !factor_of(filter, "multiplierDown", band.buy_least))
    return false;
  band.sell_most = band.buy_most;
  band.sell_least = band.buy_least;
  return true;
}

bool read_filters(const object& from, SymbolInfo& info) {
  array filters;
  if (!get(from, "filters", filters)) return false;
  bool price = false;
  bool lot = false;
  for (const element item : filters) {
    object filter;
    if (item.get_object().get(filter) != simdjson::SUCCESS) return false;
    const std::string_view type = text_of(filter, "filterType");
    if (type == "PRICE_FILTER") {
      price = amount_of(filter, "tickSize", info.tick_size);
    } else if (type == "LOT_SIZE") {
      lot = amount_of(filter, "stepSize", info.step_size) &&
            amount_of(filter, "minQty", info.min_quantity) &&
            amount_of(filter, "maxQty", info.max_quantity);
    } else if (type == "NOTIONAL" || type == "MIN_NOTIONAL") {
      if (!amount_of(filter, "minNotional", info.min_notional)) return false;
    } else if (type == "PERCENT_PRICE_BY_SIDE" || type == "PERCENT_PRICE") {
      if (!read_band(filter, type == "PERCENT_PRICE_BY_SIDE", info.band)) return false;
    }
  }
  return price && lot;
}

bool read_symbol(const element& from, SymbolInfo& info) {
  object fields;
  if (from.get_object().get(fields) != simdjson::SUCCESS) return false;
  info.symbol = text_of(fields, "symbol");
  info.base = text_of(fields, "baseAsset");
  info.quote = text_of(fields, "quoteAsset");
  info.status = status_of(text_of(fields, "status"));
  return !info.symbol.empty() && !info.base.empty() && !info.quote.empty() &&
         read_filters(fields, info);
}

// The finest that the venue writes.
constexpr int written_decimals = 8;
// Steps of quantity have grown by a few decades in the venue's life; what is left of older orders is in their
// books. Three more decimals hold them, and the largest quantities of the cheapest coins.
constexpr int spare_quantity_decimals = 3;

// A step of the venue as a scale and a count of units; zero = the finest the venue writes.
bool to_step(Decimal step, int spare_decimals, std::uint8_t& scale, std::int64_t& units) {
  const int decimals = step.is_zero() ? written_decimals : decimals_of(step);
  if (decimals > 12) return false;
  scale = static_cast<std::uint8_t>(
      std::max(decimals, std::min(decimals + spare_decimals, written_decimals)));
  if (step.is_zero()) {
    units = 1;
    return true;
  }
  const auto scaled = step.to_scaled(scale);
  if (!scaled) return false;
  units = *scaled;
  return true;
}

// Symbols go as they are into queries, signatures and JSON. Unicode is fine, what means something there is not.
bool is_plain(std::string_view symbol) {
  return std::ranges::none_of(symbol, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '&' || c == '=' ||
           c == '\x7f';
  });
}

// False when the symbol cannot be held exactly.
bool to_instrument(const SymbolInfo& info, VenueId venue, Universe& universe, Instrument& out) {
  out = {};
  if (!is_plain(info.symbol) || !Text<31>::fits(info.symbol) || !Text<15>::fits(info.base) ||
      !Text<15>::fits(info.quote) || !to_step(info.tick_size, 0, out.price_scale, out.tick) ||
      !to_step(info.step_size, spare_quantity_decimals, out.qty_scale, out.lot) ||
      out.price_scale + out.qty_scale > Decimal::scale) {
    return false;
  }
  const auto min_quantity = info.min_quantity.ceil_to(out.qty_scale).to_scaled(out.qty_scale);
  const auto max_quantity = info.max_quantity.to_scaled_floor(out.qty_scale);
  if (!min_quantity || !max_quantity) return false;
  out.venue = venue;
  out.base = universe.add_asset(info.base);
  out.quote = universe.add_asset(info.quote);
  out.symbol = Text<31>(info.symbol);
  out.rest_symbol = out.symbol;
  out.min_quantity = {*min_quantity};
  out.max_quantity = {*max_quantity};
  out.min_notional = info.min_notional;
  out.band = info.band;
  out.fees = standard_fees();
  out.status = info.status;
  return true;
}

}  // namespace

Result<std::vector<SymbolInfo>, MetadataError> parse_exchange_info(std::string_view body) {
  Document document;
  object root;
  array symbols;
  if (!document.parse(body, root) || !get(root, "symbols", symbols)) {
    return fail(MetadataError::Malformed);
  }
  std::vector<SymbolInfo> all;
  for (const element item : symbols) {
    SymbolInfo info;
    if (read_symbol(item, info)) all.push_back(std::move(info));
  }
  return all;
}

FeeSchedule standard_fees() { return {Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8}; }

int decimals_of(Decimal number) {
  int decimals = 0;
  while (decimals < Decimal::scale && number.floor_to(decimals) != number) ++decimals;
  return decimals;
}

HttpRequest depth_request(const Instrument& instrument) {
  return {"GET",
          "/api/v3/depth?symbol=" + percent_encoded(instrument.symbol.view()) + "&limit=20",
          {},
          {}};
}

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs) {
  std::string symbols = "[";
  for (const WantedPair& pair : pairs) {
    if (symbols.size() > 1) symbols += ',';
    symbols += '"' + pair.base + pair.quote + '"';
  }
  symbols += ']';
  return {{"GET", "/api/v3/exchangeInfo?symbols=" + percent_encoded(symbols), {}, {}}};
}

Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe) {
  if (answers.size() != 1) return fail(MetadataError::Malformed);
  // One name that is not listed makes the venue refuse the whole question: -1121.
  if (answers[0].status == 400) return fail(MetadataError::PairNotListed);
  if (answers[0].status != 200) return fail(MetadataError::Malformed);
  const auto symbols = parse_exchange_info(answers[0].body);
  if (!symbols) return fail(symbols.error());
  universe.add_asset("BNB");  // fees may be taken in it
  for (const WantedPair& pair : pairs) {
    const auto info = std::ranges::find_if(*symbols, [&](const SymbolInfo& s) {
      return s.base == pair.base && s.quote == pair.quote;
    });
    if (info == symbols->end()) return fail(MetadataError::PairNotListed);
    Instrument instrument;
    if (!to_instrument(*info, venue, universe, instrument)) {
      return fail(MetadataError::Unsupported);
    }
    universe.add_instrument(instrument);
  }
  return Done{};
}

}  // namespace ats::venues::binance

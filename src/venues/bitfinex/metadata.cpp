#include "venues/bitfinex/metadata.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/row.hpp"
#include "venues/percent.hpp"

namespace ats::venues::bitfinex {
namespace {

// What the venue took before it dropped its trading fees; an account's own rates come from its fills.
constexpr Rate maker_fee = Rate::bps(10);
constexpr Rate taker_fee = Rate::bps(20);

bool limit_of(std::string_view element, Decimal& limit) {
  if (is_missing(element)) return true;
  return decimal_of(element, limit) && !limit.negative();
}

// Of [["BTCUSD",[null,null,null,"0.00004","2000.0",…]],…] one row; nothing for what is no spot pair.
enum class RowOutcome : std::uint8_t { Taken, Skipped, Malformed };
RowOutcome parse_row(std::string_view text, Row& outer, Row& inner, PairRow& row) {
  if (!outer.split(text) || outer.text(0).empty() || !inner.split(outer[1]))
    return RowOutcome::Malformed;
  const std::string_view pair = outer.text(0);
  if (kind_of(std::string("t").append(pair)) != SymbolKind::Spot) return RowOutcome::Skipped;
  const auto names = split_pair(pair);
  if (!names) return RowOutcome::Skipped;
  row.base = names->base;
  row.quote = names->quote;
  constexpr std::size_t min_at = 3;
  constexpr std::size_t max_at = 4;
  if (!limit_of(inner[min_at], row.min_quantity) || !limit_of(inner[max_at], row.max_quantity))
    return RowOutcome::Malformed;
  return RowOutcome::Taken;
}

// Last prices by symbol, of /v2/tickers.
bool parse_prices(std::string_view body, std::map<std::string, Decimal, std::less<>>& prices) {
  Json source;
  Row all;
  Row row;
  if (!source.open(body) || !all.split(body)) return false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    constexpr std::size_t last_price_at = 7;
    Decimal price;
    if (!row.split(all[i]) || row.text(0).empty()) return false;
    if (is_missing(row[last_price_at])) continue;
    if (!row.decimal(last_price_at, price) || price.negative()) return false;
    prices[std::string(row.text(0))] = price;
  }
  return true;
}

}  // namespace

int price_decimals(Decimal reference_price) {
  Decimal bound = Decimal::from_int(1'000);
  if (reference_price < bound) return most_decimals;
  // From 1000 up the step is a tenth; ten times the price, ten times the step.
  int decimals = 3;
  for (bound = Decimal::from_int(10'000); decimals > 0 && reference_price >= bound;
       bound = Decimal::from_raw(bound.raw() * 10))
    --decimals;
  return decimals;
}

TickLadder price_ladder() {
  TickLadder ladder;
  ladder.add(0, 1);
  for (int n = significant_digits; n < 18; ++n)
    ladder.add(pow10(n), pow10(n - significant_digits + 1));
  return ladder;
}

Result<std::vector<PairRow>, MetadataError> parse_pair_info(std::string_view body) {
  Json source;
  Row keys;
  Row pairs;
  if (!source.open(body) || !keys.split(body) || !pairs.split(keys[0]))
    return fail(MetadataError::Malformed);
  std::vector<PairRow> rows;
  Row outer;
  Row inner;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    PairRow row;
    const RowOutcome outcome = parse_row(pairs[i], outer, inner, row);
    if (outcome == RowOutcome::Malformed) return fail(MetadataError::Malformed);
    if (outcome == RowOutcome::Taken) rows.push_back(std::move(row));
  }
  return rows;
}

Result<InstrumentId, MetadataError> add_instrument(const PairRow& row, VenueId venue,
                                                   Universe& universe) {
  constexpr int finest = 12;  // of an instrument; recordings may hold anything
  const std::string symbol = symbol_of(row.base, row.quote);
  if (row.price_decimals > finest || row.qty_decimals > finest ||
      row.price_decimals + row.qty_decimals > Decimal::scale ||
      !decltype(Instrument::symbol)::fits(symbol) || !decltype(Asset::name)::fits(row.base) ||
      !decltype(Asset::name)::fits(row.quote))
    return fail(MetadataError::Unsupported);
  Instrument instrument;
  instrument.venue = venue;
  instrument.symbol = std::string_view(symbol);
  instrument.rest_symbol = instrument.symbol;
  instrument.price_scale = static_cast<std::uint8_t>(row.price_decimals);
  instrument.qty_scale = static_cast<std::uint8_t>(row.qty_decimals);
  instrument.ladder = price_ladder();
  // The smallest that may be ordered is on the grid; what is beyond the largest number is no limit.
  const auto least = row.min_quantity.to_scaled(row.qty_decimals);
  if (!least) return fail(MetadataError::Unsupported);
  instrument.min_quantity = {*least};
  const auto most = row.max_quantity.to_scaled_floor(row.qty_decimals);
  if (most) instrument.max_quantity = {*most};
  instrument.fees = {maker_fee, taker_fee, FeeAsset::Received, most_decimals};
  instrument.base = universe.add_asset(row.base);
  instrument.quote = universe.add_asset(row.quote);
  return universe.add_instrument(instrument);
}

HttpRequest depth_request(const Instrument& instrument) {
  return {"GET", "/v2/book/" + percent_encoded(instrument.symbol.view()) + "/P0?len=25", {}, {}};
}

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs) {
  HttpRequest info;
  info.method = "GET";
  info.target = "/v2/conf/pub:info:pair";
  HttpRequest tickers;
  tickers.method = "GET";
  tickers.target = "/v2/tickers?symbols=";
  for (const WantedPair& pair : pairs) {
    if (&pair != pairs.data()) tickers.target += ',';
    tickers.target += percent_encoded(symbol_of(pair.base, pair.quote));
  }
  return {info, tickers};
}

Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe) {
  if (answers.size() != 2 || answers[0].status != 200 || answers[1].status != 200)
    return fail(MetadataError::Malformed);
  auto rows = parse_pair_info(answers[0].body);
  if (!rows) return fail(rows.error());
  std::map<std::string, Decimal, std::less<>> prices;
  if (!parse_prices(answers[1].body, prices)) return fail(MetadataError::Malformed);
  for (const WantedPair& pair : pairs) {
    const auto row = std::find_if(rows->begin(), rows->end(), [&pair](const PairRow& r) {
      return r.base == pair.base && r.quote == pair.quote;
    });
    // The venue has no status of a pair: what it does not list is not traded.
    if (row == rows->end()) return fail(MetadataError::PairNotListed);
    const auto price = prices.find(symbol_of(pair.base, pair.quote));
    if (price != prices.end()) row->price_decimals = price_decimals(price->second);
    const auto added = add_instrument(*row, venue, universe);
    if (!added) return fail(added.error());
  }
  return Done{};
}

}  // namespace ats::venues::bitfinex

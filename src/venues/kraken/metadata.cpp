#include "venues/kraken/metadata.hpp"

#include <algorithm>
#include <optional>

#include "venues/json.hpp"
#include "venues/kraken/names.hpp"
#include "venues/percent.hpp"

namespace ats::venues::kraken {
namespace {

// limit_only refuses market orders only, and we send none.
InstrumentStatus pair_status(std::string_view status) {
  if (status == "online" || status == "limit_only") return InstrumentStatus::Trading;
  if (status == "cancel_only") return InstrumentStatus::CancelOnly;
  if (status == "post_only") return InstrumentStatus::PostOnly;
  return InstrumentStatus::Halted;
}

// [[0, 0.4], [10000, 0.35], …]: the first row's percentage.
bool first_fee(json::object& row, std::string_view key, Rate& rate) {
  json::array rows;
  if (!array_field(row, key, rows)) return false;
  for (auto element : rows) {
    json::array numbers;
    if (element.get_array().get(numbers) != simdjson::SUCCESS) return false;
    int at = 0;
    for (auto number : numbers) {
      json::value value;
      std::string_view text;
      if (number.get(value) != simdjson::SUCCESS) return false;
      if (at++ != 1) continue;
      if (!number_text(value, text)) return false;
      constexpr int percent_of_ppb = 7;  // 1 % = 10^7 ppb
      const auto parsed = parse_scaled(text, percent_of_ppb);
      if (!parsed || *parsed < 0) return false;
      rate.ppb = *parsed;
      return true;
    }
    return false;
  }
  return false;
}

bool scale_field(json::object& row, std::string_view key, int& scale) {
  return integer_field(row, key, scale) && scale >= 0 && scale <= 18;
}

enum class RowOutcome : std::uint8_t { Taken, Skipped, Malformed };

RowOutcome parse_row(std::string_view id, json::object& object, PairRow& row) {
  std::string_view text;
  if (id.find(':') != std::string_view::npos) return RowOutcome::Skipped;
  for (const std::string_view key : {"aclass_base", "aclass_quote"}) {
    if (!text_field(object, key, text)) return RowOutcome::Malformed;
    if (text != "currency") return RowOutcome::Skipped;
  }
  // Dark pools (XBTUSD.d) have no wsname.
  if (!text_field(object, "wsname", text)) return RowOutcome::Skipped;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return RowOutcome::Malformed;
  row.rest_id = id;
  row.base = asset_name(text.substr(0, slash));
  row.quote = asset_name(text.substr(slash + 1));
  if (!scale_field(object, "pair_decimals", row.price_decimals) ||
      !scale_field(object, "lot_decimals", row.qty_decimals))
    return RowOutcome::Malformed;
  // Fields that bodies of earlier years do not have.
  json::value value;
  if (object.find_field_unordered("cost_decimals").get(value) == simdjson::SUCCESS &&
      !scale_field(object, "cost_decimals", row.cost_decimals))
    return RowOutcome::Malformed;
  if (number_field(object, "tick_size", text)) {
    const auto tick = parse_scaled(text, row.price_decimals);
    if (!tick || *tick <= 0) return RowOutcome::Malformed;
    row.tick = *tick;
  }
  if (number_field(object, "ordermin", text)) {
    const auto least = parse_scaled(text, row.qty_decimals);
    if (!least || *least < 0) return RowOutcome::Malformed;
    row.min_quantity.units = *least;
  }
  if (number_field(object, "costmin", text)) {
    const auto least = Decimal::parse(text);
    if (!least || least->negative()) return RowOutcome::Malformed;
    row.min_notional = *least;
  }
  if (text_field(object, "status", text)) row.status = pair_status(text);
  if (!first_fee(object, "fees", row.taker)) return RowOutcome::Malformed;
  if (!first_fee(object, "fees_maker", row.maker)) row.maker = row.taker;
  return RowOutcome::Taken;
}

}  // namespace

Result<std::vector<PairRow>, MetadataError> parse_asset_pairs(std::string_view body) {
  Json source;
  json::object root;
  json::array errors;
  if (!source.open(body, root) || !array_field(root, "error", errors))
    return fail(MetadataError::Malformed);
  for (auto error : errors) {
    std::string_view text;
    if (error.get_string().get(text) != simdjson::SUCCESS) return fail(MetadataError::Malformed);
    if (text.starts_with('W')) continue;  // a warning
    return fail(text.ends_with("asset pair") ? MetadataError::PairNotListed
                                             : MetadataError::Malformed);
  }
  json::object result;
  if (!object_field(root, "result", result)) return fail(MetadataError::Malformed);
  std::vector<PairRow> rows;
  for (auto field : result) {
    std::string_view id;
    json::object object;
    if (field.unescaped_key().get(id) != simdjson::SUCCESS ||
        field.value().get_object().get(object) != simdjson::SUCCESS)
      return fail(MetadataError::Malformed);
    PairRow row;
    const RowOutcome outcome = parse_row(id, object, row);
    if (outcome == RowOutcome::Malformed) return fail(MetadataError::Malformed);
    if (outcome == RowOutcome::Taken) rows.push_back(std::move(row));
  }
  return rows;
}

Result<InstrumentId, MetadataError> add_instrument(const PairRow& row, VenueId venue,
                                                   Universe& universe) {
  constexpr int most_decimals = 12;
  const std::string symbol = row.symbol();
  if (row.price_decimals > most_decimals || row.qty_decimals > most_decimals ||
      row.price_decimals + row.qty_decimals > Decimal::scale ||
      !decltype(Instrument::symbol)::fits(symbol) ||
      !decltype(Instrument::rest_symbol)::fits(row.rest_id) ||
      !decltype(Asset::name)::fits(row.base) || !decltype(Asset::name)::fits(row.quote))
    return fail(MetadataError::Unsupported);
  Instrument instrument;
  instrument.venue = venue;
  instrument.base = universe.add_asset(row.base);
  instrument.quote = universe.add_asset(row.quote);
  instrument.symbol = std::string_view(symbol);
  instrument.rest_symbol = std::string_view(row.rest_id);
  instrument.price_scale = static_cast<std::uint8_t>(row.price_decimals);
  instrument.qty_scale = static_cast<std::uint8_t>(row.qty_decimals);
  instrument.tick = row.tick;
  instrument.min_quantity = row.min_quantity;
  instrument.min_notional = row.min_notional;
  instrument.fees = {row.maker, row.taker, FeeAsset::Quote,
                     static_cast<std::uint8_t>(row.cost_decimals)};
  instrument.status = row.status;
  return universe.add_instrument(instrument);
}

HttpRequest depth_request(const Instrument& instrument) {
  return {"GET",
          "/0/public/Depth?pair=" + percent_encoded(instrument.rest_symbol.view()) + "&count=20",
          {},
          {}};
}

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/0/public/AssetPairs?pair=";
  for (const WantedPair& pair : pairs) {
    if (&pair != pairs.data()) request.target += ',';
    request.target += alt_pair(pair.base, pair.quote);
  }
  return {request};
}

Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe) {
  if (answers.size() != 1 || answers[0].status != 200) return fail(MetadataError::Malformed);
  const auto rows = parse_asset_pairs(answers[0].body);
  if (!rows) return fail(rows.error());
  for (const WantedPair& pair : pairs) {
    const auto row = std::find_if(rows->begin(), rows->end(), [&pair](const PairRow& r) {
      return r.base == pair.base && r.quote == pair.quote;
    });
    if (row == rows->end()) return fail(MetadataError::PairNotListed);
    const auto added = add_instrument(*row, venue, universe);
    if (!added) return fail(added.error());
  }
  return Done{};
}

}  // namespace ats::venues::kraken

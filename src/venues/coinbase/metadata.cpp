#include "venues/coinbase/metadata.hpp"

#include <algorithm>
#include <optional>

#include "venues/json.hpp"
#include "venues/percent.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr int most_decimals = 12;  // of an Instrument

struct Step {
  int decimals = 0;
  std::int64_t units = 1;
};

// "0.01" is one unit of two decimals, "0.05" five of them, "10" ten of none.
std::optional<Step> read_step(std::string_view text) {
  const auto step = Decimal::parse(text);
  if (!step || step->negative() || step->is_zero()) return std::nullopt;
  for (int decimals = 0; decimals <= Decimal::scale; ++decimals) {
    const auto units = step->to_scaled(decimals);
    if (units) return Step{decimals, *units};
  }
  return std::nullopt;
}

bool step_field(json::object& row, std::string_view key, std::optional<Step>& step) {
  std::string_view text;
  if (!number_field(row, key, text) || text.empty() || text == "null") return true;  // not told
  step = read_step(text);
  return step.has_value();
}

// An amount that bodies of some years do not have; zero then.
bool amount_field(json::object& row, std::string_view key, Decimal& amount) {
  std::string_view text;
  if (!number_field(row, key, text) || text.empty() || text == "null") return true;
  const auto parsed = Decimal::parse(text);
  if (!parsed || parsed->negative()) return false;
  amount = *parsed;
  return true;
}

bool says(json::object& row, std::string_view key) {
  bool value = false;
  return bool_field(row, key, value) && value;
}

// limit_only refuses market orders only, and we send none. An auction matches nothing until it ends.
InstrumentStatus status_of(json::object& row) {
  std::string_view status;
  if (!text_field(row, "status", status) || status != "online" || says(row, "is_disabled") ||
      says(row, "trading_disabled") || says(row, "view_only") || says(row, "auction_mode"))
    return InstrumentStatus::Halted;
  if (says(row, "cancel_only")) return InstrumentStatus::CancelOnly;
  if (says(row, "post_only")) return InstrumentStatus::PostOnly;
  return InstrumentStatus::Trading;
}

enum class RowOutcome : std::uint8_t { Taken, Skipped, Malformed };

bool read_limits(json::object& object, ProductRow& row) {
  Decimal least;
  Decimal most;
  if (!amount_field(object, "base_min_size", least) ||
      !amount_field(object, "base_max_size", most) ||
      !amount_field(object, "quote_min_size", row.min_notional) ||
      (row.min_notional.is_zero() && !amount_field(object, "min_market_funds", row.min_notional)))
    return false;
  const auto least_units = least.ceil_to(row.qty_decimals).to_scaled(row.qty_decimals);
  if (!least_units) return false;
  row.min_quantity = {*least_units};
  // A maximum beyond what quantities hold is none.
  row.max_quantity = {most.to_scaled_floor(row.qty_decimals).value_or(0)};
  return true;
}

RowOutcome read_row(json::object& object, ProductRow& row) {
  std::string_view text;
  if (text_field(object, "product_type", text) && text != "SPOT") return RowOutcome::Skipped;
  const bool advanced = text_field(object, "product_id", text);
  if (!advanced && !text_field(object, "id", text)) return RowOutcome::Malformed;
  row.id = text;
  if (!text_field(object, advanced ? "base_currency_id" : "base_currency", text))
    return RowOutcome::Malformed;
  row.base = text;
  if (!text_field(object, advanced ? "quote_currency_id" : "quote_currency", text))
    return RowOutcome::Malformed;
  row.quote = text;
  if (text_field(object, "alias", text) && text != row.id) row.alias = text;
  std::optional<Step> tick;
  std::optional<Step> lot;
  if (!step_field(object, "price_increment", tick)) return RowOutcome::Malformed;
  if (!tick && !step_field(object, "quote_increment", tick)) return RowOutcome::Malformed;
  if (!step_field(object, "base_increment", lot)) return RowOutcome::Malformed;
  if (!tick) return RowOutcome::Malformed;
  // Rows of 2018 do not tell it; eight decimals were what there was.
  if (!lot) lot = Step{8, 1};
  row.price_decimals = tick->decimals;
  row.tick = tick->units;
  row.qty_decimals = lot->decimals;
  row.lot = lot->units;
  if (row.qty_decimals > Decimal::scale || !read_limits(object, row)) return RowOutcome::Malformed;
  row.status = status_of(object);
  return RowOutcome::Taken;
}

template <class List>
bool read_rows(List& list, std::vector<ProductRow>& rows) {
  for (auto element : list) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return false;
    ProductRow row;
    const RowOutcome outcome = read_row(object, row);
    if (outcome == RowOutcome::Malformed) return false;
    if (outcome == RowOutcome::Taken) rows.push_back(std::move(row));
  }
  return true;
}

}  // namespace

Result<std::vector<ProductRow>, MetadataError> parse_products(std::string_view body) {
  Json source;
  if (!source.open(body)) return fail(MetadataError::Malformed);
  std::vector<ProductRow> rows;
  json::json_type type;
  if (source.document().type().get(type) != simdjson::SUCCESS)
    return fail(MetadataError::Malformed);
  json::array list;
  json::object root;
  if (type == json::json_type::array) {
    if (source.document().get_array().get(list) != simdjson::SUCCESS || !read_rows(list, rows))
      return fail(MetadataError::Malformed);
    return rows;
  }
  if (source.document().get_object().get(root) != simdjson::SUCCESS ||
      !array_field(root, "products", list) || !read_rows(list, rows))
    return fail(MetadataError::Malformed);
  return rows;
}

Result<InstrumentId, MetadataError> add_instrument(const ProductRow& row, VenueId venue,
                                                   Universe& universe) {
  const std::string& book = row.alias.empty() ? row.id : row.alias;
  if (row.price_decimals > most_decimals || row.qty_decimals > most_decimals ||
      row.price_decimals + row.qty_decimals > Decimal::scale ||
      !decltype(Instrument::symbol)::fits(row.id) ||
      !decltype(Instrument::rest_symbol)::fits(book) || !decltype(Asset::name)::fits(row.base) ||
      !decltype(Asset::name)::fits(row.quote))
    return fail(MetadataError::Unsupported);
  for (const Instrument& other : universe.instruments()) {
    if (other.venue == venue && book_name(other) == book && other.symbol.view() != row.id &&
        (other.price_scale != row.price_decimals || other.qty_scale != row.qty_decimals))
      return fail(MetadataError::Unsupported);
  }
  Instrument instrument;
  instrument.venue = venue;
  instrument.base = universe.add_asset(row.base);
  instrument.quote = universe.add_asset(row.quote);
  instrument.symbol = std::string_view(row.id);
  instrument.rest_symbol = std::string_view(book);
  instrument.price_scale = static_cast<std::uint8_t>(row.price_decimals);
  instrument.qty_scale = static_cast<std::uint8_t>(row.qty_decimals);
  instrument.tick = row.tick;
  instrument.lot = row.lot;
  instrument.min_quantity = row.min_quantity;
  instrument.max_quantity = row.max_quantity;
  instrument.min_notional = row.min_notional;
  instrument.fees = {row.maker, row.taker, FeeAsset::Quote, 8};
  instrument.status = row.status;
  return universe.add_instrument(instrument);
}

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair>) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/api/v3/brokerage/market/products?product_type=SPOT";
  request.headers = {{"User-Agent", "ats"}};
  return {request};
}

HttpRequest depth_request(const Instrument& instrument) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/api/v3/brokerage/market/product_book?product_id=" +
                   percent_encoded(instrument.symbol.view()) + "&limit=100";
  request.headers = {{"User-Agent", "ats"}, {"Cache-Control", "no-cache"}};
  return request;
}

Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe) {
  if (answers.size() != 1 || answers[0].status != 200) return fail(MetadataError::Malformed);
  const auto rows = parse_products(answers[0].body);
  if (!rows) return fail(rows.error());
  for (const WantedPair& pair : pairs) {
    const auto row = std::find_if(rows->begin(), rows->end(), [&pair](const ProductRow& r) {
      return r.base == pair.base && r.quote == pair.quote;
    });
    if (row == rows->end()) return fail(MetadataError::PairNotListed);
    const auto added = add_instrument(*row, venue, universe);
    if (!added) return fail(added.error());
  }
  return Done{};
}

}  // namespace ats::venues::coinbase

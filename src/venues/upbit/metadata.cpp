#include "venues/upbit/metadata.hpp"

#include <algorithm>

#include "venues/json.hpp"
#include "venues/upbit/markets.hpp"

namespace ats::venues::upbit {

Result<std::vector<ToldStep>, MetadataError> parse_steps(std::string_view body) {
  Json source;
  json::array rows;
  if (!source.open(body) || source.document().get_array().get(rows) != simdjson::SUCCESS)
    return fail(MetadataError::Malformed);
  std::vector<ToldStep> told;
  for (auto element : rows) {  // the step in a string, in some answers a number
    json::object row;
    std::string_view market;
    std::string_view tick;
    if (element.get_object().get(row) != simdjson::SUCCESS || !text_field(row, "market", market) ||
        !number_field(row, "tick_size", tick))
      return fail(MetadataError::Malformed);
    const auto units = parse_scaled(tick, finest_scale);
    if (!units || *units <= 0) return fail(MetadataError::Malformed);
    told.push_back({std::string(market), *units});
  }
  return told;
}

Result<std::vector<std::string>, MetadataError> parse_markets(std::string_view body) {
  Json source;
  json::array rows;
  if (!source.open(body) || source.document().get_array().get(rows) != simdjson::SUCCESS)
    return fail(MetadataError::Malformed);
  std::vector<std::string> codes;
  for (auto element : rows) {
    json::object row;
    std::string_view market;
    if (element.get_object().get(row) != simdjson::SUCCESS || !text_field(row, "market", market))
      return fail(MetadataError::Malformed);
    codes.emplace_back(market);
  }
  return codes;
}

Result<InstrumentId, MetadataError> add_instrument(std::string_view base, std::string_view quote,
                                                   std::int64_t tick, VenueId venue,
                                                   Universe& universe) {
  const Market* const market = find_market(quote);
  if (market == nullptr || !decltype(Instrument::symbol)::fits(code_of(base, quote)) ||
      !decltype(Asset::name)::fits(base))
    return fail(MetadataError::Unsupported);
  Instrument instrument = list(*market, base, tick);
  instrument.venue = venue;
  instrument.base = universe.add_asset(base);
  instrument.quote = universe.add_asset(quote);
  return universe.add_instrument(instrument);
}

HttpRequest depth_request(const Instrument& instrument) {
  return {"GET", "/v1/orderbook?markets=" + std::string(instrument.symbol.view()), {}, {}};
}

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs) {
  HttpRequest markets;
  markets.method = "GET";
  markets.target = "/v1/market/all?is_details=true";
  HttpRequest steps;
  steps.method = "GET";
  steps.target = "/v1/orderbook/instruments?markets=";
  for (const WantedPair& pair : pairs) {
    if (&pair != pairs.data()) steps.target += ',';
    steps.target += code_of(pair.base, pair.quote);
  }
  return {markets, steps};
}

Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe) {
  constexpr int not_found = 404;
  if (answers.size() != 2 || answers[0].status != 200) return fail(MetadataError::Malformed);
  if (answers[1].status == not_found) return fail(MetadataError::PairNotListed);
  if (answers[1].status != 200) return fail(MetadataError::Malformed);
  const auto listed = parse_markets(answers[0].body);
  if (!listed) return fail(listed.error());
  const auto steps = parse_steps(answers[1].body);
  if (!steps) return fail(steps.error());
  for (const WantedPair& pair : pairs) {
    const std::string code = code_of(pair.base, pair.quote);
    const auto step = std::ranges::find(*steps, code, &ToldStep::market);
    if (std::ranges::find(*listed, code) == listed->end() || step == steps->end())
      return fail(MetadataError::PairNotListed);
    const auto added = add_instrument(pair.base, pair.quote, step->tick, venue, universe);
    if (!added) return fail(added.error());
  }
  return Done{};
}

std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price) {
  const Market* const market = find_market(quote);
  const auto at = price.to_scaled_floor(finest_scale);
  // Where the finest step is over one percent of the price, nothing is listed.
  constexpr std::int64_t steps_least = 100;
  if (market == nullptr || !at || *at / step_at(*market, *at) < steps_least) return std::nullopt;
  return list(*market, base, step_at(*market, *at));
}

}  // namespace ats::venues::upbit

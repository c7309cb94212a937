// Instruments from /v1/market/all (which pairs there are) and /v1/orderbook/instruments (their steps), from
// recordings that come without either, and as a simulated exchange lists them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "venues/client.hpp"

namespace ats::venues::upbit {

struct ToldStep {
  std::string market;
  std::int64_t tick = 0;  // units of 10^-8
};
// The body of /v1/orderbook/instruments.
Result<std::vector<ToldStep>, MetadataError> parse_steps(std::string_view body);
// The codes of the body of /v1/market/all.
Result<std::vector<std::string>, MetadataError> parse_markets(std::string_view body);

// Unsupported: a quote currency that is none of the venue's, or a name that is too long.
Result<InstrumentId, MetadataError> add_instrument(std::string_view base, std::string_view quote,
                                                   std::int64_t tick, VenueId venue,
                                                   Universe& universe);

// Protocol::depth_request.
HttpRequest depth_request(const Instrument& instrument);
std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs);
Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe);
// Nothing but KRW, BTC and USDT markets.
std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price);

std::unique_ptr<Discovery> make_discovery();

}  // namespace ats::venues::upbit

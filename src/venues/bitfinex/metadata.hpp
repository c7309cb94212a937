// Instruments from the venue's conf and ticker calls, and from recordings that come without them.
//
// Bitfinex has no price step: an order's price has five significant digits, at most eight decimals, and so
// the step grows with the price. Orders keep to it by the instrument's ladder. Books hold prices of every
// order of magnitude, so their grid is finer: eight decimals, or for prices from a thousand up two
// decimal places finer than the step there is (see price_decimals).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "venues/client.hpp"

namespace ats::venues::bitfinex {

constexpr int most_decimals = 8;
constexpr int significant_digits = 5;

// One spot pair. Names are ours (USDT, not UST).
struct PairRow {
  std::string base;
  std::string quote;
  int price_decimals = most_decimals;
  int qty_decimals = most_decimals;
  Decimal min_quantity;
  Decimal max_quantity;
};

// Decimals of the book's grid for a pair that trades near this price; zero: not known.
int price_decimals(Decimal reference_price);
// Steps of order prices: five significant digits, in units of 10^-decimals whatever `decimals` is.
TickLadder price_ladder();

// Every spot pair of the answer to /v2/conf/pub:info:pair; derivatives are left out.
Result<std::vector<PairRow>, MetadataError> parse_pair_info(std::string_view body);

// Unsupported when its names or limits are beyond what an instrument keeps.
Result<InstrumentId, MetadataError> add_instrument(const PairRow& row, VenueId venue,
                                                   Universe& universe);

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs);
Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe);

std::unique_ptr<Discovery> make_discovery();

// Protocol::depth_request.
HttpRequest depth_request(const Instrument& instrument);
// Protocol::simulated_listing and simulated_credentials.
std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price);
Credentials simulated_credentials(std::string_view seed);

}  // namespace ats::venues::bitfinex

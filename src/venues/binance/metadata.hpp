// exchangeInfo to instruments, for trading; and instruments guessed from recorded frames, for scanning.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "venues/client.hpp"

namespace ats::venues::binance {

// One symbol of exchangeInfo. Steps of zero mean that the venue sets none.
struct SymbolInfo {
  std::string symbol;
  std::string base;
  std::string quote;
  Decimal tick_size;
  Decimal step_size;
  Decimal min_quantity;
  Decimal max_quantity;
  Decimal min_notional;
  PriceBand band;
  InstrumentStatus status = InstrumentStatus::Halted;
};
// Malformed when the body is not what exchangeInfo answers; symbols whose own fields are missing are left out.
Result<std::vector<SymbolInfo>, MetadataError> parse_exchange_info(std::string_view body);

// The standard fees of an account without discounts, taken from what is received.
FeeSchedule standard_fees();

// How many decimals the number really needs: 2 for 0.01000000.
int decimals_of(Decimal number);

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs);
// The price scale is the tick size's; the quantity scale is finer than the step size's, because books keep what
// is left of orders from before the step grew (BTCUSDT of 2024 shows 25.426189 at a step of 0.00001).
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

}  // namespace ats::venues::binance

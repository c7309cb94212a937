// Instruments from the body of /0/public/AssetPairs, and from recordings that come without it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "venues/client.hpp"

namespace ats::venues::kraken {

// One spot pair as AssetPairs tells it. Names are ours (BTC, not XBT).
struct PairRow {
  std::string rest_id;  // XXBTZUSD
  std::string base;
  std::string quote;
  int price_decimals = 0;
  int qty_decimals = 0;
  int cost_decimals = 8;
  std::int64_t tick = 1;  // in units of 10^-price_decimals
  Quantity min_quantity;
  Decimal min_notional;
  Rate maker;
  Rate taker;  // of the first row of the fee table: no volume discount
  InstrumentStatus status = InstrumentStatus::Trading;

  std::string symbol() const { return base + '/' + quote; }  // as on the v2 streams
};

// Every row that is a spot pair of currencies on Kraken's own book; rows of other venues (":BTNL"),
// dark pools and tokenised stocks are left out. PairNotListed when the venue said so.
Result<std::vector<PairRow>, MetadataError> parse_asset_pairs(std::string_view body);

// Unsupported when its precisions are beyond what prices and quantities keep.
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

}  // namespace ats::venues::kraken

// Instruments from the list of products, of Advanced Trade (…/market/products) or of the Exchange API
// (/products), and from recordings that come without it.
//
// An instrument's symbol is the product's id (BTC-USDC), which orders name. Some products share their book
// with another, their alias: market data then has the alias's name, which is kept as rest_symbol (BTC-USD).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "venues/client.hpp"

namespace ats::venues::coinbase {

// The name of the instrument's book in market data.
inline std::string_view book_name(const Instrument& instrument) {
  return instrument.rest_symbol.empty() ? instrument.symbol.view() : instrument.rest_symbol.view();
}

// The lowest tier's: what an account pays until /transaction_summary has told its own.
constexpr Rate first_tier_maker = Rate::bps(60);
constexpr Rate first_tier_taker = Rate::bps(120);

struct ProductRow {
  std::string id;     // BTC-USDC
  std::string alias;  // BTC-USD; empty: the book is its own
  std::string base;
  std::string quote;
  int price_decimals = 0;
  int qty_decimals = 0;
  std::int64_t tick = 1;  // in units of 10^-price_decimals
  std::int64_t lot = 1;
  Quantity min_quantity;
  Quantity max_quantity;
  Decimal min_notional;
  Rate maker = first_tier_maker;
  Rate taker = first_tier_taker;
  InstrumentStatus status = InstrumentStatus::Trading;
};

// Every spot product of the body; futures and perpetuals are left out.
Result<std::vector<ProductRow>, MetadataError> parse_products(std::string_view body);

// Unsupported when its precisions are beyond what prices and quantities keep, or differ from those of a
// product it shares its book with.
Result<InstrumentId, MetadataError> add_instrument(const ProductRow& row, VenueId venue,
                                                   Universe& universe);

std::vector<HttpRequest> metadata_requests(std::span<const WantedPair> pairs);
Status<MetadataError> read_metadata(std::span<const HttpResponse> answers,
                                    std::span<const WantedPair> pairs, VenueId venue,
                                    Universe& universe);

// The book over REST, past the second for which the venue keeps public answers.
HttpRequest depth_request(const Instrument& instrument);

// What the simulated exchange lists, and the keys it gives (listing.cpp).
std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price);
Credentials simulated_credentials(std::string_view seed);

std::unique_ptr<Discovery> make_discovery();

}  // namespace ats::venues::coinbase

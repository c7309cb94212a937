#include "sim/catalogue.hpp"

#include <algorithm>
#include <array>

#include "venues/client.hpp"

namespace ats::sim {
namespace {

struct Worth {
  std::string_view asset;
  double in_usdt;
};
constexpr std::array worths = {
    Worth{"USDT", 1},       Worth{"USD", 1},      Worth{"USDC", 1},    Worth{"EUR", 1.09},
    Worth{"KRW", 0.000725}, Worth{"BTC", 61'700}, Worth{"ETH", 2'680}, Worth{"SOL", 163},
    Worth{"XRP", 0.61},     Worth{"DOGE", 0.107},
};

// One row a pair whose steps are known. Steps as decimals kept: a scale of 2 is a step of 0.01.
struct Listing {
  std::string_view venue;
  std::string_view pair;
  std::uint8_t price_scale;
  std::uint8_t qty_scale;
  std::int64_t min_quantity;  // units
};
constexpr std::array listings = {
    Listing{"binance", "BTC/USDT", 2, 5, 1},
    Listing{"binance", "ETH/USDT", 2, 4, 1},
    Listing{"binance", "SOL/USDT", 2, 3, 1},
    Listing{"binance", "ETH/BTC", 5, 4, 1},
    Listing{"binance", "XRP/USDT", 4, 1, 1},
    Listing{"binance", "DOGE/USDT", 5, 0, 1},
    Listing{"kraken", "BTC/USDT", 1, 8, 5'000},
    Listing{"kraken", "ETH/USDT", 2, 8, 200'000},
    Listing{"kraken", "SOL/USDT", 2, 8, 6'000'000},
    Listing{"kraken", "ETH/BTC", 5, 8, 200'000},
    Listing{"kraken", "XRP/USDT", 5, 8, 300'000'000},
    Listing{"kraken", "DOGE/USDT", 7, 8, 1'300'000'000},
};

// Decimals of the largest power of ten that is at most `size`; 0..8.
std::uint8_t decimals_of(double size) {
  std::uint8_t decimals = 0;
  for (double step = 1; step > size && decimals < 8; step /= 10) ++decimals;
  return decimals;
}

Listing listing_of(std::string_view venue, std::string_view pair, double mid, double base_worth) {
  const auto known = std::find_if(listings.begin(), listings.end(), [&](const Listing& l) {
    return l.venue == venue && l.pair == pair;
  });
  if (known != listings.end()) return *known;
  // A hundred-thousandth of the price; a lot worth at most half a dollar.
  return {venue, pair, decimals_of(mid * 1e-5), decimals_of(0.5 / base_worth), 1};
}

// How a venue spells the pair on its streams and in its REST answers.
void spell(Instrument& i, std::string_view venue, std::string_view base, std::string_view quote) {
  const std::string together = std::string(base) + std::string(quote);
  if (venue == "kraken") {
    const auto old = [](std::string_view asset) {
      return std::string(asset == "BTC" ? "XBT" : asset == "DOGE" ? "XDG" : asset);
    };
    i.symbol = Text<31>(std::string(base) + "/" + std::string(quote));
    i.rest_symbol = Text<31>(old(base) + old(quote));
  } else {
    i.symbol = i.rest_symbol = Text<31>(together);
  }
}

}  // namespace

double assumed_worth(std::string_view asset) {
  const auto known = std::find_if(worths.begin(), worths.end(),
                                  [asset](const Worth& w) { return w.asset == asset; });
  return known == worths.end() ? 10 : known->in_usdt;
}

Result<InstrumentId, std::string> list_instrument(Universe& universe, std::string_view venue,
                                                  std::string_view pair) {
  const venues::Protocol* protocol = venues::find_protocol(venue);
  if (protocol == nullptr) return fail("no venue is called '" + std::string(venue) + "'");
  const std::size_t slash = pair.find('/');
  const std::string_view base = pair.substr(0, slash);
  const std::string_view quote = slash == pair.npos ? "" : pair.substr(slash + 1);
  if (base.empty() || quote.empty() || !Text<15>::fits(base) || !Text<15>::fits(quote)) {
    return fail("'" + std::string(pair) + "' is not a pair like BTC/USDT");
  }
  const double base_worth = assumed_worth(base);
  const Listing listing = listing_of(venue, pair, base_worth / assumed_worth(quote), base_worth);
  Instrument i;
  i.venue = universe.add_venue(venue, protocol->rules);
  i.base = universe.add_asset(base);
  i.quote = universe.add_asset(quote);
  spell(i, venue, base, quote);
  i.price_scale = listing.price_scale;
  i.qty_scale = listing.qty_scale;
  i.min_quantity = {listing.min_quantity};
  if (venue == "kraken") {
    i.min_notional = Decimal::of("0.5");
    i.fees = {Rate::bps(0), Rate::bps(10), FeeAsset::Quote, 5};
  } else {
    i.max_quantity = {900'000 * pow10(listing.qty_scale)};
    i.min_notional = quote == "BTC" ? Decimal::of("0.0001") : Decimal::from_int(5);
    i.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8};
  }
  return universe.add_instrument(i);
}

Result<Universe, std::string> simulated_universe(const std::vector<std::string>& venues,
                                                 const std::vector<std::string>& pairs) {
  Universe universe;
  for (const std::string& venue : venues) {
    for (const std::string& pair : pairs) {
      const auto listed = list_instrument(universe, venue, pair);
      if (!listed) return fail(std::string(listed.error()));
    }
  }
  return universe;
}

}  // namespace ats::sim

#include "services/sim_setup.hpp"

#include <algorithm>
#include <string_view>

#include "venues/client.hpp"

namespace ats::services {
namespace {

struct SimulatedAsset {
  std::string_view name;
  std::string_view kraken_id;  // as its REST calls spell it
  const char* funds;
};
constexpr SimulatedAsset assets[] = {
    {"BTC", "XXBT", "4"},       {"ETH", "XETH", "80"},      {"SOL", "SOL", "1500"},
    {"USDT", "USDT", "250000"}, {"USDC", "USDC", "250000"}, {"USD", "ZUSD", "250000"},
};

struct Grid {
  std::string_view base;
  std::uint8_t binance_price, binance_quantity, kraken_price, kraken_quantity;
};
constexpr Grid grids[] = {{"BTC", 2, 5, 1, 8}, {"ETH", 2, 4, 2, 8}, {"SOL", 2, 3, 2, 8}};

const SimulatedAsset* find_asset(std::string_view name) {
  const auto* found = std::ranges::find(assets, name, &SimulatedAsset::name);
  return found == std::end(assets) ? nullptr : found;
}

const Grid* find_grid(std::string_view base) {
  const auto* found = std::ranges::find(grids, base, &Grid::base);
  return found == std::end(grids) ? nullptr : found;
}

void list_on_binance(Instrument& i, const SimulatedAsset& base, const SimulatedAsset& quote,
                     const Grid& grid) {
  i.symbol = Text<31>(std::string(base.name) + std::string(quote.name));
  i.rest_symbol = i.symbol;
  i.price_scale = grid.binance_price;
  i.qty_scale = grid.binance_quantity;
  i.min_quantity = {1};
  i.max_quantity = {9000 * pow10(i.qty_scale)};
  i.min_notional = Decimal::from_int(5);
  i.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8};
}

void list_on_kraken(Instrument& i, const SimulatedAsset& base, const SimulatedAsset& quote,
                    const Grid& grid) {
  const auto old_style = [](std::string_view id) {
    return id.size() == 4 && (id[0] == 'X' || id[0] == 'Z');
  };
  std::string rest;
  if (old_style(base.kraken_id) && old_style(quote.kraken_id)) {
    rest = std::string(base.kraken_id) + std::string(quote.kraken_id);  // XXBTZUSD
  } else {
    const auto short_id = [&](std::string_view id) { return old_style(id) ? id.substr(1) : id; };
    rest =
        std::string(short_id(base.kraken_id)) + std::string(short_id(quote.kraken_id));  // XBTUSDT
  }
  i.symbol = Text<31>(std::string(base.name) + "/" + std::string(quote.name));
  i.rest_symbol = Text<31>(rest);
  i.price_scale = grid.kraken_price;
  i.qty_scale = grid.kraken_quantity;
  i.min_quantity = {5000};
  i.min_notional = Decimal::of("0.5");
  i.fees = {Rate::bps(8), Rate::bps(14), FeeAsset::Quote, 5};
}

}  // namespace

std::vector<std::string> simulated_pairs() { return {"BTC/USDT", "ETH/USDT", "SOL/USDT"}; }

Result<Universe, std::string> simulated_universe(const std::vector<std::string>& venue_names,
                                                 const std::vector<std::string>& pairs) {
  Universe universe;
  for (const std::string& name : venue_names) {
    const venues::Protocol* protocol = venues::find_protocol(name);
    if (protocol == nullptr) return fail("'" + name + "' is not a venue that can be simulated");
    const VenueId venue = universe.add_venue(name, protocol->rules);
    for (const std::string& pair : pairs) {
      const std::size_t slash = std::min(pair.find('/'), pair.size());
      const SimulatedAsset* base = find_asset(std::string_view(pair).substr(0, slash));
      const SimulatedAsset* quote =
          find_asset(std::string_view(pair).substr(std::min(slash + 1, pair.size())));
      const Grid* grid = find_grid(std::string_view(pair).substr(0, slash));
      if (base == nullptr || quote == nullptr || grid == nullptr) {
        return fail("'" + pair +
                    "' is not simulated; there are BTC, ETH and SOL in USDT, USDC or USD");
      }
      Instrument i;
      i.venue = venue;
      i.base = universe.add_asset(base->name);
      i.quote = universe.add_asset(quote->name);
      if (name == "kraken")
        list_on_kraken(i, *base, *quote, *grid);
      else
        list_on_binance(i, *base, *quote, *grid);
      universe.add_instrument(i);
    }
  }
  return universe;
}

std::vector<SimulatedFunds> simulated_funds(const Universe& universe) {
  std::vector<SimulatedFunds> out;
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    for (std::size_t a = 0; a < universe.assets().size(); ++a) {
      const AssetId asset{static_cast<AssetId::rep>(a)};
      const bool traded = std::ranges::any_of(universe.instruments(), [&](const Instrument& i) {
        return i.venue == venue && (i.base == asset || i.quote == asset);
      });
      const SimulatedAsset* known = find_asset(universe.asset(asset).name.view());
      if (traded && known != nullptr) out.push_back({venue, asset, Decimal::of(known->funds)});
    }
  }
  return out;
}

}  // namespace ats::services

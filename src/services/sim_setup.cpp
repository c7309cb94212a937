#include "services/sim_setup.hpp"

#include <algorithm>
#include <string_view>

#include "sim/assets.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

std::string not_simulated(const std::string& pair) {
  std::string text = "'" + pair + "' is not simulated; there are";
  for (const sim::AssetModel& asset : sim::asset_models()) {
    if (!asset.money) text += " " + std::string(asset.name);
  }
  text += " in";
  for (const sim::AssetModel& asset : sim::asset_models()) {
    if (asset.money) text += " " + std::string(asset.name);
  }
  return text + " or BTC";
}

}  // namespace

std::vector<std::string> simulated_pairs(std::size_t count) {
  std::vector<std::string> pairs;
  for (const std::string_view quote : {"USDT", "USD", "USDC", "BTC", "EUR"}) {
    for (const sim::AssetModel& coin : sim::asset_models()) {
      if (coin.money || coin.name == quote) continue;
      if (pairs.size() == count) return pairs;
      pairs.push_back(std::string(coin.name) + "/" + std::string(quote));
    }
  }
  return pairs;
}

Result<std::vector<std::string>, std::string> choose_pairs(const std::vector<std::string>& words) {
  if (words.size() != 1 || words[0].find('/') != std::string::npos) return words;
  const auto count = parse_scaled(words[0], 0);
  const std::size_t most = simulated_pairs(SIZE_MAX).size();
  if (!count || *count < 1 || static_cast<std::size_t>(*count) > most) {
    return fail("--pairs: expected pairs such as BTC/USDT,ETH/USDT or how many, from 1 to " +
                std::to_string(most));
  }
  return simulated_pairs(static_cast<std::size_t>(*count));
}

Result<Universe, std::string> simulated_universe(const std::vector<std::string>& venue_names,
                                                 const std::vector<std::string>& pairs) {
  Universe universe;
  for (const std::string& name : venue_names) {
    const venues::Protocol* protocol = venues::find_protocol(name);
    if (protocol == nullptr || protocol->simulated_listing == nullptr) {
      return fail("'" + name + "' is not a venue that can be simulated");
    }
    const VenueId venue = universe.add_venue(name, protocol->rules, protocol->amends);
    for (const std::string& pair : pairs) {
      const std::size_t slash = std::min(pair.find('/'), pair.size());
      const std::string_view text = pair;
      const auto* base = sim::find_asset_model(text.substr(0, slash));
      const auto* quote = sim::find_asset_model(text.substr(std::min(slash + 1, pair.size())));
      if (base == nullptr || quote == nullptr || base == quote) return fail(not_simulated(pair));
      const auto price = base->price().divide_floor(quote->price());
      if (!price || price->is_zero()) return fail(not_simulated(pair));
      auto listed = protocol->simulated_listing(base->name, quote->name, *price);
      if (!listed) continue;
      listed->venue = venue;
      listed->base = universe.add_asset(base->name);
      listed->quote = universe.add_asset(quote->name);
      universe.add_instrument(*listed);
    }
  }
  for (const std::string& pair : pairs) {
    const bool listed = std::ranges::any_of(universe.instruments(), [&](const Instrument& i) {
      return universe.pair_name(i.pair) == pair;
    });
    if (!listed) return fail("none of these venues has a market in '" + pair + "'");
  }
  return universe;
}

std::vector<SimulatedFunds> simulated_funds(const Universe& universe, std::int64_t worth) {
  std::vector<SimulatedFunds> out;
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    for (std::size_t a = 0; a < universe.assets().size(); ++a) {
      const AssetId asset{static_cast<AssetId::rep>(a)};
      const bool traded = std::ranges::any_of(universe.instruments(), [&](const Instrument& i) {
        return i.venue == venue && (i.base == asset || i.quote == asset);
      });
      const auto* known = sim::find_asset_model(universe.asset(asset).name.view());
      if (!traded || known == nullptr) continue;
      const auto amount = Decimal::from_int(worth).divide_floor(known->price(), 2);
      ATS_ASSERT(amount.ok());
      out.push_back({venue, asset, *amount});
    }
  }
  return out;
}

}  // namespace ats::services

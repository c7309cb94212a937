#include "core/risk/measures/stress.hpp"

#include <algorithm>

namespace ats::core {
namespace {

constexpr Rate freezes{-Rate::one};
constexpr Rate slips{-50'000'000};
constexpr Rate moves{200'000'000};

bool listed(const std::vector<Text<15>>& names, const Universe& universe, AssetId asset) {
  return std::find(names.begin(), names.end(), universe.asset(asset).name) != names.end();
}

bool touches(const Shock& shock, const Position& position, const Universe& universe,
             const StressRules& rules) {
  switch (shock.on) {
    case Shock::On::Asset:
      return universe.asset(position.asset).name == shock.name;
    case Shock::On::Coins:
      return !listed(rules.stable_coins, universe, position.asset) &&
             !listed(rules.currencies, universe, position.asset);
    case Shock::On::Stable:
      return listed(rules.stable_coins, universe, position.asset);
    case Shock::On::Venue:
      return universe.venue(position.venue).name.view() == shock.name.view() &&
             !position.held.negative();
  }
  return false;
}

std::string percent(Rate change) {
  return (change.ppb > 0 ? "+" : "") + format_scaled_short(change.ppb, 7) + " %";
}

std::string describe(const Scenario& scenario) {
  std::string out;
  for (const Shock& shock : scenario.shocks) {
    if (!out.empty()) out += ", ";
    switch (shock.on) {
      case Shock::On::Venue:
        out +=
            shock.change == freezes
                ? "all that is ours on " + std::string(shock.name.view()) + " is frozen"
                : "what is ours on " + std::string(shock.name.view()) + " " + percent(shock.change);
        break;
      case Shock::On::Coins:
        out += "all coins " + percent(shock.change);
        break;
      case Shock::On::Stable:
        out += "all stable-coins " + percent(shock.change);
        break;
      case Shock::On::Asset:
        out += std::string(shock.name.view()) + " " + percent(shock.change);
        break;
    }
  }
  return out;
}

// What is left of a worth: each shock in turn, rounded down.
Decimal after(Decimal worth, Rate change) {
  const Decimal share = Rate{Rate::one + change.ppb}.decimal();
  return worth.multiply_floor(share).value_or(worth);
}

void add(std::vector<StressLoss>& losses, VenueId venue, AssetId asset, Decimal loss) {
  for (StressLoss& known : losses) {
    if (known.venue != venue || known.asset != asset) continue;
    known.loss += loss;
    return;
  }
  losses.push_back({venue, asset, loss});
}

void sort(std::vector<StressLoss>& losses) {
  std::erase_if(losses, [](const StressLoss& l) { return l.loss.is_zero(); });
  std::stable_sort(losses.begin(), losses.end(),
                   [](const StressLoss& a, const StressLoss& b) { return a.loss > b.loss; });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

std::vector<Scenario> scenarios_for(std::span<const Position> positions, const Universe& universe,
                                    const StressRules& rules) {
  std::vector<Scenario> out;
  const auto add_once = [&](Scenario scenario) {
    const auto same = [&](const Scenario& known) { return known.name == scenario.name; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back(std::move(scenario));
  };
  for (const Scenario& configured : rules.scenarios) add_once(configured);
  for (const Position& position : positions) {
    if (position.held.is_zero()) continue;
    const Text<15> venue(universe.venue(position.venue).name.view());
    add_once({"freeze-" + std::string(venue.view()), {{Shock::On::Venue, venue, freezes}}});
    if (!listed(rules.stable_coins, universe, position.asset)) continue;
    const Text<15> coin(universe.asset(position.asset).name.view());
    add_once({"slip-" + lower_case(coin.view()), {{Shock::On::Asset, coin, slips}}});
  }
  add_once({"fall-20", {{Shock::On::Coins, {}, Rate{-moves.ppb}}}});
  add_once({"rise-20", {{Shock::On::Coins, {}, moves}}});
  return out;
}

StressResult stress(const Scenario& scenario, std::span<const Position> positions,
                    const Universe& universe, const StressRules& rules) {
  StressResult out;
  out.name = scenario.name;
  out.what = describe(scenario);
  for (const Position& position : positions) {
    if (position.held.is_zero()) continue;
    bool touched = false;
    Decimal left = position.worth.value_or(Decimal());
    for (const Shock& shock : scenario.shocks) {
      if (!touches(shock, position, universe, rules)) continue;
      touched = true;
      left = after(left, shock.change);
    }
    if (touched && !position.worth) ++out.not_counted;
    if (!touched || !position.worth) continue;
    const Decimal loss = *position.worth - left;
    out.loss += loss;
    add(out.assets, {}, position.asset, loss);
    add(out.venues, position.venue, {}, loss);
  }
  sort(out.assets);
  sort(out.venues);
  return out;
}

std::vector<StressResult> stress_all(std::span<const Scenario> scenarios,
                                     std::span<const Position> positions, const Universe& universe,
                                     const StressRules& rules) {
  std::vector<StressResult> out;
  out.reserve(scenarios.size());
  for (const Scenario& scenario : scenarios) {
    out.push_back(stress(scenario, positions, universe, rules));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const StressResult& a, const StressResult& b) { return a.loss > b.loss; });
  return out;
}

}  // namespace ats::core

// The keys of what the positions are stressed by.

#include <fmt/format.h>

#include "services/config_keys.hpp"

namespace ats::services {
namespace {

// "coins", "stable", a venue or an asset.
bool parse_target(std::string_view word, core::Shock& out) {
  using On = core::Shock::On;
  if (word == "coins" || word == "stable") {
    out.on = word == "coins" ? On::Coins : On::Stable;
    out.name = {};
    return true;
  }
  if (!Text<15>::fits(word)) return false;
  out.name = Text<15>(word);
  out.on = venues::find_protocol(word) != nullptr ? On::Venue : On::Asset;
  return out.on == On::Venue || parse_asset(word);
}

std::string print_target(const core::Shock& shock) {
  switch (shock.on) {
    case core::Shock::On::Coins:
      return "coins";
    case core::Shock::On::Stable:
      return "stable";
    case core::Shock::On::Venue:
    case core::Shock::On::Asset:
      break;
  }
  return std::string(shock.name.view());
}

bool parse_scenarios(std::string_view text, std::vector<core::Scenario>& out) {
  std::vector<core::Scenario> scenarios;
  for (const std::string& item : split_list(text)) {
    core::Scenario scenario;
    if (!parse_scenario(item, scenario)) return false;
    for (const core::Scenario& other : scenarios) {
      if (other.name == scenario.name) return false;
    }
    scenarios.push_back(std::move(scenario));
  }
  out = std::move(scenarios);
  return true;
}

std::string print_scenarios(const std::vector<core::Scenario>& scenarios) {
  std::string out;
  for (const core::Scenario& scenario : scenarios) {
    if (!out.empty()) out += ",";
    out += scenario.name;
    for (const core::Shock& shock : scenario.shocks) {
      out += fmt::format(" {} {}", print_target(shock), format_scaled_short(shock.change.ppb, 9));
    }
  }
  return out;
}

bool parse_assets(std::string_view text, std::vector<Text<15>>& out) {
  std::vector<Text<15>> assets;
  for (const std::string& item : split_list(text)) {
    if (!parse_asset(item)) return false;
    assets.emplace_back(item);
  }
  out = std::move(assets);
  return true;
}

std::string print_assets(const std::vector<Text<15>>& assets) {
  std::string out;
  for (const Text<15>& asset : assets) {
    out += fmt::format("{}{}", out.empty() ? "" : ",", asset.view());
  }
  return out;
}

Key assets_key(const char* name, std::vector<Text<15>> core::StressRules::*field,
               const char* help) {
  return {"stress",
          name,
          "a list of assets such as [\"USDT\", \"USDC\"]",
          help,
          [field](Config& c, std::string_view t) { return parse_assets(t, c.stress.*field); },
          [field](const Config& c) { return print_assets(c.stress.*field); },
          true};
}

}  // namespace

bool parse_scenario(std::string_view text, core::Scenario& out) {
  constexpr std::size_t name_max = 31;
  constexpr std::size_t shocks_max = 32;
  const auto words = split_words(text);
  if (words.size() < 3 || words.size() % 2 == 0 || words.size() > 1 + 2 * shocks_max) return false;
  if (words[0].size() > name_max) return false;
  core::Scenario scenario;
  scenario.name = words[0];
  for (std::size_t n = 1; n < words.size(); n += 2) {
    core::Shock shock;
    const auto change = parse_scaled(words[n + 1], 9);
    if (!parse_target(words[n], shock) || !change || *change < -Rate::one ||
        *change > 10 * Rate::one) {
      return false;
    }
    shock.change = Rate{*change};
    scenario.shocks.push_back(shock);
  }
  out = std::move(scenario);
  return true;
}

void add_stress_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"stress", "scenarios",
       "a list such as [\"crash coins -0.5 USDT -0.1\", \"raid kraken -0.9\"]: a name, then what "
       "is hit (an asset, a venue, \"coins\" or \"stable\") and by which share of its worth, from "
       "-1 to 10",
       "What `ats risk stress` shows beside what it always does: each venue frozen, each "
       "stable-coin that is held down 5 %, all coins down and up 20 %. One of the same name stands "
       "in for it.",
       [](Config& c, std::string_view t) { return parse_scenarios(t, c.stress.scenarios); },
       [](const Config& c) { return print_scenarios(c.stress.scenarios); }, true});
  keys.push_back(assets_key("stable_coins", &core::StressRules::stable_coins,
                            "What a scenario means by \"stable\"; each of them slips in one."));
  keys.push_back(assets_key("currencies", &core::StressRules::currencies,
                            "Money of states: neither \"stable\" nor \"coins\"."));
}

}  // namespace ats::services

// The table of configuration keys: what each is called, where it stands, what it may be, and which field it sets.
// services/config.cpp reads files by it, prints by it, and generates docs/configuration.md from it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/config.hpp"

namespace ats::services {

struct Key {
  std::string section;
  std::string name;
  std::string expected;  // for errors and documentation: "a duration such as \"250ms\""
  std::string help;
  std::function<bool(Config&, std::string_view)> set;  // false: not what was expected
  std::function<std::string(const Config&)> print;     // as `set` reads it
  bool list = false;                                   // a TOML array of strings
  bool number = false;                                 // a TOML integer is fine as well
};

// All of them, section by section, but for those of families.
const std::vector<Key>& config_keys();

// Sections that the file names itself, such as [notifier.channel.mail]: a section of `section`, a point and a name.
struct KeyFamily {
  std::string section;
  std::function<std::vector<std::string>(const Config&)> names;   // of those there are
  std::function<void(Config&, const std::string& name)> add;      // unless it is there
  std::function<std::vector<Key>(const std::string& name)> keys;  // of one that is there
};
const std::vector<KeyFamily>& config_families();
// Letters, digits and dashes, at most 31.
bool parse_member(std::string_view name);

// Those of what is to be held where, and what sending it takes.
void add_inventory_keys(std::vector<Key>& keys);
// Those of what positions are stressed by.
void add_stress_keys(std::vector<Key>& keys);
// "crash coins -0.5 USDT -0.1": one of stress.scenarios.
bool parse_scenario(std::string_view text, core::Scenario& out);
// Those of limits, and of what happens when one is reached.
void add_limit_keys(std::vector<Key>& keys);
// Those of monitoring and of the bus.
void add_bus_keys(std::vector<Key>& keys);
// Those of where market data comes from.
void add_market_keys(std::vector<Key>& keys);
// Those of what a process says.
void add_log_keys(std::vector<Key>& keys);
// Those of history.
void add_influx_keys(std::vector<Key>& keys);
// Those of the notifier, and of its channels and rules.
void add_notice_keys(std::vector<Key>& keys);
KeyFamily channel_keys();
KeyFamily notice_rule_keys();
// Those of several engines of which one leads.
void add_standby_keys(std::vector<Key>& keys);
// Those of who may do what, and for how long.
void add_access_keys(std::vector<Key>& keys);
// Those of backtests that an engine carries out beside itself.
void add_backtest_keys(std::vector<Key>& keys);
// Those of the dashboard.
void add_dashboard_keys(std::vector<Key>& keys);
// Those of trading on paper.
void add_paper_keys(std::vector<Key>& keys);

// Small letters, digits, '-', '_' and '.', at most 31: what an engine is called.
bool is_engine_name(std::string_view text);
// "a=10.0.0.1:7500,…": engines, each once, with addresses.
template <class Engine>
bool parse_engines(std::string_view text, std::vector<Engine>& out);

// What Key::set of a list reads: items with commas between, empty ones left out.
std::vector<std::string> split_list(std::string_view text);

// Words of one item, spaces between.
std::vector<std::string_view> split_words(std::string_view text);
// The shortest text that reads back to it.
std::string print_duration(Duration duration);
// As the exchanges write assets: capitals and digits, at most 15.
bool parse_asset(std::string_view text);

template <class Engine>
bool parse_engines(std::string_view text, std::vector<Engine>& out) {
  out.clear();
  for (const std::string& item : split_list(text)) {
    const std::size_t equals = item.find('=');
    const std::size_t colon = item.rfind(':');
    if (equals == item.npos || colon == item.npos || colon < equals + 2 || colon + 1 == item.size())
      return false;
    Engine engine{item.substr(0, equals), item.substr(equals + 1)};
    for (const Engine& other : out) {
      if (other.name == engine.name) return false;
    }
    if (!is_engine_name(engine.name)) return false;
    out.push_back(std::move(engine));
  }
  return true;
}

}  // namespace ats::services

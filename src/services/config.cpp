#include "services/config.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "io/secret_file.hpp"
#include "services/config_check.hpp"
#include "services/config_keys.hpp"
#include "services/toml_text.hpp"

extern char** environ;

namespace ats::services {
namespace {

// Reads one value; the error says what was expected.
using Error = std::optional<std::string>;

std::optional<Key> find_key(const std::vector<Key>& keys, std::string_view section,
                            std::string_view name) {
  for (const Key& key : keys) {
    if (key.section == section && key.name == name) return key;
  }
  return std::nullopt;
}

// The family that the section is a member of, and the member's name.
struct Member {
  const KeyFamily* family = nullptr;
  std::string name;
};
Member member_of(std::string_view section) {
  for (const KeyFamily& family : config_families()) {
    const std::size_t head = family.section.size();
    if (section.starts_with(family.section + ".") &&
        section.find('.', head + 1) == std::string_view::npos)
      return {&family, std::string(section.substr(head + 1))};
  }
  return {};
}

// Those of families that the configuration has, too.
std::vector<Key> all_keys(const Config& config) {
  std::vector<Key> keys = config_keys();
  for (const KeyFamily& family : config_families()) {
    for (const std::string& name : family.names(config)) {
      for (Key& key : family.keys(name)) keys.push_back(std::move(key));
    }
  }
  return keys;
}

std::string nearest_hint(const std::vector<Key>& keys, std::string_view section) {
  std::string known;
  for (const Key& key : keys) {
    if (key.section == section) known += (known.empty() ? "" : ", ") + key.name;
  }
  return known.empty() ? "there is no such section"
                       : "known keys of [" + std::string(section) + "]: " + known;
}

// The value as the text that Key::set reads; nothing when its TOML type does not fit the key.
std::optional<std::string> text_of(const Key& key, const toml::node& node) {
  if (key.list) {
    const auto* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    std::string joined;
    for (const toml::node& item : *array) {
      const auto text = item.value_exact<std::string>();
      if (!text || text->find(',') != std::string::npos) return std::nullopt;
      joined += (joined.empty() ? "" : ",") + *text;
    }
    return joined;
  }
  if (auto text = node.value_exact<std::string>()) return text;
  if (const auto flag = node.value_exact<bool>()) {
    if (key.expected != "true or false") return std::nullopt;
    return *flag ? "true" : "false";
  }
  if (const auto n = node.value_exact<std::int64_t>(); n && key.number) return std::to_string(*n);
  return std::nullopt;  // TOML floats are binary: exact numbers are written as text
}

Error apply_table(Config& config, const std::string& file, const toml::table& root,
                  const std::string& section) {
  const Member member = member_of(section);
  if (member.family != nullptr) {
    if (!parse_member(member.name)) {
      return fmt::format("{}:{}: [{}]: expected a name of letters, digits and dashes, at most 31",
                         file, root.source().begin.line, section);
    }
    member.family->add(config, member.name);
  }
  const std::vector<Key> keys =
      member.family != nullptr ? member.family->keys(member.name) : config_keys();
  for (const auto& [name, node] : root) {
    const std::string key_name(name.str());
    if (const auto* inner = node.as_table()) {
      const std::string deeper = section.empty() ? key_name : section + "." + key_name;
      if (auto error = apply_table(config, file, *inner, deeper)) return error;
      continue;
    }
    const auto line = node.source().begin.line;
    const auto key = find_key(keys, section, key_name);
    const std::string full = section.empty() ? key_name : section + "." + key_name;
    if (!key) {
      return fmt::format("{}:{}: unknown key '{}'; {}", file, line, full,
                         nearest_hint(keys, section));
    }
    const auto text = text_of(*key, node);
    if (!text || !key->set(config, *text)) {
      return fmt::format("{}:{}: {} must be {}", file, line, full, key->expected);
    }
  }
  return std::nullopt;
}

Error apply_text(Config& config, std::string_view text, const std::string& name) {
  const auto parsed = parse_toml(text, name);
  if (!parsed) return parsed.error().at(name);
  return apply_table(config, name, *parsed, "");
}

// Dashes are no part of a variable's name.
std::string variable_of(const Key& key) {
  std::string name = "ATS_" + key.section + "_" + key.name;
  for (char& c : name)
    c = c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Error apply_environment(Config& config, const std::map<std::string, std::string>& environment) {
  for (const Key& key : all_keys(config)) {
    const auto found = environment.find(variable_of(key));
    if (found != environment.end() && !key.set(config, found->second)) {
      return fmt::format("environment variable {}: must be {}{}", found->first, key.expected,
                         key.list ? " (here: separated by commas)" : "");
    }
  }
  return std::nullopt;
}

// By "section.key".
Error apply_overrides(Config& config, const std::map<std::string, std::string>& overrides) {
  const std::vector<Key> keys = all_keys(config);
  for (const auto& [name, value] : overrides) {
    const std::size_t point = std::min(name.rfind('.'), name.size());
    const std::string section = name.substr(0, point);
    const auto key = find_key(keys, section, name.substr(std::min(point + 1, name.size())));
    if (!key) return fmt::format("unknown key '{}'; {}", name, nearest_hint(keys, section));
    if (!key->set(config, value)) {
      return fmt::format("{} must be {}{}", name, key->expected,
                         key->list ? " (here: separated by commas)" : "");
    }
  }
  return std::nullopt;
}

Error check_whole(const Config& config) {
  if (config.engine_name == "risk" || config.engine_name == "notifier")
    return "risk.engine: \"risk\" and \"notifier\" are roles; call the engine otherwise";
  if (config.core.max_edge <= config.core.min_edge) {
    return "strategy.max_edge_bps must be larger than strategy.min_edge_bps";
  }
  if (config.core.max_edge <= config.core.maker_edge) {
    return "strategy.max_edge_bps must be larger than strategy.maker_edge_bps";
  }
  if (config.core.maker == StrategyMode::Trade && config.core.maker_pairs.count == 0) {
    return "strategy.maker is \"trade\" and strategy.maker_pairs names nothing to quote";
  }
  if (config.standby.on()) {
    if (config.standby.find(config.standby.name) == nullptr) {
      return fmt::format("standby.engines does not name {}, which standby.name says this one is",
                         config.standby.name);
    }
    if (config.bus.server.empty())
      return "standby.name is set and redis.server is not: nobody could say who leads";
    if (config.core.paper) return "standby.name is set, and paper trades are not followed";
  }
  for (const InventoryTarget& target : config.core.inventory_targets) {
    std::int64_t of_asset = 0;
    for (const InventoryTarget& other : config.core.inventory_targets) {
      if (other.asset == target.asset) of_asset += other.share.ppb;
    }
    if (of_asset > Rate::one) {
      return fmt::format("inventory.targets: the shares of {} add up to more than 1",
                         target.asset.view());
    }
  }
  return std::nullopt;
}

std::string quoted(const Key& key, const Config& config) {
  std::string text = key.print(config);
  if (key.list) {
    std::string out = "[";
    for (const std::string& item : split_list(text))
      out += (out.size() > 1 ? ", \"" : "\"") + item + "\"";
    return out + "]";
  }
  if (key.expected == "true or false") return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

Config default_config() {
  Config config;
  config.core.lease_for = seconds(3);
  for (const venues::Protocol* protocol : venues::protocols()) {
    if (protocol->make_client != nullptr) {
      config.venues.push_back({std::string(protocol->name), false, protocol->urls});
    }
  }
  return config;
}

std::map<std::string, std::string> environment_variables() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (text.starts_with("ATS_") && equals != std::string_view::npos) {
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return out;
}

Result<Config, std::string> load_config(const std::filesystem::path& file,
                                        const std::map<std::string, std::string>& environment) {
  Config config = default_config();
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(file.string() + ": cannot be read");
    std::ostringstream content;
    content << in.rdbuf();
    if (auto error = apply_text(config, content.str(), file.string())) return fail(*error);
  }
  if (auto error = apply_environment(config, environment)) return fail(std::move(*error));
  if (auto error = check_whole(config)) return fail(std::move(*error));
  return config;
}

Result<Config, std::string> parse_config(std::string_view toml, const std::string& name,
                                         const std::map<std::string, std::string>& overrides) {
  Config config = default_config();
  if (auto error = apply_text(config, toml, name)) return fail(std::move(*error));
  if (auto error = apply_overrides(config, overrides)) return fail(std::move(*error));
  if (auto error = check_whole(config)) return fail(std::move(*error));
  return config;
}

Status<std::string> check_key(Config config, const std::string& name,
                              const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    if (auto error = apply_overrides(config, {{name, value}})) return fail(std::move(*error));
  }
  return Done{};
}

std::string configuration_markdown() {
  std::string out =
      "# Configuration\n\n"
      "One TOML file, given with `--config FILE`. Every key has a default; unknown keys and bad "
      "values are "
      "errors that name file, line and key. An environment variable overrides the file. Exact "
      "numbers are "
      "written as text. Generated by `ats config --markdown`; a test compares.\n";
  std::string section;
  // Of each family one that stands for all.
  Config example = default_config();
  for (const KeyFamily& family : config_families()) family.add(example, "NAME");
  for (const Key& key : all_keys(example)) {
    if (key.section != section) {
      section = key.section;
      out += "\n## [" + section +
             "]\n\n| key | default | expected | meaning | environment |\n| --- | --- | --- | --- | "
             "--- |\n";
    }
    out += fmt::format("| `{}` | `{}` | {} | {} | `{}` |\n", key.name, quoted(key, example),
                       key.expected, key.help, variable_of(key));
  }
  return out;
}

std::string to_toml(const Config& config) {
  std::string out;
  std::string section;
  for (const Key& key : all_keys(config)) {
    if (key.list && key.print(config).empty()) continue;
    if (key.section != section) {
      out += (section.empty() ? "[" : "\n[") + key.section + "]\n";
      section = key.section;
    }
    out += key.name + " = " + quoted(key, config) + "\n";
  }
  return out;
}

Result<std::map<std::string, venues::Credentials>, std::string> load_credentials(
    const std::filesystem::path& file) {
  io::forbid_core_files();
  constexpr std::size_t size_max = std::size_t{1} << 20;
  const auto content = io::read_secret_file(file, size_max);
  if (!content) return fail(content.error().detail);
  const auto parsed = parse_toml(content->reveal(), file.string());
  if (!parsed) {
    // What it says of an error quotes the text around it, which may be a secret: only the line is told.
    return fail(TomlError{parsed.error().line, "is not TOML"}.at(file.string()));
  }
  std::map<std::string, venues::Credentials> out;
  for (const auto& [name, node] : *parsed) {
    const auto* section = node.as_table();
    if (section == nullptr || venues::find_protocol(name.str()) == nullptr) {
      return fail(fmt::format("{}:{}: expected a section named after a venue", file.string(),
                              node.source().begin.line));
    }
    const auto key = (*section)["key"].value_exact<std::string>();
    const auto secret = (*section)["secret"].value_exact<std::string>();
    if (!key || !secret || key->empty() || secret->empty()) {
      return fail(fmt::format("{}:{}: [{}] needs key = \"…\" and secret = \"…\"", file.string(),
                              node.source().begin.line, name.str()));
    }
    out.emplace(std::string(name.str()), venues::Credentials{*key, *secret});
  }
  return out;
}

}  // namespace ats::services

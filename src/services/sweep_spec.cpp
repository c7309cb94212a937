#include "services/sweep_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/decimal.hpp"
#include "base/rng.hpp"
#include "services/command_line.hpp"
#include "services/toml_text.hpp"

namespace ats::services {
namespace {

constexpr std::size_t values_most = 10'000;
constexpr std::size_t trials_most = 1'000'000;
constexpr std::int64_t draws_most = 100'000;

constexpr std::array objectives{SweepSpec::Objective::Sharpe, SweepSpec::Objective::Profit,
                                SweepSpec::Objective::Return};

class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  Result<SweepSpec, std::string> read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string_view is = key.str();
      const toml::table* table = node.as_table();
      if (is == "objective" && objective(node)) continue;
      if (is == "returns_every" && duration(node, spec_.returns_every)) continue;
      if (is == "grid" && table != nullptr && parameters(*table, "", spec_.grid)) continue;
      if (is == "random" && table != nullptr && random(*table)) continue;
      if (is == "walk_forward" && table != nullptr && walk_forward(*table)) continue;
      if (error_.empty()) {
        say(node, fmt::format("{}: expected objective = \"sharpe\", \"profit\" or \"return\"; "
                              "returns_every = \"1m\"; [grid], [random], [walk_forward]",
                              is));
      }
      return fail(error_);
    }
    if (spec_.grid.empty() && spec_.drawn.empty())
      return fail(name_ + ": nothing is varied: name keys in [grid] or [random]");
    for (const SweepParameter& one : spec_.drawn) {
      if (std::ranges::find(spec_.grid, one.key, &SweepParameter::key) != spec_.grid.end())
        return fail(name_ + ": " + one.key + " is in [grid] and in [random]");
    }
    if (spec_.drawn.empty() != (spec_.draws == 0))
      return fail(name_ + ": [random] needs draws = 20 or so, and keys that are drawn");
    if (trial_count(spec_) > trials_most)
      return fail(fmt::format("{}: more than {} trials", name_, trials_most));
    return spec_;
  }

 private:
  bool say(const toml::node& node, const std::string& what) {
    error_ = fmt::format("{}:{}: {}", name_, node.source().begin.line, what);
    return false;
  }

  bool objective(const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    for (const auto one : objectives) {
      if (text != name(one)) continue;
      spec_.objective = one;
      return true;
    }
    return false;
  }

  static bool duration(const toml::node& node, Duration& out) {
    const auto text = node.value_exact<std::string>();
    return text && parse_duration(*text, out) && out.ns > 0;
  }

  bool random(const toml::table& table) {
    toml::table keys = table;
    if (const auto* node = table.get("draws")) {
      const auto draws = node->value_exact<std::int64_t>();
      if (!draws || *draws < 1 || *draws > draws_most)
        return say(*node, fmt::format("draws: a whole number from 1 to {}", draws_most));
      spec_.draws = static_cast<std::uint32_t>(*draws);
      keys.erase("draws");
    }
    if (const auto* node = table.get("seed")) {
      const auto seed = node->value_exact<std::int64_t>();
      if (!seed || *seed < 0) return say(*node, "seed: a whole number from 0");
      spec_.seed = static_cast<std::uint64_t>(*seed);
      keys.erase("seed");
    }
    return parameters(keys, "", spec_.drawn);
  }

  bool walk_forward(const toml::table& table) {
    for (const auto& [key, node] : table) {
      Duration* const out = key == "train"     ? &spec_.train
                            : key == "test"    ? &spec_.test
                            : key == "embargo" ? &spec_.embargo
                                               : nullptr;
      if (out == nullptr || !duration(node, *out))
        return say(node, "walk_forward: train = \"4h\", test = \"1h\", and maybe embargo = \"5m\"");
    }
    if (spec_.train.ns == 0 || spec_.test.ns == 0)
      return say(table, "walk_forward: needs train and test");
    return true;
  }

  // [grid] "strategy.min_edge_bps" = …, or [grid.strategy] min_edge_bps = ….
  bool parameters(const toml::table& table, const std::string& section,
                  std::vector<SweepParameter>& out) {
    for (const auto& [key, node] : table) {
      const std::string full = section + std::string(key.str());
      const toml::table* inner = node.as_table();
      if (inner != nullptr && !inner->contains("from")) {
        if (!parameters(*inner, full + ".", out)) return false;
        continue;
      }
      SweepParameter one{full, {}};
      if (!(inner != nullptr ? range(node, *inner, one) : list(node, one))) return false;
      out.push_back(std::move(one));
    }
    return true;
  }

  bool list(const toml::node& node, SweepParameter& out) {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->empty() || array->size() > values_most) {
      return say(node, out.key +
                           ": expected a list such as [\"5\", \"10\"], or { from = \"5\", to "
                           "= \"20\", step = \"5\" }");
    }
    for (const toml::node& item : *array) {
      if (const auto text = item.value_exact<std::string>()) {
        out.values.push_back(*text);
      } else if (const auto whole = item.value_exact<std::int64_t>()) {
        out.values.push_back(std::to_string(*whole));
      } else if (const auto flag = item.value_exact<bool>()) {
        out.values.emplace_back(*flag ? "true" : "false");
      } else {
        return say(item, out.key +
                             ": values are texts, whole numbers, true or false (binary "
                             "fractions are not exact: write \"0.1\")");
      }
    }
    std::vector<std::string> sorted = out.values;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end())
      return say(node, out.key + ": a value stands there twice");
    return true;
  }

  // From `from` to `to`, both included where the steps meet it.
  bool range(const toml::node& node, const toml::table& table, SweepParameter& out) {
    std::array<std::optional<Decimal>, 3> numbers;
    constexpr std::array names{"from", "to", "step"};
    std::string unit;
    for (const auto& [key, value] : table) {
      const auto at = std::ranges::find(names, key.str());
      const auto text = value.value_exact<std::string>();
      const auto whole = value.value_exact<std::int64_t>();
      if (at != names.end()) {
        auto& number = numbers[static_cast<std::size_t>(at - names.begin())];
        if (whole) number = Decimal::from_int(*whole);
        if (!text) continue;
        if (const auto read = Decimal::parse(*text)) number = *read;
      }
      if (key == "unit" && text) unit = *text;
      if ((at == names.end() || (!text && !whole)) && !(key == "unit" && text))
        return say(value, out.key + ": from, to, step, and maybe unit = \"ms\"");
    }
    const auto& [from, to, step] = numbers;
    const Decimal most = Decimal::from_int(1'000'000'000'000);
    if (!from || !to || !step || *step <= Decimal() || *to < *from || *to > most || *step > most)
      return say(
          node,
          out.key +
              ": from, to and step are decimals up to 10^12, step above zero, to not below from");
    for (Decimal value = *from; value <= *to; value += *step) {
      if (out.values.size() == values_most)
        return say(node, fmt::format("{}: more than {} values", out.key, values_most));
      out.values.push_back(value.to_string() + unit);
    }
    return true;
  }

  std::string name_;
  SweepSpec spec_;
  std::string error_;
};

}  // namespace

const char* name(SweepSpec::Objective objective) {
  switch (objective) {
    case SweepSpec::Objective::Sharpe:
      return "sharpe";
    case SweepSpec::Objective::Profit:
      return "profit";
    case SweepSpec::Objective::Return:
      return "return";
  }
  return "";
}

const char* name(SweepSegment::Kind kind) {
  switch (kind) {
    case SweepSegment::Kind::Whole:
      return "whole";
    case SweepSegment::Kind::Train:
      return "train";
    case SweepSegment::Kind::Test:
      return "test";
  }
  return "";
}

Result<SweepSpec, std::string> parse_sweep(std::string_view text, const std::string& name) {
  const auto table = parse_toml(text, name);
  if (!table) return fail(table.error().at(name));
  return Reader(name).read(*table);
}

std::size_t trial_count(const SweepSpec& spec) {
  std::size_t count = std::max<std::size_t>(spec.draws, 1);
  for (const SweepParameter& one : spec.grid) {
    if (count > trials_most) break;
    count *= one.values.size();
  }
  return count;
}

std::map<std::string, std::string> trial_values(const SweepSpec& spec, std::size_t trial) {
  std::map<std::string, std::string> out;
  const std::size_t draws = std::max<std::size_t>(spec.draws, 1);
  std::size_t point = trial / draws;
  for (std::size_t n = spec.grid.size(); n-- > 0;) {
    const SweepParameter& one = spec.grid[n];
    out[one.key] = one.values[point % one.values.size()];
    point /= one.values.size();
  }
  Rng rng = Rng(spec.seed).fork(trial % draws);
  for (const SweepParameter& one : spec.drawn)
    out[one.key] = one.values[rng.below(one.values.size())];
  return out;
}

Result<std::vector<SweepSegment>, std::string> segments(const SweepSpec& spec, WallTime from,
                                                        WallTime to) {
  using Kind = SweepSegment::Kind;
  if (spec.test.ns == 0) return std::vector{SweepSegment{Kind::Whole, 0, from, to}};
  std::vector<SweepSegment> out;
  WallTime begin = from;
  for (std::size_t window = 0;; ++window) {
    const WallTime trained = begin + spec.train;
    const WallTime tested = trained + spec.embargo;
    if (tested + spec.test > to) break;
    out.push_back({Kind::Train, window, begin, trained});
    out.push_back({Kind::Test, window, tested, tested + spec.test});
    begin = begin + spec.test;
  }
  if (out.empty()) {
    return fail(fmt::format("walk_forward: train, embargo and test do not fit between {} and {}",
                            format_rfc3339(from), format_rfc3339(to)));
  }
  return out;
}

std::optional<Shard> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto number = parse_scaled(text.substr(0, slash), 0);
  const auto of = parse_scaled(text.substr(slash + 1), 0);
  if (!number || !of || *number < 1 || *of < *number || *of > 100'000) return std::nullopt;
  return Shard{static_cast<std::size_t>(*number), static_cast<std::size_t>(*of)};
}

}  // namespace ats::services

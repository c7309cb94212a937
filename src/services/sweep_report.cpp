#include "services/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "base/decimal.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;
using Kind = SweepSegment::Kind;

constexpr std::size_t shown_most = 20;

// In the asset that profits are in.
Decimal profit_of(const SweepRun& run) {
  const auto found = run.summary.find("profit");
  if (found == run.summary.end() || !found->is_string()) return {};
  return Decimal::parse(found->get_ref<const std::string&>()).value_or(Decimal());
}

double ratio_of(const SweepRun& run, const char* key) {
  const auto found = run.summary.find(key);
  return found != run.summary.end() && found->is_number() ? found->get<double>() : 0;
}

std::uint64_t count_of(const SweepRun& run, const char* key) {
  const auto found = run.summary.find(key);
  return found != run.summary.end() && found->is_number_unsigned() ? found->get<std::uint64_t>()
                                                                   : 0;
}

using Runs = std::vector<const SweepRun*>;

report::ReturnMoments returns_of(const Runs& runs) {
  std::vector<report::ReturnMoments> parts;
  for (const SweepRun* run : runs) parts.push_back(run->returns);
  return report::pooled(parts);
}

Decimal profit_of(const Runs& runs) {
  Decimal sum;
  for (const SweepRun* run : runs) sum += profit_of(*run);
  return sum;
}

// Nothing: it cannot be told of these.
std::optional<double> value_of(SweepSpec::Objective objective, const Runs& runs) {
  if (runs.empty()) return std::nullopt;
  switch (objective) {
    case SweepSpec::Objective::Sharpe:
      return returns_of(runs).sharpe();
    case SweepSpec::Objective::Profit:
      return profit_of(runs).to_double();  // statistics
    case SweepSpec::Objective::Return: {
      double grown = 1;
      for (const SweepRun* run : runs) grown *= 1 + ratio_of(*run, "total_return");
      return grown - 1;
    }
  }
  return std::nullopt;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

ordered_json told(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

struct Trial {
  std::size_t number = 0;
  std::map<std::string, std::string> values;
  std::vector<const SweepRun*> by_segment;  // null: it is missing, or failed
  std::optional<double> value;              // by what it is chosen
  std::optional<double> test;               // of walk-forward

  // Of that kind, and of that window or all; empty: one of them has no result.
  Runs runs(const std::vector<SweepSegment>& segments, Kind kind,
            std::optional<std::size_t> window = {}) const {
    Runs out;
    for (std::size_t n = 0; n < segments.size(); ++n) {
      if (segments[n].kind != kind || (window && segments[n].window != *window)) continue;
      if (by_segment[n] == nullptr) return {};
      out.push_back(by_segment[n]);
    }
    return out;
  }
};

class Report {
 public:
  Report(const SweepSpec& spec, const std::vector<SweepSegment>& segments,
         const std::map<std::size_t, SweepRun>& runs)
      : spec_(spec), segments_(segments), forward_(spec.test.ns != 0) {
    for (std::size_t n = 0; n < trial_count(spec); ++n) {
      Trial trial;
      trial.number = n;
      trial.values = trial_values(spec, n);
      bool ran = true;
      bool failed = false;
      for (std::size_t s = 0; s < segments.size(); ++s) {
        const auto found = runs.find(n * segments.size() + s);
        ran = ran && found != runs.end();
        failed = failed || (found != runs.end() && !found->second.error.empty());
        if (found != runs.end() && !found->second.error.empty() && first_error_.empty())
          first_error_ = found->second.error;
        const bool well = found != runs.end() && found->second.error.empty();
        trial.by_segment.push_back(well ? &found->second : nullptr);
      }
      missing_ += ran ? 0U : 1U;
      failed_ += failed ? 1U : 0U;
      trial.value = value_of(spec.objective, trial.runs(segments, chosen_by()));
      if (forward_) trial.test = value_of(spec.objective, trial.runs(segments, Kind::Test));
      trials_.push_back(std::move(trial));
    }
    for (const Trial& trial : trials_) {
      if (trial.value) ranked_.push_back(&trial);
    }
    std::ranges::stable_sort(ranked_, std::greater<>(), [](const Trial* t) { return *t->value; });
  }

  ordered_json json() const {
    ordered_json out{{"objective", name(spec_.objective)},
                     {"trials", trials_.size()},
                     {"told", ranked_.size()},
                     {"failed", failed_},
                     {"missing", missing_},
                     {"first_error", first_error_}};
    out["best"] = ranked_.empty() ? ordered_json() : row(*ranked_.front());
    out["deflated_sharpe"] = deflated();
    out["neighbours"] = neighbours();
    out["stability"] = stability();
    if (forward_) out["walk_forward"] = walk_forward();
    out["list"] = ordered_json::array();
    for (const Trial* trial : ranked_) out["list"].push_back(row(*trial));
    return out;
  }

 private:
  Kind chosen_by() const { return forward_ ? Kind::Train : Kind::Whole; }
  // What it is worth by: on recordings that it was not chosen by, where there are such.
  Kind judged_by() const { return forward_ ? Kind::Test : Kind::Whole; }

  ordered_json row(const Trial& trial) const {
    const Runs runs = trial.runs(segments_, judged_by());
    std::uint64_t trades = 0;
    double drawdown = 0;
    for (const SweepRun* run : runs) {
      trades += count_of(*run, "count");
      drawdown = std::max(drawdown, ratio_of(*run, "deepest_drawdown"));
    }
    ordered_json out{
        {"trial", trial.number}, {"values", trial.values}, {"value", told(trial.value)}};
    if (forward_) out["test"] = told(trial.test);
    out["profit"] = profit_of(runs).to_string();
    out["trades"] = trades;
    out["return"] = told(value_of(SweepSpec::Objective::Return, runs));
    out["sharpe"] = told(returns_of(runs).sharpe());
    out["deepest_drawdown"] = drawdown;
    return out;
  }

  // Of the one with the best ratio, whatever else they are ranked by.
  ordered_json deflated() const {
    std::vector<double> sharpes;
    std::optional<report::ReturnMoments> best;
    std::size_t number = 0;
    for (const Trial& trial : trials_) {
      const report::ReturnMoments returns = returns_of(trial.runs(segments_, chosen_by()));
      const auto sharpe = returns.sharpe();
      if (!sharpe) continue;
      sharpes.push_back(*sharpe);
      if (best && *best->sharpe() >= *sharpe) continue;
      best = returns;
      number = trial.number;
    }
    if (!best) return {};
    const auto deflated = report::deflated_sharpe(*best, sharpes);
    if (!deflated) return {};
    return {{"trial", number},
            {"sharpe", *best->sharpe()},
            {"returns", best->count},
            {"skewness", best->skewness},
            {"kurtosis", best->kurtosis},
            {"trials", sharpes.size()},
            {"variance_of_trials", deflated->variance},
            {"expected_best_of_luck", deflated->expected_best},
            {"probability", deflated->probability}};
  }

  // Those that differ from the best by one step of one key of the grid.
  ordered_json neighbours() const {
    if (ranked_.empty()) return {};
    const Trial& best = *ranked_.front();
    std::vector<double> values;
    std::size_t stride = std::max<std::size_t>(spec_.draws, 1);
    for (std::size_t n = spec_.grid.size(); n-- > 0;) {
      const std::size_t count = spec_.grid[n].values.size();
      const std::size_t place = best.number / stride % count;
      if (place > 0 && trials_[best.number - stride].value)
        values.push_back(*trials_[best.number - stride].value);
      if (place + 1 < count && trials_[best.number + stride].value)
        values.push_back(*trials_[best.number + stride].value);
      stride *= count;
    }
    if (values.empty()) return {};
    return {{"count", values.size()},
            {"best", *best.value},
            {"median", told(median(values))},
            {"least", *std::ranges::min_element(values)}};
  }

  ordered_json stability() const {
    ordered_json out = ordered_json::array();
    for (const auto* parameters : {&spec_.grid, &spec_.drawn}) {
      for (const SweepParameter& one : *parameters) {
        ordered_json lines = ordered_json::array();
        for (const std::string& value : one.values) {
          std::vector<double> of;
          for (const Trial& trial : trials_) {
            if (trial.value && trial.values.at(one.key) == value) of.push_back(*trial.value);
          }
          if (of.empty()) continue;
          const auto positive = std::ranges::count_if(of, [](double v) { return v > 0; });
          lines.push_back({{"value", value},
                           {"trials", of.size()},
                           {"median", told(median(of))},
                           {"least", *std::ranges::min_element(of)},
                           {"most", *std::ranges::max_element(of)},
                           {"above_zero", positive}});
        }
        out.push_back({{"key", one.key}, {"values", std::move(lines)}});
      }
    }
    return out;
  }

  ordered_json walk_forward() const {
    ordered_json windows = ordered_json::array();
    Decimal profit;
    double trained = 0;
    double tested = 0;
    const std::size_t count = segments_.size() / 2;
    for (std::size_t window = 0; window < count; ++window) {
      const Trial* chosen = nullptr;
      double chosen_train = 0;
      double chosen_test = 0;
      std::vector<double> tests;
      for (const Trial& trial : trials_) {
        const auto train = value_of(spec_.objective, trial.runs(segments_, Kind::Train, window));
        const auto test = value_of(spec_.objective, trial.runs(segments_, Kind::Test, window));
        if (!train || !test) continue;
        tests.push_back(*test);
        if (chosen != nullptr && chosen_train >= *train) continue;
        chosen = &trial;
        chosen_train = *train;
        chosen_test = *test;
      }
      if (chosen == nullptr) continue;
      const Decimal made = profit_of(chosen->runs(segments_, Kind::Test, window));
      profit += made;
      trained += chosen_train;
      tested += chosen_test;
      windows.push_back(
          {{"train_from", format_rfc3339(segments_[2 * window].from)},
           {"test_from", format_rfc3339(segments_[2 * window + 1].from)},
           {"test_to", format_rfc3339(segments_[2 * window + 1].to)},
           {"trial", chosen->number},
           {"values", chosen->values},
           {"train", chosen_train},
           {"test", chosen_test},
           {"test_median", told(median(tests))},
           {"rank", 1 + std::ranges::count_if(tests, [&](double t) { return t > chosen_test; })},
           {"of", tests.size()},
           {"profit", made.to_string()}});
    }
    ordered_json out{{"windows", std::move(windows)}, {"profit", profit.to_string()}};
    out["efficiency"] = trained > 0 ? ordered_json(tested / trained) : ordered_json();
    return out;
  }

  const SweepSpec& spec_;
  const std::vector<SweepSegment>& segments_;
  bool forward_;
  std::vector<Trial> trials_;
  std::vector<const Trial*> ranked_;
  std::size_t failed_ = 0, missing_ = 0;
  std::string first_error_;
};

std::string shown(const ordered_json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? fmt::format("{:.6g}", value.get<double>()) : value.dump();
}

std::string values_text(const ordered_json& values) {
  std::string out;
  for (const auto& [key, value] : values.items())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key.substr(key.rfind('.') + 1),
                       shown(value));
  return out;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

ordered_json sweep_report(const SweepSpec& spec, const std::vector<SweepSegment>& segments,
                          const std::map<std::size_t, SweepRun>& runs) {
  return Report(spec, segments, runs).json();
}

std::string sweep_text(const ordered_json& r) {
  const bool forward = r.contains("walk_forward");
  std::string out =
      fmt::format("SWEEP of {} trials by {}: {} told, {} failed, {} not run\n", shown(r["trials"]),
                  shown(r["objective"]), shown(r["told"]), shown(r["failed"]), shown(r["missing"]));
  if (const std::string why = shown(r["first_error"]); !why.empty())
    out += "first failure: " + why + "\n";
  out += fmt::format(
      "\n{:>7}{:>14}{}{:>16}{:>8}{:>12}  {}\n", "trial", forward ? "train" : shown(r["objective"]),
      forward ? fmt::format("{:>14}", "test") : "", "profit", "trades", "drawdown", "values");
  for (std::size_t n = 0; n < std::min(r["list"].size(), shown_most); ++n) {
    const ordered_json& row = r["list"][n];
    out += fmt::format(
        "{:>7}{:>14}{}{:>16}{:>8}{:>12}  {}\n", shown(row["trial"]), shown(row["value"]),
        forward ? fmt::format("{:>14}", shown(row["test"])) : "", shown(row["profit"]),
        shown(row["trades"]), shown(row["deepest_drawdown"]), values_text(row["values"]));
  }
  if (const ordered_json& d = r["deflated_sharpe"]; !d.is_null()) {
    out += fmt::format(
        "\ntrial {} has the best Sharpe ratio, {} a return, of {} returns; the best of {} trials "
        "without any skill would have {}: with a probability of {} there is some\n",
        shown(d["trial"]), shown(d["sharpe"]), shown(d["returns"]), shown(d["trials"]),
        shown(d["expected_best_of_luck"]), shown(d["probability"]));
  }
  if (const ordered_json& n = r["neighbours"]; !n.is_null()) {
    out += fmt::format("the best has {}, its {} neighbours {} in the middle and {} at least\n",
                       shown(n["best"]), shown(n["count"]), shown(n["median"]), shown(n["least"]));
  }
  out += fmt::format("\n{:<36}{:>14}{:>8}{:>14}{:>14}{:>14}{:>12}\n", "key", "value", "trials",
                     "median", "least", "most", "above 0");
  for (const ordered_json& key : r["stability"]) {
    for (const ordered_json& line : key["values"])
      out += fmt::format("{:<36}{:>14}{:>8}{:>14}{:>14}{:>14}{:>12}\n", shown(key["key"]),
                         shown(line["value"]), shown(line["trials"]), shown(line["median"]),
                         shown(line["least"]), shown(line["most"]), shown(line["above_zero"]));
  }
  if (!forward) return out;
  const ordered_json& w = r["walk_forward"];
  out += fmt::format("\n{:<21}{:<21}{:>7}{:>14}{:>14}{:>14}{:>9}{:>16}\n", "test from", "to",
                     "trial", "train", "test", "test median", "rank", "profit");
  for (const ordered_json& line : w["windows"]) {
    out += fmt::format("{:<21}{:<21}{:>7}{:>14}{:>14}{:>14}{:>9}{:>16}\n",
                       shown(line["test_from"]).substr(0, 19), shown(line["test_to"]).substr(0, 19),
                       shown(line["trial"]), shown(line["train"]), shown(line["test"]),
                       shown(line["test_median"]), shown(line["rank"]) + "/" + shown(line["of"]),
                       shown(line["profit"]));
  }
  out += fmt::format(
      "chosen by each window before and traded in the next: profit {}, {} of what the "
      "choice promised\n",
      shown(w["profit"]), shown(w["efficiency"]));
  return out;
}

std::string sweep_csv(const SweepSpec& spec, const std::vector<SweepSegment>& segments,
                      const std::map<std::size_t, SweepRun>& runs) {
  constexpr std::array figures{"profit",    "count",        "won",
                               "lost",      "seen",         "sent",
                               "completed", "total_return", "deepest_drawdown"};
  std::string out = "run,trial,segment,window,from,to";
  for (const auto* parameters : {&spec.grid, &spec.drawn}) {
    for (const SweepParameter& one : *parameters) out += "," + csv_field(one.key);
  }
  for (const char* figure : figures) out += fmt::format(",{}", figure);
  out += ",sharpe,error\n";
  for (const auto& [number, run] : runs) {
    const SweepSegment& segment = segments[number % segments.size()];
    out += fmt::format("{},{},{},{},{},{}", number, number / segments.size(), name(segment.kind),
                       segment.window, format_rfc3339(segment.from), format_rfc3339(segment.to));
    for (const auto* parameters : {&spec.grid, &spec.drawn}) {
      for (const SweepParameter& one : *parameters) {
        const auto value = run.values.find(one.key);
        out += "," + (value == run.values.end() ? std::string() : csv_field(value->second));
      }
    }
    for (const char* figure : figures) {
      const auto found = run.summary.find(figure);
      out += "," + (run.summary.is_object() && found != run.summary.end() && !found->is_null()
                        ? csv_field(found->is_string() ? found->get<std::string>() : found->dump())
                        : std::string());
    }
    const auto sharpe = run.returns.sharpe();
    out += fmt::format(",{},{}\n", sharpe ? fmt::format("{}", *sharpe) : "", csv_field(run.error));
  }
  return out;
}

}  // namespace ats::services

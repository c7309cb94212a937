#include "services/risk_var.hpp"

#include <algorithm>

#include "base/decimal.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t backtest_window = 250;

std::string name_of(AssetId asset, const Universe& universe) {
  return std::string(universe.asset(asset).name.view());
}
std::string share_text(Rate rate) { return format_scaled_short(rate.ppb, 9); }

std::optional<Rate> rate_of(const json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto ppb = parse_scaled(value.get<std::string>(), 9);
  if (!ppb) return std::nullopt;
  return Rate{*ppb};
}

ordered_json tail_json(const core::Tail& tail) {
  return {{"var", tail.value_at_risk}, {"es", tail.shortfall}};
}
template <class Of>
ordered_json tails_json(Rate confidence, const Of& of) {
  return {{"confidence", share_text(confidence)},
          {"historical", tail_json(of.historical)},
          {"ewma", tail_json(of.ewma)},
          {"student", tail_json(of.student)}};
}

ordered_json refused_json(const core::VarRefused& refused, const Universe& universe) {
  ordered_json out{{"why", name(refused.why)},
                   {"observations", refused.observations},
                   {"needed", refused.needed}};
  if (refused.fewest.valid()) out["fewest"] = name_of(refused.fewest, universe);
  return out;
}

// The parts of the same asset or venue at every confidence.
ordered_json parts_json(const std::vector<core::ValueAtRisk>& all,
                        std::vector<core::VarPart> core::ValueAtRisk::*parts,
                        const Universe& universe) {
  ordered_json out = ordered_json::array();
  for (const core::VarPart& part : all.back().*parts) {
    ordered_json line;
    if (part.asset.valid()) {
      line["asset"] = name_of(part.asset, universe);
      line["worth"] = part.worth;
      line["volatility"] = part.volatility;
    } else {
      line["venue"] = universe.venue(part.venue).name.view();
      line["worth"] = part.worth;
    }
    line["measures"] = ordered_json::array();
    for (const core::ValueAtRisk& one : all) {
      for (const core::VarPart& same : one.*parts) {
        if (same.asset != part.asset || same.venue != part.venue) continue;
        line["measures"].push_back(tails_json(one.confidence, same));
      }
    }
    out.push_back(std::move(line));
  }
  return out;
}

ordered_json correlations_json(const core::ValueAtRisk& of, const Universe& universe) {
  ordered_json names = ordered_json::array(), rows = ordered_json::array();
  std::size_t shown = 0;
  while (shown * shown < of.correlations.size()) ++shown;
  for (std::size_t a = 0; a < shown; ++a) {
    names.push_back(name_of(of.assets[a].asset, universe));
    ordered_json row = ordered_json::array();
    for (std::size_t b = 0; b < shown; ++b) row.push_back(of.correlations[a * shown + b]);
    rows.push_back(std::move(row));
  }
  return {{"assets", names}, {"rows", rows}};
}

}  // namespace

json VarQuestion::json() const {
  nlohmann::json out{{"command", "risk"},
                     {"what", "var"},
                     {"horizon_s", horizon.ns / seconds(1).ns},
                     {"degrees", share_text(degrees)},
                     {"of", traded ? "traded" : "held"},
                     {"losses", losses}};
  for (const Rate confidence : confidences) out["confidence"].push_back(share_text(confidence));
  if (decay) out["decay"] = share_text(*decay);
  if (bar) out["bar_s"] = bar->ns / seconds(1).ns;
  return out;
}

std::optional<VarQuestion> VarQuestion::parse(const nlohmann::json& request) {
  constexpr std::size_t confidences_max = 8;
  constexpr std::int64_t horizon_max = 366 * 86'400;
  VarQuestion out;
  const auto whole = [&](const char* key, std::int64_t most) -> std::optional<std::int64_t> {
    if (!request[key].is_number_integer()) return std::nullopt;
    const auto number = request[key].get<std::int64_t>();
    return number > 0 && number <= most ? std::optional(number) : std::nullopt;
  };
  if (request.contains("confidence")) {
    const nlohmann::json& list = request["confidence"];
    if (!list.is_array() || list.empty() || list.size() > confidences_max) return std::nullopt;
    out.confidences.clear();
    for (const nlohmann::json& item : list) {
      const auto rate = rate_of(item);
      if (!rate || rate->ppb < Rate::one / 2 || rate->ppb > 9'999 * (Rate::one / 10'000)) {
        return std::nullopt;
      }
      out.confidences.push_back(*rate);
    }
    std::sort(out.confidences.begin(), out.confidences.end());
  }
  if (request.contains("horizon_s")) {
    const auto number = whole("horizon_s", horizon_max);
    if (!number) return std::nullopt;
    out.horizon = seconds(*number);
  }
  if (request.contains("decay")) {
    out.decay = rate_of(request["decay"]);
    if (!out.decay || out.decay->ppb <= 0 || out.decay->ppb > Rate::one) return std::nullopt;
  }
  if (request.contains("degrees")) {
    const auto rate = rate_of(request["degrees"]);
    if (!rate || *rate <= Rate{2 * Rate::one} || *rate > Rate{1'000 * Rate::one}) {
      return std::nullopt;
    }
    out.degrees = *rate;
  }
  if (request.contains("bar_s")) {
    const auto number = whole("bar_s", horizon_max);
    if (!number) return std::nullopt;
    out.bar = seconds(*number);
  }
  out.traded = request.contains("of") && request["of"] == "traded";
  out.losses = request.contains("losses") && request["losses"] == true;
  return out;
}

double VarQuestion::decay_for(Duration of) const {
  if (decay) return static_cast<double>(decay->ppb) / 1e9;
  return of >= hours(24) ? 0.94 : 0.99;
}

ordered_json var_json(const VarQuestion& question, std::span<const core::Position> positions,
                      const core::PriceBars& bars, AssetId reporting, WallTime as_of,
                      const Universe& universe) {
  const auto assets = core::assets_at_risk(positions, reporting);
  const core::ReturnTable table = bars.returns(assets);
  core::VarRules rules;
  rules.horizon = question.horizon;
  rules.decay = question.decay_for(table.bar);
  rules.degrees = static_cast<double>(question.degrees.ppb) / 1e9;
  rules.reporting = reporting;

  ordered_json out{{"in", reporting.valid() ? json(name_of(reporting, universe)) : json(nullptr)},
                   {"of", question.traded ? "traded" : "held"},
                   {"as_of", format_rfc3339(as_of)},
                   {"horizon_s", question.horizon.ns / seconds(1).ns},
                   {"bar_s", table.bar.ns / seconds(1).ns},
                   {"decay", rules.decay},
                   {"degrees", rules.degrees}};
  std::vector<core::ValueAtRisk> all;
  ordered_json measures = ordered_json::array();
  for (const Rate confidence : question.confidences) {
    rules.confidence = confidence;
    auto told = core::value_at_risk(positions, table, rules);
    if (told) {
      measures.push_back(tails_json(confidence, *told));
      all.push_back(std::move(*told));
    } else {
      measures.push_back({{"confidence", share_text(confidence)},
                          {"refused", refused_json(told.error(), universe)}});
    }
  }
  out["measures"] = measures;
  if (all.empty()) return out;

  const core::ValueAtRisk& of = all.back();
  out["scaled_by"] = of.scale;
  out["observations"] = of.observations;
  out["left_out"] = of.left_out;
  out["last_bar_end"] = format_rfc3339(of.last_end);
  out["worth"] = of.worth;
  out["volatility"] = of.volatility;
  out["assets"] = parts_json(all, &core::ValueAtRisk::assets, universe);
  out["venues"] = parts_json(all, &core::ValueAtRisk::venues, universe);
  out["correlations"] = correlations_json(of, universe);
  out["not_counted"] = ordered_json::array();
  for (const core::ValueAtRisk::Left& left : of.not_counted) {
    out["not_counted"].push_back({{"asset", name_of(left.asset, universe)},
                                  {"why", name(left.why)},
                                  {"worth", left.worth},
                                  {"returns", left.returns}});
  }
  if (question.losses) {
    // Of what counts: a position without a past has no losses.
    std::vector<core::Position> counted;
    for (const core::Position& position : positions) {
      const auto counts = std::any_of(of.assets.begin(), of.assets.end(), [&](const auto& part) {
        return part.asset == position.asset;
      });
      if (counts) counted.push_back(position);
    }
    out["losses"] = core::past_losses(counted, table, reporting);
  }
  return out;
}

void add_backtest(const VarQuestion& question, ordered_json& answer) {
  if (!answer.contains("losses")) return;
  const auto losses = answer["losses"].get<std::vector<double>>();
  answer.erase("losses");
  answer["backtest"] = ordered_json::array();
  core::BacktestRules rules;
  rules.window = backtest_window;
  rules.decay = answer["decay"].get<double>();
  rules.degrees = answer["degrees"].get<double>();
  for (const Rate confidence : question.confidences) {
    rules.confidence = confidence;
    for (std::size_t m = 0; m < core::var_method_count; ++m) {
      const auto method = static_cast<core::VarMethod>(m);
      const core::Kupiec test = core::backtest(losses, method, rules);
      answer["backtest"].push_back({{"confidence", share_text(confidence)},
                                    {"method", name(method)},
                                    {"window", rules.window},
                                    {"observations", test.observations},
                                    {"breaches", test.breaches},
                                    {"expected", test.expected},
                                    {"p_value", test.p_value},
                                    {"rejected", test.observations > 0 && test.rejected()}});
    }
  }
}

}  // namespace ats::services

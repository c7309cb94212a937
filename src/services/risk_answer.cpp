#include "services/risk_answer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "services/config_keys.hpp"
#include "services/price_file.hpp"
#include "services/risk_var.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string wrong(const std::string& what) { return json{{"ok", false}, {"error", what}}.dump(); }

json amount(const std::optional<Decimal>& of) { return of ? json(of->to_string()) : json(nullptr); }

json time_json(WallTime at) { return at.told() ? json(format_rfc3339(at)) : json(nullptr); }

ordered_json profit_json(const core::Profit& of) {
  return {{"total", of.total.to_string()},
          {"realised", of.realised.to_string()},
          {"unrealised", of.unrealised().to_string()},
          {"trades", of.trades}};
}

bool anything(const core::Profit& of) {
  return !of.total.is_zero() || !of.realised.is_zero() || of.trades != 0;
}

class Spell {
 public:
  Spell(const core::RiskReport& report, const Universe& universe) : r_(report), u_(universe) {}

  ordered_json all() const {
    ordered_json out{{"in", r_.reporting.valid() ? json(asset(r_.reporting)) : json(nullptr)},
                     {"as_of", time_json(r_.as_of)},
                     {"calendar", "UTC days, ISO 8601 weeks, calendar months"},
                     {"marks", "mid prices of Valid books; else the last one, with its age"},
                     {"equity", r_.equity.to_string()},
                     {"gross", r_.gross.to_string()},
                     {"net", r_.net.to_string()},
                     {"unmarked", r_.unmarked}};
    for (const char* list : {"positions", "traded", "exposures"}) out[list] = ordered_json::array();
    for (const core::Position& p : r_.positions) out["positions"].push_back(position(p));
    for (const core::Position& p : r_.traded) out["traded"].push_back(position(p));
    for (const auto& e : r_.exposures) out["exposures"].push_back(exposure(e));
    out["profit"] = profit();
    return out;
  }

 private:
  std::string venue(VenueId id) const { return std::string(u_.venue(id).name.view()); }
  std::string asset(AssetId id) const { return std::string(u_.asset(id).name.view()); }

  ordered_json position(const core::Position& p) const {
    ordered_json out{{"venue", venue(p.venue)},
                     {"asset", asset(p.asset)},
                     {"held", p.held.to_string()},
                     {"worth", amount(p.worth)}};
    for (const auto& e : r_.exposures) {
      if (e.asset == p.asset) add_mark(out, e.mark);
    }
    return out;
  }

  static void add_mark(ordered_json& out, const core::MarkedAt& mark) {
    out["mark"] = amount(mark.price);
    out["fresh"] = mark.fresh;
    out["age_ms"] = mark.price ? json(mark.age.ns / 1'000'000) : json(nullptr);
  }

  ordered_json exposure(const core::RiskReport::Exposure& e) const {
    ordered_json out{{"asset", asset(e.asset)},
                     {"held", e.held.to_string()},
                     {"worth", amount(e.worth)},
                     {"change", e.change.to_string()},
                     {"change_worth", amount(e.change_worth)}};
    add_mark(out, e.mark);
    return out;
  }

  template <class Name>
  static ordered_json lines(const char* key, const std::vector<core::Profit>& of, Name&& name) {
    ordered_json out = ordered_json::array();
    for (std::size_t n = 0; n < of.size(); ++n) {
      if (!anything(of[n])) continue;
      ordered_json line{{key, name(n)}};
      line.update(profit_json(of[n]));
      out.push_back(std::move(line));
    }
    return out;
  }

  ordered_json table(const core::ProfitTable& of) const {
    ordered_json out = profit_json(of.all);
    out["complete"] = of.complete;
    out["venues"] = lines("venue", of.venues,
                          [&](std::size_t n) { return venue({static_cast<VenueId::rep>(n)}); });
    out["assets"] = lines("asset", of.assets, [&](std::size_t n) {
      return n < u_.assets().size() ? asset({static_cast<AssetId::rep>(n)}) : std::string("-");
    });
    out["strategies"] = lines("strategy", of.strategies, [&](std::size_t n) {
      return std::string(n < strategy_count ? ats::name(static_cast<Strategy>(n)) : "-");
    });
    out["residue"] = {
        {"venues", core::ProfitTable::residue(of.all, of.venues).to_string()},
        {"assets", core::ProfitTable::residue(of.all, of.assets).to_string()},
        {"strategies", core::ProfitTable::residue(of.all, of.strategies).to_string()}};
    return out;
  }

  ordered_json profit() const {
    const core::ProfitReport& p = r_.profit;
    ordered_json out;
    for (std::size_t n = 0; n < core::period_count; ++n) {
      const auto period = static_cast<core::Period>(n);
      ordered_json& line = out[core::name(period)];
      line["period"] = p.since.told() ? json(core::text_of(period, p.current[n].number)) : json();
      line["from"] = time_json(p.current[n].opened);
      line.update(table(p.current[n].profit));
    }
    out["ever"] = {{"from", time_json(p.since)}};
    out["ever"].update(table(p.ever));
    out["days"] = ordered_json::array();
    for (const auto& day : p.days) {
      ordered_json line{{"day", core::text_of(core::Period::Day, day.number)}};
      line.update(profit_json(day.profit));
      out["days"].push_back(std::move(line));
    }
    out["peak"] = p.peak.to_string();
    out["drawdown"] = p.drawdown.to_string();
    out["losses_in_a_row"] = p.losses_in_a_row;
    out["resolved_unmarked"] = p.unmarked;
    out["resolved_in_another_asset"] = p.elsewhere;
    return out;
  }

  const core::RiskReport& r_;
  const Universe& u_;
};

std::string answer_var(const core::RiskReport& report, const core::PriceHistory& prices,
                       const Universe& universe, const json& request) {
  const auto question = VarQuestion::parse(request);
  if (!question) return wrong("not a question for the value at risk");
  const auto& positions = question->traded ? report.traded : report.positions;
  const auto assets = core::assets_at_risk(positions, report.reporting);
  const std::size_t least = core::least_observations(question->confidences.back());
  const core::PriceBars* bars = &prices.choose(assets, question->horizon, least);
  if (question->bar) {
    bars = nullptr;
    for (std::size_t n = 0; n < core::PriceHistory::cadences; ++n) {
      if (prices.bars(n).bar() == *question->bar) bars = &prices.bars(n);
    }
  }
  if (bars == nullptr) return wrong("bars of a minute, an hour or a day are kept");
  return var_json(*question, positions, *bars, report.reporting, report.as_of, universe).dump();
}

std::string answer_stress(const core::RiskReport& report, const Universe& universe,
                          const core::StressRules& rules, const json& request) {
  auto scenarios = core::scenarios_for(report.positions, universe, rules);
  const std::string asked = request.value("scenario", std::string());
  if (!asked.empty()) {
    std::string known;
    std::optional<core::Scenario> chosen;
    for (const core::Scenario& scenario : scenarios) {
      if (scenario.name == asked) chosen = scenario;
      known += (known.empty() ? "" : ", ") + scenario.name;
    }
    if (core::Scenario spelt; !chosen && parse_scenario(asked, spelt)) chosen = spelt;
    if (!chosen) {
      return wrong("no scenario '" + asked + "'; there are " + known +
                   ", or spell one out: \"crash coins -0.5 USDT -0.1\"");
    }
    scenarios = {*chosen};
  }
  return stress_json(core::stress_all(scenarios, report.positions, universe, rules), report,
                     universe)
      .dump();
}

std::string answer_closes(const core::PriceHistory& prices, const Universe& universe,
                          const json& request) {
  const auto bar = request.value("bar_s", std::int64_t{60});
  for (std::size_t n = 0; n < core::PriceHistory::cadences; ++n) {
    const core::PriceBars& bars = prices.bars(n);
    if (bars.bar() != seconds(bar)) continue;
    ordered_json out{{"bar_s", bar}, {"closes", ordered_json::object()}};
    for (std::size_t a = 0; a < universe.assets().size(); ++a) {
      const AssetId asset{static_cast<AssetId::rep>(a)};
      const auto closes = bars.closes(asset);
      if (closes.empty()) continue;
      ordered_json& list = out["closes"][std::string(universe.asset(asset).name.view())];
      for (const auto& close : closes) {
        list.push_back(ordered_json::array({close.end.ns_utc / seconds(1).ns, close.close}));
      }
    }
    return out.dump();
  }
  return wrong("bars of a minute, an hour or a day are kept");
}

}  // namespace

ordered_json risk_status_json(const core::RiskReport& report, const Universe& universe) {
  return Spell(report, universe).all();
}

ordered_json stress_json(const std::vector<core::StressResult>& results,
                         const core::RiskReport& report, const Universe& universe) {
  ordered_json out{
      {"in", report.reporting.valid() ? json(universe.asset(report.reporting).name.view())
                                      : json(nullptr)},
      {"as_of", time_json(report.as_of)},
      {"equity", report.equity.to_string()},
      {"scenarios", ordered_json::array()}};
  for (const core::StressResult& result : results) {
    ordered_json line{{"scenario", result.name},
                      {"what", result.what},
                      {"loss", result.loss.to_string()},
                      {"not_counted", result.not_counted}};
    line["assets"] = line["venues"] = ordered_json::array();
    for (const core::StressLoss& l : result.assets) {
      line["assets"].push_back(
          {{"asset", universe.asset(l.asset).name.view()}, {"loss", l.loss.to_string()}});
    }
    for (const core::StressLoss& l : result.venues) {
      line["venues"].push_back(
          {{"venue", universe.venue(l.venue).name.view()}, {"loss", l.loss.to_string()}});
    }
    out["scenarios"].push_back(std::move(line));
  }
  return out;
}

std::string answer_risk(const core::RiskReport& report, const core::PriceHistory& prices,
                        const Universe& universe, const core::StressRules& rules,
                        const json& request) {
  const auto found = request.find("what");
  const std::string what =
      found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
  if (what == "status") return risk_status_json(report, universe).dump();
  if (what == "var") return answer_var(report, prices, universe, request);
  if (what == "stress") {
    if (request.contains("scenario") && !request["scenario"].is_string()) {
      return wrong("not a question for a scenario");
    }
    return answer_stress(report, universe, rules, request);
  }
  if (what == "closes") {
    if (request.contains("bar_s") && !request["bar_s"].is_number_integer()) {
      return wrong("bars of a minute, an hour or a day are kept");
    }
    return answer_closes(prices, universe, request);
  }
  return wrong("no such question: " + what);
}

}  // namespace ats::services

#include "services/risk_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/decimal.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

std::string text_of(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : std::string("-");
}
// To the nearest, for people.
std::string rounded(const ordered_json& value, int decimals) {
  if (!value.is_string()) return "-";
  const auto exact = Decimal::parse(value.get<std::string>());
  if (!exact) return value.get<std::string>();
  const auto nearest = exact->checked_add(Decimal::from_scaled(5, decimals + 1));
  return nearest ? nearest->floor_to(decimals).to_fixed(decimals) : value.get<std::string>();
}
// Without the noughts at the end.
std::string short_text(const ordered_json& value, int decimals) {
  if (!value.is_string()) return "-";
  const auto exact = Decimal::parse(value.get<std::string>());
  return exact ? exact->floor_to(decimals).to_string() : value.get<std::string>();
}
std::string number(const ordered_json& value) {
  if (!value.is_number()) return "-";
  std::string text = fmt::format("{:.2f}", value.get<double>());
  return text == "-0.00" ? "0.00" : text;
}
std::string percent(const ordered_json& value) {
  return value.is_number() ? fmt::format("{:.2f} %", value.get<double>() * 100) : std::string("-");
}
std::string confidence(const ordered_json& of) {
  const auto share = parse_scaled(text_of(of["confidence"]), 9);
  return share ? format_scaled_short(*share, 7) + " %" : std::string("-");
}
std::string span_text(std::int64_t s) {
  if (s % 86'400 == 0) return fmt::format("{} d", s / 86'400);
  if (s % 3'600 == 0) return fmt::format("{} h", s / 3'600);
  if (s % 60 == 0) return fmt::format("{} min", s / 60);
  return fmt::format("{} s", s);
}
std::string age_text(const ordered_json& of) {
  if (!of["age_ms"].is_number()) return "never marked";
  if (of["fresh"].get<bool>()) return "fresh";
  return span_text(of["age_ms"].get<std::int64_t>() / 1'000) + " old";
}
std::string second_of(const ordered_json& time) {
  const std::string text = text_of(time);
  return text.size() > 19 ? text.substr(0, 19) + "Z" : text;
}

class Page {
 public:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// --- status ---

void holdings(Page& page, const ordered_json& t) {
  const std::string in = text_of(t["in"]);
  page.line("as of {}; marks are {}\n", second_of(t["as_of"]), text_of(t["marks"]));
  page.line("{:<12}{:<8}{:>24}{:>18}{:>14}{:>18}", "venue", "asset", "held", "mark", "",
            in + " worth");
  for (const ordered_json& p : t["positions"]) {
    page.line("{:<12}{:<8}{:>24}{:>18}{:>14}{:>18}", text_of(p["venue"]), text_of(p["asset"]),
              short_text(p["held"], 8), short_text(p["mark"], 8), age_text(p),
              rounded(p["worth"], 2));
  }
  page.line("\n{:<12}{:<8}{:>24}{:>18}{:>32}{:>18}", "exposure", "asset", "held", in + " worth",
            "changed by trading", in + " worth");
  for (const ordered_json& e : t["exposures"]) {
    page.line("{:<12}{:<8}{:>24}{:>18}{:>32}{:>18}", "", text_of(e["asset"]),
              short_text(e["held"], 8), rounded(e["worth"], 2), short_text(e["change"], 8),
              rounded(e["change_worth"], 2));
  }
  page.line("\nall that is held: {} {}; open by trading, {} aside: gross {}, net {}",
            rounded(t["equity"], 2), in, in, rounded(t["gross"], 2), rounded(t["net"], 2));
  const auto unmarked = t["unmarked"].get<std::uint64_t>();
  if (unmarked > 0) page.line("{} assets have no mark and count as nothing", unmarked);
}

constexpr const char* columns[] = {"day", "week", "month", "ever"};

// A line's figure in each of the columns.
void profit_line(Page& page, const std::string& title, const ordered_json& profit, const char* list,
                 const char* key, const std::string& name, const char* figure) {
  std::string line = fmt::format("{:<24}", title);
  for (const char* column : columns) {
    std::string cell = "-";
    const ordered_json& at = profit[column];
    if (list == nullptr) {
      cell = at[figure].is_string() ? rounded(at[figure], 2) : at[figure].dump();
    } else {
      for (const ordered_json& of : at[list]) {
        if (text_of(of[key]) == name) cell = rounded(of[figure], 2);
      }
    }
    line += fmt::format("{:>22}", cell);
  }
  page.line("{}", line);
}

void division(Page& page, const ordered_json& profit, const char* list, const char* key) {
  for (const ordered_json& of : profit["ever"][list]) {
    const std::string name = text_of(of[key]);
    const std::string title = name == "-" ? fmt::format("no {} is known", key) : name;
    profit_line(page, title, profit, list, key, name, "total");
    profit_line(page, "  of that realised", profit, list, key, name, "realised");
  }
}

void profits(Page& page, const ordered_json& t) {
  const ordered_json& p = t["profit"];
  page.line("\nprofit and loss in {}; {}", text_of(t["in"]), text_of(t["calendar"]));
  page.line("{:<24}{:>22}{:>22}{:>22}{:>22}", "", text_of(p["day"]["period"]),
            text_of(p["week"]["period"]), text_of(p["month"]["period"]),
            "from " + text_of(p["ever"]["from"]).substr(0, 10));
  profit_line(page, "total", p, nullptr, "", "", "total");
  profit_line(page, "  realised", p, nullptr, "", "", "realised");
  profit_line(page, "  unrealised", p, nullptr, "", "", "unrealised");
  profit_line(page, "trades", p, nullptr, "", "", "trades");
  for (const auto& [list, key] :
       {std::pair{"venues", "venue"}, std::pair{"assets", "asset"}, {"strategies", "strategy"}}) {
    if (p["ever"][list].empty()) continue;
    page.line("by {}", key);
    division(page, p, list, key);
  }
  page.line("\npeak {}, {} below it; {} losing trades in a row", rounded(p["peak"], 2),
            rounded(p["drawdown"], 2), p["losses_in_a_row"].get<std::uint64_t>());
  if (!p["ever"]["complete"].get<bool>()) {
    page.line("not every mark is fresh: totals are by the last ones");
  }
  const auto unmarked = p["resolved_unmarked"].get<std::uint64_t>();
  if (unmarked > 0) page.line("in {} trades an asset without a mark counts as nothing", unmarked);
  const auto elsewhere = p["resolved_in_another_asset"].get<std::uint64_t>();
  if (elsewhere > 0) {
    page.line("{} trades were counted in another reporting asset and are not realised here",
              elsewhere);
  }
}

// Of a risk role: each engine's as one number.
void profits_of_engines(Page& page, const ordered_json& t) {
  page.line("\n{:<32}{:>22}", "engine", text_of(t["in"]) + " made");
  for (const ordered_json& e : t["engines"])
    page.line("{:<32}{:>22}{}", text_of(e["engine"]), rounded(e["profit"], 2),
              e["silent"].get<bool>() ? "  SILENT: as it was last told" : "");
}

// --- value at risk ---

void measures(Page& page, const ordered_json& t) {
  page.line("{:<34}{:>14}{:>18}{:>18}", "method", "confidence", "VaR", "ES");
  const std::string decay = fmt::format("{:.4g}", t["decay"].get<double>());
  const std::string degrees = fmt::format("{:.4g}", t["degrees"].get<double>());
  const std::pair<const char*, std::string> methods[] = {
      {"historical", "historical"},
      {"ewma", "ewma " + decay + ", normal"},
      {"student", "ewma " + decay + ", Student's t, " + degrees + " deg."}};
  for (const auto& [key, title] : methods) {
    for (const ordered_json& m : t["measures"]) {
      if (m.contains("refused")) continue;
      page.line("{:<34}{:>14}{:>18}{:>18}", title, confidence(m), number(m[key]["var"]),
                number(m[key]["es"]));
    }
  }
  for (const ordered_json& m : t["measures"]) {
    if (!m.contains("refused")) continue;
    const ordered_json& r = m["refused"];
    page.line("no measure at {}: {} ({} there, {} needed{})", confidence(m), text_of(r["why"]),
              r["observations"].get<std::uint64_t>(), r["needed"].get<std::uint64_t>(),
              r.contains("fewest") ? ", fewest of " + text_of(r["fewest"]) : "");
  }
}

void parts(Page& page, const ordered_json& t, const char* list, const char* key) {
  page.line("\n{:<12}{:>18}{:>14}{:>18}{:>18}{:>18}{:>18}", key, text_of(t["in"]) + " worth",
            std::string(key) == "asset" ? "volatility" : "", "VaR historical", "ES historical",
            "VaR ewma", "ES ewma");
  for (const ordered_json& part : t[list]) {
    const ordered_json& m = part["measures"].back();
    page.line("{:<12}{:>18}{:>14}{:>18}{:>18}{:>18}{:>18}", text_of(part[key]),
              number(part["worth"]),
              part.contains("volatility") ? percent(part["volatility"]) : std::string(),
              number(m["historical"]["var"]), number(m["historical"]["es"]),
              number(m["ewma"]["var"]), number(m["ewma"]["es"]));
  }
}

void correlations(Page& page, const ordered_json& c) {
  if (c["assets"].size() < 2) return;
  std::string head = fmt::format("\n{:<12}", "correlation");
  for (const ordered_json& name : c["assets"]) head += fmt::format("{:>8}", text_of(name));
  page.line("{}", head);
  for (std::size_t n = 0; n < c["assets"].size(); ++n) {
    std::string line = fmt::format("{:<12}", text_of(c["assets"][n]));
    for (const ordered_json& of : c["rows"][n]) line += fmt::format("{:>8}", number(of));
    page.line("{}", line);
  }
}

void backtests(Page& page, const ordered_json& tests) {
  page.line("\nback-test: each bar's loss against the measure of the {} bars before it",
            tests.empty() ? 0 : tests[0]["window"].get<std::uint64_t>());
  for (const ordered_json& b : tests) {
    const auto observations = b["observations"].get<std::uint64_t>();
    if (observations == 0) {
      page.line("too few bars for one");
      return;
    }
    page.line("{:<12}{:>10}  broken {} times of {}, {:.1f} expected; p {:.3f}: {}",
              text_of(b["method"]), confidence(b), b["breaches"].get<std::uint64_t>(), observations,
              b["expected"].get<double>(), b["p_value"].get<double>(),
              b["rejected"].get<bool>() ? "REJECTED at the 5 % level" : "not rejected");
  }
}

}  // namespace

std::string risk_status_text(const ordered_json& told) {
  Page page;
  holdings(page, told);
  told.contains("profit") ? profits(page, told) : profits_of_engines(page, told);
  return page.take();
}

std::string var_text(const ordered_json& t) {
  Page page;
  page.line("what {} may lose within {}, in {}; positions of {}",
            t["of"] == "traded" ? "trading has changed" : "is held",
            span_text(t["horizon_s"].get<std::int64_t>()), text_of(t["in"]), second_of(t["as_of"]));
  if (t.contains("observations")) {
    page.line("from {} bars of {} up to {}{}, times {:.4g} (root of horizon / bar)",
              t["observations"].get<std::uint64_t>(), span_text(t["bar_s"].get<std::int64_t>()),
              second_of(t["last_bar_end"]),
              t["left_out"] == 0
                  ? std::string()
                  : fmt::format(", {} more left out for a gap", t["left_out"].get<std::uint64_t>()),
              t["scaled_by"].get<double>());
  } else {
    page.line("from bars of {}", span_text(t["bar_s"].get<std::int64_t>()));
  }
  page.line("");
  measures(page, t);
  if (!t.contains("assets")) return page.take();
  page.line("volatility over the horizon {} of {}; parts at {}:", number(t["volatility"]),
            number(t["worth"]), confidence(t["assets"][0]["measures"].back()));
  parts(page, t, "assets", "asset");
  parts(page, t, "venues", "venue");
  correlations(page, t["correlations"]);
  for (const ordered_json& left : t["not_counted"]) {
    page.line("not counted: {} worth {}: {} ({} returns)", text_of(left["asset"]),
              number(left["worth"]), text_of(left["why"]), left["returns"].get<std::uint64_t>());
  }
  if (t.contains("backtest")) backtests(page, t["backtest"]);
  return page.take();
}

std::string stress_text(const ordered_json& t, bool details) {
  Page page;
  const std::string in = text_of(t["in"]);
  page.line("what is held ({} {}, as of {}) would lose at once:\n", rounded(t["equity"], 2), in,
            second_of(t["as_of"]));
  page.line("{:<20}{:>18}{:>10}  {}", "scenario", in + " loss", "of all", "");
  const auto equity = Decimal::parse(text_of(t["equity"]));
  for (const ordered_json& s : t["scenarios"]) {
    std::string share = "-";
    const auto loss = Decimal::parse(text_of(s["loss"]));
    if (loss && equity && !equity->is_zero()) {
      const auto of = loss->divide_floor(*equity, 4);
      if (of) share = Decimal::from_raw(of->raw() * 100).to_fixed(2) + " %";
    }
    page.line("{:<20}{:>18}{:>10}  {}", text_of(s["scenario"]), rounded(s["loss"], 2), share,
              text_of(s["what"]));
    const auto not_counted = s["not_counted"].get<std::uint64_t>();
    if (not_counted > 0) page.line("    {} positions have no mark", not_counted);
    if (!details) continue;
    for (const ordered_json& l : s["assets"]) {
      page.line("    {:<16}{:>18}", text_of(l["asset"]), rounded(l["loss"], 2));
    }
    for (const ordered_json& l : s["venues"]) {
      page.line("    {:<16}{:>18}", "on " + text_of(l["venue"]), rounded(l["loss"], 2));
    }
  }
  page.line("\nin {} as it was worth before; nothing is traded meanwhile", in);
  return page.take();
}

}  // namespace ats::services

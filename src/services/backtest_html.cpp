#include "services/backtest_html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/decimal.hpp"
#include "report/letter.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t trades_shown = 500;
constexpr double chart_width = 960, chart_height = 220, chart_left = 90, chart_bottom = 24;

constexpr const char* style = R"(<style>
:root{--back:#fff;--front:#1b1f24;--soft:#626b75;--line:#d8dee4;--card:#f5f7f9;--up:#0b63b5;--down:#b54708;--area:#0b63b522}
@media(prefers-color-scheme:dark){:root{--back:#12161b;--front:#e4e8ec;--soft:#98a2ad;--line:#2d343c;--card:#1a2027;--up:#62aaf0;--down:#f0a35e;--area:#62aaf022}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1040px;padding:24px;background:var(--back);color:var(--front);font:15px/1.5 system-ui,sans-serif}
h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 8px;border-bottom:1px solid var(--line);padding-bottom:4px}
p{margin:6px 0}.soft{color:var(--soft)}.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}.tile b{display:block;font-size:19px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:4px 8px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th:first-child,td:first-child,td.text,th.text{text-align:left}th{color:var(--soft);font-weight:600}.up{color:var(--up)}.down{color:var(--down)}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:12px system-ui,sans-serif}.grid{stroke:var(--line)}.curve{fill:none;stroke:var(--up);stroke-width:1.8}.area{fill:var(--area)}
.fall{fill:none;stroke:var(--down);stroke-width:1.6}.plus{fill:var(--up)}.minus{fill:var(--down)}.alarm{border-left:4px solid var(--down);padding:6px 12px;background:var(--card)}
</style>)";

std::string text(const ordered_json& value) {
  if (value.is_null()) return "–";
  return report::escape_html(value.is_string() ? value.get<std::string>() : value.dump());
}

// For plots and roundings only: the exact text stands beside it.
double number(const ordered_json& value) {
  if (value.is_string()) {
    const auto exact = Decimal::parse(value.get_ref<const std::string&>());
    return exact ? exact->to_double() : 0;
  }
  return value.is_number() ? value.get<double>() : 0;
}

// "12,345.68": an amount for people, of up to `decimals`.
std::string amount(const ordered_json& value, int decimals = 2) {
  if (value.is_null()) return "–";
  std::string digits = fmt::format("{:.{}f}", std::abs(number(value)), decimals);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  for (std::size_t at = point; at > 3; at -= 3) digits.insert(at - 3, ",");
  return (number(value) < 0 ? "−" : "") + digits;
}

std::string signed_cell(const ordered_json& value, int decimals = 4) {
  const char* kind = number(value) < 0   ? " class=\"down\""
                     : number(value) > 0 ? " class=\"up\""
                                         : "";
  return fmt::format("<td{} title=\"{}\">{}</td>", kind, text(value), amount(value, decimals));
}

std::string percent(const ordered_json& value) {
  return value.is_null() ? "–" : fmt::format("{:.3f} %", number(value) * 100);
}
std::string ratio(const ordered_json& value) {
  return value.is_null() ? "–" : fmt::format("{:.2f}", number(value));
}

void tile(std::string& out, std::string_view name, std::string_view value,
          std::string_view note = "") {
  out +=
      fmt::format("<div class=\"tile\"><span class=\"soft\">{}</span><b>{}</b>{}</div>\n", name,
                  value, note.empty() ? "" : fmt::format("<span class=\"soft\">{}</span>", note));
}

// --- plots ---

struct Range {
  double low = 0, high = 0;
  void take(double y) { low = std::min(low, y), high = std::max(high, y); }
  double span() const { return high > low ? high - low : 1; }
};

double y_of(const Range& range, double y) {
  return 8 + (1 - (y - range.low) / range.span()) * (chart_height - chart_bottom - 16);
}

void frame(std::string& out, const Range& range, std::string_view label, const std::string& first,
           const std::string& last, int decimals) {
  out += fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", chart_width,
                     chart_height, label);
  for (int n = 0; n <= 4; ++n) {
    const double y = range.low + range.span() * n / 4;
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/><text x=\"{3}\" "
        "y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        chart_left, chart_width, y_of(range, y), chart_left - 6, y_of(range, y) + 4,
        amount(ordered_json(y), decimals));
  }
  out += fmt::format(
      "<text x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
      chart_left, chart_height - 4, first, chart_width, chart_height - 4, last);
}

int decimals_for(const Range& range) {
  const double step = range.span() / 4;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(step))), 0, 8);
}

// Of evenly spaced values; `kind` is a class of the style.
void plot(std::string& out, const std::vector<double>& values, std::string_view label,
          std::string_view kind, const std::string& first, const std::string& last) {
  Range range;
  for (const double y : values) range.take(y);
  frame(out, range, label, first, last, decimals_for(range));
  std::string path;
  const double step =
      values.size() > 1 ? (chart_width - chart_left) / static_cast<double>(values.size() - 1) : 0;
  for (std::size_t n = 0; n < values.size(); ++n)
    path += fmt::format("{}{:.1f} {:.1f}", n == 0 ? "M" : "L",
                        chart_left + step * static_cast<double>(n), y_of(range, values[n]));
  const double base = y_of(range, 0);
  out += fmt::format("<path class=\"area\" d=\"{}L{:.1f} {:.1f}L{:.1f} {:.1f}Z\"/>\n", path,
                     chart_width, base, chart_left, base);
  out += fmt::format("<path class=\"{}\" d=\"{}\"/></svg>\n", kind, path);
}

struct Bar {
  std::string name;
  double value = 0;
  std::string told;
};

void bars(std::string& out, const std::vector<Bar>& all, std::string_view label) {
  constexpr double row = 24, left = 220, right = 160;
  double most = 0;
  for (const Bar& bar : all) most = std::max(most, std::abs(bar.value));
  if (most == 0) most = 1;
  const bool both = std::ranges::any_of(all, [](const Bar& bar) { return bar.value < 0; });
  const double room = chart_width - left - right;
  const double zero = both ? left + room / 2 : left;
  const double scale = (both ? room / 2 : room) / most;
  out += fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", chart_width,
                     row * static_cast<double>(all.size()) + 6, label);
  for (std::size_t n = 0; n < all.size(); ++n) {
    const Bar& bar = all[n];
    const double y = row * static_cast<double>(n) + 4;
    const double width = std::max(std::abs(bar.value) * scale, 1.0);
    out += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text><rect class=\"{}\" "
        "x=\"{:.1f}\" "
        "y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\" rx=\"2\"/><text x=\"{:.1f}\" "
        "y=\"{:.1f}\">{}</text>\n",
        left - 8, y + 13, bar.name, bar.value < 0 ? "minus" : "plus",
        bar.value < 0 ? zero - width : zero, y, width, chart_width - right + 8, y + 13, bar.told);
  }
  out += "</svg>\n";
}

// --- parts ---

void head(std::string& out, const ordered_json& r) {
  const ordered_json& profit = r["profit"];
  const ordered_json& equity = r["equity"];
  const ordered_json& trades = r["trades"];
  const std::string in = text(profit["in"]);
  out += fmt::format("<h1>Backtest</h1><p class=\"soft\">{} to {}; {} records, {} events</p>\n",
                     text(r["from"]), text(r["to"]), text(r["records"]), text(r["events"]));
  for (const ordered_json& violation : r["violations"])
    out += fmt::format("<p class=\"alarm\">violation: {}</p>\n", text(violation));
  if (!r["stopped_in_order"].get<bool>())
    out += fmt::format("<p class=\"alarm\">{} trades were still open at the end.</p>\n",
                       text(r["funnel"]["open_at_the_end"]));
  out += "<div class=\"tiles\">\n";
  tile(out, "profit", amount(profit["total"], 4), in);
  tile(out, "return", percent(equity["total_return"]),
       "of " + amount(equity["capital"]) + " " + in);
  tile(out, "of a year", percent(equity["annual_return"]));
  tile(out, "Sharpe", ratio(equity["sharpe"]), "Sortino " + ratio(equity["sortino"]));
  tile(out, "deepest drawdown", percent(equity["deepest_drawdown"]),
       "longest " + text(equity["longest_drawdown_s"]) + " s");
  tile(out, "trades", text(trades["count"]),
       "won " + text(trades["won"]) + ", lost " + text(trades["lost"]));
  tile(out, "profit factor", ratio(trades["profit_factor"]));
  tile(out, "held", text(trades["held_median_ms"]) + " ms",
       "at most " + text(trades["held_most_ms"]) + " ms");
  out += "</div>\n";
}

void curves(std::string& out, const ordered_json& r) {
  const ordered_json& series = r["equity"]["series"];
  out += "<h2>Equity</h2>\n";
  if (series.size() < 2) {
    out += "<p class=\"soft\">Too short for a curve.</p>\n";
    return;
  }
  const double capital = number(r["equity"]["capital"]);
  std::vector<double> above, under;
  double peak = 0;
  for (const ordered_json& point : series) {
    above.push_back(number(point["profit"]));
    peak = std::max(peak, above.back());
    under.push_back((above.back() - peak) / (capital + peak) * 100);
  }
  const std::string first = text(series.front()["at"]).substr(0, 19);
  const std::string last = text(series.back()["at"]).substr(0, 19);
  out += fmt::format("<p class=\"soft\">Profit of all that was traded, in {}</p>\n",
                     text(r["profit"]["in"]));
  plot(out, above, "profit over time", "curve", first, last);
  out += "<p class=\"soft\">Below its peak, in percent of equity</p>\n";
  plot(out, under, "drawdown over time", "fall", first, last);
}

void causes(std::string& out, const ordered_json& r) {
  const ordered_json& t = r["profit"]["trades"];
  out += fmt::format(
      "<h2>Where the profit came from</h2><p class=\"soft\">In {}: realised = quoted edge − fees − "
      "slippage − leg cost + conversion + revaluation, exact</p>\n",
      text(r["profit"]["in"]));
  std::vector<Bar> all;
  const auto add = [&](const char* key, const char* label, double sign) {
    const double value = sign * number(t[key]);
    all.push_back({label, value, amount(ordered_json(value), 4)});
  };
  add("quoted_edge", "quoted edge", 1);
  add("fees", "− fees", -1);
  add("slippage", "− slippage", -1);
  add("leg_cost", "− leg cost", -1);
  add("conversion", "+ conversion", 1);
  add("revaluation", "+ revaluation", 1);
  add("realised", "= realised", 1);
  bars(out, all, "profit by cause");
}

void funnel(std::string& out, const ordered_json& r) {
  const ordered_json& f = r["funnel"];
  out += "<h2>From seen to earned</h2>\n";
  std::vector<Bar> all;
  const auto add = [&](const std::string& label, const ordered_json& count) {
    all.push_back({label, number(count), text(count)});
  };
  add("opportunities seen", f["seen"]);
  for (const auto& [reason, count] : f["refused"].items())
    add("not taken: " + report::escape_html(reason), count);
  add("sent", f["sent"]);
  for (const char* key : {"completed", "unwound", "residual", "missed", "handed_over"}) {
    if (f[key] != 0 || std::string_view(key) == "completed") add(key, f[key]);
  }
  bars(out, all, "opportunities from seen to traded");
}

void sums(std::string& out, const ordered_json& r) {
  const ordered_json& p = r["profit"];
  out +=
      "<h2>By pair</h2><div class=\"wide\"><table><tr><th>pair</th><th>trades</th><th>quoted "
      "edge</th>"
      "<th>fees</th><th>slippage</th><th>leg cost</th><th>realised</th></tr>\n";
  for (const ordered_json& line : p["pairs"]) {
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}</tr>\n",
        text(line["pair"]), text(line["trades"]), amount(line["quoted_edge"], 4),
        amount(line["fees"], 4), amount(line["slippage"], 4), amount(line["leg_cost"], 4),
        signed_cell(line["realised"]));
  }
  out +=
      "</table></div><h2>By venue</h2><div class=\"wide\"><table><tr><th>venue</th><th>fills</th>"
      "<th>volume</th><th>fees</th><th>realised</th></tr>\n";
  for (const ordered_json& line : p["venues"]) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}</tr>\n",
                       text(line["venue"]), text(line["fills"]), amount(line["volume"]),
                       amount(line["fees"], 4), signed_cell(line["realised"]));
  }
  out +=
      "</table></div><h2>By hour (UTC)</h2><div "
      "class=\"wide\"><table><tr><th>hour</th><th>trades</th>"
      "<th>realised</th></tr>\n";
  for (const ordered_json& line : r["trades"]["hours"]) {
    out += fmt::format("<tr><td>{:02}</td><td>{}</td>{}</tr>\n", line["hour"].get<int>(),
                       text(line["trades"]), signed_cell(line["realised"]));
  }
  out +=
      "</table></div><h2>By asset</h2><div class=\"wide\"><table><tr><th>asset</th><th>change</th>"
      "<th>fees</th></tr>\n";
  for (const ordered_json& line : p["assets"]) {
    out += fmt::format("<tr><td>{}</td>{}<td>{}</td></tr>\n", text(line["asset"]),
                       signed_cell(line["change"], 8), text(line["fees"]));
  }
  out += "</table></div>\n";
}

void trades(std::string& out, const ordered_json& r) {
  const ordered_json& list = r["trades"]["list"];
  out += "<h2>Trades</h2>\n";
  if (list.size() > trades_shown)
    out += fmt::format("<p class=\"soft\">The first {} of {}; ats trades has all.</p>\n",
                       trades_shown, list.size());
  out +=
      "<div class=\"wide\"><table><tr><th>opened (UTC)</th><th class=\"text\">pair</th><th "
      "class=\"text\">route</th>"
      "<th class=\"text\">outcome</th><th>edge bps</th><th>fees</th><th>slippage</th><th>held "
      "ms</th><th>realised</th></tr>\n";
  for (std::size_t n = 0; n < std::min(list.size(), trades_shown); ++n) {
    const ordered_json& t = list[n];
    out += fmt::format(
        "<tr><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td><td "
        "class=\"text\">{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td>{}</tr>\n",
        text(t["opened"]).substr(0, 23), text(t["pair"]), text(t["route"]), text(t["outcome"]),
        text(t["quoted_bps"]), amount(t["fees"], 4), amount(t["slippage"], 4), text(t["held_ms"]),
        signed_cell(t["realised"]));
  }
  out += "</table></div>\n";
}

void assumptions(std::string& out, const ordered_json& r) {
  const ordered_json& a = r["assumptions"];
  out += "<h2>What was assumed</h2><div class=\"wide\"><table>\n";
  for (const auto& [key, value] : a.items()) {
    std::string told = text(value);
    if (value.is_object()) {
      told.clear();
      for (const auto& [name, of] : value.items())
        told += (told.empty() ? "" : ", ") + report::escape_html(name) + " " + text(of);
    } else if (value.is_array()) {
      told.clear();
      for (const ordered_json& one : value) told += (told.empty() ? "" : ", ") + text(one);
    }
    std::string name = report::escape_html(key);
    std::ranges::replace(name, '_', ' ');
    out +=
        fmt::format("<tr><td>{}</td><td class=\"text\" style=\"white-space:normal\">{}</td></tr>\n",
                    name, told);
  }
  out +=
      "</table></div><h2>What was read</h2><div class=\"wide\"><table><tr><th>venue</th><th>first "
      "(UTC)</th>"
      "<th>last</th><th>records</th><th>refused</th><th>lost</th><th>out of "
      "order</th><th>silences</th>"
      "<th class=\"text\">file</th></tr>\n";
  for (const ordered_json& s : r["recordings"]) {
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</"
        "td><td class=\"text\">{}</td></tr>\n",
        text(s["venue"]), text(s["first"]).substr(0, 19), text(s["last"]).substr(0, 19),
        text(s["records"]), text(s["refused"]), text(s["lost"]), text(s["clock_back"]),
        text(s["silences"]), text(s["file"]));
  }
  out += "</table></div>\n";
}

}  // namespace

std::string backtest_html(const ordered_json& result) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
      "dark\">"
      "<title>Backtest</title>\n";
  out += style;
  out += "</head><body>\n";
  head(out, result);
  curves(out, result);
  causes(out, result);
  funnel(out, result);
  sums(out, result);
  assumptions(out, result);
  trades(out, result);
  out += "</body></html>\n";
  return out;
}

}  // namespace ats::services

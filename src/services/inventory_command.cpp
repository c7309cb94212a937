#include "services/inventory_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "services/command_line.hpp"
#include "services/running_process.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

json amount(const std::optional<Decimal>& of) { return of ? json(of->to_string()) : json(nullptr); }

std::string bps(Rate rate) { return format_scaled_short(rate.ppb, 5); }

class Spell {
 public:
  Spell(const core::InventoryReport& report, const Universe& universe) : r_(report), u_(universe) {}

  ordered_json all() const {
    ordered_json out;
    out["in"] = r_.reporting.valid() ? json(asset(r_.reporting)) : json(nullptr);
    out["band"] = format_scaled_short(r_.band.ppb, 9);
    out["skew_bps"] = bps(r_.skew);
    out["floor_bps"] = bps(r_.floor);
    for (const char* list : {"holdings", "directions", "moves"}) out[list] = ordered_json::array();
    for (std::size_t n = 0; n < r_.holdings.size(); ++n) {
      out["holdings"].push_back(holding(r_.holdings[n], r_.worths[n]));
    }
    for (const core::Direction& d : r_.directions) out["directions"].push_back(direction(d));
    for (const core::Move& m : r_.moves) out["moves"].push_back(move(m));
    return out;
  }

 private:
  std::string venue(VenueId id) const { return std::string(u_.venue(id).name.view()); }
  std::string asset(AssetId id) const { return std::string(u_.asset(id).name.view()); }
  std::string venue_of(InstrumentId id) const { return venue(u_.instrument(id).venue); }

  ordered_json holding(const core::Holding& h, const std::optional<Decimal>& worth) const {
    return {{"asset", asset(h.asset)},
            {"venue", venue(h.venue)},
            {"held", h.held.to_string()},
            {"free", h.free.to_string()},
            {"wanted", h.wanted.to_string()},
            {"share", format_scaled(h.share.ppb, 9)},
            {"target", format_scaled(h.target.ppb, 9)},
            {"over", h.over().to_string()},
            {"off", h.off},
            {"worth", amount(worth)}};
  }

  ordered_json direction(const core::Direction& d) const {
    ordered_json out{
        {"pair", u_.pair_name(d.pair)}, {"buy", venue_of(d.buy)},
        {"sell", venue_of(d.sell)},     {"min_edge_bps", bps(d.min_edge)},
        {"room", amount(d.room)},       {"state", d.shut ? "shut" : d.narrow ? "narrow" : "open"}};
    if (d.lacks.valid()) out["lacks"] = asset(d.lacks) + " on " + venue(d.lacking);
    return out;
  }

  ordered_json transfer(const core::TransferWay& way, AssetId of) const {
    using State = core::TransferWay::State;
    ordered_json out{{"state", name(way.state)}};
    if (way.state == State::NotKnown) return out;
    out["network"] = way.network.view();
    out["fee"] = way.fee.to_string();
    out["fee_asset"] = asset(of);
    out["minutes"] = way.minutes;
    out["least"] = way.least.to_string();
    out["cost"] = amount(way.cost);
    return out;
  }

  ordered_json reverse(const core::ReverseWay& way) const {
    using State = core::ReverseWay::State;
    ordered_json out{{"state", name(way.state)}};
    if (!way.pair.valid()) return out;
    out["pair"] = u_.pair_name(way.pair);
    out["buy"] = venue_of(way.buy);
    out["sell"] = venue_of(way.sell);
    if (way.state != State::Possible && way.state != State::Unbalances) return out;
    const Instrument& buy = u_.instrument(way.buy);
    const Instrument& sell = u_.instrument(way.sell);
    out["quantity"] = way.trip.base.to_string();
    out["whole"] = way.trip.whole;
    out["buy_down_to"] = buy.price_decimal(way.trip.buy_deepest).to_string();
    out["sell_down_to"] = sell.price_decimal(way.trip.sell_deepest).to_string();
    out["paid"] = way.trip.paid.to_string();
    out["received"] = way.trip.received.to_string();
    out["cost_bps"] = bps(way.trip.cost);
    out["cost"] = amount(way.cost);
    out["moves_back"] = asset(way.moves_back);
    return out;
  }

  ordered_json move(const core::Move& m) const {
    ordered_json forgone = ordered_json::array();
    for (const std::uint32_t n : m.forgone) forgone.push_back(direction(r_.directions[n]));
    return {{"asset", asset(m.asset)},
            {"from", venue(m.shift.from)},
            {"to", venue(m.shift.to)},
            {"amount", m.shift.amount.to_string()},
            {"worth", amount(m.worth)},
            {"transfer", transfer(m.transfer, m.asset)},
            {"reverse", reverse(m.reverse)},
            {"wait", {{"forgone", forgone}}},
            {"recommended", name(m.recommended)},
            {"because", name(m.because)}};
  }

  const core::InventoryReport& r_;
  const Universe& u_;
};

// --- for people ---

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string("-");
}
std::string rounded(const json& value, int decimals) {
  if (!value.is_string()) return "-";
  const auto exact = Decimal::parse(value.get<std::string>());
  return exact ? exact->floor_to(decimals).to_string() : value.get<std::string>();
}
// A share, in percent.
std::string percent(const json& value) {
  const auto ppb = parse_scaled(text_of(value), 9);
  return ppb ? fmt::format("{} %", format_scaled(*ppb / 1'000'000, 1)) : std::string("-");
}

class Table {
 public:
  explicit Table(const json& told) : t_(told), in_(text_of(told["in"])) {}

  std::string all() {
    holdings();
    directions();
    plan();
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void holdings() {
    line("{:<8}{:<12}{:>22}{:>22}{:>10}{:>10}{:>16}  {}", "asset", "venue", "held", "free", "share",
         "target", in_ + " worth", "");
    for (const json& h : t_["holdings"]) {
      line("{:<8}{:<12}{:>22}{:>22}{:>10}{:>10}{:>16}  {}", text_of(h["asset"]),
           text_of(h["venue"]), rounded(h["held"], 8), rounded(h["free"], 8), percent(h["share"]),
           percent(h["target"]), rounded(h["worth"], 2), h["off"].get<bool>() ? "OFF" : "");
    }
    line("off: more than {} of all that is held of the asset from the target",
         percent(format_scaled(parse_scaled(text_of(t_["band"]), 9).value_or(0), 9)));
  }

  static std::string route(const json& d) {
    return fmt::format("{} buy on {}, sell on {}", text_of(d["pair"]), text_of(d["buy"]),
                       text_of(d["sell"]));
  }

  void directions() {
    std::size_t open = 0;
    out_ += "\n";
    for (const json& d : t_["directions"]) {
      if (d["state"] == "open") {
        ++open;
        continue;
      }
      line("{:<48}{:<8}room {:>14} {}  for want of {}", route(d), text_of(d["state"]),
           rounded(d["room"], 2), in_, text_of(d["lacks"]));
    }
    line("{} of {} directions are open", open, t_["directions"].size());
    const std::string skew = text_of(t_["skew_bps"]);
    if (skew == "0") return;
    line("\nsmallest edge by direction, moved by at most {} bps, not below {} bps:", skew,
         text_of(t_["floor_bps"]));
    for (const json& d : t_["directions"])
      line("{:<48}{:>12} bps", route(d), text_of(d["min_edge_bps"]));
  }

  std::string transfer(const json& w) const {
    if (!w.contains("network")) return text_of(w["state"]);
    std::string way = fmt::format("over {}, fee {} {} = {} {}, about {} min", text_of(w["network"]),
                                  text_of(w["fee"]), text_of(w["fee_asset"]), rounded(w["cost"], 2),
                                  in_, w["minutes"].get<std::uint32_t>());
    if (text_of(w["state"]) == "possible") return way;
    return fmt::format("{}: {} ({} {})", way, text_of(w["state"]), text_of(w["least"]),
                       text_of(w["fee_asset"]));
  }

  std::string reverse(const json& w) const {
    if (!w.contains("pair")) return text_of(w["state"]);
    std::string way = fmt::format("{} sold on {}, bought on {}", text_of(w["pair"]),
                                  text_of(w["sell"]), text_of(w["buy"]));
    if (w.contains("cost_bps")) {
      way += fmt::format(": {}{} at {} bps = {} {}, down to {} and {}", text_of(w["quantity"]),
                         w["whole"].get<bool>() ? "" : " (not all of it)", text_of(w["cost_bps"]),
                         rounded(w["cost"], 2), in_, text_of(w["sell_down_to"]),
                         text_of(w["buy_down_to"]));
    }
    return text_of(w["state"]) == "possible" ? way : way + ": " + text_of(w["state"]);
  }

  void plan() {
    if (t_["moves"].empty()) {
      line("\nnothing is off: there is nothing to do");
      return;
    }
    for (const json& m : t_["moves"]) {
      line("\n{} {} from {} to {}, worth {} {}", text_of(m["amount"]), text_of(m["asset"]),
           text_of(m["from"]), text_of(m["to"]), rounded(m["worth"], 2), in_);
      line("  transfer  {}", transfer(m["transfer"]));
      line("  reverse   {}", reverse(m["reverse"]));
      const json& forgone = m["wait"]["forgone"];
      line("  wait      {}",
           forgone.empty() ? "forgoes nothing now" : "when it drifts back nobody knows; forgoes");
      for (const json& d : forgone) {
        line("              {} ({}, room {} {})", route(d), text_of(d["state"]),
             rounded(d["room"], 2), in_);
      }
      line("  => {}: {}", text_of(m["recommended"]), text_of(m["because"]));
    }
    line("\nnothing of this is done by itself");
  }

  const json& t_;
  std::string in_;
  std::string out_;
};

}  // namespace

std::string inventory_json(const core::InventoryReport& report, const Universe& universe) {
  return Spell(report, universe).all().dump();
}

std::string inventory_text(const std::string& told) {
  const json parsed = json::parse(told, nullptr, false);
  return parsed.is_object() && parsed.contains("holdings") ? Table(parsed).all() : told;
}

int inventory_command(int argc, const char* const* argv) {
  RunningProcess process;
  bool as_json = false;
  CLI::App app(
      "What a running process holds where, beside what is wanted there; which directions want of "
      "funds\nhas shut or narrowed; and what could be done about it, at what cost "
      "(docs/inventory.md).",
      "ats inventory");
  process.add_to(app);
  app.add_flag("--json", as_json, "exact, as one JSON object");
  app.footer("Examples:\n  ats inventory\n  ats inventory --data /var/lib/ats --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto answer = process.ask({{"command", "inventory"}});
  if (!answer) return answer.error();
  const json told = json::parse(*answer, nullptr, false);
  if (!told.is_object() || told.contains("error")) return failure(*answer);
  if (as_json)
    fmt::print("{}\n", *answer);
  else
    fmt::print("{}", inventory_text(*answer));
  return exit_done;
}

}  // namespace ats::services

// The keys of trading on paper.

#include <fmt/format.h>

#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

bool known_venue(std::string_view name) { return venues::find_protocol(name) != nullptr; }

// "binance USDT 10000"
bool parse_balance(std::string_view text, PaperBalance& out) {
  const auto words = split_words(text);
  if (words.size() != 3 || !known_venue(words[0]) || !parse_asset(words[1])) return false;
  const auto amount = Decimal::parse(words[2]);
  if (!amount || amount->negative() || *amount > Decimal::from_int(1'000'000'000'000)) return false;
  out = {Text<15>(words[0]), Text<15>(words[1]), *amount};
  return true;
}

bool parse_balances(std::string_view text, std::vector<PaperBalance>& out) {
  std::vector<PaperBalance> balances;
  for (const std::string& item : split_list(text)) {
    PaperBalance balance;
    if (!parse_balance(item, balance)) return false;
    for (const PaperBalance& other : balances) {
      if (other.venue == balance.venue && other.asset == balance.asset) return false;
    }
    balances.push_back(balance);
  }
  out = std::move(balances);
  return true;
}

std::string print_balances(const std::vector<PaperBalance>& balances) {
  std::string out;
  for (const PaperBalance& b : balances) {
    out += fmt::format("{}{} {} {}", out.empty() ? "" : ",", b.venue.view(), b.asset.view(),
                       b.amount.to_string());
  }
  return out;
}

// "20ms" or "10ms..50ms"
bool parse_latency(std::string_view text, sim::PaperLatency& out) {
  const std::size_t dots = text.find("..");
  const auto parse = [](std::string_view t, Duration& d) {
    return parse_duration(t, d) && d <= seconds(60);
  };
  sim::PaperLatency latency;
  if (!parse(text.substr(0, dots), latency.least)) return false;
  latency.most = latency.least;
  if (dots != std::string_view::npos && !parse(text.substr(dots + 2), latency.most)) return false;
  if (latency.most < latency.least) return false;
  out = latency;
  return true;
}

std::string print_latency(const sim::PaperLatency& latency) {
  const std::string least = print_duration(latency.least);
  return latency.least == latency.most ? least : least + ".." + print_duration(latency.most);
}

// "upbit 80ms..150ms"
bool parse_latencies(std::string_view text, std::vector<PaperVenueLatency>& out) {
  std::vector<PaperVenueLatency> latencies;
  for (const std::string& item : split_list(text)) {
    const auto words = split_words(item);
    if (words.size() != 2 || !known_venue(words[0])) return false;
    PaperVenueLatency& of = latencies.emplace_back();
    of.venue = Text<15>(words[0]);
    if (!parse_latency(words[1], of.latency)) return false;
  }
  out = std::move(latencies);
  return true;
}

std::string print_latencies(const std::vector<PaperVenueLatency>& latencies) {
  std::string out;
  for (const PaperVenueLatency& l : latencies)
    out += fmt::format("{}{} {}", out.empty() ? "" : ",", l.venue.view(), print_latency(l.latency));
  return out;
}

}  // namespace

void add_paper_keys(std::vector<Key>& keys) {
  keys.push_back({"paper", "enabled", "true or false",
                  "Orders go to no venue: fills are simulated on the live books, and no key is "
                  "needed or read. `ats run --paper` says the same.",
                  [](Config& c, std::string_view t) {
                    if (t != "true" && t != "false") return false;
                    c.core.paper = t == "true";
                    return true;
                  },
                  [](const Config& c) -> std::string { return c.core.paper ? "true" : "false"; }});
  keys.push_back({"paper", "balances",
                  "a list such as [\"binance USDT 10000\", \"binance BTC 0.1\"]: venue, asset, "
                  "amount",
                  "What the accounts begin with. A journal that is there goes on with what it has.",
                  [](Config& c, std::string_view t) { return parse_balances(t, c.paper.balances); },
                  [](const Config& c) { return print_balances(c.paper.balances); }, true});
  keys.push_back({"paper", "latency", "a duration such as \"20ms\", or a range \"10ms..50ms\"",
                  "How long an order takes to its venue, and the answer back again.",
                  [](Config& c, std::string_view t) { return parse_latency(t, c.paper.latency); },
                  [](const Config& c) { return print_latency(c.paper.latency); }});
  keys.push_back(
      {"paper", "latencies", "a list such as [\"upbit 80ms..150ms\"]",
       "Of venues that are nearer or further than that.",
       [](Config& c, std::string_view t) { return parse_latencies(t, c.paper.latencies); },
       [](const Config& c) { return print_latencies(c.paper.latencies); }, true});
  keys.push_back({"paper", "seed", "a whole number from 0", "Of the latencies that are drawn.",
                  [](Config& c, std::string_view t) {
                    const auto seed = parse_scaled(t, 0);
                    if (!seed || *seed < 0) return false;
                    c.paper.seed = static_cast<std::uint64_t>(*seed);
                    return true;
                  },
                  [](const Config& c) { return std::to_string(c.paper.seed); }, false, true});
}

}  // namespace ats::services

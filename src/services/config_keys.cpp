#include "services/config_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "services/command_line.hpp"

namespace ats::services {

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

bool parse_asset(std::string_view n) {
  return !n.empty() && n.size() <= 15 && std::all_of(n.begin(), n.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

bool is_engine_name(std::string_view text) {
  return !text.empty() && text.size() <= 31 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.push_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

std::string print_duration(Duration d) {
  if (d.ns % 1'000'000'000 == 0) return fmt::format("{}s", d.ns / 1'000'000'000);
  if (d.ns % 1'000'000 == 0) return fmt::format("{}ms", d.ns / 1'000'000);
  return fmt::format("{}us", d.ns / 1'000);
}

namespace {

bool parse_unsigned(std::string_view text, std::uint32_t max, std::uint32_t& out) {
  const auto n = parse_scaled(text, 0);
  if (!n || *n < 1 || *n > max) return false;
  out = static_cast<std::uint32_t>(*n);
  return true;
}

Key duration_key(const char* section, const char* name, Duration CoreConfig::*field,
                 const char* help) {
  return {section,
          name,
          "a duration such as \"250ms\", \"2s\" or \"1m\", above zero",
          help,
          [field](Config& c, std::string_view t) {
            Duration d;
            if (!parse_duration(t, d) || d.ns <= 0) return false;
            c.core.*field = d;
            return true;
          },
          [field](const Config& c) { return print_duration(c.core.*field); }};
}

Key bps_key(const char* section, const char* name, Rate CoreConfig::*field, const char* help) {
  return {section,
          name,
          "basis points as text, e.g. \"2.5\", from 0 to 10000, at most 5 decimals",
          help,
          [field](Config& c, std::string_view t) {
            const auto units = parse_scaled(t, 5);
            if (!units || *units < 0 || *units > Rate::one) return false;
            c.core.*field = Rate{*units};
            return true;
          },
          [field](const Config& c) { return format_scaled_short((c.core.*field).ppb, 5); },
          false,
          true};
}

Key amount_key(const char* section, const char* name, Decimal CoreConfig::*field,
               const char* help) {
  return {section,
          name,
          "a decimal amount as text, e.g. \"1000.50\", not negative",
          help,
          [field](Config& c, std::string_view t) {
            const auto amount = Decimal::parse(t);
            if (!amount || amount->negative() || *amount > Decimal::from_int(1'000'000'000'000)) {
              return false;
            }
            c.core.*field = *amount;
            return true;
          },
          [field](const Config& c) { return (c.core.*field).to_string(); },
          false,
          true};
}

Key count_key(const char* section, const char* name, std::uint32_t CoreConfig::*field,
              const char* help) {
  return {section,
          name,
          "a whole number from 1 to 1000",
          help,
          [field](Config& c, std::string_view t) { return parse_unsigned(t, 1000, c.core.*field); },
          [field](const Config& c) { return std::to_string(c.core.*field); },
          false,
          true};
}

bool parse_pair(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && parse_asset(text.substr(0, slash)) &&
         parse_asset(text.substr(slash + 1));
}

Key mode_key(const char* name, StrategyMode CoreConfig::*field, bool trades, const char* help) {
  return {"strategy",
          name,
          trades ? "\"off\", \"observe\" or \"trade\"" : "\"off\" or \"observe\"",
          help,
          [field, trades](Config& c, std::string_view t) {
            for (const StrategyMode mode :
                 {StrategyMode::Off, StrategyMode::Observe, StrategyMode::Trade}) {
              if (t != ats::name(mode) || (mode == StrategyMode::Trade && !trades)) continue;
              c.core.*field = mode;
              return true;
            }
            return false;
          },
          [field](const Config& c) { return std::string(ats::name(c.core.*field)); }};
}

bool parse_currencies(std::string_view text, CurrencyList& out) {
  CurrencyList list;
  for (const std::string& item : split_list(text)) {
    if (!parse_asset(item) || !list.add(Text<15>(item))) return false;
  }
  out = list;
  return true;
}

std::string print_currencies(const CurrencyList& list) {
  std::string out;
  for (const Text<15>& item : list) {
    out += (out.empty() ? "" : ",") + std::string(item.view());
  }
  return out;
}

// "USDT/USD 0.9995 2026-01-31T12:00:00Z desk"
bool parse_rate(std::string_view text, ConversionRate& out) {
  const std::vector<std::string_view> words = split_words(text);
  if (words.size() != 4 || !Text<15>::fits(words[3])) return false;
  const std::size_t slash = std::min(words[0].find('/'), words[0].size());
  const std::string_view base = words[0].substr(0, slash);
  const std::string_view quote = words[0].substr(std::min(slash + 1, words[0].size()));
  const auto price = Decimal::parse(words[1]);
  if (!parse_asset(base) || !parse_asset(quote) || base == quote) return false;
  if (!price || *price < Decimal::of("1e-9") || *price > Decimal::from_int(1'000'000'000)) {
    return false;
  }
  if (!parse_rfc3339(words[2].data(), words[2].size(), out.as_of)) return false;
  out.base = Text<15>(base);
  out.quote = Text<15>(quote);
  out.price = *price;
  out.source = Text<15>(words[3]);
  return true;
}

bool parse_rates(std::string_view text, RateList& out) {
  RateList list;
  for (const std::string& item : split_list(text)) {
    ConversionRate rate;
    if (!parse_rate(item, rate) || !list.add(rate)) return false;
  }
  out = list;
  return true;
}

std::string print_rates(const RateList& list) {
  std::string out;
  for (const ConversionRate& r : list) {
    out += fmt::format("{}{}/{} {} {} {}", out.empty() ? "" : ",", r.base.view(), r.quote.view(),
                       r.price.to_string(), format_rfc3339(r.as_of), r.source.view());
  }
  return out;
}

// "BTC/USDT kraken binance"
bool parse_maker_pair(std::string_view text, MakerPair& out) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.push_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  if (words.size() != 3 || !parse_pair(words[0]) || words[1] == words[2]) return false;
  for (const std::string_view venue : {words[1], words[2]}) {
    if (!Text<15>::fits(venue) || venues::find_protocol(venue) == nullptr) return false;
  }
  const std::size_t slash = words[0].find('/');
  out.base = Text<15>(words[0].substr(0, slash));
  out.quote = Text<15>(words[0].substr(slash + 1));
  out.quote_venue = Text<15>(words[1]);
  out.hedge_venue = Text<15>(words[2]);
  return true;
}

bool parse_maker_pairs(std::string_view text, MakerList& out) {
  MakerList list;
  for (const std::string& item : split_list(text)) {
    MakerPair pair;
    if (!parse_maker_pair(item, pair)) return false;
    // Two sets of quotes on one market would stand in each other's way.
    const bool twice = std::any_of(list.begin(), list.end(), [&](const MakerPair& m) {
      return m.base == pair.base && m.quote == pair.quote && m.quote_venue == pair.quote_venue;
    });
    if (twice || !list.add(pair)) return false;
  }
  out = list;
  return true;
}

std::string print_maker_pairs(const MakerList& list) {
  std::string out;
  for (const MakerPair& m : list) {
    out += fmt::format("{}{}/{} {} {}", out.empty() ? "" : ",", m.base.view(), m.quote.view(),
                       m.quote_venue.view(), m.hedge_venue.view());
  }
  return out;
}

void maker_keys(std::vector<Key>& keys) {
  keys.push_back(mode_key("maker", &CoreConfig::maker, true,
                          "Quotes that stand on one venue at a price that pays when what they fill "
                          "is hedged on another (docs/maker.md)."));
  keys.push_back(
      {"strategy", "maker_pairs",
       "a list such as [\"BTC/USDT kraken binance\"]: pair, where the quotes stand, where they are "
       "hedged; at most 12, and each pair once on a venue",
       "What is quoted, a bid and an ask each.",
       [](Config& c, std::string_view t) { return parse_maker_pairs(t, c.core.maker_pairs); },
       [](const Config& c) { return print_maker_pairs(c.core.maker_pairs); }, true});
  keys.push_back(bps_key("strategy", "maker_edge_bps", &CoreConfig::maker_edge,
                         "Smallest edge of a quote, after the maker's fee where it stands and the "
                         "taker's fee of its hedge."));
  keys.push_back(bps_key("strategy", "maker_requote_bps", &CoreConfig::maker_requote,
                         "A quote that stands further from the wanted price is moved; one that "
                         "could not be hedged without a loss is taken back at once."));
  keys.push_back(duration_key("strategy", "maker_requote_every", &CoreConfig::maker_requote_every,
                              "Each side of a pair is quoted anew at most so often, so that the "
                              "venue's rate budget is kept."));
  keys.push_back(amount_key("strategy", "maker_size", &CoreConfig::maker_size,
                            "Largest quote, in the reporting asset."));
}

// Of a venue whose market stream is down.
void book_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"books", "poll_after",
       "a duration such as \"10s\" or \"1m\", at least a second, or \"0s\" for never",
       "A venue that has had no Valid book for this long is asked for its books by REST. "
       "Such a book marks what is held and unwinds what is open; it opens no trade.",
       [](Config& c, std::string_view t) {
         Duration d;
         if (!parse_duration(t, d) || (d.ns != 0 && d < seconds(1))) return false;
         c.core.poll_after = d;
         return true;
       },
       [](const Config& c) { return print_duration(c.core.poll_after); }});
  keys.push_back(duration_key("books", "max_polled_age", &CoreConfig::max_polled_age,
                              "A book asked for by REST is no book any more when its question left "
                              "longer ago than this."));
}

void strategy_keys(std::vector<Key>& keys) {
  keys.push_back(mode_key("cross_currency", &CoreConfig::cross_currency, true,
                          "A base bought in one currency and sold in another, whose conversion "
                          "stays open."));
  keys.push_back(mode_key("triangular", &CoreConfig::triangular, false,
                          "Three instruments of one venue. Seen and told, not traded."));
  keys.push_back(mode_key("cycles", &CoreConfig::cycles, false,
                          "Three or four instruments, each on the venue where it is best. Seen and "
                          "told, not traded."));
  keys.push_back(
      {"strategy", "currencies", "a list of assets such as [\"USD\", \"USDT\"], at most 12",
       "Quote assets that are different money: a trade may leave the conversion between two of "
       "them open.",
       [](Config& c, std::string_view t) { return parse_currencies(t, c.core.currencies); },
       [](const Config& c) { return print_currencies(c.core.currencies); }, true});
  keys.push_back(
      {"strategy", "rates",
       "a list of rates such as [\"USDT/USD 0.9995 2026-01-31T12:00:00Z desk\"]: pair, price, "
       "since when, who says so; at most 12",
       "What conversions count at where no Valid book converts.",
       [](Config& c, std::string_view t) { return parse_rates(t, c.core.rates); },
       [](const Config& c) { return print_rates(c.core.rates); }, true});
  keys.push_back(duration_key("strategy", "rate_max_age", &CoreConfig::rate_max_age,
                              "A configured rate that is older does not count."));
}

void general_keys(std::vector<Key>& keys) {
  keys.push_back({"general", "data_dir", "a path", "Where the journal and the control socket live.",
                  [](Config& c, std::string_view t) {
                    return !t.empty() && (c.data_dir = std::string(t), true);
                  },
                  [](const Config& c) { return c.data_dir.string(); }});
  keys.push_back(
      {"general", "pairs", "a list of pairs such as [\"BTC/USDT\", \"ETH/USDT\"]",
       "Pairs to watch and trade, wherever a venue lists them.",
       [](Config& c, std::string_view t) {
         c.pairs = split_list(t);
         return !c.pairs.empty() && std::all_of(c.pairs.begin(), c.pairs.end(), parse_pair);
       },
       [](const Config& c) { return fmt::format("{}", fmt::join(c.pairs, ",")); }, true});
  keys.push_back({"general", "credentials_file", "a path, or \"\" for none",
                  "API keys, in a TOML file of mode 0600: a section per venue with `key` and "
                  "`secret`. Without "
                  "it and without a vault prices are watched and nothing is traded.",
                  [](Config& c, std::string_view t) { return c.credentials_file = t, true; },
                  [](const Config& c) { return c.credentials_file; }});
  keys.push_back({"general", "vault", "a path, or \"\" for none",
                  "API keys, sealed: `ats keys` keeps them. A venue's key is in the vault or in "
                  "credentials_file, not in both.",
                  [](Config& c, std::string_view t) { return c.vault = t, true; },
                  [](const Config& c) { return c.vault; }});
  keys.push_back({"general", "vault_key_file", "a path, or \"\" for a passphrase",
                  "Opens the vault without anybody being asked: a file of mode 0600 that `ats keys "
                  "add --key-file` makes, best on another disk or machine than the vault's copies.",
                  [](Config& c, std::string_view t) { return c.vault_key_file = t, true; },
                  [](const Config& c) { return c.vault_key_file; }});
  keys.push_back({"general", "ca_file", "a path, or \"\" for the system's",
                  "Certificate authorities to trust, PEM.",
                  [](Config& c, std::string_view t) { return c.ca_file = t, true; },
                  [](const Config& c) { return c.ca_file; }});
  keys.push_back(
      {"general", "metadata_interval", "a duration such as \"5m\", at least \"1s\"",
       "Between two questions to the venues for ticks, lots, minima and status; what changed is "
       "acted on.",
       [](Config& c, std::string_view t) {
         Duration d;
         if (!parse_duration(t, d) || d < seconds(1)) return false;
         c.metadata_every = d;
         return true;
       },
       [](const Config& c) { return print_duration(c.metadata_every); }});
  keys.push_back({"journal", "sync", "\"interval\", \"effect\" or \"none\"",
                  "Against power loss: `interval` syncs to disk every 100 ms in the background; "
                  "`effect` waits "
                  "for the disk before an order leaves; `none` leaves it to the kernel. kill -9 of "
                  "the process "
                  "loses nothing with any of them.",
                  [](Config& c, std::string_view t) {
                    if (t == "interval") return c.journal_sync = io::SyncPolicy::Interval, true;
                    if (t == "effect") return c.journal_sync = io::SyncPolicy::Effect, true;
                    if (t == "none") return c.journal_sync = io::SyncPolicy::None, true;
                    return false;
                  },
                  [](const Config& c) -> std::string {
                    switch (c.journal_sync) {
                      case io::SyncPolicy::Interval:
                        return "interval";
                      case io::SyncPolicy::Effect:
                        return "effect";
                      case io::SyncPolicy::None:
                        return "none";
                    }
                    return "";
                  }});
}

void core_keys(std::vector<Key>& keys) {
  keys.push_back(bps_key("strategy", "min_edge_bps", &CoreConfig::min_edge,
                         "Smallest edge worth trading, after taker fees on both legs."));
  keys.push_back(bps_key("strategy", "max_edge_bps", &CoreConfig::max_edge,
                         "A larger edge is taken for a bad quote and refused."));
  keys.push_back(bps_key("strategy", "max_slippage_bps", &CoreConfig::max_slippage,
                         "How much worse than the deepest level used an order's limit may be."));
  keys.push_back(amount_key("strategy", "max_order_notional", &CoreConfig::max_order_notional,
                            "Largest order, in the reporting asset."));
  keys.push_back(bps_key("strategy", "leg_cost_prior_bps", &CoreConfig::leg_cost_prior,
                         "What legs that fall short are thought to cost, over all legs sent, until "
                         "the venue has shown it; asked for on top of the smallest edge."));
  keys.push_back(count_key("strategy", "leg_cost_prior_legs", &CoreConfig::leg_cost_prior_legs,
                           "As many legs of a venue weigh as much as that."));
  keys.push_back(duration_key("strategy", "pair_cooldown", &CoreConfig::pair_cooldown,
                              "Pause of a pair after one of its trades is resolved."));
  keys.push_back(
      bps_key("strategy", "inventory_skew_bps", &CoreConfig::inventory_skew,
              "How far the smallest edge may move with what is held where: down for a trade that "
              "brings the "
              "venues to their targets, up for one that takes them away. 0: it stays as it is."));
  keys.push_back(bps_key("strategy", "inventory_floor_bps", &CoreConfig::inventory_floor,
                         "The smallest edge is never moved below this: at 0 a trade still pays for "
                         "its fees and for what its legs may cost."));
  strategy_keys(keys);
  maker_keys(keys);
  add_inventory_keys(keys);
  book_keys(keys);
  keys.push_back(amount_key("risk", "max_exposure", &CoreConfig::max_exposure,
                            "Largest open exposure per asset, in the reporting asset."));
  keys.push_back(amount_key("risk", "max_currency_exposure", &CoreConfig::max_currency_exposure,
                            "Most that conversions left open may gain or spend of one currency, in "
                            "the reporting asset."));
  keys.push_back(
      amount_key("risk", "max_daily_loss", &CoreConfig::max_daily_loss,
                 "Loss in one UTC day, in the reporting asset, that halts all trading."));
  keys.push_back(count_key("risk", "max_open_executions", &CoreConfig::max_open_executions,
                           "Most trades open at once."));
  keys.push_back({"risk", "reporting_asset", "an asset such as \"USDT\"",
                  "What P&L is reported in.",
                  [](Config& c, std::string_view t) {
                    if (t.empty() || !Text<15>::fits(t)) return false;
                    c.core.reporting_asset = Text<15>(t);
                    return true;
                  },
                  [](const Config& c) { return std::string(c.core.reporting_asset.view()); }});
  add_limit_keys(keys);
  add_stress_keys(keys);
  add_log_keys(keys);
  add_market_keys(keys);
  add_bus_keys(keys);
  add_influx_keys(keys);
  add_notice_keys(keys);
  add_standby_keys(keys);
  add_access_keys(keys);
  add_dashboard_keys(keys);
  keys.push_back(
      duration_key("execution", "order_deadline", &CoreConfig::order_deadline,
                   "Without a final answer by then an order is Unknown and the venue is asked."));
  keys.push_back(duration_key("execution", "query_interval", &CoreConfig::query_interval,
                              "Between two questions about an order that is Unknown."));
  keys.push_back(duration_key("execution", "not_found_grace", &CoreConfig::not_found_grace,
                              "\"No such order\" is believed only this long after sending."));
  keys.push_back(
      count_key("execution", "max_unwind_attempts", &CoreConfig::max_unwind_attempts,
                "Then the asset's pairs are halted and the residual handed to a person."));
  keys.push_back(
      amount_key("execution", "residual_tolerance", &CoreConfig::residual_tolerance,
                 "A residual worth less stays on the books as inventory; reporting asset."));
  keys.push_back(
      {"execution", "cancel_on_death", "true or false",
       "Venues that offer it cancel every order of the account, also those of others, when "
       "they hear no more of us: Bitfinex at once, Kraken after a minute.",
       [](Config& c, std::string_view t) {
         if (t != "true" && t != "false") return false;
         c.cancel_on_death = t == "true";
         return true;
       },
       [](const Config& c) -> std::string { return c.cancel_on_death ? "true" : "false"; }});
  keys.push_back(
      {"execution", "order_route", "auto, stream or rest",
       "How orders are given to Binance, Kraken and Bitfinex: over their WebSocket, by REST, or "
       "whichever answers sooner. The others take them by REST alone.",
       [](Config& c, std::string_view t) {
         c.order_route.reset();
         if (t == "stream") c.order_route = OrderRoute::Stream;
         if (t == "rest") c.order_route = OrderRoute::Rest;
         return c.order_route || t == "auto";
       },
       [](const Config& c) -> std::string {
         return c.order_route ? name(*c.order_route) : "auto";
       }});
  keys.push_back(
      {"execution", "foreign_orders", "halt, report or adopt",
       "What follows when an order on our account is not ours. Its fills are booked, and what it "
       "holds is not spent, in any case. `halt`: nothing is opened on its venue until a person "
       "resumes it. `report`: somebody is told. `adopt`: it is noted, for an account on which "
       "trades by hand are known of.",
       [](Config& c, std::string_view t) {
         for (const ForeignPolicy policy :
              {ForeignPolicy::Halt, ForeignPolicy::Report, ForeignPolicy::Adopt}) {
           if (t == ats::name(policy)) return c.core.foreign_orders = policy, true;
         }
         return false;
       },
       [](const Config& c) -> std::string { return ats::name(c.core.foreign_orders); }});
  keys.push_back(duration_key("execution", "balance_interval", &CoreConfig::balance_interval,
                              "Between two comparisons of a venue's balances with the ledger."));
}

VenueConfig& venue_of(Config& c, const std::string& name) {
  return *std::find_if(c.venues.begin(), c.venues.end(),
                       [&](const VenueConfig& v) { return v.name == name; });
}

void venue_keys(std::vector<Key>& keys, const std::string& venue) {
  const std::string section = "venue." + venue;
  keys.push_back({section, "enabled", "true or false", "Whether this venue takes part.",
                  [venue](Config& c, std::string_view t) {
                    if (t != "true" && t != "false") return false;
                    venue_of(c, venue).enabled = t == "true";
                    return true;
                  },
                  [venue](const Config& c) -> std::string {
                    return venue_of(const_cast<Config&>(c), venue).enabled ? "true" : "false";
                  }});
  keys.push_back(
      {section, "redundant", "true or false",
       "Two market-data connections where one would do: the first to bring an update is heard, "
       "one that freezes is noticed.",
       [venue](Config& c, std::string_view t) {
         if (t != "true" && t != "false") return false;
         venue_of(c, venue).redundant = t == "true";
         return true;
       },
       [venue](const Config& c) -> std::string {
         return venue_of(const_cast<Config&>(c), venue).redundant ? "true" : "false";
       }});
  const auto fee = [&](const char* name, std::optional<Rate> VenueConfig::*field,
                       const char* help) {
    keys.push_back({section, name,
                    "basis points as text, e.g. \"7.5\", from 0 to 10000, at most 5 decimals; or "
                    "\"\" for what the venue lists",
                    help,
                    [=](Config& c, std::string_view t) {
                      if (t.empty()) {
                        venue_of(c, venue).*field = std::nullopt;
                        return true;
                      }
                      const auto ppb = parse_scaled(t, 5);
                      if (!ppb || *ppb < 0 || *ppb > Rate::one) return false;
                      venue_of(c, venue).*field = Rate{*ppb};
                      return true;
                    },
                    [=](const Config& c) -> std::string {
                      const auto& rate = venue_of(const_cast<Config&>(c), venue).*field;
                      return rate ? format_scaled_short(rate->ppb, 5) : "";
                    }});
  };
  fee("taker_fee_bps", &VenueConfig::taker_fee,
      "What this account pays for an order that takes: its own tier is in no listing. The log says "
      "when fills were charged otherwise.");
  fee("maker_fee_bps", &VenueConfig::maker_fee, "Likewise for an order that rested.");
  using Urls = venues::VenueUrls;
  // The one to be used, and those that are tried when it does not serve. Naming the first forgets the
  // others of the default, so that nothing is contacted that was not named.
  const auto url = [&](const char* name, std::string Urls::*field,
                       std::vector<std::string> Urls::*others, const char* expected,
                       const char* help, const char* plain, const char* secure) {
    const auto sound = [=](std::string_view t) {
      return t.starts_with(plain) || t.starts_with(secure);
    };
    keys.push_back(
        {section, name, expected, help,
         [=](Config& c, std::string_view t) {
           if (!sound(t)) return false;
           venue_of(c, venue).urls.*field = std::string(t);
           const Urls& live = venues::find_protocol(venue)->urls;
           std::vector<std::string>& spare = venue_of(c, venue).urls.*others;
           if (t != live.*field && spare == live.*others) spare.clear();
           return true;
         },
         [=](const Config& c) { return venue_of(const_cast<Config&>(c), venue).urls.*field; }});
    keys.push_back(
        {section, std::string("other_") + name + "s", std::string("a list, each ") + expected,
         "Hosts that serve the same, tried in turn when one does not.",
         [=](Config& c, std::string_view t) {
           auto list = split_list(t);
           if (!std::all_of(list.begin(), list.end(), sound)) return false;
           venue_of(c, venue).urls.*others = std::move(list);
           return true;
         },
         [=](const Config& c) {
           return fmt::format("{}",
                              fmt::join(venue_of(const_cast<Config&>(c), venue).urls.*others, ","));
         },
         true});
  };
  url("rest_url", &Urls::rest, &Urls::other_rest, "an http:// or https:// URL",
      "REST calls go here.", "http://", "https://");
  url("market_url", &Urls::market, &Urls::other_market, "a ws:// or wss:// URL",
      "Market-data stream.", "ws://", "wss://");
  url("trading_url", &Urls::trading, &Urls::other_trading, "a ws:// or wss:// URL",
      "Orders out, private stream in.", "ws://", "wss://");
}

}  // namespace

const std::vector<KeyFamily>& config_families() {
  static const std::vector<KeyFamily> families{channel_keys(), notice_rule_keys()};
  return families;
}

bool parse_member(std::string_view name) {
  constexpr std::size_t most = 31;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= most && std::ranges::all_of(name, fits);
}

const std::vector<Key>& config_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> k;
    general_keys(k);
    core_keys(k);
    add_paper_keys(k);
    add_backtest_keys(k);
    for (const VenueConfig& venue : default_config().venues) venue_keys(k, venue.name);
    return k;
  }();
  return keys;
}

}  // namespace ats::services

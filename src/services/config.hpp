// The configuration: one TOML file, one table of keys. The table validates the file, documents it
// (docs/configuration.md is generated from it) and prints the effective values. Environment variables
// ATS_SECTION_KEY override the file. Unknown keys and bad values are errors that name file, line, key and
// what was expected. Secrets do not belong here: API keys are in the vault, or in a file of their own that is
// readable by its owner only.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/inventory/transfer_table.hpp"
#include "core/risk/measures/stress.hpp"
#include "domain/config.hpp"
#include "io/journal.hpp"
#include "services/access_config.hpp"
#include "services/backtest_config.hpp"
#include "services/bus_config.hpp"
#include "services/dashboard_config.hpp"
#include "services/influx_config.hpp"
#include "services/log.hpp"
#include "services/market_config.hpp"
#include "services/notice_config.hpp"
#include "services/risk_service_config.hpp"
#include "services/standby_config.hpp"
#include "sim/paper_latency.hpp"
#include "venues/client.hpp"

namespace ats::services {

struct VenueConfig {
  std::string name;
  bool enabled = false;
  venues::VenueUrls urls;
  bool redundant = false;  // two market connections for each
  // What this account pays; none: what the venue lists. An account's own tier is in no public listing.
  std::optional<Rate> maker_fee = {}, taker_fee = {};
};

struct PaperBalance {
  Text<15> venue;
  Text<15> asset;
  Decimal amount;
  bool operator==(const PaperBalance&) const = default;
};
struct PaperVenueLatency {
  Text<15> venue;
  sim::PaperLatency latency;
  bool operator==(const PaperVenueLatency&) const = default;
};
// Whether it is on is the core's to know: core.paper.
struct PaperConfig {
  std::vector<PaperBalance> balances;
  sim::PaperLatency latency;
  std::vector<PaperVenueLatency> latencies;
  std::uint64_t seed = 1;
};

struct Config {
  std::filesystem::path data_dir = "ats-data";  // journal, control socket
  // The venues that offer it cancel every order of the account when they hear no more of us.
  bool cancel_on_death = true;
  std::optional<OrderRoute> order_route;   // none: whichever answers sooner
  std::string credentials_file;            // empty, and no vault: market data only
  std::string vault;                       // sealed API keys; empty: none
  std::string vault_key_file;              // opens the vault; empty: a passphrase does
  std::string ca_file;                     // empty: the system's authorities
  Duration metadata_every = seconds(300);  // between two questions for instruments
  io::SyncPolicy journal_sync = io::SyncPolicy::Interval;
  std::vector<std::string> pairs;      // "BTC/USDT"
  std::vector<VenueConfig> venues;     // one of every protocol that can trade
  std::string engine_name = "engine";  // among those that share one set of limits
  core::PlanRules inventory;           // what a plan to rebalance goes by
  core::StressRules stress;            // what positions are stressed by
  PaperConfig paper;
  RiskServiceConfig risk_service;
  BusConfig bus;
  MarketConfig market;
  LogConfig log;
  InfluxConfig influx;
  NoticeConfig notice;
  StandbyConfig standby;
  AccessConfig access;
  BacktestServiceConfig backtest;
  DashboardConfig dashboard;
  std::string monitoring_listen = "127.0.0.1:0";  // metrics and health; empty: nowhere
  CoreConfig core;
};

// Everything in its default: no pair, no venue enabled, live URLs.
Config default_config();

// Reads the file (empty path: none), then the environment. The error is one line a person can act on.
Result<Config, std::string> load_config(const std::filesystem::path& file,
                                        const std::map<std::string, std::string>& environment);
// Likewise of a text, which errors call `name`; then what is set over it by "section.key".
Result<Config, std::string> parse_config(std::string_view toml, const std::string& name,
                                         const std::map<std::string, std::string>& overrides);
// The process's environment, for load_config.
std::map<std::string, std::string> environment_variables();

// docs/configuration.md, whole.
std::string configuration_markdown();
// Effective values as TOML that load_config reads back to the same.
std::string to_toml(const Config& config);

// Credentials by venue name from a TOML file: [binance] key = "…", secret = "…". Refused when others than
// its owner may read it. Messages never contain what the file holds.
Result<std::map<std::string, venues::Credentials>, std::string> load_credentials(
    const std::filesystem::path& file);

}  // namespace ats::services

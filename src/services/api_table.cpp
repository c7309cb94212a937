#include "services/api_table.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "venues/percent.hpp"

namespace ats::services {
namespace {

using security::Permission;
using enum AskedAt;

constexpr ApiMethod fetch(std::string_view path, std::string_view file, std::string_view summary) {
  ApiMethod method{"GET",  path, "ats.v1.Backtests.FetchBacktest", Engine, Permission::View,
                   summary};
  method.file = file;
  return method;
}

constexpr std::array methods{
    ApiMethod{"GET", "/api/v1/engine", "ats.v1.Engine.GetEngine", Engine, Permission::View,
              "What an engine is doing, and how fast"},
    ApiMethod{"GET", "/api/v1/books", "ats.v1.Engine.ListBooks", Engine, Permission::View,
              "Books: state, reason, age, and so many levels"},
    ApiMethod{"GET", "/api/v1/opportunities", "ats.v1.Engine.ListOpportunities", Engine,
              Permission::View, "Edges before and after all costs, and why each is not taken"},
    ApiMethod{"GET", "/api/v1/orders", "ats.v1.Engine.ListOrders", Engine, Permission::View,
              "Orders that are not over"},
    ApiMethod{"GET", "/api/v1/trades", "ats.v1.Engine.ListTrades", Engine, Permission::View,
              "Trades: open ones, and the last that are over"},
    ApiMethod{"GET", "/api/v1/trades/{trade}", "ats.v1.Engine.GetTrade", Engine, Permission::View,
              "One trade: the books it saw, its legs, latencies, and where its money went"},
    ApiMethod{"GET", "/api/v1/balances", "ats.v1.Engine.ListBalances", Engine, Permission::View,
              "Balances by venue and asset, by the ledger and by the venue"},
    ApiMethod{"GET", "/api/v1/configuration", "ats.v1.Engine.GetConfiguration", Engine,
              Permission::Configuration, "The configuration in force; it has no secret"},
    ApiMethod{"GET", "/api/v1/risk", "ats.v1.Risk.GetStatus", Risk, Permission::View,
              "Whether anything may be opened, and what is held up"},
    ApiMethod{"GET", "/api/v1/positions", "ats.v1.Risk.ListPositions", Risk, Permission::View,
              "What is held where, and what it is worth"},
    ApiMethod{"GET", "/api/v1/pnl", "ats.v1.Risk.GetProfitAndLoss", Engine, Permission::View,
              "Profit and loss by day, week, month and ever"},
    ApiMethod{"GET", "/api/v1/limits", "ats.v1.Risk.ListLimits", Risk, Permission::View,
              "Each limit with its use"},
    ApiMethod{"POST", "/api/v1/limits", "ats.v1.Risk.SetLimit", Risk, Permission::Limits,
              "Sets a limit, or takes it back to the configuration", Before::Limit},
    ApiMethod{"GET", "/api/v1/alerts", "ats.v1.Risk.ListAlerts", Risk, Permission::View,
              "Alerts: open ones, or all"},
    ApiMethod{"POST", "/api/v1/alerts/{number}/acknowledge", "ats.v1.Risk.AcknowledgeAlert", Risk,
              Permission::Acknowledge, "Says that somebody has seen an alert"},
    ApiMethod{"POST", "/api/v1/halt", "ats.v1.Risk.Halt", Risk, Permission::Halt,
              "Opens nothing more, everywhere or in a scope", Before::Holds},
    ApiMethod{"POST", "/api/v1/resume", "ats.v1.Risk.Resume", Risk, Permission::Resume,
              "Goes on after a halt", Before::Holds},
    ApiMethod{"POST", "/api/v1/engines/{engine}/write-off", "ats.v1.Risk.WriteOffEngine", Risk,
              Permission::WriteOff, "Says that an engine is gone for good", Before::Holds},
    ApiMethod{"GET", "/api/v1/recordings", "ats.v1.Backtests.ListRecordings", Engine,
              Permission::View, "What there is to play a backtest on"},
    ApiMethod{"GET", "/api/v1/backtests", "ats.v1.Backtests.ListBacktests", Engine,
              Permission::View, "Backtests, the newest first"},
    ApiMethod{"POST", "/api/v1/backtests", "ats.v1.Backtests.StartBacktest", Engine,
              Permission::Backtest, "Starts a backtest"},
    ApiMethod{"GET", "/api/v1/backtests/{id}", "ats.v1.Backtests.GetBacktest", Engine,
              Permission::View, "One backtest: its state, progress and figures"},
    ApiMethod{"DELETE", "/api/v1/backtests/{id}", "ats.v1.Backtests.CancelBacktest", Engine,
              Permission::Backtest, "Ends one that waits or runs"},
    ApiMethod{"GET", "/api/v1/notifications", "ats.v1.Notifications.GetNotifier", Notifier,
              Permission::View, "What the notifier hears of, and how much waits"},
    ApiMethod{"GET", "/api/v1/notifications/rules", "ats.v1.Notifications.ListRules", Notifier,
              Permission::View, "The rules by which people are told"},
    ApiMethod{"GET", "/api/v1/notifications/channels", "ats.v1.Notifications.ListChannels",
              Notifier, Permission::View, "The ways on which they are told, and how each does"},
    ApiMethod{"GET", "/api/v1/notifications/matters", "ats.v1.Notifications.ListMatters", Notifier,
              Permission::View, "What is open, and where it stands with each rule"},
    ApiMethod{"GET", "/api/v1/notifications/deliveries", "ats.v1.Notifications.ListDeliveries",
              Notifier, Permission::View, "What was told to whom, the newest first"},
    ApiMethod{"GET", "/api/v1/notifications/deliveries/{number}",
              "ats.v1.Notifications.GetDelivery", Notifier, Permission::View,
              "One of them, with its attempts and the answers to them"},
    ApiMethod{"POST", "/api/v1/notifications/deliveries/{number}/retry",
              "ats.v1.Notifications.RetryDeliveries", Notifier, Permission::Notify,
              "Tries again what came to nothing; 0: all of it"},
    ApiMethod{"POST", "/api/v1/notifications/channels/{channel}/test",
              "ats.v1.Notifications.TestChannel", Notifier, Permission::Notify,
              "Sends a test over a channel"},
    ApiMethod{"POST", "/api/v1/notifications/acknowledge", "ats.v1.Notifications.AcknowledgeNotice",
              Notifier, Permission::Notify,
              "Says to the notifier that somebody has seen an alert whose engine cannot be asked"},
    fetch("/api/v1/backtests/{id}/report", "REPORT", "Its report, a page with plots"),
    fetch("/api/v1/backtests/{id}/result", "RESULT", "Its whole result, as JSON"),
    fetch("/api/v1/backtests/{id}/configuration", "CONFIGURATION", "What it was played with"),
    fetch("/api/v1/backtests/{id}/log", "LOG", "What it said"),
};

const std::vector<std::string> age{"age"};

const std::vector<ApiTopic>& topics() {
  static const std::vector<ApiTopic> all{
      {"engine", "ats.v1.Engine.GetEngine", Engine, {}, {"", {"engine"}, {}}, seconds(1)},
      {"risk", "ats.v1.Risk.GetStatus", Risk, {}, {"", {"risk"}, {}}, milliseconds(500)},
      {"pnl", "ats.v1.Risk.GetProfitAndLoss", Engine, {}, {"", {"pnl"}, {}}, seconds(1)},
      {"books",
       "ats.v1.Engine.ListBooks",
       Engine,
       {},
       {"books", {"venue", "pair"}, age},
       milliseconds(250)},
      {"opportunities",
       "ats.v1.Engine.ListOpportunities",
       Engine,
       {{"refusedToo", "true"}},
       {"opportunities", {"strategy", "legs"}, {}},
       milliseconds(500)},
      {"orders",
       "ats.v1.Engine.ListOrders",
       Engine,
       {},
       {"orders", {"order_id"}, {"placed"}},
       milliseconds(500)},
      {"trades",
       "ats.v1.Engine.ListTrades",
       Engine,
       {{"last", "1"}},
       {"open", {"trade"}, {"opened"}},
       milliseconds(500)},
      {"executions",
       "ats.v1.Engine.ListTrades",
       Engine,
       {{"last", "200"}},
       {"over", {"number"}, {}},
       milliseconds(500)},
      {"balances",
       "ats.v1.Engine.ListBalances",
       Engine,
       {},
       {"balances", {"venue", "asset"}, {}},
       seconds(1)},
      {"positions",
       "ats.v1.Risk.ListPositions",
       Risk,
       {},
       {"positions", {"venue", "asset"}, {"mark_age"}},
       seconds(1)},
      {"exposures",
       "ats.v1.Risk.ListPositions",
       Risk,
       {},
       {"exposures", {"asset"}, {}},
       seconds(1)},
      {"limits", "ats.v1.Risk.ListLimits", Risk, {}, {"limits", {"name", "scope"}, {}}, seconds(1)},
      {"alerts",
       "ats.v1.Risk.ListAlerts",
       Risk,
       {{"all", "true"}},
       {"alerts", {"number"}, {}},
       milliseconds(500)},
      {"backtests",
       "ats.v1.Backtests.ListBacktests",
       Engine,
       {},
       {"backtests", {"id"}, {}},
       seconds(1)},
  };
  return all;
}

constexpr std::string_view ladder = "ladder/";

// The fields in braces of `pattern`. False: `path` is another.
bool match(std::string_view pattern, std::string_view path, ApiParameters& fields) {
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() != '{') {
      if (pattern.front() != path.front()) return false;
      pattern.remove_prefix(1);
      path.remove_prefix(1);
      continue;
    }
    const std::size_t end = pattern.find('}');
    const std::size_t slash = std::min(path.find('/'), path.size());
    auto value = venues::percent_decoded(path.substr(0, slash), false);
    if (slash == 0 || !value) return false;
    fields.emplace_back(pattern.substr(1, end - 1), *std::move(value));
    pattern.remove_prefix(end + 1);
    path.remove_prefix(slash);
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::span<const ApiMethod> api_methods() { return methods; }
std::span<const ApiTopic> api_topics() { return topics(); }

ApiMatch find_api_method(std::string_view verb, std::string_view path) {
  ApiMatch out;
  for (const ApiMethod& method : methods) {
    ApiParameters fields;
    if (!match(method.path, path, fields)) continue;
    if (!out.allowed.empty()) out.allowed += ", ";
    out.allowed += method.verb;
    if (method.verb != verb) continue;
    out.method = &method;
    out.fields = std::move(fields);
  }
  return out;
}

std::optional<ApiTopic> find_api_topic(std::string_view name) {
  for (const ApiTopic& topic : topics()) {
    if (topic.name == name) return topic;
  }
  if (!name.starts_with(ladder)) return std::nullopt;
  const std::string_view rest = name.substr(ladder.size());
  const std::size_t slash = rest.find('/');
  if (slash == rest.npos || slash == 0 || slash + 1 == rest.size()) return std::nullopt;
  return ApiTopic{ladder,
                  "ats.v1.Engine.ListBooks",
                  Engine,
                  {{"venue", std::string(rest.substr(0, slash))},
                   {"pair", std::string(rest.substr(slash + 1))},
                   {"depth", "20"}},
                  {"books", {"venue", "pair"}, age},
                  milliseconds(200)};
}

}  // namespace ats::services

#include "services/commands.hpp"

#include "services/backtest_command.hpp"
#include "services/bus_command.hpp"
#include "services/capture_command.hpp"
#include "services/collector_command.hpp"
#include "services/compare_command.hpp"
#include "services/config_command.hpp"
#include "services/dashboard_command.hpp"
#include "services/decode.hpp"
#include "services/doctor.hpp"
#include "services/influx_command.hpp"
#include "services/instruments.hpp"
#include "services/inventory_command.hpp"
#include "services/keys_command.hpp"
#include "services/notifier_command.hpp"
#include "services/operate.hpp"
#include "services/pnl.hpp"
#include "services/record.hpp"
#include "services/replay.hpp"
#include "services/risk_command.hpp"
#include "services/run.hpp"
#include "services/scan.hpp"
#include "services/sim_command.hpp"
#include "services/simulate.hpp"
#include "services/sweep_command.hpp"
#include "services/tls_command.hpp"
#include "services/traces_command.hpp"
#include "services/trades.hpp"
#include "services/user_command.hpp"
#include "services/watchdog.hpp"

namespace ats::services {

std::span<const Command> commands() {
  static constexpr Command list[] = {
      {"run", "all roles in one process; by default on simulated exchanges", run_command},
      {"collector", "public market data of the venues, for engines of this machine",
       collector_command},
      {"engine", "the trading engine alone, with market data from collectors", engine_command},
      {"dashboard", "page and API for people and programs, of engines in other processes",
       dashboard_command},
      {"notifier", "tell people of alerts, by rules, over mail, webhooks and chats",
       notifier_command},
      {"notify", "what people were told, what came to nothing, and whether a channel works",
       notify_command},
      {"sim", "simulated exchanges on loopback, for any client", sim_command},
      {"simulate", "the core in a seeded world with faults, its invariants checked",
       simulate_command},
      {"backtest", "the live core on a recording, and what it would have earned there",
       backtest_command},
      {"sweep", "many backtests with other settings, and how much of the best one is luck",
       sweep_command},
      {"compare", "a run beside its own replay and beside a backtest of the same market",
       compare_command},
      {"status", "what a running process is doing", status_command},
      {"log", "how much a running process says", log_command},
      {"inventory", "what is held where, beside what is wanted there, and what could be done",
       inventory_command},
      {"risk", "what is held at risk, earned and lost; the risk role of several engines",
       risk_command},
      {"halt", "stop new trades: everywhere, on one venue or of one pair", halt_command},
      {"resume", "lift a halt", resume_command},
      {"pnl", "realised profit and loss by day, pair, venue and asset, and where it came from",
       pnl_command},
      {"trades", "a list of what was traded, and how each trade ended", trades_command},
      {"trade", "the timeline of one trade, with the books it saw", trade_command},
      {"traces", "each trade as an OpenTelemetry trace, to a collector", traces_command},
      {"bus", "what engines tell on Redis, one JSON object a line", bus_command},
      {"influx", "what history is written into (InfluxDB), and what it holds", influx_command},
      {"watchdog", "cancel the engine's open orders when it answers no more", watchdog_command},
      {"replay", "run a journal through the core again and report the first difference",
       replay_command},
      {"scan", "what recorded market data says of books and of edges between venues", scan_command},
      {"record", "public market data into a capture", record_command},
      {"capture", "look into captures, cut, merge, import and export them", capture_command},
      {"decode", "recorded frames as normalised events, JSON lines", decode_command},
      {"instruments", "what the venues list, and what can be compared across them",
       instruments_command},
      {"keys", "the API keys: added, listed, checked, replaced, removed", keys_command},
      {"user", "who may use the dashboard and its API, and what each may do", user_command},
      {"audit", "what was done by whom, and whether that is as it was written", audit_command},
      {"tls", "an authority of your own, and certificates for servers and clients", tls_command},
      {"doctor", "whether a deployment can work, and what to do where it cannot", doctor_command},
      {"config", "check a configuration, print the effective one", config_command},
  };
  return list;
}

}  // namespace ats::services

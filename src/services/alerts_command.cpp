#include "services/alerts_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "services/alert_text.hpp"
#include "services/command_line.hpp"
#include "services/running_process.hpp"

namespace ats::services {

int alerts_command(int argc, const char* const* argv) {
  RunningProcess process;
  bool all = false, as_json = false;
  CLI::App app("What people were told of and is not over, by its number.", "ats risk alerts");
  process.add_to(app);
  app.add_flag("--all", all, "also what is over, as far back as it is kept");
  app.add_flag("--json", as_json, "as one JSON object");
  app.footer("Examples:\n  ats risk alerts\n  ats risk alerts --all --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto answer = process.ask({{"command", "alerts"}, {"all", all}});
  if (!answer) return answer.error();
  const auto told = nlohmann::ordered_json::parse(*answer, nullptr, false);
  if (!told.is_object() || !told.contains("alerts")) return failure(*answer);
  fmt::print("{}", as_json ? told.dump() + "\n" : alerts_text(told));
  return exit_done;
}

int acknowledge_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::uint64_t number = 0;
  std::string reason;
  CLI::App app("Says that you have seen an alert: a critical one is then told no more.",
               "ats risk ack");
  process.add_to(app);
  app.add_option("alert", number, "its number, as `ats risk alerts` shows it")->required();
  app.add_option("--reason", reason, "what is done about it, for the journal")->required();
  app.footer("Examples:\n  ats risk ack 3 --reason \"key rotated, resuming at noon\"");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return process.carry_out({{"command", "acknowledge"}, {"alert", number}, {"reason", reason}});
}

}  // namespace ats::services

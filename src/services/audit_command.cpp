#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "services/access_place.hpp"
#include "services/command_line.hpp"
#include "services/user_command.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::AuditEntry;

struct Options : AccessPlace {
  std::uint64_t before = 0, count = 100;
  std::string who;
};

// One line, whatever is in it.
std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text) out += c >= 0 && c < ' ' ? '?' : c;
  return out;
}

int verify(const Options& options) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  const std::string problem = desk->store->check_audit();
  const std::uint64_t entries = desk->store->audit_count();
  if (options.json)
    fmt::print("{}\n",
               json({{"entries", entries}, {"intact", problem.empty()}, {"problem", problem}})
                   .dump(2, ' ', false, json::error_handler_t::replace));
  else if (problem.empty())
    fmt::print("the audit log is as it was written: {} entries\n", entries);
  if (problem.empty()) return exit_done;
  return failure("the audit log is not as it was written: " + problem);
}

int show(const Options& options) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  std::vector<AuditEntry> entries;
  // Of one person: the log is gone through until there are enough.
  for (std::uint64_t before = options.before; entries.size() < options.count;) {
    const auto part = desk->store->audit(before, options.count);
    if (part.empty()) break;
    for (const AuditEntry& entry : part) {
      if (entries.size() < options.count && (options.who.empty() || entry.who == options.who))
        entries.push_back(entry);
    }
    before = part.back().number;
  }
  json rows = json::array();
  for (const AuditEntry& entry : entries) {
    if (options.json) {
      rows.push_back({{"number", entry.number},
                      {"at", format_rfc3339(entry.at)},
                      {"who", entry.who},
                      {"from", entry.from},
                      {"what", entry.what},
                      {"target", entry.target},
                      {"before", entry.before},
                      {"after", entry.after},
                      {"outcome", entry.outcome}});
      continue;
    }
    std::string line = fmt::format("{:>6} {} {:<12} {:<15} {:<18} {}: {}", entry.number,
                                   format_rfc3339(entry.at).substr(0, 19) + "Z",
                                   entry.who.empty() ? "-" : entry.who, entry.from, entry.what,
                                   entry.target, entry.outcome);
    if (!entry.before.empty() || !entry.after.empty())
      line += fmt::format(" ({} -> {})", entry.before, entry.after);
    fmt::print("{}\n", shown(line));
  }
  if (options.json) fmt::print("{}\n", rows.dump(2, ' ', false, json::error_handler_t::replace));
  return exit_done;
}

}  // namespace

int audit_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "What was done over the dashboard and its API and to users, by whom, from where "
      "(docs/users.md).",
      "ats audit");
  app.require_subcommand(1);
  app.footer("Examples:\n  ats audit verify --config ats.toml\n  ats audit show --count 20");
  CLI::App* const verifying =
      app.add_subcommand("verify", "whether the log is as it was written, to its last entry");
  verifying->footer(
      "Exit code 1 when an entry was changed, removed, moved or added without the store's key, or "
      "the end was\ncut off.\n\nExamples:\n  ats audit verify --config ats.toml\n"
      "  ats audit verify --json");
  CLI::App* const showing = app.add_subcommand("show", "its entries, the latest first");
  showing->add_option("--count", options.count, "how many at most")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000}))
      ->capture_default_str();
  showing->add_option("--before", options.before, "those with a smaller number");
  showing->add_option("--who", options.who, "those of one user");
  showing->footer(
      "Examples:\n  ats audit show --config ats.toml\n  ats audit show --who alice --json");
  for (CLI::App* const one : {verifying, showing}) add_place_options(*one, options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return verifying->parsed() ? verify(options) : show(options);
}

}  // namespace ats::services

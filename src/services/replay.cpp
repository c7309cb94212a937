#include "services/replay.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "services/command_line.hpp"
#include "services/fold.hpp"

namespace ats::services {

int replay_command(int argc, const char* const* argv) {
  std::string directory;
  bool as_json = false;
  CLI::App app(
      "Runs a journal's events through the core again and compares every action, byte for byte.",
      "ats replay");
  app.add_option("journal", directory, "journal directory (the last line of `ats run` names it)")
      ->required();
  app.add_flag("--json", as_json, "the result as one JSON object");
  app.footer("Example:\n  ats replay ats-data/journal");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  auto reader = io::JournalReader::open(directory);
  if (!reader) return failure(reader.error().detail);
  core::Engine engine;
  FoldOptions options;
  if (::isatty(STDERR_FILENO) == 1) {
    options.progress = [](std::uint64_t records) {
      std::fprintf(stderr, "\r%llu records", static_cast<unsigned long long>(records));
    };
  }
  const Instant begun = io::OsClock::now();
  const auto folded = fold_journal(*reader, engine, options);
  const double took = static_cast<double>((io::OsClock::now() - begun).ns) / 1e9;
  if (options.progress) std::fprintf(stderr, "\r\x1b[K");
  if (!folded) return failure(folded.error().detail);
  const FoldReport& r = *folded;
  if (r.events == 0) return failure(directory + ": holds no journal records");

  nlohmann::json out{{"events", r.events},
                     {"actions", r.actions},
                     {"runs", r.runs},
                     {"closed_cleanly", r.closed_cleanly},
                     {"torn_bytes", r.torn_bytes},
                     {"seconds", took},
                     {"identical", !r.difference.has_value()}};
  if (r.difference) {
    out["difference"] = {{"record", r.difference->sequence},
                         {"position", r.difference->position},
                         {"event", r.difference->event},
                         {"journalled", r.difference->journalled},
                         {"wanted", r.difference->wanted}};
  }
  if (as_json) {
    fmt::print("{}\n", out.dump());
  } else {
    fmt::print("{} events, {} actions of {} runs in {:.2f} s: {}\n", r.events, r.actions, r.runs,
               took, r.difference ? "DIFFERENT" : "identical, byte for byte");
    if (r.torn_bytes > 0)
      fmt::print(
          "the last record is incomplete ({} bytes): the process died while writing it, or the "
          "file was cut\n",
          r.torn_bytes);
    else if (!r.closed_cleanly)
      fmt::print("the journal has no closing record: the process did not stop in order\n");
    if (r.difference) {
      fmt::print(
          "first difference at record {} ({}):\n  event      {}\n  journalled {}\n  wanted now "
          "{}\n",
          r.difference->sequence, r.difference->position, r.difference->event,
          r.difference->journalled, r.difference->wanted);
    }
  }
  return r.difference ? exit_invariant : r.torn_bytes > 0 ? exit_failed : exit_done;
}

}  // namespace ats::services

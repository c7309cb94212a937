#include "services/replay.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/capture_reader.hpp"
#include "io/clock.hpp"
#include "services/book_witness.hpp"
#include "services/command_line.hpp"
#include "services/fold.hpp"
#include "services/replay_capture.hpp"

namespace ats::services {

namespace {

int replay_recorded(const std::string& path, bool as_json) {
  const auto file = RecordingFile::open(path, nullptr);
  if (!file) return failure(file.error());
  const auto replays = replay_capture(*file);
  if (!replays) return failure(replays.error());
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  bool identical = true;
  for (const CaptureReplay& r : *replays) {
    identical = identical && !r.difference;
    out.push_back(
        {{"venue", r.venue}, {"events", r.events}, {"identical", !r.difference.has_value()}});
    if (r.difference) {
      out.back()["difference"] = {{"frame", r.difference->frame},
                                  {"event", r.difference->event},
                                  {"decoded", r.difference->decoded},
                                  {"recorded", r.difference->recorded}};
    }
    if (as_json) continue;
    fmt::print("{}: {} events {}\n", r.venue, r.events,
               r.difference ? "alike, then a difference" : "decoded alike, byte for byte");
    if (r.difference) {
      fmt::print("  record {} decoded   {}\n  record {} recorded  {}\n", r.difference->frame,
                 r.difference->decoded, r.difference->event, r.difference->recorded);
    }
  }
  if (as_json) {
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
  return identical ? exit_done : exit_invariant;
}

}  // namespace

int replay_command(int argc, const char* const* argv) {
  std::string directory;
  bool as_json = false;
  bool check_books = false;
  CLI::App app(
      "Runs a journal's events through the core again and compares every action, byte for byte; "
      "or\n"
      "decodes a capture's frames again and compares every event.",
      "ats replay");
  app.add_option("journal", directory,
                 "journal directory (the last line of `ats run` names it), or a capture")
      ->required();
  app.add_flag("--json", as_json, "the result as one JSON object");
  app.add_flag("--check-books", check_books,
               "of a journal: whether each order was priced from a book that was Valid, by plain "
               "books beside the core's");
  app.footer("Examples:\n  ats replay ats-data/journal\n  ats replay capture");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (io::CaptureReader::is_capture(directory)) return replay_recorded(directory, as_json);

  auto reader = io::JournalReader::open(directory);
  if (!reader) return failure(reader.error().detail);
  core::Engine engine;
  FoldOptions options;
  BookWitness witness;
  if (check_books) {
    options.observe = [&witness](const Event& event, Instant now, const Actions& actions) {
      witness.observe(event, now, actions);
    };
  }
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
  if (check_books) {
    out["orders"] = witness.orders();
    out["orders_unproven"] = witness.unproven();
    if (witness.unproven() > 0) out["first_unproven"] = witness.first();
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
    if (check_books) {
      fmt::print("{} orders, {} of them priced from a book that was not Valid\n", witness.orders(),
                 witness.unproven());
      if (witness.unproven() > 0) fmt::print("first: {}\n", witness.first());
    }
  }
  return r.difference || witness.unproven() > 0 ? exit_invariant
         : r.torn_bytes > 0                     ? exit_failed
                                                : exit_done;
}

}  // namespace ats::services

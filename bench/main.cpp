// ats_bench: every figure beside its baseline in the same run, as a table and as JSON.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include <unistd.h>

#include "harness.hpp"

namespace ats::bench {

namespace {

std::vector<std::pair<std::string, Section>>& sections() {
  static std::vector<std::pair<std::string, Section>> all;
  return all;
}

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::NoGoal:
      return "";
    case Verdict::Met:
      return "met";
    case Verdict::BelowGoal:
      return "BELOW GOAL";
    case Verdict::BelowFloor:
      return "BELOW FLOOR";
  }
  return "";
}

const char* name(Goal::Kind kind) {
  switch (kind) {
    case Goal::Kind::None:
      return "none";
    case Goal::Kind::RatioAtLeast:
      return "baseline/ours at least";
    case Goal::Kind::RatioAtMost:
      return "ours/baseline at most";
    case Goal::Kind::ValueAtLeast:
      return "value at least";
    case Goal::Kind::ValueAtMost:
      return "value at most";
  }
  return "";
}

bool compares(const Result& result) { return !result.baseline_name.empty(); }

std::string title(const Result& result) {
  std::string what = result.section + ": " + result.name;
  if (!result.metric.name.empty()) what += ", " + result.metric.name;
  return what;
}

// How many a second, where the figure is the time of one.
std::string per_second(const Result& result) {
  const bool shown = result.metric.unit == "ns/frame" || result.metric.unit == "ns/event";
  if (!shown || result.ours.median <= 0) return "";
  constexpr double thousand_a_second = 1e6;
  char text[32];
  std::snprintf(text, sizeof text, " %.0fk/s", thousand_a_second / result.ours.median);
  return text;
}

void print(const Result& result) {
  const std::string what = title(result);
  const std::string unit = result.metric.unit + per_second(result);
  std::printf("%-66s %12.1f %-18s", what.c_str(), result.ours.median, unit.c_str());
  if (compares(result)) {
    std::printf(" %12.1f %-28s %6.2f %6.2f %6.2f", result.baseline.median,
                result.baseline_name.c_str(), result.ratio.min, result.ratio.median,
                result.ratio.max);
  } else {
    std::printf(" %12s %-28s %6.4g %6.4g %6.4g", "", "(min, median, max)", result.ours.min,
                result.ours.median, result.ours.max);
  }
  std::printf("%s\n", result.checksums_equal ? "" : "  CHECKSUMS DIFFER");
}

// Every goal in one place.
void print_goals(const std::vector<Result>& results) {
  std::printf("\n%-5s %-64s %18s %22s\n", "goal", "what", "median", "worst round (floor)");
  for (const Result& result : results) {
    const Goal& goal = result.metric.goal;
    if (goal.kind == Goal::Kind::None) continue;
    const bool most = goal.kind == Goal::Kind::RatioAtMost || goal.kind == Goal::Kind::ValueAtMost;
    const char* sign = most ? "<=" : ">=";
    std::printf("%-5s %-64s %8.4g %s %-6g %10.4g", result.metric.goal_id.c_str(),
                title(result).c_str(), result.ratio.median, sign, goal.median,
                most ? result.ratio.max : result.ratio.min);
    if (goal.floor) {
      std::printf(" %s %-8g", sign, *goal.floor);
    } else {
      std::printf(" %11s", "");
    }
    std::printf(" %s\n", name(result.verdict));
  }
}

nlohmann::json json_of(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

nlohmann::json json_of(const Result& result) {
  nlohmann::json out = {
      {"section", result.section},    {"name", result.name},
      {"metric", result.metric.name}, {"unit", result.metric.unit},
      {"ours", json_of(result.ours)}, {"checksums_equal", result.checksums_equal}};
  if (compares(result)) {
    out["baseline_name"] = result.baseline_name;
    out["baseline"] = json_of(result.baseline);
    out["ratio"] = json_of(result.ratio);
  }
  if (result.metric.goal.kind != Goal::Kind::None) {
    out["goal"] = {{"id", result.metric.goal_id},
                   {"kind", name(result.metric.goal.kind)},
                   {"median", result.metric.goal.median},
                   {"verdict", name(result.verdict)}};
    if (result.metric.goal.floor) out["goal"]["floor"] = *result.metric.goal.floor;
  }
  return out;
}

constexpr const char* usage =
    "ats_bench [--filter TEXT] [--rounds N] [--orders N] [--json FILE] [--list] [--strict]\n"
    "  --filter TEXT  only what has TEXT in \"section: name\"\n"
    "  --rounds N     rounds of baseline and ours in turn (default 7; at least 5 to be quoted)\n"
    "  --orders N     so many random orders in gate_storm (default 5000000)\n"
    "  --json FILE    the results as JSON too; - prints nothing else on stdout\n"
    "  --strict       exit status 1 when a goal is missed, not only when checksums differ\n"
    "Example: ats_bench --filter books --json books.json\n";

int run(int argc, char** argv) {
  std::string filter;
  std::string json_file;
  int rounds = 7;
  std::uint64_t orders = 5'000'000;
  bool list = false;
  bool strict = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> const char* { return i + 1 < argc ? argv[++i] : nullptr; };
    const char* given = "";
    if (option == "--filter" && (given = value()) != nullptr) {
      filter = given;
    } else if (option == "--json" && (given = value()) != nullptr) {
      json_file = given;
    } else if (option == "--rounds" && (given = value()) != nullptr) {
      rounds = std::atoi(given);
    } else if (option == "--orders" && (given = value()) != nullptr) {
      orders = std::strtoull(given, nullptr, 10);
    } else if (option == "--list") {
      list = true;
    } else if (option == "--strict") {
      strict = true;
    } else if (option == "--help") {
      std::fputs(usage, stdout);
      return 0;
    } else {
      std::fprintf(stderr, "ats_bench: what is '%s'?\n%s", option.c_str(), usage);
      return 2;
    }
  }
  if (rounds < 1) {
    std::fputs("ats_bench: --rounds takes a number from 1\n", stderr);
    return 2;
  }
  if (orders < 1) {
    std::fputs("ats_bench: --orders takes a number from 1\n", stderr);
    return 2;
  }
  if (list) {
    for (const auto& section : sections()) std::puts(section.first.c_str());
    return 0;
  }

  const bool quiet = json_file == "-";
  Session session(rounds, filter, orders);
  std::size_t printed = 0;
  if (!quiet) {
    std::printf("%-66s %12s %-18s %12s %-28s %6s %6s %6s\n", "what", "ours", "", "baseline", "",
                "min", "median", "max");
  }
  for (const auto& section : sections()) {
    if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%s ...\033[K\r", section.first.c_str());
    pin();
    session.enter(section.first);
    section.second(session);
    for (; printed < session.results().size(); ++printed) {
      if (!quiet) print(session.results()[printed]);
    }
    std::fflush(stdout);
  }
  if (isatty(STDERR_FILENO) != 0) std::fputs("\033[K", stderr);

  if (!quiet) print_goals(session.results());

  bool failed = session.results().empty();
  if (failed) std::fprintf(stderr, "ats_bench: nothing is called '%s'\n", filter.c_str());
  nlohmann::json all = nlohmann::json::array();
  for (const auto& result : session.results()) {
    all.push_back(json_of(result));
    failed =
        failed || !result.checksums_equal ||
        (strict && (result.verdict == Verdict::BelowGoal || result.verdict == Verdict::BelowFloor));
  }
  const nlohmann::json document = {{"rounds", rounds}, {"results", all}};
  if (quiet) {
    std::cout << document.dump(2) << '\n';
  } else if (!json_file.empty()) {
    std::ofstream out(json_file);
    out << document.dump(2) << '\n';
    out.flush();
    if (!out) {
      std::fprintf(stderr, "ats_bench: cannot write %s: %s\n", json_file.c_str(),
                   std::strerror(errno));
      return 1;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace

Register::Register(const char* name, Section run) { sections().emplace_back(name, run); }

}  // namespace ats::bench

int main(int argc, char** argv) { return ats::bench::run(argc, argv); }

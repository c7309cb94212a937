// Benchmarks that compare: ours and a baseline take turns in the same minute (A B A B …), on one pinned
// core, and must produce the same checksum. What counts is the ratio within each round: absolute times of
// a shared machine drift by 40 %, ratios of neighbours hardly. A goal is on the median of the ratios, its
// floor on the worst of them.
//
// A file bench_x.cpp registers itself; nothing else needs an edit:
//
//   void run(Session& session) {
//     session.compare({.name = "decode depth", .baseline_name = "simdjson", .baseline = ..., .ours = ...,
//                      .metrics = {{.unit = "ns/frame", .goal_id = "3", .goal = at_least(1.6, 1.4)}}});
//   }
//   const Register registered{"decode", run};
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ats::bench {

// One run of one side: a value for each metric, and a digest of all that was computed.
struct Outcome {
  std::vector<double> values;
  std::uint64_t checksum = 0;
};

struct Goal {
  enum class Kind : std::uint8_t {
    None,
    RatioAtLeast,  // baseline / ours
    RatioAtMost,   // ours / baseline
    ValueAtLeast,  // ours alone
    ValueAtMost,
  };
  Kind kind = Kind::None;
  double median = 0;
  std::optional<double> floor = {};  // on the worst round
};
constexpr Goal at_least(double median, std::optional<double> floor = {}) {
  return {Goal::Kind::RatioAtLeast, median, floor};
}
constexpr Goal at_most(double median, std::optional<double> floor = {}) {
  return {Goal::Kind::RatioAtMost, median, floor};
}
constexpr Goal value_at_least(double median, std::optional<double> floor = {}) {
  return {Goal::Kind::ValueAtLeast, median, floor};
}
constexpr Goal value_at_most(double median, std::optional<double> floor = {}) {
  return {Goal::Kind::ValueAtMost, median, floor};
}

struct Metric {
  std::string name = {};     // "p99"; may be empty when there is one metric
  std::string unit = {};     // "ns/update"; less is better unless the goal says otherwise
  std::string goal_id = {};  // number in the list of goals, where it has one
  Goal goal = {};
};

struct Comparison {
  std::string name = {};
  std::string baseline_name = {};          // what a user would take instead
  std::function<Outcome()> baseline = {};  // empty: a figure without comparison
  std::function<Outcome()> ours = {};
  std::vector<Metric> metrics = {};
};

struct Spread {
  double min = 0;
  double median = 0;
  double max = 0;
};

enum class Verdict : std::uint8_t { NoGoal, Met, BelowGoal, BelowFloor };

struct Result {
  std::string section;
  std::string name;
  std::string baseline_name;
  Metric metric;
  Spread ours;
  Spread baseline;
  Spread
      ratio;  // per round; baseline / ours, or ours / baseline for RatioAtMost; the value itself without
  bool checksums_equal = true;
  Verdict verdict = Verdict::NoGoal;
};

class Session {
 public:
  // rounds >= 5 for figures to be quoted.
  Session(int rounds, std::string filter, std::uint64_t orders);

  // Runs both sides once unmeasured, then `rounds` rounds, alternating which side goes first.
  void compare(const Comparison& comparison);
  int rounds() const { return rounds_; }
  // What is asked of the gate in all, by the section that does nothing else.
  std::uint64_t orders() const { return orders_; }
  // Whether anything of this name would run: lets a section skip costly preparation.
  bool wanted(const std::string& name) const;
  // Whether this section was asked for by its name: slow ones run only then.
  bool named() const { return filter_.starts_with(section_); }
  const std::vector<Result>& results() const { return results_; }
  void enter(std::string section) { section_ = std::move(section); }

 private:
  int rounds_;
  std::string filter_;
  std::uint64_t orders_;
  std::string section_;
  std::vector<Result> results_;
};

using Section = void (*)(Session&);
struct Register {
  Register(const char* name, Section run);
};

// --- helpers for sections ---

inline std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
// The p-quantile (0..1) of the values: the smallest that at least p of them do not exceed.
double percentile(std::span<const double> values, double p);
// What cannot be measured ends the program, with the reason.
[[noreturn]] void die(const std::string& what);
// Folds a value into a digest.
constexpr std::uint64_t mix(std::uint64_t digest, std::uint64_t value) {
  return (digest ^ value) * 0x9E3779B97F4A7C15ull + (digest >> 29);
}
// Keeps a computed value from being optimised away.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}
// Heap allocations of this thread since it started: operator new counts them in this program.
std::uint64_t allocations();
// The calling thread runs on one core (pin) or on any (unpin: for sections that need two threads).
// Sections start pinned to the last core; pinning again undoes an unpin.
enum class Core { First, Last };
void pin(Core core = Core::Last);
void unpin();
bool has_two_cores();

}  // namespace ats::bench

#include "harness.hpp"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

constinit thread_local std::uint64_t allocation_count = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++allocation_count;
  void* memory =
      alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
          ? std::malloc(size == 0 ? 1 : size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, 0); }
void* operator new[](std::size_t size) { return counted(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace ats::bench {

namespace {

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const double median = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
  return {values.front(), median, values.back()};
}

Verdict judge(const Goal& goal, const Spread& ratio) {
  switch (goal.kind) {
    case Goal::Kind::None:
      return Verdict::NoGoal;
    case Goal::Kind::RatioAtLeast:
    case Goal::Kind::ValueAtLeast:
      if (goal.floor && ratio.min < *goal.floor) return Verdict::BelowFloor;
      return ratio.median < goal.median ? Verdict::BelowGoal : Verdict::Met;
    case Goal::Kind::RatioAtMost:
    case Goal::Kind::ValueAtMost:
      if (goal.floor && ratio.max > *goal.floor) return Verdict::BelowFloor;
      return ratio.median > goal.median ? Verdict::BelowGoal : Verdict::Met;
  }
  return Verdict::NoGoal;
}

double ratio_of(const Goal& goal, double ours, double baseline) {
  switch (goal.kind) {
    case Goal::Kind::RatioAtMost:
      return ours / baseline;
    case Goal::Kind::ValueAtLeast:
    case Goal::Kind::ValueAtMost:
      return ours;
    case Goal::Kind::None:
    case Goal::Kind::RatioAtLeast:
      return baseline / ours;
  }
  return 0;
}

}  // namespace

Session::Session(int rounds, std::string filter, std::uint64_t orders)
    : rounds_(rounds), filter_(std::move(filter)), orders_(orders) {}

bool Session::wanted(const std::string& name) const {
  return (section_ + ": " + name).find(filter_) != std::string::npos;
}

void Session::compare(const Comparison& comparison) {
  if (!wanted(comparison.name)) return;
  const bool has_baseline = static_cast<bool>(comparison.baseline);
  if (has_baseline) comparison.baseline();
  const Outcome first = comparison.ours();
  bool equal = true;
  std::vector<Outcome> ours;
  std::vector<Outcome> baseline;
  for (int round = 0; round < rounds_; ++round) {
    if (round % 2 == 1) ours.push_back(comparison.ours());
    if (has_baseline) baseline.push_back(comparison.baseline());
    if (round % 2 == 0) ours.push_back(comparison.ours());
    equal = equal && ours.back().checksum == first.checksum &&
            (!has_baseline || baseline.back().checksum == first.checksum);
  }
  for (std::size_t m = 0; m < comparison.metrics.size(); ++m) {
    std::vector<double> mine;
    std::vector<double> theirs;
    std::vector<double> ratios;
    for (std::size_t round = 0; round < ours.size(); ++round) {
      mine.push_back(ours[round].values.at(m));
      if (has_baseline) theirs.push_back(baseline[round].values.at(m));
      ratios.push_back(ratio_of(comparison.metrics[m].goal, mine.back(),
                                has_baseline ? theirs.back() : mine.back()));
    }
    Result result;
    result.section = section_;
    result.name = comparison.name;
    result.baseline_name = comparison.baseline_name;
    result.metric = comparison.metrics[m];
    result.ours = spread_of(mine);
    if (has_baseline) result.baseline = spread_of(theirs);
    result.ratio = spread_of(ratios);
    result.checksums_equal = equal;
    result.verdict = judge(comparison.metrics[m].goal, result.ratio);
    results_.push_back(result);
  }
}

double percentile(std::span<const double> values, double p) {
  std::vector<double> sorted(values.begin(), values.end());
  if (sorted.empty()) return 0;
  const double rank = p * static_cast<double>(sorted.size());
  std::size_t index = static_cast<std::size_t>(rank);
  if (static_cast<double>(index) == rank && index > 0) --index;
  index = std::min(index, sorted.size() - 1);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index),
                   sorted.end());
  return sorted[index];
}

std::uint64_t allocations() { return allocation_count; }

void die(const std::string& what) {
  std::fprintf(stderr, "ats_bench: %s\n", what.c_str());
  std::abort();
}

namespace {

// The cores the program was started on.
const cpu_set_t& allowed() {
  static const cpu_set_t set = [] {
    cpu_set_t s;
    CPU_ZERO(&s);
    if (sched_getaffinity(0, sizeof s, &s) != 0) CPU_SET(0, &s);
    return s;
  }();
  return set;
}

}  // namespace

void pin(Core core) {
  const cpu_set_t& all = allowed();
  std::size_t chosen = CPU_SETSIZE;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &all) && (chosen == CPU_SETSIZE || core == Core::Last)) chosen = cpu;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(chosen, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) std::fputs("ats_bench: cannot pin\n", stderr);
}

bool has_two_cores() { return CPU_COUNT(&allowed()) > 1; }

void unpin() {
  const cpu_set_t& all = allowed();
  if (sched_setaffinity(0, sizeof all, &all) != 0) std::fputs("ats_bench: cannot unpin\n", stderr);
}

}  // namespace ats::bench

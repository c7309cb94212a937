// What `ats sweep` tries: keys of the configuration with the values they may have, how a trial is judged, and which parts of the
// recordings it is judged by (docs/sweep.md). Pure: a trial's number says everything about it, on whatever machine.
//
// Invariant: values are exact decimals or the texts that were given; nothing is rounded, and nothing is drawn but by the seed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace ats::services {

struct SweepParameter {
  std::string key;                  // "strategy.min_edge_bps"
  std::vector<std::string> values;  // in the order that was given
};

struct SweepSpec {
  enum class Objective : std::uint8_t { Sharpe, Profit, Return };
  Objective objective = Objective::Sharpe;
  Duration returns_every = seconds(60);  // of which the Sharpe ratio is made
  std::vector<SweepParameter> grid;      // each value with each of the others
  std::vector<SweepParameter> drawn;     // one value each for every draw
  std::uint32_t draws = 0;
  std::uint64_t seed = 1;
  // Walk-forward; `test` 0: the recordings are taken whole.
  Duration train, test, embargo;
};
const char* name(SweepSpec::Objective objective);

// The error begins with `name`.
Result<SweepSpec, std::string> parse_sweep(std::string_view text, const std::string& name);

std::size_t trial_count(const SweepSpec& spec);
// Values by key. The same draws stand beside each point of the grid, so that points differ in nothing else.
std::map<std::string, std::string> trial_values(const SweepSpec& spec, std::size_t trial);

// A stretch of the recordings that each trial is run on.
struct SweepSegment {
  enum class Kind : std::uint8_t { Whole, Train, Test };
  Kind kind = Kind::Whole;
  std::size_t window = 0;  // of walk-forward, from 0
  WallTime from, to;       // trades are opened in between
};
const char* name(SweepSegment::Kind kind);
// Windows one after another: train, embargo, test; each begins a test's length after the one before. The error is a sentence.
Result<std::vector<SweepSegment>, std::string> segments(const SweepSpec& spec, WallTime from,
                                                        WallTime to);

// "2/4": the second of four. Which trials are its own.
struct Shard {
  std::size_t number = 1, of = 1;
  bool has(std::size_t trial) const { return trial % of == number - 1; }
};
std::optional<Shard> parse_shard(std::string_view text);

}  // namespace ats::services

// Value at risk as a question and as an answer: the question goes to the running process as JSON, or is
// answered here from closes of a file; the answer is the same JSON either way.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/risk/measures/backtest.hpp"
#include "core/risk/measures/value_at_risk.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

struct VarQuestion {
  std::vector<Rate> confidences = {Rate{950'000'000}, Rate{990'000'000}};
  Duration horizon = hours(24);
  std::optional<Rate> decay;  // none: 0.94 for days, 0.99 for shorter bars
  Rate degrees{5 * Rate::one};
  bool traded = false;          // of what trading has changed, rather than of all that is held
  std::optional<Duration> bar;  // none: the longest with enough past
  bool losses = false;          // tell the past losses as well, for a back-test

  nlohmann::json json() const;
  // Nothing where it is no such question.
  static std::optional<VarQuestion> parse(const nlohmann::json& request);
  double decay_for(Duration bar) const;
};

// `positions` through `bars`; at what moment they stood so.
nlohmann::ordered_json var_json(const VarQuestion& question,
                                std::span<const core::Position> positions,
                                const core::PriceBars& bars, AssetId reporting, WallTime as_of,
                                const Universe& universe);

// Takes the losses of an answer and puts in their place how each method would have kept its word.
void add_backtest(const VarQuestion& question, nlohmann::ordered_json& answer);

}  // namespace ats::services

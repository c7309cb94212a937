// The statistics that the measures of risk rest on: tails of losses in closed form and as observed, weights
// that fade, and the test of whether a measure was broken as often as it said it would be. Binary floating
// point, for statistics alone: no amount is booked, limited or sent from here. Distributions are
// Boost.Math's; its headers stay in the .cpp. Pure.
//
// Losses are positive. A confidence is the share of all outcomes that lose no more than the value at risk,
// between 0.5 and 1 (asserted).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/number.hpp"

namespace ats::core {

struct Tail {
  double value_at_risk = 0;
  double shortfall = 0;  // mean of what is lost beyond; never less
};

// --- closed forms, of a loss with mean zero and standard deviation `sigma` ---
Tail normal_tail(double sigma, Rate confidence);
// `degrees` of freedom, more than 2: with fewer there is no standard deviation. Scaled to it.
Tail student_tail(double sigma, double degrees, Rate confidence);

// --- as observed ---
// The value at risk is the smallest observed loss that at least the share `confidence` of all observations
// does not exceed: nothing is interpolated, so that it is one observation, with one loss of each position.
// The shortfall is the mean of the worst 1 − confidence of them, of which that observation may count in part.
struct ObservedTail {
  Tail tail;
  std::size_t at = 0;               // which observation is the value at risk
  double weight_at = 0;             // its part in the shortfall
  std::vector<std::size_t> beyond;  // the observations behind it, in no order
  double weight_beyond = 0;         // of each of them in the shortfall
};
// At least one observation (asserted); ties are broken by position, so that the answer is one.
ObservedTail observed_tail(std::span<const double> losses, Rate confidence);
// So many that at least one is expected in the tail, and never fewer than 30.
std::size_t least_observations(Rate confidence);

// --- weights that fade (RiskMetrics' exponentially weighted moving average) ---
// The last observation weighs most, each earlier one `decay` times the one after it; they add up to one.
std::vector<double> fading_weights(std::size_t observations, double decay);
// Mean zero, as is usual where a mean cannot be told from noise.
double covariance(std::span<const double> a, std::span<const double> b,
                  std::span<const double> weights);

// --- back-test ---
// Kupiec's proportion-of-failures test: twice the log-likelihood ratio of the share that was seen against
// the share that was promised, which follows a chi-square distribution with one degree of freedom.
struct Kupiec {
  std::uint64_t observations = 0;
  std::uint64_t breaches = 0;
  double expected = 0;  // breaches
  double ratio = 0;
  double p_value = 1;  // how often a right measure looks at least as wrong
  bool rejected(double level = 0.05) const { return p_value < level; }
};
Kupiec proportion_of_failures(std::uint64_t observations, std::uint64_t breaches, Rate confidence);

}  // namespace ats::core

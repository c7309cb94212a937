// How much of the best Sharpe ratio of many trials is luck: the deflated Sharpe ratio of D. H. Bailey and M. López de Prado,
// "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting and Non-Normality", Journal of Portfolio
// Management 40 (2014). Statistics in binary floating point; no money is counted here. Pure.
//
// A Sharpe ratio here is of one period, not of a year. Deviations are of a population (n), as in the paper's estimators; skewness is 0 and
// kurtosis 3 of normal returns. What cannot be told is absent, never zero.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace ats::report {

struct ReturnMoments {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;
  double skewness = 0;
  double kurtosis = 3;
  std::optional<double> sharpe() const;  // nothing: they do not deviate
};
ReturnMoments moments(std::span<const double> returns);
// Of all their returns together.
ReturnMoments pooled(std::span<const ReturnMoments> parts);

double normal_below(double z);
// Of a probability between 0 and 1, both excluded: Wichura's AS 241, right to 16 digits.
double normal_quantile(double probability);

// The Sharpe ratio that the best of so many trials is expected to have where none has any skill; their ratios vary by
// `variance`. One trial: 0.
double expected_best_sharpe(double variance, std::size_t trials);
// The probability that the true ratio of these returns is above `benchmark`.
std::optional<double> probabilistic_sharpe(const ReturnMoments& returns, double benchmark);
// Likewise above what luck alone would give to the best of these trials. `sharpes`: of all trials that were tried.
struct DeflatedSharpe {
  double expected_best = 0;
  double variance = 0;     // of the trials' ratios
  double probability = 0;  // 0.95 and more: hardly luck
};
std::optional<DeflatedSharpe> deflated_sharpe(const ReturnMoments& best,
                                              std::span<const double> sharpes);

}  // namespace ats::report

#include "core/risk/measures/value_at_risk.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"

namespace ats::core {
namespace {

double worth_of(const Position& position) {
  return position.worth ? position.worth->to_double() : 0;
}

// Rows of the table that count, over the bars in which all of them have a return.
struct Common {
  std::vector<std::size_t> rows;  // of the table
  std::vector<std::vector<double>>
      packed;  // filled where a bar was left out; else the table's rows are used
  std::size_t bars = 0;
  std::size_t left_out = 0;
};

std::span<const double> series(const Common& common, const ReturnTable& table, std::size_t n) {
  if (!common.packed.empty()) return common.packed[n];
  return table.of(common.rows[n]);
}

std::size_t returns_in(std::span<const double> row) {
  std::size_t there = 0;
  for (const double of : row) there += of == of ? 1U : 0U;  // one that is none is not even itself
  return there;
}

Common in_common(const ReturnTable& table, std::vector<std::size_t> rows) {
  Common common;
  common.rows = std::move(rows);
  // A sum is a number exactly where all that is summed is.
  std::vector<double> sums(table.bars, 0.0);
  for (const std::size_t row : common.rows) {
    const std::span<const double> returns = table.of(row);
    for (std::size_t t = 0; t < table.bars; ++t) sums[t] += returns[t];
  }
  common.left_out = static_cast<std::size_t>(
      std::count_if(sums.begin(), sums.end(), [](double sum) { return std::isnan(sum); }));
  common.bars = table.bars - common.left_out;
  if (common.left_out == 0) return common;
  for (const std::size_t row : common.rows) {
    std::vector<double>& kept = common.packed.emplace_back();
    kept.reserve(common.bars);
    const std::span<const double> returns = table.of(row);
    for (std::size_t t = 0; t < table.bars; ++t) {
      if (!std::isnan(sums[t])) kept.push_back(returns[t]);
    }
  }
  return common;
}

// Where an asset's row is, by asset.
class RowOf {
 public:
  static constexpr std::size_t none = SIZE_MAX;
  void put(AssetId asset, std::size_t row) {
    if (asset.index() >= rows_.size()) rows_.resize(asset.index() + 1, none);
    rows_[asset.index()] = row;
  }
  std::size_t operator()(AssetId asset) const {
    return asset.index() < rows_.size() ? rows_[asset.index()] : none;
  }

 private:
  std::vector<std::size_t> rows_;
};

// Of a row of returns, by four sums at a time, which do not wait for one another.
struct Sums {
  double with_losses = 0;  // of weighted losses
  double squares = 0;      // weighted
};
Sums sums_of(std::span<const double> row, std::span<const double> weighted_losses,
             std::span<const double> weights) {
  double with[4] = {}, squares[4] = {};
  std::size_t t = 0;
  for (; t + 4 <= row.size(); t += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      with[k] += weighted_losses[t + k] * row[t + k];
      squares[k] += weights[t + k] * row[t + k] * row[t + k];
    }
  }
  for (; t < row.size(); ++t) {
    with[0] += weighted_losses[t] * row[t];
    squares[0] += weights[t] * row[t] * row[t];
  }
  return {(with[0] + with[1]) + (with[2] + with[3]),
          (squares[0] + squares[1]) + (squares[2] + squares[3])};
}

// What one unit of worth in an asset adds to each measure; linear, so that it serves assets and venues alike.
struct Marginal {
  double value_at_risk = 0;  // historical
  double shortfall = 0;      // historical
  double sigma = 0;          // of the parametric ones
  double volatility = 0;
};

void add(VarPart& part, double worth, const Marginal& marginal, Tail normal, Tail student) {
  part.worth += worth;
  part.historical.value_at_risk += worth * marginal.value_at_risk;
  part.historical.shortfall += worth * marginal.shortfall;
  part.ewma.value_at_risk += worth * marginal.sigma * normal.value_at_risk;
  part.ewma.shortfall += worth * marginal.sigma * normal.shortfall;
  part.student.value_at_risk += worth * marginal.sigma * student.value_at_risk;
  part.student.shortfall += worth * marginal.sigma * student.shortfall;
}

Tail times(Tail tail, double factor) {
  return {tail.value_at_risk * factor, tail.shortfall * factor};
}

}  // namespace

const char* name(VarRefusal refusal) {
  switch (refusal) {
    case VarRefusal::NothingHeld:
      return "nothing is held that could lose";
    case VarRefusal::NoMarks:
      return "nothing that is held has a mark";
    case VarRefusal::TooFewObservations:
      return "too few observations";
    case VarRefusal::TooFewInCommon:
      return "too few bars in which all assets have a return";
  }
  return "?";
}

const char* name(NotCounted why) {
  switch (why) {
    case NotCounted::NoMark:
      return "no mark";
    case NotCounted::TooFewReturns:
      return "too few returns";
  }
  return "?";
}

std::vector<AssetId> assets_at_risk(std::span<const Position> positions, AssetId reporting) {
  std::vector<AssetId> assets;
  for (const Position& position : positions) {
    if (position.asset == reporting || position.held.is_zero()) continue;
    if (std::find(assets.begin(), assets.end(), position.asset) == assets.end()) {
      assets.push_back(position.asset);
    }
  }
  return assets;
}

Result<ValueAtRisk, VarRefused> value_at_risk(std::span<const Position> positions,
                                              const ReturnTable& returns, const VarRules& rules) {
  const std::size_t needed = least_observations(rules.confidence);
  if (returns.assets.empty()) return fail(VarRefused{VarRefusal::NothingHeld, 0, needed, {}});

  ValueAtRisk out;
  out.confidence = rules.confidence;
  out.horizon = rules.horizon;
  out.bar = returns.bar;
  out.scale =
      std::sqrt(static_cast<double>(rules.horizon.ns) / static_cast<double>(returns.bar.ns));
  out.last_end = returns.last_end;
  out.decay = rules.decay;
  out.degrees = rules.degrees;

  // --- what counts ---
  std::vector<double> worths(returns.assets.size(), 0.0);
  std::vector<bool> marked(returns.assets.size(), false);
  RowOf in_table;
  for (std::size_t n = 0; n < returns.assets.size(); ++n) in_table.put(returns.assets[n], n);
  for (const Position& position : positions) {
    const std::size_t n = in_table(position.asset);
    if (!position.worth || n == RowOf::none) continue;
    worths[n] += worth_of(position);
    marked[n] = true;
  }
  std::vector<std::size_t> rows;
  VarRefused fewest{VarRefusal::TooFewObservations, 0, needed, {}};
  for (std::size_t n = 0; n < returns.assets.size(); ++n) {
    const std::size_t there = returns_in(returns.of(n));
    const AssetId asset = returns.assets[n];
    if (!marked[n]) {
      out.not_counted.push_back({asset, NotCounted::NoMark, 0, there});
    } else if (there < needed) {
      out.not_counted.push_back({asset, NotCounted::TooFewReturns, worths[n], there});
      fewest.observations = std::max(fewest.observations, there);
    } else {
      rows.push_back(n);
      if (!fewest.fewest.valid() || there < fewest.observations) {
        fewest.fewest = asset;
        fewest.observations = there;
      }
    }
  }
  if (rows.empty()) {
    const bool any = std::find(marked.begin(), marked.end(), true) != marked.end();
    fewest.why = any ? VarRefusal::TooFewObservations : VarRefusal::NoMarks;
    return fail(fewest);
  }
  const Common common = in_common(returns, std::move(rows));
  if (common.bars < needed) {
    return fail(VarRefused{VarRefusal::TooFewInCommon, common.bars, needed, fewest.fewest});
  }
  out.observations = common.bars;
  out.left_out = common.left_out;
  const std::size_t count = common.rows.size();

  // --- the positions through the past ---
  std::vector<double> losses(common.bars, 0.0);
  for (std::size_t n = 0; n < count; ++n) {
    const double worth = worths[common.rows[n]];
    out.worth += worth;
    const std::span<const double> row = series(common, returns, n);
    for (std::size_t t = 0; t < common.bars; ++t) losses[t] -= worth * row[t];
  }
  const ObservedTail seen = observed_tail(losses, rules.confidence);
  const std::vector<double> weights = fading_weights(common.bars, rules.decay);
  const double sigma = std::sqrt(covariance(losses, losses, weights));
  const Tail normal = normal_tail(1, rules.confidence);
  const Tail student = student_tail(1, rules.degrees, rules.confidence);
  out.historical = times(seen.tail, out.scale);
  out.volatility = sigma * out.scale;
  out.ewma = times(normal, out.volatility);
  out.student = times(student, out.volatility);

  // --- whose part of it is whose ---
  std::vector<double> weighted(common.bars);
  for (std::size_t t = 0; t < common.bars; ++t) weighted[t] = weights[t] * losses[t];
  std::vector<Marginal> marginals(count);
  for (std::size_t n = 0; n < count; ++n) {
    Marginal& m = marginals[n];
    const std::span<const double> row = series(common, returns, n);
    double beyond = 0;
    for (const std::size_t t : seen.beyond) beyond += row[t];
    m.value_at_risk = -row[seen.at] * out.scale;
    m.shortfall = -(beyond * seen.weight_beyond + row[seen.at] * seen.weight_at) * out.scale;
    const Sums sums = sums_of(row, weighted, weights);
    m.sigma = sigma > 0 ? -sums.with_losses / sigma * out.scale : 0;
    m.volatility = std::sqrt(sums.squares) * out.scale;
  }
  std::vector<std::size_t> order(count);
  for (std::size_t n = 0; n < count; ++n) order[n] = n;
  const auto part_of = [&](std::size_t n) {
    return worths[common.rows[n]] * marginals[n].shortfall;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return part_of(a) > part_of(b); });
  for (const std::size_t n : order) {
    VarPart& part = out.assets.emplace_back();
    part.asset = returns.assets[common.rows[n]];
    part.volatility = marginals[n].volatility;
    add(part, worths[common.rows[n]], marginals[n], normal, student);
  }
  RowOf counted;
  for (std::size_t n = 0; n < count; ++n) counted.put(returns.assets[common.rows[n]], n);
  for (const Position& position : positions) {
    const std::size_t n = counted(position.asset);
    if (n == RowOf::none) continue;
    auto part = std::find_if(out.venues.begin(), out.venues.end(),
                             [&](const VarPart& v) { return v.venue == position.venue; });
    if (part == out.venues.end()) {
      part = out.venues.insert(part, VarPart{});
      part->venue = position.venue;
    }
    add(*part, worth_of(position), marginals[n], normal, student);
  }
  std::stable_sort(out.venues.begin(), out.venues.end(), [](const VarPart& a, const VarPart& b) {
    return a.historical.shortfall > b.historical.shortfall;
  });

  // --- what moves with what ---
  const std::size_t shown = std::min(count, rules.correlated);
  out.correlations.assign(shown * shown, 0.0);
  for (std::size_t a = 0; a < shown; ++a) {
    for (std::size_t b = a; b < shown; ++b) {
      const double product = out.assets[a].volatility * out.assets[b].volatility;
      if (product == 0) continue;
      const double both =
          covariance(series(common, returns, order[a]), series(common, returns, order[b]), weights);
      out.correlations[a * shown + b] = out.correlations[b * shown + a] =
          a == b ? 1 : std::clamp(both * out.scale * out.scale / product, -1.0, 1.0);
    }
  }
  return out;
}

std::vector<double> past_losses(std::span<const Position> positions, const ReturnTable& returns,
                                AssetId reporting) {
  std::vector<double> losses(returns.bars, 0.0);
  for (const Position& position : positions) {
    if (position.asset == reporting || !position.worth) continue;
    const auto at = std::find(returns.assets.begin(), returns.assets.end(), position.asset);
    if (at == returns.assets.end()) continue;
    const double worth = worth_of(position);
    const std::span<const double> row =
        returns.of(static_cast<std::size_t>(at - returns.assets.begin()));
    for (std::size_t t = 0; t < returns.bars; ++t) losses[t] -= worth * row[t];
  }
  std::erase_if(losses, [](double loss) { return std::isnan(loss); });
  return losses;
}

}  // namespace ats::core

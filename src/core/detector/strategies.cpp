#include "core/detector/strategies.hpp"

#include <algorithm>

namespace ats::core {
namespace {

std::vector<AssetId> currencies_of(const Universe& universe, const CoreConfig& config) {
  std::vector<AssetId> found;
  for (const Text<15>& name : config.currencies) {
    const AssetId asset = universe.find_asset(name.view());
    if (asset.valid() && std::find(found.begin(), found.end(), asset) == found.end()) {
      found.push_back(asset);
    }
  }
  return found;
}

bool holds(const std::vector<AssetId>& assets, AssetId asset) {
  return std::find(assets.begin(), assets.end(), asset) != assets.end();
}

// Assets, and which can be had for which: on one venue, or anywhere.
class Graph {
 public:
  Graph(const Universe& universe, VenueId only) : next_(universe.assets().size()) {
    for (const Instrument& i : universe.instruments()) {
      if (only.valid() && i.venue != only) continue;
      add(i.base, i.quote);
      add(i.quote, i.base);
    }
  }

  // Every simple directed cycle of `shortest` to `longest` assets, once, beginning at its lowest.
  template <class Take>
  void each_cycle(std::size_t shortest, std::size_t longest, const Take& take) const {
    std::vector<AssetId> path;
    for (std::size_t a = 0; a < next_.size(); ++a) {
      path.assign(1, AssetId{static_cast<AssetId::rep>(a)});
      walk(path, shortest, longest, take);
    }
  }

 private:
  void add(AssetId from, AssetId to) {
    auto& known = next_[from.index()];
    if (!holds(known, to)) known.push_back(to);
  }
  template <class Take>
  void walk(std::vector<AssetId>& path, std::size_t shortest, std::size_t longest,
            const Take& take) const {
    for (const AssetId to : next_[path.back().index()]) {
      if (to == path.front()) {
        if (path.size() >= shortest) take(path);
      } else if (to > path.front() && path.size() < longest && !holds(path, to)) {
        path.push_back(to);
        walk(path, shortest, longest, take);
        path.pop_back();
      }
    }
  }
  std::vector<std::vector<AssetId>> next_;
};

// Profit is counted in the reporting asset where the cycle touches it, else in the first currency it
// touches, else in whatever comes first.
void begin_at_home(std::vector<AssetId>& path, AssetId reporting,
                   const std::vector<AssetId>& currencies) {
  auto home = std::find(path.begin(), path.end(), reporting);
  for (auto c = currencies.begin(); home == path.end() && c != currencies.end(); ++c) {
    home = std::find(path.begin(), path.end(), *c);
  }
  if (home != path.end()) std::rotate(path.begin(), home, path.end());
}

class CrossCurrency final : public CycleStrategy {
 public:
  Strategy strategy() const override { return Strategy::CrossCurrency; }
  StrategyMode mode(const CoreConfig& config) const override { return config.cross_currency; }
  void lay_out(const Universe& universe, const Lanes& lanes, const CoreConfig& config,
               std::vector<Cycle>& out) const override {
    const std::vector<AssetId> currencies = currencies_of(universe, config);
    for (std::size_t b = 0; b < universe.assets().size(); ++b) {
      const AssetId base{static_cast<AssetId::rep>(b)};
      if (holds(currencies, base)) continue;
      for (const AssetId paid : currencies) {
        const auto buy = lanes.find(paid, base);
        if (!buy) continue;
        for (const AssetId got : currencies) {
          const auto sell = got == paid ? std::nullopt : lanes.find(base, got);
          const auto convert = lanes.find_conversion(got, paid);
          if (!sell || !convert) continue;
          out.push_back({strategy(), 3, {*buy, *sell, *convert, Lanes::identity}, paid, true});
        }
      }
    }
  }
};

class Triangular final : public CycleStrategy {
 public:
  Strategy strategy() const override { return Strategy::Triangular; }
  StrategyMode mode(const CoreConfig& config) const override { return config.triangular; }
  void lay_out(const Universe& universe, const Lanes& lanes, const CoreConfig& config,
               std::vector<Cycle>& out) const override {
    const std::vector<AssetId> currencies = currencies_of(universe, config);
    const AssetId reporting = universe.find_asset(config.reporting_asset.view());
    for (std::size_t v = 0; v < universe.venues().size(); ++v) {
      const VenueId venue{static_cast<VenueId::rep>(v)};
      Graph(universe, venue).each_cycle(3, 3, [&](std::vector<AssetId> path) {
        begin_at_home(path, reporting, currencies);
        Cycle cycle{strategy(), 3, {}, path[0], false};
        for (std::size_t n = 0; n < 3; ++n) {
          cycle.lanes[n] = *lanes.find(venue, path[n], path[(n + 1) % 3]);
        }
        out.push_back(cycle);
      });
    }
  }
};

class Cycles final : public CycleStrategy {
 public:
  Strategy strategy() const override { return Strategy::Cycle; }
  StrategyMode mode(const CoreConfig& config) const override { return config.cycles; }
  void lay_out(const Universe& universe, const Lanes& lanes, const CoreConfig& config,
               std::vector<Cycle>& out) const override {
    const std::vector<AssetId> currencies = currencies_of(universe, config);
    const AssetId reporting = universe.find_asset(config.reporting_asset.view());
    const bool others_convert = config.cross_currency != StrategyMode::Off;
    Graph(universe, {}).each_cycle(3, legs_max, [&](std::vector<AssetId> path) {
      const auto money = std::count_if(path.begin(), path.end(),
                                       [&](AssetId asset) { return holds(currencies, asset); });
      if (path.size() == 3 && money == 2 && others_convert) return;
      begin_at_home(path, reporting, currencies);
      Cycle cycle{strategy(), static_cast<std::uint8_t>(path.size()), {}, path[0], false};
      for (std::size_t n = 0; n < path.size(); ++n) {
        cycle.lanes[n] = *lanes.find(path[n], path[(n + 1) % path.size()]);
      }
      out.push_back(cycle);
    });
  }
};

}  // namespace

std::span<const CycleStrategy* const> cycle_strategies() {
  static constexpr CrossCurrency cross_currency;
  static constexpr Triangular triangular;
  static constexpr Cycles cycles;
  static constexpr std::array<const CycleStrategy*, 3> all{&cross_currency, &triangular, &cycles};
  return all;
}

}  // namespace ats::core

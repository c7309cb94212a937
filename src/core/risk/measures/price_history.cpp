#include "core/risk/measures/price_history.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"

namespace ats::core {

PriceBars::PriceBars(Duration bar, std::size_t kept) : bar_(bar), kept_(kept + 1) {
  ATS_ASSERT(bar.ns > 0 && kept >= 2);
}

void PriceBars::clear() {
  now_ = -1;
  bars_ = 0;
  closes_.clear();
}

void PriceBars::pass(WallTime at) {
  if (at.ns_utc < 0) return;
  const std::int64_t bar = bar_of(at);
  if (now_ < 0) now_ = bar;
  if (bar <= now_) return;
  const auto most = static_cast<std::int64_t>(kept_) - 1;
  // What is written over: the slots of the bars that begin, all of them where the gap is as long.
  const std::int64_t begin = std::min(bar - now_, static_cast<std::int64_t>(kept_));
  for (std::vector<double>& ring : closes_) {
    if (ring.empty()) continue;
    for (std::int64_t n = 0; n < begin; ++n) {
      ring[static_cast<std::size_t>(bar - n) % kept_] = ReturnTable::none;
    }
  }
  bars_ = std::min(most, bars_ + (bar - now_));
  now_ = bar;
}

void PriceBars::mark(AssetId asset, WallTime at, double close) {  // statistics
  if (!(close > 0) || !std::isfinite(close)) return;
  pass(at);
  if (at.ns_utc < 0 || bar_of(at) != now_) return;
  if (asset.index() >= closes_.size()) closes_.resize(asset.index() + 1);
  std::vector<double>& ring = closes_[asset.index()];
  if (ring.empty()) ring.assign(kept_, ReturnTable::none);
  ring[static_cast<std::size_t>(now_) % kept_] = close;
}

std::vector<PriceBars::Close> PriceBars::closes(AssetId asset) const {
  std::vector<Close> out;
  if (!known(asset)) return out;
  for (std::int64_t bar = first(); bar < now_; ++bar) {
    const double close = at(asset, bar);
    if (!std::isnan(close)) out.push_back({WallTime{(bar + 1) * bar_.ns}, close});
  }
  return out;
}

std::size_t PriceBars::returns_of(AssetId asset) const {
  if (!known(asset)) return 0;
  std::size_t count = 0;
  for (std::int64_t bar = first() + 1; bar < now_; ++bar) {
    if (!std::isnan(at(asset, bar)) && !std::isnan(at(asset, bar - 1))) ++count;
  }
  return count;
}

ReturnTable PriceBars::returns(std::span<const AssetId> assets) const {
  ReturnTable table;
  table.bar = bar_;
  table.assets.assign(assets.begin(), assets.end());
  std::int64_t from = now_;
  for (const AssetId asset : assets) {
    if (!known(asset)) continue;
    for (std::int64_t bar = first(); bar < from; ++bar) {
      if (!std::isnan(at(asset, bar))) from = bar;
    }
  }
  if (now_ - from < 2) return table;
  table.bars = static_cast<std::size_t>(now_ - from - 1);
  table.last_end = WallTime{now_ * bar_.ns};
  table.returns.assign(assets.size() * table.bars, ReturnTable::none);
  for (std::size_t a = 0; a < assets.size(); ++a) {
    if (!known(assets[a])) continue;
    const std::span<double> row = table.of(a);
    const std::vector<double>& ring = closes_[assets[a].index()];
    std::size_t slot = static_cast<std::size_t>(from) % kept_;
    double before = ring[slot];
    for (double& of : row) {
      slot = slot + 1 == kept_ ? 0 : slot + 1;
      const double close = ring[slot];
      of = close / before - 1;  // none where either is none
      before = close;
    }
  }
  return table;
}

PriceHistory::PriceHistory()
    : rings_{PriceBars(seconds(60), 1'440), PriceBars(hours(1), 1'000),
             PriceBars(hours(24), 1'000)} {}

void PriceHistory::mark(AssetId asset, WallTime at, double close) {  // statistics
  for (PriceBars& ring : rings_) ring.mark(asset, at, close);
}

void PriceHistory::pass(WallTime at) {
  for (PriceBars& ring : rings_) ring.pass(at);
}

void PriceHistory::clear() {
  for (PriceBars& ring : rings_) ring.clear();
}

const PriceBars& PriceHistory::choose(std::span<const AssetId> assets, Duration horizon,
                                      std::size_t least) const {
  const PriceBars* best = &rings_.front();
  std::size_t best_enough = 0, best_most = 0;
  for (std::size_t n = cadences; n-- > 0;) {
    if (rings_[n].bar() > horizon && n > 0) continue;
    std::size_t enough = 0, most = 0;
    for (const AssetId asset : assets) {
      const std::size_t there = rings_[n].returns_of(asset);
      enough += there >= least ? 1 : 0;
      most = std::max(most, there);
    }
    // Longer bars come first, and shorter ones must be better.
    const bool better = enough > best_enough || (best_enough == 0 && most > best_most);
    if (!better) continue;
    best = &rings_[n];
    best_enough = enough;
    best_most = most;
  }
  return *best;
}

}  // namespace ats::core

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
    for (std::size_t n = 0; n < table.bars; ++n) {
      const std::int64_t bar = from + 1 + static_cast<std::int64_t>(n);
      row[n] = at(assets[a], bar) / at(assets[a], bar - 1) - 1;  // none where either is none
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
  std::size_t most = 0;
  for (std::size_t n = cadences; n-- > 0;) {
    if (rings_[n].bar() > horizon && n > 0) continue;
    std::size_t fewest = assets.empty() ? 0 : SIZE_MAX;
    for (const AssetId asset : assets) fewest = std::min(fewest, rings_[n].returns_of(asset));
    if (fewest >= least) return rings_[n];
    if (fewest > most) {
      most = fewest;
      best = &rings_[n];
    }
  }
  return *best;
}

}  // namespace ats::core

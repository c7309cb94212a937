#include "services/scan_edges.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/assert.hpp"

namespace ats::services {
namespace {

struct Wide {  // 256 bits
  UInt128 high = 0;
  UInt128 low = 0;
  auto operator<=>(const Wide&) const = default;
};

Wide product(UInt128 a, UInt128 b) {
  constexpr UInt128 mask = std::numeric_limits<std::uint64_t>::max();
  const UInt128 low = (a & mask) * (b & mask);
  const UInt128 cross1 = (a >> 64) * (b & mask);
  const UInt128 cross2 = (a & mask) * (b >> 64);
  const UInt128 middle = (low >> 64) + (cross1 & mask) + (cross2 & mask);
  return {(a >> 64) * (b >> 64) + (cross1 >> 64) + (cross2 >> 64) + (middle >> 64),
          (middle << 64) | (low & mask)};
}

UInt128 raw(Decimal price) { return static_cast<UInt128>(price.raw()); }

constexpr auto one = static_cast<std::uint64_t>(Rate::one);

// bid × (1 − sell fee) / (ask × (1 + buy fee)) − 1, rounded down to 1e-9: the largest rate whose product
// does not exceed the proceeds. A rate past the range of the search (an edge of 9e9) is its end.
Rate edge(Decimal bid, Decimal ask, Rate buy_fee, Rate sell_fee) {
  const Wide proceeds =
      product(raw(bid), UInt128{one - static_cast<std::uint64_t>(sell_fee.ppb)} * one);
  std::uint64_t at_most = std::numeric_limits<std::int64_t>::max();
  std::uint64_t rate = 0;  // of 1 + edge
  while (rate < at_most) {
    const std::uint64_t middle = rate + (at_most - rate + 1) / 2;
    const Wide cost =
        product(raw(ask), UInt128{one + static_cast<std::uint64_t>(buy_fee.ppb)} * middle);
    if (cost <= proceeds) {
      rate = middle;
    } else {
      at_most = middle - 1;
    }
  }
  return {static_cast<std::int64_t>(rate) - Rate::one};
}

}  // namespace

bool is_dollar(std::string_view asset) {
  constexpr std::string_view dollars[] = {"USD",  "USDT", "USDC", "BUSD", "FDUSD",
                                          "TUSD", "USDP", "DAI",  "UST"};
  return std::find(std::begin(dollars), std::end(dollars), asset) != std::end(dollars);
}

std::size_t EdgeBoard::add(BoardEntry entry) {
  ATS_ASSERT(entry.taker_fee.ppb >= 0 && entry.taker_fee.ppb < Rate::one);
  const std::size_t added = entries_.size();
  entries_.push_back(std::move(entry));
  tops_.emplace_back();
  pairs_of_.emplace_back();
  const BoardEntry& b = entries_[added];
  for (std::size_t other = 0; other < added; ++other) {
    const BoardEntry& a = entries_[other];
    const bool comparable = a.venue != b.venue && a.source == b.source && a.base == b.base &&
                            (a.quote == b.quote || (is_dollar(a.quote) && is_dollar(b.quote)));
    if (!comparable) continue;
    for (const auto& [buy, sell] : {std::pair{other, added}, std::pair{added, other}}) {
      Pair pair;
      pair.buy = buy;
      pair.sell = sell;
      const auto buy_fee = static_cast<std::uint64_t>(entries_[buy].taker_fee.ppb);
      const auto sell_fee = static_cast<std::uint64_t>(entries_[sell].taker_fee.ppb);
      pair.gross.proceeds = one * one;
      pair.net.proceeds = (one - sell_fee) * one;
      for (std::size_t k = 0; k < edge_thresholds_bps.size(); ++k) {
        const auto with_threshold =
            static_cast<std::uint64_t>(Rate::one + Rate::bps(edge_thresholds_bps[k]).ppb);
        pair.gross.cost[k] = one * with_threshold;
        pair.net.cost[k] = (one + buy_fee) * with_threshold;
      }
      pairs_of_[buy].push_back(pairs_.size());
      pairs_of_[sell].push_back(pairs_.size());
      pairs_.push_back(pair);
    }
  }
  return added;
}

void EdgeBoard::advance(std::int64_t ns) {
  ATS_ASSERT(ns >= now_);
  if (ns == now_) return;
  for (const std::size_t at : changed_) {
    count(pairs_[at]);
    evaluate(pairs_[at]);
  }
  changed_.clear();
  now_ = ns;
}

void EdgeBoard::set(std::size_t entry, Decimal bid, Decimal ask) {
  ATS_ASSERT(bid.raw() > 0 && ask.raw() > 0);
  Top& top = tops_[entry];
  if (top.known && top.bid == bid && top.ask == ask) return;
  top = {bid, ask, true};
  touch(entry);
}

void EdgeBoard::clear(std::size_t entry) {
  if (!tops_[entry].known) return;
  tops_[entry].known = false;
  touch(entry);
}

void EdgeBoard::touch(std::size_t entry) {
  for (const std::size_t at : pairs_of_[entry]) {
    if (std::exchange(pairs_[at].changed, true)) continue;
    changed_.push_back(at);
  }
}

void EdgeBoard::count(Pair& pair) const {
  const std::int64_t elapsed = now_ - pair.since;
  pair.since = now_;
  if (!pair.known) return;
  pair.observed_ns += elapsed;
  for (Measure* measure : {&pair.gross, &pair.net}) {
    for (std::size_t k = 0; k < measure->above.size(); ++k)
      measure->times.above_ns[k] += measure->above[k] ? elapsed : 0;
  }
}

void EdgeBoard::evaluate(Pair& pair) const {
  pair.changed = false;
  const Top& buy = tops_[pair.buy];
  const Top& sell = tops_[pair.sell];
  pair.known = buy.known && sell.known;
  for (Measure* measure : {&pair.gross, &pair.net}) {
    const Wide proceeds = product(raw(sell.bid), measure->proceeds);
    for (std::size_t k = 0; k < measure->above.size(); ++k) {
      const bool above = pair.known && proceeds > product(raw(buy.ask), measure->cost[k]);
      measure->times.episodes[k] += above && !measure->above[k] ? 1u : 0u;
      measure->above[k] = above;
    }
  }
  if (!pair.known) return;
  const bool largest = pair.max_ask.is_zero() || product(raw(sell.bid), raw(pair.max_ask)) >
                                                     product(raw(pair.max_bid), raw(buy.ask));
  if (largest) {
    pair.max_bid = sell.bid;
    pair.max_ask = buy.ask;
    pair.max_at_ns = now_;
  }
}

void EdgeBoard::finish() {
  for (Pair& pair : pairs_) count(pair);
  changed_.clear();
}

std::vector<EdgeReport> EdgeBoard::report() const {
  std::vector<EdgeReport> reports;
  for (const Pair& pair : pairs_) {
    if (pair.observed_ns == 0) continue;
    EdgeReport report;
    report.buy = pair.buy;
    report.sell = pair.sell;
    report.observed_ns = pair.observed_ns;
    report.gross = pair.gross.times;
    report.net = pair.net.times;
    report.max_gross = edge(pair.max_bid, pair.max_ask, {}, {});
    report.max_net = edge(pair.max_bid, pair.max_ask, entries_[pair.buy].taker_fee,
                          entries_[pair.sell].taker_fee);
    report.max_ask = pair.max_ask;
    report.max_bid = pair.max_bid;
    report.max_at_ns = pair.max_at_ns;
    reports.push_back(report);
  }
  std::sort(reports.begin(), reports.end(), [](const EdgeReport& a, const EdgeReport& b) {
    return std::pair(a.buy, a.sell) < std::pair(b.buy, b.sell);
  });
  return reports;
}

std::string share_text(std::int64_t time, std::int64_t of) {
  ATS_ASSERT(time >= 0 && of > 0 && time <= of);
  const Int128 parts = Int128{time} * pow10(9) / of;
  return format_scaled(static_cast<std::int64_t>(parts), 9);
}

}  // namespace ats::services

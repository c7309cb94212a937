#include "venues/upbit/markets.hpp"

#include <algorithm>
#include <array>

namespace ats::venues::upbit {
namespace {

constexpr std::int64_t one = 100'000'000;

constexpr std::array<TickStep, 15> krw_steps{{{0, 1},
                                              {one / 100'000, 10},
                                              {one / 10'000, 100},
                                              {one / 1'000, 1'000},
                                              {one / 100, 10'000},
                                              {one / 10, 100'000},
                                              {one, one / 100},
                                              {10 * one, one / 10},
                                              {100 * one, one},
                                              {5'000 * one, 5 * one},
                                              {10'000 * one, 10 * one},
                                              {50'000 * one, 50 * one},
                                              {100'000 * one, 100 * one},
                                              {500'000 * one, 500 * one},
                                              {1'000'000 * one, 1'000 * one}}};
constexpr std::array<TickStep, 1> btc_steps{{{0, 1}}};
constexpr std::array<TickStep, 7> usdt_steps{{{0, 1},
                                              {one / 10'000, 10},
                                              {one / 1'000, 100},
                                              {one / 100, 1'000},
                                              {one / 10, 10'000},
                                              {one, one / 1'000},
                                              {10 * one, one / 100}}};

constexpr std::array<Market, 3> markets{{{"KRW", krw_steps, "5000", "1000000000", Rate::bps(5)},
                                         {"BTC", btc_steps, "0.00005", "10", Rate::bps(25)},
                                         {"USDT", usdt_steps, "0.5", "", Rate::bps(25)}}};

// Decimals that a multiple of this step needs.
int decimals_of(std::int64_t step) {
  int decimals = finest_scale;
  for (; decimals > 0 && step % 10 == 0; --decimals) step /= 10;
  return decimals;
}

}  // namespace

const Market* find_market(std::string_view quote) {
  const auto* const found = std::ranges::find(markets, quote, &Market::quote);
  return found == markets.end() ? nullptr : found;
}

std::int64_t step_at(const Market& market, std::int64_t price) {
  std::int64_t tick = market.steps.front().tick;
  for (const TickStep& step : market.steps) {
    if (price >= step.from) tick = step.tick;
  }
  return tick;
}

std::string code_of(std::string_view base, std::string_view quote) {
  return std::string(quote).append("-").append(base);
}

Instrument list(const Market& market, std::string_view base, std::int64_t tick) {
  const auto band = std::ranges::find(market.steps, tick, &TickStep::tick);
  const bool exception = band == market.steps.end();
  const std::int64_t grid = exception ? tick : step_at(market, band->from / 10);
  Instrument i;
  const std::string code = code_of(base, market.quote);
  i.symbol = std::string_view(code);
  i.rest_symbol = i.symbol;
  i.price_scale = static_cast<std::uint8_t>(decimals_of(grid));
  i.qty_scale = finest_scale;
  const std::int64_t unit = pow10(finest_scale - i.price_scale);
  i.tick = grid / unit;
  if (!exception && market.steps.size() > 1) {
    for (const TickStep& step : market.steps) {
      if (step.tick < grid) continue;
      const std::int64_t from = i.ladder.empty() ? 0 : step.from / unit;
      ATS_ASSERT(i.ladder.add(from, step.tick / unit));
    }
  }
  i.min_quantity = {1};
  i.min_notional = Decimal::of(market.min_total);
  // Fees are exact: price, quantity and rate have so many decimals together.
  constexpr int rate_decimals = 4;
  const int decimals = std::min(i.price_scale + i.qty_scale + rate_decimals, Decimal::scale);
  i.fees = {market.fee, market.fee, FeeAsset::Quote, static_cast<std::uint8_t>(decimals)};
  return i;
}

}  // namespace ats::venues::upbit

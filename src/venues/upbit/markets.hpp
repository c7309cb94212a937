// What holds for every market of one quote currency: the steps of its prices, the smallest and largest order,
// the fee; and what an instrument of it looks like to us. Source: docs/venues/upbit.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/instrument.hpp"
#include "venues/client.hpp"

namespace ats::venues::upbit {

// Prices here, and steps, in units of 10^-8: no market has finer ones.
constexpr int finest_scale = 8;

struct Market {
  std::string_view quote;
  std::span<const TickStep> steps;  // by price, from 0
  std::string_view min_total;       // of an order, in the quote currency
  std::string_view max_total;       // empty: none is known
  Rate fee;                         // maker and taker
};
// Null when the quote currency is none we trade in.
const Market* find_market(std::string_view quote);
// The step at a price.
std::int64_t step_at(const Market& market, std::int64_t price);

// "KRW-BTC": the quote currency first.
std::string code_of(std::string_view base, std::string_view quote);

// An instrument as the venue lists it while its step is `tick` (in units of 10^-8, above zero). The grid of its
// book is the step that holds at a tenth of the lowest price with that step, so that a falling price stays on
// it, and is as coarse as that allows: a book is an array by price. A step that is none of the market's holds
// at every price. Ids are left to the caller.
Instrument list(const Market& market, std::string_view base, std::int64_t tick);

}  // namespace ats::venues::upbit

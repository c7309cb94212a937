// What kinds of limits have in common, and sums of what may be unknown. For the sources of limit_book.hpp alone.
#pragma once

#include <optional>

#include "base/decimal.hpp"
#include "core/risk/limit_book.hpp"

namespace ats::core {

inline bool counts_moments(LimitKind kind) {
  return kind == LimitKind::OrderRate || kind == LimitKind::CancelRate ||
         kind == LimitKind::VenueFaults || kind == LimitKind::DataFaults;
}

inline Duration window_of(LimitKind kind) {
  const bool faults = kind == LimitKind::VenueFaults || kind == LimitKind::DataFaults;
  return faults ? LimitBook::fault_window : LimitBook::rate_window;
}

// Rates are measured in basis points: units of 10^-5 of one are 1e-9.
constexpr int bps_scale = 5;

// Measured of an order and not of what is there.
inline bool of_order(LimitKind kind) { return kind <= LimitKind::BookAge; }

inline bool realised(LimitKind kind) {
  return kind == LimitKind::DailyRealisedLoss || kind == LimitKind::WeeklyRealisedLoss ||
         kind == LimitKind::MonthlyRealisedLoss;
}

inline std::optional<Decimal> value_or_none(const Result<Decimal, NumberError>& number) {
  return number ? std::optional(*number) : std::nullopt;
}

inline std::optional<Decimal> sum_of(std::optional<Decimal> a, std::optional<Decimal> b) {
  return a && b ? value_or_none(a->checked_add(*b)) : std::nullopt;
}

inline std::optional<Decimal> share_of(Decimal part, Decimal whole) {
  if (whole.negative() || whole.is_zero()) return std::nullopt;
  const auto times = part.multiply_floor(Decimal::from_int(100));
  return times ? value_or_none(times->divide_floor(whole)) : std::nullopt;
}

}  // namespace ats::core

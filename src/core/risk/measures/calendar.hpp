// The calendar that profit and loss is counted by: UTC days, ISO 8601 weeks (from Monday) and calendar months,
// each with a number that grows by one from period to period. Pure integer arithmetic.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace ats::core {

enum class Period : std::uint8_t { Day, Week, Month };
constexpr std::size_t period_count = 3;
const char* name(Period period);

// The period that the moment lies in.
std::int64_t number_of(Period period, WallTime at);
// "2026-11-27", "2026-W48", "2026-11".
std::string text_of(Period period, std::int64_t number);

}  // namespace ats::core

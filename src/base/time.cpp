#include "base/time.hpp"

namespace ats {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t seconds_per_day = 86'400;

// Calendar arithmetic on years that begin on 1 March, so that the leap day comes last: a month then
// starts (153 * m + 2) / 5 days into the year, and 400 years always have 146097 days.
constexpr std::int64_t days_per_era = 146'097;
constexpr std::int64_t epoch_day = 719'468;  // 1970-01-01 counted from 0000-03-01

constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - epoch_day;
}

struct Civil {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

constexpr Civil civil_from_days(std::int64_t days_since_epoch) {
  const std::int64_t days = days_since_epoch + epoch_day;
  const std::int64_t era = days / days_per_era;
  const std::int64_t day_of_era = days % days_per_era;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  const std::int64_t month = m < 10 ? m + 3 : m - 9;
  return {era * 400 + year_of_era + (month <= 2), month, day_of_year - (153 * m + 2) / 5 + 1};
}
static_assert(days_from_civil(1970, 1, 1) == 0);
static_assert(civil_from_days(days_from_civil(2024, 2, 29)).day == 29);

constexpr bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::int64_t days_in(std::int64_t year, std::int64_t month) {
  constexpr std::int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

void write_padded(std::int64_t n, int width, char* out) {
  for (int i = width - 1; i >= 0; --i, n /= 10) out[i] = static_cast<char>('0' + n % 10);
}

}  // namespace

std::string format_rfc3339(WallTime time) {
  std::int64_t total_seconds = time.ns_utc / ns_per_second;
  std::int64_t ns = time.ns_utc % ns_per_second;
  if (ns < 0) {
    ns += ns_per_second;
    --total_seconds;
  }
  std::int64_t days = total_seconds / seconds_per_day;
  std::int64_t second_of_day = total_seconds % seconds_per_day;
  if (second_of_day < 0) {
    second_of_day += seconds_per_day;
    --days;
  }
  const Civil date = civil_from_days(days);
  std::string text = "0000-00-00T00:00:00.000000Z";
  char* const out = text.data();
  write_padded(date.year, 4, out);
  write_padded(date.month, 2, out + 5);
  write_padded(date.day, 2, out + 8);
  write_padded(second_of_day / 3600, 2, out + 11);
  write_padded(second_of_day / 60 % 60, 2, out + 14);
  write_padded(second_of_day % 60, 2, out + 17);
  write_padded(ns / 1000, 6, out + 20);
  return text;
}

bool parse_rfc3339(const char* text, std::size_t size, WallTime& out) {
  constexpr std::size_t seconds_end = 19;
  if (size <= seconds_end) return false;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return false;
  bool digits_only = true;
  const auto number = [&](std::size_t at, std::size_t width) {
    std::int64_t n = 0;
    for (std::size_t i = at; i < at + width; ++i) {
      const auto digit = static_cast<unsigned>(text[i]) - '0';
      digits_only &= digit <= 9;
      n = n * 10 + digit;
    }
    return n;
  };
  const std::int64_t year = number(0, 4);
  const std::int64_t month = number(5, 2);
  const std::int64_t day = number(8, 2);
  const std::int64_t hour = number(11, 2);
  const std::int64_t minute = number(14, 2);
  const std::int64_t second = number(17, 2);

  std::size_t at = seconds_end;
  std::int64_t ns = 0;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    for (; at < size && at < first + 9 && text[at] >= '0' && text[at] <= '9'; ++at) {
      ns = ns * 10 + (text[at] - '0');
    }
    if (at == first) return false;
    for (std::size_t places = at - first; places < 9; ++places) ns *= 10;
  }

  std::int64_t offset_minutes = 0;
  const std::size_t rest = size - at;
  if (rest == 6 && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    const std::int64_t offset_hour = number(at + 1, 2);
    const std::int64_t offset_minute = number(at + 4, 2);
    if (offset_hour > 23 || offset_minute > 59) return false;
    offset_minutes = offset_hour * 60 + offset_minute;
    if (text[at] == '-') offset_minutes = -offset_minutes;
  } else if (rest != 1 || text[at] != 'Z') {
    return false;
  }

  // The years whose every nanosecond fits 64 bits.
  if (!digits_only || year < 1678 || year > 2261 || month < 1 || month > 12) return false;
  if (day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 59)
    return false;
  const std::int64_t minutes =
      (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
  out.ns_utc = (minutes * 60 + second) * ns_per_second + ns;
  return true;
}

}  // namespace ats

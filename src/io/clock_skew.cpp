#include "io/clock_skew.hpp"

#include <array>
#include <charconv>

namespace ats::io {

namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// Days from 1970-01-01 (proleptic Gregorian), by eras of 400 years.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != form.size() || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
      text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  if (*year < 1970 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const std::int64_t days = days_from_civil(*year, month - months.begin() + 1, *day);
  const std::int64_t seconds = ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
  // Years past 2262 have no place in 64 bits of nanoseconds.
  if (seconds > 9'000'000'000) return std::nullopt;
  return WallTime{seconds * 1'000'000'000};
}

std::optional<Duration> parse_retry_after(std::string_view text, WallTime now) {
  constexpr std::int64_t wait_max = 7 * 24 * 3600;  // no venue bans for longer and says so
  if (const auto wait = number(text)) return seconds(std::min(*wait, wait_max));
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp(Duration{date->ns_utc - now.ns_utc}, Duration{}, seconds(wait_max));
}

}  // namespace ats::io

#include "core/risk/measures/calendar.hpp"

namespace ats::core {
namespace {

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

constexpr std::int64_t day_ns = 86'400'000'000'000;

// Every period's text is the beginning of the first day's own, or found through it.
std::string date_text(std::int64_t day) { return format_rfc3339({day * day_ns}).substr(0, 10); }

std::int64_t number_in(const std::string& text, std::size_t from, std::size_t size) {
  std::int64_t n = 0;
  for (const char c : text.substr(from, size)) n = n * 10 + (c - '0');
  return n;
}

std::string digits(std::int64_t n, std::size_t width) {
  std::string text = std::to_string(n);
  return std::string(text.size() < width ? width - text.size() : 0, '0') + text;
}

}  // namespace

const char* name(Period period) {
  switch (period) {
    case Period::Day:
      return "day";
    case Period::Week:
      return "week";
    case Period::Month:
      return "month";
  }
  return "?";
}

std::int64_t number_of(Period period, WallTime at) {
  const std::int64_t day = at.day_utc();
  switch (period) {
    case Period::Day:
      return day;
    case Period::Week:  // 1970-01-01 was a Thursday: week 0 began three days before
      return floor_div(day + 3, 7);
    case Period::Month: {
      const std::string date = date_text(day);
      return number_in(date, 0, 4) * 12 + number_in(date, 5, 2) - 1;
    }
  }
  return 0;
}

std::string text_of(Period period, std::int64_t number) {
  switch (period) {
    case Period::Day:
      return date_text(number);
    case Period::Week: {
      // The year that its Thursday lies in, and which Thursday of that year it is.
      const std::int64_t thursday = number * 7;
      const std::string date = date_text(thursday);
      WallTime new_year;
      const std::string first = date.substr(0, 4) + "-01-01T00:00:00Z";
      parse_rfc3339(first.data(), first.size(), new_year);
      return date.substr(0, 4) + "-W" + digits((thursday - new_year.day_utc()) / 7 + 1, 2);
    }
    case Period::Month:
      return digits(number / 12, 4) + "-" + digits(number % 12 + 1, 2);
  }
  return {};
}

}  // namespace ats::core

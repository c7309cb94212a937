// Two clocks that must never be mixed: Instant counts monotonic nanoseconds and orders what happens
// in one process; WallTime is UTC and says when, to people and venues. Nothing in base..sim reads
// either: both come in as arguments. Units are nanoseconds everywhere.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace ats {

// Length of time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return {ns + o.ns}; }
  constexpr Duration operator-(Duration o) const { return {ns - o.ns}; }
  constexpr Duration operator*(std::int64_t n) const { return {ns * n}; }
  constexpr Duration operator/(std::int64_t n) const { return {ns / n}; }
};
constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration hours(std::int64_t n) { return seconds(n * 3600); }

// Monotonic time of this process (or of a recording, or of a simulated world); origin is arbitrary.
struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return {ns + d.ns}; }
  constexpr Instant operator-(Duration d) const { return {ns - d.ns}; }
  constexpr Duration operator-(Instant o) const { return {ns - o.ns}; }
};

// Nanoseconds since 1970-01-01T00:00:00Z. Zero means "not told".
struct WallTime {
  std::int64_t ns_utc = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
  constexpr WallTime operator+(Duration d) const { return {ns_utc + d.ns}; }
  constexpr Duration operator-(WallTime o) const { return {ns_utc - o.ns_utc}; }
  constexpr bool told() const { return ns_utc != 0; }
  // UTC calendar day, as days since the epoch: the day that a daily limit counts in.
  constexpr std::int64_t day_utc() const {
    constexpr std::int64_t day = 86'400'000'000'000;
    return ns_utc / day - (ns_utc % day < 0);
  }
};
constexpr WallTime wall_from_ms(std::int64_t ms_utc) { return {ms_utc * 1'000'000}; }

// "2026-11-23T01:02:03.123456Z" (always six fraction digits). Reads back with parse_rfc3339.
std::string format_rfc3339(WallTime time);
// Accepts RFC 3339 with 0 to 9 fraction digits and "Z" or a numeric offset ("+09:00"), capital
// letters, years 1678 to 2261, no leap second. False leaves `out` untouched. Reads nothing past
// text + size.
bool parse_rfc3339(const char* text, std::size_t size, WallTime& out);

}  // namespace ats

// RFC 3339 times as venues write them ("2026-08-16T23:37:03.745044Z"), read quickly: the date is remembered
// from stamp to stamp, the time of day is two eight-byte words.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/digits.hpp"
#include "base/time.hpp"

namespace ats::venues {

class StampReader {
 public:
  static constexpr std::size_t size = sizeof("2026-08-16T23:37:03.745044Z") - 1;

  // The `size` characters at `text`. False for any other shape, or a date or time that is none;
  // `out` is then untouched.
  bool read(const char* text, WallTime& out) {
    using namespace digits;
    const std::uint64_t date = load8(text);
    const std::uint32_t date_end = load4(text + 7);
    if (date != date_ || date_end != date_end_) [[unlikely]]
      return read_new_date({text, size}, date, date_end, out);
    // ".745044Z"
    const std::uint64_t fraction = to_digits(load8(text + 19));
    constexpr std::uint64_t marks = 0xFF00'0000'0000'00FF;
    constexpr std::uint64_t zulu = 'Z' ^ '0';
    std::uint64_t seconds = 0;
    if ((fraction & marks) != (zulu << 56 | point) || !all_digits(fraction & ~marks) ||
        !read_clock(text, seconds)) [[unlikely]]
      return false;
    const std::uint64_t micros = value_of((fraction & ~marks) << 8);
    out.ns_utc = day_start_ + static_cast<std::int64_t>(seconds * 1'000'000'000 + micros * 1'000);
    return true;
  }

  // Any text. False for what does not have one to nine decimals and a Z, or a date or time that is none;
  // `out` is then untouched.
  bool read(std::string_view text, WallTime& out) {
    using namespace digits;
    constexpr std::size_t bare_size = sizeof("2026-08-16T23:37:03.Z") - 1;
    const std::size_t decimals = text.size() - bare_size;
    if (text.size() <= bare_size || decimals > 9) [[unlikely]]
      return false;
    const std::uint64_t date = load8(text.data());
    const std::uint32_t date_end = load4(text.data() + 7);
    if (date != date_ || date_end != date_end_) [[unlikely]]
      return read_new_date(text, date, date_end, out);
    // The first eight decimals, fewer with zeros behind them.
    const std::size_t used = decimals < 8 ? decimals : 8;
    const std::uint64_t fraction =
        to_digits(load8(text.data() + bare_size - 9 + used)) >> (8 * (8 - used));
    const auto ninth = decimals == 9 ? static_cast<std::uint64_t>(text[28] ^ '0') : 0;
    std::uint64_t seconds = 0;
    if (text[19] != '.' || text.back() != 'Z' || !all_digits(fraction) || ninth > 9 ||
        !read_clock(text.data(), seconds)) [[unlikely]]
      return false;
    out.ns_utc = day_start_ + static_cast<std::int64_t>(seconds * 1'000'000'000 +
                                                        value_of(fraction) * 10 + ninth);
    return true;
  }

 private:
  // The "23:37:03" behind the date.
  static bool read_clock(const char* text, std::uint64_t& seconds) {
    using namespace digits;
    const std::uint64_t clock = to_digits(load8(text + 11));
    constexpr std::uint64_t colons = 0x0000'FF00'00FF'0000;
    constexpr std::uint64_t colon = ':' ^ '0';
    if ((clock & colons) != (colon << 16 | colon << 40) || !all_digits(clock & ~colons))
      return false;
    const std::uint64_t pairs = clock * 10 + (clock >> 8);  // in bytes 0, 3 and 6
    const std::uint64_t hour = pairs & 0xFF;
    const std::uint64_t minute = (pairs >> 24) & 0xFF;
    const std::uint64_t second = (pairs >> 48) & 0xFF;
    seconds = (hour * 60 + minute) * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 59;
  }
  bool read_new_date(std::string_view text, std::uint64_t date, std::uint32_t date_end,
                     WallTime& out) {
    WallTime time;
    if (text[19] != '.' || text.back() != 'Z' || !parse_rfc3339(text.data(), text.size(), time))
      return false;
    constexpr std::int64_t day = 86'400'000'000'000;
    std::int64_t of_day = time.ns_utc % day;
    if (of_day < 0) of_day += day;
    day_start_ = time.ns_utc - of_day;
    date_ = date;
    date_end_ = date_end;
    out = time;
    return true;
  }

  std::uint64_t date_ = 0;  // the ten characters of the date and the 'T', in two overlapping words
  std::uint32_t date_end_ = 0;
  std::int64_t day_start_ = 0;  // ns since the epoch
};

}  // namespace ats::venues

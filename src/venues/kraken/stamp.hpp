// RFC 3339 times as the venue writes them ("2026-08-16T23:37:03.745044Z"), read quickly: the date is
// remembered from stamp to stamp, the time of day is two eight-byte words.
#pragma once

#include <cstdint>

#include "base/digits.hpp"
#include "base/time.hpp"

namespace ats::venues::kraken {

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
      return read_new_date(text, date, date_end, out);
    // "23:37:03" and ".745044Z"
    const std::uint64_t clock = to_digits(load8(text + 11));
    const std::uint64_t fraction = to_digits(load8(text + 19));
    constexpr std::uint64_t colons = 0x0000'FF00'00FF'0000;
    constexpr std::uint64_t colon = ':' ^ '0';
    constexpr std::uint64_t marks = 0xFF00'0000'0000'00FF;
    constexpr std::uint64_t zulu = 'Z' ^ '0';
    if ((clock & colons) != (colon << 16 | colon << 40) ||
        (fraction & marks) != (zulu << 56 | point) || !all_digits((clock & ~colons)) ||
        !all_digits(fraction & ~marks)) [[unlikely]]
      return false;
    const std::uint64_t pairs = clock * 10 + (clock >> 8);  // in bytes 0, 3 and 6
    const std::uint64_t hour = pairs & 0xFF;
    const std::uint64_t minute = (pairs >> 24) & 0xFF;
    const std::uint64_t second = (pairs >> 48) & 0xFF;
    if (hour > 23 || minute > 59 || second > 59) [[unlikely]]
      return false;
    const std::uint64_t micros = value_of((fraction & ~marks) << 8);
    out.ns_utc =
        day_start_ + static_cast<std::int64_t>(
                         ((hour * 60 + minute) * 60 + second) * 1'000'000'000 + micros * 1'000);
    return true;
  }

 private:
  bool read_new_date(const char* text, std::uint64_t date, std::uint32_t date_end, WallTime& out) {
    WallTime time;
    if (text[19] != '.' || text[size - 1] != 'Z' || !parse_rfc3339(text, size, time)) return false;
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

}  // namespace ats::venues::kraken

// Reading JSON whose shape is known beforehand: the fast way into a venue's market-data frames.
//
// A decoder spells out the shape it expects, key by key, without whitespace, and takes the values between. Every
// operation either consumes exactly what it was asked for or says no; on the first no the decoder gives the
// frame to a real parser (simdjson), which decides what it is. So a scan may always say no, and must never say
// yes to bytes that the parser would read otherwise: what it lets pass is valid JSON, no more.
//
//   ScanTail tail;
//   JsonScan scan(frame, tail);
//   std::uint64_t id;
//   std::int64_t price;
//   if (scan.literal(R"({"u":)") && scan.unsigned_integer(id) && scan.literal(R"(,"b":)") &&
//       scan.quoted_scaled(2, price) && scan.literal("}") && scan.at_end()) …
//
// Sixteen bytes are looked at at once (SSE4.1, which every x86-64-v2 machine has). Bytes past the end of the
// frame are never read: when fewer than `window` are left they are copied into the ScanTail, zeros behind them.
#pragma once

#include <smmintrin.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/decimal.hpp"

namespace ats::venues {

namespace scan_detail {

// No operation reads further than this past the place where it starts.
constexpr std::size_t window = 64;

constexpr int max_scale = 12;

using Lanes = std::array<std::uint8_t, 16>;

// [scale][whole]: for a number of `whole` digits, a point and a fraction, the byte order that drops the point,
// keeps `scale` fraction digits and aligns the rest to the right of 16 lanes; lanes of 0x80 become zero.
alignas(16) inline constexpr auto aligners = [] {
  std::array<std::array<Lanes, 16>, max_scale + 1> table{};
  for (unsigned scale = 0; scale < table.size(); ++scale) {
    for (unsigned whole = 0; whole < 16; ++whole) {
      for (unsigned lane = 0; lane < 16; ++lane) {
        const unsigned from_right = 15 - lane;
        unsigned source = 0x80;
        if (from_right < scale) {
          source = whole + scale - from_right;
        } else if (from_right < scale + whole) {
          source = whole - 1 - (from_right - scale);
        }
        table[scale][whole][lane] = static_cast<std::uint8_t>(source < 16 ? source : 0x80);
      }
    }
  }
  return table;
}();

// [n]: the first n lanes all ones.
alignas(16) inline constexpr auto first_lanes = [] {
  std::array<Lanes, 17> table{};
  for (unsigned n = 0; n < table.size(); ++n) {
    for (unsigned lane = 0; lane < n; ++lane) table[n][lane] = 0xff;
  }
  return table;
}();

inline __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
inline unsigned lanes_equal(__m128i lanes, char c) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(lanes, _mm_set1_epi8(c))));
}
// Whether `size` characters are the same, by two words that may overlap.
template <class Word, std::size_t size>
[[gnu::always_inline]] inline bool equal_ends(const char* a, const char* b) {
  constexpr std::size_t last = size - sizeof(Word);
  std::array<Word, 4> words;
  std::memcpy(&words[0], a, sizeof(Word));
  std::memcpy(&words[1], b, sizeof(Word));
  std::memcpy(&words[2], a + last, sizeof(Word));
  std::memcpy(&words[3], b + last, sizeof(Word));
  return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
}
// Whether the first `size` characters are the same. memcmp is a call for most sizes, and costs more than it compares.
template <std::size_t size>
[[gnu::always_inline]] inline bool equal(const char* a, const char* b) {
  if constexpr (size == 1) {
    return *a == *b;
  } else if constexpr (size < 4) {
    return equal_ends<std::uint16_t, size>(a, b);
  } else if constexpr (size < 8) {
    return equal_ends<std::uint32_t, size>(a, b);
  } else if constexpr (size < 16) {
    return equal_ends<std::uint64_t, size>(a, b);
  } else {
    __m128i differences = _mm_xor_si128(load16(a + size - 16), load16(b + size - 16));
    for (std::size_t i = 0; i + 16 < size; i += 16)
      differences = _mm_or_si128(differences, _mm_xor_si128(load16(a + i), load16(b + i)));
    return _mm_testz_si128(differences, differences) != 0;
  }
}
// Lanes that hold no digit.
inline unsigned lanes_beyond_digits(__m128i characters) {
  const __m128i digits = _mm_xor_si128(characters, _mm_set1_epi8('0'));
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  return static_cast<unsigned>(_mm_movemask_epi8(is_digit)) ^ 0xffff;
}

// The first `size` (0..15) of the lanes as units of 10^-scale. False for anything but digits with at most one
// point between them, and for what has more digits than 16 lanes or the scale keep.
[[gnu::always_inline]] inline bool to_units(__m128i characters, unsigned size, unsigned scale,
                                            std::int64_t& units) {
  const unsigned used = (1u << size) - 1;
  const unsigned beyond_digits = lanes_beyond_digits(characters) & used;
  const unsigned points = lanes_equal(characters, '.') & used;
  // Without a point the whole part ends where the text does.
  const auto whole = static_cast<unsigned>(std::countr_zero(points | (1u << size)));
  const unsigned non_zeros = used & ~lanes_equal(characters, '0');
  const bool fine = beyond_digits == points && (points & (points - 1)) == 0 && whole != 0 &&
                    whole + 1 != size && whole + scale <= 16 &&
                    (non_zeros >> (whole + 1) >> scale) == 0;
  if (!fine) [[unlikely]]
    return false;
  __m128i digits = _mm_xor_si128(characters, _mm_set1_epi8('0'));
  digits = _mm_and_si128(digits, load16(first_lanes[size].data()));
  digits = _mm_shuffle_epi8(digits, load16(aligners[scale][whole].data()));
  const __m128i pairs = _mm_maddubs_epi16(
      digits, _mm_set_epi8(1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set_epi16(1, 100, 1, 100, 1, 100, 1, 100));
  const __m128i packed = _mm_packus_epi32(fours, fours);
  const __m128i eights =
      _mm_madd_epi16(packed, _mm_set_epi16(1, 10'000, 1, 10'000, 1, 10'000, 1, 10'000));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  units = static_cast<std::int64_t>((both & 0xffffffff) * 100'000'000 + (both >> 32));
  return true;
}

}  // namespace scan_detail

// How long a field was the last time. Where that holds again, as it does for times and for the prices of one
// book, the scan goes on at once: the processor then guesses the length as it guesses a branch, and what comes
// next need not wait until the end of the field is found. A wrong guess costs some time and nothing else.
struct LengthGuess {
  unsigned size = 0;
};

// Where the end of a frame is copied to. Lives as long as the scan.
struct ScanTail {
  char bytes[2 * scan_detail::window];
};

class JsonScan {
 public:
  [[gnu::always_inline]] JsonScan(std::string_view frame, ScanTail& tail)
      : p_(frame.data()), end_(p_ + frame.size()), frame_end_(end_), tail_(&tail) {
    if (frame.size() < scan_detail::window) {
      move_to_tail();
    } else {
      last_safe_ = end_ - scan_detail::window;
    }
  }

  // Exactly these characters, at most 64.
  template <std::size_t N>
  [[gnu::always_inline]] bool literal(const char (&expected)[N]) {
    static_assert(N - 1 <= scan_detail::window);
    make_room();
    if (!scan_detail::equal<N - 1>(p_, expected)) return false;
    p_ += N - 1;
    return true;
  }

  // A JSON integer without sign, at most 15 digits (more: false).
  [[gnu::always_inline]] bool unsigned_integer(std::uint64_t& value) {
    std::string_view text;
    return unsigned_integer(value, text);
  }
  [[gnu::always_inline]] bool unsigned_integer(std::uint64_t& value, LengthGuess& guess) {
    std::string_view text;
    return unsigned_integer(value, text, &guess);
  }
  // The same where it most often has this many digits.
  template <unsigned digits>
  [[gnu::always_inline]] bool unsigned_integer_of(std::uint64_t& value) {
    LengthGuess guess{digits};
    return unsigned_integer(value, guess);
  }
  // `text`: its digits as they stand in the frame.
  [[gnu::always_inline]] bool unsigned_integer(std::uint64_t& value, std::string_view& text,
                                               LengthGuess* guess = nullptr) {
    using namespace scan_detail;
    make_room();
    const __m128i characters = load16(p_);
    const unsigned stops = lanes_beyond_digits(characters);
    if (stops == 0) [[unlikely]]
      return false;
    const auto size = static_cast<unsigned>(std::countr_zero(stops));
    std::int64_t units;
    if (size == 0 || (size > 1 && *p_ == '0') || !to_units(characters, size, 0, units)) {
      return false;
    }
    text = {in_frame(), size};
    advance(size, 0, guess);
    value = static_cast<std::uint64_t>(units);
    return true;
  }

  // The digits of a JSON integer without sign as they stand in the frame, up to 31 of them.
  [[gnu::always_inline]] bool integer_digits(std::string_view& text) {
    using namespace scan_detail;
    make_room();
    const unsigned stops = lanes_beyond_digits(load16(p_)) | lanes_beyond_digits(load16(p_ + 16))
                                                                 << 16;
    if (stops == 0) [[unlikely]]
      return false;
    const auto size = static_cast<unsigned>(std::countr_zero(stops));
    if (size == 0 || (size > 1 && *p_ == '0')) return false;
    text = {in_frame(), size};
    p_ += size;
    return true;
  }

  // Over a JSON number without sign, of at most 31 digits before an exponent of at most 15.
  [[gnu::always_inline]] bool past_number() {
    using namespace scan_detail;
    make_room();
    const __m128i first = load16(p_);
    const __m128i second = load16(p_ + 16);
    const unsigned all_points = lanes_equal(first, '.') | lanes_equal(second, '.') << 16;
    const unsigned stops =
        (lanes_beyond_digits(first) | lanes_beyond_digits(second) << 16) & ~all_points;
    if (stops == 0) [[unlikely]]
      return false;
    const auto size = static_cast<unsigned>(std::countr_zero(stops));
    const unsigned points = all_points & ((1u << size) - 1);
    const bool fine = size != 0 && (points & (points - 1)) == 0 &&
                      (points & (1u | 1u << (size - 1))) == 0 &&
                      !(size > 1 && p_[0] == '0' && p_[1] != '.');
    if (!fine) [[unlikely]]
      return false;
    p_ += size;
    return (*p_ != 'E' && *p_ != 'e') || past_exponent();
  }

  // A string that holds a plain decimal number ("61837.63000000"), as units of 10^-scale (0..12); false when it
  // has more decimals or is negative. Gives what parse_scaled gives.
  [[gnu::always_inline]] bool quoted_scaled(unsigned scale, std::int64_t& units,
                                            LengthGuess* guess = nullptr) {
    using namespace scan_detail;
    make_room();
    if (*p_ != '"') return false;
    const __m128i characters = load16(p_ + 1);
    const unsigned quotes = lanes_equal(characters, '"');
    if (quotes == 0) [[unlikely]]
      return long_quoted_scaled(scale, units);
    const auto size = static_cast<unsigned>(std::countr_zero(quotes));
    if (!to_units(characters, size, scale, units)) [[unlikely]]
      return false;
    advance(size, 2, guess);
    return true;
  }

  // A bare JSON number without sign and exponent (61837.63), as units of 10^-scale (0..12). `text`: its digits
  // as they stand in the frame.
  [[gnu::always_inline]] bool bare_scaled(unsigned scale, std::int64_t& units,
                                          std::string_view& text, LengthGuess* guess = nullptr) {
    using namespace scan_detail;
    make_room();
    const __m128i characters = load16(p_);
    const unsigned stops = lanes_beyond_digits(characters) & ~lanes_equal(characters, '.');
    if (stops == 0) [[unlikely]]
      return long_bare_scaled(scale, units, text);
    const auto size = static_cast<unsigned>(std::countr_zero(stops));
    // JSON allows no leading zero, which the digits before a point of a scaled number may have.
    if (size > 1 && p_[0] == '0' && p_[1] != '.') return false;
    if (size == 0) return false;
    // More digits than sixteen lanes hold once the scale has its zeros.
    if (!to_units(characters, size, scale, units)) [[unlikely]]
      return long_bare_scaled(scale, units, text);
    text = {in_frame(), size};
    advance(size, 0, guess);
    return true;
  }

  // The same, and with an exponent (7.9276E-4) as well.
  [[gnu::always_inline]] bool bare_number(unsigned scale, std::int64_t& units,
                                          LengthGuess* guess = nullptr) {
    std::string_view text;
    if (!bare_scaled(scale, units, text, guess)) return false;
    if (*p_ != 'E' && *p_ != 'e') [[likely]]
      return true;
    return exponent(units);
  }

  // A string of printable ASCII without escapes; `text` is the part of the frame between the quotes.
  [[gnu::always_inline]] bool quoted_text(std::string_view& text, LengthGuess* guess = nullptr) {
    using namespace scan_detail;
    make_room();
    if (*p_ != '"') return false;
    const char* const begin = in_frame() + 1;
    std::size_t size = 0;
    ++p_;
    while (true) {
      const __m128i characters = load16(p_);
      const unsigned quotes = lanes_equal(characters, '"');
      // Signed comparison: bytes from 0x80 on are below the space as well.
      const unsigned refused =
          lanes_equal(characters, '\\') |
          static_cast<unsigned>(_mm_movemask_epi8(_mm_cmplt_epi8(characters, _mm_set1_epi8(' '))));
      const auto here = static_cast<unsigned>(std::countr_zero(quotes | 0x10000u));
      if ((refused & ((1u << here) - 1)) != 0) return false;
      if (quotes != 0) [[likely]] {
        advance(here, 1, size == 0 ? guess : nullptr);
        size += here;
        text = {begin, size};
        return true;
      }
      size += here;
      p_ += 16;
      make_room();
    }
  }

  // The same where it most often is this long, 15 at most.
  template <unsigned length>
  [[gnu::always_inline]] bool quoted_text_of(std::string_view& text) {
    static_assert(length < 16);
    LengthGuess guess{length};
    return quoted_text(text, &guess);
  }

  // Nothing is left of the frame.
  bool at_end() const { return p_ == end_; }

 private:
  // Over a field of `size` characters and `beyond` more.
  [[gnu::always_inline]] void advance(unsigned size, unsigned beyond, LengthGuess* guess) {
    if (guess == nullptr) {
      p_ += size + beyond;
      return;
    }
    // The compiler must not see that both are the same number, nor make one expression of both ways.
    std::size_t guessed = guess->size;
    asm("" : "+r"(guessed));
    if (size == guess->size) [[likely]] {
      asm volatile("");
      p_ += guessed + beyond;
    } else {
      guess->size = size;
      p_ += size + beyond;
    }
  }

  // At least `window` bytes can be read from p_.
  [[gnu::always_inline]] void make_room() {
    if (p_ > last_safe_) [[unlikely]]
      move_to_tail();
  }
  [[gnu::always_inline]] void move_to_tail() {
    const auto left = static_cast<std::size_t>(end_ - p_);
    copy(p_, left, *tail_);
    p_ = tail_->bytes;
    end_ = last_safe_ = p_ + left;
  }
  [[gnu::noinline]] static void copy(const char* from, std::size_t size, ScanTail& tail) {
    if (size != 0) std::memcpy(tail.bytes, from, size);
    std::memset(tail.bytes + size, 0, scan_detail::window);
  }
  // p_ as a place in the frame, wherever it is read.
  const char* in_frame() const { return frame_end_ - (end_ - p_); }

  bool long_quoted_scaled(unsigned scale, std::int64_t& units) {
    const auto* quote = static_cast<const char*>(std::memchr(p_ + 1, '"', scan_detail::window - 1));
    if (quote == nullptr) return false;
    const auto number =
        parse_scaled({p_ + 1, static_cast<std::size_t>(quote - p_ - 1)}, static_cast<int>(scale));
    if (!number || *number < 0 || p_[1] == '-') return false;
    units = *number;
    p_ = quote + 1;
    return true;
  }

  bool long_bare_scaled(unsigned scale, std::int64_t& units, std::string_view& text) {
    std::size_t size = 0;
    while (size < scan_detail::window &&
           ((p_[size] >= '0' && p_[size] <= '9') || p_[size] == '.')) {
      ++size;
    }
    if (size == scan_detail::window || (p_[0] == '0' && p_[1] != '.')) return false;
    const auto number = parse_scaled({p_, size}, static_cast<int>(scale));
    if (!number) return false;
    units = *number;
    text = {in_frame(), size};
    p_ += size;
    return true;
  }

  // The exponent behind the digits of a number whose value nobody asks for.
  bool past_exponent() {
    make_room();
    p_ += p_[1] == '-' || p_[1] == '+' ? 2 : 1;
    const unsigned stops = scan_detail::lanes_beyond_digits(scan_detail::load16(p_));
    const auto size = static_cast<unsigned>(std::countr_zero(stops | 0x10000u));
    p_ += size;
    return size != 0 && size != 16;
  }

  // The exponent behind the digits of a number, whose value so far is `units`. False when the result is finer
  // than a unit or does not fit.
  bool exponent(std::int64_t& units) {
    make_room();
    const bool negative = p_[1] == '-';
    const char* digit = p_ + (negative || p_[1] == '+' ? 2 : 1);
    const char* const first = digit;
    int power = 0;
    for (; *digit >= '0' && *digit <= '9'; ++digit) {
      if (digit - first == 2) return false;
      power = 10 * power + (*digit - '0');
    }
    constexpr int most = 18;
    if (digit == first || power > most) return false;
    p_ = digit;
    const std::int64_t factor = pow10(power);
    if (!negative) return !__builtin_mul_overflow(units, factor, &units);
    const std::int64_t whole = units / factor;
    const bool exact = whole * factor == units;
    units = whole;
    return exact;
  }

  const char* p_;
  const char* end_;
  const char* frame_end_;
  const char* last_safe_;  // with p_ up to here, window bytes are readable
  ScanTail* tail_;
};

}  // namespace ats::venues

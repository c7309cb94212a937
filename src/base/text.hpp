// A short text stored in place: ids and symbols on the hot path never allocate.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include "base/assert.hpp"

namespace ats {

// Invariant: size() <= N <= 255, bytes past size() are zero (so that equality and hashing are by
// bytes).
template <std::size_t N>
class Text {
  static_assert(N >= 1 && N <= 255);

 public:
  constexpr Text() = default;
  // Text longer than N is a broken invariant; use fits() first on input from outside.
  constexpr Text(std::string_view text) {
    ATS_ASSERT(fits(text));
    size_ = static_cast<std::uint8_t>(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) bytes_[i] = text[i];
  }
  constexpr Text(const char* text) : Text(std::string_view(text)) {}

  static constexpr bool fits(std::string_view text) { return text.size() <= N; }
  // The first N bytes: for messages to people, never for ids.
  static constexpr Text cut(std::string_view text) { return Text(text.substr(0, N)); }

  constexpr std::string_view view() const { return {bytes_, size_}; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool operator==(const Text& o) const { return view() == o.view(); }
  constexpr auto operator<=>(const Text& o) const { return view() <=> o.view(); }

 private:
  std::uint8_t size_ = 0;
  char bytes_[N] = {};
};

}  // namespace ats

template <std::size_t N>
struct std::hash<ats::Text<N>> {
  std::size_t operator()(const ats::Text<N>& t) const noexcept {
    return std::hash<std::string_view>{}(t.view());
  }
};

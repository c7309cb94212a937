// Bitfinex speaks in JSON arrays whose positions have meaning. A Row is such an array taken apart: its
// elements as they stand in the text, nested arrays whole. Fields may be appended at any time: what lies
// beyond the end reads as missing, and nobody asks for an exact length.
// The text must be known to be JSON (Json::open); views live as long as the text does.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "venues/json.hpp"

namespace ats::venues::bitfinex {

// The characters between the quotes, escapes as they are; empty when the element is no string.
inline std::string_view text_of(std::string_view element) {
  if (element.size() < 2 || element.front() != '"') return {};
  return element.substr(1, element.size() - 2);
}
inline bool is_array(std::string_view element) { return element.starts_with('['); }
inline bool is_object(std::string_view element) { return element.starts_with('{'); }
inline bool is_missing(std::string_view element) { return element.empty() || element == "null"; }
// A number, bare or in a string.
inline bool decimal_of(std::string_view element, Decimal& out) {
  const auto parsed = Decimal::parse(element.starts_with('"') ? text_of(element) : element);
  if (parsed) out = *parsed;
  return parsed.ok();
}

class Row {
 public:
  // False when the text is no array.
  bool split(std::string_view text) {
    elements_.clear();
    text = trimmed(text);
    if (!is_array(text)) return false;
    text.remove_prefix(1);
    std::size_t depth = 0;
    std::size_t begin = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (in_string) {
        if (c == '\\')
          ++at;
        else if (c == '"')
          in_string = false;
        continue;
      }
      if (c == '"') {
        in_string = true;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if ((c == ',' || c == ']') && depth == 0) {
        const std::string_view element = trimmed(text.substr(begin, at - begin));
        if (!element.empty()) elements_.push_back(element);
        if (c == ']') return true;
        begin = at + 1;
      } else if (c == ']' || c == '}') {
        --depth;
      }
    }
    return false;
  }

  std::size_t size() const { return elements_.size(); }
  std::string_view operator[](std::size_t i) const {
    return i < elements_.size() ? elements_[i] : std::string_view();
  }
  std::string_view text(std::size_t i) const { return text_of((*this)[i]); }
  template <class Integer>
  bool integer(std::size_t i, Integer& out) const {
    return integer_text((*this)[i], out);
  }
  bool decimal(std::size_t i, Decimal& out) const { return decimal_of((*this)[i], out); }

 private:
  static std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
  }

  std::vector<std::string_view> elements_;
};

}  // namespace ats::venues::bitfinex

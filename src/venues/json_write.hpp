// JSON written by hand: small objects and lists, for the exchange's side of the protocol.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "base/digits.hpp"

namespace ats::venues {

// Whether nothing in it has to be escaped: no quote, no backslash, nothing below a space. Eight bytes at a time.
inline bool stands_as_it_is(std::string_view text) {
  constexpr auto every = digits::every_byte;
  const auto suspicious = [](std::uint64_t word) {
    const auto has_zero = [](std::uint64_t w) { return (w - every(1)) & ~w; };
    const std::uint64_t control = (word - every(0x20)) & ~word;
    return (control | has_zero(word ^ every('"')) | has_zero(word ^ every('\\'))) & every(0x80);
  };
  std::uint64_t found = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) found |= suspicious(digits::load8(text.data() + i));
  if (const std::size_t left = text.size() - i; left != 0) {
    const std::uint64_t rest = digits::load_short(text.data() + i, left);
    found |= suspicious(rest | every(' ') << (8 * left));
  }
  return found == 0;
}

inline void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  if (stands_as_it_is(text)) [[likely]] {
    out += text;
  } else {
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        constexpr char hex[] = "0123456789abcdef";
        out += "\\u00";
        out += hex[c >> 4];
        out += hex[c & 15];
      } else {
        out += c;
      }
    }
  }
  out += '"';
}

class JsonObject {
 public:
  // `expected`: about how long it will be.
  explicit JsonObject(std::size_t expected = 0) {
    text_.reserve(expected);
    text_ += '{';
  }
  JsonObject& text(std::string_view key, std::string_view value) {
    begin(key);
    append_quoted(text_, value);
    return *this;
  }
  template <std::integral T>
  JsonObject& number(std::string_view key, T value) {
    begin(key);
    text_ += std::to_string(value);
    return *this;
  }
  JsonObject& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  // `json` is a value already written.
  JsonObject& raw(std::string_view key, std::string_view json) {
    begin(key);
    text_ += json;
    return *this;
  }
  // Ends it; nothing may be added after.
  std::string done() { return std::move(text_ += '}'); }

 private:
  void begin(std::string_view key) {
    if (text_.size() > 1) text_ += ',';
    text_ += '"';
    text_ += key;
    text_.append("\":", 2);
  }
  std::string text_;
};

class JsonList {
 public:
  JsonList& raw(std::string_view json) {
    if (text_.size() > 1) text_ += ',';
    text_ += json;
    return *this;
  }
  JsonList& text(std::string_view value) {
    if (text_.size() > 1) text_ += ',';
    append_quoted(text_, value);
    return *this;
  }
  std::string done() { return std::move(text_ += ']'); }

 private:
  std::string text_ = "[";
};

}  // namespace ats::venues

// JSON written by hand: small objects and lists, for the exchange's side of the protocol.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace ats::venues {

inline void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

class JsonObject {
 public:
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
    text_ += text_.size() > 1 ? ",\"" : "\"";
    text_ += key;
    text_ += "\":";
  }
  std::string text_ = "{";
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

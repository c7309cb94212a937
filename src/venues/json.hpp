// simdjson as the venues use it: documents are opened over a kept, padded copy (simdjson reads
// past the end of what it is given), numbers are taken as their text and never pass through a double.
// Views taken from a document live until its Json opens the next one.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"

namespace ats::venues {

namespace json = simdjson::ondemand;

// The characters of a scalar value as they stand on the wire (a string with its quotes).
inline std::string_view token_of(json::value& value) {
  std::string_view token = value.raw_json_token();
  while (token.ends_with(' ') || token.ends_with('\n') || token.ends_with('\r') ||
         token.ends_with('\t'))
    token.remove_suffix(1);
  return token;
}

// The text of a string. simdjson copies each string it is asked for into a buffer that holds every string of the
// document once and not twice: what has nothing escaped in it is read in place instead, however often, and
// what has is read only when it is short (Json keeps room for many of those).
constexpr std::size_t escaped_max = 1024;
inline bool string_text(json::value& value, std::string_view& text) {
  const std::string_view token = token_of(value);
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
  if (token.find('\\') == std::string_view::npos) {
    text = token.substr(1, token.size() - 2);
    return true;
  }
  return token.size() <= escaped_max && value.get_string().get(text) == simdjson::SUCCESS;
}

// Whether the text is a number by JSON's grammar.
inline bool is_number(std::string_view text) {
  const auto digits = [&text] {
    std::size_t n = 0;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
    text.remove_prefix(n);
    return n;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero_first = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero_first && whole != 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

class Json {
 public:
  // False unless the whole text is one JSON document, no more than 64 levels deep: simdjson on demand looks
  // only at what it is asked for, and must not be asked again after an error inside the JSON. What is opened
  // here has none.
  bool open(std::string_view text) {
    json::value root;
    const char* rest = nullptr;
    json::json_type type;
    if (!open_unchecked(text) || document_.type().get(type) != simdjson::SUCCESS ||
        (type != json::json_type::object && type != json::json_type::array) ||
        document_.get_value().get(root) != simdjson::SUCCESS || !sound(root, nesting_max) ||
        document_.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
      return false;
    document_.rewind();
    return true;
  }
  bool open(std::string_view text, json::object& root) {
    return open(text) && document_.get_object().get(root) == simdjson::SUCCESS;
  }
  // Errors show where they are met; after one, alive() is false and nothing more may be asked.
  bool open_unchecked(std::string_view text) {
    // Room for every string three times, and in the smallest for two dozen long ones.
    constexpr std::size_t least = 16 * escaped_max;
    const std::size_t room = std::max(least, 2 * text.size());
    if (parser_.capacity() < room && parser_.allocate(room) != simdjson::SUCCESS) return false;
    const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (padded_.size() < needed) padded_.resize(2 * needed);
    if (!text.empty()) std::memcpy(padded_.data(), text.data(), text.size());
    std::memset(padded_.data() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
    return parser_.iterate(padded_.data(), text.size(), padded_.size()).get(document_) ==
           simdjson::SUCCESS;
  }
  bool alive() { return document_.is_alive(); }
  json::document& document() { return document_; }

 private:
  // Deeper than anything a venue sends, and no more than a stack bears.
  static constexpr int nesting_max = 64;

  static bool sound(json::object& object, int levels) {
    for (auto field : object) {
      std::string_view key;
      json::value value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
          field.value().get(value) != simdjson::SUCCESS || !sound(value, levels))
        return false;
    }
    return true;
  }
  // `levels`: how many more it may nest.
  static bool sound(json::value& value, int levels) {
    json::json_type type;
    if (levels == 0 || value.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
      case json::json_type::object: {
        json::object object;
        return value.get_object().get(object) == simdjson::SUCCESS && sound(object, levels - 1);
      }
      case json::json_type::array: {
        json::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) return false;
        for (auto element : array) {
          json::value inner;
          if (element.get(inner) != simdjson::SUCCESS || !sound(inner, levels - 1)) return false;
        }
        return true;
      }
      case json::json_type::string: {
        std::string_view text;
        return value.get_string().get(text) == simdjson::SUCCESS;
      }
      case json::json_type::number:
        return is_number(token_of(value));
      case json::json_type::boolean: {
        bool truth = false;
        return value.get_bool().get(truth) == simdjson::SUCCESS;
      }
      case json::json_type::null:
        return token_of(value) == "null";
    }
    return false;
  }

  json::parser parser_;
  json::document document_;
  std::vector<char> padded_;
};

inline bool text_field(json::object& object, std::string_view key, std::string_view& text) {
  json::value value;
  return object.find_field_unordered(key).get(value) == simdjson::SUCCESS &&
         string_text(value, text);
}
inline bool bool_field(json::object& object, std::string_view key, bool& value) {
  return object.find_field_unordered(key).get_bool().get(value) == simdjson::SUCCESS;
}
inline bool object_field(json::object& object, std::string_view key, json::object& value) {
  return object.find_field_unordered(key).get_object().get(value) == simdjson::SUCCESS;
}
inline bool array_field(json::object& object, std::string_view key, json::array& value) {
  return object.find_field_unordered(key).get_array().get(value) == simdjson::SUCCESS;
}

// The text of a number, bare or inside a string; REST has the latter, streams the former.
inline bool number_text(json::value& value, std::string_view& text) {
  text = token_of(value);
  if (text.starts_with('"')) return string_text(value, text);
  return true;
}
inline bool number_field(json::object& object, std::string_view key, std::string_view& text) {
  json::value value;
  return object.find_field_unordered(key).get(value) == simdjson::SUCCESS &&
         number_text(value, text);
}

// A number in either dress, exact. False when it is missing, no number, or too large or too fine.
inline bool decimal_field(json::object& object, std::string_view key, Decimal& out) {
  std::string_view text;
  if (!number_field(object, key, text)) return false;
  const auto parsed = Decimal::parse(text);
  if (parsed) out = *parsed;
  return parsed.ok();
}

// A whole number that fits Integer, no sign for unsigned ones, bare or in a string.
template <class Integer>
bool integer_text(std::string_view text, Integer& out) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && at == end;
}
template <class Integer>
bool integer_field(json::object& object, std::string_view key, Integer& out) {
  std::string_view text;
  return number_field(object, key, text) && integer_text(text, out);
}

}  // namespace ats::venues

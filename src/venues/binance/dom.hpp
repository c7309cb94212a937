// Short ways to ask a parsed JSON object for a field of the type the protocol gives it.
#pragma once

#include <simdjson.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/instrument.hpp"
#include "venues/binance/frames.hpp"

namespace ats::venues::binance::dom {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Keeps the parser's memory and the padded copy it needs: nothing is allocated once both have grown.
class Document {
 public:
  // False when the text is not JSON. What is found lives until the next call.
  bool parse(std::string_view text, element& root) {
    if (padded_.size() < text.size() + simdjson::SIMDJSON_PADDING) {
      padded_.resize(2 * text.size() + simdjson::SIMDJSON_PADDING);
    }
    if (!text.empty()) std::memcpy(padded_.data(), text.data(), text.size());
    std::memset(padded_.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return parser_.parse(padded_.data(), text.size(), false).get(root) == simdjson::SUCCESS;
  }
  bool parse(std::string_view text, object& root) {
    element any;
    return parse(text, any) && any.get_object().get(root) == simdjson::SUCCESS;
  }

 private:
  simdjson::dom::parser parser_;
  std::vector<char> padded_;
};

// All answer false when the field is missing or of another type; `out` is then untouched.
inline bool get(const object& from, std::string_view key, std::string_view& out) {
  return from.at_key(key).get_string().get(out) == simdjson::SUCCESS;
}
inline bool get(const object& from, std::string_view key, std::uint64_t& out) {
  return from.at_key(key).get_uint64().get(out) == simdjson::SUCCESS;
}
inline bool get(const object& from, std::string_view key, std::int64_t& out) {
  return from.at_key(key).get_int64().get(out) == simdjson::SUCCESS;
}
inline bool get(const object& from, std::string_view key, bool& out) {
  return from.at_key(key).get_bool().get(out) == simdjson::SUCCESS;
}
inline bool get(const object& from, std::string_view key, object& out) {
  return from.at_key(key).get_object().get(out) == simdjson::SUCCESS;
}
inline bool get(const object& from, std::string_view key, array& out) {
  return from.at_key(key).get_array().get(out) == simdjson::SUCCESS;
}
inline bool get(const object& from, std::string_view key, WallTime& out) {
  std::uint64_t ms = 0;
  return get(from, key, ms) && to_wall(ms, out);
}
// A decimal in a string.
inline bool get(const object& from, std::string_view key, Decimal& out) {
  std::string_view text;
  if (!get(from, key, text)) return false;
  const auto number = Decimal::parse(text);
  if (!number) return false;
  out = *number;
  return true;
}
inline bool get(const object& from, std::string_view key, const Instrument& of, Price& out) {
  std::string_view text;
  if (!get(from, key, text)) return false;
  const auto price = of.parse_price(text);
  if (!price) return false;
  out = *price;
  return true;
}
inline bool get(const object& from, std::string_view key, const Instrument& of, Quantity& out) {
  std::string_view text;
  if (!get(from, key, text)) return false;
  const auto quantity = of.parse_quantity(text);
  if (!quantity) return false;
  out = *quantity;
  return true;
}
inline bool has(const object& from, std::string_view key) {
  return from.at_key(key).error() == simdjson::SUCCESS;
}

}  // namespace ats::venues::binance::dom

#include "io/influx_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "base/assert.hpp"

namespace ats::io {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void append_tag_value(std::string& out, std::string_view value) {
  for (char c : value) {
    if (is_control(c)) c = ' ';
    if (c == '\\') c = '/';
    if (c == ',' || c == '=' || c == ' ') out += '\\';
    out += c;
  }
}

// What stands up to the first of `ends` that has no backslash before it, which is taken off it.
std::optional<std::string> take_until(std::string_view& rest, std::string_view ends) {
  std::string out;
  for (std::size_t n = 0; n < rest.size(); ++n) {
    if (rest[n] == '\\' && n + 1 < rest.size()) {
      out += rest[++n];
    } else if (ends.find(rest[n]) != ends.npos) {
      rest.remove_prefix(n);
      return out;
    } else {
      out += rest[n];
    }
  }
  return std::nullopt;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<LineValue> take_value(std::string_view& rest) {
  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    auto text = take_until(rest, "\"");
    if (!text) return std::nullopt;
    rest.remove_prefix(1);
    return LineValue(std::move(*text));
  }
  const std::size_t size = rest.find_first_of(", ");
  if (size == rest.npos || size == 0) return std::nullopt;
  const std::string_view word = rest.substr(0, size);
  rest.remove_prefix(size);
  if (word == "true" || word == "false") return LineValue(word == "true");
  if (word.back() == 'i') {
    std::int64_t n = 0;
    if (!read_number(word.substr(0, size - 1), n)) return std::nullopt;
    return LineValue(n);
  }
  double n = 0;
  if (!read_number(word, n) || !std::isfinite(n)) return std::nullopt;
  return LineValue(n);
}

bool take(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace

LineWriter& LineWriter::point(std::string_view measurement) {
  ATS_ASSERT(stage_ == Stage::Outside && is_word(measurement));
  begun_ = out_.size();
  stage_ = Stage::Tags;
  out_ += measurement;
  return *this;
}

LineWriter& LineWriter::tag(std::string_view key, std::string_view value) {
  ATS_ASSERT(stage_ == Stage::Tags && is_word(key));
  if (value.empty()) return *this;
  out_ += ',';
  out_ += key;
  out_ += '=';
  append_tag_value(out_, value);
  return *this;
}

void LineWriter::field(std::string_view key) {
  ATS_ASSERT(stage_ != Stage::Outside && is_word(key));
  out_ += stage_ == Stage::Tags ? ' ' : ',';
  stage_ = Stage::Fields;
  out_ += key;
  out_ += '=';
}

LineWriter& LineWriter::integer(std::string_view key, std::int64_t value) {
  field(key);
  fmt::format_to(std::back_inserter(out_), "{}i", value);
  return *this;
}

LineWriter& LineWriter::number(std::string_view key, double value) {
  if (!std::isfinite(value)) return *this;
  field(key);
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

LineWriter& LineWriter::text(std::string_view key, std::string_view value) {
  field(key);
  out_ += '"';
  for (char c : value) {
    if (c == '\n' || c == '\r' || c == '\0') c = ' ';
    if (c == '"' || c == '\\') out_ += '\\';
    out_ += c;
  }
  out_ += '"';
  return *this;
}

LineWriter& LineWriter::flag(std::string_view key, bool value) {
  field(key);
  out_ += value ? "true" : "false";
  return *this;
}

LineWriter& LineWriter::exact(std::string_view key, Decimal value) {
  number(key, value.to_double());
  out_ += ',';
  out_ += key;
  fmt::format_to(std::back_inserter(out_), "_exact=\"{}\"", value.to_string());
  return *this;
}

bool LineWriter::end(WallTime at) {
  ATS_ASSERT(stage_ != Stage::Outside);
  const bool any = stage_ == Stage::Fields;
  stage_ = Stage::Outside;
  if (any) {
    fmt::format_to(std::back_inserter(out_), " {}\n", at.ns_utc);
  } else {
    out_.resize(begun_);
  }
  return any;
}

std::string_view LinePoint::tag(std::string_view key) const {
  for (const auto& [name, value] : tags) {
    if (name == key) return value;
  }
  return {};
}

const LineValue* LinePoint::field(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string_view LinePoint::text(std::string_view key) const {
  const LineValue* value = field(key);
  const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::optional<LinePoint> read_line(std::string_view line) {
  LinePoint point;
  auto measurement = take_until(line, ", ");
  if (!measurement || !is_word(*measurement)) return std::nullopt;
  point.measurement = std::move(*measurement);
  while (take(line, ',')) {
    auto key = take_until(line, "=, ");
    if (!key || !is_word(*key) || !take(line, '=')) return std::nullopt;
    auto value = take_until(line, ",= ");
    if (!value || value->empty()) return std::nullopt;
    point.tags.emplace_back(std::move(*key), std::move(*value));
  }
  if (!take(line, ' ')) return std::nullopt;
  do {
    auto key = take_until(line, "=, ");
    if (!key || !is_word(*key) || !take(line, '=')) return std::nullopt;
    auto value = take_value(line);
    if (!value) return std::nullopt;
    point.fields.emplace_back(std::move(*key), std::move(*value));
  } while (take(line, ','));
  if (!take(line, ' ') || !read_number(line, point.at.ns_utc)) return std::nullopt;
  return point;
}

}  // namespace ats::io

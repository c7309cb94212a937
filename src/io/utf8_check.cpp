#include "io/utf8_check.hpp"

#include <simdjson.h>

#include <algorithm>

namespace ats::io {

namespace {

// Bytes of the character that begins so; 0: none does.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Whether these one to three bytes can be the beginning of a longer character.
bool can_begin(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (length_of(at(0)) <= bytes.size()) return false;
  if (bytes.size() > 1) {
    // No overlong forms, no surrogates, nothing past U+10FFFF: the second byte tells.
    const unsigned low = at(0) == 0xE0 ? 0xA0 : at(0) == 0xF0 ? 0x90 : 0x80;
    const unsigned high = at(0) == 0xED ? 0x9F : at(0) == 0xF4 ? 0x8F : 0xBF;
    if (at(1) < low || at(1) > high) return false;
  }
  return bytes.size() < 3 || (at(2) & 0xC0) == 0x80;
}

}  // namespace

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool Utf8Check::feed(std::string_view piece) {
  while (carried_ != 0 && !piece.empty()) {
    carry_[carried_++] = piece.front();
    piece.remove_prefix(1);
    const std::string_view carried(carry_, carried_);
    if (can_begin(carried)) continue;
    if (!valid_utf8(carried)) return false;
    carried_ = 0;
  }
  // The last lead byte within reach: what follows it may be a character cut short.
  std::size_t cut = piece.size();
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, piece.size()); ++back) {
    const auto byte = static_cast<unsigned char>(piece[piece.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    if (length_of(byte) > back) cut = piece.size() - back;
    break;
  }
  const std::string_view rest = piece.substr(cut);
  if (!valid_utf8(piece.substr(0, cut)) || (!rest.empty() && !can_begin(rest))) return false;
  if (!rest.empty()) carried_ = rest.copy(carry_, sizeof carry_);
  return true;
}

}  // namespace ats::io

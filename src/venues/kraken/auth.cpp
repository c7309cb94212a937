#include "venues/kraken/auth.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace ats::venues::kraken {
namespace {

// A secret that is not base64 signs with its own bytes: the venue then refuses it by name.
std::string decoded(std::string_view secret) {
  const auto bytes = security::from_base64(secret);
  if (!bytes) return std::string(secret);
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string api_sign(security::HmacSigner& signer, std::string_view path, std::string_view nonce,
                     std::string_view body) {
  const std::array<std::string_view, 2> hashed{nonce, body};
  const security::Digest256 digest = security::sha256(hashed);
  const std::array<std::string_view, 2> parts{
      path, std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())};
  std::array<std::uint8_t, 64> mac{};
  const std::size_t size = signer.sign(parts, mac.data());
  return security::base64(std::span(mac).first(size));
}

std::string form_encode(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

bool form_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return false;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

Auth::Auth(const Credentials& credentials)
    : key_(credentials.key), signer_(security::HashKind::Sha512, decoded(credentials.secret)) {}

HttpRequest Auth::post(std::string_view path, std::string_view fields, WallTime now) {
  const auto clock = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns_utc, 0)) + ahead_;
  nonce_ = std::max(nonce_ + 1, clock);
  const std::string nonce = std::to_string(nonce_);
  HttpRequest request;
  request.method = "POST";
  request.target = path;
  request.body = "nonce=" + nonce;
  if (!fields.empty()) request.body.append("&").append(fields);
  request.headers = {{"API-Key", key_},
                     {"API-Sign", api_sign(signer_, path, nonce, request.body)},
                     {"Content-Type", "application/x-www-form-urlencoded"},
                     {"User-Agent", "ats"}};
  return request;
}

void Auth::raise_nonce() {
  constexpr std::uint64_t jump = 60'000'000'000;
  ahead_ += jump;
}

}  // namespace ats::venues::kraken

#define OPENSSL_SUPPRESS_DEPRECATED
#include "security/jwt.hpp"

#include <openssl/sha.h>

#include <array>

namespace ats::security {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view header_of(JwtHash hash) {
  return hash == JwtHash::HS512 ? R"({"alg":"HS512","typ":"JWT"})"
                                : R"({"alg":"HS256","typ":"JWT"})";
}

HashKind kind_of(JwtHash hash) {
  return hash == JwtHash::HS512 ? HashKind::Sha512 : HashKind::Sha256;
}

constexpr std::size_t mac_max = 64;

}  // namespace

std::string jwt_signing_input(std::string_view header, std::string_view payload) {
  std::string input = base64url(bytes_of(header));
  input += '.';
  input += base64url(bytes_of(payload));
  return input;
}

std::string jwt_token(std::string_view signing_input, std::span<const std::uint8_t> signature) {
  std::string token(signing_input);
  token += '.';
  token += base64url(signature);
  return token;
}

JwtSigner::JwtSigner(JwtHash hash, std::string_view secret)
    : hmac_(kind_of(hash), secret), header_(header_of(hash)) {}

std::string JwtSigner::sign(std::string_view payload) {
  const std::string input = jwt_signing_input(header_, payload);
  std::array<std::uint8_t, mac_max> mac{};
  const std::size_t size = hmac_.sign(input, mac.data());
  return jwt_token(input, std::span(mac).first(size));
}

std::optional<Jwt> read_jwt(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto header = from_base64url(token.substr(0, first));
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) return std::nullopt;
  Jwt read;
  read.header.assign(header->begin(), header->end());
  read.payload.assign(payload->begin(), payload->end());
  read.signing_input = token.substr(0, second);
  read.signature = std::move(*signature);
  return read;
}

bool signed_with(const Jwt& token, JwtHash hash, std::string_view secret) {
  HmacSigner hmac(kind_of(hash), secret);
  std::array<std::uint8_t, mac_max> mac{};
  const std::size_t size = hmac.sign(token.signing_input, mac.data());
  const auto text = [](const std::uint8_t* bytes, std::size_t count) {
    return std::string_view(reinterpret_cast<const char*>(bytes), count);
  };
  return equal_constant_time(text(mac.data(), size),
                             text(token.signature.data(), token.signature.size()));
}

std::string sha512_hex(std::string_view text) {
  std::array<std::uint8_t, SHA512_DIGEST_LENGTH> digest{};
  SHA512(bytes_of(text).data(), text.size(), digest.data());
  std::string hex(2 * digest.size(), '\0');
  to_hex(digest, hex.data());
  return hex;
}

std::string TokenNonces::next(WallTime now) {
  const std::string when = ":" + std::to_string(now.ns_utc) + ":" + std::to_string(++count_);
  const std::array<std::string_view, 2> parts{key_, when};
  Digest256 digest = sha256(parts);
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x40);  // version 4
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);  // variant of RFC 4122
  std::array<char, 32> hex{};
  to_hex(std::span(digest).first(16), hex.data());
  std::string uuid;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) uuid += '-';
    uuid += hex[i];
  }
  return uuid;
}

}  // namespace ats::security

#define OPENSSL_SUPPRESS_DEPRECATED
#include "security/jwt.hpp"

#include <openssl/sha.h>

#include <algorithm>
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
    : hmac_(kind_of(hash), secret),
      begun_(base64url(bytes_of(header_of(hash))) + '.'),
      header_size_(begun_.size()) {
  begin({});
}

// Three bytes are four characters: what ends there is encoded the same, whatever follows it.
void JwtSigner::begin(std::string_view beginning) {
  beginning_ = beginning.substr(0, beginning.size() / 3 * 3);
  begun_.resize(header_size_);
  append_base64url(begun_, bytes_of(beginning_));
  hmac_.begin(begun_);
}

std::string JwtSigner::sign(std::string_view payload, std::string_view scheme) {
  const bool begun = payload.starts_with(beginning_);
  const std::string_view opening =
      std::string_view(begun_).substr(0, begun ? std::string_view::npos : header_size_);
  std::string token;
  token.reserve(scheme.size() + opening.size() + (payload.size() + mac_max) * 4 / 3 + 8);
  token.append(scheme).append(opening);
  append_base64url(token, bytes_of(payload.substr(begun ? beginning_.size() : 0)));
  const std::string_view input = std::string_view(token).substr(scheme.size());
  std::array<std::uint8_t, mac_max> mac{};
  const std::size_t size = begun ? hmac_.sign_rest(input.substr(opening.size()), mac.data())
                                 : hmac_.sign(input, mac.data());
  token += '.';
  append_base64url(token, std::span(mac).first(size));
  return token;
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
  std::string hex;
  append_sha512_hex(hex, text);
  return hex;
}

void append_sha512_hex(std::string& to, std::string_view text) {
  std::array<std::uint8_t, SHA512_DIGEST_LENGTH> digest{};
  // Not SHA512(): since OpenSSL 3 that looks the hash up by name, under a lock.
  SHA512_CTX context;
  SHA512_Init(&context);
  SHA512_Update(&context, text.data(), text.size());
  SHA512_Final(digest.data(), &context);
  const std::size_t before = to.size();
  to.resize(before + 2 * digest.size());
  to_hex(digest, to.data() + before);
}

std::string TokenNonces::next(WallTime now) {
  std::string uuid(opening(now));
  append_rest(uuid);
  return uuid;
}

namespace {
constexpr std::size_t uuid_opening =
    24;  // of 36: eight, four, four and four digits, each with its dash
}  // namespace

std::string_view TokenNonces::opening(WallTime now) {
  if (opening_.empty()) {
    const std::string when = ":" + std::to_string(now.ns_utc);
    const std::array<std::string_view, 2> parts{key_, when};
    Digest256 bytes = sha256(parts);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 4122
    opening_.assign(uuid_opening, '-');
    char* out = opening_.data();
    std::size_t at = 0;
    for (const std::size_t size : {4u, 2u, 2u, 2u}) {
      out = to_hex(std::span(bytes).subspan(at, size), out) + 1;
      at += size;
    }
    for (; at < 16; ++at) last_group_ = last_group_ << 8 | bytes[at];
  }
  return opening_;
}

// The last six bytes count; the others tell one start from another.
void TokenNonces::append_rest(std::string& to) {
  const std::uint64_t counted = last_group_ ^ ++count_;
  std::array<std::uint8_t, 6> bytes{};
  for (unsigned i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(counted >> (8 * (5 - i)));
  const std::size_t before = to.size();
  to.resize(before + 2 * bytes.size());
  to_hex(bytes, to.data() + before);
}

}  // namespace ats::security

#include "security/one_time_code.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "security/signing.hpp"

namespace ats::security {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

const EVP_MD* digest(OtpHash hash) {
  switch (hash) {
    case OtpHash::Sha1:
      return EVP_sha1();
    case OtpHash::Sha256:
      return EVP_sha256();
    case OtpHash::Sha512:
      return EVP_sha512();
  }
  return nullptr;
}

// In a path or a query (RFC 3986).
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string base32(std::span<const std::uint8_t> bytes) {
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) out += alphabet[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) out += alphabet[(held << (5 - bits)) & 31];
  return out;
}

std::optional<std::vector<std::uint8_t>> from_base32(std::string_view text) {
  std::vector<std::uint8_t> out;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    const std::size_t value = alphabet.find(upper(c));
    if (value == alphabet.npos) return std::nullopt;
    held = ((held << 5) | static_cast<std::uint32_t>(value)) & 0xFFF;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::uint8_t>(held >> bits));
  }
  // What is left over fills no byte: it is less than a letter, and zeros.
  if (bits >= 5 || (held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

std::string hotp(std::span<const std::uint8_t> secret, std::uint64_t counter, int digits,
                 OtpHash hash) {
  ATS_ASSERT(digits >= 6 && digits <= 8);
  std::array<std::uint8_t, 8> message{};
  for (std::size_t i = 0; i < message.size(); ++i)
    message[i] = static_cast<std::uint8_t>(counter >> (8 * (7 - i)));
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const std::uint8_t none = 0;
  const bool done =
      HMAC(digest(hash), secret.empty() ? &none : secret.data(), static_cast<int>(secret.size()),
           message.data(), message.size(), mac.data(), &size) != nullptr;
  ATS_ASSERT(done && size >= 20);
  const std::size_t at = mac[size - 1] & 15U;
  const std::uint32_t number = (static_cast<std::uint32_t>(mac[at] & 0x7FU) << 24) |
                               (static_cast<std::uint32_t>(mac[at + 1]) << 16) |
                               (static_cast<std::uint32_t>(mac[at + 2]) << 8) | mac[at + 3];
  sodium_memzero(mac.data(), mac.size());
  std::uint32_t modulus = 1;
  for (int i = 0; i < digits; ++i) modulus *= 10;
  return fmt::format("{:0{}}", number % modulus, digits);
}

std::uint64_t totp_step(WallTime now) {
  const std::int64_t period = seconds(totp_period).ns;
  return now.ns_utc < 0 ? 0 : static_cast<std::uint64_t>(now.ns_utc / period);
}

std::optional<std::uint64_t> accept_totp(std::span<const std::uint8_t> secret,
                                         std::string_view code, WallTime now,
                                         std::uint64_t last_used) {
  const std::uint64_t step = totp_step(now);
  std::optional<std::uint64_t> accepted;
  for (const std::uint64_t tried : {step + 1, step, step == 0 ? step : step - 1}) {
    const bool equal = equal_constant_time(hotp(secret, tried), code);
    if (equal && tried > last_used) accepted = tried;
  }
  return accepted;
}

std::string otpauth_uri(std::string_view issuer, std::string_view user,
                        std::span<const std::uint8_t> secret) {
  return fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period={}",
                     escaped(issuer), escaped(user), base32(secret), escaped(issuer), totp_period);
}

std::string backup_code(std::span<const std::uint8_t, 7> random) {
  std::string code = base32(random).substr(0, 10);
  std::ranges::transform(code, code.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return code.insert(5, "-");
}

std::optional<std::string> plain_backup_code(std::string_view typed) {
  std::string out;
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    if (alphabet.find(upper(c)) == alphabet.npos) return std::nullopt;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (out.size() != 10) return std::nullopt;
  return out;
}

}  // namespace ats::security

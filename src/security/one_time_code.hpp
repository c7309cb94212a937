// One-time codes of an authenticator: HOTP (RFC 4226) and TOTP (RFC 6238), the secret's spelling in base32 (RFC 4648)
// and as an otpauth:// URI, and backup codes. The six lines of truncation stand on OpenSSL's HMAC, which is there anyway, and are pinned by
// every vector of both RFCs; a library for them would be one more to trust with the secret.
//
// Invariant: a code is accepted for one time step, and the steps accepted of one secret only ever rise, so that no code is
// good twice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace ats::security {

// Capitals without padding.
std::string base32(std::span<const std::uint8_t> bytes);
// Capitals or small, with spaces and dashes between as people write them, with padding or without; nothing: it is none.
std::optional<std::vector<std::uint8_t>> from_base32(std::string_view text);

enum class OtpHash : std::uint8_t { Sha1, Sha256, Sha512 };

// `digits` from 6 to 8.
std::string hotp(std::span<const std::uint8_t> secret, std::uint64_t counter, int digits = 6,
                 OtpHash hash = OtpHash::Sha1);

constexpr std::int64_t totp_period = 30;  // seconds
constexpr std::size_t totp_secret_size = 20;
std::uint64_t totp_step(WallTime now);

// The step whose code it is: that of now or one beside it, and later than `last_used`. Nothing: it is none of
// them, or was used. Takes as long whichever it is.
std::optional<std::uint64_t> accept_totp(std::span<const std::uint8_t> secret,
                                         std::string_view code, WallTime now,
                                         std::uint64_t last_used);

// "otpauth://totp/ATS:alice?secret=…&issuer=ATS&algorithm=SHA1&digits=6&period=30"
std::string otpauth_uri(std::string_view issuer, std::string_view user,
                        std::span<const std::uint8_t> secret);

// "abcde-fghij": the first 50 of these bits.
constexpr std::size_t backup_code_count = 10;
std::string backup_code(std::span<const std::uint8_t, 7> random);
// As it is kept: ten small letters and digits, however it was typed. Nothing: it is none.
std::optional<std::string> plain_backup_code(std::string_view typed);

}  // namespace ats::security

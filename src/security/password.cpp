#include "security/password.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/decimal.hpp"
#include "security/signing.hpp"

namespace ats::security {
namespace {

constexpr std::size_t hash_size = 32;
constexpr std::size_t different_least = 5;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

// Characters of UTF-8; nothing: it is none, or has control characters.
std::optional<std::size_t> characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    if (byte < 0x20 || byte == 0x7F) return std::nullopt;
    if (byte >= 0x80) {
      if (byte < 0xC2 || byte > 0xF4) return std::nullopt;
      more = byte < 0xE0 ? 1 : (byte < 0xF0 ? 2 : 3);
    }
    if (text.size() - i <= more) return std::nullopt;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return std::nullopt;
    }
    i += more + 1;
  }
  return count;
}

// Few characters, or mostly steps of one: "aaaa…", "abcabcabc…", "123456789012".
bool simple(std::string_view text) {
  std::string different(text);
  std::ranges::sort(different);
  different.erase(std::unique(different.begin(), different.end()), different.end());
  if (different.size() < different_least) return true;
  std::size_t steps = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int step = text[i] - text[i - 1];
    if (step >= -1 && step <= 1) ++steps;
  }
  return steps * 3 >= (text.size() - 1) * 2;
}

// What lists of stolen passwords are full of; around them people put digits.
constexpr std::array<std::string_view, 20> common_words{
    "password", "passwort", "passw0rd", "p@ssw0rd",      "qwertyuiop", "qwerty",  "asdfghjkl",
    "zxcvbnm",  "letmein",  "iloveyou", "administrator", "admin",      "welcome", "dragon",
    "football", "baseball", "superman", "changeme",      "trading",    "bitcoin"};
constexpr std::size_t own_least = 6;  // letters besides such a word

bool common(const std::string& text) {
  std::string rest = text;
  bool found = false;
  for (const std::string_view word : common_words) {
    for (std::size_t at = rest.find(word); at != rest.npos; at = rest.find(word)) {
      rest.erase(at, word.size());
      found = true;
    }
  }
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c & 0x80) != 0; };
  return found && static_cast<std::size_t>(std::ranges::count_if(rest, letter)) < own_least;
}

std::string bare_base64(std::span<const std::uint8_t> bytes) {
  std::string text = base64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::optional<std::vector<std::uint8_t>> from_bare_base64(std::string_view text) {
  std::string padded(text);
  if (padded.find('=') != padded.npos) return std::nullopt;
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

struct Parts {
  Argon2 work;
  PasswordSalt salt{};
  std::vector<std::uint8_t> hash;
};

// What stands between `before` and `after`, taken off the front.
std::optional<std::string_view> take(std::string_view& text, std::string_view before, char after) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  const std::size_t end = text.find(after);
  if (end == text.npos) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

std::optional<Parts> parts_of(std::string_view text) {
  const auto memory = take(text, "$argon2id$v=19$m=", ',');
  const auto passes = memory ? take(text, ",t=", ',') : std::nullopt;
  const auto salt = passes ? take(text, ",p=1$", '$') : std::nullopt;
  if (!salt || memory->size() > 9 || passes->size() > 9) return std::nullopt;
  const auto m = parse_scaled(*memory, 0), t = parse_scaled(*passes, 0);
  const auto salt_bytes = from_bare_base64(*salt);
  auto hash = from_bare_base64(text.substr(1));
  if (!m || !t || *m < argon2_least.memory_kib || *m > argon2_most.memory_kib ||
      *t < argon2_least.passes || *t > argon2_most.passes)
    return std::nullopt;
  Parts parts{{static_cast<std::uint32_t>(*m), static_cast<std::uint32_t>(*t)}, {}, {}};
  if (!salt_bytes || salt_bytes->size() != parts.salt.size() || !hash || hash->size() != hash_size)
    return std::nullopt;
  std::ranges::copy(*salt_bytes, parts.salt.begin());
  parts.hash = std::move(*hash);
  return parts;
}

std::optional<std::array<std::uint8_t, hash_size>> work(std::string_view password,
                                                        const Argon2& argon2,
                                                        const PasswordSalt& salt) {
  static_assert(std::tuple_size_v<PasswordSalt> == crypto_pwhash_argon2id_SALTBYTES);
  constexpr std::size_t kib = 1024;
  std::array<std::uint8_t, hash_size> out{};
  if (sodium_init() < 0 ||
      crypto_pwhash_argon2id(out.data(), out.size(), password.empty() ? "" : password.data(),
                             password.size(), salt.data(), argon2.passes, argon2.memory_kib * kib,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
    return std::nullopt;
  return out;
}

std::string encoded(const Argon2& argon2, const PasswordSalt& salt,
                    const std::array<std::uint8_t, hash_size>& hash) {
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", argon2.memory_kib, argon2.passes,
                     bare_base64(salt), bare_base64(hash));
}

}  // namespace

const char* name(PasswordFault fault) {
  switch (fault) {
    case PasswordFault::TooShort:
      return "too_short";
    case PasswordFault::TooLong:
      return "too_long";
    case PasswordFault::NotText:
      return "not_text";
    case PasswordFault::TooSimple:
      return "too_simple";
    case PasswordFault::Common:
      return "common";
    case PasswordFault::HasName:
      return "has_name";
  }
  return "?";
}

Status<PasswordFault> judge_password(std::string_view password, std::string_view user,
                                     std::size_t least) {
  if (password.size() > password_max) return fail(PasswordFault::TooLong);
  const auto count = characters(password);
  if (!count) return fail(PasswordFault::NotText);
  if (*count < least) return fail(PasswordFault::TooShort);
  std::string text = lower(password);
  const std::string own = lower(user);
  constexpr std::size_t name_least = 3;
  const bool has_name = own.size() >= name_least && text.find(own) != text.npos;
  const bool is_common = common(text);
  wipe(text);
  if (has_name) return fail(PasswordFault::HasName);
  if (simple(password)) return fail(PasswordFault::TooSimple);
  if (is_common) return fail(PasswordFault::Common);
  return Done{};
}

Result<std::string, VaultError> hash_password(std::string_view password, const PasswordSalt& salt) {
  const auto hash = work(password, password_work, salt);
  if (!hash) return fail(VaultError::NoMemory);
  return encoded(password_work, salt, *hash);
}

bool check_password(std::string_view password, std::string_view hash) {
  const auto parts = parts_of(hash);
  if (!parts || password.size() > password_max) return false;
  const auto found = work(password, parts->work, parts->salt);
  return found && sodium_memcmp(found->data(), parts->hash.data(), hash_size) == 0;
}

const std::string& dummy_hash() {
  // All zeros come out of no password that anybody could find.
  static const std::string hash = encoded(password_work, {}, {});
  return hash;
}

}  // namespace ats::security

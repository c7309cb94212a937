#include "security/vault.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"
#include "security/signing.hpp"

namespace ats::security {
namespace {

constexpr std::string_view magic = "ATSVAULT";
constexpr std::uint8_t version = 1;
constexpr std::size_t check_at = 64;
constexpr std::size_t check_size = vault_header_size - check_at;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::string_view key_file_mark = "ats-vault-key-1 ";

static_assert(tag_size == 16 && check_size == 32);
static_assert(std::tuple_size_v<VaultNonce> == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(std::tuple_size_v<VaultSalt> == crypto_pwhash_argon2id_SALTBYTES);
static_assert(master_key_size == crypto_kdf_KEYBYTES);

// Every use of the master key has a number of its own.
enum class Use : std::uint8_t { Sealing = 1, Check = 2 };

void derive(const Secret& master, Use use, std::span<std::uint8_t> out) {
  constexpr char context[crypto_kdf_CONTEXTBYTES + 1] = "atsvault";
  const int done = crypto_kdf_derive_from_key(
      out.data(), out.size(), static_cast<std::uint64_t>(use), context, master.bytes().data());
  ATS_ASSERT(done == 0);
}

Secret sealing_key(const Secret& master) {
  Secret key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  derive(master, Use::Sealing, key.bytes());
  return key;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool below(const Argon2& a, const Argon2& b) {
  return a.memory_kib < b.memory_kib || a.passes < b.passes;
}

}  // namespace

const char* name(VaultError error) {
  switch (error) {
    case VaultError::NotAVault:
      return "not_a_vault";
    case VaultError::Truncated:
      return "truncated";
    case VaultError::TooLarge:
      return "too_large";
    case VaultError::UnknownVersion:
      return "unknown_version";
    case VaultError::UnknownLock:
      return "unknown_lock";
    case VaultError::BadHeader:
      return "bad_header";
    case VaultError::WeakParameters:
      return "weak_parameters";
    case VaultError::ExcessiveParameters:
      return "excessive_parameters";
    case VaultError::OtherLock:
      return "other_lock";
    case VaultError::WrongKey:
      return "wrong_key";
    case VaultError::Damaged:
      return "damaged";
    case VaultError::BadContents:
      return "bad_contents";
    case VaultError::NoMemory:
      return "no_memory";
    case VaultError::NotAKeyFile:
      return "not_a_key_file";
  }
  return "?";
}

Result<VaultHeader, VaultError> read_vault_header(std::span<const std::uint8_t> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!magic.starts_with(text.substr(0, magic.size()))) return fail(VaultError::NotAVault);
  if (file.size() < vault_header_size + tag_size) return fail(VaultError::Truncated);
  if (file.size() > vault_file_max) return fail(VaultError::TooLarge);
  ByteReader in(std::as_bytes(file).subspan(magic.size()));
  if (in.value<std::uint8_t>() != version) return fail(VaultError::UnknownVersion);
  const auto lock = in.value<std::uint8_t>();
  if (in.value<std::uint16_t>() != 0) return fail(VaultError::BadHeader);
  VaultHeader header;
  in.value(header.argon2.memory_kib);
  in.value(header.argon2.passes);
  if (in.value<std::uint32_t>() != 0) return fail(VaultError::BadHeader);
  in.value(header.salt);
  in.value(header.nonce);
  if (lock == static_cast<std::uint8_t>(VaultLock::Passphrase)) {
    header.lock = VaultLock::Passphrase;
    if (below(header.argon2, argon2_least)) return fail(VaultError::WeakParameters);
    if (below(argon2_most, header.argon2)) return fail(VaultError::ExcessiveParameters);
  } else if (lock == static_cast<std::uint8_t>(VaultLock::KeyFile)) {
    header.lock = VaultLock::KeyFile;
    if (header.argon2 != Argon2{0, 0} || header.salt != VaultSalt{})
      return fail(VaultError::BadHeader);
  } else {
    return fail(VaultError::UnknownLock);
  }
  return header;
}

Result<VaultKey, VaultError> vault_key(const Secret& passphrase, const VaultSalt& salt,
                                       const Argon2& argon2) {
  if (below(argon2, argon2_least)) return fail(VaultError::WeakParameters);
  if (below(argon2_most, argon2)) return fail(VaultError::ExcessiveParameters);
  VaultKey key;
  key.lock = VaultLock::Passphrase;
  key.argon2 = argon2;
  key.salt = salt;
  key.master = Secret(master_key_size);
  const std::string_view text = passphrase.reveal();
  constexpr std::size_t kib = 1024;
  if (crypto_pwhash_argon2id(key.master.bytes().data(), key.master.size(),
                             text.empty() ? "" : text.data(), text.size(), salt.data(),
                             argon2.passes, argon2.memory_kib * kib,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return fail(VaultError::NoMemory);
  }
  return key;
}

Secret key_file_text(const Secret& master) {
  ATS_ASSERT(master.size() == master_key_size);
  Secret text(key_file_mark.size() + 2 * master_key_size + 1);
  auto* out = reinterpret_cast<char*>(text.bytes().data());
  std::memcpy(out, key_file_mark.data(), key_file_mark.size());
  *to_hex(master.bytes(), out + key_file_mark.size()) = '\n';
  return text;
}

Result<VaultKey, VaultError> read_key_file(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() != key_file_mark.size() + 2 * master_key_size || !text.starts_with(key_file_mark))
    return fail(VaultError::NotAKeyFile);
  text.remove_prefix(key_file_mark.size());
  VaultKey key;
  key.master = Secret(master_key_size);
  for (std::size_t i = 0; i < master_key_size; ++i) {
    const int high = digit_value(text[2 * i]);
    const int low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return fail(VaultError::NotAKeyFile);
    key.master.bytes()[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return key;
}

std::vector<std::uint8_t> seal(const VaultKey& key, const VaultNonce& nonce,
                               const Secret& contents) {
  std::vector<std::byte> header;
  ByteWriter out(header);
  out.raw(std::as_bytes(std::span(magic)));
  out.value(version);
  out.value(static_cast<std::uint8_t>(key.lock));
  out.value(std::uint16_t{0});
  out.value(key.argon2.memory_kib);
  out.value(key.argon2.passes);
  out.value(std::uint32_t{0});
  out.value(key.salt);
  out.value(nonce);
  std::array<std::uint8_t, check_size> check{};
  derive(key.master, Use::Check, check);
  out.value(check);
  ATS_ASSERT(header.size() == vault_header_size);

  std::vector<std::uint8_t> file(vault_header_size + contents.size() + tag_size);
  std::memcpy(file.data(), header.data(), header.size());
  const Secret sealing = sealing_key(key.master);
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      file.data() + vault_header_size, &written, contents.bytes().data(), contents.size(),
      file.data(), vault_header_size, nullptr, nonce.data(), sealing.bytes().data());
  ATS_ASSERT(written == contents.size() + tag_size);
  return file;
}

Result<Secret, VaultError> unseal(const VaultKey& key, std::span<const std::uint8_t> file) {
  const auto header = read_vault_header(file);
  if (!header) return fail(header.error());
  if (header->lock != key.lock) return fail(VaultError::OtherLock);
  std::array<std::uint8_t, check_size> check{};
  derive(key.master, Use::Check, check);
  if (sodium_memcmp(check.data(), file.data() + check_at, check.size()) != 0)
    return fail(VaultError::WrongKey);
  const auto sealed = file.subspan(vault_header_size);
  const Secret sealing = sealing_key(key.master);
  // At least a byte: a block of none has no address.
  Secret contents(std::max<std::size_t>(sealed.size() - tag_size, 1));
  unsigned long long size = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          contents.bytes().data(), &size, nullptr, sealed.data(), sealed.size(), file.data(),
          vault_header_size, header->nonce.data(), sealing.bytes().data()) != 0) {
    return fail(VaultError::Damaged);
  }
  if (size == 0) return Secret();
  return contents;
}

}  // namespace ats::security

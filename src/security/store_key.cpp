#include "security/store_key.hpp"

#include <sodium.h>

#include <algorithm>
#include <vector>

#include "base/assert.hpp"
#include "security/signing.hpp"

namespace ats::security {
namespace {

constexpr std::string_view file_mark = "ats-store-key-1 ";
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

StoreKey::StoreKey(Secret master) : master_(std::move(master)) {
  ATS_ASSERT(master_.size() == size);
  static_assert(size == crypto_kdf_KEYBYTES);
  constexpr char context[crypto_kdf_CONTEXTBYTES + 1] = "atsstore";
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    keys_[i] = Secret(size);
    const int done = crypto_kdf_derive_from_key(keys_[i].bytes().data(), size, i + 1, context,
                                                master_.bytes().data());
    ATS_ASSERT(done == 0);
  }
}

std::optional<StoreKey> StoreKey::read(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.starts_with(file_mark) || text.size() != file_mark.size() + 2 * size)
    return std::nullopt;
  text.remove_prefix(file_mark.size());
  Secret master(size);
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    master.bytes()[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return StoreKey(std::move(master));
}

Secret StoreKey::text() const {
  Secret text(file_mark.size() + 2 * size + 1);
  auto* out = reinterpret_cast<char*>(text.bytes().data());
  out = std::ranges::copy(file_mark, out).out;
  *to_hex(master_.bytes(), out) = '\n';
  return text;
}

std::string StoreKey::seal(std::string_view content, std::string_view place,
                           const SealNonce& nonce) const {
  static_assert(std::tuple_size_v<SealNonce> == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  static_assert(size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  const Secret& key = sealing_key();
  std::vector<std::uint8_t> out(nonce.size() + content.size() + tag_size);
  std::ranges::copy(nonce, out.begin());
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + nonce.size(), nullptr, bytes_of(content),
                                             content.size(), bytes_of(place), place.size(), nullptr,
                                             nonce.data(), key.bytes().data());
  return base64url(out);
}

std::optional<Secret> StoreKey::unseal(std::string_view sealed, std::string_view place) const {
  const auto bytes = from_base64url(sealed);
  constexpr std::size_t nonce_size = std::tuple_size_v<SealNonce>;
  if (!bytes || bytes->size() < nonce_size + tag_size) return std::nullopt;
  const Secret& key = sealing_key();
  Secret content(bytes->size() - nonce_size - tag_size);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          content.bytes().data(), nullptr, nullptr, bytes->data() + nonce_size,
          bytes->size() - nonce_size, bytes_of(place), place.size(), bytes->data(),
          key.bytes().data()) != 0)
    return std::nullopt;
  return content;
}

std::string StoreKey::mark(MarkUse use, std::span<const std::string_view> parts) const {
  const Secret& key = key_of(use);
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.bytes().data(), key.size());
  for (const std::string_view part : parts) {
    std::array<std::uint8_t, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
      length[i] = static_cast<std::uint8_t>(part.size() >> (8 * i));
    crypto_auth_hmacsha256_update(&state, length.data(), length.size());
    crypto_auth_hmacsha256_update(&state, bytes_of(part), part.size());
  }
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof(state));
  return base64url(mac);
}

}  // namespace ats::security

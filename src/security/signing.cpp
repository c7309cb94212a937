// The block functions of OpenSSL are used directly: their state is plain memory, so that the state after the
// key's block is copied instead of computed, which EVP offers only with an allocation per message. OpenSSL 3
// marks them deprecated in favour of EVP; they are the same code underneath.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "security/signing.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.hpp"

namespace ats::security {
namespace {

struct Sha256 {
  using Context = SHA256_CTX;
  static constexpr std::size_t block = SHA256_CBLOCK;
  static constexpr std::size_t size = SHA256_DIGEST_LENGTH;
  static void init(Context& c) { SHA256_Init(&c); }
  static void update(Context& c, const void* data, std::size_t n) { SHA256_Update(&c, data, n); }
  static void final(Context& c, std::uint8_t* out) { SHA256_Final(out, &c); }
};

struct Sha384 {  // SHA-512 with another beginning, cut short
  using Context = SHA512_CTX;
  static constexpr std::size_t block = SHA512_CBLOCK;
  static constexpr std::size_t size = SHA384_DIGEST_LENGTH;
  static void init(Context& c) { SHA384_Init(&c); }
  static void update(Context& c, const void* data, std::size_t n) { SHA384_Update(&c, data, n); }
  static void final(Context& c, std::uint8_t* out) { SHA384_Final(out, &c); }
};

struct Sha512 {
  using Context = SHA512_CTX;
  static constexpr std::size_t block = SHA512_CBLOCK;
  static constexpr std::size_t size = SHA512_DIGEST_LENGTH;
  static void init(Context& c) { SHA512_Init(&c); }
  static void update(Context& c, const void* data, std::size_t n) { SHA512_Update(&c, data, n); }
  static void final(Context& c, std::uint8_t* out) { SHA512_Final(out, &c); }
};

// HMAC (RFC 2104): hash(key ^ opad, hash(key ^ ipad, message)). Both states after the key's block are kept.
template <class Hash>
class Keyed {
 public:
  explicit Keyed(std::string_view key) {
    std::uint8_t block[Hash::block] = {};
    if (key.size() > sizeof block) {
      typename Hash::Context context;
      Hash::init(context);
      Hash::update(context, key.data(), key.size());
      Hash::final(context, block);
      OPENSSL_cleanse(&context, sizeof context);
    } else {
      std::copy(key.begin(), key.end(), block);
    }
    for (std::uint8_t& b : block) b ^= 0x36;
    Hash::init(inner_);
    Hash::update(inner_, block, sizeof block);
    begun_ = inner_;
    for (std::uint8_t& b : block) b ^= 0x36 ^ 0x5c;
    Hash::init(outer_);
    Hash::update(outer_, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
  }
  // The kept states sign as well as the key does.
  ~Keyed() {
    OPENSSL_cleanse(&inner_, sizeof inner_);
    OPENSSL_cleanse(&outer_, sizeof outer_);
    OPENSSL_cleanse(&begun_, sizeof begun_);
  }
  Keyed(const Keyed&) = delete;
  Keyed& operator=(const Keyed&) = delete;

  void begin(std::string_view beginning) {
    begun_ = inner_;
    Hash::update(begun_, beginning.data(), beginning.size());
  }
  std::size_t sign_rest(std::string_view rest, std::uint8_t* out) const {
    return finish(begun_, {&rest, 1}, out);
  }
  std::size_t sign(std::span<const std::string_view> parts, std::uint8_t* out) const {
    return finish(inner_, parts, out);
  }

 private:
  std::size_t finish(typename Hash::Context context, std::span<const std::string_view> parts,
                     std::uint8_t* out) const {
    for (std::string_view part : parts) Hash::update(context, part.data(), part.size());
    std::uint8_t digest[Hash::size];
    Hash::final(context, digest);
    context = outer_;
    Hash::update(context, digest, sizeof digest);
    Hash::final(context, out);
    return Hash::size;
  }

  typename Hash::Context inner_;
  typename Hash::Context outer_;
  typename Hash::Context begun_;  // inner_, and the beginning
};

constexpr char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Two digits for each twelve bits.
using DigitPairs = std::array<std::array<char, 2>, 4096>;
constexpr DigitPairs pairs_of(const char* digits) {
  DigitPairs pairs{};
  for (std::size_t n = 0; n < pairs.size(); ++n) pairs[n] = {digits[n >> 6], digits[n & 63]};
  return pairs;
}
constexpr DigitPairs base64_pairs = pairs_of(base64_digits);
constexpr DigitPairs base64url_pairs = pairs_of(base64url_digits);

// Four digits for three bytes; of one or two left, two or three.
void append_digits(std::string& text, std::span<const std::uint8_t> bytes,
                   const DigitPairs& pairs) {
  const std::size_t before = text.size();
  text.resize(before + (bytes.size() * 4 + 2) / 3);
  char* out = text.data() + before;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, out += 4) {
    const unsigned group = unsigned{bytes[i]} << 16 | unsigned{bytes[i + 1]} << 8 | bytes[i + 2];
    std::memcpy(out, pairs[group >> 12].data(), 2);
    std::memcpy(out + 2, pairs[group & 0xfff].data(), 2);
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const unsigned group = unsigned{bytes[i]} << 16 | (left == 2 ? unsigned{bytes[i + 1]} << 8 : 0u);
  std::memcpy(out, pairs[group >> 12].data(), 2);
  if (left == 2) out[2] = pairs[group & 0xfff][0];
}

constexpr auto hex_pairs = [] {
  constexpr char digits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t n = 0; n < pairs.size(); ++n) pairs[n] = {digits[n >> 4], digits[n & 15]};
  return pairs;
}();

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

struct HmacSigner::State {
  std::optional<Keyed<Sha256>> sha256;
  std::optional<Keyed<Sha384>> sha384;
  std::optional<Keyed<Sha512>> sha512;
};

HmacSigner::HmacSigner(HashKind kind, std::string_view key) : state_(std::make_unique<State>()) {
  switch (kind) {
    case HashKind::Sha256:
      state_->sha256.emplace(key);
      break;
    case HashKind::Sha384:
      state_->sha384.emplace(key);
      break;
    case HashKind::Sha512:
      state_->sha512.emplace(key);
      break;
  }
}

HmacSigner::~HmacSigner() = default;

std::size_t HmacSigner::sign(std::string_view message, std::uint8_t* out) {
  return sign(std::span(&message, 1), out);
}

std::size_t HmacSigner::sign(std::span<const std::string_view> parts, std::uint8_t* out) {
  if (state_->sha256) return state_->sha256->sign(parts, out);
  if (state_->sha384) return state_->sha384->sign(parts, out);
  return state_->sha512->sign(parts, out);
}

void HmacSigner::begin(std::string_view beginning) {
  if (state_->sha256) return state_->sha256->begin(beginning);
  if (state_->sha384) return state_->sha384->begin(beginning);
  state_->sha512->begin(beginning);
}

std::size_t HmacSigner::sign_rest(std::string_view rest, std::uint8_t* out) {
  if (state_->sha256) return state_->sha256->sign_rest(rest, out);
  if (state_->sha384) return state_->sha384->sign_rest(rest, out);
  return state_->sha512->sign_rest(rest, out);
}

Digest256 sha256(std::span<const std::string_view> parts) {
  Digest256 digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  for (std::string_view part : parts) SHA256_Update(&context, part.data(), part.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

char* to_hex(std::span<const std::uint8_t> bytes, char* out) {
  for (std::uint8_t b : bytes) {
    std::memcpy(out, hex_pairs[b].data(), 2);
    out += 2;
  }
  return out;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  append_digits(text, bytes, base64_pairs);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::size_t padding = 0;
    if (i + 4 == text.size()) padding = text[i + 3] != '=' ? 0u : text[i + 2] != '=' ? 1u : 2u;
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k + padding >= 4 ? 0 : base64_value(text[i + k]);
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<unsigned>(value);
    }
    // Bits that padding leaves over must be zero: one value, one spelling.
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) {
      return std::nullopt;
    }
    for (std::size_t k = 0; k < 3 - padding; ++k) {
      bytes.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * k)));
    }
  }
  return bytes;
}

std::string base64url(std::span<const std::uint8_t> bytes) {
  std::string text;
  append_base64url(text, bytes);
  return text;
}

void append_base64url(std::string& text, std::span<const std::uint8_t> bytes) {
  append_digits(text, bytes, base64url_pairs);
}

std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ats::security

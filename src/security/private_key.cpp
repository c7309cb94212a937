#include "security/private_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "security/signing.hpp"

namespace ats::security {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* p) const {
    free(p);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;

// The base64 between the lines "-----BEGIN …-----" and "-----END …-----"; empty when there are none.
std::string pem_body(std::string_view text) {
  constexpr std::string_view dashes = "-----";
  const std::size_t begin = text.find("-----BEGIN ");
  if (begin == std::string_view::npos) return {};
  const std::size_t title_end = text.find(dashes, begin + dashes.size());
  if (title_end == std::string_view::npos) return {};
  const std::size_t body = title_end + dashes.size();
  const std::size_t end = text.find("-----END ", body);
  if (end == std::string_view::npos) return {};
  std::string kept;
  kept.reserve(end - body);  // so that growing leaves no copies behind
  for (std::size_t i = body; i < end; ++i) {
    if (text[i] == '\\' && i + 1 < end && (text[i + 1] == 'n' || text[i + 1] == 'r')) {
      ++i;
    } else if (text[i] != '\n' && text[i] != '\r' && text[i] != ' ' && text[i] != '\t') {
      kept += text[i];
    }
  }
  return kept;
}

bool read_p256(const EVP_PKEY* key, PrivateKey& out) {
  char group[32] = {};
  std::size_t size = 0;
  BIGNUM* scalar = nullptr;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1 ||
      std::string_view(group, size) != "prime256v1" ||
      EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1)
    return false;
  const Number number(scalar);
  out.curve = KeyCurve::P256;
  return BN_bn2binpad(number.get(), out.bytes.data(), static_cast<int>(out.bytes.size())) > 0;
}

bool read_der(const std::vector<std::uint8_t>& der, PrivateKey& out) {
  const unsigned char* at = der.data();
  const Pkey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr) return false;
  const int kind = EVP_PKEY_get_base_id(key.get());
  if (kind == EVP_PKEY_EC) return read_p256(key.get(), out);
  std::size_t size = out.bytes.size();
  out.curve = KeyCurve::Ed25519;
  return kind == EVP_PKEY_ED25519 &&
         EVP_PKEY_get_raw_private_key(key.get(), out.bytes.data(), &size) == 1 &&
         size == out.bytes.size();
}

}  // namespace

PrivateKey::~PrivateKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

std::optional<PrivateKey> read_private_key(std::string_view text) {
  PrivateKey key;
  std::string body = pem_body(text);
  const bool pem = !body.empty();
  auto bytes = from_base64(pem ? std::string_view(body) : text);
  OPENSSL_cleanse(body.data(), body.size());
  if (!bytes) return std::nullopt;
  bool read = false;
  if (pem) {
    read = read_der(*bytes, key);
  } else if (bytes->size() == 32 || bytes->size() == 64) {
    key.curve = KeyCurve::Ed25519;
    std::copy_n(bytes->begin(), key.bytes.size(), key.bytes.begin());
    read = true;
  }
  OPENSSL_cleanse(bytes->data(), bytes->size());
  if (!read) return std::nullopt;
  return key;
}

}  // namespace ats::security

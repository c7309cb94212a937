// ECDSA is put together from OpenSSL's arithmetic on the curve: its own signing draws random nonces.
#include "security/es256.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <string>

#include "base/assert.hpp"
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
using MdContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, Free<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Free<EC_POINT_free>>;
using Context = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using Montgomery = std::unique_ptr<BN_MONT_CTX, Free<BN_MONT_CTX_free>>;

constexpr std::size_t scalar_size = 32;
using Scalar = std::array<std::uint8_t, scalar_size>;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Number number_of(std::span<const std::uint8_t> bytes) {
  Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  ATS_ASSERT(number != nullptr);
  return number;
}

// P-256 with what its arithmetic works with.
struct Curve {
  Curve()
      : group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)),
        context(BN_CTX_new()),
        montgomery(BN_MONT_CTX_new()),
        order_less_two(BN_new()) {
    ATS_ASSERT(group != nullptr && context != nullptr && montgomery != nullptr &&
               order_less_two != nullptr);
    order = EC_GROUP_get0_order(group.get());
    const bool ready = BN_MONT_CTX_set(montgomery.get(), order, context.get()) == 1 &&
                       BN_copy(order_less_two.get(), order) != nullptr &&
                       BN_sub_word(order_less_two.get(), 2) == 1;
    ATS_ASSERT(ready);
  }
  bool is_scalar(const BIGNUM* number) const {
    return BN_is_zero(number) == 0 && BN_cmp(number, order) < 0;
  }
  // 1/number by Fermat, in constant time.
  Number inverse(const BIGNUM* number) const {
    Number result(BN_new());
    const bool done =
        result != nullptr && BN_mod_exp_mont_consttime(result.get(), number, order_less_two.get(),
                                                       order, context.get(), montgomery.get()) == 1;
    ATS_ASSERT(done);
    return result;
  }
  Number product(const BIGNUM* a, const BIGNUM* b) const {
    Number result(BN_new());
    const bool done =
        result != nullptr && BN_mod_mul(result.get(), a, b, order, context.get()) == 1;
    ATS_ASSERT(done);
    return result;
  }
  Number sum(const BIGNUM* a, const BIGNUM* b) const {
    Number result(BN_new());
    const bool done =
        result != nullptr && BN_mod_add(result.get(), a, b, order, context.get()) == 1;
    ATS_ASSERT(done);
    return result;
  }
  // The x of a point, reduced to a scalar; null for the point at infinity.
  Number x_of(const EC_POINT* point) const {
    Number x(BN_new());
    Number reduced(BN_new());
    ATS_ASSERT(x != nullptr && reduced != nullptr);
    if (EC_POINT_get_affine_coordinates(group.get(), point, x.get(), nullptr, context.get()) != 1 ||
        BN_nnmod(reduced.get(), x.get(), order, context.get()) != 1)
      return nullptr;
    return reduced;
  }

  Group group;
  Context context;
  Montgomery montgomery;
  Number order_less_two;
  const BIGNUM* order = nullptr;  // the group's own
};

// The stream of candidate nonces of RFC 6979, section 3.2.
class Nonces {
 public:
  Nonces(const Scalar& key, const Scalar& hash) {
    v_.fill(0x01);
    k_.fill(0x00);
    for (const std::uint8_t round : {std::uint8_t{0}, std::uint8_t{1}}) {
      const std::array<std::string_view, 4> parts{text_of(v_), text_of({&round, 1}), text_of(key),
                                                  text_of(hash)};
      k_ = mac(parts);
      step();
    }
  }
  ~Nonces() {
    OPENSSL_cleanse(v_.data(), v_.size());
    OPENSSL_cleanse(k_.data(), k_.size());
  }
  Nonces(const Nonces&) = delete;
  Nonces& operator=(const Nonces&) = delete;

  const Scalar& next() {
    if (drawn_) {
      const std::uint8_t zero = 0;
      const std::array<std::string_view, 2> parts{text_of(v_), text_of({&zero, 1})};
      k_ = mac(parts);
      step();
    }
    drawn_ = true;
    step();
    return v_;
  }

 private:
  Scalar mac(std::span<const std::string_view> parts) const {
    HmacSigner signer(HashKind::Sha256, text_of(k_));
    Scalar out{};
    signer.sign(parts, out.data());
    return out;
  }
  void step() {
    const std::array<std::string_view, 1> parts{text_of(v_)};
    v_ = mac(parts);
  }

  Scalar v_{};
  Scalar k_{};
  bool drawn_ = false;
};

Scalar hash_of(std::string_view message) {
  const std::array<std::string_view, 1> parts{message};
  return sha256(parts);
}

}  // namespace

struct KeySigner::State {
  PublicKey public_key;
  // Ed25519
  Pkey pkey;
  MdContext md{EVP_MD_CTX_new()};
  // P-256
  Curve curve;
  Number scalar;
  Scalar scalar_bytes{};

  ~State() { OPENSSL_cleanse(scalar_bytes.data(), scalar_bytes.size()); }

  bool set_p256(const PrivateKey& key) {
    scalar = number_of(key.bytes);
    if (!curve.is_scalar(scalar.get())) return false;
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
    std::ranges::copy(key.bytes, scalar_bytes.begin());
    const Point point(EC_POINT_new(curve.group.get()));
    return point != nullptr &&
           EC_POINT_mul(curve.group.get(), point.get(), scalar.get(), nullptr, nullptr,
                        curve.context.get()) == 1 &&
           EC_POINT_point2oct(curve.group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                              public_key.bytes.data(), public_key.bytes.size(),
                              curve.context.get()) == public_key.bytes.size();
  }

  bool set_ed25519(const PrivateKey& key) {
    pkey.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(),
                                            key.bytes.size()));
    std::size_t size = 32;
    return pkey != nullptr && md != nullptr &&
           EVP_PKEY_get_raw_public_key(pkey.get(), public_key.bytes.data(), &size) == 1;
  }

  Signature64 sign_p256(std::string_view message) const {
    const Scalar hash = hash_of(message);
    Number z = number_of(hash);
    if (BN_cmp(z.get(), curve.order) >= 0) BN_sub(z.get(), z.get(), curve.order);
    Scalar reduced{};
    BN_bn2binpad(z.get(), reduced.data(), scalar_size);
    Nonces nonces(scalar_bytes, reduced);
    const Point point(EC_POINT_new(curve.group.get()));
    ATS_ASSERT(point != nullptr);
    while (true) {
      const Number k = number_of(nonces.next());
      BN_set_flags(k.get(), BN_FLG_CONSTTIME);
      if (!curve.is_scalar(k.get())) continue;
      const bool multiplied = EC_POINT_mul(curve.group.get(), point.get(), k.get(), nullptr,
                                           nullptr, curve.context.get()) == 1;
      ATS_ASSERT(multiplied);
      const Number r = curve.x_of(point.get());
      if (r == nullptr || BN_is_zero(r.get()) != 0) continue;
      // s = (z + r·d) / k
      const Number rd = curve.product(r.get(), scalar.get());
      const Number sum = curve.sum(z.get(), rd.get());
      const Number inverse = curve.inverse(k.get());
      const Number s = curve.product(sum.get(), inverse.get());
      if (BN_is_zero(s.get()) != 0) continue;
      Signature64 signature{};
      BN_bn2binpad(r.get(), signature.data(), scalar_size);
      BN_bn2binpad(s.get(), signature.data() + scalar_size, scalar_size);
      return signature;
    }
  }

  Signature64 sign_ed25519(std::string_view message) const {
    Signature64 signature{};
    std::size_t size = signature.size();
    const bool done =
        EVP_DigestSignInit(md.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
        EVP_DigestSign(md.get(), signature.data(), &size,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
    ATS_ASSERT(done && size == signature.size());
    return signature;
  }
};

KeySigner::KeySigner(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeySigner::KeySigner(KeySigner&&) noexcept = default;
KeySigner& KeySigner::operator=(KeySigner&&) noexcept = default;
KeySigner::~KeySigner() = default;

std::optional<KeySigner> KeySigner::make(const PrivateKey& key) {
  auto state = std::make_unique<State>();
  state->public_key.curve = key.curve;
  if (key.curve == KeyCurve::P256 ? !state->set_p256(key) : !state->set_ed25519(key))
    return std::nullopt;
  return KeySigner(std::move(state));
}

KeyCurve KeySigner::curve() const { return state_->public_key.curve; }
const PublicKey& KeySigner::public_key() const { return state_->public_key; }

Signature64 KeySigner::sign(std::string_view message) {
  return curve() == KeyCurve::P256 ? state_->sign_p256(message) : state_->sign_ed25519(message);
}

struct KeyVerifier::State {
  KeyCurve kind = KeyCurve::P256;
  Pkey pkey;
  MdContext md{EVP_MD_CTX_new()};
  Curve curve;
  Point point;

  bool set_p256(const PublicKey& key) {
    point.reset(EC_POINT_new(curve.group.get()));
    return point != nullptr && EC_POINT_oct2point(curve.group.get(), point.get(), key.view().data(),
                                                  key.view().size(), curve.context.get()) == 1;
  }

  bool set_ed25519(const PublicKey& key) {
    pkey.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.view().data(),
                                           key.view().size()));
    return pkey != nullptr && md != nullptr;
  }

  bool verify_p256(std::string_view message, std::span<const std::uint8_t> signature) const {
    const Number r = number_of(signature.first(scalar_size));
    const Number s = number_of(signature.last(scalar_size));
    if (!curve.is_scalar(r.get()) || !curve.is_scalar(s.get())) return false;
    const Number z = number_of(hash_of(message));
    const Number inverse = curve.inverse(s.get());
    const Number u1 = curve.product(z.get(), inverse.get());
    const Number u2 = curve.product(r.get(), inverse.get());
    const Point sum(EC_POINT_new(curve.group.get()));
    if (sum == nullptr || EC_POINT_mul(curve.group.get(), sum.get(), u1.get(), point.get(),
                                       u2.get(), curve.context.get()) != 1)
      return false;
    const Number x = curve.x_of(sum.get());
    return x != nullptr && BN_cmp(x.get(), r.get()) == 0;
  }

  bool verify_ed25519(std::string_view message, std::span<const std::uint8_t> signature) const {
    return EVP_DigestVerifyInit(md.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
           EVP_DigestVerify(md.get(), signature.data(), signature.size(),
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1;
  }
};

KeyVerifier::KeyVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyVerifier::KeyVerifier(KeyVerifier&&) noexcept = default;
KeyVerifier& KeyVerifier::operator=(KeyVerifier&&) noexcept = default;
KeyVerifier::~KeyVerifier() = default;

std::optional<KeyVerifier> KeyVerifier::make(const PublicKey& key) {
  auto state = std::make_unique<State>();
  state->kind = key.curve;
  if (key.curve == KeyCurve::P256 ? !state->set_p256(key) : !state->set_ed25519(key))
    return std::nullopt;
  return KeyVerifier(std::move(state));
}

KeyCurve KeyVerifier::curve() const { return state_->kind; }

bool KeyVerifier::verify(std::string_view message, std::span<const std::uint8_t> signature) {
  if (signature.size() != 2 * scalar_size) return false;
  return curve() == KeyCurve::P256 ? state_->verify_p256(message, signature)
                                   : state_->verify_ed25519(message, signature);
}

}  // namespace ats::security

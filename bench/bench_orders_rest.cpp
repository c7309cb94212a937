// Goal 5 for venues whose orders are signed REST requests: everything from an order to the request that is to
// leave, beside OpenSSL computing the very hashes and signatures that are in it, contexts kept, and no more.
// Orders at Kraken and Bitfinex go unsigned over a connection that has been signed in; what is signed there are
// the questions asked over REST.
#define OPENSSL_SUPPRESS_DEPRECATED  // HMAC_CTX: in OpenSSL 3.0 still the fastest way to keep a key
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "frames.hpp"
#include "harness.hpp"
#include "security/es256.hpp"
#include "security/signing.hpp"
#include "venues/bitfinex/auth.hpp"
#include "venues/bitfinex/order_id.hpp"
#include "venues/bitfinex/requests.hpp"
#include "venues/coinbase/auth.hpp"
#include "venues/coinbase/requests.hpp"
#include "venues/kraken/auth.hpp"
#include "venues/kraken/requests.hpp"
#include "venues/upbit/auth.hpp"
#include "venues/upbit/requests.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t orders_count = 128;
constexpr WallTime at{1'723'161'255'208'000'000};
constexpr std::string_view seed =
    "4b5a1c9d0e7f38263b1f5e0c9a8d7764f2e1d0c3b4a5968778695a4b3c2d1e0f";

struct Orders {
  const FiveVenues& venues;
  VenueKind venue;

  const Instrument& instrument() const {
    return venues.universe.instrument(venues.instrument[venue]);
  }
  venues::Credentials credentials() const {
    return venues::find_protocol(name(venue))->simulated_credentials(seed);
  }
  OrderRequest operator[](std::uint32_t n) const {
    const Instrument& of = instrument();
    OrderRequest order;
    order.id = make_order_id(7, n + 1);
    order.instrument = of.id;
    order.side = n % 2 == 0 ? Side::Buy : Side::Sell;
    order.price = of.floor_to_tick({61'837 * pow10(of.price_scale)});
    order.quantity = {12'345'000 + n};
    return order;
  }
};

// The median pass over all orders, ns an order.
double time_orders(std::size_t passes, const std::function<void(std::uint32_t)>& one) {
  std::vector<double> spent;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    const std::int64_t from = now_ns();
    for (std::uint32_t n = 0; n < orders_count; ++n) one(n);
    spent.push_back(static_cast<double>(now_ns() - from) / orders_count);
  }
  return percentile(spent, 0.5);
}

std::uint64_t fold(std::uint64_t digest, std::string_view text) {
  for (const char c : text) digest = mix(digest, static_cast<std::uint8_t>(c));
  return digest;
}
std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// OpenSSL with the key in a kept context.
class KeptHmac {
 public:
  KeptHmac(const EVP_MD* hash, std::string_view key) : context_(HMAC_CTX_new()) {
    HMAC_Init_ex(context_, key.data(), static_cast<int>(key.size()), hash, nullptr);
  }
  ~KeptHmac() { HMAC_CTX_free(context_); }
  KeptHmac(const KeptHmac&) = delete;
  KeptHmac& operator=(const KeptHmac&) = delete;
  std::span<const std::uint8_t> sign(std::string_view text) {
    unsigned size = 0;
    HMAC_Init_ex(context_, nullptr, 0, nullptr, nullptr);
    HMAC_Update(context_, bytes_of(text).data(), text.size());
    HMAC_Final(context_, out_, &size);
    return {out_, size};
  }

 private:
  HMAC_CTX* context_;
  unsigned char out_[EVP_MAX_MD_SIZE] = {};
};

class KeptHash {
 public:
  explicit KeptHash(const EVP_MD* hash) : hash_(hash), context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_, hash_, nullptr);
  }
  ~KeptHash() { EVP_MD_CTX_free(context_); }
  KeptHash(const KeptHash&) = delete;
  KeptHash& operator=(const KeptHash&) = delete;
  std::span<const std::uint8_t> of(std::string_view text) {
    unsigned size = 0;
    EVP_DigestInit_ex(context_, nullptr, nullptr);
    EVP_DigestUpdate(context_, text.data(), text.size());
    EVP_DigestFinal_ex(context_, out_, &size);
    return {out_, size};
  }

 private:
  const EVP_MD* hash_;
  EVP_MD_CTX* context_;
  unsigned char out_[EVP_MAX_MD_SIZE] = {};
};

std::string_view header(const HttpRequest& request, std::string_view of) {
  for (const auto& [key, value] : request.headers) {
    if (key == of) return value;
  }
  die("orders over REST: a header is missing");
}
// A token's signing input and its signature.
std::pair<std::string, std::string> parts_of(std::string_view token) {
  token.remove_prefix(token.find(' ') + 1);
  const std::size_t dot = token.rfind('.');
  return {std::string(token.substr(0, dot)), std::string(token.substr(dot + 1))};
}

// --- Upbit: JWT, HS512 over the SHA-512 of the parameters ---

constexpr std::size_t passes = 60;

HttpRequest upbit_order(venues::upbit::Auth& auth, const Orders& orders, std::uint32_t n) {
  return auth.request("POST", "/v1/orders",
                      venues::upbit::place_parameters(orders[n], orders.instrument()), at);
}

Outcome upbit_ours(const Orders& orders) {
  Outcome out;
  venues::upbit::Auth timed(orders.credentials());
  out.values = {time_orders(passes, [&](std::uint32_t n) { keep(upbit_order(timed, orders, n)); })};
  venues::upbit::Auth auth(orders.credentials());
  for (std::uint32_t n = 0; n < orders_count; ++n) {
    const HttpRequest request = upbit_order(auth, orders, n);
    out.checksum = fold(out.checksum, parts_of(header(request, "Authorization")).second);
  }
  return out;
}

Outcome upbit_baseline(const Orders& orders) {
  const venues::Credentials credentials = orders.credentials();
  venues::upbit::Auth auth(credentials);
  std::vector<std::string> hashed;
  std::vector<std::string> inputs;
  for (std::uint32_t n = 0; n < orders_count; ++n) {
    hashed.emplace_back(venues::upbit::place_parameters(orders[n], orders.instrument()).hashed());
    inputs.push_back(parts_of(header(upbit_order(auth, orders, n), "Authorization")).first);
  }
  KeptHash hash(EVP_sha512());
  KeptHmac hmac(EVP_sha512(), credentials.secret.reveal());
  Outcome out;
  out.values = {time_orders(passes, [&](std::uint32_t n) {
    keep(hash.of(hashed[n]));
    keep(hmac.sign(inputs[n]));
  })};
  for (const std::string& input : inputs)
    out.checksum = fold(out.checksum, security::base64url(hmac.sign(input)));
  return out;
}

// --- Coinbase: JWT, ES256 or EdDSA ---

struct CoinbaseRequest {
  std::string token;
  std::string body;
};
CoinbaseRequest coinbase_order(venues::coinbase::Auth& auth, const Orders& orders,
                               std::uint32_t n) {
  return {auth.rest_token("POST", "/api/v3/brokerage/orders", at),
          venues::coinbase::order_body(orders[n], orders.instrument())};
}

constexpr std::size_t slow_passes = 8;  // a signature takes tens of µs

venues::Credentials with_ed25519() {
  std::array<std::uint8_t, 32> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(3 * i + 1);
  // The venue gives the seed and the public key, one after the other.
  security::PrivateKey secret;
  secret.curve = security::KeyCurve::Ed25519;
  secret.bytes = key;
  const auto signer = security::KeySigner::make(secret);
  if (!signer) die("orders over REST: no key");
  std::vector<std::uint8_t> both(key.begin(), key.end());
  const auto half = signer->public_key().view();
  both.insert(both.end(), half.begin(), half.end());
  return {"organizations/1/apiKeys/2", security::base64(both)};
}

Outcome coinbase_ours(const Orders& orders, const venues::Credentials& credentials) {
  Outcome out;
  venues::coinbase::Auth timed(credentials);
  out.values = {
      time_orders(slow_passes, [&](std::uint32_t n) { keep(coinbase_order(timed, orders, n)); })};
  // A signature of ECDSA differs from one maker to the next: what counts is that it is one.
  const auto key = security::read_private_key(credentials.secret.reveal());
  const auto signer = security::KeySigner::make(*key);
  auto verifier = security::KeyVerifier::make(signer->public_key());
  venues::coinbase::Auth auth(credentials);
  for (std::uint32_t n = 0; n < orders_count; ++n) {
    const auto [input, signature] = parts_of(coinbase_order(auth, orders, n).token);
    const auto bytes = security::from_base64url(signature);
    if (!bytes || !verifier->verify(input, *bytes)) die("orders over REST: a wrong signature");
    out.checksum = fold(out.checksum, input);
  }
  return out;
}

// The key as OpenSSL has it, from the same secret.
class KeptKey {
 public:
  explicit KeptKey(const security::PrivateKey& key) : context_(EVP_MD_CTX_new()) {
    if (key.curve == security::KeyCurve::Ed25519) {
      key_ = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(),
                                          key.bytes.size());
      return;
    }
    // Any key of the curve costs the same; OpenSSL makes one faster than it takes one.
    key_ = EVP_EC_gen("P-256");
    hash_ = EVP_sha256();
  }
  ~KeptKey() {
    EVP_MD_CTX_free(context_);
    EVP_PKEY_free(key_);
  }
  KeptKey(const KeptKey&) = delete;
  KeptKey& operator=(const KeptKey&) = delete;

  void sign(std::string_view text) {
    unsigned char out[128];
    std::size_t size = sizeof out;
    if (EVP_DigestSignInit(context_, nullptr, hash_, nullptr, key_) != 1 ||
        EVP_DigestSign(context_, out, &size, bytes_of(text).data(), text.size()) != 1)
      die("orders over REST: OpenSSL does not sign");
    keep(out);
  }

 private:
  EVP_MD_CTX* context_;
  EVP_PKEY* key_ = nullptr;
  const EVP_MD* hash_ = nullptr;
};

Outcome coinbase_baseline(const Orders& orders, const venues::Credentials& credentials) {
  venues::coinbase::Auth auth(credentials);
  std::vector<std::string> inputs;
  for (std::uint32_t n = 0; n < orders_count; ++n)
    inputs.push_back(parts_of(coinbase_order(auth, orders, n).token).first);
  KeptKey key(*security::read_private_key(credentials.secret.reveal()));
  Outcome out;
  out.values = {time_orders(slow_passes, [&](std::uint32_t n) { key.sign(inputs[n]); })};
  for (const std::string& input : inputs) out.checksum = fold(out.checksum, input);
  return out;
}

// --- Bitfinex and Kraken: an HMAC over what a question says ---

// What a venue's Auth makes of one question, asked again and again; `signature` is the header that counts.
template <class Auth>
Outcome questions(const Orders& orders, std::string_view path, std::string_view body,
                  std::string_view signature) {
  Outcome out;
  Auth timed(orders.credentials());
  out.values = {time_orders(passes, [&](std::uint32_t) { keep(timed.post(path, body, at)); })};
  Auth auth(orders.credentials());
  for (std::uint32_t n = 0; n < orders_count; ++n)
    out.checksum = fold(out.checksum, header(auth.post(path, body, at), signature));
  return out;
}

constexpr std::string_view wallets = "/v2/auth/r/wallets";

Outcome bitfinex_baseline(const Orders& orders) {
  const venues::Credentials credentials = orders.credentials();
  venues::bitfinex::Auth auth(credentials);
  std::vector<std::string> inputs;
  for (std::uint32_t n = 0; n < orders_count; ++n) {
    const HttpRequest request = auth.post(wallets, "{}", at);
    inputs.push_back("/api" + std::string(wallets) + std::string(header(request, "bfx-nonce")) +
                     "{}");
  }
  KeptHmac hmac(EVP_sha384(), credentials.secret.reveal());
  Outcome out;
  out.values = {time_orders(passes, [&](std::uint32_t n) { keep(hmac.sign(inputs[n])); })};
  for (const std::string& input : inputs) {
    const auto mac = hmac.sign(input);
    std::string hex(2 * mac.size(), '\0');
    security::to_hex(mac, hex.data());
    out.checksum = fold(out.checksum, hex);
  }
  return out;
}

Outcome bitfinex_frame(const Orders& orders) {
  venues::bitfinex::Requests requests;
  Outcome out;
  out.values = {time_orders(passes, [&](std::uint32_t n) {
    keep(requests.new_order(orders[n], orders.instrument(), 4'711 + n));
  })};
  return out;
}

constexpr std::string_view kraken_question = "/0/private/QueryOrders";
constexpr std::string_view kraken_fields = "trades=true&txid=OUF4EM-FRGI2-MQMWZD";

Outcome kraken_baseline(const Orders& orders) {
  const venues::Credentials credentials = orders.credentials();
  venues::kraken::Auth auth(credentials);
  std::vector<std::string> hashed;
  for (std::uint32_t n = 0; n < orders_count; ++n) {
    const std::string body = auth.post(kraken_question, kraken_fields, at).body;
    const std::size_t from = body.find('=') + 1;
    hashed.push_back(body.substr(from, body.find('&') - from) + body);
  }
  const auto secret = security::from_base64(credentials.secret.reveal());
  if (!secret) die("orders over REST: the secret is not base64");
  KeptHash hash(EVP_sha256());
  KeptHmac hmac(EVP_sha512(), {reinterpret_cast<const char*>(secret->data()), secret->size()});
  std::string signed_text;
  const auto sign = [&](std::uint32_t n) {
    const auto digest = hash.of(hashed[n]);
    signed_text.assign(kraken_question);
    signed_text.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    return hmac.sign(signed_text);
  };
  Outcome out;
  out.values = {time_orders(passes, [&](std::uint32_t n) { keep(sign(n)); })};
  for (std::uint32_t n = 0; n < orders_count; ++n)
    out.checksum = fold(out.checksum, security::base64(sign(n)));
  return out;
}

Outcome kraken_frame(const Orders& orders) {
  venues::kraken::Requests requests;
  requests.set_token("WW91ciBhdXRoZW50aWNhdGlvbiB0b2tlbiBnb2VzIGhlcmUu");
  Outcome out;
  out.values = {time_orders(passes, [&](std::uint32_t n) {
    keep(requests.add_order(orders[n], orders.instrument(), 4'711 + n));
  })};
  return out;
}

void run(Session& session) {
  const FiveVenues venues = five_venues();
  const auto of = [&](VenueKind venue) { return Orders{venues, venue}; };
  const Orders upbit = of(VenueKind::Upbit);
  session.compare({.name = "Upbit order request, signed",
                   .baseline_name = "kept SHA-512, HMAC-SHA512",
                   .baseline = [&] { return upbit_baseline(upbit); },
                   .ours = [&] { return upbit_ours(upbit); },
                   .metrics = {{"", "ns/order", "5", at_most(1.35, 1.6)}}});
  const Orders coinbase = of(VenueKind::Coinbase);
  const venues::Credentials p256 = coinbase.credentials();
  const venues::Credentials ed25519 = with_ed25519();
  session.compare({.name = "Coinbase order request, ES256",
                   .baseline_name = "kept ECDSA key",
                   .baseline = [&] { return coinbase_baseline(coinbase, p256); },
                   .ours = [&] { return coinbase_ours(coinbase, p256); },
                   .metrics = {{"", "ns/order", "5", at_most(1.35, 1.6)}}});
  session.compare({.name = "Coinbase order request, EdDSA",
                   .baseline_name = "kept Ed25519 key",
                   .baseline = [&] { return coinbase_baseline(coinbase, ed25519); },
                   .ours = [&] { return coinbase_ours(coinbase, ed25519); },
                   .metrics = {{"", "ns/order", "5", at_most(1.35, 1.6)}}});
  const Orders bitfinex = of(VenueKind::Bitfinex);
  session.compare({.name = "Bitfinex question, signed",
                   .baseline_name = "kept HMAC-SHA384",
                   .baseline = [&] { return bitfinex_baseline(bitfinex); },
                   .ours =
                       [&] {
                         return questions<venues::bitfinex::Auth>(bitfinex, wallets, "{}",
                                                                  "bfx-signature");
                       },
                   .metrics = {{"", "ns/request", "5", at_most(1.35, 1.6)}}});
  session.compare({.name = "Bitfinex order frame, its connection signed",
                   .ours = [&] { return bitfinex_frame(bitfinex); },
                   .metrics = {{.unit = "ns/order"}}});
  const Orders kraken = of(VenueKind::Kraken);
  session.compare({.name = "Kraken question, signed",
                   .baseline_name = "kept SHA-256, HMAC-SHA512",
                   .baseline = [&] { return kraken_baseline(kraken); },
                   .ours =
                       [&] {
                         return questions<venues::kraken::Auth>(kraken, kraken_question,
                                                                kraken_fields, "API-Sign");
                       },
                   .metrics = {{"", "ns/request", "5", at_most(1.35, 1.6)}}});
  session.compare({.name = "Kraken order frame, its token signed",
                   .ours = [&] { return kraken_frame(kraken); },
                   .metrics = {{.unit = "ns/order"}}});
}

const Register registered{"orders over REST", run};

}  // namespace

}  // namespace ats::bench

// Goal 5: an order as signed bytes, per leg. The baseline signs the very bytes that are signed in it, and
// does no more: with OpenSSL's HMAC context kept from order to order, or with its one-shot HMAC().
#define OPENSSL_SUPPRESS_DEPRECATED  // HMAC_CTX: in OpenSSL 3.0 still the fastest way to keep a key
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "frames.hpp"
#include "harness.hpp"
#include "security/signing.hpp"
#include "venues/binance/requests.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t orders_count = 256;
constexpr std::size_t passes = 60;

const venues::Credentials credentials{
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"};

std::vector<OrderRequest> make_orders(const TwoVenues& venues) {
  std::vector<OrderRequest> orders;
  for (std::uint32_t n = 1; n <= orders_count; ++n) {
    OrderRequest order;
    order.id = make_order_id(7, n);
    order.instrument = venues.at_binance;
    order.side = n % 2 == 0 ? Side::Buy : Side::Sell;
    order.price = {6'183'764 + n};
    order.quantity = {12'345 + n};
    orders.push_back(order);
  }
  return orders;
}

constexpr std::int64_t stamp = 1'723'161'255'208;

// The median pass over all orders, ns an order.
double time_orders(const std::function<void(std::size_t)>& all_of_one_pass) {
  std::vector<double> spent;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    const std::int64_t from = now_ns();
    all_of_one_pass(pass);
    spent.push_back(static_cast<double>(now_ns() - from) / orders_count);
  }
  return percentile(spent, 0.5);
}

std::uint64_t fold(std::uint64_t digest, std::string_view text) {
  for (const char c : text) digest = mix(digest, static_cast<std::uint8_t>(c));
  return digest;
}

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  std::string hex(2 * size, '\0');
  security::to_hex({bytes, size}, hex.data());
  return hex;
}

class KeptHmac {
 public:
  KeptHmac() : context_(HMAC_CTX_new()) {
    HMAC_Init_ex(context_, credentials.secret.reveal().data(),
                 static_cast<int>(credentials.secret.size()), EVP_sha256(), nullptr);
  }
  ~KeptHmac() { HMAC_CTX_free(context_); }
  KeptHmac(const KeptHmac&) = delete;
  KeptHmac& operator=(const KeptHmac&) = delete;

  void sign(std::string_view text, unsigned char* out) {
    unsigned size = 0;
    HMAC_Init_ex(context_, nullptr, 0, nullptr, nullptr);
    HMAC_Update(context_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    HMAC_Final(context_, out, &size);
  }

 private:
  HMAC_CTX* context_;
};

struct OneShotHmac {
  void sign(std::string_view text, unsigned char* out) {
    unsigned size = 0;
    HMAC(EVP_sha256(), credentials.secret.reveal().data(),
         static_cast<int>(credentials.secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  }
};

template <class Hmac>
Outcome sign_only(const std::vector<std::string>& payloads) {
  Hmac hmac;
  unsigned char out[EVP_MAX_MD_SIZE];
  const double spent = time_orders([&](std::size_t) {
    for (const std::string& payload : payloads) {
      hmac.sign(payload, out);
      keep(out);
    }
  });
  std::uint64_t digest = 0;
  for (const std::string& payload : payloads) {
    hmac.sign(payload, out);
    digest = fold(digest, hex_of(out, 32));
  }
  return {{spent}, digest};
}

Outcome place(const TwoVenues& venues, const std::vector<OrderRequest>& orders) {
  venues::binance::Requests requests(credentials);
  const Instrument& instrument = venues.universe.instrument(venues.at_binance);
  std::uint64_t id = 0;
  const double spent = time_orders([&](std::size_t) {
    for (const OrderRequest& order : orders) keep(requests.place(++id, order, instrument, stamp));
  });
  std::uint64_t digest = 0;
  for (const OrderRequest& order : orders) {
    std::string_view frame = requests.place(++id, order, instrument, stamp);
    frame.remove_suffix(std::strlen(R"("}})"));
    digest = fold(digest, frame.substr(frame.size() - 64));
  }
  return {{spent}, digest};
}

void run(Session& session) {
  const TwoVenues venues = two_venues();
  const std::vector<OrderRequest> orders = make_orders(venues);
  venues::binance::Requests requests(credentials);
  std::vector<std::string> payloads;
  for (const OrderRequest& order : orders) {
    requests.place(1, order, venues.universe.instrument(venues.at_binance), stamp);
    payloads.emplace_back(requests.payload());
  }
  session.compare({.name = "Binance order frame, signed",
                   .baseline_name = "kept HMAC_CTX, no frame",
                   .baseline = [&] { return sign_only<KeptHmac>(payloads); },
                   .ours = [&] { return place(venues, orders); },
                   .metrics = {{"", "ns/order", "5", at_most(1.35, 1.6)}}});
  session.compare({.name = "the same beside a one-shot HMAC",
                   .baseline_name = "HMAC(), no frame",
                   .baseline = [&] { return sign_only<OneShotHmac>(payloads); },
                   .ours = [&] { return place(venues, orders); },
                   .metrics = {{"", "ns/order", "5", at_least(3)}}});
}

const Register registered{"orders", run};

}  // namespace

}  // namespace ats::bench

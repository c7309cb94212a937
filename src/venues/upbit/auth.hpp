// Signed requests of one API key: the parameters in one order for the address, the body and the hash; the
// token that goes with them. Source: docs/venues/upbit.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "security/jwt.hpp"
#include "venues/client.hpp"

namespace ats::venues::upbit {

// Names and values in the order they are sent: the hash is taken over that order.
class Parameters {
 public:
  Parameters();
  Parameters& add(std::string_view name, std::string_view value);
  bool empty() const { return count_ == 0; }
  // As it stands in an address; the brackets of lists stay as they are.
  std::string query() const;
  // What is hashed: the same without percent signs.
  std::string_view hashed() const { return text_; }
  // Every value a string, which is how the venue wants numbers.
  std::string json() const;

 private:
  static constexpr std::size_t most = 16;  // an order has eight
  struct Place {                           // in text_
    std::uint32_t name;
    std::uint32_t value;
    std::uint32_t end;
  };
  std::span<const Place> places() const { return std::span(places_).first(count_); }
  std::string_view name(const Place& at) const {
    return std::string_view(text_).substr(at.name, at.value - at.name - 1);
  }
  std::string_view value(const Place& at) const {
    return std::string_view(text_).substr(at.value, at.end - at.value);
  }

  std::string text_;  // name=value&…
  std::array<Place, most> places_;
  std::size_t count_ = 0;
};

// A key and a secret in the venue's form, forty letters and digits each, of 64 hex digits of randomness.
Credentials simulated_credentials(std::string_view secret_seed);

class Auth {
 public:
  explicit Auth(const Credentials& credentials);

  // "Bearer …" for a request whose parameters hash from this text; empty: it has none.
  std::string bearer(std::string_view hashed, WallTime now);
  // GET or DELETE with the parameters in the address, POST with them as the body.
  HttpRequest request(std::string_view method, std::string_view path, const Parameters& parameters,
                      WallTime now);

 private:
  void begin(WallTime now);

  std::string plain_;   // what a payload without a hash says before the nonce counts on
  std::string hashed_;  // and one with a hash
  bool begun_ = false;
  security::JwtSigner signer_;
  security::TokenNonces nonces_;
  std::string payload_;  // kept for its room
};

}  // namespace ats::venues::upbit

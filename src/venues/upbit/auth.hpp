// Signed requests of one API key: the parameters in one order for the address, the body and the hash; the
// token that goes with them. Source: docs/venues/upbit.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security/jwt.hpp"
#include "venues/client.hpp"

namespace ats::venues::upbit {

// Names and values in the order they are sent: the hash is taken over that order.
class Parameters {
 public:
  Parameters();
  Parameters& add(std::string_view name, std::string_view value);
  bool empty() const { return places_.empty(); }
  // As it stands in an address; the brackets of lists stay as they are.
  std::string query() const;
  // What is hashed: the same without percent signs.
  std::string_view hashed() const { return text_; }
  // Every value a string, which is how the venue wants numbers.
  std::string json() const;

 private:
  struct Place {  // in text_
    std::size_t name;
    std::size_t value;
    std::size_t end;
  };
  std::string_view name(const Place& at) const {
    return std::string_view(text_).substr(at.name, at.value - at.name - 1);
  }
  std::string_view value(const Place& at) const {
    return std::string_view(text_).substr(at.value, at.end - at.value);
  }

  std::string text_;  // name=value&…
  std::vector<Place> places_;
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
  std::string key_;
  security::JwtSigner signer_;
  security::TokenNonces nonces_;
};

}  // namespace ats::venues::upbit

#include "venues/upbit/auth.hpp"

#include "venues/json_write.hpp"
#include "venues/percent.hpp"

namespace ats::venues::upbit {

namespace {

// An order has eight, in some two hundred characters.
constexpr std::size_t usual_count = 8;
constexpr std::size_t usual_size = 256;

}  // namespace

Parameters::Parameters() {
  text_.reserve(usual_size);
  places_.reserve(usual_count);
}

Parameters& Parameters::add(std::string_view name, std::string_view value) {
  if (!places_.empty()) text_ += '&';
  Place place{};
  place.name = text_.size();
  text_.append(name).append(1, '=');
  place.value = text_.size();
  text_.append(value);
  place.end = text_.size();
  places_.push_back(place);
  return *this;
}

std::string Parameters::query() const {
  std::string text;
  for (const Place& place : places_) {
    if (!text.empty()) text += '&';
    text.append(name(place)).append("=").append(percent_encoded(value(place)));
  }
  return text;
}

std::string Parameters::json() const {
  JsonObject object(text_.size() + 6 * places_.size() + 2);
  for (const Place& place : places_) object.text(name(place), value(place));
  return object.done();
}

Credentials simulated_credentials(std::string_view secret_seed) {
  constexpr std::size_t secret_size = 40;
  return {"sim-key", std::string(secret_seed.substr(0, secret_size))};
}

Auth::Auth(const Credentials& credentials)
    : key_(credentials.key),
      signer_(security::JwtHash::HS512, credentials.secret.reveal()),
      nonces_(credentials.key) {}

std::string Auth::bearer(std::string_view hashed, WallTime now) {
  constexpr std::size_t payload_size = 384;
  JsonObject payload(payload_size);
  payload.text("access_key", key_).text("nonce", nonces_.next(now));
  if (!hashed.empty())
    payload.text("query_hash", security::sha512_hex(hashed)).text("query_hash_alg", "SHA512");
  return signer_.sign(payload.done(), "Bearer ");
}

HttpRequest Auth::request(std::string_view method, std::string_view path,
                          const Parameters& parameters, WallTime now) {
  HttpRequest request;
  request.method = method;
  request.target = path;
  request.headers.reserve(4);
  request.headers.push_back({"Authorization", bearer(parameters.hashed(), now)});
  request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"User-Agent", "ats"});
  if (method == "POST") {
    request.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
    request.body = parameters.json();
  } else if (!parameters.empty()) {
    request.target.append("?").append(parameters.query());
  }
  return request;
}

}  // namespace ats::venues::upbit

#include "venues/upbit/auth.hpp"

#include "venues/json_write.hpp"
#include "venues/percent.hpp"

namespace ats::venues::upbit {

std::string Parameters::query() const {
  std::string text;
  for (const auto& [name, value] : all_) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(percent_encoded(value));
  }
  return text;
}

std::string Parameters::hashed() const {
  std::string text;
  for (const auto& [name, value] : all_) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::string Parameters::json() const {
  JsonObject object;
  for (const auto& [name, value] : all_) object.text(name, value);
  return object.done();
}

Credentials simulated_credentials(std::string_view secret_seed) {
  constexpr std::size_t secret_size = 40;
  return {"sim-key", std::string(secret_seed.substr(0, secret_size))};
}

Auth::Auth(const Credentials& credentials)
    : key_(credentials.key),
      signer_(security::JwtHash::HS512, credentials.secret),
      nonces_(credentials.key) {}

std::string Auth::bearer(std::string_view hashed, WallTime now) {
  JsonObject payload;
  payload.text("access_key", key_).text("nonce", nonces_.next(now));
  if (!hashed.empty())
    payload.text("query_hash", security::sha512_hex(hashed)).text("query_hash_alg", "SHA512");
  return "Bearer " + signer_.sign(payload.done());
}

HttpRequest Auth::request(std::string_view method, std::string_view path,
                          const Parameters& parameters, WallTime now) {
  HttpRequest request;
  request.method = method;
  request.target = path;
  request.headers = {{"Authorization", bearer(parameters.hashed(), now)},
                     {"Accept", "application/json"},
                     {"User-Agent", "ats"}};
  if (method == "POST") {
    request.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
    request.body = parameters.json();
  } else if (!parameters.empty()) {
    request.target.append("?").append(parameters.query());
  }
  return request;
}

}  // namespace ats::venues::upbit

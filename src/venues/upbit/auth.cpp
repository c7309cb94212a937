#include "venues/upbit/auth.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "venues/json_write.hpp"
#include "venues/percent.hpp"

namespace ats::venues::upbit {

namespace {

// An order has some two hundred characters.
constexpr std::size_t usual_size = 256;
constexpr std::size_t payload_size = 384;

// Of a key, what its payloads say first: the object and the nonce are still open.
std::string known_of(std::string_view key, bool hashed) {
  JsonObject object;
  object.text("access_key", key);
  if (hashed) object.text("query_hash_alg", "SHA512");
  std::string text = object.done();
  text.pop_back();
  return text += R"(,"nonce":")";
}

}  // namespace

Parameters::Parameters() { text_.reserve(usual_size); }

Parameters& Parameters::add(std::string_view name, std::string_view value) {
  ATS_ASSERT(count_ < most);
  if (count_ != 0) text_ += '&';
  const auto here = [this] { return static_cast<std::uint32_t>(text_.size()); };
  Place& place = places_[count_++];
  place.name = here();
  text_.append(name).append(1, '=');
  place.value = here();
  text_.append(value);
  place.end = here();
  return *this;
}

std::string Parameters::query() const {
  std::string text;
  for (const Place& place : places()) {
    if (!text.empty()) text += '&';
    text.append(name(place)).append("=").append(percent_encoded(value(place)));
  }
  return text;
}

std::string Parameters::json() const {
  if (count_ == 0 || !stands_as_it_is(text_)) [[unlikely]] {
    JsonObject object;
    for (const Place& place : places()) object.text(name(place), value(place));
    return object.done();
  }
  // "name":"value", in place of name=value&.
  constexpr std::size_t around = 6;
  std::string json(1 + text_.size() + around * count_, '{');
  char* out = json.data() + 1;
  const auto put = [&out](std::string_view part) {
    std::memcpy(out, part.data(), part.size());
    out += part.size();
  };
  for (const Place& place : places()) {
    *out++ = '"';
    put(name(place));
    put(R"(":")");
    put(value(place));
    put(R"(",)");
  }
  out[-1] = '}';
  json.resize(static_cast<std::size_t>(out - json.data()));
  return json;
}

Credentials simulated_credentials(std::string_view secret_seed) {
  constexpr std::size_t secret_size = 40;
  return {"sim-key", std::string(secret_seed.substr(0, secret_size))};
}

Auth::Auth(const Credentials& credentials)
    : plain_(known_of(credentials.key, false)),
      hashed_(known_of(credentials.key, true)),
      signer_(security::JwtHash::HS512, credentials.secret.reveal()),
      nonces_(credentials.key) {
  payload_.reserve(payload_size);
}

// What is the same in every order's payload comes first, as far as nonces are the same too: it is hashed once.
void Auth::begin(WallTime now) {
  plain_ += nonces_.opening(now);
  hashed_ += nonces_.opening(now);
  signer_.begin(hashed_);
  begun_ = true;
}

std::string Auth::bearer(std::string_view hashed, WallTime now) {
  if (!begun_) begin(now);
  payload_ = hashed.empty() ? plain_ : hashed_;
  nonces_.append_rest(payload_);
  if (!hashed.empty()) {
    payload_ += R"(","query_hash":")";
    security::append_sha512_hex(payload_, hashed);
  }
  payload_ += R"("})";
  return signer_.sign(payload_, "Bearer ");
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

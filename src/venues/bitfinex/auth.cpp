#include "venues/bitfinex/auth.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
namespace {

std::string hex_of(security::HmacSigner& signer, std::span<const std::string_view> parts) {
  std::array<std::uint8_t, 64> mac{};
  const std::size_t size = signer.sign(parts, mac.data());
  std::string hex(2 * size, '0');
  security::to_hex(std::span(mac).first(size), hex.data());
  return hex;
}

}  // namespace

std::string rest_signature(security::HmacSigner& signer, std::string_view path,
                           std::string_view nonce, std::string_view body) {
  const std::array<std::string_view, 4> parts{"/api", path, nonce, body};
  return hex_of(signer, parts);
}

std::string stream_signature(security::HmacSigner& signer, std::string_view payload) {
  return hex_of(signer, {&payload, 1});
}

Auth::Auth(const Credentials& credentials)
    : key_(credentials.key), signer_(security::HashKind::Sha384, credentials.secret.reveal()) {}

std::string Auth::next_nonce(WallTime now) {
  const auto clock = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns_utc, 0)) / 1'000;
  nonce_ = std::max(nonce_ + 1, std::min(clock + ahead_, nonce_max));
  return std::to_string(nonce_);
}

HttpRequest Auth::post(std::string_view path, std::string_view body, WallTime now) {
  std::string nonce = next_nonce(now);
  std::string signature = rest_signature(signer_, path, nonce, body);
  HttpRequest request;
  request.method = "POST";
  request.target = path;
  request.body = body;
  request.headers.reserve(5);
  request.headers.push_back({"bfx-nonce", std::move(nonce)});
  request.headers.push_back({"bfx-apikey", key_});
  request.headers.push_back({"bfx-signature", std::move(signature)});
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"User-Agent", "ats"});
  return request;
}

std::string Auth::authentication(WallTime now, bool dead_man) {
  const std::string nonce = next_nonce(now);
  const std::string payload = "AUTH" + nonce;
  JsonObject event;
  event.text("event", "auth")
      .text("apiKey", key_)
      .text("authSig", stream_signature(signer_, payload))
      .text("authPayload", payload)
      .text("authNonce", nonce);
  constexpr int cancel_on_disconnect = 4;
  if (dead_man) event.number("dms", cancel_on_disconnect);
  return event.raw("filter", R"(["trading","wallet","balance","notify"])").done();
}

void Auth::raise_nonce() {
  constexpr std::uint64_t jump = 60'000'000;
  ahead_ += jump;
}

}  // namespace ats::venues::bitfinex

#include "venues/kraken/auth.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace ats::venues::kraken {
namespace {

// A secret that is not base64 signs with its own bytes: the venue then refuses it by name.
security::Secret decoded(std::string_view secret) {
  auto bytes = security::from_base64(secret);
  if (!bytes) return security::Secret::of(secret);
  const std::span<char> text(reinterpret_cast<char*>(bytes->data()), bytes->size());
  auto kept = security::Secret::of({text.data(), text.size()});
  security::wipe(text);
  return kept;
}

}  // namespace

std::string api_sign(security::HmacSigner& signer, std::string_view path, std::string_view nonce,
                     std::string_view body) {
  const std::array<std::string_view, 2> hashed{nonce, body};
  const security::Digest256 digest = security::sha256(hashed);
  const std::array<std::string_view, 2> parts{
      path, std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())};
  std::array<std::uint8_t, 64> mac{};
  const std::size_t size = signer.sign(parts, mac.data());
  return security::base64(std::span(mac).first(size));
}

Auth::Auth(const Credentials& credentials)
    : key_(credentials.key),
      signer_(security::HashKind::Sha512, decoded(credentials.secret.reveal()).reveal()) {}

HttpRequest Auth::post(std::string_view path, std::string_view fields, WallTime now) {
  const auto clock = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns_utc, 0)) + ahead_;
  nonce_ = std::max(nonce_ + 1, clock);
  const std::string nonce = std::to_string(nonce_);
  HttpRequest request;
  request.method = "POST";
  request.target = path;
  request.body = "nonce=" + nonce;
  if (!fields.empty()) request.body.append("&").append(fields);
  request.headers.reserve(4);
  request.headers.push_back({"API-Key", key_});
  request.headers.push_back({"API-Sign", api_sign(signer_, path, nonce, request.body)});
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.headers.push_back({"User-Agent", "ats"});
  return request;
}

void Auth::raise_nonce() {
  constexpr std::uint64_t jump = 60'000'000'000;
  ahead_ += jump;
}

}  // namespace ats::venues::kraken

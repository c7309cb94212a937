// HTTP: which call, by whom, and whether it may.
#include "venues/bitfinex/server.hpp"

#include <algorithm>

#include "venues/bitfinex/auth.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::string_view version_prefix = "/v2/";
constexpr std::string_view private_prefix = "/v2/auth/";
constexpr std::size_t private_per_minute = 90;
constexpr Duration minute = seconds(60);

// Calls a minute from one address; over it the address is shut out of the endpoint for a minute.
std::size_t per_minute(std::string_view endpoint) {
  if (endpoint == "book") return 240;
  if (endpoint == "trades") return 15;
  if (endpoint == "tickers" || endpoint == "platform") return 30;
  return 90;
}

// "r/order" of "r/order/tBTCUSD:1234567/trades"; histories are endpoints of their own.
std::string private_endpoint(std::string_view call) {
  const std::size_t first = std::min(call.find('/'), call.size());
  const std::size_t second =
      std::min(call.find('/', std::min(first + 1, call.size())), call.size());
  std::string endpoint(call.substr(0, second));
  if (call.ends_with("/hist")) endpoint += "/hist";
  return endpoint;
}

}  // namespace

std::unique_ptr<Server> make_server(ExchangeApi& exchange) {
  return std::make_unique<BitfinexServer>(exchange);
}

bool BitfinexServer::accepts(std::string_view path) const {
  return path == "/ws/2" || path == "/ws";
}

HttpResponse BitfinexServer::answer(std::string body) {
  HttpResponse response;
  response.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  response.body = std::move(body);
  return response;
}

HttpResponse BitfinexServer::error(const Fault& fault) {
  JsonList body;
  body.text("error").raw(fault.code == 0 ? "null" : std::to_string(fault.code)).text(fault.text);
  HttpResponse response = answer(body.done());
  response.status = 500;
  return response;
}

HttpResponse BitfinexServer::on_http(const HttpRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query =
      path.size() == target.size() ? std::string_view() : target.substr(path.size() + 1);
  if (path.starts_with(private_prefix) && request.method == "POST") {
    const std::string_view call = path.substr(private_prefix.size());
    if (!within_rate(private_endpoint(call), private_per_minute)) return refuse(Refusal::RateLimit);
    return private_call(request, call);
  }
  if (path.starts_with(version_prefix) && request.method == "GET") {
    const std::string_view call = path.substr(version_prefix.size());
    const std::string_view endpoint = call.substr(0, call.find('/'));
    if (!within_rate(endpoint, per_minute(endpoint))) return refuse(Refusal::RateLimit);
    return public_call(call, query);
  }
  HttpResponse response;
  response.status = 404;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  response.body = "<!DOCTYPE html><html><body><pre>Cannot find it</pre></body></html>";
  return response;
}

bool BitfinexServer::within_rate(std::string_view endpoint, std::size_t limit) {
  constexpr std::size_t most_endpoints = 256;  // of paths that do not exist, too
  if (usage_.size() >= most_endpoints) usage_.clear();
  // A path may be of any length; those that exist are short.
  Usage& usage = usage_.try_emplace(std::string(endpoint.substr(0, 128))).first->second;
  if (now() < usage.shut_until) return false;
  if (now() - usage.since >= minute) usage = {now(), 0, {}};
  if (++usage.calls <= limit) return true;
  usage.shut_until = now() + minute;
  return false;
}

AccountId BitfinexServer::signer_of(const HttpRequest& request, Fault& fault) {
  const std::string* const key = request.header("bfx-apikey");
  const std::string* const nonce = request.header("bfx-nonce");
  const std::string* const signature = request.header("bfx-signature");
  if (key == nullptr || nonce == nullptr || signature == nullptr) {
    fault = {10100, "apikey: invalid"};
    return {};
  }
  std::string message = "/api";
  message.append(request.target).append(*nonce).append(request.body);
  return check_signature(*key, *nonce, message, *signature, fault);
}

AccountId BitfinexServer::check_signature(std::string_view key, std::string_view nonce,
                                          std::string_view message, std::string_view signature,
                                          Fault& fault) {
  std::string secret;
  const AccountId account = exchange_.find_key(key, secret);
  if (!account.valid()) {
    fault = {10100, "apikey: invalid"};
    return {};
  }
  security::HmacSigner signer(security::HashKind::Sha384, secret);
  if (!security::equal_constant_time(stream_signature(signer, message), signature)) {
    fault = {10100, "apikey: digest invalid"};
    return {};
  }
  std::uint64_t number = 0;
  std::uint64_t& highest = nonces_.try_emplace(std::string(key)).first->second;
  if (!integer_text(nonce, number) || number > Auth::nonce_max) {
    fault = {10114, "nonce: invalid"};
    return {};
  }
  if (number <= highest) {
    fault = {10114, "nonce: small"};
    return {};
  }
  highest = number;
  return account;
}

InstrumentId BitfinexServer::find_symbol(std::string_view symbol) const {
  for (const InstrumentId id : exchange_.instruments()) {
    if (instrument(id).symbol.view() == symbol) return id;
  }
  return {};
}

void BitfinexServer::set_fault(ServerFault fault, bool on) {
  switch (fault) {
    case ServerFault::BadChecksum:
      bad_checksum_ = on;
      break;
    case ServerFault::Maintenance:
      maintenance_ = on;
      break;
  }
}

}  // namespace ats::venues::bitfinex

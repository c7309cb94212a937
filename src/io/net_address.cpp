#include "io/net_address.hpp"

#include <netdb.h>

#include <charconv>
#include <cstring>
#include <mutex>
#include <thread>

#include "io/reactor.hpp"

namespace ats::io {

namespace {

bool host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

std::vector<SocketAddress> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  std::vector<SocketAddress> found;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return found;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    SocketAddress address;
    if (a->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
    address.size = a->ai_addrlen;
    found.push_back(address);
  }
  freeaddrinfo(list);
  return found;
}

}  // namespace

const char* name(UrlError error) {
  switch (error) {
    case UrlError::UnknownScheme:
      return "unknown scheme (http, https, ws or wss expected)";
    case UrlError::NoHost:
      return "no host";
    case UrlError::BadHost:
      return "bad host";
    case UrlError::BadPort:
      return "bad port";
    case UrlError::BadTarget:
      return "bad path or query";
  }
  return "?";
}

Result<Url, UrlError> parse_url(std::string_view text) {
  struct Scheme {
    std::string_view prefix;
    bool websocket, tls;
  };
  constexpr Scheme schemes[] = {{"http://", false, false},
                                {"https://", false, true},
                                {"ws://", true, false},
                                {"wss://", true, true}};
  Url url;
  bool known = false;
  for (const Scheme& scheme : schemes) {
    if (!text.starts_with(scheme.prefix)) continue;
    url.websocket = scheme.websocket;
    url.tls = scheme.tls;
    text.remove_prefix(scheme.prefix.size());
    known = true;
    break;
  }
  if (!known) return fail(UrlError::UnknownScheme);

  const std::size_t authority_end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  const std::string_view target = text.substr(authority_end);
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return fail(UrlError::BadHost);
    url.host = authority.substr(1, close - 1);
    if (!numeric_address(url.host, 1)) return fail(UrlError::BadHost);
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority.front() != ':') return fail(UrlError::BadHost);
    has_port = !authority.empty();
    if (has_port) port = authority.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    url.host = authority.substr(0, colon);
    if (has_port) port = authority.substr(colon + 1);
    if (url.host.empty()) return fail(UrlError::NoHost);
    for (const char c : url.host) {
      if (!host_character(c)) return fail(UrlError::BadHost);
    }
  }
  url.port = url.tls ? 443 : 80;
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) {
      return fail(UrlError::BadPort);
    }
  }
  for (const char c : target) {
    if (c <= ' ' || c == 0x7F || c == '#') return fail(UrlError::BadTarget);
  }
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

std::string host_header(std::string_view host, std::uint16_t port, bool tls) {
  std::string value;
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6) value += '[';
  value += host;
  if (v6) value += ']';
  if (port != (tls ? 443 : 80)) value += ":" + std::to_string(port);
  return value;
}

std::optional<SocketAddress> numeric_address(const std::string& host, std::uint16_t port) {
  const auto found = look_up(host, port, AI_NUMERICHOST | AI_NUMERICSERV);
  if (found.empty()) return std::nullopt;
  return found.front();
}

// Outlives the Lookup when the name server is slow: the thread then finds nobody to tell.
struct Lookup::Shared {
  std::mutex mutex;
  Reactor* reactor = nullptr;  // null: cancelled
  Callback callback;           // used on the reactor's thread only
};

Lookup::Lookup(Reactor& reactor, std::string host, std::uint16_t port, Callback callback)
    : shared_(std::make_shared<Shared>()) {
  shared_->reactor = &reactor;
  shared_->callback = std::move(callback);
  std::thread([shared = shared_, host = std::move(host), port] {
    auto found = look_up(host, port, AI_NUMERICSERV);
    const std::lock_guard lock(shared->mutex);
    if (shared->reactor == nullptr) return;
    shared->reactor->post([shared, found = std::move(found)] {
      {
        const std::lock_guard again(shared->mutex);
        if (shared->reactor == nullptr) return;
      }
      shared->callback(found);
    });
  }).detach();
}

Lookup::~Lookup() {
  const std::lock_guard lock(shared_->mutex);
  shared_->reactor = nullptr;
}

}  // namespace ats::io

// Where to connect to: URLs as configuration spells them, and host names turned into addresses.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ats::io {

class Reactor;

enum class UrlError : std::uint8_t {
  UnknownScheme,  // not http, https, ws, wss
  NoHost,
  BadHost,    // characters that no host name has, or user:password@
  BadPort,    // not 1..65535
  BadTarget,  // white space, control characters or a fragment in path or query
};
const char* name(UrlError error);

// "wss://stream.binance.com:9443/stream?streams=x" taken apart. IPv6 hosts are written in brackets and
// kept without them.
struct Url {
  bool websocket = false;  // ws, wss
  bool tls = false;        // https, wss
  std::string host;
  std::uint16_t port = 0;  // the scheme's own when the URL has none
  std::string target;      // path and query, at least "/"
};
Result<Url, UrlError> parse_url(std::string_view text);

// Value of the Host header: the port only when it is not the scheme's own.
std::string host_header(std::string_view host, std::uint16_t port, bool tls);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// "127.0.0.1", "::1": no look-up, never blocks. Nothing when `host` is a name.
std::optional<SocketAddress> numeric_address(const std::string& host, std::uint16_t port);

// A look-up of a host name in a thread of its own, so that a name server that does not answer stops
// neither market data nor shutdown. The callback runs on the reactor's thread with the addresses in
// order of preference (empty: not found), and not at all once the Lookup is destroyed.
class Lookup {
 public:
  using Callback = std::function<void(std::vector<SocketAddress>)>;
  Lookup(Reactor& reactor, std::string host, std::uint16_t port, Callback callback);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace ats::io

// HTTP messages as plain values, and the ways a request can come to nothing. Sockets live in io.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ats {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method;  // "GET", "POST", "DELETE", "PUT"
  std::string
      target;  // path and query, percent-encoded: exactly the bytes that are signed and sent
  std::vector<HttpHeader> headers;
  std::string body;
  const std::string* header(std::string_view case_insensitive_name) const;
};

struct HttpResponse {
  int status = 200;
  std::vector<HttpHeader> headers;
  std::string body;
  const std::string* header(std::string_view case_insensitive_name) const;
};

// NotSent is certain: nothing left this machine. All others: perhaps it happened.
enum class TransportError : std::uint8_t { NotSent, TimedOut, ConnectionLost, Malformed, TooLarge };
const char* name(TransportError error);

}  // namespace ats

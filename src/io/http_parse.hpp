// HTTP/1.1 text to messages and back, without sockets. http_parse.cpp is the one place that sees
// Boost.Beast, whose parser has met more of the world's HTTP than a new one would have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "venues/http.hpp"

namespace ats::io {

class ByteQueue;

enum class HttpStep : std::uint8_t {
  NeedMore,
  Done,
  Malformed,
  TooLarge,  // header or body past the limits
};

struct HttpLimits {
  std::size_t header_max = 64 * 1024;
  std::size_t body_max = 64 * 1024 * 1024;
};

struct HttpProgress {
  HttpStep step = HttpStep::NeedMore;
  std::size_t consumed = 0;  // bytes done with; the rest must be offered again, with more behind
};

// One message at a time: begin(), then read() until it says other than NeedMore, then take().
class HttpRequestReader {
 public:
  explicit HttpRequestReader(const HttpLimits& limits);
  ~HttpRequestReader();
  void begin();
  HttpProgress read(std::string_view bytes);
  // After Done.
  HttpRequest take();
  bool keep_alive() const;
  bool upgrade() const;  // "Connection: upgrade": what follows is another protocol

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class HttpResponseReader {
 public:
  explicit HttpResponseReader(const HttpLimits& limits);
  ~HttpResponseReader();
  // `to_head`: the answer to a HEAD request has no body whatever its headers say.
  void begin(bool to_head);
  // Interim answers (100 to 199, but for 101) are passed over.
  HttpProgress read(std::string_view bytes);
  // The connection ended: Done when that is how the body was to end, else Malformed.
  HttpStep end();
  HttpResponse take();
  bool keep_alive() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// False when a method, target, header name or value holds what would end it early (CR, LF, NUL, space
// in method or target): such a message must not be written, it could smuggle in another.
bool writable(const HttpRequest& request);
bool writable(const HttpResponse& response);

// Appends the message's bytes. Content-Length is ours to say: any Content-Length or Transfer-Encoding
// among the headers is left out. `host` is used when the request has no Host header of its own.
void append_request(ByteQueue& out, const HttpRequest& request, std::string_view host);
void append_response(ByteQueue& out, const HttpResponse& response, bool to_head, bool keep_alive);

bool equals_ignoring_case(std::string_view a, std::string_view b);
// "keep-alive, Upgrade" holds "upgrade".
bool list_holds(std::string_view comma_separated, std::string_view token);

}  // namespace ats::io

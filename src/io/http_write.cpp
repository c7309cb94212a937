#include <algorithm>
#include <array>
#include <charconv>

#include "io/http_parse.hpp"
#include "io/net_queue.hpp"

namespace ats::io {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

bool headers_writable(const std::vector<HttpHeader>& headers) {
  return std::ranges::all_of(headers, [](const HttpHeader& h) {
    return is_token(h.name) &&
           h.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
  });
}

bool framing(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") ||
         equals_ignoring_case(name, "Transfer-Encoding");
}

void append_headers(ByteQueue& out, const std::vector<HttpHeader>& headers) {
  for (const HttpHeader& h : headers) {
    if (framing(h.name)) continue;
    out.append(h.name);
    out.append(": ");
    out.append(h.value);
    out.append("\r\n");
  }
}

void append_number(ByteQueue& out, std::size_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void append_length(ByteQueue& out, std::size_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

std::string_view phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 418:
      return "I'm a teapot";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool list_holds(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equals_ignoring_case(item, token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool writable(const HttpRequest& request) {
  return is_token(request.method) && !request.target.empty() &&
         std::ranges::none_of(request.target, [](char c) { return c <= ' ' || c == 0x7F; }) &&
         headers_writable(request.headers);
}

bool writable(const HttpResponse& response) {
  return response.status >= 100 && response.status <= 999 && headers_writable(response.headers);
}

void append_request(ByteQueue& out, const HttpRequest& request, std::string_view host) {
  out.append(request.method);
  out.append(" ");
  out.append(request.target);
  out.append(" HTTP/1.1\r\n");
  if (request.header("Host") == nullptr) {
    out.append("Host: ");
    out.append(host);
    out.append("\r\n");
  }
  append_headers(out, request.headers);
  const bool bodied =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (bodied || !request.body.empty()) append_length(out, request.body.size());
  out.append("\r\n");
  out.append(request.body);
}

void append_response(ByteQueue& out, const HttpResponse& response, bool to_head, bool keep_alive) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ");
  out.append(phrase(response.status));
  out.append("\r\n");
  append_headers(out, response.headers);
  if (!keep_alive) out.append("Connection: close\r\n");
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  if (!bodiless) append_length(out, response.body.size());
  out.append("\r\n");
  if (!bodiless && !to_head) out.append(response.body);
}

}  // namespace ats::io

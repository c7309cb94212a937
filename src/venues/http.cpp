#include "venues/http.hpp"

#include <algorithm>

namespace ats {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

const std::string* find(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (std::ranges::equal(header.name, name,
                           [](char a, char b) { return lower(a) == lower(b); })) {
      return &header.value;
    }
  }
  return nullptr;
}

}  // namespace

const std::string* HttpRequest::header(std::string_view case_insensitive_name) const {
  return find(headers, case_insensitive_name);
}

const std::string* HttpResponse::header(std::string_view case_insensitive_name) const {
  return find(headers, case_insensitive_name);
}

const char* name(TransportError error) {
  switch (error) {
    case TransportError::NotSent:
      return "not_sent";
    case TransportError::TimedOut:
      return "timed_out";
    case TransportError::ConnectionLost:
      return "connection_lost";
    case TransportError::Malformed:
      return "malformed";
    case TransportError::TooLarge:
      return "too_large";
  }
  return "?";
}

}  // namespace ats

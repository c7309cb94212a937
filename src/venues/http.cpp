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
      return "NotSent";
    case TransportError::TimedOut:
      return "TimedOut";
    case TransportError::ConnectionLost:
      return "ConnectionLost";
    case TransportError::Malformed:
      return "Malformed";
    case TransportError::TooLarge:
      return "TooLarge";
  }
  return "?";
}

}  // namespace ats

// The secrets that come with a request: a cookie's value, a bearer token. Any bytes in, a view of them or nothing out.
#pragma once

#include <optional>
#include <string_view>

namespace ats::security {

// The value of that name in a Cookie header (RFC 6265); of two the first.
std::optional<std::string_view> cookie_of(std::string_view header, std::string_view name);
// The token of an Authorization header whose scheme is Bearer (RFC 6750).
std::optional<std::string_view> bearer_of(std::string_view header);

}  // namespace ats::security

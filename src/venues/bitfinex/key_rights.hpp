// What the venue says that a key may do: POST /v2/auth/r/permissions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "venues/client.hpp"

namespace ats::venues::bitfinex {

std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now);
Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view key);

}  // namespace ats::venues::bitfinex

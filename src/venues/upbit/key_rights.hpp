// What the venue lets on of what a key may do: it does not say, but refuses by name what a key may not.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "venues/client.hpp"

namespace ats::venues::upbit {

std::vector<HttpRequest> key_requests(const Credentials& credentials, const Now& now);
Result<security::KeyRights, KeyFault> read_key_rights(std::span<const HttpResponse> answers,
                                                      std::string_view key);

}  // namespace ats::venues::upbit

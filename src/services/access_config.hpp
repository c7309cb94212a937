// How people and programs get in (docs/users.md): the access layer's part of the configuration. Who they are is in the user store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace ats::services {

struct AccessConfig {
  Duration session_idle = seconds(1800);  // without a request, a session ends
  Duration session_life = hours(12);      // after which it ends in any case
  bool require_totp = true;               // of everybody who may do more than view
  std::vector<std::string> four_eyes;     // acts that take a second person: "resume", "limits"
  std::uint32_t password_min = 12;        // characters
  bool operator==(const AccessConfig&) const = default;
};

}  // namespace ats::services

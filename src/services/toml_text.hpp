// TOML as a table, from a text that may be anything. The one place that includes the library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ats::services {

// The library takes some texts that are no TOML ("[[[") for a mistake of its own, and would end the process.
struct TomlFault {};
constexpr void expect_of_toml(bool so) {
  if (!so) throw TomlFault{};
}

}  // namespace ats::services

#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expression) ats::services::expect_of_toml(static_cast<bool>(expression))
#include <toml++/toml.h>

namespace ats::services {

struct TomlError {
  std::uint32_t line = 0;  // 0: not known
  std::string what;        // may quote the text
  // "ats.toml:7: what", of a text by that name.
  std::string at(const std::string& name) const;
};
Result<toml::table, TomlError> parse_toml(std::string_view text, const std::string& name);

}  // namespace ats::services

#include "services/toml_text.hpp"

#include <utility>

namespace ats::services {

std::string TomlError::at(const std::string& name) const {
  return name + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + what;
}

Result<toml::table, TomlError> parse_toml(std::string_view text, const std::string& name) {
  try {
    toml::parse_result parsed = toml::parse(text, name);
    if (parsed) return std::move(parsed).table();
    return fail(
        TomlError{parsed.error().source().begin.line, std::string(parsed.error().description())});
  } catch (const TomlFault&) {
    return fail(TomlError{0, "is not TOML"});
  }
}

}  // namespace ats::services

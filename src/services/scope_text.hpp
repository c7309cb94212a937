// A scope as people write and read it: "all", a venue, a pair, "strategy maker".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/command.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

// A venue and a pair together are both, with a blank between.
std::string scope_text(const Scope& scope, const Universe& universe);
// Nothing: the universe has no such place. Empty is all.
std::optional<Scope> parse_scope(std::string_view text, const Universe& universe);
std::optional<Strategy> find_strategy(std::string_view name);

}  // namespace ats::services

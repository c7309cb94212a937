// What a book is held to that was told by a table (recorded levels, no frames): sequence numbers, checksums and signs of
// life are not in it, so that no venue's rules hold. An instrument of a table has the word below in place of its REST
// spelling, which a journal keeps, and by which bind_rules() knows it.
#pragma once

#include <string_view>

#include "domain/instrument.hpp"

namespace ats::venues {

constexpr BookRules table_rules{.max_age = hours(24)};
constexpr std::string_view table_spelling = "table";

}  // namespace ats::venues

// Full books of several venues at one moment: a JSON document.
#pragma once

#include "services/recording.hpp"

namespace ats::services {

bool is_books_json(std::string_view first_line);
// [{"venue","base","quote","bids":[["price","quantity"],…],"asks":…},…], best first.
Result<std::vector<RecordedBook>, std::string> parse_books(std::string_view document);

}  // namespace ats::services

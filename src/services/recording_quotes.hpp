// Recorded best bids and asks of several venues on one clock: a CSV table.
#pragma once

#include "services/recording.hpp"

namespace ats::services {

// A table whose first column is ts_ns; its other columns are checked by the reader, which names what is
// wrong with them.
bool is_quotes(std::string_view first_line);
// ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty; times never run backwards.
std::unique_ptr<QuoteReader> make_quote_reader();

}  // namespace ats::services

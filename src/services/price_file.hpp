// Closes of assets from elsewhere, as CSV: a line of names, then a line a bar. The first column is the time
// (2026-11-27, RFC 3339, or seconds or milliseconds since 1970), the others are what one unit of the asset was
// worth in the reporting asset; an empty cell is a gap. `ats risk closes` writes the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "core/risk/measures/price_history.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

struct PriceFile {
  std::vector<std::string> assets;  // by column
  struct Row {
    WallTime at;
    std::vector<double> closes;  // zero: a gap
  };
  std::vector<Row> rows;  // in the order of time
  Duration bar;           // the smallest step between two rows
};

// The error names the line and what was expected.
Result<PriceFile, std::string> parse_price_file(std::string_view text);
Result<PriceFile, std::string> read_price_file(const std::string& path);
// Bars of those assets that the universe knows, each row a bar that has ended.
core::PriceBars bars_of(const PriceFile& file, const Universe& universe);
std::string price_file_text(const PriceFile& file);

}  // namespace ats::services

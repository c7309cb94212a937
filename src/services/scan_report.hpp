// What a scan found, as a table for people or as one JSON document. Prices, quantities, money and shares are
// strings with exact decimals; the same input gives the same bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/scan_books.hpp"
#include "services/scan_edges.hpp"
#include "services/scan_frames.hpp"
#include "services/scan_quotes.hpp"

namespace ats::services {

struct ScanReport {
  std::vector<std::unique_ptr<FrameScan>> frames;
  std::vector<std::unique_ptr<QuoteScan>> quotes;
  std::vector<BooksScan> books;
  EdgeBoard board;
  bool fees_off = false;
};

std::string scan_json(const ScanReport& report);
std::string scan_table(const ScanReport& report);

}  // namespace ats::services

// Which taker fee a venue is taken to charge when recordings are scanned: what the caller said, else the
// table in scan_fees.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/number.hpp"

namespace ats::services {

class TakerFees {
 public:
  // Fees count as zero everywhere.
  static TakerFees none();

  // "kraken=26" or "binance=7.5": basis points with at most five decimals, 0 or more and below 10000.
  Status<std::string> set(std::string_view venue_and_bps);
  // Nothing when neither the caller nor the table knows the venue.
  std::optional<Rate> of(std::string_view venue) const;
  bool off() const { return off_; }
  // Whether the caller said so, of this venue or of all.
  bool told(std::string_view venue) const { return off_ || told_.contains(venue); }

 private:
  std::map<std::string, Rate, std::less<>> told_;
  bool off_ = false;
};

// "10", "7.5": exact.
std::string bps_text(Rate rate);

}  // namespace ats::services

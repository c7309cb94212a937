#include "services/scan_fees.hpp"

#include <fmt/format.h>

namespace ats::services {
namespace {

struct StandardFee {
  std::string_view venue;
  Rate taker;
};

// Taker fees of the lowest volume tier, without rebates. Of a venue whose recordings are old, the fee of
// that time (docs/scan.md).
constexpr StandardFee standard[] = {
    {"binance", Rate::bps(10)}, {"binance_usdm", Rate::bps(5)}, {"binance_coinm", Rate::bps(5)},
    {"kraken", Rate::bps(40)},  {"bitfinex", Rate::bps(20)},    {"bitstamp", Rate::bps(25)},
    {"bittrex", Rate::bps(25)}, {"coinbase", Rate::bps(30)},    {"upbit", Rate::bps(5)},
};

}  // namespace

TakerFees TakerFees::none() {
  TakerFees fees;
  fees.off_ = true;
  return fees;
}

Status<std::string> TakerFees::set(std::string_view venue_and_bps) {
  const std::size_t equals = venue_and_bps.find('=');
  const auto ppb = equals == std::string_view::npos || equals == 0
                       ? fail(NumberError::Malformed)
                       : parse_scaled(venue_and_bps.substr(equals + 1), 5);
  if (!ppb || *ppb < 0 || *ppb >= Rate::one) {
    return fail(
        fmt::format("fee \"{}\": expected VENUE=BPS, such as kraken=26: 0 or more, below 10000, at "
                    "most five decimals",
                    venue_and_bps));
  }
  told_.insert_or_assign(std::string(venue_and_bps.substr(0, equals)), Rate{*ppb});
  return Done{};
}

std::optional<Rate> TakerFees::of(std::string_view venue) const {
  if (off_) return Rate{};
  if (const auto told = told_.find(venue); told != told_.end()) return told->second;
  for (const StandardFee& fee : standard) {
    if (fee.venue == venue) return fee.taker;
  }
  return std::nullopt;
}

std::string bps_text(Rate rate) { return format_scaled_short(rate.ppb, 5); }

}  // namespace ats::services

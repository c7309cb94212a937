// Walks the recorded full books of several venues at one moment: what buying on one and selling on another
// would have brought, level by level, exact, without and with taker fees.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/detector/walk.hpp"
#include "services/recording_file.hpp"
#include "services/scan_fees.hpp"

namespace ats::services {

struct WalkReport {
  struct Result {
    Decimal quantity;  // base asset
    Decimal paid;      // quote asset, fees included
    Decimal received;  // quote asset, fees taken off
    Decimal profit;
    Decimal deepest_ask;  // zero when nothing pays
    Decimal deepest_bid;
    Rate net;              // profit / paid, rounded down
    bool ran_out = false;  // a side had no more levels: with more there might have been more
  };
  std::string base;
  std::string quote;
  std::string buy;  // venues
  std::string sell;
  Rate buy_fee;
  Rate sell_fee;
  Decimal best_ask;  // of the buying venue
  Decimal best_bid;  // of the selling venue
  Rate gross;        // best bid / best ask − 1, rounded down
  Result without_fees;
  std::optional<Result> with_fees;  // nothing when fees are switched off
};

struct BooksScan {
  std::string path;
  std::vector<RecordedBook> books;
  std::vector<WalkReport> walks;  // by base and quote, then venues, in the order of the file
};

// Every ordered pair of venues that have a book of the same two assets. An amount that cannot be exact is
// an error. `venue` and `symbol` (BASE/QUOTE) are for books that do not say whose they are, nor their file's
// name.
Result<BooksScan, std::string> scan_books(const RecordingFile& file, const TakerFees& fees,
                                          std::string_view venue, std::string_view symbol);

}  // namespace ats::services

// Scans a table of best bids and asks of several venues on one clock.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/recording_file.hpp"
#include "services/scan_fees.hpp"
#include "services/scan_source.hpp"

namespace ats::services {

struct QuotedInstrument {
  std::string venue;
  std::string symbol;
  std::string base;
  std::string quote;
  std::uint64_t rows = 0;
  std::uint64_t crossed = 0;  // rows whose bid is not below their ask
  Decimal bid;                // of the last row
  Decimal bid_quantity;
  Decimal ask;
  Decimal ask_quantity;
};

class QuoteScan final : public ScanSource {
 public:
  // `fees` outlives the scan.
  static Result<std::unique_ptr<QuoteScan>, std::string> open(const RecordingFile& file,
                                                              const TakerFees& fees);
  bool over() const override { return over_; }
  std::int64_t next_ns() const override { return row_.ns; }
  Status<std::string> step(EdgeBoard& board) override;

  const RecordingFile& file() const { return file_; }
  const std::vector<QuotedInstrument>& instruments() const { return instruments_; }
  std::uint64_t rows() const { return rows_; }
  std::int64_t first_ns() const { return first_ns_; }
  std::int64_t last_ns() const { return last_ns_; }

 private:
  QuoteScan(const RecordingFile& file, const TakerFees& fees) : file_(file), fees_(&fees) {}
  Status<std::string> fetch();
  Result<std::size_t, std::string> instrument(EdgeBoard& board);

  RecordingFile file_;
  const TakerFees* fees_;
  std::optional<RecordingLines> lines_;
  std::unique_ptr<QuoteReader> reader_;
  QuoteRow row_;
  bool over_ = false;
  std::uint64_t rows_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::map<std::string, std::size_t, std::less<>> by_name_;  // "venue,symbol"
  std::vector<QuotedInstrument> instruments_;
  std::vector<std::size_t> entries_;  // on the board, by instrument
};

}  // namespace ats::services

#include "services/scan_quotes.hpp"

#include <fmt/format.h>

#include "services/recording_table.hpp"

namespace ats::services {
Result<std::unique_ptr<QuoteScan>, std::string> QuoteScan::open(const RecordingFile& file,
                                                                const TakerFees& fees) {
  std::unique_ptr<QuoteScan> scan(new QuoteScan(file, fees));
  auto lines = scan->file_.lines();
  if (!lines) return fail(lines.error());
  scan->lines_ = *std::move(lines);
  scan->reader_ = file.format().quotes();
  if (const auto fetched = scan->fetch(); !fetched) return fail(fetched.error());
  if (scan->over_) return fail(fmt::format("{}: holds no quote", file.path()));
  scan->first_ns_ = scan->row_.ns;
  return scan;
}

Status<std::string> QuoteScan::fetch() {
  while (true) {
    const auto line = lines_->next();
    if (!line) return fail(line.error());
    if (!*line) {
      over_ = true;
      return Done{};
    }
    const auto row = reader_->read(**line);
    if (!row) return fail(lines_->at_line(row.error()));
    if (!*row) continue;
    row_ = **row;
    return Done{};
  }
}

Result<std::size_t, std::string> QuoteScan::instrument(EdgeBoard& board) {
  const std::string name = fmt::format("{},{}", row_.venue, row_.symbol);
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  const auto fee = fees_->of(row_.venue);
  if (!fee) {
    return fail(lines_->at_line(
        fmt::format("no taker fee is known of {0}: say --fee {0}=BPS, or --no-fees", row_.venue)));
  }
  QuotedInstrument added;
  added.venue = row_.venue;
  added.symbol = row_.symbol;
  SymbolParts parts = split_symbol(row_.venue, row_.symbol);
  added.base = std::move(parts.base);
  added.quote = std::move(parts.quote);
  entries_.push_back(
      board.add({added.venue, added.symbol, added.base, added.quote, "quote", *fee}));
  instruments_.push_back(std::move(added));
  return by_name_[name] = instruments_.size() - 1;
}

Status<std::string> QuoteScan::step(EdgeBoard& board) {
  board.advance(row_.ns);
  const auto at = instrument(board);
  if (!at) return fail(at.error());
  QuotedInstrument& seen = instruments_[*at];
  ++rows_;
  last_ns_ = row_.ns;
  ++seen.rows;
  seen.crossed += row_.bid < row_.ask ? 0u : 1u;
  seen.bid = row_.bid;
  seen.bid_quantity = row_.bid_quantity;
  seen.ask = row_.ask;
  seen.ask_quantity = row_.ask_quantity;
  board.set(entries_[*at], row_.bid, row_.ask);
  auto fetched = fetch();
  if (fetched && over_) {
    for (const std::size_t entry : entries_) board.clear(entry);
  }
  return fetched;
}

}  // namespace ats::services

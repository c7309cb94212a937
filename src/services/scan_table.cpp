// The scan as tables for people.
#include <fmt/format.h>

#include "domain/status.hpp"
#include "services/scan_report.hpp"

namespace ats::services {
namespace {

std::string time_text(std::int64_t ns) {
  return ns == 0 ? "no clock" : format_rfc3339(WallTime{ns});
}

// Seconds with milliseconds, rounded down.
std::string seconds_text(std::int64_t ns) { return format_scaled(ns / 1'000'000, 3); }

std::string level_text(const Level& level, const Instrument& instrument) {
  if (level.quantity.is_zero()) return "-";
  return fmt::format("{} x {}", format_scaled(level.price.units, instrument.price_scale),
                     format_scaled(level.quantity.units, instrument.qty_scale));
}

std::string frames_text(const FrameScan& scan) {
  const RecordingFeed& feed = scan.feed();
  const Universe& universe = feed.universe();
  std::string out =
      fmt::format("{}\n  {}, {}, {} to {}\n ", feed.file().path(), feed.venue_name(),
                  feed.file().format().name, time_text(scan.first_ns()), time_text(scan.last_ns()));
  const auto& counters = feed.counters();
  for (std::size_t i = 0; i < counters.outcomes.size(); ++i) {
    if (counters.outcomes[i] != 0)
      out += fmt::format(" {} {}", venues::name(static_cast<venues::FrameOutcome>(i)),
                         counters.outcomes[i]);
  }
  out += fmt::format(" of {} frames\n", counters.records);
  out += fmt::format("  {:<14} {:<20} {:>9} {:>15} {:>4} {:>13} {:>8} {:>7} {:>7}  {}\n",
                     "instrument", "book", "snapshots", "deltas", "gaps", "checksums", "crossed",
                     "trades", "quotes", "bid | ask");
  const auto scans = scan.instruments();
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const Instrument& instrument = universe.instruments()[i];
    if (!feed.chosen(instrument.id)) continue;
    const InstrumentScan& s = scans[i];
    const BookStatus& book = s.book;
    // Without a book in hand the venue's own last word on its best prices.
    const bool quoted = book.bid.quantity.is_zero() && book.ask.quantity.is_zero() && s.quotes != 0;
    const Level& bid = quoted ? s.quote_bid : book.bid;
    const Level& ask = quoted ? s.quote_ask : book.ask;
    std::string state = name(book.state);
    if (book.reason != BookReason::None) state += fmt::format(" {}", name(book.reason));
    out += fmt::format("  {:<14} {:<20} {:>9} {:>15} {:>4} {:>13} {:>8} {:>7} {:>7}  {} | {}\n",
                       instrument.symbol.view(), state,
                       fmt::format("{}/{}", book.snapshots, s.snapshots_seen),
                       fmt::format("{}/{}", book.deltas, s.deltas_seen), book.gaps,
                       fmt::format("{} ok {} bad", book.checksums_right, book.checksums_wrong),
                       book.crossings, s.trades, s.quotes, level_text(bid, instrument),
                       level_text(ask, instrument) + (quoted ? " (quote)" : ""));
  }
  for (const SequenceGap& gap : scan.gaps()) {
    out += fmt::format("  gap at line {}, {}: {} after {}\n", gap.line,
                       universe.instrument(gap.instrument).symbol.view(), gap.first, gap.before);
  }
  for (const BookBreak& broken : scan.breaks()) {
    out += fmt::format("  book thrown away at line {}, {}: {}\n", broken.line,
                       universe.instrument(broken.instrument).symbol.view(), name(broken.reason));
  }
  return out;
}

std::string quotes_text(const QuoteScan& scan) {
  std::string out =
      fmt::format("{}\n  {}, {} rows, {} to {}\n", scan.file().path(), scan.file().format().name,
                  scan.rows(), time_text(scan.first_ns()), time_text(scan.last_ns()));
  out += fmt::format("  {:<15} {:<14} {:>9} {:>8}  {}\n", "venue", "symbol", "rows", "crossed",
                     "last bid | ask");
  for (const QuotedInstrument& i : scan.instruments()) {
    out += fmt::format("  {:<15} {:<14} {:>9} {:>8}  {} x {} | {} x {}\n", i.venue, i.symbol,
                       i.rows, i.crossed, i.bid.to_string(), i.bid_quantity.to_string(),
                       i.ask.to_string(), i.ask_quantity.to_string());
  }
  return out;
}

std::string edge_row(const char* kind, const EdgeTimes& times, Rate max, std::int64_t observed) {
  std::string out = fmt::format("    {:<6} {:>10}", kind, bps_text(max));
  for (std::size_t k = 0; k < edge_thresholds_bps.size(); ++k)
    out += fmt::format("  {} {:>5}", share_text(times.above_ns[k], observed), times.episodes[k]);
  return out + "\n";
}

std::string edges_text(const ScanReport& report, const std::vector<EdgeReport>& edges) {
  std::string out = "Edges: share of the observed time, and episodes, above\n    ";
  out += fmt::format("{:<6} {:>10}", "", "max bps");
  for (const std::int64_t bps : edge_thresholds_bps)
    out += fmt::format("  {:>17}", fmt::format("{} bps", bps));
  out += '\n';
  for (const EdgeReport& edge : edges) {
    const BoardEntry& buy = report.board.entries()[edge.buy];
    const BoardEntry& sell = report.board.entries()[edge.sell];
    out +=
        fmt::format("  {} {}: buy {} at {}, sell {} at {} ({} s", buy.source, buy.base, buy.symbol,
                    buy.venue, sell.symbol, sell.venue, seconds_text(edge.observed_ns));
    if (!report.fees_off)
      out += fmt::format(", fees {} + {} bps", bps_text(buy.taker_fee), bps_text(sell.taker_fee));
    out += ")\n" + edge_row("gross", edge.gross, edge.max_gross, edge.observed_ns);
    if (!report.fees_off) out += edge_row("net", edge.net, edge.max_net, edge.observed_ns);
  }
  return out;
}

std::string walk_row(const char* kind, const WalkReport::Result& result) {
  return fmt::format("    {:<14} {:>16} {:>24} {:>24} {:>22}{}\n", kind,
                     result.quantity.to_string(), result.paid.to_string(),
                     result.received.to_string(), result.profit.to_string(),
                     result.ran_out ? "  to the last level" : "");
}

std::string books_text(const BooksScan& scan) {
  std::string out = fmt::format("{}\n", scan.path);
  for (const RecordedBook& book : scan.books) {
    const auto top = [](const std::vector<RecordedBook::Level>& side) {
      return side.empty() ? std::string("-")
                          : fmt::format("{} x {}", side.front().price.to_string(),
                                        side.front().quantity.to_string());
    };
    out += fmt::format("  {:<12} {:<10} {:>6} bids {:>6} asks  {} | {}\n", book.venue,
                       book.base + "/" + book.quote, book.bids.size(), book.asks.size(),
                       top(book.bids), top(book.asks));
  }
  out += fmt::format("Walks through both books\n    {:<14} {:>16} {:>24} {:>24} {:>22}\n", "",
                     "quantity", "paid", "received", "profit");
  for (const WalkReport& walk : scan.walks) {
    out += fmt::format("  {}/{}: buy at {}, sell at {}: {} bps between {} and {}", walk.base,
                       walk.quote, walk.buy, walk.sell, bps_text(walk.gross),
                       walk.best_ask.to_string(), walk.best_bid.to_string());
    if (walk.with_fees)
      out += fmt::format(", fees {} + {} bps", bps_text(walk.buy_fee), bps_text(walk.sell_fee));
    out += "\n" + walk_row("without fees", walk.without_fees);
    if (walk.with_fees) out += walk_row("with fees", *walk.with_fees);
  }
  return out;
}

}  // namespace

std::string scan_table(const ScanReport& report) {
  std::string out;
  for (const auto& scan : report.frames) out += frames_text(*scan);
  for (const auto& scan : report.quotes) out += quotes_text(*scan);
  const std::vector<EdgeReport> edges = report.board.report();
  if (!edges.empty()) out += edges_text(report, edges);
  for (const BooksScan& scan : report.books) out += books_text(scan);
  return out;
}

}  // namespace ats::services

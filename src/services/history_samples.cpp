#include "services/history_samples.hpp"

#include "domain/limit.hpp"
#include "io/process_usage.hpp"
#include "services/told_facts.hpp"

namespace ats::services {
namespace {

void end(io::LineWriter& line, WallTime at, HistoryLines& out) {
  if (line.end(at)) ++out.points;
}

std::int64_t count(std::uint64_t n) { return static_cast<std::int64_t>(n); }

}  // namespace

io::LineWriter HistorySamples::begin(std::string_view measurement, HistoryLines& out) const {
  io::LineWriter line(out.text);
  line.point(measurement).tag("engine", engine_);
  return line;
}

void HistorySamples::on(const HistoryLook& look, HistoryLines& out) {
  if (look.quotes) quotes(look.core.books, *look.names, look.core.wall, out);
  if (look.depth) depth(look, out);
  if (!look.measures) return;
  money(look.core, *look.names, out);
  limits(look.core, out);
  process(look, out);
}

void HistorySamples::quotes(const std::vector<BookStatus>& books, const Universe& names,
                            WallTime at, HistoryLines& out) {
  for (const BookStatus& book : books) {
    const auto told = told_.find(book.instrument.value);
    if (told != told_.end() && same_top(told->second, book)) continue;
    told_[book.instrument.value] = book;
    const Instrument& on = names.instrument(book.instrument);
    io::LineWriter line = begin("quote", out);
    line.tag("venue", names.venue(on.venue).name.view())
        .tag("pair", names.pair_name(on.pair))
        .text("state", name(book.state));
    if (book.reason != BookReason::None) line.text("reason", name(book.reason));
    if (!book.bid.quantity.is_zero()) {
      line.exact("bid", on.price_decimal(book.bid.price))
          .exact("bid_quantity", on.quantity_decimal(book.bid.quantity));
    }
    if (!book.ask.quantity.is_zero()) {
      line.exact("ask", on.price_decimal(book.ask.price))
          .exact("ask_quantity", on.quantity_decimal(book.ask.quantity));
    }
    end(line, at, out);
  }
}

void HistorySamples::depth(const HistoryLook& look, HistoryLines& out) const {
  for (const HistoryLook::DepthLevel& level : look.levels) {
    const Instrument& on = look.names->instrument(level.on);
    io::LineWriter line = begin("depth", out);
    line.tag("venue", look.names->venue(on.venue).name.view())
        .tag("pair", look.names->pair_name(on.pair))
        .tag("side", level.side == Side::Buy ? "bid" : "ask")
        .tag("level", std::to_string(level.level))
        .exact("price", on.price_decimal(level.at.price))
        .exact("quantity", on.quantity_decimal(level.at.quantity));
    end(line, look.core.wall, out);
  }
}

void HistorySamples::money(const CoreStatus& core, const Universe& names, HistoryLines& out) const {
  io::LineWriter pnl = begin("pnl", out);
  pnl.exact("total", core.pnl_reporting).flag("complete", core.pnl_reporting_complete);
  end(pnl, core.wall, out);
  for (const CoreStatus::AssetTotal& total : core.totals) {
    io::LineWriter line = begin("asset", out);
    line.tag("asset", names.asset(total.asset).name.view())
        .exact("change", total.change)
        .exact("fees", total.fees);
    end(line, core.wall, out);
  }
  for (const ExposureStatus& exposure : core.exposures) {
    io::LineWriter line = begin("exposure", out);
    line.tag("asset", names.asset(exposure.asset).name.view())
        .exact("change", exposure.change)
        .exact("lowest", exposure.lowest)
        .exact("highest", exposure.highest);
    if (exposure.marked) line.exact("worth", exposure.worth);
    end(line, core.wall, out);
  }
  for (const BalanceStatus& balance : core.balances) {
    io::LineWriter line = begin("balance", out);
    line.tag("venue", names.venue(balance.venue).name.view())
        .tag("asset", names.asset(balance.asset).name.view())
        .exact("total", balance.total)
        .exact("reserved", balance.reserved);
    if (balance.told) line.exact("reported", balance.reported);
    end(line, core.wall, out);
  }
}

void HistorySamples::limits(const CoreStatus& core, HistoryLines& out) const {
  for (const LimitStatus& limit : core.limits) {
    if (!limit.known) continue;
    io::LineWriter line = begin("limit", out);
    line.tag("limit", name(limit.setting.kind))
        .tag("scope", to_text(limit.setting.scope))
        .exact("value", limit.value)
        .exact("hard", limit.setting.hard)
        .text("level", name(limit.level));
    end(line, core.wall, out);
  }
}

void HistorySamples::process(const HistoryLook& look, HistoryLines& out) const {
  const CoreStatus& core = look.core;
  const io::ProcessUsage usage = io::process_usage();
  io::LineWriter line = begin("process", out);
  line.integer("life", core.incarnation)
      .flag("reconciled", core.reconciled)
      .integer("opportunities", count(core.opportunities))
      .integer("sent", count(core.sent))
      .integer("completed", count(core.completed))
      .integer("unwound", count(core.unwound))
      .integer("residual", count(core.residual))
      .integer("missed", count(core.missed))
      .integer("handed_over", count(core.handed_over))
      .integer("orders_placed", count(core.orders_placed))
      .integer("fills_booked", count(core.fills_booked))
      .integer("alerts", count(core.alerts))
      .integer("journal_bytes", count(look.journal_bytes))
      .integer("loop_lag_p99_ns", look.loop_lag_p99.ns)
      .integer("decision_p50_ns", look.decision_p50.ns)
      .integer("decision_p99_ns", look.decision_p99.ns)
      .integer("order_p50_ns", look.order_p50.ns)
      .integer("order_p99_ns", look.order_p99.ns)
      .integer("resident_bytes", count(usage.resident_bytes))
      .integer("open_descriptors", count(usage.open_descriptors))
      .number("cpu_seconds", usage.cpu_seconds);
  end(line, core.wall, out);
}

}  // namespace ats::services

#include "services/record_summary.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ats::services {
namespace {

using Json = nlohmann::ordered_json;

Json level_json(const Level& level, const Instrument& i) {
  if (level.quantity.is_zero()) return nullptr;
  return {{"price", format_scaled(level.price.units, i.price_scale)},
          {"quantity", format_scaled(level.quantity.units, i.qty_scale)}};
}

std::string level_text(const Level& level, const Instrument& i) {
  if (level.quantity.is_zero()) return "-";
  return fmt::format("{} x {}", format_scaled(level.price.units, i.price_scale),
                     format_scaled(level.quantity.units, i.qty_scale));
}

}  // namespace

RecordSummary summarise(const MarketCollector& recorder, Duration running) {
  RecordSummary summary;
  summary.running = running;
  for (const auto& driver : recorder.drivers()) {
    const io::ChannelStatus& status = driver->status(Channel::MarketData);
    RecordSummary::Venue venue;
    venue.name = recorder.universe().venue(driver->venue()).name.view();
    venue.messages = status.messages;
    venue.losses = status.losses;
    for (std::size_t k = static_cast<std::size_t>(venues::FrameOutcome::Malformed);
         k < venues::frame_outcome_count; ++k)
      venue.refused += driver->counters().frames[k];
    summary.venues.push_back(std::move(venue));
  }
  recorder.books(summary.books);
  summary.written = recorder.written();
  summary.lost = recorder.lost();
  return summary;
}

std::string summary_json(const RecordSummary& summary, const Universe& universe,
                         const std::string& out) {
  Json venues = Json::array();
  for (const RecordSummary::Venue& v : summary.venues) {
    venues.push_back({{"venue", v.name},
                      {"messages", v.messages},
                      {"refused", v.refused},
                      {"losses", v.losses}});
  }
  Json instruments = Json::array();
  for (std::size_t n = 0; n < summary.books.size(); ++n) {
    const BookStatus& book = summary.books[n];
    const Instrument& i = universe.instruments()[n];
    instruments.push_back({{"venue", std::string(universe.venue(i.venue).name.view())},
                           {"symbol", std::string(i.symbol.view())},
                           {"pair", universe.pair_name(i.pair)},
                           {"book", name(book.state)},
                           {"reason", name(book.reason)},
                           {"snapshots", book.snapshots},
                           {"deltas", book.deltas},
                           {"gaps", book.gaps},
                           {"checksums_right", book.checksums_right},
                           {"checksums_wrong", book.checksums_wrong},
                           {"crossings", book.crossings},
                           {"resyncs", book.resyncs},
                           {"bid_levels", book.bid_levels},
                           {"ask_levels", book.ask_levels},
                           {"bid", level_json(book.bid, i)},
                           {"ask", level_json(book.ask, i)}});
  }
  const Json document = {{"capture", out},
                         {"running_ns", summary.running.ns},
                         {"records", summary.written.records},
                         {"lost_records", summary.lost.records},
                         {"lost_bytes", summary.lost.bytes},
                         {"plain_bytes", summary.written.plain_bytes},
                         {"stored_bytes", summary.written.stored_bytes},
                         {"segments", summary.written.segments},
                         {"segments_removed", summary.written.segments_removed},
                         {"venues", std::move(venues)},
                         {"instruments", std::move(instruments)}};
  return document.dump(1) + "\n";
}

std::string summary_text(const RecordSummary& summary, const Universe& universe,
                         const std::string& out) {
  std::string text = fmt::format(
      "{}: {} s, {} records, {} bytes in {} segments ({} before packing), {} records lost\n", out,
      format_scaled(summary.running.ns / 100'000'000, 1), summary.written.records,
      summary.written.stored_bytes, summary.written.segments, summary.written.plain_bytes,
      summary.lost.records);
  for (const RecordSummary::Venue& v : summary.venues)
    text += fmt::format("  {:<14} {} messages, {} refused, {} connections lost\n", v.name,
                        v.messages, v.refused, v.losses);
  for (std::size_t n = 0; n < summary.books.size(); ++n) {
    const BookStatus& book = summary.books[n];
    const Instrument& i = universe.instruments()[n];
    text += fmt::format(
        "  {:<22} {:<10} {} snapshots, {} deltas, {} gaps, checksums {} right {} "
        "wrong  {} | {}\n",
        universe.instrument_name(i.id), name(book.state), book.snapshots, book.deltas, book.gaps,
        book.checksums_right, book.checksums_wrong, level_text(book.bid, i),
        level_text(book.ask, i));
  }
  return text;
}

}  // namespace ats::services

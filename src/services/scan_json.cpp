// The scan's JSON document: its keys are in docs/scan.md.
#include <nlohmann/json.hpp>

#include "domain/status.hpp"
#include "services/scan_report.hpp"

namespace ats::services {
namespace {

using Json = nlohmann::ordered_json;

Json text(std::string_view view) { return std::string(view); }

Json level(const Level& level, const Instrument& instrument) {
  if (level.quantity.is_zero()) return nullptr;
  return {{"price", format_scaled(level.price.units, instrument.price_scale)},
          {"quantity", format_scaled(level.quantity.units, instrument.qty_scale)}};
}

Json instrument_json(const InstrumentScan& scan, const Instrument& instrument,
                     const Universe& universe) {
  const BookStatus& book = scan.book;
  return {{"symbol", text(instrument.symbol.view())},
          {"pair", universe.pair_name(instrument.pair)},
          {"book", name(book.state)},
          {"reason", name(book.reason)},
          {"snapshots_seen", scan.snapshots_seen},
          {"snapshots", book.snapshots},
          {"deltas_seen", scan.deltas_seen},
          {"deltas", book.deltas},
          {"gaps", book.gaps},
          {"checksums_right", book.checksums_right},
          {"checksums_wrong", book.checksums_wrong},
          {"crossings", book.crossings},
          {"resyncs", book.resyncs},
          {"trades", scan.trades},
          {"quotes", scan.quotes},
          {"bid_levels", book.bid_levels},
          {"ask_levels", book.ask_levels},
          {"bid", level(book.bid, instrument)},
          {"ask", level(book.ask, instrument)},
          {"quote_bid", level(scan.quote_bid, instrument)},
          {"quote_ask", level(scan.quote_ask, instrument)}};
}

Json frames_json(const FrameScan& scan) {
  const RecordingFeed& feed = scan.feed();
  const Universe& universe = feed.universe();
  const RecordingFeed::Counters& counters = feed.counters();
  Json outcomes = Json::object();
  for (std::size_t i = 0; i < counters.outcomes.size(); ++i)
    outcomes[venues::name(static_cast<venues::FrameOutcome>(i))] = counters.outcomes[i];
  const auto symbol = [&](InstrumentId id) { return text(universe.instrument(id).symbol.view()); };
  Json gaps = Json::array();
  for (const SequenceGap& gap : scan.gaps()) {
    gaps.push_back({{"line", gap.line},
                    {"ts_ns", gap.ns},
                    {"symbol", symbol(gap.instrument)},
                    {"last", gap.before},
                    {"next", gap.first}});
  }
  Json breaks = Json::array();
  for (const BookBreak& broken : scan.breaks()) {
    breaks.push_back({{"line", broken.line},
                      {"ts_ns", broken.ns},
                      {"symbol", symbol(broken.instrument)},
                      {"reason", name(broken.reason)}});
  }
  Json instruments = Json::array();
  const auto scans = scan.instruments();
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const Instrument& instrument = universe.instruments()[i];
    if (feed.chosen(instrument.id))
      instruments.push_back(instrument_json(scans[i], instrument, universe));
  }
  return {{"file", feed.file().path()},
          {"format", text(feed.file().format().name)},
          {"venue", text(feed.venue_name())},
          {"first_ts_ns", scan.first_ns()},
          {"last_ts_ns", scan.last_ns()},
          {"frames", counters.records},
          {"outcomes", std::move(outcomes)},
          {"other_rest", counters.other_rest},
          {"lost", counters.lost},
          {"clock_back", counters.clock_back},
          {"instruments", std::move(instruments)},
          {"sequence_gaps", std::move(gaps)},
          {"book_breaks", std::move(breaks)}};
}

Json quotes_json(const QuoteScan& scan) {
  Json instruments = Json::array();
  for (const QuotedInstrument& i : scan.instruments()) {
    instruments.push_back(
        {{"venue", i.venue},
         {"symbol", i.symbol},
         {"rows", i.rows},
         {"crossed", i.crossed},
         {"bid", {{"price", i.bid.to_string()}, {"quantity", i.bid_quantity.to_string()}}},
         {"ask", {{"price", i.ask.to_string()}, {"quantity", i.ask_quantity.to_string()}}}});
  }
  return {{"file", scan.file().path()},   {"format", text(scan.file().format().name)},
          {"rows", scan.rows()},          {"first_ts_ns", scan.first_ns()},
          {"last_ts_ns", scan.last_ns()}, {"instruments", std::move(instruments)}};
}

Json books_json(const BooksScan& scan) {
  const auto top = [](const std::vector<RecordedBook::Level>& side) {
    return side.empty() ? Json(nullptr)
                        : Json{{"price", side.front().price.to_string()},
                               {"quantity", side.front().quantity.to_string()}};
  };
  Json books = Json::array();
  for (const RecordedBook& book : scan.books) {
    books.push_back({{"venue", book.venue},
                     {"pair", book.base + "/" + book.quote},
                     {"bid_levels", book.bids.size()},
                     {"ask_levels", book.asks.size()},
                     {"bid", top(book.bids)},
                     {"ask", top(book.asks)}});
  }
  return {{"file", scan.path}, {"books", std::move(books)}};
}

Json times_json(const EdgeTimes& times, Rate max, std::int64_t observed_ns) {
  Json above = Json::array();
  for (std::size_t k = 0; k < edge_thresholds_bps.size(); ++k) {
    above.push_back({{"bps", std::to_string(edge_thresholds_bps[k])},
                     {"time_ns", times.above_ns[k]},
                     {"share", share_text(times.above_ns[k], observed_ns)},
                     {"episodes", times.episodes[k]}});
  }
  return {{"max_bps", bps_text(max)}, {"above", std::move(above)}};
}

Json edge_json(const EdgeReport& edge, const ScanReport& report) {
  const BoardEntry& buy = report.board.entries()[edge.buy];
  const BoardEntry& sell = report.board.entries()[edge.sell];
  Json json = {{"source", buy.source},
               {"base", buy.base},
               {"buy", {{"venue", buy.venue}, {"symbol", buy.symbol}, {"quote", buy.quote}}},
               {"sell", {{"venue", sell.venue}, {"symbol", sell.symbol}, {"quote", sell.quote}}},
               {"observed_ns", edge.observed_ns},
               {"max_at_ns", edge.max_at_ns},
               {"max_ask", edge.max_ask.to_string()},
               {"max_bid", edge.max_bid.to_string()},
               {"gross", times_json(edge.gross, edge.max_gross, edge.observed_ns)}};
  if (!report.fees_off) {
    json["buy"]["taker_fee_bps"] = bps_text(buy.taker_fee);
    json["sell"]["taker_fee_bps"] = bps_text(sell.taker_fee);
    json["net"] = times_json(edge.net, edge.max_net, edge.observed_ns);
  }
  return json;
}

Json walk_result_json(const WalkReport::Result& result) {
  Json json = {{"quantity", result.quantity.to_string()},
               {"paid", result.paid.to_string()},
               {"received", result.received.to_string()},
               {"profit", result.profit.to_string()},
               {"edge_bps", bps_text(result.net)},
               {"deepest_ask", nullptr},
               {"deepest_bid", nullptr},
               {"ran_out_of_levels", result.ran_out}};
  if (!result.quantity.is_zero()) {
    json["deepest_ask"] = result.deepest_ask.to_string();
    json["deepest_bid"] = result.deepest_bid.to_string();
  }
  return json;
}

Json walk_json(const WalkReport& walk) {
  Json json = {{"base", walk.base},
               {"quote", walk.quote},
               {"buy", {{"venue", walk.buy}, {"ask", walk.best_ask.to_string()}}},
               {"sell", {{"venue", walk.sell}, {"bid", walk.best_bid.to_string()}}},
               {"gross_bps", bps_text(walk.gross)},
               {"without_fees", walk_result_json(walk.without_fees)}};
  if (walk.with_fees) {
    json["buy"]["taker_fee_bps"] = bps_text(walk.buy_fee);
    json["sell"]["taker_fee_bps"] = bps_text(walk.sell_fee);
    json["with_fees"] = walk_result_json(*walk.with_fees);
  }
  return json;
}

}  // namespace

std::string scan_json(const ScanReport& report) {
  Json recordings = Json::array();
  for (const auto& scan : report.frames) recordings.push_back(frames_json(*scan));
  Json quotes = Json::array();
  for (const auto& scan : report.quotes) quotes.push_back(quotes_json(*scan));
  Json edges = Json::array();
  for (const EdgeReport& edge : report.board.report()) edges.push_back(edge_json(edge, report));
  Json books = Json::array();
  Json walks = Json::array();
  for (const BooksScan& scan : report.books) {
    books.push_back(books_json(scan));
    for (const WalkReport& walk : scan.walks) {
      walks.push_back(walk_json(walk));
      walks.back()["file"] = scan.path;
    }
  }
  const Json document = {{"recordings", std::move(recordings)},
                         {"quotes", std::move(quotes)},
                         {"books", std::move(books)},
                         {"edges", std::move(edges)},
                         {"walks", std::move(walks)}};
  // What a file calls itself may be no UTF-8.
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ats::services

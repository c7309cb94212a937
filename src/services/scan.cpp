#include "services/scan.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "services/command_line.hpp"
#include "services/scan_report.hpp"

namespace ats::services {
namespace {

struct ScanOptions {
  std::vector<std::string> files;
  FeedOptions feed;
  TakerFees fees;
};

Status<std::string> scan(const ScanOptions& options, Progress& progress, ScanReport& report) {
  report.fees_off = options.fees.off();
  std::vector<ScanSource*> sources;
  for (const std::string& path : options.files) {
    const auto file = RecordingFile::open(path, &progress);
    if (!file) return fail(file.error());
    if (file->holds_records()) {
      auto venues = RecordingFeed::venues(*file, options.feed);
      if (!venues) return fail(venues.error());
      const bool several = !venues->empty();
      if (!several) venues->push_back(options.feed.venue);
      for (const std::string& venue : *venues) {
        if (several && !options.feed.venue.empty() && venue != options.feed.venue) continue;
        FeedOptions feed = options.feed;
        feed.venue = venue;
        auto frames = FrameScan::open(*file, feed, options.fees, report.board);
        if (!frames) return fail(frames.error());
        sources.push_back(frames->get());
        report.frames.push_back(*std::move(frames));
      }
    } else if (file->format().quotes != nullptr) {
      auto quotes = QuoteScan::open(*file, options.fees);
      if (!quotes) return fail(quotes.error());
      sources.push_back(quotes->get());
      report.quotes.push_back(*std::move(quotes));
    } else {
      auto books = scan_books(*file, options.fees, options.feed.venue, options.feed.symbol);
      if (!books) return fail(books.error());
      report.books.push_back(*std::move(books));
    }
  }
  if (auto played = play(sources, report.board); !played) return played;
  for (const auto& frames : report.frames) {
    if (frames->feed().counters().decoded() != 0) continue;
    std::string outcomes;
    const auto& counters = frames->feed().counters();
    for (std::size_t i = 0; i < counters.outcomes.size(); ++i) {
      if (counters.outcomes[i] != 0)
        outcomes += fmt::format(" {} {}", venues::name(static_cast<venues::FrameOutcome>(i)),
                                counters.outcomes[i]);
    }
    return fail(fmt::format("{}: nothing decodes as {} ({} frames:{})",
                            frames->feed().file().path(), frames->feed().venue_name(),
                            counters.records, outcomes));
  }
  return Done{};
}

}  // namespace

int scan_command(int argc, const char* const* argv) {
  ScanOptions options;
  std::vector<std::string> fees;
  bool json = false;
  bool no_fees = false;
  CLI::App app(
      "Runs recorded market data through the books and the detector: every checksum and sequence\n"
      "number checked, every gap reported; edges between venues over time, and what walking both\n"
      "books would have brought. All files are merged by their clocks.",
      "ats scan");
  app.add_option("--from,files", options.files,
                 "recordings: files, plain, gzip or zstd, or capture folders; - is standard input")
      ->required();
  app.add_flag("--json", json, "one JSON document instead of tables (docs/scan.md)");
  auto* fee = app.add_option("--fee,--fees", fees, "taker fees in basis points: VENUE=BPS ...");
  app.add_flag("--no-fees", no_fees, "only what holds before fees")->excludes(fee);
  app.add_option("--venue", options.feed.venue,
                 "whose frames they are, else the recording tells; of several, this one");
  app.add_flag("--events", options.feed.events,
               "of captures the normalised events, though there are frames");
  app.add_option("--symbol", options.feed.symbol, "only this instrument of frames");
  app.footer(
      "Examples:\n"
      "  ats scan --from kraken.jsonl.gz --json\n"
      "  ats scan --from spot.ns_json.gz usdm.ns_json.gz --fee binance=7.5\n"
      "  ats scan --from quotes.csv.gz books.json.gz --no-fees");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (no_fees) options.fees = TakerFees::none();
  for (const std::string& told : fees) {
    if (const auto set = options.fees.set(told); !set) return usage_error(set.error());
  }
  // Tables may be of any venue; frames only of those whose decoder is here.
  if (!options.feed.venue.empty() && venues::find_protocol(options.feed.venue) == nullptr) {
    for (const std::string& path : options.files) {
      if (path == "-") continue;
      const auto file = RecordingFile::open(path, nullptr);
      if (!file || file->format().form != RecordingForm::Frames) continue;
      std::string names;
      for (const venues::Protocol* known : venues::protocols())
        names += fmt::format("{}{}", names.empty() ? "" : ", ", known->name);
      return usage_error(fmt::format("--venue {}: expected one of {}", options.feed.venue, names));
    }
  }
  ScanReport report;
  {
    Progress progress;
    if (const auto done = scan(options, progress, report); !done) return failure(done.error());
  }
  const std::string text = json ? scan_json(report) : scan_table(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_done;
}

}  // namespace ats::services

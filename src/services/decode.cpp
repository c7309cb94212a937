#include "services/decode.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "services/command_line.hpp"
#include "services/decode_counts.hpp"
#include "services/describe.hpp"
#include "services/recording_feed.hpp"

namespace ats::services {
namespace {

class Printer final : public EventSink {
 public:
  explicit Printer(const Universe& universe) : universe_(&universe) {}
  void on(const Event& event) override {
    const std::string line = describe(event, *universe_);
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
  }

 private:
  const Universe* universe_;
};

using Outcomes = std::array<std::uint64_t, venues::frame_outcome_count>;

Status<std::string> decode(const std::string& path, const FeedOptions& options, Progress& progress,
                           Outcomes& outcomes) {
  const auto file = RecordingFile::open(path, &progress);
  if (!file) return fail(file.error());
  if (!file->holds_records())
    return fail(
        fmt::format("{}: is {}, which holds no frames; see ats scan", path, file->format().name));
  auto venues = RecordingFeed::venues(*file, options);
  if (!venues) return fail(venues.error());
  if (venues->empty()) venues->push_back(options.venue);
  for (const std::string& venue : *venues) {
    if (!options.venue.empty() && venue != options.venue) continue;
    FeedOptions of = options;
    of.venue = venue;
    const auto feed = RecordingFeed::open(*file, of);
    if (!feed) return fail(feed.error());
    Printer printer((*feed)->universe());
    while (true) {
      const auto more = (*feed)->fetch();
      if (!more) return fail(more.error());
      if (!*more) break;
      (*feed)->deliver(printer);
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      outcomes[i] += (*feed)->counters().outcomes[i];
  }
  return Done{};
}

int decode_counts(const std::vector<std::string>& files, const FeedOptions& options, bool json) {
  std::vector<KindCounts> all;
  Progress progress;
  for (const std::string& path : files) {
    const auto file = RecordingFile::open(path, &progress);
    if (!file) return failure(file.error());
    if (!file->holds_records()) {
      return failure(
          fmt::format("{}: is {}, which holds no frames; see ats scan", path, file->format().name));
    }
    auto counts = count_kinds(*file, options);
    if (!counts) return failure(counts.error());
    std::move(counts->begin(), counts->end(), std::back_inserter(all));
  }
  std::string text = json ? counts_json(all) : counts_text(all);
  if (!json && files.size() > 1) text += "\n" + counts_text(totals(all));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_done;
}

}  // namespace

int decode_command(int argc, const char* const* argv) {
  std::vector<std::string> files;
  std::string venue;
  FeedOptions options;
  CLI::App app("Prints recorded frames as normalised events, one JSON object a line.",
               "ats decode");
  bool counts = false;
  bool json = false;
  app.add_option("--venue", venue, "whose frames they are; else the recording tells");
  app.add_option("--symbol", options.symbol, "only this instrument");
  auto* counting = app.add_flag("--counts", counts,
                                "only how many frames of each kind, and what became of them");
  app.add_flag("--json", json, "the counts as JSON")->needs(counting);
  app.add_option("files", files,
                 "recordings: files, plain, gzip or zstd, or capture folders; - is standard input")
      ->required();
  app.footer(
      "Examples:\n"
      "  ats decode --venue kraken recording.jsonl.gz\n"
      "  ats decode --counts *.jsonl.gz\n"
      "  zcat frames.gz | ats decode --venue binance --symbol BTCUSDT -");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (!venue.empty()) {
    options.protocol = venues::find_protocol(venue);
    if (options.protocol == nullptr) {
      std::string names;
      for (const venues::Protocol* known : venues::protocols())
        names += fmt::format("{}{}", names.empty() ? "" : ", ", known->name);
      return usage_error(fmt::format("--venue {}: expected one of {}", venue, names));
    }
    options.venue = options.protocol->name;
  }
  if (counts) return decode_counts(files, options, json);
  Outcomes outcomes{};
  {
    Progress progress;
    for (const std::string& path : files) {
      if (const auto done = decode(path, options, progress, outcomes); !done)
        return failure(done.error());
    }
  }
  if (std::fflush(stdout) != 0) return failure("what was decoded could not be written");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto outcome = static_cast<venues::FrameOutcome>(i);
    if (outcome != venues::FrameOutcome::Decoded && outcomes[i] != 0)
      fmt::print(stderr, "ats: {} {}\n", venues::name(outcome), outcomes[i]);
  }
  if (outcomes[static_cast<std::size_t>(venues::FrameOutcome::Decoded)] == 0)
    return failure(venue.empty() ? std::string("nothing decodes")
                                 : fmt::format("nothing decodes as {}", venue));
  return exit_done;
}

}  // namespace ats::services

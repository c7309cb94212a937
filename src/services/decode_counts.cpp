#include "services/decode_counts.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "services/frame_kind.hpp"

namespace ats::services {
namespace {

class NoSink final : public EventSink {
 public:
  void on(const Event&) override {}
};

}  // namespace

Result<std::vector<KindCounts>, std::string> count_kinds(const RecordingFile& file,
                                                         const FeedOptions& options) {
  auto venues = RecordingFeed::venues(file, options);
  if (!venues) return fail(venues.error());
  if (venues->empty()) venues->push_back(options.venue);
  std::vector<KindCounts> all;
  FrameKinds kinds;
  NoSink sink;
  for (const std::string& venue : *venues) {
    if (!options.venue.empty() && venue != options.venue) continue;
    FeedOptions of = options;
    of.venue = venue;
    const auto feed = RecordingFeed::open(file, of);
    if (!feed) return fail(feed.error());
    KindCounts counts{file.path(), std::string((*feed)->venue_name()), {}};
    for (;;) {
      const auto more = (*feed)->fetch();
      if (!more) return fail(more.error());
      if (!*more) break;
      const SourceRecord& record = (*feed)->record();
      std::string kind;
      if (record.kind == RecordKind::Frame) {
        kind = kinds.kind_of(record.data);
      } else if (record.kind == RecordKind::Rest) {
        kind = "REST " + kinds.kind_of(record.data);
      } else if (record.kind == RecordKind::Event) {
        kind = "event";
      }
      const std::uint64_t before = (*feed)->counters().records;
      const auto outcome = (*feed)->deliver(sink);
      if ((*feed)->counters().records != before)
        ++counts.kinds[kind][static_cast<std::size_t>(outcome)];
    }
    all.push_back(std::move(counts));
  }
  return all;
}

std::string counts_json(const std::vector<KindCounts>& all) {
  using Json = nlohmann::ordered_json;
  Json files = Json::array();
  for (const KindCounts& counts : all) {
    Json kinds = Json::object();
    for (const auto& [kind, outcomes] : counts.kinds) {
      Json told = Json::object();
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] != 0)
          told[venues::name(static_cast<venues::FrameOutcome>(i))] = outcomes[i];
      }
      kinds[kind] = std::move(told);
    }
    files.push_back({{"file", counts.file}, {"venue", counts.venue}, {"kinds", std::move(kinds)}});
  }
  return files.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string counts_text(const std::vector<KindCounts>& all) {
  std::string out;
  for (const KindCounts& counts : all) {
    out += fmt::format("{}\n  {}\n", counts.file, counts.venue);
    for (const auto& [kind, outcomes] : counts.kinds) {
      std::uint64_t frames = 0;
      std::string told;
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        frames += outcomes[i];
        if (outcomes[i] != 0)
          told += fmt::format("  {} {}", outcomes[i],
                              venues::name(static_cast<venues::FrameOutcome>(i)));
      }
      out += fmt::format("  {:<28} {:>9}{}\n", kind, frames, told);
    }
  }
  return out;
}

}  // namespace ats::services

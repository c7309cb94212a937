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

std::string kind_of(FrameKinds& kinds, const Record& record) {
  if (record.kind == RecordKind::Frame) return kinds.kind_of(record.data);
  if (record.kind == RecordKind::Rest) return "REST " + kinds.kind_of(record.data);
  return record.kind == RecordKind::Event ? "event" : "";
}

// Of a recording that has no decoder: whatever is JSON is of no kind we know.
Result<KindCounts, std::string> count_unknown(const RecordingFile& file) {
  KindCounts counts{file.path(), std::string(unknown_venue), {}};
  FrameKinds kinds;
  auto source = file.source();
  if (!source) return fail(source.error());
  for (;;) {
    const auto record = (*source)->next();
    if (!record) return fail(record.error());
    if (!*record) return counts;
    const std::string kind = kind_of(kinds, **record);
    if (kind.empty()) continue;
    const auto outcome = kind == FrameKinds::not_json ? venues::FrameOutcome::Malformed
                                                      : venues::FrameOutcome::UnknownKind;
    ++counts.kinds[kind][static_cast<std::size_t>(outcome)];
  }
}

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
    if (!feed) {
      if (!options.venue.empty() || !options.symbol.empty()) return fail(feed.error());
      auto unknown = count_unknown(file);  // what is wrong with the file itself is so here too
      if (!unknown) return fail(unknown.error());
      all.push_back(*std::move(unknown));
      continue;
    }
    KindCounts counts{file.path(), std::string((*feed)->venue_name()), {}};
    for (;;) {
      const auto more = (*feed)->fetch();
      if (!more) return fail(more.error());
      if (!*more) break;
      const SourceRecord& record = (*feed)->record();
      const std::string kind = kind_of(kinds, record);
      const std::uint64_t before = (*feed)->counters().records;
      const auto outcome = (*feed)->deliver(sink);
      if ((*feed)->counters().records != before)
        ++counts.kinds[kind][static_cast<std::size_t>(outcome)];
    }
    all.push_back(std::move(counts));
  }
  return all;
}

std::vector<KindCounts> totals(const std::vector<KindCounts>& all) {
  std::map<std::string, KindCounts> by_venue;
  std::map<std::string, std::size_t> files;
  for (const KindCounts& counts : all) {
    KindCounts& total = by_venue[counts.venue];
    total.venue = counts.venue;
    ++files[counts.venue];
    for (const auto& [kind, outcomes] : counts.kinds) {
      auto& sum = total.kinds[kind];
      for (std::size_t i = 0; i < outcomes.size(); ++i) sum[i] += outcomes[i];
    }
  }
  std::vector<KindCounts> out;
  for (auto& [venue, total] : by_venue) {
    total.file = fmt::format("{} {}", files[venue], files[venue] == 1 ? "file" : "files");
    out.push_back(std::move(total));
  }
  return out;
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

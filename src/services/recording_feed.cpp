#include "services/recording_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ats::services {
namespace {

using venues::FrameOutcome;
using venues::Protocol;

// Frames looked at to find out whose they are.
constexpr std::size_t sample_max = 512;

class NoSink final : public EventSink {
 public:
  void on(const Event&) override {}
};

// What a REST answer is, by its URL.
struct RestUrl {
  bool depth = false;
  std::string_view symbol;
};

RestUrl read_url(std::string_view url) {
  RestUrl read;
  const std::size_t query_at = std::min(url.find('?'), url.size());
  const std::string_view path = url.substr(0, query_at);
  read.depth = path.ends_with("/depth") || path.ends_with("/Depth");
  std::string_view query = url.substr(query_at);
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view field = query.substr(0, query.find('&'));
    for (const std::string_view key : {"symbol=", "pair="}) {
      if (field.starts_with(key)) read.symbol = field.substr(key.size());
    }
    query.remove_prefix(field.size());
  }
  return read;
}

std::uint64_t frames_decoded(const Protocol& protocol, const std::vector<std::string>& frames) {
  const auto discovery = protocol.make_discovery();
  for (const std::string& frame : frames) discovery->on_frame(frame);
  Universe universe;
  const VenueId venue = universe.add_venue(protocol.name, protocol.rules);
  discovery->finish(venue, universe);
  const auto decoder = protocol.make_decoder(venue, universe);
  NoSink sink;
  std::uint64_t decoded = 0;
  for (const std::string& frame : frames)
    decoded += decoder->on_frame(frame, {}, sink) == FrameOutcome::Decoded ? 1u : 0u;
  return decoded;
}

// Passes on what concerns one instrument, and what concerns all.
class OnlyInstrument final : public EventSink {
 public:
  OnlyInstrument(EventSink& to, InstrumentId only) : to_(to), only_(only) {}
  void on(const Event& event) override {
    const InstrumentId of = std::visit(
        [](const auto& e) -> InstrumentId {
          using E = std::decay_t<decltype(e)>;
          if constexpr (std::is_same_v<E, InstrumentChanged>) {
            return e.instrument.id;
          } else if constexpr (requires { InstrumentId(e.instrument); }) {
            return e.instrument;
          } else {
            return {};
          }
        },
        event);
    if (!of.valid() || of == only_) to_.on(event);
  }

 private:
  EventSink& to_;
  InstrumentId only_;
};

}  // namespace

Result<std::unique_ptr<RecordingFeed>, std::string> RecordingFeed::open(
    const RecordingFile& file, const FeedOptions& options) {
  std::unique_ptr<RecordingFeed> feed(new RecordingFeed(file));
  feed->protocol_ = options.protocol;
  if (feed->protocol_ == nullptr) {
    if (const auto known = feed->identify(); !known) return fail(known.error());
  }
  if (const auto learnt = feed->learn(options); !learnt) return fail(learnt.error());
  feed->decoder_ = feed->protocol_->make_decoder(feed->venue_, feed->universe_);
  auto lines = feed->file_.lines();
  if (!lines) return fail(lines.error());
  feed->lines_ = *std::move(lines);
  feed->reader_ = feed->file_.format().records();
  return feed;
}

template <class Take>
Status<std::string> RecordingFeed::each_record(Take take) const {
  auto lines = file_.lines();
  if (!lines) return fail(lines.error());
  const auto reader = file_.format().records();
  while (true) {
    const auto line = lines->next();
    if (!line) return fail(line.error());
    if (!*line) return Done{};
    const auto record = reader->read(**line);
    if (!record) return fail(lines->at_line(record.error()));
    if (*record && !take(**record)) return Done{};
  }
}

Status<std::string> RecordingFeed::identify() {
  std::vector<std::string> sample;
  auto read = each_record([&](const Record& record) {
    if (!record.venue.empty()) protocol_ = venues::find_protocol(record.venue);
    if (record.kind == RecordKind::Frame) sample.emplace_back(record.data);
    return protocol_ == nullptr && sample.size() < sample_max;
  });
  if (!read || protocol_ != nullptr) return read;
  std::uint64_t most = 0;
  for (const Protocol* candidate : venues::protocols()) {
    const std::uint64_t decoded = frames_decoded(*candidate, sample);
    if (decoded > most) {
      most = decoded;
      protocol_ = candidate;
    }
  }
  if (protocol_ != nullptr) return read;
  std::string names;
  for (const Protocol* known : venues::protocols())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known->name);
  return fail(
      fmt::format("{}: none of its first {} frames is one of {}; name the venue with --venue",
                  file_.path(), sample.size(), names));
}

Status<std::string> RecordingFeed::learn(const FeedOptions& options) {
  const auto discovery = protocol_->make_discovery();
  bool bodies_without_symbol = false;
  auto read = each_record([&](const Record& record) {
    if (record.kind == RecordKind::Frame) {
      discovery->on_frame(record.data);
    } else if (record.kind == RecordKind::Rest) {
      const RestUrl url = read_url(record.url);
      if (record.url.empty()) {
        bodies_without_symbol = true;
      } else if (!url.depth) {
        discovery->on_metadata_body(record.data);
      } else if (!url.symbol.empty()) {
        discovery->on_depth_body(url.symbol, record.data);
      }
    }
    return true;
  });
  if (!read) return read;
  venue_ = universe_.add_venue(protocol_->name, protocol_->rules);
  discovery->finish(venue_, universe_);
  if (!options.symbol.empty()) {
    only_ = find(options.symbol);
    if (!only_.valid()) {
      std::string known;
      for (const Instrument& i : universe_.instruments())
        known += fmt::format("{}{}", known.empty() ? "" : ", ", i.symbol.view());
      return fail(fmt::format("{}: no instrument {} in it; there are: {}", file_.path(),
                              options.symbol, known.empty() ? "none" : known));
    }
    single_ = only_;
  } else if (universe_.instruments().size() == 1) {
    single_ = universe_.instruments().front().id;
  }
  if (!bodies_without_symbol || !single_.valid()) return Done{};
  // Their decimals count as well: what they hold may be finer than any frame.
  const Text<31> symbol = universe_.instrument(single_).symbol;
  read = each_record([&](const Record& record) {
    if (record.kind == RecordKind::Rest && record.url.empty())
      discovery->on_depth_body(symbol.view(), record.data);
    return true;
  });
  discovery->finish(venue_, universe_);
  return read;
}

InstrumentId RecordingFeed::find(std::string_view symbol) const {
  if (symbol.empty()) return {};
  for (const Instrument& i : universe_.instruments()) {
    if (i.symbol.view() == symbol || i.rest_symbol.view() == symbol ||
        universe_.pair_name(i.pair) == symbol) {
      return i.id;
    }
  }
  return {};
}

InstrumentId RecordingFeed::instrument_of(const Record& record) const {
  if (record.url.empty()) return single_;
  return find(read_url(record.url).symbol);
}

Result<bool, std::string> RecordingFeed::fetch() {
  while (true) {
    const auto line = lines_->next();
    if (!line) return fail(line.error());
    if (!*line) return false;
    const auto record = reader_->read(**line);
    if (!record) return fail(lines_->at_line(record.error()));
    if (!*record || (*record)->kind == RecordKind::Other) continue;
    record_ = **record;
    counters_.clock_back += record_.ns != 0 && record_.ns < now_.ns ? 1u : 0u;
    now_ = std::max(now_, Instant{record_.ns});
    return true;
  }
}

void RecordingFeed::deliver(EventSink& sink) {
  if (record_.kind == RecordKind::Connect) return;
  OnlyInstrument filtered(sink, only_);
  EventSink& to = only_.valid() ? static_cast<EventSink&>(filtered) : sink;
  FrameOutcome outcome;
  if (record_.kind == RecordKind::Rest) {
    if (!record_.url.empty() && !read_url(record_.url).depth) {
      ++counters_.other_rest;
      return;
    }
    const InstrumentId instrument = instrument_of(record_);
    outcome = instrument.valid() ? decoder_->on_depth_body(instrument, record_.data, now_, to)
                                 : FrameOutcome::UnknownSymbol;
  } else {
    outcome = decoder_->on_frame(record_.data, now_, to);
  }
  ++counters_.records;
  ++counters_.outcomes[static_cast<std::size_t>(outcome)];
}

}  // namespace ats::services

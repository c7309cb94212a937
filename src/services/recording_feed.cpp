#include "services/recording_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "venues/table_rules.hpp"

namespace ats::services {
namespace {

using venues::FrameOutcome;
using venues::Protocol;

// Frames looked at to find out whose they are.
constexpr std::size_t sample_max = 512;

std::string known_venues() {
  std::string names;
  for (const Protocol* known : venues::protocols())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known->name);
  return names;
}

// Of a file that lies in a folder of the venue's name: "kraken/fixtures.jsonl".
const Protocol* protocol_of_folder(std::string_view path) {
  const std::size_t end = path.rfind('/');
  if (end == std::string_view::npos) return nullptr;
  path = path.substr(0, end);
  const std::size_t begin = path.rfind('/');
  return venues::find_protocol(begin == std::string_view::npos ? path : path.substr(begin + 1));
}

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
  for (const std::string_view end : {"/depth", "/Depth", "/product_book", "/orderbook"})
    read.depth = read.depth || path.ends_with(end);
  // Bitfinex names the book in the path: /v2/book/tBTCUSD/P0.
  constexpr std::string_view book = "/book/";
  if (const std::size_t at = path.find(book); at != std::string_view::npos) {
    read.depth = true;
    const std::string_view rest = path.substr(at + book.size());
    read.symbol = rest.substr(0, rest.find('/'));
  }
  std::string_view query = url.substr(query_at);
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view field = query.substr(0, query.find('&'));
    for (const std::string_view key : {"symbol=", "pair=", "product_id=", "markets="}) {
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

Result<std::vector<std::string>, std::string> RecordingFeed::venues(const RecordingFile& file,
                                                                    const FeedOptions& options) {
  std::vector<std::string> names;
  if (file.format().form == RecordingForm::Frames) return names;
  auto source = file.source(options.venue, options.symbol);
  if (!source) return fail(source.error());
  for (;;) {
    const auto record = (*source)->next();
    if (!record) return fail(record.error());
    if (!*record) return names;
    if (std::find(names.begin(), names.end(), (*record)->venue) == names.end())
      names.emplace_back((*record)->venue);
  }
}

Result<std::unique_ptr<RecordingFeed>, std::string> RecordingFeed::open(
    const RecordingFile& file, const FeedOptions& options) {
  std::unique_ptr<RecordingFeed> feed(new RecordingFeed(file, options));
  feed->protocol_ = options.protocol;
  feed->venue_name_ = options.venue;
  if (feed->protocol_ != nullptr) feed->venue_name_ = feed->protocol_->name;
  if (feed->venue_name_.empty()) {
    if (const auto known = feed->identify(); !known) return fail(known.error());
  } else if (feed->protocol_ == nullptr) {
    feed->protocol_ = venues::find_protocol(feed->venue_name_);
  }
  if (const auto learnt = feed->learn(); !learnt) return fail(learnt.error());
  if (!feed->events_) feed->decoder_ = feed->protocol_->make_decoder(feed->venue_, feed->universe_);
  auto source = feed->source();
  if (!source) return fail(source.error());
  feed->source_ = *std::move(source);
  return feed;
}

Result<std::unique_ptr<RecordSource>, std::string> RecordingFeed::source() const {
  return file_.source(options_.venue, options_.symbol);
}

template <class Take>
Status<std::string> RecordingFeed::each_record(Take take) const {
  auto source = this->source();
  if (!source) return fail(source.error());
  while (true) {
    const auto record = (*source)->next();
    if (!record) return fail(record.error());
    if (!*record) return Done{};
    if (!venue_name_.empty() && !ours(**record)) continue;
    if (!take(**record, **source)) return Done{};
  }
}

Status<std::string> RecordingFeed::identify() {
  std::vector<std::string> sample;
  auto read = each_record([&](const SourceRecord& record, RecordSource&) {
    if (!record.venue.empty()) {
      protocol_ = venues::find_protocol(record.venue);
      // Of a venue that is not in the registry events can be played, frames cannot.
      if (protocol_ != nullptr || record.kind == RecordKind::Event) venue_name_ = record.venue;
    }
    if (record.kind == RecordKind::Frame) sample.emplace_back(record.data);
    return venue_name_.empty() && sample.size() < sample_max;
  });
  if (!read || !venue_name_.empty()) return read;
  std::uint64_t most = 0;
  for (const Protocol* candidate : venues::protocols()) {
    const std::uint64_t decoded = frames_decoded(*candidate, sample);
    if (decoded > most) {
      most = decoded;
      protocol_ = candidate;
    }
  }
  // A handful of frames may look like anybody's.
  if (const Protocol* kept_under = protocol_of_folder(file_.path());
      kept_under != nullptr && 2 * most <= sample.size())
    protocol_ = kept_under;
  if (protocol_ != nullptr) {
    venue_name_ = protocol_->name;
    return read;
  }
  return fail(
      fmt::format("{}: none of its first {} frames is one of {}; name the venue with --venue",
                  file_.path(), sample.size(), known_venues()));
}

Status<std::string> RecordingFeed::learn() {
  const auto discovery = protocol_ == nullptr ? nullptr : protocol_->make_discovery();
  std::uint64_t frames = 0;
  std::uint64_t events = 0;
  bool bodies_without_symbol = false;
  bool table = false;
  std::vector<Universe> told;  // what the recorder knew, one after the other
  std::optional<std::uint64_t> told_number;
  auto read = each_record([&](const SourceRecord& record, RecordSource& source) {
    last_ns_ = std::max(last_ns_, record.ns);
    if (const Universe* known = source.instruments();
        known != nullptr && told_number != source.instruments_number()) {
      told_number = source.instruments_number();
      told.push_back(*known);
    }
    if (record.kind == RecordKind::Event) {
      ++events;
      table = table || record.connection == table_connection;
    }
    if (record.kind == RecordKind::Frame) {
      ++frames;
      if (discovery && told.empty()) discovery->on_frame(record.data);
    } else if (record.kind == RecordKind::Rest && discovery) {
      const RestUrl url = read_url(record.url);
      if (record.url.empty()) {
        bodies_without_symbol = true;
      } else if (!url.depth) {
        if (told.empty()) discovery->on_metadata_body(record.data);
      } else if (!url.symbol.empty() && told.empty()) {
        discovery->on_depth_body(url.symbol, record.data);
      }
    }
    return true;
  });
  if (!read) return read;
  events_ = events != 0 && (frames == 0 || options_.events);
  if (!events_ && protocol_ == nullptr) {
    return fail(fmt::format("{}: frames of \"{}\", expected those of one of {}", file_.path(),
                            venue_name_, known_venues()));
  }
  of_table_ = table || protocol_ == nullptr;
  venue_ = universe_.add_venue(venue_name_, of_table_ ? venues::table_rules : protocol_->rules);
  for (const Universe& known : told) adopt(known);
  if (told.empty()) discovery->finish(venue_, universe_);
  if (auto chosen = choose(); !chosen) return chosen;
  if (events_ || !bodies_without_symbol || !single_.valid()) return Done{};
  // Their decimals count as well: what they hold may be finer than any frame.
  const Text<31> symbol = universe_.instrument(single_).symbol;
  read = each_record([&](const SourceRecord& record, RecordSource&) {
    if (record.kind == RecordKind::Rest && record.url.empty())
      discovery->on_depth_body(symbol.view(), record.data);
    return true;
  });
  discovery->finish(venue_, universe_);
  return read;
}

// The recorder's own instruments: nothing has to be guessed.
void RecordingFeed::adopt(const Universe& told) {
  const VenueId there = told.find_venue(venue_name_);
  for (const Instrument& known : told.instruments()) {
    if (known.venue != there) continue;
    Instrument i = known;
    i.venue = venue_;
    i.base = universe_.add_asset(told.asset(known.base).name.view());
    i.quote = universe_.add_asset(told.asset(known.quote).name.view());
    universe_.add_instrument(i);
  }
}

Status<std::string> RecordingFeed::choose() {
  const bool by_name = file_.format().form == RecordingForm::Table;
  if (!options_.symbol.empty() && !by_name) {
    only_ = find(options_.symbol);
    if (!only_.valid()) {
      std::string known;
      for (const Instrument& i : universe_.instruments())
        known += fmt::format("{}{}", known.empty() ? "" : ", ", i.symbol.view());
      return fail(fmt::format("{}: no instrument {} in it; there are: {}", file_.path(),
                              options_.symbol, known.empty() ? "none" : known));
    }
    single_ = only_;
  } else if (universe_.instruments().size() == 1) {
    single_ = universe_.instruments().front().id;
  }
  if (by_name && !options_.symbol.empty()) only_ = find(options_.symbol);
  return Done{};
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
    const auto record = source_->next();
    if (!record) return fail(record.error());
    if (!*record) return false;
    if (!ours(**record) || (*record)->kind == RecordKind::Other) continue;
    const bool frame = (*record)->kind == RecordKind::Frame || (*record)->kind == RecordKind::Rest;
    if (events_ ? frame : (*record)->kind == RecordKind::Event) continue;
    record_ = **record;
    counters_.lost += record_.lost;
    counters_.clock_back += record_.ns != 0 && record_.ns < now_.ns ? 1u : 0u;
    now_ = std::max(now_, Instant{record_.ns});
    return true;
  }
}

bool RecordingFeed::renamed(Event& event) {
  if (ids_of_ != source_->instruments_number() || ids_.empty()) {
    ids_of_ = source_->instruments_number();
    ids_.clear();
    const VenueId there = record_.universe->find_venue(venue_name_);
    for (const Instrument& i : record_.universe->instruments()) {
      ids_.push_back(i.venue == there ? universe_.find_instrument(venue_, i.symbol.view())
                                      : InstrumentId{});
    }
  }
  const auto id_of = [this](InstrumentId there) {
    return there.valid() && there.index() < ids_.size() ? ids_[there.index()] : InstrumentId{};
  };
  return std::visit(
      [&](auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (requires { e.times.recv_time; }) e.times.recv_time = now_;
        if constexpr (requires { e.venue = VenueId{}; }) e.venue = venue_;
        if constexpr (std::is_same_v<E, InstrumentChanged>) {
          const InstrumentId id = id_of(e.instrument.id);
          if (!id.valid()) return false;
          const Instrument& known = universe_.instrument(id);
          e.instrument.id = id;
          e.instrument.venue = venue_;
          e.instrument.pair = known.pair;
          e.instrument.base = known.base;
          e.instrument.quote = known.quote;
        } else if constexpr (requires { e.instrument = InstrumentId{}; }) {
          const bool all = !e.instrument.valid();  // a fault of the whole venue
          e.instrument = id_of(e.instrument);
          return all || e.instrument.valid();
        }
        return true;
      },
      event);
}

FrameOutcome RecordingFeed::deliver(EventSink& sink) {
  if (record_.kind == RecordKind::Connect || record_.kind == RecordKind::Disconnect ||
      record_.kind == RecordKind::Lost)
    return FrameOutcome::Ignored;
  OnlyInstrument filtered(sink, only_);
  EventSink& to = only_.valid() ? static_cast<EventSink&>(filtered) : sink;
  FrameOutcome outcome = FrameOutcome::Decoded;
  if (record_.kind == RecordKind::Event) {
    Event event = *record_.event;
    if (renamed(event)) {
      to.on(event);
    } else {
      outcome = FrameOutcome::UnknownSymbol;
    }
  } else if (record_.kind == RecordKind::Rest) {
    if (!record_.url.empty() && !read_url(record_.url).depth) {
      ++counters_.other_rest;
      return FrameOutcome::Ignored;
    }
    const InstrumentId instrument = instrument_of(record_);
    outcome = instrument.valid() ? decoder_->on_depth_body(instrument, record_.data, now_, to)
                                 : FrameOutcome::UnknownSymbol;
  } else {
    outcome = decoder_->on_frame(record_.data, now_, to);
  }
  ++counters_.records;
  ++counters_.outcomes[static_cast<std::size_t>(outcome)];
  return outcome;
}

}  // namespace ats::services

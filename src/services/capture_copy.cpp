#include "services/capture_copy.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "domain/codec.hpp"
#include "services/recording_feed.hpp"

namespace ats::services {
namespace {

// One universe of all that the sources tell, and each source's ids in it.
class Joined {
 public:
  // The ids of the source's venues and instruments, which are added.
  struct Ids {
    std::optional<std::uint64_t> number;
    std::vector<VenueId> venues;
    std::vector<InstrumentId> instruments;
  };

  void learn(const Universe& told, Ids& ids) {
    ids.venues.clear();
    ids.instruments.clear();
    for (const VenueInfo& venue : told.venues()) {
      VenueId id = universe_.find_venue(venue.name.view());
      if (!id.valid()) id = universe_.add_venue(venue.name.view(), venue.book);
      ids.venues.push_back(id);
    }
    for (const Instrument& known : told.instruments()) {
      Instrument i = known;
      i.venue = ids.venues[known.venue.index()];
      i.base = universe_.add_asset(told.asset(known.base).name.view());
      i.quote = universe_.add_asset(told.asset(known.quote).name.view());
      const InstrumentId there = universe_.find_instrument(i.venue, i.symbol.view());
      // Another grid for the same name would change what is told already.
      if (there.valid()) {
        const Instrument& held = universe_.instrument(there);
        differs_ = differs_ || held.price_scale != i.price_scale || held.qty_scale != i.qty_scale;
        ids.instruments.push_back(there);
      } else {
        ids.instruments.push_back(universe_.add_instrument(i));
      }
    }
  }
  const Universe& universe() const { return universe_; }
  bool differs() const { return differs_; }

 private:
  Universe universe_;
  bool differs_ = false;
};

Event renamed(const Event& event, const Joined::Ids& ids, const Universe& joined) {
  Event out = event;
  std::visit(
      [&](auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (requires { e.venue = VenueId{}; }) {
          if (e.venue.valid()) e.venue = ids.venues[e.venue.index()];
        }
        if constexpr (std::is_same_v<E, InstrumentChanged>) {
          const Instrument& there = joined.instrument(ids.instruments[e.instrument.id.index()]);
          e.instrument.id = there.id;
          e.instrument.venue = there.venue;
          e.instrument.pair = there.pair;
          e.instrument.base = there.base;
          e.instrument.quote = there.quote;
        } else if constexpr (requires { e.instrument = InstrumentId{}; }) {
          if (e.instrument.valid()) e.instrument = ids.instruments[e.instrument.index()];
        }
      },
      out);
  return out;
}

struct Input {
  const RecordingFile* file = nullptr;
  std::unique_ptr<RecordSource> source;
  std::optional<SourceRecord> record;
  std::int64_t ns = 0;  // of the record, or of the one before where it tells none
  std::string venue;    // of frames that do not say
  Joined::Ids ids;

  Status<std::string> fetch(const CopyOptions& options) {
    for (;;) {
      auto read = source->next();
      if (!read) return fail(read.error());
      record = *read;
      if (!record) return Done{};
      if (!record->venue.empty() && record->kind == RecordKind::Other && !record->sent) {
        venue = record->venue;  // a header
        continue;
      }
      if (record->ns != 0) ns = record->ns;
      if (ns < options.from_ns || ns >= options.to_ns) continue;
      if (record->kind == RecordKind::Other && !record->sent) continue;
      const std::string_view of = record->venue.empty() ? std::string_view(venue) : record->venue;
      if (!options.venues.empty() &&
          std::find(options.venues.begin(), options.venues.end(), of) == options.venues.end())
        continue;
      return Done{};
    }
  }
};

io::CaptureKind kind_of(const SourceRecord& record) {
  switch (record.kind) {
    case RecordKind::Frame:
      return record.binary ? io::CaptureKind::Binary : io::CaptureKind::Text;
    case RecordKind::Rest:
      return io::CaptureKind::Rest;
    case RecordKind::Connect:
      return io::CaptureKind::Connect;
    case RecordKind::Disconnect:
      return io::CaptureKind::Disconnect;
    case RecordKind::Event:
      return io::CaptureKind::Event;
    case RecordKind::Lost:
      return io::CaptureKind::Lost;
    case RecordKind::Other:
      break;
  }
  return record.binary ? io::CaptureKind::SentBinary : io::CaptureKind::SentText;
}

class Copy {
 public:
  Copy(const CopyOptions& options, io::CaptureWriter writer)
      : options_(options), writer_(std::move(writer)) {}

  // Learns what the sources know of instruments, then opens them anew at their beginning.
  Status<std::string> open(const std::vector<RecordingFile>& files) {
    for (const RecordingFile& file : files) {
      Input input;
      input.file = &file;
      if (auto opened = reopen(input); !opened) return opened;
      if (file.format().form == RecordingForm::Frames) {
        auto venue = venue_of(file);
        if (!venue) return fail(venue.error());
        input.venue = *venue;
      } else {
        for (;;) {
          const auto record = input.source->next();
          if (!record) return fail(record.error());
          if (!*record) break;
          learn(input);
        }
        if (auto again = reopen(input); !again) return again;
      }
      if (options_.from_ns > 0) input.source->seek(options_.from_ns);
      inputs_.push_back(std::move(input));
    }
    if (joined_.differs()) {
      return fail(std::string(
          "the recordings have the same instrument in different decimals; their frames can be "
          "merged where they were recorded without events"));
    }
    if (!joined_.universe().instruments().empty()) {
      std::vector<std::byte> bytes;
      const CoreConfig config;
      encode_event(Started{0, {}, &joined_.universe(), &config}, {}, bytes);
      if (auto set = writer_.set_preamble(bytes); !set) return fail(set.error().detail);
    }
    return Done{};
  }

  Result<io::CaptureWritten, std::string> run() {
    for (Input& input : inputs_) {
      if (auto fetched = input.fetch(options_); !fetched) return fail(fetched.error());
    }
    for (;;) {
      Input* first = nullptr;
      for (Input& input : inputs_) {
        if (input.record && (first == nullptr || input.ns < first->ns)) first = &input;
      }
      if (first == nullptr) break;
      if (auto put = this->put(*first); !put) return fail(put.error());
      if (auto fetched = first->fetch(options_); !fetched) return fail(fetched.error());
    }
    if (auto closed = writer_.close(); !closed) return fail(closed.error().detail);
    return writer_.written();
  }

 private:
  Status<std::string> reopen(Input& input) const {
    auto source = input.file->source(options_.venue, options_.symbol);
    if (!source) return fail(source.error());
    input.source = *std::move(source);
    input.ids = {};
    return Done{};
  }

  void learn(Input& input) {
    const Universe* told = input.source->instruments();
    if (told == nullptr || input.ids.number == input.source->instruments_number()) return;
    input.ids.number = input.source->instruments_number();
    joined_.learn(*told, input.ids);
  }

  Result<std::string, std::string> venue_of(const RecordingFile& file) const {
    if (!options_.venue.empty()) return options_.venue;
    FeedOptions feed;
    auto opened = RecordingFeed::open(file, feed);
    if (!opened) return fail(opened.error());
    return std::string((*opened)->venue_name());
  }

  Status<std::string> put(Input& input) {
    const SourceRecord& from = *input.record;
    io::CaptureRecord record;
    record.kind = kind_of(from);
    record.ns = input.ns;
    record.data = from.data;
    if (from.kind == RecordKind::Rest) {
      record.url = from.url;
      record.status = from.status;
    }
    record.lost_records = from.lost;
    const std::string_view venue = from.venue.empty() ? std::string_view(input.venue) : from.venue;
    const std::string_view url = from.kind == RecordKind::Rest ? std::string_view() : from.url;
    record.stream = stream(venue, from.connection, url);
    if (from.kind == RecordKind::Event) {
      learn(input);
      encoded_.clear();
      encode_event(renamed(*from.event, input.ids, joined_.universe()), Instant{input.ns},
                   encoded_);
      record.data = {reinterpret_cast<const char*>(encoded_.data()), encoded_.size()};
    }
    if (auto put = writer_.put(record); !put) return fail(put.error().detail);
    return Done{};
  }

  // A connection's URL is told when it is opened; what it carries need not repeat it.
  std::uint32_t stream(std::string_view venue, std::string_view connection, std::string_view url) {
    for (const auto& [id, known] : streams_) {
      if (known.venue == venue && known.connection == connection &&
          (url.empty() || known.url == url))
        return id;
    }
    io::CaptureStream added{std::string(venue), std::string(connection), std::string(url)};
    const std::uint32_t id = writer_.stream(added);
    // The latest first: a connection that came back elsewhere is meant from then on.
    streams_.insert(streams_.begin(), {id, std::move(added)});
    return id;
  }

  const CopyOptions& options_;
  io::CaptureWriter writer_;
  Joined joined_;
  std::vector<Input> inputs_;
  std::vector<std::pair<std::uint32_t, io::CaptureStream>> streams_;
  std::vector<std::byte> encoded_;
};

}  // namespace

Result<io::CaptureWritten, std::string> copy_recordings(const std::vector<RecordingFile>& files,
                                                        const CopyOptions& options,
                                                        const std::string& out,
                                                        const io::CaptureOptions& capture) {
  if (io::CaptureReader::is_capture(out))
    return fail(fmt::format("{}: is a capture already, expected a new folder", out));
  auto writer = io::CaptureWriter::open(out, capture);
  if (!writer) return fail(writer.error().detail);
  Copy copy(options, *std::move(writer));
  if (auto opened = copy.open(files); !opened) return fail(opened.error());
  return copy.run();
}

}  // namespace ats::services

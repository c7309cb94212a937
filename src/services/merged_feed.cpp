#include "services/merged_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "venues/table_rules.hpp"

namespace ats::services {
namespace {

constexpr std::int64_t silence = 60'000'000'000;
// What several connections write side by side may be so far out of order: it is taken at the latest time so far.
constexpr std::int64_t clock_back = 100'000'000;

bool among(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

}  // namespace

struct MergedFeed::Part {
  std::unique_ptr<RecordingFeed> feed;
  VenueId venue;                  // here
  std::vector<InstrumentId> ids;  // here, by id in the feed; invalid: not wanted
  bool fetched = false, over = false;
  std::int64_t first_ns = 0, last_ns = 0;
  Faults faults;
};

// Passes on what is wanted, in the ids of the merged universe.
class MergedFeed::Translated final : public EventSink {
 public:
  Translated(const MergedFeed& feed, const Part& part, EventSink& to)
      : feed_(feed), part_(part), to_(to) {}

  void on(const Event& event) override {
    Event here = event;
    if (std::visit([this](auto& e) { return rename(e); }, here)) to_.on(here);
  }

 private:
  template <class E>
  bool rename(E& e) const {
    if constexpr (requires { e.venue = VenueId{}; }) e.venue = part_.venue;
    if constexpr (std::is_same_v<E, InstrumentChanged>) {
      const InstrumentId id = part_.ids[e.instrument.id.index()];
      if (!id.valid()) return false;
      const Instrument& held = feed_.universe_.instrument(id);
      e.instrument.id = id;
      e.instrument.venue = held.venue;
      e.instrument.pair = held.pair;
      e.instrument.base = held.base;
      e.instrument.quote = held.quote;
      e.instrument.fees = held.fees;
    } else if constexpr (requires { e.instrument = InstrumentId{}; }) {
      if (!e.instrument.valid()) return true;  // a fault of the whole venue
      e.instrument = part_.ids[e.instrument.index()];
      return e.instrument.valid();
    }
    return true;
  }

  const MergedFeed& feed_;
  const Part& part_;
  EventSink& to_;
};

MergedFeed::~MergedFeed() = default;

Result<std::unique_ptr<MergedFeed>, std::string> MergedFeed::open(const MergedOptions& options,
                                                                  Progress* progress) {
  std::unique_ptr<MergedFeed> merged(new MergedFeed());
  for (const std::string& path : options.files) {
    const auto file = RecordingFile::open(path, progress);
    if (!file) return fail(file.error());
    if (!file->holds_records()) {
      return fail(path +
                  ": whole books or quotes alone, and a backtest needs events in the order they "
                  "arrived: a capture (ats record), recorded frames or Tardis tables");
    }
    auto venues = RecordingFeed::venues(*file, {});
    if (!venues) return fail(venues.error());
    if (venues->empty()) venues->emplace_back();
    for (const std::string& venue : *venues) {
      if (!venue.empty() && !among(options.venues, venue)) continue;
      if (const auto added = merged->add(*file, options, venue); !added) return fail(added.error());
    }
  }
  if (const auto done = merged->lay_out(options); !done) return fail(done.error());
  for (const auto& part : merged->parts_) {
    if (const auto done = merged->fetch(*part); !done) return fail(done.error());
  }
  return merged;
}

Status<std::string> MergedFeed::add(const RecordingFile& file, const MergedOptions& options,
                                    const std::string& venue) {
  FeedOptions of;
  of.venue = venue;
  of.events = options.events;
  auto feed = RecordingFeed::open(file, of);
  if (!feed) return fail(feed.error());
  if (!among(options.venues, (*feed)->venue_name())) return Done{};
  auto part = std::make_unique<Part>();
  part->feed = *std::move(feed);
  parts_.push_back(std::move(part));
  return Done{};
}

Status<std::string> MergedFeed::lay_out(const MergedOptions& options) {
  std::ranges::sort(parts_, {}, [](const auto& part) {
    return std::tuple(part->feed->venue_name(), std::string_view(part->feed->file().path()));
  });
  std::vector<bool> tables;  // by venue
  for (const auto& part : parts_) {
    const RecordingFeed& feed = *part->feed;
    part->venue = universe_.find_venue(feed.venue_name());
    const bool of_table = feed.of_table();
    if (part->venue.valid() && tables[part->venue.index()] != of_table) {
      return fail(
          fmt::format("{}: is a table of {}, of which other recordings are frames or a "
                      "capture: they are not held to the same rules; take one of the two",
                      feed.file().path(), feed.venue_name()));
    }
    if (!part->venue.valid()) {
      const AmendRule amends =
          of_table || feed.protocol() == nullptr ? AmendRule::Nothing : feed.protocol()->amends;
      part->venue =
          universe_.add_venue(feed.venue_name(), feed.universe().venue(feed.venue()).book, amends);
      tables.push_back(of_table);
    }
    for (const Instrument& told : feed.universe().instruments()) {
      part->ids.emplace_back();
      if (!among(options.pairs, feed.universe().pair_name(told.pair))) continue;
      Instrument here = told;
      here.venue = part->venue;
      if (of_table) here.rest_symbol = venues::table_spelling;
      here.base = universe_.add_asset(feed.universe().asset(told.base).name.view());
      here.quote = universe_.add_asset(feed.universe().asset(told.quote).name.view());
      const bool none = here.fees.taker == Rate{} && here.fees.maker == Rate{};
      if (none || options.fees.told(feed.venue_name())) {
        const auto fee = options.fees.of(feed.venue_name());
        if (!fee) {
          return fail(fmt::format("{}: no taker fee is known of {}: name it with --fee {}=BPS",
                                  feed.file().path(), feed.venue_name(), feed.venue_name()));
        }
        here.fees.taker = here.fees.maker = *fee;
      }
      part->ids.back() = universe_.add_instrument(here);
    }
  }
  if (universe_.instruments().empty()) {
    return fail(
        std::string("nothing in these recordings is of the wanted venues and pairs (ats "
                    "capture info, ats scan show what they hold)"));
  }
  up_.resize(universe_.venues().size());
  return Done{};
}

Status<std::string> MergedFeed::fetch(Part& part) {
  const auto fetched = part.feed->fetch();
  if (!fetched) return fail(fetched.error());
  part.fetched = *fetched;
  part.over = !*fetched;
  if (part.over) return Done{};
  const std::int64_t at = part.feed->now().ns;
  if (at <= 0) {
    return fail(
        fmt::format("{}: its records have no time of receipt, so that nothing can be "
                    "ordered by it",
                    part.feed->file().path()));
  }
  if (part.first_ns == 0) part.first_ns = at;
  if (at - part.feed->record().ns > clock_back) ++part.faults.clock_back;
  const std::int64_t quiet = part.last_ns == 0 ? 0 : at - part.last_ns;
  part.faults.longest_silence_ns = std::max(part.faults.longest_silence_ns, quiet);
  if (quiet > silence) ++part.faults.silences;
  part.last_ns = at;
  return Done{};
}

Result<bool, std::string> MergedFeed::next() {
  if (current_ != nullptr) {
    if (const auto done = fetch(*current_); !done) return fail(done.error());
  }
  current_ = nullptr;
  for (const auto& part : parts_) {
    if (part->over) continue;
    if (current_ == nullptr || part->feed->now() < current_->feed->now()) current_ = part.get();
  }
  if (current_ == nullptr) return false;
  ns_ = std::max(ns_, current_->feed->now().ns);
  return true;
}

void MergedFeed::deliver(EventSink& sink) {
  ATS_ASSERT(current_ != nullptr);
  const RecordKind kind = current_->feed->record().kind;
  const std::size_t venue = current_->venue.index();
  if (kind == RecordKind::Disconnect && up_[venue]) {
    up_[venue] = false;
    sink.on(ConnectionDown{current_->venue, Channel::MarketData});
  } else if (kind != RecordKind::Disconnect && kind != RecordKind::Lost && !up_[venue]) {
    up_[venue] = true;
    sink.on(ConnectionUp{current_->venue, Channel::MarketData});
  }
  Translated translated(*this, *current_, sink);
  current_->feed->deliver(translated);
}

std::int64_t MergedFeed::first_ns() const {
  std::int64_t first = 0;
  for (const auto& part : parts_) {
    if (part->first_ns != 0 && (first == 0 || part->first_ns < first)) first = part->first_ns;
  }
  return first;
}

std::int64_t MergedFeed::last_ns() const {
  std::int64_t last = 0;
  for (const auto& part : parts_) last = std::max(last, part->feed->last_ns());
  return last;
}

std::vector<MergedFeed::Source> MergedFeed::sources() const {
  std::vector<Source> out;
  for (const auto& part : parts_) {
    const RecordingFeed::Counters& counters = part->feed->counters();
    Source source{part->feed->file().path(),
                  std::string(part->feed->venue_name()),
                  counters.records,
                  counters.decoded(),
                  part->first_ns,
                  part->last_ns,
                  part->faults};
    for (const auto refused : {venues::FrameOutcome::Malformed, venues::FrameOutcome::NumberFault})
      source.faults.refused += counters.outcomes[static_cast<std::size_t>(refused)];
    source.faults.lost = counters.lost;
    out.push_back(std::move(source));
  }
  return out;
}

}  // namespace ats::services

// What a venue's book message costs once it is decoded: levels applied, sequence and checksum proved, depth
// kept, the best prices known. The baseline does the same in std::map, one per side.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include "core/books/book_set.hpp"
#include "frames.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

class MapBook {
 public:
  explicit MapBook(const BookRules& rules) : rules_(rules) {}

  bool apply(const BookSnapshot& snapshot) {
    bids_.clear();
    asks_.clear();
    last_ = snapshot.last;
    return apply(snapshot.bids, snapshot.asks, snapshot.checksum);
  }
  bool apply(const BookDelta& delta) {
    if (rules_.sequence == SequenceRule::Spanning && delta.first > last_ + 1) return false;
    last_ = delta.last;
    return apply(delta.bids, delta.asks, delta.checksum);
  }
  Level best_bid() const { return top(bids_); }
  Level best_ask() const { return top(asks_); }

 private:
  bool apply(std::span<const Level> bids, std::span<const Level> asks,
             const std::optional<std::uint32_t>& checksum) {
    put(bids_, bids);
    put(asks_, asks);
    return !checksum || rules_.checksum == nullptr || *checksum == checksum_of_top();
  }
  template <class Map>
  void put(Map& side, std::span<const Level> levels) const {
    for (const Level& level : levels) {
      if (level.quantity.units == 0) {
        side.erase(level.price.units);
      } else {
        side[level.price.units] = level.quantity.units;
      }
    }
    while (rules_.depth != 0 && side.size() > rules_.depth) side.erase(std::prev(side.end()));
  }
  std::uint32_t checksum_of_top() const {
    Level bids[10];
    Level asks[10];
    return rules_.checksum({copy(bids_, bids), copy(asks_, asks)});
  }
  template <class Map>
  static std::span<const Level> copy(const Map& side, std::span<Level, 10> out) {
    std::size_t n = 0;
    for (auto at = side.begin(); at != side.end() && n < out.size(); ++at)
      out[n++] = {{at->first}, {at->second}};
    return out.first(n);
  }
  template <class Map>
  static Level top(const Map& side) {
    return side.empty() ? Level{} : Level{{side.begin()->first}, {side.begin()->second}};
  }

  const BookRules rules_;
  Sequence last_ = 0;
  std::map<std::int64_t, std::int64_t, std::greater<>> bids_;
  std::map<std::int64_t, std::int64_t> asks_;
};

// Both sides' doors, with the same verbs.
class Baseline {
 public:
  Baseline(const FiveVenues& venues, InstrumentId instrument)
      : book_(venues.universe.venue(venues.universe.instrument(instrument).venue).book) {}
  bool apply(const auto& event) { return book_.apply(event); }
  Level best_bid() const { return book_.best_bid(); }
  Level best_ask() const { return book_.best_ask(); }

 private:
  MapBook book_;
};

class Ours {
 public:
  Ours(const FiveVenues& venues, InstrumentId instrument)
      : books_(venues.universe), view_(books_.view(instrument)) {
    actions_.reserve(64);
    books_.on_connection(venues.universe.instrument(instrument).venue, true, now, actions_);
    actions_.clear();
  }
  bool apply(const BookSnapshot& snapshot) {
    books_.on_snapshot(snapshot, now, actions_);
    return valid();
  }
  bool apply(const BookDelta& delta) {
    books_.on_delta(delta, now, actions_);
    return valid();
  }
  Level best_bid() const { return view_.best(Side::Buy); }
  Level best_ask() const { return view_.best(Side::Sell); }

 private:
  static constexpr Instant now{1};
  bool valid() {
    actions_.clear();
    return view_.valid(now);
  }

  core::BookSet books_;
  core::BookView view_;
  Actions actions_;
};

// ns a message: the median of the passes, each of which starts with the book that `start` brings.
template <class Book, class Message>
Outcome time_messages(const FiveVenues& venues, InstrumentId instrument, const BookSnapshot& start,
                      const KeptEvents& messages, int passes) {
  std::vector<double> spent;
  std::uint64_t digest = 0;
  for (int pass = 0; pass < passes; ++pass) {
    const auto book = std::make_unique<Book>(venues, instrument);
    bool fine = book->apply(start);
    const std::int64_t from = now_ns();
    for (std::size_t i = 0; i < messages.size(); ++i) {
      fine = book->apply(*std::get_if<Message>(&messages[i])) && fine;
      const Level bid = book->best_bid();
      const Level ask = book->best_ask();
      digest += static_cast<std::uint64_t>(bid.price.units ^ ask.price.units) +
                static_cast<std::uint64_t>(bid.quantity.units ^ ask.quantity.units);
    }
    spent.push_back(static_cast<double>(now_ns() - from) / static_cast<double>(messages.size()));
    if (!fine) {
      std::fputs("ats_bench: a book message was not taken\n", stderr);
      std::abort();
    }
  }
  return {{percentile(spent, 0.5)}, digest};
}

template <class Message>
void compare(Session& session, const char* name, const FiveVenues& venues, InstrumentId instrument,
             const KeptEvents& start, const KeptEvents& messages) {
  std::size_t at = 0;
  while (!std::holds_alternative<BookSnapshot>(start[at])) ++at;
  const auto& first = *std::get_if<BookSnapshot>(&start[at]);
  session.compare(
      {.name = name,
       .baseline_name = "std::map per side",
       .baseline =
           [&] {
             return time_messages<Baseline, Message>(venues, instrument, first, messages, 25);
           },
       .ours =
           [&] { return time_messages<Ours, Message>(venues, instrument, first, messages, 25); },
       .metrics = {{.unit = "ns/message"}}});
}

void run(Session& session) {
  const FiveVenues venues = five_venues();
  const MarketFrames market = make_market(venues, 20240808, 8'000);
  const KindFrames kinds = make_kinds(20240808);
  // What a venue tells at first, as events.
  const auto told = [&](VenueKind venue, const FrameSet& frames) {
    KeptEvents events;
    const auto decoder = make_decoder(venues.universe, venues.venue[venue]);
    for (std::size_t i = 0; i < frames.size(); ++i) decoder->on_frame(frames[i], {1}, events);
    return events;
  };
  KeptEvents binance;
  make_decoder(venues.universe, venues.venue[VenueKind::Binance])
      ->on_depth_body(venues.instrument[VenueKind::Binance], market.binance_body, {1}, binance);
  const auto updates = [&](FrameKind kind) {
    const VenueKind venue = venue_of(kind);
    const KeptEvents start = told(venue, market.opening[venue]);
    compare<BookDelta>(session, name(kind), venues, venues.instrument[venue],
                       venue == VenueKind::Binance ? binance : start, decode(venues, market, kind));
  };
  const auto whole_books = [&](FrameKind kind) {
    const VenueKind venue = venue_of(kind);
    const KeptEvents books = told(venue, kinds.frames[static_cast<std::size_t>(kind)]);
    compare<BookSnapshot>(session, name(kind), venues, venues.instrument[venue], books, books);
  };
  updates(FrameKind::BinanceDepth);
  updates(FrameKind::KrakenUpdate);
  whole_books(FrameKind::KrakenSnapshot);
  whole_books(FrameKind::UpbitBook);
  updates(FrameKind::CoinbaseUpdate);
  updates(FrameKind::BitfinexUpdate);
}

const Register registered{"book messages", run};

}  // namespace

}  // namespace ats::bench

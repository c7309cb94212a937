// Books under arbitrary events. The first byte chooses: a tick book beside a plain map, which must agree
// in everything; or a set of books of all three sequence rules, whose promises must hold after every
// event: a Valid book is uncrossed, a Resyncing one empty, every change of state is told, and snapshots are
// not asked for in a storm.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "core/books/book_set.hpp"

namespace {

using namespace ats;
using namespace ats::core;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  std::uint8_t next() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::int64_t number() {
    std::uint64_t value = 0;
    for (int n = next() % 9; n > 0; --n) value = value << 8 | next();
    return static_cast<std::int64_t>(value);
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

void tick_book_beside_a_map(Bytes& bytes) {
  const std::int64_t tick = 1 + bytes.next();
  TickBook book(tick, 6 + bytes.next() % 4);
  std::array<std::map<std::int64_t, std::int64_t>, 2> model;
  while (!bytes.empty()) {
    const std::uint8_t what = bytes.next();
    const Side side = (what & 1) != 0 ? Side::Sell : Side::Buy;
    auto& levels = model[what & 1];
    if ((what & 0xF0) == 0xF0) {
      const std::size_t depth = 1 + bytes.next() % 8;
      book.truncate(side, depth);
      while (levels.size() > depth)
        levels.erase(side == Side::Buy ? levels.begin() : std::prev(levels.end()));
    } else if (what == 0xE0) {
      book.clear();
      for (auto& each : model) each.clear();
    } else {
      const std::int64_t price =
          (what & 2) != 0 ? bytes.number() : (1000 + bytes.next()) * tick + ((what & 4) != 0);
      const std::int64_t quantity =
          (what & 8) != 0 ? bytes.number() : static_cast<std::int64_t>(bytes.next() & 1);
      const auto set = book.set(side, {{price}, {quantity}});
      ATS_ASSERT(set.ok() == (price > 0 && price % tick == 0 && quantity >= 0));
      if (set.ok() && quantity == 0) levels.erase(price);
      if (set.ok() && quantity != 0) levels[price] = quantity;
    }
    ATS_ASSERT(book.count(side) == levels.size());
    TickBook::Cursor cursor = book.levels(side);
    Level level;
    if (side == Side::Buy) {
      for (auto at = levels.rbegin(); at != levels.rend(); ++at)
        ATS_ASSERT(cursor.next(level) && level == (Level{{at->first}, {at->second}}));
    } else {
      for (const auto& at : levels)
        ATS_ASSERT(cursor.next(level) && level == (Level{{at.first}, {at.second}}));
    }
    ATS_ASSERT(!cursor.next(level));
  }
}

std::uint32_t checksum_of(const TopLevels& top) {
  return static_cast<std::uint32_t>(top.bids.size() * 3 + top.asks.size());
}

void books_keep_their_promises(Bytes& bytes) {
  Universe universe;
  universe.add_venue("spanning", {.sequence = SequenceRule::Spanning, .snapshot_by_request = true});
  universe.add_venue("checked", {.checksum = checksum_of, .depth = 4});
  universe.add_venue(
      "linked", {.sequence = SequenceRule::PrevLinked, .depth = 50, .snapshot_by_request = true});
  // (A depth keeps the window, and so the cost of a run, small.)
  for (std::uint8_t venue = 0; venue < 3; ++venue) {
    Instrument instrument;
    instrument.venue = {venue};
    instrument.base = universe.add_asset("A");
    instrument.quote = universe.add_asset("B");
    instrument.symbol = "A";
    universe.add_instrument(instrument);
  }
  for (std::uint8_t venue = 0; venue < 3; ++venue)
    universe.venue({venue}).book.poll_every = milliseconds(100);
  BookSet books(universe, {seconds(1), seconds(2)});
  Instant now{1'000'000'000};
  std::array<std::uint8_t, 3> told{};  // BookState last told, at first Resyncing
  std::array<Instant, 3> asked{};
  Actions out;
  while (!bytes.empty()) {
    const std::uint8_t what = bytes.next();
    const InstrumentId id{static_cast<std::uint16_t>(what % 3)};
    const VenueId venue{static_cast<std::uint8_t>(what % 3)};
    now = now + milliseconds(bytes.next() * 10);
    const Times times{{}, now};
    std::vector<Level> bids;
    std::vector<Level> asks;
    const auto draw = [&](std::vector<Level>& levels, std::int64_t from) {
      for (int n = bytes.next() % 4; n > 0; --n)
        levels.push_back({{from + bytes.next() % 16}, {bytes.next() % 3}});
    };
    // Long enough to be a snapshot that was cut; with quantity 0 a delta that takes it all away.
    const auto draw_many = [&](std::int64_t quantity) {
      for (std::int64_t n = 0; n < 120; ++n) bids.push_back({{289 - n}, {quantity}});
    };
    out.clear();
    switch (what / 3 % 8) {
      case 0:
        books.on_connection(venue, bytes.next() % 4 != 0, now, out);
        break;
      case 1: {
        draw(bids, 290);
        draw(asks, 304);
        if ((what & 64) != 0) draw_many(1);
        const std::uint32_t checksum = bytes.next() % 16;
        books.on_snapshot({id, times, bytes.next(), checksum, bids, asks}, now, out);
        break;
      }
      case 2:
        books.on_timer(now, out);
        break;
      case 3:
        books.on_heartbeat(venue, now, now, out);
        break;
      case 4:
        books.on_fault({(what & 128) != 0 ? id : InstrumentId{}, venue,
                        static_cast<BookFaultReason>(bytes.next() % 4)},
                       now, out);
        break;
      case 5: {
        draw(bids, 290);
        draw(asks, 304);
        const Instant left = now - milliseconds(bytes.next() * 10);
        books.on_image({id, times, left, bids, asks}, now, out);
        break;
      }
      default: {
        draw(bids, 290);
        draw(asks, 304);
        if ((what & 192) == 192) draw_many(0);
        const Sequence first = bytes.next();
        const std::uint32_t checksum = bytes.next() % 16;
        books.on_delta(
            {id, times, first, first + bytes.next() % 4, bytes.next(), checksum, bids, asks}, now,
            out);
      }
    }
    for (const Action& action : out) {
      InstrumentId wanted;
      if (const auto* request = std::get_if<RequestSnapshot>(&action)) wanted = request->instrument;
      if (const auto* again = std::get_if<Resubscribe>(&action)) wanted = again->instrument;
      if (wanted.valid()) {
        ATS_ASSERT(asked[wanted.index()].ns == 0 ||
                   now - asked[wanted.index()] >= SyncTimings::backoff_min);
        asked[wanted.index()] = now;
      }
      if (const auto* changed = std::get_if<BookStateChanged>(&action))
        told[changed->instrument.index()] = changed->state;
    }
    for (std::uint16_t n = 0; n < 3; ++n) {
      const BookView view = books.view({n});
      const Level bid = view.best(Side::Buy);
      const Level ask = view.best(Side::Sell);
      const bool two_sided = !bid.quantity.is_zero() && !ask.quantity.is_zero();
      ATS_ASSERT(told[n] == static_cast<std::uint8_t>(view.state()));
      if (view.state() == BookState::Valid || view.state() == BookState::Polled)
        ATS_ASSERT(!two_sided || bid.price < ask.price);
      ATS_ASSERT(!view.valid(now) || !view.polled(now));
      ATS_ASSERT(!view.polled(now) || view.state() == BookState::Polled);
      if (view.state() == BookState::Resyncing)
        ATS_ASSERT(view.count(Side::Buy) == 0 && view.count(Side::Sell) == 0);
      if (n == 1) ATS_ASSERT(view.count(Side::Buy) <= 4 && view.count(Side::Sell) <= 4);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  if (bytes.next() % 2 == 0) {
    tick_book_beside_a_map(bytes);
  } else {
    books_keep_their_promises(bytes);
  }
  return 0;
}

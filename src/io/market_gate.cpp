#include "io/market_gate.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace ats::io {

MarketGate::MarketGate(VenueId venue, const BookRules& rules,
                       std::span<const InstrumentId> instruments, bool whole_venue, EventSink& out)
    : venue_(venue), rules_(rules), whole_venue_(whole_venue), out_(out) {
  for (const InstrumentId instrument : instruments) {
    books_.push_back({.instrument = instrument});
    if (index_.size() <= instrument.index()) index_.resize(instrument.index() + 1);
    index_[instrument.index()] = static_cast<std::uint32_t>(books_.size());
  }
}

MarketGate::Book* MarketGate::book_of(InstrumentId instrument) {
  return const_cast<Book*>(std::as_const(*this).book_of(instrument));
}

const MarketGate::Book* MarketGate::book_of(InstrumentId instrument) const {
  if (!instrument.valid() || instrument.index() >= index_.size()) return nullptr;
  const std::uint32_t place = index_[instrument.index()];
  return place == 0 ? nullptr : &books_[place - 1];
}

MarketGate::Feed* MarketGate::feed_of(Source source) {
  const auto found = std::ranges::find(sources_, source, &Feed::source);
  return found == sources_.end() ? nullptr : &*found;
}

MarketGate::Source MarketGate::add(bool heir) {
  Feed feed;
  feed.source = next_++;
  feed.heir = heir;
  feed.joined.resize(books_.size());
  feed.held.resize(books_.size());
  if (sources_.empty()) {
    // Nothing is left of what came before to go on from.
    for (Book& book : books_) book.last = 0;
  }
  sources_.push_back(std::move(feed));
  return sources_.back().source;
}

std::vector<InstrumentId> MarketGate::remove(Source source) {
  std::erase_if(sources_, [source](const Feed& feed) { return feed.source == source; });
  std::vector<InstrumentId> orphans;
  for (Book& book : books_) {
    if (book.feeder != source) continue;
    book.feeder = none;
    if (merges()) {
      // Goes on without a break over a connection whose updates reach back to the last one passed on.
      const auto place = static_cast<std::size_t>(&book - books_.data());
      for (const Feed& other : sources_) {
        if (other.joined[place]) book.feeder = other.source;
      }
    }
    if (book.feeder == none) orphans.push_back(book.instrument);
  }
  return orphans;
}

std::size_t MarketGate::fed_by(Source source) const {
  return static_cast<std::size_t>(std::ranges::count(books_, source, &Book::feeder));
}

void MarketGate::inherit_quiet(Source source) {
  Feed* heir = feed_of(source);
  // Where the stream brings the snapshot, an heir has one of every book, quiet or not.
  if (heir == nullptr || !merges()) return;
  const bool marked = !heir->marked.empty();
  heir->marked.resize(books_.size());
  for (std::size_t place = 0; place < books_.size(); ++place) {
    Book& book = books_[place];
    if (marked && heir->marked[place] == book.last && heir->held[place].empty()) {
      heir->joined[place] = true;
      if (book.feeder != none) book.feeder = source;
    }
    heir->marked[place] = book.last;
  }
}

void MarketGate::settle(Source source) {
  if (Feed* feed = feed_of(source)) feed->heir = false;
}

MarketGate::Source MarketGate::feeder(InstrumentId instrument) const {
  const Book* book = book_of(instrument);
  if (book == nullptr || sources_.empty()) return none;
  return book->feeder != none ? book->feeder : sources_.front().source;
}

void MarketGate::on(Source source, const Event& event) {
  Feed* feed = feed_of(source);
  if (feed == nullptr) return;  // already cut off: what it still has to say is not heard
  if (const auto* delta = std::get_if<BookDelta>(&event)) {
    if (Book* book = book_of(delta->instrument)) return on_delta(*feed, *book, *delta);
  } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    if (Book* book = book_of(snapshot->instrument)) return on_snapshot(*feed, *book, *snapshot);
  } else if (const auto* fault = std::get_if<BookFault>(&event)) {
    return on_fault(*feed, *fault);
  } else if (const auto* trade = std::get_if<Trade>(&event)) {
    const Book* book = book_of(trade->instrument);
    if (book != nullptr && book->feeder != none && book->feeder != source) return;
  } else if (const auto* quote = std::get_if<Quote>(&event)) {
    const Book* book = book_of(quote->instrument);
    if (book != nullptr && book->feeder != none && book->feeder != source) return;
  }
  out_.on(event);
}

bool MarketGate::follows(const Book& book, const BookDelta& delta) const {
  if (book.last == 0) return true;
  return rules_.sequence == SequenceRule::PrevLinked ? delta.previous <= book.last
                                                     : delta.first <= book.last + 1;
}

void MarketGate::pass(Book& book, const BookDelta& delta) {
  book.last = delta.last;
  book.dropped = 0;
  out_.on(delta);
}

void MarketGate::on_delta(Feed& feed, Book& book, const BookDelta& delta) {
  const auto place = static_cast<std::size_t>(&book - books_.data());
  if (!merges()) {
    if (book.feeder == none && sources_.size() == 1) book.feeder = feed.source;
    if (book.feeder == feed.source) out_.on(delta);
    return;
  }
  if (sources_.size() == 1) {
    book.feeder = feed.source;
    feed.joined[place] = true;
    return pass(book, delta);
  }
  if (book.last != 0 && delta.last <= book.last) {
    if (++book.dropped > dropped_max) {
      book.feeder = feed.source;
      return pass(book, delta);
    }
    // It has been where the story is: it can carry it on.
    feed.joined[place] = true;
    if (feed.heir || book.feeder == none) book.feeder = feed.source;
    return;
  }
  if (!follows(book, delta)) return hold(feed, book, delta);
  feed.joined[place] = true;
  if (feed.heir || book.feeder == none) book.feeder = feed.source;
  pass(book, delta);
  release(book);
}

void MarketGate::hold(Feed& feed, Book& book, const BookDelta& delta) {
  const auto place = static_cast<std::size_t>(&book - books_.data());
  auto& held = feed.held[place];
  if (held.size() < held_max) {
    Held kept{
        delta, {delta.bids.begin(), delta.bids.end()}, {delta.asks.begin(), delta.asks.end()}};
    kept.delta.bids = {};
    kept.delta.asks = {};
    held.push_back(std::move(kept));
    return;
  }
  // What lies between has not come over any connection. The core is shown the gap and asks for a snapshot.
  book.feeder = feed.source;
  feed.joined[place] = true;
  const std::vector<Held> all = std::exchange(held, {});
  for (const Held& kept : all) {
    BookDelta one = kept.delta;
    one.bids = kept.bids;
    one.asks = kept.asks;
    pass(book, one);
  }
  pass(book, delta);
  release(book);
}

void MarketGate::release(Book& book) {
  const auto place = static_cast<std::size_t>(&book - books_.data());
  bool again = true;
  while (again) {
    again = false;
    for (Feed& feed : sources_) {
      auto& held = feed.held[place];
      while (!held.empty() &&
             (held.front().delta.last <= book.last || follows(book, held.front().delta))) {
        const Held front = std::move(held.front());
        held.erase(held.begin());
        feed.joined[place] = true;
        if (feed.heir) book.feeder = feed.source;
        if (front.delta.last <= book.last) continue;
        BookDelta delta = front.delta;
        delta.bids = front.bids;
        delta.asks = front.asks;
        pass(book, delta);
        again = true;
      }
    }
  }
}

void MarketGate::on_snapshot(Feed& feed, Book& book, const BookSnapshot& snapshot) {
  if (merges()) {
    // An answer to a question: it belongs to the book, not to a connection's stream.
    out_.on(snapshot);
    return;
  }
  if (book.feeder == none || feed.heir) book.feeder = feed.source;
  if (book.feeder == feed.source) out_.on(snapshot);
}

void MarketGate::on_fault(Feed& feed, const BookFault& fault) {
  if (sources_.size() == 1 && whole_venue_) return out_.on(fault);
  if (fault.instrument.valid()) {
    const Book* book = book_of(fault.instrument);
    const bool other = book != nullptr && book->feeder != none && book->feeder != feed.source;
    if (!other) out_.on(fault);
    if (book == nullptr) return;
    const auto place = static_cast<std::size_t>(book - books_.data());
    feed.joined[place] = false;
    feed.held[place].clear();
    return;
  }
  // Something of this connection, no telling which book: those that it feeds, and no others.
  feed.joined.assign(books_.size(), false);
  for (auto& held : feed.held) held.clear();
  for (const Book& book : books_) {
    if (book.feeder != none && book.feeder != feed.source) continue;
    BookFault one = fault;
    one.instrument = book.instrument;
    one.venue = venue_;
    out_.on(one);
  }
}

}  // namespace ats::io

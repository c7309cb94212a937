#include "services/scan_frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "services/book_feed.hpp"

namespace ats::services {
namespace {

// As often as the live engine looks at its clock, in the recording's time.
constexpr Duration timer_every = milliseconds(250);
// By then a silent venue's books are all Suspect: nothing more can happen until the next record.
constexpr Duration timer_after_last = seconds(60);
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

}  // namespace

Result<std::unique_ptr<FrameScan>, std::string> FrameScan::open(const RecordingFile& file,
                                                                const FeedOptions& options,
                                                                const TakerFees& fees,
                                                                EdgeBoard& board) {
  auto feed = RecordingFeed::open(file, options);
  if (!feed) return fail(feed.error());
  if ((*feed)->protocol() == nullptr && !fees.of((*feed)->venue_name())) {
    return fail(fmt::format("{0}: no taker fee is known of {1}: say --fee {1}=BPS, or --no-fees",
                            file.path(), (*feed)->venue_name()));
  }
  const auto any = (*feed)->fetch();
  if (!any) return fail(any.error());
  if (!*any) return fail(fmt::format("{}: holds no frame", file.path()));
  return std::unique_ptr<FrameScan>(new FrameScan(*std::move(feed), board, fees));
}

FrameScan::FrameScan(std::unique_ptr<RecordingFeed> feed, EdgeBoard& board, const TakerFees& fees)
    : feed_(std::move(feed)),
      books_(feed_->universe()),
      board_(&board),
      now_(feed_->now()),
      timer_ns_((now_ + timer_every).ns),
      first_ns_(now_.ns) {
  const Universe& universe = feed_->universe();
  for (const Instrument& i : universe.instruments()) {
    BoardEntry entry;
    entry.venue = universe.venue(i.venue).name.view();
    entry.symbol = i.symbol.view();
    entry.base = universe.asset(i.base).name.view();
    entry.quote = universe.asset(i.quote).name.view();
    entry.taker_fee = fees.of(entry.venue).value_or(i.fees.taker);
    Seen seen;
    entry.source = "book";
    seen.book_entry = board.add(entry);
    entry.source = "quote";
    seen.quote_entry = board.add(entry);
    seen_.push_back(seen);
  }
  books_.on_connection(feed_->venue(), true, now_, actions_);
  actions_.clear();
}

std::int64_t FrameScan::next_ns() const { return std::min(timer_ns_, feed_->now().ns); }

Status<std::string> FrameScan::step(EdgeBoard& board) {
  board_ = &board;
  now_ = Instant{next_ns()};
  board.advance(now_.ns);
  if (timer_ns_ < feed_->now().ns) {
    timer();
    return Done{};
  }
  last_ns_ = now_.ns;
  line_ = feed_->line();
  if (timer_ns_ == never) timer_ns_ = (now_ + timer_every).ns;
  const RecordKind kind = feed_->record().kind;
  if (kind == RecordKind::Connect) {
    connected(feed_->record());
  } else if (kind == RecordKind::Disconnect) {
    disconnected();
  } else if (kind == RecordKind::Lost) {
    // What is missing may have been of any book.
    disconnected();
    reconnected();
  } else {
    feed_->deliver(*this);
  }
  const auto more = feed_->fetch();
  if (!more) return fail(more.error());
  if (!*more) {
    over_ = true;
    for (const Seen& seen : seen_) {
      board.clear(seen.book_entry);
      board.clear(seen.quote_entry);
    }
  }
  return Done{};
}

void FrameScan::timer() {
  books_.on_timer(now_, actions_);
  publish();
  timer_ns_ += timer_every.ns;
  if (timer_ns_ > last_ns_ + timer_after_last.ns) timer_ns_ = never;
}

// The recorder's first connection under a name is the one that the recording began with; the same name
// again is a new connection: whatever was missed meanwhile is not in the recording.
void FrameScan::connected(const Record& record) {
  if (std::find(connections_.begin(), connections_.end(), record.connection) ==
      connections_.end()) {
    connections_.emplace_back(record.connection);
    return;
  }
  if (up_) disconnected();
  reconnected();
}

void FrameScan::disconnected() {
  up_ = false;
  books_.on_connection(feed_->venue(), false, now_, actions_);
  publish();
  for (Seen& seen : seen_) {
    seen.last.reset();
    board_->clear(seen.quote_entry);
  }
}

void FrameScan::reconnected() {
  up_ = true;
  books_.on_connection(feed_->venue(), true, now_, actions_);
  publish();
}

void FrameScan::on(const Event& event) {
  if (const auto* delta = std::get_if<BookDelta>(&event)) {
    ++seen_[delta->instrument.index()].counts.deltas_seen;
    follow(*delta);
  } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    ++seen_[snapshot->instrument.index()].counts.snapshots_seen;
  } else if (const auto* trade = std::get_if<Trade>(&event)) {
    ++seen_[trade->instrument.index()].counts.trades;
  } else if (const auto* quote = std::get_if<Quote>(&event)) {
    Seen& seen = seen_[quote->instrument.index()];
    ++seen.counts.quotes;
    seen.counts.quote_bid = quote->bid;
    seen.counts.quote_ask = quote->ask;
    const Instrument& i = feed_->universe().instrument(quote->instrument);
    if (quote->bid.price.units > 0 && quote->ask.price.units > 0) {
      board_->set(seen.quote_entry, i.price_decimal(quote->bid.price),
                  i.price_decimal(quote->ask.price));
    } else {
      board_->clear(seen.quote_entry);
    }
  }
  feed_books(books_, feed_->venue(), event, now_, actions_);
  publish();
}

void FrameScan::follow(const BookDelta& delta) {
  std::optional<Sequence>& last = seen_[delta.instrument.index()].last;
  const auto gap = [&](Sequence first) {
    gaps_.push_back({line_, now_.ns, delta.instrument, *last, first});
  };
  switch (feed_->universe().venue(feed_->venue()).book.sequence) {
    case SequenceRule::None:
    case SequenceRule::WholeBook:
      return;
    case SequenceRule::Spanning:
      if (last && delta.first != *last + 1) gap(delta.first);
      break;
    case SequenceRule::PrevLinked:
      if (last && delta.previous != *last) gap(delta.previous);
      break;
  }
  last = delta.last;
}

void FrameScan::publish() {
  for (const Action& action : actions_) {
    const auto* changed = std::get_if<BookStateChanged>(&action);
    if (changed == nullptr || static_cast<BookState>(changed->state) != BookState::Resyncing)
      continue;
    breaks_.push_back(
        {line_, now_.ns, changed->instrument, static_cast<BookReason>(changed->reason)});
  }
  actions_.clear();
  for (const InstrumentId id : books_.changed()) {
    const core::BookView view = books_.view(id);
    const Level bid = view.best(Side::Buy);
    const Level ask = view.best(Side::Sell);
    const std::size_t entry = seen_[id.index()].book_entry;
    if (view.valid(now_) && !bid.quantity.is_zero() && !ask.quantity.is_zero()) {
      const Instrument& i = feed_->universe().instrument(id);
      board_->set(entry, i.price_decimal(bid.price), i.price_decimal(ask.price));
    } else {
      board_->clear(entry);
    }
  }
}

std::vector<InstrumentScan> FrameScan::instruments() const {
  std::vector<BookStatus> books;
  books_.status(books);
  std::vector<InstrumentScan> all;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    all.push_back(seen_[i].counts);
    all.back().book = books[i];
  }
  return all;
}

}  // namespace ats::services

#include "core/books/book_sync.hpp"

#include <algorithm>
#include <array>

namespace ats::core {

namespace {

int window_bits(const BookRules& rules) {
  constexpr int few = 100;
  return rules.depth != 0 && rules.depth <= few ? TickBook::no_window
                                                : TickBook::default_window_bits;
}

}  // namespace

BookSync::BookSync(const Instrument& instrument, const BookRules& rules)
    : instrument_(instrument.id),
      rules_(rules),
      price_scale_(instrument.price_scale),
      qty_scale_(instrument.qty_scale),
      book_(instrument.tick, window_bits(rules)) {
  counters_.instrument = instrument.id;
}

BookChange BookSync::on_connection(bool up, Instant now, Actions& out) {
  BookChange change = BookChange::None;
  if (!up || connected_) {
    connected_ = false;
    wanted_ = false;
    answer_due_.reset();
    if (state_ != BookState::Resyncing || reason_ != BookReason::NeverSynced)
      change = resync(BookReason::Disconnected, now, out);
  }
  if (!up) return change;
  connected_ = true;
  stale_ = false;
  stream_seen_ = false;
  resubscribe_ = false;
  drop_buffered();
  if (rules_.snapshot_by_request) {
    // The snapshot must not be older than the first delta: wait for that one, unless none comes.
    wanted_ = true;
    quiet_until_ = now + SyncTimings::first_delta_max;
  } else {
    answer_due_ = now + SyncTimings::answer_max;
  }
  return change;
}

BookChange BookSync::on_snapshot(const BookSnapshot& snapshot, Instant now, Actions& out) {
  if (!connected_) return BookChange::None;
  if (rules_.sequence == SequenceRule::WholeBook && state_ != BookState::Resyncing) {
    if (snapshot.last >= last_) {
      older_in_a_row_ = 0;
    } else if (++older_in_a_row_ < older_max) {
      return BookChange::None;
    }
  }
  const std::uint64_t deltas_applied = counters_.deltas;
  if (rules_.snapshot_by_request && state_ != BookState::Resyncing) {
    // An answer nobody waits for any more: the book in hand is newer.
    if (!refreshing_) return BookChange::None;
    if (!can_replace(snapshot)) {
      answer_due_.reset();
      wanted_ = true;
      send_request(now, out);
      return BookChange::None;
    }
  }
  const bool refreshed = refreshing_;
  refreshing_ = false;
  answer_due_.reset();
  if (audit_.running()) [[unlikely]]
    note_replaced(snapshot);
  clear_book();
  crossed_since_.reset();
  last_ = snapshot.last;
  joining_ = true;
  BookReason why = apply(snapshot.bids, snapshot.asks, snapshot.checksum);
  if (why != BookReason::None) return resync(why, now, out);
  know_extent(snapshot);

  switch (apply_buffered(why)) {
    case Joined::Whole:
      break;
    case Joined::SnapshotTooOld:
      clear_book();
      wanted_ = true;
      send_request(now, out);
      return BookChange::None;
    case Joined::Broken:
      return resync(why, now, out);
  }
  if (refreshed) counters_.deltas = deltas_applied;  // applied before, and again just now
  ++counters_.snapshots;
  counters_.last_update = std::max(counters_.last_update, snapshot.times.recv_time);
  wanted_ = false;
  resubscribe_ = false;
  synced_at_ = now;
  return settle(now, out);
}

BookChange BookSync::on_delta(const BookDelta& delta, Instant now, Actions& out) {
  if (!connected_) return BookChange::None;
  stream_seen_ = true;
  if (state_ == BookState::Resyncing) {
    if (rules_.snapshot_by_request) {
      buffer(delta);
      send_request(now, out);
    }
    return BookChange::None;
  }
  switch (fit(delta)) {
    case Fit::Follows:
      break;
    case Fit::Old:
      return BookChange::None;
    case Fit::Gap: {
      ++counters_.gaps;
      const BookChange change = resync(BookReason::Gap, now, out);
      if (rules_.snapshot_by_request) buffer(delta);
      return change;
    }
  }
  const BookReason why = apply_delta(delta);
  if (why != BookReason::None) return resync(why, now, out);
  if (refreshing_) [[unlikely]]
    buffer(delta);
  return settle(now, out);
}

BookChange BookSync::on_fault(BookFaultReason reason, Instant now, Actions& out) {
  if (!connected_) return BookChange::None;
  switch (reason) {
    case BookFaultReason::MalformedFrame:
      return resync(BookReason::Malformed, now, out);
    case BookFaultReason::NumberFault:
      return resync(BookReason::NumberFault, now, out);
    case BookFaultReason::SubscriptionLost:
      resubscribe_ = true;
      return resync(BookReason::SubscriptionLost, now, out);
    case BookFaultReason::SequenceGap:
      ++counters_.gaps;
      return resync(BookReason::Gap, now, out);
    case BookFaultReason::SnapshotFailed:
      if (state_ != BookState::Resyncing && !refreshing_) return BookChange::None;
      answer_due_.reset();
      wanted_ = true;
      resubscribe_ = resubscribe_ || !rules_.snapshot_by_request;
      send_request(now, out);
      return BookChange::None;
  }
  return BookChange::None;
}

BookChange BookSync::on_timer(Instant now, Actions& out) {
  if (!connected_) return BookChange::None;
  if (answer_due_ && now >= *answer_due_) {
    answer_due_.reset();
    wanted_ = true;
    resubscribe_ = resubscribe_ || !rules_.snapshot_by_request;
  }
  if (audit_.running()) {
    const BookChange change = settle_audit(now, out);
    if (change != BookChange::None) return change;
  }
  send_request(now, out);
  if (crossed_since_ && now - *crossed_since_ > SyncTimings::crossed_max)
    return resync(BookReason::Crossed, now, out);
  return BookChange::None;
}

BookChange BookSync::doubt(Instant now, Actions& out) {
  if (!connected_ || state_ == BookState::Resyncing || refreshing_) return BookChange::None;
  return resync(BookReason::AuditDiffers, now, out);
}

bool BookSync::snapshot(BookSnapshot& out, std::vector<Level>& bids,
                        std::vector<Level>& asks) const {
  if (state_ == BookState::Resyncing) return false;
  const auto all = [this](Side side, std::vector<Level>& levels) {
    levels.clear();
    levels.reserve(book_.count(side));
    TickBook::Cursor cursor = book_.levels(side);
    for (Level level; cursor.next(level);) levels.push_back(level);
  };
  all(Side::Buy, bids);
  all(Side::Sell, asks);
  out = {instrument_, {{}, counters_.last_update}, last_, {}, bids, asks};
  return true;
}

BookChange BookSync::on_stale(bool stale, Actions& out) {
  stale_ = stale;
  if (state_ == BookState::Resyncing || crossed_since_) return BookChange::None;
  return become_sound(out);
}

BookChange BookSync::on_instrument(const Instrument& instrument, Instant now, Actions& out) {
  const bool same = instrument.tick == book_.tick() && instrument.price_scale == price_scale_ &&
                    instrument.qty_scale == qty_scale_;
  if (same) return BookChange::None;
  price_scale_ = instrument.price_scale;
  qty_scale_ = instrument.qty_scale;
  book_ = TickBook(instrument.tick, window_bits(rules_));
  return resync(BookReason::NumberFault, now, out);
}

void BookSync::status(BookStatus& out) const {
  out = counters_;
  out.state = state_;
  out.reason = reason_;
  out.bid = best_bid_;
  out.ask = best_ask_;
  out.bid_levels = static_cast<std::uint32_t>(book_.count(Side::Buy));
  out.ask_levels = static_cast<std::uint32_t>(book_.count(Side::Sell));
}

BookSync::Fit BookSync::fit(const BookDelta& delta) const {
  switch (rules_.sequence) {
    case SequenceRule::WholeBook:
    case SequenceRule::None:
      return Fit::Follows;
    case SequenceRule::Spanning:
      // Absolute quantities: applying again what a delta shares with the book does no harm.
      if (delta.last <= last_) return Fit::Old;
      return delta.first <= last_ + 1 ? Fit::Follows : Fit::Gap;
    case SequenceRule::PrevLinked:
      if (joining_) {
        if (delta.last < last_) return Fit::Old;
        // What is previous to it is the snapshot, where that was taken of a book between two deltas.
        return delta.first <= last_ || delta.previous == last_ ? Fit::Follows : Fit::Gap;
      }
      if (delta.last <= last_) return Fit::Old;
      return delta.previous == last_ ? Fit::Follows : Fit::Gap;
  }
  return Fit::Gap;
}

BookReason BookSync::apply(std::span<const Level> bids, std::span<const Level> asks,
                           const std::optional<std::uint32_t>& checksum) {
  if (audit_.running() && rules_.sequence != SequenceRule::WholeBook) [[unlikely]] {
    for (const Level& level : bids) audit_.note(Side::Buy, level.price);
    for (const Level& level : asks) audit_.note(Side::Sell, level.price);
  }
  book_.prefetch(Side::Buy, bids);
  book_.prefetch(Side::Sell, asks);
  if (!book_.set(Side::Buy, bids) || !book_.set(Side::Sell, asks)) return BookReason::NumberFault;
  if (rules_.depth != 0) {
    if (audit_.running()) [[unlikely]]
      note_let_go();
    book_.truncate(Side::Buy, rules_.depth);
    book_.truncate(Side::Sell, rules_.depth);
  }
  top_bids_.current = top_bids_.current && bids.empty();
  top_asks_.current = top_asks_.current && asks.empty();
  if (rules_.checksum != nullptr && checksum && !checksum_holds(*checksum))
    return BookReason::BadChecksum;
  return BookReason::None;
}

BookReason BookSync::apply_delta(const BookDelta& delta) {
  const BookReason why = apply(delta.bids, delta.asks, delta.checksum);
  if (why != BookReason::None) return why;
  last_ = delta.last;
  joining_ = false;
  ++counters_.deltas;
  counters_.last_update = delta.times.recv_time;
  return BookReason::None;
}

bool BookSync::checksum_holds(std::uint32_t told) {
  const auto top = [&](Side side, TopSide& kept) {
    if (!kept.current)
      kept.count = book_.top(side, std::span(kept.levels).first(rules_.checksum_levels));
    kept.current = true;
    return std::span<const Level>(kept.levels).first(kept.count);
  };
  const TopLevels levels{top(Side::Buy, top_bids_), top(Side::Sell, top_asks_), price_scale_,
                         qty_scale_};
  const bool holds = rules_.checksum(levels) == told;
  ++(holds ? counters_.checksums_right : counters_.checksums_wrong);
  return holds;
}

void BookSync::clear_book() {
  book_.clear();
  top_bids_.current = top_asks_.current = false;
}

void BookSync::know_extent(const BookSnapshot& snapshot) {
  lowest_bid_.reset();
  highest_ask_.reset();
  if (!rules_.snapshot_by_request || rules_.depth != 0) return;
  if (snapshot.bids.size() >= whole_side_below) lowest_bid_ = snapshot.bids.back().price;
  if (snapshot.asks.size() >= whole_side_below) highest_ask_ = snapshot.asks.back().price;
}

bool BookSync::outside_extent() const {
  return (lowest_bid_ && book_.best(Side::Buy).price < *lowest_bid_) ||
         (highest_ask_ &&
          (book_.empty(Side::Sell) || book_.best(Side::Sell).price > *highest_ask_));
}

void BookSync::refresh(Instant now, Actions& out) {
  if (refreshing_) return;
  refreshing_ = true;
  if (now - synced_at_ >= SyncTimings::settled) backoff_ = SyncTimings::backoff_min;
  wanted_ = true;
  send_request(now, out);
}

// The deltas from the snapshot to the present are all in the buffer, or there are none.
bool BookSync::can_replace(const BookSnapshot& snapshot) const {
  if (snapshot.last >= last_) return true;
  if (buffered_.empty()) return false;
  const Sequence first = buffered_.front().delta.first;
  return rules_.sequence == SequenceRule::PrevLinked ? first <= snapshot.last
                                                     : first <= snapshot.last + 1;
}

BookSync::Joined BookSync::apply_buffered(BookReason& why) {
  for (const Buffered& buffered : buffered_) {
    BookDelta delta = buffered.delta;
    const std::span<const Level> levels = buffered_levels_;
    delta.bids = levels.subspan(buffered.at, buffered.bids);
    delta.asks = levels.subspan(buffered.at + buffered.bids, buffered.asks);
    switch (fit(delta)) {
      case Fit::Old:
        continue;
      case Fit::Follows:
        break;
      case Fit::Gap:
        if (joining_) return Joined::SnapshotTooOld;
        ++counters_.gaps;
        why = BookReason::Gap;
        return Joined::Broken;
    }
    why = apply_delta(delta);
    if (why != BookReason::None) return Joined::Broken;
  }
  drop_buffered();
  return Joined::Whole;
}

void BookSync::buffer(const BookDelta& delta) {
  const std::size_t levels = delta.bids.size() + delta.asks.size();
  if (buffered_.size() >= buffered_deltas_max ||
      buffered_levels_.size() + levels > buffered_levels_max) {
    drop_buffered();
  }
  Buffered kept{delta, buffered_levels_.size(), delta.bids.size(), delta.asks.size()};
  kept.delta.bids = {};
  kept.delta.asks = {};
  buffered_levels_.insert(buffered_levels_.end(), delta.bids.begin(), delta.bids.end());
  buffered_levels_.insert(buffered_levels_.end(), delta.asks.begin(), delta.asks.end());
  buffered_.push_back(kept);
}

void BookSync::drop_buffered() {
  buffered_.clear();
  buffered_levels_.clear();
}

BookChange BookSync::settle(Instant now, Actions& out) {
  if (!book_.crossed()) [[likely]] {
    crossed_since_.reset();
    if (outside_extent()) [[unlikely]]
      refresh(now, out);
    const BookChange top = refresh_top();
    return std::max(top, become_sound(out));
  }
  if (!crossed_since_) {
    crossed_since_ = now;
    ++counters_.crossings;
  } else if (now - *crossed_since_ > SyncTimings::crossed_max) {
    return resync(BookReason::Crossed, now, out);
  }
  refresh_top();
  return std::max(BookChange::Top, become(BookState::Suspect, BookReason::Crossed, out));
}

BookChange BookSync::resync(BookReason reason, Instant now, Actions& out) {
  if (state_ != BookState::Resyncing) {
    ++counters_.resyncs;
    if (now - synced_at_ >= SyncTimings::settled) backoff_ = SyncTimings::backoff_min;
  }
  audit_.abandon();
  clear_book();
  drop_buffered();
  refreshing_ = false;
  crossed_since_.reset();
  answer_due_.reset();
  refresh_top();
  if (connected_) {
    wanted_ = true;
    resubscribe_ = resubscribe_ || !rules_.snapshot_by_request;
    send_request(now, out);
  }
  return become(BookState::Resyncing, reason, out);
}

void BookSync::audit(Instant now, Actions& out) {
  if (state_ != BookState::Valid || audit_.running()) return;
  audit_.begin(now);
  out.emplace_back(RequestImage{instrument_});
}

// Of a book that comes whole only the levels that differ have changed. Both lists come best first; where the venue
// keeps to no order, more is noted than changed.
void BookSync::note_replaced(const BookSnapshot& snapshot) {
  for (const Side side : {Side::Buy, Side::Sell}) {
    TickBook::Cursor cursor = book_.levels(side);
    Level was;
    bool any = cursor.next(was);
    for (const Level& level : side == Side::Buy ? snapshot.bids : snapshot.asks) {
      while (any && (side == Side::Buy ? was.price > level.price : was.price < level.price)) {
        audit_.note(side, was.price);
        any = cursor.next(was);
      }
      const bool known = any && was.price == level.price;
      if (!known || was != level) audit_.note(side, level.price);
      if (known) any = cursor.next(was);
    }
    for (; any; any = cursor.next(was)) audit_.note(side, was.price);
  }
}

// What lies deeper than the venue tells of may change or go unseen, and is not told of when others come up behind it.
void BookSync::note_let_go() {
  for (const Side side : {Side::Buy, Side::Sell}) {
    if (book_.count(side) <= rules_.depth) continue;
    TickBook::Cursor cursor = book_.levels(side);
    std::size_t rank = 0;
    for (Level level; cursor.next(level); ++rank) {
      if (rank >= rules_.depth) audit_.note(side, level.price);
    }
  }
}

// One image alone may be an old one out of a cache: the second in a row decides.
BookChange BookSync::settle_audit(Instant now, Actions& out) {
  std::uint32_t differing = 0;
  const BookAudit::Verdict verdict = audit_.settle(book_, rules_.depth, now, differing);
  if (verdict != BookAudit::Verdict::Agrees && verdict != BookAudit::Verdict::Differs)
    return BookChange::None;
  ++counters_.audits;
  counters_.audit_difference = differing;
  counters_.last_audit = now;
  if (verdict == BookAudit::Verdict::Agrees) {
    doubted_ = false;
    return BookChange::None;
  }
  ++counters_.audits_differing;
  if (doubted_) {
    doubted_ = false;
    return resync(BookReason::AuditDiffers, now, out);
  }
  doubted_ = true;
  audit(now, out);
  return BookChange::None;
}

void BookSync::send_request(Instant now, Actions& out) {
  if (!wanted_ || now < ask_from_) return;
  if (!resubscribe_ && !stream_seen_ && now < quiet_until_) return;
  ask_from_ = now + backoff_;
  backoff_ = std::min(backoff_ * 2, SyncTimings::backoff_max);
  if (resubscribe_) {
    out.emplace_back(Resubscribe{instrument_});
    resubscribe_ = false;
    stream_seen_ = false;
    quiet_until_ = ask_from_;
    // Where the stream brings no snapshot, it is asked for next.
    if (rules_.snapshot_by_request) return;
  } else {
    out.emplace_back(RequestSnapshot{instrument_});
  }
  wanted_ = false;
  answer_due_ = now + SyncTimings::answer_max;
}

// Joined and uncrossed: Valid, unless its venue is mute.
BookChange BookSync::become_sound(Actions& out) {
  if (stale_) return become(BookState::Suspect, BookReason::Stale, out);
  return become(BookState::Valid, refreshing_ ? BookReason::OutsideWindow : BookReason::None, out);
}

BookChange BookSync::become(BookState state, BookReason reason, Actions& out) {
  if (state == state_ && reason == reason_) [[likely]]
    return BookChange::None;
  state_ = state;
  reason_ = reason;
  out.emplace_back(BookStateChanged{instrument_, static_cast<std::uint8_t>(state),
                                    static_cast<std::uint8_t>(reason)});
  return BookChange::State;
}

BookChange BookSync::refresh_top() {
  const Level bid = book_.best(Side::Buy);
  const Level ask = book_.best(Side::Sell);
  if (bid == best_bid_ && ask == best_ask_) return BookChange::Depth;
  best_bid_ = bid;
  best_ask_ = ask;
  return BookChange::Top;
}

}  // namespace ats::core

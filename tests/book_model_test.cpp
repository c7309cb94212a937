// Every venue's book rules against a plain sorted map: random streams as the venue would send them, over a line
// that loses, repeats, swaps and spoils, with resets, faults and crossings. The model below says what the book must
// be after each step (every level of both sides, and whether it may be priced from), and the book must be that.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"
#include "venues/client.hpp"

namespace ats {
namespace {

constexpr std::int64_t tick = 5;
constexpr Duration step_time = milliseconds(100);

struct Sides {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;
  bool operator==(const Sides&) const = default;

  void set(Side side, Level level) {
    const auto put = [&](auto& levels) {
      if (level.quantity.is_zero()) {
        levels.erase(level.price.units);
      } else {
        levels[level.price.units] = level.quantity.units;
      }
    };
    side == Side::Buy ? put(bids) : put(asks);
  }
  void cut(std::size_t depth) {
    if (depth == 0) return;
    while (bids.size() > depth) bids.erase(std::prev(bids.end()));
    while (asks.size() > depth) asks.erase(std::prev(asks.end()));
  }
  bool crossed() const {
    return !bids.empty() && !asks.empty() && bids.begin()->first >= asks.begin()->first;
  }
  static std::vector<Level> list(const auto& levels, std::size_t most) {
    std::vector<Level> out;
    for (const auto& [price, quantity] : levels) {
      if (out.size() == most) break;
      out.push_back({{price}, {quantity}});
    }
    return out;
  }
};

std::uint32_t checksum_of(const BookRules& rules, const Instrument& i, const Sides& book) {
  const auto bids = Sides::list(book.bids, rules.checksum_levels);
  const auto asks = Sides::list(book.asks, rules.checksum_levels);
  return rules.checksum({bids, asks, i.price_scale, i.qty_scale});
}

struct Message {
  bool whole = false;  // a snapshot
  Sequence first = 0, last = 0, previous = 0;
  std::optional<std::uint32_t> checksum;
  std::vector<Level> bids, asks;
  std::uint64_t number = 0;  // of the connection
};

// What the rules say of one book, as plainly as they can be said.
class Model {
 public:
  Model(const BookRules& rules, const Instrument& instrument)
      : rules_(rules), instrument_(instrument) {}

  void up() {
    lose();
    connected_ = true;
  }
  void down() {
    lose();
    connected_ = false;
  }
  void fault() {
    if (connected_) lose();
  }
  void timer(Instant now) {
    if (connected_ && crossed_since_ && now - *crossed_since_ > core::SyncTimings::crossed_max)
      lose();
  }

  void snapshot(const Message& m, Instant now) {
    if (!connected_) return;
    if (synced_ && rules_.snapshot_by_request) return;  // the book in hand is newer
    if (synced_ && rules_.sequence == SequenceRule::WholeBook) {
      if (m.last >= last_) {
        older_ = 0;
      } else if (++older_ < core::BookSync::older_max) {
        return;
      }
    }
    book_ = {};
    crossed_since_.reset();
    last_ = m.last;
    joining_ = true;
    if (!apply(m)) return lose();
    for (const Message& held : std::vector<Message>(waiting_)) {
      const int place = place_of(held);
      if (place < 0) continue;
      if (place > 0 && joining_) {  // the snapshot is too old: what waits is kept for the next one
        book_ = {};
        synced_ = false;
        return;
      }
      if (place > 0 || !apply(held)) return lose();
      last_ = held.last;
      joining_ = false;
    }
    waiting_.clear();
    synced_ = true;
    look(now);
  }

  void delta(const Message& m, Instant now) {
    if (!connected_) return;
    if (!synced_) {
      if (rules_.snapshot_by_request) waiting_.push_back(m);
      return;
    }
    const int place = place_of(m);
    if (place < 0) return;
    if (place > 0) {
      lose();
      if (rules_.snapshot_by_request) waiting_.push_back(m);
      return;
    }
    if (!apply(m)) return lose();
    last_ = m.last;
    joining_ = false;
    look(now);
  }

  BookState state(bool stale) const {
    if (!synced_) return BookState::Resyncing;
    return crossed_since_ || stale ? BookState::Suspect : BookState::Valid;
  }
  const Sides& book() const { return book_; }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  void lose() {
    book_ = {};
    synced_ = false;
    waiting_.clear();
    crossed_since_.reset();
  }
  // False: the checksum says that the book is another.
  bool apply(const Message& m) {
    for (const Level& level : m.bids) book_.set(Side::Buy, level);
    for (const Level& level : m.asks) book_.set(Side::Sell, level);
    book_.cut(rules_.depth);
    return rules_.checksum == nullptr || !m.checksum ||
           *m.checksum == checksum_of(rules_, instrument_, book_);
  }
  // Below zero: old; above: something is missing before it.
  int place_of(const Message& m) const {
    if (rules_.sequence == SequenceRule::Spanning) {
      if (m.last <= last_) return -1;
      return m.first <= last_ + 1 ? 0 : 1;
    }
    if (rules_.sequence == SequenceRule::PrevLinked) {
      if (joining_ && m.last < last_) return -1;
      if (joining_) return m.first <= last_ || m.previous == last_ ? 0 : 1;
      if (m.last <= last_) return -1;
      return m.previous == last_ ? 0 : 1;
    }
    return 0;
  }
  void look(Instant now) {
    if (!book_.crossed()) return crossed_since_.reset();
    if (!crossed_since_) {
      crossed_since_ = now;
    } else if (now - *crossed_since_ > core::SyncTimings::crossed_max) {
      lose();
    }
  }

  const BookRules& rules_;
  const Instrument& instrument_;
  Sides book_;
  Sequence last_ = 0;
  std::uint8_t older_ = 0;
  bool connected_ = false;
  bool synced_ = false;
  bool joining_ = false;
  std::optional<Instant> crossed_since_;
  std::vector<Message> waiting_;
};

// A venue that has two books and tells of them by its rules, the line from it, our books and the model.
class Trial {
 public:
  Trial(const venues::Protocol& protocol, std::uint64_t seed) : rules_(protocol.rules), rng_(seed) {
    venue_ = universe_.add_venue(protocol.name, protocol.rules);
    for (const char* base : {"A", "B"}) {
      Instrument i;
      i.venue = venue_;
      i.base = universe_.add_asset(base);
      i.quote = universe_.add_asset("USDT");
      i.symbol = base;
      i.tick = tick;
      i.price_scale = 2;
      i.qty_scale = 4;
      universe_.add_instrument(i);
    }
    books_.emplace(universe_);
    for (const Instrument& i : universe_.instruments()) sources_.emplace_back(rules_, i);
    connect();
  }

  void step() {
    now_ = now_ + step_time;
    const std::size_t n = rng_.below(sources_.size());
    if (rng_.one_in(1'500)) {
      connect();
    } else if (rng_.one_in(1'000)) {
      fault(rng_.one_in(2) ? BookFaultReason::MalformedFrame : BookFaultReason::NumberFault, n);
    } else if (rng_.one_in(2'500)) {
      now_ = now_ + seconds(20);  // the venue is mute
    } else {
      change(n);
      line(n);
    }
    answer(n);
    if (steps_++ % 5 == 0 || now_ - heard_ > rules_.max_age) timer();
  }

  // Our books against the model, and the model against the venue where nothing is missing.
  void compare() {
    for (std::size_t n = 0; n < sources_.size(); ++n) {
      const Source& source = sources_[n];
      const core::BookView view = books_->view(InstrumentId{static_cast<std::uint16_t>(n)});
      ASSERT_EQ(view.state(), source.model.state(stale_)) << name(view.reason());
      ASSERT_TRUE(same(view, Side::Buy, source.model.book().bids));
      ASSERT_TRUE(same(view, Side::Sell, source.model.book().asks));
      ASSERT_EQ(view.valid(now_),
                view.state() == BookState::Valid && now_ - heard_ <= rules_.max_age);
      if (view.state() == BookState::Resyncing) ++resyncing_;
      if (view.state() == BookState::Suspect) ++suspect_;
      if (view.state() != BookState::Valid) continue;
      ++valid_;
      if (!source.newest_arrived) continue;
      ++proved_;
      Sides truth = source.truth;
      truth.cut(rules_.depth);
      ASSERT_EQ(source.model.book(), truth) << "Valid, up to date, and not the venue's";
    }
  }

  std::uint64_t valid() const { return valid_; }
  std::uint64_t proved() const { return proved_; }
  std::uint64_t suspect() const { return suspect_; }
  std::uint64_t resyncing() const { return resyncing_; }

 private:
  struct Source {
    Source(const BookRules& rules, const Instrument& instrument) : model(rules, instrument) {}
    Model model;
    Sides truth;
    Sequence last = 1;
    std::int64_t middle = 100'000;
    std::deque<Message> sent;     // to be repeated from
    std::optional<Message> held;  // overtaken by the next one
    std::optional<std::uint64_t> answer_in;
    std::optional<Message> image;  // taken when it was asked for
    bool newest_arrived = false;
    bool crossing = false;
  };

  static bool same(const core::BookView& view, Side side, const auto& levels) {
    if (view.count(side) != levels.size()) return false;
    if (levels.empty() ? view.best(side) != Level{}
                       : view.best(side).price.units != levels.begin()->first ||
                             view.best(side).quantity.units != levels.begin()->second)
      return false;
    auto cursor = view.levels(side);
    Level level;
    for (const auto& [price, quantity] : levels) {
      if (!cursor.next(level) || level.price.units != price || level.quantity.units != quantity)
        return false;
    }
    return !cursor.next(level);
  }

  InstrumentId id(std::size_t n) const { return InstrumentId{static_cast<std::uint16_t>(n)}; }

  void connect() {
    books_->on_connection(venue_, false, now_, out_);
    books_->on_connection(venue_, true, now_, out_);
    heard_ = now_;
    stale_ = false;
    expected_ = sent_;
    for (Source& source : sources_) {
      source.model.down();
      source.model.up();
      source.held.reset();
      source.newest_arrived = false;
      source.answer_in.reset();
      // Subscribed anew, the stream begins with the book.
      if (!rules_.snapshot_by_request) source.answer_in = rng_.below(6);
    }
  }

  void fault(BookFaultReason reason, std::size_t n) {
    books_->on_fault({id(n), venue_, reason}, now_, out_);
    sources_[n].model.fault();
  }

  void timer() {
    stale_ = stale_ || now_ - heard_ > rules_.max_age;
    books_->on_timer(now_, out_);
    for (Source& source : sources_) source.model.timer(now_);
  }

  // The venue's book changes, and a message says how.
  void change(std::size_t n) {
    Source& source = sources_[n];
    Sides before = source.truth;
    if (rng_.one_in(4)) source.middle += tick * rng_.between(-8, 8);
    source.crossing = source.crossing ? !rng_.one_in(6) : rng_.one_in(400);
    if (!source.crossing) {
      while (!source.truth.bids.empty() && source.truth.bids.begin()->first >= source.middle)
        source.truth.bids.erase(source.truth.bids.begin());
      while (!source.truth.asks.empty() && source.truth.asks.begin()->first <= source.middle)
        source.truth.asks.erase(source.truth.asks.begin());
    }
    const std::int64_t reach = source.crossing ? -3 : 1;
    for (std::uint64_t k = 0; k <= rng_.below(3); ++k) {
      const std::int64_t away = tick * rng_.between(reach, 40);
      const Side side = rng_.one_in(2) ? Side::Buy : Side::Sell;
      const std::int64_t price = source.middle + (side == Side::Buy ? -away : away);
      source.truth.set(side, {{price}, {rng_.one_in(3) ? 0 : rng_.between(1, 1'000'000)}});
    }
    source.truth.cut(30);
    Message m;
    m.whole = rules_.sequence == SequenceRule::WholeBook;
    m.previous = source.last;
    m.first = source.last + 1;
    m.last = source.last = m.first + rng_.below(3);
    before.cut(rules_.depth);
    Sides after = source.truth;
    after.cut(rules_.depth);
    if (m.whole) {
      m.bids = Sides::list(after.bids, 1'000);
      m.asks = Sides::list(after.asks, 1'000);
    } else {
      tell(before.bids, after.bids, source.truth.bids, m.bids);
      tell(before.asks, after.asks, source.truth.asks, m.asks);
    }
    // A checksum with each message, or, where the messages are counted, now and then.
    if (rules_.checksum != nullptr && (!rules_.connection_sequence || rng_.one_in(3)))
      m.checksum = checksum_of(rules_, universe_.instrument(id(n)), after);
    m.number = ++sent_;
    source.newest_arrived = false;
    source.sent.push_back(m);
    if (source.sent.size() > 12) source.sent.pop_front();
  }
  // What a reader of `before` must be told: removals first, as the venues do. What is only pushed beyond the
  // depth may be left to the reader to cut.
  void tell(const auto& before, const auto& after, const auto& truth, std::vector<Level>& out) {
    for (const auto& [price, quantity] : before) {
      if (after.count(price) != 0) continue;
      if (truth.count(price) == 0 || rng_.one_in(3)) out.push_back({{price}, {}});
    }
    for (const auto& [price, quantity] : after) {
      const auto was = before.find(price);
      if (was == before.end() || was->second != quantity) out.push_back({{price}, {quantity}});
    }
  }

  // What becomes of the newest message on its way.
  void line(std::size_t n) {
    Source& source = sources_[n];
    const Message newest = source.sent.back();
    if (source.held) {
      const Message late = *std::exchange(source.held, std::nullopt);
      arrive(n, newest, true);
      return arrive(n, late, false);
    }
    if (rng_.one_in(600)) return;  // lost
    if (rng_.one_in(800)) {
      source.held = newest;
      return;
    }
    if (rules_.checksum != nullptr && newest.checksum && rng_.one_in(700)) {
      Message spoilt = newest;
      spoilt.checksum = *spoilt.checksum ^ (1u << rng_.below(32));
      return arrive(n, spoilt, true);
    }
    arrive(n, newest, true);
    // Where messages are counted each of these is a gap: not so often.
    const std::uint64_t rare = rules_.connection_sequence ? 20 : 1;
    if (rng_.one_in(100 * rare)) arrive(n, newest, true);  // twice
    if (rng_.one_in(500 * rare))
      arrive(n, Message(source.sent[rng_.below(source.sent.size())]), false);
  }

  void arrive(std::size_t n, const Message& m, bool newest) {
    Source& source = sources_[n];
    if (rules_.connection_sequence) {
      // The codec counts, and knows of none of the venue's books any more what they lack.
      if (m.number != expected_ + 1) {
        books_->on_fault({{}, venue_, BookFaultReason::SequenceGap}, now_, out_);
        for (Source& each : sources_) each.model.fault();
      }
      expected_ = m.number;
    }
    const Times times{{}, now_};
    if (m.whole) {
      books_->on_snapshot({id(n), times, m.last, m.checksum, m.bids, m.asks}, now_, out_);
      hear();
      source.model.snapshot(m, now_);
    } else {
      books_->on_delta({id(n), times, m.first, m.last, m.previous, m.checksum, m.bids, m.asks},
                       now_, out_);
      hear();
      source.model.delta(m, now_);
    }
    source.newest_arrived = newest;
  }

  void hear() {
    heard_ = now_;
    stale_ = false;
  }

  // Books that were asked for come some steps later; by request, as they were then or as they are now.
  void answer(std::size_t n) {
    for (const Action& action : out_) {
      const auto* snapshot = std::get_if<RequestSnapshot>(&action);
      const auto* anew = std::get_if<Resubscribe>(&action);
      if (snapshot == nullptr && anew == nullptr) continue;
      Source& asked =
          sources_[(snapshot != nullptr ? snapshot->instrument : anew->instrument).index()];
      asked.answer_in = rng_.below(8);
      asked.image.reset();
      if (snapshot != nullptr && rng_.one_in(2)) asked.image = image_of(asked);
    }
    out_.clear();
    Source& source = sources_[n];
    if (!source.answer_in || (*source.answer_in)-- > 0) return;
    source.answer_in.reset();
    Message m = source.image ? *std::exchange(source.image, std::nullopt) : image_of(source);
    if (rules_.checksum != nullptr)
      m.checksum = checksum_of(rules_, universe_.instrument(id(n)), [&] {
        Sides cut = source.truth;
        cut.cut(rules_.depth);
        return cut;
      }());
    if (!rules_.snapshot_by_request && rng_.one_in(50)) return;  // and some never come
    books_->on_snapshot({id(n), {{}, now_}, m.last, m.checksum, m.bids, m.asks}, now_, out_);
    if (!rules_.snapshot_by_request) hear();
    source.model.snapshot(m, now_);
    source.newest_arrived = !rules_.snapshot_by_request;
    source.held.reset();
  }
  Message image_of(const Source& source) const {
    Sides cut = source.truth;
    cut.cut(rules_.depth);
    Message m;
    m.whole = true;
    m.last = source.last;
    m.bids = Sides::list(cut.bids, 1'000);
    m.asks = Sides::list(cut.asks, 1'000);
    return m;
  }

  const BookRules rules_;
  Rng rng_;
  Universe universe_;
  VenueId venue_;
  std::optional<core::BookSet> books_;
  std::deque<Source> sources_;
  Actions out_;
  Instant now_{seconds(1'000'000).ns};
  Instant heard_{};
  bool stale_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t sent_ = 0;      // messages of the venue
  std::uint64_t expected_ = 0;  // number of the last one that came
  std::uint64_t valid_ = 0, proved_ = 0, suspect_ = 0, resyncing_ = 0;
};

class BookModel : public testing::TestWithParam<std::string> {};

TEST_P(BookModel, the_book_is_the_sorted_map_at_every_step) {
  constexpr std::uint64_t seeds = 6;
  constexpr std::uint64_t steps = 25'000;
  const venues::Protocol& protocol = *venues::find_protocol(GetParam());
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Trial trial(protocol, seed);
    for (std::uint64_t n = 0; n < steps; ++n) {
      trial.step();
      trial.compare();
      if (HasFatalFailure()) FAIL() << "at step " << n << " of seed " << seed;
    }
    // Of two books a step. Faults come often, and most of the time there is a book all the same.
    EXPECT_GT(trial.valid(), steps) << "seed " << seed;
    EXPECT_GT(trial.proved(), steps / 2) << "seed " << seed;
    EXPECT_GT(trial.suspect(), 20u) << "seed " << seed;
    EXPECT_GT(trial.resyncing(), 50u) << "seed " << seed;
  }
}

std::vector<std::string> all_venues() {
  std::vector<std::string> names;
  for (const venues::Protocol* protocol : venues::protocols()) names.emplace_back(protocol->name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(EveryVenue, BookModel, testing::ValuesIn(all_venues()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ats

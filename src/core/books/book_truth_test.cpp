#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"

namespace ats::core {
namespace {

Level level(std::int64_t price, std::int64_t quantity) { return {{price}, {quantity}}; }

// A venue that knows its book after every id, and a line that loses and repeats messages and answers
// snapshot requests late. Whenever the book says it is Valid, it must show the venue's best prices.
void live_with_a_lossy_line(SequenceRule rule, std::uint64_t seed, std::size_t levels_a_side) {
  SCOPED_TRACE(seed);
  struct Truth {
    std::map<std::int64_t, std::int64_t, std::greater<>> bids;
    std::map<std::int64_t, std::int64_t> asks;
  };
  struct Message {
    Sequence first, last, previous;
    std::vector<Level> bids, asks;
  };
  Universe universe;
  const VenueId venue =
      universe.add_venue("venue", {.sequence = rule, .snapshot_by_request = true});
  Instrument instrument;
  instrument.venue = venue;
  instrument.base = universe.add_asset("A");
  instrument.quote = universe.add_asset("USDT");
  instrument.symbol = "A";
  const InstrumentId id = universe.add_instrument(instrument);
  BookSet books(universe);
  Rng rng(seed);
  Instant now{1'000'000'000};
  Actions out;
  std::map<Sequence, Truth> truth{{1, {}}};  // the latest ids
  std::deque<Message> sent;
  std::int64_t middle = 100'000;
  Sequence last = 1;
  Sequence received = 1;
  Sequence shown = 1;  // the id whose book a Valid one shows
  std::optional<int> answer_in;
  int valid = 0, outside = 0, gaps_made = 0;
  const auto handle_requests = [&] {
    for (const Action& action : out) {
      if (std::holds_alternative<RequestSnapshot>(action))
        answer_in = static_cast<int>(rng.below(12));
    }
    out.clear();
  };
  books.on_connection(venue, true, now, out);
  for (int step = 0; step < 12'000; ++step) {
    now = now + milliseconds(50);
    Message message;
    message.previous = last;
    message.first = last + 1;
    message.last = last + 1 + rng.below(3);
    Truth next = truth.at(last);
    if (rng.one_in(4)) middle += rng.between(-40, 40);
    const auto change = [&](auto& side, std::vector<Level>& told, std::int64_t price,
                            std::int64_t quantity) {
      quantity == 0 ? static_cast<void>(side.erase(price))
                    : static_cast<void>(side[price] = quantity);
      told.push_back(level(price, quantity));
    };
    while (!next.bids.empty() && next.bids.begin()->first >= middle)
      change(next.bids, message.bids, next.bids.begin()->first, 0);
    while (!next.asks.empty() && next.asks.begin()->first <= middle)
      change(next.asks, message.asks, next.asks.begin()->first, 0);
    for (int n = 0; n < 2; ++n) {
      const std::int64_t away = 1 + static_cast<std::int64_t>(rng.below(300));
      change(next.bids, message.bids, middle - away, rng.between(0, 9));
      change(next.asks, message.asks, middle + away, rng.between(0, 9));
    }
    while (next.bids.size() > levels_a_side)
      change(next.bids, message.bids, std::prev(next.bids.end())->first, 0);
    while (next.asks.size() > levels_a_side)
      change(next.asks, message.asks, std::prev(next.asks.end())->first, 0);
    for (last = message.first; last < message.last; ++last) truth[last] = truth.at(last - 1);
    truth[last] = next;
    sent.push_back(message);
    if (sent.size() > 30) sent.pop_front();
    if (last > 60) truth.erase(truth.begin(), truth.lower_bound(last - 60));

    const auto deliver = [&](const Message& m) {
      books.on_delta({id, {{}, now}, m.first, m.last, m.previous, {}, m.bids, m.asks}, now, out);
      received = std::max(received, m.last);
      if (books.view(id).state() == BookState::Valid) shown = std::max(shown, m.last);
    };
    if (rng.one_in(500)) {
      ++gaps_made;
    } else {
      deliver(message);
    }
    if (rng.one_in(40)) deliver(Message(sent[rng.below(sent.size())]));
    if (rng.one_in(2'000)) {
      books.on_connection(venue, false, now, out);
      books.on_connection(venue, true, now, out);
      answer_in.reset();
    }
    if (step % 5 == 0) books.on_timer(now, out);
    handle_requests();
    if (answer_in && (*answer_in)-- == 0) {
      answer_in.reset();
      const Sequence at = last - std::min<Sequence>(rng.below(6), last - 1);
      std::vector<Level> bids, asks;
      for (const auto& [price, quantity] : truth.at(at).bids) {
        if (bids.size() < 100) bids.push_back(level(price, quantity));
      }
      for (const auto& [price, quantity] : truth.at(at).asks) {
        if (asks.size() < 100) asks.push_back(level(price, quantity));
      }
      const auto change_made = books.on_snapshot({id, {{}, now}, at, {}, bids, asks}, now, out);
      if (change_made == BookChange::State && books.view(id).state() == BookState::Valid)
        shown = std::max(at, received);
      handle_requests();
    }
    const BookView view = books.view(id);
    if (view.state() != BookState::Valid) continue;
    ++valid;
    const Truth& there = truth.at(shown);
    const Level bid =
        there.bids.empty() ? Level{} : level(there.bids.begin()->first, there.bids.begin()->second);
    const Level ask =
        there.asks.empty() ? Level{} : level(there.asks.begin()->first, there.asks.begin()->second);
    if (view.reason() == BookReason::None) {
      ASSERT_EQ(view.best(Side::Buy), bid) << "step " << step;
      ASSERT_EQ(view.best(Side::Sell), ask) << "step " << step;
    } else {
      ++outside;
      ASSERT_EQ(view.reason(), BookReason::OutsideWindow);
      ASSERT_LE(view.best(Side::Buy).price, bid.price) << "step " << step;
      if (!view.best(Side::Sell).quantity.is_zero()) {
        ASSERT_GE(view.best(Side::Sell).price, ask.price) << "step " << step;
      }
    }
  }
  std::vector<BookStatus> status;
  books.status(status);
  EXPECT_GT(valid, 4'000);
  EXPECT_GT(gaps_made, 10);
  EXPECT_GT(status[0].gaps, 8u);
  EXPECT_GT(status[0].snapshots, 10u);
  if (levels_a_side > 100) {
    EXPECT_GT(outside, 0);
  }
}

TEST(BookAgainstTheTruth, a_spanning_book_that_says_valid_shows_the_venues_best) {
  live_with_a_lossy_line(SequenceRule::Spanning, 1, 60);
  live_with_a_lossy_line(SequenceRule::Spanning, 2, 250);
}

TEST(BookAgainstTheTruth, a_linked_book_that_says_valid_shows_the_venues_best) {
  live_with_a_lossy_line(SequenceRule::PrevLinked, 3, 60);
  live_with_a_lossy_line(SequenceRule::PrevLinked, 4, 250);
}

}  // namespace
}  // namespace ats::core

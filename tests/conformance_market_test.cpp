// What every venue's folder must do with metadata and market data. A new venue is taken in by its line in the
// registry; nothing here names one.
#include <gmock/gmock.h>

#include "conformance.hpp"

namespace ats::conformance {
namespace {

class VenueMarket : public testing::TestWithParam<std::string> {
 protected:
  // Every book Valid and the exchange's, after at most `within` of a market that goes on.
  void expect_right_books(Desk& desk, Duration within, Rng& rng) {
    for (Duration waited{}; waited < within; waited = waited + milliseconds(200)) {
      for (std::size_t n = 0; n < desk.count(); ++n) desk.stir(n, rng);
      desk.pass(milliseconds(200));
      if (right(desk)) return;
    }
    for (std::size_t n = 0; n < desk.count(); ++n) {
      EXPECT_EQ(desk.book_state(n), BookState::Valid)
          << name(desk.book_status(n).reason) << " of instrument " << n;
      EXPECT_EQ(desk.difference(n), "") << "instrument " << n;
    }
  }
  static bool right(const Desk& desk) {
    for (std::size_t n = 0; n < desk.count(); ++n) {
      if (desk.book_state(n) != BookState::Valid || !desk.difference(n).empty()) return false;
    }
    return true;
  }
  // Whether a frame may hold levels: more than a heartbeat, or a short list in a list.
  static bool holds_levels(const std::string& frame, std::size_t heartbeat_max) {
    return frame.size() > heartbeat_max ||
           (frame.starts_with('[') && frame.find(",[") != std::string::npos);
  }
  // How long a book may take to come back: the longest pause between two requests, and the answer.
  static constexpr Duration recovery_max = seconds(45);
};

TEST_P(VenueMarket, metadata_gives_back_what_the_exchange_lists) {
  Desk desk(GetParam());
  for (std::size_t n = 0; n < desk.count(); ++n) {
    const Instrument& theirs = desk.listed(n);
    const Instrument& ours = desk.ours(n);
    EXPECT_EQ(ours.symbol, theirs.symbol);
    EXPECT_EQ(ours.status, InstrumentStatus::Trading);
    EXPECT_EQ(ours.min_notional, theirs.min_notional);
    EXPECT_EQ(ours.quantity_decimal({ours.lot}), theirs.quantity_decimal({theirs.lot}));
    EXPECT_EQ(ours.quantity_decimal(ours.min_quantity),
              theirs.quantity_decimal(theirs.min_quantity));
    // Steps, wherever the price stands: from a hundredth of today's price to ten times that.
    const Price best = desk.exchange().queues(theirs.id).best(Side::Buy).price;
    for (const std::int64_t units :
         {best.units / 100, best.units / 10, best.units / 2, best.units, best.units * 2}) {
      const auto same = theirs.price_decimal({units}).to_scaled_floor(ours.price_scale);
      ASSERT_TRUE(same.ok());
      EXPECT_EQ(ours.price_decimal({ours.tick_at({*same})}),
                theirs.price_decimal({theirs.tick_at({units})}))
          << "at " << theirs.price_decimal({units}).to_string();
    }
  }
}

TEST_P(VenueMarket, books_are_the_exchanges_after_every_change) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  Rng rng(1);
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    desk.stir(round % 2, rng);
    desk.pass(milliseconds(150));
    for (std::size_t n = 0; n < desk.count(); ++n) {
      if (desk.book_state(n) != BookState::Valid) continue;
      ASSERT_EQ(desk.difference(n), "") << "round " << round << ", instrument " << n;
      ++compared;
    }
  }
  EXPECT_GT(compared, 780);
  for (std::size_t n = 0; n < desk.count(); ++n) {
    const BookStatus status = desk.book_status(n);
    EXPECT_EQ(status.gaps, 0u);
    EXPECT_EQ(status.checksums_wrong, 0u);
    EXPECT_EQ(status.resyncs, 0u);
    if (desk.rules().checksum != nullptr) {
      EXPECT_GT(status.checksums_right, 50u);
    }
  }
}

TEST_P(VenueMarket, a_lost_message_is_noticed_and_its_book_comes_back) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    Rng rng(seed);
    int to_lose = 1;
    desk.on_market_frame = [&](std::string frame) -> std::optional<std::string> {
      // Frames as short as a heartbeat hold no levels; one that holds none of a book is lost unnoticed.
      if (to_lose > 0 && holds_levels(frame, 90)) {
        --to_lose;
        return std::nullopt;
      }
      return frame;
    };
    for (int round = 0; round < 40 && to_lose > 0; ++round) {
      desk.stir(0, rng);
      desk.pass(milliseconds(150));
    }
    EXPECT_EQ(to_lose, 0);
    // A venue shows a hole with its next message, not before.
    for (int round = 0; round < 8; ++round) {
      desk.stir(0, rng);
      desk.pass(milliseconds(150));
    }
    expect_right_books(desk, recovery_max, rng);
    const BookStatus broken = desk.book_status(0);
    if (desk.rules().sequence != SequenceRule::WholeBook) {
      EXPECT_GT(broken.gaps + broken.checksums_wrong, 0u);
    }
    // A venue that counts the messages of a connection cannot tell whose was lost; others can.
    if (!desk.rules().connection_sequence) {
      EXPECT_EQ(desk.book_status(1).resyncs, 0u) << "the neighbour was disturbed";
    }
  }
}

class VenueChecksum : public VenueMarket {};

TEST_P(VenueChecksum, a_wrong_checksum_is_counted_and_the_book_comes_back) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  Rng rng(3);
  desk.server().set_fault(venues::ServerFault::BadChecksum, true);
  for (int round = 0; round < 20 && desk.book_status(0).checksums_wrong == 0; ++round) {
    desk.stir(0, rng);
    desk.pass(milliseconds(500));
  }
  EXPECT_EQ(desk.book_status(0).checksums_wrong, 1u);
  expect_right_books(desk, recovery_max, rng);
  EXPECT_EQ(desk.book_status(1).resyncs, 0u);
}

TEST_P(VenueMarket, a_lost_connection_leaves_no_valid_book_and_a_new_one_brings_them_back) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  Rng rng(4);
  for (int again = 0; again < 3; ++again) {
    desk.close(Channel::MarketData);
    for (std::size_t n = 0; n < desk.count(); ++n) EXPECT_NE(desk.book_state(n), BookState::Valid);
    for (int round = 0; round < 5; ++round) desk.stir(round % 2, rng);
    desk.pass(seconds(1));
    desk.open(Channel::MarketData);
    expect_right_books(desk, recovery_max, rng);
  }
}

TEST_P(VenueMarket, bytes_that_are_not_the_protocol_never_make_a_wrong_book_valid) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    Rng rng(seed);
    int spoilt = 0;
    desk.on_market_frame = [&](std::string frame) -> std::optional<std::string> {
      if (!holds_levels(frame, 59) || !rng.one_in(6)) return frame;
      ++spoilt;
      frame.resize(rng.below(frame.size()));
      return frame;
    };
    for (int round = 0; round < 120; ++round) {
      desk.stir(round % 2, rng);
      desk.pass(milliseconds(200));
    }
    EXPECT_GT(spoilt, 3);
    desk.on_market_frame = nullptr;
    expect_right_books(desk, seconds(90), rng);
    std::uint64_t refused = 0;
    const auto& frames = desk.client().counters().frames;
    for (std::size_t k = static_cast<std::size_t>(venues::FrameOutcome::Malformed);
         k < frames.size(); ++k)
      refused += frames[k];
    EXPECT_GE(refused, static_cast<std::uint64_t>(spoilt));
  }
}

TEST_P(VenueMarket, prints_are_told_with_price_quantity_and_the_takers_side) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  for (const Side side : {Side::Buy, Side::Sell}) {
    desk.events.clear();
    const Instrument& theirs = desk.listed(0);
    const Price best = desk.exchange().queues(theirs.id).best(opposite(side)).price;
    const Quantity quantity =
        theirs.floor_to_lot({std::max(theirs.lot, theirs.min_quantity.units)});
    ASSERT_EQ(desk.exchange().house_take(theirs.id, side, best, quantity), quantity);
    desk.exchange().publish(theirs.id);
    desk.pass(seconds(1));
    const auto trades = desk.all<Trade>();
    ASSERT_EQ(trades.size(), 1u);
    const Instrument& ours = desk.ours(0);
    EXPECT_EQ(trades[0].instrument, ours.id);
    EXPECT_EQ(trades[0].taker_side, side);
    EXPECT_EQ(ours.price_decimal(trades[0].price), theirs.price_decimal(best));
    EXPECT_EQ(ours.quantity_decimal(trades[0].quantity), theirs.quantity_decimal(quantity));
    EXPECT_FALSE(trades[0].id.view().empty());
  }
}

// The book by REST, as the audit of the books asks for it.
TEST_P(VenueMarket, the_image_by_rest_is_the_exchanges_book) {
  Desk desk(GetParam());
  ASSERT_NE(desk.protocol().depth_request, nullptr);
  ASSERT_GT(desk.rules().audit_every.ns, 0);
  ASSERT_GT(desk.rules().poll_every.ns, 0);
  Rng rng(5);
  for (int round = 0; round < 20; ++round) {
    desk.stir(0, rng);
    desk.pass(seconds(1));  // within the venue's limits
    const HttpResponse answer = desk.server().on_http(desk.protocol().depth_request(desk.ours(0)));
    ASSERT_EQ(answer.status, 200) << answer.body;
    struct Image final : EventSink {
      void on(const Event& event) override {
        const auto* snapshot = std::get_if<BookSnapshot>(&event);
        ASSERT_NE(snapshot, nullptr) << event.index();
        bids.assign(snapshot->bids.begin(), snapshot->bids.end());
        asks.assign(snapshot->asks.begin(), snapshot->asks.end());
      }
      std::vector<Level> bids;
      std::vector<Level> asks;
    } image;
    const auto decoder = desk.protocol().make_decoder(desk.ours(0).venue, desk.our_universe());
    ASSERT_EQ(decoder->on_depth_body(desk.ours(0).id, answer.body, desk.now().instant, image),
              venues::FrameOutcome::Decoded);
    const venues::BookImage truth = desk.exchange().book(desk.listed(0).id, 10);
    for (const Side side : {Side::Buy, Side::Sell}) {
      const auto& told = side == Side::Buy ? image.bids : image.asks;
      const auto& there = side == Side::Buy ? truth.bids : truth.asks;
      ASSERT_GE(told.size(), there.size()) << "ten levels are compared";
      for (std::size_t n = 0; n < there.size(); ++n) {
        EXPECT_EQ(desk.ours(0).price_decimal(told[n].price),
                  desk.listed(0).price_decimal(there[n].price));
        EXPECT_EQ(desk.ours(0).quantity_decimal(told[n].quantity),
                  desk.listed(0).quantity_decimal(there[n].quantity));
      }
    }
  }
}

// Nothing is traded: heartbeats, answers to the client's questions or pongs keep the books Valid, as long as they come.
TEST_P(VenueMarket, a_quiet_market_keeps_its_books_valid_and_a_dead_connection_does_not) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  for (int second = 0; second < 120; ++second) {
    desk.pass(seconds(1));
    for (std::size_t n = 0; n < desk.count(); ++n)
      ASSERT_TRUE(desk.book_valid(n)) << second << " s: " << name(desk.book_status(n).reason);
  }
  EXPECT_TRUE(desk.reconnects.empty()) << desk.reconnects.front();
  for (std::size_t n = 0; n < desk.count(); ++n) {
    EXPECT_EQ(desk.book_status(n).resyncs, 0u);
    EXPECT_EQ(desk.difference(n), "");
  }
  desk.market_dead = true;
  desk.pass(desk.rules().max_age + milliseconds(100));
  for (std::size_t n = 0; n < desk.count(); ++n) {
    EXPECT_FALSE(desk.book_valid(n));
    EXPECT_NE(desk.book_state(n), BookState::Valid);
  }
}

// However quiet: what proves the connection alive comes often enough that one lost sign makes no book stale.
TEST_P(VenueMarket, signs_of_life_are_asked_for_more_often_than_books_grow_stale) {
  const venues::ChannelPolicy& policy = venues::find_protocol(GetParam())->market_policy;
  if (!policy.pongs_are_heartbeats) return;
  EXPECT_GT(policy.ping_every.ns, 0);
  EXPECT_LE((policy.ping_every * 3).ns, venues::find_protocol(GetParam())->rules.max_age.ns);
}

INSTANTIATE_TEST_SUITE_P(Conformance, VenueMarket, testing::ValuesIn(venues_to_test()),
                         [](const auto& info) { return info.param; });

INSTANTIATE_TEST_SUITE_P(Conformance, VenueChecksum, testing::ValuesIn(venues_with_checksums()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ats::conformance

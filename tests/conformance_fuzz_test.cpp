// Bad input, for every venue, in both directions: the frames and requests of a real conversation, cut, flipped,
// spliced, repeated, nested, blown up and filled with what is not text. Nothing crashes, every frame is counted
// under a name, no table grows, and the conversation goes on afterwards.
#include <gmock/gmock.h>
#include <malloc.h>

#include <algorithm>
#include <limits>

#include "conformance.hpp"

namespace ats::conformance {
namespace {

class VenueFuzz : public testing::TestWithParam<std::string> {
 protected:
  struct Overheard {
    std::vector<std::pair<Channel, std::string>> to_client;
    std::vector<std::pair<Channel, std::string>> to_server;
    std::vector<HttpRequest> requests;
  };

  // A market that moves, orders that fill, rest, are amended and cancelled, somebody else's among them, questions
  // about all of it.
  static Overheard converse(Desk& desk, Rng& rng) {
    Overheard heard;
    desk.overhear_to_client = [&](Channel c, std::string_view f) {
      heard.to_client.emplace_back(c, f);
    };
    desk.overhear_to_server = [&](Channel c, std::string_view f) {
      heard.to_server.emplace_back(c, f);
    };
    desk.overhear_request = [&](const HttpRequest& r) { heard.requests.push_back(r); };
    EXPECT_TRUE(desk.open());
    for (int round = 0; round < 4; ++round) {
      for (std::size_t n = 0; n < desk.count(); ++n) desk.stir(n, rng);
      trade(desk, Side::Buy, 3, TimeInForce::Ioc);
      const OrderRequest rests = trade(desk, Side::Sell, 40, TimeInForce::Gtc);
      amend(desk, rests);
      trade_by_hand(desk, round);
      desk.client().query_order({rests.id, rests.instrument, {}}, desk.now(), desk.outbox());
      desk.client().query_open_orders(desk.now(), desk.outbox());
      desk.client().query_balances(desk.now(), desk.outbox());
      desk.client().request_snapshot(desk.ours(0).id, desk.now(), desk.outbox());
      desk.pass(seconds(1));
      desk.client().cancel({rests.id, rests.instrument, {}}, desk.now(), desk.outbox());
      desk.pass(seconds(1));
    }
    desk.overhear_to_client = desk.overhear_to_server = nullptr;
    desk.overhear_request = nullptr;
    return heard;
  }
  static OrderRequest trade(Desk& desk, Side side, int steps, TimeInForce tif) {
    const OrderRequest order = desk.order(0, side, desk.price_at(0, Side::Sell, steps), 500, tif);
    EXPECT_EQ(desk.client().place(order, desk.now(), desk.outbox()), venues::SendOutcome::Sent);
    desk.pass(seconds(1));
    return order;
  }

  // Where the client can: its price, and its quantity where that can be had.
  static void amend(Desk& desk, const OrderRequest& order) {
    if (desk.protocol().amends == AmendRule::Nothing) return;
    OrderTerms terms = terms_of(order);
    const Instrument& on = desk.ours(0);
    terms.price.units -= 5 * on.tick_at(order.price);
    if (desk.protocol().amends == AmendRule::PriceAndQuantity) terms.quantity.units += 20 * on.lot;
    const auto acked = desk.of<OrderAcked>(order.id);
    if (acked.empty()) return;
    desk.client().amend(desk.amend(order, terms, acked.back().venue_order_id), desk.now(),
                        desk.outbox());
    desk.pass(seconds(1));
  }
  // Takes a little, and leaves the rest standing until the next time.
  static void trade_by_hand(Desk& desk, int round) {
    const OrderRequest model =
        desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, round), 300, TimeInForce::Gtc);
    const Instrument& there = desk.listed(0);
    venues::NewOrder order;
    order.account = desk.account();
    order.instrument = there.id;
    order.price = {*desk.ours(0).price_decimal(model.price).to_scaled(there.price_scale)};
    order.quantity = {*desk.ours(0).quantity_decimal(model.quantity).to_scaled(there.qty_scale)};
    order.client_order_id = std::to_string(9'000 + round);
    const auto placed = desk.exchange().place(order);
    desk.pass(seconds(1));
    if (placed && placed->live())
      static_cast<void>(desk.exchange().cancel(desk.account(), {placed->id, ""}).ok());
    desk.pass(seconds(1));
  }

  static std::string spoil(std::string frame, const std::string& other, Rng& rng) {
    if (frame.empty()) return frame;
    const auto at = [&](const std::string& in) { return rng.below(in.size() + 1); };
    switch (rng.below(9)) {
      case 0:  // a few bits
        for (std::uint64_t n = 0; n <= rng.below(4); ++n) {
          char& byte = frame[rng.below(frame.size())];
          byte = static_cast<char>(byte ^ static_cast<char>(1u << rng.below(8)));
        }
        return frame;
      case 1:
        return frame.substr(0, at(frame));
      case 2:
        return frame.substr(at(frame));
      case 3:
        return frame.substr(0, at(frame)) + other.substr(at(other));
      case 4: {  // a part again and again
        const std::size_t from = rng.below(frame.size());
        const std::string part = frame.substr(from, 1 + rng.below(200));
        std::string again;
        for (std::uint64_t n = 0; n < 2 + rng.below(60); ++n) again += part;
        return frame.insert(from, again);
      }
      case 5: {  // deep
        std::string deep;
        const char* const opening = rng.one_in(2) ? "[" : "{\"a\":";
        for (std::uint64_t n = 0; n < 20'000; ++n) deep += opening;
        return frame.insert(at(frame), deep);
      }
      case 6: {  // a number of hundreds of digits, or none that there is
        const std::size_t digit = frame.find_first_of("0123456789", rng.below(frame.size()));
        if (digit == std::string::npos) return frame + frame;
        const std::size_t end =
            std::min(frame.find_first_not_of("0123456789", digit), frame.size());
        static constexpr const char* numbers[] = {"-1",
                                                  "0",
                                                  "1e999",
                                                  "18446744073709551616",
                                                  "1.5",
                                                  "-9223372036854775809",
                                                  "",
                                                  "00",
                                                  "0.00000000000000000001"};
        const bool endless = rng.one_in(3);
        return frame.replace(
            digit, end - digit,
            endless ? std::string(1 + rng.below(600), '9') : numbers[rng.below(9)]);
      }
      case 7:  // not text
        return frame.insert(at(frame), rng.one_in(2) ? "\xff\xfe\xc0\x80" : std::string(3, '\0'));
      default: {  // one word for another
        static constexpr const char* words[] = {"null", "true", "[]", "{}", "\"\"", "\"\\ud800\""};
        const std::size_t from = rng.below(frame.size());
        return frame.replace(from, 1 + rng.below(8), words[rng.below(6)]);
      }
    }
  }

  // An order of ours is amended, by the way that is chosen now, while its answers are spoilt.
  static void move_something(Desk& desk, Rng& rng) {
    if (desk.protocol().amends == AmendRule::Nothing || !rng.one_in(2)) return;
    OrderRequest order =
        desk.order(0, Side::Sell, desk.price_at(0, Side::Sell, 60), 500, TimeInForce::Gtc);
    if (desk.client().place(order, desk.now(), desk.outbox()) != venues::SendOutcome::Sent) return;
    desk.pass(milliseconds(300));
    amend(desk, order);
    desk.client().cancel({order.id, order.instrument, {}}, desk.now(), desk.outbox());
  }

  static std::uint64_t counted(const Desk& desk) {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : const_cast<Desk&>(desk).client().counters().frames) sum += n;
    return sum;
  }

  // Frames of all kinds to both sides, requests and answers; time goes on.
  static void attack(Desk& desk, const Overheard& heard, int frames, Rng& rng) {
    const auto any = [&](const auto& from) -> const auto& { return from[rng.below(from.size())]; };
    for (int n = 0; n < frames; ++n) {
      for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
        if (!desk.is_open(channel)) desk.open(channel);
      }
      const auto& [channel, frame] = any(heard.to_client);
      const std::string bad = spoil(frame, any(heard.to_client).second, rng);
      const std::uint64_t before = counted(desk);
      const auto outcome = desk.tell_client(channel, bad);
      EXPECT_NE(std::string(venues::name(outcome)), "");
      // What it answered may have brought further frames; its own is counted.
      EXPECT_GT(counted(desk), before) << bad.substr(0, 200);
      if (!heard.to_server.empty()) {
        const auto& [line, said] = any(heard.to_server);
        if (desk.is_open(line))
          desk.tell_server(line, spoil(said, any(heard.to_server).second, rng));
      }
      if (!heard.requests.empty() && rng.one_in(3)) {
        HttpRequest request = any(heard.requests);
        if (rng.one_in(2)) request.target = spoil(request.target, request.body, rng);
        if (rng.one_in(2)) request.body = spoil(request.body + " ", request.target, rng);
        const HttpResponse answer = desk.server().on_http(request);
        EXPECT_TRUE(answer.status >= 200 && answer.status < 600) << answer.status;
      }
      if (n % 20 == 0) {
        desk.stir(static_cast<std::size_t>(n / 20) % desk.count(), rng);
        // Answers as bad as frames, to whatever is asked meanwhile.
        desk.on_answer = [&](HttpResponse answer) {
          answer.body = spoil(answer.body, "{\"x\":[1,2]}", rng);
          return answer;
        };
        desk.client().query_balances(desk.now(), desk.outbox());
        desk.client().query_open_orders(desk.now(), desk.outbox());
        desk.client().request_snapshot(desk.ours(0).id, desk.now(), desk.outbox());
        move_something(desk, rng);
        desk.pass(milliseconds(500));
        desk.on_answer = nullptr;
        desk.events.clear();
        desk.reconnects.clear();
      }
    }
  }

  static bool right(const Desk& desk) {
    for (std::size_t n = 0; n < desk.count(); ++n) {
      if (desk.book_state(n) != BookState::Valid || !desk.difference(n).empty()) return false;
    }
    return true;
  }
  static bool right_within(Desk& desk, Duration within, Rng& rng) {
    for (Duration waited{}; waited < within; waited = waited + milliseconds(200)) {
      for (std::size_t n = 0; n < desk.count(); ++n) desk.stir(n, rng);
      desk.pass(milliseconds(200));
      if (right(desk)) return true;
    }
    return false;
  }
};

TEST_P(VenueFuzz, spoilt_frames_are_refused_by_name_and_the_conversation_goes_on) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Desk desk(GetParam());
    Rng rng(seed);
    const Overheard heard = converse(desk, rng);
    ASSERT_GT(heard.to_client.size(), 20u);
    // What an amendment is asked and answered with is among what is spoilt.
    if (desk.protocol().amends != AmendRule::Nothing) {
      EXPECT_FALSE(desk.all<OrderAmended>().empty());
    }
    EXPECT_FALSE(desk.all<ForeignFill>().empty());
    ASSERT_GT(heard.to_server.size() + heard.requests.size(), 20u);
    attack(desk, heard, 300, rng);

    // Skipped, or the book asked for again; what was sound in form and false, a new connection mends.
    if (!right_within(desk, seconds(60), rng)) {
      for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
        desk.close(channel);
        desk.open(channel);
      }
      EXPECT_TRUE(right_within(desk, seconds(60), rng));
    }
    for (int n = 0; n < 100 && !desk.client().ready(Channel::Trading); ++n)
      desk.pass(milliseconds(200));
    ASSERT_TRUE(desk.client().ready(Channel::Trading));
    desk.events.clear();
    const OrderRequest order = trade(desk, Side::Buy, 3, TimeInForce::Ioc);
    desk.pass(seconds(2));
    const auto ended = desk.of<OrderEnded>(order.id);
    ASSERT_FALSE(ended.empty());
    EXPECT_GT(ended.back().filled.units, 0);
    EXPECT_EQ(desk.ours(0).quantity_decimal(ended.back().filled),
              desk.listed(0).quantity_decimal(desk.newest_order()->executed));
  }
}

TEST_P(VenueFuzz, no_table_grows_with_what_is_refused) {
  Desk desk(GetParam());
  Rng rng(9);
  const Overheard heard = converse(desk, rng);
  const auto in_use = [] { return static_cast<std::int64_t>(::mallinfo2().uordblks); };
  // Scratch space comes to its size now and then; a table that grew with what is refused would grow every time.
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int turn = 0; turn < 4; ++turn) {
    const std::int64_t before = in_use();
    const std::size_t orders = desk.orders_at_exchange();
    attack(desk, heard, 600, rng);
    // Orders that came through are the exchange's to keep, as are the numbers that must not be used twice.
    const auto kept = static_cast<std::int64_t>(2'000 * (desk.orders_at_exchange() - orders));
    least = std::min(least, in_use() - before - kept);
  }
  EXPECT_LT(least, 75'000);
}

INSTANTIATE_TEST_SUITE_P(Conformance, VenueFuzz, testing::ValuesIn(venues_to_test()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ats::conformance

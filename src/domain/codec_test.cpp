#include "domain/codec.hpp"

#include <gtest/gtest.h>

#include "base/crc32.hpp"
#include "base/rng.hpp"

namespace ats {
namespace {

Decimal d(const char* text) { return Decimal::of(text); }

Universe small_universe() {
  Universe u;
  const VenueId venue = u.add_venue("binance", {});
  Instrument i;
  i.venue = venue;
  i.base = u.add_asset("BTC");
  i.quote = u.add_asset("USDT");
  i.symbol = "BTCUSDT";
  i.rest_symbol = "BTCUSDT";
  i.price_scale = 2;
  i.qty_scale = 5;
  i.min_notional = Decimal::of("5");
  i.fees.taker = Rate::bps(10);
  i.band = {{200'000'000}, {5'000'000'000}, {100'000'000}, {4'000'000'000}, seconds(300)};
  i.ladder.add(0, 1);
  i.ladder.add(1'000, 5);
  u.add_instrument(i);
  return u;
}

// One of every kind, with every field away from its default.
std::vector<Event> every_event(const Universe& u, const CoreConfig& c,
                               const std::vector<Level>& l) {
  const Times t{{123}, {456}};
  const InstrumentId i{0};
  static const std::vector<LeaseShare> shares{
      {LimitKind::NetDelta, parse_limit("net_delta BTC 1")->scope, d("7.5")}};
  static const std::vector<LeaseHold> holds{
      {parse_limit("order_rate kraken 1")->scope, RiskState::ReduceOnly, true, true}};
  static const std::vector<LeaseUse> uses{
      {LimitKind::OpenLegs, parse_limit("open_legs strategy maker 1")->scope, true, d("3")},
      {LimitKind::DailyLoss, {}, false, {}}};
  static const std::vector<LeasePosition> positions{
      {"kraken", "BTC", d("-1.5"), d("0.25"), true, true, d("60000"), d("-90000")}};
  Fill f{{7}, i, "77", Side::Sell, Liquidity::Maker, {100}, {200}, Decimal::of("0.1"), {1}, {5}};
  return {Started{3, {99}, &u, &c},
          Timer{{42}},
          ConnectionUp{{0}, Channel::Trading},
          ConnectionDown{{0}, Channel::MarketData},
          Heartbeat{{0}, t},
          BookSnapshot{i, t, 11, 0xdeadbeefu, l, l},
          BookDelta{i, t, 1, 2, 3, std::nullopt, l, {}},
          BookFault{i, {0}, BookFaultReason::NumberFault},
          Trade{i, t, Side::Sell, {1}, {2}, "3"},
          Quote{i, t, 9, {{1}, {2}}, {{3}, {4}}},
          InstrumentChanged{u.instrument(i)},
          OrderAcked{{7}, "x1", t},
          OrderRejected{{7}, RejectReason::InvalidOrder, "no", t},
          OrderFilled{f, t},
          OrderEnded{{7}, OrderState::Filled, {5}, t},
          OrderFound{{7}, "x1", OrderState::PartlyFilled, {5}, t, i, {{100}, {9}}, {8}},
          OrderNotFound{{7}, t},
          OrderUnknown{{7}, UnknownReason::ConnectionLost, t},
          OrderNotSent{{7}},
          CancelRejected{{7}, RejectReason::Other, t},
          QueryFailed{{7}},
          BalanceReported{{0}, {1}, Decimal::of("-1.5"), Decimal::of("0.5"), t},
          BalancesComplete{{0}, t, {3}},
          ForeignOrder{{0}, "y"},
          ForeignOrder{{0}, "y", i, Side::Sell, {{100}, {9}}, {4}, false},
          ForeignFill{"y", f, t},
          CommandReceived{HaltCommand{{{0}, {}}, "me", "because", true, true, true}},
          CommandReceived{ResumeCommand{{{}, {0}, Strategy::Maker}, "me", "fine"}},
          CommandReceived{StopCommand{"me"}},
          CommandReceived{
              SetLimitCommand{*parse_limit("daily_realised_loss strategy maker 100 warn 50 reduce"),
                              true, "me", "calm"}},
          CommandReceived{AcknowledgeCommand{9, "me", "seen"}},
          CommandReceived{SetLimitCommand{*parse_limit("value_at_risk 5"), false, "f", "x", true}},
          CommandReceived{WriteOffCommand{"east", "me", "renamed"}},
          BookImage{i, t, {5}, l, l},
          OpenOrdersComplete{{0}, 3, t},
          OrderSent{{7}, OrderRoute::Rest, {8}, {9}},
          OrderAmended{{7}, {{100}, {9}}, "x1", t},
          AmendRejected{{7}, RejectReason::InvalidOrder, "no", t},
          LeaseGranted{5, {3}, seconds(2), shares, holds},
          LeaseAsked{"east", {3}, 4, true, true, d("-12.5"), uses, true, 2, positions},
          RiskMeasured{{3}, MeasureFault::TooFewInCommon, d("12.5"), seconds(60), 99}};
}

std::vector<Action> every_action() {
  Booked booked;
  booked.order = {4};
  booked.fill = "f";
  booked.count = 2;
  booked.postings[0] = {Account::Venue, {0}, {1}, Decimal::of("1")};
  booked.postings[1] = {Account::Trading, {}, {1}, Decimal::of("-1")};
  ExecutionOpened opened;
  opened.execution = {3};
  opened.buy = {{0}, 1, {5}, {{6}, {7}}, {8}, Decimal::of("9"), 2, {{{{1}, {2}}, {{3}, {4}}}}};
  opened.sell = {{1}, 3, {4}, {}, {8}, Decimal::of("10"), 1, {{{{5}, {6}}}}};
  opened.converted = Decimal::of("1391.25");
  opened.converted_into = Decimal::of("1");
  return {Cancel{{4}, {0}, "v"},
          QueryOrder{{4}, {0}, "v"},
          QueryOpenOrders{{0}},
          QueryBalances{{0}, {6}},
          RequestSnapshot{{0}},
          Resubscribe{{0}},
          OpportunityFound{{0},
                           {0},
                           {1},
                           {5},
                           {6},
                           {7},
                           {8},
                           {9},
                           Decimal::of("1"),
                           RefuseReason::RiskLimit,
                           {3},
                           Strategy::Maker,
                           {1},
                           2,
                           {{{{0}, {0}, {1}, Side::Buy, true, {5}, {6}},
                             {{}, {1}, {0}, Side::Sell, false, {}, {}}}},
                           {true, LimitKind::BookAge, Decimal::of("3.5"), Decimal::of("2")}},
          ExecutionResolved{{3},
                            {0},
                            ExecutionOutcome::Unwound,
                            Decimal::of("1"),
                            Decimal::of("2"),
                            Decimal::of("-1"),
                            Decimal::of("0.5"),
                            {1},
                            2,
                            {{{{0}, Decimal::of("60000")}, {{1}, Decimal::of("1")}}}},
          booked,
          Alert{Severity::Emergency, AlertCode::JournalFailed, {}, "both sides", "BTC", true},
          BookStateChanged{{0}, 1, 2},
          Stopped{},
          RequestImage{{0}},
          opened,
          LeaseUse{LimitKind::OpenLegs, parse_limit("open_legs strategy maker 1")->scope, true,
                   Decimal::of("3")},
          AskLease{{3}, 4, true, true, Decimal::of("-12.5"), true, 2},
          LeaseShare{LimitKind::NetDelta, parse_limit("net_delta BTC 1")->scope, d("7.5")},
          LeaseHold{parse_limit("order_rate kraken 1")->scope, RiskState::ReduceOnly, true, true},
          GrantLease{"east", 5, {3}, seconds(2)},
          LeasePosition{"kraken", "BTC", d("-1.5"), d("0.25"), true, true, d("60000"), d("-90000")},
          MeasureRisk{{3}, {990'000'000}, seconds(60)}};
}

std::vector<std::byte> bytes_of(const Event& e) {
  std::vector<std::byte> out;
  encode_event(e, {777}, out);
  return out;
}

TEST(Codec, EveryKindOfEventComesBackAsTheSameBytes) {
  const Universe u = small_universe();
  CoreConfig c;
  ASSERT_TRUE(c.rates.add({"USDT", "KRW", Decimal::of("1391.25"), "desk", {77}}));
  ASSERT_TRUE(c.maker_pairs.add({"BTC", "USDT", "kraken", "binance"}));
  const std::vector<Level> levels{{{10}, {20}}, {{9}, {1}}};
  std::vector<bool> kinds(std::variant_size_v<Event>);
  for (const Event& e : every_event(u, c, levels)) {
    kinds[e.index()] = true;
    const auto bytes = bytes_of(e);
    DecodedEvent back;
    ASSERT_TRUE(decode_event(bytes, back).ok()) << e.index();
    EXPECT_EQ(back.event.index(), e.index());
    EXPECT_EQ(back.now, Instant{777});
    EXPECT_EQ(bytes_of(back.event), bytes) << e.index();
  }
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), false), 0)
      << "an event kind is not in this test";
}

// A journal is read by programs that are built later. Where this fails, either a field was added or moved
// and codec_version must rise with the checksums here, or something broke.
TEST(Codec, TheBytesOfThisVersionStayWhatTheyAre) {
  const Universe u = small_universe();
  const CoreConfig c;
  const std::vector<Level> levels{{{10}, {20}}, {{9}, {1}}};
  std::vector<std::byte> events;
  for (const Event& e : every_event(u, c, levels)) encode_event(e, {777}, events);
  std::vector<std::byte> actions;
  for (const Action& x : every_action()) encode_action(x, actions);
  EXPECT_EQ(codec_version, 14);
  EXPECT_EQ(events.size(), 2735u);
  EXPECT_EQ(crc32c(std::span<const std::byte>(events)), 668340875u);
  EXPECT_EQ(actions.size(), 831u);
  EXPECT_EQ(crc32c(std::span<const std::byte>(actions)), 165710776u);

  std::vector<std::byte> trade;
  encode_event(Trade{{0x0102}, {{0x0A}, {0x0B}}, Side::Sell, {0x0C}, {0x0D}, "3"}, {0x0E}, trade);
  const std::string_view text(reinterpret_cast<const char*>(trade.data()), trade.size());
  EXPECT_EQ(text, std::string_view("\x08\x0E\0\0\0\0\0\0\0"
                                   "\x02\x01\x0A\0\0\0\0\0\0\0\x0B\0\0\0\0\0\0\0"
                                   "\x01\x0C\0\0\0\0\0\0\0\x0D\0\0\0\0\0\0\0\x01"
                                   "3",
                                   46));
}

TEST(Codec, EveryKindOfActionComesBackAsTheSameBytes) {
  for (const Action& x : every_action()) {
    std::vector<std::byte> bytes, again;
    encode_action(x, bytes);
    const auto back = decode_action(bytes);
    ASSERT_TRUE(back.ok()) << x.index();
    encode_action(*back, again);
    EXPECT_EQ(again, bytes) << x.index();
  }
}

TEST(Codec, AnApprovedOrderIsRestoredWithItsSerial) {
  // Byte layout: kind, request, serial. Only a journal holds such bytes.
  std::vector<std::byte> bytes{std::byte{0}};
  const OrderRequest request{{1}, {2}, {0}, Side::Sell, TimeInForce::Ioc, {3}, {4}, true, true};
  const auto put = [&](const auto& v) {
    const auto* p = reinterpret_cast<const std::byte*>(&v);
    bytes.insert(bytes.end(), p, p + sizeof v);
  };
  put(request.id), put(request.execution), put(request.instrument), put(request.side);
  put(request.time_in_force), put(request.price), put(request.quantity), put(request.unwind),
      put(request.post_only);
  put(std::uint64_t{91});
  const auto action = decode_action(bytes);
  ASSERT_TRUE(action.ok());
  EXPECT_EQ(std::get<Place>(*action).order.value(), request);
  EXPECT_EQ(std::get<Place>(*action).order.serial(), 91u);
}

TEST(Codec, AnAmendmentIsRestoredWithItsSerialAndWhatStoodBefore) {
  // Byte layout: kind, request, serial, price and quantity of before, the venue's id.
  std::vector<std::byte> bytes{std::byte{15}};
  const OrderRequest request{{1}, {2}, {0}, Side::Sell, TimeInForce::Gtc, {3}, {4}, false, true};
  const auto put = [&](const auto& v) {
    const auto* p = reinterpret_cast<const std::byte*>(&v);
    bytes.insert(bytes.end(), p, p + sizeof v);
  };
  put(request.id), put(request.execution), put(request.instrument), put(request.side);
  put(request.time_in_force), put(request.price), put(request.quantity), put(request.unwind),
      put(request.post_only);
  put(std::uint64_t{91}), put(Price{30}), put(Quantity{40});
  put(std::uint8_t{1}), put('v');
  const auto action = decode_action(bytes);
  ASSERT_TRUE(action.ok());
  const Amend& amend = std::get<Amend>(*action);
  EXPECT_EQ(amend.order.value(), request);
  EXPECT_EQ(amend.order.serial(), 91u);
  EXPECT_EQ(amend.standing, (OrderTerms{{30}, {40}}));
  EXPECT_EQ(amend.venue_order_id, "v");
  std::vector<std::byte> again;
  encode_action(*action, again);
  EXPECT_EQ(again, bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(decode_action(std::span(bytes).first(n)).ok()) << n;
  }
}

TEST(Codec, CutBytesAreNamedErrorsAtEveryLength) {
  const Universe u = small_universe();
  const CoreConfig c;
  const std::vector<Level> levels{{{10}, {20}}};
  for (const Event& e : every_event(u, c, levels)) {
    const auto bytes = bytes_of(e);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      DecodedEvent back;
      EXPECT_FALSE(decode_event(std::span(bytes).first(n), back).ok()) << e.index() << " at " << n;
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    DecodedEvent back;
    EXPECT_FALSE(decode_event(longer, back).ok());
  }
}

TEST(Codec, RandomDamageNeverDoesMoreThanGiveAnErrorOrAnotherValue) {
  const Universe u = small_universe();
  const CoreConfig c;
  const std::vector<Level> levels{{{10}, {20}}, {{11}, {21}}};
  Rng rng(7);
  std::size_t refused = 0;
  for (int round = 0; round < 2000; ++round) {
    for (const Event& e : every_event(u, c, levels)) {
      auto bytes = bytes_of(e);
      for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
        bytes[rng.below(bytes.size())] = static_cast<std::byte>(rng.below(256));
      }
      DecodedEvent back;
      if (!decode_event(bytes, back).ok()) ++refused;
    }
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace ats

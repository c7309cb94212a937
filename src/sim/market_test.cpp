#include "sim/market.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "sim/testing_world.hpp"

namespace ats::sim {
namespace {

struct Counter final : ExchangeListener {
  std::uint64_t changes = 0, levels = 0, trades = 0, digest = 0;

  void mix(std::uint64_t value) { digest = (digest ^ value) * 0x9E3779B97F4A7C15ull; }
  void on_book(const venues::BookChange& change) override {
    ++changes;
    levels += change.bids.size() + change.asks.size();
    for (const auto* side : {&change.bids, &change.asks}) {
      for (const Level& level : *side) {
        mix(static_cast<std::uint64_t>(level.price.units));
        mix(static_cast<std::uint64_t>(level.quantity.units));
      }
    }
  }
  void on_trade(const venues::PublicTrade& trade) override {
    ++trades;
    mix(static_cast<std::uint64_t>(trade.quantity.units));
  }
  void on_order(const venues::OrderUpdate&) override {}
  void on_balance(AccountId, const venues::VenueBalance&) override {}
};

// Both venues and their market, run on virtual time.
struct Street {
  Universe universe = testing::two_venues();
  Counter told;
  Exchange binance{universe, universe.find_venue("binance"), told};
  Exchange kraken{universe, universe.find_venue("kraken"), told};
  Market market;

  explicit Street(std::uint64_t seed, MarketConfig config)
      : market(config, {&binance, &kraken}, seed, Instant{1}) {}
  explicit Street(std::uint64_t seed) : Street(seed, calibrated_market(testing::two_venues())) {}

  void run_until(Instant end) {
    while (market.next() < end) {
      market.next_exchange().set_time(market.next(), WallTime{market.next().ns});
      market.step();
    }
  }
  double mid(Exchange& exchange, InstrumentId id) const {
    const auto& queues = exchange.queues(id);
    const Instrument& i = universe.instrument(id);
    const double sum = static_cast<double>(  // statistics
        queues.best(Side::Buy).price.units + queues.best(Side::Sell).price.units);
    return sum / 2 / static_cast<double>(pow10(i.price_scale));  // statistics
  }
};

struct Spread {
  double sum = 0, squares = 0;
  int n = 0;
  void add(double x) { sum += x, squares += x * x, ++n; }
  double mean() const { return sum / n; }
  double sd() const { return std::sqrt(squares / n - mean() * mean()); }
};

TEST(Market, the_same_seed_gives_the_same_market_and_another_seed_another) {
  const auto digest = [](std::uint64_t seed) {
    Street street(seed);
    street.run_until(Instant{} + seconds(120));
    return street.told.digest;
  };
  EXPECT_EQ(digest(1), digest(1));
  EXPECT_NE(digest(1), digest(2));
}

TEST(Market, books_are_deep_on_both_sides_and_never_crossed) {
  Street street(3);
  for (int n = 1; n <= 600; ++n) {
    street.run_until(Instant{} + seconds(n));
    for (Exchange* exchange : {&street.binance, &street.kraken}) {
      for (const InstrumentId id : exchange->instruments()) {
        const auto& queues = exchange->queues(id);
        ASSERT_GE(queues.levels(Side::Buy).size(), 12u);
        ASSERT_GE(queues.levels(Side::Sell).size(), 12u);
        ASSERT_LT(queues.best(Side::Buy).price, queues.best(Side::Sell).price);
      }
    }
  }
  EXPECT_TRUE(street.binance.conserved());
  EXPECT_GT(street.told.trades, 1000u);
}

TEST(Market, moves_are_as_large_and_as_uneven_as_recorded) {
  MarketConfig config = calibrated_market(testing::two_venues(), 2, 0);
  Street street(5, config);
  const InstrumentId btc = street.binance.instruments()[0];
  Spread moves;
  double fourth = 0;
  double last = 0;
  for (int n = 10; n < 4000; ++n) {
    street.run_until(Instant{} + seconds(n));
    const double now = street.mid(street.binance, btc);
    if (last > 0) {
      const double move = 1e4 * (now / last - 1);
      moves.add(move);
      fourth += move * move * move * move;
    }
    last = now;
  }
  EXPECT_GT(moves.sd(), 0.8);  // bps in one second; recorded: 1.13, in a busy minute
  EXPECT_LT(moves.sd(), 1.6);
  EXPECT_GT(fourth / moves.n / std::pow(moves.sd(), 4), 6);  // recorded: 22; a plain diffusion: 3
}

TEST(Market, venues_follow_one_mid_and_differ_by_little_until_one_is_dislocated) {
  const auto basis = [](double edges, double over_bps) {
    Street street(7, calibrated_market(testing::two_venues(), 1, edges));
    Spread difference;
    int over = 0;
    for (int n = 10; n < 3000; ++n) {
      street.run_until(Instant{} + seconds(n));
      const double a = street.mid(street.binance, street.binance.instruments()[0]);
      const double b = street.mid(street.kraken, street.kraken.instruments()[0]);
      difference.add(1e4 * (a / b - 1));
      over += std::abs(1e4 * (a / b - 1)) > over_bps ? 1 : 0;
    }
    return std::pair(difference.sd(), over);
  };
  const auto [quiet_sd, quiet_over] = basis(0, 25);
  EXPECT_GT(quiet_sd, 0.5);
  EXPECT_LT(quiet_sd, 4.3);  // recorded between these two venues' last trades: 4.3
  EXPECT_EQ(quiet_over, 0);
  const auto [lively_sd, lively_over] = basis(1, 25);
  EXPECT_GT(lively_sd, quiet_sd);
  EXPECT_GT(lively_over, 15);  // seconds out of 3000 in which an edge above fees stands
}

TEST(Market, events_come_in_bursts) {
  Street street(11);
  Spread per_second;
  std::uint64_t before = 0;
  for (int n = 1; n < 3000; ++n) {
    street.run_until(Instant{} + seconds(n));
    per_second.add(static_cast<double>(street.market.steps() - before));
    before = street.market.steps();
  }
  const double clustering = per_second.sd() * per_second.sd() / per_second.mean();
  EXPECT_GT(clustering, 3);  // independent events: 1
  EXPECT_GT(per_second.mean(), 20);
  EXPECT_LT(per_second.mean(), 45);
}

TEST(Market, orders_of_accounts_are_taken_when_the_market_comes_to_them) {
  Street street(13);
  const AccountId me = street.binance.open_account("k", "s");
  const AssetId usdt = street.universe.find_asset("USDT");
  const AssetId btc = street.universe.find_asset("BTC");
  street.binance.deposit(me, usdt, Decimal::from_int(1'000'000));
  street.binance.deposit(me, btc, Decimal::from_int(10));
  const InstrumentId id = street.binance.instruments()[0];
  int filled = 0;
  for (int n = 1; n <= 200; ++n) {
    street.run_until(Instant{} + seconds(3 * n));
    venues::NewOrder order;
    order.account = me;
    order.instrument = id;
    order.kind = venues::OrderKind::LimitMaker;
    order.side = n % 2 == 0 ? Side::Buy : Side::Sell;
    order.price = street.binance.queues(id).best(order.side).price;
    order.quantity = {1000};
    order.client_order_id = std::to_string(n);
    ASSERT_TRUE(street.binance.place(order).ok());
  }
  for (const auto& order : street.binance.closed_orders(me, 1000)) {
    filled += order.state == venues::VenueOrderState::Filled ? 1 : 0;
  }
  EXPECT_GT(filled, 100);
  EXPECT_TRUE(street.binance.conserved());
}

}  // namespace
}  // namespace ats::sim

// Millions of random fills, fees in every asset, trades in two currencies, conversions, reversals, duplicates
// and accepted differences through the core's ledger and through the accounts that people read, beside sums
// so simple that they need no proof. After every trade its attribution adds up to the last unit and to what
// its fills are worth; the profit book of the measures of risk comes to the same; at the end every asset comes to zero over all accounts, and nothing is a break.
// ATS_LEDGER_OPERATIONS sets how many bookings; 200000 without it.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "core/ledger/ledger.hpp"
#include "core/risk/measures/profit_book.hpp"
#include "domain/codec.hpp"
#include "report/attribution.hpp"
#include "report/history.hpp"

namespace ats {
namespace {

constexpr std::size_t venue_count = 3;
constexpr std::size_t asset_count = 6;

std::uint64_t operations() {
  const char* asked = std::getenv("ATS_LEDGER_OPERATIONS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 200'000;
}

class Bookkeeping : public ::testing::Test {
 protected:
  Bookkeeping()
      : history(report::History::Keep::Sums, [this](const report::Execution& x) { judge(x); }) {
    for (const char* name : {"one", "two", "three"}) universe.add_venue(name, {});
    for (const char* name : {"USDT", "USD", "BTC", "ETH", "BNB", "XYZ"}) universe.add_asset(name);
    const auto list = [&](int venue, const char* base, const char* quote, int price, int quantity) {
      Instrument i;
      i.venue = {static_cast<VenueId::rep>(venue)};
      i.base = universe.add_asset(base);
      i.quote = universe.add_asset(quote);
      i.symbol = Text<31>(std::string(base) + quote);
      i.price_scale = static_cast<std::uint8_t>(price);
      i.qty_scale = static_cast<std::uint8_t>(quantity);
      universe.add_instrument(i);
    };
    for (int venue = 0; venue < 3; ++venue) {
      list(venue, "BTC", venue == 2 ? "USD" : "USDT", 2, 5 + venue);
      list(venue, "ETH", venue == 1 ? "USD" : "USDT", 2 + venue, 4);
    }
    list(2, "USDT", "USD", 5, 2);
    ledger.bind(venue_count, asset_count);
    profit.restart(universe, {0});
    history.on(Started{1, wall_from_ms(1'700'000'000'000), &universe, &config}, now);
  }

  // --- the simple model ---
  struct Model {
    std::array<std::array<Int128, asset_count>, venue_count> balance{};
    std::array<Int128, asset_count> trades{};  // since the last judgement
  };
  void model_fill(const Fill& fill, const Instrument& on) {
    const Int128 base = Int128{fill.quantity.units} * pow10(18 - on.qty_scale);
    const Int128 quote =
        Int128{fill.price.units} * fill.quantity.units * pow10(18 - on.qty_scale - on.price_scale);
    const int sign = fill.side == Side::Buy ? 1 : -1;
    const auto move = [&](AssetId asset, Int128 raw) {
      model.balance[on.venue.index()][asset.index()] += raw;
      model.trades[asset.index()] += raw;
    };
    move(on.base, sign * base);
    move(on.quote, -sign * quote);
    if (!fill.fee.is_zero()) move(fill.fee_asset, -fill.fee.raw());
  }

  // --- what an engine would journal ---
  void act(const Action& action) {
    history.on(action);
    profit.on({&action, 1}, universe);
  }
  void tell(const Event& event) { history.on(event, now); }
  OrderRequest place(const Instrument& on, Side side, std::int64_t price, std::int64_t quantity,
                     bool unwind) {
    OrderRequest o;
    o.id = {++orders};
    o.execution = {executions};
    o.instrument = on.id;
    o.side = side;
    o.price = {price};
    o.quantity = {quantity};
    o.unwind = unwind;
    bytes.assign(1, std::byte{0});
    const auto put = [&](const auto& value) {
      const auto* at = reinterpret_cast<const std::byte*>(&value);
      bytes.insert(bytes.end(), at, at + sizeof value);
    };
    put(o.id), put(o.execution), put(o.instrument), put(o.side), put(o.time_in_force), put(o.price);
    put(o.quantity), put(o.unwind), put(o.post_only), put(std::uint64_t{1});
    act(decode_action(bytes).value());
    return o;
  }
  void fill(const OrderRequest& order, std::int64_t price, std::int64_t quantity) {
    const Instrument& on = universe.instrument(order.instrument);
    Fill f;
    f.order = order.id;
    f.instrument = order.instrument;
    f.id = FillId(std::to_string(++fills));
    f.side = order.side;
    f.price = {price};
    f.quantity = {quantity};
    switch (rng.below(6)) {
      case 0:
        break;
      case 1:  // kept of what is traded, never more than a hundredth of it
        f.fee_asset = on.base;
        f.fee = Decimal::from_scaled(quantity * rng.between(0, 100) / 10'000, on.qty_scale);
        break;
      case 2:
        f.fee_asset = {4};  // BNB
        f.fee = Decimal::from_scaled(rng.between(1, 100'000), 8);
        break;
      case 3:  // a rebate
        f.fee_asset = on.quote;
        f.fee = Decimal::from_scaled(rng.between(-5'000, -1), 4);
        break;
      default:
        f.fee_asset = on.quote;
        f.fee = Decimal::from_scaled(rng.between(0, 500'000), 8);
    }
    if (!f.fee.is_zero()) ++fees;
    tell(OrderFilled{f, {}});
    const auto booked = ledger.book(f, on);
    ASSERT_TRUE(booked.ok());
    act(Action(*booked));
    model_fill(f, on);
    ++bookings;
    if (rng.one_in(20)) {  // the venue tells it again
      tell(OrderFilled{f, {}});
      ASSERT_FALSE(ledger.book(f, on).ok());
      ++duplicates;
    }
    remembered.push_back(f);
    if (remembered.size() > 1'000) {
      ledger.forget(remembered.front().instrument, remembered.front().id);
      remembered.pop_front();
    }
  }
  // Up to three fills of an order, some of it, all of it or nothing.
  void fill_some(const OrderRequest& order) {
    std::int64_t left = order.quantity.units;
    const std::uint64_t parts = rng.below(4);
    for (std::uint64_t n = 0; n < parts && left > 0; ++n) {
      const std::int64_t part = rng.one_in(2) ? left : rng.between(1, left);
      fill(order, std::max<std::int64_t>(1, order.price.units + rng.between(-50, 50)), part);
      left -= part;
    }
  }
  SeenBook see(const Instrument& on, std::int64_t price, std::int64_t quantity, int away) {
    SeenBook seen;
    seen.instrument = on.id;
    seen.quantity = {quantity};
    std::int64_t left = quantity;
    // Three levels are kept; what the fourth takes is in the notional alone.
    for (int n = 0; n < 4; ++n) {
      const Level level{{price + away * n}, {n == 3 ? left : quantity / 3 + 1}};
      const std::int64_t taken = std::min(left, level.quantity.units);
      if (n < 3) seen.levels[seen.level_count++] = level;
      seen.notional += on.notional(level.price, {taken});
      left -= taken;
    }
    return seen;
  }
  const Instrument& any_of(AssetId base, VenueId except = {}) {
    for (;;) {
      const auto all = universe.instruments();
      const Instrument& on = all[rng.below(all.size())];
      if (on.base == base && on.venue != except) return on;
    }
  }
  std::int64_t price_near(const Instrument& on) {
    const std::int64_t whole = on.base == universe.find_asset("BTC")   ? 60'000
                               : on.base == universe.find_asset("ETH") ? 2'500
                                                                       : 1;
    return whole * pow10(on.price_scale) + rng.between(0, whole * pow10(on.price_scale) / 50);
  }
  void resolve() {
    ExecutionResolved end;
    end.execution = {executions};
    end.outcome = static_cast<ExecutionOutcome>(rng.below(5));
    end.reporting = {0};
    const auto mark = [&](AssetId::rep asset, std::int64_t units, int scale) {
      end.marks[end.mark_count++] = {{asset}, Decimal::from_scaled(units, scale)};
      marks[asset] = end.marks[end.mark_count - 1].price.raw();
    };
    marks = {};
    mark(0, 1, 0);
    mark(1, rng.between(9'900, 10'100), 4);
    mark(2, rng.between(5'900'000, 6'100'000), 2);
    mark(3, rng.between(240'000, 260'000), 2);
    // BNB was sometimes never marked: then it is worth nothing to anybody.
    if (!rng.one_in(10)) mark(4, rng.between(50'000, 70'000), 2);
    act(Action(end));
  }
  // Sum of mark × change, exactly: every product here fits eighteen decimals.
  void judge(const report::Execution& x) {
    ++judged;
    Int128 worth = 0;
    for (std::size_t a = 0; a < asset_count; ++a) {
      const Int128 change = model.trades[a];
      const auto product = Decimal::from_raw(change).multiply(Decimal::from_raw(marks[a]));
      ASSERT_TRUE(product.ok());
      worth += product->raw();
      ASSERT_EQ(x.changed().of({static_cast<AssetId::rep>(a)}).raw() == change, true);
    }
    const report::Attribution got = report::attribute(x);
    ASSERT_EQ(got.terms.sum(), got.terms.realised);
    ASSERT_TRUE(got.terms.realised.raw() == worth) << got.terms.realised.to_string();
    Decimal on_venues, fees_on_venues;
    for (const auto& part : got.venues) {
      on_venues += part.realised, fees_on_venues += part.fees;
      realised[part.venue.index()] += part.realised;
    }
    ASSERT_EQ(on_venues, got.terms.realised);
    ASSERT_EQ(fees_on_venues, got.venues.empty() ? Decimal() : got.terms.fees);
    total += got.terms;
    ASSERT_EQ(total.sum(), total.realised);
  }

  // --- what happens ---
  void trade() {
    ++executions;
    model.trades = {};
    const AssetId base = universe.find_asset(rng.one_in(2) ? "BTC" : "ETH");
    const Instrument& buy_on = any_of(base);
    const Instrument& sell_on = any_of(base, buy_on.venue);
    const std::int64_t lots = rng.between(1, 20'000);  // of 0.0001
    const std::int64_t bought = lots * pow10(buy_on.qty_scale - 4);
    const std::int64_t sold = lots * pow10(sell_on.qty_scale - 4);
    const std::int64_t ask = price_near(buy_on);
    const std::int64_t bid = price_near(sell_on);
    const OrderRequest buy = place(buy_on, Side::Buy, ask, bought, false);
    const OrderRequest sell = place(sell_on, Side::Sell, bid, sold - sold / 1'000, false);
    ExecutionOpened opened;
    opened.execution = {executions};
    opened.buy = see(buy_on, ask, bought, 3);
    opened.sell = see(sell_on, bid, sold, -3);
    if (buy_on.quote != sell_on.quote) {
      ++in_two_currencies;
      opened.converted = opened.sell.notional;
      opened.converted_into =
          opened.sell.notional.multiply_floor(Decimal::from_scaled(rng.between(985, 1'015), 3))
              .value();
    }
    act(Action(opened));
    fill_some(rng.one_in(2) ? buy : sell);
    if (buy.quantity.units > 0 && rng.below(4) != 0) fill_some(sell);
    if (rng.below(4) != 0) fill_some(buy);
    while (rng.one_in(3)) {  // reversed, finished or hedged anywhere
      const Instrument& on = any_of(base);
      ++reversals;
      fill_some(place(on, rng.one_in(2) ? Side::Buy : Side::Sell, price_near(on),
                      rng.between(1, 10'000) * pow10(on.qty_scale - 4), true));
    }
    resolve();
  }
  void convert() {
    ++executions;
    ++conversions;
    model.trades = {};
    const Instrument& on = any_of(universe.find_asset("USDT"));
    fill_some(place(on, rng.one_in(2) ? Side::Buy : Side::Sell, price_near(on),
                    rng.between(1, 1'000'000), true));
    resolve();
  }
  void accept_difference() {
    const VenueId venue{static_cast<VenueId::rep>(rng.below(venue_count))};
    const AssetId asset{static_cast<AssetId::rep>(rng.below(asset_count))};
    const Decimal told = Decimal::from_scaled(rng.between(-1'000'000, 1'000'000), 3);
    const auto entry = ledger.correct(venue, asset, told);
    ASSERT_TRUE(entry.ok());
    tell(Timer{wall_from_ms(1'700'000'000'000)});
    act(Action(*entry));
    model.balance[venue.index()][asset.index()] = told.raw();
    ++bookings;
    ++corrections;
  }

  Universe universe;
  CoreConfig config;
  Instant now{1};
  Rng rng{20'261'127};
  core::Ledger ledger;
  report::History history;
  core::ProfitBook profit;
  std::array<Decimal, venue_count> realised{};
  Model model;
  std::array<Int128, asset_count> marks{};
  report::Terms total;
  std::vector<std::byte> bytes;
  std::deque<Fill> remembered;
  std::uint64_t orders = 0, executions = 0, fills = 0, bookings = 0, fees = 0, duplicates = 0;
  std::uint64_t in_two_currencies = 0, conversions = 0, reversals = 0, corrections = 0, judged = 0;
};

TEST_F(Bookkeeping, RandomTradesOfEveryKindBalanceInEveryAssetAndAddUpToTheLastUnit) {
  for (std::size_t v = 0; v < venue_count; ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    const auto entry = ledger.open(venue, {0}, Decimal::from_int(1'000'000));
    ASSERT_TRUE(entry.ok());
    tell(BalanceReported{venue, {0}, Decimal::from_int(1'000'000), {}, {}});
    act(Action(*entry));
    model.balance[v][0] = Decimal::from_int(1'000'000).raw();
  }
  const std::uint64_t wanted = operations();
  while (bookings < wanted && !HasFatalFailure()) {
    const std::uint64_t kind = rng.below(100);
    if (kind < 85) {
      trade();
    } else if (kind < 98) {
      convert();
    } else {
      accept_difference();
    }
  }
  ASSERT_FALSE(HasFatalFailure());

  EXPECT_EQ(judged, executions);
  EXPECT_TRUE(history.check().breaks().empty());
  EXPECT_EQ(history.strangers(), 0u);
  EXPECT_EQ(history.fills(), fills);
  EXPECT_EQ(ledger.duplicates(), duplicates);
  for (std::size_t a = 0; a < asset_count; ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    Decimal everywhere = ledger.trading(asset) + ledger.fees(asset) + ledger.external(asset);
    for (std::size_t v = 0; v < venue_count; ++v) {
      const VenueId venue{static_cast<VenueId::rep>(v)};
      everywhere += ledger.balance(venue, asset);
      EXPECT_TRUE(ledger.balance(venue, asset).raw() == model.balance[v][a]);
      EXPECT_EQ(history.check().balance(venue, asset), ledger.balance(venue, asset));
    }
    EXPECT_EQ(profit.change(asset), ledger.change(asset));
    EXPECT_TRUE(everywhere.is_zero()) << universe.asset(asset).name.view();
  }
  // Every mark here is exact, and so is what is realised at it.
  core::Marks unmarked;
  unmarked.bind(asset_count, {0});
  const core::ProfitTable table = profit.report(unmarked).ever;
  EXPECT_EQ(table.all.realised, total.realised);
  for (std::size_t v = 0; v < venue_count; ++v) {
    EXPECT_EQ(table.venues[v].realised, realised[v]);
  }
  std::printf(
      "%llu bookings: %llu fills, %llu with a fee, %llu told twice; %llu trades, %llu of them in "
      "two "
      "currencies; %llu conversions, %llu reversals, %llu corrections\n",
      static_cast<unsigned long long>(bookings), static_cast<unsigned long long>(fills),
      static_cast<unsigned long long>(fees), static_cast<unsigned long long>(duplicates),
      static_cast<unsigned long long>(executions),
      static_cast<unsigned long long>(in_two_currencies),
      static_cast<unsigned long long>(conversions), static_cast<unsigned long long>(reversals),
      static_cast<unsigned long long>(corrections));
}

// The check is shown that it sees: a ledger with a planted bug does not balance with what the venues told.
TEST_F(Bookkeeping, APlantedBugInTheLedgerIsABreak) {
  ledger.plant(Mutant::WrongFeeSign);  // fees are booked as income
  const Instrument& on = universe.instrument({0});
  ++executions;
  const OrderRequest order = place(on, Side::Buy, 6'000'000, 1'000, false);
  Fill f;
  f.order = order.id;
  f.instrument = on.id;
  f.id = "1";
  f.price = {6'000'000};
  f.quantity = {1'000};
  f.fee = Decimal::of("0.6");
  f.fee_asset = on.quote;
  tell(OrderFilled{f, {}});
  act(Action(ledger.book(f, on).value()));
  const auto breaks = history.check().breaks();
  ASSERT_EQ(breaks.size(), 1u);
  EXPECT_EQ(breaks[0].asset, on.quote);
  EXPECT_EQ(breaks[0].ledger - breaks[0].accounted, Decimal::of("1.2"));
}

}  // namespace
}  // namespace ats

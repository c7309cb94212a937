// The cycle detector beside a model that knows nothing of lanes, logarithms or increments: on random small
// worlds it multiplies out every choice of instruments round every cycle of assets in rational arithmetic,
// and sizes the best by trying every quantity. Both must agree on what is open, on which instruments, and
// on every quantity and amount.

#include "core/detector/cycles.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <set>

#include "base/rng.hpp"
#include "core/detector/detector.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;
using testing::d;

cpp_rational exact(Decimal amount) {
  const bool negative = amount.negative();
  const Decimal size = amount.abs();
  const auto high = static_cast<std::uint64_t>(size.raw() >> 64);
  const auto low = static_cast<std::uint64_t>(size.raw());
  const cpp_int raw = (cpp_int(high) << 64) + low;
  return cpp_rational(negative ? -raw : raw, cpp_int(1'000'000'000'000'000'000));
}
cpp_rational power(int n) {
  cpp_rational p = 1;
  for (int i = 0; i < n; ++i) p *= 10;
  return p;
}
cpp_int floor_of(const cpp_rational& x) {
  cpp_int q = numerator(x) / denominator(x);
  return x < 0 && q * denominator(x) != numerator(x) ? q - 1 : q;
}
cpp_rational ceil_to(const cpp_rational& x, int decimals) {
  return cpp_rational(-floor_of(-(x * power(decimals)))) / power(decimals);
}

struct ModelHop {
  const Instrument* on = nullptr;
  Side side = Side::Buy;
  AssetId gives, gets;
  std::vector<Level> levels;

  cpp_rational price(Price p) const { return p.units / power(on->price_scale); }
  cpp_rational base(std::int64_t units) const { return units / power(on->qty_scale); }
  cpp_rational fee() const { return cpp_rational(on->fees.taker.ppb) / cpp_rational(Rate::one); }
  bool fee_in_base() const {
    return side == Side::Buy && on->fees.charged_in == FeeAsset::Received;
  }
  cpp_rational rate(Price p) const {
    if (side == Side::Sell) return price(p) * (1 - fee());
    return fee_in_base() ? (1 - fee()) / price(p) : 1 / (price(p) * (1 + fee()));
  }
  std::int64_t depth() const {
    std::int64_t sum = 0;
    for (const Level& l : levels) sum += l.quantity.units;
    return sum;
  }
  struct Traded {
    cpp_rational notional = 0, fee = 0;
    Price deepest;
  };
  Traded trade(std::int64_t units) const {
    Traded t;
    t.deepest = levels.front().price;
    for (const Level& l : levels) {
      if (units == 0) break;
      const std::int64_t here = std::min(units, l.quantity.units);
      units -= here;
      const cpp_rational notional = price(l.price) * base(here);
      t.notional += notional;
      t.fee += ceil_to((fee_in_base() ? base(here) : notional) * fee(), on->fees.decimals);
      t.deepest = l.price;
    }
    return t;
  }
  cpp_rational cost(std::int64_t units) const {
    const Traded t = trade(units);
    return fee_in_base() ? t.notional : t.notional + t.fee;
  }
};

class Purse final : public Funds {
 public:
  Decimal free(VenueId venue, AssetId asset) const override {
    const auto found = held.find({venue, asset});
    return found == held.end() ? Decimal::from_int(1'000'000) : found->second;
  }
  Decimal notional_limit(AssetId asset) const override {
    const auto found = limits.find(asset);
    return found == limits.end() ? Decimal::from_int(1'000'000) : found->second;
  }
  Rate leg_cost(VenueId, VenueId, LegSize) const override { return each_trade; }
  std::map<std::pair<VenueId, AssetId>, Decimal> held;
  std::map<AssetId, Decimal> limits;
  Rate each_trade;
};

// A random world: up to three venues, six assets, most pairs of them listed.
struct SmallWorld {
  Rng rng;
  Universe universe;
  CoreConfig config;
  Purse purse;
  std::vector<double> worth{1.0, 1.0, 1.001, 40, 7, 300};
  Instant now{5'000'000'000'000};
  Actions actions;
  std::map<InstrumentId, std::array<std::vector<Level>, 2>> books;  // bids, asks

  explicit SmallWorld(std::uint64_t seed) : rng(seed) {
    config.min_edge = Rate{rng.one_in(3) ? 0 : rng.between(0, 800'000)};
    config.max_slippage = Rate::bps(rng.between(0, 20));
    config.max_edge = Rate::bps(9000);
    if (rng.one_in(4)) config.cross_currency = StrategyMode::Off;
    if (rng.one_in(4)) config.triangular = StrategyMode::Off;
    const std::size_t venues = 1 + rng.below(3);
    for (std::size_t v = 0; v < venues; ++v) {
      universe.add_venue("v" + std::to_string(v), {});
    }
    const char* names[] = {"USD", "USDT", "USDC", "ETH", "SOL", "BTC"};
    for (const char* asset : names) universe.add_asset(asset);
    for (std::uint16_t base = 1; base < 6; ++base) {
      for (std::uint16_t quote = 0; quote < base; ++quote) {
        if (base >= 3 && quote >= 3 && rng.one_in(2)) continue;
        for (std::size_t v = 0; v < venues; ++v) {
          if (rng.one_in(3)) continue;
          list(VenueId{static_cast<std::uint8_t>(v)}, {base}, {quote});
        }
      }
    }
  }

  void list(VenueId venue, AssetId base, AssetId quote) {
    Instrument i;
    i.venue = venue;
    i.base = base;
    i.quote = quote;
    i.symbol = Text<31>(std::to_string(base.value) + "/" + std::to_string(quote.value));
    i.price_scale = static_cast<std::uint8_t>(rng.between(2, 5));
    i.qty_scale = static_cast<std::uint8_t>(rng.between(0, 3));
    i.lot = rng.between(1, 4);
    i.fees.taker = {rng.between(0, 3) * 250'000 - (rng.one_in(9) ? 100'000 : 0)};
    i.fees.charged_in = rng.one_in(2) ? FeeAsset::Received : FeeAsset::Quote;
    constexpr std::uint8_t decimals[] = {2, 4, 8, 18};
    i.fees.decimals = decimals[rng.below(4)];
    if (rng.one_in(4)) i.max_quantity = {i.lot * rng.between(2, 20)};
    if (rng.one_in(3)) i.min_quantity = {i.lot * rng.between(1, 3)};
    if (rng.one_in(4)) i.min_notional = Decimal::from_int(rng.between(1, 50));
    universe.add_instrument(i);
  }

  void new_book(InstrumentId id) {
    const Instrument& i = universe.instrument(id);
    const double fair = worth[i.base.index()] / worth[i.quote.index()] * (1 + rng.normal() * 0.004);
    const double units = fair * static_cast<double>(pow10(i.price_scale));  // statistics
    auto bid = std::max<std::int64_t>(1, static_cast<std::int64_t>(units * 0.9995));
    std::int64_t ask = std::max(bid + 1, static_cast<std::int64_t>(units * 1.0005) + 1);
    auto& [bids, asks] = books[id];
    bids.clear();
    asks.clear();
    const std::int64_t levels = rng.one_in(20) ? 0 : rng.between(1, 3);
    for (std::int64_t n = 0; n < levels && bid > 0; ++n) {
      bids.push_back({{bid}, {rng.between(1, 8) * i.lot - (rng.one_in(4) && i.lot > 1 ? 1 : 0)}});
      asks.push_back({{ask}, {rng.between(1, 8) * i.lot}});
      bid -= rng.between(1, 1 + bid / 2000);
      ask += rng.between(1, 1 + ask / 2000);
    }
  }

  // --- the model ---
  ModelHop hop(InstrumentId id, Side side) const {
    const Instrument& i = universe.instrument(id);
    const auto& sides = books.at(id);
    ModelHop h{&i, side, side == Side::Buy ? i.quote : i.base, side == Side::Buy ? i.base : i.quote,
               side == Side::Buy ? sides[1] : sides[0]};
    return h;
  }
  // All hops with a price from one asset to another, listed order.
  std::vector<ModelHop> hops(AssetId from, AssetId to, VenueId venue) const {
    std::vector<ModelHop> found;
    for (const Instrument& i : universe.instruments()) {
      if (venue.valid() && i.venue != venue) continue;
      if (books.count(i.id) == 0 || i.status != InstrumentStatus::Trading) continue;
      for (const Side side : {Side::Buy, Side::Sell}) {
        ModelHop h = hop(i.id, side);
        if (h.gives == from && h.gets == to && !h.levels.empty()) found.push_back(h);
      }
    }
    return found;
  }
  cpp_rational threshold() const {
    return 1 + cpp_rational(std::max<std::int64_t>(config.min_edge.ppb, 0)) / Rate::one;
  }
  bool enough(const cpp_rational& product) const {
    return config.min_edge.ppb <= 0 ? product > 1 : product >= threshold();
  }
  // The choice of instruments whose product is largest; the one listed first where some are equal.
  std::vector<ModelHop> best_choice(const std::vector<std::vector<ModelHop>>& choices) const {
    std::vector<ModelHop> best;
    cpp_rational most = -1;
    std::vector<std::size_t> at(choices.size(), 0);
    while (true) {
      cpp_rational product = 1;
      for (std::size_t n = 0; n < choices.size(); ++n) {
        const ModelHop& h = choices[n][at[n]];
        product *= h.rate(h.levels.front().price);
      }
      if (product > most) {
        most = product;
        best.clear();
        for (std::size_t n = 0; n < choices.size(); ++n) best.push_back(choices[n][at[n]]);
      }
      std::size_t n = choices.size();
      while (n > 0 && ++at[n - 1] == choices[n - 1].size()) at[--n] = 0;
      if (n == 0) break;
    }
    return best;
  }

  struct ModelWalk {
    std::vector<std::int64_t> quantities;
    std::vector<cpp_rational> gave, got;
    bool fits = false;
  };
  ModelWalk forward(const std::vector<ModelHop>& legs, std::int64_t first, bool last_open) const {
    ModelWalk w;
    cpp_rational amount = 0;
    cpp_rational product = 1;
    for (std::size_t n = 0; n < legs.size(); ++n) {
      const ModelHop& h = legs[n];
      const bool sent = !(last_open && n + 1 == legs.size());
      std::int64_t quantity = first;
      if (n > 0 && h.side == Side::Sell) {
        quantity = static_cast<std::int64_t>(floor_of(amount * power(h.on->qty_scale)));
        quantity -= quantity % h.on->lot;
      } else if (n > 0) {
        quantity = 0;
        while (quantity + h.on->lot <= h.depth() && h.cost(quantity + h.on->lot) <= amount) {
          quantity += h.on->lot;
        }
        if (h.cost(h.depth()) < amount) return w;
      }
      if (quantity > h.depth()) return w;
      if (sent && !h.on->max_quantity.is_zero() && quantity > h.on->max_quantity.units) return w;
      const ModelHop::Traded t = h.trade(quantity);
      const cpp_rational base = h.base(quantity);
      w.quantities.push_back(quantity);
      if (h.side == Side::Sell) {
        w.gave.push_back(base);
        w.got.push_back(t.notional - t.fee);
      } else {
        w.gave.push_back(h.cost(quantity));
        w.got.push_back(h.fee_in_base() ? base - t.fee : base);
      }
      amount = w.got.back() < 0 ? cpp_rational(0) : w.got.back();
      product *= h.rate(t.deepest);
      if (!sent) continue;
      const Price limit = h.side == Side::Buy ? buy_limit(*h.on, t.deepest, config.max_slippage)
                                              : sell_limit(*h.on, t.deepest, config.max_slippage);
      const cpp_rational worst =
          h.price(h.side == Side::Buy ? limit : h.levels.front().price) * base;
      if (worst > exact(purse.notional_limit(h.on->quote))) return w;
      const cpp_rational free = exact(purse.free(h.on->venue, h.gives));
      if (h.side == Side::Sell) {
        if (base > free) return w;
      } else {
        const cpp_rational fee =
            h.fee_in_base() ? cpp_rational(0) : ceil_to(worst * h.fee(), h.on->fees.decimals);
        if (worst + fee > free) return w;
      }
    }
    w.fits = enough(product);
    return w;
  }
};

class CyclesTest : public ::testing::TestWithParam<int> {};

TEST_P(CyclesTest, agree_with_every_choice_multiplied_out) {
  SmallWorld w(static_cast<std::uint64_t>(GetParam()));
  BookSet books(w.universe);
  CycleDetector detector(w.universe, w.config);
  for (std::size_t v = 0; v < w.universe.venues().size(); ++v) {
    books.on_connection({static_cast<std::uint8_t>(v)}, true, w.now, w.actions);
  }
  if (w.universe.instruments().empty()) return;
  std::size_t opened = 0, walked = 0, refused = 0;
  for (int step = 0; step < 50; ++step) {
    const InstrumentId id{static_cast<std::uint16_t>(w.rng.below(w.universe.instruments().size()))};
    const Instrument& changed = w.universe.instrument(id);
    w.new_book(id);
    if (w.rng.one_in(3)) {
      w.purse.held[{changed.venue, changed.base}] =
          d("0.1") + Decimal::from_int(w.rng.between(0, 9));
      w.purse.held[{changed.venue, changed.quote}] = Decimal::from_int(w.rng.between(1, 3000));
      w.purse.limits[changed.quote] = Decimal::from_int(w.rng.between(5, 4000));
    }
    const auto& [bids, asks] = w.books[id];
    books.on_snapshot({id, {{}, w.now}, 0, {}, bids, asks}, w.now, w.actions);
    auto candidates = detector.on_book(id, books, w.purse, w.now);
    if (w.rng.one_in(6)) {  // stops trading, or trades again
      Instrument told = changed;
      const bool trades = told.status == InstrumentStatus::Trading;
      told.status = trades ? InstrumentStatus::Halted : InstrumentStatus::Trading;
      w.universe.add_instrument(told);
      candidates = detector.on_instrument(told, books, w.purse, w.now);
    }

    const std::set<std::uint32_t> open(detector.open().begin(), detector.open().end());
    std::map<std::uint32_t, std::vector<ModelHop>> expected;
    for (std::uint32_t c = 0; c < detector.size(); ++c) {
      const Cycle& cycle = detector.cycle(c);
      // The assets of the cycle, from what the candidate's lanes are called in the model.
      const std::vector<AssetId> path = [&] {
        std::vector<AssetId> assets;
        for (std::size_t n = 0; n < cycle.legs; ++n) {
          for (std::uint16_t a = 0; a < 6; ++a) {
            for (std::uint16_t b = 0; b < 6; ++b) {
              const auto same = [&](std::optional<LaneId> lane) { return lane == cycle.lanes[n]; };
              bool is = same(detector.lanes().find(AssetId{a}, AssetId{b})) ||
                        same(detector.lanes().find_conversion(AssetId{a}, AssetId{b}));
              for (std::uint8_t v = 0; v < w.universe.venues().size(); ++v) {
                is = is || same(detector.lanes().find(VenueId{v}, AssetId{a}, AssetId{b}));
              }
              if (is) assets.push_back(AssetId{a});
            }
          }
        }
        return assets;
      }();
      ASSERT_EQ(path.size(), cycle.legs);
      VenueId only;
      if (cycle.strategy == Strategy::Triangular) {
        for (std::uint8_t v = 0; v < w.universe.venues().size(); ++v) {
          if (detector.lanes().find(VenueId{v}, path[0], path[1]) == cycle.lanes[0]) only = {v};
        }
        ASSERT_TRUE(only.valid());
      }
      std::vector<std::vector<ModelHop>> choices;
      for (std::size_t n = 0; n < path.size(); ++n) {
        choices.push_back(w.hops(path[n], path[(n + 1) % path.size()], only));
      }
      bool complete = true;
      for (const auto& choice : choices) complete = complete && !choice.empty();
      if (!complete) {
        EXPECT_EQ(open.count(c), 0u);
        continue;
      }
      const std::vector<ModelHop> best = w.best_choice(choices);
      cpp_rational product = 1;
      for (const ModelHop& h : best) product *= h.rate(h.levels.front().price);
      const bool pays = w.enough(product);
      ASSERT_EQ(open.count(c) != 0, pays) << "step " << step << " cycle " << c;
      if (pays) expected[c] = best;
    }
    opened = std::max(opened, expected.size());

    for (const CycleCandidate& candidate : candidates) {
      const std::vector<ModelHop>& legs = expected.at(candidate.index);
      const bool one_venue = legs.size() == 3 && legs[0].on->venue == legs[1].on->venue &&
                             legs[1].on->venue == legs[2].on->venue;
      if (candidate.cycle.strategy == Strategy::Cycle) {
        EXPECT_FALSE(one_venue && w.config.triangular != StrategyMode::Off);
      }
      for (std::size_t n = 0; n < legs.size(); ++n) {
        ASSERT_EQ(candidate.hops[n].instrument, legs[n].on->id);
        ASSERT_EQ(candidate.hops[n].side, legs[n].side);
      }
      // Every quantity of the first leg: those that fit come before those that do not.
      SmallWorld::ModelWalk best;
      std::int64_t quantity = 0;
      bool ended = false;
      for (std::int64_t q = legs[0].on->lot; q <= legs[0].depth(); q += legs[0].on->lot) {
        const SmallWorld::ModelWalk one = w.forward(legs, q, candidate.cycle.conversion_open);
        if (one.fits) {
          ASSERT_FALSE(ended) << "larger fits again";
          best = one;
          quantity = q;
        } else {
          ended = true;
        }
      }
      ASSERT_EQ(candidate.walked.legs[0].quantity.units, quantity) << "step " << step;
      if (quantity == 0) {
        EXPECT_NE(candidate.refused, RefuseReason::None);
        ++refused;
        continue;
      }
      ++walked;
      for (std::size_t n = 0; n < legs.size(); ++n) {
        ASSERT_EQ(candidate.walked.legs[n].quantity.units, best.quantities[n]);
        ASSERT_EQ(exact(candidate.walked.legs[n].gave), best.gave[n]);
        ASSERT_EQ(exact(candidate.walked.legs[n].got), best.got[n]);
      }
      ASSERT_EQ(exact(candidate.walked.profit), best.got.back() - best.gave.front());
      const cpp_rational net = best.got.back() / best.gave.front() - 1;
      ASSERT_EQ(candidate.walked.net.ppb, static_cast<std::int64_t>(floor_of(net * Rate::one)));
      if (candidate.refused == RefuseReason::None) {
        for (std::size_t n = 0; n < legs.size(); ++n) {
          if (candidate.cycle.conversion_open && n + 1 == legs.size()) continue;
          EXPECT_FALSE(check_order(*legs[n].on, candidate.walked.legs[n].limit,
                                   candidate.walked.legs[n].quantity));
        }
        EXPECT_GE(candidate.walked.net, w.config.min_edge);
        EXPECT_GT(candidate.walked.profit, Decimal());
      }
    }
  }
  RecordProperty("opened", static_cast<int>(opened));
  RecordProperty("walked", static_cast<int>(walked));
  RecordProperty("refused", static_cast<int>(refused));
}
INSTANTIATE_TEST_SUITE_P(Seeds, CyclesTest, ::testing::Range(1, 31));

}  // namespace
}  // namespace ats::core

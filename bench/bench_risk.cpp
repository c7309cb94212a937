// The measures of risk. Value at risk of 1,000 positions in 200 assets from 1,000 days of closes, both
// methods, with the part of each asset: ours beside what is written down first, a covariance matrix by nested
// loops and losses sorted. And fills into positions, profit and loss by venue, asset and strategy, beside
// ordered maps by the same keys.
#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/rng.hpp"
#include "core/ledger/ledger.hpp"
#include "core/risk/measures/profit_book.hpp"
#include "core/risk/measures/value_at_risk.hpp"
#include "domain/testing_approved.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

using core::Position;

// --- value at risk ---

constexpr std::size_t assets = 200;
constexpr std::size_t days = 1'000;
constexpr std::size_t venues = 5;
constexpr std::size_t refreshes = 5;

struct Past {
  std::vector<std::vector<double>> closes;  // by asset; one day more than returns
  core::PriceBars bars{hours(24), days + 1};
  std::vector<Position> positions;
  std::vector<AssetId> ids;
};

Past make_past() {
  Past past;
  Rng rng(20'261'127);
  past.closes.assign(assets, {100.0});
  for (std::size_t day = 0; day < days; ++day) {
    const double common = 0.02 * rng.normal();
    for (auto& of : past.closes) of.push_back(of.back() * (1 + common + 0.03 * rng.normal()));
  }
  for (std::size_t day = 0; day <= days; ++day) {
    const WallTime at{static_cast<std::int64_t>(20'000 + day) * hours(24).ns};
    for (std::size_t a = 0; a < assets; ++a) {
      past.bars.mark({static_cast<AssetId::rep>(a)}, at, past.closes[a][day]);
    }
    past.bars.pass(at + hours(24));
  }
  for (std::size_t a = 0; a < assets; ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    past.ids.push_back(asset);
    for (std::size_t v = 0; v < venues; ++v) {
      const Decimal worth = Decimal::from_int(rng.between(-20'000, 100'000));
      past.positions.push_back({{static_cast<VenueId::rep>(v)}, asset, worth, worth});
    }
  }
  return past;
}

constexpr double decay = 0.94;
constexpr double z99 = 2.3263478740408408;
constexpr double beyond99 = 2.665214220345808;

// To the tenth of a unit of money: the two sides sum in different orders.
std::uint64_t tenths(double of) { return static_cast<std::uint64_t>(std::llround(of * 10)); }

Outcome per_refresh(std::int64_t spent, std::uint64_t digest) {
  return {{static_cast<double>(spent) / 1e3 / static_cast<double>(refreshes)}, digest};
}

Outcome our_refreshes(const Past& past) {
  std::uint64_t digest = 0;
  core::VarRules rules;
  rules.decay = decay;
  rules.correlated = 0;
  const std::int64_t from = now_ns();
  for (std::size_t n = 0; n < refreshes; ++n) {
    const auto told = value_at_risk(past.positions, past.bars.returns(past.ids), rules);
    if (!told) die("no value at risk");
    digest = mix(digest, tenths(told->historical.value_at_risk));
    digest = mix(digest, tenths(told->historical.shortfall));
    digest = mix(digest, tenths(told->ewma.value_at_risk));
    digest = mix(digest, tenths(told->ewma.shortfall));
    double largest = 0;
    for (const core::VarPart& part : told->assets) {
      largest = std::max(largest, part.ewma.value_at_risk);
    }
    digest = mix(digest, tenths(largest));
  }
  return per_refresh(now_ns() - from, digest);
}

Outcome naive_refreshes(const Past& past) {
  std::uint64_t digest = 0;
  const std::int64_t from = now_ns();
  for (std::size_t n = 0; n < refreshes; ++n) {
    std::vector<double> worths(assets);
    for (const Position& p : past.positions) worths[p.asset.index()] += p.worth->to_double();
    std::vector<std::vector<double>> returns(assets, std::vector<double>(days));
    for (std::size_t a = 0; a < assets; ++a) {
      for (std::size_t t = 0; t < days; ++t) {
        returns[a][t] = past.closes[a][t + 1] / past.closes[a][t] - 1;
      }
    }
    std::vector<double> losses(days);
    for (std::size_t t = 0; t < days; ++t) {
      for (std::size_t a = 0; a < assets; ++a) losses[t] -= worths[a] * returns[a][t];
    }
    std::sort(losses.begin(), losses.end());
    double beyond = 0;
    for (std::size_t t = 990; t < days; ++t) beyond += losses[t];
    std::vector<double> weights(days);
    double sum = 0;
    for (std::size_t t = 0; t < days; ++t) {
      sum += weights[t] = std::pow(decay, static_cast<double>(days - 1 - t));
    }
    std::vector<std::vector<double>> covariance(assets, std::vector<double>(assets));
    for (std::size_t a = 0; a < assets; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        double both = 0;
        for (std::size_t t = 0; t < days; ++t) both += weights[t] * returns[a][t] * returns[b][t];
        covariance[a][b] = covariance[b][a] = both / sum;
      }
    }
    double variance = 0;
    std::vector<double> with_all(assets);
    for (std::size_t a = 0; a < assets; ++a) {
      for (std::size_t b = 0; b < assets; ++b) with_all[a] += covariance[a][b] * worths[b];
      variance += worths[a] * with_all[a];
    }
    const double sigma = std::sqrt(variance);
    double largest = 0;
    for (std::size_t a = 0; a < assets; ++a) {
      largest = std::max(largest, z99 * worths[a] * with_all[a] / sigma);
    }
    digest = mix(digest, tenths(losses[989]));
    digest = mix(digest, tenths(beyond / 10));
    digest = mix(digest, tenths(z99 * sigma));
    digest = mix(digest, tenths(beyond99 * sigma));
    digest = mix(digest, tenths(largest));
  }
  return per_refresh(now_ns() - from, digest);
}

// --- positions ---

constexpr std::uint64_t executions = 20'000;

struct Fills {
  Universe universe;
  std::vector<Action> actions;
  std::uint64_t fills = 0;
};

Action placed(OrderId id, ExecutionId execution, InstrumentId instrument) {
  OrderRequest o;
  o.id = id;
  o.execution = execution;
  o.instrument = instrument;
  return approved(o);
}

Fills make_fills() {
  Fills out;
  Rng rng(1);
  const AssetId usdt = out.universe.add_asset("USDT");
  for (std::size_t v = 0; v < venues; ++v) {
    const VenueId venue = out.universe.add_venue(std::string(1, static_cast<char>('a' + v)), {});
    for (std::size_t a = 0; a < assets; ++a) {
      Instrument i;
      i.venue = venue;
      i.base = out.universe.add_asset("A" + std::to_string(a));
      i.quote = usdt;
      i.symbol = Text<31>("A" + std::to_string(a) + "USDT");
      i.price_scale = 2;
      i.qty_scale = 6;
      out.universe.add_instrument(i);
    }
  }
  core::Ledger ledger;
  ledger.bind(venues, assets + 1);
  for (std::uint64_t n = 1; n <= executions; ++n) {
    const std::size_t asset = rng.below(assets);
    for (std::uint64_t leg = 0; leg < 2; ++leg) {
      const InstrumentId id{static_cast<InstrumentId::rep>(((n + leg) % venues) * assets + asset)};
      Fill f;
      f.order = {n * 2 + leg};
      f.instrument = id;
      f.id = FillId(std::to_string(f.order.value));
      f.side = leg == 0 ? Side::Buy : Side::Sell;
      f.price = {rng.between(9'000, 11'000)};
      f.quantity = {rng.between(1, 1'000'000)};
      f.fee = Decimal::from_scaled(rng.between(1, 1'000), 6);
      f.fee_asset = usdt;
      out.actions.push_back(placed(f.order, {n}, id));
      if (leg == 0) {
        OpportunityFound found;
        found.execution = {n};
        found.strategy = static_cast<Strategy>(n % strategy_count);
        out.actions.emplace_back(found);
      }
      out.actions.emplace_back(*ledger.book(f, out.universe.instrument(id)));
      ++out.fills;
    }
    ExecutionResolved end;
    end.execution = {n};
    end.reporting = usdt;
    end.marks[end.mark_count++] = {{static_cast<AssetId::rep>(asset + 1)}, Decimal::from_int(100)};
    out.actions.emplace_back(end);
  }
  return out;
}

std::uint64_t units(Decimal of) { return static_cast<std::uint64_t>(of.raw()); }

Outcome our_updates(const Fills& input) {
  core::ProfitBook book;
  book.restart(input.universe, {0});
  const std::int64_t from = now_ns();
  for (const Action& action : input.actions) book.on({&action, 1}, input.universe);
  const std::int64_t spent = now_ns() - from;
  core::Marks marks;
  marks.bind(assets + 1, {0});
  std::uint64_t digest = units(book.report(marks).ever.all.realised);
  for (std::size_t v = 0; v < venues; ++v) {
    for (std::size_t a = 0; a <= assets; ++a) {
      digest =
          mix(digest,
              units(book.change({static_cast<VenueId::rep>(v)}, {static_cast<AssetId::rep>(a)})));
    }
  }
  return {{static_cast<double>(spent) / static_cast<double>(input.fills)}, digest};
}

Outcome map_updates(const Fills& input) {
  using Amounts = std::map<AssetId, Decimal>;
  struct Execution {
    Strategy strategy = Strategy::CrossVenue;
    AssetId base;
    std::map<std::pair<VenueId, AssetId>, Decimal> moved;
  };
  std::map<std::pair<VenueId, AssetId>, Decimal> positions;
  std::map<Strategy, Amounts> by_strategy;
  std::map<AssetId, Amounts> by_base;
  std::map<OrderId, ExecutionId> orders;
  std::map<ExecutionId, Execution> open;
  std::map<VenueId, Decimal> realised_on;
  std::map<Strategy, Decimal> realised_of;
  std::map<AssetId, Decimal> realised_in;
  Decimal realised;
  const std::int64_t from = now_ns();
  for (const Action& action : input.actions) {
    if (const auto* place = std::get_if<Place>(&action)) {
      orders[place->order->id] = place->order->execution;
      open[place->order->execution].base = input.universe.instrument(place->order->instrument).base;
    } else if (const auto* found = std::get_if<OpportunityFound>(&action)) {
      open[found->execution].strategy = found->strategy;
    } else if (const auto* booked = std::get_if<Booked>(&action)) {
      Execution& execution = open[orders[booked->order]];
      for (std::size_t n = 0; n < booked->count; ++n) {
        const Posting& p = booked->postings[n];
        if (p.account != Account::Venue) continue;
        positions[{p.venue, p.asset}] += p.amount;
        by_strategy[execution.strategy][p.asset] += p.amount;
        by_base[execution.base][p.asset] += p.amount;
        execution.moved[{p.venue, p.asset}] += p.amount;
      }
    } else if (const auto* end = std::get_if<ExecutionResolved>(&action)) {
      const auto at = open.find(end->execution);
      for (const auto& [where, moved] : at->second.moved) {
        const bool reporting = where.second == end->reporting;
        const Decimal worth =
            reporting ? moved : end->marks[0].price.multiply_floor(moved).value_or(Decimal());
        realised += worth;
        realised_on[where.first] += worth;
        realised_of[at->second.strategy] += worth;
        realised_in[at->second.base] += worth;
      }
      open.erase(at);
    }
  }
  const std::int64_t spent = now_ns() - from;
  std::uint64_t digest = units(realised);
  for (std::size_t v = 0; v < venues; ++v) {
    for (std::size_t a = 0; a <= assets; ++a) {
      digest =
          mix(digest,
              units(positions[{{static_cast<VenueId::rep>(v)}, {static_cast<AssetId::rep>(a)}}]));
    }
  }
  return {{static_cast<double>(spent) / static_cast<double>(input.fills)}, digest};
}

void run(Session& session) {
  const std::string refresh = "VaR and ES, 200 assets x 1,000 days, with the part of each asset";
  if (session.wanted(refresh)) {
    const Past past = make_past();
    session.compare({.name = refresh,
                     .baseline_name = "covariance matrix, std::sort",
                     .baseline = [&] { return naive_refreshes(past); },
                     .ours = [&] { return our_refreshes(past); },
                     .metrics = {{.unit = "us/refresh", .goal = at_least(8, 6)}}});
  }
  const std::string update = "a fill into positions and P&L by venue, asset, strategy";
  if (session.wanted(update)) {
    const Fills fills = make_fills();
    session.compare({.name = update,
                     .baseline_name = "std::map by the same keys",
                     .baseline = [&] { return map_updates(fills); },
                     .ours = [&] { return our_updates(fills); },
                     .metrics = {{.unit = "ns/event"}}});
  }
}

const Register registered{"risk", run};

}  // namespace

}  // namespace ats::bench

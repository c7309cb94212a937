// From a decoded delta to the detector's answer: a pair on two venues, deltas of four levels in turn, every
// book change looked at in both directions, an edge open a part of the time. And five venues with 200
// instruments each: trades of two legs, and cycles, looked at where a book changed, beside looking at all of
// them every time.
// Nothing on these paths may allocate once it is warm.
#include <array>
#include <vector>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"
#include "core/detector/cycles.hpp"
#include "core/detector/detector.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t deltas_count = 400'000;
constexpr std::size_t warm_up = 40'000;
constexpr std::size_t batch = 16;
static_assert(warm_up % batch == 0);
constexpr std::int64_t middle = 6'171'000;

struct Delta {
  std::uint16_t instrument;
  std::array<Level, 2> bids;
  std::array<Level, 2> asks;
};

// Levels around a mid price that differs between the venues by up to 0.3 %; one that would cross the
// venue's own book removes what it meets.
std::vector<Delta> make_deltas() {
  Rng rng(42);
  std::vector<Delta> deltas;
  std::array<std::int64_t, 2> mid{middle, middle};
  std::array<std::int64_t, 2> before = mid;
  for (std::size_t n = 0; n < deltas_count; ++n) {
    Delta& delta = deltas.emplace_back();
    const std::size_t venue = n % 2;
    delta.instrument = static_cast<std::uint16_t>(venue);
    before[venue] = mid[venue];
    if (rng.one_in(8)) mid[venue] = middle + rng.between(-9'000, 9'000) / 10 * 10;
    const auto quantity = [&] { return Quantity{rng.between(1, 50'000'000)}; };
    // The old best goes, the new one comes.
    delta.bids[0] = {{before[venue] - 10}, {}};
    delta.asks[0] = {{before[venue] + 10}, {}};
    delta.bids[1] = {{mid[venue] - 10}, quantity()};
    delta.asks[1] = {{mid[venue] + 10}, quantity()};
  }
  return deltas;
}

Universe make_universe() {
  Universe universe;
  for (const char* name : {"one", "two"}) {
    Instrument instrument;
    instrument.venue = universe.add_venue(name, {});
    instrument.base = universe.add_asset("BTC");
    instrument.quote = universe.add_asset("USDT");
    instrument.symbol = "BTCUSDT";
    instrument.price_scale = 2;
    instrument.qty_scale = 8;
    instrument.fees.taker = Rate::bps(5);
    universe.add_instrument(instrument);
  }
  return universe;
}

class Rich final : public core::Funds {
 public:
  Decimal free(VenueId, AssetId) const override { return Decimal::from_int(1'000'000); }
  Decimal notional_limit(AssetId) const override { return Decimal::from_int(10'000); }
  Rate leg_cost(VenueId, VenueId, LegSize) const override { return {20'000}; }
};

Outcome run_deltas(const std::vector<Delta>& deltas) {
  const Universe universe = make_universe();
  core::BookSet books(universe);
  core::Detector detector(universe, {});
  const Rich funds;
  Actions actions;
  Instant now{1'000'000'000};
  std::vector<Level> bids;
  std::vector<Level> asks;
  for (std::int64_t n = 0; n < 900; ++n) {
    bids.push_back({{middle - 10'000 - 10 * n}, {1'000'000}});
    asks.push_back({{middle + 10'000 + 10 * n}, {1'000'000}});
  }
  for (std::uint16_t venue = 0; venue < 2; ++venue) {
    books.on_connection({static_cast<std::uint8_t>(venue)}, true, now, actions);
    books.on_snapshot({{venue}, {{}, now}, 0, {}, bids, asks}, now, actions);
  }
  actions.clear();

  std::uint64_t digest = 0;
  std::vector<double> spent;
  spent.reserve(deltas.size() / batch);
  std::uint64_t allocated = 0;
  for (std::size_t at = 0; at + batch <= deltas.size(); at += batch) {
    if (at == warm_up) {
      spent.clear();
      allocated = allocations();
    }
    const std::int64_t from = now_ns();
    for (std::size_t i = at; i < at + batch; ++i) {
      const Delta& delta = deltas[i];
      now = now + microseconds(50);
      const InstrumentId id{delta.instrument};
      books.on_delta({id, {{}, now}, 0, 0, 0, {}, delta.bids, delta.asks}, now, actions);
      for (const core::Candidate& found : detector.on_book(id, books, funds, now))
        digest = mix(digest, static_cast<std::uint64_t>(found.walked.profit.raw()));
    }
    spent.push_back(static_cast<double>(now_ns() - from) / batch);
  }
  const auto count = static_cast<double>(allocations() - allocated);
  return {{percentile(spent, 0.5), percentile(spent, 0.99), percentile(spent, 0.999),
           count / static_cast<double>(deltas.size() - warm_up)},
          mix(digest, detector.episodes())};
}

// --- cycles ---

constexpr std::size_t venues_count = 5;
constexpr std::uint16_t bases_count = 99;
constexpr std::size_t tops_count = 4'000;
constexpr std::size_t tops_warm_up = 1'000;
constexpr std::int64_t worth_of_base = 1'000'000;  // at price scale 4
constexpr std::int64_t worth_of_money = 10'000;

// 99 bases in USDT and USD, USDT/USD and USDC/USDT, on each venue.
Universe make_large_universe() {
  Universe universe;
  for (std::size_t v = 0; v < venues_count; ++v) {
    const VenueId venue = universe.add_venue("venue" + std::to_string(v), {});
    const auto list = [&](const std::string& base, const char* quote) {
      Instrument instrument;
      instrument.venue = venue;
      instrument.base = universe.add_asset(base);
      instrument.quote = universe.add_asset(quote);
      instrument.symbol = Text<31>(base + quote);
      instrument.price_scale = 4;
      instrument.qty_scale = 4;
      instrument.fees.taker = Rate::bps(static_cast<std::int64_t>(4 + v));
      universe.add_instrument(instrument);
    };
    for (std::uint16_t b = 0; b < bases_count; ++b) {
      list("B" + std::to_string(b), "USDT");
      list("B" + std::to_string(b), "USD");
    }
    list("USDT", "USD");
    list("USDC", "USDT");
  }
  return universe;
}

// A new book of two levels a side for one instrument after another, within 4 bps of what the base is worth;
// one in 400 is off by up to 60.
struct Top {
  InstrumentId instrument;
  std::array<Level, 2> bids;
  std::array<Level, 2> asks;
};
std::vector<Top> make_tops(const Universe& universe) {
  Rng rng(7);
  std::vector<Top> tops;
  const auto instruments = universe.instruments();
  for (std::size_t n = 0; n < instruments.size() + tops_count; ++n) {
    // Every book once, then any.
    const std::size_t at = n < instruments.size() ? n : rng.below(instruments.size());
    const Instrument& on = instruments[at];
    const bool money = universe.asset(on.base).name.view().substr(0, 3) == "USD";
    const std::int64_t worth = money ? worth_of_money : worth_of_base;
    const std::int64_t off = rng.one_in(400) ? rng.between(-60, 60) : rng.between(-4, 4);
    const std::int64_t mid = worth + worth * off / 10'000;
    Top& top = tops.emplace_back();
    top.instrument = on.id;
    for (std::int64_t n2 = 0; n2 < 2; ++n2) {
      const auto quantity = [&] { return Quantity{rng.between(10'000, 500'000)}; };
      top.bids[static_cast<std::size_t>(n2)] = {{mid - 1 - n2}, quantity()};
      top.asks[static_cast<std::size_t>(n2)] = {{mid + 1 + n2}, quantity()};
    }
  }
  return tops;
}

std::uint64_t digest_of(std::uint32_t cycle) { return (cycle + 1) * 0x9E3779B97F4A7C15ull; }

// Feeds every book to `look`, which answers a digest of the cycles that are open then.
template <class Look>
Outcome run_tops(const Universe& universe, const std::vector<Top>& tops, const Look& look) {
  core::BookSet books(universe);
  Actions actions;
  Instant now{1'000'000'000};
  for (std::size_t v = 0; v < venues_count; ++v) {
    books.on_connection({static_cast<std::uint8_t>(v)}, true, now, actions);
  }
  std::uint64_t digest = 0;
  std::vector<double> spent;
  spent.reserve(tops.size());
  std::uint64_t allocated = 0;
  const std::size_t warm = universe.instruments().size() + tops_warm_up;
  for (std::size_t n = 0; n < tops.size(); ++n) {
    const Top& top = tops[n];
    now = now + microseconds(50);
    books.on_snapshot({top.instrument, {{}, now}, 0, {}, top.bids, top.asks}, now, actions);
    actions.clear();
    const std::uint64_t before = allocations();
    const std::int64_t from = now_ns();
    const std::uint64_t open = look(top.instrument, books, now);
    const std::int64_t took = now_ns() - from;
    if (n >= warm) {
      spent.push_back(static_cast<double>(took));
      allocated += allocations() - before;
    }
    digest = mix(digest, open);
  }
  return {{percentile(spent, 0.5), percentile(spent, 0.99),
           static_cast<double>(allocated) / static_cast<double>(spent.size())},
          digest};
}

// What an edge at the changed instrument would give.
std::uint64_t digest_of(std::span<const core::Candidate> candidates) {
  std::uint64_t sum = 0;
  for (const core::Candidate& found : candidates)
    sum += mix(found.edge + 1, static_cast<std::uint64_t>(found.walked.profit.raw()));
  return sum;
}

Outcome run_two_legs(const Universe& universe, const std::vector<Top>& tops) {
  core::Detector detector(universe, {});
  const Rich funds;
  return run_tops(universe, tops, [&](InstrumentId id, const core::BookSet& books, Instant now) {
    return digest_of(detector.on_book(id, books, funds, now));
  });
}

// The same detector asked about every instrument at every change.
Outcome run_all_two_legs(const Universe& universe, const std::vector<Top>& tops) {
  core::Detector detector(universe, {});
  const Rich funds;
  return run_tops(universe, tops, [&](InstrumentId id, const core::BookSet& books, Instant now) {
    std::uint64_t changed = 0;
    for (const Instrument& instrument : universe.instruments()) {
      const auto found = detector.on_book(instrument.id, books, funds, now);
      if (instrument.id == id) changed = digest_of(found);
    }
    return changed;
  });
}

Outcome run_cycles(const Universe& universe, const std::vector<Top>& tops) {
  core::CycleDetector detector(universe, {});
  const Rich funds;
  return run_tops(universe, tops, [&](InstrumentId id, const core::BookSet& books, Instant now) {
    (void)detector.on_book(id, books, funds, now);
    std::uint64_t open = 0;
    for (const std::uint32_t cycle : detector.open()) open += digest_of(cycle);
    return open;
  });
}

// The same lanes, every cycle multiplied out at every change; nothing is sized.
Outcome run_all_cycles(const Universe& universe, const std::vector<Top>& tops) {
  const CoreConfig config;
  core::Lanes lanes(universe, config);
  std::vector<core::Cycle> cycles;
  for (const core::CycleStrategy* strategy : core::cycle_strategies()) {
    strategy->lay_out(universe, lanes, config, cycles);
  }
  return run_tops(universe, tops, [&](InstrumentId id, const core::BookSet& books, Instant) {
    (void)lanes.on_book(id, books.view(id));
    std::uint64_t open = 0;
    for (std::size_t n = 0; n < cycles.size(); ++n) {
      std::array<const core::Hop*, legs_max> hops{};
      std::array<Price, legs_max> at;
      bool complete = true;
      for (std::size_t leg = 0; leg < cycles[n].legs && complete; ++leg) {
        complete = lanes.log(cycles[n].lanes[leg]) != core::Lanes::unavailable;
        if (!complete) break;
        hops[leg] = &lanes.best(cycles[n].lanes[leg]);
        at[leg] = hops[leg]->price;
      }
      if (complete && core::cycle_pays(std::span(hops).first(cycles[n].legs),
                                       std::span(at).first(cycles[n].legs), config.min_edge)) {
        open += digest_of(static_cast<std::uint32_t>(n));
      }
    }
    return open;
  });
}

void run_large(Session& session) {
  const std::string two_legs = "two legs, 5 venues x 200 instruments";
  const std::string name = "cycles of 5 venues x 200 instruments";
  if (!session.wanted(two_legs) && !session.wanted(name)) return;
  const Universe universe = make_large_universe();
  const std::vector<Top> tops = make_tops(universe);
  session.compare(
      {.name = two_legs,
       .baseline_name = "every instrument at every change",
       .baseline = [&] { return run_all_two_legs(universe, tops); },
       .ours = [&] { return run_two_legs(universe, tops); },
       .metrics = {{.name = "p50", .unit = "ns/update", .goal = at_least(20, 10)},
                   {.name = "p99", .unit = "ns/update"},
                   {.name = "heap", .unit = "allocations", .goal = value_at_most(0, 0)}}});
  session.compare(
      {.name = name,
       .baseline_name = "every cycle at every change",
       .baseline = [&] { return run_all_cycles(universe, tops); },
       .ours = [&] { return run_cycles(universe, tops); },
       .metrics = {{.name = "p50", .unit = "ns/update", .goal = at_least(20, 10)},
                   {.name = "p99", .unit = "ns/update"},
                   {.name = "heap", .unit = "allocations", .goal = value_at_most(0, 0)}}});
}

void run(Session& session) {
  run_large(session);
  const std::string name = "4-level delta to candidates";
  if (!session.wanted(name)) return;
  const std::vector<Delta> deltas = make_deltas();
  session.compare(
      {.name = name,
       .ours = [&] { return run_deltas(deltas); },
       .metrics = {
           {.name = "p50", .unit = "ns/delta"},
           {.name = "p99", .unit = "ns/delta"},
           {.name = "p99.9", .unit = "ns/delta"},
           {.name = "heap", .unit = "allocations", .goal_id = "4d", .goal = value_at_most(0, 0)}}});
}

const Register registered{"detect", run};

}  // namespace

}  // namespace ats::bench

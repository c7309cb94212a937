// From a decoded delta to the detector's answer: a pair on two venues, deltas of four levels in turn, every
// book change looked at in both directions, an edge open a part of the time. Nothing on this path may
// allocate once it is warm.
#include <array>
#include <vector>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"
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

void run(Session& session) {
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

// Goals 1 and 1b: an L2 book against std::map per side. Both do the same work: apply one level, then read
// the best bid and ask. Two streams, each of about 900 levels a side and a price that wanders: a dense one,
// half of the changes within 100 ticks of the best and all within 1,500; and a wide one with the distances
// of the recorded BTC/USDT diffs of 2024-08-08 (median 8,000 ticks, a twentieth beyond 50,000).
#include <array>
#include <map>
#include <vector>

#include "base/rng.hpp"
#include "core/books/tick_book.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

struct Update {
  std::int64_t price;
  std::int64_t quantity;
  Side side;
};

constexpr std::int64_t tick = 1;
constexpr std::size_t updates_count = 5'000'000;
constexpr std::size_t batch = 16;

constexpr std::size_t levels_a_side = 900;

std::int64_t dense(Rng& rng) {
  return static_cast<std::int64_t>(rng.one_in(2) ? rng.below(100) : rng.below(1'500));
}
std::int64_t wide(Rng& rng) {
  const std::uint64_t share = rng.below(100);
  if (share < 25) return rng.between(0, 1'700);
  if (share < 75) return rng.between(1'700, 15'000);
  if (share < 95) return rng.between(15'000, 60'000);
  return rng.between(60'000, 2'000'000);
}

// The levels of one side while the stream is made: any of them can be drawn.
struct Made {
  std::map<std::int64_t, std::size_t> at;  // price to index
  std::vector<std::int64_t> prices;
  void add(std::int64_t price) {
    if (at.emplace(price, prices.size()).second) prices.push_back(price);
  }
  void remove(std::int64_t price) {
    const std::size_t hole = at.at(price);
    at.erase(price);
    if (hole + 1 != prices.size()) {
      prices[hole] = prices.back();
      at[prices[hole]] = hole;
    }
    prices.pop_back();
  }
};

// A book that fills to about 900 levels a side, stays there, and never crosses.
std::vector<Update> make_stream(std::int64_t (*distance)(Rng&)) {
  Rng rng(20240808);
  std::vector<Update> updates;
  updates.reserve(updates_count + 1'000);
  std::array<Made, 2> sides;
  std::int64_t middle = 6'171'001;
  const auto apply = [&](Side side, std::int64_t price, std::int64_t quantity) {
    Made& made = sides[static_cast<std::size_t>(side)];
    if (quantity == 0) {
      made.remove(price);
    } else {
      made.add(price);
    }
    updates.push_back({price, quantity, side});
  };
  while (updates.size() < updates_count) {
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    Made& made = sides[static_cast<std::size_t>(side)];
    const std::int64_t away = side == Side::Buy ? -1 : 1;
    const std::int64_t price = middle + away * (1 + distance(rng));
    // As recorded: changes of a level that stands are fewer than levels that come and go.
    if (rng.one_in(6) && !made.prices.empty()) {
      apply(side, made.prices[rng.below(made.prices.size())], rng.between(1, 50'000'000));
    } else if (made.prices.size() < levels_a_side) {
      apply(side, price, rng.between(1, 50'000'000));
    } else {
      apply(side, made.prices[rng.below(made.prices.size())], 0);
      apply(side, price, rng.between(1, 50'000'000));
    }
    if (rng.one_in(40)) {  // the price moves a little; what would cross is taken away first
      middle += rng.between(-2, 2);
      while (!sides[0].at.empty() && sides[0].at.rbegin()->first >= middle)
        apply(Side::Buy, sides[0].at.rbegin()->first, 0);
      while (!sides[1].at.empty() && sides[1].at.begin()->first <= middle)
        apply(Side::Sell, sides[1].at.begin()->first, 0);
    }
  }
  updates.resize(updates_count);
  return updates;
}

class MapBook {
 public:
  void set(Side side, std::int64_t price, std::int64_t quantity) {
    if (side == Side::Buy) {
      set(bids_, price, quantity);
    } else {
      set(asks_, price, quantity);
    }
  }
  Level best_bid() const {
    return bids_.empty() ? Level{} : Level{{bids_.begin()->first}, {bids_.begin()->second}};
  }
  Level best_ask() const {
    return asks_.empty() ? Level{} : Level{{asks_.begin()->first}, {asks_.begin()->second}};
  }

 private:
  template <class Map>
  static void set(Map& levels, std::int64_t price, std::int64_t quantity) {
    if (quantity == 0) {
      levels.erase(price);
    } else {
      levels[price] = quantity;
    }
  }
  std::map<std::int64_t, std::int64_t, std::greater<>> bids_;
  std::map<std::int64_t, std::int64_t> asks_;
};

class OurBook {
 public:
  OurBook() : book_(tick) {}
  void set(Side side, std::int64_t price, std::int64_t quantity) {
    if (!book_.set(side, {{price}, {quantity}})) std::abort();
  }
  Level best_bid() const { return book_.best(Side::Buy); }
  Level best_ask() const { return book_.best(Side::Sell); }

 private:
  core::TickBook book_;
};

template <class Book>
void step(Book& book, const Update& update, std::uint64_t& digest) {
  book.set(update.side, update.price, update.quantity);
  const Level bid = book.best_bid();
  const Level ask = book.best_ask();
  digest += static_cast<std::uint64_t>(bid.price.units ^ ask.price.units) +
            static_cast<std::uint64_t>(bid.quantity.units ^ ask.quantity.units);
}

template <class Book>
Outcome throughput(const std::vector<Update>& updates) {
  Book book;
  std::uint64_t digest = 0;
  const std::int64_t from = now_ns();
  for (const Update& update : updates) step(book, update, digest);
  const std::int64_t spent = now_ns() - from;
  return {{static_cast<double>(spent) / static_cast<double>(updates.size())}, digest};
}

template <class Book>
Outcome tails(const std::vector<Update>& updates) {
  Book book;
  std::uint64_t digest = 0;
  std::vector<double> spent;
  spent.reserve(updates.size() / batch);
  for (std::size_t at = 0; at + batch <= updates.size(); at += batch) {
    const std::int64_t from = now_ns();
    for (std::size_t i = at; i < at + batch; ++i) step(book, updates[i], digest);
    spent.push_back(static_cast<double>(now_ns() - from) / batch);
  }
  return {{percentile(spent, 0.5), percentile(spent, 0.99)}, digest};
}

void compare(Session& session, const std::string& update, std::int64_t (*distance)(Rng&),
             Goal throughput_goal, Goal tail_goal) {
  const std::string tail = update + ", batches of 16";
  if (!session.wanted(update) && !session.wanted(tail)) return;
  const std::vector<Update> updates = make_stream(distance);
  session.compare({.name = update,
                   .baseline_name = "std::map per side",
                   .baseline = [&] { return throughput<MapBook>(updates); },
                   .ours = [&] { return throughput<OurBook>(updates); },
                   .metrics = {{.unit = "ns/update", .goal_id = "1", .goal = throughput_goal}}});
  session.compare(
      {.name = tail,
       .baseline_name = "std::map per side",
       .baseline = [&] { return tails<MapBook>(updates); },
       .ours = [&] { return tails<OurBook>(updates); },
       .metrics = {{.name = "p50", .unit = "ns/update"},
                   {.name = "p99", .unit = "ns/update", .goal_id = "1b", .goal = tail_goal}}});
}

void run(Session& session) {
  compare(session, "L2 update + best bid/ask", dense, at_least(7, 5.5), at_least(4.3, 3.5));
  compare(session, "L2 update + best bid/ask, wide", wide, {}, {});
}

const Register registered{"books", run};

}  // namespace

}  // namespace ats::bench

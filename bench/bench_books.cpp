// Goals 1 and 1b: an L2 book against std::map per side, on a stream shaped like a busy venue's: about
// 900 levels a side, changes gathered near the best price, a level in three new, changed or removed, the
// price wandering. Both sides do the same work: apply one level, then read the best bid and ask.
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

// A book of about 900 levels a side that stays uncrossed, and the updates that keep it so.
std::vector<Update> make_stream() {
  Rng rng(20240808);
  std::vector<Update> updates;
  updates.reserve(updates_count);
  std::map<std::int64_t, std::int64_t> sides[2];
  std::int64_t middle = 6'171'001;
  const auto apply = [&](Side side, std::int64_t price, std::int64_t quantity) {
    auto& levels = sides[static_cast<int>(side)];
    if (quantity == 0) {
      levels.erase(price);
    } else {
      levels[price] = quantity;
    }
    updates.push_back({price, quantity, side});
  };
  while (updates.size() < updates_count) {
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    const std::int64_t away = side == Side::Buy ? -1 : 1;
    auto& levels = sides[static_cast<int>(side)];
    // Distances fall off from the best: half within 100 ticks, the rest within 1,500.
    const auto distance =
        static_cast<std::int64_t>(rng.one_in(2) ? rng.below(100) : rng.below(1'500));
    const std::int64_t price = middle + away * (1 + distance);
    const bool crowded = levels.size() > 900;
    if (levels.contains(price)) {
      const bool remove = rng.one_in(crowded ? 2 : 4);
      apply(side, price, remove ? 0 : rng.between(1, 50'000'000));
    } else if (!crowded || rng.one_in(4)) {
      apply(side, price, rng.between(1, 50'000'000));
    }
    if (rng.one_in(40)) {  // the price moves a little; what would cross is taken away first
      middle += rng.between(-2, 2);
      while (!sides[0].empty() && sides[0].rbegin()->first >= middle)
        apply(Side::Buy, sides[0].rbegin()->first, 0);
      while (!sides[1].empty() && sides[1].begin()->first <= middle)
        apply(Side::Sell, sides[1].begin()->first, 0);
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

void run(Session& session) {
  const std::string update = "L2 update and read of best bid/ask";
  const std::string tail = "the same in batches of 16";
  if (!session.wanted(update) && !session.wanted(tail)) return;
  const std::vector<Update> updates = make_stream();
  session.compare({.name = update,
                   .baseline_name = "std::map per side",
                   .baseline = [&] { return throughput<MapBook>(updates); },
                   .ours = [&] { return throughput<OurBook>(updates); },
                   .metrics = {{.unit = "ns/update", .goal_id = "1", .goal = at_least(7, 5.5)}}});
  session.compare(
      {.name = tail,
       .baseline_name = "std::map per side",
       .baseline = [&] { return tails<MapBook>(updates); },
       .ours = [&] { return tails<OurBook>(updates); },
       .metrics =
           {{.name = "p50", .unit = "ns/update"},
            {.name = "p99", .unit = "ns/update", .goal_id = "1b", .goal = at_least(4.3, 3.5)}}});
}

const Register registered{"books", run};

}  // namespace

}  // namespace ats::bench

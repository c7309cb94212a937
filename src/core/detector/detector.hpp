// Finds where one venue sells a pair below what another pays, after both taker fees, and how much of it
// can be had. Knows every directed venue pair of every pair listed on two or more venues; a changed book
// costs a look at those pairs whose price it moved: one exact integer comparison of the tops, and a walk through
// both books only where it pays; a pair that pays is looked at whatever changed. Says what it would do and why it
// would not; sends nothing.
//
// What legs that fall short cost on the two venues is asked for on top of the smallest edge. It differs with
// the size: where a large trade does not pay for it, a smaller one is looked at. The smallest edge itself is
// each directed pair's own, as the holdings skew it (core/inventory/skew.hpp).
//
// Limit prices: the deepest level used, worse by at most max_slippage, rounded to the tick towards the
// level. If both legs fill wholly at their limits the trade loses at most 2 × max_slippage − min_edge of
// the notional: the price of filling both legs when the book moves in between.
// Allocates nothing after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/books/book_set.hpp"
#include "core/detector/walk.hpp"
#include "core/inventory/skew.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/status.hpp"

namespace ats::core {

// What is free to spend; asked only when an edge is open.
class Funds {
 public:
  virtual Decimal free(VenueId venue, AssetId asset) const = 0;
  // The largest order, in a quote asset; zero where nobody knows what the asset is worth.
  virtual Decimal notional_limit(AssetId quote) const = 0;
  // What legs that fall short cost a trade between the two venues on average, as a share of a leg.
  virtual Rate leg_cost(VenueId buy, VenueId sell, LegSize size) const = 0;

 protected:
  ~Funds() = default;
};

// An edge over the threshold at the top of two books. refused == None: both legs keep every rule of their
// instruments and could be sent as they stand; then `walked` says how. When a book is not Valid or an
// instrument not trading nothing was walked.
struct Candidate {
  std::uint32_t edge = 0;  // index into edges
  PairId pair;
  InstrumentId buy;
  InstrumentId sell;
  AssetId base;
  AssetId quote;
  Rate gross;  // tops, before fees
  WalkResult walked;
  RefuseReason refused = RefuseReason::None;
};
// Why an order would be too small: what kept the walk short, else the instrument's own rule.
RefuseReason too_little(WalkStop stop, OrderFault fault);
// As the core tells it; `execution` is left to the caller.
OpportunityFound opportunity(const Candidate& candidate, RefuseReason refused);

class Detector {
 public:
  Detector(const Universe& universe, const CoreConfig& config);

  // Looks again at every directed venue pair that touches the instrument and may come out otherwise. Candidates are
  // valid until the next call. Pairs without an edge over the threshold give none.
  std::span<const Candidate> on_book(InstrumentId changed, const BookSet& books, const Funds& funds,
                                     Instant now);
  void on_instrument(const Instrument& instrument);
  // New thresholds, without restart.
  void configure(const CoreConfig& config);
  // The smallest edge of each directed pair from now on, until the next configure().
  void ask_for(const InventorySkew& skew);

  // The final answer for a candidate, after risk: None when taken. True when it differs from the last
  // answer for this directed pair, or is None, i.e. when OpportunityFound is to be raised.
  bool answer(const Candidate& candidate, RefuseReason refused);

  // Times an edge came over the threshold from below it.
  std::uint64_t episodes() const { return episodes_; }
  std::size_t edges() const { return edges_.size(); }
  void status(const BookSet& books, Instant now, std::vector<EdgeStatus>& out) const;

 private:
  // What a look reads comes first, so that it lies together: a look is all that most changes cost.
  struct Edge {
    InstrumentId buy;
    InstrumentId sell;
    PairId pair;
    RefuseReason refused = RefuseReason::BookNotValid;
    bool open = false;      // over the threshold at the last look
    bool answered = false;  // since it opened
    Price ask;              // tops at the last look; zero: none
    Price bid;
    VenuePair venues;
  };
  struct Touching {
    std::uint32_t edge;
    bool buys;  // the edge buys here: what it makes of this book hangs on the best ask alone
  };
  // An instrument, as its edges see it.
  struct Watched {
    static constexpr Price never{-1};
    Price bid =
        never;  // when its edges were last looked at; never: or their terms have changed since
    Price ask = never;
    std::uint32_t open = 0;  // of its edges
    std::vector<Touching> edges;
  };

  // The terms of edges changed: they are looked at when either book changes, whatever changes.
  void look_anew();
  void look(std::uint32_t index, const BookSet& books, const Funds& funds, Instant now);
  [[gnu::noinline]] void price(std::uint32_t index, const BookSet& books, const Funds& funds,
                               Instant now);
  RefuseReason why_not(const BookView& buy, const BookView& sell, Instant now) const;
  void size(Candidate& candidate, const Edge& edge, const BookView& buy, const BookView& sell,
            const Funds& funds) const;
  RefuseReason judge(const VenuePair& venues, const WalkResult& walked) const;

  CoreConfig config_;
  std::vector<Edge> edges_;
  std::vector<Watched> watched_;  // by instrument
  std::vector<Candidate> candidates_;
  std::uint64_t episodes_ = 0;
};

}  // namespace ats::core

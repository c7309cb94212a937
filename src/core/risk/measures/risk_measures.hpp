// What the engine knows of its risk, read once a second: marks, the past of marks, positions, exposures, profit
// and loss. Folded from the engine's own events and actions, so that it outlives the process; told to people
// and to those who watch. Limits on losses go by its profit and loss, one on the value at risk by what was
// computed from it and journalled; nothing else of it is an input to a decision (docs/decisions/0023-risk-measures.md).
//
// Marks here are of Valid books only: of a venue that is asked for its books by REST (docs/decisions/0013) the
// last mark stands, is not fresh, and its age is told. A configured rate is a way where no Valid book leads.
// Pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/books/book_set.hpp"
#include "core/ledger/ledger.hpp"
#include "core/ledger/marks.hpp"
#include "core/risk/measures/position.hpp"
#include "core/risk/measures/price_history.hpp"
#include "core/risk/measures/profit_book.hpp"

namespace ats::core {

struct MarkedAt {
  std::optional<Decimal> price;  // of one unit; nothing: never marked
  bool fresh = false;            // by the last reading
  Duration age;                  // since the last reading at which it was
};

struct RiskReport {
  AssetId reporting;
  WallTime as_of;                   // of the last reading; not told before the first
  std::vector<Position> positions;  // not zero; venue by venue
  std::vector<Position> traded;     // what trading has changed, as if it were all that is held
  struct Exposure {
    AssetId asset;
    MarkedAt mark;
    Decimal held;  // on all venues
    std::optional<Decimal> worth;
    Decimal change;  // of it by trading, fees taken: what is exposed beyond the opening balances
    std::optional<Decimal> change_worth;
  };
  std::vector<Exposure> exposures;  // held or changed; by asset
  Decimal equity;                   // worth of all that is held
  // Of `change`, the reporting asset aside.
  Decimal gross;
  Decimal net;
  std::uint32_t unmarked = 0;  // exposures that count as nothing for want of a mark
  ProfitReport profit;
};

class RiskMeasures {
 public:
  void restart(const Universe& universe, AssetId reporting);
  // All actions of one event.
  void on(std::span<const Action> actions, const Universe& universe) {
    profit_.on(actions, universe);
  }
  // At every Timer; reads once in PriceHistory::every.
  void on_time(const Universe& universe, const BookSet& books, std::span<const Marks::Told> rates,
               WallTime wall, Instant now);

  const Marks& marks() const { return marks_; }
  const PriceHistory& prices() const { return prices_; }
  const ProfitBook& profit() const { return profit_; }
  RiskReport report(const Universe& universe, const Ledger& ledger) const;

 private:
  MarkedAt marked(AssetId asset) const;

  Marks marks_;
  PriceHistory prices_;
  ProfitBook profit_;
  std::vector<std::optional<Decimal>> mids_;
  std::vector<WallTime> fresh_at_;  // by asset
  WallTime read_;
};

// The mid price of each instrument whose book is Valid (`polled`: or Polled), nothing of the others.
void read_mids(const Universe& universe, const BookSet& books, bool polled, Instant now,
               std::vector<std::optional<Decimal>>& out);

}  // namespace ats::core

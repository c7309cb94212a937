// Profit and loss in the reporting asset: what trading has made in all, and what of that is realised; by venue,
// by asset and by strategy; since the beginning, this UTC day, this ISO week and this month. Folded from the
// engine's own actions, so that it outlives the process like all state.
//
//   total        what fills and fees have changed of each asset, at the marks of now. Per asset it is the
//                ledger's change, to the last unit; openings, transfers and corrections are no profit
//   realised     what each execution changed, when it was resolved, at the marks stated then (those of
//                `ats pnl`); stands for good. A fill that comes after is realised when it is resolved again
//   unrealised   total − realised: executions that are open, and what has happened since to the worth of
//                what resolved ones have left with us
//
// An asset's line is of the executions that trade it (the base of their first order); a strategy's of those it
// opened. Fills of orders that nothing says were placed stand under no asset and no strategy. Each amount is
// rounded down once, at 18 decimals; realised adds up over venues, assets and strategies exactly, and where the
// totals of the lines differ from the whole by rounding, the residue is told.
//
// A period is measured from the first reading in it (a second apart at most while the process runs): so the
// periods follow one another without a gap, and what a night without the process did to the marks counts
// in the morning. Pure; exact.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/ledger/marks.hpp"
#include "core/risk/measures/calendar.hpp"
#include "core/risk/measures/profit_view.hpp"
#include "domain/action.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

// All of it and its three divisions, at one moment or over one period.
struct ProfitTable {
  Profit all;
  std::vector<Profit> venues;      // by id
  std::vector<Profit> assets;      // by asset id, and one more: no asset is known
  std::vector<Profit> strategies;  // by Strategy, and one more: none is known
  bool complete = true;            // false: some asset has no mark, or one that is not fresh

  // Total of the whole less that of the lines: what rounding leaves.
  static Decimal residue(const Profit& all, std::span<const Profit> lines);
  ProfitTable since(const ProfitTable& earlier) const;
};

struct ProfitReport {
  AssetId reporting;
  WallTime since;  // of the first reading
  ProfitTable ever;
  struct Current {
    std::int64_t number = 0;
    WallTime opened;  // the first reading in it
    ProfitTable profit;
  };
  std::array<Current, period_count> current;  // by Period
  struct Day {
    std::int64_t number = 0;
    Profit profit;
  };
  std::vector<Day> days;  // that are over, the earliest first; as many as are kept
  Decimal peak;           // of the total, at readings with every mark fresh; at least zero
  Decimal drawdown;       // from there to now, or to the last such reading
  std::uint32_t losses_in_a_row =
      0;                       // resolved executions, the last ones that made or lost anything
  std::uint64_t unmarked = 0;  // resolved ones in which an asset without a mark counted as nothing
  std::uint64_t elsewhere =
      0;  // resolved in another reporting asset: counted in no line of realised
};

class ProfitBook final : public ProfitView {
 public:
  static constexpr std::size_t days_kept = 800;
  // Orders of so many resolved executions are remembered, for fills that come late.
  static constexpr std::size_t executions_kept = 16'384;

  // Makes room. With another reporting asset than before what was realised and the periods begin anew.
  void restart(const Universe& universe, AssetId reporting);
  // All actions of one event, at once or, where something is asked in between, in parts.
  void on(std::span<const Action> actions, const Universe& universe);
  // A reading.
  void on_time(const Marks& marks, WallTime wall);

  Decimal change(AssetId asset) const { return changes_[asset.index()]; }
  Decimal change(VenueId venue, AssetId asset) const {
    return on_venue_[venue.index() * assets_ + asset.index()];
  }
  ProfitReport report(const Marks& marks) const;
  // The last one; fills since then are not in it.
  const ProfitReading& reading() const override { return reading_; }
  RealisedLine realised(const LimitWhere& where) const override;

 private:
  static constexpr std::size_t strategies = strategy_count + 1;
  struct Amount {
    AssetId asset;
    Decimal amount;
  };
  using Amounts = std::vector<Amount>;
  struct Moved {
    VenueId venue;
    AssetId asset;
    Decimal amount;
  };
  struct Execution {
    std::size_t strategy = strategy_count;
    AssetId base;
    std::vector<OrderId> orders;
    std::vector<Moved> moved;  // since it was last resolved
    bool settled = false;      // resolved once
  };
  struct Realised {
    Decimal amount;
    std::uint64_t trades = 0;
    std::uint64_t decided = 0;
    std::uint32_t losses_in_a_row = 0;
    std::array<Decimal, period_count> began{};  // the amount, as each period did
    void add(Decimal made);
  };

  static void add(Amounts& amounts, AssetId asset, Decimal amount);
  void book(const Booked& entry);
  void realise(const ExecutionResolved& end);
  void forget_old();
  std::size_t base_line(AssetId base) const { return base.valid() ? base.index() : assets_; }
  ProfitTable table(const Marks& marks) const;

  std::size_t venues_ = 0, assets_ = 0;
  AssetId reporting_;
  std::vector<Decimal> changes_;                              // by asset
  std::vector<Decimal> on_venue_;                             // venue-major
  std::array<std::vector<Decimal>, strategies> of_strategy_;  // by asset
  std::vector<Amounts> of_base_;  // by what was traded; the last: none is known
  Realised realised_;
  std::vector<Realised> realised_on_venue_, realised_of_base_, realised_of_pair_;
  std::array<Realised, strategies> realised_of_strategy_{};
  std::uint64_t unmarked_ = 0, elsewhere_ = 0;

  std::unordered_map<std::uint64_t, Execution> executions_;  // asked only, never walked
  std::unordered_map<OrderId, std::uint64_t> orders_;        // to executions; asked only
  std::deque<std::uint64_t> settled_;                        // the earliest first

  struct Opened {
    std::int64_t number = 0;
    WallTime at;
    ProfitTable table;
  };
  std::array<Opened, period_count> opened_;
  std::vector<ProfitReport::Day> days_;
  WallTime since_;
  ProfitReading reading_;
};

}  // namespace ats::core

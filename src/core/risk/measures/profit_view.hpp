// What limits go by of profit and loss: the figures of ProfitBook (profit_book.hpp), which is the one who counts
// them.
#pragma once

#include <array>
#include <cstdint>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "core/risk/limit_where.hpp"
#include "core/risk/measures/calendar.hpp"

namespace ats::core {

struct Profit {
  Decimal total;
  Decimal realised;
  std::uint64_t trades =
      0;  // resolved executions that moved anything; a venue's: those that did so there
  Decimal unrealised() const { return total - realised; }
};

// Cheap to have every second, where the report is made on request.
struct ProfitReading {
  std::uint64_t number = 0;  // from 1; none was made before that
  WallTime at = {};
  bool known = false;  // what trading has changed of each asset has a mark, if an old one
  bool fresh = false;  // every mark that counts was
  Profit ever = {};
  std::array<Profit, period_count> current = {};  // by Period
  Decimal peak = {}, drawdown = {};               // by fresh readings alone
};

// Of trades that were resolved, up to the last of them.
struct RealisedLine {
  std::array<Decimal, period_count> current;  // by Period
  std::uint32_t losses_in_a_row = 0;
  std::uint64_t decided = 0;  // that made or lost something, ever
};

class ProfitView {
 public:
  virtual const ProfitReading& reading() const = 0;
  // Of everything, a base asset, a pair or a strategy.
  virtual RealisedLine realised(const LimitWhere& where) const = 0;

 protected:
  ~ProfitView() = default;
};

}  // namespace ats::core

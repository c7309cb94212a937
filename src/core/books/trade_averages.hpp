// What an instrument has traded at lately, where its venue bounds the prices of orders by that: the average
// over PriceBand::over, weighted by quantity, or the last trade where there is none so young. Invariants: no
// allocation per trade; an average lies between the lowest and the highest price it is made of.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

class TradeAverages {
 public:
  void restart(const Universe& universe);
  // Its band may have come or gone.
  void on_instrument(const Instrument& instrument);
  void on(const Trade& trade, Instant now) {
    const std::size_t i = trade.instrument.index();
    if (i < kept_.size() && kept_[i]) add(*kept_[i], trade, now);
  }
  // Rounded down. Nothing: it has no band, or nothing was traded since the start.
  std::optional<Price> average(InstrumentId instrument, Instant now) const;

 private:
  static constexpr std::int64_t parts = 30;  // of the band's time
  struct Part {
    std::int64_t number = -1;  // since the clock's zero, in parts
    Int128 worth = 0;          // price × quantity
    Int128 quantity = 0;
  };
  struct Kept {
    Duration length;  // of a part; zero: only the last trade counts
    std::optional<Price> last;
    std::array<Part, parts> recent;
  };
  static void add(Kept& kept, const Trade& trade, Instant now);

  std::vector<std::unique_ptr<Kept>> kept_;  // by instrument
};

}  // namespace ats::core

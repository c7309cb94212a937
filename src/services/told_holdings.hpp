// What all engines of a risk role hold together, as they tell it with their questions: positions, exposures and the past
// of marks, in the form in which an engine reports its own, so that the same measures (value at risk, stress) go
// over all of them. Folded from the role's events, so that it outlives the process.
//
// Engines name venues and assets that the role's configuration need not have, so it has a universe of its own, of what
// was told. For people and statistics; nothing that is decided looks here.
#pragma once

#include <vector>

#include "base/time.hpp"
#include "core/risk/measures/price_history.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "core/risk/risk_office.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

class ToldHoldings {
 public:
  void on(const Event& event, Instant now);

  const Universe& universe() const { return universe_; }
  const core::PriceHistory& prices() const { return prices_; }
  // But for profits: the role knows those of each engine as one number.
  core::RiskReport report(const core::OfficeStatus& office, Instant now) const;

 private:
  void start(const Started& event);
  void take(const LeaseAsked& event, Instant now);
  core::MarkedAt mark_of(AssetId asset, Instant now) const;

  struct Mark {
    Decimal price;
    Instant fresh_at;
    bool known = false;
  };
  Universe universe_;
  AssetId reporting_;
  core::PriceHistory prices_;
  std::vector<Mark> marks_;  // by asset, of this life
  WallTime wall_;            // of the last Timer, and when
  Instant wall_at_;
  WallTime told_;  // when any engine told last what it holds
};

}  // namespace ats::services

#include "domain/lease.hpp"

namespace ats {

Sharing sharing(LimitKind kind) {
  switch (kind) {
    case LimitKind::OrderRate:
    case LimitKind::CancelRate:
    case LimitKind::OpenLegs:
    case LimitKind::OpenTrades:
    case LimitKind::Position:
    case LimitKind::NetDelta:
    case LimitKind::GrossExposure:
    case LimitKind::NetExposure:
    case LimitKind::CurrencyExposure:
    case LimitKind::InventoryMost:
    case LimitKind::VenueValue:
    // What they may lose together is taken for the sum of it: nothing is set off between engines.
    case LimitKind::ValueAtRisk:
      return Sharing::Split;
    case LimitKind::DailyLoss:
    case LimitKind::WeeklyLoss:
    case LimitKind::MonthlyLoss:
    case LimitKind::DailyRealisedLoss:
    case LimitKind::WeeklyRealisedLoss:
    case LimitKind::MonthlyRealisedLoss:
      return Sharing::Summed;
    // What is a share of a whole within its bound for each engine is within it for all of them: a mean lies
    // between what it is the mean of.
    case LimitKind::AssetConcentration:
    case LimitKind::VenueConcentration:
    case LimitKind::OrderNotional:
    case LimitKind::OrderQuantity:
    case LimitKind::PriceDistance:
    case LimitKind::PriceCollar:
    case LimitKind::MinEdge:
    case LimitKind::MaxEdge:
    case LimitKind::BookAge:
    case LimitKind::InventoryLeast:
    case LimitKind::Drawdown:
    case LimitKind::LossStreak:
    case LimitKind::LegFailures:
    case LimitKind::VenueFaults:
    case LimitKind::DataFaults:
      break;
  }
  return Sharing::Each;
}

}  // namespace ats

#include "core/risk/limit_where.hpp"

namespace ats::core {

Result<LimitWhere, std::string> where_of(const LimitScope& scope, const Universe& universe) {
  LimitWhere where;
  where.strategy = scope.strategy;
  where.venue = universe.find_venue(scope.venue.view());
  where.asset = universe.find_asset(scope.asset.view());
  where.pair = universe.find_pair(scope.pair.view());
  const bool there = where.venue.valid() == !scope.venue.view().empty() &&
                     where.asset.valid() == !scope.asset.view().empty() &&
                     where.pair.valid() == !scope.pair.view().empty();
  if (!there) return fail("there is no " + to_text(scope) + " here");
  return where;
}

}  // namespace ats::core

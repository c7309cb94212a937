#include "services/fee_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ats::services {
namespace {

constexpr int rate_decimals = 7;  // a thousandth of a basis point

bool near(Decimal a, Decimal b, Decimal room) { return (a - b).abs() <= room; }
Decimal fiftieth(Decimal of) {
  return of.abs().divide_floor(Decimal::from_int(50)).value_or(Decimal());
}
std::string bps(Decimal rate) {
  const auto text = rate.multiply_floor(Decimal::from_int(10'000));
  // To the nearest hundredth: venues round a fee down or up.
  return text ? (*text + Decimal::of("0.005")).floor_to(2).to_string() : "-";
}

}  // namespace

std::optional<std::string> FeeWatch::look(const Fill& fill, const Universe& universe) {
  const Instrument& on = universe.instrument(fill.instrument);
  const Decimal quantity = on.quantity_decimal(fill.quantity);
  const auto notional = on.price_decimal(fill.price).multiply_floor(quantity);
  if (!notional || (fill.fee_asset != on.quote && fill.fee_asset != on.base)) return std::nullopt;
  const Decimal basis = fill.fee_asset == on.quote ? *notional : quantity;
  const bool maker = fill.liquidity == Liquidity::Maker;
  const Decimal rate = (maker ? on.fees.maker : on.fees.taker).decimal();
  const auto expected = basis.multiply_floor(rate);
  const auto charged = fill.fee.divide_floor(basis, rate_decimals);
  if (!expected || !charged) return std::nullopt;
  // A venue rounds to its decimals, one way or the other.
  const Decimal unit = Decimal::from_scaled(2, on.fees.decimals);
  if (near(fill.fee, *expected, std::max(fiftieth(*expected), unit))) return std::nullopt;
  const auto [told, first] = told_.try_emplace({on.venue, fill.liquidity}, *charged);
  if (!first) {
    if (near(*charged, told->second, fiftieth(told->second))) return std::nullopt;
    told->second = *charged;
  }
  const std::string venue(universe.venue(on.venue).name.view());
  const char* kind = maker ? "maker" : "taker";
  return fmt::format(
      "{} charged {} bps for a {}'s fill ({} of {}), and the core reckons with {}: set "
      "venue.{}.{}_fee_bps = \"{}\" and start anew",
      venue, bps(*charged), kind, fill.id.view(), universe.pair_name(on.pair), bps(rate), venue,
      kind, bps(*charged));
}

}  // namespace ats::services

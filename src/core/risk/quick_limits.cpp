#include "core/risk/quick_limits.hpp"

#include <algorithm>
#include <limits>

#include "core/risk/limit_kinds.hpp"

namespace ats::core {
namespace {

constexpr Int128 greatest_raw = static_cast<Int128>(~UInt128{} >> 1);
constexpr Decimal anything = Decimal::from_raw(greatest_raw);
constexpr Decimal nothing = Decimal::from_raw(-greatest_raw - 1);

// The largest whole number of units of 10^-unit_scale that is not above; what does not fit bounds nothing that
// does.
std::int64_t units_within(Decimal bound, int unit_scale) {
  const Int128 unit = pow10(Decimal::scale - unit_scale);
  const Int128 raw = bound.raw();
  Int128 units = raw / unit;
  if (units * unit > raw) --units;
  using Units = std::numeric_limits<std::int64_t>;
  return static_cast<std::int64_t>(std::clamp<Int128>(units, Units::min(), Units::max()));
}
std::int64_t units_from(Decimal bound, int unit_scale) {
  const std::int64_t units = units_within(bound, unit_scale);
  const bool exact = Decimal::from_scaled(units, unit_scale) >= bound;
  return exact || units == std::numeric_limits<std::int64_t>::max() ? units : units + 1;
}

// What a limit measures of an order, beside what is there already.
enum class Adds : std::uint8_t { Notional, Base, Quote, Legs, Rate, NothingHere };

// Of a limit with room; NothingHere: the order does not change it.
Adds adds(LimitKind kind, AssetId asset, const Instrument& on, Side side) {
  const AssetId comes = side == Side::Buy ? on.base : on.quote;
  const AssetId goes = side == Side::Buy ? on.quote : on.base;
  const Adds amount = asset == on.base ? Adds::Base : Adds::Quote;
  switch (kind) {
    case LimitKind::OrderRate:
      return Adds::Rate;
    case LimitKind::OpenLegs:
      return Adds::Legs;
    case LimitKind::GrossExposure:
    case LimitKind::NetExposure:
      return Adds::Notional;
    case LimitKind::Position:
    case LimitKind::AssetConcentration:
      return asset == comes ? Adds::Notional : Adds::NothingHere;
    case LimitKind::InventoryLeast:
      return asset == goes ? amount : Adds::NothingHere;
    case LimitKind::InventoryMost:
      return asset == comes ? amount : Adds::NothingHere;
    default:
      return Adds::NothingHere;
  }
}

// Refuses, or does not, whatever the order is.
bool refuses_all(LimitKind kind) {
  return kind == LimitKind::CancelRate || kind == LimitKind::OpenTrades ||
         kind >= LimitKind::VenueValue;
}

}  // namespace

void QuickLimits::restart(const Universe& universe, std::vector<Limit> limits,
                          std::span<const std::vector<std::uint16_t>> of_instrument) {
  universe_ = &universe;
  limits_ = std::move(limits);
  of_instrument_.assign(of_instrument.begin(), of_instrument.end());
  rooms_.assign(limits_.size(), nothing);
  rates_.clear();
  bit_of_.clear();
  std::uint32_t bits = 0;
  for (const Limit& limit : limits_) {
    rates_.push_back({limit.moments, units_within(limit.bound, 0)});
    bit_of_.push_back(bits);
    bits += refuses_all(limit.kind) ? 1u : 0u;
  }
  words_ = (bits + 63) / 64;
  refusing_.assign(words_, ~std::uint64_t{0});
  fold_bounds();
  lay_rows();
}

// The smallest bounds of what is measured of an order alone.
void QuickLimits::fold_bounds() {
  using Units = std::numeric_limits<std::int64_t>;
  lanes_.resize(universe_->instruments().size() * strategy_count * 2);
  for (const Instrument& on : universe_->instruments()) {
    for (std::size_t s = 0; s < strategy_count; ++s) {
      Lane lane = lanes_[lane_of(on.id, static_cast<Strategy>(s), Side::Buy)];
      lane.notional = lane.distance = lane.beyond = lane.exposure = lane.currency = anything;
      lane.quantity = lane.edge_most = lane.age = Units::max();
      lane.edge_least = Units::min();
      for (const std::uint16_t n : of_instrument_[on.id.index()]) {
        const Limit& limit = limits_[n];
        if (!limit.asked || (limit.where.strategy && *limit.where.strategy != Strategy(s)))
          continue;
        const auto at_most = [&](Decimal& least) { least = std::min(least, limit.bound); };
        switch (limit.kind) {
          case LimitKind::OrderNotional:
            at_most(lane.notional);
            break;
          case LimitKind::OrderQuantity:
            lane.quantity = std::min(lane.quantity, units_within(limit.bound, on.qty_scale));
            break;
          case LimitKind::PriceDistance:
            at_most(lane.distance);
            break;
          case LimitKind::PriceCollar:
            at_most(lane.beyond);
            break;
          case LimitKind::MinEdge:
            lane.edge_least = std::max(lane.edge_least, units_from(limit.bound, bps_scale));
            break;
          case LimitKind::MaxEdge:
            lane.edge_most = std::min(lane.edge_most, units_within(limit.bound, bps_scale));
            break;
          case LimitKind::BookAge:
            lane.age = std::min(lane.age, units_within(limit.bound, 9));
            break;
          case LimitKind::NetDelta:
            if (limit.where.asset == on.base) at_most(lane.exposure);
            break;
          case LimitKind::CurrencyExposure:
            if (limit.where.asset == on.quote) at_most(lane.currency);
            break;
          default:
            break;
        }
      }
      for (const Side side : {Side::Buy, Side::Sell}) {
        Lane& here = lanes_[lane_of(on.id, static_cast<Strategy>(s), side)];
        const Lane rows = here;
        here = lane;
        here.first = rows.first;
        here.notionals = rows.notionals;
        here.bases = rows.bases;
        here.quotes = rows.quotes;
        here.legs = rows.legs;
        here.rates = rows.rates;
      }
    }
  }
}

// Which limits have to leave room for an order, and which refuse whatever it is.
void QuickLimits::lay_rows() {
  rows_.clear();
  masks_.assign(lanes_.size() * 2 * words_, 0);
  for (const Instrument& on : universe_->instruments()) {
    for (std::size_t s = 0; s < strategy_count; ++s) {
      for (const Side side : {Side::Buy, Side::Sell}) {
        const std::size_t at = lane_of(on.id, static_cast<Strategy>(s), side);
        Lane& lane = lanes_[at];
        lane.first = static_cast<std::uint32_t>(rows_.size());
        const auto concerned = [&](auto use) {
          for (const std::uint16_t n : of_instrument_[on.id.index()]) {
            const Limit& limit = limits_[n];
            const bool other = limit.where.strategy && *limit.where.strategy != Strategy(s);
            if (limit.asked && !other) use(n, limit);
          }
        };
        const auto put = [&](Adds what) {
          const std::size_t before = rows_.size();
          concerned([&](std::uint16_t n, const Limit& limit) {
            if (adds(limit.kind, limit.where.asset, on, side) == what) rows_.push_back(n);
          });
          return static_cast<std::uint16_t>(rows_.size() - before);
        };
        lane.notionals = put(Adds::Notional);
        lane.bases = put(Adds::Base);
        lane.quotes = put(Adds::Quote);
        lane.legs = put(Adds::Legs);
        lane.rates = put(Adds::Rate);
        concerned([&](std::uint16_t n, const Limit& limit) {
          if (!refuses_all(limit.kind)) return;
          const std::uint64_t bit = std::uint64_t{1} << bit_of_[n] % 64;
          const std::size_t word = bit_of_[n] / 64;
          masks_[(at * 2 + 1) * words_ + word] |= bit;
          if (limit.kind != LimitKind::CancelRate) masks_[at * 2 * words_ + word] |= bit;
        });
      }
    }
  }
}

void QuickLimits::set_bound(std::size_t n, Decimal bound) {
  limits_[n].bound = bound;
  rates_[n].most = units_within(bound, 0);
}

void QuickLimits::measured(std::size_t n, const Reading& reading) {
  const Limit& limit = limits_[n];
  if (refuses_all(limit.kind)) {
    const Decimal one = Decimal::from_int(limit.kind == LimitKind::OpenTrades ? 1 : 0);
    const auto with_it = reading.value.checked_add(one);
    const bool refuses = !reading.known || !with_it || *with_it > limit.bound;
    const std::uint64_t bit = std::uint64_t{1} << bit_of_[n] % 64;
    std::uint64_t& word = refusing_[bit_of_[n] / 64];
    word = refuses ? word | bit : word & ~bit;
    return;
  }
  if (!reading.known) {
    rooms_[n] = nothing;
  } else if (limit.kind == LimitKind::AssetConcentration) {
    rooms_[n] = reading.room;
  } else {
    const bool least = limit.kind == LimitKind::InventoryLeast;
    const Int128 from = least ? reading.value.raw() : limit.bound.raw();
    Int128 room;
    const bool fits =
        !__builtin_sub_overflow(from, least ? limit.bound.raw() : reading.value.raw(), &room);
    rooms_[n] = fits ? Decimal::from_raw(room) : nothing;
  }
}

// One after the other, and each of them hardly ever says no.
bool QuickLimits::passes(const OrderRequest& order, const OrderFacts& facts) const {
  const std::size_t at = lane_of(order.instrument, facts.strategy, order.side);
  const std::uint64_t* mask = &masks_[(at * 2 + (order.post_only ? 1 : 0)) * words_];
  std::uint64_t refusing = 0;
  for (std::size_t w = 0; w < words_; ++w) refusing |= mask[w] & refusing_[w];
  if (order.unwind || refusing != 0) return false;

  const Lane& lane = lanes_[at];
  const auto within = [](const std::optional<Decimal>& value, Decimal most) {
    return value && *value <= most;
  };
  if (!within(facts.notional, lane.notional) || facts.notional->negative() ||
      !within(facts.price_distance, lane.distance) || !within(facts.price_beyond, lane.beyond) ||
      !within(facts.exposure_after, lane.exposure))
    return false;
  // Beyond the limit only the way back is open.
  if (!within(facts.currency_after, std::max(lane.currency, facts.currency_before))) return false;
  if (order.quantity.units > lane.quantity || order.quantity.units < 0 || !facts.edge ||
      facts.edge->ppb < lane.edge_least || facts.edge->ppb > lane.edge_most || !facts.book_age ||
      facts.book_age->ns > lane.age)
    return false;

  const std::uint16_t* row = &rows_[lane.first];
  const auto leave_room = [&](std::uint16_t count, Decimal wanted) {
    bool room = true;
    for (const std::uint16_t* end = row + count; row != end; ++row) room &= wanted <= rooms_[*row];
    return room;
  };
  if (!leave_room(lane.notionals, *facts.notional)) return false;
  const Instrument& on = *facts.instrument;
  if (lane.bases != 0 && !leave_room(lane.bases, on.quantity_decimal(order.quantity))) return false;
  if (lane.quotes != 0 && !leave_room(lane.quotes, on.notional(order.price, order.quantity)))
    return false;
  if (!leave_room(lane.legs, Decimal::from_int(facts.new_legs))) return false;
  for (const std::uint16_t* end = row + lane.rates; row != end; ++row) {
    const RateOf& rate = rates_[*row];
    const std::int64_t room = rate.most - facts.new_legs + 1;
    if (room <= 0 || !rate.moments->fewer_since(facts.now - LimitBook::rate_window,
                                                static_cast<std::size_t>(room)))
      return false;
  }
  return true;
}

}  // namespace ats::core

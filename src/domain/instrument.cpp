#include "domain/instrument.hpp"

#include <algorithm>
#include <limits>

namespace ats {

bool TickLadder::add(std::int64_t from, std::int64_t tick) {
  if (count_ == capacity || from < 0 || tick < 1 || from % tick != 0) return false;
  if (count_ > 0) {
    const TickStep& below = steps_[count_ - 1];
    if (from <= below.from || from % below.tick != 0) return false;
  }
  steps_[count_++] = {from, tick};
  return true;
}

std::int64_t TickLadder::at(Price price) const {
  ATS_ASSERT(count_ > 0);
  std::size_t n = 1;
  while (n < count_ && steps_[n].from <= price.units) ++n;
  return steps_[n - 1].tick;
}

Price Instrument::ceil_to_tick(Price p) const {
  const std::int64_t step = tick_at(p);
  const std::int64_t over = p.units % step;
  if (over == 0 || p.units > std::numeric_limits<std::int64_t>::max() - step) return p;
  return {p.units - over + step};
}

Result<Price, NumberError> Instrument::parse_price(std::string_view text) const {
  const auto units = parse_scaled(text, price_scale);
  if (!units) return fail(units.error());
  return Price{*units};
}

Result<Quantity, NumberError> Instrument::parse_quantity(std::string_view text) const {
  const auto units = parse_scaled(text, qty_scale);
  if (!units) return fail(units.error());
  return Quantity{*units};
}

Decimal Instrument::notional(Price p, Quantity q) const {
  // Exact: two int64 fit Int128, and the scales add up to at most 18 (checked when an instrument enters).
  const Int128 product = Int128{p.units} * q.units;
  const std::int64_t factor = pow10(Decimal::scale - price_scale - qty_scale);
  Int128 raw = 0;
  ATS_ASSERT(!__builtin_mul_overflow(product, Int128{factor}, &raw));
  return Decimal::from_raw(raw);
}

Instrument::Fee Instrument::taker_fee(Side side, Price p, Quantity q) const {
  const bool in_base = fees.charged_in == FeeAsset::Received && side == Side::Buy;
  const Decimal taken_on = in_base ? quantity_decimal(q) : notional(p, q);
  const auto amount = taken_on.multiply_ceil(fees.taker.decimal(), fees.decimals);
  ATS_ASSERT(amount.ok());
  return {*amount, in_base ? base : quote};
}

std::optional<OrderFault> check_order(const Instrument& instrument, Price price,
                                      Quantity quantity) {
  if (instrument.status != InstrumentStatus::Trading) return OrderFault::NotTrading;
  if (!instrument.on_tick(price)) return OrderFault::OffTick;
  if (!instrument.on_lot(quantity)) return OrderFault::OffLot;
  if (quantity < instrument.min_quantity) return OrderFault::BelowMinQuantity;
  if (!instrument.max_quantity.is_zero() && quantity > instrument.max_quantity) {
    return OrderFault::AboveMaxQuantity;
  }
  if (instrument.notional(price, quantity) < instrument.min_notional) {
    return OrderFault::BelowMinNotional;
  }
  return std::nullopt;
}

bool PriceBand::allows(Side side, Price price, Price average) const {
  const Rate least = side == Side::Buy ? buy_least : sell_least;
  const Rate most = side == Side::Buy ? buy_most : sell_most;
  const Int128 told = Int128{price.units} * Rate::one;
  return (least.ppb == 0 || told >= Int128{average.units} * least.ppb) &&
         (most.ppb == 0 || told <= Int128{average.units} * most.ppb);
}

VenueId Universe::add_venue(std::string_view name, const BookRules& rules, AmendRule amends) {
  const VenueId known = find_venue(name);
  if (known.valid()) {
    venues_[known.index()].book = rules;
    venues_[known.index()].amends = amends;
    return known;
  }
  ATS_ASSERT(venues_.size() < VenueId::none_value);
  venues_.push_back({Text<15>(name), rules, amends});
  return {static_cast<VenueId::rep>(venues_.size() - 1)};
}

AssetId Universe::add_asset(std::string_view name) {
  const AssetId known = find_asset(name);
  if (known.valid()) return known;
  ATS_ASSERT(assets_.size() < AssetId::none_value);
  assets_.push_back({Text<15>(name)});
  return {static_cast<AssetId::rep>(assets_.size() - 1)};
}

PairId Universe::add_pair(AssetId base, AssetId quote) {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (pairs_[i].base == base && pairs_[i].quote == quote) {
      return {static_cast<PairId::rep>(i)};
    }
  }
  ATS_ASSERT(pairs_.size() < PairId::none_value);
  pairs_.push_back({base, quote});
  return {static_cast<PairId::rep>(pairs_.size() - 1)};
}

InstrumentId Universe::add_instrument(Instrument instrument) {
  ATS_ASSERT(instrument.venue.index() < venues_.size());
  ATS_ASSERT(instrument.base.index() < assets_.size() && instrument.quote.index() < assets_.size());
  ATS_ASSERT(instrument.tick > 0 && instrument.lot > 0);
  ATS_ASSERT(std::ranges::all_of(instrument.ladder.steps(), [&](const TickStep& step) {
    return step.tick % instrument.tick == 0;
  }));
  ATS_ASSERT(instrument.price_scale <= 12 && instrument.qty_scale <= 12);
  ATS_ASSERT(instrument.price_scale + instrument.qty_scale <= Decimal::scale);
  instrument.pair = add_pair(instrument.base, instrument.quote);
  const InstrumentId known = find_instrument(instrument.venue, instrument.symbol.view());
  if (known.valid()) {
    instrument.id = known;
    instruments_[known.index()] = instrument;
    return known;
  }
  ATS_ASSERT(instruments_.size() < InstrumentId::none_value);
  instrument.id = {static_cast<InstrumentId::rep>(instruments_.size())};
  instruments_.push_back(instrument);
  return instrument.id;
}

VenueId Universe::find_venue(std::string_view name) const {
  for (std::size_t i = 0; i < venues_.size(); ++i) {
    if (venues_[i].name.view() == name) return {static_cast<VenueId::rep>(i)};
  }
  return {};
}

AssetId Universe::find_asset(std::string_view name) const {
  for (std::size_t i = 0; i < assets_.size(); ++i) {
    if (assets_[i].name.view() == name) return {static_cast<AssetId::rep>(i)};
  }
  return {};
}

InstrumentId Universe::find_instrument(VenueId venue, std::string_view symbol) const {
  for (const Instrument& i : instruments_) {
    if (i.venue == venue && i.symbol.view() == symbol) return i.id;
  }
  return {};
}

InstrumentId Universe::find_instrument(VenueId venue, PairId pair) const {
  for (const Instrument& i : instruments_) {
    if (i.venue == venue && i.pair == pair) return i.id;
  }
  return {};
}

std::string Universe::pair_name(PairId id) const {
  const Pair& p = pair(id);
  return std::string(asset(p.base).name.view()) + "/" + std::string(asset(p.quote).name.view());
}

PairId Universe::find_pair(std::string_view name) const {
  const std::size_t slash = std::min(name.find('/'), name.size());
  const AssetId base = find_asset(name.substr(0, slash));
  const AssetId quote = find_asset(name.substr(std::min(slash + 1, name.size())));
  for (std::size_t p = 0; p < pairs_.size(); ++p) {
    if (base.valid() && pairs_[p].base == base && pairs_[p].quote == quote)
      return {static_cast<PairId::rep>(p)};
  }
  return {};
}

std::string Universe::instrument_name(InstrumentId id) const {
  const Instrument& i = instrument(id);
  return std::string(venue(i.venue).name.view()) + " " + pair_name(i.pair);
}

}  // namespace ats

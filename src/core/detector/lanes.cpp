#include "core/detector/lanes.hpp"

#include <algorithm>

namespace ats::core {
namespace {

constexpr int rate_scale = 9;  // decimals of a configured rate that count

std::uint32_t hop_of(InstrumentId id, Side side) {
  return 2 * std::uint32_t{id.value} + (side == Side::Sell ? 1 : 0);
}

std::uint64_t power(int n) { return static_cast<std::uint64_t>(pow10(n)); }

Log2 constant_of(const Hop& hop) {
  return log2_of(hop.fee_up) + log2_of(hop.scale_up) - log2_of(hop.fee_down) -
         log2_of(hop.scale_down);
}

}  // namespace

void Hop::multiply(ExactProduct& numerator, ExactProduct& denominator, Price at) const {
  multiply_gross(numerator, denominator, at);
  numerator *= fee_up;
  denominator *= fee_down;
}

void Hop::multiply_gross(ExactProduct& numerator, ExactProduct& denominator, Price at) const {
  (side == Side::Sell ? numerator : denominator) *= static_cast<std::uint64_t>(at.units);
  numerator *= scale_up;
  denominator *= scale_down;
}

Lanes::Lanes(const Universe& universe, const CoreConfig& config)
    : instruments_(universe.instruments().begin(), universe.instruments().end()),
      hops_(2 * instruments_.size()),
      lanes_of_(hops_.size()),
      lanes_(1),
      logs_{0},
      rate_max_age_(config.rate_max_age) {
  for (const Instrument& i : instruments_) {
    for (const Side side : {Side::Buy, Side::Sell}) {
      const std::uint32_t index = hop_of(i.id, side);
      Hop& hop = hops_[index];
      hop.instrument = i.id;
      hop.side = side;
      hop.gives = side == Side::Buy ? i.quote : i.base;
      hop.gets = side == Side::Buy ? i.base : i.quote;
      (side == Side::Sell ? hop.scale_down : hop.scale_up) = power(i.price_scale);
      for (const VenueId venue : {VenueId{}, i.venue}) {
        const LaneId id = lane({hop.gives, hop.gets, venue, false});
        lanes_[id].hops.push_back(index);
        lanes_of_[index].push_back(id);
      }
    }
    set_fees(i);
  }
  add_conversions(universe, config);
  add_rates(universe, config);
  std::size_t most = 2 * rates_.size();
  for (const auto& lanes : lanes_of_) most = std::max(most, lanes.size());
  moved_.reserve(2 * most);
}

void Lanes::add_conversions(const Universe& universe, const CoreConfig& config) {
  for (const Text<15>& given : config.currencies) {
    for (const Text<15>& got : config.currencies) {
      const AssetId gives = universe.find_asset(given.view());
      const AssetId gets = universe.find_asset(got.view());
      const auto books = find(gives, gets);
      if (!books || find_conversion(gives, gets)) continue;
      const LaneId id = lane({gives, gets, VenueId{}, true});
      lanes_[id].hops = lanes_[*books].hops;
      for (const std::uint32_t hop : lanes_[id].hops) lanes_of_[hop].push_back(id);
    }
  }
}

void Lanes::add_rates(const Universe& universe, const CoreConfig& config) {
  for (const ConversionRate& rate : config.rates) {
    const AssetId base = universe.find_asset(rate.base.view());
    const AssetId quote = universe.find_asset(rate.quote.view());
    const bool sane = rate.price >= Decimal::from_raw(pow10(Decimal::scale - rate_scale)) &&
                      rate.price <= Decimal::from_int(pow10(rate_scale));
    if (!base.valid() || !quote.valid() || base == quote || !sane) continue;
    rates_.push_back({rate, static_cast<std::uint32_t>(hops_.size())});
    for (const Side side : {Side::Buy, Side::Sell}) {
      Hop hop;
      hop.side = side;
      hop.gives = side == Side::Buy ? quote : base;
      hop.gets = side == Side::Buy ? base : quote;
      (side == Side::Sell ? hop.scale_down : hop.scale_up) = power(rate_scale);
      hop.constant = constant_of(hop);
      const LaneId id = lane({hop.gives, hop.gets, VenueId{}, true});
      // The first rate told for two assets is the one.
      if (lanes_[id].rate == none) lanes_[id].rate = static_cast<std::uint32_t>(hops_.size());
      hops_.push_back(hop);
      lanes_of_.push_back({id});
    }
  }
}

std::optional<LaneId> Lanes::find(const Key& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}
std::optional<LaneId> Lanes::find(AssetId gives, AssetId gets) const {
  return find(Key{gives, gets, VenueId{}, false});
}
std::optional<LaneId> Lanes::find(VenueId venue, AssetId gives, AssetId gets) const {
  return find(Key{gives, gets, venue, false});
}
std::optional<LaneId> Lanes::find_conversion(AssetId gives, AssetId gets) const {
  return find(Key{gives, gets, VenueId{}, true});
}

LaneId Lanes::lane(const Key& key) {
  const auto [at, added] = known_.try_emplace(key, static_cast<LaneId>(lanes_.size()));
  if (added) {
    lanes_.emplace_back();
    logs_.push_back(unavailable);
  }
  return at->second;
}

void Lanes::set_fees(const Instrument& instrument) {
  constexpr std::int64_t one = ats::Rate::one;
  const std::int64_t fee = instrument.fees.taker.ppb;
  ATS_ASSERT(fee > -one && fee < one);
  Hop& buy = hops_[hop_of(instrument.id, Side::Buy)];
  Hop& sell = hops_[hop_of(instrument.id, Side::Sell)];
  const bool from_base = instrument.fees.charged_in == FeeAsset::Received;
  buy.fee_up = static_cast<std::uint64_t>(from_base ? one - fee : one);
  buy.fee_down = static_cast<std::uint64_t>(from_base ? one : one + fee);
  sell.fee_up = static_cast<std::uint64_t>(one - fee);
  sell.fee_down = static_cast<std::uint64_t>(one);
  for (Hop* hop : {&buy, &sell}) hop->constant = constant_of(*hop);
}

void Lanes::set_price(std::uint32_t index, Price price) {
  Hop& hop = hops_[index];
  hop.price = price;
  if (!hop.available()) return;
  const Log2 log = log2_of(static_cast<std::uint64_t>(price.units));
  hop.log = hop.constant + (hop.side == Side::Sell ? log : -log);
}

// Of the book's other side; zero: there is none to count on.
Price Lanes::price_now(InstrumentId id, Side side, const BookView& view) const {
  const bool counts = view.state() == BookState::Valid &&
                      instruments_[id.index()].status == InstrumentStatus::Trading;
  return counts ? view.best(opposite(side)).price : Price{};
}

bool Lanes::stands(InstrumentId changed, const BookView& view) const {
  return price_now(changed, Side::Buy, view) == hops_[hop_of(changed, Side::Buy)].price &&
         price_now(changed, Side::Sell, view) == hops_[hop_of(changed, Side::Sell)].price;
}

std::span<const Lanes::Moved> Lanes::on_book(InstrumentId changed, const BookView& view) {
  return look(changed, view, false);
}

std::span<const Lanes::Moved> Lanes::look(InstrumentId changed, const BookView& view, bool anew) {
  moved_.clear();
  for (const Side side : {Side::Buy, Side::Sell}) {
    const std::uint32_t hop = hop_of(changed, side);
    const Price price = price_now(changed, side, view);
    if (price == hops_[hop].price && !anew) [[likely]] {
      stand(hop);
    } else {
      set_price(hop, price);
      choose(hop);
    }
  }
  return moved_;
}

std::span<const Lanes::Moved> Lanes::on_instrument(const Instrument& instrument,
                                                   const BookView& view) {
  instruments_[instrument.id.index()] = instrument;
  set_fees(instrument);
  return look(instrument.id, view, true);
}

std::span<const Lanes::Moved> Lanes::on_time(WallTime wall) {
  moved_.clear();
  for (Rate& rate : rates_) {
    const Duration age = wall - rate.told.as_of;
    const bool counts = age.ns >= 0 && age <= rate_max_age_;
    if (counts == rate.counts) continue;
    rate.counts = counts;
    // Against us where it has more decimals than count: sold for less, bought for more.
    const Int128 unit = pow10(Decimal::scale - rate_scale);
    const Int128 raw = rate.told.price.raw();
    const auto lower = static_cast<std::int64_t>(raw / unit);
    const auto upper = static_cast<std::int64_t>((raw + unit - 1) / unit);
    set_price(rate.first_hop, counts ? Price{upper} : Price{});
    set_price(rate.first_hop + 1, counts ? Price{lower} : Price{});
    choose(rate.first_hop);
    choose(rate.first_hop + 1);
  }
  return moved_;
}

// Exactly: a tie goes to the hop that is listed first.
bool Lanes::beats(std::uint32_t a, std::uint32_t b) const {
  const Hop& one = hops_[a];
  const Hop& other = hops_[b];
  if (one.log - other.log > 2 * hop_error) return true;
  if (other.log - one.log > 2 * hop_error) return false;
  ExactProduct left;
  ExactProduct right;
  one.multiply(left, right, one.price);
  other.multiply(right, left, other.price);
  const auto order = left <=> right;
  return order > 0 || (order == 0 && a < b);
}

// Its price is what it was, and perhaps not what stands behind it.
void Lanes::stand(std::uint32_t hop) {
  for (const LaneId id : lanes_of_[hop]) {
    if (lanes_[id].best == hop) moved_.push_back({id, false});
  }
}

void Lanes::choose(std::uint32_t changed) {
  for (const LaneId id : lanes_of_[changed]) {
    Lane& lane = lanes_[id];
    const std::uint32_t before = lane.best;
    if (before != changed && before != none && before != lane.rate) {
      // The best stands; the challenger may be better.
      if (hops_[changed].available() && changed != lane.rate && beats(changed, before)) {
        lane.best = changed;
      } else {
        continue;
      }
    } else {
      lane.best = none;
      for (const std::uint32_t hop : lane.hops) {
        if (!hops_[hop].available()) continue;
        if (lane.best == none || beats(hop, lane.best)) lane.best = hop;
      }
      if (lane.best == none && lane.rate != none && hops_[lane.rate].available()) {
        lane.best = lane.rate;
      }
      if (lane.best == none && before == none) continue;
    }
    const Log2 was = logs_[id];
    logs_[id] = lane.best == none ? unavailable : hops_[lane.best].log;
    // Equal logs of different hops may hide a rise smaller than they show.
    const bool same = lane.best == before && logs_[id] == was;
    moved_.push_back({id, logs_[id] != unavailable && (logs_[id] > was - 2 * hop_error) && !same});
  }
}

}  // namespace ats::core

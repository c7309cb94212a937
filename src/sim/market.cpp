#include "sim/market.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/assert.hpp"
#include "sim/assets.hpp"
#include "sim/draw.hpp"

namespace ats::sim {
namespace {

constexpr std::int64_t any_quantity = std::int64_t{1} << 60;

// An asset that nobody has described is a small one.
struct AssetFigures {
  double worth = 10;  // statistics
  double volatility = 1.6;
  double liquidity = 0.2;
};
AssetFigures figures_of_asset(std::string_view name) {
  const AssetModel* model = find_asset_model(name);
  if (model == nullptr) return {};
  return {model->price().to_double(), model->volatility, model->liquidity};
}

// Figures of BTC in docs/simulation.md; sizes as worth in USDT, so that they carry over.
struct VenueFigures {
  std::string_view name;
  Duration lag;
  double basis_bps;
  double spread_bps;
  double gap_bps;
  double touch_worth;
  double level_worth;
};
constexpr std::array venue_figures = {
    VenueFigures{"binance", milliseconds(0), 0.4, 0.01, 0.6, 125'000, 80'000},
    VenueFigures{"kraken", milliseconds(120), 1.5, 0.1, 0.3, 13'000, 5'000},
};
constexpr VenueFigures other_venue{"", milliseconds(80), 2.0, 0.6, 0.6, 30'000, 12'000};

const VenueFigures& figures_of(std::string_view name) {
  const auto found = std::find_if(venue_figures.begin(), venue_figures.end(),
                                  [name](const VenueFigures& f) { return f.name == name; });
  return found == venue_figures.end() ? other_venue : *found;
}

double in_seconds(Duration d) { return static_cast<double>(d.ns) * 1e-9; }

Duration mean_wait(double per_second) {
  return {static_cast<std::int64_t>(1e9 / std::max(per_second, 1e-6))};
}

}  // namespace

MarketConfig calibrated_market(const Universe& universe, double activity, double edges) {
  MarketConfig config;
  for (std::size_t n = 0; n < universe.pairs().size(); ++n) {
    const Pair& pair = universe.pairs()[n];
    const std::string_view base = universe.asset(pair.base).name.view();
    PairModel model;
    model.pair = PairId{static_cast<PairId::rep>(n)};
    model.start_mid = figures_of_asset(base).worth /
                      figures_of_asset(universe.asset(pair.quote).name.view()).worth;
    model.volatility_bps *= std::max(figures_of_asset(base).volatility, 0.05);
    config.pairs.push_back(model);
  }
  for (const Instrument& i : universe.instruments()) {
    const std::string_view base = universe.asset(i.base).name.view();
    const double worth = figures_of_asset(base).worth;
    const VenueFigures& figures = figures_of(universe.venue(i.venue).name.view());
    VenueModel model;
    model.instrument = i.id;
    model.lag = figures.lag;
    model.basis_bps = figures.basis_bps;
    model.spread_bps = figures.spread_bps;
    model.gap_bps = figures.gap_bps;
    model.touch_size = figures.touch_worth * figures_of_asset(base).liquidity / worth;
    model.level_size = figures.level_worth * figures_of_asset(base).liquidity / worth;
    model.trade_size = 60 / worth;
    model.book_events *= activity;
    model.trades *= activity;
    model.dislocation_every =
        edges > 0 ? Duration{static_cast<std::int64_t>(60e9 / edges)} : Duration{};
    config.venues.push_back(model);
  }
  return config;
}

Market::Market(const MarketConfig& config, std::vector<Exchange*> exchanges, std::uint64_t seed,
               Instant start)
    : config_(config), rng_(seed) {
  ATS_ASSERT(!exchanges.empty());
  const Universe& universe = exchanges.front()->universe();
  for (const PairModel& model : config.pairs) {
    Latent latent;
    latent.model = model;
    latent.mid = model.start_mid;
    latent.at = start;
    latent.regime_ends = start + draw_wait(rng_, model.calm_mean);
    latents_.push_back(latent);
  }
  lead_currencies(universe);
  for (const VenueModel& model : config.venues) {
    Flow flow;
    flow.model = model;
    flow.instrument = &universe.instrument(model.instrument);
    const auto home = std::find_if(exchanges.begin(), exchanges.end(), [&](const Exchange* e) {
      return e->venue() == flow.instrument->venue;
    });
    if (home == exchanges.end()) continue;
    flow.exchange = *home;
    const auto latent = std::find_if(latents_.begin(), latents_.end(), [&](const Latent& l) {
      return l.model.pair == flow.instrument->pair;
    });
    ATS_ASSERT(latent != latents_.end());
    flow.latent = static_cast<std::size_t>(latent - latents_.begin());
    flow.rng = rng_.fork(flows_.size() + 1);
    flow.at = start;
    flow.follows = latent->mid;
    take_step(flow);
    flow.lot = flow.instrument->quantity_decimal({flow.instrument->lot}).to_double();
    flow.next_dislocation =
        start + (model.dislocation_every.ns > 0 ? draw_wait(flow.rng, model.dislocation_every)
                                                : hours(1'000'000));
    flow.next_book = start + draw_wait(flow.rng, mean_wait(model.book_events));
    flow.next_trade = start + draw_wait(flow.rng, mean_wait(model.trades));
    flow.next = std::min(flow.next_book, flow.next_trade);
    flows_.push_back(flow);
    for (int n = 0; n < config.levels; ++n) book_event(flows_.back());
    flow.exchange->publish(model.instrument);
  }
  ATS_ASSERT(!flows_.empty());
  choose_next();
}

// The step of a venue whose ticks grow with the price is that of the present price.
void Market::take_step(Flow& flow) {
  const Instrument& i = *flow.instrument;
  const double unit = i.price_decimal({1}).to_double();  // statistics
  flow.step = i.tick_at({static_cast<std::int64_t>(fair(flow) / unit)});
  flow.tick = static_cast<double>(flow.step) * unit;
}

void Market::choose_next() {
  next_ = 0;
  for (std::size_t n = 1; n < flows_.size(); ++n) {
    if (flows_[n].next < flows_[next_].next) next_ = n;
  }
}

// One asset has one worth: of the pairs of a base the first one moves by itself, the others follow it and
// the pair between the two currencies.
void Market::lead_currencies(const Universe& universe) {
  const auto pair_of = [&](std::size_t n) { return universe.pair(latents_[n].model.pair); };
  const auto is_first = [&](std::size_t n) {
    for (std::size_t m = 0; m < n; ++m) {
      if (pair_of(m).base == pair_of(n).base) return false;
    }
    return true;
  };
  for (std::size_t n = 0; n < latents_.size(); ++n) {
    if (is_first(n)) continue;
    Latent& latent = latents_[n];
    for (std::size_t m = 0; m < latents_.size() && latent.lead == none; ++m) {
      if (pair_of(m).base == pair_of(n).base) latent.lead = m;
    }
    const AssetId here = pair_of(n).quote;
    const AssetId there = pair_of(latent.lead).quote;
    for (std::size_t m = 0; m < latents_.size(); ++m) {
      const Pair pair = pair_of(m);
      const bool forth = pair.base == there && pair.quote == here;
      const bool back = pair.base == here && pair.quote == there;
      if ((!forth && !back) || !is_first(m)) continue;
      latent.conversion = m;
      latent.converts_back = back;
      break;
    }
  }
}

void Market::advance(Latent& latent, Instant now) {
  const PairModel& model = latent.model;
  if (latent.lead != none) {
    Latent& lead = latents_[latent.lead];
    advance(lead, now);
    latent.mid = model.start_mid * (lead.mid / lead.model.start_mid);
    latent.bursting = lead.bursting;
    if (latent.conversion == none) return;
    Latent& conversion = latents_[latent.conversion];
    advance(conversion, now);
    const double moved = conversion.mid / conversion.model.start_mid;
    latent.mid *= latent.converts_back ? 1 / moved : moved;
    return;
  }
  const double dt = in_seconds(now - latent.at);
  if (dt <= 0) return;
  const double times = latent.bursting ? model.burst_volatility : 1;
  latent.mid *= 1 + model.volatility_bps * 1e-4 * times * std::sqrt(dt) * rng_.normal();
  latent.at = now;
  if (now >= latent.regime_ends) {
    latent.bursting = !latent.bursting;
    latent.regime_ends =
        now + draw_wait(rng_, latent.bursting ? model.burst_mean : model.calm_mean);
  }
}

void Market::advance(Flow& flow, Instant now) {
  Latent& latent = latents_[flow.latent];
  advance(latent, now);
  const VenueModel& model = flow.model;
  const double dt = in_seconds(now - flow.at);
  flow.at = now;
  flow.follows += (latent.mid - flow.follows) * (dt / (dt + in_seconds(model.lag) + 1e-9));
  const double keeps = 1 / (1 + dt / in_seconds(model.basis_life));
  flow.basis = flow.basis * keeps +
               model.basis_bps * 1e-4 * std::sqrt(1 - keeps * keeps) * flow.rng.normal();
  flow.dislocation *= 1 / (1 + dt / in_seconds(model.dislocation_life));
  while (now >= flow.next_dislocation) {
    const double size = model.dislocation_bps * 1e-4 * (0.4 + 0.6 * draw_exponential(flow.rng));
    flow.dislocation += flow.rng.one_in(2) ? size : -size;
    flow.next_dislocation = flow.next_dislocation + draw_wait(flow.rng, model.dislocation_every);
  }
}

void Market::step() {
  Flow& flow = flows_[next_];
  const Instant now = flow.next;
  ++steps_;
  advance(flow, now);
  const bool book = flow.next_book <= flow.next_trade;
  const bool leave_alone = flow.exchange->crossed(flow.instrument->id);
  const Latent& latent = latents_[flow.latent];
  const double pace = latent.bursting ? latent.model.burst_activity : 1;
  if (book) {
    if (!leave_alone) book_event(flow);
    flow.next_book = now + draw_wait(flow.rng, mean_wait(flow.model.book_events * pace));
  } else {
    if (!leave_alone) trade_event(flow);
    flow.next_trade = now + draw_wait(flow.rng, mean_wait(flow.model.trades * pace));
  }
  flow.exchange->publish(flow.instrument->id);
  flow.next = std::min(flow.next_book, flow.next_trade);
  choose_next();
}

Quantity Market::draw_size(Flow& flow, double median, double sigma) {  // statistics
  const double lots = median / flow.lot * draw_lognormal(flow.rng, sigma);
  constexpr double lots_max = 1e12;
  const auto whole = static_cast<std::int64_t>(std::clamp(lots, 1.0, lots_max));
  return {whole * flow.instrument->lot};
}

// In ticks, at least one.
std::int64_t Market::draw_gap(Flow& flow) {
  const double ticks = flow.model.gap_bps * 1e-4 * fair(flow) / flow.tick;
  return 1 + static_cast<std::int64_t>(ticks * draw_exponential(flow.rng));
}

// One round of the market makers: the touch goes to the fair value, one level is resized, the far end
// is kept in place.
void Market::book_event(Flow& flow) {
  if (!flow.instrument->ladder.empty()) take_step(flow);
  const double middle = fair(flow) / flow.tick;
  const double half = flow.model.spread_bps * 0.5e-4 * middle * draw_exponential(flow.rng);
  const auto bid = std::max<std::int64_t>(1, static_cast<std::int64_t>(middle - half));
  const auto ask = std::max(bid + 1, static_cast<std::int64_t>(middle + half) + 1);
  clear_beyond(flow, Side::Buy, bid);
  clear_beyond(flow, Side::Sell, ask);
  // What accounts left standing across the new touch is taken.
  const std::int64_t tick = flow.step;
  flow.exchange->house_take(flow.instrument->id, Side::Sell, {ask * tick}, {any_quantity});
  flow.exchange->house_take(flow.instrument->id, Side::Buy, {bid * tick}, {any_quantity});
  fill_side(flow, Side::Buy, bid);
  fill_side(flow, Side::Sell, ask);
  resize_level(flow);
}

// Quotes better than the new touch are taken by somebody quicker, or withdrawn.
void Market::clear_beyond(Flow& flow, Side side, std::int64_t touch) {
  const InstrumentId id = flow.instrument->id;
  const MatchBook& queues = flow.exchange->queues(id);
  const Price limit{touch * flow.step};
  const auto beyond = [&](const MatchBook::QueueLevel& level) {
    return side == Side::Buy ? level.price > limit : level.price < limit;
  };
  if (queues.empty(side) || !beyond(queues.best(side))) return;
  if (flow.rng.one_in(3)) {
    const Quantity quantity = draw_size(flow, flow.model.trade_size * 4, flow.model.trade_sigma);
    flow.exchange->house_take(id, opposite(side), queues.best(side).price, quantity);
  }
  const auto levels = queues.levels(side);
  for (std::size_t n = levels.size(); n > 0; --n) {
    // A level that goes away takes only levels behind it out of view: the index stays right.
    const MatchBook::QueueLevel level = queues.levels(side)[n - 1];
    if (!beyond(level)) break;
    flow.exchange->house_level(id, side, level.price, {});
  }
}

void Market::fill_side(Flow& flow, Side side, std::int64_t touch) {
  const InstrumentId id = flow.instrument->id;
  Exchange& exchange = *flow.exchange;
  const MatchBook& queues = exchange.queues(id);
  const std::int64_t tick = flow.step;
  const std::int64_t outwards = side == Side::Buy ? -tick : tick;
  const Price at_touch{touch * tick};
  const MatchBook::QueueLevel* there = queues.find(side, at_touch);
  if (there == nullptr || there->house.is_zero()) {
    Quantity size = draw_size(flow, flow.model.touch_size, flow.model.size_sigma);
    if (!queues.empty(side)) {
      // A touch that moves by less than the distance of two levels takes its quotes along.
      const MatchBook::QueueLevel best = queues.best(side);
      const std::int64_t moved = (best.price.units - at_touch.units) / outwards;
      if (moved > 0 && moved < draw_gap(flow) && !best.house.is_zero()) {
        size = best.house;
        exchange.house_level(id, side, best.price, {});
      }
    }
    exchange.house_level(id, side, at_touch, size);
  }
  // An account's order may stand far behind the house's last level.
  const auto last_of_house = [&] {
    const auto all = queues.levels(side);
    const auto last = std::find_if(all.begin(), all.end(), [](const MatchBook::QueueLevel& level) {
      return !level.house.is_zero();
    });
    return last == all.end() ? at_touch : last->price;
  };
  const std::size_t levels = config_.levels;
  if (queues.levels(side).size() > levels) exchange.house_level(id, side, last_of_house(), {});
  // A side that was swept is half full again at once, as if the others' quotes had moved along.
  const std::size_t missing = levels - std::min(levels, queues.levels(side).size());
  for (std::size_t n = 0; n < std::min(missing, 3 + missing / 2); ++n) {
    const Price away{last_of_house().units + outwards * draw_gap(flow)};
    if (away.units <= 0) break;
    const Price price = side == Side::Buy ? flow.instrument->floor_to_tick(away)
                                          : flow.instrument->ceil_to_tick(away);
    if (price.units <= 0) break;
    exchange.house_level(id, side, price,
                         draw_size(flow, flow.model.level_size, flow.model.size_sigma));
  }
}

void Market::resize_level(Flow& flow) {
  const Side side = flow.rng.one_in(2) ? Side::Buy : Side::Sell;
  const auto levels = flow.exchange->queues(flow.instrument->id).levels(side);
  if (levels.empty()) return;
  const auto from_best = std::min<std::size_t>(
      static_cast<std::size_t>(3 * draw_exponential(flow.rng)), levels.size() - 1);
  const double median = from_best == 0 ? flow.model.touch_size : flow.model.level_size;
  const Price price = levels[levels.size() - 1 - from_best].price;
  flow.exchange->house_level(flow.instrument->id, side, price,
                             draw_size(flow, median, flow.model.size_sigma));
}

// Somebody wants to trade now, and takes what is there within five basis points.
void Market::trade_event(Flow& flow) {
  const Side side = flow.rng.one_in(2) ? Side::Buy : Side::Sell;
  const MatchBook& queues = flow.exchange->queues(flow.instrument->id);
  if (queues.empty(opposite(side))) return;
  const std::int64_t best = queues.best(opposite(side)).price.units;
  const std::int64_t reach = best / 2000;
  const Price limit{side == Side::Buy ? best + reach : std::max<std::int64_t>(1, best - reach)};
  flow.exchange->house_take(flow.instrument->id, side, limit,
                            draw_size(flow, flow.model.trade_size, flow.model.trade_sigma));
}

double Market::fair_value(InstrumentId instrument) const {
  for (const Flow& flow : flows_) {
    if (flow.instrument->id == instrument) return fair(flow);
  }
  return 0;
}

double Market::latent_mid(PairId pair) const {
  for (const Latent& latent : latents_) {
    if (latent.model.pair == pair) return latent.mid;
  }
  return 0;
}

}  // namespace ats::sim

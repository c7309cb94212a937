#include "core/detector/cycles.hpp"

#include <algorithm>

#include "core/detector/detector.hpp"

namespace ats::core {
namespace {

constexpr Log2 slack = legs_max * Lanes::hop_error + 2 * log2_error;

}  // namespace

CycleDetector::CycleDetector(const Universe& universe, const CoreConfig& config)
    : lanes_(universe, config) {
  std::vector<Cycle> laid_out;
  for (const CycleStrategy* strategy : cycle_strategies()) {
    if (strategy->mode(config) != StrategyMode::Off) {
      strategy->lay_out(universe, lanes_, config, laid_out);
    }
  }
  if (laid_out.size() > cycles_max) {
    left_out_ = laid_out.size() - cycles_max;
    laid_out.resize(cycles_max);
  }
  spokes_.resize(lanes_.size());
  moved_in_.assign(lanes_.size(), 0);
  cycles_.reserve(laid_out.size());
  for (const Cycle& cycle : laid_out) {
    const auto index = static_cast<std::uint32_t>(cycles_.size());
    cycles_.push_back({cycle});
    for (std::size_t n = 0; n < cycle.legs; ++n) {
      Spoke spoke{index, {}};
      for (std::size_t m = 0, other = 0; m < legs_max; ++m) {
        if (m != n) spoke.others[other++] = cycle.lanes[m];
      }
      spokes_[cycle.lanes[n]].push_back(spoke);
    }
  }
  open_.reserve(cycles_.size());
  due_.reserve(cycles_.size());
  candidates_.reserve(walks_max);
  configure(config);
}

void CycleDetector::configure(const CoreConfig& config) {
  config_ = config;
  const auto one = static_cast<std::uint64_t>(Rate::one);
  const Rate lowest = skew_ != nullptr ? skew_->lowest() : config.min_edge;
  const auto edge = static_cast<std::uint64_t>(std::max<std::int64_t>(lowest.ppb, 0));
  threshold_ = log2_of(one + edge) - log2_of(one) - slack;
}

void CycleDetector::follow(const InventorySkew* skew) {
  skew_ = skew;
  configure(CoreConfig(config_));
}

Rate CycleDetector::min_edge(const Cycle& cycle) const {
  if (skew_ == nullptr || !cycle.conversion_open) return config_.min_edge;
  return skew_->min_edge(lanes_.best(cycle.lanes[0]).instrument,
                         lanes_.best(cycle.lanes[1]).instrument);
}

std::span<const CycleCandidate> CycleDetector::on_instrument(const Instrument& instrument,
                                                             const BookSet& books,
                                                             const Funds& funds, Instant now) {
  return look(lanes_.on_instrument(instrument, books.view(instrument.id)), books, funds, now);
}

std::span<const CycleCandidate> CycleDetector::on_book(InstrumentId changed, const BookSet& books,
                                                       const Funds& funds, Instant now) {
  const BookView view = books.view(changed);
  if (open_.empty() && lanes_.stands(changed, view)) [[likely]] {
    candidates_.clear();
    return {};
  }
  return look(lanes_.on_book(changed, view), books, funds, now);
}

std::span<const CycleCandidate> CycleDetector::on_time(WallTime wall, const BookSet& books,
                                                       const Funds& funds, Instant now) {
  return look(lanes_.on_time(wall), books, funds, now);
}

std::span<const CycleCandidate> CycleDetector::look(std::span<const Lanes::Moved> moved,
                                                    const BookSet& books, const Funds& funds,
                                                    Instant now) {
  candidates_.clear();
  if (moved.empty()) return {};
  due_.clear();
  ++event_;
  for (const Lanes::Moved& m : moved) moved_in_[m.lane] = event_;
  for (std::size_t n = 0; n < open_.size();) {
    const std::uint32_t index = open_[n];
    const Cycle& cycle = cycles_[index].cycle;
    const bool touched = std::any_of(cycle.lanes.begin(), cycle.lanes.begin() + cycle.legs,
                                     [&](LaneId lane) { return moved_in_[lane] == event_; });
    if (touched) consider(index, log(cycle));
    if (n < open_.size() && open_[n] == index) ++n;
  }
  for (const Lanes::Moved& m : moved) {
    if (!m.better) continue;
    const Log2 enough = threshold_ - lanes_.log(m.lane);
    for (const Spoke& spoke : spokes_[m.lane]) {
      const Log2 rest =
          lanes_.log(spoke.others[0]) + lanes_.log(spoke.others[1]) + lanes_.log(spoke.others[2]);
      if (rest >= enough) [[unlikely]]
        consider(spoke.cycle, rest + lanes_.log(m.lane));
    }
  }
  const std::size_t walks = std::min(due_.size(), walks_max);
  std::partial_sort(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(walks), due_.end(),
                    [](const Due& a, const Due& b) {
                      return a.log != b.log ? a.log > b.log : a.cycle < b.cycle;
                    });
  for (std::size_t n = 0; n < walks; ++n) price(due_[n].cycle, books, funds, now);
  return candidates_;
}

Log2 CycleDetector::log(const Cycle& cycle) const {
  Log2 sum = 0;
  for (const LaneId lane : cycle.lanes) sum += lanes_.log(lane);
  return sum;
}

bool CycleDetector::pays(const Cycle& cycle) const {
  std::array<const Hop*, legs_max> hops{};
  std::array<Price, legs_max> at;
  for (std::size_t n = 0; n < cycle.legs; ++n) {
    if (lanes_.log(cycle.lanes[n]) == Lanes::unavailable) return false;
    hops[n] = &lanes_.best(cycle.lanes[n]);
    at[n] = hops[n]->price;
  }
  return cycle_pays(std::span(hops).first(cycle.legs), std::span(at).first(cycle.legs),
                    min_edge(cycle));
}

// Three legs that are best on one venue are the triangular strategy's to tell.
bool CycleDetector::told_by_triangular(const Cycle& cycle) const {
  if (cycle.strategy != Strategy::Cycle || cycle.legs != 3) return false;
  if (config_.triangular == StrategyMode::Off) return false;
  const auto venue = [&](std::size_t leg) {
    return lanes_.instrument(lanes_.best(cycle.lanes[leg])).venue;
  };
  return venue(0) == venue(1) && venue(1) == venue(2);
}

// Once an event: open, or not.
void CycleDetector::consider(std::uint32_t index, Log2 log) {
  Watched& watched = cycles_[index];
  if (watched.looked == event_) return;
  watched.looked = event_;
  if (!pays(watched.cycle)) {
    if (watched.open) close(index);
    return;
  }
  if (!watched.open) {
    watched.open = true;
    watched.answered = watched.counted = false;
    open_.push_back(index);
  }
  if (told_by_triangular(watched.cycle)) return;
  if (!watched.counted) {
    watched.counted = true;
    ++episodes_;
  }
  due_.push_back({index, log});
}

void CycleDetector::close(std::uint32_t index) {
  cycles_[index].open = false;
  const auto at = std::find(open_.begin(), open_.end(), index);
  *at = open_.back();
  open_.pop_back();
}

void CycleDetector::price(std::uint32_t index, const BookSet& books, const Funds& funds,
                          Instant now) {
  const Cycle& cycle = cycles_[index].cycle;
  CycleCandidate& candidate = candidates_.emplace_back();
  candidate.index = index;
  candidate.cycle = cycle;
  std::array<const Hop*, legs_max> hops{};
  std::array<CycleLeg, legs_max> legs;
  bool valid = true;
  for (std::size_t n = 0; n < cycle.legs; ++n) {
    const Hop& hop = lanes_.best(cycle.lanes[n]);
    candidate.hops[n] = hop;
    hops[n] = &hop;
    CycleLeg& leg = legs[n];
    leg.hop = &hop;
    leg.sent = !(cycle.conversion_open && n + 1 == cycle.legs);
    if (!hop.instrument.valid()) continue;
    const Instrument& on = lanes_.instrument(hop);
    const BookView view = books.view(hop.instrument);
    if (!view.valid(now)) valid = false;
    leg.instrument = &on;
    leg.levels = Levels(view.levels(opposite(hop.side)));
    if (!leg.sent) continue;
    leg.free = funds.free(on.venue, hop.gives);
    leg.max_notional = funds.notional_limit(on.quote);
  }
  const auto used = std::span(hops).first(cycle.legs);
  candidate.gross = cycle_gross(used);
  if (!valid) {
    candidate.refused = RefuseReason::BookNotValid;
    return;
  }
  const Rate smallest = min_edge(cycle);
  Rate asked = smallest;
  if (cycle.conversion_open) {  // two legs, which are sent
    asked.ppb += funds
                     .leg_cost(lanes_.instrument(candidate.hops[0]).venue,
                               lanes_.instrument(candidate.hops[1]).venue, LegSize::Large)
                     .ppb;
  }
  candidate.walked = walk_cycle(std::span(legs).first(cycle.legs), {asked, config_.max_slippage});
  candidate.refused =
      cycle_net(used) > config_.max_edge ? RefuseReason::EdgeTooGood : judge(candidate);
  if (candidate.refused == RefuseReason::EdgeBelowThreshold && cycle_net(used) >= smallest)
    candidate.refused = RefuseReason::LegCost;
}

RefuseReason CycleDetector::judge(const CycleCandidate& candidate) const {
  const CycleWalk& walked = candidate.walked;
  std::optional<OrderFault> fault;
  for (std::size_t n = 0; n < candidate.cycle.legs && !fault; ++n) {
    const Hop& hop = candidate.hops[n];
    if (!hop.instrument.valid()) continue;
    const WalkedLeg& leg = walked.legs[n];
    const bool sent = !(candidate.cycle.conversion_open && n + 1 == candidate.cycle.legs);
    if (leg.quantity.is_zero()) {
      fault = OrderFault::BelowMinQuantity;
    } else if (sent) {
      fault = check_order(lanes_.instrument(hop), leg.limit, leg.quantity);
    }
  }
  if (!fault) {
    const bool pays = walked.net >= min_edge(candidate.cycle) && !walked.profit.is_zero() &&
                      !walked.profit.negative();
    return pays ? RefuseReason::None : RefuseReason::EdgeBelowThreshold;
  }
  return too_little(walked.stop, *fault);
}

bool CycleDetector::answer(const CycleCandidate& candidate, RefuseReason refused) {
  Watched& watched = cycles_[candidate.index];
  const bool same = watched.answered && watched.refused == refused && refused != RefuseReason::None;
  watched.answered = true;
  watched.refused = refused;
  return !same;
}

StrategyMode CycleDetector::mode(const Cycle& cycle) const {
  for (const CycleStrategy* strategy : cycle_strategies()) {
    if (strategy->strategy() == cycle.strategy) return strategy->mode(config_);
  }
  return StrategyMode::Off;
}

void CycleDetector::status(CoreStatus& out) const {
  out.cycles.clear();
  out.cycles_watched = cycles_.size();
  out.cycles_left_out = left_out_;
  for (const std::uint32_t index : open_) {
    const Watched& watched = cycles_[index];
    if (told_by_triangular(watched.cycle)) continue;
    CycleStatus& status = out.cycles.emplace_back();
    status.strategy = watched.cycle.strategy;
    status.legs = watched.cycle.legs;
    std::array<const Hop*, legs_max> hops{};
    for (std::size_t n = 0; n < watched.cycle.legs; ++n) {
      hops[n] = &lanes_.best(watched.cycle.lanes[n]);
      status.instruments[n] = hops[n]->instrument;
    }
    status.gross = cycle_gross(std::span(hops).first(watched.cycle.legs));
    status.net = cycle_net(std::span(hops).first(watched.cycle.legs));
    status.refused = watched.refused;
  }
}

OpportunityFound opportunity(const CycleCandidate& candidate, const Universe& universe,
                             RefuseReason refused) {
  OpportunityFound found;
  const Cycle& cycle = candidate.cycle;
  found.strategy = cycle.strategy;
  found.profit_asset = cycle.home;
  found.gross = candidate.gross;
  found.net = candidate.walked.net;
  found.profit = candidate.walked.profit;
  found.refused = refused;
  found.leg_count = cycle.legs;
  for (std::size_t n = 0; n < cycle.legs; ++n) {
    const Hop& hop = candidate.hops[n];
    const WalkedLeg& walked = candidate.walked.legs[n];
    OpportunityLeg& leg = found.legs[n];
    leg.instrument = hop.instrument;
    leg.gives = hop.gives;
    leg.gets = hop.gets;
    leg.side = hop.side;
    leg.sent = !(cycle.conversion_open && n + 1 == cycle.legs);
    leg.quantity = walked.quantity;
    leg.deepest = walked.deepest;
    if (!hop.instrument.valid()) continue;
    if (!found.pair.valid()) found.pair = universe.instrument(hop.instrument).pair;
    if (hop.side == Side::Buy && !found.buy.valid()) {
      found.buy = hop.instrument;
      found.quantity = walked.quantity;
      found.buy_limit = walked.deepest;
    } else if (hop.side == Side::Sell && !found.sell.valid()) {
      found.sell = hop.instrument;
      found.sell_limit = walked.deepest;
    }
  }
  return found;
}

}  // namespace ats::core

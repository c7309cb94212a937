#include "core/detector/detector.hpp"

#include <algorithm>

#include "core/detector/leg_size.hpp"

namespace ats::core {

RefuseReason too_little(WalkStop stop, OrderFault fault) {
  switch (stop) {
    case WalkStop::FreeQuote:
      return RefuseReason::NoBalanceToBuy;
    case WalkStop::FreeBase:
      return RefuseReason::NoBalanceToSell;
    case WalkStop::MaxNotional:
      return RefuseReason::OrderNotional;
    case WalkStop::Edge:
    case WalkStop::Depth:
    case WalkStop::MaxQuantity:
    case WalkStop::Overflow:
      break;
  }
  return fault == OrderFault::BelowMinNotional ? RefuseReason::BelowMinNotional
                                               : RefuseReason::BelowMinQuantity;
}

OpportunityFound opportunity(const Candidate& candidate, RefuseReason refused) {
  OpportunityFound found;
  found.pair = candidate.pair;
  found.buy = candidate.buy;
  found.sell = candidate.sell;
  found.quantity = candidate.walked.buy_quantity;
  found.buy_limit = candidate.walked.buy_deepest;
  found.sell_limit = candidate.walked.sell_deepest;
  found.gross = candidate.gross;
  found.net = candidate.walked.net;
  found.profit = candidate.walked.profit;
  found.refused = refused;
  found.strategy = Strategy::CrossVenue;
  found.profit_asset = candidate.quote;
  found.leg_count = 2;
  found.legs[0] = {candidate.buy,
                   candidate.quote,
                   candidate.base,
                   Side::Buy,
                   true,
                   candidate.walked.buy_quantity,
                   candidate.walked.buy_deepest};
  found.legs[1] = {candidate.sell,
                   candidate.base,
                   candidate.quote,
                   Side::Sell,
                   true,
                   candidate.walked.sell_quantity,
                   candidate.walked.sell_deepest};
  return found;
}

namespace {

Instrument as_counted(Instrument instrument, const CoreConfig& config) {
  if (config.mutant == Mutant::IgnoreFees) instrument.fees.taker = {};
  return instrument;
}

}  // namespace

Detector::Detector(const Universe& universe, const CoreConfig& config) : config_(config) {
  const auto instruments = universe.instruments();
  watched_.resize(instruments.size());
  for (const Instrument& buy : instruments) {
    for (const Instrument& sell : instruments) {
      if (buy.pair != sell.pair || buy.venue == sell.venue) continue;
      const auto index = static_cast<std::uint32_t>(edges_.size());
      edges_.push_back({.buy = buy.id,
                        .sell = sell.id,
                        .pair = buy.pair,
                        .ask = {},
                        .bid = {},
                        .venues = VenuePair(as_counted(buy, config), as_counted(sell, config),
                                            config.min_edge)});
      watched_[buy.id.index()].edges.push_back({index, true});
      watched_[sell.id.index()].edges.push_back({index, false});
    }
  }
  std::size_t most = 0;
  for (const Watched& watched : watched_) most = std::max(most, watched.edges.size());
  candidates_.reserve(most);
}

std::span<const Candidate> Detector::on_book(InstrumentId changed, const BookSet& books,
                                             const Funds& funds, Instant now) {
  candidates_.clear();
  Watched& watched = watched_[changed.index()];
  const Price bid = books.best(changed, Side::Buy).price;
  const Price ask = books.best(changed, Side::Sell).price;
  const bool bid_moved = bid != watched.bid;
  const bool ask_moved = ask != watched.ask;
  if (!bid_moved && !ask_moved && watched.open == 0) [[likely]]
    return {};
  watched.bid = bid;
  watched.ask = ask;
  for (const Touching& touching : watched.edges) {
    const bool moved = touching.buys ? ask_moved : bid_moved;
    if (moved || edges_[touching.edge].open) look(touching.edge, books, funds, now);
  }
  return candidates_;
}

void Detector::look_anew() {
  for (Watched& watched : watched_) watched.bid = watched.ask = Watched::never;
}

void Detector::on_instrument(const Instrument& instrument) {
  const Instrument changed = as_counted(instrument, config_);
  for (const auto [edge, buys] : watched_[instrument.id.index()].edges) {
    VenuePair& venues = edges_[edge].venues;
    venues =
        VenuePair(buys ? changed : venues.buy(), buys ? venues.sell() : changed, venues.min_edge());
  }
  look_anew();
}

void Detector::configure(const CoreConfig& config) {
  config_ = config;
  for (Edge& edge : edges_)
    edge.venues = VenuePair(edge.venues.buy(), edge.venues.sell(), config.min_edge);
  look_anew();
}

void Detector::ask_for(const InventorySkew& skew) {
  for (Edge& edge : edges_) edge.venues.set_min_edge(skew.min_edge(edge.buy, edge.sell));
  look_anew();
}

void Detector::look(std::uint32_t index, const BookSet& books, const Funds& funds, Instant now) {
  Edge& edge = edges_[index];
  edge.ask = books.best(edge.buy, Side::Sell).price;
  edge.bid = books.best(edge.sell, Side::Buy).price;
  const bool two_sided = edge.ask != Price{} && edge.bid != Price{};
  const bool open = two_sided && edge.venues.pays(edge.ask, edge.bid);
  if (open != edge.open) [[unlikely]] {
    edge.open = open;
    edge.answered = false;
    const std::uint32_t change = open ? 1 : -1u;
    watched_[edge.buy.index()].open += change;
    watched_[edge.sell.index()].open += change;
    episodes_ += open ? 1 : 0;
  }
  if (open) [[unlikely]] {
    price(index, books, funds, now);
  } else {
    edge.refused = RefuseReason::EdgeBelowThreshold;
  }
}

// What an edge over the threshold comes to.
void Detector::price(std::uint32_t index, const BookSet& books, const Funds& funds, Instant now) {
  const Edge& edge = edges_[index];
  const VenuePair& venues = edge.venues;
  const BookView buy = books.view(edge.buy);
  const BookView sell = books.view(edge.sell);
  Candidate& candidate = candidates_.emplace_back();
  candidate.edge = index;
  candidate.pair = edge.pair;
  candidate.buy = edge.buy;
  candidate.sell = edge.sell;
  candidate.base = venues.buy().base;
  candidate.quote = venues.buy().quote;
  candidate.gross = venues.gross(edge.ask, edge.bid);
  candidate.refused = why_not(buy, sell, now);
  if (candidate.refused != RefuseReason::None) return;
  if (venues.buy().status != InstrumentStatus::Trading ||
      venues.sell().status != InstrumentStatus::Trading) {
    candidate.refused = RefuseReason::InstrumentNotTrading;
    return;
  }
  size(candidate, edge, buy, sell, funds);
  if (venues.net(edge.ask, edge.bid) > config_.max_edge)
    candidate.refused = RefuseReason::EdgeTooGood;
}

// The largest size that pays for what its legs may cost.
void Detector::size(Candidate& candidate, const Edge& edge, const BookView& buy,
                    const BookView& sell, const Funds& funds) const {
  const VenuePair& venues = edge.venues;
  const Decimal largest = funds.notional_limit(venues.buy().quote);
  WalkLimits limits{config_.max_slippage};
  limits.free_quote = funds.free(venues.buy().venue, venues.buy().quote);
  limits.free_base = funds.free(venues.sell().venue, venues.sell().base);
  std::optional<Rate> dearer;  // what did not pay
  for (const LegSize size : {LegSize::Large, LegSize::Medium, LegSize::Small}) {
    const Rate cost = funds.leg_cost(venues.buy().venue, venues.sell().venue, size);
    if (dearer && cost >= *dearer) continue;
    dearer = cost;
    // An edge is below one, however much is asked for.
    limits.min_edge = Rate{std::min(venues.min_edge().ppb + cost.ppb, Rate::one - 1)};
    limits.max_notional = most_of(size, largest);
    if (!venues.pays(edge.ask, edge.bid, *limits.min_edge)) {
      candidate.refused = RefuseReason::LegCost;
      continue;
    }
    candidate.walked =
        venues.walk(Levels(buy.levels(Side::Sell)), Levels(sell.levels(Side::Buy)), limits);
    candidate.refused = judge(venues, candidate.walked);
    if (candidate.refused != RefuseReason::None) continue;
    // It may have come out as another size than was asked for, and cost what that one costs.
    const LegSize made = leg_size(
        venues.buy().notional(candidate.walked.buy_limit, candidate.walked.buy_quantity), largest);
    const Rate its_cost = funds.leg_cost(venues.buy().venue, venues.sell().venue, made);
    if (candidate.walked.net.ppb - its_cost.ppb >= venues.min_edge().ppb) return;
    candidate.refused = RefuseReason::LegCost;
  }
}

// One book that is not known at all is the stronger reason.
RefuseReason Detector::why_not(const BookView& buy, const BookView& sell, Instant now) const {
  const RefuseReason one = buy.why_not(now);
  const RefuseReason other = sell.why_not(now);
  if (config_.mutant == Mutant::IgnoreStaleBook) return RefuseReason::None;
  if (one == other || other == RefuseReason::None) return one;
  return one == RefuseReason::None ? other : RefuseReason::BookNotValid;
}

RefuseReason Detector::judge(const VenuePair& venues, const WalkResult& walked) const {
  const auto fault_of = [](const Instrument& instrument, Price limit, Quantity quantity) {
    return quantity.is_zero() ? OrderFault::BelowMinQuantity
                              : check_order(instrument, limit, quantity);
  };
  auto fault = fault_of(venues.buy(), walked.buy_limit, walked.buy_quantity);
  if (!fault) fault = fault_of(venues.sell(), walked.sell_limit, walked.sell_quantity);
  if (!fault) {
    // A fee rounded up can eat the edge of a small quantity.
    return walked.net >= venues.min_edge() && !walked.profit.is_zero() && !walked.profit.negative()
               ? RefuseReason::None
               : RefuseReason::EdgeBelowThreshold;
  }
  return too_little(walked.stop, *fault);
}

bool Detector::answer(const Candidate& candidate, RefuseReason refused) {
  Edge& edge = edges_[candidate.edge];
  const bool same = edge.answered && edge.refused == refused && refused != RefuseReason::None;
  edge.answered = true;
  edge.refused = refused;
  return !same;
}

void Detector::status(const BookSet& books, Instant now, std::vector<EdgeStatus>& out) const {
  out.clear();
  for (const Edge& edge : edges_) {
    EdgeStatus& status = out.emplace_back();
    status.pair = edge.pair;
    status.buy = edge.buy;
    status.sell = edge.sell;
    status.refused = edge.refused;
    if (!edge.open) {
      // Of an edge that does not pay anyway, whether its books are good is asked only here.
      const RefuseReason unusable = why_not(books.view(status.buy), books.view(status.sell), now);
      if (unusable != RefuseReason::None) status.refused = unusable;
    }
    if (edge.ask == Price{} || edge.bid == Price{}) continue;
    status.gross = edge.venues.gross(edge.ask, edge.bid);
    status.net = edge.venues.net(edge.ask, edge.bid);
  }
}

}  // namespace ats::core

#include "services/engine_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "services/risk_messages.hpp"

namespace ats::services {
namespace {

std::string text(std::string_view view) { return std::string(view); }

std::string bps(Rate rate) { return format_scaled_short(rate.ppb, 5); }

std::string venue_name(InstrumentId id, const Universe& universe) {
  return text(universe.venue(universe.instrument(id).venue).name.view());
}

void fill(v1::Counts& out, const CoreStatus& core) {
  out.set_opportunities(core.opportunities);
  for (std::size_t n = 0; n < core.refused.size(); ++n) {
    if (core.refused[n] == 0) continue;
    (*out.mutable_refused())[name(static_cast<RefuseReason>(n))] = core.refused[n];
  }
  out.set_sent(core.sent);
  out.set_completed(core.completed);
  out.set_unwound(core.unwound);
  out.set_residual(core.residual);
  out.set_missed(core.missed);
  out.set_handed_over(core.handed_over);
  out.set_orders_placed(core.orders_placed);
  out.set_fills_booked(core.fills_booked);
  out.set_duplicate_fills(core.duplicate_fills);
}

void fill(v1::Latency& out, std::uint64_t count, std::int64_t p50, std::int64_t p99,
          std::int64_t p999) {
  out.set_count(count);
  fill_duration(*out.mutable_p50(), {p50});
  fill_duration(*out.mutable_p99(), {p99});
  fill_duration(*out.mutable_p999(), {p999});
}

void fill_leg(v1::Opportunity& out, InstrumentId id, const Universe& universe) {
  v1::Opportunity::Leg& leg = *out.add_legs();
  if (!id.valid()) return;
  leg.set_venue(venue_name(id, universe));
  leg.set_pair(universe.pair_name(universe.instrument(id).pair));
}

void fill_rates(v1::Opportunity& out, Rate gross, Rate net, RefuseReason refused) {
  out.set_gross_bps(bps(gross));
  out.set_net_bps(bps(net));
  if (refused != RefuseReason::None) out.set_refused(name(refused));
}

}  // namespace

void fill(v1::GetEngineResponse& out, const LiveView& view, const EventTape& tape,
          std::string_view reporting) {
  const CoreStatus& core = view.core;
  out.set_name(tape.feed().source());
  out.set_title(view.title);
  out.set_paper(view.paper);
  if (core.wall.told()) fill_time(*out.mutable_as_of(), core.wall);
  fill_duration(*out.mutable_running(), view.running);
  out.set_incarnation(core.incarnation);
  out.set_journal(tape.feed().journal());
  out.set_journal_bytes(view.journal_bytes);
  out.set_reconciled(core.reconciled);
  out.set_stopping(core.stopping);
  for (const VenueView& venue : view.venues) fill(*out.add_venues(), venue);
  fill(*out.mutable_counts(), core);
  fill(*out.mutable_decision(), view.decisions, view.decision_p50, view.decision_p99,
       view.decision_p999);
  fill(*out.mutable_order(), view.orders, view.order_p50, view.order_p99, view.order_p999);
  out.set_reporting_asset(text(reporting));
  if (core.pnl_reporting_complete) out.set_profit(core.pnl_reporting.to_string());
  out.set_last_fill(tape.last(BusStream::Fill));
  out.set_last_trade(tape.last(BusStream::Execution));
}

bool BooksWanted::has(const Instrument& on, const Universe& universe) const {
  return (venue_.empty() || universe.venue(on.venue).name.view() == venue_) &&
         (pair_.empty() || universe.pair_name(on.pair) == pair_);
}

std::optional<std::string> BooksWanted::nowhere(const Universe& universe) const {
  const bool any = std::ranges::any_of(universe.instruments(),
                                       [&](const Instrument& on) { return has(on, universe); });
  if (any || (venue_.empty() && pair_.empty())) return std::nullopt;
  return fmt::format("no book of {} on {} here", pair_.empty() ? "any pair" : pair_,
                     venue_.empty() ? "any venue" : venue_);
}

void fill(v1::VenueLine& out, const VenueView& venue) {
  out.set_venue(venue.name);
  out.set_market_up(venue.market_up);
  out.set_trading_up(venue.trading_up);
  out.set_messages(venue.messages);
  out.set_per_second(venue.per_second);
  out.set_reconnects(venue.reconnects);
  out.set_refused_frames(venue.refused_frames);
  out.set_last_loss(venue.last_loss);
  out.set_connections(venue.connections);
  out.set_rest(venue.rest);
}

void fill(v1::Book& out, const BookStatus& book, const Universe& universe, Instant now) {
  const Instrument& on = universe.instrument(book.instrument);
  out.set_venue(text(universe.venue(on.venue).name.view()));
  out.set_pair(universe.pair_name(on.pair));
  out.set_state(name(book.state));
  if (book.reason != BookReason::None) out.set_reason(name(book.reason));
  if (book.last_update.ns != 0) fill_duration(*out.mutable_age(), now - book.last_update);
  if (!book.bid.quantity.is_zero()) fill_levels(*out.mutable_bids(), {&book.bid, 1}, on);
  if (!book.ask.quantity.is_zero()) fill_levels(*out.mutable_asks(), {&book.ask, 1}, on);
  out.set_snapshots(book.snapshots);
  out.set_deltas(book.deltas);
  out.set_gaps(book.gaps);
  out.set_checksums_right(book.checksums_right);
  out.set_checksums_wrong(book.checksums_wrong);
  out.set_crossings(book.crossings);
  out.set_resyncs(book.resyncs);
  out.set_audits(book.audits);
  out.set_audits_differing(book.audits_differing);
  out.set_audit_difference(book.audit_difference);
  out.set_polls(book.polls);
}

void fill_levels(google::protobuf::RepeatedPtrField<v1::BookLevel>& out,
                 std::span<const Level> levels, const Instrument& of) {
  out.Clear();
  for (const Level& level : levels) {
    v1::BookLevel& to = *out.Add();
    to.set_price(of.price_decimal(level.price).to_string());
    to.set_quantity(of.quantity_decimal(level.quantity).to_string());
  }
}

void fill(v1::ListOpportunitiesResponse& out, const v1::ListOpportunitiesRequest& asked,
          const LiveView& view) {
  const Universe& universe = *view.universe;
  std::vector<std::pair<std::int64_t, v1::Opportunity>> found;
  const auto wanted = [&](RefuseReason refused) {
    return asked.refused_too() || refused == RefuseReason::None;
  };
  for (const EdgeStatus& edge : view.core.edges) {
    if (!wanted(edge.refused)) continue;
    const std::string pair = universe.pair_name(edge.pair);
    if (!asked.pair().empty() && asked.pair() != pair) continue;
    v1::Opportunity one;
    one.set_strategy(name(Strategy::CrossVenue));
    one.set_pair(pair);
    fill_leg(one, edge.buy, universe);
    fill_leg(one, edge.sell, universe);
    fill_rates(one, edge.gross, edge.net, edge.refused);
    found.emplace_back(edge.net.ppb, std::move(one));
  }
  for (const CycleStatus& cycle : view.core.cycles) {
    if (!wanted(cycle.refused) || !asked.pair().empty()) continue;
    v1::Opportunity one;
    one.set_strategy(name(cycle.strategy));
    for (std::size_t n = 0; n < cycle.legs; ++n) fill_leg(one, cycle.instruments[n], universe);
    fill_rates(one, cycle.gross, cycle.net, cycle.refused);
    found.emplace_back(cycle.net.ppb, std::move(one));
  }
  std::ranges::stable_sort(found, std::ranges::greater{}, [](const auto& f) { return f.first; });
  for (auto& [net, one] : found) *out.add_opportunities() = std::move(one);
}

void fill(v1::Order& out, const OrderStatus& order, const LiveView& view) {
  const Universe& universe = *view.universe;
  const Instrument& on = universe.instrument(order.request.instrument);
  out.set_order_id(text(client_order_id(order.request.id).view()));
  out.set_venue_order_id(text(order.venue_order_id.view()));
  out.set_venue(text(universe.venue(on.venue).name.view()));
  out.set_pair(universe.pair_name(on.pair));
  out.set_side(name(order.request.side));
  out.set_price(on.price_decimal(order.request.price).to_string());
  out.set_quantity(on.quantity_decimal(order.request.quantity).to_string());
  out.set_filled(on.quantity_decimal(order.filled).to_string());
  out.set_state(name(order.state));
  out.set_time_in_force(name(order.request.time_in_force));
  fill_duration(*out.mutable_placed(), view.core.now - order.placed);
}

void fill(v1::OpenTrade& out, const ExecutionStatus& trade, const LiveView& view) {
  const Universe& universe = *view.universe;
  out.set_trade(trade.id.value);
  out.set_pair(universe.pair_name(trade.pair));
  if (trade.buy.valid()) {
    out.set_buy_venue(venue_name(trade.buy, universe));
    out.set_quantity(universe.instrument(trade.buy).quantity_decimal(trade.quantity).to_string());
  }
  if (trade.sell.valid()) out.set_sell_venue(venue_name(trade.sell, universe));
  out.set_net_base(trade.net_base.to_string());
  fill_duration(*out.mutable_opened(), view.core.now - trade.opened);
  out.set_unwind_attempts(trade.unwind_attempts);
}

void fill(v1::Balance& out, const BalanceStatus& balance, const Universe& universe) {
  out.set_venue(text(universe.venue(balance.venue).name.view()));
  out.set_asset(text(universe.asset(balance.asset).name.view()));
  out.set_total(balance.total.to_string());
  out.set_reserved(balance.reserved.to_string());
  if (balance.told) out.set_reported(balance.reported.to_string());
  out.set_foreign(balance.foreign.to_string());
}

}  // namespace ats::services

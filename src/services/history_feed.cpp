#include "services/history_feed.hpp"

#include "domain/number.hpp"
#include "services/told_facts.hpp"

namespace ats::services {
namespace {

const char* liquidity_name(Liquidity liquidity) {
  return liquidity == Liquidity::Maker ? "maker" : "taker";
}

}  // namespace

HistoryFeed::HistoryFeed(std::string engine)
    : engine_(std::move(engine)),
      history_(report::History::Keep::Sums, [this](const report::Execution& resolved) {
        // Nobody asks for what is not written.
        if (out_ != nullptr) attribution_ = report::attribute(resolved);
      }) {}

io::LineWriter HistoryFeed::begin(std::string_view measurement) {
  io::LineWriter line(out_->text);
  line.point(measurement).tag("engine", engine_);
  return line;
}

void HistoryFeed::tag_instrument(io::LineWriter& line, InstrumentId instrument) const {
  const Instrument& on = universe().instrument(instrument);
  line.tag("venue", universe().venue(on.venue).name.view()).tag("pair", pair_name(on.pair));
}

std::string HistoryFeed::pair_name(PairId id) const {
  return id.valid() ? universe().pair_name(id) : std::string();
}

void HistoryFeed::end(io::LineWriter& line) { end(line, mark_.at + nanoseconds(times_++)); }
void HistoryFeed::end(io::LineWriter& line, WallTime at) {
  if (line.end(at)) ++out_->points;
}

void HistoryFeed::on(const HistoryUnit& unit, HistoryLines* out) {
  out_ = out;
  mark_ = unit.mark;
  times_ = 0;
  attribution_.reset();
  if (unit.event != nullptr) {
    history_.on(*unit.event, unit.now);
  } else {
    history_.passed();
  }
  refusals(unit.mark.at);
  if (unit.event != nullptr) {
    if (const auto told = newly_booked(*unit.event, *unit.actions)) fill(*told->fill, told->ours);
    event(*unit.event);
  }
  for (const Action& action : *unit.actions) {
    history_.on(action);
    if (const auto* place = std::get_if<Place>(&action)) {
      placed(*place->order);
    } else if (const auto* found = std::get_if<OpportunityFound>(&action)) {
      opportunity(*found);
    } else if (const auto* done = std::get_if<ExecutionResolved>(&action)) {
      if (is_trade(*done) && out_ != nullptr) execution(*done);
    }
  }
}

void HistoryFeed::event(const Event& event) {
  if (const auto* e = std::get_if<OrderRejected>(&event)) {
    over(e->order, "rejected", name(e->reason));
  } else if (const auto* unsent = std::get_if<OrderNotSent>(&event)) {
    over(unsent->order, "not_sent");
  } else if (const auto* ended = std::get_if<OrderEnded>(&event)) {
    over(ended->order, name(ended->state));
  } else if (const auto* found = std::get_if<OrderFound>(&event)) {
    if (is_final(found->state)) over(found->order, name(found->state));
  } else if (const auto* unknown = std::get_if<OrderUnknown>(&event)) {
    if (const auto at = orders_.find(unknown->order); at != orders_.end())
      step(at, "unknown", name(unknown->reason));
  } else if (const auto* amended = std::get_if<OrderAmended>(&event)) {
    if (const auto at = orders_.find(amended->order); at != orders_.end()) {
      at->second.terms = amended->terms;
      step(at, "amended");
    }
  }
}

void HistoryFeed::fill(const Fill& fill, bool ours) {
  if (out_ != nullptr) {
    const Instrument& on = universe().instrument(fill.instrument);
    io::LineWriter line = begin("fill");
    tag_instrument(line, fill.instrument);
    line.tag("side", name(fill.side))
        .tag("liquidity", liquidity_name(fill.liquidity))
        .exact("price", on.price_decimal(fill.price))
        .exact("quantity", on.quantity_decimal(fill.quantity))
        .exact("fee", fill.fee)
        .text("fee_asset", universe().asset(fill.fee_asset).name.view())
        .text("fill_id", fill.id.view())
        .flag("ours", ours);
    if (ours) line.text("order_id", client_order_id(fill.order).view());
    if (fill.venue_time.told()) line.integer("venue_time", fill.venue_time.ns_utc);
    end(line);
  }
  const auto at = ours ? orders_.find(fill.order) : orders_.end();
  if (at == orders_.end()) return;
  at->second.filled += fill.quantity;
  if (at->second.filled >= at->second.terms.quantity) over(fill.order, "filled");
}

void HistoryFeed::placed(const OrderRequest& order) {
  const auto at =
      orders_
          .insert_or_assign(
              order.id,
              Standing{
                  order.instrument, order.execution, order.side, terms_of(order), {}, order.unwind})
          .first;
  step(at, "placed");
}

void HistoryFeed::step(Orders::iterator order, const char* step, std::string_view reason) {
  if (out_ == nullptr) return;
  const Standing& standing = order->second;
  const Instrument& on = universe().instrument(standing.instrument);
  io::LineWriter line = begin("order");
  tag_instrument(line, standing.instrument);
  line.tag("side", name(standing.side))
      .tag("step", step)
      .text("order_id", client_order_id(order->first).view())
      .exact("price", on.price_decimal(standing.terms.price))
      .exact("quantity", on.quantity_decimal(standing.terms.quantity))
      .exact("filled", on.quantity_decimal(standing.filled))
      .flag("unwind", standing.unwind);
  if (standing.execution.valid())
    line.integer("execution", static_cast<std::int64_t>(standing.execution.value));
  if (!reason.empty()) line.text("reason", reason);
  end(line);
}

// Once: what is told of it later is known.
void HistoryFeed::over(OrderId order, const char* how, std::string_view reason) {
  const auto at = orders_.find(order);
  if (at == orders_.end()) return;
  step(at, how, reason);
  orders_.erase(at);
}

void HistoryFeed::opportunity(const OpportunityFound& found) {
  if (found.refused != RefuseReason::None) {
    ++refused_[{found.pair, found.strategy, found.refused}];
    return;
  }
  if (out_ == nullptr) return;
  const auto venue = [this](InstrumentId id) {
    return id.valid() ? universe().venue(universe().instrument(id).venue).name.view()
                      : std::string_view();
  };
  io::LineWriter line = begin("opportunity");
  line.tag("pair", pair_name(found.pair))
      .tag("strategy", name(found.strategy))
      .tag("buy", venue(found.buy))
      .tag("sell", venue(found.sell))
      .exact("gross", found.gross.decimal())
      .exact("net", found.net.decimal())
      .exact("profit", found.profit);
  if (found.profit_asset.valid())
    line.text("profit_asset", universe().asset(found.profit_asset).name.view());
  if (found.buy.valid()) {
    const Instrument& buy = universe().instrument(found.buy);
    line.exact("quantity", buy.quantity_decimal(found.quantity))
        .exact("buy_limit", buy.price_decimal(found.buy_limit));
  }
  if (found.sell.valid())
    line.exact("sell_limit", universe().instrument(found.sell).price_decimal(found.sell_limit));
  if (found.execution.valid())
    line.integer("execution", static_cast<std::int64_t>(found.execution.value));
  end(line);
}

// Those of a piece of time are told when the next one has begun, which goes by the journal's times alone.
void HistoryFeed::refusals(WallTime at) {
  if (at.ns_utc < refusals_end_) return;
  for (const auto& [of, count] : refused_) {
    const auto& [pair, strategy, reason] = of;
    if (out_ == nullptr) break;
    io::LineWriter line = begin("refusal");
    line.tag("pair", pair_name(pair))
        .tag("strategy", name(strategy))
        .tag("reason", name(reason))
        .integer("count", count);
    end(line, {refusals_end_});
  }
  refused_.clear();
  refusals_end_ = (at.ns_utc / refusals_each.ns + 1) * refusals_each.ns;
}

void HistoryFeed::execution(const ExecutionResolved& done) {
  io::LineWriter line = begin("execution");
  line.tag("pair", pair_name(done.pair))
      .tag("outcome", name(done.outcome))
      .integer("execution", static_cast<std::int64_t>(done.execution.value))
      .exact("bought", done.bought)
      .exact("sold", done.sold)
      .exact("residual", done.residual)
      .exact("realised", done.realised);
  if (attribution_) {
    const report::Terms& terms = attribution_->terms;
    line.text("reporting", attribution_->in.valid() ? universe().asset(attribution_->in).name.view()
                                                    : std::string_view())
        .exact("earned", terms.realised)
        .exact("quoted_edge", terms.quoted_edge)
        .exact("fees", terms.fees)
        .exact("slippage", terms.slippage)
        .exact("leg_cost", terms.leg_cost)
        .exact("conversion", terms.conversion)
        .exact("revaluation", terms.revaluation)
        .exact("volume", attribution_->volume)
        .flag("unmarked", attribution_->unmarked);
  }
  end(line);
}

void HistoryFeed::trade(WallTime at, const Trade& trade, HistoryLines& out) const {
  const Instrument& on = universe().instrument(trade.instrument);
  io::LineWriter line(out.text);
  line.point("trade").tag("engine", engine_);
  tag_instrument(line, trade.instrument);
  line.tag("side", name(trade.taker_side))
      .exact("price", on.price_decimal(trade.price))
      .exact("quantity", on.quantity_decimal(trade.quantity))
      .text("trade_id", trade.id.view());
  if (trade.times.venue_time.told()) line.integer("venue_time", trade.times.venue_time.ns_utc);
  if (line.end(at)) ++out.points;
}

}  // namespace ats::services

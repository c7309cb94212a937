#include "domain/codec.hpp"

#include <algorithm>
#include <type_traits>

#include "domain/codec_archive.hpp"

namespace ats {

// Restores approvals that were given and journalled; gives none.
class ApprovalReader {
 public:
  static Approved<OrderRequest> restore(const OrderRequest& order, std::uint64_t serial) {
    return Approved<OrderRequest>(order, serial);
  }
};

// Found through the archives' namespace, whatever the order they stand in.
namespace archive {

static_assert(sizeof(Level) == 16 && std::is_trivially_copyable_v<Level>);

template <class A>
void fields(A& a, Of<A, Times>& t) {
  a.raw(t.venue_time), a.raw(t.recv_time);
}

template <class A>
void fields(A& a, Of<A, FeeSchedule>& f) {
  a.raw(f.maker), a.raw(f.taker), a.choice(f.charged_in, FeeAsset::Quote), a.raw(f.decimals);
}
template <class A>
void fields(A& a, Of<A, TickLadder>& ladder) {
  auto count = static_cast<std::uint8_t>(ladder.steps().size());
  a.raw(count);
  if constexpr (A::reading) {
    ladder = TickLadder{};
    for (std::uint8_t n = 0; n < count && !a.failed(); ++n) {
      TickStep step;
      a.raw(step);
      if (!a.failed() && !ladder.add(step.from, step.tick)) return a.stop(CodecError::BadValue);
    }
  } else {
    for (const TickStep& step : ladder.steps()) a.raw(step);
  }
}
template <class A>
void fields(A& a, Of<A, PriceBand>& b) {
  a.raw(b.buy_least), a.raw(b.buy_most), a.raw(b.sell_least), a.raw(b.sell_most), a.raw(b.over);
}
template <class A>
void fields(A& a, Of<A, Instrument>& i) {
  a.raw(i.id), a.raw(i.venue), a.raw(i.pair), a.raw(i.base), a.raw(i.quote);
  a.text(i.symbol), a.text(i.rest_symbol);
  a.raw(i.price_scale), a.raw(i.qty_scale), a.raw(i.tick), fields(a, i.ladder), a.raw(i.lot);
  a.raw(i.min_quantity), a.raw(i.max_quantity), a.decimal(i.min_notional);
  fields(a, i.fees), a.choice(i.status, InstrumentStatus::Halted), fields(a, i.band);
}
template <class A>
void fields(A& a, Of<A, Text<15>>& t) {
  a.text(t);
}
template <class A>
void fields(A& a, Of<A, ConversionRate>& r) {
  a.text(r.base), a.text(r.quote), a.decimal(r.price), a.text(r.source), a.raw(r.as_of);
}
template <class A>
void fields(A& a, Of<A, InventoryTarget>& t) {
  a.text(t.venue), a.text(t.asset), a.raw(t.share);
}
template <class A>
void fields(A& a, Of<A, MakerPair>& m) {
  a.text(m.base), a.text(m.quote), a.text(m.quote_venue), a.text(m.hedge_venue);
}
// Of a ShortList, or of legs: a count and as many items.
template <class A, class Count, class Items>
void counted(A& a, Count& count, Items& items) {
  a.raw(count);
  if (count > items.size()) {
    if constexpr (A::reading) a.stop(CodecError::BadValue), count = 0;
  }
  for (std::size_t n = 0; n < count; ++n) fields(a, items[n]);
}
// What may be there: whether it is, and what.
template <class A, class T, class Value>
void maybe(A& a, Of<A, std::optional<T>>& o, Value value) {
  bool has = o.has_value();
  a.boolean(has);
  if constexpr (A::reading) {
    o.reset();
    if (!has) return;
    T read{};
    value(read);
    o = read;
  } else {
    if (has) value(*o);
  }
}
template <class A>
void fields(A& a, Of<A, LimitScope>& s) {
  a.text(s.venue), a.text(s.asset), a.text(s.pair);
  maybe<A, Strategy>(a, s.strategy, [&](auto& v) { a.choice(v, Strategy::Maker); });
}
template <class A>
void fields(A& a, Of<A, LimitSetting>& s) {
  a.choice(s.kind, static_cast<LimitKind>(limit_kind_count - 1)), fields(a, s.scope);
  a.decimal(s.hard), maybe<A, Decimal>(a, s.warn, [&](auto& v) { a.decimal(v); });
  a.choice(s.effect, LimitEffect::Halts);
}
template <class A>
void fields(A& a, Of<A, LimitBreach>& b) {
  a.boolean(b.any), a.choice(b.kind, static_cast<LimitKind>(limit_kind_count - 1));
  a.decimal(b.value), a.decimal(b.bound);
}
template <class A>
void fields(A& a, Of<A, CoreConfig>& c) {
  a.raw(c.min_edge), a.raw(c.max_edge), a.raw(c.max_slippage), a.decimal(c.max_order_notional);
  a.raw(c.pair_cooldown), a.decimal(c.max_exposure), a.decimal(c.max_daily_loss);
  a.raw(c.max_open_executions), a.text(c.reporting_asset), a.raw(c.order_deadline);
  a.raw(c.query_interval), a.raw(c.not_found_grace), a.raw(c.max_unwind_attempts);
  a.decimal(c.residual_tolerance), a.raw(c.balance_interval),
      a.choice(c.mutant, static_cast<Mutant>(mutant_count - 1));
  counted(a, c.currencies.count, c.currencies.items), counted(a, c.rates.count, c.rates.items);
  a.raw(c.rate_max_age), a.choice(c.cross_currency, StrategyMode::Trade);
  a.choice(c.triangular, StrategyMode::Trade), a.choice(c.cycles, StrategyMode::Trade);
  a.decimal(c.max_currency_exposure), a.raw(c.poll_after), a.raw(c.max_polled_age);
  a.raw(c.leg_cost_prior), a.raw(c.leg_cost_prior_legs);
  a.raw(c.inventory_skew), a.raw(c.inventory_floor);
  counted(a, c.inventory_targets.count, c.inventory_targets.items), a.boolean(c.paper);
  a.choice(c.maker, StrategyMode::Trade), counted(a, c.maker_pairs.count, c.maker_pairs.items);
  a.raw(c.maker_edge), a.raw(c.maker_requote), a.raw(c.maker_requote_every);
  a.decimal(c.maker_size);
  counted(a, c.limits.count, c.limits.items), a.raw(c.confirm_for), a.raw(c.cool_down);
  a.raw(c.resolve_within), a.boolean(c.resume_by_two), a.raw(c.lease_for);
  a.raw(c.var_confidence), a.raw(c.var_horizon), a.raw(c.var_every), a.raw(c.var_max_age);
  a.choice(c.foreign_orders, ForeignPolicy::Adopt);
}
template <class A>
void fields(A& a, Of<A, OrderRequest>& o) {
  a.raw(o.id), a.raw(o.execution), a.raw(o.instrument), a.choice(o.side, Side::Sell);
  a.choice(o.time_in_force, TimeInForce::Fok), a.raw(o.price), a.raw(o.quantity),
      a.boolean(o.unwind), a.boolean(o.post_only);
}
template <class A>
void fields(A& a, Of<A, Fill>& f) {
  a.raw(f.order), a.raw(f.instrument), a.text(f.id), a.choice(f.side, Side::Sell);
  a.choice(f.liquidity, Liquidity::Maker), a.raw(f.price), a.raw(f.quantity), a.decimal(f.fee);
  a.raw(f.fee_asset), a.raw(f.venue_time);
}
template <class A>
void fields(A& a, Of<A, Scope>& s) {
  a.raw(s.venue), a.raw(s.pair);
  maybe<A, Strategy>(a, s.strategy, [&](auto& v) { a.choice(v, Strategy::Maker); });
}

// --- events; Started is written apart ---
template <class A>
void fields(A& a, Of<A, Timer>& e) {
  a.raw(e.wall);
}
template <class A>
void fields(A& a, Of<A, ConnectionUp>& e) {
  a.raw(e.venue), a.choice(e.channel, Channel::Trading);
}
template <class A>
void fields(A& a, Of<A, ConnectionDown>& e) {
  a.raw(e.venue), a.choice(e.channel, Channel::Trading);
}
template <class A>
void fields(A& a, Of<A, Heartbeat>& e) {
  a.raw(e.venue), fields(a, e.times);
}
template <class A>
void checksum(A& a, Of<A, std::optional<std::uint32_t>>& c) {
  bool has = c.has_value();
  a.boolean(has);
  if constexpr (A::reading) {
    std::uint32_t v = 0;
    if (has)
      a.raw(v), c = v;
    else
      c.reset();
  } else {
    if (has) a.raw(*c);
  }
}
template <class A>
void fields(A& a, Of<A, BookSnapshot>& e, std::vector<Level>* bids, std::vector<Level>* asks) {
  a.raw(e.instrument), fields(a, e.times), a.raw(e.last), checksum(a, e.checksum);
  a.levels(e.bids, bids), a.levels(e.asks, asks);
}
template <class A>
void fields(A& a, Of<A, BookImage>& e, std::vector<Level>* bids, std::vector<Level>* asks) {
  a.raw(e.instrument), fields(a, e.times), a.raw(e.asked);
  a.levels(e.bids, bids), a.levels(e.asks, asks);
}
template <class A>
void fields(A& a, Of<A, BookDelta>& e, std::vector<Level>* bids, std::vector<Level>* asks) {
  a.raw(e.instrument), fields(a, e.times), a.raw(e.first), a.raw(e.last), a.raw(e.previous);
  checksum(a, e.checksum), a.levels(e.bids, bids), a.levels(e.asks, asks);
}
template <class A>
void fields(A& a, Of<A, BookFault>& e) {
  a.raw(e.instrument), a.raw(e.venue), a.choice(e.reason, BookFaultReason::SequenceGap);
}
template <class A>
void fields(A& a, Of<A, Trade>& e) {
  a.raw(e.instrument), fields(a, e.times), a.choice(e.taker_side, Side::Sell), a.raw(e.price);
  a.raw(e.quantity), a.text(e.id);
}
template <class A>
void fields(A& a, Of<A, Quote>& e) {
  a.raw(e.instrument), fields(a, e.times), a.raw(e.sequence), a.raw(e.bid), a.raw(e.ask);
}
template <class A>
void fields(A& a, Of<A, InstrumentChanged>& e) {
  fields(a, e.instrument);
}
template <class A>
void fields(A& a, Of<A, OrderAcked>& e) {
  a.raw(e.order), a.text(e.venue_order_id), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderRejected>& e) {
  a.raw(e.order), a.choice(e.reason, RejectReason::Other), a.text(e.message), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderFilled>& e) {
  fields(a, e.fill), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderEnded>& e) {
  a.raw(e.order), a.choice(e.state, OrderState::Unknown), a.raw(e.filled), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderTerms>& t) {
  a.raw(t.price), a.raw(t.quantity);
}
template <class A>
void fields(A& a, Of<A, OrderFound>& e) {
  a.raw(e.order), a.text(e.venue_order_id), a.choice(e.state, OrderState::Unknown), a.raw(e.filled);
  fields(a, e.times), a.raw(e.instrument), fields(a, e.terms), a.raw(e.asked);
}
template <class A>
void fields(A& a, Of<A, OrderAmended>& e) {
  a.raw(e.order), fields(a, e.terms), a.text(e.venue_order_id), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, AmendRejected>& e) {
  a.raw(e.order), a.choice(e.reason, RejectReason::Other), a.text(e.message), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderNotFound>& e) {
  a.raw(e.order), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderUnknown>& e) {
  a.raw(e.order), a.choice(e.reason, UnknownReason::VenueSaysUnknown), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OrderNotSent>& e) {
  a.raw(e.order);
}
template <class A>
void fields(A& a, Of<A, OrderSent>& e) {
  a.raw(e.order), a.choice(e.route, OrderRoute::Rest), a.raw(e.encoded), a.raw(e.written);
}
template <class A>
void fields(A& a, Of<A, CancelRejected>& e) {
  a.raw(e.order), a.choice(e.reason, RejectReason::Other), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, QueryFailed>& e) {
  a.raw(e.order);
}
template <class A>
void fields(A& a, Of<A, BalanceReported>& e) {
  a.raw(e.venue), a.raw(e.asset), a.decimal(e.total), a.decimal(e.held), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, BalancesComplete>& e) {
  a.raw(e.venue), fields(a, e.times), a.raw(e.asked);
}
template <class A>
void fields(A& a, Of<A, ForeignOrder>& e) {
  a.raw(e.venue), a.text(e.venue_order_id), a.raw(e.instrument), a.choice(e.side, Side::Sell);
  fields(a, e.terms), a.raw(e.filled), a.boolean(e.open);
}
template <class A>
void fields(A& a, Of<A, ForeignFill>& e) {
  a.text(e.venue_order_id), fields(a, e.fill), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, OpenOrdersComplete>& e) {
  a.raw(e.venue), a.raw(e.ours), fields(a, e.times);
}
template <class A>
void fields(A& a, Of<A, LeaseUse>& x) {
  a.choice(x.kind, static_cast<LimitKind>(limit_kind_count - 1)), fields(a, x.scope);
  a.boolean(x.known), a.decimal(x.value);
}
template <class A>
void fields(A& a, Of<A, LeaseShare>& x) {
  a.choice(x.kind, static_cast<LimitKind>(limit_kind_count - 1)), fields(a, x.scope);
  a.decimal(x.bound);
}
template <class A>
void fields(A& a, Of<A, LeaseHold>& x) {
  fields(a, x.scope), a.choice(x.state, RiskState::Halted), a.boolean(x.resolving);
  a.boolean(x.flatten);
}
// A count and as many items, read into `store`.
template <class A, class T>
void listed(A& a, Of<A, std::span<const T>>& items, std::vector<T>* store) {
  auto count = static_cast<std::uint32_t>(items.size());
  a.raw(count);
  if constexpr (A::reading) {
    store->clear();
    for (std::uint32_t n = 0; n < count && !a.failed(); ++n) fields(a, store->emplace_back());
    items = *store;
  } else {
    for (const T& item : items) fields(a, item);
  }
}
template <class A>
void fields(A& a, Of<A, LeaseGranted>& e, std::vector<LeaseShare>* shares,
            std::vector<LeaseHold>* holds) {
  a.raw(e.version), a.raw(e.asked), a.raw(e.valid_for);
  listed<A, LeaseShare>(a, e.shares, shares), listed<A, LeaseHold>(a, e.holds, holds);
}
template <class A>
void fields(A& a, Of<A, LeasePosition>& x) {
  a.text(x.venue), a.text(x.asset), a.decimal(x.held), a.decimal(x.traded);
  a.boolean(x.marked), a.boolean(x.fresh), a.decimal(x.mark), a.decimal(x.worth);
}
template <class A>
void fields(A& a, Of<A, LeaseAsked>& e, std::vector<LeaseUse>* uses,
            std::vector<LeasePosition>* positions) {
  a.text(e.engine), a.raw(e.asked), a.raw(e.held), a.boolean(e.live);
  a.boolean(e.profit_known), a.decimal(e.profit), listed<A, LeaseUse>(a, e.uses, uses);
  a.boolean(e.holdings), a.raw(e.left_out);
  listed<A, LeasePosition>(a, e.positions, positions);
}
template <class A>
void fields(A& a, Of<A, RiskMeasured>& e) {
  a.raw(e.asked), a.choice(e.fault, MeasureFault::OutOfRange), a.decimal(e.value_at_risk);
  a.raw(e.bar), a.raw(e.observations);
}
template <class A>
void fields(A& a, Of<A, HaltCommand>& c) {
  fields(a, c.scope), a.text(c.who), a.text(c.reason);
  a.boolean(c.reduce_only), a.boolean(c.at_once), a.boolean(c.flatten);
}
template <class A>
void fields(A& a, Of<A, ResumeCommand>& c) {
  fields(a, c.scope), a.text(c.who), a.text(c.reason);
}
template <class A>
void fields(A& a, Of<A, StopCommand>& c) {
  a.text(c.who);
}
template <class A>
void fields(A& a, Of<A, AcknowledgeCommand>& c) {
  a.raw(c.alert), a.text(c.who), a.text(c.reason);
}
template <class A>
void fields(A& a, Of<A, SetLimitCommand>& c) {
  fields(a, c.setting), a.boolean(c.take_back), a.text(c.who), a.text(c.reason);
  a.boolean(c.of_file);
}
template <class A>
void fields(A& a, Of<A, WriteOffCommand>& c) {
  a.text(c.engine), a.text(c.who), a.text(c.reason);
}

// --- actions; what holds an approval is written apart: the request, its serial, and then the rest ---
template <class A>
void rest_of(A& a, Of<A, Amend>& x) {
  fields(a, x.standing), a.text(x.venue_order_id);
}
template <class A>
void fields(A& a, Of<A, Cancel>& x) {
  a.raw(x.order), a.raw(x.instrument), a.text(x.venue_order_id);
}
template <class A>
void fields(A& a, Of<A, QueryOrder>& x) {
  a.raw(x.order), a.raw(x.instrument), a.text(x.venue_order_id);
}
template <class A>
void fields(A& a, Of<A, QueryOpenOrders>& x) {
  a.raw(x.venue);
}
template <class A>
void fields(A& a, Of<A, QueryBalances>& x) {
  a.raw(x.venue), a.raw(x.asked);
}
template <class A>
void fields(A& a, Of<A, RequestImage>& x) {
  a.raw(x.instrument);
}
template <class A>
void fields(A& a, Of<A, RequestSnapshot>& x) {
  a.raw(x.instrument);
}
template <class A>
void fields(A& a, Of<A, Resubscribe>& x) {
  a.raw(x.instrument);
}
template <class A>
void fields(A& a, Of<A, OpportunityLeg>& x) {
  a.raw(x.instrument), a.raw(x.gives), a.raw(x.gets), a.choice(x.side, Side::Sell);
  a.boolean(x.sent), a.raw(x.quantity), a.raw(x.deepest);
}
template <class A>
void fields(A& a, Of<A, OpportunityFound>& x) {
  a.raw(x.pair), a.raw(x.buy), a.raw(x.sell), a.raw(x.quantity), a.raw(x.buy_limit);
  a.raw(x.sell_limit), a.raw(x.gross), a.raw(x.net), a.decimal(x.profit);
  a.choice(x.refused, RefuseReason::NoLease), a.raw(x.execution);
  a.choice(x.strategy, Strategy::Maker), a.raw(x.profit_asset), fields(a, x.breach);
  counted(a, x.leg_count, x.legs);
}
template <class A>
void fields(A& a, Of<A, Level>& l) {
  a.raw(l);
}
template <class A>
void fields(A& a, Of<A, SeenBook>& b) {
  a.raw(b.instrument), a.raw(b.state), a.raw(b.age), a.raw(b.other);
  a.raw(b.quantity), a.decimal(b.notional), counted(a, b.level_count, b.levels);
}
template <class A>
void fields(A& a, Of<A, ExecutionOpened>& x) {
  a.raw(x.execution), fields(a, x.buy), fields(a, x.sell);
  a.decimal(x.converted), a.decimal(x.converted_into);
}
template <class A>
void fields(A& a, Of<A, AssetMark>& m) {
  a.raw(m.asset), a.decimal(m.price);
}
template <class A>
void fields(A& a, Of<A, ExecutionResolved>& x) {
  a.raw(x.execution), a.raw(x.pair), a.choice(x.outcome, ExecutionOutcome::Unfilled);
  a.decimal(x.bought), a.decimal(x.sold), a.decimal(x.residual), a.decimal(x.realised);
  a.raw(x.reporting), counted(a, x.mark_count, x.marks);
}
template <class A>
void fields(A& a, Of<A, Posting>& p) {
  a.choice(p.account, Account::External), a.raw(p.venue), a.raw(p.asset), a.decimal(p.amount);
}
template <class A>
void fields(A& a, Of<A, Booked>& x) {
  a.choice(x.kind, EntryKind::ForeignFill), a.raw(x.order), a.text(x.fill), a.raw(x.count);
  if constexpr (A::reading) {
    if (x.count > std::size(x.postings)) {
      a.stop(CodecError::BadValue);
      x.count = 0;
    }
  }
  for (std::size_t i = 0; i < x.count; ++i) fields(a, x.postings[i]);
}
template <class A>
void fields(A& a, Of<A, Alert>& x) {
  a.choice(x.severity, Severity::Emergency), a.choice(x.code, AlertCode::Lease);
  fields(a, x.scope), a.text(x.message), a.text(x.subject), a.boolean(x.over);
}
template <class A>
void fields(A& a, Of<A, BookStateChanged>& x) {
  a.raw(x.instrument), a.raw(x.state), a.raw(x.reason);
}
template <class A>
void fields(A&, Of<A, Stopped>&) {}
template <class A>
void fields(A& a, Of<A, AskLease>& x) {
  a.raw(x.asked), a.raw(x.held), a.boolean(x.live), a.boolean(x.profit_known), a.decimal(x.profit);
  a.boolean(x.holdings), a.raw(x.left_out);
}
template <class A>
void fields(A& a, Of<A, MeasureRisk>& x) {
  a.raw(x.asked), a.raw(x.confidence), a.raw(x.horizon);
}
template <class A>
void fields(A& a, Of<A, GrantLease>& x) {
  a.text(x.engine), a.raw(x.version), a.raw(x.asked), a.raw(x.valid_for);
}

template <class A>
void fields(A& a, Of<A, CommandReceived>& e) {
  std::uint8_t kind = static_cast<std::uint8_t>(e.command.index());
  a.raw(kind);
  if constexpr (A::reading) {
    switch (kind) {
      case 0:
        e.command = HaltCommand{};
        break;
      case 1:
        e.command = ResumeCommand{};
        break;
      case 2:
        e.command = StopCommand{};
        break;
      case 3:
        e.command = SetLimitCommand{};
        break;
      case 4:
        e.command = AcknowledgeCommand{};
        break;
      case 5:
        e.command = WriteOffCommand{};
        break;
      default:
        a.stop(CodecError::BadValue);
        return;
    }
  }
  std::visit([&](auto& command) { fields(a, command); }, e.command);
}

void write_universe(Writer& w, const Universe& u) {
  w.raw(static_cast<std::uint16_t>(u.venues().size()));
  for (const VenueInfo& v : u.venues()) w.text(v.name);
  w.raw(static_cast<std::uint16_t>(u.assets().size()));
  for (const Asset& x : u.assets()) w.text(x.name);
  w.raw(static_cast<std::uint16_t>(u.pairs().size()));
  for (const Pair& p : u.pairs()) w.raw(p);
  w.raw(static_cast<std::uint16_t>(u.instruments().size()));
  for (const Instrument& i : u.instruments()) fields(w, i);
}

bool sound(const Universe& u, const Instrument& i) {
  return i.venue.index() < u.venues().size() && i.base.index() < u.assets().size() &&
         i.quote.index() < u.assets().size() && i.tick > 0 && i.lot > 0 && i.price_scale <= 12 &&
         i.qty_scale <= 12 && i.price_scale + i.qty_scale <= Decimal::scale &&
         std::ranges::all_of(i.ladder.steps(),
                             [&](const TickStep& step) { return step.tick % i.tick == 0; });
}

void read_universe(Reader& r, Universe& u) {
  u = Universe{};
  std::uint16_t count = 0;
  r.raw(count);
  for (std::uint16_t i = 0; i < count && !r.failed(); ++i) {
    Text<15> text;
    r.text(text);
    if (u.add_venue(text.view(), {}).index() != i) return r.stop(CodecError::BadValue);
  }
  r.raw(count);
  for (std::uint16_t i = 0; i < count && !r.failed(); ++i) {
    Text<15> text;
    r.text(text);
    if (u.add_asset(text.view()).index() != i) return r.stop(CodecError::BadValue);
  }
  r.raw(count);
  for (std::uint16_t i = 0; i < count && !r.failed(); ++i) {
    Pair p;
    r.raw(p);
    if (p.base.index() >= u.assets().size() || p.quote.index() >= u.assets().size() ||
        u.add_pair(p.base, p.quote).index() != i) {
      return r.stop(CodecError::BadValue);
    }
  }
  r.raw(count);
  for (std::uint16_t i = 0; i < count && !r.failed(); ++i) {
    Instrument instrument;
    fields(r, instrument);
    const Instrument written = instrument;
    if (r.failed()) return;
    if (!sound(u, instrument) || u.add_instrument(instrument).index() != i ||
        u.instrument({i}) != written) {
      return r.stop(CodecError::BadValue);
    }
  }
}

template <class Variant, std::size_t I = 0, class Fn>
bool with_alternative(std::size_t kind, Variant& variant, Fn&& fn) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return false;
  } else {
    if (kind != I) return with_alternative<Variant, I + 1>(kind, variant, fn);
    using T = std::variant_alternative_t<I, Variant>;
    if constexpr (std::is_default_constructible_v<T>) {
      fn(variant.template emplace<I>());
    } else {
      OrderRequest request;
      std::uint64_t serial = 0;
      fn(request, serial);
      T restored{ApprovalReader::restore(request, serial)};
      if constexpr (std::is_same_v<T, Amend>) fn(restored);
      variant.template emplace<I>(restored);
    }
    return true;
  }
}

}  // namespace archive

using archive::Reader;
using archive::Writer;

const char* name(CodecError error) {
  switch (error) {
    case CodecError::Truncated:
      return "truncated";
    case CodecError::UnknownKind:
      return "unknown_kind";
    case CodecError::BadValue:
      return "bad_value";
    case CodecError::TrailingBytes:
      return "trailing_bytes";
  }
  return "?";
}

void encode_event(const Event& event, Instant now, std::vector<std::byte>& out) {
  Writer w(out);
  w.raw(static_cast<std::uint8_t>(event.index()));
  w.raw(now);
  std::visit(
      [&](const auto& e) {
        using T = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<T, Started>) {
          ATS_ASSERT(e.universe != nullptr && e.config != nullptr);
          w.raw(e.incarnation), w.raw(e.wall);
          archive::write_universe(w, *e.universe);
          fields(w, *e.config);
        } else if constexpr (
            requires { e.bids; } || requires { e.shares; } || requires { e.uses; }) {
          fields(w, e, nullptr, nullptr);
        } else {
          fields(w, e);
        }
      },
      event);
}

Status<CodecError> decode_event(std::span<const std::byte> bytes, DecodedEvent& out) {
  Reader r(bytes);
  std::uint8_t kind = 0;
  r.raw(kind);
  r.raw(out.now);
  const bool known = archive::with_alternative(kind, out.event, [&](auto& e) {
    using T = std::decay_t<decltype(e)>;
    if constexpr (std::is_same_v<T, Started>) {
      r.raw(e.incarnation), r.raw(e.wall);
      archive::read_universe(r, out.universe);
      fields(r, out.config);
      e.universe = &out.universe;
      e.config = &out.config;
    } else if constexpr (requires { e.bids; }) {
      fields(r, e, &out.bids, &out.asks);
    } else if constexpr (requires { e.shares; }) {
      fields(r, e, &out.shares, &out.holds);
    } else if constexpr (requires { e.uses; }) {
      fields(r, e, &out.uses, &out.positions);
    } else {
      fields(r, e);
    }
  });
  if (!known) return fail(CodecError::UnknownKind);
  if (const auto error = r.finish()) return fail(*error);
  return Done{};
}

void encode_action(const Action& action, std::vector<std::byte>& out) {
  Writer w(out);
  w.raw(static_cast<std::uint8_t>(action.index()));
  std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, Place> || std::is_same_v<T, Amend>) {
          fields(w, x.order.value());
          w.raw(x.order.serial());
          if constexpr (std::is_same_v<T, Amend>) rest_of(w, x);
        } else {
          fields(w, x);
        }
      },
      action);
}

Result<Action, CodecError> decode_action(std::span<const std::byte> bytes) {
  Reader r(bytes);
  std::uint8_t kind = 0;
  r.raw(kind);
  Action action = Stopped{};
  const bool known = archive::with_alternative(kind, action, [&](auto& x, auto&... serial) {
    if constexpr (std::is_same_v<std::decay_t<decltype(x)>, Amend>) {
      rest_of(r, x);
    } else {
      fields(r, x);
      (r.raw(serial), ...);
    }
  });
  if (!known) return fail(CodecError::UnknownKind);
  if (const auto error = r.finish()) return fail(*error);
  return action;
}

}  // namespace ats

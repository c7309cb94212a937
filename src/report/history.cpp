#include "report/history.hpp"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace ats::report {
namespace {

template <class T, class Variant, std::size_t I = 0>
constexpr std::size_t index_of() {
  static_assert(I < std::variant_size_v<Variant>);
  if constexpr (std::is_same_v<std::variant_alternative_t<I, Variant>, T>) {
    return I;
  } else {
    return index_of<T, Variant, I + 1>();
  }
}
template <class Variant, class... Kinds>
constexpr bool one_of(std::size_t kind) {
  return ((kind == index_of<Kinds, Variant>()) || ...);
}

std::uint32_t account(VenueId venue, AssetId asset) {
  return (std::uint32_t{venue.value} << 16) | asset.value;
}

}  // namespace

const char* name(StepKind kind) {
  switch (kind) {
    case StepKind::Placed:
      return "placed";
    case StepKind::Sent:
      return "sent";
    case StepKind::Acked:
      return "acked";
    case StepKind::Rejected:
      return "rejected";
    case StepKind::NotSent:
      return "not_sent";
    case StepKind::Filled:
      return "filled";
    case StepKind::Ended:
      return "ended";
    case StepKind::Found:
      return "found";
    case StepKind::NotFound:
      return "not_found";
    case StepKind::Unknown:
      return "unknown";
    case StepKind::Asked:
      return "asked";
    case StepKind::QuestionFailed:
      return "question_failed";
    case StepKind::CancelAsked:
      return "cancel_asked";
    case StepKind::CancelRejected:
      return "cancel_rejected";
    case StepKind::AmendAsked:
      return "amend_asked";
    case StepKind::Amended:
      return "amended";
    case StepKind::AmendRejected:
      return "amend_rejected";
    case StepKind::Restarted:
      return "restarted";
    case StepKind::Resolved:
      return "resolved";
  }
  return "?";
}

Amounts Execution::changed() const {
  Amounts amounts;
  for (const Leg& leg : legs) {
    for (const BookedFill& fill : leg.fills) {
      const bool buys = leg.side == Side::Buy;
      amounts.add(leg.base, buys ? fill.quantity : -fill.quantity);
      amounts.add(leg.quote, buys ? -fill.notional : fill.notional);
      amounts.add(fill.fee_asset, -fill.fee);
    }
  }
  return amounts;
}

bool History::concerns_event(std::size_t kind) {
  return one_of<Event, Started, Timer, InstrumentChanged, OrderAcked, OrderRejected, OrderFilled,
                OrderEnded, OrderFound, OrderNotFound, OrderUnknown, OrderNotSent, OrderSent,
                CancelRejected, QueryFailed, BalanceReported, BalancesComplete, OrderAmended,
                AmendRejected, ForeignFill>(kind);
}

bool History::concerns_action(std::size_t kind) {
  return one_of<Action, Place, Amend, Cancel, QueryOrder, OpportunityFound, ExecutionOpened,
                ExecutionResolved, Booked>(kind);
}

// --- events ---

void History::on(const Event& event, Instant now) {
  if (!begun() && !std::holds_alternative<Started>(event)) return;
  if (std::holds_alternative<Started>(event)) take_up_what_was_lost();
  passed();
  now_ = moment(now);
  std::visit([this](const auto& e) { on(e); }, event);
}

void History::passed() {
  filled_.reset();
  foreign_.reset();
  if (reported_) opened_.insert(account(reported_->venue, reported_->asset));
  reported_.reset();
}

void History::on(const Started& event) {
  universe_ = *event.universe;
  reporting_ = universe_.find_asset(event.config->reporting_asset.view());
  ++life_;
  anchor_wall_ = event.wall;
  anchor_ = now_.at;
  now_ = moment(now_.at);
  for (auto& [id, open] : executions_) {
    if (!open.resolved) open.steps.push_back({StepKind::Restarted, 0, now_, {}, {}, {}});
  }
}

void History::on(const Timer& event) {
  anchor_wall_ = event.wall;
  anchor_ = now_.at;
  now_ = moment(now_.at);
}

void History::on(const InstrumentChanged& event) {
  const InstrumentId id =
      universe_.find_instrument(event.instrument.venue, event.instrument.symbol.view());
  if (!known(id)) return;
  const Instrument& held = universe_.instrument(id);
  // What the engine does not take over is not taken over here.
  if (held.base != event.instrument.base || held.quote != event.instrument.quote ||
      held.price_scale != event.instrument.price_scale ||
      held.qty_scale != event.instrument.qty_scale) {
    return;
  }
  universe_.add_instrument(event.instrument);
}

void History::on(const OrderAcked& event) {
  Leg* leg = nullptr;
  if (of(event.order, leg) == nullptr) return;
  if (!leg->acked.told()) leg->acked = now_;
  if (leg->venue_order_id.empty()) leg->venue_order_id = event.venue_order_id;
  if (!is_final(leg->state)) leg->state = OrderState::Acked;
  step(StepKind::Acked, event.order);
}

// As it was written, which is before it is heard of.
void History::on(const OrderSent& event) {
  Leg* leg = nullptr;
  Execution* x = of(event.order, leg);
  if (x == nullptr || leg->written.told()) return;
  leg->route = event.route;
  leg->encoded = moment(event.encoded);
  leg->written = moment(event.written);
  x->steps.push_back(
      {StepKind::Sent, static_cast<std::uint8_t>(event.route), leg->written, event.order, {}, {}});
}

void History::on(const OrderRejected& event) {
  Leg* leg = nullptr;
  if (of(event.order, leg) == nullptr) return;
  leg->rejected = event.reason;
  end(event.order, StepKind::Rejected, OrderState::Rejected, {});
  step(StepKind::Rejected, event.order, static_cast<std::uint8_t>(event.reason));
}

void History::on(const OrderFilled& event) { filled_ = event.fill; }

void History::on(const ForeignFill& event) { foreign_ = event.fill; }

void History::on(const OrderEnded& event) {
  end(event.order, StepKind::Ended, event.state, event.filled);
}

void History::on(const OrderFound& event) {
  Leg* leg = nullptr;
  if (of(event.order, leg) == nullptr) return;
  if (leg->venue_order_id.empty()) leg->venue_order_id = event.venue_order_id;
  // What was asked before an amendment may be answered after it.
  if (leg->amending && event.terms.told() && known(leg->instrument)) amended(*leg, event.terms);
  if (!is_final(leg->state)) leg->state = event.state;
  end(event.order, StepKind::Found, event.state, event.filled);
}

void History::on(const OrderNotFound& event) { step(StepKind::NotFound, event.order); }

void History::on(const OrderUnknown& event) {
  Leg* leg = nullptr;
  if (of(event.order, leg) == nullptr) return;
  if (!is_final(leg->state)) leg->state = OrderState::Unknown;
  step(StepKind::Unknown, event.order, static_cast<std::uint8_t>(event.reason));
}

void History::on(const OrderNotSent& event) {
  end(event.order, StepKind::NotSent, OrderState::Rejected, {});
  step(StepKind::NotSent, event.order);
}

void History::on(const CancelRejected& event) {
  step(StepKind::CancelRejected, event.order, static_cast<std::uint8_t>(event.reason));
}

void History::on(const OrderAmended& event) {
  Leg* leg = nullptr;
  if (of(event.order, leg) == nullptr || !known(leg->instrument)) return;
  amended(*leg, event.terms);
  step(StepKind::Amended, event.order, 0, leg->quantity, leg->limit);
}

void History::on(const AmendRejected& event) {
  Leg* leg = nullptr;
  if (of(event.order, leg) != nullptr) leg->amending = false;
  step(StepKind::AmendRejected, event.order, static_cast<std::uint8_t>(event.reason));
}

// What an order that was counted full is for may have become more.
void History::amended(Leg& leg, const OrderTerms& terms) {
  const Instrument& on = universe_.instrument(leg.instrument);
  leg.amending = false;
  leg.limit = on.price_decimal(terms.price);
  leg.quantity = on.quantity_decimal(terms.quantity);
  if (leg.state == OrderState::Filled && leg.filled < leg.quantity) {
    leg.state = OrderState::PartlyFilled;
    leg.ended = {};
  }
}

void History::on(const QueryFailed& event) { step(StepKind::QuestionFailed, event.order); }

// The first balance an account is told opens it, with an entry unless it is zero.
void History::on(const BalanceReported& event) {
  if (opened_.count(account(event.venue, event.asset)) == 0) reported_ = event;
}

void History::on(const BalancesComplete& event) {
  for (std::size_t a = 0; a < universe_.assets().size(); ++a) {
    opened_.insert(account(event.venue, {static_cast<AssetId::rep>(a)}));
  }
}

// The venue's word on where an order stands; an end when it is a final one.
void History::end(OrderId order, StepKind kind, OrderState state, Quantity filled) {
  Leg* leg = nullptr;
  if (of(order, leg) == nullptr) return;
  if (is_final(state)) {
    leg->state = state;
    leg->ended = now_;
  }
  if (kind == StepKind::Rejected || kind == StepKind::NotSent) return;
  const Decimal counted = known(leg->instrument)
                              ? universe_.instrument(leg->instrument).quantity_decimal(filled)
                              : Decimal();
  step(kind, order, static_cast<std::uint8_t>(state), counted);
}

// --- actions ---

void History::on(const Action& action) {
  if (!begun()) return;
  std::visit([this](const auto& x) { on(x); }, action);
}

void History::on(const Place& action) {
  const OrderRequest& order = *action.order;
  if (!known(order.instrument)) return;
  const Instrument& on = universe_.instrument(order.instrument);
  Execution& x = execution(order.execution);
  if (x.legs.empty()) x.pair = on.pair, x.base = on.base;
  orders_.insert_or_assign(order.id,
                           LegAt{order.execution.value, static_cast<std::uint32_t>(x.legs.size())});
  Leg& leg = x.legs.emplace_back();
  leg.order = order.id;
  leg.instrument = on.id;
  leg.venue = on.venue;
  leg.base = on.base;
  leg.quote = on.quote;
  leg.side = order.side;
  leg.unwind = order.unwind;
  leg.limit = on.price_decimal(order.price);
  leg.quantity = on.quantity_decimal(order.quantity);
  leg.placed = now_;
  step(StepKind::Placed, order.id, 0, leg.quantity, leg.limit);
}

void History::on(const Amend& action) {
  const OrderRequest& order = *action.order;
  if (!known(order.instrument)) return;
  const Instrument& on = universe_.instrument(order.instrument);
  Leg* leg = nullptr;
  if (of(order.id, leg) != nullptr) leg->amending = true;
  step(StepKind::AmendAsked, order.id, 0, on.quantity_decimal(order.quantity),
       on.price_decimal(order.price));
}

void History::on(const Cancel& action) { step(StepKind::CancelAsked, action.order); }
void History::on(const QueryOrder& action) { step(StepKind::Asked, action.order); }

void History::on(const OpportunityFound& action) {
  if (!action.execution.valid()) return;
  Execution& x = execution(action.execution);
  x.strategy = action.strategy;
  x.gross = action.gross;
  x.net = action.net;
}

void History::on(const ExecutionOpened& action) {
  if (!known(action.buy.instrument) || !known(action.sell.instrument)) return;
  Execution& x = execution(action.execution);
  const Instrument& bought = universe_.instrument(action.buy.instrument);
  x.pair = bought.pair;
  x.base = bought.base;
  x.quoted = true;
  x.buy = quoted(action.buy);
  x.sell = quoted(action.sell);
  x.converted = action.converted;
  x.converted_into = action.converted_into;
}

QuotedSide History::quoted(const SeenBook& seen) const {
  const Instrument& on = universe_.instrument(seen.instrument);
  const auto level = [&](const Level& l) {
    return QuotedSide::Level{on.price_decimal(l.price), on.quantity_decimal(l.quantity)};
  };
  QuotedSide side;
  side.instrument = on.id;
  side.venue = on.venue;
  side.quote = on.quote;
  side.state = static_cast<BookState>(seen.state);
  side.age = seen.age;
  for (std::size_t n = 0; n < seen.level_count; ++n) side.levels.push_back(level(seen.levels[n]));
  side.other = level(seen.other);
  side.quantity = on.quantity_decimal(seen.quantity);
  side.notional = seen.notional;
  return side;
}

void History::on(const ExecutionResolved& action) {
  ++resolved_;
  Execution& x = execution(action.execution);
  if (!x.pair.valid() && action.pair.index() < universe_.pairs().size()) {
    x.pair = action.pair;
    x.base = universe_.pair(action.pair).base;
  }
  ++x.resolutions;
  x.resolved = true;
  x.outcome = action.outcome;
  x.ended = now_;
  x.residual = action.residual;
  x.reporting = action.reporting;
  x.marks.assign(action.marks.begin(), action.marks.begin() + action.mark_count);
  x.steps.push_back(
      {StepKind::Resolved, static_cast<std::uint8_t>(action.outcome), now_, {}, {}, {}});
  if (each_resolved_) each_resolved_(x);
  if (keep_ == Keep::All) return;
  for (const Leg& leg : x.legs) orders_.erase(leg.order);
  executions_.erase(action.execution.value);
}

void History::on(const Booked& action) {
  check_.booked(action);
  for (std::size_t n = 0; n < action.count; ++n) {
    const Posting& posting = action.postings[n];
    if (posting.account == Account::Venue) opened_.insert(account(posting.venue, posting.asset));
  }
  if (action.kind == EntryKind::Opening) reported_.reset();
  if (action.kind == EntryKind::ForeignFill && foreign_ && foreign_->id == action.fill) {
    foreign_booked_.insert({foreign_->instrument.value, std::string(action.fill.view())});
    foreign_.reset();
  }
  if (action.kind != EntryKind::Fill) return;
  if (filled_ && filled_->order == action.order && filled_->id == action.fill) {
    const Fill fill = *filled_;
    filled_.reset();
    book(fill);
  } else {
    ++strangers_;
  }
}

// A fill that the ledger took, by its own numbers: price, quantity and fee.
void History::book(const Fill& fill) {
  if (!known(fill.instrument)) return;
  const Instrument& on = universe_.instrument(fill.instrument);
  Leg* leg = nullptr;
  Execution* x = of(fill.order, leg);
  if (x == nullptr && keep_ == Keep::All) {
    ++strangers_;
    return;
  }
  ++fills_;
  BookedFill booked;
  booked.id = fill.id;
  booked.price = on.price_decimal(fill.price);
  booked.quantity = on.quantity_decimal(fill.quantity);
  booked.notional = on.notional(fill.price, fill.quantity);
  booked.fee = fill.fee;
  booked.fee_asset = fill.fee_asset;
  booked.liquidity = fill.liquidity;
  booked.at = now_;
  const bool buys = fill.side == Side::Buy;
  check_.traded(on.base, buys ? booked.quantity : -booked.quantity);
  check_.traded(on.quote, buys ? -booked.notional : booked.notional);
  check_.charged(fill.fee_asset, fill.fee);
  if (x == nullptr) return;
  x->resolved = false;
  leg->filled += booked.quantity;
  if (!leg->first_fill.told()) leg->first_fill = now_;
  if (leg->filled >= leg->quantity) {
    leg->state = OrderState::Filled;
    if (!leg->ended.told()) leg->ended = now_;
  } else if (!is_final(leg->state)) {
    leg->state = OrderState::PartlyFilled;
  }
  step(StepKind::Filled, fill.order, 0, booked.quantity, booked.price);
  leg->fills.push_back(booked);
}

// The run before died between an event and the record of what it led to. The next one folds the event again.
void History::take_up_what_was_lost() {
  if (filled_) {
    const Fill fill = *filled_;
    if (const auto entry = entry_of(fill)) {
      check_.booked(*entry);
      book(fill);
    }
  }
  if (foreign_) {
    if (const auto entry = entry_of_foreign(*foreign_)) {
      check_.booked(*entry);
      foreign_booked_.insert({foreign_->instrument.value, std::string(foreign_->id.view())});
    }
  }
  if (reported_ && !reported_->total.is_zero()) {
    Booked entry;
    entry.kind = EntryKind::Opening;
    entry.count = 2;
    entry.postings[0] = {Account::Venue, reported_->venue, reported_->asset, reported_->total};
    entry.postings[1] = {Account::External, {}, reported_->asset, -reported_->total};
    check_.booked(entry);
  }
}

// What the ledger books for a fill of an order of ours that it has not booked yet.
std::optional<Booked> History::entry_of(const Fill& fill) {
  Leg* leg = nullptr;
  if (!known(fill.instrument) || of(fill.order, leg) == nullptr) return std::nullopt;
  const Instrument& on = universe_.instrument(fill.instrument);
  const bool ours = leg->instrument == fill.instrument && leg->side == fill.side;
  const bool booked = std::any_of(leg->fills.begin(), leg->fills.end(),
                                  [&](const BookedFill& f) { return f.id == fill.id; });
  const Decimal base = on.quantity_decimal(fill.quantity);
  const auto quote = on.price_decimal(fill.price).multiply(base);
  if (!ours || booked || !quote || fill.price.units <= 0 || fill.quantity.units <= 0) {
    return std::nullopt;
  }
  Booked entry;
  entry.order = fill.order;
  entry.fill = fill.id;
  const auto post = [&](AssetId asset, Decimal amount, Account other) {
    entry.postings[entry.count++] = {Account::Venue, on.venue, asset, amount};
    entry.postings[entry.count++] = {other, {}, asset, -amount};
  };
  const bool buys = fill.side == Side::Buy;
  post(on.base, buys ? base : -base, Account::Trading);
  post(on.quote, buys ? -*quote : *quote, Account::Trading);
  if (!fill.fee.is_zero()) post(fill.fee_asset, -fill.fee, Account::Fees);
  return entry;
}

// What the ledger books for a fill of somebody else's order that it has not booked yet.
std::optional<Booked> History::entry_of_foreign(const Fill& fill) {
  if (!known(fill.instrument) || fill.price.units <= 0 || fill.quantity.units <= 0)
    return std::nullopt;
  if (foreign_booked_.contains({fill.instrument.value, std::string(fill.id.view())}))
    return std::nullopt;
  const Instrument& on = universe_.instrument(fill.instrument);
  const Decimal base = on.quantity_decimal(fill.quantity);
  const auto quote = on.price_decimal(fill.price).multiply(base);
  if (!quote) return std::nullopt;
  Booked entry;
  entry.kind = EntryKind::ForeignFill;
  entry.fill = fill.id;
  const auto post = [&](AssetId asset, Decimal amount) {
    if (opened_.count(account(on.venue, asset)) == 0) return;
    entry.postings[entry.count++] = {Account::Venue, on.venue, asset, amount};
    entry.postings[entry.count++] = {Account::External, {}, asset, -amount};
  };
  const bool buys = fill.side == Side::Buy;
  post(on.base, buys ? base : -base);
  post(on.quote, buys ? -*quote : *quote);
  if (!fill.fee.is_zero()) post(fill.fee_asset, -fill.fee);
  return entry;
}

// --- finding ---

const Execution* History::find(ExecutionId id) const {
  const auto found = executions_.find(id.value);
  return found == executions_.end() ? nullptr : &found->second;
}

Execution& History::execution(ExecutionId id) {
  const auto [at, news] = executions_.try_emplace(id.value);
  if (news) {
    at->second.id = id;
    at->second.opened = now_;
  }
  return at->second;
}

Execution* History::of(OrderId order, Leg*& leg) {
  const auto found = orders_.find(order);
  if (found == orders_.end()) return nullptr;
  Execution& x = executions_.at(found->second.execution);
  leg = &x.legs[found->second.leg];
  return &x;
}

void History::step(StepKind kind, OrderId order, std::uint8_t detail, Decimal quantity,
                   Decimal price) {
  Leg* leg = nullptr;
  if (Execution* x = of(order, leg))
    x->steps.push_back({kind, detail, now_, order, quantity, price});
}

Moment History::moment(Instant at) const { return {anchor_wall_ + (at - anchor_), at, life_}; }

}  // namespace ats::report

#include "sim/auditor.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace ats::sim {

const char* name(Invariant invariant) {
  constexpr std::array<const char*, invariant_count> names = {
      "order sent once",        "fill booked once", "exposure resolved", "ledger balances",
      "valid book only",        "approved only",    "unknown is held",   "journal folds",
      "same input same action", "halts hold",       "exact numbers",     "money conserved"};
  return names[static_cast<std::size_t>(invariant)];
}

Auditor::Counts& Auditor::Counts::operator+=(const Counts& other) {
  placed += other.placed;
  quotes += other.quotes;
  amends += other.amends;
  fills += other.fills;
  opened += other.opened;
  alerts += other.alerts;
  unwound_on_images += other.unwound_on_images;
  const auto add = [](auto& to, const auto& from) {
    for (std::size_t n = 0; n < to.size(); ++n) to[n] += from[n];
  };
  add(outcomes, other.outcomes);
  add(refused, other.refused);
  add(seen, other.seen);
  add(taken, other.taken);
  return *this;
}

Auditor::Auditor(const Universe& universe, const CoreConfig& config, std::uint64_t seed)
    : universe_(universe),
      config_(config),
      seed_(seed),
      instruments_(universe.instruments().begin(), universe.instruments().end()),
      watched_(universe.venues().size()),
      ledger_(universe.venues().size() * universe.assets().size()),
      inventory_(universe.assets().size()),
      open_since_(universe.assets().size()),
      mids_(universe.pairs().size()),
      marks_(universe.assets().size()),
      opening_(universe.assets().size()) {
  images_.resize(instruments_.size());
  bad_since_.resize(instruments_.size());
  for (const Instrument& i : instruments_)
    books_.emplace_back(universe.venue(i.venue).book, i.price_scale, i.qty_scale);
}

void Auditor::watch(const Exchange& exchange, AccountId account) {
  Watched& venue = watched_[exchange.venue().index()];
  venue.exchange = &exchange;
  venue.account = account;
}

void Auditor::violate(Invariant invariant, Instant at, std::string detail) {
  if (violations_.size() < violations_max) {
    violations_.push_back({invariant, at, seed_, std::move(detail)});
  }
}

namespace {

std::string spell(OrderId id) { return std::string(client_order_id(id).view()); }

}  // namespace

// ---- what the engine is told

void Auditor::before(const Event& event, Instant now) {
  check_foreign(now);
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { this->on(e, now); }) this->on(e, now);
        // Any market event is a sign of life of its venue.
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, Heartbeat>) {
          alive(e.venue, now);
        } else if constexpr (std::is_same_v<E, Trade> || std::is_same_v<E, Quote> ||
                             std::is_same_v<E, BookDelta> || std::is_same_v<E, BookSnapshot>) {
          alive(instrument(e.instrument).venue, now);
        }
      },
      event);
}

void Auditor::on(const Started& event, Instant now) {
  ATS_ASSERT(event.incarnation > incarnation_);
  incarnation_ = event.incarnation;
  stopping_ = false;
  for (auto& [scope, strict] : halts_) {
    if (strict > now) strict = now + config_.resolve_within;
  }
  of_earlier_lives_.clear();
  for (auto& [id, order] : orders_) {
    if (!order.final) of_earlier_lives_.push_back(id);
    order.there = false;
  }
  for (Watched& venue : watched_) {
    venue.market_up = venue.trading_up = venue.balances_told = false;
  }
  for (AuditBook& book : books_) book.on_down();
  images_.assign(images_.size(), {});
  instruments_.assign(event.universe->instruments().begin(), event.universe->instruments().end());
}

void Auditor::on(const ConnectionUp& event, Instant now) {
  Watched& venue = watched_[event.venue.index()];
  if (event.channel == Channel::Trading) {
    venue.trading_up = true;
    return;
  }
  venue.market_up = true;
  alive(event.venue, now);
  for (const Instrument& i : instruments_) {
    if (i.venue == event.venue) books_[i.id.index()].on_up();
  }
}

void Auditor::on(const ConnectionDown& event, Instant) {
  Watched& venue = watched_[event.venue.index()];
  if (event.channel == Channel::Trading) {
    venue.trading_up = false;
    return;
  }
  venue.market_up = false;
  for (const Instrument& i : instruments_) {
    if (i.venue == event.venue) books_[i.id.index()].on_down();
  }
}

void Auditor::on(const BookSnapshot& event, Instant) { books_[event.instrument.index()].on(event); }
void Auditor::on(const BookDelta& event, Instant) { books_[event.instrument.index()].on(event); }

void Auditor::on(const BookFault& event, Instant) {
  // A snapshot that did not come leaves the book as it was.
  if (event.reason == BookFaultReason::SnapshotFailed) return;
  for (const Instrument& i : instruments_) {
    if (i.id == event.instrument || (!event.instrument.valid() && i.venue == event.venue)) {
      books_[i.id.index()].on_fault();
    }
  }
}

void Auditor::on(const BookImage& event, Instant) {
  Instant& known = images_[event.instrument.index()];
  known = std::max(known, event.asked);
}

void Auditor::on(const InstrumentChanged& event, Instant) {
  instruments_[event.instrument.id.index()] = event.instrument;
}

void Auditor::on(const OrderAcked& event, Instant) {
  if (const auto found = orders_.find(event.order.value); found != orders_.end())
    found->second.there = true;
}
void Auditor::on(const OrderRejected& event, Instant) {
  if (event.reason != RejectReason::DuplicateId) finish(event.order);
}
void Auditor::on(const OrderNotSent& event, Instant) { finish(event.order); }
void Auditor::on(const OrderEnded& event, Instant) { finish(event.order); }
void Auditor::on(const OrderFound& event, Instant) {
  if (event.terms.told()) told_terms(event.order, event.terms);
  if (is_final(event.state)) {
    finish(event.order);
  } else if (const auto found = orders_.find(event.order.value); found != orders_.end()) {
    found->second.there = true;
  }
}
void Auditor::on(const OrderNotFound& event, Instant now) {
  const auto found = orders_.find(event.order.value);
  if (found == orders_.end()) return;
  if (now - found->second.placed >= config_.not_found_grace) found->second.final = true;
}

void Auditor::on(const BalancesComplete& event, Instant) {
  watched_[event.venue.index()].balances_told = true;
}

void Auditor::on(const CommandReceived& event, Instant now) {
  if (const auto* halt = std::get_if<HaltCommand>(&event.command)) {
    const Instant strict = halt->at_once ? now : now + config_.resolve_within;
    const auto [held, news] = halts_.emplace(key(halt->scope), strict);
    held->second = std::min(held->second, strict);
  }
  if (const auto* limit = std::get_if<SetLimitCommand>(&event.command)) {
    const LimitSetting& set = limit->setting;
    if (set.kind == LimitKind::OrderNotional && set.scope.place() == LimitPlace::Everywhere)
      most_an_order_ = limit->take_back ? config_.max_order_notional : set.hard;
  }
  if (std::holds_alternative<StopCommand>(event.command)) stopping_ = true;
  const auto* resume = std::get_if<ResumeCommand>(&event.command);
  if (resume != nullptr && !stopping_) {  // who stops lifts nothing
    halts_.erase(key(resume->scope));
    reduced_.erase(key(resume->scope));
    if (resume->scope.global()) lost_too_much_ = false;  // has to last again
  }
}

// ---- what the engine does

void Auditor::after(std::span<const Action> actions, Instant now) {
  for (const Action& action : actions) {
    if (const auto* place = std::get_if<Place>(&action)) {
      placed(*place, actions, now);
    } else if (const auto* amend = std::get_if<Amend>(&action)) {
      amended(*amend, now);
    } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
      const auto order = orders_.find(cancel->order.value);
      if (order != orders_.end()) order->second.cancel_asked = now;
    } else if (const auto* entry = std::get_if<Booked>(&action)) {
      booked(*entry, now);
    } else if (const auto* end = std::get_if<ExecutionResolved>(&action)) {
      resolved(*end, now);
    } else if (const auto* alert = std::get_if<Alert>(&action)) {
      alerted(*alert, now);
    } else if (const auto* seen = std::get_if<OpportunityFound>(&action)) {
      ++counts_.refused[static_cast<std::size_t>(seen->refused)];
      ++counts_.seen[static_cast<std::size_t>(seen->strategy)];
      if (seen->refused == RefuseReason::None) {
        ++counts_.taken[static_cast<std::size_t>(seen->strategy)];
      }
    }
  }
}

void Auditor::placed(const Place& place, std::span<const Action> actions, Instant now) {
  const OrderRequest& o = *place.order;
  const Instrument& i = instrument(o.instrument);
  const Watched& venue = watched(o.instrument);
  const std::string which =
      "order " + spell(o.id) + " on " + universe_.instrument_name(o.instrument);
  ++counts_.placed;
  if (o.post_only) ++counts_.quotes;

  const bool known_there = venue.exchange->find_order(venue.account, {0, spell(o.id)}) != nullptr;
  if (o.id.value <= last_order_ || known_there || o.id.value >> 32 != incarnation_) {
    violate(Invariant::OrderSentOnce, now, which + " is sent under an id that is not new");
  }
  last_order_ = std::max(last_order_, o.id.value);
  check_new(o, place.order.serial(), which, now);

  auto [execution, opened] = open_.try_emplace(o.execution.value);
  if (opened) {
    execution->second.pair = i.pair;
    execution->second.opened = now;
    ++counts_.opened;
  }
  for (const OrderId earlier : execution->second.orders) {
    const Order& other = orders_.at(earlier.value);
    const bool legs_together = !o.unwind && !other.request.unwind && other.placed == now &&
                               other.request.instrument != o.instrument;
    // A quote goes on standing while what it filled is hedged.
    const bool hedges = o.unwind && other.request.post_only;
    if (legs_together || hedges) continue;
    if (!other.final) {
      violate(Invariant::UnknownIsHeld, now,
              which + " is sent while the fate of " + spell(earlier) +
                  " of the same execution is not known");
    } else if (!o.unwind) {
      violate(Invariant::ApprovedOnly, now, which + " opens an execution that is open already");
    }
  }
  execution->second.orders.push_back(o.id);
  remember(o, now);
  check_limits(o, now);
  if (o.unwind) {
    check_unwind(o, now);
  } else if (o.post_only) {
    check_quote(o, now);
  } else {
    check_legs(o, actions, now);
  }
}

// What is new is priced from a Valid book. What is open may be traded away on what the venue answered to a
// question, if that left not too long ago.
void Auditor::check_book(const OrderRequest& o, Instant now) {
  const Instrument& i = instrument(o.instrument);
  const Watched& venue = watched(o.instrument);
  const AuditBook& book = books_[o.instrument.index()];
  const bool stale = now - venue.last_life > universe_.venue(i.venue).book.max_age;
  if (good_book(o.instrument, now)) return;
  const Instant image = images_[o.instrument.index()];
  const bool polled =
      config_.poll_after.ns > 0 && image.ns != 0 && now - image <= config_.max_polled_age;
  if (o.unwind && polled) {
    ++counts_.unwound_on_images;
    return;
  }
  const char* lacks = !venue.market_up ? "a connection" : stale ? "a sign of life" : book.why_not();
  violate(Invariant::ValidBookOnly, now,
          "order " + spell(o.id) + " on " + universe_.instrument_name(o.instrument) +
              " is priced from a book that lacks " + lacks +
              (polled ? " and was asked for by REST" : ""));
}

bool Auditor::good_book(InstrumentId id, Instant now) const {
  const VenueId at = instrument(id).venue;
  const Watched& venue = watched_[at.index()];
  const bool stale = now - venue.last_life > universe_.venue(at).book.max_age;
  return venue.market_up && !stale && books_[id.index()].valid();
}

void Auditor::check_limits(const OrderRequest& o, Instant now) {
  const Instrument& i = instrument(o.instrument);
  const std::string which = "order " + spell(o.id);
  if (const auto fault = check_order(i, o.price, o.quantity)) {
    violate(Invariant::ApprovedOnly, now, which + " breaks a rule of its venue: " + name(*fault));
  }
  const bool buys = o.side == Side::Buy;
  const Decimal spends = buys ? i.notional(o.price, o.quantity) : i.quantity_decimal(o.quantity);
  if (spends > ledger(i.venue, buys ? i.quote : i.base)) {
    violate(Invariant::ApprovedOnly, now, which + " spends more than its venue holds of ours");
  }
  if (o.unwind) return;
  // A mark of another currency is a mid of one book or of two: they are dislocated by a percent or two, and ours
  // are taken at other moments and from other venues.
  const bool reporting = universe_.asset(i.quote).name == config_.reporting_asset;
  const Decimal unsure = *most_an_order_.multiply_floor(Decimal::of("0.03"));
  const Decimal most = reporting ? most_an_order_ : most_an_order_ + unsure;
  if (worth(i.quote, i.notional(o.price, o.quantity)) > most) {
    violate(Invariant::ApprovedOnly, now, which + " is worth more than an order may be");
  }
  const auto open = std::count_if(open_.begin(), open_.end(), [&](const auto& execution) {
    return !only_quotes(execution.second) || execution.first == o.execution.value;
  });
  if (static_cast<std::uint64_t>(open) > config_.max_open_executions) {
    violate(Invariant::ApprovedOnly, now, which + " opens one execution too many");
  }
  // What the base asset's exposure becomes when everything in flight goes one way.
  Decimal exposed;
  for (const auto& [id, execution] : open_) {
    if (base_of(execution.pair) != i.base) continue;
    Decimal largest;
    for (const OrderId leg : execution.orders) {
      const OrderRequest& request = orders_.at(leg.value).request;
      const Instrument& at = instrument(request.instrument);
      largest = std::max(largest, worth(at.quote, at.notional(request.price, request.quantity)));
      const auto& other = orders_.at(leg.value).amending;
      if (other) {
        largest = std::max(largest, worth(at.quote, at.notional(other->price, other->quantity)));
      }
    }
    exposed += largest;
  }
  const Decimal slack = *config_.max_exposure.multiply_floor(Decimal::of("0.03"));
  if (exposed > config_.max_exposure + slack) {
    violate(Invariant::ApprovedOnly, now, which + " exposes more than the limit");
  }
}

// An unwind makes what is open smaller, of the asset or of its own execution (what was held before may be in
// a person's hands): never larger, never the other way round.
void Auditor::check_unwind(const OrderRequest& o, Instant now) {
  const Instrument& i = instrument(o.instrument);
  const Decimal open = inventory_[i.base.index()];
  const Decimal own = nets_[o.execution.value].booked;
  // And what is held from executions that are over may go with it.
  const Decimal with_held = open - held_by_others(i.base, o.execution.value);
  const bool sells = o.side == Side::Sell;
  Decimal quantity = i.quantity_decimal(o.quantity);
  // What the venue keeps of a purchase does not arrive.
  const auto fee = i.taker_fee(o.side, o.price, o.quantity);
  if (fee.asset == i.base) quantity -= fee.amount;
  if (quantity >
      std::max({sells ? open : -open, sells ? own : -own, sells ? with_held : -with_held})) {
    violate(Invariant::ApprovedOnly, now,
            "unwind " + spell(o.id) + " of " + quantity.to_string() + " while " + open.to_string() +
                " is open");
  }
}

// The two legs leave together: one buys, the other sells about as much elsewhere, at an edge that pays.
void Auditor::check_legs(const OrderRequest& o, std::span<const Action> actions, Instant now) {
  if (o.side == Side::Sell) return;
  const OrderRequest* sell = nullptr;
  for (const Action& action : actions) {
    const auto* place = std::get_if<Place>(&action);
    if (place != nullptr && place->order->execution == o.execution &&
        place->order->side == Side::Sell && !place->order->unwind) {
      sell = &*place->order;
    }
  }
  const std::string which = "execution of " + spell(o.id);
  if (sell == nullptr || instrument(sell->instrument).base != instrument(o.instrument).base ||
      sell->instrument == o.instrument) {
    violate(Invariant::ApprovedOnly, now, which + " buys and does not sell elsewhere");
    return;
  }
  check_conversion(o, *sell, now);
  const Instrument& from = instrument(o.instrument);
  const Instrument& to = instrument(sell->instrument);
  const double bought = from.quantity_decimal(o.quantity).to_double();  // statistics
  const double sold = to.quantity_decimal(sell->quantity).to_double();  // statistics
  const double lots = from.quantity_decimal({from.lot}).to_double() +   // statistics
                      to.quantity_decimal({to.lot}).to_double();        // statistics
  if (bought - sold > 0.005 * bought + lots || sold - bought > 0.005 * bought + lots) {
    violate(Invariant::ApprovedOnly, now, which + " buys and sells different quantities");
  }
  const auto ask = books_[o.instrument.index()].best(Side::Sell);
  const auto bid = books_[sell->instrument.index()].best(Side::Buy);
  if (!ask || !bid) return;  // reported as a book that is not valid
  const double pays = from.price_decimal(*ask).to_double() *        // statistics
                      (1 + from.fees.taker.decimal().to_double());  // statistics
  const double gets = to.price_decimal(*bid).to_double() *          // statistics
                      (1 - to.fees.taker.decimal().to_double()) *   // statistics
                      converts(to.quote, from.quote);               // statistics
  constexpr double tolerance = 1e-5;                                // a tenth of a basis point
  if (gets / pays - 1 < least_edge(from, to) - tolerance) {
    violate(Invariant::ApprovedOnly, now, which + " does not pay for its costs");
  }
}

// The best rate between two currencies by our books, after the fee; the configured one where no book has
// any. One of the same; zero when nothing is known.
double Auditor::converts(AssetId from, AssetId to) const {  // statistics
  if (from == to) return 1;
  double best = 0;  // statistics
  for (const Instrument& i : instruments_) {
    const bool sells = i.base == from && i.quote == to;
    if (!sells && (i.base != to || i.quote != from)) continue;
    const auto price = books_[i.id.index()].best(sells ? Side::Buy : Side::Sell);
    if (!price || !books_[i.id.index()].valid()) continue;
    const double at = i.price_decimal(*price).to_double();  // statistics
    const double fee = i.fees.taker.decimal().to_double();  // statistics
    best = std::max(best, sells ? at * (1 - fee) : 1 / (at * (1 + fee)));
  }
  if (best > 0) return best;
  for (const ConversionRate& rate : config_.rates) {
    const AssetId base = universe_.find_asset(rate.base.view());
    const AssetId quote = universe_.find_asset(rate.quote.view());
    if (base == from && quote == to) return rate.price.to_double();
    if (base == to && quote == from) return 1 / rate.price.to_double();
  }
  return 0;
}

// A conversion left open: between currencies that are named, and no further than the limit.
void Auditor::check_conversion(const OrderRequest& buy, const OrderRequest& sell, Instant now) {
  for (const OrderRequest* order : {&buy, &sell}) {
    const Instrument& i = instrument(order->instrument);
    if (instrument(buy.instrument).quote == instrument(sell.instrument).quote) return;
    const std::string name(universe_.asset(i.quote).name.view());
    const bool named = std::any_of(config_.currencies.begin(), config_.currencies.end(),
                                   [&](const Text<15>& c) { return c.view() == name; });
    if (!named) {
      violate(Invariant::ApprovedOnly, now, name + " is no currency to leave a conversion open in");
    }
    if (name == config_.reporting_asset.view()) continue;
    const Decimal before = change(i.quote);
    const Decimal notional = i.notional(order->price, order->quantity);
    const Decimal after = order->side == Side::Sell ? before + notional : before - notional;
    const Decimal slack = *config_.max_currency_exposure.multiply_floor(Decimal::of("0.03"));
    if (after.abs() > before.abs() &&
        worth(i.quote, after.abs()) > config_.max_currency_exposure + slack) {
      violate(Invariant::ExposureResolved, now,
              "conversions leave " + after.to_string() + " " + name + " open");
    }
  }
}

void Auditor::resolved(const ExecutionResolved& action, Instant now) {
  ++counts_.outcomes[static_cast<std::size_t>(action.outcome)];
  if (open_.erase(action.execution.value) == 0) {
    // What others left behind can be carried away without an order of its own.
    if (action.outcome == ExecutionOutcome::Completed) {
      violate(Invariant::ExposureResolved, now, "an execution completed that was never opened");
    }
  }
  if (action.outcome == ExecutionOutcome::HandedOver) {
    if (!halted({{}, action.pair})) {
      violate(Invariant::ExposureResolved, now, "an execution is handed over without a halt");
    }
    return;
  }
  // What other executions are at work on, or left in a person's hands, is theirs.
  const AssetId base = base_of(action.pair);
  const Decimal all = inventory_[base.index()];
  const Decimal own = all - held_by_others(base, action.execution.value);
  const auto net = nets_.find(action.execution.value);
  const Decimal booked = net == nets_.end() ? Decimal() : net->second.booked;
  const Decimal open = worth(base, std::min({all.abs(), own.abs(), booked.abs()}));
  if (open > config_.residual_tolerance + config_.residual_tolerance) {
    violate(Invariant::ExposureResolved, now,
            std::string("an execution ends as ") + name(action.outcome) + " while " +
                inventory_[base.index()].to_string() + " " +
                std::string(universe_.asset(base).name.view()) + " is open");
  }
}

void Auditor::alerted(const Alert& alert, Instant now) {
  ++counts_.alerts;
  if (alert.code == AlertCode::Resume) reduced_.erase(key(alert.scope));  // it has cooled down
  if (alert.severity < Severity::Critical) return;
  if (alert.code == AlertCode::LedgerBreak && alert.scope.venue.valid()) {
    if (!differs(alert.scope.venue)) {
      violate(Invariant::LedgerBalances, now,
              "a break is raised where there is none: " + std::string(alert.message.view()));
    }
    watched_[alert.scope.venue.index()].break_raised = true;
    halts_.emplace(key(alert.scope), now);
  }
  if (alert.code == AlertCode::LimitReached ||
      (alert.code == AlertCode::ForeignOrder && alert.scope.venue.valid()))
    reduced_.insert(key(alert.scope));
  if (alert.code == AlertCode::Halt || alert.code == AlertCode::DailyLoss ||
      alert.code == AlertCode::UnwindFailed) {
    halts_.emplace(key(alert.scope), now + config_.resolve_within);
  }
}

// ---- bookings

void Auditor::booked(const Booked& entry, Instant now) {
  Decimal sums[6];
  for (std::size_t n = 0; n < entry.count; ++n) {
    const Posting& posting = entry.postings[n];
    if (posting.account == Account::Venue) ledger(posting.venue, posting.asset) += posting.amount;
    for (std::size_t m = 0; m <= n; ++m) {
      if (entry.postings[m].asset == posting.asset) {
        sums[m] += posting.amount;
        break;
      }
    }
  }
  if (std::any_of(std::begin(sums), std::end(sums), [](Decimal d) { return !d.is_zero(); })) {
    violate(Invariant::LedgerBalances, now, "postings do not add up to zero");
  }
  if (entry.kind != EntryKind::Fill) {
    for (std::size_t n = 0; n < entry.count; ++n) {
      const Posting& posting = entry.postings[n];
      if (posting.account == Account::Venue) opening_[posting.asset.index()] += posting.amount;
    }
  }
  switch (entry.kind) {
    case EntryKind::Fill:
      booked_fill(entry, now);
      break;
    case EntryKind::ForeignFill:
      booked_foreign(entry, now);
      break;
    case EntryKind::Opening:
      for (std::size_t n = 0; n < entry.count; ++n) {
        const Posting& posting = entry.postings[n];
        if (posting.account != Account::Venue) continue;
        Watched& venue = watched_[posting.venue.index()];
        venue.opened = true;
        if (venue.exchange->balance(venue.account, posting.asset).total != posting.amount) {
          violate(Invariant::ExactNumbers, now, "an opening balance is not the venue's");
        }
      }
      break;
    case EntryKind::Transfer:
    case EntryKind::Correction:
      for (std::size_t n = 0; n < entry.count; ++n) {
        const Posting& posting = entry.postings[n];
        if (posting.account == Account::Venue && !watched_[posting.venue.index()].break_raised) {
          violate(Invariant::LedgerBalances, now, "the ledger is corrected without a break");
        }
      }
      break;
  }
}

void Auditor::booked_fill(const Booked& entry, Instant now) {
  const std::string which = "fill " + std::string(entry.fill.view()) + " of " + spell(entry.order);
  const auto order = orders_.find(entry.order.value);
  if (order == orders_.end()) {
    const bool ended = entry.order.value <= last_order_;
    violate(Invariant::FillBookedOnce, now,
            which + (ended ? " is booked for an order whose fills were all booked"
                           : " is booked for an order nobody placed"));
    return;
  }
  see_fills(now);
  const InstrumentId at = order->second.request.instrument;
  const FillKey fill_key{at.value, std::string(entry.fill.view())};
  const auto truth = fills_.find(fill_key);
  if (truth == fills_.end()) {
    violate(Invariant::FillBookedOnce, now, which + " is booked and never happened");
    return;
  }
  if (truth->second.booked) {
    violate(Invariant::FillBookedOnce, now, which + " is booked twice");
    return;
  }
  truth->second.booked = true;
  unbooked_.erase(fill_key);
  ++counts_.fills;
  const venues::VenueFill& fill = truth->second.fill;
  order->second.booked += fill.quantity;
  const venues::VenueOrder* there = truth_of(order->second.request);
  if (there == nullptr || order->second.booked >= there->quantity) order->second.final = true;

  // To the unit: what came in, what went out, what the venue kept.
  const Instrument& i = instrument(at);
  const bool buys = fill.side == Side::Buy;
  const Decimal base = i.quantity_decimal(fill.quantity);
  const Decimal quote = i.notional(fill.price, fill.quantity);
  Decimal at_venue[2] = {buys ? base : -base, buys ? -quote : quote};
  at_venue[fill.fee_asset == i.base ? 0 : 1] -= fill.fee;
  inventory_[i.base.index()] += at_venue[0];
  nets_[order->second.request.execution.value].booked += at_venue[0];
  Decimal fees;
  for (std::size_t n = 0; n < entry.count; ++n) {
    const Posting& posting = entry.postings[n];
    if (posting.account == Account::Venue && posting.venue == i.venue) {
      at_venue[posting.asset == i.base ? 0 : 1] -= posting.amount;
    } else if (posting.account == Account::Fees) {
      fees += posting.amount;
    }
  }
  if (!at_venue[0].is_zero() || !at_venue[1].is_zero() || fees != fill.fee) {
    violate(Invariant::ExactNumbers, now, which + " is booked with other numbers than the venue's");
  }
}

}  // namespace ats::sim

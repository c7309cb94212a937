// Wires the parts and hands each event to whom it concerns. Decides nothing itself but the order of
// things: books before detection, risk before placing, effects before notices.

#include "core/engine.hpp"

#include <algorithm>

#include "core/engine_parts.hpp"
#include "core/risk/measures/limit_measure.hpp"

namespace ats::core {

Engine::Engine() : parts_(std::make_unique<Parts>()) {}
Engine::~Engine() = default;

void Engine::on(const Event& event, Instant now, Actions& out, Departures* departures) {
  Parts& p = *parts_;
  const std::size_t from = out.size();
  p.now = now;
  p.departures = departures;
  p.measured_to = from;
  if (!p.started && !std::holds_alternative<Started>(event)) return;
  std::visit(
      [&](const auto& e) {
        p.on(e, out);
        // What is heard of orders, connections, balances and persons may matter to every quote.
        using E = std::decay_t<decltype(e)>;
        constexpr bool market = std::is_same_v<E, Heartbeat> || std::is_same_v<E, BookSnapshot> ||
                                std::is_same_v<E, BookDelta> || std::is_same_v<E, BookFault> ||
                                std::is_same_v<E, BookImage> || std::is_same_v<E, Trade> ||
                                std::is_same_v<E, Quote> || std::is_same_v<E, Timer>;
        if constexpr (!market) {
          p.measure_profit(out);
          p.maker->look(*p.books, p.executor, p.now, out);
        }
      },
      event);
  if (!p.situation.reconciled) p.check_reconciled(out);
  if (p.situation.stopping) p.check_stopped(out);
  if (out.size() == from) {
    p.gate.limits().measure();  // what has changed, while nothing waits to be sent
    return;
  }
  p.tally(out, from);
  p.measure_profit(out);
  const bool booked =
      std::any_of(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
                  [](const Action& a) { return std::holds_alternative<Booked>(a); });
  if (booked) {
    p.follow_holdings();
    p.gate.limits().holdings_changed();
  }
}

void Engine::status(CoreStatus& out) const { parts_->status(out); }

std::size_t Engine::levels(InstrumentId instrument, Side side, std::span<Level> out) const {
  const Parts& p = *parts_;
  if (!p.started || instrument.index() >= p.books->size()) return 0;
  const BookView book = p.books->view(instrument);
  if (!book.valid(p.now)) return 0;
  std::size_t count = 0;
  for (TickBook::Cursor at = book.levels(side); count < out.size() && at.next(out[count]);) ++count;
  return count;
}

InventoryReport Engine::inventory(const PlanRules& rules) const {
  const Parts& p = *parts_;
  if (!p.started) return {};
  return plan_inventory({p.universe, p.config, p.skew, p.ledger, *p.books, p.marks, p.executor},
                        rules, p.now);
}

RiskReport Engine::risk() const {
  const Parts& p = *parts_;
  return p.started ? p.measures.report(p.universe, p.ledger) : RiskReport{};
}

const RiskMeasures& Engine::measures() const { return parts_->measures; }

RiskMeasured Engine::measure(const MeasureRisk& asked) const {
  const RiskReport report = risk();
  return measure_for_limit(asked, report.positions, measures().prices(), report.reporting);
}

// --- life and time ---

void Engine::Parts::on(const Started& event, Actions&) {
  universe = *event.universe;
  config = *event.config;
  incarnation = event.incarnation;
  wall = event.wall;
  started = true;
  stop_told = false;
  lease_missed = false;
  tell_positions_at = now;
  at_risk.restart(config, now);
  situation = {};
  situation.links.resize(universe.venues().size());
  ledger.bind(universe.venues().size(), universe.assets().size());
  ledger.plant(config.mutant);
  balances.restart(universe.venues().size(), universe.assets().size(), now);
  foreign.restart(universe, config.foreign_orders);
  gate.restart(universe, config, now);
  const AssetId reporting = universe.find_asset(config.reporting_asset.view());
  marks.bind(universe.assets().size(), reporting);
  measures.restart(universe, reporting);
  gate.limits().watch(measures.profit());
  mids.assign(universe.instruments().size(), std::nullopt);
  was_valid.assign(universe.instruments().size(), false);
  books =
      std::make_unique<BookSet>(universe, BookPolling{config.poll_after, config.max_polled_age});
  if (detector) earlier_episodes += detector->episodes();
  if (cycles) earlier_episodes += cycles->episodes();
  detector = std::make_unique<Detector>(universe, config);
  cycles = std::make_unique<CycleDetector>(universe, config);
  skew.restart(universe, config);
  cycles->follow(&skew);
  follow_holdings();
  maker = std::make_unique<Maker>(universe, config);
  rates.reserve(RateList::most);
  averages.restart(universe);
  executor.restart(incarnation, now);
}

void Engine::Parts::on(const Timer& event, Actions& out) {
  wall = event.wall;
  books->on_timer(now, out);
  detect(out);
  consider(cycles->on_time(wall, *books, executor, now), out);
  refresh_marks();
  measures.on_time(universe, *books, rates, wall, now);
  gate.limits().profit_changed();
  executor.on_timer(now, out);
  measure_profit(out);
  maker->look(*books, executor, now, out);
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    if (balances.due(venue, !executor.unresolved(venue), config, now)) ask_balances(venue, out);
  }
  watch_at_risk(out);
  watch_limits(out);
  watch_holds(out);
  watch_lease(out);
}

void Engine::Parts::check_reconciled(Actions& out) {
  for (const Instrument& instrument : universe.instruments()) {
    if (!balances.agreed(instrument.venue, config, now)) return;
  }
  if (executor.earlier_life_unresolved()) return;
  situation.reconciled = true;
  alert(Severity::Info, AlertCode::Reconciled, {},
        "every order is accounted for and every balance compared", out, {}, true);
}

void Engine::Parts::check_stopped(Actions& out) {
  if (stop_told || !executor.idle()) return;
  stop_told = true;
  out.push_back(Stopped{});
}

// --- connections ---

void Engine::Parts::on(const ConnectionUp& event, Actions& out) {
  if (!known(event.venue)) return;
  VenueLink& link = situation.links[event.venue.index()];
  if (event.channel == Channel::MarketData) {
    link.market = true;
    books->on_connection(event.venue, true, now, out);
    detect(out);
    return;
  }
  link.trading = true;
  balances.connection_up(event.venue, now);
  foreign.asked(event.venue);
  out.push_back(QueryOpenOrders{event.venue});
  ask_balances(event.venue, out);
  executor.on_trading(event.venue, true, now, out);
}

void Engine::Parts::on(const ConnectionDown& event, Actions& out) {
  if (!known(event.venue)) return;
  gate.limits().on_venue_fault(event.venue, now);
  VenueLink& link = situation.links[event.venue.index()];
  if (event.channel == Channel::MarketData) {
    link.market = false;
    books->on_connection(event.venue, false, now, out);
    detect(out);
    return;
  }
  link.trading = false;
  balances.connection_down(event.venue);
  executor.on_trading(event.venue, false, now, out);
}

// --- market data ---

void Engine::Parts::on(const BookSnapshot& event, Actions& out) {
  if (!known(event.instrument)) return;
  books->on_snapshot(event, now, out);
  detect(out);
}

void Engine::Parts::on(const BookDelta& event, Actions& out) {
  if (!known(event.instrument)) return;
  books->on_delta(event, now, out);
  detect(out);
}

void Engine::Parts::on(const BookFault& event, Actions& out) {
  if (!known(event.instrument) && (event.instrument.valid() || !known(event.venue))) return;
  books->on_fault(event, now, out);
  detect(out);
}

void Engine::Parts::on(const BookImage& event, Actions& out) {
  if (!known(event.instrument)) return;
  books->on_image(event, now, out);
  detect(out);
}

void Engine::Parts::alive(VenueId venue, const Times& times, Actions& out) {
  if (!known(venue)) return;
  books->on_heartbeat(venue, times.recv_time, now, out);
  detect(out);
}

void Engine::Parts::on(const InstrumentChanged& event, Actions& out) {
  const Instrument& told = event.instrument;
  const InstrumentId id = universe.find_instrument(told.venue, told.symbol.view());
  if (!known(id)) return;
  const Instrument& held = universe.instrument(id);
  if (told.base != held.base || told.quote != held.quote || told.price_scale != held.price_scale ||
      told.qty_scale != held.qty_scale || told.tick <= 0 || told.lot <= 0) {
    // Orders and fills of before are counted in the old scale: a restart reads them anew.
    const Scope scope{{}, held.pair};
    gate.halt(scope, now);
    alert(Severity::Critical, AlertCode::Halt, scope,
          universe.instrument_name(id) + " changed its scale; the pair is halted until a restart",
          out, universe.instrument_name(id));
    return;
  }
  universe.add_instrument(told);
  books->on_instrument(universe.instrument(id), now, out);
  averages.on_instrument(universe.instrument(id));
  detector->on_instrument(universe.instrument(id));
  consider(cycles->on_instrument(universe.instrument(id), *books, executor, now), out);
  detect(out);
}

// Looks at every venue pair and cycle that the last call into the books may have changed.
void Engine::Parts::detect(Actions& out) {
  for (const InstrumentId id : books->changed()) {
    const auto candidates = detector->on_book(id, *books, executor, now);
    if (!candidates.empty()) consider(candidates, out);
    consider(cycles->on_book(id, *books, executor, now), out);
    maker->on_book(id, *books, executor, now, out);
  }
}

// The best first, as they come.
void Engine::Parts::consider(std::span<const CycleCandidate> candidates, Actions& out) {
  for (const CycleCandidate& candidate : candidates) {
    ExecutionId taken;
    LimitBreach breach;
    RefuseReason refused = candidate.refused;
    if (refused == RefuseReason::None) {
      const bool trades = cycles->mode(candidate.cycle) == StrategyMode::Trade;
      refused = trades ? executor.open(candidate, now, out, taken) : RefuseReason::ObserveOnly;
      if (trades && refused != RefuseReason::None) breach = gate.breach();
    }
    if (taken.valid()) tell_opened(candidate, taken, out);
    if (!cycles->answer(candidate, refused)) continue;
    OpportunityFound found = opportunity(candidate, universe, refused);
    found.execution = taken;
    found.breach = breach;
    out.push_back(found);
  }
}

// Candidates of one look are of one pair, and one execution per pair is open: the best goes first.
void Engine::Parts::consider(std::span<const Candidate> candidates, Actions& out) {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (candidate.refused != RefuseReason::None) continue;
    if (best == nullptr || candidate.walked.profit > best->walked.profit) best = &candidate;
  }
  for (const Candidate& candidate : candidates) {
    ExecutionId taken;
    LimitBreach breach;
    RefuseReason refused = candidate.refused;
    if (&candidate == best) {
      refused = executor.open(candidate, now, out, taken);
      if (refused != RefuseReason::None) breach = gate.breach();
      if (taken.valid()) tell_opened(candidate, taken, out);
    } else if (refused == RefuseReason::None) {
      refused = RefuseReason::PairBusy;
    }
    answer(candidate, refused, breach, taken, out);
  }
}

void Engine::Parts::answer(const Candidate& candidate, RefuseReason refused,
                           const LimitBreach& breach, ExecutionId taken, Actions& out) {
  if (!detector->answer(candidate, refused)) return;
  OpportunityFound found = opportunity(candidate, refused);
  found.execution = taken;
  found.breach = breach;
  out.push_back(found);
}

// --- balances ---

void Engine::Parts::ask_balances(VenueId venue, Actions& out) {
  balances.asked(venue, !executor.unresolved(venue), now);
  out.push_back(QueryBalances{venue, now});
}

void Engine::Parts::open_account(VenueId venue, AssetId asset, Decimal total, Actions& out) {
  const auto opened = ledger.open(venue, asset, total);
  if (!opened) {
    gate.halt(venue);
    alert(Severity::Emergency, AlertCode::LedgerBreak, {venue, {}},
          "the venue tells a balance that no account can hold; the venue is halted", out,
          universe.asset(asset).name.view());
    return;
  }
  if (!total.is_zero()) out.push_back(*opened);
}

void Engine::Parts::on(const BalanceReported& event, Actions& out) {
  if (!known(event.venue) || !known(event.asset)) return;
  balances.reported(event.venue, event.asset, event.total);
  if (!ledger.opened(event.venue, event.asset)) {
    open_account(event.venue, event.asset, event.total, out);
  }
}

void Engine::Parts::on(const BalancesComplete& event, Actions& out) {
  if (!known(event.venue)) return;
  BalanceWatch::Findings found;
  balances.complete(event.venue, event.asked, ledger, now, found);
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    if (!ledger.opened(event.venue, asset)) open_account(event.venue, asset, {}, out);
  }
  follow_holdings();  // an account that is empty has been told now, and nothing was booked
  const Scope scope{event.venue, {}};
  const auto tell = [&](Severity severity, const Difference& d, const char* what, bool over) {
    alert(severity, AlertCode::LedgerBreak, scope,
          std::string(universe.venue(d.venue).name.view()) + " " +
              std::string(universe.asset(d.asset).name.view()) + ": ledger " +
              d.ledger.to_string() + ", venue " + d.reported.to_string() + "; " + what,
          out, universe.asset(d.asset).name.view(), over);
  };
  for (const Difference& d : found.breaks) {
    gate.halt(event.venue);
    tell(Severity::Emergency, d, "the venue is halted", false);
  }
  for (const Difference& d : found.healed) tell(Severity::Info, d, "they agree again", true);
  if (found.suspected) executor.ask_doubtful(event.venue, now, out);
}

// The ledger changed: the smallest edges follow what is held where.
void Engine::Parts::follow_holdings() {
  if (skew.refresh(universe, ledger)) detector->ask_for(skew);
}

// What a trade made is known before the next is asked about.
void Engine::Parts::measure_profit(const Actions& out) {
  const auto these = std::span(out).subspan(measured_to);
  measured_to = out.size();
  measures.on(these, universe);
  if (std::ranges::any_of(
          these, [](const Action& a) { return std::holds_alternative<ExecutionResolved>(a); }))
    gate.limits().profit_changed();
}

// --- worth ---

void Engine::Parts::refresh_marks() {
  read_mids(universe, *books, true, now, mids);
  rates.clear();
  for (const ConversionRate& rate : config.rates) {
    const AssetId base = universe.find_asset(rate.base.view());
    const AssetId quote = universe.find_asset(rate.quote.view());
    const Duration age = wall - rate.as_of;
    if (!base.valid() || !quote.valid() || age.ns < 0 || age > config.rate_max_age) continue;
    rates.push_back({base, quote, rate.price});
  }
  marks.refresh(universe, mids, rates);
}

// In the reporting currency, by the last marks; `complete`: all of them are fresh.
Decimal Engine::Parts::profit(bool& complete) const {
  Decimal sum;
  complete = true;
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    const Decimal change = ledger.change(asset);
    if (change.is_zero()) continue;
    if (!marks.fresh(asset)) complete = false;
    const auto worth = marks.worth(asset, change);
    const auto added = worth ? sum.checked_add(*worth) : fail(NumberError::Overflow);
    if (added) {
      sum = *added;
    } else {
      complete = false;
    }
  }
  return sum;
}

// --- what is shown ---

// Every counter is a count of actions: what the journal tells, the status tells.
void Engine::Parts::tally(const Actions& out, std::size_t from) {
  for (std::size_t i = from; i < out.size(); ++i) {
    const Action& action = out[i];
    if (const auto* place = std::get_if<Place>(&action)) {
      ++counts.orders_placed;
      if (place->order->post_only) ++counts.quotes_placed;
    } else if (std::holds_alternative<Amend>(action)) {
      ++counts.quotes_amended;
    } else if (std::holds_alternative<Alert>(action)) {
      ++counts.alerts;
    } else if (const auto* changed = std::get_if<BookStateChanged>(&action)) {
      const bool valid = static_cast<BookState>(changed->state) == BookState::Valid;
      const auto reason = static_cast<BookReason>(changed->reason);
      const bool lost =
          !valid && was_valid[changed->instrument.index()] && reason != BookReason::Disconnected;
      was_valid[changed->instrument.index()] = valid;
      if (lost) gate.limits().on_data_fault(universe.instrument(changed->instrument).venue, now);
    } else if (const auto* found = std::get_if<OpportunityFound>(&action)) {
      if (found->refused == RefuseReason::None) {
        ++counts.sent;
      } else {
        ++counts.refused[static_cast<std::size_t>(found->refused)];
      }
    } else if (const auto* resolved = std::get_if<ExecutionResolved>(&action)) {
      switch (resolved->outcome) {
        case ExecutionOutcome::Completed:
          ++counts.completed;
          break;
        case ExecutionOutcome::Unwound:
          ++counts.unwound;
          break;
        case ExecutionOutcome::Residual:
          ++counts.residual;
          break;
        case ExecutionOutcome::Missed:
          ++counts.missed;
          break;
        case ExecutionOutcome::HandedOver:
          ++counts.handed_over;
          break;
        case ExecutionOutcome::Unfilled:
          ++counts.quotes_unfilled;
          break;
      }
    }
  }
}

void Engine::Parts::status(CoreStatus& out) const {
  out = counts;
  out.now = now;
  out.wall = wall;
  out.incarnation = incarnation;
  out.reconciled = situation.reconciled;
  out.stopping = situation.stopping;
  out.halts.clear();
  out.holds.clear();
  for (const Hold& hold : gate.holds().all()) {
    if (hold.state == RiskState::Halted) out.halts.push_back(hold.scope);
    out.holds.push_back({hold.scope, hold.state, hold.resolving, hold.limit, hold.by});
  }
  gate.limits().status(out.limits);
  out.lease = gate.lease().status(now);
  out.fills_booked = ledger.fills_booked();
  out.duplicate_fills = ledger.duplicates();
  if (!started) return;
  books->status(out.books);
  detector->status(*books, now, out.edges);
  cycles->status(out);
  out.opportunities = earlier_episodes + detector->episodes() + cycles->episodes();
  executor.status(out);
  maker->status(executor, out.quotes);
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    for (std::size_t a = 0; a < universe.assets().size(); ++a) {
      const VenueId venue{static_cast<VenueId::rep>(v)};
      const AssetId asset{static_cast<AssetId::rep>(a)};
      const BalanceWatch::Report& report = balances.report(venue, asset);
      if (!report.told && !ledger.opened(venue, asset)) continue;
      out.balances.push_back({venue, asset, ledger.balance(venue, asset),
                              executor.reserved(venue, asset), report.total, report.told,
                              foreign.held(venue, asset)});
    }
  }
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    out.totals.push_back({asset, ledger.change(asset), ledger.fees(asset)});
  }
  out.pnl_reporting = profit(out.pnl_reporting_complete);
}

}  // namespace ats::core

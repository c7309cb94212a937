// Wires the parts and hands each event to whom it concerns. Decides nothing itself but the order of
// things: books before detection, risk before placing, effects before notices.

#include "core/engine.hpp"

#include <algorithm>
#include <string>

#include "core/books/book_set.hpp"
#include "core/detector/cycles.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/seen.hpp"
#include "core/executor/executor.hpp"
#include "core/inventory/plan.hpp"
#include "core/inventory/skew.hpp"
#include "core/ledger/balance_watch.hpp"
#include "core/ledger/ledger.hpp"
#include "core/ledger/marks.hpp"
#include "core/maker/maker.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "core/risk/risk_gate.hpp"

namespace ats::core {

struct Engine::Parts {
  // --- what this life was started with ---
  Universe universe;
  CoreConfig config;
  std::uint32_t incarnation = 0;
  bool started = false;

  // --- parts that keep their state over restarts ---
  Situation situation;
  Ledger ledger;
  BalanceWatch balances;
  RiskGate gate;
  Marks marks;
  InventorySkew skew;
  RiskMeasures measures;  // told, and no input to a decision
  // --- parts that start over ---
  std::unique_ptr<BookSet> books;
  TradeAverages averages;
  std::unique_ptr<Detector> detector;
  std::unique_ptr<CycleDetector> cycles;
  std::unique_ptr<Maker> maker;
  Executor executor{
      {universe, config, situation, books, averages, marks, ledger, balances, gate, skew}};

  Instant now;
  WallTime wall;
  bool stop_told = false;
  struct Asked {  // to resume, by a first person
    Scope scope;
    Text<31> who;
  };
  std::vector<Asked> asked_to_resume;
  std::vector<LimitNews> news;
  std::vector<Scope> scopes;
  std::uint64_t earlier_episodes = 0;  // of detectors of earlier lives
  std::vector<std::optional<Decimal>> mids;
  std::vector<Marks::Told> rates;  // that count now
  CoreStatus counts;               // only its counters are kept

  // --- events: one overload each ---
  void on(const Started& event, Actions& out);
  void on(const Timer& event, Actions& out);
  void on(const ConnectionUp& event, Actions& out);
  void on(const ConnectionDown& event, Actions& out);
  void on(const Heartbeat& event, Actions& out) { alive(event.venue, event.times, out); }
  void on(const BookSnapshot& event, Actions& out);
  void on(const BookDelta& event, Actions& out);
  void on(const BookFault& event, Actions& out);
  void on(const BookImage& event, Actions& out);
  void on(const Trade& event, Actions& out) {
    averages.on(event, now);
    alive(event.instrument, event.times, out);
  }
  void on(const Quote& event, Actions& out) { alive(event.instrument, event.times, out); }
  void on(const InstrumentChanged& event, Actions& out);
  void on(const BalanceReported& event, Actions& out);
  void on(const BalancesComplete& event, Actions& out);
  void on(const ForeignOrder& event, Actions& out);
  void on(const CommandReceived& event, Actions& out);
  void on(const OpenOrdersComplete&, Actions&) {}  // each of them is asked for by name
  void on(const OrderSent& event, Actions&) { executor.on(event); }
  // All answers about orders.
  template <class OrderEvent>
  void on(const OrderEvent& event, Actions& out) {
    executor.on(event, now, out);
  }

  void on(const HaltCommand& command, Actions& out);
  void on(const ResumeCommand& command, Actions& out);
  void on(const StopCommand& command, Actions& out);
  void on(const SetLimitCommand& command, Actions& out);

  bool known(VenueId id) const { return id.index() < universe.venues().size(); }
  bool known(AssetId id) const { return id.index() < universe.assets().size(); }
  bool known(PairId id) const { return id.index() < universe.pairs().size(); }
  bool known(InstrumentId id) const { return id.index() < universe.instruments().size(); }

  void alive(VenueId venue, const Times& times, Actions& out);
  void alive(InstrumentId id, const Times& times, Actions& out) {
    if (known(id)) alive(universe.instrument(id).venue, times, out);
  }
  void detect(Actions& out);
  void consider(std::span<const Candidate> candidates, Actions& out);
  void consider(std::span<const CycleCandidate> candidates, Actions& out);
  void answer(const Candidate& candidate, RefuseReason refused, const LimitBreach& breach,
              ExecutionId taken, Actions& out);
  void ask_balances(VenueId venue, Actions& out);
  void open_account(VenueId venue, AssetId asset, Decimal total, Actions& out);
  void accept_differences(VenueId venue, const ResumeCommand& command, Actions& out);
  void follow_holdings();
  void refresh_marks();
  Decimal profit(bool& complete) const;
  void check_reconciled(Actions& out);
  void check_stopped(Actions& out);
  void watch_limits(Actions& out);
  void reached(std::size_t limit, Actions& out);
  void released(std::size_t limit, Actions& out);
  bool second_person(const Scope& scope, const ResumeCommand& command, Actions& out);
  void tally(const Actions& out, std::size_t from);
  void alert(Severity severity, AlertCode code, const Scope& scope, std::string_view message,
             Actions& out) {
    out.push_back(Alert{severity, code, scope, Text<127>::cut(message)});
  }
  std::string describe(const Scope& scope) const;
  void status(CoreStatus& out) const;
};

Engine::Engine() : parts_(std::make_unique<Parts>()) {}
Engine::~Engine() = default;

void Engine::on(const Event& event, Instant now, Actions& out) {
  Parts& p = *parts_;
  const std::size_t from = out.size();
  p.now = now;
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
        if constexpr (!market) p.maker->look(*p.books, p.executor, p.now, out);
      },
      event);
  if (!p.situation.reconciled) p.check_reconciled(out);
  if (p.situation.stopping) p.check_stopped(out);
  if (out.size() == from) return;
  p.tally(out, from);
  p.measures.on(std::span(out).subspan(from), p.universe);
  const bool booked =
      std::any_of(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
                  [](const Action& a) { return std::holds_alternative<Booked>(a); });
  if (booked) {
    p.follow_holdings();
    p.gate.limits().holdings_changed();
  }
}

void Engine::status(CoreStatus& out) const { parts_->status(out); }

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

// --- life and time ---

void Engine::Parts::on(const Started& event, Actions&) {
  universe = *event.universe;
  config = *event.config;
  incarnation = event.incarnation;
  wall = event.wall;
  started = true;
  stop_told = false;
  situation = {};
  situation.links.resize(universe.venues().size());
  ledger.bind(universe.venues().size(), universe.assets().size());
  ledger.plant(config.mutant);
  balances.restart(universe.venues().size(), universe.assets().size(), now);
  gate.restart(universe, config, now);
  const AssetId reporting = universe.find_asset(config.reporting_asset.view());
  marks.bind(universe.assets().size(), reporting);
  measures.restart(universe, reporting);
  mids.assign(universe.instruments().size(), std::nullopt);
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
  executor.on_timer(now, out);
  maker->look(*books, executor, now, out);
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    if (balances.due(venue, !executor.unresolved(venue), config, now)) ask_balances(venue, out);
  }
  watch_limits(out);
}

void Engine::Parts::watch_limits(Actions& out) {
  bool complete = false;
  news.clear();
  gate.limits().on_timer(wall, now, profit(complete), news);
  for (const LimitNews& item : news) {
    const LimitStatus limit = gate.limits().status_of(item.limit);
    const LimitSetting& set = limit.setting;
    const auto tell = [&](Severity severity, AlertCode code, std::string_view what, Decimal bound) {
      alert(severity, code, {},
            std::string(name(set.kind)) + " " + to_text(set.scope) + " is " +
                limit.value.floor_to(6).to_string() + ", " + std::string(what) + " " +
                bound.to_string(),
            out);
    };
    switch (item.what) {
      case LimitNews::What::Warned:
        tell(Severity::Warning, AlertCode::LimitWarning, "past the warning at", *set.warn);
        break;
      case LimitNews::What::Cleared:
        tell(Severity::Info, AlertCode::LimitWarning, "well within the warning at", *set.warn);
        break;
      case LimitNews::What::Reached:
        reached(item.limit, out);
        break;
      case LimitNews::What::Released:
        released(item.limit, out);
        break;
    }
  }
  scopes.clear();
  gate.holds().on_timer(
      now, [&](const Hold& hold) { return executor.open_in(hold); }, scopes);
  for (const Scope& scope : scopes) {
    if (scope.venue.valid()) continue;  // nothing went there from the beginning
    const Hold* hold = gate.holds().find(scope);
    const bool left = executor.open_in(*hold);
    alert(
        left ? Severity::Critical : Severity::Info, AlertCode::Halt, scope,
        describe(scope) + (left ? ": the time to resolve what is open is over; it stays open, and "
                                  "no order leaves any more"
                                : ": nothing is open; no order leaves any more"),
        out);
  }
}

// A limit that watches has been over its hard level for long enough to be believed.
void Engine::Parts::reached(std::size_t which, Actions& out) {
  const LimitStatus limit = gate.limits().status_of(which);
  const LimitSetting& set = limit.setting;
  if (set.kind == LimitKind::DailyLoss && config.mutant == Mutant::IgnoreDailyLoss) return;
  gate.limits().scopes_of(which, scopes);
  const std::string what = std::string(name(set.kind)) + " " + to_text(set.scope) + " is " +
                           limit.value.floor_to(6).to_string() + ", its limit " +
                           set.hard.to_string();
  for (const Scope& scope : scopes) {
    if (set.effect == LimitEffect::Refuses) {
      alert(Severity::Warning, AlertCode::LimitReached, scope, what + "; what raises it is refused",
            out);
      return;
    }
    Hold hold;
    hold.scope = scope;
    hold.limit = set.kind;
    hold.state = set.effect == LimitEffect::Halts ? RiskState::Halted : RiskState::ReduceOnly;
    hold.resolving = set.effect == LimitEffect::Halts;
    hold.resolve_until = now + config.resolve_within;
    gate.holds().set(hold);
    const AlertCode code =
        set.kind == LimitKind::DailyLoss ? AlertCode::DailyLoss : AlertCode::LimitReached;
    alert(Severity::Critical, code, scope,
          what + "; " + describe(scope) +
              (set.effect == LimitEffect::Halts ? " is halted" : " is reduced, nothing is opened"),
          out);
  }
}

void Engine::Parts::released(std::size_t which, Actions& out) {
  const LimitSetting& set = gate.limits().at(which);
  gate.limits().scopes_of(which, scopes);
  for (const Scope& scope : scopes) {
    const Hold* hold = gate.holds().find(scope);
    const bool ours =
        hold != nullptr && hold->limit == set.kind && hold->state == RiskState::ReduceOnly;
    if (!ours) continue;
    gate.holds().lift(scope);
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + " is opened again: " + name(set.kind) + " has been well for a while",
          out);
  }
}

void Engine::Parts::check_reconciled(Actions& out) {
  for (const Instrument& instrument : universe.instruments()) {
    if (!balances.agreed(instrument.venue, config, now)) return;
  }
  if (executor.earlier_life_unresolved()) return;
  situation.reconciled = true;
  alert(Severity::Info, AlertCode::Reconciled, {},
        "every order is accounted for and every balance compared", out);
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
          out);
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
    if (taken.valid()) out.push_back(opened(candidate, taken, universe, *books, now));
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
      if (taken.valid()) out.push_back(opened(candidate, taken, universe, *books, now));
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
    alert(Severity::Critical, AlertCode::LedgerBreak, {venue, {}},
          "the venue tells a balance that no account can hold; the venue is halted", out);
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
  const auto tell = [&](Severity severity, const Difference& d, const char* what) {
    alert(severity, AlertCode::LedgerBreak, scope,
          std::string(universe.venue(d.venue).name.view()) + " " +
              std::string(universe.asset(d.asset).name.view()) + ": ledger " +
              d.ledger.to_string() + ", venue " + d.reported.to_string() + "; " + what,
          out);
  };
  for (const Difference& d : found.breaks) {
    gate.halt(event.venue);
    tell(Severity::Critical, d, "the venue is halted");
  }
  for (const Difference& d : found.healed) tell(Severity::Info, d, "they agree again");
  if (found.suspected) executor.ask_doubtful(event.venue, now, out);
}

void Engine::Parts::on(const ForeignOrder& event, Actions& out) {
  if (!known(event.venue)) return;
  alert(Severity::Warning, AlertCode::ForeignOrder, {event.venue, {}},
        "an open order that is not ours: " + std::string(event.venue_order_id.view()), out);
}

// --- commands ---

std::string Engine::Parts::describe(const Scope& scope) const {
  if (scope.venue.valid()) return std::string(universe.venue(scope.venue).name.view());
  if (scope.strategy) return std::string("strategy ") + name(*scope.strategy);
  return scope.pair.valid() ? universe.pair_name(scope.pair) : "everything";
}

void Engine::Parts::on(const CommandReceived& event, Actions& out) {
  std::visit([&](const auto& command) { on(command, out); }, event.command);
}

// A venue and a pair together are two halts. A scope that does not exist halts everything: whoever asked
// for it wanted something to stop.
void Engine::Parts::on(const HaltCommand& command, Actions& out) {
  const Scope& asked = command.scope;
  const bool exists =
      (!asked.venue.valid() || known(asked.venue)) && (!asked.pair.valid() || known(asked.pair));
  const auto halt = [&](const Scope& scope) {
    Hold hold;
    hold.scope = scope;
    hold.state = command.reduce_only ? RiskState::ReduceOnly : RiskState::Halted;
    hold.resolving = !command.at_once && !command.reduce_only;
    hold.resolve_until = now + config.resolve_within;
    hold.flatten = command.flatten;
    const bool held = !gate.holds().set(hold);
    alert(Severity::Warning, AlertCode::Halt, scope,
          describe(scope) +
              (held                  ? " was held up already, says "
               : command.reduce_only ? " reduced by "
                                     : " halted by ") +
              std::string(command.who.view()) + ": " + std::string(command.reason.view()),
          out);
  };
  if (!exists || asked.global()) {
    halt({});
    return;
  }
  if (asked.venue.valid()) halt({asked.venue, {}});
  if (asked.pair.valid()) halt({{}, asked.pair});
  if (asked.strategy) halt({{}, {}, asked.strategy});
}

// Where two have to ask, the first one's is kept until another asks for the same.
bool Engine::Parts::second_person(const Scope& scope, const ResumeCommand& command, Actions& out) {
  if (!config.resume_by_two || gate.holds().find(scope) == nullptr) return true;
  const auto first = std::find_if(asked_to_resume.begin(), asked_to_resume.end(),
                                  [&](const Asked& asked) { return asked.scope == scope; });
  if (first != asked_to_resume.end() && first->who != command.who) {
    return true;
  }
  if (first == asked_to_resume.end()) asked_to_resume.push_back({scope, command.who});
  alert(Severity::Info, AlertCode::Resume, scope,
        describe(scope) + " stays as it is until a second person asks for it, too; asked by " +
            std::string(command.who.view()),
        out);
  return false;
}

void Engine::Parts::on(const ResumeCommand& command, Actions& out) {
  const Scope& asked = command.scope;
  if ((asked.venue.valid() && !known(asked.venue)) || (asked.pair.valid() && !known(asked.pair))) {
    return;
  }
  if (situation.stopping) {
    // Nobody would take up what a halted pair holds: the halt must outlive the stop.
    alert(Severity::Warning, AlertCode::Resume, asked,
          describe(asked) + " stays halted while stopping; resume it after the next start", out);
    return;
  }
  if (config.mutant == Mutant::ResumeAll) gate.holds().lift_all();
  const auto resume = [&](const Scope& scope) {
    if (!second_person(scope, command, out)) return false;
    const bool was = gate.holds().lift(scope);
    std::erase_if(asked_to_resume, [&](const Asked& a) { return a.scope == scope; });
    gate.limits().forgive(scope);
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + (was ? " resumed by " : " was not held up, for ") +
              std::string(command.who.view()) + ": " + std::string(command.reason.view()),
          out);
    return was;
  };
  if (asked.global()) {
    resume({});
    return;
  }
  if (asked.venue.valid() && resume({asked.venue, {}})) {
    accept_differences(asked.venue, command, out);
  }
  if (asked.pair.valid() && resume({{}, asked.pair})) executor.on_resumed(asked.pair, now, out);
  if (asked.strategy) resume({{}, {}, asked.strategy});
}

// Who, when (the event's time), from, to: the journal has it, and so has the alert.
void Engine::Parts::on(const SetLimitCommand& command, Actions& out) {
  const LimitSetting& wanted = command.setting;
  const auto spell = [](const std::optional<LimitSetting>& setting) {
    return setting ? to_text(*setting) : std::string("none");
  };
  const std::optional<LimitSetting> before = gate.limits().in_force(wanted);
  std::string what;
  if (command.take_back) {
    const bool was = gate.limits().take_back(wanted, now);
    what = was ? "back to " + spell(gate.limits().in_force(wanted)) + " from " + spell(before)
               : std::string(name(wanted.kind)) + " had not been changed";
  } else {
    const auto set = gate.limits().set(wanted, now);
    what = set ? to_text(wanted) + ", was " + spell(before) : set.error();
  }
  alert(Severity::Warning, AlertCode::LimitChanged, {},
        what + "; " + std::string(command.who.view()) + ": " + std::string(command.reason.view()),
        out);
}

// To resume a venue that broke is to say: its numbers are right. Booked as what it is, in the open, and
// no profit or loss of ours.
void Engine::Parts::accept_differences(VenueId venue, const ResumeCommand& command, Actions& out) {
  std::vector<Difference> differences;
  balances.breaks(venue, ledger, differences);
  if (differences.empty()) return;
  for (const Difference& d : differences) {
    const auto corrected = ledger.correct(venue, d.asset, d.reported);
    if (!corrected) continue;
    out.push_back(*corrected);
    alert(Severity::Warning, AlertCode::LedgerBreak, {venue, {}},
          std::string(command.who.view()) + " accepts " +
              std::string(universe.asset(d.asset).name.view()) + " " + d.reported.to_string() +
              " on " + std::string(universe.venue(venue).name.view()) + "; the ledger had " +
              d.ledger.to_string(),
          out);
  }
  balances.accepted(venue);
  balances.doubt(venue);
}

void Engine::Parts::on(const StopCommand&, Actions&) {
  situation.stopping = true;
  stop_told = false;
}

// The ledger changed: the smallest edges follow what is held where.
void Engine::Parts::follow_holdings() {
  if (skew.refresh(universe, ledger)) detector->ask_for(skew);
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
    } else if (std::holds_alternative<Alert>(action)) {
      ++counts.alerts;
    } else if (const auto* changed = std::get_if<BookStateChanged>(&action)) {
      const auto reason = static_cast<BookReason>(changed->reason);
      const bool lost = static_cast<BookState>(changed->state) == BookState::Suspect &&
                        reason != BookReason::Disconnected && reason != BookReason::NeverSynced;
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
    out.holds.push_back({hold.scope, hold.state, hold.resolving, hold.limit});
  }
  gate.limits().status(out.limits);
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
                              executor.reserved(venue, asset), report.total, report.told});
    }
  }
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    out.totals.push_back({asset, ledger.change(asset), ledger.fees(asset)});
  }
  out.pnl_reporting = profit(out.pnl_reporting_complete);
}

}  // namespace ats::core

#include "services/simulated_engine.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "report/attribution.hpp"
#include "services/describe.hpp"
#include "services/sim_setup.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

constexpr Duration check_every = seconds(5);
// Deaths come in the first part of a run only: each of them folds all that happened before.
constexpr Duration crash_last = hours(2);

sim::WorldConfig world_of(const SimulationSetup& setup, std::uint64_t seed) {
  auto universe = simulated_universe(setup.venues, setup.pairs);
  ATS_ASSERT(universe.ok());
  sim::WorldConfig config = sim::default_world(*std::move(universe), setup.activity, setup.edges);
  config.endowments.clear();
  for (const SimulatedFunds& funds : simulated_funds(config.universe, setup.funds)) {
    config.endowments.push_back({funds.venue, funds.asset, funds.amount});
  }
  config.core = setup.core;
  config.faults = setup.faults;
  if (setup.crashes) config.crash_every = seconds(900);
  config.crash_last = crash_last;
  if (setup.halts) config.halt_every = seconds(2700);
  if (setup.strangers) {
    config.stranger_every = hours(2);
    config.core.foreign_orders = static_cast<ForeignPolicy>(seed % 3);  // each in its turn
  }
  if (setup.limits) config.limit_every = seconds(600);
  return config;
}

}  // namespace

SimulatedEngine::SimulatedEngine(const SimulationSetup& setup, std::uint64_t seed)
    : world_(world_of(setup, seed), seed),
      auditor_(world_.universe(), world_.core_config(), seed),
      journalling_(setup.crashes || setup.crash_at),
      crash_at_(setup.crash_at),
      list_crash_points_(setup.list_crash_points),
      trace_max_(setup.trace),
      record_(setup.record),
      sample_(setup.sample),
      sample_every_(setup.sample_every),
      mutant_(setup.core.mutant) {
  for (const auto& link : world_.links()) auditor_.watch(link->exchange(), link->account());
  report_.seed = seed;
  begun_ = world_.now();
}

void SimulatedEngine::step() {
  switch (world_.step(*this)) {
    case sim::Step::Went:
      break;
    case sim::Step::EngineDied:
      engine_.reset();
      break;
    case sim::Step::EngineStarts:
      fold();
      break;
  }
  if (world_.now() >= next_check_) check();
}

bool SimulatedEngine::hand(const Event& event, Instant at) {
  world_.pass_until(at);
  if (!up()) return false;
  on(event);
  return true;
}

void SimulatedEngine::ask_to_stop() {
  report_.stopped = false;
  world_.ask_to_stop();
}

void SimulatedEngine::check_end() {
  check();
  if (sound() && auditor_.fills_not_booked() > 0)
    violate(sim::Invariant::FillBookedOnce, "fills were never booked at the end");
  for (const auto& link : world_.links()) {
    for (const venues::VenueOrder& order : link->exchange().open_orders(link->account())) {
      if (!parse_client_order_id(order.client_order_id)) continue;
      violate(sim::Invariant::ExposureResolved,
              "order " + order.client_order_id + " still stands at the end");
    }
  }
  if (!sound()) return;
  for (std::string& b : account_breaks(history_, report_.status.balances))
    violate(sim::Invariant::LedgerBalances, std::move(b));
}

SimulationReport SimulatedEngine::report() {
  report_.virtual_time = world_.now() - begun_;
  report_.events = world_.events();
  report_.crashes = world_.crashes();
  report_.commands = world_.commands();
  report_.strangers = world_.strangers();
  report_.faults = world_.fault_counts();
  report_.violations = auditor_.violations();
  report_.counts = auditor_.counts();
  if (engine_) engine_->status(report_.status);
  report_.trace.assign(trace_.begin(), trace_.end());
  return std::move(report_);
}

void SimulatedEngine::on(const Event& event) {
  const Instant now = world_.now();
  ++handed_;
  if (dies_at(0)) return;
  const bool kept = journalling_ && !skipped(event);
  if (kept) journal_.begin(event, now);
  auditor_.before(event, now);
  actions_.clear();
  engine_->on(event, now, actions_);
  account(history_, event, now, actions_);
  if (kept) journal_.end(journal_.digest(actions_));
  if (record_) record_(event, now, actions_);
  if (trace_max_ > 0) trace(event, now);
  if (list_crash_points_) list_crash_points(event);
  if (!actions_.empty()) auditor_.after(actions_, now);
  std::uint32_t stage = 1;
  if (dies_at(stage)) return;
  for (const Action& action : actions_) {
    if (std::holds_alternative<Stopped>(action)) report_.stopped = true;
    if (!world_.act(action)) {
      engine_.reset();
      if (trace_max_ > 0) keep("the process died before it did all of this");
      return;
    }
    if (sim::is_effect(action) && dies_at(++stage)) return;
  }
  const auto asked = std::ranges::find_if(
      actions_, [](const Action& a) { return std::holds_alternative<MeasureRisk>(a); });
  if (asked != actions_.end()) on(engine_->measure(std::get<MeasureRisk>(*asked)));
}

bool SimulatedEngine::dies_at(std::uint32_t stage) {
  if (!crash_at_ || handed_ != crash_at_->event || stage != crash_at_->stage) return false;
  if (trace_max_ > 0) keep("the process dies at stage " + std::to_string(stage) + " of this");
  world_.kill();
  engine_.reset();
  return true;
}

// Where dying can make a difference: what is heard of orders and from persons, and whatever has effects. To
// die at another event is to die before the next of these.
void SimulatedEngine::list_crash_points(const Event& event) {
  const auto effects =
      static_cast<std::uint32_t>(std::count_if(actions_.begin(), actions_.end(), sim::is_effect));
  const bool matters = std::holds_alternative<Started>(event) ||
                       std::holds_alternative<CommandReceived>(event) ||
                       std::holds_alternative<ForeignFill>(event) ||
                       (event.index() >= Event(OrderAcked{}).index() &&
                        event.index() <= Event(ForeignOrder{}).index());
  if (effects == 0 && !matters) return;
  for (std::uint32_t stage = 0; stage <= effects + 1; ++stage)
    report_.crash_points.push_back({handed_, stage});
}

// The planted bug: each hundredth fill is not written down.
bool SimulatedEngine::skipped(const Event& event) {
  return mutant_ == Mutant::SkipJournalWrite && std::holds_alternative<OrderFilled>(event) &&
         ++fills_ % 100 == 0;
}

void SimulatedEngine::check() {
  next_check_ = world_.now() + check_every;
  if (sample_ && world_.now() - Instant{} >= sample_every_ * (samples_ + 1)) {
    ++samples_;
    sample_(static_cast<double>((world_.now() - Instant{}).ns) * 1e-9 / 3600);
  }
  if (journalling_ && engine_ && world_.now() - Instant{} > crash_last) {
    journalling_ = false;
    journal_.forget();
  }
  if (!engine_ || !world_.engine_up()) return;
  engine_->status(report_.status);
  calm_.clear();
  for (const auto& link : world_.links()) calm_.push_back(world_.calm_since(link->venue()));
  auditor_.check(report_.status, calm_, world_.now());
}

// The engine's state is what its journal says: the same events give the same answers.
void SimulatedEngine::fold() {
  engine_ = std::make_unique<core::Engine>();
  DecodedEvent decoded;
  Actions answers;
  const auto records = journal_.records();
  for (std::size_t n = 0; n < records.size(); ++n) {
    if (!decode_event(journal_.bytes(n), decoded).ok()) {
      auditor_.violate(sim::Invariant::JournalFolds, world_.now(), "a record does not read back");
      return;
    }
    if (std::holds_alternative<Started>(decoded.event)) venues::bind_rules(decoded.universe);
    answers.clear();
    engine_->on(decoded.event, decoded.now, answers);
    if (journal_.digest(answers) != records[n].answer) {
      auditor_.violate(sim::Invariant::SameInputSameAction, world_.now(),
                       "record " + std::to_string(n) + " is answered differently when folded");
      return;
    }
  }
  report_.folded_events += records.size();
}

// Market data and the clock are left out unless something was done about them.
void SimulatedEngine::trace(const Event& event, Instant now) {
  const std::size_t kind = event.index();
  const bool market = std::holds_alternative<Timer>(event) ||
                      (kind >= Event(Heartbeat{}).index() && kind <= Event(Quote{}).index());
  if (market && actions_.empty()) return;
  const std::string at = std::to_string(now.ns / 1'000'000) + " ms ";
  keep(at + describe(event, world_.universe()));
  for (const Action& action : actions_) keep("  -> " + describe(action, world_.universe()));
}

void SimulatedEngine::keep(std::string line) {
  trace_.push_back(std::move(line));
  if (trace_.size() > trace_max_) trace_.pop_front();
}

}  // namespace ats::services

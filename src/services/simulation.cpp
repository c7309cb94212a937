#include "services/simulation.hpp"

#include <algorithm>
#include <deque>
#include <memory>

#include "base/assert.hpp"
#include "core/engine.hpp"
#include "domain/codec.hpp"
#include "report/history.hpp"
#include "services/accounts.hpp"
#include "services/describe.hpp"
#include "services/sim_setup.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

constexpr Duration check_every = seconds(5);
// Deaths come in the first part of a run only: each of them folds all that happened before.
constexpr Duration crash_last = hours(2);
constexpr Duration stop_within = seconds(1800);

// What a journal of the run's first part holds: events, and a digest of what the engine answered to each.
class Journal {
 public:
  struct Record {
    std::size_t end = 0;  // in bytes_
    std::uint64_t answer = 0;
  };

  void begin(const Event& event, Instant now) {
    encode_event(event, now, bytes_);
    records_.push_back({bytes_.size(), 0});
  }
  void end(std::uint64_t answer) { records_.back().answer = answer; }
  std::span<const Record> records() const { return records_; }
  std::span<const std::byte> bytes(std::size_t record) const {
    const std::size_t from = record == 0 ? 0 : records_[record - 1].end;
    return std::span(bytes_).subspan(from, records_[record].end - from);
  }
  void forget() {
    std::vector<std::byte>().swap(bytes_);
    std::vector<Record>().swap(records_);
  }

 private:
  std::vector<std::byte> bytes_;
  std::vector<Record> records_;
};

class Run final : public EventSink {
 public:
  Run(const SimulationSetup& setup, std::uint64_t seed)
      : world_(config(setup), seed),
        auditor_(world_.universe(), world_.core_config(), seed),
        length_(setup.length),
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
  }

  SimulationReport go() {
    const Instant begin = world_.now();
    run_until(begin + length_);
    if (sound()) wind_down();
    report_.virtual_time = world_.now() - begin;
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

  void on(const Event& event) override {
    const Instant now = world_.now();
    ++handed_;
    if (dies_at(0)) return;
    const bool kept = journalling_ && !skipped(event);
    if (kept) journal_.begin(event, now);
    auditor_.before(event, now);
    actions_.clear();
    engine_->on(event, now, actions_);
    account(history_, event, now, actions_);
    if (kept) journal_.end(digest(actions_));
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
  }

 private:
  static sim::WorldConfig config(const SimulationSetup& setup) {
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
    if (setup.strangers) config.stranger_every = hours(2);
    if (setup.limits) config.limit_every = seconds(600);
    return config;
  }

  bool dies_at(std::uint32_t stage) {
    if (!crash_at_ || handed_ != crash_at_->event || stage != crash_at_->stage) return false;
    if (trace_max_ > 0) keep("the process dies at stage " + std::to_string(stage) + " of this");
    world_.kill();
    engine_.reset();
    return true;
  }

  // Where dying can make a difference: what is heard of orders and from persons, and whatever has effects. To
  // die at another event is to die before the next of these.
  void list_crash_points(const Event& event) {
    const auto effects =
        static_cast<std::uint32_t>(std::count_if(actions_.begin(), actions_.end(), sim::is_effect));
    const bool matters = std::holds_alternative<Started>(event) ||
                         std::holds_alternative<CommandReceived>(event) ||
                         (event.index() >= Event(OrderAcked{}).index() &&
                          event.index() <= Event(ForeignOrder{}).index());
    if (effects == 0 && !matters) return;
    for (std::uint32_t stage = 0; stage <= effects + 1; ++stage)
      report_.crash_points.push_back({handed_, stage});
  }

  // The planted bug: each hundredth fill is not written down.
  bool skipped(const Event& event) {
    return mutant_ == Mutant::SkipJournalWrite && std::holds_alternative<OrderFilled>(event) &&
           ++fills_ % 100 == 0;
  }

  bool sound() const { return auditor_.violations().empty(); }

  void run_until(Instant end) {
    while (world_.now() < end && sound()) {
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
  }

  void check() {
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
  void fold() {
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
      if (digest(answers) != records[n].answer) {
        auditor_.violate(sim::Invariant::SameInputSameAction, world_.now(),
                         "record " + std::to_string(n) + " is answered differently when folded");
        return;
      }
    }
    report_.folded_events += records.size();
  }

  std::uint64_t digest(const Actions& actions) {
    bytes_.clear();
    for (const Action& action : actions) encode_action(action, bytes_);
    std::uint64_t sum = 14695981039346656037ull;
    for (const std::byte b : bytes_) sum = (sum ^ static_cast<std::uint64_t>(b)) * 0x100000001B3ull;
    return sum;
  }

  // Market data and the clock are left out unless something was done about them.
  void trace(const Event& event, Instant now) {
    const std::size_t kind = event.index();
    const bool market = std::holds_alternative<Timer>(event) ||
                        (kind >= Event(Heartbeat{}).index() && kind <= Event(Quote{}).index());
    if (market && actions_.empty()) return;
    const std::string at = std::to_string(now.ns / 1'000'000) + " ms ";
    keep(at + describe(event, world_.universe()));
    for (const Action& action : actions_) keep("  -> " + describe(action, world_.universe()));
  }
  void keep(std::string line) {
    trace_.push_back(std::move(line));
    if (trace_.size() > trace_max_) trace_.pop_front();
  }

  // Until this life of the engine says that it has stopped.
  std::uint32_t stop() {
    report_.stopped = false;
    world_.ask_to_stop();
    const Instant latest = world_.now() + stop_within;
    std::uint32_t asked = world_.incarnation();
    while (!report_.stopped && world_.now() < latest && sound()) {
      run_until(world_.now() + seconds(1));
      // A process that died with the question is asked again.
      if (world_.engine_up() && world_.incarnation() != asked) {
        asked = world_.incarnation();
        world_.ask_to_stop();
      }
    }
    if (!report_.stopped && sound()) {
      auditor_.violate(sim::Invariant::ExposureResolved, world_.now(),
                       "the engine was asked to stop and does not");
    }
    run_until(world_.now() + sim::Auditor::settle * 3);
    return asked;
  }

  // No more faults: what is open must come to its end, and everything must add up.
  void wind_down() {
    world_.calm_down();
    run_until(world_.now() + sim::Auditor::settle * 3);
    // One that died after it had stopped began anew, and trades and quotes like any other.
    if (stop() != world_.incarnation() && sound()) stop();
    if (!sound()) return;
    check();
    if (sound() && auditor_.fills_not_booked() > 0) {
      auditor_.violate(sim::Invariant::FillBookedOnce, world_.now(),
                       "fills were never booked at the end");
    }
    for (const auto& link : world_.links()) {
      for (const venues::VenueOrder& order : link->exchange().open_orders(link->account())) {
        if (!parse_client_order_id(order.client_order_id)) continue;
        auditor_.violate(sim::Invariant::ExposureResolved, world_.now(),
                         "order " + order.client_order_id + " still stands at the end");
      }
    }
    if (!sound()) return;
    for (std::string& b : account_breaks(history_, report_.status.balances)) {
      auditor_.violate(sim::Invariant::LedgerBalances, world_.now(), std::move(b));
    }
  }

  sim::World world_;
  sim::Auditor auditor_;
  Duration length_;
  bool journalling_;
  std::optional<CrashPoint> crash_at_;
  bool list_crash_points_;
  std::uint64_t handed_ = 0;
  Journal journal_;
  std::unique_ptr<core::Engine> engine_;
  Actions actions_;
  report::History history_{report::History::Keep::Sums, [this](const report::Execution& x) {
                             report_.accounts[static_cast<std::size_t>(x.outcome)] +=
                                 report::attribute(x).terms;
                           }};
  std::vector<std::byte> bytes_;
  std::vector<Instant> calm_;
  Instant next_check_{};
  std::size_t trace_max_;
  const std::function<void(const Event&, Instant, const Actions&)>& record_;
  const std::function<void(double)>& sample_;
  Duration sample_every_;
  std::int64_t samples_ = 0;
  Mutant mutant_;
  std::uint64_t fills_ = 0;
  std::deque<std::string> trace_;
  SimulationReport report_;
};

}  // namespace

void quote_everything(SimulationSetup& setup) {
  setup.core.maker = StrategyMode::Trade;
  setup.core.maker_pairs = {};
  const auto universe = simulated_universe(setup.venues, setup.pairs);
  ATS_ASSERT(universe.ok());
  const VenueId first = universe->find_venue(setup.venues.front());
  for (const Instrument& on : universe->instruments()) {
    if (on.venue == first || !universe->find_instrument(first, on.pair).valid()) continue;
    const auto asset = [&](AssetId id) { return universe->asset(id).name; };
    setup.core.maker_pairs.add({asset(on.base), asset(on.quote), universe->venue(on.venue).name,
                                universe->venue(first).name});
  }
}

Status<std::string> choose_faults(std::string_view text, SimulationSetup& setup) {
  setup.faults.clear();
  setup.crashes = setup.halts = setup.strangers = setup.limits = false;
  if (text == "none") return Done{};
  const std::vector<sim::FaultRow> all = sim::all_faults();
  if (text == "all") {
    setup.faults = all;
    setup.crashes = setup.halts = setup.strangers = true;
    return Done{};
  }
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (name == "crash") {
      setup.crashes = true;
    } else if (name == "halts") {
      setup.halts = true;
    } else if (name == "strangers") {
      setup.strangers = true;
    } else if (name == "limits") {
      setup.limits = true;
    } else if (const auto kind = sim::parse_fault_kind(name)) {
      for (const sim::FaultRow& row : all) {
        if (row.kind == *kind) setup.faults.push_back(row);
      }
    } else {
      return fail("no fault is called '" + std::string(name) + "'");
    }
  }
  return Done{};
}

SimulationReport run_simulation(const SimulationSetup& setup, std::uint64_t seed) {
  return Run(setup, seed).go();
}

}  // namespace ats::services

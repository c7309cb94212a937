#include "services/fleet.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <variant>

#include "base/assert.hpp"
#include "core/risk/risk_office.hpp"
#include "services/lease_letters.hpp"
#include "services/sim_journal.hpp"
#include "services/simulated_engine.hpp"
#include "sim/draw.hpp"
#include "sim/fleet_auditor.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

constexpr Duration timer_every = milliseconds(200);
constexpr Duration stop_within = seconds(1800);
constexpr Duration lease_for = seconds(3);
constexpr std::string_view person = "sim";

// What is on its way, to the role or to an engine.
struct Letter {
  std::size_t engine = 0;
  std::variant<LeaseQuestion, LeaseAnswer> says;
};

class Fleet {
 public:
  Fleet(const SimulationSetup& setup, std::uint64_t seed)
      : setup_(setup), seed_(seed), rng_(seed * 1'000'003 + 17) {
    setup_.core.lease_for = lease_for;
    setup_.trace = setup.trace;
    faults_ = setup.crashes || !setup.faults.empty();
    for (std::size_t n = 0; n < setup.engines; ++n) names_.push_back("engine" + std::to_string(n));
    setups_.reserve(setup.engines);
    for (std::size_t n = 0; n < setup.engines; ++n) {
      SimulationSetup& own = setups_.emplace_back(setup_);
      own.record = [this, n](const Event& event, Instant now, const Actions& actions) {
        did(n, event, now, actions);
      };
    }
    for (std::size_t n = 0; n < setup.engines; ++n)
      engines_.push_back(std::make_unique<SimulatedEngine>(setups_[n], seed * 101 + n));
    cut_until_.resize(setup.engines);
    for (const std::string& name : names_) questions_.emplace_back(EngineName(name));
    auditor_.emplace(engines_[0]->universe(), setup_.core, setup.engines, seed);
    now_ = engines_[0]->now();
    role_starts();
    plan(timer_every, [this] { role_timer(); });
    if (!faults_) return;
    plan_role_death();
    plan_command();
    for (std::size_t n = 0; n < engines_.size(); ++n) plan_cut(n);
  }

  SimulationReport go() {
    run_until(now_ + setup_.length);
    if (sound()) wind_down();
    return report();
  }

 private:
  // --- one time for all ---
  bool sound() const {
    return auditor_->violations().empty() && own_violations_.empty() &&
           std::ranges::all_of(engines_, [](const auto& e) { return e->sound(); });
  }
  void run_until(Instant end) {
    while (now_ < end && sound()) {
      const auto first =
          std::ranges::min_element(engines_, {}, [](const auto& engine) { return engine->next(); });
      const Instant at = (*first)->next();
      if (!plans_.empty() && plans_.begin()->first <= at) {
        auto next = plans_.extract(plans_.begin());
        now_ = std::max(now_, next.key());
        next.mapped()();
        continue;
      }
      now_ = std::max(now_, at);
      (*first)->step();
    }
  }
  void plan(Duration after, std::function<void()> what) {
    plans_.emplace(now_ + after, std::move(what));
  }

  // --- letters ---
  // What an engine did, with what it was told; it asks by saying so.
  void did(std::size_t n, const Event& event, Instant now, const Actions& actions) {
    now_ = std::max(now_, now);
    auditor_->engine(n, event, actions, now);
    for (const Action& action : actions) {
      const auto* alert = std::get_if<Alert>(&action);
      if (alert != nullptr && alert->code == AlertCode::Lease &&
          alert->severity == Severity::Critical)
        ++counts_.missed;
      auto question = questions_[n].take(action);
      if (!question) continue;
      ++counts_.asked;
      post({n, std::move(*question)});
    }
  }
  void post(Letter letter) {
    if (faults_ && (now_ < cut_until_[letter.engine] || rng_.one_in(40))) {
      ++counts_.letters_lost;
      return;
    }
    if (faults_ && rng_.one_in(60)) put(letter);
    put(std::move(letter));
  }
  void put(Letter letter) {
    double ms = 0.4 * sim::draw_lognormal(rng_, 0.7);
    if (faults_ && rng_.one_in(25)) ms = 4000 * static_cast<double>(rng_.between(1, 1000)) / 1000;
    const Duration late{static_cast<std::int64_t>(ms * 1e6)};
    plan(late, [this, kept = std::make_shared<Letter>(std::move(letter))] { arrive(*kept); });
  }
  void arrive(const Letter& letter) {
    if (const auto* answer = std::get_if<LeaseAnswer>(&letter.says)) {
      engines_[letter.engine]->hand(answer->event(), now_);
    } else if (role_) {
      role(std::get<LeaseQuestion>(letter.says).event());
    }
  }

  // --- the role ---
  // Two in a hundred faster than the engines', and from another beginning.
  Instant role_clock() const { return Instant{7'000'000'000 + now_.ns / 50 * 51}; }

  void role_starts() {
    role_ = std::make_unique<core::RiskOffice>();
    DecodedEvent decoded;
    Actions answers;
    const auto records = journal_.records();
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (!decode_event(journal_.bytes(n), decoded).ok()) {
        violate(sim::Invariant::JournalFolds, "a record of the role does not read back");
        return;
      }
      if (std::holds_alternative<Started>(decoded.event)) venues::bind_rules(decoded.universe);
      answers.clear();
      role_->on(decoded.event, decoded.now, answers);
      if (journal_.digest(answers) != records[n].answer) {
        violate(sim::Invariant::SameInputSameAction,
                "record " + std::to_string(n) + " of the role is answered differently when folded");
        return;
      }
    }
    role(Started{++role_life_, {}, &engines_[0]->universe(), &setup_.core});
  }
  void role_timer() {
    if (role_) role(Timer{});
    plan(timer_every, [this] { role_timer(); });
  }
  void plan_role_death() {
    plan(sim::draw_wait(rng_, seconds(400)), [this] {
      if (calm_) return;
      doomed_ = true;
      plan_role_death();
    });
  }
  void role(const Event& event) {
    const bool dies = doomed_ && rng_.one_in(4);
    if (dies && rng_.one_in(3)) return role_dies();  // before it is recorded
    journal_.begin(event, role_clock());
    if (const auto* command = std::get_if<CommandReceived>(&event))
      auditor_->role(command->command, now_);
    if (const auto* asked = std::get_if<LeaseAsked>(&event))
      auditor_->role_heard(index_of(asked->engine), *asked);
    Actions actions;
    role_->on(event, role_clock(), actions);
    if (std::holds_alternative<LeaseAsked>(event) || std::holds_alternative<Started>(event))
      shown();
    journal_.end(journal_.digest(actions));
    AnswerGatherer gatherer;
    for (const Action& action : actions) {
      auto answer = gatherer.take(action);
      if (!answer) continue;
      if (dies && rng_.one_in(2)) return role_dies();  // with this letter and the rest unsent
      ++counts_.granted;
      post({index_of(answer->engine), std::move(*answer)});
    }
    if (dies) role_dies();
  }
  std::size_t index_of(const EngineName& name) const {
    const auto found = std::ranges::find(names_, name.view());
    ATS_ASSERT(found != names_.end());
    return static_cast<std::size_t>(found - names_.begin());
  }
  void shown() {
    role_->status(office_);
    for (const auto& engine : office_.engines)
      auditor_->role_shows(index_of(engine.name), engine.positions, now_);
    auditor_->role_shows_together(office_.positions, now_);
  }
  void role_dies() {
    ++counts_.role_deaths;
    doomed_ = false;
    role_.reset();
    // Mostly a restart; at times it is gone for longer than what is open may wait.
    const Duration down = rng_.one_in(8) ? seconds(500) : sim::draw_wait(rng_, seconds(12));
    plan(down, [this] { role_starts(); });
  }
  void plan_command() {
    plan(sim::draw_wait(rng_, seconds(600)), [this] {
      if (calm_) return;
      plan_command();
      Scope scope;
      const std::uint64_t which = rng_.below(3);
      const Universe& u = engines_[0]->universe();
      if (which == 1) scope.venue = {static_cast<VenueId::rep>(rng_.below(u.venues().size()))};
      if (which == 2) scope.pair = {static_cast<PairId::rep>(rng_.below(u.pairs().size()))};
      HaltCommand halt{scope, person, "a drill"};
      halt.reduce_only = rng_.one_in(3);
      if (!role_) return;
      ++counts_.role_commands;
      role(CommandReceived{halt});
      plan_resume(scope);
    });
  }
  void plan_resume(const Scope& scope) {
    plan(sim::draw_wait(rng_, seconds(60)), [this, scope] {
      if (!role_) return plan_resume(scope);
      role(CommandReceived{ResumeCommand{scope, person, "looked at it"}});
    });
  }
  void plan_cut(std::size_t n) {
    plan(sim::draw_wait(rng_, seconds(300)), [this, n] {
      if (calm_) return;
      ++counts_.cuts;
      cut_until_[n] = now_ + sim::draw_wait(rng_, seconds(8));
      plan_cut(n);
    });
  }

  // --- the end ---
  void wind_down() {
    calm_ = true;
    faults_ = false;
    for (const auto& engine : engines_) engine->calm_down();
    run_until(now_ + seconds(700));  // the role may be gone for long, and halts are lifted
    for (int round = 0; round < 2 && sound(); ++round) {
      std::vector<std::uint32_t> asked;
      for (const auto& engine : engines_) {
        engine->ask_to_stop();
        asked.push_back(engine->life());
      }
      const Instant latest = now_ + stop_within;
      const auto stopped = [](const auto& engine) { return engine->stopped(); };
      while (!std::ranges::all_of(engines_, stopped) && now_ < latest && sound())
        run_until(now_ + seconds(1));
      for (const auto& engine : engines_) {
        if (!engine->stopped() && sound())
          engine->violate(sim::Invariant::ExposureResolved,
                          "the engine was asked to stop and does not");
      }
      run_until(now_ + sim::Auditor::settle * 3);
    }
    for (const auto& engine : engines_) {
      if (sound()) engine->check_end();
    }
  }

  void violate(sim::Invariant invariant, std::string detail) {
    own_violations_.push_back({invariant, now_, seed_, std::move(detail)});
  }

  SimulationReport report() {
    SimulationReport all;
    for (const auto& engine : engines_) {
      SimulationReport one = engine->report();
      if (&engine == &engines_.front()) {
        all = std::move(one);
        continue;
      }
      if (!one.violations.empty() && all.violations.empty()) all.trace = one.trace;
      all += one;
    }
    all.seed = seed_;
    for (sim::Violation& v : all.violations) v.seed = seed_;
    for (const sim::Violation& v : auditor_->violations()) all.violations.push_back(v);
    for (const sim::Violation& v : own_violations_) all.violations.push_back(v);
    all.fleet = counts_;
    all.fleet.most_orders_in_a_second = auditor_->most().orders_in_a_second;
    all.fleet.most_open_trades = auditor_->most().open_trades;
    all.fleet.most_exposed = auditor_->most().exposed;
    all.fleet.latest_after_halt = auditor_->most().after_halt;
    all.fleet.holdings_compared = auditor_->most().holdings_compared;
    return all;
  }

  SimulationSetup setup_;
  std::uint64_t seed_;
  Rng rng_;
  bool faults_ = false;
  bool calm_ = false;
  Instant now_;
  std::vector<std::string> names_;
  std::vector<SimulationSetup> setups_;
  std::vector<std::unique_ptr<SimulatedEngine>> engines_;
  std::multimap<Instant, std::function<void()>> plans_;
  std::vector<Instant> cut_until_;
  std::vector<QuestionGatherer> questions_;
  std::unique_ptr<core::RiskOffice> role_;
  core::OfficeStatus office_;
  std::uint32_t role_life_ = 0;
  bool doomed_ = false;
  SimJournal journal_;
  std::optional<sim::FleetAuditor> auditor_;
  std::vector<sim::Violation> own_violations_;
  SimulationReport::Fleet counts_;
};

}  // namespace

SimulationReport run_fleet(const SimulationSetup& setup, std::uint64_t seed) {
  return Fleet(setup, seed).go();
}

}  // namespace ats::services

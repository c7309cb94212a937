// The whole core in the simulated world: nothing is violated, and every planted bug is caught.

#include <gtest/gtest.h>

#include <optional>

#include "services/simulation.hpp"

namespace ats::services {
namespace {

SimulationSetup setup_of(std::string_view faults, Duration length) {
  SimulationSetup setup;
  setup.length = length;
  EXPECT_TRUE(choose_faults(faults, setup).ok());
  return setup;
}

std::string first_violation(const SimulationReport& report) {
  if (report.violations.empty()) return {};
  const sim::Violation& v = report.violations.front();
  return std::string(name(v.invariant)) + ": " + v.detail + " (seed " + std::to_string(v.seed) +
         ")";
}

TEST(Simulation, without_faults_every_execution_ends_and_the_engine_stops_when_asked) {
  const SimulationReport report = run_simulation(setup_of("none", hours(2)), 1);
  EXPECT_EQ(first_violation(report), "");
  EXPECT_TRUE(report.stopped);
  EXPECT_GT(report.counts.outcomes[static_cast<std::size_t>(ExecutionOutcome::Completed)], 100u);
  EXPECT_TRUE(report.status.open_orders.empty());
  EXPECT_TRUE(report.status.open_executions.empty());
}

TEST(Simulation, with_all_faults_deaths_and_halts_no_invariant_breaks) {
  const SimulationSetup setup = setup_of("all", hours(3));
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const SimulationReport report = run_simulation(setup, seed);
    EXPECT_EQ(first_violation(report), "");
    EXPECT_TRUE(report.stopped) << "seed " << seed;
    crashes += report.crashes;
  }
  EXPECT_GT(crashes, 12u);
}

TEST(Simulation, each_kind_of_fault_alone_breaks_nothing) {
  for (std::size_t n = 0; n < sim::fault_kind_count; ++n) {
    SimulationSetup setup = setup_of(sim::name(static_cast<sim::FaultKind>(n)), hours(1));
    for (sim::FaultRow& row : setup.faults) row.every = row.every / 20;
    const SimulationReport report = run_simulation(setup, 100 + n);
    EXPECT_EQ(first_violation(report), "") << sim::name(static_cast<sim::FaultKind>(n));
    EXPECT_GT(report.faults[n].shown, 0u) << sim::name(static_cast<sim::FaultKind>(n));
  }
}

// Bitcoin and ether in two currencies, and the pair between the two: trades that leave a conversion open,
// triangles that are only told, every account exact in every currency.
TEST(Simulation, trades_between_currencies_break_nothing) {
  for (const char* faults : {"none", "all"}) {
    SimulationSetup setup = setup_of(faults, hours(2));
    setup.pairs = {"BTC/USDT", "BTC/USD", "ETH/USDT", "ETH/USD", "USDT/USD"};
    setup.core.max_currency_exposure = Decimal::from_int(30'000);
    std::uint64_t taken = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const SimulationReport report = run_simulation(setup, seed);
      EXPECT_EQ(first_violation(report), "") << faults;
      EXPECT_TRUE(report.stopped) << "seed " << seed;
      taken += report.counts.taken[static_cast<std::size_t>(Strategy::CrossCurrency)];
      EXPECT_EQ(report.counts.taken[static_cast<std::size_t>(Strategy::Triangular)], 0u);
    }
    EXPECT_GT(taken, 20u) << faults;
  }
}

// Every pair is quoted on kraken and hedged on binance: quotes move, mostly by being amended, fill in parts, are
// overtaken by their cancels, survive deaths and lost words, and what they fill is hedged.
TEST(Simulation, quotes_are_filled_and_hedged_and_nothing_breaks) {
  for (const char* faults : {"none", "all"}) {
    SimulationSetup setup = setup_of(faults, hours(2));
    quote_everything(setup);
    std::uint64_t filled = 0;
    std::uint64_t completed = 0;
    std::uint64_t amended = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const SimulationReport report = run_simulation(setup, seed);
      EXPECT_EQ(first_violation(report), "") << faults;
      EXPECT_TRUE(report.stopped) << "seed " << seed;
      EXPECT_TRUE(report.status.open_orders.empty());
      filled += report.counts.taken[static_cast<std::size_t>(Strategy::Maker)];
      amended += report.counts.amends;
      completed += report.counts.outcomes[static_cast<std::size_t>(ExecutionOutcome::Completed)];
    }
    EXPECT_GT(filled, 100u) << faults;
    EXPECT_GT(completed, 50u) << faults;
    EXPECT_GT(amended, 1'000u) << faults;
  }
}

TEST(Simulation, a_day_that_loses_more_than_it_may_ends_in_a_halt) {
  SimulationSetup setup = setup_of("partial_fill,reject", hours(2));
  for (sim::FaultRow& row : setup.faults) row.every = row.every / 30;
  setup.edges = 0.3;
  setup.core.max_daily_loss = Decimal::from_int(1);
  setup.core.min_edge = Rate::bps(1);
  const SimulationReport report = run_simulation(setup, 3);
  EXPECT_EQ(first_violation(report), "");
  EXPECT_GT(report.commands, 2u);  // somebody lifts the halts
}

// The world measures what the engine asks for, from the engine's own marks; a folded engine decides by the figures that
// were journalled, and the auditor of the fold compares each answer.
TEST(Simulation, a_limit_on_the_value_at_risk_refuses_until_it_is_known_and_holds_over_deaths) {
  SimulationSetup setup = setup_of("crash", seconds(80 * 60));
  setup.core.var_confidence = Rate{950'000'000};
  ASSERT_TRUE(setup.core.limits.add(*parse_limit("value_at_risk 1000000000")));
  std::uint64_t before = 0, after = 0;
  std::optional<Decimal> last;
  setup.record = [&](const Event& event, Instant now, const Actions& actions) {
    if (const auto* measured = std::get_if<RiskMeasured>(&event);
        measured != nullptr && measured->fault == MeasureFault::None)
      last = measured->value_at_risk;
    for (const Action& action : actions) {
      if (!std::holds_alternative<Place>(action)) continue;
      ++(now - Instant{} < seconds(30 * 60) ? before : after);
    }
  };
  const SimulationReport report = run_simulation(setup, 5);
  EXPECT_EQ(first_violation(report), "");
  EXPECT_TRUE(report.stopped);
  EXPECT_GT(report.crashes, 0u);
  EXPECT_EQ(before, 0u) << "thirty bars of a minute are needed";
  EXPECT_GT(after, 20u);
  ASSERT_TRUE(last.has_value());
  EXPECT_GT(*last, Decimal());
}

TEST(Simulation, a_seed_gives_the_same_run_again) {
  const SimulationSetup setup = setup_of("all", hours(1));
  const SimulationReport one = run_simulation(setup, 42);
  const SimulationReport two = run_simulation(setup, 42);
  EXPECT_EQ(one.events, two.events);
  EXPECT_EQ(one.counts.fills, two.counts.fills);
  EXPECT_EQ(one.status.pnl_reporting, two.status.pnl_reporting);
}

// Streams are down half of the time, and legs fall short: books are polled, nothing is opened on them, and what is
// open is traded away on them.
TEST(Simulation, while_streams_are_down_books_are_polled_and_only_unwound_on) {
  SimulationSetup setup =
      setup_of("stream_down,disconnect,mute,slow,partial_fill,reject", hours(2));
  for (sim::FaultRow& row : setup.faults) row.every = row.every / 30;
  std::uint64_t refused = 0;
  std::uint64_t unwound = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const SimulationReport report = run_simulation(setup, seed);
    EXPECT_EQ(first_violation(report), "");
    EXPECT_TRUE(report.stopped) << "seed " << seed;
    refused += report.counts.refused[static_cast<std::size_t>(RefuseReason::BookPolled)];
    unwound += report.counts.unwound_on_images;
    for (const BookStatus& book : report.status.books) EXPECT_GT(book.polls, 0u);
  }
  EXPECT_GT(refused, 20u);
  EXPECT_GT(unwound, 0u);
}

// Two engines that have much to do, and little to share.
void share_little(SimulationSetup& setup) {
  setup.engines = 2;
  setup.edges = 5;
  setup.core.max_open_executions = 3;
  setup.core.max_exposure = Decimal::from_int(15'000);
  setup.core.limits = {};
  setup.core.limits.add(*parse_limit("order_rate 6"));
}

// The role's process dies and is away for long, letters are lost, late and doubled, lines are cut, engines die: what all
// engines do together stays within one set of limits at every order, and all of it is used.
TEST(Simulation, several_engines_stay_within_one_set_of_limits) {
  SimulationReport all;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SimulationSetup setup = setup_of("all", hours(2));
    share_little(setup);
    setup.engines = seed == 3 ? 3 : 2;
    const SimulationReport report = run_simulation(setup, seed);
    EXPECT_EQ(first_violation(report), "");
    EXPECT_TRUE(report.stopped) << "seed " << seed;
    all += report;
  }
  EXPECT_GT(all.counts.opened, 500u);
  EXPECT_GT(all.fleet.role_deaths, 10u);
  EXPECT_GT(all.fleet.missed, 20u) << "engines were without a lease";
  EXPECT_GT(all.fleet.letters_lost, 100u);
  EXPECT_GT(all.fleet.holdings_compared, 1'000u) << "what the role shows is what they told";
  EXPECT_EQ(all.fleet.most_open_trades, 3u);
  EXPECT_EQ(all.fleet.most_orders_in_a_second, 6u);
  EXPECT_GT(all.counts.refused[static_cast<std::size_t>(RefuseReason::NoLease)] +
                all.counts.refused[static_cast<std::size_t>(RefuseReason::Halted)],
            20u);
}

TEST(Simulation, a_fleet_gives_the_same_run_again) {
  SimulationSetup setup = setup_of("all", hours(1));
  share_little(setup);
  const SimulationReport one = run_simulation(setup, 7);
  const SimulationReport two = run_simulation(setup, 7);
  EXPECT_EQ(one.events, two.events);
  EXPECT_EQ(one.counts.placed, two.counts.placed);
  EXPECT_EQ(one.fleet.granted, two.fleet.granted);
  EXPECT_EQ(one.status.pnl_reporting, two.status.pnl_reporting);
}

// What a bug needs to show, besides all faults.
SimulationSetup setup_for(Mutant mutant) {
  SimulationSetup setup = setup_of("all", hours(3));
  setup.core.mutant = mutant;
  switch (mutant) {
    case Mutant::IgnoreDailyLoss:
      setup.core.max_daily_loss = Decimal::from_int(1);
      setup.core.min_edge = Rate::bps(1);
      setup.edges = 0.3;
      for (sim::FaultRow& row : setup.faults) {
        if (row.kind == sim::FaultKind::PartialFill || row.kind == sim::FaultKind::Reject)
          row.every = row.every / 30;
      }
      break;
    case Mutant::IgnoreOpenExecutions:
      setup.core.max_open_executions = 1;
      break;
    case Mutant::GiveUpSilently:
      setup.core.max_unwind_attempts = 1;
      break;
    case Mutant::ForgetHedge:
    case Mutant::LeaveStaleQuote:
    case Mutant::AmendIsDone:
      quote_everything(setup);
      break;
    case Mutant::SkipLimits:
      setup.core.max_open_executions = 1;
      break;
    case Mutant::IgnoreReduceOnly:
      setup.core.limits = {};
      for (const char* limit : {"venue_faults 2", "leg_failures 10", "loss_streak 3"})
        setup.core.limits.add(*parse_limit(limit));
      break;
    case Mutant::UnwindPastClosed:
      setup.core.resolve_within = seconds(1);
      setup.edges = 2;
      for (sim::FaultRow& row : setup.faults) {
        const bool takes_long =
            row.kind == sim::FaultKind::Slow || row.kind == sim::FaultKind::TimeoutThenAccept;
        if (takes_long || row.kind == sim::FaultKind::PartialFill ||
            row.kind == sim::FaultKind::Reject)
          row.every = row.every / 30;
      }
      break;
    case Mutant::ForgetLimitChange:
      setup.limits = true;
      break;
    case Mutant::IgnoreLease:
    case Mutant::LeaseFromArrival:
    case Mutant::PromiseTwice:
      share_little(setup);
      break;
    default:
      break;
  }
  return setup;
}

bool has_its_own_setup(Mutant mutant) {
  switch (mutant) {
    case Mutant::IgnoreDailyLoss:
    case Mutant::IgnoreOpenExecutions:
    case Mutant::GiveUpSilently:
    case Mutant::ForgetHedge:
    case Mutant::LeaveStaleQuote:
    case Mutant::AmendIsDone:
    case Mutant::SkipLimits:
    case Mutant::IgnoreReduceOnly:
    case Mutant::UnwindPastClosed:
    case Mutant::ForgetLimitChange:
    case Mutant::IgnoreLease:
    case Mutant::LeaseFromArrival:
    case Mutant::PromiseTwice:
      return true;
    default:
      return false;
  }
}

TEST(Simulation, every_planted_bug_is_caught) {
  static_assert(mutant_count > 20);
  for (std::size_t n = 1; n < mutant_count; ++n) {
    const SimulationSetup setup = setup_for(static_cast<Mutant>(n));
    std::string caught;
    std::uint64_t seed = 0;
    while (seed < 12 && caught.empty()) caught = first_violation(run_simulation(setup, ++seed));
    EXPECT_NE(caught, "") << name(setup.core.mutant);
    if (!has_its_own_setup(setup.core.mutant)) continue;
    SimulationSetup sound = setup;
    sound.core.mutant = Mutant::None;
    EXPECT_EQ(first_violation(run_simulation(sound, seed)), "")
        << "in the setup of " << name(setup.core.mutant);
  }
}

// The process dies at every moment that can make a difference, one run for each: before an event is recorded,
// between the record and what follows from it, and after each of its effects. Every run ends as sound as the one
// in which it lives, and nothing is sent twice. Each `step`th of them here; `ats simulate --crash-points` takes all.
void die_at_each_moment(SimulationSetup setup, std::uint64_t seed, std::size_t step) {
  for (sim::FaultRow& row : setup.faults) row.every = row.every / 10;
  setup.list_crash_points = true;
  const auto points = run_simulation(setup, seed).crash_points;
  setup.list_crash_points = false;
  ASSERT_GT(points.size(), step * 30);
  std::array<std::uint64_t, 3> stages{};
  for (std::size_t n = 0; n < points.size(); n += step) {
    const CrashPoint& at = points[n];
    setup.crash_at = at;
    const SimulationReport report = run_simulation(setup, seed);
    EXPECT_EQ(first_violation(report), "") << "event " << at.event << ", stage " << at.stage;
    EXPECT_EQ(report.crashes, 1u) << "event " << at.event << ", stage " << at.stage;
    EXPECT_TRUE(report.stopped);
    ++stages[std::min<std::uint32_t>(at.stage, 2)];
  }
  for (const std::uint64_t n : stages) EXPECT_GT(n, 5u);
}

TEST(Simulation, the_process_may_die_at_any_moment) {
  die_at_each_moment(
      setup_of("partial_fill,reject,timeout_then_accept,drop_fill,slow", seconds(60)), 11, 4);
}

TEST(Simulation, the_process_may_die_at_any_moment_while_it_quotes) {
  SimulationSetup setup =
      setup_of("partial_fill,reject,timeout_then_accept,drop_fill,slow", seconds(20));
  quote_everything(setup);
  die_at_each_moment(setup, 3, 37);
}

TEST(Simulation, a_fault_that_nobody_knows_is_named) {
  SimulationSetup setup;
  EXPECT_EQ(choose_faults("gap,meteor", setup).error(), "no fault is called 'meteor'");
  ASSERT_TRUE(choose_faults("gap,crash,halts", setup).ok());
  EXPECT_EQ(setup.faults.size(), 1u);
  EXPECT_TRUE(setup.crashes && setup.halts);
}

}  // namespace
}  // namespace ats::services

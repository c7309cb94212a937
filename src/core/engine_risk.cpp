// The limits that watch, what they hold up, and what persons command.

#include "core/engine_parts.hpp"

namespace ats::core {
namespace {

constexpr Duration tell_positions_every = seconds(5);
constexpr std::string_view at_risk_subject = "value at risk not known";

// What the alerts of one limit have in common.
std::string subject_of(const LimitSetting& limit) {
  return std::string(name(limit.kind)) + " " + to_text(limit.scope);
}

}  // namespace

// --- limits ---

void Engine::Parts::watch_limits(Actions& out) {
  news.clear();
  gate.limits().on_timer(now, news);
  for (const LimitNews& item : news) {
    const LimitStatus limit = gate.limits().status_of(item.limit);
    const LimitSetting& set = limit.setting;
    const auto tell = [&](Severity severity, std::string_view what, bool over) {
      alert(severity, AlertCode::LimitWarning, {},
            subject_of(set) + " is " + limit.value.floor_to(6).to_string() + ", " +
                std::string(what) + " " + set.warn->to_string(),
            out, subject_of(set), over);
    };
    switch (item.what) {
      case LimitNews::What::None:
        break;
      case LimitNews::What::Warned:
        tell(Severity::Warning, "past the warning at", false);
        break;
      case LimitNews::What::Cleared:
        tell(Severity::Info, "well within the warning at", true);
        break;
      case LimitNews::What::Reached:
        reached(item.limit, out);
        break;
      case LimitNews::What::Released:
        released(item.limit, out);
        break;
    }
  }
}

void Engine::Parts::watch_holds(Actions& out) {
  closed.clear();
  gate.holds().on_timer(
      now, [&](const Hold& hold) { return executor.open_in(hold); }, closed);
  for (const Hold& hold : closed) {
    const Scope& scope = hold.scope;
    if (scope.venue.valid()) continue;  // nothing went there from the beginning
    const bool left = executor.open_in(hold);
    if (!left && hold.by == HoldBy::NoLease) continue;  // as at every start
    alert(
        left ? Severity::Emergency : Severity::Info, AlertCode::Halt, scope,
        describe(scope) + (left ? ": the time to resolve what is open is over; it stays open, and "
                                  "no order leaves any more"
                                : ": what could be resolved is; no order leaves any more"),
        out, "the time to resolve is over");
  }
}

// A limit that watches has been over its hard level for long enough to be believed.
void Engine::Parts::reached(std::size_t which, Actions& out) {
  const LimitStatus limit = gate.limits().status_of(which);
  const LimitSetting& set = limit.setting;
  if (set.kind == LimitKind::DailyLoss && config.mutant == Mutant::IgnoreDailyLoss) return;
  gate.limits().scopes_of(which, scopes);
  const std::string subject = subject_of(set);
  const std::string what = subject + " is " + limit.value.floor_to(6).to_string() + ", its limit " +
                           set.hard.to_string();
  for (const Scope& scope : scopes) {
    if (set.effect == LimitEffect::Refuses) {
      alert(Severity::Warning, AlertCode::LimitReached, scope, what + "; what raises it is refused",
            out, subject);
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
    // Everything stands still, by no person's doing: nothing here would start it again.
    const bool all_halted = scope.global() && set.effect == LimitEffect::Halts;
    alert(all_halted ? Severity::Emergency : Severity::Critical, code, scope,
          what + "; " + describe(scope) +
              (set.effect == LimitEffect::Halts ? " is halted" : " is reduced, nothing is opened"),
          out, subject);
  }
}

void Engine::Parts::released(std::size_t which, Actions& out) {
  const LimitSetting& set = gate.limits().at(which);
  std::vector<Scope> held_up;
  gate.limits().scopes_of(which, held_up);
  const auto well_again = [&](const Scope& scope) {
    alert(Severity::Info, AlertCode::LimitReached, scope,
          subject_of(set) + " is well within its limit again", out, subject_of(set), true);
  };
  for (const Scope& scope : held_up) {
    if (set.effect == LimitEffect::Refuses) {
      well_again(scope);
      return;
    }
    const Hold* hold = gate.holds().find(scope);
    const bool ours =
        hold != nullptr && hold->limit == set.kind && hold->state == RiskState::ReduceOnly;
    if (!ours) continue;
    gate.holds().lift(scope);
    if (const auto other = gate.limits().also_holding(scope, which)) {
      well_again(scope);
      reached(*other, out);
      continue;
    }
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + " is opened again: " + name(set.kind) + " has been well for a while",
          out, {}, true);
  }
}

// --- the risk role ---

void Engine::Parts::on(const LeaseGranted& event, Actions& out) {
  if (!gate.lease().take(event, now)) return;
  gate.limits().share(event.shares);
  std::vector<Scope> still;
  for (const LeaseHold& held : event.holds) {
    const auto where = where_of(held.scope, universe);
    if (!where) continue;  // what is not here is nothing that could be held up
    Hold hold;
    hold.scope = {where->venue, where->pair, where->strategy};
    still.push_back(hold.scope);
    const Hold* before = gate.holds().find(hold.scope, HoldBy::RiskRole);
    if (before != nullptr && before->state == held.state && before->flatten == held.flatten &&
        (!before->resolving || held.resolving))
      continue;
    hold.state = held.state;
    hold.resolving = held.resolving;
    hold.resolve_until = now + config.resolve_within;
    hold.flatten = held.flatten;
    hold.by = HoldBy::RiskRole;
    gate.holds().lift(hold.scope, HoldBy::RiskRole);
    gate.holds().set(hold);
    alert(Severity::Warning, AlertCode::Halt, hold.scope,
          describe(hold.scope) + " is " +
              (held.state == RiskState::Halted ? "halted" : "reduced, nothing is opened") +
              " by the risk role",
          out);
  }
  scopes.clear();
  for (const Hold& hold : gate.holds().all()) {
    if (hold.by == HoldBy::RiskRole && std::ranges::find(still, hold.scope) == still.end())
      scopes.push_back(hold.scope);
  }
  for (const Scope& scope : scopes) {
    gate.holds().lift(scope, HoldBy::RiskRole);
    alert(Severity::Info, AlertCode::Resume, scope, describe(scope) + " resumed by the risk role",
          out, {}, true);
    if (scope.pair.valid()) executor.on_resumed(scope.pair, now, out);
  }
  gate.holds().lift({}, HoldBy::NoLease);
  if (lease_missed) {
    lease_missed = false;
    alert(Severity::Info, AlertCode::Lease, {}, "the risk role's word counts again", out, {}, true);
  }
}

// Asks in time. What is over is held up like a halt: what is open may be resolved for as long, and then nothing
// leaves; but no person is needed when the role is there again.
void Engine::Parts::watch_lease(Actions& out) {
  Lease& lease = gate.lease();
  if (!lease.needed()) return;
  if (!lease.live(now)) {
    gate.hold_for_want_of_lease(now);
    if (!lease_missed &&
        lease.missing(now) >= (lease.version() == 0 ? config.lease_for : Duration{})) {
      lease_missed = true;
      alert(Severity::Critical, AlertCode::Lease, {},
            "no word from the risk role: nothing is opened until it answers; what is open is "
            "resolved",
            out);
    }
  }
  if (!lease.due(now)) return;
  uses.clear();
  gate.limits().uses(uses);
  for (const LeaseUse& use : uses) out.push_back(use);
  AskLease ask;
  ask.asked = now;
  ask.held = lease.version();
  ask.live = lease.live(now);
  ask.profit = profit(ask.profit_known);
  if (now >= tell_positions_at) tell_positions(ask, out);
  lease.asked(now);
  out.push_back(ask);
}

// All of them, or those worth the most. Nothing before the venues have told anything: that is not to hold nothing.
void Engine::Parts::tell_positions(AskLease& ask, Actions& out) {
  positions.clear();
  const Marks& seen = measures.marks();
  for (const VenueInfo& venue : universe.venues()) {
    const VenueId there = universe.find_venue(venue.name.view());
    for (std::size_t a = 0; a < universe.assets().size(); ++a) {
      const AssetId asset{static_cast<AssetId::rep>(a)};
      LeasePosition one;
      one.held = ledger.balance(there, asset);
      one.traded = measures.profit().change(there, asset);
      if (one.held.is_zero() && one.traded.is_zero()) continue;
      one.venue = Text<15>(venue.name.view());
      one.asset = universe.asset(asset).name;
      const auto mark = seen.price(asset);
      const auto worth = seen.worth(asset, one.held);
      one.marked = mark && worth;
      if (one.marked) {
        one.mark = *mark;
        one.worth = *worth;
        one.fresh = seen.fresh(asset);
      }
      positions.push_back(one);
    }
  }
  if (positions.empty() && !situation.reconciled) return;
  tell_positions_at = now + tell_positions_every;
  if (positions.size() > lease_positions_max) {
    std::ranges::stable_sort(positions, [](const LeasePosition& a, const LeasePosition& b) {
      return a.marked != b.marked ? a.marked : a.worth.abs() > b.worth.abs();
    });
    ask.left_out = static_cast<std::uint32_t>(positions.size() - lease_positions_max);
    positions.resize(lease_positions_max);
  }
  for (const LeasePosition& one : positions) out.push_back(one);
  ask.holdings = true;
}

// --- the value at risk ---

// Told when it has not been known for as long as it may be old: what opens is refused meanwhile.
void Engine::Parts::watch_at_risk(Actions& out) {
  LimitBook& limits = gate.limits();
  const bool wanted = limits.any(LimitKind::ValueAtRisk);
  limits.value_at_risk(at_risk.value(now), at_risk.number());
  switch (at_risk.watch(wanted, now)) {
    case AtRisk::News::None:
      break;
    case AtRisk::News::Missed:
      alert(Severity::Warning, AlertCode::LimitWarning, {},
            std::string("the value at risk is not known (") +
                (at_risk.fault() == MeasureFault::None ? "no answer" : name(at_risk.fault())) +
                "); what its limit is on is refused",
            out, at_risk_subject);
      break;
    case AtRisk::News::Back:
      alert(
          Severity::Info, AlertCode::LimitWarning, {},
          wanted ? "the value at risk is known again" : "no limit is on the value at risk any more",
          out, at_risk_subject, true);
      break;
  }
  // Before the venues have told it is not known what is held, and of nothing the value at risk would be nothing.
  if (!wanted || !situation.reconciled || !at_risk.due(now)) return;
  at_risk.asked(now);
  out.push_back(MeasureRisk{now, config.var_confidence, config.var_horizon});
}

void Engine::Parts::on(const RiskMeasured& event, Actions&) {
  if (at_risk.take(event, now)) gate.limits().value_at_risk(at_risk.value(now), at_risk.number());
}

// --- commands ---

void Engine::Parts::on(const CommandReceived& event, Actions& out) {
  std::visit([&](const auto& command) { on(command, out); }, event.command);
}

void Engine::Parts::on(const HaltCommand& command, Actions& out) {
  for (const Hold& hold : holds_of(command, universe, now, config.resolve_within)) {
    const bool held = !gate.holds().set(hold);
    alert(Severity::Warning, AlertCode::Halt, hold.scope,
          describe(hold.scope) +
              (held                  ? " was held up already, says "
               : command.reduce_only ? " reduced by "
                                     : " halted by ") +
              std::string(command.who.view()) + ": " + std::string(command.reason.view()),
          out, command.who.view());
  }
}

bool Engine::Parts::may_resume(const Scope& scope, const ResumeCommand& command, Actions& out) {
  if (!config.resume_by_two || gate.holds().find(scope) == nullptr) return true;
  if (second_person.asks(scope, command.who)) return true;
  alert(Severity::Info, AlertCode::Resume, scope,
        describe(scope) + " stays as it is until a second person asks for it, too; asked by " +
            std::string(command.who.view()),
        out);
  return false;
}

void Engine::Parts::on(const ResumeCommand& command, Actions& out) {
  const Scope& asked = command.scope;
  if (!core::known(asked, universe)) return;
  if (situation.stopping) {
    // Nobody would take up what a halted pair holds: the halt must outlive the stop.
    alert(Severity::Warning, AlertCode::Resume, asked,
          describe(asked) + " stays halted while stopping; resume it after the next start", out);
    return;
  }
  if (config.mutant == Mutant::ResumeAll) gate.holds().lift_all();
  const auto resume = [&](const Scope& scope) {
    if (!may_resume(scope, command, out)) return false;
    const bool was = gate.holds().lift(scope);
    second_person.done(scope);
    gate.limits().forgive(scope);
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + (was ? " resumed by " : " was not held up, for ") +
              std::string(command.who.view()) + ": " + std::string(command.reason.view()),
          out, {}, was);
    return was;
  };
  for (const Scope& scope : parts_of(asked)) {
    if (!resume(scope)) continue;
    if (scope.venue.valid()) accept_differences(scope.venue, command, out);
    if (scope.pair.valid()) executor.on_resumed(scope.pair, now, out);
  }
}

// Who, when (the event's time), from, to: the journal has it, and so has the alert.
void Engine::Parts::on(const SetLimitCommand& command, Actions& out) {
  const LimitSetting& wanted = command.setting;
  const auto spell = [](const std::optional<LimitSetting>& setting) {
    return setting ? to_text(*setting) : std::string("none");
  };
  const std::optional<LimitSetting> before = gate.limits().in_force(wanted);
  std::string what;
  if (command.of_file) {
    const auto said = gate.limits().file_says(wanted, command.take_back);
    what = !said ? said.error()
                 : (command.take_back
                        ? std::string("no ") + name(wanted.kind) + " " + to_text(wanted.scope)
                        : to_text(wanted)) +
                       ", was " + spell(*said) +
                       (gate.limits().changed(wanted) ? "; what a person set stays" : "");
  } else if (command.take_back) {
    const bool was = gate.limits().take_back(wanted);
    what = was ? "back to " + spell(gate.limits().in_force(wanted)) + " from " + spell(before)
               : std::string(name(wanted.kind)) + " had not been changed";
  } else {
    const auto set = gate.limits().set(wanted);
    what = set ? to_text(wanted) + ", was " + spell(before) : set.error();
  }
  alert(Severity::Warning, AlertCode::LimitChanged, {},
        what + "; " + std::string(command.who.view()) + ": " + std::string(command.reason.view()),
        out, subject_of(wanted));
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
          out, universe.asset(d.asset).name.view(), true);
  }
  balances.accepted(venue);
  balances.doubt(venue);
}

void Engine::Parts::on(const StopCommand&, Actions&) {
  situation.stopping = true;
  stop_told = false;
}

}  // namespace ats::core

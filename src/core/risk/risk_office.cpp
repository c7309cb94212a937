#include "core/risk/risk_office.hpp"

#include <algorithm>
#include <variant>

#include "core/risk/limit_settings.hpp"

namespace ats::core {
namespace {

bool watched_kind(LimitKind kind) {
  return sharing(kind) == Sharing::Summed || kind == LimitKind::Drawdown;
}

// Engines are other processes: what they tell may be too large to add up.
bool add(Decimal& sum, Decimal more) {
  const auto both = sum.checked_add(more);
  if (both) sum = *both;
  return both.ok();
}

void add_to(std::vector<OfficeStatus::Exposure>& exposures, const LeasePosition& one) {
  auto here = std::ranges::find(exposures, one.asset, &OfficeStatus::Exposure::asset);
  if (here == exposures.end())
    here = exposures.insert(exposures.end(), {one.asset, {}, {}, true, {}, {}});
  const auto traded_worth = one.traded.multiply_floor(one.mark);
  bool sound = add(here->held, one.held);
  sound &= add(here->traded, one.traded);
  here->marked = here->marked && one.marked && sound && traded_worth &&
                 add(here->worth, one.worth) && add(here->traded_worth, *traded_worth);
}

}  // namespace

void RiskOffice::on(const Event& event, Instant now, Actions& out) {
  now_ = now;
  if (const auto* started = std::get_if<Started>(&event)) return start(*started);
  if (!started_) return;
  if (std::holds_alternative<Timer>(event)) return on_timer(out);
  if (const auto* asked = std::get_if<LeaseAsked>(&event)) return answer(*asked, out);
  if (const auto* received = std::get_if<CommandReceived>(&event))
    std::visit([&](const auto& c) { command(c, out); }, received->command);
}

// A lease that was granted by an earlier process counts for no longer than one granted now.
void RiskOffice::start(const Started& event) {
  universe_ = *event.universe;
  config_ = *event.config;
  started_ = true;
  for (Party& p : parties_) {
    p.heard = now_;
    for (Sent& sent : p.sent) sent.over = now_ + grace();
  }
  for (Watched& one : watched_) one.watch.restart();
  configured_.restart(config_);
  refresh_settings();
}

void RiskOffice::on_timer(Actions& out) {
  watch_engines(out);
  watch_sums(out);
}

// --- engines ---

RiskOffice::Party& RiskOffice::party(const EngineName& name) {
  const auto found = std::ranges::find(parties_, name, &Party::name);
  if (found != parties_.end()) return *found;
  Party fresh;
  fresh.name = name;
  fresh.heard = now_;
  return parties_.emplace_back(std::move(fresh));
}

void RiskOffice::answer(const LeaseAsked& event, Actions& out) {
  Party& p = party(event.engine);
  // An older letter that came late tells nothing new. (Clocks begin anew, so only one that is a little older.)
  if (event.asked < p.asked && p.asked - event.asked < late_at_most()) {
    if (event.asked > p.holdings_asked) take_holdings(event, p, out);
    return;
  }
  // What it holds only grows. Less, while the other was heard of just now, is another process by the same name.
  if (event.held < p.held && now_ - p.heard < grace()) {
    alert(Severity::Critical, AlertCode::Lease, {},
          "two engines call themselves " + std::string(p.name.view()) +
              ": the later one gets no lease; give each a name of its own",
          out, "name " + std::string(p.name.view()));
    return;
  }
  p.asked = event.asked;
  p.heard = now_;
  p.held = event.held;
  version_ = std::max(version_, event.held);
  for (const LeaseUse& use : event.uses) {
    const auto known = std::ranges::find_if(
        p.uses, [&](const LeaseUse& u) { return u.kind == use.kind && u.scope == use.scope; });
    if (known == p.uses.end()) {
      p.uses.push_back(use);
    } else if (use.known) {
      *known = use;
    }
  }
  std::erase_if(p.uses, [&](const LeaseUse& u) {
    return std::ranges::none_of(event.uses, [&](const LeaseUse& use) {
      return u.kind == use.kind && u.scope == use.scope;
    });
  });
  std::erase_if(p.sent, [&](const Sent& sent) {
    if (sent.version == event.held) return !event.live;
    return sent.version < event.held || now_ >= sent.over;
  });
  if (event.profit_known) {
    if (!p.profit && highest_) *highest_ += event.profit;  // what it made before is no gain of now
    p.profit = event.profit;
  }
  take_holdings(event, p, out);
  if (p.silent) {
    p.silent = false;
    alert(Severity::Info, AlertCode::Lease, {},
          "engine " + std::string(p.name.view()) + " is heard of again", out, p.name.view(), true);
  }
  grant(p, out);
}

void RiskOffice::watch_engines(Actions& out) {
  for (Party& p : parties_) {
    if (p.silent || now_ - p.heard < grace()) continue;
    p.silent = true;
    alert(Severity::Critical, AlertCode::Lease, {},
          "engine " + std::string(p.name.view()) +
              " is silent: its lease is over, and what it was promised stays counted until it is "
              "heard of again",
          out, p.name.view());
  }
}

void RiskOffice::take_holdings(const LeaseAsked& event, Party& p, Actions& out) {
  if (!event.holdings) return;
  const std::size_t told = std::min(event.positions.size(), lease_positions_max);
  const auto beyond = static_cast<std::uint32_t>(event.positions.size() - told);
  const std::uint32_t before = p.left_out;
  p.holdings_told = now_;
  p.holdings_asked = event.asked;
  p.positions.assign(event.positions.begin(), event.positions.begin() + std::ptrdiff_t(told));
  p.left_out = event.left_out + beyond;
  if ((before == 0) == (p.left_out == 0)) return;
  const std::string who = "engine " + std::string(p.name.view());
  const bool over = p.left_out == 0;
  alert(over ? Severity::Info : Severity::Warning, AlertCode::Lease, {},
        over ? who + " tells all its positions again"
             : who + " has more positions than are told: " + std::to_string(p.left_out) +
                   " are in no sum of them",
        out, "positions of " + std::string(p.name.view()), over);
}

// --- shares ---

void RiskOffice::refresh_settings() {
  settings_.assign(configured_.all().begin(), configured_.all().end());
  settings_.insert(settings_.end(), changes_.begin(), changes_.end());
  std::erase_if(watched_, [&](const Watched& one) { return setting_of(one.key) == nullptr; });
}

const LimitSetting* RiskOffice::setting_of(const Key& key) const {
  const LimitSetting* like_it = nullptr;
  for (auto one = settings_.rbegin(); one != settings_.rend(); ++one) {
    if (one->kind != key.kind) continue;
    if (one->scope == key.scope) return &*one;
    if (one->scope.place() != LimitPlace::Everywhere || like_it != nullptr) continue;
    const LimitPlace place = key.scope.place();
    const bool each = (place == LimitPlace::Asset && each_asset(key.kind)) ||
                      (place == LimitPlace::Venue && each_venue(key.kind));
    if (each) like_it = &*one;
  }
  return like_it;
}

std::optional<Decimal> RiskOffice::use(const Party& party, const Key& key) {
  for (const LeaseUse& use : party.uses) {
    if (use.kind == key.kind && use.scope == key.scope)
      return use.known ? std::optional(use.value) : std::nullopt;
  }
  return std::nullopt;
}

Decimal RiskOffice::promised(const Party& party, const Key& key) const {
  Decimal most = std::max(use(party, key).value_or(Decimal()), Decimal());
  if (config_.mutant == Mutant::PromiseTwice) return most;
  for (const Sent& sent : party.sent) {
    for (const LeaseShare& share : sent.shares) {
      if (share.kind == key.kind && share.scope == key.scope) most = std::max(most, share.bound);
    }
  }
  return most;
}

Decimal RiskOffice::share_of(const Party& party, const Key& key,
                             const LimitSetting& setting) const {
  Decimal used, others;
  std::int64_t heard = 0;
  for (const Party& p : parties_) {
    used += std::max(use(p, key).value_or(Decimal()), Decimal());
    if (&p != &party) others += promised(p, key);
    if (&p == &party || !p.silent) ++heard;
  }
  const Decimal spare = std::max(setting.hard - used, Decimal());
  const Decimal own = std::max(use(party, key).value_or(Decimal()), Decimal());
  const Decimal wanted = own + spare.divide_floor(Decimal::from_int(heard)).value_or(Decimal());
  const Decimal allowed = std::max(setting.hard - others, Decimal());
  const Decimal share = std::min({wanted, allowed, setting.hard});
  return traits(key.kind).unit == LimitUnit::Count ? share.floor_to(0) : share;
}

// What any engine has told of, and what was set here for a place by itself.
std::vector<RiskOffice::Key> RiskOffice::shared() const {
  std::vector<Key> keys;
  const auto add = [&](const Key& key) {
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  };
  for (const Party& p : parties_) {
    for (const LeaseUse& use : p.uses) add({use.kind, use.scope});
  }
  for (const LimitSetting& setting : settings_) {
    const bool each = setting.scope.place() == LimitPlace::Everywhere &&
                      (each_asset(setting.kind) || each_venue(setting.kind));
    if (!each && (sharing(setting.kind) == Sharing::Split || watched_kind(setting.kind)))
      add({setting.kind, setting.scope});
  }
  return keys;
}

void RiskOffice::grant(Party& party, Actions& out) {
  Sent sent;
  for (const Key& key : shared()) {
    const LimitSetting* setting = setting_of(key);
    if (sharing(key.kind) != Sharing::Split || setting == nullptr) continue;
    sent.shares.push_back({key.kind, key.scope, share_of(party, key, *setting)});
  }
  sent.version = party.granted = ++version_;
  sent.over = party.heard + grace();
  for (const LeaseShare& share : sent.shares) out.push_back(share);
  for (const Hold& hold : holds_.all()) {
    LeaseHold held;
    if (hold.scope.venue.valid()) held.scope.venue = universe_.venue(hold.scope.venue).name;
    if (hold.scope.pair.valid()) held.scope.pair = Text<31>(universe_.pair_name(hold.scope.pair));
    held.scope.strategy = hold.scope.strategy;
    held.state = hold.state;
    held.resolving = hold.resolving;
    held.flatten = hold.flatten;
    out.push_back(held);
  }
  out.push_back(GrantLease{party.name, sent.version, party.asked, config_.lease_for});
  party.sent.push_back(std::move(sent));
}

// What changes for all of them waits for nobody's question.
void RiskOffice::grant_all(Actions& out) {
  for (Party& p : parties_) {
    if (!p.silent) grant(p, out);
  }
}

// --- what they lost ---

std::optional<Decimal> RiskOffice::sum(const Key& key) const {
  std::optional<Decimal> total;
  for (const Party& p : parties_) {
    const auto value = key.kind == LimitKind::Drawdown ? p.profit : use(p, key);
    if (value) total = total.value_or(Decimal()) + *value;
  }
  if (key.kind != LimitKind::Drawdown || !total) return total;
  return std::max(highest_.value_or(*total) - *total, Decimal());
}

// What one engine lost alone it watches itself.
void RiskOffice::watch_sums(Actions& out) {
  if (parties_.size() < 2) return;
  std::optional<Decimal> made;
  for (const Party& p : parties_) {
    if (p.profit) made = made.value_or(Decimal()) + *p.profit;
  }
  if (made) highest_ = std::max(highest_.value_or(*made), *made);
  for (const Key& key : shared()) {
    const LimitSetting* setting = setting_of(key);
    const auto value = sum(key);
    if (!watched_kind(key.kind) || setting == nullptr || !value) continue;
    auto one = std::ranges::find(watched_, key, &Watched::key);
    if (one == watched_.end()) one = watched_.insert(watched_.end(), Watched{key, {}});
    const std::string what = about(key) + " is " + value->floor_to(6).to_string();
    const auto tell = [&](Severity severity, std::string_view where, bool over) {
      alert(severity, AlertCode::LimitWarning, {},
            what + ", " + std::string(where) + " " + setting->warn->to_string(), out, about(key),
            over);
    };
    LimitWatch::Reading reading;
    reading.bound = setting->hard;
    reading.value = value;
    const LimitWatch::Told told = one->watch.read(*setting, reading, config_, now_);
    if (told.level == LimitWatch::News::Warned)
      tell(Severity::Warning, "past the warning at", false);
    if (told.level == LimitWatch::News::Cleared)
      tell(Severity::Info, "well within the warning at", true);
    if (told.reach == LimitWatch::News::Reached) reached(key, *setting, *value, out);
    if (told.reach == LimitWatch::News::Released) released(key, out);
  }
}

std::vector<Scope> RiskOffice::scopes_of(const Key& key) const {
  const LimitScope& names = key.scope;
  if (names.strategy) return {{{}, {}, names.strategy}};
  if (!names.pair.view().empty()) {
    const PairId pair = universe_.find_pair(names.pair.view());
    return pair.valid() ? std::vector<Scope>{{{}, pair}} : std::vector<Scope>{};
  }
  if (names.asset.view().empty()) return {Scope{}};
  std::vector<Scope> scopes;
  const AssetId asset = universe_.find_asset(names.asset.view());
  for (std::size_t p = 0; p < universe_.pairs().size(); ++p) {
    if (asset.valid() && universe_.pairs()[p].base == asset)
      scopes.push_back({{}, {static_cast<PairId::rep>(p)}});
  }
  return scopes;
}

void RiskOffice::reached(const Key& key, const LimitSetting& setting, Decimal value, Actions& out) {
  const std::string what = about(key) + " is " + value.floor_to(6).to_string() + ", its limit " +
                           setting.hard.to_string();
  if (setting.effect == LimitEffect::Refuses) {
    alert(Severity::Warning, AlertCode::LimitReached, {}, what, out, about(key));
    return;
  }
  const bool halts = setting.effect == LimitEffect::Halts;
  for (const Scope& scope : scopes_of(key)) {
    Hold hold;
    hold.scope = scope;
    hold.state = halts ? RiskState::Halted : RiskState::ReduceOnly;
    hold.resolving = halts;
    hold.limit = key.kind;
    holds_.set(hold);
    alert(
        halts && scope.global() ? Severity::Emergency : Severity::Critical, AlertCode::LimitReached,
        scope,
        what + "; " + describe(scope) + (halts ? " is halted" : " is reduced") + " in all engines",
        out, about(key));
  }
  grant_all(out);
}

void RiskOffice::released(const Key& key, Actions& out) {
  bool any = false;
  for (const Scope& scope : scopes_of(key)) {
    const Hold* hold = holds_.find(scope);
    const bool ours =
        hold != nullptr && hold->limit == key.kind && hold->state == RiskState::ReduceOnly;
    if (!ours) continue;
    holds_.lift(scope);
    any = true;
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + " is opened again: " + name(key.kind) + " has been well for a while",
          out, {}, true);
  }
  if (any) grant_all(out);
}

// --- persons ---

void RiskOffice::command(const HaltCommand& command, Actions& out) {
  Actions told;  // after what is granted
  for (const Hold& hold : holds_of(command, universe_, now_, config_.resolve_within)) {
    const bool news = holds_.set(hold);
    alert(Severity::Warning, AlertCode::Halt, hold.scope,
          describe(hold.scope) +
              (!news                 ? " was held up already in all engines, says "
               : command.reduce_only ? " reduced in all engines by "
                                     : " halted in all engines by ") +
              std::string(command.who.view()) + ": " + std::string(command.reason.view()),
          told);
  }
  grant_all(out);
  out.insert(out.end(), told.begin(), told.end());
}

void RiskOffice::command(const ResumeCommand& command, Actions& out) {
  if (!known(command.scope, universe_)) return;
  Actions told;
  bool any = false;
  for (const Scope& scope : parts_of(command.scope)) any |= resume(scope, command, told);
  if (any) grant_all(out);
  out.insert(out.end(), told.begin(), told.end());
}

bool RiskOffice::resume(const Scope& scope, const ResumeCommand& command, Actions& out) {
  if (holds_.find(scope) == nullptr) {
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + " was not held up by the risk role", out);
    return false;
  }
  if (config_.resume_by_two && !second_person_.asks(scope, command.who)) {
    alert(Severity::Info, AlertCode::Resume, scope,
          describe(scope) + " stays as it is until a second person asks for it, too; asked by " +
              std::string(command.who.view()),
          out);
    return false;
  }
  second_person_.done(scope);
  holds_.lift(scope);
  for (Watched& one : watched_) {
    const auto scopes = scopes_of(one.key);
    if (std::ranges::find(scopes, scope) != scopes.end()) one.watch.forgive();
  }
  alert(Severity::Info, AlertCode::Resume, scope,
        describe(scope) + " resumed in all engines by " + std::string(command.who.view()) + ": " +
            std::string(command.reason.view()),
        out);
  return true;
}

// Its share may be open at a venue still: only a person can know that it is not.
void RiskOffice::command(const WriteOffCommand& command, Actions& out) {
  const std::string who = "engine " + std::string(command.engine.view());
  const auto by =
      ": " + std::string(command.who.view()) + ": " + std::string(command.reason.view());
  const auto gone = std::ranges::find(parties_, command.engine, &Party::name);
  if (gone == parties_.end() || now_ - gone->heard < grace()) {
    alert(Severity::Info, AlertCode::Lease, {},
          who +
              (gone == parties_.end() ? " is not known, and not written off"
                                      : " is heard of, and not written off") +
              by,
          out, "write-off of " + std::string(command.engine.view()));
    return;
  }
  // What it made is no loss of now.
  if (gone->profit && highest_) *highest_ -= *gone->profit;
  parties_.erase(gone);
  grant_all(out);
  alert(Severity::Warning, AlertCode::Lease, {},
        who + " is written off; what it was promised is free" + by, out, command.engine.view(),
        true);
}

void RiskOffice::command(const SetLimitCommand& command, Actions& out) {
  const LimitSetting& wanted = command.setting;
  const auto wrong = fault_of(wanted);
  std::string what;
  if (wrong) {
    what = *wrong;
  } else if (command.of_file) {
    const auto before = configured_.say(wanted, command.take_back);
    const bool set =
        std::ranges::any_of(changes_, [&](const LimitSetting& c) { return c.same_place(wanted); });
    refresh_settings();
    what = (command.take_back ? std::string("no ") + name(wanted.kind) + " " + to_text(wanted.scope)
                              : to_text(wanted)) +
           " for all engines, was " + (before ? to_text(*before) : "none") +
           (set ? "; what a person set stays" : "");
    grant_all(out);
  } else {
    const LimitSetting* before = setting_of({wanted.kind, wanted.scope});
    const std::string was = before != nullptr ? to_text(*before) : "none";
    std::erase_if(changes_, [&](const LimitSetting& c) { return c.same_place(wanted); });
    if (!command.take_back) changes_.push_back(wanted);
    refresh_settings();
    const LimitSetting* now = setting_of({wanted.kind, wanted.scope});
    what = (now != nullptr ? to_text(*now) : to_text(wanted.scope) + " without one") +
           " for all engines, was " + was;
    grant_all(out);
  }
  alert(Severity::Warning, AlertCode::LimitChanged, {},
        what + "; " + std::string(command.who.view()) + ": " + std::string(command.reason.view()),
        out);
}

std::string RiskOffice::about(const Key& key) {
  return std::string(name(key.kind)) + " " + to_text(key.scope) + " of all engines";
}

void RiskOffice::alert(Severity severity, AlertCode code, const Scope& scope,
                       const std::string& message, Actions& out, std::string_view subject,
                       bool over) const {
  out.push_back(
      Alert{severity, code, scope, Text<127>::cut(message), Text<63>::cut(subject), over});
}

// --- shown ---

void RiskOffice::add_up_holdings(OfficeStatus& out) const {
  for (const Party& p : parties_) {
    if (!p.profit) continue;
    Decimal sum = out.profit.value_or(Decimal());
    if (add(sum, *p.profit)) out.profit = sum;
  }
  for (const Party& p : parties_) {
    for (const LeasePosition& one : p.positions) {
      add_to(out.exposures, one);
      if (!one.marked) ++out.unmarked;
      auto here = std::ranges::find_if(out.positions, [&](const LeasePosition& other) {
        return other.venue == one.venue && other.asset == one.asset;
      });
      if (here == out.positions.end()) {
        out.positions.push_back(one);
        continue;
      }
      bool sound = add(here->held, one.held);
      sound &= add(here->traded, one.traded);
      here->marked = here->marked && one.marked && sound && add(here->worth, one.worth);
      here->fresh = here->marked && here->fresh && one.fresh;
      here->mark = here->marked ? one.mark : Decimal();
      if (!here->marked) here->worth = {};
    }
  }
  for (OfficeStatus::Exposure& one : out.exposures) {
    if (!one.marked) {
      one.worth = one.traded_worth = {};
      continue;
    }
    add(out.equity, one.worth);
    if (one.asset == config_.reporting_asset) continue;
    add(out.gross, one.traded_worth.abs());
    add(out.net, one.traded_worth);
  }
}

void RiskOffice::status(OfficeStatus& out) const {
  out = {};
  for (const Party& p : parties_) {
    out.engines.push_back({p.name, p.silent, p.granted, p.held, p.heard, p.profit, p.holdings_told,
                           p.left_out, p.positions});
  }
  add_up_holdings(out);
  for (const Key& key : shared()) {
    const LimitSetting* setting = setting_of(key);
    if (setting == nullptr) continue;
    OfficeStatus::Limit limit;
    limit.setting = *setting;
    limit.setting.scope = key.scope;
    limit.changed = std::ranges::any_of(
        changes_, [&](const LimitSetting& c) { return c.same_place(*setting); });
    limit.used = sum(key).value_or(Decimal());
    if (sharing(key.kind) == Sharing::Split) {
      for (const Party& p : parties_) limit.promised += promised(p, key);
    }
    for (const Watched& one : watched_) {
      if (one.key == key) limit.level = one.watch.level();
    }
    out.limits.push_back(limit);
  }
  for (const Hold& hold : holds_.all())
    out.holds.push_back({hold.scope, hold.state, hold.resolving, hold.limit, HoldBy::RiskRole});
}

}  // namespace ats::core

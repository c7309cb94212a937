#include "report/alert_desk.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>

namespace ats::report {

bool act_of_a_person(AlertCode code, Severity severity) {
  return code == AlertCode::Resume || code == AlertCode::LimitChanged ||
         (code == AlertCode::Halt && severity == Severity::Warning);
}

const char* name(Telling::Why why) {
  switch (why) {
    case Telling::Why::New:
      return "new";
    case Telling::Why::Again:
      return "again";
    case Telling::Why::Raised:
      return "worse";
    case Telling::Why::Repeated:
      return "repeated";
    case Telling::Why::Over:
      return "over";
    case Telling::Why::Acknowledged:
      return "acknowledged";
    case Telling::Why::HeldBack:
      return "held_back";
  }
  return "?";
}

namespace {

constexpr Duration a_minute = seconds(60);

bool critical(Severity severity) { return severity >= Severity::Critical; }

bool act_of_a_person(const Alert& alert) {
  return report::act_of_a_person(alert.code, alert.severity);
}

// Tells what has happened and leaves nothing behind that could be over later.
bool news(const Alert& alert) {
  return alert.severity == Severity::Info || alert.code == AlertCode::Resume ||
         alert.code == AlertCode::LimitChanged;
}

// A resume of the scope is the end of it.
bool held_up(const KeptAlert& kept) {
  switch (kept.code) {
    case AlertCode::Halt:
    case AlertCode::LedgerBreak:
    case AlertCode::UnwindFailed:
    case AlertCode::DailyLoss:
    case AlertCode::LimitReached:  // its count begins anew with a resume
      return true;
    case AlertCode::FillMismatch:
      return !kept.scope.global();  // else nothing was halted
    case AlertCode::OrderUnknown:
      return critical(kept.severity);
    case AlertCode::ForeignOrder:
      return critical(kept.severity) && !kept.scope.global();  // else nothing was reduced
    case AlertCode::Resume:
    case AlertCode::Reconciled:
    case AlertCode::LateFill:
    case AlertCode::LimitWarning:
    case AlertCode::LimitChanged:
    case AlertCode::JournalFailed:
    case AlertCode::Lease:
      return false;
  }
  return false;
}

bool has_an_all_clear(const KeptAlert& kept) {
  return held_up(kept) || kept.code == AlertCode::LimitWarning || kept.code == AlertCode::Lease ||
         kept.code == AlertCode::OrderUnknown ||
         (kept.code == AlertCode::ForeignOrder && !kept.scope.global());  // until it is over
}

// An order without an answer, so far no more than that.
bool waits_for_an_answer(const KeptAlert& kept) {
  return kept.code == AlertCode::OrderUnknown && !critical(kept.severity);
}

// The order that the event says something certain of; none: it says nothing certain.
OrderId answered_order(const Event& event) {
  return std::visit(
      [](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        constexpr bool answers =
            std::is_same_v<E, OrderAcked> || std::is_same_v<E, OrderRejected> ||
            std::is_same_v<E, OrderEnded> || std::is_same_v<E, OrderFound> ||
            std::is_same_v<E, OrderNotFound> || std::is_same_v<E, OrderNotSent> ||
            std::is_same_v<E, OrderAmended> || std::is_same_v<E, AmendRejected>;
        if constexpr (answers) return e.order;
        return OrderId{};
      },
      event);
}

std::string times_text(std::uint32_t times) {
  return times == 1 ? std::string() : ", " + std::to_string(times) + " times";
}

}  // namespace

std::string to_text(const Telling& telling) {
  using Why = Telling::Why;
  if (telling.why == Why::HeldBack) return telling.message;
  std::string out = std::string(name(telling.severity)) + " " + name(telling.code) + ": ";
  out += telling.message;
  std::string note;
  if (telling.number != 0) note = "alert " + std::to_string(telling.number);
  for (const std::uint64_t ended : telling.ends)
    note += (note.empty() ? "over: alert " : ", ") + std::to_string(ended);
  note += times_text(telling.times);
  if (telling.why == Why::Raised) note += ", worse than it was";
  if (telling.why == Why::Repeated) note += ", not acknowledged";
  return note.empty() ? out : out + " [" + note + "]";
}

bool AlertDesk::Key::operator<(const Key& other) const {
  const auto order = [](const Key& k) {
    const int strategy = k.scope.strategy ? static_cast<int>(*k.scope.strategy) : -1;
    return std::tuple(k.code, k.scope.venue, k.scope.pair, strategy, k.subject.view());
  };
  return order(*this) < order(other);
}

const KeptAlert* AlertDesk::find(std::uint64_t number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : &found->second.kept;
}

std::vector<const KeptAlert*> AlertDesk::list(bool all) const {
  std::vector<const KeptAlert*> out;
  for (const auto& [number, entry] : entries_) {
    if (all || entry.kept.open()) out.push_back(&entry.kept);
  }
  return out;
}

// --- what comes in ---

void AlertDesk::on(const Event& event, Instant now, const Actions& actions) {
  pass_to(event, now);
  if (!unanswered_.empty()) answered(event);
  if (const auto* received = std::get_if<CommandReceived>(&event)) {
    if (const auto* seen = std::get_if<AcknowledgeCommand>(&received->command)) on(*seen);
  }
  for (const Action& action : actions) {
    if (const auto* alert = std::get_if<Alert>(&action)) take(*alert);
  }
  if (std::holds_alternative<Timer>(event)) tell_what_is_due();
}

void AlertDesk::raise(const Alert& alert, Instant now) {
  now_ = std::max(now_, run_began_ + (now - run_began_at_));
  take(alert);
}

void AlertDesk::pass_to(const Event& event, Instant now) {
  if (const auto* started = std::get_if<Started>(&event)) {
    if (wall_.told()) now_ = std::max(now_, now_ + (started->wall - wall()));
    run_began_ = now_, run_began_at_ = now;
    wall_ = started->wall, wall_at_ = now_;
    return;
  }
  now_ = std::max(now_, run_began_ + (now - run_began_at_));
  if (const auto* timer = std::get_if<Timer>(&event)) wall_ = timer->wall, wall_at_ = now_;
}

void AlertDesk::answered(const Event& event) {
  const OrderId order = answered_order(event);
  if (!order.valid()) return;
  const ClientOrderId id = client_order_id(order);
  for (const std::uint64_t number : std::vector(unanswered_.begin(), unanswered_.end())) {
    Entry& entry = entries_.at(number);
    if (entry.kept.subject.view() == id.view()) end(entry, "the venue has answered");
  }
}

void AlertDesk::on(const AcknowledgeCommand& command) {
  const auto found = entries_.find(command.alert);
  if (found == entries_.end() || found->second.kept.acknowledged) return;
  Entry& entry = found->second;
  entry.kept.acknowledged = Acknowledgement{command.who, command.reason, wall()};
  touch(entry);
  Telling telling{Telling::Why::Acknowledged,
                  entry.kept.number,
                  entry.kept.severity,
                  entry.kept.code,
                  {},
                  entry.kept.times,
                  {}};
  telling.message = "acknowledged by " + std::string(command.who.view()) + ": " +
                    std::string(command.reason.view());
  tell(std::move(telling));
  // Nothing else would ever end it.
  if (entry.kept.open() && !has_an_all_clear(entry.kept)) end(entry, "acknowledged");
}

void AlertDesk::take(const Alert& alert) {
  if (alert.over && all_clear(alert)) return;
  const auto same = latest_.find({alert.code, alert.scope, alert.subject});
  if (same != latest_.end() && !news(alert)) {
    Entry& entry = entries_.at(same->second);
    const bool soon = now_ - entry.last < rules_.window && !critical(alert.severity);
    if (entry.kept.open() || soon) return count(entry, alert);
  } else if (same != latest_.end() && !act_of_a_person(alert)) {
    Entry& entry = entries_.at(same->second);
    if (!entry.kept.open() && now_ - entry.last < rules_.window) return count(entry, alert);
  }
  enter(alert);
}

// The same again.
void AlertDesk::count(Entry& entry, const Alert& alert) {
  KeptAlert& kept = entry.kept;
  const bool worse = alert.severity > kept.severity;
  ++kept.times;
  kept.last = wall();
  entry.last = now_;
  kept.message = alert.message;
  if (!kept.open() && !news(alert)) {
    kept.ended.reset();
    kept.ended_by = {};
    open_.insert(kept.number);
    if (waits_for_an_answer(kept)) unanswered_.insert(kept.number);
  }
  if (worse) {
    // Whoever has seen what it was has not seen what it is.
    kept.severity = alert.severity;
    kept.acknowledged.reset();
    if (!waits_for_an_answer(kept)) unanswered_.erase(kept.number);
    begin_repeats(entry);
  }
  touch(entry);
  if (worse) return tell(entry, Telling::Why::Raised);
  if (act_of_a_person(alert) || now_ - entry.told >= rules_.window)
    tell(entry, Telling::Why::Again);
}

void AlertDesk::enter(const Alert& alert) {
  const std::uint64_t number = ++last_number_;
  Entry& entry = entries_[number];
  KeptAlert& kept = entry.kept;
  kept.number = number;
  kept.severity = alert.severity, kept.code = alert.code, kept.scope = alert.scope;
  kept.subject = alert.subject, kept.message = alert.message;
  kept.first = kept.last = wall();
  entry.last = now_;
  // News does not hide what is open: more of that still belongs to it.
  std::uint64_t& latest = latest_[{alert.code, alert.scope, alert.subject}];
  if (!news(alert) || !open_.contains(latest)) latest = number;
  if (news(alert)) {
    kept.ended = kept.first;
  } else {
    open_.insert(number);
    if (waits_for_an_answer(kept)) unanswered_.insert(number);
    begin_repeats(entry);
  }
  touch(entry);
  tell(entry, Telling::Why::New);
  forget_the_oldest();
}

// --- what is over ---

// False: nothing was open that it could end.
bool AlertDesk::all_clear(const Alert& alert) {
  Telling telling{
      Telling::Why::Over, 0, alert.severity, alert.code, std::string(alert.message.view()), 1, {}};
  for (const std::uint64_t number : open_) {
    const KeptAlert& kept = entries_.at(number).kept;
    bool ends =
        kept.code == alert.code && kept.scope == alert.scope && kept.subject == alert.subject;
    if (alert.code == AlertCode::Resume) ends = held_up(kept) && kept.scope == alert.scope;
    if (alert.code == AlertCode::Reconciled) ends = waits_for_an_answer(kept);
    if (ends) telling.ends.push_back(number);
  }
  for (const std::uint64_t number : telling.ends) end(entries_.at(number), alert.message.view());
  if (telling.ends.empty()) return false;
  tell(std::move(telling));
  return true;
}

void AlertDesk::end(Entry& entry, std::string_view said) {
  entry.kept.ended = wall();
  entry.kept.ended_by = Text<127>::cut(said);
  open_.erase(entry.kept.number);
  unanswered_.erase(entry.kept.number);
  touch(entry);
  forget_the_oldest();
}

// What is open is never forgotten, however much of it there is.
void AlertDesk::forget_the_oldest() {
  auto at = entries_.begin();
  while (entries_.size() - open_.size() > rules_.kept) {
    while (at->second.kept.open()) ++at;
    const KeptAlert& kept = at->second.kept;
    const auto latest = latest_.find({kept.code, kept.scope, kept.subject});
    if (latest != latest_.end() && latest->second == kept.number) latest_.erase(latest);
    at = entries_.erase(at);
  }
}

// --- what is told ---

void AlertDesk::tell(Entry& entry, Telling::Why why) {
  const KeptAlert& kept = entry.kept;
  if (!tell(Telling{why,
                    kept.number,
                    kept.severity,
                    kept.code,
                    std::string(kept.message.view()),
                    kept.times,
                    {}})) {
    return;
  }
  ++entry.kept.told;
  entry.told = now_;
}

bool AlertDesk::tell(Telling telling) {
  // While some are held back all are, so that their sum comes before what came after them.
  if (!critical(telling.severity) && (!held_back_.empty() || !within_rate())) {
    ++held_back_[telling.code];
    return false;
  }
  tellings_.push_back(std::move(telling));
  return true;
}

bool AlertDesk::within_rate() {
  while (!told_.empty() && now_ - told_.front() >= a_minute) told_.pop_front();
  if (told_.size() >= rules_.told_per_minute) return false;
  told_.push_back(now_);
  return true;
}

void AlertDesk::begin_repeats(Entry& entry) {
  if (!critical(entry.kept.severity)) return;
  const bool emergency = entry.kept.severity == Severity::Emergency;
  entry.pause = emergency ? rules_.emergency_pause : rules_.critical_pause;
  entry.repeat_at = now_ + entry.pause;
}

void AlertDesk::tell_what_is_due() {
  for (const std::uint64_t number : open_) {
    Entry& entry = entries_.at(number);
    if (!critical(entry.kept.severity) || entry.kept.acknowledged || now_ < entry.repeat_at)
      continue;
    const bool emergency = entry.kept.severity == Severity::Emergency;
    entry.pause = std::min(entry.pause * 2,
                           emergency ? rules_.emergency_pause_most : rules_.critical_pause_most);
    entry.repeat_at = now_ + entry.pause;
    touch(entry);
    tell(entry, Telling::Why::Repeated);
  }
  if (held_back_.empty() || !within_rate()) return;
  std::uint32_t sum = 0;
  std::string which;
  for (const auto& [code, many] : held_back_) {
    sum += many;
    which += (which.empty() ? "" : ", ") + std::to_string(many) + " " + name(code);
  }
  held_back_.clear();
  tellings_.push_back({Telling::Why::HeldBack,
                       0,
                       Severity::Warning,
                       AlertCode::Halt,
                       "held back, more than " + std::to_string(rules_.told_per_minute) +
                           " within a minute: " + std::to_string(sum) + " (" + which +
                           "); the list has them",
                       sum,
                       {}});
}

}  // namespace ats::report

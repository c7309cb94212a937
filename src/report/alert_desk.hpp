// The alerts of a process as a person works with them. The core raises an Alert whenever something is so; the desk
// keeps each one once, says which are to be told, and keeps telling what is critical until someone has seen
// it. Folded from events and the actions that followed, in their order, and from nothing else: a restart and a
// replay come to the same list with the same numbers.
//
// Two alerts are the same when code, scope and subject are: the same break of the same asset on the same venue,
// the same limit. It is told once; the same again within AlertRules::window is counted. One that was over and
// comes again later, or is critical, is another. What a person did (a halt, a resume, a limit changed) is told
// each time.
//
// Invariants: every alert raised is in exactly one entry of the list, told or not. What is critical or worse is
// told at once, whatever else is, and again with growing pauses until it is acknowledged or over.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"

namespace ats::report {

struct AlertRules {
  Duration window = seconds(300);         // the same again within it is counted, not told
  std::uint32_t told_per_minute = 20;     // at most, of those below critical
  Duration critical_pause = seconds(60);  // to the first repeat; each pause is twice the one before
  Duration critical_pause_most = seconds(1800);
  Duration emergency_pause = seconds(30);
  Duration emergency_pause_most = seconds(300);
  std::size_t kept = 1000;  // of those that are over: the latest
};

struct Acknowledgement {
  Text<31> who;
  Text<63> reason;
  WallTime at;
};

struct KeptAlert {
  std::uint64_t number = 0;  // from 1, in the order they came up; the same after a restart
  Severity severity = Severity::Info;  // the highest it came with
  AlertCode code = AlertCode::Halt;
  Scope scope;
  Text<63> subject;
  Text<127> message;  // the latest
  WallTime first;
  WallTime last;
  std::uint32_t times = 1;
  std::uint32_t told = 0;  // repeats included; 0: held back so far
  std::optional<Acknowledgement> acknowledged;
  std::optional<WallTime> ended;  // news is over when it is told
  Text<127> ended_by;             // what was said then
  std::uint64_t change = 0;       // AlertDesk::changes() when it changed last
  bool open() const { return !ended.has_value(); }
};

// One line for people.
struct Telling {
  enum class Why : std::uint8_t {
    New,
    Again,         // the same, after a while
    Raised,        // the same, and worse than it was
    Repeated,      // nobody has acknowledged it
    Over,          // an all-clear: `ends` says of which
    Acknowledged,  // by a person
    HeldBack,      // the sum of what was not told
  };
  Why why = Why::New;
  std::uint64_t number = 0;  // 0: of none of the list
  Severity severity = Severity::Info;
  AlertCode code = AlertCode::Halt;
  std::string message;
  std::uint32_t times = 1;
  std::vector<std::uint64_t> ends = {};
};
const char* name(Telling::Why why);
// What a person did: told each time, however soon after the last.
bool act_of_a_person(AlertCode code, Severity severity);
// "critical halt: the message [alert 3, the 4th time]": what the log shows.
std::string to_text(const Telling& telling);

class AlertDesk {
 public:
  explicit AlertDesk(const AlertRules& rules = {}) : rules_(rules) {}

  void on(const Event& event, Instant now, const Actions& actions);
  // One that no journal holds, because it cannot be written.
  void raise(const Alert& alert, Instant now);

  // What is to be told since they were last cleared, in order.
  const std::vector<Telling>& tellings() const { return tellings_; }
  void clear_tellings() { tellings_.clear(); }

  // By number: those that are open, or all that are kept.
  std::vector<const KeptAlert*> list(bool all) const;
  const KeptAlert* find(std::uint64_t number) const;
  std::size_t open() const { return open_.size(); }
  // Rises with every change of any alert.
  std::uint64_t changes() const { return changes_; }

 private:
  struct Key {
    AlertCode code;
    Scope scope;
    Text<63> subject;
    bool operator<(const Key& other) const;
  };
  // Times in the desk's own.
  struct Entry {
    KeptAlert kept;
    Instant last;
    Instant told;
    Instant repeat_at;  // of one that is critical, open and not acknowledged
    Duration pause;
  };

  void pass_to(const Event& event, Instant now);
  void answered(const Event& event);
  void on(const AcknowledgeCommand& command);
  void take(const Alert& alert);
  void count(Entry& entry, const Alert& alert);
  void enter(const Alert& alert);
  bool all_clear(const Alert& alert);
  void end(Entry& entry, std::string_view said);
  void touch(Entry& entry) { entry.kept.change = ++changes_; }
  void tell(Entry& entry, Telling::Why why);
  bool tell(Telling telling);
  bool within_rate();
  void begin_repeats(Entry& entry);
  void tell_what_is_due();
  void forget_the_oldest();
  WallTime wall() const { return wall_ + (now_ - wall_at_); }

  AlertRules rules_;
  std::map<std::uint64_t, Entry> entries_;
  std::map<Key, std::uint64_t> latest_;  // of the same alert
  std::set<std::uint64_t> open_;
  std::set<std::uint64_t> unanswered_;  // open ones about an order that has no answer
  std::uint64_t last_number_ = 0;
  std::uint64_t changes_ = 0;
  std::vector<Telling> tellings_;
  std::deque<Instant> told_;  // within the last minute, below critical
  std::map<AlertCode, std::uint32_t> held_back_;
  // The desk's own time: the engine's, and over a restart as much as the wall clock says. Never backwards.
  Instant now_;
  Instant run_began_;     // in the desk's time
  Instant run_began_at_;  // in the engine's, which may begin anew with each run
  WallTime wall_;         // last told, and when
  Instant wall_at_;
};

}  // namespace ats::report

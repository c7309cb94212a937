// The rules of notification: notices and time in, hits out. Pure; what it knows is a list of matters that its owner keeps (take_changes)
// and hands back after a restart, so that one life or many come to the same hits.
//
// A matter is what notices are the same about: source, category, scope and subject. Within it
//  - the first notice that meets a rule is told; more of them within NoticeRule::again_after are counted, and told as a sum when it
//    is over; while that goes on it doubles. What is worse, and what a person did, is told at once.
//  - while one of its alerts is open and nobody has acknowledged it, it escalates, with pauses that double up to a bound.
//  - whoever was told of it is told once that it is over; whoever it was escalated to, that somebody has seen it.
//
// Invariants: every notice that meets a rule is in exactly one Told, Summed or AllClear hit for each of the rule's channels.
// No two hits have the same key. Time never goes back here, whatever the clock does.
#pragma once

#include <utility>

#include "report/notice.hpp"

namespace ats::report {

struct MatterKey {
  std::string source, category, scope, subject;
  auto operator<=>(const MatterKey&) const = default;
};

struct Matter {
  // With one rule, by its name.
  struct Standing {
    WallTime told;              // last
    Duration pause;             // until the same may be told again
    std::uint32_t counted = 0;  // notices since, not told yet
    std::uint32_t escalations = 0;
    WallTime escalate_at;    // not told: never
    bool clear_due = false;  // somebody was told, and not yet that it is over
    bool operator==(const Standing&) const = default;
  };
  MatterKey key;
  std::uint64_t journal = 0;  // that the numbers are of
  std::set<std::uint64_t> open;
  Severity severity = Severity::Info;
  std::string message;  // the latest
  std::string last;     // id of the latest notice
  bool acknowledged = false;
  WallTime at;  // of the latest notice
  std::map<std::string, Standing> standings;
  bool operator==(const Matter&) const = default;
};

class NoticeDesk {
 public:
  explicit NoticeDesk(std::vector<NoticeRule> rules) : rules_(std::move(rules)) {}

  // One that was kept. Rules that are no more are forgotten.
  void restore(Matter matter);
  // `told` false: it happened before anyone asked to be told, and is only known from then on.
  void on(const Notice& notice, WallTime now, std::vector<Hit>& out, bool told = true);
  // Time passes: sums and escalations that are due.
  void pass(WallTime now, std::vector<Hit>& out);
  // A person has seen it, and tells so here. False: there is no such open alert.
  bool acknowledge(const std::string& source, std::uint64_t alert, const std::string& who,
                   WallTime now, std::vector<Hit>& out);

  const std::vector<NoticeRule>& rules() const { return rules_; }
  const std::map<MatterKey, Matter>& matters() const { return matters_; }
  // Since it was asked last: those that are no more among matters() are to be forgotten.
  std::set<MatterKey> take_changes() { return std::exchange(changed_, {}); }

 private:
  const NoticeRule* find(const std::string& rule) const;
  bool met(const NoticeRule& rule, const Notice& notice) const;
  void begin_journal(const Notice& notice);
  Matter* owner(const std::string& source, std::uint64_t alert);
  void ended(Matter& matter, std::uint64_t alert);
  void raised(const Notice& notice, std::vector<Hit>& out, bool told);
  void over(const Notice& notice, std::vector<Hit>& out);
  void acknowledged(const Notice& notice, std::vector<Hit>& out);
  void seen(Matter& matter, const std::string& message, std::vector<Hit>& out);
  Hit hit(const NoticeRule& rule, const Matter& matter, Hit::Kind kind) const;
  void send(const NoticeRule& rule, Hit hit, bool escalated, std::vector<Hit>& out) const;
  WallTime due(const NoticeRule& rule, const Hit& hit, bool& alone) const;
  bool quiet(const NoticeRule& rule, Severity severity, WallTime at) const;

  std::vector<NoticeRule> rules_;
  std::map<MatterKey, Matter> matters_;
  std::set<MatterKey> changed_;
  std::map<std::pair<std::string, std::uint64_t>, MatterKey> owners_;  // of open alerts
  std::map<std::string, std::uint64_t> journals_;                      // latest, by source
  WallTime now_;
};

}  // namespace ats::report

// The words between an engine and the risk role as letters that own what they say. Actions tell them in pieces
// (a LeaseUse for each limit, at times a LeasePosition for each position, then AskLease; a LeaseShare and a LeaseHold
// for each, then GrantLease), and the events they become only point at what they carry.
#pragma once

#include <optional>
#include <vector>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/lease.hpp"

namespace ats::services {

struct LeaseQuestion {
  LeaseAsked asked;  // but for what it points at
  std::vector<LeaseUse> uses;
  std::vector<LeasePosition> positions;
  // Points into this letter.
  LeaseAsked event() const;
};

struct LeaseAnswer {
  EngineName engine;
  LeaseGranted granted;  // but for what it points at
  std::vector<LeaseShare> shares;
  std::vector<LeaseHold> holds;
  LeaseGranted event() const;
};

// Gathers what one engine's actions say.
class QuestionGatherer {
 public:
  explicit QuestionGatherer(EngineName engine) : engine_(engine) {}
  // The letter, with the action that completes it.
  std::optional<LeaseQuestion> take(const Action& action);

 private:
  EngineName engine_;
  LeaseQuestion letter_;
};

// Gathers what the role's actions say.
class AnswerGatherer {
 public:
  std::optional<LeaseAnswer> take(const Action& action);

 private:
  LeaseAnswer letter_;
};

}  // namespace ats::services

#include "services/lease_letters.hpp"

#include <utility>

namespace ats::services {

LeaseAsked LeaseQuestion::event() const {
  LeaseAsked event = asked;
  event.uses = uses;
  event.positions = positions;
  return event;
}

LeaseGranted LeaseAnswer::event() const {
  LeaseGranted event = granted;
  event.shares = shares;
  event.holds = holds;
  return event;
}

std::optional<LeaseQuestion> QuestionGatherer::take(const Action& action) {
  if (const auto* use = std::get_if<LeaseUse>(&action)) letter_.uses.push_back(*use);
  if (const auto* position = std::get_if<LeasePosition>(&action))
    letter_.positions.push_back(*position);
  const auto* ask = std::get_if<AskLease>(&action);
  if (ask == nullptr) return std::nullopt;
  letter_.asked = {engine_,     ask->asked, ask->held,     ask->live,     ask->profit_known,
                   ask->profit, {},         ask->holdings, ask->left_out, {}};
  return std::exchange(letter_, LeaseQuestion{});
}

std::optional<LeaseAnswer> AnswerGatherer::take(const Action& action) {
  if (const auto* share = std::get_if<LeaseShare>(&action)) letter_.shares.push_back(*share);
  if (const auto* hold = std::get_if<LeaseHold>(&action)) letter_.holds.push_back(*hold);
  const auto* grant = std::get_if<GrantLease>(&action);
  if (grant == nullptr) return std::nullopt;
  letter_.engine = grant->engine;
  letter_.granted = {grant->version, grant->asked, grant->valid_for, {}, {}};
  return std::exchange(letter_, LeaseAnswer{});
}

}  // namespace ats::services

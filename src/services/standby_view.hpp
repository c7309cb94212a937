// What an engine of several, of which one leads, shows of that.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/time.hpp"
#include "services/leader_rule.hpp"

namespace ats::services {

struct StandbyView {
  std::string name;  // ours
  LeaderRule::Standing standing = LeaderRule::Standing::Follows;
  std::uint32_t term = 0;  // ours, last; 0: never led
  Duration left;           // of our lead
  std::string leader;      // empty: nobody, as far as is known
  std::uint32_t leader_term = 0;
  bool redis_up = false;
  std::string why;  // it would not take over now, or never again; empty: no reason

  // Of one that follows.
  bool following = false;     // the leader's journal comes in
  std::uint64_t records = 0;  // of the journal here
  // What the leader had written and we had not, when it last renewed its lead.
  std::uint64_t behind_records = 0;
  Duration behind;

  // Of the one that leads.
  std::uint64_t followers = 0;
  std::uint64_t records_given = 0;
  std::uint64_t fenced = 0;  // effects that were not sent since its time was over
};

nlohmann::json standby_json(const StandbyView& view);
// One line, for people.
std::string standby_text(const nlohmann::json& told);

}  // namespace ats::services

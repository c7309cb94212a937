// This engine's part in who leads: the record in Redis under `ats.v1.leader.<risk.engine>` is looked at, stood for and
// renewed as LeaderRule says, on the reactor's thread: a loop that stands still does not lead on.
//
// The fence is open as long as this engine leads, to the nanosecond of its own clock and whatever became of Redis, the line
// to it or this loop meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "io/send_fence.hpp"
#include "services/bus_config.hpp"
#include "services/leader_rule.hpp"
#include "services/standby_config.hpp"

namespace ats::services {

class Leadership {
 public:
  struct Outside {
    // As it is now; null: not known yet, so it does not stand.
    std::function<const JournalReach*()> journal;
    std::function<void(std::string line)> log;
  };
  // `group`: whose lead it is; the engines that follow each other share it. The error is one line a person can act on.
  static Result<std::unique_ptr<Leadership>, std::string> open(io::Reactor& reactor,
                                                               const StandbyConfig& config,
                                                               const BusConfig& redis,
                                                               const std::string& group,
                                                               Outside outside);
  ~Leadership();
  Leadership(const Leadership&) = delete;
  Leadership& operator=(const Leadership&) = delete;

  const io::SendFence& fence() const;
  LeaderRule::Standing standing() const;
  const LeaderRule& rule() const;
  bool redis_up() const;
  // The name of another that leads, as far as is known; empty: none.
  std::string leader() const;
  // Gives the lead up, so that another can follow at once; waits for Redis so long at most. The fence is closed first.
  void leave(Duration within);

 private:
  class Parts;
  explicit Leadership(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services

// A follower's line to the engine that leads: one call of ats.v1.Standby, from where our copy of the journal ends, until it
// ends. It is read on a thread of its own and handed over on the reactor's, a few pieces ahead at most.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/journal_follow.hpp"
#include "io/reactor.hpp"
#include "services/config.hpp"

namespace ats::services {

class JournalLine {
 public:
  // On the reactor's thread. False: nothing more is wanted. The line may be destroyed from within `ended` alone.
  struct Outside {
    std::function<bool(const io::JournalPlace& goes_on)> begins;  // first, once
    std::function<bool(const io::JournalPlace& at, std::span<const std::byte> records)> takes;
    std::function<void(std::string why)> ended;  // last, once; not after the line was destroyed
  };
  // `config` has the files, and our name. The error is one line a person can act on.
  static Result<std::unique_ptr<JournalLine>, std::string> open(
      io::Reactor& reactor, const Config& config, const std::string& address,
      const std::vector<io::SegmentMark>& marks, Outside outside);
  ~JournalLine();
  JournalLine(const JournalLine&) = delete;
  JournalLine& operator=(const JournalLine&) = delete;

 private:
  class Parts;
  explicit JournalLine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services

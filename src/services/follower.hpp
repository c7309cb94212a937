// The journal of an engine that does not lead: what is on disk, and what comes from the one that does, byte for byte, each record
// handed on once and in order, to be folded.
//
// Whether our last words were heard by whoever leads is asked before anything is folded: what was not is moved aside. Without a
// leader to ask, what is on disk is folded after a while as it is. Found out later that it was not heard, this process is over:
// what is folded cannot be taken back, and the next one begins without it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/journal_follow.hpp"
#include "io/reactor.hpp"
#include "services/config.hpp"
#include "services/journal_line.hpp"

namespace ats::services {

class Follower {
 public:
  struct Outside {
    // False: it has no meaning, or is not what this program would have decided.
    std::function<bool(const io::Record& record, const std::function<std::string()>& position)>
        take;
    std::function<void(std::string line)> log;
  };
  // The error is one line a person can act on.
  static Result<std::unique_ptr<Follower>, std::string> open(io::Reactor& reactor,
                                                             const Config& config,
                                                             const std::filesystem::path& journal,
                                                             Outside outside);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Now and then: who leads, of standby.engines; empty: nobody else, as far as is known.
  void follow(const std::string& leader);
  // What is on disk has been handed on, and more only follows.
  bool read() const { return read_; }
  // Records come from a leader.
  bool up() const { return up_; }
  std::uint64_t records() const { return copy_.next_sequence() - 1; }
  // Not empty: it can go on no more, and why.
  const std::string& failure() const { return failure_; }
  // Stops following; for the writer who goes on.
  io::JournalEnd release();

 private:
  Follower(io::Reactor& reactor, const Config& config, std::filesystem::path journal,
           io::JournalCopy copy, Outside outside);
  void connect(const std::string& leader);
  bool begins(const io::JournalPlace& place);
  bool takes(const io::JournalPlace& at, std::span<const std::byte> records);
  void ended(const std::string& why);
  bool read_disk();
  bool give_up(std::string why);

  io::Reactor& reactor_;
  const Config& config_;
  const std::filesystem::path journal_;
  io::JournalCopy copy_;
  const Outside outside_;
  std::unique_ptr<JournalLine> line_;
  std::string leader_;  // the line is to
  Instant again_at_, opened_;
  std::string told_;  // of the line, last
  bool read_ = false, up_ = false;
  std::string failure_;
};

}  // namespace ats::services

// Room kept for halts that cannot be journalled: a file whose bytes are there before they are needed, so that a full disk
// does not lose what a person said when it was full. What is kept is told to the engine at the next start, as the
// command that it was, and forgotten when it is in the journal.
//
// A file that is torn or damaged holds the halt of everything: somebody wanted something to stop.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/command.hpp"

namespace ats::io {

class HaltReserve {
 public:
  static constexpr std::size_t size = 4096;

  // Makes the file where there is none. The error is one line a person can act on.
  static Result<HaltReserve, std::string> open(const std::filesystem::path& file);
  HaltReserve(HaltReserve&& other) noexcept;
  HaltReserve& operator=(HaltReserve&&) = delete;
  ~HaltReserve();

  // In the order they were kept.
  const std::vector<HaltCommand>& kept() const { return kept_; }
  // True: it is on the disk. The last that finds room no more is kept as the halt of everything.
  bool keep(const HaltCommand& halt);
  bool forget();

 private:
  HaltReserve(int fd) : fd_(fd) {}
  bool write();

  int fd_ = -1;
  std::vector<HaltCommand> kept_;
};

}  // namespace ats::io

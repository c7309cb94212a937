// Folding a journal: its events go through a core again, and what the core wants is compared with what
// the journal says it wanted then. A restart and a replay are this one function.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "core/engine.hpp"
#include "domain/codec.hpp"
#include "io/journal.hpp"

namespace ats::services {

// The first place where the core did not want what it wanted then.
struct Difference {
  std::uint64_t sequence = 0;  // of the record
  std::string position;        // segment and byte
  std::string event;           // that was being handled
  std::string journalled;      // "nothing" when the core now wants more than then
  std::string wanted;          // "nothing" when it now wants less
};

struct FoldReport {
  std::uint64_t events = 0;
  std::uint64_t actions = 0;
  std::uint64_t runs = 0;         // Started records
  std::uint32_t incarnation = 0;  // of the last run; 0 for an empty journal
  Instant last;                   // time of the last event
  WallTime last_wall;             // of the last event that has one
  bool closed_cleanly = false;
  std::uint64_t torn_bytes = 0;
  Universe universe;  // of the last run
  CoreConfig config;
  std::optional<Difference> difference;
};

struct FoldOptions {
  // Called now and then with the number of records done; for progress.
  std::function<void(std::uint64_t)> progress;
  // Every event and the actions it led to, for those who watch.
  std::function<void(const Event&, Instant, const Actions&)> observe;
};

// Whoever is folded: a core, or the risk role.
using Folded = std::function<void(const Event&, Instant, Actions&)>;
Folded folded_into(core::Engine& engine);

// Record by record, for a journal that is still being written elsewhere.
class Fold {
 public:
  Fold(Folded folded, FoldOptions options);
  // False: the record has a sound checksum and no meaning. `position` is asked only for a difference; after the first
  // nothing is folded any more.
  bool take(const io::Record& record, const std::function<std::string()>& position);
  FoldReport& report() { return report_; }
  const FoldReport& report() const { return report_; }

 private:
  bool on_event(const io::Record& record);
  bool on_action(const io::Record& record);
  void differ(std::string journalled);

  const Folded folded_;
  const FoldOptions options_;
  FoldReport report_;
  DecodedEvent decoded_;
  Actions actions_;
  std::size_t done_ = 0;  // of actions_, found in the journal
  std::vector<std::byte> wanted_;
};

// Reads `reader` to its end. Stops at the first difference. Actions that a crash kept out of the journal
// (the last event of a run) are no difference: they were never carried out.
Result<FoldReport, io::JournalError> fold_journal(io::JournalReader& reader, const Folded& folded,
                                                  const FoldOptions& options = {});
Result<FoldReport, io::JournalError> fold_journal(io::JournalReader& reader, core::Engine& engine,
                                                  const FoldOptions& options = {});

}  // namespace ats::services

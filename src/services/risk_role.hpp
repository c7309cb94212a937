// The risk role of a process: the office (core/risk/risk_office.hpp), its journal, its alerts and its clock. One
// thread, that of the reactor of whoever owns it. What it answers is journalled before it is handed on; when the
// journal cannot be written it answers nobody any more, and the engines open nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "core/risk/risk_office.hpp"
#include "domain/command.hpp"
#include "domain/event.hpp"
#include "io/journal.hpp"
#include "report/alert_desk.hpp"
#include "services/config.hpp"
#include "services/lease_letters.hpp"
#include "services/told_holdings.hpp"

namespace ats::services {

class RiskRole {
 public:
  struct Outside {
    // A lease, for the engine that it names. Not called from within asked().
    std::function<void(const LeaseAnswer& lease)> grant;
    std::function<void(const report::Telling& telling)> tell;
    // What the journal has, that of earlier runs first.
    std::function<void(const Event& event, Instant now, const Actions& actions)> seen;
    // What it cannot have any more.
    std::function<void(const Alert& alert)> unwritten;
  };
  // Folds what earlier runs left. The error is one line a person can act on.
  static Result<std::unique_ptr<RiskRole>, std::string> open(const Config& config,
                                                             const std::filesystem::path& journal,
                                                             Outside outside);

  void start();
  // Several times a second: time passes, and what was answered since the last one is handed on.
  void tick();
  void asked(const LeaseQuestion& question);
  // What was said to it. Nothing has been done where failure() is not empty.
  std::vector<std::string> command(const Command& command);
  // Not empty: it can go on no more, and why.
  const std::string& failure() const { return failure_; }
  bool close() { return failure_.empty() && journal_->close().ok(); }

  const core::RiskOffice& office() const { return office_; }
  std::uint64_t journal_bytes() const { return journal_->bytes_written(); }
  // Numbered as its journal has them, so that they are the same after a restart.
  const report::AlertDesk& alerts() const { return alerts_; }
  const ToldHoldings& holdings() const { return holdings_; }
  // Its venues and pairs, which commands name.
  const Universe& universe() const { return universe_; }
  std::uint32_t incarnation() const { return incarnation_; }
  Instant now() const { return now_; }

 private:
  RiskRole(const Config& config, Outside outside);
  std::optional<std::string> restore(const Config& config, const std::filesystem::path& directory);
  void handle(const Event& event);
  void failed(io::JournalFault fault);
  void tell();

  CoreConfig core_;
  Outside outside_;
  Universe universe_;
  core::RiskOffice office_;
  report::AlertDesk alerts_;
  ToldHoldings holdings_;
  std::optional<io::JournalWriter> journal_;
  std::uint32_t incarnation_ = 1;
  Instant now_;
  Actions actions_;
  AnswerGatherer gatherer_;
  std::vector<LeaseAnswer> letters_;
  std::vector<std::string>* said_ = nullptr;  // alerts go there too
  std::string failure_;
};

}  // namespace ats::services

// The market as one run of a journal's engine saw it: its market events and timers, at the times it handled them, without
// what concerned its account. With it what the run began with: configuration, balances, and what it saw and decided.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "domain/action.hpp"
#include "domain/codec.hpp"
#include "domain/config.hpp"
#include "io/journal.hpp"
#include "report/history.hpp"
#include "services/event_feed.hpp"

namespace ats::services {

// An opportunity as it was seen: taken, or why not.
struct SeenOpportunity {
  WallTime at;
  PairId pair;
  InstrumentId buy, sell;
  RefuseReason refused = RefuseReason::None;
  ExecutionId execution;  // valid when taken
};

class JournalMarket final : public EventFeed {
 public:
  struct Balance {
    VenueId venue;
    AssetId asset;
    Decimal total;
  };

  // Of the journal's last run.
  static Result<std::unique_ptr<JournalMarket>, std::string> open(
      const std::filesystem::path& journal);

  const CoreConfig& config() const { return config_; }
  const std::vector<Balance>& balances() const { return balances_; }  // as they were told first
  const std::vector<SeenOpportunity>& seen() const { return seen_; }
  const report::History& history() const { return history_; }  // of all runs
  WallTime started() const { return started_; }

  const Universe& universe() const override { return universe_; }
  Result<bool, std::string> next() override;
  std::int64_t ns() const override { return ns_; }
  void deliver(EventSink& sink) override { sink.on(decoded_.event); }
  bool brings_timers() const override { return true; }

 private:
  explicit JournalMarket(io::JournalReader reader) : reader_(std::move(reader)) {}
  Status<std::string> look_through(const std::filesystem::path& journal);
  std::string damaged() const;
  std::int64_t wall_of(Instant at) const { return at.ns + offset_; }

  io::JournalReader reader_;
  DecodedEvent decoded_;
  CoreConfig config_;
  Universe universe_;
  std::vector<Balance> balances_;
  std::vector<SeenOpportunity> seen_;
  report::History history_;
  std::uint64_t begins_ = 0;  // number of the record of the last Started
  std::int64_t offset_ = 0;   // of its wall clock to its monotonic one
  WallTime started_;
  std::int64_t ns_ = 0;
};

}  // namespace ats::services

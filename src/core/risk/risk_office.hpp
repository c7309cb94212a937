// The risk role, pure: several engines under one set of limits. Each engine tells what it uses and asks for a lease;
// the office answers with a share of each limit that is split, what is held up everywhere, and how long that counts
// (domain/lease.hpp). It adds up what the engines lost and halts them all when it is too much. Events in, actions
// out, like the engine, and kept by the same journal: a restart folds it, so that no promise and no halt is forgotten.
//
//   promised   what an engine may use at most, whatever it does and whatever is lost on the way: the most of what it
//              told last and of every share that it may hold or may still come to hold. It falls only by what the
//              engine tells, never by time alone: who is silent may have used all of it, and still have it open,
//              unless a person writes it off
//   invariant  what all engines are promised of a limit comes to no more than the limit, or no share is given that
//              makes it more
//   share      what the engine uses, and an equal part of what nobody uses; as far as the promises of others allow
//
// A limit is the office's own (its configuration, and what a person set here); an engine's own hold besides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "core/risk/holds.hpp"
#include "core/risk/limit_settings.hpp"
#include "core/risk/limit_watch.hpp"
#include "core/risk/second_person.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "domain/lease.hpp"
#include "domain/status.hpp"

namespace ats::core {

// For people.
struct OfficeStatus {
  struct Engine {
    EngineName name;
    bool silent = false;  // its lease is over as far as is known here
    std::uint64_t granted = 0, held = 0;
    Instant heard;
    std::optional<Decimal> profit;  // the last told
    // What it holds, as it was told last; an engine that was never told of holds what nobody knows.
    std::optional<Instant> holdings_told;
    std::uint32_t left_out = 0;  // positions that it did not tell
    std::vector<LeasePosition> positions;
  };
  struct Limit {
    LimitSetting setting;
    bool changed = false;
    Decimal used;      // by all engines together, as far as they know
    Decimal promised;  // of those that are split
    LimitLevel level = LimitLevel::Well;
  };
  // Of all engines together. What has no mark, and what no number holds, counts as nothing and is counted.
  struct Exposure {
    Text<15> asset;
    Decimal held, traded;
    bool marked = false;  // the next two are known
    Decimal worth, traded_worth;
  };
  std::vector<Engine> engines;
  std::vector<LeasePosition> positions;  // by venue and asset; the mark is one of those told
  std::vector<Exposure> exposures;       // by asset
  std::optional<Decimal> profit;         // of those who told theirs; nothing: none did
  Decimal equity;                        // worth of all that is held
  Decimal gross, net;                    // of what was traded, the reporting asset aside
  std::uint32_t unmarked = 0;            // positions
  std::vector<Limit> limits;             // those that engines share
  std::vector<HoldStatus> holds;
};

class RiskOffice {
 public:
  // The first event of a life is Started, whose config must have lease_for; Timer several times a second.
  void on(const Event& event, Instant now, Actions& out);
  void status(OfficeStatus& out) const;

 private:
  struct Key {
    LimitKind kind = LimitKind::OrderNotional;
    LimitScope scope;
    bool operator==(const Key&) const = default;
  };
  struct Sent {
    std::uint64_t version = 0;
    Instant over;  // the engine cannot come to hold it any more
    std::vector<LeaseShare> shares;
  };
  struct Party {
    EngineName name;
    Instant asked;  // its clock
    Instant heard;
    bool silent = false;  // and someone was told
    std::uint64_t held = 0, granted = 0;
    std::optional<Decimal> profit;
    std::vector<LeaseUse> uses;  // the last known
    std::optional<Instant> holdings_told;
    Instant holdings_asked;  // its clock
    std::uint32_t left_out = 0;
    std::vector<LeasePosition> positions;
    std::vector<Sent> sent;  // what it may hold, or may still come to hold
  };
  struct Watched {  // of those that are summed, and of drawdown
    Key key;
    LimitWatch watch;
  };

  void start(const Started& event);
  void on_timer(Actions& out);
  void answer(const LeaseAsked& event, Actions& out);
  void command(const HaltCommand& command, Actions& out);
  void command(const ResumeCommand& command, Actions& out);
  bool resume(const Scope& scope, const ResumeCommand& command, Actions& out);
  void command(const SetLimitCommand& command, Actions& out);
  void command(const StopCommand&, Actions&) {}
  void command(const WriteOffCommand& command, Actions& out);
  void command(const AcknowledgeCommand&, Actions&) {}  // whoever keeps the alerts has it
  void take_holdings(const LeaseAsked& event, Party& party, Actions& out);
  void add_up_holdings(OfficeStatus& out) const;
  void grant(Party& party, Actions& out);
  void grant_all(Actions& out);
  void watch_sums(Actions& out);
  void watch_engines(Actions& out);
  void reached(const Key& key, const LimitSetting& setting, Decimal value, Actions& out);
  void released(const Key& key, Actions& out);

  Duration grace() const { return Duration{config_.lease_for.ns / 4 * 5}; }
  Duration late_at_most() const { return Duration{grace().ns * 4}; }  // of a letter
  Party& party(const EngineName& name);
  // What counts for it here: what was set for its very place, or for each like it. Null: it is not shared.
  const LimitSetting* setting_of(const Key& key) const;
  Decimal share_of(const Party& party, const Key& key, const LimitSetting& setting) const;
  static std::optional<Decimal> use(const Party& party, const Key& key);
  Decimal promised(const Party& party, const Key& key) const;
  std::vector<Key> shared() const;
  std::optional<Decimal> sum(const Key& key) const;
  std::vector<Scope> scopes_of(const Key& key) const;
  static std::string about(const Key& key);
  std::string describe(const Scope& scope) const { return core::describe(scope, universe_); }
  void refresh_settings();
  void alert(Severity severity, AlertCode code, const Scope& scope, const std::string& message,
             Actions& out, std::string_view subject = {}, bool over = false) const;

  Universe universe_;
  CoreConfig config_;
  bool started_ = false;
  Instant now_;
  std::uint64_t version_ = 0;  // of leases, over all engines
  ConfiguredLimits configured_;
  std::vector<LimitSetting> changes_;   // by persons
  std::vector<LimitSetting> settings_;  // in force; what was set later takes the place of the same
  std::vector<Party> parties_;
  Holds holds_;
  std::vector<Watched> watched_;
  std::optional<Decimal> highest_;  // profit of all engines together
  SecondPerson second_person_;
};

}  // namespace ats::core

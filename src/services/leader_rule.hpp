// Who of several engines leads, as one record in Redis says it, and until when. Pure: what is to be asked of Redis, and
// what its answers mean, given the times; services/leadership.hpp does the asking.
//
// The record is replaced only where it is still what was seen (compare and set), so that of two who want it one gets it.
// Nobody's clock is compared with another's:
//  - a leader leads for `lead_for` from just before it sent the renewal that succeeded, by its own clock;
//  - whoever wants to follow it must have seen the record unchanged for one and a half times as long, by its own clock, on one
//    connection: a Redis that lost renewals in a failover has ended it. The half is for clocks that run unevenly.
//
// Invariants:
//  - a term is the number of a leadership; each is above every term that the record or the journal knows. Where the record is
//    lost it is above the tens of minutes since 2026 as well: a journal that missed terms does not give one again;
//  - whoever saw another with a later term, or does not know what happened while its time was over, never leads again in
//    this life;
//  - nobody stands whose journal has not reached the leader's last life, or lacks more of it than `gap_max`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace ats::services {

// How far a journal goes.
struct JournalReach {
  std::uint32_t incarnation = 0;  // of its last life; 0: empty
  WallTime last;                  // of its last event that has one
  std::uint64_t records = 0;
};

struct LeaderRecord {
  std::uint32_t term = 0;  // 0: there is no record
  std::string name;
  std::string life;   // of the process: no two are the same
  bool left = false;  // the leader gave it up, in order
  std::uint64_t renewals = 0;
  JournalReach journal;  // the leader's, at the last renewal

  std::string text() const;  // empty: no record
  static std::optional<LeaderRecord> parse(std::string_view text);
};

class LeaderRule {
 public:
  // Bitfinex has room for so many in an order's name.
  static constexpr std::uint32_t term_max = (1u << 20) - 1;

  LeaderRule(std::string name, std::string life, Duration lead_for, Duration gap_max);

  // To be sent now. `wanted` empty: only look. Else the record is to become that if it is `expected`.
  struct Request {
    std::string expected, wanted;
  };
  // Nothing: not yet, or not before what was asked is answered. `now` has to be read before the request is sent.
  // `journal` null: not known yet, so it does not stand.
  std::optional<Request> ask(Instant now, WallTime wall, const JournalReach* journal);
  // What the record is: `wanted`, if it was set.
  void answered(Instant now, bool set, std::string_view found);
  // The connection ended. What was asked may have been carried out.
  void lost();
  // What gives the record up; nothing: it is not ours to give.
  std::optional<Request> leave(const JournalReach& journal);

  enum class Standing : std::uint8_t {
    Follows,   // another leads, or nobody does
    Leads,     // until `until()`
    Lapsed,    // led, has no time left, and nobody is known to have followed
    Replaced,  // never again: `why()`
  };
  Standing standing(Instant now) const;
  Instant until() const { return until_; }
  std::uint32_t term() const { return term_; }  // ours; 0: never led
  const LeaderRecord& record() const { return record_; }
  bool asking() const { return asked_; }
  // The record was seen on this connection.
  bool sees() const { return known_; }
  // Why it is Replaced, or does not stand; empty: no reason.
  const std::string& why() const { return why_; }

 private:
  bool ours(const LeaderRecord& record) const { return record.life == life_; }
  bool may_stand(Instant now, const JournalReach* journal);
  LeaderRecord next(std::uint32_t term, const JournalReach& journal) const;
  std::optional<Request> send(Instant now, const LeaderRecord* wanted);
  void replaced(std::string why);

  std::string name_, life_;
  Duration lead_for_, gap_max_;
  LeaderRecord record_;
  std::string text_;    // of it, as it was found
  bool known_ = false;  // seen since the connection was opened,
  Instant unchanged_;   // and since when as it is now
  bool asked_ = false;
  Instant sent_, next_;
  std::string wanted_;  // by what was asked last; kept until its fate is known
  std::uint32_t term_ = 0;
  Instant until_;
  bool replaced_ = false;
  std::string why_;
};

const char* name(LeaderRule::Standing standing);

}  // namespace ats::services

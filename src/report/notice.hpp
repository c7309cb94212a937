// What people may be told of, and by which rules: something happened to an alert (Notice), a rule of the configuration says
// where that goes and when (NoticeRule), and each channel of a rule that is met gets a Hit. A message to a channel (Letter)
// has one hit, or the hits of an hour or a day.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.hpp"
#include "domain/action.hpp"

namespace ats::report {

struct Notice {
  enum class What : std::uint8_t { New, Again, Worse, Acknowledged, Over };
  std::string source;         // who tells: an engine's name, "risk", "notifier"
  std::uint64_t journal = 0;  // of the source, and its number in it: together they name the notice
  std::uint64_t number = 0;
  What what = What::New;
  std::uint64_t alert = 0;  // its number there; 0: it has none
  Severity severity = Severity::Info;
  std::string category;  // the code of the alert: "halt"
  std::string scope;     // "all", "kraken", "BTC/USDT", "kraken BTC/USDT"
  std::string subject;   // besides the scope, what it is about
  std::string message;
  std::uint32_t times = 1;
  std::vector<std::uint64_t> ends;  // of Over: the alerts that are
  bool open = false;                // it is not over with that
  bool by_person = false;           // a person did it: told each time
  WallTime at;
};
const char* name(Notice::What what);
std::optional<Notice::What> find_what(std::string_view name);
std::optional<Severity> find_severity(std::string_view name);
// "engine/1790000000123-7"
std::string id_of(const Notice& notice);

struct NoticeRule {
  enum class Digest : std::uint8_t { Immediate, Hourly, Daily };
  std::string name;
  std::vector<std::string> channels;
  // Which: all of these have to be met; an empty list is met by any.
  Severity at_least = Severity::Warning;
  std::vector<std::string> categories;
  std::vector<std::string> scopes;  // venues, pairs; what is of all scopes concerns each
  std::vector<std::string> sources;
  // When.
  Zone zone;
  Digest digest = Digest::Immediate;
  Duration daily_at = hours(8);
  bool has_quiet =
      false;  // between these times of day what is below `quiet_passes` waits for the end
  Duration quiet_from, quiet_to;
  Severity quiet_passes = Severity::Critical;
  // The same again within it is counted; it doubles while it goes on.
  Duration again_after = seconds(600);
  Duration again_most = hours(24);
  // Open and not acknowledged for so long: told again, to these as well; 0: never.
  Duration escalate_after{};
  Duration escalate_most = hours(1);  // to which the pauses double up
  std::vector<std::string> escalate_to;
  bool all_clear = true;  // that it is over is told to whoever was told of it
};
const char* name(NoticeRule::Digest digest);

// One rule met for one channel. Each is in exactly one letter.
struct Hit {
  enum class Kind : std::uint8_t { Told, Summed, Escalated, Acknowledged, AllClear };
  std::string key;  // of no other
  std::string rule;
  std::string channel;
  Kind kind = Kind::Told;
  Severity severity = Severity::Info;
  std::string source, category, scope, subject, message;
  std::vector<std::uint64_t> alerts;  // of the source
  std::uint32_t times = 1;            // that many notices are told with it
  WallTime at;                        // when it happened
  WallTime due;                       // to be sent
  bool alone = true;                  // not with others that are due then
};
const char* name(Hit::Kind kind);
std::optional<Hit::Kind> find_kind(std::string_view name);

}  // namespace ats::report

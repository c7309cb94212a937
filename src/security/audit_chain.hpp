// The audit log's chain: every entry carries a mark made with the store's key over itself and the mark before it, and a head
// says how many entries there are. Who writes is somewhere else; this is what makes a change found.
//
// Invariant: without the key no entry can be changed, removed, moved, added or cut off the end so that the check finds nothing. (Putting
// back an older state of all of it, head included, is not found by the log itself.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "security/store_key.hpp"

namespace ats::security {

struct AuditEntry {
  std::uint64_t number = 0;  // from 1, without a hole
  WallTime at;
  std::string who;   // empty: nobody who is known
  std::string from;  // an address, or "terminal"
  std::string what;  // "sign-in", "halt", "user.roles"
  std::string target;
  std::string before, after;
  std::string outcome;  // "done", or why not
};

std::string audit_mark(const StoreKey& key, std::string_view previous, const AuditEntry& entry);
std::string audit_head(const StoreKey& key, std::uint64_t count, std::string_view last);

// What is written before the next entry when the log does not end where its head says: from then on the log says itself that it
// was cut or added to, and by no later entry does it become whole.
constexpr std::string_view audit_broken = "audit.broken";

// Entries in the order they are kept, then the end.
class AuditCheck {
 public:
  explicit AuditCheck(const StoreKey& key) : key_(key) {}
  void next(const AuditEntry& entry, std::string_view mark);
  // Empty: intact. Otherwise the first thing that is wrong, in one line.
  std::string end(std::uint64_t count, std::string_view head);

 private:
  void wrong(std::string problem);
  const StoreKey& key_;
  std::uint64_t seen_ = 0;
  std::string last_;
  std::string problem_;
};

}  // namespace ats::security

#include "security/audit_chain.hpp"

#include <fmt/format.h>

#include <array>

#include "security/signing.hpp"

namespace ats::security {

std::string audit_mark(const StoreKey& key, std::string_view previous, const AuditEntry& entry) {
  const std::string number = std::to_string(entry.number), at = std::to_string(entry.at.ns_utc);
  const std::array<std::string_view, 10> parts{
      previous,   number,       at,           entry.who,   entry.from,
      entry.what, entry.target, entry.before, entry.after, entry.outcome};
  return key.mark(MarkUse::Audit, parts);
}

std::string audit_head(const StoreKey& key, std::uint64_t count, std::string_view last) {
  const std::string number = std::to_string(count);
  const std::array<std::string_view, 2> parts{number, last};
  return key.mark(MarkUse::AuditHead, parts);
}

void AuditCheck::wrong(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

void AuditCheck::next(const AuditEntry& entry, std::string_view mark) {
  const std::uint64_t expected = seen_ + 1;
  if (entry.number > expected)
    wrong(entry.number == expected + 1
              ? fmt::format("entry {} is missing", expected)
              : fmt::format("entries {} to {} are missing", expected, entry.number - 1));
  else if (entry.number < expected)
    wrong(fmt::format("entry {} stands where {} should", entry.number, expected));
  else if (!equal_constant_time(audit_mark(key_, last_, entry), mark))
    wrong(fmt::format("entry {} is not as it was written", entry.number));
  else if (entry.what == audit_broken)
    wrong(fmt::format("entry {}, of {}, found the log before it cut off or added to", entry.number,
                      format_rfc3339(entry.at)));
  seen_ = entry.number;
  last_ = mark;
}

std::string AuditCheck::end(std::uint64_t count, std::string_view head) {
  if (seen_ < count)
    wrong(fmt::format("the end is cut off: of {} entries the last is {}", count, seen_));
  else if (seen_ > count)
    wrong(fmt::format("entries after {} were added past the end", count));
  else if (!equal_constant_time(audit_head(key_, count, last_), head))
    wrong("the note of where the log ends is not as it was written");
  return problem_;
}

}  // namespace ats::security

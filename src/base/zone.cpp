#include "base/zone.hpp"

#include <algorithm>

namespace ats {
namespace {

constexpr std::int64_t day = 86'400'000'000'000;

std::int64_t floor_day(std::int64_t ns) { return ns / day - (ns % day < 0); }

}  // namespace

Duration Zone::offset(WallTime at) const {
  const auto after = std::upper_bound(spans_.begin(), spans_.end(), at,
                                      [](WallTime t, const Span& span) { return t < span.from; });
  if (after != spans_.begin()) return std::prev(after)->offset;
  return spans_.empty() ? Duration{} : spans_.front().offset;
}

Duration Zone::time_of_day(WallTime at) const {
  const std::int64_t local = at.ns_utc + offset(at).ns;
  return {local - floor_day(local) * day};
}

WallTime Zone::next(WallTime after, Duration time_of_day) const {
  // No offset is a day, so that what is looked for is of one of these days.
  const std::int64_t today = floor_day(after.ns_utc + offset(after).ns);
  for (std::int64_t d = today - 1;; ++d) {
    const std::int64_t local = d * day + time_of_day.ns;
    // Which offsets were in force about then: the first of them to show it is the one.
    std::vector<WallTime> shown;
    const auto consider = [&](Duration with) {
      const WallTime at{local - with.ns};
      if (offset(at) == with) shown.push_back(at);
    };
    const WallTime begin{local - 2 * day}, end{local + 2 * day};
    consider(offset(begin));
    for (const Span& span : spans_) {
      if (span.from < begin || span.from > end) continue;
      consider(span.offset);
      // Set forward over it.
      const Duration before = offset({span.from.ns_utc - 1});
      if (span.from.ns_utc + before.ns <= local && local < span.from.ns_utc + span.offset.ns)
        shown.push_back(span.from);
    }
    if (shown.empty()) continue;
    const WallTime first = *std::min_element(shown.begin(), shown.end());
    if (first > after) return first;
  }
}

std::string Zone::text(WallTime at) const {
  std::string out = format_rfc3339(at + offset(at)).substr(0, 16);
  out[10] = ' ';
  return out + " " + name_;
}

}  // namespace ats

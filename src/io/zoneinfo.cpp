#include "io/zoneinfo.hpp"

#include <absl/time/time.h>

#include <utility>
#include <vector>

namespace ats::io {
namespace {

constexpr std::int64_t step_s = 6 * 3600;  // no two changes are closer
constexpr std::int64_t day_s = 86'400;

}  // namespace

Result<Zone, std::string> load_zone(const std::string& name, WallTime now) {
  absl::TimeZone zone;
  // A path would be read as well.
  const bool plain = !name.empty() && name.front() != '/' && name.find("..") == name.npos;
  if (!plain || !absl::LoadTimeZone(name, &zone)) {
    return fail(name + ": the machine knows no such time zone; expected a name such as " +
                "Europe/Berlin or UTC (package tzdata)");
  }
  const auto offset = [&](std::int64_t s) {
    return std::int64_t{zone.At(absl::FromUnixSeconds(s)).offset};
  };
  const std::int64_t middle = now.ns_utc / 1'000'000'000;
  std::vector<Zone::Span> spans;
  const auto add = [&](std::int64_t s) {
    spans.push_back({{s * 1'000'000'000}, seconds(offset(s))});
  };
  std::int64_t last = middle - 366 * day_s;
  add(last);
  for (const std::int64_t end = middle + 20 * 366 * day_s; last < end; last += step_s) {
    if (offset(last) == offset(last + step_s)) continue;
    std::int64_t before = last, after = last + step_s;
    while (after - before > 1) {
      const std::int64_t half = before + (after - before) / 2;
      (offset(half) == offset(last) ? before : after) = half;
    }
    add(after);
  }
  return Zone(name, std::move(spans));
}

}  // namespace ats::io

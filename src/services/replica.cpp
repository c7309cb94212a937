#include "services/replica.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace ats::services {

std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool Topic::is_news(const Row& row, const ReadRow& read, Instant now) const {
  if (row.identity != read.identity || row.running.size() != read.running.size()) return true;
  const std::int64_t passed = (now - row.at).ns;
  for (std::size_t n = 0; n < row.running.size(); ++n) {
    if (std::abs(read.running[n] - row.running[n] - passed) > drift.ns) return true;
  }
  return false;
}

bool Topic::read(const std::vector<ReadRow>& rows,
                 const std::function<std::string(std::size_t)>& json, Instant now) {
  const std::uint64_t next = version_ + 1;
  ++readings_;
  bool changed = version_ == 0;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const ReadRow& is = rows[n];
    const auto [at, added] = rows_.try_emplace(is.key);
    Row& row = at->second;
    row.reading = readings_;
    if (!added && !is_news(row, is, now)) continue;
    row.identity = is.identity;
    row.running = is.running;
    row.at = now;
    row.json = json(n);
    row.version = next;
    changed = true;
  }
  for (auto at = rows_.begin(); at != rows_.end();) {
    if (at->second.reading == readings_) {
      ++at;
      continue;
    }
    gone_.emplace_back(next, at->first);
    at = rows_.erase(at);
    changed = true;
  }
  while (gone_.size() > gone_most) {
    forgotten_ = gone_.front().first;
    gone_.pop_front();
  }
  if (changed) version_ = next;
  return changed;
}

bool Topic::add(const std::string& key, std::string json) {
  Row& row = rows_[key];
  if (row.json == json) return false;
  row.json = std::move(json);
  row.version = ++version_;
  return true;
}

void Topic::keep(std::size_t rows) {
  while (rows_.size() > rows) {
    const auto oldest = std::ranges::min_element(
        rows_, [](const auto& a, const auto& b) { return a.second.version < b.second.version; });
    // Whoever reads on keeps as many itself: it is not told.
    rows_.erase(oldest);
  }
}

std::optional<std::string> Topic::since(std::uint64_t seen) const {
  if (version_ == 0 || seen == version_) return std::nullopt;
  const bool whole = seen == 0 || seen < forgotten_ || seen > version_;
  std::string out = whole ? R"("snapshot":true,"rows":{)" : R"("snapshot":false,"rows":{)";
  bool first = true;
  for (const auto& [key, row] : rows_) {
    if (!whole && row.version <= seen) continue;
    if (!std::exchange(first, false)) out += ',';
    out += json_string(key) + ':' + row.json;
  }
  out += R"(},"gone":[)";
  first = true;
  if (!whole) {
    for (const auto& [version, key] : gone_) {
      if (version <= seen || rows_.contains(key)) continue;
      if (!std::exchange(first, false)) out += ',';
      out += json_string(key);
    }
  }
  out += ']';
  return out;
}

}  // namespace ats::services

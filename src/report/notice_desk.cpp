#include "report/notice_desk.hpp"

#include <algorithm>
#include <utility>

namespace ats::report {
namespace {

constexpr Duration hour = hours(1);

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// "kraken BTC/USDT" is of both.
bool concerns(const std::vector<std::string>& scopes, std::string_view scope) {
  if (scopes.empty() || scope == "all" || has(scopes, scope)) return true;
  while (!scope.empty()) {
    const std::size_t end = std::min(scope.find(' '), scope.size());
    if (has(scopes, scope.substr(0, end))) return true;
    scope.remove_prefix(std::min(end + 1, scope.size()));
  }
  return false;
}

// The same pause again, twice as long each time.
Duration grown(Duration first, Duration most, std::uint32_t times) {
  Duration pause = first;
  for (std::uint32_t n = 0; n < times && pause < most; ++n) pause = pause * 2;
  return std::min(pause, std::max(first, most));
}

}  // namespace

void NoticeDesk::restore(Matter matter) {
  std::erase_if(matter.standings, [&](const auto& s) { return find(s.first) == nullptr; });
  const MatterKey key = matter.key;
  for (const std::uint64_t alert : matter.open) owners_[{key.source, alert}] = key;
  std::uint64_t& journal = journals_[key.source];
  journal = std::max(journal, matter.journal);
  matters_.insert_or_assign(key, std::move(matter));
}

void NoticeDesk::on(const Notice& notice, WallTime now, std::vector<Hit>& out, bool told) {
  now_ = std::max(now_, now);
  begin_journal(notice);
  switch (notice.what) {
    case Notice::What::New:
    case Notice::What::Again:
    case Notice::What::Worse:
      return raised(notice, out, told);
    case Notice::What::Over:
      return over(notice, out);
    case Notice::What::Acknowledged:
      return acknowledged(notice, out);
  }
}

Matter* NoticeDesk::owner(const std::string& source, std::uint64_t alert) {
  const auto found = owners_.find({source, alert});
  return found == owners_.end() ? nullptr : &matters_.at(found->second);
}

void NoticeDesk::ended(Matter& matter, std::uint64_t alert) {
  matter.open.erase(alert);
  owners_.erase({matter.key.source, alert});
  changed_.insert(matter.key);
}

// Of an earlier one nothing more is heard.
void NoticeDesk::begin_journal(const Notice& notice) {
  if (notice.alert == 0 && notice.ends.empty()) return;
  std::uint64_t& journal = journals_[notice.source];
  if (notice.journal <= journal) return;
  journal = notice.journal;
  for (auto& [key, matter] : matters_) {
    if (key.source != notice.source || matter.open.empty()) continue;
    for (const std::uint64_t alert : std::set(matter.open)) ended(matter, alert);
    for (auto& [name, standing] : matter.standings) {
      standing.escalate_at = {};
      standing.clear_due = false;
    }
  }
}

void NoticeDesk::raised(const Notice& notice, std::vector<Hit>& out, bool told) {
  const MatterKey key{notice.source, notice.category, notice.scope, notice.subject};
  const bool any =
      std::ranges::any_of(rules_, [&](const NoticeRule& rule) { return met(rule, notice); });
  if (!any && !matters_.contains(key)) return;
  Matter& matter = matters_[key];
  matter.key = key;
  changed_.insert(key);
  const bool was_open = !matter.open.empty();
  if (!was_open || notice.what == Notice::What::Worse) matter.acknowledged = false;
  matter.severity = was_open ? std::max(matter.severity, notice.severity) : notice.severity;
  matter.message = notice.message;
  matter.last = id_of(notice);
  matter.at = notice.at;
  if (notice.open && notice.alert != 0) {
    matter.journal = notice.journal;
    matter.open.insert(notice.alert);
    owners_[{key.source, notice.alert}] = key;
  }
  for (const NoticeRule& rule : rules_) {
    if (!met(rule, notice)) continue;
    const auto found = matter.standings.find(rule.name);
    const bool first = found == matter.standings.end();
    Matter::Standing& standing = matter.standings[rule.name];
    const bool paused = !first && now_ < standing.told + standing.pause;
    const bool at_once = notice.what == Notice::What::Worse || notice.by_person;
    if (notice.open && rule.escalate_after.ns > 0 && !matter.acknowledged &&
        !standing.escalate_at.told()) {
      standing.escalations = 0;
      standing.escalate_at = now_ + rule.escalate_after;
    }
    if (!told) {
      if (first) standing.pause = {}, standing.told = now_;
      continue;
    }
    if (notice.open) standing.clear_due = true;
    if (paused && !at_once) {
      ++standing.counted;
      continue;
    }
    Hit one = hit(rule, matter, Hit::Kind::Told);
    one.severity = notice.severity;
    if (notice.alert != 0) one.alerts = {notice.alert};
    one.times = 1 + std::exchange(standing.counted, 0);
    // It goes on: the pause grows. After a pause as long again it is as if it were the first.
    const bool goes_on =
        !first && standing.pause.ns > 0 && now_ < standing.told + standing.pause * 2;
    standing.pause = goes_on ? grown(standing.pause, rule.again_most, 1)
                             : grown(rule.again_after, rule.again_most, 0);
    standing.told = now_;
    send(rule, std::move(one), false, out);
  }
}

void NoticeDesk::over(const Notice& notice, std::vector<Hit>& out) {
  // One letter a rule and channel, however many alerts it ends.
  std::map<std::string, std::pair<Hit, bool>> clears;
  for (const std::uint64_t alert : notice.ends) {
    Matter* const owned = owner(notice.source, alert);
    if (owned == nullptr) continue;
    Matter& matter = *owned;
    ended(matter, alert);
    if (!matter.open.empty()) continue;
    matter.last = id_of(notice);
    for (auto& [name, standing] : matter.standings) {
      const NoticeRule* rule = find(name);
      standing.escalate_at = {};
      const bool escalated = std::exchange(standing.escalations, 0) > 0;
      if (!std::exchange(standing.clear_due, false) || !rule->all_clear) continue;
      const auto [at, fresh] =
          clears.try_emplace(name, hit(*rule, matter, Hit::Kind::AllClear), false);
      auto& [clear, to_all] = at->second;
      if (fresh) clear.times = 0, clear.at = notice.at;
      if (!fresh && clear.scope != matter.key.scope) clear.scope = notice.scope;
      clear.severity = std::max(clear.severity, matter.severity);
      clear.message = notice.message;
      clear.alerts.push_back(alert);
      // What was counted since is told with it.
      clear.times += std::exchange(standing.counted, 0);
      to_all = to_all || escalated;
    }
  }
  for (auto& [name, clear] : clears) send(*find(name), std::move(clear.first), clear.second, out);
}

bool NoticeDesk::acknowledge(const std::string& source, std::uint64_t alert, const std::string& who,
                             WallTime now, std::vector<Hit>& out) {
  now_ = std::max(now_, now);
  Matter* const matter = owner(source, alert);
  if (matter == nullptr) return false;
  seen(*matter, "acknowledged by " + who, out);
  return true;
}

void NoticeDesk::acknowledged(const Notice& notice, std::vector<Hit>& out) {
  Matter* const matter = owner(notice.source, notice.alert);
  if (matter == nullptr) return;
  matter->last = id_of(notice);
  seen(*matter, notice.message, out);
  if (notice.open) return;
  // Nothing else would ever end it, and whoever has seen it need not be told.
  ended(*matter, notice.alert);
  if (!matter->open.empty()) return;
  for (auto& [name, standing] : matter->standings) standing.clear_due = false;
}

void NoticeDesk::seen(Matter& matter, const std::string& message, std::vector<Hit>& out) {
  changed_.insert(matter.key);
  if (std::exchange(matter.acknowledged, true)) return;
  for (auto& [name, standing] : matter.standings) {
    const NoticeRule* rule = find(name);
    standing.escalate_at = {};
    if (standing.escalations == 0) continue;
    Hit one = hit(*rule, matter, Hit::Kind::Acknowledged);
    one.message = message;
    one.at = now_;
    send(*rule, std::move(one), true, out);
  }
}

void NoticeDesk::pass(WallTime now, std::vector<Hit>& out) {
  now_ = std::max(now_, now);
  for (auto at = matters_.begin(); at != matters_.end();) {
    Matter& matter = at->second;
    bool rests = matter.open.empty();
    for (auto& [name, standing] : matter.standings) {
      const NoticeRule& rule = *find(name);
      const bool paused = now_ < standing.told + standing.pause;
      if (standing.counted > 0 && !paused) {
        Hit sum = hit(rule, matter, Hit::Kind::Summed);
        sum.times = std::exchange(standing.counted, 0);
        standing.told = now_;
        standing.pause = grown(standing.pause, rule.again_most, 1);
        changed_.insert(matter.key);
        send(rule, std::move(sum), false, out);
      }
      if (standing.escalate_at.told() && standing.escalate_at <= now_) {
        changed_.insert(matter.key);
        if (quiet(rule, matter.severity, now_)) {
          standing.escalate_at = rule.zone.next(now_, rule.quiet_to);
        } else {
          standing.escalate_at =
              now_ + grown(rule.escalate_after, rule.escalate_most, ++standing.escalations);
          standing.clear_due = true;
          Hit up = hit(rule, matter, Hit::Kind::Escalated);
          up.key += "/" + std::to_string(standing.escalations);
          send(rule, std::move(up), true, out);
        }
      }
      // Long enough that the next would be as if it were the first.
      rests = rests && standing.counted == 0 && now_ >= standing.told + standing.pause * 2;
    }
    if (!rests) {
      ++at;
      continue;
    }
    changed_.insert(at->first);
    at = matters_.erase(at);
  }
}

const NoticeRule* NoticeDesk::find(const std::string& rule) const {
  const auto at = std::ranges::find(rules_, rule, &NoticeRule::name);
  return at == rules_.end() ? nullptr : &*at;
}

bool NoticeDesk::met(const NoticeRule& rule, const Notice& notice) const {
  return notice.severity >= rule.at_least &&
         (rule.categories.empty() || has(rule.categories, notice.category)) &&
         (rule.sources.empty() || has(rule.sources, notice.source)) &&
         concerns(rule.scopes, notice.scope);
}

Hit NoticeDesk::hit(const NoticeRule& rule, const Matter& matter, Hit::Kind kind) const {
  Hit out;
  out.rule = rule.name;
  out.kind = kind;
  out.severity = matter.severity;
  out.source = matter.key.source, out.category = matter.key.category;
  out.scope = matter.key.scope, out.subject = matter.key.subject;
  out.message = matter.message;
  if (kind != Hit::Kind::AllClear) out.alerts.assign(matter.open.begin(), matter.open.end());
  out.at = matter.at;
  out.key = matter.last + "/" + rule.name + "/" + name(kind);
  return out;
}

void NoticeDesk::send(const NoticeRule& rule, Hit hit, bool escalated,
                      std::vector<Hit>& out) const {
  if (hit.kind == Hit::Kind::Escalated) {
    hit.due = now_;
  } else {
    hit.due = due(rule, hit, hit.alone);
  }
  std::vector<std::string> to = rule.channels;
  if (escalated) {
    for (const std::string& channel : rule.escalate_to) {
      if (!has(to, channel)) to.push_back(channel);
    }
  }
  for (const std::string& channel : to) {
    Hit one = hit;
    one.channel = channel;
    one.key += "/" + channel;
    out.push_back(std::move(one));
  }
}

WallTime NoticeDesk::due(const NoticeRule& rule, const Hit& hit, bool& alone) const {
  WallTime at = now_;
  if (rule.digest == NoticeRule::Digest::Hourly)
    at = now_ + (hour - Duration{rule.zone.time_of_day(now_).ns % hour.ns});
  if (rule.digest == NoticeRule::Digest::Daily) at = rule.zone.next(now_, rule.daily_at);
  alone = rule.digest == NoticeRule::Digest::Immediate;
  if (!quiet(rule, hit.severity, at)) return at;
  alone = false;
  return rule.zone.next(at, rule.quiet_to);
}

bool NoticeDesk::quiet(const NoticeRule& rule, Severity severity, WallTime at) const {
  if (!rule.has_quiet || severity >= rule.quiet_passes) return false;
  const Duration time = rule.zone.time_of_day(at);
  if (rule.quiet_from <= rule.quiet_to) return rule.quiet_from <= time && time < rule.quiet_to;
  return time >= rule.quiet_from || time < rule.quiet_to;
}

}  // namespace ats::report

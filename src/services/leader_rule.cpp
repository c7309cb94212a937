#include "services/leader_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.hpp"

namespace ats::services {
namespace {

constexpr std::int64_t begin_of_2026 = 1'767'225'600;  // seconds
constexpr std::int64_t ten_minutes = 600;

template <class Number>
bool read(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::uint32_t least_term(WallTime wall) {
  const std::int64_t passed = wall.ns_utc / 1'000'000'000 - begin_of_2026;
  return passed <= 0 ? 0
                     : static_cast<std::uint32_t>(
                           std::min<std::int64_t>(passed / ten_minutes, LeaderRule::term_max));
}

}  // namespace

// "1 TERM NAME LIFE leads|left RENEWALS INCARNATION LAST RECORDS": the first is the version of the form.
std::string LeaderRecord::text() const {
  if (term == 0) return {};
  return fmt::format("1 {} {} {} {} {} {} {} {}", term, name, life, left ? "left" : "leads",
                     renewals, journal.incarnation, journal.last.ns_utc, journal.records);
}

std::optional<LeaderRecord> LeaderRecord::parse(std::string_view text) {
  std::array<std::string_view, 9> words;
  for (std::size_t n = 0; n < words.size(); ++n) {
    const std::size_t end = text.find(' ');
    if ((end == text.npos) != (n + 1 == words.size())) return std::nullopt;
    words[n] = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  LeaderRecord out;
  out.name = words[2], out.life = words[3], out.left = words[4] == "left";
  const bool sound = words[0] == "1" && read(words[1], out.term) && out.term != 0 &&
                     !out.name.empty() && !out.life.empty() && (out.left || words[4] == "leads") &&
                     read(words[5], out.renewals) && read(words[6], out.journal.incarnation) &&
                     read(words[7], out.journal.last.ns_utc) && read(words[8], out.journal.records);
  return sound ? std::optional(std::move(out)) : std::nullopt;
}

LeaderRule::LeaderRule(std::string name, std::string life, Duration lead_for, Duration gap_max)
    : name_(std::move(name)), life_(std::move(life)), lead_for_(lead_for), gap_max_(gap_max) {}

LeaderRule::Standing LeaderRule::standing(Instant now) const {
  if (replaced_) return Standing::Replaced;
  if (term_ == 0) return Standing::Follows;
  return now < until_ ? Standing::Leads : Standing::Lapsed;
}

LeaderRecord LeaderRule::next(std::uint32_t term, const JournalReach& journal) const {
  LeaderRecord out;
  out.term = term;
  out.name = name_, out.life = life_;
  out.renewals = ours(record_) ? record_.renewals + 1 : 0;
  out.journal = journal;
  return out;
}

std::optional<LeaderRule::Request> LeaderRule::send(Instant now, const LeaderRecord* wanted) {
  asked_ = true;
  sent_ = now;
  wanted_ = wanted != nullptr ? wanted->text() : std::string();
  return Request{text_, wanted_};
}

std::optional<LeaderRule::Request> LeaderRule::ask(Instant now, WallTime wall,
                                                   const JournalReach* journal) {
  if (asked_ || replaced_ || now < next_) return std::nullopt;
  const Standing is = standing(now);
  next_ = now + Duration{lead_for_.ns / (is == Standing::Leads ? 4 : 16)};
  if (!known_) {
    // What was wanted last may be what is found: its time counts from then.
    asked_ = true;
    return Request{};
  }
  if (is != Standing::Follows) ATS_ASSERT(journal != nullptr);
  if (is == Standing::Leads) {
    const LeaderRecord renewed = next(term_, *journal);
    return send(now, &renewed);
  }
  if (is == Standing::Lapsed) {
    // Nobody followed: the record is ours, and a leader that a failover has forgotten would have put it right by now.
    if (!ours(record_) || now - unchanged_ < lead_for_) return send(now, nullptr);
    const LeaderRecord renewed = next(term_, *journal);
    return send(now, &renewed);
  }
  if (!may_stand(now, journal)) return send(now, nullptr);
  std::uint32_t known = std::max(record_.term, journal->incarnation);
  if (record_.term == 0) known = std::max(known, least_term(wall));
  if (known >= term_max) {
    why_ = "there is no term left: begin with another data_dir and another risk.engine";
    return send(now, nullptr);
  }
  const LeaderRecord stands = next(known + 1, *journal);
  return send(now, &stands);
}

bool LeaderRule::may_stand(Instant now, const JournalReach* reach) {
  why_.clear();
  if (reach == nullptr) return false;
  const JournalReach& journal = *reach;
  if (record_.term != 0 && journal.incarnation < record_.journal.incarnation) {
    why_ = fmt::format(
        "{} led last, and its life {} is not in the journal here, which ends in life {}",
        record_.name, record_.journal.incarnation, journal.incarnation);
  } else if (record_.term != 0 && record_.journal.last - journal.last > gap_max_) {
    why_ = fmt::format("the journal here ends {} ms before what {} wrote last (standby.gap_max)",
                       (record_.journal.last - journal.last).ns / 1'000'000, record_.name);
  }
  if (!why_.empty()) return false;
  // Who gave it up gave its journal away first.
  if (record_.left && journal.records >= record_.journal.records) return true;
  return now - unchanged_ >= lead_for_ + Duration{lead_for_.ns / 2};
}

void LeaderRule::answered(Instant now, bool set, std::string_view found) {
  asked_ = false;
  const auto read = found.empty() ? std::optional(LeaderRecord()) : LeaderRecord::parse(found);
  if (!read)
    return replaced("what stands in Redis for the leader makes no sense: " + std::string(found));
  if (!known_ || text_ != found) unchanged_ = now;
  known_ = true;
  record_ = *read;
  text_ = found;
  if (set || (!wanted_.empty() && found == wanted_)) {
    term_ = record_.term;
    until_ = std::max(until_, sent_ + lead_for_);
    why_.clear();
    return;
  }
  if (term_ == 0 || ours(record_)) {
    if (standing(now) == Standing::Leads) next_ = now;  // an older one, after a failover of Redis
    return;
  }
  const bool in_time = now < until_;
  if (record_.term > term_ || (record_.term == term_ && !ours(record_))) {
    return replaced(
        fmt::format("{} leads, with term {} after our {}", record_.name, record_.term, term_));
  }
  // Redis has lost our renewals. In our time nobody else can lead, so it is said again; later nobody knows.
  if (in_time) {
    next_ = now;
  } else {
    replaced("our time was over, and Redis has lost who leads");
  }
}

void LeaderRule::lost() {
  asked_ = false;
  known_ = false;
  next_ = {};
}

std::optional<LeaderRule::Request> LeaderRule::leave(const JournalReach& journal) {
  if (term_ == 0 || replaced_ || !known_ || !ours(record_)) return std::nullopt;
  LeaderRecord gone = next(term_, journal);
  gone.left = true;
  replaced("it has given up the lead");
  return Request{text_, gone.text()};
}

void LeaderRule::replaced(std::string why) {
  replaced_ = true;
  until_ = {};
  why_ = std::move(why);
}

const char* name(LeaderRule::Standing standing) {
  switch (standing) {
    case LeaderRule::Standing::Follows:
      return "follows";
    case LeaderRule::Standing::Leads:
      return "leads";
    case LeaderRule::Standing::Lapsed:
      return "lapsed";
    case LeaderRule::Standing::Replaced:
      return "replaced";
  }
  return "?";
}

}  // namespace ats::services

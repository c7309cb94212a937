#include "services/notifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/clock.hpp"
#include "io/zoneinfo.hpp"

namespace ats::services {
namespace {

constexpr Duration look_every = milliseconds(250);
constexpr Duration prune_every = hours(1);
constexpr const char* own_name = "notifier";
constexpr const char* dead_letter = "dead_letter";
constexpr std::size_t expired_at_once = 1000;

bool names(const std::vector<ChannelConfig>& channels, const std::string& name) {
  return std::ranges::find(channels, name, &ChannelConfig::name) != channels.end();
}

}  // namespace

Result<std::vector<report::NoticeRule>, std::string> notice_rules(const NoticeConfig& config,
                                                                  WallTime now) {
  std::vector<report::NoticeRule> out;
  for (const NoticeRuleConfig& from : config.rules) {
    const std::string key = "notifier.rule." + from.name;
    if (from.channels.empty())
      return fail(key + ".channels: names nobody to tell; e.g. channels = [\"mail\"]");
    for (const auto* list : {&from.channels, &from.escalate_to}) {
      for (const std::string& channel : *list) {
        if (!names(config.channels, channel))
          return fail(fmt::format("{}: there is no [notifier.channel.{}]", key, channel));
      }
    }
    const std::string& name = from.zone.empty() ? config.zone : from.zone;
    auto zone = io::load_zone(name, now);
    if (!zone)
      return fail((from.zone.empty() ? "notifier.zone: " : key + ".zone: ") + zone.error());
    report::NoticeRule rule;
    rule.name = from.name;
    rule.channels = from.channels, rule.categories = from.categories;
    rule.scopes = from.scopes, rule.sources = from.sources, rule.escalate_to = from.escalate_to;
    rule.at_least = from.at_least;
    rule.zone = *std::move(zone);
    rule.digest = from.digest, rule.daily_at = from.daily_at;
    rule.has_quiet = from.has_quiet, rule.quiet_from = from.quiet_from;
    rule.quiet_to = from.quiet_to, rule.quiet_passes = from.quiet_passes;
    rule.again_after = from.again_after, rule.again_most = from.again_most;
    rule.escalate_after = from.escalate_after, rule.escalate_most = from.escalate_most;
    rule.all_clear = from.all_clear;
    out.push_back(std::move(rule));
  }
  return out;
}

// One channel: its courier, and what it is doing.
struct Notifier::Route {
  const ChannelConfig* config = nullptr;
  std::unique_ptr<Courier> courier;
  io::CircuitBreaker breaker;
  std::optional<Delivery> delivery;     // under way
  std::optional<ChannelAnswer> answer;  // what came of it, not written yet
  std::uint64_t attempts = 0, failures = 0;
  std::string last_failure;
};

Notifier::Notifier(io::Reactor& reactor, const NoticeConfig& config,
                   std::vector<report::NoticeRule> rules, Say say)
    : reactor_(reactor),
      config_(config),
      say_(std::move(say)),
      jitter_(static_cast<std::uint64_t>(io::OsClock::wall().ns_utc)),
      desk_(std::move(rules)) {}

Notifier::~Notifier() = default;

Result<std::unique_ptr<Notifier>, std::string> Notifier::open(io::Reactor& reactor,
                                                              const NoticeConfig& config,
                                                              const std::filesystem::path& file,
                                                              Say say) {
  auto rules = notice_rules(config, io::OsClock::wall());
  if (!rules) return fail(rules.error());
  std::unique_ptr<Notifier> notifier(
      new Notifier(reactor, config, *std::move(rules), std::move(say)));
  if (auto error = notifier->prepare(file)) return fail(std::move(*error));
  return notifier;
}

std::optional<std::string> Notifier::prepare(const std::filesystem::path& file) {
  const WallTime now = io::OsClock::wall();
  auto zone = io::load_zone(config_.zone, now);
  if (!zone) return "notifier.zone: " + zone.error();
  for (const ChannelConfig& config : config_.channels) {
    auto channel = open_channel(config, *zone);
    if (!channel) return channel.error();
    auto route = std::make_unique<Route>();
    route->config = &config;
    Route* const at = route.get();
    route->courier = std::make_unique<Courier>(reactor_, *std::move(channel),
                                               [this, at](const ChannelAnswer& answer) {
                                                 at->answer = answer;
                                                 news_ = true;
                                               });
    routes_.emplace(config.name, std::move(route));
  }
  auto store = NoticeStore::open(file);
  if (!store) return store.error();
  store_ = *std::move(store);
  own_journal_ = static_cast<std::uint64_t>(now.ns_utc / 1'000'000);
  for (report::Matter& matter : store_->matters()) desk_.restore(std::move(matter));
  store_->begin();
  const std::size_t interrupted = store_->take_up_interrupted(now);
  // What was amiss with an earlier life is looked at anew.
  report::Notice anew = own(report::Notice::What::Over, Severity::Info, "restart", "",
                            "the notifier was started again");
  for (const auto& [key, matter] : desk_.matters()) {
    if (key.source == own_name)
      anew.ends.insert(anew.ends.end(), matter.open.begin(), matter.open.end());
  }
  if (!anew.ends.empty()) {
    // They are the earlier life's, whose numbers this one goes on with.
    own_alert_ = *std::ranges::max_element(anew.ends);
    for (const auto& [key, matter] : desk_.matters())
      if (key.source == own_name) anew.journal = std::min(anew.journal, matter.journal);
    take(anew, true);
  }
  keep_changes();
  if (!commit()) return failure_;
  if (interrupted > 0) {
    say_(fmt::format("{} deliveries were under way when the last life ended: they are tried again "
                     "under their old keys",
                     interrupted),
         LogLevel::Warning);
  }
  return std::nullopt;
}

void Notifier::settle(const std::string& stream, const NoticeCursor& cursor,
                      const std::vector<Heard>& heard) {
  if (!failure_.empty()) return;
  store_->begin();
  for (const Heard& one : heard) take(one.notice, one.told);
  store_->put(stream, cursor);
  keep_changes();
  commit();
}

void Notifier::take(const report::Notice& notice, bool told) {
  std::vector<report::Hit> hits;
  desk_.on(notice, io::OsClock::wall(), hits, told);
  keep(hits);
}

void Notifier::keep(const std::vector<report::Hit>& hits) {
  for (const report::Hit& hit : hits) store_->add(hit);
  news_ = news_ || !hits.empty();
}

void Notifier::keep_changes() {
  for (const report::MatterKey& key : desk_.take_changes()) {
    const auto found = desk_.matters().find(key);
    if (found == desk_.matters().end()) {
      store_->forget(key);
    } else {
      store_->put(found->second);
    }
  }
}

report::Notice Notifier::own(report::Notice::What what, Severity severity,
                             const std::string& category, const std::string& subject,
                             const std::string& message) {
  report::Notice notice;
  notice.source = own_name;
  notice.journal = own_journal_;
  notice.number = ++own_number_;
  notice.what = what;
  notice.severity = severity;
  notice.category = category;
  notice.scope = "all";
  notice.subject = subject;
  notice.message = message;
  notice.at = io::OsClock::wall();
  return notice;
}

void Notifier::raise(Severity severity, const std::string& category, const std::string& subject,
                     const std::string& message, bool open) {
  if (!failure_.empty()) return;
  using What = report::Notice::What;
  report::Notice notice = own(What::New, severity, category, subject, message);
  if (open) {
    const auto [at, fresh] = own_open_.try_emplace({category, subject}, own_alert_ + 1);
    if (fresh) ++own_alert_;
    notice.open = true;
    notice.alert = at->second;
    if (!fresh) notice.what = What::Again;
  }
  say_(fmt::format("{} {}: {}", ats::name(severity), category, message), log_level_of(severity));
  store_->begin();
  take(notice, true);
  keep_changes();
  commit();
}

void Notifier::over(const std::string& category, const std::string& subject,
                    const std::string& message) {
  const auto found = own_open_.find({category, subject});
  if (found == own_open_.end() || !failure_.empty()) return;
  report::Notice notice =
      own(report::Notice::What::Over, Severity::Info, category, subject, message);
  notice.ends = {found->second};
  own_open_.erase(found);
  say_(fmt::format("{}: {}", category, message), LogLevel::Info);
  store_->begin();
  take(notice, true);
  keep_changes();
  commit();
}

// Everything of a turn is one transaction, outcomes with the intents that follow them: a delivery costs one sync of the disk.
void Notifier::turn() {
  if (!failure_.empty()) return;
  const WallTime now = io::OsClock::wall();
  const bool look = now - looked_ >= look_every || now < looked_;
  if (!look && !std::exchange(news_, false)) return;
  for (auto& [name, route] : routes_) {
    if (route->answer) ended(*route);
  }
  if (look) {
    looked_ = now;
    std::vector<report::Hit> hits;
    desk_.pass(now, hits);
    store_->begin();
    keep(hits);
    expire(now);
    if (now - pruned_ >= prune_every) store_->prune(WallTime{now.ns_utc - config_.keep.ns});
    if (now - pruned_ >= prune_every) pruned_ = now;
  }
  std::vector<std::pair<Route*, report::Letter>> letters;
  if (!closing_) {
    store_->begin();
    keep_changes();
    store_->make_deliveries(now);
    for (auto& [name, route] : routes_) begin(*route, letters);
  }
  if (!commit()) return;
  for (auto& [route, letter] : letters) route->courier->deliver(std::move(letter));
}

void Notifier::begin(Route& route, std::vector<std::pair<Route*, report::Letter>>& letters) {
  if (route.courier->busy() || route.answer) return;
  const WallTime now = io::OsClock::wall();
  auto next = store_->next(route.config->name, now);
  if (!next || !route.breaker.allow(io::OsClock::now())) return;
  store_->begin_attempt(next->id, now);
  ++next->attempts;
  ++route.attempts;
  letters.emplace_back(&route, store_->letter(*next));
  route.delivery = std::move(next);
}

void Notifier::ended(Route& route) {
  using Verdict = ChannelAnswer::Verdict;
  const ChannelAnswer answer = *std::exchange(route.answer, std::nullopt);
  const Delivery delivery = *std::exchange(route.delivery, std::nullopt);
  const WallTime now = io::OsClock::wall();
  const Instant instant = io::OsClock::now();
  store_->begin();
  store_->end_attempt(delivery.id, delivery.attempts, now, name(answer.verdict), answer.said);
  if (answer.verdict == Verdict::Later) {
    ++route.failures;
    route.last_failure = answer.said;
    if (answer.wait.ns > 0) {
      route.breaker.told_to_wait(instant, answer.wait);
    } else {
      route.breaker.failed(instant);
    }
  } else {
    route.breaker.succeeded();
    route.last_failure.clear();
  }
  switch (answer.verdict) {
    case Verdict::Accepted:
      return store_->delivered(delivery.id, now);
    case Verdict::Refused: {
      const std::string reason = "refused: " + answer.said;
      store_->dead(delivery.id, now, reason);
      return died(delivery, reason);
    }
    case Verdict::Later: {
      Duration pause = config_.retry_first;
      for (std::uint32_t n = 1; n < delivery.attempts && pause < config_.retry_most; ++n)
        pause = pause * 2;
      pause = std::min(pause, config_.retry_most);
      store_->again(delivery.id, now + Duration{jitter_.between(pause.ns / 2, pause.ns)},
                    answer.said);
    }
  }
}

void Notifier::expire(WallTime now) {
  const WallTime before{now.ns_utc - config_.give_up_after.ns};
  for (const Delivery& delivery : store_->overdue(before, expired_at_once)) {
    std::string reason =
        fmt::format("not delivered within {} s", config_.give_up_after.ns / seconds(1).ns);
    if (!names(config_.channels, delivery.channel)) {
      reason = "there is no channel of this name any more";
    } else if (!delivery.reason.empty()) {
      reason += "; the last answer: " + delivery.reason;
    }
    store_->dead(delivery.id, now, reason);
    died(delivery, reason);
  }
}

// Told by what else there is; not of what told of one.
void Notifier::died(const Delivery& delivery, const std::string& reason) {
  say_(fmt::format("delivery {} to {} is dead: {}", delivery.id, delivery.channel, reason),
       LogLevel::Error);
  const report::Letter letter = store_->letter(delivery);
  const bool of_one = std::ranges::any_of(
      letter.hits, [](const report::Hit& hit) { return hit.category == dead_letter; });
  if (of_one) return;
  take(own(report::Notice::What::New, Severity::Warning, dead_letter, delivery.channel,
           fmt::format("delivery {} to {} came to nothing: {}", delivery.id, delivery.channel,
                       reason)),
       true);
  keep_changes();
}

bool Notifier::commit() {
  if (store_->commit()) return true;
  if (failure_.empty()) failure_ = "the notifier's store cannot be written: " + store_->failure();
  return false;
}

void Notifier::close() {
  closing_ = true;
  const auto under_way = [this] {
    return std::ranges::any_of(routes_,
                               [](const auto& r) { return r.second->delivery.has_value(); });
  };
  while (failure_.empty() && under_way()) {
    reactor_.poll(milliseconds(20));
    turn();
  }
  commit();
}

std::size_t Notifier::open_matters() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(desk_.matters(), [](const auto& m) { return !m.second.open.empty(); }));
}

std::vector<ChannelStatus> Notifier::channels() {
  std::vector<ChannelStatus> out;
  for (const auto& [name, route] : routes_) {
    out.push_back({name, route->config->kind, route->delivery.has_value(),
                   route->breaker.state(io::OsClock::now()), store_->counts(name), route->attempts,
                   route->failures, route->last_failure});
  }
  return out;
}

Result<std::int64_t, std::string> Notifier::test(const std::string& channel,
                                                 const std::string& who) {
  if (!routes_.contains(channel)) return fail("there is no [notifier.channel." + channel + "]");
  if (!failure_.empty()) return fail(failure_);
  const report::Notice notice = own(report::Notice::What::New, Severity::Info, "test", "",
                                    "a test that " + who + " asked for");
  report::Hit hit;
  hit.key = report::id_of(notice) + "/test/" + channel;
  hit.rule = "test", hit.channel = channel;
  hit.severity = notice.severity;
  hit.source = notice.source, hit.category = notice.category, hit.scope = notice.scope;
  hit.message = notice.message;
  hit.at = hit.due = notice.at;
  store_->begin();
  keep({hit});
  store_->make_deliveries(notice.at);
  const auto made = store_->delivery_of(hit.key);
  if (!commit() || !made) return fail(failure_);
  return *made;
}

bool Notifier::retry(std::int64_t delivery) {
  if (!failure_.empty()) return false;
  store_->begin();
  const bool done = store_->retry(delivery, io::OsClock::wall());
  news_ = true;
  return commit() && done;
}

bool Notifier::acknowledge(const std::string& source, std::uint64_t alert, const std::string& who) {
  if (!failure_.empty()) return false;
  std::vector<report::Hit> hits;
  const bool done = desk_.acknowledge(source, alert, who, io::OsClock::wall(), hits);
  store_->begin();
  keep(hits);
  keep_changes();
  return commit() && done;
}

}  // namespace ats::services

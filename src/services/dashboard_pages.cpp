#include "services/dashboard_pages.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "io/clock.hpp"

namespace ats::services {
namespace {

constexpr Duration again_after = milliseconds(200);
constexpr std::size_t text_most = 4'096;
constexpr std::array own_topics{"system", "equity", "approvals"};

}  // namespace

DashboardPages::DashboardPages(io::Reactor& reactor, SharedAnswers& answers, Outside outside)
    : reactor_(reactor), answers_(answers), outside_(std::move(outside)) {
  for (const char* name : own_topics) {
    auto watched = std::make_shared<Watched>();
    watched->name = name;
    topics_.emplace(name, std::move(watched));
  }
}

DashboardPages::~DashboardPages() {
  reactor_.cancel(again_);
  for (const auto& [name, watched] : topics_) reactor_.cancel(watched->timer);
}

Topic& DashboardPages::own(std::string_view name) { return topics_.find(name)->second->topic; }
void DashboardPages::tell(std::string_view name) { tell_all(*topics_.find(name)->second, false); }

void DashboardPages::open(io::SessionId page, const std::string& hello) {
  pages_[page];
  outside_.send(page, hello);
}

void DashboardPages::close(io::SessionId page) {
  const auto found = pages_.find(page);
  if (found == pages_.end()) return;
  while (!found->second.seen.empty()) {
    const std::string name = found->second.seen.begin()->first;
    unsubscribe(found->second, name);
  }
  pages_.erase(found);
}

bool DashboardPages::heard(io::SessionId id, std::string_view text) {
  const auto found = pages_.find(id);
  if (found == pages_.end() || text.size() > text_most) return false;
  Page& page = found->second;
  const auto told = nlohmann::json::parse(text, nullptr, false);
  if (!told.is_object()) return false;
  const auto type = told.find("type"), topic = told.find("topic");
  if (type == told.end() || topic == told.end() || !type->is_string() || !topic->is_string())
    return false;
  const std::string name = topic->get<std::string>();
  if (*type == "subscribe") {
    subscribe(id, page, name);
  } else if (*type == "unsubscribe") {
    unsubscribe(page, name);
  } else if (*type == "snapshot") {
    const auto has = page.seen.find(name);
    if (has == page.seen.end()) return true;
    has->second = 0;
    tell_one(id, page, *topics_.find(name)->second, false);
  } else {
    return false;
  }
  return true;
}

// "books", "ladder/kraken/BTC/USDT", "books@west".
std::shared_ptr<DashboardPages::Watched> DashboardPages::find_or_make(const std::string& name,
                                                                      std::string& why) {
  if (const auto found = topics_.find(name); found != topics_.end()) return found->second;
  const std::size_t at = name.find('@');
  auto rule = find_api_topic(name.substr(0, at));
  if (!rule) {
    why = "there is no such topic";
    return nullptr;
  }
  auto watched = std::make_shared<Watched>();
  watched->name = name;
  watched->rule = std::move(*rule);
  const std::string engine = at == name.npos ? std::string() : name.substr(at + 1);
  watched->source = outside_.source(watched->rule.at, engine);
  if (watched->source == nullptr) {
    why = "there is nobody to ask for it";
    return nullptr;
  }
  topics_.emplace(name, watched);
  return watched;
}

void DashboardPages::subscribe(io::SessionId id, Page& page, const std::string& name) {
  if (page.seen.contains(name)) return;
  if (page.seen.size() >= topics_most)
    return tell_trouble(id, name, "RESOURCE_EXHAUSTED", "that are too many topics for one page");
  std::string why;
  const auto watched = find_or_make(name, why);
  if (!watched) return tell_trouble(id, name, "NOT_FOUND", why);
  page.seen.emplace(name, 0);
  ++watched->watchers;
  if (!watched->trouble.empty()) tell_trouble(id, name, watched->code, watched->trouble);
  tell_one(id, page, *watched, false);
  if (watched->source != nullptr && !watched->asking && !watched->timer.set()) ask(watched);
}

void DashboardPages::unsubscribe(Page& page, const std::string& name) {
  if (page.seen.erase(name) == 0) return;
  const auto found = topics_.find(name);
  Watched& watched = *found->second;
  if (--watched.watchers > 0 || watched.source == nullptr) return;
  // What nobody watches grows old: whoever comes next gets it anew.
  reactor_.cancel(watched.timer);
  topics_.erase(found);
}

void DashboardPages::ask(const std::shared_ptr<Watched>& watched) {
  auto request = request_of_query(watched->rule.rpc, watched->rule.query);
  ATS_ASSERT(request.ok());
  watched->asking = true;
  // Half its pace: what REST asked for a moment ago does as well, what this topic itself was told last does not.
  const Duration fresh{watched->rule.every.ns / 2};
  answers_.ask(*watched->source, std::string(watched->rule.rpc), *request, fresh,
               io::OsClock::now(), [this, weak = std::weak_ptr(watched)](const auto& answer) {
                 if (const auto still = weak.lock()) answered(still, answer);
               });
}

void DashboardPages::answered(const std::shared_ptr<Watched>& watched,
                              const Result<std::shared_ptr<SharedAnswer>, ApiFailure>& answer) {
  watched->asking = false;
  if (watched->watchers == 0) return;
  watched->timer = reactor_.after(watched->rule.every, [this, weak = std::weak_ptr(watched)] {
    const auto still = weak.lock();
    if (!still) return;
    still->timer = {};
    ask(still);
  });
  if (!answer) {
    if (std::exchange(watched->trouble, answer.error().message) == answer.error().message) return;
    watched->code = answer.error().code;
    for (const auto& [id, page] : pages_) {
      if (page.seen.contains(watched->name))
        tell_trouble(id, watched->name, watched->code, watched->trouble);
    }
    return;
  }
  const bool again = !std::exchange(watched->trouble, {}).empty();
  const auto& message = *(*answer)->message;
  const bool news = watched->topic.read(
      rows_of(message, watched->rule.rule),
      [&](std::size_t row) { return row_json(message, watched->rule.rule, row); }, (*answer)->at);
  if (news || again) tell_all(*watched, again);
}

void DashboardPages::tell_all(Watched& watched, bool even_nothing) {
  if (watched.watchers == 0) return;
  for (auto& [id, page] : pages_) {
    if (page.seen.contains(watched.name)) tell_one(id, page, watched, even_nothing);
  }
}

bool DashboardPages::tell_one(io::SessionId id, Page& page, Watched& watched, bool even_nothing) {
  std::uint64_t& seen = page.seen.find(watched.name)->second;
  const std::uint64_t now = watched.topic.version();
  if (now == 0 || (seen == now && !even_nothing)) return false;
  if (outside_.unsent(id) > unsent_most) {
    if (!again_.set()) again_ = reactor_.after(again_after, [this] { look_again(); });
    return false;
  }
  const std::string* body = &watched.cached;
  static const std::string nothing = R"("snapshot":false,"rows":{},"gone":[])";
  if (seen == now) {
    body = &nothing;
  } else if (watched.cached_to != now || watched.cached_from != seen) {
    watched.cached = watched.topic.since(seen).value_or(nothing);
    watched.cached_from = seen;
    watched.cached_to = now;
  }
  const std::string text =
      fmt::format(R"({{"type":"update","n":{},"topic":{},"at":"{}",{}}})", page.updates + 1,
                  json_string(watched.name), format_rfc3339(io::OsClock::wall()), *body);
  if (!outside_.send(id, text)) return false;
  ++page.updates;
  ++updates_;
  seen = now;
  return true;
}

void DashboardPages::tell_trouble(io::SessionId id, const std::string& topic,
                                  const std::string& code, const std::string& message) {
  outside_.send(id, fmt::format(R"({{"type":"error","topic":{},"code":{},"message":{}}})",
                                json_string(topic), json_string(code), json_string(message)));
}

void DashboardPages::look_again() {
  again_ = {};
  for (auto& [id, page] : pages_) {
    for (const auto& [name, seen] : page.seen)
      tell_one(id, page, *topics_.find(name)->second, false);
  }
}

}  // namespace ats::services

// The pages that are connected, and the topics they watch. Each topic is asked for at its own pace as long as somebody watches it,
// once for all; what changed is sent to each page as far as it takes it.
//
// Invariants: the updates of a page are numbered from 1 without a hole. A page that does not take what it is sent gets fewer
// updates, each with the newest rows: at most `unsent_most` bytes wait for it, and one update. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "io/reactor.hpp"
#include "io/server.hpp"
#include "services/api_table.hpp"
#include "services/replica.hpp"
#include "services/shared_answers.hpp"

namespace ats::services {

class DashboardPages {
 public:
  static constexpr std::size_t unsent_most = 512 * 1024;
  static constexpr std::size_t topics_most = 40;  // of one page

  struct Outside {
    std::function<bool(io::SessionId, std::string_view)> send;
    std::function<std::size_t(io::SessionId)> unsent;
    // Whom to ask; null: there is none.
    std::function<ApiSource*(AskedAt, const std::string& engine)> source;
  };

  DashboardPages(io::Reactor& reactor, SharedAnswers& answers, Outside outside);
  ~DashboardPages();
  DashboardPages(const DashboardPages&) = delete;
  DashboardPages& operator=(const DashboardPages&) = delete;

  void open(io::SessionId page, const std::string& hello);
  void close(io::SessionId page);
  // False: that was no message of ours.
  bool heard(io::SessionId page, std::string_view text);

  // A topic that the dashboard itself tells; after a change of it tell() goes round.
  Topic& own(std::string_view name);
  void tell(std::string_view name);

  std::size_t connected() const { return pages_.size(); }
  std::uint64_t updates() const { return updates_; }

 private:
  // A topic of one source.
  struct Watched {
    std::string name;  // as the pages call it
    ApiTopic rule;
    ApiSource* source = nullptr;  // null: the dashboard's own
    Topic topic;
    bool asking = false;
    std::string trouble, code;  // empty: it was read
    io::TimerId timer;
    std::size_t watchers = 0;
    // The update from `cached_from` to the present version, which most pages need at once.
    std::uint64_t cached_from = 0, cached_to = 0;
    std::string cached;
  };
  struct Page {
    std::uint64_t updates = 0;
    std::map<std::string, std::uint64_t> seen;  // by topic: the version it has
  };

  std::shared_ptr<Watched> find_or_make(const std::string& name, std::string& why);
  void subscribe(io::SessionId id, Page& page, const std::string& name);
  void unsubscribe(Page& page, const std::string& name);
  void ask(const std::shared_ptr<Watched>& watched);
  void answered(const std::shared_ptr<Watched>& watched,
                const Result<std::shared_ptr<SharedAnswer>, ApiFailure>& answer);
  void tell_all(Watched& watched, bool even_nothing);
  // False: nothing was to be told, or it does not take it now.
  bool tell_one(io::SessionId id, Page& page, Watched& watched, bool even_nothing);
  void tell_trouble(io::SessionId id, const std::string& topic, const std::string& code,
                    const std::string& message);
  void look_again();

  io::Reactor& reactor_;
  SharedAnswers& answers_;
  const Outside outside_;
  std::unordered_map<io::SessionId, Page> pages_;
  std::map<std::string, std::shared_ptr<Watched>, std::less<>> topics_;
  io::TimerId again_;  // for pages that took nothing more
  std::uint64_t updates_ = 0;
};

}  // namespace ats::services

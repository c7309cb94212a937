// The notifier's work, apart from where notices come from: notices in, by the rules into hits, by the store into deliveries, by
// the couriers to people. Written first, then done.
//
// What is promised: a notice that was settled has all its hits, in whatever moment the process dies. Each hit is in one delivery,
// and each delivery ends as delivered or dead, with its reason. A delivery is tried again, under the same key, until the
// channel has said that it took it and that is on the disk: if the process dies between the two, the channel gets it
// twice with one key. Nothing else doubles, and nothing is lost.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "io/circuit_breaker.hpp"
#include "io/reactor.hpp"
#include "services/courier.hpp"
#include "services/log.hpp"
#include "services/notice_store.hpp"

namespace ats::services {

struct ChannelStatus {
  std::string name;
  ChannelKind kind = ChannelKind::None;
  bool busy = false;
  io::CircuitBreaker::State breaker = io::CircuitBreaker::State::Closed;
  ChannelCounts counts;
  std::uint64_t attempts = 0, failures = 0;  // in this life
  std::string last_failure;                  // empty: the last attempt was none
};

class Notifier {
 public:
  using Say = std::function<void(std::string text, LogLevel level)>;

  // The error is one line a person can act on.
  static Result<std::unique_ptr<Notifier>, std::string> open(io::Reactor& reactor,
                                                             const NoticeConfig& config,
                                                             const std::filesystem::path& file,
                                                             Say say);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Up to where a stream was settled.
  NoticeCursor cursor(const std::string& stream) { return store_->cursor(stream); }
  // All of them, and that they were heard, or nothing of it. `told` as NoticeDesk::on.
  struct Heard {
    report::Notice notice;
    bool told = true;
  };
  void settle(const std::string& stream, const NoticeCursor& cursor,
              const std::vector<Heard>& heard);
  // Of the notifier's own. `open`: until it is taken back by over() of the same category and subject.
  void raise(Severity severity, const std::string& category, const std::string& subject,
             const std::string& message, bool open = false);
  void over(const std::string& category, const std::string& subject, const std::string& message);

  // After each turn of the loop: what is due is made, tried, and what came of it is kept.
  void turn();
  // Not empty: the store cannot be written, and nothing more is done.
  const std::string& failure() const { return failure_; }
  // Begins no attempt any more, and waits for those under way, for as long as they may take.
  void close();

  const std::vector<report::NoticeRule>& rules() const { return desk_.rules(); }
  std::size_t open_matters() const;
  std::vector<ChannelStatus> channels();
  NoticeStore& store() { return *store_; }
  // The delivery that was made, or why none was.
  Result<std::int64_t, std::string> test(const std::string& channel, const std::string& who);
  bool retry(std::int64_t delivery);
  bool acknowledge(const std::string& source, std::uint64_t alert, const std::string& who);

 private:
  struct Route;
  Notifier(io::Reactor& reactor, const NoticeConfig& config, std::vector<report::NoticeRule> rules,
           Say say);
  std::optional<std::string> prepare(const std::filesystem::path& file);
  void take(const report::Notice& notice, bool told);
  void keep(const std::vector<report::Hit>& hits);
  void keep_changes();
  void ended(Route& route);
  void begin(Route& route, std::vector<std::pair<Route*, report::Letter>>& letters);
  void expire(WallTime now);
  void died(const Delivery& delivery, const std::string& reason);
  bool commit();
  report::Notice own(report::Notice::What what, Severity severity, const std::string& category,
                     const std::string& subject, const std::string& message);

  io::Reactor& reactor_;
  const NoticeConfig config_;
  Say say_;
  Rng jitter_;
  std::unique_ptr<NoticeStore> store_;
  report::NoticeDesk desk_;
  std::map<std::string, std::unique_ptr<Route>> routes_;
  std::uint64_t own_journal_ = 0, own_number_ = 0, own_alert_ = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> own_open_;  // by category, subject
  std::string failure_;
  bool news_ = true;  // something may be due before the next look
  bool closing_ = false;
  WallTime looked_, pruned_;
};

}  // namespace ats::services

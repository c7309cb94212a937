#include "services/bus_publisher.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <charconv>
#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "io/call_bridge.hpp"
#include "io/clock.hpp"
#include "io/redis_client.hpp"
#include "io/tls.hpp"
#include "services/bus_messages.hpp"
#include "services/bus_server.hpp"
#include "services/told_facts.hpp"

namespace ats::services {
namespace {

constexpr Duration try_again = seconds(1);
constexpr const char* quote_lasts = "60";  // seconds: who finds none knows that nobody tells
constexpr const char* event_lasts = "86400";
// Two streams beside a thousand quotes leave room for what is asked.
constexpr std::size_t in_flight_most = 8'000;

// "<journal>-<number>": of the last entry that Redis has.
struct EntryId {
  std::uint64_t journal = 0, number = 0;
};
std::optional<EntryId> parse_entry(std::string_view text) {
  EntryId id;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, id.journal);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, id.number);
  return second.ec == std::errc() && second.ptr == end ? std::optional(id) : std::nullopt;
}

}  // namespace

// What belongs to the process's thread stands first, the rest is the publisher's own.
class BusPublisher::Parts {
 public:
  Parts(io::Reactor& process, const BusConfig& config, BusServer server, const std::string& source,
        std::function<void(std::string)> log)
      : feed_(source),
        to_process_(process),
        to_bus_(reactor_),
        config_(config),
        keep_(std::to_string(config.keep)),
        server_(std::move(server)),
        log_(std::move(log)) {}

  ~Parts() {
    if (!thread_.joinable()) return;
    to_process_.close();
    to_bus_.submit([this] { client_.reset(); });
    to_bus_.submit([this] { reactor_.stop(); });
    thread_.join();
  }

  // --- the process's thread ---

  void on(const Event& event, Instant now, const Actions& actions) {
    feed_.on(event, now, actions, made_);
    if (made_.empty()) return;
    if (!running_) return put(std::exchange(made_, {}));
    hand_over();
  }

  void say(const Alert& alert) {
    feed_.say(alert, io::OsClock::wall(), made_);
    hand_over();
  }

  void start() {
    source_ = feed_.source();
    feed_.begin_notices(io::OsClock::wall());
    for (std::size_t s = 0; s < bus_stream_count; ++s)
      epochs_[s] = feed_.epoch(static_cast<BusStream>(s));
    running_ = true;
    thread_ = std::thread([this] {
      connect();
      reactor_.run();
    });
  }

  void look(const CoreStatus& status, std::shared_ptr<const Universe> names) {
    to_bus_.submit([this, books = status.books, names = std::move(names), at = status.wall,
                    journal = feed_.journal(), life = feed_.life()] {
      tell_quotes(books, *names, {source_, journal, life, 0, at});
    });
  }

  void hand_over() {
    to_bus_.submit([this, items = std::exchange(made_, {})]() mutable {
      put(std::move(items));
      pump();
    });
  }

  BusStatus status() const { return {up_, published_, waiting_, let_go_}; }

  void close(Duration within) {
    const Instant until = io::OsClock::now() + within;
    while (up_ && waiting_ > 0 && io::OsClock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  enum class Standing : std::uint8_t { Unknown, Asked, Known, Foreign };
  struct Log {
    std::deque<BusItem> items;  // not known to be in Redis
    bool under_way = false;     // the first of them is
    Standing standing = Standing::Unknown;
  };

  // --- the publisher's thread ---

  void connect() {
    io::RedisClient::Outside outside;
    outside.up = [this] {
      up_ = true;
      tell("redis " + config_.server + ": answers");
      told_.clear();
      for (Log& log : logs_) log.standing = Standing::Unknown;
      pump();
    };
    outside.down = [this](const std::string& why) {
      up_ = false;
      tell("redis " + config_.server + ": " + why + "; fills, trades and alerts wait for it");
    };
    client_ = std::make_unique<io::RedisClient>(reactor_, server_.options(), std::move(outside));
  }

  void tell(std::string line) {
    to_process_.submit([this, line = std::move(line)] { log_(line); });
  }

  void put(std::vector<BusItem> items) {
    for (BusItem& item : items) {
      Log& log = logs_[static_cast<std::size_t>(item.stream)];
      log.items.push_back(std::move(item));
      if (log.items.size() <= waiting_most) continue;
      log.items.pop_front();
      // Before the start it is not known yet whether Redis has it.
      if (running_) ++let_go_;
    }
    count();
  }

  void count() {
    std::uint64_t waiting = 0;
    for (const Log& log : logs_) waiting += log.items.size();
    waiting_ = waiting;
  }

  void pump() {
    for (std::size_t s = 0; s < logs_.size(); ++s) {
      Log& log = logs_[s];
      if (log.standing == Standing::Unknown) ask_last(s);
      if (log.standing == Standing::Known) add(s);
    }
  }

  std::string key_of(std::size_t stream) const {
    return fmt::format("ats.v1.{}.{}", name(static_cast<BusStream>(stream)), source_);
  }

  void ask_last(std::size_t s) {
    const std::string key = key_of(s);
    const bool taken =
        client_->send({"XREVRANGE", key, "+", "-", "COUNT", "1"}, [this, s](const auto& answer) {
          if (!answer) return;  // asked again on the next connection
          if (answer->kind != io::RedisValue::Kind::List) return refused(s, answer->text);
          EntryId last;
          if (!answer->list.empty() && !answer->list[0].list.empty()) {
            const auto read = parse_entry(answer->list[0].list[0].text);
            if (!read) return refused(s, "its last entry has no id of ours");
            last = *read;
          }
          stands_at(s, last);
        });
    if (taken) logs_[s].standing = Standing::Asked;
  }

  void stands_at(std::size_t s, const EntryId& last) {
    Log& log = logs_[s];
    if (last.journal > epochs_[s]) {
      log.standing = Standing::Foreign;
      return tell(fmt::format(
          "redis {}: {} has entries of a journal that was begun later than this one: nothing is "
          "added; is another engine called {} (risk.engine)?",
          config_.server, key_of(s), source_));
    }
    const std::uint64_t has = last.journal == epochs_[s] ? last.number : 0;
    while (!log.items.empty() && log.items.front().number <= has) log.items.pop_front();
    if (!log.items.empty() && log.items.front().number > has + 1) {
      tell(fmt::format("redis {}: {} is without {} to {}: they did not fit", config_.server,
                       key_of(s), has + 1, log.items.front().number - 1));
    }
    log.standing = Standing::Known;
    count();
    add(s);
  }

  // One at a time: were a later one taken and this one refused, there would be a hole that no asking shows.
  void add(std::size_t s) {
    Log& log = logs_[s];
    if (log.items.empty() || log.under_way) return;
    const BusItem& item = log.items.front();
    const std::string key = key_of(s);
    const std::string id = fmt::format("{}-{}", epochs_[s], item.number);
    log.under_way = client_->send({"XADD", key, "MAXLEN", "~", keep_, id, "m", item.bytes},
                                  [this, s, number = item.number](const auto& answer) {
                                    logs_[s].under_way = false;
                                    if (answer) added(s, number, *answer);
                                  });
  }

  void added(std::size_t s, std::uint64_t number, const io::RedisValue& answer) {
    Log& log = logs_[s];
    if (answer.kind == io::RedisValue::Kind::Error) {
      // Added by a connection that ended before it could say so, or by somebody else of our name.
      if (answer.text.find("equal or smaller") == std::string::npos) return refused(s, answer.text);
      log.standing = Standing::Unknown;
      return pump();
    }
    ++published_;
    // It may have been let go meanwhile.
    if (!log.items.empty() && log.items.front().number == number) {
      const BusItem& item = log.items.front();
      client_->send({"SET", item.channel, item.bytes, "EX", event_lasts});
      client_->send({"PUBLISH", item.channel, item.bytes});
      log.items.pop_front();
    }
    count();
    add(s);
  }

  // Full, read-only, not allowed: it may be otherwise in a while.
  void refused(std::size_t s, const std::string& why) {
    Log& log = logs_[s];
    if (log.standing == Standing::Unknown) return;
    log.standing = Standing::Unknown;
    tell(fmt::format("redis {}: {}: {}", config_.server, key_of(s), why));
    reactor_.after(try_again, [this] {
      if (client_) pump();
    });
  }

  void tell_quotes(const std::vector<BookStatus>& books, const Universe& names, BusHead head) {
    if (!up_) return;
    for (const BookStatus& book : books) {
      const auto told = told_.find(book.instrument.value);
      if (told != told_.end() && same_top(told->second, book)) continue;
      if (client_->waiting() >= in_flight_most) return;  // as it is then, the next time
      const Instrument& on = names.instrument(book.instrument);
      head.number = ++numbers_[book.instrument.value];
      const std::string channel = bus_channel("quote", on.venue, on.pair, names);
      const std::string bytes = bus_message(head, book, names);
      client_->send({"SET", channel, bytes, "EX", quote_lasts});
      client_->send({"PUBLISH", channel, bytes}, [this](const auto& answer) {
        if (answer && answer->kind == io::RedisValue::Kind::Integer) ++published_;
      });
      told_[book.instrument.value] = book;
    }
  }

  BusFeed feed_;
  std::vector<BusItem> made_;
  io::CallBridge to_process_;

  io::Reactor reactor_;
  io::CallBridge to_bus_;
  const BusConfig config_;
  const std::string keep_;
  const BusServer server_;
  const std::function<void(std::string)> log_;
  // Set before the thread is.
  bool running_ = false;
  std::string source_;
  std::array<std::uint64_t, bus_stream_count> epochs_{};  // what the streams' ids begin with
  std::unique_ptr<io::RedisClient> client_;
  std::array<Log, bus_stream_count> logs_;
  std::map<InstrumentId::rep, BookStatus> told_;        // on this connection
  std::map<InstrumentId::rep, std::uint64_t> numbers_;  // of quotes
  std::atomic<bool> up_ = false;
  std::atomic<std::uint64_t> published_ = 0, waiting_ = 0, let_go_ = 0;
  std::thread thread_;
};

BusPublisher::BusPublisher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
BusPublisher::~BusPublisher() = default;
void BusPublisher::on(const Event& event, Instant now, const Actions& actions) {
  parts_->on(event, now, actions);
}
void BusPublisher::say(const Alert& alert) { parts_->say(alert); }
void BusPublisher::start() { parts_->start(); }
void BusPublisher::look(const CoreStatus& status, std::shared_ptr<const Universe> names) {
  parts_->look(status, std::move(names));
}
BusStatus BusPublisher::status() const { return parts_->status(); }
void BusPublisher::close(Duration within) { parts_->close(within); }

Result<std::unique_ptr<BusPublisher>, std::string> BusPublisher::open(
    io::Reactor& reactor, const BusConfig& config, const std::string& source,
    std::function<void(std::string)> log) {
  auto server = BusServer::of(config);
  if (!server) return fail(server.error());
  return std::unique_ptr<BusPublisher>(new BusPublisher(
      std::make_unique<Parts>(reactor, config, std::move(*server), source, std::move(log))));
}

}  // namespace ats::services

// History: what the engine's thread pays to hand a fill to the writer, beside a ring that copies as many bytes and does nothing
// else; and how many points a second go from the engine's events into InfluxDB (the real server, started here), beside a client
// that does nothing but post the same lines, ready made, 5,000 at a time.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>

#include "harness.hpp"
#include "loopback_socket.hpp"
#include "services/history_testing.hpp"
#include "services/history_writer.hpp"
#include "services/influx_setup.hpp"
#include "services/influx_talk.hpp"
#include "temporary_folder.hpp"

extern char** environ;

namespace ats::bench {

namespace {

using services::HistoryClock;
using services::HistoryLines;
using services::HistoryMark;
using services::HistoryTape;
using services::HistoryUnit;

constexpr std::size_t batch = 256;
constexpr std::size_t batches = 4'000;
constexpr std::size_t points_a_round = 100'000;
constexpr std::size_t lines_a_request = 5'000;

// --- the push ---

// As large as a unit of a fill and its booking.
constexpr std::size_t unit_bytes = 40 + sizeof(OrderFilled) + 1 + sizeof(Booked);

// Two counters and an array of slots.
class BareRing {
 public:
  bool push(const std::byte* unit) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == slots) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == slots) return false;
    }
    std::memcpy(ring_[tail % slots].data(), unit, unit_bytes);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  bool pop() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  static constexpr std::size_t slots = 1'024;
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0;
  alignas(64) std::atomic<std::size_t> head_{0};
  std::vector<std::array<std::byte, unit_bytes>> ring_{slots};
};

struct FillToTell {
  services::HistoryWorld world;
  Event event =
      OrderFilled{world.fill(world.order(7, world.at_kraken, Side::Buy), "T1", 5'000), {}};
  Actions actions{services::HistoryWorld::booking("T1")};
};

Outcome push_bare() {
  const auto ring = std::make_unique<BareRing>();
  std::array<std::byte, unit_bytes> unit{};
  std::vector<double> spent;
  std::uint64_t taken = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const std::int64_t from = now_ns();
    for (std::size_t n = 0; n < batch; ++n) {
      unit[0] = static_cast<std::byte>(n);
      taken += ring->push(unit.data());
      keep(unit);
    }
    spent.push_back(static_cast<double>(now_ns() - from) / batch);
    while (ring->pop()) {
    }
  }
  return {{percentile(spent, 0.5)}, taken};
}

Outcome push_ours() {
  HistoryTape tape(std::size_t{1} << 20);
  HistoryClock clock;
  const FillToTell fill;
  std::vector<double> spent;
  std::uint64_t taken = 0;
  Instant now{1};
  HistoryUnit unit;
  for (std::size_t b = 0; b < batches; ++b) {
    const std::int64_t from = now_ns();
    for (std::size_t n = 0; n < batch; ++n) {
      now = now + nanoseconds(1);
      if (services::concerns_history(fill.event, fill.actions))
        taken += tape.put(clock.next(fill.event, now), fill.event, now, fill.actions);
      keep(fill);
    }
    spent.push_back(static_cast<double>(now_ns() - from) / batch);
    while (tape.take(unit)) {
    }
  }
  return {{percentile(spent, 0.5)}, taken};
}

// What most events cost: they are market data that history is not made of.
Outcome pass_by() {
  const services::HistoryWorld world;
  const Event book = BookDelta{};
  const Actions none;
  std::vector<double> spent;
  std::uint64_t concerned = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const std::int64_t from = now_ns();
    for (std::size_t n = 0; n < batch; ++n) {
      concerned += services::concerns_history(book, none);
      keep(book);
    }
    spent.push_back(static_cast<double>(now_ns() - from) / batch);
  }
  return {{percentile(spent, 0.5)}, concerned};
}

// --- the server ---

std::uint16_t free_port() {
  std::uint16_t port = 0;
  ::close(listen_on_loopback(port));
  return port;
}

class Server {
 public:
  Server() {
    const std::string at = folder_.path().string();
    std::ofstream(at + "/influx.conf")
        << "reporting-disabled = true\nbind-address = \"127.0.0.1:" << free_port()
        << "\"\n[meta]\n  dir = \"" << at << "/meta\"\n[data]\n  dir = \"" << at
        << "/data\"\n  wal-dir = \"" << at << "/wal\"\n  query-log-enabled = false\n"
        << "[monitor]\n  store-enabled = false\n[http]\n  log-enabled = false\n"
        << "  bind-address = \"127.0.0.1:" << port << "\"\n";
    std::string config = at + "/influx.conf";
    std::array<std::string, 4> words{"influxd", "run", "-config", config};
    std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                              nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&process_, argv[0], &files, nullptr, argv.data(), environ) != 0)
      die("history: influxd is not here: ./dev setup");
    posix_spawn_file_actions_destroy(&files);
    config_.server = "http://127.0.0.1:" + std::to_string(port);
    for (int n = 0; n < 200; ++n) {
      if (services::set_up_influx(config_, false)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    die("history: influxd does not answer");
  }
  ~Server() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const services::InfluxConfig& config() const { return config_; }
  std::uint64_t fills(const std::string& engine) const {
    auto talk = services::InfluxTalk::with(config_);
    const auto answer =
        talk->ask("SELECT count(price) FROM ats.events.fill WHERE engine = '" + engine + "'");
    if (!answer || answer->empty()) return 0;
    return (*answer)[0]["values"][0][1].get<std::uint64_t>();
  }

  const std::uint16_t port = free_port();

 private:
  TemporaryFolder folder_;
  services::InfluxConfig config_;
  pid_t process_ = 0;
};

Event nth_fill(const services::HistoryWorld& world, std::size_t n, Actions& actions) {
  const std::string id = "T" + std::to_string(n);
  actions.assign(1, services::HistoryWorld::booking(id));
  return OrderFilled{world.fill(world.order(static_cast<std::uint32_t>(n % 1'000),
                                            n % 2 == 0 ? world.at_kraken : world.at_binance,
                                            n % 3 == 0 ? Side::Buy : Side::Sell),
                                id, 5'000),
                     {}};
}

// Posts what it is given and reads until the answer is there.
std::vector<std::string> requests_of(const std::string& engine) {
  const services::HistoryWorld world;
  services::HistoryFeed feed(engine);
  HistoryClock clock;
  HistoryLines lines;
  std::vector<std::string> requests;
  Actions actions;
  const auto take = [&](const Event& event, Instant now) {
    feed.on({clock.next(event, now), now, &event, &actions}, &lines);
  };
  take(world.started(1, 1'790'000'000'000), {1});
  for (std::size_t n = 0; n < points_a_round; ++n) {
    const Event event = nth_fill(world, n, actions);
    take(event, {static_cast<std::int64_t>(n) * 10'000});
    if (lines.points < lines_a_request && n + 1 < points_a_round) continue;
    requests.push_back(
        "POST /write?db=ats&rp=events&precision=ns HTTP/1.1\r\nHost: bench\r\n"
        "Content-Length: " +
        std::to_string(lines.text.size()) + "\r\n\r\n" + lines.text);
    lines = {};
  }
  return requests;
}

Outcome write_bare(const Server& server, int round) {
  const std::string engine = "bare" + std::to_string(round);
  const std::vector<std::string> requests = requests_of(engine);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("history: no server");
  send_at_once(fd);
  unpin();
  const std::int64_t from = now_ns();
  for (const std::string& request : requests) {
    send_all(fd, request);
    std::string answer;
    while (answer.find("\r\n\r\n") == std::string::npos) {
      std::array<char, 4096> room;
      const ssize_t got = ::recv(fd, room.data(), room.size(), 0);
      if (got <= 0) die("history: the server hung up");
      answer.append(room.data(), static_cast<std::size_t>(got));
    }
    if (answer.find(" 204 ") == std::string::npos) die("history: " + answer);
  }
  const double took = static_cast<double>(now_ns() - from);
  pin();
  ::close(fd);
  return {{took / points_a_round}, server.fills(engine)};
}

Outcome write_ours(const Server& server, int round) {
  const std::string engine = "ours" + std::to_string(round);
  const services::HistoryWorld world;
  const TemporaryFolder folder;
  io::Reactor reactor;
  unpin();
  auto opened = services::HistoryWriter::open(reactor, server.config(), engine, folder.path(),
                                              [](const std::string&) {});
  if (!opened) die("history: " + opened.error());
  services::HistoryWriter& writer = **opened;
  Actions actions;
  writer.on(world.started(1, 1'790'000'000'000), {1}, {});
  writer.start();
  const std::int64_t from = now_ns();
  const auto arrived = [&] {
    const services::HistoryStatus now = writer.status();
    return now.written + now.waiting;
  };
  for (std::size_t n = 0; n < points_a_round; ++n) {
    // As an engine would: never more at once than the ring holds.
    while (n % 1'000 == 0 && n - arrived() > 10'000)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const Event event = nth_fill(world, n, actions);
    writer.on(event, {static_cast<std::int64_t>(n) * 10'000}, actions);
  }
  while (writer.status().written < points_a_round)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const double took = static_cast<double>(now_ns() - from);
  pin();
  return {{took / points_a_round}, server.fills(engine)};
}

void run(Session& session) {
  session.compare({.name = "a fill handed to the writer",
                   .baseline_name = "bare ring of the same bytes",
                   .baseline = push_bare,
                   .ours = push_ours,
                   .metrics = {{.unit = "ns/push", .goal_id = "11", .goal = at_most(1.5)}}});
  session.compare({.name = "market data that history is not made of",
                   .ours = pass_by,
                   .metrics = {{.unit = "ns/event"}}});
  if (!session.wanted("points into InfluxDB")) return;
  const Server server;
  int bare = 0, ours = 0;
  session.compare({.name = "points into InfluxDB",
                   .baseline_name = "bare client, 5,000 ready lines a request",
                   .baseline = [&] { return write_bare(server, bare++); },
                   .ours = [&] { return write_ours(server, ours++); },
                   .metrics = {{.unit = "ns/point", .goal_id = "11", .goal = at_least(0.9)}}});
}

const Register registered{"history", run};

}  // namespace

}  // namespace ats::bench

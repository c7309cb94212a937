#include "services/bus_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>

#include "io/clock.hpp"
#include "services/bus_messages.hpp"
#include "services/bus_server.hpp"
#include "services/command_line.hpp"
#include "services/config.hpp"
#include "services/signals.hpp"

namespace ats::services {
namespace {

constexpr Duration look_every = milliseconds(200);
constexpr const char* at_a_time = "1000";

struct Options {
  std::string config_file;
  std::string server;
  std::string channels = "ats.v1.*";
  std::string log;
  std::string after = "0-0";
  std::string duration;
};

void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// Prints messages. After each connection the latest of a channel is had by one read of its key.
class Listener {
 public:
  Listener(io::Reactor& reactor, const Options& options, io::RedisOptions redis,
           io::RedisOptions second)
      : options_(options) {
    const auto complain = [](const std::string& why) { say("redis: " + why + "; trying again"); };
    if (!options_.log.empty()) {
      asker_.emplace(reactor, std::move(second), io::RedisClient::Outside{{}, complain});
      return;
    }
    // What is heard while the key is read comes after it, and is not older: none falls between.
    const auto read_again = [this] { begin(); };
    asker_.emplace(reactor, std::move(second), io::RedisClient::Outside{read_again, {}});
    hearer_.emplace(reactor, std::move(redis), io::RedisClient::Outside{read_again, complain});
    hearer_->subscribe(options_.channels, [this](std::string_view channel, std::string_view bytes) {
      hear(channel, bytes);
    });
  }

  // Of a Redis Stream: what has come since.
  void look() {
    if (options_.log.empty() || asking_ || !asker_->up()) return;
    const std::string from = "(" + after();
    asking_ = asker_->send({"XRANGE", options_.log, from, "+", "COUNT", at_a_time},
                           [this](const auto& answer) {
                             asking_ = false;
                             if (answer) print_entries(*answer);
                           });
  }

 private:
  std::string after() const { return after_.empty() ? options_.after : after_; }

  void begin() {
    if (options_.channels.find('*') == std::string::npos) read(options_.channels);
  }

  void print_entries(const io::RedisValue& entries) {
    if (entries.kind == io::RedisValue::Kind::Error) return say("redis: " + entries.text);
    for (const io::RedisValue& entry : entries.list) {
      if (entry.list.size() != 2 || entry.list[1].list.size() != 2) continue;
      after_ = entry.list[0].text;
      const auto message = read_bus_message(entry.list[1].list[1].text);
      if (!message) {
        say("entry " + after_ + " is no message of ours");
        continue;
      }
      print(*message);
    }
  }

  void hear(std::string_view channel, std::string_view bytes) {
    const auto message = read_bus_message(bytes);
    if (!message) return say(std::string(channel) + ": not a message of ours");
    Last& last = last_[std::string(channel)];
    const bool same = last.source == message->source && last.journal == message->journal &&
                      last.life == message->life;
    if (same && message->number <= last.number) return;  // read meanwhile
    // Of quotes each channel counts for itself; fills and trades have their stream.
    const bool counts = channel.starts_with("ats.v1.quote.");
    if (counts && same && message->number > last.number + 1)
      say(fmt::format("{}: {} messages were missed, this is the latest", channel,
                      message->number - last.number - 1));
    last = {message->source, message->journal, message->life, message->number};
    print(*message);
  }

  void read(const std::string& channel) {
    asker_->send({"GET", channel}, [this, channel](const auto& answer) {
      if (answer && answer->kind == io::RedisValue::Kind::Text) hear(channel, answer->text);
    });
  }

  static void print(const BusRead& message) {
    std::fwrite(message.json.data(), 1, message.json.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
  }

  struct Last {
    std::string source;
    std::uint64_t journal = 0;
    std::uint32_t life = 0;
    std::uint64_t number = 0;
  };
  const Options& options_;
  std::map<std::string, Last> last_;
  std::string after_;
  bool asking_ = false;
  std::optional<io::RedisClient> asker_, hearer_;
};

}  // namespace

int bus_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app("What engines tell on the bus (Redis), one JSON object a line.", "ats bus");
  app.add_option("channels", options.channels,
                 "a channel, or a pattern with *: ats.v1.<quote|fill|execution>.<venue>.<pair>");
  app.add_option("--config", options.config_file, "whose [redis] says where it is");
  app.add_option("--server", options.server, "instead: an address and a port");
  app.add_option("--log", options.log,
                 "not what is published, but a Redis Stream, which nothing is missing from, and "
                 "what follows: ats.v1.<fill|execution>.<engine>");
  app.add_option("--after", options.after, "of --log: from the entry behind this one");
  app.add_option("--for", options.duration, "end after so long, such as 10s");
  app.footer(
      "Examples:\n  ats bus --server 127.0.0.1:6379\n  ats bus 'ats.v1.quote.kraken.*'\n"
      "  ats bus --log ats.v1.fill.engine --after 1790000000000-41");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration limit{};
  if (!options.duration.empty() && !parse_duration(options.duration, limit))
    return usage_error("--for: expected a duration such as 60s, not '" + options.duration + "'");
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!options.server.empty()) config->bus.server = options.server;
  if (config->bus.server.empty())
    return usage_error("no server: --server 127.0.0.1:6379, or redis.server in --config");
  const auto server = BusServer::of(config->bus);
  if (!server) return usage_error(server.error());

  io::Reactor reactor;
  Signals signals(reactor);
  Listener listener(reactor, options, server->options(), server->options());
  const Instant started = io::OsClock::now();
  while (signals.count() == 0 && (limit.ns == 0 || io::OsClock::now() - started < limit)) {
    reactor.poll(look_every);
    listener.look();
  }
  return exit_done;
}

}  // namespace ats::services

#include "services/notifier_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/decimal.hpp"
#include "io/clock.hpp"
#include "io/service_manager.hpp"
#include "services/command_line.hpp"
#include "services/notice_answer.hpp"
#include "services/notifier_process.hpp"
#include "services/running_process.hpp"
#include "services/signals.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

int run_notifier(const std::string& config_file, const std::string& data_dir,
                 const std::string& grpc, Duration limit) {
  auto config = load_config(config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!data_dir.empty()) config->data_dir = data_dir;
  config->risk_service.listen = grpc;  // what the file says is an engine's or the risk role's
  io::Reactor reactor;
  Signals signals(reactor, true);  // before any thread, so that all inherit the mask
  auto log = Log::open(config->log, "notifier");
  if (!log) return usage_error(log.error());
  auto opened = NotifierProcess::open(reactor, *config, **log);
  if (!opened) return failure(opened.error());
  NotifierProcess& notifier = **opened;
  notifier.start();
  auto manager = io::ServiceManager::of_environment();
  manager.ready("telling people of alerts; ats notify status says more");
  const Instant started = io::OsClock::now();
  int hangups = 0;
  while (signals.count() == 0 && notifier.failure().empty()) {
    reactor.poll(milliseconds(50));
    notifier.turn();
    manager.alive(io::OsClock::now());
    if (std::exchange(hangups, signals.hangups()) != signals.hangups()) {
      const auto again = load_config(config_file, environment_variables());
      if (again) (*log)->reload(again->log);
    }
    if (limit.ns > 0 && io::OsClock::now() - started >= limit) break;
  }
  manager.stopping();
  notifier.close();
  const std::string failed = notifier.failure();
  return failed.empty() ? exit_done : failure(failed);
}

// The answer as JSON; the exit code when there is none.
Result<json, int> asked(const RunningProcess& process, const json& request) {
  const auto answer = process.ask(request);
  if (!answer) return fail(answer.error());
  json told = json::parse(*answer, nullptr, false);
  if (!told.is_object()) return fail(failure(*answer));
  if (told.contains("error")) return fail(usage_error(told["error"].get<std::string>()));
  return told;
}

struct Words {
  CLI::App app;
  RunningProcess process;
  bool as_json = false;
  Words(const char* what, const char* name) : app(what, name) {
    process.notifier = true;
    process.add_to(app);
  }
  void shows() { app.add_flag("--json", as_json, "as one JSON object"); }
  int show(const json& request, std::string (*text)(const json&)) const {
    const auto told = asked(process, request);
    if (!told) return told.error();
    fmt::print("{}", as_json ? told->dump() + "\n" : text(*told));
    return exit_done;
  }
};

int status(int argc, const char* const* argv) {
  Words words("Channels, what waits for them, and what came to nothing.", "ats notify status");
  words.shows();
  words.app.footer("Examples:\n  ats notify status\n  ats notify status --json");
  if (const auto code = parse_command_line(words.app, argc, argv)) return *code;
  return words.show({{"command", "status"}}, notifier_text);
}

int rules(int argc, const char* const* argv) {
  Words words("The rules in force: who is told of what, and when.", "ats notify rules");
  words.shows();
  words.app.footer("Examples:\n  ats notify rules\n  ats notify rules --json");
  if (const auto code = parse_command_line(words.app, argc, argv)) return *code;
  return words.show({{"command", "rules"}}, notice_rules_text);
}

int list(int argc, const char* const* argv, bool dead) {
  Words words(dead ? "Deliveries that came to nothing, with the reason; tried again on request."
                   : "What people were told, the latest first.",
              dead ? "ats notify dead" : "ats notify history");
  words.shows();
  std::string channel, state = dead ? "dead" : "", again;
  std::int64_t most = 20, one = 0;
  words.app.add_option("--channel", channel, "only of this channel");
  words.app.add_option("--most", most, "how many")->capture_default_str();
  if (dead) {
    words.app.add_option("--retry", again, "try this delivery again, or \"all\"");
    words.app.footer(
        "Examples:\n  ats notify dead\n  ats notify dead --retry 42\n"
        "  ats notify dead --retry all");
  } else {
    words.app.add_option("--state", state, "only waiting, trying, delivered or dead");
    words.app.add_option("delivery", one, "this one, with its attempts and their answers");
    words.app.footer(
        "Examples:\n  ats notify history\n  ats notify history 42\n"
        "  ats notify history --channel mail --state waiting --json");
  }
  if (const auto code = parse_command_line(words.app, argc, argv)) return *code;
  if (!again.empty()) {
    json request{{"command", "retry"}};
    if (again != "all") {
      const auto number = parse_scaled(again, 0);
      if (!number || *number < 1)
        return usage_error("--retry: expected a delivery's number or all, not '" + again + "'");
      request["delivery"] = *number;
    }
    return words.process.carry_out(request);
  }
  if (one != 0) return words.show({{"command", "delivery"}, {"delivery", one}}, delivery_text);
  return words.show(
      {{"command", "history"}, {"channel", channel}, {"state", state}, {"most", most}},
      deliveries_text);
}

int history(int argc, const char* const* argv) { return list(argc, argv, false); }
int dead(int argc, const char* const* argv) { return list(argc, argv, true); }

// Waits until the first attempt is over, and says what came of it.
int test(int argc, const char* const* argv) {
  Words words("Sends a test over a channel, and says what became of it.", "ats notify test");
  std::string channel;
  words.app.add_option("channel", channel, "its name, as in [notifier.channel.NAME]")->required();
  words.app.footer("Examples:\n  ats notify test mail");
  if (const auto code = parse_command_line(words.app, argc, argv)) return *code;
  const auto made =
      asked(words.process, {{"command", "test"}, {"channel", channel}, {"who", user_name()}});
  if (!made) return made.error();
  const json ask{{"command", "delivery"}, {"delivery", (*made)["delivery"]}};
  constexpr Duration patience = seconds(120);
  const Instant until = io::OsClock::now() + patience;
  while (io::OsClock::now() < until) {
    const auto told = asked(words.process, ask);
    if (!told) return told.error();
    for (const json& tried : (*told)["tried"]) {
      if (tried["outcome"] == "") continue;
      fmt::print("{}", delivery_text(*told));
      return (*told)["state"] == "delivered" ? exit_done : exit_failed;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return failure("it was not tried within two minutes: `ats notify status` says what is amiss");
}

int acknowledge(int argc, const char* const* argv) {
  Words words(
      "Says to the notifier alone that an alert was seen, where its engine cannot be asked (else: "
      "ats risk ack): it escalates no more.",
      "ats notify ack");
  std::string source, reason;
  std::uint64_t alert = 0;
  words.app.add_option("source", source, "whose it is: the engine's name")->required();
  words.app.add_option("alert", alert, "its number there")->required();
  words.app.add_option("--reason", reason, "what is done about it")->required();
  words.app.footer(
      "Examples:\n  ats notify ack engine 3 --reason \"the machine is being replaced\"");
  if (const auto code = parse_command_line(words.app, argc, argv)) return *code;
  return words.process.carry_out(
      {{"command", "acknowledge"}, {"source", source}, {"alert", alert}, {"reason", reason}});
}

struct Delegate {
  const char* name;
  const char* summary;
  int (*run)(int argc, const char* const* argv);
};
constexpr Delegate delegates[] = {
    {"status", "channels, what waits for them, and what came to nothing", status},
    {"rules", "the rules in force", rules},
    {"history", "what people were told, with attempts and answers", history},
    {"dead", "deliveries that came to nothing; --retry tries them again", dead},
    {"test", "send a test over a channel", test},
    {"ack", "an alert was seen, where its engine cannot be asked", acknowledge}};

}  // namespace

int notifier_command(int argc, const char* const* argv) {
  std::string config_file, data_dir, grpc, duration;
  CLI::App app(
      "Tells people of alerts of engines and of the risk role, by the rules of the configuration "
      "(docs/notifications.md). Hears of them over Redis.",
      "ats notifier");
  app.add_option("--config", config_file, "TOML file with rules and channels")->required();
  app.add_option("--data", data_dir, "instead of general.data_dir");
  app.add_option(
      "--grpc", grpc,
      "serve gRPC there, e.g. 127.0.0.1:7401 (docs/grpc.md), with the TLS files of [risk]");
  app.add_option("--for", duration, "stop after this long, e.g. 60s, 5m; else at Ctrl-C");
  app.footer("Examples:\n  ats notifier --config ats.toml");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration limit{};
  if (!duration.empty() && !parse_duration(duration, limit))
    return usage_error("--for: expected a duration such as 60s or 5m, not '" + duration + "'");
  return run_notifier(config_file, data_dir, grpc, limit);
}

int notify_command(int argc, const char* const* argv) {
  for (const Delegate& delegate : delegates) {
    if (argc > 1 && argv[1] == std::string_view(delegate.name))
      return delegate.run(argc - 1, argv + 1);
  }
  CLI::App app("What a running notifier did, and whether a channel works.", "ats notify");
  app.require_subcommand(0, 1);
  for (const Delegate& delegate : delegates) app.add_subcommand(delegate.name, delegate.summary);
  app.footer(
      "Examples:\n  ats notify test mail\n  ats notify history\n  ats notify dead --retry all");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return usage_error("which? `ats notify --help` has the words");
}

}  // namespace ats::services

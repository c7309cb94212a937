#include "services/doctor.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "io/clock.hpp"
#include "io/clock_skew.hpp"
#include "io/journal.hpp"
#include "io/secret_file.hpp"
#include "io/tls.hpp"
#include "io/venue_driver.hpp"
#include "services/bus_server.hpp"
#include "services/collector_line.hpp"
#include "services/command_line.hpp"
#include "services/control.hpp"
#include "services/dashboard.hpp"
#include "services/influx_server.hpp"
#include "services/metadata.hpp"
#include "services/monitor.hpp"
#include "services/version.hpp"

namespace ats::services {
namespace {

constexpr Duration answer_within = seconds(4);
constexpr std::uint64_t disk_least = std::uint64_t{128} << 20;
constexpr std::uint64_t disk_wanted = std::uint64_t{2} << 30;
constexpr std::uint64_t descriptors_wanted = 1024;
constexpr std::int64_t day = 86'400'000'000'000;
constexpr std::int64_t skew_doubtful = 500'000'000;
constexpr std::int64_t skew_broken = 5'000'000'000;
constexpr std::size_t secret_most = std::size_t{1} << 20;

class Examination {
 public:
  Examination(io::Reactor& reactor, const Config& config,
              const std::function<void(const Examined&)>& told)
      : reactor_(reactor), config_(config), told_(told) {}

  void all() {
    tell(
        "version", Health::Sound,
        fmt::format("ats {}; journals, feeds and captures of format {}", version(), codec_version));
    machine();
    data();
    secrets();
    certificates();
    venues();
    redis();
    influx();
    role();
    collectors();
  }

 private:
  void tell(std::string what, Health health, std::string said) {
    told_({std::move(what), health, std::move(said)});
  }
  bool turn_until(const std::function<bool()>& truth, Duration within = answer_within) {
    const Instant until = io::OsClock::now() + within;
    while (!truth() && io::OsClock::now() < until) reactor_.poll(milliseconds(20));
    return truth();
  }

  void machine() {
    timex clock{};
    if (::adjtimex(&clock) == TIME_ERROR || (clock.status & STA_UNSYNC) != 0) {
      tell(
          "clock", Health::Doubtful,
          "nothing keeps this machine's clock right: run chrony or systemd-timesyncd, since venues "
          "refuse what is signed at a wrong time");
    } else {
      tell("clock", Health::Sound,
           fmt::format("kept right, to some {} ms", (clock.maxerror + 999) / 1000));
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const bool few = files.rlim_cur < descriptors_wanted;
    tell("descriptors", few ? Health::Doubtful : Health::Sound,
         fmt::format("{} may be open{}", files.rlim_cur,
                     few ? "; raise the limit (LimitNOFILE, ulimit -n) to 65536" : ""));
    const unsigned cores = std::thread::hardware_concurrency();
    tell("cores", cores < 2 ? Health::Doubtful : Health::Sound,
         fmt::format("{}{}", cores,
                     cores < 2 ? "; what is written and shown takes turns with trading" : ""));
  }

  void data() {
    const std::filesystem::path& dir = config_.data_dir;
    struct stat info {};
    std::filesystem::path standing = std::filesystem::absolute(dir);
    const bool there = ::stat(dir.c_str(), &info) == 0;
    while (!there && ::stat(standing.c_str(), &info) != 0 && standing.has_relative_path())
      standing = standing.parent_path();
    const std::string name = "data_dir " + dir.string();
    if (there && !S_ISDIR(info.st_mode))
      return tell(name, Health::Broken, "is no folder: set general.data_dir to one");
    if (::access(there ? dir.c_str() : standing.c_str(), W_OK | X_OK) != 0) {
      return tell(name, Health::Broken,
                  fmt::format("user {} may not write {}: chown it, or run as its owner",
                              ::geteuid(), there ? "there" : "in " + standing.string()));
    }
    if (there && (info.st_mode & 022) != 0) {
      tell(name, Health::Doubtful,
           fmt::format("others may write there (mode {:03o}): chmod 750", info.st_mode & 0777));
    } else {
      tell(name, Health::Sound, there ? "is there" : "is made at the start");
    }
    struct statvfs disk {};
    if (::statvfs(there ? dir.c_str() : standing.c_str(), &disk) == 0) {
      const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
      const Health health = free < disk_least    ? Health::Broken
                            : free < disk_wanted ? Health::Doubtful
                                                 : Health::Sound;
      tell("disk", health,
           fmt::format("{} MiB free{}", free >> 20,
                       health == Health::Sound ? "" : ": nothing is traded without a journal"));
    }
    journal(dir);
  }

  void journal(const std::filesystem::path& dir) {
    const std::filesystem::path journal = dir / (config_.core.paper ? "paper" : "journal");
    const bool runs = ask_control(dir / "control.sock", R"({"command":"heartbeat"})").ok();
    std::error_code ec;
    if (!std::filesystem::is_directory(journal, ec))
      return tell("journal", Health::Sound, "none yet: it begins with the first start");
    auto reader = io::JournalReader::open(journal);
    if (!reader) return tell("journal", Health::Broken, reader.error().detail);
    io::Record record;
    if (const auto first = reader->next(record); !first)
      return tell("journal", Health::Broken, first.error().detail);
    tell("journal", Health::Sound,
         fmt::format("{} segments of this version{}", reader->end().segments,
                     runs ? "; an engine runs on it" : ""));
  }

  void secrets() {
    const std::pair<const char*, std::string> files[] = {
        {"general.credentials_file", config_.credentials_file},
        {"general.vault", config_.vault},
        {"general.vault_key_file", config_.vault_key_file},
        {"redis.password_file", config_.bus.password_file},
        {"influx.secret_file", config_.influx.secret_file}};
    for (const auto& [key, file] : files) {
      if (file.empty()) continue;
      const auto read = io::read_secret_file(file, secret_most);
      tell(key, read ? Health::Sound : Health::Broken,
           read ? file + ": only its owner may read it" : read.error().detail);
    }
    if (config_.vault.empty()) return;
    rlimit locked{};
    ::getrlimit(RLIMIT_MEMLOCK, &locked);
    const bool little = locked.rlim_cur < (std::uint64_t{1} << 20);
    tell("locked memory", little ? Health::Doubtful : Health::Sound,
         little ? "less than 1 MiB may be locked: raise it (LimitMEMLOCK, ulimit -l), so that keys "
                  "never reach a swap file"
                : "enough for the vault");
  }

  void certificates() {
    const std::pair<const char*, std::string> files[] = {
        {"general.ca_file", config_.ca_file},
        {"redis.tls_ca", config_.bus.tls_ca},
        {"influx.tls_ca", config_.influx.tls_ca},
        {"risk.tls_cert", config_.risk_service.tls_cert},
        {"risk.tls_ca", config_.risk_service.tls_ca},
        {"dashboard.tls_cert", config_.dashboard.tls_cert}};
    for (const auto& [key, file] : files) {
      if (file.empty()) continue;
      const auto end = io::certificates_end(file);
      if (!end) {
        tell(key, Health::Broken, fmt::format("{}: holds no certificate that can be read", file));
        continue;
      }
      const std::int64_t days = (end->ns_utc - io::OsClock::wall().ns_utc) / day;
      const bool over = end->ns_utc <= io::OsClock::wall().ns_utc;
      tell(
          key,
          over        ? Health::Broken
          : days < 30 ? Health::Doubtful
                      : Health::Sound,
          fmt::format("{}: {} {}{}", file, over ? "ended" : "ends",
                      format_rfc3339(*end).substr(0, 10), over || days < 30 ? ": replace it" : ""));
    }
    struct stat info {};
    for (const auto& [name, key] : {std::pair{"risk.tls_key", config_.risk_service.tls_key},
                                    std::pair{"dashboard.tls_key", config_.dashboard.tls_key}}) {
      if (key.empty() || ::stat(key.c_str(), &info) != 0 || (info.st_mode & 007) == 0) continue;
      tell(name, Health::Doubtful,
           fmt::format("{}: everybody may read it (mode {:03o}): chmod 600", key,
                       info.st_mode & 0777));
    }
    if (!config_.monitoring_listen.empty()) {
      const auto pages = Monitor::check(
          config_.monitoring_listen, {config_.risk_service.tls_cert, config_.risk_service.tls_key});
      tell("monitoring.listen", pages ? Health::Sound : Health::Broken,
           pages ? config_.monitoring_listen : pages.error());
    }
    if (!config_.dashboard.listen.empty()) {
      const auto page = Dashboard::check(config_.dashboard);
      tell("dashboard.listen", page ? Health::Sound : Health::Broken,
           page ? config_.dashboard.listen : page.error());
    }
    if (config_.risk_service.listen.empty()) return;
    const auto sound = check_listening(config_.risk_service);
    tell("risk.listen", sound ? Health::Sound : Health::Broken,
         sound ? config_.risk_service.listen : sound.error());
  }

  void venues() {
    bool any = false;
    for (const VenueConfig& venue : config_.venues) {
      if (!venue.enabled) continue;
      any = true;
      ask(venue);
    }
    if (!any)
      tell("venues", Health::Doubtful, "none is enabled; e.g. [venue.kraken] enabled = true");
  }

  void ask(const VenueConfig& venue) {
    const std::string what = "venue " + venue.name;
    if (const auto wrong = io::VenueDriver::check_urls(venue.urls))
      return tell(what, Health::Broken, *wrong);
    std::optional<io::TlsContext> tls;
    if (venue.urls.rest.starts_with("https")) {
      auto context = io::TlsContext::client(config_.ca_file);
      if (!context) return tell(what, Health::Broken, io::name(context.error()));
      tls.emplace(std::move(*context));
    }
    Config only = config_;
    std::erase_if(only.venues, [&](const VenueConfig& v) { return v.name != venue.name; });
    Universe universe;
    io::ClockSkew skew;
    const WallTime sent = io::OsClock::wall();
    const Instant began = io::OsClock::now();
    const auto loaded = load_instruments(
        reactor_, only, tls ? &*tls : nullptr, universe,
        [&](std::string_view, std::string_view, const HttpResponse& answer) {
          const std::string* date = answer.header("Date");
          const auto told = date != nullptr ? io::parse_http_date(*date) : std::nullopt;
          if (told) skew.on_answer(sent, io::OsClock::wall(), *told);
        });
    const std::int64_t took = (io::OsClock::now() - began).ns / 1'000'000;
    if (!loaded) return tell(what, Health::Broken, loaded.error());
    std::string said = fmt::format("lists {} of {} pairs, within {} ms",
                                   universe.instruments().size(), config_.pairs.size(), took);
    Health health = Health::Sound;
    if (const auto off = skew.estimate(io::OsClock::wall())) {
      const std::int64_t certain = off->certain() < 0 ? -off->certain() : off->certain();
      if (certain > skew_doubtful) {
        health = certain > skew_broken ? Health::Broken : Health::Doubtful;
        said += fmt::format("; its clock is at least {} ms {} ours: set this machine's",
                            certain / 1'000'000, off->certain() > 0 ? "ahead of" : "behind");
      }
    }
    tell(what, health, std::move(said));
  }

  void redis() {
    if (config_.bus.server.empty()) return;
    const std::string what = "redis " + config_.bus.server;
    const auto server = BusServer::of(config_.bus);
    if (!server) return tell(what, Health::Broken, server.error());
    std::string why = "does not answer";
    io::RedisClient client(reactor_, server->options(),
                           {[] {}, [&](const std::string& said) { why = said; }});
    if (!turn_until([&] { return client.up(); })) return tell(what, Health::Broken, why);
    // What an engine does there, without leaving anything behind.
    std::optional<std::string> refused;
    int answers = 0;
    const auto answer = [&](const Result<io::RedisValue, io::RedisError>& said) {
      ++answers;
      if (!said) refused = "the connection ended";
      if (said && said->kind == io::RedisValue::Kind::Error) refused = said->text;
    };
    client.send({"PUBLISH", "ats.v1.doctor", "1"}, answer);
    client.send({"XREVRANGE", "ats.v1.fill." + config_.engine_name, "+", "-", "COUNT", "1"},
                answer);
    if (!turn_until([&] { return answers == 2; })) refused = "it does not answer";
    tell(what, refused ? Health::Broken : Health::Sound,
         refused ? *refused + " (docs/bus.md says what the user needs)"
                 : std::string("answers, and lets us publish"));
  }

  // What an engine does there: a batch for each of its two policies. Of a comment alone, which leaves nothing behind; a server
  // that refuses it for its content has let us in and has found where it would go.
  void influx() {
    if (config_.influx.server.empty()) return;
    const std::string what = "influx " + config_.influx.server;
    const auto server = InfluxServer::of(config_.influx);
    if (!server) return tell(what, Health::Broken, server.error());
    io::InfluxClient client(reactor_, server->options());
    for (const char* policy : {"events", "samples"}) {
      std::optional<io::InfluxAnswer> told;
      client.write(policy, "# ats doctor\n",
                   [&](const io::InfluxAnswer& answer) { told = answer; });
      turn_until([&] { return told.has_value(); });
      const io::InfluxOutcome outcome = told ? told->outcome : io::InfluxOutcome::NoAnswer;
      if (outcome == io::InfluxOutcome::Written || outcome == io::InfluxOutcome::Refused) continue;
      std::string said = told ? told->why : std::string();
      if (outcome == io::InfluxOutcome::NoAnswer)
        said = said.empty() ? "does not answer" : "does not answer: " + said;
      if (outcome == io::InfluxOutcome::Missing) said += ": run ats influx setup";
      if (outcome == io::InfluxOutcome::NotLetIn)
        said += ": influx.user and influx.secret_file, and what the user may do";
      return tell(what, Health::Broken, std::move(said));
    }
    tell(what, Health::Sound, "takes our history");
  }

  void role() {
    if (config_.risk_service.role.empty()) return;
    const auto reached = reach_role(config_.risk_service, answer_within);
    tell("risk role " + config_.risk_service.role, reached ? Health::Sound : Health::Broken,
         reached ? std::string("answers, and each knows the other") : reached.error());
  }

  // As an engine with no instrument would join.
  void collectors() {
    struct Nobody final : CollectorLine::Owner {
      void joined(CollectorLine&) override {}
      void heard(CollectorLine&, const Event&) override {}
      void lost(CollectorLine&) override {}
    } nobody;
    const Universe none;
    for (const std::filesystem::path& socket : config_.market.from) {
      CollectorLine line(reactor_, socket, none, nobody, 1, [](const std::string&) {});
      line.start(true);
      const bool up = turn_until([&] { return line.status().up; });
      const std::string why = line.status().last_loss;
      tell("collector " + socket.string(), up ? Health::Sound : Health::Broken,
           up            ? "gives its feed"
           : why.empty() ? "does not answer"
                         : why);
    }
  }

  io::Reactor& reactor_;
  const Config& config_;
  const std::function<void(const Examined&)>& told_;
};

}  // namespace

const char* name(Health health) {
  switch (health) {
    case Health::Sound:
      return "ok";
    case Health::Doubtful:
      return "warning";
    case Health::Broken:
      return "FAILED";
  }
  return "?";
}

void examine(io::Reactor& reactor, const Config& config,
             const std::function<void(const Examined&)>& told) {
  Examination(reactor, config, told).all();
}

int doctor_command(int argc, const char* const* argv) {
  std::string config_file, data_dir;
  bool as_json = false;
  CLI::App app(
      "Looks at everything a configuration names: clock, disk, permissions, certificates, venues, "
      "Redis, InfluxDB,\nrisk role, collectors. Says what is wrong and what to do. Changes "
      "nothing, "
      "and needs no key (ats keys check\nasks what keys may do).",
      "ats doctor");
  app.add_option("--config", config_file, "TOML file (docs/configuration.md)")->required();
  app.add_option("--data", data_dir, "instead of general.data_dir");
  app.add_flag("--json", as_json, "one JSON object");
  app.footer(
      "Exit code 1 when anything failed.\nExamples:\n  ats doctor --config /etc/ats/ats.toml\n"
      "  ats doctor --config ats.toml --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  auto config = load_config(config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!data_dir.empty()) config->data_dir = data_dir;
  io::Reactor reactor;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  int broken = 0, doubtful = 0;
  examine(reactor, *config, [&](const Examined& one) {
    broken += one.health == Health::Broken ? 1 : 0;
    doubtful += one.health == Health::Doubtful ? 1 : 0;
    all.push_back({{"what", one.what}, {"health", name(one.health)}, {"said", one.said}});
    if (as_json) return;
    fmt::print("{:<8} {}: {}\n", name(one.health), one.what, one.said);
    std::fflush(stdout);
  });
  if (as_json) {
    const nlohmann::ordered_json out{{"failed", broken}, {"warnings", doubtful}, {"checks", all}};
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{} looked at, {} failed, {} in doubt\n", all.size(), broken, doubtful);
  }
  return broken != 0 ? exit_failed : exit_done;
}

}  // namespace ats::services

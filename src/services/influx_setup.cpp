#include "services/influx_setup.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "services/influx_talk.hpp"
#include "venues/percent.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using Did = InfluxStep::Did;

constexpr std::int64_t second_ns = 1'000'000'000;

// As InfluxDB prints it: "720h0m0s"; for ever is "0s".
std::string influx_duration(Duration duration) {
  const std::int64_t s = duration.ns / second_ns;
  if (s == 0) return "0s";
  return fmt::format("{}h{}m{}s", s / 3600, s / 60 % 60, s % 60);
}

// Minutes of what is kept for a while, kept for ever.
constexpr std::string_view minutes_of_quotes =
    R"(SELECT last("bid") AS "bid", max("bid") AS "bid_highest", min("bid") AS "bid_lowest", )"
    R"(last("ask") AS "ask", max("ask") AS "ask_highest", min("ask") AS "ask_lowest" )"
    R"(INTO "{0}"."minutes"."quote" FROM "{0}"."samples"."quote" GROUP BY time(1m), *)";
constexpr std::string_view minutes_of_pnl =
    R"(SELECT last("total") AS "total" INTO "{0}"."minutes"."pnl" FROM "{0}"."samples"."pnl" )"
    R"(GROUP BY time(1m), *)";

constexpr std::string_view task_of_minutes =
    R"(option task = {{name: "{0}", every: 1m, offset: 10s}}

from(bucket: "{1}/samples")
  |> range(start: -task.every)
  |> filter(fn: (r) => {2})
  |> aggregateWindow(every: 1m, fn: last, createEmpty: false)
  |> to(bucket: "{1}/minutes")
)";

class Setup {
 public:
  Setup(InfluxTalk& talk, const InfluxConfig& config, bool dry_run)
      : talk_(talk), config_(config), db_(config.database), dry_run_(dry_run) {}

  // Nothing: all went well.
  std::optional<std::string> run_1() {
    if (auto wrong = database()) return wrong;
    if (auto wrong = policy("events", {}, true)) return wrong;
    if (auto wrong = policy("samples", config_.keep_samples, false)) return wrong;
    if (auto wrong = policy("minutes", {}, false)) return wrong;
    if (auto wrong = query("quote_minutes", minutes_of_quotes)) return wrong;
    return query("pnl_minutes", minutes_of_pnl);
  }

  std::optional<std::string> run_2() {
    const auto found =
        talk_.call("GET", "/api/v2/orgs?org=" + venues::percent_encoded(config_.organisation));
    if (!found) return found.error();
    const json orgs = found->value("orgs", json::array());
    if (orgs.empty()) return "influx.organisation: the server knows no " + config_.organisation;
    organisation_ = orgs[0].value("id", "");
    if (auto wrong = bucket("events", {})) return wrong;
    if (auto wrong = bucket("samples", config_.keep_samples)) return wrong;
    if (auto wrong = bucket("minutes", {})) return wrong;
    if (auto wrong =
            task("ats quote minutes",
                 R"(r._measurement == "quote" and (r._field == "bid" or r._field == "ask"))"))
      return wrong;
    return task("ats pnl minutes", R"(r._measurement == "pnl" and r._field == "total")");
  }

  std::vector<InfluxStep> steps;

 private:
  // Does it, unless nothing is to be changed.
  template <class Act>
  std::optional<std::string> act(std::string what, Did did, Act act) {
    if (dry_run_) {
      steps.push_back({std::move(what), Did::Would});
      return std::nullopt;
    }
    if (const InfluxTalk::Answer done = act(); !done) return what + ": " + done.error();
    steps.push_back({std::move(what), did});
    return std::nullopt;
  }
  std::optional<std::string> was_there(std::string what) {
    steps.push_back({std::move(what), Did::WasThere});
    return std::nullopt;
  }

  // --- 1.x ---

  std::optional<std::string> database() {
    const std::string what = "database " + db_;
    const auto shown = talk_.command("SHOW DATABASES");
    if (!shown) return shown.error();
    for (const json& row : rows(*shown)) {
      if (row == json::array({db_})) {
        there_ = true;
        return was_there(what);
      }
    }
    return act(what, Did::Made,
               [&] { return talk_.command(fmt::format(R"(CREATE DATABASE "{}")", db_)); });
  }

  // `keep` zero: for ever.
  std::optional<std::string> policy(const char* name, Duration keep, bool is_default) {
    const std::string what = fmt::format("retention policy {}.{}: {}", db_, name,
                                         keep.ns == 0 ? "for ever" : influx_duration(keep));
    const std::string terms =
        fmt::format(R"("{}" ON "{}" DURATION {} REPLICATION 1{})", name, db_,
                    keep.ns == 0 ? "INF" : fmt::format("{}s", keep.ns / second_ns),
                    is_default ? " DEFAULT" : "");
    if (there_) {
      const auto shown = talk_.command(fmt::format(R"(SHOW RETENTION POLICIES ON "{}")", db_));
      if (!shown) return shown.error();
      // name, duration, shardGroupDuration, replicaN, default
      for (const json& row : rows(*shown)) {
        if (row.size() < 5 || row[0] != name) continue;
        const bool same = row[1] == influx_duration(keep) && row[4] == is_default;
        if (same || (!is_default && row[1] == influx_duration(keep))) return was_there(what);
        return act(what, Did::Changed,
                   [&] { return talk_.command("ALTER RETENTION POLICY " + terms); });
      }
    }
    return act(what, Did::Made, [&] { return talk_.command("CREATE RETENTION POLICY " + terms); });
  }

  std::optional<std::string> query(const char* name, std::string_view select) {
    const std::string what = fmt::format("continuous query {}.{}", db_, name);
    const std::string text = fmt::format(R"(CREATE CONTINUOUS QUERY {} ON "{}" BEGIN {} END)", name,
                                         db_, fmt::format(fmt::runtime(select), db_));
    if (there_) {
      const auto shown = talk_.command("SHOW CONTINUOUS QUERIES");
      if (!shown) return shown.error();
      for (const json& series : *shown) {
        if (series.value("name", "") != db_) continue;
        for (const json& row : series.value("values", json::array())) {
          if (row.size() < 2 || row[0] != name) continue;
          if (plain(row[1].get<std::string>()) == plain(text)) return was_there(what);
          return act(what, Did::Changed, [&]() -> InfluxTalk::Answer {
            auto gone =
                talk_.command(fmt::format(R"(DROP CONTINUOUS QUERY {} ON "{}")", name, db_));
            return gone ? talk_.command(text) : gone;
          });
        }
      }
    }
    return act(what, Did::Made, [&] { return talk_.command(text); });
  }

  static json rows(const json& series) {
    return series.empty() ? json::array() : series[0].value("values", json::array());
  }
  // InfluxDB prints a query without the quotes that it does not need.
  static std::string plain(std::string text) {
    std::erase(text, '"');
    return text;
  }

  // --- 2.x ---

  std::optional<std::string> bucket(const char* policy, Duration keep) {
    const std::string name = db_ + "/" + policy;
    const std::int64_t seconds = keep.ns / second_ns;
    const std::string what =
        fmt::format("bucket {}: {}", name, seconds == 0 ? "for ever" : influx_duration(keep));
    const auto found = talk_.call(
        "GET", fmt::format("/api/v2/buckets?orgID={}&name={}",
                           venues::percent_encoded(organisation_), venues::percent_encoded(name)));
    // One that is not there is an empty list, or not found.
    const json buckets = found ? found->value("buckets", json::array()) : json::array();
    if (!found && found.error().find("404") == std::string::npos) return found.error();
    const json rules = seconds == 0
                           ? json::array()
                           : json::array({{{"type", "expire"}, {"everySeconds", seconds}}});
    std::string id;
    if (!buckets.empty()) {
      id = buckets[0].value("id", "");
      std::int64_t held = 0;
      for (const json& rule : buckets[0].value("retentionRules", json::array()))
        held = rule.value("everySeconds", std::int64_t{0});
      if (held == seconds) {
        was_there(what);
      } else if (auto wrong = act(what, Did::Changed, [&] {
                   return talk_.call("PATCH", "/api/v2/buckets/" + venues::percent_encoded(id),
                                     {{"retentionRules", rules}});
                 })) {
        return wrong;
      }
    } else if (auto wrong = act(what, Did::Made, [&] {
                 auto made = talk_.call(
                     "POST", "/api/v2/buckets",
                     {{"orgID", organisation_}, {"name", name}, {"retentionRules", rules}});
                 if (made && made->is_object()) id = made->value("id", "");
                 return made;
               })) {
      return wrong;
    }
    return mapping(policy, id);
  }

  // So that InfluxQL finds the bucket as a database with a retention policy.
  std::optional<std::string> mapping(const std::string& policy, const std::string& bucket) {
    const std::string what = fmt::format("InfluxQL finds {}.{}", db_, policy);
    const auto found = talk_.call("GET", fmt::format("/api/v2/dbrps?orgID={}&db={}&rp={}",
                                                     venues::percent_encoded(organisation_),
                                                     venues::percent_encoded(db_), policy));
    if (!found) return found.error();
    if (!found->value("content", json::array()).empty()) return was_there(what);
    return act(what, Did::Made, [&] {
      return talk_.call("POST", "/api/v2/dbrps",
                        {{"orgID", organisation_},
                         {"bucketID", bucket},
                         {"database", db_},
                         {"retention_policy", policy},
                         {"default", policy == "events"}});
    });
  }

  std::optional<std::string> task(const std::string& name, const char* which) {
    const std::string what = "task " + name;
    const auto found = talk_.call(
        "GET", fmt::format("/api/v2/tasks?orgID={}&name={}", venues::percent_encoded(organisation_),
                           venues::percent_encoded(name)));
    if (!found) return found.error();
    const std::string flux = fmt::format(fmt::runtime(task_of_minutes), name, db_, which);
    const json tasks = found->value("tasks", json::array());
    if (!tasks.empty() && tasks[0].value("flux", "") == flux) return was_there(what);
    if (!tasks.empty()) {
      return act(what, Did::Changed, [&] {
        return talk_.call("PATCH",
                          "/api/v2/tasks/" + venues::percent_encoded(tasks[0].value("id", "")),
                          {{"flux", flux}});
      });
    }
    return act(what, Did::Made, [&] {
      return talk_.call("POST", "/api/v2/tasks", {{"orgID", organisation_}, {"flux", flux}});
    });
  }

  InfluxTalk& talk_;
  const InfluxConfig& config_;
  const std::string db_;
  const bool dry_run_;
  bool there_ = false;        // the database was, of a 1.x
  std::string organisation_;  // its id, of a 2.x
};

}  // namespace

const char* name(InfluxStep::Did did) {
  switch (did) {
    case Did::WasThere:
      return "was_there";
    case Did::Made:
      return "made";
    case Did::Changed:
      return "changed";
    case Did::Would:
      return "would_be_made_or_changed";
  }
  return "?";
}

Result<std::vector<InfluxStep>, std::string> set_up_influx(const InfluxConfig& config,
                                                           bool dry_run) {
  auto talk = InfluxTalk::with(config);
  if (!talk) return fail(talk.error());
  Setup setup(*talk, config, dry_run);
  if (auto wrong = talk->speaks_2() ? setup.run_2() : setup.run_1()) return fail(std::move(*wrong));
  return std::move(setup.steps);
}

}  // namespace ats::services

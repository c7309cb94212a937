#include "services/backtest_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/config_keys.hpp"
#include "services/scan_fees.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

constexpr std::array states = {BacktestState::Queued, BacktestState::Running, BacktestState::Done,
                               BacktestState::Failed, BacktestState::Cancelled};
constexpr std::size_t name_most = 64, recordings_most = 64, list_most = 64;
constexpr std::size_t configuration_most = std::size_t{256} << 10;

std::optional<WallTime> time_of(const ordered_json& from, const char* key) {
  const auto found = from.find(key);
  if (found == from.end() || !found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  WallTime time;
  if (!parse_rfc3339(text.data(), text.size(), time)) return std::nullopt;
  return time;
}

void put_time(ordered_json& out, const char* key, const std::optional<WallTime>& time) {
  if (time && time->told()) out[key] = format_rfc3339(*time);
}

bool all_of(std::string_view text, bool (*is)(char)) {
  return !text.empty() && text.size() <= 31 && std::ranges::all_of(text, is);
}
bool venue_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

bool is_pair(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && parse_asset(text.substr(0, slash)) &&
         parse_asset(text.substr(slash + 1));
}

}  // namespace

const char* name(BacktestState state) {
  switch (state) {
    case BacktestState::Queued:
      return "queued";
    case BacktestState::Running:
      return "running";
    case BacktestState::Done:
      return "done";
    case BacktestState::Failed:
      return "failed";
    case BacktestState::Cancelled:
      return "cancelled";
  }
  return "";
}

ordered_json job_json(const BacktestJob& job) {
  ordered_json plan = {{"name", job.plan.name},          {"recordings", job.plan.recordings},
                       {"pairs", job.plan.pairs},        {"venues", job.plan.venues},
                       {"fees", job.plan.fees},          {"accept_faults", job.plan.accept_faults},
                       {"overrides", job.plan.overrides}};
  put_time(plan, "from", job.plan.from);
  put_time(plan, "to", job.plan.to);
  ordered_json out = {{"id", job.id},
                      {"plan", std::move(plan)},
                      {"who", job.who},
                      {"reason", job.reason},
                      {"state", name(job.state)},
                      {"error", job.error},
                      {"summary", job.summary},
                      {"bytes", job.bytes},
                      {"done_bps", job.progress.done_bps},
                      {"records", job.progress.records},
                      {"events", job.progress.events}};
  put_time(out, "asked", job.asked);
  put_time(out, "started", job.started);
  put_time(out, "ended", job.ended);
  put_time(out, "at", job.progress.at);
  return out;
}

std::optional<BacktestJob> parse_job(std::string_view text) {
  const auto parsed = ordered_json::parse(text, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  BacktestJob job;
  // A field of another type than job_json() writes throws.
  try {
    const ordered_json& plan = parsed.at("plan");
    plan.at("name").get_to(job.plan.name);
    plan.at("recordings").get_to(job.plan.recordings);
    plan.at("pairs").get_to(job.plan.pairs);
    plan.at("venues").get_to(job.plan.venues);
    plan.at("fees").get_to(job.plan.fees);
    plan.at("accept_faults").get_to(job.plan.accept_faults);
    plan.at("overrides").get_to(job.plan.overrides);
    job.plan.from = time_of(plan, "from");
    job.plan.to = time_of(plan, "to");
    parsed.at("id").get_to(job.id);
    parsed.at("who").get_to(job.who);
    parsed.at("reason").get_to(job.reason);
    parsed.at("error").get_to(job.error);
    parsed.at("bytes").get_to(job.bytes);
    parsed.at("done_bps").get_to(job.progress.done_bps);
    parsed.at("records").get_to(job.progress.records);
    parsed.at("events").get_to(job.progress.events);
    job.summary = parsed.at("summary");
    job.asked = time_of(parsed, "asked").value_or(WallTime{});
    job.started = time_of(parsed, "started").value_or(WallTime{});
    job.ended = time_of(parsed, "ended").value_or(WallTime{});
    job.progress.at = time_of(parsed, "at").value_or(WallTime{});
    const auto state = parsed.at("state").get<std::string>();
    const auto found =
        std::ranges::find_if(states, [&](BacktestState one) { return state == name(one); });
    if (found == states.end()) return std::nullopt;
    job.state = *found;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return job;
}

BacktestJob::Progress parse_progress(const ordered_json& told) {
  BacktestJob::Progress out;
  const auto count = [&told](const char* key) -> std::optional<std::uint64_t> {
    const auto found = told.find(key);
    if (found == told.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
  };
  const auto playing = told.find("playing");
  out.playing = playing != told.end() && *playing == true;
  out.done_bps =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(count("done_bps").value_or(0), 10'000));
  out.at = time_of(told, "at").value_or(WallTime{});
  out.records = count("records").value_or(0);
  out.events = count("events").value_or(0);
  out.events_per_second = count("events_per_second").value_or(0);
  if (const auto left = count("left_ms"))
    out.left = milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*left, 1U << 31U)));
  return out;
}

Status<std::string> check_plan(const BacktestPlan& plan) {
  const auto wrong = [](std::string what) { return fail(std::move(what)); };
  if (plan.name.size() > name_most ||
      std::ranges::any_of(plan.name, [](char c) { return static_cast<unsigned char>(c) < ' '; }))
    return wrong(fmt::format("plan.name: up to {} characters, none of control", name_most));
  if (plan.recordings.empty() || plan.recordings.size() > recordings_most) {
    return wrong(fmt::format("plan.recordings: 1 to {} names of those that ListRecordings tells",
                             recordings_most));
  }
  if (std::max({plan.pairs.size(), plan.venues.size(), plan.fees.size()}) > list_most)
    return wrong(fmt::format("plan: more than {} pairs, venues or fees", list_most));
  for (const std::string& pair : plan.pairs) {
    if (!is_pair(pair)) return wrong("plan.pairs: expected such as BTC/USDT, not '" + pair + "'");
  }
  for (const std::string& venue : plan.venues) {
    if (!all_of(venue, venue_char))
      return wrong("plan.venues: expected such as kraken, not '" + venue + "'");
  }
  TakerFees fees;
  for (const std::string& fee : plan.fees) {
    if (!all_of(fee.substr(0, fee.find('=')), venue_char))
      return wrong("plan.fees: expected such as kraken=26, not '" + fee + "'");
    if (const auto set = fees.set(fee); !set) return wrong("plan.fees: " + set.error());
  }
  if (plan.from && plan.to && *plan.from >= *plan.to)
    return wrong("plan.from has to be before plan.to");
  if (plan.configuration.size() > configuration_most)
    return wrong("plan.configuration: more than 256 KiB");
  return Done{};
}

}  // namespace ats::services

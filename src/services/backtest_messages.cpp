#include "services/backtest_messages.hpp"

#include "services/risk_messages.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

v1::BacktestState state_of(BacktestState state) {
  switch (state) {
    case BacktestState::Queued:
      return v1::BACKTEST_STATE_QUEUED;
    case BacktestState::Running:
      return v1::BACKTEST_STATE_RUNNING;
    case BacktestState::Done:
      return v1::BACKTEST_STATE_DONE;
    case BacktestState::Failed:
      return v1::BACKTEST_STATE_FAILED;
    case BacktestState::Cancelled:
      return v1::BACKTEST_STATE_CANCELLED;
  }
  return v1::BACKTEST_STATE_UNSPECIFIED;
}

void fill(v1::BacktestPlan& out, const BacktestPlan& plan) {
  out.set_name(plan.name);
  for (const std::string& name : plan.recordings) out.add_recordings(name);
  if (plan.from) fill_time(*out.mutable_from(), *plan.from);
  if (plan.to) fill_time(*out.mutable_to(), *plan.to);
  for (const std::string& pair : plan.pairs) out.add_pairs(pair);
  for (const std::string& venue : plan.venues) out.add_venues(venue);
  for (const std::string& fee : plan.fees) out.add_fees(fee);
  out.set_accept_faults(plan.accept_faults);
  for (const auto& [key, value] : plan.overrides) (*out.mutable_overrides())[key] = value;
}

void fill(v1::BacktestProgress& out, const BacktestJob::Progress& progress) {
  out.set_playing(progress.playing);
  out.set_done_bps(progress.done_bps);
  if (progress.at.told()) fill_time(*out.mutable_at(), progress.at);
  out.set_records(progress.records);
  out.set_events(progress.events);
  out.set_events_per_second(progress.events_per_second);
  if (progress.left) fill_duration(*out.mutable_left(), *progress.left);
}

std::optional<std::int64_t> ns_of(const google::protobuf::Timestamp& time) {
  // Its nanoseconds since 1970 have to be a number of 64 bits.
  constexpr std::int64_t most = 9'000'000'000;
  if (time.seconds() < 0 || time.seconds() > most) return std::nullopt;
  if (time.nanos() < 0 || time.nanos() > 999'999'999) return std::nullopt;
  return time.seconds() * 1'000'000'000 + time.nanos();
}

// Of what backtest_summary() made, read back from another process: what is not as it should be is left out.
class SummaryReader {
 public:
  explicit SummaryReader(const ordered_json& summary) : summary_(summary) {}

  std::uint64_t count(const char* key) const {
    const ordered_json* found = find(key);
    return found != nullptr && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  }
  std::string text(const char* key) const {
    const ordered_json* found = find(key);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
  }
  bool flag(const char* key) const {
    const ordered_json* found = find(key);
    return found != nullptr && found->is_boolean() && found->get<bool>();
  }
  template <class Message, class Set>
  void ratio(const char* key, Message& out, Set set) const {
    const ordered_json* found = find(key);
    if (found != nullptr && found->is_number()) (out.*set)(found->get<double>());
  }
  template <class Message, class Set>
  void time(const char* key, Message& out, Set mutable_time) const {
    const std::string written = text(key);
    WallTime time;
    if (parse_rfc3339(written.data(), written.size(), time))
      fill_time(*(out.*mutable_time)(), time);
  }
  const ordered_json* find(const char* key) const {
    const auto found = summary_.find(key);
    return found == summary_.end() ? nullptr : &*found;
  }

 private:
  const ordered_json& summary_;
};

void fill(v1::BacktestSummary& out, const ordered_json& summary) {
  using S = v1::BacktestSummary;
  const SummaryReader of(summary);
  of.time("from", out, &S::mutable_from);
  of.time("to", out, &S::mutable_to);
  out.set_records(of.count("records"));
  out.set_events(of.count("events"));
  out.set_reporting_asset(of.text("in"));
  if (const std::string capital = of.text("capital"); !capital.empty()) out.set_capital(capital);
  out.set_profit(of.text("profit"));
  out.set_profit_complete(of.flag("profit_complete"));
  out.set_seen(of.count("seen"));
  out.set_sent(of.count("sent"));
  out.set_completed(of.count("completed"));
  out.set_unwound(of.count("unwound"));
  out.set_residual(of.count("residual"));
  out.set_missed(of.count("missed"));
  out.set_trades(of.count("count"));
  out.set_won(of.count("won"));
  out.set_lost(of.count("lost"));
  of.ratio("win_rate", out, &S::set_win_rate);
  of.ratio("profit_factor", out, &S::set_profit_factor);
  of.ratio("total_return", out, &S::set_total_return);
  of.ratio("annual_return", out, &S::set_annual_return);
  of.ratio("sharpe", out, &S::set_sharpe);
  of.ratio("sortino", out, &S::set_sortino);
  of.ratio("calmar", out, &S::set_calmar);
  of.ratio("deepest_drawdown", out, &S::set_deepest_drawdown);
  out.set_stopped_in_order(of.flag("stopped_in_order"));
  const ordered_json* violations = of.find("violations");
  if (violations == nullptr || !violations->is_array()) return;
  for (const ordered_json& line : *violations) {
    if (line.is_string()) out.add_violations(line.get<std::string>());
  }
}

}  // namespace

void fill(v1::Backtest& out, const BacktestJob& job) {
  out.set_id(job.id);
  fill(*out.mutable_plan(), job.plan);
  out.set_who(job.who);
  out.set_reason(job.reason);
  out.set_state(state_of(job.state));
  if (job.asked.told()) fill_time(*out.mutable_asked(), job.asked);
  if (job.started.told()) fill_time(*out.mutable_started(), job.started);
  if (job.ended.told()) fill_time(*out.mutable_ended(), job.ended);
  out.set_error(job.error);
  fill(*out.mutable_progress(), job.progress);
  if (job.summary.is_object()) fill(*out.mutable_summary(), job.summary);
}

void fill(v1::ListRecordingsResponse& out, const RecordingFolder::Listing& listing) {
  for (const RecordingFolder::Entry& entry : listing.entries) {
    v1::Recording& told = *out.add_recordings();
    told.set_name(entry.name);
    told.set_form(entry.form);
    told.set_bytes(entry.bytes);
    if (entry.changed.told()) fill_time(*told.mutable_changed(), entry.changed);
  }
  out.set_more(listing.more);
}

Result<BacktestPlan, std::string> plan_of(const v1::BacktestPlan& asked) {
  BacktestPlan plan;
  plan.name = asked.name();
  plan.recordings.assign(asked.recordings().begin(), asked.recordings().end());
  plan.pairs.assign(asked.pairs().begin(), asked.pairs().end());
  plan.venues.assign(asked.venues().begin(), asked.venues().end());
  plan.fees.assign(asked.fees().begin(), asked.fees().end());
  plan.accept_faults = asked.accept_faults();
  plan.configuration = asked.configuration();
  plan.overrides.insert(asked.overrides().begin(), asked.overrides().end());
  if (asked.has_from()) {
    const auto ns = ns_of(asked.from());
    if (!ns) return fail(std::string("plan.from: no time after 1970"));
    plan.from = WallTime{*ns};
  }
  if (asked.has_to()) {
    const auto ns = ns_of(asked.to());
    if (!ns) return fail(std::string("plan.to: no time after 1970"));
    plan.to = WallTime{*ns};
  }
  return plan;
}

}  // namespace ats::services

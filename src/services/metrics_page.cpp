#include "services/metrics_page.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <sstream>
#include <utility>

#include "services/role_text.hpp"
#include "services/scope_text.hpp"

namespace ats::services {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = std::pair<const char*, std::string_view>;

constexpr std::int64_t us = 1'000;
constexpr std::int64_t ms = 1'000'000;
// From one decision in memory to an order over the world.
constexpr std::int64_t bounds[] = {500,      1 * us,    2 * us,    5 * us,   10 * us,  20 * us,
                                   50 * us,  100 * us,  200 * us,  500 * us, 1 * ms,   2 * ms,
                                   5 * ms,   10 * ms,   20 * ms,   50 * ms,  100 * ms, 200 * ms,
                                   500 * ms, 1000 * ms, 2000 * ms, 5000 * ms};

double seconds_of(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }
double seconds_of(Duration duration) { return seconds_of(duration.ns); }
double number(std::uint64_t count) { return static_cast<double>(count); }

// One family, in the order of the page.
class Family {
 public:
  Family(std::vector<MetricFamily>& page, const char* name, MetricType type, const char* help)
      : page_(page), at_(page.size()) {
    page.push_back({name, help, type, {}});
  }
  void add(double value, std::initializer_list<Label> labels = {}) {
    ClientMetric& metric = labelled(labels);
    (page_[at_].type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
  void add(const Histogram& all, std::initializer_list<Label> labels = {}) {
    ClientMetric::Histogram& told = labelled(labels).histogram;
    for (const std::int64_t bound : bounds)
      told.bucket.push_back({all.at_most(bound), seconds_of(bound)});
    told.bucket.push_back({all.count(), std::numeric_limits<double>::infinity()});
    told.sample_count = all.count();
    told.sample_sum = seconds_of(all.sum());
  }

 private:
  ClientMetric& labelled(std::initializer_list<Label> labels) {
    ClientMetric& metric = page_[at_].metric.emplace_back();
    for (const Label& label : labels)
      metric.label.push_back({label.first, std::string(label.second)});
    return metric;
  }
  std::vector<MetricFamily>& page_;
  std::size_t at_;
};

class Page {
 public:
  Page(const MonitorView& view, const io::ProcessUsage& usage) : v_(view), names_(*view.names) {
    process(usage);
    state();
    if (v_.engine) {
      engine(v_.engine->live);
      collectors(v_.engine->collectors);
    } else if (v_.office) {
      office(*v_.office);
    } else if (v_.collector) {
      collector(*v_.collector);
    } else if (v_.notifier) {
      notifier(*v_.notifier);
    }
    if (v_.dashboard) dashboard(*v_.dashboard);
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  Family gauge(const char* name, const char* help) {
    return {families_, name, MetricType::Gauge, help};
  }
  Family counter(const char* name, const char* help) {
    return {families_, name, MetricType::Counter, help};
  }
  Family histogram(const char* name, const char* help) {
    return {families_, name, MetricType::Histogram, help};
  }
  void gauge(const char* name, const char* help, double value) { gauge(name, help).add(value); }
  void counter(const char* name, const char* help, std::uint64_t value) {
    counter(name, help).add(number(value));
  }
  std::string_view venue(VenueId id) const { return names_.venue(id).name.view(); }
  std::string_view asset(AssetId id) const { return names_.asset(id).name.view(); }

  void process(const io::ProcessUsage& usage) {
    counter("process_cpu_seconds_total", "Processor time spent.").add(usage.cpu_seconds);
    gauge("process_start_time_seconds", "When the process began, since 1970.",
          usage.start_time_seconds);
    gauge("process_resident_memory_bytes", "Memory that is not paged out.",
          number(usage.resident_bytes));
    gauge("process_open_fds", "Open descriptors.", number(usage.open_descriptors));
  }

  void state() {
    gauge("ats_role_info", "What this process is; always 1.").add(1, {{"role", v_.role}});
    gauge("ats_life", "How often it has started on this journal.", v_.life);
    gauge("ats_running_seconds", "Since it began to work.", seconds_of(v_.running));
    gauge("ats_ready", "1: past its start-up and not on its way out.", v_.not_ready.empty());
    gauge("ats_degraded", "How many things /readyz says are amiss.", number(v_.degraded.size()));
    histogram("ats_loop_lag_seconds", "How late the process's loop came to its timer.")
        .add(v_.loop_lag);
    counter("ats_journal_bytes_total", "Written to the journal in this life.", v_.journal_bytes);
    if (v_.standby) standby(*v_.standby);
    if (v_.bus) {
      gauge("ats_bus_up", "1: Redis answers.", v_.bus->up);
      counter("ats_bus_published_total", "Messages that Redis has taken.", v_.bus->published);
      gauge("ats_bus_waiting", "Fills and trades that Redis has not taken yet.",
            number(v_.bus->waiting));
      counter("ats_bus_let_go_total", "Fills and trades that did not fit while Redis was away.",
              v_.bus->let_go);
    }
    if (v_.history) {
      gauge("ats_influx_up", "1: InfluxDB takes what is written.", v_.history->up);
      counter("ats_influx_points_written_total", "Points of history that InfluxDB has taken.",
              v_.history->written);
      gauge("ats_influx_points_waiting", "Points on disk that InfluxDB has not taken yet.",
            number(v_.history->waiting));
      gauge("ats_influx_waiting_bytes", "Bytes on disk that InfluxDB has not taken yet.",
            number(v_.history->waiting_bytes));
      counter("ats_influx_points_dropped_total", "Points of history there was no room for.",
              v_.history->dropped);
      counter("ats_influx_points_refused_total", "Points that InfluxDB will not have.",
              v_.history->refused);
    }
    Family open = gauge("ats_alerts_open", "Alerts that nothing has ended yet.");
    for (const AlertCount& alerts : v_.alerts) {
      open.add(number(alerts.open),
               {{"code", name(alerts.code)}, {"severity", name(alerts.severity)}});
    }
  }

  void holds(const std::vector<HoldStatus>& all) {
    Family family = gauge("ats_hold", "Where trading is held up; 1 while it is.");
    for (const HoldStatus& hold : all) {
      family.add(1, {{"scope", scope_text(hold.scope, names_)},
                     {"state", name(hold.state)},
                     {"by", name(hold.by)}});
    }
  }

  void limits(const std::vector<LimitStatus>& all) {
    Family used =
        gauge("ats_limit_used_ratio",
              "How much of the limit's hard level is used; of a least value, how near it is.");
    for (const LimitStatus& limit : all) {
      const auto percent = used_percent(limit);
      if (!percent) continue;
      used.add(std::strtod(percent->c_str(), nullptr) / 100,  // display
               {{"limit", name(limit.setting.kind)}, {"scope", to_text(limit.setting.scope)}});
    }
    Family level =
        gauge("ats_limit_level", "0 well, 1 past its warning level, 2 past its hard one.");
    for (const LimitStatus& limit : all) {
      level.add(static_cast<double>(limit.level),
                {{"limit", name(limit.setting.kind)}, {"scope", to_text(limit.setting.scope)}});
    }
  }

  void engine(const LiveView& live) {
    trading(live.core);
    feeds(live.venues, true);
    books(live.core.books, live.core.now);
    latencies(live.core);
    holds(live.core.holds);
    limits(live.core.limits);
    if (live.core.lease.needed) {
      gauge("ats_lease_live", "1: the risk role's word counts now.", live.core.lease.live);
    }
    money(live.core);
  }

  void trading(const CoreStatus& core) {
    gauge("ats_reconciled", "1: every order is final or known, balances are told on every venue.",
          core.reconciled);
    gauge("ats_paper", "1: no order leaves, fills are simulated.", v_.engine->live.paper);
    counter("ats_opportunities_total", "Episodes with a net edge over the threshold.",
            core.opportunities);
    Family refused =
        counter("ats_opportunities_refused_total", "Opportunities not taken, by the first reason.");
    for (std::size_t i = 1; i < core.refused.size(); ++i) {
      refused.add(number(core.refused[i]), {{"reason", name(static_cast<RefuseReason>(i))}});
    }
    Family executions = counter("ats_executions_total", "Trades that are over, by how they ended.");
    for (const auto& [outcome, count] : {std::pair{ExecutionOutcome::Completed, core.completed},
                                         {ExecutionOutcome::Unwound, core.unwound},
                                         {ExecutionOutcome::Residual, core.residual},
                                         {ExecutionOutcome::Missed, core.missed},
                                         {ExecutionOutcome::HandedOver, core.handed_over},
                                         {ExecutionOutcome::Unfilled, core.quotes_unfilled}}) {
      executions.add(number(count), {{"outcome", name(outcome)}});
    }
    gauge("ats_executions_open", "Trades that are not over.", number(core.open_executions.size()));
    orders(core);
    counter("ats_orders_placed_total", "Orders sent.", core.orders_placed);
    counter("ats_fills_booked_total", "Fills booked, each once.", core.fills_booked);
    counter("ats_fills_duplicate_total", "Fills told again, and not booked again.",
            core.duplicate_fills);
    counter("ats_quotes_placed_total", "Orders of the maker that were to stand.",
            core.quotes_placed);
    counter("ats_quotes_amended_total", "Changes of orders that stand.", core.quotes_amended);
    counter("ats_alerts_total", "Alerts raised.", core.alerts);
    Family legs = counter("ats_legs_total", "Legs sent of trades that are over.");
    for (const LegCostStatus& cost : core.leg_costs)
      legs.add(number(cost.legs), {{"venue", venue(cost.venue)}, {"size", name(cost.size)}});
    Family short_legs =
        counter("ats_legs_fell_short_total", "Those that fell short of the other leg.");
    for (const LegCostStatus& cost : core.leg_costs) {
      short_legs.add(number(cost.fell_short),
                     {{"venue", venue(cost.venue)}, {"size", name(cost.size)}});
    }
  }

  // Every state, so that a series does not end with the last order that had it.
  void orders(const CoreStatus& core) {
    Family family = gauge("ats_orders_open", "Orders that are not final, by state.");
    for (const OrderState state :
         {OrderState::Placed, OrderState::Acked, OrderState::PartlyFilled, OrderState::Unknown}) {
      const auto count = std::ranges::count_if(
          core.open_orders, [&](const OrderStatus& order) { return order.state == state; });
      family.add(static_cast<double>(count), {{"state", name(state)}});
    }
  }

  void feeds(const std::vector<VenueView>& venues, bool trades) {
    Family up = gauge("ats_connection_up", "1: the channel to the venue is up.");
    for (const VenueView& v : venues) {
      up.add(v.market_up, {{"venue", v.name}, {"channel", name(Channel::MarketData)}});
      if (trades) up.add(v.trading_up, {{"venue", v.name}, {"channel", name(Channel::Trading)}});
    }
    const auto each = [&](Family family, auto value) {
      for (const VenueView& v : venues) family.add(number(value(v)), {{"venue", v.name}});
    };
    each(counter("ats_feed_messages_total", "Messages received."),
         [](const VenueView& v) { return v.messages; });
    each(counter("ats_feed_refused_frames_total", "Frames that made no sense."),
         [](const VenueView& v) { return v.refused_frames; });
    each(counter("ats_connection_losses_total", "Connections lost."),
         [](const VenueView& v) { return v.reconnects; });
    each(counter("ats_connection_handovers_total",
                 "Connections followed by the next without a hole."),
         [](const VenueView& v) { return v.handovers; });
    each(counter("ats_connection_frozen_total", "Connections cut because their twin talked alone."),
         [](const VenueView& v) { return v.frozen; });
    Family circuit =
        gauge("ats_rest_circuit_open", "1: the venue's REST endpoint is not asked now.");
    for (const VenueView& v : venues) circuit.add(v.rest == "open", {{"venue", v.name}});
    Family skew =
        gauge("ats_clock_skew_seconds", "The venue's clock less ours lies between the two bounds.");
    for (const VenueView& v : venues) {
      if (!v.skew_low_ms || !v.skew_high_ms) continue;
      skew.add(seconds_of(*v.skew_low_ms * ms), {{"venue", v.name}, {"bound", "low"}});
      skew.add(seconds_of(*v.skew_high_ms * ms), {{"venue", v.name}, {"bound", "high"}});
    }
  }

  void books(const std::vector<BookStatus>& all, Instant now) {
    constexpr BookState states[] = {BookState::Resyncing, BookState::Valid, BookState::Suspect,
                                    BookState::Polled};
    std::vector<std::array<std::uint64_t, std::size(states)>> counts(names_.venues().size());
    for (const BookStatus& book : all)
      ++counts[of(book).venue.index()][static_cast<std::size_t>(book.state)];
    Family by_state = gauge("ats_books", "Books by state.");
    for (std::size_t v = 0; v < counts.size(); ++v) {
      for (const BookState state : states) {
        by_state.add(
            number(counts[v][static_cast<std::size_t>(state)]),
            {{"venue", venue(VenueId{static_cast<VenueId::rep>(v)})}, {"state", name(state)}});
      }
    }
    Family age = gauge("ats_book_age_seconds", "Since the book changed last.");
    for (const BookStatus& book : all) {
      if (book.last_update.ns == 0) continue;
      age.add(seconds_of(now - book.last_update),
              {{"venue", venue(of(book).venue)}, {"pair", names_.pair_name(of(book).pair)}});
    }
    const auto each = [&](Family family, std::uint64_t BookStatus::*count) {
      for (const BookStatus& book : all) {
        family.add(number(book.*count),
                   {{"venue", venue(of(book).venue)}, {"pair", names_.pair_name(of(book).pair)}});
      }
    };
    each(counter("ats_book_gaps_total", "Gaps found."), &BookStatus::gaps);
    each(counter("ats_book_checksums_wrong_total", "Checksums that were not the venue's."),
         &BookStatus::checksums_wrong);
    each(counter("ats_book_crossings_total", "Times the bid stood above the ask."),
         &BookStatus::crossings);
    each(counter("ats_book_resyncs_total", "Times it was had anew."), &BookStatus::resyncs);
    each(counter("ats_book_audits_differing_total", "Comparisons with the venue that differed."),
         &BookStatus::audits_differing);
  }

  const Instrument& of(const BookStatus& book) const { return names_.instrument(book.instrument); }

  void latencies(const CoreStatus& core) {
    Family stages =
        histogram("ats_stage_seconds",
                  "From the receipt of a frame: to the core's answer, to both orders written.");
    stages.add(v_.engine->decision, {{"stage", "decision"}});
    stages.add(v_.engine->order, {{"stage", "orders_written"}});
    Family order = gauge("ats_order_stage_seconds",
                         "Each step of an order's way from the one before, in this life.");
    Family count = counter("ats_order_stage_orders_total", "Orders that took the step.");
    for (const OrderLatencyStatus& way : core.order_latency) {
      for (std::size_t s = 0; s < order_stage_count; ++s) {
        const OrderLatencyStatus::Stage& stage = way.stages[s];
        const char* step = name(static_cast<OrderStage>(s));
        if (stage.orders == 0) continue;
        for (const auto& [quantile, value] :
             {std::pair{"0.5", stage.p50}, {"0.99", stage.p99}, {"1", stage.most}}) {
          order.add(seconds_of(value), {{"venue", venue(way.venue)},
                                        {"route", name(way.route)},
                                        {"stage", step},
                                        {"quantile", quantile}});
        }
        count.add(number(stage.orders),
                  {{"venue", venue(way.venue)}, {"route", name(way.route)}, {"stage", step}});
      }
    }
  }

  void money(const CoreStatus& core) {
    gauge("ats_pnl", "In the reporting currency, since the journal began.",
          core.pnl_reporting.to_double());
    gauge("ats_pnl_complete", "0: some asset has no mark, and counts as nothing.",
          core.pnl_reporting_complete);
    Family exposure = gauge("ats_exposure",
                            "What is held more or less than at the beginning, of each "
                            "asset, in the reporting currency.");
    for (const ExposureStatus& e : core.exposures) {
      if (e.marked) exposure.add(e.worth.to_double(), {{"asset", asset(e.asset)}});
    }
    Family balance = gauge("ats_balance", "By the ledger.");
    for (const BalanceStatus& b : core.balances)
      balance.add(b.total.to_double(), {{"venue", venue(b.venue)}, {"asset", asset(b.asset)}});
    Family differs = gauge("ats_balance_difference",
                           "What the venue told last less the ledger; while something is under way "
                           "it differs.");
    for (const BalanceStatus& b : core.balances) {
      if (!b.told) continue;
      differs.add((b.reported - b.total).to_double(),
                  {{"venue", venue(b.venue)}, {"asset", asset(b.asset)}});
    }
    Family inventory = gauge("ats_inventory", "What broken trades left with us, of each asset.");
    for (const InventoryStatus& i : core.inventory)
      inventory.add(i.base.to_double(), {{"asset", asset(i.asset)}});
  }

  void office(const RoleMonitorView& role) {
    const core::OfficeStatus& told = role.office;
    Family silent = gauge("ats_engine_silent", "1: the engine's lease is over as far as is known.");
    for (const core::OfficeStatus::Engine& e : told.engines)
      silent.add(e.silent, {{"engine", e.name.view()}});
    Family heard = gauge("ats_engine_heard_seconds", "Since the engine was heard of last.");
    for (const core::OfficeStatus::Engine& e : told.engines)
      heard.add(seconds_of(role.now - e.heard), {{"engine", e.name.view()}});
    holds(told.holds);
    std::vector<LimitStatus> shared;
    for (const core::OfficeStatus::Limit& limit : told.limits)
      shared.push_back(limit_status(limit));
    limits(shared);
    if (told.profit) gauge("ats_pnl", "Of all engines that told theirs.", told.profit->to_double());
    gauge("ats_equity", "What all engines hold is worth, in the reporting currency.",
          told.equity.to_double());
    Family exposure = gauge("ats_exposure",
                            "What all engines traded of each asset, in the reporting "
                            "currency.");
    for (const core::OfficeStatus::Exposure& e : told.exposures) {
      if (e.marked) exposure.add(e.traded_worth.to_double(), {{"asset", e.asset.view()}});
    }
  }

  // Those that an engine listens to.
  void standby(const StandbyView& told) {
    gauge("ats_standby_leads", "1: this engine leads now, and may send.",
          told.standing == LeaderRule::Standing::Leads);
    gauge("ats_standby_term", "The number of the leadership, as far as is known here.",
          std::max(told.term, told.leader_term));
    gauge("ats_standby_redis_up", "1: Redis answers who leads.", told.redis_up);
    gauge("ats_standby_following", "1: the leader's journal comes in.", told.following);
    gauge("ats_standby_behind_records",
          "Of the leader's journal, not here when it last renewed its lead.",
          number(told.behind_records));
    gauge("ats_standby_behind_seconds", "Likewise, in the leader's time.", seconds_of(told.behind));
    gauge("ats_standby_followers", "Engines that follow this one.", number(told.followers));
    counter("ats_standby_records_given_total", "Records given to those that follow.",
            told.records_given);
    counter("ats_standby_fenced_total",
            "Orders, cancels and questions that were not sent since the lead was over.",
            told.fenced);
  }

  void collectors(const std::vector<CollectorStatus>& all) {
    if (all.empty()) return;
    Family up =
        gauge("ats_collector_up", "1: the collector's feed is joined, and read to its end.");
    for (const CollectorStatus& c : all) up.add(c.up, {{"collector", c.name}});
    Family behind = gauge("ats_collector_behind_bytes", "Of its feed, not read yet.");
    for (const CollectorStatus& c : all)
      behind.add(number(c.behind_bytes), {{"collector", c.name}});
    Family joined = counter("ats_collector_joined_total", "Times the feed was joined.");
    for (const CollectorStatus& c : all) joined.add(number(c.joined), {{"collector", c.name}});
    Family overruns = counter("ats_collector_overruns_total", "Times the feed was faster than we.");
    for (const CollectorStatus& c : all) overruns.add(number(c.overruns), {{"collector", c.name}});
    Family events = counter("ats_collector_events_total", "Events of the feed that were taken.");
    for (const CollectorStatus& c : all) events.add(number(c.events), {{"collector", c.name}});
  }

  void collector(const CollectorMonitorView& told) {
    feeds(told.venues, false);
    books(told.books, told.now);
    gauge("ats_feed_readers", "Who has joined the feed.", number(told.feed.readers));
    counter("ats_feed_joined_total", "Times it was joined.", told.feed.joined);
    counter("ats_feed_refused_total", "Times it was asked for by another version of ats.",
            told.feed.refused);
    counter("ats_feed_records_total", "Written to the feed.", told.feed.records);
    counter("ats_feed_bytes_total", "Of them.", told.feed.bytes);
    counter("ats_feed_asked_total", "Books that readers asked for.", told.feed.asked);
    if (!told.captures) return;
    counter("ats_capture_records_total", "Records handed to the capture.", told.captured_records);
    counter("ats_capture_lost_total", "Records that the disk was too slow for.", told.capture_lost);
  }

  void notifier(const NotifierMonitorView& told) {
    gauge("ats_notifier_redis_up", "1: alerts can be heard.", told.redis_up);
    Family heard = counter("ats_notices_total", "Notices heard and settled.");
    for (const auto& [stream, many] : told.streams) heard.add(number(many), {{"stream", stream}});
    gauge("ats_notices_open", "Matters that are not over.", number(told.open));
    gauge("ats_hits_held", "Hits that wait for a digest or for the end of quiet hours.",
          number(told.held));
    Family waiting = gauge("ats_deliveries_waiting", "That are to be tried, or tried again.");
    for (const ChannelStatus& c : told.channels)
      waiting.add(number(c.counts.waiting), {{"channel", c.name}});
    Family oldest = gauge("ats_delivery_oldest_seconds", "Since the oldest that waits was made.");
    for (const ChannelStatus& c : told.channels) {
      const Duration age = c.counts.oldest.told() ? told.now - c.counts.oldest : Duration{};
      oldest.add(seconds_of(age), {{"channel", c.name}});
    }
    Family kept = gauge("ats_deliveries", "Of those that are remembered, how they ended.");
    for (const ChannelStatus& c : told.channels) {
      kept.add(number(c.counts.delivered), {{"channel", c.name}, {"state", "delivered"}});
      kept.add(number(c.counts.dead), {{"channel", c.name}, {"state", "dead"}});
    }
    Family attempts = counter("ats_delivery_attempts_total", "In this life.");
    for (const ChannelStatus& c : told.channels)
      attempts.add(number(c.attempts), {{"channel", c.name}});
    Family failures = counter("ats_delivery_failures_total", "Attempts that came to nothing.");
    for (const ChannelStatus& c : told.channels)
      failures.add(number(c.failures), {{"channel", c.name}});
    Family breaker =
        gauge("ats_channel_open", "1: too many failed, and nothing is tried just now.");
    for (const ChannelStatus& c : told.channels)
      breaker.add(c.breaker == io::CircuitBreaker::State::Open, {{"channel", c.name}});
  }

  void dashboard(const DashboardStatus& told) {
    gauge("ats_dashboard_pages", "That are connected.", number(told.pages));
    gauge("ats_dashboard_sources_away", "Processes it shows that do not answer.",
          number(told.away.size()));
    counter("ats_dashboard_requests_total", "Requests.", told.requests);
    counter("ats_dashboard_refused_total", "Of them, refused to whoever asked.", told.refused);
    counter("ats_dashboard_updates_total", "Updates sent to pages.", told.updates);
  }

  const MonitorView& v_;
  const Universe& names_;
  std::vector<MetricFamily> families_;
};

}  // namespace

std::vector<AlertCount> count_open(const report::AlertDesk& desk) {
  std::vector<AlertCount> counts;
  for (const report::KeptAlert* alert : desk.list(false)) {
    const auto same = std::find_if(counts.begin(), counts.end(), [&](const AlertCount& c) {
      return c.code == alert->code && c.severity == alert->severity;
    });
    if (same != counts.end()) {
      ++same->open;
    } else {
      counts.push_back({alert->code, alert->severity, 1});
    }
  }
  return counts;
}

std::string metrics_page(const MonitorView& view, const io::ProcessUsage& usage) {
  return Page(view, usage).text();
}

}  // namespace ats::services

#include "services/live_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "services/scope_text.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

constexpr const char* dim = "\x1b[2m";
constexpr const char* bold = "\x1b[1m";
constexpr const char* red = "\x1b[31m";
constexpr const char* green = "\x1b[32m";
constexpr const char* yellow = "\x1b[33m";
constexpr const char* plain = "\x1b[0m";

// Columns that `text` takes on a terminal: bytes that start a character, colours not counted.
int columns(std::string_view text) {
  int count = 0;
  bool colour = false;
  for (const char c : text) {
    if (c == '\x1b')
      colour = true;
    else if (colour)
      colour = c != 'm';
    else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80)
      ++count;
  }
  return count;
}

// Cut to `width` columns, with the colour ended.
std::string cut(std::string_view text, int width) {
  if (columns(text) <= width) return std::string(text);
  std::string out;
  int count = 0;
  bool colour = false;
  for (const char c : text) {
    if (c == '\x1b') colour = true;
    const bool starts = !colour && (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && ++count > width) break;
    out += c;
    if (colour && c == 'm') colour = false;
  }
  return out + plain;
}

std::string age(Instant now, Instant then) {
  const std::int64_t ms = (now - then).ns / 1'000'000;
  if (then.ns == 0) return "-";
  if (ms < 10'000) return fmt::format("{} ms", std::max<std::int64_t>(ms, 0));
  return fmt::format("{} s", ms / 1000);
}

std::string microseconds_text(std::int64_t ns) {
  return fmt::format("{}.{} µs", ns / 1000, ns % 1000 / 100);
}

std::string clock(Duration d) {
  const std::int64_t s = d.ns / 1'000'000'000;
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string bps(Rate rate) {
  return fmt::format("{:+.1f}", static_cast<double>(rate.ppb) / 1e5);
}  // display

std::string short_amount(Decimal d, int decimals) {
  return d.floor_to(decimals).to_fixed(decimals);
}

class Screen {
 public:
  Screen(const LiveView& view, int width, int height) : v_(view), width_(width), height_(height) {}

  std::string render() {
    head();
    books();
    edges();
    open_trades();
    money();
    news();
    std::string out;
    for (int i = 0; i < height_; ++i) {
      if (i > 0) out += "\r\n";
      if (i < static_cast<int>(lines_.size()))
        out += cut(lines_[static_cast<std::size_t>(i)], width_);
      out += "\x1b[K";
    }
    return out;
  }

 private:
  void line(std::string text = {}) { lines_.push_back(std::move(text)); }
  void title(std::string_view text) { line(fmt::format("{}{}{}", dim, text, plain)); }
  const Universe& u() const { return *v_.universe; }

  void head() {
    std::string state = fmt::format("{}active{}", green, plain);
    if (v_.core.lease.needed && !v_.core.lease.live)
      state = fmt::format("{}{}NO LEASE{}", bold, red, plain);
    else if (!v_.core.halts.empty())
      state = fmt::format("{}{}HALTED{}", bold, red, plain);
    else if (!v_.core.holds.empty())
      state = fmt::format("{}reduce only{}", yellow, plain);
    else if (v_.core.stopping)
      state = fmt::format("{}stopping{}", yellow, plain);
    else if (!v_.core.reconciled)
      state = fmt::format("{}reconciling{}", yellow, plain);
    line(fmt::format("{}{}{}{}  {}  {}  trades {}  orders {}  fills {}",
                     v_.paper ? fmt::format("{}{}PAPER{}  ", bold, yellow, plain) : std::string(),
                     bold, v_.title, plain, clock(v_.running), state,
                     v_.core.completed + v_.core.unwound + v_.core.residual, v_.core.orders_placed,
                     v_.core.fills_booked));
    line(fmt::format("{}decision{} p50 {} p99 {} p99.9 {}   {}to orders written{} p50 {} p99 {}",
                     dim, plain, microseconds_text(v_.decision_p50),
                     microseconds_text(v_.decision_p99), microseconds_text(v_.decision_p999), dim,
                     plain, microseconds_text(v_.order_p50), microseconds_text(v_.order_p99)));
    if (!v_.dashboard.empty()) line(fmt::format("{}dashboard{} {}", dim, plain, v_.dashboard));
    line();
    title(fmt::format("{:<12}{:>9}{:>9}{:>10}{:>12}{:>11}  {}", "VENUE", "market", "orders",
                      "msg/s", "messages", "reconnects", "last loss"));
    for (const VenueView& venue : v_.venues) {
      const auto mark = [](bool up) {
        return up ? fmt::format("{}{:>9}{}", green, "up", plain)
                  : fmt::format("{}{:>9}{}", red, "down", plain);
      };
      line(fmt::format("{:<12}{}{}{:>10}{:>12}{:>11}  {}", venue.name, mark(venue.market_up),
                       mark(venue.trading_up), venue.per_second, venue.messages, venue.reconnects,
                       venue.last_loss));
    }
    line();
  }

  void books() {
    title(fmt::format("{:<22}{:<12}{:>8}{:>15}{:>15}{:>15}{:>15}  {}", "BOOK", "state", "age",
                      "bid qty", "bid", "ask", "ask qty", "resyncs"));
    for (const BookStatus& b : v_.core.books) {
      const Instrument& i = u().instrument(b.instrument);
      const bool doubted = b.state == BookState::Suspect || b.state == BookState::Polled;
      const char* colour = b.state == BookState::Valid ? green : doubted ? yellow : red;
      const auto price = [&](const Level& l) {
        return l.quantity.is_zero() ? std::string("-")
                                    : format_scaled(l.price.units, i.price_scale);
      };
      const auto quantity = [&](const Level& l) {
        return format_scaled_short(l.quantity.units, i.qty_scale);
      };
      line(fmt::format("{:<22}{}{:<12}{}{:>8}{:>15}{:>15}{:>15}{:>15}  {}{}",
                       u().instrument_name(b.instrument), colour, name(b.state), plain,
                       age(v_.core.now, b.last_update), quantity(b.bid), price(b.bid), price(b.ask),
                       quantity(b.ask), b.resyncs,
                       b.reason == BookReason::None ? "" : std::string("  ") + name(b.reason)));
    }
    line();
  }

  void edges() {
    title(fmt::format("{:<12}{:<12}{:<12}{:>12}{:>12}  {}", "EDGE", "buy on", "sell on",
                      "gross bps", "net bps", "why not"));
    // The best direction of each pair.
    std::vector<const EdgeStatus*> best;
    for (const EdgeStatus& e : v_.core.edges) {
      const auto same = std::find_if(best.begin(), best.end(),
                                     [&](const EdgeStatus* b) { return b->pair == e.pair; });
      if (same == best.end())
        best.push_back(&e);
      else if (e.net > (*same)->net)
        *same = &e;
    }
    for (const EdgeStatus* e : best) {
      line(fmt::format("{:<12}{:<12}{:<12}{:>12}{}{:>12}{}  {}", u().pair_name(e->pair),
                       u().venue(u().instrument(e->buy).venue).name.view(),
                       u().venue(u().instrument(e->sell).venue).name.view(), bps(e->gross),
                       e->net.ppb > 0 ? green : "", bps(e->net), plain,
                       e->refused == RefuseReason::None ? "" : name(e->refused)));
    }
    line();
  }

  void open_trades() {
    if (v_.core.open_executions.empty()) {
      title("OPEN LEGS  none");
    } else {
      title("OPEN LEGS");
      for (const OrderStatus& o : v_.core.open_orders) {
        const Instrument& i = u().instrument(o.request.instrument);
        const OrderTerms& to = o.amending;
        const std::string moving = to.told()
                                       ? fmt::format(" being amended to {} @ {}",
                                                     format_scaled(to.quantity.units, i.qty_scale),
                                                     format_scaled(to.price.units, i.price_scale))
                                       : std::string();
        line(fmt::format("  {} {} {} {} @ {}  {}{}{}  {}", client_order_id(o.request.id).view(),
                         u().instrument_name(o.request.instrument), name(o.request.side),
                         format_scaled(o.request.quantity.units, i.qty_scale),
                         format_scaled(o.request.price.units, i.price_scale), name(o.state),
                         o.request.unwind ? " unwind" : "", moving, age(v_.core.now, o.placed)));
      }
    }
    line();
  }

  void money() {
    std::string change, fees;
    for (const auto& total : v_.core.totals) {
      change +=
          fmt::format("{} {}  ", short_amount(total.change, 6), u().asset(total.asset).name.view());
      if (!total.fees.is_zero()) {
        fees +=
            fmt::format("{} {}  ", short_amount(total.fees, 6), u().asset(total.asset).name.view());
      }
    }
    const char* colour = v_.core.pnl_reporting.negative() ? red : green;
    line(fmt::format("{}P&L{} {}{}{}{}   {}by asset{} {}", dim, plain, bold, colour,
                     short_amount(v_.core.pnl_reporting, 2), plain, dim, plain, change));
    line(fmt::format("{}fees paid{} {}", dim, plain, fees.empty() ? "none" : fees));
    std::string open;
    for (const ExposureStatus& e : v_.core.exposures) {
      if (!e.marked || e.change.is_zero()) continue;
      open += fmt::format("{} {}  ", u().asset(e.asset).name.view(), short_amount(e.worth, 2));
    }
    if (!open.empty()) line(fmt::format("{}exposure{} {}", dim, plain, open));
    line(fmt::format(
        "{}completed{} {}  {}unwound{} {}  {}residual{} {}  {}missed{} {}  {}handed over{} {}", dim,
        plain, v_.core.completed, dim, plain, v_.core.unwound, dim, plain, v_.core.residual, dim,
        plain, v_.core.missed, dim, plain, v_.core.handed_over));
    line();
  }

  void news() {
    const int room = height_ - static_cast<int>(lines_.size()) - 1;
    if (room < 2) return;
    title("NEWS");
    const auto count = std::min(v_.news.size(), static_cast<std::size_t>(room - 1));
    for (std::size_t i = v_.news.size() - count; i < v_.news.size(); ++i) line("  " + v_.news[i]);
  }

  const LiveView& v_;
  const int width_;
  const int height_;
  std::vector<std::string> lines_;
};

const char* spell(SequenceRule rule) {
  switch (rule) {
    case SequenceRule::WholeBook:
      return "whole_book";
    case SequenceRule::None:
      return "none";
    case SequenceRule::Spanning:
      return "spanning";
    case SequenceRule::PrevLinked:
      return "prev_linked";
  }
  return "?";
}

json level_json(const Instrument& i, const Level& l) {
  if (l.quantity.is_zero()) return nullptr;
  return json::array(
      {format_scaled(l.price.units, i.price_scale), format_scaled(l.quantity.units, i.qty_scale)});
}

}  // namespace

VenueView venue_view(const io::VenueDriver& driver, const Universe& universe,
                     std::uint64_t per_second) {
  const io::ChannelStatus& market = driver.status(Channel::MarketData);
  const io::ChannelStatus& trading = driver.status(Channel::Trading);
  VenueView v;
  v.name = universe.venue(driver.venue()).name.view();
  v.market_up = market.up;
  v.trading_up = trading.up;
  v.messages = market.messages + trading.messages;
  v.per_second = per_second;
  v.reconnects = market.losses + trading.losses;
  v.last_loss = market.last_loss.empty() ? trading.last_loss : market.last_loss;
  for (std::size_t k = static_cast<std::size_t>(venues::FrameOutcome::Malformed);
       k < venues::frame_outcome_count; ++k) {
    v.refused_frames += driver.counters().frames[k];
  }
  const io::DriverStatus lines = driver.connections();
  v.connections = lines.market_connections;
  v.handovers = lines.handovers;
  v.frozen = lines.frozen;
  v.rest = io::name(lines.rest);
  v.rest_waits_ms = lines.rest_waits.ns / 1'000'000;
  if (lines.clock_skew) {
    v.skew_low_ms = lines.clock_skew->low / 1'000'000;
    v.skew_high_ms = lines.clock_skew->high / 1'000'000;
  }
  return v;
}

std::optional<std::string> used_percent(const LimitStatus& limit) {
  const bool least = traits(limit.setting.kind).least;
  const Decimal part = least ? limit.setting.hard : limit.value;
  const Decimal whole = least ? limit.value : limit.setting.hard;
  if (!limit.known) return std::nullopt;
  if (part.negative() || part.is_zero()) return "0";
  if (whole.negative() || whole.is_zero()) return std::nullopt;
  const auto times = part.multiply_floor(Decimal::from_int(100));
  const auto share = times ? times->divide_floor(whole, 1) : fail(times.error());
  return share ? std::optional(share->to_string()) : std::nullopt;
}

std::string render_screen(const LiveView& view, int width, int height) {
  return Screen(view, std::max(width, 20), std::max(height, 5)).render();
}

json holds_json(const std::vector<HoldStatus>& holds, const Universe& universe) {
  json out = json::array();
  for (const HoldStatus& h : holds) {
    out.push_back({{"scope", scope_text(h.scope, universe)},
                   {"state", name(h.state)},
                   {"resolving", h.resolving},
                   {"limit", h.limit ? json(name(*h.limit)) : json(nullptr)},
                   {"by", name(h.by)}});
  }
  return out;
}

json limit_json(const LimitStatus& limit) {
  const LimitSetting& set = limit.setting;
  const auto used = used_percent(limit);
  return {{"limit", name(set.kind)},
          {"scope", to_text(set.scope)},
          {"value", limit.known ? json(limit.value.to_string()) : json(nullptr)},
          {"warn", set.warn ? json(set.warn->to_string()) : json(nullptr)},
          {"hard", set.hard.to_string()},
          {"unit", name(traits(set.kind).unit)},
          {"used_percent", used ? json(*used) : json(nullptr)},
          {"level", name(limit.level)},
          {"effect", name(set.effect)},
          {"changed", limit.changed},
          {"share", limit.share ? json(limit.share->to_string()) : json(nullptr)}};
}

std::string status_json(const LiveView& view) {
  const Universe& u = *view.universe;
  const CoreStatus& core = view.core;
  json out;
  out["seconds"] = view.running.ns / 1'000'000'000;
  out["paper"] = view.paper;
  out["incarnation"] = core.incarnation;
  out["dashboard"] = view.dashboard.empty() ? json(nullptr) : json(view.dashboard);
  out["monitoring"] = view.monitoring.empty() ? json(nullptr) : json(view.monitoring);
  if (view.standby) out["standby"] = standby_json(*view.standby);
  out["reconciled"] = core.reconciled;
  out["stopping"] = core.stopping;
  out["halts"] = json::array();
  for (const Scope& s : core.halts) out["halts"].push_back(scope_text(s, u));
  out["holds"] = holds_json(core.holds, u);
  out["lease"] = {
      {"needed", core.lease.needed},
      {"live", core.lease.live},
      {"version", core.lease.version},
      {"left_ms",
       core.lease.live && core.lease.needed ? (core.lease.until - core.now).ns / 1'000'000 : 0}};
  out["limits"] = json::array();
  for (const LimitStatus& l : core.limits) out["limits"].push_back(limit_json(l));
  for (const VenueView& v : view.venues) {
    out["venues"][v.name] = {{"market_up", v.market_up},
                             {"trading_up", v.trading_up},
                             {"messages", v.messages},
                             {"messages_per_second", v.per_second},
                             {"reconnects", v.reconnects},
                             {"refused_frames", v.refused_frames},
                             {"last_loss", v.last_loss},
                             {"connections", v.connections},
                             {"handovers", v.handovers},
                             {"frozen", v.frozen},
                             {"rest", v.rest},
                             {"rest_waits_ms", v.rest_waits_ms}};
    if (v.skew_low_ms && v.skew_high_ms) {
      out["venues"][v.name]["clock_skew_ms"] = {{"low", *v.skew_low_ms}, {"high", *v.skew_high_ms}};
    }
    out["venues"][v.name]["resyncs"] = 0;
    const BookRules& rules = u.venue(u.find_venue(v.name)).book;
    out["venues"][v.name]["books_proved_by"] = {{"sequence", spell(rules.sequence)},
                                                {"connection_sequence", rules.connection_sequence},
                                                {"checksum", rules.checksum != nullptr}};
  }
  for (const BookStatus& b : core.books) {
    const Instrument& i = u.instrument(b.instrument);
    auto& venue = out["venues"][std::string(u.venue(i.venue).name.view())];
    venue["resyncs"] = venue["resyncs"].get<std::uint64_t>() + b.resyncs;
    out["books"].push_back(
        {{"venue", u.venue(i.venue).name.view()},
         {"pair", u.pair_name(i.pair)},
         {"state", name(b.state)},
         {"reason", name(b.reason)},
         {"source", b.state == BookState::Polled ? "polled" : "stream"},
         {"polls", b.polls},
         {"age_ms", (core.now - b.last_update).ns / 1'000'000},
         {"bid", level_json(i, b.bid)},
         {"ask", level_json(i, b.ask)},
         {"gaps", b.gaps},
         {"checksums_right", b.checksums_right},
         {"checksums_wrong", b.checksums_wrong},
         {"crossings", b.crossings},
         {"resyncs", b.resyncs},
         {"audits", b.audits},
         {"audits_differing", b.audits_differing},
         {"audit_difference", b.audit_difference},
         {"audit_age_ms",
          b.audits == 0 ? json(nullptr) : json((core.now - b.last_audit).ns / 1'000'000)}});
  }
  for (const EdgeStatus& e : core.edges) {
    out["edges"].push_back({{"pair", u.pair_name(e.pair)},
                            {"buy", u.venue(u.instrument(e.buy).venue).name.view()},
                            {"sell", u.venue(u.instrument(e.sell).venue).name.view()},
                            {"gross_bps", format_scaled_short(e.gross.ppb, 5)},
                            {"net_bps", format_scaled_short(e.net.ppb, 5)},
                            {"refused", name(e.refused)}});
  }
  out["cycles"] = {{"watched", core.cycles_watched}, {"left_out", core.cycles_left_out}};
  out["cycles"]["open"] = json::array();
  for (const CycleStatus& c : core.cycles) {
    json on = json::array();
    for (std::size_t n = 0; n < c.legs; ++n) {
      on.push_back(c.instruments[n].valid() ? u.instrument_name(c.instruments[n])
                                            : "a configured rate");
    }
    out["cycles"]["open"].push_back({{"strategy", name(c.strategy)},
                                     {"legs", on},
                                     {"gross_bps", format_scaled_short(c.gross.ppb, 5)},
                                     {"net_bps", format_scaled_short(c.net.ppb, 5)},
                                     {"refused", name(c.refused)}});
  }
  out["exposures"] = json::object();
  for (const ExposureStatus& e : core.exposures) {
    out["exposures"][std::string(u.asset(e.asset).name.view())] = {
        {"change", e.change.to_string()},
        {"lowest", e.lowest.to_string()},
        {"highest", e.highest.to_string()},
        {"worth", e.marked ? json(e.worth.to_string()) : json(nullptr)}};
  }
  out["leg_costs"] = json::array();
  for (const LegCostStatus& cost : core.leg_costs) {
    out["leg_costs"].push_back({{"venue", u.venue(cost.venue).name.view()},
                                {"size", name(cost.size)},
                                {"legs", cost.legs},
                                {"fell_short", cost.fell_short},
                                {"expected_bps", format_scaled_short(cost.expected.ppb, 5)}});
  }
  out["order_latency_us"] = json::array();
  for (const OrderLatencyStatus& row : core.order_latency) {
    json way{{"venue", u.venue(row.venue).name.view()}, {"route", name(row.route)}};
    for (std::size_t stage = 0; stage < order_stage_count; ++stage) {
      const OrderLatencyStatus::Stage& of = row.stages[stage];
      way[name(static_cast<OrderStage>(stage))] = {{"orders", of.orders},
                                                   {"p50", format_scaled(of.p50.ns, 3)},
                                                   {"p99", format_scaled(of.p99.ns, 3)},
                                                   {"max", format_scaled(of.most.ns, 3)}};
    }
    out["order_latency_us"].push_back(std::move(way));
  }
  auto& seen = out["opportunities"];
  seen["seen"] = core.opportunities;
  seen["sent"] = core.sent;
  seen["refused"] = json::object();
  for (std::size_t r = 1; r < core.refused.size(); ++r) {
    if (core.refused[r] != 0) seen["refused"][name(static_cast<RefuseReason>(r))] = core.refused[r];
  }
  out["executions"] = {{"completed", core.completed},     {"unwound", core.unwound},
                       {"residual", core.residual},       {"missed", core.missed},
                       {"handed_over", core.handed_over}, {"open", core.open_executions.size()}};
  out["quotes"] = {{"placed", core.quotes_placed},
                   {"amended", core.quotes_amended},
                   {"unfilled", core.quotes_unfilled}};
  for (const QuoteStatus& q : core.quotes) {
    const Instrument& on = u.instrument(q.on);
    const auto level = [&](const Level& l) {
      return l.quantity.is_zero() ? json()
                                  : json::array({format_scaled(l.price.units, on.price_scale),
                                                 format_scaled(l.quantity.units, on.qty_scale)});
    };
    out["quotes"]["sides"].push_back({{"pair", u.pair_name(on.pair)},
                                      {"venue", u.venue(on.venue).name.view()},
                                      {"hedge", u.venue(u.instrument(q.hedge).venue).name.view()},
                                      {"side", name(q.side)},
                                      {"wanted", level(q.wanted)},
                                      {"net_bps", format_scaled_short(q.net.ppb, 5)},
                                      {"standing", level(q.standing)},
                                      {"refused", name(q.refused)}});
  }
  out["orders"] = {{"placed", core.orders_placed},
                   {"open", core.open_orders.size()},
                   {"fills_booked", core.fills_booked},
                   {"duplicate_fills", core.duplicate_fills}};
  for (const auto& total : core.totals) {
    const std::string asset(u.asset(total.asset).name.view());
    out["pnl"][asset] = total.change.to_string();
    out["fees"][asset] = total.fees.to_string();
  }
  out["pnl_reporting"] = core.pnl_reporting.to_string();
  out["pnl_reporting_complete"] = core.pnl_reporting_complete;
  for (const BalanceStatus& b : core.balances) {
    out["balances"].push_back(
        {{"venue", u.venue(b.venue).name.view()},
         {"asset", u.asset(b.asset).name.view()},
         {"total", b.total.to_string()},
         {"reserved", b.reserved.to_string()},
         {"foreign", b.foreign.to_string()},
         {"reported", b.told ? json(b.reported.to_string()) : json(nullptr)}});
  }
  out["alerts"] = core.alerts;
  out["latency_ns"] = {{"decision",
                        {{"count", view.decisions},
                         {"p50", view.decision_p50},
                         {"p99", view.decision_p99},
                         {"p99_9", view.decision_p999}}},
                       {"orders_written",
                        {{"count", view.orders},
                         {"p50", view.order_p50},
                         {"p99", view.order_p99},
                         {"p99_9", view.order_p999}}}};
  out["journal_bytes"] = view.journal_bytes;
  return out.dump();
}

}  // namespace ats::services

#include "sim/world.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "sim/draw.hpp"

namespace ats::sim {
namespace {

constexpr Instant never{std::numeric_limits<std::int64_t>::max()};
constexpr std::string_view person = "sim";

bool can_show(FaultKind kind, const BookRules& rules) {
  return kind != FaultKind::BadChecksum || rules.checksum != nullptr;
}

// An event's receive time is when it is handed over.
void stamp(Event& event, Instant now) {
  std::visit(
      [now](auto& e) {
        if constexpr (requires { e.times.recv_time; }) e.times.recv_time = now;
      },
      event);
}

VenueId venue_of(const Action& action, const Universe& universe) {
  return std::visit(
      [&](const auto& a) -> VenueId {
        if constexpr (requires { a.order->instrument; }) {
          return universe.instrument(a.order->instrument).venue;
        } else if constexpr (requires { a.instrument; }) {
          return universe.instrument(a.instrument).venue;
        } else if constexpr (requires(VenueId & venue) { venue = a.venue; }) {
          return a.venue;
        } else {
          return {};
        }
      },
      action);
}

}  // namespace

bool is_effect(const Action& action) {
  return action.index() <= 7 || std::holds_alternative<Amend>(action);
}
static_assert(std::is_same_v<std::variant_alternative_t<7, Action>, RequestImage>,
              "effects are the first eight actions, and Amend");

std::vector<FaultRow> all_faults() {
  const auto minutes_of = [](std::int64_t n) { return seconds(60 * n); };
  return {
      {FaultKind::Disconnect, minutes_of(25), {}, {}},
      {FaultKind::Mute, minutes_of(40), seconds(15), {}},
      {FaultKind::Gap, minutes_of(6), {}, {}},
      {FaultKind::BadChecksum, minutes_of(8), {}, {}},
      {FaultKind::CrossedBook, minutes_of(15), milliseconds(800), {}},
      {FaultKind::Slow, minutes_of(30), seconds(10), seconds(4)},
      {FaultKind::TimeoutThenAccept, minutes_of(15), {}, {}},
      {FaultKind::TimeoutThenReject, minutes_of(15), {}, {}},
      {FaultKind::DuplicateFill, minutes_of(8), {}, {}},
      {FaultKind::DropFill, minutes_of(12), {}, {}},
      {FaultKind::LateCancel, minutes_of(15), {}, seconds(8)},
      {FaultKind::PartialFill, minutes_of(5), {}, {}},
      {FaultKind::Reject, minutes_of(12), {}, {}},
      {FaultKind::RateLimit, minutes_of(45), seconds(10), {}},
      {FaultKind::Ban, hours(3), seconds(90), {}},
      {FaultKind::ServerError, minutes_of(15), {}, {}},
      {FaultKind::Maintenance, hours(4), seconds(120), {}},
      {FaultKind::ClockSkew, hours(2), seconds(60), seconds(12)},
      {FaultKind::MalformedFrame, minutes_of(10), {}, {}},
      {FaultKind::StreamDown, minutes_of(60), seconds(40), {}},
  };
}

WorldConfig default_world(Universe universe, double activity, double edges) {
  WorldConfig config;
  config.universe = std::move(universe);
  config.market = calibrated_market(config.universe, activity, edges);
  for (const VenueInfo& venue : config.universe.venues()) {
    LinkModel link;
    const bool binance = venue.name.view() == "binance";
    link.answers_tell_fills = binance;
    link.stream_tells_held = binance;
    const venues::Protocol* protocol = venues::find_protocol(venue.name.view());
    if (protocol != nullptr) link.silence_max = protocol->market_policy.silence_max;
    config.links.push_back(link);
  }
  for (const Instrument& i : config.universe.instruments()) {
    const auto model = std::find_if(config.market.pairs.begin(), config.market.pairs.end(),
                                    [&](const PairModel& m) { return m.pair == i.pair; });
    // A round number of base units worth about a hundred thousand of the quote asset.
    constexpr double worth = 100'000;
    const auto whole = static_cast<std::int64_t>(worth / model->start_mid * 100 + 1);
    config.endowments.push_back({i.venue, i.base, Decimal::from_scaled(whole, 2)});
    const bool first_of_quote =
        std::none_of(config.endowments.begin(), config.endowments.end(),
                     [&](const Endowment& e) { return e.venue == i.venue && e.asset == i.quote; });
    if (first_of_quote) {
      config.endowments.push_back({i.venue, i.quote, Decimal::from_int(300'000)});
    }
  }
  return config;
}

World::World(WorldConfig config, std::uint64_t seed) : config_(std::move(config)), rng_(seed) {
  ATS_ASSERT(config_.links.size() == config_.universe.venues().size());
  std::vector<Exchange*> exchanges;
  for (std::size_t v = 0; v < config_.links.size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    links_.push_back(std::make_unique<Link>(config_.universe, venue, config_.links[v], timeline_,
                                            rng_.fork(v + 1)));
    links_.back()->set_time(now_, wall());
    exchanges.push_back(&links_.back()->exchange());
    timeline_.put(now_, Happening::LinkTick, venue.value, 0);
  }
  for (const Endowment& e : config_.endowments) {
    Link& link = *links_[e.venue.index()];
    link.exchange().deposit(link.account(), e.asset, e.amount);
  }
  market_ = std::make_unique<Market>(config_.market, exchanges, rng_.next(), now_);
  for (std::uint32_t row = 0; row < config_.faults.size(); ++row) {
    for (const auto& link : links_) {
      const BookRules& rules = config_.universe.venue(link->venue()).book;
      if (can_show(config_.faults[row].kind, rules)) plan_fault(row, link->venue().value);
    }
  }
  if (config_.halt_every.ns > 0) {
    timeline_.put(now_ + draw_wait(rng_, config_.halt_every), Happening::Command, 0, 0);
  }
  if (config_.stranger_every.ns > 0) {
    timeline_.put(now_ + draw_wait(rng_, config_.stranger_every), Happening::Stranger, 0, 0);
  }
  if (config_.limit_every.ns > 0) {
    timeline_.put(now_ + draw_wait(rng_, config_.limit_every), Happening::SetLimit, 0, 0);
  }
  timeline_.put(now_, Happening::Restart, 0, 0);
}

Link& World::link_of(InstrumentId instrument) {
  return *links_[config_.universe.instrument(instrument).venue.index()];
}

Step World::step(EventSink& sink) {
  if (starting_) {
    start_engine();
    hand(Started{incarnation_, wall(), &config_.universe, &config_.core}, sink);
    return Step::Went;
  }
  if (stop_wanted_ && engine_up_) {
    stop_wanted_ = false;
    ++commands_;
    hand(CommandReceived{StopCommand{person}}, sink);
    return Step::Went;
  }
  if (timeline_.empty() || market_->next() <= timeline_.next().at) {
    now_ = std::max(now_, market_->next());
    Exchange& exchange = market_->next_exchange();
    links_[exchange.venue().index()]->set_time(now_, wall());
    market_->step();
    return Step::Went;
  }
  const Upcoming item = timeline_.take();
  now_ = std::max(now_, item.at);
  Link& link = *links_[item.venue];
  link.set_time(now_, wall());
  switch (item.kind) {
    case Happening::Deliver:
      deliver(item, sink);
      break;
    case Happening::Arrive: {
      Request& request = timeline_.requests[item.payload];
      link.arrive(request);
      timeline_.requests.give_back(item.payload);
      break;
    }
    case Happening::Connect:
      if (engine_up_) link.on_connected(static_cast<Channel>(item.payload));
      break;
    case Happening::LinkTick:
      link.tick();
      break;
    case Happening::Timer:
      if (item.payload != life_ || !engine_up_) break;
      timeline_.put(now_ + config_.timer_every, Happening::Timer, 0, life_);
      hand(Timer{wall()}, sink);
      break;
    case Happening::FaultDue:
      inject(item.payload, item.venue);
      break;
    case Happening::FaultOver:
      link.fault_over(config_.faults[item.payload].kind);
      break;
    case Happening::Command:
      person_halts(sink);
      break;
    case Happening::Resume:
      if (!engine_up_) {  // tried again when the engine is there
        timeline_.put(now_ + config_.down_for, Happening::Resume, 0, item.payload);
        break;
      }
      ++commands_;
      hand(CommandReceived{ResumeCommand{to_resume_[item.payload], person, "looked at it"}}, sink);
      break;
    case Happening::Stranger:
      stranger();
      break;
    case Happening::SetLimit:
      person_sets_limit(sink);
      break;
    case Happening::Crash:
      // At once, or in the middle of the next actions: before the first, second, … takes effect.
      if (item.payload != life_ || !engine_up_ || !may_die()) break;
      if (rng_.one_in(3)) {
        die();
        return Step::EngineDied;
      }
      doomed_ = true;
      break;
    case Happening::Restart:
      starting_ = true;
      return Step::EngineStarts;
  }
  return Step::Went;
}

Instant World::next() const {
  if (starting_ || (stop_wanted_ && engine_up_)) return now_;
  const Instant first =
      timeline_.empty() ? market_->next() : std::min(market_->next(), timeline_.next().at);
  return std::max(now_, first);
}

void World::pass_until(Instant at) {
  ATS_ASSERT(at <= next());
  now_ = std::max(now_, at);
}

void World::start_engine() {
  starting_ = false;
  engine_up_ = true;
  engine_since_ = now_;
  ++incarnation_;
  ++life_;
  timeline_.put(now_, Happening::Timer, 0, life_);
  for (auto& link : links_) {
    link->set_time(now_, wall());
    link->connect(Channel::MarketData);
    link->connect(Channel::Trading);
  }
  if (config_.crash_every.ns > 0 && may_die()) {
    timeline_.put(now_ + draw_wait(rng_, config_.crash_every), Happening::Crash, 0, life_);
  }
}

void World::die() {
  engine_up_ = false;
  doomed_ = false;
  ++crashes_;
  for (auto& link : links_) link->engine_died();
  timeline_.put(now_ + draw_wait(rng_, config_.down_for), Happening::Restart, 0, 0);
}

bool World::act(const Action& action) {
  if (!engine_up_) return false;
  if (const auto* alert = std::get_if<Alert>(&action)) {
    const bool halts = alert->code == AlertCode::Halt || alert->code == AlertCode::DailyLoss ||
                       alert->code == AlertCode::UnwindFailed ||
                       alert->code == AlertCode::LedgerBreak ||
                       alert->code == AlertCode::LimitReached ||
                       (alert->code == AlertCode::ForeignOrder && alert->scope.venue.valid());
    if (halts && alert->severity >= Severity::Critical) plan_resume(alert->scope);
    return true;
  }
  if (!is_effect(action)) return true;
  if (doomed_ && may_die() && rng_.one_in(2)) {
    die();
    return false;
  }
  const VenueId venue = venue_of(action, config_.universe);
  Link* link = venue.valid() ? links_[venue.index()].get() : nullptr;
  if (const auto* cancel = std::get_if<Cancel>(&action)) link = &link_of(cancel->instrument);
  ATS_ASSERT(link != nullptr);
  link->set_time(now_, wall());
  link->send(action);
  return true;
}

void World::deliver(const Upcoming& item, EventSink& sink) {
  Message& message = timeline_.messages[item.payload];
  if (engine_up_ && links_[item.venue]->accept(message)) {
    stamp(message.event, now_);
    if (auto* delta = std::get_if<BookDelta>(&message.event)) {
      delta->bids = message.bids;
      delta->asks = message.asks;
    } else if (auto* snapshot = std::get_if<BookSnapshot>(&message.event)) {
      snapshot->bids = message.bids;
      snapshot->asks = message.asks;
    } else if (auto* image = std::get_if<BookImage>(&message.event)) {
      image->bids = message.bids;
      image->asks = message.asks;
    }
    hand(message.event, sink);
  }
  timeline_.messages.give_back(item.payload);
}

void World::hand(const Event& event, EventSink& sink) {
  ++events_;
  sink.on(event);
}

// ---- faults and persons

void World::plan_fault(std::uint32_t row, std::uint8_t venue) {
  timeline_.put(now_ + draw_wait(rng_, config_.faults[row].every), Happening::FaultDue, venue, row);
}

void World::inject(std::uint32_t row, std::uint8_t venue) {
  if (calming_) return;
  const FaultRow& fault = config_.faults[row];
  FaultOrder order;
  order.kind = fault.kind;
  order.by = fault.by_max.ns > 0 ? Duration{rng_.between(1, fault.by_max.ns)} : Duration{};
  if (fault.kind == FaultKind::ClockSkew && rng_.one_in(2)) order.by = Duration{} - order.by;
  if (fault.length.ns > 0) {
    order.length = draw_wait(rng_, fault.length);
    timeline_.put(now_ + order.length, Happening::FaultOver, venue, row);
  } else {
    order.count = 1;
  }
  links_[venue]->inject(order);
  plan_fault(row, venue);
}

void World::person_halts(EventSink& sink) {
  if (calming_) return;
  timeline_.put(now_ + draw_wait(rng_, config_.halt_every), Happening::Command, 0, 0);
  if (!engine_up_) return;
  Scope scope;
  const std::uint64_t which = rng_.below(3);
  if (which == 1) scope.venue = VenueId{static_cast<VenueId::rep>(rng_.below(links_.size()))};
  if (which == 2) {
    scope.pair = PairId{static_cast<PairId::rep>(rng_.below(config_.universe.pairs().size()))};
  }
  plan_resume(scope);
  ++commands_;
  hand(CommandReceived{HaltCommand{scope, person, "a drill"}}, sink);
}

// What an order may trade for becomes a half to a sixth of what the configuration says, or that again.
void World::person_sets_limit(EventSink& sink) {
  if (calming_) return;
  timeline_.put(now_ + draw_wait(rng_, config_.limit_every), Happening::SetLimit, 0, 0);
  if (!engine_up_) return;
  LimitSetting setting;
  const Decimal part = Decimal::from_int(rng_.between(2, 6));
  setting.hard = *config_.core.max_order_notional.divide_floor(part, 0);
  ++commands_;
  hand(CommandReceived{SetLimitCommand{setting, rng_.one_in(4), person, "a drill"}}, sink);
}

void World::stranger() {
  if (calming_) return;
  timeline_.put(now_ + draw_wait(rng_, config_.stranger_every), Happening::Stranger, 0, 0);
  ++strangers_;
  Link& link = *links_[rng_.below(links_.size())];
  link.set_time(now_, wall());
  if (rng_.one_in(2)) {
    link.stranger_moves_money();
  } else {
    link.stranger_orders();
  }
}

void World::plan_resume(const Scope& scope) {
  to_resume_.push_back(scope);
  timeline_.put(now_ + draw_wait(rng_, config_.halt_for), Happening::Resume, 0,
                static_cast<std::uint32_t>(to_resume_.size() - 1));
}

void World::calm_down() {
  calming_ = true;
  doomed_ = false;
  for (auto& link : links_) link->exchange().faults().clear();
}

void World::ask_to_stop() { stop_wanted_ = true; }

// ---- questions

Instant World::calm_since(VenueId venue) const {
  if (!engine_up_) return never;
  return std::max(engine_since_, links_[venue.index()]->calm_since());
}

std::vector<World::FaultCount> World::fault_counts() const {
  std::vector<FaultCount> counts;
  for (std::size_t n = 0; n < fault_kind_count; ++n) {
    FaultCount count{static_cast<FaultKind>(n), 0, 0};
    for (const auto& link : links_) {
      count.injected += link->exchange().faults().injected(count.kind);
      count.shown += link->exchange().faults().struck(count.kind);
    }
    counts.push_back(count);
  }
  return counts;
}

}  // namespace ats::sim

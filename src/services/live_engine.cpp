#include "services/live_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "io/clock.hpp"
#include "services/alert_text.hpp"
#include "services/describe.hpp"
#include "services/fold.hpp"
#include "services/inventory_command.hpp"
#include "services/risk_answer.hpp"
#include "services/role_text.hpp"
#include "services/scope_text.hpp"
#include "services/told_facts.hpp"
#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

constexpr Duration timer_every = milliseconds(50);
constexpr std::size_t news_max = 64;

}  // namespace

LiveEngine::LiveEngine(io::Reactor& reactor, LiveSetup setup)
    : reactor_(reactor),
      setup_(std::move(setup)),
      questions_(EngineName(setup_.config.engine_name)) {}

LiveEngine::~LiveEngine() {
  reactor_.cancel(tick_timer_);
  reactor_.cancel(rate_timer_);
}

Result<std::unique_ptr<LiveEngine>, std::string> LiveEngine::open(io::Reactor& reactor,
                                                                  LiveSetup setup) {
  std::unique_ptr<LiveEngine> live(new LiveEngine(reactor, std::move(setup)));
  if (auto error = live->prepare()) return fail(std::move(*error));
  return live;
}

std::optional<std::string> LiveEngine::prepare() {
  const Config& config = setup_.config;
  if (config.core.paper) {
    setup_.credentials.clear();
    paper_ = std::make_unique<PaperDesk>(reactor_, config.paper);
  }
  bool any_tls = false;
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    if (auto wrong = io::VenueDriver::check_urls(venue.urls)) return venue.name + ": " + *wrong;
    any_tls = any_tls || venue.urls.rest.starts_with("https") ||
              venue.urls.market.starts_with("wss") || venue.urls.trading.starts_with("wss");
  }
  if (any_tls) {
    auto context = io::TlsContext::client(config.ca_file);
    if (!context) return fmt::format("general.ca_file: {}", io::name(context.error()));
    tls_.emplace(std::move(*context));
  }
  std::error_code ec;
  std::filesystem::create_directories(setup_.control_socket.parent_path(), ec);
  auto control = ControlServer::open(reactor_, setup_.control_socket,
                                     [this](std::string_view request) { return answer(request); });
  if (!control) return control.error();
  control_ = std::move(*control);
  if (!config.risk_service.listen.empty() || !config.dashboard.listen.empty())
    tape_.emplace(config.engine_name);
  if (!config.bus.server.empty()) {
    auto bus = BusPublisher::open(reactor_, config.bus, config.engine_name,
                                  [this](std::string line) { log_line(std::move(line)); });
    if (!bus) return bus.error();
    bus_ = std::move(*bus);
  }
  if (!config.influx.server.empty()) {
    auto history = HistoryWriter::open(reactor_, config.influx, config.engine_name,
                                       setup_.journal_dir.string() + "-influx",
                                       [this](std::string line) { log_line(std::move(line)); });
    if (!history) return history.error();
    history_ = std::move(*history);
  }
  if (config.standby.on()) return open_standby();
  if (auto error = restore()) return error;
  return prepare_to_trade();
}

// What an engine needs that does not merely follow.
std::optional<std::string> LiveEngine::prepare_to_trade() {
  const Config& config = setup_.config;
  if (auto error = find_role()) return error;
  host_ = std::make_unique<EngineHost>(engine_, *journal_, universe_);
  host_->set_watcher(this);
  if (paper_) {
    if (auto wrong = paper_->check(universe_)) return wrong;
    host_->set_paper(paper_.get());
  }
  Rng seeds(static_cast<std::uint64_t>(io::OsClock::wall().ns_utc));
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    io::DriverSetup driver;
    driver.protocol = venues::find_protocol(venue.name);
    driver.urls = venue.urls;
    driver.tls = tls_ ? &*tls_ : nullptr;
    driver.jitter_seed = seeds.next();
    driver.redundant = venue.redundant;
    driver.market_data = config.market.from.empty();
    driver.fence = leadership_ ? &leadership_->fence() : nullptr;
    driver.client.venue = universe_.find_venue(venue.name);
    driver.client.universe = &universe_;
    driver.client.market_path = venue.urls.market;
    driver.client.cancel_on_death = config.cancel_on_death;
    driver.client.order_route = config.order_route;
    for (const Instrument& i : universe_.instruments()) {
      if (i.venue == driver.client.venue) driver.client.instruments.push_back(i.id);
    }
    if (const auto found = setup_.credentials.find(venue.name); found != setup_.credentials.end()) {
      driver.client.credentials = found->second;
    }
    drivers_.push_back(std::make_unique<io::VenueDriver>(reactor_, std::move(driver), *host_));
    host_->add_driver(*drivers_.back());
  }
  if (!config.market.from.empty()) {
    lines_ =
        std::make_unique<MarketLines>(reactor_, config.market.from, universe_, *host_, seeds.next(),
                                      [this](std::string line) { log_line(std::move(line)); });
    host_->set_market(lines_.get());
  }
  watch_ = std::make_unique<InstrumentWatch>(reactor_, setup_.config, tls_ ? &*tls_ : nullptr,
                                             universe_, setup_.config.metadata_every, *host_);
  messages_before_.resize(drivers_.size());
  per_second_.resize(drivers_.size());
  skew_told_.resize(drivers_.size());
  if (auto wrong = open_services()) return wrong;
  names_ = std::make_shared<const Universe>(universe_);
  return open_monitor();
}

// gRPC, for other programs and for the dashboard.
std::optional<std::string> LiveEngine::open_services() {
  const Config& config = setup_.config;
  if (!tape_) return std::nullopt;
  auto server = RiskServer::open(
      reactor_, *this, config.risk_service, [this](std::string line) { log_line(std::move(line)); },
      this, backtest_jobs_setup(config));
  if (!server) return server.error();
  risk_server_ = std::move(*server);
  if (config.dashboard.listen.empty()) return std::nullopt;
  if (const auto sound = Dashboard::check(config.dashboard); !sound) return sound.error();
  DashboardSetup setup{
      .config = config.dashboard,
      .access = config.access,
      .data_dir = config.data_dir,
      .sources = {{config.engine_name, AskedAt::Engine, "", risk_server_->channel()}},
      .log = [this](std::string text, LogLevel level) {
        reactor_.post([this, text = std::move(text), level] { log_line(text, level); });
      }};
  auto dashboard = Dashboard::open(std::move(setup));
  if (!dashboard) {
    // A full disk, a taken port: what trades, and cancels, does not wait for a page.
    log_line("there is no dashboard: " + dashboard.error(), LogLevel::Error);
    return std::nullopt;
  }
  dashboard_ = std::move(*dashboard);
  // On the screen alone: who has it becomes the first admin.
  if (const auto& link = dashboard_->first_link())
    news_.push_back("first sign-in (once, within a day): " + *link);
  return std::nullopt;
}

std::optional<std::string> LiveEngine::open_monitor() {
  if (setup_.config.monitoring_listen.empty() || monitor_) return std::nullopt;
  auto monitor =
      Monitor::open(reactor_, *this, setup_.config.monitoring_listen,
                    {setup_.config.risk_service.tls_cert, setup_.config.risk_service.tls_key});
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  log_line("metrics on " + monitor_->url() + "/metrics");
  return std::nullopt;
}

// Whose word it needs to open anything.
std::optional<std::string> LiveEngine::find_role() {
  const Config& config = setup_.config;
  if (!config.risk_service.role.empty()) {
    if (config.core.lease_for.ns == 0)
      return "risk.role is set, and risk.lease_for is 0: no lease would be asked for";
    LeaseLine::Outside outside;
    outside.granted = [this](const LeaseGranted& lease) {
      const Duration asked_for = setup_.config.core.lease_for;
      if (lease.valid_for < asked_for && !std::exchange(short_leases_told_, true)) {
        log_line(
            fmt::format("warning: the risk role's leases last {} ms, and risk.lease_for, which "
                        "says how often this engine asks, is {} ms: set it to the role's",
                        lease.valid_for.ns / 1'000'000, asked_for.ns / 1'000'000));
      }
      host_->on(lease);
    };
    outside.log = [this](std::string line) { log_line(std::move(line)); };
    auto line = LeaseLine::open(reactor_, config.risk_service, std::move(outside));
    if (!line) return line.error();
    line_ = std::move(*line);
    return std::nullopt;
  }
  if (config.core.lease_for.ns == 0) return std::nullopt;
  RiskRole::Outside outside;
  outside.grant = [this](const LeaseAnswer& lease) { host_->on(lease.event()); };
  // Without their numbers, and once: those are of the role's journal, and acknowledged at a role of several engines.
  outside.tell = [this](const report::Telling& telling) {
    if (telling.why == report::Telling::Why::Repeated) return;
    report::Telling unnumbered = telling;
    unnumbered.number = 0;
    log_line(report::to_text(unnumbered));
  };
  auto role = RiskRole::open(config, setup_.journal_dir.string() + "-risk", std::move(outside));
  if (!role) return role.error();
  role_ = std::move(*role);
  return std::nullopt;
}

// A pair that a venue does not list (any more) is no reason not to start: what is open is to be resolved.
void LiveEngine::warn_of_unlisted_quotes() {
  const CoreConfig& core = setup_.config.core;
  if (core.maker == StrategyMode::Off) return;
  for (const MakerPair& pair : core.maker_pairs) {
    for (const auto& name : {pair.quote_venue, pair.hedge_venue}) {
      const VenueId venue = universe_.find_venue(name.view());
      const bool listed = std::ranges::any_of(universe_.instruments(), [&](const Instrument& i) {
        return i.venue == venue && universe_.asset(i.base).name == pair.base &&
               universe_.asset(i.quote).name == pair.quote;
      });
      if (listed) continue;
      setup_.warnings.push_back(
          fmt::format("strategy.maker_pairs: {} does not trade {}/{} here; it is not quoted on {}",
                      name.view(), pair.base.view(), pair.quote.view(), pair.quote_venue.view()));
    }
  }
}

void LiveEngine::start() {
  started_ = io::OsClock::now();
  for (const std::string& warning : setup_.warnings)
    log_line("warning: " + warning, LogLevel::Warning);
  if (!leadership_) begin();
}

void LiveEngine::begin() {
  for (const report::KeptAlert* alert : alerts_.list(false))
    log_line(alert_line(*alert, universe_));
  if (paper_) log_line("PAPER: fills are simulated on the live books, and no order leaves");
  host_->on(Started{incarnation_, io::OsClock::wall(), &universe_, &setup_.config.core});
  if (bus_) bus_->start();
  if (history_) history_->start();
  take_up_kept_halts();
  if (paper_) {
    for (std::string& line : paper_->open(universe_, incarnation_, *host_))
      log_line(std::move(line));
  }
  if (role_) role_->start();
  tick();
  count_rates();
  for (const auto& driver : drivers_) driver->start();
  if (lines_) lines_->start(!setup_.busy_poll);
  watch_->start();
  if (risk_server_) {
    risk_server_->serve();
    if (!risk_server_->address().empty()) {
      log_line("gRPC ats.v1.Risk, ats.v1.Engine and ats.v1.Backtests on " +
               risk_server_->address());
    }
  }
}

// Before anything leaves: what a person said when it could not be journalled.
void LiveEngine::take_up_kept_halts() {
  if (reserve_->kept().empty()) return;
  for (const HaltCommand& halt : reserve_->kept()) {
    log_line(fmt::format("a halt that could not be journalled is taken up: {}: {}", halt.who.view(),
                         halt.reason.view()));
    host_->on(CommandReceived{halt});
  }
  if (host_->failure().empty() && !reserve_->forget())
    log_line("the halts that were taken up stay kept, and are taken up again: " +
             setup_.journal_dir.string() + "-halts cannot be written");
}

void LiveEngine::tick() {
  if (tick_due_.ns != 0) loop_lag_.record((io::OsClock::now() - tick_due_).ns);
  if (leadership_) watch_lead();
  host_->on(Timer{io::OsClock::wall()});
  lease();
  show_books();
  if (closing_) return;
  tick_timer_ = reactor_.after(timer_every, [this] { tick(); });
  tick_due_ = tick_timer_.deadline;
}

void LiveEngine::show_books() {
  const Instant now = io::OsClock::now();
  if (!bus_ || now - books_shown_ < setup_.config.bus.quotes_every) return;
  books_shown_ = now;
  CoreStatus status;
  engine_.status(status);
  bus_->look(status, names_);
}

void LiveEngine::look_for_history(Instant now) {
  HistoryLook* const look = history_->due(now);
  if (look == nullptr) return;
  engine_.status(look->core);
  look->names = names_ ? names_ : std::make_shared<const Universe>(universe_);
  look->levels.clear();
  if (look->depth) {
    std::array<Level, InfluxConfig::book_levels_most> room;
    const auto wanted = std::span(room).first(setup_.config.influx.book_levels);
    for (const Instrument& on : universe_.instruments()) {
      for (const Side side : {Side::Buy, Side::Sell}) {
        const std::size_t count = engine_.levels(on.id, side, wanted);
        for (std::uint32_t n = 0; n < count; ++n)
          look->levels.push_back({on.id, side, n, wanted[n]});
      }
    }
  }
  if (look->measures) {
    look->journal_bytes = journal_->bytes_written();
    look->loop_lag_p99 = {loop_lag_.percentile(0.99)};
    look->decision_p50 = {host_->decision().percentile(0.5)};
    look->decision_p99 = {host_->decision().percentile(0.99)};
    look->order_p50 = {host_->order().percentile(0.5)};
    look->order_p99 = {host_->order().percentile(0.99)};
  }
  history_->looked();
}

// What the engine asked for in this turn goes to the role in it.
void LiveEngine::lease() {
  auto question = std::exchange(question_, std::nullopt);
  if (line_ && question) line_->ask(std::move(*question));
  if (!role_) return;
  if (question) role_->asked(*question);
  role_->tick();
  if (role_->failure().empty() || role_failed_) return;
  role_failed_ = true;
  log_line(role_->failure() + "; nothing is opened any more");
}

void LiveEngine::count_rates() {
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    const std::uint64_t messages = drivers_[i]->status(Channel::MarketData).messages +
                                   drivers_[i]->status(Channel::Trading).messages +
                                   (lines_ ? lines_->messages(drivers_[i]->venue()) : 0);
    per_second_[i] = messages - messages_before_[i];
    messages_before_[i] = messages;
    warn_of_clock(i);
  }
  if (!closing_) rate_timer_ = reactor_.after(seconds(1), [this] { count_rates(); });
}

// Times that we sign with must be the venue's within a second or a few: told once a venue, and again when it
// has been well meanwhile.
void LiveEngine::warn_of_clock(std::size_t i) {
  constexpr std::int64_t worth_telling = 500'000'000;
  const auto skew = drivers_[i]->connections().clock_skew;
  if (!skew) return;
  const std::int64_t off = skew->certain();
  const bool far = off > worth_telling || off < -worth_telling;
  if (far && !skew_told_[i]) {
    log_line(fmt::format("{}: its clock is at least {} ms {} ours",
                         universe_.venue(drivers_[i]->venue()).name.view(),
                         (off > 0 ? off : -off) / 1'000'000, off > 0 ? "ahead of" : "behind"));
  }
  skew_told_[i] = far;
}

void LiveEngine::ask_to_stop(std::string_view who) {
  if (!host_) {
    left_ = true;
    return;
  }
  host_->on(CommandReceived{StopCommand{Text<31>::cut(who)}});
}

void LiveEngine::halt_everything(std::string_view who, std::string_view reason) {
  const auto told = command(HaltCommand{{}, Text<31>::cut(who), Text<63>::cut(reason)});
  if (!told) log_line(told.error());
}

void LiveEngine::reload(std::string_view who) {
  if (!host_) return log_line("the configuration is not taken: this engine follows another");
  const auto told = reload_limits(*this, setup_.config, setup_.read_again, who, "reload");
  if (!told) return log_line("the configuration is not taken: " + told.error());
  for (const std::string& line : *told) log_line("configuration: " + line);
}

bool LiveEngine::close() {
  closing_ = true;
  dashboard_.reset();
  monitor_.reset();
  if (!host_) return close_standby();
  if (risk_server_) risk_server_->stop();
  line_.reset();
  if (lines_) host_->set_market(nullptr);
  lines_.reset();
  watch_.reset();
  for (const auto& driver : drivers_) driver->stop(stopped());
  // The closing handshakes, as far as the venues answer soon.
  const Instant until = io::OsClock::now() + milliseconds(500);
  while (io::OsClock::now() < until) {
    bool up = false;
    for (const auto& driver : drivers_) {
      up = up || driver->status(Channel::MarketData).up || driver->status(Channel::Trading).up;
    }
    if (!up) break;
    reactor_.poll(milliseconds(20));
  }
  control_.reset();
  if (bus_) bus_->close(seconds(2));
  if (history_) history_->close(seconds(2));
  const bool role_closed = !role_ || role_->close();
  const bool closed = failure().empty() && journal_->close().ok();
  if (leadership_) close_standby();
  return closed && role_closed;
}

void LiveEngine::on_handled(const Event& event, Instant now, const Actions& actions) {
  if (const auto* up = std::get_if<ConnectionUp>(&event)) {
    const std::string venue(universe_.venue(up->venue).name.view());
    log_entry({.text = fmt::format("{} {} up", venue, name(up->channel)), .venue = venue});
  } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
    const std::string venue(universe_.venue(down->venue).name.view());
    log_entry({.text = fmt::format("{} {} down", venue, name(down->channel)),
               .level = LogLevel::Warning,
               .venue = venue});
  } else if (const auto* changed = std::get_if<InstrumentChanged>(&event)) {
    take_over(changed->instrument);
  } else if (const auto* filled = std::get_if<OrderFilled>(&event)) {
    if (auto line = fees_.look(filled->fill, universe_))
      log_line("warning: " + *line, LogLevel::Warning);
  } else if (const auto* rejected = std::get_if<OrderRejected>(&event)) {
    const std::string order(client_order_id(rejected->order).view());
    log_entry({.text = fmt::format("order {} rejected: {} {}", order, name(rejected->reason),
                                   rejected->message.view()),
               .level = LogLevel::Warning,
               .order = order});
  }
  for (const Action& action : actions) {
    if (const auto* done = std::get_if<ExecutionResolved>(&action)) {
      if (!is_trade(*done)) continue;
      const std::string pair = universe_.pair_name(done->pair);
      log_entry({.text = fmt::format("trade {} {} {}: bought {} sold {} realised {}",
                                     done->execution.value, pair, name(done->outcome),
                                     done->bought.to_string(), done->sold.to_string(),
                                     done->realised.to_string()),
                 .pair = pair,
                 .trade = std::to_string(done->execution.value)});
    } else if (const auto* alert = std::get_if<Alert>(&action)) {
      if (said_ != nullptr) said_->emplace_back(alert->message.view());
    } else if (auto asked = questions_.take(action)) {
      question_ = std::move(asked);
    } else if (const auto* measure = std::get_if<MeasureRisk>(&action)) {
      host_->on(engine_.measure(*measure));
    } else if (const auto* book = std::get_if<BookStateChanged>(&action)) {
      const Instrument& on = universe_.instrument(book->instrument);
      log_entry({.text = fmt::format(
                     "book {} {}{}{}", universe_.instrument_name(book->instrument),
                     name(static_cast<BookState>(book->state)), book->reason != 0 ? ": " : "",
                     book->reason != 0 ? name(static_cast<BookReason>(book->reason)) : ""),
                 .venue = std::string(universe_.venue(on.venue).name.view()),
                 .pair = universe_.pair_name(on.pair)});
    }
  }
  if (setup_.logs_debug && setup_.logs_debug()) log_steps(event, actions);
  if (bus_) bus_->on(event, now, actions);
  if (tape_) tape_->on(event, now, actions);
  if (history_) {
    history_->on(event, now, actions);
    if (std::holds_alternative<Timer>(event)) look_for_history(now);
  }
  alerts_.on(event, now, actions);
  tell_alerts();
  if (risk_server_ && (std::holds_alternative<Timer>(event) || alerts_.changes() != shown_)) {
    shown_ = alerts_.changes();
    risk_server_->changed();
  }
}

// Each step of an order, as it is in the journal.
void LiveEngine::log_steps(const Event& event, const Actions& actions) {
  const auto entry = [this](std::string text, OrderId order) {
    log_entry({.text = std::move(text),
               .level = LogLevel::Debug,
               .order = std::string(client_order_id(order).view())});
  };
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, OrderFilled>) {
          entry(describe(event, universe_), e.fill.order);
        } else if constexpr (requires { OrderId(e.order); }) {
          entry(describe(event, universe_), e.order);
        }
      },
      event);
  for (const Action& action : actions) {
    if (const auto* place = std::get_if<Place>(&action)) {
      entry(describe(action, universe_), place->order->id);
    } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
      entry(describe(action, universe_), cancel->order);
    }
  }
}

// There is no journal to have it, and it may be the last thing that is said.
void LiveEngine::on_failed(Instant now) {
  const Alert alert{Severity::Emergency,
                    AlertCode::JournalFailed,
                    {},
                    Text<127>::cut(host_->failure() + "; nothing is traded")};
  alerts_.raise(alert, now);
  if (bus_) bus_->say(alert);
  tell_alerts();
}

void LiveEngine::tell_alerts() {
  for (const report::Telling& telling : alerts_.tellings())
    log_line(report::to_text(telling), log_level_of(telling.severity));
  alerts_.clear_tellings();
}

// Decoders and clients count in the scales they began with; everything else may change under them.
void LiveEngine::take_over(const Instrument& told) {
  const Instrument& held = universe_.instrument(told.id);
  if (told.price_scale == held.price_scale && told.qty_scale == held.qty_scale)
    universe_.add_instrument(told);
  names_ = std::make_shared<const Universe>(universe_);
  log_line(fmt::format(
      "instrument {} {}: tick {}, lot {}, from {}, taker fee {}",
      universe_.instrument_name(told.id), name(told.status),
      told.price_decimal({told.tick}).to_string(), told.quantity_decimal({told.lot}).to_string(),
      told.quantity_decimal(told.min_quantity).to_string(), told.fees.taker.decimal().to_string()));
}

void LiveEngine::log_line(std::string line, LogLevel level) {
  log_entry({.text = std::move(line), .level = level});
}

void LiveEngine::log_entry(LogEntry entry) {
  entry.time = io::OsClock::wall();
  if (setup_.log) setup_.log(entry);
  if (entry.level == LogLevel::Debug) return;
  news_.push_back(log_text(entry));
  if (news_.size() > news_max) news_.pop_front();
}

std::vector<std::string> LiveEngine::paper_differences() const {
  if (!paper_) return {};
  CoreStatus status;
  engine_.status(status);
  return paper_->differences(status, universe_);
}

void LiveEngine::view(LiveView& out) const {
  out.title = setup_.title;
  out.paper = paper_ != nullptr;
  out.running = started_.ns == 0 ? Duration{} : io::OsClock::now() - started_;
  out.universe = &universe_;
  engine_.status(out.core);
  out.venues.clear();
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    VenueView v = venue_view(*drivers_[i], universe_, per_second_[i]);
    v.trading_up = v.trading_up || paper_ != nullptr;
    if (lines_) {
      const VenueId venue = drivers_[i]->venue();
      v.market_up = lines_->up(venue);
      v.messages += lines_->messages(venue);
      v.reconnects += lines_->losses(venue);
    }
    out.venues.push_back(std::move(v));
  }
  out.news.assign(news_.begin(), news_.end());
  const Histogram& d = host_->decision();
  out.decision_p50 = d.percentile(0.5), out.decision_p99 = d.percentile(0.99);
  out.decision_p999 = d.percentile(0.999), out.decisions = d.count();
  const Histogram& o = host_->order();
  out.order_p50 = o.percentile(0.5), out.order_p99 = o.percentile(0.99);
  out.order_p999 = o.percentile(0.999), out.orders = o.count();
  out.journal_bytes = journal_->bytes_written();
  out.dashboard = dashboard_ ? dashboard_->url() : std::string();
  out.monitoring = monitor_ ? monitor_->address() : std::string();
  if (leadership_) out.standby = standby();
}

void LiveEngine::monitored(MonitorView& out) const {
  out.role = "engine";
  out.life = incarnation_;
  out.names = names_;
  out.alerts = count_open(alerts_);
  out.loop_lag = loop_lag_;
  if (leadership_) out.standby = standby();
  if (!host_) return monitored_following(out);
  EngineMonitorView& engine = out.engine.emplace();
  view(engine.live);
  engine.live.universe = names_.get();
  engine.live.news.clear();
  engine.decision = host_->decision();
  engine.order = host_->order();
  out.running = engine.live.running;
  out.journal_bytes = engine.live.journal_bytes;
  if (lines_) engine.collectors = lines_->status();
  for (const CollectorStatus& collector : engine.collectors) {
    if (!collector.up)
      out.degraded.push_back("collector " + collector.name + ": " + collector.last_loss);
  }
  if (bus_) out.bus = bus_->status();
  if (bus_ && !out.bus->up)
    out.degraded.emplace_back("redis does not answer: fills, trades and alerts wait for it");
  if (history_) out.history = history_->status();
  if (history_ && !out.history->up)
    out.degraded.emplace_back("influx does not answer: history waits for it on disk");
  const CoreStatus& core = engine.live.core;
  if (!failure().empty()) out.not_ready.push_back(failure());
  if (out.standby && out.standby->standing == LeaderRule::Standing::Lapsed)
    out.degraded.emplace_back(
        "its time as the leader is over: nothing is sent until it leads again");
  if (out.standby && out.standby->followers == 0)
    out.degraded.emplace_back("no engine follows: nobody would take over");
  if (core.stopping || closing_) out.not_ready.emplace_back("it is stopping");
  if (!core.reconciled)
    out.not_ready.emplace_back("orders and balances have not been compared with the venues yet");
  for (const VenueView& venue : engine.live.venues) {
    if (!venue.market_up) out.degraded.push_back(venue.name + ": market data is down");
    if (!venue.trading_up) out.degraded.push_back(venue.name + ": trading is down");
  }
  if (core.lease.needed && !core.lease.live)
    out.degraded.emplace_back("no lease from the risk role: nothing is opened");
  for (const HoldStatus& hold : core.holds)
    out.degraded.push_back(scope_text(hold.scope, universe_) + ": " + name(hold.state));
}

std::string LiveEngine::answer(std::string_view request) {
  const auto parsed = nlohmann::json::parse(request, nullptr, false);
  if (!parsed.is_object()) return answer_failed("not a request");
  if (!host_) return answer_following(parsed);
  const std::string command = text_field(parsed, "command");
  if (command == "status") {
    LiveView now;
    view(now);
    return status_json(now);
  }
  if (command == "inventory")
    return inventory_json(engine_.inventory(setup_.config.inventory), universe_);
  if (command == "risk") {
    return answer_risk(engine_.risk(), engine_.measures().prices(), universe_, setup_.config.stress,
                       parsed);
  }
  if (command == "heartbeat")
    return nlohmann::json{{"ok", started_.ns != 0}, {"life", incarnation_}}.dump();
  if (command == "log") return answer_log(parsed, setup_.set_log_level);
  if (command == "stop") {
    ask_to_stop(text_field(parsed, "who"));
    return nlohmann::json{{"ok", true}}.dump();
  }
  if (command == "engines") {
    if (role_) return role_json(*role_).dump();
    return answer_failed(line_ ? "the risk role is another process, at " +
                                     setup_.config.risk_service.role +
                                     ": ask there (ats risk engines --role)"
                               : std::string("this engine needs no lease (risk.lease_for is 0)"));
  }
  if (command == "reload") return answer_reload(*this, setup_.config, setup_.read_again, parsed);
  if (auto answer = answer_wish(*this, parsed)) return *answer;
  return answer_failed("no such command: " + command);
}

Result<std::vector<std::string>, std::string> LiveEngine::command(const Command& command) {
  if (role_ && std::holds_alternative<WriteOffCommand>(command)) {
    auto said = role_->command(command);
    if (!role_->failure().empty()) return fail(role_->failure() + "; nothing is opened any more");
    return said;
  }
  std::vector<std::string> said;
  said_ = &said;
  // Else its share would be of what the limit was before.
  if (role_ && std::holds_alternative<SetLimitCommand>(command)) role_->command(command);
  host_->on(CommandReceived{command});
  said_ = nullptr;
  if (host_->failure().empty()) return said;
  std::string why = host_->failure() + "; nothing is traded";
  if (const auto* halt = std::get_if<HaltCommand>(&command)) {
    why += reserve_->keep(*halt) ? ", and the halt is kept for the next start"
                                 : ", and THE HALT IS LOST with this process: say it again";
  }
  return fail(std::move(why));
}

}  // namespace ats::services

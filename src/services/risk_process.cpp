#include "services/risk_process.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "io/clock.hpp"
#include "services/risk_answer.hpp"
#include "services/role_text.hpp"
#include "services/running_process.hpp"
#include "services/scope_text.hpp"
#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

constexpr Duration timer_every = milliseconds(50);
constexpr Duration bus_close_within = seconds(2);
constexpr const char* role_source = "risk";  // as it is called on the bus

}  // namespace

RiskProcess::RiskProcess(io::Reactor& reactor, const Config& config, ReadConfig read_again,
                         Log& log)
    : reactor_(reactor), config_(config), read_again_(std::move(read_again)), log_(log) {}

RiskProcess::~RiskProcess() { reactor_.cancel(timer_); }

Result<std::unique_ptr<RiskProcess>, std::string> RiskProcess::open(io::Reactor& reactor,
                                                                    const Config& config,
                                                                    ReadConfig read_again,
                                                                    Log& log) {
  std::unique_ptr<RiskProcess> process(
      new RiskProcess(reactor, config, std::move(read_again), log));
  if (auto error = process->prepare()) return fail(std::move(*error));
  return process;
}

std::optional<std::string> RiskProcess::prepare() {
  if (config_.core.lease_for.ns == 0)
    return "risk.lease_for is 0: no engine would ask for a lease, so there is nothing to do";
  if (config_.risk_service.listen.empty()) {
    return "risk.listen is empty: engines have to reach the risk role somewhere, such as "
           "127.0.0.1:7400";
  }
  const std::filesystem::path directory = role_directory(config_.data_dir);
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  auto control = ControlServer::open(reactor_, directory / "control.sock",
                                     [this](std::string_view request) { return answer(request); });
  if (!control) return control.error();
  control_ = std::move(*control);
  RiskRole::Outside outside;
  outside.grant = [this](const LeaseAnswer& lease) { server_->grant(lease); };
  outside.tell = [this](const report::Telling& telling) {
    log_line(report::to_text(telling), log_level_of(telling.severity));
  };
  if (!config_.bus.server.empty()) {
    auto bus = BusPublisher::open(reactor_, config_.bus, role_source,
                                  [this](std::string line) { log_line(std::move(line)); });
    if (!bus) return bus.error();
    bus_ = std::move(*bus);
    outside.seen = [this](const Event& event, Instant now, const Actions& actions) {
      bus_->on(event, now, actions);
    };
    outside.unwritten = [this](const Alert& alert) { bus_->say(alert); };
  }
  auto role = RiskRole::open(config_, directory / "journal", std::move(outside));
  if (!role) return role.error();
  role_ = std::move(*role);
  auto server = RiskServer::open(reactor_, *this, config_.risk_service,
                                 [this](std::string line) { log_line(std::move(line)); });
  if (!server) return server.error();
  server_ = std::move(*server);
  if (!config_.monitoring_listen.empty()) {
    auto monitor = Monitor::open(reactor_, *this, config_.monitoring_listen,
                                 {config_.risk_service.tls_cert, config_.risk_service.tls_key});
    if (!monitor) return monitor.error();
    monitor_ = std::move(*monitor);
  }
  return std::nullopt;
}

void RiskProcess::start() {
  started_ = io::OsClock::now();
  role_->start();
  if (bus_) bus_->start();
  tick();
  server_->serve();
  log_line("risk role, life " + std::to_string(role_->incarnation()) + ": gRPC ats.v1.Risk on " +
           server_->address());
  if (monitor_) log_line("metrics on " + monitor_->url() + "/metrics");
}

void RiskProcess::reload(std::string_view who) {
  const auto told = reload_limits(*this, config_, read_again_, who, "reload");
  if (!told) return log_line("the configuration is not taken: " + told.error());
  for (const std::string& line : *told) log_line("configuration: " + line);
}

void RiskProcess::tick() {
  if (tick_due_.ns != 0) loop_lag_.record((io::OsClock::now() - tick_due_).ns);
  role_->tick();
  server_->changed();
  if (closing_) return;
  timer_ = reactor_.after(timer_every, [this] { tick(); });
  tick_due_ = timer_.deadline;
}

bool RiskProcess::close() {
  closing_ = true;
  reactor_.cancel(timer_);
  monitor_.reset();
  server_->stop();
  control_.reset();
  const bool closed = role_->close();
  if (bus_) bus_->close(bus_close_within);
  return closed;
}

void RiskProcess::log_line(std::string line, LogLevel level) {
  log_.write({.text = std::move(line), .level = level, .time = io::OsClock::wall()});
}

bool RiskProcess::ask_lease(const LeaseQuestion& question) {
  role_->asked(question);
  return true;
}

Result<std::vector<std::string>, std::string> RiskProcess::command(const Command& command) {
  auto said = role_->command(command);
  if (!failure().empty()) return fail(failure() + "; no engine gets a lease");
  server_->changed();
  return said;
}

// As far as a role has it: no book, order or trade of its own.
void RiskProcess::status(CoreStatus& out) const {
  out = {};
  core::OfficeStatus office;
  role_->office().status(office);
  out.now = role_->now();
  out.wall = io::OsClock::wall();
  out.incarnation = role_->incarnation();
  out.reconciled = true;
  out.stopping = closing_;
  out.holds = office.holds;
  for (const core::OfficeStatus::Limit& limit : office.limits)
    out.limits.push_back(limit_status(limit));
}

RiskTold RiskProcess::risk() const {
  core::OfficeStatus office;
  role_->office().status(office);
  const ToldHoldings& holdings = role_->holdings();
  return {holdings.report(office, role_->now()), &holdings.universe(), false};
}

void RiskProcess::monitored(MonitorView& out) const {
  out.role = "risk";
  out.life = role_->incarnation();
  out.names = std::make_shared<const Universe>(role_->universe());
  out.alerts = count_open(role_->alerts());
  out.loop_lag = loop_lag_;
  out.journal_bytes = role_->journal_bytes();
  if (bus_) out.bus = bus_->status();
  if (bus_ && !out.bus->up)
    out.degraded.push_back("redis " + config_.bus.server + " does not answer");
  RoleMonitorView& role = out.office.emplace();
  role_->office().status(role.office);
  role.now = role_->now();
  if (started_.ns != 0) out.running = io::OsClock::now() - started_;
  if (started_.ns == 0) out.not_ready.emplace_back("it is starting");
  if (closing_) out.not_ready.emplace_back("it is stopping");
  if (!failure().empty()) out.not_ready.push_back(failure());
  for (const core::OfficeStatus::Engine& engine : role.office.engines)
    if (engine.silent) out.degraded.push_back(std::string(engine.name.view()) + " is silent");
  for (const HoldStatus& hold : role.office.holds)
    out.degraded.push_back(scope_text(hold.scope, *out.names) + ": " + name(hold.state));
}

// What all engines hold together; what each of them made is known as one number.
std::string RiskProcess::answer_risk_of_all(const nlohmann::json& request) const {
  const RiskTold told = risk();
  if (text_field(request, "what") != "status") {
    return answer_risk(told.report, role_->holdings().prices(), *told.names, config_.stress,
                       request);
  }
  nlohmann::ordered_json out = risk_status_json(told.report, *told.names);
  out.erase("profit");
  out["engines"] = role_json(*role_)["engines"];
  return out.dump();
}

std::string RiskProcess::answer(std::string_view request) {
  const auto parsed = nlohmann::json::parse(request, nullptr, false);
  if (!parsed.is_object() || !server_) return answer_failed("not a request");
  const std::string command = text_field(parsed, "command");
  if (command == "status" || command == "engines") return role_json(*role_).dump();
  if (command == "risk") return answer_risk_of_all(parsed);
  if (command == "log")
    return answer_log(parsed, [this](LogLevel level) { log_.set_level(level); });
  if (command == "reload") return answer_reload(*this, config_, read_again_, parsed);
  if (auto answer = answer_wish(*this, parsed)) return *answer;
  return answer_failed("the risk role knows no command '" + command + "': ask an engine");
}

}  // namespace ats::services

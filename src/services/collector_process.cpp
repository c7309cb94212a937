#include "services/collector_process.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "io/clock.hpp"

namespace ats::services {
namespace {

constexpr Duration timer_every = milliseconds(50);

}  // namespace

CollectorProcess::CollectorProcess(io::Reactor& reactor, const Config& config, Log& log)
    : reactor_(reactor), config_(config), log_(log) {}

CollectorProcess::~CollectorProcess() {
  reactor_.cancel(timer_);
  reactor_.cancel(rate_timer_);
}

Result<std::unique_ptr<CollectorProcess>, std::string> CollectorProcess::open(io::Reactor& reactor,
                                                                              const Config& config,
                                                                              Log& log) {
  std::unique_ptr<CollectorProcess> process(new CollectorProcess(reactor, config, log));
  if (auto error = process->prepare()) return fail(std::move(*error));
  return process;
}

std::optional<std::string> CollectorProcess::prepare() {
  CollectSetup setup;
  setup.config = config_;
  setup.out = config_.market.capture;
  setup.log = [this](const std::string& line) { log_line(line); };
  setup.seen = [this](const Event& event, Instant now) {
    if (feed_) feed_->publish(event, now);
  };
  auto collector = MarketCollector::open(reactor_, std::move(setup));
  if (!collector) return collector.error();
  collector_ = *std::move(collector);
  const std::filesystem::path socket = config_.market.feed.empty()
                                           ? config_.data_dir / "collector" / "feed.sock"
                                           : config_.market.feed;
  std::error_code ec;
  std::filesystem::create_directories(socket.parent_path(), ec);
  auto feed = MarketFeed::open(reactor_, socket, config_.market.feed_ring, *this,
                               [this](const std::string& line) { log_line(line); });
  if (!feed) return feed.error();
  feed_ = *std::move(feed);
  log_line("feed at " + socket.string());
  messages_before_.resize(collector_->drivers().size());
  per_second_.resize(collector_->drivers().size());
  if (!config_.risk_service.listen.empty()) {
    auto grpc = CollectorServer::open(
        reactor_, *this, *this, {socket.string(), config_.market.capture.string()},
        config_.risk_service, [this](const std::string& line) { log_line(line); });
    if (!grpc) return grpc.error();
    grpc_ = std::move(*grpc);
  }
  if (!config_.monitoring_listen.empty()) {
    auto monitor = Monitor::open(reactor_, *this, config_.monitoring_listen,
                                 {config_.risk_service.tls_cert, config_.risk_service.tls_key});
    if (!monitor) return monitor.error();
    monitor_ = std::move(*monitor);
  }
  return std::nullopt;
}

void CollectorProcess::start() {
  started_ = io::OsClock::now();
  collector_->start();
  tick();
  count_rates();
  if (grpc_) {
    grpc_->serve();
    log_line("gRPC ats.v1.Collector on " + grpc_->address());
  }
  if (monitor_) log_line("metrics on " + monitor_->url() + "/metrics");
}

void CollectorProcess::tick() {
  const Instant now = io::OsClock::now();
  if (tick_due_.ns != 0) loop_lag_.record((now - tick_due_).ns);
  feed_->tick(now);
  timer_ = reactor_.after(timer_every, [this] { tick(); });
  tick_due_ = timer_.deadline;
}

void CollectorProcess::count_rates() {
  const auto drivers = collector_->drivers();
  for (std::size_t n = 0; n < drivers.size(); ++n) {
    const std::uint64_t messages =
        drivers[n] ? drivers[n]->status(Channel::MarketData).messages : 0;
    per_second_[n] = messages - std::exchange(messages_before_[n], messages);
  }
  rate_timer_ = reactor_.after(seconds(1), [this] { count_rates(); });
}

void CollectorProcess::turn() { feed_->flush(); }

Status<std::string> CollectorProcess::close() {
  closing_ = true;
  reactor_.cancel(timer_);
  reactor_.cancel(rate_timer_);
  monitor_.reset();
  grpc_.reset();
  feed_.reset();
  return collector_->stop();
}

void CollectorProcess::log_line(const std::string& line) const {
  log_.write({.text = line, .time = io::OsClock::wall()});
}

void CollectorProcess::monitored(MonitorView& out) const {
  out.role = "collector";
  out.life = 1;
  out.names = std::make_shared<const Universe>(collector_->universe());
  out.loop_lag = loop_lag_;
  CollectorMonitorView& told = out.collector.emplace();
  const auto drivers = collector_->drivers();
  for (std::size_t n = 0; n < drivers.size(); ++n) {
    if (drivers[n])
      told.venues.push_back(venue_view(*drivers[n], collector_->universe(), per_second_[n]));
  }
  collector_->books(told.books);
  told.now = io::OsClock::now();
  if (feed_) told.feed = feed_->status();
  told.captures = !config_.market.capture.empty();
  if (told.captures) {
    told.captured_records = collector_->written().records;
    told.capture_lost = collector_->lost().records;
  }
  if (started_.ns == 0) out.not_ready.emplace_back("it is starting");
  if (started_.ns != 0) out.running = told.now - started_;
  if (closing_) out.not_ready.emplace_back("it is stopping");
  if (!failure().empty()) out.not_ready.push_back(failure());
  for (const VenueView& venue : told.venues) {
    if (!venue.market_up) out.degraded.push_back(venue.name + ": market data is down");
  }
  const auto unsound = std::ranges::count_if(
      told.books, [](const BookStatus& book) { return book.state != BookState::Valid; });
  if (unsound != 0) out.degraded.push_back(std::to_string(unsound) + " books are not valid");
}

}  // namespace ats::services

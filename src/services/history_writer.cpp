#include "services/history_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <thread>
#include <utility>

#include "base/ring.hpp"
#include "io/call_bridge.hpp"
#include "io/clock.hpp"
#include "services/history_outlet.hpp"
#include "services/influx_server.hpp"

namespace ats::services {
namespace {

constexpr std::size_t tape_bytes = std::size_t{16} << 20;
constexpr std::size_t looks_kept = 4;
constexpr Duration cycle_every = milliseconds(50);
constexpr Duration say_again = seconds(10);
// A record on disk: whole units, and about so much.
constexpr std::uint32_t record_points = 2'000;
constexpr std::size_t record_bytes = std::size_t{1} << 20;

// Events are worth more than samples, and are a small part of what is written.
std::uint64_t share_of_events(std::uint64_t limit) { return limit / 4; }

}  // namespace

// What belongs to the engine's thread stands first, the rest is the writer's own.
class HistoryWriter::Parts {
 public:
  Parts(io::Reactor& process, const InfluxConfig& config, InfluxServer server, std::string engine,
        io::DiskQueue events, io::DiskQueue samples, std::function<void(std::string)> log)
      : quotes_due_(config.quotes_every),
        depth_due_(config.books_every),
        measures_due_(config.measures_every),
        to_process_(process),
        config_(config),
        server_(std::move(server)),
        log_(std::move(log)),
        to_writer_(reactor_),
        feed_(engine),
        samples_(engine),
        events_outlet_(reactor_, server_.options(), std::move(events), outlet_options("events"),
                       outside()),
        samples_outlet_(reactor_, server_.options(), std::move(samples), outlet_options("samples"),
                        outside()) {
    for (std::size_t n = 0; n < looks_kept; ++n) free_.try_push(std::make_unique<HistoryLook>());
    for (const HistoryOutlet* outlet : outlets()) say_what_was_found(*outlet);
  }

  ~Parts() {
    to_process_.close();
    if (!thread_.joinable()) return;
    to_writer_.submit([this] {
      cycle();
      reactor_.stop();
    });
    thread_.join();
  }

  // --- the engine's thread ---

  void on(const Event& event, Instant now, const Actions& actions) {
    if (!concerns_history(event, actions)) {
      if (const auto* trade = std::get_if<Trade>(&event); trade != nullptr && running_) {
        if (config_.trades && !tape_.put(clock_.next_trade(now), event, now, {})) ++let_go_;
      } else if (!running_) {
        feed_.passed();
      }
      return;
    }
    const HistoryMark mark = clock_.next(event, now);
    if (running_) {
      if (!tape_.put(mark, event, now, actions)) ++let_go_;
    } else {
      // Before the thread is, all of it belongs to this one.
      const bool market = !report::History::concerns_event(event.index());
      fold({mark, now, market ? nullptr : &event, &actions});
    }
  }

  void start() {
    keep(events_);
    running_ = true;
    thread_ = std::thread([this] {
      again();
      reactor_.run();
    });
  }

  HistoryLook* due(Instant now) {
    const bool quotes = quotes_due_.due(now);
    const bool depth = config_.book_levels != 0 && depth_due_.due(now);
    const bool measures = measures_due_.due(now);
    if (!quotes && !depth && !measures) return nullptr;
    if (!look_ && !free_.try_pop(look_)) return nullptr;
    look_->quotes = quotes;
    look_->depth = depth;
    look_->measures = measures;
    return look_.get();
  }

  void looked() { looks_.try_push(std::move(look_)); }

  HistoryStatus status() const {
    return {up_, written_, waiting_, waiting_bytes_, dropped_ + let_go_, refused_};
  }

  void close(Duration within) {
    if (!running_) return;
    to_writer_.submit([this] {
      closing_ = true;
      cycle();
    });
    const Instant until = io::OsClock::now() + within;
    // Once round, so that what is in the ring is counted as well.
    std::atomic<bool> round = false;
    to_writer_.submit([&round] { round = true; });
    while (!round) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (!down_ && waiting_ > 0 && io::OsClock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  HistoryOutlet::Options outlet_options(const char* policy) const {
    return {policy, config_.batch, config_.flush_every,
            static_cast<std::uint64_t>(io::OsClock::wall().ns_utc)};
  }
  HistoryOutlet::Outside outside() {
    return {[this] { came_up(); }, [this](const io::InfluxAnswer& answer) { went_down(answer); },
            [this](const std::string& policy, std::uint64_t points, const std::string& why) {
              say(fmt::format("refuses {} points of {} for good: {}", points, policy, why), true);
            }};
  }

  std::array<const HistoryOutlet*, 2> outlets() const {
    return {&events_outlet_, &samples_outlet_};
  }

  // --- the writer's thread ---

  void say(const std::string& what, bool often = false) {
    const Instant now = io::OsClock::now();
    if (often && what == said_ && now - said_at_ < say_again) return;
    said_ = what;
    said_at_ = now;
    to_process_.submit([this, line = "influx " + config_.server + ": " + what] { log_(line); });
  }

  void came_up() {
    for (const HistoryOutlet* outlet : outlets()) {
      if (outlet->standing() == HistoryOutlet::Standing::Down) return;
    }
    if (std::exchange(told_up_, true)) return;
    told_down_.clear();
    say("answers");
  }

  // Once an outage, and again when it is for another reason.
  void went_down(const io::InfluxAnswer& answer) {
    std::string what = answer.why;
    if (answer.outcome == io::InfluxOutcome::Missing) what += "; `ats influx setup` makes it";
    if (answer.outcome == io::InfluxOutcome::NotLetIn) what = "it does not let us in: " + what;
    told_up_ = false;
    if (std::exchange(told_down_, what) == what) return;
    say(what + "; history waits for it on disk");
  }

  void say_what_was_found(const HistoryOutlet& outlet) {
    const io::QueueCounts& found = outlet.queue().counts();
    if (found.waiting_points != 0)
      say(fmt::format("{} {} of an earlier run wait on disk", found.waiting_points,
                      outlet.policy()));
    if (found.torn_bytes != 0)
      say(fmt::format("{}: an incomplete last record was cut off ({} bytes)", outlet.policy(),
                      found.torn_bytes));
    if (found.damaged_bytes != 0)
      say(fmt::format("{}: {} bytes on disk are damaged; events are made again from the journal",
                      outlet.policy(), found.damaged_bytes));
  }

  std::uint64_t source() const { return (clock_journal_ << 8) | HistoryFeed::version; }

  // Units that are on disk, or were, are only taken note of.
  void fold(const HistoryUnit& unit) {
    if (clock_journal_ == 0) {
      clock_journal_ = clock_.journal();
      on_disk_ = events_outlet_.queue().mark(source());
    }
    take(unit);
  }

  void take(const HistoryUnit& unit) {
    if (unit.mark.number != seen_ + 1) whole_ = false;
    seen_ = unit.mark.number;
    feed_.on(unit, unit.mark.number > on_disk_ ? &events_ : nullptr);
    if (whole_) complete_ = unit.mark.number;
    if (events_.points >= record_points || events_.text.size() >= record_bytes) keep(events_);
  }

  void keep(HistoryLines& lines) {
    if (lines.points == 0) return;
    const bool events = &lines == &events_;
    HistoryOutlet& outlet = events ? events_outlet_ : samples_outlet_;
    const auto kept = events ? outlet.queue().append(source(), complete_, lines.points, lines.text)
                             : outlet.queue().append(0, 0, lines.points, lines.text);
    if (!kept) {
      no_room_ += lines.points;
      // What follows is there, and this is not: it is made again at the next start.
      if (events) whole_ = false;
      say(fmt::format("{} cannot be kept on disk: {}", outlet.policy(), kept.error()), true);
    }
    lines.text.clear();
    lines.points = 0;
  }

  void cycle() {
    HistoryUnit unit;
    while (tape_.take(unit)) {
      if (unit.mark.number != 0) {
        take(unit);
      } else if (const auto* trade = std::get_if<Trade>(unit.event)) {
        feed_.trade(unit.mark.at, *trade, sampled_);
        if (sampled_.points >= record_points) keep(sampled_);
      }
    }
    keep(events_);
    std::unique_ptr<HistoryLook> look;
    while (looks_.try_pop(look)) {
      samples_.on(*look, sampled_);
      free_.try_push(std::move(look));
      if (sampled_.points >= record_points) keep(sampled_);
    }
    keep(sampled_);
    events_outlet_.pump(closing_);
    samples_outlet_.pump(closing_);
    show();
  }

  void again() {
    cycle();
    reactor_.after(cycle_every, [this] { again(); });
  }

  void show() {
    std::uint64_t written = 0, waiting = 0, bytes = 0, dropped = no_room_, refused = 0;
    bool down = false, any = false;
    for (const HistoryOutlet* outlet : outlets()) {
      const io::QueueCounts& counts = outlet->queue().counts();
      written += outlet->written();
      refused += outlet->refused();
      waiting += counts.waiting_points;
      bytes += counts.waiting_bytes;
      dropped += counts.dropped_points;
      down = down || outlet->standing() == HistoryOutlet::Standing::Down;
      any = any || outlet->standing() == HistoryOutlet::Standing::Up;
    }
    up_ = any && !down;
    down_ = down;
    written_ = written;
    waiting_ = waiting;
    waiting_bytes_ = bytes;
    dropped_ = dropped;
    refused_ = refused;
    tell_dropped();
  }

  void tell_dropped() {
    const std::uint64_t dropped = dropped_ + let_go_;
    const Instant now = io::OsClock::now();
    if (dropped == dropped_told_ || now - dropped_told_at_ < say_again) return;
    const std::uint64_t events = events_outlet_.queue().counts().dropped_points;
    const std::uint64_t samples = samples_outlet_.queue().counts().dropped_points;
    say(
        fmt::format("no room (influx.queue_limit = {} bytes): {} points were dropped so far, the "
                    "oldest first: {} events, {} samples, {} on their way to the disk",
                    config_.queue_limit, dropped, events, samples, dropped - events - samples));
    dropped_told_ = dropped;
    dropped_told_at_ = now;
  }

  bool running_ = false;  // set before the thread is
  HistoryClock clock_;
  HistoryCadence quotes_due_, depth_due_, measures_due_;
  std::unique_ptr<HistoryLook> look_;  // that is being filled
  io::CallBridge to_process_;

  // --- between the two ---
  HistoryTape tape_{tape_bytes};
  SpscRing<std::unique_ptr<HistoryLook>> looks_{looks_kept}, free_{looks_kept};
  std::atomic<std::uint64_t> let_go_ = 0;
  const InfluxConfig config_;
  const InfluxServer server_;
  const std::function<void(std::string)> log_;

  io::Reactor reactor_;
  io::CallBridge to_writer_;
  HistoryFeed feed_;
  HistorySamples samples_;
  HistoryLines events_, sampled_;
  std::uint64_t clock_journal_ = 0;
  std::uint64_t on_disk_ = 0;   // units up to this one were, when this process began
  std::uint64_t seen_ = 0;      // the last unit
  std::uint64_t complete_ = 0;  // up to this one nothing is missing
  bool whole_ = true;
  HistoryOutlet events_outlet_, samples_outlet_;
  bool closing_ = false, told_up_ = false;
  std::string told_down_, said_;
  Instant said_at_, dropped_told_at_;
  std::uint64_t no_room_ = 0, dropped_told_ = 0;
  std::atomic<bool> up_ = false, down_ = false;
  std::atomic<std::uint64_t> written_ = 0, waiting_ = 0, waiting_bytes_ = 0, dropped_ = 0,
                             refused_ = 0;
  std::thread thread_;
};

HistoryWriter::HistoryWriter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HistoryWriter::~HistoryWriter() = default;
void HistoryWriter::on(const Event& event, Instant now, const Actions& actions) {
  parts_->on(event, now, actions);
}
void HistoryWriter::start() { parts_->start(); }
HistoryLook* HistoryWriter::due(Instant now) { return parts_->due(now); }
void HistoryWriter::looked() { parts_->looked(); }
HistoryStatus HistoryWriter::status() const { return parts_->status(); }
void HistoryWriter::close(Duration within) { parts_->close(within); }

Result<std::unique_ptr<HistoryWriter>, std::string> HistoryWriter::open(
    io::Reactor& reactor, const InfluxConfig& config, const std::string& engine,
    const std::filesystem::path& directory, std::function<void(std::string)> log) {
  auto server = InfluxServer::of(config);
  if (!server) return fail(server.error());
  const std::uint64_t share = share_of_events(config.queue_limit);
  auto events = io::DiskQueue::open(directory / "events", {.bytes = share});
  if (!events) return fail(events.error());
  auto samples = io::DiskQueue::open(directory / "samples", {.bytes = config.queue_limit - share});
  if (!samples) return fail(samples.error());
  return std::unique_ptr<HistoryWriter>(new HistoryWriter(
      std::make_unique<Parts>(reactor, config, std::move(*server), engine, std::move(*events),
                              std::move(*samples), std::move(log))));
}

}  // namespace ats::services

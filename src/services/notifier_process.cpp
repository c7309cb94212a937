#include "services/notifier_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/clock.hpp"
#include "services/bus_messages.hpp"
#include "services/notice_answer.hpp"
#include "services/running_process.hpp"
#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

constexpr Duration timer_every = milliseconds(100);
constexpr const char* at_a_time = "500";
constexpr std::size_t at_a_time_count = 500;
// What happened longer ago, before a stream was read for the first time, is known but not told.
constexpr Duration first_look_back = hours(1);
constexpr Duration down_told_after = seconds(60);

constexpr const char* bus_down = "bus_down";
constexpr const char* notices_missing = "notices_missing";
constexpr const char* stream_refused = "stream_refused";

// "1790000000123-7"
bool parse_entry(std::string_view text, NoticeCursor& out) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, out.journal);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, out.number);
  if (second.ec != std::errc() || second.ptr != end) return false;
  out.entry = text;
  return true;
}

}  // namespace

NotifierProcess::NotifierProcess(io::Reactor& reactor, const Config& config, Log& log)
    : reactor_(reactor), config_(config), log_(log) {}

NotifierProcess::~NotifierProcess() { reactor_.cancel(timer_); }

Result<std::unique_ptr<NotifierProcess>, std::string> NotifierProcess::open(io::Reactor& reactor,
                                                                            const Config& config,
                                                                            Log& log) {
  std::unique_ptr<NotifierProcess> process(new NotifierProcess(reactor, config, log));
  if (auto error = process->prepare()) return fail(std::move(*error));
  return process;
}

std::optional<std::string> NotifierProcess::prepare() {
  if (config_.bus.server.empty())
    return "redis.server is empty: the notifier hears of alerts over Redis (docs/notifications.md)";
  if (config_.notice.rules.empty()) {
    return "there is no rule: nobody would be told of anything; e.g. [notifier.rule.all] channels "
           "= [\"mail\"] (docs/notifications.md)";
  }
  const std::filesystem::path directory = notifier_directory(config_.data_dir);
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  auto control = ControlServer::open(reactor_, directory / "control.sock",
                                     [this](std::string_view request) { return answer(request); });
  if (!control) return control.error();
  control_ = std::move(*control);
  auto server = BusServer::of(config_.bus);
  if (!server) return server.error();
  server_.emplace(std::move(*server));
  auto notifier =
      Notifier::open(reactor_, config_.notice, directory / "notices.db",
                     [this](std::string text, LogLevel level) { say(std::move(text), level); });
  if (!notifier) return notifier.error();
  notifier_ = *std::move(notifier);
  std::vector<std::string> sources = config_.notice.sources;
  if (sources.empty()) sources = {config_.engine_name, "risk"};
  for (const std::string& source : sources) {
    for (const char* kind : {"alert", "notice"}) {
      auto stream = std::make_unique<Stream>();
      stream->key = fmt::format("ats.v1.{}.{}", kind, source);
      stream->source = source;
      stream->cursor = notifier_->cursor(stream->key);
      stream->first = stream->cursor.entry.empty();
      streams_.push_back(std::move(stream));
    }
  }
  if (!config_.risk_service.listen.empty()) {
    auto grpc = NotificationServer::open(
        reactor_, *notifier_, *this, config_.risk_service,
        [this](std::string line) { say(std::move(line), LogLevel::Warning); });
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

void NotifierProcess::start() {
  started_ = down_since_ = io::OsClock::now();
  down_why_ = "it was not reached yet";
  io::RedisClient::Outside outside;
  outside.up = [this] {
    down_since_ = {};
    say("redis " + config_.bus.server + ": answers");
    if (std::exchange(down_told_, false)) {
      notifier_->over(bus_down, config_.bus.server,
                      "redis answers again: what happened meanwhile is told now");
    }
    for (const auto& stream : streams_) stream->asking = false;
  };
  outside.down = [this](const std::string& why) {
    if (down_since_.ns == 0) down_since_ = io::OsClock::now();
    down_why_ = why;
    say("redis " + config_.bus.server + ": " + why + "; notices wait there", LogLevel::Warning);
  };
  redis_ = std::make_unique<io::RedisClient>(reactor_, server_->options(), std::move(outside));
  say(fmt::format("notifier: {} rules, {} channels", config_.notice.rules.size(),
                  config_.notice.channels.size()));
  if (grpc_) {
    grpc_->serve();
    say("gRPC ats.v1.Notifications on " + grpc_->address());
  }
  if (monitor_) say("metrics on " + monitor_->url() + "/metrics");
  tick();
}

void NotifierProcess::tick() {
  if (tick_due_.ns != 0) loop_lag_.record((io::OsClock::now() - tick_due_).ns);
  for (const auto& stream : streams_) ask(*stream);
  look_at_redis();
  timer_ = reactor_.after(timer_every, [this] { tick(); });
  tick_due_ = timer_.deadline;
}

void NotifierProcess::look_at_redis() {
  if (down_since_.ns == 0 || down_told_ || io::OsClock::now() - down_since_ < down_told_after)
    return;
  down_told_ = true;
  notifier_->raise(Severity::Critical, bus_down, config_.bus.server,
                   "no alert can be heard: redis " + config_.bus.server + " " + down_why_, true);
}

void NotifierProcess::ask(Stream& stream) {
  if (stream.asking || closing_ || !redis_ || !redis_->up()) return;
  const std::string from = stream.cursor.entry.empty() ? "-" : "(" + stream.cursor.entry;
  Stream* const at = &stream;
  stream.asking = redis_->send({"XRANGE", stream.key, from, "+", "COUNT", at_a_time},
                               [this, at](const auto& answer) {
                                 at->asking = false;
                                 if (answer && !closing_)
                                   hear(*at, *answer);  // else it is asked for again
                               });
}

void NotifierProcess::hear(Stream& stream, const io::RedisValue& answer) {
  if (answer.kind != io::RedisValue::Kind::List) {
    if (std::exchange(stream.refused, answer.text) != answer.text) {
      notifier_->raise(Severity::Critical, stream_refused, stream.key,
                       "no alert of " + stream.source + " can be read: " + answer.text, true);
    }
    return;
  }
  if (!std::exchange(stream.refused, {}).empty())
    notifier_->over(stream_refused, stream.key, stream.key + " can be read again");
  if (answer.list.empty()) {
    // From here on everything is news.
    stream.first = false;
    return;
  }
  const WallTime old{io::OsClock::wall().ns_utc - first_look_back.ns};
  std::vector<Notifier::Heard> heard;
  NoticeCursor cursor = stream.cursor;
  std::string missing;
  for (const io::RedisValue& entry : answer.list) {
    NoticeCursor next;
    if (entry.list.size() != 2 || !parse_entry(entry.list[0].text, next)) continue;
    const bool same = next.journal == cursor.journal;
    const std::uint64_t expected = same ? cursor.number + 1 : 1;
    if (next.number != expected && !(stream.first && cursor.entry.empty())) {
      missing = fmt::format("{} to {} of {}", expected, next.number - 1, stream.key);
    }
    cursor = next;
    const std::vector<io::RedisValue>& fields = entry.list[1].list;
    const auto notice = fields.size() == 2 ? read_notice(fields[1].text) : std::nullopt;
    if (!notice) {
      missing = fmt::format("{} of {}, which is no notice", cursor.entry, stream.key);
      continue;
    }
    heard.push_back({*notice, !stream.first || notice->at > old});
  }
  stream.settled += heard.size();
  notifier_->settle(stream.key, cursor, heard);
  stream.cursor = cursor;
  if (!missing.empty()) {
    notifier_->raise(Severity::Critical, notices_missing, stream.key,
                     "alerts were not heard, and nobody was told of them: " + missing +
                         " (redis.keep); see `ats risk alerts --all`");
  }
  if (answer.list.size() == at_a_time_count) ask(stream);
}

void NotifierProcess::close() {
  closing_ = true;
  reactor_.cancel(timer_);
  redis_.reset();
  monitor_.reset();
  grpc_.reset();
  notifier_->close();
  control_.reset();
}

void NotifierProcess::say(std::string text, LogLevel level) {
  log_.write({.text = std::move(text), .level = level, .time = io::OsClock::wall()});
}

std::string NotifierProcess::answer(std::string_view request) {
  const auto parsed = nlohmann::json::parse(request, nullptr, false);
  if (!parsed.is_object() || !notifier_) return answer_failed("not a request");
  if (text_field(parsed, "command") == "log")
    return answer_log(parsed, [this](LogLevel level) { log_.set_level(level); });
  return answer_notices(*notifier_, parsed);
}

void NotifierProcess::monitored(MonitorView& out) const {
  out.role = "notifier";
  out.life = 1;
  out.names = std::make_shared<const Universe>();
  out.loop_lag = loop_lag_;
  NotifierMonitorView& told = out.notifier.emplace();
  told.redis_up = redis_ && redis_->up();
  for (const auto& stream : streams_) told.streams.emplace_back(stream->key, stream->settled);
  told.channels = notifier_->channels();
  told.held = notifier_->store().held();
  told.open = notifier_->open_matters();
  told.now = io::OsClock::wall();
  if (started_.ns == 0) out.not_ready.emplace_back("it is starting");
  if (started_.ns != 0) out.running = io::OsClock::now() - started_;
  if (closing_) out.not_ready.emplace_back("it is stopping");
  if (!failure().empty()) out.not_ready.push_back(failure());
  if (!told.redis_up) out.degraded.push_back("redis " + config_.bus.server + " does not answer");
  for (const ChannelStatus& channel : told.channels) {
    if (!channel.last_failure.empty())
      out.degraded.push_back("channel " + channel.name + ": " + channel.last_failure);
  }
}

}  // namespace ats::services

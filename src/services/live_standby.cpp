// The lives of an engine: what earlier ones left is folded, by one that begins at once as by one that follows another until
// it is its turn. Then they are the same.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "services/live_engine.hpp"
#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

constexpr Duration heard_within = seconds(2);  // what is still on its way when we go

}  // namespace

FoldOptions LiveEngine::fold_options() {
  FoldOptions options;
  options.observe = [this](const Event& event, Instant now, const Actions& actions) {
    if (paper_) paper_->fold(event, actions);
    alerts_.on(event, now, actions);
    alerts_.clear_tellings();  // they were told then
    if (bus_) bus_->on(event, now, actions);
    if (tape_) tape_->on(event, now, actions);
    if (history_) history_->on(event, now, actions);
  };
  return options;
}

// Folds what earlier runs left.
std::optional<std::string> LiveEngine::restore() {
  std::error_code ec;
  FoldReport folded;
  io::JournalEnd end;
  if (std::filesystem::is_directory(setup_.journal_dir, ec)) {
    auto reader = io::JournalReader::open(setup_.journal_dir);
    if (!reader) return reader.error().detail;
    auto report = fold_journal(*reader, engine_, fold_options());
    if (!report) return report.error().detail;
    folded = std::move(*report);
    end = reader->end();
  }
  incarnation_ = folded.incarnation + 1;
  return begin_life(folded, end);
}

// Loads the metadata on top of the universe of what was folded, so that ids stay.
std::optional<std::string> LiveEngine::begin_life(FoldReport& folded, const io::JournalEnd& end) {
  if (folded.runs > 0 && folded.config.paper != setup_.config.core.paper) {
    return fmt::format("{}: is a journal of trades {}; use another data_dir",
                       setup_.journal_dir.string(),
                       folded.config.paper ? "on paper" : "with real money");
  }
  if (folded.difference) {
    return fmt::format(
        "{}: this program decides otherwise than the one that wrote the journal (first at record "
        "{}): "
        "finish with that one, or start with another data_dir",
        setup_.journal_dir.string(), folded.difference->sequence);
  }
  if (folded.torn_bytes > 0) {
    log_line(fmt::format("journal: an incomplete last record was cut off ({} bytes)",
                         folded.torn_bytes));
  }
  if (folded.runs > 0) {
    universe_ = std::move(folded.universe);
    log_line(
        fmt::format("journal: {} events of {} earlier runs folded", folded.events, folded.runs));
  }
  if (auto loaded = load_instruments(reactor_, setup_.config, tls_ ? &*tls_ : nullptr, universe_);
      !loaded) {
    return loaded.error();
  }
  warn_of_unlisted_quotes();
  auto writer = io::JournalWriter::open(setup_.journal_dir, end, setup_.config.journal_sync);
  if (!writer) return writer.error().detail;
  journal_.emplace(std::move(*writer));
  records_before_ = end.next_sequence - 1;
  auto reserve = io::HaltReserve::open(setup_.journal_dir.string() + "-halts");
  if (!reserve) return reserve.error();
  reserve_.emplace(std::move(*reserve));
  return std::nullopt;
}

// --- one of several ---

std::optional<std::string> LiveEngine::open_standby() {
  const Config& config = setup_.config;
  if (const auto sound = check_standby(config); !sound) return sound.error();
  names_ = std::make_shared<const Universe>();
  fold_ = std::make_unique<Fold>(folded_into(engine_), fold_options());
  Follower::Outside heard;
  heard.take = [this](const io::Record& record, const std::function<std::string()>& position) {
    return fold_->take(record, position) && !fold_->report().difference;
  };
  heard.log = [this](std::string line) { log_line(std::move(line)); };
  auto follower = Follower::open(reactor_, config, setup_.journal_dir, std::move(heard));
  if (!follower) return follower.error();
  follower_ = std::move(*follower);
  Leadership::Outside outside;
  outside.journal = [this] { return reach(); };
  outside.log = [this](std::string line) { log_line(std::move(line)); };
  auto leadership = Leadership::open(reactor_, config.standby, config.bus, config.engine_name,
                                     std::move(outside));
  if (!leadership) return leadership.error();
  leadership_ = std::move(*leadership);
  return open_monitor();
}

const JournalReach* LiveEngine::reach() {
  if (host_) {
    reach_ = {incarnation_, io::OsClock::wall(), records_before_ + journal_->records_written()};
  } else if (follower_->read()) {
    reach_ = {fold_->report().incarnation, fold_->report().last_wall, follower_->records()};
  } else {
    return nullptr;
  }
  return &reach_;
}

void LiveEngine::stand_by() {
  if (taking_lead_ || !failure_.empty()) return;
  const LeaderRule& rule = leadership_->rule();
  using Standing = LeaderRule::Standing;
  const Standing standing = leadership_->standing();
  if (standing == Standing::Replaced) {
    failure_ = rule.why();
  } else if (standing == Standing::Follows) {
    follower_->follow(leadership_->leader());
    if (fold_->report().difference) {
      failure_ = fmt::format(
          "this program decides otherwise than the one that leads (first at record {}): those that "
          "follow each other have to be of one version",
          fold_->report().difference->sequence);
    } else {
      failure_ = follower_->failure();
    }
  } else if (standing == Standing::Leads) {
    taking_lead_ = true;
    if (auto error = take_lead()) {
      failure_ = std::move(*error);
      leadership_->leave(heard_within);
    }
    taking_lead_ = false;
  }
}

// What a restart does: a new life, the term's, on what the one before left.
std::optional<std::string> LiveEngine::take_lead() {
  incarnation_ = leadership_->rule().term();
  const StandbyView before = standby();
  log_line(
      fmt::format("leads, term {}: it takes over after record {}", incarnation_, before.records));
  const io::JournalEnd end = follower_->release();
  if (auto error = begin_life(fold_->report(), end)) return error;
  if (auto error = prepare_to_trade()) return error;
  auto server = JournalServer::open(setup_.config, setup_.journal_dir);
  if (!server) return server.error();
  journal_server_ = std::move(*server);
  follower_.reset();
  fold_.reset();
  begin();
  log_line("gives its journal to those that follow on " + journal_server_->address());
  return std::nullopt;
}

// While it leads: whether it still does. What is sent asks the fence, and not this.
void LiveEngine::watch_lead() {
  using Standing = LeaderRule::Standing;
  const Standing standing = leadership_->standing();
  const Standing before = std::exchange(standing_, standing);
  if (standing == before) return;
  switch (standing) {
    case Standing::Leads:
      if (before == Standing::Lapsed)
        log_line("leads again, under the same term: nobody else did meanwhile");
      return;
    case Standing::Lapsed:
      log_line("its time as the leader is over: nothing is sent until it leads again",
               LogLevel::Warning);
      return;
    case Standing::Replaced:
      failure_ = "leads no more: " + leadership_->rule().why() +
                 "; nothing is sent any more, and started again it follows";
      log_line(failure_, LogLevel::Error);
      return;
    case Standing::Follows:
      return;
  }
}

bool LiveEngine::replaced() const {
  return leadership_ && leadership_->standing() == LeaderRule::Standing::Replaced;
}

// Whoever follows is to have all of it before it may lead.
bool LiveEngine::close_standby() {
  control_.reset();
  if (journal_server_ && failure_.empty()) journal_server_->drain(heard_within);
  leadership_->leave(heard_within);
  journal_server_.reset();
  return true;
}

StandbyView LiveEngine::standby() const {
  StandbyView out;
  const LeaderRule& rule = leadership_->rule();
  const LeaderRecord& record = rule.record();
  out.name = setup_.config.standby.name;
  out.standing = leadership_->standing();
  out.term = rule.term();
  if (out.standing == LeaderRule::Standing::Leads) out.left = rule.until() - io::OsClock::lasting();
  out.leader = leadership_->leader();
  out.leader_term = record.term;
  out.redis_up = leadership_->redis_up();
  out.why = rule.why();
  if (follower_) {
    out.following = follower_->up();
    out.records = follower_->records();
    if (record.journal.records > out.records)
      out.behind_records = record.journal.records - out.records;
    if (fold_ && record.journal.last > fold_->report().last_wall)
      out.behind = record.journal.last - fold_->report().last_wall;
  } else {
    out.records = records_before_ + journal_->records_written();
  }
  if (journal_server_) {
    const JournalServer::Status given = journal_server_->status();
    out.followers = given.followers;
    out.records_given = given.records;
  }
  for (const auto& driver : drivers_) out.fenced += driver->connections().fenced;
  return out;
}

void LiveEngine::monitored_following(MonitorView& out) const {
  out.running = started_.ns == 0 ? Duration{} : io::OsClock::now() - started_;
  if (bus_) out.bus = bus_->status();
  if (!failure_.empty()) out.not_ready.push_back(failure_);
  if (closing_) out.not_ready.emplace_back("it is stopping");
  if (!out.standby->following)
    out.not_ready.push_back(out.standby->leader.empty()
                                ? "nobody leads"
                                : "it does not hear the journal of " + out.standby->leader);
  if (!out.standby->redis_up)
    out.degraded.emplace_back("redis does not answer: it could not take over");
  if (!out.standby->why.empty()) out.degraded.push_back(out.standby->why);
}

std::string LiveEngine::answer_following(const nlohmann::json& request) const {
  if (!leadership_) return answer_failed("not a request");  // it is being opened
  if (text_field(request, "command") != "status") {
    const std::string leader = leadership_->leader();
    return answer_failed(leader.empty() ? "this engine follows, and nobody leads"
                                        : "this engine follows " + leader + ": ask that one");
  }
  return nlohmann::json{
      {"standby", standby_json(standby())},
      {"monitoring", monitor_ ? nlohmann::json(monitor_->address()) : nlohmann::json(nullptr)}}
      .dump();
}

}  // namespace ats::services

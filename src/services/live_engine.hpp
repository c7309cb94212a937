// The live system of one process, wired: venues' metadata, journal folded, core, drivers, control socket.
// Started and stopped in order; one thread.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/engine.hpp"
#include "io/halt_reserve.hpp"
#include "io/journal.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "report/alert_desk.hpp"
#include "services/bus_publisher.hpp"
#include "services/config.hpp"
#include "services/control.hpp"
#include "services/dashboard.hpp"
#include "services/engine_host.hpp"
#include "services/engine_source.hpp"
#include "services/fee_watch.hpp"
#include "services/fold.hpp"
#include "services/follower.hpp"
#include "services/history_writer.hpp"
#include "services/journal_server.hpp"
#include "services/leadership.hpp"
#include "services/lease_letters.hpp"
#include "services/lease_line.hpp"
#include "services/live_view.hpp"
#include "services/log.hpp"
#include "services/market_lines.hpp"
#include "services/metadata.hpp"
#include "services/monitor.hpp"
#include "services/paper_desk.hpp"
#include "services/reload.hpp"
#include "services/risk_role.hpp"
#include "services/risk_server.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

struct LiveSetup {
  std::string title;
  Config config;
  std::filesystem::path journal_dir;
  std::filesystem::path control_socket;
  std::map<std::string, venues::Credentials> credentials;  // by venue
  std::vector<std::string> warnings;                       // told at the start
  ReadConfig read_again;
  bool busy_poll = false;  // poll() is never left to sleep, and look() is called after each
  // One entry per thing that matters: trades, alerts, connections; whether debug entries are wanted now.
  std::function<void(const LogEntry&)> log = {};
  std::function<bool()> logs_debug = {};
  // Sets the level; null: it cannot be set.
  std::function<void(LogLevel)> set_log_level = {};
};

class LiveEngine final : private HostWatcher,
                         private RiskSource,
                         private EngineSource,
                         private MonitorSource {
 public:
  // Loads metadata, folds the journal, opens everything; nothing is sent yet but questions for metadata.
  // The error is one line a person can act on.
  static Result<std::unique_ptr<LiveEngine>, std::string> open(io::Reactor& reactor,
                                                               LiveSetup setup);
  ~LiveEngine() override;

  void start();
  // Of an engine of several: follows, and takes the lead when it is its turn. As often as there is time.
  void stand_by();
  // It trades, or may at any moment; false: it follows another.
  bool trades() const { return host_ != nullptr; }
  // What it has on disk is folded.
  bool up() const { return host_ || (follower_ && follower_->read()); }
  // Reads what collectors have told; they wake nobody who busy-polls.
  void look() {
    if (lines_) lines_->look();
  }
  // Asks the core to stop: no new trades, open legs are resolved; stopped() says when.
  void ask_to_stop(std::string_view who);
  void halt_everything(std::string_view who, std::string_view reason);
  // Has it read its configuration again, and take the limits; the log tells how it went.
  void reload(std::string_view who);
  bool stopped() const { return host_ ? host_->stopped() : left_; }
  // Not empty: the system can go on no more, and why.
  const std::string& failure() const {
    return failure_.empty() && host_ ? host_->failure() : failure_;
  }
  // Another leads now, or may: what is open here is that one's.
  bool replaced() const;
  // Closes connections and the journal. False: the journal could not be closed in order.
  bool close();

  // On paper: nothing is under way any more, and where the ledger is not what the paper exchange says.
  bool settled() const { return !paper_ || paper_->settled(); }
  std::vector<std::string> paper_differences() const;

  void view(LiveView& out) const override;
  const std::filesystem::path& journal_dir() const { return setup_.journal_dir; }
  // Null: there is none.
  const Dashboard* dashboard() const { return dashboard_.get(); }

 private:
  LiveEngine(io::Reactor& reactor, LiveSetup setup);
  std::optional<std::string> prepare();
  std::optional<std::string> prepare_to_trade();
  std::optional<std::string> open_monitor();
  std::optional<std::string> open_services();
  FoldOptions fold_options();
  std::optional<std::string> restore();
  std::optional<std::string> begin_life(FoldReport& folded, const io::JournalEnd& end);
  void begin();
  std::optional<std::string> open_standby();
  std::optional<std::string> take_lead();
  const JournalReach* reach();
  void watch_lead();
  bool close_standby();
  StandbyView standby() const;
  void monitored_following(MonitorView& out) const;
  std::string answer_following(const nlohmann::json& request) const;
  void warn_of_unlisted_quotes();
  void on_handled(const Event& event, Instant now, const Actions& actions) override;
  void on_failed(Instant now) override;
  void tell_alerts();
  void take_over(const Instrument& told);
  std::optional<std::string> find_role();
  void take_up_kept_halts();
  void log_line(std::string line, LogLevel level = LogLevel::Info);
  void log_entry(LogEntry entry);
  void log_steps(const Event& event, const Actions& actions);
  void tick();
  void lease();
  void show_books();
  void look_for_history(Instant now);
  void count_rates();
  void warn_of_clock(std::size_t driver);
  std::string answer(std::string_view request);
  const Universe& universe() const override { return universe_; }
  void status(CoreStatus& out) const override { engine_.status(out); }
  RiskTold risk() const override { return {engine_.risk(), &universe_}; }
  const report::AlertDesk& alerts() const override { return alerts_; }
  bool paper() const override { return paper_ != nullptr; }
  const RiskRole* role() const override { return role_.get(); }
  // The role in here is for this engine alone: whoever shares limits wants one that does not end with an engine.
  bool ask_lease(const LeaseQuestion&) override { return false; }
  Result<std::vector<std::string>, std::string> command(const Command& command) override;
  std::size_t levels(InstrumentId book, Side side, std::span<Level> out) const override {
    return engine_.levels(book, side, out);
  }
  const EventTape& tape() const override { return *tape_; }
  std::string_view reporting() const override { return setup_.config.core.reporting_asset.view(); }
  std::string configuration() const override { return to_toml(setup_.config); }
  std::filesystem::path journal() const override { return setup_.journal_dir; }
  void monitored(MonitorView& out) const override;

  io::Reactor& reactor_;
  LiveSetup setup_;
  std::optional<io::TlsContext> tls_;
  Universe universe_;
  std::shared_ptr<const Universe> names_;  // as it was when it changed last, for other threads
  core::Engine engine_;
  report::AlertDesk alerts_;
  std::uint32_t incarnation_ = 1;
  // Of an engine of several, of which one leads; null: it leads alone.
  std::unique_ptr<Leadership> leadership_;
  std::unique_ptr<Fold> fold_;                     // while it follows
  std::unique_ptr<Follower> follower_;             // likewise
  std::unique_ptr<JournalServer> journal_server_;  // while it leads
  JournalReach reach_;
  std::uint64_t records_before_ = 0;  // of the journal, before this life
  LeaderRule::Standing standing_ = LeaderRule::Standing::Follows;  // as told
  bool taking_lead_ = false, left_ = false;
  std::string failure_;
  std::optional<io::JournalWriter> journal_;
  std::optional<io::HaltReserve> reserve_;  // for halts that the journal has no room for
  std::unique_ptr<EngineHost> host_;
  // One of them, or none where the engine needs no lease.
  std::unique_ptr<RiskRole> role_;   // in this process
  std::unique_ptr<LeaseLine> line_;  // to that of another
  QuestionGatherer questions_;
  std::optional<LeaseQuestion> question_;  // asked in this turn
  bool role_failed_ = false, short_leases_told_ = false;
  std::unique_ptr<PaperDesk> paper_;  // null: orders are real
  std::vector<std::unique_ptr<io::VenueDriver>> drivers_;
  std::unique_ptr<MarketLines> lines_;  // null: the drivers have the market data
  std::unique_ptr<InstrumentWatch> watch_;
  std::unique_ptr<ControlServer> control_;
  io::TimerId tick_timer_;
  FeeWatch fees_;
  Instant tick_due_, books_shown_;
  Histogram loop_lag_;
  io::TimerId rate_timer_;
  std::vector<std::uint64_t> messages_before_;
  std::vector<std::uint64_t> per_second_;
  std::vector<bool> skew_told_;
  std::deque<std::string> news_;
  std::vector<std::string>* said_ = nullptr;  // alerts go there too
  Instant started_;
  bool closing_ = false;
  std::uint64_t shown_ = 0;                 // of the alerts' changes, to those who watch
  std::unique_ptr<BusPublisher> bus_;       // null: nobody is told
  std::optional<EventTape> tape_;           // where gRPC is asked for
  std::unique_ptr<HistoryWriter> history_;  // null: nothing is written
  // Null: not asked for. They ask all of the above, so they go first.
  std::unique_ptr<RiskServer> risk_server_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<Dashboard> dashboard_;
};

}  // namespace ats::services

// The live core on a recording: the same engine, risk included, the same journal, on the paper exchange's fills; only
// time and market data come from the recording. What it decides is a pure function of recording, configuration and
// seed: run again, it gives the same journal byte for byte.
//
// Every assumption is one of the paper exchange's (sim/paper_exchange.hpp) or stands in the setup.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/engine.hpp"
#include "io/journal.hpp"
#include "report/history.hpp"
#include "report/performance.hpp"
#include "services/book_witness.hpp"
#include "services/config.hpp"
#include "services/event_feed.hpp"
#include "sim/paper_exchange.hpp"

namespace ats::services {

struct BacktestPace {
  WallTime at;  // of the recording
  std::uint64_t records = 0, events = 0;
};

struct BacktestSetup {
  CoreConfig core;
  PaperConfig paper;
  std::optional<std::int64_t> from_ns,
      to_ns;                      // trades are opened between them; before, books are built
  std::filesystem::path journal;  // a directory that is new or empty; none: nothing is written
  Duration sample_every = seconds(1);
  // Every event and what followed, for those who watch.
  std::function<void(WallTime, const Event&, const Actions&)> observe = {};
  // How far it is, once in a thousand records or so.
  std::function<void(const BacktestPace&)> pace = {};
};

struct BacktestSample {
  WallTime at;
  Decimal profit;         // of all that was traded, in the reporting asset
  bool complete = false;  // every asset that it is made of had a mark
};

struct BacktestReport {
  WallTime first, last;  // of the recording
  WallTime opened, ended;
  std::uint64_t events = 0, records = 0;
  CoreStatus status;
  std::optional<Decimal> capital;  // worth of all accounts when all of them could be marked first
  std::vector<BacktestSample> samples;
  std::vector<std::string> violations;
  bool stopped = false;  // in order: nothing is open
};

class Backtest final : private EventSink {
 public:
  // The feed outlives it.
  Backtest(EventFeed& feed, BacktestSetup setup);

  // The error is one line a person can act on.
  Result<BacktestReport, std::string> run();
  const report::History& history() const { return history_; }

 private:
  static constexpr Duration timer_every = milliseconds(50);  // as live

  Status<std::string> begin(Instant at);
  Status<std::string> open_journal();
  Status<std::string> endow();
  // Lets happen what is due before the next record, or by then.
  void pass_until(Instant until);
  void on(const Event& event) override;
  void handle(const Event& event);
  void tick();
  void sample();
  void wind_down();
  void check_end();
  WallTime wall() const { return {now_.ns}; }

  EventFeed& feed_;
  BacktestSetup setup_;
  core::Engine engine_;
  sim::PaperExchange exchange_;
  std::optional<io::JournalWriter> journal_;  // nothing: none is written
  report::History history_;
  BookWitness witness_;
  Universe universe_;  // as the engine knows it
  Actions actions_;
  std::deque<Event> pending_;  // raised while another was handled
  bool busy_ = false;
  Instant now_, timer_due_, sample_due_;
  std::string failure_;
  BacktestReport report_;
};

}  // namespace ats::services

// The live core: one thread, one order of things. Every event is journalled, then handled; every action is
// journalled, then carried out. When the journal cannot be written nothing is carried out any more. The orders of
// an opportunity leave as soon as they stand, before the core has written down what it saw.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "core/engine.hpp"
#include "domain/event.hpp"
#include "io/journal.hpp"
#include "io/venue_driver.hpp"
#include "services/market_lines.hpp"
#include "services/paper_desk.hpp"

namespace ats::services {

// Sees what happened after it happened; for logs, counters, screens.
class HostWatcher {
 public:
  virtual void on_handled(const Event& event, Instant now, const Actions& actions) = 0;
  // Once: nothing is handled any more (EngineHost::failure() says why).
  virtual void on_failed(Instant) {}

 protected:
  ~HostWatcher() = default;
};

class EngineHost final : public EventSink, private core::Departures {
 public:
  EngineHost(core::Engine& engine, io::JournalWriter& journal, const Universe& universe);

  // The driver of one venue; outlives the host's use.
  void add_driver(io::VenueDriver& driver);
  void set_watcher(HostWatcher* watcher) { watcher_ = watcher; }
  // From now on nothing that concerns an account reaches a driver: it goes to the desk.
  void set_paper(PaperDesk* paper) { paper_ = paper; }

  // From now on what concerns market data is asked of these, and of no driver; null: of the drivers again.
  void set_market(MarketLines* market) { market_ = market; }

  void on(const Event& event) override;

  // Set once the journal could not be written: nothing is handled or carried out from then on.
  const std::string& failure() const { return failure_; }
  bool stopped() const { return stopped_; }  // the core has answered StopCommand

  // From the receipt of a market-data frame to the core's answer, ns: every event / those with orders.
  const Histogram& decision() const { return decision_; }
  const Histogram& order() const { return order_; }

 private:
  void handle(const Event& event);
  void leave() override { depart(actions_.size()); }
  // Journals and carries out what of actions_ has not left, up to there. False: it failed.
  bool depart(std::size_t to);
  void fail(std::string why);
  // Of actions_, [from, to). False: it failed, and nothing may leave any more.
  bool journal_actions(std::size_t from, std::size_t to);
  void carry_out(std::size_t from, std::size_t to);
  io::VenueDriver* driver_for(const Action& action) const;

  core::Engine& engine_;
  io::JournalWriter& journal_;
  const Universe& universe_;
  std::vector<io::VenueDriver*> drivers_;  // by venue
  HostWatcher* watcher_ = nullptr;
  PaperDesk* paper_ = nullptr;  // null: orders are real
  MarketLines* market_ = nullptr;
  Actions actions_;
  std::size_t left_ = 0;       // of them: journalled and carried out
  bool placed_ = false;        // orders among them
  Instant decided_;            // when the first of them were
  std::deque<Event> pending_;  // raised while an event was being handled
  bool busy_ = false;
  bool stopped_ = false;
  Instant now_;
  std::string failure_;
  Histogram decision_;
  Histogram order_;
};

}  // namespace ats::services

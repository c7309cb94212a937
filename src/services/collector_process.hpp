// A collector as a process of its own, wired: the venues' public market data in, a feed for engines out, a capture where
// one is wanted. It trades nothing and knows no key. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/collector_server.hpp"
#include "services/config.hpp"
#include "services/log.hpp"
#include "services/market_collector.hpp"
#include "services/market_feed.hpp"
#include "services/monitor.hpp"

namespace ats::services {

class CollectorProcess final : private FeedSource, private MonitorSource {
 public:
  // The error is one line a person can act on.
  static Result<std::unique_ptr<CollectorProcess>, std::string> open(io::Reactor& reactor,
                                                                     const Config& config,
                                                                     Log& log);
  ~CollectorProcess() override;

  void start();
  // After each turn of the loop.
  void turn();
  // Not empty: the capture cannot be written any more, and why.
  std::string failure() const { return collector_->failure(); }
  // Ends the feed, the capture and the connections. An error: the capture could not be closed in order.
  Status<std::string> close();

 private:
  CollectorProcess(io::Reactor& reactor, const Config& config, Log& log);
  std::optional<std::string> prepare();
  void tick();
  void count_rates();
  void log_line(const std::string& line) const;

  const Universe& universe() const override { return collector_->universe(); }
  bool market_up(VenueId venue) const override { return collector_->market_up(venue); }
  bool book_snapshot(InstrumentId instrument, BookSnapshot& out, std::vector<Level>& bids,
                     std::vector<Level>& asks) const override {
    return collector_->book_snapshot(instrument, out, bids, asks);
  }
  void asked(const Action& action) override { collector_->ask(action); }
  void monitored(MonitorView& out) const override;

  io::Reactor& reactor_;
  const Config config_;
  Log& log_;
  std::unique_ptr<MarketCollector> collector_;
  std::unique_ptr<MarketFeed> feed_;
  io::TimerId timer_, rate_timer_;
  Instant tick_due_, started_;
  Histogram loop_lag_;
  std::vector<std::uint64_t> messages_before_, per_second_;  // by driver
  bool closing_ = false;
  std::unique_ptr<CollectorServer> grpc_;  // null: not asked for
  std::unique_ptr<Monitor>
      monitor_;  // null: not asked for; asks all of the above, so it goes first
};

}  // namespace ats::services

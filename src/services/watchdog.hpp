// The dead man's switch of our own: a process beside the engine that holds connections to the venues, asks the
// engine every moment whether it is alive, and, when no answer comes for too long, cancels what of the engine's
// orders is still open, until the engine is back.
//
// It places nothing and knows no book: it is told of open orders by the venues themselves, and cancels those
// whose client order id is one of ours, again and again, until a venue has answered that there are none: a
// question that failed is no answer. An order that is not ours, or of an instrument that the configuration does
// not name, is left alone. What the orders had filled is the engine's to find, at its next start.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/event.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "io/venue_driver.hpp"
#include "services/config.hpp"

namespace ats::services {

struct WatchdogSetup {
  Config config;
  std::map<std::string, venues::Credentials> credentials;  // by venue; one without is not watched
  std::filesystem::path control_socket;                    // the engine's
  Duration silent_for = seconds(5);                        // then it counts as dead
  bool armed = false;  // act although the engine was never heard of
  std::function<void(const std::string&)> log;
};

class Watchdog final : private EventSink {
 public:
  static constexpr Duration beat_every = milliseconds(500);
  static constexpr Duration round_every = seconds(2);  // between two questions to a venue
  static constexpr std::uint32_t rounds_clear = 3;     // without an order of ours: nothing is open

  // Asks the venues what they list. The error is one line a person can act on.
  static Result<std::unique_ptr<Watchdog>, std::string> open(io::Reactor& reactor,
                                                             WatchdogSetup setup);
  ~Watchdog();

  void start();
  void stop();

  bool engine_alive() const { return alive_; }
  bool acting() const { return acting_; }
  // Since it began to act: cancels that left, and whether every venue has shown that nothing of ours is open.
  std::uint64_t cancels() const { return cancels_; }
  bool clear() const;

 private:
  struct Venue {
    std::unique_ptr<io::VenueDriver> driver;
    std::string name;
    bool up = false;
    Instant asked;            // for its open orders; zero: not yet
    std::uint32_t clear = 0;  // answers in a row that had none of ours
    bool told_clear = false;
  };

  Watchdog(io::Reactor& reactor, WatchdogSetup setup);
  std::optional<std::string> prepare();
  void on(const Event& event) override;
  void beat();
  void act(Instant now);
  static bool clear(const Venue& venue) { return venue.clear >= rounds_clear; }
  void begin();
  void end();
  void log(const std::string& line) const;

  io::Reactor& reactor_;
  WatchdogSetup setup_;
  std::optional<io::TlsContext> tls_;
  Universe universe_;
  std::vector<Venue> venues_;
  io::TimerId timer_;
  Instant heard_;  // of the engine
  bool alive_ = false;
  bool known_ = false;  // it was heard of, or is taken for dead from the start
  bool acting_ = false;
  std::uint64_t cancels_ = 0;
  std::size_t unwatched_ = 0;  // enabled venues that cannot be looked at
};

// `ats watchdog`.
int watchdog_command(int argc, const char* const* argv);

}  // namespace ats::services

// The in-memory world: simulated venues, their market, the network between, faults, a person and the
// death of the engine's process, all from one seed and on virtual time. The same seed and the same
// engine give the same events, byte for byte.
//
// The owner (services, or a test) steps it and brings what it hands over to an engine:
//
//   World world(config, seed);
//   while (world.now() < end) {
//     switch (world.step(sink)) {                    // sink.on(event): engine.on(event, world.now(), out)
//       case Step::Went: break;                      //   then for each action: if (!world.act(action)) die
//       case Step::EngineDied: engine.reset(); break;
//       case Step::EngineStarts: engine = folded from the journal; break;   // Started comes next
//     }
//   }
//
// The journal is the owner's: the world only says when the process dies. act() answering false means it
// died before that action took effect: the event is in the journal, the effect is not in the world.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"
#include "sim/link.hpp"
#include "sim/market.hpp"
#include "sim/timeline.hpp"

namespace ats::sim {

// One kind of fault on every venue it can show on: comes on average every `every`, lasts `length` on
// average, or for one occasion when that is zero. `by` is drawn up to the given size.
struct FaultRow {
  FaultKind kind = FaultKind::Gap;
  Duration every = hours(1);
  Duration length{};
  Duration by_max{};
};
// Every kind, at rates at which a day holds each of them many times and most of it is still calm.
std::vector<FaultRow> all_faults();

struct Endowment {
  VenueId venue;
  AssetId asset;
  Decimal amount;
};

struct WorldConfig {
  Universe universe;
  CoreConfig core;
  MarketConfig market;
  std::vector<LinkModel> links;  // by venue
  std::vector<Endowment> endowments;
  std::vector<FaultRow> faults;
  Duration timer_every = milliseconds(200);
  Duration crash_every{};                  // on average; zero = never
  Duration crash_last = hours(1'000'000);  // none after this long
  Duration down_for = seconds(8);
  Duration halt_every{};  // a person halts something; zero = never
  Duration halt_for = seconds(180);
  Duration stranger_every{};  // somebody else uses one of our accounts; zero = never
  Duration limit_every{};     // a person sets a limit, or takes it back; zero = never
  WallTime start{1'764'547'200'000'000'000};  // 2025-12-01T00:00:00Z
};

// Calibrated market and links for the universe, no faults. Each venue's account holds about 100,000 of
// the quote asset's worth of every base asset, and 300,000 of every quote asset.
WorldConfig default_world(Universe universe, double activity, double edges);

// Whether an action is done to a venue, and not told to somebody.
bool is_effect(const Action& action);

enum class Step : std::uint8_t { Went, EngineDied, EngineStarts };

class World {
 public:
  World(WorldConfig config, std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Lets the next thing happen. Hands at most one event to the sink.
  Step step(EventSink& sink);
  Instant now() const { return now_; }
  // When the next thing happens, no earlier than now; and to let time pass without anything of the world's, up to
  // then at most: something else happens first, to an engine that has company.
  Instant next() const;
  void pass_until(Instant at);
  WallTime wall() const { return config_.start + (now_ - Instant{}); }
  // An action of the engine, at now(). False: the process died before it took effect.
  bool act(const Action& action);

  // The engine's process dies now. Whatever it was doing is not done; the journal is the owner's.
  void kill() { die(); }

  // From here on no new fault, crash or command; what is in force ends by itself.
  void calm_down();
  // A person asks the engine to stop.
  void ask_to_stop();

  const Universe& universe() const { return config_.universe; }
  const CoreConfig& core_config() const { return config_.core; }
  const std::vector<std::unique_ptr<Link>>& links() const { return links_; }
  Market& market() { return *market_; }
  bool engine_up() const { return engine_up_; }
  std::uint32_t incarnation() const { return incarnation_; }
  // Since when the venue, its connections and the engine have been without trouble; Instant max: they
  // are not.
  Instant calm_since(VenueId venue) const;

  struct FaultCount {
    FaultKind kind;
    std::uint64_t injected = 0;
    std::uint64_t shown = 0;
  };
  std::vector<FaultCount> fault_counts() const;
  std::uint64_t crashes() const { return crashes_; }
  std::uint64_t commands() const { return commands_; }
  std::uint64_t strangers() const { return strangers_; }
  std::uint64_t events() const { return events_; }

 private:
  void start_engine();
  void deliver(const Upcoming& item, EventSink& sink);
  void hand(const Event& event, EventSink& sink);
  void plan_fault(std::uint32_t row, std::uint8_t venue);
  void inject(std::uint32_t row, std::uint8_t venue);
  void person_halts(EventSink& sink);
  void person_sets_limit(EventSink& sink);
  void plan_resume(const Scope& scope);
  void stranger();
  void die();
  bool may_die() const { return !calming_ && now_ - Instant{} < config_.crash_last; }
  Link& link_of(InstrumentId instrument);

  WorldConfig config_;
  Rng rng_;
  Timeline timeline_;
  std::vector<std::unique_ptr<Link>> links_;  // by venue
  std::unique_ptr<Market> market_;
  Instant now_{1};
  bool engine_up_ = false;
  bool starting_ = false;
  bool calming_ = false;
  bool stop_wanted_ = false;
  Instant engine_since_{};
  std::uint32_t incarnation_ = 0;
  std::uint32_t life_ = 0;  // crashes drawn in an earlier life do not count
  bool doomed_ = false;     // dies at one of the next actions
  std::vector<Scope> to_resume_;
  std::uint64_t crashes_ = 0, commands_ = 0, strangers_ = 0, events_ = 0;
};

}  // namespace ats::sim

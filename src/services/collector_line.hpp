// One collector's feed as an engine reads it: joined, read, left and joined again. Gives the collector's market events in
// the ids of the engine's own universe, and only of the instruments that both have in the same scales.
//
// It is lost, and tried again ever more slowly (at most every two seconds), when the collector ends, says nothing for
// two seconds, or writes faster than it is read here. Single-threaded: everything comes from Reactor::poll() or look().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "domain/action.hpp"
#include "domain/codec.hpp"
#include "domain/event.hpp"
#include "io/local_line.hpp"
#include "io/reactor.hpp"
#include "io/shared_ring.hpp"

namespace ats::services {

struct CollectorStatus {
  std::string name;  // its socket
  bool up = false;   // joined, and everything there was is read
  std::uint64_t joined = 0;
  std::uint64_t overruns = 0;
  std::uint64_t events = 0;
  std::uint64_t behind_bytes = 0;
  std::string last_loss;
};

class CollectorLine final : private io::LocalLineOwner, private io::Handler {
 public:
  static constexpr Duration silence_max = seconds(2);
  static constexpr Duration retry_max = seconds(2);

  class Owner {
   public:
    // The collector's universe is known: which of its instruments it serves, by the engine's ids.
    virtual void joined(CollectorLine& line) = 0;
    virtual void heard(CollectorLine& line, const Event& event) = 0;
    // It was joined, and everything that it served it serves no more.
    virtual void lost(CollectorLine& line) = 0;

   protected:
    ~Owner() = default;
  };

  // Everything outlives the line.
  CollectorLine(io::Reactor& reactor, std::filesystem::path socket, const Universe& universe,
                Owner& owner, std::uint64_t jitter_seed, std::function<void(std::string)> log);
  ~CollectorLine() override;

  // `sleeps`: is to be woken by the collector; else look() is called all the time.
  void start(bool sleeps);
  // Reads what there is.
  void look();
  // Leaves and joins again at once: what it serves is told anew.
  void join_again();
  // False: it did not leave.
  bool ask(const Action& action);
  bool serves(InstrumentId instrument) const {
    return known_ && instrument.index() < theirs_.size() && theirs_[instrument.index()].valid();
  }
  CollectorStatus status() const;

 private:
  void line_message(io::LocalLine& line, std::span<const std::byte> message,
                    std::vector<io::Descriptor> with) override;
  void line_lost(io::LocalLine& line) override;
  void on_ready(io::Ready ready) override;
  void connect();
  void watch();
  void begin(std::span<const std::byte> message, std::vector<io::Descriptor> with);
  void read(bool own);
  void know(const Universe& theirs);
  // Puts our ids into it. False: it is none of ours.
  bool translate(Event& event) const;
  void give_up(const std::string& why);

  io::Reactor& reactor_;
  const std::filesystem::path socket_;
  const Universe& universe_;
  Owner& owner_;
  std::function<void(std::string)> log_;
  Rng jitter_;
  bool sleeps_ = true;
  std::unique_ptr<io::LocalLine> line_;
  std::optional<io::SharedRingReader> ring_;
  io::Descriptor wake_;
  std::uint32_t reader_ = 0;
  bool known_ = false;  // the universe has come
  bool reading_ = false;
  std::optional<std::string> broken_;  // while reading: given up afterwards
  Instant heard_;                      // or connected
  DecodedEvent decoded_;
  std::vector<InstrumentId> ours_;    // by their instrument; invalid: not taken
  std::vector<VenueId> our_venues_;   // by their venue
  std::vector<InstrumentId> theirs_;  // by our instrument
  Duration wait_ = milliseconds(100);
  io::TimerId retry_, watch_, more_;
  CollectorStatus counts_;
  std::string told_;  // why it could not be joined, so that it is told once
};

}  // namespace ats::services

// What a collector tells the engines beside it: every market event, as it was decoded, through a ring of memory they
// share; and what engines ask of it.
//
// A feed has a Unix socket. Who connects says FeedHello and is answered FeedWelcome, with the descriptors of the ring and
// of what wakes it. From the position in it the ring has, for that reader alone,
//   Started       with the collector's universe, whose ids all events have,
//   ConnectionUp  of each venue whose market data is up,
//   BookSnapshot  of each book that stands,
//   Timer         the end of this;
// and for all, among it and from then on, every event in its order, and a Timer several times a second. So whoever joins
// late, or was overrun and joins again, has after one read what all others have. Nothing is kept for anybody: a reader
// that does not keep up is overrun, and holds up nobody.
//
// Over the socket a reader sends actions (RequestSnapshot, Resubscribe, RequestImage), by the collector's ids.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "io/local_line.hpp"
#include "io/reactor.hpp"
#include "io/shared_ring.hpp"

namespace ats::services {

// Of both messages; by each other's codec_version they would misread events.
constexpr std::uint32_t feed_magic = 0x41'54'46'31;
constexpr Duration feed_alive_every = milliseconds(250);

struct FeedHello {
  std::uint32_t magic = feed_magic;
  std::uint16_t codec = 0;
  std::uint16_t woken = 1;  // 0: it never sleeps, and is not to be woken
};

struct FeedWelcome {
  std::uint32_t magic = feed_magic;
  std::uint16_t codec = 0;
  std::uint16_t refused = 0;  // 1: they speak differently, and nothing follows
  std::uint64_t reader = 0;   // as the ring's records name it
  std::uint64_t position = 0;
  std::int64_t now = 0;  // of the clock that receive times are of
};

// The collector, as its feed asks it.
class FeedSource {
 public:
  virtual const Universe& universe() const = 0;
  virtual bool market_up(VenueId venue) const = 0;
  // As BookSet::snapshot().
  virtual bool book_snapshot(InstrumentId instrument, BookSnapshot& out, std::vector<Level>& bids,
                             std::vector<Level>& asks) const = 0;
  // One of the three actions, of an instrument it has.
  virtual void asked(const Action& action) = 0;

 protected:
  ~FeedSource() = default;
};

struct FeedStatus {
  std::size_t readers = 0;
  std::uint64_t joined = 0;
  std::uint64_t refused = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t asked = 0;
};

class MarketFeed final : private io::LocalLineOwner {
 public:
  // `ring_bytes`: a power of two. The error is one line a person can act on.
  static Result<std::unique_ptr<MarketFeed>, std::string> open(
      io::Reactor& reactor, const std::filesystem::path& socket, std::size_t ring_bytes,
      FeedSource& source, std::function<void(std::string)> log);
  ~MarketFeed();

  void publish(const Event& event, Instant now);
  // After each turn of the loop: those who sleep are woken if anything was published.
  void flush();
  // Tells that it is alive, when that is due.
  void tick(Instant now);
  FeedStatus status() const;

 private:
  struct Reader {
    std::unique_ptr<io::LocalLine> line;
    std::uint32_t number = 0;  // zero: has not said what it is
    io::Descriptor wake;       // not valid: is not woken
  };

  MarketFeed(io::Reactor& reactor, io::SharedRingWriter ring, FeedSource& source,
             std::function<void(std::string)> log);
  void line_message(io::LocalLine& line, std::span<const std::byte> message,
                    std::vector<io::Descriptor> with) override;
  void line_lost(io::LocalLine& line) override;
  void greet(Reader& reader, std::span<const std::byte> message);
  void tell_all_to(std::uint32_t reader);
  void write(std::uint32_t reader, const Event& event, Instant now);
  Reader& reader_of(io::LocalLine& line);

  io::Reactor& reactor_;
  io::SharedRingWriter ring_;
  FeedSource& source_;
  std::function<void(std::string)> log_;
  std::unique_ptr<io::LocalServer> server_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::byte> bytes_;
  std::uint32_t next_ = 1;
  io::RingPosition flushed_ = 0;
  Instant alive_due_;
  FeedStatus counts_;
};

}  // namespace ats::services

#include "services/collector_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "io/clock.hpp"
#include "services/market_feed.hpp"

namespace ats::services {
namespace {

constexpr Duration wait_first = milliseconds(100);
constexpr Duration watch_every = milliseconds(250);
// Two readings of one clock, one on each side of a socket.
constexpr Duration same_clock = seconds(5);
// Read without looking at anything else: the loop has other work as well.
constexpr int records_a_turn = 4096;

}  // namespace

CollectorLine::CollectorLine(io::Reactor& reactor, std::filesystem::path socket,
                             const Universe& universe, Owner& owner, std::uint64_t jitter_seed,
                             std::function<void(std::string)> log)
    : reactor_(reactor),
      socket_(std::move(socket)),
      universe_(universe),
      owner_(owner),
      log_(std::move(log)),
      jitter_(jitter_seed) {
  counts_.name = socket_.string();
}

CollectorLine::~CollectorLine() {
  reactor_.cancel(retry_);
  reactor_.cancel(watch_);
  reactor_.cancel(more_);
  if (wake_.valid()) reactor_.remove(wake_.get());
}

void CollectorLine::start(bool sleeps) {
  sleeps_ = sleeps;
  connect();
  watch();
}

void CollectorLine::connect() {
  auto line = io::LocalLine::connect(reactor_, socket_, *this);
  if (!line) return give_up(io::local_error_text(line.error(), socket_));
  line_ = *std::move(line);
  heard_ = io::OsClock::now();
  const FeedHello hello{feed_magic, codec_version, static_cast<std::uint16_t>(sleeps_ ? 1 : 0)};
  if (!line_->send(std::as_bytes(std::span(&hello, 1))))
    give_up("it does not read what it is asked");
}

void CollectorLine::watch() {
  watch_ = reactor_.after(watch_every, [this] { watch(); });
  look();
  if (line_ && io::OsClock::now() - heard_ > silence_max) give_up("it says nothing");
}

void CollectorLine::line_message(io::LocalLine&, std::span<const std::byte> message,
                                 std::vector<io::Descriptor> with) {
  if (ring_) return give_up("it sends what no feed sends");
  begin(message, std::move(with));
}

void CollectorLine::line_lost(io::LocalLine&) { give_up("it has ended"); }

void CollectorLine::begin(std::span<const std::byte> message, std::vector<io::Descriptor> with) {
  FeedWelcome welcome;
  if (message.size() != sizeof welcome) return give_up("it answers otherwise than a feed");
  std::memcpy(&welcome, message.data(), sizeof welcome);
  if (welcome.magic != feed_magic || welcome.codec != codec_version || welcome.refused != 0)
    return give_up("it is of another version of ats: run the same on both sides");
  if (with.size() != (sleeps_ ? 2U : 1U)) return give_up("it answers otherwise than a feed");
  const Duration apart = io::OsClock::now() - Instant{welcome.now};
  if (apart > same_clock || apart < Duration{-same_clock.ns})
    return give_up("its clock is not this machine's: receive times would mean nothing here");
  auto ring = io::SharedRingReader::open(std::move(with[0]), welcome.position);
  if (!ring) return give_up(ring.error());
  ring_.emplace(*std::move(ring));
  reader_ = static_cast<std::uint32_t>(welcome.reader);
  if (sleeps_) {
    wake_ = std::move(with[1]);
    reactor_.add(wake_.get(), io::Interest::Read, *this);
  }
  look();
}

void CollectorLine::on_ready(io::Ready) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  look();
}

void CollectorLine::look() {
  if (!ring_ || reading_) return;
  reading_ = true;
  using Found = io::SharedRingReader::Found;
  Found found = Found::Nothing;
  bool any = false;
  for (int n = 0; n < records_a_turn && !broken_; ++n) {
    found = ring_->next();
    if (found != Found::Record) break;
    const bool own = ring_->reader() == reader_;
    if (ring_->reader() != 0 && !own) continue;
    if (const auto read_back = decode_event(ring_->record(), decoded_); !read_back) {
      broken_ = std::string("it tells what cannot be read: ") + name(read_back.error());
      break;
    }
    any = true;
    read(own);
  }
  reading_ = false;
  if (any) heard_ = io::OsClock::now();
  if (found == Found::Overrun) {
    ++counts_.overruns;
    broken_ = "this engine does not keep up with it";
  }
  if (broken_) return give_up(*std::exchange(broken_, std::nullopt));
  // Nobody wakes us for what is there already.
  if (found == Found::Record && sleeps_ && !more_.set())
    more_ = reactor_.after({}, [this] {
      more_ = {};
      look();
    });
}

void CollectorLine::read(bool own) {
  if (std::holds_alternative<Started>(decoded_.event)) return know(decoded_.universe);
  if (!known_) return;  // told to all, between the position and what is told to us
  if (std::holds_alternative<Timer>(decoded_.event)) {
    if (!own) return;
    counts_.up = true;
    wait_ = wait_first;
    told_.clear();
    log_(fmt::format("collector {} joined: {} of its {} instruments", counts_.name,
                     std::ranges::count_if(ours_, [](InstrumentId id) { return id.valid(); }),
                     ours_.size()));
    return;
  }
  if (!translate(decoded_.event)) return;
  ++counts_.events;
  owner_.heard(*this, decoded_.event);
}

void CollectorLine::know(const Universe& theirs) {
  ours_.assign(theirs.instruments().size(), {});
  our_venues_.assign(theirs.venues().size(), {});
  theirs_.assign(universe_.instruments().size(), {});
  for (std::size_t n = 0; n < our_venues_.size(); ++n)
    our_venues_[n] = universe_.find_venue(theirs.venues()[n].name.view());
  for (const Instrument& other : theirs.instruments()) {
    const VenueId venue = our_venues_[other.venue.index()];
    if (!venue.valid()) continue;
    const InstrumentId id = universe_.find_instrument(venue, other.symbol.view());
    if (!id.valid()) continue;
    const Instrument& held = universe_.instrument(id);
    if (held.price_scale != other.price_scale || held.qty_scale != other.qty_scale) {
      log_(
          fmt::format("{}: the collector {} counts it in other units, and it is not taken: start "
                      "anew whichever is older",
                      universe_.instrument_name(id), counts_.name));
      continue;
    }
    ours_[other.id.index()] = id;
    theirs_[id.index()] = other.id;
  }
  known_ = true;
  ++counts_.joined;
  owner_.joined(*this);
}

bool CollectorLine::translate(Event& event) const {
  const auto instrument = [this](InstrumentId& id) {
    if (id.index() >= ours_.size()) return false;
    id = ours_[id.index()];
    return id.valid();
  };
  const auto venue = [this](VenueId& id) {
    if (id.index() >= our_venues_.size()) return false;
    id = our_venues_[id.index()];
    return id.valid();
  };
  return std::visit(
      [&](auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, BookSnapshot> || std::is_same_v<E, BookDelta> ||
                      std::is_same_v<E, Trade> || std::is_same_v<E, Quote> ||
                      std::is_same_v<E, BookImage>) {
          return instrument(e.instrument);
        } else if constexpr (std::is_same_v<E, ConnectionUp> || std::is_same_v<E, ConnectionDown>) {
          return e.channel == Channel::MarketData && venue(e.venue);
        } else if constexpr (std::is_same_v<E, Heartbeat>) {
          return venue(e.venue);
        } else if constexpr (std::is_same_v<E, BookFault>) {
          return venue(e.venue) && (!e.instrument.valid() || instrument(e.instrument));
        } else {
          return false;  // of the collector's own matters, or of an account
        }
      },
      event);
}

bool CollectorLine::ask(const Action& action) {
  if (!known_ || !line_) return false;
  Action theirs = action;
  std::visit(
      [this](auto& a) {
        using A = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<A, RequestSnapshot> || std::is_same_v<A, Resubscribe> ||
                      std::is_same_v<A, RequestImage>)
          a.instrument = theirs_[a.instrument.index()];
      },
      theirs);
  std::vector<std::byte> bytes;
  encode_action(theirs, bytes);
  return line_->send(bytes);
}

void CollectorLine::join_again() {
  if (reading_) {
    broken_ = "it is joined anew";
  } else {
    give_up("it is joined anew");
  }
}

void CollectorLine::give_up(const std::string& why) {
  if (wake_.valid()) reactor_.remove(wake_.get());
  wake_.reset();
  line_.reset();
  ring_.reset();
  counts_.up = false;
  counts_.last_loss = why;
  if (std::exchange(told_, why) != why) log_("collector " + counts_.name + ": " + why);
  reactor_.cancel(retry_);
  const std::int64_t half = wait_.ns / 2;
  retry_ = reactor_.after(Duration{half + static_cast<std::int64_t>(
                                              jitter_.below(static_cast<std::uint64_t>(half) + 1))},
                          [this] { connect(); });
  wait_ = std::min(wait_ * 2, retry_max);
  if (std::exchange(known_, false)) owner_.lost(*this);
}

CollectorStatus CollectorLine::status() const {
  CollectorStatus status = counts_;
  if (ring_) status.behind_bytes = ring_->behind();
  return status;
}

}  // namespace ats::services

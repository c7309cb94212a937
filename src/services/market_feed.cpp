#include "services/market_feed.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "io/clock.hpp"
#include "services/book_feed.hpp"

namespace ats::services {

Result<std::unique_ptr<MarketFeed>, std::string> MarketFeed::open(
    io::Reactor& reactor, const std::filesystem::path& socket, std::size_t ring_bytes,
    FeedSource& source, std::function<void(std::string)> log) {
  auto ring = io::SharedRingWriter::make(ring_bytes);
  if (!ring) return fail(ring.error());
  std::unique_ptr<MarketFeed> feed(
      new MarketFeed(reactor, *std::move(ring), source, std::move(log)));
  MarketFeed& self = *feed;
  auto server = io::LocalServer::open(reactor, socket, [&self](io::Descriptor peer) {
    auto& reader = self.readers_.emplace_back(std::make_unique<Reader>());
    io::LocalLineOwner& owner = self;
    reader->line = std::make_unique<io::LocalLine>(self.reactor_, std::move(peer), owner);
  });
  if (!server) return fail(server.error());
  feed->server_ = *std::move(server);
  return feed;
}

MarketFeed::MarketFeed(io::Reactor& reactor, io::SharedRingWriter ring, FeedSource& source,
                       std::function<void(std::string)> log)
    : reactor_(reactor), ring_(std::move(ring)), source_(source), log_(std::move(log)) {}

MarketFeed::~MarketFeed() = default;

void MarketFeed::publish(const Event& event, Instant now) { write(0, event, now); }

void MarketFeed::write(std::uint32_t reader, const Event& event, Instant now) {
  bytes_.clear();
  encode_event(event, now, bytes_);
  if (bytes_.size() <= ring_.record_max()) {
    ring_.write(reader, bytes_);
    counts_.bytes += bytes_.size();
    return;
  }
  // Readers are told that they lack something, and of which book.
  BookFault hole{{}, venue_of(event, source_.universe()), BookFaultReason::SequenceGap};
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event))
    hole.instrument = snapshot->instrument;
  if (const auto* delta = std::get_if<BookDelta>(&event)) hole.instrument = delta->instrument;
  log_(fmt::format("an event of {} bytes does not fit into market.feed_ring: make it larger",
                   bytes_.size()));
  if (!hole.venue.valid()) return;
  bytes_.clear();
  encode_event(hole, now, bytes_);
  ring_.write(reader, bytes_);
}

void MarketFeed::flush() {
  if (std::exchange(flushed_, ring_.position()) == ring_.position()) return;
  for (const auto& reader : readers_) {
    if (!reader->wake.valid()) continue;
    const std::uint64_t one = 1;
    // Full only after more wakings than there are: then it is woken already.
    [[maybe_unused]] const ssize_t written = ::write(reader->wake.get(), &one, sizeof one);
  }
}

void MarketFeed::tick(Instant now) {
  if (now < alive_due_) return;
  alive_due_ = now + feed_alive_every;
  write(0, Timer{io::OsClock::wall()}, now);
}

FeedStatus MarketFeed::status() const {
  FeedStatus status = counts_;
  status.records = ring_.records();
  status.readers = static_cast<std::size_t>(
      std::ranges::count_if(readers_, [](const auto& reader) { return reader->number != 0; }));
  return status;
}

MarketFeed::Reader& MarketFeed::reader_of(io::LocalLine& line) {
  const auto found = std::ranges::find_if(
      readers_, [&](const auto& reader) { return reader->line.get() == &line; });
  ATS_ASSERT(found != readers_.end());
  return **found;
}

void MarketFeed::line_message(io::LocalLine& line, std::span<const std::byte> message,
                              std::vector<io::Descriptor>) {
  Reader& reader = reader_of(line);
  if (reader.number == 0) return greet(reader, message);
  const auto action = decode_action(message);
  const InstrumentId instrument = action ? book_asked_for(*action) : InstrumentId{};
  if (!instrument.valid() || instrument.index() >= source_.universe().instruments().size()) {
    log_(fmt::format("reader {} of the feed asked for what there is not, and is cut off",
                     reader.number));
    return line_lost(line);
  }
  ++counts_.asked;
  source_.asked(*action);
}

void MarketFeed::greet(Reader& reader, std::span<const std::byte> message) {
  FeedHello hello;
  if (message.size() == sizeof hello) std::memcpy(&hello, message.data(), sizeof hello);
  FeedWelcome welcome;
  welcome.codec = codec_version;
  const bool same =
      message.size() == sizeof hello && hello.magic == feed_magic && hello.codec == codec_version;
  if (same && hello.woken != 0) {
    reader.wake = io::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!reader.wake.valid()) return line_lost(*reader.line);
  }
  welcome.refused = same ? 0 : 1;
  welcome.reader = same ? next_++ : 0;
  welcome.position = ring_.position();
  welcome.now = io::OsClock::now().ns;
  const auto bytes = std::as_bytes(std::span(&welcome, 1));
  if (!same) {
    ++counts_.refused;
    log_("a reader of the feed is of another version of ats, and is refused");
    reader.line->send(bytes);
    return line_lost(*reader.line);
  }
  const bool sent = reader.wake.valid()
                        ? reader.line->send(bytes, {ring_.descriptor(), reader.wake.get()})
                        : reader.line->send(bytes, {ring_.descriptor()});
  if (!sent) return line_lost(*reader.line);
  reader.number = static_cast<std::uint32_t>(welcome.reader);
  ++counts_.joined;
  log_(fmt::format("reader {} has joined the feed", reader.number));
  tell_all_to(reader.number);
}

void MarketFeed::tell_all_to(std::uint32_t reader) {
  static const CoreConfig of_nobody;
  const Instant now = io::OsClock::now();
  const Universe& universe = source_.universe();
  write(reader, Started{0, io::OsClock::wall(), &universe, &of_nobody}, now);
  for (std::size_t n = 0; n < universe.venues().size(); ++n) {
    const VenueId venue{static_cast<VenueId::rep>(n)};
    if (source_.market_up(venue)) write(reader, ConnectionUp{venue, Channel::MarketData}, now);
  }
  BookSnapshot snapshot;
  std::vector<Level> bids, asks;
  for (const Instrument& instrument : universe.instruments()) {
    if (source_.book_snapshot(instrument.id, snapshot, bids, asks)) write(reader, snapshot, now);
  }
  write(reader, Timer{io::OsClock::wall()}, now);
}

void MarketFeed::line_lost(io::LocalLine& line) {
  const auto found = std::ranges::find_if(
      readers_, [&](const auto& reader) { return reader->line.get() == &line; });
  ATS_ASSERT(found != readers_.end());
  if ((*found)->number != 0) log_(fmt::format("reader {} has left the feed", (*found)->number));
  readers_.erase(found);
}

}  // namespace ats::services

// A feed and those who listen to it, joined by a real socket and real shared memory: what comes out is what went in.
#include "services/market_feed.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"
#include "domain/codec.hpp"
#include "io/clock.hpp"
#include "services/book_feed.hpp"
#include "services/market_lines.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

// Of two venues; the engine's in another order than the collector's, and with one more.
void add_venue(Universe& universe, const char* venue, std::initializer_list<const char*> symbols,
               std::uint8_t price_scale = 2) {
  const VenueId id = universe.add_venue(venue, venues::find_protocol(venue)->rules);
  for (const char* symbol : symbols) {
    Instrument i;
    i.venue = id;
    i.base = universe.add_asset(symbol);
    i.quote = universe.add_asset("USDT");
    i.symbol = symbol;
    i.tick = 1;
    i.price_scale = price_scale;
    i.qty_scale = 4;
    universe.add_instrument(i);
  }
}

// A collector's books and feed, without venues.
class Collector final : public FeedSource {
 public:
  Collector(io::Reactor& reactor, std::filesystem::path socket,
            const std::function<void(Universe&)>& fill, std::size_t ring = 1 << 20)
      : up_(4) {
    fill(universe_);
    books_.emplace(universe_);
    auto feed = MarketFeed::open(reactor, socket, ring, *this,
                                 [this](const std::string& line) { log.push_back(line); });
    EXPECT_TRUE(feed.ok()) << feed.error();
    feed_ = *std::move(feed);
  }
  void tell(const Event& event) {
    const VenueId venue = venue_of(event, universe_);
    Actions actions;
    if (const auto* up = std::get_if<ConnectionUp>(&event)) up_[up->venue.index()] = true;
    if (const auto* down = std::get_if<ConnectionDown>(&event)) up_[down->venue.index()] = false;
    feed_books(*books_, venue, event, io::OsClock::now(), actions);
    feed_->publish(event, io::OsClock::now());
  }
  void turn() { feed_->tick(io::OsClock::now()), feed_->flush(); }

  const Universe& universe() const override { return universe_; }
  bool market_up(VenueId venue) const override { return up_[venue.index()]; }
  bool book_snapshot(InstrumentId instrument, BookSnapshot& out, std::vector<Level>& bids,
                     std::vector<Level>& asks) const override {
    return books_->snapshot(instrument, out, bids, asks);
  }
  void asked(const Action& action) override { asked_for.push_back(action); }

  MarketFeed& feed() { return *feed_; }
  const core::BookSet& books() const { return *books_; }
  std::vector<Action> asked_for;
  std::vector<std::string> log;

 private:
  Universe universe_;
  std::optional<core::BookSet> books_;
  std::vector<bool> up_;
  std::unique_ptr<MarketFeed> feed_;
};

class MarketFeeds : public testing::Test, protected EventSink {
 protected:
  MarketFeeds() : dir_(std::filesystem::temp_directory_path() / ("ats-feed-" + unique())) {
    std::filesystem::create_directories(dir_);
    add_venue(universe_, "kraken", {"ETH", "BTC"});
    add_venue(universe_, "binance", {"BTC", "DOGE", "ETH"});
    books_.emplace(universe_);
  }
  ~MarketFeeds() override { std::filesystem::remove_all(dir_); }
  static std::string unique() {
    static int n = 0;
    return std::to_string(::getpid()) + "-" + std::to_string(n++);
  }
  std::filesystem::path socket(const char* name) const { return dir_ / name; }

  void listen(std::vector<std::filesystem::path> sockets, bool sleeps = true) {
    EventSink& sink = *this;
    lines_.emplace(reactor_, sockets, universe_, sink, 7,
                   [this](std::string line) { log_.push_back(std::move(line)); });
    lines_->start(sleeps);
  }
  void on(const Event& event) override {
    std::vector<std::byte> bytes;
    encode_event(event, {}, bytes);
    heard_.push_back(std::move(bytes));
    Actions actions;
    feed_books(*books_, venue_of(event, universe_), event, io::OsClock::now(), actions);
    if (const auto* fault = std::get_if<BookFault>(&event)) faults_.push_back(*fault);
    if (const auto* up = std::get_if<ConnectionUp>(&event)) changes_.emplace_back(up->venue, true);
    if (const auto* down = std::get_if<ConnectionDown>(&event))
      changes_.emplace_back(down->venue, false);
  }
  // Until it holds, or for five seconds.
  bool turn_until(const std::function<bool()>& holds, std::vector<Collector*> collectors) {
    const Instant until = io::OsClock::now() + seconds(5);
    while (!holds() && io::OsClock::now() < until) {
      reactor_.poll(milliseconds(5));
      for (Collector* each : collectors) each->turn();
    }
    return holds();
  }
  bool joined(std::size_t line = 0) const { return lines_->status()[line].up; }
  InstrumentId ours(const char* venue, const char* symbol) const {
    return universe_.find_instrument(universe_.find_venue(venue), symbol);
  }

  const std::filesystem::path dir_;
  io::Reactor reactor_;
  Universe universe_;
  std::optional<core::BookSet> books_;
  std::optional<MarketLines> lines_;
  std::vector<std::vector<std::byte>> heard_;
  std::vector<BookFault> faults_;
  std::vector<std::pair<VenueId, bool>> changes_;
  std::vector<std::string> log_;
};

InstrumentId id_of(const Universe& universe, const char* venue, const char* symbol) {
  return universe.find_instrument(universe.find_venue(venue), symbol);
}

BookSnapshot snapshot_of(InstrumentId id, Sequence last, const std::vector<Level>& bids,
                         const std::vector<Level>& asks) {
  return {id, {{}, io::OsClock::now()}, last, {}, bids, asks};
}

const std::vector<Level> bids{{{10'000}, {5}}, {{9'990}, {7}}};
const std::vector<Level> asks{{{10'010}, {3}}, {{10'020}, {9}}};

void both(Universe& u) {
  add_venue(u, "binance", {"ETH", "BTC"});
  add_venue(u, "kraken", {"BTC"});
}

TEST_F(MarketFeeds, WhoJoinsLateHasEveryBookAndFollowsIt) {
  Collector collector(reactor_, socket("a"), both);
  const Universe& theirs = collector.universe();
  const InstrumentId kraken = id_of(theirs, "kraken", "BTC");
  const InstrumentId binance = id_of(theirs, "binance", "BTC");
  for (const char* venue : {"kraken", "binance"})
    collector.tell(ConnectionUp{theirs.find_venue(venue), Channel::MarketData});
  collector.tell(snapshot_of(kraken, 0, bids, asks));
  collector.tell(snapshot_of(binance, 100, bids, asks));
  const std::vector<Level> better{{{10'001}, {2}}};
  collector.tell(BookDelta{binance, {{}, io::OsClock::now()}, 101, 101, 100, {}, better, {}});

  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&collector}));
  const auto view = books_->view(ours("binance", "BTC"));
  EXPECT_EQ(view.state(), BookState::Valid);
  EXPECT_EQ(view.best(Side::Buy), better[0]);
  EXPECT_EQ(books_->view(ours("kraken", "BTC")).best(Side::Sell), asks[0]);
  EXPECT_EQ(books_->view(ours("binance", "DOGE")).state(), BookState::Resyncing)
      << "the collector has none";

  // And what follows is followed.
  const std::vector<Level> gone{{{10'001}, {0}}};
  collector.tell(BookDelta{binance, {{}, io::OsClock::now()}, 102, 104, 101, {}, gone, {}});
  ASSERT_TRUE(turn_until([&] { return view.best(Side::Buy) == bids[0]; }, {&collector}));
  EXPECT_EQ(view.state(), BookState::Valid);
  EXPECT_EQ(lines_->messages(universe_.find_venue("binance")), 2U);
}

// The core is a function of its events: where these are the same, so are its decisions.
TEST_F(MarketFeeds, WhatComesOutIsWhatWentInByteForByteInOurIds) {
  for (const bool sleeps : {true, false}) {
    Collector collector(reactor_, socket("a"), both, 1 << 16);
    const Universe& theirs = collector.universe();
    listen({socket("a")}, sleeps);
    ASSERT_TRUE(turn_until(
        [&] {
          lines_->look();
          return joined();
        },
        {&collector}));
    heard_.clear();
    std::vector<std::vector<std::byte>> expected;
    Rng rng(3);
    const auto tell = [&](auto event) {
      collector.tell(event);
      if constexpr (requires { event.instrument; }) {
        const Instrument& i = theirs.instrument(event.instrument);
        event.instrument = ours(theirs.venue(i.venue).name.view().data(), i.symbol.view().data());
      } else {
        event.venue = universe_.find_venue(theirs.venue(event.venue).name.view());
      }
      encode_event(event, {}, expected.emplace_back());
    };
    for (const Instrument& i : theirs.instruments())
      if (i.symbol.view() == "BTC") tell(ConnectionUp{i.venue, Channel::MarketData});
    for (int step = 0; step < 3'000; ++step) {
      const InstrumentId id{static_cast<InstrumentId::rep>(rng.below(3))};
      const Times times{WallTime{rng.between(1, 1 << 30)}, Instant{rng.between(1, 1 << 30)}};
      std::vector<Level> levels;
      for (std::uint64_t n = rng.below(30); n > 0; --n)
        levels.push_back({{rng.between(1, 99'999)}, {rng.between(0, 99)}});
      switch (rng.below(6)) {
        case 0:
          tell(BookSnapshot{id, times, rng.below(100), {}, levels, levels});
          break;
        case 1:
          tell(Trade{id, times, Side::Sell, {5}, {6}, FillId::cut("t" + std::to_string(step))});
          break;
        case 2:
          tell(Heartbeat{theirs.instrument(id).venue, times});
          break;
        case 3:
          tell(BookImage{id, times, times.recv_time, levels, {}});
          break;
        default:
          tell(BookDelta{id, times, 1, 2, 0, rng.below(1000), levels, levels});
      }
      if (rng.one_in(20)) {
        collector.turn();
        reactor_.poll({});
        lines_->look();
      }
    }
    ASSERT_TRUE(turn_until(
        [&] {
          lines_->look();
          return heard_.size() >= expected.size();
        },
        {&collector}));
    EXPECT_EQ(heard_, expected);
    EXPECT_EQ(lines_->status()[0].overruns, 0U);
    lines_.reset();
  }
}

TEST_F(MarketFeeds, WhoIsOverrunJoinsAnewAndHasItAll) {
  Collector collector(reactor_, socket("a"), both, 1 << 18);
  const InstrumentId id = id_of(collector.universe(), "binance", "BTC");
  collector.tell(ConnectionUp{collector.universe().find_venue("binance"), Channel::MarketData});
  collector.tell(snapshot_of(id, 100, bids, asks));
  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&collector}));
  changes_.clear();
  Sequence last = 100;
  for (int n = 0; n < 10'000; ++n, ++last) {
    const std::vector<Level> level{{{9'000 + n % 900}, {n + 1}}};
    collector.tell(
        BookDelta{id, {{}, io::OsClock::now()}, last + 1, last + 1, last, {}, level, {}});
  }
  ASSERT_TRUE(
      turn_until([&] { return lines_->status()[0].overruns == 1 && joined(); }, {&collector}));
  const VenueId binance = universe_.find_venue("binance");
  const std::vector<std::pair<VenueId, bool>> down_and_up{{binance, false}, {binance, true}};
  EXPECT_EQ(changes_, down_and_up) << "the core hears of it as of any connection";
  const auto mine = books_->view(ours("binance", "BTC"));
  const auto origin = collector.books().view(id);
  EXPECT_EQ(mine.state(), BookState::Valid);
  EXPECT_EQ(mine.count(Side::Buy), origin.count(Side::Buy));
  EXPECT_EQ(mine.best(Side::Buy), origin.best(Side::Buy));
}

TEST_F(MarketFeeds, ACollectorThatEndsOrFallsSilentIsAConnectionThatIsLost) {
  for (const bool ends : {true, false}) {
    changes_.clear();
    std::optional<Collector> collector;
    collector.emplace(reactor_, socket("a"), both);
    const VenueId theirs = collector->universe().find_venue("kraken");
    collector->tell(ConnectionUp{theirs, Channel::MarketData});
    collector->tell(snapshot_of(id_of(collector->universe(), "kraken", "BTC"), 0, bids, asks));
    listen({socket("a")});
    ASSERT_TRUE(turn_until([&] { return joined(); }, {&*collector}));
    EXPECT_EQ(books_->view(ours("kraken", "BTC")).state(), BookState::Valid);
    if (ends) collector.reset();
    ASSERT_TRUE(turn_until([&] { return changes_.size() == 2; }, {}));
    EXPECT_EQ(changes_[1], std::pair(universe_.find_venue("kraken"), false));
    EXPECT_EQ(books_->view(ours("kraken", "BTC")).state(), BookState::Resyncing);
    EXPECT_FALSE(joined());
    EXPECT_EQ(lines_->status()[0].last_loss, ends ? "it has ended" : "it says nothing");
    // It comes back, and so does the book.
    if (ends) collector.emplace(reactor_, socket("a"), both);
    if (ends) {
      collector->tell(ConnectionUp{theirs, Channel::MarketData});
      collector->tell(snapshot_of(id_of(collector->universe(), "kraken", "BTC"), 0, bids, asks));
    }
    ASSERT_TRUE(turn_until([&] { return joined(); }, {&*collector}));
    EXPECT_EQ(books_->view(ours("kraken", "BTC")).state(), BookState::Valid);
    lines_.reset();
  }
}

TEST_F(MarketFeeds, TwoCollectorsOfOneVenueAreOneConnectionToTheCore) {
  Collector one(reactor_, socket("a"), [](Universe& u) { add_venue(u, "binance", {"BTC"}); });
  std::optional<Collector> two;
  two.emplace(reactor_, socket("b"), [](Universe& u) { add_venue(u, "binance", {"ETH"}); });
  for (Collector* each : {&one, &*two}) {
    each->tell(ConnectionUp{{0}, Channel::MarketData});
    each->tell(snapshot_of({0}, 5, bids, asks));
  }
  listen({socket("a"), socket("b")});
  ASSERT_TRUE(turn_until([&] { return joined(0) && joined(1); }, {&one, &*two}));
  EXPECT_EQ(changes_.size(), 1U) << "it is up once";
  EXPECT_EQ(books_->view(ours("binance", "BTC")).state(), BookState::Valid);
  EXPECT_EQ(books_->view(ours("binance", "ETH")).state(), BookState::Valid);
  two.reset();
  ASSERT_TRUE(turn_until([&] { return !faults_.empty(); }, {&one}));
  EXPECT_EQ(changes_.size(), 1U) << "and stays so";
  ASSERT_EQ(faults_.size(), 1U);
  EXPECT_EQ(faults_[0].instrument, ours("binance", "ETH"));
  EXPECT_EQ(books_->view(ours("binance", "BTC")).state(), BookState::Valid) << "its neighbour";
  EXPECT_EQ(books_->view(ours("binance", "ETH")).state(), BookState::Resyncing);
}

TEST_F(MarketFeeds, OfTwoCollectorsOfTheSameTheSecondTakesOver) {
  std::optional<Collector> one;
  one.emplace(reactor_, socket("a"), both);
  Collector two(reactor_, socket("b"), both);
  const std::vector<Level> lower{{{9'999}, {5}}};
  for (Collector* each : {&*one, &two}) {
    each->tell(ConnectionUp{each->universe().find_venue("kraken"), Channel::MarketData});
    each->tell(snapshot_of(id_of(each->universe(), "kraken", "BTC"), 0, each == &two ? lower : bids,
                           asks));
  }
  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&*one, &two}));
  lines_.reset();
  changes_.clear();
  listen({socket("a"), socket("b")});
  ASSERT_TRUE(turn_until([&] { return joined(0) && joined(1); }, {&*one, &two}));
  const auto book = books_->view(ours("kraken", "BTC"));
  ASSERT_EQ(book.state(), BookState::Valid);
  EXPECT_EQ(book.best(Side::Buy), bids[0]) << "of the first";
  one.reset();
  ASSERT_TRUE(turn_until([&] { return book.best(Side::Buy) == lower[0]; }, {&two}));
  EXPECT_EQ(book.state(), BookState::Valid);
}

TEST_F(MarketFeeds, AnEngineThatDoubtsABookAsksItsCollectorInItsIds) {
  Collector collector(reactor_, socket("a"), both);
  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&collector}));
  lines_->ask(RequestSnapshot{ours("binance", "ETH")});
  lines_->ask(Resubscribe{ours("kraken", "BTC")});
  lines_->ask(RequestImage{ours("binance", "BTC")});
  ASSERT_TRUE(turn_until([&] { return collector.asked_for.size() == 3; }, {&collector}));
  const Universe& theirs = collector.universe();
  EXPECT_EQ(std::get<RequestSnapshot>(collector.asked_for[0]).instrument,
            id_of(theirs, "binance", "ETH"));
  EXPECT_EQ(std::get<Resubscribe>(collector.asked_for[1]).instrument,
            id_of(theirs, "kraken", "BTC"));
  EXPECT_EQ(std::get<RequestImage>(collector.asked_for[2]).instrument,
            id_of(theirs, "binance", "BTC"));
  EXPECT_TRUE(faults_.empty());
  lines_->ask(RequestSnapshot{ours("binance", "DOGE")});
  ASSERT_EQ(faults_.size(), 1U) << "nobody serves it";
  EXPECT_EQ(faults_[0].reason, BookFaultReason::SnapshotFailed);
}

TEST_F(MarketFeeds, WhatIsCountedInOtherUnitsIsNotTaken) {
  Collector collector(reactor_, socket("a"), [](Universe& u) {
    add_venue(u, "kraken", {"BTC"});
    add_venue(u, "binance", {"BTC"}, 5);
  });
  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&collector}));
  const Universe& theirs = collector.universe();
  for (const Instrument& i : theirs.instruments()) {
    collector.tell(ConnectionUp{i.venue, Channel::MarketData});
    collector.tell(snapshot_of(i.id, 5, bids, asks));
  }
  ASSERT_TRUE(
      turn_until([&] { return books_->view(ours("kraken", "BTC")).state() == BookState::Valid; },
                 {&collector}));
  EXPECT_EQ(books_->view(ours("binance", "BTC")).state(), BookState::Resyncing);
  EXPECT_TRUE(std::ranges::any_of(
      log_, [](const std::string& line) { return line.find("other units") != line.npos; }));
}

TEST_F(MarketFeeds, WhoSpeaksOtherwiseIsRefusedAndNobodyElseNotices) {
  Collector collector(reactor_, socket("a"), both);
  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&collector}));
  struct Stranger final : io::LocalLineOwner {
    void line_message(io::LocalLine&, std::span<const std::byte> message,
                      std::vector<io::Descriptor> with) override {
      answer.assign(message.begin(), message.end());
      descriptors += with.size();
    }
    void line_lost(io::LocalLine&) override { lost = true; }
    std::vector<std::byte> answer;
    std::size_t descriptors = 0;
    bool lost = false;
  };
  Rng rng(5);
  for (int n = 0; n < 40; ++n) {
    Stranger stranger;
    auto line = io::LocalLine::connect(reactor_, socket("a"), stranger);
    ASSERT_TRUE(line.ok());
    FeedHello hello{feed_magic, codec_version, 0};
    if (n % 4 == 0) hello.codec = codec_version + 1;
    if (n % 4 == 1) hello.magic = 7;
    std::vector<std::byte> bytes(sizeof hello);
    std::memcpy(bytes.data(), &hello, sizeof hello);
    if (n % 4 == 2) bytes.resize(1 + rng.below(sizeof hello - 1));
    ASSERT_TRUE((*line)->send(bytes));
    if (n % 4 == 3) {  // is taken, and then talks nonsense
      std::vector<std::byte> nonsense(1 + rng.below(40));
      for (std::byte& b : nonsense) b = static_cast<std::byte>(rng.below(256));
      nonsense[0] = static_cast<std::byte>(200);
      ASSERT_TRUE((*line)->send(nonsense));
    }
    ASSERT_TRUE(turn_until([&] { return stranger.lost; }, {&collector})) << n;
    EXPECT_EQ(stranger.descriptors, n % 4 == 3 ? 1U : 0U) << "nothing is shared with a stranger";
  }
  EXPECT_TRUE(joined());
  EXPECT_EQ(collector.feed().status().refused, 30U);
  EXPECT_EQ(collector.feed().status().readers, 1U);
}

TEST_F(MarketFeeds, WhatDoesNotFitIsAHoleInItsBook) {
  Collector collector(reactor_, socket("a"), both, 1 << 14);
  listen({socket("a")});
  ASSERT_TRUE(turn_until([&] { return joined(); }, {&collector}));
  const InstrumentId id = id_of(collector.universe(), "binance", "BTC");
  collector.feed().publish(
      snapshot_of(id, 5, std::vector<Level>(5'000, Level{{123'456}, {99'999}}), {}),
      io::OsClock::now());
  ASSERT_TRUE(turn_until([&] { return !faults_.empty(); }, {&collector}));
  EXPECT_EQ(faults_[0].instrument, ours("binance", "BTC"));
  EXPECT_EQ(faults_[0].reason, BookFaultReason::SequenceGap);
}

}  // namespace
}  // namespace ats::services

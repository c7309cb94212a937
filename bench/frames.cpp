#include "frames.hpp"

#include <cstdlib>

#include "market_binance.hpp"
#include "market_bitfinex.hpp"
#include "market_coinbase.hpp"
#include "market_kraken.hpp"
#include "market_upbit.hpp"

namespace ats::bench {

namespace {

constexpr std::int64_t epoch_ms = 1'723'161'255'208;
constexpr std::int64_t middle_cents = 6'183'764;
constexpr std::uint64_t bitfinex_channel = 232'959;

const venues::Protocol& protocol_of(VenueKind venue) {
  const venues::Protocol* protocol = venues::find_protocol(name(venue));
  if (protocol == nullptr) std::abort();
  return *protocol;
}

// A price told in cents, in an instrument's units.
std::int64_t in_units(const Instrument& instrument, std::int64_t cents) {
  return instrument.price_scale >= 2 ? cents * pow10(instrument.price_scale - 2)
                                     : cents / pow10(2 - instrument.price_scale);
}

// The five markets, and what each says of the price it is given.
class Markets {
 public:
  Markets(const FiveVenues& venues, Rng& rng)
      : binance(at(venues, VenueKind::Binance), start(venues, VenueKind::Binance), rng),
        kraken(at(venues, VenueKind::Kraken), rules(venues, VenueKind::Kraken),
               start(venues, VenueKind::Kraken), rng),
        upbit(at(venues, VenueKind::Upbit), rules(venues, VenueKind::Upbit),
              start(venues, VenueKind::Upbit), rng),
        coinbase(at(venues, VenueKind::Coinbase), start(venues, VenueKind::Coinbase), rng),
        bitfinex(at(venues, VenueKind::Bitfinex), rules(venues, VenueKind::Bitfinex),
                 bitfinex_channel, start(venues, VenueKind::Bitfinex), rng) {}

  BinanceMarket binance;
  KrakenMarket kraken;
  UpbitMarket upbit;
  CoinbaseMarket coinbase;
  BitfinexMarket bitfinex;

 private:
  static const Instrument& at(const FiveVenues& venues, VenueKind venue) {
    return venues.universe.instrument(venues.instrument[venue]);
  }
  static const BookRules& rules(const FiveVenues& venues, VenueKind venue) {
    return venues.universe.venue(venues.venue[venue]).book;
  }
  static std::int64_t start(const FiveVenues& venues, VenueKind venue) {
    return in_units(at(venues, venue), middle_cents);
  }
};

}  // namespace

const char* name(VenueKind venue) {
  switch (venue) {
    case VenueKind::Binance:
      return "binance";
    case VenueKind::Kraken:
      return "kraken";
    case VenueKind::Upbit:
      return "upbit";
    case VenueKind::Coinbase:
      return "coinbase";
    case VenueKind::Bitfinex:
      return "bitfinex";
  }
  return "";
}

const char* name(FrameKind kind) {
  constexpr std::array<const char*, frame_kind_count> names{
      "Binance depthUpdate",    "Binance bookTicker",   "Binance trade",
      "Kraken book update",     "Kraken book snapshot", "Kraken trade",
      "Upbit book, SIMPLE",     "Upbit book, DEFAULT",  "Upbit trade, SIMPLE",
      "Upbit trade, DEFAULT",   "Coinbase l2 update",   "Coinbase l2 snapshot",
      "Coinbase market_trades", "Coinbase heartbeat",   "Bitfinex book update",
      "Bitfinex book snapshot", "Bitfinex trade",       "Bitfinex checksum",
      "Bitfinex heartbeat"};
  return names[static_cast<std::size_t>(kind)];
}

void FrameSet::add(std::string_view text) {
  places_.push_back({text_.size(), text.size()});
  text_ += text;
  text_.append(padding, '\0');
  bytes_ += text.size();
}

TwoVenues two_venues() {
  TwoVenues out;
  const venues::Protocol& binance = protocol_of(VenueKind::Binance);
  const venues::Protocol& kraken = protocol_of(VenueKind::Kraken);
  out.binance = out.universe.add_venue(binance.name, binance.rules);
  out.kraken = out.universe.add_venue(kraken.name, kraken.rules);
  Instrument instrument;
  instrument.base = out.universe.add_asset("BTC");
  instrument.quote = out.universe.add_asset("USDT");
  instrument.venue = out.binance;
  instrument.symbol = "BTCUSDT";
  instrument.price_scale = 2;
  instrument.qty_scale = 5;
  instrument.min_quantity = {1};
  instrument.min_notional = Decimal::from_int(5);
  instrument.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8};
  out.at_binance = out.universe.add_instrument(instrument);
  instrument.venue = out.kraken;
  instrument.symbol = "BTC/USDT";
  instrument.rest_symbol = "XBTUSDT";
  instrument.price_scale = 1;
  instrument.qty_scale = 8;
  instrument.min_quantity = {5'000};
  instrument.fees = {Rate::bps(25), Rate::bps(40), FeeAsset::Quote, 8};
  out.at_kraken = out.universe.add_instrument(instrument);
  return out;
}

FiveVenues five_venues() {
  TwoVenues two = two_venues();
  FiveVenues out;
  out.universe = std::move(two.universe);
  out.venue[VenueKind::Binance] = two.binance;
  out.venue[VenueKind::Kraken] = two.kraken;
  out.instrument[VenueKind::Binance] = two.at_binance;
  out.instrument[VenueKind::Kraken] = two.at_kraken;
  for (const VenueKind venue : {VenueKind::Upbit, VenueKind::Coinbase, VenueKind::Bitfinex}) {
    const venues::Protocol& protocol = protocol_of(venue);
    auto listed = protocol.simulated_listing("BTC", "USDT", Decimal::of("61837.64"));
    if (!listed) std::abort();
    listed->venue = out.venue[venue] = out.universe.add_venue(protocol.name, protocol.rules);
    listed->base = out.universe.add_asset("BTC");
    listed->quote = out.universe.add_asset("USDT");
    out.instrument[venue] = out.universe.add_instrument(*listed);
  }
  return out;
}

MarketFrames make_market(const FiveVenues& venues, std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  Markets markets(venues, rng);
  MarketFrames out;
  out.binance_body = markets.binance.depth_body();
  out.opening[VenueKind::Kraken].add(markets.kraken.snapshot(epoch_ms));
  out.opening[VenueKind::Upbit].add(markets.upbit.book(epoch_ms, true));
  out.opening[VenueKind::Coinbase].add(markets.coinbase.snapshot(epoch_ms));
  out.opening[VenueKind::Bitfinex].add(markets.bitfinex.info());
  out.opening[VenueKind::Bitfinex].add(markets.bitfinex.book_subscribed());
  out.opening[VenueKind::Bitfinex].add(markets.bitfinex.trades_subscribed());
  out.opening[VenueKind::Bitfinex].add(markets.bitfinex.snapshot(epoch_ms));
  std::int64_t middle = middle_cents;
  std::int64_t ms = epoch_ms;
  const auto add = [&](FrameKind kind, const std::string& text) {
    out.frames.add(text);
    out.kinds.push_back(kind);
  };
  // The others lag by up to a dollar and a half.
  const auto near = [&](VenueKind venue) {
    return in_units(venues.universe.instrument(venues.instrument[venue]),
                    middle + rng.between(-150, 150));
  };
  std::deque<std::pair<FrameKind, std::string>> told;  // by Bitfinex, on their way
  while (out.frames.size() < count) {
    ms += static_cast<std::int64_t>(rng.below(20));
    if (rng.one_in(4)) middle += rng.between(-40, 40);
    // Each venue brings a fifth of the frames; among its own the kinds stand as in its recordings, about.
    const auto venue = static_cast<VenueKind>(rng.below(venue_count));
    const std::uint64_t draw = rng.below(12);
    switch (venue) {
      case VenueKind::Binance:
        if (draw < 7) {
          add(FrameKind::BinanceDepth, markets.binance.depth(ms, middle));
        } else if (draw < 9) {
          add(FrameKind::BinanceTop, markets.binance.top());
        } else {
          add(FrameKind::BinanceTrade, markets.binance.trade(ms));
        }
        break;
      case VenueKind::Kraken:
        if (draw < 10) {
          add(FrameKind::KrakenUpdate, markets.kraken.update(ms, near(venue)));
        } else {
          add(FrameKind::KrakenTrade, markets.kraken.trade(ms));
        }
        break;
      case VenueKind::Upbit:
        if (draw < 7) {
          markets.upbit.stir(near(venue));
          add(FrameKind::UpbitBook, markets.upbit.book(ms, true));
        } else {
          add(FrameKind::UpbitTrade, markets.upbit.trade(ms, true));
        }
        break;
      case VenueKind::Coinbase:
        if (draw < 10) {
          add(FrameKind::CoinbaseUpdate, markets.coinbase.update(ms, near(venue)));
        } else if (draw < 11) {
          add(FrameKind::CoinbaseTrades, markets.coinbase.trades(ms));
        } else {
          add(FrameKind::CoinbaseHeartbeat, markets.coinbase.heartbeat(ms));
        }
        break;
      case VenueKind::Bitfinex:
        // It tells a change of several levels in as many frames.
        if (told.empty()) {
          if (draw < 10) {
            for (auto& update : markets.bitfinex.updates(ms, near(venue)))
              told.emplace_back(FrameKind::BitfinexUpdate, std::move(update));
          }
          if (rng.one_in(8))
            told.emplace_back(FrameKind::BitfinexChecksum, markets.bitfinex.checksum(ms));
          if (draw == 10) told.emplace_back(FrameKind::BitfinexTrade, markets.bitfinex.trade(ms));
          if (draw == 11 || told.empty())
            told.emplace_back(FrameKind::BitfinexHeartbeat, markets.bitfinex.heartbeat(ms));
        }
        add(told.front().first, told.front().second);
        told.pop_front();
        break;
    }
  }
  return out;
}

namespace {

// A venue tells a whole book at each subscription only. Bitfinex's are the first frame of a channel, so each
// is an instrument's of its own.
void add_bitfinex_snapshots(KindFrames& out, const Instrument& like, Rng& rng) {
  constexpr std::size_t instruments = 25;
  for (std::size_t n = 0; n < instruments; ++n) {
    Instrument another = like;
    another.symbol = Text<31>("tB" + std::to_string(10 + n) + "UST");
    another.rest_symbol = another.symbol;
    another.base = out.universe.add_asset("B" + std::to_string(10 + n));
    const InstrumentId id = out.universe.add_instrument(another);
    const Instrument& listed = out.universe.instrument(id);
    BitfinexMarket market(listed, out.universe.venue(listed.venue).book,
                          bitfinex_channel + 10 * (n + 1), in_units(listed, middle_cents), rng);
    market.number_from(n + 1);
    out.opening[VenueKind::Bitfinex].add(market.book_subscribed());
    out.frames[static_cast<std::size_t>(FrameKind::BitfinexSnapshot)].add(
        market.snapshot(epoch_ms));
  }
}

}  // namespace

KindFrames make_kinds(std::uint64_t seed) {
  constexpr std::size_t of_market = 8'000;
  constexpr std::size_t whole_books = 200;
  const FiveVenues venues = five_venues();
  KindFrames out{venues.universe, venues.venue, {}, {}};
  const MarketFrames market = make_market(venues, seed, of_market);
  for (std::size_t i = 0; i < market.frames.size(); ++i) {
    const FrameKind kind = market.kinds[i];
    FrameSet& set = out.frames[static_cast<std::size_t>(kind)];
    set.add(numbered(kind, market.frames[i], set.size()));
  }
  Rng rng(seed);
  Markets markets(venues, rng);
  const auto add = [&out](FrameKind kind, const std::string& text) {
    out.frames[static_cast<std::size_t>(kind)].add(text);
  };
  for (std::size_t n = 0; n < whole_books; ++n) {
    markets.kraken.update(epoch_ms, 618'376 + rng.between(-15, 15));
    add(FrameKind::KrakenSnapshot, markets.kraken.snapshot(epoch_ms));
    const auto ms = epoch_ms + static_cast<std::int64_t>(n);
    markets.upbit.stir(in_units(venues.universe.instrument(venues.instrument[VenueKind::Upbit]),
                                middle_cents + rng.between(-150, 150)));
    add(FrameKind::UpbitBookLong, markets.upbit.book(ms, false));
    add(FrameKind::UpbitTradeLong, markets.upbit.trade(ms, false));
  }
  for (std::uint64_t n = 0; n < 4; ++n) {
    markets.coinbase.update(epoch_ms, middle_cents + rng.between(-150, 150));
    markets.coinbase.number_from(n);
    add(FrameKind::CoinbaseSnapshot, markets.coinbase.snapshot(epoch_ms));
  }
  FrameSet& opening = out.opening[VenueKind::Bitfinex];
  opening.add(markets.bitfinex.info());
  opening.add(markets.bitfinex.book_subscribed());
  opening.add(markets.bitfinex.trades_subscribed());
  add_bitfinex_snapshots(out, venues.universe.instrument(venues.instrument[VenueKind::Bitfinex]),
                         rng);
  return out;
}

std::string numbered(FrameKind kind, std::string_view frame, std::uint64_t number) {
  std::string out(frame);
  const auto put = [&out, &frame](std::size_t at, std::uint64_t value) {
    out.replace(at, frame.find_first_of(",]", at) - at, std::to_string(value));
  };
  if (venue_of(kind) == VenueKind::Coinbase) {
    constexpr std::string_view key = R"("sequence_num":)";
    const std::size_t at = frame.find(key);
    if (at != std::string_view::npos) put(at + key.size(), number);
  } else if (venue_of(kind) == VenueKind::Bitfinex) {
    // Behind the data, where the flags ask for it, and before the time. A connection begins with 1.
    constexpr std::size_t digits_of_time = 13;
    std::size_t at = frame.rfind(',') + 1;
    if (frame.size() - at > digits_of_time) at = frame.rfind(',', at - 2) + 1;
    const bool there = at > 1 && (frame[at - 2] == ']' || frame[at - 2] == '"' ||
                                  kind == FrameKind::BitfinexChecksum);
    if (there && frame[at] != '"' && frame[at] != '[') put(at, number + 1);
  }
  return out;
}

void KeptEvents::on(const Event& event) {
  encode_event(event, time, bytes_.emplace_back());
  if (!decode_event(bytes_.back(), events_.emplace_back())) std::abort();
}

std::unique_ptr<venues::MarketDecoder> make_decoder(const Universe& universe, VenueId venue) {
  return venues::find_protocol(universe.venue(venue).name.view())->make_decoder(venue, universe);
}

namespace {

KeptEvents decode_if(const FiveVenues& venues, const MarketFrames& market, const auto& wanted) {
  NoSink none;
  KeptEvents out;
  PerVenue<std::unique_ptr<venues::MarketDecoder>> decoders;
  for (const VenueKind venue : all_venues) {
    decoders[venue] = make_decoder(venues.universe, venues.venue[venue]);
    const FrameSet& opening = market.opening[venue];
    for (std::size_t i = 0; i < opening.size(); ++i)
      decoders[venue]->on_frame(opening[i], {1}, none);
  }
  for (std::size_t i = 0; i < market.frames.size(); ++i) {
    EventSink& sink = wanted(market.kinds[i]) ? static_cast<EventSink&>(out) : none;
    decoders[venue_of(market.kinds[i])]->on_frame(market.frames[i], {1}, sink);
  }
  return out;
}

}  // namespace

KeptEvents decode(const FiveVenues& venues, const MarketFrames& market) {
  return decode_if(venues, market, [](FrameKind) { return true; });
}
KeptEvents decode(const FiveVenues& venues, const MarketFrames& market, FrameKind only) {
  return decode_if(venues, market, [only](FrameKind kind) { return kind == only; });
}

}  // namespace ats::bench

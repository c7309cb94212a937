#include "frames.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/rng.hpp"

namespace ats::bench {

namespace {

constexpr std::int64_t epoch_ms = 1'723'161'255'208;

// The levels of one venue's book as the venue itself knows them.
struct TrueBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;  // units of price and quantity
  std::map<std::int64_t, std::int64_t> asks;
};

std::vector<Level> top_of(const auto& side, std::size_t depth) {
  std::vector<Level> levels;
  for (const auto& [price, quantity] : side) {
    if (levels.size() == depth) break;
    levels.push_back({{price}, {quantity}});
  }
  return levels;
}

// "61837.63000000": Binance writes eight decimals, whatever the tick.
void append_padded(std::string& out, std::int64_t units, int scale) {
  out += format_scaled(units, scale);
  out.append(static_cast<std::size_t>(8 - scale), '0');
}

template <class Levels>
void append_binance_levels(std::string& out, const Levels& levels, const Instrument& instrument) {
  out += '[';
  bool first = true;
  for (const auto& [price, quantity] : levels) {
    out += first ? "[\"" : ",[\"";
    first = false;
    append_padded(out, price, instrument.price_scale);
    out += "\",\"";
    append_padded(out, quantity, instrument.qty_scale);
    out += "\"]";
  }
  out += ']';
}

class BinanceMarket {
 public:
  BinanceMarket(const Instrument& instrument, Rng& rng) : instrument_(instrument), rng_(rng) {
    for (std::int64_t away = 1; book_.bids.size() < 1'000; away += rng_.between(1, 100)) {
      book_.bids[middle_ - away] = quantity();
      book_.asks[middle_ + away] = quantity();
    }
  }

  std::string depth_body() const {
    std::string out = R"({"lastUpdateId":)" + std::to_string(last_) + R"(,"bids":)";
    append_binance_levels(out, book_.bids, instrument_);
    out += R"(,"asks":)";
    append_binance_levels(out, book_.asks, instrument_);
    return out + '}';
  }

  // About 14 levels, as at BTCUSDT every 100 ms: changes near the best price, some very far from it.
  std::string depth(std::int64_t ms, std::int64_t middle) {
    changes_ = {};
    move_to(middle);
    const std::size_t wanted = 4 + rng_.below(21);
    while (changes_.bids.size() + changes_.asks.size() < wanted) {
      const std::int64_t reach = rng_.one_in(10) ? 600'000 : rng_.one_in(2) ? 5'000 : 100;
      const std::int64_t away = rng_.between(1, reach);
      if (rng_.one_in(2)) {
        change(book_.bids, changes_.bids, middle_ - away);
      } else {
        change(book_.asks, changes_.asks, middle_ + away);
      }
    }
    const std::uint64_t first = last_ + 1;
    last_ += rng_.below(20) + 1;
    std::string out = R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":)" +
                      std::to_string(ms) + R"(,"s":"BTCUSDT","U":)" + std::to_string(first) +
                      R"(,"u":)" + std::to_string(last_) + R"(,"b":)";
    append_binance_levels(out, changes_.bids, instrument_);
    out += R"(,"a":)";
    append_binance_levels(out, changes_.asks, instrument_);
    return out + "}}";
  }

  std::string top() const {
    std::string out = R"({"stream":"btcusdt@bookTicker","data":{"u":)" + std::to_string(last_) +
                      R"(,"s":"BTCUSDT")";
    append_side(out, R"(,"b":")", R"(","B":")", *book_.bids.begin());
    append_side(out, R"(,"a":")", R"(","A":")", *book_.asks.begin());
    return out + "}}";
  }

  std::string trade(std::int64_t ms) {
    const bool sold = rng_.one_in(2);
    const std::int64_t price = sold ? book_.bids.begin()->first : book_.asks.begin()->first;
    std::string out = R"({"stream":"btcusdt@trade","data":{"e":"trade","E":)" + std::to_string(ms) +
                      R"(,"s":"BTCUSDT","t":)" + std::to_string(++trade_id_) + R"(,"p":")";
    append_padded(out, price, instrument_.price_scale);
    out += R"(","q":")";
    append_padded(out, quantity(), instrument_.qty_scale);
    out += R"(","T":)" + std::to_string(ms - 1) + R"(,"m":)" + (sold ? "true" : "false");
    return out + R"(,"M":true}})";
  }

 private:
  std::int64_t quantity() { return rng_.between(1, 500'000); }

  void append_side(std::string& out, const char* price_key, const char* quantity_key,
                   const std::pair<const std::int64_t, std::int64_t>& level) const {
    out += price_key;
    append_padded(out, level.first, instrument_.price_scale);
    out += quantity_key;
    append_padded(out, level.second, instrument_.qty_scale);
    out += '"';
  }

  void move_to(std::int64_t middle) {
    middle_ = middle;
    while (book_.bids.begin()->first >= middle_) {
      changes_.bids[book_.bids.begin()->first] = 0;
      book_.bids.erase(book_.bids.begin());
    }
    while (book_.asks.begin()->first <= middle_) {
      changes_.asks[book_.asks.begin()->first] = 0;
      book_.asks.erase(book_.asks.begin());
    }
    // A spread of a cent most of the time.
    set(book_.bids, changes_.bids, middle_ - 1);
    set(book_.asks, changes_.asks, middle_ + 1);
  }
  template <class Map>
  void set(Map& levels, Map& changes, std::int64_t price) {
    changes[price] = levels[price] = quantity();
  }
  template <class Map>
  void change(Map& levels, Map& changes, std::int64_t price) {
    // As many levels come as go: where the book has enough, the one at or behind the price leaves.
    if (levels.size() > 1'500) {
      const auto at = levels.lower_bound(price);
      if (at != levels.end() && at != levels.begin()) price = at->first;
    }
    if (price != levels.begin()->first && rng_.one_in(2) && levels.erase(price) != 0) {
      changes[price] = 0;
    } else if (levels.size() <= 1'500 || levels.contains(price)) {
      set(levels, changes, price);
    }
  }

  const Instrument& instrument_;
  Rng& rng_;
  std::int64_t middle_ = 6'183'764;  // cents
  TrueBook book_;
  TrueBook changes_;
  std::uint64_t last_ = 50'093'239'202;
  std::uint64_t trade_id_ = 3'735'683'259;
};

class KrakenMarket {
 public:
  KrakenMarket(const Instrument& instrument, const BookRules& rules, Rng& rng)
      : instrument_(instrument), rules_(rules), rng_(rng) {
    std::int64_t bid = 618'376;  // tenths of a dollar
    std::int64_t ask = bid;
    for (int n = 0; n < 60; ++n) {
      book_.bids[bid -= rng_.between(1, 20)] = quantity();
      book_.asks[ask += rng_.between(1, 20)] = quantity();
    }
    remember();
  }

  std::string snapshot(std::int64_t ms) const { return frame("snapshot", bids_, asks_, ms); }

  // One to three changes on one side, as recorded; what follows for the ten levels that a subscriber keeps.
  std::string update(std::int64_t ms, std::int64_t middle) {
    std::vector<Level> bids;
    std::vector<Level> asks;
    do {
      const bool buy = rng_.one_in(2);
      for (std::uint64_t n = rng_.below(3) + 1; n != 0; --n) {
        if (buy) {
          change(book_.bids, std::min(middle, book_.asks.begin()->first), -1);
        } else {
          change(book_.asks, std::max(middle, book_.bids.begin()->first), 1);
        }
      }
      const std::vector<Level> old_bids = bids_;
      const std::vector<Level> old_asks = asks_;
      remember();
      bids = difference(old_bids, bids_, book_.bids);
      asks = difference(old_asks, asks_, book_.asks);
    } while (bids.empty() && asks.empty());
    return frame("update", bids, asks, ms);
  }

  std::string trade(std::int64_t ms) {
    std::string out = R"({"channel":"trade","type":"update","data":[)";
    const bool several = rng_.one_in(4);
    for (int n = several ? 2 : 1; n != 0; --n) {
      const bool sold = rng_.one_in(2);
      out += R"({"symbol":"BTC/USDT","side":")";
      out += sold ? "sell" : "buy";
      out += R"(","price":)";
      out += format_scaled(sold ? bids_[0].price.units : asks_[0].price.units,
                           instrument_.price_scale);
      out += R"(,"qty":)" + format_scaled(quantity(), instrument_.qty_scale) +
             R"(,"ord_type":"limit","trade_id":)" + std::to_string(++trade_id_) +
             R"(,"timestamp":")" + stamp(ms) + "\"}";
      if (n == 2) out += ',';
    }
    return out + "]}";
  }

 private:
  std::int64_t quantity() { return rng_.between(5'000, 300'000'000); }

  std::string stamp(std::int64_t ms) const {
    return format_rfc3339(WallTime{ms * 1'000'000 + 745'000});
  }

  void remember() {
    bids_ = top_of(book_.bids, rules_.depth);
    asks_ = top_of(book_.asks, rules_.depth);
  }

  // Levels lie `away` (-1: below, 1: above) from `edge`.
  void change(auto& side, std::int64_t edge, std::int64_t away) {
    while ((side.begin()->first - edge) * away <= 0) side.erase(side.begin());
    auto at = side.begin();
    std::advance(at, rng_.below(10));
    if (side.size() > 40 && rng_.one_in(3)) {
      side.erase(at);
    } else if (rng_.one_in(2)) {
      at->second = quantity();
    } else {
      side[edge + away * rng_.between(1, 60)] = quantity();
    }
    for (std::int64_t end = std::prev(side.end())->first; side.size() < 40;)
      side[end += away * rng_.between(1, 20)] = quantity();
  }

  // What a subscriber must be told to come from `old` to `now`.
  static std::vector<Level> difference(const std::vector<Level>& old, const std::vector<Level>& now,
                                       const auto& book) {
    std::vector<Level> told;
    for (const Level& level : old) {
      if (!book.contains(level.price.units)) told.push_back({level.price, {0}});
    }
    for (const Level& level : now) {
      if (std::find(old.begin(), old.end(), level) == old.end()) told.push_back(level);
    }
    return told;
  }

  std::string frame(const char* type, const std::vector<Level>& bids,
                    const std::vector<Level>& asks, std::int64_t ms) const {
    std::string out = std::string(R"({"channel":"book","type":")") + type +
                      R"(","data":[{"symbol":"BTC/USDT","bids":)";
    append(out, bids);
    out += R"(,"asks":)";
    append(out, asks);
    out += R"(,"checksum":)" + std::to_string(rules_.checksum({bids_, asks_}));
    return out + R"(,"timestamp":")" + stamp(ms) + "\"}]}";
  }
  void append(std::string& out, const std::vector<Level>& levels) const {
    out += '[';
    for (const Level& level : levels) {
      if (out.back() != '[') out += ',';
      out += R"({"price":)" + format_scaled(level.price.units, instrument_.price_scale) +
             R"(,"qty":)" + format_scaled(level.quantity.units, instrument_.qty_scale) + '}';
    }
    out += ']';
  }

  const Instrument& instrument_;
  const BookRules& rules_;
  Rng& rng_;
  TrueBook book_;
  std::vector<Level> bids_;  // what a subscriber has
  std::vector<Level> asks_;
  std::uint64_t trade_id_ = 4'665'906;
};

}  // namespace

const char* name(FrameKind kind) {
  switch (kind) {
    case FrameKind::BinanceDepth:
      return "Binance depthUpdate";
    case FrameKind::BinanceTop:
      return "Binance bookTicker";
    case FrameKind::BinanceTrade:
      return "Binance trade";
    case FrameKind::KrakenUpdate:
      return "Kraken book update";
    case FrameKind::KrakenSnapshot:
      return "Kraken book snapshot";
    case FrameKind::KrakenTrade:
      return "Kraken trade";
  }
  return "";
}

void FrameSet::add(std::string_view text) {
  places_.push_back({text_.size(), text.size()});
  text_ += text;
  text_.append(padding, '\0');
  bytes_ += text.size();
}

TwoVenues two_venues() {
  TwoVenues out;
  const venues::Protocol* binance = venues::find_protocol("binance");
  const venues::Protocol* kraken = venues::find_protocol("kraken");
  if (binance == nullptr || kraken == nullptr) std::abort();
  out.binance = out.universe.add_venue(binance->name, binance->rules);
  out.kraken = out.universe.add_venue(kraken->name, kraken->rules);
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

FramesByKind MarketFrames::by_kind() const {
  FramesByKind out;
  for (std::size_t i = 0; i < frames.size(); ++i)
    out[static_cast<std::size_t>(kinds[i])].add(frames[i]);
  return out;
}

MarketFrames make_market(const TwoVenues& venues, std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  BinanceMarket binance(venues.universe.instrument(venues.at_binance), rng);
  KrakenMarket kraken(venues.universe.instrument(venues.at_kraken),
                      venues.universe.venue(venues.kraken).book, rng);
  MarketFrames out;
  out.binance_body = binance.depth_body();
  out.kraken_snapshot = kraken.snapshot(epoch_ms);
  std::int64_t middle = 6'183'764;
  std::int64_t ms = epoch_ms;
  const auto add = [&](FrameKind kind, const std::string& text) {
    out.frames.add(text);
    out.kinds.push_back(kind);
  };
  while (out.frames.size() < count) {
    ms += static_cast<std::int64_t>(rng.below(20));
    if (rng.one_in(4)) middle += rng.between(-40, 40);
    const std::uint64_t draw = rng.below(20);
    if (draw < 6) {
      add(FrameKind::BinanceDepth, binance.depth(ms, middle));
    } else if (draw < 10) {
      add(FrameKind::BinanceTop, binance.top());
    } else if (draw < 12) {
      add(FrameKind::BinanceTrade, binance.trade(ms));
    } else if (draw < 19) {
      // Lags by up to a dollar and a half.
      add(FrameKind::KrakenUpdate, kraken.update(ms, middle / 10 + rng.between(-15, 15)));
    } else {
      add(FrameKind::KrakenTrade, kraken.trade(ms));
    }
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

KeptEvents decode_if(const TwoVenues& venues, const MarketFrames& market, const auto& wanted) {
  KeptEvents out;
  const auto binance = make_decoder(venues.universe, venues.binance);
  const auto kraken = make_decoder(venues.universe, venues.kraken);
  for (std::size_t i = 0; i < market.frames.size(); ++i) {
    if (!wanted(market.kinds[i])) continue;
    (is_binance(market.kinds[i]) ? binance : kraken)->on_frame(market.frames[i], {1}, out);
  }
  return out;
}

}  // namespace

KeptEvents decode(const TwoVenues& venues, const MarketFrames& market) {
  return decode_if(venues, market, [](FrameKind) { return true; });
}
KeptEvents decode(const TwoVenues& venues, const MarketFrames& market, FrameKind only) {
  return decode_if(venues, market, [only](FrameKind kind) { return kind == only; });
}

FrameSet make_kraken_snapshots(const TwoVenues& venues, std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  KrakenMarket kraken(venues.universe.instrument(venues.at_kraken),
                      venues.universe.venue(venues.kraken).book, rng);
  FrameSet out;
  for (std::size_t n = 0; n < count; ++n) {
    kraken.update(epoch_ms, 618'376 + rng.between(-15, 15));
    out.add(kraken.snapshot(epoch_ms));
  }
  return out;
}

}  // namespace ats::bench

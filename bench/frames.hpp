// Market-data frames to feed, in the shape of recorded ones. make_market() draws a market of five venues
// from a seed: books that are consistent from frame to frame (sequence numbers, checksums, never crossed
// within a venue), so that the same frames serve decoders, books and the whole engine.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/codec.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "venues/client.hpp"

namespace ats::bench {

enum class VenueKind : std::uint8_t { Binance, Kraken, Upbit, Coinbase, Bitfinex };
constexpr std::size_t venue_count = 5;
const char* name(VenueKind venue);  // as in the registry
inline constexpr std::array all_venues{VenueKind::Binance, VenueKind::Kraken, VenueKind::Upbit,
                                       VenueKind::Coinbase, VenueKind::Bitfinex};

template <class T>
class PerVenue {
 public:
  T& operator[](VenueKind venue) { return items_[static_cast<std::size_t>(venue)]; }
  const T& operator[](VenueKind venue) const { return items_[static_cast<std::size_t>(venue)]; }

 private:
  std::array<T, venue_count> items_{};
};

enum class FrameKind : std::uint8_t {
  BinanceDepth,
  BinanceTop,
  BinanceTrade,
  KrakenUpdate,
  KrakenSnapshot,
  KrakenTrade,
  UpbitBook,  // in the short format, which our client asks for
  UpbitBookLong,
  UpbitTrade,
  UpbitTradeLong,
  CoinbaseUpdate,
  CoinbaseSnapshot,
  CoinbaseTrades,
  CoinbaseHeartbeat,
  BitfinexUpdate,
  BitfinexSnapshot,
  BitfinexTrade,
  BitfinexChecksum,
  BitfinexHeartbeat,
};
constexpr std::size_t frame_kind_count = 19;
const char* name(FrameKind kind);
constexpr bool is_binance(FrameKind kind) { return kind <= FrameKind::BinanceTrade; }
constexpr VenueKind venue_of(FrameKind kind) {
  if (kind <= FrameKind::BinanceTrade) return VenueKind::Binance;
  if (kind <= FrameKind::KrakenTrade) return VenueKind::Kraken;
  if (kind <= FrameKind::UpbitTradeLong) return VenueKind::Upbit;
  if (kind <= FrameKind::CoinbaseHeartbeat) return VenueKind::Coinbase;
  return VenueKind::Bitfinex;
}

// Texts kept one after the other. Behind each, `padding` bytes may be read: what simdjson asks for.
class FrameSet {
 public:
  static constexpr std::size_t padding = 64;

  void add(std::string_view text);
  std::size_t size() const { return places_.size(); }
  std::size_t bytes() const { return bytes_; }  // without the padding
  std::string_view operator[](std::size_t i) const {
    return {text_.data() + places_[i].at, places_[i].size};
  }

 private:
  struct Place {
    std::size_t at;
    std::size_t size;
  };
  std::string text_;
  std::vector<Place> places_;
  std::size_t bytes_ = 0;
};

using FramesByKind = std::array<FrameSet, frame_kind_count>;

// BTC/USDT on two venues, with the venues' own rules, ticks and lots.
struct TwoVenues {
  Universe universe;
  VenueId binance;
  VenueId kraken;
  InstrumentId at_binance;
  InstrumentId at_kraken;
};
TwoVenues two_venues();

// The same on all five.
struct FiveVenues {
  Universe universe;
  PerVenue<VenueId> venue;
  PerVenue<InstrumentId> instrument;
};
FiveVenues five_venues();

// The books at the start, then frames in the order in which they come.
struct MarketFrames {
  std::string binance_body;    // REST depth answer
  PerVenue<FrameSet> opening;  // what a subscriber is sent first: confirmations, whole books
  FrameSet frames;
  std::vector<FrameKind> kinds;  // of each frame
};
MarketFrames make_market(const FiveVenues& venues, std::uint64_t seed, std::size_t count);

// Frames for decoders alone, by kind. A decoder reads `opening` anew before it reads all frames of a kind:
// they are numbered from there.
struct KindFrames {
  Universe universe;
  PerVenue<VenueId> venue;
  PerVenue<FrameSet> opening;
  FramesByKind frames;
};
KindFrames make_kinds(std::uint64_t seed);
// Recorded ones, where the shared data is present, with the instruments they are about.
std::optional<KindFrames> read_recordings();
// The frame with another number of its connection, where its venue counts (Coinbase, Bitfinex).
std::string numbered(FrameKind kind, std::string_view frame, std::uint64_t number);

// Events kept beyond the call that brought them: their bytes as a journal has them, and themselves.
class KeptEvents final : public EventSink {
 public:
  static constexpr Instant time{1'000'000};  // what a journal would say of each

  void on(const Event& event) override;
  std::size_t size() const { return events_.size(); }
  const Event& operator[](std::size_t i) const { return events_[i].event; }
  std::span<const std::byte> bytes(std::size_t i) const { return bytes_[i]; }

 private:
  std::deque<DecodedEvent> events_;
  std::vector<std::vector<std::byte>> bytes_;
};

// Drops what it is given.
struct NoSink final : EventSink {
  void on(const Event&) override {}
};

// Our decoder of a venue.
std::unique_ptr<venues::MarketDecoder> make_decoder(const Universe& universe, VenueId venue);
// All events of a market's frames, or those of one kind of frame.
KeptEvents decode(const FiveVenues& venues, const MarketFrames& market);
KeptEvents decode(const FiveVenues& venues, const MarketFrames& market, FrameKind only);

// Takes in everything that market events say. Cheap, so that it does not hide what is compared.
class Digest final : public EventSink {
 public:
  void on(const Event& event) override;
  std::uint64_t value() const { return value_; }
  std::uint64_t events() const { return events_; }

 private:
  void add(std::uint64_t word) { value_ = (value_ + word) * 0x9E3779B97F4A7C15ull; }
  void add(std::span<const Level> levels);
  void add(const Level& level);
  void add(const FillId& id);

  std::uint64_t value_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace ats::bench

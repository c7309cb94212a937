// Market-data frames to feed, in the shape of recorded ones. make_market() draws a market of two venues
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

enum class FrameKind : std::uint8_t {
  BinanceDepth,
  BinanceTop,
  BinanceTrade,
  KrakenUpdate,
  KrakenSnapshot,
  KrakenTrade,
};
constexpr std::size_t frame_kind_count = 6;
const char* name(FrameKind kind);
constexpr bool is_binance(FrameKind kind) { return kind <= FrameKind::BinanceTrade; }

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

// BTC/USDT on both venues, with the venues' own rules, ticks and lots.
struct TwoVenues {
  Universe universe;
  VenueId binance;
  VenueId kraken;
  InstrumentId at_binance;
  InstrumentId at_kraken;
};
TwoVenues two_venues();

// The books at the start, then frames in the order in which they come.
struct MarketFrames {
  std::string binance_body;     // REST depth answer
  std::string kraken_snapshot;  // frame
  FrameSet frames;
  std::vector<FrameKind> kinds;  // of each frame

  FramesByKind by_kind() const;
};
MarketFrames make_market(const TwoVenues& venues, std::uint64_t seed, std::size_t count);
// Kraken sends one at each subscription only, so none is among the frames above.
FrameSet make_kraken_snapshots(const TwoVenues& venues, std::uint64_t seed, std::size_t count);

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

// Our decoder of a venue.
std::unique_ptr<venues::MarketDecoder> make_decoder(const Universe& universe, VenueId venue);
// All events of a market's frames, or those of one kind of frame.
KeptEvents decode(const TwoVenues& venues, const MarketFrames& market);
KeptEvents decode(const TwoVenues& venues, const MarketFrames& market, FrameKind only);

// Recorded frames, where the shared data is present, with the instruments they are about.
struct RecordedFrames {
  Universe universe;
  VenueId binance;
  VenueId kraken;
  FramesByKind frames;
};
std::optional<RecordedFrames> read_recordings();

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

// Which instrument a symbol of a frame names: a small open-addressed table over the first sixteen
// bytes, built once, read per frame without a hash of the whole text or an allocation.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "domain/instrument.hpp"
#include "venues/json_scan.hpp"

namespace ats::venues {

// A text of at most 16 bytes as two words, the bytes past its end zero.
struct SymbolKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const SymbolKey&) const = default;
};

class Symbols {
 public:
  static constexpr std::size_t key_size = 16;

  // How the frames of a venue spell an instrument: where that is not its symbol, `spelling` tells. Of two
  // instruments with one spelling the first is found.
  using Spelling = std::string_view (*)(const Instrument&);
  static std::string_view symbol_of(const Instrument& instrument) {
    return instrument.symbol.view();
  }

  Symbols(VenueId venue, const Universe& universe, Spelling spelling = symbol_of) {
    std::size_t count = 0;
    for (const Instrument& instrument : universe.instruments()) count += instrument.venue == venue;
    std::size_t size = 16;
    while (size < 2 * count) size *= 2;
    slots_.resize(size);
    for (const Instrument& instrument : universe.instruments()) {
      const std::string_view symbol = spelling(instrument);
      if (instrument.venue != venue || symbol.empty()) continue;
      if (symbol.size() > key_size) {
        long_.push_back({symbol, instrument.id});
        continue;
      }
      const SymbolKey key = key_of(symbol);
      std::size_t at = slot(key);
      while (slots_[at].id.valid()) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {key, instrument.id};
    }
  }

  // Invalid id when the universe has no such instrument.
  InstrumentId find(std::string_view symbol) const {
    if (symbol.size() <= key_size) return find(key_of(symbol));
    for (const Long& entry : long_) {
      if (entry.symbol.view() == symbol) return entry.id;
    }
    return {};
  }
  // The same for a symbol inside a frame: with sixteen bytes left there, one load and a mask make the key.
  InstrumentId find(std::string_view symbol, std::string_view frame) const {
    const auto left = static_cast<std::size_t>(frame.data() + frame.size() - symbol.data());
    if (left < key_size || symbol.size() > key_size) [[unlikely]]
      return find(symbol);
    using namespace scan_detail;
    const __m128i kept =
        _mm_and_si128(load16(symbol.data()), load16(first_lanes[symbol.size()].data()));
    return find({static_cast<std::uint64_t>(_mm_cvtsi128_si64(kept)),
                 static_cast<std::uint64_t>(_mm_extract_epi64(kept, 1))});
  }
  InstrumentId find(const SymbolKey& key) const {
    for (std::size_t at = slot(key);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].key == key) return slots_[at].id;
      if (!slots_[at].id.valid()) return {};
    }
  }

 private:
  struct Slot {
    SymbolKey key;
    InstrumentId id;
  };
  struct Long {
    Text<31> symbol;
    InstrumentId id;
  };

  static SymbolKey key_of(std::string_view symbol) {
    char bytes[key_size] = {};
    if (!symbol.empty()) std::memcpy(bytes, symbol.data(), symbol.size());
    SymbolKey key;
    std::memcpy(&key.low, bytes, 8);
    std::memcpy(&key.high, bytes + 8, 8);
    return key;
  }
  std::size_t slot(const SymbolKey& key) const {
    const std::uint64_t mixed =
        (key.low ^ (key.high * 0x9E3779B97F4A7C15ull)) * 0xD1342543DE82EF95ull;
    return static_cast<std::size_t>(mixed >> 32) & (slots_.size() - 1);
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<Long> long_;
};

}  // namespace ats::venues

// From a symbol as it stands in a frame to what decoding it needs. Few symbols, looked up once a frame:
// a small open-addressed table, filled once, without allocation on look-up.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/digits.hpp"
#include "domain/instrument.hpp"

namespace ats::venues::binance {

struct Symbol {
  Text<31> text;
  InstrumentId instrument;
  unsigned price_scale = 0;
  unsigned qty_scale = 0;
};

class Symbols {
 public:
  // The instruments of one venue.
  Symbols(VenueId venue, const Universe& universe) {
    std::size_t count = 0;
    for (const Instrument& i : universe.instruments()) count += i.venue == venue ? 1u : 0u;
    std::size_t size = 8;
    while (size < 4 * count) size *= 2;
    slots_.resize(size);
    for (const Instrument& i : universe.instruments()) {
      if (i.venue != venue) continue;
      std::size_t at = hash(i.symbol.view()) & (size - 1);
      while (slots_[at].instrument.valid()) at = (at + 1) & (size - 1);
      slots_[at] = {i.symbol, i.id, i.price_scale, i.qty_scale};
    }
  }

  // Null when the venue has no such instrument.
  const Symbol* find(std::string_view text) const {
    for (std::size_t at = hash(text);; ++at) {
      const Symbol& slot = slots_[at & (slots_.size() - 1)];
      if (!slot.instrument.valid()) return nullptr;
      if (slot.text.view() == text) return &slot;
    }
  }
  const Symbol* find(InstrumentId instrument) const {
    for (const Symbol& slot : slots_) {
      if (instrument.valid() && slot.instrument == instrument) return &slot;
    }
    return nullptr;
  }

 private:
  // Of the first and last eight characters and the size.
  static std::size_t hash(std::string_view text) {
    const std::size_t n = text.size();
    std::uint64_t word = n;
    if (n >= 8) {
      word ^= digits::load8(text.data()) ^ (digits::load8(text.data() + n - 8) * 31);
    } else if (n != 0) {
      word ^= digits::load_short(text.data(), n) << 3;
    }
    return static_cast<std::size_t>((word * 0x9E3779B97F4A7C15ull) >> 32);
  }

  std::vector<Symbol> slots_;  // at most a quarter used: a search always meets an empty one
};

}  // namespace ats::venues::binance
